//! Dense linear algebra with a C interface, linked statically into the libraries that dacec emits.
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
//! Factorizations come from the `faer` crate: `dacec_solve_*`, `dacec_inverse_*`, `dacec_determinant_*`, `dacec_cholesky_*`,
//! `dacec_qr_*`, `dacec_eigh_*`, `dacec_svd_*`, `dacec_lstsq_*` and `dacec_slogdet_*`. They return a [`Status`], zero if all went well.
//! Fourier transforms of vectors, `dacec_fft_*` and `dacec_ifft_*`, come from the `rustfft` crate.
//!
//! **Layout**: `rs` and `cs` are the distances, in elements, from one row and from one column to the next. Any signed
//! value is fine for what is read, so transposes, sub-arrays and reversed axes need no copies. The elements of `C` must
//! be distinct from each other and from those of `A` and `B`.
//!
//! **Threads**: one call is one thread's work. The caller cuts `C` into blocks and calls from each of its own threads;
//! a pool in here would be a second team beside the caller's. The functions share no state but a packing buffer and plans of
//! Fourier transforms for each thread, which the thread frees when it ends.
//!
//! **Special values**: NaN and infinity travel as the formula says, with one exception taken from BLAS: `beta == 0` means
//! that `C` is written without being read. An `alpha` of zero is *not* special.
//!
//! **Not here**: matrix-vector and dot products, which are loops over memory that the compiler emits itself, and
//! integers, for which there is no faster way than such loops either.

mod dense;
mod fourier;
mod product;

pub use dense::Status;
use fourier::Direction;
use num_complex::{Complex32, Complex64};
use product::{Matrix, MatrixMut, gemm};

/// Which operands of a product are conjugate: none, or as arguments say.
macro_rules! conjugates {
    () => {
        [false; 2]
    };
    ($a:ident, $b:ident) => {
        [$a != 0, $b != 0]
    };
}

/// Defines the C function of one element type; with the names of two arguments, it has them, and they say which operands are
/// conjugate.
macro_rules! export {
    ($(#[$doc:meta])* $name:ident, $element:ty $(, $conj_a:ident, $conj_b:ident)?) => {
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
            $($conj_a: i64, $conj_b: i64,)?
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
            let (a, b, c) = (input(a, rsa, csa), input(b, rsb, csb), output(c, rsc, csc));
            let conjugate = conjugates!($($conj_a, $conj_b)?);
            // SAFETY: the caller's promise is the same.
            unsafe { gemm([m, n, k].map(size), conjugate, alpha, a, b, beta, c) }
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
export! {
    /// The product of complex matrices in single precision, where `A` or `B` is conjugate if its number is not 0.
    dacec_gemm_conj_c64, Complex32, conj_a, conj_b
}
export! {
    /// The product of complex matrices in double precision, where `A` or `B` is conjugate if its number is not 0.
    dacec_gemm_conj_c128, Complex64, conj_a, conj_b
}

/// Defines the C functions of the factorizations of one element type.
macro_rules! export_dense {
    ($element:ty, $real:ty, $solve:ident, $inverse:ident, $determinant:ident, $cholesky:ident, $qr:ident, $eigh:ident, $svd:ident, $slogdet:ident, $lstsq:ident) => {
        /// `X` with `A @ X = B`; `A` has `n`×`n` elements, `B` and `X` have `n`×`k`. Singular matrices are reported.
        ///
        /// # Safety
        ///
        /// All elements that the sizes and strides address must be valid, and those of `x` distinct from all others.
        #[unsafe(no_mangle)]
        pub unsafe extern "C" fn $solve(
            n: i64,
            k: i64,
            a: *const $element,
            rsa: i64,
            csa: i64,
            b: *const $element,
            rsb: i64,
            csb: i64,
            x: *mut $element,
            rsx: i64,
            csx: i64,
        ) -> i32 {
            let (a, b, x) = (input(a, rsa, csa), input(b, rsb, csb), output(x, rsx, csx));
            // SAFETY: the caller's promise is the same.
            unsafe { dense::solve([n, k].map(size), a, b, x) as i32 }
        }

        /// The inverse `X` of `A`, both of `n`×`n` elements. Singular matrices are reported.
        ///
        /// # Safety
        ///
        /// All elements that the sizes and strides address must be valid, and those of `x` distinct from all others.
        #[unsafe(no_mangle)]
        pub unsafe extern "C" fn $inverse(
            n: i64,
            a: *const $element,
            rsa: i64,
            csa: i64,
            x: *mut $element,
            rsx: i64,
            csx: i64,
        ) -> i32 {
            // SAFETY: the caller's promise is the same.
            unsafe { dense::inverse(size(n), input(a, rsa, csa), output(x, rsx, csx)) as i32 }
        }

        /// The determinant of `A` of `n`×`n` elements, written to `d`.
        ///
        /// # Safety
        ///
        /// All elements that the size and strides address must be valid, and `d` must be.
        #[unsafe(no_mangle)]
        pub unsafe extern "C" fn $determinant(
            n: i64,
            a: *const $element,
            rsa: i64,
            csa: i64,
            d: *mut $element,
        ) -> i32 {
            // SAFETY: the caller's promise is the same.
            unsafe { *d = dense::determinant(size(n), input(a, rsa, csa)) };
            Status::Done as i32
        }

        /// The lower triangular `L` with `A = L @ L^H`, both of `n`×`n` elements; only the lower triangle of `A` is read.
        /// A matrix that is not positive definite is reported.
        ///
        /// # Safety
        ///
        /// All elements that the sizes and strides address must be valid, and those of `l` distinct from all others.
        #[unsafe(no_mangle)]
        pub unsafe extern "C" fn $cholesky(
            n: i64,
            a: *const $element,
            rsa: i64,
            csa: i64,
            l: *mut $element,
            rsl: i64,
            csl: i64,
        ) -> i32 {
            // SAFETY: the caller's promise is the same.
            unsafe { dense::cholesky(size(n), input(a, rsa, csa), output(l, rsl, csl)) as i32 }
        }

        /// `A = Q @ R`: `A` has `m`×`n` elements, `Q` has `m`×`k`, `R` has `k`×`n`, where `k` is the smaller of `m` and `n`.
        ///
        /// # Safety
        ///
        /// All elements that the sizes and strides address must be valid, and those of the results distinct from all
        /// others.
        #[unsafe(no_mangle)]
        pub unsafe extern "C" fn $qr(
            m: i64,
            n: i64,
            a: *const $element,
            rsa: i64,
            csa: i64,
            q: *mut $element,
            rsq: i64,
            csq: i64,
            r: *mut $element,
            rsr: i64,
            csr: i64,
        ) -> i32 {
            let (a, q, r) = (input(a, rsa, csa), output(q, rsq, csq), output(r, rsr, csr));
            // SAFETY: the caller's promise is the same.
            unsafe { dense::qr([m, n].map(size), a, q, r) as i32 }
        }

        /// Eigenvalues `w`, ascending, and eigenvectors (columns of `V`) of a Hermitian matrix, of which only the lower
        /// triangle is read.
        ///
        /// # Safety
        ///
        /// All elements that the sizes and strides address must be valid, and those of the results distinct from all
        /// others.
        #[unsafe(no_mangle)]
        pub unsafe extern "C" fn $eigh(
            n: i64,
            a: *const $element,
            rsa: i64,
            csa: i64,
            w: *mut $real,
            sw: i64,
            v: *mut $element,
            rsv: i64,
            csv: i64,
        ) -> i32 {
            let (a, v) = (input(a, rsa, csa), output(v, rsv, csv));
            // SAFETY: the caller's promise is the same.
            unsafe { dense::eigh(size(n), a, w, sw as isize, v) as i32 }
        }

        /// `A = U @ diag(s) @ Vh`: `A` has `m`×`n` elements, `U` has `m`×`k`, `s` has `k`, descending, and `Vh` has `k`×`n`,
        /// where `k` is the smaller of `m` and `n`.
        ///
        /// # Safety
        ///
        /// All elements that the sizes and strides address must be valid, and those of the results distinct from all
        /// others.
        #[unsafe(no_mangle)]
        pub unsafe extern "C" fn $svd(
            m: i64,
            n: i64,
            a: *const $element,
            rsa: i64,
            csa: i64,
            u: *mut $element,
            rsu: i64,
            csu: i64,
            s: *mut $real,
            ss: i64,
            vh: *mut $element,
            rsv: i64,
            csv: i64,
        ) -> i32 {
            let (a, u, vh) = (input(a, rsa, csa), output(u, rsu, csu), output(vh, rsv, csv));
            // SAFETY: the caller's promise is the same.
            unsafe { dense::svd([m, n].map(size), a, u, s, ss as isize, vh) as i32 }
        }

        /// The sign of the determinant of `A` of `n`×`n` elements, written to `s`, and the logarithm of its magnitude,
        /// written to `l`: 0 and minus infinity if `A` is exactly singular.
        ///
        /// # Safety
        ///
        /// All elements that the size and strides address must be valid, and `s` and `l` must be.
        #[unsafe(no_mangle)]
        pub unsafe extern "C" fn $slogdet(
            n: i64,
            a: *const $element,
            rsa: i64,
            csa: i64,
            s: *mut $element,
            l: *mut $real,
        ) -> i32 {
            // SAFETY: the caller's promise is the same.
            unsafe { (*s, *l) = dense::slogdet(size(n), input(a, rsa, csa)) };
            Status::Done as i32
        }

        /// The shortest `X` that comes closest to `A @ X = B`, with `A` of `m`×`n` and `B` of `m`×`k` elements: singular values
        /// up to `*rcond` times the largest count as 0. Written besides are the squared distances of the `k` right-hand
        /// sides, 0 unless there are more equations than unknowns, of full rank; how many singular values count; and `s`,
        /// all of them, descending.
        ///
        /// # Safety
        ///
        /// All elements that the sizes and strides address must be valid, and those of the results distinct from all
        /// others.
        #[unsafe(no_mangle)]
        pub unsafe extern "C" fn $lstsq(
            m: i64,
            n: i64,
            k: i64,
            a: *const $element,
            rsa: i64,
            csa: i64,
            b: *const $element,
            rsb: i64,
            csb: i64,
            rcond: *const $real,
            x: *mut $element,
            rsx: i64,
            csx: i64,
            residuals: *mut $real,
            sresiduals: i64,
            rank: *mut i64,
            s: *mut $real,
            ss: i64,
        ) -> i32 {
            let (a, b, x) = (input(a, rsa, csa), input(b, rsb, csb), output(x, rsx, csx));
            let (residuals, s) = ((residuals, sresiduals as isize), (s, ss as isize));
            let results = dense::LeastSquares { residuals, rank, s };
            let rounding = f64::from(<$real>::EPSILON) / 2.0;
            // SAFETY: the caller's promise is the same.
            unsafe { dense::lstsq([m, n, k].map(size), a, b, *rcond, rounding, x, results) as i32 }
        }
    };
}

export_dense!(
    f32,
    f32,
    dacec_solve_f32,
    dacec_inverse_f32,
    dacec_determinant_f32,
    dacec_cholesky_f32,
    dacec_qr_f32,
    dacec_eigh_f32,
    dacec_svd_f32,
    dacec_slogdet_f32,
    dacec_lstsq_f32
);
export_dense!(
    f64,
    f64,
    dacec_solve_f64,
    dacec_inverse_f64,
    dacec_determinant_f64,
    dacec_cholesky_f64,
    dacec_qr_f64,
    dacec_eigh_f64,
    dacec_svd_f64,
    dacec_slogdet_f64,
    dacec_lstsq_f64
);
export_dense!(
    Complex32,
    f32,
    dacec_solve_c64,
    dacec_inverse_c64,
    dacec_determinant_c64,
    dacec_cholesky_c64,
    dacec_qr_c64,
    dacec_eigh_c64,
    dacec_svd_c64,
    dacec_slogdet_c64,
    dacec_lstsq_c64
);
export_dense!(
    Complex64,
    f64,
    dacec_solve_c128,
    dacec_inverse_c128,
    dacec_determinant_c128,
    dacec_cholesky_c128,
    dacec_qr_c128,
    dacec_eigh_c128,
    dacec_svd_c128,
    dacec_slogdet_c128,
    dacec_lstsq_c128
);

/// Defines the C functions of the Fourier transforms of one element type.
macro_rules! export_transforms {
    ($element:ty, $fft:ident, $ifft:ident) => {
        export_transforms! {
            /// Element `k` of `x` becomes the sum of `a[j] * exp(-2i pi j k / n)`, for `n` elements with the distances
            /// `sa` and `sx`.
            $element, $fft, Direction::Forward
        }
        export_transforms! {
            /// Element `k` of `x` becomes the sum of `a[j] * exp(2i pi j k / n)`, for `n` elements with the distances `sa`
            /// and `sx`.
            $element, $ifft, Direction::Backward
        }
    };
    ($(#[$doc:meta])* $element:ty, $name:ident, $direction:expr) => {
        $(#[$doc])*
        ///
        /// # Safety
        ///
        /// All elements that the size and distances address must be valid, and those of `x` distinct from all others.
        #[unsafe(no_mangle)]
        pub unsafe extern "C" fn $name(n: i64, a: *const $element, sa: i64, x: *mut $element, sx: i64) -> i32 {
            // SAFETY: the caller's promise is the same.
            unsafe { fourier::transform(size(n), (a, sa as isize), (x, sx as isize), $direction) };
            Status::Done as i32
        }
    };
}

export_transforms!(Complex32, dacec_fft_c64, dacec_ifft_c64);
export_transforms!(Complex64, dacec_fft_c128, dacec_ifft_c128);

/// A size as passed: negative ones are empty.
fn size(extent: i64) -> usize {
    extent.max(0) as usize
}

fn input<T>(data: *const T, row: i64, column: i64) -> Matrix<T> {
    Matrix { data, row: row as isize, column: column as isize }
}

fn output<T>(data: *mut T, row: i64, column: i64) -> MatrixMut<T> {
    MatrixMut { data, row: row as isize, column: column as isize }
}

/// The version of this interface; it changes with every change of a signature or of a meaning.
#[unsafe(no_mangle)]
pub extern "C" fn dacec_provider_version() -> u32 {
    5
}
