//! Lists that change: `append`, `extend`, `insert`, `pop`, `clear`, `reverse`, and the assignment of items.
//!
//! A list is known when the program is compiled, so a change gives its name another value. All names and lists that hold the
//! list see it: a list has a [`Home`] from the moment on in which it gets a name, by which it is recognised.
//!
//! ```text
//! t = [x[0]]; u = t; t.append(1.0)       t and u are [x[0], 1.0]
//! for k in range(3): t.append(k)         the loop is written out
//! if x[0] > 0: t.append(2.0)             refused: the length of t would depend on x
//! ```
//!
//! **Sound because** a list is changed only in the stretch of code in which it was made: in a branch or in a loop that runs,
//! its value after it would not be one; a list of the caller or the module would change without their knowing.

use super::{Lowerer, Result};
use crate::codes;
use crate::diagnostic::Diagnostic;
use crate::parse::{Ranged, TextRange, ast};
use crate::types::{Home, Items, Value};
use ast::visitor::{self, Visitor};
use std::sync::Arc;

/// Methods that change lists.
pub(super) const METHODS: &[&str] = &["append", "extend", "insert", "pop", "clear", "reverse"];

/// A call that changes a list.
struct Change<'e> {
    items: Items,
    home: Arc<Home>,
    method: &'e str,
    arguments: &'e ast::Arguments,
    range: TextRange,
}

impl Lowerer<'_> {
    /// The items of a list that gets a name, and of lists in it, with homes.
    pub(super) fn at_home(&self, items: Items) -> Items {
        let mut items = items.map(|item| match item {
            Value::Tuple(inner) => Value::Tuple(self.at_home(inner)),
            other => other,
        });
        if items.is_list && items.home.is_none() {
            items.home = Some(Arc::new(Home { stretch: Some(self.here()) }));
        }
        items
    }

    /// The stretch of code that is being lowered.
    fn here(&self) -> [usize; 3] {
        [self.stretch, self.frames.len(), self.params.len()]
    }

    /// A statement that changes a list; `false` if it is another one.
    pub(super) fn list_statement(&mut self, it: &ast::ExprCall) -> Result<bool> {
        match self.change_of(it)? {
            Some(change) => self.changed(change).map(|_| true),
            None => Ok(false),
        }
    }

    /// The value of `list.pop()`, which is no longer in the list; `None` if the expression is another one.
    pub(super) fn popped(&mut self, expr: &ast::Expr) -> Result<Option<Value>> {
        let ast::Expr::Call(it) = expr else { return Ok(None) };
        match self.change_of(it)? {
            Some(change) if change.method == "pop" => self.changed(change).map(Some),
            _ => Ok(None),
        }
    }

    fn change_of<'e>(&mut self, it: &'e ast::ExprCall) -> Result<Option<Change<'e>>> {
        let ast::Expr::Attribute(function) = &*it.func else { return Ok(None) };
        let method = function.attr.as_str();
        if !METHODS.contains(&method) {
            return Ok(None);
        }
        let Some((items, home)) = self.list_at(&function.value)? else { return Ok(None) };
        Ok(Some(Change { items, home, method, arguments: &it.arguments, range: it.range() }))
    }

    /// The list that an expression refers to by names and subscripts.
    fn list_at(&mut self, expr: &ast::Expr) -> Result<Option<(Items, Arc<Home>)>> {
        let mut root = expr;
        while let ast::Expr::Subscript(it) = root {
            root = &it.value;
        }
        let ast::Expr::Name(name) = root else { return Ok(None) };
        if !matches!(self.known_value(&name.id), Some(Value::Tuple(_) | Value::Dict(_))) {
            return Ok(None);
        }
        Ok(match self.eval(expr)? {
            Value::Tuple(items) => items.home.clone().filter(|_| items.is_list).map(|home| (items, home)),
            _ => None,
        })
    }

    /// Makes a change, and gives what the method gives.
    fn changed(&mut self, change: Change<'_>) -> Result<Value> {
        let Change { items, home, method, arguments, range } = change;
        let given = self.arguments(arguments)?;
        let mut values: Vec<Value> = items.into();
        let given: Vec<Value> = given.positional.into_iter().map(|(value, _)| value).collect();
        let mut result = Value::None;
        match (method, given.as_slice()) {
            ("append", [value]) => values.push(self.settle(value.clone())),
            ("extend", [more]) => {
                let more = self.as_tuple(more.clone(), range)?;
                values.extend(self.elements(more, range)?.into_iter().map(|item| self.settle(item)));
            }
            ("insert", [at, value]) => {
                let at = self.constant_int(at, range)?;
                let len = values.len() as i64;
                let at = if at < 0 { at + len } else { at }.clamp(0, len);
                values.insert(at as usize, self.settle(value.clone()));
            }
            ("pop", [] | [_]) => {
                let at = given.first().map_or(Ok(-1), |at| self.constant_int(at, range))?;
                result = values.remove(place(at, values.len(), range)?);
            }
            ("clear", []) => values.clear(),
            ("reverse", []) => values.reverse(),
            _ => {
                let message = format!("wrong arguments of the method `{method}` of a list");
                return Err(Diagnostic::error(codes::ARGUMENTS, range, message).into());
            }
        }
        self.replace_list(&home, values, range)?;
        Ok(result)
    }

    /// `list[index] = value`; `false` if the target is no list. `value` gets the item that was there.
    pub(super) fn assign_item(
        &mut self,
        target: &ast::ExprSubscript,
        value: impl FnOnce(&mut Self, Value) -> Result<Value>,
    ) -> Result<bool> {
        let Some((items, home)) = self.list_at(&target.value)? else { return Ok(false) };
        if target.slice.is_slice_expr() {
            let message = "a slice of a list cannot be assigned";
            return Err(Diagnostic::error(codes::INDEX, target.range, message)
                .help("assign its items, or make a list of the parts: `t[:1] + [x] + t[2:]`")
                .into());
        }
        let at = self.eval(&target.slice)?;
        let at = self.constant_int(&at, target.slice.range())?;
        let mut values: Vec<Value> = items.into();
        let at = place(at, values.len(), target.range)?;
        let value = value(self, values[at].clone())?;
        values[at] = self.settle(value);
        self.replace_list(&home, values, target.range)?;
        Ok(true)
    }

    /// `list += more` changes the list that the name refers to.
    pub(super) fn extend_list(&mut self, items: &Items, more: &Value, range: TextRange) -> Result<bool> {
        let (Some(home), Value::Tuple(more)) = (&items.home, more) else { return Ok(false) };
        let values = items.iter().chain(more).cloned();
        let values = values.map(|item| self.settle(item)).collect();
        self.replace_list(home, values, range)?;
        Ok(true)
    }

    /// Gives a list other items, wherever it is referred to.
    fn replace_list(&mut self, home: &Arc<Home>, values: Vec<Value>, range: TextRange) -> Result<()> {
        let refused = |message: &str, help: &str| {
            Err(Diagnostic::error(codes::REBIND, range, message).help(help).into())
        };
        match home.stretch {
            None => {
                let message = "a list that was made outside of the function cannot be changed in it";
                return refused(message, "change a copy, `t = list(t)`, and return or use that");
            }
            Some(stretch) if stretch != self.here() => {
                let message = "a list cannot be changed in a branch or loop after which it is used: its length would depend on values";
                return refused(message, "fill an array, `y[i] = x`, or loop over known numbers");
            }
            Some(_) => {}
        }
        if self.iterated.iter().any(|it| Arc::ptr_eq(it, home)) {
            return refused(
                "a list cannot be changed while a loop runs over it",
                "loop over a copy: `list(t)`",
            );
        }
        if values.iter().any(|value| holds(value, home)) {
            return refused("a list cannot hold itself", "append a copy: `list(t)`");
        }
        let new = self.at_home(Items::list_of(values, home.clone()));
        self.env.change(&mut |value| holds(value, home).then(|| replaced(value, &new)));
        Ok(())
    }

    /// Whether statements change a list that a name refers to now.
    pub(super) fn change_lists(&self, statements: &[ast::Stmt]) -> bool {
        let mut changes = Changes { lowerer: self, found: false };
        changes.visit_body(statements);
        changes.found
    }

    /// Runs `body` while lists in a value must not change.
    pub(super) fn while_iterated<T>(
        &mut self,
        value: &Value,
        body: impl FnOnce(&mut Self) -> Result<T>,
    ) -> Result<T> {
        let count = self.iterated.len();
        let mut parts = vec![value];
        while let Some(part) = parts.pop() {
            match part {
                Value::Tuple(items) => self.iterated.extend(items.home.clone()),
                Value::Zip(inner) => parts.extend(inner),
                _ => {}
            }
        }
        let result = body(self);
        self.iterated.truncate(count);
        result
    }
}

/// The item that an index, which may count from the end, means.
fn place(at: i64, len: usize, range: TextRange) -> Result<usize> {
    let from_front = if at < 0 { at + len as i64 } else { at };
    usize::try_from(from_front).ok().filter(|at| *at < len).ok_or_else(|| {
        let message = format!("index {at} is outside of a list of {len} values");
        Diagnostic::error(codes::INDEX, range, message).into()
    })
}

/// A value as a function sees it that has not made it: its lists are not the function's.
pub(super) fn from_outside(value: Value) -> Value {
    match value {
        Value::Tuple(items) => {
            let mut items = items.map(from_outside);
            items.home = items.is_list.then(|| Arc::new(Home { stretch: None }));
            Value::Tuple(items)
        }
        Value::Dict(items) => {
            Value::Dict(items.into_iter().map(|(key, value)| (key, from_outside(value))).collect())
        }
        other => other,
    }
}

/// Whether a value is, or holds, the list.
fn holds(value: &Value, home: &Arc<Home>) -> bool {
    match value {
        Value::Tuple(items) => {
            items.home.as_ref().is_some_and(|it| Arc::ptr_eq(it, home))
                || items.iter().any(|item| holds(item, home))
        }
        Value::Zip(items) => items.iter().any(|item| holds(item, home)),
        Value::Dict(items) => items.iter().any(|(_, value)| holds(value, home)),
        Value::Namespace(members) | Value::Instance(_, members) | Value::Defaulted(_, members) => {
            members.values().any(|member| holds(member, home))
        }
        _ => false,
    }
}

/// The value with other items of the list.
fn replaced(value: &Value, new: &Items) -> Value {
    let is_it = |items: &Items| match (&items.home, &new.home) {
        (Some(a), Some(b)) => Arc::ptr_eq(a, b),
        _ => false,
    };
    match value {
        Value::Tuple(items) if is_it(items) => Value::Tuple(new.clone()),
        Value::Tuple(items) => Value::Tuple(items.clone().map(|item| replaced(&item, new))),
        Value::Zip(items) => Value::Zip(items.iter().map(|item| replaced(item, new)).collect()),
        Value::Dict(items) => {
            Value::Dict(items.iter().map(|(key, value)| (key.clone(), replaced(value, new))).collect())
        }
        Value::Namespace(members) => {
            let members = members.iter().map(|(name, member)| (name.clone(), replaced(member, new)));
            Value::Namespace(members.collect())
        }
        Value::Instance(class, members) => {
            let members = members.iter().map(|(name, member)| (name.clone(), replaced(member, new)));
            Value::Instance(class.clone(), members.collect())
        }
        Value::Defaulted(function, members) => {
            let members = members.iter().map(|(name, member)| (name.clone(), replaced(member, new)));
            Value::Defaulted(function.clone(), members.collect())
        }
        other => other.clone(),
    }
}

/// Finds statements that change lists.
struct Changes<'l, 'a> {
    lowerer: &'l Lowerer<'a>,
    found: bool,
}

impl Changes<'_, '_> {
    fn is_list(&self, expr: &ast::Expr) -> bool {
        match expr {
            ast::Expr::Name(name) => {
                matches!(self.lowerer.known_value(&name.id), Some(Value::Tuple(items)) if items.is_list)
            }
            ast::Expr::Subscript(it) => self.is_list(&it.value),
            _ => false,
        }
    }
}

impl<'e> Visitor<'e> for Changes<'_, '_> {
    fn visit_stmt(&mut self, statement: &'e ast::Stmt) {
        if let ast::Stmt::AugAssign(it) = statement {
            self.found |= self.is_list(&it.target);
        }
        visitor::walk_stmt(self, statement);
    }

    fn visit_expr(&mut self, expr: &'e ast::Expr) {
        self.found |= match expr {
            ast::Expr::Call(call) => match &*call.func {
                ast::Expr::Attribute(it) => METHODS.contains(&it.attr.as_str()) && self.is_list(&it.value),
                _ => false,
            },
            ast::Expr::Subscript(it) => it.ctx.is_store() && self.is_list(&it.value),
            _ => false,
        };
        visitor::walk_expr(self, expr);
    }
}
