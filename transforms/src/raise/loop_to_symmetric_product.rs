//! Loop to symmetric product: a product with a symmetric matrix of which one triangle is stored, written as a loop over its
//! rows, each of which acts as a row and as a column.
//!
//! ```text
//! before:  C *= beta;  for i in 0:M { C[0:i, :] += alpha*outer(A[i, 0:i], B[i, :])
//!                                     C[i, :] += alpha*(A[i, 0:i] @ B[0:i, :] + A[i, i]*B[i, :]) }
//! after:   Symm: C = alpha*S @ B + beta*C, where S has the lower triangle of A
//! kept:    the same with C[i, :] += alpha*(A[i, 0:i] @ B[0:i, :])            no diagonal
//!          the same with C[i, :] += A[i, 0:i] @ B[0:i, :] + A[i, i]*B[i, :]  not the same factor
//! ```
//!
//! **Legal when** the loop contains nothing else; what is added to the rows before is a number times the outer product of row `i`
//! of both matrices, and what is added to row `i` is the same number times the product of that row, up to the diagonal, with
//! `B`; all columns of `C` are updated; the three matrices are different arrays of the same floating-point type; and sums may be computed
//! in any order. The multiple belongs to it if it is of all elements, which the loop reaches, and comes right before.

use super::element::{Leaf, Product};
use super::loop_to_triangular_solve::{only_state, unknowns};
use super::replace::{Scale, clear, operation, replace};
use super::written::{Write, block, is_at, operands, scaling};
use crate::surroundings::Surroundings;
use crate::{Refusal, Transformation};
use dacec_ir::library::Blas;
use dacec_ir::library::blas::{Factor, Side, Triangle};
use dacec_ir::{Block, Expr, Memlet, Name, NodeId, Range, Region, State, Subset};

/// Makes one operation of a loop that multiplies by a symmetric matrix; see the [module](self).
#[derive(Clone, Copy, Debug, Default)]
pub struct LoopToSymmetricProduct;

/// A loop that multiplies by a symmetric matrix; made only by [`LoopToSymmetricProduct::find`].
#[derive(Clone, Debug)]
pub struct SymmetricProduct {
    block: usize,
    matrix: Memlet,
    other: Memlet,
    result: Memlet,
    alpha: Scale,
    /// The block that multiplies what was there.
    multiple: Option<(usize, Scale)>,
}

impl Transformation for LoopToSymmetricProduct {
    type Place = Region;
    type Match = SymmetricProduct;

    fn name(&self) -> &'static str {
        "LoopToSymmetricProduct"
    }

    fn find(
        &self,
        around: &Surroundings<'_>,
        region: &Region,
        site: usize,
    ) -> Result<SymmetricProduct, Refusal> {
        let Block::Loop(it) = &region.blocks[site] else { return Err(Refusal::NoMatch("not a loop")) };
        let (variable, size, down) = unknowns(it)?;
        if down || around.facts.prove_ge(&size, &Expr::zero()) != Some(true) {
            return Err(Refusal::unproved("the loop does not provably run from 0 to a size"));
        }
        let state = only_state(&it.body)?;
        let writes = Write::all(around, state)?;
        let (row, rest) = match &writes[..] {
            [one, two] if one.dims.len() == 1 && two.dims.len() == 2 => (one, two),
            [two, one] if one.dims.len() == 1 && two.dims.len() == 2 => (one, two),
            _ => return Err(Refusal::NoMatch("not a row and the rows before")),
        };
        let at = Expr::sym(variable);
        let (before, a, b) = Rows::before(around, rest, &at)?;
        let own = Rows::own(around, (state, row), &at, (&a, &b))?;
        if before.scale != own.scale || rest.memlet.data != row.memlet.data {
            return Err(Refusal::unproved("both updates are not of one product"));
        }
        let c = &row.memlet.data;
        let dtype = around.container(c).dtype();
        let alike = |name: &Name| name != c && around.container(name).dtype() == dtype;
        if !alike(&a) || !alike(&b) || a == b || !dtype.is_float() {
            return Err(Refusal::unproved("the matrices are not different arrays of one type"));
        }
        let columns = &around.container(c).shape()[1];
        Ok(SymmetricProduct {
            block: site,
            matrix: block(&a, &size, &size),
            other: block(&b, &size, columns),
            result: block(c, &size, columns),
            alpha: own.scale,
            // Of rows that the loop does not reach, the multiple must stay.
            multiple: scaling(around, region, (site, false), c)
                .filter(|_| around.container(c).shape()[0] == size),
        })
    }

    fn apply(&self, around: &mut Surroundings<'_>, region: &mut Region, found: SymmetricProduct) {
        let Block::Loop(it) = &region.blocks[found.block] else { unreachable!("the match names a loop") };
        let (multiple, beta) = found.multiple.unzip();
        let beta = beta.unwrap_or_default();
        let op = Blas::Symm {
            side: Side::Left,
            triangle: Triangle::Lower,
            hermitian: false,
            alpha: found.alpha.as_factor(),
            beta: if multiple.is_some() { beta.as_factor() } else { Factor::ONE },
        };
        let inputs = vec![("_a", found.matrix), ("_b", found.other), ("_c", found.result.clone())];
        let scales = vec![("_alpha", found.alpha), ("_beta", beta)];
        let state = operation(around, it, op, (inputs, ("_c", found.result)), scales);
        replace(around, region, found.block, state);
        if let Some(block) = multiple {
            clear(around, region, block);
        }
    }
}

/// An update of rows by products with row `i`.
struct Rows {
    scale: Scale,
}

impl Rows {
    /// `C[p, q] += scale*A[i, p]*B[i, q]` for all `p` before `i`; also the names of `A` and `B`.
    fn before(around: &Surroundings<'_>, write: &Write, at: &Expr) -> Result<(Rows, Name, Name), Refusal> {
        let position = write.memlet.subset.as_element().unwrap_or_default();
        let [p, q] = &position[..] else { return Err(Refusal::NoMatch("not a matrix")) };
        let all = around.container(&write.memlet.data).shape().get(1).map(Range::full);
        if write.range(p) != Some(&Range::new(0, at.clone())) || write.range(q) != all.as_ref() {
            return Err(Refusal::NoMatch("not the rows before"));
        }
        let added = write.added()?;
        let [product] = &added[..] else { return Err(Refusal::NoMatch("not one product")) };
        let (a, rest) = taken(product, &[at.clone(), p.clone()])?;
        let (b, scale) = taken(&rest, &[at.clone(), q.clone()])?;
        check(around, write, at, &scale)?;
        Ok((Rows { scale }, a, b))
    }

    /// `C[i, q] += scale*((A[i, 0:i] @ B[0:i, :])[q] + A[i, i]*B[i, q])`.
    fn own(
        around: &Surroundings<'_>,
        (state, write): (&State, &Write),
        at: &Expr,
        (a, b): (&Name, &Name),
    ) -> Result<Rows, Refusal> {
        let position = write.memlet.subset.as_element().unwrap_or_default();
        let [row, q] = &position[..] else { return Err(Refusal::NoMatch("not a matrix")) };
        let all = around.container(&write.memlet.data).shape().get(1).map(Range::full);
        if row != at || write.range(q) != all.as_ref() {
            return Err(Refusal::NoMatch("not the row itself"));
        }
        let added = write.added()?;
        let is_sum = |product: &Product| product.leaves.iter().any(|leaf| matches!(leaf, Leaf::Part(..)));
        let (sums, products): (Vec<Product>, Vec<Product>) = added.into_iter().partition(is_sum);
        let ([sum], [product]) = (&sums[..], &products[..]) else {
            return Err(Refusal::NoMatch("not a product up to the diagonal and the diagonal"));
        };
        let (diagonal, rest) = taken(product, &[at.clone(), at.clone()])?;
        let (other, scale) = taken(&rest, &[at.clone(), q.clone()])?;
        check(around, write, at, &scale)?;
        let (node, leaves) = part(sum, q)?;
        if (Scale { leaves, ..sum.clone() }) != scale || diagonal != *a || other != *b {
            return Err(Refusal::unproved("the summands are not of one product"));
        }
        let [left, right] = operands(state, node)?;
        let (index, before) = (Range::index(at.clone()), Range::new(0, at.clone()));
        let whole = all.unwrap_or_else(|| Range::full(&Expr::one()));
        if !is_at(&left, a, &[&index, &before]) || !is_at(&right, b, &[&before, &whole]) {
            return Err(Refusal::unproved("the product is not that with the rows before"));
        }
        Ok(Rows { scale })
    }
}

/// The array of the factor at a position, and the other factors.
fn taken(product: &Product, position: &[Expr]) -> Result<(Name, Product), Refusal> {
    let subset = Subset::element(position.iter().cloned());
    let at = product.leaves.iter().position(|leaf| matches!(leaf, Leaf::Load(it) if it.subset == subset));
    let mut rest = product.clone();
    match at.map(|at| rest.leaves.remove(at)) {
        Some(Leaf::Load(memlet)) => Ok((memlet.data, rest)),
        _ => Err(Refusal::NoMatch("not a product of elements of both rows")),
    }
}

/// The node that computes a sum of products of which this is column `q`, and the other factors.
fn part(product: &Product, q: &Expr) -> Result<(NodeId, Vec<Leaf>), Refusal> {
    let is_part = |leaf: &Leaf| matches!(leaf, Leaf::Part(..));
    let (parts, leaves): (Vec<Leaf>, Vec<Leaf>) = product.leaves.iter().cloned().partition(is_part);
    match &parts[..] {
        [Leaf::Part(node, subset)] if *subset == Subset::element([q.clone()]) => Ok((*node, leaves)),
        _ => Err(Refusal::NoMatch("not a column of one product")),
    }
}

/// The factor must not change with the row.
fn check(around: &Surroundings<'_>, write: &Write, at: &Expr, scale: &Scale) -> Result<(), Refusal> {
    let mut symbols = write.dims.clone();
    symbols.extend(at.symbols().into_iter().map(|name| (name, Range::index(at.clone()))));
    match scale.is_constant(around, &write.memlet.data, &symbols) {
        true => Ok(()),
        false => Err(Refusal::unproved("the products have a factor that is not one number")),
    }
}
