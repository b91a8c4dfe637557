//! Results in place: an array that is computed over many states and returned is computed in the memory of the result.
//!
//! ```text
//! before:  x = zeros(N)   for k: x[k] = …   __return = x
//! after:   __return = zeros(N)   for k: __return[k] = …
//! kept:    __return = x   x[0] = 1                           (would change the result)
//! ```
//!
//! Copies within one state are the business of [`redundant_array`](super::redundant_array); here the transient may be
//! used in any state, which is simple because the result is used nowhere else.
//!
//! **Legal when** the copy is the only use of a result and is not repeated, takes all of an internal container of the same
//! shape and layout, and nothing writes that container afterwards. **Cost**: one walk over the program for each result.

use super::in_place::Index;
use crate::pass::{Changed, Context, Pass};
use crate::surroundings::assigned_symbols;
use crate::{Refusal, Uses};
use dacec_ir::analysis::copy_subsets;
use dacec_ir::{Block, EdgeId, Lifetime, Name, Node, Region, Sdfg, State};

/// See the [module](self).
#[derive(Clone, Copy, Debug, Default)]
pub struct ReturnInPlace;

impl Pass for ReturnInPlace {
    fn name(&self) -> &'static str {
        "return-in-place"
    }

    fn summary(&self) -> &'static str {
        "computes results in the memory of the result"
    }

    fn run(&self, sdfg: &mut Sdfg, context: &mut Context) -> Changed {
        let mut changed = Changed::No;
        for result in sdfg.returns.clone() {
            match find(sdfg, &result) {
                Ok(found) if context.permit("ReturnInPlace") => {
                    apply(sdfg, &result, &found);
                    context.applied("ReturnInPlace");
                    changed = Changed::Yes;
                }
                Ok(_) => {}
                Err(refusal) => context.refused("ReturnInPlace", || format!("result {result}"), refusal),
            }
        }
        changed
    }
}

/// A copy of a transient to a result.
struct Copied {
    /// The block of the body that holds it.
    block: usize,
    copy: EdgeId,
    transient: Name,
}

fn find(sdfg: &Sdfg, result: &Name) -> Result<Copied, Refusal> {
    let uses = Uses::of(sdfg);
    if uses.of_container(result) != 1 {
        return Err(Refusal::NoMatch("the result is used more than once"));
    }
    let used = |block: &Block| block.as_state().is_some_and(|state| !state.accesses(result).is_empty());
    let block = sdfg
        .body
        .blocks
        .iter()
        .position(used)
        .ok_or(Refusal::NoMatch("the result is written in a branch"))?;
    let Block::State(state) = &sdfg.body.blocks[block] else { return Err(Refusal::NoMatch("not a state")) };
    let (copy, transient) = copy_into(state, result)?;
    check_containers(sdfg, state, copy, (&transient, result))?;
    let later = Region::new(sdfg.body.blocks[block + 1..].to_vec());
    if writes(&later, &transient) {
        return Err(Refusal::used_elsewhere(&transient, "after it was copied to the result"));
    }
    let index = Index::of(state);
    let (source, _) = state.endpoints(copy);
    for &node in index.nodes(&transient) {
        let is_written = state.in_degree(node) > 0;
        if is_written && !index.is_before(state, node, source) {
            return Err(Refusal::node(node, "may be written after it was copied"));
        }
    }
    Ok(Copied { block, copy, transient })
}

/// The one edge into the result, if it is a copy.
fn copy_into(state: &State, result: &Name) -> Result<(EdgeId, Name), Refusal> {
    let node = state.accesses(result)[0];
    let edges = state.in_edges(node);
    let [edge] = edges[..] else { return Err(Refusal::NoMatch("not written by one copy")) };
    let source = state.node(edge.src).as_access().ok_or(Refusal::NoMatch("not written by a copy"))?;
    let plain = edge.memlet().is_some_and(|memlet| memlet.wcr.is_none() && !memlet.dynamic);
    match plain && state.out_degree(node) == 0 {
        true => Ok((edge.id, source.clone())),
        false => Err(Refusal::NoMatch("not a plain copy")),
    }
}

fn check_containers(
    sdfg: &Sdfg,
    state: &State,
    copy: EdgeId,
    (transient, result): (&Name, &Name),
) -> Result<(), Refusal> {
    let (Some(from), Some(to)) = (sdfg.container(transient), sdfg.container(result)) else {
        return Err(Refusal::NoMatch("no container"));
    };
    if !from.is_transient() || from.lifetime() == Lifetime::Persistent {
        return Err(Refusal::NotTransient(transient.clone()));
    }
    let same = from.dtype() == to.dtype() && from.shape() == to.shape() && from.strides() == to.strides();
    let is_all = copy_subsets(state, &sdfg.containers, copy)
        .is_some_and(|(read, written)| read.is_full(from.shape()) && written.is_full(to.shape()));
    let changes = !from.symbols().is_disjoint(&assigned_symbols(&sdfg.body));
    if !same || !is_all || changes {
        return Err(Refusal::unproved(format!("`{transient}` is not just like `{result}`")));
    }
    Ok(())
}

fn writes(region: &Region, data: &Name) -> bool {
    let written = |state: &&State| state.accesses(data).into_iter().any(|node| state.in_degree(node) > 0);
    region.states().iter().any(written)
}

fn apply(sdfg: &mut Sdfg, result: &Name, found: &Copied) {
    if let Block::State(state) = &mut sdfg.body.blocks[found.block] {
        let (_, node) = state.endpoints(found.copy);
        state.remove_node(node);
    }
    rename_container(&mut sdfg.body, &found.transient, result);
    sdfg.containers.shift_remove(&found.transient);
}

/// Gives a container another name in states and on control flow.
pub(crate) fn rename_container(body: &mut Region, from: &Name, to: &Name) {
    body.visit_mut(&mut |block| {
        for scalar in block.scalars_mut() {
            scalar.rename(&|name| (name == from).then(|| to.clone()));
        }
        let Block::State(state) = block else { return };
        for id in state.accesses(from) {
            *state.node_mut(id) = Node::Access(to.clone());
        }
        for id in state.edges().map(|edge| edge.id).collect::<Vec<_>>() {
            if let Some(memlet) = &mut state.edge_mut(id).memlet
                && memlet.data == *from
            {
                memlet.data = to.clone();
            }
        }
    });
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::simplify::testing::run;
    use dacec_ir::builder::{SdfgBuilder, name, value};
    use dacec_ir::{DType, Expr};

    fn program(fill: impl FnOnce(&mut SdfgBuilder)) -> Sdfg {
        let n = Expr::sym("N");
        let mut b = SdfgBuilder::new("p");
        b.array("A", DType::Float64, [n.clone()]).transient("x", DType::Float64, [n.clone()]);
        b.returns("__return", DType::Float64, [n.clone()]);
        b.state("zeros").map("m", &[("i", "0:N")], &[], value(0.0), ("x", "i"));
        b.for_loop("k", 0, n, |b| {
            b.state("set").tasklet("f", &[("a", "A", "k")], name("a"), ("x", "k"));
        });
        fill(&mut b);
        b.build()
    }

    #[test]
    fn a_result_is_computed_in_place() {
        let mut sdfg = program(|b| b.state("copy").copy(("x", "0:N"), ("__return", "0:N")));
        assert!(run(&ReturnInPlace, &mut sdfg).any());
        assert!(!sdfg.containers.contains_key("x"));
        assert_eq!(Uses::of(&sdfg).of_container(&"__return".into()), 3);
    }

    #[test]
    fn a_later_write_keeps_the_copy() {
        let mut sdfg = program(|b| {
            b.state("copy").copy(("x", "0:N"), ("__return", "0:N"));
            b.state("late").tasklet("f", &[], value(1.0), ("x", "0"));
        });
        assert!(!run(&ReturnInPlace, &mut sdfg).any());
    }

    #[test]
    fn a_part_or_a_repeated_copy_stays() {
        let mut sdfg = program(|b| b.state("copy").copy(("x", "0:4"), ("__return", "0:4")));
        assert!(!run(&ReturnInPlace, &mut sdfg).any());
        let mut sdfg = program(|b| {
            b.for_loop("j", 0, 2, |b| b.state("copy").copy(("x", "0:N"), ("__return", "0:N")));
        });
        assert!(!run(&ReturnInPlace, &mut sdfg).any());
    }
}
