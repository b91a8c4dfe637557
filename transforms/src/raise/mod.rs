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
//!
//! All of them compute sums in another order, so they are left out where floating-point results must be rounded as written.

mod element;
pub mod loop_to_rank_update;
pub mod loop_to_triangular_solve;
mod replace;

pub use loop_to_rank_update::{LoopToRankUpdate, RankUpdates};
pub use loop_to_triangular_solve::{LoopToTriangularSolve, Solvable};
