//! What the checks of one state share.

use super::control::Walk;
use super::{
    Report, aliases, connectors, graph, memlets, nested, order, races, range_inputs, streams, structures,
    tasklets,
};
use crate::state::EdgeView;
use crate::symbolic::{Atom, Facts};
use crate::{Expr, Name, Node, NodeId, Range, Sdfg, State};
use std::collections::{BTreeSet, HashMap};

/// A state with a sound graph.
pub(super) struct Checked<'a> {
    pub(super) walk: &'a Walk<'a>,
    pub(super) sdfg: &'a Sdfg,
    pub(super) state: &'a State,
    /// Every node, in an order in which every edge leads forward.
    pub(super) order: Vec<NodeId>,
    scopes: Vec<Option<NodeId>>,
    /// What holds in each scope, as a place in `facts`: scopes with equal ranges share it.
    fact_ids: HashMap<Option<NodeId>, usize>,
    /// `None` where nothing ever gets.
    facts: Vec<Option<Facts>>,
    /// Symbols that edges into the entries of maps give values to.
    range_inputs: BTreeSet<(NodeId, Name)>,
}

pub(super) fn check(walk: &Walk<'_>, state: &State, report: &mut Report) {
    let Some(order) = graph::order(state, report) else { return };
    let mut scopes = vec![None; state.node_ids().last().map_or(0, |id| id.index() + 1)];
    for (id, scope) in state.scopes() {
        scopes[id.index()] = scope;
    }
    let (fact_ids, facts) = (HashMap::from([(None, 0)]), vec![walk.facts.clone()]);
    let range_inputs = state.edges().filter_map(|edge| Some((edge.dst, state.range_input(edge)?.clone())));
    let range_inputs = range_inputs.collect();
    let mut it = Checked { walk, sdfg: walk.sdfg, state, order, scopes, fact_ids, facts, range_inputs };
    it.collect_facts();
    graph::check(&it, report);
    connectors::check(&it, report);
    range_inputs::check(&it, report);
    memlets::check(&it, report);
    for &id in &it.order {
        match state.node(id) {
            Node::Tasklet(tasklet) => tasklets::check(&it, id, tasklet, report),
            Node::Nested(nested) => nested::check(&it, id, nested, report),
            _ => {}
        }
    }
    aliases::check(&it, report);
    streams::check(&it, report);
    structures::check_writes(&it, report);
    order::check(&it, report);
    races::check(&it, report);
}

impl<'a> Checked<'a> {
    fn collect_facts(&mut self) {
        let mut known: HashMap<(usize, &[Name], &[Range]), usize> = HashMap::new();
        for &id in &self.order {
            let Node::MapEntry(map) = self.state.node(id) else { continue };
            let around = self.fact_id(self.scope(id));
            let next = self.facts.len();
            let place = *known.entry((around, &map.params, &map.ranges)).or_insert(next);
            if place == next {
                let inside = self.facts[around].as_ref().and_then(|facts| self.walk.inside(facts, map));
                self.facts.push(inside);
            }
            self.fact_ids.insert(Some(id), place);
        }
    }

    /// The innermost map around a node; entries and exits are around, not inside.
    pub(super) fn scope(&self, id: NodeId) -> Option<NodeId> {
        self.scopes[id.index()]
    }

    /// The scope that an edge runs in.
    pub(super) fn scope_of_edge(&self, edge: EdgeView<'_>) -> Option<NodeId> {
        match self.state.node(edge.src) {
            Node::MapEntry(_) => Some(edge.src),
            _ => self.scope(edge.src),
        }
    }

    /// The scope itself and those around it, innermost first.
    pub(super) fn chain(&self, scope: Option<NodeId>) -> impl Iterator<Item = NodeId> {
        std::iter::successors(scope, |id| self.scope(*id))
    }

    /// A number that scopes share in which the same holds.
    pub(super) fn fact_id(&self, scope: Option<NodeId>) -> usize {
        self.fact_ids.get(&scope).copied().unwrap_or(0)
    }

    /// What holds in a scope; `None` if nothing ever gets there.
    pub(super) fn facts(&self, scope: Option<NodeId>) -> Option<&Facts> {
        self.facts[self.fact_id(scope)].as_ref()
    }

    /// The first name in an expression that is no symbol there, and whether it is a read of a container.
    pub(super) fn undefined<'e>(&self, expr: &'e Expr, scope: Option<NodeId>) -> Option<&'e Name> {
        self.undefined_but(expr, scope, &|_| false)
    }

    /// The same, where some more symbols are known.
    pub(super) fn undefined_but<'e>(
        &self,
        expr: &'e Expr,
        scope: Option<NodeId>,
        known: &dyn Fn(&&Name) -> bool,
    ) -> Option<&'e Name> {
        let mut undefined = None;
        expr.visit(&mut |atom| {
            let unknown = match atom {
                Atom::Symbol(name) => Some(name).filter(|name| !known(name) && !self.is_visible(name, scope)),
                Atom::Load(name, _) => Some(name),
                _ => None,
            };
            undefined = undefined.or(unknown);
        });
        undefined
    }

    /// Whether an edge into the entry of a map gives the symbol a value.
    pub(super) fn is_range_input(&self, entry: NodeId, name: &Name) -> bool {
        self.range_inputs.contains(&(entry, name.clone()))
    }

    fn is_visible(&self, name: &Name, scope: Option<NodeId>) -> bool {
        self.walk.is_symbol(name)
            || self.chain(scope).any(|entry| match self.state.node(entry) {
                Node::MapEntry(map) => map.params.contains(name) || self.is_range_input(entry, name),
                _ => false,
            })
    }

    /// Whether the shape of a container may be told by symbols that have changed since it was allocated.
    pub(super) fn may_be_stale(&self, data: &crate::Data) -> bool {
        !data.is_transient() && data.shape().iter().any(|extent| self.walk.is_mutable(extent))
    }

    /// Whether a container may be private to scopes of this state.
    pub(super) fn is_resident(&self, name: &Name) -> bool {
        self.walk.residents.contains(name)
    }
}
