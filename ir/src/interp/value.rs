//! One value of an element type.
//!
//! A value is kept as the widest number of its class and brought back into its type after every operation: a `float32`
//! is a double that a `float32` can hold. For sums, products, quotients and square roots that gives exactly what the
//! narrow type gives, because a double has more than twice its digits; functions such as `exp` may come out better by
//! one unit in the last place.

use crate::dtype::Kind;
use crate::{Constant, DType};
use half::{bf16, f16};
use num_complex::Complex64;
use std::fmt;

/// A value with its type.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Value {
    dtype: DType,
    number: Number,
}

/// A number of some class.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Number {
    /// A truth value (0 or 1) or an integer. Of a `uint64`, the bits.
    Int(i64),
    /// A real number.
    Float(f64),
    /// A complex number.
    Complex(Complex64),
}

impl Value {
    /// A truth value.
    pub fn bool(value: bool) -> Self {
        Value { dtype: DType::Bool, number: Number::Int(i64::from(value)) }
    }

    /// An integer, a truth value or, converted, a number of any other type. Integers that do not fit wrap around.
    pub fn int(value: i64, dtype: DType) -> Self {
        match dtype.kind() {
            Kind::Bool => Value::bool(value != 0),
            Kind::Signed | Kind::Unsigned => Value { dtype, number: Number::Int(wrap(value, dtype)) },
            // Straight to single precision: rounding twice could give the other neighbour.
            _ if dtype.real() == DType::Float32 => Value::float(f64::from(value as f32), dtype),
            _ => Value::float(value as f64, dtype),
        }
    }

    /// A real number of a floating-point or complex type, rounded to it.
    pub fn float(value: f64, dtype: DType) -> Self {
        let number = match dtype.kind() {
            Kind::Complex => Number::Complex(Complex64::new(round(value, dtype.real()), 0.0)),
            _ => Number::Float(round(value, dtype)),
        };
        Value { dtype, number }
    }

    /// A complex number of a complex type, rounded to it.
    pub fn complex(value: Complex64, dtype: DType) -> Self {
        let part = dtype.real();
        let number = Number::Complex(Complex64::new(round(value.re, part), round(value.im, part)));
        Value { dtype, number }
    }

    /// 0 of any type.
    pub fn zero(dtype: DType) -> Self {
        Value::int(0, dtype)
    }

    /// Type of the value.
    pub fn dtype(&self) -> DType {
        self.dtype
    }

    pub(super) fn number(&self) -> Number {
        self.number
    }

    /// The value as an integer: truncated, real part, bits of a `uint64`. What does not fit gives some integer.
    pub fn to_i64(self) -> i64 {
        match self.number {
            Number::Int(value) => value,
            Number::Float(value) => truncate(value),
            Number::Complex(value) => truncate(value.re),
        }
    }

    /// The value as a real number; the real part of a complex one.
    pub fn to_f64(self) -> f64 {
        match self.number {
            Number::Int(value) if self.dtype == DType::UInt64 => value as u64 as f64,
            Number::Int(value) => value as f64,
            Number::Float(value) => value,
            Number::Complex(value) => value.re,
        }
    }

    /// The value as a complex number.
    pub fn to_complex(self) -> Complex64 {
        match self.number {
            Number::Complex(value) => value,
            _ => Complex64::new(self.to_f64(), 0.0),
        }
    }

    /// Whether the value is not zero.
    pub fn is_true(self) -> bool {
        match self.number {
            Number::Int(value) => value != 0,
            Number::Float(value) => value != 0.0,
            Number::Complex(value) => value.re != 0.0 || value.im != 0.0,
        }
    }

    /// The value converted: floats to integers truncate, complex to real numbers drop the imaginary part, to truth
    /// values compare with zero. A float that the integer type cannot hold gives some integer.
    pub fn cast(self, dtype: DType) -> Self {
        match (dtype.kind(), self.number) {
            _ if dtype == self.dtype => self,
            (Kind::Bool, _) => Value::bool(self.is_true()),
            (Kind::Signed | Kind::Unsigned, _) => Value::int(self.to_i64(), dtype),
            (Kind::Complex, Number::Complex(value)) => Value::complex(value, dtype),
            (_, Number::Int(value)) if self.dtype == DType::UInt64 => match dtype.real() {
                DType::Float32 => Value::float(f64::from(value as u64 as f32), dtype),
                _ => Value::float(value as u64 as f64, dtype),
            },
            (_, Number::Int(value)) => Value::int(value, dtype),
            _ => Value::float(self.to_f64(), dtype),
        }
    }
}

impl Value {
    /// The value as a literal of its type.
    pub fn to_constant(self) -> Constant {
        match self.number {
            Number::Int(value) => match self.dtype {
                DType::Bool => Constant::Bool(value != 0),
                DType::UInt64 if value < 0 => Constant::UInt(value as u64),
                dtype => Constant::Int(value, dtype),
            },
            Number::Float(value) => Constant::Float(value, self.dtype),
            Number::Complex(value) => Constant::Complex(value.re, value.im, self.dtype),
        }
    }
}

impl From<Constant> for Value {
    fn from(constant: Constant) -> Self {
        match constant {
            Constant::Bool(value) => Value::bool(value),
            Constant::Int(value, dtype) => Value::int(value, dtype),
            Constant::UInt(value) => Value::int(value as i64, DType::UInt64),
            Constant::Float(value, dtype) => Value::float(value, dtype),
            Constant::Complex(re, im, dtype) => Value::complex(Complex64::new(re, im), dtype),
        }
    }
}

impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.number {
            Number::Int(value) if self.dtype == DType::Bool => write!(f, "{}", value != 0),
            Number::Int(value) if self.dtype == DType::UInt64 => write!(f, "{}", value as u64),
            Number::Int(value) => write!(f, "{value}"),
            Number::Float(value) => write!(f, "{value}"),
            Number::Complex(value) => write!(f, "{value}"),
        }
    }
}

/// The integer of the given type with the same low bits.
fn wrap(value: i64, dtype: DType) -> i64 {
    match dtype {
        DType::Int8 => i64::from(value as i8),
        DType::Int16 => i64::from(value as i16),
        DType::Int32 => i64::from(value as i32),
        DType::UInt8 => i64::from(value as u8),
        DType::UInt16 => i64::from(value as u16),
        DType::UInt32 => i64::from(value as u32),
        _ => value,
    }
}

/// The nearest number that the floating-point type has.
fn round(value: f64, dtype: DType) -> f64 {
    match dtype {
        DType::Float16 => f16::from_f64(value).to_f64(),
        DType::BFloat16 => bf16::from_f64(value).to_f64(),
        DType::Float32 => f64::from(value as f32),
        _ => value,
    }
}

/// Towards zero; the upper half of `uint64` gives its bits.
fn truncate(value: f64) -> i64 {
    if value >= 9_223_372_036_854_775_808.0 { value as u64 as i64 } else { value as i64 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn integers_wrap_into_their_type() {
        assert_eq!(Value::int(300, DType::UInt8), Value::int(44, DType::UInt8));
        assert_eq!(Value::int(200, DType::Int8).to_i64(), -56);
        assert_eq!(Value::int(-1, DType::UInt64).to_f64(), u64::MAX as f64);
        assert_eq!(Value::int(-1, DType::UInt64).to_string(), "18446744073709551615");
    }

    #[test]
    fn floats_round_to_their_type() {
        assert_eq!(Value::float(0.1, DType::Float32).to_f64(), f64::from(0.1_f32));
        assert_eq!(Value::float(1.0e6, DType::Float16).to_f64(), f64::INFINITY);
        assert_eq!(Value::int(16_777_217, DType::Float32).to_f64(), 16_777_216.0);
    }

    #[test]
    fn casts_truncate_and_drop() {
        assert_eq!(Value::float(-2.9, DType::Float64).cast(DType::Int32).to_i64(), -2);
        assert_eq!(Value::float(1.0e19, DType::Float64).cast(DType::UInt64).to_f64(), 1.0e19);
        let z = Value::complex(Complex64::new(1.5, 2.5), DType::Complex128);
        assert_eq!(z.cast(DType::Float64), Value::float(1.5, DType::Float64));
        assert_eq!(z.cast(DType::Bool), Value::bool(true));
        assert_eq!(Value::float(f64::NAN, DType::Float64).cast(DType::Bool), Value::bool(true));
        assert_eq!(Value::int(-1, DType::Int8).cast(DType::UInt16).to_i64(), 65535);
    }
}
