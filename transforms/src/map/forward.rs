//! Passing a value through a scalar instead of through an element of an array.
//!
//! ```text
//! before:  {f} ─ t[i] ─▶ (t) ─ t[i] ─▶ {g}
//! after:   {f} ─▶ (t_value) ─▶ {g}
//!                     └─▶ {store} ─ t[i] ─▶ (t)
//! ```

use super::paths;
use crate::Refusal;
use crate::surroundings::Surroundings;
use dacec_ir::analysis::access::subset_at;
use dacec_ir::analysis::must_write;
use dacec_ir::{
    Connector, Edge, EdgeId, Memlet, Name, Node, NodeId, Scalar, ScalarExpr, State, Stmt, Subset, Tasklet,
    TaskletCode,
};

/// Whether everything that is read from an access node is the one element that was written to it just before.
pub(crate) fn is_one_element(
    around: &Surroundings<'_>,
    state: &State,
    access: NodeId,
) -> Result<(), Refusal> {
    let at = |edge: EdgeId, at_source: bool| subset_at(state, &around.sdfg.containers, edge, at_source);
    let [incoming] = state.in_edges(access)[..] else {
        return Err(Refusal::node(access, "is written several times"));
    };
    let written = at(incoming.id, false).filter(|subset| subset.as_element().is_some());
    let simple = incoming.memlet().is_some_and(|memlet| !memlet.dynamic) && !combines(state, incoming.id);
    // A nested SDFG need not write what it could.
    let certain = must_write(state, &around.sdfg.containers, incoming.id, &around.facts);
    let simple = simple && certain == written && state.node(incoming.src).as_access().is_none();
    let Some(written) = written.filter(|_| simple && !writes_in_place(state, incoming.id)) else {
        return Err(Refusal::node(access, "is not simply written with one element"));
    };
    for edge in state.out_edges(access) {
        if edge.memlet().is_none() || state.node(edge.dst).as_access().is_some() {
            return Err(Refusal::node(access, "is copied, or orders another node"));
        }
        if reads_in_place(state, edge.id) {
            return Err(Refusal::node(edge.dst, "writes what it reads in place"));
        }
        let read = at(edge.id, true).unwrap_or_default();
        if read != written {
            let data = edge.memlet().map(|memlet| memlet.data.clone()).unwrap_or_default();
            return Err(Refusal::SubsetsDiffer { data, first: written, second: read });
        }
    }
    Ok(())
}

/// Passes the element that is written to an access node to its readers through a scalar. Afterwards nobody reads from the
/// node; [`is_one_element`] holds before.
pub(crate) fn forward(around: &mut Surroundings<'_>, state: &mut State, access: NodeId) {
    let data = state.node(access).as_access().expect("an access node").clone();
    let dtype = around.container(&data).dtype();
    let scalar = around.names.fresh(&format!("{data}_value"));
    around.sdfg.containers.insert(scalar.clone(), Scalar::transient(dtype).into());
    around.uses.add(&scalar);
    let value = state.add_access(&scalar);
    for edge in state.out_edges(access).iter().map(|edge| edge.id).collect::<Vec<_>>() {
        rename_down(state, edge, &scalar);
        state.move_source(edge, value, None);
    }
    let written = state.in_edges(access)[0].id;
    let old = state.edge(written).clone();
    rename_up(state, written, &scalar);
    state.move_destination(written, value, None);
    store(around, state, value, (access, old));
}

/// Writes the scalar along the edge that wrote the element before.
pub(crate) fn store(
    around: &Surroundings<'_>,
    state: &mut State,
    value: NodeId,
    (target, old): (NodeId, Edge),
) {
    let scalar = state.node(value).as_access().expect("the scalar's access").clone();
    let connector = Connector::scalar(around.container(&scalar).dtype());
    let tasklet = state.add_tasklet(Tasklet {
        label: "store".into(),
        inputs: [("value".into(), connector)].into_iter().collect(),
        outputs: [("out".into(), connector)].into_iter().collect(),
        code: TaskletCode::Native(vec![Stmt::assign("out", ScalarExpr::name("value"))]),
        span: around.sdfg.span,
    });
    state.connect((value, None), (tasklet, Some("value")), Memlet::scalar(scalar));
    state.add_edge(tasklet, target, Edge { src_conn: Some("out".into()), ..old });
}

/// Whether an edge, or one that it continues, writes with a conflict resolution.
pub(crate) fn combines(state: &State, edge: EdgeId) -> bool {
    let (src, _) = state.endpoints(edge);
    state.edge(edge).memlet.as_ref().is_some_and(|memlet| memlet.wcr.is_some())
        || matches!(state.node(src), Node::MapExit { .. })
            && paths::origins(state, edge).into_iter().any(|inner| combines(state, inner))
}

/// Whether an edge, or one that it continues, is one side of a connector at which a call is given memory that it both reads
/// and writes: a scalar cannot take the place of that side alone.
pub(crate) fn writes_in_place(state: &State, edge: EdgeId) -> bool {
    let (src, _) = state.endpoints(edge);
    is_both(state, src, &state.edge(edge).src_conn)
        || matches!(state.node(src), Node::MapExit { .. })
            && paths::origins(state, edge).into_iter().any(|inner| writes_in_place(state, inner))
}

/// Whether an edge, or what continues it in nested scopes, is one side of such a connector.
pub(crate) fn reads_in_place(state: &State, edge: EdgeId) -> bool {
    let (_, dst) = state.endpoints(edge);
    is_both(state, dst, &state.edge(edge).dst_conn)
        || matches!(state.node(dst), Node::MapEntry(_))
            && state.continuations(edge).into_iter().any(|inner| reads_in_place(state, inner))
}

fn is_both(state: &State, node: NodeId, connector: &Option<Name>) -> bool {
    let Some(connector) = connector else { return false };
    match state.node(node) {
        Node::Nested(nested) => nested.inputs.contains(connector) && nested.outputs.contains(connector),
        Node::Tasklet(tasklet) => {
            tasklet.inputs.contains_key(connector) && tasklet.outputs.contains_key(connector)
        }
        _ => false,
    }
}

/// Makes an edge into a scope, and what continues it inside of nested scopes, read a scalar.
pub(crate) fn rename_down(state: &mut State, edge: EdgeId, scalar: &Name) {
    for inner in state.continuations(edge) {
        rename_down(state, inner, scalar);
    }
    make_scalar(state, edge, scalar);
}

/// Makes an edge out of nested scopes, and what it continues, write a scalar.
pub(crate) fn rename_up(state: &mut State, edge: EdgeId, scalar: &Name) {
    let (src, _) = state.endpoints(edge);
    if matches!(state.node(src), Node::MapExit { .. }) {
        for inner in paths::origins(state, edge) {
            rename_up(state, inner, scalar);
        }
    }
    make_scalar(state, edge, scalar);
}

fn make_scalar(state: &mut State, edge: EdgeId, scalar: &Name) {
    if let Some(memlet) = &mut state.edge_mut(edge).memlet {
        memlet.data = scalar.clone();
        memlet.subset = Subset::default();
    }
}
