//! Functions that arrange elements anew: most give views.

use super::{Args, Entry, array, call, shape_of};
use crate::codes;
use crate::diagnostic::Diagnostic;
use crate::lower::{Lowerer, Result};
use crate::types::{Axis, Value, View};
use dacec_ir::{Expr, Range};

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
];

/// Methods that are no functions of NumPy, or take other arguments.
pub(super) const METHODS: &[Entry] = &[
    call("astype", &["a", "dtype"], astype),
    call("flatten", &["a"], flatten),
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

/// A reshaped array is a copy here: the elements in C order, counted by one index.
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

fn reshaped(lowerer: &mut Lowerer<'_>, args: &Args, view: &View, shape: Vec<Expr>) -> Result<Value> {
    let (total, wanted) = (product(&view.shape()), product(&shape));
    if lowerer.facts.prove_eq(&total, &wanted) == Some(false) {
        let message = format!("an array of {total} elements cannot have {wanted}");
        return Err(Diagnostic::error(codes::SHAPE, args.range, message).into());
    }
    let out = lowerer.new_array(args.dest.prefix(), view.dtype, &shape);
    // A copy along one edge takes elements in C order of both sides.
    let plain = lowerer.plain(view);
    lowerer.copy_elements(&plain, &out);
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
