//! What is written for certain: the elements of which no older value is left.
//!
//! ```text
//! map i in 1:N - 1 { B[i] = … }                  B[1:N - 1], although the memlet outside may say B[0:N]
//! map i in 0:N { s = … }                         nothing, unless N >= 1 is known
//! nested f(b) { for j in 0:M { b[j] = … } }      all that is passed, if all of `b` is
//! nested f(b) { if c { b[0] = … } }              nothing
//! ```
//!
//! Where a nested SDFG writes a part of what it is passed, nothing is certain: whoever gives what is written memory of its
//! own gives it all that is passed.

use super::access::subset_at;
use crate::propagate::{self, Window, changed_symbols, inside_loop, keep_shape, known_range, may_leave};
use crate::state::EdgeView;
use crate::symbolic::Facts;
use crate::{
    Block, Conditional, Data, EdgeId, IndexMap, Loop, Memlet, Name, NestedSdfg, Node, NodeId, Region, State,
    Subset,
};
use std::collections::BTreeSet;

/// The elements that the edge into an access node writes for certain, whenever the state runs; `None` where that is not
/// known. The memlet alone does not say: outside of a map it may cover more than the iterations touch.
pub fn must_write(
    state: &State,
    containers: &IndexMap<Name, Data>,
    edge: EdgeId,
    facts: &Facts,
) -> Option<Subset> {
    let memlet = state.edge(edge).memlet.as_ref()?;
    let (src, dst) = state.endpoints(edge);
    // A view may be written in part, and a subset of a stream says nothing about elements.
    let view = EdgeView { id: edge, src, dst, edge: state.edge(edge) };
    let is_stream = containers.get(&memlet.data).is_some_and(|data| data.as_stream().is_some());
    if memlet.dynamic && !matches!(state.node(src), Node::MapExit { .. })
        || memlet.wcr.is_some()
        || is_stream
        || state.is_alias_edge(view)
    {
        return None;
    }
    let connector = state.edge(edge).src_conn.as_ref();
    match state.node(src) {
        // Also a copy of something outside of the map.
        Node::Access(_) | Node::MapEntry(_) => subset_at(state, containers, edge, false),
        Node::Tasklet(tasklet) => {
            let connector = tasklet.outputs.get(connector?)?;
            (connector.rank == 0).then(|| memlet.subset.clone())
        }
        Node::Library(_) => Some(memlet.subset.clone()),
        Node::MapExit { entry } => through_map(state, containers, (*entry, src, connector?), facts),
        Node::Nested(nested) => {
            let data = containers.get(&memlet.data)?;
            writes_all(nested, connector?, (memlet, data), facts).then(|| memlet.subset.clone())
        }
    }
}

/// What all iterations of a map write together through one connector of its exit.
fn through_map(
    state: &State,
    containers: &IndexMap<Name, Data>,
    (entry, exit, connector): (NodeId, NodeId, &Name),
    facts: &Facts,
) -> Option<Subset> {
    let Node::MapEntry(map) = state.node(entry) else { return None };
    // Whether a stream holds anything is not known, nor what a range gets from data.
    if map.consume.is_some() || !state.range_inputs(entry).is_empty() {
        return None;
    }
    let name = connector.strip_prefix("OUT_")?;
    let mut inside = state
        .in_edges(exit)
        .into_iter()
        .filter(|inner| inner.dst_conn().is_some_and(|conn| conn.strip_prefix("IN_") == Some(name)));
    let (inner, None) = (inside.next()?, inside.next()) else { return None };
    let subset = must_write(state, containers, inner.id, &propagate::inside_map(facts, map))?;
    let shape = containers.get(&inner.memlet()?.data).map(Data::shape).unwrap_or_default();
    let variables: Vec<_> = map.params.iter().cloned().zip(map.ranges.iter().cloned()).collect();
    propagate::certain_over(&subset, &variables, shape, facts)
}

/// Whether a nested SDFG writes all of what it is passed at a connector.
fn writes_all(nested: &NestedSdfg, connector: &Name, passed: (&Memlet, &Data), facts: &Facts) -> bool {
    let sdfg = &nested.sdfg;
    let Some(data) = sdfg.container(connector) else { return false };
    if sdfg.containers.values().any(Data::is_alias) || Window::of(nested, connector, passed, facts).is_none()
    {
        return false;
    }
    if !keep_shape(&sdfg.body.blocks, data) {
        return false;
    }
    let known = sdfg.facts();
    // What is only passed out may be read before it is written: then the old values matter.
    let reads = || propagate::region(&sdfg.body.blocks, &sdfg.containers, (connector, false), &known);
    if !nested.inputs.contains(connector) && reads().is_some() {
        return false;
    }
    let changed = changed_symbols(&sdfg.body.blocks);
    let all = Subset::full(data.shape());
    let body = Body { containers: &sdfg.containers, name: connector, data, changed };
    body.region(&sdfg.body, &known).iter().any(|written| written.covers(&all, &known) == Some(true))
}

/// Blocks of a nested SDFG, and one container that they write.
struct Body<'a> {
    containers: &'a IndexMap<Name, Data>,
    name: &'a Name,
    data: &'a Data,
    changed: BTreeSet<Name>,
}

impl Body<'_> {
    /// What every run of a region writes, in terms of symbols that stay.
    fn region(&self, region: &Region, facts: &Facts) -> Vec<Subset> {
        let mut written = Vec::new();
        for block in &region.blocks {
            match block {
                Block::State(state) => written.extend(self.state(state, facts)),
                Block::Loop(it) => written.extend(self.repeated(it, facts)),
                Block::Conditional(it) => written.extend(self.conditional(it, facts)),
                _ => {}
            }
            // What follows need not run.
            if may_leave(block) {
                break;
            }
        }
        written
    }

    fn state(&self, state: &State, facts: &Facts) -> Vec<Subset> {
        let top = state.accesses(self.name).into_iter().filter(|id| state.scope_of(*id).is_none());
        let edges = top.flat_map(|id| state.in_edges(id)).map(|edge| edge.id);
        let written = edges.filter_map(|edge| must_write(state, self.containers, edge, facts));
        written.filter(|subset| self.stays(subset)).collect()
    }

    fn stays(&self, subset: &Subset) -> bool {
        subset.dims.iter().all(|dim| dim.symbols().is_disjoint(&self.changed))
    }

    /// What all iterations of a counted loop write; those of another loop may be none.
    fn repeated(&self, it: &Loop, facts: &Facts) -> Vec<Subset> {
        let Some(counted) = known_range(it, &self.changed) else { return Vec::new() };
        if it.body.blocks.iter().any(may_leave) {
            return Vec::new();
        }
        let around = facts.without(&|name| *name == counted.0);
        let inside = self.region(&it.body, &inside_loop(facts, &counted));
        let all = [counted];
        let over = |subset: &Subset| propagate::certain_over(subset, &all, self.data.shape(), &around);
        inside.iter().filter_map(over).collect()
    }

    /// What every branch writes, if one is always taken.
    fn conditional(&self, it: &Conditional, facts: &Facts) -> Vec<Subset> {
        if it.branches.iter().all(|branch| branch.condition.is_some()) {
            return Vec::new();
        }
        let mut branches = it.branches.iter().map(|branch| self.region(&branch.body, facts));
        let Some(mut common) = branches.next() else { return Vec::new() };
        for other in branches {
            common.retain(|subset| other.iter().any(|it| it.covers(subset, facts) == Some(true)));
        }
        common
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text;

    /// What the program's first state writes of `B` for certain; sizes are what `facts` say.
    fn written(declarations: &str, state: &str, facts: &str) -> Option<String> {
        let text = format!(
            "sdfg f(A, B) {{\n symbol N: int64\n data A: float64[N]\n {declarations}\n state s {{\n n0 = access A\n {state}\n n9 = access B\n }}\n}}"
        );
        let sdfg = text::parse(&text).unwrap_or_else(|error| panic!("{error}\n{text}"));
        assert_eq!(crate::validate::validate(&sdfg), Ok(()), "{text}");
        let mut known = Facts::new();
        known.assume(&crate::Expr::parse(facts).expect("a condition"));
        let state = sdfg.body.states()[0];
        let edge = state.in_edges(state.accesses(&"B".into())[0])[0].id;
        must_write(state, &sdfg.containers, edge, &known).map(|subset| subset.to_string())
    }

    /// A map over `range` that writes `inside`.
    fn map(range: &str, inside: &str, outside: &str) -> String {
        format!(
            "n0 -> n1.IN_A: A[0:N]\n n1 = map m({range}) {{\n n1.OUT_A -> n2.a: A[0]\n \
             n2 = tasklet t(a: float64) -> (b: float64) {{ b = a }}\n n2.b -> n3.IN_B: {inside}\n }} n3\n \
             n3.OUT_B -> n9: {outside}"
        )
    }

    #[test]
    fn what_is_written_for_certain_comes_from_inside() {
        let shifted = map("i in 1:N - 1", "B[i]", "B[0:N]");
        assert_eq!(written("data B: float64[N]", &shifted, "True").as_deref(), Some("[1:N - 1]"));
        let tiles = map("t in 0:N//32, i in 0:32", "B[32*t + i]", "B[0:N]");
        assert_eq!(written("data B: float64[N]", &tiles, "True").as_deref(), Some("[0:32*(N//32)]"));
    }

    #[test]
    fn a_map_that_may_not_run_writes_nothing_for_certain() {
        let one = map("i in 0:min(N, 1)", "B[0]", "B[0]");
        assert_eq!(written("data B: float64[1]", &one, "True"), None);
        // For N = 0, the box [0:N + 7] has elements that nobody writes.
        let tiles = map("t in 0:N, i in 0:8", "B[t + i]", "B[0:N + 7]");
        assert_eq!(written("data B: float64[N + 7]", &tiles, "True"), None);
        assert_eq!(written("data B: float64[N + 7]", &tiles, "N >= 1").as_deref(), Some("[0:N + 7]"));
    }

    /// A call whose body writes `b`, which is `B[2:N]`, of `M` elements.
    fn call(body: &str) -> Option<String> {
        let state = format!(
            "n0 -> n1.a: A[0:N]\n n1 = nested (a) -> (b) with [M = N - 2, K = N] sdfg g(a) -> (b) {{\n symbol M: int64\n \
             symbol K: int64\n symbol k: int64\n data a: float64[K]\n data b: float64[M]\n {body}\n }}\n n1.b -> n9: B[2:N]"
        );
        written("data B: float64[N]", &state, "True")
    }

    /// A state that writes a constant.
    fn store(label: &str, memlet: &str) -> String {
        format!(
            "state {label} {{\n n0 = tasklet t() -> (o: float64) {{ o = 1.0 }}\n n0.o -> n1: {memlet}\n n1 = access b\n }}\n"
        )
    }

    #[test]
    fn a_call_writes_all_or_nothing_for_certain() {
        let all = Some("[2:N]");
        assert_eq!(call(&format!("loop l for j in 0:M {{\n {} }}", store("s", "b[j]"))).as_deref(), all);
        assert_eq!(
            call(&format!("loop l for j in M - 1:-1:-1 {{\n {} }}", store("s", "b[j]"))).as_deref(),
            all
        );
        let both = format!(
            "loop l for j in 0:M {{\n if a[0] > 0.0 {{\n {} }} else {{\n {} }}\n }}",
            store("s", "b[j]"),
            store("t", "b[j]")
        );
        assert_eq!(call(&both).as_deref(), all);
        for part in [
            format!("loop l for j in 1:M {{\n {} }}", store("s", "b[j]")),
            format!("loop l for j in 0:M:2 {{\n {} }}", store("s", "b[j]")),
            format!("loop l for j in 0:M {{\n if a[0] > 0.0 {{\n {} }}\n }}", store("s", "b[j]")),
            format!("loop l for j in 0:M {{\n if a[0] > 0.0 {{\n break\n }}\n {} }}", store("s", "b[j]")),
            format!("if a[0] > 0.0 {{\n return\n }}\n loop l for j in 0:M {{\n {} }}", store("s", "b[j]")),
            format!(
                "assign k = 0\n loop l while $k < $M {{\n {} assign k = $(k + 1)\n }}",
                store("s", "b[k]")
            ),
            format!("loop l for j in 0:M {{\n {} }}", store("s", "b[j] wcr sum")),
            format!("loop l for j in 0:M {{\n {} }}", store("s", "b[j] dynamic")),
            format!(
                "if b[0] > 0.0 {{\n {} }}\n loop l for j in 0:M {{\n {} }}",
                store("s", "b[0]"),
                store("t", "b[j]")
            ),
        ] {
            assert_eq!(call(&part), None, "{part}");
        }
    }
}
