//! What is known about the symbols of one call.

use super::CallError;
use dacec_ir::{Expr, Name, symbolic::Substitution};
use smallvec::SmallVec;

/// The values of symbols, as far as they are known, and who told them.
pub(super) struct Table<'a> {
    names: &'a [Name],
    values: SmallVec<[Option<Known<'a>>; 8]>,
}

#[derive(Clone, Copy)]
struct Known<'a> {
    value: i64,
    /// The array whose shape told the value; `None` if the caller passed it.
    source: Option<&'a Name>,
}

impl<'a> Table<'a> {
    pub(super) fn new(names: &'a [Name]) -> Table<'a> {
        Table { names, values: SmallVec::from_elem(None, names.len()) }
    }

    /// A value that the caller passed.
    pub(super) fn set(&mut self, name: &Name, value: i64) {
        if let Some(slot) = self.slot(name) {
            self.values[slot] = Some(Known { value, source: None });
        }
    }

    /// A value that the caller passed for the symbol of that place.
    pub(super) fn set_at(&mut self, slot: usize, value: i64) {
        if let Some(known) = self.values.get_mut(slot) {
            *known = Some(Known { value, source: None });
        }
    }

    /// A value that an array's shape tells; what is known stays.
    pub(super) fn learn(&mut self, slot: usize, value: i64, source: &'a Name) {
        self.values[slot].get_or_insert(Known { value, source: Some(source) });
    }

    pub(super) fn at(&self, slot: usize) -> Option<i64> {
        self.values[slot].map(|known| known.value)
    }

    pub(super) fn get(&self, name: &Name) -> Option<i64> {
        self.at(self.slot(name)?)
    }

    /// The array whose shape told a symbol's value.
    pub(super) fn source(&self, name: &Name) -> Option<&'a Name> {
        self.values[self.slot(name)?]?.source
    }

    pub(super) fn has_unknown(&self) -> bool {
        self.values.iter().any(Option::is_none)
    }

    /// Uses `expr = value` if all but one of its symbols are known; whether a symbol became known.
    pub(super) fn solve(&mut self, expr: &Expr, value: i64, source: &'a Name) -> bool {
        let mut unknown = expr.symbols().into_iter().filter(|name| self.get(name).is_none());
        let (Some(name), None) = (unknown.next(), unknown.next()) else { return false };
        drop(unknown);
        let Some(slot) = self.slot(&name) else { return false };
        let mut known = Substitution::new();
        for symbol in expr.symbols() {
            if let Some(value) = self.get(&symbol) {
                known.insert(symbol, value);
            }
        }
        let solution = expr.subs(&known).solve_for(&name, &Expr::int(value));
        let Some(solution) = solution.and_then(|solution| solution.as_int()) else { return false };
        self.learn(slot, solution, source);
        true
    }

    pub(super) fn eval(&self, expr: &Expr) -> Result<i64, CallError> {
        expr.eval(&|name| self.get(name)).map_err(|error| match error {
            dacec_ir::symbolic::EvalError::UnknownSymbol(name) => CallError::UnknownSymbol { name },
            error => CallError::NoValue { extent: expr.to_string(), error },
        })
    }

    fn slot(&self, name: &Name) -> Option<usize> {
        self.names.iter().position(|known| known == name)
    }
}
