//! Loop interchange: the outer of two loops becomes the inner one.
//!
//! ```text
//! before:  for i: for j: state { A[j, i] = A[j - 1, i] + B[j] }
//! after:   for j: for i: state { A[j, i] = A[j - 1, i] + B[j] }
//! kept:    for i: for j: state { A[i, j] = A[i - 1, j + 1] }          the element was read before it was written
//! ```
//!
//! **Legal when** the nest is perfect and rectangular, and no iteration `(i, j)` shares an element that one of them writes
//! with an iteration `(i', j')`, `i < i'` and `j > j'`: those are the pairs that change places. **Applies where** more
//! accesses run along contiguous memory with the outer variable than with the inner one.

use super::nest::{Nest, take_apart};
use crate::map::distance;
use crate::surroundings::Surroundings;
use crate::{Refusal, Transformation};
use dacec_ir::{Block, Expr, Loop, Name, Region};

/// Swaps two loops for memory that is read in order; see the [module](self).
#[derive(Clone, Copy, Debug, Default)]
pub struct LoopInterchange;

/// Two loops that may change places; made only by [`LoopInterchange::find`].
#[derive(Clone, Debug)]
pub struct Interchangeable {
    block: usize,
}

impl Transformation for LoopInterchange {
    type Place = Region;
    type Match = Interchangeable;

    fn name(&self) -> &'static str {
        "LoopInterchange"
    }

    fn find(
        &self,
        around: &Surroundings<'_>,
        region: &Region,
        site: usize,
    ) -> Result<Interchangeable, Refusal> {
        let nest = Nest::of(&region.blocks[site])?;
        let contiguous = |variable: &Name| {
            let states = nest.body.states().into_iter();
            let memlets = states.flat_map(|state| state.edges()).filter_map(|edge| edge.edge.memlet.as_ref());
            let unit = memlets.filter(|it| distance(around, it, variable).is_some_and(|it| it.is_one()));
            unit.count()
        };
        if contiguous(nest.outer.variable) <= contiguous(nest.inner.variable) {
            return Err(Refusal::NoMatch("the inner loop runs along memory at least as often"));
        }
        if nest.inner.range.symbols().contains(nest.outer.variable) {
            return Err(Refusal::unproved(format!(
                "the range {} depends on `{}`",
                nest.inner.range, nest.outer.variable
            )));
        }
        nest.assigns_nothing()?;
        nest.keeps_order(around, Some(&|_| Expr::one()))?;
        Ok(Interchangeable { block: site })
    }

    fn apply(&self, _: &mut Surroundings<'_>, region: &mut Region, found: Interchangeable) {
        let block = std::mem::replace(&mut region.blocks[found.block], Block::Break);
        let (outer, inner, body) = take_apart(block);
        let within = Loop { body, ..outer };
        let around = Loop { body: Region::new([Block::Loop(Box::new(within))]), ..inner };
        region.blocks[found.block] = Block::Loop(Box::new(around));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::map::testing::{apply, refusals};
    use dacec_ir::builder::{SdfgBuilder, name};
    use dacec_ir::{DType, Sdfg};

    fn nest(read: &str, write: &str) -> Sdfg {
        let n = Expr::sym("N");
        let mut b = SdfgBuilder::new("p");
        b.array("A", DType::Float64, [n.clone(), n.clone()]);
        b.for_loop("i", 1, &n - 1, |b| {
            b.for_loop("j", 1, &n - 1, |b| {
                let inputs = [("a", "A", read), ("b", "A", write)];
                b.state("s").tasklet("t", &inputs, name("a") + name("b"), ("A", write));
            });
        });
        b.build()
    }

    fn outer_variable(sdfg: &Sdfg) -> Option<&str> {
        match &sdfg.body.blocks[0] {
            Block::Loop(it) => it.variable().map(Name::as_str),
            _ => None,
        }
    }

    #[test]
    fn columns_are_walked_by_rows() {
        for read in ["j - 1, i", "j, i - 1", "j - 1, i - 1"] {
            let after = apply(&LoopInterchange, &nest(read, "j, i"), &[("N", 6)]);
            assert_eq!(outer_variable(&after), Some("j"), "{read}");
        }
    }

    #[test]
    fn pairs_that_would_change_places_are_refused() {
        for read in ["j - 1, i + 1", "j + 1, i - 1"] {
            let reasons = refusals(&LoopInterchange, &nest(read, "j, i")).join("; ");
            assert!(reasons.contains("may be the same elements"), "{read}: {reasons}");
        }
        assert!(refusals(&LoopInterchange, &nest("i - 1, j", "i, j")).is_empty(), "rows stay");
    }
}
