//! Nests of two counted loops, and the order of their iterations.

use super::loop_nest_to_map::{assigned_outside_headers, check_control_flow, touches_of};
use super::private::private_to;
use super::symbols::defined_before_use;
use crate::Refusal;
use crate::surroundings::{Surroundings, assigned_symbols};
use dacec_ir::analysis::dependence::{Touch, other, own_values, shared_element};
use dacec_ir::control_flow::LoopHeader;
use dacec_ir::symbolic::{Facts, Substitution};
use dacec_ir::{Block, Expr, Loop, Name, Range, Region, propagate};
use std::collections::BTreeSet;

/// Two counted loops of which the inner one is all of the outer one's body. The inner range may depend on the outer
/// variable.
pub(super) struct Nest<'a> {
    pub(super) outer: Dim<'a>,
    pub(super) inner: Dim<'a>,
    /// What an iteration of the inner loop does.
    pub(super) body: &'a Region,
    /// Symbols that iterations assign, the variables of loops in the body among them.
    locals: BTreeSet<Name>,
}

/// A loop that counts up or down by 1.
#[derive(Clone, Debug)]
pub(super) struct Dim<'a> {
    pub(super) variable: &'a Name,
    /// The values, in ascending order.
    pub(super) range: Range,
    pub(super) down: bool,
}

impl Dim<'_> {
    /// The variable, or its negative, so that later iterations have the larger one.
    pub(super) fn forward(&self, value: &Expr) -> Expr {
        if self.down { -value } else { value.clone() }
    }

    /// First value and the bound that is not reached, of [`forward`](Dim::forward).
    pub(super) fn forward_bounds(&self) -> (Expr, Expr) {
        match self.down {
            true => (1 - &self.range.stop, 1 - &self.range.start),
            false => (self.range.start.clone(), self.range.stop.clone()),
        }
    }
}

/// An iteration and one of a later outer iteration.
struct Pair {
    /// What holds for both.
    facts: Facts,
    /// What is replaced in accesses of the first.
    earlier: Substitution,
    /// What is replaced in those of the second.
    later: Substitution,
}

impl<'a> Nest<'a> {
    /// The nest that a block is.
    pub(super) fn of(block: &'a Block) -> Result<Self, Refusal> {
        let Block::Loop(outer) = block else { return Err(Refusal::NoMatch("not a loop")) };
        let [Block::Loop(inner)] = &contents(&outer.body)[..] else {
            return Err(Refusal::NoMatch("the body is not another loop alone"));
        };
        check_control_flow(&inner.body)?;
        let (outer, inner, body) = (dim(outer)?, dim(inner)?, &inner.body);
        let locals = assigned_symbols(body);
        for dim in [&outer, &inner] {
            if locals.contains(dim.variable) || !dim.range.symbols().is_disjoint(&locals) {
                return Err(Refusal::unproved(format!("the body changes the range of `{}`", dim.variable)));
            }
        }
        defined_before_use(body, &locals)?;
        Ok(Nest { outer, inner, body, locals })
    }

    /// Refuses a body that assigns symbols, which somebody may use behind the loops.
    pub(super) fn assigns_nothing(&self) -> Result<(), Refusal> {
        match assigned_outside_headers(self.body).first() {
            Some(symbol) => Err(Refusal::unproved(format!("the body assigns the symbol `{symbol}`"))),
            None => Ok(()),
        }
    }

    /// Proves that no iteration `(i, j)` depends on one `(i', j')` of a later outer iteration which a new order runs first:
    /// those with `j >= j' + ahead(i' - i)`, or all if `ahead` is `None`. Of loops that run down, `i` and `j` stand for the
    /// negatives of the variables.
    pub(super) fn keeps_order(
        &self,
        around: &Surroundings<'_>,
        ahead: Option<&dyn Fn(&Expr) -> Expr>,
    ) -> Result<(), Refusal> {
        let mut inside = around.facts.clone();
        for dim in [&self.outer, &self.inner] {
            propagate::assume_in_range(&mut inside, dim.variable, &dim.range);
        }
        let own = private_to(around, self.body, &inside);
        let touches: Vec<Touch> = touches_of(around, self.body, &assigned_outside_headers(self.body), true)
            .into_iter()
            .filter(|touch| !own.contains(&touch.data))
            .collect();
        let pair = self.pair(&around.facts, ahead);
        for a in &touches {
            let first = a.subs(&pair.earlier);
            for b in touches.iter().filter(|b| b.data == a.data) {
                let free = !a.is_write && !b.is_write || a.wcr.is_some() && a.wcr == b.wcr;
                if !free && shared_element(&first, b, &pair.later, &pair.facts) {
                    return Err(Refusal::conflict(&a.memlet(), &b.memlet()));
                }
            }
        }
        Ok(())
    }

    /// Two iterations that a new order would exchange. Their distances are what is written down, since proofs about
    /// differences of variables then are proofs about one symbol.
    fn pair(&self, outside: &Facts, ahead: Option<&dyn Fn(&Expr) -> Expr>) -> Pair {
        // No identifiers, so that nothing else has these names.
        let (distance, excess) = (Expr::sym("distance'"), Expr::sym("excess'"));
        let (i, j2) = (Expr::sym(self.outer.variable), Expr::sym(other(self.inner.variable)));
        let i2 = &i + self.outer.forward(&distance);
        let mut later = own_values(self.locals.iter());
        later.insert(self.outer.variable, i2.clone());
        later.insert(self.inner.variable, j2.clone());
        let j = ahead.map_or_else(
            || Expr::sym(self.inner.variable),
            |ahead| &j2 + self.inner.forward(&(ahead(&distance) + &excess)),
        );
        let mut facts = outside.clone();
        facts.assume(&distance.ge(&Expr::one()));
        facts.assume(&excess.ge(&Expr::zero()));
        let earlier: Substitution = [(self.inner.variable.clone(), j.clone())].into();
        let unchanged = Substitution::new();
        for (value, dim, values) in [
            (&i, &self.outer, &unchanged),
            (&i2, &self.outer, &later),
            (&j, &self.inner, &unchanged),
            (&j2, &self.inner, &later),
        ] {
            facts.assume(&value.ge(&dim.range.start.subs(values)));
            facts.assume(&value.lt(&dim.range.stop.subs(values)));
        }
        Pair { facts, earlier, later }
    }

    /// What holds in an iteration of the outer loop.
    pub(super) fn facts(&self, outside: &Facts) -> Facts {
        let mut facts = outside.clone();
        propagate::assume_in_range(&mut facts, self.outer.variable, &self.outer.range);
        facts
    }
}

/// The blocks that do something.
pub(crate) fn contents(body: &Region) -> Vec<&Block> {
    let is_empty = |block: &Block| matches!(block, Block::State(state) if state.is_empty());
    body.blocks.iter().filter(|block| !is_empty(block)).collect()
}

fn dim(it: &Loop) -> Result<Dim<'_>, Refusal> {
    let LoopHeader::For { variable, start, stop, step } = &it.header else {
        return Err(Refusal::NoMatch("not a counted loop"));
    };
    match step.as_int() {
        Some(1) => Ok(Dim { variable, range: Range::new(start.clone(), stop.clone()), down: false }),
        Some(-1) => Ok(Dim { variable, range: Range::new(stop + 1, start + 1), down: true }),
        _ => Err(Refusal::unproved(format!("the step {step} is neither 1 nor -1"))),
    }
}

/// The two loops of a nest, without their bodies, outer one first, and what the inner one repeats.
pub(super) fn take_apart(block: Block) -> (Loop, Loop, Region) {
    let Block::Loop(mut outer) = block else { unreachable!("the match names a loop") };
    let blocks = std::mem::take(&mut outer.body.blocks).into_iter();
    let inner = blocks.into_iter().find(|block| !matches!(block, Block::State(state) if state.is_empty()));
    let Some(Block::Loop(mut inner)) = inner else { unreachable!("the match found two loops") };
    let body = std::mem::take(&mut inner.body);
    (*outer, *inner, body)
}
