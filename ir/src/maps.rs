//! Maps and sets that keep the order in which things were inserted: what is emitted and printed is the same on every run.
//!
//! They hash with a few instructions. Nobody who could choose the names of a program gains by slowing down its compilation.

use rustc_hash::FxBuildHasher;

/// A map in order of insertion.
pub type IndexMap<K, V> = indexmap::IndexMap<K, V, FxBuildHasher>;

/// A set in order of insertion.
pub type IndexSet<T> = indexmap::IndexSet<T, FxBuildHasher>;
