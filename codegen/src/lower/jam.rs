//! Unroll and jam: several iterations of an outer loop share one run of the inner loop, and what both load.
//!
//! ```text
//! for i {                                    for i in steps of 4, as long as 4 are left {
//!     s = 0                                      s = 0; s_1 = 0; s_2 = 0; s_3 = 0
//!     for k { s += A[i, k] * x[k] }     ──▶      for k { s += A[i, k] * x[k]; s_1 += A[i + 1, k] * x[k]; … }
//!     y[i] = s                                   y[i] = s; y[i + 1] = s_1; …
//! }                                          }
//! ```
//!
//! A product of a matrix and a vector reads `x` once for four rows instead of once for each, and four sums that do not
//! wait for each other keep the processor busy. Likewise `sums[lane] += x[k] * A[k, lane]` loads and stores the sums
//! once for four values of `k`.
//!
//! **Sound because** both loops are those of maps: their iterations may run in any order and interleaved, and meet in
//! updates only, of which each stays one statement. Updates of the same element keep their order. Variables of an
//! iteration get a name for each copy; one that all iterations update, such as a sum of the `y[i]`, is updated by each copy.
//!
//! **Worth it where** the inner loop loads something contiguous that does not depend on the outer variable, and writes
//! nothing that does, other than variables: more streams of stores would cost more than the loads that are saved.

use super::loops::{fresh, is_simple, mentions, names, step_along};
use super::rewrite::Rewrite;
use super::tidy::blocks_mut;
use crate::tree::{For, Place, Stmt, Value};
use dacec_ir::{Expr, Name};
use std::collections::BTreeSet;

/// Iterations that share a run of the inner loop.
const COPIES: i64 = 4;
/// An inner loop of more statements has enough to do, and its copies would run out of registers.
const MAX_STATEMENTS: usize = 4;
/// Loads in one iteration of the inner loop, likewise.
const MAX_LOADS: usize = 5;

/// Unrolls and jams loops in statements, where it is worth it.
pub(super) fn jam(stmts: &mut [Stmt]) {
    let mut taken = names(stmts);
    jam_all(stmts, &mut taken);
}

fn jam_all(stmts: &mut [Stmt], taken: &mut BTreeSet<Name>) {
    for stmt in stmts {
        blocks_mut(stmt).into_iter().for_each(|body| jam_all(body, taken));
        if let Stmt::For(it) = stmt
            && let Some(nest) = Nest::of(it)
        {
            let jammed = nest.jam(taken);
            it.step = Value::int(COPIES);
            it.body = jammed;
        }
    }
}

/// A loop with one loop in it.
struct Nest<'a> {
    outer: &'a For,
    inner: &'a For,
    /// What is done before the inner loop, and behind it.
    before: &'a [Stmt],
    behind: &'a [Stmt],
    /// Variables of an iteration.
    locals: Vec<&'a Name>,
}

impl<'a> Nest<'a> {
    /// The nest that a loop is, if its iterations can share the inner loop and that is worth it.
    fn of(outer: &'a For) -> Option<Nest<'a>> {
        if !is_simple(outer) || outer.parallel.as_ref().is_some_and(|team| team.collapse > 1) {
            return None;
        }
        let at = outer.body.iter().position(|stmt| matches!(stmt, Stmt::For(_)))?;
        let Stmt::For(inner) = &outer.body[at] else { return None };
        let (before, behind) = (&outer.body[..at], &outer.body[at + 1..]);
        let locals = before.iter().chain(behind).chain(&inner.body).filter_map(declared).collect();
        let nest = Nest { outer, inner, before, behind, locals };
        (nest.is_legal() && nest.pays()).then_some(nest)
    }

    fn is_legal(&self) -> bool {
        let statements = [self.before, self.behind, &self.inner.body[..]];
        let bounds = [&self.inner.start, &self.inner.stop, &self.inner.step];
        is_simple(self.inner)
            && self.inner.parallel.is_none()
            && bounds.into_iter().all(|bound| !self.depends(bound))
            && statements.into_iter().flatten().all(|stmt| self.is_plain(stmt))
    }

    /// Whether a value depends on which iteration of the outer loop it is.
    fn depends(&self, value: &Value) -> bool {
        mentions(value, &self.outer.variable) || self.locals.iter().any(|local| mentions(value, local))
    }

    /// Whether a statement computes, and gives values to no variables but those of the iteration; others it updates.
    fn is_plain(&self, stmt: &Stmt) -> bool {
        match stmt {
            Stmt::Source(_) | Stmt::Declare { .. } | Stmt::Update { atomic: false, .. } => true,
            Stmt::Store { place, .. } => matches!(place, Place::Element { .. }) || self.is_local(place),
            _ => false,
        }
    }

    /// Whether a place is a variable of the iteration.
    fn is_local(&self, place: &Place) -> bool {
        matches!(place, Place::Variable(name, _) if self.locals.contains(&name))
    }

    fn pays(&self) -> bool {
        let mut loads: Vec<(Value, bool)> = Vec::new();
        let mut computes = 0;
        for stmt in &self.inner.body {
            let (place, value) = match stmt {
                Stmt::Declare { value, .. } => (None, value.as_ref()),
                Stmt::Store { place, value } => (Some((place, false)), Some(value)),
                Stmt::Update { place, value, .. } => (Some((place, true)), Some(value)),
                _ => continue,
            };
            computes += 1;
            if let Some((place @ Place::Element { .. }, combines)) = place {
                // A store that does not combine would be the same one in all copies.
                if self.depends(&place.value()) || !combines {
                    return false;
                }
                loads.push((place.value(), false));
            } else if let Some((place, _)) = place
                && !self.is_local(place)
            {
                // All copies would add to one sum, and wait for each other.
                return false;
            }
            let Some(value) = value else { continue };
            let mut calls = false;
            value.visit(&mut |part| match part {
                Value::Load { .. } => loads.push((part.clone(), self.depends(part))),
                Value::Call(..) | Value::Select(..) => calls = true,
                _ => {}
            });
            if calls {
                return false;
            }
        }
        let steps: Option<Vec<i64>> =
            loads.iter().map(|(load, _)| step_along(load, &self.inner.variable)).collect();
        let Some(steps) = steps else { return false };
        let along = |(load, step): (&(Value, bool), &i64)| (load.1, *step);
        let kinds: Vec<(bool, i64)> = loads.iter().zip(&steps).map(along).collect();
        computes <= MAX_STATEMENTS
            && loads.len() <= MAX_LOADS
            && steps.iter().all(|step| (0..=1).contains(step))
            && kinds.contains(&(false, 1))
            && kinds.iter().any(|(depends, _)| *depends)
    }

    /// The body of the outer loop when it takes several steps at once.
    fn jam(&self, taken: &mut BTreeSet<Name>) -> Vec<Stmt> {
        let variable = &self.outer.variable;
        let copies: Vec<Rewrite> = (0..COPIES)
            .map(|copy| {
                let mut rewrite = Rewrite::default();
                if copy > 0 {
                    rewrite.replace(variable, Expr::sym(variable) + copy);
                    self.locals.iter().for_each(|local| rewrite.rename(local, fresh(local, taken)));
                }
                rewrite
            })
            .collect();
        let interleave = |stmts: &[Stmt]| -> Vec<Stmt> {
            let copy = |stmt: &Stmt| {
                let copies = if matches!(stmt, Stmt::Source(_)) { &copies[..1] } else { &copies[..] };
                let rewritten = copies.iter().map(|rewrite| {
                    let mut copy = [stmt.clone()];
                    rewrite.statements(&mut copy);
                    let [copy] = copy;
                    copy
                });
                rewritten.collect::<Vec<Stmt>>()
            };
            stmts.iter().flat_map(copy).collect()
        };
        let mut full = interleave(self.before);
        let mut inner = self.inner.clone();
        inner.body = interleave(&self.inner.body);
        full.push(Stmt::For(Box::new(inner)));
        full.extend(interleave(self.behind));

        let single = fresh(variable, taken);
        let mut body = self.outer.body.clone();
        let mut rewrite = Rewrite::default();
        rewrite.rename(variable, single.clone());
        rewrite.statements(&mut body);
        let rest = For {
            variable: single,
            start: Value::Index(Expr::sym(variable)),
            parallel: None,
            body,
            ..self.outer.clone()
        };
        let last = Expr::sym(variable) + (COPIES - 1);
        let stop = self.outer.stop.as_index().cloned().unwrap_or_default();
        let branches = vec![(Value::Index(last.lt(&stop)), full)];
        vec![Stmt::If { branches, otherwise: vec![Stmt::For(Box::new(rest))] }]
    }
}

fn declared(stmt: &Stmt) -> Option<&Name> {
    match stmt {
        Stmt::Declare { name, .. } => Some(name),
        _ => None,
    }
}
