//! `x.resize(shape)`: an array of a function gets another shape, with zeros where it gets longer.
//!
//! The name refers to another array from there on. So it must be the only one that refers to the array, as NumPy demands too,
//! and the statement must run exactly once: after a branch or loop, the name would have one shape or another.

use super::{GivenArgs, Lowerer, Result};
use crate::codes;
use crate::diagnostic::Diagnostic;
use crate::numpy::call_numpy;
use crate::parse::{Ranged, TextRange, ast};
use crate::types::{Scalar, Value, View};
use dacec_ir::Expr;

impl Lowerer<'_> {
    /// Lowers the statement; `false` if it is another call.
    pub(super) fn resize_statement(&mut self, it: &ast::ExprCall) -> Result<bool> {
        let ast::Expr::Attribute(function) = &*it.func else { return Ok(false) };
        let (ast::Expr::Name(name), "resize") = (&*function.value, function.attr.as_str()) else {
            return Ok(false);
        };
        let Some(Value::Array(view)) = self.env.get(name.id.as_str()).cloned() else { return Ok(false) };
        if let Some(reason) = self.why_not_resized(&name.id, &view) {
            let message = format!("`{}` cannot be resized: {reason}", name.id);
            return Err(Diagnostic::error(codes::UNSUPPORTED_CALL, it.range(), message)
                .help("make another array: `y = np.resize(x, shape)`, which repeats elements instead of adding zeros")
                .into());
        }
        let given = self.arguments(&it.arguments)?;
        // Whether others refer to the array is known.
        let unknown = given.keywords.iter().find(|(keyword, _)| keyword != "refcheck");
        if let Some((keyword, (_, place))) = unknown {
            let message = format!("`resize` has no parameter `{keyword}`");
            return Err(Diagnostic::error(codes::ARGUMENTS, *place, message).into());
        }
        let mut extents: Vec<Value> = given.positional.into_iter().map(|(value, _)| value).collect();
        if let [Value::Tuple(items)] = extents.as_slice() {
            extents = items.to_vec();
        }
        if extents.is_empty() {
            let message = "an array is resized to one with dimensions";
            return Err(Diagnostic::error(codes::UNSUPPORTED_ARGUMENT, it.range(), message).into());
        }
        let value = self.resized(view, extents, it.range())?;
        self.bind(&name.id, value, it.range())?;
        Ok(true)
    }

    fn why_not_resized(&self, name: &str, view: &View) -> Option<&'static str> {
        let whole =
            self.sdfg.containers.get(&view.container).is_some_and(|data| data.shape() == view.shape());
        let refers = |value: &Value| super::mirror::refers_to(value, &view.container);
        if self.sdfg.arguments.contains(&view.container) {
            return Some("the caller refers to it too");
        }
        if self.env.iter().any(|(other, value)| other != name && refers(value)) {
            return Some("another name refers to it too");
        }
        if !whole || !view.is_plain() || self.is_mirror(&view.container) {
            return Some("it is a part of another array, or has its elements");
        }
        let once = self.regions.len() == 1 && self.params.is_empty();
        (!once).then_some("in a branch or loop, its shape after it would not be known")
    }

    fn resized(&mut self, view: View, extents: Vec<Value>, range: TextRange) -> Result<Value> {
        let shape: Vec<Expr> =
            extents.iter().map(|extent| self.integer(extent, range)).collect::<Result<_>>()?;
        let count = shape.iter().fold(Expr::one(), |product, extent| product * extent);
        let count = Value::Scalar(Scalar::symbolic(count));
        let given =
            GivenArgs { positional: vec![(Value::Array(view), range), (count, range)], keywords: Vec::new() };
        let line = self.call_composed("resized_with_zeros", given, &super::Dest::Temp, range)?;
        let shape = Value::Tuple(extents.into());
        let given = GivenArgs { positional: vec![(line, range), (shape, range)], keywords: Vec::new() };
        call_numpy(self, "reshape", given, range)
    }
}
