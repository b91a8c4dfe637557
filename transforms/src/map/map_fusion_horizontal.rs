//! Horizontal map fusion: maps over the same range that read the same array read it once.
//!
//! ```text
//! before:  map i { B[i] = 2*A[i] }    map j { C[j] = A[j] + 1 }
//! after:   map i { B[i] = 2*A[i]; C[i] = A[i] + 1 }
//! kept:    map i { B[i] = 2*A[i] }    map j { C[j] = B[j] }          one waits for the other
//! ```
//!
//! **Legal when** neither map waits for the other: in a valid state, what they touch is then different or only read.
//! **Applies when** both read an array in common at the same elements, so that moving it once pays, and the merged map
//! does not touch more arrays than a processor follows at once.

use super::merge::{adopt, common_schedule, correspondences, merge};
use crate::surroundings::{Surroundings, facts_inside};
use crate::{Refusal, Transformation};
use dacec_ir::symbolic::Substitution;
use dacec_ir::{IndexSet, Memlet, Name, Node, NodeId, State};

/// Arrays in a merged map: about as many streams as processors prefetch.
const MAX_ARRAYS: usize = 12;

/// Fuses maps that read the same data; see the [module](self).
#[derive(Clone, Copy, Debug, Default)]
pub struct MapFusionHorizontal;

/// Two independent maps; made only by [`MapFusionHorizontal::find`].
#[derive(Clone, Debug)]
pub struct Siblings {
    first: NodeId,
    second: NodeId,
    correspondence: Substitution,
}

impl Transformation for MapFusionHorizontal {
    type Place = State;
    type Match = Siblings;

    fn name(&self) -> &'static str {
        "MapFusionHorizontal"
    }

    fn find(&self, around: &Surroundings<'_>, state: &State, site: NodeId) -> Result<Siblings, Refusal> {
        if state.node(site).as_map().is_none() {
            return Err(Refusal::NoMatch("not a map"));
        }
        let mut reason = Refusal::NoMatch("no other map reads the same");
        let siblings = siblings(around, state, site);
        if siblings.is_empty() {
            return Err(reason);
        }
        let order = Order::of(state, site);
        for second in siblings {
            match pair(around, state, (site, &order), second) {
                Ok(found) => return Ok(found),
                Err(refusal) => reason = refusal,
            }
        }
        Err(reason)
    }

    fn apply(&self, around: &mut Surroundings<'_>, state: &mut State, found: Siblings) {
        adopt(around, state, found.second, &found.correspondence);
        merge(around, state, found.first, found.second);
    }
}

/// Later maps that read an array which this one reads too, as it is at the same time: from the same access, or from one of
/// those before which nothing writes it.
fn siblings(around: &Surroundings<'_>, state: &State, site: NodeId) -> IndexSet<NodeId> {
    let is_array = |data: &Name| around.sdfg.container(data).is_some_and(|it| it.rank() > 0);
    let mut accesses = IndexSet::default();
    for edge in state.in_edges(site) {
        match state.node(edge.src).as_access() {
            Some(data) if is_array(data) && state.in_degree(edge.src) == 0 => {
                let unwritten = state.accesses(data).into_iter().filter(|&it| state.in_degree(it) == 0);
                accesses.extend(unwritten);
            }
            Some(data) if is_array(data) => drop(accesses.insert(edge.src)),
            _ => {}
        }
    }
    let readers = accesses.into_iter().flat_map(|access| state.successors(access));
    readers.filter(|&it| it > site && state.node(it).as_map().is_some()).collect()
}

/// Where a map stands in its state: computed once for all its siblings, of which long programs have many.
struct Order {
    scope: Option<NodeId>,
    /// What the map waits for.
    before: IndexSet<NodeId>,
    /// What waits for the map.
    after: IndexSet<NodeId>,
}

impl Order {
    fn of(state: &State, entry: NodeId) -> Order {
        let exit = state.node(entry).as_map().map_or(entry, |map| map.exit);
        Order { scope: state.scope_of(entry), before: state.ancestors(entry), after: state.descendants(exit) }
    }
}

fn pair(
    around: &Surroundings<'_>,
    state: &State,
    (first, order): (NodeId, &Order),
    second: NodeId,
) -> Result<Siblings, Refusal> {
    let (Node::MapEntry(a), Node::MapEntry(b)) = (state.node(first), state.node(second)) else {
        return Err(Refusal::NoMatch("not two maps"));
    };
    if order.scope != state.scope_of(second) || common_schedule(a, b).is_none() {
        return Err(Refusal::NoMatch("maps in different scopes or with different schedules"));
    }
    if order.after.contains(&second) || order.before.contains(&b.exit) {
        return Err(Refusal::unproved(format!("one of `{}` and `{}` waits for the other", a.label, b.label)));
    }
    let arrays: IndexSet<&Name> =
        [first, second, a.exit, b.exit].iter().flat_map(|&node| touched(state, node)).collect();
    if arrays.len() > MAX_ARRAYS {
        return Err(Refusal::unproved(format!("one map would touch {} arrays", arrays.len())));
    }
    let facts = facts_inside(state, first, &around.facts);
    let same = correspondences(a, b, &facts).into_iter().find(|it| reads_in_common(state, first, second, it));
    let correspondence = same.ok_or(Refusal::NoMatch("the maps do not read the same elements"))?;
    Ok(Siblings { first, second, correspondence })
}

/// Containers on the outer edges of a map's node.
fn touched(state: &State, node: NodeId) -> Vec<&Name> {
    let edges = match state.node(node) {
        Node::MapEntry(_) => state.in_edges(node),
        _ => state.out_edges(node),
    };
    edges.into_iter().filter_map(|edge| edge.memlet().map(|memlet| &memlet.data)).collect()
}

/// Whether an element that one iteration of the first map reads is read by the same iteration of the second.
fn reads_in_common(state: &State, first: NodeId, second: NodeId, same: &Substitution) -> bool {
    let reads = |entry: NodeId| -> Vec<&Memlet> {
        let edges = state.out_edges(entry).into_iter();
        edges.filter_map(|edge| edge.memlet()).filter(|memlet| memlet.subset.rank() > 0).collect()
    };
    let earlier = reads(first);
    reads(second).iter().any(|memlet| {
        let subset = memlet.subset.subs(same);
        earlier.iter().any(|it| it.data == memlet.data && it.subset == subset)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::map::testing::{apply, maps, refusals};
    use dacec_ir::builder::{SdfgBuilder, name, value};
    use dacec_ir::{DType, Expr, Sdfg};

    fn program(range: &str, from: &str, wait: bool) -> Sdfg {
        let n = Expr::sym("N");
        let mut b = SdfgBuilder::new("p");
        for array in ["A", "B", "C"] {
            b.array(array, DType::Float64, [n.clone()]);
        }
        let mut s = b.state("s");
        s.map("double", &[("i", "0:N")], &[("a", "A", "i")], name("a") * value(2.0), ("B", "i"));
        s.map("add", &[("i", range)], &[("a", from, "i")], name("a") + value(1.0), ("C", "i"));
        if wait {
            let (written, entry) = (s.state.accesses(&"B".into())[0], s.state.node_ids());
            let entry = entry.into_iter().rfind(|&it| s.state.node(it).as_map().is_some());
            s.state.order(written, entry.expect("the second map"));
        }
        b.build()
    }

    #[test]
    fn maps_over_the_same_array_are_merged() {
        let before = program("0:N", "A", false);
        assert_eq!(maps(&apply(&MapFusionHorizontal, &before, &[("N", 5)])).len(), 1);
    }

    #[test]
    fn a_map_that_waits_is_kept() {
        let reasons = refusals(&MapFusionHorizontal, &program("0:N", "A", true));
        assert_eq!(reasons, ["one of `double` and `add` waits for the other"]);
    }

    #[test]
    fn other_ranges_are_kept() {
        assert!(refusals(&MapFusionHorizontal, &program("1:N", "A", false)).is_empty());
    }
}
