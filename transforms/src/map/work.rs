//! How much a map, a state or a region does, in memory accesses and simple operations: what schedules are decided by.
//! Operations of libraries, and calls that they have become, say themselves what they [cost](Cost).
//!
//! Estimates are expressions in symbols that are known outside of what is estimated, and upper ones: a range that depends
//! on another parameter counts with its largest extent. What is not known before it runs, such as the number of
//! iterations of a `while` loop, counts as once.

use crate::surroundings::facts_of_loop;
use dacec_ir::control_flow::LoopHeader;
use dacec_ir::library::Cost;
use dacec_ir::symbolic::{Atom, Facts, Substitution};
use dacec_ir::{
    BinaryOp, Block, Data, Expr, Function, IndexMap, Loop, Memlet, Name, NestedSdfg, Node, NodeId, Range,
    Region, ScalarExpr, State, Tasklet, TaskletCode, propagate,
};

/// Iterations that a loop counts with whose number is found only while its surroundings run.
const UNKNOWN_ITERATIONS: i64 = 16;

/// Work of an access that the processor has not seen coming: some 20 nanoseconds, with the rows of a matrix of 1024×1024 complex
/// numbers, of which one column after the other is combined with another one.
const JUMP: i64 = 2048;
/// As many elements in a row are seen coming.
const LONG_RUN: i64 = 64;

/// The containers of an SDFG.
pub(crate) type Containers = IndexMap<Name, Data>;

/// Work of one iteration of a map, of ranges that are not empty, which is where it matters. `inside` are the nodes of its
/// scope.
pub(super) fn body_work(
    containers: &Containers,
    (state, entry): (&State, NodeId),
    inside: &[NodeId],
    facts: &Facts,
) -> Expr {
    let mut total = Expr::zero();
    for &id in inside {
        let own = match state.node(id) {
            Node::Tasklet(tasklet) => tasklet_work(tasklet),
            Node::Library(_) => operation_cost(containers, state, id),
            Node::Nested(nested) => nested_work(nested, facts),
            Node::Access(_) => copies_work(state, id),
            Node::MapEntry(_) | Node::MapExit { .. } => continue,
        };
        total += repeated(state, id, entry, own, facts);
    }
    total
}

/// Work of going from one short run of neighbours in memory to the next, in all of a map: each is somewhere else, and the
/// processor waits for the first of them. `inside` are the nodes of its scope.
///
/// Only runs count of which nobody knows how long they are, and which are parts of longer rows, such as `x[:, a:b]`.
pub(super) fn jumps(
    containers: &Containers,
    (state, entry): (&State, NodeId),
    inside: &[NodeId],
    facts: &Facts,
) -> Expr {
    let Node::MapEntry(map) = state.node(entry) else { return Expr::zero() };
    let ([.., row, along], [rows @ .., run]) = (&map.params[..], &map.ranges[..]) else {
        return Expr::zero();
    };
    let run = run.len();
    let mut places: Vec<(&Name, Expr)> = Vec::new();
    let computes =
        |id: &&NodeId| state.node(**id).as_tasklet().is_some() && state.scope_of(**id) == Some(entry);
    for &id in inside.iter().filter(computes) {
        for edge in state.in_edges(id).into_iter().chain(state.out_edges(id)) {
            let Some(memlet) = edge.memlet() else { continue };
            let Some(place) = containers.get(&memlet.data).and_then(|data| place_of(data, memlet)) else {
                continue;
            };
            let is_run = place.coefficient(along).is_some_and(|step| step.is_one());
            let distance = place.coefficient(row).filter(|_| is_run);
            let is_part = distance.is_some_and(|it| !it.is_zero() && (it - &run).as_int().is_none());
            if is_part && !places.contains(&(&memlet.data, place.clone())) {
                places.push((&memlet.data, place));
            }
        }
    }
    if places.is_empty() || facts.range(&run).0.is_some_and(|least| least >= LONG_RUN) {
        return Expr::zero();
    }
    rows.iter().map(Range::len).product::<Expr>() * (JUMP * places.len() as i64)
}

/// Which element of the memory of an array an edge carries.
fn place_of(data: &Data, memlet: &Memlet) -> Option<Expr> {
    let at = memlet.subset.as_element()?;
    Some(at.iter().zip(data.strides()).map(|(at, stride)| at * stride).sum())
}

/// Work of a library node.
fn operation_cost(containers: &Containers, state: &State, node: NodeId) -> Expr {
    Cost::of_node(containers, state, node).map_or(Expr::one(), |cost| cost.work())
}

/// Work of a nested SDFG, in terms of the caller's symbols.
fn nested_work(nested: &NestedSdfg, facts: &Facts) -> Expr {
    let values: Substitution = nested.symbols.iter().map(|(name, value)| (name, value.clone())).collect();
    // Outside of the nested SDFG, nobody knows what it assigns.
    let known = |expr: &Expr| expr.symbols().iter().all(|symbol| nested.symbols.contains_key(symbol));
    region_work(&nested.sdfg.containers, &nested.sdfg.body, facts, &known).subs(&values)
}

/// Work of a region; `known` tells which expressions mean something outside of it.
pub(crate) fn region_work(
    containers: &Containers,
    region: &Region,
    facts: &Facts,
    known: &dyn Fn(&Expr) -> bool,
) -> Expr {
    let mut total = Expr::zero();
    for block in &region.blocks {
        total += match block {
            Block::State(state) => state_work(containers, state, facts),
            Block::Loop(it) => loop_work(containers, it, facts, known),
            Block::Conditional(it) => {
                let branches =
                    it.branches.iter().map(|branch| region_work(containers, &branch.body, facts, known));
                branches.reduce(|most, it| most.max(&it)).unwrap_or_default()
            }
            _ => Expr::one(),
        };
    }
    match known(&total) {
        true => total,
        false => Expr::int(UNKNOWN_ITERATIONS),
    }
}

fn loop_work(containers: &Containers, it: &Loop, facts: &Facts, known: &dyn Fn(&Expr) -> bool) -> Expr {
    let inside = facts_of_loop(it, facts);
    let LoopHeader::For { variable, start, stop, step } = &it.header else {
        return region_work(containers, &it.body, &inside, known) * UNKNOWN_ITERATIONS;
    };
    let known = |expr: &Expr| known(&expr.subs1(variable, start));
    let body = region_work(containers, &it.body, &inside, &known);
    let range = Range::strided(start.clone(), stop.clone(), step.clone());
    range.len() * largest(&body, (variable, &range), facts)
}

/// The largest value that an estimate has for values of a variable that are in a range.
pub(crate) fn largest(work: &Expr, (variable, range): (&Name, &Range), facts: &Facts) -> Expr {
    if !work.uses(variable) {
        return work.clone();
    }
    let bounds = range.extremes().map(|(low, high)| [(variable.clone(), low, high)]);
    let largest = bounds.and_then(|bounds| facts.max_over(work, &bounds));
    largest.unwrap_or_else(|| work.subs1(variable, &range.start).max(&work.subs1(variable, &range.last())))
}

fn state_work(containers: &Containers, state: &State, facts: &Facts) -> Expr {
    let top = state.nodes().filter(|(id, _)| state.scope_of(*id).is_none());
    top.map(|(id, node)| match node {
        Node::Tasklet(tasklet) => tasklet_work(tasklet),
        Node::Library(_) => operation_cost(containers, state, id),
        Node::Nested(nested) => nested_work(nested, facts),
        Node::MapEntry(map) => {
            let iterations: Expr = map.ranges.iter().map(Range::len).product();
            let inside = propagate::inside_map(facts, map);
            iterations * body_work(containers, (state, id), &state.scope_nodes(id), &inside)
        }
        Node::Access(_) => copies_work(state, id),
        Node::MapExit { .. } => Expr::zero(),
    })
    .sum()
}

/// Work of what an access copies from others, or out of its scope: each element is read and written.
fn copies_work(state: &State, access: NodeId) -> Expr {
    let is_source = |node: &Node| matches!(node, Node::Access(_) | Node::MapEntry(_));
    let copied = state.in_edges(access).into_iter().filter(|edge| is_source(state.node(edge.src)));
    let out = state
        .out_edges(access)
        .into_iter()
        .filter(|edge| matches!(state.node(edge.dst), Node::MapExit { .. }));
    copied.chain(out).filter_map(|edge| edge.memlet()).map(|memlet| memlet.volume() * 2).sum()
}

/// Work repeated by the maps between a node and the map that is being estimated.
fn repeated(state: &State, node: NodeId, outermost: NodeId, own: Expr, facts: &Facts) -> Expr {
    let mut work = own;
    let starts = starts(state, node, outermost);
    let mut scope = state.scope_of(node);
    while let Some(entry) = scope {
        let Node::MapEntry(map) = state.node(entry) else { break };
        if entry != outermost {
            work *= map.ranges.iter().map(|range| longest(range.len(), &starts)).product::<Expr>();
        }
        for (param, range) in map.params.iter().zip(&map.ranges) {
            work = largest(&work, (param, range), facts);
        }
        if entry == outermost {
            break;
        }
        scope = state.scope_of(entry);
    }
    work
}

/// The first value of each parameter of the maps from a node up to the one that is being estimated.
fn starts(state: &State, node: NodeId, outermost: NodeId) -> Substitution {
    let mut starts = Substitution::new();
    let mut scope = state.scope_of(node);
    while let Some(entry) = scope {
        let Node::MapEntry(map) = state.node(entry) else { break };
        for (param, range) in map.params.iter().zip(&map.ranges) {
            starts.insert(param, range.start.clone());
        }
        scope = state.scope_of(entry).filter(|_| entry != outermost);
    }
    starts
}

/// The length of the longest block, where a length is that of a block: the first block is whole if any is.
fn longest(length: Expr, starts: &Substitution) -> Expr {
    let bounded =
        matches!(length.as_atom(), Some(Atom::Min(all)) if all.iter().any(|it| it.as_int().is_some()));
    if bounded { length.subs(starts) } else { length }
}

fn tasklet_work(tasklet: &Tasklet) -> Expr {
    let mut work = (tasklet.inputs.len() + tasklet.outputs.len()) as i64;
    match &tasklet.code {
        TaskletCode::Native(stmts) => {
            for stmt in stmts {
                stmt.visit_exprs(&mut |expr| expr.visit(&mut |part| work += operation_work(part)));
            }
        }
        TaskletCode::External(call) => {
            if let Some(cost) = &call.cost {
                return cost.work();
            }
        }
        TaskletCode::Foreign(_) => {}
    }
    Expr::int(work)
}

/// Cost of one operation, in simple ones.
fn operation_work(expr: &ScalarExpr) -> i64 {
    match expr {
        ScalarExpr::Binary(BinaryOp::Div | BinaryOp::FloorDiv | BinaryOp::Mod, ..) => 8,
        ScalarExpr::Binary(BinaryOp::Pow, ..) => 40,
        ScalarExpr::Call(Function::Abs | Function::Fmin | Function::Fmax | Function::Copysign, _) => 1,
        ScalarExpr::Call(Function::Sqrt, _) => 8,
        ScalarExpr::Call(..) => 30,
        ScalarExpr::Unary(..) | ScalarExpr::Binary(..) | ScalarExpr::Select { .. } => 1,
        _ => 0,
    }
}
