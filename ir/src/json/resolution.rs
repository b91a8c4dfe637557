//! Conflict resolutions: functions of two operands in Python.

use super::python;
use super::syntax::{self, Syntax};
use super::typing::{Meaning, Typing};
use crate::{BinaryOp, CustomWcr, DType, Name, ScalarExpr, Wcr};

/// The resolution that a text means; `hint` is the typed text of one that may not be read as the same.
pub(super) fn resolution(text: &str, hint: Option<&str>, dtype: DType) -> Result<Wcr, String> {
    let hinted = hint.and_then(|hint| hint.parse::<Wcr>().ok());
    if let Some(wcr) = hinted.filter(|wcr| lambda(*wcr) == text) {
        return Ok(wcr);
    }
    match named(text) {
        Ok(wcr) => Ok(wcr),
        Err(message) => custom(text, dtype).ok_or(message),
    }
}

/// Operands and body of a lambda.
fn parts(text: &str) -> Option<(Vec<&str>, &str)> {
    let text = text.trim();
    let text = text.strip_prefix('(').and_then(|it| it.strip_suffix(')')).unwrap_or(text);
    let (params, body) = text.trim().strip_prefix("lambda").and_then(|it| it.split_once(':'))?;
    Some((params.split(',').map(str::trim).collect(), body))
}

/// A resolution that has a name.
fn named(text: &str) -> Result<Wcr, String> {
    let unknown = || format!("the conflict resolution `{text}` is not supported");
    let (params, body) = parts(text).ok_or_else(unknown)?;
    let operands = |a: &Syntax, b: &Syntax| match (a, b) {
        (Syntax::Name(a), Syntax::Name(b)) => {
            params == [a.as_str(), b.as_str()] || params == [b.as_str(), a.as_str()]
        }
        _ => false,
    };
    match syntax::expression(body)? {
        Syntax::Binary(op, a, b) if operands(&a, &b) => match op {
            BinaryOp::Add => Ok(Wcr::Sum),
            BinaryOp::Mul => Ok(Wcr::Product),
            BinaryOp::And => Ok(Wcr::LogicalAnd),
            BinaryOp::Or => Ok(Wcr::LogicalOr),
            BinaryOp::BitAnd => Ok(Wcr::BitAnd),
            BinaryOp::BitOr => Ok(Wcr::BitOr),
            BinaryOp::BitXor => Ok(Wcr::BitXor),
            _ => Err(unknown()),
        },
        Syntax::Call(function, args) => match (function.as_str(), &args[..]) {
            ("min", [a, b]) if operands(a, b) => Ok(Wcr::Min),
            ("max", [a, b]) if operands(a, b) => Ok(Wcr::Max),
            _ => Err(unknown()),
        },
        _ => Err(unknown()),
    }
}

/// Any other expression of the two operands, of the container's type.
fn custom(text: &str, dtype: DType) -> Option<Wcr> {
    let (params, body) = parts(text)?;
    let [old, new] = params[..] else { return None };
    if old == new {
        return None;
    }
    let lookup = |name: &str| (name == old || name == new).then_some(Meaning::Value(dtype));
    let mut value = Typing::new(&lookup).value(&syntax::expression(body).ok()?, dtype).ok()?;
    rename(&mut value, &|name| match name.as_str() {
        name if name == old => CustomWcr::OLD.into(),
        _ => CustomWcr::NEW.into(),
    });
    Some(Wcr::Custom(CustomWcr::new(value)))
}

fn rename(value: &mut ScalarExpr, f: &dyn Fn(&Name) -> Name) {
    if let ScalarExpr::Name(name) = value {
        *name = f(name);
    }
    value.children_mut().into_iter().for_each(|child| rename(child, f));
}

/// A conflict resolution as Python.
pub(super) fn lambda(wcr: Wcr) -> String {
    let body = match wcr {
        Wcr::Sum => "(x + y)",
        Wcr::Product => "(x * y)",
        Wcr::Min => "min(x, y)",
        Wcr::Max => "max(x, y)",
        Wcr::LogicalAnd => "(x and y)",
        Wcr::LogicalOr => "(x or y)",
        Wcr::BitAnd => "(x & y)",
        Wcr::BitOr => "(x | y)",
        Wcr::BitXor => "(x ^ y)",
        Wcr::Custom(custom) => {
            // `new` is a word of C++, which the text becomes.
            let name = |name: &Name| (if name == CustomWcr::OLD { "x" } else { "y" }).to_owned();
            &python::expression(custom.value(), &python::Words { name: &name, cast: python::dace_type })
        }
    };
    format!("(lambda x, y: {body})")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn operations_have_names_in_any_order() {
        assert_eq!(resolution("lambda a, b: b + a", None, DType::Float64), Ok(Wcr::Sum));
        assert_eq!(resolution("(lambda x, y: max(x, y))", None, DType::Int32), Ok(Wcr::Max));
        for text in ["sum", "lambda a: a", "lambda a, a: a - a", "lambda a, b: c", "lambda a, b: a +"] {
            assert!(resolution(text, None, DType::Float64).is_err(), "{text}");
        }
    }

    #[test]
    fn others_are_expressions_of_old_and_new() {
        let text = "(lambda new, old: (new * new) + old / 2)";
        let wcr = resolution(text, None, DType::Float64).unwrap();
        assert_eq!(wcr.to_string(), "(old*old + new/2.0)");
        assert_eq!(resolution(&lambda(wcr), Some(&wcr.to_string()), DType::Float64), Ok(wcr));
    }
}
