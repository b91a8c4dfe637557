//! The order of what was one map and is several nodes now.
//!
//! ```text
//! (x) ─▶ map { y[i] = f(x[i]); z[i] = g(x[i]) } ─▶ (z) ─▶ … ─▶ (x)        x is overwritten behind the map
//! ```
//!
//! A map is over before anything behind it begins. Where its parts become nodes of their own, one is behind what the part
//! reads and before what uses its results, and no edge says that the write of `x` above comes after the part that computes
//! `y`. Nor does one say that what wrote `x` comes before it. Orders that only the map's own nodes made, and that matter to some container, become edges.

use super::paths::order_once;
use dacec_ir::state::EdgeView;
use dacec_ir::{IndexSet, Name, Node, NodeId, State};

/// What comes directly before and after a map, as long as it is one.
#[derive(Clone, Debug)]
pub(super) struct Neighbours {
    before: Vec<NodeId>,
    after: Vec<NodeId>,
}

/// Containers that nodes read and write, by name.
#[derive(Clone, Debug, Default)]
struct Touched {
    reads: IndexSet<Name>,
    writes: IndexSet<Name>,
}

impl Neighbours {
    /// The neighbours of a map.
    pub(super) fn of(state: &State, (entry, exit): (NodeId, NodeId)) -> Self {
        let distinct = |nodes: Vec<NodeId>| nodes.into_iter().collect::<IndexSet<_>>().into_iter().collect();
        Neighbours { before: distinct(state.predecessors(entry)), after: distinct(state.successors(exit)) }
    }

    /// Orders nodes that were in the map, or are what became of it, and may conflict with what was before or after it;
    /// and what was before it with what was after, where only the map stood between them.
    pub(super) fn keep(&self, state: &mut State, nodes: &[NodeId]) {
        let inside: IndexSet<NodeId> = nodes.iter().copied().collect();
        for &node in nodes {
            let mut own = Touched::default();
            let edges = state.in_edges(node).into_iter().chain(state.out_edges(node));
            edges
                .filter(|edge| !inside.contains(&edge.src) || !inside.contains(&edge.dst))
                .for_each(|it| own.add(state, it));
            let (first, last) = ends(state, node);
            for &next in &self.after {
                let later = || Touched::by(state, state.descendants(next));
                if !is_ordered(state, last, next) && own.conflicts(&later()) {
                    order_once(state, last, next);
                }
            }
            for &previous in &self.before {
                let earlier = || Touched::by(state, state.ancestors(previous));
                if !is_ordered(state, previous, first) && own.conflicts(&earlier()) {
                    order_once(state, previous, first);
                }
            }
        }
        for &previous in &self.before {
            for &next in &self.after {
                if is_ordered(state, previous, next) {
                    continue;
                }
                let earlier = Touched::by(state, state.ancestors(previous));
                if earlier.conflicts(&Touched::by(state, state.descendants(next))) {
                    order_once(state, previous, next);
                }
            }
        }
    }
}

/// The node before which nothing of what a node stands for happens, and the one after which nothing does.
fn ends(state: &State, node: NodeId) -> (NodeId, NodeId) {
    match state.node(node) {
        Node::MapEntry(map) => (node, map.exit),
        Node::MapExit { entry } => (*entry, node),
        _ => (node, node),
    }
}

/// Whether a path leads from one node to another; mostly an edge does.
fn is_ordered(state: &State, from: NodeId, to: NodeId) -> bool {
    state.successors(from).contains(&to) || state.reaches(from, to)
}

impl Touched {
    fn by(state: &State, nodes: IndexSet<NodeId>) -> Self {
        let mut all = Touched::default();
        for node in nodes {
            state.in_edges(node).into_iter().chain(state.out_edges(node)).for_each(|it| all.add(state, it));
        }
        all
    }

    fn add(&mut self, state: &State, edge: EdgeView<'_>) {
        let Some(memlet) = edge.memlet() else { return };
        match state.node(edge.src) {
            Node::Access(data) => drop(self.reads.insert(data.clone())),
            Node::MapEntry(_) => drop(self.reads.insert(memlet.data.clone())),
            _ => {}
        }
        match state.node(edge.dst) {
            Node::Access(data) => drop(self.writes.insert(data.clone())),
            Node::MapExit { .. } => drop(self.writes.insert(memlet.data.clone())),
            _ => {}
        }
    }

    fn conflicts(&self, other: &Touched) -> bool {
        let meet = |a: &IndexSet<Name>, b: &IndexSet<Name>| a.iter().any(|name| b.contains(name));
        meet(&self.writes, &other.writes)
            || meet(&self.writes, &other.reads)
            || meet(&self.reads, &other.writes)
    }
}
