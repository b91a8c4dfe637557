//! Functions of Python's `math` and `cmath` that are more than one function of the tasklet language.

use super::{Args, Entry, Lowering, call};
use crate::lower::{Dest, Library, Lowerer, Result};
use crate::scalar::{self, Refusal};
use crate::types::{Scalar, Value};
use dacec_ir::{BinaryOp, Constant, DType, Function, ScalarExpr};

type Computed = std::result::Result<Scalar, Refusal>;

/// Functions of `math`; they come before those of the same name that take fewer arguments.
pub(super) const MATH: &[Entry] = &[
    call("log", &["x", "base?"], logarithm),
    call("hypot", &["*"], |l, args| folded(l, args, hypotenuse)),
    call("gcd", &["*"], |l, args| folded(l, args, common_divisor)),
    call("lcm", &["*"], |l, args| folded(l, args, common_multiple)),
    call("prod", &["iterable", "start?"], product),
    call("fsum", &["iterable"], sum),
    call("dist", &["p", "q"], distance),
    call("isclose", &["a", "b", "rel_tol?", "abs_tol?"], is_close),
    call("factorial", &["n"], |_, args| known(args, &["n"], |of| factorial(of[0]))),
    call("comb", &["n", "k"], |_, args| known(args, &["n", "k"], |of| combinations(of[0], of[1]))),
    call("perm", &["n", "k"], |_, args| known(args, &["n", "k"], |of| permutations(of[0], of[1]))),
    call("isqrt", &["n"], |l, args| {
        let whole = |value: &Value| matches!(value, Value::Scalar(n) if n.dtype().is_integer() && n.as_int().is_none());
        match args.value("n") {
            n if whole(&n) => {
                let n = l.as_dtype(&n, DType::Int64, &Dest::Temp, args.range)?;
                l.call_library(&Library::new("isqrt").value("n", n), &args.dest, args.range)
            }
            _ => known(args, &["n"], |of| u64::try_from(of[0]).ok().map(|n| n.isqrt().cast_signed())),
        }
    }),
    call("remainder", &["x", "y"], |l, args| {
        let mut library = Library::new("remainder");
        for name in ["x", "y"] {
            library =
                library.value(name, l.as_dtype(&args.value(name), DType::Float64, &Dest::Temp, args.range)?);
        }
        l.call_library(&library, &args.dest, args.range)
    }),
    call("modf", &["x"], parts),
    two("ldexp", |of| {
        let power = scalar::call(Function::Exp2, &float(&of[1]))?;
        scalar::binary(BinaryOp::Mul, &float(&of[0]), &power)
    }),
    two("pow", |of| scalar::binary(BinaryOp::Pow, &float(&of[0]), &float(&of[1]))),
    one("degrees", |of| scaled(of, 180.0 / std::f64::consts::PI)),
    one("radians", |of| scaled(of, std::f64::consts::PI / 180.0)),
];

/// Functions of `cmath`.
pub(super) const CMATH: &[Entry] = &[
    one("exp", |of| scalar::call(Function::Exp, &complex(&of[0]))),
    call("log", &["x", "base?"], complex_logarithm),
    one("sqrt", |of| scalar::call(Function::Sqrt, &complex(&of[0]))),
    one("sin", |of| scalar::call(Function::Sin, &complex(&of[0]))),
    one("cos", |of| scalar::call(Function::Cos, &complex(&of[0]))),
    one("tan", |of| scalar::call(Function::Tan, &complex(&of[0]))),
    one("sinh", |of| scalar::call(Function::Sinh, &complex(&of[0]))),
    one("cosh", |of| scalar::call(Function::Cosh, &complex(&of[0]))),
    one("tanh", |of| scalar::call(Function::Tanh, &complex(&of[0]))),
    one("isnan", |of| scalar::call(Function::Isnan, &complex(&of[0]))),
    one("isinf", |of| scalar::call(Function::Isinf, &complex(&of[0]))),
    one("isfinite", |of| scalar::call(Function::Isfinite, &complex(&of[0]))),
    one("phase", |of| phase(&of[0])),
    call("polar", &["x"], |lowerer, args| {
        let Value::Scalar(number) = args.value("x") else {
            return Err(lowerer.not_a_number(&args.value("x"), args.range));
        };
        let number = lowerer.hoist(&complex(&number));
        let radius = refused(args, scalar::call(Function::Abs, &number))?;
        Ok(Value::Tuple(
            vec![Value::Scalar(weak(radius)), Value::Scalar(refused(args, phase(&number))?)].into(),
        ))
    }),
    two("rect", |of| {
        let (radius, angle) = (float(&of[0]), float(&of[1]));
        let part = |function| {
            let part = scalar::call(function, &angle)?;
            scalar::binary(BinaryOp::Mul, &radius, &part)
        };
        from_parts(&part(Function::Cos)?, &part(Function::Sin)?)
    }),
];

pub(super) const fn one(name: &'static str, compute: fn(&[Scalar]) -> Computed) -> Entry {
    Entry { name, params: &["x"], lowering: Lowering::Scalar(compute) }
}

pub(super) const fn two(name: &'static str, compute: fn(&[Scalar]) -> Computed) -> Entry {
    Entry { name, params: &["x1", "x2"], lowering: Lowering::Scalar(compute) }
}

/// The number as a float of Python.
pub(super) fn float(value: &Scalar) -> Scalar {
    weak(scalar::converted(value, DType::Float64))
}

fn complex(value: &Scalar) -> Scalar {
    weak(scalar::converted(value, DType::Complex128))
}

pub(super) fn weak(value: Scalar) -> Scalar {
    let dtype = value.dtype();
    Scalar::weak(value.code, dtype)
}

/// `complex(re, im)`.
pub(super) fn from_parts(re: &Scalar, im: &Scalar) -> Computed {
    if let (Some(re), Some(im)) = (re.as_f64(), im.as_f64()) {
        let value = Constant::Complex(re, im, DType::Complex128);
        return Ok(Scalar::weak(ScalarExpr::Constant(value), DType::Complex128));
    }
    Ok(weak(scalar::complex(re, im, DType::Complex128)))
}

fn scaled(of: &[Scalar], factor: f64) -> Computed {
    scalar::binary(BinaryOp::Mul, &float(&of[0]), &Scalar::float(factor))
}

fn phase(value: &Scalar) -> Computed {
    let value = complex(value);
    let (re, im) = (scalar::call(Function::Real, &value)?, scalar::call(Function::Imag, &value)?);
    scalar::call2(Function::Atan2, &im, &re).map(weak)
}

fn hypotenuse(a: &Scalar, b: &Scalar) -> Computed {
    scalar::call2(Function::Hypot, &float(a), &float(b))
}

fn common_divisor(a: &Scalar, b: &Scalar) -> Computed {
    scalar::call2(Function::Gcd, a, b)
}

/// `a // gcd(a, b) * b`, without a sign; 0 where both are.
fn common_multiple(a: &Scalar, b: &Scalar) -> Computed {
    let divisor = scalar::call2(Function::Gcd, a, b)?;
    // A division by zero gives 0.
    let quotient = scalar::binary(BinaryOp::FloorDiv, a, &divisor)?;
    let multiple = scalar::binary(BinaryOp::Mul, &quotient, b)?;
    scalar::call(Function::Abs, &multiple)
}

fn refused(args: &Args, computed: Computed) -> Result<Scalar> {
    use crate::diagnostic::Diagnostic;
    computed.map_err(|reason| Diagnostic::error(crate::codes::TYPE, args.range, reason).into())
}

/// Combines all arguments, from left to right.
fn folded(
    lowerer: &mut Lowerer<'_>,
    args: &Args,
    combine: fn(&Scalar, &Scalar) -> Computed,
) -> Result<Value> {
    let mut items = args.rest.iter().cloned();
    let Some(mut total) = items.next() else {
        return Err(args.unsupported("x", "there is nothing to combine").into());
    };
    if args.rest.len() == 1 {
        total = lowerer.elementwise("math", &[total], &Dest::Temp, args.range, &|of| {
            scalar::call(Function::Abs, &of[0])
        })?;
    }
    for item in items {
        total = lowerer
            .elementwise("math", &[total, item], &Dest::Temp, args.range, &|of| combine(&of[0], &of[1]))?;
    }
    Ok(total)
}

/// Combines the items of a sequence that is known.
fn over_items(lowerer: &mut Lowerer<'_>, args: &Args, op: BinaryOp, start: Value) -> Result<Value> {
    let Value::Tuple(items) = lowerer.as_tuple(args.value("iterable"), args.range)? else {
        return Ok(start);
    };
    let mut total = start;
    for item in items {
        total = lowerer.elementwise("math", &[total, item], &Dest::Temp, args.range, &|of| {
            scalar::binary(op, &of[0], &of[1])
        })?;
    }
    Ok(total)
}

fn product(lowerer: &mut Lowerer<'_>, args: &Args) -> Result<Value> {
    let start = args.get("start").cloned().unwrap_or(Value::Scalar(Scalar::int(1)));
    over_items(lowerer, args, BinaryOp::Mul, start)
}

fn sum(lowerer: &mut Lowerer<'_>, args: &Args) -> Result<Value> {
    over_items(lowerer, args, BinaryOp::Add, Value::Scalar(Scalar::float(0.0)))
}

/// `math.dist(p, q)` of points with few coordinates.
fn distance(lowerer: &mut Lowerer<'_>, args: &Args) -> Result<Value> {
    let mut points = Vec::new();
    for name in ["p", "q"] {
        match lowerer.as_tuple(args.value(name), args.place(name))? {
            Value::Tuple(items) => points.push(items),
            other => return Err(lowerer.not_a_number(&other, args.range)),
        }
    }
    if points[0].len() != points[1].len() {
        return Err(args.unsupported("q", "both points need as many coordinates").into());
    }
    let mut total = Value::Scalar(Scalar::float(0.0));
    for (a, b) in points[0].clone().into_iter().zip(points[1].clone()) {
        total = lowerer.elementwise("math", &[total, a, b], &Dest::Temp, args.range, &|of| {
            let apart = scalar::binary(BinaryOp::Sub, &float(&of[1]), &float(&of[2]))?;
            hypotenuse(&of[0], &apart)
        })?;
    }
    Ok(total)
}

fn logarithm(lowerer: &mut Lowerer<'_>, args: &Args) -> Result<Value> {
    quotient_of_logarithms(lowerer, args, float)
}

fn complex_logarithm(lowerer: &mut Lowerer<'_>, args: &Args) -> Result<Value> {
    quotient_of_logarithms(lowerer, args, complex)
}

fn quotient_of_logarithms(
    lowerer: &mut Lowerer<'_>,
    args: &Args,
    convert: fn(&Scalar) -> Scalar,
) -> Result<Value> {
    let operands: Vec<Value> = ["x", "base"].iter().filter_map(|name| args.get(name).cloned()).collect();
    lowerer.elementwise("log", &operands, &args.dest, args.range, &|of| {
        let value = scalar::call(Function::Log, &convert(&of[0]))?;
        match of.get(1) {
            Some(base) => {
                let base = scalar::call(Function::Log, &convert(base))?;
                scalar::binary(BinaryOp::Div, &value, &base)
            }
            None => Ok(value),
        }
    })
}

/// `|a - b| <= max(rel_tol * max(|a|, |b|), abs_tol)`, or equality.
fn is_close(lowerer: &mut Lowerer<'_>, args: &Args) -> Result<Value> {
    let or =
        |name: &str, default: f64| args.get(name).cloned().unwrap_or(Value::Scalar(Scalar::float(default)));
    let operands = [args.value("a"), args.value("b"), or("rel_tol", 1e-9), or("abs_tol", 0.0)];
    let mut numbers = Vec::new();
    for operand in operands {
        match operand {
            Value::Scalar(scalar) => numbers.push(Value::Scalar(lowerer.hoist(&float(&scalar)))),
            other => return Err(lowerer.not_a_number(&other, args.range)),
        }
    }
    lowerer.elementwise("isclose", &numbers, &Dest::Temp, args.range, &|of| {
        let abs = |value: &Scalar| scalar::call(Function::Abs, value);
        let larger = scalar::binary(BinaryOp::Max, &abs(&of[0])?, &abs(&of[1])?)?;
        let bound = scalar::binary(BinaryOp::Mul, &of[2], &larger)?;
        let bound = scalar::binary(BinaryOp::Max, &bound, &of[3])?;
        let apart = abs(&scalar::binary(BinaryOp::Sub, &of[0], &of[1])?)?;
        let finite = scalar::call(Function::Isfinite, &larger)?;
        let near = scalar::binary(BinaryOp::Le, &apart, &bound)?;
        let near = scalar::binary(BinaryOp::And, &near, &finite)?;
        let equal = scalar::binary(BinaryOp::Eq, &of[0], &of[1])?;
        scalar::binary(BinaryOp::Or, &near, &equal)
    })
}

/// `math.modf(x)`: the fraction and the whole part, both with the sign of `x`.
fn parts(lowerer: &mut Lowerer<'_>, args: &Args) -> Result<Value> {
    let Value::Scalar(number) = args.value("x") else {
        return Err(lowerer.not_a_number(&args.value("x"), args.range));
    };
    let number = lowerer.hoist(&float(&number));
    let whole = refused(args, scalar::call(Function::Trunc, &number))?;
    let infinite = refused(args, scalar::call(Function::Isinf, &number))?;
    let rest = refused(args, scalar::binary(BinaryOp::Sub, &number, &whole))?;
    let rest = scalar::select(&infinite, &Scalar::float(0.0), &rest);
    let rest = refused(args, scalar::call2(Function::Copysign, &rest, &number))?;
    Ok(Value::Tuple(vec![Value::Scalar(weak(rest)), Value::Scalar(weak(whole))].into()))
}

/// A function of integers that are known.
fn known(args: &Args, names: &[&str], compute: impl Fn(&[i64]) -> Option<i64>) -> Result<Value> {
    let mut numbers = Vec::new();
    for name in names {
        match args.int(name)? {
            Some(number) => numbers.push(number),
            None => return Err(args.unsupported(name, "it is missing").into()),
        }
    }
    match compute(&numbers) {
        Some(result) => Ok(Value::Scalar(Scalar::int(result))),
        None => Err(args.unsupported(names[0], "the result is no integer of 64 bits").into()),
    }
}

fn factorial(n: i64) -> Option<i64> {
    (0..=n).contains(&0).then(|| (1..=n).try_fold(1_i64, i64::checked_mul)).flatten()
}

fn permutations(n: i64, k: i64) -> Option<i64> {
    if n < 0 || k < 0 {
        return None;
    }
    if k > n {
        return Some(0);
    }
    (n - k + 1..=n).try_fold(1_i64, i64::checked_mul)
}

fn combinations(n: i64, k: i64) -> Option<i64> {
    if n < 0 || k < 0 {
        return None;
    }
    let k = k.min(n.saturating_sub(k));
    if k < 0 {
        return Some(0);
    }
    (1..=k).try_fold(1_i64, |total, j| Some(total.checked_mul(n - k + j)? / j))
}
