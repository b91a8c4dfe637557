//! Joins the declaration of a variable with its first value.
//!
//! ```text
//! double t;                          const double t = A[i] + A[i + 1];
//! t = A[i] + A[i + 1];      ──▶      B[i] = 0.5 * t;
//! B[i] = 0.5 * t;
//! ```
//!
//! **Sound because** both are statements of the same block, and nothing between them uses the variable.

use crate::tree::{Index, Place, Stmt, Value};
use dacec_ir::Name;

/// Tidies statements and those inside of them.
pub(super) fn tidy(stmts: &mut Vec<Stmt>) {
    for stmt in stmts.iter_mut() {
        blocks_mut(stmt).into_iter().for_each(tidy);
    }
    let mut at = 0;
    while at < stmts.len() {
        if let Some(first) = first_value(stmts, at)
            && let Stmt::Declare { name, dtype, .. } = stmts[at].clone()
            && let Stmt::Store { value, .. } = stmts[first].clone()
        {
            let constant = !stmts[first + 1..].iter().any(|stmt| writes(stmt, &name));
            stmts[first] = Stmt::Declare { name, dtype, value: Some(value), constant };
            stmts.remove(at);
        } else {
            at += 1;
        }
    }
}

/// The statement that gives the variable declared at a position its first value, if that is the next one to use it.
fn first_value(stmts: &[Stmt], at: usize) -> Option<usize> {
    let Stmt::Declare { name, value: None, .. } = &stmts[at] else { return None };
    let first = at + 1 + stmts[at + 1..].iter().position(|stmt| uses(stmt, name))?;
    match &stmts[first] {
        Stmt::Store { place: Place::Variable(target, _), value }
            if target == name && !in_value(value, name) =>
        {
            Some(first)
        }
        _ => None,
    }
}

/// Blocks directly inside of a statement.
fn blocks_mut(stmt: &mut Stmt) -> Vec<&mut Vec<Stmt>> {
    match stmt {
        Stmt::For(it) => vec![&mut it.body],
        Stmt::While { body, .. } | Stmt::DoWhile { body, .. } | Stmt::Block { body, .. } => vec![body],
        Stmt::If { branches, otherwise } => {
            branches.iter_mut().map(|(_, body)| body).chain([otherwise]).collect()
        }
        _ => Vec::new(),
    }
}

fn blocks(stmt: &Stmt) -> Vec<&[Stmt]> {
    match stmt {
        Stmt::For(it) => vec![&it.body],
        Stmt::While { body, .. } | Stmt::DoWhile { body, .. } | Stmt::Block { body, .. } => vec![body],
        Stmt::If { branches, otherwise } => {
            branches.iter().map(|(_, body)| &body[..]).chain([&otherwise[..]]).collect()
        }
        _ => Vec::new(),
    }
}

/// Whether a statement may change a variable: by a store, through a pointer, or by combining threads' copies.
fn writes(stmt: &Stmt, name: &Name) -> bool {
    let is_name = |place: &Place| matches!(place, Place::Variable(it, _) if it == name);
    let here = match stmt {
        Stmt::Store { place, .. } | Stmt::Update { place, .. } => is_name(place),
        Stmt::Pointer { to, .. } => is_name(to),
        Stmt::Gemm(gemm) => is_name(&gemm.c.first),
        Stmt::For(it) => {
            let reductions = it.parallel.iter().flat_map(|parallel| &parallel.reductions);
            reductions.into_iter().any(|reduction| reduction.variable == *name)
        }
        _ => false,
    };
    here || blocks(stmt).into_iter().flatten().any(|stmt| writes(stmt, name))
}

/// Whether a statement names a variable or an array.
fn uses(stmt: &Stmt, name: &Name) -> bool {
    let value = |value: &Value| in_value(value, name);
    let place = |place: &Place| in_place(place, name);
    let here = match stmt {
        Stmt::Declare { value: first, .. } => first.as_ref().is_some_and(value),
        Stmt::Pointer { to, .. } => place(to),
        Stmt::HeapArray { count, .. } => value(count),
        Stmt::Store { place: target, value: stored } | Stmt::Update { place: target, value: stored, .. } => {
            place(target) || value(stored)
        }
        Stmt::For(it) => {
            let parallel = it.parallel.iter();
            let when = parallel.clone().filter_map(|parallel| parallel.when.as_ref()).any(value);
            let combined = parallel.flat_map(|parallel| &parallel.reductions).any(|it| it.variable == *name);
            [&it.start, &it.stop, &it.step].into_iter().any(value) || when || combined
        }
        Stmt::While { condition, .. } | Stmt::DoWhile { condition, .. } => value(condition),
        Stmt::If { branches, .. } => branches.iter().any(|(condition, _)| value(condition)),
        Stmt::Gemm(gemm) => {
            let matrices = [&gemm.a, &gemm.b, &gemm.c];
            gemm.sizes.iter().chain([&gemm.alpha, &gemm.beta]).any(value)
                || matrices
                    .into_iter()
                    .any(|it| place(&it.first) || value(&it.row_stride) || value(&it.column_stride))
        }
        Stmt::Source(_)
        | Stmt::StackArray { .. }
        | Stmt::Block { .. }
        | Stmt::Break
        | Stmt::Continue
        | Stmt::Leave(_)
        | Stmt::Fail { .. }
        | Stmt::Propagate => false,
    };
    here || blocks(stmt).into_iter().flatten().any(|stmt| uses(stmt, name))
}

fn in_place(place: &Place, name: &Name) -> bool {
    match place {
        Place::Variable(it, _) => it == name,
        Place::Element { array, index, .. } => array == name || in_index(index, name),
    }
}

fn in_index(index: &Index, name: &Name) -> bool {
    index.terms.iter().any(|(value, stride)| in_value(value, name) || stride.uses(name))
}

fn in_value(value: &Value, name: &Name) -> bool {
    let mut found = false;
    value.visit(&mut |part| {
        found |= match part {
            Value::Variable(it, _) => it == name,
            Value::Index(expr) => expr.uses(name),
            Value::Load { array, index, .. } => {
                array == name || index.terms.iter().any(|(_, stride)| stride.uses(name))
            }
            _ => false,
        };
    });
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use dacec_ir::DType;

    fn declare(name: &str, value: Option<Value>, constant: bool) -> Stmt {
        Stmt::Declare { name: name.into(), dtype: DType::Int64, value, constant }
    }

    fn store(name: &str, value: Value) -> Stmt {
        Stmt::Store { place: Place::Variable(name.into(), DType::Int64), value }
    }

    fn variable(name: &str) -> Value {
        Value::Variable(name.into(), DType::Int64)
    }

    #[test]
    fn a_first_value_moves_into_the_declaration() {
        let mut stmts = vec![declare("t", None, false), store("x", Value::int(1)), store("t", variable("x"))];
        tidy(&mut stmts);
        assert_eq!(stmts, [store("x", Value::int(1)), declare("t", Some(variable("x")), true)]);
    }

    #[test]
    fn a_variable_that_changes_is_no_constant() {
        let mut stmts = vec![declare("t", None, false), store("t", Value::int(0))];
        stmts.push(Stmt::While { condition: variable("x"), body: vec![store("t", Value::int(1))] });
        tidy(&mut stmts);
        assert_eq!(stmts[0], declare("t", Some(Value::int(0)), false));
    }

    #[test]
    fn a_value_given_in_a_loop_stays_there() {
        let body = vec![store("t", Value::int(1))];
        let mut stmts = vec![declare("t", None, false), Stmt::While { condition: variable("x"), body }];
        let before = stmts.clone();
        tidy(&mut stmts);
        assert_eq!(stmts, before);
    }
}
