//! Intervals of values, from constant bounds of symbols, bottom-up.

use super::Known;
use crate::symbolic::{Atom, Expr, Function};

/// The integers between two bounds, both inclusive; a missing bound is infinite.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub(super) struct Interval {
    pub(super) low: Option<i128>,
    pub(super) high: Option<i128>,
}

impl Interval {
    const ALL: Interval = Interval { low: None, high: None };

    pub(super) fn point(value: i64) -> Self {
        Interval::new(i128::from(value), i128::from(value))
    }

    fn new(low: i128, high: i128) -> Self {
        Interval { low: Some(low), high: Some(high) }
    }

    fn at_least(low: i128) -> Self {
        Interval { low: Some(low), high: None }
    }

    /// Adds the knowledge that values are at least `low`.
    pub(super) fn raise_low(&mut self, low: Option<i128>) {
        self.low = self.low.max(low);
    }

    /// Adds the knowledge that values are at most `high`.
    pub(super) fn cut_high(&mut self, high: Option<i128>) {
        self.high = match (self.high, high) {
            (Some(a), Some(b)) => Some(a.min(b)),
            (a, b) => a.or(b),
        };
    }

    pub(super) fn is_at_least(&self, bound: i128) -> bool {
        self.low.is_some_and(|low| low >= bound)
    }

    pub(super) fn is_at_most(&self, bound: i128) -> bool {
        self.high.is_some_and(|high| high <= bound)
    }

    fn negated(self) -> Self {
        let negate = |bound: Option<i128>| bound.and_then(i128::checked_neg);
        Interval { low: negate(self.high), high: negate(self.low) }
    }

    fn add(self, other: Interval) -> Self {
        let add = |a: Option<i128>, b: Option<i128>| a?.checked_add(b?);
        Interval { low: add(self.low, other.low), high: add(self.high, other.high) }
    }

    /// The smallest interval that contains both.
    fn hull(self, other: Interval) -> Self {
        let low = self.low.zip(other.low).map(|(a, b)| a.min(b));
        Interval { low, high: self.high.zip(other.high).map(|(a, b)| a.max(b)) }
    }

    fn mul(self, other: Interval) -> Self {
        if self == Interval::point(0) || other == Interval::point(0) {
            return Interval::point(0);
        }
        // With both factors not negative the ends multiply; every other case is a mirror image or a hull of such.
        match (self.sign(), other.sign()) {
            (Some(true), Some(true)) => {
                let mul = |a: Option<i128>, b: Option<i128>| a?.checked_mul(b?);
                Interval {
                    low: Some(mul(self.low, other.low).unwrap_or(0)),
                    high: mul(self.high, other.high),
                }
            }
            (Some(false), _) => self.negated().mul(other).negated(),
            (_, Some(false)) => self.mul(other.negated()).negated(),
            (None, _) => self.split(|half| half.mul(other)),
            (_, None) => other.split(|half| half.mul(self)),
        }
    }

    fn pow(self, exponent: u32) -> Self {
        match (self.sign(), exponent.is_multiple_of(2)) {
            (Some(true), _) => {
                let low = self.low.and_then(|low| low.checked_pow(exponent)).unwrap_or(0);
                Interval { low: Some(low), high: self.high.and_then(|high| high.checked_pow(exponent)) }
            }
            (Some(false), true) => self.negated().pow(exponent),
            (Some(false), false) => self.negated().pow(exponent).negated(),
            (None, _) => self.split(|half| half.pow(exponent)),
        }
    }

    /// `Some(true)` if no value is negative, `Some(false)` if none is positive.
    fn sign(&self) -> Option<bool> {
        match (self.is_at_least(0), self.is_at_most(0)) {
            (true, _) => Some(true),
            (_, true) => Some(false),
            _ => None,
        }
    }

    /// The hull of `f` of the positive half and `f` of the negative half.
    fn split(self, f: impl Fn(Interval) -> Interval) -> Self {
        f(Interval { low: Some(0), high: self.high }).hull(f(Interval { low: self.low, high: Some(0) }))
    }

    /// Quotient, rounded down; the divisor is positive.
    fn floor_div(self, divisor: Interval) -> Self {
        if !divisor.is_at_least(1) {
            return Interval::ALL;
        }
        let smallest = divisor.low.unwrap_or(1);
        // Facts that contradict each other make empty intervals, which end before they begin.
        let largest = divisor.high.map(|largest| largest.max(smallest));
        let far = |bound: i128| largest.map(|largest| bound.div_euclid(largest));
        // Negative values come closer to 0 by a large divisor, positive values too.
        let low = self.low.map(|low| if low >= 0 { far(low).unwrap_or(0) } else { low.div_euclid(smallest) });
        let high =
            self.high.map(|high| if high < 0 { far(high).unwrap_or(-1) } else { high.div_euclid(smallest) });
        Interval { low, high }
    }

    fn modulo(self, divisor: Interval) -> Self {
        if divisor.is_at_least(1) {
            if self.is_at_least(0) && self.high.zip(divisor.low).is_some_and(|(high, divisor)| high < divisor)
            {
                return self;
            }
            let mut rest =
                Interval { low: Some(0), high: divisor.high.map(|largest| largest.saturating_sub(1)) };
            if self.is_at_least(0) {
                rest.cut_high(self.high);
            }
            return rest;
        }
        if divisor.is_at_most(-1) {
            return Interval { low: divisor.low.map(|smallest| smallest.saturating_add(1)), high: Some(0) };
        }
        Interval::ALL
    }

    fn min(self, other: Interval) -> Self {
        self.negated().max(other.negated()).negated()
    }

    fn max(self, other: Interval) -> Self {
        Interval { low: self.low.max(other.low), high: self.hull(other).high }
    }
}

/// All values of an expression lie in this interval.
pub(super) fn of(expr: &Expr, known: &Known) -> Interval {
    let mut total = Interval::point(expr.constant());
    for (coefficient, monomial) in expr.parts() {
        let mut product = Interval::point(coefficient);
        for (atom, exponent) in monomial.factors() {
            product = product.mul(of_atom(atom, known).pow(*exponent));
        }
        total = total.add(product);
        if total == Interval::ALL {
            return total;
        }
    }
    total
}

/// All values of an atom lie in this interval.
pub(super) fn of_atom(atom: &Atom, known: &Known) -> Interval {
    let of_all = |args: &[Expr], join: fn(Interval, Interval) -> Interval| {
        args.iter().map(|arg| of(arg, known)).reduce(join).unwrap_or(Interval::ALL)
    };
    match atom {
        Atom::Symbol(name) => known.symbols.get(name).map_or(Interval::ALL, |bounds| bounds.interval),
        Atom::FloorDiv(a, b) => of(a, known).floor_div(of(b, known)),
        Atom::CeilDiv(a, b) => of(a, known).negated().floor_div(of(b, known)).negated(),
        Atom::Mod(a, b) => of(a, known).modulo(of(b, known)),
        Atom::Min(args) => of_all(args, Interval::min),
        Atom::Max(args) => of_all(args, Interval::max),
        Atom::Pow(base, exponent) => of_power(of(base, known), of(exponent, known)),
        Atom::Call(function, args) => of_call(*function, args, known),
        Atom::Compare(..) | Atom::And(_) | Atom::Or(_) => Interval::new(0, 1),
        Atom::Select(_, then, otherwise) => of(then, known).hull(of(otherwise, known)),
        Atom::Load(..) => Interval::ALL,
    }
}

/// Where a power has a value, its exponent is not negative.
fn of_power(base: Interval, exponent: Interval) -> Interval {
    let power =
        |base: Option<i128>, exponent: Option<i128>| base?.checked_pow(u32::try_from(exponent?).ok()?);
    if base.is_at_least(1) {
        let low = power(base.low, Some(exponent.low.unwrap_or(0).max(0))).unwrap_or(1);
        return Interval { low: Some(low), high: power(base.high, exponent.high) };
    }
    if base.is_at_least(0) { Interval::at_least(0) } else { Interval::ALL }
}

fn of_call(function: Function, args: &[Expr], known: &Known) -> Interval {
    let args: Vec<Interval> = args.iter().map(|arg| of(arg, known)).collect();
    match (function, &args[..]) {
        (Function::Abs, [x]) => x.max(x.negated()).max(Interval::point(0)),
        (Function::Sign, [x]) => x.max(Interval::point(-1)).min(Interval::point(1)),
        (Function::Gcd, _) => Interval::at_least(0),
        (Function::BitAnd, [a, b]) => match (a.is_at_least(0), b.is_at_least(0)) {
            (true, true) => Interval { low: Some(0), high: a.min(*b).high },
            (true, false) => Interval { low: Some(0), high: a.high },
            (false, true) => Interval { low: Some(0), high: b.high },
            (false, false) => Interval::ALL,
        },
        (Function::BitOr, [a, b]) if a.is_at_least(0) && b.is_at_least(0) => {
            Interval { low: a.low.max(b.low), high: None }
        }
        (Function::BitXor, [a, b]) if a.is_at_least(0) && b.is_at_least(0) => Interval::at_least(0),
        (Function::Shl, [a, _]) if a.is_at_least(0) => Interval { low: a.low, high: None },
        (Function::Shr, [a, _]) => {
            a.hull(if a.is_at_least(0) { Interval::point(0) } else { Interval::point(-1) })
        }
        _ => Interval::ALL,
    }
}
