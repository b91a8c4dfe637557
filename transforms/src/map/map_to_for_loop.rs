//! Map to loop: a map that is all of its state is a loop over its first parameter.
//!
//! ```text
//! before:  state { map i in 0:N, j in 0:M { C[i, j] = A[i, j] } }
//! after:   for i in range(0, N): state { map j in 0:M { C[i, j] = A[i, j] } }
//! kept:    state { map i in 0:N { t[i] = A[i] }   map i in 0:N { B[i] = t[i] } }     fuse or fission first
//! ```
//!
//! The inverse of `loop-to-map`, for those who want an order of iterations, or control flow around them.
//!
//! **Legal when** the state holds nothing but the map and the accesses around it. The order of iterations is free, so the
//! one of a loop is one of those allowed; conflict resolutions become what they are, updates one after the other.

use super::merge::substitute;
use super::trivial_map_elimination::remove_scope;
use crate::surroundings::Surroundings;
use crate::{Refusal, Transformation};
use dacec_ir::{Block, Expr, Loop, Node, NodeId, Region, State};

/// Makes a loop of the first parameter of a map; see the [module](self).
#[derive(Clone, Copy, Debug, Default)]
pub struct MapToForLoop;

/// A map that is all of a state; made only by [`MapToForLoop::find`].
#[derive(Clone, Debug)]
pub struct Sequential {
    block: usize,
    entry: NodeId,
}

impl Transformation for MapToForLoop {
    type Place = Region;
    type Match = Sequential;

    fn name(&self) -> &'static str {
        "MapToForLoop"
    }

    fn find(&self, _: &Surroundings<'_>, region: &Region, site: usize) -> Result<Sequential, Refusal> {
        let Block::State(state) = &region.blocks[site] else { return Err(Refusal::NoMatch("not a state")) };
        let entry = only_map(state)?;
        Ok(Sequential { block: site, entry })
    }

    fn apply(&self, around: &mut Surroundings<'_>, region: &mut Region, found: Sequential) {
        let block = std::mem::replace(&mut region.blocks[found.block], Block::Break);
        let Block::State(mut state) = block else { unreachable!("the match names a state") };
        let Node::MapEntry(map) = state.node(found.entry) else { unreachable!("the match names a map") };
        let (map, span) = (map.clone(), map.span);
        // A parameter is no symbol of the SDFG, the variable of a loop is one.
        let variable = around.names.fresh(&map.params[0]);
        let renaming = [(map.params[0].clone(), Expr::sym(&variable))].into();
        substitute(around, &mut state, found.entry, &renaming);
        if let Node::MapEntry(rest) = state.node_mut(found.entry) {
            rest.params.remove(0);
            rest.ranges.remove(0);
            rest.collapse = rest.collapse.clamp(1, rest.params.len().max(1));
        }
        let range = map.ranges[0].clone();
        let facts = around.facts.clone();
        match map.params.len() {
            1 => remove_scope(&mut state, found.entry),
            _ => dacec_ir::propagate::scope(&mut state, found.entry, &around.sdfg.containers, &facts),
        }
        around.sdfg.symbols.entry(variable.clone()).or_insert(dacec_ir::DType::Int64);
        let bounds = (range.start, range.stop, range.step);
        let label = format!("for_{variable}");
        let it = Loop { span, ..Loop::counted(label, variable, bounds, Region::new([Block::State(state)])) };
        region.blocks[found.block] = Block::Loop(Box::new(it));
    }
}

/// The map of a state in which there is nothing else.
pub(crate) fn only_map(state: &State) -> Result<NodeId, Refusal> {
    let scopes = state.scopes();
    let top = state.nodes().filter(|(id, _)| scopes.get(id).copied().flatten().is_none());
    let mut entries = Vec::new();
    for (id, node) in top {
        match node {
            Node::MapEntry(map) if map.consume.is_none() => entries.push(id),
            Node::MapExit { .. } => {}
            Node::Access(_) => {
                let joins_map =
                    |id: NodeId| matches!(state.node(id), Node::MapEntry(_) | Node::MapExit { .. });
                let neighbours = state.predecessors(id).into_iter().chain(state.successors(id));
                if !neighbours.into_iter().all(joins_map) {
                    return Err(Refusal::node(id, "is copied, or used by something else than the map"));
                }
            }
            _ => return Err(Refusal::node(id, "is not part of a map")),
        }
    }
    match entries[..] {
        [entry] => Ok(entry),
        [] => Err(Refusal::NoMatch("no map")),
        _ => Err(Refusal::unproved("there is more than one map in the state")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::loops::LoopToMap;
    use crate::map::testing::{apply, maps, nested_maps, refusals};
    use dacec_ir::builder::{SdfgBuilder, name};
    use dacec_ir::{DType, Wcr};

    #[test]
    fn a_map_is_a_loop_and_back() {
        let symbols = [("N", 4), ("M", 3)];
        let after = apply(&MapToForLoop, &nested_maps("0:M", true), &symbols);
        assert_eq!(maps(&after).len(), 1, "the inner map stays");
        assert!(matches!(after.body.blocks[0], Block::Loop(_)));
        assert_eq!(maps(&apply(&LoopToMap, &after, &symbols)).len(), 2);
    }

    #[test]
    fn conflicts_are_resolved_one_after_the_other() {
        let mut b = SdfgBuilder::new("p");
        b.array("A", DType::Float64, [Expr::sym("N")]).array("s", DType::Float64, [Expr::int(1)]);
        b.state("s").reduction("m", &[("i", "0:N:2")], &[("a", "A", "i")], name("a"), ("s", "0"), Wcr::Sum);
        assert!(maps(&apply(&MapToForLoop, &b.build(), &[("N", 5)])).is_empty());
    }

    #[test]
    fn more_in_the_state_is_refused() {
        let mut b = SdfgBuilder::new("p");
        b.array("A", DType::Float64, [Expr::sym("N")]).array("B", DType::Float64, [Expr::sym("N")]);
        let mut s = b.state("s");
        s.map("m", &[("i", "0:N")], &[("a", "A", "i")], name("a"), ("B", "i"));
        s.tasklet("t", &[("b", "B", "0")], name("b"), ("A", "0"));
        assert_eq!(refusals(&MapToForLoop, &b.build()).len(), 1);
    }
}
