//! Which names a function assigns.

use crate::parse::ast;
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
    let mut names = IndexSet::new();
    statements.iter().for_each(|statement| collect(statement, &mut names));
    names
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
        _ => {}
    }
}

/// Whether the statement may leave the iteration of the loop around it early.
pub(crate) fn leaves(statement: &ast::Stmt) -> bool {
    match statement {
        ast::Stmt::Break(_) | ast::Stmt::Continue(_) => true,
        ast::Stmt::If(it) => {
            it.body.iter().any(leaves)
                || it.elif_else_clauses.iter().any(|clause| clause.body.iter().any(leaves))
        }
        _ => false,
    }
}
