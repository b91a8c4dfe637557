//! What emitted index arithmetic costs.

use crate::symbolic::{Atom, Expr, Factor, Function};

/// Rough cost of evaluating an expression, in additions. Symbols and constants are free; an operation counts as often
/// as it is written.
pub fn cost(expr: &Expr) -> u64 {
    let terms = expr.terms().map(|(coefficient, factors)| of_term(coefficient, factors));
    let (count, total) =
        terms.fold((0u64, 0u64), |(count, total), term| (count + 1, total.saturating_add(term)));
    total.saturating_add(count.saturating_sub(1))
}

fn of_term(coefficient: i64, factors: &[Factor]) -> u64 {
    let scaled = !factors.is_empty() && !matches!(coefficient, 1 | -1);
    let mut total = u64::from(scaled);
    let mut count = 0u64;
    for (atom, exponent) in factors {
        // Powers are computed by repeated squaring.
        count += 1;
        total = total.saturating_add(u64::from(exponent.ilog2() + exponent.count_ones() - 1));
        total = total.saturating_add(of_atom(atom));
    }
    total.saturating_add(count.saturating_sub(1))
}

fn of_atom(atom: &Atom) -> u64 {
    let operands = atom.operands();
    let own = match atom {
        Atom::Symbol(_) => 0,
        Atom::FloorDiv(_, b) | Atom::Mod(_, b) => of_division(b),
        Atom::CeilDiv(_, b) => of_division(b) + 2,
        Atom::Min(_) | Atom::Max(_) => 2 * (operands.len() as u64 - 1),
        Atom::And(_) | Atom::Or(_) => operands.len() as u64 - 1,
        Atom::Compare(..) => 1,
        Atom::Select(..) => 2,
        Atom::Load(..) => 5,
        Atom::Pow(..) => 30,
        Atom::Call(function, _) => match function {
            Function::Gcd => 60,
            Function::Abs | Function::Sign => 2,
            _ => 1,
        },
    };
    operands.into_iter().map(cost).fold(own, u64::saturating_add)
}

/// A shift, a multiplication with corrections, or a division by the machine.
fn of_division(divisor: &Expr) -> u64 {
    match divisor.as_int() {
        Some(k) if k > 0 && k.count_ones() == 1 => 2,
        Some(_) => 6,
        None => 25,
    }
}
