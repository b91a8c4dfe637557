//! Reference algorithms of dense linear algebra: short, in double precision, for matrices of a test's size.
//!
//! Sources: Golub and Van Loan, *Matrix Computations* (4th ed.), for Gaussian elimination with partial pivoting (3.4),
//! the Cholesky factorization (4.2), Householder's triangularization (5.2), and Jacobi's methods for eigenvalues (8.5) and,
//! one-sided, for singular values (8.6).

use crate::library::Dense;
use num_complex::Complex64;

/// A matrix of double complex numbers, row after row.
#[derive(Clone, Debug, PartialEq)]
pub struct Matrix {
    rows: usize,
    columns: usize,
    elements: Vec<Complex64>,
}

/// Sweeps of Jacobi's methods, which converge quadratically: a dozen is plenty for any matrix of numbers.
const SWEEPS: usize = 60;

impl Matrix {
    /// The matrix with those elements.
    pub fn new(rows: usize, columns: usize, element: impl Fn(usize, usize) -> Complex64) -> Self {
        let positions = (0..rows).flat_map(|i| (0..columns).map(move |j| (i, j)));
        Matrix { rows, columns, elements: positions.map(|(i, j)| element(i, j)).collect() }
    }

    /// All elements, row after row.
    pub fn elements(&self) -> &[Complex64] {
        &self.elements
    }

    /// Number of columns.
    pub fn columns(&self) -> usize {
        self.columns
    }

    fn identity(n: usize) -> Self {
        Matrix::new(n, n, |i, j| if i == j { Complex64::ONE } else { Complex64::ZERO })
    }

    fn at(&self, i: usize, j: usize) -> Complex64 {
        self.elements[i * self.columns + j]
    }

    fn set(&mut self, i: usize, j: usize, value: Complex64) {
        self.elements[i * self.columns + j] = value;
    }

    fn swap_rows(&mut self, i: usize, j: usize) {
        for column in 0..self.columns {
            self.elements.swap(i * self.columns + column, j * self.columns + column);
        }
    }

    fn adjoint(&self) -> Self {
        Matrix::new(self.columns, self.rows, |i, j| self.at(j, i).conj())
    }

    /// The columns at those positions.
    fn select(&self, columns: &[usize]) -> Self {
        Matrix::new(self.rows, columns.len(), |i, j| self.at(i, columns[j]))
    }

    /// Replaces two columns by `(c x + s y, c y - conj(s) x)`, where `c` is real.
    fn rotate(&mut self, (p, q): (usize, usize), c: f64, s: Complex64) {
        for i in 0..self.rows {
            let (x, y) = (self.at(i, p), self.at(i, q));
            self.set(i, p, x * c + y * s);
            self.set(i, q, y * c - x * s.conj());
        }
    }
}

/// The results of an operation on matrices of its shapes.
pub fn compute(op: Dense, inputs: &[Matrix]) -> Result<Vec<Matrix>, &'static str> {
    let a = inputs[0].clone();
    let n = a.rows;
    match op {
        Dense::Solve => Ok(vec![solve(a, inputs[1].clone()).ok_or(op.complaint())?]),
        Dense::Inv => Ok(vec![solve(a, Matrix::identity(n)).ok_or(op.complaint())?]),
        Dense::Det => Ok(vec![Matrix::new(1, 1, |_, _| determinant(a.clone()))]),
        Dense::Cholesky => Ok(vec![cholesky(&a).ok_or(op.complaint())?]),
        Dense::Qr => {
            let (q, r) = qr(a);
            Ok(vec![q, r])
        }
        Dense::Eigh => {
            let (w, v) = eigh(&a);
            Ok(vec![w, v])
        }
        Dense::Svd => Ok(svd(&a)),
        Dense::Lstsq => Ok(least_squares(&a, &inputs[1], inputs[2].at(0, 0).re)),
        Dense::Slogdet => {
            let (sign, logarithm) = logarithm_of_determinant(a);
            Ok(vec![Matrix::new(1, 1, |_, _| sign), Matrix::new(1, 1, |_, _| logarithm.into())])
        }
        Dense::Fft => Ok(vec![transform(&a, -1.0)]),
        Dense::Ifft => Ok(vec![transform(&a, 1.0)]),
    }
}

/// The solution by singular values, with the squared distances, the rank and the values.
fn least_squares(a: &Matrix, b: &Matrix, rcond: f64) -> Vec<Matrix> {
    let factors = svd(a);
    let (u, s, vh) = (&factors[0], &factors[1], &factors[2]);
    let least = s.rows;
    let value = |i: usize| s.at(i, 0).re;
    let rcond = if rcond > 0.0 && rcond < 1.0 { rcond } else { f64::EPSILON / 2.0 };
    let largest = if least > 0 { value(0) } else { 0.0 };
    let rank = (0..least).filter(|&i| value(i) > rcond * largest).count();
    let coefficient = |i: usize, j: usize| {
        (0..a.rows).map(|k| u.at(k, i).conj() * b.at(k, j)).sum::<Complex64>() / value(i)
    };
    let coefficients = Matrix::new(rank, b.columns, coefficient);
    let x = Matrix::new(a.columns, b.columns, |i, j| {
        (0..rank).map(|k| vh.at(k, i).conj() * coefficients.at(k, j)).sum()
    });
    let counts = a.rows > a.columns && rank == a.columns;
    let residuals = Matrix::new(b.columns, 1, |j, _| {
        let distance = |i: usize| {
            let product: Complex64 = (0..a.columns).map(|k| a.at(i, k) * x.at(k, j)).sum();
            (b.at(i, j) - product).norm_sqr()
        };
        Complex64::from(if counts { (0..a.rows).map(distance).sum() } else { 0.0 })
    });
    vec![x, residuals, Matrix::new(1, 1, |_, _| Complex64::from(rank as f64)), s.clone()]
}

/// Brings the matrix to upper triangular form, doing the same to `right`; whether rows were exchanged an odd number of
/// times.
fn eliminate(a: &mut Matrix, right: &mut Matrix) -> bool {
    let mut odd = false;
    for k in 0..a.rows {
        // The first of the largest, as LAPACK has it; what is no number does not count as large.
        let size = |it: Complex64| it.re.abs() + it.im.abs();
        let pivot =
            (k + 1..a.rows).fold(k, |best, i| if size(a.at(i, k)) > size(a.at(best, k)) { i } else { best });
        if pivot != k {
            a.swap_rows(k, pivot);
            right.swap_rows(k, pivot);
            odd = !odd;
        }
        if a.at(k, k) == Complex64::ZERO {
            continue;
        }
        for i in k + 1..a.rows {
            let factor = a.at(i, k) / a.at(k, k);
            a.set(i, k, Complex64::ZERO);
            for j in k + 1..a.columns {
                a.set(i, j, a.at(i, j) - factor * a.at(k, j));
            }
            for j in 0..right.columns {
                right.set(i, j, right.at(i, j) - factor * right.at(k, j));
            }
        }
    }
    odd
}

/// `None` if the matrix is singular.
fn solve(mut a: Matrix, mut x: Matrix) -> Option<Matrix> {
    eliminate(&mut a, &mut x);
    if (0..a.rows).any(|i| a.at(i, i) == Complex64::ZERO) {
        return None;
    }
    for j in 0..x.columns {
        for i in (0..a.rows).rev() {
            let known: Complex64 = (i + 1..a.rows).map(|k| a.at(i, k) * x.at(k, j)).sum();
            x.set(i, j, (x.at(i, j) - known) / a.at(i, i));
        }
    }
    Some(x)
}

fn determinant(mut a: Matrix) -> Complex64 {
    let mut nothing = Matrix::new(a.rows, 0, |_, _| Complex64::ZERO);
    let odd = eliminate(&mut a, &mut nothing);
    let product: Complex64 = (0..a.rows).map(|i| a.at(i, i)).product();
    if odd { -product } else { product }
}

/// Sign, and logarithm of the magnitude.
fn logarithm_of_determinant(mut a: Matrix) -> (Complex64, f64) {
    let mut nothing = Matrix::new(a.rows, 0, |_, _| Complex64::ZERO);
    // The elimination divides complex numbers, which overflows long before they do.
    let size = a.elements.iter().map(|it| it.re.abs().max(it.im.abs())).fold(0.0, f64::max);
    let scale = if size > 0.0 && size.is_finite() { size } else { 1.0 };
    a.elements.iter_mut().for_each(|it| *it = Complex64::new(it.re / scale, it.im / scale));
    let odd = eliminate(&mut a, &mut nothing);
    let mut sign = if odd { -Complex64::ONE } else { Complex64::ONE };
    let mut logarithm = 0.0;
    for pivot in (0..a.rows).map(|i| a.at(i, i)) {
        if pivot == Complex64::ZERO {
            return (Complex64::ZERO, f64::NEG_INFINITY);
        }
        sign *= pivot / pivot.norm();
        logarithm += pivot.norm().ln() + scale.ln();
    }
    (sign, logarithm)
}

/// The sums that define the Fourier transform of a column; `sign` is that of the exponents.
fn transform(a: &Matrix, sign: f64) -> Matrix {
    let n = a.rows;
    let turn = |steps: usize| {
        let angle = sign * 2.0 * std::f64::consts::PI * (steps as f64 / n as f64);
        Complex64::new(angle.cos(), angle.sin())
    };
    let turns: Vec<Complex64> = (0..n).map(turn).collect();
    Matrix::new(n, 1, |k, _| (0..n).map(|j| a.at(j, 0) * turns[j * k % n]).sum())
}

/// `None` if the matrix is not positive definite.
fn cholesky(a: &Matrix) -> Option<Matrix> {
    let mut l = Matrix::new(a.rows, a.rows, |_, _| Complex64::ZERO);
    for j in 0..a.rows {
        let done: f64 = (0..j).map(|k| l.at(j, k).norm_sqr()).sum();
        let square = a.at(j, j).re - done;
        if square.is_nan() || square <= 0.0 {
            return None;
        }
        l.set(j, j, square.sqrt().into());
        for i in j + 1..a.rows {
            let done: Complex64 = (0..j).map(|k| l.at(i, k) * l.at(j, k).conj()).sum();
            l.set(i, j, (a.at(i, j) - done) / square.sqrt());
        }
    }
    Some(l)
}

/// Householder's triangularization, with LAPACK's signs: a column that has nothing to remove stays as it is; otherwise the
/// element on the diagonal becomes real, with the sign that its real part did not have.
fn qr(mut a: Matrix) -> (Matrix, Matrix) {
    let (m, n) = (a.rows, a.columns);
    let k = m.min(n);
    let mut q = Matrix::identity(m);
    for j in 0..k {
        let head = a.at(j, j);
        let below: f64 = (j + 1..m).map(|i| a.at(i, j).norm_sqr()).sum();
        if below == 0.0 && head.im == 0.0 {
            continue;
        }
        let norm = (head.norm_sqr() + below).sqrt();
        let beta = if head.re.is_sign_negative() { norm } else { -norm };
        let tau = (Complex64::from(beta) - head) / beta;
        let element = |i: usize| if i == j { Complex64::ONE } else { a.at(i, j) / (head - beta) };
        let v: Vec<(usize, Complex64)> = (j..m).map(|i| (i, element(i))).collect();
        // A becomes H^H A, and Q becomes Q H, with H = 1 - tau v v^H.
        for column in j..n {
            let along: Complex64 = v.iter().map(|&(i, v)| v.conj() * a.at(i, column)).sum();
            for &(i, v) in &v {
                a.set(i, column, a.at(i, column) - tau.conj() * v * along);
            }
        }
        for row in 0..m {
            let along: Complex64 = v.iter().map(|&(i, v)| q.at(row, i) * v).sum();
            for &(i, v) in &v {
                q.set(row, i, q.at(row, i) - tau * along * v.conj());
            }
        }
    }
    let r = Matrix::new(k, n, |i, j| if i <= j { a.at(i, j) } else { Complex64::ZERO });
    (Matrix::new(m, k, |i, j| q.at(i, j)), r)
}

/// The rotation that makes the matrix `[[x, z], [conj z, y]]` diagonal: its cosine and sine.
fn rotation(x: f64, y: f64, z: Complex64) -> (f64, Complex64) {
    let theta = (y - x) / (2.0 * z.norm());
    let sign = if theta < 0.0 { -1.0 } else { 1.0 };
    let t = -sign / (theta.abs() + (1.0 + theta * theta).sqrt());
    let c = 1.0 / (1.0 + t * t).sqrt();
    (c, z.conj() / z.norm() * (t * c))
}

/// Jacobi's method on the lower triangle.
fn eigh(a: &Matrix) -> (Matrix, Matrix) {
    let n = a.rows;
    let mut a = Matrix::new(n, n, |i, j| match i.cmp(&j) {
        std::cmp::Ordering::Less => a.at(j, i).conj(),
        std::cmp::Ordering::Equal => a.at(i, i).re.into(),
        std::cmp::Ordering::Greater => a.at(i, j),
    });
    let mut v = Matrix::identity(n);
    let size: f64 = a.elements.iter().map(Complex64::norm_sqr).sum::<f64>().sqrt();
    for _ in 0..SWEEPS {
        let mut rotated = false;
        for (p, q) in pairs(n) {
            let z = a.at(p, q);
            if z.norm() > f64::EPSILON * 1e-2 * size {
                rotated = true;
                let (c, s) = rotation(a.at(p, p).re, a.at(q, q).re, z);
                a.rotate((p, q), c, s);
                a = a.adjoint();
                a.rotate((p, q), c, s);
                v.rotate((p, q), c, s);
            }
        }
        if !rotated {
            break;
        }
    }
    let mut order: Vec<usize> = (0..n).collect();
    order.sort_by(|&i, &j| a.at(i, i).re.total_cmp(&a.at(j, j).re));
    let w = Matrix::new(n, 1, |i, _| a.at(order[i], order[i]).re.into());
    (w, v.select(&order))
}

fn pairs(n: usize) -> impl Iterator<Item = (usize, usize)> {
    (0..n).flat_map(move |p| (p + 1..n).map(move |q| (p, q)))
}

/// One-sided Jacobi: rotates columns until they are orthogonal. Wide matrices are transposed.
fn svd(a: &Matrix) -> Vec<Matrix> {
    if a.rows < a.columns {
        let [u, s, vh] = <[Matrix; 3]>::try_from(svd(&a.adjoint())).expect("there are three factors");
        return vec![vh.adjoint(), s, u.adjoint()];
    }
    let (m, n) = (a.rows, a.columns);
    let (mut u, mut v) = (a.clone(), Matrix::identity(n));
    let inner = |u: &Matrix, p: usize, q: usize| -> Complex64 {
        (0..m).map(|i| u.at(i, p).conj() * u.at(i, q)).sum()
    };
    for _ in 0..SWEEPS {
        let mut rotated = false;
        for (p, q) in pairs(n) {
            let (x, y, z) = (inner(&u, p, p).re, inner(&u, q, q).re, inner(&u, p, q));
            if z.norm() > f64::EPSILON * (x * y).sqrt() && z.norm() > 0.0 {
                rotated = true;
                let (c, s) = rotation(x, y, z);
                u.rotate((p, q), c, s);
                v.rotate((p, q), c, s);
            }
        }
        if !rotated {
            break;
        }
    }
    let norms: Vec<f64> = (0..n).map(|j| inner(&u, j, j).re.sqrt()).collect();
    let mut order: Vec<usize> = (0..n).collect();
    order.sort_by(|&i, &j| norms[j].total_cmp(&norms[i]));
    let s = Matrix::new(n, 1, |i, _| norms[order[i]].into());
    let mut u = u.select(&order);
    complete(&mut u, &order.iter().map(|&at| norms[at]).collect::<Vec<_>>());
    vec![u, s, v.select(&order).adjoint()]
}

/// Divides columns by their norms; those that vanish become anything orthogonal to the others (Gram-Schmidt on the
/// unit vectors).
fn complete(u: &mut Matrix, norms: &[f64]) {
    let m = u.rows;
    let least = norms.first().copied().unwrap_or(0.0) * f64::EPSILON * m as f64;
    for (j, &norm) in norms.iter().enumerate() {
        if norm > least {
            for i in 0..m {
                u.set(i, j, u.at(i, j) / norm);
            }
            continue;
        }
        for unit in 0..m {
            let mut candidate: Vec<Complex64> =
                (0..m).map(|i| if i == unit { Complex64::ONE } else { Complex64::ZERO }).collect();
            for _ in 0..2 {
                for other in 0..j {
                    let along: Complex64 = (0..m).map(|i| u.at(i, other).conj() * candidate[i]).sum();
                    for (i, value) in candidate.iter_mut().enumerate() {
                        *value -= along * u.at(i, other);
                    }
                }
            }
            let rest = candidate.iter().map(Complex64::norm_sqr).sum::<f64>().sqrt();
            if rest > 0.5 / (m as f64).sqrt() {
                for (i, value) in candidate.into_iter().enumerate() {
                    u.set(i, j, value / rest);
                }
                break;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn product(a: &Matrix, b: &Matrix) -> Matrix {
        Matrix::new(a.rows, b.columns, |i, j| (0..a.columns).map(|k| a.at(i, k) * b.at(k, j)).sum())
    }

    #[track_caller]
    fn close(a: &Matrix, b: &Matrix) {
        assert_eq!((a.rows, a.columns), (b.rows, b.columns));
        for (x, y) in a.elements.iter().zip(&b.elements) {
            assert!((x - y).norm() < 1e-9, "{a:?} is not {b:?}");
        }
    }

    fn matrix(rows: usize, columns: usize) -> impl Strategy<Value = Matrix> {
        proptest::collection::vec((-1.0..1.0, -1.0..1.0), rows * columns).prop_map(move |values| {
            Matrix::new(rows, columns, |i, j| {
                let (re, im) = values[i * columns + j];
                Complex64::new(re, im)
            })
        })
    }

    proptest! {
        #[test]
        fn factors_multiply_to_the_matrix(
            (a, square) in (1_usize..7, 1_usize..7).prop_flat_map(|(m, n)| (matrix(m, n), matrix(m, m))),
        ) {
            let (m, n) = (a.rows, a.columns);
            let k = m.min(n);
            let of = |op| compute(op, std::slice::from_ref(&a)).unwrap();
            let [q, r] = <[Matrix; 2]>::try_from(of(Dense::Qr)).unwrap();
            close(&product(&q, &r), &a);
            close(&product(&q.adjoint(), &q), &Matrix::identity(k));
            let [u, s, vh] = <[Matrix; 3]>::try_from(of(Dense::Svd)).unwrap();
            let scaled = Matrix::new(m, k, |i, j| u.at(i, j) * s.at(j, 0));
            close(&product(&scaled, &vh), &a);
            close(&product(&u.adjoint(), &u), &Matrix::identity(k));
            close(&product(&vh, &vh.adjoint()), &Matrix::identity(k));

            let positive = product(&square, &square.adjoint());
            let positive = Matrix::new(m, m, |i, j| positive.at(i, j) + Matrix::identity(m).at(i, j));
            let of = |op| compute(op, std::slice::from_ref(&positive)).unwrap();
            let l = &of(Dense::Cholesky)[0];
            close(&product(l, &l.adjoint()), &positive);
            close(&product(&of(Dense::Inv)[0], &positive), &Matrix::identity(m));
            let [w, v] = <[Matrix; 2]>::try_from(of(Dense::Eigh)).unwrap();
            let scaled = Matrix::new(m, m, |i, j| v.at(i, j) * w.at(j, 0));
            close(&product(&positive, &v), &scaled);
            let values: Complex64 = w.elements.iter().product();
            prop_assert!((of(Dense::Det)[0].at(0, 0) - values).norm() < 1e-6 * values.norm());
        }
    }

    #[test]
    fn least_squares_are_solved_whatever_the_rank() {
        let number = |value: f64| Matrix::new(1, 1, |_, _| Complex64::from(value));
        let tall = Matrix::new(4, 2, |i, j| Complex64::from([1.0, i as f64][j]));
        let b = Matrix::new(4, 1, |i, _| Complex64::from([1.0, 3.0, 5.0, 8.0][i]));
        let solved = |a: &Matrix, b: &Matrix| {
            let results = compute(Dense::Lstsq, &[a.clone(), b.clone(), number(-1.0)]).unwrap();
            <[Matrix; 4]>::try_from(results).unwrap()
        };
        let [x, residuals, rank, s] = solved(&tall, &b);
        // The line of regression.
        close(&x, &Matrix::new(2, 1, |i, _| Complex64::from([0.8, 2.3][i])));
        close(&residuals, &number(0.3));
        assert_eq!((rank.at(0, 0).re, s.rows), (2.0, 2));
        // The shortest of many solutions; no distances.
        let [x, residuals, rank, _] = solved(&Matrix::new(4, 2, |_, _| Complex64::ONE), &b);
        close(&x, &Matrix::new(2, 1, |_, _| Complex64::from(17.0 / 8.0)));
        assert_eq!((residuals.at(0, 0).re, rank.at(0, 0).re), (0.0, 1.0));
        let [x, _, rank, _] =
            solved(&Matrix::new(2, 3, |_, _| Complex64::ZERO), &Matrix::new(2, 1, |_, _| Complex64::ONE));
        assert_eq!((x.elements.iter().map(|it| it.norm()).sum::<f64>(), rank.at(0, 0).re), (0.0, 0.0));
    }

    #[test]
    fn transforms_are_inverse_to_each_other() {
        let a = Matrix::new(7, 1, |i, _| Complex64::new(i as f64, 1.0 - i as f64 * 0.5));
        let there = compute(Dense::Fft, std::slice::from_ref(&a)).unwrap().swap_remove(0);
        assert!((there.at(0, 0) - a.elements.iter().sum::<Complex64>()).norm() < 1e-12);
        let back = compute(Dense::Ifft, &[there]).unwrap().swap_remove(0);
        close(&back, &Matrix::new(7, 1, |i, j| a.at(i, j) * 7.0));
    }

    #[test]
    fn the_logarithm_of_a_determinant_fits_the_determinant() {
        let a = Matrix::new(3, 3, |i, j| Complex64::new(1.0 / (1 + i + j) as f64, i as f64 - j as f64));
        let [sign, logarithm] =
            <[Matrix; 2]>::try_from(compute(Dense::Slogdet, std::slice::from_ref(&a)).unwrap()).unwrap();
        let determinant = compute(Dense::Det, &[a]).unwrap()[0].at(0, 0);
        assert!(
            (sign.at(0, 0) * logarithm.at(0, 0).re.exp() - determinant).norm() < 1e-9 * determinant.norm()
        );
        let nothing = Matrix::new(2, 2, |_, _| Complex64::ZERO);
        let singular = compute(Dense::Slogdet, &[nothing]).unwrap();
        assert_eq!((singular[0].at(0, 0).re, singular[1].at(0, 0).re), (0.0, f64::NEG_INFINITY));
    }

    #[test]
    fn singular_matrices_are_refused() {
        let a = Matrix::new(2, 2, |i, j| Complex64::new(((i + 1) * (j + 1)) as f64, 0.0));
        assert_eq!(compute(Dense::Inv, std::slice::from_ref(&a)), Err("the matrix is singular"));
        assert_eq!(compute(Dense::Det, std::slice::from_ref(&a)).unwrap()[0].at(0, 0), Complex64::ZERO);
        let negative = Matrix::new(1, 1, |_, _| -Complex64::ONE);
        assert_eq!(compute(Dense::Cholesky, &[negative]), Err("the matrix is not positive definite"));
        let [u, s, _] = <[Matrix; 3]>::try_from(compute(Dense::Svd, &[a]).unwrap()).unwrap();
        close(&product(&u.adjoint(), &u), &Matrix::identity(2));
        assert!(s.at(1, 0).norm() < 1e-12);
    }
}
