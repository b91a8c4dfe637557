//! Arrays put together and taken apart: concatenation, stacks, parts, repetition, padding.

use super::creation::of_items;
use super::{Args, Entry, array, axis_of, call, shape_of};
use crate::codes;
use crate::diagnostic::Diagnostic;
use crate::lower::{GivenArgs, Lowerer, Result};
use crate::promotion::promote;
use crate::scalar::cast;
use crate::types::{Axis, Scalar, Value, View};
use dacec_ir::{DType, Expr, Range};
use std::collections::BTreeSet;

/// Functions of NumPy.
pub(super) const ENTRIES: &[Entry] = &[
    call("concatenate", &["arrays", "axis?", "out?", "dtype?"], concatenate),
    call("concat", &["arrays", "axis?", "out?", "dtype?"], concatenate),
    call("append", &["arr", "values", "axis?"], append),
    call("stack", &["arrays", "axis?", "out?", "dtype?"], stack),
    call("vstack", &["arrays"], stacked_rows),
    call("hstack", &["arrays"], joined_columns),
    call("dstack", &["arrays"], stacked_deep),
    call("column_stack", &["arrays"], stacked_columns),
    call("split", &["ary", "indices_or_sections", "axis?"], |l, args| split(l, args, None, true)),
    call("array_split", &["ary", "indices_or_sections", "axis?"], |l, args| split(l, args, None, false)),
    call("hsplit", &["ary", "indices_or_sections"], |l, args| {
        let axis = i64::from(array(l, args, "ary")?.rank() > 1);
        split(l, args, Some(axis), true)
    }),
    call("vsplit", &["ary", "indices_or_sections"], |l, args| split(l, args, Some(0), true)),
    call("dsplit", &["ary", "indices_or_sections"], |l, args| split(l, args, Some(2), true)),
    call("repeat", &["a", "repeats", "axis?"], repeat),
    call("tile", &["A", "reps"], tile),
    call("pad", &["array", "pad_width", "mode?", "constant_values?", "end_values?", "stat_length?"], pad),
    call("delete", &["arr", "obj", "axis?"], delete),
    call("insert", &["arr", "obj", "values", "axis?"], super::formulas::insert),
    call("block", &["arrays"], block),
];

/// The arrays of a tuple argument.
fn arrays(lowerer: &mut Lowerer<'_>, args: &Args) -> Result<Vec<View>> {
    let given = match args.value("arrays") {
        // Its parts along the first axis.
        array @ Value::Array(_) => lowerer.as_tuple(array, args.range)?,
        other => other,
    };
    let Value::Tuple(items) = given else { return Err(lowerer.not_a_number(&given, args.range)) };
    let mut views = Vec::new();
    for item in items {
        views.push(view_of(lowerer, args, item)?);
    }
    match views.is_empty() {
        true => Err(args.unsupported("arrays", "there is nothing to join").into()),
        false => Ok(views),
    }
}

/// An item of a tuple as an array: a number is one without dimensions.
fn view_of(lowerer: &mut Lowerer<'_>, args: &Args, item: Value) -> Result<View> {
    match item {
        Value::Array(view) => Ok(view),
        Value::Tuple(items) => of_items(lowerer, args, "arrays", &items),
        Value::Scalar(scalar) => {
            let mut view = lowerer.new_array("__tmp", scalar.dtype(), &[Expr::one()]);
            lowerer.write(&view, &Value::Scalar(scalar), args.range)?;
            view.axes.clear();
            view.subset.dims[0] = Range::index(0);
            Ok(view)
        }
        other => Err(lowerer.not_a_number(&other, args.range)),
    }
}

fn concatenate(lowerer: &mut Lowerer<'_>, args: &Args) -> Result<Value> {
    let mut views = arrays(lowerer, args)?;
    if args.given("axis") && args.get("axis").is_none() {
        for view in &mut views {
            *view = super::manipulation::flattened(lowerer, view);
        }
        return joined(lowerer, args, &views, 0);
    }
    let axis = axis_of(args.int("axis")?.unwrap_or(0), views[0].rank());
    match axis {
        Some(axis) => joined(lowerer, args, &views, axis),
        None => Err(args.unsupported("axis", "there is no such axis").into()),
    }
}

fn append(lowerer: &mut Lowerer<'_>, args: &Args) -> Result<Value> {
    let mut views = vec![array(lowerer, args, "arr")?, view_of(lowerer, args, args.value("values"))?];
    let axis = match args.int("axis")? {
        Some(axis) => axis_of(axis, views[0].rank()),
        None => {
            for view in &mut views {
                *view = match view.rank() {
                    0 => deepened(view.clone(), &[0]),
                    _ => super::manipulation::flattened(lowerer, view),
                };
            }
            Some(0)
        }
    };
    match axis {
        Some(axis) => joined(lowerer, args, &views, axis),
        None => Err(args.unsupported("axis", "there is no such axis").into()),
    }
}

/// The view with new axes of extent 1 at these places.
fn deepened(mut view: View, places: &[usize]) -> View {
    for &place in places {
        view.axes.insert(place.min(view.axes.len()), Axis::New(Expr::one()));
    }
    view.alias()
}

fn stack(lowerer: &mut Lowerer<'_>, args: &Args) -> Result<Value> {
    let views = arrays(lowerer, args)?;
    let Some(axis) = axis_of(args.int("axis")?.unwrap_or(0), views[0].rank() + 1) else {
        return Err(args.unsupported("axis", "there is no such axis").into());
    };
    stacked(lowerer, args, views, axis)
}

fn stacked(lowerer: &mut Lowerer<'_>, args: &Args, views: Vec<View>, axis: usize) -> Result<Value> {
    let deep: Vec<View> = views.into_iter().map(|view| deepened(view, &[axis])).collect();
    joined(lowerer, args, &deep, axis)
}

/// Arrays stacked along a new first axis: `np.array([x, y])`.
pub(super) fn as_rows(lowerer: &mut Lowerer<'_>, args: &Args, items: Vec<Value>) -> Result<Value> {
    let mut views = Vec::new();
    for item in items {
        views.push(view_of(lowerer, args, item)?);
    }
    stacked(lowerer, args, views, 0)
}

fn stacked_rows(lowerer: &mut Lowerer<'_>, args: &Args) -> Result<Value> {
    let views = arrays(lowerer, args)?.into_iter();
    let rows: Vec<View> =
        views.map(|view| if view.rank() < 2 { deepened(view, &[0]) } else { view }).collect();
    joined(lowerer, args, &rows, 0)
}

fn stacked_columns(lowerer: &mut Lowerer<'_>, args: &Args) -> Result<Value> {
    let views = arrays(lowerer, args)?.into_iter();
    let columns: Vec<View> =
        views.map(|view| if view.rank() < 2 { deepened(view, &[1]) } else { view }).collect();
    joined(lowerer, args, &columns, 1)
}

fn stacked_deep(lowerer: &mut Lowerer<'_>, args: &Args) -> Result<Value> {
    let views = arrays(lowerer, args)?.into_iter();
    let deep: Vec<View> = views
        .map(|view| match view.rank() {
            1 => deepened(view, &[0, 2]),
            2 => deepened(view, &[2]),
            _ => view,
        })
        .collect();
    joined(lowerer, args, &deep, 2)
}

fn joined_columns(lowerer: &mut Lowerer<'_>, args: &Args) -> Result<Value> {
    let views = arrays(lowerer, args)?;
    let axis = usize::from(views[0].rank() > 1);
    joined(lowerer, args, &views, axis)
}

/// Nested lists of arrays: the innermost lists are joined along the last axis, those around them along the one before.
fn block(lowerer: &mut Lowerer<'_>, args: &Args) -> Result<Value> {
    let whole = args.value("arrays");
    let (depth, rank) = depths(&whole);
    let rank = rank.max(depth);
    if depth == 0 {
        return Err(args.unsupported("arrays", "it must be a list").into());
    }
    block_of(lowerer, args, whole, (rank - depth, rank)).map(Value::Array)
}

/// How deep lists are nested, and the largest number of dimensions of what is in them.
fn depths(value: &Value) -> (usize, usize) {
    match value {
        Value::Tuple(items) => {
            let inner = items.iter().map(depths).reduce(|a, b| (a.0.max(b.0), a.1.max(b.1)));
            let (depth, rank) = inner.unwrap_or((0, 0));
            (depth + 1, rank)
        }
        Value::Array(view) => (0, view.rank()),
        _ => (0, 0),
    }
}

fn block_of(
    lowerer: &mut Lowerer<'_>,
    args: &Args,
    value: Value,
    (axis, rank): (usize, usize),
) -> Result<View> {
    let items = match value {
        Value::Tuple(items) => items,
        other => {
            let view = view_of(lowerer, args, other)?;
            let missing = rank - view.rank();
            return Ok(deepened(view, &vec![0; missing]));
        }
    };
    let mut views = Vec::new();
    for item in items {
        views.push(block_of(lowerer, args, item, (axis + 1, rank))?);
    }
    if views.is_empty() || axis >= rank {
        return Err(args.unsupported("arrays", "the lists are empty, or nested to different depths").into());
    }
    match joined(lowerer, args, &views, axis)? {
        Value::Array(view) => Ok(view),
        other => Err(lowerer.not_a_number(&other, args.range)),
    }
}

/// Arrays one after the other along an axis.
pub(super) fn joined(lowerer: &mut Lowerer<'_>, args: &Args, views: &[View], axis: usize) -> Result<Value> {
    let range = args.range;
    if views.windows(2).any(|pair| pair[0].rank() != pair[1].rank()) {
        return Err(args.unsupported("arrays", "they must have equally many dimensions").into());
    }
    let natural = views.iter().map(|view| view.dtype).reduce(promote).unwrap_or(DType::Float64);
    let dtype = args.dtype("dtype")?.unwrap_or(natural);
    let mut shape = views[0].shape();
    if axis >= shape.len() {
        return Err(args.unsupported("axis", "there is no such axis").into());
    }
    for view in views {
        let mut other = view.shape();
        other[axis] = shape[axis].clone();
        if lowerer.broadcast_shapes(&shape, &other, range)? != shape
            || other.iter().zip(&shape).any(|(a, b)| a.is_one() != b.is_one())
        {
            let message = "arrays can be joined only if their other extents are equal";
            return Err(Diagnostic::error(codes::SHAPE, range, message).into());
        }
    }
    shape[axis] = views.iter().map(|view| view.shape()[axis].clone()).sum();
    let out = lowerer.new_array(args.dest.prefix(), dtype, &shape);
    let mut start = Expr::zero();
    for view in views {
        let stop = &start + &view.shape()[axis];
        let mut part = out.clone();
        part.subset.dims[axis] = Range::new(start, stop.clone());
        lowerer.write(&part, &Value::Array(view.clone()), range)?;
        lowerer.flush();
        start = stop;
    }
    match args.get("out") {
        Some(Value::Array(target)) => {
            let target = target.clone();
            super::ufunc::give(lowerer, args, &target, &Value::Array(out))
        }
        _ => Ok(Value::Array(out)),
    }
}

/// Views of the parts of an array along an axis.
fn split(lowerer: &mut Lowerer<'_>, args: &Args, axis: Option<i64>, exact: bool) -> Result<Value> {
    let view = array(lowerer, args, "ary")?.alias();
    let axis = match axis {
        Some(axis) => axis,
        None => args.int("axis")?.unwrap_or(0),
    };
    let Some(axis) = axis_of(axis, view.rank()) else {
        return Err(args.unsupported("axis", "there is no such axis").into());
    };
    let extent = view.shape()[axis].clone();
    let mut starts = vec![Expr::zero()];
    match args.value("indices_or_sections") {
        Value::Tuple(places) => {
            for place in places {
                starts.push(lowerer.integer(&place, args.place("indices_or_sections"))?);
            }
        }
        sections => {
            let place = args.place("indices_or_sections");
            let count = lowerer.constant_int(&sections, place)?;
            if !(1..=256).contains(&count) {
                return Err(args.unsupported("indices_or_sections", "it must be from 1 to 256").into());
            }
            let whole = Expr::int(count);
            if exact && extent.as_int().is_some_and(|extent| extent % count != 0) {
                let message = format!("an extent of {extent} has no {count} equal parts");
                return Err(Diagnostic::error(codes::SHAPE, args.range, message)
                    .help("use `np.array_split` for parts that differ by one")
                    .into());
            }
            let (size, rest) = (extent.floor_div(&whole), extent.modulo(&whole));
            if exact {
                let message = format!("an extent of {extent} has no {count} equal parts");
                lowerer.require(&rest.eq_expr(&Expr::zero()), message, args.range)?;
            }
            for k in 1..count {
                let longer = if exact { Expr::zero() } else { rest.min(&Expr::int(k)) };
                starts.push(&size * Expr::int(k) + longer);
            }
        }
    }
    starts.push(extent);
    let parts = starts.windows(2).map(|ends| Value::Array(view.part(axis, &ends[0], &ends[1])));
    Ok(Value::Tuple(parts.collect()))
}

/// Each element several times in a row.
fn repeat(lowerer: &mut Lowerer<'_>, args: &Args) -> Result<Value> {
    let mut view = match args.value("a") {
        Value::Scalar(scalar) => deepened(view_of(lowerer, args, Value::Scalar(scalar))?, &[0]),
        _ => array(lowerer, args, "a")?,
    };
    let axis = match args.int("axis")? {
        Some(axis) => axis_of(axis, view.rank()),
        None => {
            if view.rank() != 1 {
                view = super::manipulation::flattened(lowerer, &view);
            }
            Some(0)
        }
    };
    let Some(axis) = axis else {
        return Err(args.unsupported("axis", "there is no such axis").into());
    };
    if let Some(Value::Tuple(counts)) = args.get("repeats").cloned() {
        return repeat_each(lowerer, args, &view, axis, &counts);
    }
    let times = match args.value("repeats") {
        Value::Array(one) if one.shape() == [Expr::one()] => Value::Scalar(one.element(&[Expr::zero()])),
        Value::Array(counts) => return super::counted::repeated(lowerer, args, &view, axis, &counts),
        other => other,
    };
    let times = lowerer.integer(&times, args.place("repeats"))?;
    let (rank, mut shape) = (view.rank(), view.shape());
    let steps: Vec<Expr> = shape.iter().chain([&times]).cloned().collect();
    shape[axis] = &shape[axis] * &times;
    let out = lowerer.new_array(args.dest.prefix(), view.dtype, &shape);
    if times.is_zero() {
        return Ok(Value::Array(out));
    }
    let place = |at: &[Expr]| {
        let mut place = at[..rank].to_vec();
        place[axis] = &place[axis] * &times + &at[rank];
        place
    };
    lowerer.fill_at("repeat", &out, &steps, &place, &|at| view.element(&at[..rank]).code);
    Ok(Value::Array(out))
}

/// Each element as often as the count at its place says.
fn repeat_each(
    lowerer: &mut Lowerer<'_>,
    args: &Args,
    view: &View,
    axis: usize,
    counts: &[Value],
) -> Result<Value> {
    let mut parts = Vec::new();
    let unknown = "an extent and counts that are known are needed";
    let extent = view.shape()[axis].as_int();
    if extent != Some(counts.len() as i64) {
        return Err(args.unsupported("repeats", unknown).into());
    }
    for (k, count) in counts.iter().enumerate() {
        let count = lowerer.constant_int(count, args.place("repeats"))?;
        let mut part = view.clone();
        if let Axis::Dim(dim) = part.axes[axis] {
            let at = view.subset.dims[dim].at(&Expr::from(k));
            part.subset.dims[dim] = Range::index(at);
        }
        part.axes[axis] = Axis::New(Expr::int(count.max(0)));
        if count > 0 {
            parts.push(part);
        }
    }
    joined(lowerer, args, &parts, axis)
}

/// The whole array several times along each axis.
fn tile(lowerer: &mut Lowerer<'_>, args: &Args) -> Result<Value> {
    let mut view = array(lowerer, args, "A")?;
    let mut times = shape_of(lowerer, &args.value("reps"), args.place("reps"))?;
    while times.len() < view.rank() {
        times.insert(0, Expr::one());
    }
    while view.rank() < times.len() {
        view = deepened(view, &[0]);
    }
    let own = view.shape();
    let shape: Vec<Expr> = own.iter().zip(&times).map(|(extent, times)| extent * times).collect();
    let out = lowerer.new_array(args.dest.prefix(), view.dtype, &shape);
    let (rank, steps) = (own.len(), times.iter().chain(&own).cloned().collect::<Vec<_>>());
    let place = |at: &[Expr]| {
        let (copy, at) = at.split_at(rank);
        copy.iter().zip(at.iter().zip(&own)).map(|(copy, (at, extent))| copy * extent + at).collect()
    };
    lowerer.fill_at("tile", &out, &steps, &place, &|at| view.element(&at[rank..]).code);
    Ok(Value::Array(out))
}

/// How many elements come before and after along each axis.
fn widths(lowerer: &mut Lowerer<'_>, args: &Args, rank: usize) -> Result<Vec<[Expr; 2]>> {
    pairs(args, "pad_width", rank)?
        .into_iter()
        .map(|[before, after]| {
            let place = args.place("pad_width");
            Ok([lowerer.integer(&before, place)?, lowerer.integer(&after, place)?])
        })
        .collect()
}

/// An argument `x`, `(x, y)` or `((x, y), …)` as a pair for each axis.
fn pairs(args: &Args, name: &str, rank: usize) -> Result<Vec<[Value; 2]>> {
    let pair = |value: &Value| match value {
        Value::Tuple(items) => match items.as_slice() {
            [one] => Some([one.clone(), one.clone()]),
            [before, after] => Some([before.clone(), after.clone()]),
            _ => None,
        },
        one => Some([one.clone(), one.clone()]),
    };
    let value = args.value(name);
    let nested = matches!(&value, Value::Tuple(items) if matches!(items.first(), Some(Value::Tuple(_))));
    let found: Option<Vec<[Value; 2]>> = match &value {
        Value::Tuple(items) if nested && items.len() == rank => items.iter().map(pair).collect(),
        Value::Tuple(items) if nested && items.len() == 1 => pair(&items[0]).map(|pair| vec![pair; rank]),
        Value::Tuple(_) if nested => None,
        value => pair(value).map(|pair| vec![pair; rank]),
    };
    found.ok_or_else(|| args.unsupported(name, "it must be a number, a pair, or a pair for each axis").into())
}

fn pad(lowerer: &mut Lowerer<'_>, args: &Args) -> Result<Value> {
    let view = array(lowerer, args, "array")?;
    let widths = widths(lowerer, args, view.rank())?;
    let own = view.shape();
    let shape: Vec<Expr> =
        own.iter().zip(&widths).map(|(extent, [before, after])| extent + before + after).collect();
    let mode = match args.get("mode") {
        None => "constant",
        Some(Value::Text(mode)) => mode,
        Some(_) => return Err(args.unsupported("mode", "it must be a string that is known").into()),
    };
    let source: fn(&Expr, &Expr) -> Expr = match mode {
        "constant" | "empty" => {
            return padded_by_constants(lowerer, args, &view, &shape, &widths);
        }
        "edge" => |at, extent| at.max(&Expr::zero()).min(&(extent - 1)),
        "wrap" => Expr::modulo,
        "reflect" => |at, extent| {
            let period = (extent * Expr::int(2) - 2).max(&Expr::one());
            let at = at.modulo(&period);
            at.min(&(&period - &at))
        },
        "symmetric" => |at, extent| {
            let period = extent * Expr::int(2);
            let at = at.modulo(&period);
            at.min(&(&period - &at - 1))
        },
        "maximum" | "minimum" | "mean" | "median" | "linear_ramp" => {
            let mode = mode.to_owned();
            return padded_by_values(lowerer, args, &view, &widths, &mode);
        }
        _ => return Err(args.unsupported("mode", "NumPy has no such mode").into()),
    };
    let out = lowerer.new_array(args.dest.prefix(), view.dtype, &shape);
    let mut filled = inside(&out, &own, &widths);
    lowerer.write(&filled, &Value::Array(view), args.range)?;
    lowerer.flush();
    // Only margins are computed: those of an axis from what is filled already.
    for (axis, [before, after]) in widths.iter().enumerate() {
        let extent = &own[axis];
        let margins = [(Expr::zero(), before.clone()), (before + extent, before + extent + after)];
        for (start, stop) in margins {
            let mut margin = filled.clone();
            margin.subset.dims[axis] = Range::new(start.clone(), stop);
            if margin.shape()[axis].is_zero() {
                continue;
            }
            lowerer.fill("pad", &margin, &|at| {
                let mut at = at.to_vec();
                at[axis] = source(&(&at[axis] + &start - before), extent);
                filled.element(&at).code
            });
            lowerer.flush();
        }
        filled.subset.dims[axis] = Range::full(&shape[axis]);
    }
    Ok(Value::Array(out))
}

/// Padding by what is computed of an axis: statistics of its ends, or ramps down to values.
fn padded_by_values(
    lowerer: &mut Lowerer<'_>,
    args: &Args,
    view: &View,
    widths: &[[Expr; 2]],
    mode: &str,
) -> Result<Value> {
    let number = |expr: &Expr| Value::Scalar(Scalar::symbolic(expr.clone()));
    let rows = widths.iter().map(|pair| Value::Tuple(pair.iter().map(number).collect()));
    let mut positional = vec![Value::Array(view.clone()), Value::Tuple(rows.collect())];
    let ends = |name: &str| -> Result<Value> {
        let pairs = pairs(args, name, view.rank())?;
        Ok(Value::Tuple(pairs.into_iter().map(|pair| Value::Tuple(pair.to_vec().into())).collect()))
    };
    let integers = Value::Scalar(Scalar::bool(view.dtype.is_integer()));
    let name = if mode == "linear_ramp" {
        positional.push(match args.get("end_values") {
            Some(_) => ends("end_values")?,
            None => {
                let pair = Value::Tuple(vec![Value::Scalar(Scalar::int(0)); 2].into());
                Value::Tuple(vec![pair; view.rank()].into())
            }
        });
        positional.push(integers);
        "pad_by_ramp"
    } else {
        positional.extend([Value::Text(mode.to_owned()), integers]);
        if args.get("stat_length").is_some() {
            positional.push(ends("stat_length")?);
        }
        "pad_by_statistic"
    };
    let positional = positional.into_iter().map(|value| (value, args.range)).collect();
    let given = GivenArgs { positional, keywords: Vec::new() };
    lowerer.call_composed(name, given, &args.dest, args.range)
}

/// Where the elements go that are padded.
fn inside(out: &View, own: &[Expr], widths: &[[Expr; 2]]) -> View {
    let mut inner = out.clone();
    for (range, (extent, [before, _])) in inner.subset.dims.iter_mut().zip(own.iter().zip(widths)) {
        *range = Range::new(before.clone(), before + extent);
    }
    inner
}

fn padded_by_constants(
    lowerer: &mut Lowerer<'_>,
    args: &Args,
    view: &View,
    shape: &[Expr],
    widths: &[[Expr; 2]],
) -> Result<Value> {
    let constants = match args.get("constant_values") {
        None => vec![[0, 1].map(|_| Value::Scalar(Scalar::int(0))); view.rank()],
        Some(_) => pairs(args, "constant_values", view.rank())?,
    };
    let out = lowerer.new_array(args.dest.prefix(), view.dtype, shape);
    // Later axes overwrite the corners, as in NumPy.
    for (axis, (values, [before, after])) in constants.into_iter().zip(widths).enumerate() {
        let extent = &shape[axis];
        let ends = [Range::new(Expr::zero(), before.clone()), Range::new(extent - after, extent.clone())];
        for (value, part) in values.into_iter().zip(ends) {
            let Value::Scalar(value) = value else {
                return Err(args.unsupported("constant_values", "they must be numbers").into());
            };
            let mut target = out.clone();
            // The axes before have their final extents already.
            target.subset.dims[axis] = part;
            let value = lowerer.hoist(&value);
            let code = cast(&value, view.dtype);
            lowerer.fill("pad", &target, &|_| code.clone());
            lowerer.flush();
        }
    }
    let inner = inside(&out, &view.shape(), widths);
    lowerer.write(&inner, &Value::Array(view.clone()), args.range)?;
    Ok(Value::Array(out))
}

/// The array without some indices of an axis.
fn delete(lowerer: &mut Lowerer<'_>, args: &Args) -> Result<Value> {
    let (view, axis) = super::manipulation::along(lowerer, args, "arr")?;
    match args.value("obj") {
        Value::Slice([start, stop, None]) => {
            let extent = view.shape()[axis].clone();
            let bounds = [start.unwrap_or_else(Expr::zero), stop.unwrap_or(extent), Expr::int(axis as i64)];
            let bounds = bounds.into_iter().map(|bound| Value::Scalar(Scalar::symbolic(bound)));
            let positional = [Value::Array(view)].into_iter().chain(bounds);
            let positional = positional.map(|value| (value, args.range)).collect();
            let given = GivenArgs { positional, keywords: Vec::new() };
            return lowerer.call_composed("delete_slice", given, &args.dest, args.range);
        }
        Value::Tuple(places) => return without(lowerer, args, &view, axis, &places),
        Value::Array(_) | Value::Slice(_) => {
            let reason = "how many elements stay would depend on values";
            return Err(args
                .unsupported("obj", reason)
                .help("give an index, a slice or a list of known indices; or choose by a mask: `x[mask]`")
                .into());
        }
        _ => {}
    }
    let at = lowerer.integer(&args.value("obj"), args.place("obj"))?;
    let mut shape = view.shape();
    let extent = shape[axis].clone();
    let at = lowerer.resolve(&at, &extent, args.place("obj"))?;
    let message = format!("there is no index {at} along an axis of extent {extent}");
    lowerer.require(&Expr::zero().le(&at).and(&at.lt(&extent)), message, args.place("obj"))?;
    shape[axis] = extent - 1;
    let out = lowerer.new_array(args.dest.prefix(), view.dtype, &shape);
    lowerer.fill("delete", &out, &|place| {
        let mut place = place.to_vec();
        place[axis] = place[axis].lt(&at).select(&place[axis], &(&place[axis] + 1));
        view.element(&place).code
    });
    Ok(Value::Array(out))
}

/// The array without indices that are known.
fn without(
    lowerer: &mut Lowerer<'_>,
    args: &Args,
    view: &View,
    axis: usize,
    places: &[Value],
) -> Result<Value> {
    let extent = view.shape()[axis].clone();
    let (mut left, mut right) = (BTreeSet::new(), BTreeSet::new());
    for place in places {
        let at = lowerer.constant_int(place, args.place("obj"))?;
        let from_start = match extent.as_int() {
            Some(extent) if at < 0 => at + extent,
            _ => at,
        };
        if from_start < 0 {
            right.insert(from_start)
        } else {
            left.insert(from_start)
        };
    }
    let last = left.last().map_or_else(Expr::zero, |at| Expr::int(at + 1));
    let first = &extent + right.first().copied().unwrap_or(0);
    let apart = last.le(&first).and(&Expr::zero().le(&first));
    lowerer.require(&apart, "an index lies outside of the axis".to_owned(), args.place("obj"))?;
    let places = left.into_iter().map(Expr::int).chain(right.into_iter().map(|at| &extent + at));
    let (mut parts, mut start) = (Vec::new(), Expr::zero());
    for at in places.chain([extent.clone()]) {
        if start != at {
            parts.push(view.part(axis, &start, &at));
        }
        start = at + 1;
    }
    if parts.is_empty() {
        parts.push(view.part(axis, &Expr::zero(), &Expr::zero()));
    }
    joined(lowerer, args, &parts, axis)
}
