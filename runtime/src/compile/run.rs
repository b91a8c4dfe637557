//! Runs the compiler on all units at once.

use super::{CompileError, CompileJob, Unit, flags};
use crate::{
    cache::{Cache, CacheError, Key, write_private},
    toolchain::Toolchain,
};
use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
    sync::atomic::{AtomicUsize, Ordering},
    thread,
};

/// How much of a tool's complaint is shown.
const MESSAGE_LINES: usize = 12;

/// A unit that was not compiled.
pub(super) enum Failure {
    /// The compiler refused it, with this message.
    Refused { unit: String, message: String },
    /// Something else.
    Other(CompileError),
}

impl Failure {
    /// Keeps the sources of a refused unit and says where.
    pub(super) fn keep(self, key: &Key, folder: &Path, cache: &Cache) -> CompileError {
        match self {
            Failure::Refused { unit, message } => match cache.keep_failed(key, folder) {
                Ok(kept) => CompileError::Refused { source_path: kept.join(&unit), unit, message },
                Err(error) => error.into(),
            },
            Failure::Other(error) => error,
        }
    }
}

/// Writes the units into a folder and compiles them there; the object files, in the order of the units.
pub(super) fn compile_units(
    job: &CompileJob,
    toolchain: &Toolchain,
    folder: &Path,
) -> Result<Vec<PathBuf>, Failure> {
    for unit in &job.units {
        let path = folder.join(&unit.file_name);
        let written = write_private(&path, unit.text.as_bytes()).map_err(CacheError::io("write", &path));
        written.map_err(|error| Failure::Other(error.into()))?;
    }
    let next = AtomicUsize::new(0);
    let work = || -> Vec<Result<(), Failure>> {
        let mut results = Vec::new();
        while let Some(unit) = job.units.get(next.fetch_add(1, Ordering::Relaxed)) {
            results.push(compile(job, unit, toolchain, folder));
        }
        results
    };
    let workers = thread::available_parallelism().map_or(1, Into::into).min(job.units.len());
    let results = thread::scope(|scope| {
        // This thread is one of the workers.
        let others: Vec<_> = (1..workers).map(|_| scope.spawn(work)).collect();
        let mut results = work();
        results.extend(others.into_iter().flat_map(|other| other.join().expect("workers do not panic")));
        results
    });
    results.into_iter().collect::<Result<(), Failure>>()?;
    Ok(job.units.iter().map(|unit| folder.join(object_name(unit))).collect())
}

/// Removes what only the linker needed.
pub(super) fn remove_objects(folder: &Path, objects: &[PathBuf]) -> Result<(), CacheError> {
    for object in objects {
        fs::remove_file(object).map_err(CacheError::io("remove an object file from", folder))?;
    }
    Ok(())
}

fn object_name(unit: &Unit) -> String {
    format!("{}.o", unit.file_name)
}

fn compile(job: &CompileJob, unit: &Unit, toolchain: &Toolchain, folder: &Path) -> Result<(), Failure> {
    let mut command = Command::new(&toolchain.compiler);
    // Relative names keep the random path of the folder out of messages and of the object.
    command.args(flags::of_unit(job, unit, toolchain)).args([&unit.file_name, "-o", &object_name(unit)]);
    command.current_dir(folder).env("LC_ALL", "C");
    let message = match complaint(&mut command).map_err(Failure::Other)? {
        None => return Ok(()),
        Some(message) => message,
    };
    match &unit.march {
        Some(march) if message.contains("-march=") || message.contains("unknown target CPU") => {
            let (march, compiler) = (march.clone(), toolchain.compiler.clone());
            Err(Failure::Other(CompileError::UnknownCpu { march, compiler }))
        }
        _ if is_exhaustion(&message) => {
            Err(Failure::Other(CompileError::Exhausted { unit: unit.file_name.clone(), message }))
        }
        _ => Err(Failure::Refused { unit: unit.file_name.clone(), message }),
    }
}

/// Whether a compiler complains about the machine, not about the code.
fn is_exhaustion(message: &str) -> bool {
    ["No space left on device", "Killed signal", "SIGKILL", "out of memory", "virtual memory exhausted"]
        .iter()
        .any(|complaint| message.contains(complaint))
}

/// Runs a tool to its end; the first lines of what it said if it failed.
pub(super) fn complaint(command: &mut Command) -> Result<Option<String>, CompileError> {
    let output = command
        .output()
        .map_err(|source| CompileError::CannotRun { program: command.get_program().into(), source })?;
    if output.status.success() {
        return Ok(None);
    }
    let text = String::from_utf8_lossy(&output.stderr);
    let mut lines: Vec<&str> = text.lines().take(MESSAGE_LINES).collect();
    let status = output.status.to_string();
    if lines.is_empty() {
        lines.push(&status);
    }
    Ok(Some(lines.join("\n")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn complaints_about_the_machine_are_told_from_those_about_the_code() {
        assert!(is_exhaustion("g++: fatal error: Killed signal terminated program cc1plus"));
        assert!(is_exhaustion("/tmp/x.s: Fatal error: can't write 12 bytes: 'No space left on device'"));
        assert!(!is_exhaustion("k.cpp:1:1: error: 'x' was not declared in this scope"));
    }

    #[test]
    fn a_tool_that_cannot_be_started_is_named() {
        let error = complaint(&mut Command::new("/no/such/tool")).unwrap_err();
        assert_eq!(error.to_string(), "cannot run `/no/such/tool`");
    }

    #[test]
    fn long_complaints_are_cut_and_silent_failures_have_a_status() {
        let run = |script: &str| complaint(Command::new("sh").args(["-c", script])).unwrap();
        assert_eq!(run("exit 0"), None);
        assert_eq!(
            run("for i in $(seq 100); do echo $i >&2; done; exit 1").unwrap().lines().count(),
            MESSAGE_LINES
        );
        assert_eq!(run("exit 3").unwrap(), "exit status: 3");
    }
}
