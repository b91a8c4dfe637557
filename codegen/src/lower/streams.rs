//! Streams: queues that grow, and the loops that consume them.
//!
//! ```text
//! consume e in 0:4 of S { … }      while (1) { if (!S[0].pop(&taken)) break; const int64_t e = k % 4; … k++; }
//! ```
//!
//! Whatever pushes or pops runs on one thread: a map with a stream in its scope is never spread. Memlets about streams have
//! no conflict resolution.

use super::expressions::truth;
use super::places::Storage;
use super::states::StateContext;
use super::{Function, Result};
use crate::CodegenError;
use crate::tree::{Failure, Index, Place, Queue, Stmt, Value};
use dacec_ir::data::{Stream, c_strides};
use dacec_ir::node::Consume;
use dacec_ir::state::EdgeView;
use dacec_ir::{BinaryOp, Constant, DType, Data, Expr, Map, Memlet, Name, NodeId, Span, Subset};

impl<'a> Function<'_, 'a> {
    /// Declares the queues of a stream.
    pub(super) fn allocate_stream(
        &mut self,
        name: &Name,
        stream: &Stream,
        out: &mut Vec<Stmt>,
    ) -> Result<Storage> {
        if stream.lifetime.outlives_call() {
            let what = "is a stream that is kept between calls";
            return Err(CodegenError::unsupported(format!("container `{name}`"), what));
        }
        let count = stream.shape.iter().fold(Expr::one(), |product, extent| product * extent);
        let count = Value::Index(self.expr(&count)?);
        let capacity = stream.capacity.as_ref().map(|it| self.expr(it).map(Value::Index)).transpose()?;
        let strides = c_strides(&stream.shape).iter().map(|it| self.expr(it)).collect::<Result<_>>()?;
        let local = self.shared.names.local(name);
        self.note_failure();
        let on_failure = self.shared.failure.clone();
        let dtype = stream.dtype;
        out.push(Stmt::Queues { name: local.clone(), dtype, count, capacity, on_failure });
        Ok(Storage::Queues { queues: local, dtype, strides })
    }

    pub(super) fn is_stream(&self, name: &Name) -> bool {
        self.sdfg.container(name).is_some_and(|data| data.as_stream().is_some())
    }

    /// Whether something in a map's scope pushes or pops.
    pub(super) fn uses_streams(&self, context: &StateContext<'_>, entry: NodeId) -> bool {
        let state = context.view.state;
        let mut nodes = state.scope_nodes(entry);
        nodes.push(entry);
        let mut edges =
            nodes.into_iter().flat_map(|id| state.in_edges(id).into_iter().chain(state.out_edges(id)));
        edges.any(|edge| edge.memlet().is_some_and(|memlet| self.is_stream(&memlet.data)))
    }

    /// The queue that a subset names; without a subset, the stream is one queue.
    fn queue(&self, name: &Name, subset: Option<&Subset>) -> Result<Queue> {
        let Storage::Queues { queues, dtype, strides } = &self.slot(name)?.storage else {
            return Err(CodegenError::Invalid(format!("`{name}` is used as a stream and is none")));
        };
        let dims = subset.map(|subset| &subset.dims[..]).unwrap_or_default();
        let several = || {
            let what = "a movement that names several queues".to_owned();
            CodegenError::unsupported(format!("stream `{name}`"), what)
        };
        if dims.len() != strides.len() {
            return Err(several());
        }
        let mut terms = Vec::with_capacity(dims.len());
        for (dim, stride) in dims.iter().zip(strides) {
            let at = dim.as_index().ok_or_else(several)?;
            terms.push((Value::Index(self.expr(at)?), stride.clone()));
        }
        Ok(Queue { queues: queues.clone(), index: Index { terms }, dtype: *dtype })
    }

    /// Pushes a value.
    pub(super) fn push(&mut self, memlet: &Memlet, value: Value) -> Result<Stmt> {
        let queue = self.queue(&memlet.data, Some(&memlet.subset))?;
        Ok(self.push_to(queue, &memlet.data, value))
    }

    fn push_to(&mut self, queue: Queue, name: &Name, value: Value) -> Stmt {
        let bounded = match self.sdfg.container(name) {
            Some(Data::Stream(stream)) => stream.capacity.is_some(),
            _ => false,
        };
        let (code, escape) = match bounded {
            true => self.failure(&format!("the stream `{name}` is full"), Span::default()),
            false => {
                self.note_failure();
                (Failure::OutOfMemory, self.shared.failure.clone())
            }
        };
        Stmt::Push { queue, value, code, escape }
    }

    /// A variable that holds the next element; where the queue is empty the program fails, or, of a dynamic memlet, the
    /// variable is 0.
    pub(super) fn pop(&mut self, memlet: &Memlet, prefix: &Name, out: &mut Vec<Stmt>) -> Result<Value> {
        let queue = self.queue(&memlet.data, Some(&memlet.subset))?;
        let (value, got) = self.try_pop(queue, prefix, out);
        if !memlet.dynamic {
            let message = format!("the stream `{}` is empty", memlet.data);
            let (code, escape) = self.failure(&message, Span::default());
            let fail = Stmt::Fail { code, escape };
            out.push(Stmt::If { branches: vec![(got, Vec::new())], otherwise: vec![fail] });
        }
        Ok(value)
    }

    /// Variables with the next element and whether there was one.
    fn try_pop(&mut self, queue: Queue, prefix: &str, out: &mut Vec<Stmt>) -> (Value, Value) {
        let dtype = queue.dtype;
        let (into, got) =
            (self.shared.names.local(prefix), self.shared.names.local(&format!("{prefix}_given")));
        let zero = Some(Value::Constant(Constant::of_int(0, dtype)));
        out.push(Stmt::Declare { name: into.clone(), dtype, value: zero, constant: false });
        let no = Some(Value::Constant(Constant::Bool(false)));
        out.push(Stmt::Declare { name: got.clone(), dtype: DType::Bool, value: no, constant: false });
        out.push(Stmt::Pop { queue, into: into.clone(), got: got.clone() });
        (Value::Variable(into, dtype), Value::Variable(got, DType::Bool))
    }

    /// A copy from or to a stream.
    pub(super) fn lower_stream_copy(
        &mut self,
        memlet: &Memlet,
        [(from, from_subset), (to, to_subset)]: [(&Name, &Subset); 2],
        out: &mut Vec<Stmt>,
    ) -> Result<()> {
        match (self.is_stream(from), self.is_stream(to)) {
            (true, true) if from == to => {
                let what = "copies a stream to itself";
                Err(CodegenError::unsupported(format!("`{memlet}`"), what))
            }
            (true, true) => {
                let (source, target) =
                    (self.queue(from, Some(from_subset))?, self.queue(to, Some(to_subset))?);
                self.shared.names.open();
                let mut body = Vec::new();
                let (value, got) = self.try_pop(source, "element", &mut body);
                body.push(break_unless(got));
                body.push(self.push_to(target, to, value));
                self.shared.names.close();
                out.push(forever(body));
                Ok(())
            }
            (true, false) => {
                let source = self.queue(from, Some(from_subset))?;
                let message = format!("the stream `{from}` is empty");
                let (code, escape) = self.failure(&message, Span::default());
                let fail = Stmt::Fail { code, escape };
                self.shared.names.open();
                let mut popped = Vec::new();
                let (value, got) = self.try_pop(source, "element", &mut popped);
                let missing = if memlet.dynamic { Stmt::Break } else { fail };
                popped.push(Stmt::If { branches: vec![(got, Vec::new())], otherwise: vec![missing] });
                let write = |_: &Self, place: Place, _: Value| {
                    let mut body = popped.clone();
                    body.push(Stmt::Store { place, value: value.clone() });
                    Ok(body)
                };
                let result = self.copy_elements((to, to_subset), &write, out);
                self.shared.names.close();
                result
            }
            _ => {
                let target = self.queue(to, Some(to_subset))?;
                let Stmt::Push { code, escape, .. } = self.push_to(target.clone(), to, Value::int(0)) else {
                    return Err(CodegenError::Invalid("a push is a push".to_owned()));
                };
                let write = |_: &Self, _: Place, value: Value| {
                    let (queue, escape) = (target.clone(), escape.clone());
                    Ok(vec![Stmt::Push { queue, value, code, escape }])
                };
                self.copy_elements((from, from_subset), &write, out)
            }
        }
    }

    /// What an iteration of a consume scope took, if the edge carries it.
    pub(super) fn taken(&self, context: &StateContext<'_>, edge: EdgeView<'_>) -> Option<Taken> {
        let carries = edge.src_conn().is_some_and(|conn| conn == Consume::OUTPUT);
        context.taken.get(&edge.src).filter(|_| carries).cloned()
    }

    /// A scope that consumes a stream: a loop over what is in the queue, and what comes while it runs.
    pub(super) fn lower_consume(
        &mut self,
        context: &mut StateContext<'a>,
        entry: NodeId,
        map: &'a Map,
        consume: &'a Consume,
        out: &mut Vec<Stmt>,
    ) -> Result<()> {
        let edges = context.view.state.in_edges(entry);
        let stream = edges.iter().find(|edge| edge.dst_conn().is_some_and(|conn| conn == Consume::INPUT));
        let (Some(memlet), [element], [range]) =
            (stream.and_then(|edge| edge.memlet()), &map.params[..], &map.ranges[..])
        else {
            return Err(CodegenError::Invalid(format!("the consume scope `{}` has no stream", map.label)));
        };
        let queue = self.queue(&memlet.data, Some(&memlet.subset))?;
        let (start, elements) = (self.expr(&range.start)?, self.expr(&range.len())?.max(&Expr::one()));
        let region = self.shared.region;
        self.shared.region.in_map = true;
        self.shared.names.open();
        let mut block = Vec::new();
        let number = self.shared.names.local(&format!("{element}_number"));
        let (zero, dtype) = (Some(Value::int(0)), DType::Int64);
        block.push(Stmt::Declare { name: number.clone(), dtype, value: zero, constant: false });
        let mut body = Vec::new();
        if let Some(stop) = &consume.stop {
            let stop = truth(self.scalar(stop)?);
            body.push(Stmt::If { branches: vec![(stop, vec![Stmt::Break])], otherwise: Vec::new() });
        }
        let (value, got) = self.try_pop(queue.clone(), "taken", &mut body);
        let more = (consume.chunk > 1).then(|| (queue, got.clone()));
        body.push(break_unless(got));
        let variable = self.shared.names.local(element);
        let place = Value::Index(start + Expr::sym(&number).modulo(&elements));
        body.push(Stmt::Declare { name: variable.clone(), dtype, value: Some(place), constant: true });
        let next = Value::Binary(
            BinaryOp::Add,
            dtype,
            Box::new(Value::Variable(number.clone(), dtype)),
            Box::new(Value::int(1)),
        );
        body.push(Stmt::Store { place: Place::Variable(number, dtype), value: next });
        let hidden = self.symbols.remove(element);
        self.symbols.insert(element, Expr::sym(&variable));
        context.taken.insert(entry, Taken { value, more });
        for name in context.privates.get(&entry).cloned().unwrap_or_default() {
            self.allocate(&name, &mut body)?;
        }
        let inside = self.lower_scope(context, Some(entry), &mut body);
        context.taken.shift_remove(&entry);
        self.restore_symbol(element, hidden);
        self.shared.names.close();
        self.shared.region = region;
        inside?;
        block.push(forever(body));
        out.push(Stmt::Block { body: block, label: None });
        Ok(())
    }

    /// Stores what an iteration of a consume scope took in a container.
    pub(super) fn store_taken(
        &mut self,
        memlet: &Memlet,
        target: &Name,
        taken: Taken,
        out: &mut Vec<Stmt>,
    ) -> Result<()> {
        let own = memlet.data == *target;
        let subset = if own { Some(&memlet.subset) } else { memlet.other_subset.as_ref() };
        let Taken { value, more } = taken;
        if self.is_stream(target) {
            let queue = self.queue(target, subset)?;
            out.push(self.push_to(queue, target, value));
            return Ok(());
        }
        let all = Subset::full(self.data(target)?.shape());
        let subset = subset.unwrap_or(&all);
        match more {
            None => out.push(Stmt::Store { place: self.start_of(target, subset)?, value }),
            Some(more) => self.store_chunk((target, subset), value, more, out)?,
        }
        Ok(())
    }

    /// Stores the element that was taken, and as many more as there is room for: zeros once the queue is empty.
    ///
    /// ```text
    /// for k in 0:8 { if (taken_given) taken_given = false; else { taken = 0; S.pop(&taken); taken_given = false; } A[k] = taken; }
    /// ```
    fn store_chunk(
        &mut self,
        target: (&Name, &Subset),
        value: Value,
        (queue, got): (Queue, Value),
        out: &mut Vec<Stmt>,
    ) -> Result<()> {
        let (Value::Variable(into, dtype), Value::Variable(given, _)) = (&value, &got) else {
            return Err(CodegenError::Invalid("what was taken is a variable".to_owned()));
        };
        let no = Stmt::Store {
            place: Place::Variable(given.clone(), DType::Bool),
            value: Value::Constant(Constant::Bool(false)),
        };
        let zero = Stmt::Store {
            place: Place::Variable(into.clone(), *dtype),
            value: Value::Constant(Constant::of_int(0, *dtype)),
        };
        let next = vec![zero, Stmt::Pop { queue, into: into.clone(), got: given.clone() }, no.clone()];
        let next = Stmt::If { branches: vec![(got.clone(), vec![no])], otherwise: next };
        let write = |_: &Self, place: Place, _: Value| {
            Ok(vec![next.clone(), Stmt::Store { place, value: value.clone() }])
        };
        self.copy_elements(target, &write, out)
    }
}

/// What an iteration of a consume scope took.
#[derive(Clone, Debug)]
pub(super) struct Taken {
    /// The variable with the first element.
    pub(super) value: Value,
    /// If it takes more: from where, and the variable that is true while the first one is the next to be stored.
    more: Option<(Queue, Value)>,
}

/// A loop that only a break ends.
fn forever(body: Vec<Stmt>) -> Stmt {
    Stmt::While { condition: Value::Constant(Constant::Bool(true)), body }
}

fn break_unless(condition: Value) -> Stmt {
    Stmt::If { branches: vec![(condition, Vec::new())], otherwise: vec![Stmt::Break] }
}
