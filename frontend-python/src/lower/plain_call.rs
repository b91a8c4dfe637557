//! Calls of plain functions and lambdas: an expression stands for its value, other bodies are compiled for the call.

use super::names::{Free, Reads, parameter_names};
use super::operate::Dest;
use super::specialize::{functions_in, locals, reads};
use super::{Given, GivenArgs, Lowerer, Result, Stop};
use crate::codes;
use crate::diagnostic::Diagnostic;
use crate::module::Global;
use crate::parse::{Ranged, TextRange, ast};
use crate::types::{Outcome, Value};
use ast::visitor::Visitor;
use dacec_ir::{IndexMap, IndexSet};
use std::sync::Arc;

impl Lowerer<'_> {
    pub(super) fn call_helper(
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
        let used = self.calls.used.borrow().clone();
        let diagnostic = match self.call_compiled(function, given, dest, range) {
            Err(Stop::Error(diagnostic)) => Some(*diagnostic),
            Err(Stop::Reported) if self.diagnostics.len() > reported => None,
            other => return other,
        };
        let others = self.diagnostics.split_off(reported);
        *self.calls.used.borrow_mut() = used;
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
                    let parameters = Some(&*function.parameters);
                    let result = match self.is_of_module(function) {
                        true => {
                            let mut names = reads(&function.body);
                            names.extend(locals(function));
                            self.in_module(parameters, value, given, (&names, function.range, range))
                        }
                        false => self.inlined(parameters, value, given, (function.range, range)),
                    };
                    self.leave();
                    result
                }
                None => Ok(Value::None),
            },
            _ => self.call_specialized(function, given, dest, range),
        }
    }

    /// Whether a function stands in the module itself: names of the function that calls it mean nothing in it.
    pub(super) fn is_of_module(&self, function: &Arc<ast::StmtFunctionDef>) -> bool {
        let name = function.name.as_str();
        let known = match self.globals.values.get(name) {
            Some(Global::Value(Value::Helper(known))) => Some(known),
            _ => self.globals.programs.get(name).map(|program| &program.function),
        };
        known.is_some_and(|known| Arc::ptr_eq(known, function))
    }

    /// Whether a lambda stands in the module itself.
    pub(super) fn is_lambda_of_module(&self, lambda: &Arc<ast::ExprLambda>) -> bool {
        let mut known = Vec::new();
        for global in self.globals.values.values() {
            if let Global::Value(value) = global {
                functions_in(value, &mut known);
            }
        }
        known.iter().any(|it| matches!(it, Value::Lambda(known) if Arc::ptr_eq(known, lambda)))
    }

    /// A lambda or nested function where it is defined: the defaults of its parameters are found now, not when it is called.
    pub(super) fn defined(&mut self, function: Value, parameters: Option<&ast::Parameters>) -> Result<Value> {
        // The names of the module mean the same when one of its functions is called.
        if self.is_constant_evaluation() {
            return Ok(function);
        }
        let mut defaults = IndexMap::default();
        for parameter in parameters.into_iter().flat_map(|it| it.iter_non_variadic_params()) {
            if let Some(default) = parameter.default()
                && !default.is_literal_expr()
            {
                let value = self.eval(default)?;
                defaults.insert(parameter.name().to_string(), self.settle(value));
            }
        }
        Ok(match defaults.is_empty() {
            true => function,
            false => Value::Defaulted(Box::new(function), defaults),
        })
    }

    /// Calls a lambda: one of the module sees the names of the module alone.
    pub(super) fn call_lambda(
        &mut self,
        lambda: &Arc<ast::ExprLambda>,
        given: GivenArgs,
        range: TextRange,
    ) -> Result<Value> {
        let parameters = lambda.parameters.as_deref();
        if !self.is_lambda_of_module(lambda) {
            return self.inlined(parameters, &lambda.body, given, (lambda.range, range));
        }
        let mut names = Reads::default();
        names.visit_expr(&lambda.body);
        names.0.extend(parameter_names(parameters));
        self.in_module(parameters, &lambda.body, given, (&names.0, lambda.range, range))
    }

    /// As [`inlined`](Self::inlined), where only names of the module are visible, and what functions that are passed refer to.
    fn in_module(
        &mut self,
        parameters: Option<&ast::Parameters>,
        body: &ast::Expr,
        given: GivenArgs,
        (names, text, range): (&IndexSet<String>, TextRange, TextRange),
    ) -> Result<Value> {
        let keywords = given.keywords.iter().map(|(_, (value, _))| value);
        let values = given.positional.iter().map(|(value, _)| value).chain(keywords);
        let captured = self.captured_apart(values, names, range)?;
        self.with_names(captured, |it| it.inlined(parameters, body, given, (text, range)))
    }

    /// The value of an expression of the module: names of the function that is lowered mean nothing in it.
    pub(super) fn eval_of_module(&mut self, expr: &ast::Expr) -> Result<Value> {
        self.with_names(IndexMap::default(), |it| it.eval(expr))
    }

    /// What is found where only these names are visible, besides those of the module.
    fn with_names(
        &mut self,
        names: IndexMap<String, Value>,
        find: impl FnOnce(&mut Self) -> Result<Value>,
    ) -> Result<Value> {
        let (env, locals) = (std::mem::take(&mut self.env), std::mem::take(&mut self.locals));
        for (name, value) in names {
            self.env.insert(name, value);
        }
        let result = find(self);
        (self.env, self.locals) = (env, locals);
        result
    }

    /// What functions that are passed refer to in the function around. A name of it must not mean something else in the
    /// function that they are passed to.
    pub(super) fn captured_apart<'v>(
        &'v self,
        values: impl Iterator<Item = &'v Value>,
        names: &IndexSet<String>,
        range: TextRange,
    ) -> Result<IndexMap<String, Value>> {
        let other_meaning = |name: &str| {
            let message =
                format!("the function that is passed refers to `{name}`, which has another meaning there");
            Diagnostic::error(codes::UNSUPPORTED_CALL, range, message)
                .help("give the variable a name of its own")
        };
        let captured = self.captured_by(values).map_err(|name| other_meaning(&name))?;
        match captured.keys().find(|name| names.contains(*name)) {
            None => Ok(captured),
            Some(name) => Err(other_meaning(name).into()),
        }
    }

    /// The value of a function's only expression, with its parameters standing for the arguments. The function stands at
    /// `text`, and is called at `range`.
    pub(super) fn inlined(
        &mut self,
        parameters: Option<&ast::Parameters>,
        body: &ast::Expr,
        given: GivenArgs,
        (text, range): (TextRange, TextRange),
    ) -> Result<Value> {
        let partial = self.partial.clone();
        self.env.enter(text);
        let result = self.given_parameters(parameters, given, range).and_then(|bound| {
            self.uncover(&Free::of_expression(parameters, body), (text, range))?;
            for (name, value) in bound {
                let value = self.settle_computation(value);
                self.partial.shift_remove(&name);
                self.env.bind(name, value);
            }
            let value = self.eval(body)?;
            self.check_outlives(&value, range)?;
            Ok(value)
        });
        self.env.leave();
        self.partial = partial;
        result
    }

    /// Gives names the meanings that they have at a place of the text, where what is evaluated around has bound them.
    fn uncover(&mut self, names: &IndexSet<String>, (text, range): (TextRange, TextRange)) -> Result<()> {
        for name in names {
            let Some(hidden) = self.env.hidden_from(name, text).cloned() else { continue };
            let Some(value) = hidden else {
                let message =
                    format!("the function that is called refers to `{name}`, which has another meaning here");
                return Err(Diagnostic::error(codes::UNSUPPORTED_CALL, range, message)
                    .help("give the variable a name of its own")
                    .into());
            };
            self.env.bind(name.clone(), value);
        }
        Ok(())
    }

    /// Refuses a value with functions that refer to names of the lambda, nested function or comprehension that is being
    /// left: they mean nothing any more when the functions are called.
    pub(super) fn check_outlives(&self, value: &Value, range: TextRange) -> Result<()> {
        let mut functions = Vec::new();
        functions_in(value, &mut functions);
        for function in functions {
            let Some((names, text)) = self.free_names(function) else { continue };
            if let Some(name) = names.iter().find(|name| self.env.is_bound_for(name, text)) {
                let message = format!("a function outlives `{name}`, to which it refers");
                return Err(Diagnostic::error(codes::UNSUPPORTED_CALL, range, message)
                    .help(format!("give it a parameter with the value: `lambda ..., {name}={name}: ...`"))
                    .into());
            }
        }
        Ok(())
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
                // Those of lambdas and nested functions are given by now, but for literals.
                (None, None, Some(default)) => self.eval_of_module(default)?,
                (None, None, None) => {
                    let message = format!("the argument `{name}` is missing");
                    return Err(Diagnostic::error(codes::ARGUMENTS, range, message).into());
                }
            };
            bound.push((name, value));
        }
        if let Some(rest) = parameters.and_then(|it| it.vararg.as_deref()) {
            let values = positional.by_ref().map(|(value, _)| value).collect();
            bound.push((rest.name.to_string(), Value::Tuple(values)));
        }
        if let Some(rest) = parameters.and_then(|it| it.kwarg.as_deref()) {
            let values = keywords.drain(..).map(|(name, (value, _))| (Value::Text(name), value)).collect();
            bound.push((rest.name.to_string(), Value::Dict(values)));
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
}
