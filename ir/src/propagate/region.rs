//! What blocks of control flow touch of a container: the accesses of their states, swept over their loops.
//!
//! ```text
//! for k in 0:M {
//!   A[k, 0] = …                       writes A[0:M, 0]
//!   if c { B[k] = … }                 writes B[0:M] (dynamic)
//!   for j in k:M { … = A[k, j] }      reads A[0:M, 0:M] (dynamic)
//! }
//! while c { A[n, 1] = …; n = n + 1 }  writes A[0:N, 1] (dynamic)
//! ```
//!
//! The set covers whatever control flow does. It is exact where accesses are affine and happen in every run: under
//! conditions, in loops that do not count, and where something may leave a loop early it may hold more. A dimension that
//! depends on a symbol that the blocks themselves change is all of that dimension.

use super::nested::elements_at;
use super::{Swept, assume_in_range, subset_over_inside};
use crate::control_flow::LoopHeader;
use crate::symbolic::{Atom, Facts};
use crate::{Block, Data, Expr, IndexMap, Loop, Name, Range, State};
use std::collections::BTreeSet;

/// The elements of a container that blocks may write (`writes`), or read; what combines with the old value does both.
///
/// `None` if nothing of it is accessed, or nothing is known: memory may be accessed under other names where there are
/// views or references, a stream has no elements to tell apart, and a shape may change on the way. `facts` hold before
/// the blocks.
pub fn region(
    blocks: &[Block],
    containers: &IndexMap<Name, Data>,
    (data, writes): (&Name, bool),
    facts: &Facts,
) -> Option<Swept> {
    let container = containers.get(data)?;
    if container.as_stream().is_some() || containers.values().any(Data::is_alias) {
        return None;
    }
    if !keep_shape(blocks, container) {
        return None;
    }
    let changed = changed_symbols(blocks);
    let facts = facts.without(&|name| changed.contains(name));
    let touched = Walk { containers, data, container, writes, changed }.blocks(blocks, &facts)?;
    // What is known of one dimension alone begins with 0.
    let vague = !touched.exact && !container.offset().is_empty();
    Some(if vague { Swept { subset: container.whole(), exact: false } } else { touched })
}

/// Whether a block may end more than itself: the iteration of a loop around it, or the SDFG.
pub(crate) fn may_leave(block: &Block) -> bool {
    fn jumps(block: &Block, in_loop: bool) -> bool {
        let in_loop = in_loop || matches!(block, Block::Loop(_));
        match block {
            Block::Return => true,
            Block::Break | Block::Continue => !in_loop,
            _ => block.regions().iter().flat_map(|region| &region.blocks).any(|it| jumps(it, in_loop)),
        }
    }
    jumps(block, false)
}

/// Whether blocks give no symbol of a container's shape another meaning, be it as the variable of a loop.
pub(crate) fn keep_shape(blocks: &[Block], container: &Data) -> bool {
    let mut defined = BTreeSet::new();
    visit(blocks, &mut |block| {
        defined.extend(block.assignments().map(|it| &it.symbol));
        if let Block::Loop(it) = block {
            defined.extend(it.variable());
        }
    });
    container.symbols().iter().all(|symbol| !defined.contains(symbol))
}

/// Symbols that have different values at different times: those that are assigned, and variables of loops whose values
/// are not known.
pub(crate) fn changed_symbols(blocks: &[Block]) -> BTreeSet<Name> {
    let mut changed = BTreeSet::new();
    visit(blocks, &mut |block| changed.extend(block.assignments().map(|it| it.symbol.clone())));
    // The range of a loop may depend on such a variable in turn: inner loops come later.
    visit(blocks, &mut |block| {
        if let Block::Loop(it) = block
            && known_range(it, &changed).is_none()
        {
            changed.extend(it.variable().cloned());
        }
    });
    changed
}

/// The values of a counted loop's variable, if they do not depend on symbols that change.
pub(crate) fn known_range(it: &Loop, changed: &BTreeSet<Name>) -> Option<(Name, Range)> {
    let LoopHeader::For { variable, start, stop, step } = &it.header else { return None };
    let range = Range::strided(start.clone(), stop.clone(), step.clone());
    let used = range.symbols();
    let is_known = range.extremes().is_some()
        && !changed.contains(variable)
        && !used.contains(variable)
        && used.is_disjoint(changed)
        && !range.exprs().any(|expr| expr.any_atom(&mut |atom| matches!(atom, Atom::Load(..))));
    is_known.then(|| (variable.clone(), range))
}

/// What is known in the body of a loop, whose variable may have been something else outside.
pub(crate) fn inside_loop(facts: &Facts, (variable, range): &(Name, Range)) -> Facts {
    let mut inside = facts.without(&|name| name == variable);
    assume_in_range(&mut inside, variable, range);
    inside
}

fn visit<'a>(blocks: &'a [Block], f: &mut dyn FnMut(&'a Block)) {
    for block in blocks {
        f(block);
        block.regions().into_iter().for_each(|region| region.visit(f));
    }
}

/// Collects what blocks touch of one container.
struct Walk<'a> {
    containers: &'a IndexMap<Name, Data>,
    data: &'a Name,
    container: &'a Data,
    writes: bool,
    changed: BTreeSet<Name>,
}

impl Walk<'_> {
    /// What blocks touch that follow each other. `facts` hold for all of them.
    fn blocks(&self, blocks: &[Block], facts: &Facts) -> Option<Swept> {
        let mut touched = Union { container: self.container, facts, set: None };
        for block in blocks {
            touched.extend(self.control(block));
            match block {
                Block::State(state) => touched.extend(self.state(state, facts)),
                Block::Loop(it) => touched.extend(self.repeated(it, facts)),
                _ => {
                    for region in block.regions() {
                        touched.extend(self.blocks(&region.blocks, facts).map(inexact));
                    }
                }
            }
        }
        let leaves = blocks.iter().any(may_leave);
        touched.set.map(|set| if leaves { inexact(set) } else { set })
    }

    /// What all iterations of a loop touch.
    fn repeated(&self, it: &Loop, facts: &Facts) -> Option<Swept> {
        let Some(counted) = known_range(it, &self.changed) else {
            return self.blocks(&it.body.blocks, facts).map(inexact);
        };
        let inside = inside_loop(facts, &counted);
        let one = self.blocks(&it.body.blocks, &inside)?;
        let all = subset_over_inside(&one.subset, &[counted], self.container.shape(), &inside);
        Some(Swept { exact: one.exact && all.exact, ..all })
    }

    /// What conditions, assignments and bounds read.
    fn control(&self, block: &Block) -> Option<Swept> {
        let loads = |expr: &&Expr| {
            expr.any_atom(&mut |atom| matches!(atom, Atom::Load(name, _) if name == self.data))
        };
        let reads = block.scalars().iter().any(|scalar| scalar.names().contains(self.data))
            || block.symbolic().iter().any(loads);
        (reads && !self.writes).then(|| self.whole())
    }

    fn state(&self, state: &State, facts: &Facts) -> Option<Swept> {
        let mut touched = Union { container: self.container, facts, set: None };
        if !self.writes && state.read_by_conditions().contains(self.data) {
            touched.extend(Some(self.whole()));
        }
        for id in state.accesses(self.data) {
            let reads = state.out_edges(id).into_iter().filter(|_| !self.writes).map(|edge| (edge, true));
            let writes = state.in_edges(id).into_iter().map(|edge| (edge, false));
            for (edge, at_source) in reads.chain(writes) {
                let combines = edge.memlet().is_some_and(|memlet| memlet.wcr.is_some());
                if !self.writes && !at_source && !combines {
                    continue;
                }
                // What one iteration of a scope touches says nothing about the others.
                touched.extend(match state.scope_of(id) {
                    Some(_) => edge.memlet().map(|_| self.whole()),
                    None => elements_at(state, self.containers, edge.id, at_source, facts)
                        .map(|set| self.in_terms_that_stay(set)),
                });
            }
        }
        touched.set
    }

    /// Something of the container is touched, it is not known what.
    fn whole(&self) -> Swept {
        Swept { subset: self.container.whole(), exact: self.container.shape().is_empty() }
    }

    /// The set without symbols that change.
    fn in_terms_that_stay(&self, mut set: Swept) -> Swept {
        let whole = self.container.whole();
        if set.subset.rank() != whole.rank() {
            return self.whole();
        }
        for (dim, all) in set.subset.dims.iter_mut().zip(whole.dims) {
            if !dim.symbols().is_disjoint(&self.changed) {
                (*dim, set.exact) = (all, false);
            }
        }
        set
    }
}

/// What a part of the program touches that need not run.
fn inexact(set: Swept) -> Swept {
    Swept { exact: false, ..set }
}

/// Elements of a container, as far as they are collected; all facts hold wherever one of them is touched.
struct Union<'a> {
    container: &'a Data,
    facts: &'a Facts,
    set: Option<Swept>,
}

impl Union<'_> {
    fn extend(&mut self, other: Option<Swept>) {
        match (&mut self.set, other) {
            (Some(set), Some(other)) => set.extend(&other, self.container.shape(), self.facts),
            (set @ None, other) => *set = other,
            (Some(_), None) => {}
        }
    }
}
