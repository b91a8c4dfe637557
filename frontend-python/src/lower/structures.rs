//! Structures and objects: what their members are, how they are made, and what calls of their methods mean.

use super::{GivenArgs, Lowerer, Result, Stop};
use crate::classes::{Binding, Class, Method, Structure};
use crate::codes;
use crate::diagnostic::Diagnostic;
use crate::module::Global;
use crate::parse::{Ranged, TextRange, ast};
use crate::promotion::{Typed, rank};
use crate::types::{Value, View};
use dacec_ir::{Expr, IndexMap, Range};
use std::sync::Arc;

/// The argument that carries a member of a parameter.
fn argument_of(parameter: &str, member: &str) -> String {
    format!("{parameter}_{member}")
}

impl Lowerer<'_> {
    // --- parameters ----------------------------------------------------------------------------------------------

    /// A parameter that is an object of the class: its members become arguments.
    pub(super) fn object_parameter(
        &mut self,
        name: &str,
        class: &Arc<Class>,
        range: TextRange,
    ) -> Result<Value> {
        let members = self.member_parameters(name, &class.name, &class.members, range)?;
        Ok(Value::Instance(class.clone(), members))
    }

    /// A parameter that is a structure: its members become arguments.
    pub(super) fn structure_parameter(
        &mut self,
        name: &str,
        structure: &Structure,
        range: TextRange,
    ) -> Result<Value> {
        self.member_parameters(name, &structure.name, &structure.members, range).map(Value::Namespace)
    }

    /// Arguments for members of these types, in order.
    fn member_parameters(
        &mut self,
        parameter: &str,
        owner: &str,
        members: &[(String, Value)],
        range: TextRange,
    ) -> Result<IndexMap<String, Value>> {
        let mut values = IndexMap::default();
        for (member, ty) in members {
            let argument = argument_of(parameter, member);
            let taken = self.sdfg.arguments.iter().any(|it| *it == argument.as_str())
                || self.globals.symbols.contains_key(argument.as_str());
            if taken {
                let message = format!(
                    "the member `{member}` of `{parameter}` is passed as `{argument}`, which something else is called already"
                );
                return Err(Diagnostic::error(codes::ANNOTATION, range, message)
                    .help("rename the parameter")
                    .into());
            }
            let value = match ty {
                Value::DType(dtype) => self.number_member(member, &argument, Typed::strong(*dtype)),
                Value::ArrayType(dtype, shape) => {
                    self.array_parameter(&argument, *dtype, shape.clone(), None)
                }
                Value::Structure(inner) => self.structure_parameter(&argument, inner, range)?,
                Value::Class(class) => self.object_parameter(&argument, class, range)?,
                other => {
                    let message =
                        format!("the member `{member}` of `{owner}` is {}, not a type", other.kind());
                    return Err(Diagnostic::error(codes::ANNOTATION, range, message).into());
                }
            };
            values.insert(member.clone(), value);
        }
        Ok(values)
    }

    /// The argument for a member that is a number.
    pub(super) fn number_member(&mut self, member: &str, argument: &str, ty: Typed) -> Value {
        if !self.globals.assigned_members.contains(member) {
            return self.scalar_parameter(argument, ty);
        }
        match self.array_parameter(argument, ty.dtype, vec![Expr::one()], None) {
            Value::Array(view) => Value::Cell(view),
            other => other,
        }
    }

    /// A member of an object that is made here: a number that is assigned somewhere gets a place.
    fn new_member(&mut self, class: &Class, member: &str, value: Value, range: TextRange) -> Result<Value> {
        let value = self.settle(value);
        let Value::Scalar(scalar) = &value else { return Ok(value) };
        if !self.globals.assigned_members.contains(member) {
            return Ok(value);
        }
        let declared = class.members.iter().find(|(name, _)| name == member);
        let dtype = match declared {
            Some((_, Value::DType(dtype))) => *dtype,
            _ => scalar.dtype(),
        };
        let cell = self.new_array("__member", dtype, &[Expr::one()]);
        self.write(&cell, &value, range)?;
        self.flush();
        Ok(Value::Cell(cell))
    }

    /// The place of the member that the target is, if it is a number that has one.
    pub(super) fn member_cell(&mut self, target: &ast::ExprAttribute) -> Result<Option<View>> {
        let member = match self.eval(&target.value)? {
            Value::Namespace(members) | Value::Instance(_, members) => {
                members.get(target.attr.as_str()).cloned()
            }
            _ => None,
        };
        let Some(Value::Cell(mut cell)) = member else { return Ok(None) };
        cell.subset.dims[0] = Range::index(Expr::zero());
        cell.axes.clear();
        Ok(Some(cell))
    }

    /// `object.name = value`.
    pub(super) fn assign_member(&mut self, target: &ast::ExprAttribute, value: Value) -> Result<()> {
        let Some(cell) = self.member_cell(target)? else {
            return Err(self.cannot_assign_member(target, target.range));
        };
        let Value::Scalar(number) = &value else { return Err(self.not_a_number(&value, target.range)) };
        if rank(number.dtype()) > rank(cell.dtype) {
            let message =
                format!("the member `{}` is {}, and is given a {}", target.attr, cell.dtype, number.dtype());
            return Err(Diagnostic::error(codes::TYPE, target.range, message)
                .label("a member has one type in a compiled program")
                .help(format!("declare it in the class: `{}: dace.{}`", target.attr, number.dtype()))
                .into());
        }
        self.check_race(&cell, target.range)?;
        self.write(&cell, &value, target.range)
    }

    /// `object.name op= value`.
    pub(super) fn aug_member(&mut self, target: &ast::ExprAttribute, it: &ast::StmtAugAssign) -> Result<()> {
        match self.member_cell(target)? {
            Some(cell) if self.covers_params(&cell) => {
                let old = Value::Scalar(cell.element(&[]));
                let old = self.before(old, std::slice::from_ref(&it.value));
                let value = self.eval(&it.value)?;
                let value = self.operation(it.op, old, value, &super::Dest::Temp, it.range)?;
                self.assign_member(target, value)
            }
            Some(cell) => self.aug_view(&cell, it),
            None => match self.eval(&it.target)? {
                Value::Array(view) => self.aug_view(&view, it),
                _ => Err(self.cannot_assign_member(target, it.range)),
            },
        }
    }

    /// An argument of a call as the arguments that the callee has: an object is passed by its members.
    pub(super) fn flattened_argument(parameter: String, value: Value, flat: &mut Vec<(String, Value)>) {
        match value {
            Value::Namespace(members) | Value::Instance(_, members) => {
                for (member, value) in members {
                    Self::flattened_argument(argument_of(&parameter, &member), value, flat);
                }
            }
            value => flat.push((parameter, value)),
        }
    }

    // --- objects -------------------------------------------------------------------------------------------------

    /// `object.name`.
    pub(super) fn object_attribute(
        &mut self,
        class: Arc<Class>,
        members: IndexMap<String, Value>,
        attr: &ast::Identifier,
        range: TextRange,
    ) -> Result<Value> {
        if let Some(member) = members.get(attr.as_str()) {
            return Ok(self.reached(member.clone()));
        }
        match class.constants.get(attr.as_str()) {
            Some(Global::Value(value)) => return Ok(self.reached(value.clone())),
            Some(Global::Broken(reason)) => {
                let message =
                    format!("the value of `{attr}` of `{}` is not known at compile time", class.name);
                return Err(Diagnostic::error(codes::MODULE_VALUE, range, message).because(reason).into());
            }
            None => {}
        }
        match class.methods.get(attr.as_str()).cloned() {
            Some(method) if method.binding == Binding::Property => {
                let object = Value::Instance(class, members);
                self.call_method(&method, object, GivenArgs::default(), &super::Dest::Temp, range)
            }
            Some(method) => Ok(Value::Bound(Arc::new(method), Box::new(Value::Instance(class, members)))),
            None => {
                let message = format!("objects of `{}` have no known `{attr}`", class.name);
                let names = members.keys().chain(class.constants.keys()).chain(class.methods.keys());
                Err(Diagnostic::error(codes::NO_ATTRIBUTE, attr.range(), message)
                    .help(format!("declare it in the class: `{attr}: dace.float64[N]`, or `{attr} = 3` if it is the same for all objects"))
                    .did_you_mean(attr, names.map(String::as_str))
                    .into())
            }
        }
    }

    /// `object.method(...)`: a function that is compiled for this object.
    pub(super) fn call_method(
        &mut self,
        method: &Method,
        object: Value,
        mut given: GivenArgs,
        dest: &super::Dest,
        range: TextRange,
    ) -> Result<Value> {
        if method.binding != Binding::Static {
            given.positional.insert(0, (object, range));
        }
        self.call_compiled(&method.function, given, dest, range)
    }

    /// `Class(...)`: an object. Its constructor only gives members their values.
    pub(super) fn construct(
        &mut self,
        class: &Arc<Class>,
        given: GivenArgs,
        range: TextRange,
    ) -> Result<Value> {
        let Some(constructor) = class.methods.get("__init__").cloned() else {
            return self.construct_plainly(class, given, range);
        };
        let name = constructor.function.name.to_string();
        self.check_recursion(&name, range)?;
        let mut given = given;
        let object = Value::Instance(class.clone(), IndexMap::default());
        given.positional.insert(0, (object, range));
        let parameters = self.given_parameters(Some(&constructor.function.parameters), given, range)?;
        let Some(own) = parameters.first().map(|(name, _)| name.clone()) else {
            let message = format!("the constructor of `{}` has no parameter for the object", class.name);
            return Err(Diagnostic::error(codes::ARGUMENTS, range, message).into());
        };
        self.env.mark();
        for (name, value) in parameters {
            let value = self.settle(value);
            self.env.insert(name, value);
        }
        self.enter(&name);
        let result = constructor.function.body.iter().try_for_each(|it| self.initialize(&own, it));
        self.leave();
        let object = self.env.get(&own).cloned();
        self.env.take_back();
        result.map(|()| object.unwrap_or(Value::Poison))
    }

    /// One statement of a constructor: `self.name = value`.
    fn initialize(&mut self, own: &str, statement: &ast::Stmt) -> Result<()> {
        let (target, value) = match statement {
            ast::Stmt::Pass(_) => return Ok(()),
            ast::Stmt::Expr(it) if it.value.is_string_literal_expr() => return Ok(()),
            ast::Stmt::Assign(it) if it.targets.len() == 1 => (&it.targets[0], Some(&it.value)),
            ast::Stmt::AnnAssign(it) => (&*it.target, it.value.as_ref()),
            other => return Err(not_an_initialization(other.range())),
        };
        let (ast::Expr::Attribute(target), Some(value)) = (target, value) else {
            return Err(not_an_initialization(statement.range()));
        };
        if !matches!(&*target.value, ast::Expr::Name(name) if name.id.as_str() == own) {
            return Err(not_an_initialization(statement.range()));
        }
        let value = self.eval(value)?;
        if let Some(Value::Instance(class, mut members)) = self.env.get(own).cloned() {
            let value = self.new_member(&class, &target.attr, value, statement.range())?;
            members.insert(target.attr.to_string(), value);
            self.env.insert(own.to_owned(), Value::Instance(class, members));
        }
        Ok(())
    }

    /// An object of a class without a constructor: its members in order, as for a data class.
    fn construct_plainly(&mut self, class: &Arc<Class>, given: GivenArgs, range: TextRange) -> Result<Value> {
        let mut members = IndexMap::default();
        let mut positional = given.positional.into_iter();
        let mut keywords: IndexMap<String, Value> =
            given.keywords.into_iter().map(|(name, (value, _))| (name, value)).collect();
        for (member, _) in &class.members {
            let value = positional.next().map(|(value, _)| value).or_else(|| keywords.shift_remove(member));
            match value {
                Some(value) => {
                    let value = self.new_member(class, member, value, range)?;
                    members.insert(member.clone(), value);
                }
                None if class.constants.contains_key(member) => {}
                None => {
                    let message = format!("the member `{member}` of `{}` is missing", class.name);
                    return Err(Diagnostic::error(codes::ARGUMENTS, range, message).into());
                }
            }
        }
        if positional.next().is_some() || !keywords.is_empty() {
            let message = format!("there are more arguments than `{}` has members", class.name);
            return Err(Diagnostic::error(codes::ARGUMENTS, range, message).into());
        }
        Ok(Value::Instance(class.clone(), members))
    }

    /// The error for an assignment to a member.
    pub(super) fn cannot_assign_member(&self, target: &ast::ExprAttribute, range: TextRange) -> Stop {
        let message = format!("the member `{}` cannot be given another value here", target.attr);
        Diagnostic::error(codes::UNSUPPORTED_EXPRESSION, range, message)
            .label("objects keep their arrays and constants while compiled code runs")
            .help(format!("write into the array: `{}[:] = ...`", self.globals.source(target.range)))
            .into()
    }
}

fn not_an_initialization(range: TextRange) -> Stop {
    let message = "a constructor that is compiled only gives members their values";
    Diagnostic::error(codes::UNSUPPORTED_STATEMENT, range, message)
        .label("not of the form `self.name = value`")
        .help("make the object outside of compiled code, and pass it as an argument")
        .into()
}
