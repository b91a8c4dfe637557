//! State fusion: makes one state of two that follow each other.
//!
//! Front ends emit one state a statement. Dataflow is optimized inside of states, so the first thing to do is to make
//! them large. A read of what the first state wrote is attached to the node that wrote it:
//!
//! ```text
//! before:  state a { (A) ─▶ [f] ─▶ (t) }    state b { (t) ─▶ [g] ─▶ (B) }
//! after:   state a { (A) ─▶ [f] ─▶ (t) ─▶ [g] ─▶ (B) }
//! kept:    state a { (A) ─▶ [f] ─▶ (B) }    state b { (C) ─▶ [g] ─▶ (A) }
//!          (`A` is read and then written, and no path would keep that order)
//! ```
//!
//! **Legal when** every two accesses of a container, one in each state and one of them a write, are ordered by a path of
//! the fused state or provably touch different elements. What is not known counts as a conflict. **Cost**: linear in the
//! states of a sequence; accesses that a later write covers are forgotten.

use super::hazards::{Frontier, Joints};
use crate::pass::{Changed, Context, Pass};
use crate::transformation::{Transformation, with_places};
use crate::{Refusal, Surroundings};
use dacec_ir::analysis::AccessSets;
use dacec_ir::{Block, IndexMap, NodeId, Region, Sdfg, State};

/// See the [module](self). As a pass, it fuses whole sequences in linear time.
#[derive(Clone, Copy, Debug, Default)]
pub struct StateFusion;

/// Two states that may be one; made only by [`StateFusion`].
#[derive(Debug)]
pub struct Fusable {
    first: usize,
    joints: Joints,
}

impl Transformation for StateFusion {
    type Place = Region;
    type Match = Fusable;

    fn name(&self) -> &'static str {
        "StateFusion"
    }

    fn find(&self, around: &Surroundings<'_>, region: &Region, first: usize) -> Result<Fusable, Refusal> {
        let (Some(Block::State(a)), Some(Block::State(b))) =
            (region.blocks.get(first), region.blocks.get(first + 1))
        else {
            return Err(Refusal::NoMatch("no two states in a row"));
        };
        let containers = &around.sdfg.containers;
        let frontier = Frontier::of(a, &AccessSets::of(a, containers));
        let joints = frontier.join(a, b, &AccessSets::of(b, containers), &around.facts)?;
        Ok(Fusable { first, joints })
    }

    fn apply(&self, around: &mut Surroundings<'_>, region: &mut Region, found: Fusable) {
        let Block::State(second) = region.blocks.remove(found.first + 1) else { return };
        if let Block::State(first) = &mut region.blocks[found.first] {
            absorb(around, first, second, &found.joints);
        }
    }
}

impl Pass for StateFusion {
    fn name(&self) -> &'static str {
        "state-fusion"
    }

    fn summary(&self) -> &'static str {
        "makes one state of several that follow each other"
    }

    fn run(&self, sdfg: &mut Sdfg, context: &mut Context) -> Changed {
        let mut changed = Changed::No;
        with_places::<Region>(sdfg, &mut |around, region| changed |= fuse_sequences(around, region, context));
        changed
    }
}

/// The state that grows, and what later states can conflict with.
struct Growing {
    state: State,
    frontier: Frontier,
}

fn fuse_sequences(around: &mut Surroundings<'_>, region: &mut Region, context: &mut Context) -> Changed {
    let pairs = region.blocks.windows(2);
    if !pairs.into_iter().any(|pair| matches!(pair, [Block::State(_), Block::State(_)])) {
        return Changed::No;
    }
    let mut fused = Vec::with_capacity(region.blocks.len());
    let mut growing: Option<Growing> = None;
    let before = region.blocks.len();
    for block in std::mem::take(&mut region.blocks) {
        match block {
            Block::State(state) => growing = Some(grow(around, growing, state, &mut fused, context)),
            other => {
                fused.extend(growing.take().map(|done| Block::State(done.state)));
                fused.push(other);
            }
        }
    }
    fused.extend(growing.map(|done| Block::State(done.state)));
    region.blocks = fused;
    Changed::from(region.blocks.len() != before)
}

/// Fuses a state to the one that grows; where that is not possible, the one that grew is done.
fn grow(
    around: &mut Surroundings<'_>,
    growing: Option<Growing>,
    next: State,
    done: &mut Vec<Block>,
    context: &mut Context,
) -> Growing {
    let sets = AccessSets::of(&next, &around.sdfg.containers);
    if let Some(mut growing) = growing {
        match growing.frontier.join(&growing.state, &next, &sets, &around.facts) {
            Ok(joints) if context.permit("StateFusion") => {
                let renamed = absorb(around, &mut growing.state, next, &joints);
                growing.frontier.extend(&growing.state, &sets, &|id| renamed[&id]);
                context.applied("StateFusion");
                return growing;
            }
            Ok(_) => {}
            Err(refusal) => {
                context.refused(
                    "StateFusion",
                    || format!("states {}, {}", growing.state.label, next.label),
                    refusal,
                );
            }
        }
        done.push(Block::State(growing.state));
    }
    let frontier = Frontier::of(&next, &sets);
    Growing { state: next, frontier }
}

/// Moves the second state into the first and attaches its reads; returns the new ids of its nodes.
fn absorb(
    around: &mut Surroundings<'_>,
    first: &mut State,
    second: State,
    joints: &Joints,
) -> IndexMap<NodeId, NodeId> {
    first.span = first.span.or(second.span);
    let mut renamed = first.absorb(second);
    for (node, &joint) in joints {
        let copy = renamed[node];
        for edge in first.out_edges(copy).iter().map(|edge| edge.id).collect::<Vec<_>>() {
            first.move_source(edge, joint, None);
        }
        if let Some(data) = first.remove_node(copy).as_ref().and_then(|node| node.as_access()) {
            around.uses.remove(data);
        }
        renamed.insert(*node, joint);
    }
    renamed
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::simplify::testing::{refusals, run, state_labels};
    use dacec_ir::builder::{SdfgBuilder, name, value};
    use dacec_ir::{DType, Expr, ScalarExpr, Wcr};

    fn program(fill: impl FnOnce(&mut SdfgBuilder)) -> Sdfg {
        let n = Expr::sym("N");
        let mut b = SdfgBuilder::new("p");
        for array in ["A", "B", "C"] {
            b.array(array, DType::Float64, [n.clone()]);
        }
        b.transient("t", DType::Float64, [n]);
        fill(&mut b);
        b.build()
    }

    fn copy_map(b: &mut SdfgBuilder, label: &str, from: (&str, &str), to: (&str, &str)) {
        b.state(label).map(label, &[("i", "0:N")], &[("x", from.0, from.1)], name("x"), to);
    }

    #[test]
    fn a_reader_is_attached_behind_the_writer() {
        let mut sdfg = program(|b| {
            copy_map(b, "a", ("A", "i"), ("t", "i"));
            copy_map(b, "b", ("t", "i"), ("B", "i"));
        });
        assert!(run(&StateFusion, &mut sdfg).any());
        let state = sdfg.body.states()[0];
        assert_eq!(sdfg.body.blocks.len(), 1);
        let accesses = state.accesses(&"t".into());
        assert_eq!(accesses.len(), 1);
        assert_eq!((state.in_degree(accesses[0]), state.out_degree(accesses[0])), (1, 1));
    }

    #[test]
    fn two_reads_of_the_same_values_share_a_node() {
        let mut sdfg = program(|b| {
            copy_map(b, "a", ("A", "i"), ("B", "i"));
            copy_map(b, "b", ("A", "i"), ("C", "i"));
        });
        assert!(run(&StateFusion, &mut sdfg).any());
        assert_eq!(sdfg.body.states()[0].accesses(&"A".into()).len(), 1);
    }

    #[test]
    fn a_write_after_a_read_is_kept_apart() {
        let mut sdfg = program(|b| {
            copy_map(b, "a", ("A", "i"), ("B", "i"));
            copy_map(b, "b", ("C", "i"), ("A", "i"));
        });
        assert_eq!(refusals(&StateFusion, &sdfg), ["`A[0:N]` and `A[0:N]` may be the same elements"]);
        assert!(!run(&StateFusion, &mut sdfg).any());
    }

    #[test]
    fn a_write_after_a_read_is_fused_where_a_path_orders_them() {
        // Jacobi: the second write of `A` comes after `B`, which comes after the reads of `A`.
        let mut sdfg = program(|b| {
            copy_map(b, "a", ("A", "i"), ("B", "i"));
            copy_map(b, "b", ("B", "i"), ("A", "i"));
        });
        assert!(run(&StateFusion, &mut sdfg).any());
        assert_eq!(sdfg.body.states()[0].accesses(&"A".into()).len(), 2);
    }

    #[test]
    fn a_write_after_a_write_is_kept_apart() {
        let mut sdfg = program(|b| {
            copy_map(b, "a", ("A", "i"), ("B", "i"));
            copy_map(b, "b", ("C", "i"), ("B", "i"));
        });
        assert!(!run(&StateFusion, &mut sdfg).any());
        let mut sdfg = program(|b| {
            b.state("init").map("m", &[("i", "0:N")], &[], value(0.0), ("B", "i"));
            let dims = [("i", "0:N")];
            b.state("sum").reduction("m", &dims, &[("x", "A", "i")], name("x"), ("B", "0"), Wcr::Sum);
        });
        assert!(!run(&StateFusion, &mut sdfg).any());
    }

    #[test]
    fn writes_of_different_elements_do_not_conflict() {
        let mut sdfg = program(|b| {
            b.state("low").copy(("A", "0:4"), ("B", "0:4"));
            b.state("high").copy(("A", "4:8"), ("B", "4:8"));
        });
        assert!(run(&StateFusion, &mut sdfg).any());
        let mut sdfg = program(|b| {
            b.state("low").copy(("A", "0:4"), ("B", "0:4"));
            b.state("high").copy(("A", "3:7"), ("B", "3:7"));
        });
        assert!(!run(&StateFusion, &mut sdfg).any());
    }

    #[test]
    fn a_read_of_two_unordered_writes_stays_behind() {
        let mut sdfg = program(|b| {
            b.state("low").copy(("A", "0:4"), ("B", "0:4"));
            b.state("high").copy(("A", "4:8"), ("B", "4:8"));
            b.state("all").copy(("B", "0:8"), ("C", "0:8"));
        });
        assert!(run(&StateFusion, &mut sdfg).any());
        assert_eq!(state_labels(&sdfg), ["low", "all"]);
    }

    #[test]
    fn a_read_behind_a_partial_write_waits_for_the_earlier_write() {
        // `b` overwrites a part of `B` and reads all of it; nothing orders that read after the writes of `a`.
        let mut sdfg = program(|b| {
            b.state("a").copy(("A", "0:4"), ("B", "0:4"));
            let mut second = b.state("b");
            second.copy(("A", "4:8"), ("B", "4:8"));
            let node = second.state.accesses(&"B".into())[0];
            let target = second.state.add_access("C");
            let whole = dacec_ir::Memlet::new("B", dacec_ir::Subset::parse("0:8").expect("a subset"))
                .to(dacec_ir::Subset::parse("0:8").expect("a subset"));
            second.state.connect((node, None), (target, None), whole);
        });
        assert!(!run(&StateFusion, &mut sdfg).any());
    }

    #[test]
    fn an_assignment_between_states_keeps_them_apart() {
        let mut sdfg = program(|b| {
            copy_map(b, "a", ("A", "i"), ("t", "i"));
            b.push(Block::Assign(vec![dacec_ir::Assignment {
                symbol: "k".into(),
                value: ScalarExpr::int(1),
            }]));
            copy_map(b, "b", ("t", "i"), ("B", "i"));
        });
        assert!(!run(&StateFusion, &mut sdfg).any());
    }

    #[test]
    fn one_pair_can_be_asked_for() {
        let mut sdfg = program(|b| {
            copy_map(b, "a", ("A", "i"), ("t", "i"));
            copy_map(b, "b", ("t", "i"), ("B", "i"));
        });
        let mut context = Context::default();
        assert!(crate::apply_everywhere(&StateFusion, &mut sdfg, &mut context).any());
        assert_eq!(context.rewrites()["StateFusion"], 1);
        assert_eq!(sdfg.body.blocks.len(), 1);
    }

    /// Comparing each state with each would take minutes.
    #[test]
    fn a_long_sequence_becomes_one_state() {
        let mut sdfg = program(|b| {
            for k in 0..2000 {
                let (from, to) = if k % 2 == 0 { ("A", "B") } else { ("B", "A") };
                copy_map(b, &format!("s{k}"), (from, "i"), (to, "i"));
            }
        });
        assert!(Pass::run(&StateFusion, &mut sdfg, &mut Context::default()).any());
        assert_eq!(sdfg.body.blocks.len(), 1);
    }
}
