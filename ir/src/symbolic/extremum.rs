//! `min` and `max`: flat, sorted, without operands that another one beats by a constant.

use super::{Atom, Expr, poly};

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Min,
    Max,
}

impl Expr {
    /// The smaller of two values.
    pub fn min(&self, other: &Expr) -> Expr {
        extremum(Kind::Min, vec![self.clone(), other.clone()])
    }

    /// The larger of two values.
    pub fn max(&self, other: &Expr) -> Expr {
        extremum(Kind::Max, vec![self.clone(), other.clone()])
    }

    /// The smallest value; `None` of no values.
    pub fn min_of(values: impl IntoIterator<Item = Expr>) -> Option<Expr> {
        let values: Vec<Expr> = values.into_iter().collect();
        (!values.is_empty()).then(|| extremum(Kind::Min, values))
    }

    /// The largest value; `None` of no values.
    pub fn max_of(values: impl IntoIterator<Item = Expr>) -> Option<Expr> {
        let values: Vec<Expr> = values.into_iter().collect();
        (!values.is_empty()).then(|| extremum(Kind::Max, values))
    }
}

/// `values` is not empty.
fn extremum(kind: Kind, values: Vec<Expr>) -> Expr {
    let mut candidates: Vec<(Expr, i64)> = Vec::with_capacity(values.len());
    for value in values {
        match (value.as_atom(), kind) {
            (Some(Atom::Min(inner)), Kind::Min) | (Some(Atom::Max(inner)), Kind::Max) => {
                candidates.extend(inner.iter().map(split_constant));
            }
            _ => candidates.push(split_constant(&value)),
        }
    }
    candidates.sort_by(|(a, _), (b, _)| a.order(b));
    candidates.dedup_by(|(next, c), (kept, d)| {
        let same = next == kept;
        if same {
            *d = if kind == Kind::Min { (*c).min(*d) } else { (*c).max(*d) };
        }
        same
    });
    let mut operands: Vec<Expr> = candidates.iter().map(|(rest, c)| poly::with_constant(rest, *c)).collect();
    match operands.len() {
        1 => operands.remove(0),
        _ if kind == Kind::Min => Expr::atom(Atom::Min(operands)),
        _ => Expr::atom(Atom::Max(operands)),
    }
}

fn split_constant(value: &Expr) -> (Expr, i64) {
    (poly::with_constant(value, 0), value.constant())
}
