//! What became of loops and maps, and why: the answer to "why is this not parallel?".
//!
//! The reasons are not remembered but found: a loop that is still there is asked again whether it could be a map, and a
//! map that is not parallel is scheduled again. So they are about the program as it is, and not about some state of it
//! on the way.

use crate::loops::symbols::SymbolUses;
use crate::loops::{LoopToMap, loop_nest_to_map};
use crate::map::schedule;
use crate::surroundings::{Surroundings, Uses, entry_facts, visit_with_facts};
use crate::{Refusal, Transformation};
use dacec_ir::control_flow::LoopHeader;
use dacec_ir::sdfg::NameSupply;
use dacec_ir::{Block, Loop, Node, Region, Sdfg, State, TaskletCode};

/// One thing that runs more than once, or that a library computes, and how.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Decision {
    /// The line of the source; 0 if it is not known.
    pub line: u32,
    /// What it is: `loop i`, `map i, j`, `call gemm_f64`.
    pub what: String,
    /// How it runs, and why: `parallel`, `sequential: …`.
    pub how: String,
}

/// What becomes of each loop, map and call of a program, in order of the source's lines.
pub fn decisions(sdfg: &Sdfg) -> Vec<Decision> {
    let mut sdfg = sdfg.clone();
    let mut found = Vec::new();
    in_sdfg(&mut sdfg, false, &mut found);
    found.sort();
    found
}

/// The decisions in an SDFG, which may be nested in a map.
fn in_sdfg(sdfg: &mut Sdfg, in_map: bool, found: &mut Vec<Decision>) {
    let mut names = NameSupply::new(sdfg);
    let mut uses = Uses::of(sdfg);
    let symbols = SymbolUses::of(&sdfg.body);
    let facts = entry_facts(sdfg);
    let mut body = std::mem::take(&mut sdfg.body);
    visit_with_facts(&mut body, &facts, &mut |region, facts| {
        let around = Surroundings { sdfg, facts: facts.clone(), names: &mut names, uses: &mut uses };
        in_region(&around, region, (&symbols, in_map), found);
    });
    body.visit_mut(&mut |block| {
        let Block::State(state) = block else { return };
        for id in state.node_ids() {
            let in_map = in_map || state.scope_of(id).is_some();
            if let Node::Nested(nested) = state.node_mut(id) {
                in_sdfg(&mut nested.sdfg, in_map, found);
            }
        }
    });
    sdfg.body = body;
}

fn in_region(
    around: &Surroundings<'_>,
    region: &Region,
    (symbols, in_map): (&SymbolUses, bool),
    found: &mut Vec<Decision>,
) {
    for (at, block) in region.blocks.iter().enumerate() {
        match block {
            Block::Loop(it) => {
                // Of a body with control flow, only a nest knows whether its iterations are independent.
                let found_here = match LoopToMap.find(around, region, at) {
                    Err(Refusal::Unproved(_)) => loop_nest_to_map::find(around, block, symbols).map(drop),
                    other => other.map(drop),
                };
                let how = match found_here {
                    Err(reason) => format!("sequential: {}", explain(&reason, it)),
                    Ok(_) if in_map => {
                        "sequential: inside of a map, whose iterations are parallel".to_owned()
                    }
                    Ok(_) => "sequential: it was not asked to be a map".to_owned(),
                };
                let what = match &it.header {
                    LoopHeader::For { variable, .. } => format!("loop {variable}"),
                    _ => "loop".to_owned(),
                };
                found.push(Decision { line: it.span.line, what, how });
            }
            Block::State(state) => in_state((around, state), in_map, found),
            _ => {}
        }
    }
}

fn explain(reason: &Refusal, it: &Loop) -> String {
    match reason {
        Refusal::NoMatch(_) if !matches!(it.header, LoopHeader::For { .. }) => {
            "the number of iterations is not known before it runs".to_owned()
        }
        other => other.to_string(),
    }
}

fn in_state((around, state): (&Surroundings<'_>, &State), in_map: bool, found: &mut Vec<Decision>) {
    for (id, node) in state.nodes() {
        match node {
            Node::MapEntry(map) if state.scope_of(id).is_none() => {
                let params: Vec<&str> = map.params.iter().map(|param| param.as_str()).collect();
                let what = format!("map {}", params.join(", "));
                let how = schedule::explain(&around.sdfg.containers, (state, id), &around.facts, in_map);
                found.push(Decision { line: map.span.line, what, how });
            }
            Node::Tasklet(tasklet) => {
                if let TaskletCode::External(call) = &tasklet.code {
                    let (line, what) = (tasklet.span.line, format!("call {}", call.routine));
                    let how = call.cost.as_ref().map_or("library".to_owned(), |cost| {
                        format!("library: {} operations, {} bytes", cost.operations, cost.bytes)
                    });
                    found.push(Decision { line, what, how });
                }
            }
            _ => {}
        }
    }
}
