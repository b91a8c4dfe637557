//! Arrays as the interpreter takes and gives them: elements of one type in C order, with a shape.

use super::value::{Number, Value};
use crate::DType;
use crate::data::Comma;
use half::{bf16, f16};
use num_complex::{Complex, Complex32, Complex64};
use std::fmt;

/// Elements of one type in C order. A scalar has no dimensions and one element.
#[derive(Clone, Debug, PartialEq)]
pub struct Tensor {
    shape: Vec<usize>,
    elements: Elements,
}

/// A Rust type that is one of the element types.
pub trait Element: Copy + sealed::Sealed {
    /// The element type.
    const DTYPE: DType;

    #[doc(hidden)]
    fn wrap(elements: Vec<Self>) -> Elements;

    #[doc(hidden)]
    fn unwrap(elements: &Elements) -> Option<&[Self]>;
}

mod sealed {
    /// Only the types below are elements.
    pub trait Sealed {}
}

macro_rules! element_types {
    ($($variant:ident: $type:ty, $to:expr, $from:expr;)*) => {
        /// A list of elements, in the Rust type that has the same representation in memory.
        #[derive(Clone, Debug, PartialEq)]
        #[allow(missing_docs, reason = "one variant for each element type")]
        pub enum Elements {
            $($variant(Vec<$type>),)*
        }

        impl Elements {
            /// `len` zeros; `None` if there is not that much memory, or the type is none of numbers.
            pub(super) fn zeros(dtype: DType, len: usize) -> Option<Self> {
                match dtype {
                    $(DType::$variant => {
                        let mut elements: Vec<$type> = Vec::new();
                        elements.try_reserve_exact(len).ok()?;
                        elements.resize(len, <$type>::default());
                        Some(Elements::$variant(elements))
                    })*
                    DType::Vector(_) | DType::Pointer(_) | DType::Opaque(_) => None,
                }
            }

            /// Type of the elements.
            pub fn dtype(&self) -> DType {
                match self {
                    $(Elements::$variant(_) => DType::$variant,)*
                }
            }

            /// Number of elements.
            pub fn len(&self) -> usize {
                match self {
                    $(Elements::$variant(elements) => elements.len(),)*
                }
            }

            pub(super) fn get(&self, at: usize) -> Value {
                match self {
                    $(Elements::$variant(elements) => {
                        const TO: fn($type) -> Number = $to;
                        match TO(elements[at]) {
                            Number::Int(value) => Value::int(value, DType::$variant),
                            Number::Float(value) => Value::float(value, DType::$variant),
                            Number::Complex(value) => Value::complex(value, DType::$variant),
                        }
                    })*
                }
            }

            /// Gives an element a value, converted to the elements' type.
            pub(super) fn set(&mut self, at: usize, value: Value) {
                match self {
                    $(Elements::$variant(elements) => {
                        const FROM: fn(Value) -> $type = $from;
                        elements[at] = FROM(value);
                    })*
                }
            }
        }

        $(
            impl sealed::Sealed for $type {}

            impl Element for $type {
                const DTYPE: DType = DType::$variant;

                fn wrap(elements: Vec<Self>) -> Elements {
                    Elements::$variant(elements)
                }

                fn unwrap(elements: &Elements) -> Option<&[Self]> {
                    match elements {
                        Elements::$variant(elements) => Some(elements),
                        _ => None,
                    }
                }
            }
        )*
    };
}

element_types! {
    Bool: bool, |x| Number::Int(i64::from(x)), Value::is_true;
    Int8: i8, |x| Number::Int(i64::from(x)), |v| v.to_i64() as i8;
    Int16: i16, |x| Number::Int(i64::from(x)), |v| v.to_i64() as i16;
    Int32: i32, |x| Number::Int(i64::from(x)), |v| v.to_i64() as i32;
    Int64: i64, Number::Int, Value::to_i64;
    UInt8: u8, |x| Number::Int(i64::from(x)), |v| v.to_i64() as u8;
    UInt16: u16, |x| Number::Int(i64::from(x)), |v| v.to_i64() as u16;
    UInt32: u32, |x| Number::Int(i64::from(x)), |v| v.to_i64() as u32;
    UInt64: u64, |x| Number::Int(x as i64), |v| v.to_i64() as u64;
    Float16: f16, |x| Number::Float(x.to_f64()), |v| f16::from_f64(v.to_f64());
    BFloat16: bf16, |x| Number::Float(x.to_f64()), |v| bf16::from_f64(v.to_f64());
    Float32: f32, |x| Number::Float(f64::from(x)), |v| v.to_f64() as f32;
    Float64: f64, Number::Float, Value::to_f64;
    Complex64: Complex32,
        |x| Number::Complex(Complex::new(f64::from(x.re), f64::from(x.im))),
        |v| Complex32::new(v.to_complex().re as f32, v.to_complex().im as f32);
    Complex128: Complex64, Number::Complex, Value::to_complex;
}

impl Elements {
    /// Whether there is no element.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

impl Tensor {
    /// Zeros of a type of numbers. Panics where memory does not suffice.
    pub fn zeros(dtype: DType, shape: &[usize]) -> Self {
        let len = shape.iter().product();
        let elements = Elements::zeros(dtype, len);
        Tensor { shape: shape.to_vec(), elements: elements.expect("memory for a tensor of zeros") }
    }

    /// Elements in C order; `None` if their number is not that of the shape.
    pub fn new<T: Element>(shape: &[usize], elements: Vec<T>) -> Option<Self> {
        Tensor::from_elements(shape, T::wrap(elements))
    }

    /// As [`new`](Tensor::new), where the type is not known before the program runs.
    pub fn from_elements(shape: &[usize], elements: Elements) -> Option<Self> {
        let len = shape.iter().try_fold(1_usize, |product, &extent| product.checked_mul(extent))?;
        (len == elements.len()).then(|| Tensor { shape: shape.to_vec(), elements })
    }

    /// A one-dimensional tensor.
    pub fn vector<T: Element>(elements: Vec<T>) -> Self {
        Tensor { shape: vec![elements.len()], elements: T::wrap(elements) }
    }

    /// A scalar.
    pub fn scalar<T: Element>(value: T) -> Self {
        Tensor { shape: Vec::new(), elements: T::wrap(vec![value]) }
    }

    /// Numbers that depend on the seed alone: floats between -1 and 1, integers between -9 and 9 (0 and 9 where
    /// unsigned), truth values.
    pub fn random(dtype: DType, shape: &[usize], seed: u64) -> Self {
        let mut tensor = Tensor::zeros(dtype, shape);
        let mut state = seed ^ 0x5DEE_CE66_D1CE_4E5B;
        for at in 0..tensor.len() {
            tensor.elements.set(at, random_value(dtype, &mut state));
        }
        tensor
    }

    /// Type of the elements.
    pub fn dtype(&self) -> DType {
        self.elements.dtype()
    }

    /// Extent of each dimension.
    pub fn shape(&self) -> &[usize] {
        &self.shape
    }

    /// The same elements in another shape; `None` if there is another number of them.
    pub fn with_shape(&self, shape: &[usize]) -> Option<Self> {
        Tensor::from_elements(shape, self.elements.clone())
    }

    /// Number of elements.
    pub fn len(&self) -> usize {
        self.elements.len()
    }

    /// Whether there is no element.
    pub fn is_empty(&self) -> bool {
        self.elements.is_empty()
    }

    /// The elements in C order.
    pub fn elements(&self) -> &Elements {
        &self.elements
    }

    /// The elements in C order, if they are of this type.
    pub fn as_slice<T: Element>(&self) -> Option<&[T]> {
        T::unwrap(&self.elements)
    }

    /// The element at a position in C order.
    pub fn get(&self, at: usize) -> Value {
        self.elements.get(at)
    }

    /// Gives the element at a position in C order a value, converted to the tensor's type.
    pub fn set(&mut self, at: usize, value: Value) {
        self.elements.set(at, value);
    }
}

impl fmt::Display for Tensor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}[{}]", self.dtype(), Comma(&self.shape))
    }
}

fn random_value(dtype: DType, state: &mut u64) -> Value {
    let unit = |state: &mut u64| (splitmix(state) >> 11) as f64 / (1_u64 << 52) as f64 - 1.0;
    match dtype {
        DType::Bool => Value::bool(splitmix(state) & 1 == 1),
        _ if dtype.is_complex() => Value::complex(Complex64::new(unit(state), unit(state)), dtype),
        _ if dtype.is_float() => Value::float(unit(state), dtype),
        _ => {
            let signed = (splitmix(state) % 19) as i64 - 9;
            Value::int(
                if dtype.kind() == crate::dtype::Kind::Unsigned { signed.abs() } else { signed },
                dtype,
            )
        }
    }
}

/// The next number of the SplitMix64 generator.
fn splitmix(state: &mut u64) -> u64 {
    *state = state.wrapping_add(0x9E37_79B9_7F4A_7C15);
    let mut z = *state;
    z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^ (z >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_type_keeps_its_values() {
        for dtype in DType::ALL {
            let tensor = Tensor::random(dtype, &[3, 4], 7);
            assert_eq!(tensor.dtype(), dtype);
            let mut copy = Tensor::zeros(dtype, &[3, 4]);
            assert_ne!(copy, tensor, "{dtype}");
            for at in 0..tensor.len() {
                copy.set(at, tensor.get(at));
            }
            assert_eq!(copy, tensor, "{dtype}");
        }
    }

    #[test]
    fn random_numbers_follow_the_seed() {
        let tensor = |seed| Tensor::random(DType::Float64, &[8], seed);
        assert_eq!(tensor(1), tensor(1));
        assert_ne!(tensor(1), tensor(2));
        assert!(tensor(3).as_slice::<f64>().expect("doubles").iter().all(|x| x.abs() <= 1.0));
    }

    #[test]
    fn the_number_of_elements_must_fit() {
        assert!(Tensor::new(&[2, 2], vec![1.0_f64; 3]).is_none());
        assert!(Tensor::new::<f64>(&[usize::MAX, 2], Vec::new()).is_none());
        assert_eq!(Tensor::scalar(1_i32).shape(), [0_usize; 0]);
    }
}
