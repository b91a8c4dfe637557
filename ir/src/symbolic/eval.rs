//! The value of an expression.

use super::{Atom, Expr, division, power};
use crate::Name;
use thiserror::Error;

/// What symbols and containers hold.
pub trait Env {
    /// The value of a symbol.
    fn symbol(&self, name: &Name) -> Option<i64>;

    /// The element of a container; `None` if there is no such container or element.
    fn load(&self, container: &Name, indices: &[i64]) -> Option<i64>;
}

/// Why an expression has no value.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum EvalError {
    /// The environment does not know a symbol.
    #[error("the symbol `{0}` has no value")]
    UnknownSymbol(Name),
    /// The environment does not know a container, or the indices lie outside of it.
    #[error("`{container}` has no element at {indices:?}")]
    NoElement {
        /// The container.
        container: Name,
        /// The indices.
        indices: Vec<i64>,
    },
    /// A divisor is 0.
    #[error("division by zero in `{0}`")]
    DivisionByZero(Expr),
    /// An exponent is negative.
    #[error("negative exponent in `{0}`")]
    NegativeExponent(Expr),
    /// A shift count is negative.
    #[error("negative shift count in `{0}`")]
    NegativeShift(Expr),
}

impl Expr {
    /// The value, where `symbol` gives the values of symbols and there are no containers.
    pub fn eval(&self, symbol: &dyn Fn(&Name) -> Option<i64>) -> Result<i64, EvalError> {
        self.eval_with(&Symbols(symbol))
    }

    /// The value in an environment.
    pub fn eval_with(&self, env: &dyn Env) -> Result<i64, EvalError> {
        let mut total = self.constant();
        for (coefficient, monomial) in self.parts() {
            let mut product = coefficient;
            for (atom, exponent) in monomial.factors() {
                let value = eval_atom(atom, env)?;
                product = product.wrapping_mul(power::wrapping_pow(value, u64::from(*exponent)));
            }
            total = total.wrapping_add(product);
        }
        Ok(total)
    }
}

struct Symbols<'a>(&'a dyn Fn(&Name) -> Option<i64>);

impl Env for Symbols<'_> {
    fn symbol(&self, name: &Name) -> Option<i64> {
        (self.0)(name)
    }

    fn load(&self, _: &Name, _: &[i64]) -> Option<i64> {
        None
    }
}

fn eval_atom(atom: &Atom, env: &dyn Env) -> Result<i64, EvalError> {
    match atom {
        Atom::Symbol(name) => env.symbol(name).ok_or_else(|| EvalError::UnknownSymbol(name.clone())),
        Atom::FloorDiv(a, b) => Ok(division::floor_div_int(a.eval_with(env)?, divisor(atom, b, env)?)),
        Atom::CeilDiv(a, b) => {
            let negated = a.eval_with(env)?.wrapping_neg();
            Ok(division::floor_div_int(negated, divisor(atom, b, env)?).wrapping_neg())
        }
        Atom::Mod(a, b) => Ok(division::modulo_int(a.eval_with(env)?, divisor(atom, b, env)?)),
        Atom::Pow(base, exponent) => {
            let (base, exponent) = (base.eval_with(env)?, exponent.eval_with(env)?);
            let exponent = u64::try_from(exponent).map_err(|_| EvalError::NegativeExponent(whole(atom)))?;
            Ok(power::wrapping_pow(base, exponent))
        }
        Atom::Min(args) => Ok(eval_all(args, env)?.into_iter().min().expect("a minimum has operands")),
        Atom::Max(args) => Ok(eval_all(args, env)?.into_iter().max().expect("a maximum has operands")),
        Atom::Call(function, args) => {
            function.eval(&eval_all(args, env)?).ok_or_else(|| EvalError::NegativeShift(whole(atom)))
        }
        Atom::Compare(op, a, b) => Ok(i64::from(op.holds(a.eval_with(env)?.cmp(&b.eval_with(env)?)))),
        Atom::And(args) => Ok(i64::from(!finds(args, false, env)?)),
        Atom::Or(args) => Ok(i64::from(finds(args, true, env)?)),
        Atom::Select(condition, then, otherwise) => {
            if condition.eval_with(env)? != 0 {
                then.eval_with(env)
            } else {
                otherwise.eval_with(env)
            }
        }
        Atom::Load(container, indices) => {
            let indices = eval_all(indices, env)?;
            let element = env.load(container, &indices);
            element.ok_or_else(|| EvalError::NoElement { container: container.clone(), indices })
        }
    }
}

fn eval_all(args: &[Expr], env: &dyn Env) -> Result<Vec<i64>, EvalError> {
    args.iter().map(|arg| arg.eval_with(env)).collect()
}

/// Whether an operand is as true as `sought`; evaluates up to the first.
fn finds(args: &[Expr], sought: bool, env: &dyn Env) -> Result<bool, EvalError> {
    for arg in args {
        if (arg.eval_with(env)? != 0) == sought {
            return Ok(true);
        }
    }
    Ok(false)
}

fn divisor(atom: &Atom, divisor: &Expr, env: &dyn Env) -> Result<i64, EvalError> {
    match divisor.eval_with(env)? {
        0 => Err(EvalError::DivisionByZero(whole(atom))),
        value => Ok(value),
    }
}

fn whole(atom: &Atom) -> Expr {
    Expr::atom(atom.clone())
}
