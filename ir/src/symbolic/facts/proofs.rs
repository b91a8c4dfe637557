//! Answers that were found before: statements of one program ask the same questions about the same sizes again and again.

use crate::symbolic::Expr;
use rustc_hash::FxHashMap;
use std::hash::{Hash, Hasher};
use std::sync::{Mutex, PoisonError};

/// More answers are not kept: few are asked for twice by then.
const MAX_PROOFS: usize = 1024;

/// Which expressions are known to be at least 0, and of which that is not known. The answers belong to the facts that they
/// follow from: other facts begin without any, and two that were assumed alike are equal whatever was asked.
#[derive(Debug, Default)]
pub(super) struct Proofs(Mutex<FxHashMap<Expr, bool>>);

impl Proofs {
    /// The answer, found by `prove` unless it is known.
    pub(super) fn of(&self, d: &Expr, prove: impl FnOnce() -> bool) -> bool {
        let known = self.0.lock().unwrap_or_else(PoisonError::into_inner).get(d).copied();
        known.unwrap_or_else(|| {
            let answer = prove();
            let mut answers = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            if answers.len() < MAX_PROOFS {
                answers.insert(d.clone(), answer);
            }
            answer
        })
    }
}

impl Clone for Proofs {
    fn clone(&self) -> Self {
        Proofs::default()
    }
}

impl PartialEq for Proofs {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

impl Eq for Proofs {}

impl Hash for Proofs {
    fn hash<H: Hasher>(&self, _: &mut H) {}
}
