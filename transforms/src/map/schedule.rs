//! Scheduling: which maps are spread over the processor's cores.
//!
//! ```text
//! map i in 0:N, j in 0:M { … }      parallel over i if N*M*cost exceeds the threshold, decided when it runs
//! map i in 0:8 { … }                sequential: little work whatever the sizes are
//! map i in 0:N { map k in 0:M … }   parallel over i, the inner map sequential
//! map c in 0:3 { map i in 0:N … }   sequential over c, parallel over i: three iterations feed no eight cores
//! map b in 0:B { gemm(…) }          parallel over b if there are enough of them or they are small, or else each call is
//! ```
//!
//! A team of threads costs microseconds to start, so only the outermost map that has enough iterations is parallel,
//! never one inside of another. The work of a map is estimated in memory accesses and arithmetic operations, as an
//! expression in sizes; where they are not known, the decision is left to the program ([`Map::parallel_if`]).
//!
//! Writes with a conflict resolution stay correct under any schedule. Where they conflict along some parameters only,
//! the others come first and only they are parallel.

use super::work::{Containers, body_work, jumps};
use crate::pass::{Changed, Context, Pass};
use crate::surroundings::{entry_facts, facts_inside, visit_with_facts};
use dacec_ir::symbolic::Facts;
use dacec_ir::{
    Block, Expr, IndexMap, IndexSet, Map, Node, NodeId, Range, Schedule, Sdfg, State, TaskletCode, library,
};

/// Work, in memory accesses and simple operations, below which a second core does not repay its start: about a hundred
/// microseconds where vector instructions do it from the cache. A region of a fifth of that was never faster on two cores,
/// and much slower where other programs wanted one of them.
pub(crate) const WORTHWHILE: i64 = 1 << 22;
/// Iterations below which a map that contains others, or large calls, is not the one to spread over cores: with more threads
/// than iterations, some would have nothing to do. Two threads are as fast on two products of 800×800 numbers side by side as
/// if both share each (ratios of 0.87 to 0.97 for 7 to 9 products), so it is machines with more of them that this is for.
const FEW_ITERATIONS: i64 = 8;
/// Work of a call up to which it is not worth sharing, as in the drivers of the routines: a product of 215×215 numbers. Any
/// number of such calls is faster side by side: 2 to 9 products of 200×200 take half the time on two threads.
const SMALL_CALL: i64 = 20_000_000;

/// Gives every map a schedule; see the [module](self).
#[derive(Clone, Copy, Debug, Default)]
pub struct ScheduleMaps;

impl Pass for ScheduleMaps {
    fn name(&self) -> &'static str {
        "schedule-maps"
    }

    fn summary(&self) -> &'static str {
        "Spreads the outermost maps with enough work over the processor's cores"
    }

    fn run(&self, sdfg: &mut Sdfg, _: &mut Context) -> Changed {
        let facts = entry_facts(sdfg);
        let (containers, body) = (&sdfg.containers, &mut sdfg.body);
        let mut changed = false;
        visit_with_facts(body, &facts, &mut |region, facts| {
            for block in &mut region.blocks {
                if let Block::State(state) = block {
                    changed |= schedule_state(containers, state, facts);
                }
            }
        });
        changed.into()
    }
}

/// A decision about one map.
#[derive(Clone, Debug, PartialEq)]
struct Decision {
    schedule: Schedule,
    collapse: usize,
    parallel_if: Option<Expr>,
    why: Why,
}

/// The reason for a decision.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Why {
    /// There is, or may be, enough work.
    Worthwhile,
    /// There is not.
    LittleWork,
    /// Iterations may update the same elements at the same time.
    Conflicts,
    /// The maps inside have more iterations, or calls are shared.
    FewIterations,
}

impl Decision {
    fn sequential(why: Why) -> Self {
        Decision { schedule: Schedule::Sequential, collapse: 1, parallel_if: None, why }
    }
}

fn schedule_state(containers: &Containers, state: &mut State, facts: &Facts) -> bool {
    let scopes = state.scopes();
    let mut parallel: IndexSet<NodeId> = IndexSet::default();
    let mut decisions: IndexMap<NodeId, Decision> = IndexMap::default();
    for (&id, &scope) in &scopes {
        let inside_parallel = is_inside(&scopes, scope, &parallel);
        match state.node(id) {
            Node::MapEntry(_) if inside_parallel => {
                decisions.insert(id, Decision::sequential(Why::LittleWork));
            }
            Node::MapEntry(map) => {
                let decision = decide(containers, (state, id), map, &facts_inside(state, id, facts));
                if decision.schedule == Schedule::CpuMulticore {
                    parallel.insert(id);
                }
                decisions.insert(id, decision);
            }
            _ => {}
        }
    }
    let mut changed = false;
    for (&id, &scope) in &scopes {
        let inside_parallel = is_inside(&scopes, scope, &parallel);
        match state.node_mut(id) {
            Node::Nested(nested) if inside_parallel => changed |= make_sequential(&mut nested.sdfg),
            Node::MapEntry(map) => changed |= apply(map, decisions[&id].clone()),
            _ => {}
        }
    }
    changed
}

fn is_inside(
    scopes: &IndexMap<NodeId, Option<NodeId>>,
    scope: Option<NodeId>,
    parallel: &IndexSet<NodeId>,
) -> bool {
    let mut scope = scope;
    while let Some(entry) = scope {
        if parallel.contains(&entry) {
            return true;
        }
        scope = scopes.get(&entry).copied().flatten();
    }
    false
}

fn apply(map: &mut Map, decision: Decision) -> bool {
    // What a person chose stays.
    if map.schedule != Schedule::Default {
        return false;
    }
    map.schedule = decision.schedule;
    map.collapse = decision.collapse;
    map.parallel_if = decision.parallel_if;
    true
}

/// Makes every map sequential, those of nested SDFGs too.
fn make_sequential(sdfg: &mut Sdfg) -> bool {
    let mut changed = false;
    sdfg.visit_states_mut(&mut |state| {
        for id in state.node_ids() {
            if let Node::MapEntry(map) = state.node_mut(id)
                && map.schedule != Schedule::Sequential
            {
                *map = Map { schedule: Schedule::Sequential, collapse: 1, parallel_if: None, ..map.clone() };
                changed = true;
            }
        }
    });
    changed
}

/// How a map at the top of a state runs, and why; the state may be nested in a map.
pub(crate) fn explain(
    containers: &Containers,
    (state, entry): (&State, NodeId),
    facts: &Facts,
    in_map: bool,
) -> String {
    let Node::MapEntry(map) = state.node(entry) else { return String::new() };
    match (map.schedule, &map.parallel_if) {
        (Schedule::CpuMulticore, None) => "parallel".to_owned(),
        (Schedule::CpuMulticore, Some(condition)) => format!("parallel if {condition}"),
        _ => {
            let map = Map { schedule: Schedule::Default, ..map.clone() };
            let reason = match decide(containers, (state, entry), &map, facts).why {
                Why::LittleWork => "the work is little",
                Why::Conflicts => "iterations update the same elements",
                Why::FewIterations => "few iterations, and more inside that can be shared",
                Why::Worthwhile if in_map => "a map around it is parallel",
                Why::Worthwhile => "it was not asked to be parallel",
            };
            format!("sequential: {reason}")
        }
    }
}

fn decide(containers: &Containers, (state, entry): (&State, NodeId), map: &Map, facts: &Facts) -> Decision {
    if map.schedule == Schedule::Sequential {
        return Decision::sequential(Why::LittleWork);
    }
    let inside = state.scope_nodes(entry);
    let contains_maps =
        inside.iter().any(|&id| matches!(state.node(id), Node::MapEntry(_) | Node::Nested(_)));
    let iterations: Expr = map.ranges.iter().map(Range::len).product();
    let enough = Expr::int(FEW_ITERATIONS);
    let shared_inside = inside.iter().any(|&id| is_shared_call(state.node(id)));
    let one = body_work(containers, (state, entry), &inside, facts);
    let small_call = Expr::int(SMALL_CALL);
    let inside_pays = contains_maps || shared_inside && facts.prove_lt(&small_call, &one) == Some(true);
    if inside_pays && facts.prove_lt(&iterations, &enough) == Some(true) {
        return Decision::sequential(Why::FewIterations);
    }
    let worthwhile = Expr::int(WORTHWHILE);
    let free = conflict_free(state, entry, map);
    let (work, jumps) = (&iterations * &one, jumps(containers, (state, entry), &inside, facts));
    // One search for both answers: it is long where there is no proof. Where this is much, or may be, jumps are only more.
    let mut little = facts.prove_le(&work, &worthwhile);
    let work = work + &jumps;
    if little == Some(true) && !jumps.is_zero() {
        little = facts.prove_le(&work, &worthwhile);
    }
    if little == Some(true) {
        return Decision::sequential(Why::LittleWork);
    }
    if free == 0 {
        return Decision::sequential(Why::Conflicts);
    }
    let mut parallel_if = little.is_none().then(|| work.gt(&worthwhile));
    if shared_inside && facts.prove_le(&enough, &iterations) != Some(true) {
        // Large calls share the work of few iterations better.
        let many = iterations.ge(&enough).or(&one.le(&small_call));
        parallel_if = Some(parallel_if.map_or(many.clone(), |condition| condition.and(&many)));
    }
    // The innermost loop of a map without others inside stays whole, for the sake of vector instructions.
    let outer = if contains_maps { map.params.len() } else { map.params.len() - 1 };
    let (schedule, collapse) = (Schedule::CpuMulticore, outer.clamp(1, free));
    Decision { schedule, collapse, parallel_if, why: Why::Worthwhile }
}

/// Whether a node calls a routine that a team of threads shares where no loop around it is shared.
fn is_shared_call(node: &Node) -> bool {
    match node.as_tasklet().map(|tasklet| &tasklet.code) {
        Some(TaskletCode::External(call)) => library::is_shared(call.named().0),
        _ => false,
    }
}

/// How many of the leading parameters may be spread over cores without iterations that update the same element at the
/// same time, other than one element that is the same for all; 0 if none.
fn conflict_free(state: &State, entry: NodeId, map: &Map) -> usize {
    let Node::MapEntry(Map { exit, .. }) = state.node(entry) else { return 0 };
    let mut free = map.params.len();
    for edge in state.in_edges(*exit) {
        let Some(memlet) = edge.memlet().filter(|memlet| memlet.wcr.is_some()) else { continue };
        let used = |at: &usize| memlet.subset.dims.iter().any(|dim| dim.start.uses(&map.params[*at]));
        let leading = (0..map.params.len()).take_while(used).count();
        let invariant = !(0..map.params.len()).any(|at| used(&at));
        if memlet.subset.as_element().is_none() || memlet.dynamic || !(leading > 0 || invariant) {
            return 0;
        }
        if !invariant {
            free = free.min(leading);
        }
    }
    free
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::apply_everywhere;
    use crate::library::ExpandLibrary;
    use crate::map::testing::{maps, nested_maps};
    use dacec_ir::builder::{SdfgBuilder, name};
    use dacec_ir::{DType, Wcr};

    fn scheduled(mut sdfg: Sdfg) -> Vec<Map> {
        let _ = ScheduleMaps.run(&mut sdfg, &mut Context::default());
        maps(&sdfg)
    }

    #[test]
    fn unknown_sizes_decide_when_the_program_runs() {
        let maps = scheduled(nested_maps("0:M", false));
        let outer = maps.iter().find(|map| map.label == "outer").expect("the outer map");
        let inner = maps.iter().find(|map| map.label == "inner").expect("the inner map");
        assert_eq!((outer.schedule, inner.schedule), (Schedule::CpuMulticore, Schedule::Sequential));
        let condition = outer.parallel_if.as_ref().expect("sizes are not known");
        let value = |n: i64| condition.eval(&|_: &dacec_ir::Name| Some(n));
        assert_eq!((value(10).ok(), value(10_000).ok()), (Some(0), Some(1)));
    }

    #[test]
    fn little_work_is_sequential() {
        let mut sdfg = nested_maps("0:M", false);
        sdfg.substitute(&[("N", Expr::int(64)), ("M", Expr::int(64))].into());
        assert!(scheduled(sdfg).iter().all(|map| map.schedule == Schedule::Sequential));
    }

    #[test]
    fn few_outer_iterations_leave_the_cores_to_the_inner_map() {
        let mut sdfg = nested_maps("0:M", false);
        sdfg.substitute(&[("N", Expr::int(3))].into());
        let maps = scheduled(sdfg);
        let schedules: Vec<_> = maps.iter().map(|map| (map.label.to_string(), map.schedule)).collect();
        assert!(schedules.contains(&("outer".into(), Schedule::Sequential)));
        assert!(schedules.contains(&("inner".into(), Schedule::CpuMulticore)));
    }

    /// The map around products of a stack of as many matrices of as many rows.
    fn stack(products: Expr, rows: Expr) -> Map {
        let mut program = SdfgBuilder::new("stack");
        for name in ["A", "B", "C"] {
            program.array(name, DType::Float64, [products.clone(), rows.clone(), rows.clone()]);
        }
        let whole = format!("0:{products}, 0:{rows}, 0:{rows}");
        let operands = ["A", "B", "C"].map(|name| (name, &*whole));
        let [a, b, c] = [("_a", operands[0]), ("_b", operands[1]), ("_c", operands[2])]
            .map(|(connector, (name, subset))| (connector, name, subset));
        program.state("s").library("product", library::MatMul, &[a, b, c]);
        let mut sdfg = program.build();
        let _ = apply_everywhere(&ExpandLibrary::default(), &mut sdfg, &mut Context::default());
        scheduled(sdfg).remove(0)
    }

    #[test]
    fn few_calls_run_side_by_side_where_they_are_small() {
        let [three, n] = [Expr::int(3), Expr::sym("N")];
        assert_eq!(stack(three.clone(), Expr::int(200)).schedule, Schedule::CpuMulticore);
        assert_eq!(stack(three.clone(), Expr::int(700)).schedule, Schedule::Sequential);
        assert_eq!(stack(Expr::int(9), Expr::int(700)).schedule, Schedule::CpuMulticore);
        let unknown = stack(three, n.clone()).parallel_if.expect("sizes are not known");
        let value = |condition: &Expr, n: i64| condition.eval(&|_: &dacec_ir::Name| Some(n)).ok();
        assert_eq!([20, 200, 700].map(|n| value(&unknown, n)), [0, 1, 0].map(Some));
        // As many products as rows.
        let unknown = stack(n.clone(), n).parallel_if.expect("sizes are not known");
        assert_eq!([5, 200, 700].map(|n| value(&unknown, n)), [0, 1, 1].map(Some));
    }

    /// A map that copies that many elements of each row of a matrix.
    fn part_of_rows(length: &str) -> Map {
        let n = Expr::sym("N");
        let mut b = SdfgBuilder::new("p");
        b.array("A", DType::Float64, [n.clone(), n.clone()]).array("B", DType::Float64, [n.clone(), n]);
        let dims = [("i", "0:N"), ("j", &*format!("0:{length}"))];
        b.state("s").map("m", &dims, &[("x", "A", "i, j + 1")], name("x"), ("B", "i, j"));
        scheduled(b.build()).remove(0)
    }

    #[test]
    fn each_part_of_a_row_is_somewhere_else_in_memory() {
        let runs_parallel = |length: &str, n: i64| {
            let condition = part_of_rows(length).parallel_if.expect("sizes are not known");
            let size = |symbol: &dacec_ir::Name| Some(if symbol == "L" { n - 2 } else { n });
            condition.eval(&size).ok()
        };
        // As many elements, of which the processor sees those of neighbouring rows coming.
        assert_eq!((runs_parallel("L", 800), runs_parallel("N - 2", 800)), (Some(1), Some(0)));
        assert_eq!(runs_parallel("L", 400), Some(0));
    }

    fn reduction(subset: &str) -> Map {
        let n = Expr::sym("N");
        let mut b = SdfgBuilder::new("p");
        b.array("A", DType::Float64, [n.clone(), n.clone()]).array("y", DType::Float64, [n]);
        let dims = [("i", "0:N"), ("j", "0:N")];
        let inputs = [("a", "A", "i, j")];
        b.state("s").reduction("m", &dims, &inputs, name("a"), ("y", subset), Wcr::Sum);
        scheduled(b.build()).remove(0)
    }

    #[test]
    fn conflicts_are_kept_out_of_parallel_loops() {
        assert_eq!((reduction("i").schedule, reduction("i").collapse), (Schedule::CpuMulticore, 1));
        assert_eq!(reduction("0").schedule, Schedule::CpuMulticore);
        assert_eq!(reduction("j").schedule, Schedule::Sequential);
    }
}
