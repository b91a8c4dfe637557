//! What nested SDFGs touch of the containers that they are passed, in terms of the state around them.
//!
//! ```text
//! nested f(a, k) with [k = i + 1] {        A[i, 0:N] -> f.a
//!   for j in 0:k { … = a[j] }              reads A[i, 0:i + 1]
//! }
//! ```
//!
//! Inside, a container stands for a *window*: the part that the memlet at its connector names. Symbols inside are
//! replaced by their values; an index inside counts from the window's start in its steps. That is done only where shape
//! and strides are proved to be those of the window; else all of the window counts, and may be more than is touched.

use super::{Swept, inside_map, region, subset_over_inside, union_of};
use crate::analysis::access::subset_at;
use crate::symbolic::{Facts, Substitution};
use crate::{Data, EdgeId, Expr, IndexMap, Memlet, Name, NestedSdfg, Node, NodeId, Range, State, Subset};

/// The elements that an edge touches of the access node at its source (`at_source`) or destination; `None` if there is
/// no access node or nothing moves. Where the edge leads to or comes from nested SDFGs, these are the elements that they
/// touch, of which the memlet may name many more. `facts` hold in the scope of the access node.
pub fn touched_at(
    state: &State,
    containers: &IndexMap<Name, Data>,
    edge: EdgeId,
    at_source: bool,
    facts: &Facts,
) -> Option<Subset> {
    let claimed = subset_at(state, containers, edge, at_source)?;
    if !leads_to_nested(state, edge, at_source) {
        return Some(claimed);
    }
    match elements_at(state, containers, edge, at_source, facts) {
        Some(Swept { subset, .. }) if subset.covers(&claimed, facts) != Some(true) => Some(subset),
        _ => Some(claimed),
    }
}

/// The elements at one end of an edge, from what is inside of maps and nested SDFGs at its other end.
pub(super) fn elements_at(
    state: &State,
    containers: &IndexMap<Name, Data>,
    edge: EdgeId,
    at_source: bool,
    facts: &Facts,
) -> Option<Swept> {
    let claimed = subset_at(state, containers, edge, at_source)?;
    let dynamic = state.edge(edge).memlet.as_ref().is_none_or(|memlet| memlet.dynamic);
    let inside = Inside { state, containers, at_source };
    let here = state.node(inside.near_end(edge)).as_access()?;
    Some(match inside.memlet(edge, facts).filter(|memlet| memlet.data == *here) {
        Some(memlet) => Swept { subset: memlet.subset, exact: !memlet.dynamic },
        None => Swept { subset: claimed, exact: !dynamic && !inside.is_border(edge) },
    })
}

/// The memlet of an edge, dynamic if the nested SDFG at one of its ends may touch less than all of it.
pub(super) fn memlet_at(
    state: &State,
    containers: &IndexMap<Name, Data>,
    edge: EdgeId,
    facts: &Facts,
) -> Option<Memlet> {
    let memlet = state.edge(edge).memlet.clone()?;
    let (_, dst) = state.endpoints(edge);
    let at_source = matches!(state.node(dst), Node::Nested(_));
    let inside = Inside { state, containers, at_source };
    if memlet.dynamic || !inside.is_nested(edge) {
        return Some(memlet);
    }
    let all = inside.memlet(edge, facts).is_some_and(|touched| {
        !touched.dynamic && touched.subset.covers(&memlet.subset, facts) == Some(true)
    });
    Some(Memlet { dynamic: !all, ..memlet })
}

/// Whether the far end of a path through maps is a nested SDFG, for one of the paths that an edge is part of.
fn leads_to_nested(state: &State, edge: EdgeId, at_source: bool) -> bool {
    let (src, dst) = state.endpoints(edge);
    match state.node(if at_source { dst } else { src }) {
        Node::Nested(_) => true,
        Node::MapEntry(_) if at_source => {
            state.continuations(edge).into_iter().any(|inner| leads_to_nested(state, inner, at_source))
        }
        Node::MapExit { .. } if !at_source => {
            let src_conn = state.edge(edge).src_conn.as_ref();
            super::origins(state, src, src_conn).into_iter().any(|it| leads_to_nested(state, it, at_source))
        }
        _ => false,
    }
}

/// Looks at what is inside of the map or the nested SDFG at the far end of edges, from where data is read (`at_source`)
/// or written.
#[derive(Clone, Copy)]
struct Inside<'a> {
    state: &'a State,
    containers: &'a IndexMap<Name, Data>,
    at_source: bool,
}

impl Inside<'_> {
    fn far_end(&self, edge: EdgeId) -> NodeId {
        let (src, dst) = self.state.endpoints(edge);
        if self.at_source { dst } else { src }
    }

    fn near_end(&self, edge: EdgeId) -> NodeId {
        let (src, dst) = self.state.endpoints(edge);
        if self.at_source { src } else { dst }
    }

    fn is_nested(&self, edge: EdgeId) -> bool {
        matches!(self.state.node(self.far_end(edge)), Node::Nested(_))
    }

    /// Whether the memlet of an edge is a summary of others.
    fn is_border(&self, edge: EdgeId) -> bool {
        matches!(
            self.state.node(self.far_end(edge)),
            Node::Nested(_) | Node::MapEntry(_) | Node::MapExit { .. }
        )
    }

    /// What the other side touches of the memlet's container; `None` if the memlet itself is all that is known.
    fn memlet(&self, edge: EdgeId, facts: &Facts) -> Option<Memlet> {
        let far = self.far_end(edge);
        match self.state.node(far) {
            Node::Nested(nested) => self.through_call(nested, edge, facts),
            Node::MapEntry(_) if self.at_source => {
                self.through_map(far, self.state.continuations(edge), facts)
            }
            Node::MapExit { entry } if !self.at_source => {
                let src_conn = self.state.edge(edge).src_conn.as_ref();
                self.through_map(*entry, super::origins(self.state, far, src_conn), facts)
            }
            _ => None,
        }
    }

    fn through_map(&self, entry: NodeId, insides: Vec<EdgeId>, facts: &Facts) -> Option<Memlet> {
        let Node::MapEntry(map) = self.state.node(entry) else { return None };
        // What a range gets from data is not known outside; a stream may hold nothing.
        if map.consume.is_some() || !self.state.range_inputs(entry).is_empty() {
            return None;
        }
        let inner_facts = inside_map(facts, map);
        let memlets: Option<Vec<Memlet>> = insides
            .into_iter()
            .map(|inner| {
                let own = self.state.edge(inner).memlet.clone()?;
                let unknown = own.dynamic || self.is_border(inner);
                Some(self.memlet(inner, &inner_facts).unwrap_or(Memlet { dynamic: unknown, ..own }))
            })
            .collect();
        let union = union_of(&memlets?, self.containers, &inner_facts)?;
        let data = self.containers.get(&union.data).filter(|data| data.offset().is_empty())?;
        let variables: Vec<_> = map.params.iter().cloned().zip(map.ranges.iter().cloned()).collect();
        let swept = subset_over_inside(&union.subset, &variables, data.shape(), &inner_facts);
        Some(Memlet { dynamic: union.dynamic || !swept.exact, ..Memlet::new(&union.data, swept.subset) })
    }

    fn through_call(&self, nested: &NestedSdfg, edge: EdgeId, facts: &Facts) -> Option<Memlet> {
        let (memlet, edge) = (self.state.edge(edge).memlet.as_ref()?, self.state.edge(edge));
        let name = if self.at_source { &edge.dst_conn } else { &edge.src_conn };
        let name = name.as_ref()?;
        let window = Window::of(nested, name, (memlet, self.containers.get(&memlet.data)?), facts)?;
        let (sdfg, known) = (&nested.sdfg, nested.sdfg.facts());
        let in_body = |writes| region(&sdfg.body.blocks, &sdfg.containers, (name, writes), &known);
        let mut touched = in_body(!self.at_source)?;
        // What is only passed out may be read there too, and no other edge says so.
        if !self.at_source
            && !nested.inputs.contains(name)
            && let Some(read) = in_body(false)
        {
            touched.extend(&read, sdfg.container(name)?.shape(), &known);
        }
        let (subset, exact) = window.place(&touched.subset);
        Some(Memlet { dynamic: !(exact && touched.exact), ..Memlet::new(&memlet.data, subset) })
    }
}

/// The part of a container that a container of a nested SDFG stands for.
pub(crate) struct Window<'a> {
    nested: &'a NestedSdfg,
    values: Substitution,
    outer: &'a Subset,
    /// For each dimension of the window, the one inside.
    inner: Vec<Option<usize>>,
}

impl<'a> Window<'a> {
    /// The window at a connector, with the memlet there and its container; `None` if it is not proved that one memory is
    /// addressed in the same way on both sides.
    pub(crate) fn of(
        nested: &'a NestedSdfg,
        connector: &Name,
        (memlet, container): (&'a Memlet, &Data),
        facts: &Facts,
    ) -> Option<Self> {
        let data = nested.sdfg.container(connector)?;
        let is_stream = data.as_stream().is_some() || container.as_stream().is_some();
        if is_stream || !data.offset().is_empty() || memlet.subset.has_tiles() {
            return None;
        }
        let values: Substitution = nested.symbols.iter().map(|(name, value)| (name, value.clone())).collect();
        if !data.symbols().iter().all(|symbol| nested.symbols.contains_key(symbol)) {
            return None;
        }
        let outside = |all: &[Expr]| all.iter().map(|expr| expr.subs(&values)).collect::<Vec<_>>();
        let (shape, strides) = (outside(data.shape()), outside(data.strides()));
        let inner = pairs(&memlet.subset.dims, &shape)?;
        let same = |a: &Expr, b: &Expr| a == b || facts.prove_eq(a, b) == Some(true);
        for (at, (dim, inner)) in memlet.subset.dims.iter().zip(&inner).enumerate() {
            let Some(inner) = *inner else { continue };
            let stride = container.strides().get(at)? * &dim.step;
            if !same(&shape[inner], &dim.len()) || !shape[inner].is_one() && !same(&strides[inner], &stride) {
                return None;
            }
        }
        Some(Window { nested, values, outer: &memlet.subset, inner })
    }

    /// The elements outside for those inside, and whether that are all.
    fn place(&self, inside: &Subset) -> (Subset, bool) {
        let mut exact = true;
        let dims = self.outer.dims.iter().zip(&self.inner).map(|(window, inner)| {
            let Some(dim) = inner.and_then(|at| inside.dims.get(at)) else { return window.clone() };
            let known = dim.symbols().iter().all(|symbol| self.nested.symbols.contains_key(symbol));
            if !known || dim.tile.is_some() {
                exact = false;
                return window.clone();
            }
            let mut dim = dim.clone();
            dim.map_exprs(&mut |expr| expr.subs(&self.values));
            window.compose(&dim)
        });
        (Subset { dims: dims.collect() }, exact)
    }
}

/// The dimension inside for each dimension of a window: dimensions that are one index may be missing on either side.
fn pairs(window: &[Range], shape: &[Expr]) -> Option<Vec<Option<usize>>> {
    if window.len() == shape.len() {
        return Some((0..shape.len()).map(Some).collect());
    }
    let pair = |inner: Vec<usize>, is_long: &dyn Fn(&Range) -> bool| {
        let mut inner = inner.into_iter();
        let mut missing = false;
        let mut next = |dim: &Range| {
            let at = if is_long(dim) { inner.next() } else { return None };
            missing |= at.is_none();
            at
        };
        let pairs: Vec<_> = window.iter().map(&mut next).collect();
        (!missing && inner.next().is_none()).then_some(pairs)
    };
    let long = (0..shape.len()).filter(|at| !shape[*at].is_one()).collect();
    pair((0..shape.len()).collect(), &|dim| dim.as_index().is_none())
        .or_else(|| pair(long, &|dim| !dim.len().is_one()))
}
