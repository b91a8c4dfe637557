//! Positivity of products: write every variable as its smallest value and something not negative.
//!
//! ```text
//! M*N - N   with M, N >= 1   is   (1 + m)*(1 + n) - (1 + n)  =  m + m*n,   never negative
//! ```

use super::{Known, interval};
use crate::symbolic::{Atom, Expr};
use smallvec::SmallVec;
use std::collections::BTreeMap;

/// Exponents of the variables; trailing zeros are not written.
type Exponents = SmallVec<[u8; 8]>;
type Polynomial = BTreeMap<Exponents, i128>;

const MAX_VARIABLES: usize = 8;
const MAX_DEGREE: u32 = 6;
const MAX_TERMS: usize = 128;

/// `base + scale*y`, where `y` is at least 0, or of unknown sign.
struct Variable {
    base: i128,
    scale: i128,
    signed: bool,
}

/// Whether `d` is at least 0 for this reason.
pub(super) fn is_not_negative(d: &Expr, known: &Known) -> bool {
    // For linear expressions this says what the interval says.
    if d.terms().all(|(_, factors)| matches!(factors, [] | [(_, 1)])) {
        return false;
    }
    shifted(d, known).is_some_and(|(polynomial, variables)| {
        polynomial.iter().all(|(exponents, coefficient)| {
            let known_sign = exponents
                .iter()
                .zip(&variables)
                .all(|(exponent, variable)| !variable.signed || exponent % 2 == 0);
            *coefficient == 0 || (*coefficient > 0 && known_sign)
        })
    })
}

/// `None` if the polynomial gets too long or a coefficient too large.
fn shifted(d: &Expr, known: &Known) -> Option<(Polynomial, Vec<Variable>)> {
    let mut atoms: Vec<&Atom> = Vec::new();
    let mut variables = Vec::new();
    let mut total = Polynomial::from([(Exponents::new(), i128::from(d.constant()))]);
    for (coefficient, factors) in d.terms().filter(|(_, factors)| !factors.is_empty()) {
        if factors.iter().map(|(_, exponent)| u64::from(*exponent)).sum::<u64>() > u64::from(MAX_DEGREE) {
            return None;
        }
        let mut product = Polynomial::from([(Exponents::new(), i128::from(coefficient))]);
        for (atom, exponent) in factors {
            let at = atoms.iter().position(|other| *other == atom).unwrap_or_else(|| {
                atoms.push(atom);
                variables.push(variable(atom, known));
                atoms.len() - 1
            });
            if atoms.len() > MAX_VARIABLES {
                return None;
            }
            for _ in 0..*exponent {
                product = times(&product, &variables[at], at)?;
            }
        }
        for (exponents, coefficient) in product {
            let entry = total.entry(exponents).or_default();
            *entry = entry.checked_add(coefficient)?;
        }
    }
    (total.len() <= MAX_TERMS).then_some((total, variables))
}

fn variable(atom: &Atom, known: &Known) -> Variable {
    let interval = interval::of_atom(atom, known);
    match (interval.low, interval.high) {
        (Some(low), _) => Variable { base: low, scale: 1, signed: false },
        (None, Some(high)) => Variable { base: high, scale: -1, signed: false },
        (None, None) => Variable { base: 0, scale: 1, signed: true },
    }
}

fn times(polynomial: &Polynomial, variable: &Variable, at: usize) -> Option<Polynomial> {
    let mut product = Polynomial::new();
    for (exponents, coefficient) in polynomial {
        if variable.base != 0 {
            let entry = product.entry(exponents.clone()).or_default();
            *entry = i128::checked_add(*entry, coefficient.checked_mul(variable.base)?)?;
        }
        let mut raised = exponents.clone();
        raised.resize(raised.len().max(at + 1), 0);
        raised[at] += 1;
        let entry = product.entry(raised).or_default();
        *entry = i128::checked_add(*entry, coefficient.checked_mul(variable.scale)?)?;
    }
    (product.len() <= MAX_TERMS).then_some(product)
}
