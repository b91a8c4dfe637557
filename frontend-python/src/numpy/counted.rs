//! Arrays whose length is counted when the program runs: where something holds, which values occur, how often.
//!
//! The count is a symbol that is assigned once, before the array is allocated, so what uses the array (loops, reductions,
//! `len`, indices) sees an ordinary extent. Only the caller cannot know it: such an array cannot be returned.
//!
//! ```text
//! k = np.flatnonzero(x > 0)     count: how often x > 0;  k: int64[count], filled in order
//! ```

use super::{Args, Entry, array, call};
use crate::lower::{Dest, GivenArgs, Library, Lowerer, Result};
use crate::promotion::promote;
use crate::scalar;
use crate::types::{Axis, Scalar, Value, View};
use dacec_ir::{BinaryOp, DType, Expr, Function, Range};

/// Functions of NumPy.
pub(super) const ENTRIES: &[Entry] = &[
    call("nonzero", &["a"], nonzero),
    call("flatnonzero", &["a"], |l, args| {
        let flat = flat(l, args, "a")?;
        Ok(Value::Array(places(l, args, &flat)?))
    }),
    call("argwhere", &["a"], arg_where),
    call("extract", &["condition", "arr"], |l, args| {
        let (mask, values) = (flat(l, args, "condition")?, flat(l, args, "arr")?);
        l.require_equal(&mask.shape()[0], &values.shape()[0], args.range)?;
        let at = places(l, args, &mask)?;
        Ok(super::selection::taken(l, args, &values, 0, &Value::Array(at)))
    }),
    call("compress", &["condition", "a", "axis?"], compress),
    call("unique", &["ar", "return_index?", "return_inverse?", "return_counts?"], unique),
    call("union1d", &["ar1", "ar2"], |l, args| {
        let both = vec![flat(l, args, "ar1")?, flat(l, args, "ar2")?];
        match super::joining::joined(l, args, &both, 0)? {
            Value::Array(both) => Ok(Value::Array(runs(l, args, &both)?.values)),
            other => Err(l.not_a_number(&other, args.range)),
        }
    }),
    call("setxor1d", &["ar1", "ar2"], |l, args| {
        let (a, b) = ((args.value("ar1"), args.range), (args.value("ar2"), args.range));
        let mut parts = Vec::new();
        for positional in [vec![a.clone(), b.clone()], vec![b, a]] {
            let given = GivenArgs { positional, keywords: Vec::new() };
            parts.push((super::call_numpy(l, "setdiff1d", given, args.range)?, args.range));
        }
        super::call_numpy(l, "union1d", GivenArgs { positional: parts, keywords: Vec::new() }, args.range)
    }),
    call("intersect1d", &["ar1", "ar2"], |l, args| common(l, args, true)),
    call("setdiff1d", &["ar1", "ar2"], |l, args| common(l, args, false)),
    call("trim_zeros", &["filt"], trim_zeros),
];

/// The elements of an argument in C order.
fn flat(lowerer: &mut Lowerer<'_>, args: &Args, name: &str) -> Result<View> {
    let view = array(lowerer, args, name)?;
    Ok(if view.rank() == 1 { view } else { super::manipulation::flattened(lowerer, &view) })
}

/// The positions of what is not zero in a vector.
fn places(lowerer: &mut Lowerer<'_>, args: &Args, mask: &View) -> Result<View> {
    Ok(lowerer.nonzero(mask, args.range)?.swap_remove(0))
}

/// A vector of indices for each axis.
pub(super) fn nonzero(lowerer: &mut Lowerer<'_>, args: &Args) -> Result<Value> {
    let name = if args.get("a").is_some() { "a" } else { "condition" };
    let view = array(lowerer, args, name)?;
    let indices = lowerer.nonzero(&view, args.range)?;
    Ok(Value::Tuple(indices.into_iter().map(Value::Array).collect()))
}

/// The indices of what is not zero, one row for each.
fn arg_where(lowerer: &mut Lowerer<'_>, args: &Args) -> Result<Value> {
    let view = array(lowerer, args, "a")?;
    let rank = view.rank();
    let indices = lowerer.nonzero(&view, args.range)?;
    let count = indices[0].shape()[0].clone();
    let out = lowerer.new_array(args.dest.prefix(), DType::Int64, &[count, Expr::from(rank)]);
    for (k, column) in indices.into_iter().enumerate() {
        let mut target = out.clone();
        target.axes.pop();
        target.subset.dims[1] = Range::index(Expr::from(k));
        lowerer.write(&target, &Value::Array(column), args.range)?;
        lowerer.flush();
    }
    Ok(Value::Array(out))
}

/// The parts of an array along an axis for which a vector is true.
pub(super) fn compress(lowerer: &mut Lowerer<'_>, args: &Args) -> Result<Value> {
    let mask = array(lowerer, args, "condition")?;
    let (view, axis) = match args.int("axis")? {
        Some(axis) => {
            let view = array(lowerer, args, "a")?;
            let axis = super::axis_of(axis, view.rank());
            (view, axis)
        }
        None => (flat(lowerer, args, "a")?, Some(0)),
    };
    let (Some(axis), 1) = (axis, mask.rank()) else {
        return Err(args.unsupported("axis", "a vector and one axis of the array are needed").into());
    };
    let (own, given) = (view.shape()[axis].clone(), mask.shape()[0].clone());
    let message = format!("the condition has {given} elements, and the axis only {own}");
    lowerer.require(&given.le(&own), message, args.range)?;
    let at = places(lowerer, args, &mask)?;
    Ok(super::selection::taken(lowerer, args, &view, axis, &Value::Array(at)))
}

/// Each element along an axis as often as the count at its place says.
///
/// ```text
/// ends = cumsum(counts);  np.take(x, searchsorted(ends, arange(sum(counts)), side="right"), axis)
/// ```
pub(super) fn repeated(
    lowerer: &mut Lowerer<'_>,
    args: &Args,
    view: &View,
    axis: usize,
    counts: &View,
) -> Result<Value> {
    if !(counts.dtype.is_integer() || counts.dtype == DType::Bool) || counts.dtype == DType::UInt64 {
        return Err(args.unsupported("repeats", "counts are integers of a type that int64 can hold").into());
    }
    if counts.rank() != 1 {
        return Err(args.unsupported("repeats", "counts are a number or a vector").into());
    }
    lowerer.require_equal(&counts.shape()[0], &view.shape()[axis], args.range)?;
    let passed = || (Value::Array(counts.clone()), args.range);
    let named = |name: &str, value: Value| vec![(name.to_owned(), (value, args.range))];
    let call = |lowerer: &mut Lowerer<'_>, name: &str, positional, keywords| {
        super::call_numpy(lowerer, name, GivenArgs { positional, keywords }, args.range)
    };
    if counts.dtype.is_integer() {
        let zero = Value::Scalar(Scalar::symbolic(Expr::zero()));
        let least = call(lowerer, "min", vec![passed()], named("initial", zero))?;
        let least = lowerer.integer(&least, args.range)?;
        lowerer.require(&least.ge(&Expr::zero()), "a count is negative".to_owned(), args.range)?;
    }
    let ends = call(lowerer, "cumsum", vec![passed()], Vec::new())?;
    let total = call(lowerer, "sum", vec![passed()], Vec::new())?;
    let total = lowerer.integer(&total, args.range)?;
    let numbers = lowerer.new_array("__numbers", DType::Int64, std::slice::from_ref(&total));
    lowerer.fill("numbers", &numbers, &|at| at[0].clone().into());
    lowerer.flush();
    let positional = vec![(ends, args.range), (Value::Array(numbers), args.range)];
    let at = call(lowerer, "searchsorted", positional, named("side", Value::Text("right".to_owned())))?;
    Ok(super::selection::taken(lowerer, args, view, axis, &at))
}

/// Sorted values, each once.
struct Runs {
    values: View,
    /// Where each element comes from.
    order: View,
    /// Whether an element of the sorted vector differs from the one before.
    starts: View,
    /// Where it does.
    places: View,
}

fn runs(lowerer: &mut Lowerer<'_>, args: &Args, flat: &View) -> Result<Runs> {
    if flat.dtype.is_complex() {
        return Err(args.unsupported("ar", "complex numbers have no order").into());
    }
    let shape = flat.shape();
    let order = lowerer.new_array("__order", DType::Int64, &shape);
    let library = Library::new("argsort").array("x", flat).array("out", &order);
    lowerer.call_library(&library, &Dest::Temp, args.range)?;
    let sorted = match super::selection::taken(lowerer, args, flat, 0, &Value::Array(order.clone())) {
        Value::Array(sorted) => sorted,
        other => return Err(lowerer.not_a_number(&other, args.range)),
    };
    let starts = lowerer.new_array("__starts", DType::Bool, &shape);
    lowerer.flush();
    let library = Library::new("run_starts").array("x", &sorted).array("starts", &starts);
    lowerer.call_library(&library, &Dest::Temp, args.range)?;
    let places = places(lowerer, args, &starts)?;
    match super::selection::taken(lowerer, args, &sorted, 0, &Value::Array(places.clone())) {
        Value::Array(values) => {
            lowerer.flush();
            Ok(Runs { values, order, starts, places })
        }
        other => Err(lowerer.not_a_number(&other, args.range)),
    }
}

/// The values that occur, ascending; with where they occur first, which one each element is, and how often they occur.
fn unique(lowerer: &mut Lowerer<'_>, args: &Args) -> Result<Value> {
    let view = array(lowerer, args, "ar")?;
    let vector = flat(lowerer, args, "ar")?;
    let runs = runs(lowerer, args, &vector)?;
    let mut results = vec![Value::Array(runs.values.clone())];
    if args.flag("return_index")? {
        let places = Value::Array(runs.places.clone());
        results.push(super::selection::taken(lowerer, args, &runs.order, 0, &places));
        lowerer.flush();
    }
    if args.flag("return_inverse")? {
        let numbers = lowerer.new_array("__inverse", DType::Int64, &vector.shape());
        let library = Library::new("run_numbers")
            .array("starts", &runs.starts)
            .array("order", &runs.order)
            .array("out", &numbers);
        lowerer.call_library(&library, &Dest::Temp, args.range)?;
        results.push(Value::Array(if view.rank() == 1 {
            numbers
        } else {
            let shaped = lowerer.new_array("__inverse", DType::Int64, &view.shape());
            lowerer.copy_elements(&numbers, &shaped);
            lowerer.flush();
            shaped
        }));
    }
    if args.flag("return_counts")? {
        let counts = lowerer.new_array("__counts", DType::Int64, &runs.places.shape());
        let library = Library::new("run_lengths")
            .array("starts", &runs.places)
            .value("total", Value::Scalar(Scalar::symbolic(vector.shape()[0].clone())))
            .array("out", &counts);
        lowerer.call_library(&library, &Dest::Temp, args.range)?;
        results.push(Value::Array(counts));
    }
    Ok(match results.len() {
        1 => results.swap_remove(0),
        _ => Value::Tuple(results.into()),
    })
}

/// The values of the first array that are in the second one, or that are not.
fn common(lowerer: &mut Lowerer<'_>, args: &Args, wanted: bool) -> Result<Value> {
    let (a, b) = (flat(lowerer, args, "ar1")?, flat(lowerer, args, "ar2")?);
    let dtype = promote(a.dtype, b.dtype);
    let kept = if wanted { dtype } else { a.dtype };
    let mut converted = Vec::new();
    for view in [a, b] {
        match lowerer.as_dtype(&Value::Array(view), dtype, &Dest::Temp, args.range)? {
            Value::Array(view) => converted.push(view),
            other => return Err(lowerer.not_a_number(&other, args.range)),
        }
    }
    lowerer.flush();
    let first = runs(lowerer, args, &converted[0])?.values;
    let second = lowerer.new_array("__sorted", dtype, &converted[1].shape());
    let library = Library::new("sort").array("x", &converted[1]).array("out", &second);
    lowerer.call_library(&library, &Dest::Temp, args.range)?;
    let found = lowerer.new_array("__found", DType::Bool, &first.shape());
    let library = Library::new("isin").rows("v", &first).array("a", &second).results(&found);
    lowerer.call_library(&library, &Dest::Temp, args.range)?;
    let mask = lowerer.elementwise("found", &[Value::Array(found)], &Dest::Temp, args.range, &|of| {
        if wanted { Ok(of[0].clone()) } else { scalar::unary(dacec_ir::UnaryOp::Not, &of[0]) }
    })?;
    let Value::Array(mask) = mask else { return Ok(mask) };
    lowerer.flush();
    let at = places(lowerer, args, &mask)?;
    let result = super::selection::taken(lowerer, args, &first, 0, &Value::Array(at));
    lowerer.as_dtype(&result, kept, &args.dest, args.range)
}

/// A vector without the zeros at its ends.
fn trim_zeros(lowerer: &mut Lowerer<'_>, args: &Args) -> Result<Value> {
    let view = array(lowerer, args, "filt")?;
    if view.rank() != 1 {
        return Err(args.unsupported("filt", "it must be a vector").into());
    }
    let extent = view.shape()[0].clone();
    let Axis::Dim(dim) = view.axes[0] else { return Ok(Value::Array(view)) };
    let mut back = view.clone().alias();
    let turned = Range::strided(&extent - 1, -1, -1);
    back.subset.dims[dim] = view.subset.dims[dim].compose(&turned);
    let mut ends = Vec::new();
    for side in [&view, &back] {
        let side = lowerer.copied(side, "__side");
        let library = Library::new("leading_zeros").array("x", &side);
        let count = lowerer.call_library(&library, &Dest::Temp, args.range)?;
        ends.push(lowerer.integer(&count, args.range)?);
    }
    let (start, stop) = (ends[0].clone(), &extent - &ends[1]);
    let mut part = view.clone().alias();
    // Of zeros alone, nothing stays.
    part.subset.dims[dim] = view.subset.dims[dim].compose(&Range::new(start.clone(), stop.max(&start)));
    Ok(Value::Array(part))
}

/// A quotient and a remainder, whose leading coefficients are left out while they are as good as zero; one stays.
pub(super) fn without_leading_zeros(lowerer: &mut Lowerer<'_>, args: &Args, parts: Value) -> Result<Value> {
    let Value::Tuple(mut parts) = parts else { return Ok(parts) };
    let Some(Value::Array(rest)) = parts.last().cloned() else { return Ok(Value::Tuple(parts)) };
    let Axis::Dim(dim) = rest.axes[0] else { return Ok(Value::Tuple(parts)) };
    let given =
        GivenArgs { positional: vec![(Value::Array(rest.clone()), args.range)], keywords: Vec::new() };
    let count = lowerer.call_composed("leading_zeros_of_rest", given, &Dest::Temp, args.range)?;
    let start = lowerer.integer(&count, args.range)?;
    let extent = rest.shape()[0].clone();
    let mut trimmed = rest.alias();
    trimmed.subset.dims[dim] = trimmed.subset.dims[dim].compose(&Range::new(start, extent));
    parts.pop();
    parts.push(Value::Array(trimmed));
    Ok(Value::Tuple(parts))
}

/// One more than the largest number of a vector: the length of its `bincount`.
pub(super) fn above(lowerer: &mut Lowerer<'_>, args: &Args, view: &View) -> Result<Expr> {
    let count =
        lowerer.call_library(&Library::new("count_below").array("x", view), &Dest::Temp, args.range)?;
    let length = lowerer.integer(&count, args.range)?;
    if let [symbol] = length.symbols().into_iter().collect::<Vec<_>>().as_slice() {
        lowerer.facts.assume_ge(symbol, Expr::zero());
    }
    Ok(length)
}

/// How many steps lead from one number to another, when the program runs.
pub(super) fn steps(lowerer: &mut Lowerer<'_>, args: &Args, ends: [&Scalar; 3]) -> Result<Expr> {
    let [start, stop, step] = ends.map(|end| Value::Scalar(scalar::converted(end, DType::Float64)));
    let count = lowerer.elementwise("count", &[start, stop, step], &Dest::Temp, args.range, &|of| {
        let distance = scalar::binary(BinaryOp::Sub, &of[1], &of[0])?;
        let steps = scalar::call(Function::Ceil, &scalar::binary(BinaryOp::Div, &distance, &of[2])?)?;
        let steps = scalar::binary(BinaryOp::Max, &steps, &Scalar::float(0.0))?;
        Ok(scalar::converted(&steps, DType::Int64))
    })?;
    let length = lowerer.integer(&count, args.range)?;
    if let [symbol] = length.symbols().into_iter().collect::<Vec<_>>().as_slice() {
        lowerer.facts.assume_ge(symbol, Expr::zero());
    }
    Ok(length)
}
