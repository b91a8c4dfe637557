//! Map collapse: two maps of which one is all that the other contains are one map.
//!
//! ```text
//! before:  map i in 0:N { map j in 0:M { C[i, j] = A[i, j] } }
//! after:   map i in 0:N, j in 0:M { C[i, j] = A[i, j] }
//! kept:    map i in 0:N { map j in 0:i { C[i, j] = A[i, j] } }        the inner range depends on the outer one
//!          map i in 0:N { s = 0; map j in 0:M { s += A[i, j] }; … }   there is more in the outer map
//! ```
//!
//! **Legal when** the outer scope holds nothing but the inner map and the inner range does not depend on the outer
//! parameters. Iterations of both are independent, so those of the product are.

use super::merge::common_schedule;
use super::paths;
use crate::surroundings::Surroundings;
use crate::{Refusal, Transformation};
use dacec_ir::{Edge, Map, Name, Node, NodeId, State};

/// Makes one map of two perfectly nested ones; see the [module](self).
#[derive(Clone, Copy, Debug, Default)]
pub struct MapCollapse;

/// Two maps that can be collapsed; made only by [`MapCollapse::find`].
#[derive(Clone, Debug)]
pub struct Collapsible {
    outer: NodeId,
    inner: NodeId,
}

impl Transformation for MapCollapse {
    type Place = State;
    type Match = Collapsible;

    fn name(&self) -> &'static str {
        "MapCollapse"
    }

    fn find(&self, _: &Surroundings<'_>, state: &State, site: NodeId) -> Result<Collapsible, Refusal> {
        let Node::MapEntry(outer) = state.node(site) else { return Err(Refusal::NoMatch("not a map")) };
        let [inner_entry] = state.successors(site)[..] else {
            return Err(Refusal::NoMatch("there is more than one node in the map"));
        };
        let Node::MapEntry(inner) = state.node(inner_entry) else {
            return Err(Refusal::NoMatch("there is no map in the map"));
        };
        if state.predecessors(outer.exit)[..] != [inner.exit]
            || state.successors(inner.exit)[..] != [outer.exit]
        {
            return Err(Refusal::unproved(format!(
                "`{}` is not all that `{}` contains",
                inner.label, outer.label
            )));
        }
        if let Some(range) =
            inner.ranges.iter().find(|range| range.symbols().iter().any(|it| outer.params.contains(it)))
        {
            return Err(Refusal::unproved(format!("the range {range} depends on the outer map")));
        }
        if common_schedule(outer, inner).is_none() {
            return Err(Refusal::unproved(format!(
                "`{}` and `{}` have different schedules",
                outer.label, inner.label
            )));
        }
        Ok(Collapsible { outer: site, inner: inner_entry })
    }

    fn apply(&self, _: &mut Surroundings<'_>, state: &mut State, found: Collapsible) {
        let (outer_exit, inner_exit) =
            (paths::exit_of(state, found.outer), paths::exit_of(state, found.inner));
        let Some(Node::MapEntry(inner)) = remove_entry(state, found.outer, found.inner) else {
            unreachable!("the match names a map")
        };
        remove_exit(state, inner_exit, outer_exit);
        if let Node::MapEntry(outer) = state.node_mut(found.outer) {
            extend(outer, inner);
        }
    }
}

fn extend(outer: &mut Map, inner: Map) {
    outer.schedule = common_schedule(outer, &inner).unwrap_or_default();
    outer.params.extend(inner.params);
    outer.ranges.extend(inner.ranges);
}

/// Ties what continues from the inner entry to the outer one.
fn remove_entry(state: &mut State, outer: NodeId, inner: NodeId) -> Option<Node> {
    let inside: Vec<_> = state.out_edges(inner).iter().map(|edge| (edge.id, edge.dst)).collect();
    for (edge, dst) in inside {
        match state.origin(edge).and_then(|origin| state.edge(origin).src_conn.clone()) {
            Some(output) => {
                state.move_source(edge, outer, Some(output));
            }
            None => {
                state.remove_edge(edge);
                state.order(outer, dst);
            }
        }
    }
    state.remove_node(inner)
}

/// Ties what enters the inner exit to the outer one.
fn remove_exit(state: &mut State, inner: NodeId, outer: NodeId) {
    let inside: Vec<(_, NodeId, Edge)> =
        state.in_edges(inner).iter().map(|edge| (edge.id, edge.src, edge.edge.clone())).collect();
    for (id, src, edge) in inside {
        state.remove_edge(id);
        let output = edge.dst_conn.as_ref().and_then(paths::counterpart);
        let onward: Vec<Name> = state
            .out_edges(inner)
            .into_iter()
            .filter(|it| it.src_conn() == output.as_ref() && it.memlet().is_some())
            .filter_map(|it| it.dst_conn().cloned())
            .collect();
        if onward.is_empty() {
            state.order(src, outer);
        }
        for input in onward {
            state.add_edge(src, outer, Edge { dst_conn: Some(input), ..edge.clone() });
        }
    }
    state.remove_node(inner);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::map::testing::{apply, maps, nested_maps, refusals};

    #[test]
    fn perfectly_nested_maps_become_one() {
        let before = nested_maps("0:M", false);
        let after = apply(&MapCollapse, &before, &[("N", 4), ("M", 3)]);
        assert_eq!(maps(&after).len(), 1);
        assert_eq!(maps(&after)[0].params.len(), 2);
    }

    #[test]
    fn a_triangle_is_kept() {
        let before = nested_maps("0:i", false);
        assert_eq!(refusals(&MapCollapse, &before), ["the range 0:i depends on the outer map"]);
    }

    #[test]
    fn more_work_in_the_outer_map_keeps_it() {
        let before = nested_maps("0:M", true);
        assert_eq!(maps(&apply(&MapCollapse, &before, &[("N", 4), ("M", 3)])).len(), 2);
    }
}
