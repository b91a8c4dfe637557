//! Conflict resolutions that a program defines itself.

use crate::ScalarExpr;
use std::cmp::Ordering;
use std::collections::BTreeMap;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::sync::{Mutex, PoisonError};

/// An expression over the names `old` (the value that is there) and `new` (the value that is written), both of the
/// container's type, that gives the value which stays. It reads nothing else.
///
/// Equal expressions are kept once for as long as the process lives, so that a resolution is a number that copies freely.
#[derive(Clone, Copy)]
pub struct CustomWcr {
    value: &'static ScalarExpr,
    text: &'static str,
}

/// Every expression so far, by its text.
static KNOWN: Mutex<BTreeMap<&'static str, CustomWcr>> = Mutex::new(BTreeMap::new());

impl CustomWcr {
    /// The name of the value that is there.
    pub const OLD: &'static str = "old";
    /// The name of the value that is written.
    pub const NEW: &'static str = "new";

    /// The resolution that gives the value of an expression.
    pub fn new(value: ScalarExpr) -> Self {
        let text = value.to_string();
        let mut known = KNOWN.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(same) = known.get(text.as_str()) {
            return *same;
        }
        let text: &'static str = Box::leak(text.into_boxed_str());
        let custom = CustomWcr { value: Box::leak(Box::new(value)), text };
        known.insert(text, custom);
        custom
    }

    /// The expression.
    pub fn value(self) -> &'static ScalarExpr {
        self.value
    }
}

impl fmt::Debug for CustomWcr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "CustomWcr({})", self.text)
    }
}

impl PartialEq for CustomWcr {
    fn eq(&self, other: &Self) -> bool {
        std::ptr::eq(self.text, other.text)
    }
}

impl Eq for CustomWcr {}

impl Hash for CustomWcr {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.text.hash(state);
    }
}

impl PartialOrd for CustomWcr {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for CustomWcr {
    fn cmp(&self, other: &Self) -> Ordering {
        self.text.cmp(other.text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::BinaryOp;

    #[test]
    fn equal_expressions_are_one_resolution() {
        let sum = |by: f64| {
            let scaled = ScalarExpr::binary(BinaryOp::Mul, ScalarExpr::name("new"), ScalarExpr::float(by));
            CustomWcr::new(ScalarExpr::binary(BinaryOp::Add, ScalarExpr::name("old"), scaled))
        };
        assert_eq!(sum(2.0), sum(2.0));
        assert_ne!(sum(2.0), sum(3.0));
        assert!(sum(2.0) < sum(3.0));
    }
}
