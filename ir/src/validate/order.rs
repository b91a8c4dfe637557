//! V026: accesses of one container that are not ordered.
//!
//! In each scope, what reads or writes a container makes an *event*: a computation, a copy, or a whole map, which begins
//! at its entry and ends at its exit. Two events are ordered if a path leads from the end of one to the begin of the
//! other. Events are swept in topological order with a frontier of those that are not yet known to come before everything
//! later; a frontier and the searches for paths have fixed limits.

use super::Report;
use super::memlets::{source, target};
use super::rules::ORDER;
use super::state::Checked;
use crate::propagate::memlet_over;
use crate::state::EdgeView;
use crate::symbolic::Facts;
use crate::{Expr, IndexMap, Memlet, Name, Node, NodeId, Subset, Wcr};
use std::collections::HashMap;

/// How many earlier events an event is compared with.
const FRONTIER: usize = 32;
/// How many nodes the searches of a state may visit, for each node of the state.
const STEPS_PER_NODE: usize = 64;

#[derive(Clone, Copy, Debug, PartialEq)]
enum Access {
    Read,
    Write,
    Update(Wcr),
}

/// An access of a container by a computation, a copy or a map.
#[derive(Clone, Copy, Debug)]
struct Event<'a> {
    access: Access,
    edge: EdgeView<'a>,
    begin: NodeId,
    end: NodeId,
}

pub(super) fn check(it: &Checked<'_>, report: &mut Report) {
    let mut search = None;
    for ((scope, name), events) in events(it) {
        let Some(facts) = it.facts(scope) else { continue };
        let is_stream = it.sdfg.container(name).is_some_and(|data| data.as_stream().is_some());
        if is_stream || events.len() < 2 || events.iter().all(|event| event.access == Access::Read) {
            continue;
        }
        let search = search.get_or_insert_with(|| Search::new(it));
        let sweep = Sweep { it, name, facts };
        sweep.run(&events, search, &mut |message| report.add(&ORDER, it.state.span, message));
    }
}

/// The events of one container in one scope.
struct Sweep<'a, 'c> {
    it: &'c Checked<'a>,
    name: &'a Name,
    facts: &'c Facts,
}

impl Sweep<'_, '_> {
    fn run(&self, events: &[Event<'_>], search: &mut Search, report: &mut dyn FnMut(String)) {
        let mut frontier: Vec<&Event<'_>> = Vec::new();
        for event in events {
            frontier.retain(|earlier| {
                if earlier.begin == event.begin || !conflict(earlier.access, event.access) {
                    return true;
                }
                match search.ordered(earlier.end, event.begin) {
                    // Whatever is ordered with this write is ordered with what came before it.
                    Some(true) => event.access == Access::Read,
                    Some(false) => {
                        self.shared(earlier, event).into_iter().for_each(&mut *report);
                        true
                    }
                    None => true,
                }
            });
            if frontier.len() == FRONTIER {
                frontier.remove(0);
            }
            frontier.push(event);
        }
    }

    /// A message if two events provably share elements, given that both touch any.
    fn shared(&self, a: &Event<'_>, b: &Event<'_>) -> Option<String> {
        let (here, there) = (exact(self.it, a.edge, self.name)?, exact(self.it, b.edge, self.name)?);
        let mut facts = self.facts.clone();
        for dim in here.dims.iter().chain(&there.dims) {
            if dim.is_empty(self.facts) == Some(true) {
                return None;
            }
            facts.assume(&dim.len().ge(&Expr::one()));
        }
        (here.intersects(&there, &facts) == Some(true)).then(|| {
            let (name, begin, other) = (self.name, a.begin, b.begin);
            format!(
                "`{name}{here}` at {begin} and `{name}{there}` at {other} share elements and are not ordered"
            )
        })
    }
}

fn conflict(a: Access, b: Access) -> bool {
    match (a, b) {
        (Access::Read, Access::Read) => false,
        (Access::Update(a), Access::Update(b)) => a != b,
        _ => true,
    }
}

/// Accesses by scope and container, in topological order.
fn events<'a>(it: &Checked<'a>) -> IndexMap<(Option<NodeId>, &'a Name), Vec<Event<'a>>> {
    let mut events: IndexMap<(Option<NodeId>, &Name), Vec<Event<'_>>> = IndexMap::default();
    for &id in &it.order {
        // A map makes its events where it begins.
        let (begin, end) = match it.state.node(id) {
            Node::MapEntry(map) => (id, map.exit),
            Node::MapExit { .. } => continue,
            _ => (id, id),
        };
        let mut add = |name: &'a Name, access, edge| {
            let event = Event { access, edge, begin, end };
            events.entry((it.scope(id), name)).or_default().push(event);
        };
        let written = it.state.node(id).as_access();
        for edge in it.state.in_edges(begin) {
            let (Some(memlet), Some(name)) = (edge.memlet(), source(it.state, edge)) else { continue };
            if it.state.is_alias_edge(edge) {
                continue;
            }
            add(name, Access::Read, edge);
            if let Some(written) = written {
                add(written, write(memlet), edge);
            }
        }
        // What leaves an access node is an event where it arrives, unless that is the exit of a map.
        for edge in it.state.out_edges(end) {
            let arrives = written.is_some() && !matches!(it.state.node(edge.dst), Node::MapExit { .. });
            let alias = it.state.is_alias_edge(edge);
            let Some(memlet) = edge.memlet().filter(|_| !arrives && !alias) else { continue };
            if let Some(name) = target(it.state, edge) {
                add(name, write(memlet), edge);
            }
        }
    }
    events
}

fn write(memlet: &Memlet) -> Access {
    memlet.wcr.map_or(Access::Write, Access::Update)
}

/// The elements of a container that an edge moves, if it moves exactly those.
fn exact(it: &Checked<'_>, edge: EdgeView<'_>, name: &Name) -> Option<Subset> {
    let memlet = edge.memlet().filter(|memlet| !memlet.dynamic)?;
    match (it.state.node(edge.src), it.state.node(edge.dst)) {
        (Node::Nested(_), _) | (_, Node::Nested(_)) => None,
        (_, Node::MapEntry(_)) => {
            let inside = it.state.continuations(edge.id);
            let [inside] = inside[..] else { return None };
            exact_over(it, edge.dst, view(it, inside), name)
        }
        (Node::MapExit { entry }, _) => {
            let inside = it.state.origin(edge.id)?;
            let siblings = it.state.in_edges(edge.src);
            let same = siblings.iter().filter(|e| e.dst_conn() == it.state.edge(inside).dst_conn.as_ref());
            (same.count() == 1).then(|| exact_over(it, *entry, view(it, inside), name)).flatten()
        }
        _ if memlet.data == *name => Some(memlet.subset.clone()),
        _ => memlet.other_subset.clone(),
    }
}

fn exact_over(it: &Checked<'_>, entry: NodeId, inside: EdgeView<'_>, name: &Name) -> Option<Subset> {
    let map = it.state.node(entry).as_map()?;
    let subset = exact(it, inside, name)?;
    let shape = it.sdfg.container(name)?.shape();
    let outside = memlet_over(&Memlet::new(name, subset), map, shape, it.facts(it.scope(entry))?);
    (!outside.dynamic).then_some(outside.subset)
}

fn view<'a>(it: &Checked<'a>, id: crate::EdgeId) -> EdgeView<'a> {
    let (src, dst) = it.state.endpoints(id);
    EdgeView { id, src, dst, edge: it.state.edge(id) }
}

/// Searches for paths, backwards and within the part of the order that lies between.
struct Search {
    position: HashMap<NodeId, usize>,
    predecessors: Vec<Vec<usize>>,
    /// The search that last visited each node.
    visited: Vec<usize>,
    searches: usize,
    budget: usize,
}

impl Search {
    fn new(it: &Checked<'_>) -> Self {
        let position: HashMap<NodeId, usize> = it.order.iter().enumerate().map(|(k, id)| (*id, k)).collect();
        let mut predecessors = vec![Vec::new(); it.order.len()];
        for edge in it.state.edges() {
            predecessors[position[&edge.dst]].push(position[&edge.src]);
        }
        let budget = STEPS_PER_NODE * it.order.len();
        Search { position, predecessors, visited: vec![0; it.order.len()], searches: 0, budget }
    }

    /// Whether a path leads from one node to another; `None` if the search takes too long.
    fn ordered(&mut self, from: NodeId, to: NodeId) -> Option<bool> {
        let (from, to) = (self.position[&from], self.position[&to]);
        self.searches += 1;
        let mut stack = vec![to];
        while let Some(at) = stack.pop() {
            if at == from {
                return Some(true);
            }
            if at < from || self.visited[at] == self.searches {
                continue;
            }
            self.visited[at] = self.searches;
            self.budget = self.budget.checked_sub(1)?;
            stack.extend(&self.predecessors[at]);
        }
        Some(false)
    }
}
