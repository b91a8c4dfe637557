//! Who computes one operation: a library that its node names, whatever the program's others use.

use super::{Call, Expansion};
use crate::Refusal;
use crate::surroundings::Surroundings;
use dacec_ir::State;
use std::sync::Arc;

/// Libraries that a node can name.
pub const LIBRARIES: [&str; 4] = ["openblas", "mkl", "blis", "built-in"];

/// A call by another implementation, of the routine that a library has.
///
/// ```text
/// MatMul as "openblas"     {gemm_f64@openblas(N, M, K, 1, A, K, 1, …)}
/// ```
///
/// **Requires** what the other implementation requires.
#[derive(Clone, Debug)]
pub struct ByLibrary {
    /// What makes the call.
    pub call: Arc<dyn Expansion>,
    /// The library.
    pub library: &'static str,
}

impl ByLibrary {
    /// All ways in which the libraries compute what these implementations call routines for.
    pub(super) fn all(known: &[Arc<dyn Expansion>]) -> Vec<Arc<dyn Expansion>> {
        let mut ways: Vec<Arc<dyn Expansion>> = Vec::new();
        for call in known {
            let factorizes = call.name() == "built-in";
            if !(matches!(call.name(), "gemm" | "blas") || factorizes && has_lapack(call.op())) {
                continue;
            }
            for library in LIBRARIES {
                // BLIS has no factorizations; and those that come along are called so already.
                if !(factorizes && matches!(library, "blis" | "built-in")) {
                    ways.push(Arc::new(ByLibrary { call: call.clone(), library }));
                }
            }
        }
        ways
    }
}

fn has_lapack(op: &str) -> bool {
    matches!(op, "Solve" | "Inv" | "Det" | "Slogdet" | "Cholesky" | "Qr" | "Eigh" | "Svd" | "Lstsq")
}

impl Expansion for ByLibrary {
    fn op(&self) -> &'static str {
        self.call.op()
    }

    fn name(&self) -> &'static str {
        self.library
    }

    fn summary(&self) -> &'static str {
        "A call of the library of that name, for this operation alone"
    }

    fn requirement(&self, call: &Call) -> Result<(), Refusal> {
        self.call.requirement(call)
    }

    fn expand(&self, around: &mut Surroundings<'_>, state: &mut State, call: Call) {
        self.call.expand(around, state, Call { library: Some(self.library), ..call });
    }
}
