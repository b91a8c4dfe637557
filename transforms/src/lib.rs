//! Rewrites of the stateful dataflow multigraph, pipelines of them, and library-node expansions.
//!
//! A *transformation* ([`Transformation`]) rewrites one place and proves beforehand that it may, or says why not
//! ([`Refusal`]). A *pass* ([`Pass`]) rewrites a whole SDFG. A *pipeline* ([`Pipeline`]) is a list of passes, readable
//! from top to bottom:
//!
//! * [`simplify()`] removes what front ends leave behind; every program goes through it;
//! * [`auto_optimize()`] fuses, expands library operations and spreads loops over cores.
//!
//! ```
//! use dacec_ir::Sdfg;
//! use dacec_transforms::{Context, simplify};
//!
//! let mut sdfg = Sdfg::new("empty");
//! let changed = simplify().run(&mut sdfg, &mut Context::default())?;
//! assert!(!changed.any());
//! # Ok::<(), dacec_transforms::InvalidAfter>(())
//! ```
//!
//! **What this crate knows**: graph rewrites. **What it does not know**: Python, the text of any target language.

pub mod auto;
pub mod catalogue;
pub mod explain;
pub mod history;
pub mod library;
pub mod loops;
pub mod map;
pub mod pass;
pub mod pipeline;
pub mod raise;
pub mod refusal;
pub mod registry;
pub mod simplify;
pub mod surroundings;
pub mod transformation;
pub mod transient_reuse;

pub use auto::{Choices, auto_optimize, auto_optimize_with, expand_libraries, expand_libraries_with};
pub use pass::{Applied, Changed, Context, InvalidAfter, Options, Pass, Selection};
pub use pipeline::{Pipeline, run_pass};
pub use refusal::Refusal;
pub use simplify::simplify;
pub use surroundings::{Surroundings, Uses};
pub use transformation::{
    Place, Site, Transformation, apply_at, apply_everywhere, apply_once, enumerate_matches, everywhere,
    with_places,
};
