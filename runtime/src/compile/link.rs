//! Makes a shared library of object files.
//!
//! Where it is known how (see [`crate::toolchain`]), the linker runs by itself; otherwise the compiler driver runs it.
//! Both get the same options, and all symbols must be found now: a library that cannot be loaded is not published.

use super::{BlasProvider, CompileError, CompileJob, run};
use crate::{
    cache::Cache,
    libraries::{self, Environment, Library},
    provider::Provider,
    toolchain::{DirectLink, Toolchain},
};
use std::{
    ffi::OsString,
    fs,
    path::{Path, PathBuf},
    process::Command,
};

/// Stands for this file in cache keys: another number for another way to link.
pub(super) const RECIPE: &str = "1";

/// Links objects into `lib<name>.so` in the same folder.
pub(super) fn link(
    job: &CompileJob,
    toolchain: &Toolchain,
    cache: &Cache,
    folder: &Path,
    objects: &[PathBuf],
) -> Result<(), CompileError> {
    let options = options(job);
    let inputs = inputs(job, toolchain, cache, objects)?;
    let mut command = match &toolchain.direct {
        Some(direct) => direct_command(direct, toolchain, &options, &inputs),
        None => driver_command(toolchain, &options, &inputs),
    };
    command.arg("-o").arg(folder.join(job.library_name())).current_dir(folder).env("LC_ALL", "C");
    match run::complaint(&mut command)? {
        None => Ok(()),
        Some(message) => Err(CompileError::LinkRefused { name: job.name.clone(), message }),
    }
}

impl BlasProvider {
    /// The library of the machine; `None` if that is none, and an error if it was not found.
    pub fn library(self, toolchain: &Toolchain) -> Result<Option<Library>, CompileError> {
        let Some(environment) = Environment::of(self) else { return Ok(None) };
        let (library, variable) = (environment.name, environment.variable);
        environment.find(toolchain).ok_or(CompileError::NoBlas { library, variable }).map(Some)
    }

    /// The word that chooses a library of the machine; `None` for what needs none.
    pub fn word(self) -> Option<&'static str> {
        match self {
            BlasProvider::None | BlasProvider::BuiltIn => None,
            BlasProvider::OpenBlas => Some("openblas"),
            BlasProvider::Mkl => Some("mkl"),
            BlasProvider::Blis => Some("blis"),
        }
    }

    /// The provider of that name, as `--library blas=` takes it.
    pub fn named(name: &str) -> Option<Self> {
        let machine = [BlasProvider::OpenBlas, BlasProvider::Mkl, BlasProvider::Blis];
        match name {
            "built-in" => Some(BlasProvider::BuiltIn),
            name => machine.into_iter().find(|it| it.word() == Some(name)),
        }
    }
}

/// The linker's options, which are the same for every kind of linker.
fn options(job: &CompileJob) -> Vec<String> {
    let mut options: Vec<String> =
        ["-z", "noexecstack", "-z", "defs", "-z", "relro", "--gc-sections", "--exclude-libs", "ALL"]
            .iter()
            .map(|option| (*option).to_owned())
            .collect();
    options.extend(["-soname".to_owned(), job.library_name()]);
    if job.openmp || job.blas != BlasProvider::None || job.dense || !job.libraries.is_empty() {
        // Threads that the library started, or that have destructors in it, outlive its last user.
        options.extend(["-z".to_owned(), "nodelete".to_owned()]);
    }
    options
}

/// Objects and libraries, in the order in which the linker must see them.
fn inputs(
    job: &CompileJob,
    toolchain: &Toolchain,
    cache: &Cache,
    objects: &[PathBuf],
) -> Result<Inputs, CompileError> {
    let mut inputs = Inputs { files: objects.iter().map(Into::into).collect(), folders: Vec::new() };
    let needed = [(job.blas == BlasProvider::BuiltIn, Provider::Products), (job.dense, Provider::Dense)];
    for (_, part) in needed.into_iter().filter(|(needed, _)| *needed) {
        inputs.files.push(part.archive(cache)?.into());
    }
    for library in job.libraries.iter().cloned().chain(job.blas.library(toolchain)?) {
        if !library.on_loader_path {
            inputs.folders.extend(library.path.parent().map(Path::to_owned));
        }
        inputs.files.push(library.path.into());
    }
    if job.openmp
        && let Some(path) = &toolchain.openmp
    {
        inputs.files.push(library_flag(path));
        // The name may be a link to the file that the loader opens, in another folder.
        let file = fs::canonicalize(path).unwrap_or_else(|_| path.clone());
        let folder = file.parent().filter(|folder| !libraries::is_standard(folder));
        inputs.folders.extend(folder.map(Path::to_owned));
    }
    inputs.files.push("-lm".into());
    Ok(inputs)
}

/// What a link reads.
struct Inputs {
    /// Paths and `-l` options.
    files: Vec<OsString>,
    /// Folders that the loader must be told.
    folders: Vec<PathBuf>,
}

/// `-lgomp` for `/usr/lib/.../libgomp.so`.
fn library_flag(path: &Path) -> OsString {
    let name = path.file_stem().map(|stem| stem.to_string_lossy().into_owned()).unwrap_or_default();
    format!("-l{}", name.trim_start_matches("lib")).into()
}

fn direct_command(
    direct: &DirectLink,
    toolchain: &Toolchain,
    options: &[String],
    inputs: &Inputs,
) -> Command {
    let mut command = Command::new(&direct.linker);
    command.args(["-shared", "-m", &direct.emulation, "--eh-frame-hdr", "--hash-style=gnu"]).args(options);
    for folder in &inputs.folders {
        command.arg("-rpath").arg(folder);
    }
    command.args(toolchain.library_folders.iter().map(|folder| {
        let mut flag = OsString::from("-L");
        flag.push(folder);
        flag
    }));
    command.args(&direct.start).args(&inputs.files);
    // What compilers count on: functions for operations that the CPU lacks, and the unwinder where something needs it.
    if toolchain.library("gcc").is_some() {
        command.args(["-lgcc", "--as-needed", "-lgcc_s", "--no-as-needed"]);
    }
    command.arg("-lc").args(&direct.end);
    command
}

fn driver_command(toolchain: &Toolchain, options: &[String], inputs: &Inputs) -> Command {
    let mut command = Command::new(&toolchain.compiler);
    command.arg("-shared");
    for option in options {
        command.args(["-Xlinker", option]);
    }
    for folder in &inputs.folders {
        command.args(["-Xlinker", "-rpath", "-Xlinker"]).arg(folder);
    }
    command.args(toolchain.openmp.iter().filter_map(|path| path.parent()).map(|folder| {
        let mut flag = OsString::from("-L");
        flag.push(folder);
        flag
    }));
    command.args(&inputs.files);
    command
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_flag_of_a_library() {
        assert_eq!(library_flag(Path::new("/usr/lib/gcc/x86_64-linux-gnu/12/libgomp.so")), "-lgomp");
    }
}
