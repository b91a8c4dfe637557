//! Which names a function assigns, and to which it refers.

use super::specialize::locals;
use crate::parse::ast;
use ast::visitor::{self, Visitor};
use dacec_ir::IndexSet;

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

/// Names that a function refers to and does not bind itself.
#[derive(Default)]
pub(crate) struct Free {
    /// What functions and comprehensions around bind, innermost last.
    bound: Vec<IndexSet<String>>,
    found: IndexSet<String>,
}

impl Free {
    /// Those of a function that is an expression.
    pub(crate) fn of_expression(parameters: Option<&ast::Parameters>, body: &ast::Expr) -> IndexSet<String> {
        let mut free = Free::default();
        free.within(parameter_names(parameters).collect(), |it| it.visit_expr(body));
        free.found
    }

    /// Those of a function.
    pub(crate) fn of_function(function: &ast::StmtFunctionDef) -> IndexSet<String> {
        let mut free = Free::default();
        free.within(locals(function), |it| it.visit_body(&function.body));
        free.found
    }

    /// Visits a part of the text that binds these names.
    fn within(&mut self, bound: IndexSet<String>, visit: impl FnOnce(&mut Self)) {
        self.bound.push(bound);
        visit(self);
        self.bound.pop();
    }

    fn comprehension(&mut self, generators: &[ast::Comprehension], elements: &[&ast::Expr]) {
        if let Some(first) = generators.first() {
            // The first sequence is found outside.
            self.visit_expr(&first.iter);
        }
        let bound = generators.iter().flat_map(|it| target_names(&it.target)).collect();
        self.within(bound, |it| {
            for generator in generators {
                it.visit_comprehension(generator);
            }
            for element in elements {
                it.visit_expr(element);
            }
        });
    }
}

impl<'a> Visitor<'a> for Free {
    fn visit_stmt(&mut self, statement: &'a ast::Stmt) {
        match statement {
            // One with a decorator is a loop or a tasklet, whose names are those of the function around.
            ast::Stmt::FunctionDef(it) if it.decorator_list.is_empty() => {
                self.visit_parameters(&it.parameters);
                self.within(locals(it), |inner| inner.visit_body(&it.body));
            }
            _ => visitor::walk_stmt(self, statement),
        }
    }

    fn visit_expr(&mut self, expr: &'a ast::Expr) {
        match expr {
            ast::Expr::Name(name) => {
                if !self.bound.iter().any(|bound| bound.contains(name.id.as_str())) {
                    self.found.insert(name.id.to_string());
                }
            }
            ast::Expr::Lambda(it) => {
                let parameters = it.parameters.as_deref();
                if let Some(parameters) = parameters {
                    self.visit_parameters(parameters);
                }
                self.within(parameter_names(parameters).collect(), |inner| inner.visit_expr(&it.body));
            }
            ast::Expr::ListComp(it) => self.comprehension(&it.generators, &[&*it.elt]),
            ast::Expr::SetComp(it) => self.comprehension(&it.generators, &[&*it.elt]),
            ast::Expr::Generator(it) => self.comprehension(&it.generators, &[&*it.elt]),
            ast::Expr::DictComp(it) => {
                let elements: Vec<&ast::Expr> = it.key.iter().chain([&it.value]).map(|it| &**it).collect();
                self.comprehension(&it.generators, &elements);
            }
            _ => visitor::walk_expr(self, expr),
        }
    }
}

/// Names of all parameters.
pub(crate) fn parameter_names(parameters: Option<&ast::Parameters>) -> impl Iterator<Item = String> {
    parameters.into_iter().flat_map(|it| it.iter()).map(|it| it.name().to_string())
}
