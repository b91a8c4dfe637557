//! In-local storage: what an inner map reads of an array is copied to memory of its own first.
//!
//! ```text
//! before:  map i in 0:N { A[i, 0:8] ─▶ map j in 0:8 { … A[i, j] … } }
//! after:   map i in 0:N { A[i, 0:8] ─▶ (local: 8 elements) ─▶ map j in 0:8 { … local[j] … } }
//! kept:    map i in 0:N { A[i, 0:i] ─▶ map j in 0:i { … } }          the window's size depends on the parameter
//! ```
//!
//! It pays where the inner map reads elements several times, or in another order than they lie in memory; with
//! map tiling the window is a tile.
//!
//! **Legal when** the window is a box of a size that is known outside of the maps, and nothing writes the array between the
//! copy and its last read: the copy is where the inner map read the array before, and within a scope nobody writes what it
//! reads. Nobody inside depends on the array's strides, or describes a copy from its other end.

use crate::simplify::knows_layout;
use crate::surroundings::Surroundings;
use crate::{Refusal, Transformation};
use dacec_ir::{Array, Data, Edge, EdgeId, Expr, Memlet, Name, NodeId, State, Subset};

/// Copies the window that an inner map reads; see the [module](self).
#[derive(Clone, Copy, Debug, Default)]
pub struct InLocalStorage;

/// A window that can be copied; made only by [`InLocalStorage::find`].
#[derive(Clone, Debug)]
pub struct Window {
    edge: EdgeId,
    memlet: Memlet,
}

impl Transformation for InLocalStorage {
    type Place = State;
    type Match = Window;

    fn name(&self) -> &'static str {
        "InLocalStorage"
    }

    fn find(&self, around: &Surroundings<'_>, state: &State, site: NodeId) -> Result<Window, Refusal> {
        if state.node(site).as_map().is_none() {
            return Err(Refusal::NoMatch("not a map"));
        }
        let mut reason = Refusal::NoMatch("nothing comes from another map");
        for edge in state.in_edges(site) {
            let Some(memlet) = edge.memlet().filter(|_| state.node(edge.src).as_map().is_some()) else {
                continue;
            };
            let found =
                window(around, state, memlet).and_then(|()| check_readers(state, edge.id, &memlet.data));
            match found {
                Ok(()) => return Ok(Window { edge: edge.id, memlet: memlet.clone() }),
                Err(refusal) => reason = refusal,
            }
        }
        Err(reason)
    }

    fn apply(&self, around: &mut Surroundings<'_>, state: &mut State, found: Window) {
        let Memlet { data, subset, .. } = &found.memlet;
        let shape = subset.shape();
        let local = around.names.fresh(&format!("{data}_local"));
        let array = Array::transient(around.container(data).dtype(), shape.clone());
        around.sdfg.containers.insert(local.clone(), array.into());
        around.uses.add(&local);
        let node = state.add_access(&local);
        let (src, dst) = state.endpoints(found.edge);
        let old = state.edge(found.edge).clone();
        relocate(state, found.edge, (&local, subset));
        state.remove_edge(found.edge);
        let whole = Subset::full(&shape);
        let copy = Memlet { other_subset: Some(whole.clone()), ..Memlet::new(data, subset.clone()) };
        state.add_edge(src, node, Edge { src_conn: old.src_conn, dst_conn: None, memlet: Some(copy) });
        let read = Memlet::new(&local, whole);
        state.add_edge(node, dst, Edge { src_conn: None, dst_conn: old.dst_conn, memlet: Some(read) });
    }
}

fn window(around: &Surroundings<'_>, state: &State, memlet: &Memlet) -> Result<(), Refusal> {
    let Data::Array(_) = around.container(&memlet.data) else { return Err(Refusal::NoMatch("not an array")) };
    if memlet.dynamic || memlet.wcr.is_some() || !memlet.subset.dims.iter().all(|dim| dim.step.is_one()) {
        return Err(Refusal::unproved(format!("`{memlet}` is not known to be all that is read")));
    }
    if memlet.subset.as_element().is_some() {
        return Err(Refusal::NoMatch("one element"));
    }
    let params: Vec<&Name> =
        state.nodes().filter_map(|(_, node)| node.as_map()).flat_map(|map| &map.params).collect();
    let sizes = memlet.subset.shape();
    if let Some(size) = sizes.iter().find(|size| params.iter().any(|param| size.uses(param))) {
        return Err(Refusal::unproved(format!("the size {size} changes from iteration to iteration")));
    }
    match sizes.iter().find(|size| around.facts.prove_ge(size, &Expr::zero()) != Some(true)) {
        Some(size) => Err(Refusal::unproved(format!("the size {size} may be negative"))),
        None => Ok(()),
    }
}

/// What continues an edge in a map, and in those inside of it, can read something with other strides.
fn check_readers(state: &State, edge: EdgeId, data: &Name) -> Result<(), Refusal> {
    for inner in state.continuations(edge) {
        let (_, reader) = state.endpoints(inner);
        if knows_layout(state.node(reader)) {
            return Err(Refusal::node(reader, format!("depends on the strides of `{data}`")));
        }
        if state.edge(inner).memlet.as_ref().is_some_and(|memlet| memlet.data != *data) {
            return Err(Refusal::node(reader, "has a memlet that names the other end of a copy"));
        }
        check_readers(state, inner, data)?;
    }
    Ok(())
}

/// Makes what continues an edge in a map, and in those inside of it, read the window.
fn relocate(state: &mut State, edge: EdgeId, (local, window): (&Name, &Subset)) {
    for inner in state.continuations(edge) {
        relocate(state, inner, (local, window));
        if let Some(memlet) = &mut state.edge_mut(inner).memlet {
            let dims = memlet.subset.dims.iter().zip(&window.dims);
            let dims = dims.map(|(dim, origin)| dim.moved(&-&origin.start));
            memlet.subset = Subset::new(dims.collect::<Vec<_>>());
            memlet.data = local.clone();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::map::testing::{apply, nested_maps, refusals};

    #[test]
    fn a_row_is_copied_before_it_is_read() {
        let after = apply(&InLocalStorage, &nested_maps("0:N", true), &[("N", 3), ("M", 4)]);
        let local = after.containers.get("A_local").expect("the window has memory");
        assert_eq!(local.rank(), 2);
    }

    #[test]
    fn windows_that_change_their_size_stay() {
        let reasons = refusals(&InLocalStorage, &nested_maps("0:i + 1", false));
        assert_eq!(reasons, ["the size i + 1 changes from iteration to iteration"]);
        assert_eq!(refusals(&InLocalStorage, &nested_maps("0:M", false)), ["the size M may be negative"]);
    }
}
