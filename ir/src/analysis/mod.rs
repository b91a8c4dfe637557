//! What programs do, as far as it can be known without running them.
//!
//! Analyses answer about one SDFG at a time; a nested SDFG is what it touches of the containers that it is passed. An
//! answer errs on the safe side: what *may* be accessed is never too small, what *must* be written never too large.
//!
//! | Question | Module |
//! |---|---|
//! | Which elements does a state read and write, and when? | [`access`] |
//! | Which elements does it write whatever happens? | [`certain`] |
//! | Which elements do loops and nested SDFGs touch? | [`propagate`](crate::propagate) |
//! | Which containers may be read later? | [`liveness`] |
//! | Which containers may share memory? | [`alias`] |
//! | Do iterations of a loop depend on each other? | [`dependence`] |

pub mod access;
pub mod alias;
pub mod certain;
pub mod dependence;
pub mod liveness;

pub use access::{Access, AccessSets, accesses_at, copy_subsets, subset_at};
pub use alias::Aliases;
pub use certain::must_write;
pub use liveness::Liveness;
