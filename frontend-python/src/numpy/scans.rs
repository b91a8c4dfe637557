//! Functions along an axis in order: running sums, positions of extrema, sorting.
//!
//! The loop itself is a function of the library for one row. The axis becomes the last one, all others together the
//! first, and the rows are independent of each other.

use super::reductions::accumulated;
use super::ufunc::{give, output};
use super::{Args, Entry, array, axis_of, call};
use crate::lower::{Dest, Library, Lowerer, Result, keep_axes};
use crate::scalar;
use crate::types::{Axis, Scalar, Value, View};
use dacec_ir::library::LibraryOp;
use dacec_ir::library::defined::{Scan, Sort};
use dacec_ir::{BinaryOp, DType, Expr, Range, Wcr};

/// Functions of NumPy.
pub(super) const ENTRIES: &[Entry] = &[
    call("cumsum", &["a", "axis?", "dtype?", "out?"], |l, args| cumulative(l, args, Wcr::Sum)),
    call("cumprod", &["a", "axis?", "dtype?", "out?"], |l, args| cumulative(l, args, Wcr::Product)),
    call("argmax", &["a", "axis?", "out?", "keepdims?"], |l, args| extremum(l, args, "np.greater")),
    call("argmin", &["a", "axis?", "out?", "keepdims?"], |l, args| extremum(l, args, "np.less")),
    call("sort", &["a", "axis?", "kind?", "order?", "stable?"], |l, args| sorted(l, args, false)),
    call("argsort", &["a", "axis?", "kind?", "order?", "stable?"], |l, args| sorted(l, args, true)),
    call("median", &["a", "axis?", "out?", "overwrite_input?", "keepdims?"], median),
];

/// The methods that sort in place.
pub(super) const METHODS: &[Entry] = &[
    call("sort", &["a", "axis?", "kind?", "order?", "stable?"], sort_in_place),
    call("partition", &["a", "kth", "axis?", "kind?", "order?"], sort_in_place),
];

/// What is sorted is in the parts that are asked for, too.
fn sort_in_place(lowerer: &mut Lowerer<'_>, args: &Args) -> Result<Value> {
    let target = array(lowerer, args, "a")?;
    let result = sorted(lowerer, args, false)?;
    lowerer.write(&target, &result, args.range)?;
    Ok(Value::None)
}

/// An array as rows along one of its axes, and the way back.
pub(super) struct Rows {
    /// Two dimensions; one, if the array has one.
    rows: View,
    /// Extents of the other axes, in order.
    others: Vec<Expr>,
    extent: Expr,
    axis: usize,
}

impl Rows {
    pub(super) fn of(lowerer: &mut Lowerer<'_>, view: &View, axis: usize) -> Rows {
        let mut moved = view.clone().alias();
        let along = moved.axes.remove(axis);
        let others = moved.shape();
        moved.axes.push(along);
        let extent = moved.shape().pop().unwrap_or_else(Expr::one);
        let rows = if others.len() <= 1 {
            moved
        } else {
            let count = others.iter().fold(Expr::one(), |product, extent| product * extent);
            let plain = lowerer.copied(&moved, "__tmp");
            let rows = lowerer.new_array("__rows", view.dtype, &[count, extent.clone()]);
            lowerer.copy_elements(&plain, &rows);
            rows
        };
        lowerer.flush();
        Rows { rows, others, extent, axis }
    }

    /// Makes sure that each row has elements, when the program runs if that cannot be proved.
    pub(super) fn require_elements(&self, lowerer: &mut Lowerer<'_>, args: &Args, what: &str) -> Result<()> {
        let message = format!("no elements have a {what}: the extent is {}", self.extent);
        lowerer.require(&self.extent.ge(&Expr::one()), message, args.range)
    }

    /// The rows themselves.
    pub(super) fn rows(&self) -> &View {
        &self.rows
    }

    /// A new array for results of the same shape.
    pub(super) fn like(&self, lowerer: &mut Lowerer<'_>, dest: &Dest, dtype: DType) -> View {
        let prefix = if self.others.len() <= 1 { dest.prefix() } else { "__rows" };
        lowerer.new_array(prefix, dtype, &self.rows.shape())
    }

    /// Results with the axes of the array.
    pub(super) fn back(&self, lowerer: &mut Lowerer<'_>, results: View) -> View {
        let mut shape = self.others.clone();
        shape.push(self.extent.clone());
        let mut view = reshaped(lowerer, results, &shape);
        let along = view.axes.pop();
        view.axes.splice(self.axis..self.axis, along);
        view
    }

    /// Results of which there is one for each row, with the other axes of the array.
    pub(super) fn others_of(&self, lowerer: &mut Lowerer<'_>, results: View) -> View {
        reshaped(lowerer, results, &self.others)
    }

    /// Adds the node of an operation on rows, if the rows are as they lie in their container.
    fn operate(
        &self,
        lowerer: &mut Lowerer<'_>,
        args: &Args,
        op: impl LibraryOp + 'static,
        out: &View,
    ) -> bool {
        let plain = self.rows.is_plain() && out.is_plain();
        if plain {
            lowerer.operate(op, &[("_in".into(), &self.rows)], out, args.range);
        }
        plain
    }

    /// The call of a function that takes a row of the array and one of the results.
    pub(super) fn call(&self, function: &'static str, out: &View) -> Library {
        let library = Library::new(function);
        match self.others.is_empty() {
            true => library.array("x", &self.rows).array("out", out),
            false => library.rows("x", &self.rows).rows("out", out),
        }
    }
}

fn reshaped(lowerer: &mut Lowerer<'_>, view: View, shape: &[Expr]) -> View {
    if view.rank() == shape.len() {
        return view;
    }
    let out = lowerer.new_array("__tmp", view.dtype, shape);
    lowerer.copy_elements(&view, &out);
    lowerer.flush();
    out
}

/// The array with some of its axes made one, which is the last.
pub(super) fn merged(lowerer: &mut Lowerer<'_>, view: &View, axes: &[usize]) -> View {
    let mut moved = view.clone().alias();
    let (mut others, mut along) = (Vec::new(), Vec::new());
    for (k, axis) in moved.axes.drain(..).enumerate() {
        if axes.contains(&k) { along.push(axis) } else { others.push(axis) }
    }
    let kept = others.len();
    moved.axes.extend(others.into_iter().chain(along));
    if axes.len() == 1 {
        return moved;
    }
    let mut shape = moved.shape();
    let count = shape.drain(kept..).fold(Expr::one(), |product, extent| product * extent);
    shape.push(count);
    let plain = lowerer.plain(&moved);
    let merged = lowerer.new_array("__merged", view.dtype, &shape);
    lowerer.copy_elements(&plain, &merged);
    lowerer.flush();
    merged
}

/// The array and the axis that a function works along: all elements in order, if none is given.
fn along(lowerer: &mut Lowerer<'_>, args: &Args, default: Option<i64>) -> Result<(View, usize)> {
    let view = array(lowerer, args, "a")?;
    let axis = match (args.given("axis"), default) {
        (false, Some(default)) => Some(default),
        _ => args.int("axis")?,
    };
    match axis {
        Some(axis) => match axis_of(axis, view.rank()) {
            Some(axis) => Ok((view, axis)),
            None => Err(args.unsupported("axis", "there is no such axis").into()),
        },
        None if view.rank() == 1 => Ok((view, 0)),
        None => {
            let total = view.shape().iter().fold(Expr::one(), |product, extent| product * extent);
            let plain = lowerer.plain(&view);
            let flat = lowerer.new_array("__flat", view.dtype, &[total]);
            lowerer.copy_elements(&plain, &flat);
            lowerer.flush();
            Ok((flat, 0))
        }
    }
}

/// The name of a type in Python.
fn named(dtype: DType) -> String {
    format!("np.{}", if dtype == DType::Bool { "bool_" } else { dtype.name() })
}

fn cumulative(lowerer: &mut Lowerer<'_>, args: &Args, wcr: Wcr) -> Result<Value> {
    let (view, axis) = along(lowerer, args, None)?;
    let dtype = args.dtype("dtype")?.unwrap_or_else(|| accumulated(view.dtype));
    let name = if wcr == Wcr::Sum { "add" } else { "multiply" };
    let result = scan(lowerer, args, &view, axis, name, dtype)?;
    match output(args)? {
        Some(out) => give(lowerer, args, &out, &result),
        None => Ok(result),
    }
}

/// The results of a function of two operands over the elements before each one, along an axis.
pub(super) fn scan(
    lowerer: &mut Lowerer<'_>,
    args: &Args,
    view: &View,
    axis: usize,
    name: &str,
    dtype: DType,
) -> Result<Value> {
    let converted = lowerer.as_dtype(&Value::Array(view.clone()), dtype, &Dest::Temp, args.range)?;
    let Value::Array(view) = converted else { return Ok(converted) };
    let rows = Rows::of(lowerer, &view, axis);
    let out = rows.like(lowerer, &args.dest, dtype);
    let wcr = match name {
        "add" => Some(Wcr::Sum),
        "multiply" => Some(Wcr::Product),
        "minimum" if !dtype.is_complex() => Some(Wcr::Min),
        "maximum" if !dtype.is_complex() => Some(Wcr::Max),
        _ => None,
    };
    if let Some(wcr) = wcr.filter(|_| dtype != DType::Bool) {
        let op = Scan { wcr, exclusive: false, rank: rows.rows.rank() };
        if rows.operate(lowerer, args, op, &out) {
            return Ok(Value::Array(rows.back(lowerer, out)));
        }
    }
    let library = match name {
        "add" | "multiply" => {
            let start = format!("{}({})", named(dtype), u8::from(name == "multiply"));
            rows.call("running", &out).constant("start", start)
        }
        _ => rows.call("scan", &out),
    };
    let library = library.constant("op", format!("np.{name}"));
    lowerer.call_library(&library, &Dest::Temp, args.range)?;
    Ok(Value::Array(rows.back(lowerer, out)))
}

/// The first position of the smallest or largest element; the first NaN, if there is one.
fn extremum(lowerer: &mut Lowerer<'_>, args: &Args, better: &str) -> Result<Value> {
    let whole = args.get("axis").is_none();
    let rank = array(lowerer, args, "a")?.rank();
    let (view, axis) = along(lowerer, args, None)?;
    if view.dtype.is_complex() {
        return Err(args.unsupported("a", "complex numbers have no order").into());
    }
    let keep = args.flag("keepdims")?;
    let rows = Rows::of(lowerer, &view, axis);
    rows.require_elements(lowerer, args, if better == "np.less" { "minimum" } else { "maximum" })?;
    let library = Library::new("extremum").constant("better", better);
    let result = if rows.others.is_empty() {
        let at = lowerer.call_library(&library.array("x", &rows.rows), &args.dest, args.range)?;
        match (at, keep) {
            (Value::Scalar(at), true) => super::reductions::boxed(lowerer, &at, if whole { rank } else { 1 }),
            (at, _) => at,
        }
    } else {
        let count = rows.rows.shape().remove(0);
        let out = lowerer.new_array(args.dest.prefix(), DType::Int64, &[count]);
        let library = library.rows("x", &rows.rows).results(&out);
        lowerer.call_library(&library, &Dest::Temp, args.range)?;
        let mut view = reshaped(lowerer, out, &rows.others);
        if keep {
            view.axes.insert(axis, Axis::New(Expr::one()));
        }
        Value::Array(view)
    };
    match output(args)? {
        Some(out) => give(lowerer, args, &out, &result),
        None => Ok(result),
    }
}

fn sorted(lowerer: &mut Lowerer<'_>, args: &Args, positions: bool) -> Result<Value> {
    if args.get("order").is_some() {
        return Err(args.unsupported("order", "elements have no fields").into());
    }
    let (view, axis) = along(lowerer, args, Some(-1))?;
    if view.dtype.is_complex() {
        return Err(args.unsupported("a", "complex numbers have no order").into());
    }
    let dtype = if positions { DType::Int64 } else { view.dtype };
    let rows = Rows::of(lowerer, &view, axis);
    let out = rows.like(lowerer, &args.dest, dtype);
    let op = Sort { positions, rank: rows.rows.rank() };
    if !rows.operate(lowerer, args, op, &out) {
        let library = rows.call(if positions { "argsort" } else { "sort" }, &out);
        lowerer.call_library(&library, &Dest::Temp, args.range)?;
    }
    Ok(Value::Array(rows.back(lowerer, out)))
}

/// The middle of the sorted elements, or the mean of the two in the middle; NaN if there is one.
fn median(lowerer: &mut Lowerer<'_>, args: &Args) -> Result<Value> {
    let view = array(lowerer, args, "a")?;
    let rank = view.rank();
    let axes = args.axes("axis", rank)?.unwrap_or_else(|| (0..rank).collect());
    let dtype = if view.dtype.is_float() { view.dtype } else { DType::Float64 };
    let converted = lowerer.as_dtype(&Value::Array(view), dtype, &Dest::Temp, args.range)?;
    let Value::Array(view) = converted else { return Ok(converted) };
    let line = merged(lowerer, &view, &axes);
    let last = line.rank() - 1;
    let rows = Rows::of(lowerer, &line, last);
    rows.require_elements(lowerer, args, "median")?;
    let out = rows.like(lowerer, &Dest::Temp, dtype);
    let op = Sort { positions: false, rank: rows.rows.rank() };
    if !rows.operate(lowerer, args, op, &out) {
        lowerer.call_library(&rows.call("sort", &out), &Dest::Temp, args.range)?;
    }
    let sorted = rows.back(lowerer, out);
    let extent = &rows.extent;
    let at = |position: Expr| {
        let mut view = sorted.clone();
        if let Axis::Dim(dim) = view.axes.remove(last) {
            view.subset.dims[dim] = Range::index(position);
        }
        if view.rank() == 0 { Value::Scalar(view.element(&[])) } else { Value::Array(view) }
    };
    let two = Expr::int(2);
    let operands = [at((extent - 1).floor_div(&two)), at(extent.floor_div(&two)), at(extent - 1)];
    let result = lowerer.elementwise("median", &operands, &args.dest, args.range, &|of| {
        let sum = scalar::binary(BinaryOp::Add, &of[0], &of[1])?;
        let mean = scalar::binary(BinaryOp::Div, &sum, &Scalar::int(2))?;
        // The sum of large numbers has no double.
        let mean = scalar::select(&scalar::binary(BinaryOp::Eq, &of[0], &of[1])?, &of[0], &mean);
        let is_nan = scalar::call(dacec_ir::Function::Isnan, &of[2])?;
        Ok(scalar::select(&is_nan, &of[2], &mean))
    })?;
    let result = match (result, args.flag("keepdims")?) {
        (Value::Scalar(value), true) => super::reductions::boxed(lowerer, &value, rank),
        (Value::Array(view), true) => Value::Array(keep_axes(view, &axes)),
        (result, _) => result,
    };
    match output(args)? {
        Some(out) => give(lowerer, args, &out, &result),
        None => Ok(result),
    }
}
