//! Products with sparse matrices in rows (CSR): `_a_vals` are the elements row after row, `_a_cols` their columns, and
//! `_a_rows` says where each row begins and, last, how many elements there are.

use super::blas::Factor;
use super::defined::Operands;
use super::defined::build::{all, binary, name};
use super::{Cost, LibraryOp, Property, UnknownOp};
use crate::interp::{self, Tensor, Value};
use crate::{BinaryOp, Constant, DType, Expr, Name, ScalarExpr, Sdfg};
use std::any::Any;

/// `_c = alpha * A @ _b + beta * _cin` with a sparse `A`; connectors are those of DaCe's `CSRMM` and `CSRMV`.
///
/// A row or column that `A` does not have is an error of the program.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Csr {
    /// Whether `_b` and `_c` are vectors and not matrices.
    pub vector: bool,
    /// Factor of the product.
    pub alpha: Factor,
    /// Factor of the old value.
    pub beta: Factor,
}

impl Csr {
    /// The names of both forms.
    pub const NAMES: [&'static str; 2] = ["Csrmm", "Csrmv"];

    /// The operation of that name with those properties; `None` if the name is none of these.
    pub(super) fn from_properties(
        name: &str,
        properties: &[(String, Property)],
    ) -> Option<Result<Csr, UnknownOp>> {
        let vector = Csr::NAMES.iter().position(|it| *it == name)? == 1;
        let mut op = Csr { vector, alpha: Factor::ONE, beta: Factor::ZERO };
        for (property, value) in properties {
            let factor = match property.as_str() {
                "alpha" => &mut op.alpha,
                "beta" => &mut op.beta,
                _ => return Some(Err(UnknownOp::Property(name.to_owned(), property.clone()))),
            };
            match Factor::from_property(value) {
                Some(value) => *factor = value,
                None => return Some(Err(UnknownOp::Property(name.to_owned(), property.clone()))),
            }
        }
        Some(Ok(op))
    }
}

impl Csr {
    /// Row after row, the elements of each; what is updated is in the result.
    fn graph(&self, operands: &Operands) -> Result<Sdfg, String> {
        let dtype = operands.common(&["_a_vals", "_b", "_c"])?;
        let own = operands.iter().filter(|(name, _)| **name != "_cin");
        let own: Operands = own.map(|(name, operand)| (name.clone(), operand.clone())).collect();
        let result = own.at("_c").shape.clone();
        Operands::same(&own.at("_a_rows").shape[0], &(&result[0] + 1))?;
        let factor = |factor: Factor, connector: &'static str| match factor {
            Factor::Number(number) if dtype.is_float() => Constant::Float(number, dtype).into(),
            Factor::Number(number) if dtype.is_complex() => Constant::Complex(number, 0.0, dtype).into(),
            Factor::Number(number) => Constant::of_int(number as i64, dtype).into(),
            Factor::Operand => name(connector).cast(own.at(connector).dtype, dtype),
        };
        let given = |factor: Factor, connector: &'static str| {
            (factor == Factor::Operand).then(|| (connector, connector, Vec::new()))
        };
        let mut graph = own.graph("csr");
        let (alpha, beta) = (factor(self.alpha, "_alpha"), factor(self.beta, "_beta"));
        let place = all(result.len());
        if self.beta == Factor::ZERO {
            graph.map("start", &result, &[], Constant::of_int(0, dtype).into(), ("_c", place));
        } else {
            let mut reads = vec![("c", "_c", place.clone())];
            reads.extend(given(self.beta, "_beta"));
            graph.map("start", &result, &reads, binary(BinaryOp::Mul, beta, name("c")), ("_c", place));
        }
        let load = |data: &str, at: Expr| {
            let element = ScalarExpr::Load { name: data.into(), indices: vec![ScalarExpr::Symbolic(at)] };
            element.cast(own.at(data).dtype, DType::Int64)
        };
        let (row, element, column) = (Expr::sym("__row"), Expr::sym("__at"), Expr::sym("__column"));
        let product = binary(BinaryOp::Mul, name("a"), name("b"));
        let added = binary(BinaryOp::Add, name("c"), binary(BinaryOp::Mul, alpha, product));
        let across = &result[1..];
        let of = |first: &Expr| [vec![first.clone()], all(across.len())].concat();
        graph.repeat("__row", (Expr::zero(), result[0].clone()), |graph| {
            graph.assign("__first", load("_a_rows", row.clone()));
            graph.assign("__end", load("_a_rows", &row + 1));
            graph.repeat("__at", (Expr::sym("__first"), Expr::sym("__end")), |graph| {
                graph.assign("__column", load("_a_cols", element.clone()));
                let mut reads = vec![("c", "_c", of(&row)), ("a", "_a_vals", vec![element.clone()])];
                reads.push(("b", "_b", of(&column)));
                reads.extend(given(self.alpha, "_alpha"));
                graph.map("add", across, &reads, added.clone(), ("_c", of(&row)));
            });
        });
        Ok(graph.build())
    }
}

impl LibraryOp for Csr {
    fn name(&self) -> &'static str {
        Csr::NAMES[usize::from(self.vector)]
    }

    fn inputs(&self) -> Vec<Name> {
        let mut names = vec!["_a_rows".into(), "_a_cols".into(), "_a_vals".into(), "_b".into()];
        names.extend((self.beta != Factor::ZERO).then(|| "_cin".into()));
        let factors = [("_alpha", self.alpha), ("_beta", self.beta)];
        names.extend(factors.iter().filter(|it| it.1 == Factor::Operand).map(|it| it.0.into()));
        names
    }

    fn outputs(&self) -> Vec<Name> {
        vec!["_c".into()]
    }

    fn properties(&self) -> Vec<(&'static str, Property)> {
        let alpha = (self.alpha != Factor::ONE).then(|| ("alpha", self.alpha.to_property()));
        let beta = (self.beta != Factor::ZERO).then(|| ("beta", self.beta.to_property()));
        alpha.into_iter().chain(beta).collect()
    }

    fn as_any(&self) -> &dyn Any {
        self
    }

    fn in_place(&self) -> Option<(&'static str, &'static str)> {
        (self.beta != Factor::ZERO).then_some(("_cin", "_c"))
    }

    fn operand_rank(&self, connector: &str) -> Option<usize> {
        Some(match connector {
            "_a_rows" | "_a_cols" | "_a_vals" => 1,
            "_alpha" | "_beta" => 0,
            _ => 2 - usize::from(self.vector),
        })
    }

    fn definition(&self, operands: &Operands) -> Option<Result<Sdfg, String>> {
        Some(self.graph(operands))
    }

    fn cost(&self, operands: &Operands) -> Option<Cost> {
        let columns = match operands.get("_b").map_or(&[][..], |it| &it.shape) {
            [_, columns] => columns.clone(),
            _ => Expr::one(),
        };
        Some(Cost::new(operands, operands.elements("_a_vals") * columns * 2))
    }

    fn interpret(&self, inputs: &[Tensor], outputs: &mut [Tensor]) -> Result<(), String> {
        let ([rows, columns, values, b, others @ ..], [c]) = (inputs, outputs) else {
            return Err("takes a sparse matrix and another, and gives one result".to_owned());
        };
        let dtype = values.dtype();
        if b.dtype() != dtype || c.dtype() != dtype {
            return Err(format!("operands of {dtype} and {} with a result of {}", b.dtype(), c.dtype()));
        }
        let width = b.shape().get(1).copied().unwrap_or(1);
        if rows.len() != c.shape()[0] + 1 || columns.len() != values.len() || c.len() != c.shape()[0] * width
        {
            return Err("the shapes do not fit".to_owned());
        }
        let (old, factors) = match self.beta {
            Factor::ZERO => (None, others),
            _ => (others.first(), others.get(1..).unwrap_or_default()),
        };
        let mut factors = factors.iter();
        let mut factor = |factor: Factor| match factor {
            Factor::Number(number) => Value::float(number, DType::Float64).cast(dtype),
            Factor::Operand => factors.next().map_or(Value::zero(dtype), |it| it.get(0).cast(dtype)),
        };
        let (alpha, beta) = (factor(self.alpha), factor(self.beta));
        let sparse = Sparse { rows, columns, values };
        for at in 0..c.len() {
            let (row, column) = (at / width, at % width);
            let sum = sparse.product(row, |k| (k < b.shape()[0]).then(|| b.get(k * width + column)))?;
            let combined = multiply(alpha, sum).and_then(|value| match old {
                Some(old) => interp::binary(BinaryOp::Add, value, multiply(beta, old.get(at))?),
                None => Ok(value),
            });
            c.set(at, combined.map_err(|error| error.to_string())?);
        }
        Ok(())
    }
}

fn multiply(a: Value, b: Value) -> Result<Value, crate::code::TypeError> {
    interp::binary(BinaryOp::Mul, a, b)
}

/// A matrix by its three arrays.
struct Sparse<'t> {
    rows: &'t Tensor,
    columns: &'t Tensor,
    values: &'t Tensor,
}

impl Sparse<'_> {
    /// The product of a row with a vector.
    fn product(&self, row: usize, element: impl Fn(usize) -> Option<Value>) -> Result<Value, String> {
        let mut sum = Value::zero(self.values.dtype());
        for at in self.rows.get(row).to_i64()..self.rows.get(row + 1).to_i64() {
            let at = usize::try_from(at).ok().filter(|at| *at < self.values.len());
            let at = at.ok_or_else(|| format!("row {row} has elements that are not there"))?;
            let column = usize::try_from(self.columns.get(at).to_i64()).ok().and_then(&element);
            let other = column.ok_or_else(|| format!("there is no column {}", self.columns.get(at)))?;
            let term = multiply(self.values.get(at), other);
            let next = term.and_then(|term| interp::binary(BinaryOp::Add, sum, term));
            sum = next.map_err(|error| error.to_string())?;
        }
        Ok(sum)
    }
}
