//! What a running Python interpreter knows and a file's text does not say: the values of the names that a function uses,
//! and the types of its parameters.
//!
//! A function that is compiled from a file stands for what the text says. One that is compiled while Python runs stands
//! for more: its globals and closure variables have values, which may come from anywhere, and parameters without
//! annotations get the types of the arguments. The caller looks the values up and hands them over by name; they take
//! precedence over what the text says.
//!
//! ```
//! use dacec_frontend::{Captured, Environment, Parameter, SourceFile};
//! use dacec_ir::{DType, Expr};
//!
//! let text = "def scale(A):\n    A[:] = factor * A\n";
//! let mut environment = Environment::default();
//! environment.captured.insert("factor".into(), Captured::Int(3));
//! let array = Parameter::Array { dtype: DType::Float64, shape: vec![Expr::int(10)], strides: None };
//! environment.parameters.insert("A".into(), array);
//! let file = SourceFile::for_function("scale.py", text, "scale", 1, &environment).expect("the text is Python");
//! let sdfg = file.lower("scale").expect("the function can be compiled");
//! assert_eq!(sdfg.arguments, ["A"]);
//! ```

use crate::codes;
use crate::diagnostic::Diagnostic;
use crate::module::{Global, Globals, Graph, Program};
use crate::numpy;
use crate::parse::{Ranged, ast};
use crate::promotion::Typed;
use crate::types::{Items, Outcome, OuterArray, PythonObject, Scalar, Value};
use dacec_ir::{Constant, DType, Expr, IndexMap, Name, ScalarExpr, Sdfg};
use ruff_python_ast::statement_visitor::{StatementVisitor, walk_stmt};
use std::sync::Arc;

/// A value of the running interpreter.
#[derive(Clone, Debug)]
pub enum Captured {
    /// `None`.
    None,
    /// `...`.
    Ellipsis,
    /// Python's `True` or `False`.
    Bool(bool),
    /// Python's integer.
    Int(i64),
    /// Python's real number.
    Float(f64),
    /// Python's complex number.
    Complex(f64, f64),
    /// A number of NumPy, which has a type of its own.
    Number(Constant),
    /// A text.
    Text(String),
    /// A tuple.
    Tuple(Vec<Captured>),
    /// A list.
    List(Vec<Captured>),
    /// A dictionary.
    Dict(Vec<(Captured, Captured)>),
    /// An integer over symbols, such as `N + 1`.
    Symbolic(Expr),
    /// A data type.
    DType(DType),
    /// The type of an array.
    ArrayType(DType, Vec<Expr>),
    /// An array: it becomes an argument, which is passed in every call without being written there.
    Array {
        /// The name of that argument.
        argument: Name,
        /// The element type.
        dtype: DType,
        /// The extents.
        shape: Vec<Expr>,
    },
    /// A module by its full name; the functions of those that are known can be called.
    Module(String),
    /// A known module, with what the interpreter has of it besides what is known.
    OpenModule(String, IndexMap<String, Captured>),
    /// A member of a module that is known, such as `sin` of `numpy`.
    Member {
        /// Full name of the module.
        module: String,
        /// The name in it.
        name: String,
        /// What it is where the module has no such member that can be compiled.
        other: Box<Captured>,
    },
    /// A plain object or a module of the user: its attributes that are used.
    Namespace(IndexMap<String, Captured>),
    /// A word that steers compilation, such as a storage type.
    Hint,
    /// A plain function of the same file, by the line where it begins.
    Function(usize),
    /// Another annotated function, compiled to a graph, with its parameters in order and their defaults.
    Program {
        /// What it does.
        graph: Arc<Sdfg>,
        /// Its parameters.
        parameters: Vec<(String, Option<Captured>)>,
    },
    /// An object of the interpreter that compiled code can only hand back to it: the interpreter makes the calls of a
    /// function, and takes an object that is passed to one.
    Object {
        /// The name under which the interpreter will look for it.
        key: String,
        /// What it is, in words: "the function `plot`".
        what: String,
        /// What a call gives, if its annotation says so; `None` among constants for a function without a result.
        result: Option<Box<Parameter>>,
    },
    /// The function that is being compiled, or one that waits for it.
    Recursive,
    /// Something that no compiled function can use, in words: "a file".
    Other(String),
}

/// What a parameter is, in place of what its annotation says.
#[derive(Clone, Debug)]
pub enum Parameter {
    /// A number of that type of NumPy.
    Scalar(DType),
    /// A number of Python's type that the given one stands for: it does not decide the type of what it is combined with.
    PythonScalar(DType),
    /// An array.
    Array {
        /// The element type.
        dtype: DType,
        /// The extents.
        shape: Vec<Expr>,
        /// Distances of neighbours in elements; `None` is C order without gaps.
        strides: Option<Vec<Expr>>,
    },
    /// A value that is known; the compiled function has no such argument.
    Constant(Captured),
    /// An object that is passed by its members: the name of each, of the argument that carries it, and what it is.
    Structure(Vec<(String, String, Parameter)>),
}

/// Everything that is known about a function.
#[derive(Clone, Debug, Default)]
pub struct Environment {
    /// Values of the names that the function and the plain functions that it calls refer to.
    pub captured: IndexMap<String, Captured>,
    /// The parameters; those that are missing are what their annotations say.
    pub parameters: IndexMap<String, Parameter>,
    /// Symbols that callers may give by name, whether or not a captured value uses them.
    pub symbols: IndexMap<Name, DType>,
    /// Plain functions of the file, by the lines where they begin, as [objects](Captured::Object): the interpreter calls
    /// those that cannot be compiled.
    pub fallbacks: IndexMap<usize, Captured>,
}

/// Puts what is known into the globals of a file, for the function that begins in that line.
pub(crate) fn install(
    globals: &mut Globals,
    suite: &[ast::Stmt],
    function: &str,
    line: usize,
    environment: &Environment,
) -> Result<(), Box<Diagnostic>> {
    let found = function_at(globals, suite, function, line).ok_or_else(|| {
        let range = ruff_text_size::TextRange::default();
        let message = format!("no function `{function}` begins in line {line} of this text");
        Diagnostic::error(codes::NO_PROGRAM, range, message)
            .help("the text is not the one that Python has read: reload the module")
    })?;
    globals.symbols.extend(environment.symbols.iter().map(|(name, dtype)| (name.clone(), *dtype)));
    for (name, captured) in &environment.captured {
        let value = Installer { globals, suite, program: function, function: &found }.global(name, captured);
        globals.values.insert(name.clone(), value);
    }
    for (line, captured) in &environment.fallbacks {
        let object = Installer { globals, suite, program: function, function: &found }.value(captured);
        if let (Some(function), Ok(Value::Object(object))) = (function_at(globals, suite, "", *line), object)
        {
            globals.fallbacks.insert(function.name.range(), (*object).clone());
        }
    }
    let mut parameters = IndexMap::default();
    for (name, parameter) in &environment.parameters {
        let mut installer = Installer { globals, suite, program: function, function: &found };
        parameters.insert(name.clone(), installer.parameter(name, parameter)?);
    }
    globals.programs.insert(function.to_owned(), Program { function: found, parameters });
    Ok(())
}

/// Gives parameters of a function that have no annotation these types; constants and structures are of no use here.
pub(crate) fn give_types(
    globals: &mut Globals,
    program: &str,
    types: &IndexMap<String, Parameter>,
) -> Result<(), Box<Diagnostic>> {
    let Some(function) = globals.programs.get(program).map(|it| Arc::clone(&it.function)) else {
        return Ok(());
    };
    for (name, parameter) in types {
        let mut declared = function.parameters.iter_non_variadic_params();
        let Some(declared) = declared.find(|it| it.name().as_str() == name) else {
            let message = format!("`{program}` has no parameter `{name}`");
            let names = function.parameters.iter_non_variadic_params().map(|it| it.name().as_str());
            let diagnostic = Diagnostic::error(codes::ARGUMENTS, function.name.range(), message);
            return Err(Box::new(diagnostic.did_you_mean(name, names)));
        };
        let known = match parameter {
            _ if declared.annotation().is_some() => continue,
            Parameter::Scalar(dtype) => Known::Scalar(Typed::strong(*dtype)),
            Parameter::PythonScalar(dtype) => Known::Scalar(Typed { dtype: *dtype, weak: true }),
            Parameter::Array { dtype, shape, strides } => {
                for symbol in shape.iter().flat_map(Expr::symbols) {
                    globals.symbols.entry(symbol).or_insert(DType::Int64);
                }
                Known::Array(*dtype, shape.clone(), strides.clone())
            }
            Parameter::Constant(_) | Parameter::Structure(_) => continue,
        };
        if let Some(program) = globals.programs.get_mut(program) {
            program.parameters.insert(name.clone(), known);
        }
    }
    Ok(())
}

/// What is known of a parameter besides its annotation.
#[derive(Clone, Debug)]
pub(crate) enum Known {
    /// A number of that type.
    Scalar(Typed),
    /// An array: element type, extents, strides.
    Array(DType, Vec<Expr>, Option<Vec<Expr>>),
    /// A value.
    Constant(Value),
    /// Members: name, argument, what it is.
    Structure(Vec<(String, String, Known)>),
}

struct Installer<'a> {
    globals: &'a mut Globals,
    suite: &'a [ast::Stmt],
    /// The name of the function, and its syntax.
    program: &'a str,
    function: &'a ast::StmtFunctionDef,
}

impl Installer<'_> {
    fn parameter(&mut self, name: &str, parameter: &Parameter) -> Result<Known, Box<Diagnostic>> {
        Ok(match parameter {
            Parameter::Scalar(dtype) => Known::Scalar(Typed::strong(*dtype)),
            Parameter::PythonScalar(dtype) => Known::Scalar(Typed { dtype: *dtype, weak: true }),
            Parameter::Array { dtype, shape, strides } => {
                Known::Array(*dtype, shape.clone(), strides.clone())
            }
            Parameter::Constant(captured) => match self.global(name, captured) {
                Global::Value(value) => Known::Constant(value),
                Global::Broken(reason) => return Err(reason),
            },
            Parameter::Structure(members) => {
                let mut known = Vec::new();
                for (member, argument, parameter) in members {
                    known.push((member.clone(), argument.clone(), self.parameter(member, parameter)?));
                }
                Known::Structure(known)
            }
        })
    }

    fn global(&mut self, name: &str, captured: &Captured) -> Global {
        match self.value(captured) {
            Ok(value) => Global::Value(value),
            Err(what) => {
                let message = format!("`{name}` is {what}, which cannot be used in compiled code");
                let diagnostic = Diagnostic::error(codes::MODULE_VALUE, self.function.name.range(), message)
                    .help("pass what is needed of it as arguments");
                Global::Broken(Box::new(diagnostic))
            }
        }
    }

    /// The value, or what it is in words.
    fn value(&mut self, captured: &Captured) -> Result<Value, String> {
        let constant = |constant: Constant, dtype: DType| {
            Value::Scalar(Scalar::weak(ScalarExpr::Constant(constant), dtype))
        };
        Ok(match captured {
            Captured::None => Value::None,
            Captured::Ellipsis => Value::Ellipsis,
            Captured::Bool(value) => Value::Scalar(Scalar::bool(*value)),
            Captured::Int(value) => Value::Scalar(Scalar::int(*value)),
            Captured::Float(value) => Value::Scalar(Scalar::float(*value)),
            Captured::Complex(re, im) => {
                constant(Constant::Complex(*re, *im, DType::Complex128), DType::Complex128)
            }
            Captured::Number(number) => {
                Value::Scalar(Scalar::strong(ScalarExpr::Constant(*number), number.dtype()))
            }
            Captured::Text(text) => Value::Text(text.clone()),
            Captured::Tuple(items) => {
                Value::Tuple(items.iter().map(|item| self.value(item)).collect::<Result<_, _>>()?)
            }
            Captured::List(items) => {
                let values: Result<_, _> = items.iter().map(|item| self.value(item)).collect();
                Value::Tuple(Items::list(values?))
            }
            Captured::Dict(items) => Value::Dict(
                items
                    .iter()
                    .map(|(key, item)| Ok((self.value(key)?, self.value(item)?)))
                    .collect::<Result<_, String>>()?,
            ),
            Captured::Symbolic(expr) => {
                self.declare(std::slice::from_ref(expr));
                Value::Scalar(Scalar::symbolic(expr.clone()))
            }
            Captured::DType(dtype) => Value::DType(*dtype),
            Captured::ArrayType(dtype, shape) => {
                self.declare(shape);
                Value::ArrayType(*dtype, shape.clone())
            }
            Captured::Array { argument, dtype, shape } => {
                self.declare(shape);
                Value::Outer(OuterArray { argument: argument.clone(), dtype: *dtype, shape: shape.clone() })
            }
            Captured::Module(module) => Value::Module(numpy::module(module)),
            Captured::OpenModule(module, members) => {
                let known = numpy::module(module);
                let mut others = IndexMap::default();
                for (name, member) in members {
                    if numpy::member(known, name).is_none()
                        && let Ok(value) = self.value(member)
                    {
                        others.insert(name.clone(), value);
                    }
                }
                if others.is_empty() { Value::Module(known) } else { Value::OpenModule(known, others) }
            }
            Captured::Member { module, name, other } => match numpy::member(numpy::module(module), name) {
                Some(value) => value,
                None => self.value(other)?,
            },
            // What of it cannot be used is an error only where it is used.
            Captured::Namespace(members) => Value::Namespace(
                members
                    .iter()
                    .filter_map(|(name, member)| Some((name.clone(), self.value(member).ok()?)))
                    .collect(),
            ),
            Captured::Hint => Value::Hint,
            Captured::Function(line) => match function_at(self.globals, self.suite, "", *line) {
                Some(function) => Value::Helper(function),
                None => return Err("a function of another file without `@dace.program`".into()),
            },
            Captured::Program { graph, parameters } => {
                let key = self.graph(graph, parameters)?;
                Value::Program(key)
            }
            Captured::Object { key, what, result } => {
                let outcome = match result.as_deref() {
                    Some(Parameter::Scalar(dtype)) => Some(Outcome::Number(Typed::strong(*dtype))),
                    Some(Parameter::PythonScalar(dtype)) => {
                        Some(Outcome::Number(Typed { dtype: *dtype, weak: true }))
                    }
                    Some(Parameter::Array { dtype, shape, .. }) => {
                        self.declare(shape);
                        Some(Outcome::Array(*dtype, shape.clone()))
                    }
                    Some(Parameter::Constant(Captured::None)) => Some(Outcome::Nothing),
                    Some(Parameter::Constant(_) | Parameter::Structure(_)) | None => None,
                };
                Value::Object(Arc::new(PythonObject { key: key.clone(), what: what.clone(), outcome }))
            }
            Captured::Recursive => Value::Program(self.program.to_owned()),
            Captured::Other(what) => return Err(what.clone()),
        })
    }

    /// Files a graph under a name that nothing else has.
    fn graph(
        &mut self,
        sdfg: &Arc<Sdfg>,
        parameters: &[(String, Option<Captured>)],
    ) -> Result<String, String> {
        let taken = |globals: &Globals, key: &str| {
            key == self.program || globals.graphs.get(key).is_some_and(|it| !Arc::ptr_eq(&it.sdfg, sdfg))
        };
        let mut key = sdfg.name.to_string();
        let mut count = 0;
        while taken(self.globals, &key) {
            count += 1;
            key = format!("{}_{count}", sdfg.name);
        }
        let mut defaults = Vec::new();
        for (name, default) in parameters {
            let default = default.as_ref().map(|default| self.value(default));
            defaults.push((name.clone(), default.transpose()?));
        }
        self.globals.graphs.insert(key.clone(), Graph { sdfg: Arc::clone(sdfg), parameters: defaults });
        Ok(key)
    }

    fn declare(&mut self, exprs: &[Expr]) {
        for symbol in exprs.iter().flat_map(Expr::symbols) {
            self.globals.symbols.entry(symbol).or_insert(DType::Int64);
        }
    }
}

/// The function that begins in that line, with its decorators. An empty name stands for any.
fn function_at(
    globals: &Globals,
    suite: &[ast::Stmt],
    name: &str,
    line: usize,
) -> Option<Arc<ast::StmtFunctionDef>> {
    let mut finder = Finder { globals, name, line, found: None };
    finder.visit_body(suite);
    finder.found.map(|function| Arc::new(function.clone()))
}

struct Finder<'a> {
    globals: &'a Globals,
    name: &'a str,
    line: usize,
    found: Option<&'a ast::StmtFunctionDef>,
}

impl<'a> StatementVisitor<'a> for Finder<'a> {
    fn visit_stmt(&mut self, statement: &'a ast::Stmt) {
        if let ast::Stmt::FunctionDef(it) = statement
            && (self.name.is_empty() || it.name.as_str() == self.name)
        {
            let decorators = it.decorator_list.iter().map(Ranged::range);
            let starts = decorators.chain([it.range(), it.name.range()]);
            let line = self.line as u64;
            if starts.map(|range| self.globals.lines.span(range)).any(|span| u64::from(span.line) == line) {
                self.found = Some(it);
                return;
            }
        }
        walk_stmt(self, statement);
    }
}
