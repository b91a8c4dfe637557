//! Functions that work element by element.

use super::{Args, Entry, Lowering, ONE, TWO, call, math, math2, op};
use crate::lower::{Lowerer, Result};
use crate::promotion::float_of;
use crate::scalar::{self, Refusal};
use crate::types::{Scalar, Value};
use dacec_ir::{BinaryOp, DType, Function, UnaryOp};

type Computed = std::result::Result<Scalar, Refusal>;

const fn unary(name: &'static str, compute: fn(&[Scalar]) -> Computed) -> Entry {
    Entry { name, params: ONE, lowering: Lowering::Scalar(compute) }
}

const fn binary(name: &'static str, compute: fn(&[Scalar]) -> Computed) -> Entry {
    Entry { name, params: TWO, lowering: Lowering::Scalar(compute) }
}

/// NumPy's universal functions.
pub(super) const ENTRIES: &[Entry] = &[
    op("add", BinaryOp::Add),
    op("subtract", BinaryOp::Sub),
    op("multiply", BinaryOp::Mul),
    op("divide", BinaryOp::Div),
    op("true_divide", BinaryOp::Div),
    op("floor_divide", BinaryOp::FloorDiv),
    op("mod", BinaryOp::Mod),
    op("remainder", BinaryOp::Mod),
    op("power", BinaryOp::Pow),
    op("minimum", BinaryOp::Min),
    op("maximum", BinaryOp::Max),
    op("equal", BinaryOp::Eq),
    op("not_equal", BinaryOp::Ne),
    op("less", BinaryOp::Lt),
    op("less_equal", BinaryOp::Le),
    op("greater", BinaryOp::Gt),
    op("greater_equal", BinaryOp::Ge),
    op("logical_and", BinaryOp::And),
    op("logical_or", BinaryOp::Or),
    op("bitwise_and", BinaryOp::BitAnd),
    op("bitwise_or", BinaryOp::BitOr),
    op("bitwise_xor", BinaryOp::BitXor),
    op("left_shift", BinaryOp::Shl),
    op("right_shift", BinaryOp::Shr),
    Entry { name: "negative", params: ONE, lowering: Lowering::UnaryOp(UnaryOp::Neg) },
    Entry { name: "logical_not", params: ONE, lowering: Lowering::UnaryOp(UnaryOp::Not) },
    Entry { name: "invert", params: ONE, lowering: Lowering::UnaryOp(UnaryOp::BitNot) },
    Entry { name: "bitwise_not", params: ONE, lowering: Lowering::UnaryOp(UnaryOp::BitNot) },
    unary("positive", |of| Ok(of[0].clone())),
    unary("square", |of| scalar::binary(BinaryOp::Mul, &of[0], &of[0])),
    unary("reciprocal", |of| match of[0].dtype() {
        dtype if dtype.is_integer() => scalar::binary(BinaryOp::FloorDiv, &Scalar::int(1), &of[0]),
        _ => scalar::binary(BinaryOp::Div, &Scalar::int(1), &of[0]),
    }),
    unary("deg2rad", |of| scaled(&of[0], std::f64::consts::PI / 180.0)),
    unary("radians", |of| scaled(&of[0], std::f64::consts::PI / 180.0)),
    unary("rad2deg", |of| scaled(&of[0], 180.0 / std::f64::consts::PI)),
    unary("degrees", |of| scaled(&of[0], 180.0 / std::f64::consts::PI)),
    binary("logical_xor", |of| scalar::binary(BinaryOp::Ne, &scalar::truth(&of[0]), &scalar::truth(&of[1]))),
    binary("float_power", |of| {
        let wide = |value: &Scalar| match value.dtype() {
            dtype if dtype.is_complex() => scalar::converted(value, DType::Complex128),
            _ => scalar::converted(value, DType::Float64),
        };
        scalar::binary(BinaryOp::Pow, &wide(&of[0]), &wide(&of[1]))
    }),
    math("abs", Function::Abs),
    math("absolute", Function::Abs),
    math("fabs", Function::Abs),
    math("sign", Function::Sign),
    math("sqrt", Function::Sqrt),
    math("cbrt", Function::Cbrt),
    math("exp", Function::Exp),
    math("exp2", Function::Exp2),
    math("expm1", Function::Expm1),
    math("log", Function::Log),
    math("log2", Function::Log2),
    math("log10", Function::Log10),
    math("log1p", Function::Log1p),
    math("sin", Function::Sin),
    math("cos", Function::Cos),
    math("tan", Function::Tan),
    math("arcsin", Function::Asin),
    math("arccos", Function::Acos),
    math("arctan", Function::Atan),
    math("sinh", Function::Sinh),
    math("cosh", Function::Cosh),
    math("tanh", Function::Tanh),
    math("arcsinh", Function::Asinh),
    math("arccosh", Function::Acosh),
    math("arctanh", Function::Atanh),
    math("floor", Function::Floor),
    math("ceil", Function::Ceil),
    math("trunc", Function::Trunc),
    math("rint", Function::Rint),
    math("isnan", Function::Isnan),
    math("isinf", Function::Isinf),
    math("isfinite", Function::Isfinite),
    math("signbit", Function::Signbit),
    math("real", Function::Real),
    math("imag", Function::Imag),
    math("conj", Function::Conj),
    math("conjugate", Function::Conj),
    math2("arctan2", Function::Atan2),
    math2("hypot", Function::Hypot),
    math2("copysign", Function::Copysign),
    math2("nextafter", Function::Nextafter),
    math2("fmin", Function::Fmin),
    math2("fmax", Function::Fmax),
    math2("fmod", Function::Fmod),
    math2("gcd", Function::Gcd),
    call("where", &["condition", "x", "y"], choose),
    call("clip", &["a", "a_min?", "a_max?"], clip),
];

/// Functions of `math`: on numbers, with Python's float as the result.
pub(super) const MATH: &[Entry] = &[
    math("sqrt", Function::Sqrt),
    math("cbrt", Function::Cbrt),
    math("exp", Function::Exp),
    math("exp2", Function::Exp2),
    math("expm1", Function::Expm1),
    math("log", Function::Log),
    math("log2", Function::Log2),
    math("log10", Function::Log10),
    math("log1p", Function::Log1p),
    math("sin", Function::Sin),
    math("cos", Function::Cos),
    math("tan", Function::Tan),
    math("asin", Function::Asin),
    math("acos", Function::Acos),
    math("atan", Function::Atan),
    math("sinh", Function::Sinh),
    math("cosh", Function::Cosh),
    math("tanh", Function::Tanh),
    math("asinh", Function::Asinh),
    math("acosh", Function::Acosh),
    math("atanh", Function::Atanh),
    math("erf", Function::Erf),
    math("isnan", Function::Isnan),
    math("isinf", Function::Isinf),
    math("isfinite", Function::Isfinite),
    math2("atan2", Function::Atan2),
    math2("hypot", Function::Hypot),
    math2("copysign", Function::Copysign),
    math2("fmod", Function::Fmod),
    math2("gcd", Function::Gcd),
    op("pow", BinaryOp::Pow),
    unary("fabs", |of| scalar::call(Function::Abs, &scalar::converted(&of[0], DType::Float64))),
    unary("floor", |of| whole(Function::Floor, &of[0])),
    unary("ceil", |of| whole(Function::Ceil, &of[0])),
    unary("trunc", |of| whole(Function::Trunc, &of[0])),
    unary("radians", |of| scaled(&of[0], std::f64::consts::PI / 180.0)),
    unary("degrees", |of| scaled(&of[0], 180.0 / std::f64::consts::PI)),
];

fn scaled(value: &Scalar, factor: f64) -> Computed {
    let dtype = if value.ty.weak { DType::Float64 } else { float_of(value.dtype()) };
    if dtype.is_complex() {
        return Err("angles are real numbers".into());
    }
    scalar::binary(BinaryOp::Mul, &scalar::converted(value, dtype), &Scalar::float(factor))
}

/// Rounding that gives a Python integer.
fn whole(function: Function, value: &Scalar) -> Computed {
    let rounded = scalar::call(function, value)?;
    if rounded.dtype().is_integer() {
        return Ok(rounded);
    }
    Ok(Scalar::weak(scalar::cast(&rounded, DType::Int64), DType::Int64))
}

/// `np.where(condition, x, y)`.
fn choose(lowerer: &mut Lowerer<'_>, args: &Args) -> Result<Value> {
    let operands = [args.value("condition"), args.value("x"), args.value("y")];
    lowerer.elementwise("where", &operands, &args.dest, args.range, &|of| {
        Ok(scalar::select(&of[0], &of[1], &of[2]))
    })
}

/// `np.clip(a, low, high)`.
fn clip(lowerer: &mut Lowerer<'_>, args: &Args) -> Result<Value> {
    let mut operands = vec![args.value("a")];
    let (low, high) = (args.get("a_min").cloned(), args.get("a_max").cloned());
    let has_low = low.is_some();
    operands.extend(low);
    operands.extend(high);
    lowerer.elementwise("clip", &operands, &args.dest, args.range, &|of| {
        let mut value = of[0].clone();
        for (k, bound) in of[1..].iter().enumerate() {
            let op = if k == 0 && has_low { BinaryOp::Max } else { BinaryOp::Min };
            value = scalar::binary(op, &value, bound)?;
        }
        Ok(value)
    })
}
