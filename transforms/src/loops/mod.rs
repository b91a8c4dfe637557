//! Transformations of loops.

mod in_order;
mod iterations;
pub mod loop_fission;
pub mod loop_interchange;
pub mod loop_nest_to_map;
pub mod loop_peel;
pub mod loop_skewing;
pub mod loop_to_map;
pub mod loop_unroll;
pub mod move_loop_into_map;
pub(crate) mod nest;
pub(crate) mod outside_in;
mod private;
mod sizes;
mod spill;
pub mod stencil_tiling;
pub(crate) mod symbols;
pub mod wavefront;

pub use in_order::LoopToMapInOrder;
pub use loop_fission::{Divisible, LoopFission};
pub use loop_interchange::{Interchangeable, LoopInterchange};
pub use loop_nest_to_map::LoopNestToMap;
pub use loop_peel::{LoopPeel, Peelable};
pub use loop_skewing::{LoopSkewing, Skewable};
pub use loop_to_map::{LoopToMap, Parallel};
pub use loop_unroll::{LoopUnroll, Unrollable};
pub use move_loop_into_map::{Movable, MoveLoopIntoMap};
pub use stencil_tiling::{StencilTiling, Steps};
pub use wavefront::Wavefront;
