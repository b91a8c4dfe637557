//! From a function's text to a graph, and from a graph to a shared library; other Python threads run meanwhile, and
//! Ctrl-C works.

use crate::graph::Graph;
use crate::{captured, errors};
use dacec::{Compiled, Compiler, Options};
use dacec_frontend::{Diagnostic, SourceFile};
use dacec_runtime::{FpMode, OptLevel};
use pyo3::exceptions::{PyRuntimeError, PyValueError};
use pyo3::prelude::*;
use pyo3::types::PyDict;
use std::sync::Arc;
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::time::Duration;

/// How long Ctrl-C may take to be noticed.
const PATIENCE: Duration = Duration::from_millis(20);

/// The front end follows nested expressions by recursion; this is room for all that it accepts.
const STACK: usize = 64 << 20;

/// Does `work` in another thread, and waits without the interpreter's lock. When Python has an exception to raise, as
/// after Ctrl-C, the wait ends with it; the work then ends for itself, and its result is dropped.
pub(crate) fn interruptible<T: Send + 'static>(
    py: Python<'_>,
    work: impl FnOnce() -> T + Send + 'static,
) -> PyResult<T> {
    let (sender, receiver) = channel();
    let run = move || {
        // Nobody listens any more after an interrupt.
        let _ = sender.send(work());
    };
    std::thread::Builder::new()
        .name("dacec compile".into())
        .stack_size(STACK)
        .spawn(run)
        .map_err(|error| PyRuntimeError::new_err(format!("no thread for compiling: {error}")))?;
    let receiver = std::sync::Mutex::new(receiver);
    loop {
        let wait = || match receiver.lock() {
            Ok(receiver) => receiver.recv_timeout(PATIENCE),
            Err(_) => Err(RecvTimeoutError::Disconnected),
        };
        match py.detach(wait) {
            Ok(result) => return Ok(result),
            Err(RecvTimeoutError::Timeout) => py.check_signals()?,
            Err(RecvTimeoutError::Disconnected) => {
                return Err(PyRuntimeError::new_err("dacec failed; please report what it has printed"));
            }
        }
    }
}

/// Compiles a function of a text to a graph; the names on whose values that depends come with it.
#[pyfunction]
#[pyo3(signature = (file, text, function, line, captured, parameters, symbols, fallbacks))]
#[expect(clippy::too_many_arguments, reason = "called by keyword, from one place")]
pub(crate) fn lower(
    py: Python<'_>,
    file: String,
    text: String,
    function: String,
    line: usize,
    captured: &Bound<'_, PyDict>,
    parameters: &Bound<'_, PyDict>,
    symbols: Vec<(String, String)>,
    fallbacks: &Bound<'_, PyDict>,
) -> PyResult<(Graph, Vec<String>)> {
    let environment = captured::environment(captured, parameters, symbols, fallbacks)?;
    let lowered = interruptible(py, move || {
        let source = SourceFile::for_function(&file, &text, &function, line, &environment)?;
        let lowered = source.lower_and_warn(&function)?;
        Ok((lowered.sdfg, lowered.used_names))
    })?;
    lowered
        .map(|(sdfg, used)| (Graph::new(sdfg), used))
        .map_err(|diagnostics: Vec<Diagnostic>| errors::source(py, &diagnostics))
}

/// A compiled program: the library and how it came about.
#[pyclass(module = "dacec._native", frozen)]
pub(crate) struct Library {
    pub(crate) compiled: Arc<Compiled>,
}

#[pymethods]
impl Library {
    /// The path of the shared library, in the build cache.
    #[getter]
    fn path(&self) -> String {
        self.compiled.library.display().to_string()
    }

    /// Whether the library was in the cache already.
    #[getter]
    fn cached(&self) -> bool {
        self.compiled.cached
    }

    /// The program's interface, as text.
    #[getter]
    fn signature(&self) -> String {
        self.compiled.signature.to_string()
    }

    /// The emitted C++ code.
    #[getter]
    fn code(&self) -> &str {
        &self.compiled.generated.kernel_unit
    }

    /// The C header.
    #[getter]
    fn header(&self) -> &str {
        &self.compiled.generated.header
    }

    /// The graph that the code was made from.
    #[getter]
    fn graph(&self) -> Graph {
        Graph::new(self.compiled.sdfg.clone())
    }

    /// Where compile time went: phases with their seconds, in order.
    #[getter]
    fn phases(&self) -> Vec<(&'static str, f64)> {
        self.compiled.phases.iter().map(|(name, time)| (name, time.as_secs_f64())).collect()
    }

    /// Writes the library, its header, a wrapper and the graph into a folder; returns the paths.
    fn save(&self, py: Python<'_>, folder: &str) -> PyResult<Vec<String>> {
        let files = dacec::artifacts::write(&self.compiled, folder.as_ref(), None)
            .map_err(|error| errors::compilation(py, &error))?;
        Ok(files.iter().map(|file| file.display().to_string()).collect())
    }
}

/// Compiles a graph. `passes` says how much the graph is rewritten before, `opt` how much the C++ compiler optimizes.
#[pyfunction]
#[pyo3(signature = (graph, source, passes, opt, fp, march, openmp))]
#[expect(clippy::too_many_arguments, reason = "called by keyword, from one place")]
pub(crate) fn compile(
    py: Python<'_>,
    graph: &Graph,
    source: Option<String>,
    passes: &str,
    opt: &str,
    fp: &str,
    march: String,
    openmp: bool,
) -> PyResult<Library> {
    let options = Options {
        passes: Some(level(passes)?),
        opt: level(opt)?,
        fp: match fp {
            "default" => FpMode::Default,
            "strict" => FpMode::Strict,
            "fast" => FpMode::Fast,
            other => return Err(PyValueError::new_err(format!("`{other}` is no floating-point mode"))),
        },
        march,
        openmp,
        ..Options::default()
    };
    let sdfg = Arc::clone(&graph.sdfg);
    let compiled = interruptible(py, move || {
        Compiler::new(options)?.compile_with_source((*sdfg).clone(), source.as_deref())
    })?;
    match compiled {
        Ok(compiled) => Ok(Library { compiled: Arc::new(compiled) }),
        Err(error) => Err(errors::compilation(py, &error)),
    }
}

fn level(text: &str) -> PyResult<OptLevel> {
    match text {
        "O0" => Ok(OptLevel::O0),
        "O1" => Ok(OptLevel::O1),
        "O3" => Ok(OptLevel::O3),
        other => Err(PyValueError::new_err(format!("`{other}` is no optimization level: O0, O1, O3"))),
    }
}
