//! Matrix chains: products of several matrices are computed in the order that takes the fewest multiplications.
//!
//! ```text
//! before:  t = A @ B    y = t @ x           N*K*M + N*M multiplications
//! after:   u = B @ x    y = A @ u           K*M + N*K
//! kept:    t = A @ B    y = t @ x    C = t  the product is needed as well
//! kept:    t = A @ B    D = t @ C           which order is better depends on sizes that are not known
//! ```
//!
//! Python computes `A @ B @ x` from left to right, the most expensive order there is. Two products that follow each other
//! are looked at at a time, so that longer chains change step by step; each step makes the program cheaper, so this ends.
//!
//! **Legal when** the matrix between is used nowhere else, all operands are of one type, and the operands of the first
//! product are the same until the second. Floating-point results differ by rounding. **Applies when** the new order
//! provably takes fewer multiplications, for all matrices of two rows and columns and more.

use crate::map::unchanged;
use crate::surroundings::Surroundings;
use crate::{Refusal, Transformation};
use dacec_ir::library::MatMul;
use dacec_ir::node::LibraryNode;
use dacec_ir::{Array, Edge, Expr, Memlet, Name, Node, NodeId, State, Subset};

/// Reorders products of several matrices; see the [module](self).
#[derive(Clone, Copy, Debug, Default)]
pub struct MatrixChain;

/// Two products with a better order; made only by [`MatrixChain::find`].
#[derive(Clone, Debug)]
pub struct Chain {
    /// The matrix between the products.
    between: NodeId,
    first: NodeId,
    second: NodeId,
    /// Whether the first product is the left operand of the second.
    on_the_left: bool,
    /// Extents of the product that is computed instead.
    shape: Vec<Expr>,
}

impl Transformation for MatrixChain {
    type Place = State;
    type Match = Chain;

    fn name(&self) -> &'static str {
        "MatrixChain"
    }

    fn find(&self, around: &Surroundings<'_>, state: &State, site: NodeId) -> Result<Chain, Refusal> {
        let data = state.node(site).as_access().ok_or(Refusal::NoMatch("not a container"))?;
        let ([write], [read]) = (&state.in_edges(site)[..], &state.out_edges(site)[..]) else {
            return Err(Refusal::NoMatch("not one write and one read"));
        };
        let (first, second) = (write.src, read.dst);
        if !is_product(state, first) || !is_product(state, second) {
            return Err(Refusal::NoMatch("not between two products"));
        }
        if !around.is_local_to(state, data) || state.num_accesses(data) != 1 || state.out_degree(first) != 1 {
            return Err(Refusal::used_elsewhere(data, "elsewhere"));
        }
        let on_the_left = read.dst_conn().is_some_and(|conn| conn == "_a");
        let (Some(a), Some(b)) = (operand(state, first, "_a"), operand(state, first, "_b")) else {
            return Err(Refusal::NoMatch("a product without operands"));
        };
        let other = operand(state, second, if on_the_left { "_b" } else { "_a" });
        let result = state.out_edges(second).first().and_then(|edge| edge.memlet());
        let (Some(other), Some(result)) = (other, result) else {
            return Err(Refusal::NoMatch("a product without operands"));
        };
        let full = Subset::full(around.container(data).shape());
        let all = [write.memlet(), read.memlet()];
        if !all
            .iter()
            .all(|memlet| memlet.is_some_and(|memlet| memlet.subset == full && memlet.wcr.is_none()))
        {
            return Err(Refusal::unproved(format!("not all of `{data}` is an operand")));
        }
        let dtype = around.container(data).dtype();
        if [a, b, other, result].iter().any(|memlet| around.container(&memlet.data).dtype() != dtype) {
            return Err(Refusal::unproved("the operands are of different types"));
        }
        let shape = cheaper(around, (a, b), other, on_the_left)?;
        for memlet in [a, b] {
            unchanged(around, state, memlet, (first, second))?;
            let written = result.data == memlet.data
                && result.subset.intersects(&memlet.subset, &around.facts) != Some(false);
            if written {
                return Err(Refusal::conflict(memlet, result));
            }
        }
        Ok(Chain { between: site, first, second, on_the_left, shape })
    }

    fn apply(&self, around: &mut Surroundings<'_>, state: &mut State, found: Chain) {
        let Some(data) = state.node(found.between).as_access().cloned() else { return };
        let (near, far) = if found.on_the_left { ("_b", "_a") } else { ("_a", "_b") };
        let product = state.node(found.first).clone();
        let node = state.add_node(product);
        // The operand next to the other one is multiplied with it first.
        for edge in [(found.first, near, far), (found.second, near, near)] {
            let (from, connector, to) = edge;
            lead(state, (from, connector), (node, to));
        }
        let dtype = around.container(&data).dtype();
        let name = around.names.fresh(&data);
        around.sdfg.containers.insert(name.clone(), Array::transient(dtype, found.shape.clone()).into());
        around.uses.add(&name);
        around.uses.remove(&data);
        let whole = || Memlet::new(&name, Subset::full(&found.shape));
        let access = state.add_access(&name);
        state.connect((node, Some("_c")), (access, None), whole());
        state.remove_node(found.between);
        lead(state, (found.first, far), (found.second, far));
        state.connect((access, None), (found.second, Some(near)), whole());
        let waits: Vec<NodeId> = state.predecessors(found.first);
        for before in waits {
            state.order(before, node);
        }
        state.remove_node(found.first);
    }
}

fn is_product(state: &State, node: NodeId) -> bool {
    matches!(state.node(node), Node::Library(LibraryNode { op, implementation: None, .. })
        if op.as_any().downcast_ref::<MatMul>().is_some())
}

/// What a product reads at a connector.
fn operand<'s>(state: &'s State, node: NodeId, connector: &str) -> Option<&'s Memlet> {
    let edges = state.in_edges(node);
    let edge = edges.into_iter().find(|edge| edge.dst_conn().is_some_and(|conn| conn == connector))?;
    edge.memlet().filter(|memlet| memlet.wcr.is_none() && !memlet.dynamic)
}

/// The extents of the product that a better order computes first.
fn cheaper(
    around: &Surroundings<'_>,
    (a, b): (&Memlet, &Memlet),
    other: &Memlet,
    on_the_left: bool,
) -> Result<Vec<Expr>, Refusal> {
    let shape = |memlet: &Memlet| memlet.subset.squeezed_shape();
    let ([n, k], [_, m]) = (&shape(a)[..], &shape(b)[..]) else {
        return Err(Refusal::NoMatch("not two matrices"));
    };
    let one = Expr::one();
    let (columns, product) = match (&shape(other)[..], on_the_left) {
        ([_], true) => (one, vec![k.clone()]),
        ([_, p], true) => (p.clone(), vec![k.clone(), p.clone()]),
        ([_], false) => (one, vec![k.clone()]),
        ([p, _], false) => (p.clone(), vec![p.clone(), k.clone()]),
        _ => return Err(Refusal::NoMatch("not a matrix or vector")),
    };
    let of = MatMul::operations;
    let (now, then) = match on_the_left {
        true => (of(n, k, m) + of(n, m, &columns), of(k, m, &columns) + of(n, k, &columns)),
        false => (of(n, k, m) + of(&columns, n, m), of(&columns, n, k) + of(&columns, k, m)),
    };
    let mut facts = around.facts.clone();
    for extent in [n, k, m] {
        facts.assume(&extent.ge(&Expr::int(2)));
    }
    facts.assume(&columns.ge(&Expr::one()));
    match facts.prove_lt(&then, &now) {
        Some(true) => Ok(product),
        Some(false) => Err(Refusal::NoMatch("the order is the best")),
        None => Err(Refusal::unproved(format!("{then} operations may be more than {now}"))),
    }
}

/// Attaches what a node reads at one connector to another node's.
fn lead(state: &mut State, (from, connector): (NodeId, &str), (to, input): (NodeId, &str)) {
    let edges = state.in_edges(from);
    let edge = edges.into_iter().find(|edge| edge.dst_conn().is_some_and(|conn| conn == connector));
    let Some((id, src, edge)) = edge.map(|edge| (edge.id, edge.src, edge.edge.clone())) else { return };
    state.remove_edge(id);
    state.add_edge(src, to, Edge { dst_conn: Some(Name::from(input)), ..edge });
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::map::testing::{apply, refusals};
    use crate::simplify::StateFusion;
    use crate::{Context, Pass};
    use dacec_ir::builder::SdfgBuilder;
    use dacec_ir::{DType, Sdfg};
    use std::sync::Arc;

    /// `t = A @ B; y = t @ x` or `y = x @ t`, with matrices of the given extents.
    fn program(sizes: [&str; 3], other: &[&str], on_the_left: bool) -> Sdfg {
        let exprs =
            |names: &[&str]| names.iter().map(|name| Expr::parse(name).expect("a size")).collect::<Vec<_>>();
        let [n, k, m] = sizes;
        let mut b = SdfgBuilder::new("p");
        b.array("A", DType::Float64, exprs(&[n, k])).array("B", DType::Float64, exprs(&[k, m]));
        b.array("x", DType::Float64, exprs(other)).transient("t", DType::Float64, exprs(&[n, m]));
        let result = match (other, on_the_left) {
            ([_], true) => vec![n],
            ([_], false) => vec![m],
            ([_, p], true) => vec![n, p],
            ([p, ..], _) => vec![p, m],
            ([], _) => vec![],
        };
        b.array("y", DType::Float64, exprs(&result));
        let shapes = [("A", vec![n, k]), ("B", vec![k, m]), ("x", other.to_vec()), ("t", vec![n, m])];
        let shape_of = |data: &str| match shapes.iter().find(|(name, _)| *name == data) {
            Some((_, shape)) => Subset::full(&exprs(shape)),
            None => Subset::full(&exprs(&result)),
        };
        let mut multiply = |label: &str, left: &str, right: &str, to: &str| {
            let shapes = [left, right, to].map(shape_of);
            let s = b.state(label).state;
            let node = LibraryNode {
                label: label.into(),
                op: Arc::new(MatMul),
                implementation: None,
                span: Default::default(),
            };
            let node = s.add_node(Node::Library(node));
            let [a, b, c] = [left, right, to].map(|data| s.add_access(data));
            let [of_a, of_b, of_c] = shapes;
            s.connect((a, None), (node, Some("_a")), Memlet::new(left, of_a));
            s.connect((b, None), (node, Some("_b")), Memlet::new(right, of_b));
            s.connect((node, Some("_c")), (c, None), Memlet::new(to, of_c));
        };
        multiply("first", "A", "B", "t");
        let (left, right) = if on_the_left { ("t", "x") } else { ("x", "t") };
        multiply("second", left, right, "y");
        let mut sdfg = b.build();
        let _ = StateFusion.run(&mut sdfg, &mut Context::default());
        sdfg
    }

    const SIZES: [(&str, i64); 3] = [("N", 3), ("K", 4), ("M", 5)];

    #[test]
    fn a_vector_comes_first() {
        for on_the_left in [true, false] {
            let length = if on_the_left { "M" } else { "N" };
            let after = apply(&MatrixChain, &program(["N", "K", "M"], &[length], on_the_left), &SIZES);
            assert!(after.body.states()[0].accesses(&"t".into()).is_empty());
        }
        let after = apply(&MatrixChain, &program(["9", "9", "9"], &["9", "2"], true), &[]);
        assert_eq!(
            after.container("t_1").map(|data| data.shape().to_vec()),
            Some(vec![Expr::int(9), Expr::int(2)])
        );
    }

    #[test]
    fn a_better_order_has_to_be_one_for_all_sizes() {
        let reasons = refusals(&MatrixChain, &program(["N", "K", "M"], &["M", "K"], true));
        assert!(reasons[0].contains("operations may be more than"), "{reasons:?}");
        assert!(refusals(&MatrixChain, &program(["2", "9", "9"], &["9", "9"], true)).is_empty());
    }
}
