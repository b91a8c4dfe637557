//! Perfect nests of two counted loops, and the order of their iterations.

use super::dependence::{Touch, touches};
use super::private::private;
use crate::Refusal;
use crate::surroundings::Surroundings;
use dacec_ir::control_flow::LoopHeader;
use dacec_ir::symbolic::{Facts, Substitution};
use dacec_ir::{Block, Expr, Loop, Name, Range, Region, State, propagate};

/// Two counted loops of which the inner one is all of the outer one's body, and one state all of its own. Both step by 1,
/// and the inner range does not depend on the outer variable.
pub(super) struct Nest<'a> {
    pub(super) outer: (&'a Name, Range),
    pub(super) inner: (&'a Name, Range),
    pub(super) state: &'a State,
}

impl<'a> Nest<'a> {
    /// The nest that a block is.
    pub(super) fn of(block: &'a Block) -> Result<Self, Refusal> {
        let Block::Loop(outer) = block else { return Err(Refusal::NoMatch("not a loop")) };
        let [Block::Loop(inner)] = &contents(&outer.body)[..] else {
            return Err(Refusal::NoMatch("the body is not another loop alone"));
        };
        let [Block::State(state)] = &contents(&inner.body)[..] else {
            return Err(Refusal::unproved("the body of the inner loop is not one state"));
        };
        if state.has_effects() {
            return Err(Refusal::unproved("the body calls something that prints or checks"));
        }
        let nest = Nest { outer: range(outer)?, inner: range(inner)?, state };
        if nest.inner.1.symbols().contains(nest.outer.0) {
            return Err(Refusal::unproved(format!(
                "the range {} depends on `{}`",
                nest.inner.1, nest.outer.0
            )));
        }
        Ok(nest)
    }

    /// Proves that no iteration `(i, j)` depends on one `(i', j')` with `i < i'` for which `reversed` holds, the
    /// condition under which a new order runs the second first. It is given the variables of both.
    pub(super) fn keeps_order(
        &self,
        around: &Surroundings<'_>,
        reversed: impl Fn([&Expr; 2], [&Expr; 2]) -> Expr,
    ) -> Result<(), Refusal> {
        let inside = self.facts(&around.facts);
        let own = private(around, self.state, &inside);
        let touches: Vec<Touch> = touches(self.state, &around.sdfg.containers)
            .into_iter()
            .filter(|touch| !own.contains(&touch.data))
            .collect();
        let (i, j) = (Expr::sym(self.outer.0), Expr::sym(self.inner.0));
        let later = [later(self.outer.0), later(self.inner.0)];
        let (i2, j2) = (Expr::sym(&later[0]), Expr::sym(&later[1]));
        let mut facts = inside;
        propagate::assume_in_range(&mut facts, &later[0], &self.outer.1);
        propagate::assume_in_range(&mut facts, &later[1], &self.inner.1);
        facts.assume(&i2.ge(&(&i + 1)));
        facts.assume(&reversed([&i, &j], [&i2, &j2]));
        let renaming: Substitution = [(self.outer.0.clone(), i2), (self.inner.0.clone(), j2)].into();
        for a in &touches {
            for b in touches.iter().filter(|b| b.data == a.data) {
                let free = !a.is_write && !b.is_write || a.wcr.is_some() && a.wcr == b.wcr;
                if !free && a.subset.intersects(&b.subset.subs(&renaming), &facts) != Some(false) {
                    return Err(Refusal::conflict(&a.memlet(), &b.memlet()));
                }
            }
        }
        Ok(())
    }

    /// What holds in an iteration.
    fn facts(&self, outside: &Facts) -> Facts {
        let mut facts = outside.clone();
        propagate::assume_in_range(&mut facts, self.outer.0, &self.outer.1);
        propagate::assume_in_range(&mut facts, self.inner.0, &self.inner.1);
        facts
    }
}

/// The variable in a later iteration; no identifier, so that nothing else has it.
fn later(variable: &Name) -> Name {
    format!("{variable}'").into()
}

/// The blocks that do something.
fn contents(body: &Region) -> Vec<&Block> {
    let is_empty = |block: &Block| matches!(block, Block::State(state) if state.is_empty());
    body.blocks.iter().filter(|block| !is_empty(block)).collect()
}

fn range(it: &Loop) -> Result<(&Name, Range), Refusal> {
    match &it.header {
        LoopHeader::For { variable, start, stop, step } if step.is_one() => {
            Ok((variable, Range::new(start.clone(), stop.clone())))
        }
        LoopHeader::For { step, .. } => Err(Refusal::unproved(format!("the step {step} is not 1"))),
        _ => Err(Refusal::NoMatch("not a counted loop")),
    }
}

/// The state of a nest and its two loops, without their bodies, outer one first.
pub(super) fn take_apart(block: Block) -> (Loop, Loop, State) {
    let inner_of = |it: &mut Loop| {
        let blocks = std::mem::take(&mut it.body.blocks).into_iter();
        blocks.into_iter().find(|block| !matches!(block, Block::State(state) if state.is_empty()))
    };
    let Block::Loop(mut outer) = block else { unreachable!("the match names a loop") };
    let Some(Block::Loop(mut inner)) = inner_of(&mut outer) else {
        unreachable!("the match found two loops")
    };
    let Some(Block::State(state)) = inner_of(&mut inner) else { unreachable!("the match found a state") };
    (*outer, *inner, state)
}
