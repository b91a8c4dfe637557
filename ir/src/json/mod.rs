//! `.sdfg` files: the JSON form in which DaCe, its viewers and its editors exchange SDFGs.
//!
//! [`to_string`] writes the dialect that DaCe 1.0.2 loads, validates and compiles, and that `sdfv` draws: plain
//! expressions, inclusive ends of ranges, control flow as a state machine. [`to_string_in`] also writes the one of newer
//! versions ([`Dialect::V2`]: `$N` for symbols, regions for control flow). [`from_slice`] reads both, plain or compressed.
//!
//! | Here | There |
//! |---|---|
//! | tree of blocks | states and conditional edges; loops have a guard state, and are recognized on the way back |
//! | half-open ranges | inclusive ends |
//! | typed tasklets without implicit conversion | Python text, typed on the way back by the connectors |
//! | state machine | `UnstructuredControlFlow`, or a loop over a number where the dialect has no such region |
//! | scalar's subset without dimensions | `0` |
//! | scalar that is returned | array with one element |
//! | call of an external routine | C++ tasklet; [`to_string`] is meant to be used before libraries are expanded |
//!
//! What has no place in the other form is kept under keys that begin with `_meta`, which DaCe skips and drops. Where they
//! repeat what the file says in DaCe's terms, they count only while they agree with it. What a file says beyond what is
//! read is kept as [`attributes`](crate::attributes), and written back.
//!
//! Written twice, the same SDFG gives the same bytes (ids of elements are hashes of their path, not random); what is
//! written, read and written again gives the same bytes too.

mod aliases;
mod blas;
mod borders;
mod callbacks;
mod chunks;
mod computed;
mod constants;
mod control;
mod counted;
mod descriptor;
mod error;
mod expr;
mod external;
mod lift;
mod machine;
mod marked;
mod memo;
mod operations;
mod optional;
mod python;
mod read;
mod read_library;
mod read_state;
mod regions;
mod resolution;
mod scopes;
mod sections;
mod skeleton;
mod structures;
mod syntax;
mod tree;
mod typing;
mod unstructured;
mod write;
mod write_state;

#[cfg(test)]
mod generate;
#[cfg(test)]
mod tests;

pub use error::ReadError;
pub use external::Folder;

use crate::Sdfg;

/// A generation of DaCe's files.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Dialect {
    /// DaCe 1.0.2; later versions read it too.
    #[default]
    V1,
    /// DaCe 2: earlier versions cannot read it.
    V2,
}

/// An SDFG as the text of a `.sdfg` file, in the dialect that most programs read.
pub fn to_string(sdfg: &Sdfg) -> String {
    to_string_in(sdfg, Dialect::default())
}

/// An SDFG as the text of a `.sdfg` file.
pub fn to_string_in(sdfg: &Sdfg, dialect: Dialect) -> String {
    let value = write::document(sdfg, dialect);
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
    read::document(bytes, ReadOptions::default())
}

/// What a reader accepts.
#[derive(Clone, Copy, Debug, Default)]
pub struct ReadOptions<'a> {
    /// Whether code in other languages than Python is accepted: it is compiled as it stands, and runs with all rights of
    /// the process.
    pub trust_code: bool,
    /// Where nested SDFGs lie that are files of their own; without a folder they are refused.
    pub folder: Option<&'a Folder>,
}

/// Reads a `.sdfg` file as [`from_slice`] does, with other options.
pub fn from_slice_with(bytes: &[u8], options: ReadOptions<'_>) -> Result<Sdfg, ReadError> {
    read::document(bytes, options)
}
