//! The Python package as its tests see it.
//!
//! Usually it is installed by pip, from this checkout into a fresh virtual environment below the target folder: what the
//! tests run is what users get. That is a release build, whose parts continuous integration needs anyway for the first
//! command of the README. Where `DACEC_PYTHON` names an interpreter, nothing is installed: the extension is built by cargo
//! and laid beside the Python files in a folder that `PYTHONPATH` names.

use crate::{Problem, process, python, target};
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::Command;

const SOURCES: &str = "frontend-python/python/dacec";

/// An interpreter that can import the package.
pub(crate) struct Package {
    interpreter: PathBuf,
    path: Option<OsString>,
}

impl Package {
    /// A command of that interpreter.
    pub(crate) fn command(&self) -> Command {
        let mut command = Command::new(&self.interpreter);
        if let Some(path) = &self.path {
            command.env("PYTHONPATH", path);
        }
        command
    }
}

/// Builds the package, and makes it importable.
pub(crate) fn ready(root: &Path, python: &Path) -> Result<Package, Problem> {
    if std::env::var_os("DACEC_PYTHON").is_some() { stage(root, python) } else { install(root) }
}

/// `pip install ./frontend-python` into an environment of its own.
fn install(root: &Path) -> Result<Package, Problem> {
    let folder = target(root).join("package");
    eprintln!("The Python package is built and installed in {}, and nowhere else.", folder.display());
    eprintln!(
        "pip installs there: dacec (from this checkout), and numpy as pinned in {}.",
        python::NUMPY.requirements()
    );
    process::run(
        Command::new(python::NUMPY.machine_interpreter()?).args(["-m", "venv", "--clear"]).arg(&folder),
    )?;
    let interpreter = python::interpreter_in(&folder);
    process::run(
        Command::new(&interpreter)
            .current_dir(root)
            .args(["-m", "pip", "install", "--disable-pip-version-check", "--quiet", "./frontend-python"])
            .args(["--requirement", python::NUMPY.requirements()]),
    )
    .map_err(|problem| {
        problem.help(
            "pip needs the network for maturin; DACEC_PYTHON can name an interpreter with NumPy instead",
        )
    })?;
    Ok(Package { interpreter, path: None })
}

/// Copies a folder without what Python and cargo leave there.
fn copy_sources(from: &Path, to: &Path) -> std::io::Result<()> {
    std::fs::create_dir_all(to)?;
    for entry in std::fs::read_dir(from)? {
        let source = entry?.path();
        let Some(name) = source.file_name() else { continue };
        if source.is_dir() && name != "__pycache__" {
            copy_sources(&source, &to.join(name))?;
        } else if source.is_file() && source.extension().is_some_and(|it| it != "so") {
            std::fs::copy(&source, to.join(name))?;
        }
    }
    Ok(())
}

/// The Python files and the extension, side by side.
fn stage(root: &Path, python: &Path) -> Result<Package, Problem> {
    process::run(process::cargo(root).args(["build", "--release", "--package", "dacec-python"]))?;
    let folder = target(root).join("package-staged");
    let package = folder.join("dacec");
    let failed =
        |error: std::io::Error| Problem::new(format!("{} cannot be filled: {error}", package.display()));
    if package.exists() {
        std::fs::remove_dir_all(&package).map_err(failed)?;
    }
    copy_sources(&root.join(SOURCES), &package).map_err(failed)?;
    let library = if cfg!(target_os = "macos") { "libdacec_native.dylib" } else { "libdacec_native.so" };
    let library = target(root).join("release").join(library);
    std::fs::copy(library, package.join("_native.abi3.so")).map_err(failed)?;
    Ok(Package { interpreter: python.to_owned(), path: Some(folder.into_os_string()) })
}
