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
//! **Legal when** the nest is perfect and rectangular with steps of 1, and no iteration `(i, j)` shares an element that
//! one of them writes with an iteration `(i', j')`, `i < i'`, whose wavefront is the same or an earlier one. **Applies
//! where** neither loop is a map as it is.

use super::dependence::{Iterations, touches};
use super::nest::{Nest, take_apart};
use super::private::private;
use crate::surroundings::Surroundings;
use crate::{Refusal, Transformation};
use dacec_ir::{Block, DType, Expr, Loop, Name, Range, Region};

/// Runs a nest in wavefronts; see the [module](self).
#[derive(Clone, Copy, Debug, Default)]
pub struct LoopSkewing;

/// A nest with independent wavefronts; made only by [`LoopSkewing::find`].
#[derive(Clone, Debug)]
pub struct Skewable {
    block: usize,
    /// Wavefronts by which an outer iteration is behind the one before.
    factor: i64,
    outer: (Name, Range),
    inner: (Name, Range),
}

impl Transformation for LoopSkewing {
    type Place = Region;
    type Match = Skewable;

    fn name(&self) -> &'static str {
        "LoopSkewing"
    }

    fn find(&self, around: &Surroundings<'_>, region: &Region, site: usize) -> Result<Skewable, Refusal> {
        let nest = Nest::of(&region.blocks[site])?;
        let any_two = nest.keeps_order(around, |[i, _], [i2, _]| i2.ge(i));
        if any_two.is_ok() || is_parallel_inside(around, &nest) {
            return Err(Refusal::NoMatch("one of the loops is a map as it is"));
        }
        let behind = |factor: i64| {
            nest.keeps_order(around, move |[i, j], [i2, j2]| (factor * i + j).ge(&(factor * i2 + j2)))
        };
        let factor = match behind(1) {
            Ok(()) => 1,
            Err(reason) => behind(2).map(|()| 2).map_err(|_| reason)?,
        };
        let owned = |(name, range): (&Name, Range)| (name.clone(), range);
        Ok(Skewable { block: site, factor, outer: owned(nest.outer), inner: owned(nest.inner) })
    }

    fn apply(&self, around: &mut Surroundings<'_>, region: &mut Region, found: Skewable) {
        let block = std::mem::replace(&mut region.blocks[found.block], Block::Break);
        let (outer, inner, mut state) = take_apart(block);
        let ((i, rows), (j, columns)) = (found.outer, found.inner);
        let wave = around.names.fresh("wave");
        around.sdfg.symbols.entry(wave.clone()).or_insert(DType::Int64);
        let (w, factor) = (Expr::sym(&wave), Expr::int(found.factor));
        let column = &w - &factor * Expr::sym(&i);
        state.map_exprs(&mut |expr| expr.subs1(&j, &column));
        // From the first iteration of the first row to the last one of the last row, if there are any.
        let last = &factor * (&rows.stop - 1) + (&columns.stop - 1);
        let waves = (&factor * &rows.start + &columns.start, last + 1);
        // columns.start <= w - factor*i < columns.stop
        let first_row = (&w - &columns.stop + 1).ceil_div(&factor).max(&rows.start);
        let end_row = ((&w - &columns.start).floor_div(&factor) + 1).min(&rows.stop);
        let body = Region::new([Block::State(state)]);
        let within = Loop {
            span: inner.span,
            ..Loop::counted(inner.label, i, (first_row, end_row, Expr::one()), body)
        };
        let body = Region::new([Block::Loop(Box::new(within))]);
        let around_it = Loop::counted(outer.label, wave, (waves.0, waves.1, Expr::one()), body);
        region.blocks[found.block] = Block::Loop(Box::new(Loop { span: outer.span, ..around_it }));
    }
}

/// Whether iterations of the inner loop are independent, within one of the outer loop.
fn is_parallel_inside(around: &Surroundings<'_>, nest: &Nest<'_>) -> bool {
    let mut facts = around.facts.clone();
    dacec_ir::propagate::assume_in_range(&mut facts, nest.outer.0, &nest.outer.1);
    let own = private(around, nest.state, &facts);
    let shared =
        touches(nest.state, &around.sdfg.containers).into_iter().filter(|it| !own.contains(&it.data));
    let locals = std::collections::BTreeSet::new();
    let iterations =
        Iterations { variable: nest.inner.0, range: &nest.inner.1, facts: &facts, locals: &locals };
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
