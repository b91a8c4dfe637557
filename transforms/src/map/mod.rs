//! Transformations of map scopes.

pub mod aug_assign_to_wcr;
pub mod copy_to_map;
pub(crate) mod forward;
pub mod map_collapse;
pub mod map_fusion;
pub mod map_fusion_horizontal;
pub mod map_interchange;
mod merge;
pub(crate) mod paths;
pub mod schedule;
#[cfg(test)]
pub(crate) mod testing;
pub mod trivial_map_elimination;

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
