//! V027: two iterations of a map that write the same element.

use super::Report;
use super::memlets::target;
use super::rules::RACES;
use super::state::Checked;
use crate::state::EdgeView;
use crate::symbolic::Facts;
use crate::{Expr, Name, Node, NodeId, Range, Subset};
use std::collections::HashMap;

pub(super) fn check(it: &Checked<'_>, report: &mut Report) {
    let homes = homes(it);
    for edge in it.state.edges() {
        let Some((name, subset)) = written(it, edge) else { continue };
        let mut inner: Vec<(&Name, &Range)> = Vec::new();
        for entry in it.chain(it.scope_of_edge(edge)) {
            if homes.get(name) == Some(&Some(entry)) {
                break;
            }
            let Node::MapEntry(map) = it.state.node(entry) else { break };
            let facts = it.facts(it.scope(entry));
            for (param, range) in map.params.iter().zip(&map.ranges) {
                if !depends(subset, param, &inner) && facts.is_some_and(|facts| takes_several(range, facts)) {
                    let message = format!(
                        "the iterations of map `{}` over `{param}` all write `{name}{subset}`",
                        map.label
                    );
                    report.add(&RACES, map.span.or(it.state.span), message);
                }
            }
            inner.extend(map.params.iter().zip(&map.ranges));
        }
    }
}

/// The scope to which a container belongs that only this state uses: each iteration has its own.
fn homes<'a>(it: &Checked<'a>) -> HashMap<&'a Name, Option<NodeId>> {
    let mut homes: HashMap<&Name, Option<NodeId>> = HashMap::new();
    for &id in &it.order {
        let Node::Access(name) = it.state.node(id) else { continue };
        if !it.is_resident(name) {
            continue;
        }
        let scope = it.scope(id);
        homes
            .entry(name)
            .and_modify(|home| {
                let around: Vec<NodeId> = it.chain(scope).collect();
                *home = it.chain(*home).find(|entry| around.contains(entry));
            })
            .or_insert(scope);
    }
    homes
}

/// What exactly an edge writes where its data is made.
fn written<'a>(it: &Checked<'a>, edge: EdgeView<'a>) -> Option<(&'a Name, &'a Subset)> {
    let memlet = edge.memlet().filter(|memlet| memlet.wcr.is_none() && !memlet.dynamic)?;
    let name = target(it.state, edge)?;
    if it.state.is_alias_edge(edge) {
        return None;
    }
    if it.sdfg.container(name).is_some_and(|data| data.as_stream().is_some()) {
        return None;
    }
    match it.state.node(edge.src) {
        Node::Tasklet(_) | Node::Library(_) => Some((name, &memlet.subset)),
        Node::Access(_) | Node::MapEntry(_) if memlet.data != *name => {
            Some((name, memlet.other_subset.as_ref()?))
        }
        Node::Access(_) | Node::MapEntry(_) => Some((name, &memlet.subset)),
        Node::Nested(_) | Node::MapExit { .. } => None,
    }
}

/// Whether the range may hold more than one index, whatever sizes there are.
fn takes_several(range: &Range, facts: &Facts) -> bool {
    facts.prove_le(&range.len(), &Expr::one()) != Some(true)
}

/// Whether a subset changes with a parameter, also through parameters of maps inside whose ranges do.
fn depends(subset: &Subset, param: &Name, inner: &[(&Name, &Range)]) -> bool {
    let range_uses = |range: &Range, name: &Name| range.exprs().any(|expr| expr.uses(name));
    subset.dims.iter().any(|dim| range_uses(dim, param))
        || inner
            .iter()
            .enumerate()
            .any(|(k, (name, range))| range_uses(range, param) && depends(subset, name, &inner[..k]))
}
