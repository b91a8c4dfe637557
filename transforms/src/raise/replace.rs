//! The state that takes a loop's place: one library operation with its operands.

use super::element::{Leaf, Product};
use crate::surroundings::{Surroundings, Uses};
use dacec_ir::library::Blas;
use dacec_ir::library::blas::Factor;
use dacec_ir::node::LibraryNode;
use dacec_ir::{
    BinaryOp, Block, Connector, Constant, DType, IndexMap, Loop, Memlet, Name, Node, NodeId, Region, Scalar,
    ScalarExpr, State, Stmt, Tasklet, TaskletCode, UnaryOp,
};
use std::sync::Arc;

/// A factor that does not change in the loop: numbers and elements, multiplied.
pub(super) type Scale = Product;

impl Product {
    /// Whether this is the number 1.
    fn is_one(&self) -> bool {
        !self.negative && self.constants.is_empty() && self.leaves.is_empty()
    }

    /// How an operation is given the factor.
    pub(super) fn as_factor(&self) -> Factor {
        if self.is_one() { Factor::ONE } else { Factor::Operand }
    }
}

/// What an operation reads or writes at a connector.
pub(super) type Operand = (&'static str, Memlet);

/// Makes a state of an operation with operands; those that are one array before and after have both.
pub(super) fn operation(
    around: &mut Surroundings<'_>,
    it: &Loop,
    op: Blas,
    (inputs, output): (Vec<Operand>, Operand),
    scales: Vec<(&'static str, Scale)>,
) -> State {
    let label = it.body.states().first().map_or(it.label.clone(), |state| state.label.clone());
    let mut state = State::new(label);
    state.span = it.span;
    let name = Name::from(dacec_ir::library::LibraryOp::name(&op).to_lowercase());
    let node = LibraryNode { label: name, op: Arc::new(op), implementation: None, span: it.span };
    let node = state.add_node(Node::Library(node));
    let mut sources = IndexMap::default();
    for (connector, memlet) in inputs {
        let source = read(around, &mut state, &mut sources, &memlet.data);
        state.connect((source, None), (node, Some(connector)), memlet);
    }
    let dtype = around.container(&output.1.data).dtype();
    for (connector, scale) in scales {
        if scale.as_factor() == Factor::Operand {
            let value = factor(around, &mut state, &mut sources, (&scale, dtype));
            let memlet = Memlet::scalar(state.node(value).as_access().cloned().unwrap_or_default());
            state.connect((value, None), (node, Some(connector)), memlet);
        }
    }
    let (connector, memlet) = output;
    let sink = state.add_access(&memlet.data);
    around.uses.add(&memlet.data);
    state.connect((node, Some(connector)), (sink, None), memlet);
    state
}

/// Puts a state in the place of a loop.
pub(super) fn replace(around: &mut Surroundings<'_>, region: &mut Region, block: usize, state: State) {
    if let Block::Loop(it) = &region.blocks[block] {
        around.uses.discount(&Uses::of_region(&it.body));
    }
    region.blocks[block] = Block::State(state);
}

/// Empties a state whose work is done elsewhere.
pub(super) fn clear(around: &mut Surroundings<'_>, region: &mut Region, block: usize) {
    if let Block::State(state) = &mut region.blocks[block] {
        let empty = State::new(state.label.clone());
        let old = std::mem::replace(state, empty);
        around.uses.discount(&Uses::of_region(&Region::new([Block::State(old)])));
    }
}

fn read(
    around: &mut Surroundings<'_>,
    state: &mut State,
    sources: &mut IndexMap<Name, NodeId>,
    data: &Name,
) -> NodeId {
    *sources.entry(data.clone()).or_insert_with(|| {
        around.uses.add(data);
        state.add_access(data)
    })
}

/// The access of a scalar with the value of a factor.
pub(super) fn factor(
    around: &mut Surroundings<'_>,
    state: &mut State,
    sources: &mut IndexMap<Name, NodeId>,
    (scale, dtype): (&Scale, DType),
) -> NodeId {
    let name = around.names.fresh("factor");
    around.sdfg.containers.insert(name.clone(), Scalar::transient(dtype).into());
    around.uses.add(&name);
    let connector = Connector::scalar(dtype);
    let mut value: Option<ScalarExpr> = None;
    let mut times = |next: ScalarExpr| {
        value = Some(match value.take() {
            None => next,
            Some(before) => ScalarExpr::binary(BinaryOp::Mul, before, next),
        });
    };
    scale.constants.iter().for_each(|constant| times(ScalarExpr::Constant(*constant)));
    let mut inputs = IndexMap::default();
    for (at, leaf) in scale.leaves.iter().enumerate() {
        if let Leaf::Load(memlet) = leaf {
            let input = Name::from(format!("factor{at}"));
            times(ScalarExpr::Name(input.clone()));
            inputs.insert(input, memlet.clone());
        }
    }
    let value = value.unwrap_or_else(|| Constant::of_int(1, dtype).into());
    let value = if scale.negative { ScalarExpr::unary(UnaryOp::Neg, value) } else { value };
    let tasklet = state.add_tasklet(Tasklet {
        label: "factor".into(),
        inputs: inputs.keys().map(|input| (input.clone(), connector)).collect(),
        outputs: [("out".into(), connector)].into_iter().collect(),
        code: TaskletCode::Native(vec![Stmt::assign("out", value)]),
        span: state.span,
    });
    for (input, memlet) in inputs {
        let source = read(around, state, sources, &memlet.data);
        state.connect((source, None), (tasklet, Some(&input)), memlet);
    }
    let access = state.add_access(&name);
    state.connect((tasklet, Some("out")), (access, None), Memlet::scalar(name));
    access
}
