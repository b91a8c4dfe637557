//! Redundant arrays: what is computed into a transient and then copied is computed in place.
//!
//! ```text
//! before:  map i { t[i] = 2 * B[i] }      A[k, 0:N] = t
//! after:   map i { A[k, i] = 2 * B[i] }
//! kept:    map i { t[i] = A[k, i + 1] }   A[k, 0:N] = t        (would read what was overwritten)
//! kept:    map i { t[i] = 2 * B[i] }      A[k, 0:N] = t        state s { … t … }
//! ```
//!
//! The transient is replaced by the window of `A` in the whole state, in reads too, so that chains of transients
//! disappear one by one.
//!
//! **Legal when**
//! * the transient is used in this state only, and the copy takes all of it, in its shape;
//! * one write fills all of the transient for certain, before any other access of it: nothing is left in it from an
//!   earlier run of the state, which `A` would not have kept;
//! * all writes of the transient happen before the copy;
//! * every other access of `A` that may touch the window happens before the first access of the transient, or after
//!   the copy and (if it writes) after the last read of the transient; or it is a read of the map that writes the
//!   transient, and each iteration reads just the element that it writes.
//!
//! "Before" is a path in the state. Accesses of `A` that conflict are ordered already, so it is enough to look at those
//! around the copy, up to the next write of the whole window. **Cost**: these accesses, and those of the transient.

use super::alias::Alias;
use super::copies::{Redundant, Transient, check_copy, remove_everywhere};
use super::hazards::may_intersect;
use super::in_place::{Index, MAX_ACCESSES, conflict, is_elementwise};
use crate::pass::{Changed, Context, Pass};
use crate::transformation::Transformation;
use crate::{Refusal, Surroundings};
use dacec_ir::analysis::{Access, copy_subsets, must_write};
use dacec_ir::{EdgeId, Name, NodeId, Sdfg, State, Subset};

/// See the [module](self).
#[derive(Clone, Copy, Debug, Default)]
pub struct RedundantArray;

impl Transformation for RedundantArray {
    type Place = State;
    type Match = Redundant;

    fn name(&self) -> &'static str {
        "RedundantArray"
    }

    fn find(&self, around: &Surroundings<'_>, state: &State, node: NodeId) -> Result<Redundant, Refusal> {
        find(around, state, &Index::of(state), node)
    }

    fn apply(&self, around: &mut Surroundings<'_>, state: &mut State, found: Redundant) {
        found.remove(around, state, Transient::Source, &mut Index::of(state));
    }
}

impl Pass for RedundantArray {
    fn name(&self) -> &'static str {
        "redundant-array"
    }

    fn summary(&self) -> &'static str {
        "computes in place what is computed into a transient and copied"
    }

    fn run(&self, sdfg: &mut Sdfg, context: &mut Context) -> Changed {
        remove_everywhere(sdfg, context, ("RedundantArray", Transient::Source), find)
    }
}

fn find(around: &Surroundings<'_>, state: &State, index: &Index, node: NodeId) -> Result<Redundant, Refusal> {
    let data = state.node(node).as_access().ok_or(Refusal::NoMatch("not an access"))?;
    let copies: Vec<_> = state
        .out_edges(node)
        .into_iter()
        .filter(|edge| state.node(edge.dst).as_access().is_some_and(|target| target != data))
        .filter(|edge| edge.memlet().is_some())
        .collect();
    let [copy] = copies[..] else { return Err(Refusal::NoMatch("not copied to one place")) };
    let target = state.node(copy.dst).as_access().ok_or(Refusal::NoMatch("not an access"))?;
    check_copy(around, state, index, (copy.id, data, target), node)?;
    let containers = &around.sdfg.containers;
    let (taken, window) =
        copy_subsets(state, containers, copy.id).ok_or(Refusal::NoMatch("nothing is copied"))?;
    if !taken.is_full(around.container(data).shape()) {
        let second = Subset::full(around.container(data).shape());
        return Err(Refusal::SubsetsDiffer { data: data.clone(), first: taken, second });
    }
    let alias = {
        let (inner, outer) = (around.container(data), around.container(target));
        Alias::new((data, inner), (target, outer), window, &around.facts)?
    };
    alias.check_memlets(state, index.nodes(data))?;
    alias.check_names(state, index.nodes(data))?;
    alias.check_layout(state, index.nodes(data))?;
    let inner = index.accesses(state, containers, data, copy.id);
    if inner.len() > MAX_ACCESSES {
        return Err(Refusal::unproved(format!("`{data}` is accessed at too many places")));
    }
    check_filled(around, state, index, (data, node), &inner)?;
    let hazards = Hazards { around, state, index, alias: &alias, copy: copy.id, node };
    hazards.check(&inner)?;
    Ok(Redundant { copy: copy.id, alias })
}

/// One write fills all of the transient, before every other access and before the copy (from `node`).
fn check_filled(
    around: &Surroundings<'_>,
    state: &State,
    index: &Index,
    (data, node): (&Name, NodeId),
    inner: &[Access],
) -> Result<(), Refusal> {
    let shape = around.container(data).shape();
    let fills = |write: &Access| {
        write.is_write
            && must_write(state, &around.sdfg.containers, write.edge, &around.facts)
                .is_some_and(|subset| subset.is_full(shape))
            && index.is_before(state, write.end, node)
            && inner
                .iter()
                .filter(|other| other.edge != write.edge)
                .all(|other| index.is_before(state, write.end, other.start))
    };
    match inner.iter().any(fills) {
        true => Ok(()),
        false => Err(Refusal::unproved(format!("`{data}` may hold older values when it is copied"))),
    }
}

struct Hazards<'a> {
    around: &'a Surroundings<'a>,
    state: &'a State,
    index: &'a Index,
    alias: &'a Alias,
    copy: EdgeId,
    /// The transient's node that is copied.
    node: NodeId,
}

impl Hazards<'_> {
    fn check(&self, inner: &[Access]) -> Result<(), Refusal> {
        for access in inner.iter().filter(|access| access.is_write) {
            if !self.index.is_before(self.state, access.node, self.node) {
                return Err(Refusal::node(access.node, "may be written after it was copied"));
            }
        }
        let (before, after) = self.index.split(&self.alias.target, self.node);
        self.check_side(before.iter().rev(), inner, true)?;
        if inner.iter().any(|access| !access.is_write) {
            // The writes are over when the copy is made, and so before what follows the copy. The reads may not be.
            self.check_side(after.iter(), inner, false)?;
        }
        Ok(())
    }

    /// Looks at the target's accesses on one side of the copy, from the nearest to the farthest. What conflicts with one
    /// that is in order lies behind it, seen from here, and so is in order too; unless both are of one map, which reads
    /// and writes at the same time.
    fn check_side<'n>(
        &self,
        nodes: impl Iterator<Item = &'n NodeId>,
        inner: &[Access],
        is_before: bool,
    ) -> Result<(), Refusal> {
        let (window, facts) = (&self.alias.window, &self.around.facts);
        let mut in_order: Vec<Access> = Vec::new();
        for &node in nodes {
            let containers = &self.around.sdfg.containers;
            let mut accesses = self.index.accesses_at(self.state, containers, node, self.copy);
            if is_before {
                // At one node, the reads come after the writes and are nearer to the copy.
                accesses.reverse();
            }
            for access in accesses {
                if !may_intersect(&access.subset, window, facts) {
                    continue;
                }
                let behind = |nearer: &Access| {
                    let (first, second) = if is_before { (&access, nearer) } else { (nearer, &access) };
                    conflict(nearer, &access, facts)
                        && self.index.is_before(self.state, first.end, second.start)
                };
                if !in_order.iter().any(behind) {
                    self.check_access(&access, inner, is_before)?;
                }
                in_order.push(access);
            }
            let hides = |it: &Access| it.is_write && it.subset.covers(window, facts) == Some(true);
            if in_order.iter().any(hides) {
                break;
            }
        }
        Ok(())
    }

    fn check_access(&self, access: &Access, inner: &[Access], is_before: bool) -> Result<(), Refusal> {
        for other in inner.iter().filter(|other| other.is_write || access.is_write) {
            let ordered = if is_before {
                self.index.is_before(self.state, access.end, other.start) || self.reads_own(access, other)
            } else {
                self.index.is_before(self.state, other.end, access.start)
            };
            if !ordered {
                return Err(self.conflict(access, other));
            }
        }
        Ok(())
    }

    /// Whether the target is read by the map that writes the transient, each iteration its own element.
    fn reads_own(&self, access: &Access, other: &Access) -> bool {
        !access.is_write
            && other.is_write
            && is_elementwise(
                self.state,
                self.index,
                (access.edge, &Subset::clone),
                (other.edge, &|subset| self.alias.translate(subset)),
            )
    }

    fn conflict(&self, access: &Access, other: &Access) -> Refusal {
        let memlet = |data: &Name, subset: &Subset| dacec_ir::Memlet::new(data, subset.clone());
        Refusal::conflict(
            &memlet(&self.alias.target, &access.subset),
            &memlet(&self.alias.target, &self.alias.translate(&other.subset)),
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::simplify::testing::{accesses, refusals, run};
    use dacec_ir::builder::{SdfgBuilder, StateBuilder, name, value};
    use dacec_ir::{DType, Expr, Memlet};

    /// A state `s` in which the second node of `t` in the order of creation is the source of a copy, made one with the
    /// first.
    fn program(fill: impl FnOnce(&mut SdfgBuilder)) -> Sdfg {
        let n = Expr::sym("N");
        let mut b = SdfgBuilder::new("p");
        b.array("A", DType::Float64, [n.clone(), n.clone()]);
        b.array("B", DType::Float64, [n.clone()]);
        b.transient("t", DType::Float64, [n]);
        fill(&mut b);
        b.build()
    }

    fn copy_out(s: &mut StateBuilder<'_>, window: &str) {
        let node = s.state.accesses(&"t".into())[0];
        let target = s.state.add_access("A");
        let memlet = |text: &str| Subset::parse(text).expect("a subset");
        s.state.connect((node, None), (target, None), Memlet::new("t", memlet("0:N")).to(memlet(window)));
    }

    #[test]
    fn a_row_is_computed_in_place() {
        let mut sdfg = program(|b| {
            let mut s = b.state("s");
            s.map("m", &[("i", "0:N")], &[("x", "B", "i")], name("x"), ("t", "i"));
            copy_out(&mut s, "k, 0:N");
        });
        assert!(run(&RedundantArray, &mut sdfg).any());
        let state = sdfg.body.states()[0];
        assert_eq!(accesses(state), ["B 0>1", "A 1>0"]);
        let memlets: Vec<String> =
            state.edges().map(|e| e.memlet().map_or_else(String::new, |m| m.to_string())).collect();
        assert!(memlets.contains(&"A[k, i]".to_owned()), "{memlets:?}");
        assert!(memlets.contains(&"A[k, 0:N]".to_owned()), "{memlets:?}");
        assert!(!memlets.iter().any(|memlet| memlet.starts_with('t')), "{memlets:?}");
    }

    #[test]
    fn each_iteration_may_read_its_own_element() {
        let build = |read: &str| {
            program(|b| {
                let mut s = b.state("s");
                s.map("m", &[("i", "0:N")], &[("x", "A", read)], name("x"), ("t", "i"));
                copy_out(&mut s, "k, 0:N");
            })
        };
        assert!(run(&RedundantArray, &mut build("k, i")).any());
        assert_eq!(
            refusals(&RedundantArray, &build("k, i + 1")),
            ["`A[0:N, 0:N]` and `A[k, 0:N]` may be the same elements"]
        );
        assert_eq!(refusals(&RedundantArray, &build("i, k")).len(), 1, "transposed");
    }

    #[test]
    fn a_transient_that_is_used_elsewhere_stays() {
        let sdfg = program(|b| {
            let mut s = b.state("s");
            s.map("m", &[("i", "0:N")], &[], value(1.0), ("t", "i"));
            copy_out(&mut s, "k, 0:N");
            b.state("later").copy(("t", "0:N"), ("B", "0:N"));
        });
        assert_eq!(
            refusals(&RedundantArray, &sdfg)[0],
            "`t` is also used in another state or on control flow"
        );
    }

    #[test]
    fn a_read_of_the_old_values_in_between_keeps_the_copy() {
        // The old row goes to `B` before the copy, but nothing orders that before the map.
        let sdfg = program(|b| {
            let mut s = b.state("s");
            s.map("m", &[("i", "0:N")], &[], value(1.0), ("t", "i"));
            s.copy(("A", "k, 0:N"), ("B", "0:N"));
            let (read, copied) = (s.state.accesses(&"B".into())[0], s.state.accesses(&"t".into())[0]);
            s.state.order(read, copied);
            copy_out(&mut s, "k, 0:N");
        });
        assert_eq!(
            refusals(&RedundantArray, &sdfg),
            ["`A[k, 0:N]` and `A[k, 0:N]` may be the same elements"]
        );
    }

    #[test]
    fn older_values_of_a_transient_keep_it() {
        // Each iteration adds an element to `t` and copies all of them over what happened to `B`.
        let mut sdfg = program(|b| {
            b.for_loop("j", 0, Expr::sym("N"), |b| {
                let mut s = b.state("s");
                s.tasklet("one", &[], value(1.0), ("t", "j"));
                let (node, target) = (s.state.accesses(&"t".into())[0], s.state.add_access("B"));
                let all = Subset::parse("0:N").expect("a subset");
                s.state.connect((node, None), (target, None), Memlet::new("t", all.clone()).to(all));
                b.state("clear").tasklet("zero", &[], value(0.0), ("B", "0"));
            });
        });
        assert_eq!(refusals(&RedundantArray, &sdfg), ["`t` may hold older values when it is copied"]);
        assert!(!run(&RedundantArray, &mut sdfg).any());
    }

    #[test]
    fn a_part_of_a_transient_is_not_all_of_it() {
        let mut sdfg = program(|b| {
            let mut s = b.state("s");
            s.map("m", &[("i", "0:N")], &[], value(1.0), ("t", "i"));
            let node = s.state.accesses(&"t".into())[0];
            let target = s.state.add_access("B");
            let part = Subset::parse("0:4").expect("a subset");
            s.state.connect((node, None), (target, None), Memlet::new("t", part.clone()).to(part));
        });
        assert_eq!(refusals(&RedundantArray, &sdfg), ["`t[0:4]` is not provably the same as `t[0:N]`"]);
        assert!(!run(&RedundantArray, &mut sdfg).any());
    }

    #[test]
    fn a_parameter_must_not_capture_a_symbol_of_the_window() {
        let mut sdfg = program(|b| {
            b.for_loop("i", 0, Expr::sym("N"), |b| {
                let mut s = b.state("s");
                s.map("m", &[("i", "0:N")], &[], value(1.0), ("t", "i"));
                copy_out(&mut s, "i, 0:N");
            });
        });
        assert!(!run(&RedundantArray, &mut sdfg).any());
    }

    #[test]
    fn other_readers_read_the_window() {
        let mut sdfg = program(|b| {
            let mut s = b.state("s");
            s.map("m", &[("i", "0:N")], &[], value(1.0), ("t", "i"));
            copy_out(&mut s, "k, 0:N");
            let node = s.state.accesses(&"t".into())[0];
            let target = s.state.add_access("B");
            let all = Subset::parse("0:N").expect("a subset");
            s.state.connect((node, None), (target, None), Memlet::new("B", all));
        });
        // Two copies leave `t`, so none of them is the one: the second reader has to be a computation.
        assert!(!run(&RedundantArray, &mut sdfg).any());
        let mut sdfg = program(|b| {
            let mut s = b.state("s");
            s.map("m", &[("i", "0:N")], &[], value(1.0), ("t", "i"));
            copy_out(&mut s, "k, 0:N");
            let tasklet = s.tasklet("first", &[("x", "t", "0")], name("x"), ("B", "0"));
            let (stray, node) = (s.state.predecessors(tasklet)[0], s.state.accesses(&"t".into())[0]);
            let edge = s.state.out_edges(stray)[0].id;
            s.state.move_source(edge, node, None);
            s.state.remove_node(stray);
        });
        assert!(run(&RedundantArray, &mut sdfg).any());
        assert_eq!(accesses(sdfg.body.states()[0]), ["A 1>1", "B 1>0"]);
    }
}
