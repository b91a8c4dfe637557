//! Scalar-to-symbol promotion: an integer that decides what is accessed or executed becomes a symbol.
//!
//! Front ends compute every integer in a tasklet. As a symbol its value can be propagated, and the subsets and loop bounds
//! that it ends up in can be reasoned about.
//!
//! ```text
//! before:  state s { { out = N // 2 } ─▶ (k) }    while k > 1: …    state t { (A) ─▶ { B[0] = a[k] } ◀─ (k) }
//! after:   k = N // 2                             while k > 1: …    state t { (A) ─▶ { B[0] = a[k] } }   k is a symbol
//! kept:    state s { { out = x > 0.5 } ─▶ (k) } where it is no int64;  (k) ─▶ [call]
//! ```
//!
//! **Legal when** the scalar is an internal `int64`, every write is by a one-statement tasklet that is alone in its state
//! and reads at most values that can be read on control flow, and every read is on control flow or by a tasklet.
//! **Wanted when** it is read in a condition, an index or an assigned value. **Cost**: one walk to find the candidates,
//! one to replace them.

use crate::pass::{Changed, Context, Pass};
use dacec_ir::{
    Assignment, Block, DType, Data, Expr, IndexMap, IndexSet, Lifetime, Name, Node, NodeId, ScalarExpr, Sdfg,
    State, Stmt, Tasklet, TaskletCode,
};

/// See the [module](self).
#[derive(Clone, Copy, Debug, Default)]
pub struct ScalarToSymbolPromotion;

impl Pass for ScalarToSymbolPromotion {
    fn name(&self) -> &'static str {
        "scalar-to-symbol-promotion"
    }

    fn summary(&self) -> &'static str {
        "makes symbols of integers that decide what is accessed or executed"
    }

    fn run(&self, sdfg: &mut Sdfg, context: &mut Context) -> Changed {
        let mut promoted = candidates(sdfg);
        promoted.retain(|_| context.permit("ScalarToSymbolPromotion"));
        if promoted.is_empty() {
            return Changed::No;
        }
        promote(sdfg, &promoted);
        promoted.iter().for_each(|_| context.applied("ScalarToSymbolPromotion"));
        Changed::Yes
    }
}

/// Scalars that can be promoted and are worth it.
fn candidates(sdfg: &Sdfg) -> IndexSet<Name> {
    let internal = |data: &Data| {
        matches!(data, Data::Scalar(_))
            && data.is_transient()
            && data.dtype() == DType::Int64
            && data.lifetime() != Lifetime::Persistent
    };
    let mut possible: IndexSet<Name> =
        sdfg.containers.iter().filter(|(_, data)| internal(data)).map(|(name, _)| name.clone()).collect();
    let (mut wanted, mut written) = (IndexSet::default(), IndexSet::default());
    sdfg.body.visit(&mut |block| {
        for scalar in block.scalars() {
            wanted.extend(scalar.names());
        }
        if let Block::State(state) = block {
            look_at(state, &mut possible, &mut wanted, &mut written);
        }
    });
    possible.retain(|name| wanted.contains(name) && written.contains(name));
    possible
}

/// Takes scalars out of the possible ones that the state uses in another way, and notes which it wants as symbols.
fn look_at(
    state: &State,
    possible: &mut IndexSet<Name>,
    wanted: &mut IndexSet<Name>,
    written: &mut IndexSet<Name>,
) {
    if possible.is_empty() {
        return;
    }
    let params: IndexSet<&Name> =
        state.nodes().filter_map(|(_, node)| node.as_map()).flat_map(|map| &map.params).collect();
    for (id, node) in state.nodes() {
        let Node::Access(data) = node else { continue };
        if !possible.contains(data) {
            continue;
        }
        if state.in_degree(id) > 0 {
            match assigned_value(state, id) {
                Some(_) => drop(written.insert(data.clone())),
                None => drop(possible.shift_remove(data)),
            }
            continue;
        }
        match readers(state, id) {
            Some(readers) if !params.contains(data) => {
                if readers.iter().any(|(tasklet, conn)| is_index(state, *tasklet, conn)) {
                    wanted.insert(data.clone());
                }
            }
            _ => drop(possible.shift_remove(data)),
        }
    }
}

/// What a state that does nothing else gives to the scalar at an access node, in terms of containers and symbols.
fn assigned_value(state: &State, target: NodeId) -> Option<ScalarExpr> {
    let edges = state.in_edges(target);
    let [write] = edges[..] else { return None };
    let memlet = write.memlet()?;
    let Node::Tasklet(Tasklet { inputs, outputs, code: TaskletCode::Native(stmts), .. }) =
        state.node(write.src)
    else {
        return None;
    };
    let [Stmt::Assign { target: conn, value }] = stmts.as_slice() else { return None };
    let alone = state.num_nodes() == state.in_degree(write.src) + 2
        && state.out_degree(write.src) == 1
        && state.out_degree(target) == 0
        && outputs.len() == 1
        && write.src_conn() == Some(conn)
        && memlet.wcr.is_none()
        && !memlet.dynamic;
    if !alone || inputs.values().any(|connector| connector.rank > 0) {
        return None;
    }
    let mut reads: IndexMap<Name, ScalarExpr> = IndexMap::default();
    for edge in state.in_edges(write.src) {
        let memlet = edge.memlet()?;
        state.node(edge.src).as_access()?;
        let element = memlet.subset.as_element()?;
        let read = if element.is_empty() {
            ScalarExpr::Name(memlet.data.clone())
        } else {
            let indices = element.into_iter().map(ScalarExpr::Symbolic).collect();
            ScalarExpr::Load { name: memlet.data.clone(), indices }
        };
        reads.insert(edge.dst_conn()?.clone(), read);
    }
    replaced(value, &reads)
}

/// The expression with every name replaced at once; `None` if one has no replacement.
fn replaced(value: &ScalarExpr, reads: &IndexMap<Name, ScalarExpr>) -> Option<ScalarExpr> {
    match value {
        ScalarExpr::Name(name) => reads.get(name).cloned(),
        ScalarExpr::Load { .. } => None,
        _ => {
            let mut value = value.clone();
            for child in value.children_mut() {
                *child = replaced(child, reads)?;
            }
            Some(value)
        }
    }
}

/// The connectors of tasklets that read an access node, through maps too; `None` if anything else does.
fn readers(state: &State, node: NodeId) -> Option<Vec<(NodeId, Name)>> {
    let mut found = Vec::new();
    let mut edges: Vec<_> = state.out_edges(node).iter().map(|edge| edge.id).collect();
    while let Some(id) = edges.pop() {
        state.edge(id).memlet.as_ref()?;
        let (_, dst) = state.endpoints(id);
        match state.node(dst) {
            Node::MapEntry(_) => edges.extend(state.continuations(id)),
            Node::Tasklet(tasklet) if matches!(tasklet.code, TaskletCode::Native(_)) => {
                found.push((dst, state.edge(id).dst_conn.clone()?));
            }
            _ => return None,
        }
    }
    Some(found)
}

/// Whether a tasklet uses a connector in an index.
fn is_index(state: &State, tasklet: NodeId, conn: &Name) -> bool {
    let Some(Tasklet { code: TaskletCode::Native(stmts), .. }) = state.node(tasklet).as_tasklet() else {
        return false;
    };
    let mut found = false;
    for stmt in stmts {
        if let Stmt::Store { indices, .. } = stmt {
            found |= indices.iter().any(|index| index.names().contains(conn));
        }
        stmt.visit_exprs(&mut |expr| {
            expr.visit(&mut |part| {
                if let ScalarExpr::Load { indices, .. } = part {
                    found |= indices.iter().any(|index| index.names().contains(conn));
                }
            });
        });
    }
    found
}

fn promote(sdfg: &mut Sdfg, promoted: &IndexSet<Name>) {
    sdfg.body.visit_mut(&mut |block| {
        if let Block::State(state) = block {
            match assignment(state, promoted) {
                Some(assignment) => *block = Block::Assign(vec![assignment]),
                None => promote_reads(state, promoted),
            }
        }
        for scalar in block.scalars_mut() {
            scalar.visit_mut(&mut |expr| {
                if let ScalarExpr::Name(name) = expr
                    && promoted.contains(name)
                {
                    *expr = ScalarExpr::Symbolic(Expr::sym(&*name));
                }
            });
            fold(scalar);
        }
    });
    for name in promoted {
        sdfg.containers.shift_remove(name);
        sdfg.symbols.insert(name.clone(), DType::Int64);
    }
}

/// Makes one symbolic expression of what can be one.
pub(super) fn fold(scalar: &mut ScalarExpr) {
    scalar.visit_mut(&mut |expr| {
        let is_integer = !matches!(expr, ScalarExpr::Symbolic(_) | ScalarExpr::Constant(_))
            && matches!(expr.dtype(&|_| None), Ok(DType::Int64));
        if is_integer && let Some(value) = expr.to_symbolic() {
            *expr = ScalarExpr::Symbolic(value);
        }
    });
}

/// The assignment that takes the place of a state, if all it does is to write a promoted scalar.
fn assignment(state: &State, promoted: &IndexSet<Name>) -> Option<Assignment> {
    state.nodes().find_map(|(id, node)| {
        let symbol = node.as_access().filter(|data| promoted.contains(*data) && state.in_degree(id) > 0)?;
        Some(Assignment { symbol: symbol.clone(), value: assigned_value(state, id)? })
    })
}

/// Replaces the promoted scalars that tasklets read by symbols in their bodies.
fn promote_reads(state: &mut State, promoted: &IndexSet<Name>) {
    let nodes: Vec<(NodeId, Name)> = state
        .nodes()
        .filter_map(|(id, node)| {
            Some((id, node.as_access().filter(|data| promoted.contains(*data))?.clone()))
        })
        .collect();
    for (node, symbol) in nodes {
        for (tasklet, conn) in readers(state, node).unwrap_or_default() {
            if let Node::Tasklet(it) = state.node_mut(tasklet) {
                it.inputs.shift_remove(&conn);
                if let TaskletCode::Native(stmts) = &mut it.code {
                    stmts.iter_mut().for_each(|stmt| replace_name(stmt, &conn, &symbol));
                }
            }
        }
        for edge in state.out_edges(node).iter().map(|edge| edge.id).collect::<Vec<_>>() {
            remove_read(state, edge);
        }
        state.remove_node(node);
    }
}

fn replace_name(stmt: &mut Stmt, conn: &Name, symbol: &Name) {
    stmt.visit_exprs_mut(&mut |expr| {
        expr.visit_mut(&mut |part| {
            if matches!(part, ScalarExpr::Name(name) if name == conn) {
                *part = ScalarExpr::Symbolic(Expr::sym(symbol));
            }
        });
        fold(expr);
    });
}

/// Removes an edge and all that continue it into maps; what loses its last input stays in its scope.
fn remove_read(state: &mut State, edge: dacec_ir::EdgeId) {
    for inner in state.continuations(edge) {
        remove_read(state, inner);
    }
    let (src, dst) = state.endpoints(edge);
    state.remove_edge(edge);
    if matches!(state.node(src), Node::MapEntry(_)) && state.in_degree(dst) == 0 {
        state.order(src, dst);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::simplify::testing::{run, state_labels};
    use dacec_ir::builder::{SdfgBuilder, name};
    use dacec_ir::{BinaryOp, Connector, Memlet, Subset};

    fn program(dtype: DType, fill: impl FnOnce(&mut SdfgBuilder)) -> Sdfg {
        let n = Expr::sym("N");
        let mut b = SdfgBuilder::new("p");
        b.array("A", DType::Float64, [n.clone()]).array("I", DType::Int64, [n]);
        b.local("k", dtype);
        fill(&mut b);
        b.build()
    }

    fn half() -> ScalarExpr {
        ScalarExpr::binary(BinaryOp::FloorDiv, Expr::sym("N").into(), ScalarExpr::int(2))
    }

    fn is_large() -> ScalarExpr {
        ScalarExpr::binary(BinaryOp::Gt, ScalarExpr::name("k"), ScalarExpr::int(2))
    }

    fn set(b: &mut SdfgBuilder) {
        b.state("set").tasklet("one", &[], ScalarExpr::float(1.0), ("A", "0"));
    }

    #[test]
    fn a_condition_is_about_a_symbol() {
        let mut sdfg = program(DType::Int64, |b| {
            b.state("half").tasklet("half", &[], half(), ("k", ""));
            b.conditional(is_large(), set, |_| {});
        });
        assert!(run(&ScalarToSymbolPromotion, &mut sdfg).any());
        assert_eq!(state_labels(&sdfg), ["set"]);
        let value = ScalarExpr::Symbolic(Expr::sym("N").floor_div(&Expr::int(2)));
        assert_eq!(sdfg.body.blocks[0], Block::Assign(vec![Assignment { symbol: "k".into(), value }]));
        let Block::Conditional(conditional) = &sdfg.body.blocks[1] else { panic!("a conditional") };
        let condition = conditional.branches[0].condition.as_ref().expect("a condition");
        assert_eq!(condition.to_symbolic(), Some(Expr::sym("k").gt(&Expr::int(2))));
    }

    #[test]
    fn an_element_of_an_array_can_be_assigned() {
        let mut sdfg = program(DType::Int64, |b| {
            b.state("get").tasklet("get", &[("x", "I", "3")], name("x"), ("k", ""));
            b.conditional(is_large(), set, |_| {});
        });
        assert!(run(&ScalarToSymbolPromotion, &mut sdfg).any());
        let Block::Assign(assignments) = &sdfg.body.blocks[0] else { panic!("an assignment") };
        let load = ScalarExpr::Load { name: "I".into(), indices: vec![Expr::int(3).into()] };
        assert_eq!(assignments[0].value, load);
    }

    #[test]
    fn an_index_is_made_of_symbols() {
        let mut sdfg = program(DType::Int64, |b| {
            b.state("half").tasklet("half", &[], half(), ("k", ""));
            let mut s = b.state("use");
            let tasklet = s.tasklet("use", &[("a", "A", "0:N"), ("at", "k", "")], name("a"), ("A", "0"));
            let Node::Tasklet(it) = s.state.node_mut(tasklet) else { panic!("a tasklet") };
            it.inputs["a"] = Connector::array(DType::Float64, 1);
            let load = ScalarExpr::Load { name: "a".into(), indices: vec![ScalarExpr::name("at")] };
            it.code = TaskletCode::Native(vec![Stmt::assign("out", load)]);
        });
        assert!(run(&ScalarToSymbolPromotion, &mut sdfg).any());
        let state = sdfg.body.states()[0];
        assert!(state.accesses(&"k".into()).is_empty());
        assert!(state.free_symbols().contains("k"));
    }

    #[test]
    fn what_is_no_plain_integer_stays() {
        let mut narrow = program(DType::Int32, |b| {
            let value = ScalarExpr::Constant(dacec_ir::Constant::Int(3, DType::Int32));
            b.state("s").tasklet("t", &[], value.clone(), ("k", ""));
            b.conditional(ScalarExpr::binary(BinaryOp::Gt, ScalarExpr::name("k"), value), set, |_| {});
        });
        assert!(!run(&ScalarToSymbolPromotion, &mut narrow).any(), "another type");
        let mut copied = program(DType::Int64, |b| {
            b.state("half").tasklet("half", &[], half(), ("k", ""));
            b.state("copy").copy(("k", ""), ("I", "0"));
            b.conditional(is_large(), set, |_| {});
        });
        assert!(!run(&ScalarToSymbolPromotion, &mut copied).any(), "copied");
        let mut summed = program(DType::Int64, |b| {
            let mut s = b.state("sum");
            let memlet = Memlet::new("k", Subset::default()).with_wcr(dacec_ir::Wcr::Sum);
            s.map_with("m", vec![], &[], ScalarExpr::int(1), memlet);
            b.conditional(is_large(), set, |_| {});
        });
        assert!(candidates(&summed).is_empty(), "summed up");
        summed.body.blocks.clear();
        assert!(candidates(&summed).is_empty(), "not used");
    }

    #[test]
    fn a_value_that_decides_nothing_stays() {
        let mut sdfg = program(DType::Int64, |b| {
            b.state("half").tasklet("half", &[], half(), ("k", ""));
            b.state("use").tasklet("use", &[("x", "k", "")], name("x"), ("I", "0"));
        });
        assert!(!run(&ScalarToSymbolPromotion, &mut sdfg).any());
    }
}
