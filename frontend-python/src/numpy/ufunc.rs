//! Calls of universal functions, with `out`, `where` and `dtype`, and their methods.
//!
//! ```text
//! np.add(x, y, out=z, where=m)     z[i] = x[i] + y[i] if m[i] else z[i]
//! np.add.reduce(x, axis=0)         as np.sum(x, axis=0): the axis is the first if none is given
//! np.add.accumulate(x)             a loop along the axis
//! np.add.outer(x, y)               x with new axes at the end, y as it is
//! np.add.reduceat(x, i)            a loop: the sums from each index up to the next one
//! np.add.at(x, i, y)               a loop: an element that is chosen twice changes twice
//! ```

use super::casting::Casting;
use super::elementwise::as_float;
use super::math::{float, weak};
use super::reductions::{Masked, Reduction, accumulated, reduced};
use super::{Args, Entry, Lowering, array, call};
use crate::codes;
use crate::diagnostic::Diagnostic;
use crate::lower::{Dest, GivenArgs, Library, Lowerer, Result, keep_axes};
use crate::promotion::Typed;
use crate::scalar::{self, Refusal};
use crate::types::{Axis, Scalar, Value, View};
use dacec_ir::{BinaryOp, DType, Expr, Function, Wcr};

/// Methods of universal functions; the first argument is the function.
pub(super) const METHODS: &[Entry] = &[
    call("reduce", &["ufunc", "array", "axis?", "dtype?", "out?", "keepdims?", "initial?", "where?"], reduce),
    call("accumulate", &["ufunc", "array", "axis?", "dtype?", "out?"], accumulate),
    call("reduceat", &["ufunc", "array", "indices", "axis?", "dtype?"], reduce_at),
    call("outer", &["ufunc", "A", "B"], outer),
    call("at", &["ufunc", "a", "indices", "b?"], at),
];

impl Entry {
    /// Whether the function works element by element, with the methods of NumPy's universal functions.
    pub(crate) fn is_ufunc(&self) -> bool {
        !matches!(
            self.lowering,
            Lowering::Call(_) | Lowering::Refused(_) | Lowering::Composed(_) | Lowering::Special
        )
    }

    /// Whether a call is an error that says what to use instead.
    #[cfg(test)]
    pub(super) fn is_refusal(&self) -> bool {
        matches!(self.lowering, Lowering::Refused(_))
    }

    fn is_binary(&self) -> bool {
        matches!(self.lowering, Lowering::Math2(_) | Lowering::Float2(_) | Lowering::Op(_))
            || self.params.contains(&"x2")
    }

    /// The value for one element of each operand.
    pub(super) fn evaluate(&self, of: &[Scalar]) -> std::result::Result<Scalar, Refusal> {
        match (self.lowering, of) {
            (Lowering::Math(function), [x]) => scalar::call(function, x),
            (Lowering::Math2(function), [x, y]) => scalar::call2(function, x, y),
            (Lowering::Float(function), [x]) => scalar::call(function, &float(x)).map(weak),
            (Lowering::Float2(function), [x, y]) => scalar::call2(function, &float(x), &float(y)).map(weak),
            (Lowering::Op(op), [x, y]) => scalar::binary(op, x, y),
            (Lowering::UnaryOp(op), [x]) => scalar::unary(op, x),
            (Lowering::Scalar(compute), of) => compute(of),
            _ => Err(format!("`{}` is called with the wrong number of operands", self.name)),
        }
    }
}

/// `ufunc(x1, x2, out=…, where=…, dtype=…)`.
pub(super) fn apply(lowerer: &mut Lowerer<'_>, entry: &'static Entry, args: &Args) -> Result<Value> {
    let operands: Vec<Value> = ["x", "x1", "x2"].iter().filter_map(|name| args.get(name).cloned()).collect();
    let (dtype, rule) = (args.dtype("dtype")?, Casting::of(args, Casting::SameKind)?);
    check_operands(entry, args, &operands, (dtype, rule))?;
    let compute = |of: &[Scalar]| {
        let of: Vec<Scalar> = match dtype {
            Some(dtype) => of.iter().map(|it| scalar::converted(it, dtype)).collect(),
            None => of.to_vec(),
        };
        entry.evaluate(&of)
    };
    let mask = mask(args);
    let Some(out) = output(args)? else {
        return match mask {
            Some(_) => Err(args
                .unsupported("where", "elements that are not computed would have no value")
                .help("give the array that keeps them: `out=...`")
                .into()),
            None => {
                let result = lowerer.elementwise(entry.name, &operands, &args.dest, args.range, &compute)?;
                Ok(if entry.params.contains(&"out?") { of_numpy(result) } else { result })
            }
        };
    };
    let dest = Dest::Into(out.clone());
    let result = match mask {
        None => lowerer.elementwise(entry.name, &operands, &dest, args.range, &compute)?,
        Some(mask) => {
            let count = operands.len();
            let mut operands = operands;
            operands.extend([mask, Value::Array(out.clone())]);
            lowerer.elementwise(entry.name, &operands, &dest, args.range, &|of| {
                let value = compute(&of[..count])?;
                assignable(value.dtype(), out.dtype, rule)?;
                let value = scalar::converted(&value, out.dtype);
                Ok(scalar::select(&of[count], &value, &of[count + 1]))
            })?
        }
    };
    give(lowerer, args, &out, &result)
}

/// Makes sure that operands may be converted to the type in which the function computes.
fn check_operands(
    entry: &Entry,
    args: &Args,
    operands: &[Value],
    (dtype, rule): (Option<DType>, Casting),
) -> Result<()> {
    let ty = |operand: &Value| match operand {
        Value::Array(view) => Some(Typed::strong(view.dtype)),
        Value::Scalar(number) => Some(number.ty),
        _ => None,
    };
    let types: Vec<Typed> = operands.iter().filter_map(ty).collect();
    let Some(joined) = dtype.or_else(|| types.iter().copied().reduce(Typed::with).map(|ty| ty.dtype)) else {
        return Ok(());
    };
    // Functions such as `sqrt` compute in floats, whatever they are given.
    let probe = Scalar::strong(dacec_ir::Constant::of_int(1, joined).into(), joined);
    let result = entry.evaluate(&vec![probe; operands.len()]).map_or(joined, |value| value.dtype());
    let inner = if joined.is_integer() && result.is_float() && rule == Casting::No { result } else { joined };
    types.into_iter().try_for_each(|ty| rule.check(args, ty, inner))
}

/// The result of a function of NumPy: a number of NumPy's, also where the operands are Python's.
pub(super) fn of_numpy(result: Value) -> Value {
    match result {
        Value::Scalar(number) => {
            let dtype = number.dtype();
            Value::Scalar(Scalar::strong(number.code, dtype))
        }
        other => other,
    }
}

/// Writes a result to `out`.
pub(super) fn give(lowerer: &mut Lowerer<'_>, args: &Args, out: &View, result: &Value) -> Result<Value> {
    let dtype = match result {
        Value::Array(view) => view.dtype,
        Value::Scalar(scalar) => scalar.dtype(),
        other => return Err(lowerer.not_a_number(other, args.range)),
    };
    let rule = Casting::of(args, Casting::SameKind)?;
    assignable(dtype, out.dtype, rule).map_err(|reason| {
        Diagnostic::error(codes::TYPE, args.place("out"), reason).help("use an array of another type")
    })?;
    lowerer.write(out, result, args.range)?;
    Ok(Value::Array(out.clone()))
}

/// Whether a result may be converted to the type of `out`.
fn assignable(from: DType, to: DType, rule: Casting) -> std::result::Result<(), Refusal> {
    if rule.allows(Typed::strong(from), to) {
        return Ok(());
    }
    Err(format!("the result is of type {from}, which `out` of type {to} cannot hold"))
}

/// The argument `out`, if it is given.
pub(super) fn output(args: &Args) -> Result<Option<View>> {
    match args.get("out") {
        None => Ok(None),
        Some(Value::Array(view)) => Ok(Some(view.clone())),
        Some(Value::Tuple(items)) => match items.as_slice() {
            [Value::Array(view)] => Ok(Some(view.clone())),
            _ => Err(args.unsupported("out", "it must be one array").into()),
        },
        Some(_) => Err(args.unsupported("out", "it must be an array").into()),
    }
}

/// The argument `where`, unless it chooses everything.
pub(super) fn mask(args: &Args) -> Option<Value> {
    match args.get("where") {
        Some(Value::Scalar(scalar)) if scalar.as_truth() == Some(true) => None,
        other => other.cloned(),
    }
}

/// The function whose method is called.
fn function(args: &Args) -> Result<&'static Entry> {
    match args.get("ufunc") {
        Some(Value::Function(entry)) if entry.is_binary() => Ok(entry),
        Some(Value::Function(entry)) => {
            let message = format!("`{}` takes one operand, so it cannot combine elements", entry.name);
            Err(Diagnostic::error(codes::UNSUPPORTED_CALL, args.range, message).into())
        }
        _ => Err(args.unsupported("ufunc", "it is no universal function").into()),
    }
}

/// The conflict resolution that combines elements as the function does.
fn resolution(entry: &Entry) -> Option<Wcr> {
    Some(match entry.lowering {
        Lowering::Op(BinaryOp::Add) => Wcr::Sum,
        Lowering::Op(BinaryOp::Mul) => Wcr::Product,
        Lowering::Op(BinaryOp::Min) => Wcr::Min,
        Lowering::Op(BinaryOp::Max) => Wcr::Max,
        Lowering::Op(BinaryOp::And) => Wcr::LogicalAnd,
        Lowering::Op(BinaryOp::Or) => Wcr::LogicalOr,
        Lowering::Op(BinaryOp::BitAnd) => Wcr::BitAnd,
        Lowering::Op(BinaryOp::BitOr) => Wcr::BitOr,
        Lowering::Op(BinaryOp::BitXor) => Wcr::BitXor,
        _ => return None,
    })
}

/// The type of a reduction's result.
fn result_type(args: &Args, wcr: Wcr, dtype: DType) -> Result<DType> {
    Ok(match (args.dtype("dtype")?, wcr) {
        (Some(dtype), _) => dtype,
        (None, Wcr::LogicalAnd | Wcr::LogicalOr) => DType::Bool,
        (None, Wcr::Sum | Wcr::Product) => accumulated(dtype),
        (None, _) => dtype,
    })
}

fn reduce(lowerer: &mut Lowerer<'_>, args: &Args) -> Result<Value> {
    let entry = function(args)?;
    let value = array(lowerer, args, "array")?;
    let axes = match args.given("axis") {
        true => args.axes("axis", value.rank())?,
        false => Some(vec![0]),
    };
    let keep = args.flag("keepdims")?;
    let Some(wcr) = resolution(entry) else { return fold(lowerer, args, entry, &value) };
    let dtype = result_type(args, wcr, value.dtype)?;
    let masked = Masked { mask: mask(args), initial: args.get("initial").cloned() };
    let how = Reduction { wcr, axes, dtype, keep };
    let result = reduced(lowerer, args, &value, how, masked, &args.dest)?;
    match output(args)? {
        Some(out) => give(lowerer, args, &out, &result),
        None => Ok(result),
    }
}

/// A reduction by a function whose operands cannot change places, in order.
fn fold(lowerer: &mut Lowerer<'_>, args: &Args, entry: &'static Entry, value: &View) -> Result<Value> {
    let known = |name: &str| matches!(name, "ufunc" | "array" | "axis" | "keepdims" | "dtype");
    let axis = match args.axes("axis", value.rank())?.as_deref() {
        None if !args.given("axis") => 0,
        None if value.rank() == 1 => 0,
        Some([axis]) => *axis,
        _ => {
            return Err(args.unsupported("axis", "it must be one axis: the order of elements counts").into());
        }
    };
    if !args.names().all(known) {
        let message = format!("`{}.reduce` takes no `initial`, `where` or `out`", entry.name);
        return Err(Diagnostic::error(codes::UNSUPPORTED_ARGUMENT, args.range, message).into());
    }
    let dtype = folded_type(args, entry, value.dtype)?;
    let result = if value.rank() == 1 {
        let converted = lowerer.as_dtype(&Value::Array(value.clone()), dtype, &Dest::Temp, args.range)?;
        let Value::Array(line) = converted else { return Ok(converted) };
        let library = Library::new("fold").array("x", &line).constant("op", format!("np.{}", entry.name));
        lowerer.call_library(&library, &args.dest, args.range)?
    } else {
        let axis = Value::Scalar(Scalar::int(axis as i64));
        let positional = [Value::Function(entry), Value::Array(value.clone()), axis, Value::DType(dtype)];
        composed(lowerer, args, "fold_axis", &positional)?
    };
    if !args.flag("keepdims")? {
        return Ok(result);
    }
    Ok(match result {
        Value::Scalar(number) => super::reductions::boxed(lowerer, &number, 1),
        Value::Array(view) => Value::Array(keep_axes(view, &[axis])),
        other => other,
    })
}

/// The type of a reduction in order: that of the results, which must be one of operands too.
fn folded_type(args: &Args, entry: &'static Entry, dtype: DType) -> Result<DType> {
    let wrong = |reason| Diagnostic::error(codes::TYPE, args.range, reason);
    let result = |dtype: DType| -> Result<DType> {
        let probe = Scalar::strong(dacec_ir::Constant::of_int(1, dtype).into(), dtype);
        Ok(entry.evaluate(&[probe.clone(), probe]).map_err(wrong)?.dtype())
    };
    let natural = match args.dtype("dtype")? {
        Some(dtype) => dtype,
        None => result(dtype)?,
    };
    if result(natural)? != natural
        || natural == DType::Bool && dtype != DType::Bool && !entry.name.starts_with("logical_")
    {
        let message = format!("the results of `{}` cannot be its operands: they are {natural}", entry.name);
        return Err(wrong(message).into());
    }
    Ok(natural)
}

/// Calls a function of `composed.py`.
fn composed(lowerer: &mut Lowerer<'_>, args: &Args, name: &str, values: &[Value]) -> Result<Value> {
    let positional = values.iter().map(|value| (value.clone(), args.range)).collect();
    lowerer.call_composed(name, GivenArgs { positional, keywords: Vec::new() }, &args.dest, args.range)
}

fn accumulate(lowerer: &mut Lowerer<'_>, args: &Args) -> Result<Value> {
    let entry = function(args)?;
    let value = array(lowerer, args, "array")?;
    let axis = args.int("axis")?.unwrap_or(0);
    let Some(axis) = super::axis_of(axis, value.rank()) else {
        return Err(args.unsupported("axis", "there is no such axis").into());
    };
    let dtype = match resolution(entry) {
        Some(wcr) => result_type(args, wcr, value.dtype)?,
        None => folded_type(args, entry, value.dtype)?,
    };
    let result = super::scans::scan(lowerer, args, &value, axis, entry.name, dtype)?;
    match output(args)? {
        Some(out) => give(lowerer, args, &out, &result),
        None => Ok(result),
    }
}

/// Reductions of parts: from each index up to the next one, or of one element if that is not larger.
fn reduce_at(lowerer: &mut Lowerer<'_>, args: &Args) -> Result<Value> {
    let entry = function(args)?;
    let value = array(lowerer, args, "array")?;
    let indices = array(lowerer, args, "indices")?;
    if indices.rank() != 1 || !indices.dtype.is_integer() {
        return Err(args.unsupported("indices", "it must be a vector of integers").into());
    }
    let Some(axis) = super::axis_of(args.int("axis")?.unwrap_or(0), value.rank()) else {
        return Err(args.unsupported("axis", "there is no such axis").into());
    };
    let dtype = match resolution(entry) {
        Some(wcr) => result_type(args, wcr, value.dtype)?,
        None => folded_type(args, entry, value.dtype)?,
    };
    let axis = Value::Scalar(Scalar::int(axis as i64));
    let values =
        [Value::Function(entry), Value::Array(value), Value::Array(indices), axis, Value::DType(dtype)];
    composed(lowerer, args, "reduceat", &values)
}

fn outer(lowerer: &mut Lowerer<'_>, args: &Args) -> Result<Value> {
    let entry = function(args)?;
    let (mut a, b) = (args.value("A"), args.value("B"));
    if let (Value::Array(a), Value::Array(b)) = (&mut a, &b) {
        a.axes.extend(std::iter::repeat_n(Axis::New(Expr::one()), b.rank()));
    }
    lowerer.elementwise(entry.name, &[a, b], &args.dest, args.range, &|of| entry.evaluate(of))
}

/// `ufunc.at(a, indices, b)`: an element that is chosen twice changes twice.
fn at(lowerer: &mut Lowerer<'_>, args: &Args) -> Result<Value> {
    let Some(Value::Function(entry)) = args.get("ufunc").cloned() else {
        return Err(args.unsupported("ufunc", "it is no universal function").into());
    };
    if entry.is_binary() != args.get("b").is_some() {
        let reason = if entry.is_binary() { "it is missing" } else { "the function takes one operand" };
        return Err(args.unsupported("b", reason).into());
    }
    let target = array(lowerer, args, "a")?;
    let given = match args.value("indices") {
        Value::Tuple(items) if items.is_list => {
            Value::Array(super::creation::of_items(lowerer, args, "indices", &items)?)
        }
        other => other,
    };
    let vector = |view: &View| view.rank() == 1 && view.dtype.is_integer();
    let vectors: Vec<View> = match &given {
        Value::Array(view) => vec![view.clone()],
        Value::Tuple(items) => items
            .iter()
            .filter_map(|it| if let Value::Array(view) = it { Some(view.clone()) } else { None })
            .collect(),
        _ => Vec::new(),
    };
    let alone = match &given {
        Value::Tuple(items) => items.len() == vectors.len() && vectors.len() == target.rank(),
        _ => true,
    };
    let b = args.get("b").cloned();
    let mut values = vec![Value::Function(entry), Value::Array(target.clone())];
    match (vectors.as_slice(), b) {
        ([mask], Some(b)) if alone && mask.dtype == DType::Bool => {
            values.extend([Value::Array(lowerer.copied(mask, "__at")), b]);
            lowerer.flush();
            composed(lowerer, args, "update_where", &values)
        }
        ([at], None) if alone && vector(at) => {
            values.push(Value::Array(lowerer.copied(at, "__at")));
            lowerer.flush();
            composed(lowerer, args, "update_one_operand", &values)
        }
        ([_] | [_, _], Some(b)) if alone && vectors.iter().all(vector) => {
            let mut shape = vectors[0].shape();
            shape.extend(target.shape().into_iter().skip(vectors.len()));
            values.extend(vectors.iter().map(|at| Value::Array(lowerer.copied(at, "__at"))));
            lowerer.flush();
            values.push(Value::Array(operand_like(lowerer, args, &target, shape, &b)?));
            let name = if vectors.len() == 2 { "update_pairs" } else { "update_rows" };
            composed(lowerer, args, name, &values)
        }
        (_, b) => at_places(lowerer, args, values, &target, given, b),
    }
}

/// The second operand of `ufunc.at`, as many elements as are chosen.
fn operand_like(
    lowerer: &mut Lowerer<'_>,
    args: &Args,
    target: &View,
    shape: Vec<Expr>,
    b: &Value,
) -> Result<View> {
    let all = lowerer.new_array("__values", target.dtype, &shape);
    lowerer.write(&all, b, args.place("b"))?;
    lowerer.flush();
    Ok(all)
}

/// `ufunc.at` for indices of any kind: the same index chooses the numbers of the elements in C order, which are changed in
/// a copy.
fn at_places(
    lowerer: &mut Lowerer<'_>,
    args: &Args,
    mut values: Vec<Value>,
    target: &View,
    index: Value,
    b: Option<Value>,
) -> Result<Value> {
    let shape = target.shape();
    let numbers = lowerer.new_array("__numbers", DType::Int64, &shape);
    let strides = dacec_ir::data::c_strides(&shape);
    lowerer.fill("number", &numbers, &|at| {
        let number: Expr = at.iter().zip(&strides).map(|(at, stride)| at * stride).sum();
        dacec_ir::ScalarExpr::Symbolic(number)
    });
    lowerer.flush();
    let chosen = match lowerer.subscript_by(&numbers, index, args.place("indices"))? {
        Value::Scalar(number) => {
            let one = lowerer.new_array("__at", DType::Int64, &[Expr::one()]);
            lowerer.write(&one, &Value::Scalar(number), args.range)?;
            one
        }
        Value::Array(view) => view,
        other => return Err(lowerer.not_a_number(&other, args.place("indices"))),
    };
    lowerer.flush();
    let line = super::manipulation::flattened(lowerer, &chosen);
    values.push(Value::Array(line));
    let name = match b {
        None => "update_places_by_one",
        Some(b) => {
            let all = operand_like(lowerer, args, target, chosen.shape(), &b)?;
            values.push(Value::Array(super::manipulation::flattened(lowerer, &all)));
            "update_places"
        }
    };
    composed(lowerer, args, name, &values)
}

/// The value of a function for one element of each operand.
type OfElements = fn(&[Scalar]) -> std::result::Result<Scalar, Refusal>;

/// Functions with two results: `divmod`, `modf`.
fn pair(lowerer: &mut Lowerer<'_>, args: &Args, operands: &[Value], parts: [OfElements; 2]) -> Result<Value> {
    let mut results = Vec::new();
    for part in parts {
        let result = lowerer.elementwise("part", operands, &Dest::Temp, args.range, &part)?;
        results.push(of_numpy(result));
    }
    let Some(Value::Tuple(outs)) = args.get("out").cloned() else { return Ok(Value::Tuple(results.into())) };
    lowerer.flush();
    let mut given = Vec::new();
    for (result, out) in results.into_iter().zip(outs) {
        given.push(match out {
            Value::Array(out) => give(lowerer, args, &out, &result)?,
            Value::None => result,
            _ => return Err(args.unsupported("out", "it must be a pair of arrays").into()),
        });
    }
    Ok(Value::Tuple(given.into()))
}

/// `np.modf(x)`: the fraction with the sign of `x`, and the whole part.
pub(super) fn modf(lowerer: &mut Lowerer<'_>, args: &Args) -> Result<Value> {
    pair(
        lowerer,
        args,
        &[args.value("x")],
        [
            |of| {
                let x = as_float(&of[0]);
                let whole = scalar::call(Function::Trunc, &x)?;
                let fraction = scalar::binary(BinaryOp::Sub, &x, &whole)?;
                // Infinities have no fraction.
                let infinite = scalar::call(Function::Isinf, &x)?;
                let fraction = scalar::select(&infinite, &Scalar::float(0.0), &fraction);
                scalar::call2(Function::Copysign, &fraction, &x)
            },
            |of| scalar::call(Function::Trunc, &as_float(&of[0])),
        ],
    )
}

/// `np.divmod(x1, x2)`.
pub(super) fn divmod(lowerer: &mut Lowerer<'_>, args: &Args) -> Result<Value> {
    pair(
        lowerer,
        args,
        &[args.value("x1"), args.value("x2")],
        [
            |of| scalar::binary(BinaryOp::FloorDiv, &of[0], &of[1]),
            |of| scalar::binary(BinaryOp::Mod, &of[0], &of[1]),
        ],
    )
}
