//! Statistics: covariances, quantiles, membership; formulas and loops of the library with their arguments put in order.

use super::scans::{Rows, merged};
use super::ufunc::{give, output};
use super::{Args, Entry, array, axis_of, call};
use crate::codes;
use crate::diagnostic::Diagnostic;
use crate::lower::{Dest, GivenArgs, Library, Lowerer, Result};
use crate::promotion::promote;
use crate::scalar;
use crate::types::{Axis, Scalar, Value, View};
use dacec_ir::{BinaryOp, DType, Expr, Function, Range};

/// Functions of NumPy.
pub(super) const ENTRIES: &[Entry] = &[
    call("cov", &["m", "y?", "rowvar?", "bias?", "ddof?"], covariance),
    call("corrcoef", &["m", "y?", "rowvar?"], correlation),
    call(
        "percentile",
        &["a", "q", "axis?", "out?", "overwrite_input?", "method?", "keepdims?"],
        |l, args| quantile(l, args, 100.0),
    ),
    call("quantile", &["a", "q", "axis?", "out?", "overwrite_input?", "method?", "keepdims?"], |l, args| {
        quantile(l, args, 1.0)
    }),
    call("isin", &["element", "test_elements", "assume_unique?", "invert?"], is_in),
];

/// The observations as rows of doubles, those of `y` below those of `m`; a vector if that is all there is.
fn observations(lowerer: &mut Lowerer<'_>, args: &Args) -> Result<View> {
    let by_rows = !args.given("rowvar") || args.flag("rowvar")?;
    let mut parts = Vec::new();
    for name in ["m", "y"] {
        if name == "y" && args.get(name).is_none() {
            continue;
        }
        let view = array(lowerer, args, name)?;
        let wide = promote(view.dtype, DType::Float64);
        let mut view = match lowerer.as_dtype(&Value::Array(view), wide, &Dest::Temp, args.range)? {
            Value::Array(view) => view.alias(),
            other => return Err(lowerer.not_a_number(&other, args.range)),
        };
        match view.rank() {
            1 => {}
            2 if by_rows => {}
            2 => view.axes.reverse(),
            _ => return Err(args.unsupported(name, "it must be a vector or a matrix").into()),
        }
        parts.push(view);
    }
    if let [one] = parts.as_slice() {
        return Ok(one.clone());
    }
    for view in &mut parts {
        if view.rank() == 1 {
            view.axes.insert(0, Axis::New(Expr::one()));
        }
    }
    match super::joining::joined(lowerer, args, &parts, 0)? {
        Value::Array(view) => Ok(view),
        other => Err(lowerer.not_a_number(&other, args.range)),
    }
}

fn covariance(lowerer: &mut Lowerer<'_>, args: &Args) -> Result<Value> {
    let rows = observations(lowerer, args)?;
    let ddof = match args.int("ddof")? {
        Some(ddof) => ddof,
        None => i64::from(!args.flag("bias")?),
    };
    let function = if rows.rank() == 1 { "variance" } else { "covariance" };
    let library = Library::new(function).array("m", &rows).constant("ddof", ddof.to_string());
    lowerer.call_library(&library, &args.dest, args.range)
}

fn correlation(lowerer: &mut Lowerer<'_>, args: &Args) -> Result<Value> {
    let rows = observations(lowerer, args)?;
    if rows.rank() == 1 {
        return Ok(Value::Scalar(Scalar::strong(dacec_ir::ScalarExpr::float(1.0), DType::Float64)));
    }
    let library = Library::new("correlation").array("m", &rows);
    let result = lowerer.call_library(&library, &Dest::Temp, args.range)?;
    // Rounding must not take them beyond 1.
    let clipped = |number: &Scalar| {
        let above = scalar::binary(BinaryOp::Max, number, &Scalar::float(-1.0))?;
        scalar::binary(BinaryOp::Min, &above, &Scalar::float(1.0))
    };
    lowerer.elementwise("clip", &[result], &args.dest, args.range, &|of| {
        if !of[0].dtype().is_complex() {
            return clipped(&of[0]);
        }
        let part = |function| clipped(&scalar::call(function, &of[0])?);
        Ok(scalar::complex(&part(Function::Real)?, &part(Function::Imag)?, of[0].dtype()))
    })
}

/// The value below which a share of the sorted elements lies; NaN if there is one.
fn quantile(lowerer: &mut Lowerer<'_>, args: &Args, whole: f64) -> Result<Value> {
    let view = array(lowerer, args, "a")?;
    let rank = view.rank();
    if view.dtype.is_complex() {
        return Err(args.unsupported("a", "complex numbers have no order").into());
    }
    let method = match args.get("method") {
        None => "linear",
        Some(Value::Text(name)) => match name.as_str() {
            "linear" => "linear",
            "lower" => "lower",
            "higher" => "higher",
            "midpoint" => "midpoint",
            "nearest" => "nearest",
            "hazen" => "hazen",
            "weibull" => "weibull",
            "median_unbiased" => "median_unbiased",
            "normal_unbiased" => "normal_unbiased",
            "interpolated_inverted_cdf" => "interpolated_inverted_cdf",
            "inverted_cdf" => "inverted_cdf",
            _ => {
                let known = "it must be a method of NumPy other than 'averaged_inverted_cdf' and 'closest_observation'";
                return Err(args.unsupported("method", known).into());
            }
        },
        Some(_) => return Err(args.unsupported("method", "it must be a text that is known").into()),
    };
    let axes = args.axes("axis", rank)?.unwrap_or_else(|| (0..rank).collect());
    // A share that is a number of Python does not widen the type.
    let exact = matches!(method, "lower" | "higher" | "nearest" | "inverted_cdf");
    let dtype = match (view.dtype, args.get("q")) {
        (dtype, _) if exact => dtype,
        (dtype, Some(Value::Scalar(q))) if dtype.is_float() && q.ty.weak => dtype,
        (dtype, _) => promote(dtype, DType::Float64),
    };
    let line = merged(lowerer, &view, &axes);
    let last = line.rank() - 1;
    let rows = Rows::of(lowerer, &line, last);
    rows.require_elements(lowerer, args, "quantile")?;
    let sorted = rows.like(lowerer, &Dest::Temp, view.dtype);
    lowerer.call_library(&rows.call("sort", &sorted), &Dest::Temp, args.range)?;
    let shares = match args.value("q") {
        Value::Scalar(share) => {
            return one_quantile(lowerer, args, &rows, &sorted, (share, whole), (method, dtype));
        }
        Value::Array(shares) if shares.rank() == 1 && shares.shape()[0].as_int().is_none() => {
            let shares =
                lowerer.elementwise("share", &[Value::Array(shares)], &Dest::Temp, args.range, &|of| {
                    scalar::binary(BinaryOp::Div, &of[0], &Scalar::float(whole))
                })?;
            let others = ["axis", "method", "keepdims"].into_iter().filter(|name| args.given(name));
            let mut keywords = vec![("q".to_owned(), (shares, args.place("q")))];
            keywords.extend(others.map(|name| (name.to_owned(), (args.value(name), args.place(name)))));
            let given = GivenArgs { positional: vec![(Value::Array(view), args.range)], keywords };
            return lowerer.call_composed("quantiles_of", given, &args.dest, args.range);
        }
        _ => array(lowerer, args, "q")?,
    };
    let Some(count) = shares.shape().first().and_then(Expr::as_int).filter(|count| (1..=64).contains(count))
    else {
        return Err(args.unsupported("q", "it must be a number, or a list of known length").into());
    };
    if shares.rank() != 1 {
        return Err(args.unsupported("q", "it must be a number or a list").into());
    }
    let (listed, mut results) = (args.value("q"), Vec::new());
    for k in 0..count {
        let known = if let Value::Tuple(items) = &listed { items.get(k as usize) } else { None };
        let share = match known {
            Some(Value::Scalar(share)) => share.clone(),
            _ => shares.element(&[Expr::int(k)]),
        };
        results.push(one_quantile(lowerer, args, &rows, &sorted, (share, whole), (method, dtype))?);
        lowerer.flush();
    }
    super::joining::as_rows(lowerer, args, results)
}

fn one_quantile(
    lowerer: &mut Lowerer<'_>,
    args: &Args,
    rows: &Rows,
    sorted: &View,
    (share, whole): (Scalar, f64),
    (method, dtype): (&'static str, DType),
) -> Result<Value> {
    let known = share.as_f64();
    let share = lowerer.elementwise("share", &[Value::Scalar(share)], &Dest::Temp, args.range, &|of| {
        let share = scalar::converted(&of[0], DType::Float64);
        if whole == 1.0 { Ok(share) } else { scalar::binary(BinaryOp::Div, &share, &Scalar::float(whole)) }
    })?;
    let share = match share {
        Value::Scalar(share) => {
            let share = lowerer.hoist(&share);
            if !known.is_some_and(|known| (0.0..=whole).contains(&known)) {
                for (op, end) in [(BinaryOp::Ge, 0.0), (BinaryOp::Le, 1.0)] {
                    let inside = scalar::binary(op, &share, &Scalar::float(end));
                    let inside =
                        inside.map_err(|reason| Diagnostic::error(codes::TYPE, args.range, reason))?;
                    let message = "quantiles must be from 0 to 1".to_owned();
                    lowerer.fail_unless(&inside, message, args.place("q"))?;
                }
            }
            Value::Scalar(share)
        }
        other => other,
    };
    let library = Library::new("quantile").constant("method", format!("'{method}'"));
    let rank = array(lowerer, args, "a")?.rank();
    let axes = args.axes("axis", rank)?.unwrap_or_else(|| (0..rank).collect());
    let keep = args.flag("keepdims")?;
    let result = if sorted.rank() == 1 {
        let library = library.array("x", sorted).value("q", share);
        match lowerer.call_library(&library, &args.dest, args.range)? {
            Value::Scalar(value) => {
                let value = scalar::converted(&value, dtype);
                if keep { super::reductions::boxed(lowerer, &value, rank) } else { Value::Scalar(value) }
            }
            other => other,
        }
    } else {
        let out = lowerer.new_array(args.dest.prefix(), dtype, &sorted.shape()[..1]);
        let library = library.rows("x", sorted).value("q", share).results(&out);
        lowerer.call_library(&library, &Dest::Temp, args.range)?;
        let view = rows.others_of(lowerer, out);
        Value::Array(if keep { crate::lower::keep_axes(view, &axes) } else { view })
    };
    match output(args)? {
        Some(out) => give(lowerer, args, &out, &result),
        None => Ok(result),
    }
}

/// Whether each element is among others: these are sorted once.
fn is_in(lowerer: &mut Lowerer<'_>, args: &Args) -> Result<Value> {
    let elements = match args.value("element") {
        Value::Tuple(_) => Value::Array(array(lowerer, args, "element")?),
        other => other,
    };
    let known = match args.value("test_elements") {
        Value::Scalar(scalar) => match super::reductions::boxed(lowerer, &scalar, 1) {
            Value::Array(view) => view,
            other => return Err(lowerer.not_a_number(&other, args.range)),
        },
        _ => array(lowerer, args, "test_elements")?,
    };
    lowerer.flush();
    let own = match &elements {
        Value::Array(view) => view.dtype,
        Value::Scalar(scalar) => scalar.dtype(),
        other => return Err(lowerer.not_a_number(other, args.range)),
    };
    let dtype = promote(own, known.dtype);
    if dtype.is_complex() {
        return Err(args.unsupported("element", "complex numbers have no order to search in").into());
    }
    // Integers of any two types are compared exactly, also where no type holds both.
    let exact = own.is_integer() && known.dtype.is_integer();
    let (own, dtype) = if exact { (own, known.dtype) } else { (dtype, dtype) };
    let elements = lowerer.as_dtype(&elements, own, &Dest::Temp, args.range)?;
    let known = if known.rank() == 1 { known } else { super::manipulation::flattened(lowerer, &known) };
    let known = match lowerer.as_dtype(&Value::Array(known), dtype, &Dest::Temp, args.range)? {
        Value::Array(view) => view,
        other => return Err(lowerer.not_a_number(&other, args.range)),
    };
    let sorted = lowerer.new_array("__sorted", dtype, &known.shape());
    lowerer.flush();
    let library = Library::new("sort").array("x", &known).array("out", &sorted);
    lowerer.call_library(&library, &Dest::Temp, args.range)?;
    let rest = |library: Library| library.array("a", &sorted);
    let found = super::sequences::for_each(lowerer, args, elements, DType::Bool, &rest, ("isin", "v"))?;
    if !args.flag("invert")? {
        return Ok(found);
    }
    lowerer.elementwise("invert", &[found], &args.dest, args.range, &|of| {
        scalar::unary(dacec_ir::UnaryOp::Not, &of[0])
    })
}

/// `np.take_along_axis(arr, indices, axis)`: along one axis, each index of an array chooses an element.
pub(super) fn take_along_axis(lowerer: &mut Lowerer<'_>, args: &Args) -> Result<Value> {
    let mut view = array(lowerer, args, "arr")?;
    let indices = array(lowerer, args, "indices")?;
    let axis = match (args.given("axis"), args.int("axis")?) {
        (true, None) => {
            view = super::manipulation::flattened(lowerer, &view);
            Some(0)
        }
        (_, axis) => axis_of(axis.unwrap_or(-1), view.rank()),
    };
    let (Some(axis), true) = (axis, indices.dtype.is_integer()) else {
        return Err(args.unsupported("axis", "there is no such axis, or the indices are no integers").into());
    };
    if view.rank() != indices.rank() {
        return Err(args.unsupported("indices", "they must have as many dimensions as the array").into());
    }
    let (mut own, mut chosen) = (view.shape(), indices.shape());
    let along = std::mem::replace(&mut chosen[axis], Expr::one());
    own[axis] = Expr::one();
    let mut shape = lowerer.broadcast_shapes(&own, &chosen, args.range)?;
    shape[axis] = along;
    let out = lowerer.new_array(args.dest.prefix(), view.dtype, &shape);
    lowerer.fill("take", &out, &|position| {
        let at = crate::lower::broadcast_element(&indices, position, &shape);
        let mut place = position.to_vec();
        for (place, extent) in place.iter_mut().zip(&own) {
            if extent.is_one() {
                *place = Expr::zero();
            }
        }
        let mut code: Vec<dacec_ir::ScalarExpr> =
            view.indices(&place).into_iter().map(dacec_ir::ScalarExpr::Symbolic).collect();
        if let Axis::Dim(dim) = view.axes[axis] {
            code[dim] = crate::lower::computed(&view.subset.dims[dim], &at);
        }
        dacec_ir::ScalarExpr::Load { name: view.container.clone(), indices: code }
    });
    Ok(Value::Array(out))
}

/// The array with values put in before an index of an axis.
pub(super) fn insert(lowerer: &mut Lowerer<'_>, args: &Args) -> Result<Value> {
    let (view, axis) = super::manipulation::along(lowerer, args, "arr")?;
    let at = match args.value("obj") {
        at @ Value::Scalar(_) => lowerer.integer(&at, args.place("obj"))?,
        _ => return insert_several(lowerer, args, &view, axis),
    };
    let mut values = match args.value("values") {
        Value::Tuple(_) => Value::Array(array(lowerer, args, "values")?),
        other => other,
    };
    let extent = view.shape()[axis].clone();
    let from_end = &extent + &at;
    let at = match (at.as_int(), lowerer.facts.prove_ge(&at, &Expr::zero())) {
        (Some(known), _) if known < 0 => from_end,
        (Some(_), _) | (_, Some(true)) => at,
        _ => at.lt(&Expr::zero()).select(&from_end, &at),
    };
    let message = format!("the index {at} is outside of an axis of extent {extent}");
    if lowerer.facts.prove_le(&at, &extent) == Some(false) || at.as_int().is_some_and(|at| at < 0) {
        return Err(Diagnostic::error(codes::INDEX, args.place("obj"), message).into());
    }
    let inside = Expr::zero().le(&at).and(&at.le(&extent));
    lowerer.require(&inside, message, args.place("obj"))?;
    let count = match &mut values {
        // With one index, the first axis of the values is the one that grows.
        Value::Array(values) => {
            *values = values.clone().alias();
            while values.rank() < view.rank() {
                values.axes.insert(0, Axis::New(Expr::one()));
            }
            let first = values.axes.remove(0);
            values.axes.insert(axis, first);
            values.shape()[axis].clone()
        }
        _ => Expr::one(),
    };
    let mut shape = view.shape();
    shape[axis] = &extent + &count;
    let out = lowerer.new_array(args.dest.prefix(), view.dtype, &shape);
    let within = |view: &View, start: &Expr, stop: &Expr| {
        let mut part = view.clone();
        if let Axis::Dim(dim) = part.axes[axis] {
            let inner = Range::new(start.clone(), stop.clone());
            part.subset.dims[dim] = view.subset.dims[dim].compose(&inner);
        }
        part
    };
    let end = &at + &count;
    let zero = Expr::zero();
    let pieces = [
        (within(&out, &zero, &at), Value::Array(within(&view, &zero, &at))),
        (within(&out, &at, &end), values),
        (within(&out, &end, &shape[axis]), Value::Array(within(&view, &at, &extent))),
    ];
    for (target, value) in pieces {
        lowerer.write(&target, &value, args.range)?;
        lowerer.flush();
    }
    Ok(Value::Array(out))
}

/// The array with values put in before several indices of an axis.
fn insert_several(lowerer: &mut Lowerer<'_>, args: &Args, view: &View, axis: usize) -> Result<Value> {
    let places = array(lowerer, args, "obj")?;
    if places.rank() != 1 || !places.dtype.is_integer() {
        return Err(args.unsupported("obj", "it must be integers").into());
    }
    let values = match args.value("values") {
        Value::Tuple(_) => Value::Array(array(lowerer, args, "values")?),
        other => other,
    };
    let axis = Value::Scalar(Scalar::int(axis as i64));
    let positional = [Value::Array(view.clone()), Value::Array(places), values, axis];
    let positional = positional.into_iter().map(|value| (value, args.range)).collect();
    let given = GivenArgs { positional, keywords: Vec::new() };
    lowerer.call_composed("insert_several", given, &args.dest, args.range)
}
