//! Loop to triangular product: a matrix that is multiplied by a triangle in place, written as a loop over rows.
//!
//! ```text
//! before:  for i in 0:M { for j in 0:N { B[i, j] += A[i + 1:M, i] @ B[i + 1:M, j] } };  B *= alpha
//! after:   Trmm: B = alpha * T.T @ B, with the lower triangle T of A and a diagonal of 1
//! kept:    for i in 0:M { for j in 0:N { B[i, j] += A[0:i, i] @ B[0:i, j] } }     rows that are new already
//!          for i in 0:M { for j in 0:N { B[i, j] += A[i:M, i] @ B[i:M, j] } }     not the rest of the column
//! ```
//!
//! From the last row to the first one, the rows before are those that are still old; with `A[i, i + 1:M]` the matrix is not
//! transposed, and the triangle is the upper one. A vector is a matrix of one column.
//!
//! **Legal when** the loop contains nothing else, and each row gets the product of the rest of the matrix's column, or row,
//! with rows that are not yet written; the matrices are different arrays of the same floating-point type; and sums may be
//! computed in any order. The multiple belongs to it if it is of all elements, which the loop reaches, and comes right behind.

use super::element::{Leaf, Product};
use super::loop_to_triangular_solve::{only_state, unknowns};
use super::replace::{Scale, clear, operation, replace};
use super::written::{Write, is_at, operands, scaling};
use crate::surroundings::Surroundings;
use crate::{Refusal, Transformation};
use dacec_ir::library::Blas;
use dacec_ir::library::blas::{Side, Trans, Triangle, Triangular};
use dacec_ir::{Block, Expr, Memlet, Range, Region, Subset};

/// Makes one operation of a loop that multiplies by a triangle; see the [module](self).
#[derive(Clone, Copy, Debug, Default)]
pub struct LoopToTriangularProduct;

/// A loop that multiplies by a triangle; made only by [`LoopToTriangularProduct::find`].
#[derive(Clone, Debug)]
pub struct TriangularProduct {
    block: usize,
    triangle: Triangle,
    form: Trans,
    matrix: Memlet,
    other: Memlet,
    /// The block that multiplies the result.
    multiple: Option<(usize, Scale)>,
}

impl Transformation for LoopToTriangularProduct {
    type Place = Region;
    type Match = TriangularProduct;

    fn name(&self) -> &'static str {
        "LoopToTriangularProduct"
    }

    fn find(
        &self,
        around: &Surroundings<'_>,
        region: &Region,
        site: usize,
    ) -> Result<TriangularProduct, Refusal> {
        let Block::Loop(it) = &region.blocks[site] else { return Err(Refusal::NoMatch("not a loop")) };
        let (variable, size, down) = unknowns(it)?;
        if around.facts.prove_ge(&size, &Expr::zero()) != Some(true) {
            return Err(Refusal::unproved("the number of rows may be negative"));
        }
        let state = only_state(&it.body)?;
        let [write] = &Write::all(around, state)?[..] else {
            return Err(Refusal::NoMatch("several results"));
        };
        let (at, b) = (Expr::sym(variable), &write.memlet.data);
        // The row, and for a matrix all of its columns.
        let columns = match &write.memlet.subset.as_element().unwrap_or_default()[..] {
            [row] if *row == at && write.dims.is_empty() => None,
            [row, column] if *row == at && write.dims.len() == 1 => Some(column.clone()),
            _ => return Err(Refusal::NoMatch("not a row")),
        };
        let extent = &around.container(b).shape()[1..];
        if let Some(column) = &columns
            && write.range(column) != extent.first().map(Range::full).as_ref()
        {
            return Err(Refusal::NoMatch("not all of a row"));
        }
        let added = write.added()?;
        let [Product { negative: false, constants, leaves }] = &added[..] else {
            return Err(Refusal::NoMatch("not one product"));
        };
        let ([], [Leaf::Library(product)]) = (&constants[..], &leaves[..]) else {
            return Err(Refusal::NoMatch("not a product alone"));
        };
        let others = if down { Range::new(0, at.clone()) } else { Range::new(&at + 1, size.clone()) };
        let row = Range::index(at);
        let [a, rows] = operands(state, *product)?;
        let old = match columns {
            Some(column) => is_at(&rows, b, &[&others, &Range::index(column)]),
            None => is_at(&rows, b, &[&others]),
        };
        let by_columns = is_at(&a, &a.data, &[&others, &row]);
        if !old || !by_columns && !is_at(&a, &a.data, &[&row, &others]) {
            return Err(Refusal::unproved(
                "the product is not that of a column's rest with rows that are old",
            ));
        }
        let dtype = around.container(b).dtype();
        if a.data == *b || !dtype.is_float() || around.container(&a.data).dtype() != dtype {
            return Err(Refusal::unproved(format!("`{}` is no matrix of its own of the same type", a.data)));
        }
        let all = Range::full(&size);
        let mut dims = vec![all.clone()];
        dims.extend(extent.iter().map(Range::full));
        Ok(TriangularProduct {
            block: site,
            // Of the transposed matrix, the other triangle is what the rows see.
            triangle: if down == by_columns { Triangle::Upper } else { Triangle::Lower },
            form: if by_columns { Trans::Transposed } else { Trans::No },
            matrix: Memlet::new(&a.data, Subset::new([all.clone(), all])),
            other: Memlet::new(b, Subset::new(dims)),
            // Of rows that the loop does not reach, the multiple must stay.
            multiple: scaling(around, region, (site, true), b)
                .filter(|_| around.container(b).shape()[0] == size),
        })
    }

    fn apply(&self, around: &mut Surroundings<'_>, region: &mut Region, found: TriangularProduct) {
        let Block::Loop(it) = &region.blocks[found.block] else { unreachable!("the match names a loop") };
        let (multiple, scale) = found.multiple.unzip();
        let scale = scale.unwrap_or_default();
        let op = Blas::Trmm(Triangular {
            side: Side::Left,
            triangle: found.triangle,
            a: found.form,
            unit: true,
            alpha: scale.as_factor(),
        });
        let inputs = vec![("_a", found.matrix), ("_b", found.other.clone())];
        let state = operation(around, it, op, (inputs, ("_c", found.other)), vec![("_alpha", scale)]);
        replace(around, region, found.block, state);
        if let Some(block) = multiple {
            clear(around, region, block);
        }
    }
}
