//! Functions that arrange elements anew: most give views.

use super::casting::Casting;
use super::{Args, Entry, array, axis_of, call, elements, shape_of};
use crate::codes;
use crate::diagnostic::Diagnostic;
use crate::lower::{GivenArgs, Lowerer, Result, reinterpreted_number};
use crate::promotion::Typed;
use crate::scalar;
use crate::types::{Axis, Items, Scalar, Value, View};
use dacec_ir::{DType, Expr, Range};

/// Functions of NumPy.
pub(super) const ENTRIES: &[Entry] = &[
    call("transpose", &["a", "axes?"], transpose),
    call("permute_dims", &["a", "axes?"], transpose),
    call("matrix_transpose", &["a"], |l, args| {
        let rank = array(l, args, "a")?.rank();
        exchanged(l, args, rank as i64 - 2, rank as i64 - 1)
    }),
    call("swapaxes", &["a", "axis1", "axis2"], swapaxes),
    call("moveaxis", &["a", "source", "destination"], moveaxis),
    call("rollaxis", &["a", "axis", "start?"], roll_axis),
    call("flip", &["a", "axis?"], flip),
    call("flipud", &["a"], |l, args| flipped(l, args, &[0])),
    call("fliplr", &["a"], |l, args| flipped(l, args, &[1])),
    call("rot90", &["a", "k?", "axes?"], rot90),
    call("roll", &["a", "shift", "axis?"], roll),
    call("expand_dims", &["a", "axis"], expand_dims),
    call("squeeze", &["a", "axis?"], squeeze),
    call("atleast_1d", &["*"], |l, args| at_least(l, args, 1)),
    call("atleast_2d", &["*"], |l, args| at_least(l, args, 2)),
    call("atleast_3d", &["*"], |l, args| at_least(l, args, 3)),
    call("astype", &["x", "dtype", "copy?"], |l, args| converted(l, args, args.value("x"))),
    call("vectorize", &["pyfunc"], |_, args| Ok(Value::Method(&VECTORIZED, Box::new(args.value("pyfunc"))))),
    call("broadcast_to", &["a", "shape"], broadcast_to),
    call("broadcast_arrays", &["*"], broadcast_arrays),
    call("reshape", &["a", "shape", "order?"], reshape),
    call("ravel", &["a", "order?"], flatten),
    call("resize", &["a", "new_shape"], resize),
];

/// Methods that are no functions of NumPy, or take other arguments.
pub(super) const METHODS: &[Entry] = &[
    call("astype", &["a", "dtype", "order?", "casting?", "subok?", "copy?"], |l, args| {
        converted(l, args, args.value("a"))
    }),
    call("flatten", &["a", "order?"], flattened_copy),
    call("fill", &["a", "value"], fill),
    call("item", &["a", "index?"], item),
    call("reshape", &["*", "order?"], |l, args| {
        let (view, extents) = object(l, args)?;
        reshape_to(l, args, &view, &extents)
    }),
    call("transpose", &["*"], |l, args| {
        let (view, axes) = object(l, args)?;
        let axes = match axes.as_slice() {
            [] => None,
            [Value::Tuple(items)] => Some(items.to_vec()),
            _ => Some(axes),
        };
        transposed(l, args, view, axes)
    }),
    call("nonzero", &["a"], super::counted::nonzero),
    call("compress", &["a", "condition", "axis?"], super::counted::compress),
    call("tolist", &["a"], as_list),
    call("view", &["a", "dtype?"], viewed),
    call("resize", &["a", "new_shape", "refcheck?"], |_, args| {
        let message = "an array is resized by a statement of its own, `x.resize(shape)`, where `x` is a name";
        Err(Diagnostic::error(codes::UNSUPPORTED_CALL, args.range, message)
            .help("make another array: `np.resize(x, shape)`, which repeats elements instead of adding zeros")
            .into())
    }),
];

/// The array of a method with any number of arguments, and those.
fn object(lowerer: &Lowerer<'_>, args: &Args) -> Result<(View, Vec<Value>)> {
    match args.rest.split_first() {
        Some((Value::Array(view), rest)) => Ok((view.clone(), rest.to_vec())),
        Some((other, _)) => Err(lowerer.not_a_number(other, args.range)),
        None => Err(args.unsupported("a", "it is missing").into()),
    }
}

fn transpose(lowerer: &mut Lowerer<'_>, args: &Args) -> Result<Value> {
    let view = array(lowerer, args, "a")?;
    match args.get("axes") {
        None => transposed(lowerer, args, view, None),
        Some(Value::Tuple(axes)) => transposed(lowerer, args, view, Some(axes.clone().into())),
        Some(_) => Err(args.unsupported("axes", "it must be a tuple").into()),
    }
}

fn transposed(_: &Lowerer<'_>, args: &Args, view: View, axes: Option<Vec<Value>>) -> Result<Value> {
    let mut view = view.alias();
    let Some(axes) = axes else {
        view.axes.reverse();
        return Ok(Value::Array(view));
    };
    let old = view.axes.clone();
    let at: Option<Vec<usize>> = axes.iter().map(|axis| known_axis(axis, old.len())).collect();
    let is_permutation =
        |at: &Vec<usize>| at.len() == old.len() && (0..old.len()).all(|axis| at.contains(&axis));
    let Some(at) = at.filter(is_permutation) else {
        return Err(args.unsupported("axes", "it must be a permutation of the axes").into());
    };
    view.axes = at.into_iter().map(|axis| old[axis].clone()).collect();
    Ok(Value::Array(view))
}

/// An axis that is known, from the front.
fn known_axis(value: &Value, rank: usize) -> Option<usize> {
    match value {
        Value::Scalar(scalar) => axis_of(scalar.as_int()?, rank),
        _ => None,
    }
}

/// Axes that are known, in the order in which they are given.
fn axes_in_order(args: &Args, name: &str, rank: usize) -> Result<Vec<usize>> {
    let items = match args.value(name) {
        Value::Tuple(items) => items,
        one => vec![one].into(),
    };
    let axes: Option<Vec<usize>> = items.iter().map(|item| known_axis(item, rank)).collect();
    axes.ok_or_else(|| args.unsupported(name, "it must be known axes of the array").into())
}

fn moveaxis(lowerer: &mut Lowerer<'_>, args: &Args) -> Result<Value> {
    let mut view = array(lowerer, args, "a")?.alias();
    let rank = view.rank();
    let (from, to) = (axes_in_order(args, "source", rank)?, axes_in_order(args, "destination", rank)?);
    if from.len() != to.len() {
        return Err(args.unsupported("destination", "there must be one for each source").into());
    }
    let mut order: Vec<usize> = (0..rank).filter(|axis| !from.contains(axis)).collect();
    let mut moves: Vec<(usize, usize)> = to.into_iter().zip(from).collect();
    moves.sort_unstable();
    for (to, from) in moves {
        order.insert(to.min(order.len()), from);
    }
    view.axes = order.into_iter().map(|axis| view.axes[axis].clone()).collect();
    Ok(Value::Array(view))
}

/// One axis moved before another one.
fn roll_axis(lowerer: &mut Lowerer<'_>, args: &Args) -> Result<Value> {
    let mut view = array(lowerer, args, "a")?.alias();
    let rank = view.rank();
    let axis = args.int("axis")?.and_then(|axis| axis_of(axis, rank));
    let start = args.int("start")?.unwrap_or(0);
    let start = usize::try_from(if start < 0 { start + rank as i64 } else { start }).ok();
    let (Some(axis), Some(start)) = (axis, start.filter(|start| *start <= rank)) else {
        return Err(args.unsupported("axis", "there is no such axis").into());
    };
    let moved = view.axes.remove(axis);
    view.axes.insert(if axis < start { start - 1 } else { start }, moved);
    Ok(Value::Array(view))
}

/// As many elements as a shape takes, from the start again after the last one.
fn resize(lowerer: &mut Lowerer<'_>, args: &Args) -> Result<Value> {
    let view = array(lowerer, args, "a")?;
    let shape = shape_of(lowerer, &args.value("new_shape"), args.place("new_shape"))?;
    let flat = flattened(lowerer, &view);
    let count = flat.shape()[0].clone();
    let repeated = lowerer.new_array("__flat", view.dtype, &[elements(&shape)]);
    lowerer.fill("resize", &repeated, &|at| flat.element(&[at[0].modulo(&count)]).code);
    lowerer.flush();
    let out = lowerer.new_array(args.dest.prefix(), view.dtype, &shape);
    lowerer.copy_elements(&repeated, &out);
    lowerer.flush();
    Ok(Value::Array(out))
}

/// Quarter turns: a transposition and a flip.
fn rot90(lowerer: &mut Lowerer<'_>, args: &Args) -> Result<Value> {
    let view = array(lowerer, args, "a")?;
    let axes = match args.given("axes") {
        true => axes_in_order(args, "axes", view.rank())?,
        false => vec![0, 1],
    };
    let &[first, second] = axes.as_slice() else {
        return Err(args.unsupported("axes", "it must be two axes").into());
    };
    if view.rank() < 2 || first == second {
        return Err(args.unsupported("a", "it must have two dimensions").into());
    }
    let mut view = view.alias();
    match args.int("k")?.unwrap_or(1).rem_euclid(4) {
        0 => {}
        1 => {
            reverse(&mut view, second);
            view.axes.swap(first, second);
        }
        2 => {
            reverse(&mut view, first);
            reverse(&mut view, second);
        }
        _ => {
            view.axes.swap(first, second);
            reverse(&mut view, second);
        }
    }
    Ok(Value::Array(view))
}

/// What `np.vectorize(function)` is: the function is bound to it as the first argument.
static VECTORIZED: Entry = call("vectorize", &["*"], vectorized);

/// Calls a function of numbers for each element of arrays.
fn vectorized(lowerer: &mut Lowerer<'_>, args: &Args) -> Result<Value> {
    let mut given = args.rest.clone();
    if !given.iter().any(|value| matches!(value, Value::Array(_) | Value::Tuple(_))) {
        let function = given.remove(0);
        return lowerer.call_value(&function, given, args.range).map(super::ufunc::of_numpy);
    }
    for value in given.iter_mut().skip(1) {
        let own = value.clone();
        *value = match own {
            Value::Scalar(scalar) => {
                let view = lowerer.new_array("__tmp", scalar.dtype(), &[Expr::one()]);
                lowerer.write(&view, &Value::Scalar(scalar), args.range)?;
                Value::Array(view)
            }
            Value::Tuple(items) => Value::Array(super::creation::of_items(lowerer, args, "args", &items)?),
            other => other,
        };
    }
    let positional = given.into_iter().map(|value| (value, args.range)).collect();
    let given = GivenArgs { positional, keywords: Vec::new() };
    lowerer.call_composed("vectorized", given, &args.dest, args.range)
}

/// Arrays with so many dimensions at least.
fn at_least(lowerer: &mut Lowerer<'_>, args: &Args, rank: usize) -> Result<Value> {
    let mut results = Vec::new();
    for value in &args.rest {
        results.push(one_at_least(lowerer, args, value, rank)?);
    }
    Ok(if results.len() == 1 { results.remove(0) } else { Value::Tuple(results.into()) })
}

fn one_at_least(lowerer: &mut Lowerer<'_>, args: &Args, value: &Value, rank: usize) -> Result<Value> {
    let mut view = match value {
        Value::Scalar(scalar) => {
            let view = lowerer.new_array("__tmp", scalar.dtype(), &[Expr::one()]);
            lowerer.write(&view, &Value::Scalar(scalar.clone()), args.range)?;
            view
        }
        Value::Tuple(items) => super::creation::of_items(lowerer, args, "arys", items)?,
        Value::Array(view) => view.clone().alias(),
        other => return Err(lowerer.not_a_number(other, args.range)),
    };
    if view.rank() < 2 && rank >= 2 {
        view.axes.splice(0..0, vec![Axis::New(Expr::one()); 2 - view.rank()]);
    }
    if rank == 3 && view.rank() == 2 {
        view.axes.push(Axis::New(Expr::one()));
    }
    Ok(Value::Array(view))
}

/// Each array in the shape to which they all broadcast.
fn broadcast_arrays(lowerer: &mut Lowerer<'_>, args: &Args) -> Result<Value> {
    let mut shape = Vec::new();
    let mut views = Vec::new();
    for value in &args.rest {
        let Value::Array(view) = value else { return Err(lowerer.not_a_number(value, args.range)) };
        shape = lowerer.broadcast_shapes(&shape, &view.shape(), args.range)?;
        views.push(view.clone());
    }
    Ok(Value::Tuple(views.into_iter().map(|view| Value::Array(widened(&view.alias(), &shape))).collect()))
}

fn flip(lowerer: &mut Lowerer<'_>, args: &Args) -> Result<Value> {
    let rank = array(lowerer, args, "a")?.rank();
    let axes = args.axes("axis", rank)?.unwrap_or_else(|| (0..rank).collect());
    flipped(lowerer, args, &axes)
}

fn flipped(lowerer: &mut Lowerer<'_>, args: &Args, axes: &[usize]) -> Result<Value> {
    let mut view = array(lowerer, args, "a")?.alias();
    for &axis in axes {
        if axis >= view.rank() {
            return Err(args.unsupported("a", "it has too few dimensions").into());
        }
        reverse(&mut view, axis);
    }
    Ok(Value::Array(view))
}

/// Runs an axis backwards.
fn reverse(view: &mut View, axis: usize) {
    if let Axis::Dim(dim) = view.axes[axis] {
        let range = &view.subset.dims[dim];
        let back = Range::strided(range.len() - 1, -1, -1);
        view.subset.dims[dim] = range.compose(&back);
    }
}

fn expand_dims(lowerer: &mut Lowerer<'_>, args: &Args) -> Result<Value> {
    let mut view = array(lowerer, args, "a")?.alias();
    let count = match args.get("axis") {
        Some(Value::Tuple(axes)) => axes.len(),
        _ => 1,
    };
    for axis in args.axes("axis", view.rank() + count)?.unwrap_or_default() {
        view.axes.insert(axis, Axis::New(Expr::one()));
    }
    Ok(Value::Array(view))
}

fn squeeze(lowerer: &mut Lowerer<'_>, args: &Args) -> Result<Value> {
    let mut view = array(lowerer, args, "a")?.alias();
    let shape = view.shape();
    let axes = match args.axes("axis", view.rank())? {
        Some(axes) => axes,
        None => (0..shape.len()).filter(|&axis| shape[axis].is_one()).collect(),
    };
    for &axis in axes.iter().rev() {
        if shape[axis].as_int().is_some_and(|extent| extent != 1) {
            return Err(args.unsupported("axis", "only axes of extent 1 can be dropped").into());
        }
        if let Axis::Dim(dim) = view.axes.remove(axis) {
            let start = view.subset.dims[dim].start.clone();
            view.subset.dims[dim] = Range::index(start);
        }
    }
    Ok(if view.rank() == 0 { Value::Scalar(view.element(&[])) } else { Value::Array(view) })
}

fn broadcast_to(lowerer: &mut Lowerer<'_>, args: &Args) -> Result<Value> {
    let shape = shape_of(lowerer, &args.value("shape"), args.place("shape"))?;
    let view = match args.value("a") {
        Value::Scalar(scalar) => {
            let mut view = lowerer.new_array("__tmp", scalar.dtype(), &[Expr::one()]);
            lowerer.write(&view, &Value::Scalar(scalar), args.range)?;
            view.axes.clear();
            view
        }
        _ => array(lowerer, args, "a")?.alias(),
    };
    let result = lowerer.broadcast_shapes(&view.shape(), &shape, args.range)?;
    let own = view.shape();
    let narrower = own.iter().rev().zip(shape.iter().rev()).any(|(own, to)| to.is_one() && !own.is_one());
    if result.len() != shape.len() || narrower {
        return Err(args.unsupported("shape", "the array does not broadcast to it").into());
    }
    Ok(Value::Array(widened(&view, &shape)))
}

/// The view with its axes of extent 1 repeated, as the shape says that it broadcasts to.
fn widened(view: &View, shape: &[Expr]) -> View {
    let lead = shape.len() - view.rank();
    let own = view.shape();
    let mut wide = view.clone();
    wide.axes = shape
        .iter()
        .enumerate()
        .map(|(k, extent)| match k.checked_sub(lead) {
            None => Axis::New(extent.clone()),
            Some(axis) if own[axis].is_one() && !extent.is_one() => {
                if let Axis::Dim(dim) = &view.axes[axis] {
                    let start = view.subset.dims[*dim].start.clone();
                    wide.subset.dims[*dim] = Range::index(start);
                }
                Axis::New(extent.clone())
            }
            Some(axis) => view.axes[axis].clone(),
        })
        .collect();
    wide
}

/// A reshaped array is a copy here, which is kept equal: the elements in C order, counted by one index.
fn reshape(lowerer: &mut Lowerer<'_>, args: &Args) -> Result<Value> {
    let view = array(lowerer, args, "a")?;
    reshape_to(lowerer, args, &view, &[args.value("shape")])
}

/// The order in which elements are counted: the last axis fastest, or the first.
fn by_columns(args: &Args) -> Result<bool> {
    match args.get("order") {
        None => Ok(false),
        Some(Value::Text(order)) if matches!(order.as_str(), "C" | "A") => Ok(false),
        Some(Value::Text(order)) if order == "F" => Ok(true),
        Some(_) => Err(args.unsupported("order", "it must be 'C' or 'F'").into()),
    }
}

fn reshape_to(lowerer: &mut Lowerer<'_>, args: &Args, view: &View, extents: &[Value]) -> Result<Value> {
    let place = args.place("shape");
    let mut shape = match extents {
        [one] => shape_of(lowerer, one, place)?,
        several => shape_of(lowerer, &Value::Tuple(several.to_vec().into()), place)?,
    };
    let total = elements(&view.shape());
    if let Some(open) = shape.iter().position(|extent| extent.as_int() == Some(-1)) {
        shape[open] = Expr::one();
        let rest = elements(&shape);
        shape[open] = total.div_exact(&rest).unwrap_or_else(|| total.floor_div(&rest));
    }
    if !by_columns(args)? {
        return reshaped(lowerer, args, view, shape);
    }
    let mut turned = view.clone().alias();
    turned.axes.reverse();
    shape.reverse();
    match reshaped(lowerer, args, &turned, shape)? {
        Value::Array(mut view) => {
            view.axes.reverse();
            Ok(Value::Array(view))
        }
        other => Ok(other),
    }
}

/// The elements as nested lists, if their number is known.
fn as_list(lowerer: &mut Lowerer<'_>, args: &Args) -> Result<Value> {
    let value = args.value("a");
    let Value::Array(view) = &value else { return Ok(value) };
    let Value::Tuple(rows) = lowerer.as_tuple(Value::Array(view.clone()), args.range)? else {
        return Ok(value);
    };
    let mut items = Vec::new();
    for row in rows {
        items.push(match row {
            Value::Array(row) => {
                let inner = Args { values: vec![("a", Value::Array(row), args.range)], ..Args::none(args) };
                as_list(lowerer, &inner)?
            }
            Value::Scalar(number) => {
                // A number of the list is one of Python's, and no longer the element.
                let number = lowerer.hoist(&number);
                let dtype = match number.dtype() {
                    dtype if dtype.is_integer() => DType::Int64,
                    dtype if dtype.is_float() => DType::Float64,
                    dtype if dtype.is_complex() => DType::Complex128,
                    dtype => dtype,
                };
                let converted = crate::scalar::converted(&number, dtype);
                Value::Scalar(Scalar::weak(converted.code, dtype))
            }
            other => other,
        });
    }
    Ok(Value::Tuple(Items::list(items)))
}

fn flatten(lowerer: &mut Lowerer<'_>, args: &Args) -> Result<Value> {
    let mut view = array(lowerer, args, "a")?;
    if by_columns(args)? {
        view.axes.reverse();
    }
    let total = elements(&view.shape());
    reshaped(lowerer, args, &view, vec![total])
}

/// Other than `ravel`, `flatten` always copies.
fn flattened_copy(lowerer: &mut Lowerer<'_>, args: &Args) -> Result<Value> {
    match flatten(lowerer, args)? {
        Value::Array(view) if !view.fresh => Ok(Value::Array(lowerer.copied(&view, args.dest.prefix()))),
        value => {
            lowerer.forget_mirror(&value);
            Ok(value)
        }
    }
}

/// An array and the axis that a function works along: all elements in order, if `axis` is `None`.
pub(super) fn along(lowerer: &mut Lowerer<'_>, args: &Args, parameter: &str) -> Result<(View, usize)> {
    let view = array(lowerer, args, parameter)?;
    let Some(axis) = args.int("axis")? else {
        let flat = if view.rank() == 1 { view } else { flattened(lowerer, &view) };
        return Ok((flat, 0));
    };
    match axis_of(axis, view.rank()) {
        Some(axis) => Ok((view, axis)),
        None => Err(args.unsupported("axis", "there is no such axis").into()),
    }
}

/// The elements of an array in C order, as a copy.
pub(super) fn flattened(lowerer: &mut Lowerer<'_>, view: &View) -> View {
    let plain = lowerer.plain(view);
    let flat = lowerer.new_array("__flat", view.dtype, &[elements(&view.shape())]);
    lowerer.copy_elements(&plain, &flat);
    lowerer.flush();
    flat
}

fn reshaped(lowerer: &mut Lowerer<'_>, args: &Args, view: &View, shape: Vec<Expr>) -> Result<Value> {
    let (total, wanted) = (elements(&view.shape()), elements(&shape));
    if total != wanted {
        let message = format!("an array of {total} elements cannot have {wanted}");
        let known = total.as_int().is_some() && wanted.as_int().is_some();
        if known || lowerer.facts.prove_eq(&total, &wanted) == Some(false) {
            return Err(Diagnostic::error(codes::SHAPE, args.range, message).into());
        }
        lowerer.require(&total.eq_expr(&wanted), message, args.range)?;
    }
    if let Some(view) = lowerer.with_unit_axes(view, &shape) {
        return Ok(Value::Array(view));
    }
    let out = lowerer.new_array(args.dest.prefix(), view.dtype, &shape);
    if wanted.is_zero() {
        return Ok(Value::Array(out));
    }
    // A copy along one edge takes elements in C order of both sides.
    let plain = lowerer.plain(view);
    lowerer.copy_elements(&plain, &out);
    lowerer.add_mirror(view, &out);
    Ok(Value::Array(out))
}

/// The values in another type: always a copy, or the array itself if `copy` is `False` and it has the type.
fn converted(lowerer: &mut Lowerer<'_>, args: &Args, value: Value) -> Result<Value> {
    let Some(dtype) = args.dtype("dtype")? else {
        return Err(args.unsupported("dtype", "it is missing").into());
    };
    let ty = match &value {
        Value::Array(view) => Typed::strong(view.dtype),
        Value::Scalar(number) => number.ty,
        other => return Err(lowerer.not_a_number(other, args.range)),
    };
    Casting::of(args, Casting::Unsafe)?.check(args, ty, dtype)?;
    match value {
        Value::Array(view) if view.dtype == dtype && args.given("copy") && !args.flag("copy")? => {
            Ok(Value::Array(view.alias()))
        }
        Value::Array(view) if view.dtype == dtype => {
            Ok(Value::Array(lowerer.copied(&view, args.dest.prefix())))
        }
        value => lowerer.as_dtype(&value, dtype, &args.dest, args.range),
    }
}

/// The bytes of elements as another type.
fn viewed(lowerer: &mut Lowerer<'_>, args: &Args) -> Result<Value> {
    let (value, wanted) = (args.value("a"), args.dtype("dtype")?);
    let own = match &value {
        Value::Array(view) => view.dtype,
        Value::Scalar(number) => number.dtype(),
        other => return Err(lowerer.not_a_number(other, args.range)),
    };
    let Some(dtype) = wanted.filter(|dtype| *dtype != own) else {
        return Ok(match value {
            Value::Array(view) => Value::Array(view.alias()),
            other => other,
        });
    };
    if dtype == DType::Bool {
        let reason = "not every byte is a truth value";
        return Err(args.unsupported("dtype", reason).help("compare: `x.view(np.uint8) != 0`").into());
    }
    match value {
        Value::Array(view) => {
            lowerer.reinterpreted(&view, dtype, args.dest.prefix(), args.range).map(Value::Array)
        }
        Value::Scalar(number) => match reinterpreted_number(&number, dtype) {
            Some(number) => Ok(Value::Scalar(number)),
            None => Err(args.unsupported("dtype", "a number keeps its size").into()),
        },
        other => Err(lowerer.not_a_number(&other, args.range)),
    }
}

fn fill(lowerer: &mut Lowerer<'_>, args: &Args) -> Result<Value> {
    let view = array(lowerer, args, "a")?;
    lowerer.write(&view, &args.value("value"), args.range)?;
    Ok(Value::None)
}

fn item(lowerer: &mut Lowerer<'_>, args: &Args) -> Result<Value> {
    let scalar = match (args.value("a"), args.get("index").cloned()) {
        (Value::Scalar(scalar), None) => scalar,
        (Value::Array(view), Some(index)) if view.rank() == 1 => {
            let at = lowerer.integer(&index, args.place("index"))?;
            let at = lowerer.resolve(&at, &view.shape()[0], args.place("index"))?;
            view.element(&[at])
        }
        (Value::Array(view), None) if view.shape().iter().all(Expr::is_one) => {
            view.element(&vec![Expr::zero(); view.rank()])
        }
        (other, _) => return Err(lowerer.not_a_number(&other, args.range)),
    };
    // What comes out is a number of Python.
    let dtype = match scalar.dtype() {
        DType::Bool => DType::Bool,
        dtype if dtype.is_integer() => DType::Int64,
        dtype if dtype.is_complex() => DType::Complex128,
        _ => DType::Float64,
    };
    Ok(Value::Scalar(Scalar::weak(scalar::cast(&scalar, dtype), dtype)))
}

/// The array with its elements moved along axes; those that leave at one end come back at the other.
fn roll(lowerer: &mut Lowerer<'_>, args: &Args) -> Result<Value> {
    let view = array(lowerer, args, "a")?;
    let mut shifts = shape_of(lowerer, &args.value("shift"), args.place("shift"))?;
    if args.get("axis").is_none() && view.rank() != 1 {
        let (shape, dtype) = (view.shape(), view.dtype);
        let flat = flattened(lowerer, &view);
        let shift: Expr = shifts.into_iter().sum();
        let rolled = rolled(lowerer, args, "__tmp", &flat, &[(0, shift)])?;
        lowerer.flush();
        let out = lowerer.new_array(args.dest.prefix(), dtype, &shape);
        lowerer.copy_elements(&rolled, &out);
        return Ok(Value::Array(out));
    }
    let axes = match args.get("axis") {
        None => vec![0; shifts.len()],
        Some(_) => axes_in_order(args, "axis", view.rank())?,
    };
    if let ([shift], true) = (shifts.as_slice(), axes.len() > 1) {
        shifts = vec![shift.clone(); axes.len()];
    }
    if shifts.len() != axes.len() {
        return Err(args.unsupported("shift", "there must be one for each axis").into());
    }
    let moves: Vec<(usize, Expr)> = axes.into_iter().zip(shifts).collect();
    rolled(lowerer, args, args.dest.prefix(), &view, &moves).map(Value::Array)
}

/// The array rolled along axes: each axis is cut in two, and the parts are copied to where they go. Nothing is divided in
/// loops over elements.
pub(super) fn rolled(
    lowerer: &mut Lowerer<'_>,
    args: &Args,
    prefix: &str,
    view: &View,
    moves: &[(usize, Expr)],
) -> Result<View> {
    let out = lowerer.new_array(prefix, view.dtype, &view.shape());
    let mut parts = vec![(out.clone(), view.clone())];
    for (axis, extent) in view.shape().iter().enumerate() {
        let mut shifts = moves.iter().filter(|(moved, _)| *moved == axis).map(|(_, shift)| shift.clone());
        let Some(first) = shifts.next() else { continue };
        let shift = shifts.fold(first, |sum, shift| sum + shift);
        let head = lowerer.wrapped(&shift, extent);
        let tail = extent - &head;
        let (zero, halved) = (Expr::zero(), std::mem::take(&mut parts));
        for (to, from) in halved {
            parts.push((to.part(axis, &zero, &head), from.part(axis, &tail, extent)));
            parts.push((to.part(axis, &head, extent), from.part(axis, &zero, &tail)));
        }
    }
    for (to, from) in parts {
        if to.shape().iter().any(Expr::is_zero) {
            continue;
        }
        lowerer.write(&to, &Value::Array(from), args.range)?;
        lowerer.flush();
    }
    Ok(out)
}

fn swapaxes(lowerer: &mut Lowerer<'_>, args: &Args) -> Result<Value> {
    match (args.int("axis1")?, args.int("axis2")?) {
        (Some(a), Some(b)) => exchanged(lowerer, args, a, b),
        _ => Err(args.unsupported("axis1", "it must be one axis").into()),
    }
}

fn exchanged(lowerer: &mut Lowerer<'_>, args: &Args, a: i64, b: i64) -> Result<Value> {
    let mut view = array(lowerer, args, "a")?.alias();
    match (axis_of(a, view.rank()), axis_of(b, view.rank())) {
        (Some(a), Some(b)) => view.axes.swap(a, b),
        _ => return Err(args.unsupported("a", "it has no such axes").into()),
    }
    Ok(Value::Array(view))
}
