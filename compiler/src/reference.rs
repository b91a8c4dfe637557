//! The reference: the same file under CPython and NumPy.
//!
//! A small stand-in for the `dace` module gives decorators and symbols a meaning there, so the file runs unchanged.

use crate::Error;
use dacec_ir::Name;
use dacec_runtime::doctor::Python;
use dacec_runtime::{ArrayBuf, ScalarValue, npy};
use indexmap::IndexMap;
use serde::Deserialize;
use std::path::{Path, PathBuf};
use std::process::Command;

const STAND_IN: &str = include_str!("../../frontend-python/oracle/dace.py");
const RUNNER: &str = include_str!("../../frontend-python/oracle/run_reference.py");

/// What to run.
pub struct Request<'a> {
    /// The annotated file.
    pub file: &'a Path,
    /// The program to run.
    pub program: &'a str,
    /// A program that fills the array arguments first.
    pub initialize: Option<&'a str>,
    /// Values of symbols and scalars.
    pub values: &'a IndexMap<Name, ScalarValue>,
    /// Array arguments; the others are zeros.
    pub arrays: &'a IndexMap<Name, ArrayBuf>,
    /// Array arguments that are worth having afterwards.
    pub save: Vec<Name>,
    /// Number of timed runs.
    pub repeat: usize,
}

/// What the reference gave.
pub struct Reference {
    /// Arrays that the program wrote, and what it returned, by name.
    pub results: IndexMap<String, ArrayBuf>,
    /// Median seconds of a run.
    pub median: f64,
    /// Which Python and NumPy ran.
    pub versions: String,
}

#[derive(Deserialize)]
struct Report {
    median: f64,
    python: String,
    numpy: String,
}

/// Runs the reference.
pub fn run(python: &Python, request: &Request<'_>) -> Result<Reference, Error> {
    let folder = tempfile::tempdir().map_err(|reason| Error::Write { path: std::env::temp_dir(), reason })?;
    for (name, text) in [("dace.py", STAND_IN), ("run_reference.py", RUNNER)] {
        let path = folder.path().join(name);
        std::fs::write(&path, text).map_err(|reason| Error::Write { path, reason })?;
    }
    let output = folder.path().join("results.npz");
    let mut command = command(python, request, folder.path(), &output)?;
    let shown = format!("{command:?}");
    let failed = |reason: String| Error::Reference { reason, command: shown.clone() };
    let finished = command.output().map_err(|error| failed(error.to_string()))?;
    if !finished.status.success() {
        return Err(failed(tail(&String::from_utf8_lossy(&finished.stderr))));
    }
    let text = String::from_utf8_lossy(&finished.stdout);
    let report: Report = serde_json::from_str(text.lines().last().unwrap_or_default())
        .map_err(|error| failed(format!("unexpected output: {error}")))?;
    Ok(Reference {
        results: npy::read_archive(&output)?,
        median: report.median,
        versions: format!("CPython {}, NumPy {}", report.python, report.numpy),
    })
}

fn command(python: &Python, request: &Request<'_>, folder: &Path, output: &Path) -> Result<Command, Error> {
    let mut command = Command::new(&python.path);
    // The stand-in's name must not be found in the user's environment, and its folder must stay clean.
    command.arg("-B").arg(folder.join("run_reference.py")).arg(request.file);
    command.args(["--program", request.program]).arg("--output").arg(output);
    let values: serde_json::Map<String, serde_json::Value> =
        request.values.iter().map(|(name, value)| (name.to_string(), json(*value))).collect();
    command.arg("--values").arg(serde_json::Value::Object(values).to_string());
    command.args(["--repeat", &request.repeat.max(1).to_string()]);
    if let Some(initialize) = request.initialize {
        command.args(["--initialize", initialize]);
    }
    if !request.arrays.is_empty() {
        let path: PathBuf = folder.join("inputs.npz");
        npy::write_archive(&path, request.arrays.iter().map(|(name, array)| (name.as_str(), array)))?;
        command.arg("--arrays").arg(path);
    }
    let saved: Vec<&str> = request.save.iter().map(Name::as_str).collect();
    command.args(["--save", &saved.join(",")]);
    Ok(command)
}

fn json(value: ScalarValue) -> serde_json::Value {
    match value {
        ScalarValue::Bool(value) => value.into(),
        ScalarValue::Int(value) => i64::try_from(value).map_or_else(|_| (value as f64).into(), Into::into),
        ScalarValue::Float(value) => value.into(),
        ScalarValue::Complex(value) => value.re.into(),
    }
}

/// The last lines of a text: where a traceback says what happened.
fn tail(text: &str) -> String {
    let lines: Vec<&str> = text.trim_end().lines().collect();
    lines[lines.len().saturating_sub(6)..].join("\n")
}
