//! States: nodes one after the other, scope by scope.

use super::allocation::private_containers;
use super::conflicts::WriteMode;
use super::{Function, Result};
use crate::CodegenError;
use crate::tree::Stmt;
use dacec_ir::analysis::Aliases;
use dacec_ir::{EdgeId, IndexMap, Name, Node, NodeId, State};
use std::rc::Rc;

/// A state with its order and its scopes.
pub(super) struct StateView<'a> {
    pub(super) state: &'a State,
    /// Every node, so that all edges lead forward; empty if there is a cycle.
    pub(super) order: Vec<NodeId>,
    scopes: IndexMap<NodeId, Option<NodeId>>,
    /// The nodes directly in each scope, without exits, in order.
    children: IndexMap<Option<NodeId>, Vec<NodeId>>,
}

impl<'a> StateView<'a> {
    pub(super) fn new(state: &'a State) -> StateView<'a> {
        let order = state.topological_order().unwrap_or_default();
        let scopes = state.scopes();
        let mut children: IndexMap<Option<NodeId>, Vec<NodeId>> = IndexMap::default();
        for &id in &order {
            if !matches!(state.node(id), Node::MapExit { .. }) {
                children.entry(scopes.get(&id).copied().flatten()).or_default().push(id);
            }
        }
        StateView { state, order, scopes, children }
    }

    /// The nodes directly in a scope.
    pub(super) fn children(&self, scope: Option<NodeId>) -> &[NodeId] {
        self.children.get(&scope).map(Vec::as_slice).unwrap_or_default()
    }

    /// The innermost map around a node.
    pub(super) fn scope(&self, id: NodeId) -> Option<NodeId> {
        self.scopes.get(&id).copied().flatten()
    }

    /// Maps around a node, innermost first.
    pub(super) fn enclosing(&self, id: NodeId) -> Vec<NodeId> {
        std::iter::successors(self.scope(id), |&entry| self.scope(entry)).collect()
    }

    /// The innermost map that is around all of the nodes.
    pub(super) fn common_scope(&self, nodes: &[NodeId]) -> Option<NodeId> {
        let (first, rest) = nodes.split_first()?;
        let around: Vec<Vec<NodeId>> = rest.iter().map(|&id| self.enclosing(id)).collect();
        self.enclosing(*first).into_iter().find(|entry| around.iter().all(|scopes| scopes.contains(entry)))
    }
}

/// What is known while a state is lowered.
pub(super) struct StateContext<'a> {
    pub(super) view: StateView<'a>,
    /// Containers of each map's iterations.
    pub(super) privates: IndexMap<NodeId, Vec<Name>>,
    /// How conflicting writes are made, by the edge of the write.
    pub(super) modes: IndexMap<EdgeId, WriteMode>,
    /// Which containers may share memory.
    pub(super) aliases: Rc<Aliases>,
    /// The elements that the iterations of consume scopes around took, by the scope's entry.
    pub(super) taken: IndexMap<NodeId, super::streams::Taken>,
}

impl<'a> Function<'_, 'a> {
    pub(super) fn lower_state(&mut self, state: &'a State, out: &mut Vec<Stmt>) -> Result<()> {
        let view = StateView::new(state);
        if view.order.is_empty() && state.nodes().next().is_some() {
            return Err(CodegenError::Invalid(format!("the state `{}` has a cycle", state.label)));
        }
        let privates = private_containers(self.sdfg, &view, &self.aliases);
        let aliases = self.aliases.clone();
        let mut context =
            StateContext { view, privates, modes: IndexMap::default(), aliases, taken: IndexMap::default() };
        let timer = self.start_timer(state.instrument, || format!("state {}", state.label), out);
        self.check_references(&context, out)?;
        self.lower_scope(&mut context, None, out)?;
        self.stop_timer(timer, out);
        Ok(())
    }

    /// The nodes directly in a scope.
    pub(super) fn lower_scope(
        &mut self,
        context: &mut StateContext<'a>,
        scope: Option<NodeId>,
        out: &mut Vec<Stmt>,
    ) -> Result<()> {
        self.bind_views(context, scope, out)?;
        for id in context.view.children(scope).to_vec() {
            let state = context.view.state;
            match state.node(id) {
                Node::Access(_) => {
                    self.lower_reference(context, id, out)?;
                    self.lower_copies(context, id, out)?;
                }
                Node::Tasklet(tasklet) => {
                    self.mark(tasklet.span, out);
                    self.lower_tasklet(context, id, tasklet, out)?;
                }
                Node::MapEntry(map) => {
                    self.mark(map.span, out);
                    let timer = self.start_timer(map.instrument, || format!("map {}", map.label), out);
                    self.lower_map(context, id, map, out)?;
                    self.stop_timer(timer, out);
                }
                Node::Nested(nested) => {
                    self.mark(nested.span, out);
                    let label = || format!("SDFG {}", nested.sdfg.name);
                    let timer = self.start_timer(nested.sdfg.instrument, label, out);
                    self.lower_nested(context, id, nested, out)?;
                    self.stop_timer(timer, out);
                }
                Node::Library(node) => {
                    let (label, op) = (node.label.clone(), node.op.name().to_owned());
                    return Err(CodegenError::NotExpanded { label, op });
                }
                Node::MapExit { .. } => {}
            }
        }
        Ok(())
    }
}
