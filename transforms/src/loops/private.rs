//! Containers that belong to one iteration of a loop.
//!
//! ```text
//! for i { t = A[i]; B[i] = t*t }        `t` is private: each iteration could have its own
//! for i { B[i] = t; t = A[i] }          `t` carries a value to the next iteration
//! ```
//!
//! A container is private if it is transient, used nowhere but in the loop's body, and if everything that an iteration
//! reads of it was written in the same iteration before, on every path that leads to the read.

use crate::surroundings::{Surroundings, Uses, assigned_symbols, facts_inside, facts_of_loop};
use dacec_ir::analysis::access::subset_at;
use dacec_ir::analysis::must_write;
use dacec_ir::symbolic::Facts;
use dacec_ir::{
    Block, Data, IndexMap, IndexSet, Lifetime, Name, Node, NodeId, Region, ScalarExpr, State, Subset,
};

/// The containers that are private to each execution of a state, which is all of a loop's body. `facts` hold in it.
pub(super) fn private(around: &Surroundings<'_>, state: &State, facts: &Facts) -> IndexSet<Name> {
    let names = state.nodes().filter_map(|(_, node)| node.as_access());
    let candidates = names
        .filter(|name| around.is_local_to(state, name) && lives_in_scope(around, name))
        .cloned()
        .collect();
    Exposure::of(around, candidates, |exposure, written| exposure.in_state(state, facts, written))
}

/// The containers that are private to each execution of a region, which is a loop's body. `facts` hold in it.
pub(super) fn private_to(around: &Surroundings<'_>, body: &Region, facts: &Facts) -> IndexSet<Name> {
    let inside = Uses::of_region(body);
    let is_local = |name: &&Name| {
        lives_in_scope(around, name) && inside.of_container(name) == around.uses.of_container(name)
    };
    let candidates = inside.containers().filter(is_local).cloned().collect();
    Exposure::of(around, candidates, |exposure, written| exposure.in_region(body, facts, written))
}

fn lives_in_scope(around: &Surroundings<'_>, name: &Name) -> bool {
    let data = around.sdfg.container(name);
    data.is_some_and(|data| data.is_transient() && data.lifetime() == Lifetime::Scope && !data.is_alias())
}

/// What was written for certain, and in which map: subsets in a map are in terms of its parameters.
type Written = IndexMap<Name, Vec<(Option<NodeId>, Subset)>>;

/// The search for candidates of which something may be read that was not written before.
struct Exposure<'a> {
    around: &'a Surroundings<'a>,
    candidates: IndexSet<Name>,
    exposed: IndexSet<Name>,
}

impl<'a> Exposure<'a> {
    /// The candidates that a walk does not expose.
    fn of(
        around: &'a Surroundings<'_>,
        candidates: IndexSet<Name>,
        walk: impl FnOnce(&mut Exposure<'a>, &mut Written),
    ) -> IndexSet<Name> {
        let mut exposure = Exposure { around, candidates, exposed: IndexSet::default() };
        walk(&mut exposure, &mut Written::default());
        let Exposure { candidates, exposed, .. } = exposure;
        candidates.into_iter().filter(|name| !exposed.contains(name)).collect()
    }

    fn in_state(&mut self, state: &State, facts: &Facts, written: &mut Written) {
        let containers = &self.around.sdfg.containers;
        let scopes = state.scopes();
        for id in state.topological_order().unwrap_or_default() {
            let Node::Access(data) = state.node(id) else { continue };
            if !self.candidates.contains(data) {
                continue;
            }
            let scope = scopes.get(&id).copied().flatten();
            let inside = facts_inside(state, id, facts);
            let so_far = written.entry(data.clone()).or_default();
            for edge in state.in_edges(id) {
                // What combines with the old value reads it.
                if let Some(memlet) = edge.memlet()
                    && memlet.wcr.is_some()
                    && !is_covered(so_far, scope, &memlet.subset, &inside)
                {
                    self.exposed.insert(data.clone());
                }
                if let Some(subset) = must_write(state, containers, edge.id, &inside) {
                    so_far.push((scope, subset));
                }
            }
            for edge in state.out_edges(id) {
                if let Some(read) = subset_at(state, containers, edge.id, true)
                    && !is_covered(so_far, scope, &read, &inside)
                {
                    self.exposed.insert(data.clone());
                }
            }
        }
        written.values_mut().for_each(|subsets| subsets.retain(|(scope, _)| scope.is_none()));
    }

    fn in_region(&mut self, region: &Region, facts: &Facts, written: &mut Written) {
        for block in &region.blocks {
            for scalar in block.scalars() {
                self.read_by_control_flow(scalar, facts, written);
            }
            match block {
                Block::State(state) => self.in_state(state, facts, written),
                Block::Assign(_) => {
                    forget(written, |symbol| block.assignments().any(|it| it.symbol == *symbol))
                }
                Block::Loop(it) => {
                    // Later iterations find other values of symbols; and there may be no iteration at all.
                    let assigned = assigned_symbols(&it.body);
                    forget(written, |symbol| assigned.contains(symbol) || it.variable() == Some(symbol));
                    let mut inside = written.clone();
                    self.in_region(&it.body, &facts_of_loop(it, facts), &mut inside);
                }
                Block::Conditional(it) => {
                    let mut ends = Vec::new();
                    for branch in &it.branches {
                        let mut inside = written.clone();
                        self.in_region(&branch.body, facts, &mut inside);
                        ends.push(inside);
                    }
                    let assigned: Vec<_> =
                        it.branches.iter().map(|branch| assigned_symbols(&branch.body)).collect();
                    let changes = |symbol: &Name| assigned.iter().any(|symbols| symbols.contains(symbol));
                    let complete = it.branches.iter().any(|branch| branch.condition.is_none());
                    if let Some((first, rest)) = ends.split_first().filter(|_| complete) {
                        *written = first.clone();
                        for other in rest {
                            intersect(written, other);
                        }
                    }
                    forget(written, changes);
                }
                // What has no structure is not followed.
                Block::Machine(_) => self.exposed.extend(self.candidates.iter().cloned()),
                Block::Effect(_) | Block::Break | Block::Continue | Block::Return => {}
            }
        }
    }

    /// A condition or an assigned value may read all of a container.
    fn read_by_control_flow(&mut self, scalar: &ScalarExpr, facts: &Facts, written: &Written) {
        for name in scalar.names() {
            if !self.candidates.contains(&name) {
                continue;
            }
            let shape = self.around.sdfg.container(&name).map(Data::shape).unwrap_or_default();
            let so_far = written.get(&name).map(Vec::as_slice).unwrap_or_default();
            if !is_covered(so_far, None, &Subset::full(shape), facts) {
                self.exposed.insert(name);
            }
        }
    }
}

/// Drops subsets that are in terms of a symbol whose value changes.
fn forget(written: &mut Written, changes: impl Fn(&Name) -> bool) {
    for subsets in written.values_mut() {
        subsets.retain(|(_, subset)| !subset.symbols().iter().any(&changes));
    }
}

/// Keeps what another path writes too.
fn intersect(written: &mut Written, other: &Written) {
    for (name, subsets) in written {
        let there = other.get(name).map(Vec::as_slice).unwrap_or_default();
        subsets.retain(|subset| there.contains(subset));
    }
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
