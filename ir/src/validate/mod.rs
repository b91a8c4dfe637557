//! Validation: the rules that every SDFG obeys, checked after the front end, after loading and after every pass.
//!
//! [`validate`] reports every violation, not only the first. The rules with their reasons are in [`rules`]; the checks
//! are, in this order, in
//!
//! | File | Checks |
//! |---|---|
//! | `containers` | names, arguments and results, shapes |
//! | `control` | symbols, jumps, conditions, loops, labels |
//! | `graph` | cycles, maps, scopes |
//! | `connectors` | connectors of every kind of node |
//! | `memlets` | containers, paths, dimensions, bounds, copies, conflict resolutions |
//! | `tasklets` | types, values of outputs |
//! | `nested` | calls of nested SDFGs |
//! | `order`, `races` | accesses that are not ordered, writes of map iterations |
//! | `aliases` | views and references |
//! | `streams` | streams and consume scopes |
//! | `structures` | constants and structures |
//!
//! A state whose graph is broken (`V010`, `V011`) is not looked at further. Where a rule needs a proof, only what is
//! proved to be wrong is reported: the rest is the business of whoever changes a program, and of the interpreter.
//!
//! **Not checked**: that a library operation takes shapes like these (its interpretation says so), that subsets of
//! nested SDFGs are what they really touch, what happens inside of external routines.
//!
//! **Cost**: near-linear in the number of nodes and edges. Orders of accesses that are not neighbours are searched
//! within a fixed budget.

mod aliases;
mod connectors;
mod containers;
mod control;
mod graph;
mod memlets;
mod nested;
mod order;
mod races;
mod range_inputs;
pub mod rules;
mod state;
mod streams;
mod structures;
mod tasklets;

#[cfg(test)]
mod tests;

pub(crate) use memlets::{source, target};
pub use rules::{RULES, Rule};

use crate::{Name, Sdfg, Span};
use std::fmt;

/// A rule that an SDFG breaks, and where.
#[derive(Clone, Debug, PartialEq)]
pub struct Violation {
    /// The rule.
    pub rule: &'static Rule,
    /// What is wrong, naming the element.
    pub message: String,
    /// What is around the element, outermost first: ``SDFG `gemm` ``, ``state `s0` ``, ….
    pub place: Vec<String>,
    /// Where the element was written.
    pub span: Span,
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {} (in {})", self.rule.code, self.message, self.place.join(", "))
    }
}

impl std::error::Error for Violation {}

/// Checks every rule; reports every violation.
pub fn validate(sdfg: &Sdfg) -> Result<(), Vec<Violation>> {
    let mut report = Report::default();
    check(sdfg, &mut report);
    if report.violations.is_empty() { Ok(()) } else { Err(report.violations) }
}

fn check(sdfg: &Sdfg, report: &mut Report) {
    report.within("SDFG", &sdfg.name, |report| {
        containers::check(sdfg, report);
        structures::check(sdfg, report);
        aliases::check_set(sdfg, report);
        control::check(sdfg, report);
    });
}

/// Collects violations.
#[derive(Debug, Default)]
struct Report {
    violations: Vec<Violation>,
    place: Vec<(&'static str, Name)>,
}

impl Report {
    fn add(&mut self, rule: &'static Rule, span: Span, message: impl Into<String>) {
        let place = self.place.iter().map(|(kind, name)| format!("{kind} `{name}`")).collect();
        self.violations.push(Violation { rule, message: message.into(), place, span });
    }

    /// Runs a check on what is inside of an element.
    fn within<R>(&mut self, kind: &'static str, name: &Name, check: impl FnOnce(&mut Report) -> R) -> R {
        self.place.push((kind, name.clone()));
        let result = check(self);
        self.place.pop();
        result
    }
}
