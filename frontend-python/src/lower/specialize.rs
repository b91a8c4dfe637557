//! Calls of plain functions: each is compiled for the arguments of the call.
//!
//! A function without annotations takes its types from what is passed, as a template does: arrays and numbers that are
//! known at run time become arguments of a nested SDFG; everything else (known numbers, tuples, types, functions) is part
//! of the code that is made. What a nested function reads of the function around it is passed along:
//!
//! ```text
//! q = x[0]
//! def scale(v, factor):           scale(v: float64[N], q: float64), with factor = 2
//!     return v * factor + q  ──▶
//! scale(x, 2)
//! ```

use super::callees::Callee;
use super::memory::Occasion;
use super::names::{Free, Reads, assigned, parameter_names};
use super::nested_call::Call;
use super::operate::same_elements;
use super::{Decisions, Dest, GivenArgs, Lowerer, MAX_ATTEMPTS, Result, Stop, lists};
use crate::codes;
use crate::diagnostic::Diagnostic;
use crate::module::{Global, Globals, SourceFile};
use crate::parse::{TextRange, ast};
use crate::promotion::Typed;
use crate::types::{Scalar, Value, View};
use ast::visitor::Visitor;
use dacec_ir::{Array, DType, Expr, IndexMap, IndexSet, Name, ScalarExpr};
use std::sync::Arc;

/// Functions of NumPy that are a few lines of NumPy themselves.
const COMPOSED: [&str; 9] = [
    include_str!("../numpy/composed.py"),
    include_str!("../numpy/polynomials.py"),
    include_str!("../numpy/spectral.py"),
    include_str!("../numpy/arranging.py"),
    include_str!("../numpy/statistics.py"),
    include_str!("../numpy/scientific.py"),
    include_str!("../numpy/special_formulas.py"),
    concat!(include_str!("../numpy/special_each.py"), include_str!("../numpy/special_bessel.py")),
    concat!(include_str!("../numpy/special_each.py"), include_str!("../numpy/special_gamma.py")),
];

/// The functions are nested deeper than this only if they call each other without end.
const MAX_NESTED: usize = 64;

/// More calls than this are expanded only if functions that call each other several times are nested deeply.
const MAX_CALLS: usize = 20_000;

impl Lowerer<'_> {
    /// Calls a plain function with statements of its own.
    pub(super) fn call_specialized(
        &mut self,
        function: &Arc<ast::StmtFunctionDef>,
        given: GivenArgs,
        dest: &Dest,
        range: TextRange,
    ) -> Result<Value> {
        self.check_recursion(&function.name, range)?;
        let parameters = self.given_parameters(Some(&function.parameters), given, range)?;
        let mut passed = if self.is_of_module(function) {
            let mut names = reads(&function.body);
            names.extend(locals(function));
            self.captured_apart(parameters.iter().map(|(_, value)| value), &names, range)?
        } else {
            let itself = Value::Helper(Arc::clone(function));
            let values = std::iter::once(&itself).chain(parameters.iter().map(|(_, value)| value));
            self.captured_apart(values, &locals(function), range)?
        };
        passed.extend(parameters);
        for value in passed.values_mut() {
            *value = self.settle(value.clone());
        }
        self.flush();
        let specialized = self.specialized(function, &passed, range)?;
        self.invoke_specialized(&function.name, specialized, dest, range)
    }

    /// Calls a function of `numpy/composed.py` or a text like it, as a plain function of the user is called.
    pub(crate) fn call_composed(
        &mut self,
        name: &str,
        given: GivenArgs,
        dest: &Dest,
        range: TextRange,
    ) -> Result<Value> {
        let failed = |diagnostics: Vec<Diagnostic>| {
            let reason = diagnostics.first().map_or(String::new(), |it| it.message.clone());
            let message = format!("this call cannot be compiled for these arguments: {reason}");
            Diagnostic::error(codes::UNSUPPORTED_CALL, range, message)
        };
        let head = format!("\ndef {name}(");
        let text = COMPOSED.iter().find(|text| text.contains(&head)).copied().unwrap_or_default();
        let file = SourceFile::of_library("numpy/composed.py", text, self.span(range)).map_err(failed)?;
        let Some(Global::Value(Value::Helper(function))) = file.globals.values.get(name) else {
            return Err(failed(Vec::new()).into());
        };
        let parameters = self.given_parameters(Some(&function.parameters), given, range)?;
        let values = || parameters.iter().map(|(_, value)| value);
        let mut passed = self.captured_apart(values(), &locals(function), range)?;
        self.capture_globals(values(), &mut passed);
        for (name, value) in parameters {
            passed.insert(name, self.settle(value));
        }
        self.flush();
        self.enter(&self.sdfg.name.clone());
        let result = self.attempts(&file.globals, function, &passed);
        self.leave();
        self.invoke_specialized(name, result.map_err(failed)?, dest, range)
    }

    /// What functions among the values refer to in the function around, and what functions that they call refer to there;
    /// or the name that means different things to two of them.
    pub(super) fn captured_by<'v>(
        &'v self,
        values: impl Iterator<Item = &'v Value>,
    ) -> std::result::Result<IndexMap<String, Value>, String> {
        let mut captured: IndexMap<String, &Value> = IndexMap::default();
        let mut pending = Vec::new();
        values.for_each(|value| functions_in(value, &mut pending));
        let mut done = 0;
        while let Some(function) = pending.get(done).copied() {
            done += 1;
            let Some((names, text)) = self.free_names(function) else { continue };
            for name in names {
                let Some(value) = self.env.seen_from(&name, text) else { continue };
                match captured.get(&name) {
                    None => {
                        functions_in(value, &mut pending);
                        captured.insert(name, value);
                    }
                    Some(known) if std::ptr::eq(*known, value) => {}
                    Some(_) => return Err(name),
                }
            }
        }
        Ok(captured.into_iter().map(|(name, value)| (name, value.clone())).collect())
    }

    /// Names that a lambda or nested function refers to in the function around, and where it stands.
    pub(super) fn free_names(&self, function: &Value) -> Option<(IndexSet<String>, TextRange)> {
        match function {
            Value::Lambda(lambda) if !self.is_lambda_of_module(lambda) => {
                Some((Free::of_expression(lambda.parameters.as_deref(), &lambda.body), lambda.range))
            }
            Value::Helper(function) if !self.is_of_module(function) => {
                Some((Free::of_function(function), function.range))
            }
            _ => None,
        }
    }

    /// Adds what functions among the values refer to in the module.
    fn capture_globals<'v>(
        &self,
        values: impl Iterator<Item = &'v Value>,
        captured: &mut IndexMap<String, Value>,
    ) {
        let mut functions = Vec::new();
        values.for_each(|value| functions_in(value, &mut functions));
        for function in functions {
            let names = match function {
                Value::Lambda(it) => Free::of_expression(it.parameters.as_deref(), &it.body),
                Value::Helper(it) => Free::of_function(it),
                _ => continue,
            };
            for name in names {
                if let Some(Global::Value(value)) = self.globals.values.get(&name) {
                    self.depends_on(&name);
                    captured.entry(name).or_insert_with(|| value.clone());
                }
            }
        }
    }

    fn invoke_specialized(
        &mut self,
        name: &str,
        Specialized { callee, types, arguments }: Specialized,
        dest: &Dest,
        range: TextRange,
    ) -> Result<Value> {
        let mut call = Call::default();
        for symbol in callee.sdfg.free_symbols() {
            // A number that is passed gives the symbol of its name the same value.
            let value = match arguments.get(&symbol) {
                Some(number) => self.integer(number, range)?,
                None => Expr::sym(&symbol),
            };
            call.symbols.insert(symbol, value);
        }
        call.arguments = arguments;
        let result = self.invoke(name, &callee, &call, dest, range)?;
        Ok(with_types(result, &types))
    }

    /// The function for these arguments, and the types of what it returns.
    fn specialized(
        &mut self,
        function: &Arc<ast::StmtFunctionDef>,
        passed: &IndexMap<String, Value>,
        range: TextRange,
    ) -> Result<Specialized> {
        self.enter(&self.sdfg.name.clone());
        let result = self.attempts(self.globals, function, passed);
        self.leave();
        result.map_err(|diagnostics| {
            let at_call =
                |it: Diagnostic| if it.labels.len() < 3 { it.also(range, "in this call") } else { it };
            self.diagnostics.extend(diagnostics.into_iter().map(at_call));
            Stop::Reported
        })
    }

    fn attempts(
        &self,
        globals: &Globals,
        function: &Arc<ast::StmtFunctionDef>,
        passed: &IndexMap<String, Value>,
    ) -> std::result::Result<Specialized, Vec<Diagnostic>> {
        let too_many = |message: String| vec![Diagnostic::error(codes::TYPE, function.name.range, message)];
        if self.calls.depth() > MAX_NESTED || self.calls.count() > MAX_CALLS {
            return Err(too_many(format!("there are too many calls inside of calls of `{}`", function.name)));
        }
        let mut decisions = Decisions::default();
        for _ in 0..MAX_ATTEMPTS {
            let mut inner = Lowerer::new(globals, self.calls, &function.name, decisions);
            inner.facts = self.facts.clone();
            let arguments = inner.begin_for(function, passed);
            let occasion = Occasion::of(&inner, function);
            if let Some((callee, types)) = occasion.as_ref().and_then(|it| self.calls.memory.compiled(it)) {
                return Ok(Specialized { callee, types, arguments });
            }
            match inner.statements(function, passed.keys().cloned().collect()) {
                Ok(()) if inner.diagnostics.is_empty() => {
                    let (types, parts) = (inner.return_types(), inner.returned_parts());
                    self.calls.warn(std::mem::take(&mut inner.warnings));
                    let callee = Callee { sdfg: Arc::new(inner.sdfg), parts };
                    if let Some(occasion) = occasion {
                        self.calls.memory.remember(occasion, &callee, &types);
                    }
                    return Ok(Specialized { callee, types, arguments });
                }
                Ok(()) | Err(Stop::Reported) => return Err(inner.complaints(None)),
                Err(Stop::Error(diagnostic)) => return Err(inner.complaints(Some(*diagnostic))),
                Err(Stop::Again) => decisions = inner.decisions,
            }
        }
        Err(too_many(format!("the types of the variables of `{}` do not settle", function.name)))
    }

    /// Begins the function with parameters that stand for these arguments; the result is what its containers are.
    fn begin_for(
        &mut self,
        function: &ast::StmtFunctionDef,
        passed: &IndexMap<String, Value>,
    ) -> IndexMap<Name, Value> {
        self.begin(function);
        for value in passed.values() {
            for symbol in symbols_of(value) {
                self.names.reserve(&symbol);
                self.sdfg.symbols.insert(symbol, DType::Int64);
            }
        }
        let mut arguments = IndexMap::default();
        for (name, value) in passed {
            let value = self.stand_in(name, value, &mut arguments);
            self.env.insert(name.clone(), value);
        }
        arguments
    }

    /// What a value is inside of the function: what is known at run time only becomes an argument.
    fn stand_in(&mut self, name: &str, value: &Value, arguments: &mut IndexMap<Name, Value>) -> Value {
        match value {
            Value::Array(view) => {
                let shape = view.shape();
                // What is passed twice is one array inside too.
                let known = arguments.iter().find_map(|(container, passed)| match passed {
                    Value::Array(passed) if same_elements(passed, view) => Some(container.clone()),
                    _ => None,
                });
                if let Some(container) = known {
                    return Value::Array(View::whole(container, view.dtype, &shape));
                }
                let container = self.fresh(name);
                let mut array = Array::new(view.dtype, shape.clone());
                array.span = self.span(self.place);
                self.add_argument(container.clone(), array.into());
                arguments.insert(container.clone(), value.clone());
                Value::Array(View::whole(container, view.dtype, &shape))
            }
            Value::Cell(cell) => match self.stand_in(name, &Value::Array(cell.clone()), arguments) {
                Value::Array(cell) => Value::Cell(cell),
                other => other,
            },
            Value::Scalar(scalar) if !scalar.is_pure() => {
                let container = self.fresh(name);
                self.add_argument(container.clone(), dacec_ir::Scalar::new(scalar.dtype()).into());
                if scalar.dtype().is_integer() {
                    self.sdfg.symbols.insert(container.clone(), DType::Int64);
                }
                arguments.insert(container.clone(), value.clone());
                Value::Scalar(Scalar { code: ScalarExpr::Name(container), ty: scalar.ty })
            }
            Value::Tuple(items) => {
                let inside = items.clone().map(|item| self.stand_in(name, &item, arguments));
                lists::from_outside(Value::Tuple(inside))
            }
            Value::Zip(items) => {
                Value::Zip(items.iter().map(|item| self.stand_in(name, item, arguments)).collect())
            }
            Value::Grid(shape, Some(view)) => {
                match self.stand_in(name, &Value::Array(view.clone()), arguments) {
                    Value::Array(view) => Value::Grid(shape.clone(), Some(view)),
                    other => other,
                }
            }
            Value::Dict(items) => {
                let items = items.iter();
                Value::Dict(
                    items.map(|(key, item)| (key.clone(), self.stand_in(name, item, arguments))).collect(),
                )
            }
            Value::Method(entry, object) => {
                Value::Method(entry, Box::new(self.stand_in(name, object, arguments)))
            }
            Value::Bound(method, object) => {
                Value::Bound(method.clone(), Box::new(self.stand_in(name, object, arguments)))
            }
            Value::Defaulted(function, defaults) => {
                Value::Defaulted(function.clone(), self.members_in(name, defaults, arguments))
            }
            Value::Namespace(members) => Value::Namespace(self.members_in(name, members, arguments)),
            Value::Instance(class, members) => {
                Value::Instance(class.clone(), self.members_in(name, members, arguments))
            }
            other => other.clone(),
        }
    }
}

impl Lowerer<'_> {
    /// What the members of an object, or values by name, are inside of the function.
    fn members_in(
        &mut self,
        name: &str,
        members: &IndexMap<String, Value>,
        arguments: &mut IndexMap<Name, Value>,
    ) -> IndexMap<String, Value> {
        let inside = members.iter().map(|(member, value)| {
            let argument = format!("{name}_{member}");
            (member.clone(), self.stand_in(&argument, value, arguments))
        });
        inside.collect()
    }
}

/// A function that was compiled for a call.
struct Specialized {
    callee: Callee,
    /// Types of the numbers that it returns.
    types: Vec<Typed>,
    /// What its containers are at the call.
    arguments: IndexMap<Name, Value>,
}

/// Names that the statements refer to.
pub(super) fn reads(statements: &[ast::Stmt]) -> IndexSet<String> {
    let mut reads = Reads::default();
    reads.visit_body(statements);
    reads.0
}

/// Names that belong to the function itself.
pub(super) fn locals(function: &ast::StmtFunctionDef) -> IndexSet<String> {
    let mut names = assigned(&function.body);
    names.extend(parameter_names(Some(&function.parameters)));
    names
}

/// Finds the lambdas and plain functions that the value is or holds.
pub(super) fn functions_in<'v>(value: &'v Value, found: &mut Vec<&'v Value>) {
    match value {
        Value::Helper(_) | Value::Lambda(_) => found.push(value),
        Value::Tuple(items) => items.iter().for_each(|item| functions_in(item, found)),
        Value::Zip(items) => items.iter().for_each(|item| functions_in(item, found)),
        Value::Dict(items) => items.iter().for_each(|(_, item)| functions_in(item, found)),
        Value::Defaulted(function, defaults) => {
            functions_in(function, found);
            defaults.values().for_each(|value| functions_in(value, found));
        }
        _ => {}
    }
}

fn symbols_of(value: &Value) -> Vec<Name> {
    match value {
        Value::Scalar(scalar) => scalar.code.symbols().into_iter().collect(),
        Value::Array(view) => view.shape().iter().flat_map(Expr::symbols).collect(),
        Value::Tuple(items) => items.iter().flat_map(symbols_of).collect(),
        Value::Zip(items) => items.iter().flat_map(symbols_of).collect(),
        Value::Dict(items) => items.iter().flat_map(|(_, value)| symbols_of(value)).collect(),
        Value::Namespace(members) | Value::Instance(_, members) | Value::Defaulted(_, members) => {
            members.values().flat_map(symbols_of).collect()
        }
        Value::Method(_, object) | Value::Bound(_, object) => symbols_of(object),
        Value::Range(start, stop, step) => [start, stop, step].into_iter().flat_map(Expr::symbols).collect(),
        Value::Slice(bounds) => bounds.iter().flatten().flat_map(Expr::symbols).collect(),
        Value::Grid(shape, _) => shape.iter().flat_map(Expr::symbols).collect(),
        _ => Vec::new(),
    }
}

/// The results as values of Python's types where the function computes such.
fn with_types(value: Value, types: &[Typed]) -> Value {
    let typed = |value: Value, ty: Option<&Typed>| match (value, ty) {
        (Value::Scalar(scalar), Some(ty)) if ty.dtype == scalar.dtype() => {
            Value::Scalar(Scalar { ty: *ty, ..scalar })
        }
        (other, _) => other,
    };
    match value {
        Value::Tuple(items) => {
            let items = items.into_iter().enumerate();
            Value::Tuple(items.map(|(k, item)| typed(item, types.get(k))).collect())
        }
        one => typed(one, types.first()),
    }
}
