//! Loop to triangular solve: forward and backward substitution, written as a loop over unknowns.
//!
//! ```text
//! before:  for i in 0:N { x[i] = (b[i] - L[i, 0:i] @ x[0:i]) / L[i, i] }
//! after:   Trsm: x = the solution of L @ x = b, with the lower triangle of L
//! kept:    for i in 0:N { x[i] = (b[i] - L[i, 0:i] @ x[0:i]) / L[0, i] }     not the diagonal
//!          for i in 0:N { x[i] = b[i] - L[i, 0:i + 1] @ x[0:i + 1] }         reads what was there before
//! ```
//!
//! From the last unknown to the first one with `U[i, i + 1:N] @ x[i + 1:N]` it is the upper triangle; without a division the
//! diagonal counts as 1; with `L[0:i, i]` the matrix is transposed.
//!
//! **Legal when** the loop contains nothing else; the product is that of the rest of the matrix's row, or column, with the
//! unknowns that are known already; matrix and unknowns are different arrays of floating-point numbers; and sums may be
//! computed in any order.

use super::element::{Element, Leaf};
use super::loop_to_rank_update::is_value;
use super::replace::{operation, replace};
use crate::loops::nest::contents;
use crate::surroundings::Surroundings;
use crate::{Refusal, Transformation};
use dacec_ir::control_flow::LoopHeader;
use dacec_ir::library::blas::{Factor, Side, Trans, Triangle, Triangular};
use dacec_ir::library::{Blas, MatMul};
use dacec_ir::{
    BinaryOp, Block, EdgeId, Expr, Loop, Memlet, Name, Node, NodeId, Range, Region, ScalarExpr, State, Subset,
};

/// Makes one operation of a loop over the unknowns of a triangular system; see the [module](self).
#[derive(Clone, Copy, Debug, Default)]
pub struct LoopToTriangularSolve;

/// A loop that solves a triangular system; made only by [`LoopToTriangularSolve::find`].
#[derive(Clone, Debug)]
pub struct Solvable {
    block: usize,
    system: Triangular,
    matrix: Memlet,
    known: Memlet,
    unknown: Memlet,
}

impl Transformation for LoopToTriangularSolve {
    type Place = Region;
    type Match = Solvable;

    fn name(&self) -> &'static str {
        "LoopToTriangularSolve"
    }

    fn find(&self, around: &Surroundings<'_>, region: &Region, site: usize) -> Result<Solvable, Refusal> {
        let Block::Loop(it) = &region.blocks[site] else { return Err(Refusal::NoMatch("not a loop")) };
        let (variable, size, down) = unknowns(it)?;
        if around.facts.prove_ge(&size, &Expr::zero()) != Some(true) {
            return Err(Refusal::unproved("the number of unknowns may be negative"));
        }
        let state = only_state(&it.body)?;
        let edge = only_write(around, state)?;
        let memlet = state.edge(edge).memlet.as_ref().filter(|it| it.wcr.is_none() && !it.dynamic);
        let unknown = memlet.ok_or(Refusal::NoMatch("not a plain write"))?;
        let at = Expr::sym(variable);
        if unknown.subset != Subset::element([at.clone()]) {
            return Err(Refusal::NoMatch("not one unknown"));
        }
        let element = Element::of(state, &around.sdfg.containers, edge);
        let element = element.ok_or(Refusal::NoMatch("not computed by tasklets"))?;
        let equation = Equation::of(&element, &unknown.subset)?;
        let others = if down { Range::new(&at + 1, size.clone()) } else { Range::new(0, at.clone()) };
        let (matrix, by_columns) = product(state, equation.product, &unknown.data, (&at, &others))?;
        if let Some(diagonal) = &equation.diagonal
            && (diagonal.data != matrix || diagonal.subset != Subset::element([at.clone(), at]))
        {
            return Err(Refusal::unproved(format!("`{diagonal}` is not on the diagonal of `{matrix}`")));
        }
        let dtype = around.container(&unknown.data).dtype();
        let same = |name: &Name| around.container(name).dtype() == dtype;
        if matrix == unknown.data || !dtype.is_float() || !same(&matrix) || !same(&equation.known) {
            return Err(Refusal::unproved(format!("`{matrix}` is no matrix of its own of the same type")));
        }
        // Of the transposed matrix, the other triangle is what the rows of the system see.
        let triangle = if down == by_columns { Triangle::Lower } else { Triangle::Upper };
        let all = Range::full(&size);
        let vector = |data: &Name| Memlet::new(data, Subset::new([all.clone()]));
        Ok(Solvable {
            block: site,
            system: Triangular {
                side: Side::Left,
                triangle,
                a: if by_columns { Trans::Transposed } else { Trans::No },
                unit: equation.diagonal.is_none(),
                alpha: Factor::ONE,
            },
            matrix: Memlet::new(&matrix, Subset::new([all.clone(), all.clone()])),
            known: vector(&equation.known),
            unknown: vector(&unknown.data),
        })
    }

    fn apply(&self, around: &mut Surroundings<'_>, region: &mut Region, found: Solvable) {
        let Block::Loop(it) = &region.blocks[found.block] else { unreachable!("the match names a loop") };
        let inputs = vec![("_a", found.matrix), ("_b", found.known)];
        let op = Blas::Trsm(found.system);
        let state = operation(around, it, op, (inputs, ("_c", found.unknown)), Vec::new());
        replace(around, region, found.block, state);
    }
}

/// The variable of a loop over `0:size`, and whether it runs down.
pub(super) fn unknowns(it: &Loop) -> Result<(&Name, Expr, bool), Refusal> {
    match &it.header {
        LoopHeader::For { variable, start, stop, step } => match step.as_int() {
            Some(1) if start.is_zero() => Ok((variable, stop.clone(), false)),
            Some(-1) if *stop == Expr::int(-1) => Ok((variable, start + 1, true)),
            _ => Err(Refusal::NoMatch("not a loop over all unknowns")),
        },
        _ => Err(Refusal::NoMatch("not a counted loop")),
    }
}

pub(super) fn only_state(body: &Region) -> Result<&State, Refusal> {
    match contents(body)[..] {
        [Block::State(state)] => Ok(state),
        _ => Err(Refusal::NoMatch("not one state")),
    }
}

/// The edge that writes the only result of a state.
fn only_write(around: &Surroundings<'_>, state: &State) -> Result<EdgeId, Refusal> {
    let mut found = None;
    for (id, node) in state.nodes() {
        match node {
            Node::Access(data) if state.in_degree(id) > 0 && !is_value(around, state, data) => {
                let [edge] = state.in_edges(id)[..] else { return Err(Refusal::NoMatch("several writes")) };
                if found.is_some() || state.out_degree(id) > 0 {
                    return Err(Refusal::NoMatch("several results"));
                }
                found = Some(edge.id);
            }
            Node::MapEntry(_) | Node::Nested(_) => return Err(Refusal::NoMatch("not only tasklets")),
            _ => {}
        }
    }
    found.ok_or(Refusal::NoMatch("no result"))
}

/// `(known - product) / diagonal`
pub(super) struct Equation {
    pub(super) known: Name,
    pub(super) product: NodeId,
    pub(super) diagonal: Option<Memlet>,
}

impl Equation {
    pub(super) fn of(element: &Element, at: &Subset) -> Result<Equation, Refusal> {
        let (numerator, diagonal) = match &element.value {
            ScalarExpr::Binary(BinaryOp::Div, numerator, diagonal) => {
                let leaf = match &**diagonal {
                    ScalarExpr::Name(name) => element.leaves.get(name),
                    _ => None,
                };
                let Some(Leaf::Load(diagonal)) = leaf else {
                    return Err(Refusal::NoMatch("not divided by an element"));
                };
                (&**numerator, Some(diagonal.clone()))
            }
            other => (other, None),
        };
        let numerator = Element { value: numerator.clone(), leaves: element.leaves.clone() };
        let products = numerator.products().ok_or(Refusal::NoMatch("not a difference"))?;
        let (mut known, mut product) = (None, None);
        for it in &products {
            match (it.negative, &it.constants[..], &it.leaves[..]) {
                (false, [], [Leaf::Load(memlet)]) if memlet.subset == *at => {
                    known = Some(memlet.data.clone())
                }
                (true, [], [Leaf::Library(node)]) => product = Some(*node),
                _ => return Err(Refusal::NoMatch("not a known value less a product")),
            }
        }
        match (known, product) {
            (Some(known), Some(product)) if products.len() == 2 => Ok(Equation { known, product, diagonal }),
            _ => Err(Refusal::NoMatch("not a known value less a product")),
        }
    }
}

/// The matrix of a product of the rest of its row, or of its column (`true`), with unknowns.
fn product(
    state: &State,
    node: NodeId,
    unknown: &Name,
    (at, others): (&Expr, &Range),
) -> Result<(Name, bool), Refusal> {
    let Node::Library(library) = state.node(node) else { return Err(Refusal::NoMatch("not a product")) };
    if !library.op.as_any().is::<MatMul>() {
        return Err(Refusal::NoMatch("not a product"));
    }
    let mut matrix = None;
    let mut unknowns = 0_usize;
    for edge in state.in_edges(node) {
        let plain = state.node(edge.src).as_access().is_some() && state.in_degree(edge.src) == 0;
        let memlet = edge.memlet().filter(|_| plain).ok_or(Refusal::NoMatch("not a product of arrays"))?;
        let index = Range::index(at.clone());
        match &memlet.subset.dims[..] {
            [dim] if memlet.data == *unknown && dim == others => unknowns += 1,
            [row, column] if *row == index && column == others => matrix = Some((memlet.data.clone(), false)),
            [row, column] if *column == index && row == others => matrix = Some((memlet.data.clone(), true)),
            _ => return Err(Refusal::unproved(format!("`{memlet}` is no operand of a substitution"))),
        }
    }
    matrix.filter(|_| unknowns == 1).ok_or(Refusal::NoMatch("not a product with unknowns"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::map::testing::{apply, refusals};
    use dacec_ir::builder::{Code, SdfgBuilder, name};
    use dacec_ir::{DType, Sdfg};

    /// `x[i] = code` with `p = matrix @ vector` for all `i`, down or up.
    fn program(down: bool, (matrix, vector): (&str, &str), diagonal: &str, code: Code) -> Sdfg {
        let n = Expr::sym("N");
        let mut b = SdfgBuilder::new("solve");
        b.array("L", DType::Float64, [n.clone(), n.clone()]).local("p", DType::Float64);
        b.array("b", DType::Float64, [n.clone()]).array("x", DType::Float64, [n.clone()]);
        let bounds = match down {
            true => (&n - 1, Expr::int(-1), Expr::int(-1)),
            false => (Expr::zero(), n, Expr::one()),
        };
        b.strided_loop("i", bounds, |b| {
            let mut state = b.state("row");
            let inputs = [("_a", "L", matrix), ("_b", "x", vector)];
            let product = state.library_with("product", MatMul, &inputs, &[]);
            let p = state.state.add_access("p");
            state.state.connect((product, Some("_c")), (p, None), Memlet::scalar("p"));
            let inputs = [("b", "b", "i"), ("d", "L", diagonal)];
            state.tasklet("t", &inputs, code, ("x", "i"));
            let solve = state.state.nodes().find(|(_, node)| matches!(node, Node::Tasklet(_)));
            let solve = solve.map(|(id, _)| id).expect("a tasklet");
            if let Node::Tasklet(tasklet) = state.state.node_mut(solve) {
                let connector = dacec_ir::Connector::scalar(DType::Float64);
                tasklet.inputs.insert("p".into(), connector);
            }
            state.state.connect((p, None), (solve, Some("p")), Memlet::scalar("p"));
        });
        b.build()
    }

    fn quotient() -> Code {
        (name("b") - name("p")) / name("d")
    }

    #[track_caller]
    fn system(sdfg: &Sdfg) -> Triangular {
        let after = apply(&LoopToTriangularSolve, sdfg, &[("N", 4)]);
        let node = after.body.states()[0].nodes().find_map(|(_, node)| match node {
            Node::Library(it) => match it.op.as_any().downcast_ref() {
                Some(Blas::Trsm(system)) => Some(*system),
                _ => None,
            },
            _ => None,
        });
        node.unwrap_or_else(|| panic!("{:?}", refusals(&LoopToTriangularSolve, sdfg)))
    }

    #[test]
    fn substitutions_are_one_operation() {
        let lower = system(&program(false, ("i, 0:i", "0:i"), "i, i", quotient()));
        assert_eq!((lower.triangle, lower.a), (Triangle::Lower, Trans::No));
        let upper = system(&program(true, ("i, i + 1:N", "i + 1:N"), "i, i", quotient()));
        assert_eq!((upper.triangle, upper.a), (Triangle::Upper, Trans::No));
        let columns = system(&program(false, ("0:i, i", "0:i"), "i, i", quotient()));
        assert_eq!((columns.triangle, columns.a), (Triangle::Upper, Trans::Transposed));
    }

    #[test]
    fn near_misses_stay_loops() {
        for sdfg in [
            program(false, ("i, 0:i", "0:i"), "0, i", quotient()),
            program(false, ("i, 0:i + 1", "0:i + 1"), "i, i", quotient()),
            program(true, ("i, 0:i", "0:i"), "i, i", quotient()),
            program(false, ("i, 0:i", "0:i"), "i, i", (name("b") + name("p")) / name("d")),
        ] {
            let _ = refusals(&LoopToTriangularSolve, &sdfg);
        }
    }
}
