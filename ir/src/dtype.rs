//! Element types of containers, connectors and scalar expressions.
//!
//! Names are those of NumPy. Conversion between types is always explicit in the IR (see
//! [`ScalarExpr::Cast`](crate::ScalarExpr::Cast)); promotion rules belong to front ends.

mod compound;

pub use compound::{Opaque, Pointer, Vector};

use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;

/// The type of one element.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum DType {
    /// One byte, 0 or 1.
    Bool,
    /// Signed, 8 bits.
    Int8,
    /// Signed, 16 bits.
    Int16,
    /// Signed, 32 bits.
    Int32,
    /// Signed, 64 bits.
    Int64,
    /// Unsigned, 8 bits.
    UInt8,
    /// Unsigned, 16 bits.
    UInt16,
    /// Unsigned, 32 bits.
    UInt32,
    /// Unsigned, 64 bits.
    UInt64,
    /// IEEE 754 binary16.
    Float16,
    /// The upper half of a binary32.
    BFloat16,
    /// IEEE 754 binary32.
    Float32,
    /// IEEE 754 binary64.
    Float64,
    /// Two binary32: real, imaginary.
    Complex64,
    /// Two binary64: real, imaginary.
    Complex128,
    /// Several numbers side by side.
    Vector(Vector),
    /// The address of numbers.
    Pointer(Pointer),
    /// A value that only its owner knows.
    Opaque(Opaque),
}

/// The class of a type, which decides the operations that it has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Kind {
    /// Truth values.
    Bool,
    /// Two's-complement integers; arithmetic wraps.
    Signed,
    /// Non-negative integers; arithmetic wraps.
    Unsigned,
    /// IEEE 754 numbers.
    Float,
    /// Pairs of floats.
    Complex,
    /// Several numbers side by side.
    Vector,
    /// What is only moved: addresses, and handles of libraries.
    Handle,
}

impl DType {
    /// Every type of numbers, in order of declaration.
    pub const ALL: [DType; 15] = [
        DType::Bool,
        DType::Int8,
        DType::Int16,
        DType::Int32,
        DType::Int64,
        DType::UInt8,
        DType::UInt16,
        DType::UInt32,
        DType::UInt64,
        DType::Float16,
        DType::BFloat16,
        DType::Float32,
        DType::Float64,
        DType::Complex64,
        DType::Complex128,
    ];

    /// The class of the type.
    pub fn kind(self) -> Kind {
        use DType::*;
        match self {
            Bool => Kind::Bool,
            Int8 | Int16 | Int32 | Int64 => Kind::Signed,
            UInt8 | UInt16 | UInt32 | UInt64 => Kind::Unsigned,
            Float16 | BFloat16 | Float32 | Float64 => Kind::Float,
            Complex64 | Complex128 => Kind::Complex,
            Vector(_) => Kind::Vector,
            Pointer(_) | Opaque(_) => Kind::Handle,
        }
    }

    /// Size of one element in bytes; of a handle, that of an address.
    pub fn size(self) -> usize {
        use DType::*;
        match self {
            Bool | Int8 | UInt8 => 1,
            Int16 | UInt16 | Float16 | BFloat16 => 2,
            Int32 | UInt32 | Float32 => 4,
            Int64 | UInt64 | Float64 | Complex64 => 8,
            Complex128 => 16,
            Vector(it) => it.element().size() * it.lanes(),
            Pointer(_) | Opaque(_) => 8,
        }
    }

    /// Whether values are integers (truth values are not).
    pub fn is_integer(self) -> bool {
        matches!(self.kind(), Kind::Signed | Kind::Unsigned)
    }

    /// Whether values are real floating-point numbers.
    pub fn is_float(self) -> bool {
        self.kind() == Kind::Float
    }

    /// Whether values are complex numbers.
    pub fn is_complex(self) -> bool {
        self.kind() == Kind::Complex
    }

    /// The type of the real and imaginary part; the type itself if it is not complex.
    pub fn real(self) -> DType {
        match self {
            DType::Complex64 => DType::Float32,
            DType::Complex128 => DType::Float64,
            other => other,
        }
    }

    /// The unsigned integer with as many bits as a real number has; the type itself if there is none.
    pub fn same_size_unsigned(self) -> DType {
        match self {
            DType::Bool | DType::Int8 => DType::UInt8,
            DType::Int16 | DType::Float16 | DType::BFloat16 => DType::UInt16,
            DType::Int32 | DType::Float32 => DType::UInt32,
            DType::Int64 | DType::Float64 => DType::UInt64,
            other => other,
        }
    }

    /// The float of IEEE 754 with as many bits as an unsigned integer has; the type itself if there is none.
    pub fn same_size_float(self) -> DType {
        match self {
            DType::UInt16 => DType::Float16,
            DType::UInt32 => DType::Float32,
            DType::UInt64 => DType::Float64,
            other => other,
        }
    }

    /// The type's name: NumPy's, if NumPy has it.
    pub fn name(self) -> &'static str {
        use DType::*;
        match self {
            Bool => "bool",
            Int8 => "int8",
            Int16 => "int16",
            Int32 => "int32",
            Int64 => "int64",
            UInt8 => "uint8",
            UInt16 => "uint16",
            UInt32 => "uint32",
            UInt64 => "uint64",
            Float16 => "float16",
            BFloat16 => "bfloat16",
            Float32 => "float32",
            Float64 => "float64",
            Complex64 => "complex64",
            Complex128 => "complex128",
            Vector(_) | Pointer(_) | Opaque(_) => compound::name(self),
        }
    }
}

impl fmt::Display for DType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// The text names no element type.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not an element type")]
pub struct UnknownDType(pub String);

impl FromStr for DType {
    type Err = UnknownDType;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let number = DType::ALL.into_iter().find(|dtype| dtype.name() == text);
        number.or_else(|| compound::parse(text)).ok_or_else(|| UnknownDType(text.to_owned()))
    }
}

impl TryFrom<String> for DType {
    type Error = UnknownDType;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl From<DType> for String {
    fn from(dtype: DType) -> Self {
        dtype.name().to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_round_trip() {
        for dtype in DType::ALL {
            assert_eq!(dtype.name().parse::<DType>(), Ok(dtype));
        }
        assert!("float".parse::<DType>().is_err());
    }

    #[test]
    fn a_complex_number_is_two_reals() {
        for dtype in DType::ALL.into_iter().filter(|dtype| dtype.is_complex()) {
            assert_eq!(dtype.size(), 2 * dtype.real().size());
        }
    }
}
