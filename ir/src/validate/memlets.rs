//! V016 – V021 and symbols of subsets: containers, paths, dimensions, bounds, copies, conflict resolutions.

use super::Report;
use super::rules::{BOUNDS, CONTAINERS, COPIES, PATHS, RANKS, RESOLUTIONS, STEPS, SYMBOLS, TILES};
use super::state::Checked;
use crate::interp::{Value, combine};
use crate::state::EdgeView;
use crate::symbolic::Facts;
use crate::{Data, Expr, Memlet, Name, Node, NodeId, Range, Span, State, Subset, TaskletCode};
use std::collections::HashMap;

pub(super) fn check(it: &Checked<'_>, report: &mut Report) {
    for &id in &it.order {
        if let Node::Access(name) = it.state.node(id)
            && it.sdfg.container(name).is_none()
        {
            report.add(&CONTAINERS, it.state.span, format!("{id} accesses `{name}`, which does not exist"));
        }
    }
    let mut proved = HashMap::new();
    for edge in it.state.edges() {
        if let Some(memlet) = edge.memlet() {
            check_memlet(it, edge, memlet, &mut proved, report);
        }
    }
}

/// Containers at the ends of the path that an edge lies on.
pub(super) struct Ends<'a> {
    pub(super) source: Option<&'a Name>,
    pub(super) target: Option<&'a Name>,
}

/// Whether ranges leave an extent, under facts of a number: the same few are asked for again and again.
type Proved<'a> = HashMap<(usize, &'a Range, &'a Expr), bool>;

fn check_memlet<'a>(
    it: &Checked<'a>,
    edge: EdgeView<'a>,
    memlet: &'a Memlet,
    proved: &mut Proved<'a>,
    report: &mut Report,
) {
    let span = it.state.node(edge.src).span().or(it.state.node(edge.dst).span()).or(it.state.span);
    let Some(data) = it.sdfg.container(&memlet.data) else {
        report.add(&CONTAINERS, span, format!("`{memlet}` is about `{}`, which does not exist", memlet.data));
        return;
    };
    let ends = Ends { source: source(it.state, edge), target: target(it.state, edge) };
    // A path that breaks off at a connector is reported there.
    let broken = matches!(it.state.node(edge.src), Node::MapEntry(_)) && it.state.origin(edge.id).is_none();
    if !broken && ends.source != Some(&memlet.data) && ends.target != Some(&memlet.data) {
        report.add(
            &PATHS,
            span,
            format!("`{memlet}` neither comes from nor goes to an access of its container"),
        );
    }
    check_resolution(memlet, data, &ends, span, report);
    if memlet.wcr.is_some()
        && let Node::Tasklet(tasklet) = it.state.node(edge.src)
        && let TaskletCode::External(call) = &tasklet.code
    {
        let message =
            format!("`{memlet}` has a conflict resolution, which the routine `{}` ignores", call.routine);
        report.add(&RESOLUTIONS, span, message);
    }
    let at = At { it, scope: it.scope_of_edge(edge), memlet, span };
    at.subset(&memlet.data, data, &memlet.subset, proved, report);
    match (ends.source, ends.target) {
        (Some(_), Some(_)) if it.state.is_alias_edge(edge) && !memlet.subset.has_tiles() => {}
        (Some(_), Some(_)) if it.state.is_alias_edge(edge) => {
            report.add(&TILES, span, format!("`{memlet}` has tiles, and tells what a container stands for"));
        }
        (Some(source), Some(target)) => {
            let pops = it.sdfg.container(source).is_some_and(|data| data.as_stream().is_some());
            if memlet.dynamic && pops && memlet.has_tiles() {
                report.add(&TILES, span, format!("`{memlet}` fills tiles with what a stream may not have"));
            }
            let other = if memlet.data == *source { target } else { source };
            at.copy((data, &memlet.subset), other, proved, report);
        }
        // Whoever else reads or writes memory knows strides, but no tiles.
        _ if memlet.subset.has_tiles() && !knows_tiles(it.state, edge) => {
            report.add(
                &TILES,
                span,
                format!(
                    "`{memlet}` has tiles where there is no copy, and no tasklet that accesses all of them"
                ),
            );
        }
        _ if memlet.other_subset.is_some() => {
            report.add(
                &PATHS,
                span,
                format!("`{memlet}` has a subset for the other end, which is no container"),
            );
        }
        _ => {}
    }
}

fn check_resolution(memlet: &Memlet, data: &Data, ends: &Ends<'_>, span: Span, report: &mut Report) {
    let Some(wcr) = memlet.wcr else { return };
    if ends.target.is_none() {
        report.add(&RESOLUTIONS, span, format!("`{memlet}` is a read and has a conflict resolution"));
    }
    let value = Value::zero(data.dtype());
    if combine(wcr, value, value).is_err() {
        report.add(&RESOLUTIONS, span, format!("`{memlet}`: {} has no operation `{wcr}`", data.dtype()));
    }
}

/// Whether an edge that is no copy, and moves all that it names, leads to or from a tasklet, or crosses the border of a scope, and so may have tiles.
fn knows_tiles(state: &State, edge: EdgeView<'_>) -> bool {
    let dynamic = edge.memlet().is_some_and(|memlet| memlet.dynamic);
    if dynamic && matches!(state.node(edge.src), Node::Tasklet(_)) {
        return false;
    }
    let knows = |id: NodeId| match state.node(id) {
        Node::Tasklet(tasklet) => matches!(tasklet.code, TaskletCode::Native(_)),
        Node::Access(_) => true,
        Node::MapEntry(_) | Node::MapExit { .. } => true,
        Node::Nested(_) | Node::Library(_) => false,
    };
    knows(edge.src) && knows(edge.dst)
}

/// A memlet at its place.
struct At<'a, 'c> {
    it: &'c Checked<'a>,
    scope: Option<NodeId>,
    memlet: &'a Memlet,
    span: Span,
}

impl<'a> At<'a, '_> {
    fn subset(
        &self,
        name: &'a Name,
        data: &'a Data,
        subset: &'a Subset,
        proved: &mut Proved<'a>,
        report: &mut Report,
    ) {
        let memlet = self.memlet;
        if subset.rank() != data.rank() {
            let message =
                format!("`{memlet}` has {} dimensions where `{name}` has {}", subset.rank(), data.rank());
            report.add(&RANKS, self.span, message);
            return;
        }
        let offset = data.offset();
        if subset.dims.is_empty()
            || offset.is_empty() && subset.is_full(data.shape()) && data.symbols().is_empty()
        {
            return;
        }
        for (at, (dim, extent)) in subset.dims.iter().zip(data.shape()).enumerate() {
            let undefined = dim.exprs().find_map(|e| self.it.undefined(e, self.scope));
            if let Some(unknown) = undefined {
                let message = format!("`{memlet}` uses `{unknown}`, which is not a symbol here");
                report.add(&SYMBOLS, self.span, message);
                continue;
            }
            if dim.step.is_zero() {
                report.add(&STEPS, self.span, format!("`{memlet}` has a step of 0"));
                continue;
            }
            let facts = self.it.facts(self.scope);
            if let Some(tile) = &dim.tile
                && !facts.is_some_and(|facts| is_tile(tile, &dim.step, facts))
            {
                let message = format!("`{memlet}` has tiles of {tile} with a step of {}", dim.step);
                report.add(&TILES, self.span, message);
                continue;
            }
            let outside = match offset.get(at) {
                Some(offset) => facts.is_some_and(|facts| is_outside(&dim.moved(offset), extent, facts)),
                None => *proved
                    .entry((self.it.fact_id(self.scope), dim, extent))
                    .or_insert_with(|| facts.is_some_and(|facts| is_outside(dim, extent, facts))),
            };
            if outside && !self.it.may_be_stale(data) {
                let message = format!("`{memlet}` leaves `{name}`: {dim} is not in 0:{extent}");
                report.add(&BOUNDS, self.span, message);
            }
        }
    }

    fn copy(
        &self,
        (data, subset): (&Data, &Subset),
        other: &'a Name,
        proved: &mut Proved<'a>,
        report: &mut Report,
    ) {
        let Some(other_data) = self.it.sdfg.container(other) else { return };
        if data.dtype() != other_data.dtype() {
            let (here, there) = (data.dtype(), other_data.dtype());
            let message = format!("`{}` copies between {here} and {there} (`{other}`)", self.memlet);
            report.add(&COPIES, self.span, message);
        }
        if let Some(other_subset) = &self.memlet.other_subset {
            self.subset(other, other_data, other_subset, proved, report);
        }
        // A subset of a stream tells queues, not elements.
        if data.as_stream().is_some() || other_data.as_stream().is_some() {
            return;
        }
        let all;
        let other_subset = match &self.memlet.other_subset {
            Some(subset) => subset,
            None => {
                all = Subset::full(other_data.shape());
                &all
            }
        };
        let (here, there) = (subset.num_elements(), other_subset.num_elements());
        let differ = |facts: &Facts| here != there && facts.prove_eq(&here, &there) == Some(false);
        if self.it.facts(self.scope).is_some_and(differ) {
            let message = format!("`{}` copies {here} elements to {there} of `{other}`", self.memlet);
            report.add(&COPIES, self.span, message);
        }
    }
}

/// Whether tiles have elements, and do not overlap.
fn is_tile(tile: &Expr, step: &Expr, facts: &Facts) -> bool {
    facts.prove_ge(tile, &Expr::one()) == Some(true) && facts.prove_le(tile, step) == Some(true)
}

/// Whether a range has an index that is provably not in `0:extent`.
fn is_outside(dim: &Range, extent: &Expr, facts: &Facts) -> bool {
    if dim.start.is_zero() && dim.stop == *extent {
        return false;
    }
    let Some((low, high)) = dim.extremes() else { return false };
    // Nearly all ranges are inside, and it is quick to prove what is true: that is what is asked for.
    let outside =
        facts.prove_ge(&low, &Expr::zero()) == Some(false) || facts.prove_lt(&high, extent) == Some(false);
    outside && (dim.as_index().is_some() || dim.is_empty(facts) == Some(false))
}

/// The container that an edge's data comes from, through maps; `None` if it is computed.
pub(crate) fn source<'a>(state: &'a State, edge: EdgeView<'a>) -> Option<&'a Name> {
    match state.node(edge.src) {
        Node::Access(name) => Some(name),
        Node::MapEntry(_) => {
            let id = state.origin(edge.id)?;
            let (src, dst) = state.endpoints(id);
            source(state, EdgeView { id, src, dst, edge: state.edge(id) })
        }
        _ => None,
    }
}

/// The container that an edge's data goes to, through maps; `None` if it is computed with.
pub(crate) fn target<'a>(state: &'a State, edge: EdgeView<'a>) -> Option<&'a Name> {
    match state.node(edge.dst) {
        Node::Access(name) => Some(name),
        Node::MapExit { .. } => state.continuations(edge.id).into_iter().find_map(|id| {
            let (src, dst) = state.endpoints(id);
            target(state, EdgeView { id, src, dst, edge: state.edge(id) })
        }),
        _ => None,
    }
}
