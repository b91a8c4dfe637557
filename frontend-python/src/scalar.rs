//! Typed arithmetic on scalars: promotes, inserts casts, folds what is known.
//!
//! Integers over symbols stay symbolic expressions, so that they can be extents and indices; everything else becomes
//! code of the tasklet language.

use crate::promotion::{Typed, float_of, float_of_both, promote, rank};
use crate::types::Scalar;
use dacec_ir::dtype::Kind;
use dacec_ir::{BinaryOp, Constant, DType, Expr, Function, ScalarExpr, UnaryOp};

/// Why an operation has no result, in the user's terms.
pub(crate) type Refusal = String;

/// The value converted to a type.
pub(crate) fn cast(value: &Scalar, to: DType) -> ScalarExpr {
    if value.dtype() == to {
        return value.code.clone();
    }
    match value.as_constant() {
        Some(constant) => convert(constant, to).map(ScalarExpr::Constant),
        None => None,
    }
    .unwrap_or_else(|| value.code.clone().cast(value.dtype(), to))
}

fn convert(constant: Constant, to: DType) -> Option<Constant> {
    match constant {
        Constant::Int(value, from) if from == to => Some(Constant::Int(value, to)),
        Constant::Int(value, _) if !to.is_integer() || holds(to, value) => Some(Constant::of_int(value, to)),
        Constant::Bool(value) => Some(Constant::of_int(i64::from(value), to)),
        Constant::Float(value, _) if to.is_float() => Some(Constant::Float(value, to)),
        Constant::Float(value, _) if to.is_complex() => Some(Constant::Complex(value, 0.0, to)),
        Constant::Complex(re, im, _) if to.is_complex() => Some(Constant::Complex(re, im, to)),
        _ => None,
    }
}

/// The value as one of type `to`.
pub(crate) fn converted(value: &Scalar, to: DType) -> Scalar {
    let code = cast(value, to);
    let code = match code {
        ScalarExpr::Constant(Constant::Int(value, DType::Int64)) => ScalarExpr::Symbolic(Expr::int(value)),
        other => other,
    };
    Scalar::strong(code, to)
}

/// The value as a truth value.
pub(crate) fn truth(value: &Scalar) -> Scalar {
    if value.dtype() == DType::Bool {
        return value.clone();
    }
    if let Some(known) = value.as_truth() {
        return Scalar::bool(known);
    }
    let zero = ScalarExpr::Constant(Constant::of_int(0, value.dtype()));
    Scalar::strong(ScalarExpr::binary(BinaryOp::Ne, value.code.clone(), zero), DType::Bool)
}

/// `op value`.
pub(crate) fn unary(op: UnaryOp, value: &Scalar) -> Result<Scalar, Refusal> {
    let ty = value.ty;
    if let (UnaryOp::Neg, Some(expr)) = (op, value.as_expr()) {
        return Ok(Scalar { code: ScalarExpr::Symbolic(-expr), ty });
    }
    match op {
        UnaryOp::Neg => match value.as_constant() {
            Some(Constant::Float(number, dtype)) => {
                Ok(Scalar { code: Constant::Float(-number, dtype).into(), ty })
            }
            Some(Constant::Complex(re, im, dtype)) => {
                Ok(Scalar { code: Constant::Complex(-re, -im, dtype).into(), ty })
            }
            _ if ty.dtype == DType::Bool && ty.weak => unary(op, &python_int(value)),
            _ if ty.dtype == DType::Bool => {
                Err("`-` is not defined for truth values; use `~` or `not`".into())
            }
            _ => Ok(Scalar { code: ScalarExpr::unary(op, value.code.clone()), ty }),
        },
        UnaryOp::Not => {
            let value = truth(value);
            match value.as_truth() {
                Some(known) => Ok(Scalar::bool(!known)),
                None => Ok(Scalar { code: ScalarExpr::unary(op, value.code.clone()), ty: value.ty }),
            }
        }
        UnaryOp::BitNot if ty.dtype == DType::Bool => unary(UnaryOp::Not, value),
        UnaryOp::BitNot if ty.dtype.is_integer() => match value.as_expr() {
            Some(expr) => Ok(Scalar { code: ScalarExpr::Symbolic(-expr - 1), ty }),
            None => Ok(Scalar { code: ScalarExpr::unary(op, value.code.clone()), ty }),
        },
        UnaryOp::BitNot => Err(format!("`~` is not defined for {}", ty.dtype)),
    }
}

/// The truth value of Python as the integer that it is.
pub(crate) fn python_int(value: &Scalar) -> Scalar {
    let code = cast(value, DType::Int64);
    let code = match code {
        ScalarExpr::Constant(Constant::Int(value, _)) => ScalarExpr::Symbolic(Expr::int(value)),
        other => other,
    };
    Scalar::weak(code, DType::Int64)
}

/// `a op b`.
pub(crate) fn binary(op: BinaryOp, a: &Scalar, b: &Scalar) -> Result<Scalar, Refusal> {
    use BinaryOp::*;
    let both_bool = a.dtype() == DType::Bool && b.dtype() == DType::Bool;
    let arithmetic = matches!(op, Add | Sub | Mul | Div | FloorDiv | Mod | Pow);
    if both_bool && arithmetic && a.ty.weak && b.ty.weak {
        return binary(op, &python_int(a), &python_int(b));
    }
    if let (Some(x), Some(y)) = (a.as_expr(), b.as_expr())
        && let Some(expr) = symbolic(op, x, y)
    {
        return Ok(Scalar { code: ScalarExpr::Symbolic(expr), ty: a.ty.with(b.ty) });
    }
    if let Some(folded) = fold(op, a, b) {
        return Ok(folded);
    }
    let ty = a.ty.with(b.ty);
    match op {
        And | Or => {
            let (a, b) = (truth(a), truth(b));
            Ok(Scalar { code: ScalarExpr::binary(op, a.code, b.code), ty: a.ty.with(b.ty) })
        }
        Div => {
            let dtype =
                if ty.dtype.is_integer() || ty.dtype == DType::Bool { DType::Float64 } else { ty.dtype };
            Ok(on(op, a, b, Typed { dtype, ..ty }))
        }
        FloorDiv | Mod if ty.dtype.is_complex() => {
            Err(format!("`{}` is not defined for {}", op.symbol(), ty.dtype))
        }
        Sub if ty.dtype == DType::Bool => Err("`-` is not defined for truth values; use `^`".into()),
        FloorDiv | Mod if ty.dtype == DType::Bool => Ok(on(op, a, b, Typed { dtype: DType::Int8, ..ty })),
        Pow => power(a, b, ty),
        BitAnd | BitOr | BitXor if ty.dtype == DType::Bool || ty.dtype.is_integer() => Ok(on(op, a, b, ty)),
        Shl | Shr if ty.dtype.is_integer() => Ok(on(op, a, b, ty)),
        BitAnd | BitOr | BitXor | Shl | Shr => {
            Err(format!("`{}` is not defined for {}", op.symbol(), ty.dtype))
        }
        _ if op.is_comparison() => {
            if let Some(known) = beyond(op, a, b) {
                return Ok(known);
            }
            if let Some(compared) = without_sign(op, a, b, ty) {
                return Ok(compared);
            }
            let compared = on(op, a, b, compared_as(a, b, ty));
            Ok(Scalar { ty: Typed { dtype: DType::Bool, weak: ty.weak }, ..compared })
        }
        _ => Ok(on(op, a, b, ty)),
    }
}

/// The type in which numbers are compared: that of the result of arithmetic, except that comparisons with integers of
/// Python are exact, also with those that the other type cannot hold.
fn compared_as(a: &Scalar, b: &Scalar, ty: Typed) -> Typed {
    let exact = |weak: &Scalar, strong: &Scalar| {
        weak.ty.weak
            && !strong.ty.weak
            && strong.dtype().is_integer()
            && strong.dtype().size() < 8
            && weak.dtype() == DType::Int64
            && !weak.as_int().is_some_and(|value| holds(strong.dtype(), value))
    };
    if exact(a, b) || exact(b, a) { Typed { dtype: DType::Int64, ..ty } } else { ty }
}

/// The comparison of a negative integer of Python with an unsigned number, which does not depend on that.
fn beyond(op: BinaryOp, a: &Scalar, b: &Scalar) -> Option<Scalar> {
    let negative = |it: &Scalar| it.ty.weak && it.as_int().is_some_and(|value| value < 0);
    let unsigned = |it: &Scalar| !it.ty.weak && it.dtype() == DType::UInt64;
    let known = match () {
        () if negative(a) && unsigned(b) => compare(op, &-1, &0),
        () if unsigned(a) && negative(b) => compare(op, &0, &-1),
        () => return None,
    };
    Some(Scalar::strong(ScalarExpr::Constant(Constant::Bool(known)), DType::Bool))
}

/// Whether an integer type has the value.
pub(crate) fn holds(dtype: DType, value: i64) -> bool {
    let bits = 8 * dtype.size() as u32;
    match dtype.kind() {
        Kind::Unsigned => value >= 0 && (bits == 64 || value < 1 << bits),
        Kind::Signed => bits == 64 || (-(1 << (bits - 1))..1 << (bits - 1)).contains(&value),
        _ => true,
    }
}

fn on(op: BinaryOp, a: &Scalar, b: &Scalar, ty: Typed) -> Scalar {
    Scalar { code: ScalarExpr::binary(op, cast(a, ty.dtype), cast(b, ty.dtype)), ty }
}

/// The comparison of an integer that has a sign with a 64-bit one that has none, which no integer type holds both: a
/// negative number is below all of those.
fn without_sign(op: BinaryOp, a: &Scalar, b: &Scalar, ty: Typed) -> Option<Scalar> {
    // A known number of Python that is not negative has the other one's type already.
    let signed = |it: &Scalar| {
        it.dtype().kind() == Kind::Signed && !(it.ty.weak && it.as_int().is_some_and(|value| value >= 0))
    };
    let (number, order) = match () {
        () if signed(a) && b.dtype() == DType::UInt64 => (a, (-1, 0)),
        () if a.dtype() == DType::UInt64 && signed(b) => (b, (0, -1)),
        () => return None,
    };
    let result = Typed { dtype: DType::Bool, weak: ty.weak };
    let below = Scalar { ty: result, ..Scalar::bool(compare(op, &order.0, &order.1)) };
    let negative = binary(BinaryOp::Lt, number, &Scalar::int(0)).ok()?;
    let compared = Scalar { ty: result, ..on(op, a, b, Typed { dtype: DType::UInt64, ..ty }) };
    Some(Scalar { ty: result, ..select(&negative, &below, &compared) })
}

fn symbolic(op: BinaryOp, x: &Expr, y: &Expr) -> Option<Expr> {
    use BinaryOp::*;
    Some(match op {
        Add => x + y,
        Sub => x - y,
        Mul => x * y,
        FloorDiv if !y.is_zero() => x.floor_div(y),
        Mod if !y.is_zero() => x.modulo(y),
        Min => x.min(y),
        Max => x.max(y),
        Pow if y.as_int().is_some_and(|value| value >= 0) => x.pow(y),
        Pow if x.as_int().is_some_and(|value| value > 0) && y.as_int().is_none() => x.pow(y),
        Shl => match (x.as_int(), y.as_int()?) {
            (Some(x), bits @ 0..=62) => Expr::int(x.checked_mul(1 << bits)?),
            (None, bits @ 0..=31) => x * Expr::int(1 << bits),
            _ => return None,
        },
        Shr => match y.as_int()? {
            bits @ 0..=62 => x.floor_div(&Expr::int(1 << bits)),
            _ => return None,
        },
        BitAnd => Expr::int(x.as_int()? & y.as_int()?),
        BitOr => Expr::int(x.as_int()? | y.as_int()?),
        BitXor => Expr::int(x.as_int()? ^ y.as_int()?),
        _ => return None,
    })
}

/// Comparisons of known integers, and arithmetic of known Python floats, which Python does itself.
fn fold(op: BinaryOp, a: &Scalar, b: &Scalar) -> Option<Scalar> {
    use BinaryOp::*;
    if !(a.ty.weak && b.ty.weak) {
        return None;
    }
    let (x, y) = (a.as_f64()?, b.as_f64()?);
    if op.is_comparison() {
        if let (Some(x), Some(y)) = (a.as_int(), b.as_int()) {
            return Some(Scalar::bool(compare(op, &x, &y)));
        }
        return Some(Scalar::bool(compare(op, &x, &y)));
    }
    let float = a.dtype().is_float() || b.dtype().is_float();
    match op {
        Add if float => Some(Scalar::float(x + y)),
        Sub if float => Some(Scalar::float(x - y)),
        Mul if float => Some(Scalar::float(x * y)),
        Div if y != 0.0 => Some(Scalar::float(x / y)),
        And => Some(Scalar::bool(x != 0.0 && y != 0.0)),
        Or => Some(Scalar::bool(x != 0.0 || y != 0.0)),
        _ => None,
    }
}

fn compare<T: PartialOrd>(op: BinaryOp, x: &T, y: &T) -> bool {
    match op {
        BinaryOp::Eq => x == y,
        BinaryOp::Ne => x != y,
        BinaryOp::Lt => x < y,
        BinaryOp::Le => x <= y,
        BinaryOp::Gt => x > y,
        _ => x >= y,
    }
}

fn power(a: &Scalar, b: &Scalar, ty: Typed) -> Result<Scalar, Refusal> {
    let whole = rank(ty.dtype) < 2;
    match b.as_int() {
        Some(exponent) if exponent < 0 && whole && ty.weak => {
            return Ok(on(BinaryOp::Pow, a, b, Typed { dtype: DType::Float64, weak: true }));
        }
        Some(exponent) if exponent < 0 && whole => {
            return Err("an integer to a negative power is no integer; convert the base to a float".into());
        }
        // NumPy squares exactly like this.
        Some(2) if a.is_leaf() && ty.dtype != DType::Bool => return Ok(on(BinaryOp::Mul, a, a, ty)),
        _ => {}
    }
    let dtype = if ty.dtype == DType::Bool { DType::Int8 } else { ty.dtype };
    Ok(on(BinaryOp::Pow, a, b, Typed { dtype, ..ty }))
}

/// `function(a)`, of a number that is converted to a float where the function needs one.
pub(crate) fn call(function: Function, a: &Scalar) -> Result<Scalar, Refusal> {
    use Function::*;
    let own = matches!(function, Abs | Sign) && a.dtype() != DType::Bool
        || matches!(function, Real | Imag | Conj) && a.dtype().is_complex();
    if matches!(function, Floor | Ceil | Trunc | Rint) && (a.dtype().is_integer() || a.dtype() == DType::Bool)
    {
        return Ok(a.clone());
    }
    if matches!(function, Abs | Real | Conj) && a.dtype() == DType::Bool
        || matches!(function, Real | Conj) && !a.dtype().is_complex()
    {
        return Ok(a.clone());
    }
    if function == Imag && !own {
        return Ok(Scalar { code: Constant::of_int(0, a.dtype()).into(), ty: a.ty });
    }
    if function == Abs
        && let Some(expr) = a.as_expr()
    {
        return Ok(Scalar { code: ScalarExpr::Symbolic(expr.abs()), ty: a.ty });
    }
    let dtype = if own {
        a.dtype()
    } else if a.ty.weak && !a.dtype().is_complex() {
        DType::Float64
    } else {
        float_of(a.dtype())
    };
    let code = ScalarExpr::Call(function, vec![cast(a, dtype)]);
    let lookup = |_: &dacec_ir::Name| Some(DType::Float64);
    let probe = ScalarExpr::Call(function, vec![Constant::of_int(1, dtype).into()]);
    probe.dtype(&lookup).map_err(|_| format!("`{}` is not defined for {}", function.name(), a.dtype()))?;
    let result = function.result(dtype);
    Ok(Scalar { code, ty: Typed { dtype: result, weak: a.ty.weak } })
}

/// `function(a, b)` of two numbers, as floats unless the function takes integers.
pub(crate) fn call2(function: Function, a: &Scalar, b: &Scalar) -> Result<Scalar, Refusal> {
    let ty = a.ty.with(b.ty);
    let whole = matches!(function, Function::Fmin | Function::Fmax | Function::Fmod | Function::Gcd);
    if ty.dtype == DType::Bool && matches!(function, Function::Fmin | Function::Fmax) {
        let op = if function == Function::Fmin { BinaryOp::Min } else { BinaryOp::Max };
        return binary(op, a, b);
    }
    if ty.dtype.is_complex() && matches!(function, Function::Fmin | Function::Fmax) {
        let op = if function == Function::Fmin { BinaryOp::Min } else { BinaryOp::Max };
        let (a, b) = (converted(a, ty.dtype), converted(b, ty.dtype));
        let other = select(&call(Function::Isnan, &b)?, &a, &binary(op, &a, &b)?);
        return Ok(select(&call(Function::Isnan, &a)?, &b, &other));
    }
    let dtype = if whole && ty.dtype.is_integer() { ty.dtype } else { float_of_both(a.ty, b.ty) };
    if dtype.is_complex() || function == Function::Gcd && !dtype.is_integer() {
        return Err(format!("`{}` is not defined for {}", function.name(), ty.dtype));
    }
    Ok(Scalar {
        code: ScalarExpr::Call(function, vec![cast(a, dtype), cast(b, dtype)]),
        ty: Typed { dtype, ..ty },
    })
}

/// The complex number of that type with these parts.
pub(crate) fn complex(re: &Scalar, im: &Scalar, dtype: DType) -> Scalar {
    let parts = [re, im].map(|part| cast(part, dtype.real()));
    Scalar::strong(ScalarExpr::Call(Function::Complex, parts.to_vec()), dtype)
}

/// `then if condition else otherwise`.
pub(crate) fn select(condition: &Scalar, then: &Scalar, otherwise: &Scalar) -> Scalar {
    let condition = truth(condition);
    if let Some(known) = condition.as_truth() {
        let chosen = if known { then } else { otherwise };
        let ty = then.ty.with(otherwise.ty);
        return Scalar { code: cast(chosen, ty.dtype), ty };
    }
    let ty = then.ty.with(otherwise.ty);
    let code = ScalarExpr::select(condition.code, cast(then, ty.dtype), cast(otherwise, ty.dtype));
    Scalar { code, ty }
}

/// A number that one path gives and another path a number of type `other`: one of Python that this type does not hold is a
/// 64-bit integer, so that it stays what it is.
pub(crate) fn beside(value: &Scalar, other: DType) -> Scalar {
    let held = value.as_int().is_none_or(|known| holds(other, known));
    match value.ty.weak && other.is_integer() && !held {
        true => Scalar { ty: Typed::strong(DType::Int64), ..value.clone() },
        false => value.clone(),
    }
}

/// The type that holds a value of either type: for variables that are assigned in several places.
pub(crate) fn join(a: Typed, b: Typed) -> Typed {
    if a.weak == b.weak {
        return Typed { dtype: promote(a.dtype, b.dtype), weak: a.weak };
    }
    a.with(b)
}
