//! Types of parameters without annotations, from example arguments: `--args A=a.npy`, `--args n=10`,
//! `--args B=float64[N,M]`.
//!
//! As when Python calls a function: an array's type and extents become those of the parameter, and a number stands for its
//! type in Python. A description such as `float64[N,M]` leaves the extents open, by symbols.

use super::run::{natural_type, read_array, split};
use crate::Error;
use dacec_frontend::{Parameter, SourceFile};
use dacec_ir::{DType, Expr, IndexMap};

/// Gives the parameters of a program that have no annotation the types of these `NAME=EXAMPLE` texts.
pub(super) fn give(file: &mut SourceFile, program: &str, texts: &[String]) -> Result<(), Error> {
    let mut types = IndexMap::default();
    for text in texts {
        let (name, example) = split(text)?;
        types.insert(name.to_owned(), parameter(text, name, example)?);
    }
    file.give_types(program, &types).map_err(|diagnostic| Error::Source(vec![*diagnostic]))
}

fn parameter(text: &str, name: &str, example: &str) -> Result<Parameter, Error> {
    if let Some(described) = described(example) {
        return described.map_err(|reason| Error::Value { text: text.to_owned(), reason });
    }
    if example.contains(".npy") || example.contains(".npz") {
        let array = read_array(example, name)?;
        let shape = array.shape().iter().map(|extent| Expr::int(*extent as i64)).collect();
        return Ok(Parameter::Array { dtype: array.dtype(), shape, strides: None });
    }
    let dtype = natural_type(example);
    super::run::parse(example, dtype)?;
    Ok(Parameter::PythonScalar(dtype))
}

/// `float64[N,M]` or `float64`; nothing if the text does not begin with the name of a type.
fn described(text: &str) -> Option<Result<Parameter, String>> {
    let (dtype, extents) = match text.split_once('[') {
        Some((dtype, extents)) => (dtype, Some(extents)),
        None => (text, None),
    };
    let dtype: DType = dtype.trim().parse().ok()?;
    let Some(extents) = extents else { return Some(Ok(Parameter::Scalar(dtype))) };
    let Some(extents) = extents.trim_end().strip_suffix(']') else {
        return Some(Err("the bracket is not closed".to_owned()));
    };
    let extents = extents.split(',').map(|extent| {
        extent.parse::<Expr>().map_err(|error| format!("`{}` is no extent: {error}", extent.trim()))
    });
    Some(extents.collect::<Result<_, _>>().map(|shape| Parameter::Array { dtype, shape, strides: None }))
}
