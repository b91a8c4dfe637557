//! Transformations of loops.

mod dependence;
mod in_order;
pub mod loop_to_map;
mod private;
mod sizes;
mod spill;

pub use in_order::LoopToMapInOrder;
pub use loop_to_map::{LoopToMap, Parallel};
