//! Aliases: a transient that stands for a window of another container, and what replaces it by that window.
//!
//! ```text
//! t[0:M] stands for A[k, 2:2*M + 2:2]        t[i] becomes A[k, 2*i + 2],   t[1:M] becomes A[k, 4:2*M + 2:2]
//! ```
//!
//! Both directions of copy elimination ([`redundant_array`](super::redundant_array),
//! [`redundant_second_array`](super::redundant_second_array)) and the in-place computation of results are such a
//! replacement; they differ in what has to be proved before.

use super::in_place::memlet_edges;
use crate::{Refusal, Uses};
use dacec_ir::analysis::subset_at;
use dacec_ir::symbolic::Facts;
use dacec_ir::{
    BinaryOp, Data, EdgeId, Expr, IndexMap, Memlet, Name, Node, NodeId, Range, ScalarExpr, State, Subset,
    TaskletCode,
};

/// A transient and the window of another container that it stands for.
#[derive(Clone, Debug)]
pub(crate) struct Alias {
    /// The transient.
    pub(crate) data: Name,
    /// The container that takes its place.
    pub(crate) target: Name,
    /// The elements of the target that are the transient's, in its order.
    pub(crate) window: Subset,
    /// For each dimension of the target, the transient's dimension that runs over it; `None` where the window is one
    /// index.
    dims: Vec<Option<usize>>,
    /// Whether neighbours in the transient are as far apart as in the window.
    keeps_layout: bool,
}

impl Alias {
    /// Matches the dimensions of a transient with those of a window that has as many elements.
    pub(crate) fn new(
        (data, inner): (&Name, &Data),
        (target, outer): (&Name, &Data),
        window: Subset,
        facts: &Facts,
    ) -> Result<Self, Refusal> {
        if inner.dtype() != outer.dtype() {
            return Err(Refusal::unproved(format!("`{data}` and `{target}` have different types")));
        }
        let mismatch =
            || Refusal::unproved(format!("`{data}` does not have the shape of `{target}{window}`"));
        let mut free =
            inner.shape().iter().enumerate().filter(|(_, extent)| !extent.is_one()).map(|(dim, _)| dim);
        let mut dims = Vec::with_capacity(window.rank());
        for range in &window.dims {
            if range.as_index().is_some() {
                dims.push(None);
                continue;
            }
            let dim = free.next().ok_or_else(mismatch)?;
            let (length, extent) = (range.len(), &inner.shape()[dim]);
            if length != *extent && facts.prove_eq(&length, extent) != Some(true) {
                return Err(mismatch());
            }
            dims.push(Some(dim));
        }
        if free.next().is_some() || window.rank() != outer.rank() {
            return Err(mismatch());
        }
        let keeps_layout = dims.iter().enumerate().all(|(at, dim)| {
            dim.is_none_or(|dim| &outer.strides()[at] * &window.dims[at].step == inner.strides()[dim])
        });
        Ok(Alias { data: data.clone(), target: target.clone(), window, dims, keeps_layout })
    }

    /// The elements of the target that a subset of the transient stands for.
    pub(crate) fn translate(&self, subset: &Subset) -> Subset {
        let dims = self.window.dims.iter().zip(&self.dims).map(|(outer, dim)| match dim {
            Some(dim) => outer.compose(&subset.dims[*dim]),
            None => Range::index(outer.start.clone()),
        });
        Subset { dims: dims.collect() }
    }

    /// The read that takes the place of one on control flow, if that is one of the transient.
    pub(crate) fn translate_read(&self, read: &ScalarExpr) -> Option<ScalarExpr> {
        let positions = match read {
            ScalarExpr::Name(name) if *name == self.data => &[],
            ScalarExpr::Load { name, indices } if *name == self.data => indices.as_slice(),
            _ => return None,
        };
        if self.window.dims.is_empty() {
            return Some(ScalarExpr::Name(self.target.clone()));
        }
        let dims = self.window.dims.iter().zip(&self.dims);
        let indices = dims.map(|(outer, dim)| match dim {
            Some(dim) => affine(&outer.start, &outer.step, &positions[*dim]),
            None => ScalarExpr::Symbolic(outer.start.clone()),
        });
        Some(ScalarExpr::Load { name: self.target.clone(), indices: indices.collect() })
    }

    /// Refuses edges inside of maps that are described from their other end only.
    pub(crate) fn check_memlets(&self, state: &State, nodes: &[NodeId]) -> Result<(), Refusal> {
        for edge in memlet_edges(state, nodes) {
            let (src, dst) = state.endpoints(edge);
            let is_here = [src, dst].iter().any(|&id| state.node(id).as_access() == Some(&self.data));
            let is_other = state.edge(edge).memlet.as_ref().is_some_and(|memlet| memlet.data != self.data);
            if is_other && !is_here {
                return Err(Refusal::node(src, "has a memlet that names the other end of a copy"));
            }
        }
        Ok(())
    }

    /// Refuses parameters of maps that are named like a symbol of the window and would capture it. `nodes` are the
    /// transient's in the state.
    pub(crate) fn check_names(&self, state: &State, nodes: &[NodeId]) -> Result<(), Refusal> {
        let symbols = self.window.symbols();
        for id in self.touched(state, nodes) {
            let entry = match state.node(id) {
                Node::MapExit { entry } => *entry,
                _ => id,
            };
            if let Node::MapEntry(map) = state.node(entry)
                && map.params.iter().any(|param| symbols.contains(param))
            {
                return Err(Refusal::node(id, "has a parameter that is named like a symbol of the window"));
            }
        }
        Ok(())
    }

    /// Refuses nodes that depend on the transient's strides, if the window has others, and operations that would take the
    /// window for another operand: with a number of dimensions, a row of a matrix is no vector.
    pub(crate) fn check_layout(&self, state: &State, nodes: &[NodeId]) -> Result<(), Refusal> {
        for id in memlet_edges(state, nodes) {
            let (edge, (src, dst)) = (state.edge(id), state.endpoints(id));
            for (node, connector) in [(src, &edge.src_conn), (dst, &edge.dst_conn)] {
                let (Node::Library(it), Some(connector)) = (state.node(node), connector) else { continue };
                let Some(memlet) = edge.memlet.as_ref().filter(|memlet| memlet.data == self.data) else {
                    continue;
                };
                let rank = it.op.operand_rank(connector);
                let shape = |subset: &Subset| rank.map(|rank| subset.operand_shape(Some(rank)));
                if shape(&memlet.subset) != shape(&self.translate(&memlet.subset)) {
                    return Err(Refusal::node(node, "would take the window for an operand of another shape"));
                }
            }
        }
        if self.keeps_layout {
            return Ok(());
        }
        match self.touched(state, nodes).into_iter().find(|&id| knows_layout(state.node(id))) {
            Some(id) => Err(Refusal::node(id, "depends on the strides of what it is given")),
            None => Ok(()),
        }
    }

    /// Nodes that the transient's memlets lead through or to.
    fn touched(&self, state: &State, nodes: &[NodeId]) -> Vec<NodeId> {
        let edges = memlet_edges(state, nodes).into_iter();
        edges.map(|edge| state.endpoints(edge)).flat_map(|(src, dst)| [src, dst]).collect()
    }

    /// Replaces the transient at all its `nodes` in a state; copies between the two containers are gone before.
    pub(crate) fn replace(
        &self,
        state: &mut State,
        containers: &IndexMap<Name, Data>,
        nodes: &[NodeId],
        uses: &mut Uses,
    ) {
        let edges = memlet_edges(state, nodes).into_iter();
        let rewritten: Vec<(EdgeId, Memlet)> =
            edges.filter_map(|id| Some((id, self.translate_edge(state, containers, id)?))).collect();
        for (id, memlet) in rewritten {
            state.edge_mut(id).memlet = Some(memlet);
        }
        for &id in nodes {
            *state.node_mut(id) = Node::Access(self.target.clone());
            uses.remove(&self.data);
            uses.add(&self.target);
        }
    }

    /// What an edge carries after the replacement, if that is something else.
    fn translate_edge(&self, state: &State, containers: &IndexMap<Name, Data>, id: EdgeId) -> Option<Memlet> {
        let memlet = state.edge(id).memlet.as_ref()?;
        if memlet.data == self.data {
            let subset = self.translate(&memlet.subset);
            return Some(Memlet { data: self.target.clone(), subset, ..memlet.clone() });
        }
        // A copy that is described from its other end.
        let (src, dst) = state.endpoints(id);
        let at_source = state.node(src).as_access() == Some(&self.data);
        if !at_source && state.node(dst).as_access() != Some(&self.data) {
            return None;
        }
        let subset = self.translate(&subset_at(state, containers, id, at_source)?);
        Some(Memlet { other_subset: Some(subset), ..memlet.clone() })
    }
}

/// Whether a node uses strides other than those of the containers around it: a nested SDFG has its own descriptors, and
/// a call was given strides when it was made.
pub(crate) fn knows_layout(node: &Node) -> bool {
    match node {
        Node::Nested(_) => true,
        Node::Tasklet(tasklet) => matches!(tasklet.code, TaskletCode::External(_)),
        _ => false,
    }
}

/// `start + step * position`
fn affine(start: &Expr, step: &Expr, position: &ScalarExpr) -> ScalarExpr {
    if let Some(position) = position.to_symbolic() {
        return ScalarExpr::Symbolic(start + step * position);
    }
    let scaled = match step.is_one() {
        true => position.clone(),
        false => ScalarExpr::binary(BinaryOp::Mul, ScalarExpr::Symbolic(step.clone()), position.clone()),
    };
    match start.is_zero() {
        true => scaled,
        false => ScalarExpr::binary(BinaryOp::Add, ScalarExpr::Symbolic(start.clone()), scaled),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use dacec_ir::{Array, DType, Expr, Scalar};

    fn subset(text: &str) -> Subset {
        Subset::parse(text).expect("a subset")
    }

    fn alias(shape: &[Expr], window: &str) -> Result<Alias, Refusal> {
        let n = Expr::sym("N");
        let outer = Array::new(DType::Float64, [n.clone(), n]).into();
        let inner = match shape {
            [] => Scalar::transient(DType::Float64).into(),
            shape => Array::transient(DType::Float64, shape).into(),
        };
        Alias::new((&"t".into(), &inner), (&"A".into(), &outer), subset(window), &Facts::new())
    }

    #[test]
    fn positions_become_elements_of_the_window() {
        let (n, one) = (Expr::sym("N"), Expr::one());
        let row = alias(&[&n - 2], "k, 1:N - 1").expect("a row");
        assert_eq!(row.translate(&subset("i")), subset("k, i + 1"));
        assert_eq!(row.translate(&subset("0:N - 2")), subset("k, 1:N - 1"));
        let column = alias(&[n.clone(), one.clone()], "0:N, k").expect("a column");
        assert_eq!(column.translate(&subset("i, 0")), subset("i, k"));
        let strided = alias(&[Expr::int(4)], "k, 1:9:2").expect("every second element");
        assert_eq!(strided.translate(&subset("i")), subset("k, 2*i + 1"));
        let element = alias(&[], "k, 3").expect("an element");
        assert_eq!(element.translate(&Subset::default()), subset("k, 3"));
    }

    #[test]
    fn shapes_have_to_be_the_same() {
        let n = Expr::sym("N");
        assert!(alias(std::slice::from_ref(&n), "k, 1:N").is_err(), "one element less");
        assert!(alias(&[&n * &n], "0:N, 0:N").is_err(), "the same number in another shape");
        assert!(alias(&[n.clone(), n], "0:N, 3").is_err(), "a dimension more");
    }
}
