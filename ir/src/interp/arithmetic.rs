//! Operators of the tasklet language on values; the header of [`code`](crate::code) says what they mean.

use super::value::{Number, Value};
use crate::code::TypeError;
use crate::dtype::Kind;
use crate::{BinaryOp, DType, UnaryOp, Wcr};
use num_complex::Complex64;
use std::cmp::Ordering;

/// The value of `op x`.
pub fn unary(op: UnaryOp, x: Value) -> Result<Value, TypeError> {
    let dtype = x.dtype();
    Ok(match (op, x.number()) {
        (UnaryOp::Not, Number::Int(value)) if dtype == DType::Bool => Value::bool(value == 0),
        (UnaryOp::BitNot, Number::Int(value)) if dtype.is_integer() => Value::int(!value, dtype),
        (UnaryOp::Neg, Number::Int(value)) if dtype.is_integer() => Value::int(value.wrapping_neg(), dtype),
        (UnaryOp::Neg, Number::Float(value)) => Value::float(-value, dtype),
        (UnaryOp::Neg, Number::Complex(value)) => Value::complex(-value, dtype),
        _ => return Err(TypeError::Unsupported { op: op.symbol(), dtype }),
    })
}

/// The value of `a op b`.
pub fn binary(op: BinaryOp, a: Value, b: Value) -> Result<Value, TypeError> {
    let dtype = a.dtype();
    if dtype != b.dtype() {
        return Err(TypeError::Mismatch { op: op.symbol(), lhs: dtype, rhs: b.dtype() });
    }
    let result = match (a.number(), b.number()) {
        (Number::Int(a), Number::Int(b)) => match dtype.kind() {
            Kind::Bool => bool_op(op, a != 0, b != 0).map(Value::bool),
            Kind::Unsigned => unsigned_op(op, a as u64, b as u64, dtype),
            _ => signed_op(op, a, b, dtype),
        },
        (Number::Float(a), Number::Float(b)) => float_op(op, a, b, dtype),
        (Number::Complex(a), Number::Complex(b)) => complex_op(op, a, b, dtype),
        _ => unreachable!("equal types have numbers of one class"),
    };
    result.ok_or(TypeError::Unsupported { op: op.symbol(), dtype })
}

/// What is stored when `new` is written with a conflict resolution where `old` is.
pub fn combine(wcr: Wcr, old: Value, new: Value) -> Result<Value, TypeError> {
    let op = match wcr {
        Wcr::Sum => BinaryOp::Add,
        Wcr::Product => BinaryOp::Mul,
        Wcr::Min => BinaryOp::Min,
        Wcr::Max => BinaryOp::Max,
        Wcr::BitAnd => BinaryOp::BitAnd,
        Wcr::BitOr => BinaryOp::BitOr,
        Wcr::BitXor => BinaryOp::BitXor,
        Wcr::LogicalAnd | Wcr::LogicalOr => {
            let (old, new, dtype) = (old.is_true(), new.is_true(), old.dtype());
            let truth = if wcr == Wcr::LogicalAnd { old && new } else { old || new };
            return Ok(Value::int(i64::from(truth), dtype));
        }
        Wcr::Custom(custom) => return super::expression::resolve(custom.value(), old, new),
    };
    binary(op, old, new)
}

/// What leaves every value of the type as it is when combined with it; `None` where the type has no such value.
pub fn identity(wcr: Wcr, dtype: DType) -> Option<Value> {
    Some(match wcr {
        Wcr::Sum | Wcr::LogicalOr | Wcr::BitOr | Wcr::BitXor => Value::zero(dtype),
        Wcr::Product | Wcr::LogicalAnd => Value::int(1, dtype),
        Wcr::BitAnd => Value::int(-1, dtype),
        Wcr::Min => largest(dtype)?,
        Wcr::Max => smallest(dtype)?,
        Wcr::Custom(_) => return None,
    })
}

fn largest(dtype: DType) -> Option<Value> {
    let bits = || 8 * dtype.size() as u32;
    match dtype.kind() {
        Kind::Bool => Some(Value::bool(true)),
        Kind::Signed => Some(Value::int(i64::MAX >> (64 - bits()), dtype)),
        Kind::Unsigned => Some(Value::int(-1, dtype)),
        Kind::Float => Some(Value::float(f64::INFINITY, dtype)),
        Kind::Complex | Kind::Vector | Kind::Handle => None,
    }
}

fn smallest(dtype: DType) -> Option<Value> {
    let bits = || 8 * dtype.size() as u32;
    match dtype.kind() {
        Kind::Bool | Kind::Unsigned => Some(Value::zero(dtype)),
        Kind::Signed => Some(Value::int(i64::MIN >> (64 - bits()), dtype)),
        Kind::Float => Some(Value::float(f64::NEG_INFINITY, dtype)),
        Kind::Complex | Kind::Vector | Kind::Handle => None,
    }
}

fn compared(op: BinaryOp, ordering: Option<Ordering>) -> Option<Value> {
    let holds = match op {
        BinaryOp::Eq => ordering == Some(Ordering::Equal),
        BinaryOp::Ne => ordering != Some(Ordering::Equal),
        BinaryOp::Lt => ordering == Some(Ordering::Less),
        BinaryOp::Le => matches!(ordering, Some(Ordering::Less | Ordering::Equal)),
        BinaryOp::Gt => ordering == Some(Ordering::Greater),
        BinaryOp::Ge => matches!(ordering, Some(Ordering::Greater | Ordering::Equal)),
        _ => return None,
    };
    Some(Value::bool(holds))
}

fn bool_op(op: BinaryOp, a: bool, b: bool) -> Option<bool> {
    use BinaryOp::*;
    match op {
        Add | Max | BitOr | Or => Some(a | b),
        Mul | Min | BitAnd | And => Some(a & b),
        BitXor => Some(a ^ b),
        _ => compared(op, Some(a.cmp(&b))).map(Value::is_true),
    }
}

fn signed_op(op: BinaryOp, a: i64, b: i64, dtype: DType) -> Option<Value> {
    use BinaryOp::*;
    let value = match op {
        Add => a.wrapping_add(b),
        Sub => a.wrapping_sub(b),
        Mul => a.wrapping_mul(b),
        FloorDiv => floor_div(a, b),
        Mod if b == 0 => 0,
        Mod => a.wrapping_sub(floor_div(a, b).wrapping_mul(b)),
        Pow => signed_pow(a, b),
        Min => a.min(b),
        Max => a.max(b),
        BitAnd => a & b,
        BitOr => a | b,
        BitXor => a ^ b,
        Shl => shifted(b, dtype).map_or(0, |count| a.wrapping_shl(count)),
        Shr => shifted(b, dtype).map_or(a >> 63, |count| a.wrapping_shr(count)),
        _ => return compared(op, Some(a.cmp(&b))),
    };
    Some(Value::int(value, dtype))
}

fn unsigned_op(op: BinaryOp, a: u64, b: u64, dtype: DType) -> Option<Value> {
    use BinaryOp::*;
    let value = match op {
        Add => a.wrapping_add(b),
        Sub => a.wrapping_sub(b),
        Mul => a.wrapping_mul(b),
        FloorDiv => a.checked_div(b).unwrap_or(0),
        Mod => a.checked_rem(b).unwrap_or(0),
        Pow => wrapping_pow(a, b),
        Min => a.min(b),
        Max => a.max(b),
        BitAnd => a & b,
        BitOr => a | b,
        BitXor => a ^ b,
        Shl => shifted(b as i64, dtype).map_or(0, |count| a.wrapping_shl(count)),
        Shr => shifted(b as i64, dtype).map_or(0, |count| a.wrapping_shr(count)),
        _ => return compared(op, Some(a.cmp(&b))),
    };
    Some(Value::int(value as i64, dtype))
}

/// A shift count that is smaller than the width; a negative one counts as too large.
fn shifted(count: i64, dtype: DType) -> Option<u32> {
    u32::try_from(count).ok().filter(|count| *count < 8 * dtype.size() as u32)
}

fn floor_div(a: i64, b: i64) -> i64 {
    if b == 0 {
        return 0;
    }
    let quotient = a.wrapping_div(b);
    let inexact = a.wrapping_rem(b) != 0;
    if inexact && (a < 0) != (b < 0) { quotient - 1 } else { quotient }
}

fn signed_pow(base: i64, exponent: i64) -> i64 {
    match (base, u64::try_from(exponent)) {
        (_, Ok(exponent)) => wrapping_pow(base as u64, exponent) as i64,
        (1, Err(_)) => 1,
        (-1, Err(_)) => 1 - 2 * (exponent & 1),
        _ => 0,
    }
}

fn wrapping_pow(mut base: u64, mut exponent: u64) -> u64 {
    let mut result = 1_u64;
    while exponent > 0 {
        if exponent & 1 == 1 {
            result = result.wrapping_mul(base);
        }
        base = base.wrapping_mul(base);
        exponent >>= 1;
    }
    result
}

fn float_op(op: BinaryOp, a: f64, b: f64, dtype: DType) -> Option<Value> {
    use BinaryOp::*;
    let value = match op {
        Add => a + b,
        Sub => a - b,
        Mul => a * b,
        Div => a / b,
        FloorDiv => float_floor_div(a, b),
        Mod => float_mod(a, b),
        Pow => a.powf(b),
        Min if a.is_nan() || b.is_nan() => f64::NAN,
        Max if a.is_nan() || b.is_nan() => f64::NAN,
        Min => a.min(b),
        Max => a.max(b),
        _ => return compared(op, a.partial_cmp(&b)),
    };
    Some(Value::float(value, dtype))
}

/// The remainder with the sign of the divisor, as Python's `%`.
fn float_mod(a: f64, b: f64) -> f64 {
    let remainder = a % b;
    if remainder == 0.0 {
        remainder.copysign(b)
    } else if (remainder < 0.0) != (b < 0.0) {
        remainder + b
    } else {
        remainder
    }
}

/// The quotient without the remainder, so that `a // b * b + a % b` is `a` up to rounding: `floor(a / b)` would be off by
/// one where the division rounds up to an integer.
fn float_floor_div(a: f64, b: f64) -> f64 {
    if b == 0.0 {
        return a / b;
    }
    let remainder = a % b;
    let mut quotient = (a - remainder) / b;
    if remainder != 0.0 && (remainder < 0.0) != (b < 0.0) {
        quotient -= 1.0;
    }
    if quotient == 0.0 {
        return 0.0_f64.copysign(a / b);
    }
    let floor = quotient.floor();
    if quotient - floor > 0.5 { floor + 1.0 } else { floor }
}

fn complex_op(op: BinaryOp, a: Complex64, b: Complex64, dtype: DType) -> Option<Value> {
    use BinaryOp::*;
    let nan = |z: Complex64| z.re.is_nan() || z.im.is_nan();
    let ordering = a.re.partial_cmp(&b.re).zip(a.im.partial_cmp(&b.im)).map(|(re, im)| re.then(im));
    let value = match op {
        Add => a + b,
        Sub => a - b,
        Mul => a * b,
        Div => complex_quotient(a, b),
        Pow => complex_pow(a, b),
        Min | Max if nan(a) => a,
        Min | Max if nan(b) => b,
        Min => lesser(ordering, a, b),
        Max => lesser(ordering.map(Ordering::reverse), a, b),
        _ => return compared(op, ordering),
    };
    Some(Value::complex(value, dtype))
}

fn lesser(ordering: Option<Ordering>, a: Complex64, b: Complex64) -> Complex64 {
    if ordering == Some(Ordering::Greater) { b } else { a }
}

/// Scaled by the larger part of the divisor as NumPy does, so that large divisors do not overflow (Smith, "Algorithm 116:
/// Complex division", Communications of the ACM 5, 1962).
fn complex_quotient(a: Complex64, b: Complex64) -> Complex64 {
    if b.re.abs() >= b.im.abs() {
        if b.re == 0.0 && b.im == 0.0 {
            return Complex64::new(a.re / b.re.abs(), a.im / b.re.abs());
        }
        let ratio = b.im / b.re;
        let scale = 1.0 / (b.re + b.im * ratio);
        Complex64::new((a.re + a.im * ratio) * scale, (a.im - a.re * ratio) * scale)
    } else {
        let ratio = b.re / b.im;
        let scale = 1.0 / (b.im + b.re * ratio);
        Complex64::new((a.re * ratio + a.im) * scale, (a.im * ratio - a.re) * scale)
    }
}

fn complex_pow(base: Complex64, exponent: Complex64) -> Complex64 {
    let zero = Complex64::new(0.0, 0.0);
    if exponent == zero {
        Complex64::new(1.0, 0.0)
    } else if base == zero {
        if exponent.re > 0.0 { zero } else { Complex64::new(f64::NAN, f64::NAN) }
    } else {
        base.powc(exponent)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn int(op: BinaryOp, a: i64, b: i64) -> i64 {
        let value = |x| Value::int(x, DType::Int32);
        binary(op, value(a), value(b)).expect("an operation of integers").to_i64()
    }

    fn float(op: BinaryOp, a: f64, b: f64) -> f64 {
        let value = |x| Value::float(x, DType::Float64);
        binary(op, value(a), value(b)).expect("an operation of floats").to_f64()
    }

    #[test]
    fn integers_round_down_and_wrap() {
        use BinaryOp::*;
        assert_eq!((int(FloorDiv, -7, 2), int(Mod, -7, 2)), (-4, 1));
        assert_eq!((int(FloorDiv, 7, -2), int(Mod, 7, -2)), (-4, -1));
        assert_eq!((int(FloorDiv, 7, 0), int(Mod, 7, 0)), (0, 0));
        assert_eq!(int(FloorDiv, i64::from(i32::MIN), -1), i64::from(i32::MIN));
        assert_eq!(int(Add, i64::from(i32::MAX), 1), i64::from(i32::MIN));
        assert_eq!((int(Pow, 3, 4), int(Pow, 2, -1), int(Pow, -1, -3)), (81, 0, -1));
    }

    #[test]
    fn shifts_by_the_width_leave_the_sign() {
        use BinaryOp::*;
        assert_eq!((int(Shl, 1, 31), int(Shl, 1, 32)), (i64::from(i32::MIN), 0));
        assert_eq!((int(Shr, -8, 1), int(Shr, -8, 40), int(Shr, 8, 40)), (-4, -1, 0));
        assert_eq!(int(Shl, 1, -1), 0);
    }

    #[test]
    fn floats_divide_as_in_python() {
        use BinaryOp::*;
        assert_eq!((float(FloorDiv, 1.0, 0.1), float(FloorDiv, -7.0, 2.0)), (9.0, -4.0));
        assert_eq!((float(Mod, -7.0, 2.0), float(Mod, 7.0, -2.0)), (1.0, -1.0));
        assert_eq!(float(FloorDiv, 1.0, 0.0), f64::INFINITY);
        assert!(float(Mod, 1.0, 0.0).is_nan());
        assert!(float(Min, 1.0, f64::NAN).is_nan() && float(Max, f64::NAN, 1.0).is_nan());
    }

    #[test]
    fn complex_numbers_compare_lexicographically() {
        let z = |re, im| Value::complex(Complex64::new(re, im), DType::Complex128);
        assert_eq!(binary(BinaryOp::Lt, z(1.0, 5.0), z(1.0, 6.0)), Ok(Value::bool(true)));
        assert_eq!(binary(BinaryOp::Max, z(1.0, 5.0), z(1.0, 6.0)), Ok(z(1.0, 6.0)));
        assert_eq!(binary(BinaryOp::Mul, z(0.0, 1.0), z(0.0, 1.0)), Ok(z(-1.0, 0.0)));
    }

    #[test]
    fn complex_quotients_do_not_overflow() {
        let z = |re, im| Value::complex(Complex64::new(re, im), DType::Complex128);
        let divided = |a, b| binary(BinaryOp::Div, a, b).expect("an operation of complex numbers");
        assert_eq!(divided(z(3.0, -4.0), z(f64::INFINITY, 0.0)), z(0.0, 0.0));
        assert_eq!(divided(z(1e300, 1e300), z(1e300, 1e300)), z(1.0, 0.0));
        assert_eq!(divided(z(4.0, 8.0), z(0.0, 2.0)), z(4.0, -2.0));
    }

    #[test]
    fn types_are_never_converted() {
        let error = TypeError::Mismatch { op: "+", lhs: DType::Int32, rhs: DType::Float64 };
        let sum = binary(BinaryOp::Add, Value::int(1, DType::Int32), Value::float(1.0, DType::Float64));
        assert_eq!(sum, Err(error));
        assert!(binary(BinaryOp::Sub, Value::bool(true), Value::bool(true)).is_err());
        assert!(unary(UnaryOp::Neg, Value::bool(true)).is_err());
    }

    #[test]
    fn the_identity_changes_nothing() {
        for wcr in Wcr::ALL {
            for dtype in DType::ALL {
                let Some(neutral) = identity(wcr, dtype) else { continue };
                for x in [0, 1, 5].map(|x| Value::int(x, dtype)) {
                    let logical = matches!(wcr, Wcr::LogicalAnd | Wcr::LogicalOr);
                    let expected = if logical { Value::int(i64::from(x.is_true()), dtype) } else { x };
                    if let Ok(combined) = combine(wcr, neutral, x) {
                        assert_eq!(combined, expected, "{wcr} of {dtype}");
                    }
                }
            }
        }
    }
}
