//! Values of scalar expressions, in tasklets and on control flow.

use super::error::{Fault, InterpretError};
use super::memory::Content;
use super::value::Value;
use super::{arithmetic, math};
use crate::code::TypeError;
use crate::{Constant, CustomWcr, DType, Expr, Name, ScalarExpr};

/// What the names in an expression stand for.
pub(super) trait Names {
    /// The value of a connector, variable or scalar container.
    fn get(&mut self, name: &Name) -> Result<Content, InterpretError>;

    /// An element of a connector or container.
    fn load(&mut self, name: &Name, indices: &[i64]) -> Result<Content, InterpretError>;

    /// The value of an expression over symbols.
    fn symbolic(&mut self, expr: &Expr) -> Result<i64, InterpretError>;

    /// Whether the caller left an argument out, which only control flow can ask.
    fn is_none(&self, name: &Name) -> Result<bool, InterpretError> {
        Err(TypeError::Undefined(name.clone()).into())
    }
}

/// What an expression gives when it is stored: a name or an element alone is a copy, and may be unwritten.
pub(super) fn content(expr: &ScalarExpr, names: &mut dyn Names) -> Result<Content, InterpretError> {
    match expr {
        ScalarExpr::Name(name) => names.get(name),
        ScalarExpr::Load { name, indices } => {
            let indices = self::indices(name, indices, names)?;
            names.load(name, &indices)
        }
        _ => evaluate(expr, names).map(Content::Value),
    }
}

/// The value of an expression.
pub(super) fn evaluate(expr: &ScalarExpr, names: &mut dyn Names) -> Result<Value, InterpretError> {
    match expr {
        ScalarExpr::Constant(constant) => Ok((*constant).into()),
        ScalarExpr::Symbolic(expr) => Ok(Value::int(names.symbolic(expr)?, DType::Int64)),
        ScalarExpr::Name(_) | ScalarExpr::Load { .. } => content(expr, names)?.value(),
        ScalarExpr::Unary(op, operand) => Ok(arithmetic::unary(*op, evaluate(operand, names)?)?),
        ScalarExpr::Binary(op, lhs, rhs) => {
            let lhs = evaluate(lhs, names)?;
            Ok(arithmetic::binary(*op, lhs, evaluate(rhs, names)?)?)
        }
        ScalarExpr::Call(function, args) => {
            let args = args.iter().map(|arg| evaluate(arg, names)).collect::<Result<Vec<_>, _>>()?;
            Ok(math::call(*function, &args)?)
        }
        ScalarExpr::Select { condition, then, otherwise } => {
            let chosen = if truth(condition, names)? { then } else { otherwise };
            evaluate(chosen, names)
        }
        ScalarExpr::Cast(dtype, operand) => Ok(evaluate(operand, names)?.cast(*dtype)),
        ScalarExpr::IsNone(name) => Ok(Constant::Bool(names.is_none(name)?).into()),
    }
}

/// The value of a condition. A symbolic one is true where it is not zero.
pub(super) fn truth(condition: &ScalarExpr, names: &mut dyn Names) -> Result<bool, InterpretError> {
    let value = evaluate(condition, names)?;
    match (condition, value.dtype()) {
        (ScalarExpr::Symbolic(_), _) | (_, DType::Bool) => Ok(value.is_true()),
        (_, given) => Err(TypeError::Condition { given }.into()),
    }
}

/// The value of a conflict resolution that the program defines.
pub(super) fn resolve(value: &ScalarExpr, old: Value, new: Value) -> Result<Value, TypeError> {
    evaluate(value, &mut Operands { old, new }).map_err(|error| match *error.fault {
        Fault::Type(error) => error,
        _ => TypeError::Undefined("a symbol".into()),
    })
}

/// The names in a conflict resolution.
struct Operands {
    old: Value,
    new: Value,
}

impl Names for Operands {
    fn get(&mut self, name: &Name) -> Result<Content, InterpretError> {
        match name.as_str() {
            CustomWcr::OLD => Ok(Content::Value(self.old)),
            CustomWcr::NEW => Ok(Content::Value(self.new)),
            _ => Err(TypeError::Undefined(name.clone()).into()),
        }
    }

    fn load(&mut self, name: &Name, _: &[i64]) -> Result<Content, InterpretError> {
        Err(TypeError::Undefined(name.clone()).into())
    }

    fn symbolic(&mut self, expr: &Expr) -> Result<i64, InterpretError> {
        expr.as_int().ok_or_else(|| TypeError::Undefined(expr.to_string().into()).into())
    }
}

/// The values of indices.
pub(super) fn indices(
    name: &Name,
    indices: &[ScalarExpr],
    names: &mut dyn Names,
) -> Result<Vec<i64>, InterpretError> {
    let index = |expr| {
        let value = evaluate(expr, names)?;
        match value.dtype() {
            DType::Int64 => Ok(value.to_i64()),
            given => Err(TypeError::Index { name: name.clone(), given }.into()),
        }
    };
    indices.iter().map(index).collect()
}
