//! Views and references: which edge tells what an access node stands for.
//!
//! Edges at the connectors `views` and `set` say so themselves. Files of earlier versions leave the connector of a view out;
//! then it is the only edge on its side, or the one that leads to a container and not to a computation.

use super::read_state::Wire;
use crate::data::{SET, VIEWS};
use crate::{Data, Memlet, Name, Node, Sdfg, Subset};

/// Gives edges of views and references their form: a connector, and a memlet about the container that is shown.
pub(super) fn normalize(sdfg: &Sdfg, nodes: &[Node], wires: &mut [Wire]) {
    if !sdfg.containers.values().any(|data| data.is_alias()) {
        return;
    }
    let alias = |at: usize| {
        let name = nodes[at].as_access()?;
        sdfg.container(name).filter(|data| data.is_alias()).map(|data| (name, data))
    };
    for at in 0..nodes.len() {
        let Some((name, Data::View(_))) = alias(at) else { continue };
        let own = |conn: &Option<Name>| conn.as_ref().is_some_and(|conn| conn == VIEWS);
        let said =
            |it: &Wire| it.dst == at && own(&it.edge.dst_conn) || it.src == at && own(&it.edge.src_conn);
        if wires.iter().any(said) {
            continue;
        }
        if let Some(edge) = view_edge(nodes, wires, at, name) {
            let wire = &mut wires[edge];
            let end = if wire.dst == at { &mut wire.edge.dst_conn } else { &mut wire.edge.src_conn };
            *end = Some(VIEWS.into());
        }
    }
    for wire in wires {
        let at = |conn: &Option<Name>| conn.as_ref().is_some_and(|conn| conn == VIEWS || conn == SET);
        let end = match (at(&wire.edge.dst_conn), at(&wire.edge.src_conn)) {
            (true, _) => wire.dst,
            (_, true) => wire.src,
            _ => continue,
        };
        if let (Some((name, _)), Some(memlet)) = (alias(end), &mut wire.edge.memlet) {
            about_the_other_end(sdfg, nodes, [wire.src, wire.dst], name, memlet);
        }
    }
}

/// The edge that shows what a view stands for.
fn view_edge(nodes: &[Node], wires: &[Wire], at: usize, name: &Name) -> Option<usize> {
    let all = |f: &dyn Fn(&Wire) -> bool| -> Vec<usize> {
        (0..wires.len()).filter(|edge| wires[*edge].edge.memlet.is_some() && f(&wires[*edge])).collect()
    };
    let (entering, leaving) = (all(&|wire| wire.dst == at), all(&|wire| wire.src == at));
    let about_view =
        |edge: usize| wires[edge].edge.memlet.as_ref().is_some_and(|memlet| memlet.data == *name);
    let computes = |node: usize| matches!(nodes[node], Node::Tasklet(_) | Node::Nested(_) | Node::Library(_));
    match (&entering[..], &leaving[..]) {
        ([only], [] | [_, _, ..]) => Some(*only),
        ([] | [_, _, ..], [only]) => Some(*only),
        ([before], [after]) => match (computes(wires[*before].src), computes(wires[*after].dst)) {
            (false, true) => Some(*before),
            (true, false) => Some(*after),
            (true, true) => None,
            (false, false) if about_view(*before) && !about_view(*after) => Some(*after),
            (false, false) => Some(*before),
        },
        _ => None,
    }
}

/// Says what is shown in terms of the container that shows it; the alias has its own shape.
fn about_the_other_end(sdfg: &Sdfg, nodes: &[Node], ends: [usize; 2], name: &Name, memlet: &mut Memlet) {
    let other = ends.into_iter().filter_map(|end| nodes[end].as_access()).find(|other| *other != name);
    if memlet.data == *name
        && let Some(data) = other.and_then(|other| sdfg.container(other))
        && let Some(other) = other
    {
        let shown = memlet.other_subset.take().unwrap_or_else(|| Subset::full(data.shape()));
        *memlet = Memlet::new(other, shown);
    }
    memlet.other_subset = None;
}
