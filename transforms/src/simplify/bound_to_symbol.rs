//! Bounds to symbols: a number that a loop reads from memory for its bounds becomes a symbol before the loop.
//!
//! ```text
//! before:  for j in 0:rows[i + 1] { … }
//! after:   p = rows[i + 1]   for j in 0:p { … }
//! ```
//!
//! Other passes look for reads of memory in states, conditions and assigned values alone, and refuse programs with such
//! bounds, which come from graphs that others made. In conditions and values, what reads an element by itself is no
//! symbolic expression any more (`$x` is `x`); others stay, and so does the refusal.
//!
//! **Always legal**: the bounds of a counted loop are found once, before its first iteration.

use crate::pass::{Changed, Context, Pass};
use dacec_ir::features::{Feature, features, scalars_read_as_symbols};
use dacec_ir::sdfg::NameSupply;
use dacec_ir::symbolic::Atom;
use dacec_ir::{Assignment, Block, DType, Expr, IndexMap, Name, Region, ScalarExpr, Sdfg};
use std::collections::BTreeSet;

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
        if !features(sdfg).contains(&Feature::SymbolicReads) {
            return Changed::No;
        }
        let scalars = scalars_read_as_symbols(sdfg);
        let names = NameSupply::new(sdfg);
        let mut body = std::mem::take(&mut sdfg.body);
        let mut symbols = Symbols { sdfg, scalars, names, made: IndexMap::default(), changed: Changed::No };
        symbols.in_region(&mut body);
        let Symbols { made, changed, .. } = symbols;
        sdfg.body = body;
        sdfg.symbols.extend(made);
        changed
    }
}

/// The symbols that are made, and the types of their values.
struct Symbols<'a> {
    sdfg: &'a Sdfg,
    /// Scalars that look like symbols.
    scalars: BTreeSet<Name>,
    names: NameSupply,
    made: IndexMap<Name, DType>,
    changed: Changed,
}

impl Symbols<'_> {
    fn in_region(&mut self, region: &mut Region) {
        let mut blocks = Vec::with_capacity(region.blocks.len());
        for mut block in std::mem::take(&mut region.blocks) {
            block.regions_mut().into_iter().for_each(|inner| self.in_region(inner));
            for scalar in block.scalars_mut() {
                scalar.visit_mut(&mut |part| self.spell_out(part));
            }
            for bound in block.symbolic_mut() {
                *bound = self.without_reads(bound, &mut blocks);
            }
            blocks.push(block);
        }
        region.blocks = blocks;
    }

    /// An expression with symbols in place of what it reads; their assignments, of indices first, come before the loop.
    fn without_reads(&mut self, expr: &Expr, before: &mut Vec<Block>) -> Expr {
        expr.rewrite(&mut |atom| {
            let (container, indices) = self.read(atom)?;
            let indices: Vec<ScalarExpr> =
                indices.iter().map(|index| self.without_reads(index, before).into()).collect();
            let symbol = self.names.fresh(&format!("{container}_bound"));
            let value = element(container, indices);
            before.push(Block::Assign(vec![Assignment { symbol: symbol.clone(), value }]));
            self.made.insert(symbol.clone(), self.dtype(container));
            self.changed = Changed::Yes;
            Some(Expr::sym(&symbol))
        })
    }

    /// Replaces a symbolic expression that is no more than an element by one that says so.
    fn spell_out(&mut self, part: &mut ScalarExpr) {
        let ScalarExpr::Symbolic(expr) = &*part else { return };
        let Some((container, indices)) = expr.as_atom().and_then(|atom| self.read(atom)) else { return };
        if indices.iter().any(|index| index.any_atom(&mut |atom| self.read(atom).is_some())) {
            return;
        }
        let indices = indices.iter().cloned().map(ScalarExpr::from).collect();
        *part = element(container, indices).cast(self.dtype(container), DType::Int64);
        self.changed = Changed::Yes;
    }

    /// The element that an atom reads.
    fn read<'e>(&self, atom: &'e Atom) -> Option<(&'e Name, &'e [Expr])> {
        match atom {
            Atom::Load(container, indices) => Some((container, indices)),
            Atom::Symbol(name) if self.scalars.contains(name) => Some((name, &[])),
            _ => None,
        }
    }

    fn dtype(&self, container: &Name) -> DType {
        self.sdfg.container(container).map_or(DType::Int64, |data| data.dtype())
    }
}

fn element(container: &Name, indices: Vec<ScalarExpr>) -> ScalarExpr {
    match indices.is_empty() {
        true => ScalarExpr::name(container),
        false => ScalarExpr::Load { name: container.clone(), indices },
    }
}
