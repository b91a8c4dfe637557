//! Map interchange: the parameter along which memory is contiguous runs innermost.
//!
//! ```text
//! before:  map i in 0:N, j in 0:M { B[j, i] = A[j, i] }
//! after:   map j in 0:M, i in 0:N { B[j, i] = A[j, i] }
//! ```
//!
//! **Always legal**: iterations of a map are independent, and its ranges do not depend on its parameters.
//! **Applies when** more memlets are contiguous along another parameter than along the innermost one.

use crate::surroundings::Surroundings;
use crate::{Refusal, Transformation};
use dacec_ir::{Expr, Memlet, Name, Node, NodeId, Range, State};

/// Reorders the parameters of a map for memory that is read in order; see the [module](self).
#[derive(Clone, Copy, Debug, Default)]
pub struct MapInterchange;

/// A map with a better order; made only by [`MapInterchange::find`].
#[derive(Clone, Debug)]
pub struct Order {
    entry: NodeId,
    /// Positions of the parameters, outermost first.
    order: Vec<usize>,
}

impl Transformation for MapInterchange {
    type Place = State;
    type Match = Order;

    fn name(&self) -> &'static str {
        "MapInterchange"
    }

    fn find(&self, around: &Surroundings<'_>, state: &State, site: NodeId) -> Result<Order, Refusal> {
        let Node::MapEntry(map) = state.node(site) else { return Err(Refusal::NoMatch("not a map")) };
        if map.params.len() < 2 {
            return Err(Refusal::NoMatch("the map has one parameter"));
        }
        let along_memory = |(param, range): (&Name, &Range)| match range.step.is_one() {
            true => contiguous_accesses(around, (state, site), param),
            false => 0,
        };
        let contiguous: Vec<usize> = map.params.iter().zip(&map.ranges).map(along_memory).collect();
        let mut order: Vec<usize> = (0..map.params.len()).collect();
        let innermost = *order.last().expect("the map has parameters");
        let best = order.iter().copied().max_by_key(|&at| (contiguous[at], at)).unwrap_or(innermost);
        if contiguous[best] <= contiguous[innermost] {
            return Err(Refusal::NoMatch("the innermost parameter is the best"));
        }
        order.retain(|&at| at != best);
        order.push(best);
        Ok(Order { entry: site, order })
    }

    fn apply(&self, _: &mut Surroundings<'_>, state: &mut State, found: Order) {
        let Node::MapEntry(map) = state.node_mut(found.entry) else { unreachable!("the match names a map") };
        map.params = found.order.iter().map(|&at| map.params[at].clone()).collect();
        map.ranges = found.order.iter().map(|&at| map.ranges[at].clone()).collect();
    }
}

/// How many accesses in a map's scope touch the next element when the variable is one more.
pub(crate) fn contiguous_accesses(
    around: &Surroundings<'_>,
    (state, entry): (&State, NodeId),
    variable: &Name,
) -> usize {
    let computes =
        |&node: &NodeId| matches!(state.node(node), Node::Tasklet(_) | Node::Access(_) | Node::Nested(_));
    let is_unit = |memlet: &Memlet| distance(around, memlet, variable).is_some_and(|it| it.is_one());
    let of_node = |node| {
        let edges = state.in_edges(node).into_iter().chain(state.out_edges(node));
        edges.filter_map(|edge| edge.memlet()).filter(|memlet| is_unit(memlet)).count()
    };
    state.scope_nodes(entry).into_iter().filter(computes).map(of_node).sum()
}

/// The distance in memory, in elements, of what neighbouring values of the parameter touch.
pub(crate) fn distance(around: &Surroundings<'_>, memlet: &Memlet, param: &Name) -> Option<Expr> {
    let data = around.sdfg.container(&memlet.data)?;
    let dims = memlet.subset.dims.iter().zip(data.strides());
    dims.map(|(dim, stride)| Some(dim.start.coefficient(param)? * stride)).sum()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::map::testing::{apply, maps, refusals};
    use dacec_ir::builder::{SdfgBuilder, name};
    use dacec_ir::{DType, Sdfg};

    fn program(subset: &str) -> Sdfg {
        let n = Expr::sym("N");
        let mut b = SdfgBuilder::new("p");
        b.array("A", DType::Float64, [n.clone(), n.clone()]).array("B", DType::Float64, [n.clone(), n]);
        let dims = [("i", "0:N"), ("j", "0:N")];
        b.state("s").map("m", &dims, &[("a", "A", subset)], name("a"), ("B", subset));
        b.build()
    }

    #[test]
    fn columns_are_walked_by_rows() {
        let after = apply(&MapInterchange, &program("j, i"), &[("N", 4)]);
        assert_eq!(maps(&after)[0].params, ["j", "i"]);
    }

    #[test]
    fn rows_stay() {
        assert!(refusals(&MapInterchange, &program("i, j")).is_empty());
    }
}
