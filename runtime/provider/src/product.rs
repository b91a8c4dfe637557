//! The product of any element type: what is done before and around the `gemm` crate.

use gemm::Parallelism;
use num_complex::{Complex32, Complex64};

/// A matrix that is read: its first element, and the distances in elements between rows and between columns.
#[derive(Clone, Copy)]
pub(crate) struct Matrix<T> {
    pub(crate) data: *const T,
    pub(crate) row: isize,
    pub(crate) column: isize,
}

/// A matrix that is written; see [`Matrix`].
#[derive(Clone, Copy)]
pub(crate) struct MatrixMut<T> {
    pub(crate) data: *mut T,
    pub(crate) row: isize,
    pub(crate) column: isize,
}

/// An element type that the `gemm` crate multiplies.
pub(crate) trait Element: Copy + PartialEq + std::ops::Mul<Output = Self> + 'static {
    /// Zero of this type.
    const ZERO: Self;
}

impl Element for f32 {
    const ZERO: Self = 0.0;
}
impl Element for f64 {
    const ZERO: Self = 0.0;
}
impl Element for Complex32 {
    const ZERO: Self = Complex32::new(0.0, 0.0);
}
impl Element for Complex64 {
    const ZERO: Self = Complex64::new(0.0, 0.0);
}

/// `C = alpha * A @ B + beta * C` on the calling thread, with conjugate operands where that is said; the sizes are those of `m`×`k` times `k`×`n`.
///
/// # Safety
///
/// As for the exported functions: every addressed element is valid, and those of `c` are distinct from all others.
pub(crate) unsafe fn gemm<T: Element>(
    [m, n, k]: [usize; 3],
    conjugate: [bool; 2],
    alpha: T,
    a: Matrix<T>,
    b: Matrix<T>,
    beta: T,
    c: MatrixMut<T>,
) {
    if m == 0 || n == 0 {
        return;
    }
    if k == 0 {
        // SAFETY: the caller's promise about `c`.
        return unsafe { scale([m, n], beta, c) };
    }
    // The `gemm` crate calls the factor of the old values `alpha` and that of the product `beta`.
    // SAFETY: the caller's promise; the element type is one of those that the crate knows.
    unsafe {
        gemm::gemm(
            m,
            n,
            k,
            c.data,
            c.column,
            c.row,
            beta != T::ZERO,
            a.data,
            a.column,
            a.row,
            b.data,
            b.column,
            b.row,
            beta,
            alpha,
            false,
            conjugate[0],
            conjugate[1],
            Parallelism::None,
        );
    }
}

/// `C = beta * C`, where zero overwrites.
///
/// # Safety
///
/// Every addressed element is valid.
unsafe fn scale<T: Element>([m, n]: [usize; 2], beta: T, c: MatrixMut<T>) {
    for i in 0..m as isize {
        for j in 0..n as isize {
            // SAFETY: inside the sizes, so an element of `c`.
            unsafe {
                let element = c.data.offset(i * c.row + j * c.column);
                *element = if beta == T::ZERO { T::ZERO } else { beta * *element };
            }
        }
    }
}
