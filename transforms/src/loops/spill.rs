//! Passing the elements that an iteration wrote on to its readers through an array of the iteration.
//!
//! ```text
//! before:  map { … } ─ C[i, i:N] ─▶ (C) ─ C[i, i:N] ─▶ reader
//! after:   map { … } ─▶ (C_row) ─▶ reader
//!                          └─ copy ─ C[i, i:N] ─▶ (C)
//! ```
//!
//! A shared container has to be the first or the last thing that an iteration touches, or it could not be brought in or
//! out at the border of the scope. One element is passed on as a scalar ([`crate::map::forward`]); a part of an array
//! needs memory, but only that of one iteration.
//!
//! **Legal when** one write fills the part for certain, and everything that is read from the access is within it.

use crate::Refusal;
use crate::map::forward::combines;
use crate::map::paths;
use crate::surroundings::Surroundings;
use dacec_ir::analysis::access::subset_at;
use dacec_ir::analysis::must_write;
use dacec_ir::symbolic::Facts;
use dacec_ir::{Array, Edge, EdgeId, Memlet, Name, Node, NodeId, Range, State, Subset};

/// The part of the container that is written, if it can be passed on; `facts` hold in the iteration.
pub(super) fn find(
    around: &Surroundings<'_>,
    state: &State,
    access: NodeId,
    facts: &Facts,
) -> Result<Subset, Refusal> {
    let containers = &around.sdfg.containers;
    let [incoming] = state.in_edges(access)[..] else {
        return Err(Refusal::node(access, "is written several times"));
    };
    if incoming.memlet().is_none_or(|it| it.dynamic)
        || combines(state, incoming.id)
        || state.node(incoming.src).as_access().is_some()
    {
        return Err(Refusal::node(access, "is not simply written"));
    }
    let written = must_write(state, containers, incoming.id, facts)
        .filter(|subset| subset.dims.iter().all(|dim| dim.step.is_one()))
        .ok_or_else(|| Refusal::node(access, "is not known to be written as a whole"))?;
    for edge in state.out_edges(access) {
        let read = edge.memlet().and_then(|_| subset_at(state, containers, edge.id, true));
        let Some(read) = read else {
            return Err(Refusal::node(access, "orders another node"));
        };
        if written.covers(&read, facts) != Some(true) {
            let data = state.node(access).as_access().cloned().unwrap_or_default();
            return Err(Refusal::SubsetsDiffer { data, first: written, second: read });
        }
    }
    Ok(written)
}

/// Passes the part on; [`find`] has returned it. Afterwards nobody reads from the node.
pub(super) fn apply(around: &mut Surroundings<'_>, state: &mut State, access: NodeId, written: &Subset) {
    let data = state.node(access).as_access().expect("an access node").clone();
    let dtype = around.container(&data).dtype();
    let shape: Vec<_> = written.dims.iter().map(Range::len).collect();
    let name = around.names.fresh(&format!("{data}_part"));
    let whole = Subset::full(&shape);
    around.sdfg.containers.insert(name.clone(), Array::transient(dtype, shape).into());
    around.uses.add(&name);
    let part = state.add_access(&name);

    let containers = around.sdfg.containers.clone();
    for edge in state.out_edges(access).iter().map(|edge| edge.id).collect::<Vec<_>>() {
        let copied = state.node(state.endpoints(edge).1).as_access().is_some();
        let ends = (subset_at(state, &containers, edge, true), subset_at(state, &containers, edge, false));
        match ends {
            (Some(from), Some(to)) if copied => {
                let from = relative(&from, written);
                let memlet = Memlet { other_subset: Some(to), ..Memlet::new(&name, from) };
                state.edge_mut(edge).memlet = Some(memlet);
            }
            _ => rename(state, edge, (&name, written), true),
        }
        state.move_source(edge, part, None);
    }
    let incoming = state.in_edges(access)[0].id;
    rename(state, incoming, (&name, written), false);
    state.move_destination(incoming, part, None);
    let memlet = Memlet { other_subset: Some(written.clone()), ..Memlet::new(&name, whole) };
    state.add_edge(part, access, Edge { src_conn: None, dst_conn: None, memlet: Some(memlet) });
}

/// Makes an edge, and what continues it in scopes, access the part instead.
fn rename(state: &mut State, edge: EdgeId, (part, written): (&Name, &Subset), inward: bool) {
    let (src, dst) = state.endpoints(edge);
    let inner = match state.node(if inward { dst } else { src }) {
        Node::MapEntry(_) if inward => state.continuations(edge),
        Node::MapExit { .. } if !inward => paths::origins(state, edge),
        _ => Vec::new(),
    };
    for edge in inner {
        rename(state, edge, (part, written), inward);
    }
    if let Some(memlet) = &mut state.edge_mut(edge).memlet {
        memlet.subset = relative(&memlet.subset, written);
        memlet.data = part.clone();
    }
}

/// A subset counted from the start of another one.
fn relative(subset: &Subset, origin: &Subset) -> Subset {
    let dims = subset.dims.iter().zip(&origin.dims);
    let moved = dims.map(|(dim, origin)| dim.moved(&-&origin.start));
    Subset::new(moved.collect::<Vec<_>>())
}
