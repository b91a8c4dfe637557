//! Loop to map: a counted loop whose iterations do not depend on each other is a map.
//!
//! ```text
//! before:  for i in range(1, N - 1): state { B[i] = A[i - 1] + A[i + 1] }
//! after:   state { map i in 1:N - 1 { B[i] = A[i - 1] + A[i + 1] } }
//! kept:    for i in range(N - 1): state { A[i] = A[i + 1] }            an iteration reads what another writes
//!          for i in range(N - 1): state { A[i] = 1; A[i + 1] = 2 }     two iterations write one element
//!          for i in range(N): state { last = A[i] }                    the last iteration's value is what counts
//! ```
//!
//! **Legal when**
//! * the body is one state (fuse states first), so nothing in it leaves the loop or assigns symbols;
//! * no two accesses in different iterations depend on each other (see [`dependence`](dacec_ir::analysis::dependence)), apart from containers that belong
//!   to one iteration (see `private`);
//! * updates such as `s = s + A[i]` may become sums in any order, where nothing else in the body reads `s`.
//!
//! Elements that an iteration writes and then reads are passed on as scalars, parts of arrays through an array of the
//! iteration (see `spill`); temporaries whose size depends on the iteration get one for all of them (see `sizes`); copies
//! become maps, so that only computations touch the border of the new scope.

use super::private::private;
use super::sizes::Values;
use super::spill;
use crate::map::forward;
use crate::map::paths;
use crate::map::{apply_copy, apply_update, find_copy, find_update, is_copy};
use crate::surroundings::Surroundings;
use crate::{Refusal, Transformation};
use dacec_ir::analysis::dependence::{Iterations, Touch, touches};
use dacec_ir::control_flow::LoopHeader;
use dacec_ir::symbolic::Facts;
use dacec_ir::{
    Block, Expr, IndexMap, IndexSet, Loop, Name, Node, NodeId, Range, Region, Schedule, State, propagate,
};
use std::collections::BTreeSet;

/// Turns independent loops into maps; see the [module](self).
#[derive(Clone, Copy, Debug, Default)]
pub struct LoopToMap;

/// A loop that can be a map; made only by [`LoopToMap::find`].
#[derive(Clone, Debug)]
pub struct Parallel {
    block: usize,
    variable: Name,
    range: Range,
    /// Containers that all iterations share.
    shared: IndexSet<Name>,
    /// Tasklets whose update becomes a conflict resolution.
    updates: Vec<NodeId>,
}

impl Parallel {
    /// Tasklets whose updates may then come in any order.
    pub(super) fn updates(&self) -> &[NodeId] {
        &self.updates
    }
}

impl Transformation for LoopToMap {
    type Place = Region;
    type Match = Parallel;

    fn name(&self) -> &'static str {
        "LoopToMap"
    }

    fn find(&self, around: &Surroundings<'_>, region: &Region, site: usize) -> Result<Parallel, Refusal> {
        let Block::Loop(it) = &region.blocks[site] else { return Err(Refusal::NoMatch("not a loop")) };
        let (variable, range) = iterations(it)?;
        let state = only_state(&it.body)?;
        let mut facts = around.facts.clone();
        propagate::assume_in_range(&mut facts, &variable, &range);
        let private = private(around, state, &facts);
        let shared = |touch: &Touch| !private.contains(&touch.data);
        let mut touches: Vec<Touch> =
            touches(state, &around.sdfg.containers).into_iter().filter(shared).collect();
        let locals = BTreeSet::new();
        let facts_around = &around.facts;
        let iterations =
            Iterations { variable: &variable, range: &range, facts: facts_around, locals: &locals };
        let mut updates = Vec::new();
        if let Err(reason) = iterations.independent(&touches) {
            updates = resolve_updates(state, &variable, &mut touches);
            if updates.is_empty() {
                return Err(reason.into());
            }
            iterations.independent(&touches)?;
        }
        let parts = check_border(around, state, &private, &facts)?;
        let values = Values { variable: &variable, range: &range, facts: &around.facts };
        values.check(around, state, (&private, &parts))?;
        let names = state.nodes().filter_map(|(_, node)| node.as_access());
        let shared = names.filter(|it| !private.contains(*it)).cloned().collect();
        Ok(Parallel { block: site, variable, range, shared, updates })
    }

    fn apply(&self, around: &mut Surroundings<'_>, region: &mut Region, found: Parallel) {
        let block = std::mem::replace(&mut region.blocks[found.block], Block::Break);
        let Block::Loop(it) = block else { unreachable!("the match names a loop") };
        let span = it.span;
        let state = it.body.blocks.into_iter().find_map(|block| match block {
            Block::State(state) if !state.is_empty() => Some(state),
            _ => None,
        });
        let mut state = state.expect("the match says that there is one state");
        for tasklet in &found.updates {
            if let Ok(update) = find_update(&state, *tasklet) {
                apply_update(around, &mut state, update);
            }
        }
        let outer = around.facts.clone();
        propagate::assume_in_range(&mut around.facts, &found.variable, &found.range);
        prepare(around, &mut state, &found.shared);
        Values { variable: &found.variable, range: &found.range, facts: &outer }.apply(around, &mut state);
        around.facts = outer;
        wrap(around, &mut state, &found, span);
        region.blocks[found.block] = Block::State(state);
    }
}

/// The loop's variable and its values as a range with positive step: the order does not matter.
pub(crate) fn iterations(it: &Loop) -> Result<(Name, Range), Refusal> {
    let LoopHeader::For { variable, start, stop, step } = &it.header else {
        return Err(Refusal::NoMatch("not a counted loop"));
    };
    let range = match step.as_int() {
        Some(step) if step > 0 => Range::strided(start.clone(), stop.clone(), step),
        Some(-1) => Range::new(stop + 1, start + 1),
        Some(step) if step < 0 && step != i64::MIN => {
            let count = Range::strided(start.clone(), stop.clone(), step).len();
            Range::strided(start + (count - 1) * step, start + 1, -step)
        }
        _ => return Err(Refusal::unproved(format!("the step {step} is not a constant other than 0"))),
    };
    Ok((variable.clone(), range))
}

/// The state that is all of a loop's body.
fn only_state(body: &Region) -> Result<&State, Refusal> {
    let mut states = Vec::new();
    for block in &body.blocks {
        match block {
            Block::State(state) if state.is_empty() => {}
            Block::State(state) if state.has_effects() => {
                return Err(Refusal::unproved("the body calls something that prints or checks"));
            }
            Block::State(state) => states.push(state),
            Block::Assign(_) => return Err(Refusal::unproved("the body assigns symbols")),
            Block::Break | Block::Continue | Block::Return => {
                return Err(Refusal::unproved("the body leaves the loop"));
            }
            Block::Effect(_) => return Err(Refusal::unproved("the body prints or checks something")),
            Block::Loop(_) | Block::Conditional(_) | Block::Machine(_) => {
                return Err(Refusal::unproved("the body has control flow of its own"));
            }
        }
    }
    match states[..] {
        [state] => Ok(state),
        [] => Err(Refusal::NoMatch("the body is empty")),
        _ => Err(Refusal::unproved("the body is more than one state")),
    }
}

/// Proves that shared containers can be brought in and out at the border of a scope; returns the shapes of the parts that
/// are passed on within an iteration.
fn check_border(
    around: &Surroundings<'_>,
    state: &State,
    private: &IndexSet<Name>,
    facts: &Facts,
) -> Result<Vec<Vec<Expr>>, Refusal> {
    let mut parts = Vec::new();
    let scopes = state.scopes();
    for (id, node) in state.nodes() {
        let Node::Access(data) = node else { continue };
        if private.contains(data) {
            continue;
        }
        if scopes.get(&id).copied().flatten().is_some() {
            return Err(Refusal::node(id, format!("(`{data}`) lies in a map and is shared")));
        }
        for edge in state.in_edges(id).iter().chain(&state.out_edges(id)) {
            if is_copy(state, edge.id) {
                find_copy(around, state, edge.id)?;
            } else if edge.memlet().is_none() && state.in_degree(id) > 0 && state.out_degree(id) > 0 {
                return Err(Refusal::node(id, format!("(`{data}`) orders other nodes")));
            }
        }
        if state.in_degree(id) > 0
            && state.out_degree(id) > 0
            && let Err(reason) = forward::is_one_element(around, state, id)
        {
            match spill::find(around, state, id, facts) {
                Ok(part) => parts.push(part.dims.iter().map(Range::len).collect()),
                Err(other @ Refusal::SubsetsDiffer { .. }) => return Err(other),
                Err(_) => return Err(reason),
            }
        }
    }
    Ok(parts)
}

/// Treats updates of an element that is the same in all iterations as writes with conflict resolution; returns their
/// tasklets.
fn resolve_updates(state: &State, variable: &Name, touches: &mut Vec<Touch>) -> Vec<NodeId> {
    let mut tasklets = Vec::new();
    for id in state.node_ids() {
        let Ok(update) = find_update(state, id) else { continue };
        let written = touches.iter().find(|touch| touch.edge == Some(update.write));
        if written.is_none_or(|touch| touch.subset.symbols().contains(variable)) {
            continue;
        }
        touches.retain(|touch| touch.edge != Some(update.read));
        for touch in touches.iter_mut().filter(|touch| touch.edge == Some(update.write)) {
            touch.wcr = Some(update.wcr);
        }
        tasklets.push(id);
    }
    tasklets
}

/// Makes every shared container's access nodes sources or sinks that only computations touch.
fn prepare(around: &mut Surroundings<'_>, state: &mut State, shared: &IndexSet<Name>) {
    let shared = |state: &State, id: NodeId| state.node(id).as_access().is_some_and(|it| shared.contains(it));
    let passed_on: Vec<NodeId> = state
        .node_ids()
        .into_iter()
        .filter(|&id| shared(state, id) && state.in_degree(id) > 0 && state.out_degree(id) > 0)
        .collect();
    let rewritten: Vec<(NodeId, Vec<NodeId>)> =
        passed_on.iter().map(|&id| (id, later_writes(state, id))).collect();
    let (elements, parts): (Vec<NodeId>, Vec<NodeId>) =
        passed_on.into_iter().partition(|&id| forward::is_one_element(around, state, id).is_ok());
    for id in parts {
        let part =
            spill::find(around, state, id, &around.facts).expect("the match says that it is passed on");
        spill::apply(around, state, id, &part);
    }
    let copies: Vec<_> = state
        .edges()
        .filter(|edge| is_copy(state, edge.id) && (shared(state, edge.src) || shared(state, edge.dst)))
        .map(|edge| edge.id)
        .collect();
    for edge in copies {
        let copy = find_copy(around, state, edge).expect("the match says that the copy can be a map");
        apply_copy(around, state, copy);
    }
    for id in elements {
        forward::forward(around, state, id);
    }
    for (id, later) in rewritten {
        let stores: Vec<NodeId> = state.predecessors(id);
        let writers: Vec<NodeId> = later.into_iter().flat_map(|it| state.predecessors(it)).collect();
        for write in writers {
            let start = match state.node(write) {
                Node::MapExit { entry } => *entry,
                _ => write,
            };
            stores.iter().for_each(|&store| paths::order_once(state, store, start));
        }
    }
}

/// Accesses that write the same container after a given one.
fn later_writes(state: &State, access: NodeId) -> Vec<NodeId> {
    let data = state.node(access).as_access().expect("an access node");
    let others = state.accesses(data).into_iter();
    others.filter(|&it| it != access && state.in_degree(it) > 0 && state.reaches(access, it)).collect()
}

/// Puts a map around everything in a state.
fn wrap(around: &mut Surroundings<'_>, state: &mut State, found: &Parallel, span: dacec_ir::Span) {
    let inside = state.node_ids();
    let scopes = state.scopes();
    let top = |id: &NodeId| scopes.get(id).copied().flatten().is_none();
    let label = Name::from(format!("for_{}", found.variable));
    let dims = [(found.variable.clone(), found.range.clone())];
    let (entry, exit) = state.add_map(label, dims, Schedule::Default);
    if let Node::MapEntry(map) = state.node_mut(entry) {
        map.span = span;
    }
    let (mut sources, mut sinks, mut replaced) =
        (IndexMap::default(), IndexMap::default(), IndexSet::default());
    for &id in inside.iter().filter(|id| top(id)) {
        let Some(data) = state.node(id).as_access().filter(|it| found.shared.contains(*it)).cloned() else {
            continue;
        };
        bring_in(around, state, id, (entry, &data), &mut sources);
        bring_out(around, state, id, (exit, &data), &mut sinks);
        around.uses.remove(&data);
        replaced.insert(id);
    }
    for &id in inside.iter().filter(|id| top(id) && !replaced.contains(*id)) {
        if state.in_degree(id) == 0 {
            state.order(entry, id);
        }
        if state.out_degree(id) == 0 {
            state.order(id, exit);
        }
    }
    // Last, since ids of removed nodes are given to new ones.
    for id in replaced {
        state.remove_node(id);
    }
    propagate::scope(state, entry, &around.sdfg.containers, &around.facts);
}

/// Reads that start at an access node come from outside.
fn bring_in(
    around: &mut Surroundings<'_>,
    state: &mut State,
    access: NodeId,
    (entry, data): (NodeId, &Name),
    sources: &mut IndexMap<Name, NodeId>,
) {
    let reads: Vec<_> =
        state.out_edges(access).into_iter().map(|edge| (edge.id, edge.dst, edge.edge.clone())).collect();
    for (id, dst, edge) in reads {
        state.remove_edge(id);
        let Some(memlet) = edge.memlet else { continue };
        let source = *sources.entry(data.clone()).or_insert_with(|| {
            around.uses.add(data);
            state.add_access(data)
        });
        paths::read(state, (source, None), &[entry], (dst, edge.dst_conn), memlet);
    }
}

/// Writes that end at an access node go outside.
fn bring_out(
    around: &mut Surroundings<'_>,
    state: &mut State,
    access: NodeId,
    (exit, data): (NodeId, &Name),
    sinks: &mut IndexMap<Name, NodeId>,
) {
    let writes: Vec<_> =
        state.in_edges(access).into_iter().map(|edge| (edge.id, edge.src, edge.edge.clone())).collect();
    for (id, src, edge) in writes {
        state.remove_edge(id);
        let Some(memlet) = edge.memlet else { continue };
        let sink = *sinks.entry(data.clone()).or_insert_with(|| {
            around.uses.add(data);
            state.add_access(data)
        });
        paths::write(state, (src, edge.src_conn), &[exit], (sink, None), memlet);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::map::testing::{apply, maps, refusals};
    use dacec_ir::builder::{SdfgBuilder, StateBuilder, name, value};
    use dacec_ir::symbolic::Facts;
    use dacec_ir::{DType, Sdfg, Wcr};

    fn program(start: &str, stop: &str, fill: impl FnOnce(&mut StateBuilder<'_>)) -> Sdfg {
        let expr = |text: &str| Expr::parse(text).expect("an expression");
        let n = Expr::sym("N");
        let mut b = SdfgBuilder::new("p");
        for array in ["A", "B"] {
            b.array(array, DType::Float64, [n.clone()]);
        }
        b.array("C", DType::Float64, [n.clone(), n.clone()]);
        b.local("t", DType::Float64);
        b.transient("row", DType::Float64, [n.clone()]);
        b.for_loop("i", expr(start), expr(stop), |b| fill(&mut b.state("body")));
        let mut sdfg = b.build();
        let containers = sdfg.containers.clone();
        sdfg.visit_states_mut(&mut |state| propagate::state(state, &containers, &Facts::new()));
        sdfg
    }

    #[track_caller]
    fn becomes_a_map(sdfg: &Sdfg) -> Sdfg {
        let after = apply(&LoopToMap, sdfg, &[("N", 6)]);
        let is_loop = |block: &Block| matches!(block, Block::Loop(_));
        assert!(!after.body.blocks.iter().any(is_loop), "{:?}", refusals(&LoopToMap, sdfg));
        after
    }

    #[test]
    fn a_stencil_is_a_map() {
        let sdfg = program("1", "N - 1", |s| {
            let inputs = [("a", "A", "i - 1"), ("b", "A", "i + 1")];
            s.tasklet("sum", &inputs, name("a") + name("b"), ("B", "i"));
        });
        assert_eq!(maps(&becomes_a_map(&sdfg)).len(), 1);
    }

    #[test]
    fn an_inner_map_and_copies_move_along() {
        let sdfg = program("0", "N", |s| {
            s.map("double", &[("j", "0:N")], &[("a", "C", "i, j")], name("a") * value(2.0), ("C", "i, j"));
        });
        assert_eq!(maps(&becomes_a_map(&sdfg)).len(), 2);
        becomes_a_map(&program("0", "N", |s| s.copy(("A", "0:N"), ("C", "i, 0:N"))));
        becomes_a_map(&program("0", "N", |s| s.copy(("A", "i"), ("B", "i"))));
    }

    #[test]
    fn a_temporary_belongs_to_an_iteration() {
        let sdfg = program("0", "N", |s| {
            s.tasklet("first", &[("a", "A", "i")], name("a") * name("a"), ("t", ""));
            let written = s.state.accesses(&"t".into())[0];
            let second = s.tasklet("second", &[("x", "t", "")], name("x") + value(1.0), ("B", "i"));
            let read = s.state.in_edges(second)[0].id;
            let (lonely, _) = s.state.endpoints(read);
            s.state.move_source(read, written, None);
            s.state.remove_node(lonely);
        });
        becomes_a_map(&sdfg);
    }

    #[test]
    fn an_element_that_is_read_again_is_passed_on() {
        let sdfg = program("0", "N", |s| {
            s.tasklet("first", &[("a", "A", "i")], name("a") * name("a"), ("A", "i"));
            let written = s.state.accesses(&"A".into())[1];
            let second = s.tasklet("second", &[("x", "A", "i")], name("x") + value(1.0), ("B", "i"));
            let read = s.state.in_edges(second)[0].id;
            let (lonely, _) = s.state.endpoints(read);
            s.state.move_source(read, written, None);
            s.state.remove_node(lonely);
        });
        becomes_a_map(&sdfg);
    }

    #[test]
    fn a_row_that_is_read_again_is_passed_on() {
        // C[i, j] = 2*A[j] for j in i:N; C[j, i] = C[i, j] for j in i:N
        let fill = |s: &mut StateBuilder<'_>, row: &str, read: &str| {
            s.map("row", &[("j", row)], &[("a", "A", "j")], name("a") * value(2.0), ("C", "i, j"));
            let written = s.state.accesses(&"C".into())[0];
            s.map("column", &[("j", "i:N")], &[("c", "C", read)], name("c"), ("C", "j, i"));
            let lonely = s.state.accesses(&"C".into())[1];
            let copy = s.state.out_edges(lonely)[0].id;
            s.state.move_source(copy, written, None);
            s.state.remove_node(lonely);
        };
        let after = becomes_a_map(&program("0", "N", |s| fill(s, "i:N", "i, j")));
        assert!(after.containers.contains_key("C_part"));
        let refused = |row: &str, read: &str| {
            refusals(&LoopToMap, &program("1", "N", |s| fill(s, row, read))).join("; ")
        };
        // What is read is not what this iteration wrote, or not only that.
        let reason = refused("i:N", "i - 1, j");
        assert!(reason.contains("may be the same elements"), "{reason}");
        let reason = refused("i + 1:N", "i, j");
        assert!(reason.contains("is not provably the same as"), "{reason}");
    }

    /// `for i { t[j] = 2*A[j] for j in 0:extent; B[i] = sum of t }`
    fn with_a_temporary_of(extent: &str) -> Sdfg {
        let mut b = SdfgBuilder::new("p");
        let expr = |text: &str| Expr::parse(text).expect("an expression");
        b.array("A", DType::Float64, [expr("N")]).array("B", DType::Float64, [expr("N")]);
        b.transient("t", DType::Float64, [expr(extent)]);
        b.for_loop("i", 0, Expr::sym("N"), |b| {
            let mut s = b.state("s");
            let dims = format!("0:{extent}");
            s.map("fill", &[("j", &*dims)], &[("a", "A", "j")], name("a") * value(2.0), ("t", "j"));
            let filled = s.state.accesses(&"t".into())[0];
            s.reduction("sum", &[("j", &*dims)], &[("x", "t", "j")], name("x"), ("B", "i"), Wcr::Sum);
            let stray = s.state.accesses(&"t".into())[1];
            let edge = s.state.out_edges(stray)[0].id;
            s.state.move_source(edge, filled, None);
            s.state.remove_node(stray);
        });
        b.build()
    }

    #[test]
    fn temporaries_get_a_size_for_all_iterations() {
        let after = becomes_a_map(&with_a_temporary_of("N - i"));
        assert_eq!(after.containers["t"].shape(), [Expr::sym("N")]);
        let reason = refusals(&LoopToMap, &with_a_temporary_of("(i*7) % 5 + 1")).join("; ");
        assert_eq!(reason, "the size of `t` is not known for all values of `i`");
    }

    #[test]
    fn a_sum_may_come_in_any_order() {
        let sdfg = program("0", "N", |s| {
            s.tasklet("add", &[("old", "B", "0"), ("a", "A", "i")], name("old") + name("a"), ("B", "0"));
        });
        becomes_a_map(&sdfg);
    }

    #[test]
    fn loops_that_run_down_are_maps_too() {
        for step in [-1, -2] {
            let mut sdfg = program("N - 1", "-1", |s| {
                s.tasklet("copy", &[("a", "A", "i")], name("a"), ("B", "i"));
            });
            if let Block::Loop(it) = &mut sdfg.body.blocks[0]
                && let LoopHeader::For { step: old, .. } = &mut it.header
            {
                *old = Expr::int(step);
            }
            becomes_a_map(&sdfg);
        }
    }

    /// A loop whose body calls what reads all of `C`, and writes `B` by itself, then `t` into `B`.
    fn with_a_call(body: &str) -> Sdfg {
        let text = format!(
            "sdfg p(C, D, B) {{ symbol N: int64\n data C: float64[N, N]\n data D: float64[N, N]\n data B: float64[N]\n \
             transient t: float64\n loop l for i in 0:N {{ state s {{ n0 = access C\n n0 -> n1.c: C[0:N, 0:N]\n \
             n1 = nested (c) -> (d, t) with [N = N, k = i] sdfg f(c) -> (d, t) {{ symbol N: int64\n symbol k: int64\n \
             data c: float64[N, N]\n data d: float64[N, N]\n data t: float64\n {body} }}\n n1.d -> n2: D[0:N, 0:N]\n \
             n2 = access D\n n1.t -> n3: t\n n3 = access t\n n3 -> n4: t to [i]\n n4 = access B }} }} }}"
        );
        dacec_ir::text::parse(&text).unwrap_or_else(|error| panic!("{error}\n{text}"))
    }

    /// Copies an element.
    fn store(label: &str, read: &str, (to, written): (&str, &str)) -> String {
        format!(
            "state {label} {{ n0 = access c\n n0 -> n1.a: c[{read}]\n n1 = tasklet {label}(a: float64) -> (b: float64) {{ b = a }}\n \
             n1.b -> n2: {to}{written}\n n2 = access {to} }}\n"
        )
    }

    #[test]
    fn a_call_touches_what_its_loops_do() {
        let row = |written: &str| {
            let row = store("row", "j, k", ("d", written));
            format!("loop m for j in 0:N {{ {row} }} {}", store("last", "k, 0", ("t", "")))
        };
        becomes_a_map(&with_a_call(&row("[k, j]")));
        becomes_a_map(&with_a_call(&row("[j, N - 1 - k]")));
        for shared in ["[0, j]", "[k//2, j]"] {
            let reasons = refusals(&LoopToMap, &with_a_call(&row(shared))).join("; ");
            assert!(reasons.contains("may be the same elements"), "{shared}: {reasons}");
        }
    }

    #[test]
    fn a_temporary_that_a_call_perhaps_writes_is_refused() {
        let perhaps = format!(
            "{} if c[k, 0] > 0.0 {{ {} }}",
            store("row", "0, k", ("d", "[k, 0]")),
            store("last", "k, 0", ("t", ""))
        );
        let reasons = refusals(&LoopToMap, &with_a_call(&perhaps)).join("; ");
        assert!(reasons.contains("`t` and `t` may be the same elements"), "{reasons}");
    }

    #[track_caller]
    fn refused(fill: impl FnOnce(&mut StateBuilder<'_>)) -> String {
        refusals(&LoopToMap, &program("0", "N - 1", fill)).join("; ")
    }

    #[test]
    fn values_carried_between_iterations_are_refused() {
        let reason = refused(|s| {
            s.tasklet("shift", &[("a", "A", "i + 1")], name("a"), ("A", "i"));
        });
        assert!(reason.contains("may be the same elements"), "{reason}");
        let reason = refused(|s| {
            s.tasklet("scan", &[("a", "A", "i")], name("a"), ("A", "i + 1"));
        });
        assert!(reason.contains("may be the same elements"), "{reason}");
    }

    #[test]
    fn two_writers_of_one_element_are_refused() {
        let reason = refused(|s| {
            s.tasklet("one", &[], value(1.0), ("A", "i"));
            s.tasklet("two", &[], value(2.0), ("A", "i + 1"));
        });
        assert_eq!(reason, "`A[i]` and `A[i + 1]` may be the same elements");
        let reason = refused(|s| {
            s.map("pair", &[("j", "i:i + 2")], &[], value(1.0), ("A", "j"));
        });
        assert!(reason.contains("may be the same elements"), "{reason}");
    }

    #[test]
    fn s2244_is_refused() {
        // a[i + 1] = b[i] + e[i]; a[i] = b[i] + c[i]
        let reason = refused(|s| {
            s.tasklet("one", &[("b", "B", "i"), ("e", "C", "0, i")], name("b") + name("e"), ("A", "i + 1"));
            s.tasklet("two", &[("b", "B", "i"), ("c", "C", "1, i")], name("b") + name("c"), ("A", "i"));
        });
        assert!(reason.contains("may be the same elements"), "{reason}");
    }

    #[test]
    fn the_last_value_and_old_values_of_temporaries_are_refused() {
        let reason = refused(|s| {
            s.tasklet("last", &[("a", "A", "i")], name("a"), ("B", "0"));
        });
        assert!(reason.contains("may be the same elements"), "{reason}");
        let reason = refused(|s| {
            s.tasklet("use", &[("x", "t", "")], name("x"), ("B", "i"));
            s.tasklet("set", &[("a", "A", "i")], name("a"), ("t", ""));
        });
        assert!(reason.contains("may be the same elements"), "{reason}");
    }

    #[test]
    fn a_product_of_old_values_is_refused() {
        let reason = refused(|s| {
            let code = name("old") * value(0.5) + name("a");
            s.tasklet("decay", &[("old", "B", "0"), ("a", "A", "i")], code, ("B", "0"));
        });
        assert!(reason.contains("may be the same elements"), "{reason}");
    }

    #[test]
    fn control_flow_in_the_body_is_refused() {
        let mut b = SdfgBuilder::new("p");
        b.array("A", DType::Float64, [Expr::sym("N")]);
        b.for_loop("i", 0, Expr::sym("N"), |b| {
            b.state("s").tasklet("t", &[], value(1.0), ("A", "i"));
            b.push(Block::Break);
        });
        assert_eq!(refusals(&LoopToMap, &b.build()), ["the body leaves the loop"]);
    }
}
