//! The dacec compiler: a facade over its layers, and what the `dacec` command is made of.
//!
//! ```no_run
//! use dacec::{Compiler, Options};
//! use dacec_ir::builder::{SdfgBuilder, name};
//! use dacec_ir::{DType, Expr};
//! use dacec_runtime::Arguments;
//! use ndarray::Array1;
//!
//! // y = a * x + y, built, compiled and called.
//! let n = Expr::sym("N");
//! let mut axpy = SdfgBuilder::new("axpy");
//! axpy.scalar("a", DType::Float64);
//! axpy.array("x", DType::Float64, [n.clone()]);
//! axpy.array("y", DType::Float64, [n.clone()]);
//! axpy.state("compute").map(
//!     "axpy",
//!     &[("i", "0:N")],
//!     &[("a", "a", ""), ("xi", "x", "i"), ("yi", "y", "i")],
//!     name("a") * name("xi") + name("yi"),
//!     ("y", "i"),
//! );
//! let program = Compiler::new(Options::default())?.compile(axpy.build())?.load()?;
//!
//! let x = Array1::<f64>::ones(1000);
//! let mut y = Array1::<f64>::zeros(1000);
//! program.call(&mut Arguments::default().scalar("a", 2.0).array("x", &x).array("y", &mut y))?;
//! assert_eq!(y[999], 2.0);
//! # Ok::<(), dacec::Error>(())
//! ```
//!
//! **What this crate knows**: the order of the layers. **What it does not know**: the details of any.

pub mod artifacts;
pub mod benchmark;
pub mod cli;
mod compiler;
pub mod contest;
mod error;
pub mod interpret;
mod library;
mod options;
mod phases;
mod program;
pub mod reference;
mod signature;

pub use compiler::{Compiled, Compiler, generate, optimize, read_source, verify};
pub use error::Error;
pub use library::Library;
pub use options::Options;
pub use phases::Phases;
pub use program::{Program, is_graph, read_graph};
pub use signature::signature;
