//! Python values as the front end takes them.
//!
//! The package describes each value by a tuple that begins with its kind: `("int", 3)`, `("symbolic", "N + 1")`,
//! `("tuple", [...])`. So all knowledge about Python's objects is in Python (`capture.py`).

use crate::graph::Graph;
use dacec_frontend::{Captured, Environment, Parameter};
use dacec_ir::{Constant, DType, Expr, IndexMap, Name};
use dacec_runtime::ScalarValue;
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyTuple};

/// Values of names, types of parameters, and symbols.
pub(crate) fn environment(
    captured: &Bound<'_, PyDict>,
    parameters: &Bound<'_, PyDict>,
    symbols: Vec<(String, String)>,
    fallbacks: &Bound<'_, PyDict>,
) -> PyResult<Environment> {
    let mut environment = Environment::default();
    for (name, value) in captured {
        environment.captured.insert(name.extract()?, self::captured(&value)?);
    }
    for (name, value) in parameters {
        environment.parameters.insert(name.extract()?, parameter(&value)?);
    }
    for (name, dtype) in symbols {
        environment.symbols.insert(Name::from(name), self::dtype(&dtype)?);
    }
    for (line, function) in fallbacks {
        environment.fallbacks.insert(line.extract()?, self::captured(&function)?);
    }
    Ok(environment)
}

fn captured(value: &Bound<'_, PyAny>) -> PyResult<Captured> {
    let tuple = value.cast::<PyTuple>()?;
    let kind: String = tuple.get_item(0)?.extract()?;
    let item = |at: usize| tuple.get_item(at);
    Ok(match kind.as_str() {
        "none" => Captured::None,
        "ellipsis" => Captured::Ellipsis,
        "bool" => Captured::Bool(item(1)?.extract()?),
        "int" => Captured::Int(item(1)?.extract()?),
        "float" => Captured::Float(item(1)?.extract()?),
        "complex" => Captured::Complex(item(1)?.extract()?, item(2)?.extract()?),
        "number" => Captured::Number(number(&item(1)?, dtype_of(&item(2)?)?)?),
        "text" => Captured::Text(item(1)?.extract()?),
        "tuple" => Captured::Tuple(item(1)?.try_iter()?.map(|it| captured(&it?)).collect::<PyResult<_>>()?),
        "list" => Captured::List(item(1)?.try_iter()?.map(|it| captured(&it?)).collect::<PyResult<_>>()?),
        "dict" => {
            let mut items = Vec::new();
            for pair in item(1)?.try_iter()? {
                let pair = pair?;
                items.push((captured(&pair.get_item(0)?)?, captured(&pair.get_item(1)?)?));
            }
            Captured::Dict(items)
        }
        "symbolic" => Captured::Symbolic(expr(&item(1)?)?),
        "dtype" => Captured::DType(dtype_of(&item(1)?)?),
        "array-type" => Captured::ArrayType(dtype_of(&item(1)?)?, exprs(&item(2)?)?),
        "array" => Captured::Array {
            argument: Name::from(item(1)?.extract::<String>()?),
            dtype: dtype_of(&item(2)?)?,
            shape: exprs(&item(3)?)?,
        },
        "module" => Captured::Module(item(1)?.extract()?),
        "open-module" => {
            let mut members = IndexMap::default();
            for (name, member) in item(2)?.cast::<PyDict>()? {
                members.insert(name.extract()?, captured(&member)?);
            }
            Captured::OpenModule(item(1)?.extract()?, members)
        }
        "object" => {
            let result = item(3)?;
            let result = if result.is_none() { None } else { Some(Box::new(parameter(&result)?)) };
            Captured::Object { key: item(1)?.extract()?, what: item(2)?.extract()?, result }
        }
        "member" => Captured::Member {
            module: item(1)?.extract()?,
            name: item(2)?.extract()?,
            other: Box::new(captured(&item(3)?)?),
        },
        "namespace" => {
            let mut members = IndexMap::default();
            for (name, member) in item(1)?.cast::<PyDict>()? {
                members.insert(name.extract()?, captured(&member)?);
            }
            Captured::Namespace(members)
        }
        "hint" => Captured::Hint,
        "function" => Captured::Function(item(1)?.extract()?),
        "program" => {
            let graph = item(1)?.cast::<Graph>()?.borrow().sdfg.clone();
            let mut parameters = Vec::new();
            for pair in item(2)?.try_iter()? {
                let pair = pair?;
                let default = pair.get_item(1)?;
                let default = if default.is_none() { None } else { Some(captured(&default)?) };
                parameters.push((pair.get_item(0)?.extract()?, default));
            }
            Captured::Program { graph, parameters }
        }
        "recursive" => Captured::Recursive,
        "other" => Captured::Other(item(1)?.extract()?),
        other => return Err(PyValueError::new_err(format!("unknown kind of value: {other}"))),
    })
}

fn parameter(value: &Bound<'_, PyAny>) -> PyResult<Parameter> {
    let tuple = value.cast::<PyTuple>()?;
    let kind: String = tuple.get_item(0)?.extract()?;
    Ok(match kind.as_str() {
        "scalar" => Parameter::Scalar(dtype_of(&tuple.get_item(1)?)?),
        "python-scalar" => Parameter::PythonScalar(dtype_of(&tuple.get_item(1)?)?),
        "array" => {
            let strides = tuple.get_item(3)?;
            Parameter::Array {
                dtype: dtype_of(&tuple.get_item(1)?)?,
                shape: exprs(&tuple.get_item(2)?)?,
                strides: if strides.is_none() { None } else { Some(exprs(&strides)?) },
            }
        }
        "constant" => Parameter::Constant(captured(&tuple.get_item(1)?)?),
        "structure" => {
            let mut members = Vec::new();
            for member in tuple.get_item(1)?.try_iter()? {
                let (name, argument, it): (String, String, Bound<'_, PyAny>) = member?.extract()?;
                members.push((name, argument, parameter(&it)?));
            }
            Parameter::Structure(members)
        }
        other => return Err(PyValueError::new_err(format!("unknown kind of parameter: {other}"))),
    })
}

fn number(value: &Bound<'_, PyAny>, dtype: DType) -> PyResult<Constant> {
    let wrong = || PyValueError::new_err(format!("not a value of {dtype}"));
    Ok(match crate::scalars::read(value)? {
        ScalarValue::Bool(value) if dtype == DType::Bool => Constant::Bool(value),
        ScalarValue::Bool(value) => Constant::of_int(i64::from(value), dtype),
        ScalarValue::Int(value) => match i64::try_from(value) {
            Ok(value) => Constant::of_int(value, dtype),
            Err(_) => Constant::UInt(u64::try_from(value).map_err(|_| wrong())?),
        },
        ScalarValue::Float(value) if dtype.is_complex() => Constant::Complex(value, 0.0, dtype),
        ScalarValue::Float(value) => Constant::Float(value, dtype),
        ScalarValue::Complex(value) => Constant::Complex(value.re, value.im, dtype),
    })
}

/// Reads the name of an element type.
pub(crate) fn dtype(name: &str) -> PyResult<DType> {
    name.parse().map_err(|_| PyValueError::new_err(format!("unknown element type `{name}`")))
}

fn dtype_of(name: &Bound<'_, PyAny>) -> PyResult<DType> {
    dtype(&name.extract::<String>()?)
}

fn expr(text: &Bound<'_, PyAny>) -> PyResult<Expr> {
    if let Ok(value) = text.extract::<i64>() {
        return Ok(Expr::int(value));
    }
    let text: String = text.extract()?;
    Expr::parse(&text).map_err(|error| PyValueError::new_err(format!("`{text}` is no extent: {error}")))
}

fn exprs(texts: &Bound<'_, PyAny>) -> PyResult<Vec<Expr>> {
    texts.try_iter()?.map(|text| expr(&text?)).collect()
}
