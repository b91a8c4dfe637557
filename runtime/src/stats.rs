//! Medians with confidence intervals, from few and noisy measurements.
//!
//! Run times are not normally distributed: they have a floor and a long tail. So the interval is that of order
//! statistics, which assumes nothing about the distribution: with `n` independent measurements, the median lies between
//! the `j`-th smallest and the `j`-th largest with probability `1 - 2 P(X < j)`, where `X` counts heads in `n` throws of
//! a fair coin. The narrowest such interval of at least 95 % is taken.
//!
//! ```
//! let summary = dacec_runtime::stats::summarize(&[5.0, 1.0, 4.0, 2.0, 3.0, 9.0, 7.0, 8.0, 6.0, 10.0]).unwrap();
//! assert_eq!(summary.median, 5.5);
//! assert_eq!((summary.low, summary.high), (2.0, 9.0)); // the second smallest and the second largest of ten
//! assert!(summary.confidence > 0.95);
//! ```

use serde::{Deserialize, Serialize};

/// The confidence that an interval has if there are enough measurements.
pub const CONFIDENCE: f64 = 0.95;

/// What a series of measurements says.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Summary {
    /// The median.
    pub median: f64,
    /// The lower end of the interval in which the true median lies.
    pub low: f64,
    /// The upper end of that interval.
    pub high: f64,
    /// How sure it lies there: at least [`CONFIDENCE`], or less if fewer than six measurements were made.
    pub confidence: f64,
    /// The smallest measurement.
    pub min: f64,
    /// The largest measurement.
    pub max: f64,
    /// How many measurements were made.
    pub count: usize,
}

/// Summarizes measurements; `None` if there are none or if one is not a number.
pub fn summarize(measurements: &[f64]) -> Option<Summary> {
    if measurements.is_empty() || measurements.iter().any(|value| value.is_nan()) {
        return None;
    }
    let mut sorted = measurements.to_vec();
    sorted.sort_by(f64::total_cmp);
    let count = sorted.len();
    let middle = count / 2;
    let median = if count % 2 == 1 { sorted[middle] } else { (sorted[middle - 1] + sorted[middle]) / 2.0 };
    let (rank, confidence) = interval_rank(count);
    Some(Summary {
        median,
        low: sorted[rank],
        high: sorted[count - 1 - rank],
        confidence,
        min: sorted[0],
        max: sorted[count - 1],
        count,
    })
}

/// How many measurements to leave out at either end, and the confidence that the rest covers the median.
fn interval_rank(count: usize) -> (usize, f64) {
    // P(X = k) for a fair coin, from P(X = 0) = 2^-n on. Beyond a thousand throws that underflows, so start from logs.
    let mut log_probability = -(count as f64) * std::f64::consts::LN_2;
    let mut below = log_probability.exp();
    let mut rank = 0;
    let mut confidence = 1.0 - 2.0 * below;
    while rank + 1 < count.div_ceil(2) {
        let next = rank + 1;
        log_probability += ((count - next + 1) as f64 / next as f64).ln();
        below += log_probability.exp();
        if 1.0 - 2.0 * below < CONFIDENCE {
            break;
        }
        rank = next;
        confidence = 1.0 - 2.0 * below;
    }
    (rank, confidence.max(0.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_measured_says_nothing() {
        assert_eq!(summarize(&[]), None);
        assert_eq!(summarize(&[1.0, f64::NAN]), None);
    }

    #[test]
    fn one_measurement_has_no_confidence() {
        let summary = summarize(&[3.0]).unwrap();
        assert_eq!((summary.median, summary.low, summary.high, summary.confidence), (3.0, 3.0, 3.0, 0.0));
    }

    /// Ranks from tables of the sign test: (measurements, ranks left out at each end).
    #[test]
    fn ranks_agree_with_published_tables() {
        for (count, left_out) in
            [(5, 0), (6, 0), (8, 0), (9, 1), (10, 1), (12, 2), (20, 5), (30, 9), (50, 17), (100, 39)]
        {
            assert_eq!(interval_rank(count).0, left_out, "{count} measurements");
        }
        assert!((interval_rank(10).1 - 0.978515625).abs() < 1e-12);
        assert!(interval_rank(5).1 < CONFIDENCE);
    }

    #[test]
    fn many_measurements_do_not_underflow() {
        let (rank, confidence) = interval_rank(100_000);
        // The normal approximation: n/2 - 1.96 sqrt(n)/2.
        assert!((rank as f64 - 49_690.0).abs() < 3.0, "{rank}");
        assert!((CONFIDENCE..0.952).contains(&confidence));
    }

    proptest::proptest! {
        #[test]
        fn the_median_lies_in_its_interval(values in proptest::collection::vec(0.0f64..1e3, 1..60)) {
            let summary = summarize(&values).unwrap();
            proptest::prop_assert!(summary.min <= summary.low && summary.low <= summary.median);
            proptest::prop_assert!(summary.median <= summary.high && summary.high <= summary.max);
        }
    }
}
