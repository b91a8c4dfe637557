//! A source file: its imports, symbols, constants, presets and annotated functions.
//!
//! The module is scanned once, in order. What a name stands for is found by the same evaluation as inside functions; a
//! value that cannot be found is kept as an error, which is reported only if a compiled function uses the name. So a file
//! may import and compute whatever it likes.

use crate::capture::{self, Environment, Known, Parameter};
use crate::classes::{Class, assigned_members};
use crate::codes;
use crate::diagnostic::Diagnostic;
use crate::lower::{self, Calls, Decisions, Lowerer, Stop};
use crate::numpy;
use crate::parse::{Lines, Ranged, TextRange, ast, parse};
use crate::presets::Presets;
use crate::types::{Module, PythonObject, Value};
use dacec_ir::{DType, IndexMap, IndexSet, Name, Sdfg};
use miette::NamedSource;
use std::cell::RefCell;
use std::collections::HashMap;
use std::path::Path;
use std::sync::Arc;

/// What a module-level name stands for.
#[derive(Clone, Debug)]
pub(crate) enum Global {
    /// A value.
    Value(Value),
    /// Nothing that can be used, and why.
    Broken(Box<Diagnostic>),
}

/// A parameter of a function that can be called: its name, and its default if it has one.
pub(crate) type CalleeParameter = (String, Option<CalleeDefault>);

/// The default value of a parameter.
#[derive(Clone, Debug)]
pub(crate) enum CalleeDefault {
    /// As it is written.
    Text(ast::Expr),
    /// As the interpreter has it.
    Value(Value),
}

/// An annotated function that is a graph already.
#[derive(Clone, Debug)]
pub(crate) struct Graph {
    /// What it does.
    pub(crate) sdfg: Arc<Sdfg>,
    /// Its parameters, with their default values.
    pub(crate) parameters: Vec<(String, Option<Value>)>,
}

/// An annotated function.
#[derive(Clone, Debug)]
pub(crate) struct Program {
    /// Its syntax.
    pub(crate) function: Arc<ast::StmtFunctionDef>,
    /// What is known of its parameters besides their annotations.
    pub(crate) parameters: IndexMap<String, Known>,
}

impl Program {
    /// Names of the parameters, with their default values.
    pub(crate) fn parameters(&self) -> Vec<(String, Option<ast::Expr>)> {
        let parameters = self.function.parameters.iter_non_variadic_params();
        parameters.map(|it| (it.name().to_string(), it.default().cloned())).collect()
    }
}

/// Everything that a function of the module can refer to.
#[derive(Clone, Debug)]
pub(crate) struct Globals {
    /// Name of the file.
    pub(crate) file: String,
    /// Its text.
    pub(crate) text: String,
    /// Its lines.
    pub(crate) lines: Lines,
    /// Module-level names.
    pub(crate) values: IndexMap<String, Global>,
    /// Symbols that the module defines.
    pub(crate) symbols: IndexMap<Name, DType>,
    /// Annotated functions, in order.
    pub(crate) programs: IndexMap<String, Program>,
    /// Annotated functions that were compiled to graphs elsewhere.
    pub(crate) graphs: IndexMap<String, Graph>,
    /// Members of objects that functions of the file assign.
    pub(crate) assigned_members: IndexSet<String>,
    /// Functions of the file that the interpreter can call where they cannot be compiled, by the places of their names.
    pub(crate) fallbacks: HashMap<TextRange, PythonObject>,
    /// Whether code in other languages is accepted.
    pub(crate) trusted: bool,
}

impl Globals {
    /// The parameters of an annotated function; none if there is no such function.
    pub(crate) fn parameters(&self, program: &str) -> Vec<CalleeParameter> {
        if let Some(graph) = self.graphs.get(program) {
            let default = |it: &Option<Value>| it.clone().map(CalleeDefault::Value);
            return graph.parameters.iter().map(|(name, it)| (name.clone(), default(it))).collect();
        }
        let parameters = self.programs.get(program).map(Program::parameters).unwrap_or_default();
        parameters.into_iter().map(|(name, default)| (name, default.map(CalleeDefault::Text))).collect()
    }

    /// The text at a place.
    pub(crate) fn source(&self, range: TextRange) -> &str {
        self.text.get(range.start().to_usize()..range.end().to_usize()).unwrap_or_default()
    }
}

/// A Python file, parsed and scanned.
#[derive(Clone, Debug)]
pub struct SourceFile {
    source: Arc<NamedSource<String>>,
    pub(crate) globals: Globals,
    presets: Presets,
}

impl SourceFile {
    /// Reads a file's text; `name` is what messages call the file.
    pub fn parse(name: &str, text: &str) -> Result<SourceFile, Vec<Diagnostic>> {
        let (mut file, suite) = SourceFile::read(name, text)?;
        suite.into_iter().for_each(|statement| file.scan(statement));
        Ok(file)
    }

    /// Reads a file's text for one function of it, anywhere in the file, about which a running interpreter knows more.
    ///
    /// `line` is where the function or its first decorator begins, counted from 1.
    pub fn for_function(
        name: &str,
        text: &str,
        function: &str,
        line: usize,
        environment: &Environment,
    ) -> Result<SourceFile, Vec<Diagnostic>> {
        let (mut file, suite) = SourceFile::read(name, text)?;
        suite.iter().for_each(|statement| file.scan(statement.clone()));
        // The interpreter runs the file already.
        file.trust_code();
        match capture::install(&mut file.globals, &suite, function, line, environment) {
            Ok(()) => Ok(file),
            Err(diagnostic) => Err(vec![diagnostic.with_source(&file.source)]),
        }
    }

    /// A file of which nothing is known yet, and its statements.
    fn read(name: &str, text: &str) -> Result<(SourceFile, ast::Suite), Vec<Diagnostic>> {
        let source = Arc::new(NamedSource::new(name, text.to_owned()).with_language("Python"));
        let suite = parse(text).map_err(|errors| {
            let diagnostics = errors.into_iter().map(|(message, range)| {
                Diagnostic::error(codes::SYNTAX, range, format!("invalid syntax: {message}"))
                    .label("the parser stopped here")
                    .help("Python must accept the file before dacec can compile it")
                    .with_source(&source)
            });
            diagnostics.collect::<Vec<_>>()
        })?;
        let globals = Globals {
            file: name.to_owned(),
            text: text.to_owned(),
            lines: Lines::new(text),
            values: IndexMap::default(),
            symbols: IndexMap::default(),
            programs: IndexMap::default(),
            graphs: IndexMap::default(),
            assigned_members: IndexSet::default(),
            fallbacks: HashMap::new(),
            trusted: false,
        };
        Ok((SourceFile { source, globals, presets: Presets::default() }, suite))
    }

    /// Reads a text that was made for a call: everything in it is at the place of the call.
    pub(crate) fn at(name: &str, text: &str, span: dacec_ir::Span) -> Result<SourceFile, Vec<Diagnostic>> {
        let mut file = SourceFile::parse(name, text)?;
        file.globals.lines = Lines::Call(span);
        Ok(file)
    }

    /// As [`at`](Self::at), for a text of the library, which a thread parses once.
    pub(crate) fn of_library(
        name: &str,
        text: &'static str,
        span: dacec_ir::Span,
    ) -> Result<SourceFile, Vec<Diagnostic>> {
        thread_local! {
            static FILES: RefCell<HashMap<&'static str, SourceFile>> = RefCell::default();
        }
        let known = FILES.with_borrow(|files| files.get(text).cloned());
        let mut file = match known {
            Some(file) => file,
            None => {
                let file = SourceFile::parse(name, text)?;
                FILES.with_borrow_mut(|files| files.insert(text, file.clone()));
                file
            }
        };
        file.globals.lines = Lines::Call(span);
        Ok(file)
    }

    /// Accepts tasklets in other languages than Python, which run with the rights of the user.
    pub fn trust_code(&mut self) {
        self.globals.trusted = true;
    }

    /// The file's text.
    pub fn text(&self) -> &str {
        self.source.inner()
    }

    /// Gives parameters of an annotated function that have no annotation of their own these types: those of example
    /// arguments.
    pub fn give_types(
        &mut self,
        program: &str,
        types: &IndexMap<String, Parameter>,
    ) -> Result<(), Box<Diagnostic>> {
        capture::give_types(&mut self.globals, program, types)
            .map_err(|diagnostic| Box::new(diagnostic.with_source(&self.source)))
    }

    /// Names of the parameters of an annotated function that have no annotation.
    pub fn untyped(&self, program: &str) -> Vec<String> {
        let function = self.globals.programs.get(program).map(|it| &it.function);
        let parameters = function.into_iter().flat_map(|it| it.parameters.iter_non_variadic_params());
        parameters.filter(|it| it.annotation().is_none()).map(|it| it.name().to_string()).collect()
    }

    /// Names of the annotated functions, in order.
    pub fn programs(&self) -> Vec<&str> {
        self.globals.programs.keys().map(String::as_str).collect()
    }

    /// The function that is meant when none is named: the one named like the file, else the last that is not the
    /// initializer of a benchmark.
    pub fn default_program(&self) -> Option<&str> {
        let stem = Path::new(&self.globals.file).file_stem().and_then(|stem| stem.to_str());
        let names = || self.globals.programs.keys().map(String::as_str);
        names()
            .find(|name| Some(*name) == stem)
            .or_else(|| names().rfind(|name| *name != "initialize"))
            .or_else(|| names().next_back())
    }

    /// Problem sizes for benchmarks, from the file's `presets` dictionary.
    pub fn presets(&self) -> &Presets {
        &self.presets
    }

    /// Default values of the function's scalar parameters, by name.
    pub fn defaults(&self, program: &str) -> IndexMap<String, f64> {
        let parameters = self.globals.programs.get(program).map(Program::parameters).unwrap_or_default();
        parameters
            .into_iter()
            .filter_map(|(name, default)| match self.evaluate(&default?) {
                Ok((Value::Scalar(scalar), _)) => Some((name, scalar.as_f64()?)),
                _ => None,
            })
            .collect()
    }

    /// Each message once, with the file's text.
    pub(crate) fn told(&self, diagnostics: Vec<Diagnostic>) -> Vec<Diagnostic> {
        let mut seen: Vec<Diagnostic> = Vec::new();
        for diagnostic in diagnostics {
            if !seen.iter().any(|it| it.labels == diagnostic.labels && it.code == diagnostic.code) {
                seen.push(diagnostic.with_source(&self.source));
            }
        }
        seen
    }

    fn scan(&mut self, statement: ast::Stmt) {
        self.globals.assigned_members.extend(assigned_members(&statement));
        match statement {
            ast::Stmt::Import(it) => it.names.iter().for_each(|alias| self.import(alias)),
            ast::Stmt::ImportFrom(it) => self.import_from(&it),
            ast::Stmt::FunctionDef(it) => self.function(it),
            ast::Stmt::ClassDef(it) => self.class(&it),
            ast::Stmt::Assign(it) => {
                for target in &it.targets {
                    self.define(target, &it.value);
                }
            }
            ast::Stmt::AnnAssign(it) => self.define_annotated(&it),
            ast::Stmt::If(it) => it.body.into_iter().for_each(|statement| self.scan(statement)),
            ast::Stmt::Try(it) => it.body.into_iter().for_each(|statement| self.scan(statement)),
            _ => {}
        }
    }

    fn import(&mut self, alias: &ast::Alias) {
        let full = alias.name.as_str();
        let (name, module) = match &alias.asname {
            Some(name) => (name.as_str(), numpy::module(full)),
            None => {
                let first = full.split('.').next().unwrap_or(full);
                (first, numpy::module(first))
            }
        };
        self.set(name, Value::Module(module));
    }

    fn import_from(&mut self, it: &ast::StmtImportFrom) {
        let module = numpy::module(it.module.as_ref().map_or("", |name| name.as_str()));
        for alias in &it.names {
            let bound = alias.asname.as_ref().unwrap_or(&alias.name).to_string();
            let global = match numpy::member(module, &alias.name) {
                Some(value) => Global::Value(value),
                None => {
                    let message = format!("`{}` cannot be compiled", alias.name);
                    let diagnostic = Diagnostic::error(codes::UNSUPPORTED_CALL, alias.range, message)
                        .label("imported here, and used in an annotated function")
                        .help("only where Python runs, with the package dacec, can the interpreter make such calls");
                    Global::Broken(Box::new(diagnostic))
                }
            };
            self.globals.values.insert(bound, global);
        }
    }

    fn function(&mut self, function: ast::StmtFunctionDef) {
        let name = function.name.to_string();
        let function = Arc::new(function);
        if function.decorator_list.iter().any(|decorator| self.is_program_decorator(&decorator.expression)) {
            self.globals.programs.insert(name.clone(), Program { function, parameters: IndexMap::default() });
            self.set(&name, Value::Program(name.clone()));
        } else {
            self.set(&name, Value::Helper(function));
        }
    }

    /// A class: its declared members, constants and functions. What else is in it is of no use here.
    fn class(&mut self, it: &ast::StmtClassDef) {
        let bases = it.arguments.iter().flat_map(|arguments| &arguments.args);
        let known: Vec<Arc<Class>> = bases
            .filter_map(|base| match self.evaluate(base) {
                Ok((Value::Class(class), _)) => Some(class),
                _ => None,
            })
            .collect();
        let known: Vec<&Class> = known.iter().map(Arc::as_ref).collect();
        let mut class = Class::new(&it.name, &known);
        let mut programs = Vec::new();
        for statement in &it.body {
            match statement {
                ast::Stmt::AnnAssign(it) => {
                    let ast::Expr::Name(name) = &*it.target else { continue };
                    if let Ok((ty, symbols)) = self.evaluate(&it.annotation) {
                        self.globals.symbols.extend(symbols);
                        class.add_member(&name.id, ty);
                    }
                    if let Some(value) = &it.value {
                        class.constants.insert(name.id.to_string(), self.constant(value));
                    }
                }
                ast::Stmt::Assign(it) => {
                    for name in it.targets.iter().flat_map(lower::target_names) {
                        class.constants.insert(name, self.constant(&it.value));
                    }
                }
                ast::Stmt::FunctionDef(it) => {
                    let method = class.add_method(it);
                    let mut decorators = it.decorator_list.iter();
                    if decorators.any(|decorator| self.is_program_decorator(&decorator.expression)) {
                        programs.push(method.function);
                    }
                }
                _ => {}
            }
        }
        for function in programs {
            let name = function.name.to_string();
            self.globals.programs.insert(name, Program { function, parameters: IndexMap::default() });
        }
        self.set(&it.name, Value::Class(Arc::new(class)));
    }

    fn constant(&self, value: &ast::Expr) -> Global {
        match self.evaluate(value) {
            Ok((value, _)) => Global::Value(value),
            Err(diagnostic) => Global::Broken(diagnostic),
        }
    }

    fn is_program_decorator(&self, expr: &ast::Expr) -> bool {
        let expr = match expr {
            ast::Expr::Call(call) => &call.func,
            other => other,
        };
        // `dace.program` is accepted under the usual names, also if another one was imported.
        if let ast::Expr::Attribute(attribute) = expr
            && let ast::Expr::Name(module) = &*attribute.value
            && !self.globals.values.contains_key(module.id.as_str())
        {
            return matches!(module.id.as_str(), "dace" | "dc" | "dacec")
                && matches!(attribute.attr.as_str(), "program" | "function" | "method");
        }
        match self.evaluate(expr) {
            Ok((value, _)) => matches!(value, Value::Decorator | Value::Module(Module::Dace)),
            Err(_) => false,
        }
    }

    /// The value of a module-level expression, and the symbols that it defines.
    fn evaluate(&self, expr: &ast::Expr) -> Result<(Value, IndexMap<Name, DType>), Box<Diagnostic>> {
        let calls = Calls::default();
        let mut lowerer = Lowerer::new(&self.globals, &calls, "module", Decisions::default());
        match lowerer.constant(expr) {
            Ok(value) => Ok((value, lowerer.sdfg.symbols)),
            Err(Stop::Error(diagnostic)) => Err(diagnostic),
            Err(Stop::Again | Stop::Reported) => Err(Box::new(unusable(expr.range()))),
        }
    }

    fn define(&mut self, target: &ast::Expr, value: &ast::Expr) {
        if let ast::Expr::Name(name) = target
            && name.id.as_str() == "presets"
            && let Ok((Value::Dict(items), _)) = self.evaluate(value)
        {
            self.presets = Presets::of(&items);
        }
        match self.evaluate(value) {
            Ok((value, symbols)) => {
                self.globals.symbols.extend(symbols);
                self.destructure(target, value);
            }
            Err(diagnostic) => {
                for name in lower::target_names(target) {
                    self.globals.values.insert(name, Global::Broken(diagnostic.clone()));
                }
            }
        }
    }

    fn destructure(&mut self, target: &ast::Expr, value: Value) {
        match (target, value) {
            (ast::Expr::Name(name), value) => self.set(&name.id, value),
            (ast::Expr::Tuple(tuple), Value::Tuple(items)) if items.len() == tuple.elts.len() => {
                tuple.elts.iter().zip(items).for_each(|(target, item)| self.destructure(target, item));
            }
            (ast::Expr::List(list), Value::Tuple(items)) if items.len() == list.elts.len() => {
                list.elts.iter().zip(items).for_each(|(target, item)| self.destructure(target, item));
            }
            (target, _) => {
                for name in lower::target_names(target) {
                    self.globals.values.insert(name, Global::Broken(Box::new(unusable(target.range()))));
                }
            }
        }
    }

    /// `name: dace.uint16 = value`: the constant has that type.
    fn define_annotated(&mut self, it: &ast::StmtAnnAssign) {
        let Some(value) = &it.value else { return };
        let declared = self.evaluate(&it.annotation).map(|(declared, _)| declared);
        match (declared, self.evaluate(value), &*it.target) {
            (Ok(Value::DType(dtype)), Ok((Value::Scalar(scalar), _)), ast::Expr::Name(name)) => {
                self.set(&name.id, Value::Scalar(crate::scalar::converted(&scalar, dtype)));
            }
            (_, _, target) => self.define(target, value),
        }
    }

    fn set(&mut self, name: &str, value: Value) {
        self.globals.values.insert(name.to_owned(), Global::Value(value));
    }
}

fn unusable(range: TextRange) -> Diagnostic {
    Diagnostic::error(codes::MODULE_VALUE, range, "this value cannot be found at compile time")
        .label("used in an annotated function")
        .help("pass it as an argument, or assign a number")
}
