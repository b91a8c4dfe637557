//! V030 and V032: streams and the scopes that consume them.

use super::Report;
use super::memlets::{source, target};
use super::rules::{CONDITIONS, CONSUME, STREAMS};
use super::state::Checked;
use crate::node::Consume;
use crate::{Map, Memlet, Node, NodeId, Span};

pub(super) fn check(it: &Checked<'_>, report: &mut Report) {
    for edge in it.state.edges() {
        let Some(memlet) = edge.memlet() else { continue };
        let ends = [source(it.state, edge), target(it.state, edge)];
        let is_stream =
            |name: &crate::Name| it.sdfg.container(name).is_some_and(|data| data.as_stream().is_some());
        if !ends.into_iter().flatten().any(is_stream) && !is_stream(&memlet.data) {
            continue;
        }
        let span = it.state.node(edge.src).span().or(it.state.node(edge.dst).span()).or(it.state.span);
        if memlet.wcr.is_some() {
            let message = format!("`{memlet}` is about a stream and has a conflict resolution");
            report.add(&STREAMS, span, message);
        }
        for (id, name) in [(edge.src, edge.src_conn()), (edge.dst, edge.dst_conn())] {
            match it.state.node(id) {
                Node::Tasklet(tasklet) => {
                    let port = name.and_then(|name| tasklet.inputs.get(name).or(tasklet.outputs.get(name)));
                    if !is_queue(memlet) || port.is_some_and(|port| port.rank > 0) {
                        let message = format!(
                            "`{memlet}` is not one element of one queue at tasklet `{}`",
                            tasklet.label
                        );
                        report.add(&STREAMS, tasklet.span.or(span), message);
                    }
                }
                Node::Library(node) => {
                    report.add(
                        &STREAMS,
                        node.span,
                        format!("the library node `{}` uses a stream", node.label),
                    );
                }
                _ => {}
            }
        }
    }
    for &id in &it.order {
        if let Node::MapEntry(map) = it.state.node(id)
            && let Some(consume) = &map.consume
        {
            check_consume(it, id, map, consume, report);
        }
    }
}

fn is_queue(memlet: &Memlet) -> bool {
    memlet.subset.dims.iter().all(|dim| dim.as_index().is_some())
}

fn check_consume(it: &Checked<'_>, id: NodeId, map: &Map, consume: &Consume, report: &mut Report) {
    let (label, span) = (&map.label, map.span.or(it.state.span));
    if map.params.len() > 1 {
        report.add(
            &CONSUME,
            span,
            format!("the consume scope `{label}` has {} parameters", map.params.len()),
        );
    }
    let entering = it.state.in_edges(id);
    let stream = entering.iter().find(|edge| edge.dst_conn().is_some_and(|conn| conn == Consume::INPUT));
    let memlet = stream.and_then(|edge| edge.memlet());
    let queue = memlet.filter(|memlet| {
        is_queue(memlet) && it.sdfg.container(&memlet.data).is_some_and(|data| data.as_stream().is_some())
    });
    if queue.is_none() {
        let message = format!("no queue enters the consume scope `{label}` at `{}`", Consume::INPUT);
        report.add(&CONSUME, span, message);
    }
    for edge in it.state.out_edges(id) {
        let element = edge.src_conn().is_some_and(|conn| conn == Consume::OUTPUT);
        if element && !matches!(it.state.node(edge.dst), Node::Tasklet(_) | Node::Access(_)) {
            let message = format!("the element of the consume scope `{label}` goes to {}", edge.dst);
            report.add(&CONSUME, span, message);
        }
    }
    if consume.chunk != 1 {
        check_chunk(it, id, map, consume.chunk, report);
    }
    if let Some(stop) = &consume.stop {
        check_stop(it, stop, span, report);
    }
}

/// Several elements at a time go to one container that has room for as many.
fn check_chunk(it: &Checked<'_>, id: NodeId, map: &Map, chunk: usize, report: &mut Report) {
    let (label, span) = (&map.label, map.span.or(it.state.span));
    if !(1..=Consume::MAX_CHUNK).contains(&chunk) {
        report.add(&CONSUME, span, format!("the consume scope `{label}` takes {chunk} elements at a time"));
        return;
    }
    let all = it.state.out_edges(id);
    let all: Vec<_> =
        all.iter().filter(|edge| edge.src_conn().is_some_and(|conn| conn == Consume::OUTPUT)).collect();
    let room = |edge: &crate::state::EdgeView<'_>| {
        let (target, memlet) = (it.state.node(edge.dst).as_access()?, edge.memlet()?);
        let data = it.sdfg.container(target).filter(|data| data.as_stream().is_none())?;
        let subset = if memlet.data == *target { Some(&memlet.subset) } else { memlet.other_subset.as_ref() };
        Some(subset.cloned().unwrap_or_else(|| data.whole()).num_elements())
    };
    let fits = |edge: &crate::state::EdgeView<'_>| {
        room(edge).is_some_and(|room| room.as_int() == Some(chunk as i64))
    };
    if !(all.len() <= 1 && all.iter().all(|edge| fits(edge))) {
        let message = format!(
            "the {chunk} elements of the consume scope `{label}` do not go to one container of as many"
        );
        report.add(&CONSUME, span, message);
    }
}

fn check_stop(it: &Checked<'_>, stop: &crate::ScalarExpr, span: Span, report: &mut Report) {
    let symbolic = matches!(stop, crate::ScalarExpr::Symbolic(_));
    match stop.dtype(&|name| it.sdfg.container(name).map(|data| data.dtype())) {
        Ok(dtype) if dtype != crate::DType::Bool && !symbolic => {
            report.add(&CONDITIONS, span, format!("a condition is of type {dtype}, not bool"));
        }
        Ok(_) => {}
        Err(error) => report.add(&CONDITIONS, span, error.to_string()),
    }
}
