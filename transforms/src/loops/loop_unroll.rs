//! Loop unrolling: a loop with a small, known number of iterations is written out.
//!
//! ```text
//! before:  for i in range(1, 4): state { B[i] = A[2*i] }
//! after:   state { B[1] = A[2] }   state { B[2] = A[4] }   state { B[3] = A[6] }
//! kept:    for i in range(0, N): …                          nobody knows how often
//!          for i in range(0, 3): … break …                  an iteration may be the last one
//! ```
//!
//! `limit` is the number of iterations up to which a loop is written out.
//!
//! **Legal when** the number of iterations is a constant, the body does not leave the loop, and no container's size
//! depends on the variable, nor the extent of what a library operation is given.

use super::iterations::{self, Counted, count_uses, discount_uses};
use crate::surroundings::Surroundings;
use crate::{Refusal, Transformation};
use dacec_ir::{Block, Range, Region};

/// Iterations up to which loops are written out, where nobody asks for another number.
const LIMIT: i64 = 16;

/// Writes the iterations of a loop one after the other; see the [module](self).
#[derive(Clone, Copy, Debug)]
pub struct LoopUnroll {
    /// Iterations up to which a loop is written out.
    pub limit: i64,
}

impl Default for LoopUnroll {
    fn default() -> Self {
        LoopUnroll { limit: LIMIT }
    }
}

/// A loop with few iterations; made only by [`LoopUnroll::find`].
#[derive(Clone, Debug)]
pub struct Unrollable {
    block: usize,
    it: Counted,
    count: i64,
}

impl Transformation for LoopUnroll {
    type Place = Region;
    type Match = Unrollable;

    fn name(&self) -> &'static str {
        "LoopUnroll"
    }

    fn find(&self, around: &Surroundings<'_>, region: &Region, site: usize) -> Result<Unrollable, Refusal> {
        let Block::Loop(it) = &region.blocks[site] else { return Err(Refusal::NoMatch("not a loop")) };
        let counted = iterations::find(around, it)?;
        let range = Range::strided(counted.start.clone(), counted.stop.clone(), counted.step);
        let length = range.len_clamped();
        let Some(count) = length.as_int() else {
            return Err(Refusal::unproved(format!("the number of iterations, {length}, is no constant")));
        };
        if count > self.limit {
            return Err(Refusal::unproved(format!("there are {count} iterations, more than {}", self.limit)));
        }
        Ok(Unrollable { block: site, it: counted, count })
    }

    fn apply(&self, around: &mut Surroundings<'_>, region: &mut Region, found: Unrollable) {
        let Block::Loop(it) = region.blocks.remove(found.block) else {
            unreachable!("the match names a loop")
        };
        discount_uses(around, &it.body);
        let copies: Vec<Block> =
            (0..found.count).flat_map(|number| found.it.iteration(around, &it.body, number)).collect();
        count_uses(around, &copies);
        region.blocks.splice(found.block..found.block, copies);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::map::testing::{apply, refusals};
    use dacec_ir::builder::{SdfgBuilder, name};
    use dacec_ir::control_flow::LoopHeader;
    use dacec_ir::{DType, Expr, Sdfg};

    fn program(start: &str, stop: &str, more: impl FnOnce(&mut SdfgBuilder)) -> Sdfg {
        let expr = |text: &str| Expr::parse(text).expect("an expression");
        let mut b = SdfgBuilder::new("p");
        b.array("A", DType::Float64, [expr("N + 12")]);
        b.for_loop("i", expr(start), expr(stop), |b| {
            b.state("s").tasklet("t", &[("a", "A", "i")], name("a") + name("a"), ("A", "i + 1"));
            more(b);
        });
        b.build()
    }

    #[test]
    fn a_few_iterations_are_written_out() {
        let after = apply(&LoopUnroll::default(), &program("N", "N + 3", |_| {}), &[("N", 2)]);
        assert_eq!(after.body.states().len(), 3);
        assert_eq!(after.body.blocks.len(), 3);
        let mut down = program("6", "1", |_| {});
        if let Block::Loop(it) = &mut down.body.blocks[0]
            && let LoopHeader::For { step, .. } = &mut it.header
        {
            *step = Expr::int(-2);
        }
        assert_eq!(apply(&LoopUnroll::default(), &down, &[("N", 2)]).body.blocks.len(), 3);
        assert!(
            apply(&LoopUnroll::default(), &program("3", "1", |_| {}), &[("N", 2)]).body.blocks.is_empty()
        );
    }

    #[test]
    fn unknown_and_many_iterations_and_exits_are_refused() {
        let reasons = |sdfg: &Sdfg| refusals(&LoopUnroll { limit: 4 }, sdfg).join("; ");
        assert!(reasons(&program("0", "N", |_| {})).contains("is no constant"));
        assert_eq!(reasons(&program("0", "9", |_| {})), "there are 9 iterations, more than 4");
        let leaving = program("0", "3", |b| {
            b.push(Block::Break);
        });
        assert_eq!(reasons(&leaving), "the body leaves the loop, or an iteration of it");
    }
}
