//! The `dacec` command with a pass of one's own: maps with few iterations lose their threads.
//!
//! ```console
//! $ cargo run --example own_pass -- opt FILE.py --pipeline auto-optimize --apply few-threads:most=100
//! ```

use dacec::cli::{Extensions, main_with};
use dacec_ir::{Node, NodeId, Schedule, State};
use dacec_transforms::registry::{Arguments, Entry, RequestError};
use dacec_transforms::{Pass, Refusal, Surroundings, Transformation, everywhere};
use std::process::ExitCode;

/// Makes maps with at most `most` iterations sequential.
///
/// ```text
/// before:  map i in 0:10 (multicore) { … }
/// after:   map i in 0:10 (sequential) { … }
/// ```
///
/// **Legal** always: iterations of a map may come in any order, so also one after the other. It refuses a map whose number
/// of iterations is not known, because it would help nothing there.
struct FewThreads {
    most: i64,
}

impl Transformation for FewThreads {
    type Place = State;
    type Match = NodeId;

    fn name(&self) -> &'static str {
        "FewThreads"
    }

    fn find(&self, _: &Surroundings<'_>, state: &State, site: NodeId) -> Result<NodeId, Refusal> {
        let Node::MapEntry(map) = state.node(site) else { return Err(Refusal::NoMatch("not a map")) };
        if map.schedule == Schedule::Sequential {
            return Err(Refusal::NoMatch("sequential already"));
        }
        let iterations = map.ranges.iter().try_fold(1_i64, |product, range| {
            range.len().as_int().and_then(|extent| product.checked_mul(extent))
        });
        match iterations {
            Some(iterations) if iterations <= self.most => Ok(site),
            Some(_) => Err(Refusal::unproved("the map has more iterations")),
            None => Err(Refusal::unproved("the number of iterations is not known")),
        }
    }

    fn apply(&self, _: &mut Surroundings<'_>, state: &mut State, entry: NodeId) {
        if let Node::MapEntry(map) = state.node_mut(entry) {
            map.schedule = Schedule::Sequential;
        }
    }
}

fn few_threads(arguments: &Arguments) -> Result<Box<dyn Pass>, RequestError> {
    let most = arguments.natural("most")?.and_then(|most| i64::try_from(most).ok()).unwrap_or(64);
    Ok(Box::new(everywhere("few-threads", "Takes the threads from small maps", FewThreads { most })))
}

fn main() -> ExitCode {
    let own = Entry { parameters: &["most"], ..Entry::new("few-threads", "main.rs", few_threads) };
    main_with(&Extensions { passes: vec![own], ..Extensions::default() })
}
