//! Move loop into map: a map that a loop repeats is a map over loops, if its iterations never meet.
//!
//! ```text
//! before:  for t in 0:T { map i in 0:N { A[i] = A[i] + B[t, i] } }
//! after:   map i in 0:N { nested(A, B, i) { for t in 0:T { A[i] = A[i] + B[t, i] } } }
//! kept:    for t { map i { A[i] = C[i - 1] + C[i + 1] }  map i { C[i] = A[i] } }     neighbours meet in the next iteration
//! ```
//!
//! One start of threads instead of one for each iteration of the loop, and each core stays with its elements. Of a map with
//! several parameters, the first remains one; the others become loops, around the loop that moves.
//!
//! Moved along memory only, as `auto-optimize` does, the loop has to touch neighbouring elements more often than any parameter of
//! the map does. Then every iteration of the loop had to fetch the same cache lines again for one element of each.
//!
//! **Legal when** the map is all of the loop's body, its ranges do not depend on the loop's variable, and no two different
//! iterations of the map touch a common element, one of them writing, in whichever iterations of the loop.

use super::loop_nest_to_map::{self, ParallelNest};
use super::nest::contents;
use super::symbols::SymbolUses;
use crate::map::{contiguous_accesses, only_map};
use crate::surroundings::Surroundings;
use crate::{Refusal, Transformation};
use dacec_ir::{Block, Loop, Map, Name, Node, NodeId, Region, State, propagate};

/// Moves a loop into the map that it repeats; see the [module](self).
#[derive(Clone, Copy, Debug, Default)]
pub struct MoveLoopIntoMap {
    /// Whether only loops are moved that run along memory.
    along_memory: bool,
}

impl MoveLoopIntoMap {
    /// Moves loops whose iterations touch neighbouring elements of memory where those of the map do not.
    pub fn along_memory() -> Self {
        MoveLoopIntoMap { along_memory: true }
    }
}

/// A loop over a map with independent iterations; made only by [`MoveLoopIntoMap::find`].
#[derive(Clone, Debug)]
pub struct Movable {
    block: usize,
    /// The loop over the map's parameter, with the other loop inside.
    turned: Loop,
    nest: ParallelNest,
}

impl Transformation for MoveLoopIntoMap {
    type Place = Region;
    type Match = Movable;

    fn name(&self) -> &'static str {
        "MoveLoopIntoMap"
    }

    fn find(&self, around: &Surroundings<'_>, region: &Region, site: usize) -> Result<Movable, Refusal> {
        let Block::Loop(it) = &region.blocks[site] else { return Err(Refusal::NoMatch("not a loop")) };
        let [Block::State(state)] = contents(&it.body)[..] else {
            return Err(Refusal::NoMatch("the body is not one state"));
        };
        let entry = only_map(state)?;
        let Node::MapEntry(map) = state.node(entry) else { return Err(Refusal::NoMatch("not a map")) };
        if self.along_memory && !runs_along_memory(around, it, (state, entry), map) {
            return Err(Refusal::NoMatch("the map runs along memory at least as often"));
        }
        let mut block = Block::Loop(Box::new(inner(it, state, (entry, map))?));
        let mut found = None;
        // Each parameter's iterations have to be independent of each other, those inside of it included.
        for (at, (param, range)) in map.params.iter().zip(&map.ranges).enumerate().rev() {
            let label = Name::from(format!("for_{param}"));
            let bounds = (range.start.clone(), range.stop.clone(), range.step.clone());
            let counted = Loop::counted(label, param.clone(), bounds, Region::new([block]));
            block = Block::Loop(Box::new(Loop { span: map.span, ..counted }));
            let mut facts = around.facts.clone();
            for (param, range) in map.params[..at].iter().zip(&map.ranges) {
                propagate::assume_in_range(&mut facts, param, range);
            }
            let symbols = SymbolUses::of(&Region::new([block.clone()]));
            found = Some(loop_nest_to_map::find_given(around, &facts, &block, &symbols)?);
        }
        match (block, found) {
            (Block::Loop(turned), Some(nest)) => Ok(Movable { block: site, turned: *turned, nest }),
            _ => Err(Refusal::NoMatch("the map has no parameters")),
        }
    }

    fn apply(&self, around: &mut Surroundings<'_>, region: &mut Region, found: Movable) {
        region.blocks[found.block] = Block::State(loop_nest_to_map::apply(around, found.turned, found.nest));
    }
}

fn runs_along_memory(around: &Surroundings<'_>, it: &Loop, map: (&State, NodeId), own: &Map) -> bool {
    let count = |variable: &Name| contiguous_accesses(around, map, variable);
    let of_map = own.params.iter().map(count).max().unwrap_or_default();
    it.variable().is_some_and(|variable| count(variable) > of_map)
}

/// The loop around one iteration of the map.
fn inner(it: &Loop, state: &State, (entry, map): (NodeId, &Map)) -> Result<Loop, Refusal> {
    let Some(variable) = it.variable() else { return Err(Refusal::NoMatch("not a counted loop")) };
    if let Some(range) = map.ranges.iter().find(|range| range.symbols().contains(variable)) {
        return Err(Refusal::unproved(format!("the range {range} depends on `{variable}`")));
    }
    let mut state = state.clone();
    crate::map::remove_scope(&mut state, entry);
    Ok(Loop { body: Region::new([Block::State(state)]), ..it.clone() })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::map::testing::{apply, maps, refusals};
    use dacec_ir::builder::{SdfgBuilder, name};
    use dacec_ir::{DType, Expr, Sdfg};

    /// `for t in 0:T { map i in 1:stop { A[at] = A[at] + B[t, i] } }`
    fn program(stop: &str, at: &str) -> Sdfg {
        let (n, t) = (Expr::sym("N"), Expr::sym("T"));
        let mut b = SdfgBuilder::new("p");
        b.array("A", DType::Float64, [&n + &t]).array("B", DType::Float64, [t.clone(), n]);
        b.for_loop("t", 0, t, |b| {
            let inputs = [("a", "A", at), ("b", "B", "t, i")];
            let dims = [("i", &*format!("1:{stop}"))];
            b.state("s").map("m", &dims, &inputs, name("a") + name("b"), ("A", at));
        });
        b.build()
    }

    #[test]
    fn elements_that_never_meet_are_repeated_one_by_one() {
        let after = apply(&MoveLoopIntoMap::default(), &program("N", "i"), &[("N", 4), ("T", 3)]);
        assert_eq!(maps(&after).len(), 1);
        assert!(matches!(after.body.blocks[0], Block::State(_)));
    }

    #[test]
    fn neighbours_and_changing_ranges_stay() {
        let reason = |sdfg: &Sdfg| refusals(&MoveLoopIntoMap::default(), sdfg).join("; ");
        assert!(reason(&program("N", "i + t")).contains("may be the same elements"));
        assert!(reason(&program("t", "i")).contains("depends on `t`"));
    }

    /// `for k in 1:K { map i in 0:N, j in 0:M { A[i, j, k] = A[before] + B[i, j, k] } }`
    fn columns(before: &str) -> Sdfg {
        let [n, m, k] = ["N", "M", "K"].map(Expr::sym);
        let mut b = SdfgBuilder::new("columns");
        for array in ["A", "B"] {
            b.array(array, DType::Float64, [n.clone(), m.clone(), k.clone()]);
        }
        b.for_loop("k", 1, k, |b| {
            let inputs = [("a", "A", before), ("b", "B", "i, j, k")];
            let dims = [("i", "0:N"), ("j", "0:M")];
            b.state("s").map("m", &dims, &inputs, name("a") + name("b"), ("A", "i, j, k"));
        });
        b.build()
    }

    #[test]
    fn columns_are_computed_one_by_one() {
        let sizes = [("N", 3), ("M", 4), ("K", 5)];
        let after = apply(&MoveLoopIntoMap::default(), &columns("i, j, k - 1"), &sizes);
        assert_eq!(maps(&after)[0].params, ["i"]);
        assert!(matches!(after.body.blocks[0], Block::State(_)));
    }

    #[test]
    fn only_loops_along_memory_move_for_its_sake() {
        let sizes = [("N", 3), ("M", 4), ("K", 5)];
        let after = apply(&MoveLoopIntoMap::along_memory(), &columns("i, j, k - 1"), &sizes);
        assert!(matches!(after.body.blocks[0], Block::State(_)));
        let reasons = refusals(&MoveLoopIntoMap::along_memory(), &program("N", "i"));
        assert_eq!(reasons, Vec::<String>::new(), "the map runs along memory: no match");
    }

    #[test]
    fn columns_that_meet_their_neighbours_stay() {
        let before = columns("i, max(j - 1, 0), k - 1");
        assert_eq!(refusals(&MoveLoopIntoMap::default(), &before).len(), 1);
    }
}
