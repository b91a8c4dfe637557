//! The exported products against the plain triple loop, over layouts and special values.

use super::exports::{dacec_gemm_c64, dacec_gemm_c128, dacec_gemm_f32, dacec_gemm_f64};
use num_complex::{Complex32, Complex64};
use proptest::prelude::*;

/// An element type with its exported product.
trait Element: Copy + PartialEq + std::fmt::Debug {
    const PRODUCT: Product<Self>;
    const EPSILON: f64;

    /// An element of two parts; real types have no use for the second.
    fn new(real: f64, imaginary: f64) -> Self;
    fn to_complex(self) -> Complex64;
}

type Product<T> = unsafe fn(i64, i64, i64, T, *const T, i64, i64, *const T, i64, i64, T, *mut T, i64, i64);

macro_rules! element {
    ($type:ty, $product:ident, $real:ty, $new:expr, $to_complex:expr) => {
        impl Element for $type {
            const PRODUCT: Product<Self> = $product;
            const EPSILON: f64 = <$real>::EPSILON as f64;

            fn new(real: f64, imaginary: f64) -> Self {
                $new(real as $real, imaginary as $real)
            }
            fn to_complex(self) -> Complex64 {
                $to_complex(self)
            }
        }
    };
}

element!(f32, dacec_gemm_f32, f32, |x, _| x, |x| Complex64::from(f64::from(x)));
element!(f64, dacec_gemm_f64, f64, |x, _| x, Complex64::from);
element!(Complex32, dacec_gemm_c64, f32, Complex32::new, |x: Complex32| Complex64::new(
    x.re.into(),
    x.im.into()
));
element!(Complex64, dacec_gemm_c128, f64, Complex64::new, |x| x);

/// How a matrix lies in its buffer.
#[derive(Clone, Copy, Debug)]
enum Layout {
    /// Rows one after the other.
    RowMajor,
    /// Columns one after the other.
    ColumnMajor,
    /// A part of a larger matrix, with unused elements between rows and between columns.
    Spread,
    /// Rows and columns backwards.
    Reversed,
}

const LAYOUTS: [Layout; 4] = [Layout::RowMajor, Layout::ColumnMajor, Layout::Spread, Layout::Reversed];

/// A matrix in a buffer of its own.
#[derive(Clone)]
struct Matrix<T> {
    buffer: Vec<T>,
    rows: usize,
    columns: usize,
    origin: i64,
    row: i64,
    column: i64,
}

impl<T: Element> Matrix<T> {
    fn new(rows: usize, columns: usize, layout: Layout, fill: impl Fn(usize, usize) -> T) -> Matrix<T> {
        let (m, n) = (rows.max(1) as i64, columns.max(1) as i64);
        let (origin, row, column, length) = match layout {
            Layout::RowMajor => (0, n, 1, m * n),
            Layout::ColumnMajor => (0, 1, m, m * n),
            Layout::Spread => (3, 2 * n + 5, 2, 3 + m * (2 * n + 5)),
            Layout::Reversed => (m * n - 1, -n, -1, m * n),
        };
        // What lies between the elements must neither be read nor written.
        let buffer = vec![T::new(f64::NAN, f64::NAN); length as usize];
        let mut matrix = Matrix { buffer, rows, columns, origin, row, column };
        for i in 0..rows {
            for j in 0..columns {
                let place = matrix.place(i, j);
                matrix.buffer[place] = fill(i, j);
            }
        }
        matrix
    }

    fn place(&self, i: usize, j: usize) -> usize {
        (self.origin + i as i64 * self.row + j as i64 * self.column) as usize
    }

    fn at(&self, i: usize, j: usize) -> T {
        self.buffer[self.place(i, j)]
    }

    fn pointer(&self) -> *const T {
        self.buffer[self.origin as usize..].as_ptr()
    }
}

/// Calls the exported product.
fn multiply<T: Element>(alpha: T, a: &Matrix<T>, b: &Matrix<T>, beta: T, c: &mut Matrix<T>) {
    let sizes = [c.rows, c.columns, a.columns].map(|size| size as i64);
    let c_pointer = c.buffer.as_mut_ptr().wrapping_offset(c.origin as isize);
    // SAFETY: the matrices own all elements that their sizes and strides address.
    unsafe {
        T::PRODUCT(
            sizes[0],
            sizes[1],
            sizes[2],
            alpha,
            a.pointer(),
            a.row,
            a.column,
            b.pointer(),
            b.row,
            b.column,
            beta,
            c_pointer,
            c.row,
            c.column,
        );
    }
}

/// A deterministic element with parts between -1 and 1.
fn number<T: Element>(salt: usize) -> impl Fn(usize, usize) -> T {
    move |i, j| {
        let part = |salt: usize| ((i * 7919 + j * 104_729 + salt * 1_299_709) % 2003) as f64 / 1001.5 - 1.0;
        T::new(part(salt), part(salt + 100))
    }
}

/// One product against the triple loop, done in double precision.
fn check<T: Element>([m, n, k]: [usize; 3], layouts: [Layout; 3], alpha: T, beta: T) {
    let a = Matrix::<T>::new(m, k, layouts[0], number(1));
    let b = Matrix::<T>::new(k, n, layouts[1], number(2));
    let before = Matrix::<T>::new(m, n, layouts[2], number(3));
    let mut c = before.clone();
    multiply(alpha, &a, &b, beta, &mut c);

    for i in 0..m {
        for j in 0..n {
            let product: Complex64 = (0..k).map(|l| a.at(i, l).to_complex() * b.at(l, j).to_complex()).sum();
            let expected = alpha.to_complex() * product + beta.to_complex() * before.at(i, j).to_complex();
            let difference = (c.at(i, j).to_complex() - expected).norm();
            assert!(
                difference <= 16.0 * (k as f64 + 2.0) * T::EPSILON,
                "{m}x{k} @ {k}x{n} {layouts:?} [{i}, {j}]: off by {difference:e}"
            );
            let place = c.place(i, j);
            c.buffer[place] = T::new(f64::NAN, f64::NAN);
        }
    }
    assert!(
        c.buffer.iter().all(|element| element.to_complex().is_nan()),
        "an element beside those of C was written"
    );
}

fn check_every_type(sizes: [usize; 3], layouts: [Layout; 3], alpha: (f64, f64), beta: (f64, f64)) {
    check::<f32>(sizes, layouts, Element::new(alpha.0, alpha.1), Element::new(beta.0, beta.1));
    check::<f64>(sizes, layouts, Element::new(alpha.0, alpha.1), Element::new(beta.0, beta.1));
    check::<Complex32>(sizes, layouts, Element::new(alpha.0, alpha.1), Element::new(beta.0, beta.1));
    check::<Complex64>(sizes, layouts, Element::new(alpha.0, alpha.1), Element::new(beta.0, beta.1));
}

fn layout() -> impl Strategy<Value = Layout> {
    proptest::sample::select(&LAYOUTS[..])
}

/// Factors, with those that are special to the implementation among them.
fn factor() -> impl Strategy<Value = (f64, f64)> {
    prop_oneof![Just((0.0, 0.0)), Just((1.0, 0.0)), Just((-1.0, 0.0)), (-2.0..2.0, -2.0..2.0)]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    /// Small sizes take many paths: vectors, single rows, remainders of the register blocks.
    #[test]
    fn small_products(
        m in 0usize..40, n in 0usize..40, k in 0usize..40,
        layouts in [layout(), layout(), layout()], alpha in factor(), beta in factor(),
    ) {
        check_every_type([m, n, k], layouts, alpha, beta);
    }
}

#[test]
fn vectors_and_single_elements() {
    for sizes in [[1, 1, 1], [1, 1, 300], [1, 200, 50], [200, 1, 50], [200, 50, 1], [1, 50, 1], [50, 1, 1]] {
        for layout in LAYOUTS {
            check_every_type(sizes, [layout; 3], (1.5, 0.5), (0.5, -1.0));
        }
    }
}

/// Beyond the blocks that fit the caches, where operands are packed piece by piece.
#[test]
fn large_products() {
    check::<f64>([301, 257, 613], [Layout::RowMajor; 3], 1.0, 0.0);
    check::<f64>([301, 257, 613], [Layout::Reversed, Layout::ColumnMajor, Layout::Spread], -0.5, 2.0);
    check::<f32>([129, 301, 1025], [Layout::ColumnMajor, Layout::RowMajor, Layout::RowMajor], 1.0, 1.0);
}

#[test]
fn what_was_in_the_result_does_not_matter_if_beta_is_zero() {
    for sizes in [[5, 7, 3], [1, 7, 3], [5, 1, 3], [90, 70, 80], [5, 7, 0], [1, 1, 1]] {
        let [m, n, k] = sizes;
        let ones = |rows, columns| Matrix::<f64>::new(rows, columns, Layout::RowMajor, |_, _| 1.0);
        let mut c = Matrix::<f64>::new(m, n, Layout::RowMajor, |_, _| f64::NAN);
        multiply(1.0, &ones(m, k), &ones(k, n), 0.0, &mut c);
        assert!(c.buffer.iter().all(|element| *element == k as f64), "{sizes:?}");
        // Negative zero is zero.
        let mut c = Matrix::<f64>::new(m, n, Layout::RowMajor, |_, _| f64::INFINITY);
        multiply(1.0, &ones(m, k), &ones(k, n), -0.0, &mut c);
        assert!(c.buffer.iter().all(|element| *element == k as f64), "{sizes:?}");
    }
}

#[test]
fn nan_in_an_operand_arrives_where_it_belongs() {
    for size in [2, 9, 70] {
        let a =
            Matrix::<f64>::new(
                size,
                size,
                Layout::RowMajor,
                |i, j| if (i, j) == (1, 0) { f64::NAN } else { 1.0 },
            );
        let b = Matrix::<f64>::new(size, size, Layout::RowMajor, |_, _| 1.0);
        for alpha in [1.0, 0.0] {
            let mut c = Matrix::<f64>::new(size, size, Layout::RowMajor, |_, _| 0.0);
            multiply(alpha, &a, &b, 0.0, &mut c);
            for i in 0..size {
                assert!(
                    (0..size).all(|j| c.at(i, j).is_nan() == (i == 1)),
                    "row {i} of {size}, alpha {alpha}"
                );
            }
        }
    }
}

#[test]
fn sizes_that_are_not_positive_do_nothing() {
    let a = Matrix::<f64>::new(2, 2, Layout::RowMajor, |_, _| 1.0);
    let mut c = Matrix::<f64>::new(2, 2, Layout::RowMajor, |_, _| 5.0);
    for sizes in [[-1, 2, 2], [2, -1, 2], [0, 2, 2], [2, 0, 2]] {
        // SAFETY: no element is addressed.
        unsafe {
            let c = c.buffer.as_mut_ptr();
            dacec_gemm_f64(
                sizes[0],
                sizes[1],
                sizes[2],
                1.0,
                a.pointer(),
                2,
                1,
                a.pointer(),
                2,
                1,
                0.0,
                c,
                2,
                1,
            );
        }
        assert_eq!(c.buffer, [5.0; 4]);
    }
}

/// The caller's threads each multiply blocks of one result, as emitted code does.
#[test]
fn threads_share_nothing() {
    let (m, n, k) = (192, 96, 128);
    let a = Matrix::<f64>::new(m, k, Layout::RowMajor, number(1));
    let b = Matrix::<f64>::new(k, n, Layout::RowMajor, number(2));
    let mut whole = Matrix::<f64>::new(m, n, Layout::RowMajor, |_, _| 0.0);
    multiply(1.0, &a, &b, 0.0, &mut whole);
    for _ in 0..20 {
        let mut parts = Matrix::<f64>::new(m, n, Layout::RowMajor, |_, _| 0.0);
        let rows = m / 4;
        std::thread::scope(|scope| {
            for (index, block) in parts.buffer.chunks_mut(rows * n).enumerate() {
                let (a, b) = (&a, &b);
                scope.spawn(move || {
                    let (m, n, k) = (rows as i64, n as i64, k as i64);
                    let a = a.buffer[index * rows * a.columns..].as_ptr();
                    // SAFETY: the block belongs to this thread; the operands are only read.
                    unsafe {
                        let c = block.as_mut_ptr();
                        dacec_gemm_f64(m, n, k, 1.0, a, k, 1, b.pointer(), n, 1, 0.0, c, n, 1);
                    }
                });
            }
        });
        let close = parts.buffer.iter().zip(&whole.buffer).all(|(part, whole)| (part - whole).abs() < 1e-12);
        assert!(close);
    }
}
