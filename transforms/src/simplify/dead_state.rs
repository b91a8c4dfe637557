//! Dead states: removes states that do nothing, and blocks that are never reached.
//!
//! ```text
//! before:  state a { }   if c: { return; state b { … } }   if c: { } else: { }   state d { … }
//! after:                 if c: { return }                                          state d { … }
//! kept:    while c: { }                                       (may not end, which somebody may rely on)
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
        Block::Break | Block::Continue | Block::Return => false,
    }
}
