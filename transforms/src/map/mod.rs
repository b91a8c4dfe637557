//! Transformations of map scopes.

pub mod aug_assign_to_wcr;
pub mod copy_to_map;
mod enclose;
pub(crate) mod forward;
pub mod in_local_storage;
pub mod map_collapse;
pub mod map_expansion;
pub mod map_fusion;
pub mod map_fusion_horizontal;
pub mod map_interchange;
pub mod map_tiling;
pub mod map_to_for_loop;
mod merge;
pub(crate) mod paths;
pub mod schedule;
pub mod tasklet_fusion;
#[cfg(test)]
pub(crate) mod testing;
pub mod trivial_map_elimination;
pub(crate) mod work;

pub use aug_assign_to_wcr::{AugAssignToWcr, Update};
pub(crate) use aug_assign_to_wcr::{apply_update, find_update};
pub use copy_to_map::{Copy, CopyToMap};
pub(crate) use copy_to_map::{apply_copy, find_copy, is_copy};
pub use in_local_storage::{InLocalStorage, Window};
pub use map_collapse::{Collapsible, MapCollapse};
pub use map_expansion::MapExpansion;
pub use map_fusion::{Fusable, MapFusion};
pub use map_fusion_horizontal::{MapFusionHorizontal, Siblings};
pub(crate) use map_interchange::distance;
pub use map_interchange::{MapInterchange, Order};
pub use map_tiling::{MapTiling, StripMining, Tileable};
pub(crate) use map_to_for_loop::only_map;
pub use map_to_for_loop::{MapToForLoop, Sequential};
pub use schedule::ScheduleMaps;
pub(crate) use schedule::WORTHWHILE;
pub use tasklet_fusion::{Chain, TaskletFusion};
pub(crate) use trivial_map_elimination::remove_scope;
pub use trivial_map_elimination::{Trivial, TrivialMapElimination};
