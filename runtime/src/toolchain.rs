//! Which C++ compiler and linker this machine has.
//!
//! The compiler is the first of `DACEC_CXX`, `CXX`, `g++`, `c++`, `clang++` that exists. One question to it answers all
//! others: the *command line of its linker*, which the driver prints for `-### -shared -fopenmp`. It names the target,
//! the version, the start files, the library folders and the OpenMP library. Later links run the linker directly with
//! these parts, which takes 5 ms; through the driver they take 20.
//!
//! ```text
//! g++ -### -shared -fopenmp probe.o
//!   Target: x86_64-linux-gnu
//!   gcc version 12.2.0 (Debian 12.2.0-14)
//!   collect2 ... -m elf_x86_64 -shared crti.o crtbeginS.o -L/usr/lib/gcc/x86_64-linux-gnu/12 ... probe.o -lgomp ... crtn.o
//! ```
//!
//! The answer is kept in the cache folder under the path, time and size of the compiler and of the linker, so that a
//! warm `dacec` starts no process to find its tools.

mod probe;

use crate::cache::{Cache, CacheError};
use miette::Diagnostic;
use serde::{Deserialize, Serialize};
use std::{
    env, fs, io,
    os::unix::fs::{MetadataExt, PermissionsExt},
    path::{Path, PathBuf},
};

/// The variables that name a compiler, first of all.
const COMPILER_VARIABLES: [&str; 2] = ["DACEC_CXX", "CXX"];

/// The compilers that are looked for on `PATH` if no variable names one.
const COMPILERS: [&str; 3] = ["g++", "c++", "clang++"];

/// A C++ compiler with what belongs to it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Toolchain {
    /// The path of the compiler's driver.
    pub compiler: PathBuf,
    /// Whose flags it understands.
    pub family: Family,
    /// Its version in its own words.
    pub version: String,
    /// The machine that it compiles for, like `x86_64-linux-gnu`.
    pub target: String,
    /// How to link without the driver; `None` where only the driver knows how.
    pub direct: Option<DirectLink>,
    /// The OpenMP library for `-fopenmp`; `None` if the compiler cannot compile OpenMP programs here.
    pub openmp: Option<PathBuf>,
    /// The folders in which the linker looks for libraries.
    pub library_folders: Vec<PathBuf>,
    /// The files that this knowledge is about.
    files: Vec<FileStamp>,
}

/// Whose flags a compiler understands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Family {
    /// GCC.
    Gnu,
    /// Clang and its derivatives.
    Clang,
}

/// A link command without the driver: `linker`, `start` files, the objects and libraries, `end` files.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct DirectLink {
    /// The linker.
    pub linker: PathBuf,
    /// The value of `-m`.
    pub emulation: String,
    /// Object files that come first.
    pub start: Vec<PathBuf>,
    /// Object files that come last.
    pub end: Vec<PathBuf>,
}

/// Identifies the content of a program file without reading it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct FileStamp {
    path: PathBuf,
    size: u64,
    seconds: i64,
    nanoseconds: i64,
}

/// No compiler can be used.
#[derive(Debug, thiserror::Error, Diagnostic)]
pub enum ToolchainError {
    /// Nothing was found.
    #[error("no C++ compiler was found (looked for {})", looked_for.join(", "))]
    #[diagnostic(
        code(R001),
        help(
            "install one, for example with `apt-get install g++`, or set DACEC_CXX to the path of a compiler"
        )
    )]
    NotFound {
        /// The names that were tried.
        looked_for: Vec<String>,
    },
    /// A variable names something that is no program.
    #[error("{variable} is `{value}`, which is not a program that can be run")]
    #[diagnostic(code(R002), help("set {variable} to the path of g++ or clang++, or unset it"))]
    NotAProgram {
        /// The variable.
        variable: &'static str,
        /// Its value.
        value: String,
    },
    /// The program does not answer like a compiler.
    #[error("`{}` does not work as a C++ compiler: {reason}", compiler.display())]
    #[diagnostic(code(R003), help("try `{} --version`, or set DACEC_CXX to another compiler", compiler.display()))]
    Unusable {
        /// The path of the program.
        compiler: PathBuf,
        /// What it said, or what was missing in its answer.
        reason: String,
    },
    /// A temporary file could not be made.
    #[error("cannot write a temporary file to try the compiler with")]
    #[diagnostic(code(R004), help("set TMPDIR to a folder that you can write"))]
    Temporary(#[source] io::Error),
    /// The answer cannot be kept.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Cache(#[from] CacheError),
}

impl Toolchain {
    /// Finds the compiler of this machine; what is found is remembered in the cache.
    pub fn find(cache: &Cache) -> Result<Toolchain, ToolchainError> {
        Toolchain::of_compiler(&find_compiler(&|name| env::var(name).ok())?, cache)
    }

    /// Learns about the compiler at a path, or remembers it from the cache.
    pub fn of_compiler(compiler: &Path, cache: &Cache) -> Result<Toolchain, ToolchainError> {
        let record = format!(
            "toolchain-{}.json",
            &blake3::hash(compiler.as_os_str().as_encoded_bytes()).to_hex()[..16]
        );
        let known =
            cache.read_record(&record).and_then(|text| serde_json::from_slice::<Toolchain>(&text).ok());
        if let Some(toolchain) = known.filter(|known| known.compiler == compiler && known.is_current()) {
            return Ok(toolchain);
        }
        let toolchain = probe::probe(compiler)?;
        let text = serde_json::to_vec_pretty(&toolchain).expect("a toolchain has string keys only");
        cache.write_record(&record, &text)?;
        Ok(toolchain)
    }

    /// What tells the compiler from others; part of every cache key.
    pub fn identity(&self) -> String {
        let stamps =
            self.files.iter().map(|stamp| format!("{}@{}.{}", stamp.size, stamp.seconds, stamp.nanoseconds));
        format!("{:?} {} {} {}", self.family, self.version, self.target, stamps.collect::<Vec<_>>().join(" "))
    }

    /// The file that `-l<name>` would link, if any.
    pub fn library(&self, name: &str) -> Option<PathBuf> {
        let names = [format!("lib{name}.so"), format!("lib{name}.a")];
        let candidates =
            self.library_folders.iter().flat_map(|folder| names.iter().map(|name| folder.join(name)));
        candidates.into_iter().find(|path| path.exists())
    }

    /// Whether the files are still those that were probed.
    fn is_current(&self) -> bool {
        self.files.iter().all(|stamp| FileStamp::of(&stamp.path).is_ok_and(|now| now == *stamp))
    }
}

impl FileStamp {
    fn of(path: &Path) -> io::Result<FileStamp> {
        let metadata = fs::metadata(path)?;
        Ok(FileStamp {
            path: path.to_owned(),
            size: metadata.len(),
            seconds: metadata.mtime(),
            nanoseconds: metadata.mtime_nsec(),
        })
    }
}

/// The path of the compiler to use, given the environment.
fn find_compiler(variable: &dyn Fn(&str) -> Option<String>) -> Result<PathBuf, ToolchainError> {
    let path = variable("PATH").unwrap_or_default();
    for name in COMPILER_VARIABLES {
        let Some(value) = variable(name).filter(|value| !value.is_empty()) else { continue };
        return find_program(&value, &path).ok_or(ToolchainError::NotAProgram { variable: name, value });
    }
    COMPILERS.iter().find_map(|name| find_program(name, &path)).ok_or_else(|| ToolchainError::NotFound {
        looked_for: COMPILERS.iter().map(|name| (*name).to_owned()).collect(),
    })
}

/// The program of that name on the given search path, or at that path if the name contains a slash.
pub(crate) fn find_program(name: &str, search_path: &str) -> Option<PathBuf> {
    let is_program = |path: &PathBuf| {
        fs::metadata(path).is_ok_and(|data| data.is_file() && data.permissions().mode() & 0o111 != 0)
    };
    if name.contains('/') {
        return std::path::absolute(name).ok().filter(is_program);
    }
    // An empty entry means the current folder to shells; a compiler is not taken from there.
    env::split_paths(search_path)
        .filter(|folder| folder.is_absolute())
        .map(|folder| folder.join(name))
        .find(is_program)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn without_any_compiler_the_error_says_what_to_install() {
        let error = find_compiler(&|name| (name == "PATH").then(|| "/nonexistent".to_owned())).unwrap_err();
        assert_eq!(error.to_string(), "no C++ compiler was found (looked for g++, c++, clang++)");
        assert!(error.help().unwrap().to_string().contains("apt-get install g++"));
    }

    #[test]
    fn a_wrong_variable_is_named() {
        let error =
            find_compiler(&|name| (name == "CXX").then(|| "/no/such/compiler".to_owned())).unwrap_err();
        assert_eq!(error.to_string(), "CXX is `/no/such/compiler`, which is not a program that can be run");
    }

    #[test]
    fn our_variable_goes_before_the_common_one() {
        let environment = |name: &str| match name {
            "DACEC_CXX" => Some("/bin/sh".to_owned()),
            "CXX" => Some("/bin/ls".to_owned()),
            _ => None,
        };
        assert_eq!(find_compiler(&environment).unwrap(), Path::new("/bin/sh"));
    }

    #[test]
    fn a_program_that_is_no_compiler_is_refused() {
        let cache = Cache::private().unwrap();
        let error = Toolchain::of_compiler(Path::new("/bin/true"), &cache).unwrap_err();
        assert!(error.to_string().starts_with("`/bin/true` does not work as a C++ compiler"), "{error}");
    }

    #[test]
    fn a_toolchain_is_remembered_until_the_compiler_changes() {
        let folder = tempfile::tempdir().unwrap();
        let cache = Cache::private().unwrap();
        let found = Toolchain::find(&cache).unwrap();
        // A compiler whose every start is counted.
        let wrapper = folder.path().join("c++");
        let log = folder.path().join("log");
        let script =
            format!("#!/bin/sh\necho x >> {}\nexec {} \"$@\"\n", log.display(), found.compiler.display());
        fs::write(&wrapper, &script).unwrap();
        fs::set_permissions(&wrapper, fs::Permissions::from_mode(0o755)).unwrap();
        let starts = || fs::read_to_string(&log).unwrap_or_default().lines().count();

        let first = Toolchain::of_compiler(&wrapper, &cache).unwrap();
        let after_first = starts();
        assert!(after_first > 0);
        assert_eq!(Toolchain::of_compiler(&wrapper, &cache).unwrap(), first);
        assert_eq!(starts(), after_first, "the second look started the compiler");

        fs::write(&wrapper, script + "\n").unwrap();
        let changed = Toolchain::of_compiler(&wrapper, &cache).unwrap();
        assert!(starts() > after_first);
        assert_ne!(changed.identity(), first.identity());
    }
}
