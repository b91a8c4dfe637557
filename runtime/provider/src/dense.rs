//! Factorizations of dense matrices of any element type: what is done around the `faer` crate.
//!
//! Results are those of LAPACK's routines, which NumPy calls: pivoting by the largest magnitude, an exact zero on the
//! diagonal as the sign of a singular matrix, the lower triangle of Hermitian matrices, singular values descending and
//! eigenvalues ascending. Vectors that are determined up to a factor of length one may differ by it.

use crate::product::{Matrix, MatrixMut};
use faer::linalg::solvers::{Llt, PartialPivLu, Qr, SelfAdjointEigen, Solve, Svd};
use faer::traits::ComplexField;
use faer::traits::math_utils::{
    abs2, add, conj, from_f64, is_finite, mul, mul_real, neg, one, real, recip, zero,
};
use faer::{MatMut, MatRef, Side};

/// What a routine returns; the numbers are part of the C interface.
#[repr(i32)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    /// The results are written.
    Done = 0,
    /// A system of equations or an inverse of a singular matrix was asked for.
    Singular = 1,
    /// The matrix is not positive definite.
    NotPositiveDefinite = 2,
    /// An iteration did not converge, as with elements that are no numbers.
    NoConvergence = 3,
}

impl<T> Matrix<T> {
    /// The matrix as `faer` sees it.
    ///
    /// # Safety
    ///
    /// Every element of an `m`×`n` matrix is valid for `'a`.
    unsafe fn view<'a>(self, m: usize, n: usize) -> MatRef<'a, T> {
        // SAFETY: the caller's promise.
        unsafe { MatRef::from_raw_parts(self.data, m, n, self.row, self.column) }
    }
}

impl<T> MatrixMut<T> {
    /// The matrix as `faer` sees it.
    ///
    /// # Safety
    ///
    /// Every element of an `m`×`n` matrix is valid for `'a`, and no other reference to it exists.
    unsafe fn view<'a>(self, m: usize, n: usize) -> MatMut<'a, T> {
        // SAFETY: the caller's promise.
        unsafe { MatMut::from_raw_parts_mut(self.data, m, n, self.row, self.column) }
    }
}

/// Whether a factor has an exact zero on its diagonal.
fn is_singular<T: ComplexField>(lu: &PartialPivLu<T>) -> bool {
    let u = lu.U();
    (0..u.nrows()).any(|i| u[(i, i)] == zero::<T>())
}

/// `X` with `A @ X = B`, where `A` is `n`×`n` and `B` is `n`×`k`.
///
/// # Safety
///
/// Every addressed element is valid, and those of `x` are distinct from all others.
pub(crate) unsafe fn solve<T: ComplexField>(
    [n, k]: [usize; 2],
    a: Matrix<T>,
    b: Matrix<T>,
    x: MatrixMut<T>,
) -> Status {
    if n == 0 || k == 0 {
        return Status::Done;
    }
    // SAFETY: the caller's promise.
    let (a, b, mut x) = unsafe { (a.view(n, n), b.view(n, k), x.view(n, k)) };
    let lu = PartialPivLu::new(a);
    if is_singular(&lu) {
        return Status::Singular;
    }
    x.copy_from(b);
    lu.solve_in_place(x);
    Status::Done
}

/// The inverse `X` of the `n`×`n` matrix `A`.
///
/// # Safety
///
/// As for [`solve`].
pub(crate) unsafe fn inverse<T: ComplexField>(n: usize, a: Matrix<T>, x: MatrixMut<T>) -> Status {
    if n == 0 {
        return Status::Done;
    }
    // SAFETY: the caller's promise.
    let (a, mut x) = unsafe { (a.view(n, n), x.view(n, n)) };
    let lu = PartialPivLu::new(a);
    if is_singular(&lu) {
        return Status::Singular;
    }
    for j in 0..n {
        for i in 0..n {
            x[(i, j)] = if i == j { one::<T>() } else { zero::<T>() };
        }
    }
    lu.solve_in_place(x);
    Status::Done
}

/// The determinant of the `n`×`n` matrix `A`; one for a matrix without elements.
///
/// # Safety
///
/// Every element of `a` is valid.
pub(crate) unsafe fn determinant<T: ComplexField>(n: usize, a: Matrix<T>) -> T {
    if n == 0 {
        return one::<T>();
    }
    // SAFETY: the caller's promise.
    let lu = PartialPivLu::new(unsafe { a.view(n, n) });
    let (u, order) = (lu.U(), lu.P().arrays().0);
    if is_singular(&lu) {
        // What comes after the first zero is no number.
        return zero::<T>();
    }
    let product = (0..n).fold(one::<T>(), |product, i| mul(&product, &u[(i, i)]));
    if is_odd(order) { neg(&product) } else { product }
}

/// The sign of the determinant of the `n`×`n` matrix `A` and the logarithm of its magnitude; 0 and minus infinity if the
/// matrix is exactly singular.
///
/// # Safety
///
/// Every element of `a` is valid.
pub(crate) unsafe fn slogdet<T: Signed>(n: usize, a: Matrix<T>) -> (T, T::Real) {
    let mut sign = one::<T>();
    let mut logarithm = zero::<T::Real>();
    if n == 0 {
        return (sign, logarithm);
    }
    // SAFETY: the caller's promise.
    let lu = PartialPivLu::new(unsafe { a.view(n, n) });
    let (u, order) = (lu.U(), lu.P().arrays().0);
    for i in 0..n {
        let (direction, magnitude) = u[(i, i)].polar();
        if direction == zero::<T>() {
            // What comes after the first zero is no number.
            return (direction, magnitude);
        }
        sign = mul(&sign, &direction);
        logarithm = add(&logarithm, &magnitude);
    }
    if is_odd(order) {
        sign = neg(&sign);
    }
    (sign, logarithm)
}

/// A number as its direction and the logarithm of its magnitude.
pub(crate) trait Signed: ComplexField {
    /// The number of magnitude one, or 0, and the logarithm.
    fn polar(&self) -> (Self, Self::Real);
}

macro_rules! signed {
    ($($real:ident)*) => {$(
        impl Signed for $real {
            fn polar(&self) -> (Self, $real) {
                (if *self == 0.0 { 0.0 } else { self.signum() }, self.abs().ln())
            }
        }

        impl Signed for num_complex::Complex<$real> {
            fn polar(&self) -> (Self, $real) {
                let size = self.norm();
                (if size == 0.0 { *self } else { self / size }, size.ln())
            }
        }
    )*};
}

signed!(f32 f64);

/// Whether a permutation is an odd number of exchanges: the parity of its even cycles.
fn is_odd(order: &[usize]) -> bool {
    let mut seen = vec![false; order.len()];
    let mut odd = false;
    for start in 0..order.len() {
        let (mut at, mut length) = (start, 0);
        while !seen[at] {
            seen[at] = true;
            at = order[at];
            length += 1;
        }
        odd ^= length > 0 && length % 2 == 0;
    }
    odd
}

/// The lower triangular `L` with `A = L @ L^H`; of `A` only the lower triangle is read.
///
/// # Safety
///
/// As for [`solve`].
pub(crate) unsafe fn cholesky<T: ComplexField>(n: usize, a: Matrix<T>, l: MatrixMut<T>) -> Status {
    // SAFETY: the caller's promise.
    let (a, mut l) = unsafe { (a.view(n, n), l.view(n, n)) };
    if (0..n).any(|i| (0..=i).any(|j| !is_finite(&a[(i, j)]))) {
        return Status::NotPositiveDefinite;
    }
    let Ok(factor) = Llt::new(a, Side::Lower) else { return Status::NotPositiveDefinite };
    for j in 0..n {
        for i in 0..n {
            l[(i, j)] = if i >= j { factor.L()[(i, j)].clone() } else { zero::<T>() };
        }
    }
    Status::Done
}

/// `A = Q @ R` with `A` of `m`×`n`, `Q` of `m`×`k` with orthonormal columns and `R` of `k`×`n`, upper triangular;
/// `k` is the smaller of `m` and `n`.
///
/// # Safety
///
/// As for [`solve`].
pub(crate) unsafe fn qr<T: ComplexField>(
    [m, n]: [usize; 2],
    a: Matrix<T>,
    q: MatrixMut<T>,
    r: MatrixMut<T>,
) -> Status {
    let k = m.min(n);
    if k == 0 {
        return Status::Done;
    }
    // SAFETY: the caller's promise.
    let (a, mut q, mut r) = unsafe { (a.view(m, n), q.view(m, k), r.view(k, n)) };
    let factors = Qr::new(a);
    q.copy_from(factors.compute_thin_Q());
    let thin = factors.thin_R();
    for j in 0..n {
        for i in 0..k {
            r[(i, j)] = if i <= j { thin[(i, j)].clone() } else { zero::<T>() };
        }
    }
    Status::Done
}

/// Eigenvalues, ascending, and eigenvectors (columns of `V`) of the Hermitian `n`×`n` matrix `A`, of which only the lower
/// triangle is read.
///
/// # Safety
///
/// As for [`solve`]; `w` has `n` elements with the given distance.
pub(crate) unsafe fn eigh<T: ComplexField>(
    n: usize,
    a: Matrix<T>,
    w: *mut T::Real,
    distance: isize,
    v: MatrixMut<T>,
) -> Status {
    if n == 0 {
        return Status::Done;
    }
    // SAFETY: the caller's promise.
    let (a, mut v) = unsafe { (a.view(n, n), v.view(n, n)) };
    let Ok(eigen) = SelfAdjointEigen::new(a, Side::Lower) else { return Status::NoConvergence };
    v.copy_from(eigen.U());
    let values = eigen.S().column_vector();
    for i in 0..n {
        // SAFETY: inside the size.
        unsafe { *w.offset(i as isize * distance) = real(&values[i]) };
    }
    Status::Done
}

/// `A = U @ diag(s) @ Vh` with `A` of `m`×`n`, `U` of `m`×`k`, `s` of `k` elements, descending, and `Vh` of `k`×`n`; `k` is
/// the smaller of `m` and `n`.
///
/// # Safety
///
/// As for [`solve`]; `s` has `k` elements with the given distance.
pub(crate) unsafe fn svd<T: ComplexField>(
    [m, n]: [usize; 2],
    a: Matrix<T>,
    u: MatrixMut<T>,
    s: *mut T::Real,
    distance: isize,
    vh: MatrixMut<T>,
) -> Status {
    let k = m.min(n);
    if k == 0 {
        return Status::Done;
    }
    // SAFETY: the caller's promise.
    let (a, mut u, mut vh) = unsafe { (a.view(m, n), u.view(m, k), vh.view(k, n)) };
    let Ok(svd) = Svd::new_thin(a) else { return Status::NoConvergence };
    u.copy_from(svd.U());
    for j in 0..n {
        for i in 0..k {
            vh[(i, j)] = conj(&svd.V()[(j, i)]);
        }
    }
    let values = svd.S().column_vector();
    for i in 0..k {
        // SAFETY: inside the size.
        unsafe { *s.offset(i as isize * distance) = real(&values[i]) };
    }
    Status::Done
}

/// Where the results of [`lstsq`] that are no matrix go: addresses, and the distances of elements.
pub(crate) struct LeastSquares<R> {
    /// The squared distance of each right-hand side.
    pub(crate) residuals: (*mut R, isize),
    /// How many singular values count.
    pub(crate) rank: *mut i64,
    /// The singular values.
    pub(crate) s: (*mut R, isize),
}

/// The shortest `X` that comes closest to `A @ X = B`, with `A` of `m`×`n` and `B` of `m`×`k`: singular values up to `rcond`
/// times the largest count as 0. A factor that is not between 0 and 1 stands for the rounding error, as in LAPACK's `gelsd`.
/// Squared distances are 0 unless there are more equations than unknowns, of full rank.
///
/// # Safety
///
/// As for [`solve`]; `residuals` has `k` elements, `s` as many as the smaller of `m` and `n`.
pub(crate) unsafe fn lstsq<T: ComplexField>(
    [m, n, k]: [usize; 3],
    a: Matrix<T>,
    b: Matrix<T>,
    rcond: T::Real,
    rounding: f64,
    x: MatrixMut<T>,
    results: LeastSquares<T::Real>,
) -> Status {
    // SAFETY: the caller's promise.
    let (a, b, mut x) = unsafe { (a.view(m, n), b.view(m, k), x.view(n, k)) };
    let least = m.min(n);
    let mut rank = 0;
    x.fill(zero::<T>());
    if least > 0 {
        let Ok(svd) = Svd::new_thin(a) else { return Status::NoConvergence };
        let values = svd.S().column_vector();
        let value = |i: usize| real(&values[i]);
        let usual = rcond <= zero::<T::Real>() || rcond >= one::<T::Real>();
        let rcond = if usual { from_f64::<T::Real>(rounding) } else { rcond };
        let limit = mul(&rcond, &value(0));
        rank = (0..least).filter(|&i| value(i) > limit).count();
        for i in 0..least {
            // SAFETY: inside the size.
            unsafe { *results.s.0.offset(i as isize * results.s.1) = value(i) };
        }
        let mut coefficients = svd.U().subcols(0, rank).adjoint() * b;
        for j in 0..k {
            for i in 0..rank {
                coefficients[(i, j)] = mul_real(&coefficients[(i, j)], &recip(&value(i)));
            }
        }
        x.copy_from(svd.V().subcols(0, rank) * coefficients);
    }
    let mut distances = vec![zero::<T::Real>(); k];
    if m > n && rank == n {
        let products = a * x.as_ref();
        for (j, distance) in distances.iter_mut().enumerate() {
            for i in 0..m {
                let difference = add(&b[(i, j)], &neg(&products[(i, j)]));
                *distance = add(distance, &abs2(&difference));
            }
        }
    }
    for (j, distance) in distances.into_iter().enumerate() {
        // SAFETY: inside the size.
        unsafe { *results.residuals.0.offset(j as isize * results.residuals.1) = distance };
    }
    // SAFETY: the caller's promise.
    unsafe { *results.rank = rank as i64 };
    Status::Done
}
