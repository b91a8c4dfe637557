//! Copies between containers: loops over the elements, outermost dimension first.
//!
//! Elements correspond in C order of the two subsets; dimensions with one element do not count. The compiler turns
//! loops over contiguous elements into block moves.

use super::states::StateContext;
use super::{Function, Result};
use crate::CodegenError;
use crate::tree::{Direction, For, Index, Parallel, Place, Stmt, Value};
use dacec_ir::data::c_strides;
use dacec_ir::symbolic::Facts;
use dacec_ir::{EdgeId, Expr, Memlet, Name, Node, NodeId, Range, State, Subset};

/// Copies with fewer elements are left to one thread: what fits into its cache is there for the code that follows, which
/// had to fetch half of it from the other core's otherwise. Copies of half the work of maps that are worth it.
const LARGE: i64 = 1 << 20;

/// What is done with an element, given its place and its value.
type Act<'f, F> = dyn Fn(&F, Place, Value) -> Result<Vec<Stmt>> + 'f;

/// One end of a copy.
struct End {
    data: Name,
    subset: Subset,
}

impl<'a> Function<'_, 'a> {
    /// The copies that end at an access node, and those that leave it through a map's exit.
    pub(super) fn lower_copies(
        &mut self,
        context: &StateContext<'a>,
        id: NodeId,
        out: &mut Vec<Stmt>,
    ) -> Result<()> {
        let state = context.view.state;
        for edge in state.in_edges(id) {
            let Some(memlet) = edge.memlet().filter(|_| !state.is_alias_edge(edge)) else { continue };
            if let (Some(taken), Some(target)) = (self.taken(context, edge), state.node(id).as_access()) {
                self.store_taken(memlet, target, taken, out)?;
            } else if matches!(state.node(edge.src), Node::Access(_) | Node::MapEntry(_)) {
                let [from, to] = self.ends(state, edge.id, memlet)?;
                self.lower_copy(context, edge.id, memlet, from, to, out)?;
            }
        }
        for edge in state.out_edges(id) {
            let Some(memlet) = edge.memlet().filter(|_| !state.is_alias_edge(edge)) else { continue };
            if matches!(state.node(edge.dst), Node::MapExit { .. }) {
                let [from, to] = self.ends(state, edge.id, memlet)?;
                self.lower_copy(context, edge.id, memlet, from, to, out)?;
            }
        }
        Ok(())
    }

    /// The containers and subsets at both ends of a copy.
    fn ends(&self, state: &State, edge: EdgeId, memlet: &Memlet) -> Result<[End; 2]> {
        let (src, dst) = (source(state, edge), destination(state, edge));
        let (Some(src), Some(dst)) = (src, dst) else {
            return Err(CodegenError::Invalid(format!("the copy of `{memlet}` does not end at containers")));
        };
        let describes_source = memlet.data == src;
        if !describes_source && memlet.data != dst {
            return Err(CodegenError::Invalid(format!(
                "the copy of `{memlet}` is between `{src}` and `{dst}`"
            )));
        }
        let other = if describes_source { &dst } else { &src };
        let other_subset = match &memlet.other_subset {
            Some(subset) => subset.clone(),
            None => Subset::full(self.data(other)?.shape()),
        };
        let subset = memlet.subset.clone();
        Ok(if describes_source {
            [End { data: src, subset }, End { data: dst, subset: other_subset }]
        } else {
            [End { data: src, subset: other_subset }, End { data: dst, subset }]
        })
    }

    fn lower_copy(
        &mut self,
        context: &StateContext<'a>,
        edge: EdgeId,
        memlet: &Memlet,
        from: End,
        to: End,
        out: &mut Vec<Stmt>,
    ) -> Result<()> {
        if self.is_stream(&from.data) || self.is_stream(&to.data) {
            let ends = [(&from.data, &from.subset), (&to.data, &to.subset)];
            return self.lower_stream_copy(memlet, ends, out);
        }
        let disjoint =
            from.data == to.data && from.subset.intersects(&to.subset, &Facts::new()) == Some(false);
        if self.aliases.may_overlap(&from.data, &to.data) && !disjoint {
            let what = "copies elements to others of the same memory, and the two may overlap";
            return Err(CodegenError::unsupported(format!("`{memlet}`"), what));
        }
        let write = |function: &Self, place: Place, value: Value| match memlet.wcr {
            None => Ok(Stmt::Store { place, value }),
            Some(wcr) => {
                let atomic = function.needs_atomic(context, edge, &to.data);
                function.update(place, wcr, value, atomic)
            }
        };
        let (from_dims, to_dims) = (long_dims(&from.subset), long_dims(&to.subset));
        let extents: Vec<Expr> = to_dims.iter().map(|dim| dim.len()).collect();
        let same = |(a, b): (&&Range, &&Range)| {
            let (a, b) = (a.len(), b.len());
            a == b || Facts::new().prove_eq(&a, &b) == Some(true)
        };
        if from_dims.len() == to_dims.len() && from_dims.iter().zip(&to_dims).all(same) {
            let load = |function: &Self, position: &[Value]| function.spread(&from, position);
            let store = |function: &Self, position: &[Value]| function.spread(&to, position);
            return self.copy_loops(&extents, &load, &store, &write, out);
        }
        // A reshape: the elements of both ends are counted in C order.
        let (source, target) = (self.block(&from)?, self.block(&to)?);
        let end = |function: &Self, block: &Option<Place>, end: &End, position: &[Value]| match block {
            Some(block) => Ok(flat(block, position)),
            None => function.spread(end, &function.unflatten(&long_dims(&end.subset), position)?),
        };
        let load = |function: &Self, position: &[Value]| end(function, &source, &from, position);
        let store = |function: &Self, position: &[Value]| end(function, &target, &to, position);
        self.copy_loops(&[to.subset.num_elements()], &load, &store, &write, out)
    }

    /// Loops over the elements of a subset, in C order, around what is done with each.
    pub(super) fn copy_elements(
        &mut self,
        (data, subset): (&Name, &Subset),
        act: &Act<'_, Self>,
        out: &mut Vec<Stmt>,
    ) -> Result<()> {
        let end = End { data: data.clone(), subset: subset.clone() };
        let extents: Vec<Expr> = long_dims(subset).iter().map(|dim| dim.len()).collect();
        let place = |function: &Self, position: &[Value]| function.spread(&end, position);
        let act = |function: &Self, place: Place, value: Value| {
            Ok(Stmt::Block { body: act(function, place, value)?, label: None })
        };
        self.copy_loops(&extents, &place, &place, &act, out)
    }

    /// Loops over the extents around one assignment.
    fn copy_loops(
        &mut self,
        extents: &[Expr],
        load: &dyn Fn(&Self, &[Value]) -> Result<Place>,
        store: &dyn Fn(&Self, &[Value]) -> Result<Place>,
        write: &dyn Fn(&Self, Place, Value) -> Result<Stmt>,
        out: &mut Vec<Stmt>,
    ) -> Result<()> {
        let extents = extents.iter().map(|extent| self.expr(extent)).collect::<Result<Vec<_>>>()?;
        self.shared.names.open();
        let variables: Vec<Name> = extents.iter().map(|_| self.shared.names.local("k")).collect();
        self.shared.names.close();
        let position: Vec<Value> = variables.iter().map(|name| Value::Index(Expr::sym(name))).collect();
        let value = load(self, &position)?.value();
        let mut stmt = write(self, store(self, &position)?, value)?;
        let plain = matches!(stmt, Stmt::Store { .. });
        for (depth, variable) in variables.iter().enumerate().rev() {
            let parallel = if depth == 0 && plain { self.copy_in_parallel(&extents) } else { None };
            let innermost = depth + 1 == variables.len();
            stmt = Stmt::For(Box::new(For {
                variable: variable.clone(),
                start: Value::int(0),
                stop: Value::Index(extents[depth].clone()),
                step: Value::int(1),
                direction: Direction::Up,
                parallel,
                independent: innermost && plain,
                unordered: false,
                body: vec![stmt],
            }));
        }
        out.push(stmt);
        Ok(())
    }

    fn copy_in_parallel(&self, extents: &[Expr]) -> Option<Parallel> {
        if self.shared.region.parallel || self.shared.region.in_map {
            return None;
        }
        let count = extents.iter().fold(Expr::one(), |product, extent| product * extent);
        let large = count.ge(&Expr::int(LARGE));
        let when = match large.as_int() {
            Some(0) => return None,
            Some(_) => None,
            None => Some(super::expressions::truth(Value::Index(large))),
        };
        Some(Parallel { collapse: 1, when, reductions: Vec::new(), uneven: false })
    }

    /// The element at a position among the dimensions that have more than one element.
    fn spread(&self, end: &End, position: &[Value]) -> Result<Place> {
        let mut positions = position.iter();
        let mut full = Vec::new();
        for dim in &end.subset.dims {
            let long = !dim.len().is_one();
            let at = if long { positions.next().cloned() } else { Some(Value::int(0)) };
            if dim.as_index().is_none() {
                full.push(at.unwrap_or_else(|| Value::int(0)));
            }
        }
        self.element_of(&end.data, &end.subset, &full)
    }

    /// The indices, one for each dimension, of the element that has the given number in C order.
    fn unflatten(&self, dims: &[&Range], position: &[Value]) -> Result<Vec<Value>> {
        let [Value::Index(number)] = position else {
            return Err(CodegenError::Invalid("a reshape is one loop".to_owned()));
        };
        let mut inner = Expr::one();
        let mut indices = Vec::with_capacity(dims.len());
        for (at, dim) in dims.iter().enumerate().rev() {
            let extent = self.expr(&dim.len())?;
            let index = number.floor_div(&inner);
            // The outermost index needs no remainder.
            indices.push(Value::Index(if at == 0 { index } else { index.modulo(&extent) }));
            inner *= extent;
        }
        indices.reverse();
        Ok(indices)
    }

    /// The container, if the subset is all of it and lies in C order without gaps.
    fn block(&self, end: &End) -> Result<Option<Place>> {
        let data = self.data(&end.data)?;
        let whole = end.subset.is_full(data.shape()) && data.strides() == c_strides(data.shape());
        (whole && data.rank() > 0).then(|| self.start_of(&end.data, &end.subset)).transpose()
    }
}

/// The element of a contiguous block at a position.
fn flat(block: &Place, position: &[Value]) -> Place {
    match block {
        Place::Element { array, index, dtype } => {
            let mut terms = index.terms.clone();
            terms.extend(position.iter().map(|value| (value.clone(), Expr::one())));
            Place::Element { array: array.clone(), index: Index { terms }, dtype: *dtype }
        }
        Place::Variable(..) => block.clone(),
    }
}

fn long_dims(subset: &Subset) -> Vec<&Range> {
    subset.dims.iter().filter(|dim| !dim.len().is_one()).collect()
}

/// The container that a copy reads: at the edge's source, or where the path through map entries begins.
fn source(state: &State, edge: EdgeId) -> Option<Name> {
    let mut edge = edge;
    loop {
        match state.node(state.endpoints(edge).0) {
            Node::Access(name) => return Some(name.clone()),
            Node::MapEntry(_) => edge = state.origin(edge)?,
            _ => return None,
        }
    }
}

/// The container that a copy writes: at the edge's destination, or where the path through map exits ends.
fn destination(state: &State, edge: EdgeId) -> Option<Name> {
    let mut edge = edge;
    loop {
        match state.node(state.endpoints(edge).1) {
            Node::Access(name) => return Some(name.clone()),
            Node::MapExit { .. } => edge = state.continuations(edge).first().copied()?,
            _ => return None,
        }
    }
}
