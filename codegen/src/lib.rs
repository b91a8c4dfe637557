//! From an optimized SDFG to native code: first a program tree, then text of a target language.
//!
//! ```text
//! Sdfg ──lower──▶ tree::Program ──cpp──▶ kernel unit (compiled for the CPU that was asked for)
//!   └──interface──▶ Interface ──▶ ABI unit (compiled for any CPU), C header, Python wrapper
//! ```
//!
//! All decisions are made in [`lower()`]: where memory is, which loops run in parallel, how conflicting writes are
//! resolved. The result is a [`tree::Program`], which a backend only prints. So what is decided can be tested without
//! a compiler, and another target is another printer.
//!
//! **What this crate knows**: loops, memory, C++ and its OpenMP, the C interface of emitted libraries.
//! **What it does not know**: Python's semantics, rewriting, how files are compiled and loaded.
//!
//! **Emitted code includes no standard header.** A header costs more compile time than a typical kernel; what is
//! needed (five types, a few builtins, `aligned_alloc`, `free`) is declared in the unit itself.

mod abi;
mod cpp;
mod environment;
mod error;
mod header;
mod instrument;
pub mod interface;
pub mod lower;
pub mod tree;
mod wrapper;

pub use environment::Environment;
pub use error::CodegenError;
pub use interface::Interface;
pub use lower::lower;

use dacec_ir::features::features;
use dacec_ir::{Feature, Sdfg};
use std::collections::BTreeSet;

/// Who multiplies matrices in the emitted code.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Blas {
    /// The product that is linked into the library: `dacec_gemm_f64` and its like.
    #[default]
    BuiltIn,
    /// A library with the C interface of BLAS: `cblas_dgemm` and its like.
    Cblas,
}

/// What the caller of [`generate`] can choose.
#[derive(Clone, Copy, Debug)]
pub struct Options<'a> {
    /// The text of the file that the program was written in, for comments; without it they only name the line.
    pub source: Option<&'a str>,
    /// Who multiplies matrices.
    pub blas: Blas,
    /// Whether that library has factorizations, too, by the names of LAPACK.
    pub lapack: bool,
    /// The name of that library's environment, if it has one; those that calls name are called as the calls do.
    pub machine: Option<&'a str>,
    /// Libraries whose routines may be called.
    pub environments: &'a [Environment],
}

impl Default for Options<'_> {
    fn default() -> Self {
        Options { source: None, blas: Blas::BuiltIn, lapack: true, machine: None, environments: &[] }
    }
}

/// Everything that is emitted for one program.
#[derive(Clone, Debug, PartialEq)]
pub struct Generated {
    /// C++ with the computation; to be compiled for the CPU that runs it.
    pub kernel_unit: String,
    /// C++ with the exported functions, which check the CPU and the arguments; to be compiled for any CPU of the kind.
    pub abi_unit: String,
    /// The C and C++ header of the exported functions.
    pub header: String,
    /// A Python module that calls the library with NumPy arrays.
    pub wrapper: String,
    /// What the exported functions take.
    pub interface: Interface,
    /// Whether the computation calls the built-in products, which have to be linked.
    pub uses_products: bool,
    /// Libraries of the machine that it calls: by the names that calls say, and without a name the one that the options mean.
    pub machine: BTreeSet<String>,
    /// Whether the computation calls the built-in linear algebra, which has to be linked.
    pub uses_dense: bool,
    /// Names of the environments whose routines are called; their libraries have to be linked.
    pub environments: Vec<String>,
}

/// Emits a library's sources for a program.
///
/// The SDFG is valid, and its library nodes are expanded.
pub fn generate(sdfg: &Sdfg, options: &Options<'_>) -> Result<Generated, CodegenError> {
    let mut structured = None;
    if features(sdfg).contains(&Feature::Machines) {
        structured.insert(sdfg.clone()).lower_machines();
    }
    let sdfg = structured.as_ref().unwrap_or(sdfg);
    let interface = Interface::of(sdfg)?;
    let program = lower(sdfg)?;
    let kernel = cpp::print_kernel(&program, options)?;
    // The entry of the library would be called instead of the routine.
    let entry = format!(" dacec_{}(", program.name);
    if kernel.text.lines().any(|line| line.starts_with("extern \"C\"") && line.contains(&entry)) {
        let what = "the program has the name of a routine that it calls: give it another one";
        return Err(CodegenError::unsupported(format!("program `{}`", program.name), what));
    }
    Ok(Generated {
        kernel_unit: kernel.text,
        uses_products: kernel.uses_products,
        machine: kernel.machine,
        uses_dense: kernel.uses_dense,
        environments: kernel.environments,
        abi_unit: abi::print(&program, &interface),
        header: header::print(&program, &interface),
        wrapper: wrapper::print(&interface),
        interface,
    })
}
