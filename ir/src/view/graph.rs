//! Graphs as the page's program reads them: frames in frames, and in states nodes and edges.

use crate::drawing;
use crate::state::EdgeView;
use crate::text::outline::{Item, outline};
use crate::{Block, Node, NodeId, Region, Sdfg, State};
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// An SDFG with its containers and its body.
pub(super) fn sdfg(sdfg: &Sdfg) -> Value {
    let containers = sdfg.containers.iter().map(|(name, data)| {
        let role = if data.is_transient() { "transient " } else { "" };
        format!("{role}{name}: {data}")
    });
    let detail = containers.collect::<Vec<_>>().join("\n");
    json!({ "kind": "sdfg", "title": sdfg.name.as_str(), "detail": detail, "parts": region(sdfg, &sdfg.body) })
}

fn region(sdfg: &Sdfg, region: &Region) -> Vec<Value> {
    region.blocks.iter().map(|it| block(sdfg, it)).collect()
}

fn block(sdfg: &Sdfg, block: &Block) -> Value {
    let step = |text: &str| json!({ "kind": "step", "title": text });
    match block {
        Block::State(it) => {
            json!({ "kind": "state", "title": it.label.as_str(), "graph": dataflow(sdfg, it) })
        }
        Block::Assign(all) => step(&drawing::assignments(all)),
        Block::Loop(it) => {
            json!({ "kind": "loop", "title": drawing::repeat(it), "parts": region(sdfg, &it.body) })
        }
        Block::Conditional(it) => {
            let branches = it.branches.iter().enumerate().map(|(at, branch)| {
                let parts = region(sdfg, &branch.body);
                json!({ "kind": "branch", "title": drawing::branch(branch, at == 0), "parts": parts })
            });
            json!({ "kind": "choice", "title": "", "parts": branches.collect::<Vec<_>>() })
        }
        Block::Machine(it) => {
            let vertices = it.vertices.iter().enumerate().map(|(at, vertex)| {
                let parts = region(sdfg, &vertex.body);
                json!({ "kind": "branch", "title": drawing::vertex(it, at), "parts": parts })
            });
            json!({ "kind": "choice", "title": it.label.as_str(), "parts": vertices.collect::<Vec<_>>() })
        }
        Block::Effect(it) => step(&drawing::effect(it)),
        Block::Break => step("break"),
        Block::Continue => step("continue"),
        Block::Return => step("return"),
    }
}

/// The places of nodes: the maps around each, outermost first.
type Paths = BTreeMap<NodeId, Vec<NodeId>>;

fn dataflow(sdfg: &Sdfg, state: &State) -> Value {
    let items = outline(state);
    let mut paths = Paths::new();
    locate(&items, &mut Vec::new(), &mut paths);
    graph(sdfg, state, &items, &[], &paths)
}

fn locate(items: &[Item], around: &mut Vec<NodeId>, paths: &mut Paths) {
    for item in items {
        match item {
            Item::Node(id) => {
                paths.insert(*id, around.clone());
            }
            Item::Scope { entry, inside, exit } => {
                around.push(*entry);
                paths.insert(*entry, around.clone());
                paths.insert(*exit, around.clone());
                locate(inside, around, paths);
                around.pop();
            }
        }
    }
}

/// The nodes directly inside of the given maps; each map among them is one node that holds a graph.
fn graph(sdfg: &Sdfg, state: &State, items: &[Item], around: &[NodeId], paths: &Paths) -> Value {
    let mut nodes = Vec::new();
    for item in items {
        nodes.push(match item {
            Item::Node(id) => node(sdfg, state, *id),
            Item::Scope { entry, inside, exit } => {
                let mut inner_around = around.to_vec();
                inner_around.push(*entry);
                let mut inner = graph(sdfg, state, inside, &inner_around, paths);
                if let Some(all) = inner["nodes"].as_array_mut() {
                    all.insert(0, node(sdfg, state, *entry));
                    all.push(node(sdfg, state, *exit));
                }
                let title = state.node(*entry).as_map().map(|map| map.label.to_string()).unwrap_or_default();
                let text = drawing::node(sdfg, state, state.node(*entry)).text;
                json!({
                    "id": scope_id(*entry), "kind": "scope", "title": format!("{title} {text}"), "graph": inner,
                })
            }
        });
    }
    json!({ "nodes": nodes, "edges": edges(sdfg, state, around, paths) })
}

fn scope_id(entry: NodeId) -> String {
    format!("scope {entry}")
}

/// Edges between nodes directly inside of the given maps. An end that lies in another map is that map.
fn edges(sdfg: &Sdfg, state: &State, around: &[NodeId], paths: &Paths) -> Vec<Value> {
    let end = |id: NodeId| {
        let path = paths.get(&id)?;
        let inside = path.strip_prefix(around)?;
        Some(inside.first().map_or_else(|| id.to_string(), |entry| scope_id(*entry)))
    };
    let mut edges = Vec::new();
    for edge in state.edges() {
        if let (Some(src), Some(dst)) = (end(edge.src), end(edge.dst))
            && src != dst
        {
            edges.push(json!({
                "from": src, "to": dst, "label": drawing::edge(edge), "detail": detail(sdfg, state, edge),
            }));
        }
    }
    edges
}

/// Everything about an edge.
fn detail(sdfg: &Sdfg, state: &State, edge: EdgeView<'_>) -> String {
    let end = |id: NodeId, conn: Option<&crate::Name>| {
        let name = match state.node(id) {
            Node::Access(data) => data.to_string(),
            Node::Tasklet(tasklet) => tasklet.label.to_string(),
            Node::MapEntry(map) => map.label.to_string(),
            Node::MapExit { entry } if state.contains(*entry) => {
                state.node(*entry).as_map().map(|map| map.label.to_string()).unwrap_or_default()
            }
            Node::Nested(nested) => nested.sdfg.name.to_string(),
            Node::Library(library) => library.label.to_string(),
            Node::MapExit { .. } => id.to_string(),
        };
        conn.map_or(name.clone(), |conn| format!("{name}.{conn}"))
    };
    let ends = format!("{} → {}", end(edge.src, edge.src_conn()), end(edge.dst, edge.dst_conn()));
    let Some(memlet) = edge.memlet() else { return format!("order only\n{ends}") };
    let mut plain = memlet.clone();
    (plain.wcr, plain.dynamic) = (None, false);
    let dtype = sdfg.container(&memlet.data).map(|data| format!(" of {}", data.dtype())).unwrap_or_default();
    let most = if memlet.dynamic { "at most " } else { "" };
    let wcr = memlet.wcr.map(|wcr| format!(", combined by {wcr}")).unwrap_or_default();
    format!("{plain}\n{most}{} elements{dtype}{wcr}\n{ends}", memlet.volume())
}

fn node(sdfg: &Sdfg, state: &State, id: NodeId) -> Value {
    let node = state.node(id);
    let drawn = drawing::node(sdfg, state, node);
    let (kind, detail) = match node {
        Node::Access(data) => {
            ("access", sdfg.container(data).map(|it| format!("{data}: {it}")).unwrap_or_default())
        }
        Node::Tasklet(tasklet) => ("tasklet", tasklet.label.to_string()),
        Node::MapEntry(map) => ("entry", format!("{} {:?}", map.label, map.schedule)),
        Node::MapExit { .. } => ("exit", String::new()),
        Node::Nested(_) => ("nested", String::new()),
        Node::Library(library) => ("library", library.label.to_string()),
    };
    let mut value = json!({
        "id": id.to_string(), "kind": kind, "title": drawn.text, "detail": detail, "transient": drawn.transient,
    });
    if let Node::Nested(nested) = node {
        value["inner"] = self::sdfg(&nested.sdfg);
    }
    value
}
