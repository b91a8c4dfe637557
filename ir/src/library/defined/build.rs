//! What definitions are built with.

use crate::builder::SdfgBuilder;
use crate::interp::{Arguments, identity};
use crate::{
    Array, Assignment, BinaryOp, Block, Connector, Constant, DType, Data, Expr, IndexMap, Memlet, Name,
    NestedSdfg, Node, Range, Scalar, ScalarExpr, Schedule, Sdfg, Stmt, Subset, Tasklet, TaskletCode, Wcr,
};

/// An operand as a definition sees it.
#[derive(Clone, Debug)]
pub struct OperandType {
    /// Type of the elements.
    pub dtype: DType,
    /// Extents.
    pub shape: Vec<Expr>,
    /// Distances of neighbours, in elements.
    pub strides: Vec<Expr>,
}

/// The operands of an operation, by connector.
#[derive(Clone, Debug, Default)]
pub struct Operands(IndexMap<Name, OperandType>);

impl OperandType {
    /// The operand that a memlet of a container is, with as many dimensions as it has without single indices, or with
    /// `rank` dimensions: see [`Subset::operand_dims`]. Where there are not so many, dimensions of one element follow.
    pub fn of(data: &Data, memlet: &Memlet, rank: Option<usize>) -> Self {
        let (ranges, distances) = (&memlet.subset.dims, data.strides());
        let shape = memlet.subset.operand_shape(rank);
        let dims = memlet.subset.operand_dims(rank).into_iter();
        let mut strides: Vec<Expr> = dims.map(|at| &distances[at] * &ranges[at].step).collect();
        strides.resize(shape.len(), Expr::one());
        OperandType { dtype: data.dtype(), shape, strides }
    }

    /// Number of elements.
    pub fn elements(&self) -> Expr {
        self.shape.iter().product()
    }
}

impl FromIterator<(Name, OperandType)> for Operands {
    fn from_iter<T: IntoIterator<Item = (Name, OperandType)>>(operands: T) -> Self {
        Operands(operands.into_iter().collect())
    }
}

impl Operands {
    /// Dense tensors.
    pub(in crate::library) fn of(tensors: &Arguments) -> Self {
        let dense = |(name, tensor): (&Name, &crate::interp::Tensor)| {
            let shape: Vec<Expr> = tensor.shape().iter().map(|&extent| Expr::from(extent)).collect();
            let array = Array::new(tensor.dtype(), shape.clone());
            (name.clone(), OperandType { dtype: tensor.dtype(), shape, strides: array.strides })
        };
        tensors.iter().map(dense).collect()
    }

    /// All of them.
    pub fn iter(&self) -> impl Iterator<Item = (&Name, &OperandType)> {
        self.0.iter()
    }

    /// The operand at a connector of the operation.
    ///
    /// # Panics
    /// If the operation has no such connector.
    pub fn at(&self, connector: &str) -> &OperandType {
        &self.0[connector]
    }

    /// The operand at a connector, if there is one.
    pub fn get(&self, connector: &str) -> Option<&OperandType> {
        self.0.get(connector)
    }

    /// Number of elements at a connector; none where there is nothing.
    pub fn elements(&self, connector: &str) -> Expr {
        self.get(connector).map_or(Expr::zero(), OperandType::elements)
    }

    /// The type that all of these have; the error says that they have different ones.
    pub(in crate::library) fn common(&self, connectors: &[&str]) -> Result<DType, String> {
        let dtype = self.at(connectors[0]).dtype;
        match connectors.iter().find(|it| self.at(it).dtype != dtype) {
            None => Ok(dtype),
            Some(other) => {
                Err(format!("`{other}` has elements of {} and not of {dtype}", self.at(other).dtype))
            }
        }
    }

    /// An error if two extents are known to differ.
    pub(in crate::library) fn same(a: &Expr, b: &Expr) -> Result<(), String> {
        match (a - b).as_int() {
            None | Some(0) => Ok(()),
            Some(_) => Err(format!("the extents {a} and {b} do not fit")),
        }
    }

    /// A graph with a container for each operand.
    pub(in crate::library) fn graph(&self, name: &str) -> Definition {
        let mut builder = SdfgBuilder::new(name);
        for (connector, operand) in &self.0 {
            let data: Data = match operand.shape.is_empty() {
                true => Scalar::new(operand.dtype).into(),
                false => {
                    let strides = operand.strides.clone();
                    Array { strides, ..Array::new(operand.dtype, operand.shape.clone()) }.into()
                }
            };
            builder.argument(connector, data);
        }
        let types = self.0.iter().map(|(name, it)| (name.clone(), it.dtype)).collect();
        Definition { builder, types, assigned: Vec::new() }
    }

    /// The graph that does for each row of the operands, along their last dimension, what `one` defines for vectors.
    pub(in crate::library) fn by_row(
        &self,
        name: &str,
        one: &dyn Fn(&Operands) -> Result<Sdfg, String>,
    ) -> Result<Sdfg, String> {
        let lengths: Vec<usize> = self.0.values().map(|it| it.shape.len()).collect();
        if lengths.iter().all(|rank| *rank == 1) {
            return one(self);
        }
        let outer = self.0.values().map(|it| &it.shape[..it.shape.len() - 1]).max_by_key(|it| it.len());
        let outer = outer.unwrap_or_default().to_vec();
        let last = |it: &OperandType| OperandType {
            dtype: it.dtype,
            shape: it.shape[it.shape.len() - 1..].to_vec(),
            strides: it.strides[it.strides.len() - 1..].to_vec(),
        };
        let rows: Operands = self.0.iter().map(|(name, it)| (name.clone(), last(it))).collect();
        let mut graph = self.graph(name);
        graph.rows(&outer, self, one(&rows)?);
        Ok(graph.build())
    }
}

/// Elements that a map reads: the name in its code, the container, the indices.
pub(in crate::library) type Read<'a> = (&'a str, &'a str, Vec<Expr>);

/// A graph on its way.
#[derive(Debug)]
pub(in crate::library) struct Definition {
    pub(in crate::library) builder: SdfgBuilder,
    types: IndexMap<Name, DType>,
    /// Symbols that get their values inside.
    assigned: Vec<Name>,
}

impl Definition {
    pub(in crate::library) fn build(self) -> Sdfg {
        let mut sdfg = self.builder.build();
        sdfg.symbols.extend(self.assigned.into_iter().map(|symbol| (symbol, DType::Int64)));
        sdfg
    }

    /// Adds an array of the graph's own.
    pub(in crate::library) fn transient(&mut self, name: &str, dtype: DType, shape: &[Expr]) {
        self.types.insert(name.into(), dtype);
        self.builder.transient(name, dtype, shape);
    }

    /// Adds a state with a map whose iterations compute one element.
    pub(in crate::library) fn map(
        &mut self,
        label: &str,
        extents: &[Expr],
        reads: &[Read<'_>],
        value: ScalarExpr,
        (output, at): (&str, Vec<Expr>),
    ) {
        self.ranges(label, full(extents), reads, value, Memlet::element(output, at));
    }

    /// As [`map`](Self::map), combining the value with what is there.
    pub(in crate::library) fn reduce(
        &mut self,
        label: &str,
        extents: &[Expr],
        reads: &[Read<'_>],
        value: ScalarExpr,
        (output, at): (&str, Vec<Expr>),
        wcr: Wcr,
    ) {
        self.ranges(label, full(extents), reads, value, Memlet::element(output, at).with_wcr(wcr));
    }

    /// Adds a state with a map over ranges.
    pub(in crate::library) fn ranges(
        &mut self,
        label: &str,
        mut dims: Vec<(Name, Range)>,
        reads: &[Read<'_>],
        value: ScalarExpr,
        output: Memlet,
    ) {
        if dims.is_empty() {
            dims.push(("__once".into(), Range::new(0, 1)));
        }
        let reads: Vec<(Name, Memlet)> = reads
            .iter()
            .map(|(conn, data, at)| ((*conn).into(), Memlet::element(*data, at.clone())))
            .collect();
        self.builder.state(label).map_with(label, dims, &reads, value, output);
    }

    /// A map over rows of the operands that calls a graph for vectors.
    fn rows(&mut self, outer: &[Expr], operands: &Operands, one: Sdfg) {
        let mut sdfg = one;
        let symbols = sdfg.free_symbols();
        sdfg.symbols.extend(symbols.iter().map(|symbol| (symbol.clone(), DType::Int64)));
        let symbols = symbols.into_iter().map(|symbol| (symbol.clone(), Expr::sym(&symbol))).collect();
        let read = |name: &Name| *name != "_out";
        let names: Vec<Name> = operands.iter().map(|(name, _)| name.clone()).collect();
        let (inputs, outputs): (Vec<Name>, Vec<Name>) = names.into_iter().partition(read);
        let dims = rows_of(outer);
        let at: Vec<Expr> = dims.iter().map(|(name, _)| Expr::sym(name)).collect();
        let part = |name: &Name| {
            let shape = &operands.at(name).shape;
            let own = shape.len() - 1;
            let indices = at[at.len() - own..].iter().cloned().map(Range::index);
            let row = indices.chain([Range::full(&shape[own])]).collect::<Vec<_>>();
            Memlet::new(name, Subset::new(row))
        };
        let whole = |name: &Name| Memlet::new(name, Subset::full(&operands.at(name).shape));
        let state = self.builder.state("rows").state;
        let (entry, exit) = state.add_map("rows", dims, Schedule::Default);
        let nested = NestedSdfg {
            sdfg,
            inputs: inputs.clone(),
            outputs: outputs.clone(),
            symbols,
            span: Default::default(),
        };
        let node = state.add_node(Node::Nested(Box::new(nested)));
        for name in &inputs {
            let access = state.add_access(name);
            state.connect((access, None), (entry, Some(&format!("IN_{name}"))), whole(name));
            state.connect((entry, Some(&format!("OUT_{name}"))), (node, Some(name)), part(name));
        }
        if inputs.is_empty() {
            state.order(entry, node);
        }
        for name in &outputs {
            let access = state.add_access(name);
            state.connect((node, Some(name)), (exit, Some(&format!("IN_{name}"))), part(name));
            state.connect((exit, Some(&format!("OUT_{name}"))), (access, None), whole(name));
        }
    }

    /// Gives a symbol the value of an integer.
    pub(in crate::library) fn assign(&mut self, symbol: &str, value: ScalarExpr) {
        self.assigned.push(symbol.into());
        self.builder.push(Block::Assign(vec![Assignment { symbol: symbol.into(), value }]));
    }

    /// A loop from one number to another.
    pub(in crate::library) fn repeat(
        &mut self,
        variable: &str,
        (start, stop): (Expr, Expr),
        body: impl FnOnce(&mut Self),
    ) {
        let mut builder = std::mem::replace(&mut self.builder, SdfgBuilder::new("body"));
        builder.for_loop(variable, start, stop, |inside| {
            std::mem::swap(inside, &mut self.builder);
            body(self);
            std::mem::swap(inside, &mut self.builder);
        });
        self.builder = builder;
    }

    /// Adds a state with a tasklet that computes one element.
    pub(in crate::library) fn element(
        &mut self,
        label: &str,
        reads: &[Read<'_>],
        value: ScalarExpr,
        (output, at): (&str, Vec<Expr>),
    ) {
        let written = Memlet::element(output, at);
        let state = self.builder.state(label).state;
        let types = &self.types;
        let connector = |name: &Name| Connector::scalar(types[name]);
        let inputs = reads.iter().map(|(conn, data, _)| ((*conn).into(), connector(&(*data).into())));
        let tasklet = state.add_tasklet(Tasklet {
            label: label.into(),
            inputs: inputs.collect(),
            outputs: [("out".into(), connector(&written.data))].into_iter().collect(),
            code: TaskletCode::Native(vec![Stmt::assign("out", value)]),
            span: Default::default(),
        });
        for (conn, data, at) in reads {
            let access = state.add_access(*data);
            state.connect((access, None), (tasklet, Some(conn)), Memlet::element(*data, at.clone()));
        }
        let access = state.add_access(output);
        state.connect((tasklet, Some("out")), (access, None), written);
    }
}

/// The parameter of a map's dimension.
pub(in crate::library) fn at(dim: usize) -> Expr {
    Expr::sym(format!("__d{dim}"))
}

/// The parameters of all dimensions.
pub(in crate::library) fn all(rank: usize) -> Vec<Expr> {
    (0..rank).map(at).collect()
}

fn full(extents: &[Expr]) -> Vec<(Name, Range)> {
    let name = |dim: usize| Name::from(format!("__d{dim}"));
    extents.iter().enumerate().map(|(dim, extent)| (name(dim), Range::full(extent))).collect()
}

/// Parameters of a map around a graph, which has its own.
fn rows_of(extents: &[Expr]) -> Vec<(Name, Range)> {
    let name = |dim: usize| Name::from(format!("__r{dim}"));
    extents.iter().enumerate().map(|(dim, extent)| (name(dim), Range::full(extent))).collect()
}

/// A value by its name.
pub(in crate::library) fn name(name: &str) -> ScalarExpr {
    ScalarExpr::name(name)
}

/// An operation on two values.
pub(in crate::library) fn binary(op: BinaryOp, a: ScalarExpr, b: ScalarExpr) -> ScalarExpr {
    ScalarExpr::binary(op, a, b)
}

/// An integer as a number of a type.
pub(in crate::library) fn number(value: i64, dtype: DType) -> ScalarExpr {
    Constant::of_int(value, dtype).into()
}

/// What combining starts from.
pub(in crate::library) fn start(wcr: Wcr, dtype: DType) -> Result<ScalarExpr, String> {
    match identity(wcr, dtype) {
        Some(value) => Ok(value.to_constant().into()),
        None => Err(format!("combining by {wcr} starts from nothing for {dtype}")),
    }
}

/// Two values combined.
pub(in crate::library) fn combined(wcr: Wcr, a: ScalarExpr, b: ScalarExpr) -> Result<ScalarExpr, String> {
    let op = match wcr {
        Wcr::Sum => BinaryOp::Add,
        Wcr::Product => BinaryOp::Mul,
        Wcr::Min => BinaryOp::Min,
        Wcr::Max => BinaryOp::Max,
        other => return Err(format!("values are not combined by {other} here")),
    };
    Ok(binary(op, a, b))
}

/// Whether `a` comes before `b` in a sort: NaN comes last.
pub(in crate::library) fn less(a: &str, b: &str, dtype: DType) -> ScalarExpr {
    let smaller = binary(BinaryOp::Lt, name(a), name(b));
    if !dtype.is_float() {
        return smaller;
    }
    let number = binary(BinaryOp::Eq, name(a), name(a));
    let none = binary(BinaryOp::Ne, name(b), name(b));
    binary(BinaryOp::Or, smaller, binary(BinaryOp::And, number, none))
}
