//! Copies as maps: a copy that is a map fuses with the maps around it, and fits into the scope of another.
//!
//! ```text
//! before:  (A) ─ A[i, 0:M] -> [0:M] ─▶ (t)
//! after:   (A) ─▶ [map c in 0:M { t[c] = A[i, c] }] ─▶ (t)
//! kept:    (A) ─ A[0:4, 0:3] -> [0:3, 0:4] ─▶ (B)       same elements, another shape
//! ```
//!
//! **Legal when** both subsets have the same extents once dimensions of extent 1 are dropped, so that elements
//! correspond dimension by dimension, and the containers are different.

use super::paths;
use crate::surroundings::{Surroundings, facts_inside};
use crate::{Refusal, Transformation};
use dacec_ir::analysis::access::copy_subsets;
use dacec_ir::{
    Connector, EdgeId, Expr, Memlet, Name, Node, NodeId, Range, ScalarExpr, Schedule, State, Stmt, Subset,
    Tasklet, TaskletCode, propagate,
};

/// Replaces copies out of an access node by maps; see the [module](self).
#[derive(Clone, Copy, Debug, Default)]
pub struct CopyToMap;

/// A copy that can be a map; made only by [`CopyToMap::find`].
#[derive(Clone, Debug)]
pub struct Copy {
    edge: EdgeId,
    /// What one iteration reads and writes.
    elements: (Memlet, Memlet),
    dims: Vec<Range>,
    params: Vec<Name>,
}

impl Transformation for CopyToMap {
    type Place = State;
    type Match = Copy;

    fn name(&self) -> &'static str {
        "CopyToMap"
    }

    fn find(&self, around: &Surroundings<'_>, state: &State, site: NodeId) -> Result<Copy, Refusal> {
        let mut reason = Refusal::NoMatch("no copy starts here");
        for edge in state.out_edges(site) {
            match find_copy(around, state, edge.id) {
                Ok(found) => return Ok(found),
                Err(refusal) => reason = refusal,
            }
        }
        Err(reason)
    }

    fn apply(&self, around: &mut Surroundings<'_>, state: &mut State, found: Copy) {
        apply_copy(around, state, found);
    }
}

/// Proves that one edge is a copy that can be a map.
pub(crate) fn find_copy(around: &Surroundings<'_>, state: &State, edge: EdgeId) -> Result<Copy, Refusal> {
    let (src, dst) = state.endpoints(edge);
    let (Some(from), Some(to)) = (state.node(src).as_access(), state.node(dst).as_access()) else {
        return Err(Refusal::NoMatch("not a copy"));
    };
    let Some((read, written)) = copy_subsets(state, &around.sdfg.containers, edge) else {
        return Err(Refusal::NoMatch("nothing is copied"));
    };
    if from == to {
        return Err(Refusal::unproved(format!("`{from}` is copied to itself")));
    }
    let facts = facts_inside(state, src, &around.facts);
    let (shape, other) = (read.squeezed_shape(), written.squeezed_shape());
    let same = |(a, b): (&Expr, &Expr)| a == b || facts.prove_eq(a, b) == Some(true);
    if shape.len() != other.len() || !shape.iter().zip(&other).all(same) {
        return Err(Refusal::unproved(format!("`{from}{read}` and `{to}{written}` have different shapes")));
    }
    let params: Vec<Name> = (0..shape.len()).map(|at| Name::from(format!("copy{at}"))).collect();
    let at = Subset::element(params.iter().map(Expr::sym));
    let element = |data: &Name, subset: &Subset| {
        subset
            .compose_squeezed(&at)
            .map(|subset| Memlet::new(data, subset))
            .ok_or(Refusal::NoMatch("no copy"))
    };
    let wcr = state.edge(edge).memlet.as_ref().and_then(|memlet| memlet.wcr);
    let elements = (element(from, &read)?, Memlet { wcr, ..element(to, &written)? });
    Ok(Copy { edge, elements, dims: shape.iter().map(Range::full).collect(), params })
}

/// Replaces the copy; returns the first and the last new node.
pub(crate) fn apply_copy(around: &mut Surroundings<'_>, state: &mut State, found: Copy) -> (NodeId, NodeId) {
    let (src, dst) = state.endpoints(found.edge);
    state.remove_edge(found.edge);
    let (mut read, mut written) = found.elements;
    let params: Vec<Name> = found.params.iter().map(|param| around.names.fresh(param)).collect();
    let renaming = found.params.iter().cloned().zip(params.iter().map(Expr::sym)).collect();
    read.subset = read.subset.subs(&renaming);
    written.subset = written.subset.subs(&renaming);
    let tasklet = state.add_tasklet(copy_tasklet(around, &read.data));
    let (into, out) = ((tasklet, Some("value".into())), (tasklet, Some("out".into())));
    if params.is_empty() {
        paths::read(state, (src, None), &[], into, read);
        paths::write(state, out, &[], (dst, None), written);
        return (tasklet, tasklet);
    }
    let (entry, exit) = state.add_map("copy", params.into_iter().zip(found.dims), Schedule::Default);
    paths::read(state, (src, None), &[entry], into, read);
    paths::write(state, out, &[exit], (dst, None), written);
    let facts = facts_inside(state, entry, &around.facts);
    propagate::scope(state, entry, &around.sdfg.containers, &facts);
    (entry, exit)
}

fn copy_tasklet(around: &Surroundings<'_>, data: &Name) -> Tasklet {
    let connector = Connector::scalar(around.container(data).dtype());
    Tasklet {
        label: "copy".into(),
        inputs: [("value".into(), connector)].into_iter().collect(),
        outputs: [("out".into(), connector)].into_iter().collect(),
        code: TaskletCode::Native(vec![Stmt::assign("out", ScalarExpr::name("value"))]),
        span: around.sdfg.span,
    }
}

/// Whether a node is a container that is copied from or to.
pub(crate) fn is_copy(state: &State, edge: EdgeId) -> bool {
    let (src, dst) = state.endpoints(edge);
    matches!((state.node(src), state.node(dst)), (Node::Access(_), Node::Access(_)))
        && state.edge(edge).memlet.is_some()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::map::testing::{apply, maps, refusals};
    use dacec_ir::builder::SdfgBuilder;
    use dacec_ir::{DType, Sdfg};

    fn program(from: &str, to: &str) -> Sdfg {
        let mut b = SdfgBuilder::new("p");
        let shape = [Expr::int(6), Expr::int(6)];
        b.array("A", DType::Float64, shape.clone()).array("B", DType::Float64, shape);
        b.state("s").copy(("A", from), ("B", to));
        b.build()
    }

    #[test]
    fn copies_become_maps() {
        for (from, to) in [("0:6, 0:6", "0:6, 0:6"), ("5:1:-2, 3", "1, 0:4:2"), ("2, 3", "0, 0")] {
            let after = apply(&CopyToMap, &program(from, to), &[]);
            let edges = after.body.states()[0].edges();
            assert!(
                edges.into_iter().all(|edge| !is_copy(after.body.states()[0], edge.id)),
                "{from} -> {to}"
            );
        }
        assert_eq!(maps(&apply(&CopyToMap, &program("2, 3", "0, 0"), &[])).len(), 0);
    }

    #[test]
    fn another_shape_is_kept() {
        assert!(refusals(&CopyToMap, &program("0:2, 0:3", "0:3, 0:2"))[0].contains("have different shapes"));
    }
}
