//! Trivial map elimination: a map parameter with one value is that value.
//!
//! ```text
//! before:  map i in 3:4, j in 0:N { B[i, j] = A[i, j] }      map i in 0:1 { B[i] = A[i] }
//! after:   map j in 0:N { B[3, j] = A[3, j] }                B[0] = A[0]
//! kept:    map i in 0:N { … }                                N may be 1, or not
//! ```
//!
//! **Legal when** the range provably has one index. What was before or after the map stays before or after all that was in
//! it (see `keep_order`).

use super::keep_order::Neighbours;
use super::merge::substitute;
use super::paths;
use crate::surroundings::{Surroundings, facts_inside};
use crate::{Refusal, Transformation};
use dacec_ir::symbolic::Substitution;
use dacec_ir::{Edge, Expr, Node, NodeId, State};

/// Removes map parameters with one value, and maps without parameters; see the [module](self).
#[derive(Clone, Copy, Debug, Default)]
pub struct TrivialMapElimination;

/// A map with parameters that have one value; made only by [`TrivialMapElimination::find`].
#[derive(Clone, Debug)]
pub struct Trivial {
    entry: NodeId,
    values: Substitution,
}

impl Transformation for TrivialMapElimination {
    type Place = State;
    type Match = Trivial;

    fn name(&self) -> &'static str {
        "TrivialMapElimination"
    }

    fn find(&self, around: &Surroundings<'_>, state: &State, site: NodeId) -> Result<Trivial, Refusal> {
        let Node::MapEntry(map) = state.node(site) else { return Err(Refusal::NoMatch("not a map")) };
        let single = |range: &dacec_ir::Range| range.as_index().is_some() || range.len().is_one();
        let mut values: Substitution = map
            .params
            .iter()
            .zip(&map.ranges)
            .filter(|(_, range)| single(range))
            .map(|(param, range)| (param.clone(), range.start.clone()))
            .collect();
        if values.is_empty() {
            // A search for proofs costs more than a look at the structure.
            let facts = facts_inside(state, site, &around.facts);
            let one = map.params.iter().zip(&map.ranges).filter(|(_, range)| {
                !range.len().is_constant() && facts.prove_eq(&range.len(), &Expr::one()) == Some(true)
            });
            values.extend(one.map(|(param, range)| (param.clone(), range.start.clone())));
        }
        if values.is_empty() {
            return Err(Refusal::NoMatch("no parameter has one value"));
        }
        Ok(Trivial { entry: site, values })
    }

    fn apply(&self, around: &mut Surroundings<'_>, state: &mut State, found: Trivial) {
        substitute(around, state, found.entry, &found.values);
        let Node::MapEntry(map) = state.node_mut(found.entry) else { unreachable!("the match names a map") };
        let kept: Vec<usize> =
            (0..map.params.len()).filter(|&at| found.values.get(&map.params[at]).is_none()).collect();
        map.params = kept.iter().map(|&at| map.params[at].clone()).collect();
        map.ranges = kept.iter().map(|&at| map.ranges[at].clone()).collect();
        map.collapse = map.collapse.clamp(1, kept.len().max(1));
        if kept.is_empty() {
            remove_scope(state, found.entry);
        }
    }
}

/// Connects what is inside of a scope directly to what is outside.
pub(crate) fn remove_scope(state: &mut State, entry: NodeId) {
    let exit = paths::exit_of(state, entry);
    let before: Vec<NodeId> = state.predecessors(entry);
    let after: Vec<NodeId> = state.successors(exit);
    let neighbours = Neighbours::of(state, (entry, exit));
    let inside = state.scope_nodes(entry);
    for edge in state.out_edges(entry).iter().map(|edge| edge.id).collect::<Vec<_>>() {
        let (_, dst) = state.endpoints(edge);
        match state.origin(edge) {
            Some(outer) => {
                let (src, _) = state.endpoints(outer);
                let src_conn = state.edge(outer).src_conn.clone();
                let inner = state.edge(edge).clone();
                state.add_edge(src, dst, Edge { src_conn, ..inner });
            }
            None => before.iter().for_each(|&src| paths::order_once(state, src, dst)),
        }
    }
    for edge in state.out_edges(exit).iter().map(|edge| edge.id).collect::<Vec<_>>() {
        let (_, dst) = state.endpoints(edge);
        let dst_conn = state.edge(edge).dst_conn.clone();
        for origin in paths::origins(state, edge) {
            let (src, _) = state.endpoints(origin);
            let inner = state.edge(origin).clone();
            state.add_edge(src, dst, Edge { dst_conn: dst_conn.clone(), ..inner });
        }
    }
    order_around(state, entry, exit, (&before, &after));
    state.remove_node(entry);
    state.remove_node(exit);
    neighbours.keep(state, &inside);
}

/// Keeps the order that edges without memlets gave to the map: all of it comes after what orders its entry, and before
/// what its exit orders.
fn order_around(state: &mut State, entry: NodeId, exit: NodeId, (before, after): (&[NodeId], &[NodeId])) {
    let (first, last) = (state.successors(entry), state.predecessors(exit));
    let only_orders = |state: &State, from: NodeId, to: NodeId| {
        state.out_edges(from).iter().any(|edge| edge.dst == to && edge.memlet().is_none())
    };
    for &src in before.iter().filter(|&&src| only_orders(state, src, entry)).collect::<Vec<_>>() {
        first.iter().for_each(|&node| paths::order_once(state, src, node));
    }
    for &dst in after.iter().filter(|&&dst| only_orders(state, exit, dst)).collect::<Vec<_>>() {
        last.iter().for_each(|&node| paths::order_once(state, node, dst));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::map::testing::{apply, maps, nested_maps, refusals};

    #[test]
    fn one_iteration_needs_no_map() {
        let before = nested_maps("2:3", false);
        let after = apply(&TrivialMapElimination, &before, &[("N", 4), ("M", 3)]);
        assert_eq!(maps(&after).len(), 1);
    }

    #[test]
    fn all_parameters_may_disappear() {
        let mut before = nested_maps("2:3", true);
        before.substitute(&[("N", Expr::int(1))].into());
        let after = apply(&TrivialMapElimination, &before, &[("M", 3)]);
        assert_eq!(maps(&after).len(), 0);
    }

    #[test]
    fn an_unknown_extent_is_kept() {
        assert!(refusals(&TrivialMapElimination, &nested_maps("0:M", false)).is_empty());
    }
}
