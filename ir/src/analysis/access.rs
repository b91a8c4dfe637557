//! Accesses of a state: who reads and writes which elements of a container, and between which nodes that happens.
//!
//! ```text
//! (A) ─A[0:N]─▶ [map] … [exit] ─B[0:N]─▶ (B) ─B[0] -> [k]─▶ (C)
//!
//! A   read  A[0:N]   from the map's entry to its exit
//! B   write B[0:N]   from the map's entry to the node (B)
//!     read  B[0]     from (B) to (C)
//! C   write C[k]     from (B) to (C)
//! ```
//!
//! One access happens before another for certain if a path leads from the *end* of the first to the *start* of the
//! second. An access of a view is also one of what it shows, and one of a reference of whatever it may have been set to.
//! Map scopes count as one: an access inside of a scope is one of the whole container, by the outermost scope. A nested
//! SDFG accesses what it touches, not all that it is passed ([`touched_at`]).

use crate::propagate::touched_at;
use crate::symbolic::Facts;
use crate::{Data, EdgeId, IndexMap, Name, Node, NodeId, State, Subset};

/// One read or write of a container.
#[derive(Clone, Debug, PartialEq)]
pub struct Access {
    /// The access node; inside of a scope, perhaps.
    pub node: NodeId,
    /// The edge into or out of that node.
    pub edge: EdgeId,
    /// The elements that may be accessed.
    pub subset: Subset,
    /// Whether elements are written; those of a conflict resolution are also read.
    pub is_write: bool,
    /// The first node of the access, at the top level of the state.
    pub start: NodeId,
    /// Its last node, at the top level of the state.
    pub end: NodeId,
}

/// The accesses of a state, by container.
#[derive(Clone, Debug, Default)]
pub struct AccessSets {
    accesses: IndexMap<Name, Vec<Access>>,
}

impl AccessSets {
    /// Collects the accesses of a state.
    pub fn of(state: &State, containers: &IndexMap<Name, Data>) -> Self {
        let scopes = state.scopes();
        let mut sets = AccessSets::default();
        let facts = Facts::new();
        let touched = |edge, at_source| touched_at(state, containers, edge, at_source, &facts);
        for (id, node) in state.nodes() {
            let Node::Access(data) = node else { continue };
            let accesses = accesses_with(state, containers, &scopes, (id, &touched));
            for shown in shown_by(state, containers, id, data) {
                let all = accesses.iter().map(|it| Access { subset: whole(containers, shown), ..it.clone() });
                sets.accesses.entry(shown.clone()).or_default().extend(all);
            }
            sets.accesses.entry(data.clone()).or_default().extend(accesses);
        }
        sets
    }

    /// Accesses of one container.
    pub fn get(&self, data: &Name) -> &[Access] {
        self.accesses.get(data).map(Vec::as_slice).unwrap_or_default()
    }

    /// Every container that the state has a node for, with its accesses.
    pub fn iter(&self) -> impl Iterator<Item = (&Name, &[Access])> {
        self.accesses.iter().map(|(name, accesses)| (name, accesses.as_slice()))
    }
}

/// The containers that an access of a view or reference may be one of: what the view shows; of a reference, any array of
/// its type, since it may have been set anywhere.
fn shown_by<'a>(
    state: &'a State,
    containers: &'a IndexMap<Name, Data>,
    node: NodeId,
    data: &'a Name,
) -> Vec<&'a Name> {
    match containers.get(data) {
        Some(Data::View(_)) => {
            let mut shown: Vec<&Name> = Vec::new();
            let edge = state.view_edge(node).and_then(|edge| edge.memlet());
            let mut next = edge.map(|memlet| &memlet.data);
            // A view may show a view, whose own access in the state tells what that shows.
            while let Some(name) = next.filter(|name| !shown.contains(name)) {
                shown.push(name);
                let is_view = matches!(containers.get(name), Some(Data::View(_)));
                let access = state.accesses(name).first().copied().filter(|_| is_view);
                next = access.and_then(|id| state.view_edge(id)?.memlet()).map(|memlet| &memlet.data);
                if matches!(containers.get(name), Some(Data::Reference(_))) {
                    shown.extend(arrays_like(containers, name));
                    break;
                }
            }
            shown
        }
        Some(Data::Reference(_)) => arrays_like(containers, data),
        _ => Vec::new(),
    }
}

/// Every other container with memory of the same type.
fn arrays_like<'a>(containers: &'a IndexMap<Name, Data>, name: &Name) -> Vec<&'a Name> {
    let dtype = containers.get(name).map(Data::dtype);
    let same = |(other, data): &(&Name, &Data)| {
        *other != name && Some(data.dtype()) == dtype && data.as_stream().is_none()
    };
    containers.iter().filter(same).map(|(other, _)| other).collect()
}

/// The accesses at one access node, writes first, as its memlets tell them: what is passed to a nested SDFG counts as a
/// whole, as it must for those who move memlets elsewhere. `scopes` are those of the state ([`State::scopes`]).
pub fn accesses_at(
    state: &State,
    containers: &IndexMap<Name, Data>,
    scopes: &IndexMap<NodeId, Option<NodeId>>,
    node: NodeId,
) -> Vec<Access> {
    let claimed = |edge, at_source| subset_at(state, containers, edge, at_source);
    accesses_with(state, containers, scopes, (node, &claimed))
}

/// The accesses at one access node, where a function tells the elements at an edge's source or destination.
fn accesses_with(
    state: &State,
    containers: &IndexMap<Name, Data>,
    scopes: &IndexMap<NodeId, Option<NodeId>>,
    (node, elements): (NodeId, &dyn Fn(EdgeId, bool) -> Option<Subset>),
) -> Vec<Access> {
    let Some(data) = state.node(node).as_access() else { return Vec::new() };
    let outermost = outermost_scope(state, scopes, node);
    let access = |edge: EdgeId, is_write: bool, start: NodeId, end: NodeId| {
        let (subset, (start, end)) = match outermost {
            Some(ends) => (whole(containers, data), ends),
            None => (elements(edge, !is_write).unwrap_or_default(), (start, end)),
        };
        Access { node, edge, subset, is_write, start, end }
    };
    let writes = state.in_edges(node).into_iter().filter(|edge| edge.memlet().is_some());
    let reads = state.out_edges(node).into_iter().filter(|edge| edge.memlet().is_some());
    writes
        .map(|edge| access(edge.id, true, first_of(state, edge.src), node))
        .chain(reads.map(|edge| access(edge.id, false, node, last_of(state, edge.dst))))
        .collect()
}

/// The node that begins what ends in `node`: the entry of a map for its exit.
fn first_of(state: &State, node: NodeId) -> NodeId {
    match state.node(node) {
        Node::MapExit { entry } => *entry,
        _ => node,
    }
}

/// The node that ends what begins in `node`: the exit of a map for its entry.
fn last_of(state: &State, node: NodeId) -> NodeId {
    match state.node(node) {
        Node::MapEntry(map) => map.exit,
        _ => node,
    }
}

/// Entry and exit of the outermost map around a node.
fn outermost_scope(
    state: &State,
    scopes: &IndexMap<NodeId, Option<NodeId>>,
    node: NodeId,
) -> Option<(NodeId, NodeId)> {
    let mut entry = scopes.get(&node).copied().flatten()?;
    while let Some(outer) = scopes.get(&entry).copied().flatten() {
        entry = outer;
    }
    Some((entry, last_of(state, entry)))
}

fn whole(containers: &IndexMap<Name, Data>, data: &Name) -> Subset {
    containers.get(data).map(|data| Subset::full(data.shape())).unwrap_or_default()
}

/// The elements that an edge touches of the access node at its source (`at_source`) or destination; `None` if there is
/// no access node or nothing moves.
pub fn subset_at(
    state: &State,
    containers: &IndexMap<Name, Data>,
    edge: EdgeId,
    at_source: bool,
) -> Option<Subset> {
    let memlet = state.edge(edge).memlet.as_ref()?;
    let (src, dst) = state.endpoints(edge);
    let here = state.node(if at_source { src } else { dst }).as_access()?;
    let there = state.node(if at_source { dst } else { src }).as_access();
    // Between two accesses of one container, the subset is the source's.
    let is_named = memlet.data == *here && (at_source || there != Some(here));
    if is_named {
        return Some(memlet.subset.clone());
    }
    Some(memlet.other_subset.clone().unwrap_or_else(|| whole(containers, here)))
}

/// The elements that a copy reads and writes, if the edge joins two access nodes and moves something.
pub fn copy_subsets(
    state: &State,
    containers: &IndexMap<Name, Data>,
    edge: EdgeId,
) -> Option<(Subset, Subset)> {
    Some((subset_at(state, containers, edge, true)?, subset_at(state, containers, edge, false)?))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::builder::{SdfgBuilder, name};
    use crate::{DType, Expr, Sdfg};

    fn shifted() -> Sdfg {
        let n = Expr::sym("N");
        let mut b = SdfgBuilder::new("p");
        b.array("A", DType::Float64, [n.clone()]).array("B", DType::Float64, [n]);
        b.state("s").map("m", &[("i", "1:N - 1")], &[("a", "A", "i - 1")], name("a"), ("B", "i"));
        b.build()
    }

    #[test]
    fn a_map_reads_and_writes_between_entry_and_exit() {
        let sdfg = shifted();
        let state = sdfg.body.states()[0];
        let sets = AccessSets::of(state, &sdfg.containers);
        let (read, write) = (&sets.get(&"A".into())[0], &sets.get(&"B".into())[0]);
        assert!(!read.is_write && write.is_write);
        assert!(matches!(state.node(read.end), Node::MapExit { .. }));
        assert!(matches!(state.node(write.start), Node::MapEntry(_)));
        assert_eq!(read.start, read.node);
    }

    #[test]
    fn accesses_through_other_names_count() {
        let text = "sdfg f(A, B) { data A: float64[8]\n data B: float64[8]\n view v: float64[4]\n view w: float64[2]\n\
            reference r: float64[4]\n state s {\n n0 = access A\n n0 -> n1.views: A[2:6]\n n1 = access v\n\
            n1 -> n2.views: v[0:2]\n n2 = access w\n n3 = access r\n n2 -> n3: w[0:2] to [0:2] } }";
        let sdfg = crate::text::parse(text).expect("a valid text");
        let state = sdfg.body.states()[0];
        let sets = AccessSets::of(state, &sdfg.containers);
        let through = |name: &str, node: &str| {
            let ids = state.accesses(&node.into());
            let all = sets.get(&name.into()).iter().filter(|it| ids.contains(&it.node));
            all.map(|it| it.is_write).collect::<Vec<_>>()
        };
        // `w` shows `v`, which shows `A`; `r` may stand for `A` or `B`.
        assert_eq!(through("A", "w"), [true, false]);
        assert_eq!(through("B", "r"), [true]);
        assert_eq!(through("B", "w"), [] as [bool; 0]);
    }

    #[test]
    fn both_ends_of_a_copy_have_a_subset() {
        let n = Expr::sym("N");
        let mut b = SdfgBuilder::new("p");
        b.array("A", DType::Float64, [n.clone()]).array("B", DType::Float64, [n]);
        b.state("s").copy(("A", "0:2"), ("B", "3:5"));
        b.state("t").copy(("A", "0:2"), ("A", "3:5"));
        let sdfg = b.build();
        for state in sdfg.body.states() {
            let edge = state.edges().next().expect("a copy").id;
            let (from, to) = copy_subsets(state, &sdfg.containers, edge).expect("a copy");
            assert_eq!((from.to_string(), to.to_string()), ("[0:2]".into(), "[3:5]".into()));
        }
    }
}
