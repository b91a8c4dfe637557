//! The book: pages about dacec as a whole, shown as the documentation of this crate, so that their examples compile.
//!
//! The pages are the Markdown files of `docs`, and can be read there as well.

/// How the parts fit together, and the rules that keep results right.
#[doc = include_str!("../architecture.md")]
pub mod architecture {}

/// What is compared with what, and how to run it.
#[doc = include_str!("../testing.md")]
pub mod testing {}

/// The language: sizes, numbers, views, loops, structures, streams and tasklets.
#[doc = include_str!("../language.md")]
pub mod language {}

/// The Python package: what is compiled when, what can be passed, and what happens to the rest.
#[doc = include_str!("../python.md")]
pub mod python {}

/// How to write a pass, and use it from the command line.
#[doc = include_str!("../own-passes.md")]
pub mod own_passes {}

/// Who computes library operations, and how to add a library.
#[doc = include_str!("../libraries.md")]
pub mod libraries {}

/// What was measured: every benchmark program against NumPy, and calls of libraries.
#[doc = include_str!("../performance.md")]
pub mod performance {}

/// Every function that programs can call, with its restrictions.
#[doc = include_str!("../numpy.md")]
pub mod numpy {}

/// Every pass: what it does, and when.
#[doc = include_str!("../transformations.md")]
pub mod transformations {}
