//! Merging two map scopes into one: the deed that vertical and horizontal fusion share.
//!
//! ```text
//! before:  map i in 0:N { … }    map j in 1:N + 1 { … B[j] … }
//! after:   map i in 0:N { …; … B[i + 1] … }                        with j = i + 1
//! ```

use super::paths;
use crate::surroundings::{Surroundings, facts_inside};
use dacec_ir::symbolic::{Facts, Substitution};
use dacec_ir::{Edge, Expr, Map, Name, Node, NodeId, Range, Schedule, State, propagate};
use std::collections::BTreeSet;

/// Parameters beyond which only the written order of parameters is tried, since the number of orders explodes.
const MAX_PERMUTED: usize = 4;

/// Every way to read the second map's parameters as functions of the first's such that the iterations are the same;
/// the one that keeps the order of the parameters comes first.
pub(super) fn correspondences(first: &Map, second: &Map, facts: &Facts) -> Vec<Substitution> {
    if first.params.len() != second.params.len() {
        return Vec::new();
    }
    let mut found = Vec::new();
    let mut chosen = Vec::new();
    permute(first, second, facts, &mut chosen, &mut found);
    found
}

/// Extends a choice of one parameter of the first map for each parameter of the second.
fn permute(
    first: &Map,
    second: &Map,
    facts: &Facts,
    chosen: &mut Vec<(usize, Expr)>,
    found: &mut Vec<Substitution>,
) {
    let at = chosen.len();
    if at == second.params.len() {
        let pairs = second.params.iter().cloned().zip(chosen.iter().map(|(_, value)| value.clone()));
        found.push(pairs.collect());
        return;
    }
    // The same position first, so that the written order is preferred.
    let others = (0..first.params.len()).filter(|&it| it != at && first.params.len() <= MAX_PERMUTED);
    for candidate in [at].into_iter().chain(others) {
        if chosen.iter().any(|(taken, _)| *taken == candidate) {
            continue;
        }
        if let Some(shift) = shift(&first.ranges[candidate], &second.ranges[at], facts) {
            chosen.push((candidate, Expr::sym(&first.params[candidate]) + shift));
            permute(first, second, facts, chosen, found);
            chosen.pop();
        }
    }
}

/// The distance by which the second range lies behind the first, if they have as many indices in equal steps.
fn shift(first: &Range, second: &Range, facts: &Facts) -> Option<Expr> {
    let shift = &second.start - &first.start;
    let end = &first.stop + &shift;
    let same =
        first.step == second.step && (end == second.stop || facts.prove_eq(&end, &second.stop) == Some(true));
    same.then_some(shift)
}

/// The schedule of a merged map, if both allow one.
pub(super) fn common_schedule(first: &Map, second: &Map) -> Option<Schedule> {
    match (first.schedule, second.schedule) {
        (a, b) if a == b => Some(a),
        (Schedule::Default, other) | (other, Schedule::Default) => Some(other),
        _ => None,
    }
}

/// Says in the whole scope of `second` what its parameters are in terms of those of another map.
///
/// This comes before its edges are changed: a node that gets all it reads from elsewhere is no longer found in the scope.
pub(super) fn adopt(
    around: &mut Surroundings<'_>,
    state: &mut State,
    second: NodeId,
    correspondence: &Substitution,
) {
    separate_params(around, state, second, correspondence);
    substitute(around, state, second, correspondence);
}

/// Moves everything in the scope of `second`, which has [adopted](adopt) the parameters of `first`, to the scope of `first`
/// and removes the second scope's nodes.
///
/// Edges between the two scopes must be gone. Outer memlets are recomputed.
pub(super) fn merge(around: &mut Surroundings<'_>, state: &mut State, first: NodeId, second: NodeId) {
    let (first_exit, second_exit) = (paths::exit_of(state, first), paths::exit_of(state, second));
    let schedule = match (state.node(first), state.node(second)) {
        (Node::MapEntry(a), Node::MapEntry(b)) => common_schedule(a, b).unwrap_or_default(),
        _ => Schedule::Default,
    };
    move_reads(state, first, second);
    move_writes(state, first_exit, second_exit);
    state.remove_node(second);
    state.remove_node(second_exit);
    if let Node::MapEntry(map) = state.node_mut(first) {
        map.schedule = schedule;
    }
    let facts = facts_inside(state, first, &around.facts);
    propagate::scope(state, first, &around.sdfg.containers, &facts);
}

/// Renames parameters of maps inside the scope that would capture a parameter of the scope that it moves to.
fn separate_params(
    around: &mut Surroundings<'_>,
    state: &mut State,
    entry: NodeId,
    correspondence: &Substitution,
) {
    let incoming: BTreeSet<Name> = correspondence.iter().flat_map(|(_, value)| value.symbols()).collect();
    for inner in state.scope_nodes(entry) {
        let Node::MapEntry(map) = state.node(inner) else { continue };
        let captured: Vec<Name> = map.params.iter().filter(|it| incoming.contains(*it)).cloned().collect();
        for param in captured {
            let fresh = around.names.fresh(&param);
            let renaming: Substitution = [(param.clone(), Expr::sym(&fresh))].into();
            substitute(around, state, inner, &renaming);
            if let Node::MapEntry(map) = state.node_mut(inner) {
                map.params.iter_mut().filter(|it| **it == param).for_each(|it| *it = fresh.clone());
            }
        }
    }
}

/// Replaces symbols in everything that is strictly inside of a scope, in the sizes of what is accessed there, and on the
/// edges to its border.
pub(super) fn substitute(
    around: &mut Surroundings<'_>,
    state: &mut State,
    entry: NodeId,
    substitution: &Substitution,
) {
    let inside = state.scope_nodes(entry);
    around.substitute_in_sizes(inside.iter().filter_map(|&it| state.node(it).as_access()), substitution);
    let exit = paths::exit_of(state, entry);
    let mut edges: BTreeSet<_> = state.out_edges(entry).iter().map(|edge| edge.id).collect();
    edges.extend(state.in_edges(exit).iter().map(|edge| edge.id));
    for &node in &inside {
        state.node_mut(node).map_exprs(&mut |expr| expr.subs(substitution));
        edges.extend(state.in_edges(node).iter().map(|edge| edge.id));
    }
    for edge in edges {
        if let Some(memlet) = &mut state.edge_mut(edge).memlet {
            memlet.map_exprs(&mut |expr| expr.subs(substitution));
        }
    }
}

/// Attaches what enters the second scope to the entry of the first.
fn move_reads(state: &mut State, first: NodeId, second: NodeId) {
    let incoming: Vec<_> = state.in_edges(second).iter().map(|edge| (edge.id, edge.src)).collect();
    for (edge, src) in incoming {
        let continuations = state.continuations(edge);
        let old = state.edge(edge).clone();
        let Some(memlet) = &old.memlet else {
            if !state.in_edges(first).iter().any(|it| it.src == src && it.memlet().is_none()) {
                state.order(src, first);
            }
            continue;
        };
        let shared = state.in_edges(first).into_iter().find(|it| {
            it.src == src
                && it.src_conn() == old.src_conn.as_ref()
                && it.memlet().is_some_and(|other| other.data == memlet.data)
        });
        let input = shared.and_then(|it| it.dst_conn().cloned()).unwrap_or_else(|| {
            let name: Name = format!("IN_{}", state.fresh_connector(first, &memlet.data)).into();
            state.add_edge(src, first, Edge { dst_conn: Some(name.clone()), ..old.clone() });
            name
        });
        let output = paths::counterpart(&input);
        for inner in continuations {
            state.move_source(inner, first, output.clone());
        }
    }
    // What is left only orders, or tasklets without inputs hang on it.
    let rest: Vec<_> = state.out_edges(second).iter().map(|edge| (edge.id, edge.dst)).collect();
    for (edge, dst) in rest {
        state.remove_edge(edge);
        state.order(first, dst);
    }
}

/// Attaches what leaves the second scope to the exit of the first.
fn move_writes(state: &mut State, first: NodeId, second: NodeId) {
    let outgoing: Vec<_> = state.out_edges(second).iter().map(|edge| edge.id).collect();
    for edge in outgoing {
        let (_, dst) = state.endpoints(edge);
        let origins = paths::origins(state, edge);
        let Some(memlet) = state.edge(edge).memlet.clone() else {
            state.remove_edge(edge);
            state.order(first, dst);
            continue;
        };
        let name = state.fresh_connector(first, &memlet.data);
        for inner in origins {
            state.move_destination(inner, first, Some(format!("IN_{name}").into()));
        }
        state.move_source(edge, first, Some(format!("OUT_{name}").into()));
    }
    let rest: Vec<_> = state.in_edges(second).iter().map(|edge| (edge.id, edge.src)).collect();
    for (edge, src) in rest {
        state.remove_edge(edge);
        state.order(src, first);
    }
}
