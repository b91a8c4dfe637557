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
//! Whoever moves nodes between scopes calls [`scope`] or [`state`] afterwards instead of patching memlets by hand.

use crate::node::Map;
use crate::symbolic::Facts;
use crate::{Data, EdgeId, Expr, Memlet, Name, Node, NodeId, Range, State, Subset};
use indexmap::IndexMap;

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
    let mut inside: IndexMap<NodeId, Facts> = IndexMap::new();
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
        let memlets: Vec<Memlet> = insides.iter().filter_map(|&id| state.edge(id).memlet.clone()).collect();
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
    let mut union = Memlet { other_subset: None, ..first.clone() };
    for memlet in rest {
        if memlet.wcr != union.wcr {
            union.wcr = None;
        }
        union.dynamic |= memlet.dynamic;
        if union.subset.covers(&memlet.subset, facts) == Some(true) {
            continue;
        }
        if memlet.subset.covers(&union.subset, facts) == Some(true) {
            union.subset = memlet.subset.clone();
            continue;
        }
        union.dynamic |= !extends(&union.subset, &memlet.subset, facts);
        union.subset = union.subset.bounding_union(&memlet.subset, facts).unwrap_or_else(|| {
            Subset::full(containers.get(&union.data).map(Data::shape).unwrap_or_default())
        });
    }
    Some(union)
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
    let (Some(start), Some(stop)) = (dim.start.coefficient(variable), dim.stop.coefficient(variable)) else {
        return false;
    };
    let shift = match (&start * &over.step).as_int() {
        Some(shift) if start == stop => shift.checked_abs(),
        _ => None,
    };
    shift.is_some_and(|shift| facts.prove_le(&Expr::int(shift), &dim.len()) == Some(true))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::builder::{SdfgBuilder, name};
    use crate::{DType, Schedule, Wcr};

    fn swept(subset: &str, variables: &[(&str, &str)]) -> String {
        let variables: Vec<(Name, Range)> = variables
            .iter()
            .map(|(name, range)| ((*name).into(), Range::parse(range).expect("a valid range")))
            .collect();
        let subset = Subset::parse(subset).expect("a valid subset");
        let shape: Vec<Expr> = (0..subset.rank()).map(|_| Expr::sym("M")).collect();
        let swept = subset_over(&subset, &variables, &shape, &Facts::new());
        format!("{}{}", swept.subset, if swept.exact { "" } else { " ~" })
    }

    #[test]
    fn affine_indices_are_exact() {
        assert_eq!(swept("i", &[("i", "1:N - 1")]), "[1:N - 1]");
        assert_eq!(swept("2*i", &[("i", "0:N")]), "[0:2*N - 1:2]");
        assert_eq!(swept("N - 1 - i", &[("i", "0:N")]), "[0:N]");
        assert_eq!(swept("i - 1:i + 2", &[("i", "1:N - 1")]), "[0:N]");
        assert_eq!(swept("i, j + 1", &[("i", "0:N"), ("j", "0:K")]), "[0:N, 1:K + 1]");
        assert_eq!(swept("32*t + l", &[("t", "0:4"), ("l", "0:32")]), "[0:128]");
    }

    #[test]
    fn triangles_are_swept_inside_out() {
        assert_eq!(swept("0:i", &[("i", "0:N")]), "[0:N - 1]");
        assert_eq!(swept("i, j", &[("i", "0:N"), ("j", "0:i + 1")]), "[0:N, 0:N] ~");
    }

    #[test]
    fn what_is_too_large_is_marked() {
        assert_eq!(swept("i, i", &[("i", "0:N")]), "[0:N, 0:N] ~");
        assert_eq!(swept("i % 7", &[("i", "0:N")]), "[0:M] ~");
        assert_eq!(swept("4*i:4*i + 2", &[("i", "0:N")]), "[0:4*N - 2] ~");
    }

    #[test]
    fn loops_that_run_down_are_swept_too() {
        assert_eq!(swept("i", &[("i", "N - 1:-1:-1")]), "[0:N]");
    }

    #[test]
    fn the_outer_memlets_of_a_state_follow_the_inner_ones() {
        let n = Expr::sym("N");
        let mut builder = SdfgBuilder::new("p");
        builder.array("A", DType::Float64, [n.clone()]);
        builder.array("B", DType::Float64, [n.clone()]);
        builder.state("s").map(
            "m",
            &[("i", "1:N - 1")],
            &[("a", "A", "i - 1"), ("b", "A", "i")],
            name("a") + name("b"),
            ("B", "i"),
        );
        let mut sdfg = builder.build();
        let (containers, facts) = (sdfg.containers.clone(), sdfg.facts());
        sdfg.body.visit_states_mut(&mut |it| state(it, &containers, &facts));
        let after = sdfg.body.states()[0];
        let outer: Vec<String> = after
            .edges()
            .filter(|edge| [edge.src, edge.dst].iter().any(|&id| after.node(id).as_access().is_some()))
            .filter_map(|edge| edge.memlet().map(ToString::to_string))
            .collect();
        assert_eq!(outer, ["A[0:N - 1]", "B[1:N - 1]"]);
    }

    #[test]
    fn a_scope_keeps_the_conflict_resolution() {
        let map = {
            let mut state = State::new("s");
            let (entry, _) = state.add_map("m", [("i".into(), Range::new(0, 8))], Schedule::Default);
            state.node(entry).as_map().expect("an entry").clone()
        };
        let inside = Memlet::scalar("s").with_wcr(Wcr::Sum);
        assert_eq!(memlet_over(&inside, &map, &[], &Facts::new()), inside);
    }
}
