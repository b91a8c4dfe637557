//! Cheaper forms, under facts.
//!
//! The canonical form makes equal polynomials equal; it does not know what `i < 32` makes of `i % 32`. This does, and
//! chooses among equal forms the one whose emitted index arithmetic costs least:
//!
//! ```text
//! (32*i + j) % 32             j                     with 0 <= j < 32
//! min(N, N + i)               N                     with i >= 0
//! min(32*i + 31, N - 1) - 32*i    min(31, N - 32*i - 1)
//! 4*(x//4) + x % 4            x
//! (4*t + l)//32               t//8                  with 0 <= l < 4
//! ```
//!
//! **How.** First bottom-up, with full proofs (`refine`): bounds decide divisions, remainders, extremes, conditions.
//! Then an e-graph (`egraph`, `rules`) holds many equal forms at once and finds those that need a detour, such as
//! moving a summand into a minimum where it cancels.
//!
//! **Cost.** Nothing where there is nothing to do; else at most [`MAX_NODES`] nodes and [`MAX_ITERATIONS`] rounds of each
//! search, which take some milliseconds. These limits bind first, so results do not depend on the machine. The last
//! resort is [`MAX_TIME`] for a whole expression, hundreds of times as long: whoever gets there keeps the best form that
//! was found so far.

mod cost;
mod egraph;
mod refine;
mod rules;

use super::{Atom, Expr, Facts, subs};
pub use cost::cost;
use egg::Runner;
use egraph::{Best, Node, Values};
use refine::Effort;
use std::time::{Duration, Instant};

/// Size of the e-graph.
const MAX_NODES: usize = 2000;
/// Rounds of rewriting.
const MAX_ITERATIONS: usize = 8;
/// Time for one expression, all of its operands included.
const MAX_TIME: Duration = Duration::from_secs(2);
/// Rounds without a better form after which it is given up. The e-graph doubles in each.
const MAX_STALE: usize = 3;

/// An expression of the same value wherever the facts hold, with the least [`cost()`] that is found.
pub fn simplify(expr: &Expr, facts: &Facts) -> Expr {
    simplify_within(expr, facts, MAX_TIME)
}

/// [`simplify`] with another limit of time; without any time, the expression stays as it is.
pub(super) fn simplify_within(expr: &Expr, facts: &Facts, limit: Duration) -> Expr {
    Search { until: Instant::now().checked_add(limit) }.simplify(expr, facts)
}

/// Simplifies one expression.
#[derive(Clone, Copy)]
struct Search {
    /// When it ends at the latest; `None` is never.
    until: Option<Instant>,
}

impl Search {
    /// The time that is left; `None` if there is none.
    fn time_left(self) -> Option<Duration> {
        let Some(until) = self.until else { return Some(Duration::MAX) };
        until.checked_duration_since(Instant::now()).filter(|left| !left.is_zero())
    }

    fn simplify(self, expr: &Expr, facts: &Facts) -> Expr {
        if !expr.any_atom(&mut |atom| !matches!(atom, Atom::Symbol(_) | Atom::Pow(..) | Atom::Load(..))) {
            return expr.clone();
        }
        let refined = self.bottom_up(expr, facts).unwrap_or_else(|| expr.clone());
        let best = match self.time_left() {
            Some(left) if refined.any_atom(&mut is_searched) && is_moderate(&refined) => {
                search(&refined, facts, left)
            }
            _ => refined,
        };
        if Best::new(best.clone()).is_better_than(&Best::new(expr.clone())) { best } else { expr.clone() }
    }

    /// Simplifies operands, then what they are operands of; `None` if nothing changes.
    fn bottom_up(self, expr: &Expr, facts: &Facts) -> Option<Expr> {
        subs::map_factors(expr, &mut |atom| {
            if matches!(atom, Atom::Symbol(_)) {
                return None;
            }
            self.time_left()?;
            let rebuilt = self.operands(atom, facts);
            let refined = refine::refine(&rebuilt, facts, Effort::FULL);
            (refined.as_atom() != Some(atom)).then_some(refined)
        })
    }

    /// The operation on simplified operands.
    fn operands(self, atom: &Atom, facts: &Facts) -> Expr {
        let simpler =
            |operand: &Expr, facts: &Facts| self.bottom_up(operand, facts).unwrap_or_else(|| operand.clone());
        match atom {
            // The condition holds where one value is taken, and does not where the other is.
            Atom::Select(condition, then, otherwise) => {
                let then = simpler(then, &facts.with(condition));
                let otherwise = simpler(otherwise, &facts.with(&condition.not()));
                self.simplify(condition, facts).select(&then, &otherwise)
            }
            _ if is_searched(atom) => atom.map_operands(&mut |operand| simpler(operand, facts)),
            // The search does not look into such an operation, so its operands have a search of their own.
            _ => atom.map_operands(&mut |operand| self.simplify(operand, facts)),
        }
    }
}

/// Whether the e-graph has rules for the operation.
fn is_searched(atom: &Atom) -> bool {
    matches!(
        atom,
        Atom::FloorDiv(..)
            | Atom::CeilDiv(..)
            | Atom::Mod(..)
            | Atom::Min(_)
            | Atom::Max(_)
            | Atom::Select(..)
    )
}

/// Whether all numbers are so small that moving them about does not overflow.
fn is_moderate(expr: &Expr) -> bool {
    let is_small = |expr: &Expr| expr.terms().all(|(coefficient, _)| coefficient.unsigned_abs() <= 1 << 48);
    is_small(expr) && !expr.any_atom(&mut |atom| !atom.operands().into_iter().all(is_small))
}

/// The best form that rewriting finds in time.
fn search(expr: &Expr, facts: &Facts, limit: Duration) -> Expr {
    let mut runner = Runner::<Node, Values, ()>::new(Values::new(facts.clone()))
        .with_node_limit(MAX_NODES)
        .with_iter_limit(MAX_ITERATIONS)
        .with_time_limit(limit);
    let root = egraph::encode(&mut runner.egraph, expr);
    runner.egraph.rebuild();
    let (mut best, mut stale) = (runner.egraph[root].data.clone(), 0);
    let runner = runner
        .with_hook(move |runner| {
            let found = &runner.egraph[root].data;
            stale = if found.is_better_than(&best) { 0 } else { stale + 1 };
            best = found.clone();
            if stale > MAX_STALE { Err("no better form in some rounds".to_owned()) } else { Ok(()) }
        })
        .run(rules::all());
    runner.egraph[root].data.expr().clone()
}
