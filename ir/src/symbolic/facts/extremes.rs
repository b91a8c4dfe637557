//! Bounds as expressions, and extreme values over ranges of variables.

use super::{Facts, Known, interval, prove};
use crate::Name;
use crate::symbolic::{Atom, Expr, poly};
use std::cmp::Ordering;
use std::sync::Arc;

/// Which end of a range of values.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum End {
    Low,
    High,
}

/// Symbols replaced for one bound.
const MAX_REPLACED: usize = 16;

/// A bound of an expression; a constant if there is one.
pub(super) fn bound(known: &Arc<Known>, expr: &Expr, end: End) -> Option<Expr> {
    let interval = interval::of(expr, known);
    let constant = if end == End::Low { interval.low } else { interval.high };
    if let Some(constant) = constant.and_then(|constant| i64::try_from(constant).ok()) {
        return Some(Expr::int(constant));
    }
    let mut bound = expr.clone();
    for replaced in 0..MAX_REPLACED {
        match replace_symbol(known, &bound, end, false).or_else(|| replace_symbol(known, &bound, end, true)) {
            Some(next) => bound = next,
            None => return (replaced > 0).then_some(bound),
        }
    }
    None
}

/// Replaces one symbol with a known coefficient by its bound, which is constant or not.
fn replace_symbol(known: &Arc<Known>, expr: &Expr, end: End, by_constant: bool) -> Option<Expr> {
    expr.parts().find_map(|(_, monomial)| {
        monomial.factors().iter().find_map(|(atom, _)| {
            let Atom::Symbol(name) = atom else { return None };
            let bounds = known.symbols.get(name)?;
            let coefficient = expr.coefficient(name)?;
            let lower = match end {
                End::Low => prove::is_obvious(known, &coefficient),
                End::High => prove::is_obvious(known, &-&coefficient),
            };
            let upper = match end {
                End::Low => prove::is_obvious(known, &-&coefficient),
                End::High => prove::is_obvious(known, &coefficient),
            };
            let list = match (lower, upper) {
                (true, _) => &bounds.lower,
                (_, true) => &bounds.upper,
                _ => return None,
            };
            let value = list.iter().find(|bound| bound.as_int().is_some() == by_constant)?;
            Some(expr.subs1(name, value))
        })
    })
}

/// The extreme value of an expression while variables run over their ranges.
///
/// A variable is eliminated under the ranges of those around it and its own, not of those inside of it: a range inside
/// may be empty for some of its values, and would restrict what is proved to the others. For the same reason nothing
/// else is assumed about the variables.
pub(super) fn over(facts: &Facts, expr: &Expr, variables: &[(Name, Expr, Expr)], end: End) -> Option<Expr> {
    if let Some(extreme) = over_linear(expr, variables, end) {
        return Some(extreme);
    }
    let mut around = facts.without(&|name| variables.iter().any(|(variable, ..)| variable == name));
    let mut inside = Vec::with_capacity(variables.len());
    for (name, low, high) in variables {
        around.assume_range(name, low.clone(), high.clone());
        inside.push(around.clone());
    }
    let mut extreme = expr.clone();
    for ((name, low, high), facts) in variables.iter().zip(&inside).rev() {
        if !extreme.uses(name) {
            continue;
        }
        let grows = direction(&facts.0, &extreme, name)?;
        let value = if (grows == Ordering::Greater) == (end == End::High) { high } else { low };
        extreme = extreme.subs1(name, value);
    }
    Some(extreme)
}

/// The same where no facts are needed: every variable has a constant coefficient, which says how the value grows.
fn over_linear(expr: &Expr, variables: &[(Name, Expr, Expr)], end: End) -> Option<Expr> {
    let mut extreme = expr.clone();
    for (name, low, high) in variables.iter().rev() {
        if !extreme.uses(name) {
            continue;
        }
        let grows = extreme.coefficient(name)?.as_int()? > 0;
        extreme = extreme.subs1(name, if grows == (end == End::High) { high } else { low });
    }
    Some(extreme)
}

/// How the value changes as a symbol grows; `None` if that is not known or changes.
fn direction(known: &Arc<Known>, expr: &Expr, name: &Name) -> Option<Ordering> {
    if !expr.uses(name) {
        return Some(Ordering::Equal);
    }
    let step = expr.subs1(name, &(Expr::sym(name) + 1)) - expr;
    if prove::not_negative(known, &step) {
        return Some(Ordering::Greater);
    }
    if prove::not_negative(known, &-step) {
        return Some(Ordering::Less);
    }
    let mut total = Ordering::Equal;
    for (coefficient, monomial) in expr.parts() {
        total = same(total, direction_of_term(known, &poly::monomial(coefficient, monomial), name)?)?;
    }
    Some(total)
}

/// The direction of a sum of two summands.
fn same(a: Ordering, b: Ordering) -> Option<Ordering> {
    match (a, b) {
        (Ordering::Equal, other) | (other, Ordering::Equal) => Some(other),
        (a, b) => (a == b).then_some(a),
    }
}

/// The direction of a product of which one factor depends on the symbol.
fn direction_of_term(known: &Arc<Known>, term: &Expr, name: &Name) -> Option<Ordering> {
    let (coefficient, factors) = term.terms().next()?;
    let mut rest = Expr::int(coefficient);
    let mut varying = None;
    for (atom, exponent) in factors {
        let factor = Expr::atom(atom.clone());
        if !factor.uses(name) {
            rest *= factor.pow(&Expr::int(i64::from(*exponent)));
        } else if varying.replace(atom).is_some() || *exponent != 1 {
            return None;
        }
    }
    let Some(atom) = varying else { return Some(Ordering::Equal) };
    let direction = direction_of_atom(known, atom, name)?;
    if prove::not_negative(known, &rest) {
        return Some(direction);
    }
    prove::not_negative(known, &-rest).then(|| direction.reverse())
}

/// The direction of an operation that depends on the symbol.
fn direction_of_atom(known: &Arc<Known>, atom: &Atom, name: &Name) -> Option<Ordering> {
    match atom {
        Atom::Symbol(_) => Some(Ordering::Greater),
        Atom::FloorDiv(a, b) | Atom::CeilDiv(a, b) => {
            let positive = !b.uses(name) && prove::not_negative(known, &(b - 1));
            positive.then(|| direction(known, a, name))?
        }
        Atom::Min(args) | Atom::Max(args) => {
            args.iter().try_fold(Ordering::Equal, |total, arg| same(total, direction(known, arg, name)?))
        }
        Atom::Pow(base, exponent) => {
            let grows = !base.uses(name) && prove::not_negative(known, &(base - 1));
            grows.then(|| direction(known, exponent, name))?
        }
        _ => None,
    }
}
