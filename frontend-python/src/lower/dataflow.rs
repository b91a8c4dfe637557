//! Putting nodes and edges into the state of the current statement.
//!
//! Computations come as code over containers ([`Scalar`](crate::types::Scalar)): `Name` is a scalar container, `Load` an
//! element. A tasklet sees connectors instead, so each distinct read becomes one connector with its memlet. Reads whose
//! index is not an expression over symbols become connectors that carry the whole array.

use super::Lowerer;
use crate::codes;
use crate::types::View;
use dacec_ir::interp::Tensor;
use dacec_ir::symbolic::Atom;
use dacec_ir::{
    Array, Block, Connector, ConstantArray, DType, Data, Expr, IndexMap, IndexSet, Memlet, Name, Node,
    NodeId, Range, Region, Scalar, ScalarExpr, Schedule, State, Stmt, Subset, Tasklet, TaskletCode,
};

/// A state that is being filled.
#[derive(Debug)]
pub(super) struct Open {
    state: State,
    /// The access node that holds a container's present value, by container.
    latest: IndexMap<Name, NodeId>,
}

/// An input of a tasklet.
struct Input {
    name: Name,
    connector: Connector,
    memlet: Memlet,
}

/// The inputs of a tasklet, of which there are few.
#[derive(Default)]
struct Inputs(Vec<Input>);

impl Lowerer<'_> {
    // --- blocks ------------------------------------------------------------------------------------------------

    fn open(&mut self) -> &mut Open {
        if self.open.is_none() {
            let span = self.span(self.place);
            let count = self.labels.entry(span.line).or_insert(0);
            *count += 1;
            let label = match count {
                1 => format!("line_{}", span.line),
                _ => format!("line_{}_{count}", span.line),
            };
            let mut state = State::new(label);
            state.span = span;
            self.open = Some(Open { state, latest: IndexMap::default() });
        }
        self.open.as_mut().expect("it was just opened")
    }

    /// The state that is being filled.
    pub(super) fn state(&mut self) -> &mut State {
        &mut self.open().state
    }

    /// Ends the current state: what comes next sees its results.
    pub(crate) fn flush(&mut self) {
        if let Some(open) = self.open.take() {
            self.region().blocks.push(Block::State(open.state));
        }
    }

    /// Ends the current state, and gives it away.
    pub(super) fn take_state(&mut self) -> Option<Block> {
        self.open.take().map(|open| Block::State(open.state))
    }

    /// Adds a block after what was lowered so far.
    pub(super) fn push(&mut self, block: Block) {
        self.flush();
        self.region().blocks.push(block);
    }

    /// Adds a check that depends on symbols alone: before the current state if that has only made temporaries so far, since
    /// nobody can tell then, and what computes a value stays together with what stores it.
    pub(super) fn push_check(&mut self, check: Block) {
        let makes_temporaries = |state: &State| {
            let is_visible = |name: &Name| {
                self.sdfg.container(name).is_none_or(|data| !data.is_transient() || data.is_alias())
            };
            let writes = |(id, node): (NodeId, &Node)| {
                node.as_access().is_some_and(|name| state.in_degree(id) > 0 && is_visible(name))
            };
            !state.has_effects() && !state.nodes().any(writes)
        };
        let early = self.open.as_ref().is_some_and(|open| makes_temporaries(&open.state));
        match early {
            true => self.region().blocks.push(check),
            false => self.push(check),
        }
    }

    fn region(&mut self) -> &mut Region {
        self.regions.last_mut().expect("the body is always open")
    }

    /// Lowers into a region of its own.
    pub(super) fn nested(&mut self, f: impl FnOnce(&mut Self) -> super::Result<()>) -> super::Result<Region> {
        self.flush();
        self.regions.push(Region::default());
        self.present.clear();
        let mirrors = self.mirrors.len();
        self.stretches += 1;
        let outer = std::mem::replace(&mut self.stretch, self.stretches);
        let result = f(self);
        self.stretch = outer;
        result?;
        self.flush();
        self.drop_mirrors(mirrors);
        self.present.clear();
        Ok(self.regions.pop().expect("the region that was just opened"))
    }

    // --- containers --------------------------------------------------------------------------------------------

    /// A new scalar that is internal to the function.
    pub(crate) fn new_scalar(&mut self, prefix: &str, dtype: DType) -> Name {
        let name = self.fresh(prefix);
        let mut scalar = Scalar::transient(dtype);
        scalar.span = self.span(self.place);
        self.sdfg.containers.insert(name.clone(), scalar.into());
        name
    }

    /// A new array that is internal to the function.
    ///
    /// Its extents are those of now: symbols in them that may change are replaced by ones that do not.
    pub(crate) fn new_array(&mut self, prefix: &str, dtype: DType, shape: &[Expr]) -> View {
        let now: Vec<Expr>;
        let shape = match shape.iter().all(|extent| self.is_fixed(extent)) {
            true => shape,
            false => {
                let present = self.present_values(shape.iter().flat_map(Expr::symbols).collect());
                now = shape.iter().map(|extent| extent.subs(&present)).collect();
                &now
            }
        };
        self.warn_of_size(shape);
        let name = self.fresh(prefix);
        let mut array = Array::transient(dtype, shape);
        array.span = self.span(self.place);
        self.sdfg.containers.insert(name.clone(), array.into());
        View { fresh: true, ..View::whole(name, dtype, shape) }
    }

    /// An array whose elements are part of the program.
    pub(crate) fn constant_array(&mut self, prefix: &str, values: Tensor) -> View {
        let name = self.fresh(prefix);
        let constant = ConstantArray::new(values);
        let data = Data::from(constant);
        let view = View::whole(name.clone(), data.dtype(), data.shape());
        self.sdfg.containers.insert(name, data);
        view
    }

    /// Remarks that an extent is neither fixed by the arguments nor by loops.
    fn warn_of_size(&mut self, shape: &[Expr]) {
        let computed = |atom: &Atom| {
            let Atom::Symbol(symbol) = atom else { return false };
            let given = self.globals.symbols.contains_key(symbol) || self.sdfg.arguments.contains(symbol);
            !given && self.sdfg.symbols.contains_key(symbol)
        };
        let extent = shape.iter().find(|extent| extent.any_atom(&mut { computed })).map(Expr::to_string);
        if let Some(extent) = extent {
            self.warn(
                codes::DYNAMIC_SIZE,
                format!("the extent `{extent}` is known only when the statement runs"),
                "allocate the largest size once, before loops, and use a part of it",
            );
        }
    }

    /// Gives a container another name, wherever it is used.
    pub(super) fn rename_container(&mut self, old: &Name, new: &Name) {
        self.rename_mirrors(old, new);
        if let Some(data) = self.sdfg.containers.shift_remove(old) {
            self.sdfg.containers.insert(new.clone(), data);
        }
        for region in &mut self.regions {
            region.visit_mut(&mut |block| {
                for scalar in block.scalars_mut() {
                    scalar.rename(&|name| (name == old).then(|| new.clone()));
                }
                if let Block::State(state) = block {
                    rename_in(state, old, new);
                }
            });
        }
        if let Some(open) = &mut self.open {
            rename_in(&mut open.state, old, new);
            if let Some(node) = open.latest.shift_remove(old) {
                open.latest.insert(new.clone(), node);
            }
        }
    }

    fn whole(&self, container: &Name) -> Subset {
        self.sdfg.containers.get(container).map(|data| Subset::full(data.shape())).unwrap_or_default()
    }

    // --- nodes -------------------------------------------------------------------------------------------------

    /// The access node from which the container's present value is read.
    pub(super) fn source(&mut self, container: &Name) -> NodeId {
        let open = self.open();
        *open.latest.entry(container.clone()).or_insert_with(|| open.state.add_access(container))
    }

    /// A new access node for a write of the container.
    pub(super) fn sink(&mut self, container: &Name) -> NodeId {
        self.written.insert(container.clone());
        *self.writes.entry(container.clone()).or_default() += 1;
        let open = self.open();
        let node = open.state.add_access(container);
        open.latest.insert(container.clone(), node);
        node
    }

    /// Ends the current state if it reads the container in a computation that none of the inputs comes from: in one
    /// state, nothing would keep that read before the write that follows.
    fn separate<'n>(&mut self, written: &Name, inputs: impl Iterator<Item = &'n Name>) {
        let Some(Open { state, latest }) = &self.open else { return };
        if !latest.contains_key(written) {
            return;
        }
        let mut readers =
            state.accesses(written).into_iter().flat_map(|access| state.successors(access)).peekable();
        if readers.peek().is_none() {
            return;
        }
        let before: IndexSet<NodeId> =
            inputs.filter_map(|input| latest.get(input)).flat_map(|&node| state.ancestors(node)).collect();
        if !readers.all(|reader| before.contains(&reader)) {
            self.flush();
        }
    }

    /// A tasklet that computes `code` for each point of `dims` and writes it to `out`.
    pub(super) fn emit(&mut self, label: &str, dims: Vec<(Name, Range)>, code: &ScalarExpr, out: Memlet) {
        let mut inputs = Inputs::default();
        let value = inputs.convert(code, &self.sdfg.containers);
        self.separate(&out.data, inputs.0.iter().map(|input| &input.memlet.data));
        let dtype = self.sdfg.containers.get(&out.data).map_or(DType::Float64, Data::dtype);
        let tasklet = Tasklet {
            label: label.into(),
            inputs: inputs.0.iter().map(|input| (input.name.clone(), input.connector)).collect(),
            outputs: [("__out".into(), Connector::scalar(dtype))].into_iter().collect(),
            code: TaskletCode::Native(vec![Stmt::assign("__out", value)]),
            span: self.span(self.place),
        };
        let sources: Vec<NodeId> = inputs.0.iter().map(|input| self.source(&input.memlet.data)).collect();
        let tasklet = self.state().add_tasklet(tasklet);
        if dims.is_empty() {
            for (source, input) in sources.into_iter().zip(inputs.0) {
                self.state().connect((source, None), (tasklet, Some(&input.name)), input.memlet);
            }
            let sink = self.sink(&out.data);
            self.state().connect((tasklet, Some("__out")), (sink, None), out);
            return;
        }
        let (entry, exit) = self.state().add_map(label, dims.iter().cloned(), Schedule::Default);
        self.connect_entry(entry, tasklet, &dims, inputs, sources);
        let outside = Memlet {
            subset: self.image(&out, &dims),
            wcr: out.wcr,
            ..Memlet::new(&out.data, Subset::default())
        };
        let sink = self.sink(&out.data);
        let (inner, outer) = (out.data.with_prefix("IN_"), out.data.with_prefix("OUT_"));
        self.state().connect((tasklet, Some("__out")), (exit, Some(&inner)), out);
        self.state().connect((exit, Some(&outer)), (sink, None), outside);
    }

    fn connect_entry(
        &mut self,
        entry: NodeId,
        tasklet: NodeId,
        dims: &[(Name, Range)],
        inputs: Inputs,
        sources: Vec<NodeId>,
    ) {
        if inputs.0.is_empty() {
            self.state().order(entry, tasklet);
        }
        let mut outside: Vec<(NodeId, Memlet)> = Vec::new();
        for (source, Input { memlet, .. }) in sources.into_iter().zip(&inputs.0) {
            let image = self.image(memlet, dims);
            match outside.iter_mut().find(|(_, known)| known.data == memlet.data) {
                Some((_, known)) => {
                    let union = known.subset.bounding_union(&image, &self.facts);
                    known.subset = union.unwrap_or_else(|| self.whole(&memlet.data));
                    known.dynamic |= memlet.dynamic;
                }
                None => {
                    let dynamic = memlet.dynamic;
                    outside.push((source, Memlet { dynamic, ..Memlet::new(&memlet.data, image) }));
                }
            }
        }
        for (source, memlet) in outside {
            let connector = memlet.data.with_prefix("IN_");
            self.state().connect((source, None), (entry, Some(&connector)), memlet);
        }
        for input in inputs.0 {
            let outer = input.memlet.data.with_prefix("OUT_");
            self.state().connect((entry, Some(&outer)), (tasklet, Some(&input.name)), input.memlet);
        }
    }

    /// What all iterations of a map touch, of which one touches the memlet's subset.
    pub(super) fn image(&self, memlet: &Memlet, dims: &[(Name, Range)]) -> Subset {
        let whole = |k: usize| Some(Range::full(self.sdfg.containers.get(&memlet.data)?.shape().get(k)?));
        let ranges = memlet.subset.dims.iter().enumerate().map(|(k, range)| {
            image_of(range, dims, &self.facts).or_else(|| whole(k)).unwrap_or_else(|| range.clone())
        });
        Subset::new(ranges.collect::<Vec<_>>())
    }

    /// Copies the elements of one view to another of the same shape, by one edge; both are plain.
    pub(super) fn copy_edge(&mut self, from: &View, to: &View) {
        self.separate(&to.container, [&from.container].into_iter());
        let source = self.source(&from.container);
        let sink = self.sink(&to.container);
        let memlet = Memlet::new(&from.container, from.subset.clone()).to(to.subset.clone());
        self.state().connect((source, None), (sink, None), memlet);
    }

    /// Copies elements in C order between views of different shapes with equally many elements; both are plain.
    pub(crate) fn copy_elements(&mut self, from: &View, to: &View) {
        self.copy_edge(from, to);
    }

    /// Adds a library node with one output.
    pub(crate) fn operation_node(&mut self, node: Node, inputs: &[(Name, Memlet)], output: (Name, Memlet)) {
        self.add_operation(node, inputs, &[output]);
    }

    /// Adds a node that reads and writes whole subsets: connector and view of each input and output.
    pub(crate) fn add_operation(
        &mut self,
        node: Node,
        inputs: &[(Name, Memlet)],
        outputs: &[(Name, Memlet)],
    ) {
        for (_, output) in outputs {
            self.separate(&output.data, inputs.iter().map(|(_, memlet)| &memlet.data));
        }
        let sources: Vec<NodeId> = inputs.iter().map(|(_, memlet)| self.source(&memlet.data)).collect();
        let node = self.state().add_node(node);
        for (source, (connector, memlet)) in sources.into_iter().zip(inputs) {
            self.state().connect((source, None), (node, Some(connector)), memlet.clone());
        }
        for (connector, memlet) in outputs {
            let sink = self.sink(&memlet.data);
            self.state().connect((node, Some(connector)), (sink, None), memlet.clone());
        }
    }
}

fn rename_in(state: &mut State, old: &Name, new: &Name) {
    for id in state.node_ids() {
        if let Node::Access(name) = state.node_mut(id)
            && name == old
        {
            *name = new.clone();
        }
    }
    let edges: Vec<_> = state.edges().map(|edge| edge.id).collect();
    for id in edges {
        if let Some(memlet) = &mut state.edge_mut(id).memlet
            && memlet.data == *old
        {
            memlet.data = new.clone();
        }
    }
}

/// The indices that a range covers while map parameters run; `None` if that is no simple range.
pub(super) fn image_of(
    range: &Range,
    dims: &[(Name, Range)],
    facts: &dacec_ir::symbolic::Facts,
) -> Option<Range> {
    let index = range.as_index();
    // Most indices are parameters as they are.
    if let Some(param) = index.and_then(Expr::as_symbol)
        && let Some((_, values)) = dims.iter().find(|(name, _)| name == param)
        && values.step.is_one()
    {
        return Some(values.clone());
    }
    let used: Vec<&(Name, Range)> = dims.iter().filter(|(param, _)| uses(range, param)).collect();
    match (used.as_slice(), index) {
        ([], _) => return Some(range.clone()),
        ([(param, values)], Some(index)) if range.step.is_one() => {
            if let Some(factor) = index.coefficient(param).and_then(|factor| factor.as_int()) {
                return Some(line(index, factor, param, values));
            }
        }
        _ => {}
    }
    let variables: Vec<_> =
        used.iter().map(|(param, it)| (param.clone(), it.start.clone(), it.last())).collect();
    let (low, high) = range.extremes()?;
    Some(Range::new(facts.min_over(&low, &variables)?, facts.max_over(&high, &variables)? + 1))
}

fn uses(range: &Range, symbol: &Name) -> bool {
    [&range.start, &range.stop, &range.step].iter().any(|expr| expr.uses(symbol))
}

/// The values of `index`, which is linear in `param`, in ascending order.
fn line(index: &Expr, factor: i64, param: &Name, values: &Range) -> Range {
    if factor == 1 && values.step.is_one() {
        let offset = index - Expr::sym(param);
        return Range::new(&offset + &values.start, offset + &values.stop);
    }
    let at = |value: &Expr| index.subs1(param, value);
    let step = &values.step * Expr::int(factor.abs());
    let (first, last) = (at(&values.start), at(&values.last()));
    let (low, high) = if factor > 0 { (first, last) } else { (last, first) };
    Range::strided(low, high + 1, step)
}

impl Inputs {
    /// The code with connectors instead of containers.
    fn convert(&mut self, code: &ScalarExpr, containers: &IndexMap<Name, Data>) -> ScalarExpr {
        match code {
            ScalarExpr::Name(name) => {
                let dtype = containers.get(name).map_or(DType::Float64, Data::dtype);
                ScalarExpr::Name(self.connector(Connector::scalar(dtype), Memlet::scalar(name)))
            }
            ScalarExpr::Load { name, indices } => self.load(name, indices, containers),
            ScalarExpr::Constant(_) | ScalarExpr::Symbolic(_) | ScalarExpr::IsNone(_) => code.clone(),
            ScalarExpr::Unary(op, operand) => ScalarExpr::unary(*op, self.convert(operand, containers)),
            ScalarExpr::Binary(op, lhs, rhs) => {
                let lhs = self.convert(lhs, containers);
                ScalarExpr::binary(*op, lhs, self.convert(rhs, containers))
            }
            ScalarExpr::Call(function, args) => {
                ScalarExpr::Call(*function, args.iter().map(|arg| self.convert(arg, containers)).collect())
            }
            ScalarExpr::Select { condition, then, otherwise } => {
                let condition = self.convert(condition, containers);
                let then = self.convert(then, containers);
                ScalarExpr::select(condition, then, self.convert(otherwise, containers))
            }
            ScalarExpr::Cast(dtype, operand) => {
                ScalarExpr::Cast(*dtype, Box::new(self.convert(operand, containers)))
            }
        }
    }

    fn load(&mut self, name: &Name, indices: &[ScalarExpr], containers: &IndexMap<Name, Data>) -> ScalarExpr {
        let Some(data) = containers.get(name) else { return ScalarExpr::name(name) };
        let symbolic: Option<Vec<Expr>> = indices
            .iter()
            .map(|it| if let ScalarExpr::Symbolic(expr) = it { Some(expr.clone()) } else { None })
            .collect();
        if let Some(at) = symbolic {
            return ScalarExpr::Name(
                self.connector(Connector::scalar(data.dtype()), Memlet::element(name, at)),
            );
        }
        let subset = Subset::full(data.shape());
        let indices: Vec<ScalarExpr> = indices
            .iter()
            .zip(&subset.dims)
            .filter(|(_, range)| range.as_index().is_none())
            .map(|(index, _)| self.convert(index, containers))
            .collect();
        let connector = Connector::array(data.dtype(), indices.len());
        let name = self.connector(connector, Memlet::new(name, subset).dynamic());
        if indices.is_empty() { ScalarExpr::Name(name) } else { ScalarExpr::Load { name, indices } }
    }

    /// The connector that carries the memlet's data; the same one for the same data.
    fn connector(&mut self, connector: Connector, memlet: Memlet) -> Name {
        if let Some(same) = self.0.iter().find(|input| input.memlet == memlet) {
            return same.name.clone();
        }
        let base = memlet.data.with_prefix("_");
        let mut name = base.clone();
        let mut count = 1;
        while self.0.iter().any(|input| input.name == name) {
            name = format!("{base}_in{count}").into();
            count += 1;
        }
        self.0.push(Input { name: name.clone(), connector, memlet });
        name
    }
}

/// One map parameter for each axis that is longer than 1, and the position that they make.
pub(super) fn parameters(shape: &[Expr]) -> (Vec<(Name, Range)>, Vec<Expr>) {
    let mut dims = Vec::new();
    let position = shape
        .iter()
        .enumerate()
        .map(|(k, extent)| {
            if extent.is_one() {
                return Expr::zero();
            }
            let param = match k {
                0 => Name::from("__i0"),
                1 => Name::from("__i1"),
                _ => Name::from(format!("__i{k}")),
            };
            dims.push((param.clone(), Range::full(extent)));
            Expr::sym(param)
        })
        .collect();
    (dims, position)
}
