//! Redundant second arrays: what is copied into a transient and then only read is read in place.
//!
//! ```text
//! before:  t = A[k, 0:N]     map i { B[i] = t[i] + 1 }
//! after:                     map i { B[i] = A[k, i] + 1 }
//! kept:    t = A[k, 0:N]     map i { A[k, i] = t[N - 1 - i] }       (would read what was overwritten)
//! kept:    t = A[k, 0:N]     t[0] = 0                               (would change `A`)
//! ```
//!
//! **Legal when**
//! * the transient is used in this state only, and the copy, its only write, fills it;
//! * every write of `A` that may touch the window happens before the copy, or after the last read of the transient; or
//!   it is one of the map that reads the transient, and each iteration reads just the element that it writes.
//!
//! "Before" is a path in the state. Accesses of `A` that conflict are ordered already, so it is enough to look at those
//! after the copy, up to the next write of the whole window. **Cost**: these accesses, and those of the transient.

use super::alias::Alias;
use super::copies::{Redundant, Transient, check_copy, remove_everywhere};
use super::hazards::may_intersect;
use super::in_place::{Index, MAX_ACCESSES, conflict, is_elementwise};
use crate::pass::{Changed, Context, Pass};
use crate::transformation::Transformation;
use crate::{Refusal, Surroundings};
use dacec_ir::analysis::{Access, copy_subsets};
use dacec_ir::{EdgeId, Memlet, NodeId, Sdfg, State, Subset};

/// See the [module](self).
#[derive(Clone, Copy, Debug, Default)]
pub struct RedundantSecondArray;

impl Transformation for RedundantSecondArray {
    type Place = State;
    type Match = Redundant;

    fn name(&self) -> &'static str {
        "RedundantSecondArray"
    }

    fn find(&self, around: &Surroundings<'_>, state: &State, node: NodeId) -> Result<Redundant, Refusal> {
        find(around, state, &Index::of(state), node)
    }

    fn apply(&self, around: &mut Surroundings<'_>, state: &mut State, found: Redundant) {
        found.remove(around, state, Transient::Destination, &mut Index::of(state));
    }
}

impl Pass for RedundantSecondArray {
    fn name(&self) -> &'static str {
        "redundant-second-array"
    }

    fn summary(&self) -> &'static str {
        "reads in place what is copied into a transient and only read there"
    }

    fn run(&self, sdfg: &mut Sdfg, context: &mut Context) -> Changed {
        remove_everywhere(sdfg, context, ("RedundantSecondArray", Transient::Destination), find)
    }
}

fn find(around: &Surroundings<'_>, state: &State, index: &Index, node: NodeId) -> Result<Redundant, Refusal> {
    let data = state.node(node).as_access().ok_or(Refusal::NoMatch("not an access"))?;
    let writes: Vec<_> = state.in_edges(node).into_iter().filter(|edge| edge.memlet().is_some()).collect();
    let [copy] = writes[..] else { return Err(Refusal::NoMatch("not written by one copy")) };
    let source = state.node(copy.src).as_access().ok_or(Refusal::NoMatch("not written by a copy"))?;
    if source == data {
        return Err(Refusal::NoMatch("a copy within one container"));
    }
    check_copy(around, state, index, (copy.id, data, source), node)?;
    let containers = &around.sdfg.containers;
    let (window, filled) =
        copy_subsets(state, containers, copy.id).ok_or(Refusal::NoMatch("nothing is copied"))?;
    if !filled.is_full(around.container(data).shape()) {
        let second = Subset::full(around.container(data).shape());
        return Err(Refusal::SubsetsDiffer { data: data.clone(), first: filled, second });
    }
    let alias = {
        let (inner, outer) = (around.container(data), around.container(source));
        Alias::new((data, inner), (source, outer), window, &around.facts)?
    };
    alias.check_memlets(state, index.nodes(data))?;
    alias.check_names(state, index.nodes(data))?;
    alias.check_layout(state, index.nodes(data))?;
    let inner = index.accesses(state, containers, data, copy.id);
    if inner.len() > MAX_ACCESSES {
        return Err(Refusal::unproved(format!("`{data}` is accessed at too many places")));
    }
    if let Some(access) = inner.iter().find(|access| access.is_write) {
        return Err(Refusal::node(access.node, "writes the transient too"));
    }
    if let Some(access) = inner.iter().find(|access| !index.is_before(state, node, access.node)) {
        return Err(Refusal::node(access.node, "may be read before the copy"));
    }
    check_writes(around, state, index, &alias, (copy.id, &inner))?;
    Ok(Redundant { copy: copy.id, alias })
}

/// Whether the writes of the source after the copy leave the window as the reads of the transient (`inner`) need it.
fn check_writes(
    around: &Surroundings<'_>,
    state: &State,
    index: &Index,
    alias: &Alias,
    (copy, inner): (EdgeId, &[Access]),
) -> Result<(), Refusal> {
    let (source, _) = state.endpoints(copy);
    let (_, after) = index.split(&alias.target, source);
    let mut in_order: Vec<Access> = Vec::new();
    for &node in after {
        let accesses = index.accesses_at(state, &around.sdfg.containers, node, copy);
        for write in accesses.into_iter().filter(|access| access.is_write) {
            if !may_intersect(&write.subset, &alias.window, &around.facts) {
                continue;
            }
            // What comes behind a write that comes after the reads comes after the reads.
            let behind = |nearer: &Access| {
                conflict(nearer, &write, &around.facts) && index.is_before(state, nearer.end, write.start)
            };
            if !in_order.iter().any(behind) {
                check_write(state, index, alias, &write, inner)?;
            }
            in_order.push(write);
        }
        let hides = |it: &Access| it.subset.covers(&alias.window, &around.facts) == Some(true);
        if in_order.iter().any(hides) {
            break;
        }
    }
    Ok(())
}

fn check_write(
    state: &State,
    index: &Index,
    alias: &Alias,
    write: &Access,
    inner: &[Access],
) -> Result<(), Refusal> {
    let translate = |subset: &Subset| alias.translate(subset);
    for read in inner {
        let own = (read.edge, &translate as &dyn Fn(&Subset) -> Subset);
        let in_order = index.is_before(state, read.end, write.start)
            || is_elementwise(state, index, own, (write.edge, &Subset::clone));
        if !in_order {
            let memlet = |subset: Subset| Memlet::new(&alias.target, subset);
            let (first, second) = (memlet(translate(&read.subset)), memlet(write.subset.clone()));
            return Err(Refusal::conflict(&first, &second));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::simplify::StateFusion;
    use crate::simplify::testing::{accesses, refusals, run};
    use dacec_ir::builder::{SdfgBuilder, name};
    use dacec_ir::{DType, Expr};

    fn program(fill: impl FnOnce(&mut SdfgBuilder)) -> Sdfg {
        let n = Expr::sym("N");
        let mut b = SdfgBuilder::new("p");
        b.array("A", DType::Float64, [n.clone(), n.clone()]);
        b.array("B", DType::Float64, [n.clone()]);
        b.transient("t", DType::Float64, [n]);
        fill(&mut b);
        let mut sdfg = b.build();
        let _ = run(&StateFusion, &mut sdfg);
        assert_eq!(sdfg.body.blocks.len(), 1, "the tests are about one state");
        sdfg
    }

    fn read_into(b: &mut SdfgBuilder, read: &str, to: (&str, &str)) {
        b.state("copy").copy(("A", "k, 0:N"), ("t", "0:N"));
        b.state("map").map("m", &[("i", "0:N")], &[("x", "t", read)], name("x"), to);
    }

    #[test]
    fn a_row_is_read_in_place() {
        let mut sdfg = program(|b| read_into(b, "i", ("B", "i")));
        assert!(run(&RedundantSecondArray, &mut sdfg).any());
        let state = sdfg.body.states()[0];
        assert_eq!(accesses(state), ["A 0>1", "B 1>0"]);
        let reads = |text: &str| state.edges().any(|e| e.memlet().is_some_and(|m| m.to_string() == text));
        assert!(reads("A[k, i]") && reads("A[k, 0:N]"));
    }

    #[test]
    fn a_map_may_overwrite_what_each_iteration_reads() {
        let mut sdfg = program(|b| read_into(b, "i", ("A", "k, i")));
        assert!(run(&RedundantSecondArray, &mut sdfg).any());
        let sdfg = program(|b| read_into(b, "N - 1 - i", ("A", "k, i")));
        assert_eq!(
            refusals(&RedundantSecondArray, &sdfg),
            ["`A[k, 0:N]` and `A[0:N, 0:N]` may be the same elements"]
        );
    }

    #[test]
    fn a_transient_that_is_written_too_stays() {
        let sdfg = program(|b| {
            let mut s = b.state("copy");
            s.copy(("A", "k, 0:N"), ("t", "0:N"));
            let first = s.state.accesses(&"t".into())[0];
            s.map("m", &[("i", "1:N")], &[("x", "t", "i - 1")], name("x"), ("t", "i"));
            let stray = s.state.accesses(&"t".into())[1];
            let edge = s.state.out_edges(stray)[0].id;
            s.state.move_source(edge, first, None);
            s.state.remove_node(stray);
        });
        assert_eq!(refusals(&RedundantSecondArray, &sdfg).len(), 1);
    }

    #[test]
    fn a_second_write_of_the_map_does_not_come_after_the_first() {
        // The first write is of what the iteration reads, the second of what nobody reads, which is not known outside of
        // the map: the two may overlap there, yet none of them is over before the other begins.
        let sdfg = program(|b| {
            let mut s = b.state("s");
            s.copy(("A", "k, 0:N"), ("t", "0:N"));
            let entry = s.map("m", &[("i", "0:8")], &[("x", "t", "i")], name("x"), ("A", "k, i"));
            let accesses = s.state.accesses(&"t".into());
            let (copied, stray) = (accesses[0], accesses[1]);
            let read = s.state.out_edges(stray)[0].id;
            s.state.move_source(read, copied, None);
            s.state.remove_node(stray);
            let first = s.state.successors(entry)[0];
            let tasklet = s.state.node(first).clone();
            let (second, exit) = (s.state.add_node(tasklet), s.state.successors(first)[0]);
            let target = s.state.add_access("A");
            let memlet = |data: &str, text: &str| Memlet::new(data, Subset::parse(text).expect("a subset"));
            s.state.connect((entry, Some("OUT_t")), (second, Some("x")), memlet("t", "i"));
            s.state.connect((second, Some("out")), (exit, Some("IN_A2")), memlet("A", "k, 15 - i"));
            s.state.connect((exit, Some("OUT_A2")), (target, None), memlet("A", "k, 0:N"));
        });
        assert_eq!(refusals(&RedundantSecondArray, &sdfg).len(), 1);
    }

    #[test]
    fn a_write_before_the_copy_does_no_harm() {
        let mut sdfg = program(|b| {
            b.state("fill").map("f", &[("i", "0:N")], &[("x", "B", "i")], name("x"), ("A", "k, i"));
            read_into(b, "i", ("B", "i"));
        });
        assert!(run(&RedundantSecondArray, &mut sdfg).any());
    }
}
