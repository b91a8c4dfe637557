//! Choosing elements: by conditions, by limits, by positions.

use super::casting::Casting;
use super::ufunc::{give, of_numpy, output};
use super::{Args, Entry, array, call, composed};
use crate::lower::{Dest, GivenArgs, Library, Lowerer, Result, computed};
use crate::promotion::Typed;
use crate::scalar;
use crate::types::{Axis, Scalar, Value, View};
use dacec_ir::dtype::Kind;
use dacec_ir::{BinaryOp, DType, Expr, ScalarExpr};

/// Functions of NumPy.
pub(super) const ENTRIES: &[Entry] = &[
    call("where", &["condition", "x?", "y?"], choose),
    call("select", &["condlist", "choicelist", "default?"], select),
    call("choose", &["a", "choices", "mode?"], choose_by_number),
    call("clip", &["a", "a_min?", "a_max?", "out?", "min?", "max?"], clip),
    call("take", &["a", "indices", "axis?", "mode?"], take),
    call("take_along_axis", &["arr", "indices", "axis?"], super::formulas::take_along_axis),
    call("put", &["a", "ind", "v", "mode?"], put),
    call("copyto", &["dst", "src", "casting?", "where?"], copy_to),
    call("putmask", &["a", "mask", "values"], put_mask),
];

/// `np.where(condition, x, y)`.
fn choose(lowerer: &mut Lowerer<'_>, args: &Args) -> Result<Value> {
    let (Some(x), Some(y)) = (args.get("x").cloned(), args.get("y").cloned()) else {
        if args.given("x") || args.given("y") {
            return Err(args.unsupported("y", "there must be a value for both cases, or for none").into());
        }
        return super::counted::nonzero(lowerer, args);
    };
    let operands = [args.value("condition"), x, y];
    let chosen = lowerer.elementwise("where", &operands, &args.dest, args.range, &|of| {
        Ok(scalar::select(&of[0], &of[1], &of[2]))
    })?;
    Ok(of_numpy(chosen))
}

fn list(args: &Args, name: &str) -> Result<Vec<Value>> {
    match args.get(name) {
        Some(Value::Tuple(items)) if !items.is_empty() => Ok(items.clone().into()),
        _ => Err(args.unsupported(name, "it must be a list that is not empty").into()),
    }
}

/// The choice of the first condition that holds.
fn select(lowerer: &mut Lowerer<'_>, args: &Args) -> Result<Value> {
    let (conditions, choices) = (list(args, "condlist")?, list(args, "choicelist")?);
    if conditions.len() != choices.len() {
        return Err(args.unsupported("choicelist", "there must be one for each condition").into());
    }
    let count = conditions.len();
    let mut operands = conditions;
    operands.extend(choices);
    operands.push(args.get("default").cloned().unwrap_or(Value::Scalar(Scalar::int(0))));
    lowerer.elementwise("select", &operands, &args.dest, args.range, &|of| {
        let mut value = of[2 * count].clone();
        let ty = of[count..].iter().map(|it| it.ty).reduce(|a, b| a.with(b));
        for k in (0..count).rev() {
            value = scalar::select(&of[k], &of[count + k], &value);
        }
        Ok(ty.map_or(value.clone(), |ty| scalar::converted(&value, ty.dtype)))
    })
}

/// What happens to indices that lie outside, if that is no error: they are cut off or come in again at the other end.
fn mode(args: &Args) -> Result<Option<&'static str>> {
    match args.get("mode") {
        None => Ok(None),
        Some(Value::Text(mode)) => match mode.as_str() {
            "raise" => Ok(None),
            "clip" => Ok(Some("clip")),
            "wrap" => Ok(Some("wrap")),
            _ => Err(args.unsupported("mode", "it must be 'raise', 'clip' or 'wrap'").into()),
        },
        Some(_) => Err(args.unsupported("mode", "it must be a text that is known").into()),
    }
}

/// The choice that a number says.
fn choose_by_number(lowerer: &mut Lowerer<'_>, args: &Args) -> Result<Value> {
    let choices = match args.get("choices").cloned() {
        Some(Value::Array(view)) => match lowerer.as_tuple(Value::Array(view), args.place("choices"))? {
            Value::Tuple(rows) => rows,
            other => vec![other].into(),
        },
        _ => list(args, "choices")?.into(),
    };
    let (count, mode) = (choices.len(), mode(args)?);
    let numbers = match args.value("a") {
        Value::Tuple(_) => Value::Array(array(lowerer, args, "a")?),
        other => other,
    };
    if mode.is_none() {
        check_choices(lowerer, args, &numbers, count)?;
    }
    let mut operands = vec![numbers];
    operands.extend(choices);
    lowerer.elementwise("choose", &operands, &args.dest, args.range, &|of| {
        let mut value = of[count].clone();
        let number = scalar::converted(&of[0], DType::Int64);
        let number = match mode {
            Some("wrap") => scalar::binary(BinaryOp::Mod, &number, &Scalar::int(count as i64))?,
            Some(_) => scalar::binary(BinaryOp::Max, &number, &Scalar::int(0))?,
            None => number,
        };
        for k in (0..count - 1).rev() {
            let test = scalar::binary(BinaryOp::Eq, &number, &Scalar::int(k as i64))?;
            value = scalar::select(&test, &of[k + 1], &value);
        }
        Ok(value)
    })
}

/// Makes sure that every number says one of so many choices.
fn check_choices(lowerer: &mut Lowerer<'_>, args: &Args, numbers: &Value, count: usize) -> Result<()> {
    let dtype = match numbers {
        Value::Array(view) => view.dtype,
        Value::Scalar(scalar) => scalar.dtype(),
        other => return Err(lowerer.not_a_number(other, args.place("a"))),
    };
    if !dtype.is_integer() && dtype != DType::Bool {
        return Err(args.unsupported("a", "the numbers of choices are integers").into());
    }
    if let Value::Scalar(number) = numbers
        && let Some(known) = number.as_int()
    {
        let inside = usize::try_from(known).is_ok_and(|known| known < count);
        let reason = format!("{known} is none of {count} choices, which are numbered from 0");
        return if inside { Ok(()) } else { Err(args.unsupported("a", &reason).into()) };
    }
    if dtype == DType::Bool && count >= 2 {
        return Ok(());
    }
    let positional =
        vec![(numbers.clone(), args.range), (Value::Scalar(Scalar::int(count as i64)), args.range)];
    let given = GivenArgs { positional, keywords: Vec::new() };
    lowerer.call_composed("check_choices", given, &Dest::Temp, args.range).map(|_| ())
}

/// `np.clip(a, low, high)`.
fn clip(lowerer: &mut Lowerer<'_>, args: &Args) -> Result<Value> {
    let mut operands = vec![args.value("a")];
    let low = args.get("a_min").or(args.get("min")).cloned();
    let high = args.get("a_max").or(args.get("max")).cloned();
    let has_low = low.is_some();
    operands.extend(low);
    operands.extend(high);
    let out = output(args)?;
    let dest = out.clone().map_or(args.dest.clone(), Dest::Into);
    let result = lowerer.elementwise("clip", &operands, &dest, args.range, &|of| {
        let mut value = of[0].clone();
        for (k, bound) in of[1..].iter().enumerate() {
            let op = if k == 0 && has_low { BinaryOp::Max } else { BinaryOp::Min };
            value = scalar::binary(op, &value, &within(bound, of[0].dtype()))?;
        }
        Ok(value)
    })?;
    match out {
        Some(out) => give(lowerer, args, &out, &result),
        None => Ok(of_numpy(result)),
    }
}

/// An integer of Python that is a bound, as near as the type of the elements allows.
fn within(bound: &Scalar, dtype: DType) -> Scalar {
    match bound.as_int() {
        Some(value) if bound.ty.weak && dtype.is_integer() && !scalar::holds(dtype, value) => {
            let bits = 8 * dtype.size() as u32;
            let (least, largest) = match dtype.kind() {
                Kind::Unsigned if bits == 64 => (0, i64::MAX),
                Kind::Unsigned => (0, (1 << bits) - 1),
                _ => (-(1 << (bits - 1)), (1 << (bits - 1)) - 1),
            };
            Scalar::int(value.clamp(least, largest))
        }
        _ => bound.clone(),
    }
}

/// The elements of an array at positions along an axis; of all elements in order, if no axis is given.
fn take(lowerer: &mut Lowerer<'_>, args: &Args) -> Result<Value> {
    if mode(args)?.is_some() {
        let params = &["a", "indices", "axis", "mode"];
        return composed::redirect(lowerer, "take_within", params, &[], args);
    }
    let (view, axis) = super::manipulation::along(lowerer, args, "a")?;
    let indices = match args.value("indices") {
        Value::Scalar(at) if at.dtype().is_integer() => Value::Scalar(at),
        Value::Tuple(_) | Value::Array(_) => {
            let indices = array(lowerer, args, "indices")?;
            if !indices.dtype.is_integer() {
                return Err(args.unsupported("indices", "they must be integers").into());
            }
            Value::Array(indices)
        }
        _ => return Err(args.unsupported("indices", "they must be integers").into()),
    };
    Ok(taken(lowerer, args, &view, axis, &indices))
}

pub(super) fn taken(
    lowerer: &mut Lowerer<'_>,
    args: &Args,
    view: &View,
    axis: usize,
    indices: &Value,
) -> Value {
    let own = view.shape();
    let (chosen, at): (Vec<Expr>, Option<Scalar>) = match indices {
        Value::Array(indices) => (indices.shape(), None),
        Value::Scalar(at) => (Vec::new(), Some(lowerer.hoist(at))),
        _ => (Vec::new(), None),
    };
    let mut shape = own[..axis].to_vec();
    shape.extend(chosen.iter().cloned());
    shape.extend(own[axis + 1..].iter().cloned());
    let element = |position: &[Expr]| {
        let at = match (&at, indices) {
            (Some(at), _) => at.clone(),
            (None, Value::Array(indices)) => indices.element(&position[axis..axis + chosen.len()]),
            _ => Scalar::int(0),
        };
        let mut places = position[..axis].to_vec();
        places.push(Expr::zero());
        places.extend(position[axis + chosen.len()..].iter().cloned());
        let mut code: Vec<ScalarExpr> = view.indices(&places).into_iter().map(ScalarExpr::Symbolic).collect();
        if let Axis::Dim(dim) = view.axes[axis] {
            code[dim] = computed(&view.subset.dims[dim], &at);
        }
        Scalar::strong(ScalarExpr::Load { name: view.container.clone(), indices: code }, view.dtype)
    };
    if shape.is_empty() {
        return Value::Scalar(element(&[]));
    }
    let out = lowerer.new_array(args.dest.prefix(), view.dtype, &shape);
    lowerer.fill("take", &out, &|position| element(position).code);
    Value::Array(out)
}

/// Gives elements of a vector values, which start again where there are fewer of them.
fn put(lowerer: &mut Lowerer<'_>, args: &Args) -> Result<Value> {
    let target = array(lowerer, args, "a")?;
    if target.rank() != 1 || mode(args)?.is_some() {
        return composed::redirect(lowerer, "put_flat", &["a", "ind", "v", "mode"], &[], args);
    }
    let (indices, values) = (args.value("ind"), args.value("v"));
    let mut vectors = Vec::new();
    for (value, dtype) in [(indices, DType::Int64), (values, target.dtype)] {
        let view = match value {
            Value::Scalar(scalar) => {
                let view = lowerer.new_array("__tmp", scalar.dtype(), &[Expr::one()]);
                lowerer.write(&view, &Value::Scalar(scalar), args.range)?;
                view
            }
            Value::Tuple(items) => super::creation::of_items(lowerer, args, "v", &items)?,
            Value::Array(view) => lowerer.copied(&view, "__tmp"),
            other => return Err(lowerer.not_a_number(&other, args.range)),
        };
        match lowerer.as_dtype(&Value::Array(view), dtype, &Dest::Temp, args.range)? {
            Value::Array(view) if view.rank() == 1 => vectors.push(view),
            _ => return Err(args.unsupported("ind", "only vectors are taken").into()),
        }
    }
    let library = Library::new("put").array("x", &target).array("i", &vectors[0]).array("y", &vectors[1]);
    lowerer.call_library(&library, &Dest::Temp, args.range)
}

fn copy_to(lowerer: &mut Lowerer<'_>, args: &Args) -> Result<Value> {
    let target = array(lowerer, args, "dst")?;
    let source = args.value("src");
    let ty = match &source {
        Value::Array(view) => Some(Typed::strong(view.dtype)),
        Value::Scalar(number) => Some(number.ty),
        _ => None,
    };
    if let Some(ty) = ty {
        Casting::of(args, Casting::SameKind)?.check(args, ty, target.dtype)?;
    }
    match super::ufunc::mask(args) {
        None => lowerer.write(&target, &source, args.range)?,
        Some(mask) => masked_write(lowerer, args, &target, mask, source)?,
    }
    Ok(Value::None)
}

fn put_mask(lowerer: &mut Lowerer<'_>, args: &Args) -> Result<Value> {
    let target = array(lowerer, args, "a")?;
    let values = args.value("values");
    if matches!(&values, Value::Array(view) if view.shape() != target.shape()) {
        let reason = "they must be a number, or as many as the array has";
        return Err(args.unsupported("values", reason).into());
    }
    masked_write(lowerer, args, &target, args.value("mask"), values)?;
    Ok(Value::None)
}

/// Gives the elements for which the mask holds values.
fn masked_write(
    lowerer: &mut Lowerer<'_>,
    args: &Args,
    target: &View,
    mask: Value,
    source: Value,
) -> Result<()> {
    let operands = [mask, source, Value::Array(target.clone())];
    let (dtype, dest) = (target.dtype, Dest::Into(target.clone()));
    let result = lowerer.elementwise("select", &operands, &dest, args.range, &|of| {
        Ok(scalar::select(&of[0], &scalar::converted(&of[1], dtype), &of[2]))
    })?;
    lowerer.write(target, &result, args.range)
}
