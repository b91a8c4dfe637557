//! Why a transformation does not apply: the answer to "why was this not fused?".

use dacec_ir::analysis::dependence::Dependence;
use dacec_ir::{Feature, Memlet, Name, NodeId, Subset};
use thiserror::Error;

/// The reason for which a transformation leaves a place as it is.
///
/// Reasons are ordered from the harmless to the interesting: [`Refusal::NoMatch`] says that there is nothing to do here,
/// every other variant that there would be something to do, and what stands in the way.
#[derive(Clone, Debug, PartialEq, Error)]
pub enum Refusal {
    /// The place does not have the shape that the transformation looks for.
    #[error("{0}")]
    NoMatch(&'static str),
    /// A container that would have to be internal is visible to the caller.
    #[error("`{0}` is an argument or a result")]
    NotTransient(Name),
    /// A container that would disappear is used at another place too.
    #[error("`{data}` is also used {place}")]
    UsedElsewhere {
        /// The container.
        data: Name,
        /// Where: `in state s3`, `by map m`, `in a condition`.
        place: String,
    },
    /// Two subsets that would have to be the same are not, or not provably.
    #[error("`{data}{first}` is not provably the same as `{data}{second}`")]
    SubsetsDiffer {
        /// The container.
        data: Name,
        /// One subset.
        first: Subset,
        /// The other.
        second: Subset,
    },
    /// Two accesses, one of them a write, may touch the same element, and the order would be lost.
    #[error("`{first}` and `{second}` may be the same elements")]
    Conflict {
        /// One access.
        first: Box<Memlet>,
        /// The other.
        second: Box<Memlet>,
    },
    /// A node that the transformation cannot look into.
    #[error("node {node} {reason}")]
    Node {
        /// The node.
        node: NodeId,
        /// What is wrong with it, as the end of a sentence: `writes with a conflict resolution`.
        reason: String,
    },
    /// The program uses something that the pass does not know.
    #[error("the program uses {0}, which the pass does not handle")]
    Feature(Feature),
    /// Anything else that would have to hold and does not, or is not known to.
    #[error("{0}")]
    Unproved(String),
}

impl Refusal {
    /// Anything else that would have to hold.
    pub fn unproved(reason: impl Into<String>) -> Self {
        Refusal::Unproved(reason.into())
    }

    /// A node that the transformation cannot look into.
    pub fn node(node: NodeId, reason: impl Into<String>) -> Self {
        Refusal::Node { node, reason: reason.into() }
    }

    /// Two accesses whose order would be lost.
    pub fn conflict(first: &Memlet, second: &Memlet) -> Self {
        Refusal::Conflict { first: Box::new(first.clone()), second: Box::new(second.clone()) }
    }

    /// A container that is used at another place too.
    pub fn used_elsewhere(data: &Name, place: impl Into<String>) -> Self {
        Refusal::UsedElsewhere { data: data.clone(), place: place.into() }
    }

    /// Whether the reason is of interest to a person who expected the transformation to apply.
    pub fn is_interesting(&self) -> bool {
        !matches!(self, Refusal::NoMatch(_))
    }
}

impl From<Box<Dependence>> for Refusal {
    fn from(dependence: Box<Dependence>) -> Self {
        Refusal::conflict(&dependence.first, &dependence.second)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reasons_are_sentences() {
        let memlet = |text: &str| Memlet::new("A", Subset::parse(text).expect("a subset"));
        assert_eq!(
            Refusal::conflict(&memlet("i"), &memlet("j")).to_string(),
            "`A[i]` and `A[j]` may be the same elements"
        );
        assert_eq!(
            Refusal::used_elsewhere(&"t".into(), "in state s3").to_string(),
            "`t` is also used in state s3"
        );
        assert!(!Refusal::NoMatch("not a map").is_interesting());
    }
}
