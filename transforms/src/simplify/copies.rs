//! Removing copies: what both directions share, [`redundant_array`](super::redundant_array) and
//! [`redundant_second_array`](super::redundant_second_array).
//!
//! Each finds a copy one end of which is a transient that can be a window of the other end; then the transient is replaced in
//! the whole state, and the two ends of the copy become one node.

use super::alias::Alias;
use super::in_place::Index;
use crate::pass::{Changed, Context};
use crate::transformation::with_places;
use crate::{Refusal, Surroundings};
use dacec_ir::{EdgeId, Name, NodeId, Sdfg, State};

/// A copy that need not be made; made only by the transformations that remove copies.
#[derive(Debug)]
pub struct Redundant {
    pub(super) copy: EdgeId,
    pub(super) alias: Alias,
}

/// Which end of a copy is the transient that disappears.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Transient {
    /// What is copied.
    Source,
    /// What it is copied to.
    Destination,
}

/// The search for a copy at a node.
pub(super) type Find = fn(&Surroundings<'_>, &State, &Index, NodeId) -> Result<Redundant, Refusal>;

/// Removes the copies that `find` finds at the nodes of every state, for the transformation `name`.
pub(super) fn remove_everywhere(
    sdfg: &mut Sdfg,
    context: &mut Context,
    (name, transient): (&'static str, Transient),
    find: Find,
) -> Changed {
    let mut changed = Changed::No;
    with_places::<State>(sdfg, &mut |around, state| {
        let mut index = Index::of(state);
        let mut nodes = state.node_ids();
        if transient == Transient::Source {
            // From the last copy to the first: what a chain ends in is known when its links are looked at.
            nodes.reverse();
        }
        for node in nodes {
            if !state.contains(node) {
                continue;
            }
            match find(around, state, &index, node) {
                Ok(found) if context.permit(name) => {
                    found.remove(around, state, transient, &mut index);
                    context.applied(name);
                    changed = Changed::Yes;
                }
                Ok(_) => {}
                Err(refusal) => context.refused(name, || format!("state {}", state.label), refusal),
            }
        }
    });
    changed
}

impl Redundant {
    /// Replaces the transient and joins the ends of the copy; the index follows.
    pub(super) fn remove(
        self,
        around: &mut Surroundings<'_>,
        state: &mut State,
        transient: Transient,
        index: &mut Index,
    ) {
        let (src, dst) = state.endpoints(self.copy);
        let joint = if transient == Transient::Source { dst } else { src };
        self.alias.replace(state, &around.sdfg.containers, index.nodes(&self.alias.data), around.uses);
        join_ends(around, state, self.copy, transient);
        index.rename(state, (&self.alias.data, &self.alias.target), joint);
    }
}

/// What both directions ask of a copy: it replaces, and the transient is used in this state at top level only.
pub(super) fn check_copy(
    around: &Surroundings<'_>,
    state: &State,
    index: &Index,
    (copy, transient, other): (EdgeId, &Name, &Name),
    node: NodeId,
) -> Result<(), Refusal> {
    let memlet = state.edge(copy).memlet.as_ref().ok_or(Refusal::NoMatch("nothing is copied"))?;
    if memlet.wcr.is_some() || memlet.dynamic {
        return Err(Refusal::node(node, "is copied in part or with a conflict resolution"));
    }
    let container = around.container(transient);
    if !container.is_transient() {
        return Err(Refusal::NoMatch("an argument or a result is copied"));
    }
    if container.lifetime() == dacec_ir::Lifetime::Persistent {
        return Err(Refusal::unproved(format!("`{transient}` is kept between calls")));
    }
    if around.uses.of_container(transient) != index.nodes(transient).len() {
        return Err(Refusal::used_elsewhere(transient, "in another state or on control flow"));
    }
    let joined = |edge: dacec_ir::state::EdgeView<'_>| {
        edge.id != copy
            && [edge.src, edge.dst].iter().all(|&end| {
                state.node(end).as_access().is_some_and(|data| data == transient || data == other)
            })
    };
    for &access in index.nodes(transient) {
        if index.scope(access).is_some() {
            return Err(Refusal::node(access, "is inside of a map"));
        }
        if state.in_edges(access).into_iter().chain(state.out_edges(access)).any(joined) {
            return Err(Refusal::node(access, "is copied more than once"));
        }
    }
    Ok(())
}

/// Removes a copy whose two ends are now one container, and makes one node of the two, unless another path between them
/// would become a cycle; then an ordering edge stays. The end that was the transient disappears.
fn join_ends(around: &mut Surroundings<'_>, state: &mut State, copy: EdgeId, transient: Transient) {
    let (src, dst) = state.endpoints(copy);
    state.remove_edge(copy);
    let others = state.successors(src);
    if others.iter().any(|&next| is_before_or_same(state, next, dst)) {
        state.order(src, dst);
        return;
    }
    let (gone, kept) = if transient == Transient::Source { (src, dst) } else { (dst, src) };
    for edge in state.in_edges(gone).iter().map(|edge| edge.id).collect::<Vec<_>>() {
        state.move_destination(edge, kept, None);
    }
    for edge in state.out_edges(gone).iter().map(|edge| edge.id).collect::<Vec<_>>() {
        state.move_source(edge, kept, None);
    }
    if let Some(data) = state.remove_node(gone).as_ref().and_then(|node| node.as_access()) {
        around.uses.remove(data);
    }
}

/// Whether a path leads from one node to another, for certain not if the answer is `false`.
fn is_before_or_same(state: &State, from: NodeId, to: NodeId) -> bool {
    from == to || state.reaches(from, to)
}
