//! Order of accesses, for rewrites that let two containers be one.

use super::hazards::may_intersect;
use dacec_ir::analysis::{Access, accesses_at};
use dacec_ir::symbolic::Facts;
use dacec_ir::{Data, EdgeId, IndexMap, Name, Node, NodeId, State, Subset};
use std::collections::{BTreeSet, HashMap, VecDeque};

/// Accesses of a transient that are looked at; with more, copies stay.
pub(crate) const MAX_ACCESSES: usize = 64;
/// Nodes that a search for a path visits at most.
const MAX_VISITED: usize = 512;

/// The access nodes of a state by container, in topological order, and its scopes; kept up to date by the pass that owns
/// it.
#[derive(Clone, Debug)]
pub(crate) struct Index {
    nodes: IndexMap<Name, Vec<NodeId>>,
    scopes: IndexMap<NodeId, Option<NodeId>>,
    position: HashMap<NodeId, usize>,
}

impl Index {
    /// The index of a state.
    pub(crate) fn of(state: &State) -> Self {
        let order = state.topological_order().unwrap_or_default();
        let mut nodes: IndexMap<Name, Vec<NodeId>> = IndexMap::default();
        for &id in &order {
            if let Node::Access(data) = state.node(id) {
                nodes.entry(data.clone()).or_default().push(id);
            }
        }
        let position = order.into_iter().enumerate().map(|(at, id)| (id, at)).collect();
        Index { nodes, scopes: state.scopes(), position }
    }

    /// Access nodes of a container, in topological order.
    pub(crate) fn nodes(&self, data: &Name) -> &[NodeId] {
        self.nodes.get(data).map(Vec::as_slice).unwrap_or_default()
    }

    /// Access nodes of a container up to the place of a node, and those after it; both in topological order.
    pub(crate) fn split(&self, data: &Name, at: NodeId) -> (&[NodeId], &[NodeId]) {
        let nodes = self.nodes(data);
        nodes.split_at(nodes.partition_point(|&node| self.place(node) <= self.place(at)))
    }

    fn place(&self, node: NodeId) -> usize {
        self.position.get(&node).copied().unwrap_or(usize::MAX)
    }

    /// The innermost scope of a node.
    pub(crate) fn scope(&self, node: NodeId) -> Option<NodeId> {
        self.scopes.get(&node).copied().flatten()
    }

    /// Accesses at a node other than by one edge.
    pub(crate) fn accesses_at(
        &self,
        state: &State,
        containers: &IndexMap<Name, Data>,
        node: NodeId,
        without: EdgeId,
    ) -> Vec<Access> {
        let all = accesses_at(state, containers, &self.scopes, node).into_iter();
        all.filter(|access| access.edge != without).collect()
    }

    /// Accesses of a container other than by one edge.
    pub(crate) fn accesses(
        &self,
        state: &State,
        containers: &IndexMap<Name, Data>,
        data: &Name,
        without: EdgeId,
    ) -> Vec<Access> {
        let nodes = self.nodes(data).iter();
        nodes.flat_map(|&node| self.accesses_at(state, containers, node, without)).collect()
    }

    /// Brings the index up to date after the nodes of one container went to another, and the source or destination of a
    /// copy between them became one with the `joint`.
    pub(crate) fn rename(&mut self, state: &State, (from, to): (&Name, &Name), joint: NodeId) {
        let mut moved = self.nodes.get_mut(from).map(std::mem::take).unwrap_or_default();
        moved.retain(|&node| state.contains(node));
        let in_order = |node: NodeId| {
            state.out_edges(node).iter().all(|edge| self.place(node) < self.place(edge.dst))
                && state.in_edges(node).iter().all(|edge| self.place(edge.src) < self.place(node))
        };
        if !in_order(joint) {
            *self = Index::of(state);
            return;
        }
        for node in moved {
            let place = self.place(node);
            let nodes = self.nodes.get(to).map(Vec::as_slice).unwrap_or_default();
            let at = nodes.partition_point(|&other| self.place(other) < place);
            self.nodes.entry(to.clone()).or_default().insert(at, node);
        }
    }

    /// Whether an access that ends in `end` is over before one begins in `start`; `false` also if that would take too long
    /// to find out.
    pub(crate) fn is_before(&self, state: &State, end: NodeId, start: NodeId) -> bool {
        if end == start {
            return takes_all_before_giving(state, end);
        }
        let mut seen = BTreeSet::from([end]);
        let mut queue = VecDeque::from([end]);
        while let Some(node) = queue.pop_front() {
            for next in state.successors(node) {
                if next == start {
                    return true;
                }
                if self.place(next) < self.place(start) && seen.insert(next) {
                    queue.push_back(next);
                }
            }
            if seen.len() > MAX_VISITED {
                return false;
            }
        }
        false
    }
}

/// Whether a node reads everything before it writes anything.
fn takes_all_before_giving(state: &State, node: NodeId) -> bool {
    match state.node(node) {
        Node::Access(_) => true,
        Node::Tasklet(tasklet) => {
            tasklet.inputs.values().chain(tasklet.outputs.values()).all(|connector| connector.rank == 0)
        }
        _ => false,
    }
}

/// Whether two accesses of a container have to be ordered.
pub(crate) fn conflict(a: &Access, b: &Access, facts: &Facts) -> bool {
    (a.is_write || b.is_write) && may_intersect(&a.subset, &b.subset, facts)
}

/// Whether a map that reads through `read` and writes through `write` reads in each iteration only what this iteration
/// writes, and before it writes it; so that both may be the same memory. `reading` and `writing` give the elements of
/// that memory.
///
/// Different iterations write different elements, so it is enough that each reads its own.
pub(crate) fn is_elementwise(
    state: &State,
    index: &Index,
    (read, reading): (EdgeId, &dyn Fn(&Subset) -> Subset),
    (write, writing): (EdgeId, &dyn Fn(&Subset) -> Subset),
) -> bool {
    let ((source, _), (_, target)) = (state.endpoints(read), state.endpoints(write));
    if index.scope(source).is_some() || index.scope(target).is_some() {
        return false;
    }
    let (Some(reads), Some(writes)) = (leaves(state, read, true), leaves(state, write, false)) else {
        return false;
    };
    let element = |id: EdgeId, translate: &dyn Fn(&Subset) -> Subset| {
        let memlet = state.edge(id).memlet.as_ref()?;
        (!memlet.dynamic && memlet.wcr.is_none()).then(|| translate(&memlet.subset))
    };
    // What leads nowhere is not understood.
    if reads.is_empty() || writes.is_empty() {
        return false;
    }
    reads.iter().all(|&read| {
        writes.iter().all(|&write| {
            let ((_, reader), (writer, _)) = (state.endpoints(read), state.endpoints(write));
            let (from, to) = (element(read, reading), element(write, writing));
            from.is_some()
                && from == to
                && index.scope(reader) == index.scope(writer)
                && is_value_of_tasklet(state, read, true)
                && is_value_of_tasklet(state, write, false)
                && index.is_before(state, reader, writer)
        })
    })
}

/// The innermost edges that continue one into a map's entry (`inward`) or out of its exit; `None` if the edge is at no
/// map.
fn leaves(state: &State, edge: EdgeId, inward: bool) -> Option<Vec<EdgeId>> {
    if !is_at_map(state, edge, inward) {
        return None;
    }
    let tree = memlet_tree(state, edge, inward).into_iter();
    Some(tree.filter(|&id| !is_at_map(state, id, inward)).collect())
}

/// Every edge that carries data between the given access nodes and computations, those inside of maps too.
pub(crate) fn memlet_edges(state: &State, nodes: &[NodeId]) -> Vec<EdgeId> {
    let mut edges = dacec_ir::IndexSet::default();
    for &node in nodes {
        for edge in state.in_edges(node) {
            edges.extend(memlet_tree(state, edge.id, false));
        }
        for edge in state.out_edges(node) {
            edges.extend(memlet_tree(state, edge.id, true));
        }
    }
    edges.into_iter().collect()
}

/// An edge and those that continue it into a map's entry (`inward`) or out of its exit.
fn memlet_tree(state: &State, edge: EdgeId, inward: bool) -> Vec<EdgeId> {
    let mut tree = vec![edge];
    let mut at = 0;
    while let Some(&id) = tree.get(at) {
        if is_at_map(state, id, inward) {
            tree.extend(if inward { state.continuations(id) } else { sources(state, id) });
        }
        at += 1;
    }
    tree
}

/// Whether an edge enters a map's scope (`inward`) or leaves it.
fn is_at_map(state: &State, edge: EdgeId, inward: bool) -> bool {
    let (src, dst) = state.endpoints(edge);
    match state.node(if inward { dst } else { src }) {
        Node::MapEntry(_) => inward,
        Node::MapExit { .. } => !inward,
        _ => false,
    }
}

/// Edges that enter `IN_x` of the map's exit from whose `OUT_x` the given edge leaves.
fn sources(state: &State, edge: EdgeId) -> Vec<EdgeId> {
    let (exit, _) = state.endpoints(edge);
    let Some(name) = state.edge(edge).src_conn.as_ref().and_then(|conn| conn.strip_prefix("OUT_")) else {
        return Vec::new();
    };
    let inside = state.in_edges(exit).into_iter();
    inside
        .filter(|inner| inner.dst_conn().is_some_and(|conn| conn.strip_prefix("IN_") == Some(name)))
        .map(|inner| inner.id)
        .collect()
}

/// Whether an edge carries one element to (`input`) or from a tasklet.
fn is_value_of_tasklet(state: &State, edge: EdgeId, input: bool) -> bool {
    let (src, dst) = state.endpoints(edge);
    let Node::Tasklet(tasklet) = state.node(if input { dst } else { src }) else { return false };
    let it = state.edge(edge);
    let (conn, connectors) =
        if input { (&it.dst_conn, &tasklet.inputs) } else { (&it.src_conn, &tasklet.outputs) };
    conn.as_ref().and_then(|conn| connectors.get(conn)).is_some_and(|connector| connector.rank == 0)
}
