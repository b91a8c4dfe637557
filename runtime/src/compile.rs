//! From units of C++ to a shared library in the cache.
//!
//! ```text
//! gemm.cpp          -march=native   ──c++ -c──▶ gemm.o    ─┐
//! gemm_entry.cpp    baseline        ──c++ -c──▶ entry.o   ─┼─ld -shared──▶ libgemm.so
//! provider.a, libgomp, libm, libc   ──────────────────────┘
//! ```
//!
//! Units are compiled at the same time, one process each. A program has at least two where it is built for a certain
//! CPU: the code that asks the CPU what it has must run anywhere.
//!
//! What counts here is time: a person waits. A kernel of four lines takes 20 ms to compile, provided that it includes no
//! standard header; and 5 ms to link, provided that the linker runs without the compiler driver.
//!
//! **Floating point.** The modes of [`FpMode`] are flags of the compile step only. `-ffast-math` at the link step would
//! add a start file that changes how the whole process rounds small numbers.
//!
//! **Integers** wrap around, as NumPy's do: signed overflow has a meaning here, unlike in plain C++.

mod flags;
mod link;
mod run;

use crate::{
    cache::{Cache, CacheError, Entry, Key, KeyHasher, Origin},
    cpu,
    libraries::Library,
    provider::Provider,
    toolchain::{Toolchain, ToolchainError},
};
use miette::Diagnostic;
use serde::{Deserialize, Serialize};
use std::{
    io,
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

/// A C++ file to compile.
#[derive(Clone, Debug, PartialEq)]
pub struct Unit {
    /// The name of the file, such as `gemm.cpp`.
    pub file_name: String,
    /// Its text.
    pub text: String,
    /// The CPU to compile for; `None` is the baseline of the target.
    pub march: Option<String>,
}

/// How much the C++ compiler optimizes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum OptLevel {
    /// Not at all.
    O0,
    /// What costs little compile time.
    O1,
    /// Everything.
    #[default]
    O3,
}

/// What may be done to floating-point arithmetic.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum FpMode {
    /// Sums and products may be reordered and what cancels left out, multiplications fused with additions; the sign of
    /// zero and floating-point traps may get lost.
    ///
    /// No value is taken to be finite: `a != a` and `a - b` mean what they say. But a term that cancels takes its NaN,
    /// its infinity and its rounding along: `(a + b) - a` may be `b` for every `a`. Quotients are exact.
    #[default]
    Default,
    /// Exactly the operations as written.
    Strict,
    /// Everything, as if NaN and infinity did not occur.
    Fast,
}

/// Who multiplies matrices.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum BlasProvider {
    /// No library is needed.
    None,
    /// The product that dacec brings along.
    #[default]
    BuiltIn,
    /// OpenBLAS of this machine.
    OpenBlas,
    /// Intel's MKL of this machine.
    Mkl,
    /// BLIS of this machine, which has no factorizations.
    Blis,
}

/// Everything that a shared library is made from.
#[derive(Clone, Debug, PartialEq)]
pub struct CompileJob {
    /// The name of the program; the library is `lib<name>.so`.
    pub name: String,
    /// The files.
    pub units: Vec<Unit>,
    /// How much to optimize.
    pub opt: OptLevel,
    /// What may be done to floating-point arithmetic.
    pub fp: FpMode,
    /// Whether OpenMP pragmas mean something.
    pub openmp: bool,
    /// Who multiplies matrices.
    pub blas: BlasProvider,
    /// Whether the built-in linear algebra is linked, whoever multiplies matrices.
    pub dense: bool,
    /// More libraries to link.
    pub libraries: Vec<Library>,
    /// What else to keep with the library, such as its signature.
    pub description: serde_json::Value,
}

/// A finished library.
#[derive(Clone, Debug)]
pub struct Built {
    /// The library.
    pub library: PathBuf,
    /// The entry in the cache, which holds the sources too.
    pub entry: Entry,
    /// Whether it was in the cache.
    pub origin: Origin,
    /// The time to compile; zero if it was in the cache.
    pub compile_time: Duration,
    /// The time to link; zero if it was in the cache.
    pub link_time: Duration,
}

/// No library was made.
#[derive(Debug, thiserror::Error, Diagnostic)]
pub enum CompileError {
    /// No compiler.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Toolchain(#[from] ToolchainError),
    /// No cache.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Cache(#[from] CacheError),
    /// The compiler refuses emitted code.
    #[error("the C++ compiler refuses the code of `{unit}`\n{message}")]
    #[diagnostic(
        code(R010),
        help("this is a defect of dacec, not of your program: please report it with the file `{}`", source_path.display())
    )]
    Refused {
        /// The file.
        unit: String,
        /// The compiler's first lines.
        message: String,
        /// Where the file is kept.
        source_path: PathBuf,
    },
    /// The linker refuses.
    #[error("`{name}` cannot be linked\n{message}")]
    #[diagnostic(
        code(R011),
        help("if a library is missing, install it or choose the built-in matrix product")
    )]
    LinkRefused {
        /// The program.
        name: String,
        /// The linker's first lines.
        message: String,
    },
    /// A tool cannot be started.
    #[error("cannot run `{}`", program.display())]
    #[diagnostic(code(R012), help("`dacec doctor` shows the tools that dacec found"))]
    CannotRun {
        /// The tool.
        program: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// The compiler knows no such CPU.
    #[error("`{march}` is not a CPU that `{}` can compile for", compiler.display())]
    #[diagnostic(
        code(R013),
        help("use `native` for the CPU of this machine, or a name such as {}", cpu::COMMON_NAMES[1..5].join(", "))
    )]
    UnknownCpu {
        /// The name.
        march: String,
        /// The compiler.
        compiler: PathBuf,
    },
    /// OpenMP was asked for and is missing.
    #[error("`{}` cannot compile OpenMP programs here: its OpenMP library is missing", compiler.display())]
    #[diagnostic(
        code(R014),
        help(
            "install it (GCC: libgomp comes with g++; Clang: `apt-get install libomp-dev`), or build without threads"
        )
    )]
    NoOpenMp {
        /// The compiler.
        compiler: PathBuf,
    },
    /// A BLAS was asked for and is missing.
    #[error("{library} was not found on this machine")]
    #[diagnostic(
        code(R015),
        help(
            "install it, set {variable} to the path of its shared library, or use the built-in matrix product"
        )
    )]
    NoBlas {
        /// Its name.
        library: &'static str,
        /// The variable that can tell its place.
        variable: &'static str,
    },
    /// The machine has too little memory or disk.
    #[error("the C++ compiler ran out of memory or disk space while compiling `{unit}`\n{message}")]
    #[diagnostic(code(R017), help("free memory, or space in the build cache and in TMPDIR, and try again"))]
    Exhausted {
        /// The file.
        unit: String,
        /// The compiler's first lines.
        message: String,
    },
    /// A file name would leave the build folder.
    #[error("`{0}` is not a plain file name")]
    #[diagnostic(code(R016), help("programs are named by letters, digits and underscores"))]
    BadName(String),
}

impl CompileJob {
    /// The file name of the library.
    pub fn library_name(&self) -> String {
        format!("lib{}.so", self.name)
    }

    /// Compiles and links, or finds the finished library in the cache.
    pub fn build(&self, toolchain: &Toolchain, cache: &Cache) -> Result<Built, CompileError> {
        self.check(toolchain)?;
        let mut times = (Duration::ZERO, Duration::ZERO);
        let key = self.key(toolchain);
        let (entry, origin) = cache.get_or_build(&key, |folder| {
            let start = Instant::now();
            let objects = run::compile_units(self, toolchain, folder)
                .map_err(|failure| failure.keep(&key, folder, cache))?;
            times.0 = start.elapsed();
            let start = Instant::now();
            link::link(self, toolchain, cache, folder, &objects)?;
            times.1 = start.elapsed();
            run::remove_objects(folder, &objects)?;
            Ok::<_, CompileError>(self.description.clone())
        })?;
        let library = entry.file(&self.library_name()).ok_or_else(|| missing_library(entry.folder()))?;
        Ok(Built { library, entry, origin, compile_time: times.0, link_time: times.1 })
    }

    /// The key under which the library is found again.
    pub fn key(&self, toolchain: &Toolchain) -> Key {
        let mut hasher = KeyHasher::new();
        hasher.part("compiler", toolchain.identity()).part("name", &self.name);
        for unit in &self.units {
            hasher.part("file", &unit.file_name).part("text", &unit.text);
            hasher.part("flags", flags::of_unit(self, unit, toolchain).join("\0"));
            if cpu::depends_on_host(unit.march.as_deref()) {
                hasher.part("cpu", cpu::identity());
            }
        }
        let dense = if self.dense { Provider::Dense.hash() } else { "" };
        hasher.part("dense", dense);
        hasher.part("blas", format!("{:?}", self.blas)).part("libraries", format!("{:?}", self.libraries));
        hasher.part("link", link::RECIPE);
        match self.blas {
            BlasProvider::BuiltIn => hasher.part("provider", Provider::Products.hash()),
            BlasProvider::OpenBlas | BlasProvider::Mkl | BlasProvider::Blis => hasher.part(
                "provider",
                self.blas.library(toolchain).map_or_else(|_| String::new(), |it| format!("{it:?}")),
            ),
            BlasProvider::None => &mut hasher,
        };
        hasher.part("description", self.description.to_string());
        hasher.finish()
    }

    /// Everything that can be refused before a process is started.
    fn check(&self, toolchain: &Toolchain) -> Result<(), CompileError> {
        let names = self.units.iter().map(|unit| &unit.file_name).chain([&self.name]);
        if let Some(bad) = names.into_iter().find(|name| !is_plain(name)) {
            return Err(CompileError::BadName(bad.clone()));
        }
        let mut cpus = self.units.iter().filter_map(|unit| unit.march.as_deref());
        if let Some(march) = cpus.find(|name| !cpu::is_plausible_name(name)) {
            let compiler = toolchain.compiler.clone();
            return Err(CompileError::UnknownCpu { march: march.to_owned(), compiler });
        }
        if self.openmp && toolchain.openmp.is_none() {
            return Err(CompileError::NoOpenMp { compiler: toolchain.compiler.clone() });
        }
        Ok(())
    }
}

/// Whether a name stays in its folder and is no option of a command.
fn is_plain(name: &str) -> bool {
    let mut bytes = name.bytes();
    bytes.next().is_some_and(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
        && bytes.all(|byte| byte.is_ascii_alphanumeric() || b"_-.".contains(&byte))
}

/// An entry of the cache without the file that every entry has: somebody else's files under our key.
fn missing_library(folder: &Path) -> CompileError {
    CacheError::io("find the library in", folder)(io::ErrorKind::NotFound.into()).into()
}

#[cfg(test)]
mod tests;
