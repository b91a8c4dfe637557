//! Loop to factorization: a matrix that is replaced by its factors, written row by row.
//!
//! ```text
//! before:  for i in 0:N { for j in 0:i { A[i, j] = (A[i, j] - A[i, 0:j] @ A[j, 0:j]) / A[j, j] }
//!                         A[i, i] = sqrt(A[i, i] - A[i, 0:i] @ A[i, 0:i]) }
//! after:   CholeskyInPlace: the lower triangle of A becomes its factor
//!
//! before:  for i in 0:N { for j in 0:i { A[i, j] = (A[i, j] - A[i, 0:j] @ A[0:j, j]) / A[j, j] }
//!                         map j in i:N { A[i, j] -= A[i, 0:i] @ A[0:i, j] } }
//! after:   LuInPlace: A becomes L and U, without exchanges of rows
//!
//! kept:    for i in 0:N { for j in 0:i { A[i, j] = A[i, j] - A[i, 0:j] @ A[j, 0:j] } … }     not divided
//!          for i in 0:N { for j in 0:i { … };  A[i, i] = sqrt(A[i, i]) }                     no sum
//! ```
//!
//! Routines of LAPACK with these names are something else: they stop where a matrix has no factor, and exchange rows. So these
//! operations are computed block by block from products and triangular systems.
//!
//! **Legal when** the loop contains nothing else; both parts are of one array of floating-point numbers; and sums may be
//! computed in any order.

use super::element::Element;
use super::loop_to_triangular_solve::{Equation, only_state, unknowns};
use super::replace::{operation, replace};
use super::written::{Write, block, is_at, operands};
use crate::loops::nest::contents;
use crate::surroundings::Surroundings;
use crate::{Refusal, Transformation};
use dacec_ir::library::Blas;
use dacec_ir::{Block, Expr, Function, Loop, Memlet, Name, Range, Region, ScalarExpr, State, Subset};

/// Makes one operation of loops that factorize; see the [module](self).
#[derive(Clone, Copy, Debug, Default)]
pub struct LoopToFactorization;

/// Loops that factorize a matrix; made only by [`LoopToFactorization::find`].
#[derive(Clone, Debug)]
pub struct Factorization {
    block: usize,
    op: Blas,
    matrix: Memlet,
}

impl Transformation for LoopToFactorization {
    type Place = Region;
    type Match = Factorization;

    fn name(&self) -> &'static str {
        "LoopToFactorization"
    }

    fn find(
        &self,
        around: &Surroundings<'_>,
        region: &Region,
        site: usize,
    ) -> Result<Factorization, Refusal> {
        let Block::Loop(it) = &region.blocks[site] else { return Err(Refusal::NoMatch("not a loop")) };
        let (variable, size, down) = unknowns(it)?;
        let (inner, last) = parts(it)?;
        let (column, extent, inner_down) = unknowns(inner)?;
        let (i, j) = (Expr::sym(variable), Expr::sym(column));
        if down || inner_down || extent != i {
            return Err(Refusal::NoMatch("not a loop over a triangle"));
        }
        let (data, form) = below(around, only_state(&inner.body)?, (&i, &j))?;
        let matched = match form {
            Form::Symmetric => on_diagonal(around, last, &data, &i),
            Form::General => right(around, last, &data, (&i, &size)),
        };
        matched?;
        if !around.container(&data).dtype().is_float()
            || around.facts.prove_ge(&size, &Expr::zero()) != Some(true)
        {
            return Err(Refusal::unproved("the matrix is not one of floating-point numbers with a size"));
        }
        let op = match form {
            Form::Symmetric => Blas::CholeskyInPlace,
            Form::General => Blas::LuInPlace,
        };
        Ok(Factorization { block: site, op, matrix: block(&data, &size, &size) })
    }

    fn apply(&self, around: &mut Surroundings<'_>, region: &mut Region, found: Factorization) {
        let Block::Loop(it) = &region.blocks[found.block] else { unreachable!("the match names a loop") };
        let inputs = vec![("_a", found.matrix.clone())];
        let state = operation(around, it, found.op, (inputs, ("_c", found.matrix)), Vec::new());
        replace(around, region, found.block, state);
    }
}

/// Which of the factorizations.
#[derive(Clone, Copy)]
enum Form {
    /// Products of two rows.
    Symmetric,
    /// Products of a row and a column.
    General,
}

/// The inner loop, and the state behind it.
fn parts(it: &Loop) -> Result<(&Loop, &State), Refusal> {
    match contents(&it.body)[..] {
        [Block::Loop(inner), Block::State(last)] => Ok((inner, last)),
        _ => Err(Refusal::NoMatch("not a loop and a state")),
    }
}

/// `A[i, j] = (A[i, j] - A[i, 0:j] @ …) / A[j, j]`
fn below(around: &Surroundings<'_>, state: &State, (i, j): (&Expr, &Expr)) -> Result<(Name, Form), Refusal> {
    let [write] = &Write::all(around, state)?[..] else { return Err(Refusal::NoMatch("several results")) };
    let (data, at) = (&write.memlet.data, Subset::element([i.clone(), j.clone()]));
    let equation = Equation::of(&write.element, &at)?;
    let diagonal = Memlet::element(data, [j.clone(), j.clone()]);
    if write.memlet.subset != at || !write.dims.is_empty() || equation.known != *data {
        return Err(Refusal::NoMatch("not one element of the row"));
    }
    if !equation.diagonal.is_some_and(|it| it.data == diagonal.data && it.subset == diagonal.subset) {
        return Err(Refusal::unproved("the element is not divided by the diagonal"));
    }
    let [row, other] = operands(state, equation.product)?;
    let (row_i, before) = (Range::index(i.clone()), Range::new(0, j.clone()));
    let column = Range::index(j.clone());
    match is_at(&row, data, &[&row_i, &before]) {
        true if is_at(&other, data, &[&column, &before]) => Ok((data.clone(), Form::Symmetric)),
        true if is_at(&other, data, &[&before, &column]) => Ok((data.clone(), Form::General)),
        _ => Err(Refusal::unproved("the product is not that of what is known already")),
    }
}

/// `A[i, i] = sqrt(A[i, i] - A[i, 0:i] @ A[i, 0:i])`
fn on_diagonal(around: &Surroundings<'_>, state: &State, data: &Name, i: &Expr) -> Result<(), Refusal> {
    let [write] = &Write::all(around, state)?[..] else { return Err(Refusal::NoMatch("several results")) };
    let ScalarExpr::Call(Function::Sqrt, operands_of) = &write.element.value else {
        return Err(Refusal::NoMatch("not a root"));
    };
    let [value] = &operands_of[..] else { return Err(Refusal::NoMatch("not a root")) };
    let element = Element { value: value.clone(), leaves: write.element.leaves.clone() };
    let at = Subset::element([i.clone(), i.clone()]);
    let equation = Equation::of(&element, &at)?;
    let (row, before) = (Range::index(i.clone()), Range::new(0, i.clone()));
    let square = operands(state, equation.product)?.iter().all(|it| is_at(it, data, &[&row, &before]));
    let own = write.memlet.data == *data && write.memlet.subset == at && write.dims.is_empty();
    match own && square && equation.known == *data && equation.diagonal.is_none() {
        true => Ok(()),
        false => Err(Refusal::unproved("the root is not that of the diagonal less the squares of its row")),
    }
}

/// `A[i, j] -= A[i, 0:i] @ A[0:i, j]` for all `j` from `i` on.
fn right(
    around: &Surroundings<'_>,
    state: &State,
    data: &Name,
    (i, size): (&Expr, &Expr),
) -> Result<(), Refusal> {
    let [write] = &Write::all(around, state)?[..] else { return Err(Refusal::NoMatch("several results")) };
    let position = write.memlet.subset.as_element().unwrap_or_default();
    let [row, column] = &position[..] else { return Err(Refusal::NoMatch("not a matrix")) };
    let all = write.dims.len() == 1 && write.range(column) == Some(&Range::new(i.clone(), size.clone()));
    if row != i || !all || write.memlet.data != *data {
        return Err(Refusal::NoMatch("not the rest of the row"));
    }
    let equation = Equation::of(&write.element, &write.memlet.subset)?;
    let (index, before) = (Range::index(i.clone()), Range::new(0, i.clone()));
    let column = Range::index(column.clone());
    let [a, b] = operands(state, equation.product)?;
    let product = is_at(&a, data, &[&index, &before]) && is_at(&b, data, &[&before, &column]);
    match product && equation.known == *data && equation.diagonal.is_none() {
        true => Ok(()),
        false => Err(Refusal::unproved("the product is not that of what is known already")),
    }
}
