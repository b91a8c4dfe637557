//! Results against those of the reference.

use dacec_ir::{DType, IndexMap, Name};
use dacec_runtime::{ArrayBuf, compare};

/// Relative differences that rounding in another order makes, by precision of the results.
const TOLERANCE: f64 = 1e-9;
const SINGLE_TOLERANCE: f64 = 1e-4;

/// A result beside its reference.
pub(super) struct Comparison {
    /// The array.
    pub(super) name: Name,
    /// Whether the difference is one of rounding.
    pub(super) agrees: bool,
    /// The largest difference and its place, for people.
    pub(super) verdict: String,
}

impl Comparison {
    /// Compares; without a tolerance of the user's with that of the type.
    pub(super) fn of(
        name: &Name,
        array: &ArrayBuf,
        expected: &IndexMap<String, ArrayBuf>,
        tolerance: Option<f64>,
    ) -> Self {
        let single =
            array.dtype().size() < 8 && (array.dtype().is_float()) || array.dtype() == DType::Complex64;
        let tolerance = tolerance.unwrap_or(if single { SINGLE_TOLERANCE } else { TOLERANCE });
        let (agrees, verdict) = match expected.get(name.as_str()) {
            None => (false, "the reference has no such result".to_owned()),
            Some(reference) => match compare::difference(array, reference) {
                Err(mismatch) => (false, mismatch.to_string()),
                Ok(difference) => {
                    let place =
                        difference.place.as_ref().map(|place| format!(" at {place:?}")).unwrap_or_default();
                    let text = format!("largest relative difference {:.1e}{place}", difference.relative);
                    (difference.is_within(tolerance), text)
                }
            },
        };
        Comparison { name: name.clone(), agrees, verdict }
    }
}
