//! The routines that BLAS operations are expanded to.
//!
//! A call takes pointers with the distances of rows and columns, so a transposed operand is one whose distances are
//! exchanged, and an operation on the right is the one on the left with everything transposed. So there are fewer forms of
//! routines than of operations:
//!
//! | routine | meaning |
//! | --- | --- |
//! | `gemmc` | `c = alpha * conj?(a) @ conj?(b) + beta * c`; without conjugates it is the `gemm` of products |
//! | `gemv` | `y = alpha * conj?(a) @ x + beta * y` |
//! | `ger` | `a += alpha * outer(x, conj?(y))` |
//! | `dot` | `r = sum(conj?(x) * y)` |
//! | `axpy` | `y += alpha * x` |
//! | `scal` | `x *= alpha` |
//! | `nrm2` | `r = sqrt(sum(abs(x)**2))` |
//! | `syrk` | the lower triangle of `c = alpha * a @ a.T + beta * c`; `conj` says which factor is conjugate: 0, 1 or 2 |
//! | `syr2k` | that of `c = alpha * a @ b.T + alpha' * b @ a.T + beta * c` in the same way, `alpha'` conjugate if `conj` is not 0 |
//! | `symm` | `c = alpha * s @ b + beta * c`; `s` is given by the lower triangle of `a`, Hermitian and conjugate if so asked |
//! | `trmm` | `b = alpha * conj?(t) @ b`, `t` the lower or upper triangle of `a` |
//! | `trsm` | `b = alpha * inverse(conj?(t)) @ b` |
//! | `cholesky_in_place` | the lower triangle of `c` becomes its Cholesky factor; NaN where there is none |
//! | `lu_in_place` | `c` becomes its factors `l` and `u`, without exchanges of rows |
//! | `sort`, `argsort` | the elements of a vector in ascending order, or their positions; NaN comes last |
//! | `searchsorted`, `histogram` | positions of values in a sorted vector; how many are between its elements |
//! | `csrmm` | `c = alpha * a @ b + beta * c` with an `a` of [sparse rows](crate::library::sparse) |
//!
//! Names end in the type of elements, as in `syrk_f64`. A `beta` that is the constant 0 says that the old value is not read.

use crate::DType;

/// A parameter of a routine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Parameter {
    /// A size, or a choice.
    Int(&'static str),
    /// A number of the elements' type.
    Number(&'static str),
    /// Elements at a connector, of so many dimensions, followed by their distances.
    Data(&'static str, usize),
    /// Integers of 32 or 64 bits at a connector, followed by their distance.
    Indices(&'static str),
    /// Elements as [`Data`], written.
    Result(&'static str, usize),
    /// One real number, written.
    Real(&'static str),
    /// Integers of 64 bits at a connector, followed by their distance, written.
    Positions(&'static str),
}

/// A routine for every type of elements.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Routine {
    /// Its name without the type.
    pub name: &'static str,
    /// What it takes.
    pub parameters: &'static [Parameter],
}

use Parameter::{Data, Indices, Int, Number, Positions, Real, Result};

/// What products and systems with a triangular matrix take.
const TRIANGULAR: &[Parameter] = &[
    Int("m"),
    Int("n"),
    Int("upper"),
    Int("unit"),
    Int("conj"),
    Number("alpha"),
    Data("_a", 2),
    Result("_c", 2),
];

/// All routines.
pub const ROUTINES: [Routine; 19] = [
    routine(
        "gemmc",
        &[
            Int("m"),
            Int("n"),
            Int("k"),
            Int("conj_a"),
            Int("conj_b"),
            Number("alpha"),
            Data("_a", 2),
            Data("_b", 2),
            Number("beta"),
            Result("_c", 2),
        ],
    ),
    routine(
        "gemv",
        &[
            Int("m"),
            Int("n"),
            Int("conj"),
            Number("alpha"),
            Data("_A", 2),
            Data("_x", 1),
            Number("beta"),
            Result("_y", 1),
        ],
    ),
    routine(
        "ger",
        &[Int("m"), Int("n"), Int("conj"), Number("alpha"), Data("_x", 1), Data("_y", 1), Result("_res", 2)],
    ),
    routine("dot", &[Int("n"), Int("conj"), Data("_x", 1), Data("_y", 1), Result("_result", 0)]),
    routine("axpy", &[Int("n"), Number("alpha"), Data("_x", 1), Result("_res", 1)]),
    routine("scal", &[Int("n"), Number("alpha"), Result("_res", 1)]),
    routine("nrm2", &[Int("n"), Data("_x", 1), Real("_result")]),
    routine(
        "syrk",
        &[Int("n"), Int("k"), Int("conj"), Number("alpha"), Data("_a", 2), Number("beta"), Result("_c", 2)],
    ),
    routine(
        "syr2k",
        &[
            Int("n"),
            Int("k"),
            Int("conj"),
            Number("alpha"),
            Data("_a", 2),
            Data("_b", 2),
            Number("beta"),
            Result("_c", 2),
        ],
    ),
    routine(
        "symm",
        &[
            Int("m"),
            Int("n"),
            Int("hermitian"),
            Int("conj"),
            Number("alpha"),
            Data("_a", 2),
            Data("_b", 2),
            Number("beta"),
            Result("_c", 2),
        ],
    ),
    routine("trmm", TRIANGULAR),
    routine("trsm", TRIANGULAR),
    routine(
        "csrmm",
        &[
            Int("m"),
            Int("n"),
            Number("alpha"),
            Indices("_a_rows"),
            Indices("_a_cols"),
            Data("_a_vals", 1),
            Data("_b", 2),
            Number("beta"),
            Result("_c", 2),
        ],
    ),
    routine("cholesky_in_place", &[Int("n"), Result("_c", 2)]),
    routine("lu_in_place", &[Int("n"), Result("_c", 2)]),
    routine("sort", &[Int("n"), Data("_in", 1), Result("_out", 1)]),
    routine("argsort", &[Int("n"), Data("_in", 1), Positions("_out")]),
    routine(
        "searchsorted",
        &[Int("n"), Int("count"), Int("right"), Data("_a", 1), Data("_v", 1), Positions("_out")],
    ),
    routine("histogram", &[Int("n"), Int("bins"), Data("_in", 1), Data("_edges", 1), Positions("_out")]),
];

const fn routine(name: &'static str, parameters: &'static [Parameter]) -> Routine {
    Routine { name, parameters }
}

/// Suffixes of names, with the types that they stand for.
pub const SUFFIXES: [(&str, DType); 4] = [
    ("f32", DType::Float32),
    ("f64", DType::Float64),
    ("c64", DType::Complex64),
    ("c128", DType::Complex128),
];

/// Suffixes of types that have an order, which routines such as `sort` take.
const ORDERED: [(&str, DType); 11] = [
    ("bool", DType::Bool),
    ("i8", DType::Int8),
    ("i16", DType::Int16),
    ("i32", DType::Int32),
    ("i64", DType::Int64),
    ("u8", DType::UInt8),
    ("u16", DType::UInt16),
    ("u32", DType::UInt32),
    ("u64", DType::UInt64),
    ("f32", DType::Float32),
    ("f64", DType::Float64),
];

/// The suffix for a type with an order; `None` if it has none.
pub fn ordered(dtype: DType) -> Option<&'static str> {
    ORDERED.iter().find(|(_, it)| *it == dtype).map(|(suffix, _)| *suffix)
}

/// The suffix for a type; `None` if no routine has it.
pub fn suffix(dtype: DType) -> Option<&'static str> {
    SUFFIXES.iter().find(|(_, it)| *it == dtype).map(|(suffix, _)| *suffix)
}

impl Routine {
    /// Whether a team of threads shares one call, where that is worth it: those that multiply blocks of matrices.
    pub fn is_shared(&self) -> bool {
        const SHARED: [&str; 7] =
            ["syrk", "syr2k", "symm", "trmm", "trsm", "cholesky_in_place", "lu_in_place"];
        SHARED.contains(&self.name)
    }

    /// The routine of a call, with the type of its elements.
    pub fn find(name: &str) -> Option<(Routine, DType)> {
        let (stem, ending) = name.rsplit_once('_')?;
        let routine = ROUTINES.into_iter().find(|it| it.name == stem)?;
        let types = SUFFIXES.iter().chain(&ORDERED);
        let (_, dtype) = types.copied().find(|(suffix, _)| *suffix == ending)?;
        Some((routine, dtype))
    }
}
