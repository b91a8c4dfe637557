//! What a state writes: an element for each iteration of a map, or one alone, with the expression behind it.

use super::element::{Element, Leaf, Product};
use super::replace::Scale;
use crate::Refusal;
use crate::map::paths;
use crate::surroundings::Surroundings;
use dacec_ir::library::MatMul;
use dacec_ir::{Block, EdgeId, Expr, IndexMap, Memlet, Name, Node, NodeId, Range, Region, State, Subset};

/// A write that others see.
pub(super) struct Write {
    /// The element.
    pub(super) memlet: Memlet,
    /// The parameters of the map that it is in.
    pub(super) dims: IndexMap<Name, Range>,
    /// What is written.
    pub(super) element: Element,
}

impl Write {
    /// All writes of a state that contains nothing but tasklets, maps and products, and reads nothing that it has written.
    pub(super) fn all(around: &Surroundings<'_>, state: &State) -> Result<Vec<Write>, Refusal> {
        let mut found = Vec::new();
        for (id, node) in state.nodes() {
            match node {
                Node::Access(data) if state.in_degree(id) > 0 && !around.is_local_to(state, data) => {
                    let [edge] = state.in_edges(id)[..] else {
                        return Err(Refusal::NoMatch("several writes of one array"));
                    };
                    if state.out_degree(id) > 0 {
                        return Err(Refusal::NoMatch("a result is read again"));
                    }
                    found.push(Write::of(around, state, edge.id)?);
                }
                Node::Nested(_) => return Err(Refusal::NoMatch("not only tasklets")),
                Node::Library(it) if !it.op.as_any().is::<MatMul>() => {
                    return Err(Refusal::NoMatch("not only tasklets and products"));
                }
                _ => {}
            }
        }
        Ok(found)
    }

    fn of(around: &Surroundings<'_>, state: &State, edge: EdgeId) -> Result<Write, Refusal> {
        let (src, _) = state.endpoints(edge);
        let (edge, dims) = match state.node(src) {
            Node::MapExit { entry } => {
                let Node::MapEntry(map) = state.node(*entry) else {
                    return Err(Refusal::NoMatch("not a map"));
                };
                let [inside] = paths::origins(state, edge)[..] else {
                    return Err(Refusal::NoMatch("several writes in a map"));
                };
                (inside, map.params.iter().cloned().zip(map.ranges.iter().cloned()).collect())
            }
            _ => (edge, IndexMap::default()),
        };
        let memlet = state.edge(edge).memlet.as_ref().filter(|it| it.wcr.is_none() && !it.dynamic);
        let memlet = memlet.filter(|it| it.subset.as_element().is_some());
        let memlet = memlet.ok_or(Refusal::NoMatch("not a plain write of one element"))?.clone();
        let element = Element::of(state, &around.sdfg.containers, edge);
        let element = element.ok_or(Refusal::NoMatch("not computed by tasklets"))?;
        Ok(Write { memlet, dims, element })
    }

    /// The range of the parameter that is this index.
    pub(super) fn range(&self, index: &Expr) -> Option<&Range> {
        self.dims.iter().find(|(name, _)| Expr::sym(*name) == *index).map(|(_, range)| range)
    }

    /// The summands besides what the element was before, which must be one of them.
    pub(super) fn added(&self) -> Result<Vec<Product>, Refusal> {
        let products = self.element.products().ok_or(Refusal::NoMatch("not a sum of products"))?;
        let is_old = |product: &Product| {
            let one = !product.negative && product.constants.is_empty();
            one && matches!(&product.leaves[..], [it] if self.is_old(it))
        };
        let (old, new): (Vec<Product>, Vec<Product>) = products.into_iter().partition(is_old);
        if old.len() != 1 || new.is_empty() {
            return Err(Refusal::NoMatch("not an update"));
        }
        Ok(new)
    }

    fn is_old(&self, leaf: &Leaf) -> bool {
        matches!(leaf, Leaf::Load(it) if it.data == self.memlet.data && it.subset == self.memlet.subset)
    }

    /// The factor, if all elements of an array are multiplied by one.
    fn multiple(&self, around: &Surroundings<'_>, data: &Name) -> Option<Scale> {
        let shape = around.container(data).shape();
        let at = self.memlet.subset.as_element()?;
        let all = self.memlet.data == *data
            && self.dims.len() == at.len()
            && at.iter().zip(shape).all(|(index, extent)| self.range(index) == Some(&Range::full(extent)));
        let [product] = &self.element.products()?[..] else { return None };
        let (old, leaves): (Vec<Leaf>, Vec<Leaf>) =
            product.leaves.iter().cloned().partition(|it| self.is_old(it));
        let scale = Scale { leaves, ..product.clone() };
        (all && old.len() == 1 && scale.is_constant(around, data, &self.dims)).then_some(scale)
    }
}

impl Product {
    /// Whether these are numbers of the type of an array, which are the same for all values of the symbols.
    pub(super) fn is_constant(
        &self,
        around: &Surroundings<'_>,
        data: &Name,
        symbols: &IndexMap<Name, Range>,
    ) -> bool {
        let dtype = around.container(data).dtype();
        self.constants.iter().all(|constant| constant.dtype() == dtype)
            && self.leaves.iter().all(|leaf| match leaf {
                Leaf::Load(it) => {
                    let own = it.subset.symbols();
                    it.data != *data
                        && around.container(&it.data).dtype() == dtype
                        && !symbols.keys().any(|symbol| own.contains(symbol))
                }
                Leaf::Library(_) | Leaf::Part(..) => false,
            })
    }
}

/// The block beside another one that multiplies an array by a number and does nothing else, with the number.
pub(super) fn scaling(
    around: &Surroundings<'_>,
    region: &Region,
    (site, forward): (usize, bool),
    data: &Name,
) -> Option<(usize, Scale)> {
    let is_empty = |at: &usize| matches!(&region.blocks[*at], Block::State(state) if state.is_empty());
    let at = match forward {
        true => (site + 1..region.blocks.len()).find(|at| !is_empty(at)),
        false => (0..site).rev().find(|at| !is_empty(at)),
    }?;
    let Block::State(state) = &region.blocks[at] else { return None };
    let [write] = &Write::all(around, state).ok()?[..] else { return None };
    Some((at, write.multiple(around, data)?))
}

/// The operands of a product of arrays that are as they were before the state.
pub(super) fn operands(state: &State, node: NodeId) -> Result<[Memlet; 2], Refusal> {
    let is_product = matches!(state.node(node), Node::Library(it) if it.op.as_any().is::<MatMul>());
    let mut found = [None, None];
    for edge in state.in_edges(node).into_iter().filter(|_| is_product) {
        let outside = match state.node(edge.src) {
            Node::MapEntry(_) => state.origin(edge.id).map(|outside| state.endpoints(outside).0),
            _ => Some(edge.src),
        };
        let plain =
            outside.is_some_and(|it| state.node(it).as_access().is_some() && state.in_degree(it) == 0);
        let at = usize::from(edge.dst_conn().is_some_and(|it| it == "_b"));
        found[at] = edge.memlet().filter(|_| plain).cloned();
    }
    match found {
        [Some(a), Some(b)] => Ok([a, b]),
        _ => Err(Refusal::NoMatch("not a product of arrays")),
    }
}

/// Whether a memlet is of that array at that subset.
pub(super) fn is_at(memlet: &Memlet, data: &Name, dims: &[&Range]) -> bool {
    memlet.data == *data && memlet.subset.dims.iter().eq(dims.iter().copied())
}

/// All of a matrix from its first row and column on.
pub(super) fn block(data: &Name, rows: &Expr, columns: &Expr) -> Memlet {
    Memlet::new(data, Subset::new([Range::full(rows), Range::full(columns)]))
}
