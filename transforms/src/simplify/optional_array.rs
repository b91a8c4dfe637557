//! Optional-array inference: which arguments cannot be `None`, whatever their declaration allows.
//!
//! ```text
//! before:  data A: float64[N] optional    state s { … A[0] … }    if is_none(A) { a } else { b }
//! after:   data A: float64[N]             state s { … A[0] … }    if False { a } else { b }
//! kept:    if c { state s { … A[0] … } }   if is_none(A) { a } else { b }      not on every path
//!          if is_none(A) { return }        state s { … A[0] … }                who is None does not get there
//! ```
//!
//! Optional arguments keep all other passes away, which must not move an access to before the test that guards it. What
//! nobody can leave out is made an argument like any other, and what is known of it goes to
//! [`trivial_control_flow`](super::trivial_control_flow) as a constant.
//!
//! **Sound because** an access of an array that is `None` has no meaning: an argument is there in every run that has one if
//! at least one of its elements is accessed on every path from the beginning. Known to be on every path is what nothing
//! before can leave out: no `return`, no failing check, no output, no loop that may not end, no state machine. Known to
//! access an element are tasklets that are given one, copies and operations of libraries that touch some, and maps, loops
//! and nested graphs which provably do so at least once. Extents of arguments are at least 1 here: of an array without
//! elements nobody can tell whether it is there.
//!
//! Transients, and what is passed to nested graphs, are never optional to begin with
//! (validation says so).

use crate::pass::{Changed, Context, Pass};
use dacec_ir::control_flow::LoopHeader;
use dacec_ir::symbolic::Facts;
use dacec_ir::{
    BinaryOp, Block, Conditional, Constant, DType, Data, EdgeId, Expr, Feature, Loop, Memlet, Name,
    NestedSdfg, Node, NodeId, Range, Region, ScalarExpr, Sdfg, State, TaskletCode, UnaryOp,
};

/// See the [module](self).
#[derive(Clone, Copy, Debug, Default)]
pub struct OptionalArrayInference;

impl Pass for OptionalArrayInference {
    fn name(&self) -> &'static str {
        "optional-array-inference"
    }

    fn summary(&self) -> &'static str {
        "finds arguments that cannot be None, and answers questions about them"
    }

    /// Only accesses that every run makes count, whatever else the program uses.
    fn handles(&self, _: Feature) -> bool {
        true
    }

    fn run(&self, sdfg: &mut Sdfg, _: &mut Context) -> Changed {
        let optional: Vec<Name> =
            sdfg.containers.iter().filter(|(_, it)| it.is_optional()).map(first).collect();
        let facts = facts_of(sdfg);
        let mut changed = Changed::No;
        for name in optional {
            if accesses(&sdfg.body, &name, &facts) == Some(true)
                && let Some(Data::Array(array)) = sdfg.containers.get_mut(&name)
            {
                array.optional = false;
                changed = Changed::Yes;
            }
        }
        changed | answer(sdfg)
    }
}

fn first((name, _): (&Name, &Data)) -> Name {
    name.clone()
}

/// Extents of arguments are at least 1.
fn facts_of(sdfg: &Sdfg) -> Facts {
    let assigned = crate::surroundings::assigned_symbols(&sdfg.body);
    let mut facts = Facts::new();
    for data in sdfg.containers.values().filter(|data| !data.is_transient()) {
        for extent in data.shape().iter().filter(|extent| extent.symbols().is_disjoint(&assigned)) {
            facts.assume(&extent.ge(&Expr::one()));
        }
    }
    facts
}

/// Whether running the region accesses an element for certain. `None` if it may end in another way than with its last
/// block, or not at all, before it does.
fn accesses(region: &Region, name: &Name, facts: &Facts) -> Option<bool> {
    for block in &region.blocks {
        let found = match block {
            Block::State(state) => in_state(state, name, facts),
            Block::Assign(all) => all.iter().any(|it| reads(&it.value, name)),
            Block::Conditional(it) => in_branches(it, name, facts)?,
            Block::Loop(it) => in_loop(it, name, facts)?,
            Block::Machine(_) | Block::Effect(_) => return None,
            Block::Break | Block::Continue | Block::Return => return None,
        };
        if found {
            return Some(true);
        }
    }
    Some(false)
}

fn in_branches(it: &Conditional, name: &Name, facts: &Facts) -> Option<bool> {
    if it
        .branches
        .first()
        .and_then(|branch| branch.condition.as_ref())
        .is_some_and(|first| reads(first, name))
    {
        return Some(true);
    }
    let mut all = it.branches.last().is_some_and(|branch| branch.condition.is_none());
    for branch in &it.branches {
        all &= accesses(&branch.body, name, facts)?;
    }
    Some(all)
}

fn in_loop(it: &Loop, name: &Name, facts: &Facts) -> Option<bool> {
    match &it.header {
        LoopHeader::For { start, stop, step, .. } => {
            let bounds = [start, stop, step];
            if bounds.iter().any(|bound| loads(bound, name)) {
                return Some(true);
            }
            // The body may break or continue: all that counts of it then is whether it leaves the SDFG.
            step.as_int().filter(|step| *step != 0)?;
            let range = Range::strided(start.clone(), stop.clone(), step.clone());
            let inside = accesses(&it.body, name, facts);
            match inside {
                Some(found) => Some(found && range.is_empty(facts) == Some(false)),
                None if only_jumps(&it.body) => Some(false),
                None => None,
            }
        }
        LoopHeader::While { condition } => reads(condition, name).then_some(true),
        LoopHeader::DoWhile { .. } => match accesses(&it.body, name, facts) {
            Some(true) => Some(true),
            // It may never end.
            _ => None,
        },
    }
}

/// Whether a region can be left by jumps of loops at most, and ends.
fn only_jumps(region: &Region) -> bool {
    let mut only = true;
    region.visit(&mut |block| {
        only &= match block {
            Block::Machine(_) | Block::Effect(_) | Block::Return => false,
            Block::Loop(it) => {
                matches!(&it.header, LoopHeader::For { step, .. } if step.as_int().is_some_and(|it| it != 0))
            }
            _ => true,
        };
    });
    only
}

/// Whether evaluating an expression reads an element for certain.
fn reads(expr: &ScalarExpr, name: &Name) -> bool {
    match expr {
        ScalarExpr::Load { name: read, .. } if read == name => true,
        ScalarExpr::Symbolic(expr) => loads(expr, name),
        // Only one of the two values is evaluated.
        ScalarExpr::Select { condition, .. } => reads(condition, name),
        _ => expr.children().into_iter().any(|child| reads(child, name)),
    }
}

/// Whether a symbolic expression reads an element, where all of it is evaluated: a choice is not.
fn loads(expr: &Expr, name: &Name) -> bool {
    let mut chooses = false;
    expr.visit(&mut |atom| chooses |= matches!(atom, dacec_ir::symbolic::Atom::Select(..)));
    !chooses && expr.loads().iter().any(|(read, _)| *read == name)
}

fn in_state(state: &State, name: &Name, facts: &Facts) -> bool {
    state.accesses(name).into_iter().filter(|&access| state.scope_of(access).is_none()).any(|access| {
        let edges = state.in_edges(access).into_iter().chain(state.out_edges(access));
        let edges = edges.filter(|edge| !state.is_alias_edge(*edge));
        let mut ends = edges.map(|edge| (edge.id, if edge.src == access { edge.dst } else { edge.src }));
        ends.any(|(edge, other)| moves(state, edge, other, facts))
    })
}

/// Whether an edge moves an element for certain between its container and the node at its other end.
fn moves(state: &State, edge: EdgeId, other: NodeId, facts: &Facts) -> bool {
    let Some(memlet) = &state.edge(edge).memlet else { return false };
    let touches = |memlet: &Memlet| {
        !memlet.dynamic && memlet.subset.dims.iter().all(|dim| dim.is_empty(facts) == Some(false))
    };
    match state.node(other) {
        Node::Access(_) | Node::Library(_) => touches(memlet),
        Node::Tasklet(tasklet) => {
            let view = state.edge(edge);
            let connector = [(&view.dst_conn, &tasklet.inputs), (&view.src_conn, &tasklet.outputs)];
            let mut one = connector.into_iter().filter_map(|(conn, all)| all.get(conn.as_ref()?));
            let native = matches!(tasklet.code, TaskletCode::Native(_));
            native && one.any(|connector| connector.rank == 0) && touches(memlet)
        }
        Node::MapEntry(map) => {
            let runs = map.ranges.iter().all(|range| range.is_empty(facts) == Some(false));
            let inside = dacec_ir::propagate::inside_map(facts, map);
            let plain = map.consume.is_none() && state.range_inputs(other).is_empty();
            let mut inner = state.continuations(edge).into_iter();
            runs && plain && inner.any(|edge| moves(state, edge, state.endpoints(edge).1, &inside))
        }
        Node::MapExit { entry } => {
            let Node::MapEntry(map) = state.node(*entry) else { return false };
            let runs = map.ranges.iter().all(|range| range.is_empty(facts) == Some(false));
            let inside = dacec_ir::propagate::inside_map(facts, map);
            let plain = map.consume.is_none() && state.range_inputs(*entry).is_empty();
            let mut inner = crate::map::paths::origins(state, edge).into_iter();
            runs && plain && inner.any(|edge| moves(state, edge, state.endpoints(edge).0, &inside))
        }
        Node::Nested(nested) => {
            let view = state.edge(edge);
            let connector = if state.endpoints(edge).1 == other { &view.dst_conn } else { &view.src_conn };
            connector.as_ref().is_some_and(|connector| in_nested(nested, connector))
        }
    }
}

/// Extents inside say nothing about those that a caller passes.
fn in_nested(nested: &NestedSdfg, connector: &Name) -> bool {
    accesses(&nested.sdfg.body, connector, &Facts::new()) == Some(true)
}

/// Answers the questions whether something is `None` that cannot be.
fn answer(sdfg: &mut Sdfg) -> Changed {
    let may_be: Vec<Name> = sdfg.containers.iter().filter(|(_, it)| it.is_optional()).map(first).collect();
    let mut changed = Changed::No;
    sdfg.body.visit_mut(&mut |block| {
        for scalar in block.scalars_mut() {
            let mut asked = false;
            scalar.visit(&mut |part| asked |= matches!(part, ScalarExpr::IsNone(it) if !may_be.contains(it)));
            if !asked {
                continue;
            }
            scalar.visit_mut(&mut |part| match part {
                ScalarExpr::IsNone(name) if !may_be.contains(name) => *part = truth(false),
                _ => fold(part),
            });
            changed = Changed::Yes;
        }
    });
    changed
}

fn truth(value: bool) -> ScalarExpr {
    Constant::Bool(value).into()
}

fn as_truth(expr: &ScalarExpr) -> Option<bool> {
    match expr {
        ScalarExpr::Constant(Constant::Bool(value)) => Some(*value),
        _ => None,
    }
}

/// What follows from an operand that is a literal truth value.
fn fold(expr: &mut ScalarExpr) {
    let folded = match &*expr {
        ScalarExpr::Unary(UnaryOp::Not, operand) => as_truth(operand).map(|value| truth(!value)),
        ScalarExpr::Binary(op @ (BinaryOp::And | BinaryOp::Or), lhs, rhs) => {
            let decides = *op == BinaryOp::Or;
            match (as_truth(lhs), as_truth(rhs)) {
                (Some(value), _) | (_, Some(value)) if value == decides => Some(truth(decides)),
                (Some(_), _) => Some((**rhs).clone()),
                (_, Some(_)) => Some((**lhs).clone()),
                (None, None) => None,
            }
        }
        ScalarExpr::Cast(dtype, operand) if dtype.is_integer() || *dtype == DType::Bool => {
            as_truth(operand).map(|value| Constant::of_int(value.into(), *dtype).into())
        }
        _ => None,
    };
    if let Some(folded) = folded {
        *expr = folded;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pipeline::run_pass;
    use crate::simplify::simplify;
    use dacec_ir::interp::testing::{outcome, random_arguments};
    use dacec_ir::interp::{self, Arguments};
    use dacec_ir::{text, validate};

    /// A program with an optional argument `A`; `body` may use the states `first`, which reads `A[0]`, and `none`.
    fn program(body: &str) -> Sdfg {
        let state = |label: &str, from: &str| {
            format!(
                "state {label} {{\n{from} n1 = tasklet t(a: float64) -> (o: float64) {{ o = a }}\n\
                 n1.o -> n2: B[0]\nn2 = access B\n}}\n"
            )
        };
        let first = state("first", "n0 = access A\nn0 -> n1.a: A[0]\n");
        let none = state("none", "n0 = access C\nn0 -> n1.a: C[0]\n");
        let text = format!(
            "sdfg p(A, B, C) {{\n symbol N: int64\n symbol k: int64\n data A: float64[N] optional\n data B: float64[N]\n \
             data C: float64[N]\n{}\n}}\n",
            body.replace("FIRST", &first).replace("NONE", &none)
        );
        let sdfg = text::parse(&text).unwrap_or_else(|error| panic!("{error}\n{text}"));
        assert_eq!(validate::validate(&sdfg), Ok(()), "{text}");
        sdfg
    }

    fn infer(sdfg: &Sdfg) -> Sdfg {
        let mut after = sdfg.clone();
        let _ =
            run_pass(&OptionalArrayInference, &mut after, &mut Context::default()).expect("no check is set");
        assert_eq!(validate::validate(&after), Ok(()));
        after
    }

    fn results(sdfg: &Sdfg, given: bool) -> Result<Arguments, String> {
        let symbols = [("N", 3)];
        let mut arguments = random_arguments(sdfg, &symbols, 1).expect("arguments");
        if !given {
            arguments.shift_remove("A");
        }
        outcome(sdfg, &symbols, &arguments, &interp::Options::default()).map_err(|error| error.to_string())
    }

    #[test]
    fn what_is_always_accessed_is_there() {
        let before = program("FIRST if is_none(A) {\nNONE}\n");
        let after = infer(&before);
        assert!(!after.containers["A"].is_optional());
        assert_eq!(results(&before, true), results(&after, true));
        assert!(results(&before, false).expect_err("nothing to read").contains("is None"));
        let mut simple = before;
        let _ = simplify().run(&mut simple, &mut Context::default()).expect("no check is set");
        assert_eq!(simple.body.blocks.len(), 1, "the test and its branch are gone: {simple}");
    }

    #[test]
    fn other_paths_keep_the_question() {
        let kept = [
            "if not is_none(A) {\nFIRST}\nelse {\nNONE}\n",
            "if is_none(A) {\nNONE return\n}\nFIRST",
            "if is_none(A) {\nfail \"no A\"\n}\nFIRST",
            "loop l for i in 0:N - 1 {\nFIRST}\nif is_none(A) {\nNONE}\n",
            "loop l while $N < 0 {\nNONE}\nFIRST",
        ];
        for body in kept {
            let before = program(body);
            let after = infer(&before);
            assert_eq!(before, after, "{body}");
            assert_eq!(results(&before, true), results(&after, true));
        }
        assert!(results(&program(kept[0]), false).is_ok(), "the guarded access is not made");
    }

    #[test]
    fn branches_and_loops_that_run_count() {
        let found = [
            "loop l for i in 0:N {\nFIRST}\n",
            "if $N > 2 {\nFIRST}\nelse {\nassign k = int64(A[1])\n}\n",
            "if A[0] > 1.0 {\nNONE}\n",
        ];
        for body in found {
            assert!(!infer(&program(body)).containers["A"].is_optional(), "{body}");
        }
    }

    #[test]
    fn known_answers_fold_conditions() {
        let before = program("FIRST if not is_none(A) and ($N > 2 or is_none(A)) {\nNONE}\n");
        let text = infer(&before).to_string();
        assert!(!text.contains("is_none") && text.contains("if $N > 2"), "{text}");
    }
}
