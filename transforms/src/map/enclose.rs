//! Putting a map around another one: the deed that expansion and tiling share.

use super::paths;
use crate::surroundings::{Surroundings, facts_inside};
use dacec_ir::{Edge, IndexMap, Map, Name, Node, NodeId, Range, Schedule, State, propagate};

/// Makes a new map over `dims` around the map that `inner` opens; returns its entry. Outer memlets are recomputed.
pub(super) fn enclose(
    around: &Surroundings<'_>,
    state: &mut State,
    inner: NodeId,
    dims: Vec<(Name, Range)>,
) -> NodeId {
    let (map, inner_exit) = match state.node(inner) {
        Node::MapEntry(map) => (map.clone(), map.exit),
        other => unreachable!("only a map can be enclosed, this is {other:?}"),
    };
    let (entry, exit) = state.add_map(map.label.clone(), dims, Schedule::Default);
    if let Node::MapEntry(outer) = state.node_mut(entry) {
        outer.span = map.span;
    }
    lead_in(state, entry, inner);
    lead_out(state, inner_exit, exit);
    for scope in [inner, entry] {
        let facts = facts_inside(state, scope, &around.facts);
        propagate::scope(state, scope, &around.sdfg.containers, &facts);
    }
    entry
}

/// Whether nobody has decided yet how a map runs; a decision would not be one about two maps.
pub(crate) fn is_undecided(map: &Map) -> bool {
    map.schedule == Schedule::Default && map.parallel_if.is_none() && map.consume.is_none()
}

/// What entered the inner map enters the outer one first.
fn lead_in(state: &mut State, outer: NodeId, inner: NodeId) {
    let edges: Vec<_> = state.in_edges(inner).iter().map(|edge| (edge.id, edge.edge.clone())).collect();
    for (id, edge) in edges {
        let Some(input) = edge.dst_conn.clone() else {
            state.move_destination(id, outer, None);
            continue;
        };
        state.move_destination(id, outer, Some(input.clone()));
        state.add_edge(outer, inner, Edge { src_conn: paths::counterpart(&input), ..edge });
    }
    if state.in_degree(inner) == 0 {
        state.order(outer, inner);
    }
}

/// What left the inner map leaves the outer one at last.
fn lead_out(state: &mut State, inner: NodeId, outer: NodeId) {
    let edges: Vec<_> = state.out_edges(inner).iter().map(|edge| (edge.id, edge.edge.clone())).collect();
    let mut led: IndexMap<Name, ()> = IndexMap::default();
    for (id, edge) in edges {
        let Some(output) = edge.src_conn.clone() else {
            state.move_source(id, outer, None);
            continue;
        };
        state.move_source(id, outer, Some(output.clone()));
        if led.insert(output.clone(), ()).is_none() {
            state.add_edge(inner, outer, Edge { dst_conn: paths::counterpart(&output), ..edge });
        }
    }
    if state.out_degree(inner) == 0 {
        state.order(inner, outer);
    }
}
