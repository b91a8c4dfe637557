//! Transformations of loops.

mod dependence;
pub mod loop_to_map;
mod private;
mod sizes;
mod spill;

pub use loop_to_map::{LoopToMap, Parallel};
