//! Double buffering: what an iteration copies before it computes is copied while the iteration before computes.
//!
//! ```text
//! before:  map i in 0:N { local = A[i, 0:M]   … local[j] … }
//! after:   if 0 < N { buffers[0] = A[0, 0:M]
//!                     for i in 0:N { if i + 1 < N { buffers[(i + 1) % 2] = A[i + 1, 0:M] }
//!                                    … buffers[i % 2, j] … } }
//! kept:    map i in 0:N { local = A[i, 0:M]   A[i, 0] = … local[j] … }        the next copy may come too early
//! ```
//!
//! Two buffers take turns. The map becomes a loop, because its iterations need each other now; what is inside of it can
//! still be parallel. [`in_local_storage`](super::in_local_storage) makes the copies that this asks for.
//!
//! **Legal when** the map has one parameter and is all of its state; the copy fills a transient that is used nowhere else, and
//! whose size does not depend on the parameter; and nothing in the state writes what is copied. What is copied for an
//! iteration that does not exist is not read at all.

use super::map_to_for_loop::only_map;
use super::merge::substitute;
use super::trivial_map_elimination::remove_scope;
use crate::surroundings::Surroundings;
use crate::{Refusal, Transformation};
use dacec_ir::control_flow::{Branch, Conditional};
use dacec_ir::{
    Array, Block, DType, Data, EdgeId, Expr, Loop, Memlet, Name, Node, NodeId, Range, Region, ScalarExpr,
    State, Subset,
};

/// Copies ahead; see the [module](self).
#[derive(Clone, Copy, Debug, Default)]
pub struct DoubleBuffering;

/// A map with a copy that can be made ahead; made only by [`DoubleBuffering::find`].
#[derive(Clone, Debug)]
pub struct Buffered {
    block: usize,
    entry: NodeId,
    /// The access of the transient that is copied to.
    local: NodeId,
}

impl Transformation for DoubleBuffering {
    type Place = Region;
    type Match = Buffered;

    fn name(&self) -> &'static str {
        "DoubleBuffering"
    }

    fn find(&self, around: &Surroundings<'_>, region: &Region, site: usize) -> Result<Buffered, Refusal> {
        let Block::State(state) = &region.blocks[site] else { return Err(Refusal::NoMatch("not a state")) };
        let entry = only_map(state)?;
        let Node::MapEntry(map) = state.node(entry) else { return Err(Refusal::NoMatch("not a map")) };
        let ([param], [range]) = (&map.params[..], &map.ranges[..]) else {
            return Err(Refusal::NoMatch("the map has several parameters"));
        };
        if range.step.as_int().is_none_or(|step| step <= 0) {
            return Err(Refusal::unproved(format!("the range {range} does not run upward by a constant")));
        }
        let mut reason = Refusal::NoMatch("nothing is copied first");
        for node in state.scope_nodes(entry) {
            match check_copy(around, state, (entry, param), node) {
                Ok(()) => return Ok(Buffered { block: site, entry, local: node }),
                Err(refusal) if refusal.is_interesting() => reason = refusal,
                Err(_) => {}
            }
        }
        Err(reason)
    }

    fn apply(&self, around: &mut Surroundings<'_>, region: &mut Region, found: Buffered) {
        let block = std::mem::replace(&mut region.blocks[found.block], Block::Break);
        let Block::State(mut state) = block else { unreachable!("the match names a state") };
        let Node::MapEntry(map) = state.node(found.entry) else { unreachable!("the match names a map") };
        let (map, range) = (map.clone(), map.ranges[0].clone());
        let variable = around.names.fresh(&map.params[0]);
        substitute(around, &mut state, found.entry, &[(map.params[0].clone(), Expr::sym(&variable))].into());
        remove_scope(&mut state, found.entry);
        around.sdfg.symbols.entry(variable.clone()).or_insert(DType::Int64);

        let turns = Turns { variable: &variable, range: &range };
        let copied = take_copy(around, &mut state, found.local);
        let buffers = make_buffers(around, &mut state, found.local, &turns);
        let mut load = |value: &Expr, part: &str| {
            let label = around.names.fresh(&format!("{}_{part}", state.label));
            let mut first = State::new(label);
            first.span = state.span;
            let (from, to) = (first.add_access(&copied.data), first.add_access(&buffers));
            around.uses.add(&copied.data);
            around.uses.add(&buffers);
            let subset = copied.subset.subs(&[(variable.clone(), value.clone())].into());
            let shape = around.container(&buffers).shape();
            let mut dims = vec![Range::index(turns.of(value))];
            dims.extend(shape[1..].iter().map(Range::full));
            let memlet =
                Memlet { other_subset: Some(Subset::new(dims)), ..Memlet::new(&copied.data, subset) };
            first.connect((from, None), (to, None), memlet);
            Block::State(first)
        };
        let next = Expr::sym(&variable) + &range.step;
        let first = load(&range.start, "first");
        let ahead = only_if(next.lt(&range.stop), vec![load(&next, "ahead")], map.span);
        let label = format!("for_{variable}");
        let bounds = (range.start.clone(), range.stop.clone(), range.step.clone());
        let body = Region::new([ahead, Block::State(state)]);
        let it = Loop { span: map.span, ..Loop::counted(label, variable.clone(), bounds, body) };
        let all = vec![first, Block::Loop(Box::new(it))];
        region.blocks[found.block] = only_if(range.start.lt(&range.stop), all, map.span);
    }
}

fn only_if(condition: Expr, blocks: Vec<Block>, span: dacec_ir::Span) -> Block {
    let branch = Branch { condition: Some(ScalarExpr::from(condition)), body: Region::new(blocks) };
    Block::Conditional(Conditional { branches: vec![branch], span })
}

/// Proves that a node of the scope is a copy that can be made ahead.
fn check_copy(
    around: &Surroundings<'_>,
    state: &State,
    (entry, param): (NodeId, &Name),
    node: NodeId,
) -> Result<(), Refusal> {
    let data = state.node(node).as_access().ok_or(Refusal::NoMatch("not a container"))?;
    let [copy] = state.in_edges(node)[..] else { return Err(Refusal::NoMatch("not one copy")) };
    let Some(memlet) = copy.memlet().filter(|memlet| copy.src == entry && memlet.data != *data) else {
        return Err(Refusal::NoMatch("not a copy from outside"));
    };
    let Data::Array(array) = around.container(data) else { return Err(Refusal::NoMatch("not an array")) };
    if !around.is_local_to(state, data) || state.num_accesses(data) != 1 {
        return Err(Refusal::used_elsewhere(data, "elsewhere"));
    }
    let filled = memlet.other_subset.as_ref().is_none_or(|subset| subset.is_full(&array.shape));
    if memlet.dynamic || memlet.wcr.is_some() || !filled {
        return Err(Refusal::unproved(format!("`{memlet}` does not fill `{data}`")));
    }
    if let Some(extent) = array.shape.iter().find(|extent| extent.uses(param)) {
        return Err(Refusal::unproved(format!("the size {extent} changes from iteration to iteration")));
    }
    if state.accesses(&memlet.data).iter().any(|&access| state.in_degree(access) > 0) {
        return Err(Refusal::unproved(format!("`{}` is written while it is copied", memlet.data)));
    }
    let by_name = |edge: dacec_ir::state::EdgeView<'_>| {
        edge.memlet().is_some_and(|read| read.data == *data) && state.node(edge.dst).as_access().is_none()
    };
    match state.out_edges(node).into_iter().all(by_name) {
        true => Ok(()),
        false => Err(Refusal::node(node, format!("(`{data}`) is copied on"))),
    }
}

/// Which buffer belongs to which iteration.
struct Turns<'a> {
    variable: &'a Name,
    range: &'a Range,
}

impl Turns<'_> {
    /// 0 or 1 for a value of the variable.
    fn of(&self, value: &Expr) -> Expr {
        (value - &self.range.start).floor_div(&self.range.step).modulo(&Expr::int(2))
    }
}

/// Takes the copy to a transient out of the state; returns what was copied.
fn take_copy(around: &mut Surroundings<'_>, state: &mut State, local: NodeId) -> Memlet {
    let copy = state.in_edges(local).first().map(|edge| (edge.id, edge.src, edge.memlet().cloned()));
    let Some((id, source, Some(memlet))) = copy else { unreachable!("the match says that there is a copy") };
    state.remove_edge(id);
    if state.in_degree(source) + state.out_degree(source) == 0 {
        state.remove_node(source);
        around.uses.remove(&memlet.data);
    }
    memlet
}

/// Makes the reads of a transient reads of the buffer whose turn it is; returns the container of both buffers.
fn make_buffers(around: &mut Surroundings<'_>, state: &mut State, local: NodeId, turns: &Turns<'_>) -> Name {
    let data = state.node(local).as_access().cloned().unwrap_or_default();
    let container = around.container(&data);
    let shape: Vec<Expr> = [Expr::int(2)].into_iter().chain(container.shape().iter().cloned()).collect();
    let buffers = Array::transient(container.dtype(), shape);
    let name = around.names.fresh(&format!("{data}_buffers"));
    around.sdfg.containers.insert(name.clone(), buffers.into());
    let turn = Range::index(turns.of(&Expr::sym(turns.variable)));
    let reads: Vec<EdgeId> = state.out_edges(local).iter().map(|edge| edge.id).collect();
    reads.into_iter().for_each(|edge| rename(state, edge, (&name, &turn)));
    *state.node_mut(local) = Node::Access(name.clone());
    around.uses.remove(&data);
    around.uses.add(&name);
    name
}

/// Makes an edge, and what continues it inside of maps, read a buffer.
fn rename(state: &mut State, edge: EdgeId, (name, turn): (&Name, &Range)) {
    for inner in state.continuations(edge) {
        rename(state, inner, (name, turn));
    }
    if let Some(memlet) = &mut state.edge_mut(edge).memlet {
        memlet.data = name.clone();
        let dims = [turn.clone()].into_iter().chain(memlet.subset.dims.iter().cloned());
        memlet.subset = Subset::new(dims.collect::<Vec<_>>());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::map::InLocalStorage;
    use crate::map::testing::{apply, maps, nested_maps, refusals};

    #[test]
    fn two_buffers_take_turns() {
        for n in [1, 2, 5] {
            let symbols = [("N", n), ("M", 4)];
            let copied = apply(&InLocalStorage, &nested_maps("0:N", false), &symbols);
            let after = apply(&DoubleBuffering, &copied, &symbols);
            assert_eq!(maps(&after).len(), 1, "the inner map stays");
            let buffers = after.container("A_local_buffers").expect("two buffers");
            assert_eq!(buffers.shape()[0], Expr::int(2));
        }
    }

    #[test]
    fn without_a_copy_there_is_nothing_to_do() {
        assert!(refusals(&DoubleBuffering, &nested_maps("0:N", false)).is_empty());
    }
}
