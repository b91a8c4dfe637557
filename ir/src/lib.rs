//! The stateful dataflow multigraph (SDFG): what every front end, pass and backend agrees on.
//!
//! An [`Sdfg`] is a function. It owns *containers* ([`data`]), *symbols* (integers that sizes and subsets are made
//! of, [`symbolic`]) and a body: a sequence of blocks ([`control_flow`]). The blocks that compute are *states*
//! ([`state`]): acyclic graphs in which data moves along edges ([`memlet`]) between containers and computations
//! ([`node`]). Control flow decides which state runs next; dataflow decides what runs at once.
//!
//! ```text
//! sdfg axpy(x: float64[N], y: float64[N], a: float64)
//!   state s0
//!     (x) ─x[0:N]─▶ map i in 0:N ─x[i]─▶ tasklet { out = a*x + y } ─y[i]─▶ exit ─y[0:N]─▶ (y)
//! ```
//!
//! **What this crate knows**: the graph, its text forms, its validity, its meaning ([`interp`]).
//! **What it does not know**: Python, rewriting, the syntax of any target, the file system.
//!
//! # Invariants that everything relies on
//!
//! * A read in a state sees the writes that reach it along edges, and those of earlier blocks; nothing else.
//! * Iterations of a map are independent, except for writes that carry a conflict resolution.
//! * Symbols are integers (64-bit unless declared otherwise). They change only in [`control_flow::Block::Assign`]
//!   and in loop headers, never inside a state.
//! * Distinct containers do not overlap in memory, except for views and references ([`data`]), which stand for memory of
//!   others.
//!
//! Not every pass and backend can deal with everything: [`features`] tells what a program uses.

pub mod analysis;
pub mod attributes;
pub mod builder;
pub mod callback;
pub mod code;
pub mod control_flow;
pub mod data;
pub mod dot;
mod drawing;
pub mod dtype;
pub mod features;
pub mod foreign;
pub mod instrument;
pub mod interp;
pub mod json;
pub mod library;
pub mod maps;
pub mod memlet;
pub mod name;
pub mod node;
mod offsets;
pub mod propagate;
pub mod sdfg;
pub mod sections;
pub mod source;
pub mod state;
pub mod structure;
pub mod subset;
pub mod svg;
pub mod symbolic;
pub mod text;
mod tiles;
pub mod validate;
mod vectors;
pub mod view;
mod zeroed;

pub use code::{BinaryOp, Constant, Function, ScalarExpr, Stmt, UnaryOp};
pub use control_flow::{Assignment, Block, Branch, Conditional, Loop, Machine, Region, Transition, Vertex};
pub use data::{Array, ConstantArray, Data, Lifetime, Scalar, Storage, Stream};
pub use dtype::DType;
pub use features::Feature;
pub use instrument::Instrument;
pub use maps::{IndexMap, IndexSet};
pub use memlet::{CustomWcr, Memlet, Wcr};
pub use name::Name;
pub use node::{Connector, Consume, Map, NestedSdfg, Node, Schedule, Tasklet, TaskletCode};
pub use sdfg::Sdfg;
pub use sections::CodeSections;
pub use source::Span;
pub use state::{Edge, EdgeId, NodeId, State};
pub use structure::Structure;
pub use subset::{Range, Subset};
pub use symbolic::Expr;
