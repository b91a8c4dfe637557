//! Cheaper forms, and that they are equal.

use super::expr;
use super::tree::{self, Tree};
use crate::symbolic::simplify::simplify_within;
use crate::symbolic::{Expr, Facts, cost, simplify};
use proptest::prelude::*;
use std::time::Duration;

fn facts(conditions: &str) -> Facts {
    let mut facts = Facts::new();
    conditions.split(';').filter(|text| !text.trim().is_empty()).for_each(|text| facts.assume(&expr(text)));
    facts
}

/// Checks simplified forms by their text, under common conditions.
fn check(conditions: &str, pairs: &[(&str, &str)]) {
    let facts = facts(conditions);
    for (input, output) in pairs {
        assert_eq!(simplify(&expr(input), &facts).to_string(), *output, "{input}");
    }
}

#[test]
fn divisions_of_tiles_disappear() {
    check(
        "0 <= j < 32; 0 <= l < 4; 0 <= t < 8; 0 <= i < N",
        &[
            ("(32*i + j) % 32", "j"),
            ("(32*i + j)//32", "i"),
            ("j//32", "0"),
            ("(4*t + l)//32", "0"),
            ("(4*t + l) % 32", "l + 4*t"),
            ("(4*x + l)//32", "x//8"),
            ("(N*x + i)//N", "x"),
            ("(N*x + i) % N", "i"),
            ("int_ceil(i + 1, N)", "1"),
            ("(j - 32)//32", "-1"),
        ],
    );
}

#[test]
fn quotient_and_rest_make_the_whole() {
    check(
        "",
        &[
            ("4*(x//4) + x % 4", "x"),
            ("x - 4*(x//4)", "x % 4"),
            ("3*x - 12*(x//4)", "3*(x % 4)"),
            ("N*(x//N) + x % N + y", "x + y"),
            ("8*((x + 1)//8) + (x + 1) % 8 - 1", "x"),
        ],
    );
}

#[test]
fn extremes_lose_what_cancels() {
    check(
        "i >= 0; N >= 1",
        &[
            ("min(32*i + 31, N - 1) - 32*i", "min(31, N - 32*i - 1)"),
            ("min(N, N + i)", "N"),
            ("max(0, i)", "i"),
            ("max(i - 1, N + i)", "N + i"),
            ("min(a, b) + max(a, b)", "a + b"),
            ("min(a, max(a, b))", "a"),
            ("-min(-a, -b)", "max(a, b)"),
            ("max(N, 1) - 1", "N - 1"),
            ("min(x, y) - max(-x, -y) - 2*min(x, y)", "0"),
        ],
    );
}

#[test]
fn conditions_are_decided() {
    check(
        "0 <= i < N",
        &[
            ("a if i < N else b", "a"),
            ("i < N and x > 0", "x > 0"),
            ("i < 0 or x > 0", "x > 0"),
            ("abs(i)", "i"),
            ("abs(i - N)", "N - i"),
            ("A[i % N]", "A[i]"),
            ("(x if x < 5 else 5) + min(x, 5)", "2*min(5, x)"),
            ("min(x, 7) if x > 7 else 0", "7 if x >= 8 else 0"),
        ],
    );
}

#[test]
fn what_is_not_known_stays() {
    check(
        "",
        &[("(32*i + j)//32", "i + j//32"), ("min(N, N + i)", "min(N, N + i)"), ("A[i % N]", "A[i % N]")],
    );
}

#[test]
fn polynomials_are_returned_at_once() {
    let e = expr("N*i + j*R**K - A[i]");
    assert_eq!(simplify(&e, &Facts::new()), e);
}

#[test]
fn costs_are_those_of_index_arithmetic() {
    for (text, expected) in [
        ("N", 0),
        ("7", 0),
        ("N + 1", 1),
        ("2*N", 1),
        ("-N", 0),
        ("N*i + j", 2),
        ("x//4", 2),
        ("x//3", 6),
        ("x//N", 25),
    ] {
        assert_eq!(cost(&expr(text)), expected, "{text}");
    }
}

#[test]
fn large_expressions_end_within_the_limits() {
    let sum: Expr = (0..12).map(|k| expr(&format!("min(a{k}, b{k} + c)*(x{k} % 8)"))).sum();
    let simple = simplify(&sum, &Facts::new());
    assert!(cost(&simple) <= cost(&sum));
}

#[test]
fn without_time_an_expression_stays_as_it_is() {
    let facts = facts("0 <= j < 32; i >= 0");
    for (text, simple) in [
        ("(32*i + j) % 32", "j"),
        ("4*(x//4) + x % 4", "x"),
        ("a if i >= 0 else b", "a"),
        ("A[abs(i)]", "A[i]"),
    ] {
        let before = expr(text);
        assert_eq!(simplify_within(&before, &facts, Duration::ZERO), before, "{text}");
        assert_eq!(simplify_within(&before, &facts, Duration::MAX).to_string(), simple, "{text}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: ProptestConfig::default().cases / 4, ..ProptestConfig::default() })]

    #[test]
    fn simple_forms_have_the_same_value(
        conditions in prop::collection::vec(tree::conditions(), 0..4),
        tree in tree::index_trees(),
    ) {
        check_equal(&conditions, &tree)?;
    }

    #[test]
    fn simple_forms_of_anything_have_the_same_value(
        conditions in prop::collection::vec(tree::conditions(), 0..4),
        tree in tree::trees(),
    ) {
        check_equal(&conditions, &tree)?;
    }
}

fn check_equal(conditions: &[Tree], tree: &Tree) -> Result<(), TestCaseError> {
    let mut facts = Facts::new();
    conditions.iter().for_each(|condition| facts.assume(&condition.build()));
    let before = tree.build();
    let after = simplify(&before, &facts);
    prop_assert!(cost(&after) <= cost(&before), "{before} became {after}");
    prop_assert_eq!(&simplify(&before, &facts), &after, "not deterministic");
    for values in tree::small_box() {
        if conditions.iter().any(|condition| condition.value(values) != Some(1)) {
            continue;
        }
        if let Some(value) = tree.value(values) {
            prop_assert_eq!(
                after.eval_with(&values),
                Ok(value),
                "{:?} became {:?}, for {:?}",
                before,
                after,
                values
            );
        }
    }
    Ok(())
}
