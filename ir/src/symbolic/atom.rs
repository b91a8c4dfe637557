//! Atoms: what the polynomial form treats as a variable.

use super::function::Function;
use super::{Expr, expr};
use crate::Name;
use smallvec::{SmallVec, smallvec};
use std::cmp::Ordering;

/// A symbol, or an operation that is not a sum or a product.
///
/// Atoms inside of an [`Expr`] are canonical: made by its constructors, never by hand. The variants say what holds of
/// them there. There is no negation: [`Expr::not`] turns comparisons and junctions around, and `not x` is `x == 0`.
#[derive(Clone, PartialEq, Eq, Hash)]
pub enum Atom {
    /// An integer symbol, or a scalar container that is read as an integer.
    Symbol(Name),
    /// Quotient, rounded down. No term of the dividend is a multiple of the divisor.
    FloorDiv(Expr, Expr),
    /// Quotient, rounded up. The divisor is not a constant: such divisions are written as [`Atom::FloorDiv`].
    CeilDiv(Expr, Expr),
    /// Remainder, with the sign of the divisor. No term of the dividend is a multiple of the divisor.
    Mod(Expr, Expr),
    /// Smallest of at least two values; sorted, none of them a minimum.
    Min(Vec<Expr>),
    /// Largest of at least two values; sorted, none of them a maximum.
    Max(Vec<Expr>),
    /// Base and exponent. Small constant exponents are products instead.
    Pow(Expr, Expr),
    /// Another integer function.
    Call(Function, Vec<Expr>),
    /// A comparison. Terms stand on the side where their coefficient is positive; constants on the right.
    Compare(CmpOp, Expr, Expr),
    /// True if all of at least two truth values are; evaluated in order.
    And(Vec<Expr>),
    /// True if one of at least two truth values is; evaluated in order.
    Or(Vec<Expr>),
    /// Condition, value if it holds, value if not. Only one of the values is evaluated.
    Select(Expr, Expr, Expr),
    /// An element of a container, read as an integer. There is at least one index; scalars are symbols.
    Load(Name, Vec<Expr>),
}

/// A comparison of two integers; ordered so that `0 <= i and i < N` begins with the lower bound.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum CmpOp {
    /// `>`
    Gt,
    /// `>=`
    Ge,
    /// `<`
    Lt,
    /// `<=`
    Le,
    /// `==`
    Eq,
    /// `!=`
    Ne,
}

impl CmpOp {
    /// The comparison that holds exactly where this one does not.
    pub fn negated(self) -> CmpOp {
        match self {
            CmpOp::Lt => CmpOp::Ge,
            CmpOp::Le => CmpOp::Gt,
            CmpOp::Gt => CmpOp::Le,
            CmpOp::Ge => CmpOp::Lt,
            CmpOp::Eq => CmpOp::Ne,
            CmpOp::Ne => CmpOp::Eq,
        }
    }

    /// Whether `left op right`, given how `left` compares to `right`.
    pub fn holds(self, ordering: Ordering) -> bool {
        match self {
            CmpOp::Lt => ordering.is_lt(),
            CmpOp::Le => ordering.is_le(),
            CmpOp::Gt => ordering.is_gt(),
            CmpOp::Ge => ordering.is_ge(),
            CmpOp::Eq => ordering.is_eq(),
            CmpOp::Ne => ordering.is_ne(),
        }
    }

    /// As written in Python and in C.
    pub fn as_str(self) -> &'static str {
        match self {
            CmpOp::Lt => "<",
            CmpOp::Le => "<=",
            CmpOp::Gt => ">",
            CmpOp::Ge => ">=",
            CmpOp::Eq => "==",
            CmpOp::Ne => "!=",
        }
    }
}

impl Atom {
    /// The operands, in order; the indices of a load.
    pub fn operands(&self) -> SmallVec<[&Expr; 3]> {
        match self {
            Atom::Symbol(_) => smallvec![],
            Atom::FloorDiv(a, b) | Atom::CeilDiv(a, b) | Atom::Mod(a, b) | Atom::Pow(a, b) => smallvec![a, b],
            Atom::Compare(_, a, b) => smallvec![a, b],
            Atom::Select(condition, then, otherwise) => smallvec![condition, then, otherwise],
            Atom::Min(args) | Atom::Max(args) | Atom::Call(_, args) => args.iter().collect(),
            Atom::And(args) | Atom::Or(args) | Atom::Load(_, args) => args.iter().collect(),
        }
    }

    /// The same operation on `f(operand)` for every operand, in canonical form.
    pub fn map_operands(&self, f: &mut dyn FnMut(&Expr) -> Expr) -> Expr {
        match self {
            Atom::Symbol(name) => Expr::sym(name),
            Atom::FloorDiv(a, b) => f(a).floor_div(&f(b)),
            Atom::CeilDiv(a, b) => f(a).ceil_div(&f(b)),
            Atom::Mod(a, b) => f(a).modulo(&f(b)),
            Atom::Pow(a, b) => f(a).pow(&f(b)),
            Atom::Min(args) => Expr::min_of(args.iter().map(f)).expect("a minimum has operands"),
            Atom::Max(args) => Expr::max_of(args.iter().map(f)).expect("a maximum has operands"),
            Atom::Call(function, args) => Expr::call(*function, args.iter().map(f).collect()),
            Atom::Compare(op, a, b) => f(a).cmp(*op, &f(b)),
            Atom::And(args) => Expr::all(args.iter().map(f)),
            Atom::Or(args) => Expr::any(args.iter().map(f)),
            Atom::Select(condition, then, otherwise) => f(condition).select(&f(then), &f(otherwise)),
            Atom::Load(name, args) => Expr::load(name, args.iter().map(f).collect()),
        }
    }

    /// A total order of structures, the same on every run; it says nothing about values.
    pub fn order(&self, other: &Atom) -> Ordering {
        if let (Atom::Symbol(a), Atom::Symbol(b)) = (self, other) {
            return a.cmp(b);
        }
        let heads = self.kind().cmp(&other.kind()).then_with(|| match (self, other) {
            (Atom::Call(a, _), Atom::Call(b, _)) => a.cmp(b),
            (Atom::Compare(a, ..), Atom::Compare(b, ..)) => a.cmp(b),
            (Atom::Load(a, _), Atom::Load(b, _)) => a.cmp(b),
            _ => Ordering::Equal,
        });
        heads.then_with(|| expr::order_all(self.operands().into_iter(), other.operands().into_iter()))
    }

    /// Whether the operation has a value for all values of its operands.
    pub(super) fn is_total(&self) -> bool {
        match self {
            Atom::FloorDiv(_, b) | Atom::CeilDiv(_, b) | Atom::Mod(_, b) => {
                b.as_int().is_some_and(|b| b != 0)
            }
            Atom::Pow(_, exponent) => exponent.as_int().is_some_and(|exponent| exponent >= 0),
            Atom::Call(function, _) => function.is_total(),
            Atom::Load(..) => false,
            _ => true,
        }
    }

    fn kind(&self) -> u8 {
        match self {
            Atom::Symbol(_) => 0,
            Atom::Load(..) => 1,
            Atom::Pow(..) => 2,
            Atom::FloorDiv(..) => 3,
            Atom::CeilDiv(..) => 4,
            Atom::Mod(..) => 5,
            Atom::Min(_) => 6,
            Atom::Max(_) => 7,
            Atom::Call(..) => 8,
            Atom::Select(..) => 9,
            Atom::Compare(..) => 10,
            Atom::And(_) => 11,
            Atom::Or(_) => 12,
        }
    }
}
