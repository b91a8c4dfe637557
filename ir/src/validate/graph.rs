//! V010 – V013: cycles, maps, steps, scopes.

use super::Report;
use super::containers::identifier;
use super::rules::{ACYCLIC, DISTINCT_NAMES, MAPS, SCOPES, STEPS, SYMBOLS, TILES};
use super::state::Checked;
use crate::{Expr, Map, Node, NodeId, State};
use std::collections::HashSet;

/// The nodes in order, if maps are paired and there is no cycle.
pub(super) fn order(state: &State, report: &mut Report) -> Option<Vec<NodeId>> {
    let before = report.violations.len();
    for (id, node) in state.nodes() {
        match node {
            Node::MapEntry(map) => {
                let exit = state.contains(map.exit).then(|| state.node(map.exit));
                if exit != Some(&Node::MapExit { entry: id }) {
                    report.add(
                        &MAPS,
                        map.span,
                        format!("the map `{}` ({id}) has no exit of its own", map.label),
                    );
                }
            }
            Node::MapExit { entry } => {
                let own = |map: &Map| map.exit == id;
                if !state.contains(*entry) || !state.node(*entry).as_map().is_some_and(own) {
                    report.add(&MAPS, state.span, format!("the map exit {id} has no entry of its own"));
                }
            }
            _ => {}
        }
    }
    let order = state.topological_order();
    if order.is_none() {
        report.add(&ACYCLIC, state.span, format!("the graph of `{}` has a cycle", state.label));
    }
    order.filter(|_| report.violations.len() == before)
}

pub(super) fn check(it: &Checked<'_>, report: &mut Report) {
    for &id in &it.order {
        if let Node::MapEntry(map) = it.state.node(id) {
            check_map(it, id, map, report);
        }
    }
    check_scopes(it, report);
}

fn check_map(it: &Checked<'_>, id: NodeId, map: &Map, report: &mut Report) {
    let (params, ranges) = (map.params.len(), map.ranges.len());
    let label = &map.label;
    if params == 0 || params != ranges {
        let message = format!("the map `{label}` has {params} parameters and {ranges} ranges");
        report.add(&MAPS, map.span, message);
    }
    if map.collapse == 0 || map.collapse > params.max(1) {
        let message = format!("the map `{label}` collapses {} of {params} dimensions", map.collapse);
        report.add(&MAPS, map.span, message);
    }
    let mut seen = HashSet::new();
    for param in &map.params {
        identifier(param, "a map parameter", map.span, report);
        let shadows = it
            .chain(it.scope(id))
            .any(|outer| it.state.node(outer).as_map().is_some_and(|outer| outer.params.contains(param)));
        if !seen.insert(param) {
            report.add(&MAPS, map.span, format!("the map `{label}` has the parameter `{param}` twice"));
        } else if shadows || it.sdfg.containers.contains_key(param) || it.walk.variables.contains(param) {
            let message = format!("the parameter `{param}` of the map `{label}` is defined already");
            report.add(&DISTINCT_NAMES, map.span, message);
        }
    }
    for range in &map.ranges {
        for expr in range.exprs().chain(&map.parallel_if) {
            let own = |name: &&crate::Name| it.is_range_input(id, name);
            if let Some(name) = it.undefined_but(expr, it.scope(id), &own) {
                let message = format!("the map `{label}` uses `{name}`, which is not defined here");
                report.add(&SYMBOLS, map.span, message);
            }
        }
        if range.tile.is_some() {
            report.add(&TILES, map.span, format!("the map `{label}` runs over {range}, which has tiles"));
        }
        let step = it.facts(it.scope(id)).and_then(|facts| facts.prove_le(&range.step, &Expr::zero()));
        if step == Some(true) {
            report.add(&STEPS, map.span, format!("the map `{label}` has the step {}", range.step));
        }
    }
}

fn check_scopes(it: &Checked<'_>, report: &mut Report) {
    for edge in it.state.edges() {
        let inside = match it.state.node(edge.dst) {
            Node::MapExit { entry } => Some(*entry),
            _ => it.scope(edge.dst),
        };
        if it.scope_of_edge(edge) != inside {
            let message = format!("the edge from {} to {} crosses the border of a map", edge.src, edge.dst);
            report.add(&SCOPES, it.state.span, message);
        }
    }
    for (id, node) in it.state.nodes() {
        let open = match node {
            Node::MapEntry(map) => it.state.out_degree(id) == 0 || it.state.in_degree(map.exit) == 0,
            _ => it.scope(id).is_some() && it.state.out_degree(id) == 0,
        };
        if open {
            report.add(&SCOPES, node.span(), format!("{id} does not lead to the exit of its map"));
        }
    }
}
