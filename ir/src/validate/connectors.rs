//! V014 and V015: connectors of every kind of node.

use super::Report;
use super::containers::identifier;
use super::rules::{CONNECTORS, PAIRS};
use super::state::Checked;
use crate::data;
use crate::state::EdgeView;
use crate::{Name, Node, NodeId, Span};
use std::collections::BTreeMap;

pub(super) fn check(it: &Checked<'_>, report: &mut Report) {
    for &id in &it.order {
        let (incoming, outgoing) = (it.state.in_edges(id), it.state.out_edges(id));
        let node = Ends { id, span: node_span(it, id), incoming: &incoming, outgoing: &outgoing };
        match it.state.node(id) {
            Node::Access(_) => node.without_connectors(report),
            Node::Tasklet(tasklet) => {
                node.computation(tasklet.inputs.keys(), tasklet.outputs.keys(), report);
                if let Some(both) = tasklet.inputs.keys().find(|name| tasklet.outputs.contains_key(*name)) {
                    let message =
                        format!("`{both}` of tasklet `{}` is an input and an output", tasklet.label);
                    report.add(&CONNECTORS, tasklet.span, message);
                }
                for name in tasklet.inputs.keys().chain(tasklet.outputs.keys()) {
                    identifier(name, "a connector", tasklet.span, report);
                }
            }
            Node::Nested(nested) => node.computation(nested.inputs.iter(), nested.outputs.iter(), report),
            Node::Library(it) => node.computation(it.op.inputs().iter(), it.op.outputs().iter(), report),
            Node::MapEntry(_) => {
                let incoming: Vec<_> =
                    incoming.iter().filter(|edge| it.state.range_input(**edge).is_none()).copied().collect();
                Ends { incoming: &incoming, ..node }.border(true, report);
            }
            Node::MapExit { .. } => node.border(false, report),
        }
    }
}

fn node_span(it: &Checked<'_>, id: NodeId) -> Span {
    it.state.node(id).span().or(it.state.span)
}

/// The edges of a node.
struct Ends<'e, 's> {
    id: NodeId,
    span: Span,
    incoming: &'e [EdgeView<'s>],
    outgoing: &'e [EdgeView<'s>],
}

impl<'s> Ends<'_, 's> {
    fn without_connectors(&self, report: &mut Report) {
        // Those of views and references have rules of their own.
        let incoming = self.incoming.iter().filter_map(EdgeView::dst_conn);
        let incoming = incoming.filter(|name| !matches!(name.as_str(), data::VIEWS | data::SET));
        let outgoing = self.outgoing.iter().filter_map(EdgeView::src_conn);
        for name in incoming.chain(outgoing.filter(|name| name.as_str() != data::VIEWS)) {
            report.add(&CONNECTORS, self.span, format!("the access {} has the connector `{name}`", self.id));
        }
    }

    fn computation<'n>(
        &self,
        inputs: impl Iterator<Item = &'n Name>,
        outputs: impl Iterator<Item = &'n Name>,
        report: &mut Report,
    ) {
        let reads = self.count(self.incoming, EdgeView::dst_conn, report);
        let writes = self.count(self.outgoing, EdgeView::src_conn, report);
        self.compare("input", inputs, reads, true, report);
        self.compare("output", outputs, writes, false, report);
    }

    /// How often each connector is used; edges with data need one, the others must not have one.
    fn count(
        &self,
        edges: &[EdgeView<'s>],
        connector: fn(&EdgeView<'s>) -> Option<&'s Name>,
        report: &mut Report,
    ) -> BTreeMap<&'s Name, usize> {
        let mut used = BTreeMap::new();
        for edge in edges {
            match (connector(edge), edge.memlet()) {
                (Some(name), Some(_)) => *used.entry(name).or_default() += 1,
                (None, None) => {}
                (None, Some(memlet)) => {
                    let message = format!("`{memlet}` is attached to no connector of {}", self.id);
                    report.add(&CONNECTORS, self.span, message);
                }
                (Some(name), None) => {
                    let message = format!("an edge without data is attached to `{name}` of {}", self.id);
                    report.add(&CONNECTORS, self.span, message);
                }
            }
        }
        used
    }

    fn compare<'n>(
        &self,
        kind: &str,
        declared: impl Iterator<Item = &'n Name>,
        mut used: BTreeMap<&Name, usize>,
        once: bool,
        report: &mut Report,
    ) {
        for name in declared {
            let message = match used.remove(name) {
                None => format!("nothing is attached to the {kind} `{name}` of {}", self.id),
                Some(n) if n > 1 && once => format!("{n} edges lead to the {kind} `{name}` of {}", self.id),
                Some(_) => continue,
            };
            report.add(&CONNECTORS, self.span, message);
        }
        for name in used.keys() {
            report.add(&CONNECTORS, self.span, format!("{} has no {kind} `{name}`", self.id));
        }
    }

    /// An entry or exit of a map. Outside, each connector has one edge.
    fn border(&self, is_entry: bool, report: &mut Report) {
        let mut inputs = self.count(self.incoming, EdgeView::dst_conn, report);
        let outputs = self.count(self.outgoing, EdgeView::src_conn, report);
        for (name, count) in outputs {
            let input = name.strip_prefix("OUT_").map(|rest| Name::from(format!("IN_{rest}")));
            match input.and_then(|input| inputs.remove(&input)) {
                None => report.add(&PAIRS, self.span, format!("nothing enters {} for `{name}`", self.id)),
                Some(entering) if is_entry && entering > 1 => {
                    report.add(&PAIRS, self.span, format!("{entering} edges enter {} for `{name}`", self.id));
                }
                Some(_) if !is_entry && count > 1 => {
                    report.add(&PAIRS, self.span, format!("{count} edges leave {} at `{name}`", self.id));
                }
                Some(_) => {}
            }
        }
        for name in inputs.keys() {
            report.add(&PAIRS, self.span, format!("`{name}` of {} does not continue", self.id));
        }
    }
}
