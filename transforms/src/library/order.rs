//! Sorting, searching and counting by the built-in routines.

use super::{Call, Expansion, Operand};
use crate::Refusal;
use crate::surroundings::Surroundings;
use dacec_ir::library::blas::routine::ordered;
use dacec_ir::library::defined::{SearchSorted, Sort};
use dacec_ir::node::CallArgument;
use dacec_ir::{DType, Expr, Range, State};

/// One call of `sort_f64` and its like, or one for each row: see [`dacec_ir::library::defined`] for the operations.
///
/// Sorts go by digits, searches by halves; operands may lie anywhere.
///
/// **Requires** elements of a type that has an order, and results that are stored as they are.
#[derive(Clone, Copy, Debug)]
pub struct BuiltInOrder(pub &'static str);

impl BuiltInOrder {
    /// The names of the operations.
    pub const NAMES: [&'static str; 3] = ["Sort", "SearchSorted", "Histogram"];

    /// Connectors of inputs.
    fn inputs(self) -> &'static [&'static str] {
        match self.0 {
            "Sort" => &["_in"],
            "SearchSorted" => &["_a", "_v"],
            _ => &["_in", "_edges"],
        }
    }
}

impl Expansion for BuiltInOrder {
    fn op(&self) -> &'static str {
        self.0
    }

    fn name(&self) -> &'static str {
        "built-in"
    }

    fn summary(&self) -> &'static str {
        "Calls of the built-in routine"
    }

    fn requirement(&self, call: &Call) -> Result<(), Refusal> {
        let dtype = call.input(self.inputs()[0]).dtype;
        if ordered(dtype).is_none() || self.inputs().iter().any(|it| call.input(it).dtype != dtype) {
            return Err(Refusal::unproved(format!("there is no routine for elements of {dtype}")));
        }
        let output = call.output("_out");
        let positions = call.op.as_any().downcast_ref::<Sort>().is_none_or(|sort| sort.positions);
        let expected = if positions { DType::Int64 } else { dtype };
        if output.dtype != expected || output.memlet.wcr.is_some() {
            return Err(Refusal::unproved(format!("the result is not stored as {expected}")));
        }
        Ok(())
    }

    fn expand(&self, around: &mut Surroundings<'_>, state: &mut State, call: Call) {
        let first = call.input(self.inputs()[0]);
        let stack = first.rank() - 1;
        let len = |operand: &Operand| CallArgument::Int(operand.shape[operand.rank() - 1].clone());
        let output = call.output("_out");
        let (name, mut arguments) = match call.op.as_any().downcast_ref::<Sort>() {
            Some(Sort { positions: false, .. }) => ("sort", vec![len(first)]),
            Some(_) => ("argsort", vec![len(first)]),
            None => match call.op.as_any().downcast_ref::<SearchSorted>() {
                Some(SearchSorted { right }) => {
                    let right = CallArgument::Int(Expr::int(i64::from(*right)));
                    ("searchsorted", vec![len(first), len(output), right])
                }
                None => ("histogram", vec![len(first), len(output)]),
            },
        };
        for (connector, operand) in
            self.inputs().iter().map(|it| (*it, call.input(it))).chain([("_out", output)])
        {
            arguments.push(CallArgument::Pointer(connector.into()));
            arguments.push(CallArgument::Int(operand.strides[operand.rank() - 1].clone()));
        }
        let routine = format!("{name}_{}", ordered(first.dtype).expect("the requirement was checked"));
        let extents = first.shape[..stack].iter();
        let dims = extents.map(|extent| (around.names.fresh("row"), Range::full(extent))).collect();
        call.by_routine_in_stack(around, state, (&routine, arguments), dims, &|_| 1);
    }
}
