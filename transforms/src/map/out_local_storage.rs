//! Out-local storage: what an inner map writes, or adds up, goes to memory of its own first.
//!
//! ```text
//! before:  map i in 0:N { map k in 0:8 { y[i] += A[i, k] } }
//! after:   map i in 0:N { local = 0   map k in 0:8 { local += A[i, k] }   y[i] += local }
//!
//! before:  map i in 0:N { map j in 0:8 { C[j, i] = … } }
//! after:   map i in 0:N { map j in 0:8 { local[j] = … }   C[0:8, i] = local }
//! kept:    map i in 0:N { map j in 0:8 { if …: C[j, i] = … } }       the copy would overwrite what is not written
//! ```
//!
//! What is combined stays in a register or in the first-level cache, and meets the results of other iterations once
//! instead of once for each value: also called an *accumulate transient*, or privatized accumulation.
//!
//! **Legal when** the window is a box of a size that is known outside of the maps, nothing else in the outer scope touches
//! the container, and the inner map writes all of the window for certain; or it combines, and it is known what combining
//! starts from, so that the values meet in another order only.

use super::map_reduce_fusion::initialize;
use crate::library::identity;
use crate::simplify::knows_layout;
use crate::surroundings::{Surroundings, facts_inside};
use crate::{Refusal, Transformation};
use dacec_ir::{
    Array, Constant, Data, Edge, EdgeId, Expr, Memlet, Name, Node, NodeId, Scalar, State, Subset, propagate,
};

/// Writes through memory of the outer iteration; see the [module](self).
#[derive(Clone, Copy, Debug, Default)]
pub struct OutLocalStorage;

/// A window that an inner map writes; made only by [`OutLocalStorage::find`].
#[derive(Clone, Debug)]
pub struct Written {
    inner: NodeId,
    edge: EdgeId,
    memlet: Memlet,
    /// What combining starts from, if the map combines.
    start: Option<Constant>,
}

impl Transformation for OutLocalStorage {
    type Place = State;
    type Match = Written;

    fn name(&self) -> &'static str {
        "OutLocalStorage"
    }

    fn find(&self, around: &Surroundings<'_>, state: &State, site: NodeId) -> Result<Written, Refusal> {
        let Node::MapEntry(map) = state.node(site) else { return Err(Refusal::NoMatch("not a map")) };
        let mut reason = Refusal::NoMatch("nothing goes to another map");
        for edge in state.out_edges(map.exit) {
            let to_map = matches!(state.node(edge.dst), Node::MapExit { .. });
            let Some(memlet) = edge.memlet().filter(|_| to_map) else { continue };
            match window(around, state, site, (edge.id, memlet)) {
                Ok(start) => {
                    return Ok(Written { inner: site, edge: edge.id, memlet: memlet.clone(), start });
                }
                Err(refusal) => reason = refusal,
            }
        }
        Err(reason)
    }

    fn apply(&self, around: &mut Surroundings<'_>, state: &mut State, found: Written) {
        let Memlet { data, subset, .. } = &found.memlet;
        let local = around.names.fresh(&format!("{data}_local"));
        let dtype = around.container(data).dtype();
        // One element is a scalar, which needs no memory.
        let one = subset.as_element().is_some();
        let shape = if one { Vec::new() } else { subset.shape() };
        let container: Data = match one {
            true => Scalar::transient(dtype).into(),
            false => Array::transient(dtype, shape.clone()).into(),
        };
        around.sdfg.containers.insert(local.clone(), container);
        let whole = Subset::full(&shape);
        let (src, dst) = state.endpoints(found.edge);
        let old = state.edge(found.edge).clone();
        relocate(state, found.edge, (&local, subset));
        state.remove_edge(found.edge);
        let node = state.add_access(&local);
        around.uses.add(&local);
        let write = Memlet { wcr: found.memlet.wcr, ..Memlet::new(&local, whole.clone()) };
        state.add_edge(src, node, Edge { src_conn: old.src_conn, dst_conn: None, memlet: Some(write) });
        let out = Memlet { other_subset: Some(whole.clone()), ..found.memlet.clone() };
        state.add_edge(node, dst, Edge { src_conn: None, dst_conn: old.dst_conn, memlet: Some(out) });
        if let Some(start) = &found.start {
            let (first, last) = initialize(around, state, &Memlet::new(&local, whole), start);
            around.uses.add(&local);
            if let Some(outer) = state.scope_of(found.inner) {
                state.order(outer, first);
            }
            state.order(last, found.inner);
        }
        let facts = facts_inside(state, found.inner, &around.facts);
        propagate::scope(state, found.inner, &around.sdfg.containers, &facts);
    }
}

/// Proves that a window can be written elsewhere first; what combining starts from, if there is combining.
fn window(
    around: &Surroundings<'_>,
    state: &State,
    inner: NodeId,
    (edge, memlet): (EdgeId, &Memlet),
) -> Result<Option<Constant>, Refusal> {
    let (Data::Array(_) | Data::Scalar(_)) = around.container(&memlet.data) else {
        return Err(Refusal::NoMatch("not an array"));
    };
    let unknown = || Refusal::unproved(format!("`{memlet}` is not known to be all that is written"));
    if memlet.dynamic && memlet.wcr.is_none() || !memlet.subset.dims.iter().all(|dim| dim.step.is_one()) {
        return Err(unknown());
    }
    let all: Vec<&Name> =
        state.nodes().filter_map(|(_, node)| node.as_map()).flat_map(|map| &map.params).collect();
    let sizes = memlet.subset.shape();
    if let Some(size) = sizes.iter().find(|size| all.iter().any(|param| size.uses(param))) {
        return Err(Refusal::unproved(format!("the size {size} changes from iteration to iteration")));
    }
    if let Some(size) = sizes.iter().find(|it| around.facts.prove_ge(it, &Expr::zero()) != Some(true)) {
        return Err(Refusal::unproved(format!("the size {size} may be negative")));
    }
    alone(state, inner, &memlet.data)?;
    let writes = leaves(state, edge);
    let writers = || writes.iter().map(|&it| state.endpoints(it).0);
    if let Some(node) = writers().find(|&it| !matches!(state.node(it), Node::Tasklet(_))) {
        return Err(Refusal::node(node, "writes more than one element at once"));
    }
    if let Some(node) = writers().find(|&it| knows_layout(state.node(it))) {
        return Err(Refusal::node(node, format!("depends on the strides of `{}`", memlet.data)));
    }
    // The window is in terms of what is known in the outer map; what is inside is made relative to it.
    let wcrs: Vec<_> = writes.iter().filter_map(|&it| state.edge(it).memlet.as_ref()?.wcr).collect();
    match memlet.wcr {
        Some(wcr) => {
            if wcrs.len() != writes.len() || wcrs.iter().any(|it| *it != wcr) {
                return Err(unknown());
            }
            let dtype = around.container(&memlet.data).dtype();
            identity(wcr, dtype).map(Some).ok_or_else(|| {
                Refusal::unproved(format!("it is not known what combining by `{wcr}` starts from"))
            })
        }
        None => {
            let facts = facts_inside(state, inner, &around.facts);
            let certain = dacec_ir::analysis::must_write(state, &around.sdfg.containers, edge, &facts);
            if !wcrs.is_empty() || certain.as_ref() != Some(&memlet.subset) {
                return Err(unknown());
            }
            if memlet.subset.as_element().is_some() {
                return Err(Refusal::NoMatch("one element"));
            }
            Ok(None)
        }
    }
}

/// The edges inside of maps that an edge out of one continues, down to computations.
fn leaves(state: &State, edge: EdgeId) -> Vec<EdgeId> {
    let (src, _) = state.endpoints(edge);
    match state.node(src) {
        Node::MapExit { .. } => {
            super::paths::origins(state, edge).into_iter().flat_map(|inner| leaves(state, inner)).collect()
        }
        _ => vec![edge],
    }
}

/// Refuses other accesses of the container in the outer scope: what they read would be older, or overwritten later.
fn alone(state: &State, inner: NodeId, data: &Name) -> Result<(), Refusal> {
    let Some(outer) = state.scope_of(inner) else {
        return Err(Refusal::NoMatch("not inside of another map"));
    };
    let exit = super::paths::exit_of(state, outer);
    let touches = |node: NodeId| {
        let edges = state.in_edges(node).into_iter().chain(state.out_edges(node));
        edges.filter(|edge| edge.memlet().is_some_and(|memlet| memlet.data == *data)).count()
    };
    let reads = state.out_edges(outer).into_iter().filter_map(|edge| edge.memlet());
    let into_exit = state.in_edges(exit).into_iter().filter_map(|edge| edge.memlet());
    let named = |memlet: &&Memlet| memlet.data == *data;
    let accesses = state.accesses(data);
    let inside = state.scope_nodes(outer);
    if reads.filter(named).count() > 0
        || into_exit.filter(named).count() != 1
        || accesses.iter().any(|access| inside.contains(access) && touches(*access) > 0)
    {
        return Err(Refusal::unproved(format!("`{data}` is used by something else in the outer map")));
    }
    Ok(())
}

/// Makes what an edge out of a map continues write to the window's own memory.
fn relocate(state: &mut State, edge: EdgeId, (local, window): (&Name, &Subset)) {
    for inner in super::paths::origins(state, edge) {
        let (src, _) = state.endpoints(inner);
        if matches!(state.node(src), Node::MapExit { .. }) {
            relocate(state, inner, (local, window));
        }
        if let Some(memlet) = &mut state.edge_mut(inner).memlet {
            memlet.data = local.clone();
            let dims = memlet.subset.dims.iter().zip(&window.dims);
            let dims = dims.map(|(dim, origin)| dim.moved(&-&origin.start));
            let scalar = window.as_element().is_some();
            memlet.subset = if scalar { Subset::default() } else { Subset::new(dims.collect::<Vec<_>>()) };
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::map::MapExpansion;
    use crate::map::testing::{apply, refusals};
    use dacec_ir::builder::{SdfgBuilder, name};
    use dacec_ir::{DType, Sdfg, Wcr};

    fn nested(subset: &str, wcr: Option<Wcr>) -> Sdfg {
        let mut b = SdfgBuilder::new("p");
        for array in ["A", "C"] {
            b.array(array, DType::Float64, [Expr::int(6), Expr::int(8)]);
        }
        b.array("y", DType::Float64, [Expr::int(8)]);
        let (dims, inputs) = ([("i", "0:6"), ("j", "0:8")], [("a", "A", "i, j")]);
        let mut s = b.state("s");
        match wcr {
            Some(wcr) => s.reduction("m", &dims, &inputs, name("a"), ("y", subset), wcr),
            None => s.map("m", &dims, &inputs, name("a"), ("C", subset)),
        };
        apply(&MapExpansion, &b.build(), &[])
    }

    #[test]
    fn sums_of_an_iteration_meet_the_others_once() {
        let after = apply(&OutLocalStorage, &nested("i", Some(Wcr::Sum)), &[]);
        let local = after.containers.get("y_local").expect("the sum has memory");
        assert_eq!(local.rank(), 0);
        // All of `y` is updated by every iteration.
        let after = apply(&OutLocalStorage, &nested("j", Some(Wcr::Max)), &[]);
        assert_eq!(after.containers.get("y_local").map(Data::rank), Some(1));
    }

    #[test]
    fn a_row_is_written_before_it_is_copied() {
        let after = apply(&OutLocalStorage, &nested("i, j", None), &[]);
        assert_eq!(after.containers.get("C_local").map(Data::rank), Some(2));
    }

    #[test]
    fn parts_of_a_window_are_kept() {
        let reasons = refusals(&OutLocalStorage, &nested("i, (j + i) % 8", None));
        assert_eq!(reasons.len(), 1, "{reasons:?}");
    }
}
