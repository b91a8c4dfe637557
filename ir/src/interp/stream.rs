//! Streams of a running program: queues, pushes and pops, and the scopes that consume them.

use super::Order;
use super::error::{Fault, InterpretError};
use super::machine::{Frame, Machine};
use super::memory::{Content, Interval};
use super::plan::StatePlan;
use super::value::Value;
use crate::data::Stream;
use crate::node::Consume;
use crate::state::EdgeView;
use crate::{Data, Map, Memlet, Name, NodeId, State, Subset};
use std::cell::RefCell;
use std::collections::VecDeque;
use std::rc::Rc;

/// One queue; shared with the nested SDFGs that it is passed to.
type Queue = Rc<RefCell<VecDeque<Content>>>;

/// Some of the queues of a stream, as an array.
#[derive(Clone, Debug)]
pub(super) struct Queues {
    queues: Vec<Queue>,
    shape: Vec<i64>,
    capacity: Option<i64>,
}

/// One end of a movement.
#[derive(Debug)]
pub(super) struct End {
    name: Name,
    queue: Queue,
    capacity: Option<i64>,
}

impl End {
    pub(super) fn push(&self, content: Content) -> Result<(), InterpretError> {
        let mut queue = self.queue.borrow_mut();
        match self.capacity {
            Some(capacity) if queue.len() as i64 >= capacity => {
                Err(Fault::FullStream(self.name.clone()).into())
            }
            _ => {
                queue.push_back(content);
                Ok(())
            }
        }
    }

    /// The first element, or the last one where the order is not promised and the other one is wanted.
    pub(super) fn take(&self, order: Order) -> Option<Content> {
        match order {
            Order::Forward => self.queue.borrow_mut().pop_front(),
            Order::Backward => self.queue.borrow_mut().pop_back(),
        }
    }

    pub(super) fn pop(&self) -> Result<Content, InterpretError> {
        self.take(Order::Forward).ok_or_else(|| Fault::EmptyStream(self.name.clone()).into())
    }

    /// Everything that is there, first element first.
    pub(super) fn drain(&self) -> VecDeque<Content> {
        std::mem::take(&mut *self.queue.borrow_mut())
    }
}

impl Frame<'_> {
    /// Whether the container is a stream.
    pub(super) fn is_stream(&self, name: &Name) -> bool {
        matches!(self.sdfg.container(name), Some(Data::Stream(_)))
    }

    /// The queues of a stream; made when they are first asked for.
    pub(super) fn queues(&mut self, name: &Name) -> Result<Queues, InterpretError> {
        if let Some(queues) = self.streams.get(name) {
            return Ok(queues.clone());
        }
        let Some(Data::Stream(stream)) = self.sdfg.container(name) else {
            return Err(Fault::NoContainer(name.clone()).into());
        };
        let queues = self.new_queues(name, stream)?;
        self.streams.insert(name.clone(), queues.clone());
        Ok(queues)
    }

    fn new_queues(&self, name: &Name, stream: &Stream) -> Result<Queues, InterpretError> {
        const MOST: i64 = 1 << 24;
        let shape = stream.shape.iter().map(|extent| self.eval(extent)).collect::<Result<Vec<_>, _>>()?;
        let count = shape.iter().try_fold(1_i64, |product, &extent| {
            product.checked_mul(extent).filter(|count| extent >= 0 && *count <= MOST)
        });
        let Some(count) = count else {
            return Err(Fault::Allocation { container: name.clone(), shape }.into());
        };
        let capacity = stream.capacity.as_ref().map(|capacity| self.eval(capacity)).transpose()?;
        let queues = (0..count).map(|_| Queue::default()).collect();
        Ok(Queues { queues, shape, capacity })
    }

    /// The queues that a subset names, without dimensions that are single indices.
    pub(super) fn queues_at(&mut self, name: &Name, subset: &Subset) -> Result<Queues, InterpretError> {
        let intervals = self.intervals(subset)?;
        let all = self.queues(name)?;
        if intervals.len() != all.shape.len() {
            let message = format!("a subset of the stream `{name}` has {} dimensions", intervals.len());
            return Err(Fault::Malformed(message).into());
        }
        let mut positions = vec![0_i64];
        for (interval, &extent) in intervals.iter().zip(&all.shape) {
            let indices: Vec<i64> = (0..interval.len).map(|k| interval.start + k * interval.step).collect();
            if let Some(&at) = indices.iter().find(|at| !(0..extent).contains(*at)) {
                let fault =
                    Fault::OutOfBounds { container: name.clone(), indices: vec![at], shape: all.shape };
                return Err(fault.into());
            }
            positions =
                positions.iter().flat_map(|base| indices.iter().map(move |at| base * extent + at)).collect();
        }
        let long = intervals.iter().filter(|interval| !interval.single);
        let shape = long.map(|interval: &Interval| interval.len.max(0)).collect();
        let queues = positions.into_iter().map(|at| all.queues[at as usize].clone()).collect();
        Ok(Queues { queues, shape, capacity: all.capacity })
    }

    /// The one queue that a subset names; without a subset, of a stream that is one queue.
    pub(super) fn queue(&mut self, name: &Name, subset: Option<&Subset>) -> Result<End, InterpretError> {
        let queues = match subset {
            Some(subset) => self.queues_at(name, subset)?,
            None => self.queues(name)?,
        };
        match &queues.queues[..] {
            [queue] => Ok(End { name: name.clone(), queue: queue.clone(), capacity: queues.capacity }),
            some => {
                let message = format!("a movement names {} queues of the stream `{name}`", some.len());
                Err(Fault::Malformed(message).into())
            }
        }
    }

    /// Gives a stream of this frame the queues of another one.
    pub(super) fn bind_queues(&mut self, name: &Name, given: Queues) -> Result<(), InterpretError> {
        let Some(Data::Stream(stream)) = self.sdfg.container(name) else {
            return Err(Fault::Malformed(format!("`{name}` is given a stream and is none")).into());
        };
        let shape = stream.shape.iter().map(|extent| self.eval(extent)).collect::<Result<Vec<_>, _>>()?;
        if shape.iter().product::<i64>() != given.queues.len() as i64 {
            return Err(Fault::Shapes { container: name.clone(), here: shape, there: given.shape }.into());
        }
        self.streams.insert(name.clone(), Queues { shape, ..given });
        Ok(())
    }
}

impl Machine {
    /// A copy from or to a stream.
    pub(super) fn run_stream_copy(
        &mut self,
        frame: &mut Frame<'_>,
        memlet: &Memlet,
        source: &Name,
        target: &Name,
    ) -> Result<(), InterpretError> {
        let (here, other) = (Some(&memlet.subset), memlet.other_subset.as_ref());
        let (from, to) = if memlet.data == *source { (here, other) } else { (other, here) };
        match (frame.is_stream(source), frame.is_stream(target)) {
            (true, true) => {
                let (from, to) = (frame.queue(source, from)?, frame.queue(target, to)?);
                from.drain().into_iter().try_for_each(|content| to.push(content))
            }
            (true, false) => {
                let from = frame.queue(source, from)?;
                let to = self.part_or_all(frame, target, to)?;
                for position in to.positions() {
                    self.step()?;
                    match from.take(Order::Forward) {
                        Some(content) => self.memory.store(&to, position, content, memlet.wcr)?,
                        None if memlet.dynamic => break,
                        None => return Err(Fault::EmptyStream(source.clone()).into()),
                    }
                }
                Ok(())
            }
            _ => {
                let to = frame.queue(target, to)?;
                let from = self.part_or_all(frame, source, from)?;
                for position in from.positions() {
                    self.step()?;
                    to.push(self.memory.read(&from, position)?)?;
                }
                Ok(())
            }
        }
    }

    /// The value that a tasklet's input takes from a stream. Where none may be there, the fault waits until it is used.
    pub(super) fn pop(&mut self, frame: &mut Frame<'_>, memlet: &Memlet) -> Result<Content, InterpretError> {
        match frame.queue(&memlet.data, Some(&memlet.subset))?.pop() {
            Err(error) if memlet.dynamic => Ok(Content::Unwritten(error.fault)),
            other => other,
        }
    }

    /// Runs a scope once for each element of a queue, those that come while it runs too.
    pub(super) fn run_consume(
        &mut self,
        frame: &mut Frame<'_>,
        state: &State,
        plan: &StatePlan,
        (id, map, consume): (NodeId, &Map, &Consume),
    ) -> Result<(), InterpretError> {
        let entering = state.in_edges(id);
        let stream = entering.iter().find(|edge| edge.dst_conn().is_some_and(|conn| conn == Consume::INPUT));
        let (Some(memlet), [range], [element]) =
            (stream.and_then(|edge| edge.memlet()), &map.ranges[..], &map.params[..])
        else {
            return Err(Fault::Malformed(format!("the consume scope `{}` has no stream", map.label)).into());
        };
        let queue = frame.queue(&memlet.data, Some(&memlet.subset))?;
        let dtype = frame.sdfg.container(&memlet.data).map_or(crate::DType::Int64, crate::Data::dtype);
        let (start, elements) = (frame.eval(&range.start)?, frame.eval(&range.len())?.max(1));
        let outer = frame.symbols.get(element).copied();
        if let Some(races) = &mut self.memory.races {
            races.enter(&map.label);
        }
        let mut result = Ok(());
        for k in 0_i64.. {
            if let Some(stop) = &consume.stop
                && self.is_over(frame, stop)?
            {
                break;
            }
            let Some(first) = queue.take(self.options.order) else { break };
            frame.symbols.insert(element.clone(), start + k % elements);
            let more = (1..consume.chunk).map(|_| {
                queue.take(self.options.order).unwrap_or_else(|| Content::Value(Value::zero(dtype)))
            });
            frame.taken.push((id, std::iter::once(first).chain(more).collect()));
            result = self.run_map_iteration(frame, state, plan, id);
            frame.taken.pop();
            if let Err(error) = result {
                result = Err(error.within(format!("element {k}")));
                break;
            }
        }
        if let Some(races) = &mut self.memory.races {
            races.leave();
        }
        super::control::restore(frame, element, outer);
        result
    }
}

impl Machine {
    /// Whether a consume scope takes no further element. The question belongs to no iteration, so it races with none.
    fn is_over(&mut self, frame: &mut Frame<'_>, stop: &crate::ScalarExpr) -> Result<bool, InterpretError> {
        let races = self.memory.races.take();
        let holds = self.holds(frame, stop);
        self.memory.races = races;
        holds
    }
}

impl Frame<'_> {
    /// The elements that an iteration of a consume scope took, if the edge carries them.
    pub(super) fn taken_elements(&self, state: &State, edge: EdgeView<'_>) -> Option<Vec<Content>> {
        let consumes = state.node(edge.src).as_map().is_some_and(|map| map.consume.is_some());
        let carries = consumes && edge.src_conn().is_some_and(|conn| conn == Consume::OUTPUT);
        let own = |(entry, _): &&(NodeId, Vec<Content>)| carries && *entry == edge.src;
        self.taken.iter().rev().find(own).map(|(_, contents)| contents.clone())
    }

    /// Forgets what a stream holds that belongs to this frame.
    pub(super) fn drop_queues(&mut self, name: &Name) {
        self.streams.remove(name);
    }
}
