//! Everything between the text of a compiled program and its results: the C++ compiler of the machine, the build
//! cache, loading, argument checking, calling, and the files that arrays come from.
//!
//! ```text
//! units of C++ ──compile──▶ cache entry (lib<name>.so, sources, manifest) ──load──▶ CompiledProgram ──call──▶ arrays
//!                  ▲                                                                      ▲
//!              toolchain, cpu, provider                                    signature, arguments, check
//! ```
//!
//! **What this crate knows**: files, processes, shared libraries, raw memory, and the types of `dacec-ir` that say how
//! arguments look ([`DType`](dacec_ir::DType), symbolic shapes).
//! **What it does not know**: how graphs are rewritten, and what the text that it compiles means.
//!
//! | module | one idea |
//! | --- | --- |
//! | [`toolchain`] | which compiler and linker the machine has |
//! | [`cpu`] | instruction sets: what `-march` values mean, what this CPU has |
//! | [`provider`] | the embedded matrix product |
//! | [`libraries`] | libraries of the machine, and what using them takes |
//! | [`cache`] | content-addressed, atomic, private directory of builds |
//! | [`compile`] | from units of C++ to a shared library |
//! | [`load`] | a shared library in this process |
//! | [`signature`] | the arguments and results of a program |
//! | [`mod@array`], [`scalar`], [`arguments`] | the values that a caller passes |
//! | [`check`] | whether those values fit the signature |
//! | [`program`] | a loaded program that can be called |
//! | [`error_code`] | the numbers that emitted code returns |
//! | [`npy`] | NumPy's files |
//! | [`compare`] | how much two results differ |
//! | [`stats`] | medians with confidence intervals |
//! | [`doctor`] | what was found on this machine, and what each missing thing costs |
//!
//! Runs on Unix systems; linking without the compiler driver, and the reduced matrix product, are for Linux on x86-64.

pub mod arguments;
pub mod array;
pub mod cache;
pub mod check;
pub mod compare;
pub mod compile;
pub mod cpu;
pub mod doctor;
pub mod error_code;
pub mod libraries;
pub mod load;
pub mod npy;
pub mod program;
pub mod provider;
pub mod scalar;
pub mod signature;
pub mod stats;
pub mod toolchain;

pub use arguments::Arguments;
pub use array::{ArrayBuf, ArrayRef, Element, OutOfMemory};
pub use cache::Cache;
pub use check::CallError;
pub use compile::{BlasProvider, CompileJob, FpMode, OptLevel, Unit};
pub use libraries::{Environment, Library, Search};
pub use program::{CompiledProgram, Outputs, TimerReport};
pub use scalar::ScalarValue;
pub use signature::{Argument, ArgumentKind, Signature};
pub use toolchain::Toolchain;
