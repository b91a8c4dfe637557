//! Tables about a state's graph that questions are answered from: the scope of each node, and the access nodes of each
//! container.
//!
//! They are made when somebody asks for the first time, and follow the graph from then on: a change notes the nodes that it
//! may concern, and the next question looks at these again, and at what depends on them. So a pass that rewrites thousands
//! of places of one large state pays for the places, not for the state each time.

use super::{Edge, NodeId};
use crate::{IndexSet, Name, Node};
use petgraph::Direction;
use petgraph::stable_graph::{NodeIndex, StableDiGraph};
use petgraph::visit::{EdgeRef, NodeIndexable};
use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashMap, VecDeque};
use std::sync::{Mutex, MutexGuard, PoisonError};

pub(super) type Graph = StableDiGraph<Node, Edge, u32>;

/// Both tables, each once somebody asked for it.
#[derive(Debug, Default)]
pub(super) struct Tables(Mutex<Known>);

#[derive(Clone, Debug, Default)]
struct Known {
    scopes: Option<Box<Scopes>>,
    accesses: Option<Box<Accesses>>,
}

impl Clone for Tables {
    fn clone(&self) -> Self {
        Tables(Mutex::new(self.lock().clone()))
    }
}

impl Tables {
    /// The scope of each of some nodes.
    pub(super) fn scopes_of(&self, graph: &Graph, nodes: &[NodeId]) -> Vec<Option<NodeId>> {
        let mut known = self.lock();
        let scopes = Scopes::up_to_date(&mut known.scopes, graph);
        nodes.iter().map(|node| scopes.get(*node)).collect()
    }

    /// The scope of a node.
    pub(super) fn scope_of(&self, graph: &Graph, node: NodeId) -> Option<NodeId> {
        Scopes::up_to_date(&mut self.lock().scopes, graph).get(node)
    }

    /// What `f` makes of the access nodes of a container, in order of their ids.
    pub(super) fn accesses<R>(&self, graph: &Graph, data: &Name, f: impl FnOnce(&[NodeId]) -> R) -> R {
        let mut known = self.lock();
        let accesses = Accesses::up_to_date(&mut known.accesses, graph);
        f(accesses.by_name.get(data).map(Vec::as_slice).unwrap_or_default())
    }

    /// Notes that a node is new, will be changed, or is about to be removed with its edges.
    pub(super) fn note_node(&mut self, graph: &Graph, node: NodeId) {
        let known = self.0.get_mut().unwrap_or_else(PoisonError::into_inner);
        if let Some(scopes) = &mut known.scopes {
            scopes.changed.push(node);
            scopes.changed.extend(graph.neighbors_directed(node.0, Direction::Outgoing).map(NodeId));
        }
        if let Some(accesses) = &mut known.accesses {
            accesses.changed.push(node);
        }
        known.forget_if_old(graph);
    }

    /// Notes that an edge into a node came or goes.
    pub(super) fn note_edge(&mut self, graph: &Graph, destination: NodeId) {
        let known = self.0.get_mut().unwrap_or_else(PoisonError::into_inner);
        if let Some(scopes) = &mut known.scopes {
            scopes.changed.push(destination);
        }
        known.forget_if_old(graph);
    }

    fn lock(&self) -> MutexGuard<'_, Known> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Known {
    /// With more changes than nodes, a new table is cheaper.
    fn forget_if_old(&mut self, graph: &Graph) {
        let limit = graph.node_count() + 64;
        self.scopes.take_if(|scopes| scopes.changed.len() > limit);
        self.accesses.take_if(|accesses| accesses.changed.len() > limit);
    }
}

/// The scope of the node of each index.
#[derive(Clone, Debug, Default)]
struct Scopes {
    of: Vec<Option<NodeId>>,
    /// Nodes to look at again.
    changed: Vec<NodeId>,
}

impl Scopes {
    fn up_to_date<'a>(known: &'a mut Option<Box<Scopes>>, graph: &Graph) -> &'a Scopes {
        if let Some(scopes) = known
            && !scopes.follow(graph)
        {
            *known = None;
        }
        known.get_or_insert_with(|| Box::new(Scopes::of(graph)))
    }

    fn get(&self, node: NodeId) -> Option<NodeId> {
        self.of.get(node.index()).copied().flatten()
    }

    fn of(graph: &Graph) -> Self {
        let mut scopes = Scopes { of: vec![None; graph.node_bound()], changed: Vec::new() };
        for id in in_order(graph) {
            scopes.of[id.index()] = scopes.find(graph, id);
        }
        scopes
    }

    /// The scope of a node, from those of the nodes before it.
    fn find(&self, graph: &Graph, node: NodeId) -> Option<NodeId> {
        if let Node::MapExit { entry } = &graph[node.0] {
            return self.get(*entry);
        }
        let first = graph.edges_directed(node.0, Direction::Incoming).min_by_key(|edge| edge.id())?;
        match graph[first.source()] {
            Node::MapEntry(_) => Some(NodeId(first.source())),
            _ => self.get(NodeId(first.source())),
        }
    }

    /// Looks at what changed, and at what depends on that; whether it came to an end. It may not where the graph has a
    /// cycle, which only a rewrite that is not yet complete leaves.
    fn follow(&mut self, graph: &Graph) -> bool {
        if self.changed.is_empty() {
            return true;
        }
        self.of.resize(graph.node_bound().max(self.of.len()), None);
        let mut queue = VecDeque::from(std::mem::take(&mut self.changed));
        // The other end of a scope has the scope that the entry has.
        for at in 0..queue.len() {
            if let Some(Node::MapEntry(map)) = graph.node_weight(queue[at].0) {
                queue.push_back(map.exit);
            }
        }
        let mut steps = 2 * queue.len() + 4 * graph.node_count();
        while let Some(node) = queue.pop_front() {
            if !graph.contains_node(node.0) {
                if let Some(gone) = self.of.get_mut(node.index()) {
                    *gone = None;
                }
                continue;
            }
            let scope = self.find(graph, node);
            if scope == self.of[node.index()] {
                continue;
            }
            if steps == 0 {
                return false;
            }
            steps -= 1;
            self.of[node.index()] = scope;
            queue.extend(graph.neighbors_directed(node.0, Direction::Outgoing).map(NodeId));
            if let Node::MapEntry(map) = &graph[node.0] {
                queue.push_back(map.exit);
            }
        }
        true
    }
}

/// The access nodes of each container, in order of their ids.
#[derive(Clone, Debug, Default)]
struct Accesses {
    by_name: HashMap<Name, Vec<NodeId>>,
    /// The container that the node of each index is listed for.
    listed: Vec<Option<Name>>,
    /// Nodes to look at again.
    changed: Vec<NodeId>,
}

impl Accesses {
    fn up_to_date<'a>(known: &'a mut Option<Box<Accesses>>, graph: &Graph) -> &'a Accesses {
        let accesses = known.get_or_insert_with(|| {
            let changed = graph.node_indices().map(NodeId).collect();
            Box::new(Accesses { changed, ..Accesses::default() })
        });
        accesses.follow(graph);
        accesses
    }

    fn follow(&mut self, graph: &Graph) {
        self.listed.resize(graph.node_bound().max(self.listed.len()), None);
        for node in std::mem::take(&mut self.changed) {
            let Some(listed) = self.listed.get_mut(node.index()) else { continue };
            let name = graph.node_weight(node.0).and_then(Node::as_access);
            if listed.as_ref() == name {
                continue;
            }
            let before = std::mem::replace(listed, name.cloned());
            if let Some(nodes) = before.and_then(|before| self.by_name.get_mut(&before))
                && let Ok(at) = nodes.binary_search(&node)
            {
                nodes.remove(at);
            }
            if let Some(name) = name {
                let nodes = self.by_name.entry(name.clone()).or_default();
                if let Err(at) = nodes.binary_search(&node) {
                    nodes.insert(at, node);
                }
            }
        }
    }
}

/// Every node in an order in which every edge leads forward, those on a cycle and behind it left out.
pub(super) fn in_order(graph: &Graph) -> Vec<NodeId> {
    sorted(graph, graph.node_indices(), graph.node_bound(), |id| Some(id.index()))
}

/// Some nodes in such an order. Edges from other nodes do not count.
pub(super) fn some_in_order(graph: &Graph, nodes: &IndexSet<NodeId>) -> Vec<NodeId> {
    let slot = |id: NodeIndex<u32>| nodes.get_index_of(&NodeId(id));
    sorted(graph, nodes.iter().map(|id| id.0), nodes.len(), slot)
}

/// The nodes, each of which has a slot of its own; others have none. Among nodes that are free to come next, the one
/// created first does.
fn sorted(
    graph: &Graph,
    nodes: impl Iterator<Item = NodeIndex<u32>> + Clone,
    slots: usize,
    slot: impl Fn(NodeIndex<u32>) -> Option<usize>,
) -> Vec<NodeId> {
    let mut waiting = vec![0_usize; slots];
    let mut ready = BinaryHeap::new();
    for id in nodes {
        let sources = graph.neighbors_directed(id, Direction::Incoming);
        let count = sources.filter(|source| slot(*source).is_some()).count();
        if count == 0 {
            ready.push(Reverse(id));
        } else if let Some(slot) = slot(id) {
            waiting[slot] = count;
        }
    }
    let mut order = Vec::new();
    while let Some(Reverse(id)) = ready.pop() {
        order.push(NodeId(id));
        for target in graph.neighbors_directed(id, Direction::Outgoing) {
            let Some(slot) = slot(target) else { continue };
            waiting[slot] -= 1;
            if waiting[slot] == 0 {
                ready.push(Reverse(target));
            }
        }
    }
    order
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Range, Schedule, State};
    use proptest::prelude::*;

    /// Nested maps, and accesses at all three levels.
    fn state() -> State {
        let mut state = State::new("s");
        let dims = || [("i".into(), Range::new(0, 4))];
        let (outer, outer_exit) = state.add_map("m", dims(), Schedule::Default);
        let (inner, inner_exit) = state.add_map("n", dims(), Schedule::Default);
        for pair in [outer, inner, inner_exit, outer_exit].windows(2) {
            state.order(pair[0], pair[1]);
        }
        for at in [outer, inner, inner_exit, outer_exit] {
            let access = state.add_access("A");
            state.order(at, access);
        }
        state
    }

    fn change(state: &mut State, (kind, a, b): (u8, usize, usize)) {
        let (nodes, order) = (state.node_ids(), state.topological_order().expect("no cycle"));
        let (a, b) = (a % nodes.len(), b % nodes.len());
        let is_access = |state: &State, id: NodeId| state.node(id).as_access().is_some();
        match kind {
            // Forward, so that there is no cycle.
            0 | 1 if a < b => drop(state.order(order[a], order[b])),
            2 => {
                let access = state.add_access(["A", "B"][b % 2]);
                state.order(nodes[a], access);
            }
            3 if is_access(state, nodes[a]) => drop(state.remove_node(nodes[a])),
            4 if is_access(state, nodes[a]) => *state.node_mut(nodes[a]) = Node::Access("B".into()),
            5 => {
                let edges: Vec<_> = state.edges().filter(|edge| is_access(state, edge.dst)).collect();
                if let Some(id) = edges.get(a).map(|edge| edge.id) {
                    state.remove_edge(id);
                }
            }
            6 => {
                let first = nodes[a];
                let (entry, exit) = state.add_map("k", [("k".into(), Range::new(0, 2))], Schedule::Default);
                state.order(entry, exit);
                state.order(first, entry);
            }
            _ => {}
        }
    }

    proptest! {
        #[test]
        fn tables_follow_the_graph(
            changes in prop::collection::vec((0_u8..7, 0_usize..40, 0_usize..40), 1..40),
            asked in prop::collection::vec(any::<bool>(), 40),
        ) {
            let mut state = state();
            for (change_of, ask) in changes.into_iter().zip(asked) {
                change(&mut state, change_of);
                if ask {
                    let fresh = State { tables: Tables::default(), ..state.clone() };
                    prop_assert_eq!(state.scopes(), fresh.scopes());
                    for data in ["A".into(), "B".into()] {
                        prop_assert_eq!(state.accesses(&data), fresh.accesses(&data));
                    }
                }
            }
        }
    }
}
