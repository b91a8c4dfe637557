//! Dead states: removes states that do nothing, and blocks that are never reached.
//!
//! ```text
//! before:  state a { }   if c: { return; state b { … } }   if c: { } else: { }   state d { … }
//! after:                 if c: { return }                                          state d { … }
//! kept:    while c: { }                                       (may not end, which must not change)
//! ```
//!
//! **Sound because** an empty state reads and writes nothing, conditions have no side effects, and nothing in the same
//! region runs after a `return`, `break` or `continue`.

use crate::pass::{Changed, Context, Pass};
use dacec_ir::control_flow::LoopHeader;
use dacec_ir::{Block, Region, Sdfg};

/// See the [module](self).
#[derive(Clone, Copy, Debug, Default)]
pub struct DeadStateElimination;

impl Pass for DeadStateElimination {
    fn name(&self) -> &'static str {
        "dead-state-elimination"
    }

    fn summary(&self) -> &'static str {
        "removes states that do nothing and blocks that are never reached"
    }

    fn run(&self, sdfg: &mut Sdfg, _: &mut Context) -> Changed {
        let mut changed = Changed::No;
        sdfg.body.visit_regions_mut(&mut |region| changed |= clean(region));
        if sdfg.body.blocks.last() == Some(&Block::Return) {
            // The end of the body returns anyway.
            sdfg.body.blocks.pop();
            changed = Changed::Yes;
        }
        changed
    }
}

fn clean(region: &mut Region) -> Changed {
    let before = region.blocks.len();
    let leaves = |block: &Block| matches!(block, Block::Return | Block::Break | Block::Continue);
    if let Some(last) = region.blocks.iter().position(leaves) {
        region.blocks.truncate(last + 1);
    }
    region.blocks.retain(|block| !does_nothing(block));
    Changed::from(region.blocks.len() != before)
}

fn does_nothing(block: &Block) -> bool {
    match block {
        Block::State(state) => state.is_empty(),
        Block::Assign(assignments) => assignments.is_empty(),
        Block::Conditional(it) => it.branches.iter().all(|branch| branch.body.blocks.is_empty()),
        // A step that is not known might be zero, which is an error that must stay one.
        Block::Loop(it) => match &it.header {
            LoopHeader::For { step, .. } => {
                it.body.blocks.is_empty() && step.as_int().is_some_and(|step| step != 0)
            }
            LoopHeader::While { .. } | LoopHeader::DoWhile { .. } => false,
        },
        Block::Machine(_) | Block::Effect(_) | Block::Break | Block::Continue | Block::Return => false,
    }
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

    fn leave(b: &mut SdfgBuilder) {
        b.push(Block::Return);
    }

    #[test]
    fn empty_blocks_go() {
        let mut sdfg = program(|b| {
            b.state("empty");
            store(b, "a", "0");
            b.conditional(
                Expr::sym("N").gt(&Expr::int(3)),
                |_| {},
                |b| {
                    b.state("nothing");
                },
            );
            b.for_loop("i", 0, Expr::sym("N"), |_| {});
        });
        assert!(run(&DeadStateElimination, &mut sdfg).any());
        assert_eq!(state_labels(&sdfg), ["a"]);
        assert_eq!(sdfg.body.blocks.len(), 1);
    }

    #[test]
    fn what_is_never_reached_goes() {
        let mut sdfg = program(|b| {
            let early = |b: &mut SdfgBuilder| {
                store(b, "then", "1");
                leave(b);
                store(b, "after_return", "2");
            };
            b.conditional(Expr::sym("N").gt(&Expr::int(3)), early, |_| {});
            store(b, "b", "3");
            leave(b);
        });
        assert!(run(&DeadStateElimination, &mut sdfg).any());
        assert_eq!(state_labels(&sdfg), ["then", "b"]);
        assert_eq!(sdfg.body.blocks.len(), 2, "the last return is the end of the body");
    }

    #[test]
    fn a_loop_that_may_not_end_stays() {
        let mut sdfg = program(|b| {
            b.while_loop(Expr::sym("N").lt(&Expr::zero()), |_| {});
        });
        assert!(!run(&DeadStateElimination, &mut sdfg).any());
    }
}
