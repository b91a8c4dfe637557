//! Libraries of the machine, which programs can use: a BLAS instead of the built-in product, or what a user adds.
//!
//! What a library needs is data: [`ENVIRONMENTS`] has one entry for each that is known, and nothing else in the compiler
//! knows their files, variables, declarations or what to run first. `dacec doctor` shows the table.

use crate::compile::BlasProvider;
use crate::toolchain::Toolchain;
use memchr::memmem;
use std::{
    env, fs,
    path::{Path, PathBuf},
};

/// A shared library on this machine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Library {
    /// The file to link.
    pub path: PathBuf,
    /// Whether the loader finds it without being told the folder.
    pub on_loader_path: bool,
}

/// How a library is found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Search {
    /// File names, best first, such as `libfftw3.so`.
    pub files: Vec<String>,
    /// An environment variable that can hold the path of the file; only this file is looked at where it is set.
    pub variable: Option<String>,
    /// Folders to look into before those of the loader and the linker.
    pub folders: Vec<PathBuf>,
}

impl Search {
    /// The library, if this machine has it.
    pub fn find(&self, toolchain: &Toolchain) -> Option<Library> {
        find(self.variable.as_deref(), &self.files, &self.folders, toolchain)
    }
}

/// A library that is known, with all that using it takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Environment {
    /// What people call it.
    pub name: &'static str,
    /// The word by which programs choose it, as in `--library blas=openblas`; `None` if only libraries that users add do.
    pub word: Option<&'static str>,
    /// What it computes.
    pub provides: &'static str,
    /// File names, best first.
    pub files: &'static [&'static str],
    /// The variable that can hold the path of the file.
    pub variable: &'static str,
    /// The variable that holds the folder of an installation.
    pub root: Option<&'static str>,
    /// Functions that the file must have.
    pub functions: &'static [&'static str],
    /// Headers that emitted code includes; it declares the functions that it calls by itself, which compiles sooner.
    pub headers: &'static [&'static str],
    /// Declarations in emitted code for what follows.
    pub code: &'static str,
    /// Statements that run when a compiled program is loaded.
    pub init: &'static str,
    /// Statements that run when it is unloaded.
    pub exit: &'static str,
    /// What does not work without it.
    pub without: &'static str,
    /// How to get it.
    pub install: &'static str,
}

const CBLAS: &[&str] = &["cblas_dgemm", "cblas_zsyrk"];
const CBLAS_AND_LAPACK: &[&str] = &["cblas_dgemm", "cblas_zsyrk", "dgesv_", "zgelsd_"];

/// What most of them have.
const PLAIN: Environment = Environment {
    name: "",
    word: None,
    provides: "",
    files: &[],
    variable: "",
    root: None,
    functions: &[],
    headers: &[],
    code: "",
    init: "",
    exit: "",
    without: "",
    install: "",
};

/// The libraries that are known.
pub const ENVIRONMENTS: [Environment; 5] = [
    Environment {
        name: "OpenBLAS",
        word: Some("openblas"),
        provides: "products, factorizations (LAPACK)",
        files: &["libopenblas.so", "libopenblas.so.0"],
        variable: "DACEC_OPENBLAS",
        functions: CBLAS_AND_LAPACK,
        without: "the built-in product is used, which is as fast",
        install: "apt-get install libopenblas-dev",
        ..PLAIN
    },
    Environment {
        name: "MKL",
        word: Some("mkl"),
        provides: "products, factorizations (LAPACK)",
        // The single library that picks its parts at run time.
        files: &["libmkl_rt.so", "libmkl_rt.so.3", "libmkl_rt.so.2"],
        variable: "DACEC_MKL",
        root: Some("MKLROOT"),
        functions: CBLAS_AND_LAPACK,
        // Threads of the program's OpenMP: there is one team then, and calls in a loop that it shares run on one thread.
        code: "#ifdef _OPENMP\nextern \"C\" int MKL_Set_Threading_Layer(int) __attribute__((weak));\n#endif",
        init: "\n#if defined(_OPENMP) && defined(__clang__)\n        \
               if (MKL_Set_Threading_Layer) MKL_Set_Threading_Layer(0); // that of LLVM and Intel\n\
               #elif defined(_OPENMP)\n        \
               if (MKL_Set_Threading_Layer) MKL_Set_Threading_Layer(3); // that of GNU\n#endif\n    ",
        without: "the built-in product is used; MKL's factorizations are faster",
        install: "pip install mkl",
        ..PLAIN
    },
    Environment {
        name: "BLIS",
        word: Some("blis"),
        provides: "products",
        files: &["libblis.so", "libblis.so.4"],
        variable: "DACEC_BLIS",
        functions: CBLAS,
        // It has one thread unless BLIS_NUM_THREADS, OMP_NUM_THREADS or a variable of a loop says otherwise.
        code: "#ifdef _OPENMP\n\
               extern \"C\" int omp_get_max_threads(void);\n\
               extern \"C\" char *getenv(const char *);\n\
               extern \"C\" void bli_thread_set_num_threads(int64_t) __attribute__((weak));\n\
               extern \"C\" int64_t bli_thread_get_num_threads(void) __attribute__((weak));\n#endif",
        init: "\n#ifdef _OPENMP\n        \
               if (bli_thread_get_num_threads && bli_thread_set_num_threads && bli_thread_get_num_threads() < 1\n            \
               && !getenv(\"BLIS_JC_NT\") && !getenv(\"BLIS_IC_NT\") && !getenv(\"BLIS_JR_NT\"))\n            \
               bli_thread_set_num_threads(omp_get_max_threads());\n#endif\n    ",
        without: "the built-in product is used, which is as fast",
        install: "apt-get install libblis-dev",
        ..PLAIN
    },
    Environment {
        name: "LAPACKE",
        provides: "factorizations by the C interface, for libraries that you add",
        files: &["liblapacke.so", "liblapacke.so.3"],
        variable: "DACEC_LAPACKE",
        functions: &["LAPACKE_dgesv"],
        headers: &["lapacke.h"],
        without: "nothing: LAPACK in OpenBLAS and MKL is called as it is",
        install: "apt-get install liblapacke-dev",
        ..PLAIN
    },
    Environment {
        name: "FFTW",
        provides: "Fourier transforms, for libraries that you add",
        files: &["libfftw3.so", "libfftw3.so.3"],
        variable: "DACEC_FFTW",
        functions: &["fftw_plan_dft_1d"],
        headers: &["fftw3.h"],
        without: "the built-in transforms are used",
        install: "apt-get install libfftw3-dev",
        ..PLAIN
    },
];

/// Variables that hold the folder of an active environment of packages, whose libraries are in `lib`.
const PREFIXES: [&str; 2] = ["CONDA_PREFIX", "VIRTUAL_ENV"];

impl Environment {
    /// The library of a provider; `None` if that needs none of the machine.
    pub fn of(provider: BlasProvider) -> Option<&'static Environment> {
        let word = provider.word()?;
        ENVIRONMENTS.iter().find(|it| it.word == Some(word))
    }

    /// How it is found.
    pub fn search(&self) -> Search {
        let folder = |name: &str| env::var_os(name).filter(|it| !it.is_empty()).map(PathBuf::from);
        let root = self.root.and_then(folder);
        let mut folders: Vec<PathBuf> =
            root.iter().flat_map(|root| [root.join("lib/intel64"), root.join("lib")]).collect();
        folders.extend(PREFIXES.iter().filter_map(|name| folder(name)).map(|prefix| prefix.join("lib")));
        Search {
            files: self.files.iter().map(|&file| file.to_owned()).collect(),
            variable: Some(self.variable.to_owned()),
            folders,
        }
    }

    /// The library, if this machine has it.
    pub fn find(&self, toolchain: &Toolchain) -> Option<Library> {
        self.search().find(toolchain)
    }

    /// The library, or why there is none: that costs reading the file.
    pub fn examine(&self, toolchain: &Toolchain) -> Result<Library, String> {
        let Some(library) = self.find(toolchain) else {
            let named = env::var(self.variable).ok().filter(|path| !path.is_empty());
            return Err(match named {
                Some(path) => format!("{} is {path}, which is no file", self.variable),
                None => format!("no {} ({})", self.files.join(" or "), self.install),
            });
        };
        let content =
            fs::read(&library.path).map_err(|error| format!("{}: {error}", library.path.display()))?;
        // Names that end alike share their end.
        let has = |name: &&&str| memmem::find(&content, format!("{name}\0").as_bytes()).is_some();
        match self.functions.iter().find(|name| !has(name)) {
            None => Ok(library),
            Some(name) => Err(format!("{} has no function `{name}`", library.path.display())),
        }
    }
}

/// The file of a variable if set; else the first of the names in the folders, then in those of loader and linker.
fn find(
    variable: Option<&str>,
    names: &[impl AsRef<Path>],
    folders: &[PathBuf],
    toolchain: &Toolchain,
) -> Option<Library> {
    let loader: Vec<PathBuf> = env::var_os("LD_LIBRARY_PATH")
        .map(|paths| env::split_paths(&paths).filter(|folder| folder.is_absolute()).collect())
        .unwrap_or_default();
    let standard = |folder: &Path| loader.iter().any(|known| known == folder) || is_standard(folder);
    if let Some(path) = variable.and_then(env::var_os).filter(|value| !value.is_empty()).map(PathBuf::from) {
        let path = fs::canonicalize(path).ok()?;
        let on_loader_path = path.parent().is_some_and(standard);
        return Some(Library { path, on_loader_path });
    }
    let folders = folders.iter().chain(&loader).chain(&toolchain.library_folders);
    let (folder, path) = folders
        .flat_map(|folder| names.iter().map(move |name| (folder, folder.join(name))))
        .find(|(_, path)| path.exists())?;
    Some(Library { on_loader_path: standard(folder), path })
}

/// Whether the loader looks there by itself on common systems.
pub(crate) fn is_standard(folder: &Path) -> bool {
    let text = folder.to_string_lossy();
    matches!(&*text, "/lib" | "/usr/lib" | "/lib64" | "/usr/lib64" | "/usr/local/lib")
        || (text.starts_with("/usr/lib/") || text.starts_with("/lib/")) && text.ends_with("-linux-gnu")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folders_of_the_loader() {
        assert!(is_standard(Path::new("/usr/lib/x86_64-linux-gnu")));
        assert!(is_standard(Path::new("/usr/lib64")));
        assert!(!is_standard(Path::new("/opt/intel/lib")));
        assert!(!is_standard(Path::new("/usr/lib/gcc/x86_64-linux-gnu/12")));
    }

    #[test]
    fn every_choice_has_an_entry() {
        for provider in [BlasProvider::OpenBlas, BlasProvider::Mkl, BlasProvider::Blis] {
            let entry = Environment::of(provider).expect("it is a library of the machine");
            assert_eq!(entry.word.and_then(BlasProvider::named), Some(provider), "{}", entry.name);
        }
        assert_eq!(Environment::of(BlasProvider::BuiltIn), None);
        for entry in ENVIRONMENTS {
            assert!(!entry.files.is_empty() && !entry.functions.is_empty(), "{}", entry.name);
            assert!(!entry.install.is_empty() && !entry.without.is_empty(), "{}", entry.name);
        }
    }
}
