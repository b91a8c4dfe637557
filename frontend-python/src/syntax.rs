//! Pieces of syntax that stand for others: what a `match` statement or a sum over a generator means in simpler statements.

use crate::parse::{TextRange, ast};

/// A name that is read.
pub(crate) fn name(id: &str, range: TextRange) -> ast::Expr {
    ast::Expr::Name(ast::ExprName {
        node_index: Default::default(),
        range,
        id: id.into(),
        ctx: ast::ExprContext::Load,
    })
}

/// `True` or `False`.
pub(crate) fn truth(value: bool, range: TextRange) -> ast::Expr {
    ast::Expr::BooleanLiteral(ast::ExprBooleanLiteral { node_index: Default::default(), range, value })
}

/// `left op right`.
pub(crate) fn compare(left: ast::Expr, op: ast::CmpOp, right: ast::Expr, range: TextRange) -> ast::Expr {
    ast::Expr::Compare(ast::ExprCompare {
        node_index: Default::default(),
        range,
        left: Box::new(left),
        ops: Box::new([op]),
        comparators: Box::new([right]),
    })
}

/// Conditions joined by `and` or `or`; one of them alone stays as it is.
pub(crate) fn joined(op: ast::BoolOp, mut values: Vec<ast::Expr>, range: TextRange) -> ast::Expr {
    match values.len() {
        0 => truth(op == ast::BoolOp::And, range),
        1 => values.swap_remove(0),
        _ => ast::Expr::BoolOp(ast::ExprBoolOp { node_index: Default::default(), range, op, values }),
    }
}

/// `target = value`.
pub(crate) fn assign(target: &str, value: ast::Expr, range: TextRange) -> ast::Stmt {
    let targets = vec![name(target, range)];
    ast::Stmt::Assign(ast::StmtAssign {
        node_index: Default::default(),
        range,
        targets,
        value: Box::new(value),
    })
}

/// `if test: body`, with an `else` unless that is empty.
pub(crate) fn branch(test: ast::Expr, body: ast::Suite, orelse: ast::Suite, range: TextRange) -> ast::Stmt {
    let mut elif_else_clauses = Vec::new();
    if !orelse.is_empty() {
        elif_else_clauses.push(ast::ElifElseClause {
            range,
            node_index: Default::default(),
            test: None,
            body: orelse,
        });
    }
    let test = Box::new(test);
    ast::Stmt::If(ast::StmtIf { node_index: Default::default(), range, test, body, elif_else_clauses })
}

/// `function(argument)`.
pub(crate) fn call(function: &str, argument: ast::Expr, range: TextRange) -> ast::Expr {
    ast::Expr::Call(ast::ExprCall {
        node_index: Default::default(),
        range_start: range.start(),
        func: Box::new(name(function, range)),
        arguments: ast::Arguments {
            range,
            node_index: Default::default(),
            args: Box::new([argument]),
            keywords: Default::default(),
        },
    })
}

/// `(item, ...)`.
pub(crate) fn tuple(elts: Vec<ast::Expr>, range: TextRange) -> ast::Expr {
    let ctx = ast::ExprContext::Load;
    ast::Expr::Tuple(ast::ExprTuple { node_index: Default::default(), range, elts, ctx, parenthesized: true })
}
