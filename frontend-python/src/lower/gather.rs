//! Arrays as indices: `x[indices]` and `x[mask]`.
//!
//! ```text
//! y = x[k]          y[i] = x[k[i]]                         a map that loads
//! x[k] = y          for i: x[k[i]] = y[i]                  a loop: the last write to an element stays
//! x[m] = y          x[i] = y if m[i] else x[i]             a map that selects; y is a number
//! x[m] op= y        x[i] = x[i] op y if m[i] else x[i]
//! ```
//!
//! The number of elements that a mask selects is known only at run time, so `x[mask]` cannot be read.

use super::index::computed;
use super::operate::Dest;
use super::{Lowerer, Result, Stop};
use crate::codes;
use crate::diagnostic::Diagnostic;
use crate::parse::{Ranged, TextRange, ast};
use crate::scalar::{self, cast};
use crate::types::{Axis, Scalar, Value, View};
use dacec_ir::control_flow::Loop;
use dacec_ir::{Block, DType, Expr, ScalarExpr};

/// Elements of an array that another array chooses.
pub(super) struct Places {
    base: View,
    chosen_by: View,
}

impl Lowerer<'_> {
    /// The elements that `base[slice]` means, if the only index is an array.
    pub(super) fn places(&mut self, base: &Value, slice: &ast::Expr) -> Result<Option<Places>> {
        let Value::Array(base) = base else { return Ok(None) };
        if !self.may_be_array(slice) {
            return Ok(None);
        }
        let Value::Array(chosen_by) = self.eval(slice)? else { return Ok(None) };
        if chosen_by.dtype == DType::Bool {
            self.broadcast_shapes(&base.shape(), &chosen_by.shape(), slice.range())?;
            if chosen_by.rank() != base.rank() {
                let message = "a mask must have as many dimensions as the array";
                return Err(Diagnostic::error(codes::INDEX, slice.range(), message).into());
            }
        } else if !chosen_by.dtype.is_integer() || base.rank() != 1 {
            let message = "an array of indices must hold integers, and choose from a vector";
            return Err(Diagnostic::error(codes::INDEX, slice.range(), message)
                .help("write a loop over the indices")
                .into());
        }
        Ok(Some(Places { base: base.clone(), chosen_by }))
    }

    /// Whether the expression can give an array; if not, it is evaluated as an index, and only once.
    fn may_be_array(&self, expr: &ast::Expr) -> bool {
        match expr {
            ast::Expr::Name(name) => matches!(self.env.get(name.id.as_str()), Some(Value::Array(_))),
            // An element of an array is no array.
            ast::Expr::Subscript(it) => {
                let sliced =
                    ast::helpers::any_over_expr(&it.slice, |part| matches!(part, ast::Expr::Slice(_)));
                self.may_be_array(&it.value) && sliced
            }
            ast::Expr::BinOp(it) => self.may_be_array(&it.left) || self.may_be_array(&it.right),
            ast::Expr::UnaryOp(it) => self.may_be_array(&it.operand),
            ast::Expr::Compare(it) => {
                self.may_be_array(&it.left) || it.comparators.iter().any(|it| self.may_be_array(it))
            }
            ast::Expr::Call(it) => it.arguments.args.iter().any(|it| self.may_be_array(it)),
            _ => false,
        }
    }

    /// `x[indices]`.
    pub(super) fn read_places(&mut self, places: Places, range: TextRange) -> Result<Value> {
        let Places { base, chosen_by } = places;
        if chosen_by.dtype == DType::Bool {
            let message = "the number of elements that a mask selects is not known at compile time";
            return Err(Diagnostic::error(codes::INDEX, range, message)
                .help("use `np.where(mask, x, 0)`, or a loop with an `if`")
                .into());
        }
        self.elementwise("gather", &[Value::Array(chosen_by)], &Dest::Temp, range, &|of| {
            Ok(element(&base, &of[0]))
        })
    }

    /// `x[places] = value`.
    pub(super) fn write_places(&mut self, places: Places, value: &Value, range: TextRange) -> Result<()> {
        let Places { base, chosen_by } = places;
        if chosen_by.dtype != DType::Bool {
            return self.scatter(&base, &chosen_by, value, range);
        }
        let Value::Scalar(_) = value else { return Err(self.only_numbers(value, range)) };
        self.select_into(&base, chosen_by, value.clone(), range)
    }

    /// `x[places] op= value`.
    pub(super) fn aug_places(&mut self, places: Places, it: &ast::StmtAugAssign) -> Result<()> {
        let value = self.eval(&it.value)?;
        let Places { base, chosen_by } = places;
        if chosen_by.dtype != DType::Bool {
            // As in NumPy, an element that is chosen twice changes once.
            let places = Places { base: base.clone(), chosen_by: chosen_by.clone() };
            let old = self.read_places(places, it.range)?;
            let new = self.operation(it.op, old, value, &Dest::Temp, it.range)?;
            return self.scatter(&base, &chosen_by, &new, it.range);
        }
        let Value::Scalar(_) = value else { return Err(self.only_numbers(&value, it.range)) };
        let new = self.operation(it.op, Value::Array(base.clone()), value, &Dest::Temp, it.range)?;
        self.select_into(&base, chosen_by, new, it.range)
    }

    /// Gives the elements under the mask the value.
    fn select_into(&mut self, base: &View, mask: View, value: Value, range: TextRange) -> Result<()> {
        let operands = [Value::Array(mask), value, Value::Array(base.clone())];
        let (dtype, dest) = (base.dtype, Dest::Into(base.clone()));
        let result = self.elementwise("select", &operands, &dest, range, &|of| {
            Ok(scalar::select(&of[0], &Scalar::strong(cast(&of[1], dtype), dtype), &of[2]))
        })?;
        self.write(base, &result, range)
    }

    fn only_numbers(&self, value: &Value, range: TextRange) -> Stop {
        if !matches!(value, Value::Array(_)) {
            return self.not_a_number(value, range);
        }
        Diagnostic::error(
            codes::INDEX,
            range,
            "only a number can be assigned to the elements that a mask selects",
        )
        .help("use `np.where(mask, value, x)`")
        .into()
    }

    /// Elements are written in order, so that of several writes to one element the last one stays.
    fn scatter(&mut self, base: &View, indices: &View, value: &Value, range: TextRange) -> Result<()> {
        if indices.rank() != 1 || !self.params.is_empty() {
            let message = "elements can be assigned by a vector of indices only, and not in a parallel loop";
            return Err(Diagnostic::error(codes::INDEX, range, message).into());
        }
        let value = match value {
            Value::Array(view) if view.container == base.container => {
                Value::Array(self.copied(view, "__tmp"))
            }
            Value::Scalar(scalar) => Value::Scalar(self.hoist(scalar)),
            other => other.clone(),
        };
        if let Value::Array(view) = &value {
            self.broadcast_shapes(&indices.shape(), &view.shape(), range)?;
        }
        let indices =
            if indices.container == base.container { self.copied(indices, "__tmp") } else { indices.clone() };
        let count = indices.shape().remove(0);
        let symbol = self.fresh("__place");
        let position = [Expr::sym(&symbol)];
        let body = self.nested(|lowerer| {
            let at = indices.element(&position);
            let at = lowerer.integer(&Value::Scalar(at), range)?;
            let at = lowerer.resolve(&at, &base.shape()[0], range)?;
            let mut target = base.clone();
            if let Axis::Dim(dim) = target.axes.remove(0) {
                target.subset.dims[dim] = dacec_ir::Range::index(base.subset.dims[dim].at(&at));
            }
            let value = match &value {
                Value::Array(view) if view.rank() == 1 && !view.shape()[0].is_one() => {
                    Value::Scalar(view.element(&position))
                }
                Value::Array(view) => Value::Scalar(view.element(&vec![Expr::zero(); view.rank()])),
                other => other.clone(),
            };
            lowerer.write(&target, &value, range)
        })?;
        let mut counted = Loop::counted("scatter", symbol, (Expr::zero(), count, Expr::one()), body);
        counted.span = self.span(range);
        self.push(Block::Loop(Box::new(counted)));
        Ok(())
    }
}

/// The element of a vector at a computed position.
fn element(base: &View, at: &Scalar) -> Scalar {
    let mut indices: Vec<ScalarExpr> = base.subset.start().into_iter().map(ScalarExpr::Symbolic).collect();
    if let Some(Axis::Dim(dim)) = base.axes.first() {
        indices[*dim] = computed(&base.subset.dims[*dim], at);
    }
    Scalar::strong(ScalarExpr::Load { name: base.container.clone(), indices }, base.dtype)
}
