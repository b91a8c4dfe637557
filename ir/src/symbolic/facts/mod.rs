//! What is known about symbols, and what follows from it.
//!
//! Facts are values: whoever asks a question passes the facts that hold at that place. A size is at least 1 only if
//! somebody said so.
//!
//! ```
//! use dacec_ir::symbolic::{Expr, Facts};
//!
//! let (i, n) = (Expr::sym("i"), Expr::sym("N"));
//! let mut facts = Facts::new();
//! facts.assume_range(&"i".into(), 0, &n - 1);
//! assert_eq!(facts.prove_lt(&i, &n), Some(true));
//! assert_eq!(facts.prove_ge(&i, &n), Some(false));
//! assert_eq!(facts.prove_eq(&i, &Expr::zero()), None); // for some `i`, but not for all
//! ```
//!
//! **Answers have three values.** `Some(true)`: holds for all values that satisfy the facts; `Some(false)`: for none of
//! them; `None`: not known, or it depends. Where the facts contradict each other, any answer may come: there is no such
//! place. Proofs are about unbounded integers: they assume that sizes and indices do not overflow.
//!
//! **How.** Everything is reduced to `d >= 0`, which holds if (`prove`)
//! * the interval of values of `d`, computed bottom-up from constant bounds, says so (`interval`);
//! * every coefficient is positive after symbols were written as their smallest value and something not negative, which
//!   decides products such as `M*N >= N` (`shift`);
//! * `d - g` is at least 0 for an assumption `g >= 0`;
//! * a symbol, division, remainder, minimum … can be replaced by one of its bounds, given the sign of its coefficient, so
//!   that the smaller `d` is at least 0: `N - 1 - i` with `i <= N - 1` becomes 0.
//!
//! The search has a fixed budget of steps, so answers do not depend on the machine.

mod extremes;
mod interval;
mod proofs;
mod prove;
mod shift;

use super::{Atom, CmpOp, Expr, poly};
use crate::Name;
use interval::Interval;
use proofs::Proofs;
use std::collections::BTreeMap;
use std::sync::Arc;

/// A conjunction of assumptions; see the [module](self). Cheap to copy. Equal are those that were assumed alike.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Facts(Arc<Known>);

#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
struct Known {
    proofs: Proofs,
    symbols: BTreeMap<Name, Bounds>,
    /// Expressions that are at least 0 and not just bounds of symbols.
    not_negative: Vec<Expr>,
    /// Expressions that are not 0.
    not_zero: Vec<Expr>,
}

/// What is known about one symbol. No bound contains the symbol itself.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
struct Bounds {
    lower: Vec<Expr>,
    upper: Vec<Expr>,
    interval: Interval,
}

/// Bounds of one symbol and general assumptions that are kept; more are forgotten, which is sound.
const MAX_BOUNDS: usize = 8;
const MAX_ASSUMPTIONS: usize = 64;

impl Facts {
    /// Nothing is known.
    pub fn new() -> Self {
        Facts::default()
    }

    /// `symbol >= bound`
    pub fn assume_ge(&mut self, symbol: &Name, bound: impl Into<Expr>) {
        self.assume_at_least(&Expr::sym(symbol), &bound.into(), 0);
    }

    /// `symbol <= bound`
    pub fn assume_le(&mut self, symbol: &Name, bound: impl Into<Expr>) {
        self.assume_at_least(&bound.into(), &Expr::sym(symbol), 0);
    }

    /// `low <= symbol <= high`; hence also `low <= high`.
    pub fn assume_range(&mut self, symbol: &Name, low: impl Into<Expr>, high: impl Into<Expr>) {
        let (low, high) = (low.into(), high.into());
        self.assume_at_least(&high, &low, 0);
        self.assume_ge(symbol, low);
        self.assume_le(symbol, high);
    }

    /// The condition holds. What has no use in proofs, such as an `or`, is ignored.
    pub fn assume(&mut self, condition: &Expr) {
        match condition.to_truth().as_atom() {
            Some(Atom::And(operands)) => operands.iter().for_each(|operand| self.assume(operand)),
            Some(Atom::Compare(op, a, b)) => match op {
                CmpOp::Lt => self.assume_at_least(b, a, 1),
                CmpOp::Le => self.assume_at_least(b, a, 0),
                CmpOp::Gt => self.assume_at_least(a, b, 1),
                CmpOp::Ge => self.assume_at_least(a, b, 0),
                CmpOp::Eq => {
                    self.assume_at_least(a, b, 0);
                    self.assume_at_least(b, a, 0);
                }
                CmpOp::Ne => {
                    let known = self.known();
                    if known.not_zero.len() < MAX_ASSUMPTIONS {
                        known.not_zero.push(a - b);
                    }
                }
            },
            _ => {}
        }
    }

    /// These facts and a condition.
    pub fn with(&self, condition: &Expr) -> Facts {
        let mut facts = self.clone();
        facts.assume(condition);
        facts
    }

    /// These facts without those that mention certain symbols.
    pub fn without(&self, is_forgotten: &dyn Fn(&Name) -> bool) -> Facts {
        self.0.without(is_forgotten).map_or_else(|| self.clone(), |known| Facts(Arc::new(known)))
    }

    /// `a <= b`
    pub fn prove_le(&self, a: &Expr, b: &Expr) -> Option<bool> {
        prove::compare(&self.0, CmpOp::Le, a, b)
    }

    /// `a < b`
    pub fn prove_lt(&self, a: &Expr, b: &Expr) -> Option<bool> {
        prove::compare(&self.0, CmpOp::Lt, a, b)
    }

    /// `a >= b`
    pub fn prove_ge(&self, a: &Expr, b: &Expr) -> Option<bool> {
        prove::compare(&self.0, CmpOp::Ge, a, b)
    }

    /// `a > b`
    pub fn prove_gt(&self, a: &Expr, b: &Expr) -> Option<bool> {
        prove::compare(&self.0, CmpOp::Gt, a, b)
    }

    /// `a == b`
    pub fn prove_eq(&self, a: &Expr, b: &Expr) -> Option<bool> {
        prove::compare(&self.0, CmpOp::Eq, a, b)
    }

    /// `a != b`
    pub fn prove_ne(&self, a: &Expr, b: &Expr) -> Option<bool> {
        prove::compare(&self.0, CmpOp::Ne, a, b)
    }

    /// Whether a condition holds.
    pub fn prove(&self, condition: &Expr) -> Option<bool> {
        let truth = condition.to_truth();
        match truth.as_atom() {
            Some(Atom::Compare(op, a, b)) => prove::compare(&self.0, *op, a, b),
            Some(Atom::And(operands)) => self.prove_junction(operands, true),
            Some(Atom::Or(operands)) => self.prove_junction(operands, false),
            Some(Atom::Select(condition, then, otherwise)) => match self.prove(condition) {
                Some(true) => self.prove(then),
                Some(false) => self.prove(otherwise),
                None => self.prove(then).filter(|value| self.prove(otherwise) == Some(*value)),
            },
            _ => truth.as_int().map(|value| value != 0),
        }
    }

    /// The smallest and the largest constant between which all values lie, as far as that is known.
    pub fn range(&self, expr: &Expr) -> (Option<i64>, Option<i64>) {
        let interval = interval::of(expr, &self.0);
        let fit = |bound: Option<i128>| bound.and_then(|bound| i64::try_from(bound).ok());
        (fit(interval.low), fit(interval.high))
    }

    /// A lower and an upper bound: constants where the facts give one, else in terms of other symbols; `None` where the
    /// facts say nothing.
    pub fn bounds(&self, expr: &Expr) -> (Option<Expr>, Option<Expr>) {
        (
            extremes::bound(&self.0, expr, extremes::End::Low),
            extremes::bound(&self.0, expr, extremes::End::High),
        )
    }

    /// The smallest value that the expression takes while variables run over their ranges, given as variable, first and
    /// last value, outermost variable first: the range of one may depend on those before it.
    ///
    /// The result does not depend on the variables. It is a lower bound, and the exact minimum if no range is empty.
    /// `None` if the expression is not known to run in one direction as a variable grows. What these facts say about the
    /// variables is ignored.
    pub fn min_over(&self, expr: &Expr, variables: &[(Name, Expr, Expr)]) -> Option<Expr> {
        extremes::over(self, expr, variables, extremes::End::Low)
    }

    /// The largest value that the expression takes, or an upper bound; see [`Facts::min_over`].
    pub fn max_over(&self, expr: &Expr, variables: &[(Name, Expr, Expr)]) -> Option<Expr> {
        extremes::over(self, expr, variables, extremes::End::High)
    }

    /// Whether `d >= 0` is found in this many steps.
    pub(super) fn is_not_negative_within(&self, d: &Expr, steps: usize) -> bool {
        prove::not_negative_within(&self.0, d, steps)
    }

    fn prove_junction(&self, operands: &[Expr], neutral: bool) -> Option<bool> {
        let answers: Vec<Option<bool>> = operands.iter().map(|operand| self.prove(operand)).collect();
        if answers.contains(&Some(!neutral)) {
            return Some(!neutral);
        }
        answers.iter().all(|answer| *answer == Some(neutral)).then_some(neutral)
    }

    fn known(&mut self) -> &mut Known {
        let known = Arc::make_mut(&mut self.0);
        known.proofs = Proofs::default();
        known
    }

    /// `greater >= smaller + by`; ignored for absurd numbers.
    fn assume_at_least(&mut self, greater: &Expr, smaller: &Expr, by: i64) {
        let mut overflow = false;
        let d = poly::add_scaled(greater, smaller, -1, &mut overflow);
        let d = poly::add_scaled(&d, &Expr::int(by), -1, &mut overflow);
        if !overflow && prove::is_moderate(&d) {
            self.assume_not_negative(&d);
        }
    }

    /// `d >= 0`, kept as a bound of every symbol that it bounds.
    fn assume_not_negative(&mut self, d: &Expr) {
        let known = self.known();
        let mut bounds_all = d.parts().len() == 1;
        for (coefficient, monomial) in d.parts() {
            let Some(Atom::Symbol(name)) = monomial.as_atom() else { continue };
            let rest = poly::add_scaled(d, &poly::monomial(coefficient, monomial), -1, &mut false);
            if rest.uses(name) {
                bounds_all = false;
                continue;
            }
            // From `c*x + rest >= 0` follows `x >= ceil(-rest/c)` for a positive `c`, `x <= floor(rest/-c)` for a
            // negative one.
            let is_lower = coefficient > 0;
            let bound = match is_lower {
                true => (-rest).ceil_div(&Expr::int(coefficient)),
                false => rest.floor_div(&Expr::int(coefficient.wrapping_neg())),
            };
            known.add_bound(name, bound, is_lower);
        }
        bounds_all &= d.parts().all(|(_, monomial)| matches!(monomial.as_atom(), Some(Atom::Symbol(_))));
        if !bounds_all && known.not_negative.len() < MAX_ASSUMPTIONS && !known.not_negative.contains(d) {
            known.not_negative.push(d.clone());
        }
    }
}

impl Known {
    /// `None` if there is nothing to forget.
    fn without(&self, is_forgotten: &dyn Fn(&Name) -> bool) -> Option<Known> {
        let mentions =
            |expr: &Expr| expr.any_atom(&mut |atom| matches!(atom, Atom::Symbol(name) if is_forgotten(name)));
        let bounds = |bounds: &Bounds| bounds.lower.iter().chain(&bounds.upper).any(mentions);
        let general = self.not_negative.iter().chain(&self.not_zero).any(mentions);
        if !general && !self.symbols.iter().any(|(name, known)| is_forgotten(name) || bounds(known)) {
            return None;
        }
        let mut known = self.clone();
        known.symbols.retain(|name, _| !is_forgotten(name));
        for bounds in known.symbols.values_mut() {
            bounds.lower.retain(|bound| !mentions(bound));
            bounds.upper.retain(|bound| !mentions(bound));
        }
        known.not_negative.retain(|expr| !mentions(expr));
        known.not_zero.retain(|expr| !mentions(expr));
        Some(known)
    }

    fn add_bound(&mut self, name: &Name, bound: Expr, is_lower: bool) {
        let interval = interval::of(&bound, self);
        let bounds = self.symbols.entry(name.clone()).or_default();
        let list = if is_lower {
            bounds.interval.raise_low(interval.low);
            &mut bounds.lower
        } else {
            bounds.interval.cut_high(interval.high);
            &mut bounds.upper
        };
        // Of two bounds that differ by a constant the tighter one is enough.
        for known in list.iter_mut() {
            if let Some(difference) = (&bound - &*known).as_int() {
                if (difference > 0) == is_lower {
                    *known = bound;
                }
                return;
            }
        }
        if list.len() < MAX_BOUNDS {
            list.push(bound);
        }
    }
}
