//! Structures and classes of a module: groups of arrays and numbers under one name, with the functions that work on them.
//!
//! ```text
//! Grid = dace.data.Structure({"cells": dace.float64[N], "width": dace.float64}, name="Grid")
//!
//! class Heat:
//!     alpha: dace.float64                what every object has: an argument of its own for each member
//!     steps = 10                         what is the same for all of them: known
//!     @dace.program
//!     def run(self, grid: Grid): ...     the annotated function `Heat_run`; called as `heat.run(grid)`
//! ```
//!
//! A function whose parameter is a structure or an object takes the members as arguments, which are called
//! `parameter_member`: the parts of an object have no address in common, so nothing is lost, and a caller in C needs no
//! layout. A number that some function of the file assigns is passed as an array of one element, through which the caller
//! sees its new value.

use crate::module::Global;
use crate::parse::{Ranged, ast};
use crate::types::Value;
use ast::visitor::{self, Visitor};
use dacec_ir::{IndexMap, IndexSet};
use std::sync::Arc;

/// Names of the members that functions assign, as in `object.name = value`. Constructors only give them their first values.
pub(crate) fn assigned_members(statement: &ast::Stmt) -> IndexSet<String> {
    struct Members(IndexSet<String>);
    impl Members {
        fn add(&mut self, target: &ast::Expr) {
            match target {
                ast::Expr::Attribute(it) => {
                    self.0.insert(it.attr.to_string());
                }
                ast::Expr::Tuple(it) => it.elts.iter().for_each(|target| self.add(target)),
                ast::Expr::List(it) => it.elts.iter().for_each(|target| self.add(target)),
                _ => {}
            }
        }
    }
    impl<'a> Visitor<'a> for Members {
        fn visit_stmt(&mut self, statement: &'a ast::Stmt) {
            match statement {
                ast::Stmt::FunctionDef(it) if it.name.as_str() == "__init__" => return,
                ast::Stmt::Assign(it) => it.targets.iter().for_each(|target| self.add(target)),
                ast::Stmt::AugAssign(it) => self.add(&it.target),
                ast::Stmt::AnnAssign(it) => self.add(&it.target),
                _ => {}
            }
            visitor::walk_stmt(self, statement);
        }
    }
    let mut members = Members(IndexSet::default());
    if matches!(statement, ast::Stmt::FunctionDef(_) | ast::Stmt::ClassDef(_)) {
        members.visit_stmt(statement);
    }
    members.0
}

/// The type of a structure.
#[derive(Clone, Debug)]
pub(crate) struct Structure {
    /// What it is called.
    pub(crate) name: String,
    /// The types of its members, in order.
    pub(crate) members: Vec<(String, Value)>,
}

/// How a method gets its first argument.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Binding {
    /// It is called with the object.
    Object,
    /// It is called without.
    Static,
    /// It is evaluated where it is named.
    Property,
}

/// A function of a class.
#[derive(Clone, Debug)]
pub(crate) struct Method {
    /// Its syntax, under a name that is unique in the module: `Class_method`.
    pub(crate) function: Arc<ast::StmtFunctionDef>,
    /// What it is called with.
    pub(crate) binding: Binding,
}

/// A class.
#[derive(Clone, Debug)]
pub(crate) struct Class {
    /// What it is called.
    pub(crate) name: String,
    /// The types of the members that every object has.
    pub(crate) members: Vec<(String, Value)>,
    /// What is the same for all objects.
    pub(crate) constants: IndexMap<String, Global>,
    /// Its functions.
    pub(crate) methods: IndexMap<String, Method>,
}

impl Class {
    /// A class that so far has what its base classes have.
    pub(crate) fn new(name: &str, bases: &[&Class]) -> Self {
        let mut class = Class {
            name: name.to_owned(),
            members: Vec::new(),
            constants: IndexMap::default(),
            methods: IndexMap::default(),
        };
        // What a class has comes before what its bases have, and those that are named first come first.
        for base in bases.iter().rev() {
            for (member, ty) in &base.members {
                class.add_member(member, ty.clone());
            }
            class.constants.extend(base.constants.clone());
            class.methods.extend(base.methods.clone());
        }
        class
    }

    /// Declares a member.
    pub(crate) fn add_member(&mut self, name: &str, ty: Value) {
        match self.members.iter_mut().find(|(known, _)| known == name) {
            Some((_, known)) => *known = ty,
            None => self.members.push((name.to_owned(), ty)),
        }
    }

    /// Adds a function; its first parameter is an object of this class if nothing else is said.
    pub(crate) fn add_method(&mut self, it: &ast::StmtFunctionDef) -> Method {
        let decorated = |name: &str| {
            it.decorator_list.iter().any(|decorator| {
                matches!(&decorator.expression, ast::Expr::Name(known) if known.id.as_str() == name)
            })
        };
        let binding = match (decorated("staticmethod"), decorated("property")) {
            (true, _) => Binding::Static,
            (_, true) => Binding::Property,
            _ => Binding::Object,
        };
        let mut function = it.clone();
        function.name.id = format!("{}_{}", self.name, it.name).into();
        let parameters = &mut function.parameters;
        let first = parameters.posonlyargs.first_mut().or(parameters.args.first_mut());
        if let Some(first) = first
            && binding != Binding::Static
            && first.parameter.annotation.is_none()
        {
            first.parameter.annotation = Some(Box::new(ast::Expr::Name(ast::ExprName {
                node_index: ast::AtomicNodeIndex::NONE,
                range: first.range(),
                id: self.name.as_str().into(),
                ctx: ast::ExprContext::Load,
            })));
        }
        let method = Method { function: Arc::new(function), binding };
        self.methods.insert(it.name.to_string(), method.clone());
        method
    }
}
