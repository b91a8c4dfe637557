//! Dataflow: the nodes of a state, one after the other; maps; copies.

use super::Order;
use super::control::{restore, trip_count};
use super::error::{Fault, InterpretError};
use super::machine::{Frame, Machine};
use super::memory::{Content, View};
use super::plan::{StatePlan, describe};
use crate::state::EdgeView;
use crate::{EdgeId, Map, Memlet, Name, Node, NodeId, State, Subset};

impl Machine {
    /// Runs a state.
    pub(super) fn run_state(&mut self, frame: &mut Frame<'_>, state: &State) -> Result<(), InterpretError> {
        let plans = frame.plan.clone();
        let plan = plans.get(&std::ptr::from_ref(state)).expect("every state of a running SDFG has a plan");
        for name in &plan.resizable {
            self.drop_if_resized(frame, name);
        }
        self.run_scope(frame, state, plan, None)?;
        for name in &plan.ending {
            self.drop_container(frame, name);
        }
        Ok(())
    }

    fn run_scope(
        &mut self,
        frame: &mut Frame<'_>,
        state: &State,
        plan: &StatePlan,
        scope: Option<NodeId>,
    ) -> Result<(), InterpretError> {
        self.bind_views(frame, state, plan, scope)?;
        for &id in plan.order.get(&scope).into_iter().flatten() {
            self.run_node(frame, state, plan, id).map_err(|e| e.within(describe(state, id)))?;
        }
        for &id in plan.views.get(&scope).into_iter().flatten() {
            state.node(id).as_access().into_iter().for_each(|name| frame.unbind(name));
        }
        Ok(())
    }

    fn run_node(
        &mut self,
        frame: &mut Frame<'_>,
        state: &State,
        plan: &StatePlan,
        id: NodeId,
    ) -> Result<(), InterpretError> {
        match state.node(id) {
            Node::Access(name) => {
                self.bind_at(frame, state, id, name)?;
                self.run_copies(frame, state, id, name)
            }
            Node::Tasklet(tasklet) => self.run_tasklet(frame, state, id, tasklet),
            Node::MapEntry(map) => self.run_map(frame, state, plan, (id, map)),
            Node::MapExit { .. } => Ok(()),
            Node::Nested(nested) => self.run_nested(frame, state, id, nested),
            Node::Library(node) => self.run_library(frame, state, id, node),
        }
    }

    fn run_map(
        &mut self,
        frame: &mut Frame<'_>,
        state: &State,
        plan: &StatePlan,
        (id, map): (NodeId, &Map),
    ) -> Result<(), InterpretError> {
        if let Some(consume) = &map.consume {
            return self.run_consume(frame, state, plan, (id, map, consume));
        }
        let inputs = self.read_range_inputs(frame, state, id)?;
        let result = self.run_ranges(frame, state, plan, (id, map));
        for (symbol, outer) in inputs {
            restore(frame, &symbol, outer);
        }
        result
    }

    /// Gives symbols of ranges that depend on data their values; their names and what they were before.
    fn read_range_inputs(
        &mut self,
        frame: &mut Frame<'_>,
        state: &State,
        entry: NodeId,
    ) -> Result<Vec<(Name, Option<i64>)>, InterpretError> {
        let mut before = Vec::new();
        for (symbol, memlet) in state.range_inputs(entry) {
            let part = self.part(frame, &memlet.data, &memlet.subset)?;
            let [position] = part.positions()[..] else {
                return Err(Fault::Malformed(format!("`{symbol}` of {entry} gets several elements")).into());
            };
            let value = self.memory.read(&part, position)?.value()?.to_i64();
            before.push((symbol.clone(), frame.symbols.insert(symbol.clone(), value)));
        }
        Ok(before)
    }

    fn run_ranges(
        &mut self,
        frame: &mut Frame<'_>,
        state: &State,
        plan: &StatePlan,
        (id, map): (NodeId, &Map),
    ) -> Result<(), InterpretError> {
        let mut axes = Vec::with_capacity(map.params.len());
        for range in &map.ranges {
            let (start, stop) = (frame.eval(&range.start)?, frame.eval(&range.stop)?);
            let step = frame.eval(&range.step)?;
            if step <= 0 {
                return Err(Fault::Step(map.label.clone(), step).into());
            }
            axes.push((start, step, trip_count(start, stop, step).expect("the step is not zero")));
        }
        let outer: Vec<Option<i64>> =
            map.params.iter().map(|param| frame.symbols.get(param).copied()).collect();
        if let Some(races) = &mut self.memory.races {
            races.enter(&map.label);
        }
        let total = axes.iter().map(|(_, _, count)| i128::from(*count)).product::<i128>();
        let total = u64::try_from(total).unwrap_or(u64::MAX);
        let mut result = Ok(());
        for k in 0..total {
            let k = if self.options.order == Order::Forward { k } else { total - 1 - k };
            set_parameters(frame, map, &axes, k);
            result = self.run_map_iteration(frame, state, plan, id);
            if let Err(error) = result {
                let values = map.params.iter().map(|p| format!("{p} = {}", frame.symbols[p]));
                result = Err(error.within(values.collect::<Vec<_>>().join(", ")));
                break;
            }
        }
        if let Some(races) = &mut self.memory.races {
            races.leave();
        }
        for (param, outer) in map.params.iter().zip(outer) {
            restore(frame, param, outer);
        }
        result
    }

    pub(super) fn run_map_iteration(
        &mut self,
        frame: &mut Frame<'_>,
        state: &State,
        plan: &StatePlan,
        entry: NodeId,
    ) -> Result<(), InterpretError> {
        self.step()?;
        if let Some(races) = &mut self.memory.races {
            races.next_iteration();
        }
        let result = self.run_scope(frame, state, plan, Some(entry));
        for name in plan.private.get(&entry).into_iter().flatten() {
            self.drop_container(frame, name);
        }
        result
    }

    /// The copies into a container, and those out of it through the exits of maps.
    fn run_copies(
        &mut self,
        frame: &mut Frame<'_>,
        state: &State,
        id: NodeId,
        name: &Name,
    ) -> Result<(), InterpretError> {
        for edge in state.in_edges(id) {
            if state.is_alias_edge(edge) {
                continue;
            }
            if let (Some(memlet), Some(taken)) = (edge.memlet(), frame.taken_elements(state, edge)) {
                self.store_elements(frame, memlet, name, taken)?;
            } else if let (Some(memlet), Some(source)) = (edge.memlet(), source_container(state, edge)) {
                self.run_copy(frame, memlet, &source, name)?;
            }
        }
        for edge in state.out_edges(id) {
            if let (Some(memlet), Node::MapExit { .. }) = (edge.memlet(), state.node(edge.dst))
                && !state.is_alias_edge(edge)
            {
                let target = target_container(state, edge.id)
                    .ok_or_else(|| Fault::Malformed(format!("the path of `{memlet}` ends nowhere")))?;
                self.run_copy(frame, memlet, name, &target)?;
            }
        }
        Ok(())
    }

    fn run_copy(
        &mut self,
        frame: &mut Frame<'_>,
        memlet: &Memlet,
        source: &Name,
        target: &Name,
    ) -> Result<(), InterpretError> {
        if frame.is_stream(source) || frame.is_stream(target) {
            return self.run_stream_copy(frame, memlet, source, target);
        }
        let (here, other) = (Some(&memlet.subset), memlet.other_subset.as_ref());
        let (from, to) = if memlet.data == *source { (here, other) } else { (other, here) };
        let from = self.part_or_all(frame, source, from)?;
        let to = self.part_or_all(frame, target, to)?;
        if from.len() != to.len() {
            let fault = Fault::Shapes { container: target.clone(), here: to.shape(), there: from.shape() };
            return Err(fault.into());
        }
        // The two may overlap: everything is read before anything is written.
        let mut moving: Vec<Content> = Vec::with_capacity(from.len());
        for position in from.positions() {
            self.step()?;
            moving.push(self.memory.read(&from, position)?);
        }
        for (position, content) in to.positions().into_iter().zip(moving) {
            self.memory.store(&to, position, content, memlet.wcr)?;
        }
        Ok(())
    }

    /// Stores the elements that an iteration of a consume scope took.
    fn store_elements(
        &mut self,
        frame: &mut Frame<'_>,
        memlet: &Memlet,
        target: &Name,
        taken: Vec<Content>,
    ) -> Result<(), InterpretError> {
        let subset = if memlet.data == *target { Some(&memlet.subset) } else { memlet.other_subset.as_ref() };
        if frame.is_stream(target) {
            let queue = frame.queue(target, subset)?;
            return taken.into_iter().try_for_each(|content| queue.push(content));
        }
        let to = self.part_or_all(frame, target, subset)?;
        if to.len() != taken.len() {
            let there = vec![taken.len() as i64];
            return Err(Fault::Shapes { container: target.clone(), here: to.shape(), there }.into());
        }
        for (position, content) in to.positions().into_iter().zip(taken) {
            self.memory.store(&to, position, content, memlet.wcr)?;
        }
        Ok(())
    }

    pub(super) fn part_or_all(
        &mut self,
        frame: &mut Frame<'_>,
        name: &Name,
        subset: Option<&Subset>,
    ) -> Result<View, InterpretError> {
        match subset {
            Some(subset) => self.part(frame, name, subset),
            None => self.view(frame, name),
        }
    }
}

/// Gives the parameters the values of iteration number `k`, the last parameter running fastest.
fn set_parameters(frame: &mut Frame<'_>, map: &Map, axes: &[(i64, i64, i64)], mut k: u64) {
    for (param, (start, step, count)) in map.params.iter().zip(axes).rev() {
        let index = (k % *count as u64) as i64;
        k /= *count as u64;
        frame.symbols.insert(param.clone(), start + index * step);
    }
}

/// The container that a copy comes from, seen from its last edge; `None` if the edge comes from a computation.
fn source_container(state: &State, edge: EdgeView<'_>) -> Option<Name> {
    match state.node(edge.src) {
        Node::Access(name) => Some(name.clone()),
        Node::MapEntry(_) => {
            let outer = state.origin(edge.id)?;
            let (src, dst) = state.endpoints(outer);
            source_container(state, EdgeView { id: outer, src, dst, edge: state.edge(outer) })
        }
        _ => None,
    }
}

/// The container that a copy goes to, seen from its first edge.
fn target_container(state: &State, edge: EdgeId) -> Option<Name> {
    let (_, dst) = state.endpoints(edge);
    match state.node(dst) {
        Node::Access(name) => Some(name.clone()),
        Node::MapExit { .. } => {
            state.continuations(edge).into_iter().find_map(|next| target_container(state, next))
        }
        _ => None,
    }
}
