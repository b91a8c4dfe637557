//! What cannot be emitted.

use dacec_ir::{DType, Feature, Name};

/// The reason why no code was emitted for a program.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CodegenError {
    /// A library node without implementation.
    #[error(
        "the library node `{label}` ({op}) has no implementation: it must be expanded before code is generated"
    )]
    NotExpanded {
        /// The node.
        label: Name,
        /// Its operation.
        op: String,
    },
    /// A call of a routine that no one provides.
    #[error(
        "the program calls the routine `{routine}`, which no library provides that the compiler was given"
    )]
    UnknownRoutine {
        /// What it calls.
        routine: Name,
    },
    /// A call with arguments that the routine does not take.
    #[error(
        "the call of `{routine}` in tasklet `{tasklet}` has the wrong arguments: {expected} are expected"
    )]
    BadCall {
        /// The caller.
        tasklet: Name,
        /// What it calls.
        routine: Name,
        /// What the routine takes.
        expected: &'static str,
    },
    /// A type that the target does not have.
    #[error("`{name}` is of type {dtype}, which the C++ backend does not support")]
    UnsupportedType {
        /// What has the type.
        name: Name,
        /// The type.
        dtype: DType,
    },
    /// A function that has no form for a type.
    #[error("the C++ backend has no `{function}` for {dtype}")]
    UnsupportedFunction {
        /// The function.
        function: &'static str,
        /// The type of its operands.
        dtype: DType,
    },
    /// An array of symbolic size that must be on the stack.
    #[error("`{0}` is to be kept in registers, but its size is not a constant")]
    RegisterSize(Name),
    /// An array whose size changes while it is used.
    #[error(
        "the size of the array `{container}` depends on `{symbol}`, which changes while the array is in use"
    )]
    SizeChanges {
        /// The array.
        container: Name,
        /// The symbol.
        symbol: Name,
    },
    /// Something of the program that the backend cannot deal with.
    #[error("the program uses {0}, which the C++ backend does not support")]
    Feature(Feature),
    /// Something of the graph that has no translation.
    #[error("{place}: {what}")]
    Unsupported {
        /// The element.
        place: String,
        /// What about it.
        what: String,
    },
    /// The SDFG is not valid.
    #[error("the SDFG is not valid: {0}")]
    Invalid(String),
}

impl CodegenError {
    /// An element that has no translation.
    pub(crate) fn unsupported(place: impl Into<String>, what: impl Into<String>) -> Self {
        CodegenError::Unsupported { place: place.into(), what: what.into() }
    }
}
