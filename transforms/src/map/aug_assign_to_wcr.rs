//! Updates as conflict resolutions: `s = s + x` says that iterations depend on each other, `s += x` does not.
//!
//! ```text
//! before:  (s) ─ s ─▶ {out = in + x} ─ s ─▶ (s)
//! after:              {out = x} ─ s (wcr sum) ─▶ (s)
//! kept:    {out = in * 0.5 + x}                            not one operation on the old value
//! ```
//!
//! **Legal when** the tasklet combines the old value, which it does not use otherwise, with one operation that is
//! associative and commutative (up to rounding), and writes the same element. Whether it pays is another question: on its
//! own an update is faster than a conflict resolution, so this is done where a loop becomes a map by it.

use crate::surroundings::Surroundings;
use crate::{Refusal, Transformation};
use dacec_ir::{
    BinaryOp, DType, EdgeId, Name, Node, NodeId, ScalarExpr, State, Stmt, Tasklet, TaskletCode, UnaryOp, Wcr,
};

/// Turns updates of one element into writes with a conflict resolution; see the [module](self).
#[derive(Clone, Copy, Debug, Default)]
pub struct AugAssignToWcr;

/// An update; made only by [`AugAssignToWcr::find`].
#[derive(Clone, Debug)]
pub struct Update {
    pub(crate) tasklet: NodeId,
    /// The edge along which the old value comes.
    pub(crate) read: EdgeId,
    /// The edge along which the new value goes.
    pub(crate) write: EdgeId,
    pub(crate) wcr: Wcr,
    connector: Name,
    code: Stmt,
}

impl Transformation for AugAssignToWcr {
    type Place = State;
    type Match = Update;

    fn name(&self) -> &'static str {
        "AugAssignToWCR"
    }

    fn find(&self, _: &Surroundings<'_>, state: &State, site: NodeId) -> Result<Update, Refusal> {
        find_update(state, site)
    }

    fn apply(&self, around: &mut Surroundings<'_>, state: &mut State, found: Update) {
        apply_update(around, state, found);
    }
}

/// The update that a tasklet is.
pub(crate) fn find_update(state: &State, site: NodeId) -> Result<Update, Refusal> {
    let Node::Tasklet(tasklet) = state.node(site) else { return Err(Refusal::NoMatch("not a tasklet")) };
    let TaskletCode::Native(stmts) = &tasklet.code else {
        return Err(Refusal::NoMatch("a call of a routine"));
    };
    let [Stmt::Assign { target, value }] = &stmts[..] else {
        return Err(Refusal::NoMatch("not one assignment"));
    };
    let [out] = state.out_edges(site)[..] else { return Err(Refusal::NoMatch("several results")) };
    let Some(written) = out.memlet().filter(|memlet| memlet.wcr.is_none() && !memlet.dynamic) else {
        return Err(Refusal::NoMatch("not a plain write"));
    };
    if state.node(out.dst).as_access().is_none() || written.subset.as_element().is_none() {
        return Err(Refusal::NoMatch("not one element of a container"));
    }
    for edge in state.in_edges(site) {
        let (Some(memlet), Some(connector)) = (edge.memlet(), edge.dst_conn()) else { continue };
        let same = memlet.data == written.data && memlet.subset == written.subset;
        let source = state.node(edge.src).as_access().is_some() && state.in_degree(edge.src) == 0;
        if !same || !source {
            continue;
        }
        let dtype = tasklet.outputs.get(target).map(|it| it.dtype);
        if let Some((wcr, rest)) = dtype.and_then(|dtype| split(value, connector, dtype)) {
            let code = Stmt::assign(target, rest);
            let connector = connector.clone();
            return Ok(Update { tasklet: site, read: edge.id, write: out.id, wcr, connector, code });
        }
    }
    Err(Refusal::NoMatch("the old value is not combined with one operation"))
}

/// Replaces the update by a write with conflict resolution.
pub(crate) fn apply_update(around: &mut Surroundings<'_>, state: &mut State, found: Update) {
    let (source, _) = state.endpoints(found.read);
    state.remove_edge(found.read);
    if state.out_degree(source) == 0
        && let Some(Node::Access(data)) = state.remove_node(source)
    {
        around.uses.remove(&data);
    }
    if let Node::Tasklet(Tasklet { inputs, code, .. }) = state.node_mut(found.tasklet) {
        inputs.shift_remove(&found.connector);
        *code = TaskletCode::Native(vec![found.code]);
    }
    if let Some(memlet) = &mut state.edge_mut(found.write).memlet {
        memlet.wcr = Some(found.wcr);
    }
}

/// `value` as the old value combined with something that does not depend on it.
fn split(value: &ScalarExpr, old: &Name, dtype: DType) -> Option<(Wcr, ScalarExpr)> {
    let ScalarExpr::Binary(op, lhs, rhs) = value else { return None };
    let is_old = |expr: &ScalarExpr| matches!(expr, ScalarExpr::Name(name) if name == old);
    let free = |expr: &ScalarExpr| !expr.names().contains(old);
    if *op == BinaryOp::Sub && is_old(lhs) && free(rhs) {
        let negated = ScalarExpr::unary(UnaryOp::Neg, (**rhs).clone());
        return (dtype != DType::Bool).then_some((Wcr::Sum, negated));
    }
    let wcr = match op {
        BinaryOp::Add if dtype != DType::Bool => Wcr::Sum,
        BinaryOp::Mul if dtype != DType::Bool => Wcr::Product,
        BinaryOp::Min if !dtype.is_complex() => Wcr::Min,
        BinaryOp::Max if !dtype.is_complex() => Wcr::Max,
        BinaryOp::And => Wcr::LogicalAnd,
        BinaryOp::Or => Wcr::LogicalOr,
        BinaryOp::BitAnd => Wcr::BitAnd,
        BinaryOp::BitOr => Wcr::BitOr,
        BinaryOp::BitXor => Wcr::BitXor,
        _ => return None,
    };
    match (is_old(lhs) && free(rhs), is_old(rhs) && free(lhs)) {
        (true, _) => Some((wcr, (**rhs).clone())),
        (_, true) => Some((wcr, (**lhs).clone())),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::map::testing::{apply, refusals};
    use dacec_ir::builder::{Code, SdfgBuilder, name, value};
    use dacec_ir::{Expr, Sdfg};

    fn program(code: Code) -> Sdfg {
        let mut b = SdfgBuilder::new("p");
        b.array("A", DType::Float64, [Expr::int(4)]);
        b.state("s").tasklet("t", &[("old", "A", "1"), ("x", "A", "2")], code, ("A", "1"));
        b.build()
    }

    fn resolutions(sdfg: &Sdfg) -> usize {
        let edges = sdfg.body.states()[0].edges();
        edges.filter(|edge| edge.memlet().is_some_and(|memlet| memlet.wcr.is_some())).count()
    }

    #[test]
    fn updates_become_conflict_resolutions() {
        let codes = [
            name("old") + name("x"),
            name("x") * name("old"),
            name("old") - name("x") * value(3.0),
            name("old").op(BinaryOp::Max, name("x")),
        ];
        for code in codes {
            assert_eq!(resolutions(&apply(&AugAssignToWcr, &program(code.clone()), &[])), 1, "{code:?}");
        }
    }

    #[test]
    fn other_uses_of_the_old_value_stay() {
        let codes = [
            name("old") * value(0.5) + name("x"),
            name("old") + name("old"),
            name("x") - name("old"),
            name("old") / name("x"),
        ];
        for code in codes {
            assert!(refusals(&AugAssignToWcr, &program(code)).is_empty());
        }
    }
}
