//! Subsets: which elements of a container.
//!
//! A subset is a box: one strided range for each dimension. Ranges are half-open like Python's, so `A[1:-1]` over `N`
//! elements is `1:N - 1`. A single index `i` is the range `i:i + 1`.

use crate::name::inserting;
use crate::symbolic::{Facts, ParseError, Substitution};
use crate::{Expr, Name};
use std::collections::BTreeSet;
use std::fmt;

/// A strided half-open range of indices: `start, start + step, …` as long as it lies before `stop`.
///
/// A negative `step` runs down from `start` and ends above `stop`. `step` is never zero.
///
/// With a tile, each of these is the first of `tile` neighbouring indices; the last tile is complete, whether or not the
/// bound cuts it. Such a range is two dimensions of a slice: the tiles, and what is in them. Most of a compiler knows no
/// tiles; [`Sdfg::lower_tiles`](crate::Sdfg::lower_tiles) removes them.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Range {
    /// First index.
    pub start: Expr,
    /// The bound that is no longer part of the range.
    pub stop: Expr,
    /// Distance of neighbours.
    pub step: Expr,
    /// How many indices a tile has; `None` is one. The step is positive then, and no smaller than the tile.
    pub tile: Option<Expr>,
}

impl Range {
    /// `start:stop:1`.
    pub fn new(start: impl Into<Expr>, stop: impl Into<Expr>) -> Self {
        Range { start: start.into(), stop: stop.into(), step: Expr::one(), tile: None }
    }

    /// `start:stop:step`.
    pub fn strided(start: impl Into<Expr>, stop: impl Into<Expr>, step: impl Into<Expr>) -> Self {
        Range { start: start.into(), stop: stop.into(), step: step.into(), tile: None }
    }

    /// `start:stop:step` with `tile` neighbouring indices at each step. Where tiles have one index, or each begins where
    /// the one before ends, that is a range without tiles.
    pub fn tiled(start: Expr, stop: Expr, step: Expr, tile: Expr) -> Self {
        if tile.is_one() {
            return Range { start, stop, step, tile: None };
        }
        let Some(length) = tile.as_int().filter(|length| *length > 0 && step.as_int() == Some(*length))
        else {
            return Range { start, stop, step, tile: Some(tile) };
        };
        // The last tile is complete.
        let tiles = (&stop - &start).ceil_div(&Expr::int(length));
        let stop = &start + tiles * Expr::int(length);
        Range::new(start, stop)
    }

    /// Reads `start:stop`, `start:stop:step` or an index, in Python's syntax; bounds are written out.
    pub fn parse(text: &str) -> Result<Self, ParseError> {
        let parts = split_top_level(text, ':').into_iter().map(Expr::parse).collect::<Result<Vec<_>, _>>()?;
        match <[Expr; 3]>::try_from(parts) {
            Ok([start, stop, step]) => Ok(Range::strided(start, stop, step)),
            Err(mut parts) => match (parts.pop(), parts.pop()) {
                (Some(at), None) => Ok(Range::index(at)),
                (Some(stop), Some(start)) if parts.is_empty() => Ok(Range::new(start, stop)),
                _ => Expr::parse(text).map(Range::index),
            },
        }
    }

    /// `0:extent`.
    pub fn full(extent: &Expr) -> Self {
        Range::new(0, extent.clone())
    }

    /// The single index `at`.
    pub fn index(at: impl Into<Expr>) -> Self {
        let start = at.into();
        Range { stop: &start + 1, start, step: Expr::one(), tile: None }
    }

    /// The index, if the range is a single one whatever the symbols are.
    pub fn as_index(&self) -> Option<&Expr> {
        (self.tile.is_none() && self.stop.offset_from(&self.start) == Some(1)).then_some(&self.start)
    }

    /// Number of indices, if the range is not empty.
    ///
    /// For `stop` before `start` the exact answer is 0, which [`Range::len_clamped`] gives; this form stays a
    /// polynomial, and is exact wherever the range is known not to run backwards.
    pub fn len(&self) -> Expr {
        match &self.tile {
            Some(tile) => self.steps() * tile,
            None => self.steps(),
        }
    }

    /// Number of steps: of tiles, where there are tiles.
    pub fn steps(&self) -> Expr {
        let distance = &self.stop - &self.start;
        match self.step.as_int() {
            Some(1) => distance,
            Some(-1) => -distance,
            Some(step) if step < 0 => (-distance).ceil_div(&Expr::int(step.wrapping_neg())),
            _ => distance.ceil_div(&self.step),
        }
    }

    /// Number of indices, 0 where the range is empty.
    pub fn len_clamped(&self) -> Expr {
        self.len().max(&Expr::zero())
    }

    /// Whether the range has no index; `None` where that is not known.
    pub fn is_empty(&self, facts: &Facts) -> Option<bool> {
        facts.prove_le(&self.len(), &Expr::zero())
    }

    /// The last index of a range that is not empty: the largest for a positive step.
    pub fn last(&self) -> Expr {
        if let Some(tile) = &self.tile {
            return &self.start + (self.steps() - 1) * &self.step + tile - 1;
        }
        if self.step.is_one() {
            return &self.stop - 1;
        }
        &self.start + (self.len() - 1) * &self.step
    }

    /// The index at position `k` of the range.
    pub fn at(&self, k: &Expr) -> Expr {
        match &self.tile {
            Some(tile) => &self.start + k.floor_div(tile) * &self.step + k.modulo(tile),
            None => &self.start + k * &self.step,
        }
    }

    /// The range moved by a distance.
    pub fn moved(&self, distance: &Expr) -> Range {
        Range {
            start: &self.start + distance,
            stop: &self.stop + distance,
            step: self.step.clone(),
            tile: self.tile.clone(),
        }
    }

    /// The range of the elements at the positions `inner` of this one. A single index stays one. Neither has tiles, unless
    /// `inner` is a single index.
    pub fn compose(&self, inner: &Range) -> Range {
        if let Some(at) = inner.as_index() {
            return Range::index(self.at(at));
        }
        debug_assert!(self.tile.is_none() && inner.tile.is_none(), "parts of {self} are not composed");
        let step = &self.step * &inner.step;
        Range::strided(self.at(&inner.start), &self.start + &inner.stop * &self.step, step)
    }

    /// Rewrites every symbolic expression.
    pub fn map_exprs(&mut self, f: &mut dyn FnMut(&Expr) -> Expr) {
        self.start = f(&self.start);
        self.stop = f(&self.stop);
        self.step = f(&self.step);
        if let Some(tile) = &mut self.tile {
            *tile = f(tile);
        }
    }

    /// Every symbolic expression: start, stop, step, and the tile if there is one.
    pub fn exprs(&self) -> impl Iterator<Item = &Expr> {
        [&self.start, &self.stop, &self.step].into_iter().chain(&self.tile)
    }

    /// Symbols that the range depends on.
    pub fn symbols(&self) -> BTreeSet<Name> {
        let mut symbols = BTreeSet::new();
        self.visit_symbols(&mut inserting(&mut symbols));
        symbols
    }

    /// Calls `f` on each of the [symbols](Range::symbols), repeated ones repeatedly.
    pub(crate) fn visit_symbols<'a>(&'a self, f: &mut dyn FnMut(&'a Name)) {
        self.exprs().for_each(|expr| expr.visit_symbols(f));
    }

    /// Smallest and largest index of a range that is not empty; `None` where the direction is not known.
    pub fn extremes(&self) -> Option<(Expr, Expr)> {
        match self.step.as_int() {
            Some(step) if step > 0 => Some((self.start.clone(), self.last())),
            Some(step) if step < 0 => Some((self.last(), self.start.clone())),
            _ => None,
        }
    }
}

impl fmt::Display for Range {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(index) = self.as_index().filter(|_| self.step.is_one()) {
            return write!(f, "{index}");
        }
        write!(f, "{}:{}", self.start, self.stop)?;
        match &self.tile {
            Some(tile) => write!(f, ":{}:{tile}", self.step),
            None if self.step.is_one() => Ok(()),
            None => write!(f, ":{}", self.step),
        }
    }
}

/// The elements of a box: one range for each dimension; none for a scalar.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Subset {
    /// One range for each dimension of the container.
    pub dims: Vec<Range>,
}

impl Subset {
    /// A box of ranges.
    pub fn new(dims: impl Into<Vec<Range>>) -> Self {
        Subset { dims: dims.into() }
    }

    /// Reads ranges with commas between them; the empty text is a scalar's subset.
    pub fn parse(text: &str) -> Result<Self, ParseError> {
        if text.trim().is_empty() {
            return Ok(Subset::default());
        }
        let dims = split_top_level(text, ',').into_iter().map(Range::parse).collect::<Result<Vec<_>, _>>()?;
        Ok(Subset { dims })
    }

    /// Every element of a container of this shape.
    pub fn full(shape: &[Expr]) -> Self {
        Subset { dims: shape.iter().map(Range::full).collect() }
    }

    /// One element.
    pub fn element(indices: impl IntoIterator<Item = Expr>) -> Self {
        Subset { dims: indices.into_iter().map(Range::index).collect() }
    }

    /// Number of dimensions.
    pub fn rank(&self) -> usize {
        self.dims.len()
    }

    /// Number of indices of each dimension.
    pub fn shape(&self) -> Vec<Expr> {
        self.dims.iter().map(Range::len).collect()
    }

    /// Number of indices of each dimension that is not a single index: NumPy's shape of the slice. Of one with tiles, their
    /// number and their length.
    pub fn squeezed_shape(&self) -> Vec<Expr> {
        let long = self.dims.iter().filter(|dim| dim.as_index().is_none());
        long.flat_map(|dim| [Some(dim.steps()), dim.tile.clone()]).flatten().collect()
    }

    /// Whether a dimension has tiles.
    pub fn has_tiles(&self) -> bool {
        self.dims.iter().any(|dim| dim.tile.is_some())
    }

    /// The dimensions of the slice that an operand of `rank` dimensions is: single indices are left out from the left until
    /// no more dimensions are there than that; without a rank, all of them are.
    pub fn operand_dims(&self, rank: Option<usize>) -> Vec<usize> {
        let rank = rank.unwrap_or_default();
        let mut surplus = self.rank().saturating_sub(rank);
        let mut kept = Vec::new();
        for (at, dim) in self.dims.iter().enumerate() {
            if surplus > 0 && dim.as_index().is_some() {
                surplus -= 1;
            } else {
                kept.push(at);
            }
        }
        kept
    }

    /// The extents of the operand of a library node with so many dimensions: where there are not so many
    /// [dimensions](Self::operand_dims), some of one element follow.
    pub fn operand_shape(&self, rank: Option<usize>) -> Vec<Expr> {
        let dims = self.operand_dims(rank);
        let missing = rank.unwrap_or_default().saturating_sub(dims.len());
        let extents = dims.into_iter().map(|at| self.dims[at].len());
        extents.chain(std::iter::repeat_n(Expr::one(), missing)).collect()
    }

    /// Number of elements.
    pub fn num_elements(&self) -> Expr {
        self.dims.iter().fold(Expr::one(), |product, dim| product * dim.len())
    }

    /// The indices, if the subset is one element whatever the symbols are.
    pub fn as_element(&self) -> Option<Vec<Expr>> {
        self.dims.iter().map(|dim| dim.as_index().cloned()).collect()
    }

    /// Whether the subset is structurally all of a container of this shape.
    pub fn is_full(&self, shape: &[Expr]) -> bool {
        self.dims.len() == shape.len()
            && self.dims.iter().zip(shape).all(|(dim, extent)| {
                dim.start.is_zero() && dim.stop == *extent && dim.step.is_one() && dim.tile.is_none()
            })
    }

    /// The first element's indices.
    pub fn start(&self) -> Vec<Expr> {
        self.dims.iter().map(|dim| dim.start.clone()).collect()
    }

    /// The elements at the positions `inner` of this subset. Both have the same rank.
    pub fn compose(&self, inner: &Subset) -> Subset {
        debug_assert_eq!(self.rank(), inner.rank());
        Subset {
            dims: self.dims.iter().zip(&inner.dims).map(|(outer, inner)| outer.compose(inner)).collect(),
        }
    }

    /// The elements at positions `inner` of the slice that this subset is: dimensions that are single indices here are
    /// absent from `inner`, as in NumPy. `None` if the ranks do not fit.
    pub fn compose_squeezed(&self, inner: &Subset) -> Option<Subset> {
        let mut positions = inner.dims.iter();
        let dims = self
            .dims
            .iter()
            .map(|dim| {
                if dim.as_index().is_some() {
                    Some(dim.clone())
                } else {
                    Some(dim.compose(positions.next()?))
                }
            })
            .collect::<Option<Vec<_>>>()?;
        positions.next().is_none().then_some(Subset { dims })
    }

    /// The subset moved by `-origin`: where its elements lie relative to an element at `origin`.
    pub fn relative_to(&self, origin: &[Expr]) -> Subset {
        debug_assert_eq!(self.rank(), origin.len());
        let dims = self.dims.iter().zip(origin);
        Subset { dims: dims.map(|(dim, at)| dim.moved(&-at)).collect() }
    }

    /// Rewrites every symbolic expression.
    pub fn map_exprs(&mut self, f: &mut dyn FnMut(&Expr) -> Expr) {
        for dim in &mut self.dims {
            dim.map_exprs(f);
        }
    }

    /// The subset with symbols replaced.
    pub fn subs(&self, substitution: &Substitution) -> Subset {
        let mut result = self.clone();
        result.map_exprs(&mut |expr| expr.subs(substitution));
        result
    }

    /// Symbols that the subset depends on.
    pub fn symbols(&self) -> BTreeSet<Name> {
        let mut symbols = BTreeSet::new();
        self.dims.iter().for_each(|range| range.visit_symbols(&mut inserting(&mut symbols)));
        symbols
    }

    /// Whether every element of `other` is one of this subset; `None` where that is not known.
    pub fn covers(&self, other: &Subset, facts: &Facts) -> Option<bool> {
        if self == other {
            return Some(true);
        }
        if self.rank() != other.rank() {
            return None;
        }
        let mut known = true;
        for (outer, inner) in self.dims.iter().zip(&other.dims) {
            match range_covers(outer, inner, facts) {
                Some(true) => {}
                Some(false) => return Some(false),
                None => known = false,
            }
        }
        known.then_some(true)
    }

    /// Whether the two share an element; `None` where that is not known. Both are over the same container.
    pub fn intersects(&self, other: &Subset, facts: &Facts) -> Option<bool> {
        if self.rank() != other.rank() {
            return None;
        }
        let mut known = true;
        for (a, b) in self.dims.iter().zip(&other.dims) {
            match ranges_intersect(a, b, facts) {
                Some(false) => return Some(false),
                Some(true) => {}
                None => known = false,
            }
        }
        known.then_some(true)
    }

    /// The smallest box with step 1 around both; `None` where an order of bounds or direction is not known.
    pub fn bounding_union(&self, other: &Subset, facts: &Facts) -> Option<Subset> {
        if self == other {
            return Some(self.clone());
        }
        if self.rank() != other.rank() {
            return None;
        }
        let dims = self.dims.iter().zip(&other.dims).map(|(a, b)| {
            if a == b {
                return Some(a.clone());
            }
            let ((a_low, a_high), (b_low, b_high)) = (a.extremes()?, b.extremes()?);
            let low = if facts.prove_le(&a_low, &b_low)? { a_low } else { b_low };
            let high = if facts.prove_le(&a_high, &b_high)? { b_high } else { a_high };
            Some(Range::new(low, high + 1))
        });
        Some(Subset { dims: dims.collect::<Option<Vec<_>>>()? })
    }
}

/// Whether `inner` lies in `outer`. An answer of `Some(true)` holds also for empty ranges; `Some(false)` assumes that
/// `inner` is not empty.
fn range_covers(outer: &Range, inner: &Range, facts: &Facts) -> Option<bool> {
    if outer == inner {
        return Some(true);
    }
    let ((outer_low, outer_high), (inner_low, inner_high)) = (outer.extremes()?, inner.extremes()?);
    let low = facts.prove_le(&outer_low, &inner_low);
    let high = facts.prove_le(&inner_high, &outer_high);
    if low == Some(false) || high == Some(false) {
        return Some(false);
    }
    let plain = outer.tile.is_none() && inner.tile.is_none();
    let dense = outer.tile.is_none() && outer.step.as_int().is_some_and(|step| step.abs() == 1)
        || plain && same_grid(outer, inner) == Some(true);
    (low == Some(true) && high == Some(true) && dense).then_some(true)
}

/// Whether every index of `inner` lies on the grid `outer.start + k * outer.step`.
fn same_grid(outer: &Range, inner: &Range) -> Option<bool> {
    let step = outer.step.as_int().filter(|step| *step != 0)?;
    let shift = (&inner.start - &outer.start).as_int()?;
    let inner_step = inner.step.as_int()?;
    Some(shift % step == 0 && inner_step % step == 0)
}

fn ranges_intersect(a: &Range, b: &Range, facts: &Facts) -> Option<bool> {
    let ((a_low, a_high), (b_low, b_high)) = (a.extremes()?, b.extremes()?);
    let before = facts.prove_lt(&a_high, &b_low);
    let after = facts.prove_lt(&b_high, &a_low);
    if before == Some(true) || after == Some(true) {
        return Some(false);
    }
    if a.tile.is_none()
        && b.tile.is_none()
        && let (Some(sa), Some(sb)) = (a.step.as_int(), b.step.as_int())
    {
        // Two grids whose distance is no multiple of the common step never meet.
        let common = gcd(sa.unsigned_abs(), sb.unsigned_abs());
        if let Some(shift) = (&a.start - &b.start).as_int()
            && common > 1
            && shift.unsigned_abs() % common != 0
        {
            return Some(false);
        }
    }
    if a == b {
        // The same range meets itself unless it is empty.
        return a.is_empty(facts).map(|empty| !empty);
    }
    let dense =
        |range: &Range| range.tile.is_none() && range.step.as_int().is_some_and(|step| step.abs() == 1);
    let both_hold = before == Some(false) && after == Some(false);
    let not_empty = a.is_empty(facts) == Some(false) && b.is_empty(facts) == Some(false);
    (both_hold && not_empty && dense(a) && dense(b)).then_some(true)
}

/// Splits a text at a separator that is not inside brackets.
fn split_top_level(text: &str, separator: char) -> Vec<&str> {
    let (mut parts, mut start, mut depth) = (Vec::new(), 0, 0_i32);
    for (at, c) in text.char_indices() {
        match c {
            '(' | '[' => depth += 1,
            ')' | ']' => depth -= 1,
            _ if c == separator && depth == 0 => {
                parts.push(&text[start..at]);
                start = at + c.len_utf8();
            }
            _ => {}
        }
    }
    parts.push(&text[start..]);
    parts
}

fn gcd(a: u64, b: u64) -> u64 {
    if b == 0 { a } else { gcd(b, a % b) }
}

impl fmt::Display for Subset {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.dims.is_empty() {
            return Ok(());
        }
        write!(f, "[{}]", crate::data::Comma(&self.dims))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn expr(text: &str) -> Expr {
        Expr::parse(text).expect("a valid expression")
    }

    fn range(text: &str) -> Range {
        Range::parse(text).expect("a valid range")
    }

    fn subset(text: &str) -> Subset {
        Subset::parse(text).expect("a valid subset")
    }

    #[test]
    fn lengths_follow_python() {
        for (text, length) in
            [("0:N", "N"), ("1:N - 1", "N - 2"), ("i", "1"), ("0:10:3", "4"), ("9:-1:-1", "10")]
        {
            assert_eq!(range(text).len(), expr(length), "{text}");
        }
        assert_eq!(range("9:-1:-2").last(), Expr::int(1));
    }

    #[test]
    fn tiles_are_complete_and_have_gaps() {
        let tiled = |step: i64, tile: i64| {
            Range::tiled(Expr::zero(), Expr::sym("N"), Expr::int(step), Expr::int(tile))
        };
        assert_eq!(tiled(4, 1), range("0:N:4"));
        assert_eq!(tiled(4, 4), range("0:4*int_ceil(N, 4)"));
        let pairs = Range::tiled(Expr::int(1), Expr::int(11), Expr::int(4), Expr::int(2));
        assert_eq!(
            (pairs.len(), pairs.last(), pairs.to_string()),
            (Expr::int(6), Expr::int(10), "1:11:4:2".into())
        );
        assert_eq!((pairs.at(&Expr::int(3)), pairs.as_index()), (Expr::int(6), None));
        assert_eq!(pairs.extremes(), Some((Expr::one(), Expr::int(10))));
        let (facts, subset) = (Facts::new(), |range: &Range| Subset::new([range.clone()]));
        assert_eq!(subset(&pairs).squeezed_shape(), [Expr::int(3), Expr::int(2)]);
        assert_eq!(subset(&pairs).covers(&subset(&range("5:7")), &facts), None);
        assert_eq!(subset(&range("0:16")).covers(&subset(&pairs), &facts), Some(true));
        // 2 and 6 and 10 are in both, although 2 is not on the grid 1, 5, 9.
        assert_eq!(subset(&pairs).intersects(&subset(&range("2:11:4")), &facts), None);
        assert_eq!(subset(&pairs).intersects(&subset(&range("11:20")), &facts), Some(false));
    }

    #[test]
    fn a_slice_of_a_slice_adds_offsets_and_multiplies_steps() {
        assert_eq!(subset("2:N:2, i").compose_squeezed(&subset("1:5")), Some(subset("4:12:2, i")));
        assert_eq!(subset("2:N, i").compose_squeezed(&subset("1:5, 0")), None);
    }

    #[test]
    fn disjointness_is_proved_or_not_known() {
        let mut facts = Facts::new();
        facts.assume_range(&"i".into(), Expr::zero(), Expr::sym("N") - 1);
        assert_eq!(subset("i, 0:N").intersects(&subset("i + 1:N, 0:N"), &facts), Some(false));
        assert_eq!(subset("0:i").intersects(&subset("i"), &facts), Some(false));
        assert_eq!(subset("0:10:2").intersects(&subset("1:10:2"), &facts), Some(false));
        assert_eq!(subset("i").intersects(&subset("j"), &facts), None);
        assert_eq!(subset("0:i").intersects(&subset("0:i"), &facts), None, "may be empty");
        assert_eq!(subset("i").intersects(&subset("i"), &facts), Some(true));
    }

    #[test]
    fn a_box_covers_what_lies_inside() {
        let mut facts = Facts::new();
        facts.assume_range(&"i".into(), Expr::one(), Expr::sym("N") - 2);
        assert_eq!(subset("0:N").covers(&subset("i - 1:i + 2"), &facts), Some(true));
        assert_eq!(subset("1:N").covers(&subset("i - 1:i + 2"), &facts), None);
        assert_eq!(subset("0:8:2").covers(&subset("2:6:4"), &facts), Some(true));
        assert_eq!(subset("0:8:2").covers(&subset("1:3"), &facts), None);
    }

    #[test]
    fn the_union_is_a_bounding_box() {
        let facts = Facts::new();
        assert_eq!(subset("i - 1").bounding_union(&subset("i + 1"), &facts), Some(subset("i - 1:i + 2")));
        assert_eq!(subset("i").bounding_union(&subset("j"), &facts), None);
    }
}
