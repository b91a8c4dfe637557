//! Functions that combine the elements of an array along axes.

use super::{Args, Entry, array, call};
use crate::lower::{Dest, Lowerer, Result, keep_axes};
use crate::parse::TextRange;
use crate::promotion::float_of;
use crate::scalar;
use crate::types::{Scalar, Value, View};
use dacec_ir::library::Reduce;
use dacec_ir::node::LibraryNode;
use dacec_ir::{BinaryOp, DType, Expr, Function, Memlet, Node, ScalarExpr, Wcr};
use std::sync::Arc;

const PARAMS: &[&str] = &["a", "axis?", "dtype?", "keepdims?"];

/// Reductions.
pub(super) const ENTRIES: &[Entry] = &[
    call("sum", PARAMS, |l, args| reduction(l, args, Wcr::Sum)),
    call("prod", PARAMS, |l, args| reduction(l, args, Wcr::Product)),
    call("max", PARAMS, |l, args| reduction(l, args, Wcr::Max)),
    call("amax", PARAMS, |l, args| reduction(l, args, Wcr::Max)),
    call("min", PARAMS, |l, args| reduction(l, args, Wcr::Min)),
    call("amin", PARAMS, |l, args| reduction(l, args, Wcr::Min)),
    call("all", PARAMS, |l, args| reduction(l, args, Wcr::LogicalAnd)),
    call("any", PARAMS, |l, args| reduction(l, args, Wcr::LogicalOr)),
    call("count_nonzero", &["a", "axis?", "keepdims?"], count_nonzero),
    call("mean", PARAMS, mean),
    call("var", &["a", "axis?", "ddof?", "keepdims?"], |l, args| variance(l, args, false)),
    call("std", &["a", "axis?", "ddof?", "keepdims?"], |l, args| variance(l, args, true)),
];

fn reduction(lowerer: &mut Lowerer<'_>, args: &Args, wcr: Wcr) -> Result<Value> {
    let value = match args.value("a") {
        Value::Tuple(items) => return of_tuple(lowerer, &items, wcr, args.range),
        scalar @ Value::Scalar(_) => return Ok(scalar),
        _ => array(lowerer, args, "a")?,
    };
    let dtype = match (args.dtype("dtype")?, wcr) {
        (_, Wcr::LogicalAnd | Wcr::LogicalOr) => DType::Bool,
        (Some(dtype), _) => dtype,
        (None, Wcr::Sum | Wcr::Product) => accumulated(value.dtype),
        (None, _) => value.dtype,
    };
    let axes = args.axes("axis", value.rank())?;
    let keep = args.flag("keepdims")?;
    reduced(lowerer, &value, wcr, axes, dtype, keep, &args.dest, args.range)
}

/// NumPy sums small integers in 64 bits.
fn accumulated(dtype: DType) -> DType {
    match dtype.kind() {
        dacec_ir::dtype::Kind::Bool | dacec_ir::dtype::Kind::Signed => DType::Int64,
        dacec_ir::dtype::Kind::Unsigned => DType::UInt64,
        _ => dtype,
    }
}

fn of_tuple(lowerer: &mut Lowerer<'_>, items: &[Value], wcr: Wcr, range: TextRange) -> Result<Value> {
    let op = match wcr {
        Wcr::Product => BinaryOp::Mul,
        Wcr::Max => BinaryOp::Max,
        Wcr::Min => BinaryOp::Min,
        Wcr::LogicalAnd => BinaryOp::And,
        Wcr::LogicalOr => BinaryOp::Or,
        _ => BinaryOp::Add,
    };
    let mut total = match (items.first(), wcr) {
        (Some(first), _) => first.clone(),
        (None, Wcr::Product) => Value::Scalar(Scalar::int(1)),
        (None, _) => Value::Scalar(Scalar::int(0)),
    };
    for item in items.iter().skip(1) {
        let operands = [total, item.clone()];
        total = lowerer
            .elementwise("reduce", &operands, &Dest::Temp, range, &|of| scalar::binary(op, &of[0], &of[1]))?;
    }
    Ok(total)
}

/// The elements of an array combined along axes.
#[allow(clippy::too_many_arguments, reason = "the parts of one operation, named at each call")]
fn reduced(
    lowerer: &mut Lowerer<'_>,
    value: &View,
    wcr: Wcr,
    axes: Option<Vec<usize>>,
    dtype: DType,
    keep: bool,
    dest: &Dest,
    range: TextRange,
) -> Result<Value> {
    let value = match lowerer.as_dtype(&Value::Array(value.clone()), dtype, &Dest::Temp, range)? {
        Value::Array(view) => lowerer.plain(&view),
        other => return Ok(other),
    };
    let axes = axes.unwrap_or_else(|| (0..value.rank()).collect());
    let shape = value.shape();
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
        span: lowerer.globals.lines.span(range),
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
fn boxed(lowerer: &mut Lowerer<'_>, value: &Scalar, rank: usize) -> Value {
    let view = lowerer.new_array("__tmp", value.dtype(), &vec![Expr::one(); rank]);
    lowerer.fill("box", &view, &|_| value.code.clone());
    Value::Array(view)
}

fn count_nonzero(lowerer: &mut Lowerer<'_>, args: &Args) -> Result<Value> {
    let value = array(lowerer, args, "a")?;
    let axes = args.axes("axis", value.rank())?;
    let truths = lowerer.as_dtype(&Value::Array(value), DType::Bool, &Dest::Temp, args.range)?;
    let Value::Array(truths) = truths else { return Ok(truths) };
    let keep = args.flag("keepdims")?;
    reduced(lowerer, &truths, Wcr::Sum, axes, DType::Int64, keep, &args.dest, args.range)
}

/// Type and number of elements of a mean.
fn averaged(value: &View, axes: &Option<Vec<usize>>) -> (DType, Expr) {
    let whole = value.dtype.is_integer() || value.dtype == DType::Bool;
    let dtype = if whole { DType::Float64 } else { float_of(value.dtype) };
    let shape = value.shape();
    let over = axes.clone().unwrap_or_else(|| (0..shape.len()).collect());
    (dtype, over.iter().fold(Expr::one(), |product, &axis| product * &shape[axis]))
}

fn mean(lowerer: &mut Lowerer<'_>, args: &Args) -> Result<Value> {
    let value = match args.value("a") {
        scalar @ Value::Scalar(_) => return Ok(scalar),
        _ => array(lowerer, args, "a")?,
    };
    let axes = args.axes("axis", value.rank())?;
    let (dtype, count) = averaged(&value, &axes);
    let dtype = args.dtype("dtype")?.unwrap_or(dtype);
    let keep = args.flag("keepdims")?;
    let total = reduced(lowerer, &value, Wcr::Sum, axes, dtype, keep, &Dest::Temp, args.range)?;
    divided(lowerer, total, &count, dtype, &args.dest, args.range)
}

fn divided(
    lowerer: &mut Lowerer<'_>,
    total: Value,
    count: &Expr,
    dtype: DType,
    dest: &Dest,
    range: TextRange,
) -> Result<Value> {
    let count = scalar::converted(&Scalar::symbolic(count.clone()), dtype);
    lowerer.elementwise("divide", &[total], dest, range, &|of| scalar::binary(BinaryOp::Div, &of[0], &count))
}

/// The mean of the squared distances from the mean.
fn variance(lowerer: &mut Lowerer<'_>, args: &Args, root: bool) -> Result<Value> {
    let value = array(lowerer, args, "a")?;
    let axes = args.axes("axis", value.rank())?;
    let (dtype, count) = averaged(&value, &axes);
    let range = args.range;
    let total = reduced(lowerer, &value, Wcr::Sum, axes.clone(), dtype, true, &Dest::Temp, range)?;
    let mean = divided(lowerer, total, &count, dtype, &Dest::Temp, range)?;
    let squares = lowerer.elementwise("square", &[Value::Array(value), mean], &Dest::Temp, range, &|of| {
        let distance = scalar::binary(BinaryOp::Sub, &of[0], &of[1])?;
        if distance.dtype().is_complex() {
            let (re, im) =
                (scalar::call(Function::Real, &distance)?, scalar::call(Function::Imag, &distance)?);
            let (re, im) =
                (scalar::binary(BinaryOp::Mul, &re, &re)?, scalar::binary(BinaryOp::Mul, &im, &im)?);
            return scalar::binary(BinaryOp::Add, &re, &im);
        }
        scalar::binary(BinaryOp::Mul, &distance, &distance)
    })?;
    let Value::Array(squares) = squares else { return Ok(squares) };
    let keep = args.flag("keepdims")?;
    let real = squares.dtype;
    let total = reduced(lowerer, &squares, Wcr::Sum, axes, real, keep, &Dest::Temp, range)?;
    let count = count - Expr::int(args.int("ddof")?.unwrap_or(0));
    let dest = if root { &Dest::Temp } else { &args.dest };
    let result = divided(lowerer, total, &count, real, dest, range)?;
    if !root {
        return Ok(result);
    }
    lowerer.elementwise("sqrt", &[result], &args.dest, range, &|of| scalar::call(Function::Sqrt, &of[0]))
}
