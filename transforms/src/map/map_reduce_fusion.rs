//! Map-reduce fusion: values that a map computes only to be reduced are combined as they are computed.
//!
//! ```text
//! before:  map i in 0:N, k in 0:M { t[i, k] = A[i, k]*x[k] }    y = sum of t along axis 1
//! after:   map i in 0:N { y[i] = 0 }    map i in 0:N, k in 0:M { y[i] += A[i, k]*x[k] }
//! kept:    map i in 0:N, k in 0:M { t[i, k] = A[i, k]*y[k] }    y = sum of t along axis 1         reads what is overwritten
//! ```
//!
//! **Legal when**
//! * the temporary is used nowhere else, and the map writes each of its elements once: every dimension is a parameter, up to
//!   a constant, and the reduction takes all of them;
//! * it is known what combining starts from;
//! * the map does not touch the elements of the result, and nobody else does between its first iteration and the moment at
//!   which the reduction has ended.
//!
//! The order of combinations is free, as that of a reduction is. [`out_local_storage`](super::out_local_storage) then lets
//! each iteration of an outer map combine in memory of its own.

use super::paths;
use super::unchanged::untouched;
use crate::library::identity;
use crate::surroundings::{Surroundings, facts_inside};
use crate::{Refusal, Transformation};
use dacec_ir::analysis::must_write;
use dacec_ir::library::Reduce;
use dacec_ir::{
    Connector, Constant, Edge, EdgeId, Expr, Memlet, Name, Node, NodeId, Range, ScalarExpr, Schedule, State,
    Stmt, Subset, Tasklet, TaskletCode, Wcr, propagate,
};

/// Combines values as they are computed; see the [module](self).
#[derive(Clone, Copy, Debug, Default)]
pub struct MapReduceFusion;

/// A reduction that a map can do; made only by [`MapReduceFusion::find`].
#[derive(Clone, Debug)]
pub struct Reducible {
    reduction: NodeId,
    map: NodeId,
    /// The access of the temporary.
    temporary: NodeId,
    /// The edge inside of the map that writes an element.
    write: EdgeId,
    wcr: Wcr,
    /// What combining starts from; `None` if from what the result holds.
    start: Option<Constant>,
    /// What an iteration updates, and all iterations.
    element: Subset,
    whole: Memlet,
    /// The access of the result.
    result: NodeId,
}

impl Transformation for MapReduceFusion {
    type Place = State;
    type Match = Reducible;

    fn name(&self) -> &'static str {
        "MapReduceFusion"
    }

    fn find(&self, around: &Surroundings<'_>, state: &State, site: NodeId) -> Result<Reducible, Refusal> {
        let Node::Library(node) = state.node(site) else {
            return Err(Refusal::NoMatch("not a library operation"));
        };
        let Some(reduce) = node.op.as_any().downcast_ref::<Reduce>() else {
            return Err(Refusal::NoMatch("not a reduction"));
        };
        let (input, output) = match (&state.in_edges(site)[..], &state.out_edges(site)[..]) {
            ([input], [output]) => (*input, *output),
            _ => return Err(Refusal::unproved("the reduction waits for something else")),
        };
        let (Some(read), Some(whole)) = (input.memlet(), output.memlet()) else {
            return Err(Refusal::NoMatch("nothing is reduced"));
        };
        let (temporary, result) = (input.src, output.dst);
        let data = state.node(temporary).as_access().ok_or(Refusal::NoMatch("not read from memory"))?;
        let local = around.is_local_to(state, data) && state.num_accesses(data) == 1;
        if !local || state.out_degree(temporary) != 1 || state.node(result).as_access().is_none() {
            return Err(Refusal::used_elsewhere(data, "elsewhere"));
        }
        let [written] = state.in_edges(temporary)[..] else {
            return Err(Refusal::node(temporary, format!("(`{data}`) is written several times")));
        };
        let Node::MapExit { entry } = state.node(written.src) else {
            return Err(Refusal::NoMatch("not computed by a map"));
        };
        let certain = must_write(state, &around.sdfg.containers, written.id, &around.facts);
        if certain.as_ref() != Some(&read.subset) || !read.subset.is_full(around.container(data).shape()) {
            return Err(Refusal::unproved(format!("`{read}` is not all that the map computes")));
        }
        let [write] = paths::origins(state, written.id)[..] else {
            return Err(Refusal::node(temporary, format!("(`{data}`) is written several times")));
        };
        let element = element_of(around, state, (*entry, write), reduce, (read, whole))?;
        let dtype = around.container(&whole.data).dtype();
        if dtype != around.container(data).dtype() || whole.dynamic || whole.wcr.is_some() {
            return Err(Refusal::unproved(format!(
                "`{whole}` is converted, or combined with something else"
            )));
        }
        let start = match reduce.accumulate {
            true => None,
            false => Some(identity(reduce.wcr, dtype).ok_or_else(|| {
                Refusal::unproved(format!("it is not known what combining by `{}` starts from", reduce.wcr))
            })?),
        };
        untouched(around, state, whole, (*entry, site), &[site])?;
        let (entry, whole) = (*entry, whole.clone());
        Ok(Reducible {
            reduction: site,
            map: entry,
            temporary,
            write,
            wcr: reduce.wcr,
            start,
            element,
            whole,
            result,
        })
    }

    fn apply(&self, around: &mut Surroundings<'_>, state: &mut State, found: Reducible) {
        let exit = paths::exit_of(state, found.map);
        if let Some(start) = &found.start {
            let before = state.predecessors(found.map);
            let (first, last) = initialize(around, state, &found.whole, start);
            around.uses.add(&found.whole.data);
            state.order(last, found.map);
            // What comes before the map may read the old result.
            for node in before {
                state.order(node, first);
            }
        }
        let outside = state.in_edges(found.temporary)[0].id;
        let data = state.node(found.temporary).as_access().cloned().unwrap_or_default();
        let old = state.edge(outside).clone();
        state.remove_node(found.reduction);
        state.remove_node(found.temporary);
        around.uses.remove(&data);
        let update = Memlet { wcr: Some(found.wcr), ..Memlet::new(&found.whole.data, found.element.clone()) };
        state.edge_mut(found.write).memlet = Some(update.clone());
        state.add_edge(
            exit,
            found.result,
            Edge { src_conn: old.src_conn, dst_conn: None, memlet: Some(update) },
        );
        let facts = facts_inside(state, found.map, &around.facts);
        propagate::scope(state, found.map, &around.sdfg.containers, &facts);
    }
}

/// What one iteration of the map contributes to.
fn element_of(
    around: &Surroundings<'_>,
    state: &State,
    (entry, write): (NodeId, EdgeId),
    reduce: &Reduce,
    (read, whole): (&Memlet, &Memlet),
) -> Result<Subset, Refusal> {
    let Node::MapEntry(map) = state.node(entry) else { return Err(Refusal::NoMatch("not a map")) };
    let (source, _) = state.endpoints(write);
    let memlet = state.edge(write).memlet.as_ref().ok_or(Refusal::NoMatch("nothing is written"))?;
    let unknown = || Refusal::unproved(format!("`{memlet}` does not tell the iteration"));
    let index = memlet.subset.as_element().ok_or_else(unknown)?;
    // What code in another language writes through an address is not combined.
    let native = |node: &Node| node.as_tasklet().is_some_and(|it| matches!(it.code, TaskletCode::Native(_)));
    if memlet.wcr.is_some() || memlet.dynamic || !native(state.node(source)) {
        return Err(unknown());
    }
    let mut seen: Vec<&Name> = Vec::new();
    for at in &index {
        let mut params = map.params.iter().filter(|param| at.uses(param));
        match (params.next(), params.next()) {
            (Some(param), None) if !seen.contains(&param) && !(at - Expr::sym(param)).uses(param) => {
                seen.push(param);
            }
            _ => return Err(unknown()),
        }
    }
    let all: Vec<usize> = (0..index.len()).collect();
    let axes = reduce.axes.clone().unwrap_or(all);
    // Dimensions of the result with one index hold what is not indexed by anything that is kept.
    let mut kept = (0..index.len()).filter(|at| !axes.contains(at));
    let mut dims = Vec::new();
    for dim in &whole.subset.dims {
        if dim.as_index().is_some() {
            dims.push(dim.clone());
            continue;
        }
        let at = kept.next().ok_or_else(unknown)?;
        let (length, extent) = (dim.len(), read.subset.dims[at].len());
        let same = length == extent || around.facts.prove_eq(&length, &extent) == Some(true);
        if !same || !dim.step.is_one() {
            return Err(unknown());
        }
        dims.push(Range::index(&dim.start + (&index[at] - &read.subset.dims[at].start)));
    }
    match kept.next() {
        Some(_) => Err(unknown()),
        None => Ok(Subset::new(dims)),
    }
}

/// Sets the elements of a memlet to a constant; returns the first node and the access behind it.
pub(super) fn initialize(
    around: &mut Surroundings<'_>,
    state: &mut State,
    whole: &Memlet,
    value: &Constant,
) -> (NodeId, NodeId) {
    let connector = Connector::scalar(around.container(&whole.data).dtype());
    let tasklet = state.add_tasklet(Tasklet {
        label: "init".into(),
        inputs: Default::default(),
        outputs: [("out".into(), connector)].into_iter().collect(),
        code: TaskletCode::Native(vec![Stmt::assign("out", ScalarExpr::Constant(*value))]),
        span: around.sdfg.span,
    });
    let target = state.add_access(&whole.data);
    let (mut dims, mut element) = (Vec::new(), Vec::new());
    for range in &whole.subset.dims {
        match range.as_index() {
            Some(_) => element.push(range.clone()),
            None => {
                let name = around.names.fresh("__init");
                element.push(Range::index(Expr::sym(&name)));
                dims.push((name, range.clone()));
            }
        }
    }
    let out = (tasklet, Some("out".into()));
    let memlet = Memlet::new(&whole.data, Subset::new(element));
    if dims.is_empty() {
        paths::write(state, out, &[], (target, None), memlet);
        return (tasklet, target);
    }
    let (entry, exit) = state.add_map("init", dims, Schedule::Default);
    state.order(entry, tasklet);
    paths::write(state, out, &[exit], (target, None), memlet);
    let facts = facts_inside(state, entry, &around.facts);
    propagate::scope(state, entry, &around.sdfg.containers, &facts);
    (entry, target)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::map::testing::{apply, refusals};
    use crate::simplify::StateFusion;
    use crate::{Context, Pass};
    use dacec_ir::builder::{SdfgBuilder, name};
    use dacec_ir::node::LibraryNode;
    use dacec_ir::{DType, Sdfg};
    use std::sync::Arc;

    /// `t = A*(factor)` by a map, then `y = op of t along axis 1`.
    fn program(factor: (&str, &str), op: Reduce) -> Sdfg {
        let n = Expr::sym("N");
        let mut b = SdfgBuilder::new("p");
        b.array("A", DType::Float64, [n.clone(), n.clone()]).array("x", DType::Float64, [n.clone()]);
        b.array("y", DType::Float64, [n.clone()]).transient("t", DType::Float64, [n.clone(), n]);
        let dims = [("i", "0:N"), ("k", "0:N")];
        let inputs = [("a", "A", "i, k"), ("x", factor.0, factor.1)];
        b.state("product").map("m", &dims, &inputs, name("a") * name("x"), ("t", "i, k"));
        let s = b.state("sum").state;
        let node = LibraryNode {
            label: "sum".into(),
            op: Arc::new(op),
            implementation: None,
            span: Default::default(),
        };
        let node = s.add_node(Node::Library(node));
        let (from, to) = (s.add_access("t"), s.add_access("y"));
        let memlet = |data: &str, text: &str| Memlet::new(data, Subset::parse(text).expect("a subset"));
        s.connect((from, None), (node, Some("_in")), memlet("t", "0:N, 0:N"));
        s.connect((node, Some("_out")), (to, None), memlet("y", "0:N"));
        let mut sdfg = b.build();
        let _ = StateFusion.run(&mut sdfg, &mut Context::default());
        sdfg
    }

    fn sum(accumulate: bool) -> Reduce {
        Reduce { wcr: Wcr::Sum, axes: Some(vec![1]), accumulate }
    }

    #[test]
    fn rows_are_summed_as_they_are_computed() {
        for accumulate in [false, true] {
            let after = apply(&MapReduceFusion, &program(("x", "k"), sum(accumulate)), &[("N", 4)]);
            let state = after.body.states()[0];
            assert!(state.nodes().all(|(_, node)| !matches!(node, Node::Library(_))));
            assert!(state.accesses(&"t".into()).is_empty());
        }
        let largest = Reduce { wcr: Wcr::Max, axes: Some(vec![1]), accumulate: false };
        apply(&MapReduceFusion, &program(("x", "k"), largest), &[("N", 4)]);
    }

    #[test]
    fn a_result_that_is_an_operand_is_kept() {
        let reasons = refusals(&MapReduceFusion, &program(("y", "k"), sum(true)));
        assert!(reasons.iter().any(|it| it.contains("may be the same elements")), "{reasons:?}");
    }
}
