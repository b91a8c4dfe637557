//! The loops of a map: their order, and which of them run in parallel.
//!
//! Iterations of a map may run in any order, so the order is chosen such that threads never meet:
//!
//! ```text
//! map i, j { y[i] (sum)= A[i,j] }     parallel i { t = y[i]; j { t += A[i,j] }; y[i] = t }
//! map i, j { y[j] (sum)= A[i,j] }     parallel blocks of j { i { j in block { y[j] += A[i,j] } } }
//! map i, j { s    (sum)= A[i,j] }     parallel i, j with a copy of s for each thread
//! ```
//!
//! In the second case a thread walks along rows of `A` although columns are what it owns: the block of `y` stays in the
//! cache, and memory is read in the order in which it lies.

use super::conflicts::{Write, is_only_use};
use super::states::StateContext;
use dacec_ir::symbolic::Atom;
use dacec_ir::{EdgeId, Expr, Map, Name, Node, NodeId, Sdfg};

/// Elements in a block of a loop that is divided: long enough to vectorize, short enough to stay in a first-level cache
/// and to have work for every thread.
pub(super) const BLOCK: i64 = 512;

/// Collapsed loops are hard to vectorize, so the innermost one stays out unless the others are shorter than this.
const FEW_ITERATIONS: i64 = 64;

/// One loop of a map; the number is that of the parameter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Level {
    /// Over all values of a parameter.
    Whole(usize),
    /// Over blocks of values.
    Blocks(usize),
    /// Over the values of a block.
    Within(usize),
}

/// The loops of a map.
#[derive(Debug)]
pub(super) struct Plan {
    /// Loops, outermost first.
    pub(super) levels: Vec<Level>,
    /// Number of the outermost loops that form the parallel iteration space.
    pub(super) parallel: usize,
    /// Writes into a copy for each thread.
    pub(super) reductions: Vec<Write>,
    /// Writes into a variable that is declared before the loop of this number.
    pub(super) accumulators: Vec<(usize, Write)>,
    /// Writes that other threads may meet.
    pub(super) atomic: Vec<EdgeId>,
    /// Whether the iterations of the innermost loop are independent and worth telling so.
    pub(super) independent: bool,
    /// Whether the work depends on the parallel parameters.
    pub(super) uneven: bool,
}

impl Plan {
    /// Plans the loops of a map with the given writes; `spread` tells whether they may run in parallel.
    pub(super) fn new(
        context: &StateContext<'_>,
        sdfg: &Sdfg,
        entry: NodeId,
        map: &Map,
        writes: &[Write],
        spread: bool,
    ) -> Plan {
        let params = &map.params;
        let all: Vec<usize> = (0..params.len()).collect();
        let (reductions, shared): (Vec<Write>, Vec<Write>) = writes
            .iter()
            .cloned()
            .partition(|write| spread && write.is_invariant(params) && write.has_identity());
        let mut plan = Plan {
            levels: all.iter().map(|&at| Level::Whole(at)).collect(),
            parallel: 0,
            reductions,
            accumulators: Vec::new(),
            atomic: Vec::new(),
            independent: false,
            uneven: false,
        };
        if spread {
            plan.spread(context, sdfg, entry, map, &shared);
        }
        plan.accumulate(context, entry, map, &shared);
        plan.independent = plan.is_independent(context, sdfg, entry, map, &shared);
        plan
    }

    /// Orders the loops and chooses the parallel ones.
    fn spread(
        &mut self,
        context: &StateContext<'_>,
        sdfg: &Sdfg,
        entry: NodeId,
        map: &Map,
        shared: &[Write],
    ) {
        let params = &map.params;
        let separates = |at: &usize| shared.iter().all(|write| write.separated_by(&params[*at], params));
        let (mut order, rest): (Vec<usize>, Vec<usize>) = (0..params.len()).partition(separates);
        let conflict_free = !order.is_empty();
        let free = if conflict_free { order.len() } else { params.len() };
        let block = match order.last() {
            Some(&last) if !rest.is_empty() => {
                let score = |at: usize| unit_strides(context, sdfg, entry, &params[at]);
                rest.iter().all(|&other| score(other) < score(last)).then_some(last)
            }
            _ => None,
        };
        order.extend(rest);
        self.parallel = match block {
            Some(_) => free,
            None => collapsed(context, entry, map, &order, free),
        };
        self.levels = order.iter().map(|&at| Level::Whole(at)).collect();
        if let Some(last) = block {
            self.levels[free - 1] = Level::Blocks(last);
            self.levels.push(Level::Within(last));
        }
        let spread = self.threads(map);
        let meets = |write: &&Write| !spread.iter().all(|param| write.separated_by(param, params));
        self.atomic = shared.iter().filter(meets).map(|write| write.edge).collect();
        self.uneven = lengths_depend_on(context, entry, &spread);
    }

    /// The parameters of the parallel loops.
    pub(super) fn threads(&self, map: &Map) -> Vec<Name> {
        let levels = self.levels[..self.parallel].iter();
        levels.map(|level| map.params[level.parameter()].clone()).collect()
    }

    /// Keeps what is written in a variable while the innermost loops do not change where it goes.
    fn accumulate(&mut self, context: &StateContext<'_>, entry: NodeId, map: &Map, shared: &[Write]) {
        for write in shared {
            let changes = |level: &Level| !write.is_invariant(&[map.params[level.parameter()].clone()]);
            let first = self.levels.iter().rposition(changes).map_or(0, |at| at + 1).max(self.parallel);
            if first < self.levels.len() && write.has_identity() && is_only_use(context, entry, write) {
                self.accumulators.push((first, write.clone()));
            }
        }
    }

    fn is_independent(
        &self,
        context: &StateContext<'_>,
        sdfg: &Sdfg,
        entry: NodeId,
        map: &Map,
        shared: &[Write],
    ) -> bool {
        let Some(innermost) = self.levels.last() else { return false };
        let param = &map.params[innermost.parameter()];
        let in_memory = |write: &&Write| !self.accumulators.iter().any(|(_, other)| other.edge == write.edge);
        let mut kept = shared.iter().filter(in_memory);
        kept.all(|write| !self.atomic.contains(&write.edge) && write.separated_by(param, &map.params))
            && is_leaf(context, sdfg, entry)
    }
}

impl Level {
    /// The parameter that the loop is over.
    pub(super) fn parameter(self) -> usize {
        match self {
            Level::Whole(at) | Level::Blocks(at) | Level::Within(at) => at,
        }
    }
}

/// Number of loops to run as one parallel iteration space.
fn collapsed(context: &StateContext<'_>, entry: NodeId, map: &Map, order: &[usize], free: usize) -> usize {
    let wanted = map.collapse.clamp(1, free.max(1));
    let innermost = wanted == order.len() && !has_maps(context, entry);
    if wanted == 1 || !innermost {
        return wanted;
    }
    let outer = order[..wanted - 1].iter().map(|&at| map.ranges[at].len());
    let few = outer.reduce(|product, len| product * len).and_then(|len| len.as_int());
    if few.is_some_and(|count| count < FEW_ITERATIONS) { wanted } else { wanted - 1 }
}

fn has_maps(context: &StateContext<'_>, entry: NodeId) -> bool {
    let state = context.view.state;
    context.view.children(Some(entry)).iter().any(|&id| matches!(state.node(id), Node::MapEntry(_)))
}

/// Whether maps in the scope have lengths that depend on the parameters, beyond an incomplete last block.
fn lengths_depend_on(context: &StateContext<'_>, entry: NodeId, params: &[Name]) -> bool {
    let state = context.view.state;
    let maps = state.scope_nodes(entry).into_iter().filter_map(|id| state.node(id).as_map());
    let mut lengths = maps.flat_map(|map| map.ranges.iter().map(|range| range.len()));
    lengths.any(|length| !is_block(&length) && params.iter().any(|param| length.uses(param)))
}

/// Whether a length is that of a block: a constant, except at the end.
fn is_block(length: &Expr) -> bool {
    matches!(length.as_atom(), Some(Atom::Min(lengths)) if lengths.iter().any(|length| length.as_int().is_some()))
}

/// Number of accesses in the scope that move by one element when the parameter does.
fn unit_strides(context: &StateContext<'_>, sdfg: &Sdfg, entry: NodeId, param: &Name) -> usize {
    let state = context.view.state;
    let mut count = 0;
    for &id in context.view.children(Some(entry)) {
        for edge in state.in_edges(id).into_iter().chain(state.out_edges(id)) {
            let Some(memlet) = edge.memlet() else { continue };
            let Some(data) = sdfg.container(&memlet.data) else { continue };
            let dims = memlet.subset.dims.iter().zip(data.strides());
            let distance: Option<Vec<_>> =
                dims.map(|(dim, stride)| dim.start.coefficient(param).map(|c| c * stride)).collect();
            let one = distance.is_some_and(|it| it.into_iter().sum::<Expr>().is_one());
            count += usize::from(one);
        }
    }
    count
}

/// Whether the scope holds nothing but tasklets, joined by scalars of its own.
fn is_leaf(context: &StateContext<'_>, sdfg: &Sdfg, entry: NodeId) -> bool {
    let state = context.view.state;
    context.view.children(Some(entry)).iter().all(|&id| match state.node(id) {
        Node::Tasklet(tasklet) => matches!(tasklet.code, dacec_ir::TaskletCode::Native(_)),
        Node::Access(name) => {
            let own = context.privates.get(&entry).is_some_and(|it| it.contains(name));
            own && sdfg.container(name).is_some_and(|data| data.rank() == 0)
        }
        _ => false,
    })
}
