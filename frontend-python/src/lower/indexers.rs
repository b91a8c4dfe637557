//! `np.mgrid`, `np.ogrid`, `np.r_`, `np.c_` and `np.s_`: what they make of a subscript.
//!
//! ```text
//! np.mgrid[0:n, 0:1:5j]    np.stack(np.meshgrid(np.arange(0, n), np.linspace(0, 1, 5), indexing="ij"))
//! np.ogrid[0:n, 0:m]       np.arange(0, n)[:, None], np.arange(0, m)
//! np.r_[x, 0, 1:4]         np.concatenate((x, [0], np.arange(1, 4)))
//! np.c_[x, y]              np.concatenate((x[:, None], y[:, None]), axis=-1)
//! np.s_[1:, 0]             (slice(1, None), 0)
//! ```

use super::{Dest, GivenArgs, Lowerer, Result};
use crate::codes;
use crate::diagnostic::Diagnostic;
use crate::numpy::call_numpy;
use crate::parse::{Ranged, TextRange, ast};
use crate::promotion::Typed;
use crate::types::{Axis, Indexer, Scalar, Value};
use dacec_ir::{Constant, DType, Expr};

impl Lowerer<'_> {
    /// `indexer[slice]`.
    pub(super) fn indexer_subscript(
        &mut self,
        indexer: Indexer,
        slice: &ast::Expr,
        range: TextRange,
    ) -> Result<Value> {
        let parts: Vec<&ast::Expr> = match slice {
            ast::Expr::Tuple(tuple) => tuple.elts.iter().collect(),
            one => vec![one],
        };
        match indexer {
            Indexer::Itself => self.subscript_itself(slice, &parts),
            Indexer::Grid | Indexer::OpenGrid => self.grid(indexer, slice, &parts, range),
            Indexer::Rows | Indexer::Columns => self.joined_parts(indexer, &parts, range),
        }
    }

    /// The subscript as a value: a slice, an index, or a tuple of them.
    fn subscript_itself(&mut self, slice: &ast::Expr, parts: &[&ast::Expr]) -> Result<Value> {
        let mut values = Vec::new();
        for part in parts {
            values.push(match part {
                ast::Expr::Slice(it) => Value::Slice(self.slice_bounds(it)?),
                other => self.eval(other)?,
            });
        }
        match (slice, values.pop()) {
            (ast::Expr::Tuple(_), last) => {
                values.extend(last);
                Ok(Value::Tuple(values.into()))
            }
            (_, last) => Ok(last.unwrap_or(Value::None)),
        }
    }

    /// The numbers of `start:stop:step`; so many numbers with both ends, if the step is an imaginary number.
    fn numbers_of_slice(&mut self, it: &ast::ExprSlice) -> Result<Value> {
        let mut value = |part: &Option<Box<ast::Expr>>| -> Result<Option<Value>> {
            part.as_deref().map(|part| self.eval(part)).transpose()
        };
        let zero = Value::Scalar(Scalar::int(0));
        let start = value(&it.lower)?.unwrap_or(zero);
        let (stop, step) = (value(&it.upper)?, value(&it.step)?);
        let Some(stop) = stop else {
            let message = "the numbers of this range have no end";
            return Err(Diagnostic::error(codes::INDEX, it.range, message).into());
        };
        let count = match &step {
            Some(Value::Scalar(step)) => match step.as_constant() {
                Some(Constant::Complex(_, count, _)) => Some(count.abs() as i64),
                _ => None,
            },
            _ => None,
        };
        let (name, last) = match count {
            Some(count) => ("linspace", Some(Value::Scalar(Scalar::int(count)))),
            None => ("arange", step),
        };
        let positional = [Some(start), Some(stop), last].into_iter().flatten();
        let positional = positional.map(|value| (value, it.range)).collect();
        call_numpy(self, name, GivenArgs { positional, keywords: Vec::new() }, it.range)
    }

    fn grid(
        &mut self,
        indexer: Indexer,
        slice: &ast::Expr,
        parts: &[&ast::Expr],
        range: TextRange,
    ) -> Result<Value> {
        let mut vectors = Vec::new();
        for part in parts {
            let ast::Expr::Slice(it) = part else {
                let message = "a grid is made of ranges such as `0:n`";
                return Err(Diagnostic::error(codes::INDEX, part.range(), message).into());
            };
            vectors.push(self.numbers_of_slice(it)?);
        }
        let is_float = |value: &Value| matches!(value, Value::Array(view) if view.dtype.is_float());
        if vectors.iter().any(is_float) {
            for vector in &mut vectors {
                *vector = self.as_dtype(vector, DType::Float64, &Dest::Temp, range)?;
            }
        }
        if !slice.is_tuple_expr() {
            return Ok(vectors.pop().unwrap_or(Value::None));
        }
        if indexer == Indexer::OpenGrid {
            let rank = vectors.len();
            let open = |(k, vector): (usize, Value)| match vector {
                Value::Array(mut view) => {
                    let own = std::mem::take(&mut view.axes);
                    let new = |count: usize| std::iter::repeat_n(Axis::New(Expr::one()), count);
                    view.axes = new(k).chain(own).chain(new(rank - 1 - k)).collect();
                    Value::Array(view.alias())
                }
                other => other,
            };
            return Ok(Value::Tuple(vectors.into_iter().enumerate().map(open).collect()));
        }
        let positional = vectors.into_iter().map(|vector| (vector, range)).collect();
        let keywords = vec![("indexing".to_owned(), (Value::Text("ij".to_owned()), range))];
        let grids = call_numpy(self, "meshgrid", GivenArgs { positional, keywords }, range)?;
        let given = GivenArgs { positional: vec![(grids, range)], keywords: Vec::new() };
        call_numpy(self, "stack", given, range)
    }

    fn joined_parts(&mut self, indexer: Indexer, parts: &[&ast::Expr], range: TextRange) -> Result<Value> {
        let mut axis = if indexer == Indexer::Columns { -1 } else { 0 };
        let mut values = Vec::new();
        for part in parts {
            values.push(match part {
                ast::Expr::Slice(it) => self.numbers_of_slice(it)?,
                ast::Expr::StringLiteral(text) => {
                    let Ok(known) = text.value.to_str().parse() else {
                        let message = "only the number of an axis can be given as a text here";
                        return Err(Diagnostic::error(codes::INDEX, text.range, message).into());
                    };
                    axis = known;
                    continue;
                }
                other => self.eval(other)?,
            });
        }
        // Numbers of Python have the type of what stands beside them.
        let ty = values.iter().filter_map(|value| match value {
            Value::Array(view) => Some(Typed::strong(view.dtype)),
            Value::Scalar(scalar) => Some(scalar.ty),
            _ => None,
        });
        let dtype = ty.reduce(Typed::with).map(|ty| ty.dtype);
        let mut arrays = Vec::new();
        for value in values {
            arrays.push(match (value, dtype) {
                (Value::Scalar(scalar), Some(dtype)) => {
                    let one = self.new_array("__one", dtype, &[Expr::one()]);
                    self.write(&one, &Value::Scalar(scalar), range)?;
                    self.flush();
                    Value::Array(one)
                }
                (Value::Array(mut view), _) if indexer == Indexer::Columns && view.rank() == 1 => {
                    view.axes.push(Axis::New(Expr::one()));
                    Value::Array(view.alias())
                }
                (other, _) => other,
            });
        }
        let keywords = vec![("axis".to_owned(), (Value::Scalar(Scalar::int(axis)), range))];
        let given = GivenArgs { positional: vec![(Value::Tuple(arrays.into()), range)], keywords };
        call_numpy(self, "concatenate", given, range)
    }
}
