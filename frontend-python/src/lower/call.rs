//! Calls: of annotated functions (nested SDFGs), of functions of the registry, of lambdas and one-line helpers.

use super::map::Usage;
use super::operate::{Dest, tuple};
use super::parameters::is_typed;
use super::returns::{Shared, part_of_argument};
use super::{Lowerer, Result, Stop};
use crate::codes;
use crate::diagnostic::Diagnostic;
use crate::module::CalleeDefault;
use crate::numpy::{self, Args};
use crate::parse::{Ranged, TextRange, ast};
use crate::scalar::cast;
use crate::types::{Outcome, OuterArray, Scalar, Value, View};
use dacec_ir::callback::INTERPRETER;
use dacec_ir::symbolic::Substitution;
use dacec_ir::{Data, Expr, Memlet, Name, NestedSdfg, Node, Sdfg, Subset};
use indexmap::IndexMap;
use std::cell::{Cell, RefCell};
use std::sync::Arc;

/// A function's graph, or why it has none.
type Lowered = std::result::Result<Callee, Vec<Diagnostic>>;

/// A function that can be called.
#[derive(Clone, Debug)]
pub(super) struct Callee {
    pub(super) sdfg: Arc<Sdfg>,
    /// What its results share with arguments.
    pub(super) parts: Vec<Shared>,
}

/// Functions that are being lowered, and those that are done.
#[derive(Debug, Default)]
pub(crate) struct Calls {
    count: Cell<usize>,
    active: RefCell<Vec<String>>,
    done: RefCell<IndexMap<String, Lowered>>,
    /// What costs performance in them.
    warnings: RefCell<Vec<Diagnostic>>,
}

impl Calls {
    /// How many functions are being expanded, one inside of the other.
    pub(super) fn depth(&self) -> usize {
        self.active.borrow().len()
    }

    /// Adds the warnings of a function that is done.
    pub(super) fn warn(&self, warnings: Vec<Diagnostic>) {
        self.warnings.borrow_mut().extend(warnings);
    }

    /// What costs performance in the functions that are done.
    pub(crate) fn warnings(self) -> Vec<Diagnostic> {
        self.warnings.into_inner()
    }

    /// How many functions were expanded.
    pub(super) fn count(&self) -> usize {
        self.count.get()
    }
}

/// An argument of a call, with its place.
pub(crate) type Given = (Value, TextRange);

/// The arguments of a call by position, and by keyword.
#[derive(Debug, Default)]
pub(crate) struct GivenArgs {
    /// In order.
    pub(crate) positional: Vec<Given>,
    /// By name.
    pub(crate) keywords: Vec<(String, Given)>,
}

impl Lowerer<'_> {
    /// The value of a call.
    pub(super) fn call(&mut self, it: &ast::ExprCall, dest: &Dest) -> Result<Value> {
        let range = it.range();
        let declared = self.declared.take();
        if let Some(value) = self.dictionary_method(it)? {
            return Ok(value);
        }
        let function = self.eval(&it.func)?;
        let given = self.arguments(&it.arguments)?;
        match function {
            Value::Function(entry) => {
                let args = Args::bind(entry, None, given, range, dest)?;
                numpy::apply(self, entry, &args)
            }
            Value::Method(entry, object) => {
                let args = Args::bind(entry, Some(*object), given, range, dest)?;
                numpy::apply(self, entry, &args)
            }
            Value::DType(dtype) => match <[Given; 1]>::try_from(given.positional) {
                Ok([(value, place)]) => {
                    let value = self.elements_as_array(value, place)?;
                    self.as_dtype(&value, dtype, dest, range)
                }
                Err(_) => {
                    let message = "a conversion takes one argument";
                    Err(Diagnostic::error(codes::ARGUMENTS, range, message).into())
                }
            },
            Value::Program(name) => match self.globals.programs.get(&name) {
                Some(program) if !is_typed(&program.function) => {
                    self.call_specialized(&program.function, given, dest, range)
                }
                _ => self.call_program(&name, given, dest, range),
            },
            Value::Helper(function) => self.call_helper(&function, given, (dest, declared), range),
            Value::Object(object) => {
                let reason = "it is a function of Python";
                self.call_python(&object, given, (dest, declared), reason, range)
            }
            Value::Lambda(lambda) => {
                let parameters = lambda.parameters.as_deref();
                self.inlined(parameters, &lambda.body, given, range)
            }
            Value::Bound(method, object) => self.call_method(&method, *object, given, dest, range),
            Value::Class(class) => self.construct(&class, given, range),
            Value::Poison => Err(Stop::Reported),
            other => {
                let message = format!("{} cannot be called", other.kind());
                Err(Diagnostic::error(codes::UNSUPPORTED_CALL, it.func.range(), message).into())
            }
        }
    }

    /// `d.items()`, `d.keys()`, `d.values()` of a dictionary that is known, and `d.get(key)`.
    fn dictionary_method(&mut self, it: &ast::ExprCall) -> Result<Option<Value>> {
        let ast::Expr::Attribute(attribute) = &*it.func else { return Ok(None) };
        if !matches!(attribute.attr.as_str(), "items" | "keys" | "values" | "get") {
            return Ok(None);
        }
        let Value::Dict(items) = self.eval(&attribute.value)? else { return Ok(None) };
        let items = items.into_iter();
        Ok(Some(match attribute.attr.as_str() {
            "items" => Value::Tuple(items.map(|(key, value)| Value::Tuple(vec![key, value])).collect()),
            "keys" => Value::Tuple(items.map(|(key, _)| key).collect()),
            "values" => Value::Tuple(items.map(|(_, value)| value).collect()),
            _ => {
                let given = self.arguments(&it.arguments)?;
                let mut given = given.positional.into_iter().map(|(value, _)| value);
                let key = given.next().unwrap_or(Value::None);
                let found = items.into_iter().find(|(known, _)| super::index::same_key(known, &key));
                found.map(|(_, value)| value).or_else(|| given.next()).unwrap_or(Value::None)
            }
        }))
    }

    fn elements_as_array(&mut self, value: Value, range: TextRange) -> Result<Value> {
        match value {
            Value::Scalar(_) | Value::Array(_) => Ok(value),
            other => Err(self.not_a_number(&other, range)),
        }
    }

    fn arguments(&mut self, arguments: &ast::Arguments) -> Result<GivenArgs> {
        let mut given = GivenArgs::default();
        for (at, argument) in arguments.args.iter().enumerate() {
            if let ast::Expr::Starred(starred) = argument {
                let values = self.eval(&starred.value)?;
                let values = self.elements(values, starred.range)?;
                given.positional.extend(values.into_iter().map(|value| (value, starred.range)));
                continue;
            }
            let value = self.eval(argument)?;
            let value = self.before(value, &arguments.args[at + 1..]);
            let value = self.before_keywords(value, &arguments.keywords);
            given.positional.push((value, argument.range()));
        }
        for (at, keyword) in arguments.keywords.iter().enumerate() {
            let Some(name) = &keyword.arg else {
                let message = "`**` arguments cannot be compiled";
                return Err(Diagnostic::error(codes::UNSUPPORTED_EXPRESSION, keyword.range, message).into());
            };
            let value = self.eval(&keyword.value)?;
            let value = self.before_keywords(value, &arguments.keywords[at + 1..]);
            given.keywords.push((name.to_string(), (value, keyword.range)));
        }
        Ok(given)
    }

    fn before_keywords(&mut self, value: Value, rest: &[ast::Keyword]) -> Value {
        rest.iter().fold(value, |value, keyword| self.before(value, std::slice::from_ref(&keyword.value)))
    }

    // --- plain functions -----------------------------------------------------------------------------------------

    fn call_helper(
        &mut self,
        function: &Arc<ast::StmtFunctionDef>,
        given: GivenArgs,
        (dest, declared): (&Dest, Option<Outcome>),
        range: TextRange,
    ) -> Result<Value> {
        let Some(object) = self.fallback(function) else {
            return self.call_compiled(function, given, dest, range);
        };
        if let Some(reason) = self.called_back(function).map(str::to_owned) {
            return self.call_python(&object, given, (dest, declared), &reason, range);
        }
        // What cannot be compiled is left to the interpreter, in the next attempt.
        let reported = self.diagnostics.len();
        let used = self.globals.used.borrow().clone();
        let diagnostic = match self.call_compiled(function, given, dest, range) {
            Err(Stop::Error(diagnostic)) => Some(*diagnostic),
            Err(Stop::Reported) if self.diagnostics.len() > reported => None,
            other => return other,
        };
        let others = self.diagnostics.split_off(reported);
        *self.globals.used.borrow_mut() = used;
        let first = diagnostic.or(others.into_iter().next());
        let reason = first.map_or_else(String::new, |it| it.message);
        self.decide_first(|decisions| {
            decisions.called_back.insert(function.name.range(), reason);
        })
    }

    /// Calls a plain function by compiling it.
    pub(super) fn call_compiled(
        &mut self,
        function: &Arc<ast::StmtFunctionDef>,
        given: GivenArgs,
        dest: &Dest,
        range: TextRange,
    ) -> Result<Value> {
        let statements: Vec<&ast::Stmt> = function
            .body
            .iter()
            .filter(|it| !matches!(it, ast::Stmt::Expr(doc) if doc.value.is_string_literal_expr()))
            .collect();
        match statements.as_slice() {
            [] => Ok(Value::None),
            [ast::Stmt::Return(it)] if !self.is_active(&function.name) => match &it.value {
                Some(value) => {
                    self.enter(&function.name);
                    let result = self.inlined(Some(&function.parameters), value, given, range);
                    self.leave();
                    result
                }
                None => Ok(Value::None),
            },
            _ => self.call_specialized(function, given, dest, range),
        }
    }

    /// The value of a lambda for these arguments.
    pub(crate) fn call_lambda(
        &mut self,
        lambda: &ast::ExprLambda,
        arguments: Vec<Value>,
        range: TextRange,
    ) -> Result<Value> {
        let positional = arguments.into_iter().map(|value| (value, range)).collect();
        let given = GivenArgs { positional, keywords: Vec::new() };
        self.inlined(lambda.parameters.as_deref(), &lambda.body, given, range)
    }

    /// The value of a function's only expression, with its parameters standing for the arguments.
    fn inlined(
        &mut self,
        parameters: Option<&ast::Parameters>,
        body: &ast::Expr,
        given: GivenArgs,
        range: TextRange,
    ) -> Result<Value> {
        let partial = self.partial.clone();
        self.env.mark();
        let result = self.given_parameters(parameters, given, range).and_then(|bound| {
            for (name, value) in bound {
                let value = self.settle_computation(value);
                self.partial.shift_remove(&name);
                self.env.insert(name, value);
            }
            self.eval(body)
        });
        self.env.take_back();
        self.partial = partial;
        result
    }

    /// The values of a plain function's parameters, by name.
    pub(super) fn given_parameters(
        &mut self,
        parameters: Option<&ast::Parameters>,
        given: GivenArgs,
        range: TextRange,
    ) -> Result<Vec<(String, Value)>> {
        let mut positional = given.positional.into_iter();
        let mut keywords: IndexMap<String, Given> = given.keywords.into_iter().collect();
        let mut bound = Vec::new();
        for parameter in parameters.into_iter().flat_map(|it| it.iter_non_variadic_params()) {
            let name = parameter.name().to_string();
            let value = match (positional.next(), keywords.shift_remove(&name), parameter.default()) {
                (Some((value, _)), ..) | (None, Some((value, _)), _) => value,
                (None, None, Some(default)) => self.eval(default)?,
                (None, None, None) => {
                    let message = format!("the argument `{name}` is missing");
                    return Err(Diagnostic::error(codes::ARGUMENTS, range, message).into());
                }
            };
            bound.push((name, value));
        }
        if positional.next().is_some() || !keywords.is_empty() {
            return Err(Diagnostic::error(
                codes::ARGUMENTS,
                range,
                "there are more arguments than parameters",
            )
            .into());
        }
        Ok(bound)
    }

    /// A number that a body may use several times is computed once.
    fn settle_computation(&mut self, value: Value) -> Value {
        match value {
            Value::Scalar(scalar) => Value::Scalar(self.hoist(&scalar)),
            other => other,
        }
    }

    // --- annotated functions -------------------------------------------------------------------------------------

    fn call_program(&mut self, name: &str, given: GivenArgs, dest: &Dest, range: TextRange) -> Result<Value> {
        let callee = self.callee(name, range)?;
        let mut call = self.bind_call(name, &callee.sdfg, given, range)?;
        self.solve_symbols(name, &callee.sdfg, &mut call, range)?;
        self.invoke(name, &callee, &call, dest, range)
    }

    /// A nested SDFG for a call whose arguments and symbols are known.
    pub(super) fn invoke(
        &mut self,
        name: &str,
        Callee { sdfg: callee, parts }: &Callee,
        call: &Call,
        dest: &Dest,
        range: TextRange,
    ) -> Result<Value> {
        self.flush();
        let call = &self.with_outer_arrays(callee, call, range)?;
        let usage = Usage::of(&callee.body);
        let written = |it: &Name| usage.writes.contains_key(it);
        self.effects += usize::from(call.arguments.keys().any(written));
        self.check_aliases(call, &usage, range)?;
        let (mut inputs, mut outputs, mut copies_out) = (Vec::new(), Vec::new(), Vec::new());
        for (parameter, value) in &call.arguments {
            let Some(data) = callee.containers.get(parameter) else { continue };
            let memlet = match (value, data) {
                (Value::Array(view), Data::Array(_)) => {
                    let passed = self.passable(view);
                    if written(parameter) && passed.container != view.container {
                        copies_out.push((view.clone(), passed.clone()));
                    }
                    Memlet::new(&passed.container, passed.subset.clone())
                }
                (Value::Scalar(scalar), Data::Scalar(declared)) => {
                    let value = Scalar::strong(cast(scalar, declared.dtype), declared.dtype);
                    let container = match self.materialize("__argument", &value).code {
                        dacec_ir::ScalarExpr::Name(container) => container,
                        _ => continue,
                    };
                    Memlet::scalar(container)
                }
                _ => return Err(self.wrong_argument(name, parameter, value, data, range)),
            };
            inputs.push((parameter.clone(), memlet.clone()));
            if written(parameter) {
                outputs.push((parameter.clone(), memlet));
            }
        }
        self.flush();
        let results = self.call_results(callee, &call.symbols, dest, range, &mut outputs)?;
        let nested = NestedSdfg {
            sdfg: Sdfg::clone(callee),
            inputs: inputs.iter().map(|(name, _)| name.clone()).collect(),
            outputs: outputs.iter().map(|(name, _)| name.clone()).collect(),
            symbols: call.symbols.clone(),
            span: self.span(range),
        };
        self.add_operation(Node::Nested(Box::new(nested)), &inputs, &outputs);
        self.flush();
        for (target, copy) in copies_out {
            self.write(&target, &Value::Array(copy), range)?;
            self.flush();
        }
        let results = self.as_parts(results, parts, call);
        let is_tuple = callee.returns.first().is_some_and(|name| name.as_str() == "__return_0");
        Ok(match results.len() {
            0 => Value::None,
            1 if !is_tuple => results.into_iter().next().unwrap_or(Value::None),
            _ => Value::Tuple(results),
        })
    }

    /// The call with what the callee uses besides its parameters: arrays from outside, and the interpreter.
    fn with_outer_arrays(&mut self, callee: &Sdfg, call: &Call, range: TextRange) -> Result<Call> {
        let mut call = call.clone();
        for name in &callee.arguments {
            let Some(array) = callee.containers.get(name).and_then(Data::as_array) else { continue };
            if call.arguments.contains_key(name) {
                continue;
            }
            if name.as_str() == INTERPRETER && !self.params.is_empty() {
                let message = format!("`{}` calls Python, and is called in a parallel loop", callee.name);
                return Err(Diagnostic::error(codes::MAP, range, message)
                    .help("the interpreter makes one call after the other: use a `for` loop over `range`")
                    .into());
            }
            let (argument, shape) = (name.clone(), array.shape.clone());
            let outer = self.reached(Value::Outer(OuterArray { argument, dtype: array.dtype, shape }));
            call.arguments.insert(name.clone(), outer);
        }
        Ok(call)
    }

    /// Results that are parts of arguments are views of those, so that what is written later is seen through both.
    fn as_parts(&mut self, results: Vec<Value>, parts: &[Shared], call: &Call) -> Vec<Value> {
        let mut known = substitution(&call.symbols);
        for (name, value) in &call.arguments {
            if let Value::Scalar(scalar) = value
                && let Some(number) = scalar.as_expr()
            {
                known.insert(name.clone(), number.clone());
            }
        }
        let unknown = |part: &View| {
            let mut unknown = false;
            part.clone().map_exprs(&mut |expr| {
                unknown |= expr.symbols().iter().any(|it| known.get(it).is_none());
                expr.clone()
            });
            unknown
        };
        let mut given = Vec::new();
        for (k, result) in results.into_iter().enumerate() {
            let shared = parts.get(k).unwrap_or(&Shared::Nothing);
            let argument = shared.container().and_then(|name| call.arguments.get(name));
            let (Some(Value::Array(argument)), Value::Array(copy)) = (argument, &result) else {
                given.push(result);
                continue;
            };
            let part = match shared {
                Shared::Part(part) | Shared::Reshaped(part) if !unknown(part) => {
                    part_of_argument(argument, part, &known)
                }
                _ => None,
            };
            given.push(match (shared, part) {
                (Shared::Part(_), Some(part)) => Value::Array(part),
                (_, Some(part)) => {
                    self.add_mirror(&part, copy);
                    result
                }
                (_, None) => {
                    self.add_relative(argument, copy);
                    result
                }
            });
        }
        given
    }

    /// Whether the function is being expanded already.
    fn is_active(&self, name: &str) -> bool {
        self.sdfg.name == *name || self.calls.active.borrow().iter().any(|active| active == name)
    }

    /// Refuses a call of a function inside of itself.
    pub(super) fn check_recursion(&self, name: &str, range: TextRange) -> Result<()> {
        if !self.is_active(name) {
            return Ok(());
        }
        let message = format!("`{name}` calls itself");
        Err(Diagnostic::error(codes::RECURSION, range, message).help("write a loop instead").into())
    }

    /// Remembers that a function is being expanded.
    pub(super) fn enter(&self, name: &str) {
        self.calls.count.set(self.calls.count.get() + 1);
        self.calls.active.borrow_mut().push(name.to_owned());
    }

    /// The function that was entered last is expanded.
    pub(super) fn leave(&self) {
        self.calls.active.borrow_mut().pop();
    }

    fn callee(&mut self, name: &str, range: TextRange) -> Result<Callee> {
        if let Some(graph) = self.globals.graphs.get(name) {
            return Ok(Callee { sdfg: Arc::clone(&graph.sdfg), parts: Vec::new() });
        }
        let calls = self.calls;
        if let Some(done) = calls.done.borrow().get(name) {
            return self.reported(done.clone());
        }
        self.check_recursion(name, range)?;
        self.enter(&self.sdfg.name.clone());
        let result = super::lower_callee(self.globals, calls, name);
        self.leave();
        let callee = result.map(|(sdfg, parts)| Callee { sdfg: Arc::new(sdfg), parts });
        calls.done.borrow_mut().insert(name.to_owned(), callee.clone());
        self.reported(callee)
    }

    /// The callee, or its errors as those of this function: they are told in each of its attempts, the last of which counts.
    fn reported(&mut self, callee: Lowered) -> Result<Callee> {
        callee.map_err(|diagnostics| {
            self.diagnostics.extend(diagnostics);
            Stop::Reported
        })
    }

    fn bind_call(&mut self, name: &str, callee: &Sdfg, given: GivenArgs, range: TextRange) -> Result<Call> {
        let parameters = self.globals.parameters(name);
        let mut call = Call::default();
        let mut values: IndexMap<String, Value> = IndexMap::new();
        if given.positional.len() > parameters.len() {
            let message = format!(
                "`{name}` takes {} arguments, {} are given",
                parameters.len(),
                given.positional.len()
            );
            return Err(Diagnostic::error(codes::ARGUMENTS, range, message).into());
        }
        for ((parameter, _), (value, _)) in parameters.iter().zip(given.positional) {
            values.insert(parameter.clone(), value);
        }
        for (keyword, (value, place)) in given.keywords {
            let known = parameters.iter().any(|(parameter, _)| *parameter == keyword);
            if known && !values.contains_key(&keyword) {
                values.insert(keyword, value);
            } else if !known && self.globals.symbols.contains_key(keyword.as_str()) {
                let value = self.integer(&value, place)?;
                call.symbols.insert(keyword.into(), value);
            } else {
                let message = format!("`{name}` has no parameter `{keyword}` that is still free");
                let names = parameters.iter().map(|(parameter, _)| parameter.as_str());
                return Err(Diagnostic::error(codes::ARGUMENTS, place, message)
                    .did_you_mean(&keyword, names)
                    .into());
            }
        }
        let free = callee.free_symbols();
        for (parameter, default) in parameters {
            let value = match (values.shift_remove(&parameter), default) {
                (Some(value), _) => value,
                (None, Some(CalleeDefault::Text(default))) => self.eval(&default)?,
                (None, Some(CalleeDefault::Value(default))) => default,
                (None, None) => {
                    let message = format!("the argument `{parameter}` of `{name}` is missing");
                    return Err(Diagnostic::error(codes::ARGUMENTS, range, message).into());
                }
            };
            self.check_object(name, callee, &parameter, &value, range)?;
            let mut flat = Vec::new();
            Self::flattened_argument(parameter, value, &mut flat);
            for (parameter, value) in flat {
                self.bind_argument(&mut call, callee, &free, parameter, value, range)?;
            }
        }
        self.check_members(name, callee, &call, range)?;
        Ok(call)
    }

    /// Gives one argument of the callee, or a symbol that stands for it, its value.
    fn bind_argument(
        &mut self,
        call: &mut Call,
        callee: &Sdfg,
        free: &[Name],
        parameter: String,
        value: Value,
        range: TextRange,
    ) -> Result<()> {
        let is_argument = callee.containers.contains_key(parameter.as_str());
        if !is_argument || free.iter().any(|symbol| symbol.as_str() == parameter) {
            let value = self.integer(&value, range)?;
            call.symbols.insert(parameter.as_str().into(), value);
        }
        if is_argument {
            call.arguments.insert(parameter.into(), value);
        }
        Ok(())
    }

    /// Refuses what is no object where the callee takes one.
    fn check_object(
        &self,
        name: &str,
        callee: &Sdfg,
        parameter: &str,
        value: &Value,
        range: TextRange,
    ) -> Result<()> {
        let prefix = format!("{parameter}_");
        let takes_members = !callee.containers.contains_key(parameter)
            && !self.globals.symbols.contains_key(parameter)
            && callee.arguments.iter().any(|it| it.as_str().starts_with(&prefix));
        if !takes_members || matches!(value, Value::Namespace(_) | Value::Instance(..) | Value::Poison) {
            return Ok(());
        }
        let message = format!(
            "the argument `{parameter}` of `{name}` is declared as a structure, and {} is passed",
            value.kind()
        );
        Err(Diagnostic::error(codes::ARGUMENT_TYPE, range, message).into())
    }

    /// Refuses a call in which an object lacks a member that the callee takes.
    fn check_members(&self, name: &str, callee: &Sdfg, call: &Call, range: TextRange) -> Result<()> {
        let Some(program) = self.globals.programs.get(name) else { return Ok(()) };
        for (parameter, _) in program.parameters() {
            let prefix = format!("{parameter}_");
            let missing = callee.arguments.iter().find_map(|argument| {
                let member = argument.as_str().strip_prefix(&prefix)?;
                let is_member = !callee.containers.contains_key(parameter.as_str());
                (is_member && !call.arguments.contains_key(argument)).then(|| member.to_owned())
            });
            if let Some(member) = missing {
                let message =
                    format!("the argument `{parameter}` of `{name}` has no `{member}`, which its type has");
                return Err(Diagnostic::error(codes::ARGUMENT_TYPE, range, message).into());
            }
        }
        Ok(())
    }

    /// Finds the callee's symbols from the shapes of the arguments; those that no shape gives have the caller's value.
    fn solve_symbols(&mut self, name: &str, callee: &Sdfg, call: &mut Call, range: TextRange) -> Result<()> {
        let mut equations = Vec::new();
        for (parameter, value) in &call.arguments {
            let (Some(data), Value::Array(view)) = (callee.containers.get(parameter), value) else {
                continue;
            };
            let shape = view.shape();
            if data.dtype() != view.dtype || data.rank() != shape.len() {
                return Err(self.wrong_argument(name, parameter, value, data, range));
            }
            equations.extend(
                data.shape().iter().cloned().zip(shape).map(|(own, given)| (parameter.clone(), own, given)),
            );
        }
        for _ in 0..equations.len() {
            for (_, own, given) in &equations {
                let unknown: Vec<Name> =
                    own.symbols().into_iter().filter(|symbol| !call.symbols.contains_key(symbol)).collect();
                if let [symbol] = unknown.as_slice() {
                    // The caller may have a symbol of the same name, so the unknown one gets another while solving.
                    let marked = Name::from("__unknown");
                    let own = own.rename(symbol, &marked).subs(&substitution(&call.symbols));
                    if let Some(value) = own.solve_for(&marked, given) {
                        call.symbols.insert(symbol.clone(), value);
                    }
                }
            }
        }
        for symbol in callee.free_symbols() {
            if !call.symbols.contains_key(&symbol) {
                let visible = self.globals.symbols.contains_key(&symbol);
                if !visible {
                    let message = format!("nothing determines the symbol `{symbol}` of `{name}`");
                    return Err(Diagnostic::error(codes::UNBOUND_SYMBOL, range, message)
                        .help(format!("pass it by keyword: `{name}(..., {symbol}=...)`"))
                        .into());
                }
                call.symbols.insert(symbol.clone(), Expr::sym(&symbol));
            }
        }
        let substitution = substitution(&call.symbols);
        for (parameter, own, given) in equations {
            let own = own.subs(&substitution);
            if self.facts.prove_eq(&own, &given) != Some(false) {
                self.require_equal(&own, &given, range)?;
            } else {
                let message = format!(
                    "the argument `{parameter}` of `{name}` has extent {given} where {own} is declared"
                );
                return Err(Diagnostic::error(codes::SHAPE, range, message).into());
            }
        }
        let free = callee.free_symbols();
        call.symbols.retain(|symbol, _| free.contains(symbol));
        Ok(())
    }

    fn check_aliases(&self, call: &Call, usage: &Usage, range: TextRange) -> Result<()> {
        let views: Vec<(&Name, &View)> = call
            .arguments
            .iter()
            .filter_map(
                |(name, value)| if let Value::Array(view) = value { Some((name, view)) } else { None },
            )
            .collect();
        for (k, (first, a)) in views.iter().enumerate() {
            for (second, b) in &views[k + 1..] {
                let written = usage.writes.contains_key(*first) || usage.writes.contains_key(*second);
                let apart =
                    a.container != b.container || a.subset.intersects(&b.subset, &self.facts) == Some(false);
                if written && (!apart || self.are_mirrors(&a.container, &b.container)) {
                    let message =
                        format!("the arguments `{first}` and `{second}` share memory, and are written");
                    return Err(Diagnostic::error(codes::UNSUPPORTED_ARGUMENT, range, message)
                        .help("pass a copy (`... .copy()`)")
                        .into());
                }
            }
        }
        Ok(())
    }

    /// The view, or a copy of it, such that its elements lie in memory in C order without gaps.
    fn passable(&mut self, view: &View) -> View {
        let unit = view.shape().iter().any(Expr::is_one);
        if view.axes.len() == view.subset.dims.iter().filter(|dim| dim.as_index().is_none()).count()
            && !unit
            && self.is_contiguous(view)
            || self.is_all(view)
        {
            return view.clone();
        }
        let copy = self.copied(view, "__argument");
        self.flush();
        copy
    }

    fn is_all(&self, view: &View) -> bool {
        let data = self.sdfg.containers.get(&view.container);
        view.is_plain() && data.is_some_and(|data| view.subset == Subset::full(data.shape()))
    }

    fn call_results(
        &mut self,
        callee: &Sdfg,
        symbols: &IndexMap<Name, Expr>,
        dest: &Dest,
        range: TextRange,
        outputs: &mut Vec<(Name, Memlet)>,
    ) -> Result<Vec<Value>> {
        let substitution = substitution(symbols);
        let mut results = Vec::new();
        for name in &callee.returns {
            let Some(data) = callee.containers.get(name) else { continue };
            let prefix = if callee.returns.len() == 1 { dest.prefix() } else { "__tmp" };
            match data {
                Data::Scalar(scalar) => {
                    let container = self.new_scalar(prefix, scalar.dtype);
                    outputs.push((name.clone(), Memlet::scalar(&container)));
                    results.push(Value::Scalar(Scalar::strong(
                        dacec_ir::ScalarExpr::Name(container),
                        scalar.dtype,
                    )));
                }
                Data::Array(array) => {
                    let shape: Vec<Expr> =
                        array.shape.iter().map(|extent| extent.subs(&substitution)).collect();
                    if let Some(extent) = shape.iter().find(|extent| extent.as_int().is_some_and(|it| it < 0))
                    {
                        let message = format!(
                            "the call gives an array with extent {extent}, of shape {}",
                            tuple(&shape)
                        );
                        return Err(Diagnostic::error(codes::SHAPE, range, message).into());
                    }
                    let view = self.new_array(prefix, array.dtype, &shape);
                    outputs.push((name.clone(), Memlet::new(&view.container, view.subset.clone())));
                    results.push(Value::Array(view));
                }
                // This front end makes no other results.
                Data::Stream(_) | Data::View(_) | Data::Reference(_) | Data::Constant(_) => {}
            }
        }
        Ok(results)
    }

    fn wrong_argument(
        &self,
        name: &str,
        parameter: &Name,
        value: &Value,
        data: &Data,
        range: TextRange,
    ) -> Stop {
        let given = match value {
            Value::Poison => return Stop::Reported,
            Value::Array(view) => format!("an array of {} and shape {}", view.dtype, tuple(&view.shape())),
            Value::Scalar(scalar) => format!("a number of type {}", scalar.dtype()),
            other => other.kind().to_owned(),
        };
        let message =
            format!("the argument `{parameter}` of `{name}` is declared as {data}, and {given} is passed");
        Diagnostic::error(codes::ARGUMENT_TYPE, range, message).into()
    }
}

/// A call on its way: which value each container of the callee has, and each symbol.
#[derive(Clone, Debug, Default)]
pub(super) struct Call {
    pub(super) arguments: IndexMap<Name, Value>,
    pub(super) symbols: IndexMap<Name, Expr>,
}

fn substitution(symbols: &IndexMap<Name, Expr>) -> Substitution {
    symbols.iter().map(|(name, value)| (name.clone(), value.clone())).collect()
}
