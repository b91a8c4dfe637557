//! Transformations of map scopes.

mod map_collapse;
mod map_fusion;
mod map_interchange;
mod merge;
pub(crate) mod paths;
mod schedule;
#[cfg(test)]
pub(crate) mod testing;
mod trivial_map_elimination;

pub use map_collapse::{Collapsible, MapCollapse};
pub use map_fusion::{Fusable, MapFusion};
pub use map_interchange::{MapInterchange, Order};
pub use schedule::ScheduleMaps;
pub use trivial_map_elimination::{Trivial, TrivialMapElimination};
