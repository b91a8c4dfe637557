//! Simplification: what every program goes through, whatever it is compiled for.

use crate::pass::Pass;
use crate::pipeline::Pipeline;
use crate::registry::Entry;

mod dead_state;

pub use dead_state::DeadStateElimination;

/// The passes of this module by name.
pub const ENTRIES: &[Entry] = &[Entry {
    name: "dead-state-elimination",
    parameters: &[],
    make: |_| Ok(Box::new(DeadStateElimination)),
}];

/// Removes what the front end left behind: calls, copies, temporaries, states without need.
pub fn simplify() -> Pipeline {
    let passes: Vec<Box<dyn Pass>> = vec![Box::new(DeadStateElimination)];
    Pipeline::new("simplify").until_stable(passes)
}
