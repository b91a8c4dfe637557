//! Joins the declaration of a variable with its first value.
//!
//! ```text
//! double t;                          const double t = A[i] + A[i + 1];
//! t = A[i] + A[i + 1];      ──▶      B[i] = 0.5 * t;
//! B[i] = 0.5 * t;
//! ```
//!
//! **Sound because** both are statements of the same block, and nothing between them uses the variable.

use crate::tree::{Index, Place, RoutineArgument, Stmt, Value, Written};
use dacec_ir::{Expr, Name};
use std::collections::BTreeMap;

/// Tidies statements and those inside of them.
pub(super) fn tidy(stmts: &mut Vec<Stmt>) {
    for stmt in stmts.iter_mut() {
        blocks_mut(stmt).into_iter().for_each(tidy);
    }
    let uses = uses_of(stmts);
    let mut joined = Vec::new();
    for at in 0..stmts.len() {
        let Stmt::Declare { name, dtype, value: None, .. } = &stmts[at] else { continue };
        let Some(variable) = uses.get(name) else { continue };
        if let Stmt::Store { place: Place::Variable(target, _), value } = &stmts[variable.first]
            && target == name
            && !reads(value, name)
        {
            let (name, dtype, value) = (name.clone(), *dtype, Some(value.clone()));
            let constant = variable.writers == 1;
            joined.push((at, variable.first, Stmt::Declare { name, dtype, value, constant }));
        }
    }
    let mut kept = vec![true; stmts.len()];
    for (declaration, first, stmt) in joined {
        kept[declaration] = false;
        stmts[first] = stmt;
    }
    let mut kept = kept.into_iter();
    stmts.retain(|_| kept.next().unwrap_or(true));
}

/// What the statements of a block do with a variable.
struct Uses {
    /// The first statement that names it, after its declaration.
    first: usize,
    /// Number of statements that may change it.
    writers: usize,
}

/// The variables and arrays that statements name.
fn uses_of(stmts: &[Stmt]) -> BTreeMap<Name, Uses> {
    let mut uses: BTreeMap<Name, Uses> = BTreeMap::new();
    for (at, stmt) in stmts.iter().enumerate() {
        let mut written = Vec::new();
        visit(stmt, &mut |name, writes| {
            uses.entry(name.clone()).or_insert(Uses { first: at, writers: 0 });
            if writes && !written.contains(name) {
                written.push(name.clone());
            }
        });
        for name in written {
            if let Some(variable) = uses.get_mut(&name) {
                variable.writers += 1;
            }
        }
    }
    uses
}

/// Blocks directly inside of a statement.
pub(super) fn blocks_mut(stmt: &mut Stmt) -> Vec<&mut Vec<Stmt>> {
    match stmt {
        Stmt::For(it) => vec![&mut it.body],
        Stmt::While { body, .. } | Stmt::DoWhile { body, .. } | Stmt::Block { body, .. } => vec![body],
        Stmt::If { branches, otherwise } => {
            branches.iter_mut().map(|(_, body)| body).chain([otherwise]).collect()
        }
        _ => Vec::new(),
    }
}

/// Blocks directly inside of a statement.
pub(super) fn blocks(stmt: &Stmt) -> Vec<&[Stmt]> {
    match stmt {
        Stmt::For(it) => vec![&it.body],
        Stmt::While { body, .. } | Stmt::DoWhile { body, .. } | Stmt::Block { body, .. } => vec![body],
        Stmt::If { branches, otherwise } => {
            branches.iter().map(|(_, body)| &body[..]).chain([&otherwise[..]]).collect()
        }
        _ => Vec::new(),
    }
}

/// Calls `f` on the names that a statement uses, and whether it may change what they name: by a store, through a
/// pointer, or by combining threads' copies. What a declaration declares is not a use.
pub(super) fn visit(stmt: &Stmt, f: &mut dyn FnMut(&Name, bool)) {
    match stmt {
        Stmt::Declare { value, .. } => value.iter().for_each(|value| visit_value(value, f)),
        Stmt::Pointer { to, .. } => visit_place(to, true, f),
        Stmt::Refer { name, to } => {
            f(name, true);
            visit_place(to, true, f);
        }
        Stmt::Foreign { bindings, .. } => bindings.iter().for_each(|(_, variable)| f(variable, true)),
        Stmt::HeapArray { extents, .. } => extents.iter().for_each(|extent| visit_value(extent, f)),
        Stmt::Queues { count, capacity, .. } => {
            visit_value(count, f);
            capacity.iter().for_each(|value| visit_value(value, f));
        }
        Stmt::Push { queue, value, .. } => {
            visit_index(&queue.index, f);
            visit_value(value, f);
        }
        Stmt::Pop { queue, into, got } => {
            visit_index(&queue.index, f);
            f(into, true);
            f(got, true);
        }
        Stmt::Store { place, value }
        | Stmt::Update { place, value, .. }
        | Stmt::Combine { place, value, .. } => {
            visit_place(place, true, f);
            visit_value(value, f);
        }
        Stmt::Search { place, first, count, .. } => {
            visit_place(place, true, f);
            visit_place(first, false, f);
            visit_value(count, f);
        }
        Stmt::For(it) => {
            [&it.start, &it.stop, &it.step].into_iter().for_each(|value| visit_value(value, f));
            if let Some(parallel) = &it.parallel {
                parallel.when.iter().for_each(|value| visit_value(value, f));
                parallel.reductions.iter().for_each(|reduction| f(&reduction.variable, true));
            }
        }
        Stmt::While { condition, .. } | Stmt::DoWhile { condition, .. } => visit_value(condition, f),
        Stmt::If { branches, .. } => branches.iter().for_each(|(condition, _)| visit_value(condition, f)),
        Stmt::Gemm(gemm) => {
            gemm.sizes.iter().chain([&gemm.alpha]).chain(&gemm.beta).for_each(|value| visit_value(value, f));
            for (matrix, written) in [(&gemm.a, false), (&gemm.b, false), (&gemm.c, true)] {
                visit_place(&matrix.first, written, f);
                [&matrix.row_stride, &matrix.column_stride]
                    .into_iter()
                    .for_each(|value| visit_value(value, f));
            }
        }
        Stmt::Routine(routine) => {
            for argument in &routine.arguments {
                match argument {
                    RoutineArgument::Value(value) => visit_value(value, f),
                    RoutineArgument::Pointer(place, written) => visit_place(place, *written, f),
                }
            }
        }
        Stmt::Python(call) => {
            visit_place(&call.interpreter, true, f);
            call.data.iter().for_each(|place| visit_place(place, true, f));
            call.extents.iter().for_each(|extent| visit_value(extent, f));
        }
        Stmt::Print(pieces) => {
            for piece in pieces {
                match piece {
                    Written::Text(_) => {}
                    Written::Value(value, _) => visit_value(value, f),
                    Written::Array { first, extents, strides } => {
                        visit_place(first, false, f);
                        extents.iter().chain(strides).for_each(|value| visit_value(value, f));
                    }
                }
            }
        }
        Stmt::Source(_)
        | Stmt::StartTimer { .. }
        | Stmt::StopTimer { .. }
        | Stmt::StackArray { .. }
        | Stmt::Reference { .. }
        | Stmt::ConstantArray { .. }
        | Stmt::Block { .. }
        | Stmt::Break
        | Stmt::Continue
        | Stmt::Leave(_)
        | Stmt::Fail { .. }
        | Stmt::Propagate => {}
    }
    blocks(stmt).into_iter().flatten().for_each(|stmt| visit(stmt, f));
}

fn visit_place(place: &Place, written: bool, f: &mut dyn FnMut(&Name, bool)) {
    match place {
        Place::Variable(name, _) => f(name, written),
        Place::Element { array, index, .. } => {
            f(array, written);
            visit_index(index, f);
        }
    }
}

fn visit_index(index: &Index, f: &mut dyn FnMut(&Name, bool)) {
    for (value, stride) in &index.terms {
        visit_value(value, f);
        visit_expr(stride, f);
    }
}

fn visit_value(value: &Value, f: &mut dyn FnMut(&Name, bool)) {
    value.visit(&mut |part| match part {
        Value::Variable(name, _) => f(name, false),
        Value::Index(expr) => visit_expr(expr, f),
        Value::Load { array, index, .. } => {
            f(array, false);
            index.terms.iter().for_each(|(_, stride)| visit_expr(stride, f));
        }
        _ => {}
    });
}

fn visit_expr(expr: &Expr, f: &mut dyn FnMut(&Name, bool)) {
    expr.symbols().iter().for_each(|name| f(name, false));
}

/// Whether a value depends on a variable.
fn reads(value: &Value, name: &Name) -> bool {
    let mut found = false;
    visit_value(value, &mut |it, _| found |= it == name);
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
