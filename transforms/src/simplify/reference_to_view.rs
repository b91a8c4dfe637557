//! Reference to view: a reference that always stands for the same elements is a view of them.
//!
//! ```text
//! before:  state a { (A) ─ A[2:6] ─▶ set (r) }    state b { (r) ─▶ {…} }
//! after:                                           state b { (A) ─ A[2:6] ─▶ views (r) ─▶ {…} }
//! kept:    if c: { r = A } else: { r = B }         another container each time
//! kept:    for k in 0:N: { r = A[k]   … }          another element each time
//! ```
//!
//! What a reference stands for is found while the program runs, so that an access of it may be one of any array; of a view
//! everyone knows what it shows.
//!
//! **Legal when** the reference is set at one place of the program, outside of loops and branches and before the blocks that
//! use it, to elements whose indices never change; it is internal, and no condition reads it. **Cost**: one walk.

use crate::pass::{Changed, Context, Pass};
use crate::surroundings::assigned_symbols;
use dacec_ir::data::{SET, VIEWS};
use dacec_ir::{Block, Data, EdgeId, Feature, Memlet, Name, Node, NodeId, Region, Sdfg, State};

/// See the [module](self).
#[derive(Clone, Copy, Debug, Default)]
pub struct ReferenceToView;

impl Pass for ReferenceToView {
    fn name(&self) -> &'static str {
        "reference-to-view"
    }

    fn summary(&self) -> &'static str {
        "makes views of references that always stand for the same elements"
    }

    /// Nothing but references is rewritten.
    fn handles(&self, _feature: Feature) -> bool {
        true
    }

    fn run(&self, sdfg: &mut Sdfg, context: &mut Context) -> Changed {
        let is_reference = |data: &Data| matches!(data, Data::Reference(_)) && data.is_transient();
        let all = sdfg.containers.iter().filter(|(_, data)| is_reference(data));
        let references: Vec<Name> = all.map(|(name, _)| name.clone()).collect();
        let mut changed = Changed::No;
        for reference in references {
            let Some(shown) = shown(sdfg, &reference) else { continue };
            if context.permit("ReferenceToView") {
                rewrite(sdfg, &reference, &shown);
                context.applied("ReferenceToView");
                changed = Changed::Yes;
            }
        }
        changed
    }
}

/// The elements that a reference always stands for.
fn shown(sdfg: &Sdfg, reference: &Name) -> Option<Memlet> {
    let mut sets: Vec<(usize, Memlet)> = Vec::new();
    let mut first_use = usize::MAX;
    for (at, block) in sdfg.body.blocks.iter().enumerate() {
        let region = Region::new([block.clone()]);
        for state in region.states() {
            for edge in set_edges(state, reference) {
                // A set inside of control flow may come again, or not at all.
                let top =
                    matches!(block, Block::State(_)) && state.scope_of(state.endpoints(edge).1).is_none();
                sets.push((if top { at } else { usize::MAX }, state.edge(edge).memlet.clone()?));
            }
            let used = state.accesses(reference).into_iter().any(|node| uses(state, node));
            if used {
                first_use = first_use.min(at);
            }
        }
        let mut read = false;
        region.visit(&mut |block| {
            read |= block.scalars().iter().any(|scalar| scalar.names().contains(reference));
        });
        if read {
            return None;
        }
    }
    let [(at, memlet)] = &sets[..] else { return None };
    let assigned = assigned_symbols(&sdfg.body);
    let constant = memlet.subset.symbols().is_disjoint(&assigned) && !memlet.dynamic;
    let of_array = matches!(sdfg.container(memlet.data.as_str()), Some(Data::Array(_)));
    (*at < first_use && constant && of_array && memlet.data != *reference).then(|| memlet.clone())
}

/// Edges that say what a reference stands for from then on.
fn set_edges(state: &State, reference: &Name) -> Vec<EdgeId> {
    let nodes = state.accesses(reference).into_iter();
    let edges = nodes.flat_map(|node| state.in_edges(node));
    edges.filter(|edge| edge.dst_conn().is_some_and(|conn| conn == SET)).map(|edge| edge.id).collect()
}

/// Whether more is done at an access than setting the reference.
fn uses(state: &State, node: NodeId) -> bool {
    state.out_degree(node) > 0
        || state.in_edges(node).iter().any(|edge| edge.dst_conn().is_none_or(|conn| conn != SET))
}

fn rewrite(sdfg: &mut Sdfg, reference: &Name, shown: &Memlet) {
    if let Some(Data::Reference(array)) = sdfg.containers.get(reference).cloned() {
        sdfg.containers.insert(reference.clone(), Data::View(array));
    }
    sdfg.body.visit_states_mut(&mut |state| {
        for edge in set_edges(state, reference) {
            let (source, target) = state.endpoints(edge);
            state.remove_edge(edge);
            for node in [source, target] {
                if state.in_degree(node) + state.out_degree(node) == 0 {
                    state.remove_node(node);
                }
            }
        }
        for node in state.accesses(reference) {
            show(state, node, shown);
        }
    });
}

/// Connects an access of a view with what it shows: before it is read, or behind what is written.
fn show(state: &mut State, node: NodeId, shown: &Memlet) {
    let other = state.add_node(Node::Access(shown.data.clone()));
    match state.in_edges(node).iter().any(|edge| edge.memlet().is_some()) {
        false => state.connect((other, None), (node, Some(VIEWS)), shown.clone()),
        true => state.connect((node, Some(VIEWS)), (other, None), shown.clone()),
    };
}
