//! Matrix products as loops, and what kind of product the operands make.

use super::accumulate::{Accumulation, Axis, Input};
use super::{Call, Expansion};
use crate::Refusal;
use crate::surroundings::Surroundings;
use dacec_ir::{BinaryOp, Constant, DType, Expr, ScalarExpr, State, Wcr};

/// Loops, in the order in which the operands lie in memory.
///
/// ```text
/// dot       s += a[k]*b[k]
/// A @ x     map i { s = 0; for k { s += A[i, k]*x[k] }; y[i] = s }
/// x @ A     map block of j { y = 0; for k { for j { y[j] += x[k]*A[k, j] } } }
/// A @ B     map i, block of j { c = 0; for k { for j { c[j] += A[i, k]*B[k, j] } }; C[i, j] = c[j] }
/// ```
#[derive(Clone, Copy, Debug)]
pub struct PureMatMul;

impl Expansion for PureMatMul {
    fn op(&self) -> &'static str {
        "MatMul"
    }

    fn name(&self) -> &'static str {
        "pure"
    }

    fn summary(&self) -> &'static str {
        "Loops that accumulate products in the order in which the operands lie in memory"
    }

    fn requirement(&self, call: &Call) -> Result<(), Refusal> {
        Product::of(call).map(drop)
    }

    fn expand(&self, around: &mut Surroundings<'_>, state: &mut State, call: Call) {
        let product = Product::of(&call).expect("the requirement was checked");
        let (a, b, c) = (call.input("_a"), call.input("_b"), call.output("_c"));
        let factor = |name: &str, dtype: DType| ScalarExpr::name(name).cast(dtype, c.dtype);
        let accumulation = Accumulation {
            kept: product.kept,
            reduced: product.reduced,
            inputs: vec![
                Input { connector: "a", operand: a, axes: product.a },
                Input { connector: "b", operand: b, axes: product.b },
            ],
            value: ScalarExpr::binary(BinaryOp::Mul, factor("a", a.dtype), factor("b", b.dtype)),
            wcr: if c.dtype == DType::Bool { Wcr::LogicalOr } else { Wcr::Sum },
            identity: Constant::of_int(0, c.dtype),
            output: c,
            accumulate: false,
            finish: None,
        };
        accumulation.build(around, state, &call);
    }
}

/// Which axes of the iteration space index the operands of a product.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Product {
    /// Extents of the result's dimensions.
    pub kept: Vec<Expr>,
    /// The extent that is summed over, if there is one.
    pub reduced: Vec<Expr>,
    /// Axes of the first operand.
    pub a: Vec<Axis>,
    /// Axes of the second operand.
    pub b: Vec<Axis>,
}

impl Product {
    /// NumPy's rules, on operands without their single indices.
    ///
    /// A dimension of extent 1 is invisible here, so `[N, 1] @ [1, M]` arrives as two vectors with a matrix as result:
    /// the result's rank tells an outer product from a dot product.
    pub(super) fn of(call: &Call) -> Result<Product, Refusal> {
        let (a, b, c) = (call.input("_a"), call.input("_b"), call.output("_c"));
        let sum = Axis::Reduced(0);
        let kept = |count: usize| (0..count).map(Axis::Kept).collect::<Vec<_>>();
        let (axes_a, axes_b) = match (a.rank(), b.rank(), c.rank()) {
            (0, rank, result) if rank == result => (vec![], kept(rank)),
            (rank, 0, result) if rank == result => (kept(rank), vec![]),
            (1, 1, 2) => (vec![Axis::Kept(0)], vec![Axis::Kept(1)]),
            (1, 1, 0) => (vec![sum], vec![sum]),
            (1, rank, result) if rank >= 2 && result == rank - 1 => {
                let mut axes = kept(rank - 1);
                axes.insert(rank - 2, sum);
                (vec![sum], axes)
            }
            (rank, 1, result) if rank >= 2 && result == rank - 1 => {
                let mut axes = kept(rank - 1);
                axes.push(sum);
                (axes, vec![sum])
            }
            (left, right, result) if left >= 2 && right >= 2 && result == left.max(right) => {
                let (row, column) = (Axis::Kept(result - 2), Axis::Kept(result - 1));
                // Stacks of matrices broadcast: their axes are aligned at the right.
                let stack = |rank: usize| (result - rank..result - 2).map(Axis::Kept);
                let axes_a = stack(left).chain([row, sum]).collect();
                let axes_b = stack(right).chain([sum, column]).collect();
                (axes_a, axes_b)
            }
            (left, right, result) => {
                return Err(Refusal::unproved(format!(
                    "operands of {left} and {right} dimensions have no product of {result} dimensions"
                )));
            }
        };
        let mut product = Product { kept: c.shape.clone(), reduced: Vec::new(), a: axes_a, b: axes_b };
        product.check_extents(call)?;
        Ok(product)
    }

    /// Finds the extent of the sum, and refuses operands that provably do not fit.
    fn check_extents(&mut self, call: &Call) -> Result<(), Refusal> {
        let (a, b) = (call.input("_a"), call.input("_b"));
        let axes = self.a.iter().chain(&self.b).zip(a.shape.iter().chain(&b.shape));
        for (axis, extent) in axes {
            let known = match axis {
                Axis::Kept(at) => &self.kept[*at],
                Axis::Reduced(_) => match self.reduced.first() {
                    Some(known) => known,
                    None => {
                        self.reduced.push(extent.clone());
                        continue;
                    }
                },
            };
            if call.facts.prove_eq(known, extent) == Some(false) {
                return Err(Refusal::unproved(format!("the extents {known} and {extent} do not fit")));
            }
        }
        Ok(())
    }
}
