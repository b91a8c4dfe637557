//! Containers that belong to one iteration of a loop.
//!
//! ```text
//! for i { t = A[i]; B[i] = t*t }        `t` is private: each iteration could have its own
//! for i { B[i] = t; t = A[i] }          `t` carries a value to the next iteration
//! ```
//!
//! A container is private if it is transient, used nowhere but in the loop's body, and if everything that an iteration
//! reads of it was written in the same iteration before.

use crate::surroundings::{Surroundings, facts_inside};
use dacec_ir::analysis::access::{must_write, subset_at};
use dacec_ir::symbolic::Facts;
use dacec_ir::{Data, Lifetime, Name, Node, NodeId, State, Subset};
use indexmap::{IndexMap, IndexSet};

/// The containers that are private to each execution of a state, which is all of a loop's body. `facts` hold in it.
pub(super) fn private(around: &Surroundings<'_>, state: &State, facts: &Facts) -> IndexSet<Name> {
    let candidates: IndexSet<Name> = state
        .nodes()
        .filter_map(|(_, node)| node.as_access())
        .filter(|name| around.is_local_to(state, name))
        .filter(|name| around.sdfg.container(name).is_some_and(|data| data.lifetime() == Lifetime::Scope))
        .cloned()
        .collect();
    let exposed = exposed_reads(around, state, facts, &candidates);
    candidates.into_iter().filter(|name| !exposed.contains(name)).collect()
}

/// Candidates of which something may be read that was not written before in the state.
fn exposed_reads(
    around: &Surroundings<'_>,
    state: &State,
    facts: &Facts,
    candidates: &IndexSet<Name>,
) -> IndexSet<Name> {
    let containers = &around.sdfg.containers;
    let scopes = state.scopes();
    // What was written for certain, and in which scope: subsets in a scope are in terms of its parameters.
    let mut written: IndexMap<Name, Vec<(Option<NodeId>, Subset)>> = IndexMap::new();
    let mut exposed = IndexSet::new();
    for id in state.topological_order().unwrap_or_default() {
        let Node::Access(data) = state.node(id) else { continue };
        if !candidates.contains(data) {
            continue;
        }
        let scope = scopes.get(&id).copied().flatten();
        let inside = facts_inside(state, &scopes, id, facts);
        let so_far = written.entry(data.clone()).or_default();
        for edge in state.in_edges(id) {
            // What combines with the old value reads it.
            if let Some(memlet) = edge.memlet()
                && memlet.wcr.is_some()
                && !is_covered(so_far, scope, &memlet.subset, &inside)
            {
                exposed.insert(data.clone());
            }
            if let Some(subset) = must_write(state, containers, edge.id, &inside) {
                so_far.push((scope, subset));
            } else if is_whole_scalar(containers.get(data), edge.memlet().is_some_and(|it| !it.dynamic)) {
                so_far.push((scope, Subset::default()));
            }
        }
        for edge in state.out_edges(id) {
            if let Some(read) = subset_at(state, containers, edge.id, true)
                && !is_covered(so_far, scope, &read, &inside)
            {
                exposed.insert(data.clone());
            }
        }
    }
    exposed
}

/// A scalar is written as a whole or not at all; one that combines was checked before.
fn is_whole_scalar(data: Option<&Data>, certain: bool) -> bool {
    certain && matches!(data, Some(Data::Scalar(_)))
}

fn is_covered(
    written: &[(Option<NodeId>, Subset)],
    scope: Option<NodeId>,
    read: &Subset,
    facts: &Facts,
) -> bool {
    written
        .iter()
        .any(|(at, subset)| (at.is_none() || *at == scope) && subset.covers(read, facts) == Some(true))
}
