//! Loops that count, found among `while` loops.
//!
//! ```text
//! i = a; while i < b: S; i = i + c        for i in range(a, b, c): S
//! ```
//!
//! **Right when** nothing else in the body changes `i`, the bound or the step, every way to the next iteration makes the
//! step, and `i` is not used after the loop, where a counted loop's variable does not exist.

use crate::control_flow::LoopHeader;
use crate::{Assignment, BinaryOp, Block, Expr, Loop, Name, Region, ScalarExpr, State};
use std::collections::BTreeSet;

/// The region with such loops counted.
///
/// The states are taken out meanwhile: all that matters of them is which symbols they use, and copies of what is left are
/// cheap. Work is proportional to the size of the region times the depth of its loops.
pub(super) fn recognize(mut region: Region) -> Region {
    let mut loops = false;
    region.visit(&mut |block| loops |= matches!(block, Block::Loop(_)));
    if !loops {
        return region;
    }
    let mut states = Vec::new();
    region.visit_states_mut(&mut |state| states.push(std::mem::take(state)));
    let symbols: Vec<BTreeSet<Name>> = states.iter().map(State::free_symbols).collect();
    let mut kept = BTreeSet::new();
    let mut result = loop {
        let mut result = region.clone();
        let mut counted = BTreeSet::new();
        count(&mut result, &kept, &mut counted);
        let mut uses = Uses { counted, outside: BTreeSet::new(), around: Vec::new(), states: symbols.iter() };
        uses.region(&result);
        if uses.outside.is_empty() {
            break result;
        }
        kept.extend(uses.outside);
    };
    let mut states = states.into_iter();
    result.visit_states_mut(&mut |state| *state = states.next().unwrap_or_default());
    result
}

fn count(region: &mut Region, kept: &BTreeSet<Name>, counted: &mut BTreeSet<Name>) {
    for block in &mut region.blocks {
        block.regions_mut().into_iter().for_each(|region| count(region, kept, counted));
    }
    for at in 1..region.blocks.len() {
        let (before, rest) = region.blocks.split_at_mut(at);
        let (Some(Block::Assign(init)), Some(Block::Loop(repeat))) = (before.last_mut(), rest.first_mut())
        else {
            continue;
        };
        let found = init.iter().position(|it| !kept.contains(&it.symbol) && convert(it, init, repeat));
        if let Some(found) = found {
            counted.insert(init.remove(found).symbol);
        }
    }
    region.blocks.retain(|block| !matches!(block, Block::Assign(all) if all.is_empty()));
}

/// Makes the loop count from the value of `first`, if it does.
fn convert(first: &Assignment, init: &[Assignment], repeat: &mut Loop) -> bool {
    let variable = &first.symbol;
    let LoopHeader::While { condition } = &repeat.header else { return false };
    let Some(start) = integer(&first.value) else { return false };
    let Some(step) = last_step(&repeat.body, variable) else { return false };
    let Some(stop) = bound(condition, variable, &step) else { return false };
    let mut body = repeat.body.clone();
    if !strip(&mut body, variable, &step, true) {
        return false;
    }
    let changed = assigned(&body);
    let steady = |expr: &Expr| !expr.uses(variable) && expr.symbols().is_disjoint(&changed);
    // The other values of the same assignment are not there yet when the bounds are found.
    let early = init.iter().any(|it| stop.uses(&it.symbol) || step.uses(&it.symbol));
    if changed.contains(variable) || !steady(&stop) || !steady(&step) || (early && init.len() == 1) {
        return false;
    }
    repeat.header = LoopHeader::For { variable: variable.clone(), start, stop, step };
    repeat.body = body;
    true
}

/// The value as a symbolic expression.
fn integer(value: &ScalarExpr) -> Option<Expr> {
    match value {
        ScalarExpr::Cast(dtype, inner) if dtype.is_integer() => integer(inner),
        _ => value.to_symbolic(),
    }
}

/// What `variable` grows by at the end of the body.
fn last_step(region: &Region, variable: &Name) -> Option<Expr> {
    match region.blocks.last()? {
        Block::Assign(all) => step_of(all, variable).map(|(_, step)| step),
        Block::Conditional(it) => it.branches.iter().find_map(|branch| last_step(&branch.body, variable)),
        _ => None,
    }
}

fn step_of(all: &[Assignment], variable: &Name) -> Option<(usize, Expr)> {
    let at = all.iter().position(|it| it.symbol == *variable)?;
    let step = integer(&all[at].value)? - Expr::sym(variable);
    (!step.uses(variable) && !step.is_zero()).then_some((at, step))
}

/// The bound that the variable does not reach.
fn bound(condition: &ScalarExpr, variable: &Name, step: &Expr) -> Option<Expr> {
    let ScalarExpr::Binary(op, lhs, rhs) = condition else { return None };
    if *op == BinaryOp::Or {
        return either_direction(lhs, rhs, variable, step);
    }
    if integer(lhs)?.as_symbol() != Some(variable) {
        return None;
    }
    let stop = integer(rhs)?;
    let up = step.as_int().map(|step| step > 0);
    match (op, up) {
        (BinaryOp::Lt, Some(true)) | (BinaryOp::Gt, Some(false)) => Some(stop),
        (BinaryOp::Le, Some(true)) => Some(stop + 1),
        (BinaryOp::Ge, Some(false)) => Some(stop - 1),
        _ => None,
    }
}

/// `step > 0 and i < stop or step < 0 and i > stop`
fn either_direction(lhs: &ScalarExpr, rhs: &ScalarExpr, variable: &Name, step: &Expr) -> Option<Expr> {
    let half = |half: &ScalarExpr, op: BinaryOp, sign: BinaryOp| {
        let ScalarExpr::Binary(BinaryOp::And, test, compare) = half else { return None };
        let test_of = |expr: &ScalarExpr, wanted: BinaryOp| match expr {
            ScalarExpr::Binary(op, lhs, rhs) if *op == wanted => Some((integer(lhs)?, integer(rhs)?)),
            _ => None,
        };
        let (tested, zero) = test_of(test, sign)?;
        let (counter, stop) = test_of(compare, op)?;
        (tested == *step && zero.is_zero() && counter.as_symbol() == Some(variable)).then_some(stop)
    };
    let stop = half(lhs, BinaryOp::Lt, BinaryOp::Gt)?;
    (half(rhs, BinaryOp::Gt, BinaryOp::Lt)? == stop).then_some(stop)
}

/// Removes the step from every way to the next iteration; whether each way makes it.
fn strip(region: &mut Region, variable: &Name, step: &Expr, last: bool) -> bool {
    let count = region.blocks.len();
    let mut at = 0;
    let mut stripped = false;
    while at < region.blocks.len() {
        let follows_continue = matches!(region.blocks.get(at + 1), Some(Block::Continue));
        let ends = last && at + 1 == region.blocks.len();
        match &mut region.blocks[at] {
            Block::Assign(all) if follows_continue || ends => {
                let Some((found, _)) = step_of(all, variable).filter(|(_, it)| it == step) else {
                    return false;
                };
                all.remove(found);
                if all.is_empty() {
                    region.blocks.remove(at);
                    at = at.wrapping_sub(1);
                }
                stripped = ends;
                if follows_continue {
                    // The jump itself.
                    at = at.wrapping_add(1);
                    stripped = true;
                }
            }
            Block::Continue => return false,
            Block::Break | Block::Return => stripped = true,
            Block::Conditional(it) => {
                let exhaustive = it.branches.last().is_some_and(|branch| branch.condition.is_none());
                let inside = ends && exhaustive;
                for branch in &mut it.branches {
                    if !strip(&mut branch.body, variable, step, inside) {
                        return false;
                    }
                }
                if it
                    .branches
                    .last()
                    .is_some_and(|last| last.condition.is_none() && last.body.blocks.is_empty())
                {
                    it.branches.pop();
                }
                stripped = inside;
            }
            _ => stripped = false,
        }
        at = at.wrapping_add(1);
    }
    !last || (stripped && count > 0)
}

fn assigned(region: &Region) -> BTreeSet<Name> {
    let mut names = BTreeSet::new();
    region.visit(&mut |block| match block {
        Block::Assign(all) => names.extend(all.iter().map(|it| it.symbol.clone())),
        Block::Loop(it) => names.extend(it.variable().cloned()),
        _ => {}
    });
    names
}

/// Finds symbols that occur outside of the loops that count them.
struct Uses<'a> {
    /// The symbols that are looked for.
    counted: BTreeSet<Name>,
    /// Those that were found.
    outside: BTreeSet<Name>,
    /// Variables of the loops around.
    around: Vec<Name>,
    /// The symbols of each state, in order of [`Region::visit`].
    states: std::slice::Iter<'a, BTreeSet<Name>>,
}

impl Uses<'_> {
    fn region(&mut self, region: &Region) {
        for block in &region.blocks {
            self.block(block);
        }
    }

    fn block(&mut self, block: &Block) {
        if let Block::State(_) = block
            && let Some(symbols) = self.states.next()
        {
            self.all(symbols);
        }
        block.assignments().for_each(|it| self.one(&it.symbol));
        block.scalars().into_iter().for_each(|scalar| self.all(&scalar.symbols()));
        block.symbolic().into_iter().for_each(|expr| self.all(&expr.symbols()));
        let variable = match block {
            Block::Loop(it) => it.variable().cloned(),
            _ => None,
        };
        let counts = variable.is_some();
        self.around.extend(variable);
        block.regions().into_iter().for_each(|region| self.region(region));
        if counts {
            self.around.pop();
        }
    }

    fn all(&mut self, names: &BTreeSet<Name>) {
        names.iter().for_each(|name| self.one(name));
    }

    fn one(&mut self, name: &Name) {
        if self.counted.contains(name) && !self.around.contains(name) {
            self.outside.insert(name.clone());
        }
    }
}
