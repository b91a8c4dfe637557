//! What a program uses beyond arrays, maps and structured control flow.
//!
//! Passes and backends that cannot deal with a feature ask for it first and refuse the whole program: a pass that does
//! not know of views, for example, would take a write through one for a write that nobody reads.

use crate::{Block, Data, Node, Sdfg, State, TaskletCode, Wcr};
use std::collections::BTreeSet;
use std::fmt;

/// Something that not every pass and backend can deal with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Feature {
    /// Containers that are constant.
    Constants,
    /// Views: containers with the memory of another one.
    Views,
    /// References: containers whose memory is chosen while the program runs.
    References,
    /// Streams.
    Streams,
    /// Scopes that consume a stream.
    Consume,
    /// State machines.
    Machines,
    /// Conflict resolutions that the program defines.
    CustomResolutions,
    /// Tasklets in another language.
    ForeignCode,
}

impl Feature {
    /// What people call the feature.
    pub fn name(self) -> &'static str {
        match self {
            Feature::Constants => "constants",
            Feature::Views => "views",
            Feature::References => "references",
            Feature::Streams => "streams",
            Feature::Consume => "consume scopes",
            Feature::Machines => "state machines",
            Feature::CustomResolutions => "conflict resolutions of its own",
            Feature::ForeignCode => "tasklets in another language",
        }
    }
}

impl fmt::Display for Feature {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// What an SDFG and those nested in it use. Each element is looked at once.
pub fn features(sdfg: &Sdfg) -> BTreeSet<Feature> {
    let mut found = BTreeSet::new();
    collect(sdfg, &mut found);
    found
}

fn collect(sdfg: &Sdfg, found: &mut BTreeSet<Feature>) {
    found.extend(sdfg.containers.values().filter_map(|data| match data {
        Data::Array(_) | Data::Scalar(_) => None,
        Data::Stream(_) => Some(Feature::Streams),
        Data::View(_) => Some(Feature::Views),
        Data::Reference(_) => Some(Feature::References),
        Data::Constant(_) => Some(Feature::Constants),
    }));
    sdfg.body.visit(&mut |block| match block {
        Block::Machine(_) => {
            found.insert(Feature::Machines);
        }
        Block::State(state) => collect_state(state, found),
        _ => {}
    });
}

fn collect_state(state: &State, found: &mut BTreeSet<Feature>) {
    for (_, node) in state.nodes() {
        match node {
            Node::MapEntry(map) if map.consume.is_some() => {
                found.insert(Feature::Consume);
            }
            Node::Tasklet(tasklet) if matches!(tasklet.code, TaskletCode::Foreign(_)) => {
                found.insert(Feature::ForeignCode);
            }
            Node::Nested(nested) => collect(&nested.sdfg, found),
            _ => {}
        }
    }
    let custom = |wcr: Option<Wcr>| matches!(wcr, Some(Wcr::Custom(_)));
    if state.edges().any(|edge| edge.memlet().is_some_and(|memlet| custom(memlet.wcr))) {
        found.insert(Feature::CustomResolutions);
    }
}
