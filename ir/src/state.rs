//! States: acyclic graphs of dataflow.
//!
//! An edge carries a [`Memlet`] from one node to another, or nothing: an edge without a memlet only orders. Where a
//! node has several edges they are told apart by *connectors*, names on the node.
//!
//! # Scopes
//!
//! A [`Map`] is opened by one node and closed by another; what lies between them is its scope. Data passes the border
//! through pairs of connectors: an edge that enters a [`Node::MapEntry`] at `IN_x` continues from its `OUT_x`, with the
//! elements that one iteration uses; the same for [`Node::MapExit`]. So the edge outside tells what all iterations
//! touch, the edge inside what one of them does.
//!
//! An edge that enters a map's entry at any other connector gives the map a number that its ranges need: an integer, read
//! when the scope is entered, and visible as a symbol of the connector's name in the ranges and inside.
//!
//! ```text
//! (A) ─ A[0:N] ─▶ IN_A [map i in 0:N] OUT_A ─ A[i] ─▶ {tasklet} ─ B[i] ─▶ IN_B [exit] OUT_B ─ B[0:N] ─▶ (B)
//! ```

use crate::attributes::StateAttributes;
use crate::data;
use crate::instrument::Instrument;
use crate::{IndexMap, IndexSet, Map, Memlet, Name, Node, Range, ScalarExpr, Schedule, Span, Tasklet};
use petgraph::Direction;
use petgraph::stable_graph::{EdgeIndex, NodeIndex};
use petgraph::visit::EdgeRef;
use std::collections::BTreeSet;
use std::fmt;
use tables::{Graph, Tables};

mod tables;

/// A node of one state; printed as `n7`. Ids stay valid while other nodes come and go.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct NodeId(NodeIndex<u32>);

/// An edge of one state. Ids stay valid while other edges come and go.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct EdgeId(EdgeIndex<u32>);

impl NodeId {
    /// An id that names no node, for maps that are still being put together.
    pub(crate) fn none() -> Self {
        NodeId(NodeIndex::end())
    }

    /// The id as a number; small, but not dense after removals.
    pub fn index(self) -> usize {
        self.0.index()
    }
}

impl EdgeId {
    /// The id as a number; small, but not dense after removals.
    pub fn index(self) -> usize {
        self.0.index()
    }
}

impl fmt::Display for NodeId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "n{}", self.index())
    }
}

/// What an edge carries, and where it is attached.
#[derive(Clone, Debug, PartialEq)]
pub struct Edge {
    /// The source's connector; `None` for access nodes.
    pub src_conn: Option<Name>,
    /// The destination's connector; `None` for access nodes.
    pub dst_conn: Option<Name>,
    /// What moves; `None` only orders the two nodes.
    pub memlet: Option<Memlet>,
}

/// An edge with its ends.
#[derive(Clone, Copy, Debug)]
pub struct EdgeView<'a> {
    /// The edge.
    pub id: EdgeId,
    /// Where it starts.
    pub src: NodeId,
    /// Where it ends.
    pub dst: NodeId,
    /// What it carries.
    pub edge: &'a Edge,
}

impl<'a> EdgeView<'a> {
    /// What moves, if anything.
    pub fn memlet(&self) -> Option<&'a Memlet> {
        self.edge.memlet.as_ref()
    }

    /// The source's connector.
    pub fn src_conn(&self) -> Option<&'a Name> {
        self.edge.src_conn.as_ref()
    }

    /// The destination's connector.
    pub fn dst_conn(&self) -> Option<&'a Name> {
        self.edge.dst_conn.as_ref()
    }
}

/// An acyclic graph of dataflow, executed as a whole.
#[derive(Clone, Debug, Default)]
pub struct State {
    /// What people call the state; unique in its SDFG.
    pub label: Name,
    /// Where the statement was written that the state came from.
    pub span: Span,
    /// What is measured of an execution.
    pub instrument: Instrument,
    /// What the state's file says beyond that.
    pub attributes: Box<StateAttributes>,
    graph: Graph,
    /// Where each node is, and which access what, once somebody asked.
    tables: Tables,
}

impl State {
    /// An empty state.
    pub fn new(label: impl Into<Name>) -> Self {
        State { label: label.into(), ..State::default() }
    }

    // --- reading -----------------------------------------------------------------------------------------------

    /// The node of that id, which is one of this state.
    pub fn node(&self, id: NodeId) -> &Node {
        &self.graph[id.0]
    }

    /// The node of that id, for change.
    pub fn node_mut(&mut self, id: NodeId) -> &mut Node {
        self.tables.note_node(&self.graph, id);
        &mut self.graph[id.0]
    }

    /// Whether the id still names a node.
    pub fn contains(&self, id: NodeId) -> bool {
        self.graph.contains_node(id.0)
    }

    /// The edge of that id, which is one of this state.
    pub fn edge(&self, id: EdgeId) -> &Edge {
        &self.graph[id.0]
    }

    /// The edge of that id, for change.
    pub fn edge_mut(&mut self, id: EdgeId) -> &mut Edge {
        &mut self.graph[id.0]
    }

    /// Both ends of an edge: source, destination.
    pub fn endpoints(&self, id: EdgeId) -> (NodeId, NodeId) {
        let (src, dst) = self.graph.edge_endpoints(id.0).expect("an edge id names an edge of this state");
        (NodeId(src), NodeId(dst))
    }

    /// Every node, in order of creation.
    pub fn nodes(&self) -> impl Iterator<Item = (NodeId, &Node)> {
        self.graph.node_indices().map(|id| (NodeId(id), &self.graph[id]))
    }

    /// Ids of every node, in order of creation; does not borrow the state.
    pub fn node_ids(&self) -> Vec<NodeId> {
        self.graph.node_indices().map(NodeId).collect()
    }

    /// Number of nodes.
    pub fn num_nodes(&self) -> usize {
        self.graph.node_count()
    }

    /// Number of edges.
    pub fn num_edges(&self) -> usize {
        self.graph.edge_count()
    }

    /// Whether the state does nothing.
    pub fn is_empty(&self) -> bool {
        self.graph.node_count() == 0
    }

    /// Every edge, in order of creation.
    pub fn edges(&self) -> impl Iterator<Item = EdgeView<'_>> {
        self.graph.edge_indices().map(|id| self.view(id))
    }

    /// Edges that enter a node, in order of creation.
    pub fn in_edges(&self, node: NodeId) -> Vec<EdgeView<'_>> {
        self.edges_of(node, Direction::Incoming)
    }

    /// Edges that leave a node, in order of creation.
    pub fn out_edges(&self, node: NodeId) -> Vec<EdgeView<'_>> {
        self.edges_of(node, Direction::Outgoing)
    }

    /// Number of edges that enter a node.
    pub fn in_degree(&self, node: NodeId) -> usize {
        self.graph.edges_directed(node.0, Direction::Incoming).count()
    }

    /// Number of edges that leave a node.
    pub fn out_degree(&self, node: NodeId) -> usize {
        self.graph.edges_directed(node.0, Direction::Outgoing).count()
    }

    /// Nodes that an edge leads to, once each.
    pub fn successors(&self, node: NodeId) -> Vec<NodeId> {
        unique(self.out_edges(node).into_iter().map(|edge| edge.dst))
    }

    /// Nodes that an edge comes from, once each.
    pub fn predecessors(&self, node: NodeId) -> Vec<NodeId> {
        unique(self.in_edges(node).into_iter().map(|edge| edge.src))
    }

    /// Ids of the access nodes of a container, in order of creation.
    pub fn accesses(&self, data: &Name) -> Vec<NodeId> {
        self.tables.accesses(&self.graph, data, <[NodeId]>::to_vec)
    }

    /// Number of access nodes of a container.
    pub fn num_accesses(&self, data: &Name) -> usize {
        self.tables.accesses(&self.graph, data, <[NodeId]>::len)
    }

    /// Nodes in an order in which every edge leads forward; `None` if there is a cycle.
    ///
    /// Among nodes that are free to come next, the one created first does, so the order is stable.
    pub fn topological_order(&self) -> Option<Vec<NodeId>> {
        let order = tables::in_order(&self.graph);
        (order.len() == self.graph.node_count()).then_some(order)
    }

    /// Whether a path leads from `from` to `to`; a node reaches itself.
    pub fn reaches(&self, from: NodeId, to: NodeId) -> bool {
        petgraph::algo::has_path_connecting(&self.graph, from.0, to.0, None)
    }

    /// The nodes from which paths lead to a node; itself included.
    pub fn ancestors(&self, node: NodeId) -> IndexSet<NodeId> {
        self.connected(node, Direction::Incoming)
    }

    /// The nodes to which paths lead from a node; itself included.
    pub fn descendants(&self, node: NodeId) -> IndexSet<NodeId> {
        self.connected(node, Direction::Outgoing)
    }

    fn connected(&self, node: NodeId, direction: Direction) -> IndexSet<NodeId> {
        let mut found: IndexSet<NodeId> = [node].into_iter().collect();
        let mut next = 0;
        while let Some(&NodeId(at)) = found.get_index(next) {
            found.extend(self.graph.neighbors_directed(at, direction).map(NodeId));
            next += 1;
        }
        found
    }

    /// The scope that each node is in, in topological order: its innermost map entry, `None` at top level. Entries and
    /// exits belong to the scope around them. Nodes on a cycle are absent.
    pub fn scopes(&self) -> IndexMap<NodeId, Option<NodeId>> {
        let order = self.topological_order().unwrap_or_default();
        let scopes = self.tables.scopes_of(&self.graph, &order);
        order.into_iter().zip(scopes).collect()
    }

    /// The scope that one node is in, as in [`scopes`](State::scopes). The first question costs as much as all of them,
    /// later ones what has changed since.
    pub fn scope_of(&self, node: NodeId) -> Option<NodeId> {
        self.tables.scope_of(&self.graph, node)
    }

    /// Whether nothing moves along an edge that carries a memlet, because it only tells a view or a reference what to
    /// stand for.
    pub fn is_alias_edge(&self, edge: EdgeView<'_>) -> bool {
        let is_access = |id| self.node(id).as_access().is_some();
        let names = |conn: Option<&Name>, all: &[&str]| conn.is_some_and(|conn| all.contains(&conn.as_str()));
        names(edge.src_conn(), &[data::VIEWS]) && is_access(edge.src)
            || names(edge.dst_conn(), &[data::VIEWS, data::SET]) && is_access(edge.dst)
    }

    /// The symbol that an edge gives a value to: the connector of a map's entry that is no `IN_x`.
    pub fn range_input<'a>(&'a self, edge: EdgeView<'a>) -> Option<&'a Name> {
        edge.dst_conn().filter(|conn| !conn.starts_with("IN_") && self.node(edge.dst).as_map().is_some())
    }

    /// The symbols that edges into a map's entry give values to, each with the memlet of what is read.
    pub fn range_inputs(&self, entry: NodeId) -> Vec<(&Name, &Memlet)> {
        let value = |edge: EdgeView<'_>| {
            Some((self.edge(edge.id).dst_conn.as_ref()?, self.edge(edge.id).memlet.as_ref()?))
        };
        let edges = self.in_edges(entry).into_iter().filter(|edge| self.range_input(*edge).is_some());
        edges.filter_map(value).collect()
    }

    /// Containers that end consume scopes: conditions read them without an edge that says so.
    pub fn read_by_conditions(&self) -> BTreeSet<Name> {
        let conditions = self.nodes().filter_map(|(_, node)| node.as_map()?.stop_condition());
        conditions.flat_map(ScalarExpr::names).collect()
    }

    /// Whether a node of the state does more than computing: see [`Node::has_effects`].
    pub fn has_effects(&self) -> bool {
        self.nodes().any(|(_, node)| node.has_effects())
    }

    /// Nodes strictly between a map's entry and its exit, those of nested scopes too, in topological order.
    pub fn scope_nodes(&self, entry: NodeId) -> Vec<NodeId> {
        let Node::MapEntry(map) = self.node(entry) else { return Vec::new() };
        let mut inside = crate::IndexSet::default();
        let mut stack = self.successors(entry);
        while let Some(id) = stack.pop() {
            if id != map.exit && inside.insert(id) {
                stack.extend(self.successors(id));
            }
        }
        tables::some_in_order(&self.graph, &inside)
    }

    /// The other edge of a connector pair: for an edge that enters `IN_x` of a map's node, the edges that leave `OUT_x`.
    pub fn continuations(&self, edge: EdgeId) -> Vec<EdgeId> {
        let (_, dst) = self.endpoints(edge);
        let Some(out) = self.edge(edge).dst_conn.as_ref().and_then(|conn| paired(conn, "IN_", "OUT_")) else {
            return Vec::new();
        };
        self.out_edges(dst).into_iter().filter(|e| e.src_conn() == Some(&out)).map(|e| e.id).collect()
    }

    /// The edge that enters `IN_x` of the map's node from whose `OUT_x` the given edge leaves.
    pub fn origin(&self, edge: EdgeId) -> Option<EdgeId> {
        let (src, _) = self.endpoints(edge);
        let input = self.edge(edge).src_conn.as_ref().and_then(|conn| paired(conn, "OUT_", "IN_"))?;
        self.in_edges(src).into_iter().find(|e| e.dst_conn() == Some(&input)).map(|e| e.id)
    }

    /// The edge at the connector [`VIEWS`](crate::data::VIEWS) of a view's access node: its memlet is about the
    /// container that is shown.
    pub fn view_edge(&self, id: NodeId) -> Option<EdgeView<'_>> {
        let shown = |conn: Option<&Name>| conn.is_some_and(|conn| conn == data::VIEWS);
        let read = self.in_edges(id).into_iter().find(|edge| shown(edge.dst_conn()));
        read.or_else(|| self.out_edges(id).into_iter().find(|edge| shown(edge.src_conn())))
    }

    // --- building ----------------------------------------------------------------------------------------------

    /// Adds a node.
    pub fn add_node(&mut self, node: Node) -> NodeId {
        let id = NodeId(self.graph.add_node(node));
        self.tables.note_node(&self.graph, id);
        id
    }

    /// Adds an access of a container.
    pub fn add_access(&mut self, data: impl Into<Name>) -> NodeId {
        self.add_node(Node::Access(data.into()))
    }

    /// Adds a tasklet.
    pub fn add_tasklet(&mut self, tasklet: Tasklet) -> NodeId {
        self.add_node(Node::Tasklet(tasklet))
    }

    /// Adds both nodes of a map scope over the given parameters and ranges: entry, exit.
    pub fn add_map(
        &mut self,
        label: impl Into<Name>,
        dims: impl IntoIterator<Item = (Name, Range)>,
        schedule: Schedule,
    ) -> (NodeId, NodeId) {
        let (params, ranges) = dims.into_iter().unzip();
        let (label, span) = (label.into(), self.span);
        let exit = self.add_node(Node::MapExit { entry: NodeId(NodeIndex::end()) });
        let map = Map {
            label,
            params,
            ranges,
            schedule,
            collapse: 1,
            parallel_if: None,
            consume: None,
            instrument: Instrument::None,
            exit,
            span,
        };
        let entry = self.add_node(Node::MapEntry(map));
        *self.node_mut(exit) = Node::MapExit { entry };
        (entry, exit)
    }

    /// Adds both nodes of a scope that consumes a stream with `elements` processing elements, whose number inside is
    /// `element`: entry, exit. The stream is connected at [`Consume::INPUT`](crate::node::Consume::INPUT).
    pub fn add_consume(
        &mut self,
        label: impl Into<Name>,
        element: impl Into<Name>,
        elements: impl Into<crate::Expr>,
        consume: crate::node::Consume,
    ) -> (NodeId, NodeId) {
        let (entry, exit) =
            self.add_map(label, [(element.into(), Range::new(0, elements))], Schedule::Default);
        if let Node::MapEntry(map) = self.node_mut(entry) {
            map.consume = Some(Box::new(consume));
        }
        (entry, exit)
    }

    /// Adds an edge between connectors.
    pub fn connect(
        &mut self,
        (src, src_conn): (NodeId, Option<&str>),
        (dst, dst_conn): (NodeId, Option<&str>),
        memlet: impl Into<Option<Memlet>>,
    ) -> EdgeId {
        let edge = Edge {
            src_conn: src_conn.map(Name::from),
            dst_conn: dst_conn.map(Name::from),
            memlet: memlet.into(),
        };
        self.add_edge(src, dst, edge)
    }

    /// Adds an edge.
    pub fn add_edge(&mut self, src: NodeId, dst: NodeId, edge: Edge) -> EdgeId {
        self.tables.note_edge(&self.graph, dst);
        EdgeId(self.graph.add_edge(src.0, dst.0, edge))
    }

    /// Adds an edge that only orders two nodes.
    pub fn order(&mut self, first: NodeId, then: NodeId) -> EdgeId {
        self.connect((first, None), (then, None), None)
    }

    /// A connector number that neither `IN_` nor `OUT_` of the node uses yet, as `data`, `data_1`, `data_2`, ….
    pub fn fresh_connector(&self, node: NodeId, data: &Name) -> Name {
        let used: Vec<&str> = self
            .in_edges(node)
            .iter()
            .filter_map(|e| e.dst_conn())
            .chain(self.out_edges(node).iter().filter_map(|e| e.src_conn()))
            .map(|conn| conn.strip_prefix("IN_").or(conn.strip_prefix("OUT_")).unwrap_or(conn))
            .collect();
        let mut name = data.clone();
        let mut suffix = 0;
        while used.contains(&name.as_str()) {
            suffix += 1;
            name = format!("{data}_{suffix}").into();
        }
        name
    }

    /// Removes a node with its edges. The nodes of a map are removed in pairs by the caller.
    pub fn remove_node(&mut self, id: NodeId) -> Option<Node> {
        if !self.attributes.edges.is_empty() {
            let edges =
                [Direction::Incoming, Direction::Outgoing].map(|direction| self.edges_of(id, direction));
            let edges: Vec<EdgeId> = edges.iter().flatten().map(|edge| edge.id).collect();
            edges.iter().for_each(|edge| drop(self.attributes.edges.remove(edge)));
        }
        self.attributes.nodes.remove(&id);
        if self.contains(id) {
            self.tables.note_node(&self.graph, id);
        }
        self.graph.remove_node(id.0)
    }

    /// Removes an edge.
    pub fn remove_edge(&mut self, id: EdgeId) -> Option<Edge> {
        self.attributes.edges.remove(&id);
        if let Some((_, dst)) = self.graph.edge_endpoints(id.0) {
            self.tables.note_edge(&self.graph, NodeId(dst));
        }
        self.graph.remove_edge(id.0)
    }

    /// Attaches an edge's source elsewhere; the edge gets a new id.
    pub fn move_source(&mut self, id: EdgeId, src: NodeId, src_conn: Option<Name>) -> EdgeId {
        let (_, dst) = self.endpoints(id);
        let edge = self.remove_edge(id).expect("the edge has ends, so it exists");
        self.add_edge(src, dst, Edge { src_conn, ..edge })
    }

    /// Attaches an edge's destination elsewhere; the edge gets a new id.
    pub fn move_destination(&mut self, id: EdgeId, dst: NodeId, dst_conn: Option<Name>) -> EdgeId {
        let (src, _) = self.endpoints(id);
        let edge = self.remove_edge(id).expect("the edge has ends, so it exists");
        self.add_edge(src, dst, Edge { dst_conn, ..edge })
    }

    /// Moves every node and edge of another state into this one; returns the new id of each of its nodes.
    pub fn absorb(&mut self, other: State) -> IndexMap<NodeId, NodeId> {
        self.instrument = self.instrument.or(other.instrument);
        let ids: IndexMap<NodeId, NodeId> =
            other.nodes().map(|(id, node)| (id, self.add_node(node.clone()))).collect();
        for (id, attributes) in &other.attributes.nodes {
            if let Some(id) = ids.get(id) {
                self.attributes.nodes.insert(*id, attributes.clone());
            }
        }
        for edge in other.edges() {
            let id = self.add_edge(ids[&edge.src], ids[&edge.dst], edge.edge.clone());
            if let Some(attributes) = other.attributes.edges.get(&edge.id) {
                self.attributes.edges.insert(id, attributes.clone());
            }
        }
        for &id in ids.values() {
            match self.node_mut(id) {
                Node::MapEntry(map) => map.exit = ids[&map.exit],
                Node::MapExit { entry } => *entry = ids[&*entry],
                _ => {}
            }
        }
        ids
    }

    fn view(&self, id: EdgeIndex<u32>) -> EdgeView<'_> {
        let (src, dst) = self.endpoints(EdgeId(id));
        EdgeView { id: EdgeId(id), src, dst, edge: &self.graph[id] }
    }

    fn edges_of(&self, node: NodeId, direction: Direction) -> Vec<EdgeView<'_>> {
        let mut edges: Vec<_> =
            self.graph.edges_directed(node.0, direction).map(|edge| self.view(edge.id())).collect();
        edges.sort_by_key(|edge| edge.id);
        edges
    }
}

fn unique(ids: impl Iterator<Item = NodeId>) -> Vec<NodeId> {
    ids.collect::<crate::IndexSet<_>>().into_iter().collect()
}

fn paired(connector: &Name, prefix: &str, other: &str) -> Option<Name> {
    connector.strip_prefix(prefix).map(|rest| format!("{other}{rest}").into())
}

impl PartialEq for State {
    /// Equality of labels, nodes and edges under the same ids.
    fn eq(&self, other: &Self) -> bool {
        self.label == other.label
            && self.instrument == other.instrument
            && self.nodes().eq(other.nodes())
            && self.num_edges() == other.num_edges()
            && self.edges().zip(other.edges()).all(|(a, b)| (a.src, a.dst, a.edge) == (b.src, b.dst, b.edge))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn nested_maps() -> (State, Vec<NodeId>) {
        let mut state = State::new("s");
        let a = state.add_access("A");
        let (outer, outer_exit) = state.add_map("m", [("i".into(), Range::new(0, 4))], Schedule::Default);
        let (inner, inner_exit) = state.add_map("n", [("j".into(), Range::new(0, 4))], Schedule::Default);
        let t = state.add_access("t");
        for pair in [a, outer, inner, t, inner_exit, outer_exit].windows(2) {
            state.order(pair[0], pair[1]);
        }
        (state, vec![a, outer, inner, t, inner_exit, outer_exit])
    }

    #[test]
    fn scopes_nest() {
        let (state, ids) = nested_maps();
        let scopes = state.scopes();
        assert_eq!(scopes[&ids[0]], None);
        assert_eq!(scopes[&ids[1]], None);
        assert_eq!(scopes[&ids[2]], Some(ids[1]));
        assert_eq!(scopes[&ids[3]], Some(ids[2]));
        assert_eq!(scopes[&ids[4]], Some(ids[1]));
        assert_eq!(scopes[&ids[5]], None);
        assert_eq!(state.scope_nodes(ids[1]), [ids[2], ids[3], ids[4]]);
    }

    #[test]
    fn absorbing_keeps_maps_paired() {
        let (mut state, _) = nested_maps();
        let (other, ids) = nested_maps();
        let new = state.absorb(other);
        let Node::MapEntry(map) = state.node(new[&ids[1]]) else { panic!("an entry") };
        assert_eq!(map.exit, new[&ids[5]]);
        assert_eq!(*state.node(map.exit), Node::MapExit { entry: new[&ids[1]] });
    }

    #[test]
    fn a_cycle_has_no_order() {
        let mut state = State::new("s");
        let (a, b) = (state.add_access("A"), state.add_access("B"));
        state.order(a, b);
        assert!(state.topological_order().is_some());
        state.order(b, a);
        assert!(state.topological_order().is_none());
    }
}
