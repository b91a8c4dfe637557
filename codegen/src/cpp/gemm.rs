//! Products of matrices.
//!
//! The routine that is linked in multiplies on one thread. The driver here divides the result into blocks, one for each
//! thread of the program's own team, so that there is never a second team:
//!
//! ```text
//! C of m×n, 4 threads            ┌────┬────┐
//!                                ├────┼────┤      each block is one call with its rows of A and its columns of B
//!                                └────┴────┘
//! ```
//!
//! The routines do not read the old value where its factor is 0, but 0 times what is no number is none. So a factor that
//! happens to be 0 multiplies the old value first, and the product is added to that.
//!
//! Products of at most 8 rows, columns and terms are loops, whether that is known before the program runs or not. With a
//! BLAS of the machine, which has threads of its own, the whole product is one call of its C interface; what that cannot
//! express (no stride of one) is done by plain loops.

use super::types::c_type;
use super::{Printer, Result};
use crate::Blas;
use crate::tree::{Gemm, Matrix, Value};
use dacec_ir::DType;
use std::collections::BTreeSet;

/// The suffix of routines for a type.
fn suffix(dtype: DType) -> &'static str {
    match dtype {
        DType::Float32 => "f32",
        DType::Complex64 => "c64",
        DType::Complex128 => "c128",
        _ => "f64",
    }
}

impl Printer<'_> {
    pub(super) fn gemm(&mut self, gemm: &Gemm) -> Result<()> {
        let blas = self.calls.provider(gemm.library.as_ref());
        self.calls.of(blas).products.insert(gemm.dtype);
        let [m, n, k] = &gemm.sizes;
        let sizes = format!("{}, {}, {}", self.text(m)?, self.text(n)?, self.text(k)?);
        let (a, b, c) = (self.matrix(&gemm.a)?, self.matrix(&gemm.b)?, self.matrix(&gemm.c)?);
        let suffix = suffix(gemm.dtype);
        let alpha = self.text(&gemm.alpha)?;
        let beta = match &gemm.beta {
            None => "0".to_owned(),
            Some(number @ Value::Constant(_)) => self.text(number)?,
            Some(beta) => {
                let [m, n, _] = &gemm.sizes;
                let (m, n, beta) = (self.text(m)?, self.text(n)?, self.text(beta)?);
                let old = self.calls.name(blas, &format!("dacec_old_{suffix}"));
                format!("{old}({m}, {n}, {beta}, {c})")
            }
        };
        let routine = match (blas, gemm.parallel) {
            (Blas::BuiltIn, false) => format!("dacec_serial_{suffix}"),
            _ => format!("dacec_product_{suffix}"),
        };
        let routine = self.calls.name(blas, &routine);
        self.line(&format!("{routine}({sizes}, {alpha}, {a}, {b}, {beta}, {c});"));
        Ok(())
    }

    fn matrix(&mut self, matrix: &Matrix) -> Result<String> {
        let first = self.address(&matrix.first)?;
        let (row, column) = (self.text(&matrix.row_stride)?, self.text(&matrix.column_stride)?);
        Ok(format!("{first}, {row}, {column}"))
    }
}

/// Declarations and drivers for products of the given types.
pub(super) fn print(products: &BTreeSet<DType>, blas: Blas) -> String {
    if products.is_empty() {
        return String::new();
    }
    let mut text = String::new();
    if blas == Blas::BuiltIn {
        text.push_str(THREADS);
    }
    for &dtype in products {
        let template = match blas {
            Blas::BuiltIn => BUILT_IN,
            Blas::Cblas => CBLAS,
        };
        let plain = if blas == Blas::Cblas { PLAIN } else { "" };
        let template = template.replace("@PLAIN@", plain).replace("@SMALL@", SMALL);
        text.push_str(&instance(&format!("{OLD}{template}"), dtype));
    }
    text
}

/// A text for a type `@T@` with real parts of type `@R@`: the suffix of routines `@S@`, the letters that BLAS has for it,
/// `@L@` and, where results are real, `@L2@`; the type `@A@` of numbers and `@P@` of elements in its C interface, and the
/// operator `@V@` with which numbers are passed.
pub(super) fn instance(template: &str, dtype: DType) -> String {
    let (letter, letters) = match dtype {
        DType::Float32 => ("s", "s"),
        DType::Complex64 => ("c", "sc"),
        DType::Complex128 => ("z", "dz"),
        _ => ("d", "d"),
    };
    let (number, element, operator) = match dtype.is_complex() {
        true => ("const void *", "void", "&"),
        false => (c_type(dtype), c_type(dtype), ""),
    };
    let values = [
        ("@T@", c_type(dtype)),
        ("@R@", c_type(dtype.real())),
        ("@S@", suffix(dtype)),
        ("@L@", letter),
        ("@L2@", letters),
        ("@A@", number),
        ("@P@", element),
        ("@V@", operator),
    ];
    values.iter().fold(template.to_owned(), |text, (name, value)| text.replace(name, value))
}

const THREADS: &str = "
#ifdef _OPENMP
extern \"C\" int omp_get_max_threads(void), omp_in_parallel(void);
#endif
";

const OLD: &str = "
// The factor with which a routine reads C where `beta * C` is wanted. With 0 it would not read C, where 0 times what is
// no number is none.
static inline @T@ dacec_old_@S@(int64_t m, int64_t n, @T@ beta, @T@ *c, int64_t rsc, int64_t csc) {
    if (beta != (@T@)0) return beta;
    // Some compilers that may reassociate take 0 times anything for 0 where they know the 0.
    volatile @T@ unknown = beta;
    const @T@ factor = unknown;
    for (int64_t i = 0; i < m; i++) {
        for (int64_t j = 0; j < n; j++) c[i * rsc + j * csc] *= factor;
    }
    return (@T@)1;
}
";

/// A product that is so small that a call costs more.
const SMALL: &str = "
static inline bool dacec_small_@S@(int64_t m, int64_t n, int64_t k, @T@ alpha, const @T@ *a, int64_t rsa, int64_t csa,
                                 const @T@ *b, int64_t rsb, int64_t csb, @T@ beta, @T@ *c, int64_t rsc, int64_t csc) {
    if (m > 8 || n > 8 || k > 8) return false;
    for (int64_t i = 0; i < m; i++) {
        @T@ row[8] = {};
        for (int64_t l = 0; l < k; l++) {
            const @T@ factor = a[i * rsa + l * csa];
            for (int64_t j = 0; j < n; j++) row[j] += factor * b[l * rsb + j * csb];
        }
        for (int64_t j = 0; j < n; j++) {
            @T@ *const place = c + i * rsc + j * csc;
            *place = beta == (@T@)0 ? alpha * row[j] : alpha * row[j] + beta * *place;
        }
    }
    return true;
}
";

const BUILT_IN: &str = "
// C = alpha * A @ B + beta * C on one thread; rs and cs are the distances of rows and columns.
extern \"C\" void dacec_gemm_@S@(int64_t m, int64_t n, int64_t k, @T@ alpha, const @T@ *a, int64_t rsa, int64_t csa,
                               const @T@ *b, int64_t rsb, int64_t csb, @T@ beta, @T@ *c, int64_t rsc, int64_t csc);
@SMALL@static inline void dacec_serial_@S@(int64_t m, int64_t n, int64_t k, @T@ alpha, const @T@ *a, int64_t rsa, int64_t csa,
                                  const @T@ *b, int64_t rsb, int64_t csb, @T@ beta, @T@ *c, int64_t rsc, int64_t csc) {
    if (dacec_small_@S@(m, n, k, alpha, a, rsa, csa, b, rsb, csb, beta, c, rsc, csc)) return;
    dacec_gemm_@S@(m, n, k, alpha, a, rsa, csa, b, rsb, csb, beta, c, rsc, csc);
}

// The same on all threads: C is divided into blocks.
static inline void dacec_product_@S@(int64_t m, int64_t n, int64_t k, @T@ alpha, const @T@ *a, int64_t rsa, int64_t csa,
                                   const @T@ *b, int64_t rsb, int64_t csb, @T@ beta, @T@ *c, int64_t rsc, int64_t csc) {
    if (dacec_small_@S@(m, n, k, alpha, a, rsa, csa, b, rsb, csb, beta, c, rsc, csc)) return;
    int64_t threads = 1;
#ifdef _OPENMP
    if ((double)m * (double)n * (double)k > 2e5 && !omp_in_parallel()) threads = omp_get_max_threads();
#endif
    if (threads == 1) {
        dacec_gemm_@S@(m, n, k, alpha, a, rsa, csa, b, rsb, csb, beta, c, rsc, csc);
        return;
    }
    // As many rows of blocks as make the blocks most like squares.
    int64_t rows = 1;
    for (int64_t r = 1; r <= threads; r++) {
        if (threads % r == 0 && m * (threads / r) + n * r < m * (threads / rows) + n * rows) rows = r;
    }
    const int64_t columns = threads / rows;
    const int64_t height = ((m + rows - 1) / rows + 7) / 8 * 8, width = ((n + columns - 1) / columns + 7) / 8 * 8;
    #pragma omp parallel for schedule(static, 1) num_threads(threads)
    for (int64_t block = 0; block < threads; block++) {
        const int64_t i = block / columns * height, j = block % columns * width;
        if (i < m && j < n) {
            dacec_gemm_@S@(m - i < height ? m - i : height, n - j < width ? n - j : width, k, alpha, a + i * rsa, rsa, csa,
                         b + j * csb, rsb, csb, beta, c + i * rsc + j * csc, rsc, csc);
        }
    }
}
";

/// What BLAS cannot express.
const PLAIN: &str = "
static void dacec_plain_@S@(int64_t m, int64_t n, int64_t k, @T@ alpha, const @T@ *a, int64_t rsa, int64_t csa,
                          const @T@ *b, int64_t rsb, int64_t csb, @T@ beta, @T@ *c, int64_t rsc, int64_t csc) {
    #pragma omp parallel for
    for (int64_t i = 0; i < m; i++) {
        for (int64_t j = 0; j < n; j++) {
            @T@ sum = 0;
            for (int64_t l = 0; l < k; l++) sum += a[i * rsa + l * csa] * b[l * rsb + j * csb];
            @T@ *const place = c + i * rsc + j * csc;
            *place = beta == (@T@)0 ? alpha * sum : alpha * sum + beta * *place;
        }
    }
}

// The distance of rows of a matrix whose columns are next to each other, as BLAS wants it; 0 if it is none.
static inline int64_t dacec_leading_@S@(int64_t rows, int64_t columns, int64_t rs, int64_t cs) {
    const int64_t least = columns > 1 ? columns : 1;
    const bool near = columns <= 1 || cs == 1;
    if (!near || rows > 0x7fffffff || columns > 0x7fffffff) return 0;
    if (rows <= 1) return least;
    return rs >= least && rs <= 0x7fffffff ? rs : 0;
}
";

const CBLAS: &str = "
extern \"C\" void cblas_@L@gemm(int order, int transpose_a, int transpose_b, int m, int n, int k, @A@ alpha, const @P@ *a,
                             int lda, const @P@ *b, int ldb, @A@ beta, @P@ *c, int ldc);
@PLAIN@@SMALL@
// C = alpha * A @ B + beta * C; rs and cs are the distances of rows and columns.
static void dacec_product_@S@(int64_t m, int64_t n, int64_t k, @T@ alpha, const @T@ *a, int64_t rsa, int64_t csa,
                            const @T@ *b, int64_t rsb, int64_t csb, @T@ beta, @T@ *c, int64_t rsc, int64_t csc) {
    if (dacec_small_@S@(m, n, k, alpha, a, rsa, csa, b, rsb, csb, beta, c, rsc, csc)) return;
    if (m <= 0 || n <= 0) return;
    const int64_t a0 = dacec_leading_@S@(m, k, rsa, csa), a1 = dacec_leading_@S@(k, m, csa, rsa);
    const int64_t b0 = dacec_leading_@S@(k, n, rsb, csb), b1 = dacec_leading_@S@(n, k, csb, rsb);
    const int64_t ldc = dacec_leading_@S@(m, n, rsc, csc);
    // BLAS does not look at operands where alpha is 0.
    if (k <= 0 || alpha == (@T@)0 || ldc == 0 || (a0 == 0 && a1 == 0) || (b0 == 0 && b1 == 0)) {
        dacec_plain_@S@(m, n, k, alpha, a, rsa, csa, b, rsb, csb, beta, c, rsc, csc);
        return;
    }
    // 101: rows first; 111: as it is; 112: transposed.
    cblas_@L@gemm(101, a0 ? 111 : 112, b0 ? 111 : 112, (int)m, (int)n, (int)k, @V@alpha, a, (int)(a0 ? a0 : a1), b,
                (int)(b0 ? b0 : b1), @V@beta, c, (int)ldc);
}
";
