//! Loops that combine values: the common core of products and reductions.
//!
//! An [`Accumulation`] is `out[kept] = combine over reduced of value(kept, reduced)`. There are two ways to order its
//! loops, and the memory layout decides:
//!
//! ```text
//! rows:    map kept { s = identity                      the reduced dimension is contiguous:
//!            for reduced { s ⊕= value }                 y[i] = sum of A[i, k]*x[k]
//!            out[kept] = s }
//!
//! lanes:   map kept, block { acc[B] = identity          a kept dimension is contiguous:
//!            for reduced { for lane in block            y[j] = sum of x[k]*A[k, j]
//!              { acc[lane] ⊕= value } }
//!            out[kept, block] = acc }
//! ```
//!
//! Both read memory in order, both have an outer loop without conflicts that can be spread over cores, and keep what
//! they accumulate in a register or in the first-level cache.

mod split;

use super::{Call, Operand};
use crate::map::paths;
use crate::surroundings::Surroundings;
use dacec_ir::{
    Array, Connector, Constant, DType, Expr, IndexMap, Memlet, Name, NodeId, Range, Scalar, ScalarExpr,
    Schedule, State, Stmt, Subset, Tasklet, TaskletCode, Wcr, propagate,
};

/// Bytes of a block of lanes: a page, so that rows are read in long pieces; together with a piece of a row it fits into
/// every first-level cache.
const BLOCK_BYTES: usize = 4096;

/// How accumulators for lanes are laid out.
#[derive(Clone, Copy, Debug)]
struct Lanes {
    /// Bytes of a block of lanes.
    bytes: usize,
    /// The first kept axis counts pieces of that many rows of the reduced axis; without, each piece is all of it.
    rows: Option<i64>,
}

impl Lanes {
    const WHOLE: Lanes = Lanes { bytes: BLOCK_BYTES, rows: None };
}

/// A dimension of the space that an accumulation runs over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Axis {
    /// One that the result has, by position.
    Kept(usize),
    /// One that is combined, by position.
    Reduced(usize),
}

/// An operand of an accumulation.
#[derive(Clone, Debug)]
pub(super) struct Input<'a> {
    /// Its name in the value.
    pub connector: &'static str,
    /// The data.
    pub operand: &'a Operand,
    /// For each of its dimensions, the axis that indexes it.
    pub axes: Vec<Axis>,
}

/// `out[kept] = combine over reduced of value(kept, reduced)`.
#[derive(Clone, Debug)]
pub(super) struct Accumulation<'a> {
    /// Extents of the result's dimensions.
    pub kept: Vec<Expr>,
    /// Extents of the dimensions that are combined.
    pub reduced: Vec<Expr>,
    /// What is read.
    pub inputs: Vec<Input<'a>>,
    /// One value, of the result's type.
    pub value: ScalarExpr,
    /// How values combine.
    pub wcr: Wcr,
    /// What combining starts from.
    pub identity: Constant,
    /// Where the result goes.
    pub output: &'a Operand,
    /// Whether the result is combined with what the output holds.
    pub accumulate: bool,
    /// What becomes of an element when everything is combined; there must be something to combine.
    pub finish: Option<Finish<'a>>,
}

/// A computation on each element of a result: its `value`, and others.
#[derive(Clone, Debug)]
pub(super) struct Finish<'a> {
    /// What is read besides, along kept axes.
    pub inputs: Vec<Input<'a>>,
    /// The result.
    pub value: ScalarExpr,
}

/// Copies one operand to another of the same shape; returns the first node.
pub(super) fn copy(
    around: &mut Surroundings<'_>,
    state: &mut State,
    call: &Call,
    from: &Operand,
    to: &Operand,
) -> NodeId {
    let axes = (0..from.rank()).map(Axis::Kept).collect();
    let copy = Accumulation {
        kept: from.shape.clone(),
        reduced: Vec::new(),
        inputs: vec![Input { connector: "value", operand: from, axes }],
        value: ScalarExpr::name("value"),
        wcr: Wcr::Sum,
        identity: Constant::of_int(0, to.dtype),
        output: to,
        accumulate: false,
        finish: None,
    };
    Builder::new(around, state, call, &copy).element_wise().0
}

impl Accumulation<'_> {
    /// Builds the loops in place of the call's node.
    pub(super) fn build(&self, around: &mut Surroundings<'_>, state: &mut State, call: &Call) {
        let lane = self.lane();
        let splits = split::is_worthwhile(around, self, call);
        let mut builder = Builder::new(around, state, call, self);
        let ends = match lane {
            _ if self.reduced.is_empty() => builder.element_wise(),
            Some(_) if splits => builder.split(),
            Some(lane) => builder.lanes(lane, Lanes::WHOLE),
            None => builder.rows(),
        };
        call.replace(state, ends);
    }

    /// The kept axis that should run innermost: the one along which more inputs are contiguous than along any reduced
    /// axis. The output, which is written less often than inputs are read, decides between equal numbers of them.
    fn lane(&self) -> Option<usize> {
        let is_contiguous = |axis: Axis, axes: &[Axis], operand: &Operand| {
            axes.iter().zip(&operand.strides).any(|(of, stride)| *of == axis && stride.is_one())
        };
        let results: Vec<Axis> = (0..self.kept.len()).map(Axis::Kept).collect();
        let contiguous = |axis: Axis| {
            let inputs = self.inputs.iter().filter(|it| is_contiguous(axis, &it.axes, it.operand));
            (inputs.count(), is_contiguous(axis, &results, self.output))
        };
        let reduced = (0..self.reduced.len()).map(|at| contiguous(Axis::Reduced(at))).max();
        let lane = (0..self.kept.len()).max_by_key(|&at| contiguous(Axis::Kept(at)))?;
        let most = contiguous(Axis::Kept(lane));
        (most > (0, false) && Some(most) >= reduced && !self.is_small()).then_some(lane)
    }

    /// Whether all loops are so short that everything stays in registers.
    fn is_small(&self) -> bool {
        const SMALL: i64 = 8;
        self.kept.iter().chain(&self.reduced).all(|extent| extent.as_int().is_some_and(|n| n <= SMALL))
    }
}

/// Adds the nodes of one accumulation.
struct Builder<'a, 'b, 'c> {
    around: &'a mut Surroundings<'b>,
    state: &'a mut State,
    call: &'a Call,
    what: &'a Accumulation<'c>,
}

/// The index of every axis in a scope.
struct Indices {
    kept: Vec<Expr>,
    reduced: Vec<Expr>,
}

impl Indices {
    fn of(&self, axis: Axis) -> Expr {
        match axis {
            Axis::Kept(at) => self.kept[at].clone(),
            Axis::Reduced(at) => self.reduced[at].clone(),
        }
    }
}

impl<'a, 'b, 'c> Builder<'a, 'b, 'c> {
    fn new(
        around: &'a mut Surroundings<'b>,
        state: &'a mut State,
        call: &'a Call,
        what: &'a Accumulation<'c>,
    ) -> Self {
        Builder { around, state, call, what }
    }

    /// `out[kept] = value(kept)`; returns the first and the last node.
    fn element_wise(&mut self) -> (NodeId, NodeId) {
        let (dims, kept) = self.dims("i", &self.what.kept);
        let indices = Indices { kept, reduced: Vec::new() };
        let tasklet = self.value_tasklet();
        if dims.is_empty() {
            self.read_inputs(&[], tasklet, &indices);
            self.write_output(&[], tasklet, &indices.kept);
            return (tasklet, tasklet);
        }
        let (entry, exit) = self.state.add_map(&self.call.label, dims, Schedule::Default);
        self.read_inputs(&[entry], tasklet, &indices);
        self.write_output(&[exit], tasklet, &indices.kept);
        self.finish(entry);
        (entry, exit)
    }

    /// One accumulator for each element of the result.
    fn rows(&mut self) -> (NodeId, NodeId) {
        let (outer_dims, kept) = self.dims("i", &self.what.kept);
        let (inner_dims, reduced) = self.dims("k", &self.what.reduced);
        let indices = Indices { kept, reduced };
        let outer = (!outer_dims.is_empty())
            .then(|| self.state.add_map(&self.call.label, outer_dims, Schedule::Default));
        let schedule = if outer.is_some() { Schedule::Sequential } else { Schedule::Default };
        let (inner, inner_exit) = self.state.add_map(&self.call.label, inner_dims, schedule);
        let (entries, exits) = nest(outer, (inner, inner_exit));

        let dtype = self.what.output.dtype;
        let sum = Call::local(self.around, "__sum", Scalar::transient(dtype).into());
        let start = self.constant_tasklet();
        let (before, after) = (self.access(&sum), self.access(&sum));
        self.state.connect((start, Some("out")), (before, None), Memlet::scalar(&sum));
        self.state.order(before, inner);
        let value = self.value_tasklet();
        self.read_inputs(&entries, value, &indices);
        let combined = Memlet::scalar(&sum).with_wcr(self.what.wcr);
        paths::write(self.state, (value, Some("out".into())), &[inner_exit], (after, None), combined);
        let store = self.store_tasklet();
        self.state.connect((after, None), (store, Some("value")), Memlet::scalar(&sum));
        self.read_finish(&entries[..entries.len() - 1], store, &indices);
        self.write_output(&exits[1..], store, &indices.kept);
        self.propagate(inner);
        match outer {
            Some((outer, exit)) => {
                self.state.order(outer, start);
                self.finish(outer);
                (outer, exit)
            }
            None => {
                self.finish(inner);
                (start, store)
            }
        }
    }

    /// One accumulator for each element of a block of the result along `lane`.
    fn lanes(&mut self, lane: usize, how: Lanes) -> (NodeId, NodeId) {
        let extent = self.what.kept[lane].clone();
        let dtype = self.what.output.dtype;
        let block = Expr::from(how.bytes / dtype.size());
        let single = self.call.facts.prove_le(&extent, &block) == Some(true) && extent.as_int().is_some();
        let (mut outer_dims, mut kept) = self.dims("i", &self.what.kept);
        outer_dims.remove(lane);
        let (width, length, first) = if single {
            (extent.clone(), extent.clone(), Expr::zero())
        } else {
            let at = self.around.names.fresh("block");
            let first = Expr::sym(&at);
            outer_dims.push((at, Range::strided(0, extent.clone(), block.clone())));
            (block.clone(), block.min(&(&extent - &first)), first)
        };
        let (mut reduced_dims, mut reduced) = self.dims("k", &self.what.reduced);
        if let Some(rows) = how.rows {
            let (first, end) = (&kept[0] * rows, &reduced_dims[0].1.stop);
            reduced_dims[0].1 = Range::new(0, Expr::int(rows).min(&(end - &first)));
            reduced[0] = &first + &reduced[0];
        }
        let lane_param = self.around.names.fresh("lane");
        let within = Expr::sym(&lane_param);
        kept[lane] = &first + &within;
        let indices = Indices { kept, reduced };

        let accumulator = Call::local(self.around, "__sums", Array::transient(dtype, [width]).into());
        let outer = (!outer_dims.is_empty())
            .then(|| self.state.add_map(&self.call.label, outer_dims, Schedule::Default));
        let lanes = |builder: &mut Self| {
            let dims = [(lane_param.clone(), Range::new(0, length.clone()))];
            builder.state.add_map(&builder.call.label, dims, Schedule::Sequential)
        };
        let element = Memlet::element(&accumulator, [within]);
        let (cleared, summed) = (self.access(&accumulator), self.access(&accumulator));

        let clear = lanes(self);
        let start = self.constant_tasklet();
        self.state.order(clear.0, start);
        paths::write(self.state, (start, Some("out".into())), &[clear.1], (cleared, None), element.clone());

        let (inner, inner_exit) = self.state.add_map(&self.call.label, reduced_dims, Schedule::Sequential);
        self.state.order(cleared, inner);
        let add = lanes(self);
        let value = self.value_tasklet();
        let entries: Vec<NodeId> = outer.iter().map(|it| it.0).chain([inner, add.0]).collect();
        self.read_inputs(&entries, value, &indices);
        let combined = element.clone().with_wcr(self.what.wcr);
        let exits = [add.1, inner_exit];
        paths::write(self.state, (value, Some("out".into())), &exits, (summed, None), combined);

        let finish = lanes(self);
        let store = self.store_tasklet();
        let into = (store, Some("value".into()));
        paths::read(self.state, (summed, None), &[finish.0], into, element);
        let entries: Vec<NodeId> = outer.iter().map(|it| it.0).chain([finish.0]).collect();
        self.read_finish(&entries, store, &indices);
        let exits: Vec<NodeId> = [finish.1].into_iter().chain(outer.iter().map(|it| it.1)).collect();
        self.write_output(&exits, store, &indices.kept);
        for scope in [clear.0, add.0, inner, finish.0] {
            self.propagate(scope);
        }
        match outer {
            Some((outer, exit)) => {
                self.state.order(outer, clear.0);
                self.finish(outer);
                (outer, exit)
            }
            None => {
                self.finish(inner);
                self.finish(finish.0);
                (clear.0, finish.1)
            }
        }
    }

    /// Fresh parameters over extents, and the indices that they are.
    fn dims(&mut self, prefix: &str, extents: &[Expr]) -> (Vec<(Name, Range)>, Vec<Expr>) {
        let dims: Vec<(Name, Range)> =
            extents.iter().map(|extent| (self.around.names.fresh(prefix), Range::full(extent))).collect();
        let indices = dims.iter().map(|(param, _)| Expr::sym(param)).collect();
        (dims, indices)
    }

    fn access(&mut self, data: &Name) -> NodeId {
        Call::access(self.around, self.state, data)
    }

    fn tasklet(&mut self, inputs: IndexMap<Name, Connector>, value: ScalarExpr) -> NodeId {
        let output = Connector::scalar(self.what.output.dtype);
        self.state.add_tasklet(Tasklet {
            label: self.call.label.clone(),
            inputs,
            outputs: [("out".into(), output)].into_iter().collect(),
            code: TaskletCode::Native(vec![Stmt::assign("out", value)]),
            span: self.call.span,
        })
    }

    fn value_tasklet(&mut self) -> NodeId {
        let inputs = self.what.inputs.iter();
        let connectors =
            inputs.map(|it| (it.connector.into(), Connector::scalar(it.operand.dtype))).collect();
        self.tasklet(connectors, self.what.value.clone())
    }

    fn constant_tasklet(&mut self) -> NodeId {
        self.tasklet(IndexMap::default(), self.what.identity.into())
    }

    /// What writes an element when everything is combined.
    fn store_tasklet(&mut self) -> NodeId {
        let connector = Connector::scalar(self.what.output.dtype);
        let mut connectors = IndexMap::from_iter([("value".into(), connector)]);
        let finish = self.what.finish.as_ref();
        for input in finish.iter().flat_map(|it| &it.inputs) {
            connectors.insert(input.connector.into(), Connector::scalar(input.operand.dtype));
        }
        self.tasklet(connectors, finish.map_or(ScalarExpr::name("value"), |it| it.value.clone()))
    }

    fn read_finish(&mut self, entries: &[NodeId], tasklet: NodeId, indices: &Indices) {
        for input in self.what.finish.iter().flat_map(|it| &it.inputs) {
            self.read_input(input, entries, tasklet, indices);
        }
    }

    fn read_input(&mut self, input: &Input<'_>, entries: &[NodeId], tasklet: NodeId, indices: &Indices) {
        let at = Subset::element(input.axes.iter().map(|axis| indices.of(*axis)));
        let into = (tasklet, Some(input.connector.into()));
        paths::read(self.state, input.operand.end.clone(), entries, into, input.operand.at(&at));
    }

    fn read_inputs(&mut self, entries: &[NodeId], tasklet: NodeId, indices: &Indices) {
        for input in &self.what.inputs {
            self.read_input(input, entries, tasklet, indices);
        }
        if let Some(&inner) = entries.last()
            && self.state.in_degree(tasklet) == 0
        {
            self.state.order(inner, tasklet);
        }
    }

    fn write_output(&mut self, exits: &[NodeId], tasklet: NodeId, kept: &[Expr]) {
        let output = self.what.output;
        let mut memlet = output.at(&Subset::element(kept.iter().cloned()));
        if self.what.accumulate {
            memlet.wcr = Some(self.what.wcr);
        }
        paths::write(self.state, (tasklet, Some("out".into())), exits, output.end.clone(), memlet);
    }

    /// Recomputes the memlets outside of a scope.
    fn propagate(&mut self, entry: NodeId) {
        let facts = crate::surroundings::facts_inside(self.state, entry, &self.around.facts);
        propagate::scope(self.state, entry, &self.around.sdfg.containers, &facts);
    }

    /// Gives the outermost edges of a scope the operands' memlets: what the operation touches is known exactly. An edge that
    /// brings several parts of a container keeps what covers them all.
    fn finish(&mut self, entry: NodeId) {
        self.propagate(entry);
        let exit = paths::exit_of(self.state, entry);
        let finish = self.what.finish.iter().flat_map(|it| &it.inputs);
        let inputs: Vec<&Input<'_>> = self.what.inputs.iter().chain(finish).collect();
        for input in &inputs {
            let (end, memlet) = (&input.operand.end, &input.operand.memlet);
            let another = |other: &&Input<'_>| {
                let other = other.operand;
                other.end == *end && other.memlet.data == memlet.data && other.memlet.subset != memlet.subset
            };
            if inputs.iter().any(another) {
                continue;
            }
            for edge in edges_between(self.state, input.operand.end.0, entry) {
                let memlet = self.state.edge(edge).memlet.as_ref();
                if memlet.is_some_and(|it| it.data == input.operand.memlet.data && it.dynamic) {
                    self.state.edge_mut(edge).memlet = Some(input.operand.memlet.clone());
                }
            }
        }
        let output = self.what.output;
        for edge in edges_between(self.state, exit, output.end.0) {
            if let Some(memlet) = &mut self.state.edge_mut(edge).memlet
                && memlet.data == output.memlet.data
            {
                *memlet = Memlet { wcr: memlet.wcr, ..output.memlet.clone() };
            }
        }
    }
}

fn edges_between(state: &State, from: NodeId, to: NodeId) -> Vec<dacec_ir::EdgeId> {
    state.out_edges(from).into_iter().filter(|edge| edge.dst == to).map(|edge| edge.id).collect()
}

/// Entries from the outside in, exits from the inside out.
fn nest(outer: Option<(NodeId, NodeId)>, inner: (NodeId, NodeId)) -> (Vec<NodeId>, Vec<NodeId>) {
    let entries = outer.iter().map(|it| it.0).chain([inner.0]).collect();
    let exits = [inner.1].into_iter().chain(outer.iter().map(|it| it.1)).collect();
    (entries, exits)
}

/// What combining values of a type starts from; `None` where that is not known.
pub(crate) fn identity(wcr: Wcr, dtype: DType) -> Option<Constant> {
    Some(match wcr {
        Wcr::Sum | Wcr::LogicalOr | Wcr::BitOr | Wcr::BitXor => Constant::of_int(0, dtype),
        Wcr::Product | Wcr::LogicalAnd => Constant::of_int(1, dtype),
        Wcr::BitAnd => all_ones(dtype),
        Wcr::Min => largest(dtype),
        Wcr::Max => smallest(dtype),
        Wcr::Custom(_) => return None,
    })
}

fn all_ones(dtype: DType) -> Constant {
    match dtype {
        DType::Int8 | DType::Int16 | DType::Int32 | DType::Int64 => Constant::Int(-1, dtype),
        _ => largest(dtype),
    }
}

fn largest(dtype: DType) -> Constant {
    match dtype {
        DType::Bool => Constant::Bool(true),
        DType::Int8 => Constant::Int(i64::from(i8::MAX), dtype),
        DType::Int16 => Constant::Int(i64::from(i16::MAX), dtype),
        DType::Int32 => Constant::Int(i64::from(i32::MAX), dtype),
        DType::Int64 => Constant::Int(i64::MAX, dtype),
        DType::UInt8 => Constant::Int(i64::from(u8::MAX), dtype),
        DType::UInt16 => Constant::Int(i64::from(u16::MAX), dtype),
        DType::UInt32 => Constant::Int(i64::from(u32::MAX), dtype),
        DType::UInt64 => Constant::UInt(u64::MAX),
        DType::Float16 | DType::BFloat16 | DType::Float32 | DType::Float64 => {
            Constant::Float(f64::INFINITY, dtype)
        }
        DType::Complex64 | DType::Complex128 => Constant::Complex(f64::INFINITY, f64::INFINITY, dtype),
        // Not reduced: such types have no order.
        DType::Vector(_) | DType::Pointer(_) | DType::Opaque(_) => Constant::of_int(0, dtype),
    }
}

fn smallest(dtype: DType) -> Constant {
    match dtype {
        DType::Bool => Constant::Bool(false),
        DType::Int8 => Constant::Int(i64::from(i8::MIN), dtype),
        DType::Int16 => Constant::Int(i64::from(i16::MIN), dtype),
        DType::Int32 => Constant::Int(i64::from(i32::MIN), dtype),
        DType::Int64 => Constant::Int(i64::MIN, dtype),
        DType::UInt8 | DType::UInt16 | DType::UInt32 | DType::UInt64 => Constant::of_int(0, dtype),
        DType::Float16 | DType::BFloat16 | DType::Float32 | DType::Float64 => {
            Constant::Float(f64::NEG_INFINITY, dtype)
        }
        DType::Complex64 | DType::Complex128 => {
            Constant::Complex(f64::NEG_INFINITY, f64::NEG_INFINITY, dtype)
        }
        DType::Vector(_) | DType::Pointer(_) | DType::Opaque(_) => Constant::of_int(0, dtype),
    }
}
