//! [`LoopToMap`] where floating-point results must be rounded as the source says.

use super::loop_to_map::{LoopToMap, Parallel};
use crate::map::find_update;
use crate::surroundings::Surroundings;
use crate::{Refusal, Transformation};
use dacec_ir::{Block, Region, Wcr};

/// As [`LoopToMap`], without sums and products of floating-point numbers in any order.
///
/// ```text
/// for i in 0:N { s = s + A[i] }        stays a loop: another order rounds otherwise
/// for i in 0:N { s = max(s, A[i]) }    becomes a map
/// ```
///
/// **Legal when** [`LoopToMap`] is, and what iterations combine does not depend on the order: sums and products of
/// integers, minima and maxima, logical operations.
#[derive(Clone, Copy, Debug)]
pub struct LoopToMapInOrder;

impl Transformation for LoopToMapInOrder {
    type Place = Region;
    type Match = Parallel;

    fn name(&self) -> &'static str {
        LoopToMap.name()
    }

    fn find(&self, around: &Surroundings<'_>, region: &Region, site: usize) -> Result<Parallel, Refusal> {
        let found = LoopToMap.find(around, region, site)?;
        let Block::Loop(it) = &region.blocks[site] else { return Err(Refusal::NoMatch("not a loop")) };
        for block in &it.body.blocks {
            let Block::State(state) = block else { continue };
            for &tasklet in found.updates() {
                let Ok(update) = find_update(state, tasklet) else { continue };
                let Some(written) = &state.edge(update.write).memlet else { continue };
                let data = &written.data;
                let exact = around.container(data).dtype().is_integer();
                if !exact && matches!(update.wcr, Wcr::Sum | Wcr::Product | Wcr::Custom(_)) {
                    return Err(Refusal::unproved(format!(
                        "the order in which `{data}` is updated decides how it is rounded"
                    )));
                }
            }
        }
        Ok(found)
    }

    fn apply(&self, around: &mut Surroundings<'_>, region: &mut Region, found: Parallel) {
        LoopToMap.apply(around, region, found);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::map::testing::{apply, maps, refusals};
    use dacec_ir::builder::{SdfgBuilder, name};
    use dacec_ir::{BinaryOp, DType, Expr, Sdfg};

    /// `for i in 0:N { s = s + A[i] }`, or with a maximum.
    fn program(dtype: DType, maximum: bool) -> Sdfg {
        let mut program = SdfgBuilder::new("f");
        program.array("A", dtype, [Expr::sym("N")]).array("s", dtype, [Expr::int(1)]);
        program.for_loop("i", 0, Expr::sym("N"), |body| {
            let (old, new) = (name("s"), name("a"));
            let value = if maximum { old.op(BinaryOp::Max, new) } else { old + new };
            body.state("s").tasklet("t", &[("s", "s", "0"), ("a", "A", "i")], value, ("s", "0"));
        });
        program.build()
    }

    #[test]
    fn what_does_not_round_comes_in_any_order() {
        for sdfg in [program(DType::Float64, true), program(DType::Int64, false)] {
            assert_eq!(maps(&apply(&LoopToMapInOrder, &sdfg, &[("N", 5)])).len(), 1);
        }
    }

    #[test]
    fn sums_that_round_stay_in_order() {
        let sdfg = program(DType::Float64, false);
        assert_eq!(maps(&apply(&LoopToMap, &sdfg, &[("N", 5)])).len(), 1);
        let reason = refusals(&LoopToMapInOrder, &sdfg).join("; ");
        assert!(reason.contains("the order in which `s` is updated decides how it is rounded"), "{reason}");
    }
}
