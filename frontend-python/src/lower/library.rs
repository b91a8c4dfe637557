//! Functions of NumPy that are written in Python themselves: `library.py`, `formulas.py`, `random.py` and
//! `distributions.py` in `numpy`.
//!
//! Where an operation is a loop (sorting, searching, running sums) or a formula over arrays (a covariance, a
//! pseudo-inverse), its meaning is easier to read as the function that it is than as calls that build it. A call takes the function's text, annotates its parameters with
//! the types and extents of the arguments, puts constants in front, and compiles it as if the user had written it:
//!
//! ```text
//! np.cumsum(x)                          N = dace.symbol("N")
//!   x: float64[N]                       op = np.add
//!                                       @dace.program
//! def scan(x, out):            ──▶      def scan(x: dace.float64[N], out: dace.float64[N]):
//!     ...                                   ...
//! ```
//!
//! Equal extents of the arguments become one symbol, so that what is equal at the call is provably equal inside.

use super::callees::Callee;
use super::nested_call::Call;
use super::{Dest, Lowerer, Result};
use crate::codes;
use crate::diagnostic::Diagnostic;
use crate::module::SourceFile;
use crate::parse::TextRange;
use crate::types::{Value, View};
use dacec_ir::library::LibraryOp;
use dacec_ir::node::LibraryNode;
use dacec_ir::{DType, Expr, IndexMap, Memlet, Name, Node};
use std::fmt::Write;
use std::sync::Arc;

/// The texts of the functions. Every one starts with what all functions can use.
const TEXTS: [&str; 4] = [
    include_str!("../numpy/library.py"),
    include_str!("../numpy/formulas.py"),
    include_str!("../numpy/random.py"),
    include_str!("../numpy/distributions.py"),
];

/// A call of a library function that is being put together.
pub(crate) struct Library {
    function: &'static str,
    arguments: Vec<Argument>,
    /// Where the number that the function returns for each row goes.
    results: Option<View>,
    constants: Vec<(&'static str, String)>,
    /// Plain functions that the function calls.
    helpers: &'static [&'static str],
}

/// An argument of a library function.
struct Argument {
    parameter: &'static str,
    value: Value,
    /// Whether the function gets one row of it at a time.
    by_row: bool,
}

impl Library {
    /// A call of the function of that name.
    pub(crate) fn new(function: &'static str) -> Self {
        Library { function, arguments: Vec::new(), results: None, constants: Vec::new(), helpers: &[] }
    }

    /// Says which other functions of the library the function calls.
    pub(crate) fn helpers(mut self, names: &'static [&'static str]) -> Self {
        self.helpers = names;
        self
    }

    /// Passes an array.
    pub(crate) fn array(self, parameter: &'static str, view: &View) -> Self {
        self.value(parameter, Value::Array(view.clone()))
    }

    /// Passes an array or a number.
    pub(crate) fn value(mut self, parameter: &'static str, value: Value) -> Self {
        self.arguments.push(Argument { parameter, value, by_row: false });
        self
    }

    /// Passes an array row by row: the function is called for each index of the first axis, in parallel.
    pub(crate) fn rows(mut self, parameter: &'static str, view: &View) -> Self {
        self.arguments.push(Argument { parameter, value: Value::Array(view.clone()), by_row: true });
        self
    }

    /// The vector that receives what the function returns for each row.
    pub(crate) fn results(mut self, view: &View) -> Self {
        self.results = Some(view.clone());
        self
    }

    /// Gives a name that the function uses a value that is known, as Python text.
    pub(crate) fn constant(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.constants.push((name, value.into()));
        self
    }

    fn by_row(&self) -> bool {
        self.arguments.iter().any(|argument| argument.by_row)
    }

    /// The module with the function as it is called, and the symbols that stand for extents.
    fn instantiated(&self) -> (String, IndexMap<Expr, Name>) {
        let mut extents: IndexMap<Expr, Name> = IndexMap::default();
        let (mut own, mut outer) = (Vec::new(), Vec::new());
        for Argument { parameter, value, by_row } in &self.arguments {
            let (dtype, shape) = match value {
                Value::Array(view) => (view.dtype, named(&view.shape(), &mut extents)),
                Value::Scalar(scalar) => (scalar.dtype(), Vec::new()),
                _ => continue,
            };
            own.push(format!("{parameter}: {}", annotated(dtype, &shape[usize::from(*by_row)..])));
            outer.push(format!("{parameter}: {}", annotated(dtype, &shape)));
        }
        if let Some(results) = &self.results {
            let shape = named(&results.shape(), &mut extents);
            outer.push(format!("__results: {}", annotated(results.dtype, &shape)));
        }
        let mut text = header().to_owned();
        for symbol in extents.values() {
            let _ = writeln!(text, "{symbol} = dace.symbol('{symbol}')");
        }
        for (name, value) in &self.constants {
            let _ = writeln!(text, "{name} = {value}");
        }
        for name in self.helpers {
            let _ = write!(text, "def {name}({}):\n{}", parameters_of(name), body_of(name));
        }
        let (function, body) = (self.function, body_of(self.function));
        let _ = write!(text, "@dace.program\ndef {function}({}):\n{body}", own.join(", "));
        if self.by_row() {
            self.add_rows(&mut text, &outer);
        }
        (text, extents)
    }

    /// A function that calls the function for every row.
    fn add_rows(&self, text: &mut String, parameters: &[String]) {
        let row = |it: &Argument| match it.by_row {
            true => format!("{}[__row]", it.parameter),
            false => it.parameter.to_owned(),
        };
        let passed: Vec<String> = self.arguments.iter().map(row).collect();
        let first = self.arguments.iter().find(|it| it.by_row).map_or("", |it| it.parameter);
        let target = if self.results.is_some() { "__results[__row] = " } else { "" };
        let _ = write!(
            text,
            "@dace.program\ndef rows({}):\n    for __row in dace.map[0:{first}.shape[0]]:\n        {target}{}({})\n",
            parameters.join(", "),
            self.function,
            passed.join(", "),
        );
    }
}

/// Extents as text: symbols stand for those that are not known.
fn named(shape: &[Expr], extents: &mut IndexMap<Expr, Name>) -> Vec<String> {
    let mut texts = Vec::new();
    for extent in shape {
        texts.push(match extent.as_int() {
            Some(known) => known.to_string(),
            None => {
                let next = Name::from(format!("__extent{}", extents.len()));
                extents.entry(extent.clone()).or_insert(next).to_string()
            }
        });
    }
    texts
}

fn annotated(dtype: DType, shape: &[String]) -> String {
    let name = if dtype == DType::Bool { "bool_" } else { dtype.name() };
    match shape {
        [] => format!("dace.{name}"),
        shape => format!("dace.{name}[{}]", shape.join(", ")),
    }
}

/// What every function of the library can use.
fn header() -> &'static str {
    let text = TEXTS[0];
    text.find("\n\n\ndef ").map_or(text, |at| &text[..at + 1])
}

/// The text of a function of the library after its name.
fn text_of(function: &str) -> &'static str {
    let start = format!("\ndef {function}(");
    let found = TEXTS.iter().find_map(|text| text.find(&start).map(|at| &text[at + start.len()..]));
    let text = found.unwrap_or_default();
    let end = text.find("\n\n\n").map_or(text.len(), |at| at + 1);
    &text[..end]
}

/// The names of its parameters.
fn parameters_of(function: &str) -> &'static str {
    text_of(function).split_once("):\n").map_or("", |(parameters, _)| parameters)
}

/// The lines after its first one.
fn body_of(function: &str) -> &'static str {
    text_of(function).split_once("):\n").map_or("", |(_, body)| body)
}

impl Lowerer<'_> {
    /// Calls a function of the library.
    pub(crate) fn call_library(&mut self, library: &Library, dest: &Dest, range: TextRange) -> Result<Value> {
        let (text, extents) = library.instantiated();
        let failed = |diagnostics: Vec<Diagnostic>| {
            let reason = diagnostics.first().map_or(String::new(), |it| it.message.clone());
            let message = format!("this call cannot be compiled for these arguments: {reason}");
            Diagnostic::error(codes::UNSUPPORTED_CALL, range, message)
        };
        let (name, place) = (if library.by_row() { "rows" } else { library.function }, self.span(range));
        let compile = |text: &str| SourceFile::at("numpy/library.py", text, place)?.lower(name);
        let mut callee = self.calls.memory.graph_of(text, place, compile).map_err(failed)?;
        callee.name = library.function.into();
        callee.file.clone_from(&self.sdfg.file);
        let free = callee.free_symbols();
        let mut call = Call::default();
        for argument in &library.arguments {
            let parameter = Name::from(argument.parameter);
            if free.contains(&parameter) {
                let value = self.integer(&argument.value, range)?;
                call.symbols.insert(parameter.clone(), value);
            }
            call.arguments.insert(parameter, argument.value.clone());
        }
        if let Some(results) = &library.results {
            call.arguments.insert("__results".into(), Value::Array(results.clone()));
        }
        for (extent, symbol) in extents.into_iter().filter(|(_, symbol)| free.contains(symbol)) {
            call.symbols.insert(symbol, extent);
        }
        let callee = Callee { sdfg: Arc::new(callee), parts: Vec::new() };
        self.invoke(library.function, &callee, &call, dest, range)
    }

    /// Adds a library node for an operation on views whose elements are those of their subsets, in order of their containers'
    /// dimensions.
    pub(crate) fn operate(
        &mut self,
        op: impl LibraryOp + 'static,
        inputs: &[(Name, &View)],
        output: &View,
        range: TextRange,
    ) {
        let node = Node::Library(LibraryNode {
            label: op.name().to_lowercase().as_str().into(),
            op: Arc::new(op),
            implementation: None,
            span: self.span(range),
        });
        let memlet = |view: &View| Memlet::new(&view.container, view.subset.clone());
        let inputs: Vec<(Name, Memlet)> =
            inputs.iter().map(|(name, view)| (name.clone(), memlet(view))).collect();
        self.add_operation(node, &inputs, &[("_out".into(), memlet(output))]);
        self.flush();
    }
}
