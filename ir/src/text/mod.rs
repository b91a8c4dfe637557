//! The readable text form of SDFGs: a printer and a parser that agree exactly.
//!
//! People read it in golden files and dumps, and write small inputs of tests in it. The grammar is in
//! `docs/text-format.md`; it looks like this:
//!
//! ```text
//! sdfg axpy(a, x, y) {
//!   symbol N: int64
//!   data a: float64
//!   data x: float64[N]
//!   data y: float64[N]
//!
//!   state compute {
//!     n0 = access x
//!     n1 = access y
//!     n2 = access a
//!     n0 -> n3.IN_x: x[0:N]
//!     n1 -> n3.IN_y: y[0:N]
//!     n2 -> n3.IN_a: a
//!     n3 = map axpy(i in 0:N) {
//!       n3.OUT_a -> n4.a: a
//!       n3.OUT_x -> n4.x: x[i]
//!       n3.OUT_y -> n4.y: y[i]
//!       n4 = tasklet axpy(a: float64, x: float64, y: float64) -> (out: float64) { out = a*x + y }
//!       n4.out -> n5.IN_y: y[i]
//!     } n5
//!     n5.OUT_y -> n6: y[0:N]
//!     n6 = access y
//!   }
//! }
//! ```
//!
//! Each node stands below the edges that lead to it, after the nodes that they come from; what is inside a map is
//! indented. So a state reads from top to bottom, and a change to the graph is a local change of the text.
//!
//! # What round trips
//!
//! * [`print_with_positions`], then [`parse`], gives [`normalize`] of the SDFG: equal in everything, with the nodes and
//!   edges of each state numbered in the order of the text.
//! * [`print()`], which `Display` for [`Sdfg`] uses, leaves out where things were written in a source file: files of
//!   expected output do not change when a comment is added to a program. The rest is exact.
//!
//! Text is not trusted: the parser bounds nesting, reports where an error is, and does not panic.

mod error;
mod expr;
pub(crate) mod lexer;
mod names;
pub(crate) mod outline;
mod parse_state;
mod parser;
mod print;
mod print_state;
pub(crate) mod scalar;

#[cfg(test)]
pub(crate) mod generate;
#[cfg(test)]
mod tests;

pub use error::{TextError, TextErrorKind};
pub use outline::normalize;

use crate::node::ExternalCall;
use crate::{ScalarExpr, Sdfg, State, Stmt, Wcr};
use std::fmt;

/// The text of an SDFG, without positions in source files.
pub fn print(sdfg: &Sdfg) -> String {
    sdfg.to_string()
}

/// The text of an SDFG with the source file and the place in it of every element that has one.
pub fn print_with_positions(sdfg: &Sdfg) -> String {
    Text { sdfg, positions: true }.to_string()
}

/// Reads the text of an SDFG.
pub fn parse(text: &str) -> Result<Sdfg, TextError> {
    parser::parse(text)
}

/// Reads the text of a condition, or of a value that tasklets compute.
pub fn parse_scalar(text: &str) -> Result<ScalarExpr, TextError> {
    parser::parse_scalar(text)
}

/// Reads the text of a conflict resolution: a word, or an expression over `old` and `new` in parentheses.
pub fn parse_wcr(text: &str) -> Result<Wcr, TextError> {
    parser::parse_wcr(text)
}

/// The text of a call of an external routine.
pub(crate) fn print_call(call: &ExternalCall) -> String {
    print_state::External(call).to_string()
}

/// Reads the text of a call of an external routine.
pub(crate) fn parse_call(text: &str) -> Result<ExternalCall, TextError> {
    parser::parse_call(text)
}

/// Reads the statements of a tasklet, as `Display` for [`Stmt`] prints them.
pub(crate) fn parse_statements(text: &str) -> Result<Vec<Stmt>, TextError> {
    parser::parse_statements(text)
}

/// An SDFG to be printed.
struct Text<'a> {
    sdfg: &'a Sdfg,
    positions: bool,
}

impl fmt::Display for Text<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        print::Printer::new(f, self.positions).sdfg(self.sdfg)?;
        f.write_str("\n")
    }
}

impl fmt::Display for Sdfg {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        Text { sdfg: self, positions: false }.fmt(f)
    }
}

impl fmt::Display for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        print::Printer::new(f, false).state(self)
    }
}

impl fmt::Display for Stmt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        print::Printer::new(f, false).stmt(self)
    }
}
