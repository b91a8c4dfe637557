//! Python's and NumPy's numbers as values of scalar arguments.

use dacec_runtime::ScalarValue;
use pyo3::exceptions::PyTypeError;
use pyo3::prelude::*;
use pyo3::types::{PyBool, PyComplex, PyFloat, PyInt};

/// The number that an object is; an error names what it is instead.
pub(crate) fn read(object: &Bound<'_, PyAny>) -> PyResult<ScalarValue> {
    if let Ok(value) = object.cast::<PyFloat>() {
        return Ok(ScalarValue::Float(value.value()));
    }
    if let Ok(value) = object.cast::<PyBool>() {
        return Ok(ScalarValue::Bool(value.is_true()));
    }
    if object.is_instance_of::<PyInt>() {
        return integer(object);
    }
    if let Ok(value) = object.cast::<PyComplex>() {
        return Ok(ScalarValue::Complex(num_complex::Complex64::new(value.real(), value.imag())));
    }
    // NumPy's numbers, and arrays without dimensions, tell Python's number that they are.
    let is_single =
        object.getattr("ndim").and_then(|ndim| ndim.extract::<usize>()).is_ok_and(|ndim| ndim == 0);
    if is_single
        && let Ok(item) = object.call_method0("item")
        && !item.hasattr("ndim")?
    {
        return read(&item);
    }
    // Integers of other libraries.
    if let Ok(value) = object.call_method0("__index__") {
        return integer(&value);
    }
    let class = object.get_type().name()?;
    Err(PyTypeError::new_err(format!("a number is needed, not {class}")))
}

fn integer(object: &Bound<'_, PyAny>) -> PyResult<ScalarValue> {
    if let Ok(value) = object.extract::<i64>() {
        return Ok(ScalarValue::Int(value.into()));
    }
    Ok(ScalarValue::Int(object.extract::<u64>()?.into()))
}
