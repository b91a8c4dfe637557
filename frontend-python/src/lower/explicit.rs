//! Explicit dataflow: tasklets with memlets, and parallel loops in the form of functions.
//!
//! A tasklet is computation with its inputs and outputs written down. It means what the same statements mean without it,
//! with all inputs read first and all outputs written last, and is lowered as those:
//!
//! ```text
//! with dace.tasklet:
//!     a << x[i]                          a' = x[i]
//!     s >> total(1, lambda p, q: p + q)
//!     o >> y[i]
//!     o = 2 * a                          o' = 2 * a'
//!     s = a                              s' = a'
//!                                        total += s'
//!                                        y[i] = o'
//! ```
//!
//! Connectors and variables of a tasklet are its own: each gets a name that nothing else has.

use super::foreign::{asks_for_cpp, text_of};
use super::names::{assigned, target_names};
use super::{Lowerer, Result};
use crate::codes;
use crate::diagnostic::Diagnostic;
use crate::parse::{Ranged, TextRange, ast};
use crate::types::Value;
use ast::visitor::transformer::{Transformer, walk_expr};
use dacec_ir::{IndexMap, Wcr};

/// What moves to or from a connector.
#[derive(Clone)]
pub(super) struct Moved<'e> {
    pub(super) connector: String,
    /// The elements.
    pub(super) data: ast::Expr,
    /// How values are combined with those that are there.
    pub(super) resolution: Option<(Wcr, &'e ast::ExprLambda)>,
    /// Whether the tasklet may leave the elements as they are.
    pub(super) dynamic: bool,
    pub(super) range: TextRange,
}

impl Lowerer<'_> {
    /// `with dace.tasklet:`, the only context that can be compiled.
    pub(super) fn with_statement(&mut self, it: &ast::StmtWith) -> Result<()> {
        let [item] = it.items.as_slice() else { return Err(not_a_tasklet(it.range).into()) };
        let (context, cpp) = match &item.context_expr {
            ast::Expr::Call(call) => (&*call.func, asks_for_cpp(&call.arguments)?),
            other => (other, false),
        };
        match self.eval(context)? {
            Value::Tasklet => self.tasklet(&it.body, cpp, it.range),
            Value::Poison => Err(super::Stop::Reported),
            _ => Err(not_a_tasklet(item.context_expr.range()).into()),
        }
    }

    /// A nested function: a tasklet or a parallel loop if it is decorated so, else something to call.
    pub(super) fn function_statement(&mut self, it: &ast::StmtFunctionDef) -> Result<()> {
        let Some(decorator) = it.decorator_list.first() else {
            let function = std::sync::Arc::new(it.clone());
            let function = self.defined(Value::Helper(function), Some(&it.parameters))?;
            return self.bind(&it.name, function, it.name.range);
        };
        let (function, ranges, cpp) = match &decorator.expression {
            ast::Expr::Call(call) => (&*call.func, &call.arguments.args[..], asks_for_cpp(&call.arguments)?),
            other => (other, &[][..], false),
        };
        let value = self.eval(function)?;
        match value {
            Value::Tasklet => self.tasklet(&it.body, cpp, it.range),
            Value::Map | Value::MapScope => {
                let ranges = self.ranges_of(it, ranges)?;
                let names: Vec<ast::Expr> = it
                    .parameters
                    .iter_non_variadic_params()
                    .map(|parameter| name_expr(parameter.name(), parameter.range()))
                    .collect();
                let targets: Vec<&ast::Expr> = names.iter().collect();
                let body = match value {
                    Value::Map => vec![tasklet_statement(function, it)],
                    _ => it.body.to_vec(),
                };
                self.map_loop(&targets, ranges, &body, it.range)
            }
            Value::Consume | Value::ConsumeScope => {
                let ast::Expr::Call(call) = &decorator.expression else {
                    let message = "nothing says which stream is consumed";
                    return Err(Diagnostic::error(codes::MAP, decorator.range, message)
                        .help("write `@dace.consume(stream, processing_elements)`")
                        .into());
                };
                let names: Vec<ast::Expr> = it
                    .parameters
                    .iter_non_variadic_params()
                    .map(|parameter| name_expr(parameter.name(), parameter.range()))
                    .collect();
                let targets: Vec<&ast::Expr> = names.iter().collect();
                let body = match value {
                    Value::Consume => vec![tasklet_statement(function, it)],
                    _ => it.body.to_vec(),
                };
                self.consume_loop(&targets, &call.arguments, &body, it.range)
            }
            Value::Poison => Err(super::Stop::Reported),
            _ => {
                let message = "a nested function with this decorator cannot be compiled";
                Err(Diagnostic::error(codes::UNSUPPORTED_STATEMENT, decorator.range, message)
                    .help("define it outside of the function")
                    .into())
            }
        }
    }

    /// The ranges of a parallel loop in the form of a function: given to the decorator, or as annotations.
    fn ranges_of<'e>(
        &self,
        it: &'e ast::StmtFunctionDef,
        given: &'e [ast::Expr],
    ) -> Result<Vec<&'e ast::Expr>> {
        let slices = |expr: &'e ast::Expr| -> Option<Vec<&'e ast::Expr>> {
            let ast::Expr::Subscript(it) = expr else { return None };
            Some(match &*it.slice {
                ast::Expr::Tuple(tuple) => tuple.elts.iter().collect(),
                one => vec![one],
            })
        };
        let annotations = it.parameters.iter_non_variadic_params().map(|parameter| parameter.annotation());
        let found: Option<Vec<Vec<&ast::Expr>>> = match given {
            [] => annotations.map(|annotation| annotation.and_then(slices)).collect(),
            given => given.iter().map(slices).collect(),
        };
        found.map(|found| found.concat()).ok_or_else(|| {
            Diagnostic::error(codes::MAP, it.name.range, "the ranges of this parallel loop are missing")
                .help("write `@dace.map(_[0:N])`, or `i: _[0:N]` for a parameter")
                .into()
        })
    }

    fn tasklet(&mut self, body: &[ast::Stmt], cpp: bool, range: TextRange) -> Result<()> {
        let (mut inputs, mut outputs, mut code) = (Vec::new(), Vec::new(), Vec::new());
        for statement in body {
            match memlet(statement)? {
                Some((true, moved)) => inputs.push(moved),
                Some((false, moved)) => outputs.push(moved),
                None => code.push(statement.clone()),
            }
        }
        match text_of(&code) {
            // A body that is only a text is not Python.
            Some(text) => return self.foreign_tasklet(&inputs, &outputs, text, range),
            None if cpp => {
                let message = "the body of a tasklet in C++ is one text";
                return Err(Diagnostic::error(codes::UNSUPPORTED_STATEMENT, range, message)
                    .help("write it as a string: `\"o = 2 * a;\"`")
                    .into());
            }
            None => {}
        }
        let line = self.span(range).line;
        let mut names: IndexMap<String, String> = IndexMap::default();
        let connectors = inputs.iter().chain(&outputs).map(|moved| moved.connector.clone());
        for name in connectors.chain(assigned(&code)) {
            names.entry(name.clone()).or_insert_with(|| format!("__{name}_{line}"));
        }
        let by_element = elements_assigned(&code);
        // Each assignment to the connector of a stream is a push, and one to a connector that may be left out is made at once.
        let mut written = IndexMap::default();
        for moved in &outputs {
            let in_place = match self.stream_of(&moved.data) {
                Some(stream) => InPlace::Push(stream),
                None if moved.dynamic && moved.resolution.is_some() => InPlace::Store(moved.clone()),
                None => continue,
            };
            written.insert(moved.connector.clone(), in_place);
        }
        let written = WrittenInPlace(written);
        code.iter_mut().for_each(|statement| written.visit_stmt(statement));
        outputs.retain(|moved| !written.0.contains_key(&moved.connector));
        let renamed = Renamed(names);
        code.iter_mut().for_each(|statement| renamed.visit_stmt(statement));
        let own = |moved: &Moved<'_>| name_expr(&renamed.name(&moved.connector), moved.range);
        let mut statements: Vec<ast::Stmt> =
            inputs.iter().map(|it| assign(own(it), self.input(it), it.range)).collect();
        let mut last = Vec::new();
        for output in &outputs {
            // Elements of an output are written where they belong; a value is written when it is complete.
            let in_place = by_element.contains(&output.connector);
            if in_place && output.resolution.is_some() {
                let message = "only the value of a whole connector can be combined with what is there";
                return Err(Diagnostic::error(codes::UNSUPPORTED_EXPRESSION, output.range, message).into());
            }
            if in_place || output.dynamic && output.resolution.is_none() {
                statements.push(assign(own(output), output.data.clone(), output.range));
            }
            if !in_place {
                last.push(store(output, own(output)));
            }
        }
        statements.append(&mut code);
        statements.append(&mut last);
        self.locals.extend(renamed.0.into_values());
        self.block(&statements)
    }

    /// The queue that an expression names, if that is one: what follows the name of a stream without dimensions is not
    /// meant as an index.
    fn stream_of(&self, data: &ast::Expr) -> Option<ast::Expr> {
        let name = |expr: &ast::Expr| match expr {
            ast::Expr::Name(name) => match self.env.get(name.id.as_str()) {
                Some(Value::Stream(queue)) => Some(queue.container.clone()),
                _ => None,
            },
            _ => None,
        };
        match data {
            ast::Expr::Subscript(it) => {
                let container = name(&it.value)?;
                let rank = self.sdfg.containers.get(&container).map_or(0, |data| data.rank());
                Some(if rank == 0 { (*it.value).clone() } else { data.clone() })
            }
            other => name(other).map(|_| other.clone()),
        }
    }

    /// What an input is: elements of an array, or one that leaves a stream.
    fn input(&self, moved: &Moved<'_>) -> ast::Expr {
        match self.stream_of(&moved.data) {
            Some(stream) => method_call(stream, "pop", None, moved.range),
            None => moved.data.clone(),
        }
    }

    /// `A[0:2] << B[2:4]` and `B[2:4] >> A[0:2]` as statements: copies.
    pub(super) fn copy_statement(&mut self, it: &ast::ExprBinOp) -> Result<bool> {
        let (from, to) = match it.op {
            ast::Operator::LShift => (&*it.right, &*it.left),
            ast::Operator::RShift => (&*it.left, &*it.right),
            _ => return Ok(false),
        };
        if self.stream_of(from).is_some() || self.stream_of(to).is_some() {
            let (from, to) = (self.eval(from)?, self.eval(to)?);
            self.flush();
            return self.stream_copy(&from, &to, it.range).map(|()| true);
        }
        let data = whole(to);
        self.block(&[assign(data, from.clone(), it.range)])?;
        Ok(true)
    }
}

fn not_a_tasklet(range: TextRange) -> Diagnostic {
    Diagnostic::error(codes::UNSUPPORTED_STATEMENT, range, "this `with` statement cannot be compiled")
        .help("the only context that can be compiled is `dace.tasklet`")
}

/// Input (`true`) or output, with what moves, if the statement is a memlet.
fn memlet(statement: &ast::Stmt) -> Result<Option<(bool, Moved<'_>)>> {
    let ast::Stmt::Expr(it) = statement else { return Ok(None) };
    let ast::Expr::BinOp(it) = &*it.value else { return Ok(None) };
    let (ast::Expr::Name(connector), ast::Operator::LShift | ast::Operator::RShift) = (&*it.left, it.op)
    else {
        return Ok(None);
    };
    let mut moved = Moved {
        connector: connector.id.to_string(),
        data: (*it.right).clone(),
        resolution: None,
        dynamic: false,
        range: it.range,
    };
    let call = match &*it.right {
        ast::Expr::Call(call) => {
            moved.data = (*call.func).clone();
            Some(call)
        }
        ast::Expr::Subscript(subscript) => match &*subscript.value {
            ast::Expr::Call(call) => {
                moved.data = ast::Expr::Subscript(ast::ExprSubscript {
                    value: call.func.clone(),
                    ..subscript.clone()
                });
                Some(call)
            }
            _ => None,
        },
        _ => None,
    };
    if let Some(call) = call {
        moved.dynamic = call.arguments.args.first().is_some_and(is_dynamic);
        if let Some(ast::Expr::Lambda(lambda)) = call.arguments.args.get(1) {
            let wcr = resolution(lambda).ok_or_else(|| {
                let message = "this conflict resolution cannot be compiled";
                Diagnostic::error(codes::UNSUPPORTED_EXPRESSION, lambda.range, message)
                    .help("resolutions are `+`, `*`, `&`, `|`, `^`, `min` and `max` of both parameters")
            })?;
            moved.resolution = Some((wcr, lambda));
        }
    }
    Ok(Some((it.op == ast::Operator::LShift, moved)))
}

fn is_dynamic(volume: &ast::Expr) -> bool {
    matches!(volume, ast::Expr::UnaryOp(it) if it.op == ast::UnaryOp::USub)
}

/// The operation of a lambda that combines its two parameters.
pub(crate) fn resolution(lambda: &ast::ExprLambda) -> Option<Wcr> {
    let parameters: Vec<&str> = lambda
        .parameters
        .iter()
        .flat_map(|it| it.iter_non_variadic_params())
        .map(|it| it.name().as_str())
        .collect();
    let both = |a: &ast::Expr, b: &ast::Expr| match (a, b) {
        (ast::Expr::Name(a), ast::Expr::Name(b)) => {
            parameters.len() == 2
                && a.id != b.id
                && [a, b].iter().all(|it| parameters.contains(&it.id.as_str()))
        }
        _ => false,
    };
    match &*lambda.body {
        ast::Expr::BinOp(it) if both(&it.left, &it.right) => match it.op {
            ast::Operator::Add => Some(Wcr::Sum),
            ast::Operator::Mult => Some(Wcr::Product),
            ast::Operator::BitAnd => Some(Wcr::BitAnd),
            ast::Operator::BitOr => Some(Wcr::BitOr),
            ast::Operator::BitXor => Some(Wcr::BitXor),
            _ => None,
        },
        ast::Expr::Call(it) => {
            let name = match &*it.func {
                ast::Expr::Name(name) => name.id.as_str(),
                ast::Expr::Attribute(name) => name.attr.as_str(),
                _ => return None,
            };
            let [a, b] = &*it.arguments.args else { return None };
            match name {
                "min" | "minimum" if both(a, b) => Some(Wcr::Min),
                "max" | "maximum" if both(a, b) => Some(Wcr::Max),
                _ => None,
            }
        }
        _ => None,
    }
}

/// Connectors whose elements are assigned.
fn elements_assigned(statements: &[ast::Stmt]) -> Vec<String> {
    struct Found(std::cell::RefCell<Vec<String>>);
    impl Transformer for Found {
        fn visit_expr(&self, expr: &mut ast::Expr) {
            if let ast::Expr::Subscript(it) = &*expr
                && it.ctx == ast::ExprContext::Store
            {
                self.0.borrow_mut().extend(target_names(&it.value));
            }
            walk_expr(self, expr);
        }
    }
    let found = Found(std::cell::RefCell::default());
    statements.to_vec().iter_mut().for_each(|statement| found.visit_stmt(statement));
    found.0.into_inner()
}

/// What an assignment to a connector does at once.
enum InPlace<'e> {
    /// A push to this stream.
    Push(ast::Expr),
    /// A combination with the elements.
    Store(Moved<'e>),
}

/// What stands in place of assignments, by the name that is assigned.
struct WrittenInPlace<'e>(IndexMap<String, InPlace<'e>>);

impl Transformer for WrittenInPlace<'_> {
    fn visit_stmt(&self, statement: &mut ast::Stmt) {
        if let ast::Stmt::Assign(it) = &*statement
            && let [ast::Expr::Name(name)] = &*it.targets
            && let Some(written) = self.0.get(name.id.as_str())
        {
            let value = (*it.value).clone();
            *statement = match written {
                InPlace::Push(stream) => ast::Stmt::Expr(ast::StmtExpr {
                    node_index: ast::AtomicNodeIndex::NONE,
                    range: it.range,
                    value: Box::new(method_call(stream.clone(), "push", Some(value), it.range)),
                }),
                InPlace::Store(moved) => store(moved, value),
            };
            return;
        }
        ast::visitor::transformer::walk_stmt(self, statement);
    }
}

/// `object.method(argument)`.
fn method_call(object: ast::Expr, method: &str, argument: Option<ast::Expr>, range: TextRange) -> ast::Expr {
    let func = ast::Expr::Attribute(ast::ExprAttribute {
        node_index: ast::AtomicNodeIndex::NONE,
        range,
        value: Box::new(object),
        attr: ast::Identifier::new(method, range),
        ctx: ast::ExprContext::Load,
    });
    ast::Expr::Call(ast::ExprCall {
        node_index: ast::AtomicNodeIndex::NONE,
        range_start: range.start(),
        func: Box::new(func),
        arguments: ast::Arguments {
            node_index: ast::AtomicNodeIndex::NONE,
            range,
            args: argument.into_iter().collect(),
            keywords: Default::default(),
        },
    })
}

/// New names for old ones.
struct Renamed(IndexMap<String, String>);

impl Renamed {
    fn name(&self, old: &str) -> String {
        self.0.get(old).map_or_else(|| old.to_owned(), Clone::clone)
    }
}

impl Transformer for Renamed {
    fn visit_expr(&self, expr: &mut ast::Expr) {
        if let ast::Expr::Name(name) = expr
            && let Some(new) = self.0.get(name.id.as_str())
        {
            name.id = new.as_str().into();
        }
        walk_expr(self, expr);
    }
}

fn name_expr(name: &str, range: TextRange) -> ast::Expr {
    let (id, ctx) = (name.into(), ast::ExprContext::Load);
    ast::Expr::Name(ast::ExprName { node_index: ast::AtomicNodeIndex::NONE, range, id, ctx })
}

fn assign(target: ast::Expr, value: ast::Expr, range: TextRange) -> ast::Stmt {
    ast::Stmt::Assign(ast::StmtAssign {
        node_index: ast::AtomicNodeIndex::NONE,
        range,
        targets: vec![target],
        value: Box::new(value),
    })
}

/// The data as something that can be assigned: all of an array that is only named.
fn whole(data: &ast::Expr) -> ast::Expr {
    if !matches!(data, ast::Expr::Name(_)) {
        return data.clone();
    }
    let range = data.range();
    let all = ast::ExprEllipsisLiteral { node_index: ast::AtomicNodeIndex::NONE, range };
    ast::Expr::Subscript(ast::ExprSubscript {
        node_index: ast::AtomicNodeIndex::NONE,
        range,
        value: Box::new(data.clone()),
        slice: Box::new(ast::Expr::EllipsisLiteral(all)),
        ctx: ast::ExprContext::Store,
    })
}

/// The statement that writes an output.
fn store(output: &Moved<'_>, value: ast::Expr) -> ast::Stmt {
    let (target, range) = (output.data.clone(), output.range);
    let Some((wcr, lambda)) = output.resolution else { return assign(target, value, range) };
    let op = match wcr {
        Wcr::Sum => ast::Operator::Add,
        Wcr::Product => ast::Operator::Mult,
        Wcr::BitAnd => ast::Operator::BitAnd,
        Wcr::BitOr => ast::Operator::BitOr,
        Wcr::BitXor => ast::Operator::BitXor,
        _ => {
            let ast::Expr::Call(mut call) = (*lambda.body).clone() else {
                return assign(target, value, range);
            };
            call.arguments.args = vec![target.clone(), value].into();
            return assign(target, ast::Expr::Call(call), range);
        }
    };
    ast::Stmt::AugAssign(ast::StmtAugAssign {
        node_index: ast::AtomicNodeIndex::NONE,
        range,
        target: Box::new(target),
        op,
        value: Box::new(value),
    })
}

/// The function's body as a tasklet.
fn tasklet_statement(map: &ast::Expr, it: &ast::StmtFunctionDef) -> ast::Stmt {
    let mut context = map.clone();
    if let ast::Expr::Attribute(attribute) = &mut context {
        attribute.attr = ast::Identifier::new("tasklet", attribute.attr.range);
    }
    ast::Stmt::With(ast::StmtWith {
        node_index: ast::AtomicNodeIndex::NONE,
        range: it.range,
        is_async: false,
        items: vec![ast::WithItem {
            range: map.range(),
            node_index: ast::AtomicNodeIndex::NONE,
            context_expr: context,
            optional_vars: None,
        }],
        body: it.body.clone(),
    })
}
