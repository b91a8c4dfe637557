//! Consume scopes that take several elements at a time.
//!
//! In a file, the elements go straight to a tasklet, as a pointer. Here they go to a container first, which the file's SDFG
//! gets, and which is left out on the way back:
//!
//! ```text
//! consume ─ S ─▶ tasklet      consume ─ S ─▶ (__S_chunk8) ─ __S_chunk8[0:8] ─▶ tasklet
//! ```

use super::read::end;
use super::read_state::Wire;
use super::tree::Value;
use crate::node::Consume;
use crate::{Array, Data, Edge, Expr, IndexMap, Memlet, Name, Node, NodeId, Sdfg, State, Storage};

/// Adds the containers that the scopes of an SDFG's own states need.
pub(super) fn declare(value: &Value, sdfg: &mut Sdfg) {
    if !sdfg.containers.values().any(|data| data.as_stream().is_some()) {
        return;
    }
    let mut regions = vec![value];
    while let Some(region) = regions.pop() {
        let branches = region.get("branches").and_then(Value::as_array).into_iter().flatten();
        regions.extend(branches.filter_map(|branch| branch.at(1)));
        if region.get("type").and_then(Value::as_str) == Some("SDFGState") {
            declare_in(region, sdfg);
        } else {
            regions.extend(region.get("nodes").and_then(Value::as_array).into_iter().flatten());
        }
    }
}

fn declare_in(state: &Value, sdfg: &mut Sdfg) {
    let list = |key: &str| state.get(key).and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    for (at, node) in list("nodes").iter().enumerate() {
        let Some(chunk) = chunk(node).filter(|chunk| (2..=Consume::MAX_CHUNK).contains(chunk)) else {
            continue;
        };
        let enters = |edge: &&Value| {
            end(edge, "dst") == Some(at)
                && edge.get("dst_connector").and_then(Value::as_str) == Some(Consume::INPUT)
        };
        let computes = |edge: &&Value| {
            let leaves = end(edge, "src") == Some(at);
            let dst = end(edge, "dst").and_then(|dst| list("nodes").get(dst));
            let element = edge.get("src_connector").and_then(Value::as_str) == Some(Consume::OUTPUT);
            leaves
                && element
                && dst.and_then(|it| it.get("type")).and_then(Value::as_str) != Some("AccessNode")
        };
        if !list("edges").iter().any(|edge| computes(&edge)) {
            continue;
        }
        let memlet = list("edges")
            .iter()
            .find(enters)
            .and_then(|edge| edge.get("attributes")?.get("data")?.get("attributes"));
        let Some(stream) = memlet.and_then(|it| it.get("data")).and_then(Value::as_str) else { continue };
        let Some(dtype) = sdfg.container(stream).map(Data::dtype) else { continue };
        let array =
            Array { storage: Storage::Register, ..Array::transient(dtype, [Expr::int(chunk as i64)]) };
        sdfg.containers.entry(container(stream, chunk)).or_insert(array.into());
    }
}

/// How many elements a node of a file takes, if it begins a consume scope.
fn chunk(node: &Value) -> Option<usize> {
    if node.get("type")?.as_str()? != "ConsumeEntry" {
        return None;
    }
    usize::try_from(node.get("attributes")?.get("chunksize")?.as_u64()?).ok()
}

fn container(stream: &str, chunk: usize) -> Name {
    format!("__{stream}_chunk{chunk}").into()
}

/// Leads elements that go to computations through containers; returns the accesses, which follow the nodes of the file.
pub(super) fn split(sdfg: &Sdfg, nodes: &[Value], wires: &mut Vec<Wire>) -> Vec<Node> {
    let mut added = Vec::new();
    for at in 0..wires.len() {
        let wire = &mut wires[at];
        let Some(chunk) = chunk(&nodes[wire.src]).filter(|chunk| *chunk != 1) else { continue };
        let element = wire.edge.src_conn.as_ref().is_some_and(|conn| conn == Consume::OUTPUT);
        let computes = nodes[wire.dst].get("type").and_then(Value::as_str) != Some("AccessNode");
        let (Some(memlet), true) = (&mut wire.edge.memlet, element && computes) else { continue };
        let name = container(&memlet.data, chunk);
        let Some(data) = sdfg.container(&name) else { continue };
        memlet.other_subset = Some(data.whole());
        let mut inner = Wire::plain(nodes.len() + added.len(), wire.dst, Memlet::new(&name, data.whole()));
        inner.edge.dst_conn = wire.edge.dst_conn.take();
        wire.dst = inner.src;
        added.push(Node::Access(name));
        wires.push(inner);
    }
    added
}

/// Leads elements that go through such a container only to one tasklet straight to it: DaCe compiles no other form.
pub(super) fn join(sdfg: &mut Sdfg) {
    if !sdfg.containers.values().any(|data| data.as_stream().is_some()) {
        return;
    }
    let containers = sdfg.containers.clone();
    sdfg.body.visit_states_mut(&mut |state| {
        let consumes = |map: &crate::Map| map.consume.as_ref().is_some_and(|it| it.chunk != 1);
        let scopes = state.nodes().filter(|(_, node)| node.as_map().is_some_and(consumes));
        let scopes: Vec<NodeId> = scopes.map(|(id, _)| id).collect();
        for entry in scopes {
            join_one(state, entry, &containers);
        }
    });
}

fn join_one(state: &mut State, entry: NodeId, containers: &IndexMap<Name, Data>) -> Option<()> {
    let chunk = state.node(entry).as_map()?.consume.as_ref()?.chunk;
    let edges = state.out_edges(entry);
    let first = edges.iter().find(|edge| edge.src_conn().is_some_and(|conn| conn == Consume::OUTPUT))?;
    let (taken, access) = (first.memlet()?.clone(), first.dst);
    let name = container(&taken.data, chunk);
    let whole = containers.get(&name)?.whole();
    let [second] = &state.out_edges(access)[..] else { return None };
    let straight = state.node(access).as_access() == Some(&name)
        && state.in_edges(access).len() == 1
        && state.node(second.dst).as_tasklet().is_some()
        && second.memlet().is_some_and(|memlet| memlet.subset == whole)
        && taken.other_subset.as_ref().is_none_or(|other| *other == whole);
    if !straight {
        return None;
    }
    let (dst, dst_conn) = (second.dst, second.dst_conn().cloned());
    let edge = Edge {
        src_conn: Some(Consume::OUTPUT.into()),
        dst_conn,
        memlet: Some(Memlet { other_subset: None, ..taken }),
    };
    state.remove_node(access);
    state.add_edge(entry, dst, edge);
    Some(())
}
