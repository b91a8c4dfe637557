//! Libraries of the machine, which programs can use: a BLAS instead of the built-in product, or what a user adds.

use crate::toolchain::Toolchain;
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

/// OpenBLAS: the library of `DACEC_OPENBLAS`, or the first found in the linker's folders.
pub fn openblas(toolchain: &Toolchain) -> Option<Library> {
    find(Some("DACEC_OPENBLAS"), &["libopenblas.so", "libopenblas.so.0"], &[], toolchain)
}

/// Intel's MKL (the single library that picks its parts at run time): the library of `DACEC_MKL`, or the first found
/// below `MKLROOT` or in the linker's folders.
pub fn mkl(toolchain: &Toolchain) -> Option<Library> {
    let root = env::var_os("MKLROOT").map(PathBuf::from);
    let folders: Vec<PathBuf> =
        root.iter().flat_map(|root| [root.join("lib/intel64"), root.join("lib")]).collect();
    find(Some("DACEC_MKL"), &["libmkl_rt.so", "libmkl_rt.so.3", "libmkl_rt.so.2"], &folders, toolchain)
}

/// BLIS: the library of `DACEC_BLIS`, or the first found in the linker's folders.
pub fn blis(toolchain: &Toolchain) -> Option<Library> {
    find(Some("DACEC_BLIS"), &["libblis.so", "libblis.so.4"], &[], toolchain)
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
}
