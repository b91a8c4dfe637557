//! Simplification: what every program goes through, whatever it is compiled for.

use crate::pass::Pass;
use crate::pipeline::Pipeline;
use crate::registry::Entry;

mod alias;
mod dead_state;
mod hazards;
mod in_place;
mod inline_names;
mod inline_sdfg;
mod redundant_array;
mod redundant_second_array;
mod state_fusion;
#[cfg(test)]
mod testing;

pub use dead_state::DeadStateElimination;
pub use inline_sdfg::InlineSdfg;
pub use redundant_array::RedundantArray;
pub use redundant_second_array::RedundantSecondArray;
pub use state_fusion::StateFusion;

/// The passes of this module by name.
pub const ENTRIES: &[Entry] = &[
    Entry::new("dead-state-elimination", |_| Ok(Box::new(DeadStateElimination))),
    Entry::new("inline-sdfg", |_| Ok(Box::new(InlineSdfg))),
    Entry::new("redundant-array", |_| Ok(Box::new(RedundantArray))),
    Entry::new("redundant-second-array", |_| Ok(Box::new(RedundantSecondArray))),
    Entry::new("state-fusion", |_| Ok(Box::new(StateFusion))),
];

/// Removes what the front end left behind: calls, copies, temporaries, states without need.
pub fn simplify() -> Pipeline {
    let passes: Vec<Box<dyn Pass>> = vec![
        Box::new(DeadStateElimination),
        Box::new(InlineSdfg),
        Box::new(StateFusion),
        Box::new(RedundantArray),
        Box::new(RedundantSecondArray),
    ];
    Pipeline::new("simplify").until_stable(passes)
}
