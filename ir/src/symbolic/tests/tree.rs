//! Random expressions as plain trees, whose values are computed in the most direct way: what the engine is held to.

use crate::Name;
use crate::symbolic::{CmpOp, Env, Expr, Function};
use proptest::prelude::*;

/// An expression that nothing was done to.
#[derive(Clone, Debug)]
pub(super) enum Tree {
    Int(i64),
    Symbol(usize),
    Add(Box<Tree>, Box<Tree>),
    Sub(Box<Tree>, Box<Tree>),
    Mul(Box<Tree>, Box<Tree>),
    FloorDiv(Box<Tree>, Box<Tree>),
    CeilDiv(Box<Tree>, Box<Tree>),
    Mod(Box<Tree>, Box<Tree>),
    Min(Box<Tree>, Box<Tree>),
    Max(Box<Tree>, Box<Tree>),
    Pow(Box<Tree>, Box<Tree>),
    Call(Function, Vec<Tree>),
    Compare(CmpOp, Box<Tree>, Box<Tree>),
    And(Box<Tree>, Box<Tree>),
    Or(Box<Tree>, Box<Tree>),
    Not(Box<Tree>),
    Select(Box<Tree>, Box<Tree>, Box<Tree>),
    Load(Box<Tree>),
}

/// The symbols of all trees.
pub(super) const SYMBOLS: [&str; 3] = ["M", "N", "i"];

/// The container `A`.
const ELEMENTS: [i64; 4] = [3, -1, 0, 7];

/// Larger values are not compared: rewriting may overflow where the direct way does not.
const LARGEST: i128 = 1 << 30;

/// Values of the symbols, and the container `A`.
#[derive(Clone, Copy, Debug)]
pub(super) struct Values(pub(super) [i64; 3]);

impl Env for Values {
    fn symbol(&self, name: &Name) -> Option<i64> {
        SYMBOLS.iter().position(|symbol| name == symbol).map(|at| self.0[at])
    }

    fn load(&self, container: &Name, indices: &[i64]) -> Option<i64> {
        let [index] = indices else { return None };
        ELEMENTS.get(usize::try_from(*index).ok()?).copied().filter(|_| container == "A")
    }
}

impl Tree {
    /// The expression that the constructors make.
    pub(super) fn build(&self) -> Expr {
        match self {
            Tree::Int(value) => Expr::int(*value),
            Tree::Symbol(at) => Expr::sym(SYMBOLS[*at]),
            Tree::Add(a, b) => a.build() + b.build(),
            Tree::Sub(a, b) => a.build() - b.build(),
            Tree::Mul(a, b) => a.build() * b.build(),
            Tree::FloorDiv(a, b) => a.build().floor_div(&b.build()),
            Tree::CeilDiv(a, b) => a.build().ceil_div(&b.build()),
            Tree::Mod(a, b) => a.build().modulo(&b.build()),
            Tree::Min(a, b) => a.build().min(&b.build()),
            Tree::Max(a, b) => a.build().max(&b.build()),
            Tree::Pow(a, b) => a.build().pow(&b.build()),
            Tree::Call(function, args) => Expr::call(*function, args.iter().map(Tree::build).collect()),
            Tree::Compare(op, a, b) => a.build().cmp(*op, &b.build()),
            Tree::And(a, b) => a.build().and(&b.build()),
            Tree::Or(a, b) => a.build().or(&b.build()),
            Tree::Not(a) => a.build().not(),
            Tree::Select(c, a, b) => c.build().select(&a.build(), &b.build()),
            Tree::Load(index) => Expr::load("A", vec![index.build()]),
        }
    }

    /// The value; `None` if there is none, or an intermediate one is large.
    pub(super) fn value(&self, values: Values) -> Option<i64> {
        let value = self.wide_value(values)?;
        i64::try_from(value).ok().filter(|_| value.abs() <= LARGEST)
    }

    fn wide_value(&self, values: Values) -> Option<i128> {
        let of = |tree: &Tree| tree.value(values).map(i128::from);
        let truth = |tree: &Tree| of(tree).map(|value| value != 0);
        Some(match self {
            Tree::Int(value) => i128::from(*value),
            Tree::Symbol(at) => i128::from(values.0[*at]),
            Tree::Add(a, b) => of(a)? + of(b)?,
            Tree::Sub(a, b) => of(a)? - of(b)?,
            Tree::Mul(a, b) => of(a)? * of(b)?,
            Tree::FloorDiv(a, b) => floor(of(a)?, of(b)?)?,
            Tree::CeilDiv(a, b) => -floor(-of(a)?, of(b)?)?,
            Tree::Mod(a, b) => of(a)? - of(b)? * floor(of(a)?, of(b)?)?,
            Tree::Min(a, b) => of(a)?.min(of(b)?),
            Tree::Max(a, b) => of(a)?.max(of(b)?),
            Tree::Pow(a, b) => of(a)?.checked_pow(u32::try_from(of(b)?).ok()?)?,
            Tree::Call(function, args) => {
                call(*function, &args.iter().map(of).collect::<Option<Vec<i128>>>()?)?
            }
            Tree::Compare(op, a, b) => i128::from(op.holds(of(a)?.cmp(&of(b)?))),
            Tree::And(a, b) => i128::from(truth(a)? && truth(b)?),
            Tree::Or(a, b) => i128::from(truth(a)? || truth(b)?),
            Tree::Not(a) => i128::from(!truth(a)?),
            Tree::Select(c, a, b) => {
                if truth(c)? {
                    of(a)?
                } else {
                    of(b)?
                }
            }
            Tree::Load(index) => i128::from(*ELEMENTS.get(usize::try_from(of(index)?).ok()?)?),
        })
    }
}

/// Rounds the exact quotient down.
fn floor(a: i128, b: i128) -> Option<i128> {
    if b == 0 {
        return None;
    }
    let mut quotient = a / b;
    while quotient * b != a && (a < 0) != (b < 0) && (a - quotient * b).signum() != b.signum() {
        quotient -= 1;
    }
    Some(quotient)
}

fn call(function: Function, args: &[i128]) -> Option<i128> {
    let (a, b) = (args[0], args.get(1).copied().unwrap_or(0));
    Some(match function {
        Function::Abs => a.abs(),
        Function::Sign => a.signum(),
        Function::Gcd => (1..=a.abs().max(b.abs())).rev().find(|d| a % d == 0 && b % d == 0).unwrap_or(0),
        Function::BitAnd => a & b,
        Function::BitOr => a | b,
        Function::BitXor => a ^ b,
        Function::Shl => a.checked_mul(2i128.checked_pow(u32::try_from(b).ok()?)?)?,
        Function::Shr => floor(a, 2i128.checked_pow(u32::try_from(b).ok()?)?)?,
    })
}

fn leaf() -> impl Strategy<Value = Tree> {
    prop_oneof![
        (-9i64..=9).prop_map(Tree::Int),
        (0..SYMBOLS.len()).prop_map(Tree::Symbol),
        (0..SYMBOLS.len()).prop_map(Tree::Symbol),
    ]
}

fn op() -> impl Strategy<Value = CmpOp> {
    proptest::sample::select(vec![CmpOp::Lt, CmpOp::Le, CmpOp::Gt, CmpOp::Ge, CmpOp::Eq, CmpOp::Ne])
}

fn function() -> impl Strategy<Value = Function> {
    proptest::sample::select(vec![
        Function::Gcd,
        Function::BitAnd,
        Function::BitOr,
        Function::BitXor,
        Function::Shl,
        Function::Shr,
    ])
}

/// Sums, products, and divisions by constants: what indices look like.
pub(super) fn index_trees() -> impl Strategy<Value = Tree> {
    leaf().prop_recursive(4, 16, 2, |inner| {
        let pair = || (inner.clone().prop_map(Box::new), inner.clone().prop_map(Box::new));
        let constant = || prop_oneof![1i64..=8, -3i64..=-1].prop_map(|k| Box::new(Tree::Int(k)));
        let one = || inner.clone().prop_map(Box::new);
        prop_oneof![
            3 => pair().prop_map(|(a, b)| Tree::Add(a, b)),
            2 => pair().prop_map(|(a, b)| Tree::Sub(a, b)),
            2 => pair().prop_map(|(a, b)| Tree::Mul(a, b)),
            2 => (one(), constant()).prop_map(|(a, k)| Tree::FloorDiv(a, k)),
            2 => (one(), constant()).prop_map(|(a, k)| Tree::Mod(a, k)),
            1 => (one(), constant()).prop_map(|(a, k)| Tree::CeilDiv(a, k)),
            1 => pair().prop_map(|(a, b)| Tree::FloorDiv(a, b)),
            1 => pair().prop_map(|(a, b)| Tree::Mod(a, b)),
            1 => pair().prop_map(|(a, b)| Tree::Min(a, b)),
            1 => pair().prop_map(|(a, b)| Tree::Max(a, b)),
            1 => (op(), pair(), pair()).prop_map(|(op, (a, b), (c, d))| {
                Tree::Select(Box::new(Tree::Compare(op, a, b)), c, d)
            }),
        ]
    })
}

/// Sums and products.
pub(super) fn polynomial_trees() -> impl Strategy<Value = Tree> {
    leaf().prop_recursive(4, 12, 2, |inner| {
        let pair = || (inner.clone().prop_map(Box::new), inner.clone().prop_map(Box::new));
        prop_oneof![
            pair().prop_map(|(a, b)| Tree::Add(a, b)),
            pair().prop_map(|(a, b)| Tree::Sub(a, b)),
            pair().prop_map(|(a, b)| Tree::Mul(a, b)),
        ]
    })
}

/// Every operation.
pub(super) fn trees() -> impl Strategy<Value = Tree> {
    leaf().prop_recursive(5, 24, 3, |inner| {
        let pair = || (inner.clone().prop_map(Box::new), inner.clone().prop_map(Box::new));
        let one = || inner.clone().prop_map(Box::new);
        let exponent = prop_oneof![(0i64..=3).prop_map(|k| Box::new(Tree::Int(k))), one()];
        prop_oneof![
            pair().prop_map(|(a, b)| Tree::Add(a, b)),
            pair().prop_map(|(a, b)| Tree::Sub(a, b)),
            pair().prop_map(|(a, b)| Tree::Mul(a, b)),
            pair().prop_map(|(a, b)| Tree::FloorDiv(a, b)),
            pair().prop_map(|(a, b)| Tree::CeilDiv(a, b)),
            pair().prop_map(|(a, b)| Tree::Mod(a, b)),
            pair().prop_map(|(a, b)| Tree::Min(a, b)),
            pair().prop_map(|(a, b)| Tree::Max(a, b)),
            (one(), exponent).prop_map(|(a, b)| Tree::Pow(a, b)),
            (function(), inner.clone(), inner.clone()).prop_map(|(f, a, b)| Tree::Call(f, vec![a, b])),
            inner.clone().prop_map(|a| Tree::Call(Function::Abs, vec![a])),
            inner.clone().prop_map(|a| Tree::Call(Function::Sign, vec![a])),
            (op(), pair()).prop_map(|(op, (a, b))| Tree::Compare(op, a, b)),
            (op(), pair()).prop_map(|(op, (a, b))| Tree::Compare(op, a, b)),
            pair().prop_map(|(a, b)| Tree::And(a, b)),
            pair().prop_map(|(a, b)| Tree::Or(a, b)),
            one().prop_map(Tree::Not),
            (one(), pair()).prop_map(|(c, (a, b))| Tree::Select(c, a, b)),
            one().prop_map(Tree::Load),
        ]
    })
}

/// Trees with some constants near the ends of 64 bits.
pub(super) fn huge_trees() -> impl Strategy<Value = Tree> {
    let huge =
        proptest::sample::select(vec![i64::MIN, i64::MIN + 1, -1, i64::MAX - 1, i64::MAX, 1 << 62, 1 << 33]);
    (trees(), trees(), huge, function(), op()).prop_map(|(a, b, constant, function, op)| {
        let huge = || Box::new(Tree::Int(constant));
        let a = Tree::Add(Box::new(Tree::Mul(Box::new(a), huge())), huge());
        let quotient = Tree::FloorDiv(Box::new(a.clone()), huge());
        let rest = Tree::Mod(Box::new(b.clone()), huge());
        let call = Tree::Call(function, vec![a, rest]);
        Tree::Select(Box::new(Tree::Compare(op, Box::new(quotient), Box::new(b))), Box::new(call), huge())
    })
}

/// Conditions on symbols, as facts are made of.
pub(super) fn conditions() -> impl Strategy<Value = Tree> {
    let side = || {
        prop_oneof![
            leaf(),
            (leaf(), leaf()).prop_map(|(a, b)| Tree::Add(Box::new(a), Box::new(b))),
            (leaf(), leaf()).prop_map(|(a, b)| Tree::Sub(Box::new(a), Box::new(b))),
            (leaf(), leaf()).prop_map(|(a, b)| Tree::Mul(Box::new(a), Box::new(b))),
            (leaf(), 1i64..=4).prop_map(|(a, k)| Tree::FloorDiv(Box::new(a), Box::new(Tree::Int(k)))),
        ]
    };
    (op(), side(), side()).prop_map(|(op, a, b)| Tree::Compare(op, Box::new(a), Box::new(b)))
}

/// Values of the symbols, small enough to meet every sign and many coincidences.
pub(super) fn values() -> impl Strategy<Value = Values> {
    proptest::array::uniform3(-7i64..=12).prop_map(Values)
}

/// All assignments of a small box.
pub(super) fn small_box() -> impl Iterator<Item = Values> {
    let range = -3i64..=5;
    range.clone().flat_map(move |m| {
        let inner = range.clone();
        inner.clone().flat_map(move |n| inner.clone().map(move |i| Values([m, n, i])))
    })
}
