//! Integer functions that have no operator of their own.

use super::{Atom, Expr, poly};

/// An integer function. The bitwise complement is not one: `~x` is `-x - 1`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Function {
    /// Absolute value.
    Abs,
    /// -1, 0 or 1.
    Sign,
    /// Greatest common divisor, never negative.
    Gcd,
    /// Bitwise and, in two's complement.
    BitAnd,
    /// Bitwise or, in two's complement.
    BitOr,
    /// Bitwise exclusive or, in two's complement.
    BitXor,
    /// `a << b`; bits above the 64th are lost, a negative `b` has no value.
    Shl,
    /// `a >> b`, rounded down; a negative `b` has no value.
    Shr,
}

impl Function {
    /// Number of operands.
    pub fn arity(self) -> usize {
        match self {
            Function::Abs | Function::Sign => 1,
            _ => 2,
        }
    }

    /// The name, or the operator of Python.
    pub fn as_str(self) -> &'static str {
        match self {
            Function::Abs => "abs",
            Function::Sign => "sign",
            Function::Gcd => "gcd",
            Function::BitAnd => "&",
            Function::BitOr => "|",
            Function::BitXor => "^",
            Function::Shl => "<<",
            Function::Shr => ">>",
        }
    }

    pub(super) fn is_total(self) -> bool {
        !matches!(self, Function::Shl | Function::Shr)
    }

    /// The value; `None` for a shift by a negative count. Takes as many operands as [`Function::arity`] says.
    pub fn eval(self, args: &[i64]) -> Option<i64> {
        let (a, b) = (args[0], args.get(1).copied().unwrap_or(0));
        Some(match self {
            Function::Abs => a.wrapping_abs(),
            Function::Sign => a.signum(),
            Function::Gcd => poly::gcd_u64(a.unsigned_abs(), b.unsigned_abs()).cast_signed(),
            Function::BitAnd => a & b,
            Function::BitOr => a | b,
            Function::BitXor => a ^ b,
            Function::Shl => u32::try_from(b.clamp(-1, 64)).ok().map(|b| a.checked_shl(b).unwrap_or(0))?,
            Function::Shr => u32::try_from(b.clamp(-1, 63)).ok().map(|b| a >> b)?,
        })
    }
}

impl Expr {
    /// `function(args…)`.
    ///
    /// # Panics
    ///
    /// If the number of operands is not [`Function::arity`].
    pub fn call(function: Function, args: Vec<Expr>) -> Expr {
        assert_eq!(args.len(), function.arity(), "operands of {}", function.as_str());
        let constants: Option<Vec<i64>> = args.iter().map(Expr::as_int).collect();
        if let Some(value) = constants.and_then(|constants| function.eval(&constants)) {
            return Expr::int(value);
        }
        match (function, &args[..]) {
            (Function::Abs, [x]) => x.abs(),
            (Function::Sign, [x]) => sign(x),
            (Function::Gcd, [a, b]) => gcd(a, b),
            (Function::Shl | Function::Shr, [a, count]) => shift(function, a, count),
            (_, [a, b]) => bitwise(function, a, b),
            _ => unreachable!("the arity was checked"),
        }
    }

    /// The absolute value.
    pub fn abs(&self) -> Expr {
        let (factor, rest) = primitive(self);
        let abs = if rest.is_boolean() { rest } else { Expr::atom(Atom::Call(Function::Abs, vec![rest])) };
        abs * factor.wrapping_abs()
    }
}

fn sign(x: &Expr) -> Expr {
    let (factor, rest) = primitive(x);
    let sign = if rest.is_boolean() { rest } else { Expr::atom(Atom::Call(Function::Sign, vec![rest])) };
    sign * factor.signum()
}

/// `x` as a constant times an expression whose first coefficient is positive and whose coefficients have no divisor.
fn primitive(x: &Expr) -> (i64, Expr) {
    if let Some(value) = x.as_int() {
        return (value, Expr::one());
    }
    let divisor = poly::gcd_u64(poly::content(x), x.constant().unsigned_abs());
    let Some(divisor) = i64::try_from(divisor).ok().filter(|divisor| *divisor > 0) else {
        return (1, x.clone());
    };
    let negative = x.parts().next().is_some_and(|(coefficient, _)| coefficient < 0);
    let factor = if negative { -divisor } else { divisor };
    (factor, poly::map_coefficients(x, x.constant().wrapping_div(factor), |c| c.wrapping_div(factor)))
}

fn gcd(a: &Expr, b: &Expr) -> Expr {
    let (a, b) = if a.order(b).is_le() { (a, b) } else { (b, a) };
    match (a.as_int(), b.as_int()) {
        (Some(0), _) => b.abs(),
        (Some(1 | -1), _) | (_, Some(1 | -1)) => Expr::one(),
        _ if a == b => a.abs(),
        _ => Expr::atom(Atom::Call(Function::Gcd, vec![a.clone(), b.clone()])),
    }
}

/// Shifts by a constant are products and divisions.
fn shift(function: Function, a: &Expr, count: &Expr) -> Expr {
    match (function, count.as_int()) {
        (_, Some(0)) => a.clone(),
        (Function::Shl, Some(64..)) => Expr::zero(),
        (Function::Shl, Some(count @ 1..)) => a * (1i64 << count),
        (Function::Shr, Some(count @ 1..=62)) => a.floor_div(&Expr::int(1i64 << count)),
        _ => Expr::atom(Atom::Call(function, vec![a.clone(), count.clone()])),
    }
}

fn bitwise(function: Function, a: &Expr, b: &Expr) -> Expr {
    if a.is_boolean() && b.is_boolean() {
        return match function {
            Function::BitAnd => a.and(b),
            Function::BitOr => a.or(b),
            _ => a.ne_expr(b),
        };
    }
    let (a, b) = if a.order(b).is_le() { (a, b) } else { (b, a) };
    match (function, a.as_int()) {
        (Function::BitAnd, Some(0)) => Expr::zero(),
        (Function::BitAnd, Some(-1)) => b.clone(),
        (Function::BitOr | Function::BitXor, Some(0)) => b.clone(),
        (Function::BitOr, Some(-1)) => Expr::int(-1),
        (Function::BitXor, Some(-1)) => -b - 1,
        _ if a == b && function == Function::BitXor => Expr::zero(),
        _ if a == b => a.clone(),
        _ => Expr::atom(Atom::Call(function, vec![a.clone(), b.clone()])),
    }
}
