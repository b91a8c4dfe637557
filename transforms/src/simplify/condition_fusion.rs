//! Condition fusion: decisions that follow from each other are one decision.
//!
//! ```text
//! before:  if a < b: { if c < d: { x } }              if a < b: { x }   if a < b: { y }
//! after:   if a < b and c < d: { x }                  if a < b: { x; y }
//! kept:    if k < N: { if A[k] > 0: { x } }           `A[k]` may only be read if `k < N`
//! kept:    if a < b: { a = … }   if a < b: { y }      the second decision is another one
//! ```
//!
//! What runs under one decision lies in one region, where states fuse.
//!
//! **Legal when**
//! * nested: neither conditional has another branch, there is nothing between them, and the inner condition can be evaluated
//!   even where the outer one does not hold (`and` evaluates both operands);
//! * one after the other: the conditions are the same, branch by branch, and no branch of the first changes what a condition
//!   reads.
//!
//! **Cost**: one walk.

use crate::pass::{Changed, Context, Pass};
use crate::surroundings::assigned_symbols;
use dacec_ir::{BinaryOp, Block, Branch, Conditional, Name, Node, Region, ScalarExpr, Sdfg};
use std::collections::BTreeSet;

/// See the [module](self).
#[derive(Clone, Copy, Debug, Default)]
pub struct ConditionFusion;

impl Pass for ConditionFusion {
    fn name(&self) -> &'static str {
        "condition-fusion"
    }

    fn summary(&self) -> &'static str {
        "makes one decision of those that follow from each other"
    }

    fn run(&self, sdfg: &mut Sdfg, context: &mut Context) -> Changed {
        let mut changed = Changed::No;
        sdfg.body.visit_regions_mut(&mut |region| {
            changed |= join_nested(region, context);
            changed |= join_neighbours(region, context);
        });
        changed
    }
}

/// Joins a conditional with the one that is all of its body.
fn join_nested(region: &mut Region, context: &mut Context) -> Changed {
    let mut changed = Changed::No;
    for block in &mut region.blocks {
        let Block::Conditional(outer) = block else { continue };
        let Some(condition) = both(outer) else { continue };
        if !context.permit("ConditionFusion") {
            continue;
        }
        let body = std::mem::take(&mut outer.branches[0].body);
        if let Some(Block::Conditional(inner)) = body.blocks.into_iter().next() {
            let body = inner.branches.into_iter().next().map(|branch| branch.body).unwrap_or_default();
            outer.branches = vec![Branch { condition: Some(condition), body }];
        }
        context.applied("ConditionFusion");
        changed = Changed::Yes;
    }
    changed
}

/// The condition of a conditional and of the one that is all of its body, if they can be one.
fn both(outer: &Conditional) -> Option<ScalarExpr> {
    let (first, body) = only_branch(outer)?;
    let [Block::Conditional(inner)] = &body.blocks[..] else { return None };
    let (second, _) = only_branch(inner)?;
    (is_truth(first) && is_truth(second) && cannot_fail(second)).then(|| {
        match (first.to_symbolic(), second.to_symbolic()) {
            (Some(a), Some(b)) => ScalarExpr::from(a.and(&b)),
            _ => ScalarExpr::binary(BinaryOp::And, as_truth(first), as_truth(second)),
        }
    })
}

/// A condition as a value of the type of truth values: those of symbols are integers.
fn as_truth(condition: &ScalarExpr) -> ScalarExpr {
    match condition {
        ScalarExpr::Symbolic(_) => ScalarExpr::binary(BinaryOp::Ne, condition.clone(), ScalarExpr::int(0)),
        _ => condition.clone(),
    }
}

/// The branch of a conditional that does nothing else.
fn only_branch(it: &Conditional) -> Option<(&ScalarExpr, &Region)> {
    let (first, rest) = it.branches.split_first()?;
    let nothing = |branch: &Branch| branch.condition.is_none() && branch.body.blocks.is_empty();
    let condition = first.condition.as_ref().filter(|_| rest.iter().all(nothing))?;
    Some((condition, &first.body))
}

/// Whether an expression is a truth value, whatever the types of what it reads are.
fn is_truth(condition: &ScalarExpr) -> bool {
    match condition {
        ScalarExpr::Binary(BinaryOp::And | BinaryOp::Or, a, b) => is_truth(a) && is_truth(b),
        ScalarExpr::Binary(op, ..) => op.is_comparison(),
        ScalarExpr::Symbolic(expr) => expr.is_boolean(),
        _ => false,
    }
}

/// Whether an expression has a value whatever the values of what it reads are.
fn cannot_fail(condition: &ScalarExpr) -> bool {
    let mut safe = true;
    condition.visit(&mut |part| {
        safe &= match part {
            ScalarExpr::Load { .. } => false,
            ScalarExpr::Symbolic(expr) => expr.is_total() && expr.loads().is_empty(),
            ScalarExpr::Binary(op, ..) => {
                !matches!(op, BinaryOp::FloorDiv | BinaryOp::Mod | BinaryOp::Shl | BinaryOp::Shr)
            }
            _ => true,
        }
    });
    safe
}

/// Joins conditionals that stand one after the other and decide the same.
fn join_neighbours(region: &mut Region, context: &mut Context) -> Changed {
    let before = region.blocks.len();
    let mut joined: Vec<Block> = Vec::with_capacity(before);
    for block in std::mem::take(&mut region.blocks) {
        match (joined.last_mut(), block) {
            (Some(Block::Conditional(first)), Block::Conditional(second))
                if decide_the_same(first, &second) && context.permit("ConditionFusion") =>
            {
                for (branch, more) in first.branches.iter_mut().zip(second.branches) {
                    branch.body.blocks.extend(more.body.blocks);
                }
                context.applied("ConditionFusion");
            }
            (_, block) => joined.push(block),
        }
    }
    region.blocks = joined;
    Changed::from(region.blocks.len() != before)
}

fn decide_the_same(first: &Conditional, second: &Conditional) -> bool {
    let same = first.branches.len() == second.branches.len()
        && first.branches.iter().zip(&second.branches).all(|(a, b)| a.condition == b.condition);
    if !same {
        return false;
    }
    let mut read = BTreeSet::new();
    for condition in first.branches.iter().filter_map(|branch| branch.condition.as_ref()) {
        read.extend(condition.names());
        read.extend(condition.symbols());
        condition.visit(&mut |part| {
            if let ScalarExpr::Symbolic(expr) = part {
                read.extend(expr.loads().into_iter().map(|(data, _)| data.clone()));
            }
        });
    }
    !first.branches.iter().any(|branch| changes(&branch.body, &read))
}

/// Whether a region gives one of some symbols or containers another value.
fn changes(region: &Region, names: &BTreeSet<Name>) -> bool {
    if !assigned_symbols(region).is_disjoint(names) {
        return true;
    }
    let mut written = false;
    region.visit(&mut |block| {
        let Block::State(state) = block else { return };
        written |= state.nodes().any(|(id, node)| match node {
            Node::Access(data) => names.contains(data) && state.in_degree(id) > 0,
            _ => false,
        });
    });
    written
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::simplify::testing::{run, state_labels};
    use dacec_ir::builder::{SdfgBuilder, name, value};
    use dacec_ir::{DType, Expr};

    fn program(fill: impl FnOnce(&mut SdfgBuilder)) -> Sdfg {
        let mut b = SdfgBuilder::new("p");
        b.array("A", DType::Float64, [Expr::sym("N")]).local("c", DType::Float64);
        fill(&mut b);
        b.build()
    }

    fn set(label: &'static str, data: &'static str, at: &'static str) -> impl FnOnce(&mut SdfgBuilder) {
        move |b| {
            b.state(label).tasklet("t", &[], value(1.0), (data, at));
        }
    }

    fn small() -> ScalarExpr {
        name("c").op(BinaryOp::Lt, value(0.5)).into()
    }

    #[test]
    fn nested_conditions_are_one() {
        let n = Expr::sym("N");
        let mut sdfg = program(|b| {
            let inner = |b: &mut SdfgBuilder| {
                b.conditional(small(), set("s", "A", "0"), |_| {});
            };
            b.conditional(n.gt(&Expr::int(3)), inner, |_| {});
        });
        assert!(run(&ConditionFusion, &mut sdfg).any());
        let Block::Conditional(it) = &sdfg.body.blocks[0] else { panic!("a conditional") };
        assert!(matches!(&it.branches[0].body.blocks[..], [Block::State(_)]));
    }

    #[test]
    fn what_a_condition_guards_is_not_read_before() {
        let element = ScalarExpr::Load { name: "A".into(), indices: vec![ScalarExpr::int(3)] };
        let positive = ScalarExpr::binary(BinaryOp::Gt, element, ScalarExpr::from(value(0.0)));
        let mut sdfg = program(|b| {
            let inner = |b: &mut SdfgBuilder| {
                b.conditional(positive, set("s", "A", "0"), |_| {});
            };
            b.conditional(Expr::sym("N").gt(&Expr::int(3)), inner, |_| {});
        });
        assert!(!run(&ConditionFusion, &mut sdfg).any());
    }

    #[test]
    fn the_same_decision_is_made_once() {
        let mut sdfg = program(|b| {
            b.conditional(small(), set("a", "A", "0"), set("b", "A", "1"));
            b.conditional(small(), set("c", "A", "2"), set("d", "A", "3"));
        });
        assert!(run(&ConditionFusion, &mut sdfg).any());
        assert_eq!(sdfg.body.blocks.len(), 1);
        assert_eq!(state_labels(&sdfg), ["a", "c", "b", "d"]);
    }

    #[test]
    fn a_decision_that_changes_is_made_again() {
        let mut sdfg = program(|b| {
            b.conditional(small(), set("a", "c", ""), |_| {});
            b.conditional(small(), set("c", "A", "2"), |_| {});
        });
        assert!(!run(&ConditionFusion, &mut sdfg).any());
    }
}
