//! Looking at every block of a program from the outside in: what passes about whole loop nests share.
//!
//! The outermost loop that can be rewritten is: what is inside of it then, in a nested SDFG, is not looked at any more.

use super::symbols::SymbolUses;
use crate::pass::{Changed, Context};
use crate::surroundings::{Surroundings, Uses, entry_facts, visit_outside_in};
use crate::{Place, Refusal};
use dacec_ir::sdfg::NameSupply;
use dacec_ir::{Block, Region, Sdfg};

/// A rewrite of single blocks.
pub(crate) trait Rewrite {
    /// What was proved about a block.
    type Match;

    /// Proves that a block can be rewritten; `symbols` are those of the whole SDFG.
    fn find(
        &mut self,
        around: &mut Surroundings<'_>,
        block: &Block,
        symbols: &SymbolUses,
    ) -> Result<Self::Match, Refusal>;

    /// The blocks that take its place.
    fn apply(&mut self, around: &mut Surroundings<'_>, block: Block, found: Self::Match) -> Vec<Block>;
}

/// Rewrites every block that can be, for the transformation `name`.
pub(crate) fn rewrite_blocks(
    sdfg: &mut Sdfg,
    context: &mut Context,
    name: &'static str,
    rewrite: &mut impl Rewrite,
) -> Changed {
    let mut changed = Changed::No;
    let mut names = NameSupply::new(sdfg);
    let mut uses = Uses::of(sdfg);
    let symbols = SymbolUses::of(&sdfg.body);
    let facts = entry_facts(sdfg);
    let mut body = std::mem::take(&mut sdfg.body);
    visit_outside_in(&mut body, &facts, &mut |region, facts| {
        let mut around = Surroundings { sdfg, facts: facts.clone(), names: &mut names, uses: &mut uses };
        for block in std::mem::take(&mut region.blocks) {
            match rewrite.find(&mut around, &block, &symbols) {
                Ok(found) if context.permit(name) => {
                    region.blocks.extend(rewrite.apply(&mut around, block, found));
                    context.applied(name);
                    changed = Changed::Yes;
                }
                Ok(_) => region.blocks.push(block),
                Err(refusal) => {
                    context.refused(name, || Place::label(&Region::default()), refusal);
                    region.blocks.push(block);
                }
            }
        }
    });
    sdfg.body = body;
    changed
}
