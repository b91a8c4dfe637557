//! Products of vectors and matrices.

use super::{Args, Entry, call};
use crate::codes;
use crate::diagnostic::Diagnostic;
use crate::lower::{Dest, Lowerer, Result};
use crate::parse::TextRange;
use crate::promotion::promote;
use crate::scalar;
use crate::types::{Axis, Scalar, Value, View};
use dacec_ir::library::MatMul;
use dacec_ir::node::LibraryNode;
use dacec_ir::{BinaryOp, DType, Expr, Memlet, Node, ScalarExpr};
use std::sync::Arc;

/// Products.
pub(super) const ENTRIES: &[Entry] = &[
    call("dot", &["a", "b"], dot),
    call("matmul", &["a", "b"], |l, args| {
        product(l, &args.value("a"), &args.value("b"), &args.dest, args.range)
    }),
    call("inner", &["a", "b"], dot),
    call("outer", &["a", "b"], outer),
];

/// Functions of `numpy.linalg`.
pub(super) const NORMS: &[Entry] = &[call("matmul", &["a", "b"], |l, args| {
    product(l, &args.value("a"), &args.value("b"), &args.dest, args.range)
})];

fn dot(lowerer: &mut Lowerer<'_>, args: &Args) -> Result<Value> {
    let (a, b) = (args.value("a"), args.value("b"));
    if let (Value::Array(a), Value::Array(b)) = (&a, &b) {
        if a.rank() > 2 || b.rank() > 2 {
            return Err(args.unsupported("a", "use `@` for stacks of matrices").into());
        }
        return product(lowerer, &Value::Array(a.clone()), &Value::Array(b.clone()), &args.dest, args.range);
    }
    lowerer.elementwise("multiply", &[a, b], &args.dest, args.range, &|of| {
        scalar::binary(BinaryOp::Mul, &of[0], &of[1])
    })
}

/// `np.outer`: every element of one vector times every element of the other.
fn outer(lowerer: &mut Lowerer<'_>, args: &Args) -> Result<Value> {
    let (Value::Array(mut a), Value::Array(mut b)) = (args.value("a"), args.value("b")) else {
        return Err(args.unsupported("a", "it must be an array").into());
    };
    if a.rank() != 1 || b.rank() != 1 {
        return Err(args.unsupported("a", "only vectors are taken").into());
    }
    a.axes.push(Axis::New(Expr::one()));
    b.axes.insert(0, Axis::New(Expr::one()));
    let operands = [Value::Array(a), Value::Array(b)];
    lowerer.elementwise("outer", &operands, &args.dest, args.range, &|of| {
        scalar::binary(BinaryOp::Mul, &of[0], &of[1])
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
    if (x.len() > 2 || y.len() > 2) && x.iter().chain(&y).any(Expr::is_one) {
        return Err(wrong("stacks of matrices with axes of extent 1 are not supported".into()).into());
    }
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
