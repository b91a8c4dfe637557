//! Assignments to the parts of complex numbers: `z.real = x`, `z.imag[1:] += x`.
//!
//! ```text
//! z.imag = x      z[i] = complex(z[i].real, x[i])
//! ```
//!
//! The parts of real numbers are the numbers themselves, which [`assign`](super::assign) knows how to write.

use super::index::Target;
use super::operate::Dest;
use super::{Lowerer, Result};
use crate::codes;
use crate::diagnostic::Diagnostic;
use crate::parse::{TextRange, ast};
use crate::scalar;
use crate::types::{Value, View};
use dacec_ir::Function;

/// The part of complex elements that is assigned.
pub(super) struct Part {
    view: View,
    function: Function,
}

/// The part that an attribute names.
fn function_of(attribute: &ast::ExprAttribute) -> Option<Function> {
    match attribute.attr.as_str() {
        "real" => Some(Function::Real),
        "imag" => Some(Function::Imag),
        _ => None,
    }
}

impl Lowerer<'_> {
    /// The part of complex elements that the target is, if it is one.
    pub(super) fn part_of_complex(&mut self, target: &ast::Expr) -> Result<Option<Part>> {
        let (attribute, slice) = match target {
            ast::Expr::Attribute(attribute) => (attribute, None),
            ast::Expr::Subscript(it) => match &*it.value {
                ast::Expr::Attribute(attribute) => (attribute, Some(&*it.slice)),
                _ => return Ok(None),
            },
            _ => return Ok(None),
        };
        let Some(function) = function_of(attribute) else { return Ok(None) };
        let Value::Array(view) = self.eval(&attribute.value)? else { return Ok(None) };
        if !view.dtype.is_complex() && (function == Function::Imag || slice.is_some()) {
            return Ok(None);
        }
        let view = match slice {
            None => view,
            Some(slice) => match self.target(Value::Array(view), slice, attribute.range)? {
                Target::View(view) => view,
                Target::Places(_) => {
                    let message = "parts of elements that an array chooses cannot be assigned";
                    return Err(Diagnostic::error(codes::UNSUPPORTED_EXPRESSION, attribute.range, message)
                        .help("assign complex numbers to the elements themselves")
                        .into());
                }
            },
        };
        Ok(Some(Part { view, function }))
    }

    /// Gives the part a value; the other part stays.
    pub(super) fn assign_part(&mut self, part: &Part, value: Value, range: TextRange) -> Result<()> {
        let view = &part.view;
        self.check_race(view, range)?;
        if !view.dtype.is_complex() {
            return self.write(view, &value, range);
        }
        let old =
            if view.rank() == 0 { Value::Scalar(view.element(&[])) } else { Value::Array(view.clone()) };
        let shape = view.shape();
        if let Value::Array(given) = &value {
            let both = self.broadcast_shapes(&shape, &given.shape(), range)?;
            if both.len() > shape.len() {
                let message = "the value has more dimensions than the array";
                return Err(Diagnostic::error(codes::SHAPE, range, message).into());
            }
        }
        let operands = [old, value];
        let dest = Dest::Into(view.clone());
        let result = self.elementwise("part", &operands, &dest, range, &|of| {
            if of[1].dtype().is_complex() {
                return Err("the parts of a complex number are real numbers".into());
            }
            let (re, im) = match part.function {
                Function::Real => (of[1].clone(), scalar::call(Function::Imag, &of[0])?),
                _ => (scalar::call(Function::Real, &of[0])?, of[1].clone()),
            };
            Ok(scalar::complex(&re, &im, view.dtype))
        })?;
        self.write(view, &result, range)
    }

    /// `z.real op= value`.
    pub(super) fn aug_part(&mut self, part: &Part, it: &ast::StmtAugAssign) -> Result<()> {
        let old = self.eval(&it.target)?;
        let value = self.eval(&it.value)?;
        let value = self.operation(it.op, old, value, &Dest::Temp, it.range)?;
        self.assign_part(part, value, it.range)
    }
}
