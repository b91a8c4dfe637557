//! Map fusion: a value that one map writes and the next reads in the same iteration need not reach memory in between.
//!
//! ```text
//! before:  map i { t[i] = 2*A[i] }    map j { B[j] = t[j] + 1 }
//! after:   map i { t = 2*A[i]; B[i] = t + 1 }
//! kept:    map i { t[i] = 2*A[i] }    map j { B[j] = t[j] + t[j + 1] }     another iteration's value
//!          map i { t[i] = A[i + 1] }  map j { A[j] = t[j] }                the second overwrites what the first reads
//! ```
//!
//! **Legal when**
//! * both maps run over the same iterations: equal ranges up to the order of the parameters and a constant shift;
//! * each iteration of the second reads, of what the first writes, exactly the element that the same iteration wrote,
//!   and that element is written once, unconditionally (by a call, too) and without conflict resolution, and not updated
//!   in place by a call;
//! * of every other container that both touch and one writes, either all elements are provably different, or the second
//!   writes in each iteration exactly what the same iteration of the first reads;
//! * nothing else lies on a path from the first to the second.
//!
//! An array between the maps that nobody else uses becomes a scalar of the iteration. One that is used elsewhere is
//! still written, but no longer read here; one that the second map overwrites is not written by the first any more.
//!
//! Maps are first fused where nothing between them remains in memory, then the others: of `t = 2*B` and `A = t + f(B)` behind
//! the map that computes `B`, the first is part of the second rather than of the map before, where `t` would stay an array.
//!
//! **Cost**: a look at the edges of both scopes, and a search for paths from the first map.

use super::forward::{combines, reads_in_place, rename_down, rename_up, store, writes_in_place};
use super::merge::{adopt, common_schedule, correspondences, merge};
use super::paths;
use crate::surroundings::{Surroundings, facts_inside};
use crate::transformation::apply_everywhere;
use crate::{Changed, Context, Pass, Refusal, Transformation};
use dacec_ir::analysis::must_write;
use dacec_ir::state::EdgeView;
use dacec_ir::symbolic::{Facts, Substitution};
use dacec_ir::{EdgeId, Memlet, Name, Node, NodeId, Scalar, Sdfg, State, Subset, propagate};

/// Fuses a map with one that reads its results; see the [module](self).
#[derive(Clone, Copy, Debug, Default)]
pub struct MapFusion;

/// Two maps that can be fused; made only by [`MapFusion::find`].
#[derive(Clone, Debug)]
pub struct Fusable {
    first: NodeId,
    second: NodeId,
    correspondence: Substitution,
    intermediates: Vec<Intermediate>,
    /// Nodes of the first scope that must come before nodes of the second.
    orders: Vec<(NodeId, NodeId)>,
}

/// A container between the two maps.
#[derive(Clone, Debug)]
struct Intermediate {
    access: NodeId,
    data: Name,
    /// The edge from the first map's exit to the access.
    outside: EdgeId,
    /// The edge inside of the first map that writes the element.
    write: EdgeId,
    /// The edges inside of the second map that read it.
    reads: Vec<EdgeId>,
    fate: Fate,
}

/// What becomes of the container.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fate {
    /// Nobody else uses it: it becomes a scalar.
    Contracted,
    /// The second map overwrites it: the first need not write it.
    Overwritten,
    /// It is used elsewhere and still written.
    Kept,
}

impl Transformation for MapFusion {
    type Place = State;
    type Match = Fusable;

    fn name(&self) -> &'static str {
        "MapFusion"
    }

    fn find(&self, around: &Surroundings<'_>, state: &State, site: NodeId) -> Result<Fusable, Refusal> {
        find(around, state, site, &|_| true)
    }

    fn apply(&self, around: &mut Surroundings<'_>, state: &mut State, found: Fusable) {
        adopt(around, state, found.second, &found.correspondence);
        for intermediate in &found.intermediates {
            intermediate.forward(around, state);
        }
        let (exit, entry) = (paths::exit_of(state, found.first), found.second);
        let direct = |edge: &EdgeView<'_>| edge.dst == entry;
        let orders: Vec<EdgeId> = state.out_edges(exit).into_iter().filter(direct).map(|it| it.id).collect();
        for edge in orders {
            state.remove_edge(edge);
        }
        merge(around, state, found.first, found.second);
        for &(before, after) in &found.orders {
            if !state.reaches(before, after) {
                state.order(before, after);
            }
        }
    }
}

/// Fuses maps wherever possible; see the [module](self).
#[derive(Clone, Copy, Debug, Default)]
pub struct FuseMaps;

impl Pass for FuseMaps {
    fn name(&self) -> &'static str {
        "map-fusion"
    }

    fn summary(&self) -> &'static str {
        "Fuses maps that pass values from iteration to iteration"
    }

    fn run(&self, sdfg: &mut Sdfg, context: &mut Context) -> Changed {
        apply_everywhere(&Contraction, sdfg, context) | apply_everywhere(&MapFusion, sdfg, context)
    }
}

/// Map fusion after which nothing between the maps remains in memory.
struct Contraction;

impl Transformation for Contraction {
    type Place = State;
    type Match = Fusable;

    fn name(&self) -> &'static str {
        MapFusion.name()
    }

    fn find(&self, around: &Surroundings<'_>, state: &State, site: NodeId) -> Result<Fusable, Refusal> {
        let contracts = |it: &Fusable| it.intermediates.iter().all(|it| it.fate == Fate::Contracted);
        // Why maps are not fused at all is said later.
        find(around, state, site, &contracts).map_err(|_| Refusal::NoMatch("something remains in memory"))
    }

    fn apply(&self, around: &mut Surroundings<'_>, state: &mut State, found: Fusable) {
        MapFusion.apply(around, state, found);
    }
}

/// The first reader of a map's results with which it can be fused in a way that is wanted.
fn find(
    around: &Surroundings<'_>,
    state: &State,
    site: NodeId,
    is_wanted: &dyn Fn(&Fusable) -> bool,
) -> Result<Fusable, Refusal> {
    let Node::MapEntry(first) = state.node(site) else { return Err(Refusal::NoMatch("not a map")) };
    let mut reason = Refusal::NoMatch("no map reads the results");
    for second in readers(state, first.exit) {
        match Pair::new(around, state, site, second).and_then(|pair| pair.find()) {
            Ok(found) if is_wanted(&found) => return Ok(found),
            Ok(_) => {}
            Err(refusal) => reason = refusal,
        }
    }
    Err(reason)
}

/// Maps that read what leaves the exit, once each.
fn readers(state: &State, exit: NodeId) -> Vec<NodeId> {
    let accesses = state.successors(exit).into_iter().filter(|&it| state.node(it).as_access().is_some());
    let maps = accesses.flat_map(|access| state.successors(access));
    maps.filter(|&it| state.node(it).as_map().is_some())
        .collect::<dacec_ir::IndexSet<_>>()
        .into_iter()
        .collect()
}

/// Two maps that may be fused.
struct Pair<'a> {
    around: &'a Surroundings<'a>,
    state: &'a State,
    first: NodeId,
    first_exit: NodeId,
    second: NodeId,
    second_exit: NodeId,
    facts: Facts,
    correspondences: Vec<Substitution>,
}

impl<'a> Pair<'a> {
    fn new(
        around: &'a Surroundings<'_>,
        state: &'a State,
        first: NodeId,
        second: NodeId,
    ) -> Result<Self, Refusal> {
        let (Node::MapEntry(a), Node::MapEntry(b)) = (state.node(first), state.node(second)) else {
            return Err(Refusal::NoMatch("not two maps"));
        };
        if common_schedule(a, b).is_none() {
            return Err(Refusal::unproved(format!(
                "`{}` and `{}` have different schedules",
                a.label, b.label
            )));
        }
        let facts = facts_inside(state, first, &around.facts);
        let correspondences = correspondences(a, b, &facts);
        if correspondences.is_empty() {
            return Err(Refusal::unproved(format!(
                "`{}` and `{}` do not provably run over the same range",
                a.label, b.label
            )));
        }
        Ok(Pair {
            around,
            state,
            first,
            first_exit: a.exit,
            second,
            second_exit: b.exit,
            facts,
            correspondences,
        })
    }

    fn find(&self) -> Result<Fusable, Refusal> {
        self.no_detour()?;
        let mut reason = Refusal::NoMatch("no correspondence of parameters");
        for correspondence in &self.correspondences {
            match self.find_under(correspondence) {
                Ok(found) => return Ok(found),
                Err(refusal) => reason = refusal,
            }
        }
        Err(reason)
    }

    /// Refuses a path from the first map to the second through another computation.
    fn no_detour(&self) -> Result<(), Refusal> {
        for next in self.state.successors(self.first_exit) {
            if next == self.second {
                continue;
            }
            let direct = self.state.node(next).as_access().is_some();
            let through = self.state.successors(next).into_iter().filter(|&it| it != self.second || !direct);
            for node in through {
                if self.state.reaches(node, self.second) {
                    return Err(Refusal::node(node, "lies between the maps"));
                }
            }
        }
        Ok(())
    }

    fn find_under(&self, correspondence: &Substitution) -> Result<Fusable, Refusal> {
        let mut intermediates = Vec::new();
        for access in self.state.successors(self.first_exit) {
            if self.state.successors(access).contains(&self.second) {
                intermediates.extend(self.intermediate(access, correspondence)?);
            }
        }
        let orders = self.check_hazards(correspondence, &mut intermediates)?;
        Ok(Fusable {
            first: self.first,
            second: self.second,
            correspondence: correspondence.clone(),
            intermediates,
            orders,
        })
    }

    /// Proves that one container passes from iteration to iteration; `None` if the access only orders the maps.
    fn intermediate(&self, access: NodeId, same: &Substitution) -> Result<Option<Intermediate>, Refusal> {
        let state = self.state;
        let Some(data) = state.node(access).as_access() else {
            return Err(Refusal::node(access, "lies between the maps"));
        };
        let [incoming] = state.in_edges(access)[..] else {
            return Err(Refusal::node(access, format!("(`{data}`) is written by others too")));
        };
        let outside = incoming.id;
        let into: Vec<_> = state.out_edges(access).into_iter().filter(|it| it.dst == self.second).collect();
        if into.iter().all(|edge| edge.memlet().is_none()) {
            return Err(Refusal::node(access, format!("(`{data}`) only orders the maps")));
        }
        let writes = paths::origins(state, outside);
        let [write] = writes[..] else {
            return Err(Refusal::node(access, format!("(`{data}`) is written several times")));
        };
        let written = state.edge(write).memlet.as_ref();
        let written =
            written.ok_or_else(|| Refusal::node(access, "is written by an edge without a memlet"))?;
        if written.wcr.is_some() || written.dynamic || written.data != *data {
            return Err(Refusal::node(
                access,
                format!("(`{data}`) is not simply written once in each iteration"),
            ));
        }
        if combines(state, write) {
            return Err(Refusal::node(access, format!("(`{data}`) is written with a conflict resolution")));
        }
        if written.subset.as_element().is_none() {
            return Err(Refusal::unproved(format!("`{written}` is more than one element")));
        }
        // A call need not write what it could, and one that updates in place needs the memory.
        let Some(map) = state.node(self.first).as_map() else { return Err(Refusal::NoMatch("not two maps")) };
        let facts = propagate::inside_map(&self.facts, map);
        let certain = must_write(state, &self.around.sdfg.containers, write, &facts);
        if certain.is_none_or(|certain| certain != written.subset) {
            return Err(Refusal::node(access, format!("(`{data}`) is perhaps not written")));
        }
        if writes_in_place(state, write) || into.iter().any(|edge| reads_in_place(state, edge.id)) {
            return Err(Refusal::node(access, format!("(`{data}`) is updated in place")));
        }
        let mut reads = Vec::new();
        for edge in into.iter().filter(|edge| edge.memlet().is_some()) {
            for read in state.continuations(edge.id) {
                self.same_element(written, read, same)?;
                reads.push(read);
            }
        }
        let alone = state.out_degree(access) == into.len();
        let local = alone && self.around.is_local_to(state, data) && state.num_accesses(data) == 1;
        let fate = if local { Fate::Contracted } else { Fate::Kept };
        Ok(Some(Intermediate { access, data: data.clone(), outside, write, reads, fate }))
    }

    /// Proves that an edge of the second map reads what the same iteration of the first writes.
    fn same_element(&self, written: &Memlet, read: EdgeId, same: &Substitution) -> Result<(), Refusal> {
        let memlet = self.state.edge(read).memlet.as_ref();
        let memlet = memlet.ok_or_else(|| Refusal::unproved("a read has no memlet"))?;
        let subset = memlet.subset.subs(same);
        if memlet.data == written.data && self.equal(&subset, &written.subset) {
            return Ok(());
        }
        Err(Refusal::SubsetsDiffer {
            data: written.data.clone(),
            first: written.subset.clone(),
            second: subset,
        })
    }

    fn equal(&self, a: &Subset, b: &Subset) -> bool {
        a == b
            || a.rank() == b.rank()
                && a.dims.iter().zip(&b.dims).all(|(a, b)| {
                    a.step == b.step
                        && self.facts.prove_eq(&a.start, &b.start) == Some(true)
                        && self.facts.prove_eq(&a.stop, &b.stop) == Some(true)
                })
    }

    /// Proves that no element passes between different iterations, apart from the intermediates. Returns nodes that must
    /// be ordered within an iteration.
    fn check_hazards(
        &self,
        same: &Substitution,
        intermediates: &mut [Intermediate],
    ) -> Result<Vec<(NodeId, NodeId)>, Refusal> {
        let (reads, writes) = (self.reads_of(self.first), self.writes_of(self.first_exit));
        let (later_reads, later_writes) = (self.reads_of(self.second), self.writes_of(self.second_exit));
        let mut orders = Vec::new();
        for later in &later_writes {
            for earlier in &reads {
                if self.conflict(earlier, later) {
                    self.same_iteration(earlier, later, same)?;
                    orders.push((self.end_of(earlier), self.start_of(later)));
                }
            }
            for earlier in &writes {
                if self.conflict(earlier, later) {
                    self.same_iteration(earlier, later, same)?;
                    // Only a value that nobody else sees may be replaced before it was ever written.
                    let overwritten = intermediates.iter_mut().find(|it| it.write == earlier.inside);
                    match overwritten {
                        Some(it) if self.state.out_degree(it.access) == it.reads_outside(self) => {
                            it.fate = Fate::Overwritten;
                        }
                        _ => return Err(Refusal::conflict(&earlier.whole, &later.whole)),
                    }
                }
            }
        }
        for later in &later_reads {
            let passed = intermediates.iter().any(|it| it.reads.contains(&later.inside));
            if !passed && let Some(earlier) = writes.iter().find(|earlier| self.conflict(earlier, later)) {
                return Err(Refusal::conflict(&earlier.whole, &later.whole));
            }
        }
        Ok(orders)
    }

    /// What the iterations of a map read: the edges inside, with the memlets outside.
    fn reads_of(&self, entry: NodeId) -> Vec<Touch> {
        let outside = self.state.in_edges(entry).into_iter();
        outside
            .filter_map(|edge| Some((edge.id, edge.memlet()?)))
            .flat_map(|(id, whole)| {
                let inside = self.state.continuations(id).into_iter();
                inside.map(|inside| Touch { inside, whole: whole.clone() }).collect::<Vec<_>>()
            })
            .collect()
    }

    /// What the iterations of a map write.
    fn writes_of(&self, exit: NodeId) -> Vec<Touch> {
        let outside = self.state.out_edges(exit).into_iter();
        outside
            .filter_map(|edge| Some((edge.id, edge.memlet()?)))
            .flat_map(|(id, whole)| {
                let inside = paths::origins(self.state, id).into_iter();
                inside.map(|inside| Touch { inside, whole: whole.clone() }).collect::<Vec<_>>()
            })
            .collect()
    }

    /// Whether all iterations of both may touch a common element.
    fn conflict(&self, earlier: &Touch, later: &Touch) -> bool {
        earlier.whole.data == later.whole.data
            && earlier.whole.subset.intersects(&later.whole.subset, &self.facts) != Some(false)
    }

    /// Proves that the second map writes, in each iteration, one element that of all iterations of the first only the
    /// same one touches. That different iterations write different elements is what makes the second a map.
    fn same_iteration(&self, earlier: &Touch, later: &Touch, same: &Substitution) -> Result<(), Refusal> {
        let memlet = |touch: &Touch| self.state.edge(touch.inside).memlet.clone();
        let (Some(a), Some(b)) = (memlet(earlier), memlet(later)) else {
            return Err(Refusal::conflict(&earlier.whole, &later.whole));
        };
        let simple = a.wcr.is_none() && b.wcr.is_none() && !b.dynamic && b.subset.as_element().is_some();
        if simple && self.equal(&a.subset, &b.subset.subs(same)) {
            return Ok(());
        }
        Err(Refusal::conflict(&a, &b))
    }

    /// The node after which an edge into the first scope has been used.
    fn end_of(&self, read: &Touch) -> NodeId {
        let (_, dst) = self.state.endpoints(read.inside);
        match self.state.node(dst) {
            Node::MapEntry(map) => map.exit,
            _ => dst,
        }
    }

    /// The node before which an edge out of the second scope is not used.
    fn start_of(&self, write: &Touch) -> NodeId {
        let (src, _) = self.state.endpoints(write.inside);
        match self.state.node(src) {
            Node::MapExit { entry } => *entry,
            _ => src,
        }
    }
}

/// An edge at the inner border of a map, with what all iterations move along it.
struct Touch {
    inside: EdgeId,
    whole: Memlet,
}

impl Intermediate {
    /// Number of edges from the access to the second map.
    fn reads_outside(&self, pair: &Pair<'_>) -> usize {
        pair.state.out_edges(self.access).into_iter().filter(|edge| edge.dst == pair.second).count()
    }

    /// Passes the value from the writer to the readers through a scalar. The edges from the access to the second map
    /// disappear, and with them the access if nobody else needs it.
    fn forward(&self, around: &mut Surroundings<'_>, state: &mut State) {
        let dtype = around.container(&self.data).dtype();
        let scalar = match self.fate {
            Fate::Contracted => self.data.clone(),
            Fate::Overwritten | Fate::Kept => around.names.fresh(&format!("{}_value", self.data)),
        };
        around.sdfg.containers.insert(scalar.clone(), Scalar::transient(dtype).into());
        around.uses.add(&scalar);
        let value = state.add_access(&scalar);
        let mut outer_reads = Vec::new();
        for &read in &self.reads {
            outer_reads.extend(state.origin(read));
            rename_down(state, read, &scalar);
            state.move_source(read, value, None);
        }
        for edge in outer_reads {
            state.remove_edge(edge);
        }
        match self.fate {
            Fate::Kept => {
                // The value goes to the scalar, and from there to memory.
                let (_, exit) = state.endpoints(self.write);
                let old = state.edge(self.write).clone();
                rename_up(state, self.write, &scalar);
                state.move_destination(self.write, value, None);
                store(around, state, value, (exit, old));
            }
            Fate::Contracted | Fate::Overwritten => {
                rename_up(state, self.write, &scalar);
                state.move_destination(self.write, value, None);
                state.remove_edge(self.outside);
                state.remove_node(self.access);
                around.uses.remove(&self.data);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::apply_everywhere;
    use crate::pass::{Changed, Context, Options};
    use dacec_ir::builder::{Code, SdfgBuilder, StateBuilder, name, value};
    use dacec_ir::interp::testing::assert_same;
    use dacec_ir::{DType, Expr, Sdfg, Wcr};

    /// A map over `i` that computes one output from inputs.
    fn map(
        state: &mut StateBuilder<'_>,
        range: &str,
        inputs: &[(&str, &str, &str)],
        code: Code,
        output: (&str, &str),
    ) -> NodeId {
        state.map("m", &[("i", range)], inputs, code, output)
    }

    /// Makes consecutive maps read what the ones before them wrote: unites accesses of one container.
    fn link(sdfg: &mut Sdfg) {
        sdfg.visit_states_mut(&mut |state| {
            let ids = state.node_ids();
            for (at, &reader) in ids.iter().enumerate() {
                let Some(data) = state.node(reader).as_access().cloned() else { continue };
                let writer = ids[..at].iter().rev().copied().find(|&it| {
                    state.contains(it) && state.node(it).as_access() == Some(&data) && state.in_degree(it) > 0
                });
                let Some(writer) = writer.filter(|_| state.in_degree(reader) == 0) else { continue };
                let edges: Vec<EdgeId> = state.out_edges(reader).iter().map(|it| it.id).collect();
                for edge in edges {
                    state.move_source(edge, writer, None);
                }
                state.remove_node(reader);
            }
        });
    }

    fn program(fill: impl FnOnce(&mut StateBuilder<'_>)) -> Sdfg {
        let n = Expr::sym("N");
        let mut b = SdfgBuilder::new("p");
        for array in ["A", "B", "C"] {
            b.array(array, DType::Float64, [n.clone()]);
        }
        for array in ["t", "u"] {
            b.transient(array, DType::Float64, [n.clone()]);
        }
        fill(&mut b.state("s"));
        let mut sdfg = b.build();
        link(&mut sdfg);
        sdfg
    }

    fn fuse(sdfg: &Sdfg) -> (Sdfg, Context) {
        let mut after = sdfg.clone();
        let mut context = Context::new(Options { explain: true, ..Options::default() });
        let changed = apply_everywhere(&MapFusion, &mut after, &mut context);
        assert_eq!(changed == Changed::Yes, context.rewrites().contains_key("MapFusion"));
        assert_same(sdfg, &after, &[("N", 7)]);
        (after, context)
    }

    fn maps(sdfg: &Sdfg) -> usize {
        let states = sdfg.body.states();
        states.iter().map(|it| it.nodes().filter(|(_, node)| node.as_map().is_some()).count()).sum()
    }

    fn refused(sdfg: &Sdfg) -> String {
        let (after, context) = fuse(sdfg);
        assert_eq!(maps(&after), maps(sdfg), "nothing is fused");
        context.refusals().iter().map(|it| it.reason.to_string()).collect::<Vec<_>>().join("; ")
    }

    #[test]
    fn a_chain_becomes_one_map() {
        let before = program(|s| {
            map(s, "0:N", &[("a", "A", "i")], name("a") * value(2.0), ("t", "i"));
            map(s, "0:N", &[("a", "t", "i")], name("a") + value(1.0), ("u", "i"));
            map(s, "0:N", &[("a", "u", "i"), ("b", "A", "i")], name("a") * name("b"), ("B", "i"));
        });
        let (after, _) = fuse(&before);
        assert_eq!(maps(&after), 1);
        assert_eq!(after.containers["t"].rank(), 0);
        assert_eq!(after.containers["u"].rank(), 0);
    }

    #[test]
    fn shifted_ranges_fuse() {
        let before = program(|s| {
            map(s, "0:N - 2", &[("a", "A", "i")], name("a"), ("t", "i + 1"));
            map(s, "1:N - 1", &[("a", "t", "i")], name("a"), ("B", "i"));
        });
        assert_eq!(maps(&fuse(&before).0), 1);
    }

    #[test]
    fn an_update_in_place_fuses() {
        let before = program(|s| {
            map(s, "0:N", &[("a", "A", "i"), ("b", "B", "i")], name("a") + name("b"), ("t", "i"));
            map(s, "0:N", &[("a", "t", "i")], name("a"), ("A", "i"));
        });
        assert_eq!(maps(&fuse(&before).0), 1);
    }

    #[test]
    fn a_visible_array_between_the_maps_is_still_written() {
        let before = program(|s| {
            map(s, "0:N", &[("a", "A", "i")], name("a") * value(2.0), ("B", "i"));
            map(s, "0:N", &[("a", "B", "i")], name("a") + value(1.0), ("C", "i"));
        });
        assert_eq!(maps(&fuse(&before).0), 1);
    }

    #[test]
    fn a_value_that_is_overwritten_is_not_stored() {
        let before = program(|s| {
            map(s, "0:N", &[("a", "B", "i")], name("a") * value(2.0), ("B", "i"));
            map(s, "0:N", &[("a", "B", "i")], name("a") + value(1.0), ("B", "i"));
        });
        let (after, _) = fuse(&before);
        assert_eq!(maps(&after), 1);
        assert_eq!(after.body.states()[0].accesses(&"B".into()).len(), 2);
    }

    #[test]
    fn another_iterations_value_keeps_the_maps_apart() {
        let before = program(|s| {
            map(s, "0:N", &[("a", "A", "i")], name("a"), ("t", "i"));
            map(s, "0:N - 1", &[("a", "t", "i"), ("b", "t", "i + 1")], name("a") + name("b"), ("B", "i"));
        });
        assert!(refused(&before).contains("do not provably run over the same range"));
        let before = program(|s| {
            map(s, "0:N", &[("a", "A", "i")], name("a"), ("t", "i"));
            map(s, "0:N", &[("a", "t", "N - 1 - i")], name("a"), ("B", "i"));
        });
        assert!(refused(&before).contains("is not provably the same as"));
    }

    #[test]
    fn overwriting_what_another_iteration_reads_keeps_the_maps_apart() {
        let before = program(|s| {
            map(s, "0:N - 1", &[("a", "A", "i + 1")], name("a"), ("t", "i"));
            map(s, "0:N - 1", &[("a", "t", "i")], name("a"), ("A", "i"));
        });
        assert!(refused(&before).contains("may be the same elements"));
    }

    #[test]
    fn a_reduction_keeps_the_maps_apart() {
        let n = Expr::sym("N");
        let mut b = SdfgBuilder::new("p");
        b.array("A", DType::Float64, [n.clone()]).array("B", DType::Float64, [n]);
        b.local("s", DType::Float64);
        let mut state = b.state("s");
        state.tasklet("zero", &[], value(0.0), ("s", ""));
        state.reduction("sum", &[("i", "0:N")], &[("a", "A", "i")], name("a"), ("s", ""), Wcr::Sum);
        let scale = [("a", "A", "i"), ("s", "s", "")];
        state.map("scale", &[("i", "0:N")], &scale, name("a") / name("s"), ("B", "i"));
        let mut before = b.build();
        link(&mut before);
        before.visit_states_mut(&mut |state| {
            let accesses = state.accesses(&"s".into());
            let entry = state.nodes().find(|(_, node)| node.as_map().is_some()).expect("the sum").0;
            state.order(accesses[0], entry);
        });
        assert!(refused(&before).contains("not simply written once"));
    }

    #[test]
    fn a_computation_between_the_maps_keeps_them_apart() {
        let mut before = program(|s| {
            map(s, "0:N", &[("a", "A", "i")], name("a"), ("t", "i"));
            s.tasklet("first", &[("a", "t", "0")], name("a"), ("u", "0"));
            map(s, "0:N", &[("a", "t", "i"), ("b", "u", "0")], name("a") - name("b"), ("B", "i"));
        });
        link(&mut before);
        assert!(refused(&before).contains("lies between the maps"));
    }
}
