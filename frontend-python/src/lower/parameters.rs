//! A function: its parameters become containers, its body a region.

use super::names::assigned;
use super::rebinding::Copies;
use super::{Lowerer, Result, Storage};
use crate::capture::Known;
use crate::codes;
use crate::diagnostic::Diagnostic;
use crate::module::Global;
use crate::parse::{Ranged, ast};
use crate::promotion::Typed;
use crate::types::{Module, Scalar, Value, View};
use dacec_ir::{Array, DType, Data, Expr, Name, ScalarExpr};

impl Lowerer<'_> {
    /// Lowers an annotated function.
    pub(super) fn function(&mut self, function: &ast::StmtFunctionDef) -> Result<()> {
        self.begin(function);
        if let Some(extra) = function.parameters.vararg.as_ref().or(function.parameters.kwarg.as_ref()) {
            let message = "an annotated function has a fixed number of parameters";
            self.diagnostics.push(Diagnostic::error(codes::ANNOTATION, extra.range, message));
        }
        let mut taken = Vec::new();
        for parameter in function.parameters.iter_non_variadic_params() {
            taken.push(parameter.name().to_string());
            if let Err(super::Stop::Error(diagnostic)) = self.parameter(parameter) {
                self.diagnostics.push(*diagnostic);
                self.env.insert(parameter.name().to_string(), Value::Poison);
            }
        }
        self.statements(function, taken)
    }

    /// What is known of the function before its parameters.
    pub(super) fn begin(&mut self, function: &ast::StmtFunctionDef) {
        self.sdfg.file.clone_from(&self.globals.file);
        self.sdfg.span = self.span(function.range());
        self.place = function.name.range;
    }

    /// Lowers the body, with values for these parameters.
    pub(super) fn statements(&mut self, function: &ast::StmtFunctionDef, taken: Vec<String>) -> Result<()> {
        self.locals = assigned(&function.body);
        // Only names with a storage get copies.
        if !self.decisions.shared.is_empty() {
            self.copies = Copies::of(function, &|name| {
                let is_own = self.locals.contains(name) || taken.iter().any(|parameter| parameter == name);
                let library = |module: &Module| !matches!(module, Module::Dace | Module::Data);
                !is_own
                    && matches!(self.globals.values.get(name), Some(Global::Value(Value::Module(it))) if library(it))
            });
        }
        self.store_shared(&taken)?;
        self.locals.extend(taken);
        self.block(&function.body)?;
        if self.again {
            return Err(super::Stop::Again);
        }
        self.check_choices();
        self.initialize_storages()?;
        self.finish();
        Ok(())
    }

    /// A number that the function assigns in several places gets a storage of its own, apart from the argument; so does an
    /// array of which nobody can tell the copy.
    fn store_shared(&mut self, parameters: &[String]) -> Result<()> {
        for name in parameters
            .iter()
            .filter(|name| self.locals.contains(*name) && self.is_shared(name))
            .collect::<Vec<_>>()
        {
            match self.env.get(name).cloned() {
                Some(value @ Value::Scalar(_)) => self.bind(name, value, self.place)?,
                Some(Value::Array(view)) if self.copies.takes(name) => {
                    let own = self.copied(&view, name);
                    self.storages.insert(name.clone(), Storage::Array(own.container.clone()));
                    self.env.insert(name.clone(), Value::Array(own.alias()));
                }
                _ => {}
            }
        }
        self.flush();
        Ok(())
    }

    fn parameter(&mut self, parameter: &ast::ParameterWithDefault) -> Result<()> {
        let name = parameter.name();
        if let Some(known) = self.known(name) {
            let value = self.known_parameter(name, known);
            self.env.insert(name.to_string(), value);
            return Ok(());
        }
        let Some(annotation) = parameter.annotation() else {
            let message = format!("parameter `{name}` has no type");
            return Err(Diagnostic::error(codes::ANNOTATION, parameter.range(), message)
                .help(format!("annotate it, for example `{name}: dace.float64[N]` or `{name}: dace.int64`, or give an example with `--args {name}=...`"))
                .into());
        };
        match self.eval(optional_of(annotation).unwrap_or(annotation))? {
            Value::CompileTime => {
                let Some(default) = parameter.default() else {
                    let message = format!("nothing says what the constant `{name}` is");
                    return Err(Diagnostic::error(codes::ANNOTATION, parameter.range(), message)
                        .help(format!("give it a default (`{name}: dace.compiletime = 3`), or call the function from another one"))
                        .into());
                };
                let value = self.eval(default)?;
                self.env.insert(name.to_string(), value);
                Ok(())
            }
            Value::DType(dtype) => {
                let value = self.scalar_parameter(name, Typed::strong(dtype));
                self.env.insert(name.to_string(), value);
                Ok(())
            }
            Value::ArrayType(dtype, shape) => {
                let value = self.array_parameter(name, dtype, shape, None);
                self.env.insert(name.to_string(), value);
                Ok(())
            }
            Value::Structure(structure) => {
                let value = self.structure_parameter(name, &structure, annotation.range())?;
                self.env.insert(name.to_string(), value);
                Ok(())
            }
            Value::Class(class) => {
                let value = self.object_parameter(name, &class, annotation.range())?;
                self.env.insert(name.to_string(), value);
                Ok(())
            }
            other => {
                let message = format!("`{name}` is annotated with {}, not with a type", other.kind());
                Err(Diagnostic::error(codes::ANNOTATION, annotation.range(), message)
                    .help("a type is `dace.float64[N, M]` for an array, `dace.float64` for a number")
                    .into())
            }
        }
    }

    /// The value of a parameter, or of a member of one, that is passed as the argument `name`.
    fn known_parameter(&mut self, name: &str, known: Known) -> Value {
        match known {
            Known::Scalar(ty) => self.scalar_parameter(name, ty),
            Known::Array(dtype, shape, strides) => self.array_parameter(name, dtype, shape, strides),
            Known::Constant(value) => value,
            Known::Structure(members) => {
                let members = members.into_iter();
                let values = members.map(|(member, argument, known)| {
                    let value = match known {
                        Known::Scalar(ty) => self.number_member(&member, &argument, ty),
                        known => self.known_parameter(&argument, known),
                    };
                    (member, value)
                });
                Value::Namespace(values.collect())
            }
        }
    }

    /// What the caller knows of a parameter of the function that is being lowered.
    fn known(&self, parameter: &str) -> Option<Known> {
        self.globals.programs.get(self.sdfg.name.as_str())?.parameters.get(parameter).cloned()
    }

    /// A value from outside of the function, at a place where it is used: an array becomes an argument.
    pub(super) fn reached(&mut self, value: Value) -> Value {
        if let Value::Cell(cell) = &value {
            return Value::Scalar(cell.element(&[Expr::zero()]));
        }
        let Value::Outer(array) = value else { return value };
        if !self.sdfg.containers.contains_key(&array.argument) {
            self.names.reserve(&array.argument);
            let declared = Array::new(array.dtype, array.shape.clone());
            self.add_argument(array.argument.clone(), declared.into());
        }
        Value::Array(View::whole(array.argument.clone(), array.dtype, &array.shape))
    }

    pub(super) fn array_parameter(
        &mut self,
        name: &str,
        dtype: DType,
        shape: Vec<Expr>,
        strides: Option<Vec<Expr>>,
    ) -> Value {
        for symbol in shape.iter().flat_map(Expr::symbols) {
            self.facts.assume_ge(&symbol, 0);
            self.sdfg.symbols.insert(symbol, DType::Int64);
        }
        let container = self.fresh(name);
        let mut array = Array::new(dtype, shape.clone());
        array.span = self.span(self.place);
        if let Some(strides) = strides {
            for symbol in strides.iter().flat_map(Expr::symbols) {
                self.sdfg.symbols.insert(symbol, DType::Int64);
            }
            array.strides = strides;
        }
        let view = View::whole(container.clone(), dtype, &shape);
        self.add_argument(container, array.into());
        Value::Array(view)
    }

    /// A number. The value of an integer is also that of a symbol of the same name, so that it can be an extent or bound:
    /// one that has its value for all of the call, whatever the function assigns to the name.
    pub(super) fn scalar_parameter(&mut self, name: &str, ty: Typed) -> Value {
        let dtype = ty.dtype;
        if dtype.is_integer() && self.globals.symbols.contains_key(name) {
            let symbol = Name::from(name);
            self.names.reserve(&symbol);
            self.sdfg.symbols.insert(symbol.clone(), DType::Int64);
            return Value::Scalar(Scalar::symbolic(Expr::sym(symbol)));
        }
        let container = self.fresh(name);
        self.add_argument(container.clone(), dacec_ir::Scalar::new(dtype).into());
        if dtype.is_integer() {
            self.sdfg.symbols.insert(container.clone(), DType::Int64);
        }
        let code = if dtype == DType::Int64 {
            ScalarExpr::Symbolic(Expr::sym(container))
        } else {
            ScalarExpr::Name(container)
        };
        Value::Scalar(Scalar { code, ty })
    }

    pub(super) fn add_argument(&mut self, container: Name, data: Data) {
        self.sdfg.arguments.push(container.clone());
        self.sdfg.containers.insert(container, data);
    }

    /// Completes the SDFG: its body, and types of symbols.
    fn finish(&mut self) {
        self.flush();
        self.sdfg.body = self.regions.pop().unwrap_or_default();
        let used = self.sdfg.free_symbols();
        self.sdfg.symbols.retain(|symbol, _| !self.sdfg.arguments.contains(symbol) || used.contains(symbol));
        for symbol in used {
            self.sdfg.symbols.entry(symbol).or_insert(DType::Int64);
        }
    }
}

/// What may be there, if the annotation is `Optional[...]` or `... | None`.
fn optional_of(annotation: &ast::Expr) -> Option<&ast::Expr> {
    match annotation {
        ast::Expr::Subscript(it) => {
            let name = match &*it.value {
                ast::Expr::Name(name) => name.id.as_str(),
                ast::Expr::Attribute(name) => name.attr.as_str(),
                _ => return None,
            };
            (name == "Optional").then_some(&*it.slice)
        }
        ast::Expr::BinOp(it) if it.op == ast::Operator::BitOr && it.right.is_none_literal_expr() => {
            Some(&it.left)
        }
        _ => None,
    }
}

/// Whether the types of the parameters say all that is needed to compile the function once for all calls.
pub(super) fn is_typed(function: &ast::StmtFunctionDef) -> bool {
    function.parameters.iter_non_variadic_params().all(|parameter| {
        parameter.annotation().is_some_and(|annotation| {
            let constant = matches!(annotation, ast::Expr::Attribute(it) if it.attr.as_str() == "compiletime")
                || matches!(annotation, ast::Expr::Name(it) if it.id.as_str() == "compiletime");
            !constant && optional_of(annotation).is_none()
        })
    })
}
