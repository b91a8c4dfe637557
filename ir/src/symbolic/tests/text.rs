//! Parsing and printing.

use super::expr;
use crate::symbolic::{Expr, ParseErrorKind};

#[test]
fn printing_uses_few_parentheses() {
    for text in [
        "M*N",
        "N - 1",
        "i + 2*j",
        "(a + b) % c",
        "min(a, b)",
        "a < b and c",
        "i//2//N",
        "-(i//2)",
        "3*(i//2)",
        "(i % 4)**2",
        "x**y**z",
        "(x**2 + 1)**y",
        "a//(b//c)",
        "a//-b",
        "a // b",
        "1 << k",
        "A[i + 1, j]",
        "i - (j//2)*k",
        "2*N*i + N - 1",
        "not_a_keyword",
        "int_ceil(N, M)",
        "-x**2",
        "(i < N) + 1",
    ] {
        let plain = text.replace("a < b and c", "a < b and c != 0").replace("a // b", "a//b");
        assert_eq!(expr(text).to_string(), plain.replace("i - (j//2)*k", "i - k*(j//2)"), "{text}");
    }
}

#[test]
fn what_sympy_prints_is_read() {
    for (sympy, python) in [
        ("int_floor(N, 2)", "N//2"),
        ("int_ceil(N, 2)", "(N + 1)//2"),
        ("Min(N, 4) + Max(i, j)", "min(N, 4) + max(i, j)"),
        ("Mod(i, 3)", "i % 3"),
        ("Abs(i)", "abs(i)"),
        ("floor(N/2)", "N//2"),
        ("floor(N/M)", "N//M"),
        ("ceiling(N/4 - 1/4)", "int_ceil(N - 1, 4)"),
        ("ceiling(0.25*N)", "int_ceil(N, 4)"),
        ("And(Lt(i, N), Ne(j, 0))", "i < N and j != 0"),
        ("Or(Ge(i, N), Not(Eq(j, 0)))", "i >= N or j != 0"),
        ("IfExpr(i < N, i, 0)", "i if i < N else 0"),
        ("N/2 + N/2", "N"),
        ("(N*M)/M", "N"),
        ("N/2 < M/3", "3*N < 2*M"),
        ("$N - 1", "N - 1"),
        ("7i64 + 2u8", "9"),
        ("((N > 5) and (A[0, 0] == 2))", "N > 5 and A[0, 0] == 2"),
        ("bitwise_and(i, 3)", "i & 3"),
        ("True", "1"),
        ("1.0*N", "N"),
        ("a.b + 1", "1 + a.b"),
    ] {
        assert_eq!(expr(sympy), expr(python), "{sympy}");
    }
}

#[test]
fn precedence_is_that_of_python() {
    for (text, explicit) in [
        ("-x**2", "-(x**2)"),
        ("2**-k", "2**(-k)"),
        ("-i//2", "(-i)//2"),
        ("a - b - c", "(a - b) - c"),
        ("a//b*c", "(a//b)*c"),
        ("a | b & c", "a | (b & c)"),
        ("a + b << c", "(a + b) << c"),
        ("not a < b or c", "(not (a < b)) or c"),
        ("a if b else c if d else e", "a if b else (c if d else e)"),
        ("a < b == c", "(a < b) and (b == c)"),
    ] {
        assert_eq!(expr(text), expr(explicit), "{text}");
    }
}

#[test]
fn errors_say_what_and_where() {
    for (text, message) in [
        ("", "expected a value, found the end at character 1 of ``"),
        ("N +", "expected a value, found the end at character 4 of `N +`"),
        ("N § 1", "unexpected character `§` at character 3 of `N § 1`"),
        ("(N", "expected `)`, found the end at character 3 of `(N`"),
        ("N 1", "expected an operator or the end, found `1` at character 3 of `N 1`"),
        ("f(N)", "the function `f` is not known at character 1 of `f(N)`"),
        ("Mod(N)", "`Mod` takes two arguments, not 1 at character 1 of `Mod(N)`"),
        ("N/2", "`(N)/(2)` is not always an integer; `//` rounds down at character 1 of `N/2`"),
        ("N/0", "division by zero at character 2 of `N/0`"),
        ("A[]", "expected an index, found `]` at character 1 of `A[]`"),
        (
            "99999999999999999999",
            "the number `99999999999999999999` is too large or malformed at character 1 of `99999999999999999999`",
        ),
        (
            "9223372036854775808",
            "the number `9223372036854775808` is too large or malformed at character 1 of `9223372036854775808`",
        ),
        ("a if b", "expected `else`, found the end at character 7 of `a if b`"),
    ] {
        let error = Expr::parse(text).expect_err(text);
        assert_eq!(error.to_string(), message);
    }
}

#[test]
fn deep_or_large_input_is_refused() {
    let deep = [
        format!("{}x{}", "(".repeat(100_000), ")".repeat(100_000)),
        format!("{}x", "-".repeat(100_000)),
        format!("x{}", "**x".repeat(100_000)),
        format!("x{}", "//y".repeat(100_000)),
        format!("x{}", " if c else x".repeat(100_000)),
        format!("{}x", "not ".repeat(100_000)),
    ];
    for text in deep {
        let error = Expr::parse(&text).expect_err("too deep");
        assert_eq!(error.kind(), &ParseErrorKind::TooDeep, "{}", &text[..20]);
    }
    let nested = (0..60).fold("x".to_owned(), |inner, _| format!("(({inner})//7 + y)*(z + w)"));
    let long: String = (0..20_000).map(|k| format!("x{k} + ")).collect::<String>() + "1";
    for text in [nested, long, "(a + b + c + d)".to_owned() + &"*(a + b + c + d + 1)".repeat(100)] {
        let error = Expr::parse(&text).expect_err("too large");
        assert!(matches!(error.kind(), ParseErrorKind::TooLarge | ParseErrorKind::TooDeep), "{error}");
    }
}

#[test]
fn debug_prints_like_display() {
    assert_eq!(format!("{:?}", expr("N + 1")), "N + 1");
    assert_eq!(format!("{:>7}|", expr("N + 1")), "  N + 1|");
}
