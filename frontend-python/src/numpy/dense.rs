//! `numpy.linalg`: systems of equations, factorizations, eigenvalues; each is one library node, or several results of one.

use super::linalg::operand;
use super::{Args, Entry, call};
use crate::codes;
use crate::diagnostic::Diagnostic;
use crate::lower::{Dest, Lowerer, Result};
use crate::types::{Scalar, Value, View};
use dacec_ir::library::{Dense, LibraryOp};
use dacec_ir::node::LibraryNode;
use dacec_ir::{DType, Expr, Memlet, Name, Node, ScalarExpr};
use std::sync::Arc;

/// Functions of `numpy.linalg`.
pub(super) const ENTRIES: &[Entry] = &[
    call("solve", &["a", "b"], solve),
    call("inv", &["a"], |l, args| one(l, args, Dense::Inv, 0)),
    call("det", &["a"], |l, args| one(l, args, Dense::Det, 0)),
    call("cholesky", &["a"], |l, args| one(l, args, Dense::Cholesky, 0)),
    call("qr", &["a", "mode?"], qr),
    call("eigh", &["a"], |l, args| all(l, args, Dense::Eigh)),
    call("eigvalsh", &["a"], |l, args| one(l, args, Dense::Eigh, 0)),
    call("svd", &["a", "full_matrices?", "compute_uv?"], svd),
    call("svdvals", &["x"], |l, args| {
        let matrix = matrix(l, args, "x", Dense::Svd)?;
        Ok(operation(l, args, Dense::Svd, &[matrix], &Dest::Temp).swap_remove(1))
    }),
];

/// The result of that number.
fn one(lowerer: &mut Lowerer<'_>, args: &Args, op: Dense, at: usize) -> Result<Value> {
    let matrix = matrix(lowerer, args, "a", op)?;
    let is_only = op.operands().iter().filter(|it| it.written).count() == 1;
    let dest = if is_only { &args.dest } else { &Dest::Temp };
    Ok(operation(lowerer, args, op, &[matrix], dest).swap_remove(at))
}

/// The inverse of the argument `a`.
pub(super) fn inverse(lowerer: &mut Lowerer<'_>, args: &Args) -> Result<Value> {
    one(lowerer, args, Dense::Inv, 0)
}

/// All results.
fn all(lowerer: &mut Lowerer<'_>, args: &Args, op: Dense) -> Result<Value> {
    let matrix = matrix(lowerer, args, "a", op)?;
    Ok(Value::Tuple(operation(lowerer, args, op, &[matrix], &Dest::Temp)))
}

fn solve(lowerer: &mut Lowerer<'_>, args: &Args) -> Result<Value> {
    let a = matrix(lowerer, args, "a", Dense::Solve)?;
    let Value::Array(b) = args.value("b") else {
        return Err(args.unsupported("b", "it must be an array").into());
    };
    let stack = a.rank() - 2;
    if b.rank() != 1 && b.rank() != a.rank() || b.rank() == 1 && stack > 0 {
        let help = "pass a vector with one matrix, or as many dimensions as the matrices have";
        return Err(args.unsupported("b", "it has another number of dimensions").help(help).into());
    }
    let (dtype, other) = (inexact(args, "a", a.dtype)?, inexact(args, "b", b.dtype)?);
    let dtype = crate::promotion::promote(dtype, other);
    let (a, b) = (operand(lowerer, &a, dtype, args.range)?, operand(lowerer, &b, dtype, args.range)?);
    let (of_a, of_b) = (a.shape(), b.shape());
    for (x, y) in of_a[..=stack].iter().zip(&of_b) {
        lowerer.require_equal(x, y, args.place("b"))?;
    }
    Ok(operation(lowerer, args, Dense::Solve, &[a, b], &args.dest).swap_remove(0))
}

fn qr(lowerer: &mut Lowerer<'_>, args: &Args) -> Result<Value> {
    match args.get("mode") {
        None => all(lowerer, args, Dense::Qr),
        Some(Value::Text(mode)) if mode == "reduced" => all(lowerer, args, Dense::Qr),
        Some(Value::Text(mode)) if mode == "r" => one(lowerer, args, Dense::Qr, 1),
        Some(_) => Err(args.unsupported("mode", "only `reduced` and `r` are computed").into()),
    }
}

fn svd(lowerer: &mut Lowerer<'_>, args: &Args) -> Result<Value> {
    if args.get("compute_uv").is_some() && !args.flag("compute_uv")? {
        let matrix = matrix(lowerer, args, "a", Dense::Svd)?;
        return Ok(operation(lowerer, args, Dense::Svd, &[matrix], &Dest::Temp).swap_remove(1));
    }
    let full = args.get("full_matrices").is_none() || args.flag("full_matrices")?;
    let shape = match args.get("a") {
        Some(Value::Array(view)) => view.shape(),
        _ => Vec::new(),
    };
    if full && !matches!(shape.as_slice(), [.., rows, columns] if rows == columns) {
        let reason = "the full factors of a matrix that is not square are not computed";
        return Err(args.unsupported("full_matrices", reason).help("pass `full_matrices=False`").into());
    }
    all(lowerer, args, Dense::Svd)
}

/// The argument as matrices of numbers that are not integers, in C order.
fn matrix(lowerer: &mut Lowerer<'_>, args: &Args, name: &str, op: Dense) -> Result<View> {
    let Value::Array(view) = args.value(name) else {
        return Err(args.unsupported(name, "it must be an array").into());
    };
    let [.., rows, columns] = &view.shape()[..] else {
        let message = "linear algebra needs an array with at least two dimensions";
        return Err(Diagnostic::error(codes::SHAPE, args.place(name), message).into());
    };
    if view.shape().iter().any(Expr::is_one) {
        let reason = "arrays with axes of extent 1 are not taken";
        return Err(args.unsupported(name, reason).help("write the formula for one element").into());
    }
    if !matches!(op, Dense::Qr | Dense::Svd) {
        lowerer.require_equal(rows, columns, args.place(name))?;
    }
    operand(lowerer, &view, inexact(args, name, view.dtype)?, args.range)
}

/// The type in which NumPy computes.
fn inexact(args: &Args, name: &str, dtype: DType) -> Result<DType> {
    match dtype {
        DType::Float32 | DType::Float64 | DType::Complex64 | DType::Complex128 => Ok(dtype),
        dtype if dtype.is_integer() || dtype == DType::Bool => Ok(DType::Float64),
        dtype => Err(args.unsupported(name, &format!("linear algebra has no {dtype}")).into()),
    }
}

/// Adds the node; all results.
fn operation(
    lowerer: &mut Lowerer<'_>,
    args: &Args,
    op: Dense,
    operands: &[View],
    dest: &Dest,
) -> Vec<Value> {
    let (a, shape) = (&operands[0], operands[0].shape());
    let stack = shape.len() - 2;
    // A vector on the right of a system is a column, and so is the result.
    let is_column = operands.get(1).is_some_and(|b| b.rank() == stack + 1);
    let second = operands.get(1).unwrap_or(a).shape().pop().unwrap_or_else(Expr::one);
    let sizes = [shape[stack].clone(), second];
    let node = Node::Library(LibraryNode {
        label: op.name().to_lowercase().as_str().into(),
        op: Arc::new(op),
        implementation: None,
        span: lowerer.globals.lines.span(args.range),
    });
    let memlet = |view: &View| Memlet::new(&view.container, view.subset.clone());
    let reads = op.operands().iter().filter(|it| !it.written);
    let inputs: Vec<(Name, Memlet)> =
        reads.zip(operands).map(|(it, view)| (it.connector.into(), memlet(view))).collect();
    let (mut outputs, mut results) = (Vec::new(), Vec::new());
    for operand in op.operands().iter().filter(|it| it.written) {
        let dtype = Dense::operand_type(operand.form, a.dtype);
        let mut extents = shape[..stack].to_vec();
        extents.extend(operand.form.shape(&sizes, Expr::min));
        if is_column {
            extents.pop();
        }
        if extents.is_empty() {
            let container = lowerer.new_scalar(dest.prefix(), dtype);
            outputs.push((operand.connector.into(), Memlet::scalar(&container)));
            results.push(Value::Scalar(Scalar::strong(ScalarExpr::Name(container), dtype)));
            continue;
        }
        let reads: Vec<&View> = operands.iter().collect();
        let out = lowerer.separate_output(dest, &extents, dtype, &reads);
        let out = if out.is_plain() { out } else { lowerer.new_array("__tmp", dtype, &extents) };
        outputs.push((operand.connector.into(), memlet(&out)));
        results.push(Value::Array(out));
    }
    lowerer.add_operation(node, &inputs, &outputs);
    results
}
