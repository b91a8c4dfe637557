//! Questions about the structure of an expression.

use super::{Atom, Expr};
use crate::Name;
use crate::name::inserting;
use std::collections::BTreeSet;

impl Expr {
    /// Calls `f` on every atom, outer before inner, repeated ones repeatedly.
    pub fn visit<'a>(&'a self, f: &mut dyn FnMut(&'a Atom)) {
        for (atom, _) in self.atoms() {
            f(atom);
            for operand in atom.operands() {
                operand.visit(f);
            }
        }
    }

    /// The factors of all terms, as they come; an atom may come several times.
    pub fn atoms(&self) -> impl Iterator<Item = (&Atom, u32)> {
        self.parts().flat_map(|(_, monomial)| monomial.factors()).map(|(atom, exponent)| (atom, *exponent))
    }

    /// The symbols that the value depends on, also inside of operations; not the names of containers in loads.
    pub fn symbols(&self) -> BTreeSet<Name> {
        let mut symbols = BTreeSet::new();
        self.visit_symbols(&mut inserting(&mut symbols));
        symbols
    }

    /// Calls `f` on each of the [symbols](Expr::symbols), repeated ones repeatedly.
    pub(crate) fn visit_symbols<'a>(&'a self, f: &mut dyn FnMut(&'a Name)) {
        for (atom, _) in self.atoms() {
            match atom {
                Atom::Symbol(name) => f(name),
                _ => atom.operands().into_iter().for_each(|operand| operand.visit_symbols(f)),
            }
        }
    }

    /// Whether the value depends on the symbol.
    pub fn uses(&self, symbol: &Name) -> bool {
        self.any_atom(&mut |atom| matches!(atom, Atom::Symbol(name) if name == symbol))
    }

    /// Whether the value depends on no symbol and no container.
    pub fn is_constant(&self) -> bool {
        !self.any_atom(&mut |atom| matches!(atom, Atom::Symbol(_) | Atom::Load(..)))
    }

    /// The elements of containers that are read: container and indices.
    pub fn loads(&self) -> Vec<(&Name, &[Expr])> {
        let mut loads = Vec::new();
        self.visit(&mut |atom| {
            if let Atom::Load(name, indices) = atom {
                loads.push((name, &indices[..]));
            }
        });
        loads
    }

    /// Whether an atom satisfies `f`, also inside of operations.
    pub fn any_atom(&self, f: &mut dyn FnMut(&Atom) -> bool) -> bool {
        self.atoms()
            .any(|(atom, _)| f(atom) || atom.operands().into_iter().any(|operand| operand.any_atom(f)))
    }

    /// Number of constants, symbols and operations.
    pub fn size(&self) -> usize {
        let term = |(coefficient, factors): (i64, &[super::Factor])| {
            let coefficient = usize::from(coefficient != 1 || factors.is_empty());
            let atoms: usize = factors
                .iter()
                .map(|(atom, _)| 1 + atom.operands().into_iter().map(Expr::size).sum::<usize>())
                .sum();
            coefficient + atoms
        };
        self.terms().map(term).sum::<usize>().max(1)
    }

    /// Whether the expression has a value for all values of its symbols: no division by what may be zero, no load.
    pub fn is_total(&self) -> bool {
        !self.any_atom(&mut |atom| !atom.is_total())
    }

    /// Whether the value is 0 or 1 whatever the symbols are.
    pub fn is_boolean(&self) -> bool {
        match self.as_atom() {
            Some(Atom::Compare(..) | Atom::And(_) | Atom::Or(_)) => true,
            Some(Atom::Select(_, then, otherwise)) => then.is_boolean() && otherwise.is_boolean(),
            _ => matches!(self.as_int(), Some(0 | 1)),
        }
    }
}
