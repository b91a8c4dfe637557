//! Matrix products by the matrix-product routine.

use super::matmul::Product;
use super::{Call, Expansion, Operand};
use crate::Refusal;
use crate::surroundings::Surroundings;
use dacec_ir::node::CallArgument;
use dacec_ir::{Constant, DType, Expr, Range, State};

/// Extents up to which loops beat a call.
pub(crate) const SMALL: i64 = 8;

/// One call of `gemm_f64` and its like: `C = alpha*A@B + beta*C` with any strides.
///
/// ```text
/// before:  (A) ─ A[0:N, 0:K] ─▶ [MatMul] ─ C[0:N, 0:M] ─▶ (C)
/// after:   (A) ─ A[0:N, 0:K] ─▶ {gemm_f64(N, M, K, 1, A, K, 1, …)} ─ C[0:N, 0:M] ─▶ (C)
/// ```
///
/// Parts of arrays, transposes and columns need no copy: the routine takes the distances of rows and columns. A stack of
/// matrices becomes a map around the call.
///
/// **Requires** two matrices, or stacks of them, of one type that the routine has, and a size that is not known to be
/// small.
#[derive(Clone, Copy, Debug)]
pub struct Gemm;

impl Expansion for Gemm {
    fn op(&self) -> &'static str {
        "MatMul"
    }

    fn name(&self) -> &'static str {
        "gemm"
    }

    fn summary(&self) -> &'static str {
        "A call of the matrix-product routine"
    }

    fn requirement(&self, call: &Call) -> Result<(), Refusal> {
        Product::of(call)?;
        let (a, b, c) = (call.input("_a"), call.input("_b"), call.output("_c"));
        if a.rank() < 2 || b.rank() < 2 {
            return Err(Refusal::unproved("an operand is a vector"));
        }
        if a.dtype != b.dtype || a.dtype != c.dtype || routine(c.dtype).is_none() {
            return Err(Refusal::unproved(format!(
                "there is no routine for the types {}, {} and {}",
                a.dtype, b.dtype, c.dtype
            )));
        }
        if c.memlet.wcr.is_some() {
            return Err(Refusal::unproved("the result is combined with what is there"));
        }
        let (m, n, k) = sizes(a, c);
        let small = |extent: Expr| extent.as_int().is_some_and(|extent| extent <= SMALL);
        if small(m) && small(n) && small(k) {
            return Err(Refusal::unproved("the matrices are so small that a call costs more than loops"));
        }
        Ok(())
    }

    fn expand(&self, around: &mut Surroundings<'_>, state: &mut State, call: Call) {
        let c = call.output("_c");
        let stack = &c.shape[..c.rank() - 2];
        let dims = stack.iter().map(|extent| (around.names.fresh("batch"), Range::full(extent))).collect();
        let name = routine(c.dtype).expect("the requirement was checked");
        call.by_routine_in_stack(around, state, (name, arguments(&call)), dims, &|_| 2);
    }
}

pub(super) fn routine(dtype: DType) -> Option<&'static str> {
    match dtype {
        DType::Float32 => Some("gemm_f32"),
        DType::Float64 => Some("gemm_f64"),
        DType::Complex64 => Some("gemm_c64"),
        DType::Complex128 => Some("gemm_c128"),
        _ => None,
    }
}

/// Rows and columns of the result, and the extent that is summed over.
fn sizes(a: &Operand, c: &Operand) -> (Expr, Expr, Expr) {
    let (rank_a, rank_c) = (a.rank(), c.rank());
    (c.shape[rank_c - 2].clone(), c.shape[rank_c - 1].clone(), a.shape[rank_a - 1].clone())
}

fn arguments(call: &Call) -> Vec<CallArgument> {
    let (a, b, c) = (call.input("_a"), call.input("_b"), call.output("_c"));
    let (m, n, k) = sizes(a, c);
    let number = |value: i64| CallArgument::Value(c.dtype, Constant::of_int(value, c.dtype).into());
    let matrix = |name: &str, operand: &Operand| {
        let rank = operand.rank();
        let strides = [&operand.strides[rank - 2], &operand.strides[rank - 1]];
        let pointer = CallArgument::Pointer(name.into());
        [pointer, CallArgument::Int(strides[0].clone()), CallArgument::Int(strides[1].clone())]
    };
    let mut arguments = vec![CallArgument::Int(m), CallArgument::Int(n), CallArgument::Int(k), number(1)];
    arguments.extend(matrix("_a", a));
    arguments.extend(matrix("_b", b));
    arguments.push(number(0));
    arguments.extend(matrix("_c", c));
    arguments
}
