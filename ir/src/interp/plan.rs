//! What is the same in every execution of a state: the order of its nodes, and where its containers live.

use super::Order;
use super::error::Fault;
use crate::{Block, Data, Lifetime, Name, Node, NodeId, Sdfg, State};
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

/// Plans of all states of one SDFG, by the states' addresses: a running SDFG does not move.
pub(super) type SdfgPlan = HashMap<*const State, StatePlan>;

/// How one state is executed.
#[derive(Debug, Default)]
pub(super) struct StatePlan {
    /// The nodes of each scope, in an order in which every edge leads forward.
    pub(super) order: HashMap<Option<NodeId>, Vec<NodeId>>,
    /// The containers that each iteration of a map has for itself.
    pub(super) private: HashMap<NodeId, Vec<Name>>,
    /// Transient containers of the whole SDFG whose shape depends on symbols: it may have changed since the last time.
    pub(super) resizable: Vec<Name>,
    /// Containers that end with the state.
    pub(super) ending: Vec<Name>,
    /// The access nodes of views in each scope.
    pub(super) views: HashMap<Option<NodeId>, Vec<NodeId>>,
}

/// Transient containers that only one state uses: where all uses are in a map, each iteration has one for itself.
pub(crate) fn single_state_containers(sdfg: &Sdfg) -> HashSet<Name> {
    let mut users: HashMap<Name, usize> = HashMap::new();
    sdfg.body.visit(&mut |block| {
        let names: BTreeSet<Name> = match block {
            Block::State(state) => state.nodes().filter_map(|(_, node)| node.as_access().cloned()).collect(),
            // Control flow sees only what outlives a state; counting it twice keeps the container shared.
            _ => block.scalars().iter().flat_map(|scalar| scalar.names()).collect(),
        };
        let weight = if block.as_state().is_some() { 1 } else { 2 };
        names.into_iter().for_each(|name| *users.entry(name).or_default() += weight);
    });
    let local = |name: &Name| {
        sdfg.container(name).is_some_and(|data| data.is_transient() && data.lifetime() == Lifetime::Scope)
    };
    users.into_iter().filter(|(name, users)| *users == 1 && local(name)).map(|(name, _)| name).collect()
}

/// Plans for every state of an SDFG.
pub(super) fn plan(sdfg: &Sdfg, order: Order) -> Result<SdfgPlan, Fault> {
    let local = single_state_containers(sdfg);
    let states = sdfg.body.states().into_iter();
    states.map(|state| Ok((std::ptr::from_ref(state), plan_state(sdfg, state, &local, order)?))).collect()
}

fn plan_state(sdfg: &Sdfg, state: &State, local: &HashSet<Name>, order: Order) -> Result<StatePlan, Fault> {
    let mut plan = StatePlan::default();
    let scopes = state.scopes();
    let nodes = topological_order(state, order)
        .ok_or_else(|| Fault::Malformed(format!("the state `{}` has a cycle", state.label)))?;
    for id in nodes {
        plan.order.entry(scopes.get(&id).copied().flatten()).or_default().push(id);
    }
    let mut common: BTreeMap<&Name, Option<NodeId>> = BTreeMap::new();
    for (id, node) in state.nodes() {
        let Some(name) = node.as_access() else { continue };
        let scope = scopes.get(&id).copied().flatten();
        if matches!(sdfg.container(name), Some(Data::View(_))) {
            plan.views.entry(scope).or_default().push(id);
        }
        common
            .entry(name)
            .and_modify(|known| {
                *known = innermost_common(*known, scope, &|id| scopes.get(&id).copied().flatten())
            })
            .or_insert(scope);
    }
    for (name, scope) in common {
        let own =
            |data: &&Data| data.is_transient() && !data.is_alias() && !matches!(data, Data::Constant(_));
        let Some(data) = sdfg.container(name).filter(own) else { continue };
        if data.lifetime() == Lifetime::State {
            plan.ending.push(name.clone());
        }
        match scope {
            Some(entry) if local.contains(name) => {
                plan.private.entry(entry).or_default().push(name.clone());
            }
            _ if data.symbols().is_empty() => {}
            _ => plan.resizable.push(name.clone()),
        }
    }
    Ok(plan)
}

/// The innermost scope that holds both.
fn innermost_common(
    a: Option<NodeId>,
    b: Option<NodeId>,
    parent: &dyn Fn(NodeId) -> Option<NodeId>,
) -> Option<NodeId> {
    let around_b: Vec<NodeId> = std::iter::successors(b, |id| parent(*id)).collect();
    std::iter::successors(a, |id| parent(*id)).find(|id| around_b.contains(id))
}

/// An order in which every edge leads forward: the first or the last one, by creation of the nodes.
fn topological_order(state: &State, order: Order) -> Option<Vec<NodeId>> {
    if order == Order::Forward {
        return state.topological_order();
    }
    let mut waiting: HashMap<NodeId, usize> =
        state.nodes().map(|(id, _)| (id, state.in_degree(id))).collect();
    let mut ready: BTreeSet<NodeId> = waiting.iter().filter(|(_, n)| **n == 0).map(|(id, _)| *id).collect();
    let mut nodes = Vec::with_capacity(waiting.len());
    while let Some(id) = ready.pop_last() {
        nodes.push(id);
        for edge in state.out_edges(id) {
            let degree = waiting.entry(edge.dst).or_default();
            *degree -= 1;
            if *degree == 0 {
                ready.insert(edge.dst);
            }
        }
    }
    (nodes.len() == state.num_nodes()).then_some(nodes)
}

/// What a person calls a node.
pub(super) fn describe(state: &State, id: NodeId) -> String {
    match state.node(id) {
        Node::Access(name) => format!("access `{name}` ({id})"),
        Node::Tasklet(tasklet) => format!("tasklet `{}` ({id})", tasklet.label),
        Node::MapEntry(map) => format!("map `{}` ({id})", map.label),
        Node::MapExit { .. } => format!("map exit ({id})"),
        Node::Nested(nested) => format!("nested SDFG `{}` ({id})", nested.sdfg.name),
        Node::Library(node) => format!("library node `{}` ({id})", node.label),
    }
}
