//! What a user can decide about a compilation.

use dacec_ir::Name;
use dacec_runtime::{BlasProvider, FpMode, OptLevel};

/// How a program is compiled.
#[derive(Clone, Debug, PartialEq)]
pub struct Options {
    /// How much both compilers optimize: dacec the graph, the C++ compiler the code.
    pub opt: OptLevel,
    /// How much dacec optimizes the graph, where that is not what `opt` says: a graph that its author has rewritten is
    /// compiled as it is.
    pub passes: Option<OptLevel>,
    /// What may be done to floating-point arithmetic.
    pub fp: FpMode,
    /// The CPU to compile for, as the C++ compiler's `-march` names it.
    pub march: String,
    /// Who multiplies matrices.
    pub blas: BlasProvider,
    /// How all operations of a kind are computed, unless a node says otherwise: names of the operation and the
    /// implementation, such as `MatMul` and `pure`.
    pub implementations: Vec<(Name, Name)>,
    /// Whether loops may run on several threads.
    pub openmp: bool,
    /// Check the graph after every pass. Slow; finds the pass that broke it.
    pub verify_each: bool,
    /// Keep the reasons for which places were left as they are.
    pub explain: bool,
    /// Keep the graph as it is after every pass that changed it.
    pub record: bool,
    /// Run at most this many passes; finds the pass that made a result wrong.
    pub opt_bisect_limit: Option<usize>,
}

impl Default for Options {
    fn default() -> Self {
        Options {
            opt: OptLevel::O3,
            passes: None,
            fp: FpMode::Default,
            march: "native".into(),
            blas: BlasProvider::BuiltIn,
            implementations: Vec::new(),
            openmp: true,
            verify_each: cfg!(debug_assertions),
            explain: false,
            record: false,
            opt_bisect_limit: None,
        }
    }
}
