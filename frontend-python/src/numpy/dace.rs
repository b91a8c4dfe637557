//! Functions of the `dace` module.

use super::{Args, Entry, call, shape_of};
use crate::classes::Structure;
use crate::lower::{Lowerer, Result, resolution};
use crate::types::{Axis, Scalar, Value};
use dacec_ir::{DType, Expr, Name, Range, Wcr};
use std::sync::Arc;

/// Functions of `dace`.
pub(super) const ENTRIES: &[Entry] = &[
    call("symbol", &["name?", "dtype?", "positive?", "integer?", "nonnegative?"], symbol),
    call("define_local", &["shape", "dtype", "storage?", "lifetime?"], define_local),
    call("define_local_scalar", &["dtype", "storage?", "lifetime?"], define_local_scalar),
    call("define_stream", &["dtype?", "buffer_size?", "storage?", "lifetime?"], |l, args| {
        let dtype = args.dtype("dtype")?.unwrap_or(DType::Float32);
        Ok(l.new_stream(args.dest.prefix(), dtype, Vec::new()))
    }),
    call(
        "define_streamarray",
        &["dimensions", "dtype?", "buffer_size?", "storage?", "lifetime?"],
        |l, args| {
            let dtype = args.dtype("dtype")?.unwrap_or(DType::Float32);
            let shape = shape_of(l, &args.value("dimensions"), args.place("dimensions"))?;
            Ok(l.new_stream(args.dest.prefix(), dtype, shape))
        },
    ),
    call("unroll", &["x"], |l, args| match args.value("x") {
        Value::Range(..) => l.as_tuple(args.value("x"), args.range),
        other => Ok(other),
    }),
    call("nounroll", &["x"], |_, args| Ok(args.value("x"))),
    call("reduce", &["op", "input", "output?", "axis?", "identity?"], reduce),
    call("elementwise", &["func", "in_array", "out_array?"], |l, args| {
        let result = l.call_value(&args.value("func"), vec![args.value("in_array")], args.range)?;
        match args.get("out_array").cloned() {
            Some(Value::Array(out)) => l.write(&out, &result, args.range).map(|()| Value::None),
            Some(_) => Err(args.unsupported("out_array", "it must be an array").into()),
            None => Ok(result),
        }
    }),
    call("struct", &["name", "**"], structure),
    call("in_program", &[], |_, _| Ok(Value::Scalar(Scalar::bool(true)))),
];

/// Functions of `dace.data`, which describe what a program is given.
pub(super) const DATA: &[Entry] = &[
    call("Structure", &["members", "name?", "transient?"], structure_of),
    call("Array", &["dtype", "shape", "storage?", "transient?", "strides?"], |l, args| {
        if args.given("strides") {
            return Err(args.unsupported("strides", "members of structures are stored in C order").into());
        }
        let shape = shape_of(l, &args.value("shape"), args.place("shape"))?;
        declared(args).map(|dtype| Value::ArrayType(dtype, shape))
    }),
    call("Scalar", &["dtype", "storage?", "transient?"], |_, args| declared(args).map(Value::DType)),
];

fn declared(args: &Args) -> Result<DType> {
    args.dtype("dtype")?.ok_or_else(|| args.unsupported("dtype", "it is missing").into())
}

/// `dace.struct("Point", x=dace.float64, y=dace.float64)`: a type.
fn structure(_: &mut Lowerer<'_>, args: &Args) -> Result<Value> {
    let Some(Value::Text(name)) = args.get("name") else {
        return Err(args.unsupported("name", "it must be a text that is known").into());
    };
    Ok(Value::Structure(Arc::new(Structure { name: name.clone(), members: args.others.clone() })))
}

/// `dace.data.Structure({"x": dace.float64[N]}, name="Points")`: a type.
fn structure_of(_: &mut Lowerer<'_>, args: &Args) -> Result<Value> {
    let Some(Value::Dict(items)) = args.get("members") else {
        return Err(args.unsupported("members", "it must be a dictionary of types").into());
    };
    let name = match args.get("name") {
        Some(Value::Text(name)) => name.clone(),
        None => "Structure".to_owned(),
        Some(_) => return Err(args.unsupported("name", "it must be a text that is known").into()),
    };
    let member = |(key, ty): &(Value, Value)| match key {
        Value::Text(key) => Ok((key.clone(), ty.clone())),
        _ => Err(args.unsupported("members", "its keys must be names").into()),
    };
    let members: Result<Vec<(String, Value)>> = items.iter().map(member).collect();
    Ok(Value::Structure(Arc::new(Structure { name, members: members? })))
}

/// Methods of streams.
pub(super) const STREAMS: &[Entry] = &[
    call("push", &["self", "value"], |l, args| match args.get("self").cloned() {
        Some(Value::Stream(queue)) => {
            l.push_element(&queue, &args.value("value"), args.range).map(|()| Value::None)
        }
        _ => Err(args.unsupported("self", "it is no stream").into()),
    }),
    call("pop", &["self"], |l, args| match args.get("self").cloned() {
        Some(Value::Stream(queue)) => l.pop_element(&queue, args.range),
        _ => Err(args.unsupported("self", "it is no stream").into()),
    }),
];

/// `dace.symbol('N')`: an integer that is known when the program is called.
fn symbol(lowerer: &mut Lowerer<'_>, args: &Args) -> Result<Value> {
    let Some(Value::Text(name)) = args.get("name") else {
        return Err(args.unsupported("name", "a symbol needs a name, as in `dace.symbol('N')`").into());
    };
    let name = Name::from(name.as_str());
    if !name.is_identifier() {
        return Err(args.unsupported("name", "it must be a word of letters, digits and underscores").into());
    }
    let dtype = args.dtype("dtype")?.unwrap_or(DType::Int64);
    if !dtype.is_integer() {
        return Err(args.unsupported("dtype", "symbols are integers").into());
    }
    lowerer.sdfg.symbols.insert(name.clone(), dtype);
    Ok(Value::Scalar(Scalar::symbolic(Expr::sym(name))))
}

fn define_local(lowerer: &mut Lowerer<'_>, args: &Args) -> Result<Value> {
    let shape = shape_of(lowerer, &args.value("shape"), args.place("shape"))?;
    let dtype = args.dtype("dtype")?.unwrap_or(DType::Float64);
    Ok(Value::Array(lowerer.new_array(args.dest.prefix(), dtype, &shape)))
}

fn define_local_scalar(_: &mut Lowerer<'_>, args: &Args) -> Result<Value> {
    let dtype = args.dtype("dtype")?.unwrap_or(DType::Float64);
    Ok(Value::Scalar(crate::scalar::converted(&Scalar::int(0), dtype)))
}

/// `dace.reduce(lambda a, b: a + b, A, axis=0, identity=0)`, into an array that is given or into a new one.
fn reduce(lowerer: &mut Lowerer<'_>, args: &Args) -> Result<Value> {
    let Value::Lambda(operation) = args.value("op") else {
        return Err(args.unsupported("op", "it must be a lambda of two parameters").into());
    };
    let Some(wcr) = resolution(&operation) else {
        let reason = "it must be `+`, `*`, `&`, `|`, `^`, `min` or `max` of its two parameters";
        return Err(args.unsupported("op", reason).into());
    };
    let Value::Array(input) = args.value("input") else {
        return Err(lowerer.not_a_number(&args.value("input"), args.place("input")));
    };
    // `dace.reduce(op, A, axis=0)` and `dace.reduce(op, A, B, axis=0)`: an integer is an axis.
    let output = match args.get("output") {
        Some(Value::Array(view)) => Some(view.clone()),
        Some(_) => return Err(args.unsupported("output", "it must be an array").into()),
        None => None,
    };
    let axes = args.axes("axis", input.rank())?.unwrap_or_else(|| (0..input.rank()).collect());
    let shape = input.shape();
    let rest: Vec<Expr> =
        (0..shape.len()).filter(|axis| !axes.contains(axis)).map(|axis| shape[axis].clone()).collect();
    let identity =
        match args.get("identity") {
            Some(Value::Scalar(identity)) => Some(identity.clone()),
            Some(_) => return Err(args.unsupported("identity", "it must be a number").into()),
            None if output.is_some() => None,
            None => Some(identity_of(wcr, input.dtype).ok_or_else(|| {
                args.unsupported("identity", "it must be given for this operation and type")
            })?),
        };
    let out = match &output {
        Some(view) => view.clone(),
        None => lowerer.new_array(
            args.dest.prefix(),
            input.dtype,
            &if rest.is_empty() { vec![Expr::one()] } else { rest.clone() },
        ),
    };
    if let Some(identity) = identity {
        lowerer.write(&out, &Value::Scalar(identity), args.range)?;
        lowerer.flush();
    }
    let mut own = out.axes.iter().cloned();
    let mut target = out.clone().alias();
    let all = rest.is_empty();
    target.axes = shape
        .iter()
        .enumerate()
        .map(|(axis, extent)| match axes.contains(&axis) {
            true => Axis::New(extent.clone()),
            false => own.next().unwrap_or_else(|| Axis::New(extent.clone())),
        })
        .collect();
    if all && let Some(Axis::Dim(dim)) = out.axes.first() {
        target.subset.dims[*dim] = Range::index(out.subset.dims[*dim].start.clone());
    }
    lowerer.combine(&target, &Value::Array(input), wcr, args.range)?;
    lowerer.flush();
    Ok(match (output, all) {
        (Some(_), _) => Value::None,
        (None, true) => Value::Scalar(out.element(&[Expr::zero()])),
        (None, false) => Value::Array(out),
    })
}

/// What leaves every value as it is.
fn identity_of(wcr: Wcr, dtype: DType) -> Option<Scalar> {
    match wcr {
        Wcr::Sum | Wcr::BitOr | Wcr::BitXor => Some(Scalar::int(0)),
        Wcr::Product => Some(Scalar::int(1)),
        Wcr::BitAnd => Some(Scalar::int(-1)),
        Wcr::Min if dtype.is_float() => Some(Scalar::float(f64::INFINITY)),
        Wcr::Max if dtype.is_float() => Some(Scalar::float(f64::NEG_INFINITY)),
        _ => None,
    }
}
