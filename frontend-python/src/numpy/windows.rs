//! `numpy.lib.stride_tricks`: the windows of an array.

use super::{Args, Entry, array, axis_of, call, shape_of};
use crate::codes;
use crate::diagnostic::Diagnostic;
use crate::lower::{Lowerer, Result};
use crate::types::Value;
use dacec_ir::Expr;

/// Functions of `numpy.lib.stride_tricks`.
pub(super) const ENTRIES: &[Entry] = &[call(
    "sliding_window_view",
    &["x", "window_shape", "axis?", "subok?", "writeable?"],
    sliding_window_view,
)];

/// An array with all windows of a shape: axes as long as there are positions of the window, then those of the window.
///
/// Nearly all elements lie in several windows, so no view has them: it is a copy, which is made again when the array
/// changes.
fn sliding_window_view(lowerer: &mut Lowerer<'_>, args: &Args) -> Result<Value> {
    if args.flag("writeable")? {
        let reason = "an element would lie in several windows";
        return Err(args
            .unsupported("writeable", reason)
            .help("assign to elements of the array itself")
            .into());
    }
    let view = array(lowerer, args, "x")?;
    let rank = view.rank();
    let widths = shape_of(lowerer, &args.value("window_shape"), args.place("window_shape"))?;
    let axes = axes(args, rank)?;
    if widths.len() != axes.len() {
        let reason = format!("there must be an extent of the window for each of {} axes", axes.len());
        return Err(args.unsupported("window_shape", &reason).into());
    }
    let mut shape = view.shape();
    for (axis, width) in axes.iter().zip(&widths) {
        shape[*axis] = &shape[*axis] - width + 1;
    }
    for axis in &axes {
        let count = shape[*axis].clone();
        if lowerer.facts.prove_ge(&count, &Expr::one()) == Some(false) {
            let message = format!("a window is larger than axis {axis} of the array");
            return Err(Diagnostic::error(codes::SHAPE, args.place("window_shape"), message).into());
        }
        let message = format!("a window must not be larger than axis {axis} of the array");
        lowerer.require(&Expr::one().le(&count), message, args.range)?;
    }
    for width in &widths {
        let message = format!("the extent {width} of a window must not be negative");
        lowerer.require(&Expr::zero().le(width), message, args.range)?;
    }
    shape.extend(widths);
    let out = lowerer.new_array(args.dest.prefix(), view.dtype, &shape);
    lowerer.fill_windows(&view, &out, &axes);
    lowerer.add_windows(&view, &out, &axes);
    Ok(Value::Array(out))
}

/// The axes along which windows slide: all, if none are given; one may occur several times.
fn axes(args: &Args, rank: usize) -> Result<Vec<usize>> {
    let given = match args.get("axis") {
        None => return Ok((0..rank).collect()),
        Some(Value::Tuple(items)) => items.to_vec(),
        Some(one) => vec![one.clone()],
    };
    let axis = |value: &Value| match value {
        Value::Scalar(scalar) => axis_of(scalar.as_int()?, rank),
        _ => None,
    };
    let axes: Option<Vec<usize>> = given.iter().map(axis).collect();
    axes.ok_or_else(|| args.unsupported("axis", "it must be known axes of the array").into())
}
