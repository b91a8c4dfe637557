//! `match` statements: chains of `if` statements, written out when a file is read.
//!
//! ```text
//! match kind:                         if kind == 1 or kind == 2:
//!     case 1 | 2:                         a()
//!         a()                ──▶      else:
//!     case other if other > 9:            other = kind
//!         b()                             if other > 9:
//!                                             b()
//! ```
//!
//! Patterns are values, `None`, alternatives, names, and sequences of these where the subject is written as a tuple. A statement
//! with another pattern stays as it is, and is refused where it is lowered.

use crate::parse::{Ranged, TextRange, ast};
use crate::syntax::{assign, branch, compare, joined, name, truth};
use ast::visitor::transformer::{Transformer, walk_body, walk_stmt};

/// Replaces the `match` statements of a module.
pub(crate) fn write_out(suite: &mut ast::Suite) {
    walk_body(&WriteOut, suite);
}

struct WriteOut;

impl Transformer for WriteOut {
    fn visit_stmt(&self, statement: &mut ast::Stmt) {
        if let ast::Stmt::Match(it) = statement
            && let Some(written) = written_out(it)
        {
            *statement = written;
        }
        walk_stmt(self, statement);
    }
}

/// The statement as branches; `None` if one of its patterns is not known.
fn written_out(it: &ast::StmtMatch) -> Option<ast::Stmt> {
    // What is more than a name is computed once.
    let mut body = ast::Suite::new();
    let mut once = |expr: &ast::Expr, k: usize| match expr {
        ast::Expr::Name(_) => expr.clone(),
        other => {
            let subject = format!("__match_{}_{k}", u32::from(it.range.start()));
            body.push(assign(&subject, other.clone(), other.range()));
            name(&subject, other.range())
        }
    };
    let subject: Vec<ast::Expr> = match &*it.subject {
        ast::Expr::Tuple(tuple) => tuple.elts.iter().enumerate().map(|(k, part)| once(part, k)).collect(),
        one => vec![once(one, 0)],
    };
    let is_tuple = it.subject.is_tuple_expr();
    body.extend(cases(&it.cases, &subject, is_tuple)?);
    Some(branch(truth(true, it.range), body, ast::Suite::new(), it.range))
}

fn cases(cases: &[ast::MatchCase], subject: &[ast::Expr], is_tuple: bool) -> Option<ast::Suite> {
    let Some((case, rest)) = cases.split_first() else { return Some(ast::Suite::new()) };
    let rest = self::cases(rest, subject, is_tuple)?;
    let range = case.range;
    let mut found = Found::default();
    match (&case.pattern, is_tuple) {
        (ast::Pattern::MatchSequence(it), true) if it.patterns.len() == subject.len() => {
            for (pattern, part) in it.patterns.iter().zip(subject) {
                found.add(pattern, part)?;
            }
        }
        (ast::Pattern::MatchSequence(it), true) if !it.patterns.iter().any(ast::Pattern::is_match_star) => {
            found.tests.push(truth(false, range));
        }
        (ast::Pattern::MatchAs(it), true) if it.name.is_none() && it.pattern.is_none() => {}
        (_, true) => return None,
        (pattern, false) => found.add(pattern, subject.first()?)?,
    }
    let mut body = found.names;
    match &case.guard {
        None => body.extend(case.body.iter().cloned()),
        Some(guard) => body.push(branch((**guard).clone(), case.body.clone(), rest.clone(), range)),
    }
    if found.tests.is_empty() {
        return Some(body);
    }
    Some([branch(joined(ast::BoolOp::And, found.tests, range), body, rest, range)].into_iter().collect())
}

/// What a pattern asks for, and which names it gives values.
#[derive(Default)]
struct Found {
    tests: Vec<ast::Expr>,
    names: ast::Suite,
}

impl Found {
    fn add(&mut self, pattern: &ast::Pattern, subject: &ast::Expr) -> Option<()> {
        match pattern {
            ast::Pattern::MatchAs(it) => {
                if let Some(inner) = &it.pattern {
                    self.add(inner, subject)?;
                }
                if let Some(target) = &it.name {
                    self.names.push(assign(target.as_str(), subject.clone(), it.range));
                }
            }
            other => self.tests.push(test(other, subject)?),
        }
        Some(())
    }
}

/// The condition of a pattern without names.
fn test(pattern: &ast::Pattern, subject: &ast::Expr) -> Option<ast::Expr> {
    let range: TextRange = pattern.range();
    match pattern {
        ast::Pattern::MatchValue(it) => {
            Some(compare(subject.clone(), ast::CmpOp::Eq, (*it.value).clone(), range))
        }
        ast::Pattern::MatchSingleton(it) if it.value == ast::Singleton::None => {
            let none = ast::Expr::NoneLiteral(ast::ExprNoneLiteral { node_index: Default::default(), range });
            Some(compare(subject.clone(), ast::CmpOp::Is, none, range))
        }
        ast::Pattern::MatchOr(it) => {
            let tests: Option<Vec<ast::Expr>> = it.patterns.iter().map(|it| test(it, subject)).collect();
            Some(joined(ast::BoolOp::Or, tests?, range))
        }
        _ => None,
    }
}
