//! Expressions, with as few parentheses as the language needs.

use super::types::{c_type, is_promoted};
use super::{Printer, Result, literals};
use crate::tree::{Index, Place, Value};
use dacec_ir::dtype::Kind;
use dacec_ir::{BinaryOp, Constant, DType, Expr, UnaryOp};

/// How tightly an operator of C++ binds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Level {
    Ternary,
    Or,
    And,
    BitOr,
    BitXor,
    BitAnd,
    Equal,
    Compare,
    Shift,
    Sum,
    Product,
    Unary,
    Primary,
}

/// A printed expression.
#[derive(Clone, Debug)]
pub(super) struct Text {
    pub(super) text: String,
    pub(super) level: Level,
}

impl Text {
    pub(super) fn new(text: impl Into<String>, level: Level) -> Text {
        Text { text: text.into(), level }
    }

    pub(super) fn primary(text: impl Into<String>) -> Text {
        Text::new(text, Level::Primary)
    }

    /// In parentheses if it binds less tightly than its place asks for.
    pub(super) fn at(&self, level: Level) -> String {
        if self.level >= level { self.text.clone() } else { format!("({})", self.text) }
    }
}

/// Both operands of an operator that is printed between them; a chain to the left needs no parentheses.
fn infix(lhs: &Text, op: &str, rhs: &Text, level: Level) -> Text {
    let tighter = match level {
        Level::Product => Level::Unary,
        Level::Sum => Level::Product,
        _ => Level::Shift,
    };
    // Mixed bitwise, logical and comparing operators are easy to misread.
    let left =
        if matches!(level, Level::Product | Level::Sum | Level::And | Level::Or) { level } else { tighter };
    let right = match level {
        Level::And | Level::Or => Level::BitOr,
        _ => tighter,
    };
    Text::new(format!("{} {op} {}", lhs.at(left), rhs.at(right)), level)
}

/// Whether what is printed for a value is an `int` of C++, whatever the value is: literals and comparisons.
fn is_narrow(value: &Value) -> bool {
    match value {
        Value::Constant(constant) => matches!(constant, Constant::Int(..)),
        Value::Index(expr) => expr.as_int().is_some() || expr.is_boolean(),
        Value::Unary(_, _, operand) => is_narrow(operand),
        _ => false,
    }
}

/// Whether a value is the literal 0.
fn is_zero(value: &Value) -> bool {
    matches!(value, Value::Constant(number) if *number == Constant::of_int(0, number.dtype()))
}

/// Whether a value is a literal with a sign, be it -0.0.
fn is_negative(value: &Value) -> bool {
    matches!(value, Value::Constant(Constant::Float(number, _)) if number.is_sign_negative())
}

impl Printer<'_> {
    /// An expression on its own.
    pub(super) fn text(&mut self, value: &Value) -> Result<String> {
        Ok(self.value(value)?.text)
    }

    pub(super) fn value(&mut self, value: &Value) -> Result<Text> {
        match value {
            Value::Constant(constant) => Ok(self.literal(constant)),
            Value::Variable(name, _) => Ok(Text::primary(name.as_str())),
            Value::Index(expr) => Ok(self.expr(expr)),
            Value::Load { array, index, .. } => {
                let index = self.index(index)?;
                Ok(Text::primary(format!("{array}[{index}]")))
            }
            Value::Unary(op, dtype, operand) => {
                let operand = self.value(operand)?;
                Ok(unary(*op, *dtype, &operand))
            }
            Value::Binary(op, dtype, lhs, rhs) => self.binary(*op, *dtype, lhs, rhs),
            Value::Call(function, dtype, operands) => self.call(*function, *dtype, operands),
            Value::Select(condition, then, otherwise) => {
                let wide = then.dtype() != DType::Bool && is_narrow(then) && is_narrow(otherwise);
                let mut parts = [self.value(condition)?, self.value(then)?, self.value(otherwise)?];
                if wide {
                    parts[1] = widened(&parts[1], then.dtype());
                }
                let [condition, then, otherwise] = parts.map(|part| part.at(Level::Or));
                Ok(Text::new(format!("{condition} ? {then} : {otherwise}"), Level::Ternary))
            }
            Value::Cast { from, to, value } => self.cast(*from, *to, value),
            Value::IsNull(array) => Ok(Text::new(format!("{array} == nullptr"), Level::Compare)),
        }
    }

    pub(super) fn place(&mut self, place: &Place) -> Result<String> {
        Ok(match place {
            Place::Variable(name, _) => name.to_string(),
            Place::Element { array, index, .. } => format!("{array}[{}]", self.index(index)?),
        })
    }

    /// The address of a place.
    pub(super) fn address(&mut self, place: &Place) -> Result<String> {
        Ok(match place {
            Place::Variable(name, _) => format!("&{name}"),
            Place::Element { array, index, .. } if index.terms.is_empty() => array.to_string(),
            Place::Element { array, index, .. } => format!("{array} + {}", self.index(index)?),
        })
    }

    /// The position of an element, written as a sum over the dimensions.
    fn index(&mut self, index: &Index) -> Result<String> {
        let mut text = String::new();
        let mut constant = 0i64;
        for (at, stride) in &index.terms {
            if let (Some(at), Some(stride)) = (at.as_index().and_then(Expr::as_int), stride.as_int()) {
                constant = constant.wrapping_add(at.wrapping_mul(stride));
                continue;
            }
            let term = match at.as_index() {
                Some(at) if stride.is_one() || at.as_int().is_some() || stride.is_zero() => {
                    self.expr(&(at * stride))
                }
                Some(at) => infix_product(&self.expr(at), &self.expr(stride)),
                None if stride.is_one() => self.value(at)?,
                None => infix_product(&self.value(at)?, &self.expr(stride)),
            };
            push_summand(&mut text, &term.at(Level::Sum));
        }
        if constant != 0 || text.is_empty() {
            push_summand(&mut text, &literals::integer(constant, DType::Int64).text);
        }
        Ok(text)
    }

    fn binary(&mut self, op: BinaryOp, dtype: DType, lhs: &Value, rhs: &Value) -> Result<Text> {
        let (mut a, b) = (self.value(lhs)?, self.value(rhs)?);
        let tests = op.is_comparison() || matches!(op, BinaryOp::And | BinaryOp::Or);
        if !tests && dtype != DType::Bool && is_narrow(lhs) && is_narrow(rhs) {
            a = widened(&a, dtype);
        }
        if let Some(text) = self.binary_helper(op, dtype, &a, &b) {
            return Ok(text);
        }
        let is_real = matches!(dtype, DType::Float32 | DType::Float64);
        if op == BinaryOp::Mul && is_real && is_zero(lhs) != is_zero(rhs) {
            let (zero, other) = if is_zero(lhs) { (lhs, &b) } else { (rhs, &a) };
            let product = self.helper_call("dacec_times_zero", dtype, [other]);
            return Ok(if is_negative(zero) {
                Text::new(format!("-{}", product.text), Level::Unary)
            } else {
                product
            });
        }
        let (symbol, level) = operator(op, dtype);
        let text = infix(&a, symbol, &b, level);
        let wraps =
            is_promoted(dtype) && level >= Level::Shift || dtype == DType::Float16 && !op.is_comparison();
        Ok(if wraps { Text::new(format!("({})({})", c_type(dtype), text.text), Level::Unary) } else { text })
    }

    /// Operations that are functions.
    fn binary_helper(&mut self, op: BinaryOp, dtype: DType, a: &Text, b: &Text) -> Option<Text> {
        use BinaryOp::*;
        let complex = dtype.is_complex();
        let name = match op {
            FloorDiv if dtype.is_float() => "dacec_float_floordiv",
            FloorDiv => "dacec_floordiv",
            Mod if dtype.is_float() => "dacec_float_mod",
            Mod => "dacec_mod",
            Pow if dtype.is_integer() => "dacec_ipow",
            Pow if complex => "dacec_complex_pow",
            Pow => return Some(power(dtype, a, b)),
            Min | Max if dtype == DType::Bool => return None,
            Min if complex => "dacec_complex_min",
            Max if complex => "dacec_complex_max",
            Min => "dacec_min",
            Max => "dacec_max",
            Shl => "dacec_shl",
            Shr => "dacec_shr",
            Lt if complex => return Some(self.helper_call("dacec_complex_less", dtype, [a, b])),
            Gt if complex => return Some(self.helper_call("dacec_complex_less", dtype, [b, a])),
            Le if complex => return Some(self.helper_call("dacec_complex_less_equal", dtype, [a, b])),
            Ge if complex => return Some(self.helper_call("dacec_complex_less_equal", dtype, [b, a])),
            _ => return None,
        };
        Some(self.helper_call(name, dtype, [a, b]))
    }

    pub(super) fn helper_call<const N: usize>(
        &mut self,
        name: &'static str,
        dtype: DType,
        operands: [&Text; N],
    ) -> Text {
        let name = self.helper(name);
        let operands = operands.map(|operand| operand.text.as_str()).join(", ");
        Text::primary(format!("{name}<{}>({operands})", c_type(dtype)))
    }

    fn cast(&mut self, from: DType, to: DType, value: &Value) -> Result<Text> {
        let operand = self.value(value)?;
        if to == DType::Bool {
            let zero = Text::primary("0");
            return Ok(match value {
                Value::Index(expr) if expr.is_boolean() => operand,
                _ => infix(&operand, "!=", &zero, Level::Equal),
            });
        }
        let operand = match (from.kind(), to.kind()) {
            (Kind::Complex, Kind::Complex) => operand,
            (Kind::Complex, _) => Text::new(format!("__real__ {}", operand.at(Level::Unary)), Level::Unary),
            _ => operand,
        };
        let is_fraction = matches!(from.kind(), Kind::Float | Kind::Complex);
        if is_fraction && to == DType::UInt64 {
            let helper = self.helper("dacec_to_uint64");
            return Ok(Text::primary(format!("{helper}({})", operand.text)));
        }
        let through = wider_signed(to).filter(|_| is_fraction);
        let through = through.map(|wider| format!("({})", c_type(wider))).unwrap_or_default();
        Ok(Text::new(format!("({}){through}{}", c_type(to), operand.at(Level::Unary)), Level::Unary))
    }
}

/// The integer type through which a float becomes one of this type: what C++ leaves open, such as `(uint8_t)-1.0`, wraps then
/// as it does for NumPy, whatever instructions the compiler takes.
fn wider_signed(to: DType) -> Option<DType> {
    match to {
        DType::Int8 | DType::UInt8 | DType::Int16 | DType::UInt16 => Some(DType::Int32),
        DType::UInt32 => Some(DType::Int64),
        _ => None,
    }
}

fn power(dtype: DType, a: &Text, b: &Text) -> Text {
    let (a, b) = (&a.text, &b.text);
    Text::primary(match dtype {
        DType::Float64 => format!("__builtin_pow({a}, {b})"),
        DType::Float32 => format!("__builtin_powf({a}, {b})"),
        _ => format!("({})__builtin_powf({a}, {b})", c_type(dtype)),
    })
}

/// An operand that makes the operation one of the type.
pub(super) fn widened(text: &Text, dtype: DType) -> Text {
    Text::new(format!("({}){}", c_type(dtype), text.at(Level::Unary)), Level::Unary)
}

fn unary(op: UnaryOp, dtype: DType, operand: &Text) -> Text {
    let symbol = match op {
        UnaryOp::Neg => "-",
        UnaryOp::Not => "!",
        UnaryOp::BitNot => "~",
    };
    // `--x` would be another operator.
    let operand =
        if operand.text.starts_with('-') { format!("({})", operand.text) } else { operand.at(Level::Unary) };
    let text = format!("{symbol}{operand}");
    if is_promoted(dtype) || dtype == DType::Float16 {
        return Text::new(format!("({})({text})", c_type(dtype)), Level::Unary);
    }
    Text::new(text, Level::Unary)
}

fn operator(op: BinaryOp, dtype: DType) -> (&'static str, Level) {
    use BinaryOp::*;
    let truth = dtype == DType::Bool;
    match op {
        Add | Max | Or if truth => ("||", Level::Or),
        Mul | Min | And if truth => ("&&", Level::And),
        Add => ("+", Level::Sum),
        Sub => ("-", Level::Sum),
        Mul => ("*", Level::Product),
        Div => ("/", Level::Product),
        BitAnd => ("&", Level::BitAnd),
        BitOr => ("|", Level::BitOr),
        BitXor => ("^", Level::BitXor),
        Eq => ("==", Level::Equal),
        Ne => ("!=", Level::Equal),
        Lt => ("<", Level::Compare),
        Le => ("<=", Level::Compare),
        Gt => (">", Level::Compare),
        Ge => (">=", Level::Compare),
        Or => ("||", Level::Or),
        And => ("&&", Level::And),
        // The others are calls of helpers.
        FloorDiv | Mod | Pow | Min | Max | Shl | Shr => ("", Level::Primary),
    }
}

/// `a*b`, written closely as indices are.
pub(super) fn infix_product(a: &Text, b: &Text) -> Text {
    Text::new(format!("{}*{}", a.at(Level::Product), b.at(Level::Unary)), Level::Product)
}

/// Adds a summand to a sum; `a + -b` becomes `a - b`.
pub(super) fn push_summand(sum: &mut String, summand: &str) {
    if sum.is_empty() {
        sum.push_str(summand);
    } else if let Some(rest) = summand.strip_prefix('-') {
        sum.push_str(&format!(" - {rest}"));
    } else {
        sum.push_str(&format!(" + {summand}"));
    }
}
