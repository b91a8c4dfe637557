//! What the passes that reshape loops ask.

use super::tidy::blocks;
use crate::tree::{Direction, For, Index, Stmt, Value};
use dacec_ir::{Expr, Name};
use std::collections::BTreeSet;

/// Whether a loop is that of a map, over consecutive values.
pub(super) fn is_simple(it: &For) -> bool {
    it.unordered
        && it.direction == Direction::Up
        && it.step.as_index().is_some_and(Expr::is_one)
        && it.stop.as_index().is_some()
}

/// Whether a value names something.
pub(super) fn mentions(value: &Value, name: &Name) -> bool {
    let mut found = false;
    value.visit(&mut |part| {
        found |= match part {
            Value::Variable(it, _) => it == name,
            Value::Index(expr) => expr.uses(name),
            Value::Load { index, .. } => index.terms.iter().any(|(_, stride)| stride.uses(name)),
            _ => false,
        };
    });
    found
}

/// By how many elements a load moves when the variable grows by one, if that is known.
pub(super) fn step_along(load: &Value, variable: &Name) -> Option<i64> {
    let Value::Load { index, .. } = load else { return None };
    let step = |index: &Index| -> Option<Expr> {
        let steps = index.terms.iter().map(|(value, stride)| match value {
            Value::Index(expr) => Some(expr.coefficient(variable)? * stride),
            other => (!mentions(other, variable)).then(Expr::zero),
        });
        steps.sum()
    };
    step(index)?.as_int()
}

/// A name that nothing in the function has.
pub(super) fn fresh(name: &Name, taken: &mut BTreeSet<Name>) -> Name {
    let stem = name.trim_end_matches(|c: char| c.is_ascii_digit()).trim_end_matches('_');
    let stem = if stem.is_empty() { "v" } else { stem };
    let numbered = (1u64..).map(|count| Name::from(format!("{stem}_{count}")));
    let name = numbered.into_iter().find(|name| !taken.contains(name));
    let name = name.expect("there are more numbers than names");
    taken.insert(name.clone());
    name
}

/// Every name in statements, whatever it names.
pub(super) fn names(stmts: &[Stmt]) -> BTreeSet<Name> {
    let mut found = BTreeSet::new();
    collect(stmts, &mut found);
    found
}

fn collect(stmts: &[Stmt], found: &mut BTreeSet<Name>) {
    for stmt in stmts {
        match stmt {
            Stmt::Declare { name, .. }
            | Stmt::Pointer { name, .. }
            | Stmt::StackArray { name, .. }
            | Stmt::Reference { name, .. }
            | Stmt::ConstantArray { name, .. }
            | Stmt::Queues { name, .. }
            | Stmt::HeapArray { name, .. } => drop(found.insert(name.clone())),
            Stmt::For(it) => drop(found.insert(it.variable.clone())),
            _ => {}
        }
        super::tidy::visit(stmt, &mut |name, _| {
            found.insert(name.clone());
        });
        blocks(stmt).into_iter().for_each(|body| collect(body, found));
    }
}
