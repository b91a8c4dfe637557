//! Dense linear algebra and Fourier transforms by the built-in routines.

use super::{Call, Expansion, Operand};
use crate::Refusal;
use crate::surroundings::Surroundings;
use dacec_ir::library::dense::{Extent, Form};
use dacec_ir::library::{Dense, LibraryOp};
use dacec_ir::node::CallArgument;
use dacec_ir::{Expr, Range, State};

/// One call of a routine such as `solve_f64`; see [`Dense`] for the operations and their operands.
///
/// ```text
/// before:  (A) ─ A[0:N, 0:N] ─▶ [Solve] ─ X[0:N, 0:K] ─▶ (X)
///          (B) ─ B[0:N, 0:K] ─▶
/// after:   the same edges, and {solve_f64(N, K, A, N, 1, B, K, 1, X, K, 1)} for the node
/// ```
///
/// Parts of arrays, transposes and columns need no copy: routines take the distances of rows and columns. A stack of
/// matrices, or of vectors, becomes a map around the call. A vector on the right of a system is a matrix of one column.
///
/// **Requires** that all operands are matrices, or stacks of them, of one of the types that the routines have, and that
/// results are stored as they are.
#[derive(Clone, Copy, Debug)]
pub struct BuiltIn(pub Dense);

impl Expansion for BuiltIn {
    fn op(&self) -> &'static str {
        self.0.name()
    }

    fn name(&self) -> &'static str {
        "built-in"
    }

    fn summary(&self) -> &'static str {
        "A call of the built-in linear algebra"
    }

    fn requirement(&self, call: &Call) -> Result<(), Refusal> {
        let dtype = call.input("_a").dtype;
        if self.0.routine(dtype).is_none() {
            return Err(Refusal::unproved(format!("there is no routine for matrices of {dtype}")));
        }
        let stack = call.input("_a").rank().checked_sub(self.0.rank());
        let stack = stack.ok_or_else(|| Refusal::unproved("`_a` has too few dimensions"))?;
        if stack > 0 && self.0.takes_one() {
            return Err(Refusal::unproved("`_a` is a stack of matrices, and a call takes one"));
        }
        for operand in self.0.operands() {
            let given = operand_of(call, operand.connector, operand.written);
            let expected = Dense::operand_type(operand.form, dtype);
            if given.dtype != expected {
                return Err(Refusal::unproved(format!(
                    "`{}` has elements of {} and not of {expected}",
                    operand.connector, given.dtype
                )));
            }
            let missing = (stack + operand.form.rank()).checked_sub(given.rank());
            if missing != Some(0) && !(missing == Some(1) && self.takes_column(operand.form)) {
                return Err(Refusal::unproved(format!(
                    "`{}` has {} dimensions",
                    operand.connector,
                    given.rank()
                )));
            }
            if operand.written && given.memlet.wcr.is_some() {
                return Err(Refusal::unproved("a result is combined with what is there"));
            }
        }
        Ok(())
    }

    fn expand(&self, around: &mut Surroundings<'_>, state: &mut State, call: Call) {
        let a = call.input("_a");
        let stack = a.rank() - self.0.rank();
        let routine = self.0.routine(a.dtype).expect("the requirement was checked");
        let extents = a.shape[..stack].iter();
        let dims = extents.map(|extent| (around.names.fresh("batch"), Range::full(extent))).collect();
        let own = |operand: &Operand| operand.rank() - stack;
        call.by_routine_in_stack(around, state, (&routine, self.arguments(&call)), dims, &own);
    }
}

fn operand_of<'c>(call: &'c Call, connector: &str, written: bool) -> &'c Operand {
    if written { call.output(connector) } else { call.input(connector) }
}

impl BuiltIn {
    /// Whether a vector may stand for a matrix of that form.
    fn takes_column(&self, form: Form) -> bool {
        self.0 == Dense::Solve && form == Form::Matrix(Extent::First, Extent::Second)
    }

    fn arguments(&self, call: &Call) -> Vec<CallArgument> {
        let a = call.input("_a");
        let stack = a.rank() - self.0.rank();
        let column = |operand: &Operand| operand.shape.get(stack + 1).cloned().unwrap_or_else(Expr::one);
        let sides = call.inputs.get("_b").map_or(Expr::one(), column);
        let sizes = self.0.sizes_of(a.shape[stack].clone(), column(a), sides);
        let mut arguments: Vec<CallArgument> =
            sizes.into_iter().take(self.0.sizes()).map(CallArgument::Int).collect();
        for operand in self.0.operands() {
            let given = operand_of(call, operand.connector, operand.written);
            let rank = given.rank() - stack;
            arguments.push(CallArgument::Pointer(operand.connector.into()));
            arguments.extend(given.strides[stack..].iter().cloned().map(CallArgument::Int));
            // A column that stands for a matrix has no second column.
            arguments.extend((rank..operand.form.rank()).map(|_| CallArgument::Int(Expr::int(1))));
        }
        arguments
    }
}
