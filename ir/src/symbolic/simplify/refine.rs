//! What facts say about a single operation.

use crate::symbolic::{Atom, Expr, Facts, Function, poly, subs};

/// How hard to look for a proof: steps of one search.
#[derive(Clone, Copy)]
pub(super) struct Effort(usize);

impl Effort {
    /// Once for every operation of an expression.
    pub(super) const FULL: Effort = Effort(60);
    /// For each of hundreds of forms.
    pub(super) const LOW: Effort = Effort(2);
}

/// Replaces factors of terms whose value the facts give; operands stay as they are.
pub(super) fn refine(expr: &Expr, facts: &Facts, effort: Effort) -> Expr {
    let refiner = Refiner { facts, effort };
    subs::map_factors(expr, &mut |atom| refiner.atom(atom)).unwrap_or_else(|| expr.clone())
}

/// Pairs of operands of `min` and `max` are compared up to this length.
const MAX_COMPARED: usize = 8;

struct Refiner<'a> {
    facts: &'a Facts,
    effort: Effort,
}

impl Refiner<'_> {
    /// `None` if nothing is known.
    fn atom(&self, atom: &Atom) -> Option<Expr> {
        match atom {
            Atom::FloorDiv(a, b) => self
                .quotient(a, b)
                .or_else(|| self.without_low_part(a, b.as_int()?).map(|(quotient, _)| quotient)),
            Atom::Mod(a, b) => match self.quotient(a, b) {
                Some(quotient) => Some(a - b * quotient),
                None => self.without_low_part(a, b.as_int()?).map(|(_, rest)| rest),
            },
            Atom::CeilDiv(a, b) => self.quotient(&-a, b).map(|quotient| -quotient),
            Atom::Min(args) => Expr::min_of(self.candidates(args, |kept, other| self.is_le(kept, other))?),
            Atom::Max(args) => Expr::max_of(self.candidates(args, |kept, other| self.is_le(other, kept))?),
            Atom::Select(condition, then, otherwise) => match self.truth(condition)? {
                true => Some(then.clone()),
                false => Some(otherwise.clone()),
            },
            Atom::Compare(..) => self.truth(&Expr::atom(atom.clone())).map(Expr::truth),
            Atom::Call(Function::Abs, args) => {
                args.iter().find_map(|x| self.sign(x).map(|positive| if positive { x.clone() } else { -x }))
            }
            // Operands are conditions, which have been decided where they can be.
            _ => None,
        }
    }

    /// The value of `a // b`, if it is the same small number wherever the facts hold.
    fn quotient(&self, a: &Expr, b: &Expr) -> Option<Expr> {
        if let (Some(k @ 1..), (Some(low), Some(high))) = (b.as_int(), self.facts.range(a)) {
            let (low, high) = (low.div_euclid(k), high.div_euclid(k));
            return (low == high).then_some(Expr::int(low));
        }
        if !self.is_le(&Expr::one(), b) {
            return None;
        }
        if self.is_le(&Expr::zero(), a) {
            return self.is_le(&(a + 1), b).then(Expr::zero);
        }
        (self.is_le(&(a + 1), &Expr::zero()) && self.is_le(&-b, a)).then(|| Expr::int(-1))
    }

    /// Quotient and rest of `(g*high + low) / k`, where `g` divides `k` and `0 <= low < g`: the low part does not take
    /// part in the division.
    fn without_low_part(&self, a: &Expr, k: i64) -> Option<(Expr, Expr)> {
        if k < 2 {
            return None;
        }
        let mut divisors: Vec<i64> = a
            .parts()
            .filter_map(|(c, _)| i64::try_from(poly::gcd_u64(c.unsigned_abs(), k.unsigned_abs())).ok())
            .filter(|divisor| *divisor > 1)
            .collect();
        divisors.sort_unstable();
        divisors.dedup();
        divisors.into_iter().rev().find_map(|divisor| {
            let (multiple, low) = split_multiple(a, divisor);
            let (from, to) = self.facts.range(&low);
            if low.is_zero() || from? < 0 || to? >= divisor {
                return None;
            }
            let rest = Expr::int(k / divisor);
            Some((multiple.floor_div(&rest), multiple.modulo(&rest) * divisor + low))
        })
    }

    /// The operands that no other one beats; `None` if all of them stay.
    fn candidates(&self, args: &[Expr], beats: impl Fn(&Expr, &Expr) -> bool) -> Option<Vec<Expr>> {
        if args.len() > MAX_COMPARED {
            return None;
        }
        let mut kept: Vec<Expr> = Vec::new();
        for arg in args {
            if kept.iter().any(|other| beats(other, arg)) {
                continue;
            }
            kept.retain(|other| !beats(arg, other));
            kept.push(arg.clone());
        }
        (kept.len() < args.len()).then_some(kept)
    }

    fn truth(&self, condition: &Expr) -> Option<bool> {
        match condition.as_atom() {
            // The general question takes a full search.
            Some(Atom::Compare(..)) if self.effort.0 >= Effort::FULL.0 => self.facts.prove(condition),
            _ => condition.as_int().map(|value| value != 0),
        }
    }

    fn sign(&self, x: &Expr) -> Option<bool> {
        if self.is_le(&Expr::zero(), x) {
            return Some(true);
        }
        self.is_le(x, &Expr::zero()).then_some(false)
    }

    fn is_le(&self, a: &Expr, b: &Expr) -> bool {
        let mut overflow = false;
        let difference = poly::add_scaled(b, a, -1, &mut overflow);
        !overflow && self.facts.is_not_negative_within(&difference, self.effort.0)
    }
}

/// `a == divisor*multiple + low`, where the low part has all terms that are not multiples.
fn split_multiple(a: &Expr, divisor: i64) -> (Expr, Expr) {
    let multiple = poly::map_coefficients(a, a.constant().div_euclid(divisor), |c| match c % divisor {
        0 => c / divisor,
        _ => 0,
    });
    let low =
        poly::map_coefficients(a, a.constant().rem_euclid(divisor), |c| if c % divisor == 0 { 0 } else { c });
    (multiple, low)
}
