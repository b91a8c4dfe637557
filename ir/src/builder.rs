//! A fluent way to build SDFGs in Rust.
//!
//! ```
//! use dacec_ir::builder::{SdfgBuilder, name};
//! use dacec_ir::{DType, Expr};
//!
//! // y = a * x + y
//! let n = Expr::sym("N");
//! let mut axpy = SdfgBuilder::new("axpy");
//! axpy.scalar("a", DType::Float64);
//! axpy.array("x", DType::Float64, [n.clone()]);
//! axpy.array("y", DType::Float64, [n.clone()]);
//! axpy.state("compute").map(
//!     "axpy",
//!     &[("i", "0:N")],
//!     &[("a", "a", ""), ("xi", "x", "i"), ("yi", "y", "i")],
//!     name("a") * name("xi") + name("yi"),
//!     ("y", "i"),
//! );
//! let sdfg = axpy.build();
//! assert_eq!(sdfg.free_symbols(), ["N"]);
//! ```
//!
//! Subsets are texts in Python's syntax (`"i, 1:N - 1"`); a text that is no subset is a bug of the program that
//! contains it, and panics with its place. For subsets that are computed use [`StateBuilder::map_with`].

mod kinds;

pub use kinds::MachineBuilder;

use crate::control_flow::{Conditional, LoopHeader};
use crate::library::LibraryOp;
use crate::node::LibraryNode;
use crate::{
    Array, BinaryOp, Block, Branch, Connector, DType, Data, Expr, Function, IndexMap, Loop, Memlet, Name,
    Node, NodeId, Range, Region, Scalar, ScalarExpr, Schedule, Sdfg, State, Stmt, Subset, Tasklet,
    TaskletCode, UnaryOp, Wcr,
};
use std::ops;
use std::sync::Arc;

/// Builds one SDFG: first containers, then blocks in order of execution.
#[derive(Debug)]
pub struct SdfgBuilder {
    sdfg: Sdfg,
    /// Regions that are being filled, innermost last; the outermost is the body.
    open: Vec<Region>,
}

/// An input of a tasklet: connector, container, subset.
pub type Input<'a> = (&'a str, &'a str, &'a str);

impl SdfgBuilder {
    /// Starts a function.
    pub fn new(name: impl Into<Name>) -> Self {
        SdfgBuilder { sdfg: Sdfg::new(name), open: vec![Region::default()] }
    }

    /// Adds an array argument.
    pub fn array(&mut self, name: &str, dtype: DType, shape: impl Into<Vec<Expr>>) -> &mut Self {
        self.argument(name, Array::new(dtype, shape).into())
    }

    /// Adds a scalar argument, passed by value.
    pub fn scalar(&mut self, name: &str, dtype: DType) -> &mut Self {
        self.argument(name, Scalar::new(dtype).into())
    }

    /// Adds an array that is internal to the function.
    pub fn transient(&mut self, name: &str, dtype: DType, shape: impl Into<Vec<Expr>>) -> &mut Self {
        self.container(name, Array::transient(dtype, shape).into())
    }

    /// Adds a scalar that is internal to the function.
    pub fn local(&mut self, name: &str, dtype: DType) -> &mut Self {
        self.container(name, Scalar::transient(dtype).into())
    }

    /// Adds an array that is returned to the caller.
    pub fn returns(&mut self, name: &str, dtype: DType, shape: impl Into<Vec<Expr>>) -> &mut Self {
        self.sdfg.returns.push(name.into());
        self.container(name, Array::new(dtype, shape).into())
    }

    /// Adds a container as an argument.
    pub fn argument(&mut self, name: &str, data: Data) -> &mut Self {
        self.sdfg.arguments.push(name.into());
        self.container(name, data)
    }

    fn container(&mut self, name: &str, data: Data) -> &mut Self {
        for symbol in data.symbols() {
            self.sdfg.symbols.entry(symbol).or_insert(DType::Int64);
        }
        self.sdfg.containers.insert(name.into(), data);
        self
    }

    /// Adds an empty state after the blocks so far.
    pub fn state(&mut self, label: &str) -> StateBuilder<'_> {
        self.push(Block::State(State::new(label)));
        let region = self.open.last_mut().expect("the body is always open");
        let Some(Block::State(state)) = region.blocks.last_mut() else { unreachable!("it was just pushed") };
        StateBuilder { containers: &self.sdfg.containers, state }
    }

    /// Adds `for variable in range(start, stop)`; `body` fills it.
    pub fn for_loop(
        &mut self,
        variable: &str,
        start: impl Into<Expr>,
        stop: impl Into<Expr>,
        body: impl FnOnce(&mut Self),
    ) -> &mut Self {
        self.strided_loop(variable, (start.into(), stop.into(), Expr::one()), body)
    }

    /// Adds `for variable in range(start, stop, step)`; `body` fills it.
    pub fn strided_loop(
        &mut self,
        variable: &str,
        bounds: (Expr, Expr, Expr),
        body: impl FnOnce(&mut Self),
    ) -> &mut Self {
        let region = self.nested(body);
        self.push(Block::Loop(Box::new(Loop::counted(format!("for_{variable}"), variable, bounds, region))))
    }

    /// Adds `while condition`; `body` fills it.
    pub fn while_loop(
        &mut self,
        condition: impl Into<ScalarExpr>,
        body: impl FnOnce(&mut Self),
    ) -> &mut Self {
        let header = LoopHeader::While { condition: condition.into() };
        let region = self.nested(body);
        self.push(Block::Loop(Box::new(Loop {
            label: "while".into(),
            header,
            body: region,
            span: Default::default(),
        })))
    }

    /// Adds `if condition … else …`; the two functions fill the branches.
    pub fn conditional(
        &mut self,
        condition: impl Into<ScalarExpr>,
        then: impl FnOnce(&mut Self),
        otherwise: impl FnOnce(&mut Self),
    ) -> &mut Self {
        let then = Branch { condition: Some(condition.into()), body: self.nested(then) };
        let otherwise = Branch { condition: None, body: self.nested(otherwise) };
        self.push(Block::Conditional(Conditional {
            branches: vec![then, otherwise],
            span: Default::default(),
        }))
    }

    /// Adds a block.
    pub fn push(&mut self, block: Block) -> &mut Self {
        self.open.last_mut().expect("the body is always open").blocks.push(block);
        self
    }

    fn nested(&mut self, fill: impl FnOnce(&mut Self)) -> Region {
        self.open.push(Region::default());
        fill(self);
        self.open.pop().expect("the region that was just opened")
    }

    /// The finished function.
    pub fn build(mut self) -> Sdfg {
        self.sdfg.body = self.open.pop().expect("the body is always open");
        for symbol in self.sdfg.free_symbols() {
            self.sdfg.symbols.entry(symbol).or_insert(DType::Int64);
        }
        self.sdfg
    }
}

/// Fills one state.
#[derive(Debug)]
pub struct StateBuilder<'a> {
    containers: &'a IndexMap<Name, Data>,
    /// The state itself, for what the builder has no word for.
    pub state: &'a mut State,
}

impl StateBuilder<'_> {
    /// Adds a map whose tasklet computes one element of `output` (container, subset) from `inputs`.
    pub fn map(
        &mut self,
        label: &str,
        dims: &[(&str, &str)],
        inputs: &[Input<'_>],
        value: impl Into<ScalarExpr>,
        (output, subset): (&str, &str),
    ) -> NodeId {
        self.map_with(
            label,
            parse_dims(dims),
            &parse_inputs(inputs),
            value.into(),
            Memlet::new(output, parse_subset(subset)),
        )
    }

    /// As [`map`](StateBuilder::map), combining the value with what `output` holds.
    pub fn reduction(
        &mut self,
        label: &str,
        dims: &[(&str, &str)],
        inputs: &[Input<'_>],
        value: impl Into<ScalarExpr>,
        (output, subset): (&str, &str),
        wcr: Wcr,
    ) -> NodeId {
        let written = Memlet::new(output, parse_subset(subset)).with_wcr(wcr);
        self.map_with(label, parse_dims(dims), &parse_inputs(inputs), value.into(), written)
    }

    /// Adds a map whose tasklet computes what `output` says from the given connectors' memlets; returns the entry.
    /// Containers are read from new access nodes; the result is written to a new one.
    pub fn map_with(
        &mut self,
        label: &str,
        dims: Vec<(Name, Range)>,
        inputs: &[(Name, Memlet)],
        value: ScalarExpr,
        output: Memlet,
    ) -> NodeId {
        let (entry, exit) = self.state.add_map(label, dims, Schedule::Default);
        let tasklet = self.add_tasklet(label, inputs, value, &output);
        let mut sources: IndexMap<Name, NodeId> = IndexMap::default();
        for (connector, memlet) in inputs {
            let data = &memlet.data;
            if !sources.contains_key(data) {
                let access = self.state.add_access(data);
                self.state.connect((access, None), (entry, Some(&format!("IN_{data}"))), self.whole(data));
                sources.insert(data.clone(), access);
            }
            self.state.connect(
                (entry, Some(&format!("OUT_{data}"))),
                (tasklet, Some(connector)),
                memlet.clone(),
            );
        }
        if inputs.is_empty() {
            self.state.order(entry, tasklet);
        }
        let written = self.state.add_access(&output.data);
        let outside = Memlet { wcr: output.wcr, ..self.whole(&output.data) };
        self.state.connect((exit, Some(&format!("OUT_{}", output.data))), (written, None), outside);
        self.state.connect((tasklet, Some("out")), (exit, Some(&format!("IN_{}", output.data))), output);
        entry
    }

    /// Adds a tasklet outside of any map that computes one element of `output`.
    pub fn tasklet(
        &mut self,
        label: &str,
        inputs: &[Input<'_>],
        value: impl Into<ScalarExpr>,
        (output, subset): (&str, &str),
    ) -> NodeId {
        let inputs = parse_inputs(inputs);
        let written = Memlet::new(output, parse_subset(subset));
        let tasklet = self.add_tasklet(label, &inputs, value.into(), &written);
        for (connector, memlet) in &inputs {
            let access = self.state.add_access(&memlet.data);
            self.state.connect((access, None), (tasklet, Some(connector)), memlet.clone());
        }
        let access = self.state.add_access(output);
        self.state.connect((tasklet, Some("out")), (access, None), written);
        tasklet
    }

    /// Adds a library node; each operand is the name of a connector of the operation, a container and a subset.
    ///
    /// # Panics
    /// If a subset cannot be read.
    pub fn library(&mut self, label: &str, op: impl LibraryOp + 'static, operands: &[Input<'_>]) -> NodeId {
        let names = op.outputs();
        let is_output = |operand: &Input<'_>| names.iter().any(|name| name == operand.0);
        let (outputs, inputs): (Vec<_>, Vec<_>) = operands.iter().copied().partition(is_output);
        self.library_with(label, op, &inputs, &outputs)
    }

    /// As [`library`](StateBuilder::library), for operations with an input and an output of one name.
    ///
    /// # Panics
    /// If a subset cannot be read.
    pub fn library_with(
        &mut self,
        label: &str,
        op: impl LibraryOp + 'static,
        inputs: &[Input<'_>],
        outputs: &[Input<'_>],
    ) -> NodeId {
        let (label, op, span) = (label.into(), Arc::new(op), self.state.span);
        let node = self.state.add_node(Node::Library(LibraryNode { label, op, implementation: None, span }));
        for (connector, memlet) in parse_inputs(inputs) {
            let access = self.state.add_access(&memlet.data);
            self.state.connect((access, None), (node, Some(&connector)), memlet);
        }
        for (connector, memlet) in parse_inputs(outputs) {
            let access = self.state.add_access(&memlet.data);
            self.state.connect((node, Some(&connector)), (access, None), memlet);
        }
        node
    }

    /// Adds a copy of `subset` of one container to `to_subset` of another.
    pub fn copy(&mut self, (from, subset): (&str, &str), (to, to_subset): (&str, &str)) {
        let memlet = Memlet::new(from, parse_subset(subset)).to(parse_subset(to_subset));
        let (src, dst) = (self.state.add_access(from), self.state.add_access(to));
        self.state.connect((src, None), (dst, None), memlet);
    }

    fn add_tasklet(
        &mut self,
        label: &str,
        inputs: &[(Name, Memlet)],
        value: ScalarExpr,
        output: &Memlet,
    ) -> NodeId {
        let connector = |memlet: &Memlet| {
            let rank = memlet.subset.squeezed_shape().len();
            Connector { dtype: self.dtype(&memlet.data), rank }
        };
        let tasklet = Tasklet {
            label: label.into(),
            inputs: inputs.iter().map(|(name, memlet)| (name.clone(), connector(memlet))).collect(),
            outputs: [("out".into(), Connector::scalar(self.dtype(&output.data)))].into_iter().collect(),
            code: TaskletCode::Native(vec![Stmt::assign("out", value)]),
            span: self.state.span,
        };
        self.state.add_node(Node::Tasklet(tasklet))
    }

    fn dtype(&self, data: &Name) -> DType {
        match self.containers.get(data) {
            Some(data) => data.dtype(),
            None => panic!("the SDFG has no container `{data}`: add it before the states that use it"),
        }
    }

    fn whole(&self, data: &Name) -> Memlet {
        Memlet::new(
            data,
            self.containers.get(data).map(|data| Subset::full(data.shape())).unwrap_or_default(),
        )
    }
}

fn parse_dims(dims: &[(&str, &str)]) -> Vec<(Name, Range)> {
    dims.iter().map(|(param, range)| ((*param).into(), parse_range(range))).collect()
}

fn parse_inputs(inputs: &[Input<'_>]) -> Vec<(Name, Memlet)> {
    inputs
        .iter()
        .map(|(conn, data, subset)| ((*conn).into(), Memlet::new(*data, parse_subset(subset))))
        .collect()
}

fn parse_subset(text: &str) -> Subset {
    Subset::parse(text).unwrap_or_else(|error| panic!("`{text}` is no subset: {error}"))
}

fn parse_range(text: &str) -> Range {
    Range::parse(text).unwrap_or_else(|error| panic!("`{text}` is no range: {error}"))
}

/// A scalar expression on its way: arithmetic with operators. See [`name`] and [`value`].
#[derive(Clone, Debug, PartialEq)]
pub struct Code(pub ScalarExpr);

/// The value of a connector, or of a scalar container in a condition.
pub fn name(name: &str) -> Code {
    Code(ScalarExpr::name(name))
}

/// A literal `float64`.
pub fn value(value: f64) -> Code {
    Code(ScalarExpr::float(value))
}

impl Code {
    /// A function of this value.
    pub fn call(self, function: Function) -> Code {
        Code(ScalarExpr::call(function, self.0))
    }

    /// An operation on this value and another.
    pub fn op(self, op: BinaryOp, other: Code) -> Code {
        Code(ScalarExpr::binary(op, self.0, other.0))
    }
}

impl From<Code> for ScalarExpr {
    fn from(code: Code) -> Self {
        code.0
    }
}

macro_rules! operator {
    ($trait:ident, $method:ident, $op:ident) => {
        impl ops::$trait for Code {
            type Output = Code;

            fn $method(self, other: Code) -> Code {
                self.op(BinaryOp::$op, other)
            }
        }
    };
}

operator!(Add, add, Add);
operator!(Sub, sub, Sub);
operator!(Mul, mul, Mul);
operator!(Div, div, Div);

impl ops::Neg for Code {
    type Output = Code;

    fn neg(self) -> Code {
        Code(ScalarExpr::unary(UnaryOp::Neg, self.0))
    }
}
