//! The tables of the ziggurat method for normal numbers, as NumPy has them.
//!
//! The area under `exp(-x²/2)` is covered by 256 strips of the same area, the lowest of which has the tail. A strip and
//! a place in it are drawn; almost always that is a point under the curve, and its abscissa a normal number.
//!
//! Source: G. Marsaglia and W. W. Tsang, *The Ziggurat Method for Generating Random Variables*, Journal of Statistical
//! Software 5(8), 2000. The recurrence in double precision gives NumPy's numbers, but for one that was rounded the other way.

/// Where the tail begins.
pub(super) const TAIL: f64 = 3.654_152_885_361_009;

/// The area of a strip.
const AREA: f64 = 0.004_928_673_233_974_652;

/// Abscissas are this fraction of an integer with 52 bits.
const UNITS: f64 = (1_u64 << 52) as f64;

/// The strip whose height NumPy rounds up.
const ROUNDED_UP: usize = 38;

/// For each strip, lowest first: what an integer is multiplied with, the height of the curve at its right end, and the
/// integers that are under the curve without a question.
pub(super) struct Tables {
    pub(super) widths: Vec<f64>,
    pub(super) heights: Vec<f64>,
    pub(super) limits: Vec<u64>,
}

/// The tables.
pub(super) fn tables() -> Tables {
    let height = |x: f64| (-0.5 * x * x).exp();
    let (mut widths, mut heights, mut limits) = (vec![0.0; 256], vec![1.0; 256], vec![0; 256]);
    (widths[255], heights[255]) = (TAIL / UNITS, height(TAIL));
    widths[0] = AREA / heights[255] / UNITS;
    limits[0] = (TAIL * heights[255] / AREA * UNITS) as u64;
    let mut outer = TAIL;
    for strip in (1..255).rev() {
        let x = (-2.0 * (AREA / outer + heights[strip + 1]).ln()).sqrt();
        limits[strip + 1] = (x / outer * UNITS).round_ties_even() as u64;
        widths[strip] = x / UNITS;
        heights[strip] = if strip == ROUNDED_UP { height(x).next_up() } else { height(x) };
        outer = x;
    }
    Tables { widths, heights, limits }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A mathematical library that rounds otherwise would give other random numbers.
    #[test]
    fn the_tables_are_those_of_numpy() {
        let Tables { widths, heights, limits } = tables();
        let mixed = |bits: &mut dyn Iterator<Item = u64>| {
            bits.fold(0_u64, |sum, bits| sum.rotate_left(7).wrapping_mul(31).wrapping_add(bits))
        };
        assert_eq!(mixed(&mut widths.iter().map(|it| it.to_bits())), 0xa650_9290_d501_4b52);
        assert_eq!(mixed(&mut heights.iter().map(|it| it.to_bits())), 0xaa01_8df6_e8da_3870);
        assert_eq!(mixed(&mut limits.iter().copied()), 0xe706_f6cc_84c8_f765);
    }
}
