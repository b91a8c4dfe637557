//! Races: two iterations of a map that use one element, one of them writing it.
//!
//! The iterations run one after the other; what each does is noted for each element, once for every map around the
//! access. So a race is found whether or not the order of iterations would have changed the result.

use crate::{Name, Wcr};
use std::collections::HashMap;

/// A buffer and a position in it.
pub(super) type Place = (u64, usize);

/// What an access does.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Kind {
    Read,
    Write,
    Update(Wcr),
}

/// The maps that are running, outermost first.
#[derive(Debug, Default)]
pub(super) struct Races {
    maps: Vec<Running>,
}

#[derive(Debug)]
struct Running {
    map: Name,
    iteration: u64,
    seen: HashMap<Place, Seen>,
}

/// Which iterations used an element, and how.
#[derive(Debug, Default)]
struct Seen {
    read: Who,
    written: Who,
    updated: Option<(Wcr, Who)>,
}

#[derive(Clone, Copy, Debug, Default)]
enum Who {
    #[default]
    Nobody,
    One(u64),
    Several,
}

impl Races {
    /// A map begins.
    pub(super) fn enter(&mut self, map: &Name) {
        self.maps.push(Running { map: map.clone(), iteration: 0, seen: HashMap::new() });
    }

    /// The next iteration of the innermost map begins.
    pub(super) fn next_iteration(&mut self) {
        if let Some(running) = self.maps.last_mut() {
            running.iteration += 1;
        }
    }

    /// The innermost map ends.
    pub(super) fn leave(&mut self) {
        self.maps.pop();
    }

    /// Notes an access; the map and the conflict if it races with an earlier one.
    pub(super) fn record(&mut self, place: Place, kind: Kind) -> Result<(), (Name, &'static str)> {
        for running in &mut self.maps {
            let seen = running.seen.entry(place).or_default();
            if let Some(conflict) = seen.note(kind, running.iteration) {
                return Err((running.map.clone(), conflict));
            }
        }
        Ok(())
    }
}

impl Seen {
    fn note(&mut self, kind: Kind, iteration: u64) -> Option<&'static str> {
        let updated = self.updated.map(|(_, who)| who).unwrap_or_default();
        let conflict = match kind {
            Kind::Read => (self.written.other_than(iteration) || updated.other_than(iteration))
                .then_some("write and read"),
            _ if self.read.other_than(iteration) => Some("read and write"),
            Kind::Write => {
                (self.written.other_than(iteration) || updated.other_than(iteration)).then_some("both write")
            }
            Kind::Update(wcr) => {
                let mixed =
                    self.updated.is_some_and(|(other, who)| other != wcr && who.other_than(iteration));
                (mixed || self.written.other_than(iteration)).then_some("write and update")
            }
        };
        match kind {
            Kind::Read => self.read.add(iteration),
            Kind::Write => self.written.add(iteration),
            Kind::Update(wcr) => {
                let mut who = updated;
                who.add(iteration);
                self.updated = Some((wcr, who));
            }
        }
        conflict
    }
}

impl Who {
    fn other_than(self, iteration: u64) -> bool {
        match self {
            Who::Nobody => false,
            Who::One(one) => one != iteration,
            Who::Several => true,
        }
    }

    fn add(&mut self, iteration: u64) {
        *self = match *self {
            Who::Nobody => Who::One(iteration),
            Who::One(one) if one == iteration => Who::One(one),
            _ => Who::Several,
        };
    }
}
