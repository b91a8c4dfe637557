//! Everything that can go wrong between a source file and a result.

use dacec_codegen::CodegenError;
use dacec_frontend::Diagnostic;
use dacec_ir::Name;
use dacec_ir::interp::InterpretError;
use dacec_runtime::array::OutOfMemory;
use dacec_runtime::cache::CacheError;
use dacec_runtime::compile::CompileError;
use dacec_runtime::load::LoadError;
use dacec_runtime::npy::NpyError;
use dacec_runtime::toolchain::ToolchainError;
use dacec_runtime::{BlasProvider, CallError};
use std::path::PathBuf;

/// A compilation or a call failed. Each kind has a code and says what to do.
#[derive(Debug, thiserror::Error, miette::Diagnostic)]
pub enum Error {
    /// The source was refused; each diagnostic has its own place and code.
    #[error("the source was refused with {} message(s)", .0.len())]
    Source(Vec<Diagnostic>),

    /// A file cannot be read.
    #[error("cannot read `{}`: {reason}", path.display())]
    #[diagnostic(code(C001), help("check the path and its permissions"))]
    Read {
        /// The file.
        path: PathBuf,
        /// What the system says.
        reason: std::io::Error,
    },

    /// A file cannot be written.
    #[error("cannot write `{}`: {reason}", path.display())]
    #[diagnostic(code(C002), help("check the folder and its permissions; nothing was changed"))]
    Write {
        /// The file.
        path: PathBuf,
        /// What the system says.
        reason: std::io::Error,
    },

    /// A file has no such program.
    #[error("`{file}` has no program `{wanted}`")]
    #[diagnostic(code(C003), help("{help}"))]
    NoProgram {
        /// The file.
        file: String,
        /// What was asked for.
        wanted: String,
        /// The programs that it has.
        help: String,
    },

    /// A preset that the file does not have.
    #[error("`{file}` has no preset `{wanted}`")]
    #[diagnostic(code(C004), help("{help}"))]
    NoPreset {
        /// The file.
        file: String,
        /// What was asked for.
        wanted: String,
        /// The presets that it has.
        help: String,
    },

    /// Operations of a program are to be computed by different libraries with the same names.
    #[error("a program cannot call both {first:?} and {second:?}")]
    #[diagnostic(
        code(C020),
        help("choose one of them for all operations that do not use the built-in routines")
    )]
    SeveralBlas {
        /// One of them.
        first: BlasProvider,
        /// Another one.
        second: BlasProvider,
    },

    /// An array's size depends on what has no value.
    #[error("the extent `{extent}` of `{array}` has no value that is a size")]
    #[diagnostic(code(C005), help("give the symbols' values: {missing}"))]
    Extent {
        /// The array.
        array: Name,
        /// The extent.
        extent: String,
        /// Flags that would help.
        missing: String,
    },

    /// A text is no value of the type that is wanted.
    #[error("`{text}` is not usable here: {reason}")]
    #[diagnostic(code(C006), help("write NAME=VALUE with a number, for example N=1000 or alpha=1.5"))]
    Value {
        /// What was given.
        text: String,
        /// Why not.
        reason: String,
    },

    /// Only Python can give the functions that a graph calls.
    #[error("the program calls functions of Python, which its caller gives: {}", functions.join(", "))]
    #[diagnostic(
        code(C017),
        help("run it from Python: `dacec.SDFG.from_file(path, trust_code=True)(…, f=f)`")
    )]
    Functions {
        /// Their names.
        functions: Vec<String>,
    },

    /// An array does not fit into memory.
    #[error("no memory for `{array}`: {reason}")]
    #[diagnostic(code(C007), help("choose a smaller preset or size"))]
    Memory {
        /// The array.
        array: Name,
        /// What was asked for.
        reason: OutOfMemory,
    },

    /// The reference under CPython could not be had.
    #[error("the reference run under CPython failed: {reason}")]
    #[diagnostic(code(C008), help("run it by hand to see more: {command}"))]
    Reference {
        /// The end of what it printed.
        reason: String,
        /// The command.
        command: String,
    },

    /// A pass left a graph that is not valid: a mistake in dacec.
    #[error("after the pass `{pass}` the graph is not valid: {violation}")]
    #[diagnostic(code(C009), help("this is a mistake in dacec; `-O0` may help until it is mended"))]
    Invalid {
        /// The pass.
        pass: String,
        /// What is wrong.
        violation: String,
    },

    /// The graph has something that the target cannot express.
    #[error("{0}")]
    #[diagnostic(
        code(C010),
        help("this is a limit of dacec, or a mistake in it; `-O0` or another way to write it may help")
    )]
    Codegen(#[from] CodegenError),

    /// A library node has no implementation that can compute it.
    #[error("{reason}")]
    #[diagnostic(code(C013), help("leave the choice to dacec, or change what the reason names"))]
    NotExpanded {
        /// Why.
        reason: String,
    },

    /// An operation or an implementation of it that nobody registered.
    #[error("there is {what}")]
    #[diagnostic(code(C014), help("{help}"))]
    NoImplementation {
        /// What is missing.
        what: String,
        /// What there is.
        help: String,
    },

    /// A library that was added and is not on this machine.
    #[error("the library `{name}` was not found on this machine: there is no {files}")]
    #[diagnostic(code(C015), help("{help}"))]
    NoLibrary {
        /// The library.
        name: String,
        /// The files that were looked for.
        files: String,
        /// What to do.
        help: String,
    },

    /// A library's name is not an identifier.
    #[error("`{name}` cannot be the name of a library")]
    #[diagnostic(code(C016), help("use letters, digits and underscores, a letter first"))]
    LibraryName {
        /// The name.
        name: String,
    },

    /// The interpreter found a fault of the program, or its arguments do not fit.
    #[error("{0}")]
    #[diagnostic(code(C011), help("the places are those of the graph: `dacec emit` shows it"))]
    Interpret(#[from] InterpretError),

    /// A file is not a graph that can be compiled.
    #[error("`{}` is not a usable graph: {reason}", path.display())]
    #[diagnostic(
        code(C012),
        help(
            "`$` and what follows it is the place in the file; `--trust-code` accepts code in other languages than Python"
        )
    )]
    Graph {
        /// The file.
        path: PathBuf,
        /// What is wrong, and where.
        reason: String,
    },

    /// The build cache cannot be used.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Cache(#[from] CacheError),

    /// There is no usable C++ compiler.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Toolchain(#[from] ToolchainError),

    /// The C++ compiler or linker failed.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Compile(#[from] CompileError),

    /// A compiled library cannot be loaded.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Load(#[from] LoadError),

    /// Arguments do not fit, or the program reported an error.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Call(#[from] CallError),

    /// An array file cannot be read or written.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Npy(#[from] NpyError),
}

impl Error {
    pub(crate) fn memory(array: &Name, reason: OutOfMemory) -> Error {
        Error::Memory { array: array.clone(), reason }
    }
}
