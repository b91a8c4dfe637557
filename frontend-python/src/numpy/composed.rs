//! Functions that are a few lines of NumPy themselves: `numpy/composed.py`.
//!
//! An entry names the parameters that must be known, each with what it is if it is not given; the function's text finds them
//! as constants. All others are passed. What the text makes of its arguments, in shape and type, is what the function gives.

use super::{Args, Entry, Lowering, array};
use crate::lower::{Dest, Library, Lowerer, Result};
use crate::promotion::{Typed, promote};
use crate::types::Value;
use dacec_ir::{Constant, DType};

/// A parameter that must be known, and what it is if it is not given, as Python text.
type Known = (&'static str, &'static str);

const fn composed(name: &'static str, params: &'static [&'static str], known: &'static [Known]) -> Entry {
    Entry { name, params, lowering: Lowering::Composed(known) }
}

/// A function of `scipy.special`: as `composed`, of operands in the type of their sum, which is a float.
const fn special(name: &'static str, params: &'static [&'static str], known: &'static [Known]) -> Entry {
    Entry { name, params, lowering: Lowering::Special(known) }
}

const OVER_AXES: &[Known] = &[("axis", "None"), ("keepdims", "False")];
const SPREAD: &[Known] = &[("axis", "None"), ("ddof", "0"), ("keepdims", "False")];
const AXIS: &[Known] = &[("axis", "None")];

/// Functions of NumPy.
pub(super) const ENTRIES: &[Entry] = &[
    composed("nanvar", &["a", "axis?", "ddof?", "keepdims?"], SPREAD),
    composed("nanstd", &["a", "axis?", "ddof?", "keepdims?"], SPREAD),
    composed("nanmedian", &["a", "axis?", "keepdims?"], OVER_AXES),
    composed("nanargmin", &["a", "axis?"], AXIS),
    composed("nanargmax", &["a", "axis?"], AXIS),
    composed("nancumsum", &["a", "axis?"], AXIS),
    composed("nancumprod", &["a", "axis?"], AXIS),
    composed("cumulative_sum", &["x", "axis?"], &[("axis", "0")]),
    composed("cumulative_prod", &["x", "axis?"], &[("axis", "0")]),
    composed("matvec", &["x1", "x2"], &[]),
    composed("vecmat", &["x1", "x2"], &[]),
    composed("diag_indices", &["n"], &[]),
    composed("bartlett", &["M"], &[]),
    composed("blackman", &["M"], &[]),
    composed("hamming", &["M"], &[]),
    composed("hanning", &["M"], &[]),
    composed("isreal", &["x"], &[]),
    composed("iscomplex", &["x"], &[]),
    composed("array_equiv", &["a1", "a2"], &[]),
];

/// Functions of `scipy.special` that are formulas.
pub(super) const SPECIAL: &[Entry] = &[
    special("expit", &["x"], &[]),
    special("log_expit", &["x"], &[]),
    special("logit", &["x"], &[]),
    special("exp10", &["x"], &[]),
    special("ndtr", &["x"], &[]),
    special("xlogy", &["x", "y"], &[]),
    special("xlog1py", &["x", "y"], &[]),
    special("entr", &["x"], &[]),
    special("rel_entr", &["x", "y"], &[]),
    special("kl_div", &["x", "y"], &[]),
    special("softmax", &["x", "axis?"], AXIS),
    special("log_softmax", &["x", "axis?"], AXIS),
    special("logsumexp", &["a", "axis?", "keepdims?"], OVER_AXES),
];

/// Functions of `scipy.special` that take a number of Python for a double, whatever the other operand is.
const WIDENED: [&str; 2] = ["xlogy", "xlog1py"];

/// Calls the text of an entry of `scipy.special`.
pub(super) fn apply_special(
    lowerer: &mut Lowerer<'_>,
    entry: &Entry,
    known: &[Known],
    args: &Args,
) -> Result<Value> {
    let operands: Vec<Value> = operands(lowerer, entry, known, args)?;
    let ty = |value: &Value| match value {
        Value::Array(view) => Typed::strong(view.dtype),
        Value::Scalar(scalar) if WIDENED.contains(&entry.name) => Typed::strong(scalar.dtype()),
        Value::Scalar(scalar) => scalar.ty,
        _ => Typed::strong(DType::Float64),
    };
    let joined = operands.iter().map(ty).reduce(Typed::with).map_or(DType::Float64, |ty| ty.dtype);
    let dtype = if joined.is_float() { joined } else { promote(joined, DType::Float64) };
    let operands = operands
        .iter()
        .map(|value| lowerer.as_dtype(value, dtype, &Dest::Temp, args.range))
        .collect::<Result<Vec<_>>>()?;
    call(lowerer, entry, known, args, operands)
}

/// Calls the text of an entry.
pub(super) fn apply(lowerer: &mut Lowerer<'_>, entry: &Entry, known: &[Known], args: &Args) -> Result<Value> {
    let operands = operands(lowerer, entry, known, args)?;
    call(lowerer, entry, known, args, operands)
}

/// The arguments that are passed.
fn operands(lowerer: &mut Lowerer<'_>, entry: &Entry, known: &[Known], args: &Args) -> Result<Vec<Value>> {
    let passed = parameters(entry).filter(|name| !known.iter().any(|(known, _)| known == name));
    passed
        .map(|name| match args.value(name) {
            number @ Value::Scalar(_) => Ok(number),
            _ => array(lowerer, args, name).map(Value::Array),
        })
        .collect()
}

fn parameters(entry: &Entry) -> impl Iterator<Item = &'static str> {
    entry.params.iter().map(|name| name.trim_end_matches('?'))
}

fn call(
    lowerer: &mut Lowerer<'_>,
    entry: &Entry,
    known: &[Known],
    args: &Args,
    operands: Vec<Value>,
) -> Result<Value> {
    let mut operands = operands.into_iter();
    let mut library = Library::new(entry.name);
    for parameter in parameters(entry) {
        library = match known.iter().find(|(name, _)| *name == parameter) {
            Some((name, _)) if args.given(name) => library.constant(name, text(args, name)?),
            Some((name, default)) => library.constant(name, *default),
            None => library.value(parameter, operands.next().unwrap_or(Value::None)),
        };
    }
    lowerer.call_library(&library, &args.dest, args.range)
}

/// A known argument as Python text.
fn text(args: &Args, name: &'static str) -> Result<String> {
    let unknown = || args.unsupported(name, "it must be known at compile time").into();
    match args.get(name) {
        None => Ok("None".to_owned()),
        Some(Value::Tuple(items)) => {
            let items: Option<Vec<String>> = items.iter().map(number).collect();
            items.map(|items| format!("({},)", items.join(", "))).ok_or_else(unknown)
        }
        Some(value) => number(value).ok_or_else(unknown),
    }
}

fn number(value: &Value) -> Option<String> {
    let Value::Scalar(scalar) = value else { return None };
    match scalar.as_constant()? {
        Constant::Bool(true) => Some("True".to_owned()),
        Constant::Bool(false) => Some("False".to_owned()),
        Constant::Int(value, _) => Some(value.to_string()),
        Constant::Float(value, _) => Some(format!("{value:?}")),
        _ => None,
    }
}
