//! `.sdfg` files: the JSON form in which DaCe, its viewers and its editors exchange SDFGs.
//!
//! [`to_string`] writes the dialect that DaCe 1.0.2 loads, validates and compiles, and that `sdfv` draws: plain
//! expressions, inclusive ends of ranges, control flow as a state machine. [`from_slice`] reads that dialect and the one
//! of newer versions (`$N` for symbols, regions for control flow), plain or compressed.
//!
//! | Here | There |
//! |---|---|
//! | tree of blocks | states and conditional edges; loops have a guard state, and are recognized on the way back |
//! | half-open ranges | inclusive ends |
//! | typed tasklets without implicit conversion | Python text, typed on the way back by the connectors |
//! | scalar's subset without dimensions | `0` |
//! | scalar that is returned | array with one element |
//! | call of an external routine | C++ tasklet; [`to_string`] is meant to be used before libraries are expanded |
//!
//! What has no place in the other form is kept under keys that begin with `_meta`, which DaCe skips. Written twice, the
//! same SDFG gives the same bytes: ids of elements are hashes of their path, not random.

mod computed;
mod control;
mod counted;
mod error;
mod expr;
mod lift;
mod python;
mod read;
mod read_state;
mod syntax;
mod typing;
mod write;
mod write_state;

#[cfg(test)]
mod tests;

pub use error::ReadError;

use crate::Sdfg;

/// An SDFG as the text of a `.sdfg` file.
pub fn to_string(sdfg: &Sdfg) -> String {
    let value = write::document(sdfg);
    let mut text =
        serde_json::to_string_pretty(&value).expect("a value of strings, numbers and lists is JSON");
    text.push('\n');
    text
}

/// Reads a `.sdfg` file, plain or compressed.
///
/// Files are not trusted: sizes and nesting are bounded, foreign code is refused, names are checked to be identifiers.
/// What this crate has no form for is an error that names its place. The result is well-formed enough to be validated,
/// not valid.
pub fn from_slice(bytes: &[u8]) -> Result<Sdfg, ReadError> {
    read::document(bytes)
}
