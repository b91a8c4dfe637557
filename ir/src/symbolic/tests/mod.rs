//! Tests of the symbolic engine: examples one can read, and properties against evaluation by brute force.

mod canonical;
mod facts;
mod properties;
mod simplify;
mod structure;
mod text;
mod tree;

use super::Expr;

/// Parses, or fails the test.
pub(super) fn expr(text: &str) -> Expr {
    Expr::parse(text).unwrap_or_else(|error| panic!("{error}"))
}
