//! Matrix products with a C interface, linked statically into the libraries that dacec emits.
//!
//! A compiled program must run on a machine that has nothing but a C library. So the matrix product comes along:
//! the pure-Rust `gemm` crate, which picks AVX-512, AVX2 or plain code when it first runs, behind four C functions
//! (one an element type). `dacec-runtime` builds this crate as an archive and embeds it; the emitted code calls
//!
//! ```c
//! /* C = alpha * A @ B + beta * C */
//! void dacec_gemm_f64(int64_t m, int64_t n, int64_t k,
//!                     double alpha, const double *a, int64_t rsa, int64_t csa,
//!                                   const double *b, int64_t rsb, int64_t csb,
//!                     double beta,  double *c,       int64_t rsc, int64_t csc);
//! ```
//!
//! **Layout**: `rs` and `cs` are the distances, in elements, from one row and from one column to the next. Any signed
//! value is fine for what is read, so transposes, sub-arrays and reversed axes need no copies. The elements of `C` must
//! be distinct from each other and from those of `A` and `B`.
//!
//! **Threads**: one call is one thread's work. The caller cuts `C` into blocks and calls from each of its own threads;
//! a pool in here would be a second team beside the caller's. The functions share no state but a packing buffer a
//! thread, which the thread frees when it ends.
//!
//! **Special values**: NaN and infinity travel as the formula says, with one exception taken from BLAS: `beta == 0` means
//! that `C` is written without being read. An `alpha` of zero is *not* special.
//!
//! **Not here**: matrix-vector and dot products, which are loops over memory that the compiler emits itself, and
//! integers, for which there is no faster way than such loops either.

mod product;

use num_complex::{Complex32, Complex64};
use product::{Matrix, MatrixMut, gemm};

/// Defines the C function of one element type.
macro_rules! export {
    ($(#[$doc:meta])* $name:ident, $element:ty) => {
        $(#[$doc])*
        ///
        /// `C = alpha * A @ B + beta * C` with `A` of `m`×`k`, `B` of `k`×`n` and `C` of `m`×`n` elements.
        /// Nothing happens if `m` or `n` is not positive; if `k` is not, the product is zero.
        ///
        /// # Safety
        ///
        /// All elements that the sizes and strides address must be valid, for reading in `a` and `b`, for writing
        /// in `c` and, unless `beta` is zero, for reading there. Those of `c` are distinct from all others.
        #[unsafe(no_mangle)]
        pub unsafe extern "C" fn $name(
            m: i64,
            n: i64,
            k: i64,
            alpha: $element,
            a: *const $element,
            rsa: i64,
            csa: i64,
            b: *const $element,
            rsb: i64,
            csb: i64,
            beta: $element,
            c: *mut $element,
            rsc: i64,
            csc: i64,
        ) {
            let a = Matrix { data: a, row: rsa as isize, column: csa as isize };
            let b = Matrix { data: b, row: rsb as isize, column: csb as isize };
            let c = MatrixMut { data: c, row: rsc as isize, column: csc as isize };
            // SAFETY: the caller's promise is the same.
            unsafe { gemm([m, n, k].map(|size| size.max(0) as usize), alpha, a, b, beta, c) }
        }
    };
}

export! {
    /// The product of real matrices in single precision.
    dacec_gemm_f32, f32
}
export! {
    /// The product of real matrices in double precision.
    dacec_gemm_f64, f64
}
export! {
    /// The product of complex matrices in single precision (two `float`).
    dacec_gemm_c64, Complex32
}
export! {
    /// The product of complex matrices in double precision (two `double`).
    dacec_gemm_c128, Complex64
}

/// The version of this interface; it changes with every change of a signature or of a meaning.
#[unsafe(no_mangle)]
pub extern "C" fn dacec_provider_version() -> u32 {
    1
}
