//! Dense linear algebra: systems of equations, factorizations, eigenvalues; and Fourier transforms.
//!
//! Each operation has one table of operands, which says what people need to know to connect, check, call and interpret it:
//! their names, their shapes in terms of up to three sizes, and whether they are read or written. What the results mean is what
//! `numpy.linalg` documents; vectors that are determined up to a factor of length one may differ by it.

use super::defined::Operands;
use super::{Cost, LibraryOp, Property};
use crate::interp::dense::{self, Matrix};
use crate::interp::{Tensor, Value};
use crate::{DType, Expr, Name};
use std::any::Any;

/// An operation on dense matrices, or on stacks of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Dense {
    /// `_x` with `_a @ _x = _b`; an exactly singular matrix is an error.
    Solve,
    /// The inverse `_x` of `_a`; an exactly singular matrix is an error.
    Inv,
    /// The determinant `_d` of `_a`.
    Det,
    /// The lower triangular `_l` with `_a = _l @ _l^H`, of whose argument only the lower triangle is read; a matrix that
    /// is not positive definite is an error.
    Cholesky,
    /// `_a = _q @ _r` with orthonormal columns in `_q` and an upper triangular `_r`, in the reduced form.
    Qr,
    /// Eigenvalues `_w`, ascending, and eigenvectors (columns of `_v`) of the Hermitian matrix `_a`, of which only the
    /// lower triangle is read.
    Eigh,
    /// `_a = _u @ diag(_s) @ _vh` with singular values `_s`, descending, in the reduced form.
    Svd,
    /// The vectors `_x` that come closest to `_a @ _x = _b`, of these the shortest ones. Singular values up to `_rcond` times
    /// the largest count as 0; a factor that is not between 0 and 1 stands for the rounding error of the type. Besides them
    /// there are the squared distances `_residuals`, 0 unless there are more equations than unknowns, of full rank; how many
    /// singular values `_rank` count; and all of them, `_s`, descending. There is no stack of such matrices.
    Lstsq,
    /// The sign `_s` and the logarithm `_l` of the magnitude of the determinant of `_a`: 0 and minus infinity if the
    /// matrix is exactly singular.
    Slogdet,
    /// The discrete Fourier transform of a vector: element `k` of `_x` is the sum of `_a[j] * exp(-2i pi j k / n)`.
    Fft,
    /// The same with `exp(2i pi j k / n)`, not divided by `n`.
    Ifft,
}

/// An extent of an operand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Extent {
    /// The first size.
    First,
    /// The second size.
    Second,
    /// The third size.
    Third,
    /// The smaller of the first two.
    Least,
}

/// The shape of an operand, without the dimensions of a stack.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// Rows and columns.
    Matrix(Extent, Extent),
    /// A vector.
    Vector(Extent),
    /// A vector of real numbers.
    Reals(Extent),
    /// One number.
    Number,
    /// One real number.
    Real,
    /// One integer.
    Count,
}

/// An operand of an operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DenseOperand {
    /// The connector.
    pub connector: &'static str,
    /// Whether it is a result.
    pub written: bool,
    /// Its shape.
    pub form: Form,
}

const fn read(connector: &'static str, rows: Extent, columns: Extent) -> DenseOperand {
    DenseOperand { connector, written: false, form: Form::Matrix(rows, columns) }
}

const fn written(connector: &'static str, form: Form) -> DenseOperand {
    DenseOperand { connector, written: true, form }
}

use Extent::{First, Least, Second, Third};

const SOLVE: &[DenseOperand] =
    &[read("_a", First, First), read("_b", First, Second), written("_x", Form::Matrix(First, Second))];
const INV: &[DenseOperand] = &[read("_a", First, First), written("_x", Form::Matrix(First, First))];
const DET: &[DenseOperand] = &[read("_a", First, First), written("_d", Form::Number)];
const CHOLESKY: &[DenseOperand] = &[read("_a", First, First), written("_l", Form::Matrix(First, First))];
const QR: &[DenseOperand] = &[
    read("_a", First, Second),
    written("_q", Form::Matrix(First, Least)),
    written("_r", Form::Matrix(Least, Second)),
];
const EIGH: &[DenseOperand] =
    &[read("_a", First, First), written("_w", Form::Reals(First)), written("_v", Form::Matrix(First, First))];
const SVD: &[DenseOperand] = &[
    read("_a", First, Second),
    written("_u", Form::Matrix(First, Least)),
    written("_s", Form::Reals(Least)),
    written("_vh", Form::Matrix(Least, Second)),
];
const LSTSQ: &[DenseOperand] = &[
    read("_a", First, Second),
    read("_b", First, Third),
    DenseOperand { connector: "_rcond", written: false, form: Form::Real },
    written("_x", Form::Matrix(Second, Third)),
    written("_residuals", Form::Reals(Third)),
    written("_rank", Form::Count),
    written("_s", Form::Reals(Least)),
];
const SLOGDET: &[DenseOperand] =
    &[read("_a", First, First), written("_s", Form::Number), written("_l", Form::Real)];
const FFT: &[DenseOperand] = &[
    DenseOperand { connector: "_a", written: false, form: Form::Vector(First) },
    written("_x", Form::Vector(First)),
];

impl Dense {
    /// Every operation.
    pub const ALL: [Dense; 11] = [
        Dense::Solve,
        Dense::Inv,
        Dense::Det,
        Dense::Cholesky,
        Dense::Qr,
        Dense::Eigh,
        Dense::Svd,
        Dense::Lstsq,
        Dense::Slogdet,
        Dense::Fft,
        Dense::Ifft,
    ];

    /// The operands, in the order in which routines take them.
    pub fn operands(self) -> &'static [DenseOperand] {
        match self {
            Dense::Solve => SOLVE,
            Dense::Inv => INV,
            Dense::Det => DET,
            Dense::Cholesky => CHOLESKY,
            Dense::Qr => QR,
            Dense::Eigh => EIGH,
            Dense::Svd => SVD,
            Dense::Lstsq => LSTSQ,
            Dense::Slogdet => SLOGDET,
            Dense::Fft | Dense::Ifft => FFT,
        }
    }

    /// Number of dimensions of what one routine call takes, without those of a stack.
    pub fn rank(self) -> usize {
        self.operands()[0].form.rank()
    }

    /// How many sizes there are: one for operations on vectors or square matrices alone.
    pub fn sizes(self) -> usize {
        match self {
            Dense::Lstsq => 3,
            Dense::Solve | Dense::Qr | Dense::Svd => 2,
            Dense::Inv | Dense::Det | Dense::Cholesky | Dense::Eigh | Dense::Slogdet => 1,
            Dense::Fft | Dense::Ifft => 1,
        }
    }

    /// The sizes, of `_a` with so many rows and columns and `_b` with so many columns; those that it does not have are like
    /// others.
    pub fn sizes_of<T: Clone>(self, rows: T, columns: T, sides: T) -> [T; 3] {
        match self {
            Dense::Solve => [rows, sides.clone(), sides],
            _ => [rows, columns, sides],
        }
    }

    /// Whether a call takes one matrix, and not a stack of them.
    pub fn takes_one(self) -> bool {
        self == Dense::Lstsq
    }

    /// The name of the routine for elements of a type, for example `solve_f64`; `None` if there is none.
    pub fn routine(self, dtype: DType) -> Option<String> {
        let stem = match self {
            Dense::Solve => "solve",
            Dense::Inv => "inverse",
            Dense::Det => "determinant",
            Dense::Cholesky => "cholesky",
            Dense::Qr => "qr",
            Dense::Eigh => "eigh",
            Dense::Svd => "svd",
            Dense::Lstsq => "lstsq",
            Dense::Slogdet => "slogdet",
            Dense::Fft => "fft",
            Dense::Ifft => "ifft",
        };
        if matches!(self, Dense::Fft | Dense::Ifft) && !dtype.is_complex() {
            return None;
        }
        let suffix = match dtype {
            DType::Float32 => "f32",
            DType::Float64 => "f64",
            DType::Complex64 => "c64",
            DType::Complex128 => "c128",
            _ => return None,
        };
        Some(format!("{stem}_{suffix}"))
    }

    /// The operation and the element type of a [routine](Self::routine).
    pub fn of_routine(name: &str) -> Option<(Dense, DType)> {
        let types = [DType::Float32, DType::Float64, DType::Complex64, DType::Complex128];
        let all = Self::ALL.into_iter().flat_map(|op| types.map(|dtype| (op, dtype)));
        all.into_iter().find(|(op, dtype)| op.routine(*dtype).as_deref() == Some(name))
    }

    /// What is wrong where a routine says that it cannot go on.
    pub fn complaint(self) -> &'static str {
        match self {
            Dense::Solve | Dense::Inv => "the matrix is singular",
            Dense::Cholesky => "the matrix is not positive definite",
            Dense::Eigh | Dense::Svd | Dense::Lstsq => "the iteration does not converge",
            // These always have a result.
            Dense::Det | Dense::Qr | Dense::Slogdet | Dense::Fft | Dense::Ifft => "there is no result",
        }
    }

    /// Operations on one matrix: leading terms, from Golub and Van Loan, *Matrix Computations* (4th ed.).
    fn operations(self, operands: &Operands, rows: &Expr, columns: &Expr) -> Expr {
        let cube = |n: &Expr| n * n * n;
        let third = |of: Expr| of.floor_div(&Expr::int(3));
        let least = rows.min(columns);
        match self {
            // Every column on the right is a product with both factors.
            Dense::Solve => third(cube(rows) * 2) + operands.elements("_b") * rows * 2,
            Dense::Inv => cube(rows) * 2,
            Dense::Det | Dense::Slogdet => third(cube(rows) * 2),
            Dense::Cholesky => third(cube(rows)),
            Dense::Qr => rows * columns * least * 4,
            Dense::Eigh => cube(rows) * 9,
            Dense::Svd => rows * columns * &least * 14 + cube(&least) * 8,
            Dense::Lstsq => {
                let sides = operands.elements("_b") * columns * 2;
                rows * columns * &least * 4 + cube(&least) * 8 + sides
            }
            Dense::Fft | Dense::Ifft => rows * (5 * Cost::LOGARITHM),
        }
    }

    /// Whether a team of threads shares one call of the routine that comes along, where that is worth it; others run on the
    /// thread that calls them.
    pub fn is_shared(self) -> bool {
        matches!(self, Dense::Solve | Dense::Inv | Dense::Det | Dense::Cholesky)
    }

    /// The type of an operand for matrices of a type.
    pub fn operand_type(form: Form, dtype: DType) -> DType {
        match (form, dtype) {
            (Form::Count, _) => DType::Int64,
            (Form::Reals(_) | Form::Real, dtype) => dtype.real(),
            _ => dtype,
        }
    }
}

impl Form {
    /// Number of dimensions.
    pub fn rank(self) -> usize {
        match self {
            Form::Matrix(..) => 2,
            Form::Vector(_) | Form::Reals(_) => 1,
            Form::Number | Form::Real | Form::Count => 0,
        }
    }

    /// The extents, for the sizes.
    pub fn shape<T: Clone>(self, sizes: &[T; 3], least: impl Fn(&T, &T) -> T) -> Vec<T> {
        let extent = |extent: Extent| match extent {
            Extent::First => sizes[0].clone(),
            Extent::Second => sizes[1].clone(),
            Extent::Third => sizes[2].clone(),
            Extent::Least => least(&sizes[0], &sizes[1]),
        };
        match self {
            Form::Matrix(rows, columns) => vec![extent(rows), extent(columns)],
            Form::Vector(len) | Form::Reals(len) => vec![extent(len)],
            Form::Number | Form::Real | Form::Count => Vec::new(),
        }
    }
}

impl LibraryOp for Dense {
    fn name(&self) -> &'static str {
        match self {
            Dense::Solve => "Solve",
            Dense::Inv => "Inv",
            Dense::Det => "Det",
            Dense::Cholesky => "Cholesky",
            Dense::Qr => "Qr",
            Dense::Eigh => "Eigh",
            Dense::Svd => "Svd",
            Dense::Lstsq => "Lstsq",
            Dense::Slogdet => "Slogdet",
            Dense::Fft => "Fft",
            Dense::Ifft => "Ifft",
        }
    }

    fn inputs(&self) -> Vec<Name> {
        self.operands().iter().filter(|it| !it.written).map(|it| it.connector.into()).collect()
    }

    fn outputs(&self) -> Vec<Name> {
        self.operands().iter().filter(|it| it.written).map(|it| it.connector.into()).collect()
    }

    fn properties(&self) -> Vec<(&'static str, Property)> {
        Vec::new()
    }

    fn as_any(&self) -> &dyn Any {
        self
    }

    fn operand_rank(&self, connector: &str) -> Option<usize> {
        let operand = self.operands().iter().find(|it| it.connector == connector);
        operand.filter(|_| self.takes_one()).map(|it| it.form.rank())
    }

    fn cost(&self, operands: &Operands) -> Option<Cost> {
        let shape = operands.get("_a").map_or(&[][..], |it| &it.shape);
        let (stack, own) = shape.split_at(shape.len().saturating_sub(self.rank()));
        let rows = own.first().cloned().unwrap_or_else(Expr::one);
        let columns = own.get(1).cloned().unwrap_or_else(Expr::one);
        let stack: Expr = stack.iter().product();
        Some(Cost::new(operands, stack * self.operations(operands, &rows, &columns)))
    }

    fn interpret(&self, inputs: &[Tensor], outputs: &mut [Tensor]) -> Result<(), String> {
        let [a, others @ ..] = inputs else { return Err("needs a matrix".to_owned()) };
        // Where the operand is told by its number of dimensions, a vector is a column.
        let missing = if self.takes_one() { self.rank().saturating_sub(a.shape().len()) } else { 0 };
        let shape = [a.shape(), &vec![1; missing]].concat();
        let Some(stack) = shape.len().checked_sub(self.rank()).filter(|it| *it == 0 || !self.takes_one())
        else {
            return Err("needs a matrix".to_owned());
        };
        let (rows, columns) = (shape[stack], shape.get(stack + 1).copied().unwrap_or(1));
        // A vector on the right of a system is a matrix of one column.
        let width = others.first().map_or(columns, |b| match b.shape() {
            [.., _, width] if b.shape().len() == shape.len() => *width,
            _ => 1,
        });
        let sizes = self.sizes_of(rows, columns, width);
        let square = Form::Matrix(First, First);
        if self.operands()[0].form == square && rows != columns {
            return Err(format!("a matrix of {rows} rows and {columns} columns is not square"));
        }
        let stack: usize = shape[..stack].iter().product();
        let len = |form: Form| form.shape(&sizes, |a, b| *a.min(b)).into_iter().product::<usize>();
        let forms =
            |written: bool| self.operands().iter().filter(move |it| it.written == written).map(|it| it.form);
        let fits = |tensors: &[Tensor], written: bool| {
            tensors.iter().zip(forms(written)).all(|(tensor, form)| tensor.len() == stack * len(form))
        };
        if !fits(inputs, false) || !fits(outputs, true) {
            return Err("the shapes do not fit".to_owned());
        }
        for at in 0..stack {
            let matrices: Vec<Matrix> = inputs
                .iter()
                .zip(forms(false))
                .map(|(tensor, form)| {
                    let shape = form.shape(&sizes, |a, b| *a.min(b));
                    let (rows, columns) =
                        (shape.first().map_or(1, |it| *it), shape.get(1).map_or(1, |it| *it));
                    Matrix::new(rows, columns, |i, j| {
                        tensor.get(at * len(form) + i * columns + j).to_complex()
                    })
                })
                .collect();
            let results = dense::compute(*self, &matrices).map_err(str::to_owned)?;
            for ((tensor, form), values) in outputs.iter_mut().zip(forms(true)).zip(results) {
                for (offset, value) in values.elements().iter().enumerate() {
                    let value = Value::complex(*value, DType::Complex128).cast(tensor.dtype());
                    tensor.set(at * len(form) + offset, value);
                }
            }
        }
        Ok(())
    }
}
