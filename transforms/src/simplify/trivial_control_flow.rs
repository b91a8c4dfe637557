//! Trivial control flow: removes decisions whose outcome is known.
//!
//! ```text
//! before:  if N >= 0: { a } else: { b }     for i in k:k + 1: { A[i] = … }     for i in 0:0: { … }
//! after:   a                                A[k] = …
//! kept:    for i in k:k + 1: { … break … }          for i in k:k + 1: { T[0] = … }, where T has N - i elements
//! ```
//!
//! Known is what follows from constants, from the extents of arguments, and from the loops and conditions around
//! ([`visit_with_facts`]).

use super::inline_names::defined_symbols;
use crate::pass::{Changed, Context, Pass};
use crate::surroundings::{entry_facts, visit_with_facts};
use dacec_ir::control_flow::LoopHeader;
use dacec_ir::symbolic::Facts;
use dacec_ir::{Block, Conditional, Constant, Data, Expr, Feature, Loop, Name, Region, ScalarExpr, Sdfg};
use std::collections::BTreeSet;

/// See the [module](self).
#[derive(Clone, Copy, Debug, Default)]
pub struct TrivialControlFlow;

impl Pass for TrivialControlFlow {
    fn name(&self) -> &'static str {
        "trivial-control-flow"
    }

    fn summary(&self) -> &'static str {
        "removes branches that are never taken and loops that run once or never"
    }

    /// Nothing is moved.
    fn handles(&self, feature: Feature) -> bool {
        feature == Feature::OptionalArrays
    }

    fn run(&self, sdfg: &mut Sdfg, context: &mut Context) -> Changed {
        let facts = entry_facts(sdfg);
        let sizes: BTreeSet<Name> = sdfg.containers.values().flat_map(sizes_of).collect();
        let mut changed = Changed::No;
        visit_with_facts(&mut sdfg.body, &facts, &mut |region, facts| {
            changed |= clean(region, &mut Known { facts, context: &mut *context }, &sizes)
        });
        changed
    }
}

/// What is known at a place.
struct Known<'a> {
    facts: &'a Facts,
    /// Remembers what was proved in earlier runs.
    context: &'a mut Context,
}

/// Symbols that the extents and strides of a container use.
fn sizes_of(data: &Data) -> BTreeSet<Name> {
    data.shape().iter().chain(data.strides()).flat_map(Expr::symbols).collect()
}

/// Removes decisions from a region; loops over the variables in `sizes` stay, since containers need their values.
fn clean(region: &mut Region, known: &mut Known<'_>, sizes: &BTreeSet<Name>) -> Changed {
    let is_decision = |block: &Block| matches!(block, Block::Conditional(_) | Block::Loop(_));
    if !region.blocks.iter().any(is_decision) {
        return Changed::No;
    }
    let mut changed = Changed::No;
    let mut blocks = Vec::with_capacity(region.blocks.len());
    for block in std::mem::take(&mut region.blocks) {
        match block {
            Block::Conditional(it) => changed |= clean_conditional(it, known, &mut blocks),
            Block::Loop(it) => changed |= clean_loop(it, known, sizes, &mut blocks),
            other => blocks.push(other),
        }
    }
    region.blocks = blocks;
    changed
}

/// Drops branches that are never taken, and those after one that always is.
fn clean_conditional(it: Conditional, known: &mut Known<'_>, blocks: &mut Vec<Block>) -> Changed {
    let before = it.branches.len();
    let mut branches = Vec::with_capacity(before);
    let mut changed = Changed::No;
    for mut branch in it.branches {
        match branch.condition.as_ref().map(|condition| outcome(condition, known)) {
            Some(Some(false)) => continue,
            Some(Some(true)) => {
                branch.condition = None;
                changed = Changed::Yes;
            }
            Some(None) | None => {}
        }
        let is_last = branch.condition.is_none();
        branches.push(branch);
        if is_last {
            break;
        }
    }
    changed |= Changed::from(branches.len() != before);
    match branches.first() {
        None => {}
        Some(first) if first.condition.is_none() => {
            blocks.extend(branches.swap_remove(0).body.blocks);
            changed = Changed::Yes;
        }
        Some(_) => blocks.push(Block::Conditional(Conditional { branches, span: it.span })),
    }
    changed
}

/// The value of a condition, if it is known.
fn outcome(condition: &ScalarExpr, known: &mut Known<'_>) -> Option<bool> {
    match condition {
        ScalarExpr::Constant(Constant::Bool(value)) => Some(*value),
        _ => known.context.prove(known.facts, &condition.to_symbolic()?),
    }
}

fn clean_loop(
    mut it: Box<Loop>,
    known: &mut Known<'_>,
    sizes: &BTreeSet<Name>,
    blocks: &mut Vec<Block>,
) -> Changed {
    match &it.header {
        LoopHeader::While { condition } if outcome(condition, known) == Some(false) => Changed::Yes,
        LoopHeader::For { .. } => match iterations(&it, known.facts) {
            Some(0) => Changed::Yes,
            Some(1) if can_unroll(&it.body, &it) && it.variable().is_none_or(|it| !sizes.contains(it)) => {
                if let LoopHeader::For { variable, start, .. } = &it.header {
                    it.body.map_exprs(&mut |expr| expr.subs1(variable, start));
                }
                blocks.extend(it.body.blocks);
                Changed::Yes
            }
            _ => {
                blocks.push(Block::Loop(it));
                Changed::No
            }
        },
        LoopHeader::While { .. } | LoopHeader::DoWhile { .. } => {
            blocks.push(Block::Loop(it));
            Changed::No
        }
    }
}

/// Number of iterations, if it is known to be 0 or 1.
fn iterations(it: &Loop, facts: &Facts) -> Option<u32> {
    let LoopHeader::For { start, stop, step, .. } = &it.header else { return None };
    let step_value = step.as_int().filter(|step| *step != 0)?;
    let (first, bound, second) = if step_value > 0 {
        (start.clone(), stop.clone(), start + step)
    } else {
        (-start, -stop, -(start + step))
    };
    if facts.prove_le(&bound, &first) == Some(true) {
        return Some(0);
    }
    (facts.prove_lt(&first, &bound) == Some(true) && facts.prove_le(&bound, &second) == Some(true))
        .then_some(1)
}

/// Whether the body can stand without the loop: it does not jump, and nothing in it captures a symbol of the first value.
fn can_unroll(body: &Region, it: &Loop) -> bool {
    let LoopHeader::For { start, variable, .. } = &it.header else { return false };
    let defined = defined_symbols(body);
    !jumps(body)
        && !defined.contains(variable)
        && start.symbols().iter().all(|symbol| !defined.contains(symbol))
}

/// Whether a region breaks or continues a loop around it.
fn jumps(region: &Region) -> bool {
    region.blocks.iter().any(|block| match block {
        Block::Break | Block::Continue => true,
        Block::Conditional(it) => it.branches.iter().any(|branch| jumps(&branch.body)),
        Block::Loop(_) | Block::Machine(_) | Block::State(_) | Block::Assign(_) => false,
        Block::Effect(_) | Block::Return => false,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::simplify::testing::{run, state_labels};
    use dacec_ir::builder::{SdfgBuilder, value};
    use dacec_ir::{DType, Expr};

    fn program(fill: impl FnOnce(&mut SdfgBuilder)) -> Sdfg {
        let mut b = SdfgBuilder::new("p");
        b.array("A", DType::Float64, [Expr::sym("N")]);
        fill(&mut b);
        b.build()
    }

    fn store(b: &mut SdfgBuilder, label: &str, at: &str) {
        b.state(label).tasklet("t", &[], value(1.0), ("A", at));
    }

    #[test]
    fn a_known_branch_is_taken() {
        let mut sdfg = program(|b| {
            let known = Expr::sym("N").ge(&Expr::zero());
            b.conditional(known, |b| store(b, "then", "0"), |b| store(b, "else", "1"));
            b.conditional(
                Expr::sym("N").gt(&Expr::int(5)),
                |b| {
                    b.conditional(
                        Expr::sym("N").gt(&Expr::int(3)),
                        |b| store(b, "inner", "2"),
                        |b| store(b, "dead", "3"),
                    );
                },
                |_| {},
            );
        });
        assert!(run(&TrivialControlFlow, &mut sdfg).any());
        assert_eq!(state_labels(&sdfg), ["then", "inner"]);
        assert!(matches!(sdfg.body.blocks[0], Block::State(_)));
    }

    #[test]
    fn loops_that_run_once_or_never_go() {
        let mut sdfg = program(|b| {
            b.for_loop("i", 3, 3, |b| store(b, "never", "i"));
            b.for_loop("i", Expr::sym("N") - 1, Expr::sym("N"), |b| store(b, "once", "i"));
            b.for_loop("i", 0, 2, |b| store(b, "twice", "i"));
        });
        assert!(run(&TrivialControlFlow, &mut sdfg).any());
        assert_eq!(state_labels(&sdfg), ["once", "twice"]);
        let state = sdfg.body.blocks[0].as_state().expect("a state without a loop");
        let memlet = state.edges().find_map(|edge| edge.memlet()).expect("a write");
        assert_eq!(memlet.to_string(), "A[N - 1]");
        assert!(!run(&TrivialControlFlow, &mut sdfg).any());
    }

    #[test]
    fn a_loop_that_is_left_early_stays() {
        let leave = |b: &mut SdfgBuilder| {
            b.push(Block::Break);
        };
        let mut sdfg = program(|b| {
            b.for_loop("i", 0, 1, |b| {
                b.conditional(Expr::sym("N").gt(&Expr::int(3)), leave, |_| {});
                store(b, "last", "i");
            });
        });
        assert!(!run(&TrivialControlFlow, &mut sdfg).any());
    }
}
