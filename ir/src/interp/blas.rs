//! What [BLAS operations](crate::library::blas) and their routines compute: short loops over values of any type.

use super::arithmetic::binary;
use super::math::call;
use super::{Tensor, Value};
use crate::code::TypeError;
use crate::library::blas::{Blas, Factor, RankUpdate, Side, Trans, Triangle};
use crate::library::{LibraryOp, blas};
use crate::{BinaryOp, DType, Function};

/// A matrix of values, row after row.
#[derive(Clone, Debug, PartialEq)]
pub struct Grid {
    rows: usize,
    columns: usize,
    elements: Vec<Value>,
}

/// The result of an operation on values, whose types may have no such operation.
type Computed<T> = Result<T, TypeError>;

impl Grid {
    /// The matrix with those elements, row after row.
    ///
    /// # Panics
    /// If their number is not that of a matrix of this size.
    pub fn new(rows: usize, columns: usize, elements: Vec<Value>) -> Self {
        assert_eq!(elements.len(), rows * columns, "one element for each place");
        Grid { rows, columns, elements }
    }

    /// A tensor of at most two dimensions; a vector is a column.
    fn of(tensor: &Tensor) -> Result<Self, String> {
        let (rows, columns) = match *tensor.shape() {
            [] => (1, 1),
            [rows] => (rows, 1),
            [rows, columns] => (rows, columns),
            _ => return Err(format!("an operand has {} dimensions", tensor.shape().len())),
        };
        Ok(Grid { rows, columns, elements: (0..tensor.len()).map(|at| tensor.get(at)).collect() })
    }

    /// The elements, row after row.
    pub fn elements(&self) -> &[Value] {
        &self.elements
    }

    fn build(
        rows: usize,
        columns: usize,
        element: impl Fn(usize, usize) -> Computed<Value>,
    ) -> Computed<Self> {
        let positions = (0..rows).flat_map(|i| (0..columns).map(move |j| (i, j)));
        let elements = positions.map(|(i, j)| element(i, j)).collect::<Computed<_>>()?;
        Ok(Grid { rows, columns, elements })
    }

    fn at(&self, i: usize, j: usize) -> Value {
        self.elements[i * self.columns + j]
    }

    fn transposed(&self) -> Self {
        let positions = (0..self.columns).flat_map(|j| (0..self.rows).map(move |i| (i, j)));
        let elements = positions.map(|(i, j)| self.at(i, j)).collect();
        Grid { rows: self.columns, columns: self.rows, elements }
    }

    fn conjugate_if(&self, conjugate: bool) -> Computed<Self> {
        Grid::build(self.rows, self.columns, |i, j| conj_if(conjugate, self.at(i, j)))
    }

    fn formed(&self, form: Trans) -> Computed<Self> {
        match form {
            Trans::No => Ok(self.clone()),
            Trans::Transposed => Ok(self.transposed()),
            Trans::Adjoint => self.transposed().conjugate_if(true),
        }
    }

    /// The symmetric or Hermitian matrix that has this lower triangle.
    fn symmetric(&self, hermitian: bool) -> Computed<Self> {
        Grid::build(self.rows, self.columns, |i, j| match i.cmp(&j) {
            std::cmp::Ordering::Greater => Ok(self.at(i, j)),
            std::cmp::Ordering::Equal => real_if(hermitian, self.at(i, i)),
            std::cmp::Ordering::Less => conj_if(hermitian, self.at(j, i)),
        })
    }

    /// The triangular matrix with one triangle of this one.
    fn triangular(&self, triangle: Triangle, unit: bool, dtype: DType) -> Computed<Self> {
        Grid::build(self.rows, self.columns, |i, j| {
            let inside = match triangle {
                Triangle::Lower => i >= j,
                Triangle::Upper => i <= j,
            };
            Ok(match inside {
                _ if unit && i == j => Value::int(1, dtype),
                true => self.at(i, j),
                false => Value::zero(dtype),
            })
        })
    }
}

fn add(a: Value, b: Value) -> Computed<Value> {
    binary(BinaryOp::Add, a, b)
}

fn multiply(a: Value, b: Value) -> Computed<Value> {
    binary(BinaryOp::Mul, a, b)
}

fn conj_if(conjugate: bool, value: Value) -> Computed<Value> {
    if conjugate && value.dtype().is_complex() { call(Function::Conj, &[value]) } else { Ok(value) }
}

/// The value without its imaginary part.
fn real_if(real: bool, value: Value) -> Computed<Value> {
    Ok(if real && value.dtype().is_complex() { Value::float(value.to_f64(), value.dtype()) } else { value })
}

/// `a @ b`; elements outside of a triangle are not looked at where that is said.
fn product(a: &Grid, b: &Grid, dtype: DType, inside: impl Fn(usize, usize) -> bool) -> Computed<Grid> {
    Grid::build(a.rows, b.columns, |i, j| {
        let mut sum = Value::zero(dtype);
        for k in (0..a.columns).filter(|k| inside(i, *k)) {
            sum = add(sum, multiply(a.at(i, k), b.at(k, j))?)?;
        }
        Ok(sum)
    })
}

/// What a product becomes: `alpha * product + beta * old`. Without `beta` the old value is not looked at.
fn finished(alpha: Value, product: Value, beta: Option<Value>, old: Value) -> Computed<Value> {
    let value = multiply(alpha, product)?;
    match beta {
        None => Ok(value),
        Some(beta) => add(value, multiply(beta, old)?),
    }
}

/// `alpha * a @ b + beta * c`.
pub fn gemm(
    (alpha, a, b): (Value, &Grid, &Grid),
    conjugate: [bool; 2],
    beta: Option<Value>,
    c: &Grid,
) -> Computed<Grid> {
    let (a, b) = (a.conjugate_if(conjugate[0])?, b.conjugate_if(conjugate[1])?);
    let sums = product(&a, &b, alpha.dtype(), |_, _| true)?;
    Grid::build(c.rows, c.columns, |i, j| finished(alpha, sums.at(i, j), beta, c.at(i, j)))
}

/// The lower triangle of `alpha * a @ b.T + …`, and the rest as it is in `c`. `conjugate` says for each factor whether it is
/// conjugate. With `twice` there is the same product with the operands exchanged, and `alpha` conjugate if a factor is.
pub fn rank_update(
    (alpha, a, b): (Value, &Grid, &Grid),
    conjugate: [bool; 2],
    twice: bool,
    beta: Option<Value>,
    c: &Grid,
) -> Computed<Grid> {
    let hermitian = conjugate[0] || conjugate[1];
    let half = |alpha: Value, a: &Grid, b: &Grid| -> Computed<Grid> {
        let (a, b) = (a.conjugate_if(conjugate[0])?, b.conjugate_if(conjugate[1])?.transposed());
        let sums = product(&a, &b, alpha.dtype(), |_, _| true)?;
        Grid::build(c.rows, c.columns, |i, j| multiply(alpha, sums.at(i, j)))
    };
    let mut sums = half(alpha, a, b)?;
    if twice {
        let other = half(conj_if(hermitian, alpha)?, b, a)?;
        sums = Grid::build(c.rows, c.columns, |i, j| add(sums.at(i, j), other.at(i, j)))?;
    }
    Grid::build(c.rows, c.columns, |i, j| {
        if i < j {
            return Ok(c.at(i, j));
        }
        let real = hermitian && i == j;
        let value = match beta {
            None => sums.at(i, j),
            Some(beta) => add(sums.at(i, j), multiply(beta, real_if(real, c.at(i, j))?)?)?,
        };
        real_if(real, value)
    })
}

/// `alpha * s @ b + beta * c`, where `s` is given by the lower triangle of `a`.
pub fn symm(
    (alpha, a, b): (Value, &Grid, &Grid),
    hermitian: bool,
    conjugate: bool,
    beta: Option<Value>,
    c: &Grid,
) -> Computed<Grid> {
    gemm((alpha, &a.symmetric(hermitian)?, b), [conjugate, false], beta, c)
}

/// A triangle of a matrix, as routines take it.
#[derive(Clone, Copy, Debug)]
pub struct Part<'g> {
    /// The matrix.
    pub a: &'g Grid,
    /// Which triangle.
    pub triangle: Triangle,
    /// Whether the diagonal counts as 1.
    pub unit: bool,
}

/// `alpha * t @ b`.
pub fn trmm(alpha: Value, t: Part<'_>, conjugate: bool, b: &Grid) -> Computed<Grid> {
    let a = t.a.triangular(t.triangle, t.unit, alpha.dtype())?.conjugate_if(conjugate)?;
    let inside = |i: usize, k: usize| match t.triangle {
        Triangle::Lower => k <= i,
        Triangle::Upper => k >= i,
    };
    let sums = product(&a, b, alpha.dtype(), inside)?;
    Grid::build(b.rows, b.columns, |i, j| multiply(alpha, sums.at(i, j)))
}

/// `x` with `t @ x = alpha * b`, by substitution.
pub fn trsm(alpha: Value, t: Part<'_>, conjugate: bool, b: &Grid) -> Computed<Grid> {
    let a = t.a.conjugate_if(conjugate)?;
    let mut x = Grid::build(b.rows, b.columns, |i, j| multiply(alpha, b.at(i, j)))?;
    let order: Vec<usize> = match t.triangle {
        Triangle::Lower => (0..b.rows).collect(),
        Triangle::Upper => (0..b.rows).rev().collect(),
    };
    for j in 0..b.columns {
        for (done, &i) in order.iter().enumerate() {
            let mut value = x.at(i, j);
            for &k in &order[..done] {
                value = binary(BinaryOp::Sub, value, multiply(a.at(i, k), x.at(k, j))?)?;
            }
            if !t.unit {
                value = binary(BinaryOp::Div, value, a.at(i, i))?;
            }
            x.elements[i * b.columns + j] = value;
        }
    }
    Ok(x)
}

/// The lower triangular factor of `a`, and the upper triangle as it is: row by row, as people write it.
pub fn cholesky(a: &Grid) -> Computed<Grid> {
    let mut l = a.clone();
    for (i, j) in (0..a.rows).flat_map(|i| (0..=i).map(move |j| (i, j))) {
        let mut value = l.at(i, j);
        for k in 0..j {
            let product = multiply(l.at(i, k), conj_if(true, l.at(j, k))?)?;
            value = binary(BinaryOp::Sub, value, product)?;
        }
        l.elements[i * a.columns + j] = match i == j {
            true => Value::float(value.to_complex().re.sqrt(), value.dtype()),
            false => binary(BinaryOp::Div, value, l.at(j, j))?,
        };
    }
    Ok(l)
}

/// The factors `l @ u` of `a` without exchanges of rows; the diagonal of `l`, which is 1, is not stored.
pub fn lu(a: &Grid) -> Computed<Grid> {
    let mut both = a.clone();
    for (i, j) in (0..a.rows).flat_map(|i| (0..a.columns).map(move |j| (i, j))) {
        let mut value = both.at(i, j);
        for k in 0..i.min(j) {
            value = binary(BinaryOp::Sub, value, multiply(both.at(i, k), both.at(k, j))?)?;
        }
        if j < i {
            value = binary(BinaryOp::Div, value, both.at(j, j))?;
        }
        both.elements[i * a.columns + j] = value;
    }
    Ok(both)
}

/// `sqrt(sum(abs(x)**2))`, a real number.
pub fn norm(x: &Grid, dtype: DType) -> Computed<Value> {
    // Scaled, so that squares neither overflow nor vanish.
    let sizes: Vec<f64> = x.elements.iter().map(|it| it.to_complex().norm()).collect();
    if sizes.iter().any(|it| it.is_nan()) {
        return Ok(Value::float(f64::NAN, dtype.real()));
    }
    let largest = sizes.iter().copied().fold(0.0, f64::max);
    if largest == 0.0 || !largest.is_finite() {
        return Ok(Value::float(largest, dtype.real()));
    }
    let sum: f64 = sizes.iter().map(|size| (size / largest) * (size / largest)).sum();
    Ok(Value::float(largest * sum.sqrt(), dtype.real()))
}

/// The operands of an operation by connector.
struct Inputs<'t> {
    op: &'t Blas,
    names: Vec<crate::Name>,
    tensors: &'t [Tensor],
    dtype: DType,
}

impl Inputs<'_> {
    fn grid(&self, connector: &str) -> Result<Grid, String> {
        let at = self.names.iter().position(|it| it == connector);
        let tensor = at.and_then(|at| self.tensors.get(at));
        let tensor = tensor.ok_or_else(|| format!("there is no operand `{connector}`"))?;
        let form = self.op.operands().into_iter().find(|(name, _)| *name == connector).map(|it| it.1);
        let expected = form.map_or(self.dtype, |form| blas::operand_type(form, self.dtype));
        if tensor.dtype() != expected {
            return Err(format!("`{connector}` has elements of {} and not of {expected}", tensor.dtype()));
        }
        Grid::of(tensor)
    }

    fn factor(&self, factor: Factor, connector: &str) -> Result<Value, String> {
        match factor {
            Factor::Number(number) if self.dtype.is_float() || self.dtype.is_complex() => {
                Ok(Value::float(number, self.dtype))
            }
            Factor::Number(number) => Ok(Value::int(number as i64, self.dtype)),
            Factor::Operand => {
                let at = self.names.iter().position(|it| it == connector);
                let tensor = at.and_then(|at| self.tensors.get(at)).filter(|it| it.len() == 1);
                let tensor = tensor.ok_or_else(|| format!("`{connector}` is not one number"))?;
                Ok(tensor.get(0).cast(self.dtype))
            }
        }
    }
}

/// Computes an operation by its definition.
pub fn compute(op: &Blas, tensors: &[Tensor], outputs: &mut [Tensor]) -> Result<(), String> {
    let [output] = outputs else { return Err("gives one result".to_owned()) };
    // Everything has the type of the first operand; the result may be its real type.
    let dtype = tensors.first().map_or(output.dtype(), Tensor::dtype);
    let inputs = Inputs { op, names: op.inputs(), tensors, dtype };
    let fits = blas::operand_type(op.result().1, dtype) == output.dtype();
    if !fits {
        return Err(format!("the result has elements of {} with operands of {dtype}", output.dtype()));
    }
    let shape = Grid::of(output)?;
    let old = match op.old() {
        Some(name) => inputs.grid(name)?,
        None => Grid { elements: vec![Value::zero(dtype); output.len()], ..shape.clone() },
    };
    check_shapes(op, &inputs, &shape, &old)?;
    let result = defined(op, &inputs, &old)?;
    for (at, value) in result.elements.iter().enumerate() {
        output.set(at, *value);
    }
    Ok(())
}

/// Every size has one value.
fn check_shapes(op: &Blas, inputs: &Inputs<'_>, result: &Grid, old: &Grid) -> Result<(), String> {
    let mut sizes: [Option<usize>; 3] = [None; 3];
    let mut fit = |size: blas::Size, extent: usize| *sizes[size as usize].get_or_insert(extent) == extent;
    let mut all = vec![(op.result(), (result.rows, result.columns))];
    all.push((op.result(), (old.rows, old.columns)));
    for operand in op.operands() {
        let grid = inputs.grid(operand.0)?;
        all.push((operand, (grid.rows, grid.columns)));
    }
    for ((name, form), (rows, columns)) in all {
        let fits = match form {
            blas::Form::Matrix(m, n) => fit(m, rows) && fit(n, columns),
            blas::Form::Vector(len) => fit(len, rows) && columns == 1,
            blas::Form::Number | blas::Form::Real => rows * columns == 1,
        };
        if !fits {
            return Err(format!("the shape of `{name}` does not fit the others"));
        }
    }
    Ok(())
}

fn defined(op: &Blas, inputs: &Inputs<'_>, old: &Grid) -> Result<Grid, String> {
    let alpha = inputs.factor(op.alpha(), "_alpha")?;
    let beta = match op.beta() {
        Factor::Number(0.0) => None,
        beta => Some(inputs.factor(beta, "_beta")?),
    };
    let one = |value: Value| Grid { rows: 1, columns: 1, elements: vec![value] };
    let computed = match op {
        Blas::Gemm { a, b, .. } => {
            let (left, right) = (inputs.grid("_a")?.formed(*a), inputs.grid("_b")?.formed(*b));
            left.and_then(|left| gemm((alpha, &left, &right?), [false; 2], beta, old))
        }
        Blas::Gemv { a, .. } => {
            let x = inputs.grid("_x")?;
            inputs.grid("_A")?.formed(*a).and_then(|a| gemm((alpha, &a, &x), [false; 2], beta, old))
        }
        Blas::Ger { conjugate, .. } => {
            let y = inputs.grid("_y")?.transposed();
            gemm((alpha, &inputs.grid("_x")?, &y), [false, *conjugate], beta, old)
        }
        Blas::Dot { conjugate } => {
            let x = inputs.grid("_x")?.transposed();
            gemm((alpha, &x, &inputs.grid("_y")?), [*conjugate, false], beta, old)
        }
        Blas::Axpy { .. } => {
            let x = inputs.grid("_x")?;
            Grid::build(old.rows, 1, |i, _| finished(alpha, x.at(i, 0), beta, old.at(i, 0)))
        }
        Blas::Scal { .. } => Grid::build(old.rows, 1, |i, _| multiply(alpha, old.at(i, 0))),
        Blas::Nrm2 => norm(&inputs.grid("_x")?, inputs.dtype).map(one),
        Blas::Syrk(update) => {
            let a = inputs.grid("_a")?;
            updated((alpha, &a, &a), update, false, beta, old)
        }
        Blas::Syr2k(update) => {
            let (a, b) = (inputs.grid("_a")?, inputs.grid("_b")?);
            updated((alpha, &a, &b), update, true, beta, old)
        }
        Blas::Symm { side, triangle, hermitian, .. } => {
            let (a, b) = (inputs.grid("_a")?, inputs.grid("_b")?);
            let lower = match triangle {
                Triangle::Lower => Ok(a),
                Triangle::Upper => a.transposed().conjugate_if(*hermitian),
            };
            lower.and_then(|it| it.symmetric(*hermitian)).and_then(|s| match side {
                Side::Left => gemm((alpha, &s, &b), [false; 2], beta, old),
                Side::Right => gemm((alpha, &b, &s), [false; 2], beta, old),
            })
        }
        Blas::Trmm(it) | Blas::Trsm(it) => {
            let a = inputs.grid("_a")?;
            triangular(op, it, alpha, &a, old)
        }
        Blas::CholeskyInPlace => cholesky(old),
        Blas::LuInPlace => lu(old),
    };
    computed.map_err(|error| error.to_string())
}

/// An update of one triangle, from the definition with all of the matrix.
fn updated(
    (alpha, a, b): (Value, &Grid, &Grid),
    update: &RankUpdate,
    twice: bool,
    beta: Option<Value>,
    c: &Grid,
) -> Computed<Grid> {
    let (a, b) = match update.transposed {
        false => (a.clone(), b.clone()),
        // The adjoint of the first factor and not of the second.
        true => {
            (a.transposed().conjugate_if(update.hermitian)?, b.transposed().conjugate_if(update.hermitian)?)
        }
    };
    let conjugate = [false, update.hermitian];
    match update.triangle {
        Triangle::Lower => rank_update((alpha, &a, &b), conjugate, twice, beta, c),
        Triangle::Upper => {
            // The upper triangle of C is the lower one of C.T = conj(a) @ a.T, and so on.
            let conjugate = [update.hermitian, false];
            let first = if twice { (alpha, &b, &a) } else { (alpha, &a, &b) };
            Ok(rank_update(first, conjugate, twice, beta, &c.transposed())?.transposed())
        }
    }
}

fn triangular(op: &Blas, it: &blas::Triangular, alpha: Value, a: &Grid, b: &Grid) -> Computed<Grid> {
    let conjugate = it.a == Trans::Adjoint;
    // On the right, everything is transposed.
    let flipped = (it.a != Trans::No) != (it.side == Side::Right);
    let (a, triangle) = match (flipped, it.triangle) {
        (false, triangle) => (a.clone(), triangle),
        (true, Triangle::Lower) => (a.transposed(), Triangle::Upper),
        (true, Triangle::Upper) => (a.transposed(), Triangle::Lower),
    };
    let t = Part { a: &a, triangle, unit: it.unit };
    let b = if it.side == Side::Right { b.transposed() } else { b.clone() };
    let x = match op {
        Blas::Trmm(_) => trmm(alpha, t, conjugate, &b)?,
        _ => trsm(alpha, t, conjugate, &b)?,
    };
    Ok(if it.side == Side::Right { x.transposed() } else { x })
}
