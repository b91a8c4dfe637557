//! Streams: queues that computations push elements to and pop elements from.

use super::Lifetime;
use crate::{DType, Expr, Span};

/// One queue, or an array of queues, first in, first out.
///
/// A memlet names queues of the stream, not elements: `S[p]`, or `S` for a stream without dimensions. One of one queue
/// pushes or pops
///
/// * at a tasklet, where the connector carries one element: that element, or none if the memlet is dynamic and the
///   tasklet gives the output no value;
/// * from or to another container: as many elements as the other subset has, in C order; popping into a dynamic memlet
///   ends early where the queue is empty;
/// * from or to another stream: everything that is there.
///
/// Popping from an empty queue and pushing to a full one ends the program with an error. Pushes and pops of different
/// iterations of a map may come in any order and are no race.
#[derive(Clone, Debug, PartialEq)]
pub struct Stream {
    /// Type of the elements.
    pub dtype: DType,
    /// Extents of the array of queues; empty for one queue.
    pub shape: Vec<Expr>,
    /// How many elements a queue holds at most; `None` if there is no limit.
    pub capacity: Option<Expr>,
    /// Whether the stream is internal to the program; one that is not is passed between nested SDFGs.
    pub transient: bool,
    /// How long the queues live.
    pub lifetime: Lifetime,
    /// Where the stream was defined.
    pub span: Span,
}

impl Stream {
    /// Queues without limit that are passed by the caller.
    pub fn new(dtype: DType, shape: impl Into<Vec<Expr>>) -> Self {
        Stream {
            dtype,
            shape: shape.into(),
            capacity: None,
            transient: false,
            lifetime: Lifetime::Scope,
            span: Span::default(),
        }
    }

    /// Queues without limit that are internal to the program.
    pub fn transient(dtype: DType, shape: impl Into<Vec<Expr>>) -> Self {
        Stream { transient: true, ..Stream::new(dtype, shape) }
    }
}
