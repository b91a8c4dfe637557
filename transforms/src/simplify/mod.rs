//! Simplification: what every program goes through, whatever it is compiled for.

use crate::pass::Pass;
use crate::pipeline::Pipeline;
use crate::registry::Entry;

mod dead_state;
mod hazards;
mod state_fusion;
#[cfg(test)]
mod testing;

pub use dead_state::DeadStateElimination;
pub use state_fusion::StateFusion;

/// The passes of this module by name.
pub const ENTRIES: &[Entry] = &[Entry {
    name: "dead-state-elimination",
    parameters: &[],
    make: |_| Ok(Box::new(DeadStateElimination)),
}];

/// Removes what the front end left behind: calls, copies, temporaries, states without need.
pub fn simplify() -> Pipeline {
    let passes: Vec<Box<dyn Pass>> = vec![Box::new(DeadStateElimination), Box::new(StateFusion)];
    Pipeline::new("simplify").until_stable(passes)
}
