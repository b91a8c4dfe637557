//! Proofs that passes rely on.

use super::expr;
use crate::symbolic::{Expr, Facts};

/// `N >= 1`, `M >= 1`, `0 <= i < N`, `0 <= j < M`.
fn loops() -> Facts {
    let mut facts = Facts::new();
    facts.assume_ge(&"N".into(), 1);
    facts.assume_ge(&"M".into(), 1);
    facts.assume_range(&"i".into(), 0, expr("N - 1"));
    facts.assume_range(&"j".into(), 0, expr("M - 1"));
    facts
}

fn check(facts: &Facts, condition: &str, answer: Option<bool>) {
    assert_eq!(facts.prove(&expr(condition)), answer, "{condition}");
}

#[test]
fn bounds_of_loops_are_used() {
    let facts = loops();
    for condition in
        ["i < N", "i + 1 <= N", "2*i + 1 < 2*N", "i >= 0", "N - i - 1 >= 0", "-i <= 0", "i + j < M + N - 1"]
    {
        check(&facts, condition, Some(true));
    }
    for condition in ["i >= N", "i < 0", "N == 0", "i == N", "j > M + i"] {
        check(&facts, condition, Some(false));
    }
    for condition in ["i < M", "i == j", "i > 0", "N > 1", "i + j < N"] {
        check(&facts, condition, None);
    }
}

#[test]
fn products_of_sizes_are_understood() {
    let facts = loops();
    for condition in
        ["i*M + j < N*M", "M*N >= N", "M*N >= 1", "i*M >= 0", "N*N >= N", "i*i <= N*N", "i*M + j >= i"]
    {
        check(&facts, condition, Some(true));
    }
    check(&facts, "i*j < N", None);
}

#[test]
fn divisions_and_remainders_are_bounded() {
    let facts = loops();
    for condition in [
        "i//2 <= i",
        "i//2 < N",
        "i % 4 < 4",
        "i % 4 <= i",
        "32*(i//32) <= i",
        "32*(i//32) + 31 >= i",
        "(N + 31)//32*32 >= N",
        "(N + 31)//32 >= 1",
        "i//M <= i",
        "i % N >= 0",
        "int_ceil(N, M)*M >= N",
    ] {
        check(&facts, condition, Some(true));
    }
    check(&facts, "i//2 == j", None);
}

#[test]
fn extremes_and_cases_are_split() {
    let facts = loops();
    for condition in [
        "min(i, j) <= i",
        "max(i, j) >= j",
        "min(32*i + 32, N) <= N",
        "min(i, 7) >= 0",
        "max(i, j) < N + M",
        "abs(i - j) < N + M",
        "abs(i) == i",
        "(i if i < 5 else 5) <= 5",
        "(i if i < j else j) <= j",
    ] {
        check(&facts, condition, Some(true));
    }
    check(&facts, "min(i, j) == i", None);
}

#[test]
fn conditions_are_facts() {
    let facts = loops().with(&expr("i < j and N % 4 == 0"));
    check(&facts, "i + 1 <= j", Some(true));
    check(&facts, "i == j", Some(false));
    check(&facts, "N % 4", Some(false));
    check(&facts, "N % 4 == 0 and i < j", Some(true));
    check(&facts, "i > j or N % 4 != 0", Some(false));
    check(&loops(), "i < j", None);

    let facts = Facts::new().with(&expr("k != 0 and k >= 0"));
    check(&facts, "k >= 1", Some(true));
    check(&facts, "k == 0", Some(false));
    check(&Facts::new().with(&expr("A[i] == 3")), "A[i] > 2", Some(true));
}

#[test]
fn nothing_is_guessed() {
    let nothing = Facts::new();
    for condition in ["N > 0", "N >= 0", "i < i*i + 1", "a*b > a", "x//y <= x", "x % y < y", "A[i] == A[j]"] {
        check(&nothing, condition, None);
    }
    // A remainder needs no facts, nor does parity.
    check(&nothing, "x % 4 < 4", Some(true));
    check(&nothing, "2*x == 2*y + 1", Some(false));
    check(&nothing, "x < x + 1", Some(true));
}

#[test]
fn bounds_are_constants_or_expressions() {
    let facts = loops();
    let bounds = |text: &str| {
        let (low, high) = facts.bounds(&expr(text));
        let text = |bound: Option<Expr>| bound.map_or("-".to_owned(), |bound| bound.to_string());
        format!("{} .. {}", text(low), text(high))
    };
    assert_eq!(bounds("i"), "0 .. N - 1");
    assert_eq!(bounds("N"), "1 .. -");
    assert_eq!(bounds("N - i"), "1 .. N");
    assert_eq!(bounds("2*i + 3*j"), "0 .. 3*M + 2*N - 5");
    assert_eq!(bounds("i % 8"), "0 .. 7");
    assert_eq!(bounds("x"), "- .. -");
}

#[test]
fn extremes_over_loops_come_from_their_ends() {
    let facts = loops();
    let over = |text: &str, variables: &[(&str, &str, &str)]| {
        let variables: Vec<_> =
            variables.iter().map(|(name, low, high)| ((*name).into(), expr(low), expr(high))).collect();
        let (low, high) = (facts.min_over(&expr(text), &variables), facts.max_over(&expr(text), &variables));
        let text = |bound: Option<Expr>| bound.map_or("-".to_owned(), |bound| bound.to_string());
        format!("{} .. {}", text(low), text(high))
    };
    let k = ("k", "0", "K - 1");
    assert_eq!(over("k", &[k]), "0 .. K - 1");
    assert_eq!(over("N*k + 3", &[k]), "3 .. K*N - N + 3");
    assert_eq!(over("N - k - 1", &[k]), "N - K .. N - 1");
    assert_eq!(over("k + l", &[k, ("l", "k", "K - 1")]), "0 .. 2*K - 2");
    assert_eq!(over("l - k", &[k, ("l", "k", "K - 1")]), "0 .. K - 1");
    assert_eq!(over("k//2", &[k]), "0 .. (K + 1)//2 - 1");
    assert_eq!(over("min(32*k + 31, N)", &[k]), "min(31, N) .. min(32*K - 1, N)");
    assert_eq!(over("k % 4", &[k]), "- .. -");
    assert_eq!(over("x*k", &[k]), "- .. -");
    assert_eq!(over("k*(k - 2)", &[k]), "- .. -");
    assert_eq!(over("k*k", &[k]), "0 .. K**2 - 2*K + 1");
}

#[test]
fn extremes_do_not_rely_on_a_guard_around_the_variable() {
    // Where `k < j` holds, `max(k, j)` does not change with `k`; over all of its range it does.
    let facts = Facts::new().with(&expr("k < j"));
    let range = [("k".into(), expr("0"), expr("10"))];
    assert_eq!(facts.max_over(&expr("max(k, j)"), &range), Some(expr("max(10, j)")));
    assert_eq!(facts.without(&|name| name == "k").prove(&expr("k < j")), None);
    // The inner loop runs only for small `k`: what holds there says nothing about the others.
    let nest = [("k".into(), expr("0"), expr("10")), ("l".into(), expr("2*k"), expr("10"))];
    assert_eq!(Facts::new().min_over(&expr("-max(k, 5)"), &nest), Some(expr("-10")));
}

#[test]
fn contradictions_and_cycles_end() {
    let facts = Facts::new().with(&expr("a < b and b < c and c < a"));
    let _: Option<bool> = facts.prove(&expr("a*b < c + d"));
    let facts = Facts::new().with(&expr("a <= b and b <= a"));
    check(&facts, "a == b", Some(true));
    check(&facts, "a < c", None);
}
