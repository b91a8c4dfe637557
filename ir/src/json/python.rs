//! Scalar expressions and statements as Python text, as DaCe's tasklets and conditions have it.

use super::expr::{self, Syntax};
use crate::text::scalar::{Level, level_of};
use crate::{BinaryOp, Constant, DType, Name, ScalarExpr, Stmt, UnaryOp};

/// How names and types are written.
pub(super) struct Words<'a> {
    /// Tasklets rename connectors that DaCe would confuse with containers; conditions index scalars that are arrays
    /// there.
    pub(super) name: &'a dyn Fn(&Name) -> String,
    /// Tasklets know DaCe's types, conditions those of C++ only.
    pub(super) cast: fn(DType) -> &'static str,
}

/// The lines of a tasklet.
pub(super) fn statements(stmts: &[Stmt], names: &Words<'_>) -> String {
    let mut lines = Vec::new();
    push_statements(stmts, names, 0, &mut lines);
    lines.join("\n")
}

fn push_statements(stmts: &[Stmt], names: &Words<'_>, depth: usize, lines: &mut Vec<String>) {
    let indent = "    ".repeat(depth);
    if stmts.is_empty() {
        lines.push(format!("{indent}pass"));
    }
    for stmt in stmts {
        match stmt {
            Stmt::Assign { target, value } => {
                lines.push(format!("{indent}{} = {}", (names.name)(target), expression(value, names)));
            }
            Stmt::Store { target, indices, value } => {
                let (indices, value) = (list(indices, names), expression(value, names));
                lines.push(format!("{indent}{}[{indices}] = {value}", (names.name)(target)));
            }
            Stmt::If { condition, then, otherwise } => {
                lines.push(format!("{indent}if {}:", expression(condition, names)));
                push_statements(then, names, depth + 1, lines);
                if !otherwise.is_empty() {
                    lines.push(format!("{indent}else:"));
                    push_statements(otherwise, names, depth + 1, lines);
                }
            }
        }
    }
}

/// The text of an expression.
pub(super) fn expression(expr: &ScalarExpr, names: &Words<'_>) -> String {
    print(expr, names).0
}

/// The text of an expression where it has to bind at least as tightly as `level`.
fn at(level: Level, expr: &ScalarExpr, names: &Words<'_>) -> String {
    let (text, own) = print(expr, names);
    if own >= level { text } else { format!("({text})") }
}

fn list(exprs: &[ScalarExpr], names: &Words<'_>) -> String {
    exprs.iter().map(|expr| expression(expr, names)).collect::<Vec<_>>().join(", ")
}

fn print(expr: &ScalarExpr, names: &Words<'_>) -> (String, Level) {
    match expr {
        ScalarExpr::Constant(constant) => literal(*constant, names.cast),
        ScalarExpr::Name(name) => ((names.name)(name), Level::Primary),
        ScalarExpr::Symbolic(expr) => match expr.as_symbol() {
            Some(symbol) => (symbol.to_string(), Level::Primary),
            None => (format!("({})", expr::print(expr, Syntax::Python)), Level::Primary),
        },
        ScalarExpr::Load { name, indices } => {
            (format!("{}[{}]", (names.name)(name), list(indices, names)), Level::Primary)
        }
        ScalarExpr::Unary(UnaryOp::Not, operand) => {
            (format!("not {}", at(Level::Not, operand, names)), Level::Not)
        }
        ScalarExpr::Unary(op, operand) => {
            (format!("{}{}", op.symbol(), at(Level::Power, operand, names)), Level::Sign)
        }
        ScalarExpr::Binary(op, lhs, rhs) => binary(*op, lhs, rhs, names),
        ScalarExpr::Call(function, args) => {
            (format!("{}({})", function.name(), list(args, names)), Level::Primary)
        }
        ScalarExpr::Select { condition, then, otherwise } => {
            let (then, condition) = (at(Level::Or, then, names), at(Level::Or, condition, names));
            (format!("{then} if {condition} else {}", expression(otherwise, names)), Level::Ternary)
        }
        ScalarExpr::IsNone(name) => (format!("{} is None", (names.name)(name)), Level::Compare),
        // Numbers become vectors by themselves there.
        ScalarExpr::Cast(DType::Vector(_), operand) => print(operand, names),
        ScalarExpr::Cast(dtype, operand) => {
            (format!("{}({})", (names.cast)(*dtype), expression(operand, names)), Level::Primary)
        }
    }
}

fn binary(op: BinaryOp, lhs: &ScalarExpr, rhs: &ScalarExpr, names: &Words<'_>) -> (String, Level) {
    let Some(level) = level_of(op) else {
        let (lhs, rhs) = (expression(lhs, names), expression(rhs, names));
        return (format!("{}({lhs}, {rhs})", op.symbol()), Level::Primary);
    };
    let (left, right) = match level {
        Level::Compare => (level.tighter(), level.tighter()),
        Level::Power => (Level::Primary, Level::Primary),
        _ => (level, level.tighter()),
    };
    let (lhs, rhs) = (at(left, lhs, names), at(right, rhs, names));
    (format!("{lhs} {} {rhs}", op.symbol()), level)
}

/// Literals of the types that C++ gives them are bare; the others say their type.
fn literal(constant: Constant, cast: fn(DType) -> &'static str) -> (String, Level) {
    let bare = |text: String| {
        let level = if text.starts_with('-') { Level::Sign } else { Level::Primary };
        (text, level)
    };
    let typed = |dtype: DType, text: String| (format!("{}({text})", cast(dtype)), Level::Primary);
    match constant {
        Constant::Bool(value) => bare(if value { "True" } else { "False" }.to_owned()),
        Constant::Int(value, DType::Int64) => bare(value.to_string()),
        Constant::Int(value, dtype) => typed(dtype, value.to_string()),
        Constant::UInt(value) => typed(DType::UInt64, value.to_string()),
        Constant::Float(value, DType::Float64) => bare(float(value)),
        Constant::Float(value, dtype) => typed(dtype, float(value)),
        Constant::Complex(re, im, dtype) => typed(dtype, format!("{}, {}", float(re), float(im))),
    }
}

fn float(value: f64) -> String {
    match value {
        _ if value.is_nan() => "nan".to_owned(),
        _ if value.is_finite() => format!("{value:?}"),
        _ if value > 0.0 => "inf".to_owned(),
        _ => "-inf".to_owned(),
    }
}

/// Types as tasklets write them.
pub(super) fn dace_type(dtype: DType) -> &'static str {
    use DType::*;
    match dtype {
        Bool => "dace.bool_",
        Int8 => "dace.int8",
        Int16 => "dace.int16",
        Int32 => "dace.int32",
        Int64 => "dace.int64",
        UInt8 => "dace.uint8",
        UInt16 => "dace.uint16",
        UInt32 => "dace.uint32",
        UInt64 => "dace.uint64",
        Float16 => "dace.float16",
        BFloat16 => "dace.bfloat16",
        Float32 => "dace.float32",
        Float64 => "dace.float64",
        Complex64 => "dace.complex64",
        Complex128 => "dace.complex128",
        Vector(_) | Pointer(_) | Opaque(_) => dtype.name(),
    }
}

/// Types as conditions write them, where DaCe takes `dace` for a symbol.
pub(super) fn c_type(dtype: DType) -> &'static str {
    use DType::*;
    match dtype {
        Bool => "bool",
        Int8 => "int8_t",
        Int16 => "int16_t",
        Int32 => "int32_t",
        Int64 => "int64_t",
        UInt8 => "uint8_t",
        UInt16 => "uint16_t",
        UInt32 => "uint32_t",
        UInt64 => "uint64_t",
        Float32 => "float",
        Float64 => "double",
        Float16 | BFloat16 | Complex64 | Complex128 | Vector(_) | Pointer(_) | Opaque(_) => dtype.name(),
    }
}
