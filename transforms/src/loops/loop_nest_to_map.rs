//! Loop nest to map: a loop whose body has loops and branches of its own is a map over a nested SDFG, if its iterations do
//! not depend on each other.
//!
//! ```text
//! before:  for i in 0:N { if B[i] > 0 { … }  for k in 0:M { C[i, 0:i + 1] += A[i, k]*A[0:i + 1, k] } }
//! after:   map i in 0:N { nested(A, B, C, i) { if B[i] > 0 { … }  for k in 0:M { … } } }
//! kept:    for i in 1:N { for j in 0:i { A[i, j] = A[i - 1, j] } }     an iteration reads what another writes
//!          for i in 0:N { for j in 0:i { s = s + A[i, j] } }          all iterations update one element
//!          for i in 0:N { if A[i] < 0: break }                        the loop may end early
//! ```
//!
//! [`LoopToMap`](super::LoopToMap) comes first: it leaves dataflow that other passes see, while nothing looks into a nested
//! SDFG from outside.
//!
//! **Legal when**
//! * nothing in the body leaves the loop, prints or checks;
//! * no two accesses in different iterations depend on each other (see [`dependence`](dacec_ir::analysis::dependence)), whatever the inner loops' variables
//!   and the symbols that the body assigns are; updates in any order are not exempt;
//! * containers that only the body uses hold nothing that one iteration leaves to the next (see `private`);
//! * symbols that the body assigns are assigned before they are used, and not used elsewhere.
//!
//! **Cost**: the pairs of accesses of each container in the body.

use super::iterations::leaves;
use super::loop_to_map::iterations;
use super::outside_in::{Rewrite, rewrite_blocks};
use super::private::private_to;
use super::symbols::{SymbolUses, defined_before_use};
use crate::Refusal;
use crate::map::paths;
use crate::pass::{Changed, Context, Pass};
use crate::surroundings::{Surroundings, Uses, assigned_symbols};
use dacec_ir::analysis::dependence::{Iterations, Touch, touches};
use dacec_ir::control_flow::LoopHeader;
use dacec_ir::symbolic::Facts;
use dacec_ir::{
    Block, DType, Data, IndexSet, Loop, Memlet, Name, NestedSdfg, Node, Range, Region, Schedule, Sdfg, State,
    Subset,
};
use std::collections::BTreeSet;

/// Turns independent loops with control flow into maps; see the [module](self).
#[derive(Clone, Copy, Debug, Default)]
pub struct LoopNestToMap;

/// A loop that can be a map over a nested SDFG; made only by [`find`].
#[derive(Clone, Debug)]
pub(crate) struct ParallelNest {
    variable: Name,
    range: Range,
    /// Containers that move into the nested SDFG.
    private: IndexSet<Name>,
    /// Containers that the body reads.
    inputs: IndexSet<Name>,
    /// Containers that the body writes.
    outputs: IndexSet<Name>,
}

impl Pass for LoopNestToMap {
    fn name(&self) -> &'static str {
        "loop-nest-to-map"
    }

    fn summary(&self) -> &'static str {
        "Makes maps of loops with control flow whose iterations are independent"
    }

    fn run(&self, sdfg: &mut Sdfg, context: &mut Context) -> Changed {
        rewrite_blocks(sdfg, context, "LoopNestToMap", &mut LoopNestToMap)
    }
}

impl Rewrite for LoopNestToMap {
    type Match = ParallelNest;

    fn find(
        &mut self,
        around: &mut Surroundings<'_>,
        block: &Block,
        symbols: &SymbolUses,
    ) -> Result<ParallelNest, Refusal> {
        find(around, block, symbols)
    }

    fn apply(&mut self, around: &mut Surroundings<'_>, block: Block, found: ParallelNest) -> Vec<Block> {
        match block {
            Block::Loop(it) => vec![Block::State(apply(around, *it, found))],
            other => vec![other],
        }
    }
}

/// Proves that a block is a loop of which no iteration depends on another. `symbols` are those of the whole SDFG.
pub(crate) fn find(
    around: &Surroundings<'_>,
    block: &Block,
    symbols: &SymbolUses,
) -> Result<ParallelNest, Refusal> {
    find_given(around, &around.facts, block, symbols)
}

/// As [`find`], with facts that hold before the loop.
pub(super) fn find_given(
    around: &Surroundings<'_>,
    outside: &Facts,
    block: &Block,
    symbols: &SymbolUses,
) -> Result<ParallelNest, Refusal> {
    let Block::Loop(it) = block else { return Err(Refusal::NoMatch("not a loop")) };
    let (variable, range) = iterations(it)?;
    check_control_flow(&it.body)?;
    let assigned = assigned_symbols(&it.body);
    if assigned.contains(&variable) || !range.symbols().is_disjoint(&assigned) {
        return Err(Refusal::unproved(format!("the body changes the range of `{variable}`")));
    }
    defined_before_use(&it.body, &assigned)?;
    let unstable = assigned_outside_headers(&it.body);
    symbols.check_local(block, &unstable)?;

    let mut facts = outside.clone();
    dacec_ir::propagate::assume_in_range(&mut facts, &variable, &range);
    let private = private_to(around, &it.body, &facts);
    let touches: Vec<Touch> = touches_of(around, &it.body, &unstable, false)
        .into_iter()
        .filter(|touch| !private.contains(&touch.data))
        .collect();
    let iterations = Iterations { variable: &variable, range: &range, facts: outside, locals: &assigned };
    iterations.independent(&touches)?;

    let of = |is_write: bool| -> IndexSet<Name> {
        let these = touches.iter().filter(|touch| touch.is_write == is_write);
        these.map(|touch| touch.data.clone()).collect()
    };
    let (inputs, outputs) = (of(false), of(true));
    if outputs.is_empty() {
        return Err(Refusal::NoMatch("the body writes nothing"));
    }
    let shared = around.sdfg.containers.iter().filter(|(name, _)| !private.contains(*name));
    for (name, data) in shared {
        let used = data.symbols();
        if used.contains(&variable) || !used.is_disjoint(&assigned) {
            return Err(Refusal::unproved(format!("the size of `{name}` changes in the loop")));
        }
    }
    Ok(ParallelNest { variable, range, private, inputs, outputs })
}

/// Refuses what leaves the loop or does more than computing.
pub(super) fn check_control_flow(body: &Region) -> Result<(), Refusal> {
    if leaves(body) {
        return Err(Refusal::unproved("the body leaves the loop, or an iteration of it"));
    }
    let mut refusal = None;
    body.visit(&mut |block| match block {
        Block::Return => refusal = Some("the body leaves the loop"),
        Block::Effect(_) => refusal = Some("the body prints or checks something"),
        Block::Machine(_) => refusal = Some("the body has control flow without structure"),
        Block::State(state) if state.has_effects() => {
            refusal = Some("the body calls something that prints or checks");
        }
        _ => {}
    });
    refusal.map_or(Ok(()), |reason| Err(Refusal::unproved(reason)))
}

/// Symbols that assignments change, other than the variables of loops.
pub(super) fn assigned_outside_headers(body: &Region) -> BTreeSet<Name> {
    let mut assigned = BTreeSet::new();
    body.visit(&mut |block| assigned.extend(block.assignments().map(|it| it.symbol.clone())));
    assigned
}

/// What an iteration does with containers, with the loops inside of the body around each access. The values of a variable
/// whose range uses an `unstable` symbol are not known. `any_order`: whether updates that combine may change places; else
/// each counts as a read and a write.
pub(super) fn touches_of(
    around: &Surroundings<'_>,
    body: &Region,
    unstable: &BTreeSet<Name>,
    any_order: bool,
) -> Vec<Touch> {
    let mut all = Vec::new();
    collect(around, body, (unstable, any_order), &mut Vec::new(), &mut all);
    all
}

fn collect(
    around: &Surroundings<'_>,
    region: &Region,
    (unstable, any_order): (&BTreeSet<Name>, bool),
    within: &mut Vec<(Name, Range)>,
    all: &mut Vec<Touch>,
) {
    let containers = &around.sdfg.containers;
    for block in &region.blocks {
        for name in block.scalars().iter().flat_map(|scalar| scalar.names()) {
            let subset = Subset::full(containers.get(&name).map(Data::shape).unwrap_or_default());
            let within = within.clone();
            all.push(Touch { data: name, subset, is_write: false, wcr: None, edge: None, within });
        }
        if let Block::State(state) = block {
            for touch in touches(state, containers) {
                let touch = Touch { within: within.clone(), ..touch };
                if touch.wcr.is_none() || any_order {
                    all.push(touch);
                    continue;
                }
                all.push(Touch { is_write: false, wcr: None, ..touch.clone() });
                all.push(Touch { wcr: None, ..touch });
            }
        }
        let range = match block {
            Block::Loop(it) => known_range(it, unstable),
            _ => None,
        };
        let depth = within.len();
        within.extend(range);
        for inner in block.regions() {
            collect(around, inner, (unstable, any_order), within, all);
        }
        within.truncate(depth);
    }
}

/// The values of a counted loop's variable.
fn known_range(it: &Loop, unstable: &BTreeSet<Name>) -> Option<(Name, Range)> {
    let LoopHeader::For { variable, start, stop, step } = &it.header else { return None };
    let range = Range::strided(start.clone(), stop.clone(), step.clone());
    (range.symbols().is_disjoint(unstable) && !unstable.contains(variable)).then(|| (variable.clone(), range))
}

/// The state that takes the loop's place.
pub(super) fn apply(around: &mut Surroundings<'_>, it: Loop, found: ParallelNest) -> State {
    let label = it.body.states().first().map_or(it.label.clone(), |state| state.label.clone());
    around.uses.discount(&Uses::of_region(&it.body));
    let nested = outline(around, &it, &found);
    let mut state = State::new(label);
    state.span = it.span;
    let dims = [(found.variable.clone(), found.range.clone())];
    let (entry, exit) = state.add_map(format!("for_{}", found.variable), dims, Schedule::Default);
    if let Node::MapEntry(map) = state.node_mut(entry) {
        map.span = it.span;
    }
    let node = state.add_node(Node::Nested(Box::new(nested)));
    let whole = |around: &Surroundings<'_>, name: &Name| Subset::full(around.container(name).shape());
    for name in &found.inputs {
        let source = state.add_access(name);
        around.uses.add(name);
        let memlet = Memlet::new(name, whole(around, name));
        paths::read(&mut state, (source, None), &[entry], (node, Some(name.clone())), memlet);
    }
    for name in &found.outputs {
        let sink = state.add_access(name);
        around.uses.add(name);
        // Which elements are written is up to the body.
        let memlet = Memlet { dynamic: true, ..Memlet::new(name, whole(around, name)) };
        paths::write(&mut state, (node, Some(name.clone())), &[exit], (sink, None), memlet);
    }
    if found.inputs.is_empty() {
        state.order(entry, node);
    }
    state
}

/// The body as a function of the containers that it shares with the rest of the program, under their names.
fn outline(around: &mut Surroundings<'_>, it: &Loop, found: &ParallelNest) -> NestedSdfg {
    let mut sdfg = Sdfg::new(format!("{}_body", it.label));
    sdfg.span = it.span;
    sdfg.file = around.sdfg.file.clone();
    sdfg.body = it.body.clone();
    for name in found.inputs.iter().chain(&found.outputs) {
        let mut data = around.container(name).clone();
        data.set_transient(false);
        if sdfg.containers.insert(name.clone(), data).is_none() {
            sdfg.arguments.push(name.clone());
        }
    }
    for name in &found.private {
        if let Some(data) = around.sdfg.containers.shift_remove(name) {
            sdfg.containers.insert(name.clone(), data);
        }
    }
    for symbol in assigned_outside_headers(&it.body) {
        let dtype = around.sdfg.symbols.get(&symbol).copied().unwrap_or(DType::Int64);
        sdfg.symbols.insert(symbol, dtype);
    }
    let symbols = around.pass_symbols(&mut sdfg);
    NestedSdfg {
        inputs: found.inputs.iter().cloned().collect(),
        outputs: found.outputs.iter().cloned().collect(),
        symbols,
        span: it.span,
        sdfg,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::map::testing::maps;
    use crate::pass::Options;
    use crate::run_pass;
    use dacec_ir::builder::{SdfgBuilder, name, value};
    use dacec_ir::interp::testing::assert_same;
    use dacec_ir::{Assignment, BinaryOp, Expr, ScalarExpr};

    /// `for i in 1:N { … }` over matrices `A` and `B`, vectors `x` and `y`, a scalar `v`, and a symbol `p`.
    fn program(fill: impl FnOnce(&mut SdfgBuilder)) -> Sdfg {
        let n = Expr::sym("N");
        let mut b = SdfgBuilder::new("program");
        for matrix in ["A", "B"] {
            b.array(matrix, DType::Float64, [n.clone(), n.clone()]);
        }
        b.array("x", DType::Float64, [n.clone()]).array("y", DType::Float64, [n.clone()]);
        b.local("v", DType::Float64);
        set(&mut b, "p", Expr::int(1));
        b.for_loop("i", 1, n, fill);
        let mut sdfg = b.build();
        sdfg.symbols.insert("p".into(), DType::Int64);
        sdfg
    }

    fn row(b: &mut SdfgBuilder, stop: Expr, (data, from): (&str, &str), to: &str) {
        b.for_loop("j", 0, stop, |b| {
            b.state("row").tasklet("t", &[("a", data, from)], name("a") + value(1.0), ("A", to));
        });
    }

    fn set(b: &mut SdfgBuilder, symbol: &str, value: Expr) {
        let value = ScalarExpr::from(value);
        b.push(Block::Assign(vec![Assignment { symbol: symbol.into(), value }]));
    }

    /// Whether the outer loop became a map, and the reasons against it.
    #[track_caller]
    fn run(sdfg: &Sdfg) -> (bool, String) {
        let mut after = sdfg.clone();
        let mut context = Context::new(Options { explain: true, ..Options::default() });
        let _ = run_pass(&LoopNestToMap, &mut after, &mut context).expect("no check is set");
        if let Err(violations) = dacec_ir::validate::validate(&after) {
            panic!("{violations:?}");
        }
        assert_same(sdfg, &after, &[("N", 5)]);
        let reasons: Vec<String> = context.refusals().iter().map(|it| it.reason.to_string()).collect();
        (maps(&after).iter().any(|map| map.label == "for_i"), reasons.join("; "))
    }

    #[track_caller]
    fn taken(fill: impl FnOnce(&mut SdfgBuilder)) {
        let (is_map, reasons) = run(&program(fill));
        assert!(is_map, "{reasons}");
    }

    #[track_caller]
    fn refused(part: &str, fill: impl FnOnce(&mut SdfgBuilder)) {
        let (is_map, reasons) = run(&program(fill));
        assert!(!is_map && reasons.contains(part), "{reasons}");
    }

    #[test]
    fn rows_of_a_triangle_are_independent() {
        taken(|b| row(b, Expr::sym("i"), ("A", "i, j"), "i, j"));
        taken(|b| row(b, Expr::sym("i"), ("B", "j, i"), "i, j"));
        // Below the diagonal is written, above it is read.
        taken(|b| row(b, Expr::sym("i"), ("A", "j, i"), "i, j"));
    }

    #[test]
    fn a_value_and_a_symbol_of_the_iteration_move_along() {
        taken(|b| {
            b.state("value").tasklet("t", &[("a", "x", "i")], name("a"), ("v", ""));
            let condition = name("v").op(BinaryOp::Lt, value(0.5));
            let then = |b: &mut SdfgBuilder| {
                b.state("then").tasklet("t", &[("v", "v", "")], name("v"), ("y", "i"));
            };
            b.conditional(condition, then, |_| {});
            set(b, "p", Expr::sym("i") - 1);
            row(b, Expr::sym("p"), ("B", "p, j"), "i, j");
        });
    }

    #[test]
    fn what_another_iteration_writes_is_refused() {
        refused("may be the same elements", |b| row(b, Expr::sym("i"), ("A", "i - 1, j"), "i, j"));
        refused("may be the same elements", |b| row(b, Expr::sym("N"), ("A", "j, i"), "i, j"));
        refused("may be the same elements", |b| row(b, Expr::sym("N"), ("B", "i, j"), "0, j"));
    }

    #[test]
    fn sums_over_all_iterations_are_refused() {
        refused("may be the same elements", |b| {
            b.for_loop("j", 0, Expr::sym("i"), |b| {
                let inputs = [("s", "y", "0"), ("a", "A", "i, j")];
                b.state("sum").tasklet("t", &inputs, name("s") + name("a"), ("y", "0"));
            });
        });
    }

    #[test]
    fn a_value_that_is_carried_is_refused() {
        refused("`v` and `v` may be the same elements", |b| {
            b.state("use").tasklet("t", &[("v", "v", "")], name("v"), ("y", "i"));
            b.state("value").tasklet("t", &[("a", "x", "i")], name("a"), ("v", ""));
            row(b, Expr::sym("i"), ("B", "i, j"), "i, j");
        });
        refused("`p` carries a value to the next iteration", |b| {
            row(b, Expr::sym("p"), ("B", "i, j"), "i, j");
            set(b, "p", Expr::sym("i"));
        });
        // The first branch may not be taken.
        refused("`v` and `v` may be the same elements", |b| {
            let value = |b: &mut SdfgBuilder| {
                b.state("value").tasklet("t", &[("a", "x", "i")], name("a"), ("v", ""));
            };
            b.conditional(Expr::sym("i").gt(&Expr::int(2)), value, |_| {});
            b.state("use").tasklet("t", &[("v", "v", "")], name("v"), ("y", "i"));
        });
    }

    #[test]
    fn a_symbol_that_is_used_later_is_refused() {
        let mut sdfg = program(|b| {
            set(b, "p", Expr::sym("i"));
            row(b, Expr::sym("p"), ("B", "i, j"), "i, j");
        });
        let mut after = SdfgBuilder::new("after");
        after.array("x", DType::Float64, [Expr::sym("N")]);
        after.state("after").tasklet("t", &[("a", "x", "p")], name("a"), ("x", "0"));
        sdfg.body.blocks.extend(after.build().body.blocks);
        let mut context = Context::new(Options { explain: true, ..Options::default() });
        let _ = LoopNestToMap.run(&mut sdfg, &mut context);
        assert!(maps(&sdfg).iter().all(|map| map.label != "for_i"));
        assert_eq!(context.refusals()[0].reason.to_string(), "`p` is also used outside of the loop");
    }

    #[test]
    fn a_loop_that_may_end_early_is_refused() {
        refused("the body leaves the loop", |b| {
            row(b, Expr::sym("i"), ("B", "i, j"), "i, j");
            let leave = |b: &mut SdfgBuilder| {
                b.push(Block::Break);
            };
            b.conditional(Expr::sym("i").gt(&Expr::int(2)), leave, |_| {});
        });
    }
}
