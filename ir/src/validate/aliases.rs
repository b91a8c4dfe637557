//! V028 and V029: views and references.

use super::Report;
use super::rules::{REFERENCES, VIEWS};
use super::state::Checked;
use crate::data;
use crate::state::EdgeView;
use crate::{Block, Data, Memlet, Name, NodeId, Sdfg};
use std::collections::{HashMap, HashSet};

pub(super) fn check(it: &Checked<'_>, report: &mut Report) {
    let mut shown: HashMap<(Option<NodeId>, &Name), &Memlet> = HashMap::new();
    for &id in &it.order {
        let Some(name) = it.state.node(id).as_access() else { continue };
        let Some(data) = it.sdfg.container(name) else { continue };
        let ends = Ends::of(it, id);
        match data {
            Data::View(_) => {
                let memlet = ends.view(it, id, name, report);
                if let Some(memlet) = memlet {
                    let known = *shown.entry((it.scope(id), name)).or_insert(memlet);
                    if (&known.data, &known.subset) != (&memlet.data, &memlet.subset) {
                        let message =
                            format!("the view `{name}` shows `{known}` and `{memlet}` in one scope");
                        report.add(&VIEWS, it.state.span, message);
                    }
                }
            }
            _ if !ends.views.is_empty() => {
                let message = format!("the access {id} of `{name}` has a `views` connector and is no view");
                report.add(&VIEWS, it.state.span, message);
            }
            _ => {}
        }
        for edge in ends.set {
            let message = match (data, edge.memlet()) {
                (Data::Reference(_), Some(memlet)) => mismatch(it.sdfg, name, memlet),
                (Data::Reference(_), None) => Some("is set by an edge without a memlet".to_owned()),
                _ => Some("is set and is no reference".to_owned()),
            };
            if let Some(message) = message {
                report.add(&REFERENCES, it.state.span, format!("`{name}` at {id} {message}"));
            }
        }
    }
}

/// References that are used and never set.
pub(super) fn check_set(sdfg: &Sdfg, report: &mut Report) {
    let (mut used, mut set) = (HashSet::new(), HashSet::new());
    sdfg.body.visit(&mut |block| {
        let Block::State(state) = block else { return };
        for (id, node) in state.nodes() {
            let Some(name) = node.as_access() else { continue };
            used.insert(name);
            if state.in_edges(id).iter().any(|edge| edge.dst_conn().is_some_and(|conn| conn == data::SET)) {
                set.insert(name);
            }
        }
    });
    for (name, data) in &sdfg.containers {
        if matches!(data, Data::Reference(_)) && used.contains(name) && !set.contains(name) {
            report.add(&REFERENCES, data.span(), format!("the reference `{name}` is used and never set"));
        }
    }
}

/// The edges at an access node's connectors.
struct Ends<'a> {
    views: Vec<(EdgeView<'a>, bool)>,
    set: Vec<EdgeView<'a>>,
    written: bool,
}

impl<'a> Ends<'a> {
    fn of(it: &Checked<'a>, id: NodeId) -> Self {
        let mut ends = Ends { views: Vec::new(), set: Vec::new(), written: false };
        for edge in it.state.in_edges(id) {
            match edge.dst_conn().map(|conn| conn.as_str()) {
                Some(data::VIEWS) => ends.views.push((edge, true)),
                Some(data::SET) => ends.set.push(edge),
                _ => ends.written |= edge.memlet().is_some(),
            }
        }
        for edge in it.state.out_edges(id) {
            if edge.src_conn().is_some_and(|conn| conn == data::VIEWS) {
                ends.views.push((edge, false));
            }
        }
        ends
    }

    /// What a view shows, if that is clear.
    fn view(&self, it: &Checked<'a>, id: NodeId, name: &Name, report: &mut Report) -> Option<&'a Memlet> {
        let [(edge, is_read)] = self.views[..] else {
            let message =
                format!("the view `{name}` at {id} has {} edges at `views`, not one", self.views.len());
            report.add(&VIEWS, it.state.span, message);
            return None;
        };
        let Some(memlet) = edge.memlet() else {
            report.add(&VIEWS, it.state.span, format!("the view `{name}` at {id} shows nothing"));
            return None;
        };
        if is_read && self.written {
            let message =
                format!("the view `{name}` at {id} is written, and the edge that it writes leads into it");
            report.add(&VIEWS, it.state.span, message);
        }
        if let Some(message) = mismatch(it.sdfg, name, memlet) {
            report.add(&VIEWS, it.state.span, format!("the view `{name}` at {id} {message}"));
        }
        Some(memlet)
    }
}

/// Why a container cannot stand for the memory that a memlet names.
fn mismatch(sdfg: &Sdfg, name: &Name, memlet: &Memlet) -> Option<String> {
    let (here, there) = (sdfg.container(name)?, sdfg.container(&memlet.data)?);
    if memlet.data == *name {
        return Some("stands for itself".to_owned());
    }
    if there.as_stream().is_some() {
        return Some(format!("stands for the stream `{}`", memlet.data));
    }
    (here.dtype() != there.dtype())
        .then(|| format!("is of type {}, `{memlet}` of type {}", here.dtype(), there.dtype()))
}
