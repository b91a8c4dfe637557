//! A library node as an expansion sees it: its operands with types, shapes and strides.

use super::accumulate;
use crate::Refusal;
use crate::map::paths::{self, End};
use crate::surroundings::{Surroundings, facts_inside};
use dacec_ir::library::defined::OperandType;
use dacec_ir::library::{Cost, LibraryOp};
use dacec_ir::node::{CallArgument, ExternalCall};
use dacec_ir::symbolic::Facts;
use dacec_ir::{
    Array, Connector, DType, Data, Expr, IndexMap, Memlet, Name, Node, NodeId, Range, Scalar, Schedule, Span,
    State, Subset, Tasklet, TaskletCode, propagate,
};
use std::sync::Arc;

/// The data at one connector of a library node.
#[derive(Clone, Debug)]
pub struct Operand {
    /// Where the data comes from or goes to.
    pub end: End,
    /// Which elements.
    pub memlet: Memlet,
    /// Type of the elements.
    pub dtype: DType,
    /// Extents of the subset's dimensions that are not single indices, or of as many as the operation wants there.
    pub shape: Vec<Expr>,
    /// Distances of neighbours along those dimensions, in elements.
    pub strides: Vec<Expr>,
    /// The dimension of the subset that each of them is; `None` for a dimension that only the operation has.
    dims: Vec<Option<usize>>,
}

impl Operand {
    /// The data of a memlet, with as many dimensions as it has without single indices, or with `rank` dimensions: see
    /// [`Subset::operand_dims`]. Where there are not so many, dimensions of one element follow.
    pub(super) fn new(around: &Surroundings<'_>, end: End, memlet: &Memlet, rank: Option<usize>) -> Self {
        let OperandType { dtype, shape, strides } =
            OperandType::of(around.container(&memlet.data), memlet, rank);
        let mut dims: Vec<Option<usize>> = memlet.subset.operand_dims(rank).into_iter().map(Some).collect();
        dims.resize(shape.len(), None);
        Operand { end, memlet: memlet.clone(), dtype, shape, strides, dims }
    }

    /// Number of dimensions.
    pub fn rank(&self) -> usize {
        self.shape.len()
    }

    /// The elements at the positions `inner` of the operand.
    ///
    /// # Panics
    /// If `inner` has not as many dimensions as the operand.
    pub fn at(&self, inner: &Subset) -> Memlet {
        assert_eq!(inner.rank(), self.rank(), "a position has one index for each dimension of the operand");
        let mut subset = self.memlet.subset.clone();
        for (dim, position) in self.dims.iter().zip(&inner.dims) {
            if let Some(at) = dim {
                subset.dims[*at] = subset.dims[*at].compose(position);
            }
        }
        Memlet { subset, other_subset: None, ..self.memlet.clone() }
    }

    /// The operand with its dimensions in another order.
    pub(super) fn permuted(&self, order: &[usize]) -> Operand {
        Operand {
            shape: order.iter().map(|&at| self.shape[at].clone()).collect(),
            strides: order.iter().map(|&at| self.strides[at].clone()).collect(),
            dims: order.iter().map(|&at| self.dims[at]).collect(),
            ..self.clone()
        }
    }

    /// Whether it is the same elements as another, whatever the containers are.
    fn is(&self, other: &Operand) -> bool {
        self.memlet.data == other.memlet.data && self.memlet.subset == other.memlet.subset
    }
}

/// A library node and its surroundings.
#[derive(Clone, Debug)]
pub struct Call {
    /// The node.
    pub node: NodeId,
    /// What people call it.
    pub label: Name,
    /// What is computed.
    pub op: Arc<dyn LibraryOp>,
    /// Operands that are read, by connector.
    pub inputs: IndexMap<Name, Operand>,
    /// Operands that are written, by connector.
    pub outputs: IndexMap<Name, Operand>,
    /// Nodes that must come before, without passing data.
    pub before: Vec<NodeId>,
    /// Nodes that must come after, without receiving data.
    pub after: Vec<NodeId>,
    /// What holds of symbols at the node.
    pub facts: Facts,
    /// The map scope that the node is in.
    pub scope: Option<NodeId>,
    /// Where the operation was written.
    pub span: Span,
    /// The library that computes it, if that is another one than what the program uses.
    pub library: Option<&'static str>,
}

impl Call {
    /// The call that a library node is.
    pub fn of(around: &Surroundings<'_>, state: &State, site: NodeId) -> Result<Call, Refusal> {
        let Node::Library(node) = state.node(site) else {
            return Err(Refusal::NoMatch("not a library node"));
        };
        let mut call = Call {
            node: site,
            label: node.label.clone(),
            op: node.op.clone(),
            inputs: IndexMap::default(),
            outputs: IndexMap::default(),
            before: Vec::new(),
            after: Vec::new(),
            facts: facts_inside(state, site, &around.facts),
            scope: state.scope_of(site),
            span: node.span,
            library: None,
        };
        for edge in state.in_edges(site) {
            match (edge.dst_conn(), edge.memlet()) {
                (Some(conn), Some(memlet)) => {
                    let operand = Operand::new(
                        around,
                        (edge.src, edge.src_conn().cloned()),
                        memlet,
                        call.op.operand_rank(conn),
                    );
                    call.inputs.insert(conn.clone(), operand);
                }
                _ => call.before.push(edge.src),
            }
        }
        for edge in state.out_edges(site) {
            match (edge.src_conn(), edge.memlet()) {
                (Some(conn), Some(memlet)) => {
                    let operand = Operand::new(
                        around,
                        (edge.dst, edge.dst_conn().cloned()),
                        memlet,
                        call.op.operand_rank(conn),
                    );
                    if call.outputs.insert(conn.clone(), operand).is_some() {
                        return Err(Refusal::node(site, format!("writes `{conn}` along several edges")));
                    }
                }
                _ => call.after.push(edge.dst),
            }
        }
        for conn in call.op.inputs() {
            if !call.inputs.contains_key(&conn) {
                return Err(Refusal::node(site, format!("has no data at `{conn}`")));
            }
        }
        for conn in call.op.outputs() {
            if !call.outputs.contains_key(&conn) {
                return Err(Refusal::node(site, format!("has no destination at `{conn}`")));
            }
        }
        Ok(call)
    }

    /// The operand that is read at a connector of the operation.
    ///
    /// # Panics
    /// If the operation has no such connector; [`Call::of`] has checked those that it has.
    pub fn input(&self, connector: &str) -> &Operand {
        &self.inputs[connector]
    }

    /// The operand that is written at a connector of the operation.
    ///
    /// # Panics
    /// If the operation has no such connector.
    pub fn output(&self, connector: &str) -> &Operand {
        &self.outputs[connector]
    }

    /// Replaces the node by one call of an external routine with these arguments.
    ///
    /// Each connector that the arguments name as a pointer gives the routine its first element; the routine knows or is
    /// told the extents and [strides](Operand::strides). Operands may lie anywhere: nothing is copied.
    pub fn by_routine(&self, state: &mut State, routine: &str, arguments: Vec<CallArgument>) {
        let whole = |operand: &Operand| operand.memlet.clone();
        let tasklet = self.routine_tasklet(state, (routine, arguments), &whole, &|operand| operand.rank());
        for (name, operand) in &self.inputs {
            let into = (tasklet, Some(name.clone()));
            paths::read(state, operand.end.clone(), &[], into, operand.memlet.clone());
        }
        for (name, operand) in &self.outputs {
            let from = (tasklet, Some(name.clone()));
            paths::write(state, from, &[], operand.end.clone(), operand.memlet.clone());
        }
        self.replace(state, (tasklet, tasklet));
    }

    /// As [`by_routine`](Self::by_routine), once for each element of a stack: a map around the call.
    ///
    /// `own` tells how many dimensions an operand has for one call. Those before are of the stack, aligned at the right: an
    /// operand with fewer of them is the same in several calls.
    pub(super) fn by_routine_in_stack(
        &self,
        around: &Surroundings<'_>,
        state: &mut State,
        (routine, arguments): (&str, Vec<CallArgument>),
        stack: Vec<(Name, Range)>,
        own: &dyn Fn(&Operand) -> usize,
    ) {
        if stack.is_empty() {
            return self.by_routine(state, routine, arguments);
        }
        let at: Vec<Expr> = stack.iter().map(|(param, _)| Expr::sym(param)).collect();
        let part = |operand: &Operand| {
            let outer = operand.rank() - own(operand);
            let indices = at[at.len() - outer..].iter().cloned().map(Range::index);
            let rest = operand.shape[outer..].iter().map(Range::full);
            operand.at(&Subset::new(indices.chain(rest).collect::<Vec<_>>()))
        };
        let (entry, exit) = state.add_map(&self.label, stack, Schedule::Default);
        let tasklet = self.routine_tasklet(state, (routine, arguments), &part, own);
        for (name, operand) in &self.inputs {
            let into = (tasklet, Some(name.clone()));
            paths::read(state, operand.end.clone(), &[entry], into, part(operand));
        }
        for (name, operand) in &self.outputs {
            let from = (tasklet, Some(name.clone()));
            paths::write(state, from, &[exit], operand.end.clone(), part(operand));
        }
        let facts = facts_inside(state, entry, &around.facts);
        propagate::scope(state, entry, &around.sdfg.containers, &facts);
        self.replace(state, (entry, exit));
    }

    /// The tasklet that calls a routine, with connectors for the parts of the operands that a call takes.
    fn routine_tasklet(
        &self,
        state: &mut State,
        (routine, arguments): (&str, Vec<CallArgument>),
        part: &dyn Fn(&Operand) -> Memlet,
        own: &dyn Fn(&Operand) -> usize,
    ) -> NodeId {
        let connector = |operand: &Operand| match part(operand).subset.squeezed_shape().len() {
            0 => Connector::scalar(operand.dtype),
            rank => Connector::array(operand.dtype, rank),
        };
        let connectors = |operands: &IndexMap<Name, Operand>| {
            operands.iter().map(|(name, operand)| (name.clone(), connector(operand))).collect()
        };
        state.add_tasklet(Tasklet {
            label: self.label.clone(),
            inputs: connectors(&self.inputs),
            outputs: connectors(&self.outputs),
            code: TaskletCode::External(ExternalCall {
                routine: match self.library {
                    Some(library) => format!("{routine}@{library}").into(),
                    None => routine.into(),
                },
                arguments,
                cost: self.cost_of_one(own),
            }),
            span: self.span,
        })
    }

    /// What it costs for one element of a stack; `own` tells how many dimensions an operand has for it.
    fn cost_of_one(&self, own: &dyn Fn(&Operand) -> usize) -> Option<Cost> {
        let one = |(name, operand): (&Name, &Operand)| {
            let Operand { dtype, mut shape, strides, .. } = operand.clone();
            let stack = shape.len().saturating_sub(own(operand));
            shape[..stack].fill(Expr::one());
            (name.clone(), OperandType { dtype, shape, strides })
        };
        self.op.cost(&self.inputs.iter().chain(&self.outputs).map(one).collect())
    }

    /// A fresh transient scalar of the SDFG; its uses are counted by [`Call::access`].
    pub(super) fn local(around: &mut Surroundings<'_>, name: &str, data: Data) -> Name {
        let name = around.names.fresh(name);
        around.sdfg.containers.insert(name.clone(), data);
        name
    }

    /// Adds an access of a container.
    pub(super) fn access(around: &mut Surroundings<'_>, state: &mut State, data: &Name) -> NodeId {
        around.uses.add(data);
        state.add_access(data)
    }

    /// Removes the node; what it waited for and what waited for it is now tied to the nodes that replace it.
    pub(super) fn replace(&self, state: &mut State, (first, last): (NodeId, NodeId)) {
        state.remove_node(self.node);
        for &before in &self.before {
            state.order(before, first);
        }
        // A node belongs to the scope that it is reached from.
        if let Some(scope) = self.scope
            && state.in_degree(first) == 0
        {
            state.order(scope, first);
        }
        for &after in &self.after {
            state.order(last, after);
        }
    }

    /// The call with results that do not overlap its operands: where they might, they go to a new container first.
    ///
    /// Expansions write results while they still read operands; the operation itself reads everything first. Only what the
    /// operation [updates](LibraryOp::in_place) is then both: what it holds before is copied into the result if it is
    /// elsewhere.
    pub(super) fn with_separate_output(mut self, around: &mut Surroundings<'_>, state: &mut State) -> Call {
        let connectors: Vec<Name> = self.outputs.keys().cloned().collect();
        for connector in connectors {
            let output = &self.outputs[&connector];
            let is_alias = |it: &Operand| around.sdfg.container(&it.memlet.data).is_some_and(Data::is_alias);
            let updated = self.op.in_place().filter(|(_, result)| connector == *result).map(|(old, _)| old);
            let overlaps = self.inputs.iter().any(|(name, input)| {
                if updated == Some(name.as_str()) && input.is(output) {
                    return false;
                }
                // A view may show any container of its type.
                is_alias(input)
                    || is_alias(output)
                    || input.memlet.data == output.memlet.data
                        && input.memlet.subset.intersects(&output.memlet.subset, &self.facts) != Some(false)
            });
            if overlaps {
                self.redirect(around, state, &connector);
            }
        }
        self.start_in_place(around, state);
        self
    }

    /// Copies what an operation updates to where it does so.
    fn start_in_place(&mut self, around: &mut Surroundings<'_>, state: &mut State) {
        let Some((old, result)) = self.op.in_place() else { return };
        let (input, output) = (&self.inputs[old], &self.outputs[result]);
        if input.is(output) {
            return;
        }
        let (input, memlet) = (input.clone(), Memlet { wcr: None, ..output.memlet.clone() });
        let access = Call::access(around, state, &memlet.data);
        let copied = Operand::new(around, (access, None), &memlet, self.op.operand_rank(result));
        let first = accumulate::copy(around, state, self, &input, &copied);
        for &before in &self.before {
            state.order(before, first);
        }
        let edge =
            state.in_edges(self.node).into_iter().find(|edge| edge.dst_conn().is_some_and(|it| it == old));
        if let Some(edge) = edge.map(|edge| edge.id) {
            state.remove_edge(edge);
        }
        state.connect((access, None), (self.node, Some(old)), memlet);
        self.inputs.insert(old.into(), copied);
    }

    fn redirect(&mut self, around: &mut Surroundings<'_>, state: &mut State, connector: &Name) {
        let output = self.outputs[connector].clone();
        let data: Data = match output.rank() {
            0 => Scalar::transient(output.dtype).into(),
            _ => Array::transient(output.dtype, output.shape.clone()).into(),
        };
        let name = Call::local(around, "__result", data.clone());
        let access = Call::access(around, state, &name);
        let old = state.out_edges(self.node).into_iter().find(|edge| edge.src_conn() == Some(connector));
        let old = old.expect("the connector has an edge").id;
        state.remove_edge(old);
        let whole = Memlet::new(&name, Subset::full(data.shape()));
        state.connect((self.node, Some(connector)), (access, None), whole.clone());
        let result = Operand::new(around, (access, None), &whole, self.op.operand_rank(connector));
        accumulate::copy(around, state, self, &result, &output);
        self.outputs.insert(connector.clone(), result);
    }
}
