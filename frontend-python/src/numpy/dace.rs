//! Functions of the `dace` module.

use super::{Args, Entry, call, shape_of};
use crate::lower::{Lowerer, Result};
use crate::types::{Scalar, Value};
use dacec_ir::{DType, Expr, Name};

/// Functions of `dace`.
pub(super) const ENTRIES: &[Entry] = &[
    call("symbol", &["name?", "dtype?", "positive?", "integer?", "nonnegative?"], symbol),
    call("define_local", &["shape", "dtype", "storage?", "lifetime?"], define_local),
    call("define_local_scalar", &["dtype", "storage?", "lifetime?"], define_local_scalar),
    call("unroll", &["x"], |l, args| match args.value("x") {
        Value::Range(..) => l.as_tuple(args.value("x"), args.range),
        other => Ok(other),
    }),
    call("nounroll", &["x"], |_, args| Ok(args.value("x"))),
    call("in_program", &[], |_, _| Ok(Value::Scalar(Scalar::bool(true)))),
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
