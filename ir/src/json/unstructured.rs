//! State machines as regions of newer files.
//!
//! DaCe 2 keeps a part of control flow that has no structure as an `UnstructuredControlFlow` region: blocks, and transitions
//! between them. Reading one is lifting it, which may find loops and branches after all; what this compiler has written is
//! marked, and stays a [`Machine`].

use super::control::Transition;
use super::error::{Path, Result};
use super::read::Reader;
use super::tree::Value;
use super::write::Writer;
use crate::control_flow::Machine;
use crate::{Block, Name, Region};
use serde_json::json;
use std::collections::BTreeSet;

/// The attribute with the label of a machine that is to stay one.
const KEY: &str = "_meta_machine";

/// Whether a machine can be such a region: no transition uses a symbol that it changes, which DaCe refuses, and labels are
/// words.
pub(super) fn has_form(machine: &Machine) -> bool {
    let plain = |it: &crate::control_flow::Transition| {
        let targets: BTreeSet<&Name> = it.assignments.iter().map(|it| &it.symbol).collect();
        it.assignments
            .iter()
            .all(|it| it.value.symbols().iter().all(|used| *used == it.symbol || !targets.contains(used)))
    };
    machine.transitions.iter().all(plain) && machine.vertices.iter().all(|it| it.label.is_identifier())
}

impl Writer<'_> {
    pub(super) fn unstructured(
        &mut self,
        it: &Machine,
        hint: &str,
        id: usize,
        symbols: &mut Vec<String>,
    ) -> serde_json::Value {
        let number = self.number();
        let mut nodes = Vec::new();
        for (at, vertex) in it.vertices.iter().enumerate() {
            let mut region = self.region(&vertex.body, &format!("{hint}_vertex{at}"), at, symbols);
            region["label"] = json!(vertex.label.as_str());
            nodes.push(region);
        }
        let mut edges = Vec::new();
        for (at, way) in it.transitions.iter().enumerate() {
            let condition = way.condition.as_ref().map(|condition| self.python(condition));
            let assignments =
                way.assignments.iter().map(|it| (it.symbol.to_string(), self.python(&it.value))).collect();
            let mut edge =
                self.transition(at, &Transition { src: way.from, dst: way.to, condition, assignments });
            edge["attributes"]["data"]["attributes"]["guid"] = self.guid(&format!("{hint} way {at}"));
            edges.push(edge);
        }
        let mut attributes = serde_json::Map::new();
        self.position(&mut attributes, it.span);
        attributes.insert("guid".into(), self.guid(hint));
        attributes.insert(KEY.into(), json!(it.label.as_str()));
        json!({
            "type": "UnstructuredControlFlow",
            "attributes": attributes,
            "nodes": nodes,
            "edges": edges,
            "cfg_list_id": number,
            "start_block": 0,
            "label": format!("{}_{hint}", self.sdfg.name),
            "id": id,
            "collapsed": false,
        })
    }
}

impl Reader<'_> {
    pub(super) fn unstructured(&self, node: &Value, path: &Path<'_>) -> Result<Vec<Block>> {
        let attributes = node.get("attributes");
        let Some(label) = attributes.and_then(|it| it.get(KEY)).and_then(Value::as_str) else {
            return Ok(self.region(node, path)?.blocks);
        };
        let graph = self.graph(node, path)?;
        let Some(Region { mut blocks }) = super::machine::machine(graph) else {
            return Err(path.error("the start block does not exist"));
        };
        for block in &mut blocks {
            if let Block::Machine(machine) = block {
                machine.label = label.into();
                machine.span = attributes.map(super::read::span).unwrap_or_default();
            }
        }
        Ok(blocks)
    }
}
