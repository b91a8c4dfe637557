//! Streams: queues that iterations push to and pop from, and loops that consume them.
//!
//! ```text
//! S = dace.define_stream(dace.float64)      a queue, without limit
//! S.push(x[0])                              in tasklets, `out >> S(-1)`: each assignment to `out` is a push
//! y[0] = S.pop()                            in tasklets, `a << S`
//! S >> y                                    as many elements as there are, at most those of `y`
//! for e, p in dace.consume(S, 4): ...       one iteration for each element, also those that the iterations push;
//!                                           also `@dace.consume(S, 4)` and `@dace.consumescope(S, 4)` for functions
//! ```
//!
//! Iterations of a consuming loop come in any order, as those of a parallel loop, and are lowered as those.

use super::map::Scope;
use super::{Lowerer, Result, Stop};
use crate::codes;
use crate::diagnostic::Diagnostic;
use crate::parse::{Ranged, TextRange, ast};
use crate::scalar::{cast, truth};
use crate::types::{Queue, Scalar, Value};
use dacec_ir::data::Stream;
use dacec_ir::{DType, Expr, Memlet, Name, NodeId, Range, ScalarExpr, State, Subset};

/// What a consuming loop takes its elements from.
pub(super) struct Consumed {
    /// The queue.
    queue: Queue,
    /// Holds the element of an iteration.
    pub(super) element: Name,
    /// Ends the loop before the queue is empty.
    pub(super) stop: Option<ScalarExpr>,
}

impl Queue {
    /// The queue, as what moves along an edge.
    fn memlet(&self) -> Memlet {
        Memlet::new(&self.container, Subset::element(self.index.clone()))
    }
}

impl Lowerer<'_> {
    /// A stream that is internal to the function.
    pub(crate) fn new_stream(&mut self, prefix: &str, dtype: DType, shape: Vec<Expr>) -> Value {
        let container = self.fresh(prefix);
        let mut stream = Stream::transient(dtype, shape);
        stream.span = self.span(self.place);
        self.sdfg.containers.insert(container.clone(), stream.into());
        Value::Stream(Queue { container, dtype, index: Vec::new() })
    }

    /// `streams[p]`: one of an array of queues.
    pub(super) fn stream_subscript(
        &mut self,
        queue: Queue,
        slice: &ast::Expr,
        range: TextRange,
    ) -> Result<Value> {
        let items = match slice {
            ast::Expr::Tuple(tuple) => tuple.elts.iter().collect(),
            one => vec![one],
        };
        let shape = self.sdfg.containers.get(&queue.container).map(|data| data.shape().to_vec());
        let shape = shape.unwrap_or_default();
        if shape.len() != items.len() || !queue.index.is_empty() {
            let message = format!("this stream has {} dimensions of queues", shape.len());
            return Err(Diagnostic::error(codes::INDEX, range, message).into());
        }
        let mut index = Vec::new();
        for (item, extent) in items.into_iter().zip(&shape) {
            let at = self.eval(item)?;
            let at = self.integer(&at, item.range())?;
            index.push(self.resolve(&at, extent, item.range())?);
        }
        Ok(Value::Stream(Queue { index, ..queue }))
    }

    /// The one queue that a push or pop is about.
    fn one_queue(&self, queue: &Queue, range: TextRange) -> Result<Memlet> {
        let rank = self.sdfg.containers.get(&queue.container).map_or(0, |data| data.rank());
        if rank == queue.index.len() {
            return Ok(queue.memlet());
        }
        let message = "this is an array of queues";
        Err(Diagnostic::error(codes::INDEX, range, message)
            .help("name one of them: `streams[p].push(...)`")
            .into())
    }

    /// `stream.push(value)`.
    pub(crate) fn push_element(&mut self, queue: &Queue, value: &Value, range: TextRange) -> Result<()> {
        let memlet = self.one_queue(queue, range)?;
        let Value::Scalar(value) = value else { return Err(self.not_a_number(value, range)) };
        if value.dtype().is_complex() && !queue.dtype.is_complex() {
            let message = format!("a stream of {} cannot take a {}", queue.dtype, value.dtype());
            return Err(Diagnostic::error(codes::TYPE, range, message).into());
        }
        self.emit("push", Vec::new(), &cast(value, queue.dtype), memlet);
        self.flush();
        Ok(())
    }

    /// `stream.pop()`.
    pub(crate) fn pop_element(&mut self, queue: &Queue, range: TextRange) -> Result<Value> {
        self.one_queue(queue, range)?;
        self.flush();
        let container = self.new_scalar("__element", queue.dtype);
        self.effects += 1;
        let code = match queue.index.is_empty() {
            true => ScalarExpr::Name(queue.container.clone()),
            false => {
                let indices = queue.index.iter().cloned().map(ScalarExpr::Symbolic).collect();
                ScalarExpr::Load { name: queue.container.clone(), indices }
            }
        };
        self.emit("pop", Vec::new(), &code, Memlet::scalar(&container));
        self.flush();
        Ok(Value::Scalar(Scalar::strong(ScalarExpr::Name(container), queue.dtype)))
    }

    /// `stream >> array` and `stream << array`: all that is there, or all elements.
    pub(super) fn stream_copy(&mut self, from: &Value, to: &Value, range: TextRange) -> Result<()> {
        let (memlet, queue, [source, target]) = match (from, to) {
            (Value::Stream(queue), Value::Array(view)) if view.is_plain() => {
                let memlet = Memlet::new(&view.container, view.subset.clone()).dynamic();
                (memlet, queue, [queue.container.clone(), view.container.clone()])
            }
            (Value::Array(view), Value::Stream(queue)) => {
                let view = self.plain(view);
                let memlet = Memlet::new(&view.container, view.subset.clone());
                (memlet, queue, [view.container, queue.container.clone()])
            }
            (Value::Stream(from), Value::Stream(to)) => {
                (self.one_queue(from, range)?, to, [from.container.clone(), to.container.clone()])
            }
            (_, Value::Array(_)) => {
                let message = "a stream is copied into elements in the order of memory";
                return Err(Diagnostic::error(codes::UNSUPPORTED_ARGUMENT, range, message).into());
            }
            (Value::Stream(_), other) | (other, _) => return Err(self.not_a_number(other, range)),
        };
        self.one_queue(queue, range)?;
        let memlet = match queue.index.is_empty() {
            true => memlet,
            false => memlet.to(Subset::element(queue.index.clone())),
        };
        let (source, sink) = (self.source(&source), self.sink(&target));
        self.state().connect((source, None), (sink, None), memlet);
        self.flush();
        Ok(())
    }

    // --- consuming -----------------------------------------------------------------------------------------------

    /// The stream and number of processing elements of `dace.consume(stream, count, stop, chunk)`.
    pub(super) fn consume_arguments<'e>(
        &mut self,
        arguments: &'e ast::Arguments,
        range: TextRange,
    ) -> Result<(Queue, Expr, Option<&'e ast::Expr>)> {
        let given = |at: usize, name: &str| {
            arguments.args.get(at).or_else(|| arguments.find_keyword(name).map(|keyword| &keyword.value))
        };
        let Some(stream) = given(0, "stream") else {
            let message = "the stream that is consumed is missing";
            return Err(Diagnostic::error(codes::ARGUMENTS, range, message)
                .help("write `dace.consume(stream, processing_elements)`")
                .into());
        };
        let Value::Stream(queue) = self.eval(stream)? else {
            let message = "only a stream can be consumed";
            return Err(Diagnostic::error(codes::ARGUMENT_TYPE, stream.range(), message)
                .help("make one: `S = dace.define_stream(dace.float64)`")
                .into());
        };
        self.one_queue(&queue, stream.range())?;
        let elements = match given(1, "num_pes").or_else(|| given(1, "pes")) {
            Some(count) => {
                let value = self.eval(count)?;
                self.integer(&value, count.range())?
            }
            None => Expr::one(),
        };
        Ok((queue, elements, given(2, "condition")))
    }

    /// A loop over the elements of a stream; `targets` are the element and the number of the processing element.
    pub(super) fn consume_loop(
        &mut self,
        targets: &[&ast::Expr],
        arguments: &ast::Arguments,
        statements: &[ast::Stmt],
        place: TextRange,
    ) -> Result<()> {
        let (queue, elements, condition) = self.consume_arguments(arguments, place)?;
        let stop = match condition {
            Some(condition) if !condition.is_none_literal_expr() => Some(self.stop_condition(condition)?),
            _ => None,
        };
        self.flush();
        let [element, rest @ ..] = targets else {
            let message = "the variable for the element of a consuming loop is missing";
            return Err(Diagnostic::error(codes::MAP, place, message).into());
        };
        if rest.len() > 1 {
            let message =
                "a consuming loop has two variables: the element, and the number of the processing element";
            return Err(Diagnostic::error(codes::MAP, place, message).into());
        }
        let container = self.new_scalar("__taken", queue.dtype);
        let taken = Scalar::strong(ScalarExpr::Name(container.clone()), queue.dtype);
        let named = rest.first().and_then(|target| target.as_name_expr());
        let number = self.fresh(named.map_or("__pe", |name| name.id.as_str()));
        let mut bindings = vec![(*element, Value::Scalar(taken))];
        bindings
            .extend(rest.iter().map(|target| (*target, Value::Scalar(Scalar::symbolic(Expr::sym(&number))))));
        let dims = vec![(number, Range::full(&elements))];
        let consumed = Consumed { queue, element: container, stop };
        self.scope_of_statements(bindings, dims, statements, Scope::Consume(consumed), place)
    }

    /// A condition over containers, asked before each iteration.
    fn stop_condition(&mut self, condition: &ast::Expr) -> Result<ScalarExpr> {
        let body = match condition {
            ast::Expr::Lambda(lambda) if lambda.parameters.is_none() => &lambda.body,
            other => {
                let message = "the condition that ends a consuming loop is a lambda without parameters";
                return Err(Diagnostic::error(codes::UNSUPPORTED_ARGUMENT, other.range(), message)
                    .help("write `lambda: count[0] >= 10`")
                    .into());
            }
        };
        self.flush();
        let blocks = self.blocks();
        match self.eval(body)? {
            Value::Scalar(scalar) if self.state_is_closed() && self.blocks() == blocks => {
                Ok(truth(&scalar).code)
            }
            Value::Poison => Err(Stop::Reported),
            _ => {
                let message = "this condition needs more than numbers and elements of arrays";
                Err(Diagnostic::error(codes::CONDITION, body.range(), message).into())
            }
        }
    }

    /// How many blocks the region has that is being filled.
    fn blocks(&self) -> usize {
        self.regions.last().map_or(0, |region| region.blocks.len())
    }

    fn state_is_closed(&self) -> bool {
        self.open.is_none()
    }

    /// Brings the stream to the entry of its scope, and the element to where the iteration reads it.
    pub(super) fn connect_consumed(
        &mut self,
        consumed: &Consumed,
        (entry, exit): (NodeId, NodeId),
        ids: &[NodeId],
    ) {
        use dacec_ir::node::Consume;
        let memlet = consumed.queue.memlet();
        let source = self.source(&memlet.data);
        let state: &mut State = self.state();
        state.connect((source, None), (entry, Some(Consume::INPUT)), memlet.clone());
        let reads: Vec<NodeId> = ids
            .iter()
            .copied()
            .filter(|id| state.contains(*id) && state.node(*id).as_access() == Some(&consumed.element))
            .collect();
        if reads.is_empty() {
            let unused = state.add_access(&consumed.element);
            state.connect((entry, Some(Consume::OUTPUT)), (unused, None), memlet.clone());
            state.order(unused, exit);
        }
        for id in reads {
            state.connect((entry, Some(Consume::OUTPUT)), (id, None), memlet.clone());
        }
    }
}
