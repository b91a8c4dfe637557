//! Loop peeling: the first iterations of a loop are written before it.
//!
//! ```text
//! before:  for i in range(0, N): state { B[i] = A[max(i - 1, 0)] }      with N >= 1
//! after:   state { B[0] = A[0] }   for i in range(1, N): state { B[i] = A[i - 1] }
//! kept:    for i in range(0, M): …                                      M may be 0
//! ```
//!
//! What is special about the first iterations is then known in the others. `count` is their number.
//!
//! **Legal when** there are that many iterations for certain, the body does not leave the loop, and no container's size
//! depends on the variable.

use super::iterations::{self, Counted, count_uses};
use crate::surroundings::Surroundings;
use crate::{Refusal, Transformation};
use dacec_ir::control_flow::LoopHeader;
use dacec_ir::{Block, Region};

/// Writes the first iterations of a loop before it; see the [module](self).
#[derive(Clone, Copy, Debug)]
pub struct LoopPeel {
    /// Number of iterations, from 1 to a thousand.
    pub count: i64,
}

impl Default for LoopPeel {
    fn default() -> Self {
        LoopPeel { count: 1 }
    }
}

/// A loop with enough iterations; made only by [`LoopPeel::find`].
#[derive(Clone, Debug)]
pub struct Peelable {
    block: usize,
    it: Counted,
}

/// Iterations that are peeled at most: each is a copy of the body.
const MOST: i64 = 1000;

/// The end of the label of a loop that was peeled, which is not peeled again.
const PEELED: &str = "_rest";

impl Transformation for LoopPeel {
    type Place = Region;
    type Match = Peelable;

    fn name(&self) -> &'static str {
        "LoopPeel"
    }

    fn find(&self, around: &Surroundings<'_>, region: &Region, site: usize) -> Result<Peelable, Refusal> {
        let Block::Loop(it) = &region.blocks[site] else { return Err(Refusal::NoMatch("not a loop")) };
        if it.label.ends_with(PEELED) {
            return Err(Refusal::NoMatch("the loop was peeled already"));
        }
        if !(1..=MOST).contains(&self.count) {
            return Err(Refusal::unproved(format!("{} iterations are not peeled", self.count)));
        }
        let counted = iterations::find(around, it)?;
        let last = counted.value(self.count - 1);
        let (low, high) = if counted.step > 0 { (&last, &counted.stop) } else { (&counted.stop, &last) };
        if around.facts.prove_lt(low, high) != Some(true) {
            return Err(Refusal::unproved(format!("there may be less than {} iterations", self.count)));
        }
        Ok(Peelable { block: site, it: counted })
    }

    fn apply(&self, around: &mut Surroundings<'_>, region: &mut Region, found: Peelable) {
        let Block::Loop(it) = &mut region.blocks[found.block] else { unreachable!("the match names a loop") };
        it.label = format!("{}{PEELED}", it.label).into();
        let copies: Vec<Block> =
            (0..self.count).flat_map(|number| found.it.iteration(around, &it.body, number)).collect();
        if let LoopHeader::For { start, .. } = &mut it.header {
            *start = found.it.value(self.count);
        }
        count_uses(around, &copies);
        region.blocks.splice(found.block..found.block, copies);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::map::testing::{apply, refusals};
    use dacec_ir::builder::{SdfgBuilder, name};
    use dacec_ir::{DType, Expr, Sdfg};

    fn program(stop: Expr) -> Sdfg {
        let mut b = SdfgBuilder::new("p");
        b.array("A", DType::Float64, [Expr::sym("N") + 9]);
        b.for_loop("i", 2, stop, |b| {
            b.state("s").tasklet("t", &[("a", "A", "i")], name("a") + name("a"), ("A", "i + 1"));
        });
        b.build()
    }

    #[test]
    fn the_first_iterations_come_before_the_loop() {
        for count in [1, 3] {
            let after = apply(&LoopPeel { count }, &program(Expr::int(7)), &[("N", 2)]);
            assert_eq!(after.body.blocks.len(), count as usize + 1);
            let Some(Block::Loop(it)) = after.body.blocks.last() else { panic!("the loop comes last") };
            assert!(matches!(&it.header, LoopHeader::For { start, .. } if *start == Expr::int(2 + count)));
        }
    }

    #[test]
    fn a_loop_that_may_be_shorter_is_refused() {
        let reasons = refusals(&LoopPeel::default(), &program(Expr::sym("N")));
        assert_eq!(reasons, ["there may be less than 1 iterations"]);
        assert_eq!(refusals(&LoopPeel { count: 6 }, &program(Expr::int(7))).len(), 1);
    }
}
