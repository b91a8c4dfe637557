//! Python's own functions.

use super::{Args, Entry, Lowering, call};
use crate::lower::{Dest, Library, Lowerer, Result, count_of};
use crate::parse::TextRange;
use crate::promotion::Typed;
use crate::scalar;
use crate::types::{Axis, Items, Scalar, Value, View};
use dacec_ir::{BinaryOp, DType, Expr, Function};

/// Builtins.
pub(super) const ENTRIES: &[Entry] = &[
    call("print", &["*", "sep?", "end?", "flush?"], print),
    call("range", &["*"], range),
    call("len", &["x"], len),
    call("min", &["*", "key?"], |l, args| extremum(l, args, BinaryOp::Min)),
    call("max", &["*", "key?"], |l, args| extremum(l, args, BinaryOp::Max)),
    call("sum", &["x", "start?"], sum),
    call("enumerate", &["x", "start?"], enumerate),
    call("zip", &["*"], zip),
    call("reversed", &["x"], reversed),
    call("slice", &["*"], slice),
    call("sorted", &["x", "key?", "reverse?"], sorted),
    call("map", &["*"], mapped),
    call("filter", &["function", "x"], filtered),
    call("callable", &["x"], |_, args| {
        let is_function = matches!(
            args.get("x"),
            Some(
                Value::Function(_)
                    | Value::Method(..)
                    | Value::Bound(..)
                    | Value::Program(_)
                    | Value::Helper(_)
                    | Value::Lambda(_)
                    | Value::Defaulted(..)
                    | Value::Object(_)
            )
        );
        Ok(Value::Scalar(Scalar::bool(is_function)))
    }),
    call("isinstance", &["x", "type"], is_instance),
    call("hasattr", &["x", "name"], has_attribute),
    call("tuple", &["x"], |l, args| {
        let values = l.as_tuple(args.value("x"), args.range)?;
        Ok(with_kind(values, false))
    }),
    call("list", &["x"], |l, args| {
        let values = l.as_tuple(args.value("x"), args.range)?;
        Ok(with_kind(values, true))
    }),
    Entry { name: "abs", params: &["x"], lowering: Lowering::Math(Function::Abs) },
    call("pow", &["base", "exp", "mod?"], power),
    call("divmod", &["a", "b"], quotient_and_rest),
    call("all", &["x"], |l, args| truth_of_items(l, args, true)),
    call("any", &["x"], |l, args| truth_of_items(l, args, false)),
    call("int", &["x?"], int),
    call("float", &["x?"], float),
    call("complex", &["real?", "imag?"], complex),
    Entry { name: "bool", params: &["x"], lowering: Lowering::Scalar(|of| Ok(scalar::truth(&of[0]))) },
    call("round", &["number", "ndigits?"], round),
];

/// The sequence as a list, or as a tuple.
fn with_kind(value: Value, is_list: bool) -> Value {
    match value {
        Value::Tuple(items) => {
            let values = items.into();
            Value::Tuple(if is_list { Items::list(values) } else { Items::from(values) })
        }
        other => other,
    }
}

fn python_number(value: &Scalar, dtype: DType) -> Scalar {
    let converted = scalar::converted(value, dtype);
    Scalar::weak(converted.code, dtype)
}

/// To an integer, or to so many digits after the point, where halves go to the even neighbour.
fn round(lowerer: &mut Lowerer<'_>, args: &Args) -> Result<Value> {
    let digits = args.int("ndigits")?;
    lowerer.elementwise("round", &[args.value("number")], &args.dest, args.range, &|of| {
        let Some(digits) = digits else {
            let rounded = scalar::call(Function::Rint, &of[0])?;
            return Ok(python_number(&rounded, DType::Int64));
        };
        if of[0].dtype().is_integer() && digits >= 0 {
            return Ok(of[0].clone());
        }
        // Python rounds the decimal digits of a number, which only a known one has now.
        if let (Typed { dtype: DType::Float64, weak: true }, Some(known)) = (of[0].ty, of[0].as_f64())
            && let Ok(places) = usize::try_from(digits).map(|places| places.min(400))
            && let Ok(rounded) = format!("{known:.places$}").parse()
        {
            return Ok(Scalar::float(rounded));
        }
        let (first, then, digits) = match digits {
            0.. => (BinaryOp::Mul, BinaryOp::Div, digits),
            _ => (BinaryOp::Div, BinaryOp::Mul, -digits),
        };
        let factor = Scalar::float(10_f64.powi(i32::try_from(digits).unwrap_or(i32::MAX)));
        let scaled = scalar::binary(first, &of[0], &factor)?;
        scalar::binary(then, &scalar::call(Function::Rint, &scaled)?, &factor)
    })
}

/// `pow(base, exp)`, and `pow(base, exp, mod)` of known integers.
fn power(lowerer: &mut Lowerer<'_>, args: &Args) -> Result<Value> {
    if args.get("mod").is_none() {
        let operands = [args.value("base"), args.value("exp")];
        return lowerer.elementwise("power", &operands, &args.dest, args.range, &|of| {
            scalar::binary(BinaryOp::Pow, &of[0], &of[1])
        });
    }
    let (base, exponent, modulus) = (args.int("base")?, args.int("exp")?, args.int("mod")?);
    let (Some(base), Some(exponent), Some(modulus)) = (base, exponent, modulus) else {
        return Err(args.unsupported("base", "it is missing").into());
    };
    if exponent < 0 || modulus == 0 {
        return Err(args.unsupported("exp", "it must not be negative, and `mod` not be 0").into());
    }
    let (wide, mut square, mut rest) = (i128::from(modulus), i128::from(base), exponent);
    let mut result = 1_i128.rem_euclid(wide);
    while rest > 0 {
        square %= wide;
        if rest % 2 == 1 {
            result = result * square % wide;
        }
        square *= square;
        rest /= 2;
    }
    // The sign is that of the modulus.
    let result = if result != 0 && (result < 0) != (wide < 0) { result + wide } else { result };
    Ok(Value::Scalar(Scalar::int(i64::try_from(result).unwrap_or(0))))
}

/// `divmod(a, b)`.
fn quotient_and_rest(lowerer: &mut Lowerer<'_>, args: &Args) -> Result<Value> {
    let mut results = Vec::new();
    let operands: Vec<Value> = ["a", "b"]
        .iter()
        .map(|name| match args.value(name) {
            Value::Scalar(scalar) => Value::Scalar(lowerer.hoist(&scalar)),
            other => other,
        })
        .collect();
    for op in [BinaryOp::FloorDiv, BinaryOp::Mod] {
        results.push(lowerer.elementwise("divmod", &operands, &Dest::Temp, args.range, &|of| {
            scalar::binary(op, &of[0], &of[1])
        })?);
    }
    Ok(Value::Tuple(results.into()))
}

/// `all(items)` and `any(items)` of a sequence that is known.
fn truth_of_items(lowerer: &mut Lowerer<'_>, args: &Args, is_all: bool) -> Result<Value> {
    let Value::Tuple(items) = lowerer.as_tuple(args.value("x"), args.range)? else { return Ok(Value::None) };
    let op = if is_all { BinaryOp::And } else { BinaryOp::Or };
    let mut result = Value::Scalar(Scalar::bool(is_all));
    for item in items {
        result = lowerer.elementwise("truth", &[result, item], &Dest::Temp, args.range, &|of| {
            scalar::binary(op, &scalar::truth(&of[0]), &scalar::truth(&of[1]))
        })?;
    }
    Ok(result)
}

/// `int(x)`, and `int("12")`.
fn int(lowerer: &mut Lowerer<'_>, args: &Args) -> Result<Value> {
    match args.get("x") {
        None => Ok(Value::Scalar(Scalar::int(0))),
        Some(Value::Text(text)) => match text.trim().parse::<i64>() {
            Ok(value) => Ok(Value::Scalar(Scalar::int(value))),
            Err(_) => Err(args.unsupported("x", "the text is no number").into()),
        },
        Some(value) => {
            lowerer.elementwise("int", std::slice::from_ref(value), &args.dest, args.range, &|of| {
                Ok(python_number(&of[0], DType::Int64))
            })
        }
    }
}

/// `slice(stop)`, and `slice(start, stop, step)`.
fn slice(lowerer: &mut Lowerer<'_>, args: &Args) -> Result<Value> {
    let mut bounds = Vec::new();
    for value in &args.rest {
        bounds.push(match value {
            Value::None => None,
            value => Some(lowerer.integer(value, args.range)?),
        });
    }
    if let [stop] = bounds.as_slice() {
        return Ok(Value::Slice([None, stop.clone(), None]));
    }
    bounds.resize(bounds.len().max(3), None);
    match <[Option<Expr>; 3]>::try_from(bounds) {
        Ok(bounds) => Ok(Value::Slice(bounds)),
        Err(_) => Err(args.unsupported("slice", "it takes one to three integers").into()),
    }
}

/// `sorted(items)` of numbers that are known.
fn sorted(lowerer: &mut Lowerer<'_>, args: &Args) -> Result<Value> {
    if args.get("key").is_some() {
        return Err(args.unsupported("key", "numbers are sorted by their values").into());
    }
    let Value::Tuple(items) = lowerer.as_tuple(args.value("x"), args.range)? else { return Ok(Value::None) };
    let mut numbers = Vec::new();
    for item in items {
        let number = if let Value::Scalar(scalar) = &item { scalar.as_f64() } else { None };
        let Some(number) = number else {
            return Err(args
                .unsupported("x", "its items must be numbers that are known at compile time")
                .help("use `np.sort` for an array")
                .into());
        };
        numbers.push((number, item));
    }
    numbers.sort_by(|(a, _), (b, _)| a.total_cmp(b));
    if args.flag("reverse")? {
        numbers.reverse();
    }
    Ok(Value::Tuple(Items::list(numbers.into_iter().map(|(_, item)| item).collect())))
}

/// `map(function, items)` over what is known.
fn mapped(lowerer: &mut Lowerer<'_>, args: &Args) -> Result<Value> {
    let Some((function, columns)) = args.rest.split_first() else {
        return Err(args.unsupported("function", "it is missing").into());
    };
    let mut rows: Vec<Vec<Value>> = Vec::new();
    for (k, column) in columns.iter().enumerate() {
        let Value::Tuple(items) = lowerer.as_tuple(column.clone(), args.range)? else {
            return Ok(Value::None);
        };
        if k == 0 {
            rows = items.into_iter().map(|item| vec![item]).collect();
        } else {
            rows.truncate(items.len());
            rows.iter_mut().zip(items).for_each(|(row, item)| row.push(item));
        }
    }
    let values = rows.into_iter().map(|row| lowerer.call_value(function, row, args.range));
    values.collect::<Result<Items>>().map(Value::Tuple)
}

/// `filter(function, items)` over what is known, by a condition that is known.
fn filtered(lowerer: &mut Lowerer<'_>, args: &Args) -> Result<Value> {
    let Value::Tuple(items) = lowerer.as_tuple(args.value("x"), args.range)? else { return Ok(Value::None) };
    let mut chosen = Vec::new();
    for item in items {
        let test = lowerer.call_value(&args.value("function"), vec![item.clone()], args.range)?;
        match test {
            Value::Scalar(test) if test.as_truth().is_some() => {
                chosen.extend((test.as_truth() == Some(true)).then_some(item));
            }
            _ => {
                return Err(args.unsupported("function", "its results must be known at compile time").into());
            }
        }
    }
    Ok(Value::Tuple(chosen.into()))
}

/// `isinstance(x, type)`, which is known.
fn is_instance(_: &mut Lowerer<'_>, args: &Args) -> Result<Value> {
    let (value, ty) = (args.value("x"), args.value("type"));
    let types = if let Value::Tuple(types) = ty { types } else { vec![ty].into() };
    let mut found = false;
    for ty in types {
        let name = match &ty {
            Value::Function(entry) => entry.name,
            Value::DType(dtype) => {
                found |= matches!(&value, Value::Scalar(it) if !it.ty.weak && it.dtype() == *dtype);
                continue;
            }
            _ => {
                return Err(args.unsupported("type", "it must be a type of numbers, or `np.ndarray`").into());
            }
        };
        // Of NumPy's numbers, only doubles and complex doubles are Python's too.
        let is_python = |it: &Scalar| it.ty.weak || matches!(it.dtype(), DType::Float64 | DType::Complex128);
        let number = match &value {
            Value::Scalar(scalar) if is_python(scalar) => Some(scalar.dtype()),
            _ => None,
        };
        found |= match name {
            "ndarray" => matches!(value, Value::Array(_)),
            "tuple" | "list" => matches!(&value, Value::Tuple(items) if items.is_list == (name == "list")),
            "bool" => number == Some(DType::Bool),
            "int" => number.is_some_and(|it| it.is_integer() || it == DType::Bool),
            "float" => number.is_some_and(DType::is_float),
            "complex" => number.is_some_and(DType::is_complex),
            _ => return Err(args.unsupported("type", "it is no type").into()),
        };
    }
    Ok(Value::Scalar(Scalar::bool(found)))
}

/// `hasattr(x, name)`, which is known.
fn has_attribute(_: &mut Lowerer<'_>, args: &Args) -> Result<Value> {
    let Some(Value::Text(name)) = args.get("name") else {
        return Err(args.unsupported("name", "it must be a text that is known").into());
    };
    let found = match args.value("x") {
        Value::Array(_) | Value::Scalar(_) => super::attribute_names().any(|known| known == name),
        Value::Namespace(members) => members.contains_key(name),
        Value::Instance(class, members) => {
            members.contains_key(name)
                || class.constants.contains_key(name)
                || class.methods.contains_key(name)
        }
        Value::Module(module) => super::member(module, name).is_some(),
        _ => return Err(args.unsupported("x", "its attributes are not known").into()),
    };
    Ok(Value::Scalar(Scalar::bool(found)))
}

/// `float(x)`, and `float("inf")`.
fn float(lowerer: &mut Lowerer<'_>, args: &Args) -> Result<Value> {
    match args.get("x") {
        None => Ok(Value::Scalar(Scalar::float(0.0))),
        Some(Value::Text(text)) => match text.trim().parse::<f64>() {
            Ok(value) => Ok(Value::Scalar(Scalar::float(value))),
            Err(_) => Err(args.unsupported("x", "the text is no number").into()),
        },
        Some(value) => {
            lowerer.elementwise("float", std::slice::from_ref(value), &args.dest, args.range, &|of| {
                Ok(python_number(&of[0], DType::Float64))
            })
        }
    }
}

/// `complex(real, imag)`.
fn complex(lowerer: &mut Lowerer<'_>, args: &Args) -> Result<Value> {
    let real = args.get("real").cloned().unwrap_or(Value::Scalar(Scalar::int(0)));
    let mut operands = vec![real];
    operands.extend(args.get("imag").cloned());
    lowerer.elementwise("complex", &operands, &args.dest, args.range, &|of| match of {
        [real, imag] if !real.dtype().is_complex() && !imag.dtype().is_complex() => {
            super::math::from_parts(real, imag)
        }
        [real] => Ok(python_number(real, DType::Complex128)),
        _ => Err("the parts of a complex number are real numbers".into()),
    })
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
        Value::Array(view) if view.rank() > 0 => {
            Ok(Value::Scalar(Scalar::symbolic(lowerer.numbers_of_elements(&view).remove(0))))
        }
        Value::Tuple(items) => Ok(Value::Scalar(Scalar::int(items.len() as i64))),
        Value::Dict(items) => Ok(Value::Scalar(Scalar::int(items.len() as i64))),
        Value::Text(text) => Ok(Value::Scalar(Scalar::int(text.chars().count() as i64))),
        Value::Range(start, stop, step) => {
            let range = dacec_ir::Range::strided(start, stop, step);
            Ok(Value::Scalar(Scalar::symbolic(range.len_clamped())))
        }
        other => Err(lowerer.not_a_number(&other, args.range)),
    }
}

/// Whether the elements of a vector are so few that they are written out one by one.
fn is_short(view: &View) -> bool {
    view.shape()[0].as_int().is_some_and(|count| count <= 16)
}

/// `min(a, b, …)`: the first operand stays unless a later one is smaller, also where one is NaN.
fn extremum(lowerer: &mut Lowerer<'_>, args: &Args, op: BinaryOp) -> Result<Value> {
    let items = match args.rest.as_slice() {
        [Value::Array(view)] if view.rank() == 1 && !is_short(view) && args.get("key").is_none() => {
            let better = if op == BinaryOp::Min { "np.less" } else { "np.greater" };
            let library = Library::new("first_extremum").array("x", view).constant("better", better);
            return lowerer.call_library(&library, &args.dest, args.range);
        }
        [one] => match lowerer.as_tuple(one.clone(), args.range)? {
            Value::Tuple(items) => items,
            _ => Vec::new().into(),
        },
        several => several.to_vec().into(),
    };
    let mut items = items.into_iter();
    let Some(mut best) = items.next() else {
        return Err(args.unsupported("x", "there is nothing to choose from").into());
    };
    let Some(key) = args.get("key").cloned() else {
        for item in items {
            best = chosen(lowerer, best, item, op, args.range)?;
        }
        return Ok(best);
    };
    let mut best_key = lowerer.call_value(&key, vec![best.clone()], args.range)?;
    let better = if op == BinaryOp::Min { BinaryOp::Lt } else { BinaryOp::Gt };
    for item in items {
        let key = lowerer.call_value(&key, vec![item.clone()], args.range)?;
        let operands = [key, best_key, item, best].map(|value| match value {
            Value::Scalar(scalar) => Value::Scalar(lowerer.hoist(&scalar)),
            other => other,
        });
        let mut both = Vec::new();
        for (new, old) in [(2, 3), (0, 1)] {
            both.push(lowerer.elementwise("extremum", &operands, &Dest::Temp, args.range, &|of| {
                let test = scalar::binary(better, &of[0], &of[1])?;
                Ok(scalar::select(&test, &of[new], &of[old]))
            })?);
        }
        let mut both = both.into_iter();
        best = both.next().unwrap_or(Value::None);
        best_key = both.next().unwrap_or(Value::None);
    }
    Ok(best)
}

fn chosen(lowerer: &mut Lowerer<'_>, a: Value, b: Value, op: BinaryOp, range: TextRange) -> Result<Value> {
    let (Value::Scalar(a), Value::Scalar(b)) = (a, b) else {
        let message = "arrays have no order; use `np.minimum` or `np.maximum` for each element";
        return Err(crate::diagnostic::Diagnostic::error(crate::codes::CONDITION, range, message).into());
    };
    let (a, b) = (scalar::beside(&a, b.dtype()), scalar::beside(&b, a.dtype()));
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
    if let Some(Value::Array(view)) = args.get("x").cloned()
        && view.rank() == 1
        && !is_short(&view)
        && args.get("start").is_none()
    {
        // Python's zero is of any type, except beside truth values.
        let dtype = if view.dtype == DType::Bool { DType::Int64 } else { view.dtype };
        let library = Library::new("summed").array("x", &view);
        let library = library.constant("start", format!("np.{}(0)", dtype.name()));
        return lowerer.call_library(&library, &args.dest, args.range);
    }
    let Value::Tuple(items) = lowerer.as_tuple(args.value("x"), args.range)? else { return Ok(Value::None) };
    let zero = Value::Scalar(Scalar::int(0));
    let mut total = args.get("start").cloned().unwrap_or(zero);
    for item in items {
        total = lowerer.elementwise("add", &[total, item], &Dest::Temp, args.range, &|of| {
            scalar::binary(BinaryOp::Add, &of[0], &of[1])
        })?;
    }
    Ok(total)
}

fn enumerate(lowerer: &mut Lowerer<'_>, args: &Args) -> Result<Value> {
    let start = match args.get("start") {
        Some(start) => lowerer.integer(start, args.place("start"))?,
        None => Expr::zero(),
    };
    let items = args.value("x");
    let Some(count) = count_of(&items) else {
        let Value::Tuple(items) = lowerer.as_tuple(items, args.range)? else { return Ok(Value::None) };
        return Ok(counted(items.into(), &start));
    };
    match items {
        Value::Tuple(items) => Ok(counted(items.into(), &start)),
        items => Ok(Value::Zip(vec![Value::Range(start.clone(), start + count, Expr::one()), items])),
    }
}

fn counted(items: Vec<Value>, start: &Expr) -> Value {
    let number = |k: usize| Value::Scalar(Scalar::symbolic(start + k as i64));
    let pairs = items.into_iter().enumerate();
    Value::Tuple(pairs.map(|(k, item)| Value::Tuple(vec![number(k), item].into())).collect())
}

/// Values that are known are paired now; a loop pairs the others.
fn zip(lowerer: &mut Lowerer<'_>, args: &Args) -> Result<Value> {
    let known = args.rest.iter().any(|value| matches!(value, Value::Tuple(_) | Value::Dict(_)));
    if !known {
        return Ok(Value::Zip(args.rest.clone()));
    }
    let mut columns = Vec::new();
    for value in &args.rest {
        match lowerer.as_tuple(value.clone(), args.range)? {
            Value::Tuple(items) => columns.push(items),
            _ => return Ok(Value::None),
        }
    }
    let rows = columns.iter().map(|column| column.len()).min().unwrap_or(0);
    let row = |k: usize| Value::Tuple(columns.iter().map(|column| column[k].clone()).collect());
    Ok(Value::Tuple((0..rows).map(row).collect()))
}

fn reversed(lowerer: &mut Lowerer<'_>, args: &Args) -> Result<Value> {
    match args.value("x") {
        Value::Range(start, stop, step) if step.as_int().is_some_and(|step| step.abs() == 1) => {
            let last = &stop - &step;
            Ok(Value::Range(last, start - &step, -step))
        }
        Value::Array(view) if view.rank() > 0 => Ok(Value::Array(backwards(view))),
        other => match lowerer.as_tuple(other, args.range)? {
            Value::Tuple(items) => Ok(Value::Tuple(items.into_iter().rev().collect())),
            other => Ok(other),
        },
    }
}

/// The view with its first axis run backwards.
fn backwards(view: View) -> View {
    let mut view = view.alias();
    if let Some(Axis::Dim(dim)) = view.axes.first() {
        let own = &view.subset.dims[*dim];
        let back = dacec_ir::Range::strided(own.len() - 1, -1, -1);
        view.subset.dims[*dim] = own.compose(&back);
    }
    view
}
