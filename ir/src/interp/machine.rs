//! The running program: its memory, and one frame for each SDFG that is active.

use super::error::{Fault, InterpretError};
use super::expression::Names;
use super::memory::{Content, Dim, Interval, Memory, View};
use super::plan::{SdfgPlan, plan};
use super::stream::Queues;
use super::{Host, Options, Tensor};
use crate::symbolic::{Env, EvalError};
use crate::{Data, Expr, Name, NodeId, Sdfg, Subset};
use smallvec::SmallVec;
use std::collections::{BTreeSet, HashMap};
use std::rc::Rc;
use std::sync::Arc;

/// What all frames share.
#[derive(Debug)]
pub(super) struct Machine {
    pub(super) memory: Memory,
    pub(super) options: Options,
    /// Who makes calls back into Python.
    pub(super) host: Option<Arc<dyn Host>>,
    steps: u64,
    /// What the program has printed.
    pub(super) printed: String,
    /// Plans by the address of the SDFG: what runs does not move.
    plans: HashMap<*const Sdfg, Rc<SdfgPlan>>,
}

/// A call of an SDFG.
#[derive(Debug)]
pub(super) struct Frame<'a> {
    pub(super) sdfg: &'a Sdfg,
    pub(super) plan: Rc<SdfgPlan>,
    pub(super) symbols: HashMap<Name, i64>,
    views: HashMap<Name, View>,
    /// Optional arguments that the caller left out.
    pub(super) absent: BTreeSet<Name>,
    /// The queues of streams.
    pub(super) streams: HashMap<Name, Queues>,
    /// The elements that the iterations of consume scopes around took, innermost last.
    pub(super) taken: Vec<(NodeId, Vec<Content>)>,
    /// Containers whose memory belongs to this call.
    owned: Vec<Name>,
}

impl Machine {
    pub(super) fn new(options: Options, host: Option<Arc<dyn Host>>) -> Self {
        Machine {
            memory: Memory::new(&options),
            options,
            host,
            steps: 0,
            printed: String::new(),
            plans: HashMap::new(),
        }
    }

    /// Counts a unit of work.
    pub(super) fn step(&mut self) -> Result<(), InterpretError> {
        self.steps += 1;
        match self.options.max_steps {
            Some(limit) if self.steps > limit => Err(Fault::StepLimit(limit).into()),
            _ => Ok(()),
        }
    }

    /// Begins a call.
    pub(super) fn frame<'a>(
        &mut self,
        sdfg: &'a Sdfg,
        symbols: HashMap<Name, i64>,
    ) -> Result<Frame<'a>, InterpretError> {
        let key = std::ptr::from_ref(sdfg);
        let plan = match self.plans.get(&key) {
            Some(known) => known.clone(),
            None => self.plans.entry(key).or_insert(Rc::new(plan(sdfg, self.options.order)?)).clone(),
        };
        Ok(Frame {
            sdfg,
            plan,
            symbols,
            views: HashMap::new(),
            absent: BTreeSet::new(),
            streams: HashMap::new(),
            taken: Vec::new(),
            owned: Vec::new(),
        })
    }

    /// Ends a call: its memory is free again.
    pub(super) fn finish(&mut self, mut frame: Frame<'_>) {
        while let Some(name) = frame.owned.last().cloned() {
            self.drop_container(&mut frame, &name);
        }
    }

    /// The memory of a container; allocated when it is first asked for.
    pub(super) fn view(&mut self, frame: &mut Frame<'_>, name: &Name) -> Result<View, InterpretError> {
        if let Some(view) = frame.views.get(name) {
            return Ok(view.clone());
        }
        if frame.absent.contains(name) {
            return Err(Fault::IsNone(name.clone()).into());
        }
        let data = frame.sdfg.container(name).ok_or_else(|| Fault::NoContainer(name.clone()))?;
        if data.is_alias() {
            return Err(Fault::Unset(name.clone()).into());
        }
        if data.as_stream().is_some() {
            return Err(Fault::Malformed(format!("the stream `{name}` is used as an array")).into());
        }
        let dims = frame.dims(data)?;
        let view = self.memory.allocate(name, data.dtype(), dims)?;
        if data.is_zeroed() {
            for position in view.positions() {
                self.memory.initialize(&view, position, super::Value::zero(data.dtype()))?;
            }
        }
        if let Data::Constant(constant) = data {
            let values = constant.values();
            for (at, position) in view.positions().into_iter().enumerate() {
                self.memory.initialize(&view, position, values.get(at))?;
            }
            self.memory.freeze(&view);
        }
        frame.views.insert(name.clone(), view.clone());
        frame.owned.push(name.clone());
        Ok(view)
    }

    /// Forgets the value of a container that this call owns, if it has one.
    pub(super) fn drop_container(&mut self, frame: &mut Frame<'_>, name: &Name) {
        frame.drop_queues(name);
        if let Some(view) = frame.views.remove(name)
            && let Some(at) = frame.owned.iter().position(|owned| owned == name)
        {
            self.memory.release(&view);
            frame.owned.swap_remove(at);
        }
    }

    /// Forgets the value of a container whose shape is no longer what it was when it was allocated.
    pub(super) fn drop_if_resized(&mut self, frame: &mut Frame<'_>, name: &Name) {
        let (Some(view), Some(data)) = (frame.views.get(name), frame.sdfg.container(name)) else { return };
        if frame.dims(data).is_ok_and(|dims| dims != view.dims) {
            self.drop_container(frame, name);
        }
    }

    /// The elements that a subset names, with all dimensions.
    pub(super) fn part(
        &mut self,
        frame: &mut Frame<'_>,
        name: &Name,
        subset: &Subset,
    ) -> Result<View, InterpretError> {
        let intervals = frame.intervals(subset)?;
        self.view(frame, name)?.part(name, &intervals)
    }

    /// The elements that a subset names, without the dimensions that are single indices.
    pub(super) fn slice(
        &mut self,
        frame: &mut Frame<'_>,
        name: &Name,
        subset: &Subset,
    ) -> Result<View, InterpretError> {
        let intervals = frame.intervals(subset)?;
        Ok(self.view(frame, name)?.part(name, &intervals)?.squeezed(&intervals))
    }

    /// As [`slice`](Self::slice), for an operand of so many dimensions: see [`Subset::operand_dims`].
    pub(super) fn operand(
        &mut self,
        frame: &mut Frame<'_>,
        (name, subset): (&Name, &Subset),
        rank: Option<usize>,
    ) -> Result<View, InterpretError> {
        let intervals = frame.intervals(subset)?;
        let view = self.view(frame, name)?.part(name, &intervals)?;
        let dims = subset.operand_dims(rank).into_iter().map(|at| view.dims[at]).collect();
        Ok(view.with_dims(dims))
    }

    /// The elements of a view as a tensor. An element that nothing has written is a fault if `checked`, else it is 0.
    pub(super) fn gather(&mut self, view: &View, checked: bool) -> Result<Tensor, InterpretError> {
        let shape: Vec<usize> = view.dims.iter().map(|dim| dim.extent as usize).collect();
        let mut tensor = Tensor::zeros(view.dtype, &shape);
        for (at, position) in view.positions().into_iter().enumerate() {
            if checked {
                self.step()?;
                tensor.set(at, self.memory.read(view, position)?.value()?);
            } else if let Content::Value(value) = self.memory.peek(view, position) {
                tensor.set(at, value);
            }
        }
        Ok(tensor)
    }
}

impl Frame<'_> {
    /// Gives a container memory that belongs to someone else.
    pub(super) fn bind(&mut self, name: &Name, view: View) {
        self.views.insert(name.clone(), view);
    }

    /// Lets a view or reference stand for nothing.
    pub(super) fn unbind(&mut self, name: &Name) {
        self.views.remove(name);
    }

    /// Whether a container has memory now.
    pub(super) fn is_bound(&self, name: &Name) -> bool {
        self.views.contains_key(name)
    }

    /// The value of an expression over symbols.
    pub(super) fn eval(&self, expr: &Expr) -> Result<i64, InterpretError> {
        match expr.as_int() {
            Some(value) => Ok(value),
            None => Ok(expr.eval(&|name| self.symbols.get(name).copied())?),
        }
    }

    /// Extents and strides that a container has now.
    pub(super) fn dims(&self, data: &Data) -> Result<SmallVec<[Dim; 4]>, InterpretError> {
        let dim = |(extent, stride)| Ok(Dim { extent: self.eval(extent)?, stride: self.eval(stride)? });
        data.shape().iter().zip(data.strides()).map(dim).collect()
    }

    /// The indices that a subset names now.
    pub(super) fn intervals(&self, subset: &Subset) -> Result<SmallVec<[Interval; 4]>, InterpretError> {
        let interval = |range: &crate::Range| {
            let (start, step) = (self.eval(&range.start)?, self.eval(&range.step)?);
            if let Some(at) = range.as_index() {
                return Ok(Interval { start: self.eval(at)?, len: 1, step, single: true });
            }
            let len = super::control::trip_count(start, self.eval(&range.stop)?, step)
                .ok_or_else(|| Fault::Step(range.to_string().into(), step))?;
            Ok(Interval { start, len, step, single: false })
        };
        subset.dims.iter().map(interval).collect()
    }
}

/// Names in conditions: scalar containers and elements of arrays.
pub(super) struct ControlNames<'m, 'f, 's> {
    pub(super) machine: &'m mut Machine,
    pub(super) frame: &'f mut Frame<'s>,
}

impl Names for ControlNames<'_, '_, '_> {
    fn get(&mut self, name: &Name) -> Result<Content, InterpretError> {
        self.load(name, &[])
    }

    fn load(&mut self, name: &Name, indices: &[i64]) -> Result<Content, InterpretError> {
        let view = self.machine.view(self.frame, name)?;
        let position = view.position(name, indices)?;
        self.machine.memory.read(&view, position)
    }

    fn is_none(&self, name: &Name) -> Result<bool, InterpretError> {
        Ok(self.frame.absent.contains(name))
    }

    fn symbolic(&mut self, expr: &Expr) -> Result<i64, InterpretError> {
        let mut missing = Ok(());
        for (name, _) in expr.loads() {
            missing = missing.and(self.machine.view(self.frame, name).map(drop));
        }
        missing?;
        Ok(expr.eval_with(&ControlSymbols { memory: &self.machine.memory, frame: self.frame })?)
    }
}

/// Symbols on control flow, where an expression may also read integer containers.
struct ControlSymbols<'m, 'f, 's> {
    memory: &'m Memory,
    frame: &'f Frame<'s>,
}

impl ControlSymbols<'_, '_, '_> {
    fn element(&self, container: &Name, indices: &[i64]) -> Option<i64> {
        let view = self.frame.views.get(container)?;
        let position = view.position(container, indices).ok()?;
        match self.memory.peek(view, position) {
            Content::Value(value) => Some(value.to_i64()),
            Content::Unwritten(_) => None,
        }
    }
}

impl Env for ControlSymbols<'_, '_, '_> {
    fn symbol(&self, name: &Name) -> Option<i64> {
        self.frame.symbols.get(name).copied().or_else(|| self.element(name, &[]))
    }

    fn load(&self, container: &Name, indices: &[i64]) -> Option<i64> {
        self.element(container, indices)
    }
}

/// The symbols of an expression that have no value.
pub(super) fn unknown_symbol(name: &Name) -> InterpretError {
    EvalError::UnknownSymbol(name.clone()).into()
}
