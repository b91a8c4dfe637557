//! Functions that arrange elements anew: most give views.

use super::{Args, Entry, array, call, shape_of};
use crate::codes;
use crate::diagnostic::Diagnostic;
use crate::lower::{Lowerer, Result};
use crate::promotion::promote;
use crate::types::{Axis, Value, View};
use dacec_ir::{DType, Expr, Range};

/// Functions of NumPy.
pub(super) const ENTRIES: &[Entry] = &[
    call("transpose", &["a", "axes?"], transpose),
    call("flip", &["a", "axis?"], flip),
    call("flipud", &["a"], |l, args| flipped(l, args, &[0])),
    call("fliplr", &["a"], |l, args| flipped(l, args, &[1])),
    call("expand_dims", &["a", "axis"], expand_dims),
    call("squeeze", &["a", "axis?"], squeeze),
    call("broadcast_to", &["a", "shape"], broadcast_to),
    call("reshape", &["a", "shape"], reshape),
    call("ravel", &["a"], flatten),
    call("concatenate", &["arrays", "axis?"], concatenate),
    call("stack", &["arrays", "axis?"], stack),
    call("vstack", &["arrays"], stacked_rows),
    call("hstack", &["arrays"], joined_columns),
    call("roll", &["a", "shift"], roll),
    call("swapaxes", &["a", "axis1", "axis2"], swapaxes),
];

/// Methods that are no functions of NumPy, or take other arguments.
pub(super) const METHODS: &[Entry] = &[
    call("astype", &["a", "dtype"], astype),
    call("flatten", &["a"], flattened_copy),
    call("fill", &["a", "value"], fill),
    call("item", &["a"], item),
];

fn transpose(lowerer: &mut Lowerer<'_>, args: &Args) -> Result<Value> {
    let mut view = array(lowerer, args, "a")?.alias();
    match args.get("axes") {
        None => view.axes.reverse(),
        Some(Value::Tuple(axes)) => {
            let old = view.axes.clone();
            let at = axes.iter().map(|axis| match axis {
                Value::Scalar(scalar) => scalar.as_int().and_then(|at| {
                    usize::try_from(if at < 0 { at + old.len() as i64 } else { at })
                        .ok()
                        .filter(|at| *at < old.len())
                }),
                _ => None,
            });
            let at: Option<Vec<usize>> = at.collect();
            let is_permutation =
                |at: &Vec<usize>| at.len() == old.len() && (0..old.len()).all(|axis| at.contains(&axis));
            let Some(at) = at.filter(is_permutation) else {
                return Err(args.unsupported("axes", "it must be a permutation of the axes").into());
            };
            view.axes = at.into_iter().map(|axis| old[axis].clone()).collect();
        }
        Some(_) => return Err(args.unsupported("axes", "it must be a tuple").into()),
    }
    Ok(Value::Array(view))
}

fn flip(lowerer: &mut Lowerer<'_>, args: &Args) -> Result<Value> {
    let rank = array(lowerer, args, "a")?.rank();
    let axes = args.axes("axis", rank)?.unwrap_or_else(|| (0..rank).collect());
    flipped(lowerer, args, &axes)
}

fn flipped(lowerer: &mut Lowerer<'_>, args: &Args, axes: &[usize]) -> Result<Value> {
    let mut view = array(lowerer, args, "a")?.alias();
    for &axis in axes {
        match view.axes.get(axis) {
            Some(Axis::Dim(dim)) => {
                let range = &view.subset.dims[*dim];
                let back = Range { start: range.len() - 1, stop: Expr::int(-1), step: Expr::int(-1) };
                view.subset.dims[*dim] = range.compose(&back);
            }
            Some(Axis::New(_)) => {}
            None => return Err(args.unsupported("a", "it has too few dimensions").into()),
        }
    }
    Ok(Value::Array(view))
}

fn expand_dims(lowerer: &mut Lowerer<'_>, args: &Args) -> Result<Value> {
    let mut view = array(lowerer, args, "a")?.alias();
    for axis in args.axes("axis", view.rank() + 1)?.unwrap_or_default() {
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
        if !shape[axis].is_one() {
            return Err(args.unsupported("axis", "only axes of extent 1 can be dropped").into());
        }
        view.axes.remove(axis);
    }
    Ok(if view.rank() == 0 { Value::Scalar(view.element(&[])) } else { Value::Array(view) })
}

fn broadcast_to(lowerer: &mut Lowerer<'_>, args: &Args) -> Result<Value> {
    let view = array(lowerer, args, "a")?.alias();
    let shape = shape_of(lowerer, &args.value("shape"), args.place("shape"))?;
    let result = lowerer.broadcast_shapes(&view.shape(), &shape, args.range)?;
    if result.len() != shape.len() {
        return Err(args.unsupported("shape", "it has fewer dimensions than the array").into());
    }
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
    Ok(Value::Array(wide))
}

/// A reshaped array is a copy here, which is kept equal: the elements in C order, counted by one index.
fn reshape(lowerer: &mut Lowerer<'_>, args: &Args) -> Result<Value> {
    let view = array(lowerer, args, "a")?;
    let mut shape = shape_of(lowerer, &args.value("shape"), args.place("shape"))?;
    let total = product(&view.shape());
    if let Some(open) = shape.iter().position(|extent| extent.as_int() == Some(-1)) {
        shape[open] = Expr::one();
        let rest = product(&shape);
        shape[open] = total.div_exact(&rest).unwrap_or_else(|| total.floor_div(&rest));
    }
    reshaped(lowerer, args, &view, shape)
}

fn flatten(lowerer: &mut Lowerer<'_>, args: &Args) -> Result<Value> {
    let view = array(lowerer, args, "a")?;
    let total = product(&view.shape());
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

fn reshaped(lowerer: &mut Lowerer<'_>, args: &Args, view: &View, shape: Vec<Expr>) -> Result<Value> {
    let (total, wanted) = (product(&view.shape()), product(&shape));
    if lowerer.facts.prove_eq(&total, &wanted) == Some(false) {
        let message = format!("an array of {total} elements cannot have {wanted}");
        return Err(Diagnostic::error(codes::SHAPE, args.range, message).into());
    }
    if let Some(view) = lowerer.with_unit_axes(view, &shape) {
        return Ok(Value::Array(view));
    }
    let out = lowerer.new_array(args.dest.prefix(), view.dtype, &shape);
    // A copy along one edge takes elements in C order of both sides.
    let plain = lowerer.plain(view);
    lowerer.copy_elements(&plain, &out);
    lowerer.add_mirror(view, &out);
    Ok(Value::Array(out))
}

fn product(shape: &[Expr]) -> Expr {
    shape.iter().fold(Expr::one(), |product, extent| product * extent)
}

fn astype(lowerer: &mut Lowerer<'_>, args: &Args) -> Result<Value> {
    let Some(dtype) = args.dtype("dtype")? else {
        return Err(args.unsupported("dtype", "it is missing").into());
    };
    match args.value("a") {
        Value::Array(view) if view.dtype == dtype => {
            Ok(Value::Array(lowerer.copied(&view, args.dest.prefix())))
        }
        value => lowerer.as_dtype(&value, dtype, &args.dest, args.range),
    }
}

fn fill(lowerer: &mut Lowerer<'_>, args: &Args) -> Result<Value> {
    let view = array(lowerer, args, "a")?;
    lowerer.write(&view, &args.value("value"), args.range)?;
    Ok(Value::None)
}

fn item(lowerer: &mut Lowerer<'_>, args: &Args) -> Result<Value> {
    match args.value("a") {
        scalar @ Value::Scalar(_) => Ok(scalar),
        Value::Array(view) if view.shape().iter().all(Expr::is_one) => {
            Ok(Value::Scalar(view.element(&vec![Expr::zero(); view.rank()])))
        }
        other => Err(lowerer.not_a_number(&other, args.range)),
    }
}

/// The arrays of a tuple argument.
fn arrays(lowerer: &mut Lowerer<'_>, args: &Args) -> Result<Vec<View>> {
    let items = match args.value("arrays") {
        Value::Tuple(items) => items,
        other => return Err(lowerer.not_a_number(&other, args.range)),
    };
    let mut views = Vec::new();
    for item in items {
        match item {
            Value::Array(view) => views.push(view),
            other => return Err(lowerer.not_a_number(&other, args.range)),
        }
    }
    let same_rank = views.windows(2).all(|pair| pair[0].rank() == pair[1].rank());
    if views.is_empty() || !same_rank {
        return Err(args.unsupported("arrays", "they must have equally many dimensions").into());
    }
    Ok(views)
}

fn concatenate(lowerer: &mut Lowerer<'_>, args: &Args) -> Result<Value> {
    let views = arrays(lowerer, args)?;
    let rank = views[0].rank();
    let axis = args.axes("axis", rank)?.and_then(|axes| axes.first().copied()).unwrap_or(0);
    joined(lowerer, args, &views, axis)
}

fn stack(lowerer: &mut Lowerer<'_>, args: &Args) -> Result<Value> {
    let mut views = arrays(lowerer, args)?;
    let axis = args.axes("axis", views[0].rank() + 1)?.and_then(|axes| axes.first().copied()).unwrap_or(0);
    views.iter_mut().for_each(|view| view.axes.insert(axis, Axis::New(Expr::one())));
    joined(lowerer, args, &views, axis)
}

fn stacked_rows(lowerer: &mut Lowerer<'_>, args: &Args) -> Result<Value> {
    let mut views = arrays(lowerer, args)?;
    for view in views.iter_mut().filter(|view| view.rank() == 1) {
        view.axes.insert(0, Axis::New(Expr::one()));
    }
    joined(lowerer, args, &views, 0)
}

fn joined_columns(lowerer: &mut Lowerer<'_>, args: &Args) -> Result<Value> {
    let views = arrays(lowerer, args)?;
    let axis = usize::from(views[0].rank() > 1);
    joined(lowerer, args, &views, axis)
}

/// Arrays one after the other along an axis.
fn joined(lowerer: &mut Lowerer<'_>, args: &Args, views: &[View], axis: usize) -> Result<Value> {
    let dtype = views.iter().map(|view| view.dtype).reduce(promote).unwrap_or(DType::Float64);
    let mut shape = views[0].shape();
    let Some(extent) = shape.get_mut(axis) else {
        return Err(args.unsupported("axis", "there is no such axis").into());
    };
    *extent = views.iter().map(|view| view.shape()[axis].clone()).sum();
    let out = lowerer.new_array(args.dest.prefix(), dtype, &shape);
    let mut start = Expr::zero();
    for view in views {
        let stop = &start + &view.shape()[axis];
        let mut part = out.clone();
        part.subset.dims[axis] = Range::new(start, stop.clone());
        lowerer.write(&part, &Value::Array(view.clone()), args.range)?;
        lowerer.flush();
        start = stop;
    }
    Ok(Value::Array(out))
}

/// `np.roll` of a vector by a number of places.
fn roll(lowerer: &mut Lowerer<'_>, args: &Args) -> Result<Value> {
    let view = array(lowerer, args, "a")?;
    if view.rank() != 1 {
        return Err(args.unsupported("a", "only vectors are taken").into());
    }
    let shift = lowerer.integer(&args.value("shift"), args.place("shift"))?;
    let extent = view.shape()[0].clone();
    let out = lowerer.new_array(args.dest.prefix(), view.dtype, std::slice::from_ref(&extent));
    lowerer.fill("roll", &out, &|at| view.element(&[(&at[0] - &shift).modulo(&extent)]).code);
    Ok(Value::Array(out))
}

fn swapaxes(lowerer: &mut Lowerer<'_>, args: &Args) -> Result<Value> {
    let mut view = array(lowerer, args, "a")?.alias();
    let rank = view.rank();
    match (args.axes("axis1", rank)?.as_deref(), args.axes("axis2", rank)?.as_deref()) {
        (Some([a]), Some([b])) => view.axes.swap(*a, *b),
        _ => return Err(args.unsupported("axis1", "it must be one axis").into()),
    }
    Ok(Value::Array(view))
}
