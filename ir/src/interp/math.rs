//! Mathematical functions on values.

use super::value::{Number, Value};
use crate::code::TypeError;
use crate::dtype::Kind;
use crate::{DType, Function};
use half::{bf16, f16};
use num_complex::Complex64;

/// The value of `function(args)`.
pub fn call(function: Function, args: &[Value]) -> Result<Value, TypeError> {
    let name = function.name();
    match *args {
        [x] if function.arity() == 1 => {
            let result = match x.number() {
                Number::Int(value) => integer(function, value, x.dtype()),
                Number::Float(value) => real(function, value, x.dtype()),
                Number::Complex(value) => complex(function, value, x.dtype()),
            };
            result.ok_or(TypeError::Unsupported { op: name, dtype: x.dtype() })
        }
        [a, b] if function.arity() == 2 => {
            if a.dtype() != b.dtype() {
                return Err(TypeError::Mismatch { op: name, lhs: a.dtype(), rhs: b.dtype() });
            }
            let result = match (a.number(), b.number()) {
                (Number::Int(x), Number::Int(y)) => integers(function, x, y, a.dtype()),
                (Number::Float(x), Number::Float(y)) => reals(function, x, y, a.dtype()),
                _ => None,
            };
            result.ok_or(TypeError::Unsupported { op: name, dtype: a.dtype() })
        }
        _ => Err(TypeError::Arity { function: name, arity: function.arity(), given: args.len() }),
    }
}

fn integer(function: Function, x: i64, dtype: DType) -> Option<Value> {
    let unsigned = match dtype.kind() {
        Kind::Bool => return None,
        kind => kind == Kind::Unsigned,
    };
    let value = match function {
        Function::FromBits => return from_bits(x as u64, dtype),
        Function::Abs if unsigned => x,
        Function::Abs => x.wrapping_abs(),
        Function::Sign if unsigned => i64::from(x != 0),
        Function::Sign => x.signum(),
        _ => return None,
    };
    Some(Value::int(value, dtype))
}

/// The bits of a float of that type.
fn bits(x: f64, dtype: DType) -> Option<Value> {
    let bits = match dtype {
        DType::Float16 => f16::from_f64(x).to_bits().into(),
        DType::Float32 => (x as f32).to_bits().into(),
        DType::Float64 => x.to_bits(),
        _ => return None,
    };
    Some(Value::int(bits as i64, dtype.same_size_unsigned()))
}

/// The float whose bits a number of that type is.
fn from_bits(bits: u64, dtype: DType) -> Option<Value> {
    let value = match dtype {
        DType::UInt16 => f16::from_bits(bits as u16).to_f64(),
        DType::UInt32 => f64::from(f32::from_bits(bits as u32)),
        DType::UInt64 => f64::from_bits(bits),
        _ => return None,
    };
    Some(Value::float(value, dtype.same_size_float()))
}

fn integers(function: Function, a: i64, b: i64, dtype: DType) -> Option<Value> {
    let unsigned = match dtype.kind() {
        Kind::Bool => return None,
        kind => kind == Kind::Unsigned,
    };
    let (ua, ub) = (a as u64, b as u64);
    let value = match function {
        Function::Fmin if unsigned => ua.min(ub) as i64,
        Function::Fmax if unsigned => ua.max(ub) as i64,
        Function::Fmod if unsigned => ua.checked_rem(ub).unwrap_or(0) as i64,
        Function::Gcd if unsigned => gcd(ua, ub) as i64,
        Function::Fmin => a.min(b),
        Function::Fmax => a.max(b),
        Function::Fmod if b == 0 => 0,
        Function::Fmod => a.wrapping_rem(b),
        Function::Gcd => gcd(a.unsigned_abs(), b.unsigned_abs()) as i64,
        _ => return None,
    };
    Some(Value::int(value, dtype))
}

fn gcd(mut a: u64, mut b: u64) -> u64 {
    while b != 0 {
        (a, b) = (b, a % b);
    }
    a
}

fn real(function: Function, x: f64, dtype: DType) -> Option<Value> {
    use Function::*;
    let value = match function {
        Abs => x.abs(),
        Sign if x == 0.0 || x.is_nan() => x,
        Sign => x.signum(),
        Sqrt => x.sqrt(),
        Cbrt => x.cbrt(),
        Exp => x.exp(),
        Exp2 => x.exp2(),
        Expm1 => x.exp_m1(),
        Log => x.ln(),
        Log2 => x.log2(),
        Log10 => x.log10(),
        Log1p => x.ln_1p(),
        Sin => x.sin(),
        Cos => x.cos(),
        Tan => x.tan(),
        Asin => x.asin(),
        Acos => x.acos(),
        Atan => x.atan(),
        Sinh => x.sinh(),
        Cosh => x.cosh(),
        Tanh => x.tanh(),
        Asinh => libm::asinh(x),
        Acosh => libm::acosh(x),
        Atanh => libm::atanh(x),
        Floor => x.floor(),
        Ceil => x.ceil(),
        Trunc => x.trunc(),
        Rint => x.round_ties_even(),
        Erf => libm::erf(x),
        Erfc => libm::erfc(x),
        Gamma => libm::tgamma(x),
        Lgamma => libm::lgamma(x),
        Isnan => return Some(Value::bool(x.is_nan())),
        Isinf => return Some(Value::bool(x.is_infinite())),
        Isfinite => return Some(Value::bool(x.is_finite())),
        Signbit => return Some(Value::bool(x.is_sign_negative())),
        Bits => return bits(x, dtype),
        _ => return None,
    };
    Some(Value::float(value, dtype))
}

fn reals(function: Function, a: f64, b: f64, dtype: DType) -> Option<Value> {
    use Function::*;
    let value = match function {
        Atan2 => a.atan2(b),
        Hypot => a.hypot(b),
        Copysign => a.copysign(b),
        Nextafter => nextafter(a, b, dtype),
        Fmin => a.min(b),
        Fmax => a.max(b),
        Fmod => a % b,
        Complex if matches!(dtype, DType::Float32 | DType::Float64) => {
            return Some(Value::complex(Complex64::new(a, b), function.result(dtype)));
        }
        _ => return None,
    };
    Some(Value::float(value, dtype))
}

/// The neighbour of `a` on the way to `b` among the numbers of the type.
fn nextafter(a: f64, b: f64, dtype: DType) -> f64 {
    if a.is_nan() || b.is_nan() {
        return f64::NAN;
    }
    if a == b {
        return b;
    }
    match dtype {
        DType::Float16 => {
            f16::from_bits(next_bits(f16::from_f64(a).to_bits().into(), 15, a, b) as u16).to_f64()
        }
        DType::BFloat16 => {
            bf16::from_bits(next_bits(bf16::from_f64(a).to_bits().into(), 15, a, b) as u16).to_f64()
        }
        DType::Float32 => f64::from(if b > a { (a as f32).next_up() } else { (a as f32).next_down() }),
        _ if b > a => a.next_up(),
        _ => a.next_down(),
    }
}

/// The bits of the neighbour of `a` towards `b`, for a format whose sign is bit `sign`.
fn next_bits(bits: u32, sign: u32, a: f64, b: f64) -> u32 {
    if a == 0.0 {
        // The smallest number that is not zero, with the sign of the direction.
        return 1 | u32::from(b < 0.0) << sign;
    }
    // Away from zero is one more, whatever the sign.
    if (b > a) == (a > 0.0) { bits + 1 } else { bits - 1 }
}

fn complex(function: Function, z: Complex64, dtype: DType) -> Option<Value> {
    use Function::*;
    let one = Complex64::new(1.0, 0.0);
    let value = match function {
        Abs => return Some(Value::float(z.norm(), dtype.real())),
        Real => return Some(Value::float(z.re, dtype.real())),
        Imag => return Some(Value::float(z.im, dtype.real())),
        Isnan => return Some(Value::bool(z.re.is_nan() || z.im.is_nan())),
        Isinf => return Some(Value::bool(z.re.is_infinite() || z.im.is_infinite())),
        Isfinite => return Some(Value::bool(z.re.is_finite() && z.im.is_finite())),
        Conj => z.conj(),
        Sign if z == Complex64::new(0.0, 0.0) => z,
        // What is infinite along one axis lies on it.
        Sign if z.re.is_infinite() && !z.im.is_infinite() => Complex64::new(z.re.signum(), 0.0),
        Sign if z.im.is_infinite() && !z.re.is_infinite() => Complex64::new(0.0, z.im.signum()),
        Sign => z / z.norm(),
        Sqrt => z.sqrt(),
        Exp => z.exp(),
        Exp2 => (z * std::f64::consts::LN_2).exp(),
        Expm1 => {
            let half = (z.im / 2.0).sin();
            Complex64::new(z.re.exp_m1() * z.im.cos() - 2.0 * half * half, z.re.exp() * z.im.sin())
        }
        Log => z.ln(),
        Log2 => z.ln() / std::f64::consts::LN_2,
        Log10 => z.ln() / std::f64::consts::LN_10,
        Log1p => (z + one).ln(),
        Sin => z.sin(),
        Cos => z.cos(),
        Tan => z.tan(),
        Asin => z.asin(),
        Acos => z.acos(),
        Atan => z.atan(),
        Sinh => z.sinh(),
        Cosh => z.cosh(),
        Tanh => z.tanh(),
        Asinh => z.asinh(),
        Acosh => z.acosh(),
        Atanh => z.atanh(),
        _ => return None,
    };
    Some(Value::complex(value, dtype))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ScalarExpr;

    fn float(function: Function, args: &[f64], dtype: DType) -> f64 {
        let args: Vec<Value> = args.iter().map(|x| Value::float(*x, dtype)).collect();
        call(function, &args).expect("a function of floats").to_f64()
    }

    #[test]
    fn known_values() {
        use Function::*;
        let close = |a: f64, b: f64| assert!((a - b).abs() < 1e-12, "{a} is not {b}");
        close(float(Erf, &[0.5], DType::Float64), 0.520_499_877_813_046_5);
        close(float(Asinh, &[1.0], DType::Float64), 0.881_373_587_019_543);
        close(float(Hypot, &[3.0, 4.0], DType::Float64), 5.0);
        assert_eq!(float(Rint, &[2.5], DType::Float64), 2.0);
        assert_eq!(float(Sign, &[-0.5], DType::Float32), -1.0);
        assert_eq!(float(Fmax, &[f64::NAN, 1.0], DType::Float64), 1.0);
        assert_eq!(float(Fmod, &[-7.0, 2.0], DType::Float64), -1.0);
    }

    #[test]
    fn neighbours_are_those_of_the_type() {
        let next = |a, b, dtype| float(Function::Nextafter, &[a, b], dtype);
        assert_eq!(next(1.0, 2.0, DType::Float64), 1.0 + f64::EPSILON);
        assert_eq!(next(1.0, 2.0, DType::Float32), 1.0 + f64::from(f32::EPSILON));
        assert_eq!(next(1.0, 2.0, DType::Float16), 1.0 + f16::EPSILON.to_f64());
        assert_eq!(next(-1.0, -2.0, DType::BFloat16), -1.0 - bf16::EPSILON.to_f64());
        assert_eq!(next(0.0, -1.0, DType::Float16), -f16::MIN_POSITIVE_SUBNORMAL.to_f64());
    }

    /// What the interpreter computes and what the type rules allow are the same.
    #[test]
    fn functions_take_what_their_types_say() {
        for function in Function::ALL {
            for dtype in DType::ALL {
                let args = vec![Value::int(1, dtype); function.arity()];
                let expr = ScalarExpr::Call(function, vec![ScalarExpr::name("x"); function.arity()]);
                let expected = expr.dtype(&|_| Some(dtype));
                assert_eq!(
                    call(function, &args).map(|v| v.dtype()),
                    expected,
                    "{} of {dtype}",
                    function.name()
                );
            }
        }
    }
}
