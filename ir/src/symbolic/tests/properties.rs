//! Properties of random expressions, against their values computed directly.

use super::tree::{self, SYMBOLS, Tree, Values};
use crate::symbolic::{Expr, Facts, Substitution, simplify};
use proptest::prelude::*;

/// Where the tree has a value, the expression has the same.
fn check_value(tree: &Tree, expr: &Expr, values: Values) -> Result<(), TestCaseError> {
    if let Some(value) = tree.value(values) {
        prop_assert_eq!(expr.eval_with(&values), Ok(value), "{:?} for {:?}", expr, values);
    }
    Ok(())
}

proptest! {
    #[test]
    fn constructors_keep_values(tree in tree::trees(), all in prop::collection::vec(tree::values(), 8)) {
        let expr = tree.build();
        for values in all {
            check_value(&tree, &expr, values)?;
        }
    }

    #[test]
    fn index_arithmetic_keeps_values(tree in tree::index_trees(), all in prop::collection::vec(tree::values(), 8)) {
        let expr = tree.build();
        for values in all {
            check_value(&tree, &expr, values)?;
        }
    }

    #[test]
    fn what_is_printed_parses_to_the_same(tree in tree::trees()) {
        let expr = tree.build();
        let text = expr.to_string();
        let parsed = Expr::parse(&text);
        prop_assert_eq!(parsed.as_ref(), Ok(&expr), "{}", text);
    }

    #[test]
    fn polynomials_obey_the_laws_of_a_ring(a in tree::trees(), b in tree::trees(), c in tree::trees()) {
        let (a, b, c) = (a.build(), b.build(), c.build());
        prop_assert_eq!(&a + &b, &b + &a);
        prop_assert_eq!(&a * &b, &b * &a);
        prop_assert_eq!((&a + &b) + &c, &a + (&b + &c));
        prop_assert_eq!((&a + &b) * &c, &a * &c + &b * &c);
        prop_assert!((&a - &a).is_zero());
        prop_assert_eq!([&a, &b, &c].into_iter().sum::<Expr>(), &a + &b + &c);
    }

    #[test]
    fn products_associate(a in tree::polynomial_trees(), b in tree::polynomial_trees(), c in tree::index_trees()) {
        let (a, b, c) = (a.build(), b.build(), c.build());
        prop_assert_eq!((&a * &b) * &c, &a * (&b * &c));
    }

    #[test]
    fn equal_polynomials_are_equal_structures(a in tree::polynomial_trees(), b in tree::polynomial_trees()) {
        let equal = tree::small_box().all(|values| a.value(values) == b.value(values));
        if a.build() == b.build() {
            prop_assert!(equal);
        }
        // The difference of polynomials of low degree that vanishes on the box is 0.
        let low = |tree: &Tree| tree.build().terms().all(|(_, f)| f.iter().map(|(_, e)| e).sum::<u32>() <= 4);
        if equal && low(&a) && low(&b) {
            prop_assert_eq!(a.build(), b.build());
        }
    }

    #[test]
    fn conditions_and_their_negations_are_opposite(a in tree::trees(), values in tree::values()) {
        let expr = a.build();
        if let Some(value) = a.value(values) {
            prop_assert_eq!(expr.not().eval_with(&values), Ok(i64::from(value == 0)));
            prop_assert_eq!(expr.to_truth().eval_with(&values), Ok(i64::from(value != 0)));
        }
        prop_assert_eq!(expr.not().not(), expr.to_truth());
    }

    #[test]
    fn substitution_is_simultaneous(
        tree in tree::trees(),
        replacements in prop::array::uniform3(tree::polynomial_trees()),
        values in tree::values(),
    ) {
        let substitution: Substitution =
            SYMBOLS.iter().zip(&replacements).map(|(name, tree)| (*name, tree.build())).collect();
        let inner: Option<Vec<i64>> = replacements.iter().map(|tree| tree.value(values)).collect();
        let Some(inner) = inner.filter(|inner| inner.iter().all(|value| value.abs() < 100)) else { return Ok(()) };
        let inner = Values([inner[0], inner[1], inner[2]]);
        if let Some(value) = tree.value(inner) {
            let replaced = tree.build().subs(&substitution);
            prop_assert_eq!(replaced.eval_with(&values), Ok(value), "{:?}", replaced);
        }
    }

    #[test]
    fn affine_forms_are_equal(tree in tree::index_trees()) {
        let expr = tree.build();
        let names = ["i".into(), "N".into()];
        if let Some(affine) = expr.affine_in(&names) {
            for part in affine.coefficients.iter().chain([&affine.rest]) {
                prop_assert!(names.iter().all(|name| !part.uses(name)));
            }
            let again = &affine.coefficients[0] * Expr::sym("i") + &affine.coefficients[1] * Expr::sym("N");
            prop_assert_eq!(again + affine.rest, expr);
        }
    }

    #[test]
    fn a_solution_solves_where_there_is_one(tree in tree::index_trees(), values in tree::values()) {
        let expr = tree.build();
        let (Some(value), name) = (tree.value(values), "i".into()) else { return Ok(()) };
        if let Some(solution) = expr.solve_for(&name, &Expr::int(value)) {
            // The coefficient may vanish for these values; then any number solves.
            let coefficient = expr.coefficient(&name).expect("solvable, so linear");
            if coefficient.eval_with(&values).is_ok_and(|coefficient| coefficient != 0) {
                prop_assert_eq!(solution.eval_with(&values), Ok(values.0[2]), "{:?}", solution);
            }
        }
    }

    #[test]
    fn exact_quotients_multiply_back(a in tree::polynomial_trees(), b in tree::polynomial_trees()) {
        let (a, b) = (a.build(), b.build());
        if !b.is_zero() {
            prop_assert_eq!((&a * &b).div_exact(&b), Some(a.clone()));
        }
        if let Some(quotient) = a.div_exact(&b) {
            prop_assert_eq!(quotient * b, a);
        }
    }

    #[test]
    fn parsing_never_panics(text in "[ -~]{0,40}") {
        let _: Result<Expr, _> = Expr::parse(&text);
    }

    #[test]
    fn parsing_tokens_never_panics(tokens in prop::collection::vec(prop::sample::select(TOKENS.to_vec()), 0..24)) {
        let _: Result<Expr, _> = Expr::parse(&tokens.concat());
    }

    #[test]
    fn huge_numbers_do_not_panic(a in tree::huge_trees(), b in tree::huge_trees(), values in tree::values()) {
        let (a, b) = (a.build(), b.build());
        // Where operands overflow, forms need not be canonical; but what is printed parses.
        prop_assert!(Expr::parse(&a.to_string()).is_ok(), "{}", a);
        let facts = Facts::new().with(&a.lt(&b)).with(&a.ne_expr(&Expr::zero()));
        let _: Option<bool> = facts.prove_le(&a, &b);
        let _: Option<bool> = facts.prove_eq(&(&a * &b), &b);
        let _: (Option<Expr>, Option<Expr>) = facts.bounds(&(&a - &b));
        let _: Result<i64, _> = simplify(&a, &facts).eval_with(&values);
    }

    #[test]
    fn answers_hold_for_all_values(
        facts in prop::collection::vec(tree::conditions(), 0..4),
        a in tree::index_trees(),
        b in tree::index_trees(),
    ) {
        check_facts(&facts, &a, &b)?;
    }

    #[test]
    fn answers_about_polynomials_hold_for_all_values(
        facts in prop::collection::vec(tree::conditions(), 1..5),
        a in tree::polynomial_trees(),
        b in tree::polynomial_trees(),
    ) {
        check_facts(&facts, &a, &b)?;
    }

    #[test]
    fn extremes_over_loops_are_exact(
        tree in tree::index_trees(),
        ends in prop::array::uniform4(tree::polynomial_trees()),
        m in -3i64..=5,
    ) {
        check_extremes(&tree, &ends, m)?;
    }
}

const TOKENS: [&str; 34] = [
    "N",
    " ",
    "i",
    "(",
    ")",
    "[",
    "]",
    ",",
    "+",
    "-",
    "*",
    "/",
    "//",
    "%",
    "**",
    "<",
    "==",
    "&",
    "|",
    "<<",
    "~",
    " not ",
    " and ",
    " or ",
    " if ",
    " else ",
    "0",
    "7",
    "1.5",
    "9223372036854775808",
    "min(",
    "floor(",
    "$",
    "A[",
];

/// Every answer agrees with every assignment of a small box that satisfies the facts.
fn check_facts(conditions: &[Tree], a: &Tree, b: &Tree) -> Result<(), TestCaseError> {
    let mut facts = Facts::new();
    conditions.iter().for_each(|condition| facts.assume(&condition.build()));
    let (left, right) = (a.build(), b.build());
    let answers = [
        (facts.prove_lt(&left, &right), "<"),
        (facts.prove_le(&left, &right), "<="),
        (facts.prove_gt(&left, &right), ">"),
        (facts.prove_ge(&left, &right), ">="),
        (facts.prove_eq(&left, &right), "=="),
        (facts.prove_ne(&left, &right), "!="),
        (facts.prove(&left.lt(&right)), "<"),
        (facts.prove(&left.eq_expr(&right)), "=="),
    ];
    let (low, high) = facts.range(&left);
    let (lower, upper) = facts.bounds(&left);
    for values in tree::small_box() {
        if conditions.iter().any(|condition| condition.value(values) != Some(1)) {
            continue;
        }
        let (Some(x), Some(y)) = (a.value(values), b.value(values)) else { continue };
        for (answer, op) in answers {
            let truth = match op {
                "<" => x < y,
                "<=" => x <= y,
                ">" => x > y,
                ">=" => x >= y,
                "==" => x == y,
                _ => x != y,
            };
            prop_assert!(
                answer.is_none_or(|answer| answer == truth),
                "{left:?} {op} {right:?} for {values:?}"
            );
        }
        prop_assert!(
            low.is_none_or(|low| low <= x) && high.is_none_or(|high| x <= high),
            "{left:?} in {low:?}..{high:?}"
        );
        let value = |bound: &Expr| bound.eval_with(&values).ok();
        let (low, high) = (lower.as_ref().and_then(value), upper.as_ref().and_then(value));
        prop_assert!(
            low.is_none_or(|low| low <= x) && high.is_none_or(|high| x <= high),
            "{left:?} in {lower:?}..{upper:?}"
        );
    }
    Ok(())
}

/// `N` and `i` run over ranges that depend on what is outside of them; the extreme value is that of brute force.
fn check_extremes(tree: &Tree, ends: &[Tree; 4], m: i64) -> Result<(), TestCaseError> {
    let without = |tree: &Tree, names: &[&str]| names.iter().all(|name| !tree.build().uses(&(*name).into()));
    let [n_low, n_high, i_low, i_high] = ends;
    if ![n_low, n_high].iter().all(|end| without(end, &["N", "i"]))
        || ![i_low, i_high].iter().all(|end| without(end, &["i"]))
    {
        return Ok(());
    }
    let variables =
        [("N".into(), n_low.build(), n_high.build()), ("i".into(), i_low.build(), i_high.build())];
    let facts = Facts::new();
    let (low, high) = (facts.min_over(&tree.build(), &variables), facts.max_over(&tree.build(), &variables));
    let range = |low: &Tree, high: &Tree, values: Values| {
        let range = low.value(values)?..=high.value(values)?;
        Some(range).filter(|range| (1..30).contains(&range.clone().count()))
    };
    let mut all = Vec::new();
    let Some(outer) = range(n_low, n_high, Values([m, 0, 0])) else { return Ok(()) };
    for n in outer {
        let Some(inner) = range(i_low, i_high, Values([m, n, 0])) else { return Ok(()) };
        for i in inner {
            let Some(value) = tree.value(Values([m, n, i])) else { return Ok(()) };
            all.push(value);
        }
    }
    let at = |bound: Expr| bound.eval_with(&Values([m, 1_000_003, 1_000_003]));
    if let Some(low) = low {
        prop_assert_eq!(at(low).ok(), all.iter().copied().min());
    }
    if let Some(high) = high {
        prop_assert_eq!(at(high).ok(), all.iter().copied().max());
    }
    Ok(())
}
