//! Functions that are called: each annotated one is lowered once, and none inside of itself.

use super::memory::Memory;
use super::returns::Shared;
use super::{Lowerer, Result, Stop};
use crate::codes;
use crate::diagnostic::Diagnostic;
use crate::parse::Lines;
use crate::parse::TextRange;
use dacec_ir::{IndexMap, IndexSet, Sdfg};
use std::cell::{Cell, RefCell};
use std::sync::Arc;

/// A function's graph, or why it has none.
type Lowered = std::result::Result<Callee, Vec<Diagnostic>>;

/// A function that can be called.
#[derive(Clone, Debug)]
pub(super) struct Callee {
    pub(super) sdfg: Arc<Sdfg>,
    /// What its results share with arguments.
    pub(super) parts: Vec<Shared>,
}

/// Functions that are being lowered, and those that are done.
#[derive(Debug, Default)]
pub(crate) struct Calls {
    count: Cell<usize>,
    active: RefCell<Vec<String>>,
    done: RefCell<IndexMap<String, Lowered>>,
    /// What was compiled for calls of the library.
    pub(super) memory: Memory,
    /// What costs performance in them.
    warnings: RefCell<Vec<Diagnostic>>,
    /// Module-level names on whose values they depend.
    pub(super) used: RefCell<IndexSet<String>>,
}

impl Calls {
    /// How many functions are being expanded, one inside of the other.
    pub(super) fn depth(&self) -> usize {
        self.active.borrow().len()
    }

    /// Adds the warnings of a function that is done.
    pub(super) fn warn(&self, warnings: Vec<Diagnostic>) {
        self.warnings.borrow_mut().extend(warnings);
    }

    /// What costs performance in the functions that are done, and the module-level names on whose values they depend.
    pub(crate) fn into_findings(self) -> (Vec<Diagnostic>, Vec<String>) {
        (self.warnings.into_inner(), self.used.into_inner().into_iter().collect())
    }

    /// How many functions were expanded.
    pub(super) fn count(&self) -> usize {
        self.count.get()
    }
}

impl Lowerer<'_> {
    /// The program depends on the value of a module-level name. Those of the library's texts never change.
    pub(super) fn depends_on(&self, name: &str) {
        let mut used = self.calls.used.borrow_mut();
        if !matches!(self.globals.lines, Lines::Call(_)) && !used.contains(name) {
            used.insert(name.to_owned());
        }
    }

    /// Whether the function is being expanded already.
    pub(super) fn is_active(&self, name: &str) -> bool {
        self.sdfg.name == *name || self.calls.active.borrow().iter().any(|active| active == name)
    }

    /// Refuses a call of a function inside of itself.
    pub(super) fn check_recursion(&self, name: &str, range: TextRange) -> Result<()> {
        if !self.is_active(name) {
            return Ok(());
        }
        let message = format!("`{name}` calls itself");
        Err(Diagnostic::error(codes::RECURSION, range, message).help("write a loop instead").into())
    }

    /// Remembers that a function is being expanded.
    pub(super) fn enter(&self, name: &str) {
        self.calls.count.set(self.calls.count.get() + 1);
        self.calls.active.borrow_mut().push(name.to_owned());
    }

    /// The function that was entered last is expanded.
    pub(super) fn leave(&self) {
        self.calls.active.borrow_mut().pop();
    }

    pub(super) fn callee(&mut self, name: &str, range: TextRange) -> Result<Callee> {
        if let Some(graph) = self.globals.graphs.get(name) {
            return Ok(Callee { sdfg: Arc::clone(&graph.sdfg), parts: Vec::new() });
        }
        let calls = self.calls;
        if let Some(done) = calls.done.borrow().get(name) {
            return self.reported(done.clone());
        }
        self.check_recursion(name, range)?;
        self.enter(&self.sdfg.name.clone());
        let result = super::lower_callee(self.globals, calls, name);
        self.leave();
        let callee = result.map(|(sdfg, parts)| Callee { sdfg: Arc::new(sdfg), parts });
        calls.done.borrow_mut().insert(name.to_owned(), callee.clone());
        self.reported(callee)
    }

    /// The callee, or its errors as those of this function: they are told in each of its attempts, the last of which counts.
    fn reported(&mut self, callee: Lowered) -> Result<Callee> {
        callee.map_err(|diagnostics| {
            self.diagnostics.extend(diagnostics);
            Stop::Reported
        })
    }
}
