//! Python's own functions.

use super::{Args, Entry, Lowering, call};
use crate::lower::{Dest, Lowerer, Result};
use crate::parse::TextRange;
use crate::scalar;
use crate::types::{Scalar, Value};
use dacec_ir::{BinaryOp, DType, Expr, Function, ScalarExpr};

/// Builtins.
pub(super) const ENTRIES: &[Entry] = &[
    call("print", &["*", "sep?", "end?", "flush?"], print),
    call("range", &["*"], range),
    call("len", &["x"], len),
    call("min", &["*"], |l, args| extremum(l, args, BinaryOp::Min)),
    call("max", &["*"], |l, args| extremum(l, args, BinaryOp::Max)),
    call("sum", &["x"], sum),
    call("enumerate", &["x"], enumerate),
    call("zip", &["*"], zip),
    call("reversed", &["x"], reversed),
    call("tuple", &["x"], |l, args| l.as_tuple(args.value("x"), args.range)),
    call("list", &["x"], |l, args| l.as_tuple(args.value("x"), args.range)),
    Entry { name: "abs", params: &["x"], lowering: Lowering::Math(Function::Abs) },
    Entry { name: "pow", params: &["x1", "x2"], lowering: Lowering::Op(BinaryOp::Pow) },
    Entry {
        name: "int",
        params: &["x"],
        lowering: Lowering::Scalar(|of| Ok(python_number(&of[0], DType::Int64))),
    },
    Entry {
        name: "float",
        params: &["x"],
        lowering: Lowering::Scalar(|of| Ok(python_number(&of[0], DType::Float64))),
    },
    Entry {
        name: "complex",
        params: &["x"],
        lowering: Lowering::Scalar(|of| Ok(python_number(&of[0], DType::Complex128))),
    },
    Entry { name: "bool", params: &["x"], lowering: Lowering::Scalar(|of| Ok(scalar::truth(&of[0]))) },
    Entry { name: "round", params: &["x"], lowering: Lowering::Scalar(round) },
];

fn python_number(value: &Scalar, dtype: DType) -> Scalar {
    let converted = scalar::converted(value, dtype);
    Scalar::weak(converted.code, dtype)
}

fn round(of: &[Scalar]) -> std::result::Result<Scalar, scalar::Refusal> {
    let rounded = scalar::call(Function::Rint, &of[0])?;
    Ok(python_number(&rounded, DType::Int64))
}

/// `print(values, sep=" ", end="\n")`.
fn print(lowerer: &mut Lowerer<'_>, args: &Args) -> Result<Value> {
    let text = |name: &str, default: &str| match args.get(name) {
        None => Ok(default.to_owned()),
        Some(Value::Text(text)) => Ok(text.clone()),
        Some(_) => Err(args.unsupported(name, "it must be a text that is known at compile time")),
    };
    let (separator, end) = (text("sep", " ")?, text("end", "\n")?);
    let values = args.rest.iter().map(|value| (value.clone(), args.range)).collect();
    lowerer.print_values(values, &separator, &end, args.range)?;
    Ok(Value::None)
}

fn range(lowerer: &mut Lowerer<'_>, args: &Args) -> Result<Value> {
    let mut bounds = Vec::new();
    for value in &args.rest {
        bounds.push(lowerer.integer(value, args.range)?);
    }
    match <[Expr; 3]>::try_from(bounds) {
        Ok([start, stop, step]) => Ok(Value::Range(start, stop, step)),
        Err(mut bounds) => match (bounds.pop(), bounds.pop()) {
            (Some(stop), None) => Ok(Value::Range(Expr::zero(), stop, Expr::one())),
            (Some(stop), Some(start)) if bounds.is_empty() => Ok(Value::Range(start, stop, Expr::one())),
            _ => Err(args.unsupported("range", "it takes one to three integers").into()),
        },
    }
}

fn len(lowerer: &mut Lowerer<'_>, args: &Args) -> Result<Value> {
    match args.value("x") {
        Value::Array(view) if view.rank() > 0 => Ok(Value::Scalar(Scalar::symbolic(view.shape()[0].clone()))),
        Value::Tuple(items) => Ok(Value::Scalar(Scalar::int(items.len() as i64))),
        Value::Dict(items) => Ok(Value::Scalar(Scalar::int(items.len() as i64))),
        Value::Text(text) => Ok(Value::Scalar(Scalar::int(text.chars().count() as i64))),
        Value::Range(start, stop, step) => {
            let range = dacec_ir::Range { start, stop, step };
            Ok(Value::Scalar(Scalar::symbolic(range.len_clamped())))
        }
        other => Err(lowerer.not_a_number(&other, args.range)),
    }
}

/// `min(a, b, …)`: the first operand stays unless a later one is smaller, also where one is NaN.
fn extremum(lowerer: &mut Lowerer<'_>, args: &Args, op: BinaryOp) -> Result<Value> {
    let items = match args.rest.as_slice() {
        [one] => match lowerer.as_tuple(one.clone(), args.range)? {
            Value::Tuple(items) => items,
            _ => Vec::new(),
        },
        several => several.to_vec(),
    };
    let mut items = items.into_iter();
    let Some(mut best) = items.next() else {
        return Err(args.unsupported("x", "there is nothing to choose from").into());
    };
    for item in items {
        best = chosen(lowerer, best, item, op, args.range)?;
    }
    Ok(best)
}

fn chosen(lowerer: &mut Lowerer<'_>, a: Value, b: Value, op: BinaryOp, range: TextRange) -> Result<Value> {
    let (Value::Scalar(a), Value::Scalar(b)) = (a, b) else {
        let message = "arrays have no order; use `np.minimum` or `np.maximum` for each element";
        return Err(crate::diagnostic::Diagnostic::error(crate::codes::CONDITION, range, message).into());
    };
    let whole = a.ty.with(b.ty).dtype;
    if whole.is_integer() {
        return lowerer.elementwise(
            "extremum",
            &[Value::Scalar(a), Value::Scalar(b)],
            &Dest::Temp,
            range,
            &|of| scalar::binary(op, &of[0], &of[1]),
        );
    }
    let (a, b) = (lowerer.hoist(&a), lowerer.hoist(&b));
    let better = if op == BinaryOp::Min { BinaryOp::Lt } else { BinaryOp::Gt };
    lowerer.elementwise("extremum", &[Value::Scalar(a), Value::Scalar(b)], &Dest::Temp, range, &|of| {
        let test = scalar::binary(better, &of[1], &of[0])?;
        Ok(scalar::select(&test, &of[1], &of[0]))
    })
}

fn sum(lowerer: &mut Lowerer<'_>, args: &Args) -> Result<Value> {
    let Value::Tuple(items) = lowerer.as_tuple(args.value("x"), args.range)? else { return Ok(Value::None) };
    let mut total = Value::Scalar(Scalar::weak(ScalarExpr::Symbolic(Expr::zero()), DType::Int64));
    for item in items {
        total = lowerer.elementwise("add", &[total, item], &Dest::Temp, args.range, &|of| {
            scalar::binary(BinaryOp::Add, &of[0], &of[1])
        })?;
    }
    Ok(total)
}

fn enumerate(lowerer: &mut Lowerer<'_>, args: &Args) -> Result<Value> {
    let Value::Tuple(items) = lowerer.as_tuple(args.value("x"), args.range)? else { return Ok(Value::None) };
    let pairs = items.into_iter().enumerate();
    Ok(Value::Tuple(
        pairs.map(|(k, item)| Value::Tuple(vec![Value::Scalar(Scalar::int(k as i64)), item])).collect(),
    ))
}

fn zip(lowerer: &mut Lowerer<'_>, args: &Args) -> Result<Value> {
    let mut columns = Vec::new();
    for value in &args.rest {
        match lowerer.as_tuple(value.clone(), args.range)? {
            Value::Tuple(items) => columns.push(items),
            _ => return Ok(Value::None),
        }
    }
    let rows = columns.iter().map(Vec::len).min().unwrap_or(0);
    let row = |k: usize| Value::Tuple(columns.iter().map(|column| column[k].clone()).collect());
    Ok(Value::Tuple((0..rows).map(row).collect()))
}

fn reversed(lowerer: &mut Lowerer<'_>, args: &Args) -> Result<Value> {
    match args.value("x") {
        Value::Range(start, stop, step) if step.as_int().is_some_and(|step| step.abs() == 1) => {
            let last = &stop - &step;
            Ok(Value::Range(last, start - &step, -step))
        }
        other => match lowerer.as_tuple(other, args.range)? {
            Value::Tuple(items) => Ok(Value::Tuple(items.into_iter().rev().collect())),
            other => Ok(other),
        },
    }
}
