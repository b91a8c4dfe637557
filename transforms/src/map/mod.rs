//! Transformations of map scopes.

pub(crate) mod paths;

mod map_fusion;
mod merge;

pub use map_fusion::MapFusion;
