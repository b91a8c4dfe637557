//! Linear structure.

use super::{Atom, Expr, poly};
use crate::Name;

/// `coefficients[0]*names[0] + coefficients[1]*names[1] + … + rest`, where neither coefficients nor rest depend on the
/// names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Affine {
    /// One coefficient for each name, in the order asked for.
    pub coefficients: Vec<Expr>,
    /// What does not depend on the names.
    pub rest: Expr,
}

impl Expr {
    /// The expression as an affine function of symbols; `None` if it is not one.
    pub fn affine_in(&self, names: &[Name]) -> Option<Affine> {
        let mut coefficients: Vec<Vec<Expr>> = vec![Vec::new(); names.len()];
        let mut rest = vec![Expr::int(self.constant())];
        for (coefficient, monomial) in self.parts() {
            let mut found = None;
            let mut product = Expr::int(coefficient);
            for (atom, exponent) in monomial.factors() {
                let factor = Expr::atom(atom.clone());
                match position(atom, names) {
                    Some(at) if *exponent == 1 && found.is_none() => found = Some(at),
                    Some(_) => return None,
                    None if names.iter().any(|name| factor.uses(name)) => return None,
                    None => product *= factor.pow(&Expr::int(i64::from(*exponent))),
                }
            }
            match found {
                Some(at) => coefficients[at].push(product),
                None => rest.push(poly::monomial(coefficient, monomial)),
            }
        }
        let coefficients = coefficients.into_iter().map(|summands| summands.into_iter().sum()).collect();
        Some(Affine { coefficients, rest: rest.into_iter().sum() })
    }

    /// The factor of a symbol in an expression that is linear in it; 0 if it does not occur, `None` if not linear.
    pub fn coefficient(&self, name: &Name) -> Option<Expr> {
        let mut affine = self.affine_in(std::slice::from_ref(name))?;
        affine.coefficients.pop()
    }

    /// The symbol's value that makes the expression equal to `value`, if there is one: from `2*N + 1 = v` follows
    /// `N = (v - 1)//2`.
    ///
    /// `None` if the expression is not linear in the symbol or does not depend on it. Where the quotient is rounded,
    /// no integer solves the equation: put the solution in and compare, if that is possible.
    pub fn solve_for(&self, name: &Name, value: &Expr) -> Option<Expr> {
        let affine = self.affine_in(std::slice::from_ref(name))?;
        let coefficient = &affine.coefficients[0];
        if coefficient.is_zero() || value.uses(name) {
            return None;
        }
        let rest = value - &affine.rest;
        Some(rest.div_exact(coefficient).unwrap_or_else(|| rest.floor_div(coefficient)))
    }
}

fn position(atom: &Atom, names: &[Name]) -> Option<usize> {
    match atom {
        Atom::Symbol(symbol) => names.iter().position(|name| name == symbol),
        _ => None,
    }
}
