//! The expression type and its representation.

use super::Atom;
use crate::Name;
use smallvec::{SmallVec, smallvec};
use std::cmp::Ordering;
use std::hash::{Hash, Hasher};
use std::sync::Arc;

/// A symbolic integer: immutable, cheap to copy, in canonical form.
///
/// Two expressions that are equal as polynomials over atoms are equal by `==`. There is deliberately no `Ord`:
/// `a < b` on structures reads like a comparison of values. Sort with [`Expr::order`], compare values with
/// [`Expr::lt`] (as an expression) or [`Facts`](super::Facts) (as a proof).
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Expr(pub(super) Repr);

/// Invariant: the first variant that can hold a value does.
#[derive(Clone, PartialEq, Eq, Hash)]
pub(super) enum Repr {
    /// A constant.
    Int(i64),
    /// One monomial with coefficient 1.
    Product(Monomial),
    /// Anything else.
    Sum(Arc<Sum>),
}

/// At least one term, strictly ascending by monomial, no coefficient 0; and the constant.
#[derive(PartialEq, Eq, Hash)]
pub(super) struct Sum {
    pub(super) terms: TermVec,
    pub(super) constant: i64,
}

pub(super) type TermVec = SmallVec<[Term; 3]>;

/// A monomial times an integer that is not 0.
#[derive(Clone, PartialEq, Eq, Hash)]
pub(super) struct Term {
    pub(super) coefficient: i64,
    pub(super) monomial: Monomial,
}

/// An atom and its exponent, which is at least 1.
pub type Factor = (Atom, u32);

/// Factors of a product: nearly always one.
pub(super) type Factors = SmallVec<[Factor; 1]>;

/// A product of at least one factor, strictly ascending by atom. Shared, so that sums copy no atoms; by one thin pointer, since
/// graphs consist of expressions more than of anything else.
#[derive(Clone, Eq)]
pub(super) struct Monomial(Arc<Factors>);

impl Monomial {
    pub(super) fn new(factors: Factors) -> Self {
        debug_assert!(!factors.is_empty());
        debug_assert!(factors.windows(2).all(|pair| pair[0].0.order(&pair[1].0).is_lt()));
        Monomial(Arc::new(factors))
    }

    pub(super) fn factors(&self) -> &[Factor] {
        &self.0
    }

    /// The only factor, if its exponent is 1.
    pub(super) fn as_atom(&self) -> Option<&Atom> {
        match self.factors() {
            [(atom, 1)] => Some(atom),
            _ => None,
        }
    }

    pub(super) fn order(&self, other: &Monomial) -> Ordering {
        if Arc::ptr_eq(&self.0, &other.0) {
            return Ordering::Equal;
        }
        for ((a, m), (b, n)) in self.factors().iter().zip(other.factors()) {
            let ordering = a.order(b).then(m.cmp(n));
            if ordering.is_ne() {
                return ordering;
            }
        }
        self.factors().len().cmp(&other.factors().len())
    }

    /// By total degree, then by the first atom with different exponents: `a*b < a**2`. Multiplication respects it.
    pub(super) fn graded(&self, other: &Monomial) -> Ordering {
        self.degree().cmp(&other.degree()).then_with(|| {
            for ((a, m), (b, n)) in self.factors().iter().zip(other.factors()) {
                // The one that has the smaller atom has a positive exponent where the other one has 0.
                let ordering = a.order(b).reverse().then(m.cmp(n));
                if ordering.is_ne() {
                    return ordering;
                }
            }
            Ordering::Equal
        })
    }

    /// The sum of the exponents.
    pub(super) fn degree(&self) -> u64 {
        self.factors().iter().map(|(_, exponent)| u64::from(*exponent)).sum()
    }
}

impl PartialEq for Monomial {
    fn eq(&self, other: &Monomial) -> bool {
        Arc::ptr_eq(&self.0, &other.0) || self.0 == other.0
    }
}

impl Hash for Monomial {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.0.hash(state);
    }
}

impl Expr {
    /// A constant.
    pub fn int(value: i64) -> Expr {
        Expr(Repr::Int(value))
    }

    /// The constant 0.
    pub fn zero() -> Expr {
        Expr::int(0)
    }

    /// The constant 1.
    pub fn one() -> Expr {
        Expr::int(1)
    }

    /// A truth value: 1 or 0.
    pub fn truth(value: bool) -> Expr {
        Expr::int(i64::from(value))
    }

    /// A symbol.
    pub fn sym(name: impl Into<Name>) -> Expr {
        Expr::atom(Atom::Symbol(name.into()))
    }

    /// The element of `container` at `indices`, read as an integer; without indices the scalar `container`.
    pub fn load(container: impl Into<Name>, indices: Vec<Expr>) -> Expr {
        if indices.is_empty() {
            return Expr::sym(container);
        }
        Expr::atom(Atom::Load(container.into(), indices))
    }

    /// The atom must be canonical.
    pub(super) fn atom(atom: Atom) -> Expr {
        Expr(Repr::Product(Monomial::new(smallvec![(atom, 1)])))
    }

    /// The terms must be sorted, their coefficients not 0.
    pub(super) fn from_parts(mut terms: TermVec, constant: i64) -> Expr {
        debug_assert!(terms.windows(2).all(|pair| pair[0].monomial.order(&pair[1].monomial).is_lt()));
        debug_assert!(terms.iter().all(|term| term.coefficient != 0));
        match &mut terms[..] {
            [] => Expr::int(constant),
            [term] if term.coefficient == 1 && constant == 0 => {
                Expr(Repr::Product(terms.pop().expect("there is one term").monomial))
            }
            _ => Expr(Repr::Sum(Arc::new(Sum { terms, constant }))),
        }
    }

    /// The value of a constant.
    pub fn as_int(&self) -> Option<i64> {
        match self.0 {
            Repr::Int(value) => Some(value),
            _ => None,
        }
    }

    /// The name, if the expression is nothing but a symbol.
    pub fn as_symbol(&self) -> Option<&Name> {
        match self.as_atom() {
            Some(Atom::Symbol(name)) => Some(name),
            _ => None,
        }
    }

    /// The atom, if the expression is nothing but one.
    pub fn as_atom(&self) -> Option<&Atom> {
        match &self.0 {
            Repr::Product(monomial) => monomial.as_atom(),
            _ => None,
        }
    }

    /// Whether this is the constant 0.
    pub fn is_zero(&self) -> bool {
        self.as_int() == Some(0)
    }

    /// Whether this is the constant 1.
    pub fn is_one(&self) -> bool {
        self.as_int() == Some(1)
    }

    /// The summands: coefficient and factors. A constant that is not 0 comes last and has no factors.
    pub fn terms(&self) -> Terms<'_> {
        Terms { parts: self.parts(), constant: self.constant() }
    }

    /// The summand without symbols.
    pub fn constant(&self) -> i64 {
        match &self.0 {
            Repr::Int(value) => *value,
            Repr::Product(_) => 0,
            Repr::Sum(sum) => sum.constant,
        }
    }

    /// By how much the expression is larger than `other`, if that is the same whatever the symbols are.
    pub fn offset_from(&self, other: &Expr) -> Option<i64> {
        let (mut left, mut right) = (self.parts(), other.parts());
        loop {
            match (left.next(), right.next()) {
                (None, None) => return self.constant().checked_sub(other.constant()),
                (Some(a), Some(b)) if a == b => {}
                _ => return None,
            }
        }
    }

    /// The summands that are not constant.
    pub(super) fn parts(&self) -> Parts<'_> {
        match &self.0 {
            Repr::Int(_) => Parts::Few(None),
            Repr::Product(monomial) => Parts::Few(Some(monomial)),
            Repr::Sum(sum) => Parts::Many(sum.terms.iter()),
        }
    }

    /// A total order of structures, the same on every run. It says nothing about values.
    pub fn order(&self, other: &Expr) -> Ordering {
        if let (Repr::Sum(a), Repr::Sum(b)) = (&self.0, &other.0)
            && Arc::ptr_eq(a, b)
        {
            return Ordering::Equal;
        }
        let (mut left, mut right) = (self.parts(), other.parts());
        loop {
            match (left.next(), right.next()) {
                (None, None) => return self.constant().cmp(&other.constant()),
                (None, Some(_)) => return Ordering::Less,
                (Some(_), None) => return Ordering::Greater,
                (Some((c, m)), Some((d, n))) => {
                    let ordering = m.order(n).then(c.cmp(&d));
                    if ordering.is_ne() {
                        return ordering;
                    }
                }
            }
        }
    }
}

impl Default for Expr {
    fn default() -> Self {
        Expr::zero()
    }
}

/// Lexicographic order of operand lists.
pub(super) fn order_all<'a>(
    left: impl Iterator<Item = &'a Expr>,
    right: impl Iterator<Item = &'a Expr>,
) -> Ordering {
    let (mut left, mut right) = (left, right);
    loop {
        match (left.next(), right.next()) {
            (None, None) => return Ordering::Equal,
            (None, Some(_)) => return Ordering::Less,
            (Some(_), None) => return Ordering::Greater,
            (Some(a), Some(b)) => {
                let ordering = a.order(b);
                if ordering.is_ne() {
                    return ordering;
                }
            }
        }
    }
}

/// The summands that are not constant: coefficient and monomial.
#[derive(Clone)]
pub(super) enum Parts<'a> {
    /// None, or one with coefficient 1.
    Few(Option<&'a Monomial>),
    /// Those of a sum.
    Many(std::slice::Iter<'a, Term>),
}

impl<'a> Iterator for Parts<'a> {
    type Item = (i64, &'a Monomial);

    fn next(&mut self) -> Option<Self::Item> {
        match self {
            Parts::Few(monomial) => monomial.take().map(|monomial| (1, monomial)),
            Parts::Many(terms) => terms.next().map(|term| (term.coefficient, &term.monomial)),
        }
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        let len = match self {
            Parts::Few(monomial) => usize::from(monomial.is_some()),
            Parts::Many(terms) => terms.len(),
        };
        (len, Some(len))
    }
}

impl ExactSizeIterator for Parts<'_> {}

/// Iterator over the summands of an [`Expr`], see [`Expr::terms`].
#[derive(Clone)]
pub struct Terms<'a> {
    parts: Parts<'a>,
    constant: i64,
}

impl<'a> Iterator for Terms<'a> {
    type Item = (i64, &'a [Factor]);

    fn next(&mut self) -> Option<Self::Item> {
        if let Some((coefficient, monomial)) = self.parts.next() {
            return Some((coefficient, monomial.factors()));
        }
        let constant = std::mem::take(&mut self.constant);
        (constant != 0).then_some((constant, &[]))
    }
}
