//! Containers of addresses and of handles of libraries: only tasklets in C++ look into them.
//!
//! Their types are called in the emitted code as in the graph, by names that stand for the types of C:
//!
//! ```text
//! transient h: opaque_MPI_Request        typedef MPI_Request opaque_MPI_Request;
//! transient p: pointer_float64           typedef double *pointer_float64;
//! ```
//!
//! What an opaque type takes to be made is only known to C++, which makes variables and arrays of constant size. Memory
//! that is asked for as bytes, or kept by the caller, is no place for it.

use super::Result;
use crate::CodegenError;
use dacec_ir::dtype::Kind;
use dacec_ir::{DType, Name, Node, Sdfg};

/// Types of handles that containers of an SDFG have, or of those nested in it; each once.
pub(super) fn types(sdfg: &Sdfg) -> Vec<DType> {
    let mut found = Vec::new();
    collect(sdfg, &mut found);
    found
}

fn collect(sdfg: &Sdfg, found: &mut Vec<DType>) {
    for dtype in sdfg.containers.values().map(dacec_ir::Data::dtype) {
        if dtype.kind() == Kind::Handle && !found.contains(&dtype) {
            found.push(dtype);
        }
    }
    for state in sdfg.body.states() {
        for (_, node) in state.nodes() {
            if let Node::Nested(nested) = node {
                collect(&nested.sdfg, found);
            }
        }
    }
}

/// Refuses memory on the heap, or of the caller, for values that C++ has to make.
pub(super) fn check_memory(name: &Name, dtype: DType) -> Result<()> {
    match dtype {
        DType::Opaque(_) => {
            let what = "holds handles on the heap, where C++ does not make them: arrays of them need a small, constant \
                        size, and no other storage or lifetime than the default";
            Err(CodegenError::unsupported(format!("container `{name}`"), what))
        }
        _ => Ok(()),
    }
}
