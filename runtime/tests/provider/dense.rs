//! The exported factorizations: what they promise, by multiplying the factors, over shapes and layouts.

use super::exports::*;
use num_complex::Complex64;
use proptest::prelude::*;

/// A matrix, row after row.
#[derive(Clone, Debug)]
struct Dense {
    rows: usize,
    columns: usize,
    elements: Vec<Complex64>,
}

impl Dense {
    fn new(rows: usize, columns: usize, element: impl Fn(usize, usize) -> Complex64) -> Self {
        let elements = (0..rows * columns).map(|at| element(at / columns, at % columns)).collect();
        Dense { rows, columns, elements }
    }

    fn zeros(rows: usize, columns: usize) -> Self {
        Dense::new(rows, columns, |_, _| Complex64::ZERO)
    }

    fn identity(n: usize) -> Self {
        Dense::new(n, n, |i, j| if i == j { Complex64::ONE } else { Complex64::ZERO })
    }

    /// Values that look random and have no pattern that a factorization could profit from.
    fn random(rows: usize, columns: usize, seed: u64) -> Self {
        let value = |at: u64| {
            let mixed = (at.wrapping_add(seed) ^ 0x9e37_79b9).wrapping_mul(0xbf58_476d_1ce4_e5b9);
            ((mixed ^ (mixed >> 31)).wrapping_mul(0x94d0_49bb_1331_11eb) >> 40) as f64 / f64::from(1 << 24)
                - 0.5
        };
        Dense::new(rows, columns, |i, j| {
            let at = (i * columns + j) as u64;
            Complex64::new(value(2 * at), value(2 * at + 1))
        })
    }

    fn at(&self, i: usize, j: usize) -> Complex64 {
        self.elements[i * self.columns + j]
    }

    fn product(&self, other: &Dense) -> Dense {
        assert_eq!(self.columns, other.rows);
        Dense::new(self.rows, other.columns, |i, j| {
            (0..self.columns).map(|k| self.at(i, k) * other.at(k, j)).sum()
        })
    }

    /// The conjugate transpose.
    fn adjoint(&self) -> Dense {
        Dense::new(self.columns, self.rows, |i, j| self.at(j, i).conj())
    }

    /// A Hermitian matrix with eigenvalues of at least one.
    fn positive(n: usize, seed: u64) -> Dense {
        let root = Dense::random(n, n, seed);
        let square = root.product(&root.adjoint());
        Dense::new(n, n, |i, j| square.at(i, j) + Dense::identity(n).at(i, j))
    }

    #[track_caller]
    fn assert_close(&self, other: &Dense, tolerance: f64) {
        assert_eq!((self.rows, self.columns), (other.rows, other.columns));
        for (a, b) in self.elements.iter().zip(&other.elements) {
            assert!((a - b).norm() <= tolerance, "{a} is not {b}");
        }
    }
}

/// The exported functions of one element type, on matrices of doubles.
trait Routines {
    /// Rounding of results of a few dozen operations.
    const TOLERANCE: f64;
    /// Forgets what the type cannot hold.
    fn rounded(a: &Dense) -> Dense;
    fn solve(a: &Dense, b: &Dense) -> Result<Dense, i32>;
    fn inverse(a: &Dense) -> Result<Dense, i32>;
    fn determinant(a: &Dense) -> Complex64;
    fn cholesky(a: &Dense) -> Result<Dense, i32>;
    fn qr(a: &Dense) -> (Dense, Dense);
    fn eigh(a: &Dense) -> Result<(Vec<f64>, Dense), i32>;
    fn svd(a: &Dense) -> Result<(Dense, Vec<f64>, Dense), i32>;
    fn lstsq(a: &Dense, b: &Dense, rcond: f64) -> Result<LeastSquares, i32>;
}

/// What comes closest to solving systems of equations.
struct LeastSquares {
    x: Dense,
    residuals: Vec<f64>,
    rank: i64,
    s: Vec<f64>,
}

/// Inputs lie row after row; results lie column after column, so that both layouts are seen.
macro_rules! routines {
    ($name:ident, $element:ty, $real:ty, $tolerance:expr, $new:expr, $back:expr,
     $solve:ident, $inverse:ident, $determinant:ident, $cholesky:ident, $qr:ident, $eigh:ident, $svd:ident, $lstsq:ident) => {
        struct $name;

        impl $name {
            fn pack(a: &Dense) -> Vec<$element> {
                a.elements.iter().map(|x| $new(*x)).collect()
            }
            fn unpack(rows: usize, columns: usize, elements: &[$element]) -> Dense {
                Dense::new(rows, columns, |i, j| $back(elements[j * rows + i]))
            }
            fn room(count: usize) -> Vec<$element> {
                vec![$new(Complex64::new(7.0, 7.0)); count]
            }
        }

        impl Routines for $name {
            const TOLERANCE: f64 = $tolerance;

            fn rounded(a: &Dense) -> Dense {
                Dense::new(a.rows, a.columns, |i, j| $back($new(a.at(i, j))))
            }
            fn solve(a: &Dense, b: &Dense) -> Result<Dense, i32> {
                let (n, k) = (b.rows as i64, b.columns as i64);
                let (a, packed, mut x) = (Self::pack(a), Self::pack(b), Self::room(b.elements.len()));
                // SAFETY: the buffers have the sizes.
                let status =
                    unsafe { $solve(n, k, a.as_ptr(), n, 1, packed.as_ptr(), k, 1, x.as_mut_ptr(), 1, n) };
                (status == 0).then(|| Self::unpack(b.rows, b.columns, &x)).ok_or(status)
            }
            fn inverse(a: &Dense) -> Result<Dense, i32> {
                let (n, packed, mut x) = (a.rows as i64, Self::pack(a), Self::room(a.elements.len()));
                // SAFETY: the buffers have the sizes.
                let status = unsafe { $inverse(n, packed.as_ptr(), n, 1, x.as_mut_ptr(), 1, n) };
                (status == 0).then(|| Self::unpack(a.rows, a.rows, &x)).ok_or(status)
            }
            fn determinant(a: &Dense) -> Complex64 {
                let (n, packed, mut d) = (a.rows as i64, Self::pack(a), Self::room(1));
                // SAFETY: the buffers have the sizes.
                assert_eq!(unsafe { $determinant(n, packed.as_ptr(), n, 1, d.as_mut_ptr()) }, 0);
                $back(d[0])
            }
            fn cholesky(a: &Dense) -> Result<Dense, i32> {
                let (n, packed, mut l) = (a.rows as i64, Self::pack(a), Self::room(a.elements.len()));
                // SAFETY: the buffers have the sizes.
                let status = unsafe { $cholesky(n, packed.as_ptr(), n, 1, l.as_mut_ptr(), 1, n) };
                (status == 0).then(|| Self::unpack(a.rows, a.rows, &l)).ok_or(status)
            }
            fn qr(a: &Dense) -> (Dense, Dense) {
                let (m, n, k) = (a.rows as i64, a.columns as i64, a.rows.min(a.columns));
                let (packed, mut q, mut r) =
                    (Self::pack(a), Self::room(a.rows * k), Self::room(k * a.columns));
                // SAFETY: the buffers have the sizes.
                let status = unsafe {
                    $qr(m, n, packed.as_ptr(), n, 1, q.as_mut_ptr(), 1, m, r.as_mut_ptr(), 1, k as i64)
                };
                assert_eq!(status, 0);
                (Self::unpack(a.rows, k, &q), Self::unpack(k, a.columns, &r))
            }
            fn eigh(a: &Dense) -> Result<(Vec<f64>, Dense), i32> {
                let (n, packed, mut v) = (a.rows as i64, Self::pack(a), Self::room(a.elements.len()));
                let mut w: Vec<$real> = vec![7.0; a.rows];
                // SAFETY: the buffers have the sizes.
                let status =
                    unsafe { $eigh(n, packed.as_ptr(), n, 1, w.as_mut_ptr(), 1, v.as_mut_ptr(), 1, n) };
                let values = w.into_iter().map(f64::from).collect();
                (status == 0).then(|| (values, Self::unpack(a.rows, a.rows, &v))).ok_or(status)
            }
            fn svd(a: &Dense) -> Result<(Dense, Vec<f64>, Dense), i32> {
                let (m, n, k) = (a.rows as i64, a.columns as i64, a.rows.min(a.columns));
                let (packed, mut u, mut vh) =
                    (Self::pack(a), Self::room(a.rows * k), Self::room(k * a.columns));
                let mut s: Vec<$real> = vec![7.0; k];
                // SAFETY: the buffers have the sizes.
                let status = unsafe {
                    let (u, s, vh) = (u.as_mut_ptr(), s.as_mut_ptr(), vh.as_mut_ptr());
                    $svd(m, n, packed.as_ptr(), n, 1, u, 1, m, s, 1, vh, 1, k as i64)
                };
                let values = s.into_iter().map(f64::from).collect();
                let factors = || (Self::unpack(a.rows, k, &u), values, Self::unpack(k, a.columns, &vh));
                (status == 0).then(factors).ok_or(status)
            }
            fn lstsq(a: &Dense, b: &Dense, rcond: f64) -> Result<LeastSquares, i32> {
                let (m, n, k) = (a.rows as i64, a.columns as i64, b.columns as i64);
                let (packed, right, rcond) = (Self::pack(a), Self::pack(b), rcond as $real);
                let (mut x, mut rank) = (Self::room(a.columns * b.columns), 7);
                let (mut r, mut s): (Vec<$real>, Vec<$real>) =
                    (vec![7.0; b.columns], vec![7.0; a.rows.min(a.columns)]);
                // SAFETY: the buffers have the sizes.
                let status = unsafe {
                    let (a, b, x, r) = (packed.as_ptr(), right.as_ptr(), x.as_mut_ptr(), r.as_mut_ptr());
                    $lstsq(m, n, k, a, n, 1, b, k, 1, &rcond, x, 1, n, r, 1, &mut rank, s.as_mut_ptr(), 1)
                };
                let reals = |values: Vec<$real>| values.into_iter().map(f64::from).collect();
                let x = Self::unpack(a.columns, b.columns, &x);
                (status == 0)
                    .then(|| LeastSquares { x, residuals: reals(r), rank, s: reals(s) })
                    .ok_or(status)
            }
        }
    };
}

routines!(
    Single,
    f32,
    f32,
    2e-3,
    |x: Complex64| x.re as f32,
    |x: f32| Complex64::from(f64::from(x)),
    dacec_solve_f32,
    dacec_inverse_f32,
    dacec_determinant_f32,
    dacec_cholesky_f32,
    dacec_qr_f32,
    dacec_eigh_f32,
    dacec_svd_f32,
    dacec_lstsq_f32
);
routines!(
    Double,
    f64,
    f64,
    1e-10,
    |x: Complex64| x.re,
    Complex64::from,
    dacec_solve_f64,
    dacec_inverse_f64,
    dacec_determinant_f64,
    dacec_cholesky_f64,
    dacec_qr_f64,
    dacec_eigh_f64,
    dacec_svd_f64,
    dacec_lstsq_f64
);
routines!(
    SingleComplex,
    num_complex::Complex32,
    f32,
    2e-3,
    |x: Complex64| num_complex::Complex32::new(x.re as f32, x.im as f32),
    |x: num_complex::Complex32| Complex64::new(x.re.into(), x.im.into()),
    dacec_solve_c64,
    dacec_inverse_c64,
    dacec_determinant_c64,
    dacec_cholesky_c64,
    dacec_qr_c64,
    dacec_eigh_c64,
    dacec_svd_c64,
    dacec_lstsq_c64
);
routines!(
    DoubleComplex,
    Complex64,
    f64,
    1e-10,
    |x: Complex64| x,
    |x: Complex64| x,
    dacec_solve_c128,
    dacec_inverse_c128,
    dacec_determinant_c128,
    dacec_cholesky_c128,
    dacec_qr_c128,
    dacec_eigh_c128,
    dacec_svd_c128,
    dacec_lstsq_c128
);

/// A matrix far from singular.
fn regular<R: Routines>(n: usize, seed: u64) -> Dense {
    let random = Dense::random(n, n, seed);
    R::rounded(&Dense::new(n, n, |i, j| random.at(i, j) + Dense::identity(n).at(i, j) * (n as f64)))
}

fn systems<R: Routines>(n: usize, k: usize, seed: u64) {
    let (a, b) = (regular::<R>(n, seed), R::rounded(&Dense::random(n, k, !seed)));
    let x = R::solve(&a, &b).unwrap();
    a.product(&x).assert_close(&b, R::TOLERANCE);
    a.product(&R::inverse(&a).unwrap()).assert_close(&Dense::identity(n), R::TOLERANCE);
}

fn cholesky<R: Routines>(n: usize, seed: u64) {
    let a = Dense::positive(n, seed);
    let a = Dense::new(n, n, |i, j| R::rounded(&a).at(i.max(j), i.min(j)));
    let a = Dense::new(n, n, |i, j| if i < j { a.at(i, j).conj() } else { a.at(i, j) });
    // What stands above the diagonal must not matter.
    let lower = Dense::new(n, n, |i, j| if i < j { Complex64::new(1e9, 0.0) } else { a.at(i, j) });
    let l = R::cholesky(&lower).unwrap();
    assert!((0..n).all(|i| (i + 1..n).all(|j| l.at(i, j) == Complex64::ZERO)));
    l.product(&l.adjoint()).assert_close(&a, R::TOLERANCE * n as f64);
    let negative = Dense::new(n, n, |i, j| if i == j && i + 1 == n { -Complex64::ONE } else { a.at(i, j) });
    assert_eq!(R::cholesky(&negative).err(), Some(NOT_POSITIVE_DEFINITE));
}

fn orthogonal<R: Routines>(m: usize, n: usize, seed: u64) {
    let a = R::rounded(&Dense::random(m, n, seed));
    let k = m.min(n);
    let (q, r) = R::qr(&a);
    q.product(&r).assert_close(&a, R::TOLERANCE);
    q.adjoint().product(&q).assert_close(&Dense::identity(k), R::TOLERANCE);
    assert!((0..k).all(|i| (0..i.min(n)).all(|j| r.at(i, j) == Complex64::ZERO)));
    let (u, s, vh) = R::svd(&a).unwrap();
    assert!(s.windows(2).all(|pair| pair[0] >= pair[1]) && s.iter().all(|value| *value >= 0.0));
    let scaled = Dense::new(m, k, |i, j| u.at(i, j) * s[j]);
    scaled.product(&vh).assert_close(&a, R::TOLERANCE);
    u.adjoint().product(&u).assert_close(&Dense::identity(k), R::TOLERANCE);
}

fn least_squares<R: Routines>(m: usize, n: usize, seed: u64) {
    let (a, b) = (R::rounded(&Dense::random(m, n, seed)), R::rounded(&Dense::random(m, 2, !seed)));
    let solved = R::lstsq(&a, &b, -1.0).unwrap();
    assert_eq!((solved.rank, solved.s.len()), (m.min(n) as i64, m.min(n)));
    let products = a.product(&solved.x);
    let rest = Dense::new(m, 2, |i, j| b.at(i, j) - products.at(i, j));
    // The rest is orthogonal to all columns: nothing of it can be had.
    let size = 1.0 + solved.x.elements.iter().map(|it| it.norm()).fold(0.0, f64::max);
    a.adjoint().product(&rest).assert_close(&Dense::zeros(n, 2), R::TOLERANCE * size * m as f64);
    for j in 0..2 {
        let distance: f64 = (0..m).map(|i| rest.at(i, j).norm_sqr()).sum();
        let expected = if m > n { distance } else { 0.0 };
        assert!((solved.residuals[j] - expected).abs() <= R::TOLERANCE * size * m as f64);
    }
}

fn eigenvalues<R: Routines>(n: usize, seed: u64) {
    let random = R::rounded(&Dense::random(n, n, seed));
    let a = Dense::new(n, n, |i, j| match i.cmp(&j) {
        std::cmp::Ordering::Less => random.at(j, i).conj(),
        std::cmp::Ordering::Equal => random.at(i, i).re.into(),
        std::cmp::Ordering::Greater => random.at(i, j),
    });
    let (w, v) = R::eigh(&a).unwrap();
    assert!(w.windows(2).all(|pair| pair[0] <= pair[1]));
    let scaled = Dense::new(n, n, |i, j| v.at(i, j) * w[j]);
    a.product(&v).assert_close(&scaled, R::TOLERANCE);
    v.adjoint().product(&v).assert_close(&Dense::identity(n), R::TOLERANCE);
}

fn everything<R: Routines>(m: usize, n: usize, seed: u64) {
    systems::<R>(m, n, seed);
    cholesky::<R>(m, seed);
    orthogonal::<R>(m, n, seed);
    least_squares::<R>(m, n, seed);
    eigenvalues::<R>(m, seed);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn factors_multiply_to_the_matrix(m in 1_usize..20, n in 1_usize..20, seed in any::<u64>()) {
        everything::<Single>(m, n, seed);
        everything::<Double>(m, n, seed);
        everything::<SingleComplex>(m, n, seed);
        everything::<DoubleComplex>(m, n, seed);
    }
}

#[test]
fn large_matrices_take_the_blocked_paths() {
    everything::<Double>(150, 90, 3);
    everything::<Double>(70, 130, 4);
}

#[test]
fn determinants_have_the_sign_of_the_exchanges() {
    let a = |rows: &[&[f64]]| Dense::new(rows.len(), rows.len(), |i, j| rows[i][j].into());
    let close = |a: Dense, expected: f64| {
        assert!((Double::determinant(&a) - expected).norm() < 1e-12, "{a:?}");
        assert!((DoubleComplex::determinant(&a) - expected).norm() < 1e-12, "{a:?}");
    };
    close(a(&[&[0.0, 1.0], &[1.0, 0.0]]), -1.0);
    close(a(&[&[0.0, 1.0, 0.0], &[0.0, 0.0, 1.0], &[1.0, 0.0, 0.0]]), 1.0);
    close(a(&[&[1.0, 2.0], &[3.0, 4.0]]), -2.0);
    close(a(&[&[1.0, 2.0], &[2.0, 4.0]]), 0.0);
    close(Dense::zeros(3, 3), 0.0);
    close(Dense::zeros(0, 0), 1.0);
}

#[test]
fn logarithms_of_determinants_do_not_overflow() {
    let of = |a: &Dense| {
        let (packed, n) = (Double::pack(a), a.rows as i64);
        let (mut sign, mut logarithm) = (7.0, 7.0);
        // SAFETY: the buffers have the sizes.
        let status =
            unsafe { dacec_slogdet_f64(n, packed.as_ptr(), n, 1, &raw mut sign, &raw mut logarithm) };
        assert_eq!(status, 0);
        (sign, logarithm)
    };
    let exchanged = Dense::new(3, 3, |i, j| if (i + 1) % 3 == j { 1e200.into() } else { Complex64::ZERO });
    let (sign, logarithm) = of(&exchanged);
    assert!(sign == 1.0 && (logarithm - 3.0 * 1e200_f64.ln()).abs() < 1e-9, "{sign}, {logarithm}");
    let swapped = Dense::new(2, 2, |i, j| if i == j { Complex64::ZERO } else { 1e-300.into() });
    let (sign, logarithm) = of(&swapped);
    assert!(sign == -1.0 && (logarithm - 2.0 * 1e-300_f64.ln()).abs() < 1e-9, "{sign}, {logarithm}");
    assert_eq!(of(&Dense::zeros(2, 2)), (0.0, f64::NEG_INFINITY));
    assert_eq!(of(&Dense::zeros(0, 0)), (1.0, 0.0));

    let packed = DoubleComplex::pack(&Dense::new(1, 1, |_, _| Complex64::new(0.0, -2.0)));
    let (mut sign, mut logarithm) = (Complex64::ZERO, 0.0);
    // SAFETY: the buffers have the sizes.
    unsafe { dacec_slogdet_c128(1, packed.as_ptr(), 1, 1, &raw mut sign, &raw mut logarithm) };
    assert!((sign + Complex64::I).norm() < 1e-15 && (logarithm - 2.0_f64.ln()).abs() < 1e-15);
}

#[test]
fn singular_matrices_are_reported() {
    let a = Dense::new(2, 2, |i, j| f64::from((i as u8 + 1) * (j as u8 + 1)).into());
    let singular = Some(SINGULAR);
    assert_eq!(Double::solve(&a, &Dense::identity(2)).err(), singular);
    assert_eq!(DoubleComplex::inverse(&a).err(), singular);
    assert_eq!(Single::inverse(&Dense::zeros(3, 3)).err(), singular);
}

#[test]
fn nothing_is_done_for_empty_matrices() {
    assert!(Double::solve(&Dense::zeros(0, 0), &Dense::zeros(0, 0)).is_ok());
    assert!(Double::inverse(&Dense::zeros(0, 0)).is_ok());
    assert!(Double::cholesky(&Dense::zeros(0, 0)).is_ok());
    assert!(Double::eigh(&Dense::zeros(0, 0)).is_ok());
    assert!(Double::svd(&Dense::zeros(0, 3)).is_ok() && Double::svd(&Dense::zeros(3, 0)).is_ok());
    assert_eq!(Double::qr(&Dense::zeros(3, 0)).1.elements.len(), 0);
    let ones = Dense::new(3, 2, |_, _| Complex64::ONE);
    let solved = Double::lstsq(&Dense::zeros(3, 0), &ones, -1.0).unwrap();
    assert_eq!((solved.residuals, solved.rank), (vec![3.0, 3.0], 0));
    let solved = Double::lstsq(&Dense::zeros(0, 3), &Dense::zeros(0, 2), -1.0).unwrap();
    assert_eq!((solved.x.elements, solved.residuals), (vec![Complex64::ZERO; 6], vec![0.0, 0.0]));
    assert_eq!(Double::solve(&Dense::identity(2), &Dense::zeros(2, 0)).unwrap().elements.len(), 0);
}

#[test]
fn no_numbers_give_no_crash() {
    let nan = Dense::new(5, 5, |i, j| if i == j { f64::NAN.into() } else { Complex64::ONE });
    let solved = Double::solve(&nan, &Dense::identity(5)).unwrap();
    assert!(solved.elements.iter().all(|x| x.re.is_nan()));
    assert_eq!(Double::cholesky(&nan).err(), Some(NOT_POSITIVE_DEFINITE));
    if let Ok((values, _)) = Double::eigh(&nan) {
        assert!(values.iter().any(|value| value.is_nan()));
    }
    if let Ok((_, values, _)) = Double::svd(&nan) {
        assert!(values.iter().any(|value| value.is_nan()));
    }
}

#[test]
fn singular_values_count_down_to_a_limit() {
    let diagonal =
        |values: [f64; 3]| Dense::new(4, 3, |i, j| if i == j { values[i].into() } else { Complex64::ZERO });
    let b = Dense::new(4, 1, |_, _| Complex64::ONE);
    let rank = |values, rcond| Double::lstsq(&diagonal(values), &b, rcond).unwrap().rank;
    assert_eq!([rank([1.0, 0.1, 0.01], 0.05), rank([1.0, 0.1, 0.01], 0.005)], [2, 3]);
    // Not a factor: the rounding error counts.
    assert_eq!([rank([1.0, 1e-15, 1e-17], 0.0), rank([1.0, 1e-15, 1e-17], 1.0)], [2, 2]);
    assert_eq!(rank([0.0; 3], -1.0), 0);
    // Without full rank there are no distances.
    let solved = Double::lstsq(&diagonal([1.0, 2.0, 0.0]), &b, -1.0).unwrap();
    assert_eq!(solved.residuals, [0.0]);
    solved.x.assert_close(&Dense::new(3, 1, |i, _| [1.0, 0.5, 0.0][i].into()), 1e-14);
}
