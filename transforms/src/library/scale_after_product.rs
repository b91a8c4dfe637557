//! Scale after product: a product of a scaled matrix and a vector scales the resulting vector instead.
//!
//! ```text
//! before:  map { t[i, k] = alpha*A[i, k] }   y = t @ x
//! after:   u = A @ x   map { y[i] = alpha*u[i] }
//! kept:    map { t[i, k] = alpha[i]*A[i, k] }   …          not one factor for all elements
//!          map { t[i, k] = alpha*A[k, i] }   …             the product would read another matrix than `A`
//! ```
//!
//! `w += alpha * A @ x` makes a matrix of `alpha * A` in Python. Without it, a matrix less is written and read. Products
//! of two matrices are left to [`FoldIntoGemm`](super::fold_gemm::FoldIntoGemm), whose routine takes a factor.
//!
//! **Legal when** the map computes nothing but a multiple of one element, by numbers that are the same for all; each
//! parameter indexes one dimension of both matrices; the array
//! between map and product is used nowhere else; nothing may change the matrix or the numbers until the product has ended;
//! and the result rounds otherwise, which is allowed unless sums are computed in the order of the program.

use super::fold_gemm::{Factor, between, remove_map, scope_value, translate};
use crate::map::{paths, unchanged};
use crate::surroundings::Surroundings;
use crate::{Refusal, Transformation};
use dacec_ir::library::MatMul;
use dacec_ir::node::LibraryNode;
use dacec_ir::{
    Array, BinaryOp, Connector, Expr, Memlet, Name, Node, NodeId, Range, ScalarExpr, Schedule, State, Stmt,
    Subset, Tasklet, TaskletCode, propagate,
};

/// Scales vectors in place of matrices; see the [module](self).
#[derive(Clone, Copy, Debug, Default)]
pub struct ScaleAfterProduct;

/// A map that scales the matrix of a product; made only by [`ScaleAfterProduct::find`].
#[derive(Clone, Debug)]
pub struct Scaled {
    /// The connector of the product at which the scaled matrix is.
    connector: &'static str,
    entry: NodeId,
    /// The scaled matrix.
    access: NodeId,
    /// The matrix, and where it comes from.
    matrix: Memlet,
    source: NodeId,
    factor: Factor,
}

impl Transformation for ScaleAfterProduct {
    type Place = State;
    type Match = Scaled;

    fn name(&self) -> &'static str {
        "ScaleAfterProduct"
    }

    fn find(&self, around: &Surroundings<'_>, state: &State, site: NodeId) -> Result<Scaled, Refusal> {
        if !is_product(state, site) {
            return Err(Refusal::NoMatch("not a product"));
        }
        let ranks = ["_a", "_b"].map(|it| operand(state, site, it).map(|(memlet, _)| rank(memlet)));
        let connector = match ranks {
            [Some(2), Some(1)] => "_a",
            [Some(1), Some(2)] => "_b",
            _ => return Err(Refusal::NoMatch("not a matrix and a vector")),
        };
        let Some((used, access)) = operand(state, site, connector) else {
            return Err(Refusal::NoMatch("a product without operands"));
        };
        between(around, state, access)?;
        let Node::MapExit { entry } = *state.node(state.in_edges(access)[0].src) else {
            return Err(Refusal::NoMatch("not the result of a map"));
        };
        let whole = scope_value(around, state, entry)?;
        let [term] = &whole.linear.terms[..] else {
            return Err(Refusal::NoMatch("not a multiple of one element"));
        };
        let Some(factor) = term.factor.clone().map(|factor| whole.factor(factor)) else {
            return Err(Refusal::NoMatch("not scaled"));
        };
        let (read, source) = whole.leaf(&term.leaf);
        let (matrix, strides) = translate(around, whole.map, (&whole.written, &used.subset), &read)?;
        let data = around.container(&matrix.data);
        let kept = matrix.subset.dims.iter().zip(data.strides()).filter(|(dim, _)| dim.as_index().is_none());
        if !kept.map(|(_, stride)| stride).eq(&strides) {
            return Err(Refusal::unproved(format!("`{matrix}` is read in another order than it is used")));
        }
        if data.dtype() != around.container(&whole.written.data).dtype() {
            return Err(Refusal::unproved(format!("`{matrix}` is of another type than its multiple")));
        }
        for read in std::iter::once(&matrix).chain(factor.1.iter().map(|(_, memlet, _)| memlet)) {
            unchanged(around, state, read, (entry, site))?;
        }
        result(around, state, site, &matrix)?;
        Ok(Scaled { connector, entry, access, matrix, source, factor })
    }

    fn apply(&self, around: &mut Surroundings<'_>, state: &mut State, found: Scaled) {
        let site = state.out_edges(found.access)[0].dst;
        let product = state.out_edges(site)[0];
        let (old, target) = (product.id, product.dst);
        let written = product.memlet().expect("a result has data").clone();
        state.connect((found.source, None), (site, Some(found.connector)), found.matrix);
        let shape = written.subset.squeezed_shape();
        let dtype = around.container(&written.data).dtype();
        let vector = around.names.fresh(&written.data);
        around.sdfg.containers.insert(vector.clone(), Array::transient(dtype, shape.clone()).into());
        around.uses.add(&vector);
        let access = state.add_access(&vector);
        state.remove_edge(old);
        state.connect((site, Some("_c")), (access, None), Memlet::new(&vector, Subset::full(&shape)));
        scale(around, state, (access, vector), (target, written), found.factor);
        remove_map(around, state, found.entry, found.access);
    }
}

pub(crate) fn is_product(state: &State, node: NodeId) -> bool {
    matches!(state.node(node), Node::Library(LibraryNode { op, implementation: None, .. })
        if op.as_any().downcast_ref::<MatMul>().is_some())
}

/// What a product reads at a connector, and from where.
pub(crate) fn operand<'s>(state: &'s State, node: NodeId, connector: &str) -> Option<(&'s Memlet, NodeId)> {
    let edges = state.in_edges(node);
    let edge = edges.into_iter().find(|edge| edge.dst_conn().is_some_and(|conn| conn == connector))?;
    let memlet = edge.memlet().filter(|memlet| memlet.wcr.is_none() && !memlet.dynamic)?;
    Some((memlet, edge.src))
}

pub(super) fn rank(memlet: &Memlet) -> usize {
    memlet.subset.squeezed_shape().len()
}

/// The product writes one vector, and nothing that it reads now.
fn result(around: &Surroundings<'_>, state: &State, site: NodeId, matrix: &Memlet) -> Result<(), Refusal> {
    let [edge] = state.out_edges(site)[..] else { return Err(Refusal::NoMatch("not one result")) };
    let plain = |memlet: &&Memlet| memlet.wcr.is_none() && !memlet.dynamic && rank(memlet) == 1;
    let written = edge.memlet().filter(plain).ok_or(Refusal::NoMatch("not a vector"))?;
    let unit = written.subset.dims.iter().all(|dim| dim.step.is_one());
    if !unit || written.other_subset.is_some() {
        return Err(Refusal::NoMatch("not a vector of elements side by side"));
    }
    let apart = written.data != matrix.data
        || written.subset.intersects(&matrix.subset, &around.facts) == Some(false);
    if apart { Ok(()) } else { Err(Refusal::conflict(matrix, written)) }
}

/// Adds a map that writes multiples of a vector's elements to others.
fn scale(
    around: &Surroundings<'_>,
    state: &mut State,
    (from, vector): (NodeId, Name),
    (target, written): (NodeId, Memlet),
    (factor, leaves): Factor,
) {
    let param = Name::from("__row");
    let at = Expr::sym(&param);
    let place = |dim: &Range| match dim.as_index() {
        Some(_) => dim.clone(),
        None => Range::index(&dim.start + &at),
    };
    let extent = written.subset.squeezed_shape().remove(0);
    let dims: Vec<Range> = written.subset.dims.iter().map(place).collect();
    let element = Memlet::new(&written.data, Subset::new(dims));
    let mut reads = vec![(Name::from("_u"), Memlet::element(&vector, [at]), from)];
    reads.extend(leaves);
    let connector = |data: &Name| Connector::scalar(around.container(data).dtype());
    let tasklet = state.add_tasklet(Tasklet {
        label: "scale".into(),
        inputs: reads.iter().map(|(name, memlet, _)| (name.clone(), connector(&memlet.data))).collect(),
        outputs: [("__out".into(), connector(&written.data))].into_iter().collect(),
        code: TaskletCode::Native(vec![Stmt::assign(
            "__out",
            ScalarExpr::binary(BinaryOp::Mul, factor, ScalarExpr::name("_u")),
        )]),
        span: state.span,
    });
    let (entry, exit) = state.add_map("scale", [(param, Range::new(0, extent))], Schedule::Default);
    for (name, memlet, source) in reads {
        paths::read(state, (source, None), &[entry], (tasklet, Some(name)), memlet);
    }
    paths::write(state, (tasklet, Some("__out".into())), &[exit], (target, None), element);
    propagate::scope(state, entry, &around.sdfg.containers, &around.facts);
}
