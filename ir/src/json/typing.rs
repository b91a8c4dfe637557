//! Gives types to Python text, and inserts the conversions that Python leaves out.
//!
//! Operands of different types are converted to the one that holds both, as NumPy does; an integer literal has no type of
//! its own and takes the other operand's. `/` of integers is a division of `float64`. What is assigned is converted to
//! the type of its target. Parts that are integers made of symbols become symbolic expressions.

use super::syntax::{Line, Syntax};
use crate::{BinaryOp, Constant, DType, Expr, Function, Name, ScalarExpr, Stmt, UnaryOp};
use std::collections::BTreeMap;

type Result<T> = std::result::Result<T, String>;

/// What a name in the text stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Meaning {
    /// One value.
    Value(DType),
    /// Elements, with the number of indices.
    Elements(DType, usize),
    /// A symbol.
    Symbol,
}

/// A typed expression; the type of an integer literal is open.
struct Typed {
    expr: ScalarExpr,
    dtype: Option<DType>,
}

/// Gives types to expressions and statements.
pub(super) struct Typing<'a> {
    lookup: &'a dyn Fn(&str) -> Option<Meaning>,
    /// Local variables.
    locals: BTreeMap<String, DType>,
}

impl<'a> Typing<'a> {
    pub(super) fn new(lookup: &'a dyn Fn(&str) -> Option<Meaning>) -> Self {
        Typing { lookup, locals: BTreeMap::new() }
    }

    pub(super) fn statements(&mut self, lines: &[Line]) -> Result<Vec<Stmt>> {
        lines.iter().map(|line| self.statement(line)).collect()
    }

    fn statement(&mut self, line: &Line) -> Result<Stmt> {
        match line {
            Line::If { condition, then, otherwise } => Ok(Stmt::If {
                condition: self.condition(condition)?,
                then: self.statements(then)?,
                otherwise: self.statements(otherwise)?,
            }),
            Line::Assign { target, indices, value } => {
                let value = self.expr(value)?;
                let name = Name::from(target.as_str());
                match self.meaning(target) {
                    Some(Meaning::Elements(dtype, _)) if !indices.is_empty() => {
                        let indices = self.indices(target, indices)?;
                        Ok(Stmt::Store { target: name, indices, value: value.into_type(dtype) })
                    }
                    Some(Meaning::Value(dtype)) if indices.is_empty() || is_zero(indices) => {
                        Ok(Stmt::Assign { target: name, value: value.into_type(dtype) })
                    }
                    Some(Meaning::Symbol) | None if indices.is_empty() => {
                        let dtype = value.dtype.unwrap_or(DType::Int64);
                        self.locals.insert(target.clone(), dtype);
                        Ok(Stmt::Assign { target: name, value: value.into_type(dtype) })
                    }
                    _ => Err(format!("`{target}` cannot be assigned like this")),
                }
            }
        }
    }

    /// A truth value.
    pub(super) fn condition(&self, syntax: &Syntax) -> Result<ScalarExpr> {
        Ok(self.expr(syntax)?.into_bool())
    }

    /// A value of a type.
    pub(super) fn value(&self, syntax: &Syntax, dtype: DType) -> Result<ScalarExpr> {
        Ok(self.expr(syntax)?.into_type(dtype))
    }

    fn meaning(&self, name: &str) -> Option<Meaning> {
        self.locals.get(name).map(|dtype| Meaning::Value(*dtype)).or_else(|| (self.lookup)(name))
    }

    fn indices(&self, name: &str, indices: &[Syntax]) -> Result<Vec<ScalarExpr>> {
        if let Some(Meaning::Elements(_, rank)) = self.meaning(name)
            && rank != indices.len()
        {
            return Err(format!("`{name}` has {rank} dimensions, {} indices are given", indices.len()));
        }
        indices.iter().map(|index| Ok(self.expr(index)?.into_type(DType::Int64))).collect()
    }

    fn expr(&self, syntax: &Syntax) -> Result<Typed> {
        match syntax {
            Syntax::Number(digits, imaginary) => number(digits, *imaginary),
            Syntax::Bool(value) => Ok(Typed::new(Constant::Bool(*value).into(), DType::Bool)),
            Syntax::Name(name) => self.name(name),
            Syntax::Index(name, indices) => self.element(name, indices),
            Syntax::Unary(op, operand) => self.unary(*op, operand),
            Syntax::Binary(op, lhs, rhs) => self.binary(*op, self.expr(lhs)?, self.expr(rhs)?),
            Syntax::Call(name, args) => self.call(name, args),
            Syntax::IsNone(name) => match self.meaning(name) {
                Some(Meaning::Elements(..)) => {
                    Ok(Typed::new(ScalarExpr::IsNone(name.as_str().into()), DType::Bool))
                }
                Some(_) => Ok(Typed::new(Constant::Bool(false).into(), DType::Bool)),
                None => Err(format!("`{name}` is not defined")),
            },
            Syntax::CastLike(name, operand) => match self.meaning(name) {
                Some(Meaning::Value(dtype) | Meaning::Elements(dtype, _)) => {
                    Ok(Typed::new(self.expr(operand)?.into_type(dtype), dtype))
                }
                _ => Err(format!("`{name}` has no type")),
            },
            Syntax::Select(condition, then, otherwise) => {
                let condition = self.condition(condition)?;
                let (then, otherwise, dtype) = common(self.expr(then)?, self.expr(otherwise)?);
                Ok(Typed { expr: ScalarExpr::select(condition, then, otherwise), dtype })
            }
        }
    }

    fn name(&self, name: &str) -> Result<Typed> {
        match self.meaning(name) {
            Some(Meaning::Value(dtype)) => Ok(Typed::new(ScalarExpr::name(name), dtype)),
            Some(Meaning::Symbol) => Ok(Typed::new(Expr::sym(name).into(), DType::Int64)),
            Some(Meaning::Elements(..)) => Err(format!("`{name}` is used without an index")),
            None => constant(name).ok_or_else(|| format!("`{name}` is not defined")),
        }
    }

    fn element(&self, name: &str, indices: &[Syntax]) -> Result<Typed> {
        match self.meaning(name) {
            Some(Meaning::Elements(dtype, _)) => {
                let indices = self.indices(name, indices)?;
                Ok(Typed::new(ScalarExpr::Load { name: name.into(), indices }, dtype))
            }
            // A scalar is an array of one element there.
            Some(Meaning::Value(dtype)) if is_zero(indices) => Ok(Typed::new(ScalarExpr::name(name), dtype)),
            Some(_) => Err(format!("`{name}` is one value and has no index")),
            None => Err(format!("`{name}` is not defined")),
        }
    }

    fn unary(&self, op: UnaryOp, operand: &Syntax) -> Result<Typed> {
        let operand = self.expr(operand)?;
        if op == UnaryOp::Not {
            return Ok(Typed::new(ScalarExpr::unary(op, operand.into_bool()), DType::Bool));
        }
        let dtype = operand.dtype;
        Ok(Typed { expr: fold(ScalarExpr::unary(op, operand.expr)), dtype })
    }

    fn binary(&self, op: BinaryOp, lhs: Typed, rhs: Typed) -> Result<Typed> {
        use BinaryOp::*;
        match op {
            And | Or => {
                let expr = ScalarExpr::binary(op, lhs.into_bool(), rhs.into_bool());
                Ok(Typed::new(fold(expr), DType::Bool))
            }
            Div if !lhs.is_real() && !rhs.is_real() => {
                let (lhs, rhs) = (lhs.into_type(DType::Float64), rhs.into_type(DType::Float64));
                Ok(Typed::new(ScalarExpr::binary(op, lhs, rhs), DType::Float64))
            }
            _ => {
                let (lhs, rhs, dtype) = common(lhs, rhs);
                let dtype = if op.is_comparison() { Some(DType::Bool) } else { dtype };
                Ok(Typed { expr: fold(ScalarExpr::binary(op, lhs, rhs)), dtype })
            }
        }
    }

    fn call(&self, name: &str, args: &[Syntax]) -> Result<Typed> {
        let short = name.rsplit('.').next().unwrap_or(name);
        let args = args.iter().map(|arg| self.expr(arg)).collect::<Result<Vec<_>>>()?;
        if let Some(dtype) = cast_type(name, short) {
            return cast(dtype, args).ok_or_else(|| format!("`{name}` takes one operand"));
        }
        let binary = match short {
            "min" | "Min" | "minimum" => Some(BinaryOp::Min),
            "max" | "Max" | "maximum" => Some(BinaryOp::Max),
            "And" => Some(BinaryOp::And),
            "Or" => Some(BinaryOp::Or),
            "int_floor" => Some(BinaryOp::FloorDiv),
            "Mod" => Some(BinaryOp::Mod),
            "pow" | "Pow" | "ipow" => Some(BinaryOp::Pow),
            "bitwise_and" => Some(BinaryOp::BitAnd),
            "bitwise_or" => Some(BinaryOp::BitOr),
            "bitwise_xor" => Some(BinaryOp::BitXor),
            "left_shift" => Some(BinaryOp::Shl),
            "right_shift" => Some(BinaryOp::Shr),
            _ => None,
        };
        let mut args = args.into_iter();
        if let Some(op) = binary {
            let first = args.next().ok_or_else(|| format!("`{name}` has no operands"))?;
            return args.try_fold(first, |left, right| self.binary(op, left, right));
        }
        let args: Vec<Typed> = args.collect();
        if short == "int_ceil" {
            return ceil_div(args).ok_or_else(|| format!("`{name}` takes two integers made of symbols"));
        }
        let function = function(short).ok_or_else(|| format!("the function `{name}` is not known"))?;
        apply(function, args).ok_or_else(|| format!("`{name}` takes {} operands", function.arity()))
    }
}

impl Typed {
    fn new(expr: ScalarExpr, dtype: DType) -> Self {
        Typed { expr, dtype: Some(dtype) }
    }

    fn is_real(&self) -> bool {
        self.dtype.map(DType::lane).is_some_and(|dtype| dtype.is_float() || dtype.is_complex())
    }

    fn into_type(self, dtype: DType) -> ScalarExpr {
        if let Some(vector) = dtype.as_vector().filter(|_| self.dtype != Some(dtype)) {
            return ScalarExpr::Cast(dtype, Box::new(self.into_type(vector.element())));
        }
        match (self.dtype, &self.expr) {
            (None, ScalarExpr::Constant(Constant::Int(value, _))) => Constant::of_int(*value, dtype).into(),
            (from, _) => self.expr.cast(from.unwrap_or(DType::Int64), dtype),
        }
    }

    fn into_bool(self) -> ScalarExpr {
        match (self.dtype, &self.expr) {
            (Some(DType::Bool), _) => self.expr,
            (None, ScalarExpr::Constant(Constant::Int(value, _))) => Constant::Bool(*value != 0).into(),
            // A symbolic truth value.
            (Some(DType::Int64), ScalarExpr::Symbolic(expr)) if expr.is_boolean() => {
                ScalarExpr::Cast(DType::Bool, Box::new(self.expr))
            }
            _ => self.into_type(DType::Bool),
        }
    }
}

/// The index of the only element of an array that is a scalar here.
fn is_zero(indices: &[Syntax]) -> bool {
    indices == [Syntax::Number("0".to_owned(), false)]
}

/// An integer operation on symbols and literals as a symbolic expression.
fn fold(expr: ScalarExpr) -> ScalarExpr {
    let made_of_symbols = expr.children().iter().any(|child| matches!(child, ScalarExpr::Symbolic(_)));
    let arithmetic = match &expr {
        ScalarExpr::Binary(op, ..) => !op.is_comparison() && !matches!(op, BinaryOp::And | BinaryOp::Or),
        _ => true,
    };
    match expr.to_symbolic() {
        Some(symbolic) if made_of_symbols && arithmetic => symbolic.into(),
        _ => expr,
    }
}

/// Both operands in one type.
fn common(lhs: Typed, rhs: Typed) -> (ScalarExpr, ScalarExpr, Option<DType>) {
    let dtype = match (lhs.dtype, rhs.dtype) {
        (Some(a), Some(b)) => Some(promote(a, b)),
        (Some(DType::Bool), None) | (None, Some(DType::Bool)) => Some(DType::Int64),
        (a, b) => a.or(b),
    };
    match dtype {
        Some(dtype) => (lhs.into_type(dtype), rhs.into_type(dtype), Some(dtype)),
        None => (lhs.expr, rhs.expr, None),
    }
}

/// The smallest type that holds the values of both, as in NumPy.
fn promote(a: DType, b: DType) -> DType {
    use DType::*;
    if a == b || a.as_vector().is_some() {
        return a;
    }
    if b.as_vector().is_some() {
        return b;
    }
    if a.is_complex() || b.is_complex() {
        let wide = promote(a.real(), b.real());
        return if matches!(wide, Float16 | BFloat16 | Float32) { Complex64 } else { Complex128 };
    }
    let (small, large) = if rank(a) <= rank(b) { (a, b) } else { (b, a) };
    match (small, large) {
        (Bool, other) => other,
        (Float16, BFloat16) => Float32,
        (Int32 | UInt32 | Int64 | UInt64, Float16 | BFloat16 | Float32) => Float64,
        (Int16 | UInt16, Float16 | BFloat16) => Float32,
        (_, large) if large.is_float() => large,
        (small, large) if (small.kind() == large.kind()) || large.size() > small.size() => large,
        (Int8, UInt8) | (UInt8, Int8) => Int16,
        (Int16, UInt16) | (UInt16, Int16) | (Int8, UInt16) => Int32,
        (Int8 | Int16 | Int32, UInt32) | (UInt32, Int32) => Int64,
        _ => Float64,
    }
}

fn rank(dtype: DType) -> usize {
    use DType::*;
    match dtype {
        Bool => 0,
        Int8 => 1,
        UInt8 => 2,
        Int16 => 3,
        UInt16 => 4,
        Int32 => 5,
        UInt32 => 6,
        Int64 => 7,
        UInt64 => 8,
        Float16 => 9,
        BFloat16 => 10,
        Float32 => 11,
        Float64 => 12,
        Complex64 => 13,
        Complex128 => 14,
        Vector(_) | Pointer(_) | Opaque(_) => 15,
    }
}

fn number(digits: &str, imaginary: bool) -> Result<Typed> {
    let wrong = || format!("`{digits}` is no number");
    if imaginary {
        let value = digits.parse().map_err(|_| wrong())?;
        return Ok(Typed::new(Constant::Complex(0.0, value, DType::Complex128).into(), DType::Complex128));
    }
    if digits.contains(['.', 'e', 'E']) {
        let value = digits.parse().map_err(|_| wrong())?;
        return Ok(Typed::new(ScalarExpr::float(value), DType::Float64));
    }
    match (digits.parse::<i64>(), digits.parse::<u64>()) {
        (Ok(value), _) => Ok(Typed { expr: ScalarExpr::int(value), dtype: None }),
        (Err(_), Ok(value)) => Ok(Typed::new(Constant::UInt(value).into(), DType::UInt64)),
        (Err(_), Err(_)) => Err(wrong()),
    }
}

/// Numbers that have a name.
fn constant(name: &str) -> Option<Typed> {
    let value = match name.rsplit('.').next()? {
        "inf" | "INFINITY" => f64::INFINITY,
        "nan" | "NAN" => f64::NAN,
        "pi" | "M_PI" => std::f64::consts::PI,
        "e" if name.contains('.') => std::f64::consts::E,
        _ => return None,
    };
    Some(Typed::new(ScalarExpr::float(value), DType::Float64))
}

fn cast_type(name: &str, short: &str) -> Option<DType> {
    let c = short.strip_suffix("_t").unwrap_or(short).trim_end_matches('_');
    match short {
        "double" => Some(DType::Float64),
        "float" if name == "float" => Some(DType::Float32),
        "int" if name == "int" => Some(DType::Int64),
        _ => c.parse().ok(),
    }
}

/// A conversion; a literal becomes one of the type.
fn cast(dtype: DType, mut args: Vec<Typed>) -> Option<Typed> {
    let literal = |arg: &Typed| match arg.expr {
        ScalarExpr::Constant(Constant::Float(value, DType::Float64)) => Some(value),
        ScalarExpr::Constant(Constant::Int(value, _)) if arg.dtype.is_none() => Some(value as f64),
        _ => None,
    };
    if let [re, im] = &args[..]
        && dtype.is_complex()
    {
        return Some(Typed::new(Constant::Complex(literal(re)?, literal(im)?, dtype).into(), dtype));
    }
    let arg = args.pop().filter(|_| args.is_empty())?;
    let expr = match arg.expr {
        ScalarExpr::Constant(Constant::Float(value, DType::Float64)) if dtype.is_float() => {
            Constant::Float(value, dtype).into()
        }
        ScalarExpr::Constant(Constant::UInt(_)) if dtype == DType::UInt64 => arg.expr,
        _ => arg.into_type(dtype),
    };
    Some(Typed::new(expr, dtype))
}

fn ceil_div(mut args: Vec<Typed>) -> Option<Typed> {
    let divisor = args.pop()?.expr.to_symbolic()?;
    let dividend = args.pop().filter(|_| args.is_empty())?.expr.to_symbolic()?;
    Some(Typed::new(dividend.ceil_div(&divisor).into(), DType::Int64))
}

fn function(name: &str) -> Option<Function> {
    Some(match name {
        "Abs" | "fabs" | "absolute" => Function::Abs,
        "ceiling" => Function::Ceil,
        "round" => Function::Rint,
        "power" => return None,
        "conjugate" => Function::Conj,
        "arcsin" => Function::Asin,
        "arccos" => Function::Acos,
        "arctan" => Function::Atan,
        "arctan2" => Function::Atan2,
        _ => return Function::ALL.into_iter().find(|function| function.name() == name),
    })
}

/// The function of operands of one type; integers become floats where the function has no other form.
fn apply(function: Function, args: Vec<Typed>) -> Option<Typed> {
    if args.len() != function.arity() {
        return None;
    }
    let integers = matches!(function, Function::Abs | Function::Sign | Function::Fmin | Function::Fmax)
        || matches!(function, Function::Fmod | Function::Gcd | Function::FromBits);
    let mut args = args.into_iter();
    let (exprs, dtype) = match (args.next()?, args.next()) {
        (a, None) => {
            let dtype = a.dtype.unwrap_or(DType::Int64);
            (vec![a.into_type(dtype)], dtype)
        }
        (a, Some(b)) => {
            let (a, b, dtype) = common(a, b);
            (vec![a, b], dtype.unwrap_or(DType::Int64))
        }
    };
    let real = dtype.is_float() || dtype.is_complex();
    let wanted = if real || integers { dtype } else { DType::Float64 };
    let exprs = exprs.into_iter().map(|expr| expr.cast(dtype, wanted)).collect();
    Some(Typed::new(ScalarExpr::Call(function, exprs), function.result(wanted)))
}
