//! Structures: containers that belong together.
//!
//! A structure has no memory of its own: its members are containers called `structure.member`, and are used like any
//! other container. The members of an *array of structures* have its extents before their own, so that
//! `particles.position[i, 0:3]` is the position of particle `i`:
//!
//! ```text
//! structure matrix { indptr, indices, values }              data matrix.indptr: int64[N + 1], …
//! structure particles[N] { position, mass }                 data particles.position: float64[N, 3], …
//! ```
//!
//! A member may be a structure in turn: its members are called `structure.member.member`.
//!
//! What is known of a member is that of its container. Whoever calls the program passes the members one by one; they are
//! listed among the arguments under their full names.

use crate::{Expr, Name, Span};

/// Containers that are declared and passed together.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Structure {
    /// Extents of the array of structures; empty for one structure.
    pub shape: Vec<Expr>,
    /// Names of the members, without that of the structure.
    pub members: Vec<Name>,
    /// Where the structure was defined.
    pub span: Span,
}

impl Structure {
    /// One structure with these members.
    pub fn new(members: impl IntoIterator<Item = Name>) -> Self {
        Structure { members: members.into_iter().collect(), ..Structure::default() }
    }
}

/// The container that is a member of a structure.
pub fn member(structure: &str, member: &str) -> Name {
    format!("{structure}.{member}").into()
}
