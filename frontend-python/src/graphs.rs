//! The graphs of a file's annotated functions. Each of them is lowered for itself, so that the processor's cores share those of
//! a large file.

use crate::diagnostic::Diagnostic;
use crate::lower::{self, Calls};
use crate::module::{Global, SourceFile};
use crate::types::Value;
use dacec_ir::{Expr, ScalarExpr, Sdfg};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

/// What became of an annotated function.
#[derive(Clone, Debug)]
pub struct Lowered {
    /// The function's graph.
    pub sdfg: Sdfg,
    /// What costs performance in the function and in those that it calls.
    pub warnings: Vec<Diagnostic>,
    /// The module-level names on whose values the graph depends.
    pub used_names: Vec<String>,
}

/// Memory for the calls of a thread: expressions are nested, and so are functions.
const STACK: usize = 64 << 20;

impl SourceFile {
    /// Compiles an annotated function to an SDFG.
    pub fn lower(&self, program: &str) -> Result<Sdfg, Vec<Diagnostic>> {
        self.lower_and_warn(program).map(|lowered| lowered.sdfg)
    }

    /// Compiles an annotated function to an SDFG, and says what costs performance and what it depends on.
    pub fn lower_and_warn(&self, program: &str) -> Result<Lowered, Vec<Diagnostic>> {
        let calls = Calls::default();
        match lower::lower(&self.globals, &calls, program) {
            Ok(sdfg) => {
                let (warnings, used_names) = calls.into_findings();
                Ok(Lowered { sdfg, warnings: self.told(warnings), used_names })
            }
            Err(diagnostics) => Err(self.told(diagnostics)),
        }
    }

    /// As [`lower_and_warn`](Self::lower_and_warn), for several functions, on as many threads as the processor has cores.
    /// The results are in the order of the names.
    pub fn lower_all(&self, programs: &[&str]) -> Vec<Result<Lowered, Vec<Diagnostic>>> {
        let cores = thread::available_parallelism().map_or(1, usize::from);
        let done = Mutex::new(Vec::with_capacity(programs.len()));
        let next = AtomicUsize::new(0);
        let work = |file: &SourceFile| {
            while let Some((at, program)) = take(&next, programs) {
                let lowered = file.lower_and_warn(program);
                done.lock().unwrap_or_else(|poisoned| poisoned.into_inner()).push((at, lowered));
            }
        };
        thread::scope(|scope| {
            for _ in 1..cores.min(programs.len()) {
                // Without another thread, this one does its work.
                let share = || work(&self.apart());
                let _ = thread::Builder::new().stack_size(STACK).spawn_scoped(scope, share);
            }
            work(self);
        });
        let mut done = done.into_inner().unwrap_or_else(|poisoned| poisoned.into_inner());
        done.sort_by_key(|(at, _)| *at);
        done.into_iter().map(|(_, lowered)| lowered).collect()
    }
}

impl SourceFile {
    /// A copy with symbols of its own. Threads that have the same one count its users in the same line of the cache, which is
    /// slower than all else that they do with it.
    fn apart(&self) -> SourceFile {
        let mut copy = self.clone();
        for value in copy.globals.values.values_mut() {
            if let Global::Value(Value::Scalar(scalar)) = value
                && let ScalarExpr::Symbolic(expr) = &mut scalar.code
                && let Some(symbol) = expr.as_symbol()
            {
                *expr = Expr::sym(symbol);
            }
        }
        copy
    }
}

/// The next of the names that no thread has taken, and its place.
fn take<'a>(next: &AtomicUsize, programs: &[&'a str]) -> Option<(usize, &'a str)> {
    let at = next.fetch_add(1, Ordering::Relaxed);
    programs.get(at).map(|program| (at, *program))
}
