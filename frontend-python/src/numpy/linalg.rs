//! Products of vectors and matrices, powers, norms.

use super::reductions::{Reduction, reduced};
use super::ufunc::{give, output};
use super::{Args, Entry, array, call};
use crate::codes;
use crate::diagnostic::Diagnostic;
use crate::lower::{Dest, Lowerer, Result};
use crate::parse::TextRange;
use crate::promotion::promote;
use crate::scalar::{self, Refusal};
use crate::types::{Axis, Scalar, Value, View};
use dacec_ir::library::MatMul;
use dacec_ir::node::LibraryNode;
use dacec_ir::{BinaryOp, DType, Expr, Function, Memlet, Node, ScalarExpr, Wcr};
use std::sync::Arc;

/// Products.
pub(super) const ENTRIES: &[Entry] = &[
    call("dot", &["a", "b", "out?"], dot),
    call("matmul", &["x1", "x2", "out?"], matmul),
    call("outer", &["a", "b", "out?"], outer),
];

/// Functions of `numpy.linalg`.
pub(super) const LINALG: &[Entry] = &[
    call("matmul", &["x1", "x2"], matmul),
    call("outer", &["a", "b"], outer),
    call("multi_dot", &["arrays"], multi_dot),
    call("matrix_power", &["a", "n"], matrix_power),
    call("trace", &["a", "offset?"], super::matrices::trace_of_last),
    call("norm", &["x", "ord?", "axis?", "keepdims?"], norm),
];

fn dot(lowerer: &mut Lowerer<'_>, args: &Args) -> Result<Value> {
    let (a, b) = (args.value("a"), args.value("b"));
    let result = match (&a, &b) {
        (Value::Array(x), Value::Array(y)) if x.rank() > 2 || y.rank() > 2 => {
            super::contraction::dot(lowerer, args, x, y)?
        }
        (Value::Array(_), Value::Array(_)) => product(lowerer, &a, &b, &args.dest, args.range)?,
        _ => lowerer.elementwise("multiply", &[a, b], &args.dest, args.range, &|of| {
            scalar::binary(BinaryOp::Mul, &of[0], &of[1])
        })?,
    };
    delivered(lowerer, args, result)
}

fn delivered(lowerer: &mut Lowerer<'_>, args: &Args, result: Value) -> Result<Value> {
    match output(args)? {
        Some(out) => give(lowerer, args, &out, &result),
        None => Ok(result),
    }
}

fn matmul(lowerer: &mut Lowerer<'_>, args: &Args) -> Result<Value> {
    let result = product(lowerer, &args.value("x1"), &args.value("x2"), &args.dest, args.range)?;
    delivered(lowerer, args, result)
}

/// `np.outer`: every element of one array times every element of the other.
fn outer(lowerer: &mut Lowerer<'_>, args: &Args) -> Result<Value> {
    let mut vectors = Vec::new();
    for name in ["a", "b"] {
        let view = array(lowerer, args, name)?;
        vectors.push(if view.rank() == 1 { view } else { super::manipulation::flattened(lowerer, &view) });
    }
    vectors[0].axes.push(Axis::New(Expr::one()));
    vectors[1].axes.insert(0, Axis::New(Expr::one()));
    let operands: Vec<Value> = vectors.into_iter().map(Value::Array).collect();
    let result = lowerer.elementwise("outer", &operands, &args.dest, args.range, &|of| {
        scalar::binary(BinaryOp::Mul, &of[0], &of[1])
    })?;
    delivered(lowerer, args, result)
}

/// A product of several matrices, from left to right.
fn multi_dot(lowerer: &mut Lowerer<'_>, args: &Args) -> Result<Value> {
    let Some(Value::Tuple(items)) = args.get("arrays").cloned() else {
        return Err(args.unsupported("arrays", "it must be a list of matrices").into());
    };
    let mut items = items.into_iter();
    let Some(mut total) = items.next() else {
        return Err(args.unsupported("arrays", "it is empty").into());
    };
    for item in items {
        total = product(lowerer, &total, &item, &Dest::Temp, args.range)?;
        lowerer.flush();
    }
    Ok(total)
}

/// A power with a known exponent, by squaring.
fn matrix_power(lowerer: &mut Lowerer<'_>, args: &Args) -> Result<Value> {
    let Some(exponent) = args.int("n")? else {
        return Err(args.unsupported("n", "it must be known").into());
    };
    let mut base = Value::Array(square(lowerer, args, "a")?);
    if exponent < 0 {
        base = super::dense::inverse(lowerer, args)?;
    }
    let mut left = exponent.unsigned_abs();
    let mut result: Option<Value> = None;
    while left > 0 {
        if left % 2 == 1 {
            result = Some(match result {
                None => base.clone(),
                Some(so_far) => product(lowerer, &so_far, &base, &Dest::Temp, args.range)?,
            });
            lowerer.flush();
        }
        left /= 2;
        if left > 0 {
            base = product(lowerer, &base, &base, &Dest::Temp, args.range)?;
            lowerer.flush();
        }
    }
    match (result, base) {
        (Some(Value::Array(view)), _) => Ok(Value::Array(lowerer.copied(&view, args.dest.prefix()))),
        (_, Value::Array(view)) => Ok(Value::Array(identity(lowerer, &view.shape()[0], view.dtype))),
        (_, other) => Err(lowerer.not_a_number(&other, args.range)),
    }
}

fn identity(lowerer: &mut Lowerer<'_>, extent: &Expr, dtype: DType) -> View {
    let view = lowerer.new_array("__identity", dtype, &[extent.clone(), extent.clone()]);
    let (zero, one) = (scalar::cast(&Scalar::int(0), dtype), scalar::cast(&Scalar::int(1), dtype));
    lowerer.fill("identity", &view, &|at| {
        let [row, column] = [0, 1].map(|k| ScalarExpr::Symbolic(at[k].clone()));
        ScalarExpr::select(ScalarExpr::binary(BinaryOp::Eq, row, column), one.clone(), zero.clone())
    });
    lowerer.flush();
    view
}

/// A matrix with as many rows as columns.
fn square(lowerer: &mut Lowerer<'_>, args: &Args, name: &str) -> Result<View> {
    let view = array(lowerer, args, name)?;
    let shape = view.shape();
    if shape.len() != 2 {
        return Err(args.unsupported(name, "it must be one matrix; write a loop over a stack").into());
    }
    if lowerer.facts.prove_eq(&shape[0], &shape[1]) == Some(false) {
        let message = format!("the matrix has {} rows and {} columns", shape[0], shape[1]);
        return Err(Diagnostic::error(codes::SHAPE, args.range, message).into());
    }
    Ok(view)
}

/// Norms of vectors, and those of matrices that need no singular values.
fn norm(lowerer: &mut Lowerer<'_>, args: &Args) -> Result<Value> {
    let view = array(lowerer, args, "x")?;
    let axes = args.axes("axis", view.rank())?;
    let keep = args.flag("keepdims")?;
    let over = axes.clone().unwrap_or_else(|| (0..view.rank()).collect());
    let value = Value::Array(view.clone());
    let magnitude = |lowerer: &mut Lowerer<'_>,
                     f: &dyn Fn(&Scalar) -> std::result::Result<Scalar, Refusal>| {
        lowerer.elementwise("norm", std::slice::from_ref(&value), &Dest::Temp, args.range, &|of| {
            let dtype = of[0].dtype();
            let float = dtype.is_float() || dtype.is_complex();
            let element = if float { of[0].clone() } else { scalar::converted(&of[0], DType::Float64) };
            f(&element)
        })
    };
    let absolute = |of: &Scalar| scalar::call(Function::Abs, of);
    let order = match args.get("ord") {
        None => None,
        Some(Value::Text(name)) if name == "fro" && over.len() == 2 => None,
        Some(Value::Text(name)) if name == "nuc" && over.len() == 2 => {
            return super::dense::norm(lowerer, args, &view, &over, Wcr::Sum);
        }
        Some(Value::Scalar(order)) => match order.as_f64() {
            Some(order) => Some(order),
            None => return Err(args.unsupported("ord", "it must be known").into()),
        },
        Some(_) => return Err(args.unsupported("ord", "it must be a number or 'fro'").into()),
    };
    let reduce = |lowerer: &mut Lowerer<'_>, value: Value, wcr: Wcr, axes: Option<Vec<usize>>, keep: bool| {
        let Value::Array(view) = value else { return Ok(value) };
        let how = Reduction { wcr, axes, dtype: view.dtype, keep };
        reduced(lowerer, args, &view, how, Default::default(), &Dest::Temp)
    };
    if order.is_none() || order == Some(2.0) && over.len() == 1 {
        let squares = magnitude(lowerer, &super::reductions::squared)?;
        let total = reduce(lowerer, squares, Wcr::Sum, axes, keep)?;
        return lowerer.elementwise("sqrt", &[total], &args.dest, args.range, &|of| {
            scalar::call(Function::Sqrt, &of[0])
        });
    }
    let order = order.unwrap_or(2.0);
    if over.len() == 2 && order.abs() == 2.0 {
        let wcr = if order > 0.0 { Wcr::Max } else { Wcr::Min };
        return super::dense::norm(lowerer, args, &view, &over, wcr);
    }
    if over.len() == 2 {
        let (axis, wcr) = match order {
            1.0 => (over[0], Wcr::Max),
            -1.0 => (over[0], Wcr::Min),
            f64::INFINITY => (over[1], Wcr::Max),
            f64::NEG_INFINITY => (over[1], Wcr::Min),
            _ => {
                return Err(args
                    .unsupported("ord", "there is no such norm of a matrix")
                    .help("use 'fro', 'nuc', 1, -1, 2, -2, np.inf or -np.inf")
                    .into());
            }
        };
        let sizes = magnitude(lowerer, &absolute)?;
        let sums = reduce(lowerer, sizes, Wcr::Sum, Some(vec![axis]), true)?;
        lowerer.flush();
        return reduce(lowerer, sums, wcr, axes, keep);
    }
    if over.len() != 1 {
        return Err(args.unsupported("axis", "a norm of this order is over one or two axes").into());
    }
    let sizes = match order {
        0.0 => magnitude(lowerer, &|of| Ok(scalar::converted(&scalar::truth(of), of.dtype().real())))?,
        f64::INFINITY | f64::NEG_INFINITY | 1.0 => magnitude(lowerer, &absolute)?,
        _ => magnitude(lowerer, &|of| scalar::binary(BinaryOp::Pow, &absolute(of)?, &Scalar::float(order)))?,
    };
    let wcr = match order {
        f64::INFINITY => Wcr::Max,
        f64::NEG_INFINITY => Wcr::Min,
        _ => Wcr::Sum,
    };
    let total = reduce(lowerer, sizes, wcr, axes, keep)?;
    if order.is_infinite() || order == 0.0 || order == 1.0 {
        return Ok(total);
    }
    lowerer.elementwise("root", &[total], &args.dest, args.range, &|of| {
        scalar::binary(BinaryOp::Pow, &of[0], &Scalar::float(1.0 / order))
    })
}

/// `a @ b`.
pub(crate) fn product(
    lowerer: &mut Lowerer<'_>,
    a: &Value,
    b: &Value,
    dest: &Dest,
    range: TextRange,
) -> Result<Value> {
    let (Value::Array(a), Value::Array(b)) = (a, b) else {
        let wrong = if matches!(a, Value::Array(_)) { b } else { a };
        if matches!(wrong, Value::Scalar(_)) {
            return Err(Diagnostic::error(codes::TYPE, range, "`@` multiplies arrays, not numbers")
                .help("use `*`")
                .into());
        }
        return Err(lowerer.not_a_number(wrong, range));
    };
    let shape = product_shape(lowerer, a, b, range)?;
    let unit = a.shape().iter().chain(&b.shape()).any(Expr::is_one);
    if (a.rank() > 2 || b.rank() > 2) && unit {
        return super::contraction::stacks(lowerer, a, b, dest, range);
    }
    let dtype = promote(a.dtype, b.dtype);
    let inner = a.shape().last().cloned().unwrap_or_else(Expr::one);
    if inner.is_one() {
        return by_elements(lowerer, a, b, dest, range);
    }
    let (a, b) = (operand(lowerer, a, dtype, range)?, operand(lowerer, b, dtype, range)?);
    let node = Node::Library(LibraryNode {
        label: "matmul".into(),
        op: Arc::new(MatMul),
        implementation: None,
        span: lowerer.globals.lines.span(range),
    });
    let memlet = |view: &View| Memlet::new(&view.container, view.subset.clone());
    let inputs = [("_a".into(), memlet(&a)), ("_b".into(), memlet(&b))];
    if shape.is_empty() {
        let container = lowerer.new_scalar(dest.prefix(), dtype);
        lowerer.operation_node(node, &inputs, ("_c".into(), Memlet::scalar(&container)));
        return Ok(Value::Scalar(Scalar::strong(ScalarExpr::Name(container), dtype)));
    }
    let out = lowerer.separate_output(dest, &shape, dtype, &[&a, &b]);
    let out = if out.is_plain() { out } else { lowerer.new_array("__tmp", dtype, &shape) };
    lowerer.operation_node(node, &inputs, ("_c".into(), memlet(&out)));
    Ok(Value::Array(out))
}

/// The operand with elements of the result's type, in C order.
pub(super) fn operand(
    lowerer: &mut Lowerer<'_>,
    view: &View,
    dtype: DType,
    range: TextRange,
) -> Result<View> {
    match lowerer.as_dtype(&Value::Array(view.clone()), dtype, &Dest::Temp, range)? {
        Value::Array(view) => Ok(lowerer.plain(&view)),
        other => Err(lowerer.not_a_number(&other, range)),
    }
}

fn product_shape(lowerer: &mut Lowerer<'_>, a: &View, b: &View, range: TextRange) -> Result<Vec<Expr>> {
    let (x, y) = (a.shape(), b.shape());
    let wrong = |message: String| Diagnostic::error(codes::SHAPE, range, message);
    let (Some(inner), Some(first)) =
        (x.last(), if y.len() == 1 { y.first() } else { y.len().checked_sub(2).map(|k| &y[k]) })
    else {
        return Err(wrong("`@` needs arrays with at least one dimension".into()).into());
    };
    if lowerer.facts.prove_eq(inner, first) == Some(false)
        || (inner - first).as_int().is_some_and(|it| it != 0)
    {
        let message = format!("a product over extents {inner} and {first}, which differ");
        return Err(wrong(message)
            .help("the last axis of the first operand meets the second to last axis of the second")
            .into());
    }
    lowerer.require_equal(inner, first, range)?;
    let batch =
        lowerer.broadcast_shapes(&x[..x.len().saturating_sub(2)], &y[..y.len().saturating_sub(2)], range)?;
    let rows = (x.len() > 1).then(|| x[x.len() - 2].clone());
    let columns = (y.len() > 1).then(|| y[y.len() - 1].clone());
    Ok(batch.into_iter().chain(rows).chain(columns).collect())
}

/// A product over an axis of extent 1 is one multiplication for each element.
fn by_elements(
    lowerer: &mut Lowerer<'_>,
    a: &View,
    b: &View,
    dest: &Dest,
    range: TextRange,
) -> Result<Value> {
    let (mut a, mut b) = (a.clone(), b.clone());
    let (rank_a, rank_b) = (a.rank(), b.rank());
    // a: (rows, 1) stays a column; b: (1, columns) stays a row; a vector (1,) is a number.
    let drop = |view: &mut View, axis: usize| {
        if let Axis::Dim(dim) = view.axes.remove(axis) {
            let start = view.subset.dims[dim].start.clone();
            view.subset.dims[dim] = dacec_ir::Range::index(start);
        }
    };
    match (rank_a, rank_b) {
        (1, 1) => {
            drop(&mut a, 0);
            drop(&mut b, 0);
        }
        (1, 2) => {
            drop(&mut a, 0);
            drop(&mut b, 0);
        }
        (2, 1) => {
            drop(&mut a, 1);
            drop(&mut b, 0);
        }
        _ => {}
    }
    let value =
        |view: View| if view.rank() == 0 { Value::Scalar(view.element(&[])) } else { Value::Array(view) };
    lowerer.elementwise("multiply", &[value(a), value(b)], dest, range, &|of| {
        scalar::binary(BinaryOp::Mul, &of[0], &of[1])
    })
}
