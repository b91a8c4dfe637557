//! Control flow as nested regions, as newer files have it.
//!
//! A region is a chain of blocks. New values of symbols stand on the transitions between them, so an empty state is put
//! where a region begins or ends with an assignment, or where two meet.

use super::control::Transition;
use super::expr::{Syntax, print};
use super::python;
use super::write::{Writer, is_boxed, put_back};
use crate::control_flow::{Effect, LoopHeader};
use crate::{Assignment, Block, Conditional, Expr, IndexMap, Loop, Name, Region, ScalarExpr};
use serde_json::{Map, Value, json};
use std::collections::BTreeSet;

/// The blocks of a region, and the transitions between them.
#[derive(Default)]
struct Chain {
    nodes: Vec<Value>,
    edges: Vec<Value>,
    /// New values on the way to the next block.
    pending: IndexMap<String, String>,
    labels: BTreeSet<Name>,
}

impl Writer<'_> {
    /// The whole SDFG with nested regions.
    pub(super) fn structured(&mut self, number: usize) -> Value {
        let mut symbols = Vec::new();
        let chain = self.chain(&self.sdfg.body, "body", &mut symbols);
        json!({
            "type": "SDFG",
            "attributes": self.attributes(&symbols, false),
            "nodes": chain.nodes,
            "edges": chain.edges,
            "collapsed": false,
            "label": self.sdfg.name.as_str(),
            "id": null,
            "cfg_list_id": number,
            "start_block": 0,
        })
    }

    fn chain(&mut self, region: &Region, hint: &str, symbols: &mut Vec<String>) -> Chain {
        let mut chain = Chain::default();
        for (at, block) in region.blocks.iter().enumerate() {
            self.block(block, &format!("{hint}_{at}"), &mut chain, symbols);
        }
        if chain.nodes.is_empty() || !chain.pending.is_empty() {
            self.gap(&format!("{hint}_end"), &mut chain);
        }
        chain
    }

    /// Adds a block to the chain; `hint` is unique in the SDFG.
    fn block(&mut self, block: &Block, hint: &str, chain: &mut Chain, symbols: &mut Vec<String>) {
        let node = match block {
            Block::State(state) => self.state(chain.nodes.len(), state),
            Block::Assign(all) => return self.assign(all, hint, chain, symbols),
            Block::Loop(it) => self.repeat(it, hint, chain, symbols),
            Block::Conditional(it) => self.conditional(it, hint, chain.nodes.len(), symbols),
            Block::Machine(it) => self.unstructured(it, hint, chain.nodes.len(), symbols),
            Block::Break => self.jump("BreakBlock", hint, chain.nodes.len()),
            Block::Continue => self.jump("ContinueBlock", hint, chain.nodes.len()),
            Block::Return | Block::Effect(Effect::Fail { .. }) => {
                self.jump("ReturnBlock", hint, chain.nodes.len())
            }
            // What is printed has no form; the tree beside the document keeps it.
            Block::Effect(Effect::Print { .. }) => return,
        };
        self.push(node, hint, chain);
    }

    fn push(&mut self, node: Value, hint: &str, chain: &mut Chain) {
        let at = chain.nodes.len();
        if at > 0 {
            let assignments = std::mem::take(&mut chain.pending);
            let edge = Transition { src: at - 1, dst: at, condition: None, assignments };
            let mut edge = self.transition(at, &edge);
            edge["attributes"]["data"]["attributes"]["guid"] = self.guid(&format!("transition to {hint}"));
            chain.edges.push(edge);
        }
        chain.nodes.push(node);
    }

    /// Adds a state without dataflow.
    fn gap(&mut self, hint: &str, chain: &mut Chain) {
        let label = format!("{}_{hint}", self.sdfg.name);
        let node = self.empty(chain.nodes.len(), &label);
        self.push(node, hint, chain);
    }

    /// All values are found before any symbol changes; DaCe wants that no value uses a symbol of the same transition.
    fn assign(&mut self, all: &[Assignment], hint: &str, chain: &mut Chain, symbols: &mut Vec<String>) {
        if chain.nodes.is_empty() || !chain.pending.is_empty() {
            self.gap(hint, chain);
        }
        let targets: BTreeSet<&Name> = all.iter().map(|it| &it.symbol).collect();
        let clash = all
            .iter()
            .any(|it| it.value.symbols().iter().any(|used| *used != it.symbol && targets.contains(used)));
        let values: IndexMap<String, String> =
            all.iter().map(|it| (it.symbol.to_string(), self.python(&it.value))).collect();
        if !clash {
            chain.pending = values;
            return;
        }
        let saved: Vec<String> =
            values.keys().map(|symbol| self.symbol(&format!("__new_{symbol}"), symbols)).collect();
        chain.pending = saved.iter().cloned().zip(values.values().cloned()).collect();
        self.gap(&format!("{hint}_all"), chain);
        chain.pending = values.keys().cloned().zip(saved).collect();
    }

    /// A symbol that nothing else uses.
    fn symbol(&self, hint: &str, symbols: &mut Vec<String>) -> String {
        let taken = |name: &str| {
            self.sdfg.symbols.contains_key(name)
                || self.sdfg.containers.contains_key(name)
                || symbols.iter().any(|symbol| symbol == name)
        };
        let mut name = hint.to_owned();
        let mut count = 0;
        while taken(&name) {
            count += 1;
            name = format!("{hint}_{count}");
        }
        symbols.push(name.clone());
        name
    }

    fn jump(&self, kind: &str, hint: &str, id: usize) -> Value {
        let attributes = json!({ "guid": self.guid(hint) });
        let label = format!("{}_{hint}", self.sdfg.name);
        json!({
            "type": kind, "attributes": attributes, "nodes": [], "edges": [], "label": label, "id": id,
            "collapsed": false,
        })
    }

    pub(super) fn region(
        &mut self,
        region: &Region,
        hint: &str,
        id: usize,
        symbols: &mut Vec<String>,
    ) -> Value {
        let number = self.number();
        let chain = self.chain(region, hint, symbols);
        json!({
            "type": "ControlFlowRegion",
            "attributes": { "guid": self.guid(hint) },
            "nodes": chain.nodes,
            "edges": chain.edges,
            "cfg_list_id": number,
            "start_block": 0,
            "label": format!("{}_{hint}", self.sdfg.name),
            "id": id,
            "collapsed": false,
        })
    }

    fn conditional(&mut self, it: &Conditional, hint: &str, id: usize, symbols: &mut Vec<String>) -> Value {
        let mut branches = Vec::new();
        for (at, branch) in it.branches.iter().enumerate() {
            let condition = branch.condition.as_ref().map(|condition| python_code(self.python(condition)));
            let body = self.region(&branch.body, &format!("{hint}_branch{at}"), at, symbols);
            branches.push(json!([condition, body]));
        }
        let mut attributes = Map::new();
        self.position(&mut attributes, it.span);
        attributes.insert("guid".into(), self.guid(hint));
        json!({
            "type": "ConditionalBlock",
            "attributes": attributes,
            "branches": branches,
            "label": format!("{}_{hint}", self.sdfg.name),
            "id": id,
            "collapsed": false,
        })
    }

    fn repeat(&mut self, it: &Loop, hint: &str, chain: &mut Chain, symbols: &mut Vec<String>) -> Value {
        let mut attributes = Map::new();
        match &it.header {
            LoopHeader::For { variable, start, stop, step } => {
                let [stop, step_text] = self.bounds(it, variable, [stop, step], hint, chain, symbols);
                let condition = match step.as_int() {
                    Some(step) if step > 0 => format!("({variable} < ({stop}))"),
                    Some(_) => format!("({variable} > ({stop}))"),
                    None => format!(
                        "((({step_text}) > 0 and {variable} < ({stop})) or (({step_text}) < 0 and {variable} > \
                         ({stop})))"
                    ),
                };
                let start = print(start, Syntax::Python);
                attributes.insert("init_statement".into(), python_code(format!("{variable} = {start}")));
                attributes.insert("loop_condition".into(), python_code(condition));
                let update = format!("{variable} = ({variable} + ({step_text}))");
                attributes.insert("update_statement".into(), python_code(update));
                attributes.insert("loop_variable".into(), json!(variable.as_str()));
            }
            LoopHeader::While { condition } | LoopHeader::DoWhile { condition } => {
                attributes.insert("loop_condition".into(), python_code(self.python(condition)));
                if matches!(it.header, LoopHeader::DoWhile { .. }) {
                    attributes.insert("inverted".into(), json!(true));
                }
            }
        }
        self.position(&mut attributes, it.span);
        attributes.insert("guid".into(), self.guid(hint));
        put_back(&mut attributes, self.sdfg.attributes.loops.get(&it.label));
        let number = self.number();
        let body = self.chain(&it.body, hint, symbols);
        let unique = chain.labels.insert(it.label.clone());
        let label = if unique { it.label.to_string() } else { format!("{}_{hint}", it.label) };
        json!({
            "type": "LoopRegion",
            "attributes": attributes,
            "nodes": body.nodes,
            "edges": body.edges,
            "cfg_list_id": number,
            "start_block": 0,
            "label": label,
            "id": chain.nodes.len(),
            "collapsed": false,
        })
    }

    /// The bounds of a counted loop as text. Those that the body changes are saved before it.
    fn bounds(
        &mut self,
        it: &Loop,
        variable: &Name,
        bounds: [&Expr; 2],
        hint: &str,
        chain: &mut Chain,
        symbols: &mut Vec<String>,
    ) -> [String; 2] {
        let mut changed = BTreeSet::from([variable.clone()]);
        it.body.visit(&mut |block| match block {
            Block::Assign(all) => changed.extend(all.iter().map(|it| it.symbol.clone())),
            Block::Loop(it) => changed.extend(it.variable().cloned()),
            _ => {}
        });
        bounds.map(|bound| {
            let text = print(bound, Syntax::Python);
            if bound.symbols().is_disjoint(&changed) {
                return text;
            }
            let saved = self.symbol(&format!("__bound_{variable}"), symbols);
            if chain.nodes.is_empty() || !chain.pending.is_empty() {
                self.gap(&format!("{hint}_{saved}"), chain);
            }
            chain.pending.insert(saved.clone(), text);
            saved
        })
    }

    /// The text of a condition or value. Scalars that are returned are arrays there.
    pub(super) fn python(&self, value: &ScalarExpr) -> String {
        let name = |name: &Name| match is_boxed(self.sdfg, name) {
            true => format!("{name}[0]"),
            false => name.to_string(),
        };
        python::expression(value, &python::Words { name: &name, cast: python::c_type })
    }
}

fn python_code(text: String) -> Value {
    json!({ "string_data": text, "language": "Python" })
}
