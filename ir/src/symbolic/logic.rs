//! Truth values: comparisons, `and`, `or`, `not`, selection.
//!
//! A comparison is brought to `d >= 0`, `d == 0` or `d != 0`, divided by the common divisor of its coefficients, and
//! split again into two sides with positive coefficients, so that equal conditions look equal and still read well:
//!
//! ```text
//! 2*i - 2*N + 2 <= 0     i < N
//! not j <= i             i < j
//! 2*i == 5               False
//! ```

use super::{Atom, CmpOp, Expr, poly};

impl Expr {
    /// `self op other`, as 0 or 1.
    pub fn cmp(&self, op: CmpOp, other: &Expr) -> Expr {
        if let (Some(a), Some(b)) = (self.as_int(), other.as_int()) {
            return Expr::truth(op.holds(a.cmp(&b)));
        }
        let canonical = match op {
            CmpOp::Lt => difference(other, self, -1).and_then(not_negative),
            CmpOp::Le => difference(other, self, 0).and_then(not_negative),
            CmpOp::Gt => difference(self, other, -1).and_then(not_negative),
            CmpOp::Ge => difference(self, other, 0).and_then(not_negative),
            CmpOp::Eq => difference(self, other, 0).and_then(zero),
            CmpOp::Ne => difference(self, other, 0).and_then(zero).map(unequal),
        };
        // Without a canonical form the operands stay as they are, which is right for any coefficients.
        canonical.unwrap_or_else(|| Expr::atom(Atom::Compare(op, self.clone(), other.clone())))
    }

    /// `self < other`.
    pub fn lt(&self, other: &Expr) -> Expr {
        self.cmp(CmpOp::Lt, other)
    }

    /// `self <= other`.
    pub fn le(&self, other: &Expr) -> Expr {
        self.cmp(CmpOp::Le, other)
    }

    /// `self > other`.
    pub fn gt(&self, other: &Expr) -> Expr {
        self.cmp(CmpOp::Gt, other)
    }

    /// `self >= other`.
    pub fn ge(&self, other: &Expr) -> Expr {
        self.cmp(CmpOp::Ge, other)
    }

    /// `self == other`.
    pub fn eq_expr(&self, other: &Expr) -> Expr {
        self.cmp(CmpOp::Eq, other)
    }

    /// `self != other`.
    pub fn ne_expr(&self, other: &Expr) -> Expr {
        self.cmp(CmpOp::Ne, other)
    }

    /// Whether the value counts as true: the expression itself if it is 0 or 1, else `self != 0`.
    pub fn to_truth(&self) -> Expr {
        if self.is_boolean() { self.clone() } else { self.ne_expr(&Expr::zero()) }
    }

    /// 1 if both are true, else 0. `other` is evaluated only if `self` is true.
    pub fn and(&self, other: &Expr) -> Expr {
        Expr::all([self.clone(), other.clone()])
    }

    /// 1 if one of both is true, else 0. `other` is evaluated only if `self` is false.
    pub fn or(&self, other: &Expr) -> Expr {
        Expr::any([self.clone(), other.clone()])
    }

    /// 1 if the value is 0, else 0.
    pub fn not(&self) -> Expr {
        match self.as_atom() {
            Some(Atom::Compare(op, a, b)) => a.cmp(op.negated(), b),
            Some(Atom::And(operands)) => Expr::any(operands.iter().map(Expr::not)),
            Some(Atom::Or(operands)) => Expr::all(operands.iter().map(Expr::not)),
            Some(Atom::Select(condition, then, otherwise)) if self.is_boolean() => {
                condition.select(&then.not(), &otherwise.not())
            }
            _ => self.eq_expr(&Expr::zero()),
        }
    }

    /// 1 if all are true, else 0; evaluated in order.
    pub fn all(conditions: impl IntoIterator<Item = Expr>) -> Expr {
        junction(conditions, true)
    }

    /// 1 if one is true, else 0; evaluated in order.
    pub fn any(conditions: impl IntoIterator<Item = Expr>) -> Expr {
        junction(conditions, false)
    }

    /// `then` if `self` is true, else `otherwise`; only one of them is evaluated.
    pub fn select(&self, then: &Expr, otherwise: &Expr) -> Expr {
        let condition = self.to_truth();
        if let Some(value) = condition.as_int() {
            return if value != 0 { then.clone() } else { otherwise.clone() };
        }
        match (then.as_int(), otherwise.as_int()) {
            _ if then == otherwise => then.clone(),
            (Some(1), Some(0)) => condition,
            (Some(0), Some(1)) => condition.not(),
            _ => select_extremum(&condition, then, otherwise).unwrap_or_else(|| {
                // Of the condition and its negation one is chosen, so that both ways to write it are one.
                let negated = condition.not();
                let (condition, then, otherwise) = match condition.order(&negated).is_le() {
                    true => (condition, then, otherwise),
                    false => (negated, otherwise, then),
                };
                Expr::atom(Atom::Select(condition, then.clone(), otherwise.clone()))
            }),
        }
    }
}

/// `a if a < b else b` is `min(a, b)`.
fn select_extremum(condition: &Expr, then: &Expr, otherwise: &Expr) -> Option<Expr> {
    if !matches!(condition.as_atom(), Some(Atom::Compare(..))) {
        return None;
    }
    if *condition == then.lt(otherwise) || *condition == then.le(otherwise) {
        return Some(Expr::min(then, otherwise));
    }
    if *condition == then.gt(otherwise) || *condition == then.ge(otherwise) {
        return Some(Expr::max(then, otherwise));
    }
    None
}

/// `a - b + constant`; `None` if a coefficient does not fit.
fn difference(a: &Expr, b: &Expr, constant: i64) -> Option<Expr> {
    let mut overflow = false;
    let difference = poly::add_scaled(a, b, -1, &mut overflow);
    let difference = poly::add_scaled(&difference, &Expr::int(constant), 1, &mut overflow);
    (!overflow).then_some(difference)
}

/// The condition `d >= 0`.
fn not_negative(d: Expr) -> Option<Expr> {
    if let Some(value) = d.as_int() {
        return Some(Expr::truth(value >= 0));
    }
    if let Some(condition) = of_boolean(&d, |value| value >= 0) {
        return Some(condition);
    }
    let divisor = i64::try_from(poly::content(&d)).ok()?;
    let constant = d.constant().div_euclid(divisor);
    let (right, left) = sides(&d, divisor)?;
    let (op, left, right) = match (left.is_zero(), right.is_zero(), constant) {
        (true, _, -1) => (CmpOp::Gt, right, Expr::zero()),
        (true, ..) => (CmpOp::Ge, right, Expr::int(constant.checked_neg()?)),
        (_, true, 0) => (CmpOp::Le, left, Expr::zero()),
        (_, true, _) => (CmpOp::Lt, left, Expr::int(constant.checked_add(1)?)),
        (_, _, 0..) => (CmpOp::Le, left, right + constant),
        _ => (CmpOp::Lt, left, right + (constant + 1)),
    };
    Some(Expr::atom(Atom::Compare(op, left, right)))
}

/// The condition `d == 0`.
fn zero(d: Expr) -> Option<Expr> {
    if let Some(value) = d.as_int() {
        return Some(Expr::truth(value == 0));
    }
    if let Some(condition) = of_boolean(&d, |value| value == 0) {
        return Some(condition);
    }
    let divisor = i64::try_from(poly::content(&d)).ok()?;
    if d.constant() % divisor != 0 {
        return Some(Expr::truth(false));
    }
    let first_is_negative = d.parts().next().is_some_and(|(coefficient, _)| coefficient < 0);
    let divisor = if first_is_negative { -divisor } else { divisor };
    let (left, right) = sides(&d, divisor)?;
    let right = right + d.constant().wrapping_div(divisor).checked_neg()?;
    Some(Expr::atom(Atom::Compare(CmpOp::Eq, left, right)))
}

/// The negation of the condition `d == 0`.
fn unequal(equal: Expr) -> Expr {
    match equal.as_atom() {
        Some(Atom::Compare(CmpOp::Eq, a, b)) => Expr::atom(Atom::Compare(CmpOp::Ne, a.clone(), b.clone())),
        _ => equal.not(),
    }
}

/// The terms of `d / divisor` that are positive, and the negation of those that are negative; no constants.
fn sides(d: &Expr, divisor: i64) -> Option<(Expr, Expr)> {
    if d.parts().any(|(coefficient, _)| coefficient == i64::MIN) {
        return None;
    }
    let positive = poly::map_coefficients(d, 0, |coefficient| (coefficient / divisor).max(0));
    let negative = poly::map_coefficients(d, 0, |coefficient| (-(coefficient / divisor)).max(0));
    Some((positive, negative))
}

/// A test of `d` where `d` is a constant and a truth value: decided by trying both.
fn of_boolean(d: &Expr, test: impl Fn(i64) -> bool) -> Option<Expr> {
    let mut parts = d.parts();
    let (coefficient, monomial) = parts.next()?;
    let atom = Expr::atom(monomial.as_atom()?.clone());
    if parts.next().is_some() || !atom.is_boolean() {
        return None;
    }
    Some(match (test(d.constant()), test(d.constant().checked_add(coefficient)?)) {
        (false, true) => atom,
        (true, false) => atom.not(),
        (always, _) => Expr::truth(always),
    })
}

/// `and` (of which 1 is neutral) or `or` (of which 0 is).
///
/// Operands that cannot fail come first, sorted; the others keep their order, because an earlier one may protect a
/// later one (`i < N and A[i] > 0`).
fn junction(conditions: impl IntoIterator<Item = Expr>, neutral: bool) -> Expr {
    let mut operands: Vec<Expr> = Vec::new();
    for condition in conditions {
        let condition = condition.to_truth();
        match (condition.as_atom(), neutral) {
            (Some(Atom::And(inner)), true) | (Some(Atom::Or(inner)), false) => {
                inner.iter().for_each(|operand| push_new(&mut operands, operand.clone()));
            }
            _ => match condition.as_int() {
                Some(value) if (value != 0) == neutral => {}
                Some(_) => return Expr::truth(!neutral),
                None => push_new(&mut operands, condition),
            },
        }
    }
    if operands.len() <= MAX_SEARCHED && operands.iter().any(|operand| operands.contains(&operand.not())) {
        return Expr::truth(!neutral);
    }
    operands.sort_by(|a, b| match (a.is_total(), b.is_total()) {
        (true, true) => a.order(b),
        (a, b) => b.cmp(&a),
    });
    match operands.len() {
        0 => Expr::truth(neutral),
        1 => operands.remove(0),
        _ if neutral => Expr::atom(Atom::And(operands)),
        _ => Expr::atom(Atom::Or(operands)),
    }
}

/// Repeated and contradicting operands are searched for only in lists that are not absurdly long.
const MAX_SEARCHED: usize = 64;

fn push_new(operands: &mut Vec<Expr>, operand: Expr) {
    if operands.len() > MAX_SEARCHED || !operands.contains(&operand) {
        operands.push(operand);
    }
}
