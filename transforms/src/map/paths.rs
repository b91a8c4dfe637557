//! Edges that lead through the borders of nested scopes.
//!
//! ```text
//! (A) ─▶ IN_A [map i] OUT_A ─▶ IN_A [map k] OUT_A ─ A[i, k] ─▶ {tasklet}
//! ```
//!
//! The memlets outside of the innermost scope are copies of the inner one until [`dacec_ir::propagate`] recomputes them.

use dacec_ir::state::Edge;
use dacec_ir::{EdgeId, Memlet, Name, Node, NodeId, State};

/// An end of an edge: a node and its connector.
pub(crate) type End = (NodeId, Option<Name>);

/// Connects `source` with `destination` through map entries, outermost first; the tasklet's or node's end gets `memlet`.
///
/// A connector that brings the same container from the same source is shared.
pub(crate) fn read(
    state: &mut State,
    source: End,
    entries: &[NodeId],
    destination: End,
    memlet: Memlet,
) -> EdgeId {
    let mut at = source;
    for &entry in entries {
        at = (entry, Some(enter(state, at, entry, &memlet)));
    }
    let edge = Edge { src_conn: at.1, dst_conn: destination.1, memlet: Some(memlet) };
    state.add_edge(at.0, destination.0, edge)
}

/// Connects `source` with `destination` through map exits, innermost first.
pub(crate) fn write(
    state: &mut State,
    source: End,
    exits: &[NodeId],
    destination: End,
    memlet: Memlet,
) -> EdgeId {
    let mut at = source;
    for &exit in exits {
        let name = state.fresh_connector(exit, &memlet.data);
        let edge = Edge {
            src_conn: at.1,
            dst_conn: Some(format!("IN_{name}").into()),
            memlet: Some(memlet.clone()),
        };
        state.add_edge(at.0, exit, edge);
        at = (exit, Some(format!("OUT_{name}").into()));
    }
    state.add_edge(
        at.0,
        destination.0,
        Edge { src_conn: at.1, dst_conn: destination.1, memlet: Some(memlet) },
    )
}

/// Brings a container into one scope and returns the connector at which it continues.
fn enter(state: &mut State, from: End, entry: NodeId, memlet: &Memlet) -> Name {
    let shared = state.in_edges(entry).into_iter().find_map(|edge| {
        let same = edge.src == from.0
            && edge.src_conn() == from.1.as_ref()
            && edge.memlet().is_some_and(|other| other.data == memlet.data);
        edge.dst_conn().filter(|_| same).and_then(|conn| conn.strip_prefix("IN_")).map(Name::from)
    });
    let name = shared.unwrap_or_else(|| {
        let name = state.fresh_connector(entry, &memlet.data);
        let edge = Edge {
            src_conn: from.1,
            dst_conn: Some(format!("IN_{name}").into()),
            memlet: Some(memlet.clone()),
        };
        state.add_edge(from.0, entry, edge);
        name
    });
    format!("OUT_{name}").into()
}

/// The counterpart of a map connector: `OUT_x` for `IN_x` and the other way round.
pub(crate) fn counterpart(connector: &Name) -> Option<Name> {
    match (connector.strip_prefix("IN_"), connector.strip_prefix("OUT_")) {
        (Some(rest), _) => Some(format!("OUT_{rest}").into()),
        (_, Some(rest)) => Some(format!("IN_{rest}").into()),
        _ => None,
    }
}

/// Edges inside of a map's exit that continue in an edge outside of it.
pub(crate) fn origins(state: &State, outside: EdgeId) -> Vec<EdgeId> {
    let (exit, _) = state.endpoints(outside);
    let Some(inside) = state.edge(outside).src_conn.as_ref().and_then(counterpart) else { return Vec::new() };
    state
        .in_edges(exit)
        .into_iter()
        .filter(|edge| edge.dst_conn() == Some(&inside))
        .map(|edge| edge.id)
        .collect()
}

/// The exit of the map that a node opens.
pub(crate) fn exit_of(state: &State, entry: NodeId) -> NodeId {
    match state.node(entry) {
        Node::MapEntry(map) => map.exit,
        other => unreachable!("only a map entry has an exit, this is {other:?}"),
    }
}

/// Orders two nodes, unless an edge between them does already.
pub(crate) fn order_once(state: &mut State, first: NodeId, then: NodeId) {
    if !state.out_edges(first).iter().any(|edge| edge.dst == then) {
        state.order(first, then);
    }
}
