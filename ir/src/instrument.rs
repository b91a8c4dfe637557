//! Instrumentation: what a program measures of itself while it runs.
//!
//! An SDFG, a state or a map carries a hook. Hooks are asked for by people, in a file or in Python; a pass that merges
//! elements keeps the hook of any of them, and what it removes is no longer measured. Compiled programs answer with the
//! number of executions and the seconds of each element, under its label; what runs inside of a parallel loop is not
//! measured, since the threads would write the same figures. The interpreter measures nothing.

use serde::{Deserialize, Serialize};

/// What is measured of an element.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Instrument {
    /// Nothing.
    #[default]
    None,
    /// How often it runs, and for how long.
    Timer,
}

impl Instrument {
    /// Every kind.
    pub const ALL: [Instrument; 2] = [Instrument::None, Instrument::Timer];

    /// The word that the text form prints and reads.
    pub fn name(self) -> &'static str {
        match self {
            Instrument::None => "no_instrument",
            Instrument::Timer => "timer",
        }
    }

    /// What an element measures that is made of two.
    pub fn or(self, other: Instrument) -> Instrument {
        if self == Instrument::None { other } else { self }
    }
}
