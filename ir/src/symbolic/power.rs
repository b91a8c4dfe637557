//! Powers.
//!
//! ```text
//! (N + 1)**2        N**2 + 2*N + 1       small constant exponents are multiplied out
//! R**(K - 1)*R      R**K                 powers of one base are one power
//! (R**i)**2         R**(2*i)
//! R**(K + 1)        stays: R*R**K has no value for K = -1, where R**(K + 1) has one
//! ```

use super::expr::{Factors, Monomial, Repr};
use super::{Atom, Expr, poly};

/// Powers of sums with more terms than this stay powers.
const MAX_EXPANDED: usize = 256;

impl Expr {
    /// `self ** exponent`. A negative exponent has no integer value: evaluating such a power is an error.
    pub fn pow(&self, exponent: &Expr) -> Expr {
        if self.is_one() || exponent.is_zero() {
            return Expr::one();
        }
        if let Some(exponent) = exponent.as_int().and_then(|exponent| u64::try_from(exponent).ok())
            && let Some(power) = constant_power(self, exponent)
        {
            return power;
        }
        match self.as_atom() {
            Some(Atom::Pow(base, inner)) => base.pow(&(inner * exponent)),
            _ => Expr::atom(Atom::Pow(self.clone(), exponent.clone())),
        }
    }
}

/// `base ** exponent`, wrapping around.
pub(super) fn wrapping_pow(mut base: i64, mut exponent: u64) -> i64 {
    let mut power = 1i64;
    while exponent > 0 {
        if exponent & 1 == 1 {
            power = power.wrapping_mul(base);
        }
        base = base.wrapping_mul(base);
        exponent >>= 1;
    }
    power
}

/// Multiplies factors of which some are powers; factors of one base become one factor.
pub(super) fn merge(factors: Factors, overflow: &mut bool) -> Expr {
    let mut powers: Vec<(Expr, Expr)> = Vec::new();
    let mut merged = false;
    for (atom, times) in &factors {
        if let Atom::Pow(base, exponent) = atom {
            let exponent = exponent * i64::from(*times);
            merged |= *times > 1;
            match powers.iter_mut().find(|(known, _)| known == base) {
                Some((_, total)) => {
                    *total = &*total + exponent;
                    merged = true;
                }
                None => powers.push((base.clone(), exponent)),
            }
        }
    }
    let mut plain = Factors::new();
    for (atom, times) in factors.iter().filter(|(atom, _)| !matches!(atom, Atom::Pow(..))) {
        match powers.iter_mut().find(|(base, _)| base.as_atom() == Some(atom)) {
            Some((_, total)) => {
                *total = &*total + i64::from(*times);
                merged = true;
            }
            None => plain.push((atom.clone(), *times)),
        }
    }
    if !merged {
        return Expr(Repr::Product(Monomial::new(factors)));
    }
    let rest = if plain.is_empty() { Expr::one() } else { Expr(Repr::Product(Monomial::new(plain))) };
    powers.iter().fold(rest, |product, (base, exponent)| poly::mul(&product, &base.pow(exponent), overflow))
}

/// The power as a product or a constant, if that does not get too long.
fn constant_power(base: &Expr, exponent: u64) -> Option<Expr> {
    if exponent == 1 {
        return Some(base.clone());
    }
    if let Some(base) = base.as_int() {
        return Some(Expr::int(wrapping_pow(base, exponent)));
    }
    let mut parts = base.parts();
    if let (Some((coefficient, monomial)), None, 0) = (parts.next(), parts.next(), base.constant()) {
        let power = monomial_power(monomial, exponent)?;
        return Some(power * wrapping_pow(coefficient, exponent));
    }
    let exponent = usize::try_from(exponent).ok()?;
    if expanded_len(base.parts().len() + 1, exponent)? > MAX_EXPANDED {
        return None;
    }
    Some((1..exponent).fold(base.clone(), |power, _| power * base))
}

/// `None` if an exponent gets too large.
fn monomial_power(monomial: &Monomial, exponent: u64) -> Option<Expr> {
    let mut factors = Factors::new();
    for (atom, times) in monomial.factors() {
        let times = u64::from(*times).checked_mul(exponent)?;
        factors.push((atom.clone(), u32::try_from(times).ok()?));
    }
    Some(merge(factors, &mut false))
}

/// Number of monomials of degree `exponent` in `len` variables.
fn expanded_len(len: usize, exponent: usize) -> Option<usize> {
    (1..len).try_fold(1usize, |count, k| Some(count.checked_mul(exponent.checked_add(k)?)? / k))
}
