//! Parallel loops that are short, are inside of sequential ones, or are around calls that a team of threads may share, get a
//! second version that starts no team of threads.
//!
//! ```text
//! for i {                                        for i {
//!     parallel if (n > 9999) for k { … }   ──▶       if (n > 9999) { parallel for k { … } } else { for k { … } }
//! }                                              }
//! ```
//!
//! A parallel loop whose condition is false still goes through the OpenMP runtime and an outlined function: half a
//! microsecond to a whole one, in which a short loop could be done, and that on each iteration of a loop around it. A call in
//! such a loop that shares its own work would start new threads each time, since the runtime keeps only the outermost team.
//! For long loops that run once, what the runtime adds is little next to what they do, and to compile them twice costs more
//! than it.
//!
//! **Sound because** the second version is the first one on a team of one: a thread's copy of a reduction variable is the
//! variable itself, and nobody else updates what is updated atomically. Blocks with labels stay as they are, since a
//! label is unique in its function.

use crate::tree::{For, Stmt};

/// Makes versions of the parallel loops in statements; `repeated` tells whether these are in a sequential loop.
pub(super) fn make_versions(stmts: &mut Vec<Stmt>, repeated: bool) {
    for stmt in stmts {
        match stmt {
            Stmt::For(it) if it.parallel.is_none() => make_versions(&mut it.body, true),
            Stmt::For(it)
                if (repeated || is_short(&it.body) || has_calls(&it.body)) && !has_labels(&it.body) =>
            {
                if let Some(versions) = versions(it) {
                    *stmt = versions;
                }
            }
            Stmt::While { body, .. } | Stmt::DoWhile { body, .. } => make_versions(body, true),
            Stmt::Block { body, .. } => make_versions(body, repeated),
            Stmt::If { branches, otherwise } => {
                for body in branches.iter_mut().map(|(_, body)| body).chain([otherwise]) {
                    make_versions(body, repeated);
                }
            }
            _ => {}
        }
    }
}

fn versions(it: &For) -> Option<Stmt> {
    let condition = it.parallel.as_ref()?.when.clone()?;
    let (mut parallel, mut sequential) = (it.clone(), it.clone());
    if let Some(parallel) = &mut parallel.parallel {
        parallel.when = None;
    }
    sequential.parallel = None;
    drop_atomics(&mut sequential.body);
    let branches = vec![(condition, vec![Stmt::For(Box::new(parallel))])];
    Some(Stmt::If { branches, otherwise: vec![Stmt::For(Box::new(sequential))] })
}

fn drop_atomics(stmts: &mut [Stmt]) {
    for stmt in stmts {
        if let Stmt::Update { atomic, .. } | Stmt::Combine { atomic, .. } = stmt {
            *atomic = false;
        }
        super::tidy::blocks_mut(stmt).into_iter().for_each(|body| drop_atomics(body));
    }
}

fn has_labels(stmts: &[Stmt]) -> bool {
    contain(stmts, &|stmt| matches!(stmt, Stmt::Block { label: Some(_), .. }))
}

/// Whether the loop is compiled twice in next to no time.
fn is_short(body: &[Stmt]) -> bool {
    /// Sums of a few values are short too.
    const STATEMENTS: usize = 4;
    fn count(stmts: &[Stmt]) -> usize {
        let of = |stmt| super::tidy::blocks(stmt).into_iter().map(count).sum::<usize>().max(1);
        stmts.iter().map(of).sum()
    }
    count(body) <= STATEMENTS
}

/// Whether there are calls of routines, which may share their work.
fn has_calls(stmts: &[Stmt]) -> bool {
    contain(stmts, &|stmt| matches!(stmt, Stmt::Gemm(_) | Stmt::Routine(_)))
}

fn contain(stmts: &[Stmt], is_wanted: &dyn Fn(&Stmt) -> bool) -> bool {
    stmts.iter().any(|stmt| {
        is_wanted(stmt) || super::tidy::blocks(stmt).into_iter().any(|inner| contain(inner, is_wanted))
    })
}
