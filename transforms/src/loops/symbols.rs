//! Symbols that a loop's body assigns: whether they belong to one iteration.
//!
//! ```text
//! for i { p = first[i]; for k in p:p + 4 { … } }        `p` is found anew in each iteration
//! for i { for k in p:p + 4 { … } p = first[i] }         `p` carries a value to the next iteration
//! ```

use crate::Refusal;
use dacec_ir::{Block, IndexMap, Name, Region};
use std::collections::BTreeSet;

/// How many blocks of a program use each symbol.
#[derive(Clone, Debug, Default)]
pub(crate) struct SymbolUses(IndexMap<Name, usize>);

impl SymbolUses {
    /// Counts the uses in a region.
    pub(crate) fn of(region: &Region) -> Self {
        let mut uses = SymbolUses::default();
        region.visit(&mut |block| uses.add(block));
        uses
    }

    fn add(&mut self, block: &Block) {
        for symbol in used_by(block) {
            *self.0.entry(symbol).or_insert(0) += 1;
        }
    }

    /// Proves that nothing else in the program uses the symbols that a block assigns.
    pub(super) fn check_local(&self, block: &Block, assigned: &BTreeSet<Name>) -> Result<(), Refusal> {
        let mut inside = SymbolUses::default();
        inside.add(block);
        block.regions().iter().for_each(|region| region.visit(&mut |block| inside.add(block)));
        let count = |uses: &SymbolUses, symbol: &Name| uses.0.get(symbol).copied().unwrap_or(0);
        match assigned.iter().find(|symbol| count(self, symbol) != count(&inside, symbol)) {
            Some(symbol) => Err(Refusal::unproved(format!("`{symbol}` is also used outside of the loop"))),
            None => Ok(()),
        }
    }
}

/// Symbols that a block itself uses, not those that only the regions inside of it use.
fn used_by(block: &Block) -> BTreeSet<Name> {
    let mut used = BTreeSet::new();
    block.scalars().iter().for_each(|scalar| used.extend(scalar.symbols()));
    block.symbolic().iter().for_each(|expr| used.extend(expr.symbols()));
    if let Block::State(state) = block {
        used.extend(state.free_symbols());
    }
    used
}

/// Proves that each execution of a region assigns the symbols before it uses them.
pub(super) fn defined_before_use(region: &Region, assigned: &BTreeSet<Name>) -> Result<(), Refusal> {
    let mut undefined = assigned.clone();
    walk(region, &mut undefined)
}

fn walk(region: &Region, undefined: &mut BTreeSet<Name>) -> Result<(), Refusal> {
    for block in &region.blocks {
        if let Some(symbol) = used_by(block).intersection(undefined).next() {
            return Err(Refusal::unproved(format!("`{symbol}` carries a value to the next iteration")));
        }
        match block {
            Block::Loop(it) => {
                let mut inside = undefined.clone();
                it.variable().map(|variable| inside.remove(variable));
                walk(&it.body, &mut inside)?;
                // The variable means nothing behind its loop.
                undefined.extend(it.variable().cloned());
            }
            Block::Conditional(it) => {
                let mut after = BTreeSet::new();
                for branch in &it.branches {
                    let mut inside = undefined.clone();
                    walk(&branch.body, &mut inside)?;
                    after.extend(inside);
                }
                if it.branches.iter().any(|branch| branch.condition.is_none()) {
                    *undefined = after;
                }
            }
            _ => {
                for it in block.assignments() {
                    undefined.remove(&it.symbol);
                }
            }
        }
    }
    Ok(())
}
