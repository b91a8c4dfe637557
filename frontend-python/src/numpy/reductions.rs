//! Functions that combine the elements of an array along axes.

use super::ufunc::{give, mask, of_numpy, output};
use super::{Args, Entry, array, call};
use crate::codes;
use crate::diagnostic::Diagnostic;
use crate::lower::{Dest, Lowerer, Result, keep_axes};
use crate::promotion::float_of;
use crate::scalar;
use crate::types::{Scalar, Value, View};
use dacec_ir::library::Reduce;
use dacec_ir::node::LibraryNode;
use dacec_ir::{BinaryOp, Constant, DType, Expr, Function, Memlet, Node, ScalarExpr, Wcr};
use std::sync::Arc;

const SUM: &[&str] = &["a", "axis?", "dtype?", "out?", "keepdims?", "initial?", "where?"];
const EXTREMUM: &[&str] = &["a", "axis?", "out?", "keepdims?", "initial?", "where?"];
const TRUTH: &[&str] = &["a", "axis?", "out?", "keepdims?", "where?"];
const MEAN: &[&str] = &["a", "axis?", "dtype?", "out?", "keepdims?", "where?"];
const SPREAD: &[&str] = &["a", "axis?", "dtype?", "out?", "ddof?", "keepdims?"];
const NAN: &[&str] = &["a", "axis?", "dtype?", "out?", "keepdims?"];

/// Reductions.
pub(super) const ENTRIES: &[Entry] = &[
    call("sum", SUM, |l, args| reduction(l, args, Wcr::Sum)),
    call("prod", SUM, |l, args| reduction(l, args, Wcr::Product)),
    call("max", EXTREMUM, |l, args| reduction(l, args, Wcr::Max)),
    call("amax", EXTREMUM, |l, args| reduction(l, args, Wcr::Max)),
    call("min", EXTREMUM, |l, args| reduction(l, args, Wcr::Min)),
    call("amin", EXTREMUM, |l, args| reduction(l, args, Wcr::Min)),
    call("all", TRUTH, |l, args| reduction(l, args, Wcr::LogicalAnd)),
    call("any", TRUTH, |l, args| reduction(l, args, Wcr::LogicalOr)),
    call("ptp", &["a", "axis?", "out?", "keepdims?"], range_of_values),
    call("count_nonzero", &["a", "axis?", "keepdims?"], count_nonzero),
    call("mean", MEAN, mean),
    call("average", &["a", "axis?", "weights?", "returned?", "keepdims?"], average),
    call("var", SPREAD, |l, args| variance(l, args, false)),
    call("std", SPREAD, |l, args| variance(l, args, true)),
    call("nansum", NAN, |l, args| without_nan(l, args, Wcr::Sum)),
    call("nanprod", NAN, |l, args| without_nan(l, args, Wcr::Product)),
    call("nanmax", EXTREMUM, |l, args| without_nan(l, args, Wcr::Max)),
    call("nanmin", EXTREMUM, |l, args| without_nan(l, args, Wcr::Min)),
    call("nanmean", NAN, nan_mean),
];

/// How elements are combined.
pub(super) struct Reduction {
    pub(super) wcr: Wcr,
    /// The axes that disappear; all, if `None`.
    pub(super) axes: Option<Vec<usize>>,
    /// The type of the result.
    pub(super) dtype: DType,
    /// Whether axes that disappear stay with extent 1.
    pub(super) keep: bool,
}

/// Which elements are combined, and with what.
#[derive(Default)]
pub(super) struct Masked {
    /// The truth values that choose elements.
    pub(super) mask: Option<Value>,
    /// The value that takes part too.
    pub(super) initial: Option<Value>,
}

fn reduction(lowerer: &mut Lowerer<'_>, args: &Args, wcr: Wcr) -> Result<Value> {
    let value = match args.value("a") {
        Value::Tuple(items) => return of_tuple(lowerer, &items, wcr, args),
        scalar @ Value::Scalar(_) => return of_tuple(lowerer, &[scalar], wcr, args),
        _ => array(lowerer, args, "a")?,
    };
    let dtype = match (args.dtype("dtype")?, wcr) {
        (_, Wcr::LogicalAnd | Wcr::LogicalOr) => DType::Bool,
        (Some(dtype), _) => dtype,
        (None, Wcr::Sum | Wcr::Product) => accumulated(value.dtype),
        (None, _) => value.dtype,
    };
    let how = Reduction { wcr, axes: args.axes("axis", value.rank())?, dtype, keep: args.flag("keepdims")? };
    let masked = Masked { mask: mask(args), initial: args.get("initial").cloned() };
    let result = reduced(lowerer, args, &value, how, masked, &args.dest)?;
    delivered(lowerer, args, result)
}

/// The result, written to `out` if that is given.
fn delivered(lowerer: &mut Lowerer<'_>, args: &Args, result: Value) -> Result<Value> {
    match output(args)? {
        Some(out) => give(lowerer, args, &out, &result),
        None => Ok(result),
    }
}

/// NumPy sums small integers in 64 bits.
pub(super) fn accumulated(dtype: DType) -> DType {
    match dtype.kind() {
        dacec_ir::dtype::Kind::Bool | dacec_ir::dtype::Kind::Signed => DType::Int64,
        dacec_ir::dtype::Kind::Unsigned => DType::UInt64,
        _ => dtype,
    }
}

fn operator(wcr: Wcr) -> BinaryOp {
    match wcr {
        Wcr::Sum => BinaryOp::Add,
        Wcr::Product => BinaryOp::Mul,
        Wcr::Max => BinaryOp::Max,
        Wcr::Min => BinaryOp::Min,
        Wcr::LogicalAnd => BinaryOp::And,
        Wcr::LogicalOr => BinaryOp::Or,
        Wcr::BitAnd => BinaryOp::BitAnd,
        Wcr::BitOr => BinaryOp::BitOr,
        // What a user wrote is no reduction of NumPy.
        Wcr::BitXor | Wcr::Custom(_) => BinaryOp::BitXor,
    }
}

fn of_tuple(lowerer: &mut Lowerer<'_>, items: &[Value], wcr: Wcr, args: &Args) -> Result<Value> {
    let op = operator(wcr);
    let start = match wcr {
        Wcr::Product => Value::Scalar(Scalar::int(1)),
        _ => Value::Scalar(Scalar::int(0)),
    };
    let mut items = items.iter().cloned();
    let mut total = items.next().unwrap_or(start);
    for item in items {
        total = lowerer.elementwise("reduce", &[total, item], &Dest::Temp, args.range, &|of| {
            scalar::binary(op, &of[0], &of[1])
        })?;
    }
    let dtype = match (args.dtype("dtype")?, wcr, &total) {
        (Some(dtype), ..) => dtype,
        (None, Wcr::LogicalAnd | Wcr::LogicalOr, _) => DType::Bool,
        (None, Wcr::Sum | Wcr::Product, Value::Scalar(scalar)) => accumulated(scalar.dtype()),
        _ => return Ok(of_numpy(total)),
    };
    lowerer.as_dtype(&total, dtype, &Dest::Temp, args.range)
}

/// The number that does not change a combination.
fn identity(wcr: Wcr, dtype: DType) -> Option<Scalar> {
    let of = |value: i64| Some(Scalar::strong(Constant::of_int(value, dtype).into(), dtype));
    match wcr {
        Wcr::Sum | Wcr::LogicalOr | Wcr::BitOr | Wcr::BitXor => of(0),
        Wcr::Product | Wcr::LogicalAnd => of(1),
        Wcr::BitAnd => of(-1),
        Wcr::Min | Wcr::Max | Wcr::Custom(_) => None,
    }
}

/// The elements of an array combined along axes.
pub(super) fn reduced(
    lowerer: &mut Lowerer<'_>,
    args: &Args,
    value: &View,
    how: Reduction,
    masked: Masked,
    dest: &Dest,
) -> Result<Value> {
    let Masked { mask, initial } = masked;
    let mut value = value.clone();
    let start = match initial {
        None => None,
        Some(initial) => Some(lowerer.as_dtype(&initial, how.dtype, &Dest::Temp, args.range)?),
    };
    if let Some(mask) = mask {
        let neutral = match (&start, identity(how.wcr, how.dtype)) {
            (_, Some(neutral)) => Value::Scalar(neutral),
            (Some(start), None) => start.clone(),
            (None, None) => {
                return Err(args
                    .unsupported("where", "an extremum of chosen elements needs `initial`")
                    .into());
            }
        };
        let operands = [mask, Value::Array(value), neutral];
        let dtype = how.dtype;
        let chosen = lowerer.elementwise("select", &operands, &Dest::Temp, args.range, &|of| {
            Ok(scalar::select(&of[0], &scalar::converted(&of[1], dtype), &of[2]))
        })?;
        let Value::Array(chosen) = chosen else { return Ok(chosen) };
        value = chosen;
    }
    let op = operator(how.wcr);
    let dtype = how.dtype;
    let Some(start) = start else {
        if identity(how.wcr, how.dtype).is_none() {
            require_elements(lowerer, args, &value, &how)?;
        }
        return combined(lowerer, args, &value, how, dest);
    };
    let result = combined(lowerer, args, &value, how, &Dest::Temp)?;
    lowerer.elementwise("initial", &[result, start], dest, args.range, &|of| {
        scalar::binary(op, &scalar::converted(&of[0], dtype), &of[1])
    })
}

/// Makes sure that there are elements to choose one from, when the program runs if that cannot be proved.
fn require_elements(lowerer: &mut Lowerer<'_>, args: &Args, value: &View, how: &Reduction) -> Result<()> {
    for (axis, extent) in value.shape().iter().enumerate() {
        if how.axes.as_ref().is_some_and(|axes| !axes.contains(&axis)) {
            continue;
        }
        if extent.is_zero() {
            let message = "an empty array has no smallest and no largest element";
            return Err(Diagnostic::error(codes::SHAPE, args.range, message)
                .help("give a value that takes part: `initial=...`")
                .into());
        }
        let what = if how.wcr == Wcr::Max { "maximum" } else { "minimum" };
        let message = format!("no elements have a {what}: the extent is {extent}");
        lowerer.require(&extent.ge(&Expr::one()), message, args.range)?;
    }
    Ok(())
}

fn combined(
    lowerer: &mut Lowerer<'_>,
    args: &Args,
    value: &View,
    how: Reduction,
    dest: &Dest,
) -> Result<Value> {
    let Reduction { wcr, axes, dtype, keep } = how;
    let value = match lowerer.as_dtype(&Value::Array(value.clone()), dtype, &Dest::Temp, args.range)? {
        Value::Array(view) => lowerer.plain(&view),
        other => return Ok(other),
    };
    let axes = axes.unwrap_or_else(|| (0..value.rank()).collect());
    let shape = value.shape();
    if axes.is_empty() {
        return Ok(Value::Array(lowerer.copied(&value, dest.prefix())));
    }
    let kept: Vec<Expr> = shape
        .iter()
        .enumerate()
        .filter(|(k, _)| !axes.contains(k))
        .map(|(_, extent)| extent.clone())
        .collect();
    // The node sees the dimensions that are not single indices.
    let long: Vec<usize> = (0..shape.len()).filter(|&k| !shape[k].is_one()).collect();
    let squeezed: Vec<usize> = (0..long.len()).filter(|&k| axes.contains(&long[k])).collect();
    let all = squeezed.len() == long.len();
    let op = Reduce { wcr, axes: (!all).then_some(squeezed), accumulate: false };
    let node = Node::Library(LibraryNode {
        label: "reduce".into(),
        op: Arc::new(op),
        implementation: None,
        span: lowerer.globals.lines.span(args.range),
    });
    let input = [("_in".into(), Memlet::new(&value.container, value.subset.clone()))];
    if kept.is_empty() {
        let container = lowerer.new_scalar(dest.prefix(), dtype);
        lowerer.operation_node(node, &input, ("_out".into(), Memlet::scalar(&container)));
        let result = Scalar::strong(ScalarExpr::Name(container), dtype);
        return if keep { Ok(boxed(lowerer, &result, shape.len())) } else { Ok(Value::Scalar(result)) };
    }
    let out = lowerer.separate_output(dest, &kept, dtype, &[&value]);
    let out = if out.is_plain() { out } else { lowerer.new_array("__tmp", dtype, &kept) };
    lowerer.operation_node(node, &input, ("_out".into(), Memlet::new(&out.container, out.subset.clone())));
    Ok(Value::Array(if keep { keep_axes(out, &axes) } else { out }))
}

/// A number as an array with axes of extent 1.
pub(super) fn boxed(lowerer: &mut Lowerer<'_>, value: &Scalar, rank: usize) -> Value {
    let view = lowerer.new_array("__tmp", value.dtype(), &vec![Expr::one(); rank]);
    lowerer.fill("box", &view, &|_| value.code.clone());
    Value::Array(view)
}

/// The largest minus the smallest.
fn range_of_values(lowerer: &mut Lowerer<'_>, args: &Args) -> Result<Value> {
    let value = array(lowerer, args, "a")?;
    let (axes, keep, dtype) = (args.axes("axis", value.rank())?, args.flag("keepdims")?, value.dtype);
    let mut ends = Vec::new();
    for wcr in [Wcr::Max, Wcr::Min] {
        let how = Reduction { wcr, axes: axes.clone(), dtype, keep };
        ends.push(reduced(lowerer, args, &value, how, Masked::default(), &Dest::Temp)?);
    }
    let result = lowerer.elementwise("subtract", &ends, &args.dest, args.range, &|of| {
        scalar::binary(BinaryOp::Sub, &of[0], &of[1])
    })?;
    delivered(lowerer, args, result)
}

fn count_nonzero(lowerer: &mut Lowerer<'_>, args: &Args) -> Result<Value> {
    let value = array(lowerer, args, "a")?;
    let axes = args.axes("axis", value.rank())?;
    let keep = args.flag("keepdims")?;
    count(lowerer, args, &Value::Array(value), axes, keep)
}

/// How many elements are true.
fn count(
    lowerer: &mut Lowerer<'_>,
    args: &Args,
    value: &Value,
    axes: Option<Vec<usize>>,
    keep: bool,
) -> Result<Value> {
    let truths = lowerer.as_dtype(value, DType::Bool, &Dest::Temp, args.range)?;
    let Value::Array(truths) = truths else { return Ok(truths) };
    let how = Reduction { wcr: Wcr::Sum, axes, dtype: DType::Int64, keep };
    reduced(lowerer, args, &truths, how, Masked::default(), &Dest::Temp)
}

/// Type and number of elements of a mean.
fn averaged(lowerer: &Lowerer<'_>, value: &View, axes: &Option<Vec<usize>>) -> (DType, Expr) {
    let whole = value.dtype.is_integer() || value.dtype == DType::Bool;
    let dtype = if whole { DType::Float64 } else { float_of(value.dtype) };
    let shape = lowerer.numbers_of_elements(value);
    let over = axes.clone().unwrap_or_else(|| (0..shape.len()).collect());
    (dtype, over.iter().fold(Expr::one(), |product, &axis| product * &shape[axis]))
}

fn mean(lowerer: &mut Lowerer<'_>, args: &Args) -> Result<Value> {
    let value = match args.value("a") {
        scalar @ Value::Scalar(_) => return float(lowerer, args, scalar),
        _ => array(lowerer, args, "a")?,
    };
    let axes = args.axes("axis", value.rank())?;
    let (dtype, elements) = averaged(lowerer, &value, &axes);
    let dtype = args.dtype("dtype")?.unwrap_or(dtype);
    let keep = args.flag("keepdims")?;
    let how = Reduction { wcr: Wcr::Sum, axes: axes.clone(), dtype, keep };
    let masked = Masked { mask: mask(args), initial: None };
    let total = reduced(lowerer, args, &value, how, masked, &Dest::Temp)?;
    let elements = match mask(args) {
        None => Value::Scalar(Scalar::symbolic(elements)),
        Some(mask) => {
            let everywhere = [mask, Value::Array(value)];
            let mask = lowerer
                .elementwise("mask", &everywhere, &Dest::Temp, args.range, &|of| Ok(scalar::truth(&of[0])))?;
            count(lowerer, args, &mask, axes, keep)?
        }
    };
    let result = divided(lowerer, args, [total, elements], dtype, &args.dest)?;
    delivered(lowerer, args, result)
}

fn float(lowerer: &mut Lowerer<'_>, args: &Args, value: Value) -> Result<Value> {
    lowerer.elementwise("float", &[value], &args.dest, args.range, &|of| match of[0].dtype() {
        dtype if dtype.is_float() || dtype.is_complex() => Ok(of[0].clone()),
        _ => Ok(scalar::converted(&of[0], DType::Float64)),
    })
}

fn divided(
    lowerer: &mut Lowerer<'_>,
    args: &Args,
    operands: [Value; 2],
    dtype: DType,
    dest: &Dest,
) -> Result<Value> {
    lowerer.elementwise("divide", &operands, dest, args.range, &|of| {
        scalar::binary(BinaryOp::Div, &of[0], &scalar::converted(&of[1], dtype))
    })
}

/// A mean in which elements have weights; beside it the sum of these, if that is asked for.
fn average(lowerer: &mut Lowerer<'_>, args: &Args) -> Result<Value> {
    let returned = args.flag("returned")?;
    let Some(weights) = args.get("weights").cloned() else {
        let result = mean(lowerer, args)?;
        if !returned {
            return Ok(result);
        }
        // Every element has the weight 1.
        let value = array(lowerer, args, "a")?;
        let (_, count) = averaged(lowerer, &value, &args.axes("axis", value.rank())?);
        let count = Scalar::symbolic(count);
        let operand = std::slice::from_ref(&result);
        let total = lowerer.elementwise("weights", operand, &Dest::Temp, args.range, &|of| {
            Ok(scalar::converted(&count, of[0].dtype()))
        })?;
        return Ok(Value::Tuple(vec![result, total].into()));
    };
    let value = array(lowerer, args, "a")?;
    let axes = args.axes("axis", value.rank())?;
    let weights = match (weights, axes.as_deref()) {
        (Value::Array(mut weights), Some([axis])) if weights.rank() == 1 => {
            let behind = value.rank() - 1 - axis;
            weights.axes.extend(std::iter::repeat_n(crate::types::Axis::New(Expr::one()), behind));
            Value::Array(weights)
        }
        (Value::Array(weights), _) if weights.rank() == value.rank() => Value::Array(weights),
        _ => return Err(args.unsupported("weights", "they must be a vector along one axis").into()),
    };
    let keep = args.flag("keepdims")?;
    let operands = [Value::Array(value.clone()), weights];
    let products = lowerer.elementwise("multiply", &operands, &Dest::Temp, args.range, &|of| {
        scalar::binary(BinaryOp::Mul, &of[0], &of[1])
    })?;
    let spread = lowerer.elementwise("weights", &operands, &Dest::Temp, args.range, &|of| {
        let ty = of[0].ty.with(of[1].ty);
        Ok(scalar::converted(&of[1], if ty.dtype.is_integer() { DType::Float64 } else { ty.dtype }))
    })?;
    let mut totals = Vec::new();
    for part in [products, spread] {
        let Value::Array(part) = part else { return Ok(part) };
        let dtype = averaged(lowerer, &part, &axes).0;
        let how = Reduction { wcr: Wcr::Sum, axes: axes.clone(), dtype, keep };
        totals.push(reduced(lowerer, args, &part, how, Masked::default(), &Dest::Temp)?);
    }
    let result = lowerer.elementwise("divide", &totals, &args.dest, args.range, &|of| {
        scalar::binary(BinaryOp::Div, &of[0], &of[1])
    })?;
    match totals.pop() {
        Some(total) if returned => Ok(Value::Tuple(vec![result, total].into())),
        _ => Ok(result),
    }
}

/// The mean of the squared distances from the mean.
fn variance(lowerer: &mut Lowerer<'_>, args: &Args, root: bool) -> Result<Value> {
    let value = array(lowerer, args, "a")?;
    let axes = args.axes("axis", value.rank())?;
    let (natural, elements) = averaged(lowerer, &value, &axes);
    let dtype = args.dtype("dtype")?.unwrap_or(natural);
    let how = Reduction { wcr: Wcr::Sum, axes: axes.clone(), dtype, keep: true };
    let total = reduced(lowerer, args, &value, how, Masked::default(), &Dest::Temp)?;
    let number = |value: Expr| Value::Scalar(Scalar::symbolic(value));
    let mean = divided(lowerer, args, [total, number(elements.clone())], dtype, &Dest::Temp)?;
    let operands = [Value::Array(value), mean];
    let squares = lowerer.elementwise("square", &operands, &Dest::Temp, args.range, &|of| {
        let distance = scalar::binary(BinaryOp::Sub, &scalar::converted(&of[0], dtype), &of[1])?;
        squared(&distance)
    })?;
    let Value::Array(squares) = squares else { return Ok(squares) };
    let real = squares.dtype;
    let how = Reduction { wcr: Wcr::Sum, axes, dtype: real, keep: args.flag("keepdims")? };
    let total = reduced(lowerer, args, &squares, how, Masked::default(), &Dest::Temp)?;
    let elements = elements - Expr::int(args.int("ddof")?.unwrap_or(0));
    let dest = if root { &Dest::Temp } else { &args.dest };
    let mut result = divided(lowerer, args, [total, number(elements)], real, dest)?;
    if root {
        result = lowerer.elementwise("sqrt", &[result], &args.dest, args.range, &|of| {
            scalar::call(Function::Sqrt, &of[0])
        })?;
    }
    delivered(lowerer, args, result)
}

/// The square of a number's magnitude.
pub(super) fn squared(value: &Scalar) -> std::result::Result<Scalar, scalar::Refusal> {
    if !value.dtype().is_complex() {
        return scalar::binary(BinaryOp::Mul, value, value);
    }
    let (re, im) = (scalar::call(Function::Real, value)?, scalar::call(Function::Imag, value)?);
    let (re, im) = (scalar::binary(BinaryOp::Mul, &re, &re)?, scalar::binary(BinaryOp::Mul, &im, &im)?);
    scalar::binary(BinaryOp::Add, &re, &im)
}

/// A reduction that leaves NaN out; of nothing but NaN, an extremum is NaN.
fn without_nan(lowerer: &mut Lowerer<'_>, args: &Args, wcr: Wcr) -> Result<Value> {
    let value = array(lowerer, args, "a")?;
    let neutral = match wcr {
        Wcr::Sum => Scalar::float(0.0),
        Wcr::Product => Scalar::float(1.0),
        Wcr::Max => Scalar::float(f64::NEG_INFINITY),
        _ => Scalar::float(f64::INFINITY),
    };
    let axes = args.axes("axis", value.rank())?;
    let keep = args.flag("keepdims")?;
    let extremum = matches!(wcr, Wcr::Max | Wcr::Min);
    let dtype = match args.dtype("dtype")? {
        Some(dtype) => dtype,
        None if extremum => value.dtype,
        None => accumulated(value.dtype),
    };
    let how = Reduction { wcr, axes: axes.clone(), dtype, keep };
    if !value.dtype.is_float() {
        let result = reduced(lowerer, args, &value, how, Masked::default(), &args.dest)?;
        return delivered(lowerer, args, result);
    }
    let chosen =
        lowerer.elementwise("nan", &[Value::Array(value.clone())], &Dest::Temp, args.range, &|of| {
            let is_nan = scalar::call(Function::Isnan, &of[0])?;
            Ok(scalar::select(&is_nan, &neutral, &of[0]))
        })?;
    let Value::Array(chosen) = chosen else { return Ok(chosen) };
    let result = reduced(lowerer, args, &chosen, how, Masked::default(), &args.dest)?;
    if !extremum {
        return delivered(lowerer, args, result);
    }
    let numbers = numbers(lowerer, args, &value, axes, keep)?;
    let result = lowerer.elementwise("nan", &[numbers, result], &args.dest, args.range, &|of| {
        Ok(scalar::select(&scalar::truth(&of[0]), &of[1], &Scalar::float(f64::NAN)))
    })?;
    delivered(lowerer, args, result)
}

/// How many elements are not NaN.
fn numbers(
    lowerer: &mut Lowerer<'_>,
    args: &Args,
    value: &View,
    axes: Option<Vec<usize>>,
    keep: bool,
) -> Result<Value> {
    let value = Value::Array(value.clone());
    let present = lowerer.elementwise("number", &[value], &Dest::Temp, args.range, &|of| {
        scalar::unary(dacec_ir::UnaryOp::Not, &scalar::call(Function::Isnan, &of[0])?)
    })?;
    count(lowerer, args, &present, axes, keep)
}

fn nan_mean(lowerer: &mut Lowerer<'_>, args: &Args) -> Result<Value> {
    let value = array(lowerer, args, "a")?;
    if !value.dtype.is_float() {
        return mean(lowerer, args);
    }
    let total = without_nan(lowerer, args, Wcr::Sum)?;
    let axes = args.axes("axis", value.rank())?;
    let keep = args.flag("keepdims")?;
    let numbers = numbers(lowerer, args, &value, axes, keep)?;
    divided(lowerer, args, [total, numbers], value.dtype, &args.dest)
}
