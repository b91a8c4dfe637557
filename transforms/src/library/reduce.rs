//! Reductions as loops.

use super::accumulate::{Accumulation, Axis, Input, identity};
use super::{Call, Expansion};
use crate::Refusal;
use crate::surroundings::Surroundings;
use dacec_ir::library::Reduce;
use dacec_ir::{Expr, ScalarExpr, State};

/// Loops that combine the elements along the reduced axes, in the order in which they lie in memory.
///
/// ```text
/// before:  (A) ─▶ [Reduce sum, axes 1] ─▶ (y)
/// after:   map i { s = 0; for k { s += A[i, k] }; y[i] = s }
/// ```
///
/// Minima and maxima start from the type's largest and smallest value, infinities where it has them, so NaN is kept and
/// an empty reduction gives that value.
#[derive(Clone, Copy, Debug)]
pub struct PureReduce;

impl Expansion for PureReduce {
    fn op(&self) -> &'static str {
        "Reduce"
    }

    fn name(&self) -> &'static str {
        "pure"
    }

    fn summary(&self) -> &'static str {
        "Loops that combine elements in the order in which they lie in memory"
    }

    fn requirement(&self, call: &Call) -> Result<(), Refusal> {
        plan(call).map(drop)
    }

    fn expand(&self, around: &mut Surroundings<'_>, state: &mut State, call: Call) {
        let accumulation = plan(&call).expect("the requirement was checked");
        accumulation.build(around, state, &call);
    }
}

fn plan(call: &Call) -> Result<Accumulation<'_>, Refusal> {
    let Some(reduce) = call.op.as_any().downcast_ref::<Reduce>() else {
        return Err(Refusal::unproved("the operation is not a reduction"));
    };
    let (input, output) = (call.input("_in"), call.output("_out"));
    let axes: Vec<usize> = reduce.axes.clone().unwrap_or_else(|| (0..input.rank()).collect());
    if let Some(axis) = axes.iter().find(|axis| **axis >= input.rank()) {
        return Err(Refusal::unproved(format!("there is no axis {axis} among {}", input.rank())));
    }
    let (mut kept, mut reduced, mut of) = (Vec::new(), Vec::new(), Vec::new());
    for (at, extent) in input.shape.iter().enumerate() {
        let (extents, axis): (&mut Vec<Expr>, _) = if axes.contains(&at) {
            let axis = Axis::Reduced(reduced.len());
            (&mut reduced, axis)
        } else {
            let axis = Axis::Kept(kept.len());
            (&mut kept, axis)
        };
        extents.push(extent.clone());
        of.push(axis);
    }
    if kept.len() != output.rank() {
        return Err(Refusal::unproved(format!(
            "the result has {} dimensions instead of {}",
            output.rank(),
            kept.len()
        )));
    }
    let Some(identity) = identity(reduce.wcr, output.dtype) else {
        return Err(Refusal::unproved(format!(
            "it is not known what combining by `{}` starts from",
            reduce.wcr
        )));
    };
    Ok(Accumulation {
        kept,
        reduced,
        inputs: vec![Input { connector: "value", operand: input, axes: of }],
        value: ScalarExpr::name("value").cast(input.dtype, output.dtype),
        wcr: reduce.wcr,
        identity,
        output,
        accumulate: reduce.accumulate,
        finish: None,
    })
}
