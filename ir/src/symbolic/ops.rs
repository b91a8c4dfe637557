//! The operators of the language on expressions.

use super::{Expr, poly};
use std::iter::{Product, Sum};
use std::ops::{Add, AddAssign, Mul, MulAssign, Neg, Sub, SubAssign};

impl From<i64> for Expr {
    fn from(value: i64) -> Self {
        Expr::int(value)
    }
}

impl From<i32> for Expr {
    fn from(value: i32) -> Self {
        Expr::int(i64::from(value))
    }
}

impl From<u32> for Expr {
    fn from(value: u32) -> Self {
        Expr::int(i64::from(value))
    }
}

/// Values above the largest signed 64-bit integer, which no extent in memory reaches, become that.
impl From<usize> for Expr {
    fn from(value: usize) -> Self {
        Expr::int(i64::try_from(value).unwrap_or(i64::MAX))
    }
}

impl From<bool> for Expr {
    fn from(value: bool) -> Self {
        Expr::truth(value)
    }
}

impl From<&Expr> for Expr {
    fn from(expr: &Expr) -> Self {
        expr.clone()
    }
}

fn add(a: &Expr, b: &Expr) -> Expr {
    poly::add_scaled(a, b, 1, &mut false)
}

fn sub(a: &Expr, b: &Expr) -> Expr {
    poly::add_scaled(a, b, -1, &mut false)
}

fn mul(a: &Expr, b: &Expr) -> Expr {
    poly::mul(a, b, &mut false)
}

/// One operator for every mix of owned, borrowed and constant operands.
macro_rules! operator {
    ($trait:ident, $method:ident, $assign_trait:ident, $assign_method:ident) => {
        impl $trait<&Expr> for &Expr {
            type Output = Expr;

            fn $method(self, rhs: &Expr) -> Expr {
                $method(self, rhs)
            }
        }

        impl $trait<Expr> for &Expr {
            type Output = Expr;

            fn $method(self, rhs: Expr) -> Expr {
                $method(self, &rhs)
            }
        }

        impl $trait<&Expr> for Expr {
            type Output = Expr;

            fn $method(self, rhs: &Expr) -> Expr {
                $method(&self, rhs)
            }
        }

        impl $trait<Expr> for Expr {
            type Output = Expr;

            fn $method(self, rhs: Expr) -> Expr {
                $method(&self, &rhs)
            }
        }

        impl $trait<i64> for &Expr {
            type Output = Expr;

            fn $method(self, rhs: i64) -> Expr {
                $method(self, &Expr::int(rhs))
            }
        }

        impl $trait<i64> for Expr {
            type Output = Expr;

            fn $method(self, rhs: i64) -> Expr {
                $method(&self, &Expr::int(rhs))
            }
        }

        impl $trait<&Expr> for i64 {
            type Output = Expr;

            fn $method(self, rhs: &Expr) -> Expr {
                $method(&Expr::int(self), rhs)
            }
        }

        impl $trait<Expr> for i64 {
            type Output = Expr;

            fn $method(self, rhs: Expr) -> Expr {
                $method(&Expr::int(self), &rhs)
            }
        }

        impl<T> $assign_trait<T> for Expr
        where
            for<'a> &'a Expr: $trait<T, Output = Expr>,
        {
            fn $assign_method(&mut self, rhs: T) {
                *self = $trait::$method(&*self, rhs);
            }
        }
    };
}

operator!(Add, add, AddAssign, add_assign);
operator!(Sub, sub, SubAssign, sub_assign);
operator!(Mul, mul, MulAssign, mul_assign);

impl Neg for Expr {
    type Output = Expr;

    fn neg(self) -> Expr {
        -&self
    }
}

impl Neg for &Expr {
    type Output = Expr;

    fn neg(self) -> Expr {
        mul(self, &Expr::int(-1))
    }
}

impl Sum for Expr {
    fn sum<I: Iterator<Item = Expr>>(iter: I) -> Expr {
        poly::sum(iter)
    }
}

impl<'a> Sum<&'a Expr> for Expr {
    fn sum<I: Iterator<Item = &'a Expr>>(iter: I) -> Expr {
        poly::sum(iter.cloned())
    }
}

impl Product for Expr {
    fn product<I: Iterator<Item = Expr>>(iter: I) -> Expr {
        iter.fold(Expr::one(), |product, factor| product * factor)
    }
}

impl<'a> Product<&'a Expr> for Expr {
    fn product<I: Iterator<Item = &'a Expr>>(iter: I) -> Expr {
        iter.fold(Expr::one(), |product, factor| product * factor)
    }
}
