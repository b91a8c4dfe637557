//! Products with sparse matrices by the built-in routine.

use super::blas::factor;
use super::{Call, Expansion, Operand};
use crate::Refusal;
use crate::surroundings::Surroundings;
use dacec_ir::library::Csr;
use dacec_ir::library::blas::Factor;
use dacec_ir::library::blas::routine::suffix;
use dacec_ir::node::CallArgument;
use dacec_ir::{Constant, DType, Expr, ScalarExpr, State};

/// One call of `csrmm_f64` and its like, whose threads share the rows.
///
/// **Requires** elements of one of the types that the routine has, and rows and columns of integers of 32 or 64 bits.
#[derive(Clone, Copy, Debug)]
pub struct BuiltInCsr(pub &'static str);

impl Expansion for BuiltInCsr {
    fn op(&self) -> &'static str {
        self.0
    }

    fn name(&self) -> &'static str {
        "built-in"
    }

    fn summary(&self) -> &'static str {
        "A call of the built-in product with sparse matrices"
    }

    fn requirement(&self, call: &Call) -> Result<(), Refusal> {
        let (b, c) = (call.input("_b"), call.output("_c"));
        let dtype = call.input("_a_vals").dtype;
        if suffix(dtype).is_none() {
            return Err(Refusal::unproved(format!("there is no routine for elements of {dtype}")));
        }
        let old = call.inputs.get("_cin");
        if [b, c].into_iter().chain(old).any(|operand| operand.dtype != dtype) {
            return Err(Refusal::unproved(format!("not all elements are of {dtype}")));
        }
        for name in ["_a_rows", "_a_cols"] {
            let index = call.input(name).dtype;
            if !matches!(index, DType::Int32 | DType::Int64) {
                return Err(Refusal::unproved(format!("`{name}` has elements of {index}")));
            }
        }
        for (name, operand) in call.inputs.iter().chain(&call.outputs) {
            if call.op.operand_rank(name) != Some(operand.rank()) {
                return Err(Refusal::unproved(format!("`{name}` has {} dimensions", operand.rank())));
            }
        }
        let rows = &call.input("_a_rows").shape[0];
        if call.facts.prove_eq(rows, &(&c.shape[0] + 1)) == Some(false) {
            return Err(Refusal::unproved(format!("{rows} ends of rows do not fit {} rows", c.shape[0])));
        }
        if c.memlet.wcr.is_some() {
            return Err(Refusal::unproved("the result is combined with what is there"));
        }
        Ok(())
    }

    fn expand(&self, _: &mut Surroundings<'_>, state: &mut State, call: Call) {
        let op = *call.op.as_any().downcast_ref::<Csr>().expect("the operation has this type");
        let (b, c) = (call.input("_b"), call.output("_c"));
        let dtype = c.dtype;
        let width = c.shape.get(1).cloned().unwrap_or(Expr::one());
        let mut arguments = vec![CallArgument::Int(c.shape[0].clone()), CallArgument::Int(width)];
        arguments.push(CallArgument::Value(dtype, factor(&call, op.alpha, "_alpha", dtype)));
        for name in ["_a_rows", "_a_cols", "_a_vals"] {
            add(&mut arguments, name, call.input(name), 1);
        }
        add(&mut arguments, "_b", b, 2);
        let beta = match op.beta {
            Factor::ZERO => ScalarExpr::from(Constant::of_int(0, dtype)),
            beta => factor(&call, beta, "_beta", dtype),
        };
        arguments.push(CallArgument::Value(dtype, beta));
        add(&mut arguments, "_c", c, 2);
        let routine = format!("csrmm_{}", suffix(dtype).expect("the requirement was checked"));
        call.by_routine(state, &routine, arguments);
    }
}

/// A pointer with distances; a vector is a matrix of one column.
fn add(arguments: &mut Vec<CallArgument>, name: &str, operand: &Operand, rank: usize) {
    arguments.push(CallArgument::Pointer(name.into()));
    arguments.extend(operand.strides.iter().cloned().map(CallArgument::Int));
    arguments.extend((operand.rank()..rank).map(|_| CallArgument::Int(Expr::one())));
}
