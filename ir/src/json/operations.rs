//! Operations that are neither of BLAS nor products or reductions, as DaCe's nodes, where it has the same.

use super::Dialect;
use super::tree::Value;
use crate::attributes::Attributes;
use crate::library::blas::Factor;
use crate::library::defined::Transpose;
use crate::library::{Csr, LibraryOp};
use serde_json::json;
use std::sync::Arc;

/// The attributes that say what a node computes, apart from its connectors.
pub(super) const ATTRIBUTES: [&str; 3] = ["transB", "alpha", "beta"];

/// The operation of a node of that class; `None` if it is none of these, or has no form here.
pub(super) fn read(class: &str, attributes: &Value) -> Option<Arc<dyn LibraryOp>> {
    let number = |key: &str, usual: f64| match attributes.get(key).filter(|value| !value.is_null()) {
        None => Some(Factor::Number(usual)),
        Some(value) => {
            let number = value.as_str().map_or_else(|| value.as_f64(), |text| text.parse().ok());
            number.map(Factor::Number)
        }
    };
    let transposed = attributes.get("transB").and_then(Value::as_bool).unwrap_or_default();
    match class {
        "Transpose" => Some(Arc::new(Transpose { axes: vec![1, 0] })),
        "CSRMM" | "CSRMV" if !transposed => {
            let (alpha, beta) = (number("alpha", 1.0)?, number("beta", 0.0)?);
            Some(Arc::new(Csr { vector: class == "CSRMV", alpha, beta }))
        }
        _ => None,
    }
}

/// The path of DaCe's class and its attributes; `None` if it has no such node.
pub(super) fn write(op: &dyn LibraryOp, dialect: Dialect) -> Option<(&'static str, Attributes)> {
    if let Some(transpose) = op.as_any().downcast_ref::<Transpose>() {
        let path = match dialect {
            Dialect::V1 => "dace.libraries.standard.nodes.transpose.Transpose",
            Dialect::V2 => "dace.libraries.linalg.nodes.transpose.Transpose",
        };
        return (transpose.axes == [1, 0]).then(|| (path, Attributes::new()));
    }
    let csr = op.as_any().downcast_ref::<Csr>()?;
    let number = |factor: Factor| match factor {
        // DaCe compares these with integers.
        Factor::Number(number) if number == number.trunc() && number.abs() < 1e15 => {
            Some(json!(number as i64))
        }
        Factor::Number(number) if number.is_finite() => Some(json!(number)),
        Factor::Number(_) | Factor::Operand => None,
    };
    let mut own = vec![("alpha", number(csr.alpha)?), ("beta", number(csr.beta)?)];
    let path = match csr.vector {
        true => "dace.libraries.sparse.nodes.csrmv.CSRMV",
        false => {
            own.push(("transB", json!(false)));
            "dace.libraries.sparse.nodes.csrmm.CSRMM"
        }
    };
    Some((path, own.into_iter().map(|(key, value)| (key.to_owned(), value)).collect()))
}
