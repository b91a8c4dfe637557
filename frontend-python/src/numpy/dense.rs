//! `numpy.linalg`: systems of equations, factorizations, eigenvalues; each is one library node, or several results of one.

use super::linalg::operand;
use super::reductions::{Reduction, reduced};
use super::{Args, Entry, call};
use crate::codes;
use crate::diagnostic::Diagnostic;
use crate::lower::{Dest, GivenArgs, Library, Lowerer, Result, keep_axes};
use crate::scalar;
use crate::types::{Scalar, Value, View};
use dacec_ir::library::{Dense, LibraryOp};
use dacec_ir::node::LibraryNode;
use dacec_ir::{BinaryOp, DType, Expr, Memlet, Name, Node, Range, ScalarExpr, Wcr};
use std::sync::Arc;

/// Functions of `numpy.linalg`.
pub(super) const ENTRIES: &[Entry] = &[
    call("solve", &["a", "b"], solve),
    call("inv", &["a"], |l, args| one(l, args, Dense::Inv, 0)),
    call("det", &["a"], |l, args| one(l, args, Dense::Det, 0)),
    call("cholesky", &["a", "upper?"], |l, args| {
        let lower = one(l, args, Dense::Cholesky, 0)?;
        if args.flag("upper")? { adjoint(l, args, &lower) } else { Ok(lower) }
    }),
    call("qr", &["a", "mode?"], qr),
    call("eigh", &["a", "UPLO?"], |l, args| l_or_u(l, args).map(|both| Value::Tuple(both.into()))),
    call("eigvalsh", &["a", "UPLO?"], |l, args| l_or_u(l, args).map(|mut both| both.swap_remove(0))),
    call("svd", &["a", "full_matrices?", "compute_uv?"], svd),
    call("svdvals", &["x"], |l, args| {
        let matrix = matrix(l, args, "x", Dense::Svd)?;
        Ok(operation(l, args, Dense::Svd, &[matrix], &Dest::Temp).swap_remove(1))
    }),
    call("slogdet", &["a"], |l, args| all(l, args, Dense::Slogdet)),
    call("pinv", &["a", "rcond?"], pseudo_inverse),
    call("lstsq", &["a", "b", "rcond?"], least_squares),
    call("diagonal", &["x", "offset?"], |l, args| {
        super::composed::redirect(l, "diagonal_of_last", &["x", "offset"], &[], args)
    }),
    call("cond", &["x", "p?"], condition),
    call("matrix_rank", &["A"], |l, args| {
        let matrix = matrix(l, args, "A", Dense::Svd)?;
        if matrix.rank() > 2 {
            return super::composed::redirect(l, "stacked_rank", &["A"], &[], args);
        }
        let library = Library::new("matrix_rank").array("a", &matrix);
        let library = library.constant("eps", epsilon(matrix.dtype).to_string());
        l.call_library(&library, &args.dest, args.range)
    }),
];

/// The distance from one to the next number of a type.
fn epsilon(dtype: DType) -> f64 {
    if dtype.real() == DType::Float32 { f64::from(f32::EPSILON) } else { f64::EPSILON }
}

/// The conjugate transpose of matrices.
fn adjoint(lowerer: &mut Lowerer<'_>, args: &Args, value: &Value) -> Result<Value> {
    let Value::Array(view) = value else { return Ok(value.clone()) };
    let (mut view, rank) = (view.clone().alias(), view.rank());
    view.axes.swap(rank - 2, rank - 1);
    lowerer.elementwise("adjoint", &[Value::Array(view)], &args.dest, args.range, &|of| match of[0].dtype() {
        dtype if dtype.is_complex() => scalar::call(dacec_ir::Function::Conj, &of[0]),
        _ => Ok(of[0].clone()),
    })
}

/// Eigenvalues and eigenvectors of matrices of which one triangle is read.
fn l_or_u(lowerer: &mut Lowerer<'_>, args: &Args) -> Result<Vec<Value>> {
    let upper = match args.get("UPLO") {
        None => false,
        Some(Value::Text(text)) if text == "L" || text == "l" => false,
        Some(Value::Text(text)) if text == "U" || text == "u" => true,
        Some(_) => return Err(args.unsupported("UPLO", "it must be 'L' or 'U'").into()),
    };
    let mut matrix = matrix(lowerer, args, "a", Dense::Eigh)?;
    if upper {
        let turned = adjoint(lowerer, args, &Value::Array(matrix.clone()))?;
        let Value::Array(turned) = turned else { return Ok(Vec::new()) };
        matrix = lowerer.copied(&turned, "__tmp");
        lowerer.flush();
    }
    Ok(operation(lowerer, args, Dense::Eigh, &[matrix], &Dest::Temp))
}

/// One matrix, and no stack of them.
fn single(args: &Args, name: &str, view: &View) -> Result<()> {
    if view.rank() == 2 {
        return Ok(());
    }
    Err(args.unsupported(name, "it must be one matrix; write a loop over a stack").into())
}

fn pseudo_inverse(lowerer: &mut Lowerer<'_>, args: &Args) -> Result<Value> {
    let matrix = matrix(lowerer, args, "a", Dense::Svd)?;
    if matrix.rank() > 2 {
        return super::composed::redirect(lowerer, "stacked_pinv", &["a", "rcond?"], &[], args);
    }
    let rcond = args.get("rcond").cloned().unwrap_or(Value::Scalar(Scalar::float(1e-15)));
    let rcond = lowerer.as_dtype(&rcond, matrix.dtype.real(), &Dest::Temp, args.range)?;
    let library = Library::new("pinv").array("a", &matrix).value("rcond", rcond);
    lowerer.call_library(&library, &args.dest, args.range)
}

/// The vectors that come closest to solving systems of equations, with the squared distances, the rank and the singular
/// values. There are no distances unless there are more equations than unknowns, of full rank.
fn least_squares(lowerer: &mut Lowerer<'_>, args: &Args) -> Result<Value> {
    let a = matrix(lowerer, args, "a", Dense::Svd)?;
    single(args, "a", &a)?;
    let b = super::array(lowerer, args, "b")?;
    if !matches!(b.rank(), 1 | 2) {
        return Err(args.unsupported("b", "it must be a vector or a matrix").into());
    }
    let dtype = crate::promotion::promote(a.dtype, inexact(args, "b", b.dtype)?);
    let (a, b) = (operand(lowerer, &a, dtype, args.range)?, operand(lowerer, &b, dtype, args.range)?);
    let [rows, columns] = [a.shape()[0].clone(), a.shape()[1].clone()];
    lowerer.require_equal(&rows, &b.shape()[0], args.place("b"))?;
    let rcond = match args.get("rcond").cloned() {
        Some(rcond) => rcond,
        None => lowerer.elementwise(
            "rcond",
            &[Value::Scalar(Scalar::symbolic(rows.max(&columns)))],
            &Dest::Temp,
            args.range,
            &|of| scalar::binary(BinaryOp::Mul, &of[0], &Scalar::float(epsilon(dtype))),
        )?,
    };
    let rcond = lowerer.as_dtype(&rcond, dtype.real(), &Dest::Temp, args.range)?;
    let factor = lowerer.new_array("__rcond", dtype.real(), &[Expr::one()]);
    lowerer.write(&factor, &rcond, args.range)?;
    // The node takes the last dimensions of a container, and a row of a matrix is none of a vector.
    let b = if b.rank() == 1 && b.subset.dims.len() > 1 { lowerer.copied(&b, "__tmp") } else { b };
    lowerer.flush();
    let mut shape = vec![columns.clone()];
    shape.extend(b.shape().into_iter().skip(1));
    let sides = shape.get(1).cloned().unwrap_or_else(Expr::one);
    let x = lowerer.new_array(args.dest.prefix(), dtype, &shape);
    let s = lowerer.new_array("__values", dtype.real(), &[rows.min(&columns)]);
    let squares = lowerer.new_array("__squares", dtype.real(), std::slice::from_ref(&sides));
    let rank = lowerer.new_scalar("__rank", DType::Int64);
    let memlet = |view: &View| Memlet::new(&view.container, view.subset.clone());
    let inputs =
        [("_a", &a), ("_b", &b), ("_rcond", &factor)].map(|(name, view)| (name.into(), memlet(view)));
    let outputs =
        [("_x", &x), ("_residuals", &squares), ("_s", &s)].map(|(name, view)| (name.into(), memlet(view)));
    let outputs: Vec<(Name, Memlet)> =
        outputs.into_iter().chain([("_rank".into(), Memlet::scalar(&rank))]).collect();
    lowerer.add_operation(node_of(lowerer, args, Dense::Lstsq), &inputs, &outputs);
    lowerer.flush();
    let rank = Value::Scalar(Scalar::strong(ScalarExpr::Name(rank), DType::Int64));
    let known = [rank.clone(), Value::Scalar(Scalar::symbolic(columns.clone()))];
    let equations = Scalar::symbolic(rows.clone());
    let count = lowerer.elementwise("count", &known, &Dest::Temp, args.range, &|of| {
        let full = scalar::binary(BinaryOp::Eq, &of[0], &of[1])?;
        let over = scalar::binary(BinaryOp::Lt, &of[1], &equations)?;
        let both = scalar::binary(BinaryOp::And, &full, &over)?;
        Ok(scalar::select(&both, &Scalar::symbolic(sides.clone()), &Scalar::int(0)))
    })?;
    let count = lowerer.integer(&count, args.range)?;
    let rank = lowerer.as_dtype(&rank, DType::Int32, &Dest::Temp, args.range)?;
    let mut residuals = squares.alias();
    residuals.subset.dims[0] = Range::new(Expr::zero(), count);
    Ok(Value::Tuple(vec![Value::Array(x), Value::Array(residuals), rank, Value::Array(s)].into()))
}

/// How much a matrix can magnify errors.
fn condition(lowerer: &mut Lowerer<'_>, args: &Args) -> Result<Value> {
    let function = match args.get("p") {
        None => "condition",
        Some(Value::Scalar(order)) if order.as_f64() == Some(2.0) => "condition",
        Some(Value::Scalar(order)) if order.as_f64() == Some(-2.0) => "condition_inverse",
        Some(order) => {
            let matrix = matrix(lowerer, args, "x", Dense::Inv)?;
            single(args, "x", &matrix)?;
            let positional = vec![(Value::Array(matrix), args.range), (order.clone(), args.place("p"))];
            let given = GivenArgs { positional, keywords: Vec::new() };
            return lowerer.call_composed("condition_by_norm", given, &args.dest, args.range);
        }
    };
    let matrix = matrix(lowerer, args, "x", Dense::Svd)?;
    single(args, "x", &matrix)?;
    lowerer.call_library(&Library::new(function).array("a", &matrix), &args.dest, args.range)
}

/// The largest, the smallest or the sum of the singular values of matrices along two axes.
pub(super) fn norm(
    lowerer: &mut Lowerer<'_>,
    args: &Args,
    view: &View,
    axes: &[usize],
    wcr: Wcr,
) -> Result<Value> {
    let mut moved = view.clone().alias();
    let (mut stack, mut matrix) = (Vec::new(), Vec::new());
    for (k, axis) in moved.axes.drain(..).enumerate() {
        if axes.contains(&k) { matrix.push(axis) } else { stack.push(axis) }
    }
    moved.axes.extend(stack.into_iter().chain(matrix));
    let matrix = operand(lowerer, &moved, inexact(args, "x", view.dtype)?, args.range)?;
    let values = operation(lowerer, args, Dense::Svd, &[matrix], &Dest::Temp).swap_remove(1);
    lowerer.flush();
    let Value::Array(values) = values else { return Ok(values) };
    let how = Reduction { wcr, axes: Some(vec![values.rank() - 1]), dtype: values.dtype, keep: false };
    let result = reduced(lowerer, args, &values, how, Default::default(), &args.dest)?;
    Ok(match (result, args.flag("keepdims")?) {
        (Value::Scalar(value), true) => super::reductions::boxed(lowerer, &value, view.rank()),
        (Value::Array(view), true) => Value::Array(keep_axes(view, axes)),
        (result, _) => result,
    })
}

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
    Ok(Value::Tuple(operation(lowerer, args, op, &[matrix], &Dest::Temp).into()))
}

fn solve(lowerer: &mut Lowerer<'_>, args: &Args) -> Result<Value> {
    let a = matrix(lowerer, args, "a", Dense::Solve)?;
    let Value::Array(b) = args.value("b") else {
        return Err(args.unsupported("b", "it must be an array").into());
    };
    let stack = a.rank() - 2;
    if b.rank() > 1 && b.rank() != a.rank() {
        return super::composed::redirect(lowerer, "solve_each", &["a", "b"], &[], args);
    }
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
        Some(Value::Text(mode)) if mode == "complete" => completed(lowerer, args, Dense::Qr, "complete_qr"),
        Some(_) => Err(args.unsupported("mode", "it must be 'reduced', 'complete' or 'r'").into()),
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
        return completed(lowerer, args, Dense::Svd, "full_svd");
    }
    all(lowerer, args, Dense::Svd)
}

/// Factors of one matrix, those of which the columns are a part of a basis made a whole one.
fn completed(lowerer: &mut Lowerer<'_>, args: &Args, op: Dense, function: &str) -> Result<Value> {
    let matrix = matrix(lowerer, args, "a", op)?;
    single(args, "a", &matrix)?;
    let given = GivenArgs { positional: vec![(Value::Array(matrix), args.range)], keywords: Vec::new() };
    lowerer.call_composed(function, given, &args.dest, args.range)
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

/// All results.
///
/// The node tells axes by their extents, where 1 is no axis. So operands with such axes are put into the corner of larger
/// ones, which have the same results in that corner: a block with the identity beside it is factorized and inverted
/// block by block, and zeros add no singular values but zeros.
fn operation(
    lowerer: &mut Lowerer<'_>,
    args: &Args,
    op: Dense,
    operands: &[View],
    dest: &Dest,
) -> Vec<Value> {
    if !operands.iter().any(|view| view.shape().iter().any(Expr::is_one)) {
        return add_node(lowerer, args, op, operands, dest);
    }
    let shape = operands[0].shape();
    if matches!(op, Dense::Eigh) && shape.last().is_some_and(Expr::is_one) {
        return eigen_of_one(lowerer, &operands[0]);
    }
    let is_square = !matches!(op, Dense::Qr | Dense::Svd);
    let wide: Vec<View> =
        operands.iter().enumerate().map(|(k, view)| in_corner(lowerer, view, is_square && k == 0)).collect();
    let small = results_of(op, operands);
    let results = add_node(lowerer, args, op, &wide, &Dest::Temp);
    lowerer.flush();
    results.into_iter().zip(small).map(|(result, extents)| cut(lowerer, result, &extents)).collect()
}

/// The part of a result that the operands in the corner have.
fn cut(lowerer: &Lowerer<'_>, result: Value, extents: &[Expr]) -> Value {
    let Value::Array(mut view) = result else { return result };
    for (axis, extent) in extents.iter().enumerate() {
        let is_one = lowerer.facts.prove_eq(extent, &Expr::one()) == Some(true);
        let own = if is_one { Expr::one() } else { extent.clone() };
        if view.shape()[axis] != own {
            view = view.part(axis, &Expr::zero(), &own);
        }
    }
    Value::Array(view.alias())
}

/// The operand with its axes of extent 1 widened to 2: by the identity, or by zeros.
fn in_corner(lowerer: &mut Lowerer<'_>, view: &View, identity: bool) -> View {
    let wide: Vec<Expr> =
        view.shape().into_iter().map(|extent| if extent.is_one() { Expr::int(2) } else { extent }).collect();
    let out = lowerer.new_array("__corner", view.dtype, &wide);
    lowerer.fill("corner", &out, &|at| {
        let value = match at {
            [.., row, column] if identity => row.eq_expr(column).select(&Expr::one(), &Expr::zero()),
            _ => Expr::zero(),
        };
        scalar::cast(&Scalar::symbolic(value), view.dtype)
    });
    lowerer.flush();
    let corner = view.shape().iter().enumerate().fold(out.clone(), |corner, (axis, extent)| {
        if extent.is_one() { corner.part(axis, &Expr::zero(), &Expr::one()) } else { corner }
    });
    lowerer.fill("corner", &corner, &|at| view.element(at).code);
    lowerer.flush();
    out
}

/// The eigenvalues and eigenvectors of numbers.
fn eigen_of_one(lowerer: &mut Lowerer<'_>, matrix: &View) -> Vec<Value> {
    let shape = matrix.shape();
    let real = matrix.dtype.real();
    let values = lowerer.new_array("__values", real, &shape[..shape.len() - 1]);
    lowerer.fill("eigenvalues", &values, &|at| {
        let at: Vec<Expr> = at.iter().cloned().chain([Expr::zero()]).collect();
        scalar::converted(&matrix.element(&at), real).code
    });
    let vectors = lowerer.new_array("__vectors", matrix.dtype, &shape);
    lowerer.fill("eigenvectors", &vectors, &|_| scalar::cast(&Scalar::int(1), matrix.dtype));
    lowerer.flush();
    vec![Value::Array(values), Value::Array(vectors)]
}

/// The extents of all results.
fn results_of(op: Dense, operands: &[View]) -> Vec<Vec<Expr>> {
    let shape = operands[0].shape();
    let stack = shape.len() - op.operands()[0].form.rank();
    // A vector on the right of a system is a column, and so is the result.
    let is_column = operands.get(1).is_some_and(|b| b.rank() == stack + 1);
    let second = operands.get(1).and_then(|b| b.shape().pop()).unwrap_or_else(Expr::one);
    let columns = shape.get(stack + 1).cloned().unwrap_or_else(Expr::one);
    let sizes = op.sizes_of(shape[stack].clone(), columns, second);
    let written = op.operands().iter().filter(|it| it.written);
    let extents = written.map(|operand| {
        let mut extents = shape[..stack].to_vec();
        extents.extend(operand.form.shape(&sizes, Expr::min));
        if is_column {
            extents.pop();
        }
        extents
    });
    extents.collect()
}

fn node_of(lowerer: &Lowerer<'_>, args: &Args, op: Dense) -> Node {
    Node::Library(LibraryNode {
        label: op.name().to_lowercase().as_str().into(),
        op: Arc::new(op),
        implementation: None,
        span: lowerer.globals.lines.span(args.range),
    })
}

/// Adds the node; all results.
fn add_node(lowerer: &mut Lowerer<'_>, args: &Args, op: Dense, operands: &[View], dest: &Dest) -> Vec<Value> {
    let a = &operands[0];
    let node = node_of(lowerer, args, op);
    let memlet = |view: &View| Memlet::new(&view.container, view.subset.clone());
    let reads = op.operands().iter().filter(|it| !it.written);
    let inputs: Vec<(Name, Memlet)> =
        reads.zip(operands).map(|(it, view)| (it.connector.into(), memlet(view))).collect();
    let (mut outputs, mut results) = (Vec::new(), Vec::new());
    let written = op.operands().iter().filter(|it| it.written);
    for (operand, extents) in written.zip(results_of(op, operands)) {
        let dtype = Dense::operand_type(operand.form, a.dtype);
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
