//! Memlet propagation: what all iterations of a scope touch, from what one of them touches.
//!
//! ```text
//! map i in 1:N - 1          A[i]           outside:  A[1:N - 1]
//!                           A[i - 1:i + 2]           A[0:N]
//!                           A[2*i]                   A[2:2*N - 3:2]
//!                           A[0:i]                   A[0:N - 2]
//!                           A[i, i]                  A[1:N - 1, 1:N - 1] (dynamic)
//!                           A[i*i % 7]               A[0:M] (dynamic)
//! ```
//!
//! The result always **covers** what the iterations touch. Where it may hold more it is marked dynamic; where nothing is
//! known about a dimension it is all of that dimension. Variables are swept one after the other, innermost first, so the
//! range of one may depend on those around it (triangular loops).
//!
//! Loops of control flow sweep like maps: [`region()`] tells what blocks touch of a container. A nested SDFG is passed a
//! *window* of a container, which fixes where its first element lies and which memlets outside of maps cover whether or
//! not all of it is touched; they are dynamic where it may not be. What is really touched, in terms of the state around,
//! is what [`touched_at`] tells.
//!
//! Whoever moves nodes between scopes calls [`scope`] or [`state`] afterwards instead of patching memlets by hand.

mod nested;
mod region;

pub(crate) use nested::Window;
pub use nested::touched_at;
pub use region::region;
pub(crate) use region::{changed_symbols, inside_loop, keep_shape, known_range, may_leave};

use crate::node::Map;
use crate::symbolic::Facts;
use crate::{Data, EdgeId, Expr, IndexMap, Memlet, Name, Node, NodeId, Range, State, Subset};

/// A set of elements that covers the wanted ones.
#[derive(Clone, Debug, PartialEq)]
pub struct Swept {
    /// The covering set.
    pub subset: Subset,
    /// Whether it holds nothing else, as long as no variable's range is empty.
    pub exact: bool,
}

/// The union of `subset` over variables that run over ranges, outermost first; steps may be negative.
///
/// `shape` is the container's: what a dimension falls back to if nothing is known.
pub fn subset_over(subset: &Subset, variables: &[(Name, Range)], shape: &[Expr], facts: &Facts) -> Swept {
    let mut inside = facts.clone();
    for (variable, range) in variables {
        assume_in_range(&mut inside, variable, range);
    }
    subset_over_inside(subset, variables, shape, &inside)
}

/// As [`subset_over`], with the facts that hold where the variables are in their ranges.
fn subset_over_inside(subset: &Subset, variables: &[(Name, Range)], shape: &[Expr], inside: &Facts) -> Swept {
    let mut swept = Swept { subset: subset.clone(), exact: true };
    for (variable, range) in variables.iter().rev() {
        let users = swept.subset.dims.iter().filter(|dim| uses(dim, variable)).count();
        // Dimensions that move together trace a diagonal, of which the box is too large.
        swept.exact &= users <= 1;
        for (at, dim) in swept.subset.dims.iter_mut().enumerate() {
            if !uses(dim, variable) {
                continue;
            }
            let (union, exact) = sweep(dim, variable, range, inside).unwrap_or_else(|| {
                let whole = shape.get(at).map(Range::full);
                (whole.unwrap_or_else(|| dim.clone()), false)
            });
            *dim = union;
            swept.exact &= exact;
        }
    }
    swept
}

/// The union of `subset` over variables that run over ranges, outermost first, if it holds nothing else **and** nothing at
/// all where a range is empty: what is touched for certain. `facts` hold around the variables.
///
/// ```text
/// A[i], i in 0:N           A[0:N]           no element for N = 0
/// A[i:i + 3], i in 0:N     A[0:N + 2]       only where N >= 1 is known: else two elements are too many
/// ```
pub fn certain_over(
    subset: &Subset,
    variables: &[(Name, Range)],
    shape: &[Expr],
    facts: &Facts,
) -> Option<Subset> {
    let Some(((variable, range), around)) = variables.split_last() else { return Some(subset.clone()) };
    let mut outside = facts.clone();
    for (name, range) in around {
        assume_in_range(&mut outside, name, range);
    }
    let runs = range.is_empty(&outside) == Some(false);
    let mut inside = outside.clone();
    assume_in_range(&mut inside, variable, range);
    if !runs && !subset.dims.iter().any(|dim| vanishes(dim, variable, range, &outside)) {
        return None;
    }
    let swept =
        subset_over_inside(subset, std::slice::from_ref(&(variable.clone(), range.clone())), shape, &inside);
    swept.exact.then(|| certain_over(&swept.subset, around, shape, facts))?
}

/// Whether the union of a range over a variable is empty where the variable has no value: neighbouring iterations share
/// nothing, so that it is as long as all of them together. `facts` hold around the variable.
fn vanishes(dim: &Range, variable: &Name, over: &Range, facts: &Facts) -> bool {
    shift(dim, variable, over)
        .is_some_and(|shift| facts.prove_le(&dim.len(), &Expr::int(shift)) == Some(true))
}

/// What is known inside of a scope or loop whose variable runs over a range.
pub fn assume_in_range(facts: &mut Facts, variable: &Name, range: &Range) {
    match range.step.as_int() {
        Some(step) if step > 0 => facts.assume_range(variable, range.start.clone(), &range.stop - 1),
        Some(step) if step < 0 => facts.assume_range(variable, &range.stop + 1, range.start.clone()),
        _ => {}
    }
}

/// What is known inside of a map, given what is known around it.
pub fn inside_map(facts: &Facts, map: &Map) -> Facts {
    let mut facts = facts.clone();
    for (param, range) in map.params.iter().zip(&map.ranges) {
        assume_in_range(&mut facts, param, range);
    }
    facts
}

/// The memlet outside of a map for one inside of it. `facts` hold outside; `shape` is that of the memlet's container.
pub fn memlet_over(memlet: &Memlet, map: &Map, shape: &[Expr], facts: &Facts) -> Memlet {
    memlet_over_inside(memlet, map, shape, &inside_map(facts, map))
}

/// As [`memlet_over`], with the facts that hold inside of the map.
fn memlet_over_inside(memlet: &Memlet, map: &Map, shape: &[Expr], inside: &Facts) -> Memlet {
    let variables: Vec<_> = map.params.iter().cloned().zip(map.ranges.iter().cloned()).collect();
    let swept = subset_over_inside(&memlet.subset, &variables, shape, inside);
    Memlet {
        volume: None,
        data: memlet.data.clone(),
        subset: swept.subset,
        other_subset: None,
        // How many elements a stream holds is not known.
        dynamic: memlet.dynamic || !swept.exact || map.consume.is_some(),
        wcr: memlet.wcr,
    }
}

/// Recomputes the memlets outside of every scope of a state from those at its tasklets, copies and nested graphs.
pub fn state(state: &mut State, containers: &IndexMap<Name, Data>, facts: &Facts) {
    let scopes = state.scopes();
    let mut entries: Vec<(NodeId, Facts)> = Vec::new();
    let mut inside: IndexMap<NodeId, Facts> = IndexMap::default();
    for (&id, parent) in &scopes {
        if let Node::MapEntry(map) = state.node(id) {
            let around = parent.and_then(|entry| inside.get(&entry)).unwrap_or(facts).clone();
            inside.insert(id, inside_map(&around, map));
            entries.push((id, around));
        }
    }
    // Outer entries come first in topological order, and need the results of inner ones.
    for (entry, around) in entries.into_iter().rev() {
        scope(state, entry, containers, &around);
    }
}

/// Recomputes the memlets outside of one scope from those directly inside of it. `facts` hold outside.
pub fn scope(state: &mut State, entry: NodeId, containers: &IndexMap<Name, Data>, facts: &Facts) {
    let Node::MapEntry(map) = state.node(entry) else { return };
    let map = map.clone();
    let inner_facts = inside_map(facts, &map);
    // What the ranges get from data is not known outside.
    let inputs: Vec<Name> = state.range_inputs(entry).into_iter().map(|(name, _)| name.clone()).collect();
    let reads: Vec<(EdgeId, Vec<EdgeId>)> =
        state.in_edges(entry).iter().map(|edge| (edge.id, state.continuations(edge.id))).collect();
    let writes: Vec<(EdgeId, Vec<EdgeId>)> = state
        .out_edges(map.exit)
        .iter()
        .map(|edge| (edge.id, origins(state, map.exit, edge.src_conn())))
        .collect();
    for (outside, insides) in reads.into_iter().chain(writes) {
        let memlets: Vec<Memlet> =
            insides.iter().filter_map(|&id| nested::memlet_at(state, containers, id, &inner_facts)).collect();
        let Some(union) = union_of(&memlets, containers, &inner_facts) else { continue };
        let Some(data) = containers.get(&union.data) else { continue };
        let mut propagated = memlet_over_inside(&union, &map, data.shape(), &inner_facts);
        let hidden = propagated.subset.symbols().iter().any(|symbol| inputs.contains(symbol));
        if hidden || propagated.dynamic && !data.offset().is_empty() {
            (propagated.subset, propagated.dynamic) = (data.whole(), true);
        }
        if let Some(memlet) = &mut state.edge_mut(outside).memlet {
            let other_subset = memlet.other_subset.take();
            *memlet = Memlet { other_subset, ..propagated };
        }
    }
}

/// Edges that enter the connector of a map's exit from whose counterpart an edge leaves.
fn origins(state: &State, exit: NodeId, src_conn: Option<&Name>) -> Vec<EdgeId> {
    let Some(name) = src_conn.and_then(|conn| conn.strip_prefix("OUT_")) else { return Vec::new() };
    let inside = state.in_edges(exit).into_iter();
    inside
        .filter(|edge| edge.dst_conn().is_some_and(|conn| conn.strip_prefix("IN_") == Some(name)))
        .map(|edge| edge.id)
        .collect()
}

/// One memlet around several of the same container; `None` if there are none, or several containers.
fn union_of(memlets: &[Memlet], containers: &IndexMap<Name, Data>, facts: &Facts) -> Option<Memlet> {
    let (first, rest) = memlets.split_first()?;
    // A copy inside of the scope may name its other end.
    if rest.iter().any(|memlet| memlet.data != first.data) {
        return None;
    }
    let shape = containers.get(&first.data).map(Data::shape).unwrap_or_default();
    let mut union = Swept { subset: first.subset.clone(), exact: !first.dynamic };
    for memlet in rest {
        union.extend(&Swept { subset: memlet.subset.clone(), exact: !memlet.dynamic }, shape, facts);
    }
    let wcr = first.wcr.filter(|_| rest.iter().all(|memlet| memlet.wcr == first.wcr));
    Some(Memlet { wcr, dynamic: !union.exact, ..Memlet::new(&first.data, union.subset) })
}

impl Swept {
    /// Adds another set of elements of the same container, whose shape it is.
    fn extend(&mut self, other: &Swept, shape: &[Expr], facts: &Facts) {
        if self.subset.covers(&other.subset, facts) == Some(true) {
            self.exact &= other.exact;
            return;
        }
        if other.subset.covers(&self.subset, facts) == Some(true) {
            *self = Swept { subset: other.subset.clone(), exact: self.exact && other.exact };
            return;
        }
        let is_box = extends(&self.subset, &other.subset, facts);
        let union = self.subset.bounding_union(&other.subset, facts);
        self.exact &= other.exact && is_box && union.is_some();
        self.subset = union.unwrap_or_else(|| Subset::full(shape));
    }
}

/// Whether the box around two boxes holds nothing else: they differ in one dimension, and touch or overlap there.
fn extends(a: &Subset, b: &Subset, facts: &Facts) -> bool {
    let mut differing = a.dims.iter().zip(&b.dims).filter(|(a, b)| a != b);
    let (Some((a, b)), None) = (differing.next(), differing.next()) else { return false };
    a.tile.is_none()
        && b.tile.is_none()
        && a.step.is_one()
        && b.step.is_one()
        && facts.prove_le(&a.start, &b.stop) == Some(true)
        && facts.prove_le(&b.start, &a.stop) == Some(true)
}

fn uses(range: &Range, variable: &Name) -> bool {
    range.exprs().any(|expr| expr.uses(variable))
}

/// The union of a range over one variable, and whether it is exact; `None` if no bounds are found.
fn sweep(dim: &Range, variable: &Name, over: &Range, facts: &Facts) -> Option<(Range, bool)> {
    let (first, last) = over.extremes()?;
    let (low, high) = dim.extremes()?;
    let variables = [(variable.clone(), first, last)];
    let lowest = facts.min_over(&low, &variables)?;
    let highest = facts.max_over(&high, &variables)?;
    if let Some(stride) = stride_of_index(dim, variable, over) {
        return Some((Range::strided(lowest, highest + 1, stride), true));
    }
    let dense = dim.tile.is_none() && dim.step.as_int().is_some_and(|step| step.abs() == 1);
    let exact =
        dense && (!low.uses(variable) || !high.uses(variable) || overlaps(dim, variable, over, facts));
    Some((Range::new(lowest, highest + 1), exact))
}

/// The distance of the indices that a single index takes while the variable runs, if that is constant.
fn stride_of_index(dim: &Range, variable: &Name, over: &Range) -> Option<i64> {
    let index = dim.as_index()?;
    let coefficient = index.coefficient(variable)?.as_int()?;
    let stride = coefficient.checked_mul(over.step.as_int()?)?;
    (stride != 0).then(|| stride.checked_abs()).flatten()
}

/// Whether the boxes of neighbouring iterations touch: the range moves as a whole, by no more than its length.
fn overlaps(dim: &Range, variable: &Name, over: &Range, facts: &Facts) -> bool {
    shift(dim, variable, over)
        .is_some_and(|shift| facts.prove_le(&Expr::int(shift), &dim.len()) == Some(true))
}

/// How far a range moves from one iteration to the next, if it moves as a whole by a constant distance.
fn shift(dim: &Range, variable: &Name, over: &Range) -> Option<i64> {
    let start = dim.start.coefficient(variable)?;
    let shift = (&start * &over.step).as_int()?.checked_abs()?;
    let fixed = |expr: &Expr| !expr.uses(variable);
    let moves = dim.stop.coefficient(variable)? == start && fixed(&dim.step) && dim.tile.iter().all(fixed);
    (moves && shift != 0).then_some(shift)
}

#[cfg(test)]
mod tests;
