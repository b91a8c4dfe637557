//! Routines of [BLAS](crate::library::blas::routine) over elements in memory.

use super::arithmetic::binary;
use super::blas::{self, Grid, Part};
use super::error::InterpretError;
use super::external::{Arguments, Strided};
use super::memory::Content;
use super::tasklet::Running;
use super::value::Value;
use crate::library::blas::{Parameter, Routine, Triangle};
use crate::node::{CallArgument, ExternalCall};
use crate::{BinaryOp, DType, IndexMap};

/// What a call was given, by the names of its parameters.
struct Given {
    ints: IndexMap<&'static str, i64>,
    /// `None` for a constant 0, which says that there is none.
    numbers: IndexMap<&'static str, Option<Value>>,
    data: IndexMap<&'static str, Strided>,
}

impl Given {
    fn int(&self, name: &str) -> i64 {
        self.ints[name]
    }

    fn flag(&self, name: &str) -> bool {
        self.ints[name] != 0
    }

    fn size(&self, name: &str) -> usize {
        usize::try_from(self.ints[name]).unwrap_or_default()
    }

    fn number(&self, name: &str, dtype: DType) -> Value {
        self.numbers[name].unwrap_or(Value::zero(dtype))
    }
}

impl Running<'_, '_, '_> {
    /// Runs a routine on elements of a type.
    pub(super) fn blas(
        &mut self,
        call: &ExternalCall,
        routine: &Routine,
        dtype: DType,
    ) -> Result<(), InterpretError> {
        let given = self.given(call, routine, dtype)?;
        let (connector, result) = self.computed(routine, &given, dtype)?;
        let (place, columns) = (&given.data[connector], result.1);
        for (at, value) in result.0.iter().enumerate() {
            self.machine.step()?;
            let position = self.position(place, (at / columns) as i64, (at % columns) as i64)?;
            self.machine.memory.write(&place.view, position, Content::Value(*value))?;
        }
        Ok(())
    }

    fn given(
        &mut self,
        call: &ExternalCall,
        routine: &Routine,
        dtype: DType,
    ) -> Result<Given, InterpretError> {
        let mut arguments = Arguments::of(call);
        let mut given =
            Given { ints: IndexMap::default(), numbers: IndexMap::default(), data: IndexMap::default() };
        for parameter in routine.parameters {
            match *parameter {
                Parameter::Int(name) => {
                    given.ints.insert(name, arguments.int(self)?);
                }
                Parameter::Number(name) => {
                    let none = arguments.next().is_some_and(CallArgument::is_constant_zero);
                    let value = arguments.value(self, dtype)?;
                    given.numbers.insert(name, (!none).then_some(value));
                }
                Parameter::Data(name, rank) | Parameter::Result(name, rank) => {
                    given.data.insert(name, arguments.strided(self, rank)?);
                }
                Parameter::Indices(name) | Parameter::Positions(name) => {
                    given.data.insert(name, arguments.strided(self, 1)?);
                }
                Parameter::Real(name) => {
                    given.data.insert(name, arguments.strided(self, 0)?);
                }
            }
        }
        arguments.end()?;
        Ok(given)
    }

    /// Elements of an operand.
    fn grid(&mut self, place: &Strided, rows: usize, columns: usize) -> Result<Grid, InterpretError> {
        let mut elements = Vec::with_capacity(rows * columns);
        for (i, j) in (0..rows as i64).flat_map(|i| (0..columns as i64).map(move |j| (i, j))) {
            elements.push(self.element(place, i, j)?);
        }
        Ok(Grid::new(rows, columns, elements))
    }

    /// The elements of a triangle; the others are zeros, which nobody looks at.
    fn triangle(
        &mut self,
        place: &Strided,
        size: usize,
        (upper, unit): (bool, bool),
        dtype: DType,
    ) -> Result<Grid, InterpretError> {
        let mut elements = Vec::with_capacity(size * size);
        for (i, j) in (0..size).flat_map(|i| (0..size).map(move |j| (i, j))) {
            let read = if upper { i < j } else { i > j } || (i == j && !unit);
            elements.push(match read {
                true => self.element(place, i as i64, j as i64)?,
                false => Value::zero(dtype),
            });
        }
        Ok(Grid::new(size, size, elements))
    }

    /// What the result held, or zeros where that does not matter.
    fn old(
        &mut self,
        place: &Strided,
        (rows, columns): (usize, usize),
        read: bool,
        dtype: DType,
    ) -> Result<Grid, InterpretError> {
        match read {
            true => self.grid(place, rows, columns),
            false => Ok(Grid::new(rows, columns, vec![Value::zero(dtype); rows * columns])),
        }
    }

    /// The connector of the result, its elements, and how many columns it has.
    fn computed(
        &mut self,
        routine: &Routine,
        given: &Given,
        dtype: DType,
    ) -> Result<(&'static str, (Vec<Value>, usize)), InterpretError> {
        let all = |grid: Grid, columns: usize| (grid.elements().to_vec(), columns.max(1));
        let beta = given.numbers.get("beta").copied().flatten();
        let conjugates =
            given.ints.get("conj").map(|conj| [conj & 1 != 0, conj & 2 != 0]).unwrap_or_default();
        Ok(match routine.name {
            "gemmc" => {
                let (m, n, k) = (given.size("m"), given.size("n"), given.size("k"));
                let (a, b) = (self.grid(&given.data["_a"], m, k)?, self.grid(&given.data["_b"], k, n)?);
                let c = self.old(&given.data["_c"], (m, n), beta.is_some(), dtype)?;
                let conjugate = [given.flag("conj_a"), given.flag("conj_b")];
                ("_c", all(blas::gemm((given.number("alpha", dtype), &a, &b), conjugate, beta, &c)?, n))
            }
            "gemv" => {
                let (m, n) = (given.size("m"), given.size("n"));
                let (a, x) = (self.grid(&given.data["_A"], m, n)?, self.grid(&given.data["_x"], n, 1)?);
                let y = self.old(&given.data["_y"], (m, 1), beta.is_some(), dtype)?;
                let conjugate = [given.flag("conj"), false];
                ("_y", all(blas::gemm((given.number("alpha", dtype), &a, &x), conjugate, beta, &y)?, 1))
            }
            "ger" => {
                let (m, n) = (given.size("m"), given.size("n"));
                let x = self.grid(&given.data["_x"], m, 1)?;
                let y = self.grid(&given.data["_y"], n, 1)?;
                let row = Grid::new(1, n, y.elements().to_vec());
                let old = self.grid(&given.data["_res"], m, n)?;
                let conjugate = [false, given.flag("conj")];
                let one = Some(Value::int(1, dtype));
                let product = (given.number("alpha", dtype), &x, &row);
                ("_res", all(blas::gemm(product, conjugate, one, &old)?, n))
            }
            "dot" => {
                let n = given.size("n");
                let x = self.grid(&given.data["_x"], n, 1)?;
                let row = Grid::new(1, n, x.elements().to_vec());
                let y = self.grid(&given.data["_y"], n, 1)?;
                let none = Grid::new(1, 1, vec![Value::zero(dtype)]);
                let conjugate = [given.flag("conj"), false];
                ("_result", all(blas::gemm((Value::int(1, dtype), &row, &y), conjugate, None, &none)?, 1))
            }
            "axpy" | "scal" => {
                let n = given.size("n");
                let old = self.grid(&given.data["_res"], n, 1)?;
                let scaled = routine.name == "scal";
                let x = if scaled { old.clone() } else { self.grid(&given.data["_x"], n, 1)? };
                let beta = (!scaled).then(|| Value::int(1, dtype));
                let one = Grid::new(1, 1, vec![Value::int(1, dtype)]);
                (
                    "_res",
                    all(blas::gemm((given.number("alpha", dtype), &x, &one), [false; 2], beta, &old)?, 1),
                )
            }
            "nrm2" => {
                let x = self.grid(&given.data["_x"], given.size("n"), 1)?;
                ("_result", (vec![blas::norm(&x, dtype)?], 1))
            }
            "syrk" | "syr2k" => {
                let (n, k) = (given.size("n"), given.size("k"));
                let twice = routine.name == "syr2k";
                let a = self.grid(&given.data["_a"], n, k)?;
                let b = if twice { self.grid(&given.data["_b"], n, k)? } else { a.clone() };
                let c = self.lower(&given.data["_c"], n, beta.is_some(), dtype)?;
                let product = (given.number("alpha", dtype), &a, &b);
                let result = blas::rank_update(product, conjugates, twice, beta, &c)?;
                return self.write_lower(&given.data["_c"], n, &result).map(|()| ("_c", (Vec::new(), 1)));
            }
            "sort" | "argsort" | "searchsorted" | "histogram" => ("_out", (self.order(routine, given)?, 1)),
            "cholesky_in_place" => {
                let n = given.size("n");
                let a = self.triangle(&given.data["_c"], n, (false, false), dtype)?;
                let result = blas::cholesky(&a)?;
                return self.write_lower(&given.data["_c"], n, &result).map(|()| ("_c", (Vec::new(), 1)));
            }
            "lu_in_place" => {
                let n = given.size("n");
                ("_c", all(blas::lu(&self.grid(&given.data["_c"], n, n)?)?, n))
            }
            "csrmm" => ("_c", (self.sparse_product(given, dtype)?, given.size("n").max(1))),
            "symm" => {
                let (m, n) = (given.size("m"), given.size("n"));
                let a = self.triangle(&given.data["_a"], m, (false, false), dtype)?;
                let b = self.grid(&given.data["_b"], m, n)?;
                let c = self.old(&given.data["_c"], (m, n), beta.is_some(), dtype)?;
                let product = (given.number("alpha", dtype), &a, &b);
                let (hermitian, conjugate) = (given.flag("hermitian"), given.flag("conj"));
                ("_c", all(blas::symm(product, hermitian, conjugate, beta, &c)?, n))
            }
            _ => {
                let (m, n) = (given.size("m"), given.size("n"));
                let (upper, unit) = (given.flag("upper"), given.flag("unit"));
                let a = self.triangle(&given.data["_a"], m, (upper, unit), dtype)?;
                let b = self.grid(&given.data["_c"], m, n)?;
                let triangle = if upper { Triangle::Upper } else { Triangle::Lower };
                let (alpha, part) = (given.number("alpha", dtype), Part { a: &a, triangle, unit });
                let conjugate = given.int("conj") != 0;
                let result = match routine.name {
                    "trmm" => blas::trmm(alpha, part, conjugate, &b)?,
                    _ => blas::trsm(alpha, part, conjugate, &b)?,
                };
                ("_c", all(result, n))
            }
        })
    }

    /// Sorted elements, and positions; see [the operations](crate::library::defined).
    fn order(&mut self, routine: &Routine, given: &Given) -> Result<Vec<Value>, InterpretError> {
        let mut vector = |name: &str, len: usize| self.grid(&given.data[name], len, 1);
        let n = given.size("n");
        let int = |at: usize| Value::int(at as i64, DType::Int64);
        Ok(match routine.name {
            "sort" | "argsort" => {
                let elements = vector("_in", n)?.elements().to_vec();
                let mut order: Vec<usize> = (0..n).collect();
                order.sort_by(|&i, &j| compare(elements[i], elements[j]));
                let value = |at: usize| if routine.name == "sort" { elements[at] } else { int(at) };
                order.into_iter().map(value).collect()
            }
            "searchsorted" => {
                let (a, v) = (vector("_a", n)?, vector("_v", given.size("count"))?);
                let place = |value: &Value| {
                    let in_front = |other: &&Value| match given.flag("right") {
                        false => compare(**other, *value).is_lt(),
                        true => compare(**other, *value).is_le(),
                    };
                    int(a.elements().iter().filter(in_front).count())
                };
                v.elements().iter().map(place).collect()
            }
            _ => {
                let bins = given.size("bins");
                let (x, edges) = (vector("_in", n)?, vector("_edges", bins + 1)?);
                let (x, edges) = (x.elements(), edges.elements());
                let inside = |at: usize, it: &Value| {
                    let end =
                        if at + 1 == bins { !less(edges[at + 1], *it) } else { less(*it, edges[at + 1]) };
                    !it.to_f64().is_nan() && !less(*it, edges[at]) && end
                };
                (0..bins).map(|at| int(x.iter().filter(|it| inside(at, it)).count())).collect()
            }
        })
    }

    /// The elements of a product with a sparse matrix, each place of which is checked as it is read.
    fn sparse_product(&mut self, given: &Given, dtype: DType) -> Result<Vec<Value>, InterpretError> {
        let beta = given.numbers["beta"];
        let alpha = given.number("alpha", dtype);
        let mut elements = Vec::new();
        for (i, j) in (0..given.int("m").max(0)).flat_map(|i| (0..given.int("n").max(0)).map(move |j| (i, j)))
        {
            let first = self.element(&given.data["_a_rows"], i, 0)?.to_i64();
            let end = self.element(&given.data["_a_rows"], i + 1, 0)?.to_i64();
            let mut sum = Value::zero(dtype);
            for at in first..end {
                let column = self.element(&given.data["_a_cols"], at, 0)?.to_i64();
                let value = self.element(&given.data["_a_vals"], at, 0)?;
                let other = self.element(&given.data["_b"], column, j)?;
                sum = binary(BinaryOp::Add, sum, binary(BinaryOp::Mul, value, other)?)?;
            }
            let mut value = binary(BinaryOp::Mul, alpha, sum)?;
            if let Some(beta) = beta {
                let old = self.element(&given.data["_c"], i, j)?;
                value = binary(BinaryOp::Add, value, binary(BinaryOp::Mul, beta, old)?)?;
            }
            elements.push(value);
        }
        Ok(elements)
    }

    /// The lower triangle of what is updated; the rest is not looked at.
    fn lower(&mut self, place: &Strided, n: usize, read: bool, dtype: DType) -> Result<Grid, InterpretError> {
        match read {
            true => self.triangle(place, n, (false, false), dtype),
            false => Ok(Grid::new(n, n, vec![Value::zero(dtype); n * n])),
        }
    }

    fn write_lower(&mut self, place: &Strided, n: usize, result: &Grid) -> Result<(), InterpretError> {
        for (i, j) in (0..n).flat_map(|i| (0..=i).map(move |j| (i, j))) {
            self.machine.step()?;
            let position = self.position(place, i as i64, j as i64)?;
            let value = result.elements()[i * n + j];
            self.machine.memory.write(&place.view, position, Content::Value(value))?;
        }
        Ok(())
    }
}

/// Whether a number is smaller than another.
fn less(a: Value, b: Value) -> bool {
    binary(BinaryOp::Lt, a, b).is_ok_and(Value::is_true)
}

/// The order of a sort, in which NaN comes last.
fn compare(a: Value, b: Value) -> std::cmp::Ordering {
    let none = |value: Value| value.to_f64().is_nan();
    match (less(a, b), less(b, a)) {
        (true, _) => std::cmp::Ordering::Less,
        (_, true) => std::cmp::Ordering::Greater,
        _ => none(a).cmp(&none(b)),
    }
}
