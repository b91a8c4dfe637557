//! Functions that work element by element.

use super::math::{one, two};
use super::{Args, Entry, Lowering, ONE, TWO, call, math, math2, op};
use crate::lower::{Dest, Library, Lowerer, Result};
use crate::promotion::{float_of, float_of_both, rank};
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

const fn float(name: &'static str, function: Function) -> Entry {
    Entry { name, params: &["x"], lowering: Lowering::Float(function) }
}

const fn float2(name: &'static str, function: Function) -> Entry {
    Entry { name, params: &["x1", "x2"], lowering: Lowering::Float2(function) }
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
    op("bitwise_left_shift", BinaryOp::Shl),
    op("bitwise_right_shift", BinaryOp::Shr),
    op("right_shift", BinaryOp::Shr),
    Entry { name: "negative", params: ONE, lowering: Lowering::UnaryOp(UnaryOp::Neg) },
    Entry { name: "logical_not", params: ONE, lowering: Lowering::UnaryOp(UnaryOp::Not) },
    Entry { name: "invert", params: ONE, lowering: Lowering::UnaryOp(UnaryOp::BitNot) },
    Entry { name: "bitwise_invert", params: ONE, lowering: Lowering::UnaryOp(UnaryOp::BitNot) },
    Entry { name: "bitwise_not", params: ONE, lowering: Lowering::UnaryOp(UnaryOp::BitNot) },
    unary("positive", |of| Ok(of[0].clone())),
    unary("square", |of| match of[0].dtype() {
        DType::Bool => Ok(scalar::converted(&of[0], DType::Int8)),
        _ => scalar::binary(BinaryOp::Mul, &of[0], &of[0]),
    }),
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
    unary("fabs", |of| match of[0].dtype() {
        dtype if dtype.is_complex() => Err("it is defined for real numbers only; use `np.abs`".into()),
        dtype => scalar::call(Function::Abs, &scalar::converted(&of[0], float_of(dtype))),
    }),
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
    unary("rint", |of| scalar::call(Function::Rint, &as_float(&of[0]))),
    unary("fix", |of| scalar::call(Function::Trunc, &of[0])),
    unary("bitwise_count", ones),
    unary("sinc", |of| {
        let x = as_float(&of[0]);
        let angle = scalar::binary(BinaryOp::Mul, &Scalar::float(std::f64::consts::PI), &x)?;
        let ratio = scalar::binary(BinaryOp::Div, &scalar::call(Function::Sin, &angle)?, &angle)?;
        let is_zero = scalar::binary(BinaryOp::Eq, &x, &Scalar::int(0))?;
        Ok(scalar::select(&is_zero, &Scalar::float(1.0), &ratio))
    }),
    unary("spacing", |of| {
        let x = as_float(&of[0]);
        let beyond = scalar::call2(Function::Copysign, &Scalar::float(f64::INFINITY), &x)?;
        scalar::binary(BinaryOp::Sub, &scalar::call2(Function::Nextafter, &x, &beyond)?, &x)
    }),
    unary("isposinf", |of| infinite(&of[0], BinaryOp::Gt)),
    unary("isneginf", |of| infinite(&of[0], BinaryOp::Lt)),
    unary("angle", |of| {
        let x = as_float(&of[0]);
        let (re, im) = (scalar::call(Function::Real, &x)?, scalar::call(Function::Imag, &x)?);
        scalar::call2(Function::Atan2, &im, &re)
    }),
    math("isnan", Function::Isnan),
    math("isinf", Function::Isinf),
    math("isfinite", Function::Isfinite),
    math("signbit", Function::Signbit),
    // No universal functions: they give the part of a Python number as Python has it.
    Entry { name: "real", params: &["x"], lowering: Lowering::Math(Function::Real) },
    Entry { name: "imag", params: &["x"], lowering: Lowering::Math(Function::Imag) },
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
    binary("lcm", |of| {
        let divisor = scalar::call2(Function::Gcd, &of[0], &of[1])?;
        let part = scalar::binary(BinaryOp::FloorDiv, &of[0], &divisor)?;
        let product = scalar::call(Function::Abs, &scalar::binary(BinaryOp::Mul, &part, &of[1])?)?;
        let zero = scalar::converted(&Scalar::int(0), product.dtype());
        let is_zero = scalar::binary(BinaryOp::Eq, &divisor, &zero)?;
        Ok(scalar::select(&is_zero, &zero, &product))
    }),
    binary("logaddexp", |of| sum_of_powers(of, Function::Exp, 1.0)),
    binary("logaddexp2", |of| sum_of_powers(of, Function::Exp2, std::f64::consts::LOG2_E)),
    binary("heaviside", |of| {
        let dtype = float_of_both(of[0].ty, of[1].ty);
        let (x, at_zero) = (scalar::converted(&of[0], dtype), scalar::converted(&of[1], dtype));
        let test = |op| scalar::binary(op, &x, &Scalar::int(0));
        let rest = scalar::select(&test(BinaryOp::Gt)?, &Scalar::float(1.0), &x);
        let rest = scalar::select(&test(BinaryOp::Eq)?, &at_zero, &rest);
        Ok(scalar::select(&test(BinaryOp::Lt)?, &Scalar::float(0.0), &rest))
    }),
    binary("ldexp", |of| {
        let x = as_float(&of[0]);
        if !of[1].dtype().is_integer() {
            return Err("its exponents are integers".into());
        }
        let scale = scalar::call(Function::Exp2, &scalar::converted(&of[1], x.dtype()))?;
        scalar::binary(BinaryOp::Mul, &x, &scale)
    }),
    call("divmod", &["x1", "x2", "out?"], super::ufunc::divmod),
    call("modf", &["x", "out?"], super::ufunc::modf),
    call("frexp", &["x"], frexp),
    call("round", &["a", "decimals?", "out?"], rounded),
    call("around", &["a", "decimals?", "out?"], rounded),
    call("isclose", &["a", "b", "rtol?", "atol?", "equal_nan?"], is_close),
    call("allclose", &["a", "b", "rtol?", "atol?", "equal_nan?"], all_close),
    call("nan_to_num", &["x", "copy?", "nan?", "posinf?", "neginf?"], nan_to_num),
];

/// Functions of `scipy.special`, which are universal functions too.
pub(super) const SPECIAL: &[Entry] = &[
    unary("cbrt", |of| scalar::call(Function::Cbrt, &as_wide_float(&of[0]))),
    unary("erf", |of| scalar::call(Function::Erf, &as_wide_float(&of[0]))),
    unary("erfc", |of| scalar::call(Function::Erfc, &as_wide_float(&of[0]))),
    unary("exp2", |of| scalar::call(Function::Exp2, &as_wide_float(&of[0]))),
    unary("expm1", |of| scalar::call(Function::Expm1, &as_wide_float(&of[0]))),
    unary("gamma", |of| scalar::call(Function::Gamma, &as_wide_float(&of[0]))),
    unary("gammaln", |of| scalar::call(Function::Lgamma, &as_wide_float(&of[0]))),
    unary("log1p", |of| scalar::call(Function::Log1p, &as_wide_float(&of[0]))),
];

/// Functions of `math`: on numbers, with Python's float as the result.
pub(super) const MATH: &[Entry] = &[
    float("sqrt", Function::Sqrt),
    float("cbrt", Function::Cbrt),
    float("exp", Function::Exp),
    float("exp2", Function::Exp2),
    float("expm1", Function::Expm1),
    float("log", Function::Log),
    float("log2", Function::Log2),
    float("log10", Function::Log10),
    float("log1p", Function::Log1p),
    float("sin", Function::Sin),
    float("cos", Function::Cos),
    float("tan", Function::Tan),
    float("asin", Function::Asin),
    float("acos", Function::Acos),
    float("atan", Function::Atan),
    float("sinh", Function::Sinh),
    float("cosh", Function::Cosh),
    float("tanh", Function::Tanh),
    float("asinh", Function::Asinh),
    float("acosh", Function::Acosh),
    float("atanh", Function::Atanh),
    float("erf", Function::Erf),
    float("erfc", Function::Erfc),
    float("gamma", Function::Gamma),
    float("lgamma", Function::Lgamma),
    float("isnan", Function::Isnan),
    float("isinf", Function::Isinf),
    float("isfinite", Function::Isfinite),
    float2("atan2", Function::Atan2),
    float2("hypot", Function::Hypot),
    float2("copysign", Function::Copysign),
    float2("fmod", Function::Fmod),
    float("fabs", Function::Abs),
    two("pow", |of| scalar::binary(BinaryOp::Pow, &super::math::float(&of[0]), &super::math::float(&of[1]))),
    one("floor", |of| whole(Function::Floor, &of[0])),
    one("ceil", |of| whole(Function::Ceil, &of[0])),
    one("trunc", |of| whole(Function::Trunc, &of[0])),
    one("radians", |of| scaled(&super::math::float(&of[0]), std::f64::consts::PI / 180.0)),
    one("degrees", |of| scaled(&super::math::float(&of[0]), 180.0 / std::f64::consts::PI)),
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
    Ok(Scalar::weak(scalar::cast(&rounded, DType::Int64), DType::Int64))
}

/// The value as a float, if it is an integer or truth value.
pub(super) fn as_float(value: &Scalar) -> Scalar {
    match value.dtype() {
        dtype if dtype.is_float() || dtype.is_complex() => value.clone(),
        _ if value.ty.weak => scalar::converted(value, DType::Float64),
        dtype => scalar::converted(value, float_of(dtype)),
    }
}

/// The value as a float, in double precision if it is an integer: SciPy knows no smaller ones.
fn as_wide_float(value: &Scalar) -> Scalar {
    let wide = if rank(value.dtype()) < rank(DType::Float64) { DType::Float64 } else { value.dtype() };
    scalar::converted(value, wide)
}

fn infinite(value: &Scalar, sign: BinaryOp) -> Computed {
    let value = as_float(value);
    let test = scalar::binary(sign, &value, &Scalar::int(0))?;
    scalar::binary(BinaryOp::And, &scalar::call(Function::Isinf, &value)?, &test)
}

/// The logarithm of the sum of two powers, without computing the powers.
fn sum_of_powers(of: &[Scalar], exp: Function, factor: f64) -> Computed {
    let dtype = float_of_both(of[0].ty, of[1].ty);
    if dtype.is_complex() {
        return Err("it is defined for real numbers only".into());
    }
    let (x, y) = (scalar::converted(&of[0], dtype), scalar::converted(&of[1], dtype));
    let largest = scalar::binary(BinaryOp::Max, &x, &y)?;
    let distance = scalar::call(Function::Abs, &scalar::binary(BinaryOp::Sub, &x, &y)?)?;
    let power = scalar::call(exp, &scalar::unary(UnaryOp::Neg, &distance)?)?;
    let rest = scalar::call(Function::Log1p, &power)?;
    let sum = scalar::binary(
        BinaryOp::Add,
        &largest,
        &scalar::binary(BinaryOp::Mul, &rest, &Scalar::float(factor))?,
    )?;
    // Equal infinities have no distance.
    let equal = scalar::binary(BinaryOp::Eq, &x, &y)?;
    let twice = scalar::binary(BinaryOp::Add, &x, &Scalar::float(std::f64::consts::LN_2 * factor))?;
    Ok(scalar::select(&equal, &twice, &sum))
}

/// The number of ones in the binary form of the magnitude.
fn ones(of: &[Scalar]) -> Computed {
    if !of[0].dtype().is_integer() {
        return Err("it is defined for integers only".into());
    }
    let wide = |value: i64| scalar::converted(&Scalar::int(value), DType::UInt64);
    let value = scalar::converted(&scalar::call(Function::Abs, &of[0])?, of[0].dtype());
    // The magnitude of the smallest number is that number read without a sign.
    let unsigned = match of[0].dtype() {
        DType::Int8 => DType::UInt8,
        DType::Int16 => DType::UInt16,
        DType::Int32 => DType::UInt32,
        DType::Int64 => DType::UInt64,
        dtype => dtype,
    };
    let value = scalar::converted(&scalar::converted(&value, unsigned), DType::UInt64);
    let part = |value: &Scalar, bits: i64, mask: i64| {
        scalar::binary(BinaryOp::BitAnd, &scalar::binary(BinaryOp::Shr, value, &wide(bits))?, &wide(mask))
    };
    let mut count = value;
    for (bits, mask) in [
        (1, 0x5555_5555_5555_5555),
        (2, 0x3333_3333_3333_3333),
        (4, 0x0F0F_0F0F_0F0F_0F0F),
        (8, 0x00FF_00FF_00FF_00FF),
        (16, 0x0000_FFFF_0000_FFFF),
        (32, 0x0000_0000_FFFF_FFFF),
    ] {
        count = scalar::binary(BinaryOp::Add, &part(&count, 0, mask)?, &part(&count, bits, mask)?)?;
    }
    Ok(scalar::converted(&count, DType::UInt8))
}

/// `np.round(a, decimals)`: halves go to the even neighbour.
fn rounded(lowerer: &mut Lowerer<'_>, args: &Args) -> Result<Value> {
    let decimals = args.int("decimals")?.unwrap_or(0);
    let power = Scalar::float(10.0_f64.powi(decimals.unsigned_abs().min(400) as i32));
    let (before, after) =
        if decimals >= 0 { (BinaryOp::Mul, BinaryOp::Div) } else { (BinaryOp::Div, BinaryOp::Mul) };
    let result = lowerer.elementwise("round", &[args.value("a")], &args.dest, args.range, &|of| {
        let dtype = of[0].dtype();
        match () {
            () if dtype.is_complex() => Err("round the real and the imaginary part".into()),
            () if !dtype.is_float() && decimals >= 0 => Ok(of[0].clone()),
            () if !dtype.is_float() => Err("integers have no decimals to round".into()),
            () if decimals == 0 => scalar::call(Function::Rint, &of[0]),
            () => {
                let scaled = scalar::call(Function::Rint, &scalar::binary(before, &of[0], &power)?)?;
                scalar::binary(after, &scaled, &power)
            }
        }
    })?;
    match super::ufunc::output(args)? {
        Some(out) => super::ufunc::give(lowerer, args, &out, &result),
        None => Ok(super::ufunc::of_numpy(result)),
    }
}

/// Whether two numbers differ by no more than `atol + rtol * |b|`.
fn is_close(lowerer: &mut Lowerer<'_>, args: &Args) -> Result<Value> {
    let tolerance = |name: &str, default: f64| match args.get(name) {
        None => Ok(Scalar::float(default)),
        Some(Value::Scalar(value)) if value.as_f64().is_some() => Ok(value.clone()),
        Some(_) => Err(args.unsupported(name, "it must be a number that is known")),
    };
    let (relative, absolute) = (tolerance("rtol", 1e-5)?, tolerance("atol", 1e-8)?);
    let equal_nan = args.flag("equal_nan")?;
    lowerer.elementwise("isclose", &[args.value("a"), args.value("b")], &args.dest, args.range, &|of| {
        let dtype = float_of(of[0].ty.with(of[1].ty).dtype);
        let (a, b) = (scalar::converted(&of[0], dtype), scalar::converted(&of[1], dtype));
        let distance = scalar::call(Function::Abs, &scalar::binary(BinaryOp::Sub, &a, &b)?)?;
        let size = scalar::binary(BinaryOp::Mul, &relative, &scalar::call(Function::Abs, &b)?)?;
        let limit = scalar::binary(BinaryOp::Add, &absolute, &size)?;
        let near = scalar::binary(BinaryOp::Le, &distance, &limit)?;
        let near = scalar::binary(BinaryOp::And, &near, &scalar::call(Function::Isfinite, &b)?)?;
        let near = scalar::binary(BinaryOp::Or, &near, &scalar::binary(BinaryOp::Eq, &a, &b)?)?;
        if !equal_nan {
            return Ok(near);
        }
        let nan = scalar::binary(
            BinaryOp::And,
            &scalar::call(Function::Isnan, &a)?,
            &scalar::call(Function::Isnan, &b)?,
        )?;
        scalar::binary(BinaryOp::Or, &near, &nan)
    })
}

fn everywhere(lowerer: &mut Lowerer<'_>, args: &Args, truths: Value) -> Result<Value> {
    let Value::Array(truths) = truths else { return Ok(truths) };
    let how = super::reductions::Reduction {
        wcr: dacec_ir::Wcr::LogicalAnd,
        axes: None,
        dtype: DType::Bool,
        keep: false,
    };
    super::reductions::reduced(lowerer, args, &truths, how, Default::default(), &args.dest)
}

fn all_close(lowerer: &mut Lowerer<'_>, args: &Args) -> Result<Value> {
    let truths = is_close(lowerer, args)?;
    everywhere(lowerer, args, truths)
}

/// Numbers in place of NaN and infinities.
fn nan_to_num(lowerer: &mut Lowerer<'_>, args: &Args) -> Result<Value> {
    let known = |name: &str| match args.get(name) {
        None => Ok(None),
        Some(Value::Scalar(value)) if value.as_f64().is_some() => Ok(Some(value.clone())),
        Some(_) => Err(args.unsupported(name, "it must be a number that is known")),
    };
    let (nan, above, below) = (known("nan")?, known("posinf")?, known("neginf")?);
    lowerer.elementwise("nan_to_num", &[args.value("x")], &args.dest, args.range, &|of| {
        let dtype = of[0].dtype();
        if !dtype.is_float() {
            return if dtype.is_complex() {
                Err("take the real and the imaginary part".into())
            } else {
                Ok(of[0].clone())
            };
        }
        let limit = |name: &str| super::limit(dtype, name).unwrap_or_else(|| Scalar::float(f64::MAX));
        let above = above.clone().unwrap_or_else(|| limit("max"));
        let below = below.clone().unwrap_or_else(|| limit("min"));
        let value = scalar::select(&infinite(&of[0], BinaryOp::Gt)?, &above, &of[0]);
        let value = scalar::select(&infinite(&of[0], BinaryOp::Lt)?, &below, &value);
        let nan = nan.clone().unwrap_or_else(|| Scalar::float(0.0));
        Ok(scalar::select(&scalar::call(Function::Isnan, &of[0])?, &nan, &value))
    })
}

/// `np.frexp(x)`: a number of at least a half and below one, and the power of two that it is multiplied by.
fn frexp(lowerer: &mut Lowerer<'_>, args: &Args) -> Result<Value> {
    let x = match args.value("x") {
        Value::Tuple(_) => Value::Array(super::array(lowerer, args, "x")?),
        other => other,
    };
    let dtype = match &x {
        Value::Array(view) => view.dtype,
        Value::Scalar(scalar) => scalar.dtype(),
        other => return Err(lowerer.not_a_number(other, args.range)),
    };
    if dtype.is_complex() {
        return Err(args.unsupported("x", "complex numbers have no exponent").into());
    }
    let x = lowerer.as_dtype(&x, float_of(dtype), &Dest::Temp, args.range)?;
    let each = |library: Library| library;
    let parts =
        super::sequences::for_each(lowerer, args, x.clone(), DType::Int32, &each, ("frexp_exponent", "x"))?;
    lowerer.flush();
    let mantissa = lowerer.elementwise("frexp", &[x, parts.clone()], &Dest::Temp, args.range, &|of| {
        // A power of two that has no double is taken in two steps.
        let half = scalar::binary(BinaryOp::FloorDiv, &of[1], &Scalar::int(2))?;
        let rest = scalar::binary(BinaryOp::Sub, &half, &of[1])?;
        let power = |of: &Scalar| scalar::call(Function::Exp2, &scalar::converted(of, DType::Float64));
        let value = scalar::converted(&of[0], DType::Float64);
        let halfway = scalar::binary(BinaryOp::Mul, &value, &power(&scalar::unary(UnaryOp::Neg, &half)?)?)?;
        let value = scalar::binary(BinaryOp::Mul, &halfway, &power(&rest)?)?;
        Ok(scalar::converted(&value, of[0].dtype()))
    })?;
    let exponent = lowerer.as_dtype(&parts, DType::Int32, &Dest::Temp, args.range)?;
    Ok(Value::Tuple(vec![mantissa, exponent].into()))
}
