//! Map fission: a map that does two things is two maps.
//!
//! ```text
//! before:  map i in 0:N { B[i] = 2*A[i]; C[i] = A[i] + 1 }
//! after:   map i in 0:N { B[i] = 2*A[i] }    map i in 0:N { C[i] = A[i] + 1 }
//!
//! before:  map i in 2:N { t = f(A[i]); B[i] = g(t) }
//! after:   map i in 2:N { t[i - 2] = f(A[i]) }    map i in 2:N { B[i] = g(t[i - 2]) }
//! kept:    map i in 0:N { map j in 0:i { t = f(A[i, j]) } … }     what passes between the parts is inside of another map
//! ```
//!
//! The inverse of [`map_fusion`](super::map_fusion): each part can then be scheduled, ordered or vectorized for itself, and
//! fewer arrays are touched at once. Parts that nothing connects are taken apart first; where all is connected, the map is
//! parted behind the first value that passes through a scalar, and the scalar becomes an array of all iterations.
//!
//! **Legal when** what leads from the first part to the second are such scalars alone, each written once in an iteration,
//! and nothing leads back. What was before or after the map stays before or after both (see `keep_order`). Iterations are independent, so running the first part of all of them before the second part of
//! any changes nothing. **Cost**: an element of memory for each iteration and each such scalar.

use super::enclose::is_undecided;
use super::keep_order::Neighbours;
use super::paths;
use crate::surroundings::{Surroundings, facts_inside};
use crate::{Refusal, Transformation};
use dacec_ir::state::EdgeView;
use dacec_ir::{
    Array, Data, Edge, EdgeId, Expr, IndexSet, Memlet, Name, Node, NodeId, Range, State, Subset, propagate,
};

/// Makes two maps of one; see the [module](self).
#[derive(Clone, Copy, Debug, Default)]
pub struct MapFission;

/// A map with two parts; made only by [`MapFission::find`].
#[derive(Clone, Debug)]
pub struct Parts {
    entry: NodeId,
    /// The nodes of the second part.
    second: IndexSet<NodeId>,
    /// The scalars of the first part that the second part reads.
    passed: Vec<NodeId>,
}

impl Transformation for MapFission {
    type Place = State;
    type Match = Parts;

    fn name(&self) -> &'static str {
        "MapFission"
    }

    fn find(&self, around: &Surroundings<'_>, state: &State, site: NodeId) -> Result<Parts, Refusal> {
        let Node::MapEntry(map) = state.node(site) else { return Err(Refusal::NoMatch("not a map")) };
        if !is_undecided(map) {
            return Err(Refusal::unproved(format!("`{}` has a schedule already", map.label)));
        }
        let inside: IndexSet<NodeId> = state.scope_nodes(site).into_iter().collect();
        let first = component(state, &inside, site);
        if first.len() < inside.len() {
            let second: IndexSet<NodeId> = inside.difference(&first).copied().collect();
            shares_nothing(around, state, &first, &second)?;
            return Ok(Parts { entry: site, second, passed: Vec::new() });
        }
        let mut reason = Refusal::NoMatch("the map does one thing");
        for &node in inside.iter().filter(|&&node| state.node(node).as_access().is_some()) {
            match part_behind(around, state, site, (&inside, node)) {
                Ok(found) => return Ok(found),
                Err(refusal) if refusal.is_interesting() => reason = refusal,
                Err(_) => {}
            }
        }
        Err(reason)
    }

    fn apply(&self, around: &mut Surroundings<'_>, state: &mut State, found: Parts) {
        let Node::MapEntry(map) = state.node(found.entry) else { unreachable!("the match names a map") };
        let map = map.clone();
        let neighbours = Neighbours::of(state, (found.entry, map.exit));
        let dims = map.params.iter().cloned().zip(map.ranges.iter().cloned());
        let (entry, exit) = state.add_map(map.label.clone(), dims, map.schedule);
        if let Node::MapEntry(second) = state.node_mut(entry) {
            second.span = map.span;
        }
        let split = Split { first: (found.entry, map.exit), second: (entry, exit), nodes: &found.second };
        split.enter(state);
        split.leave(state);
        for scalar in found.passed {
            expand(around, state, scalar, &split);
        }
        neighbours.keep(state, &[found.entry, map.exit, entry, exit]);
        for scope in [found.entry, entry] {
            let facts = facts_inside(state, scope, &around.facts);
            propagate::scope(state, scope, &around.sdfg.containers, &facts);
        }
    }
}

/// The nodes of a scope that are connected with the first of them, other than through the map's own nodes.
fn component(state: &State, inside: &IndexSet<NodeId>, entry: NodeId) -> IndexSet<NodeId> {
    let mut found: IndexSet<NodeId> = inside.first().copied().into_iter().collect();
    let mut at = 0;
    while let Some(&node) = found.get_index(at) {
        let mut near = state.predecessors(node);
        near.extend(state.successors(node));
        // Both ends of a map inside belong together, even if nothing lies between.
        match state.node(node) {
            Node::MapEntry(map) => near.push(map.exit),
            Node::MapExit { entry } => near.push(*entry),
            _ => {}
        }
        found.extend(near.into_iter().filter(|it| inside.contains(it) && *it != entry));
        at += 1;
    }
    found
}

/// Refuses parts that use a container of one iteration in common: each map gets its own iterations.
fn shares_nothing(
    around: &Surroundings<'_>,
    state: &State,
    first: &IndexSet<NodeId>,
    second: &IndexSet<NodeId>,
) -> Result<(), Refusal> {
    let names = |part: &IndexSet<NodeId>| -> IndexSet<Name> {
        part.iter().filter_map(|&node| state.node(node).as_access().cloned()).collect()
    };
    let transient = |name: &&Name| around.container(name).is_transient();
    match names(first).intersection(&names(second)).find(transient) {
        Some(name) => Err(Refusal::unproved(format!("both parts use `{name}`"))),
        None => Ok(()),
    }
}

/// Parts a scope behind everything that an access needs.
fn part_behind(
    around: &Surroundings<'_>,
    state: &State,
    entry: NodeId,
    (inside, access): (&IndexSet<NodeId>, NodeId),
) -> Result<Parts, Refusal> {
    let before = state.ancestors(access);
    let first: IndexSet<NodeId> = inside.intersection(&before).copied().collect();
    let second: IndexSet<NodeId> = inside.difference(&first).copied().collect();
    if second.is_empty() {
        return Err(Refusal::NoMatch("nothing comes after it"));
    }
    let mut passed = IndexSet::default();
    for &node in &first {
        for edge in state.out_edges(node).into_iter().filter(|edge| second.contains(&edge.dst)) {
            if edge.memlet().is_none() || state.node(node).as_access().is_none() {
                return Err(Refusal::node(node, "is needed by the rest of the iteration, and no scalar"));
            }
            passed.insert(node);
        }
        if let Node::MapEntry(map) = state.node(node)
            && !first.contains(&map.exit)
        {
            return Err(Refusal::NoMatch("inside of another map"));
        }
    }
    for &node in &passed {
        check_scalar(around, state, (entry, &second), node)?;
    }
    shares_nothing(around, state, &first, &second)?;
    if state.scope_of(entry).is_some() {
        return Err(Refusal::unproved("the map is inside of another one, and values would need memory"));
    }
    let Node::MapEntry(map) = state.node(entry) else { return Err(Refusal::NoMatch("not a map")) };
    for range in &map.ranges {
        let known = range.step.is_one() && around.facts.prove_ge(&range.len(), &Expr::zero()) == Some(true);
        if !known {
            return Err(Refusal::unproved(format!("the number of indices in {range} may be negative")));
        }
    }
    Ok(Parts { entry, second, passed: passed.into_iter().collect() })
}

/// Whether a node is a scalar of the iteration that a tasklet writes, once, and only tasklets of the second part read.
fn check_scalar(
    around: &Surroundings<'_>,
    state: &State,
    (entry, second): (NodeId, &IndexSet<NodeId>),
    node: NodeId,
) -> Result<(), Refusal> {
    let Some(data) = state.node(node).as_access() else { return Err(Refusal::NoMatch("not an access")) };
    let written = state.in_edges(node);
    let [write] = written[..] else {
        return Err(Refusal::node(node, format!("(`{data}`) is not written once")));
    };
    let simple = write.memlet().is_some_and(|memlet| {
        !memlet.dynamic && memlet.wcr.is_none() && memlet.data == *data && memlet.subset.rank() == 0
    });
    let is_scalar = matches!(around.container(data), Data::Scalar(_));
    let from_tasklet = matches!(state.node(write.src), Node::Tasklet(_));
    let read_by_second = state.out_edges(node).iter().all(|edge| {
        edge.memlet().is_some_and(|memlet| memlet.data == *data)
            && matches!(state.node(edge.dst), Node::Tasklet(_))
            && second.contains(&edge.dst)
    });
    if !simple || !is_scalar || !from_tasklet || !read_by_second {
        return Err(Refusal::node(node, format!("(`{data}`) is no scalar that a tasklet computes")));
    }
    if state.scope_of(node) != Some(entry) {
        return Err(Refusal::NoMatch("inside of another map"));
    }
    if !around.is_local_to(state, data) || state.num_accesses(data) != 1 {
        return Err(Refusal::used_elsewhere(data, "elsewhere"));
    }
    Ok(())
}

/// Two maps, each a pair of entry and exit, of which the second gets some nodes of the first.
struct Split<'a> {
    first: (NodeId, NodeId),
    second: (NodeId, NodeId),
    nodes: &'a IndexSet<NodeId>,
}

impl Split<'_> {
    /// What enters the nodes of the second part enters the second map first.
    fn enter(&self, state: &mut State) {
        let (old, new) = (self.first.0, self.second.0);
        let outer: Vec<_> =
            state.in_edges(old).iter().map(|edge| (edge.id, edge.src, edge.edge.clone())).collect();
        for (id, src, edge) in outer {
            let Some(output) = edge.dst_conn.as_ref().and_then(paths::counterpart) else {
                state.add_edge(src, new, edge);
                continue;
            };
            let inner = state.continuations(id);
            let moved: Vec<EdgeId> =
                inner.iter().copied().filter(|&it| self.nodes.contains(&state.endpoints(it).1)).collect();
            if moved.is_empty() {
                continue;
            }
            state.add_edge(src, new, edge);
            if moved.len() == inner.len() {
                state.remove_edge(id);
            }
            for inner in moved {
                state.move_source(inner, new, Some(output.clone()));
            }
        }
        let orders: Vec<_> = state.out_edges(old).iter().map(|edge| (edge.id, edge.dst)).collect();
        for (id, dst) in orders.into_iter().filter(|(_, dst)| self.nodes.contains(dst)) {
            state.remove_edge(id);
            state.order(new, dst);
        }
    }

    /// What leaves the nodes of the second part leaves the second map at last.
    fn leave(&self, state: &mut State) {
        let (old, new) = (self.first.1, self.second.1);
        let outer: Vec<_> =
            state.out_edges(old).iter().map(|edge| (edge.id, edge.dst, edge.edge.clone())).collect();
        for (id, dst, edge) in outer {
            let Some(input) = edge.src_conn.as_ref().and_then(paths::counterpart) else {
                state.add_edge(new, dst, edge);
                continue;
            };
            let inner = paths::origins(state, id);
            let moved: Vec<EdgeId> =
                inner.iter().copied().filter(|&it| self.nodes.contains(&state.endpoints(it).0)).collect();
            if moved.is_empty() {
                continue;
            }
            state.add_edge(new, dst, edge);
            if moved.len() == inner.len() {
                state.remove_edge(id);
            }
            for inner in moved {
                state.move_destination(inner, new, Some(input.clone()));
            }
        }
        let orders: Vec<_> = state.in_edges(old).iter().map(|edge| (edge.id, edge.src)).collect();
        for (id, src) in orders.into_iter().filter(|(_, src)| self.nodes.contains(src)) {
            state.remove_edge(id);
            state.order(src, new);
        }
    }
}

/// Makes an array of a scalar that passes from one map to the other.
fn expand(around: &mut Surroundings<'_>, state: &mut State, scalar: NodeId, split: &Split<'_>) {
    let Some(data) = state.node(scalar).as_access().cloned() else { return };
    let Node::MapEntry(map) = state.node(split.first.0) else { return };
    let element = Subset::element(
        map.params.iter().zip(&map.ranges).map(|(param, range)| Expr::sym(param) - &range.start),
    );
    let shape: Vec<Expr> = map.ranges.iter().map(Range::len).collect();
    let array = Array::transient(around.container(&data).dtype(), shape);
    around.sdfg.containers.insert(data.clone(), array.into());
    let value = |edge: &Edge| Edge { memlet: Some(Memlet::new(&data, element.clone())), ..edge.clone() };
    let ends = |edges: Vec<EdgeView<'_>>| -> Vec<(EdgeId, NodeId, NodeId, Edge)> {
        edges.iter().map(|edge| (edge.id, edge.src, edge.dst, edge.edge.clone())).collect()
    };
    let (writes, reads) = (ends(state.in_edges(scalar)), ends(state.out_edges(scalar)));
    let name = state.fresh_connector(split.first.1, &data);
    let (input, output) = (Name::from(format!("IN_{name}")), Name::from(format!("OUT_{name}")));
    for (id, src, _, edge) in writes {
        state.remove_edge(id);
        state.add_edge(src, split.first.1, Edge { dst_conn: Some(input.clone()), ..value(&edge) });
    }
    let outside = |src_conn: Option<Name>, dst_conn: Option<Name>| Edge {
        src_conn,
        dst_conn,
        memlet: Some(Memlet::new(&data, element.clone())),
    };
    state.add_edge(split.first.1, scalar, outside(Some(output), None));
    let name = state.fresh_connector(split.second.0, &data);
    let (input, output) = (Name::from(format!("IN_{name}")), Name::from(format!("OUT_{name}")));
    state.add_edge(scalar, split.second.0, outside(None, Some(input)));
    for (id, _, dst, edge) in reads {
        state.remove_edge(id);
        state.add_edge(split.second.0, dst, Edge { src_conn: Some(output.clone()), ..value(&edge) });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::map::testing::{apply, maps, refusals};
    use crate::map::{MapFusion, MapFusionHorizontal};
    use dacec_ir::builder::{SdfgBuilder, name, value};
    use dacec_ir::{DType, Sdfg};

    /// Two maps, of which the second reads what the first writes, or the same as the first.
    fn fused(chained: bool, size: Expr) -> Sdfg {
        let mut b = SdfgBuilder::new("p");
        for array in ["A", "B", "C"] {
            b.array(array, DType::Float64, [size.clone()]);
        }
        b.transient("t", DType::Float64, [size.clone()]);
        let range = format!("2:{size}");
        let (first, from) = if chained { ("t", "t") } else { ("B", "A") };
        let mut s = b.state("s");
        s.map("double", &[("i", &range)], &[("a", "A", "i")], name("a") * value(2.0), (first, "i"));
        s.map("add", &[("i", &range)], &[("a", from, "i")], name("a") + value(1.0), ("C", "i"));
        if let [write, read] = s.state.accesses(&"t".into())[..] {
            for edge in s.state.out_edges(read).iter().map(|edge| edge.id).collect::<Vec<_>>() {
                s.state.move_source(edge, write, None);
            }
            s.state.remove_node(read);
        }
        let before = b.build();
        let after = match chained {
            true => apply(&MapFusion, &before, &[("N", 6)]),
            false => apply(&MapFusionHorizontal, &before, &[("N", 6)]),
        };
        assert_eq!(maps(&after).len(), 1);
        after
    }

    #[test]
    fn parts_that_nothing_connects_get_maps_of_their_own() {
        let after = apply(&MapFission, &fused(false, Expr::sym("N")), &[("N", 6)]);
        assert_eq!(maps(&after).len(), 2);
    }

    #[test]
    fn a_scalar_between_two_parts_becomes_an_array() {
        let after = apply(&MapFission, &fused(true, Expr::int(9)), &[]);
        assert_eq!(maps(&after).len(), 2);
        assert_eq!(after.container("t").map(|data| data.shape().to_vec()), Some(vec![Expr::int(7)]));
    }

    #[test]
    fn memory_of_unknown_size_is_not_made() {
        let reasons = refusals(&MapFission, &fused(true, Expr::sym("N")));
        assert_eq!(reasons, ["the number of indices in 2:N may be negative"]);
    }
}
