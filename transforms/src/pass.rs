//! Passes: named rewrites of a whole SDFG, and what they share while they run.

use crate::Refusal;
use dacec_ir::symbolic::Facts;
use dacec_ir::{Expr, Feature, IndexMap, Sdfg};
use std::collections::HashMap;
use std::ops::{BitOr, BitOrAssign};
use std::time::Duration;
use thiserror::Error;

/// Whether a pass changed anything.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[must_use = "pipelines run other passes again after a change"]
pub enum Changed {
    /// The SDFG is as it was.
    #[default]
    No,
    /// The SDFG is another one.
    Yes,
}

impl Changed {
    /// Whether there was a change.
    pub fn any(self) -> bool {
        self == Changed::Yes
    }
}

impl From<bool> for Changed {
    fn from(changed: bool) -> Self {
        if changed { Changed::Yes } else { Changed::No }
    }
}

impl BitOr for Changed {
    type Output = Changed;

    fn bitor(self, other: Changed) -> Changed {
        Changed::from(self.any() || other.any())
    }
}

impl BitOrAssign for Changed {
    fn bitor_assign(&mut self, other: Changed) {
        *self = *self | other;
    }
}

/// A named rewrite of an SDFG.
///
/// A pass rewrites the SDFG that it is given and not the ones nested in it: a [`Pipeline`](crate::Pipeline) calls it for
/// those too, inside out. It keeps the meaning of every valid SDFG and leaves a valid one; it works until it finds
/// nothing more to do, so that running it twice in a row is running it once.
pub trait Pass {
    /// Kebab-case, the same on the command line.
    fn name(&self) -> &'static str;

    /// One sentence for people who list the passes.
    fn summary(&self) -> &'static str;

    /// Whether the pass keeps the meaning of programs that use a feature beyond arrays, maps and structured control flow.
    /// It is not run on a program that uses one which it does not handle.
    fn handles(&self, _feature: Feature) -> bool {
        false
    }

    /// Rewrites, and says whether anything changed; nobody compares programs to find out.
    fn run(&self, sdfg: &mut Sdfg, context: &mut Context) -> Changed;
}

/// Checks an SDFG; the error is the complaint, ready for people.
pub type Verify = fn(&Sdfg) -> Result<(), String>;

/// How passes are run.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// How many rewrites and runs of passes are allowed; all later ones are skipped. A wrong result is traced to the
    /// rewrite that causes it by bisection over this number.
    pub bisect_limit: Option<usize>,
    /// Checks the whole SDFG after every pass that changed it.
    pub verify: Option<Verify>,
    /// Whether to keep the reasons for which transformations were refused.
    pub explain: bool,
    /// Whether to keep the SDFG as it is after every pass that changed it.
    pub record: bool,
    /// Number of times the passes of a fixed point are run at most; 0 is the default.
    pub max_rounds: usize,
}

/// What a pass did so far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Statistics {
    /// Number of runs.
    pub runs: usize,
    /// Number of runs that changed something.
    pub changes: usize,
    /// Time spent.
    pub time: Duration,
}

/// A refusal with its place.
#[derive(Clone, Debug, PartialEq)]
pub struct Refused {
    /// The transformation.
    pub transformation: &'static str,
    /// The state or region.
    pub place: String,
    /// Why it did not apply.
    pub reason: Refusal,
}

/// A rewrite that was made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Applied {
    /// The transformation.
    pub transformation: &'static str,
    /// The state or region; empty if the rewrite was of the whole SDFG.
    pub place: String,
}

/// Which matches of a transformation are rewritten, by their number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Selection {
    /// How many matches are left alone first.
    pub skip: usize,
    /// How many are rewritten then.
    pub count: usize,
}

/// A pass left an SDFG that is not valid: a bug of the pass.
#[derive(Clone, Debug, Error)]
#[error("the pass `{pass}` made an invalid program: {complaint}")]
pub struct InvalidAfter {
    /// The pass.
    pub pass: &'static str,
    /// What the check says.
    pub complaint: String,
}

/// What the passes of one compilation share: options, counters, and what happened.
#[derive(Clone, Debug, Default)]
pub struct Context {
    options: Options,
    permitted: usize,
    last_permitted: Option<&'static str>,
    passes: IndexMap<&'static str, Statistics>,
    rewrites: IndexMap<&'static str, usize>,
    refusals: Vec<Refused>,
    history: Vec<Applied>,
    selection: Option<Selection>,
    snapshots: Vec<(&'static str, Sdfg)>,
    proved: HashMap<(Facts, Expr), Option<bool>>,
}

impl Context {
    /// A context for one compilation.
    pub fn new(options: Options) -> Self {
        Context { options, ..Context::default() }
    }

    /// How passes are run.
    pub fn options(&self) -> &Options {
        &self.options
    }

    /// Whether one more rewrite, or run of a pass, is allowed: one that is selected, and within the limit. Counts it.
    pub fn permit(&mut self, name: &'static str) -> bool {
        if !self.is_chosen() || self.options.bisect_limit.is_some_and(|limit| self.permitted >= limit) {
            return false;
        }
        self.permitted += 1;
        self.last_permitted = Some(name);
        true
    }

    /// Number of rewrites and runs of passes that were allowed, and the last of them: what to blame when the limit was
    /// found by bisection.
    pub fn permitted(&self) -> (usize, Option<&'static str>) {
        (self.permitted, self.last_permitted)
    }

    /// Keeps the whole SDFG as it is after a pass, if that is asked for.
    pub(crate) fn record(&mut self, pass: &'static str, sdfg: &Sdfg) {
        if self.options.record {
            self.snapshots.push((pass, sdfg.clone()));
        }
    }

    /// The SDFG after every pass that changed it, with the pass's name.
    pub fn into_snapshots(self) -> Vec<(&'static str, Sdfg)> {
        self.snapshots
    }

    /// Rewrites only some matches from now on, or all.
    pub fn select(&mut self, selection: Option<Selection>) {
        self.selection = selection;
    }

    /// What is left of the selection.
    pub fn selection(&self) -> Option<Selection> {
        self.selection
    }

    /// Whether a match that was found is one of those to rewrite; counts it.
    fn is_chosen(&mut self) -> bool {
        let Some(selection) = &mut self.selection else { return true };
        if selection.skip > 0 {
            selection.skip -= 1;
            return false;
        }
        let chosen = selection.count > 0;
        selection.count = selection.count.saturating_sub(1);
        chosen
    }

    /// Notes that a transformation was applied somewhere.
    pub fn applied(&mut self, transformation: &'static str) {
        self.applied_in(transformation, String::new());
    }

    /// Notes that a transformation was applied in a state or region.
    pub fn applied_in(&mut self, transformation: &'static str, place: String) {
        *self.rewrites.entry(transformation).or_insert(0) += 1;
        self.history.push(Applied { transformation, place });
    }

    /// The rewrites that were made, in order.
    pub fn history(&self) -> &[Applied] {
        &self.history
    }

    /// Notes that a transformation was refused; `place` is called only if somebody wants to know.
    pub fn refused(&mut self, transformation: &'static str, place: impl FnOnce() -> String, reason: Refusal) {
        if self.options.explain && reason.is_interesting() {
            let refused = Refused { transformation, place: place(), reason };
            if !self.refusals.contains(&refused) {
                self.refusals.push(refused);
            }
        }
    }

    /// Whether a condition holds where some facts do. Passes come back to the same decisions again and again, and a search
    /// for a proof that there is not takes long, so answers are kept.
    pub(crate) fn prove(&mut self, facts: &Facts, condition: &Expr) -> Option<bool> {
        let key = (facts.clone(), condition.clone());
        *self.proved.entry(key).or_insert_with(|| facts.prove(condition))
    }

    /// Notes a run of a pass.
    pub(crate) fn ran(&mut self, pass: &'static str, changed: Changed, time: Duration) {
        let statistics = self.passes.entry(pass).or_default();
        statistics.runs += 1;
        statistics.changes += usize::from(changed.any());
        statistics.time += time;
    }

    /// What each pass did, in order of first run.
    pub fn passes(&self) -> &IndexMap<&'static str, Statistics> {
        &self.passes
    }

    /// How often each transformation was applied, in order of first application.
    pub fn rewrites(&self) -> &IndexMap<&'static str, usize> {
        &self.rewrites
    }

    /// Why transformations did not apply, if [`Options::explain`] is set.
    pub fn refusals(&self) -> &[Refused] {
        &self.refusals
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_limit_stops_rewrites() {
        let mut context = Context::new(Options { bisect_limit: Some(2), ..Options::default() });
        assert!(context.permit("a") && context.permit("b"));
        assert!(!context.permit("c"));
        assert_eq!(context.permitted(), (2, Some("b")));
    }

    #[test]
    fn refusals_are_kept_on_request_and_once() {
        let refuse = |context: &mut Context| {
            context.refused("MapFusion", || "state s".into(), Refusal::NotTransient("A".into()));
            context.refused("MapFusion", || "state s".into(), Refusal::NoMatch("not a map"));
        };
        let mut silent = Context::default();
        refuse(&mut silent);
        assert!(silent.refusals().is_empty());
        let mut context = Context::new(Options { explain: true, ..Options::default() });
        refuse(&mut context);
        refuse(&mut context);
        assert_eq!(context.refusals().len(), 1);
    }
}
