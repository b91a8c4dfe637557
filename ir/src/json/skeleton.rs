//! The tree of control flow beside the state machine that DaCe sees.
//!
//! Lifting a state machine finds *a* tree that does the same; this one is the tree that was written: the text form of
//! the SDFG with empty states, under `_meta_body`. It is a hint, never an authority: it counts only where it leads to
//! exactly the machine of the file, so a file that somebody changed without it is read like any other.

use super::control::{Machine, Vertex};
use super::error::Path;
use super::read::{Reader, list};
use super::tree::Value;
use crate::attributes::Attributes;
use crate::control_flow::{Effect, LoopHeader};
use crate::{Block, Branch, Conditional, Name, Region, Sdfg, State};
use std::collections::BTreeSet;

/// The attribute of the SDFG.
const KEY: &str = "_meta_body";

/// Adds the tree to an SDFG's attributes, unless it is a plain sequence of states.
pub(super) fn write(sdfg: &Sdfg, attributes: &mut Attributes) {
    let body = reachable(&sdfg.body).0;
    let plain = |block: &Block| matches!(block, Block::State(state) if !state.is_empty());
    if sdfg.body.blocks.iter().all(plain) {
        return;
    }
    let skeleton = Sdfg { name: "body".into(), body, ..Sdfg::default() };
    attributes.insert(KEY.into(), crate::text::print_with_positions(&skeleton).into());
}

/// The blocks of a region that control can reach, with empty states, and whether control leaves the region's end.
fn reachable(region: &Region) -> (Region, bool) {
    let mut blocks = Vec::new();
    for block in &region.blocks {
        let (block, goes_on) = match block {
            Block::State(state) => {
                let mut empty = State::new(&state.label);
                empty.span = state.span;
                (Block::State(empty), true)
            }
            Block::Loop(it) => {
                let mut it = it.clone();
                it.body = reachable(&it.body).0;
                (Block::Loop(it), true)
            }
            Block::Conditional(it) => conditional(it),
            Block::Assign(_) | Block::Machine(_) | Block::Effect(Effect::Print { .. }) => {
                (block.clone(), true)
            }
            Block::Effect(Effect::Fail { .. }) => (block.clone(), false),
            Block::Break | Block::Continue | Block::Return => (block.clone(), false),
        };
        blocks.push(block);
        if !goes_on {
            return (Region { blocks }, false);
        }
    }
    (Region { blocks }, true)
}

fn conditional(it: &Conditional) -> (Block, bool) {
    let mut goes_on = it.branches.iter().all(|branch| branch.condition.is_some());
    let mut branches = Vec::new();
    for branch in &it.branches {
        let (body, end) = reachable(&branch.body);
        goes_on |= end;
        branches.push(Branch { condition: branch.condition.clone(), body });
        if branch.condition.is_none() {
            break;
        }
    }
    (Block::Conditional(Conditional { branches, span: it.span }), goes_on)
}

/// A tree that leads to the machine of the file.
pub(super) struct Own {
    pub(super) body: Region,
    /// Symbols that the machine adds to those of the SDFG.
    pub(super) machine: BTreeSet<Name>,
}

/// The tree of a region, if the file has one that fits. States that cannot be read are no error here: reading the
/// machine reports them.
pub(super) fn read(reader: &Reader<'_>, value: &Value, attributes: &Value, path: &Path<'_>) -> Option<Own> {
    let text = attributes.get(KEY)?.as_str()?;
    let mut body = crate::text::parse(text).ok()?.body;
    let nodes_path = path.key("nodes");
    let nodes = list(value.get("nodes")?, &nodes_path).ok()?;
    let mut states = Vec::new();
    for (at, node) in nodes.iter().enumerate() {
        let empty = node.get("attributes").is_some_and(|it| it.get("_meta_empty").is_some());
        if !empty {
            states.push(reader.state(node, &nodes_path.index(at)).ok()?);
        }
    }
    let mut states = states.into_iter();
    let mut fits = true;
    body.visit_states_mut(&mut |empty| match states.next().filter(|state| state.label == empty.label) {
        Some(filled) => *empty = filled,
        None => fits = false,
    });
    if !fits || states.next().is_some() || !names_are_identifiers(&body) {
        return None;
    }
    let mut candidate = Sdfg { body, ..reader.sdfg.clone() };
    let needed = super::read::free_or_assigned(&candidate);
    let loops = counters(&candidate.body);
    let declared = std::mem::take(&mut candidate.symbols);
    candidate.symbols = declared.iter().filter(|(name, _)| needed.contains(*name)).map(own).collect();
    let machine = Machine::new(&candidate);
    if !same_states(&machine, nodes) || !same_transitions(&machine, value.get("edges")?.as_array()?) {
        return None;
    }
    let mut added: BTreeSet<Name> =
        machine.symbols.iter().map(|symbol| Name::from(symbol.as_str())).collect();
    added.extend(loops.into_iter().filter(|name| !needed.contains(name)));
    Some(Own { body: candidate.body, machine: added })
}

fn own<A: Clone, B: Clone>((a, b): (&A, &B)) -> (A, B) {
    (a.clone(), b.clone())
}

fn counters(region: &Region) -> BTreeSet<Name> {
    let mut names = BTreeSet::new();
    region.visit(&mut |block| {
        if let Block::Loop(it) = block {
            names.extend(it.variable().cloned());
        }
    });
    names
}

fn names_are_identifiers(region: &Region) -> bool {
    let mut fine = true;
    region.visit(&mut |block| match block {
        Block::Assign(all) => fine &= all.iter().all(|it| it.symbol.is_identifier()),
        Block::Loop(it) => {
            if let LoopHeader::For { variable, .. } = &it.header {
                fine &= variable.is_identifier();
            }
        }
        _ => {}
    });
    fine
}

fn same_states(machine: &Machine<'_>, nodes: &[Value]) -> bool {
    machine.states.len() == nodes.len()
        && machine.states.iter().zip(nodes).all(|(vertex, node)| {
            let label = node.get("label").and_then(Value::as_str);
            let empty = node.get("attributes").is_some_and(|it| it.get("_meta_empty").is_some());
            match vertex {
                Vertex::State(state) => !empty && label == Some(state.label.as_str()),
                Vertex::Empty(name) => empty && label == Some(name.as_str()),
            }
        })
}

fn same_transitions(machine: &Machine<'_>, edges: &[Value]) -> bool {
    machine.edges.len() == edges.len()
        && machine.edges.iter().zip(edges).all(|(own, edge)| {
            let data = &edge["attributes"]["data"]["attributes"];
            let condition = own.condition.as_deref().unwrap_or(super::write::ALWAYS);
            let assignments = data["assignments"].as_object();
            edge["src"].as_str() == Some(own.src.to_string().as_str())
                && edge["dst"].as_str() == Some(own.dst.to_string().as_str())
                && data["condition"]["string_data"].as_str() == Some(condition)
                && assignments.is_some_and(|all| {
                    all.iter().count() == own.assignments.len()
                        && own.assignments.iter().all(|(symbol, value)| {
                            all.get(symbol).and_then(Value::as_str) == Some(value.as_str())
                        })
                })
        })
}
