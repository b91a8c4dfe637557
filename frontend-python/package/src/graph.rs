//! An SDFG that Python holds.

use crate::errors;
use dacec_ir::callback::Callback;
use dacec_ir::data::c_strides;
use dacec_ir::json::{self, Folder, ReadOptions};
use dacec_ir::validate::validate;
use dacec_ir::{Data, Sdfg, dot, svg, text};
use dacec_transforms::{Context, InvalidAfter, Pipeline, auto, registry, simplify};
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyDict};
use std::path::PathBuf;
use std::sync::Arc;

/// A stateful dataflow multigraph. Methods that change it are called by one thread at a time.
#[pyclass(module = "dacec._native")]
#[derive(Clone)]
pub(crate) struct Graph {
    pub(crate) sdfg: Arc<Sdfg>,
}

#[pymethods]
impl Graph {
    /// Reads the bytes of an `.sdfg` file. Only a trusted one may have code in other languages, and call functions of
    /// Python. Nested graphs that are files of their own lie in the folder.
    #[staticmethod]
    #[pyo3(signature = (bytes, trust_code=false, folder=None))]
    fn from_json(py: Python<'_>, bytes: &[u8], trust_code: bool, folder: Option<PathBuf>) -> PyResult<Graph> {
        let folder = folder.map(Folder::new);
        let options = ReadOptions { trust_code, folder: folder.as_ref() };
        let sdfg =
            json::from_slice_with(bytes, options).map_err(|error| errors::graph(py, error.to_string()))?;
        Graph::valid(py, sdfg)
    }

    /// Reads the text form.
    #[staticmethod]
    fn from_text(py: Python<'_>, source: &str) -> PyResult<Graph> {
        let sdfg = text::parse(source).map_err(|error| errors::graph(py, error.to_string()))?;
        Graph::valid(py, sdfg)
    }

    /// The bytes of an `.sdfg` file.
    fn to_json<'py>(&self, py: Python<'py>) -> Bound<'py, PyBytes> {
        PyBytes::new(py, json::to_string(&self.sdfg).as_bytes())
    }

    /// The graph in the text form, for people.
    fn to_text(&self) -> String {
        text::print(&self.sdfg)
    }

    /// The graph in Graphviz' language.
    fn to_dot(&self) -> String {
        dot::to_dot(&self.sdfg)
    }

    /// A drawing of the graph.
    fn to_svg(&self) -> String {
        svg::to_svg(&self.sdfg)
    }

    /// A graph that is changed independently.
    fn copy(&self) -> Graph {
        self.clone()
    }

    #[getter]
    fn name(&self) -> &str {
        &self.sdfg.name
    }

    #[setter]
    fn set_name(&mut self, name: &str) {
        Arc::make_mut(&mut self.sdfg).name = name.into();
    }

    /// Names of the containers that the caller passes, in order.
    #[getter]
    fn arguments(&self) -> Vec<String> {
        self.sdfg.arguments.iter().map(ToString::to_string).collect()
    }

    /// Names of the containers that the caller receives, in order.
    #[getter]
    fn returns(&self) -> Vec<String> {
        self.sdfg.returns.iter().map(ToString::to_string).collect()
    }

    /// Names of the symbols that the caller must give if no shape tells them.
    #[getter]
    fn free_symbols(&self) -> Vec<String> {
        self.sdfg.free_symbols().iter().map(ToString::to_string).collect()
    }

    /// What each container is: element type, extents and strides as texts, whether it is internal.
    fn containers<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
        let all = PyDict::new(py);
        for (name, data) in &self.sdfg.containers {
            let texts = |exprs: &[dacec_ir::Expr]| exprs.iter().map(ToString::to_string).collect::<Vec<_>>();
            let one = PyDict::new(py);
            one.set_item("scalar", matches!(data, Data::Scalar(_)))?;
            one.set_item("dtype", data.dtype().to_string())?;
            one.set_item("shape", texts(data.shape()))?;
            one.set_item("strides", texts(data.strides()))?;
            one.set_item("c_order", data.strides() == c_strides(data.shape()))?;
            one.set_item("transient", data.is_transient())?;
            all.set_item(name.to_string(), one)?;
        }
        Ok(all)
    }

    /// The calls of Python functions: names, lines, and why they are not compiled.
    fn callbacks(&self) -> Vec<(String, u32, String)> {
        let all = Callback::all(&self.sdfg).into_iter();
        all.map(|call| (call.function, call.line, call.reason)).collect()
    }

    /// Numbers of states, of maps and of internal arrays; of this graph without the ones nested in it.
    fn counts(&self) -> (usize, usize, usize) {
        let states = self.sdfg.body.states();
        let maps = |state: &&dacec_ir::State| {
            state.nodes().filter(|(_, node)| matches!(node, dacec_ir::Node::MapEntry(_))).count()
        };
        let transients = self.sdfg.containers.values().filter(|data| data.is_transient() && data.rank() > 0);
        (states.len(), states.iter().map(maps).sum(), transients.count())
    }

    /// Raises if a rule is broken.
    fn validate(&self, py: Python<'_>) -> PyResult<()> {
        check(py, &self.sdfg)
    }

    /// Runs the pipeline that cleans up after front ends; whether anything changed.
    fn simplify(&mut self, py: Python<'_>) -> PyResult<bool> {
        self.run(py, simplify)
    }

    /// Runs the pipeline that makes programs fast; whether anything changed.
    fn auto_optimize(&mut self, py: Python<'_>) -> PyResult<bool> {
        self.run(py, auto::auto_optimize)
    }

    /// Replaces library nodes by their implementations; whether anything changed.
    fn expand_library_nodes(&mut self, py: Python<'_>) -> PyResult<bool> {
        self.run(py, auto::expand_libraries)
    }

    /// Runs the pass that a text names, such as `MapFusion`; how many rewrites it made.
    fn apply(&mut self, py: Python<'_>, request: &str, limit: Option<usize>) -> PyResult<usize> {
        let pass = registry::request(request)
            .map_err(|error| pyo3::exceptions::PyKeyError::new_err(error.to_string()))?;
        let options = dacec_transforms::Options { bisect_limit: limit, ..Default::default() };
        let mut context = Context::new(options);
        let sdfg = Arc::make_mut(&mut self.sdfg);
        let changed = dacec_transforms::run_pass(pass.as_ref(), sdfg, &mut context)
            .map_err(|error| errors::graph(py, error.to_string()))?;
        let rewrites: usize = context.rewrites().values().sum();
        Ok(rewrites.max(usize::from(changed.any())))
    }

    /// Every pass that can be asked for, with one sentence.
    #[staticmethod]
    fn passes() -> Vec<(String, String)> {
        let made = registry::entries().into_iter().filter_map(|entry| registry::request(entry.name).ok());
        made.map(|pass| (pass.name().to_owned(), pass.summary().to_owned())).collect()
    }

    fn __eq__(&self, other: &Graph) -> bool {
        self.sdfg == other.sdfg
    }
}

impl Graph {
    pub(crate) fn new(sdfg: Sdfg) -> Graph {
        Graph { sdfg: Arc::new(sdfg) }
    }

    fn valid(py: Python<'_>, sdfg: Sdfg) -> PyResult<Graph> {
        check(py, &sdfg)?;
        Ok(Graph::new(sdfg))
    }

    fn run(&mut self, py: Python<'_>, pipeline: fn() -> Pipeline) -> PyResult<bool> {
        let mut sdfg = (*self.sdfg).clone();
        let run = move || -> Result<(Sdfg, bool), InvalidAfter> {
            let changed = pipeline().run(&mut sdfg, &mut Context::default())?;
            Ok((sdfg, changed.any()))
        };
        let (sdfg, changed) =
            crate::build::interruptible(py, run)?.map_err(|error| errors::graph(py, error.to_string()))?;
        self.sdfg = Arc::new(sdfg);
        Ok(changed)
    }
}

fn check(py: Python<'_>, sdfg: &Sdfg) -> PyResult<()> {
    validate(sdfg).map_err(|violations| {
        let lines: Vec<String> = violations.iter().map(ToString::to_string).collect();
        errors::graph(py, lines.join("\n"))
    })
}
