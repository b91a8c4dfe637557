//! `a if condition else b` of arrays, where the condition is known when the program runs.
//!
//! In Python, the result is one of both arrays. Here it is a copy of that one, which is the same as long as neither the
//! copy nor what it was made of is written afterwards. That is checked when all of the function was lowered:
//!
//! ```text
//! t = x if n > 0 else y        if n > 0 { copy x to t } else { copy y to t }
//! return t * 2                 ...
//!
//! t[0] = 1                     refused: it would have to change `x` or `y`
//! ```

use super::{Lowerer, Result};
use crate::codes;
use crate::diagnostic::Diagnostic;
use crate::parse::TextRange;
use crate::types::{Scalar, Value, View};
use dacec_ir::Name;

/// An array that stands for one of others.
pub(super) struct Choice {
    /// Containers that must not be written any more, with how many writes there were.
    kept: Vec<(Name, usize)>,
    range: TextRange,
}

impl Lowerer<'_> {
    /// The array that a condition chooses.
    pub(super) fn chosen_array(
        &mut self,
        condition: &Scalar,
        [then, otherwise]: [View; 2],
        range: TextRange,
    ) -> Result<Value> {
        let (shape, other) = (then.shape(), otherwise.shape());
        if then.dtype != otherwise.dtype || shape.len() != other.len() {
            let message = "a conditional expression chooses between arrays of one type and shape";
            return Err(Diagnostic::error(codes::TYPE, range, message)
                .label(format!(
                    "{} with {} dimensions, and {} with {}",
                    then.dtype,
                    shape.len(),
                    otherwise.dtype,
                    other.len()
                ))
                .help("convert one of them, or use an `if` statement")
                .into());
        }
        for (a, b) in shape.iter().zip(&other) {
            self.require_equal(a, b, range)?;
        }
        let out = self.new_array("__chosen", then.dtype, &shape);
        self.flush();
        let sources: Vec<Name> =
            [&then, &otherwise].into_iter().filter(|it| !it.fresh).map(|it| it.container.clone()).collect();
        let copy = |lowerer: &mut Self, from: View| {
            lowerer.write(&out, &Value::Array(from), range)?;
            lowerer.flush();
            Ok(())
        };
        self.branch(condition, range, |it| copy(it, then), |it| copy(it, otherwise))?;
        let is_new = sources.is_empty();
        if !is_new {
            // Writes in a loop around come before and after.
            let again = !self.frames.is_empty();
            let mut kept: Vec<(Name, usize)> = sources
                .into_iter()
                .map(|name| {
                    let count = if again { 0 } else { self.writes_of(&name) };
                    (name, count)
                })
                .collect();
            kept.push((out.container.clone(), self.writes_of(&out.container)));
            self.choices.push(Choice { kept, range });
        }
        Ok(Value::Array(if is_new { out } else { out.alias() }))
    }

    fn writes_of(&self, container: &Name) -> usize {
        self.writes.get(container).copied().unwrap_or(0)
    }

    /// At the end of the function: what was chosen was not changed.
    pub(super) fn check_choices(&mut self) {
        for choice in std::mem::take(&mut self.choices) {
            if choice.kept.iter().all(|(name, count)| self.writes_of(name) == *count) {
                continue;
            }
            let message = "one of these arrays is changed where the program may refer to the chosen one";
            self.diagnostics.push(
                Diagnostic::error(codes::REBIND, choice.range, message)
                    .label("which array this is cannot be told at compile time")
                    .help("use an `if` statement, with what is done to the array in both of its cases"),
            );
        }
    }
}
