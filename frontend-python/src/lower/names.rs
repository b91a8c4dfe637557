//! Which names a function assigns.

use crate::parse::ast;
use ast::visitor::{self, Visitor};
use indexmap::IndexSet;

/// Names in an assignment's target; elements of arrays are not names.
pub(crate) fn target_names(target: &ast::Expr) -> Vec<String> {
    match target {
        ast::Expr::Name(name) => vec![name.id.to_string()],
        ast::Expr::Tuple(tuple) => tuple.elts.iter().flat_map(target_names).collect(),
        ast::Expr::List(list) => list.elts.iter().flat_map(target_names).collect(),
        ast::Expr::Starred(starred) => target_names(&starred.value),
        _ => Vec::new(),
    }
}

/// Every name that the statements assign, those of blocks in them too.
pub(crate) fn assigned(statements: &[ast::Stmt]) -> IndexSet<String> {
    let mut walrus = Walrus::default();
    walrus.visit_body(statements);
    let mut names = walrus.0;
    statements.iter().for_each(|statement| collect(statement, &mut names));
    names
}

/// Every name that an expression assigns.
pub(crate) fn assigned_by(expr: &ast::Expr) -> IndexSet<String> {
    let mut walrus = Walrus::default();
    walrus.visit_expr(expr);
    walrus.0
}

fn collect(statement: &ast::Stmt, names: &mut IndexSet<String>) {
    let mut targets = |target: &ast::Expr| names.extend(target_names(target));
    match statement {
        ast::Stmt::Assign(it) => it.targets.iter().for_each(targets),
        ast::Stmt::AugAssign(it) => targets(&it.target),
        ast::Stmt::AnnAssign(it) => targets(&it.target),
        ast::Stmt::For(it) => {
            targets(&it.target);
            names.extend(assigned(&it.body));
            names.extend(assigned(&it.orelse));
        }
        ast::Stmt::While(it) => {
            names.extend(assigned(&it.body));
            names.extend(assigned(&it.orelse));
        }
        ast::Stmt::If(it) => {
            names.extend(assigned(&it.body));
            it.elif_else_clauses.iter().for_each(|clause| names.extend(assigned(&clause.body)));
        }
        ast::Stmt::FunctionDef(it) => {
            names.insert(it.name.to_string());
        }
        ast::Stmt::Delete(it) => it.targets.iter().for_each(targets),
        ast::Stmt::Import(it) => names.extend(it.names.iter().map(|alias| match &alias.asname {
            Some(name) => name.to_string(),
            None => alias.name.split('.').next().unwrap_or_default().to_owned(),
        })),
        ast::Stmt::ImportFrom(it) => {
            names.extend(
                it.names.iter().map(|alias| alias.asname.as_ref().unwrap_or(&alias.name).to_string()),
            );
        }
        _ => {}
    }
}

/// Whether the statement may leave the iteration of the loop around it early.
pub(crate) fn leaves(statement: &ast::Stmt) -> bool {
    jumps(statement, &|it| matches!(it, ast::Stmt::Break(_) | ast::Stmt::Continue(_)))
}

/// Whether one of the statements may leave the loop around them.
pub(crate) fn breaks(statements: &[ast::Stmt]) -> bool {
    statements.iter().any(|statement| jumps(statement, &|it| matches!(it, ast::Stmt::Break(_))))
}

/// Whether the statement may end the iteration of the loop around it.
pub(crate) fn continues(statement: &ast::Stmt) -> bool {
    jumps(statement, &|it| matches!(it, ast::Stmt::Continue(_)))
}

/// Whether there is such a statement that belongs to the loop around; those in the `else` of an inner loop do.
fn jumps(statement: &ast::Stmt, is_jump: &dyn Fn(&ast::Stmt) -> bool) -> bool {
    let any = |statements: &[ast::Stmt]| statements.iter().any(|it| jumps(it, is_jump));
    match statement {
        ast::Stmt::If(it) => any(&it.body) || it.elif_else_clauses.iter().any(|clause| any(&clause.body)),
        ast::Stmt::For(it) => any(&it.orelse),
        ast::Stmt::While(it) => any(&it.orelse),
        other => is_jump(other),
    }
}

/// Names that expressions of the form `name := value` assign.
#[derive(Default)]
struct Walrus(IndexSet<String>);

impl<'a> Visitor<'a> for Walrus {
    fn visit_expr(&mut self, expr: &'a ast::Expr) {
        if let ast::Expr::Named(it) = expr {
            self.0.extend(target_names(&it.target));
        }
        visitor::walk_expr(self, expr);
    }
}

/// Names that a function refers to.
#[derive(Default)]
pub(crate) struct Reads(pub(crate) IndexSet<String>);

impl<'a> Visitor<'a> for Reads {
    fn visit_expr(&mut self, expr: &'a ast::Expr) {
        if let ast::Expr::Name(name) = expr {
            self.0.insert(name.id.to_string());
        }
        visitor::walk_expr(self, expr);
    }
}
