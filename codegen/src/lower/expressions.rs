//! Scalar and symbolic expressions with names resolved.

use super::places::{Storage, integer};
use super::{Function, Result, check_number};
use crate::CodegenError;
use crate::tree::Value;
use dacec_ir::symbolic::{Atom, CmpOp, Function as IntegerFunction};
use dacec_ir::{BinaryOp, DType, Expr, Name, ScalarExpr, code};

/// What names mean in an expression.
pub(super) trait Resolve {
    /// The value of a name.
    fn name(&self, name: &Name) -> Result<Value>;
    /// An element.
    fn load(&self, name: &Name, indices: Vec<Value>) -> Result<Value>;
    /// Whether an argument was left out, which only control flow asks.
    fn is_none(&self, name: &Name) -> Result<Value> {
        Err(CodegenError::Invalid(format!("dataflow asks whether `{name}` is None")))
    }
}

impl Function<'_, '_> {
    /// A symbolic expression over variables of the emitted code. It reads no container.
    pub(super) fn expr(&self, expr: &Expr) -> Result<Expr> {
        if let Some(unknown) = expr.symbols().iter().find(|name| self.symbols.get(name).is_none()) {
            return Err(CodegenError::Invalid(format!(
                "the symbol `{unknown}` is not visible where it is used"
            )));
        }
        if let Some((container, _)) = expr.loads().first() {
            let place = format!("`{expr}`");
            return Err(CodegenError::unsupported(
                place,
                format!("reads the container `{container}` in dataflow"),
            ));
        }
        Ok(expr.subs(&self.symbols))
    }

    /// A symbolic expression as a value; it may read containers.
    pub(super) fn symbolic(&self, expr: &Expr) -> Result<Value> {
        let reads = !expr.loads().is_empty()
            || expr
                .symbols()
                .iter()
                .any(|name| self.symbols.get(name).is_none() && self.slots.contains_key(name));
        if reads { self.integer_sum(expr) } else { Ok(Value::Index(self.expr(expr)?)) }
    }

    /// A scalar expression on control flow.
    pub(super) fn scalar(&self, expr: &ScalarExpr) -> Result<Value> {
        self.value(expr, &Containers(self))
    }

    /// A scalar expression with names resolved.
    pub(super) fn value(&self, expr: &ScalarExpr, names: &dyn Resolve) -> Result<Value> {
        Ok(match expr {
            ScalarExpr::Constant(constant) => {
                check_number(expr, constant.dtype())?;
                Value::Constant(*constant)
            }
            ScalarExpr::Name(name) => names.name(name)?,
            ScalarExpr::Symbolic(expr) => self.symbolic(expr)?,
            ScalarExpr::Load { name, indices } => {
                let indices = indices.iter().map(|index| self.value(index, names)).collect::<Result<_>>()?;
                names.load(name, indices)?
            }
            ScalarExpr::Unary(op, operand) => {
                let operand = self.value(operand, names)?;
                Value::Unary(*op, operand.dtype(), Box::new(operand))
            }
            ScalarExpr::Binary(op, lhs, rhs) => {
                let (lhs, rhs) = (self.value(lhs, names)?, self.value(rhs, names)?);
                let dtype = common_type(op.symbol(), lhs.dtype(), rhs.dtype())?;
                Value::Binary(*op, dtype, Box::new(lhs), Box::new(rhs))
            }
            ScalarExpr::Call(function, operands) => {
                let values =
                    operands.iter().map(|operand| self.value(operand, names)).collect::<Result<Vec<_>>>()?;
                call(*function, values)?
            }
            ScalarExpr::Select { condition, then, otherwise } => {
                let parts = [condition, then, otherwise].map(|part| self.value(part, names));
                let [condition, then, otherwise] = parts;
                Value::Select(Box::new(truth(condition?)), Box::new(then?), Box::new(otherwise?))
            }
            ScalarExpr::Cast(dtype, operand) => {
                check_number(expr, *dtype)?;
                cast(self.value(operand, names)?, *dtype)
            }
            ScalarExpr::IsNone(name) => names.is_none(name)?,
        })
    }

    /// A symbolic expression that reads containers, operation by operation.
    fn integer_sum(&self, expr: &Expr) -> Result<Value> {
        let mut sum: Option<Value> = None;
        for (coefficient, factors) in expr.terms() {
            let mut product = (coefficient != 1 || factors.is_empty()).then(|| Value::int(coefficient));
            for (atom, exponent) in factors {
                let value = self.integer_atom(atom)?;
                for _ in 0..*exponent {
                    product = Some(join(BinaryOp::Mul, product, value.clone()));
                }
            }
            let term = product.unwrap_or_else(|| Value::int(coefficient));
            sum = Some(join(BinaryOp::Add, sum, term));
        }
        Ok(sum.unwrap_or_else(|| Value::int(0)))
    }

    fn integer_atom(&self, atom: &Atom) -> Result<Value> {
        let operands = || atom.operands().into_iter().map(|operand| self.symbolic(operand));
        let fold = |op: BinaryOp| -> Result<Value> {
            let values = operands().collect::<Result<Vec<_>>>()?;
            let folded = values.into_iter().reduce(|lhs, rhs| integer(op, lhs, rhs));
            folded.ok_or_else(|| CodegenError::Invalid("an operation without operands".to_owned()))
        };
        let logical = |op: BinaryOp| -> Result<Value> {
            let values = operands().collect::<Result<Vec<_>>>()?;
            let truths = values.into_iter().map(truth);
            let folded = truths.reduce(|lhs, rhs| Value::Binary(op, DType::Bool, lhs.into(), rhs.into()));
            folded
                .map(|value| cast(value, DType::Int64))
                .ok_or_else(|| CodegenError::Invalid("an operation without operands".to_owned()))
        };
        Ok(match atom {
            Atom::Symbol(name) => match self.symbols.get(name) {
                Some(value) => Value::Index(value.clone()),
                None => cast(self.element(name, Vec::new())?.value(), DType::Int64),
            },
            Atom::Load(name, _) => {
                let indices = operands().collect::<Result<_>>()?;
                cast(self.element(name, indices)?.value(), DType::Int64)
            }
            Atom::FloorDiv(..) => fold(BinaryOp::FloorDiv)?,
            Atom::CeilDiv(a, b) => {
                let negated = integer(BinaryOp::Sub, Value::int(0), self.symbolic(a)?);
                let quotient = integer(BinaryOp::FloorDiv, negated, self.symbolic(b)?);
                integer(BinaryOp::Sub, Value::int(0), quotient)
            }
            Atom::Mod(..) => fold(BinaryOp::Mod)?,
            Atom::Min(_) => fold(BinaryOp::Min)?,
            Atom::Max(_) => fold(BinaryOp::Max)?,
            Atom::Pow(..) => fold(BinaryOp::Pow)?,
            Atom::Call(function, _) => match integer_function(*function) {
                Ok(op) => fold(op)?,
                Err(function) => call(function, operands().collect::<Result<_>>()?)?,
            },
            Atom::Compare(op, ..) => cast(fold(comparison(*op))?, DType::Int64),
            Atom::And(_) => logical(BinaryOp::And)?,
            Atom::Or(_) => logical(BinaryOp::Or)?,
            Atom::Select(condition, then, otherwise) => Value::Select(
                Box::new(truth(self.symbolic(condition)?)),
                Box::new(self.symbolic(then)?),
                Box::new(self.symbolic(otherwise)?),
            ),
        })
    }
}

/// On control flow, names are containers.
struct Containers<'f, 's, 'a>(&'f Function<'s, 'a>);

impl Resolve for Containers<'_, '_, '_> {
    fn name(&self, name: &Name) -> Result<Value> {
        Ok(self.0.element(name, Vec::new())?.value())
    }

    fn load(&self, name: &Name, indices: Vec<Value>) -> Result<Value> {
        Ok(self.0.element(name, indices)?.value())
    }

    fn is_none(&self, name: &Name) -> Result<Value> {
        match &self.0.slot(name)?.storage {
            Storage::Array { pointer, .. } => Ok(Value::IsNull(pointer.clone())),
            _ => Err(CodegenError::Invalid(format!("`{name}` is no array, and never None"))),
        }
    }
}

/// The value converted to a type; itself if it has that type.
pub(super) fn cast(value: Value, to: DType) -> Value {
    let from = value.dtype();
    if from == to { value } else { Value::Cast { from, to, value: Box::new(value) } }
}

/// The value as a condition.
pub(super) fn truth(value: Value) -> Value {
    cast(value, DType::Bool)
}

fn call(function: code::Function, values: Vec<Value>) -> Result<Value> {
    if values.len() != function.arity() {
        let name = function.name();
        return Err(CodegenError::Invalid(format!("`{name}` has {} operands", values.len())));
    }
    let dtype = values[0].dtype();
    for value in &values[1..] {
        common_type(function.name(), dtype, value.dtype())?;
    }
    Ok(Value::Call(function, dtype, values))
}

fn common_type(op: &str, lhs: DType, rhs: DType) -> Result<DType> {
    if lhs == rhs {
        return Ok(lhs);
    }
    Err(CodegenError::Invalid(format!("`{op}` has operands of types {lhs} and {rhs}")))
}

fn join(op: BinaryOp, lhs: Option<Value>, rhs: Value) -> Value {
    match lhs {
        Some(lhs) => integer(op, lhs, rhs),
        None => rhs,
    }
}

fn comparison(op: CmpOp) -> BinaryOp {
    match op {
        CmpOp::Gt => BinaryOp::Gt,
        CmpOp::Ge => BinaryOp::Ge,
        CmpOp::Lt => BinaryOp::Lt,
        CmpOp::Le => BinaryOp::Le,
        CmpOp::Eq => BinaryOp::Eq,
        CmpOp::Ne => BinaryOp::Ne,
    }
}

fn integer_function(function: IntegerFunction) -> std::result::Result<BinaryOp, code::Function> {
    Ok(match function {
        IntegerFunction::BitAnd => BinaryOp::BitAnd,
        IntegerFunction::BitOr => BinaryOp::BitOr,
        IntegerFunction::BitXor => BinaryOp::BitXor,
        IntegerFunction::Shl => BinaryOp::Shl,
        IntegerFunction::Shr => BinaryOp::Shr,
        IntegerFunction::Abs => return Err(code::Function::Abs),
        IntegerFunction::Sign => return Err(code::Function::Sign),
        IntegerFunction::Gcd => return Err(code::Function::Gcd),
    })
}
