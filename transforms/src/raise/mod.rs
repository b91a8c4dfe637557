//! Raising: loops that compute what a library does become a call of it.
//!
//! People write products and solutions of triangular systems row by row, because NumPy has no name for them. As one
//! operation they are computed block by block, from the cache, and on several cores.
//!
//! | written as | becomes |
//! | --- | --- |
//! | `for i: C[i, :i+1] *= beta; for k: C[i, :i+1] += alpha*A[i, k]*A[:i+1, k]` | `Syrk` ([`LoopToRankUpdate`]) |
//! | the same with `A[:i+1, k]*B[i, k] + B[:i+1, k]*A[i, k]` | `Syr2k` |
//! | `for i: x[i] = (b[i] - L[i, :i] @ x[:i]) / L[i, i]` | `Trsm` ([`LoopToTriangularSolve`]) |
//! | `for i: for j: B[i, j] += A[i+1:, i] @ B[i+1:, j]` and `B *= alpha` | `Trmm` ([`LoopToTriangularProduct`]) |
//! | `C *= beta; for i: C[:i] += alpha*outer(A[i, :i], B[i]); C[i] += alpha*(A[i, :i] @ B[:i] + A[i, i]*B[i])` | `Symm` ([`LoopToSymmetricProduct`]) |
//! | `for i: for j < i: A[i, j] = (A[i, j] - A[i, :j] @ A[j, :j]) / A[j, j]; A[i, i] = sqrt(…)` | `CholeskyInPlace` ([`LoopToFactorization`]) |
//! | the same with `A[:j, j]`, and `A[i, j] -= A[i, :i] @ A[:i, j]` for `j >= i` | `LuInPlace` |
//! | `for i: for j: for k: C[i, j] += alpha*A[i, k]*B[k, j]`, in any order and with a matrix and a vector | `Gemm`, `Gemv` ([`LiftEinsum`]) |
//! | `for i: for j: s = 0; for k: s += A[i, k]*B[k, j]; C[i, j] = s`, and what begins or ends otherwise | the same, between loops ([`LoopToProduct`]) |
//! | `for i: C[i] = A[i] @ B`, and what begins with the product | `Gemm`, before the loop ([`ProductHoisting`]) |
//! | `for i: C[i, i:] = A[:, i] @ A[:, i:]`, and what begins with the product | `Syrk`, before the loop |
//! | `A @ B @ x` | `A @ (B @ x)` ([`MatrixChain`]) |
//!
//! Sums of products of two vectors, `y += a*x` and running sums written as loops stay loops: a call computes them no faster, as they
//! wait for memory or for one addition after the other, and loops fuse with what is around them.
//!
//! All of them compute sums in another order, so they are left out where floating-point results must be rounded as written.

mod element;
pub mod lift_einsum;
pub mod loop_to_factorization;
pub mod loop_to_product;
pub mod loop_to_rank_update;
pub mod loop_to_symmetric_product;
pub mod loop_to_triangular_product;
pub mod loop_to_triangular_solve;
pub mod matrix_chain;
pub mod product_hoisting;
mod replace;
mod written;

pub use lift_einsum::{Contraction, LiftEinsum};
pub use loop_to_factorization::{Factorization, LoopToFactorization};
pub use loop_to_product::LoopToProduct;
pub use loop_to_rank_update::{LoopToRankUpdate, RankUpdates};
pub use loop_to_symmetric_product::{LoopToSymmetricProduct, SymmetricProduct};
pub use loop_to_triangular_product::{LoopToTriangularProduct, TriangularProduct};
pub use loop_to_triangular_solve::{LoopToTriangularSolve, Solvable};
pub use matrix_chain::{Chain, MatrixChain};
pub use product_hoisting::{ProductHoisting, RowProduct};
