//! Functions that make arrays.

use super::{Args, Entry, call, shape_of};
use crate::codes;
use crate::diagnostic::Diagnostic;
use crate::lower::{Dest, GivenArgs, Library, Lowerer, Result};
use crate::promotion::{Typed, promote};
use crate::scalar::{self, cast};
use crate::types::{Scalar, Value, View};
use dacec_ir::{BinaryOp, DType, Expr, ScalarExpr};

/// Creation functions.
pub(super) const ENTRIES: &[Entry] = &[
    call("empty", &["shape", "dtype?", "order?"], |l, args| created(l, args, None)),
    call("zeros", &["shape", "dtype?", "order?"], |l, args| created(l, args, Some(0))),
    call("ones", &["shape", "dtype?", "order?"], |l, args| created(l, args, Some(1))),
    call("ndarray", &["shape", "dtype?"], |l, args| created(l, args, None)),
    call("empty_like", &["a", "dtype?", "order?", "subok?", "shape?"], |l, args| created(l, args, None)),
    call("zeros_like", &["a", "dtype?", "order?", "subok?", "shape?"], |l, args| created(l, args, Some(0))),
    call("ones_like", &["a", "dtype?", "order?", "subok?", "shape?"], |l, args| created(l, args, Some(1))),
    call("full", &["shape", "fill_value", "dtype?", "order?"], full),
    call("full_like", &["a", "fill_value", "dtype?", "order?", "subok?", "shape?"], full),
    call("eye", &["N", "M?", "k?", "dtype?"], eye),
    call("identity", &["N", "dtype?"], eye),
    call("arange", &["start", "stop?", "step?", "dtype?"], arange),
    call("linspace", &["start", "stop", "num?", "endpoint?", "retstep?", "dtype?", "axis?"], linspace),
    call("logspace", &["start", "stop", "num?", "endpoint?", "base?", "dtype?"], logspace),
    call("geomspace", &["start", "stop", "num?", "endpoint?", "dtype?"], geomspace),
    call("indices", &["dimensions", "dtype?"], indices),
    call("copy", &["a", "order?", "subok?"], copy),
    call("array", &["a", "dtype?", "copy?", "order?", "subok?", "ndmin?"], array),
    call("asarray", &["a", "dtype?", "order?"], as_array),
    call("ascontiguousarray", &["a", "dtype?"], as_array),
    call("fromfunction", &["function", "shape", "dtype?"], from_function),
];

/// Shape and element type of the result: as asked for, or those of the argument.
fn described(lowerer: &mut Lowerer<'_>, args: &Args, default: DType) -> Result<(Vec<Expr>, DType)> {
    let dtype = args.dtype("dtype")?;
    match (args.get("shape"), args.get("a")) {
        (None, Some(Value::Array(view))) => Ok((view.shape(), dtype.unwrap_or(view.dtype))),
        (Some(shape), like) => {
            let default = if let Some(Value::Array(view)) = like { view.dtype } else { default };
            let shape = shape.clone();
            let shape = shape_of(lowerer, &shape, args.place("shape"))?;
            if shape.is_empty() || shape.iter().any(|extent| extent.as_int().is_some_and(|it| it < 0)) {
                return Err(args.unsupported("shape", "extents must not be negative, nor absent").into());
            }
            Ok((shape, dtype.unwrap_or(default)))
        }
        _ => Err(args.unsupported("a", "it must be an array").into()),
    }
}

fn created(lowerer: &mut Lowerer<'_>, args: &Args, value: Option<i64>) -> Result<Value> {
    let (shape, dtype) = described(lowerer, args, DType::Float64)?;
    let view = lowerer.new_array(args.dest.prefix(), dtype, &shape);
    if let Some(value) = value {
        let code = cast(&Scalar::int(value), dtype);
        lowerer.fill("fill", &view, &|_| code.clone());
    }
    Ok(Value::Array(view))
}

fn full(lowerer: &mut Lowerer<'_>, args: &Args) -> Result<Value> {
    let value = match args.value("fill_value") {
        Value::Scalar(value) => lowerer.hoist(&value),
        _ => {
            let values = super::array(lowerer, args, "fill_value")?;
            let (shape, dtype) = described(lowerer, args, values.dtype)?;
            let view = lowerer.new_array(args.dest.prefix(), dtype, &shape);
            lowerer.write(&view, &Value::Array(values), args.range)?;
            lowerer.flush();
            return Ok(Value::Array(view));
        }
    };
    let (shape, dtype) = described(lowerer, args, value.dtype())?;
    let view = lowerer.new_array(args.dest.prefix(), dtype, &shape);
    lowerer.fill("fill", &view, &|_| cast(&value, dtype));
    Ok(Value::Array(view))
}

fn eye(lowerer: &mut Lowerer<'_>, args: &Args) -> Result<Value> {
    let rows = lowerer.integer(&args.value("N"), args.place("N"))?;
    let columns = match args.get("M").cloned() {
        Some(value) => lowerer.integer(&value, args.place("M"))?,
        None => rows.clone(),
    };
    let offset = match args.get("k").cloned() {
        Some(value) => lowerer.integer(&value, args.place("k"))?,
        None => Expr::zero(),
    };
    let dtype = args.dtype("dtype")?.unwrap_or(DType::Float64);
    let view = lowerer.new_array(args.dest.prefix(), dtype, &[rows, columns]);
    let (zero, one) = (cast(&Scalar::int(0), dtype), cast(&Scalar::int(1), dtype));
    lowerer.fill("eye", &view, &|at| {
        let (row, column) = (Scalar::symbolic(&at[0] + &offset), Scalar::symbolic(at[1].clone()));
        let equal = ScalarExpr::binary(BinaryOp::Eq, row.code, column.code);
        ScalarExpr::select(equal, one.clone(), zero.clone())
    });
    Ok(Value::Array(view))
}

fn arange(lowerer: &mut Lowerer<'_>, args: &Args) -> Result<Value> {
    let (start, stop) = match (args.value("start"), args.get("stop").cloned()) {
        (start, Some(stop)) => (start, stop),
        (stop, None) => (Value::Scalar(Scalar::int(0)), stop),
    };
    let step = args.get("step").cloned().unwrap_or(Value::Scalar(Scalar::int(1)));
    let (Value::Scalar(start), Value::Scalar(stop), Value::Scalar(step)) = (start, stop, step) else {
        return Err(args.unsupported("start", "it must be a number").into());
    };
    let ty = start.ty.with(stop.ty).with(step.ty);
    let count = if let (Some(start), Some(stop), Some(step)) = (start.as_f64(), stop.as_f64(), step.as_f64())
    {
        Expr::int(((stop - start) / step).ceil().max(0.0) as i64)
    } else if ty.dtype.is_integer() {
        let low = lowerer.integer(&Value::Scalar(start.clone()), args.range)?;
        let high = lowerer.integer(&Value::Scalar(stop), args.range)?;
        let step = lowerer.integer(&Value::Scalar(step.clone()), args.range)?;
        if step.as_int().is_none_or(|step| step == 0) {
            return Err(args.unsupported("step", "it must be a constant that is not 0").into());
        }
        dacec_ir::Range::strided(low, high, step).len()
    } else {
        super::counted::steps(lowerer, args, [&start, &stop, &step])?
    };
    // NumPy computes ranges of small numbers as those of Python's.
    let whole = ty.dtype.is_integer() && ty.dtype != DType::UInt64;
    let natural = if whole { DType::Int64 } else { DType::Float64 };
    let dtype = args.dtype("dtype")?.unwrap_or(natural);
    let (start, step) = (lowerer.hoist(&start), lowerer.hoist(&step));
    let view = lowerer.new_array(args.dest.prefix(), dtype, &[count]);
    let element = |at: &[Expr]| {
        let offset = scalar::binary(BinaryOp::Mul, &Scalar::symbolic(at[0].clone()), &step)?;
        scalar::binary(BinaryOp::Add, &start, &offset)
    };
    element(&[Expr::zero()]).map_err(|reason| Diagnostic::error(codes::TYPE, args.range, reason))?;
    lowerer.fill("arange", &view, &|at| {
        element(at).map(|it| cast(&it, dtype)).unwrap_or_else(|_| ScalarExpr::int(0))
    });
    Ok(Value::Array(view))
}

fn linspace(lowerer: &mut Lowerer<'_>, args: &Args) -> Result<Value> {
    let numbers = spaced_numbers(lowerer, args)?;
    if !args.flag("retstep")? {
        return Ok(numbers);
    }
    let closed = !args.given("endpoint") || args.flag("endpoint")?;
    let count = match args.get("num").cloned() {
        Some(value) => lowerer.integer(&value, args.place("num"))?,
        None => Expr::int(50),
    };
    let parts = Value::Scalar(Scalar::symbolic(if closed { count - 1 } else { count }));
    let operands = [args.value("start"), args.value("stop"), parts];
    let step = lowerer.elementwise("step", &operands, &Dest::Temp, args.range, &|of| {
        let dtype = spaced_type(of[0].ty, of[1].ty);
        let (start, stop) = (scalar::converted(&of[0], dtype), scalar::converted(&of[1], dtype));
        let width = scalar::binary(BinaryOp::Sub, &stop, &start)?;
        let step = scalar::binary(BinaryOp::Div, &width, &of[2])?;
        let none = scalar::binary(BinaryOp::Eq, &of[2], &Scalar::int(0))?;
        Ok(scalar::select(&none, &Scalar::float(f64::NAN), &step))
    })?;
    Ok(Value::Tuple(vec![numbers, super::ufunc::of_numpy(step)].into()))
}

fn spaced_numbers(lowerer: &mut Lowerer<'_>, args: &Args) -> Result<Value> {
    let is_array = |name| !matches!(args.get(name), Some(Value::Scalar(_)));
    if is_array("start") || is_array("stop") {
        let mut given = GivenArgs::default();
        for name in ["start", "stop", "num", "endpoint", "axis"].into_iter().filter(|name| args.given(name)) {
            let value = match args.value(name) {
                Value::Tuple(_) => Value::Array(super::array(lowerer, args, name)?),
                other => other,
            };
            given.keywords.push((name.to_owned(), (value, args.place(name))));
        }
        let numbers = lowerer.call_composed("spaced_arrays", given, &args.dest, args.range)?;
        return match args.dtype("dtype")? {
            Some(dtype) => lowerer.as_dtype(&numbers, dtype, &args.dest, args.range),
            None => Ok(numbers),
        };
    }
    let view = spaced(lowerer, args, args.dest.prefix())?;
    match args.dtype("dtype")? {
        None => Ok(Value::Array(view)),
        Some(dtype) if dtype == view.dtype => Ok(Value::Array(view)),
        Some(dtype) => {
            lowerer.elementwise("cast", &[Value::Array(view)], &args.dest, args.range, &|of| {
                // Integers are rounded down, as NumPy does here and nowhere else.
                let value = if dtype.is_integer() {
                    scalar::call(dacec_ir::Function::Floor, &of[0])?
                } else {
                    of[0].clone()
                };
                Ok(scalar::converted(&value, dtype))
            })
        }
    }
}

/// Powers of a base with equally spaced exponents.
fn logspace(lowerer: &mut Lowerer<'_>, args: &Args) -> Result<Value> {
    let exponents = spaced(lowerer, args, "__tmp")?;
    let base = args.get("base").cloned().unwrap_or(Value::Scalar(Scalar::float(10.0)));
    let dtype = args.dtype("dtype")?;
    lowerer.elementwise("power", &[base, Value::Array(exponents)], &args.dest, args.range, &|of| {
        let value = scalar::binary(BinaryOp::Pow, &of[0], &of[1])?;
        Ok(dtype.map_or(value.clone(), |dtype| scalar::converted(&value, dtype)))
    })
}

/// Numbers with equal ratios between neighbours.
fn geomspace(lowerer: &mut Lowerer<'_>, args: &Args) -> Result<Value> {
    let mut ends = Vec::new();
    for name in ["start", "stop"] {
        match args.get(name) {
            Some(Value::Scalar(value)) if !value.dtype().is_complex() => {
                let value = lowerer.hoist(&scalar::converted(value, DType::Float64));
                ends.push(Value::Scalar(value));
            }
            _ => return Err(args.unsupported(name, "it must be a real number").into()),
        }
    }
    let count = match args.get("num").cloned() {
        Some(value) => lowerer.integer(&value, args.place("num"))?,
        None => Expr::int(50),
    };
    let closed = !args.given("endpoint") || args.flag("endpoint")?;
    let view = lowerer.new_array(args.dest.prefix(), DType::Float64, &[count]);
    let library = Library::new("geomspace")
        .value("start", ends[0].clone())
        .value("stop", ends[1].clone())
        .array("out", &view)
        .constant("closed", if closed { "True" } else { "False" });
    lowerer.call_library(&library, &Dest::Temp, args.range)?;
    match args.dtype("dtype")? {
        None => Ok(Value::Array(view)),
        Some(dtype) => lowerer.as_dtype(&Value::Array(view), dtype, &args.dest, args.range),
    }
}

/// The indices of a grid: for each axis, an array of the indices along it.
fn indices(lowerer: &mut Lowerer<'_>, args: &Args) -> Result<Value> {
    let shape = shape_of(lowerer, &args.value("dimensions"), args.place("dimensions"))?;
    let dtype = args.dtype("dtype")?.unwrap_or(DType::Int64);
    let mut whole = vec![Expr::from(shape.len())];
    whole.extend(shape.iter().cloned());
    let out = lowerer.new_array(args.dest.prefix(), dtype, &whole);
    for axis in 0..shape.len() {
        let mut part = out.clone();
        part.axes.remove(0);
        part.subset.dims[0] = dacec_ir::Range::index(Expr::from(axis));
        lowerer.fill("indices", &part, &|at| cast(&Scalar::symbolic(at[axis].clone()), dtype));
        lowerer.flush();
    }
    Ok(Value::Array(out))
}

/// The type of numbers between two ends.
fn spaced_type(start: Typed, stop: Typed) -> DType {
    let dtype = start.with(stop).dtype;
    if dtype.is_float() || dtype.is_complex() { dtype } else { DType::Float64 }
}

/// Equally spaced floats.
fn spaced(lowerer: &mut Lowerer<'_>, args: &Args, prefix: &str) -> Result<View> {
    let number = |name: &str| match args.get(name) {
        Some(Value::Scalar(value)) if !value.dtype().is_complex() => Ok(value.clone()),
        _ => Err(args.unsupported(name, "it must be a real number")),
    };
    let (start, stop) = (number("start")?, number("stop")?);
    let dtype = spaced_type(start.ty, stop.ty);
    let start = lowerer.hoist(&scalar::converted(&start, dtype));
    let stop = lowerer.hoist(&scalar::converted(&stop, dtype));
    let count = match args.get("num").cloned() {
        Some(value) => lowerer.integer(&value, args.place("num"))?,
        None => Expr::int(50),
    };
    let closed = !args.given("endpoint") || args.flag("endpoint")?;
    let steps = if closed { &count - 1 } else { count.clone() };
    let view = lowerer.new_array(prefix, dtype, std::slice::from_ref(&count));
    let float = |expr: Expr| ScalarExpr::Symbolic(expr).cast(DType::Int64, dtype);
    let op = ScalarExpr::binary;
    lowerer.fill("linspace", &view, &|at| {
        let intervals = float(steps.max(&Expr::one()));
        let width = op(BinaryOp::Sub, stop.code.clone(), start.code.clone());
        let step = op(BinaryOp::Div, width, intervals);
        let value = op(BinaryOp::Add, op(BinaryOp::Mul, float(at[0].clone()), step), start.code.clone());
        if !closed {
            return value;
        }
        // The last value is exactly the end.
        let last = op(
            BinaryOp::And,
            op(BinaryOp::Eq, ScalarExpr::Symbolic(at[0].clone()), ScalarExpr::Symbolic(&count - 1)),
            op(BinaryOp::Gt, ScalarExpr::Symbolic(count.clone()), ScalarExpr::int(1)),
        );
        ScalarExpr::select(last, stop.code.clone(), value)
    });
    Ok(view)
}

/// The values of a function of the indices, which it gets as arrays.
fn from_function(lowerer: &mut Lowerer<'_>, args: &Args) -> Result<Value> {
    let shape = shape_of(lowerer, &args.value("shape"), args.place("shape"))?;
    let dtype = args.dtype("dtype")?.unwrap_or(DType::Float64);
    let mut indices = Vec::new();
    for axis in 0..shape.len() {
        let view = lowerer.new_array("__tmp", dtype, &shape);
        lowerer.fill("index", &view, &|at| cast(&Scalar::symbolic(at[axis].clone()), dtype));
        indices.push(Value::Array(view));
    }
    lowerer.call_value(&args.value("function"), indices, args.range)
}

fn copy(lowerer: &mut Lowerer<'_>, args: &Args) -> Result<Value> {
    match args.value("a") {
        Value::Array(view) => Ok(Value::Array(lowerer.copied(&view, args.dest.prefix()))),
        Value::Scalar(scalar) => Ok(Value::Scalar(scalar)),
        other => Err(lowerer.not_a_number(&other, args.range)),
    }
}

/// `np.array(..., ndmin=...)`: with new axes in front.
fn array(lowerer: &mut Lowerer<'_>, args: &Args) -> Result<Value> {
    let mut value = plain_array(lowerer, args)?;
    if let (Value::Array(view), Some(least)) = (&mut value, args.int("ndmin")?) {
        let missing = usize::try_from(least).unwrap_or(0).saturating_sub(view.rank()).min(32);
        view.axes.splice(0..0, std::iter::repeat_n(crate::types::Axis::New(Expr::one()), missing));
    }
    Ok(value)
}

/// `np.array` of an array (a copy), or of nested lists of numbers.
fn plain_array(lowerer: &mut Lowerer<'_>, args: &Args) -> Result<Value> {
    let dtype = args.dtype("dtype")?;
    match args.value("a") {
        Value::Array(view) => match dtype {
            Some(dtype) if dtype != view.dtype => {
                lowerer.as_dtype(&Value::Array(view), dtype, &args.dest, args.range)
            }
            _ => Ok(Value::Array(lowerer.copied(&view, args.dest.prefix()))),
        },
        Value::Tuple(items) if items.iter().any(|item| matches!(item, Value::Array(_))) => {
            let rows = super::joining::as_rows(lowerer, args, items.into())?;
            match dtype {
                Some(dtype) => lowerer.as_dtype(&rows, dtype, &args.dest, args.range),
                None => Ok(rows),
            }
        }
        Value::Tuple(items) => literal(lowerer, args, &items, dtype),
        other => Err(lowerer.not_a_number(&other, args.range)),
    }
}

/// The array itself, if it has the type that is asked for.
fn as_array(lowerer: &mut Lowerer<'_>, args: &Args) -> Result<Value> {
    match (args.get("a"), args.dtype("dtype")?) {
        (Some(Value::Array(view)), dtype) if dtype.is_none_or(|dtype| dtype == view.dtype) => {
            Ok(Value::Array(view.clone().alias()))
        }
        _ => array(lowerer, args),
    }
}

/// A list of numbers or arrays, given where an array is needed.
pub(super) fn of_items(lowerer: &mut Lowerer<'_>, args: &Args, name: &str, items: &[Value]) -> Result<View> {
    let value = if items.iter().any(|item| matches!(item, Value::Array(_))) {
        super::joining::as_rows(lowerer, args, items.to_vec())?
    } else {
        literal(lowerer, args, items, None)?
    };
    match value {
        Value::Array(view) => Ok(view),
        _ => Err(args.unsupported(name, "it must be an array").into()),
    }
}

fn literal(lowerer: &mut Lowerer<'_>, args: &Args, items: &[Value], dtype: Option<DType>) -> Result<Value> {
    let mut shape = Vec::new();
    let mut elements = Vec::new();
    flatten(items, 0, &mut shape, &mut elements).map_err(|reason| args.unsupported("a", reason))?;
    // In lists, numbers of Python have types like all others.
    let natural = elements.iter().map(Scalar::dtype).reduce(promote).unwrap_or(DType::Float64);
    let dtype = dtype.unwrap_or(natural);
    let extents: Vec<Expr> = shape.iter().map(|&extent| Expr::from(extent)).collect();
    let view = lowerer.new_array("__list", dtype, &extents);
    for (k, element) in elements.iter().enumerate() {
        let mut rest = k;
        let mut at = vec![Expr::zero(); shape.len()];
        for (dim, extent) in shape.iter().enumerate().rev() {
            at[dim] = Expr::from(rest % extent);
            rest /= extent;
        }
        let target = View { subset: dacec_ir::Subset::element(at), axes: Vec::new(), ..view.clone() };
        lowerer.write(&target, &Value::Scalar(element.clone()), args.range)?;
        lowerer.flush();
    }
    Ok(Value::Array(view))
}

fn flatten(
    items: &[Value],
    depth: usize,
    shape: &mut Vec<usize>,
    elements: &mut Vec<Scalar>,
) -> std::result::Result<(), &'static str> {
    match shape.get(depth) {
        Some(extent) if *extent != items.len() => return Err("its rows have different lengths"),
        Some(_) => {}
        None if items.is_empty() || items.len() > 4096 => return Err("it is empty, or very long"),
        None => shape.push(items.len()),
    }
    for item in items {
        match item {
            Value::Tuple(inner) => flatten(inner, depth + 1, shape, elements)?,
            Value::Scalar(scalar) if depth + 1 == shape.len() => elements.push(scalar.clone()),
            _ => return Err("it is no regular list of numbers"),
        }
    }
    Ok(())
}
