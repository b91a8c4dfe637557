//! Scalar expressions as text.
//!
//! ```text
//! a*x + 1.0        operators as in Python, with as few parentheses as the grammar allows
//! $N, $(2*i + 1)   symbolic expressions: `i` is a value of that name, `$i` the symbol
//! 7, 7i32, 1.5     literals are int64 or float64 unless they name their type
//! @inf, -@inff32   numbers that have no digits; @nan
//! float32(x)       a cast; complex128(1.0, -2.0) is a literal
//! a if c else b    a choice
//! ```

use super::names::Word;
use crate::{BinaryOp, Constant, DType, ScalarExpr, UnaryOp};
use std::fmt::{self, Display, Formatter};

/// How tightly an operator binds, as in Python's grammar.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Level {
    Ternary,
    Or,
    And,
    Not,
    Compare,
    BitOr,
    BitXor,
    BitAnd,
    Shift,
    Sum,
    Product,
    Sign,
    Power,
    Primary,
}

impl Level {
    /// The next tighter level.
    pub(crate) fn tighter(self) -> Level {
        use Level::*;
        match self {
            Ternary => Or,
            Or => And,
            And => Not,
            Not => Compare,
            Compare => BitOr,
            BitOr => BitXor,
            BitXor => BitAnd,
            BitAnd => Shift,
            Shift => Sum,
            Sum => Product,
            Product => Sign,
            Sign => Power,
            Power | Primary => Primary,
        }
    }
}

/// The level of an operator; `None` for operations that are written as calls.
pub(crate) fn level_of(op: BinaryOp) -> Option<Level> {
    use BinaryOp::*;
    Some(match op {
        Or => Level::Or,
        And => Level::And,
        Eq | Ne | Lt | Le | Gt | Ge => Level::Compare,
        BitOr => Level::BitOr,
        BitXor => Level::BitXor,
        BitAnd => Level::BitAnd,
        Shl | Shr => Level::Shift,
        Add | Sub => Level::Sum,
        Mul | Div | FloorDiv | Mod => Level::Product,
        Pow => Level::Power,
        Min | Max => return None,
    })
}

/// The operator that stands for a text between two operands, and its level.
pub(crate) fn operator_of(text: &str) -> Option<(BinaryOp, Level)> {
    use BinaryOp::*;
    let all = [
        Add, Sub, Mul, Div, FloorDiv, Mod, Pow, BitAnd, BitOr, BitXor, Shl, Shr, And, Or, Eq, Ne, Lt, Le, Gt,
        Ge,
    ];
    let op = all.into_iter().find(|op| op.symbol() == text)?;
    Some((op, level_of(op)?))
}

/// The letters after a literal of that type.
pub(super) fn suffix(dtype: DType) -> &'static str {
    use DType::*;
    match dtype {
        Bool => "bool",
        Int8 => "i8",
        Int16 => "i16",
        Int32 => "i32",
        Int64 => "i64",
        UInt8 => "u8",
        UInt16 => "u16",
        UInt32 => "u32",
        UInt64 => "u64",
        Float16 => "f16",
        BFloat16 => "bf16",
        Float32 => "f32",
        Float64 => "f64",
        Complex64 => "c64",
        Complex128 => "c128",
        // There are no literals of these.
        Vector(_) | Pointer(_) | Opaque(_) => dtype.name(),
    }
}

impl Display for ScalarExpr {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            ScalarExpr::Constant(constant) => constant.fmt(f),
            ScalarExpr::Name(name) => Word(name).fmt(f),
            ScalarExpr::Symbolic(expr) => match expr.as_symbol() {
                Some(symbol) => write!(f, "${symbol}"),
                None => write!(f, "$({expr})"),
            },
            ScalarExpr::Load { name, indices } => write!(f, "{}[{}]", Word(name), List(indices)),
            ScalarExpr::Unary(op, operand) => print_unary(f, *op, operand),
            ScalarExpr::Binary(op, lhs, rhs) => print_binary(f, *op, lhs, rhs),
            ScalarExpr::Call(function, args) => write!(f, "{}({})", function.name(), List(args)),
            ScalarExpr::Select { condition, then, otherwise } => {
                let (then, condition) = (At(Level::Or, then), At(Level::Or, condition));
                write!(f, "{then} if {condition} else {otherwise}")
            }
            ScalarExpr::Cast(dtype, operand) => write!(f, "{dtype}({operand})"),
            ScalarExpr::IsNone(name) => write!(f, "is_none({})", Word(name)),
        }
    }
}

impl Display for Constant {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match *self {
            Constant::Bool(true) => f.write_str("True"),
            Constant::Bool(false) => f.write_str("False"),
            Constant::Int(value, DType::Int64) => write!(f, "{value}"),
            Constant::Int(value, dtype) => write!(f, "{value}{}", suffix(dtype)),
            Constant::UInt(value) => write!(f, "{value}u64"),
            Constant::Float(value, DType::Float64) => print_float(f, value),
            Constant::Float(value, dtype) => {
                print_float(f, value)?;
                f.write_str(suffix(dtype))
            }
            Constant::Complex(re, im, dtype) => {
                write!(f, "{dtype}(")?;
                print_float(f, re)?;
                f.write_str(", ")?;
                print_float(f, im)?;
                f.write_str(")")
            }
        }
    }
}

/// The shortest digits that read back as the same number.
fn print_float(f: &mut Formatter<'_>, value: f64) -> fmt::Result {
    if value.is_finite() {
        return write!(f, "{value:?}");
    }
    let sign = if value.is_sign_negative() && !value.is_nan() { "-" } else { "" };
    write!(f, "{sign}@{}", if value.is_nan() { "nan" } else { "inf" })
}

/// Prints in parentheses where the expression binds less tightly than its place asks for.
struct At<'a>(Level, &'a ScalarExpr);

impl Display for At<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let At(level, expr) = *self;
        if level_of_expr(expr) >= level { expr.fmt(f) } else { write!(f, "({expr})") }
    }
}

/// Prints `a, b, c`.
struct List<'a>(&'a [ScalarExpr]);

impl Display for List<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        crate::data::Comma(self.0).fmt(f)
    }
}

fn level_of_expr(expr: &ScalarExpr) -> Level {
    match expr {
        ScalarExpr::Constant(constant) if is_negative(constant) => Level::Sign,
        ScalarExpr::Unary(UnaryOp::Not, _) => Level::Not,
        ScalarExpr::Unary(..) => Level::Sign,
        ScalarExpr::Binary(op, ..) => level_of(*op).unwrap_or(Level::Primary),
        ScalarExpr::Select { .. } => Level::Ternary,
        _ => Level::Primary,
    }
}

fn is_negative(constant: &Constant) -> bool {
    match constant {
        Constant::Int(value, _) => *value < 0,
        Constant::Float(value, _) => value.is_sign_negative() && !value.is_nan(),
        Constant::Bool(_) | Constant::UInt(_) | Constant::Complex(..) => false,
    }
}

fn print_unary(f: &mut Formatter<'_>, op: UnaryOp, operand: &ScalarExpr) -> fmt::Result {
    match (op, operand) {
        // A minus sign and digits are one literal.
        (UnaryOp::Neg, ScalarExpr::Constant(Constant::Int(..) | Constant::UInt(_) | Constant::Float(..))) => {
            write!(f, "-({operand})")
        }
        (UnaryOp::Not, _) => write!(f, "not {}", At(Level::Not, operand)),
        _ => write!(f, "{}{}", op.symbol(), At(Level::Sign, operand)),
    }
}

fn print_binary(f: &mut Formatter<'_>, op: BinaryOp, lhs: &ScalarExpr, rhs: &ScalarExpr) -> fmt::Result {
    let Some(level) = level_of(op) else { return write!(f, "{}({lhs}, {rhs})", op.symbol()) };
    let (left, right) = match level {
        Level::Compare => (level.tighter(), level.tighter()),
        Level::Power => (Level::Primary, Level::Sign),
        _ => (level, level.tighter()),
    };
    let space = if matches!(op, BinaryOp::Mul | BinaryOp::Div | BinaryOp::FloorDiv | BinaryOp::Pow) {
        ""
    } else {
        " "
    };
    write!(f, "{}{space}{}{space}{}", At(left, lhs), op.symbol(), At(right, rhs))
}
