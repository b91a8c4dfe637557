//! The order in which nodes and edges of a state are written.
//!
//! Nodes stand after those that feed them, the nodes of a map's scope stand together. Among nodes that could come next
//! the one created first does. A state whose nodes are created in this order keeps it, so printing what was read gives
//! the same text.
//!
//! Malformed states are printed too, or nobody could look at them. Where an edge enters or leaves a map's scope without
//! passing the map's nodes, which scope a node is in depends on which edge is asked, so such a state is written without
//! scopes; nodes on a cycle come last, in order of creation.

use crate::{Block, IndexMap, Node, NodeId, Region, Sdfg, State};
use std::collections::{BTreeMap, BTreeSet};

/// A node, or a map with what is inside it.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Item {
    /// A node outside of the map scopes that open at this level.
    Node(NodeId),
    /// A map's scope.
    Scope {
        /// The node that opens it.
        entry: NodeId,
        /// What is inside.
        inside: Vec<Item>,
        /// The node that closes it.
        exit: NodeId,
    },
}

/// The items of a state in the order of the text.
pub(crate) fn outline(state: &State) -> Vec<Item> {
    let tree = Tree::new(state);
    let (mut before, after) = tree.dependences(state);
    let mut children: BTreeMap<Option<NodeId>, Vec<NodeId>> = BTreeMap::new();
    for (id, _) in state.nodes().filter(|(id, _)| !tree.exits.contains_key(id)) {
        children.entry(tree.parent(id)).or_default().push(id);
    }
    tree.items(None, &children, &mut before, &after)
}

/// Nodes of the outline, in the order of the text.
pub(crate) fn flatten(items: &[Item]) -> Vec<NodeId> {
    let mut order = Vec::new();
    for item in items {
        match item {
            Item::Node(id) => order.push(*id),
            Item::Scope { entry, inside, exit } => {
                order.push(*entry);
                order.extend(flatten(inside));
                order.push(*exit);
            }
        }
    }
    order
}

/// The SDFG with the nodes and edges of every state, those of nested SDFGs too, created in the order of the text.
pub fn normalize(sdfg: &Sdfg) -> Sdfg {
    let mut sdfg = sdfg.clone();
    normalize_region(&mut sdfg.body);
    sdfg
}

fn normalize_region(region: &mut Region) {
    region.visit_mut(&mut |block| {
        if let Block::State(state) = block {
            *state = normalize_state(state);
        }
    });
}

fn normalize_state(state: &State) -> State {
    let mut result = State::new(&state.label);
    (result.span, result.instrument) = (state.span, state.instrument);
    let order = flatten(&outline(state));
    let ids: IndexMap<NodeId, NodeId> =
        order.iter().map(|&id| (id, result.add_node(state.node(id).clone()))).collect();
    for &new in ids.values() {
        match result.node_mut(new) {
            Node::MapEntry(map) => map.exit = ids.get(&map.exit).copied().unwrap_or(NodeId::none()),
            Node::MapExit { entry } => *entry = ids.get(&*entry).copied().unwrap_or(NodeId::none()),
            Node::Nested(nested) => normalize_region(&mut nested.sdfg.body),
            _ => {}
        }
    }
    for &id in &order {
        for edge in state.in_edges(id) {
            result.add_edge(ids[&edge.src], ids[&edge.dst], edge.edge.clone());
        }
    }
    result
}

/// Which scope each node is in, for scopes that open and close properly.
struct Tree {
    scopes: IndexMap<NodeId, Option<NodeId>>,
    /// Exits of well-formed scopes, with their entries; they belong to their own scope here.
    exits: BTreeMap<NodeId, NodeId>,
    entries: BTreeMap<NodeId, NodeId>,
}

impl Tree {
    fn new(state: &State) -> Self {
        let scopes = state.scopes();
        let mut tree = Tree { scopes, exits: BTreeMap::new(), entries: BTreeMap::new() };
        if !tree.holds(state) {
            tree.scopes.clear();
            return tree;
        }
        for (id, node) in state.nodes() {
            if let Node::MapEntry(map) = node
                && tree.scopes.contains_key(&id)
                && state.contains(map.exit)
                && *state.node(map.exit) == (Node::MapExit { entry: id })
                && !tree.exits.contains_key(&map.exit)
            {
                tree.exits.insert(map.exit, id);
                tree.entries.insert(id, map.exit);
            }
        }
        tree
    }

    /// Whether every edge stays in a scope, enters it at its entry, or leaves it at its exit. Then the scopes do not depend
    /// on the order of nodes and edges.
    fn holds(&self, state: &State) -> bool {
        let placed = state.nodes().all(|(id, node)| match (node, self.scopes.get(&id)) {
            (_, None) => false,
            (Node::MapExit { entry }, scope) => scope == self.scopes.get(entry),
            _ => true,
        });
        placed
            && state.edges().all(|edge| {
                let from = match state.node(edge.src) {
                    Node::MapEntry(_) => Some(edge.src),
                    _ => self.scopes[&edge.src],
                };
                match state.node(edge.dst) {
                    Node::MapExit { entry } => from == Some(*entry),
                    _ => from == self.scopes[&edge.dst],
                }
            })
    }

    /// The well-formed scope that a node is in.
    fn parent(&self, id: NodeId) -> Option<NodeId> {
        let scope = self.scopes.get(&id).copied().flatten()?;
        if self.entries.contains_key(&scope) { Some(scope) } else { self.parent(scope) }
    }

    /// Scopes around a node, outermost first, and the node (for an exit its entry).
    fn path(&self, id: NodeId) -> Vec<NodeId> {
        let mut at = self.exits.get(&id).copied().unwrap_or(id);
        let mut path = vec![at];
        while let Some(scope) = self.parent(at) {
            path.push(scope);
            at = scope;
        }
        path.reverse();
        path
    }

    /// For each node the number of siblings that stand before it because an edge leads from them (or out of their
    /// scope) to it; and the other way round, which siblings wait for it.
    fn dependences(&self, state: &State) -> (BTreeMap<NodeId, usize>, BTreeMap<NodeId, Vec<NodeId>>) {
        let (mut before, mut after) = (BTreeMap::new(), BTreeMap::<_, Vec<_>>::new());
        for edge in state.edges() {
            let (src, dst) = (self.path(edge.src), self.path(edge.dst));
            if let Some((&first, &then)) = src.iter().zip(&dst).find(|(a, b)| a != b) {
                *before.entry(then).or_insert(0) += 1;
                after.entry(first).or_default().push(then);
            }
        }
        (before, after)
    }

    fn items(
        &self,
        scope: Option<NodeId>,
        children: &BTreeMap<Option<NodeId>, Vec<NodeId>>,
        before: &mut BTreeMap<NodeId, usize>,
        after: &BTreeMap<NodeId, Vec<NodeId>>,
    ) -> Vec<Item> {
        let mut waiting: BTreeSet<NodeId> = children.get(&scope).into_iter().flatten().copied().collect();
        let mut ready: BTreeSet<NodeId> =
            waiting.iter().copied().filter(|id| before.get(id).is_none_or(|count| *count == 0)).collect();
        let mut items = Vec::new();
        while let Some(id) = ready.pop_first().or_else(|| waiting.first().copied()) {
            waiting.remove(&id);
            ready.remove(&id);
            for &next in after.get(&id).into_iter().flatten() {
                let count = before.entry(next).or_insert(1);
                *count = count.saturating_sub(1);
                if *count == 0 && waiting.contains(&next) {
                    ready.insert(next);
                }
            }
            items.push(match self.entries.get(&id) {
                Some(&exit) => {
                    Item::Scope { entry: id, inside: self.items(Some(id), children, before, after), exit }
                }
                None => Item::Node(id),
            });
        }
        items
    }
}
