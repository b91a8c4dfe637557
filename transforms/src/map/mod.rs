//! Transformations of map scopes.

mod aug_assign_to_wcr;
mod copy_to_map;
pub(crate) mod forward;
mod map_collapse;
mod map_fusion;
mod map_fusion_horizontal;
mod map_interchange;
mod merge;
pub(crate) mod paths;
mod schedule;
#[cfg(test)]
pub(crate) mod testing;
mod trivial_map_elimination;

pub use aug_assign_to_wcr::{AugAssignToWcr, Update};
pub(crate) use aug_assign_to_wcr::{apply_update, find_update};
pub use copy_to_map::{Copy, CopyToMap};
pub(crate) use copy_to_map::{apply_copy, find_copy, is_copy};
pub use map_collapse::{Collapsible, MapCollapse};
pub use map_fusion::{Fusable, MapFusion};
pub use map_fusion_horizontal::{MapFusionHorizontal, Siblings};
pub use map_interchange::{MapInterchange, Order};
pub use schedule::ScheduleMaps;
pub use trivial_map_elimination::{Trivial, TrivialMapElimination};
