//! Loop skewing: the iterations of a nest in wavefronts, within which they are independent.
//!
//! ```text
//! before:  for i in 1:N: for j in 1:M: state { A[i, j] = A[i - 1, j] + A[i, j - 1] }
//! after:   for w in 2:N + M - 1: for i in max(1, w - M + 1):min(N, w): state { A[i, w - i] = … }
//! kept:    for i: for j: state { A[i, j] = A[i - 1, j + 5] }            5 is too far ahead
//! ```
//!
//! Each iteration needs its left and its upper neighbour, so neither loop is a map. Those with the same `i + j` need only
//! iterations before them: with `w = i + j` as the outer loop, the inner one is a map (which `loop-to-map` finds). Where
//! the right neighbour in the row above is needed too, `w = 2*i + j` does it; larger factors are not tried.
//!
//! Loops that run down are skewed by the negative of their variable, and the inner range may depend on the outer variable,
//! as in `for i in N - 1:-1:-1: for j in i + 1:N`, whose wavefronts are the diagonals.
//!
//! **Legal when** the nest is perfect with steps of 1 or -1, bounds of the inner range are the outer variable times a
//! constant plus something that does not depend on it, and no iteration `(i, j)` shares an element that one of them writes
//! with a later iteration `(i', j')`, `i != i'`, whose wavefront is the same or an earlier one. **Applies where** neither
//! loop is a map as it is.

use super::loop_nest_to_map::{assigned_outside_headers, touches_of};
use super::nest::{Dim, Nest, take_apart};
use super::private::private_to;
use crate::surroundings::{Surroundings, assigned_symbols};
use crate::{Refusal, Transformation};
use dacec_ir::analysis::dependence::Iterations;
use dacec_ir::{Block, DType, Expr, Loop, Name, Region};

/// Runs a nest in wavefronts; see the [module](self).
#[derive(Clone, Copy, Debug, Default)]
pub struct LoopSkewing;

/// A nest with independent wavefronts; made only by [`LoopSkewing::find`].
#[derive(Clone, Debug)]
pub struct Skewable {
    block: usize,
    skew: Skew,
}

/// The new loops of a nest.
#[derive(Clone, Debug)]
pub(super) struct Skew {
    /// The outer loop's variable.
    pub(super) outer: Name,
    inner: Name,
    /// Whether the inner loop runs down.
    inner_down: bool,
    /// Wavefronts from one outer iteration to the next; negative if the outer loop runs down.
    factor: i64,
    /// First wavefront and the one behind the last, if there are any.
    waves: (Expr, Expr),
    /// Values of the outer variable in the wavefront of the given symbol, and the one behind the last.
    within: (Expr, Expr),
    /// The symbol that `within` uses for the wavefront.
    wave: Name,
}

impl Transformation for LoopSkewing {
    type Place = Region;
    type Match = Skewable;

    fn name(&self) -> &'static str {
        "LoopSkewing"
    }

    fn find(&self, around: &Surroundings<'_>, region: &Region, site: usize) -> Result<Skewable, Refusal> {
        let nest = Nest::of(&region.blocks[site])?;
        nest.assigns_nothing()?;
        Ok(Skewable { block: site, skew: find_skew(around, &nest)? })
    }

    fn apply(&self, around: &mut Surroundings<'_>, region: &mut Region, found: Skewable) {
        let block = std::mem::replace(&mut region.blocks[found.block], Block::Break);
        let wave = around.names.fresh("wave");
        region.blocks[found.block] = skewed(around, block, found.skew, wave);
    }
}

/// Finds wavefronts within which iterations are independent.
pub(super) fn find_skew(around: &Surroundings<'_>, nest: &Nest<'_>) -> Result<Skew, Refusal> {
    if nest.keeps_order(around, None).is_ok() || is_parallel_inside(around, nest) {
        return Err(Refusal::NoMatch("one of the loops is a map as it is"));
    }
    // factor*i + j >= factor*i' + j'
    let behind = |factor: i64| nest.keeps_order(around, Some(&|distance| factor * distance));
    let factor = match behind(1) {
        Ok(()) => 1,
        Err(reason) => behind(2).map(|()| 2).map_err(|_| reason)?,
    };
    Skew::of(nest, factor)
}

/// The nest as a loop over wavefronts.
pub(super) fn skewed(around: &mut Surroundings<'_>, block: Block, skew: Skew, wave: Name) -> Block {
    let (outer, inner, mut body) = take_apart(block);
    around.sdfg.symbols.entry(wave.clone()).or_insert(DType::Int64);
    let w = Expr::sym(&wave);
    let column = &w - skew.factor * Expr::sym(&skew.outer);
    let column = if skew.inner_down { -column } else { column };
    around.substitute_in(&mut body, &[(skew.inner, column)].into());
    let within = (skew.within.0.subs1(&skew.wave, &w), skew.within.1.subs1(&skew.wave, &w), Expr::one());
    let within = Loop { span: inner.span, ..Loop::counted(inner.label, skew.outer, within, body) };
    let waves = (skew.waves.0, skew.waves.1, Expr::one());
    let body = Region::new([Block::Loop(Box::new(within))]);
    Block::Loop(Box::new(Loop { span: outer.span, ..Loop::counted(outer.label, wave, waves, body) }))
}

impl Skew {
    /// With `w = factor*i + j`, where `i` and `j` are the variables or their negatives: from `low(i) <= j < high(i)` follow
    /// bounds of `i` for each `w`.
    fn of(nest: &Nest<'_>, factor: i64) -> Result<Skew, Refusal> {
        let (first, end) = nest.outer.forward_bounds();
        let (low, high) = nest.inner.forward_bounds();
        let (low, high) = (Line::of(&low, &nest.outer)?, Line::of(&(high - 1), &nest.outer)?);
        // w >= (low.slope + factor)*i + low.at_zero, and the other way round for the last one.
        let (low, high) = (low.steeper(factor), high.steeper(factor));
        let waves = (low.least(&first, &end), high.most(&first, &end) + 1);
        let wave = Name::from("w'");
        let w = Expr::sym(&wave);
        let (mut from, mut to) = (first, end);
        match low.slope {
            0 => {}
            slope if slope > 0 => to = to.min(&((&w - &low.at_zero).floor_div(&Expr::int(slope)) + 1)),
            slope => from = from.max(&(&low.at_zero - &w).ceil_div(&Expr::int(-slope))),
        }
        match high.slope {
            0 => {}
            slope if slope > 0 => from = from.max(&(&w - &high.at_zero).ceil_div(&Expr::int(slope))),
            slope => to = to.min(&((&high.at_zero - &w).floor_div(&Expr::int(-slope)) + 1)),
        }
        let (within, factor) = match nest.outer.down {
            true => ((1 - to, 1 - from), -factor),
            false => ((from, to), factor),
        };
        Ok(Skew {
            outer: nest.outer.variable.clone(),
            inner: nest.inner.variable.clone(),
            inner_down: nest.inner.down,
            factor,
            waves,
            within,
            wave,
        })
    }
}

/// A bound as a function of the outer variable, or of its negative if that loop runs down.
struct Line {
    slope: i64,
    at_zero: Expr,
}

impl Line {
    fn of(bound: &Expr, outer: &Dim<'_>) -> Result<Line, Refusal> {
        let variable = outer.variable;
        let slope = bound.coefficient(variable).and_then(|it| it.as_int());
        let unknown =
            || Refusal::unproved(format!("the bound {bound} is no linear function of `{variable}`"));
        let slope = slope.ok_or_else(unknown)?;
        let at_zero = bound - slope * Expr::sym(variable);
        if at_zero.uses(variable) {
            return Err(unknown());
        }
        Ok(Line { slope: if outer.down { -slope } else { slope }, at_zero })
    }

    fn steeper(self, factor: i64) -> Line {
        Line { slope: self.slope + factor, ..self }
    }

    fn at(&self, value: &Expr) -> Expr {
        self.slope * value + &self.at_zero
    }

    /// The smallest value in `first..end`.
    fn least(&self, first: &Expr, end: &Expr) -> Expr {
        if self.slope >= 0 { self.at(first) } else { self.at(&(end - 1)) }
    }

    /// The largest value in `first..end`.
    fn most(&self, first: &Expr, end: &Expr) -> Expr {
        if self.slope >= 0 { self.at(&(end - 1)) } else { self.at(first) }
    }
}

/// Whether iterations of the inner loop are independent, within one of the outer loop.
fn is_parallel_inside(around: &Surroundings<'_>, nest: &Nest<'_>) -> bool {
    let facts = nest.facts(&around.facts);
    let mut inside = facts.clone();
    dacec_ir::propagate::assume_in_range(&mut inside, nest.inner.variable, &nest.inner.range);
    let own = private_to(around, nest.body, &inside);
    let shared = touches_of(around, nest.body, &assigned_outside_headers(nest.body), true)
        .into_iter()
        .filter(|it| !own.contains(&it.data));
    let locals = assigned_symbols(nest.body);
    let (variable, range) = (nest.inner.variable, &nest.inner.range);
    let iterations = Iterations { variable, range, facts: &facts, locals: &locals };
    iterations.independent(&shared.collect::<Vec<_>>()).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::loops::LoopToMap;
    use crate::map::testing::{apply, maps, refusals};
    use dacec_ir::Sdfg;
    use dacec_ir::builder::{SdfgBuilder, name};

    /// `A[i, j] = sum of reads`, for i in 1:N - 1, j in 1:M - 1
    fn nest(reads: &[&str]) -> Sdfg {
        let (n, m) = (Expr::sym("N"), Expr::sym("M"));
        let mut b = SdfgBuilder::new("p");
        b.array("A", DType::Float64, [n.clone(), m.clone()]);
        b.for_loop("i", 1, &n - 1, |b| {
            b.for_loop("j", 1, &m - 1, |b| {
                let names: Vec<String> = (0..reads.len()).map(|at| format!("a{at}")).collect();
                let inputs: Vec<_> =
                    names.iter().zip(reads).map(|(it, read)| (it.as_str(), "A", *read)).collect();
                let sum =
                    names.iter().map(|it| name(it)).reduce(|sum, it| sum + it).expect("there are reads");
                b.state("s").tasklet("t", &inputs, sum, ("A", "i, j"));
            });
        });
        b.build()
    }

    const SIZES: [[(&str, i64); 2]; 4] =
        [[("N", 6), ("M", 9)], [("N", 9), ("M", 5)], [("N", 3), ("M", 3)], [("N", 2), ("M", 7)]];

    fn becomes_wavefronts(reads: &[&str]) {
        for sizes in SIZES {
            let skewed = apply(&LoopSkewing, &nest(reads), &sizes);
            assert_eq!(maps(&apply(&LoopToMap, &skewed, &sizes)).len(), 1, "{reads:?}");
        }
    }

    #[test]
    fn recurrences_in_two_directions_run_in_wavefronts() {
        becomes_wavefronts(&["i - 1, j", "i, j - 1"]);
        becomes_wavefronts(&["i - 1, j - 1", "i - 1, j", "i, j - 1", "i + 1, j + 1"]);
    }

    #[test]
    fn the_nine_points_of_gauss_and_seidel_run_in_steeper_wavefronts() {
        let reads: Vec<String> =
            (-1..=1).flat_map(|di| (-1..=1).map(move |dj| format!("i + {di}, j + {dj}"))).collect();
        becomes_wavefronts(&reads.iter().map(String::as_str).collect::<Vec<_>>());
    }

    /// `for i in N - 2:-1:-1: for j in i + 1:N: A[i, j] = A[i, j - 1] + A[i + 1, j] + other`
    fn triangle(other: &str) -> Sdfg {
        let n = Expr::sym("N");
        let mut b = SdfgBuilder::new("p");
        b.array("A", DType::Float64, [n.clone(), n.clone()]);
        b.strided_loop("i", (&n - 2, Expr::int(-1), Expr::int(-1)), |b| {
            b.for_loop("j", Expr::sym("i") + 1, n.clone(), |b| {
                let reads = [("a", "A", "i, j - 1"), ("b", "A", "i + 1, j"), ("c", "A", other)];
                let sum = name("a") + name("b") + name("c");
                b.state("s").tasklet("t", &reads, sum, ("A", "i, j"));
            });
        });
        b.build()
    }

    #[test]
    fn a_triangle_from_below_runs_along_its_diagonals() {
        for size in [2, 3, 7] {
            let skewed = apply(&LoopSkewing, &triangle("i + 1, j - 1"), &[("N", size)]);
            assert_eq!(maps(&apply(&LoopToMap, &skewed, &[("N", size)])).len(), 1);
        }
        assert!(!refusals(&LoopSkewing, &triangle("i + 1, N - j + i")).is_empty());
    }

    #[test]
    fn far_dependences_are_refused() {
        let reasons = refusals(&LoopSkewing, &nest(&["i - 1, j + 5", "i, j - 1"])).join("; ");
        assert!(reasons.contains("may be the same elements"), "{reasons}");
        assert!(!refusals(&LoopSkewing, &nest(&["i - 1, N - j", "i, j - 1"])).is_empty());
    }

    #[test]
    fn what_is_parallel_stays() {
        assert!(refusals(&LoopSkewing, &nest(&["i - 1, j"])).is_empty(), "columns are independent");
        assert!(refusals(&LoopSkewing, &nest(&["i, j - 1"])).is_empty(), "rows are independent");
    }
}
