//! On-the-fly map fusion: what a map computes into a temporary array is computed again wherever it is read.
//!
//! ```text
//! before:  map i in 0:N { t[i] = 2*A[i] }    map j in 1:N - 1 { B[j] = t[j - 1] + t[j + 1] }
//! after:   map j in 1:N - 1 { B[j] = 2*A[j - 1] + 2*A[j + 1] }
//! kept:    map i in 0:N { t[i] = 2*A[i] }    map j in 1:N - 1 { A[j] = t[j - 1] + t[j + 1] }    would read what it writes
//!          map i in 1:N { t[i] = 2*A[i] }    map j in 1:N { B[j] = t[j - 1] }                   reads what nobody wrote
//! ```
//!
//! [`map_fusion`](super::map_fusion) passes a value on within one iteration; here iterations need those of their neighbours,
//! as in stencils. Arithmetic is repeated, memory traffic is not.
//!
//! **Legal when**
//! * the temporary is used nowhere else, and each of its elements that is read was written, once, by the iteration whose
//!   number follows from the index (every parameter of the producer is a dimension of it, up to a constant);
//! * what the producer reads is the same until the consumer has ended;
//! * the producer holds nothing but tasklets and scalars, and writes nothing else.
//!
//! **Cost**: a copy of the producer's tasklets for each different element that an iteration reads. With [`once`] only those
//! maps are fused that need no element twice, so that nothing is computed again: a sum of what a map computes, for example.
//!
//! [`once`]: OTFMapFusion::once

use super::paths;
use super::unchanged::unchanged;
use crate::surroundings::{Surroundings, facts_inside};
use crate::{Refusal, Transformation};
use dacec_ir::analysis::must_write;
use dacec_ir::symbolic::Substitution;
use dacec_ir::{
    Data, Edge, EdgeId, Expr, IndexMap, Memlet, Name, Node, NodeId, Range, Scalar, State, TaskletCode,
    propagate,
};
use std::collections::BTreeSet;

/// Computes again what a map computed; see the [module](self).
#[derive(Clone, Copy, Debug, Default)]
pub struct OTFMapFusion {
    /// Whether only what is read once is fused.
    once: bool,
}

impl OTFMapFusion {
    /// Fuses where no element is read twice.
    pub fn once() -> Self {
        OTFMapFusion { once: true }
    }
}

/// A map that need not run; made only by [`OTFMapFusion::find`].
#[derive(Clone, Debug)]
pub struct Recomputable {
    producer: NodeId,
    access: NodeId,
    /// The edge inside of the producer that writes an element.
    write: EdgeId,
    /// For each dimension of the temporary, the producer's parameter and what the index is more than it.
    dims: Vec<(Name, Expr)>,
    /// Each map that reads the temporary, with the tasklets inside of it that do.
    consumers: IndexMap<NodeId, Vec<Read>>,
}

/// A tasklet's read of one element.
#[derive(Clone, Debug)]
struct Read {
    /// The edge to the tasklet.
    edge: EdgeId,
    /// Its index.
    index: Vec<Expr>,
    /// The maps around the tasklet, outermost first.
    scopes: Vec<NodeId>,
    /// The edges from map to map before it.
    passing: Vec<EdgeId>,
}

impl Transformation for OTFMapFusion {
    type Place = State;
    type Match = Recomputable;

    fn name(&self) -> &'static str {
        "OTFMapFusion"
    }

    fn find(&self, around: &Surroundings<'_>, state: &State, site: NodeId) -> Result<Recomputable, Refusal> {
        let Node::MapEntry(map) = state.node(site) else { return Err(Refusal::NoMatch("not a map")) };
        let [outside] = state.out_edges(map.exit)[..] else {
            return Err(Refusal::NoMatch("the map writes several containers"));
        };
        let (access, outside) = (outside.dst, outside.id);
        let data =
            state.node(access).as_access().ok_or(Refusal::NoMatch("the map is inside of another one"))?;
        if !around.container(data).is_transient() {
            return Err(Refusal::NoMatch("the map computes what is visible outside"));
        }
        if !around.is_local_to(state, data) || state.num_accesses(data) != 1 || state.in_degree(access) != 1 {
            return Err(Refusal::used_elsewhere(data, "elsewhere"));
        }
        check_producer(around, state, site)?;
        let [write] = paths::origins(state, outside)[..] else {
            return Err(Refusal::node(access, format!("(`{data}`) is written several times")));
        };
        let dims = dims_of(state, site, write)?;
        let consumers = consumers_of(state, access, data)?;
        let Some(written) = must_write(state, &around.sdfg.containers, outside, &around.facts) else {
            return Err(Refusal::node(access, format!("(`{data}`) is perhaps not written")));
        };
        let all = state.out_edges(access);
        for read in all.iter().filter_map(|edge| edge.memlet()) {
            if written.covers(&read.subset, &around.facts) != Some(true) {
                let (data, first, second) = (data.clone(), written, read.subset.clone());
                return Err(Refusal::SubsetsDiffer { data, first, second });
            }
        }
        for (&consumer, reads) in &consumers {
            check_pair(around, state, site, (consumer, reads))?;
        }
        if self.once {
            let reads: Vec<&Read> = consumers.values().flatten().collect();
            match reads[..] {
                [read] if is_injective(around, state, read) => {}
                _ => return Err(Refusal::unproved(format!("elements of `{data}` are read several times"))),
            }
        }
        Ok(Recomputable { producer: site, access, write, dims, consumers })
    }

    fn apply(&self, around: &mut Surroundings<'_>, state: &mut State, found: Recomputable) {
        for (&consumer, reads) in &found.consumers {
            found.recompute(around, state, consumer, reads);
            let mut scopes: Vec<NodeId> =
                reads.iter().flat_map(|read| read.scopes.iter().rev().copied()).collect();
            scopes.push(consumer);
            for scope in scopes {
                let facts = facts_inside(state, scope, &around.facts);
                propagate::scope(state, scope, &around.sdfg.containers, &facts);
            }
        }
        let inside = state.scope_nodes(found.producer);
        let exit = paths::exit_of(state, found.producer);
        for node in inside.into_iter().chain([found.producer, exit, found.access]) {
            if let Some(data) = state.node(node).as_access().cloned() {
                around.uses.remove(&data);
            }
            state.remove_node(node);
        }
    }
}

/// The producer holds what can be copied: tasklets, and scalars of its own.
fn check_producer(around: &Surroundings<'_>, state: &State, entry: NodeId) -> Result<(), Refusal> {
    for node in state.scope_nodes(entry) {
        let copied = match state.node(node) {
            Node::Tasklet(tasklet) => matches!(tasklet.code, TaskletCode::Native(_)),
            Node::Access(data) => {
                matches!(around.container(data), Data::Scalar(_))
                    && around.is_local_to(state, data)
                    && state.num_accesses(data) == 1
            }
            _ => false,
        };
        if !copied {
            return Err(Refusal::node(node, "is more than a tasklet"));
        }
    }
    Ok(())
}

/// How the index of a written element tells the iteration.
pub(super) fn dims_of(state: &State, entry: NodeId, write: EdgeId) -> Result<Vec<(Name, Expr)>, Refusal> {
    let Node::MapEntry(map) = state.node(entry) else { return Err(Refusal::NoMatch("not a map")) };
    let memlet = state.edge(write).memlet.as_ref().ok_or(Refusal::NoMatch("nothing is written"))?;
    let unknown = || Refusal::unproved(format!("`{memlet}` does not tell the iteration"));
    let element = memlet.subset.as_element().ok_or_else(unknown)?;
    if memlet.wcr.is_some() || memlet.dynamic || !map.ranges.iter().all(|range| range.step.is_one()) {
        return Err(unknown());
    }
    let mut dims = Vec::new();
    for index in &element {
        let param = map.params.iter().find(|param| index.uses(param)).ok_or_else(unknown)?;
        let shift = index - Expr::sym(param);
        let known = !shift.symbols().iter().any(|symbol| map.params.contains(symbol));
        if !known || dims.iter().any(|(other, _)| other == param) {
            return Err(unknown());
        }
        dims.push((param.clone(), shift));
    }
    if dims.len() == map.params.len() { Ok(dims) } else { Err(unknown()) }
}

/// The maps that read the temporary, and the tasklets inside of them that do.
fn consumers_of(state: &State, access: NodeId, data: &Name) -> Result<IndexMap<NodeId, Vec<Read>>, Refusal> {
    let mut consumers: IndexMap<NodeId, Vec<Read>> = IndexMap::default();
    for edge in state.out_edges(access) {
        if edge.memlet().is_none() || state.node(edge.dst).as_map().is_none() {
            return Err(Refusal::node(edge.dst, format!("uses `{data}`, and is no map")));
        }
        let reads = consumers.entry(edge.dst).or_default();
        follow(state, edge.id, (&[edge.dst], &[]), reads)?;
    }
    if consumers.is_empty() {
        return Err(Refusal::NoMatch("no map reads the results"));
    }
    Ok(consumers)
}

/// Collects the tasklets that read what an edge brings into the innermost of some scopes.
fn follow(
    state: &State,
    edge: EdgeId,
    (scopes, passing): (&[NodeId], &[EdgeId]),
    reads: &mut Vec<Read>,
) -> Result<(), Refusal> {
    for inner in state.continuations(edge) {
        let (_, reader) = state.endpoints(inner);
        if matches!(state.node(reader), Node::MapEntry(_)) {
            let (scopes, passing) = ([scopes, &[reader]].concat(), [passing, &[inner]].concat());
            follow(state, inner, (&scopes, &passing), reads)?;
            continue;
        }
        let several = || Refusal::node(reader, "reads more than one element");
        let Node::Tasklet(tasklet) = state.node(reader) else { return Err(several()) };
        let one = state.edge(inner).dst_conn.as_ref().and_then(|conn| tasklet.inputs.get(conn));
        let index = state.edge(inner).memlet.as_ref().and_then(|memlet| memlet.subset.as_element());
        match index {
            Some(index) if one.is_some_and(|connector| connector.rank == 0) => {
                reads.push(Read { edge: inner, index, scopes: scopes.to_vec(), passing: passing.to_vec() });
            }
            _ => return Err(several()),
        }
    }
    Ok(())
}

/// Whether no two iterations of the maps around a read are about the same element.
///
/// Each parameter must occur in one dimension. Where several do, as in `block + lane`, each one's step must be at least
/// as long as all that the ones before it span.
fn is_injective(around: &Surroundings<'_>, state: &State, read: &Read) -> bool {
    let mut facts = around.facts.clone();
    let mut params: Vec<(&Name, &Range)> = Vec::new();
    for &scope in &read.scopes {
        let Node::MapEntry(map) = state.node(scope) else { return false };
        facts = propagate::inside_map(&facts, map);
        params.extend(map.params.iter().zip(&map.ranges));
    }
    let once = |(param, _): &(&Name, &Range)| read.index.iter().filter(|at| at.uses(param)).count() == 1;
    params.iter().all(once)
        && read.index.iter().all(|at| {
            let strides = params.iter().filter(|(param, _)| at.uses(param)).map(|(param, range)| {
                let stride = (at.coefficient(param)? * &range.step).as_int()?.checked_abs()?;
                (stride > 0).then(|| (stride, range.len()))
            });
            let Some(mut strides) = strides.collect::<Option<Vec<_>>>() else { return false };
            strides.sort_by_key(|(stride, _)| *stride);
            strides.windows(2).all(|pair| {
                let [(inner, count), (outer, _)] = pair else { return false };
                facts.prove_le(&(Expr::int(*inner) * count), &Expr::int(*outer)) == Some(true)
            })
        })
}

/// What the producer reads is the same in the consumer, and means the same there.
fn check_pair(
    around: &Surroundings<'_>,
    state: &State,
    producer: NodeId,
    (consumer, reads): (NodeId, &[Read]),
) -> Result<(), Refusal> {
    let (Node::MapEntry(first), Node::MapEntry(second)) = (state.node(producer), state.node(consumer)) else {
        return Err(Refusal::NoMatch("not two maps"));
    };
    let scopes: BTreeSet<NodeId> = reads.iter().flat_map(|read| read.scopes.iter().copied()).collect();
    for edge in state.in_edges(producer) {
        if let Some(memlet) = edge.memlet() {
            unchanged(around, state, memlet, (producer, second.exit))?;
        }
    }
    let mut symbols = BTreeSet::new();
    for node in state.scope_nodes(producer) {
        for edge in state.in_edges(node).into_iter().chain(state.out_edges(node)) {
            symbols.extend(edge.memlet().map(|memlet| memlet.subset.symbols()).unwrap_or_default());
        }
        state.node(node).visit_symbols(&mut |symbol| {
            symbols.insert(symbol.clone());
        });
    }
    let given = |symbol: &Name| {
        let mut maps = scopes.iter().filter_map(|&scope| state.node(scope).as_map());
        maps.any(|map| map.params.contains(symbol))
    };
    let captured = |symbol: &&Name| given(symbol) && !first.params.contains(symbol);
    match symbols.iter().find(captured) {
        Some(symbol) => {
            Err(Refusal::unproved(format!("`{symbol}` means something else in `{}`", second.label)))
        }
        None => Ok(()),
    }
}

impl Recomputable {
    /// Puts the producer's tasklets into a consumer, once for each different element that is read there.
    fn recompute(&self, around: &mut Surroundings<'_>, state: &mut State, consumer: NodeId, reads: &[Read]) {
        let data = state.node(self.access).as_access().cloned().unwrap_or_default();
        let mut values: IndexMap<(&[NodeId], &[Expr]), NodeId> = IndexMap::default();
        for read in reads {
            let value = match values.get(&(&read.scopes[..], &read.index[..])) {
                Some(&value) => value,
                None => {
                    let value = self.copy(around, state, &read.scopes, (&data, &read.index));
                    values.insert((&read.scopes, &read.index), value);
                    value
                }
            };
            let name = state.node(value).as_access().cloned().unwrap_or_default();
            state.edge_mut(read.edge).memlet = Some(Memlet::scalar(name));
            state.move_source(read.edge, value, None);
        }
        let passing: BTreeSet<EdgeId> = reads.iter().flat_map(|read| read.passing.iter().copied()).collect();
        passing.into_iter().for_each(|edge| drop(state.remove_edge(edge)));
        // An inner map that read nothing else stays in its scope.
        for scopes in reads.iter().flat_map(|read| read.scopes.windows(2)) {
            let &[outer, inner] = scopes else { continue };
            if state.in_degree(inner) == 0 {
                state.order(outer, inner);
            }
        }
        let outer = state.in_edges(consumer).into_iter();
        let gone: Vec<EdgeId> = outer.filter(|edge| edge.src == self.access).map(|edge| edge.id).collect();
        gone.into_iter().for_each(|edge| drop(state.remove_edge(edge)));
        // What had to come before the producer comes before the consumer.
        let before = state.in_edges(self.producer).into_iter();
        let before: Vec<NodeId> =
            before.filter(|edge| edge.memlet().is_none()).map(|edge| edge.src).collect();
        before.into_iter().for_each(|src| paths::order_once(state, src, consumer));
    }

    /// Copies the producer's nodes for one element into the innermost of some scopes; returns the access of its value.
    fn copy(
        &self,
        around: &mut Surroundings<'_>,
        state: &mut State,
        scopes: &[NodeId],
        (data, index): (&Name, &[Expr]),
    ) -> NodeId {
        let pairs = self.dims.iter().zip(index);
        let values: Substitution =
            pairs.map(|((param, shift), index)| (param.clone(), index - shift)).collect();
        let mut copies: IndexMap<NodeId, NodeId> = IndexMap::default();
        let mut renamed: IndexMap<Name, Name> = IndexMap::default();
        let exit = paths::exit_of(state, self.producer);
        for node in state.scope_nodes(self.producer) {
            let mut copy = state.node(node).clone();
            copy.map_exprs(&mut |expr| expr.subs(&values));
            if let Node::Access(name) = &mut copy {
                let fresh = around.names.fresh(name);
                let scalar = around.container(name).clone();
                around.sdfg.containers.insert(fresh.clone(), scalar);
                around.uses.add(&fresh);
                renamed.insert(name.clone(), fresh.clone());
                *name = fresh;
            }
            copies.insert(node, state.add_node(copy));
        }
        let fresh = around.names.fresh(&format!("{data}_value"));
        let dtype = around.container(data).dtype();
        around.sdfg.containers.insert(fresh.clone(), Scalar::transient(dtype).into());
        around.uses.add(&fresh);
        let value = state.add_access(&fresh);
        for (&node, &copy) in &copies {
            let incoming: Vec<_> =
                state.in_edges(node).iter().map(|edge| (edge.id, edge.src, edge.edge.clone())).collect();
            for (id, src, mut edge) in incoming {
                if let Some(memlet) = &mut edge.memlet {
                    memlet.map_exprs(&mut |expr| expr.subs(&values));
                    if let Some(fresh) = renamed.get(&memlet.data) {
                        memlet.data = fresh.clone();
                    }
                }
                match (copies.get(&src), state.origin(id), edge.memlet.clone()) {
                    (Some(&src), ..) => drop(state.add_edge(src, copy, edge)),
                    (None, Some(outer), Some(memlet)) => {
                        let ((source, _), conn) =
                            (state.endpoints(outer), state.edge(outer).src_conn.clone());
                        paths::read(state, (source, conn), scopes, (copy, edge.dst_conn), memlet);
                    }
                    _ => scopes.iter().last().into_iter().for_each(|&scope| {
                        state.order(scope, copy);
                    }),
                }
            }
            let writes = state.out_edges(node).into_iter().filter(|edge| edge.dst == exit);
            let writes = writes.filter(|edge| edge.id == self.write);
            let connectors: Vec<_> = writes.map(|edge| edge.edge.src_conn.clone()).collect();
            for src_conn in connectors {
                let memlet = Some(Memlet::scalar(&fresh));
                state.add_edge(copy, value, Edge { src_conn, dst_conn: None, memlet });
            }
        }
        value
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::map::testing::{apply, maps, refusals};
    use crate::simplify::StateFusion;
    use crate::{Context, Pass};
    use dacec_ir::builder::{SdfgBuilder, name, value};
    use dacec_ir::{DType, Sdfg};

    /// `map i in first { t[i] = 2*A[i] }  map j in 1:N - 1 { to[j] = t[j - 1] + t[j + 1] }` in one state.
    fn stencil(first: &str, to: &str) -> Sdfg {
        let n = Expr::sym("N");
        let mut b = SdfgBuilder::new("p");
        b.array("A", DType::Float64, [n.clone()]).array("B", DType::Float64, [n.clone()]);
        b.transient("t", DType::Float64, [n]);
        b.state("f").map("f", &[("i", first)], &[("a", "A", "i")], name("a") * value(2.0), ("t", "i"));
        let inputs = [("a", "t", "j - 1"), ("b", "t", "j + 1")];
        b.state("g").map("g", &[("j", "1:N - 1")], &inputs, name("a") + name("b"), (to, "j"));
        let mut sdfg = b.build();
        let _ = StateFusion.run(&mut sdfg, &mut Context::default());
        assert_eq!(sdfg.body.blocks.len(), 1);
        sdfg
    }

    #[test]
    fn neighbours_are_computed_again() {
        let after = apply(&OTFMapFusion::default(), &stencil("0:N", "B"), &[("N", 7)]);
        assert_eq!(maps(&after).len(), 1);
        assert!(after.body.states()[0].accesses(&"t".into()).is_empty());
    }

    #[test]
    fn what_is_overwritten_meanwhile_is_kept() {
        let reasons = refusals(&OTFMapFusion::default(), &stencil("0:N", "A"));
        assert_eq!(reasons, ["`A[0:N]` and `A[0:N]` may be the same elements"]);
    }

    #[test]
    fn what_nobody_wrote_is_kept() {
        let reasons = refusals(&OTFMapFusion::default(), &stencil("1:N", "B"));
        assert_eq!(reasons, ["`t[1:N]` is not provably the same as `t[0:N]`"]);
    }

    /// `map i, k { t[i, k] = 2*A[i, k] }  map i { s = 0  map k { s += t[read] }  B[i] = s }`, as a sum is expanded.
    fn rows(read: &str) -> Sdfg {
        let text = format!(
            "sdfg rows(A, B) {{ symbol N: int64\n data A: float64[N, N]\n data B: float64[N]\n \
             transient t: float64[N, N]\n transient s: float64\n state s {{\n n0 = access A\n \
             n0 -> n1.IN_A: A[0:N, 0:N]\n n1 = map f(i in 0:N, k in 0:N) {{\n n1.OUT_A -> n2.a: A[i, k]\n \
             n2 = tasklet f(a: float64) -> (o: float64) {{ o = 2.0*a }}\n n2.o -> n3.IN_t: t[i, k]\n }} n3\n \
             n3.OUT_t -> n4: t[0:N, 0:N]\n n4 = access t\n n4 -> n5.IN_t: t[0:N, 0:N]\n \
             n5 = map g(i in 0:N) {{\n n5 -> n6\n n6 = tasklet z() -> (o: float64) {{ o = 0.0 }}\n n6.o -> n7: s\n \
             n7 = access s\n n7 -> n8\n n5.OUT_t -> n8.IN_t: t[0:N, 0:N]\n n8 = map h(k in 0:N) sequential {{\n \
             n8.OUT_t -> n9.v: t[{read}]\n n9 = tasklet v(v: float64) -> (o: float64) {{ o = v }}\n \
             n9.o -> n10.IN_s: s wcr sum\n }} n10\n n10.OUT_s -> n11: s wcr sum\n n11 = access s\n n11 -> n12.v: s\n \
             n12 = tasklet w(v: float64) -> (o: float64) {{ o = v }}\n n12.o -> n13.IN_B: B[i]\n }} n13\n \
             n13.OUT_B -> n14: B[0:N]\n n14 = access B\n }} }}"
        );
        dacec_ir::text::parse(&text).expect("a valid text")
    }

    #[test]
    fn what_is_summed_is_computed_in_the_sum() {
        for read in ["i, k", "k, i", "N - 1 - i, k"] {
            let after = apply(&OTFMapFusion::once(), &rows(read), &[("N", 5)]);
            assert!(after.body.states()[0].accesses(&"t".into()).is_empty());
        }
    }

    #[test]
    fn what_is_read_twice_is_computed_once() {
        for read in ["i, 0", "k, k"] {
            let reasons = refusals(&OTFMapFusion::once(), &rows(read));
            assert_eq!(reasons[0], "elements of `t` are read several times");
        }
        let reasons = refusals(&OTFMapFusion::once(), &stencil("0:N", "B"));
        assert_eq!(reasons, ["elements of `t` are read several times"]);
    }
}
