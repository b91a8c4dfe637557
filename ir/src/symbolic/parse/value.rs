//! What the parser computes with: fractions of expressions, whose size is bounded.

use super::ParseErrorKind;
use crate::symbolic::{CmpOp, Expr};

/// `numerator / denominator`, which becomes an integer in the end.
#[derive(Clone)]
pub(super) struct Value {
    numerator: Expr,
    /// Not the constant 0.
    denominator: Expr,
    /// Nested operations that are not sums and products.
    depth: u32,
    /// An upper bound of [`Expr::size`].
    weight: u64,
}

const MAX_DEPTH: u32 = 200;
const MAX_WEIGHT: u64 = 1 << 18;
const MAX_TERMS: usize = 4096;

type Result<T> = std::result::Result<T, ParseErrorKind>;

impl Value {
    pub(super) fn integer(numerator: Expr) -> Self {
        Value { numerator, denominator: Expr::one(), depth: 0, weight: 1 }
    }

    pub(super) fn fraction(numerator: i64, denominator: i64) -> Result<Self> {
        Value::integer(Expr::int(numerator)).div(Value::integer(Expr::int(denominator)))
    }

    /// The expression; an error if a division has a rest.
    pub(super) fn into_integer(self) -> Result<Expr> {
        if self.denominator.is_one() {
            return Ok(self.numerator);
        }
        self.numerator.div_exact(&self.denominator).ok_or_else(|| {
            let text = format!("({})/({})", self.numerator, self.denominator);
            ParseErrorKind::NotAnInteger(text)
        })
    }

    pub(super) fn negated(self) -> Self {
        Value { numerator: -self.numerator, ..self }
    }

    pub(super) fn add(self, other: Value) -> Result<Self> {
        let (a, b) = if self.denominator == other.denominator {
            (self, other)
        } else {
            let (left, right) =
                (Value::integer(other.denominator.clone()), Value::integer(self.denominator.clone()));
            (self.scaled(left)?, other.scaled(right)?)
        };
        let weight = a.weight.saturating_add(b.weight);
        let numerator = &a.numerator + &b.numerator;
        Value { numerator, denominator: a.denominator, depth: a.depth.max(b.depth), weight }.checked()
    }

    pub(super) fn mul(self, other: Value) -> Result<Self> {
        let weight = self.product_weight(&other);
        let numerator = &self.numerator * &other.numerator;
        let denominator = &self.denominator * &other.denominator;
        Value { numerator, denominator, depth: self.depth.max(other.depth), weight }.checked()
    }

    pub(super) fn div(self, other: Value) -> Result<Self> {
        if other.numerator.is_zero() {
            return Err(ParseErrorKind::DivisionByZero);
        }
        let inverse = Value { numerator: other.denominator, denominator: other.numerator, ..other };
        let Value { numerator, denominator, depth, weight } = self.mul(inverse)?;
        match numerator.div_exact(&denominator) {
            Some(numerator) => Ok(Value { numerator, denominator: Expr::one(), depth, weight }),
            None => Ok(Value { numerator, denominator, depth, weight }),
        }
    }

    /// A fraction is raised to constant exponents only.
    pub(super) fn pow(self, exponent: Value) -> Result<Self> {
        if self.denominator.is_one() {
            let mut power = self.integers2(exponent, Expr::pow)?;
            // Small powers of sums are multiplied out.
            power.weight = power.weight.saturating_mul(count(power.numerator.parts().len()));
            return power.checked();
        }
        let denominator = Value::integer(self.denominator.clone());
        let numerator = Value { denominator: Expr::one(), ..self };
        numerator.pow(exponent.clone())?.div(denominator.pow(exponent)?)
    }

    /// The quotient, rounded by `round(numerator, denominator)`.
    pub(super) fn rounded(self, round: impl Fn(&Expr, &Expr) -> Expr) -> Result<Self> {
        let Value { numerator, denominator, depth, weight } = self;
        if denominator.is_one() {
            return Ok(Value { numerator, denominator, depth, weight });
        }
        let numerator = round(&numerator, &denominator);
        Value { numerator, denominator: Expr::one(), depth: depth + 1, weight: weight.saturating_mul(2) }
            .checked()
    }

    /// Fractions are compared after multiplication by their denominators, if those are positive constants.
    pub(super) fn compare(op: CmpOp, left: &Value, right: &Value) -> Result<Self> {
        let positive = |value: &Value| value.denominator.as_int().is_some_and(|denominator| denominator > 0);
        if !positive(left) || !positive(right) {
            let fraction = if positive(left) { right } else { left };
            fraction.clone().into_integer()?;
        }
        let a = left.clone().scaled(Value::integer(right.denominator.clone()))?;
        let b = right.clone().scaled(Value::integer(left.denominator.clone()))?;
        let integer = |value: Value| Value { denominator: Expr::one(), ..value };
        integer(a).integers2(integer(b), |a, b| a.cmp(op, b))
    }

    pub(super) fn select(condition: Value, then: Value, otherwise: Value) -> Result<Self> {
        Value::integers(vec![condition, then, otherwise], |args| args[0].select(&args[1], &args[2]))
    }

    pub(super) fn integers1(self, f: impl FnOnce(&Expr) -> Expr) -> Result<Self> {
        Value::integers(vec![self], |args| f(&args[0]))
    }

    pub(super) fn integers2(self, other: Value, f: impl FnOnce(&Expr, &Expr) -> Expr) -> Result<Self> {
        Value::integers(vec![self, other], |args| f(&args[0], &args[1]))
    }

    /// An operation on integers that is not a sum or a product.
    pub(super) fn integers(values: Vec<Value>, f: impl FnOnce(Vec<Expr>) -> Expr) -> Result<Self> {
        let depth = values.iter().map(|value| value.depth).max().unwrap_or(0) + 1;
        let weight = values.iter().fold(1u64, |sum, value| sum.saturating_add(value.weight));
        let args = values.into_iter().map(Value::into_integer).collect::<Result<Vec<Expr>>>()?;
        Value { numerator: f(args), denominator: Expr::one(), depth, weight }.checked()
    }

    /// Numerator and denominator multiplied by the same.
    fn scaled(self, factor: Value) -> Result<Self> {
        if factor.numerator.is_one() {
            return Ok(self);
        }
        let weight = self.product_weight(&factor);
        let numerator = &self.numerator * &factor.numerator;
        let denominator = &self.denominator * &factor.numerator;
        Value { numerator, denominator, depth: self.depth, weight }.checked()
    }

    fn product_weight(&self, other: &Value) -> u64 {
        let terms = |value: &Value| count(value.numerator.terms().count());
        let copies = self.weight.saturating_mul(terms(other));
        copies.saturating_add(other.weight.saturating_mul(terms(self)))
    }

    fn checked(self) -> Result<Self> {
        if self.depth > MAX_DEPTH {
            return Err(ParseErrorKind::TooDeep);
        }
        if self.weight > MAX_WEIGHT || self.numerator.parts().len() > MAX_TERMS {
            return Err(ParseErrorKind::TooLarge);
        }
        Ok(self)
    }
}

/// At least 1.
fn count(len: usize) -> u64 {
    u64::try_from(len).unwrap_or(u64::MAX).max(1)
}
