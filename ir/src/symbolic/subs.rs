//! Replacing symbols and containers.

use super::{Atom, Expr, poly};
use crate::Name;
use std::collections::BTreeMap;

/// Expressions for symbols, all put in at once: `{i: j, j: i}` swaps.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Substitution(BTreeMap<Name, Expr>);

impl Substitution {
    /// Replaces nothing.
    pub fn new() -> Self {
        Substitution::default()
    }

    /// Adds a replacement; an earlier one for the same symbol is forgotten.
    pub fn insert(&mut self, symbol: impl Into<Name>, value: impl Into<Expr>) {
        self.0.insert(symbol.into(), value.into());
    }

    /// Removes a replacement and returns it.
    pub fn remove(&mut self, symbol: &Name) -> Option<Expr> {
        self.0.remove(symbol)
    }

    /// The replacement of a symbol.
    pub fn get(&self, symbol: &Name) -> Option<&Expr> {
        self.0.get(symbol)
    }

    /// Whether nothing is replaced.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The replacements, by name of the symbol.
    pub fn iter(&self) -> impl Iterator<Item = (&Name, &Expr)> {
        self.0.iter()
    }
}

impl<N: Into<Name>, E: Into<Expr>> FromIterator<(N, E)> for Substitution {
    fn from_iter<I: IntoIterator<Item = (N, E)>>(iter: I) -> Self {
        Substitution(iter.into_iter().map(|(name, value)| (name.into(), value.into())).collect())
    }
}

impl<N: Into<Name>, E: Into<Expr>> Extend<(N, E)> for Substitution {
    fn extend<I: IntoIterator<Item = (N, E)>>(&mut self, iter: I) {
        self.0.extend(iter.into_iter().map(|(name, value)| (name.into(), value.into())));
    }
}

impl<N: Into<Name>, E: Into<Expr>, const LEN: usize> From<[(N, E); LEN]> for Substitution {
    fn from(pairs: [(N, E); LEN]) -> Self {
        pairs.into_iter().collect()
    }
}

impl Expr {
    /// Replaces symbols, all at once. Names of containers in loads stay.
    pub fn subs(&self, substitution: &Substitution) -> Expr {
        if substitution.is_empty() {
            return self.clone();
        }
        self.rewrite_symbols(&mut |name| substitution.get(name).cloned())
    }

    /// Replaces one symbol.
    pub fn subs1(&self, symbol: &Name, value: &Expr) -> Expr {
        self.rewrite_symbols(&mut |name| (name == symbol).then(|| value.clone()))
    }

    /// Renames one symbol.
    pub fn rename(&self, from: &Name, to: &Name) -> Expr {
        self.subs1(from, &Expr::sym(to))
    }

    /// Renames a container in loads; a scalar container is a symbol and is renamed too.
    pub fn rename_container(&self, from: &Name, to: &Name) -> Expr {
        self.rewrite(&mut |atom| match atom {
            Atom::Symbol(name) if name == from => Some(Expr::sym(to)),
            Atom::Load(name, indices) if name == from => {
                let indices = indices.iter().map(|index| index.rename_container(from, to)).collect();
                Some(Expr::load(to, indices))
            }
            _ => None,
        })
    }

    /// Replaces atoms: `f` is asked for every atom, outer before inner; where it says `None`, the operands are
    /// rewritten. What `f` returns is not rewritten again.
    pub fn rewrite(&self, f: &mut dyn FnMut(&Atom) -> Option<Expr>) -> Expr {
        rewritten(self, f).unwrap_or_else(|| self.clone())
    }

    fn rewrite_symbols(&self, f: &mut dyn FnMut(&Name) -> Option<Expr>) -> Expr {
        self.rewrite(&mut |atom| match atom {
            Atom::Symbol(name) => f(name),
            _ => None,
        })
    }
}

/// Replaces the factors of the terms, not what is inside of them. `None` if nothing changes: most expressions do not,
/// and then nothing is built.
pub(super) fn map_factors(expr: &Expr, f: &mut dyn FnMut(&Atom) -> Option<Expr>) -> Option<Expr> {
    let mut changed = false;
    let mut summands = vec![Expr::int(expr.constant())];
    for (coefficient, monomial) in expr.parts() {
        let replacements: Vec<Option<Expr>> = monomial.factors().iter().map(|(atom, _)| f(atom)).collect();
        if replacements.iter().all(Option::is_none) {
            summands.push(poly::monomial(coefficient, monomial));
            continue;
        }
        changed = true;
        let factors = monomial.factors().iter().zip(replacements).map(|((atom, exponent), replacement)| {
            let factor = replacement.unwrap_or_else(|| Expr::atom(atom.clone()));
            factor.pow(&Expr::int(i64::from(*exponent)))
        });
        summands.push(factors.product::<Expr>() * coefficient);
    }
    changed.then(|| summands.into_iter().sum())
}

fn rewritten(expr: &Expr, f: &mut dyn FnMut(&Atom) -> Option<Expr>) -> Option<Expr> {
    map_factors(expr, &mut |atom| f(atom).or_else(|| rewritten_operands(atom, f)))
}

fn rewritten_operands(atom: &Atom, f: &mut dyn FnMut(&Atom) -> Option<Expr>) -> Option<Expr> {
    let replacements: Vec<Option<Expr>> =
        atom.operands().into_iter().map(|operand| rewritten(operand, f)).collect();
    if replacements.iter().all(Option::is_none) {
        return None;
    }
    let mut replacements = replacements.into_iter();
    Some(atom.map_operands(&mut |operand| replacements.next().flatten().unwrap_or_else(|| operand.clone())))
}
