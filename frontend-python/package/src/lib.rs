//! `dacec._native`: what the Python package needs of the compiler.
//!
//! The package (`../python/dacec`) is Python: decorators, symbols, types, the SDFG class. It comes here for three things,
//! and each is a class that keeps Rust data alive:
//!
//! ```text
//! lower(text, function, what Python knows) ──▶ Graph ──compile──▶ Library ──▶ Variant ──┐
//!                                                                                       ▼
//! f(A, B, n=3) ───────────────────────────────────────────────────▶ Dispatcher: picks the variant, calls it
//! ```
//!
//! | module | one idea |
//! | --- | --- |
//! | `captured` | Python values as the front end takes them |
//! | `graph` | an SDFG that Python holds |
//! | `build` | from a graph to a shared library, without holding the interpreter |
//! | `arrays`, `scalars` | NumPy arrays and numbers as arguments, without copies |
//! | `dispatch` | the way of a call, which must be short |
//! | `variant` | a loaded program and when it may be called |
//! | `alike` | which values the same code is for |
//! | `checked` | a program run by the interpreter, which checks every index |
//! | `python` | calls back into Python |
//! | `fork` | calls in forked processes |
//! | `errors` | Python exceptions |
//!
//! **The interpreter's lock** is released while something is lowered, compiled or run. A lock of this crate is never held
//! over such a moment: a process may fork at any time, and what another thread has locked then stays locked forever.

mod alike;
mod arrays;
mod build;
mod captured;
mod checked;
mod dispatch;
mod errors;
mod fork;
mod graph;
mod python;
mod scalars;
mod variant;

use pyo3::prelude::*;

#[pymodule(name = "_native")]
mod native {
    #[pymodule_export]
    use super::alike::same;
    #[pymodule_export]
    use super::build::{Library, compile, lower};
    #[pymodule_export]
    use super::dispatch::Dispatcher;
    #[pymodule_export]
    use super::graph::Graph;
    #[pymodule_export]
    use super::variant::Variant;

    use super::{Bound, PyModule, PyModuleMethods, PyResult};

    #[pymodule_init]
    fn init(module: &Bound<'_, PyModule>) -> PyResult<()> {
        super::fork::watch();
        module.add("__version__", env!("CARGO_PKG_VERSION"))
    }
}
