//! Questions about structure, substitution, linear forms, values.

use super::expr;
use crate::Name;
use crate::symbolic::{Atom, EvalError, Expr, Substitution};

#[test]
fn symbols_and_loads_are_found_inside_of_operations() {
    let e = expr("min(A[i, B[j]], N//2)*k");
    let symbols: Vec<String> = e.symbols().iter().map(Name::to_string).collect();
    assert_eq!(symbols, ["N", "i", "j", "k"]);
    assert!(e.uses(&"j".into()) && !e.uses(&"A".into()));
    let containers: Vec<&str> = e.loads().iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(containers, ["A", "B"]);
}

#[test]
fn terms_come_with_coefficients_and_factors() {
    let e = expr("3*i**2*N - 4");
    let terms: Vec<(i64, Vec<(String, u32)>)> = e
        .terms()
        .map(|(c, factors)| {
            (c, factors.iter().map(|(atom, exponent)| (atom.to_string(), *exponent)).collect())
        })
        .collect();
    assert_eq!(terms, [(3, vec![("N".to_owned(), 1), ("i".to_owned(), 2)]), (-4, vec![])]);
    assert_eq!(Expr::zero().terms().count(), 0);
    assert_eq!(Expr::int(5).terms().count(), 1);
}

#[test]
fn sizes_count_what_is_written() {
    for (text, size) in
        [("7", 1), ("N", 1), ("0", 1), ("N + 1", 2), ("2*N", 2), ("N//2", 3), ("min(i, j) + 1", 4)]
    {
        assert_eq!(expr(text).size(), size, "{text}");
    }
}

#[test]
fn visiting_goes_from_outside_in() {
    let e = expr("(i//N + 1) % 7");
    let mut seen = Vec::new();
    e.visit(&mut |atom| seen.push(atom.to_string()));
    assert_eq!(seen, ["(i//N + 1) % 7", "i//N", "i", "N"]);
}

#[test]
fn symbols_are_replaced_at_once() {
    let swap = Substitution::from([("i", expr("j")), ("j", expr("i + 1"))]);
    assert_eq!(expr("i - j + A[i]").subs(&swap), expr("j - i - 1 + A[j]"));
    assert_eq!(expr("N*i//4").subs1(&"N".into(), &expr("8")), expr("2*i"));
    assert_eq!(expr("A[i]*i").rename(&"A".into(), &"B".into()), expr("A[i]*i"));
    assert_eq!(expr("A[A[i]] + s").rename_container(&"A".into(), &"B".into()), expr("B[B[i]] + s"));
}

#[test]
fn affine_forms_have_symbolic_coefficients() {
    let names = ["i".into(), "j".into()];
    let affine = expr("N*i + 2*j + M//2 - 1").affine_in(&names).expect("affine");
    assert_eq!(affine.coefficients, [expr("N"), expr("2")]);
    assert_eq!(affine.rest, expr("M//2 - 1"));
    for text in ["i*j", "i**2", "i//2", "A[j]"] {
        assert_eq!(expr(text).affine_in(&names), None, "{text}");
    }
    assert_eq!(expr("N*i + 1").coefficient(&"k".into()), Some(Expr::zero()));
}

#[test]
fn shapes_are_solved_for_their_symbol() {
    let v = expr("v");
    for (shape, solution) in
        [("N", "v"), ("N + 1", "v - 1"), ("2*N", "v//2"), ("M*N", "v//M"), ("3 - N", "3 - v")]
    {
        assert_eq!(expr(shape).solve_for(&"N".into(), &v), Some(expr(solution)), "{shape}");
    }
    assert_eq!(expr("M*N").solve_for(&"N".into(), &expr("M*K")), Some(expr("K")));
    for shape in ["R**N", "N*N", "7"] {
        assert_eq!(expr(shape).solve_for(&"N".into(), &v), None, "{shape}");
    }
}

#[test]
fn evaluation_says_what_is_missing() {
    let value = |name: &Name| (name == "z").then_some(0);
    assert_eq!(expr("N + 1").eval(&value), Err(EvalError::UnknownSymbol("N".into())));
    assert!(matches!(expr("1//z").eval(&value), Err(EvalError::DivisionByZero(_))));
    assert!(matches!(expr("2**(z - 1)").eval(&value), Err(EvalError::NegativeExponent(_))));
    assert!(matches!(expr("1 << (z - 1)").eval(&value), Err(EvalError::NegativeShift(_))));
    assert!(matches!(expr("A[z]").eval(&value), Err(EvalError::NoElement { .. })));
    assert_eq!(expr("z > 0 and 1//z > 0").eval(&value), Ok(0));
    assert_eq!(expr("1//z if z != 0 else 5").eval(&value), Ok(5));
}

#[test]
fn sums_wrap_around() {
    assert_eq!((Expr::int(i64::MAX) + 1).as_int(), Some(i64::MIN));
    assert_eq!((expr("x + 9223372036854775807") + 1).eval(&|_| Some(-1)), Ok(i64::MAX));
}

#[test]
fn conversions_and_operators_mix() {
    let n = Expr::sym("N");
    assert_eq!(2 * &n + 1, expr("2*N + 1"));
    assert_eq!(1 - n.clone(), expr("1 - N"));
    let mut sum = n.clone();
    sum += &n;
    sum *= 3;
    sum -= Expr::one();
    assert_eq!(sum, expr("6*N - 1"));
    assert_eq!(Expr::from(usize::MAX).as_int(), Some(i64::MAX));
    assert!(matches!(n.as_atom(), Some(Atom::Symbol(name)) if name == "N"));
}
