//! Functions of sampled values: differences, interpolation, convolution, counting.

use super::reductions::{Reduction, accumulated, reduced};
use super::scans::Rows;
use super::{Args, Entry, array, axis_of, call};
use crate::codes;
use crate::diagnostic::Diagnostic;
use crate::lower::{Dest, GivenArgs, Library, Lowerer, Result};
use crate::promotion::{float_of, promote};
use crate::scalar::{self, cast};
use crate::types::{Axis, Scalar, Value, View};
use dacec_ir::library::defined::{Histogram, SearchSorted};
use dacec_ir::{BinaryOp, DType, Expr, Range, Wcr};

/// Functions of NumPy.
pub(super) const ENTRIES: &[Entry] = &[
    call("diff", &["a", "n?", "axis?", "prepend?", "append?"], diff),
    call("ediff1d", &["ary"], |l, args| {
        let view = array(l, args, "ary")?;
        let flat = if view.rank() == 1 { view } else { super::manipulation::flattened(l, &view) };
        difference(l, args, &flat, 0)
    }),
    call("gradient", &["*", "axis?", "edge_order?"], gradient),
    call("trapezoid", &["y", "x?", "dx?", "axis?"], trapezoid),
    call("convolve", &["a", "v", "mode?"], |l, args| convolve(l, args, false)),
    call("correlate", &["a", "v", "mode?"], |l, args| convolve(l, args, true)),
    call("interp", &["x", "xp", "fp", "left?", "right?", "period?"], interp),
    call("searchsorted", &["a", "v", "side?"], |l, args| {
        let right = is_right(args, "side")?;
        searched(l, args, right)
    }),
    call("bincount", &["x", "weights?", "minlength?"], bincount),
    call("histogram", &["a", "bins?", "range?", "density?", "weights?"], |l, args| {
        let counts = histogram(l, args)?;
        if !args.flag("density")? {
            return Ok(counts);
        }
        let Value::Tuple(parts) = counts else { return Ok(counts) };
        let positional = parts.iter().map(|part| (part.clone(), args.range)).collect();
        let given = GivenArgs { positional, keywords: Vec::new() };
        let shares = l.call_composed("histogram_density", given, &Dest::Temp, args.range)?;
        Ok(Value::Tuple([shares].into_iter().chain(parts.into_iter().skip(1)).collect()))
    }),
    call("histogram_bin_edges", &["a", "bins?", "range?", "weights?"], |l, args| {
        let view = array(l, args, "a")?;
        edges(l, args, &view).map(Value::Array)
    }),
    call("polyval", &["p", "x"], polyval),
];

/// The part of a view from `start`, without the last `end` elements, along an axis.
fn part(view: &View, axis: usize, start: i64, end: i64) -> View {
    let mut part = view.clone().alias();
    match &mut part.axes[axis] {
        Axis::Dim(dim) => {
            let own = &view.subset.dims[*dim];
            let inner = Range::new(Expr::int(start), own.len() - Expr::int(end));
            part.subset.dims[*dim] = own.compose(&inner);
        }
        Axis::New(extent) => *extent = &*extent - Expr::int(start + end),
    }
    part
}

fn diff(lowerer: &mut Lowerer<'_>, args: &Args) -> Result<Value> {
    let mut view = array(lowerer, args, "a")?;
    let Some(axis) = axis_of(args.int("axis")?.unwrap_or(-1), view.rank()) else {
        return Err(args.unsupported("axis", "there is no such axis").into());
    };
    let times = args.int("n")?.unwrap_or(1);
    if !(0..=64).contains(&times) {
        return Err(args.unsupported("n", "it must be from 0 to 64").into());
    }
    if times > 0 {
        view = extended(lowerer, args, view, axis)?;
    }
    for _ in 0..times {
        view = match difference(lowerer, args, &view, axis)? {
            Value::Array(view) => view,
            other => return Ok(other),
        };
        lowerer.flush();
    }
    Ok(Value::Array(view))
}

/// The array with what comes before and after it.
fn extended(lowerer: &mut Lowerer<'_>, args: &Args, view: View, axis: usize) -> Result<View> {
    let mut parts = Vec::new();
    for name in ["prepend", "a", "append"] {
        match args.get(name).cloned() {
            None => {}
            Some(Value::Scalar(value)) => {
                let mut shape = view.shape();
                shape[axis] = Expr::one();
                let filled = lowerer.new_array("__tmp", value.dtype(), &shape);
                lowerer.write(&filled, &Value::Scalar(value), args.range)?;
                lowerer.flush();
                parts.push(filled);
            }
            Some(_) if name == "a" => parts.push(view.clone()),
            Some(_) => parts.push(array(lowerer, args, name)?),
        }
    }
    match super::joining::joined(lowerer, args, &parts, axis)? {
        Value::Array(joined) if parts.len() > 1 => Ok(joined),
        _ => Ok(view),
    }
}

/// Each element minus the one before.
fn difference(lowerer: &mut Lowerer<'_>, args: &Args, view: &View, axis: usize) -> Result<Value> {
    let operands = [Value::Array(part(view, axis, 1, 0)), Value::Array(part(view, axis, 0, 1))];
    lowerer.elementwise("diff", &operands, &Dest::Temp, args.range, &|of| match of[0].dtype() {
        DType::Bool => scalar::binary(BinaryOp::Ne, &of[0], &of[1]),
        _ => scalar::binary(BinaryOp::Sub, &of[0], &of[1]),
    })
}

/// What lies between neighbouring samples.
#[derive(Clone)]
enum Spacing {
    /// The same distance everywhere.
    Even(Scalar),
    /// The places of the samples.
    Places(View),
}

fn gradient(lowerer: &mut Lowerer<'_>, args: &Args) -> Result<Value> {
    let mut given = args.rest.iter().cloned();
    let view = match given.next() {
        Some(Value::Array(view)) => view,
        Some(Value::Tuple(items)) => super::creation::of_items(lowerer, args, "f", &items)?,
        _ => return Err(args.unsupported("f", "it must be an array").into()),
    };
    let second = match args.int("edge_order")?.unwrap_or(1) {
        1 => false,
        2 => true,
        _ => return Err(args.unsupported("edge_order", "it must be 1 or 2").into()),
    };
    let axes = args.axes("axis", view.rank())?.unwrap_or_else(|| (0..view.rank()).collect());
    let mut spacings = Vec::new();
    for value in given {
        spacings.push(match value {
            Value::Scalar(spacing) => Spacing::Even(lowerer.hoist(&spacing)),
            Value::Array(places) if places.rank() == 1 => Spacing::Places(places),
            _ => return Err(args.unsupported("spacing", "it must be a number or a vector").into()),
        });
    }
    let spacings = match (spacings.as_slice(), axes.len()) {
        ([], count) => vec![Spacing::Even(Scalar::float(1.0)); count],
        ([one @ Spacing::Even(_)], count) => vec![one.clone(); count],
        (several, count) if several.len() == count => several.to_vec(),
        _ => return Err(args.unsupported("spacing", "there must be one for each axis").into()),
    };
    let mut results = Vec::new();
    for (&axis, spacing) in axes.iter().zip(&spacings) {
        results.push(match spacing {
            Spacing::Even(distance) => slope(lowerer, args, &view, axis, (distance, second))?,
            Spacing::Places(places) => uneven_slope(lowerer, args, &view, axis, (places, second))?,
        });
    }
    if let [one] = results.as_slice() { Ok(one.clone()) } else { Ok(Value::Tuple(results.into())) }
}

fn type_of_slope(dtype: DType) -> DType {
    if dtype.is_float() || dtype.is_complex() { dtype } else { DType::Float64 }
}

/// Differences of samples at any places: of second order inside.
fn uneven_slope(
    lowerer: &mut Lowerer<'_>,
    args: &Args,
    view: &View,
    axis: usize,
    (places, second): (&View, bool),
) -> Result<Value> {
    let dtype = type_of_slope(view.dtype);
    lowerer.require_equal(&places.shape()[0], &view.shape()[axis], args.range)?;
    let converted = lowerer.as_dtype(&Value::Array(view.clone()), dtype, &Dest::Temp, args.range)?;
    let places = lowerer.as_dtype(&Value::Array(places.clone()), dtype.real(), &Dest::Temp, args.range)?;
    let (Value::Array(view), Value::Array(places)) = (converted, places) else { return Ok(Value::None) };
    let rows = Rows::of(lowerer, &view, axis);
    let out = rows.like(lowerer, &Dest::Temp, dtype);
    let library = rows.call("gradient", &out).array("at", &places);
    let library = library.constant("second", if second { "True" } else { "False" });
    lowerer.call_library(&library, &Dest::Temp, args.range)?;
    Ok(Value::Array(rows.back(lowerer, out)))
}

/// The ends of a slope from three samples each, instead of two.
fn better_ends(
    lowerer: &mut Lowerer<'_>,
    args: &Args,
    view: &View,
    axis: usize,
    (distance, slope): (&Scalar, View),
) -> Result<Value> {
    let converted = lowerer.as_dtype(&Value::Array(view.clone()), slope.dtype, &Dest::Temp, args.range)?;
    let Value::Array(view) = converted else { return Ok(converted) };
    let rows = Rows::of(lowerer, &view, axis);
    let out = Rows::of(lowerer, &slope, axis).rows().clone();
    let out = lowerer.copied(&out, "__gradient");
    lowerer.flush();
    let library = rows.call("gradient_ends", &out).value("h", Value::Scalar(distance.clone()));
    lowerer.call_library(&library, &Dest::Temp, args.range)?;
    Ok(Value::Array(rows.back(lowerer, out)))
}

/// Central differences inside, one-sided ones at the ends.
fn slope(
    lowerer: &mut Lowerer<'_>,
    args: &Args,
    view: &View,
    axis: usize,
    (spacing, second): (&Scalar, bool),
) -> Result<Value> {
    let dtype = type_of_slope(view.dtype);
    let shape = view.shape();
    let extent = shape[axis].clone();
    let least = if second { 3 } else { 2 };
    if extent.as_int().is_some_and(|extent| extent < least) {
        let message = format!("a gradient needs {least} elements at least");
        return Err(Diagnostic::error(codes::SHAPE, args.range, message).into());
    }
    let out = lowerer.new_array("__gradient", dtype, &shape);
    let at = |from: i64, to: Expr| {
        let mut part = view.clone().alias();
        if let Axis::Dim(dim) = part.axes[axis] {
            part.subset.dims[dim] = view.subset.dims[dim].compose(&Range::new(Expr::int(from), to));
        }
        part
    };
    let last = |view: &View, back: i64| {
        let mut part = view.clone();
        if let Axis::Dim(dim) = part.axes[axis] {
            let ends = Range::new(&extent - Expr::int(back), &extent - Expr::int(back - 1));
            part.subset.dims[dim] = view.subset.dims[dim].compose(&ends);
        }
        part
    };
    let inside = (part(&out, axis, 1, 1), part(view, axis, 2, 0), part(view, axis, 0, 2), 2.0);
    let first_target = {
        let mut target = out.clone();
        target.subset.dims[axis] = Range::new(0, 1);
        target
    };
    let first = (first_target, at(1, Expr::int(2)), at(0, Expr::one()), 1.0);
    let end = (last(&out, 1), last(view, 1), last(view, 2), 1.0);
    for (target, after, before, steps) in [inside, first, end] {
        let operands = [Value::Array(after), Value::Array(before), Value::Scalar(spacing.clone())];
        let value = lowerer.elementwise("gradient", &operands, &Dest::Temp, args.range, &|of| {
            let (after, before) = (scalar::converted(&of[0], dtype), scalar::converted(&of[1], dtype));
            let distance = scalar::binary(BinaryOp::Sub, &after, &before)?;
            let width = scalar::binary(BinaryOp::Mul, &Scalar::float(steps), &of[2])?;
            scalar::binary(BinaryOp::Div, &distance, &width)
        })?;
        lowerer.write(&target, &value, args.range)?;
        lowerer.flush();
    }
    if second {
        return better_ends(lowerer, args, view, axis, (spacing, out));
    }
    Ok(Value::Array(out))
}

/// The area under a line through samples.
fn trapezoid(lowerer: &mut Lowerer<'_>, args: &Args) -> Result<Value> {
    let view = array(lowerer, args, "y")?;
    let Some(axis) = axis_of(args.int("axis")?.unwrap_or(-1), view.rank()) else {
        return Err(args.unsupported("axis", "there is no such axis").into());
    };
    let mut operands = vec![Value::Array(part(&view, axis, 1, 0)), Value::Array(part(&view, axis, 0, 1))];
    match args.get("x") {
        Some(Value::Array(x)) if x.rank() == 1 && axis + 1 == view.rank() => {
            operands.extend([Value::Array(part(x, 0, 1, 0)), Value::Array(part(x, 0, 0, 1))]);
        }
        Some(_) => return Err(args.unsupported("x", "it must be a vector, along the last axis").into()),
        None => operands.push(args.get("dx").cloned().unwrap_or(Value::Scalar(Scalar::float(1.0)))),
    }
    let areas = lowerer.elementwise("trapezoid", &operands, &Dest::Temp, args.range, &|of| {
        let sum = scalar::binary(BinaryOp::Add, &of[0], &of[1])?;
        let width = match of.get(3) {
            Some(before) => scalar::binary(BinaryOp::Sub, &of[2], before)?,
            None => of[2].clone(),
        };
        scalar::binary(BinaryOp::Div, &scalar::binary(BinaryOp::Mul, &width, &sum)?, &Scalar::float(2.0))
    })?;
    let Value::Array(areas) = areas else { return Ok(areas) };
    let how = Reduction { wcr: Wcr::Sum, axes: Some(vec![axis]), dtype: areas.dtype, keep: false };
    reduced(lowerer, args, &areas, how, Default::default(), &args.dest)
}

/// Sums of products of one vector with the other, turned round, at every distance.
fn convolve(lowerer: &mut Lowerer<'_>, args: &Args, correlate: bool) -> Result<Value> {
    let (mut a, mut v) = (array(lowerer, args, "a")?, array(lowerer, args, "v")?);
    if a.rank() != 1 || v.rank() != 1 {
        return Err(args.unsupported("a", "only vectors are taken").into());
    }
    let dtype = promote(a.dtype, v.dtype);
    if correlate && dtype.is_complex() {
        return Err(args.unsupported("v", "complex numbers would be conjugated; use `np.convolve`").into());
    }
    let default = if correlate { "valid" } else { "full" };
    let mode = match args.get("mode") {
        None => default,
        Some(Value::Text(mode)) => mode.as_str(),
        Some(_) => return Err(args.unsupported("mode", "it must be a string that is known").into()),
    };
    let (n, m) = (a.shape()[0].clone(), v.shape()[0].clone());
    let (long, short) = (n.max(&m), n.min(&m));
    let (length, offset) = match mode {
        "full" => (&n + &m - 1, Expr::zero()),
        // NumPy turns the result round where the second vector is the longer one.
        "same" if correlate => {
            let two = Expr::int(2);
            (long, n.lt(&m).select(&short.floor_div(&two), &(&short - 1).floor_div(&two)))
        }
        "same" => (long, (&short - 1).floor_div(&Expr::int(2))),
        "valid" => (&long - &short + 1, &short - 1),
        _ => return Err(args.unsupported("mode", "it must be 'full', 'same' or 'valid'").into()),
    };
    for view in [&mut a, &mut v] {
        let converted = lowerer.as_dtype(&Value::Array(view.clone()), dtype, &Dest::Temp, args.range)?;
        if let Value::Array(converted) = converted {
            *view = converted;
        }
    }
    if correlate {
        let mut back = v.clone().alias();
        if let Axis::Dim(dim) = back.axes[0] {
            let turned = Range::strided(&m - 1, -1, -1);
            back.subset.dims[dim] = v.subset.dims[dim].compose(&turned);
        }
        v = lowerer.copied(&back, "__tmp");
    }
    let out = lowerer.new_array(args.dest.prefix(), dtype, &[length]);
    let zero = format!("np.{}(0)", if dtype == DType::Bool { "bool_" } else { dtype.name() });
    let library = Library::new("convolve")
        .array("a", &a)
        .array("v", &v)
        .array("out", &out)
        .value("offset", Value::Scalar(Scalar::symbolic(offset)))
        .constant("zero", zero);
    lowerer.call_library(&library, &Dest::Temp, args.range)?;
    Ok(Value::Array(out))
}

/// A number, or each number of an array, by a function of the library for one number.
pub(super) fn for_each(
    lowerer: &mut Lowerer<'_>,
    args: &Args,
    numbers: Value,
    dtype: DType,
    library: &dyn Fn(Library) -> Library,
    (function, parameter): (&'static str, &'static str),
) -> Result<Value> {
    match numbers {
        Value::Array(view) => {
            let shape = view.shape();
            let flat = if view.rank() == 1 { view } else { super::manipulation::flattened(lowerer, &view) };
            let prefix = if shape.len() == 1 { args.dest.prefix() } else { "__tmp" };
            let out = lowerer.new_array(prefix, dtype, &flat.shape());
            let call = library(Library::new(function).rows(parameter, &flat)).results(&out);
            lowerer.call_library(&call, &Dest::Temp, args.range)?;
            if shape.len() == 1 {
                return Ok(Value::Array(out));
            }
            let result = lowerer.new_array(args.dest.prefix(), dtype, &shape);
            lowerer.copy_elements(&out, &result);
            Ok(Value::Array(result))
        }
        value => {
            let call = library(Library::new(function).value(parameter, value));
            lowerer.call_library(&call, &args.dest, args.range)
        }
    }
}

fn interp(lowerer: &mut Lowerer<'_>, args: &Args) -> Result<Value> {
    if args.get("period").is_some() {
        // What lies outside comes in again at the other end.
        let params = &["x", "xp", "fp", "period"];
        return super::composed::redirect(lowerer, "interp_periodic", params, &[], args);
    }
    let double = |lowerer: &mut Lowerer<'_>, value: &Value| {
        lowerer.as_dtype(value, DType::Float64, &Dest::Temp, args.range)
    };
    let mut tables = Vec::new();
    for name in ["xp", "fp"] {
        let view = array(lowerer, args, name)?;
        if view.rank() != 1 || view.dtype.is_complex() {
            return Err(args.unsupported(name, "it must be a vector of real numbers").into());
        }
        match double(lowerer, &Value::Array(view))? {
            Value::Array(view) => tables.push(view),
            other => return Err(lowerer.not_a_number(&other, args.range)),
        }
    }
    let (xp, fp) = (tables[0].clone(), tables[1].clone());
    lowerer.require_equal(&xp.shape()[0], &fp.shape()[0], args.range)?;
    let last = &fp.shape()[0] - 1;
    let mut ends = Vec::new();
    for (name, at) in [("left", Expr::zero()), ("right", last)] {
        let value = args.get(name).cloned().unwrap_or_else(|| Value::Scalar(fp.element(&[at])));
        ends.push(double(lowerer, &value)?);
    }
    let numbers = match args.value("x") {
        Value::Tuple(_) => Value::Array(array(lowerer, args, "x")?),
        other => other,
    };
    let numbers = double(lowerer, &numbers)?;
    let rest = |library: Library| {
        library
            .array("xp", &xp)
            .array("fp", &fp)
            .value("left", ends[0].clone())
            .value("right", ends[1].clone())
    };
    for_each(lowerer, args, numbers, DType::Float64, &rest, ("interp", "x"))
}

fn is_right(args: &Args, name: &str) -> Result<bool> {
    match args.get(name) {
        None => Ok(false),
        Some(Value::Text(side)) if side == "left" => Ok(false),
        Some(Value::Text(side)) if side == "right" => Ok(true),
        Some(_) => Err(args.unsupported(name, "it must be 'left' or 'right'").into()),
    }
}

/// The places at which numbers fit into a sorted vector.
fn searched(lowerer: &mut Lowerer<'_>, args: &Args, right: bool) -> Result<Value> {
    let a = array(lowerer, args, "a")?;
    if a.rank() != 1 || a.dtype.is_complex() {
        return Err(args.unsupported("a", "it must be a vector of real numbers").into());
    }
    let v = match args.value("v") {
        Value::Tuple(_) => Value::Array(array(lowerer, args, "v")?),
        other => other,
    };
    if let Value::Array(view) = &v
        && view.rank() == 1
        && view.dtype == a.dtype
        && view.is_plain()
        && a.is_plain()
    {
        let out = lowerer.new_array(args.dest.prefix(), DType::Int64, &view.shape());
        let inputs = [("_a".into(), &a), ("_v".into(), view)];
        lowerer.operate(SearchSorted { right }, &inputs, &out, args.range);
        return Ok(Value::Array(out));
    }
    // NaN comes last. For the right side, equal elements come before too.
    let before = match right {
        false => "lambda a, v: a < v or (v != v and a == a)",
        true => "lambda a, v: not (v < a or (a != a and v == v))",
    };
    let rest = |library: Library| library.array("a", &a).constant("goes_after", before);
    for_each(lowerer, args, v, DType::Int64, &rest, ("searchsorted", "v"))
}

/// A new array of zeros.
fn zeros(lowerer: &mut Lowerer<'_>, prefix: &str, dtype: DType, extent: &Expr) -> View {
    let out = lowerer.new_array(prefix, dtype, std::slice::from_ref(extent));
    let zero = cast(&Scalar::int(0), dtype);
    lowerer.fill("zero", &out, &|_| zero.clone());
    lowerer.flush();
    out
}

/// How often each number occurs. `minlength` is the length of the result, so that a caller can know it; without it, the
/// largest number says how long the result is.
fn bincount(lowerer: &mut Lowerer<'_>, args: &Args) -> Result<Value> {
    let view = array(lowerer, args, "x")?;
    if view.rank() != 1 || !view.dtype.is_integer() {
        return Err(args.unsupported("x", "it must be a vector of integers").into());
    }
    let length = match args.get("minlength").cloned() {
        Some(length) => lowerer.integer(&length, args.place("minlength"))?,
        None => super::counted::above(lowerer, args, &view)?,
    };
    match args.get("weights").cloned() {
        None => {
            let out = zeros(lowerer, args.dest.prefix(), DType::Int64, &length);
            let library = Library::new("bincount").array("x", &view).array("out", &out);
            lowerer.call_library(&library, &Dest::Temp, args.range)?;
            Ok(Value::Array(out))
        }
        Some(weights) => {
            let weights = lowerer.as_dtype(&weights, DType::Float64, &Dest::Temp, args.range)?;
            let out = zeros(lowerer, args.dest.prefix(), DType::Float64, &length);
            let library = Library::new("bincount_weighted")
                .array("x", &view)
                .value("weights", weights)
                .array("out", &out);
            lowerer.call_library(&library, &Dest::Temp, args.range)?;
            Ok(Value::Array(out))
        }
    }
}

/// How many elements fall between neighbouring edges.
fn histogram(lowerer: &mut Lowerer<'_>, args: &Args) -> Result<Value> {
    let view = array(lowerer, args, "a")?;
    if view.dtype.is_complex() {
        return Err(args.unsupported("a", "complex numbers have no order").into());
    }
    let shape = view.shape();
    let in_order = |lowerer: &mut Lowerer<'_>, view: View| match view.rank() {
        1 => view,
        _ => super::manipulation::flattened(lowerer, &view),
    };
    let view = in_order(lowerer, view);
    let edges = edges(lowerer, args, &view)?;
    lowerer.flush();
    let bins = &edges.shape()[0] - 1;
    let counts = match args.get("weights").cloned() {
        None => {
            if view.dtype == edges.dtype && view.is_plain() && edges.is_plain() {
                let counts = lowerer.new_array("__counts", DType::Int64, std::slice::from_ref(&bins));
                let inputs = [("_in".into(), &view), ("_edges".into(), &edges)];
                lowerer.operate(Histogram, &inputs, &counts, args.range);
                counts
            } else {
                let counts = zeros(lowerer, "__counts", DType::Int64, &bins);
                let one = Value::Scalar(Scalar::int(1));
                let library = Library::new("histogram")
                    .constant("weight", "lambda weights, k: weights")
                    .array("x", &view)
                    .value("weights", one)
                    .array("edges", &edges)
                    .array("counts", &counts);
                lowerer.call_library(&library, &Dest::Temp, args.range)?;
                counts
            }
        }
        Some(Value::Array(weights)) => {
            if weights.rank() != shape.len() {
                return Err(args.unsupported("weights", "there must be one for each element").into());
            }
            for (own, other) in shape.iter().zip(weights.shape()) {
                lowerer.require_equal(own, &other, args.place("weights"))?;
            }
            let weights = in_order(lowerer, weights);
            let counts = zeros(lowerer, "__counts", weights.dtype, &bins);
            let library = Library::new("histogram")
                .constant("weight", "lambda weights, k: weights[k]")
                .array("x", &view)
                .array("weights", &weights)
                .array("edges", &edges)
                .array("counts", &counts);
            lowerer.call_library(&library, &Dest::Temp, args.range)?;
            counts
        }
        Some(other) => return Err(lowerer.not_a_number(&other, args.range)),
    };
    Ok(Value::Tuple(vec![Value::Array(counts), Value::Array(edges)].into()))
}

fn edges(lowerer: &mut Lowerer<'_>, args: &Args, view: &View) -> Result<View> {
    let bins = match args.get("bins").cloned() {
        None => Expr::int(10),
        Some(Value::Array(_) | Value::Tuple(_)) => return array(lowerer, args, "bins"),
        Some(count) => lowerer.integer(&count, args.place("bins"))?,
    };
    let ends = match args.get("range").cloned() {
        Some(Value::Tuple(ends)) if ends.len() == 2 => ends,
        Some(_) => return Err(args.unsupported("range", "it must be a pair of numbers").into()),
        None => {
            let mut ends = Vec::new();
            for wcr in [Wcr::Min, Wcr::Max] {
                let how = Reduction { wcr, axes: None, dtype: view.dtype, keep: false };
                ends.push(reduced(lowerer, args, view, how, Default::default(), &Dest::Temp)?);
            }
            ends.into()
        }
    };
    let mut bounds = Vec::new();
    for (k, widen) in [(0, -0.5), (1, 0.5)] {
        // A range without extent is made one wide.
        let bound = lowerer.elementwise("bound", &ends, &Dest::Temp, args.range, &|of| {
            let value = scalar::converted(&of[k], DType::Float64);
            let wider = scalar::binary(BinaryOp::Add, &value, &Scalar::float(widen))?;
            let equal = scalar::binary(BinaryOp::Eq, &of[0], &of[1])?;
            Ok(scalar::select(&equal, &wider, &value))
        })?;
        match bound {
            Value::Scalar(bound) => bounds.push(lowerer.materialize("__bound", &bound)),
            other => return Err(lowerer.not_a_number(&other, args.range)),
        }
    }
    let out = lowerer.new_array("__edges", DType::Float64, &[&bins + 1]);
    lowerer.flush();
    lowerer.fill("edges", &out, &|at| {
        let float = |expr: &Expr| scalar::converted(&Scalar::symbolic(expr.clone()), DType::Float64);
        let op = |op, a: &Scalar, b: &Scalar| {
            scalar::binary(op, a, b).unwrap_or_else(|_| Scalar::strong(a.code.clone(), DType::Float64))
        };
        let width = op(BinaryOp::Sub, &bounds[1], &bounds[0]);
        let step = op(BinaryOp::Div, &width, &float(&bins));
        let value = op(BinaryOp::Add, &op(BinaryOp::Mul, &float(&at[0]), &step), &bounds[0]);
        let is_last = op(BinaryOp::Eq, &Scalar::symbolic(at[0].clone()), &Scalar::symbolic(bins.clone()));
        scalar::select(&is_last, &bounds[1], &value).code
    });
    Ok(out)
}

/// The value of a polynomial with these coefficients, the highest first.
fn polyval(lowerer: &mut Lowerer<'_>, args: &Args) -> Result<Value> {
    let p = array(lowerer, args, "p")?;
    let x = args.value("x");
    let Some(count) = p.shape().first().and_then(Expr::as_int).filter(|count| (1..=256).contains(count))
    else {
        return any_polyval(lowerer, args, &p, x);
    };
    let mut operands = vec![x];
    for k in 0..count {
        operands.push(Value::Scalar(p.element(&[Expr::int(k)])));
    }
    lowerer.elementwise("polyval", &operands, &args.dest, args.range, &|of| {
        let mut value = scalar::converted(&of[1], float_or_sum(of[0].dtype(), of[1].dtype()));
        for coefficient in &of[2..] {
            value = scalar::binary(BinaryOp::Mul, &value, &of[0])?;
            value = scalar::binary(BinaryOp::Add, &value, coefficient)?;
        }
        Ok(value)
    })
}

/// A polynomial whose degree is known when the program runs.
fn any_polyval(lowerer: &mut Lowerer<'_>, args: &Args, p: &View, x: Value) -> Result<Value> {
    let x = match x {
        Value::Tuple(_) => Value::Array(array(lowerer, args, "x")?),
        other => other,
    };
    let own = match &x {
        Value::Array(view) => view.dtype,
        Value::Scalar(scalar) => scalar.dtype(),
        other => return Err(lowerer.not_a_number(other, args.range)),
    };
    let dtype = promote(own, p.dtype);
    let start = format!("np.{}(0)", if dtype == DType::Bool { "bool_" } else { dtype.name() });
    let rest = |library: Library| library.array("p", p).constant("start", start.clone());
    for_each(lowerer, args, x, dtype, &rest, ("polyval", "x"))
}

fn float_or_sum(x: DType, p: DType) -> DType {
    let both = promote(x, p);
    if both.is_integer() { accumulated(both) } else { promote(both, float_of(both)) }
}
