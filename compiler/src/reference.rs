//! The reference: the same file under CPython and NumPy.
//!
//! A small stand-in for the `dace` module gives decorators and symbols a meaning there, so the file runs unchanged.

use crate::Error;
use dacec_ir::{IndexMap, Name};
use dacec_runtime::doctor::Python;
use dacec_runtime::{ArrayBuf, ScalarValue, npy};
use serde::Deserialize;
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use tempfile::TempDir;

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
    let folder = prepare()?;
    let output = folder.path().join("results.npz");
    let mut command = command(python, request, folder.path(), &output)?;
    let shown = format!("{command:?}");
    let failed = |reason: String| Error::Reference { reason, command: shown.clone() };
    let finished = command.output().map_err(|error| failed(error.to_string()))?;
    if !finished.status.success() {
        return Err(failed(tail(&String::from_utf8_lossy(&finished.stderr))));
    }
    let text = String::from_utf8_lossy(&finished.stdout);
    Reference::read(text.lines().last().unwrap_or_default(), &output).map_err(|error| error.of(&shown))
}

impl Reference {
    fn read(line: &str, output: &Path) -> Result<Reference, Unexpected> {
        let report: Report = serde_json::from_str(line)?;
        Ok(Reference {
            results: npy::read_archive(output)?,
            median: report.median,
            versions: format!("CPython {}, NumPy {}", report.python, report.numpy),
        })
    }
}

/// A reference process that has run once and waits for more turns, so that its runs can lie between those of others.
pub struct Session {
    /// The results of the first run.
    pub reference: Reference,
    process: Child,
    requests: Option<ChildStdin>,
    answers: BufReader<ChildStdout>,
    shown: String,
    _folder: TempDir,
}

impl Session {
    /// Starts the process and waits for the results of the first run.
    pub fn start(python: &Python, request: &Request<'_>) -> Result<Session, Error> {
        let folder = prepare()?;
        let output = folder.path().join("results.npz");
        let mut command = command(python, request, folder.path(), &output)?;
        command.arg("--turns").stdin(Stdio::piped()).stdout(Stdio::piped());
        let shown = format!("{command:?}");
        let failed = |reason: String| Error::Reference { reason, command: shown.clone() };
        let mut process = command.spawn().map_err(|error| failed(error.to_string()))?;
        let (Some(requests), Some(answers)) = (process.stdin.take(), process.stdout.take()) else {
            return Err(failed("its input and output are not open".to_owned()));
        };
        let mut answers = BufReader::new(answers);
        let mut line = String::new();
        answers.read_line(&mut line).map_err(|error| failed(error.to_string()))?;
        let reference = Reference::read(&line, &output).map_err(|error| error.of(&shown))?;
        Ok(Session { reference, process, requests: Some(requests), answers, shown, _folder: folder })
    }

    /// The seconds of runs, made until `enough` seconds were measured or `count` runs made.
    pub fn turn(&mut self, enough: f64, count: usize) -> Result<Vec<f64>, Error> {
        let mut line = String::new();
        self.ask(&format!("{enough} {count}\n"), &mut line)
            .map_err(|error| Error::Reference { reason: error.to_string(), command: self.shown.clone() })?;
        serde_json::from_str(&line).map_err(|error| Unexpected::from(error).of(&self.shown))
    }

    fn ask(&mut self, request: &str, answer: &mut String) -> std::io::Result<()> {
        if let Some(requests) = &mut self.requests {
            requests.write_all(request.as_bytes())?;
        }
        self.answers.read_line(answer).map(drop)
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        // The end of its input ends the process; a failure to wait for it harms nobody.
        drop(self.requests.take());
        let _ = self.process.wait();
    }
}

/// What the process wrote is not what it should.
enum Unexpected {
    Line(serde_json::Error),
    Results(Error),
}

impl From<serde_json::Error> for Unexpected {
    fn from(error: serde_json::Error) -> Self {
        Unexpected::Line(error)
    }
}

impl From<npy::NpyError> for Unexpected {
    fn from(error: npy::NpyError) -> Self {
        Unexpected::Results(error.into())
    }
}

impl Unexpected {
    fn of(self, command: &str) -> Error {
        match self {
            Unexpected::Line(error) => Error::Reference {
                reason: format!("unexpected output: {error}"),
                command: command.to_owned(),
            },
            Unexpected::Results(error) => error,
        }
    }
}

/// A folder with the stand-in module and the script that runs programs.
fn prepare() -> Result<TempDir, Error> {
    let folder = tempfile::tempdir().map_err(|reason| Error::Write { path: std::env::temp_dir(), reason })?;
    for (name, text) in [("dace.py", STAND_IN), ("run_reference.py", RUNNER)] {
        let path = folder.path().join(name);
        std::fs::write(&path, text).map_err(|reason| Error::Write { path, reason })?;
    }
    Ok(folder)
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
