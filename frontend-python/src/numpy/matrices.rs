//! Diagonals, triangles, grids, and products that arrange the factors: `diag`, `triu`, `meshgrid`, `kron`, `cross`.

use super::{Args, Entry, array, call};
use crate::codes;
use crate::diagnostic::Diagnostic;
use crate::lower::{Dest, GivenArgs, Lowerer, Result};
use crate::promotion::promote;
use crate::scalar::{self, cast};
use crate::types::{Axis, Scalar, Value, View};
use dacec_ir::interp::Tensor;
use dacec_ir::{BinaryOp, DType, Expr, Range, ScalarExpr, Wcr};

/// Functions of NumPy.
pub(super) const ENTRIES: &[Entry] = &[
    call("diag", &["v", "k?"], diag),
    call("diagflat", &["v", "k?"], diagflat),
    call("diagonal", &["a", "offset?", "axis1?", "axis2?"], |l, args| {
        let view = planes(l, args)?;
        let offset = offset(args, "offset")?;
        diagonal(l, args, &view, offset, args.dest.prefix()).map(Value::Array)
    }),
    call("trace", &["a", "offset?", "axis1?", "axis2?"], trace),
    call("tri", &["N", "M?", "k?", "dtype?"], tri),
    call("triu", &["m", "k?"], |l, args| triangle(l, args, BinaryOp::Le)),
    call("tril", &["m", "k?"], |l, args| triangle(l, args, BinaryOp::Ge)),
    call("meshgrid", &["*", "indexing?", "sparse?", "copy?"], meshgrid),
    call("ix_", &["*"], open_mesh),
    call("tril_indices", &["n", "k?", "m?"], |l, args| triangle_indices(l, args, true)),
    call("triu_indices", &["n", "k?", "m?"], |l, args| triangle_indices(l, args, false)),
    call("tril_indices_from", &["arr", "k?"], |l, args| triangle_indices(l, args, true)),
    call("triu_indices_from", &["arr", "k?"], |l, args| triangle_indices(l, args, false)),
    call("mask_indices", &["n", "mask_func", "k?"], |l, args| {
        let lower = match args.get("mask_func") {
            Some(Value::Function(entry)) if entry.name == "tril" => true,
            Some(Value::Function(entry)) if entry.name == "triu" => false,
            _ => return Err(args.unsupported("mask_func", "it must be `np.triu` or `np.tril`").into()),
        };
        triangle_indices(l, args, lower)
    }),
    call("vander", &["x", "N?", "increasing?"], vander),
    call("kron", &["a", "b"], kron),
    call("cross", &["a", "b", "axisa?", "axisb?", "axisc?", "axis?"], cross),
    call("fill_diagonal", &["a", "val"], fill_diagonal),
];

fn offset(args: &Args, name: &str) -> Result<i64> {
    Ok(args.int(name)?.unwrap_or(0))
}

/// The larger and the smaller part of an offset: how far a diagonal starts down, and to the right.
fn starts(offset: i64) -> (Expr, Expr) {
    (Expr::int((-offset).max(0)), Expr::int(offset.max(0)))
}

fn diag(lowerer: &mut Lowerer<'_>, args: &Args) -> Result<Value> {
    let view = array(lowerer, args, "v")?;
    let offset = offset(args, "k")?;
    match view.rank() {
        1 => Ok(Value::Array(on_diagonal(lowerer, args, &view, offset))),
        2 => diagonal(lowerer, args, &view, offset, args.dest.prefix()).map(Value::Array),
        _ => Err(args.unsupported("v", "it must be a vector or a matrix").into()),
    }
}

fn diagflat(lowerer: &mut Lowerer<'_>, args: &Args) -> Result<Value> {
    let view = array(lowerer, args, "v")?;
    let view = if view.rank() == 1 { view } else { super::manipulation::flattened(lowerer, &view) };
    Ok(Value::Array(on_diagonal(lowerer, args, &view, offset(args, "k")?)))
}

/// A matrix with the elements on a diagonal, and zeros elsewhere.
fn on_diagonal(lowerer: &mut Lowerer<'_>, args: &Args, view: &View, offset: i64) -> View {
    let extent = view.shape()[0].clone();
    let size = &extent + Expr::int(offset.abs());
    let out = lowerer.new_array(args.dest.prefix(), view.dtype, &[size.clone(), size]);
    let zero = cast(&Scalar::int(0), view.dtype);
    lowerer.fill("zero", &out, &|_| zero.clone());
    lowerer.flush();
    let (down, right) = starts(offset);
    let steps = std::slice::from_ref(&extent);
    lowerer.fill_at("diag", &out, steps, &|at| vec![&at[0] + &down, &at[0] + &right], &|at| {
        view.element(at).code
    });
    lowerer.flush();
    out
}

/// The elements of the last two axes whose indices differ by the offset, as a copy.
fn diagonal(lowerer: &mut Lowerer<'_>, args: &Args, view: &View, offset: i64, prefix: &str) -> Result<View> {
    let (first, second) = match view.rank() {
        0 | 1 => return Err(args.unsupported("a", "it must have two dimensions").into()),
        _ => (0, 1),
    };
    let shape = view.shape();
    let (down, right) = starts(offset);
    let length = (&shape[first] - &down).min(&(&shape[second] - &right));
    let length = if lowerer.facts.prove_ge(&length, &Expr::zero()) == Some(true) {
        length
    } else {
        length.max(&Expr::zero())
    };
    let mut result = shape[2..].to_vec();
    result.push(length);
    let out = lowerer.new_array(prefix, view.dtype, &result);
    lowerer.fill("diagonal", &out, &|at| {
        let Some((along, rest)) = at.split_last() else { return ScalarExpr::int(0) };
        let mut place = vec![along + &down, along + &right];
        place.extend(rest.iter().cloned());
        view.element(&place).code
    });
    Ok(out)
}

/// `np.linalg.trace`: of the last two axes.
pub(super) fn trace_of_last(lowerer: &mut Lowerer<'_>, args: &Args) -> Result<Value> {
    let mut view = array(lowerer, args, "a")?;
    let rank = view.rank();
    if rank < 2 {
        return Err(args.unsupported("a", "it must have two dimensions").into());
    }
    view.axes.rotate_left(rank - 2);
    sum_of_diagonal(lowerer, args, &view.alias())
}

/// The array with the axes of the matrices in front.
fn planes(lowerer: &mut Lowerer<'_>, args: &Args) -> Result<View> {
    let mut view = array(lowerer, args, "a")?;
    let mut chosen = Vec::new();
    for (name, default) in [("axis1", 0), ("axis2", 1)] {
        match super::axis_of(args.int(name)?.unwrap_or(default), view.rank()) {
            Some(axis) if !chosen.contains(&axis) => chosen.push(axis),
            _ => return Err(args.unsupported(name, "there is no such axis, or it is given twice").into()),
        }
    }
    let rest = (0..view.rank()).filter(|axis| !chosen.contains(axis));
    let order: Vec<usize> = chosen.iter().copied().chain(rest).collect();
    view.axes = order.into_iter().map(|axis| view.axes[axis].clone()).collect();
    Ok(view.alias())
}

/// `np.ix_(...)`: vectors with axes such that together they index a grid.
fn open_mesh(lowerer: &mut Lowerer<'_>, args: &Args) -> Result<Value> {
    let rank = args.rest.len();
    let mut open = Vec::new();
    for (k, value) in args.rest.iter().enumerate() {
        let vector = match value {
            Value::Array(view) if view.rank() == 1 => view.clone(),
            Value::Tuple(items) => super::creation::of_items(lowerer, args, "args", items)?,
            other => return Err(lowerer.not_a_number(other, args.range)),
        };
        let mut vector = match vector.dtype {
            DType::Bool => lowerer.nonzero(&vector, args.range)?.swap_remove(0),
            _ => vector.alias(),
        };
        let new = |count: usize| std::iter::repeat_n(Axis::New(Expr::one()), count);
        let own = std::mem::take(&mut vector.axes);
        vector.axes = new(k).chain(own).chain(new(rank - 1 - k)).collect();
        open.push(Value::Array(vector));
    }
    Ok(Value::Tuple(open.into()))
}

/// The indices of a triangle: known if its extents are, else counted.
fn triangle_indices(lowerer: &mut Lowerer<'_>, args: &Args, lower: bool) -> Result<Value> {
    let (rows, columns) = match args.get("arr").cloned() {
        Some(Value::Array(view)) if view.rank() == 2 => (view.shape()[0].clone(), view.shape()[1].clone()),
        Some(_) => return Err(args.unsupported("arr", "it must be a matrix").into()),
        None => {
            let rows = lowerer.integer(&args.value("n"), args.place("n"))?;
            let columns = match args.get("m").cloned() {
                Some(columns) => lowerer.integer(&columns, args.place("m"))?,
                None => rows.clone(),
            };
            (rows, columns)
        }
    };
    let offset = offset(args, "k")?;
    let inside = |row: i64, column: i64| match lower {
        true => column - row <= offset,
        false => column - row >= offset,
    };
    if let (Some(rows), Some(columns)) = (rows.as_int(), columns.as_int())
        && rows.saturating_mul(columns) <= 4096
    {
        let places = (0..rows).flat_map(|row| (0..columns).map(move |column| (row, column)));
        let (of_rows, of_columns): (Vec<i64>, Vec<i64>) =
            places.filter(|(row, column)| inside(*row, *column)).unzip();
        if !of_rows.is_empty() {
            let parts = [of_rows, of_columns]
                .map(|it| Value::Array(lowerer.constant_array("__indices", Tensor::vector(it))));
            return Ok(Value::Tuple(parts.to_vec().into()));
        }
    }
    let mask = lowerer.new_array("__triangle", DType::Bool, &[rows, columns]);
    lowerer.fill("triangle", &mask, &|at| {
        let (distance, bound) = (ScalarExpr::Symbolic(&at[1] - &at[0]), ScalarExpr::int(offset));
        ScalarExpr::binary(if lower { BinaryOp::Le } else { BinaryOp::Ge }, distance, bound)
    });
    lowerer.flush();
    let indices = lowerer.nonzero(&mask, args.range)?;
    Ok(Value::Tuple(indices.into_iter().map(Value::Array).collect()))
}

pub(super) fn trace(lowerer: &mut Lowerer<'_>, args: &Args) -> Result<Value> {
    let view = planes(lowerer, args)?;
    sum_of_diagonal(lowerer, args, &view)
}

fn sum_of_diagonal(lowerer: &mut Lowerer<'_>, args: &Args, view: &View) -> Result<Value> {
    let diagonal = diagonal(lowerer, args, view, offset(args, "offset")?, "__tmp")?;
    let how = super::reductions::Reduction {
        wcr: Wcr::Sum,
        axes: Some(vec![diagonal.rank() - 1]),
        dtype: super::reductions::accumulated(view.dtype),
        keep: false,
    };
    super::reductions::reduced(lowerer, args, &diagonal, how, Default::default(), &args.dest)
}

fn tri(lowerer: &mut Lowerer<'_>, args: &Args) -> Result<Value> {
    let rows = lowerer.integer(&args.value("N"), args.place("N"))?;
    let columns = match args.get("M").cloned() {
        Some(value) => lowerer.integer(&value, args.place("M"))?,
        None => rows.clone(),
    };
    let offset = Expr::int(offset(args, "k")?);
    let dtype = args.dtype("dtype")?.unwrap_or(DType::Float64);
    let out = lowerer.new_array(args.dest.prefix(), dtype, &[rows, columns]);
    let (zero, one) = (cast(&Scalar::int(0), dtype), cast(&Scalar::int(1), dtype));
    lowerer.fill("tri", &out, &|at| {
        let low = compare(BinaryOp::Ge, &(&at[0] + &offset), &at[1]);
        ScalarExpr::select(low, one.clone(), zero.clone())
    });
    Ok(Value::Array(out))
}

fn compare(op: BinaryOp, a: &Expr, b: &Expr) -> ScalarExpr {
    ScalarExpr::binary(op, ScalarExpr::Symbolic(a.clone()), ScalarExpr::Symbolic(b.clone()))
}

/// The elements above or below a diagonal, zeros elsewhere.
fn triangle(lowerer: &mut Lowerer<'_>, args: &Args, kept: BinaryOp) -> Result<Value> {
    let view = array(lowerer, args, "m")?;
    let offset = Expr::int(offset(args, "k")?);
    let rank = view.rank();
    if rank < 2 {
        return Err(args.unsupported("m", "it must have two dimensions").into());
    }
    let out = lowerer.new_array(args.dest.prefix(), view.dtype, &view.shape());
    let zero = cast(&Scalar::int(0), view.dtype);
    lowerer.fill("triangle", &out, &|at| {
        let test = compare(kept, &(&at[rank - 2] + &offset), &at[rank - 1]);
        ScalarExpr::select(test, view.element(at).code, zero.clone())
    });
    Ok(Value::Array(out))
}

/// For each vector an array with its elements along one axis of the grid of all.
fn meshgrid(lowerer: &mut Lowerer<'_>, args: &Args) -> Result<Value> {
    let mut vectors = Vec::new();
    for value in &args.rest {
        match value {
            Value::Array(view) if view.rank() == 1 => vectors.push(view.clone()),
            other => return Err(lowerer.not_a_number(other, args.range)),
        }
    }
    let by_matrix = match args.get("indexing") {
        None => false,
        Some(Value::Text(text)) if text == "xy" => false,
        Some(Value::Text(text)) if text == "ij" => true,
        Some(_) => return Err(args.unsupported("indexing", "it must be 'xy' or 'ij'").into()),
    };
    let mut order: Vec<usize> = (0..vectors.len()).collect();
    if !by_matrix && order.len() >= 2 {
        order.swap(0, 1);
    }
    let shape: Vec<Expr> = order.iter().map(|&k| vectors[k].shape()[0].clone()).collect();
    let sparse = args.flag("sparse")?;
    let mut grids = Vec::new();
    for (k, vector) in vectors.iter().enumerate() {
        let axis = order.iter().position(|&it| it == k).unwrap_or(k);
        if sparse {
            let mut open = lowerer.copied(vector, "__grid");
            let own = std::mem::take(&mut open.axes);
            let new = |count: usize| std::iter::repeat_n(Axis::New(Expr::one()), count);
            open.axes = new(axis).chain(own).chain(new(order.len() - 1 - axis)).collect();
            grids.push(Value::Array(open));
            continue;
        }
        let out = lowerer.new_array("__grid", vector.dtype, &shape);
        lowerer.fill("meshgrid", &out, &|at| vector.element(&at[axis..=axis]).code);
        grids.push(Value::Array(out));
    }
    Ok(Value::Tuple(grids.into()))
}

fn vander(lowerer: &mut Lowerer<'_>, args: &Args) -> Result<Value> {
    let view = array(lowerer, args, "x")?;
    if view.rank() != 1 {
        return Err(args.unsupported("x", "it must be a vector").into());
    }
    let columns = match args.get("N").cloned() {
        Some(value) => lowerer.integer(&value, args.place("N"))?,
        None => view.shape()[0].clone(),
    };
    let increasing = args.flag("increasing")?;
    let dtype = promote(view.dtype, DType::Int64);
    let out = lowerer.new_array(args.dest.prefix(), dtype, &[view.shape()[0].clone(), columns.clone()]);
    lowerer.fill("vander", &out, &|at| {
        let exponent = if increasing { at[1].clone() } else { &columns - 1 - &at[1] };
        let base = scalar::converted(&view.element(&at[..1]), dtype);
        let power = scalar::binary(BinaryOp::Pow, &base, &Scalar::symbolic(exponent));
        power.map_or_else(|_| base.code.clone(), |power| cast(&power, dtype))
    });
    Ok(Value::Array(out))
}

/// Every element of one array times the whole other one.
fn kron(lowerer: &mut Lowerer<'_>, args: &Args) -> Result<Value> {
    let (mut a, mut b) = (array(lowerer, args, "a")?, array(lowerer, args, "b")?);
    let rank = a.rank().max(b.rank());
    for view in [&mut a, &mut b] {
        while view.rank() < rank {
            view.axes.insert(0, Axis::New(Expr::one()));
        }
    }
    let (outer, inner) = (a.shape(), b.shape());
    let dtype = promote(a.dtype, b.dtype);
    let shape: Vec<Expr> = outer.iter().zip(&inner).map(|(x, y)| x * y).collect();
    let out = lowerer.new_array(args.dest.prefix(), dtype, &shape);
    // One loop over each extent of both, so that no index is taken apart.
    let steps: Vec<Expr> = outer.iter().chain(&inner).cloned().collect();
    let place = |at: &[Expr]| {
        let (left, right) = at.split_at(rank);
        left.iter().zip(right.iter().zip(&inner)).map(|(x, (y, extent))| x * extent + y).collect()
    };
    lowerer.fill_at("kron", &out, &steps, &place, &|at| {
        let (left, right) = at.split_at(rank);
        let op = if dtype == DType::Bool { BinaryOp::And } else { BinaryOp::Mul };
        let product = scalar::binary(op, &a.element(left), &b.element(right));
        product.map_or_else(|_| cast(&Scalar::int(0), dtype), |product| cast(&product, dtype))
    });
    Ok(Value::Array(out))
}

/// The view without its last axis, at one index of it.
fn component(view: &View, k: i64) -> Value {
    let mut view = view.clone().alias();
    if let Some(Axis::Dim(dim)) = view.axes.pop() {
        view.subset.dims[dim] = Range::index(view.subset.dims[dim].at(&Expr::int(k)));
    }
    if view.rank() == 0 { Value::Scalar(view.element(&[])) } else { Value::Array(view) }
}

/// Products of vectors with three components, along the last axis.
fn cross(lowerer: &mut Lowerer<'_>, args: &Args) -> Result<Value> {
    let (a, b) = (array(lowerer, args, "a")?, array(lowerer, args, "b")?);
    if ["axisa", "axisb", "axisc", "axis"].into_iter().any(|name| args.given(name)) {
        return cross_along(lowerer, args, a, b);
    }
    if [&a, &b].iter().all(|view| view.shape().last().and_then(Expr::as_int) == Some(2)) {
        let operands = [component(&a, 0), component(&b, 1), component(&a, 1), component(&b, 0)];
        return lowerer.elementwise("cross", &operands, &args.dest, args.range, &|of| {
            let first = scalar::binary(BinaryOp::Mul, &of[0], &of[1])?;
            scalar::binary(BinaryOp::Sub, &first, &scalar::binary(BinaryOp::Mul, &of[2], &of[3])?)
        });
    }
    if [&a, &b].iter().any(|view| view.shape().last().and_then(Expr::as_int) != Some(3)) {
        let message = "the last axes must have 3 components, or both 2, known at compile time";
        return Err(Diagnostic::error(codes::SHAPE, args.range, message)
            .help("annotate it: `dace.float64[N, 3]`")
            .into());
    }
    let dtype = promote(a.dtype, b.dtype);
    let shape = lowerer.broadcast_shapes(&a.shape(), &b.shape(), args.range)?;
    let out = lowerer.new_array("__cross", dtype, &shape);
    for k in 0..3 {
        let (i, j) = ((k + 1) % 3, (k + 2) % 3);
        let operands = [component(&a, i), component(&b, j), component(&a, j), component(&b, i)];
        let value = lowerer.elementwise("cross", &operands, &Dest::Temp, args.range, &|of| {
            let (first, second) = (
                scalar::binary(BinaryOp::Mul, &of[0], &of[1])?,
                scalar::binary(BinaryOp::Mul, &of[2], &of[3])?,
            );
            scalar::binary(BinaryOp::Sub, &first, &second)
        })?;
        let mut target = out.clone();
        target.axes.pop();
        target.subset.dims[shape.len() - 1] = Range::index(k);
        lowerer.write(&target, &value, args.range)?;
        lowerer.flush();
    }
    Ok(Value::Array(out))
}

/// The product of vectors along axes that are not the last ones.
fn cross_along(lowerer: &mut Lowerer<'_>, args: &Args, a: View, b: View) -> Result<Value> {
    let common = args.int("axis")?;
    let mut keywords = Vec::new();
    for (name, value) in [("a", a), ("b", b)] {
        keywords.push((name.to_owned(), (Value::Array(value), args.range)));
    }
    for name in ["axisa", "axisb", "axisc"] {
        let axis = common.or(args.int(name)?).unwrap_or(-1);
        keywords.push((name.to_owned(), (Value::Scalar(Scalar::int(axis)), args.range)));
    }
    let given = GivenArgs { positional: Vec::new(), keywords };
    lowerer.call_composed("cross_along", given, &args.dest, args.range)
}

fn fill_diagonal(lowerer: &mut Lowerer<'_>, args: &Args) -> Result<Value> {
    let view = array(lowerer, args, "a")?;
    let Some(Value::Scalar(value)) = args.get("val").cloned() else {
        return Err(args.unsupported("val", "it must be a number").into());
    };
    if view.rank() != 2 {
        return Err(args.unsupported("a", "it must be a matrix").into());
    }
    let value = lowerer.hoist(&value);
    let shape = view.shape();
    let length = shape[0].min(&shape[1]);
    let code = cast(&value, view.dtype);
    lowerer
        .fill_at("diagonal", &view, &[length], &|at| vec![at[0].clone(), at[0].clone()], &|_| code.clone());
    Ok(Value::None)
}
