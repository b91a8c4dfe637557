//! What the constructors make of an expression.

use super::expr;
use crate::symbolic::Expr;

/// Checks canonical forms by their text.
fn check(pairs: &[(&str, &str)]) {
    for (input, output) in pairs {
        assert_eq!(expr(input).to_string(), *output, "{input}");
    }
}

#[test]
fn sums_and_products_are_polynomials() {
    check(&[
        ("(N + 1)*(N - 1)", "N**2 - 1"),
        ("j + i*M*2 - j", "2*M*i"),
        ("-1 + N", "N - 1"),
        ("1 - i", "1 - i"),
        ("-i - j", "-i - j"),
        ("N - (N - 1)", "1"),
        ("(a + b)**2", "a**2 + 2*a*b + b**2"),
        ("1.0*N", "N"),
        ("0.5*(2*N + 4)", "N + 2"),
    ]);
}

#[test]
fn powers_of_one_base_are_one_power() {
    check(&[
        ("R**(K - 1)*R", "R**K"),
        ("R**i*R**(K - i - 1)*R", "R**K"),
        ("(R**i)**2", "R**(2*i)"),
        ("R**K*R**(2 - K)", "R**2"),
        ("2**3", "8"),
        ("x**0", "1"),
        ("x**-1", "x**(-1)"),
    ]);
}

#[test]
fn multiples_leave_a_division() {
    check(&[
        ("(4*i + j + 4)//4", "i + j//4 + 1"),
        ("(2*i + 5)//4", "i//2 + 1"),
        ("(i//4 + j)//8", "(i + 4*j)//32"),
        ("x//-4", "-x//4"),
        ("int_ceil(N, 32)", "(N + 31)//32"),
        ("ceiling(N/32)", "(N + 31)//32"),
        ("floor(N/2 - 1/2)", "(N + 1)//2 - 1"),
        ("(N*i + j)//N", "i + j//N"),
        ("(N + 1)*i//(N + 1)", "i"),
        ("i//0", "i//0"),
        ("-7//2", "-4"),
    ]);
    assert_eq!(expr("(N - 1)//2 + 1"), expr("int_ceil(N, 2)"));
}

#[test]
fn multiples_leave_a_remainder() {
    check(&[
        ("(32*i + j) % 32", "j % 32"),
        ("6*i % 4", "2*(i % 2)"),
        ("(i % 32 + j) % 8", "(i + j) % 8"),
        ("i % 8 % 64 % 4", "i % 4"),
        ("i % 1", "0"),
        ("-7 % 3", "2"),
        ("7 % -3", "-2"),
        ("(N*i + j) % N", "j % N"),
        ("i % 0", "i % 0"),
    ]);
}

#[test]
fn extremes_are_flat_and_without_losers() {
    check(&[
        ("min(N, min(7, N + 2), 9)", "min(7, N)"),
        ("max(i + 1, i)", "i + 1"),
        ("min(x)", "x"),
        ("i if i < j else j", "min(i, j)"),
        ("j if i <= j else i", "max(i, j)"),
    ]);
}

#[test]
fn equal_conditions_look_equal() {
    check(&[
        ("2*i - 2*N + 2 <= 0", "i < N"),
        ("not j <= i", "i < j"),
        ("i + 1 < N", "i < N - 1"),
        ("0 < N", "N > 0"),
        ("x >= 6", "x >= 6"),
        ("x <= 4", "x < 5"),
        ("2*i == 5", "0"),
        ("2*i == 6", "i == 3"),
        ("i != i", "0"),
        ("(i < N) == True", "i < N"),
        ("not flag", "flag == 0"),
        ("0 <= i < N", "i >= 0 and i < N"),
        ("a and (b and c)", "a != 0 and b != 0 and c != 0"),
        ("not (i < N and j < M)", "M <= j or N <= i"),
        ("i < N or N <= i", "1"),
        ("i < N and True", "i < N"),
    ]);
    assert_eq!(expr("i < N and 0 <= i"), expr("i >= 0 and i < N and i < N"));
}

#[test]
fn a_guard_stays_before_what_it_guards() {
    check(&[
        ("A[i] > 0 and B[i] > 0", "A[i] > 0 and B[i] > 0"),
        ("B[i] > 0 and A[i] > 0", "B[i] > 0 and A[i] > 0"),
        ("n != 0 and x//n > 2", "n != 0 and x//n >= 3"),
        ("z > 0 and A[i] > 0", "z > 0 and A[i] > 0"),
    ]);
}

#[test]
fn other_functions_fold() {
    check(&[
        ("abs(-3*x)", "3*abs(x)"),
        ("abs(2*x - 4)", "2*abs(x - 2)"),
        ("gcd(12, 18)", "6"),
        ("gcd(x, 0)", "abs(x)"),
        ("x << 3", "8*x"),
        ("x >> 3", "x//8"),
        ("~x", "-x - 1"),
        ("x & 0", "0"),
        ("x ^ x", "0"),
        ("(a < b) & (c < d)", "a < b and c < d"),
        ("1 << k", "1 << k"),
    ]);
}

#[test]
fn huge_products_stay_products() {
    let sum: Expr = (0..100).map(|k| Expr::sym(format!("x{k}"))).sum();
    let product = &sum * &sum * &sum;
    assert!(product.terms().count() <= 10_000);
    let value = |_: &crate::Name| Some(2);
    assert_eq!(product.eval(&value), Ok(200i64.pow(3)));
}

#[test]
fn extreme_numbers_do_not_panic() {
    let texts = ["-9223372036854775808", "x - 9223372036854775808", "9223372036854775807*x"];
    for a in texts.map(expr) {
        for b in texts.map(expr) {
            let all = [
                &a + &b,
                &a * &b,
                a.floor_div(&b),
                a.ceil_div(&b),
                a.modulo(&b),
                a.lt(&b),
                a.ge(&b),
                a.eq_expr(&b),
                a.min(&b),
                a.abs(),
                a.pow(&b),
                a.floor_div(&Expr::int(-1)),
                a.modulo(&Expr::int(-1)),
            ];
            for result in all {
                let text = result.to_string();
                assert_eq!(expr(&text), result, "{text}");
                let _: Result<i64, _> = result.eval(&|_| Some(i64::MIN));
            }
        }
    }
}
