//! One value of any element type: what a caller passes for a scalar argument.
//!
//! Callers write `2` or `1.5`; the program wants its declared type. Conversions are those that NumPy makes of Python's
//! numbers: integers become any wider kind, real numbers any float or complex type. What would lose meaning (a fraction
//! for an integer, 300 for `uint8`) is refused.

use dacec_ir::DType;
use dacec_ir::dtype::Kind;
use half::{bf16, f16};
use num_complex::{Complex32, Complex64};
use std::fmt;

/// A number or truth value.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum ScalarValue {
    /// A truth value.
    Bool(bool),
    /// An integer; wide enough for both 64-bit types.
    Int(i128),
    /// A real number.
    Float(f64),
    /// A complex number.
    Complex(Complex64),
}

/// A value does not fit a type.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum ConversionError {
    /// The kinds differ: a fraction for an integer, a complex number for a real one.
    #[error("{value} is not a value of {dtype}")]
    Kind {
        /// The value.
        value: ScalarValue,
        /// The type.
        dtype: DType,
    },
    /// The integer is too large or too small.
    #[error("{value} is out of the range of {dtype}")]
    Range {
        /// The value.
        value: ScalarValue,
        /// The type.
        dtype: DType,
    },
    /// The text is no number.
    #[error("`{text}` is not a value of {dtype}")]
    Text {
        /// The text.
        text: String,
        /// The type.
        dtype: DType,
    },
}

/// The bytes of one element, aligned for every type.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[repr(C, align(16))]
pub struct ScalarBytes([u8; 16]);

impl ScalarBytes {
    /// A pointer to the element.
    pub fn as_ptr(&self) -> *const u8 {
        self.0.as_ptr()
    }

    /// The bytes of which the first are the element.
    pub fn as_bytes(&self) -> &[u8; 16] {
        &self.0
    }

    fn of<const N: usize>(bytes: [u8; N]) -> ScalarBytes {
        let mut all = [0; 16];
        all[..N].copy_from_slice(&bytes);
        ScalarBytes(all)
    }

    fn pair<const N: usize>(first: [u8; N], second: [u8; N]) -> ScalarBytes {
        let mut all = ScalarBytes::of(first);
        all.0[N..2 * N].copy_from_slice(&second);
        all
    }
}

impl ScalarValue {
    /// Reads a value as people write it: `3`, `-1.5e3`, `true`, `1+2j`, `inf`.
    pub fn parse(text: &str, dtype: DType) -> Result<ScalarValue, ConversionError> {
        let text = text.trim();
        let no_number = || ConversionError::Text { text: text.to_owned(), dtype };
        let value = match text {
            "true" | "True" => ScalarValue::Bool(true),
            "false" | "False" => ScalarValue::Bool(false),
            _ => {
                let int = text.parse().map(ScalarValue::Int).ok();
                let float = || text.parse().map(ScalarValue::Float).ok();
                let complex = || parse_complex(text).map(ScalarValue::Complex);
                int.or_else(float).or_else(complex).ok_or_else(no_number)?
            }
        };
        // What a file or a command line says as 1000.0 is meant as an integer where one is wanted.
        let value = match value {
            ScalarValue::Float(float) if dtype.is_integer() && float.fract() == 0.0 && float.abs() < 1e15 => {
                ScalarValue::Int(float as i128)
            }
            other => other,
        };
        value.to_bytes(dtype)?;
        Ok(value)
    }

    /// The element of a type that the value becomes.
    pub fn to_bytes(self, dtype: DType) -> Result<ScalarBytes, ConversionError> {
        let wrong_kind = Err(ConversionError::Kind { value: self, dtype });
        match (dtype.kind(), self) {
            (Kind::Bool, ScalarValue::Bool(value)) => Ok(ScalarBytes::of([u8::from(value)])),
            (Kind::Bool, ScalarValue::Int(value @ (0 | 1))) => Ok(ScalarBytes::of([value as u8])),
            (Kind::Bool, _) => wrong_kind,
            (Kind::Signed | Kind::Unsigned, ScalarValue::Bool(value)) => {
                self.integer_bytes(i128::from(value), dtype)
            }
            (Kind::Signed | Kind::Unsigned, ScalarValue::Int(value)) => self.integer_bytes(value, dtype),
            (Kind::Signed | Kind::Unsigned, _) => wrong_kind,
            (Kind::Float, ScalarValue::Complex(_)) => wrong_kind,
            (Kind::Float | Kind::Complex, _) => Ok(inexact_bytes(self.to_complex(), dtype)),
            (Kind::Vector | Kind::Handle, _) => wrong_kind,
        }
    }

    /// The value as a 64-bit integer, if it is an integer and fits.
    pub fn as_int(self) -> Option<i64> {
        match self {
            ScalarValue::Int(value) => i64::try_from(value).ok(),
            ScalarValue::Bool(value) => Some(i64::from(value)),
            _ => None,
        }
    }

    /// The value as a complex number, rounded if it is a large integer.
    pub fn to_complex(self) -> Complex64 {
        match self {
            ScalarValue::Bool(value) => Complex64::from(f64::from(u8::from(value))),
            ScalarValue::Int(value) => Complex64::from(value as f64),
            ScalarValue::Float(value) => Complex64::from(value),
            ScalarValue::Complex(value) => value,
        }
    }

    fn integer_bytes(self, value: i128, dtype: DType) -> Result<ScalarBytes, ConversionError> {
        let bits = 8 * dtype.size() as u32;
        let range = match dtype.kind() {
            Kind::Signed => -(1i128 << (bits - 1))..=(1i128 << (bits - 1)) - 1,
            _ => 0..=(1i128 << bits) - 1,
        };
        if !range.contains(&value) {
            return Err(ConversionError::Range { value: self, dtype });
        }
        Ok(match dtype.size() {
            1 => ScalarBytes::of((value as u8).to_ne_bytes()),
            2 => ScalarBytes::of((value as u16).to_ne_bytes()),
            4 => ScalarBytes::of((value as u32).to_ne_bytes()),
            _ => ScalarBytes::of((value as u64).to_ne_bytes()),
        })
    }
}

/// The bytes of a float or complex element; `dtype` is of one of these kinds.
fn inexact_bytes(value: Complex64, dtype: DType) -> ScalarBytes {
    match dtype {
        DType::Float16 => ScalarBytes::of(f16::from_f64(value.re).to_ne_bytes()),
        DType::BFloat16 => ScalarBytes::of(bf16::from_f64(value.re).to_ne_bytes()),
        DType::Float32 => ScalarBytes::of((value.re as f32).to_ne_bytes()),
        DType::Complex64 => {
            ScalarBytes::pair((value.re as f32).to_ne_bytes(), (value.im as f32).to_ne_bytes())
        }
        DType::Complex128 => ScalarBytes::pair(value.re.to_ne_bytes(), value.im.to_ne_bytes()),
        _ => ScalarBytes::of(value.re.to_ne_bytes()),
    }
}

/// Reads `a+bj`, `bj`; the sign that separates the parts is not one of an exponent.
fn parse_complex(text: &str) -> Option<Complex64> {
    let text = text.trim_start_matches('(').trim_end_matches(')');
    let body = text.strip_suffix(['j', 'J'])?;
    let bytes = body.as_bytes();
    let separates = |&at: &usize| matches!(bytes[at], b'+' | b'-') && !matches!(bytes[at - 1], b'e' | b'E');
    let split = (1..bytes.len()).rev().find(separates).unwrap_or(0);
    let (real, imaginary) = body.split_at(split);
    let real = if real.is_empty() { 0.0 } else { real.parse().ok()? };
    let imaginary = match imaginary {
        "" | "+" => 1.0,
        "-" => -1.0,
        other => other.parse().ok()?,
    };
    Some(Complex64::new(real, imaginary))
}

impl fmt::Display for ScalarValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ScalarValue::Bool(value) => write!(f, "{value}"),
            ScalarValue::Int(value) => write!(f, "{value}"),
            ScalarValue::Float(value) => write!(f, "{value:?}"),
            ScalarValue::Complex(value) => write!(f, "{:?}{:+?}j", value.re, value.im),
        }
    }
}

macro_rules! from_number {
    ($variant:ident, $wide:ty: $($type:ty),*) => {
        $(impl From<$type> for ScalarValue {
            fn from(value: $type) -> ScalarValue {
                ScalarValue::$variant(<$wide>::from(value))
            }
        })*
    };
}

from_number!(Bool, bool: bool);
from_number!(Int, i128: i8, i16, i32, i64, u8, u16, u32, u64);
from_number!(Float, f64: f32, f64, f16, bf16);
from_number!(Complex, Complex64: Complex64);

impl From<usize> for ScalarValue {
    fn from(value: usize) -> ScalarValue {
        ScalarValue::Int(value as i128)
    }
}

impl From<Complex32> for ScalarValue {
    fn from(value: Complex32) -> ScalarValue {
        ScalarValue::Complex(Complex64::new(value.re.into(), value.im.into()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bytes(value: impl Into<ScalarValue>, dtype: DType) -> Result<Vec<u8>, String> {
        let result = value.into().to_bytes(dtype).map_err(|error| error.to_string())?;
        Ok(result.as_bytes()[..dtype.size()].to_vec())
    }

    #[test]
    fn integers_keep_their_value_or_are_refused() {
        assert_eq!(bytes(-2, DType::Int16), Ok((-2i16).to_ne_bytes().to_vec()));
        assert_eq!(bytes(u64::MAX, DType::UInt64), Ok(u64::MAX.to_ne_bytes().to_vec()));
        assert_eq!(bytes(i64::MIN, DType::Int64), Ok(i64::MIN.to_ne_bytes().to_vec()));
        assert_eq!(bytes(300, DType::UInt8).unwrap_err(), "300 is out of the range of uint8");
        assert_eq!(bytes(-1, DType::UInt64).unwrap_err(), "-1 is out of the range of uint64");
        assert_eq!(bytes(1.5, DType::Int32).unwrap_err(), "1.5 is not a value of int32");
    }

    #[test]
    fn numbers_become_wider_kinds() {
        assert_eq!(bytes(2, DType::Float64), Ok(2f64.to_ne_bytes().to_vec()));
        assert_eq!(bytes(true, DType::Int8), Ok(vec![1]));
        assert_eq!(bytes(0.1, DType::Float32), Ok(0.1f32.to_ne_bytes().to_vec()));
        assert_eq!(bytes(1.5, DType::Float16), Ok(f16::from_f32(1.5).to_ne_bytes().to_vec()));
        let mut both = 1.5f32.to_ne_bytes().to_vec();
        both.extend(0f32.to_ne_bytes());
        assert_eq!(bytes(1.5, DType::Complex64), Ok(both));
        assert!(bytes(Complex64::new(1.0, 2.0), DType::Float64).is_err());
        assert!(bytes(2, DType::Bool).is_err());
    }

    #[test]
    fn text_is_read_as_people_write_it() {
        let read = |text, dtype| ScalarValue::parse(text, dtype).map_err(|error| error.to_string());
        assert_eq!(read("3", DType::Int64), Ok(ScalarValue::Int(3)));
        assert_eq!(read("1e3", DType::Int64), Ok(ScalarValue::Int(1000)));
        assert_eq!(read("3", DType::Float64), Ok(ScalarValue::Int(3)));
        assert_eq!(read("True", DType::Bool), Ok(ScalarValue::Bool(true)));
        assert_eq!(read("-inf", DType::Float32), Ok(ScalarValue::Float(f64::NEG_INFINITY)));
        let complex = |re, im| Ok(ScalarValue::Complex(Complex64::new(re, im)));
        assert_eq!(read("1-2j", DType::Complex128), complex(1.0, -2.0));
        assert_eq!(read("(1e-3+2e+2j)", DType::Complex128), complex(1e-3, 200.0));
        assert_eq!(read("-j", DType::Complex128), complex(0.0, -1.0));
        assert_eq!(read("abc", DType::Float64).unwrap_err(), "`abc` is not a value of float64");
        assert_eq!(read("1.5", DType::Int32).unwrap_err(), "1.5 is not a value of int32");
        assert_eq!(read("1j", DType::Float64).unwrap_err(), "0.0+1.0j is not a value of float64");
    }
}
