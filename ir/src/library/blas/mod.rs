//! BLAS: products of vectors and matrices with what routines do in the same sweep: a factor, a transposition, a sum with
//! what is there, or one triangle only.
//!
//! [`MatMul`] is what people write, with NumPy's rules for any number of dimensions. These operations are
//! what passes make of larger patterns, so that `C = alpha*A@B + beta*C` is one call without a temporary array, and half of
//! a symmetric product is not computed twice.
//!
//! Connectors are those of DaCe where it has the operation. An operation that updates (`_c` becomes
//! `alpha*_a@_b + beta*_c`) has an input and an output for what it updates; where both are the same elements of one array,
//! it works in place.
//!
//! **Shapes** are written with the sizes m, n and k. A vector where a matrix is expected is a matrix of one column, so
//! `Trsm` solves for one right-hand side, and `Syrk` of a vector is a symmetric update of rank one.
//!
//! **Triangles**: what reads one triangle of a matrix never reads the other, and what writes one leaves the other as it
//! was. Of Hermitian matrices the imaginary parts of the diagonal count as 0.
//!
//! **NaN**: a factor that is the [number](Factor::Number) 0 says that the old value is not read; one that happens to be 0
//! when the program runs multiplies what is there, as in NumPy.

mod properties;
pub mod routine;

pub use routine::{Parameter, Routine};

use super::defined::Operands;
use super::{Cost, LibraryOp, MatMul, Property};
use crate::interp::{Tensor, blas};
use crate::{DType, Expr, Name};
use std::any::Any;

/// The number that a product or an old value is multiplied by.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Factor {
    /// A literal.
    Number(f64),
    /// What is read at the connector `_alpha` or `_beta`.
    Operand,
}

impl Factor {
    /// The literal 0.
    pub const ZERO: Factor = Factor::Number(0.0);
    /// The literal 1.
    pub const ONE: Factor = Factor::Number(1.0);

    /// The factor as a property.
    pub(super) fn to_property(self) -> Property {
        match self {
            Factor::Number(number) => Property::Float(number),
            Factor::Operand => Property::Text("operand".to_owned()),
        }
    }

    /// The factor of a [property](Self::to_property).
    pub(super) fn from_property(value: &Property) -> Option<Factor> {
        match value {
            Property::Float(number) => Some(Factor::Number(*number)),
            Property::Int(number) => Some(Factor::Number(*number as f64)),
            Property::Text(word) if word == "operand" => Some(Factor::Operand),
            _ => None,
        }
    }
}

/// Which form of a matrix takes part.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Trans {
    /// As it is.
    #[default]
    No,
    /// Rows and columns exchanged.
    Transposed,
    /// Rows and columns exchanged, elements conjugate.
    Adjoint,
}

/// Which triangle of a square matrix is read or written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Triangle {
    /// On and below the diagonal.
    #[default]
    Lower,
    /// On and above the diagonal.
    Upper,
}

/// On which side of the other operand a special matrix stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Side {
    /// `A @ B`.
    #[default]
    Left,
    /// `B @ A`.
    Right,
}

/// What the [rank-k updates](Blas::Syrk) have in common.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct RankUpdate {
    /// The triangle of `_c` that is written.
    pub triangle: Triangle,
    /// Whether the operands are `k`×`n` and the product is `_a.T @ _a` instead of `_a @ _a.T`.
    pub transposed: bool,
    /// Whether the second factor of each product is conjugate, and with it the result Hermitian.
    pub hermitian: bool,
    /// Factor of the product.
    pub alpha: Factor,
    /// Factor of the old value.
    pub beta: Factor,
}

/// What operations with a [triangular matrix](Blas::Trmm) have in common.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Triangular {
    /// Where `_a` stands.
    pub side: Side,
    /// The triangle of `_a` that is read; the other counts as 0.
    pub triangle: Triangle,
    /// The form of `_a`, after the triangle was taken.
    pub a: Trans,
    /// Whether the diagonal is not read and counts as 1.
    pub unit: bool,
    /// Factor of the result.
    pub alpha: Factor,
}

/// An operation of BLAS.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Blas {
    /// `_c = alpha * op(_a) @ op(_b) + beta * _c` with `_c` of m×n and a sum over k.
    Gemm {
        /// The form of `_a`.
        a: Trans,
        /// The form of `_b`.
        b: Trans,
        /// Factor of the product.
        alpha: Factor,
        /// Factor of the old value.
        beta: Factor,
    },
    /// `_y = alpha * op(_A) @ _x + beta * _y` with `_y` of m and `_x` of n elements.
    Gemv {
        /// The form of `_A`.
        a: Trans,
        /// Factor of the product.
        alpha: Factor,
        /// Factor of the old value.
        beta: Factor,
    },
    /// `_res = alpha * outer(_x, _y) + _A` with `_x` of m and `_y` of n elements.
    Ger {
        /// Whether `_y` is conjugate.
        conjugate: bool,
        /// Factor of the product.
        alpha: Factor,
    },
    /// `_result = sum(_x * _y)`.
    Dot {
        /// Whether `_x` is conjugate, as in NumPy's `vdot`.
        conjugate: bool,
    },
    /// `_res = alpha * _x + _y`.
    Axpy {
        /// Factor of `_x`.
        alpha: Factor,
    },
    /// `_res = alpha * _x`.
    Scal {
        /// The factor.
        alpha: Factor,
    },
    /// `_result = sqrt(sum(abs(_x)**2))`.
    Nrm2,
    /// One triangle of `_c = alpha * _a @ _a.T + beta * _c` with `_c` of n×n and `_a` of n×k.
    Syrk(RankUpdate),
    /// One triangle of `_c = alpha * _a @ _b.T + alpha * _b @ _a.T + beta * _c`; the second `alpha` is conjugate where the
    /// result is Hermitian.
    Syr2k(RankUpdate),
    /// `_c = alpha * _a @ _b + beta * _c`, or `alpha * _b @ _a + beta * _c`, with a symmetric or Hermitian `_a` of which one
    /// triangle is read, and `_c` of m×n.
    Symm {
        /// Where `_a` stands.
        side: Side,
        /// The triangle of `_a` that is read.
        triangle: Triangle,
        /// Whether the other triangle is the conjugate of this one.
        hermitian: bool,
        /// Factor of the product.
        alpha: Factor,
        /// Factor of the old value.
        beta: Factor,
    },
    /// `_c = alpha * op(_a) @ _b`, or `alpha * _b @ op(_a)`, with a triangular `_a` and `_c` of m×n.
    Trmm(Triangular),
    /// `op(_a) @ _c = alpha * _b`, or `_c @ op(_a) = alpha * _b`, solved for `_c` of m×n. A zero on the diagonal gives
    /// infinities and NaN.
    Trsm(Triangular),
    /// `_c` = the lower triangular L with `L @ L^H = _a`, of which the lower triangle is read. The other one stays, and a
    /// matrix that is not positive definite gives NaN: what loops over rows do, and not what `Cholesky` does.
    CholeskyInPlace,
    /// `_c` = `L` below the diagonal and `U` above, with `L @ U = _a` and a diagonal of 1 in `L`. Rows are not exchanged, so a
    /// zero on the diagonal gives infinities and NaN.
    LuInPlace,
}

/// An extent of an operand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Size {
    /// Rows of the result.
    M,
    /// Columns of the result, or elements of vectors.
    N,
    /// Terms of each sum.
    K,
}

/// The shape of an operand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// Rows and columns.
    Matrix(Size, Size),
    /// A vector.
    Vector(Size),
    /// One number.
    Number,
    /// One real number.
    Real,
}

impl Form {
    /// The sizes that its extents are.
    pub fn sizes(self) -> Vec<Size> {
        match self {
            Form::Matrix(rows, columns) => vec![rows, columns],
            Form::Vector(len) => vec![len],
            Form::Number | Form::Real => Vec::new(),
        }
    }

    /// Number of dimensions.
    pub fn rank(self) -> usize {
        match self {
            Form::Matrix(..) => 2,
            Form::Vector(_) => 1,
            Form::Number | Form::Real => 0,
        }
    }
}

/// An operand: its connector and its shape.
pub type Operand = (&'static str, Form);

impl Blas {
    /// What is read besides the old value and the factors.
    pub fn operands(&self) -> Vec<Operand> {
        use Size::{K, M, N};
        let matrix = |name, rows, columns| (name, Form::Matrix(rows, columns));
        let formed = |name, form, rows, columns| match form {
            Trans::No => matrix(name, rows, columns),
            Trans::Transposed | Trans::Adjoint => matrix(name, columns, rows),
        };
        let vector = |name, len| (name, Form::Vector(len));
        let square = |side| match side {
            Side::Left => matrix("_a", M, M),
            Side::Right => matrix("_a", N, N),
        };
        let updated = |name, update: &RankUpdate| match update.transposed {
            false => matrix(name, N, K),
            true => matrix(name, K, N),
        };
        match self {
            Blas::Gemm { a, b, .. } => vec![formed("_a", *a, M, K), formed("_b", *b, K, N)],
            Blas::Gemv { a, .. } => vec![formed("_A", *a, M, N), vector("_x", N)],
            Blas::Ger { .. } => vec![vector("_x", M), vector("_y", N)],
            Blas::Dot { .. } => vec![vector("_x", N), vector("_y", N)],
            Blas::Axpy { .. } | Blas::Nrm2 => vec![vector("_x", N)],
            Blas::Scal { .. } => Vec::new(),
            Blas::Syrk(update) => vec![updated("_a", update)],
            Blas::Syr2k(update) => vec![updated("_a", update), updated("_b", update)],
            Blas::Symm { side, .. } => vec![square(*side), matrix("_b", M, N)],
            Blas::Trmm(it) | Blas::Trsm(it) => vec![square(it.side)],
            Blas::CholeskyInPlace | Blas::LuInPlace => Vec::new(),
        }
    }

    /// The result.
    pub fn result(&self) -> Operand {
        use Size::{M, N};
        match self {
            Blas::Gemv { .. } => ("_y", Form::Vector(M)),
            Blas::Ger { .. } => ("_res", Form::Matrix(M, N)),
            Blas::Dot { .. } => ("_result", Form::Number),
            Blas::Nrm2 => ("_result", Form::Real),
            Blas::Axpy { .. } | Blas::Scal { .. } => ("_res", Form::Vector(N)),
            Blas::Syrk(_) | Blas::Syr2k(_) | Blas::CholeskyInPlace | Blas::LuInPlace => {
                ("_c", Form::Matrix(N, N))
            }
            Blas::Gemm { .. } | Blas::Symm { .. } | Blas::Trmm(_) | Blas::Trsm(_) => {
                ("_c", Form::Matrix(M, N))
            }
        }
    }

    /// The input with what the result holds before, which has the result's shape; `None` if nothing of it is read.
    pub fn old(&self) -> Option<&'static str> {
        match self {
            Blas::Gemm { beta, .. } | Blas::Symm { beta, .. } => (*beta != Factor::ZERO).then_some("_c"),
            Blas::Gemv { beta, .. } => (*beta != Factor::ZERO).then_some("_y"),
            Blas::Ger { .. } => Some("_A"),
            Blas::Axpy { .. } => Some("_y"),
            Blas::Scal { .. } => Some("_x"),
            // The other triangle stays.
            Blas::Syrk(_) | Blas::Syr2k(_) => Some("_c"),
            Blas::Trmm(_) | Blas::Trsm(_) => Some("_b"),
            Blas::CholeskyInPlace | Blas::LuInPlace => Some("_a"),
            Blas::Dot { .. } | Blas::Nrm2 => None,
        }
    }

    /// The factor of the product; the number 1 where there is none.
    pub fn alpha(&self) -> Factor {
        match self {
            Blas::Gemm { alpha, .. }
            | Blas::Gemv { alpha, .. }
            | Blas::Ger { alpha, .. }
            | Blas::Axpy { alpha }
            | Blas::Scal { alpha }
            | Blas::Symm { alpha, .. } => *alpha,
            Blas::Syrk(it) | Blas::Syr2k(it) => it.alpha,
            Blas::Trmm(it) | Blas::Trsm(it) => it.alpha,
            Blas::Dot { .. } | Blas::Nrm2 | Blas::CholeskyInPlace | Blas::LuInPlace => Factor::ONE,
        }
    }

    /// The factor of the old value; the number 0 where there is none.
    pub fn beta(&self) -> Factor {
        match self {
            Blas::Gemm { beta, .. } | Blas::Gemv { beta, .. } | Blas::Symm { beta, .. } => *beta,
            Blas::Syrk(it) | Blas::Syr2k(it) => it.beta,
            Blas::Ger { .. } | Blas::Axpy { .. } => Factor::ONE,
            Blas::Dot { .. } | Blas::Scal { .. } | Blas::Nrm2 | Blas::Trmm(_) | Blas::Trsm(_) => Factor::ZERO,
            Blas::CholeskyInPlace | Blas::LuInPlace => Factor::ZERO,
        }
    }

    /// Operations, by the sizes of the operands.
    fn operations(&self, operands: &Operands) -> Expr {
        let mut sizes: [Expr; 3] = [Expr::one(), Expr::one(), Expr::one()];
        for (name, form) in self.operands().into_iter().chain([self.result()]) {
            let shape = operands.get(name).map_or(&[][..], |it| &it.shape);
            for (size, extent) in form.sizes().into_iter().zip(shape) {
                sizes[size as usize] = extent.clone();
            }
        }
        let [m, n, k] = &sizes;
        let of_side = |side: Side| if side == Side::Left { m } else { n };
        match self {
            Blas::Gemm { .. } => MatMul::operations(m, k, n),
            Blas::Gemv { .. } | Blas::Ger { .. } => m * n * 2,
            Blas::Dot { .. } | Blas::Axpy { .. } | Blas::Nrm2 => n * 2,
            Blas::Scal { .. } => n.clone(),
            // Half of the result.
            Blas::Syrk(_) => n * n * k,
            Blas::Syr2k(_) => n * n * k * 2,
            Blas::Symm { side, .. } => m * n * of_side(*side) * 2,
            // Half of the terms.
            Blas::Trmm(it) | Blas::Trsm(it) => m * n * of_side(it.side),
            Blas::CholeskyInPlace => (n * n * n).floor_div(&Expr::int(3)),
            Blas::LuInPlace => (n * n * n * 2).floor_div(&Expr::int(3)),
        }
    }

    /// The names of all operations.
    pub const NAMES: [&'static str; 14] = [
        "Gemm",
        "Gemv",
        "Ger",
        "Dot",
        "Axpy",
        "Scal",
        "Nrm2",
        "Syrk",
        "Syr2k",
        "Symm",
        "Trmm",
        "Trsm",
        "CholeskyInPlace",
        "LuInPlace",
    ];
}

impl LibraryOp for Blas {
    fn name(&self) -> &'static str {
        match self {
            Blas::Gemm { .. } => "Gemm",
            Blas::Gemv { .. } => "Gemv",
            Blas::Ger { .. } => "Ger",
            Blas::Dot { .. } => "Dot",
            Blas::Axpy { .. } => "Axpy",
            Blas::Scal { .. } => "Scal",
            Blas::Nrm2 => "Nrm2",
            Blas::Syrk(_) => "Syrk",
            Blas::Syr2k(_) => "Syr2k",
            Blas::Symm { .. } => "Symm",
            Blas::Trmm(_) => "Trmm",
            Blas::Trsm(_) => "Trsm",
            Blas::CholeskyInPlace => "CholeskyInPlace",
            Blas::LuInPlace => "LuInPlace",
        }
    }

    fn inputs(&self) -> Vec<Name> {
        let mut names: Vec<Name> = self.operands().into_iter().map(|(name, _)| name.into()).collect();
        names.extend(self.old().map(Name::from));
        let factors = [("_alpha", self.alpha()), ("_beta", self.beta())];
        names.extend(factors.iter().filter(|it| it.1 == Factor::Operand).map(|it| Name::from(it.0)));
        names
    }

    fn outputs(&self) -> Vec<Name> {
        vec![self.result().0.into()]
    }

    fn properties(&self) -> Vec<(&'static str, Property)> {
        properties::of(self)
    }

    fn as_any(&self) -> &dyn Any {
        self
    }

    fn in_place(&self) -> Option<(&'static str, &'static str)> {
        self.old().map(|old| (old, self.result().0))
    }

    fn operand_rank(&self, connector: &str) -> Option<usize> {
        let result = self.result();
        let old = self.old().map(|name| (name, result.1));
        let all = self.operands().into_iter().chain(old).chain([result]);
        let form = all.into_iter().find(|(name, _)| *name == connector).map(|(_, form)| form);
        Some(form.unwrap_or(Form::Number).rank())
    }

    fn cost(&self, operands: &Operands) -> Option<Cost> {
        Some(Cost::new(operands, self.operations(operands)))
    }

    fn interpret(&self, inputs: &[Tensor], outputs: &mut [Tensor]) -> Result<(), String> {
        blas::compute(self, inputs, outputs)
    }
}

/// The operation of that name with those properties; `None` if the name is none of these.
pub(super) fn from_properties(
    name: &str,
    properties: &[(String, Property)],
) -> Option<Result<Blas, super::UnknownOp>> {
    Blas::NAMES.contains(&name).then(|| properties::read(name, properties))
}

/// The type of an operand of an operation on elements of a type.
pub fn operand_type(form: Form, dtype: DType) -> DType {
    match form {
        Form::Real => dtype.real(),
        _ => dtype,
    }
}
