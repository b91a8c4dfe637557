//! How much two results of the same computation differ.
//!
//! Integers and truth values must be equal. Floating-point results may differ in the last places, because compiled
//! programs reorder sums; how far is the caller's tolerance, relative to the element. An element that is tiny beside the
//! largest of its array is often what is left of a difference of large numbers, so an error of a thousandth of the
//! tolerance, relative to the largest element, passes too. NaN agrees with NaN, an infinity with itself.

use crate::array::ArrayBuf;
use dacec_ir::{DType, dtype::Kind};
use half::{bf16, f16};
use num_complex::{Complex32, Complex64};

/// How much smaller than the largest element one may be and still be compared with itself.
const SMALL: f64 = 1e-3;

/// How two arrays of the same type and shape differ.
#[derive(Clone, Debug, PartialEq)]
pub struct Difference {
    /// The largest difference of two elements, relative to the reference as explained above; infinite if one of them is
    /// NaN or infinite and the other is not the same.
    pub relative: f64,
    /// The largest difference of two elements.
    pub absolute: f64,
    /// Where the relative difference is largest: an index for each dimension; `None` if all elements are equal.
    pub place: Option<Vec<usize>>,
    /// How many elements are not equal.
    pub unequal: usize,
}

/// Two arrays cannot be compared element by element.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum Mismatch {
    /// Their shapes differ.
    #[error("the shape is {result:?}, that of the reference {reference:?}")]
    Shape {
        /// Of the result.
        result: Vec<usize>,
        /// Of the reference.
        reference: Vec<usize>,
    },
    /// Their element types differ.
    #[error("the element type is {result}, that of the reference {reference}")]
    DType {
        /// Of the result.
        result: DType,
        /// Of the reference.
        reference: DType,
    },
}

impl Difference {
    /// Whether the arrays agree up to a relative tolerance.
    pub fn is_within(&self, tolerance: f64) -> bool {
        self.relative <= tolerance
    }
}

/// Compares a result with a reference.
pub fn difference(result: &ArrayBuf, reference: &ArrayBuf) -> Result<Difference, Mismatch> {
    if result.dtype() != reference.dtype() {
        return Err(Mismatch::DType { result: result.dtype(), reference: reference.dtype() });
    }
    if result.shape() != reference.shape() {
        return Err(Mismatch::Shape {
            result: result.shape().to_vec(),
            reference: reference.shape().to_vec(),
        });
    }
    if matches!(result.dtype().kind(), Kind::Bool | Kind::Signed | Kind::Unsigned) {
        return Ok(exact(result, reference));
    }
    let (left, right) = (numbers(result), numbers(reference));
    let scale = right.iter().map(|number| number.norm()).filter(|norm| norm.is_finite()).fold(0.0, f64::max);
    Ok(worst(reference.shape(), left.iter().zip(&right).map(|(left, right)| distance(*left, *right, scale))))
}

/// The sum of all elements: a number by which people recognize a result.
pub fn checksum(array: &ArrayBuf) -> Complex64 {
    numbers(array).iter().sum()
}

/// Absolute and relative distance of two floating-point elements.
fn distance(left: Complex64, right: Complex64, scale: f64) -> (f64, f64) {
    let same = |a: f64, b: f64| a == b || a.is_nan() && b.is_nan();
    if same(left.re, right.re) && same(left.im, right.im) {
        return (0.0, 0.0);
    }
    let absolute = (left - right).norm();
    if !absolute.is_finite() {
        return (f64::INFINITY, f64::INFINITY);
    }
    (absolute, absolute / (right.norm() + SMALL * scale))
}

/// Integers have no tolerance: what differs differs infinitely.
fn exact(result: &ArrayBuf, reference: &ArrayBuf) -> Difference {
    let size = result.dtype().size();
    let pairs = result.as_bytes().chunks_exact(size).zip(reference.as_bytes().chunks_exact(size));
    worst(
        reference.shape(),
        pairs.map(|(left, right)| if left == right { (0.0, 0.0) } else { (f64::INFINITY, f64::INFINITY) }),
    )
}

fn worst(shape: &[usize], distances: impl Iterator<Item = (f64, f64)>) -> Difference {
    let mut difference = Difference { relative: 0.0, absolute: 0.0, place: None, unequal: 0 };
    let mut place = 0;
    for (index, (absolute, relative)) in distances.enumerate() {
        if absolute == 0.0 {
            continue;
        }
        difference.unequal += 1;
        difference.absolute = difference.absolute.max(absolute);
        if relative > difference.relative {
            difference.relative = relative;
            place = index;
        }
    }
    if difference.unequal > 0 {
        difference.place = Some(indices(place, shape));
    }
    difference
}

/// The index along each dimension of the element at a position in C order.
fn indices(mut position: usize, shape: &[usize]) -> Vec<usize> {
    let mut indices = vec![0; shape.len()];
    for (index, &extent) in indices.iter_mut().zip(shape).rev() {
        *index = position % extent;
        position /= extent;
    }
    indices
}

/// All elements as complex numbers.
fn numbers(array: &ArrayBuf) -> Vec<Complex64> {
    macro_rules! converted {
        ($type:ty, $convert:expr) => {
            array.as_slice::<$type>().expect("the type was matched").iter().copied().map($convert).collect()
        };
    }
    match array.dtype() {
        DType::Bool => converted!(bool, |x| Complex64::from(f64::from(u8::from(x)))),
        DType::Int8 => converted!(i8, |x| Complex64::from(f64::from(x))),
        DType::Int16 => converted!(i16, |x| Complex64::from(f64::from(x))),
        DType::Int32 => converted!(i32, |x| Complex64::from(f64::from(x))),
        DType::Int64 => converted!(i64, |x| Complex64::from(x as f64)),
        DType::UInt8 => converted!(u8, |x| Complex64::from(f64::from(x))),
        DType::UInt16 => converted!(u16, |x| Complex64::from(f64::from(x))),
        DType::UInt32 => converted!(u32, |x| Complex64::from(f64::from(x))),
        DType::UInt64 => converted!(u64, |x| Complex64::from(x as f64)),
        DType::Float16 => converted!(f16, |x| Complex64::from(f64::from(x))),
        DType::BFloat16 => converted!(bf16, |x| Complex64::from(f64::from(x))),
        DType::Float32 => converted!(f32, |x| Complex64::from(f64::from(x))),
        DType::Float64 => converted!(f64, Complex64::from),
        DType::Complex64 => converted!(Complex32, |x| Complex64::new(x.re.into(), x.im.into())),
        DType::Complex128 => converted!(Complex64, |x| x),
        DType::Vector(_) | DType::Pointer(_) | DType::Opaque(_) => unreachable!("arrays hold numbers"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::array::Element;

    fn array<T: Element>(elements: &[T]) -> ArrayBuf {
        ArrayBuf::from_slice(&[elements.len()], elements).unwrap()
    }

    fn of<T: Element>(result: &[T], reference: &[T]) -> Difference {
        difference(&array(result), &array(reference)).unwrap()
    }

    #[test]
    fn equal_arrays_do_not_differ() {
        let special = [1.0, f64::NAN, f64::INFINITY, f64::NEG_INFINITY, 0.0];
        assert_eq!(
            of(&special, &special),
            Difference { relative: 0.0, absolute: 0.0, place: None, unequal: 0 }
        );
    }

    #[test]
    fn rounding_is_within_tolerance_and_errors_are_not() {
        let rounded = of(&[1.0 + 1e-12, 2.0], &[1.0, 2.0]);
        assert!(rounded.is_within(1e-11) && !rounded.is_within(1e-13));
        assert_eq!((rounded.unequal, rounded.place), (1, Some(vec![0])));
        for (wrong, right) in
            [(f64::NAN, 1.0), (1.0, f64::NAN), (f64::INFINITY, f64::NEG_INFINITY), (1e300, f64::INFINITY)]
        {
            assert!(!of(&[1.0, wrong], &[1.0, right]).is_within(1e30), "{wrong} for {right}");
        }
    }

    #[test]
    fn what_is_left_of_large_numbers_may_be_inexact() {
        assert!(of(&[1e6, 1e-9], &[1e6, 0.0]).is_within(1e-9));
        assert!(!of(&[1e6, 1.0], &[1e6, 0.0]).is_within(1e-9));
    }

    #[test]
    fn integers_must_be_equal() {
        let large = i64::MAX;
        assert!(!of(&[large - 1], &[large]).is_within(1e300));
        assert!(of(&[large], &[large]).is_within(0.0));
    }

    #[test]
    fn the_place_has_an_index_for_each_dimension() {
        let shape = [2, 3, 4];
        let reference = ArrayBuf::zeroed(DType::Float32, &shape).unwrap();
        let mut result = reference.clone();
        result.view_mut::<f32>().unwrap()[[1, 0, 2]] = 1.0;
        assert_eq!(difference(&result, &reference).unwrap().place, Some(vec![1, 0, 2]));
        assert_eq!(checksum(&result), Complex64::from(1.0));
    }

    #[test]
    fn types_and_shapes_must_be_the_same() {
        let error = difference(&array(&[1f32]), &array(&[1f64])).unwrap_err();
        assert_eq!(error.to_string(), "the element type is float32, that of the reference float64");
        let error = difference(&array(&[1f32]), &array(&[1f32, 2.0])).unwrap_err();
        assert_eq!(error.to_string(), "the shape is [1], that of the reference [2]");
    }
}
