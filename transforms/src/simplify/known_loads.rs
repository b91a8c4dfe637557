//! Elements of memory whose values are those of symbols: a second read of an element needs no second symbol.
//!
//! ```text
//! before:  a = P[i]   b = P[i]   t: x[0:b - a]
//! after:   a = P[i]   b = a      t: x[0:b - a]
//! kept:    a = P[i]   P[j] = 0   b = P[i]             (the element may be another one by then)
//! ```
//!
//! Extents that are equal are only seen to be if they are made of the same symbols.

use crate::surroundings::{Uses, assigned_symbols};
use dacec_ir::analysis::Aliases;
use dacec_ir::{DType, Data, IndexMap, Name, Region, ScalarExpr, State};
use std::collections::BTreeSet;

/// The elements that symbols were read from and that nothing has written since; see the [module](self).
#[derive(Clone)]
pub(super) struct KnownLoads<'a> {
    loads: Vec<(Name, ScalarExpr)>,
    containers: &'a IndexMap<Name, Data>,
    symbols: &'a IndexMap<Name, DType>,
    aliases: &'a Aliases,
}

impl<'a> KnownLoads<'a> {
    /// None, at the beginning of a program with these containers and symbols.
    pub(super) fn none(
        containers: &'a IndexMap<Name, Data>,
        symbols: &'a IndexMap<Name, DType>,
        aliases: &'a Aliases,
    ) -> Self {
        KnownLoads { loads: Vec::new(), containers, symbols, aliases }
    }

    /// A symbol of the same type that has the value.
    pub(super) fn symbol_of(&self, symbol: &Name, value: &ScalarExpr) -> Option<&Name> {
        let same = |(other, known): &&(Name, ScalarExpr)| {
            known == value && self.symbols.get(other) == self.symbols.get(symbol)
        };
        self.loads.iter().find(same).map(|(other, _)| other)
    }

    /// The symbol has just got the value.
    pub(super) fn remember(&mut self, symbol: &Name, value: &ScalarExpr) {
        let plain = match value {
            ScalarExpr::Load { name, indices } => {
                let is_symbolic =
                    |index: &ScalarExpr| index.to_symbolic().is_some_and(|index| index.loads().is_empty());
                self.is_own(name) && indices.iter().all(is_symbolic)
            }
            ScalarExpr::Name(name) => self.is_own(name),
            _ => false,
        };
        if plain && !value.symbols().contains(symbol) {
            self.loads.push((symbol.clone(), value.clone()));
        }
    }

    /// Whether the container stands for itself at all times.
    fn is_own(&self, name: &Name) -> bool {
        matches!(self.containers.get(name), Some(Data::Array(_) | Data::Scalar(_)))
    }

    /// Symbols get other values.
    pub(super) fn forget(&mut self, symbols: &BTreeSet<Name>) {
        self.loads
            .retain(|(symbol, value)| !symbols.contains(symbol) && value.symbols().is_disjoint(symbols));
    }

    /// A state runs.
    pub(super) fn run(&mut self, state: &State) {
        if self.loads.is_empty() {
            return;
        }
        let written = Uses::written_by(state);
        let changes = |name: &Name| written.iter().any(|other| self.aliases.may_overlap(name, other));
        self.loads.retain(|(_, value)| !value.names().iter().any(changes));
    }

    /// The states of a region may run, any number of times.
    pub(super) fn may_run_states(&mut self, region: &Region) {
        if !self.loads.is_empty() {
            region.states().into_iter().for_each(|state| self.run(state));
        }
    }

    /// A region may run, any number of times.
    pub(super) fn may_run(&mut self, region: &Region) {
        if !self.loads.is_empty() {
            self.forget(&assigned_symbols(region));
            self.may_run_states(region);
        }
    }
}
