//! Functions by name: Python's, SymPy's, and those of `.sdfg` files.

use super::ParseErrorKind;
use super::value::Value;
use crate::symbolic::{CmpOp, Expr, Function};

type Result = std::result::Result<Value, ParseErrorKind>;

pub(super) fn call(name: &str, args: Vec<Value>) -> Result {
    match name {
        "min" | "Min" => extremum(name, args, Expr::min_of),
        "max" | "Max" => extremum(name, args, Expr::max_of),
        "And" | "AND" => Value::integers(args, Expr::all),
        "Or" | "OR" => Value::integers(args, Expr::any),
        "Not" | "NOT" => unary(name, args, Expr::not),
        "Abs" | "abs" => unary(name, args, Expr::abs),
        "sign" | "Sign" => unary(name, args, |x| Expr::call(Function::Sign, vec![x.clone()])),
        "bitwise_not" | "bitwise_invert" | "BitwiseNot" => unary(name, args, |x| -x - 1),
        "floor" => one(name, args)?.rounded(Expr::floor_div),
        "ceiling" | "ceil" => one(name, args)?.rounded(Expr::ceil_div),
        // Integers stay as they are; a fraction is an error.
        "int" | "round" | "ROUND" | "int32" | "int64" | "dace.int32" | "dace.int64" => {
            unary(name, args, Expr::clone)
        }
        "int_floor" => binary(name, args, Expr::floor_div),
        "int_ceil" => binary(name, args, Expr::ceil_div),
        "Mod" => binary(name, args, Expr::modulo),
        "Pow" | "pow" => binary(name, args, Expr::pow),
        "IfExpr" | "ITE" => select(name, args),
        _ => match (comparison(name), function(name)) {
            (Some(op), _) => compare(name, op, args),
            (_, Some(function)) => {
                binary(name, args, |a, b| Expr::call(function, vec![a.clone(), b.clone()]))
            }
            _ => Err(ParseErrorKind::UnknownFunction(name.to_owned())),
        },
    }
}

fn comparison(name: &str) -> Option<CmpOp> {
    Some(match name {
        "Lt" | "StrictLessThan" => CmpOp::Lt,
        "Le" | "LessThan" => CmpOp::Le,
        "Gt" | "StrictGreaterThan" => CmpOp::Gt,
        "Ge" | "GreaterThan" => CmpOp::Ge,
        "Eq" | "Equality" => CmpOp::Eq,
        "Ne" | "Unequality" => CmpOp::Ne,
        _ => return None,
    })
}

fn function(name: &str) -> Option<Function> {
    Some(match name {
        "gcd" | "igcd" => Function::Gcd,
        "bitwise_and" | "BitwiseAnd" => Function::BitAnd,
        "bitwise_or" | "BitwiseOr" => Function::BitOr,
        "bitwise_xor" | "BitwiseXor" => Function::BitXor,
        "left_shift" | "LeftShift" => Function::Shl,
        "right_shift" | "RightShift" => Function::Shr,
        _ => return None,
    })
}

fn extremum(name: &str, args: Vec<Value>, f: fn(Vec<Expr>) -> Option<Expr>) -> Result {
    if args.is_empty() {
        return Err(wrong_number(name, "at least one argument", 0));
    }
    Value::integers(args, |args| f(args).unwrap_or_default())
}

fn one(name: &str, args: Vec<Value>) -> Result {
    <[Value; 1]>::try_from(args).map(|[x]| x).map_err(|args| wrong_number(name, "one argument", args.len()))
}

fn two(name: &str, args: Vec<Value>) -> std::result::Result<[Value; 2], ParseErrorKind> {
    args.try_into().map_err(|args: Vec<Value>| wrong_number(name, "two arguments", args.len()))
}

fn unary(name: &str, args: Vec<Value>, f: impl FnOnce(&Expr) -> Expr) -> Result {
    one(name, args)?.integers1(f)
}

fn binary(name: &str, args: Vec<Value>, f: impl FnOnce(&Expr, &Expr) -> Expr) -> Result {
    let [a, b] = two(name, args)?;
    a.integers2(b, f)
}

fn compare(name: &str, op: CmpOp, args: Vec<Value>) -> Result {
    let [a, b] = two(name, args)?;
    Value::compare(op, &a, &b)
}

fn select(name: &str, args: Vec<Value>) -> Result {
    let args = <[Value; 3]>::try_from(args);
    let [condition, then, otherwise] =
        args.map_err(|args| wrong_number(name, "three arguments", args.len()))?;
    Value::select(condition, then, otherwise)
}

fn wrong_number(function: &str, expected: &'static str, found: usize) -> ParseErrorKind {
    ParseErrorKind::Arguments { function: function.to_owned(), expected, found }
}
