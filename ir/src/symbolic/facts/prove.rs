//! The search for a proof of `d >= 0`.

use super::{Bounds, Facts, Known, interval, shift};
use crate::Name;
use crate::symbolic::{Atom, CmpOp, Expr, Function, poly};
use rustc_hash::FxHashSet;
use std::sync::Arc;

/// Steps of one search. A step takes a few microseconds; proofs that exist are found in the first ten or so.
const BUDGET: usize = 120;
/// Replacements on one path of the search.
const MAX_DEPTH: usize = 10;

/// The three-valued answer to `a op b`.
pub(super) fn compare(known: &Arc<Known>, op: CmpOp, a: &Expr, b: &Expr) -> Option<bool> {
    let at_least = |a: &Expr, b: &Expr, by: i64| {
        let mut overflow = false;
        let d = poly::add_scaled(a, b, -1, &mut overflow);
        let d = poly::add_scaled(&d, &Expr::int(by), -1, &mut overflow);
        !overflow && not_negative(known, &d)
    };
    let ordered = |greater: &Expr, smaller: &Expr, by: i64| {
        if at_least(greater, smaller, by) {
            return Some(true);
        }
        at_least(smaller, greater, 1 - by).then_some(false)
    };
    match op {
        CmpOp::Lt => ordered(b, a, 1),
        CmpOp::Le => ordered(b, a, 0),
        CmpOp::Gt => ordered(a, b, 1),
        CmpOp::Ge => ordered(a, b, 0),
        CmpOp::Ne => compare(known, CmpOp::Eq, a, b).map(|equal| !equal),
        CmpOp::Eq => {
            if a == b {
                return Some(true);
            }
            if a.eq_expr(b).is_zero() || is_known_not_zero(known, &(a - b)) {
                return Some(false);
            }
            if at_least(a, b, 1) || at_least(b, a, 1) {
                return Some(false);
            }
            (at_least(a, b, 0) && at_least(b, a, 0)).then_some(true)
        }
    }
}

/// Whether `d >= 0` for all values that satisfy the facts; `false` means not known.
pub(super) fn not_negative(known: &Arc<Known>, d: &Expr) -> bool {
    match d.as_int() {
        Some(value) => value >= 0,
        None => known.proofs.of(d, || not_negative_within(known, d, BUDGET)),
    }
}

/// The same with another number of steps.
pub(super) fn not_negative_within(known: &Arc<Known>, d: &Expr, budget: usize) -> bool {
    Search { budget }.not_negative(known, &mut FxHashSet::default(), d, 0)
}

/// Whether `d` is at least 0 without a search.
pub(super) fn is_obvious(known: &Known, d: &Expr) -> bool {
    interval::of(d, known).is_at_least(0) || shift::is_not_negative(d, known)
}

fn is_known_not_zero(known: &Known, d: &Expr) -> bool {
    let negated = -d;
    known.not_zero.iter().any(|other| other == d || *other == negated)
}

struct Search {
    budget: usize,
}

/// What to prove instead of `d >= 0`.
enum Goal {
    /// This is at least 0.
    One(Expr),
    /// All of these are.
    All(Vec<Expr>),
    /// The first is where the condition holds, the second where it does not.
    Cases(Expr, Expr, Expr),
}

impl Search {
    /// `seen` holds what was tried with these facts already.
    fn not_negative(
        &mut self,
        known: &Arc<Known>,
        seen: &mut FxHashSet<Expr>,
        d: &Expr,
        depth: usize,
    ) -> bool {
        let Some(d) = tightened(d) else { return false };
        if let Some(value) = d.as_int() {
            return value >= 0;
        }
        if self.budget == 0 || !seen.insert(d.clone()) {
            return false;
        }
        self.budget -= 1;
        let interval = interval::of(&d, known);
        if interval.is_at_least(0) || shift::is_not_negative(&d, known) {
            return true;
        }
        if interval.is_at_most(-1) || depth == MAX_DEPTH || self.budget == 0 {
            return false;
        }
        let next = &d + 1;
        if is_known_not_zero(known, &next) && self.not_negative(known, seen, &next, depth + 1) {
            return true;
        }
        if says_everything(known, &d) {
            return false;
        }
        let by_assumption = |assumption: &Expr| {
            let mut overflow = false;
            let rest = poly::add_scaled(&d, assumption, -1, &mut overflow);
            !overflow && is_obvious(known, &rest)
        };
        if known.not_negative.iter().any(by_assumption) {
            return true;
        }
        goals(known, &d).into_iter().any(|goal| match goal {
            Goal::One(goal) => self.not_negative(known, seen, &goal, depth + 1),
            Goal::All(goals) => goals.iter().all(|goal| self.not_negative(known, seen, goal, depth + 1)),
            Goal::Cases(condition, then, otherwise) => {
                let mut case = |condition: &Expr, goal: &Expr| {
                    let facts = Facts(known.clone()).with(condition);
                    self.not_negative(&facts.0, &mut FxHashSet::default(), goal, depth + 1)
                };
                case(&condition, &then) && case(&condition.not(), &otherwise)
            }
        })
    }
}

/// Whether the interval of a linear `d` is all that can be known of it: nothing but numbers bounds its symbols, and nothing else
/// is known that involves them.
fn says_everything(known: &Known, d: &Expr) -> bool {
    let is_free = |name: &Name| {
        let bounds = |bounds: &Bounds| bounds.lower.iter().chain(&bounds.upper).any(|bound| bound.uses(name));
        let own = known.symbols.get(name);
        own.is_none_or(|own| own.lower.iter().chain(&own.upper).all(|bound| bound.as_int().is_some()))
            && !known.symbols.values().any(bounds)
            && !known.not_negative.iter().any(|it| it.uses(name))
    };
    d.parts().all(|(_, monomial)| matches!(monomial.as_atom(), Some(Atom::Symbol(name)) if is_free(name)))
}

/// `d` divided by the common divisor of its coefficients; at least 0 exactly where `d` is. `None` for absurd numbers.
fn tightened(d: &Expr) -> Option<Expr> {
    if !is_moderate(d) {
        return None;
    }
    let divisor = i64::try_from(poly::content(d)).ok()?;
    if divisor <= 1 {
        return Some(d.clone());
    }
    Some(poly::map_coefficients(d, d.constant().div_euclid(divisor), |coefficient| coefficient / divisor))
}

/// Whether adding and negating such expressions does not overflow.
pub(super) fn is_moderate(expr: &Expr) -> bool {
    expr.terms().all(|(coefficient, _)| coefficient.unsigned_abs() <= 1 << 61)
}

/// Sufficient conditions for `d >= 0`: every atom replaced by every bound that the sign of its coefficient allows.
fn goals(known: &Known, d: &Expr) -> Vec<Goal> {
    let mut atoms: Vec<&Atom> = Vec::new();
    for (atom, _) in d.atoms() {
        if !atoms.contains(&atom) && atom.operands().into_iter().all(is_moderate) {
            atoms.push(atom);
        }
    }
    // Symbols come last: their bounds may be needed by what replaces an operation.
    atoms.sort_by_key(|atom| matches!(atom, Atom::Symbol(_)));
    let (mut goals, mut late) = (Vec::new(), Vec::new());
    for atom in atoms {
        let (coefficient, rest) = split(d, atom);
        let sign = Sign::of(known, &coefficient);
        Replace { known, coefficient, rest, goals: &mut goals, late: &mut late }.atom(atom, sign);
    }
    goals.append(&mut late);
    goals
}

/// `d == coefficient*atom + rest`, where the rest has no term with the atom as a factor.
fn split(d: &Expr, atom: &Atom) -> (Expr, Expr) {
    let (mut coefficient, mut rest) = (Vec::new(), vec![Expr::int(d.constant())]);
    for (c, monomial) in d.parts() {
        if !monomial.factors().iter().any(|(factor, _)| factor == atom) {
            rest.push(poly::monomial(c, monomial));
            continue;
        }
        let powers = monomial.factors().iter().map(|(factor, exponent)| {
            let exponent = if factor == atom { exponent - 1 } else { *exponent };
            Expr::atom(factor.clone()).pow(&Expr::int(i64::from(exponent)))
        });
        coefficient.push(powers.product::<Expr>() * c);
    }
    (coefficient.into_iter().sum(), rest.into_iter().sum())
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Sign {
    /// At least 0: a lower bound of the atom makes the whole smaller.
    Positive,
    /// At most 0: an upper bound does.
    Negative,
    Unknown,
}

impl Sign {
    fn of(known: &Known, coefficient: &Expr) -> Sign {
        if is_obvious(known, coefficient) {
            Sign::Positive
        } else if is_obvious(known, &-coefficient) {
            Sign::Negative
        } else {
            Sign::Unknown
        }
    }
}

/// Replaces an atom in `coefficient*atom + rest`.
struct Replace<'a> {
    known: &'a Known,
    coefficient: Expr,
    rest: Expr,
    goals: &'a mut Vec<Goal>,
    /// Goals by constant bounds. The interval of `d` knows these already: they help only together with others.
    late: &'a mut Vec<Goal>,
}

impl Replace<'_> {
    fn atom(&mut self, atom: &Atom, sign: Sign) {
        match (atom, sign) {
            (Atom::Min(args), Sign::Negative) | (Atom::Max(args), Sign::Positive) => {
                args.iter().for_each(|arg| self.by(arg));
            }
            // The value is that of one of the operands, whatever the sign.
            (Atom::Min(args) | Atom::Max(args), _) => self.by_all(args),
            (Atom::Select(condition, then, otherwise), _) => self.by_cases(condition, then, otherwise),
            (Atom::Call(Function::Abs, args), Sign::Positive) => {
                args.iter().for_each(|arg| {
                    self.by(arg);
                    self.by(&-arg);
                });
            }
            (Atom::Call(Function::Abs, args), _) => {
                args.iter().for_each(|arg| self.by_cases(&arg.ge(&Expr::zero()), arg, &-arg));
            }
            (_, Sign::Unknown) => {}
            (Atom::Symbol(name), _) => {
                if let Some(bounds) = self.known.symbols.get(name) {
                    let list = if sign == Sign::Positive { &bounds.lower } else { &bounds.upper };
                    list.iter().for_each(|bound| self.by(bound));
                }
            }
            (Atom::FloorDiv(a, b), Sign::Positive) => self.by_quotient(a, b, -1),
            (Atom::FloorDiv(a, b), Sign::Negative) => self.by_quotient(a, b, 0),
            (Atom::CeilDiv(a, b), Sign::Positive) => self.by_quotient(a, b, 0),
            (Atom::CeilDiv(a, b), Sign::Negative) => self.by_quotient(a, b, 1),
            (Atom::Mod(a, b), _) => self.by_remainder(a, b, sign),
            _ => self.by_interval(atom, sign),
        }
    }

    /// The atom is replaced by a value that makes the whole smaller.
    fn by(&mut self, bound: &Expr) {
        if let Some(goal) = self.replaced(bound) {
            let goals = if bound.as_int().is_some() { &mut *self.late } else { &mut *self.goals };
            goals.push(Goal::One(goal));
        }
    }

    /// The atom is one of these values.
    fn by_all(&mut self, values: &[Expr]) {
        if let Some(goals) = values.iter().map(|value| self.replaced(value)).collect() {
            self.goals.push(Goal::All(goals));
        }
    }

    fn by_cases(&mut self, condition: &Expr, then: &Expr, otherwise: &Expr) {
        if let (Some(then), Some(otherwise)) = (self.replaced(then), self.replaced(otherwise)) {
            self.goals.push(Goal::Cases(condition.clone(), then, otherwise));
        }
    }

    /// The atom is bounded by the fraction `(dividend + rounding*(divisor - 1))/divisor`.
    ///
    /// For a positive divisor `d >= 0` follows from `divisor*d > -divisor`, since `d` is an integer.
    fn by_quotient(&mut self, dividend: &Expr, divisor: &Expr, rounding: i64) {
        if !interval::of(divisor, self.known).is_at_least(1) {
            return;
        }
        let mut overflow = false;
        let below = divisor - 1;
        let dividend = poly::add_scaled(dividend, &below, rounding, &mut overflow);
        let rest = poly::mul(&self.rest, divisor, &mut overflow);
        let quotient = poly::mul(&self.coefficient, &dividend, &mut overflow);
        let scaled = poly::add_scaled(&rest, &quotient, 1, &mut overflow);
        let goal = poly::add_scaled(&scaled, &below, 1, &mut overflow);
        if !overflow {
            self.goals.push(Goal::One(goal));
        }
    }

    fn by_remainder(&mut self, dividend: &Expr, divisor: &Expr, sign: Sign) {
        if !interval::of(divisor, self.known).is_at_least(1) {
            return;
        }
        if sign == Sign::Positive {
            return self.by(&Expr::zero());
        }
        self.by(&(divisor - 1));
        if is_obvious(self.known, dividend) {
            self.by(dividend);
        }
    }

    fn by_interval(&mut self, atom: &Atom, sign: Sign) {
        let interval = interval::of_atom(atom, self.known);
        let bound = if sign == Sign::Positive { interval.low } else { interval.high };
        if let Some(bound) = bound.and_then(|bound| i64::try_from(bound).ok()) {
            self.by(&Expr::int(bound));
        }
    }

    fn replaced(&self, value: &Expr) -> Option<Expr> {
        let mut overflow = false;
        let product = poly::mul(&self.coefficient, value, &mut overflow);
        let sum = poly::add_scaled(&self.rest, &product, 1, &mut overflow);
        (!overflow).then_some(sum)
    }
}
