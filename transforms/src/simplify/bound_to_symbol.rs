//! Bounds to symbols: a number that a loop reads from memory for its bounds becomes a symbol before the loop.
//!
//! ```text
//! before:  for j in 0:rows[i + 1] { … }
//! after:   p = rows[i + 1]   for j in 0:p { … }
//! ```
//!
//! Other passes look for reads of memory in states, conditions and assigned values alone, and refuse programs with such
//! bounds, which come from graphs that others made.
//!
//! **Always legal**: the bounds of a counted loop are found once, before its first iteration.

use crate::pass::{Changed, Context, Pass};
use dacec_ir::control_flow::LoopHeader;
use dacec_ir::features::Feature;
use dacec_ir::sdfg::NameSupply;
use dacec_ir::symbolic::Atom;
use dacec_ir::{Assignment, Block, DType, Expr, Name, Region, ScalarExpr, Sdfg};
use indexmap::IndexMap;

/// See the [module](self).
#[derive(Clone, Copy, Debug, Default)]
pub struct BoundToSymbol;

impl Pass for BoundToSymbol {
    fn name(&self) -> &'static str {
        "bound-to-symbol"
    }

    fn summary(&self) -> &'static str {
        "makes symbols of numbers that loops read from memory for their bounds"
    }

    /// No access of memory passes another one.
    fn handles(&self, _: Feature) -> bool {
        true
    }

    fn run(&self, sdfg: &mut Sdfg, _: &mut Context) -> Changed {
        let mut reads = false;
        sdfg.body.visit(&mut |block| reads |= block.symbolic().iter().any(|expr| !expr.loads().is_empty()));
        if !reads {
            return Changed::No;
        }
        let mut symbols = Symbols { names: NameSupply::new(sdfg), made: IndexMap::new() };
        symbols.in_region(&mut sdfg.body);
        for (symbol, container) in symbols.made {
            let dtype = sdfg.container(&container).map_or(DType::Int64, |data| data.dtype());
            sdfg.symbols.insert(symbol, dtype);
        }
        Changed::Yes
    }
}

/// The symbols that are made, each with the container of its value.
struct Symbols {
    names: NameSupply,
    made: IndexMap<Name, Name>,
}

impl Symbols {
    fn in_region(&mut self, region: &mut Region) {
        let mut blocks = Vec::with_capacity(region.blocks.len());
        for mut block in std::mem::take(&mut region.blocks) {
            block.regions_mut().into_iter().for_each(|inner| self.in_region(inner));
            if let Block::Loop(it) = &mut block
                && let LoopHeader::For { start, stop, step, .. } = &mut it.header
            {
                for bound in [start, stop, step] {
                    *bound = self.without_loads(bound, &mut blocks);
                }
            }
            blocks.push(block);
        }
        region.blocks = blocks;
    }

    /// An expression with symbols in place of what it reads; their assignments, of indices first, come before the loop.
    fn without_loads(&mut self, expr: &Expr, before: &mut Vec<Block>) -> Expr {
        expr.rewrite(&mut |atom| {
            let Atom::Load(container, indices) = atom else { return None };
            let indices: Vec<ScalarExpr> =
                indices.iter().map(|index| self.without_loads(index, before).into()).collect();
            let symbol = self.names.fresh(&format!("{container}_bound"));
            let value = match indices.is_empty() {
                true => ScalarExpr::name(container),
                false => ScalarExpr::Load { name: container.clone(), indices },
            };
            before.push(Block::Assign(vec![Assignment { symbol: symbol.clone(), value }]));
            self.made.insert(symbol.clone(), container.clone());
            Some(Expr::sym(&symbol))
        })
    }
}
