//! Subgraph fusion: maps that have one parameter in common run it together, each with a map over its other ones inside.
//!
//! ```text
//! before:  map i in 0:N, j in 0:M { t[i, j] = f(A[i, j]) }    map k in 0:M, i in 0:N { B[k, i] = t[i, k] + t[i, 0] }
//! after:   map i in 0:N { map j in 0:M { t[j] = f(A[i, j]) }    map k in 0:M { B[k, i] = t[k] + t[0] } }
//! kept:    map i in 0:N, j in 0:M { t[i, j] = f(A[i, j]) }    map i in 0:N, k in 0:M { B[i, k] = t[k, i] }     all columns
//!          map i in 0:N, j in 0:M { t[i, j] = A[i + 1, j] }   map i in 0:N, k in 0:M { A[i, k] = t[i, k] + t[i, 0] }
//! ```
//!
//! [`map_fusion`](super::map_fusion) passes single elements from iteration to iteration, this one whole rows, whatever the
//! order of the parameters is: a row fits into a cache where all of the array does not.
//!
//! **Legal when**
//! * for one parameter of each map, with equal ranges: in one dimension of every array between the maps, each iteration of
//!   the first writes the index that the same iteration of the second reads, and no other;
//! * these arrays are used nowhere else, and are not written with a conflict resolution;
//! * all that the second reads of them was written just before: what older iterations of a loop have left there is lost;
//! * all else that both touch and one writes is provably different, and nothing else leads from the first to the second.
//!
//! **Cost**: the edges of both scopes for each pair of parameters.

use super::enclose::{enclose, is_undecided};
use super::forward::combines;
use super::merge::{adopt, common_schedule, merge};
use super::paths;
use crate::surroundings::{Surroundings, facts_inside};
use crate::{Refusal, Transformation};
use dacec_ir::analysis::must_write;
use dacec_ir::symbolic::Substitution;
use dacec_ir::{
    Array, Data, EdgeId, Expr, IndexSet, Map, Memlet, Name, Node, NodeId, Range, Scalar, State, Subset,
    propagate,
};

/// Fuses maps over one common parameter; see the [module](self).
#[derive(Clone, Copy, Debug, Default)]
pub struct SubgraphFusion {
    rows: bool,
}

impl SubgraphFusion {
    /// Fuses only what keeps the order of all loops: over all first parameters that are the first indices of every array
    /// between the maps, and no more than one row passes from a map to the next: its memory is taken in each iteration.
    pub fn rows() -> Self {
        SubgraphFusion { rows: true }
    }
}

/// Two maps with a common parameter; made only by [`SubgraphFusion::find`].
#[derive(Clone, Debug)]
pub struct Common {
    first: NodeId,
    second: NodeId,
    /// The parameters' positions, in ascending order.
    at: Vec<(usize, usize)>,
    /// The arrays between the maps, each with the dimensions that the parameters index.
    between: Vec<(NodeId, Vec<usize>)>,
}

impl Transformation for SubgraphFusion {
    type Place = State;
    type Match = Common;

    fn name(&self) -> &'static str {
        "SubgraphFusion"
    }

    fn find(&self, around: &Surroundings<'_>, state: &State, site: NodeId) -> Result<Common, Refusal> {
        let Node::MapEntry(map) = state.node(site) else { return Err(Refusal::NoMatch("not a map")) };
        let accesses =
            state.successors(map.exit).into_iter().filter(|&it| state.node(it).as_access().is_some());
        let readers: IndexSet<NodeId> = accesses.flat_map(|access| state.successors(access)).collect();
        let mut reason = Refusal::NoMatch("no map reads the results");
        for second in readers {
            let Node::MapEntry(other) = state.node(second) else { continue };
            match self.pair(around, state, (site, map), (second, other)) {
                Ok(found) => return Ok(found),
                Err(refusal) => reason = refusal,
            }
        }
        Err(reason)
    }

    fn apply(&self, around: &mut Surroundings<'_>, state: &mut State, found: Common) {
        let (of_first, of_second): (Vec<usize>, Vec<usize>) = found.at.iter().copied().unzip();
        let first = isolate(around, state, found.first, &of_first);
        let second = isolate(around, state, found.second, &of_second);
        let (Node::MapEntry(a), Node::MapEntry(b)) = (state.node(first), state.node(second)) else { return };
        let correspondence: Substitution =
            b.params.iter().cloned().zip(a.params.iter().map(Expr::sym)).collect();
        let exit = a.exit;
        adopt(around, state, second, &correspondence);
        for (access, dims) in &found.between {
            keep_inside(around, state, (exit, second), (*access, dims));
        }
        for edge in state
            .out_edges(exit)
            .iter()
            .filter(|edge| edge.dst == second)
            .map(|edge| edge.id)
            .collect::<Vec<_>>()
        {
            state.remove_edge(edge);
        }
        for inner in
            [found.first, found.second].into_iter().filter(|&inner| inner != first && inner != second)
        {
            let facts = facts_inside(state, inner, &around.facts);
            propagate::scope(state, inner, &around.sdfg.containers, &facts);
        }
        merge(around, state, first, second);
    }
}

impl SubgraphFusion {
    /// Proves that two maps can run together.
    fn pair(
        &self,
        around: &Surroundings<'_>,
        state: &State,
        (first, a): (NodeId, &Map),
        (second, b): (NodeId, &Map),
    ) -> Result<Common, Refusal> {
        if common_schedule(a, b).is_none() || !is_undecided(a) || !is_undecided(b) {
            return Err(Refusal::unproved(format!("`{}` or `{}` has a schedule already", a.label, b.label)));
        }
        let mut accesses = Vec::new();
        for next in state.successors(a.exit) {
            let joins = state.successors(next).contains(&second);
            if state.successors(next).into_iter().any(|node| node != second && state.reaches(node, second)) {
                return Err(Refusal::node(next, "leads to the second map through something else"));
            }
            if joins {
                check_array(around, state, (next, second))?;
                accesses.push(next);
            }
        }
        check_others(around, state, (first, a), (second, b), &accesses)?;
        let facts = facts_inside(state, first, &around.facts);
        let common = |i: usize, j: usize| -> Option<Vec<usize>> {
            let (x, y) = (a.ranges.get(i)?, b.ranges.get(j)?);
            let same = |p: &Expr, q: &Expr| p == q || facts.prove_eq(p, q) == Some(true);
            if x.step != y.step || !same(&x.start, &y.start) || !same(&x.stop, &y.stop) {
                return None;
            }
            accesses.iter().map(|&access| common_dim(state, access, (a, i), (second, &b.params[j]))).collect()
        };
        let found: Vec<((usize, usize), Vec<usize>)> = match self.rows {
            true => (0..)
                .map_while(|at| {
                    Some(((at, at), common(at, at).filter(|dims| dims.iter().all(|dim| *dim == at))?))
                })
                .collect(),
            false => {
                let pairs = (0..a.params.len()).flat_map(|i| (0..b.params.len()).map(move |j| (i, j)));
                pairs.filter_map(|(i, j)| Some(((i, j), common(i, j)?))).take(1).collect()
            }
        };
        if found.is_empty() {
            return Err(Refusal::unproved(format!(
                "`{}` and `{}` have no parameter in common",
                a.label, b.label
            )));
        }
        let kept = |&access: &NodeId| {
            let rank = state.node(access).as_access().map_or(0, |data| around.container(data).rank());
            rank > found.len()
        };
        if self.rows && accesses.iter().any(kept) && state.out_degree(a.exit) > 1 {
            return Err(Refusal::unproved(format!(
                "`{}` writes several rows, which all need memory",
                a.label
            )));
        }
        let dims_of = |place: usize| found.iter().map(|(_, dims)| dims[place]).collect();
        let between = accesses.iter().enumerate().map(|(place, access)| (*access, dims_of(place))).collect();
        Ok(Common { first, second, at: found.iter().map(|(at, _)| *at).collect(), between })
    }
}

/// The array is of these two maps alone.
fn check_array(
    around: &Surroundings<'_>,
    state: &State,
    (access, second): (NodeId, NodeId),
) -> Result<(), Refusal> {
    let data = state.node(access).as_access().ok_or(Refusal::NoMatch("not through memory"))?;
    let alone = around.is_local_to(state, data) && state.num_accesses(data) == 1;
    let all = state.out_edges(access);
    if !alone || !all.iter().all(|edge| edge.dst == second && edge.memlet().is_some()) {
        return Err(Refusal::used_elsewhere(data, "by something else than the two maps"));
    }
    let [write] = state.in_edges(access)[..] else {
        return Err(Refusal::node(access, format!("(`{data}`) is written several times")));
    };
    if combines(state, write.id) || !matches!(around.container(data), Data::Array(_)) {
        return Err(Refusal::node(access, format!("(`{data}`) is written with a conflict resolution")));
    }
    // An array of its own holds nothing from before: what is read has to be what was written.
    let facts = facts_inside(state, second, &around.facts);
    let Some(written) = must_write(state, &around.sdfg.containers, write.id, &facts) else {
        return Err(Refusal::node(access, format!("(`{data}`) is perhaps not written")));
    };
    for read in all.iter().filter_map(|edge| edge.memlet()) {
        if written.covers(&read.subset, &facts) != Some(true) {
            let (data, first, second) = (data.clone(), written, read.subset.clone());
            return Err(Refusal::SubsetsDiffer { data, first, second });
        }
    }
    let into = all.iter().flat_map(|edge| state.continuations(edge.id));
    let users: Vec<NodeId> = into
        .flat_map(|edge| leaves(state, edge, true))
        .chain(leaves(state, write.id, false))
        .filter(|&(edge, node)| !carries_element(state, edge, node))
        .map(|(_, node)| node)
        .collect();
    match users.first() {
        Some(&node) => Err(Refusal::node(node, format!("uses more than one element of `{data}` at once"))),
        None => Ok(()),
    }
}

/// The innermost edges that continue one into nested scopes (`inward`) or out of them, with the nodes at their ends.
fn leaves(state: &State, edge: EdgeId, inward: bool) -> Vec<(EdgeId, NodeId)> {
    let (src, dst) = state.endpoints(edge);
    let (node, next) = match inward {
        true => (dst, state.continuations(edge)),
        false => (src, paths::origins(state, edge)),
    };
    match state.node(node) {
        Node::MapEntry(_) | Node::MapExit { .. } => {
            next.into_iter().flat_map(|inner| leaves(state, inner, inward)).collect()
        }
        _ => vec![(edge, node)],
    }
}

/// Whether an edge carries one element to or from a tasklet.
fn carries_element(state: &State, edge: EdgeId, node: NodeId) -> bool {
    let Node::Tasklet(tasklet) = state.node(node) else { return false };
    let it = state.edge(edge);
    let (conn, connectors) = match state.endpoints(edge).0 == node {
        true => (&it.src_conn, &tasklet.outputs),
        false => (&it.dst_conn, &tasklet.inputs),
    };
    let one =
        conn.as_ref().and_then(|conn| connectors.get(conn)).is_some_and(|connector| connector.rank == 0);
    one && it.memlet.as_ref().is_some_and(|memlet| memlet.subset.as_element().is_some())
}

/// Everything else that both maps touch is different, or only read.
fn check_others(
    around: &Surroundings<'_>,
    state: &State,
    (first, a): (NodeId, &Map),
    (second, b): (NodeId, &Map),
    accesses: &[NodeId],
) -> Result<(), Refusal> {
    let own = |node: NodeId| accesses.contains(&node);
    let reads = |entry: NodeId| -> Vec<&Memlet> {
        let edges = state.in_edges(entry).into_iter().filter(|edge| !own(edge.src));
        edges.filter_map(|edge| edge.memlet()).collect()
    };
    let writes = |exit: NodeId| -> Vec<&Memlet> {
        let edges = state.out_edges(exit).into_iter().filter(|edge| !own(edge.dst));
        edges.filter_map(|edge| edge.memlet()).collect()
    };
    let (later_reads, later_writes) = (reads(second), writes(b.exit));
    let mut pairs: Vec<(&Memlet, &Memlet)> = Vec::new();
    for write in writes(a.exit) {
        pairs.extend(later_reads.iter().chain(&later_writes).map(|later| (write, *later)));
    }
    for read in reads(first) {
        pairs.extend(later_writes.iter().map(|later| (read, *later)));
    }
    for (earlier, later) in pairs.into_iter().filter(|(earlier, later)| earlier.data == later.data) {
        if earlier.subset.intersects(&later.subset, &around.facts) != Some(false) {
            return Err(Refusal::conflict(earlier, later));
        }
    }
    Ok(())
}

/// The dimension of an array that one parameter of each map indexes, in the same way.
fn common_dim(
    state: &State,
    access: NodeId,
    (a, i): (&Map, usize),
    (second, param): (NodeId, &Name),
) -> Option<usize> {
    let outside = state.in_edges(access).first()?.id;
    let written: Vec<&Memlet> = paths::origins(state, outside)
        .into_iter()
        .filter_map(|edge| state.edge(edge).memlet.as_ref())
        .collect();
    let into = state.out_edges(access).into_iter().flat_map(|edge| state.continuations(edge.id));
    let read: Vec<&Memlet> = into.filter_map(|edge| state.edge(edge).memlet.as_ref()).collect();
    debug_assert!(state.out_edges(access).iter().all(|edge| edge.dst == second));
    let rank = written.first()?.subset.rank();
    (0..rank).find(|&dim| {
        let shift = written[0].subset.dims[dim].as_index().map(|index| index - Expr::sym(&a.params[i]));
        let Some(shift) = shift.filter(|shift| !shift.symbols().iter().any(|it| a.params.contains(it)))
        else {
            return false;
        };
        let is = |memlet: &&Memlet, param: &Name| {
            memlet.subset.rank() == rank
                && memlet.subset.dims[dim].as_index().is_some_and(|index| *index == Expr::sym(param) + &shift)
                && !memlet.dynamic
                && memlet.other_subset.is_none()
        };
        written.iter().all(|memlet| is(memlet, &a.params[i])) && read.iter().all(|memlet| is(memlet, param))
    })
}

/// Makes a map over some parameters of one over more, with a map over the others inside; returns the outer one.
fn isolate(around: &mut Surroundings<'_>, state: &mut State, entry: NodeId, at: &[usize]) -> NodeId {
    let Node::MapEntry(map) = state.node_mut(entry) else { unreachable!("the match names a map") };
    if map.params.len() == at.len() {
        return entry;
    }
    let mut dims: Vec<(Name, Range)> =
        at.iter().rev().map(|&at| (map.params.remove(at), map.ranges.remove(at))).collect();
    dims.reverse();
    map.collapse = 1;
    enclose(around, state, entry, dims)
}

/// Leads what passes through an array from the first scope to the second inside of both; the array loses dimensions.
fn keep_inside(
    around: &mut Surroundings<'_>,
    state: &mut State,
    (exit, second): (NodeId, NodeId),
    (access, dims): (NodeId, &[usize]),
) {
    let Some(data) = state.node(access).as_access().cloned() else { return };
    let inside = state.add_access(&data);
    let written = state.in_edges(access).into_iter().filter(|edge| edge.src == exit);
    for edge in written.map(|edge| edge.id).collect::<Vec<_>>() {
        for inner in paths::origins(state, edge) {
            drop_up(state, inner, dims);
            state.move_destination(inner, inside, None);
        }
    }
    let read = state.out_edges(access).into_iter().filter(|edge| edge.dst == second);
    for edge in read.map(|edge| edge.id).collect::<Vec<_>>() {
        for inner in state.continuations(edge) {
            drop_down(state, inner, dims);
            state.move_source(inner, inside, None);
        }
    }
    state.remove_node(access);
    let container = around.container(&data);
    let mut shape = container.shape().to_vec();
    remove_all(&mut shape, dims);
    let smaller: Data = match shape.is_empty() {
        true => Scalar::transient(container.dtype()).into(),
        false => Array::transient(container.dtype(), shape).into(),
    };
    around.sdfg.containers.insert(data, smaller);
}

/// Takes dimensions from an edge out of nested scopes, and from what it continues.
fn drop_up(state: &mut State, edge: EdgeId, dims: &[usize]) {
    if matches!(state.node(state.endpoints(edge).0), Node::MapExit { .. }) {
        for inner in paths::origins(state, edge) {
            drop_up(state, inner, dims);
        }
    }
    drop_dims(state, edge, dims);
}

/// Takes dimensions from an edge into nested scopes, and from what continues it.
fn drop_down(state: &mut State, edge: EdgeId, dims: &[usize]) {
    for inner in state.continuations(edge) {
        drop_down(state, inner, dims);
    }
    drop_dims(state, edge, dims);
}

fn drop_dims(state: &mut State, edge: EdgeId, dims: &[usize]) {
    if let Some(memlet) = &mut state.edge_mut(edge).memlet {
        let mut left = memlet.subset.dims.to_vec();
        remove_all(&mut left, dims);
        memlet.subset = Subset::new(left);
    }
}

/// Removes what is at these places, which are different.
fn remove_all<T>(all: &mut Vec<T>, places: &[usize]) {
    let mut place = 0;
    all.retain(|_| {
        place += 1;
        !places.contains(&(place - 1))
    });
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::map::testing::{apply, maps, refusals};
    use crate::simplify::StateFusion;
    use crate::{Context, Pass};
    use dacec_ir::builder::{SdfgBuilder, name, value};
    use dacec_ir::{DType, Sdfg};

    /// `map i, j { t[i, j] = 2*A[i, j] }  map k, i { to[k, i] = t[read] + t[i, 0] }` in one state.
    fn program(read: &str, to: &str) -> Sdfg {
        let n = Expr::int(5);
        let mut b = SdfgBuilder::new("p");
        b.array("A", DType::Float64, [n.clone(), n.clone()]).array(
            "B",
            DType::Float64,
            [n.clone(), n.clone()],
        );
        b.transient("t", DType::Float64, [n.clone(), n]);
        let dims = [("i", "0:5"), ("j", "0:5")];
        b.state("f").map("f", &dims, &[("a", "A", "i, j")], name("a") * value(2.0), ("t", "i, j"));
        let inputs = [("a", "t", read), ("b", "t", "i, 0")];
        b.state("g").map("g", &[("k", "0:5"), ("i", "0:5")], &inputs, name("a") + name("b"), (to, "k, i"));
        let mut sdfg = b.build();
        let _ = StateFusion.run(&mut sdfg, &mut Context::default());
        assert_eq!(sdfg.body.blocks.len(), 1);
        sdfg
    }

    #[test]
    fn rows_pass_from_map_to_map() {
        let after = apply(&SubgraphFusion::default(), &program("i, k", "B"), &[]);
        assert_eq!(maps(&after).len(), 3);
        assert_eq!(after.container("t").map(Data::rank), Some(1));
    }

    #[test]
    fn only_rows_if_so_wanted() {
        let reasons = refusals(&SubgraphFusion::rows(), &program("i, k", "B"));
        assert_eq!(reasons, ["`f` and `g` have no parameter in common"]);
    }

    #[test]
    fn columns_of_rows_are_kept() {
        let reasons = refusals(&SubgraphFusion::default(), &program("k, i", "B"));
        assert_eq!(reasons, ["`f` and `g` have no parameter in common"]);
        let reasons = refusals(&SubgraphFusion::default(), &program("i, k", "A"));
        assert_eq!(reasons, ["`A[0:5, 0:5]` and `A[0:5, 0:5]` may be the same elements"]);
    }
}
