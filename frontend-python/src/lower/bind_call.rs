//! Calls of annotated functions: arguments find their parameters, and the shapes of arrays give symbols their values.

use super::nested_call::{Call, substitution};
use super::operate::{Dest, tuple};
use super::{GivenArgs, Lowerer, Result, Stop};
use crate::codes;
use crate::diagnostic::Diagnostic;
use crate::module::CalleeDefault;
use crate::parse::TextRange;
use crate::types::Value;
use dacec_ir::{Data, Expr, IndexMap, Name, Sdfg};

impl Lowerer<'_> {
    pub(super) fn call_program(
        &mut self,
        name: &str,
        given: GivenArgs,
        dest: &Dest,
        range: TextRange,
    ) -> Result<Value> {
        let callee = self.callee(name, range)?;
        let mut call = self.bind_call(name, &callee.sdfg, given, range)?;
        self.solve_symbols(name, &callee.sdfg, &mut call, range)?;
        self.invoke(name, &callee, &call, dest, range)
    }

    fn bind_call(&mut self, name: &str, callee: &Sdfg, given: GivenArgs, range: TextRange) -> Result<Call> {
        let parameters = self.globals.parameters(name);
        let mut call = Call::default();
        let mut values: IndexMap<String, Value> = IndexMap::default();
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
                (None, Some(CalleeDefault::Text(default))) => self.eval_of_module(&default)?,
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
        let declared = callee.containers.get(parameter.as_str());
        let is_argument = declared.is_some();
        let value = match (value, declared) {
            (Value::Cell(cell), Some(Data::Array(_))) => Value::Array(cell),
            (cell @ Value::Cell(_), _) => self.reached(cell),
            (other, _) => other,
        };
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

    pub(super) fn wrong_argument(
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
