//! Sums and products: the polynomial normal form.
//!
//! All arithmetic wraps around at 64 bits, which keeps it exact in the ring of integers modulo 2^64. Proofs reason
//! about unbounded integers; they pass `overflow` and give up where a coefficient did not fit.

use super::expr::{Factors, Monomial, Repr, Term, TermVec};
use super::{Atom, Expr, power};
use std::cmp::Ordering;

/// Products with more terms are not expanded: one side becomes an atom, `(a + b)**1`. Only absurd input gets there.
const MAX_TERMS: usize = 4096;

/// `a + scale*b`.
pub(super) fn add_scaled(a: &Expr, b: &Expr, scale: i64, overflow: &mut bool) -> Expr {
    if let Repr::Int(b) = b.0 {
        let constant = multiply_add(a.constant(), b, scale, overflow);
        return with_constant(a, constant);
    }
    if scale == 0 {
        return a.clone();
    }
    if a.is_zero() && scale == 1 {
        return b.clone();
    }
    // Most differences are those of neighbours.
    if scale == -1
        && let Some(distance) = a.offset_from(b)
    {
        return Expr::int(distance);
    }
    let (mut left, mut right) = (a.parts().peekable(), b.parts().peekable());
    let mut terms = TermVec::new();
    loop {
        let ordering = match (left.peek(), right.peek()) {
            (None, None) => break,
            (Some(_), None) => Ordering::Less,
            (None, Some(_)) => Ordering::Greater,
            (Some((_, m)), Some((_, n))) => m.order(n),
        };
        let (x, m) = if ordering.is_le() { left.next() } else { None }.unzip();
        let (y, n) = if ordering.is_ge() { right.next() } else { None }.unzip();
        let coefficient = multiply_add(x.unwrap_or(0), y.unwrap_or(0), scale, overflow);
        if let Some(monomial) = m.or(n).filter(|_| coefficient != 0) {
            terms.push(Term { coefficient, monomial: monomial.clone() });
        }
    }
    Expr::from_parts(terms, multiply_add(a.constant(), b.constant(), scale, overflow))
}

/// `a * b`.
pub(super) fn mul(a: &Expr, b: &Expr, overflow: &mut bool) -> Expr {
    match (&a.0, &b.0) {
        (Repr::Int(1), _) => b.clone(),
        (_, Repr::Int(1)) => a.clone(),
        (Repr::Int(k), _) => add_scaled(&Expr::zero(), b, *k, overflow),
        (_, Repr::Int(k)) => add_scaled(&Expr::zero(), a, *k, overflow),
        (Repr::Product(m), Repr::Product(n)) => mul_monomials(m, n, overflow),
        _ => mul_sums(a, b, overflow),
    }
}

/// The sum of many expressions; faster than adding them one by one.
pub(super) fn sum(summands: impl Iterator<Item = Expr>) -> Expr {
    let mut constant = 0i64;
    let mut terms = Vec::new();
    for summand in summands {
        constant = constant.wrapping_add(summand.constant());
        terms.extend(own_terms(&summand));
    }
    collect(terms, constant, &mut false)
}

/// `a` with another constant summand.
pub(super) fn with_constant(a: &Expr, constant: i64) -> Expr {
    if constant == a.constant() {
        return a.clone();
    }
    Expr::from_parts(own_terms(a).collect(), constant)
}

/// `coefficient * monomial`.
pub(super) fn monomial(coefficient: i64, monomial: &Monomial) -> Expr {
    if coefficient == 0 {
        return Expr::zero();
    }
    Expr::from_parts([Term { coefficient, monomial: monomial.clone() }].into_iter().collect(), 0)
}

/// Greatest common divisor of the coefficients, without the constant; 0 if there are none.
pub(super) fn content(a: &Expr) -> u64 {
    a.parts().fold(0, |gcd, (coefficient, _)| gcd_u64(gcd, coefficient.unsigned_abs()))
}

/// Greatest common divisor; `gcd(0, b) == b`.
pub(super) fn gcd_u64(mut a: u64, mut b: u64) -> u64 {
    while b != 0 {
        (a, b) = (b, a % b);
    }
    a
}

/// Replaces coefficients: `f` gets every coefficient, without the constant.
pub(super) fn map_coefficients(a: &Expr, constant: i64, f: impl Fn(i64) -> i64) -> Expr {
    let terms = a.parts().map(|(c, monomial)| Term { coefficient: f(c), monomial: monomial.clone() });
    Expr::from_parts(terms.filter(|term| term.coefficient != 0).collect(), constant)
}

fn own_terms(a: &Expr) -> impl Iterator<Item = Term> {
    a.parts().map(|(coefficient, monomial)| Term { coefficient, monomial: monomial.clone() })
}

fn multiply_add(a: i64, b: i64, scale: i64, overflow: &mut bool) -> i64 {
    let (product, wrapped) = b.overflowing_mul(scale);
    let (sum, carried) = a.overflowing_add(product);
    *overflow |= wrapped | carried;
    sum
}

fn mul_monomials(a: &Monomial, b: &Monomial, overflow: &mut bool) -> Expr {
    let mut factors = Factors::with_capacity(a.factors().len() + b.factors().len());
    let (mut left, mut right) = (a.factors().iter().peekable(), b.factors().iter().peekable());
    let mut has_powers = false;
    while let Some(ordering) = match (left.peek(), right.peek()) {
        (None, None) => None,
        (Some(_), None) => Some(Ordering::Less),
        (None, Some(_)) => Some(Ordering::Greater),
        (Some((x, _)), Some((y, _))) => Some(x.order(y)),
    } {
        let x = if ordering.is_le() { left.next() } else { None };
        let y = if ordering.is_ge() { right.next() } else { None };
        let Some((atom, _)) = x.or(y) else { break };
        let exponent = x.map_or(0, |x| u64::from(x.1)) + y.map_or(0, |y| u64::from(y.1));
        match u32::try_from(exponent) {
            Ok(exponent) => factors.push((atom.clone(), exponent)),
            Err(_) => {
                let exponent =
                    i64::try_from(exponent).expect("a sum of two 32-bit numbers fits into 64 bits");
                factors.push((Atom::Pow(Expr::atom(atom.clone()), Expr::int(exponent)), 1));
            }
        }
        has_powers |= matches!(factors.last(), Some((Atom::Pow(..), _)));
    }
    if has_powers { power::merge(factors, overflow) } else { Expr(Repr::Product(Monomial::new(factors))) }
}

fn mul_sums(a: &Expr, b: &Expr, overflow: &mut bool) -> Expr {
    let (long, short) = if a.parts().len() >= b.parts().len() { (a, b) } else { (b, a) };
    if (long.parts().len() + 1).saturating_mul(short.parts().len() + 1) > MAX_TERMS {
        return mul(&Expr::atom(Atom::Pow(long.clone(), Expr::one())), short, overflow);
    }
    let mut terms = Vec::with_capacity(long.parts().len() * (short.parts().len() + 1));
    let mut rest = Expr::zero();
    for (c, m) in long.parts() {
        for (d, n) in short.parts() {
            let coefficient = multiply_add(0, c, d, overflow);
            match mul_monomials(m, n, overflow) {
                Expr(Repr::Product(monomial)) => terms.push(Term { coefficient, monomial }),
                merged => rest = add_scaled(&rest, &merged, coefficient, overflow),
            }
        }
    }
    for (one, other) in [(long, short.constant()), (short, long.constant())] {
        terms.extend(
            one.parts()
                .map(|(c, m)| Term { coefficient: multiply_add(0, c, other, overflow), monomial: m.clone() }),
        );
    }
    let constant = multiply_add(0, long.constant(), short.constant(), overflow);
    add_scaled(&collect(terms, constant, overflow), &rest, 1, overflow)
}

/// Sorts terms and adds those with equal monomials.
fn collect(mut terms: Vec<Term>, constant: i64, overflow: &mut bool) -> Expr {
    terms.sort_by(|a, b| a.monomial.order(&b.monomial));
    let mut merged = TermVec::new();
    for term in terms {
        match merged.last_mut() {
            Some(last) if last.monomial == term.monomial => {
                last.coefficient = multiply_add(last.coefficient, term.coefficient, 1, overflow);
            }
            _ => merged.push(term),
        }
    }
    merged.retain(|term| term.coefficient != 0);
    Expr::from_parts(merged, constant)
}
