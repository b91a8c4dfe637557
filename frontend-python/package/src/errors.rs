//! Errors of the compiler as exceptions of `dacec.errors`.

use dacec::Error;
use dacec_frontend::Diagnostic;
use dacec_runtime::CallError;
use dacec_runtime::error_code::ErrorCode;
use miette::{GraphicalReportHandler, GraphicalTheme};
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyList};

/// How wide messages may be: that of most terminals and notebooks.
const WIDTH: usize = 100;

/// A message with its source lines, carets and help.
pub(crate) fn rendered(diagnostic: &dyn miette::Diagnostic) -> String {
    let mut text = String::new();
    let handler = GraphicalReportHandler::new_themed(GraphicalTheme::unicode_nocolor()).with_links(false);
    match handler.with_width(WIDTH).render_report(&mut text, diagnostic) {
        Ok(()) => text.trim_end().to_owned(),
        Err(_) => diagnostic.to_string(),
    }
}

/// An exception of the class `name` of `dacec.errors`, with a message and attributes.
fn exception(py: Python<'_>, name: &str, message: String, attributes: &Bound<'_, PyDict>) -> PyErr {
    let made = py
        .import("dacec.errors")
        .and_then(|module| module.getattr(name))
        .and_then(|class| class.call((message,), Some(attributes)));
    match made {
        Ok(value) => PyErr::from_value(value),
        Err(error) => error,
    }
}

/// The exception for a failed compilation.
pub(crate) fn compilation(py: Python<'_>, error: &Error) -> PyErr {
    let attributes = PyDict::new(py);
    let result = match error {
        Error::Source(diagnostics) => return source(py, diagnostics),
        Error::Call(error) => return call(py, error),
        other => attributes.set_item("code", code(other)),
    };
    match result {
        Ok(()) => exception(py, "CompilationError", rendered(error), &attributes),
        Err(error) => error,
    }
}

/// The exception for a refused source: every message, and the same as data.
pub(crate) fn source(py: Python<'_>, diagnostics: &[Diagnostic]) -> PyErr {
    let build = || -> PyResult<Bound<'_, PyDict>> {
        let list = PyList::empty(py);
        for diagnostic in diagnostics {
            let entry = PyDict::new(py);
            entry.set_item("code", diagnostic.code)?;
            entry.set_item("message", &diagnostic.message)?;
            entry.set_item("file", diagnostic.file())?;
            entry.set_item("line", diagnostic.line())?;
            entry.set_item("help", &diagnostic.help)?;
            list.append(entry)?;
        }
        let attributes = PyDict::new(py);
        attributes.set_item("code", diagnostics.first().map(|it| it.code))?;
        attributes.set_item("diagnostics", list)?;
        Ok(attributes)
    };
    let texts: Vec<String> = diagnostics.iter().map(|it| rendered(it)).collect();
    match build() {
        Ok(attributes) => exception(py, "SourceError", format!("\n{}", texts.join("\n\n")), &attributes),
        Err(error) => error,
    }
}

/// A line of a source, as Python remembers it, to be put below a message; nothing if it does not.
pub(crate) fn excerpt(py: Python<'_>, file: &str, line: u32) -> String {
    let text = py
        .import("linecache")
        .and_then(|module| module.call_method1("getline", (file, line)))
        .and_then(|text| text.extract::<String>())
        .unwrap_or_default();
    match text.trim() {
        "" => String::new(),
        text => format!("\n{line:>6} | {text}"),
    }
}

/// The exception for a refused or failed call of a program of that file.
pub(crate) fn run(py: Python<'_>, error: &CallError, file: &str) -> PyErr {
    // A failed check begins with the name of the file and the line: `file.py:12: `.
    let line = match error {
        CallError::Failed { message, .. } => {
            let mut parts = message.splitn(3, ':');
            let name = file.rsplit('/').next().unwrap_or_default();
            let line = parts.next().filter(|part| *part == name).and(parts.next());
            line.and_then(|line| line.parse::<u32>().ok())
        }
        _ => None,
    };
    let excerpt = line.map_or_else(String::new, |line| excerpt(py, file, line));
    failed(py, error, &excerpt)
}

/// The exception for a refused or failed call.
pub(crate) fn call(py: Python<'_>, error: &CallError) -> PyErr {
    failed(py, error, "")
}

fn failed(py: Python<'_>, error: &CallError, excerpt: &str) -> PyErr {
    let attributes = PyDict::new(py);
    if let Err(error) = attributes.set_item("code", code(error)) {
        return error;
    }
    let class = match error {
        CallError::Failed { number, .. }
            if ErrorCode::from_number(*number) == Some(ErrorCode::OutOfMemory) =>
        {
            "OutOfMemoryError"
        }
        CallError::NoMemory { .. } => "OutOfMemoryError",
        CallError::Failed { .. } => "ExecutionError",
        _ => "ArgumentError",
    };
    let text = match error {
        CallError::Failed { .. } if !excerpt.is_empty() => format!("{error}{excerpt}"),
        _ => message(error),
    };
    exception(py, class, text, &attributes)
}

/// An argument that is refused before the compiled program's own checks.
pub(crate) fn argument(py: Python<'_>, text: String) -> PyErr {
    exception(py, "ArgumentError", text, &PyDict::new(py))
}

/// An access outside of an array.
pub(crate) fn bounds(py: Python<'_>, text: String, array: &str, indices: &[i64], shape: &[i64]) -> PyErr {
    let attributes = PyDict::new(py);
    let set = || {
        attributes.set_item("array", array)?;
        attributes.set_item("index", pyo3::types::PyTuple::new(py, indices)?)?;
        attributes.set_item("shape", pyo3::types::PyTuple::new(py, shape)?)
    };
    match set() {
        Ok(()) => exception(py, "BoundsError", text, &attributes),
        Err(error) => error,
    }
}

/// A program that gave up while it ran.
pub(crate) fn execution(py: Python<'_>, text: String) -> PyErr {
    exception(py, "ExecutionError", text, &PyDict::new(py))
}

/// A graph that is not valid, or a request about it that makes no sense.
pub(crate) fn graph(py: Python<'_>, text: String) -> PyErr {
    exception(py, "InvalidSDFGError", text, &PyDict::new(py))
}

fn code(error: &dyn miette::Diagnostic) -> Option<String> {
    error.code().map(|code| code.to_string())
}

/// One line, and the help in the next.
fn message(error: &dyn miette::Diagnostic) -> String {
    match error.help() {
        Some(help) => format!("{error}\n  help: {help}"),
        None => error.to_string(),
    }
}
