//! Whether compiled code may take one value for another.
//!
//! Python's `==` is too generous for that: `1`, `1.0` and `True` are equal, and so are `(2,)` and `(2.0,)`, `0.0` and
//! `-0.0`, but code for one of them computes something else for the other. And it is too strict for NaN, which would be
//! compiled for again at every call.

use crate::arrays::NumpyArray;
use pyo3::prelude::*;
use pyo3::types::{PyComplex, PyDict, PyFloat, PyList, PyTuple};

/// Whether two objects are one, or of the same class with the same value; what is in tuples, lists and dictionaries too.
#[pyfunction]
pub(crate) fn same(expected: &Bound<'_, PyAny>, object: &Bound<'_, PyAny>) -> PyResult<bool> {
    if expected.is(object) {
        return Ok(true);
    }
    if !expected.get_type().is(object.get_type()) {
        return Ok(false);
    }
    if let (Ok(first), Ok(second)) = (expected.cast::<PyFloat>(), object.cast::<PyFloat>()) {
        return Ok(first.value().to_bits() == second.value().to_bits());
    }
    if let (Ok(first), Ok(second)) = (expected.cast::<PyComplex>(), object.cast::<PyComplex>()) {
        let bits = |it: &Bound<'_, PyComplex>| (it.real().to_bits(), it.imag().to_bits());
        return Ok(bits(first) == bits(second));
    }
    if let (Ok(first), Ok(second)) = (expected.cast::<PyTuple>(), object.cast::<PyTuple>()) {
        return all_same(first.len() == second.len(), first.iter().zip(second.iter()));
    }
    if let (Ok(first), Ok(second)) = (expected.cast::<PyList>(), object.cast::<PyList>()) {
        return all_same(first.len() == second.len(), first.iter().zip(second.iter()));
    }
    if let (Ok(first), Ok(second)) = (expected.cast::<PyDict>(), object.cast::<PyDict>()) {
        // In their order, which a loop over them sees.
        let pairs = || first.iter().zip(second.iter());
        let keys = all_same(first.len() == second.len(), pairs().map(|(one, other)| (one.0, other.0)))?;
        return all_same(keys, pairs().map(|(one, other)| (one.1, other.1)));
    }
    if NumpyArray::is_number(expected) {
        let dtypes = expected.getattr("dtype")?.eq(object.getattr("dtype")?)?;
        return Ok(dtypes
            && NumpyArray::is_number(object)
            && expected.call_method0("tobytes")?.eq(object.call_method0("tobytes")?)?);
    }
    // Objects with a comparison of their own making, such as arrays, may not answer with a truth value.
    Ok(expected.eq(object).unwrap_or(false))
}

fn all_same<'py>(
    as_many: bool,
    mut pairs: impl Iterator<Item = (Bound<'py, PyAny>, Bound<'py, PyAny>)>,
) -> PyResult<bool> {
    if !as_many {
        return Ok(false);
    }
    // The first that differs, or the first error, ends it.
    let different = pairs.find_map(|(first, second)| match same(&first, &second) {
        Ok(true) => None,
        other => Some(other),
    });
    different.unwrap_or(Ok(true))
}
