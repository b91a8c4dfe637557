//! Which type a result has: NumPy 2's rules.
//!
//! Types of arrays and of NumPy scalars are *strong*. Python's own numbers are *weak*: they take the type of the other
//! operand, unless their kind (bool, integer, float, complex) is above its kind.
//!
//! ```text
//! float32[N] + float64 scalar    float64        strong and strong
//! float32[N] + 1.5               float32        strong and weak
//! int32[N] + 1.5                 float64        a weak float is above integers
//! ```

use dacec_ir::DType;
use dacec_ir::dtype::Kind;

/// A type, and whether it is that of a Python number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Typed {
    /// The type that a value has when it stands alone.
    pub(crate) dtype: DType,
    /// Whether the value is one of Python's own numbers.
    pub(crate) weak: bool,
}

impl Typed {
    /// The type of an array or NumPy scalar.
    pub(crate) fn strong(dtype: DType) -> Self {
        Typed { dtype, weak: false }
    }

    /// The type of the result of an operation on two values.
    pub(crate) fn with(self, other: Typed) -> Typed {
        let dtype = match (self.weak, other.weak) {
            (true, false) => weakly(self.dtype, other.dtype),
            (false, true) => weakly(other.dtype, self.dtype),
            _ => promote(self.dtype, other.dtype),
        };
        Typed { dtype, weak: self.weak && other.weak }
    }
}

/// Bools, integers, floats, complex numbers: each kind contains the ones before.
pub(crate) fn rank(dtype: DType) -> u8 {
    match dtype.kind() {
        Kind::Bool => 0,
        Kind::Signed | Kind::Unsigned => 1,
        Kind::Float => 2,
        Kind::Complex => 3,
        // No operands of Python programs.
        Kind::Vector | Kind::Handle => 4,
    }
}

fn weakly(weak: DType, strong: DType) -> DType {
    if rank(weak) <= rank(strong) {
        return strong;
    }
    match rank(weak) {
        1 => DType::Int64,
        2 => DType::Float64,
        _ => match strong {
            DType::Float16 | DType::BFloat16 | DType::Float32 => DType::Complex64,
            _ => DType::Complex128,
        },
    }
}

/// The smallest type that holds the values of both, as `np.promote_types` gives it.
pub fn promote(a: DType, b: DType) -> DType {
    if a == b {
        return a;
    }
    let (low, high) = if rank(a) <= rank(b) { (a, b) } else { (b, a) };
    match (low.kind(), high.kind()) {
        (Kind::Bool, _) => high,
        (Kind::Signed, Kind::Signed) | (Kind::Unsigned, Kind::Unsigned) => larger(low, high),
        (Kind::Signed, Kind::Unsigned) => mixed(low, high),
        (Kind::Unsigned, Kind::Signed) => mixed(high, low),
        (Kind::Float, Kind::Float) if low.size() == high.size() => DType::Float32,
        (Kind::Float, Kind::Float) | (Kind::Complex, Kind::Complex) => larger(low, high),
        (_, Kind::Complex) => match float_of(low).size() {
            8 => DType::Complex128,
            _ => high,
        },
        _ => match (float_of(low).size(), high) {
            (size, DType::BFloat16) if size > 1 => larger(float_of(low), DType::Float32),
            _ => larger(float_of(low), high),
        },
    }
}

fn larger(a: DType, b: DType) -> DType {
    if a.size() >= b.size() { a } else { b }
}

fn mixed(signed: DType, unsigned: DType) -> DType {
    if signed.size() > unsigned.size() {
        return signed;
    }
    match unsigned.size() {
        1 => DType::Int16,
        2 => DType::Int32,
        4 => DType::Int64,
        _ => DType::Float64,
    }
}

/// The type in which functions such as `sqrt` compute.
pub(crate) fn float_of(dtype: DType) -> DType {
    match dtype {
        DType::Bool | DType::Int8 | DType::UInt8 => DType::Float16,
        DType::Int16 | DType::UInt16 => DType::Float32,
        _ if dtype.is_integer() => DType::Float64,
        _ => dtype,
    }
}

/// The type in which functions of two numbers such as `hypot` compute: the larger one of those for each.
pub(crate) fn float_of_both(a: Typed, b: Typed) -> DType {
    match a.weak || b.weak {
        true => float_of(a.with(b).dtype),
        false => promote(float_of(a.dtype), float_of(b.dtype)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use DType::*;

    #[test]
    fn strong_types_follow_numpys_table() {
        let table = [
            (Int8, UInt8, Int16),
            (Int64, UInt64, Float64),
            (Int32, Float32, Float64),
            (Int16, Float32, Float32),
            (Int8, Float16, Float16),
            (UInt8, UInt32, UInt32),
            (Float64, Complex64, Complex128),
            (Int64, Complex64, Complex128),
            (Int16, Complex64, Complex64),
            (Bool, Int8, Int8),
        ];
        for (a, b, expected) in table {
            assert_eq!(promote(a, b), expected, "{a} and {b}");
            assert_eq!(promote(b, a), expected, "{b} and {a}");
        }
    }

    #[test]
    fn functions_of_two_numbers_compute_in_the_larger_float() {
        assert_eq!(float_of_both(Typed::strong(Int16), Typed::strong(UInt16)), Float32);
        assert_eq!(float_of_both(Typed::strong(Int8), Typed::strong(UInt8)), Float16);
        assert_eq!(float_of_both(Typed::strong(Int32), Typed::strong(Float32)), Float64);
        assert_eq!(float_of_both(Typed { dtype: Int64, weak: true }, Typed::strong(Int8)), Float16);
    }

    #[test]
    fn python_numbers_are_weak() {
        let weak = |dtype| Typed { dtype, weak: true };
        assert_eq!(weak(Float64).with(Typed::strong(Float32)), Typed::strong(Float32));
        assert_eq!(weak(Int64).with(Typed::strong(UInt8)), Typed::strong(UInt8));
        assert_eq!(weak(Float64).with(Typed::strong(Int8)), Typed::strong(Float64));
        assert_eq!(weak(Complex128).with(Typed::strong(Float32)), Typed::strong(Complex64));
        assert_eq!(weak(Int64).with(weak(Float64)), weak(Float64));
    }
}
