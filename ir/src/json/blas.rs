//! Operations of BLAS as DaCe's nodes, where it has the same.

use super::tree::Value;
use crate::attributes::Attributes;
use crate::library::LibraryOp;
use crate::library::blas::{Blas, Factor, Trans};
use serde_json::json;

/// The attributes that say what a node computes, apart from its connectors.
pub(super) const ATTRIBUTES: [&str; 5] = ["transA", "transB", "alpha", "beta", "a"];

/// The operation of a node of that class; `None` if it is none of BLAS, or has numbers that are not real literals.
pub(super) fn read(class: &str, attributes: &Value) -> Option<Blas> {
    let form = |key: &str| match attributes.get(key).and_then(Value::as_bool).unwrap_or_default() {
        true => Trans::Transposed,
        false => Trans::No,
    };
    let number = |key: &str, usual: f64| match attributes.get(key).filter(|value| !value.is_null()) {
        None => Some(Factor::Number(usual)),
        Some(value) => {
            let number = value.as_str().map_or_else(|| value.as_f64(), |text| text.parse().ok());
            number.map(Factor::Number)
        }
    };
    let alpha = number(if class == "Axpy" { "a" } else { "alpha" }, 1.0)?;
    let op = match class {
        "Gemm" => Blas::Gemm { a: form("transA"), b: form("transB"), alpha, beta: number("beta", 0.0)? },
        "Gemv" => Blas::Gemv { a: form("transA"), alpha, beta: number("beta", 0.0)? },
        "Dot" => Blas::Dot { conjugate: false },
        "Axpy" => Blas::Axpy { alpha },
        "Ger" => Blas::Ger { conjugate: false, alpha },
        _ => return None,
    };
    // What is added to must be read, and connectors have the names that they have here.
    let inputs = attributes.get("in_connectors").and_then(Value::as_object);
    let is_input = |name: &str| inputs.is_some_and(|inputs| inputs.contains_key(name));
    op.inputs().iter().all(|name| is_input(name)).then_some(op)
}

/// The path of DaCe's class and its attributes; `None` if it has no such node.
pub(super) fn write(op: &Blas) -> Option<(&'static str, Attributes)> {
    let number = |factor: Factor| match factor {
        // DaCe compares these with integers.
        Factor::Number(number) if number == number.trunc() && number.abs() < 1e15 => {
            Some(json!(number as i64))
        }
        Factor::Number(number) if number.is_finite() => Some(json!(number)),
        Factor::Number(_) | Factor::Operand => None,
    };
    let form = |form: Trans| match form {
        Trans::No => Some(json!(false)),
        Trans::Transposed => Some(json!(true)),
        Trans::Adjoint => None,
    };
    let (alpha, beta) = (number(op.alpha())?, number(op.beta())?);
    let (path, list) = match op {
        Blas::Gemm { a, b, .. } => (
            "dace.libraries.blas.nodes.gemm.Gemm",
            vec![("transA", form(*a)?), ("transB", form(*b)?), ("alpha", alpha), ("beta", beta)],
        ),
        Blas::Gemv { a, .. } => (
            "dace.libraries.blas.nodes.gemv.Gemv",
            vec![("transA", form(*a)?), ("alpha", alpha), ("beta", beta)],
        ),
        Blas::Dot { conjugate: false } => ("dace.libraries.blas.nodes.dot.Dot", Vec::new()),
        Blas::Axpy { .. } => ("dace.libraries.blas.nodes.axpy.Axpy", vec![("a", alpha)]),
        Blas::Ger { conjugate: false, .. } => ("dace.libraries.blas.nodes.ger.Ger", vec![("alpha", alpha)]),
        _ => return None,
    };
    Some((path, list.into_iter().map(|(key, value)| (key.to_owned(), value)).collect()))
}
