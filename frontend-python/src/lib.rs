//! From annotated Python and NumPy to the stateful dataflow multigraph.
//!
//! ```
//! let text = "
//! import dace
//! N = dace.symbol('N')
//!
//! @dace.program
//! def scale(A: dace.float64[N], factor: dace.float64):
//!     A[:] = factor * A
//! ";
//! let file = dacec_frontend::SourceFile::parse("scale.py", text).expect("the file is valid Python");
//! let sdfg = file.lower("scale").expect("the function can be compiled");
//! assert_eq!(sdfg.arguments, ["A", "factor"]);
//! assert_eq!(sdfg.free_symbols(), ["N"]);
//! ```
//!
//! # The way of a program
//!
//! 1. `parse`: text to syntax tree, by the parser of ruff.
//! 2. [`SourceFile`]: imports, symbols, constants and annotated functions of the module.
//!    While Python runs, more is known: values of names, types of arguments ([`Environment`]).
//! 3. `lower`: one function, statement by statement, to an SDFG: names, types, shapes and dataflow in one pass
//!    over the syntax. `numpy` is the registry of library functions.
//!
//! **What this crate knows**: Python's syntax, NumPy's meaning. **What it does not know**: how programs are made fast.
//!
//! What cannot be compiled is a [`Diagnostic`] with its place in the source; there are no panics and no silent changes of
//! meaning.

mod capture;
mod classes;
pub mod codes;
mod diagnostic;
mod graphs;
mod lower;
mod module;
mod numpy;
mod parse;
mod patterns;
mod presets;
mod promotion;
mod scalar;
mod syntax;
mod types;

pub use capture::{Captured, Environment, Parameter};
pub use diagnostic::{Diagnostic, Label, Severity};
pub use graphs::Lowered;
pub use module::SourceFile;
pub use presets::{Number, Presets};
pub use promotion::promote;
