//! Views and references: names for memory of other containers.

use super::error::{Fault, InterpretError};
use super::machine::{Frame, Machine};
use super::plan::StatePlan;
use crate::{Data, Memlet, Name, NodeId, State, data};

impl Machine {
    /// Lets the views of a scope show what they show while it runs once.
    pub(super) fn bind_views(
        &mut self,
        frame: &mut Frame<'_>,
        state: &State,
        plan: &StatePlan,
        scope: Option<NodeId>,
    ) -> Result<(), InterpretError> {
        let Some(nodes) = plan.views.get(&scope) else { return Ok(()) };
        let mut waiting: Vec<(&Name, &Memlet)> = Vec::new();
        for &id in nodes {
            let (Some(name), Some(edge)) = (state.node(id).as_access(), state.view_edge(id)) else {
                continue;
            };
            if let Some(memlet) = edge.memlet() {
                frame.unbind(name);
                waiting.push((name, memlet));
            }
        }
        // A view of a view comes after it.
        while !waiting.is_empty() {
            let is_ready = |memlet: &Memlet| !waiting.iter().any(|(name, _)| **name == memlet.data);
            let (ready, rest): (Vec<_>, Vec<_>) = waiting.iter().partition(|(_, memlet)| is_ready(memlet));
            if ready.is_empty() {
                return Err(Fault::Malformed("views show each other".to_owned()).into());
            }
            for (name, memlet) in ready {
                match self.stand_for(frame, name, memlet) {
                    // What a reference stands for is known when its node is reached.
                    Err(error) if matches!(*error.fault, Fault::Unset(_)) => {}
                    other => other?,
                }
            }
            waiting = rest;
        }
        Ok(())
    }

    /// Sets a reference, or lets a view show what a reference stands for by now.
    pub(super) fn bind_at(
        &mut self,
        frame: &mut Frame<'_>,
        state: &State,
        id: NodeId,
        name: &Name,
    ) -> Result<(), InterpretError> {
        for edge in state.in_edges(id) {
            let conn = edge.dst_conn().map(|conn| conn.as_str());
            let late = conn == Some(data::VIEWS) && !frame.is_bound(name);
            if let Some(memlet) = edge.memlet().filter(|_| conn == Some(data::SET) || late) {
                self.stand_for(frame, name, memlet)?;
            }
        }
        Ok(())
    }

    /// Lets a view or reference stand for memory from the first element of a memlet on.
    fn stand_for(
        &mut self,
        frame: &mut Frame<'_>,
        name: &Name,
        memlet: &Memlet,
    ) -> Result<(), InterpretError> {
        let container = frame.sdfg.container(name).ok_or_else(|| Fault::NoContainer(name.clone()))?;
        if !matches!(container, Data::View(_) | Data::Reference(_)) {
            return Err(Fault::Malformed(format!("`{name}` is no view and no reference")).into());
        }
        let dims = frame.dims(container)?;
        let dtype = container.dtype();
        let shown = self.part(frame, &memlet.data, &memlet.subset)?;
        if dtype != shown.dtype {
            return Err(
                Fault::Malformed(format!("`{name}` is of type {dtype}, `{memlet}` of another")).into()
            );
        }
        let view = shown.with_dims(dims);
        if !self.memory.holds(&view) {
            let shape = view.shape();
            return Err(Fault::View { view: name.clone(), shape, shown: memlet.to_string() }.into());
        }
        frame.bind(name, view);
        Ok(())
    }
}
