//! Calls: what is called, and with which arguments.

use super::operate::Dest;
use super::parameters::is_typed;
use super::{Lowerer, Result, Stop};
use crate::codes;
use crate::diagnostic::Diagnostic;
use crate::numpy::{self, Args};
use crate::parse::{Ranged, TextRange, ast};
use crate::types::{Outcome, Value};
use dacec_ir::IndexMap;

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
        if let Some(value) = self.reduction_of_generator(it)? {
            return Ok(value);
        }
        if let Some(value) = self.array_of_comprehension(it)? {
            return Ok(value);
        }
        let function = self.eval(&it.func)?;
        let given = self.arguments(&it.arguments)?;
        self.call_given(function, given, (dest, declared), (range, it.func.range()))
    }

    /// Calls a function that is a value.
    pub(crate) fn call_value(
        &mut self,
        function: &Value,
        arguments: Vec<Value>,
        range: TextRange,
    ) -> Result<Value> {
        let positional = arguments.into_iter().map(|value| (value, range)).collect();
        let given = GivenArgs { positional, keywords: Vec::new() };
        self.call_given(function.clone(), given, (&Dest::Temp, None), (range, range))
    }

    /// Calls a function, which stands at the second place.
    fn call_given(
        &mut self,
        function: Value,
        given: GivenArgs,
        (dest, declared): (&Dest, Option<Outcome>),
        (range, place): (TextRange, TextRange),
    ) -> Result<Value> {
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
            Value::Lambda(lambda) => self.call_lambda(&lambda, given, range),
            Value::Defaulted(function, defaults) => {
                let given = with_defaults(&function, defaults, given, range);
                self.call_given(*function, given, (dest, declared), (range, place))
            }
            Value::Bound(method, object) => self.call_method(&method, *object, given, dest, range),
            Value::Class(class) => self.construct(&class, given, range),
            Value::Poison => Err(Stop::Reported),
            other => {
                let message = format!("{} cannot be called", other.kind());
                Err(Diagnostic::error(codes::UNSUPPORTED_CALL, place, message).into())
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
            "items" => {
                Value::Tuple(items.map(|(key, value)| Value::Tuple(vec![key, value].into())).collect())
            }
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

    pub(super) fn arguments(&mut self, arguments: &ast::Arguments) -> Result<GivenArgs> {
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
                self.add_keywords(keyword, &mut given)?;
                continue;
            };
            let value = self.eval(&keyword.value)?;
            let value = self.before_keywords(value, &arguments.keywords[at + 1..]);
            given.keywords.push((name.to_string(), (value, keyword.range)));
        }
        Ok(given)
    }

    /// `**options`: a dictionary that is known, with names as its keys.
    fn add_keywords(&mut self, keyword: &ast::Keyword, given: &mut GivenArgs) -> Result<()> {
        let value = self.eval(&keyword.value)?;
        let Value::Dict(items) = value else {
            let message = format!("{} is passed by `**`, which takes a dictionary", value.kind());
            return Err(Diagnostic::error(codes::ARGUMENTS, keyword.range, message).into());
        };
        for (key, value) in items {
            let Value::Text(name) = key else {
                let message = "the keys of a dictionary that is passed by `**` are names";
                return Err(Diagnostic::error(codes::ARGUMENTS, keyword.range, message).into());
            };
            given.keywords.push((name, (value, keyword.range)));
        }
        Ok(())
    }

    fn before_keywords(&mut self, value: Value, rest: &[ast::Keyword]) -> Value {
        rest.iter().fold(value, |value, keyword| self.before(value, std::slice::from_ref(&keyword.value)))
    }
}

/// The arguments, with the defaults of parameters that are not given.
fn with_defaults(
    function: &Value,
    defaults: IndexMap<String, Value>,
    mut given: GivenArgs,
    range: TextRange,
) -> GivenArgs {
    let parameters = match function {
        Value::Helper(function) => Some(&*function.parameters),
        Value::Lambda(lambda) => lambda.parameters.as_deref(),
        _ => None,
    };
    let parameters = parameters.into_iter().flat_map(|it| it.iter_non_variadic_params());
    let positional: Vec<&str> =
        parameters.take(given.positional.len()).map(|it| it.name().as_str()).collect();
    for (name, value) in defaults {
        let is_given = given.keywords.iter().any(|(keyword, _)| *keyword == name);
        if !is_given && !positional.contains(&name.as_str()) {
            given.keywords.push((name, (value, range)));
        }
    }
    given
}
