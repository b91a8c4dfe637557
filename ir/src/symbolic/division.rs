//! Division and modulo, rounded down as in Python.
//!
//! A multiple of the divisor leaves the division, whatever the rest is: `(k*q + r)//k == q + r//k`, and `(k*q + r) % k
//! == r % k`. What stays is brought to one form:
//!
//! ```text
//! (4*i + 6)//4          i + 1
//! (2*i + 5)//4          (i + 2)//2 = i//2 + 1       common divisors, after rounding the constant down
//! (i//4 + j)//8         (i + 4*j)//32               nested divisions by constants
//! (6*i) % 4             2*((3*i) % 2) = 2*(i % 2)
//! (i % 32 + j) % 8      (i + j) % 8
//! x//(-k)               (-x)//k
//! int_ceil(x, 4)        (x + 3)//4
//! (N*i + j)//N          i + j//N                    symbolic divisors; has a value wherever the left side has
//! ```

use super::expr::{Factors, Monomial, Parts, Repr, Term, TermVec};
use super::{Atom, Expr, poly};

impl Expr {
    /// `self // divisor`: the quotient, rounded down.
    pub fn floor_div(&self, divisor: &Expr) -> Expr {
        match (self.as_int(), divisor.as_int()) {
            (_, Some(1)) => self.clone(),
            (Some(a), Some(b)) if b != 0 => Expr::int(floor_div_int(a, b)),
            (None, Some(k @ 2..)) => floor_div_constant(self, k),
            (None, Some(k)) if k < 0 && k != i64::MIN => (-self).floor_div(&Expr::int(-k)),
            (_, Some(_)) => Expr::atom(Atom::FloorDiv(self.clone(), divisor.clone())),
            (_, None) => {
                let (quotient, rest) = divide(self, divisor);
                quotient
                    + if rest.is_zero() { rest } else { Expr::atom(Atom::FloorDiv(rest, divisor.clone())) }
            }
        }
    }

    /// The quotient, rounded up.
    pub fn ceil_div(&self, divisor: &Expr) -> Expr {
        match (self.as_int(), divisor.as_int()) {
            (Some(a), Some(b)) if b != 0 => Expr::int(floor_div_int(a.wrapping_neg(), b).wrapping_neg()),
            (_, Some(k)) if k > 0 => (self + (k - 1)).floor_div(divisor),
            (_, Some(k)) if k < 0 && k != i64::MIN => (-self).ceil_div(&Expr::int(-k)),
            (_, Some(_)) => Expr::atom(Atom::CeilDiv(self.clone(), divisor.clone())),
            (_, None) => {
                let (quotient, rest) = divide(self, divisor);
                quotient
                    + if rest.is_zero() { rest } else { Expr::atom(Atom::CeilDiv(rest, divisor.clone())) }
            }
        }
    }

    /// `self % divisor`: the remainder, with the sign of the divisor.
    pub fn modulo(&self, divisor: &Expr) -> Expr {
        match (self.as_int(), divisor.as_int()) {
            (_, Some(1)) => Expr::zero(),
            (Some(a), Some(b)) if b != 0 => Expr::int(modulo_int(a, b)),
            (None, Some(k @ 2..)) => modulo_constant(self, k),
            (None, Some(k)) if k < 0 && k != i64::MIN => -(-self).modulo(&Expr::int(-k)),
            (_, Some(_)) => Expr::atom(Atom::Mod(self.clone(), divisor.clone())),
            (_, None) => {
                let (_, rest) = divide(self, divisor);
                if rest.is_zero() { rest } else { Expr::atom(Atom::Mod(rest, divisor.clone())) }
            }
        }
    }

    /// `self / divisor`, if the quotient is a polynomial and nothing is left over.
    pub fn div_exact(&self, divisor: &Expr) -> Option<Expr> {
        if divisor.is_zero() {
            return None;
        }
        let (quotient, rest) = divide(self, divisor);
        rest.is_zero().then_some(quotient)
    }
}

/// `a // b` on values; `b` is not 0.
pub(super) fn floor_div_int(a: i64, b: i64) -> i64 {
    let quotient = a.wrapping_div(b);
    if a.wrapping_rem(b) != 0 && (a < 0) != (b < 0) { quotient - 1 } else { quotient }
}

/// `a % b` on values; `b` is not 0.
pub(super) fn modulo_int(a: i64, b: i64) -> i64 {
    let rest = a.wrapping_rem(b);
    if rest != 0 && (rest < 0) != (b < 0) { rest + b } else { rest }
}

/// `k` is at least 2.
fn floor_div_constant(x: &Expr, k: i64) -> Expr {
    if let Some((dividend, divisor)) = flatten_division(x, k) {
        return dividend.floor_div(&Expr::int(divisor));
    }
    let whole = poly::map_coefficients(x, x.constant().div_euclid(k), |c| c / k);
    let part = poly::map_coefficients(x, x.constant().rem_euclid(k), |c| c % k);
    if part.as_int().is_some() {
        return whole;
    }
    let divisor = common_divisor(&part, k);
    if divisor == 1 {
        return whole + Expr::atom(Atom::FloorDiv(part, Expr::int(k)));
    }
    let part = poly::map_coefficients(&part, part.constant().div_euclid(divisor), |c| c / divisor);
    whole + part.floor_div(&Expr::int(k / divisor))
}

/// `k` is at least 2.
fn modulo_constant(x: &Expr, k: i64) -> Expr {
    let x = unwrap_remainders(x, k);
    let part = poly::map_coefficients(&x, x.constant().rem_euclid(k), |c| c % k);
    if part.as_int().is_some() {
        return part;
    }
    let divisor = common_divisor(&part, k);
    if divisor == 1 {
        return Expr::atom(Atom::Mod(part, Expr::int(k)));
    }
    let constant = part.constant();
    let part = poly::map_coefficients(&part, constant.div_euclid(divisor), |c| c / divisor);
    part.modulo(&Expr::int(k / divisor)) * divisor + constant.rem_euclid(divisor)
}

/// Greatest common divisor of `k` and the coefficients, not the constant.
fn common_divisor(x: &Expr, k: i64) -> i64 {
    let divisor = poly::gcd_u64(poly::content(x), k.unsigned_abs());
    i64::try_from(divisor).expect("a divisor of a positive 64-bit number is one")
}

/// `(y//a + z)//k` as `(y + a*z)//(a*k)`: dividend and divisor.
fn flatten_division(x: &Expr, k: i64) -> Option<(Expr, i64)> {
    let mut divisions = x.parts().filter_map(|(c, m)| match m.as_atom() {
        Some(Atom::FloorDiv(y, a)) => Some((c, m, y, a.as_int()?)),
        _ => None,
    });
    let (1, monomial, y, a @ 2..) = divisions.next()? else { return None };
    if divisions.next().is_some() {
        return None;
    }
    let mut overflow = false;
    let rest = poly::add_scaled(x, &Expr(Repr::Product(monomial.clone())), -1, &mut overflow);
    let dividend = poly::add_scaled(y, &rest, a, &mut overflow);
    let divisor = a.checked_mul(k)?;
    (!overflow).then_some((dividend, divisor))
}

/// Replaces summands `c*(y % m)` by `c*y` where `k` divides `m`, which changes `x` by a multiple of `k`.
fn unwrap_remainders(x: &Expr, k: i64) -> Expr {
    // What is unwrapped may hold more of them. Each round takes one level of remainders away.
    let mut result = x.clone();
    loop {
        let next = unwrap_outer_remainders(&result, k);
        if next == result {
            return result;
        }
        result = next;
    }
}

fn unwrap_outer_remainders(x: &Expr, k: i64) -> Expr {
    let mut result = x.clone();
    for (c, monomial) in x.parts() {
        if let Some(Atom::Mod(y, m)) = monomial.as_atom()
            && m.as_int().is_some_and(|m| m % k == 0)
        {
            let mut overflow = false;
            let without =
                poly::add_scaled(&result, &Expr(Repr::Product(monomial.clone())), -c, &mut overflow);
            let unwrapped = poly::add_scaled(&without, y, c, &mut overflow);
            if !overflow {
                result = unwrapped;
            }
        }
    }
    result
}

/// Quotient and rest of a polynomial division: `x == quotient*y + rest` always, and no term of the rest is a multiple
/// of the leading term of `y`. For a sum `y` the rest is only split off if that makes it shorter.
fn divide(x: &Expr, y: &Expr) -> (Expr, Expr) {
    let nothing = (Expr::zero(), x.clone());
    let Some((leading, monomial)) = leading_term(y) else {
        return divide_constant(x, y.constant()).unwrap_or(nothing);
    };
    let is_sum = y.parts().len() > 1 || y.constant() != 0;
    let (mut quotient, mut rest, mut open) = (Expr::zero(), Expr::zero(), x.clone());
    let mut overflow = false;
    // Every step takes the leading term of what is open, and adds only smaller ones; the limit is for absurd input.
    for _ in 0..MAX_STEPS {
        let Some((c, m)) = leading_term(&open) else {
            rest = poly::add_scaled(&rest, &open, 1, &mut overflow);
            let shorter = !is_sum || rest.is_zero() || num_terms(&rest) < num_terms(x);
            return if overflow || !shorter { nothing } else { (quotient, rest) };
        };
        match divide_monomial(m, monomial).filter(|_| c.wrapping_rem(leading) == 0) {
            Some(factor) => {
                let factor = factor * c.wrapping_div(leading);
                quotient = poly::add_scaled(&quotient, &factor, 1, &mut overflow);
                let product = poly::mul(&factor, y, &mut overflow);
                open = poly::add_scaled(&open, &product, -1, &mut overflow);
            }
            None => {
                let term = poly::monomial(c, m);
                rest = poly::add_scaled(&rest, &term, 1, &mut overflow);
                open = poly::add_scaled(&open, &term, -1, &mut overflow);
            }
        }
    }
    nothing
}

const MAX_STEPS: usize = 256;

/// Exact division of all coefficients.
fn divide_constant(x: &Expr, k: i64) -> Option<(Expr, Expr)> {
    if k == 0 || k == -1 {
        return (k == -1).then(|| (-x, Expr::zero()));
    }
    let exact = x.parts().all(|(c, _)| c % k == 0) && x.constant() % k == 0;
    exact.then(|| (poly::map_coefficients(x, x.constant() / k, |c| c / k), Expr::zero()))
}

fn num_terms(x: &Expr) -> usize {
    x.parts().len() + usize::from(x.constant() != 0)
}

/// The term whose monomial is largest in graded order, which multiplication respects.
fn leading_term(x: &Expr) -> Option<(i64, &Monomial)> {
    let parts: Parts<'_> = x.parts();
    parts.max_by(|(_, a), (_, b)| a.graded(b))
}

/// `a / b`, if `b` divides `a`.
fn divide_monomial(a: &Monomial, b: &Monomial) -> Option<Expr> {
    let mut factors = Factors::new();
    let mut divisors = b.factors().iter().peekable();
    for (atom, exponent) in a.factors() {
        let shared = divisors.next_if(|(other, _)| other == atom).map_or(0, |(_, shared)| *shared);
        let left = exponent.checked_sub(shared)?;
        if left > 0 {
            factors.push((atom.clone(), left));
        }
    }
    if divisors.next().is_some() {
        return None;
    }
    if factors.is_empty() {
        return Some(Expr::one());
    }
    let terms: TermVec = [Term { coefficient: 1, monomial: Monomial::new(factors) }].into_iter().collect();
    Some(Expr::from_parts(terms, 0))
}
