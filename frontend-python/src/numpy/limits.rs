//! What is known about data types: `np.finfo(...)`, `np.iinfo(...)`, and other queries that need no computation.

use super::{Args, Entry, array, axis_of, call, elements};
use crate::lower::{Lowerer, Result};
use crate::promotion::Typed;
use crate::scalar;
use crate::types::{Scalar, Value};
use dacec_ir::{Constant, DType, Expr};

/// Functions of NumPy.
pub(super) const ENTRIES: &[Entry] = &[
    call("finfo", &["dtype"], |_, args| limits(args, DType::is_float, "it must be a type of floats")),
    call("iinfo", &["type"], |_, args| limits(args, DType::is_integer, "it must be a type of integers")),
    call("shape", &["a"], shape),
    call("ndim", &["a"], |l, args| {
        let rank = if is_number(args) { 0 } else { array(l, args, "a")?.rank() };
        Ok(Value::Scalar(Scalar::int(rank as i64)))
    }),
    call("size", &["a", "axis?"], size),
    call("ndindex", &["*"], |l, args| {
        let shape = match args.rest.as_slice() {
            [one] => super::shape_of(l, one, args.range)?,
            several => super::shape_of(l, &Value::Tuple(several.to_vec().into()), args.range)?,
        };
        Ok(Value::Grid(shape, None))
    }),
    call("ndenumerate", &["arr"], |l, args| {
        let view = array(l, args, "arr")?;
        let shape = view.shape();
        Ok(Value::Zip(vec![Value::Grid(shape.clone(), None), Value::Grid(shape, Some(view))]))
    }),
    call("nditer", &["op"], |l, args| {
        let view = array(l, args, "op")?;
        Ok(Value::Grid(view.shape(), Some(view)))
    }),
    call("broadcast_shapes", &["*"], |l, args| {
        let mut shape = Vec::new();
        for value in &args.rest {
            let other = super::shape_of(l, value, args.range)?;
            shape = l.broadcast_shapes(&shape, &other, args.range)?;
        }
        let extents = shape.into_iter().map(|extent| Value::Scalar(Scalar::symbolic(extent)));
        Ok(Value::Tuple(extents.collect()))
    }),
    call("result_type", &["*"], |_, args| result_type(args, &args.rest)),
    call("promote_types", &["type1", "type2"], |_, args| {
        result_type(args, &[args.value("type1"), args.value("type2")])
    }),
    call("isscalar", &["element"], |_, args| {
        Ok(Value::Scalar(Scalar::bool(matches!(args.value("element"), Value::Scalar(_) | Value::Text(_)))))
    }),
    call("iscomplexobj", &["x"], |l, args| Ok(Value::Scalar(Scalar::bool(is_complex(l, args)?)))),
    call("isrealobj", &["x"], |l, args| Ok(Value::Scalar(Scalar::bool(!is_complex(l, args)?)))),
];

/// The type of an operation on values or types.
fn result_type(args: &Args, of: &[Value]) -> Result<Value> {
    let types: Option<Vec<Typed>> = of
        .iter()
        .map(|value| match value {
            Value::Array(view) => Some(Typed::strong(view.dtype)),
            Value::Scalar(scalar) => Some(scalar.ty),
            other => super::as_dtype(other).map(Typed::strong),
        })
        .collect();
    let joined = types.and_then(|types| types.into_iter().reduce(Typed::with));
    joined
        .map(|ty| Value::DType(ty.dtype))
        .ok_or_else(|| args.unsupported("type1", "its arguments are types, arrays and numbers").into())
}

fn is_number(args: &Args) -> bool {
    matches!(args.get("a"), Some(Value::Scalar(_)))
}

fn is_complex(lowerer: &mut Lowerer<'_>, args: &Args) -> Result<bool> {
    Ok(match args.value("x") {
        Value::Scalar(scalar) => scalar.dtype().is_complex(),
        _ => array(lowerer, args, "x")?.dtype.is_complex(),
    })
}

fn limits(args: &Args, fits: fn(DType) -> bool, reason: &str) -> Result<Value> {
    let name = if args.given("dtype") { "dtype" } else { "type" };
    let dtype = match args.get(name) {
        Some(Value::Array(view)) => Some(view.dtype),
        Some(Value::Scalar(scalar)) => Some(scalar.dtype()),
        _ => args.dtype(name)?,
    };
    let dtype = dtype.map(DType::real).filter(|dtype| fits(*dtype));
    dtype.map(Value::Limits).ok_or_else(|| args.unsupported(name, reason).into())
}

/// An attribute of `np.finfo(dtype)` or `np.iinfo(dtype)`.
pub(crate) fn limit(dtype: DType, name: &str) -> Option<Scalar> {
    let bits = 8 * dtype.size() as i64;
    if name == "bits" {
        return Some(Scalar::int(bits));
    }
    if name == "dtype" {
        return None;
    }
    if dtype.is_integer() { integer_limit(dtype, bits, name) } else { float_limit(dtype, name) }
}

fn integer_limit(dtype: DType, bits: i64, name: &str) -> Option<Scalar> {
    let signed = dtype.kind() == dacec_ir::dtype::Kind::Signed;
    match (name, signed) {
        ("min", true) => Some(Scalar::int(i64::MIN >> (64 - bits))),
        ("max", true) => Some(Scalar::int(i64::MAX >> (64 - bits))),
        ("min", false) => Some(Scalar::int(0)),
        ("max", false) if bits == 64 => Some(Scalar::weak(Constant::UInt(u64::MAX).into(), DType::UInt64)),
        ("max", false) => Some(Scalar::int((1 << bits) - 1)),
        _ => None,
    }
}

fn float_limit(dtype: DType, name: &str) -> Option<Scalar> {
    // Bits of the fraction, largest and smallest exponent.
    let (fraction, max, min) = match dtype {
        DType::Float16 => (10, 16, -14),
        DType::Float32 => (23, 128, -126),
        DType::Float64 => (52, 1024, -1022),
        _ => return None,
    };
    let power = |exponent: i32| 2.0_f64.powi(exponent);
    let largest = (2.0 - power(-fraction)) * power(max - 1);
    let value = match name {
        "eps" => power(-fraction),
        "epsneg" => power(-fraction - 1),
        "max" => largest,
        "min" => -largest,
        "tiny" | "smallest_normal" => f64::MIN_POSITIVE.max(power(min)),
        "resolution" => power(0) / 10.0_f64.powi(fraction * 30103 / 100_000),
        "nmant" => return Some(Scalar::int(fraction.into())),
        "maxexp" => return Some(Scalar::int(max.into())),
        "minexp" => return Some(Scalar::int(min.into())),
        _ => return None,
    };
    Some(scalar::converted(&Scalar::float(value), dtype))
}

/// The extents of an array, none of a number.
fn counts(lowerer: &mut Lowerer<'_>, args: &Args) -> Result<Vec<Expr>> {
    if is_number(args) {
        return Ok(Vec::new());
    }
    let view = array(lowerer, args, "a")?;
    Ok(lowerer.numbers_of_elements(&view))
}

fn shape(lowerer: &mut Lowerer<'_>, args: &Args) -> Result<Value> {
    let shape = counts(lowerer, args)?;
    let extents = shape.into_iter();
    Ok(Value::Tuple(extents.map(|extent| Value::Scalar(Scalar::symbolic(extent))).collect()))
}

fn size(lowerer: &mut Lowerer<'_>, args: &Args) -> Result<Value> {
    let shape = counts(lowerer, args)?;
    let number = |extent: Expr| Ok(Value::Scalar(Scalar::symbolic(extent)));
    match args.int("axis")? {
        None => number(elements(&shape)),
        Some(axis) => match axis_of(axis, shape.len()) {
            Some(axis) => number(shape[axis].clone()),
            None => Err(args.unsupported("axis", "there is no such axis").into()),
        },
    }
}
