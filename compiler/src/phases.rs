//! Where compile time went.

use std::time::{Duration, Instant};

/// The time of each phase of a compilation, in order.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Phases {
    entries: Vec<(&'static str, Duration)>,
}

impl Phases {
    /// Runs `work` as a phase of that name.
    pub fn time<T>(&mut self, name: &'static str, work: impl FnOnce() -> T) -> T {
        let start = Instant::now();
        let result = work();
        self.add(name, start.elapsed());
        result
    }

    /// Adds a phase that was timed elsewhere.
    pub fn add(&mut self, name: &'static str, time: Duration) {
        self.entries.push((name, time));
    }

    /// Every phase, in order.
    pub fn iter(&self) -> impl Iterator<Item = (&'static str, Duration)> + '_ {
        self.entries.iter().copied()
    }

    /// The time of all phases.
    pub fn total(&self) -> Duration {
        self.entries.iter().map(|(_, time)| *time).sum()
    }
}
