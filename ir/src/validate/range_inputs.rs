//! V035: numbers that the ranges of maps get from data.

use super::Report;
use super::containers::identifier;
use super::rules::RANGE_INPUTS;
use super::state::Checked;
use crate::state::EdgeView;
use crate::{Expr, Name, Node};

pub(super) fn check(it: &Checked<'_>, report: &mut Report) {
    for &id in &it.order {
        let Node::MapEntry(map) = it.state.node(id) else { continue };
        let mut known: Vec<&Name> = map.params.iter().collect();
        for edge in it.state.in_edges(id) {
            let Some(name) = it.state.range_input(edge) else { continue };
            identifier(name, "a connector", map.span, report);
            if let Some(reason) = wrong(it, edge, name, &known, map.consume.is_some()) {
                report.add(&RANGE_INPUTS, map.span.or(it.state.span), format!("`{name}` of {id} {reason}"));
            }
            known.push(name);
        }
    }
}

/// Why an edge cannot give a value to the symbol.
fn wrong(
    it: &Checked<'_>,
    edge: EdgeView<'_>,
    name: &Name,
    known: &[&Name],
    consumes: bool,
) -> Option<&'static str> {
    if consumes {
        return Some("leads into a consume scope");
    }
    let around = it.scope_of_edge(edge);
    if known.contains(&name)
        || it.sdfg.containers.contains_key(name)
        || it.undefined(&Expr::sym(name), around).is_none()
    {
        return Some("is the name of something else");
    }
    // Edges without data are reported as such.
    let memlet = edge.memlet()?;
    let data = it.sdfg.container(&memlet.data)?;
    if data.as_stream().is_some() || !data.dtype().is_integer() {
        return Some("gets no integer");
    }
    (!memlet.subset.num_elements().is_one()).then_some("gets several elements")
}
