//! Structures in states: accesses of them, and views of structures, become accesses of their members.
//!
//! ```text
//! there   (p) ─p[i]─▶ views (one) ─one.mass─▶ views (m)        a structure, a view of it, a view of a member
//! here                      (p.mass) ─p.mass[i]─▶ views (m)
//! ```
//!
//! It is done to the file's own form, before a state is read. Written are members as such, which DaCe takes too.

use super::error::{Path, Result};
use super::expr;
use super::read::{Reader, get, list, node_id};
use super::tree::{self, Object};
use super::write::{Writer, put_back};
use crate::attributes::Attributes;
use crate::data::VIEWS;
use crate::structure::member;
use crate::{Data, Expr, IndexMap, Name, Range, Structure};
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// What a name of a file stands for: a container or structure, and the indices of arrays of structures before its own.
#[derive(Clone, Debug)]
struct Place<'v> {
    name: Name,
    indices: Vec<tree::Value<'v>>,
}

/// Where views of structures look, by their names.
type Views<'v> = BTreeMap<String, Place<'v>>;

impl Reader<'_> {
    /// The state without accesses of structures; `None` if it has none.
    pub(super) fn without_structures<'v>(
        &self,
        state: &tree::Value<'v>,
        path: &Path<'_>,
    ) -> Result<Option<tree::Value<'v>>> {
        if self.sdfg.structures.is_empty() {
            return Ok(None);
        }
        let (nodes_path, edges_path) = (path.key("nodes"), path.key("edges"));
        let nodes = list(get(state, "nodes", path)?, &nodes_path)?;
        let edges = list(get(state, "edges", path)?, &edges_path)?;
        let is_structure: Vec<bool> = nodes
            .iter()
            .map(|node| {
                data_of(node).is_some_and(|data| {
                    self.sdfg.structures.contains_key(data) || !self.sdfg.containers.contains_key(data)
                })
            })
            .collect();
        if !is_structure.contains(&true) {
            return Ok(None);
        }
        let views = self.structure_views(nodes, edges, &is_structure, path)?;
        let mut result = Rewritten { nodes: Vec::new(), edges: Vec::new(), places: BTreeMap::new() };
        for (at, node) in nodes.iter().enumerate() {
            if !is_structure[at] {
                result.places.insert((at, None), result.nodes.len());
                result.nodes.push(node.clone());
            }
        }
        for (at, edge) in edges.iter().enumerate() {
            let path = edges_path.index(at);
            let ends = [node_id(edge, "src", nodes.len(), &path)?, node_id(edge, "dst", nodes.len(), &path)?];
            let mut edge = edge.clone();
            let place = memlet(&edge)
                .and_then(|memlet| Some(self.place(memlet.get("data")?.as_str()?, memlet, &views)));
            let moves = match place {
                Some(place) if self.sdfg.containers.contains_key(&place.name) => {
                    let name = place.name.clone();
                    self.put(&mut edge, place);
                    Some(name)
                }
                // A structure as a whole: only the order is left of it.
                Some(_) => {
                    edge["attributes"]["data"]["attributes"] = tree::Value::object([]);
                    edge["src_connector"] = tree::Value::Null;
                    edge["dst_connector"] = tree::Value::Null;
                    None
                }
                None => None,
            };
            result.add(edge, ends, moves, nodes, &is_structure);
        }
        Ok(Some(result.state(state)))
    }

    /// Where each view of a structure looks: views of views come after what they view.
    fn structure_views<'v>(
        &self,
        nodes: &[tree::Value<'v>],
        edges: &[tree::Value<'v>],
        is_structure: &[bool],
        path: &Path<'_>,
    ) -> Result<Views<'v>> {
        let mut views = Views::new();
        for _ in 0..nodes.len() {
            let known = views.len();
            for edge in edges {
                let end = |key: &str| {
                    let at = node_id(edge, key, nodes.len(), path).ok()?;
                    is_structure[at].then(|| data_of(&nodes[at])).flatten()
                };
                let at_views = |key: &str| edge.get(key).and_then(tree::Value::as_str) == Some(VIEWS);
                let view = match (at_views("dst_connector"), at_views("src_connector")) {
                    (true, _) => end("dst"),
                    (_, true) => end("src"),
                    _ => None,
                };
                let (Some(view), Some(memlet)) = (view, memlet(edge)) else { continue };
                let Some(data) = memlet.get("data").and_then(tree::Value::as_str) else { continue };
                let place = self.place(data, memlet, &views);
                if self.sdfg.structures.contains_key(&place.name) && !views.contains_key(view) {
                    views.insert(view.to_owned(), place);
                }
            }
            if views.len() == known {
                break;
            }
        }
        Ok(views)
    }

    /// What a memlet about `data` is about.
    fn place<'v>(&self, data: &str, memlet: &Object<'v>, views: &Views<'v>) -> Place<'v> {
        let (first, rest) = data.split_once('.').map_or((data, None), |(first, rest)| (first, Some(rest)));
        let mut place = match views.get(first) {
            Some(view) => view.clone(),
            None => Place { name: first.into(), indices: Vec::new() },
        };
        if let Some(rest) = rest {
            place.name = member(&place.name, rest);
        }
        let extents = self.sdfg.structures.get(&place.name).map_or(0, |it| it.shape.len());
        let own = memlet.get("subset").and_then(|it| it.get("ranges")).and_then(tree::Value::as_array);
        if extents > place.indices.len() {
            let wanted = extents - place.indices.len();
            place.indices.extend(own.into_iter().flatten().take(wanted).cloned());
        }
        place
    }

    /// Lets a memlet name a member, with the indices of its structure before its own.
    fn put<'v>(&self, edge: &mut tree::Value<'v>, place: Place<'v>) {
        let Some(memlet) = edge["attributes"]["data"]["attributes"].as_object_mut() else { return };
        memlet.insert("data", place.name.to_string().into());
        let Some(data) = self.sdfg.container(&place.name) else { return };
        if place.indices.is_empty() {
            return;
        }
        let own = memlet.get("subset").and_then(|it| it.get("ranges")).and_then(tree::Value::as_array);
        let inner = &data.shape()[place.indices.len().min(data.rank())..];
        let mut ranges = place.indices;
        match own {
            Some(own) => ranges.extend(own.iter().take(inner.len()).cloned()),
            None => {
                let whole: Vec<Range> = inner.iter().map(|it| Range::new(0, it.clone())).collect();
                let whole = expr::ranges(&whole, expr::Syntax::SymPy);
                ranges.extend(whole["ranges"].as_array().into_iter().flatten().map(tree::Value::from));
            }
        }
        memlet.insert("subset", tree::Value::object([("type", "Range".into()), ("ranges", ranges.into())]));
    }
}

/// A state in which accesses of structures are replaced.
struct Rewritten<'v> {
    nodes: Vec<tree::Value<'v>>,
    edges: Vec<Wire<'v>>,
    /// New positions of nodes; an access of a structure has one for each member that is used.
    places: BTreeMap<(usize, Option<Name>), usize>,
}

/// An edge of such a state.
enum Wire<'v> {
    /// One between nodes that are there.
    Kept(tree::Value<'v>),
    /// One that orders nodes, which are known by their old positions.
    Order([usize; 2]),
}

impl<'v> Rewritten<'v> {
    /// Adds an edge between nodes, which are known by their old positions.
    fn add(
        &mut self,
        mut edge: tree::Value<'v>,
        ends: [usize; 2],
        moves: Option<Name>,
        nodes: &[tree::Value<'v>],
        is_structure: &[bool],
    ) {
        let mut place = |at: usize| -> Option<usize> {
            let key = (at, if is_structure[at] { moves.clone() } else { None });
            if let Some(place) = self.places.get(&key) {
                return Some(*place);
            }
            let name = key.1.clone()?;
            let mut node = nodes[at].clone();
            node["attributes"]["data"] = name.to_string().into();
            self.nodes.push(node);
            self.places.insert(key, self.nodes.len() - 1);
            Some(self.nodes.len() - 1)
        };
        let places = ends.map(&mut place);
        if let [Some(src), Some(dst)] = places {
            edge["src"] = src.to_string().into();
            edge["dst"] = dst.to_string().into();
            self.edges.push(Wire::Kept(edge));
        } else {
            self.edges.push(Wire::Order(ends));
        }
    }

    /// The state with the new nodes and edges. What was only ordered by a structure is ordered by its members.
    fn state(mut self, old: &tree::Value<'v>) -> tree::Value<'v> {
        let all = |at: usize| -> Vec<usize> {
            self.places.iter().filter(|((old, _), _)| *old == at).map(|(_, place)| *place).collect()
        };
        let mut edges = Vec::new();
        for edge in std::mem::take(&mut self.edges) {
            match edge {
                Wire::Kept(edge) => edges.push(edge),
                Wire::Order([first, then]) => {
                    for src in all(first) {
                        edges.extend(all(then).into_iter().map(|dst| order(src, dst)));
                    }
                }
            }
        }
        for node in &mut self.nodes {
            for key in ["scope_entry", "scope_exit"] {
                let at = node
                    .get(key)
                    .and_then(|it| it.as_str().and_then(|it| it.parse().ok()).or_else(|| it.as_u64()));
                let at = at.and_then(|at: u64| usize::try_from(at).ok());
                if let Some(place) = at.and_then(|at| self.places.get(&(at, None))) {
                    node[key] = place.to_string().into();
                }
            }
        }
        let mut state = old.clone();
        state["nodes"] = self.nodes.into();
        state["edges"] = edges.into();
        state
    }
}

/// An edge that only orders two nodes.
fn order<'v>(src: usize, dst: usize) -> tree::Value<'v> {
    let empty = tree::Value::object([("type", "Memlet".into()), ("attributes", tree::Value::object([]))]);
    tree::Value::object([
        ("type", "MultiConnectorEdge".into()),
        ("src", src.to_string().into()),
        ("dst", dst.to_string().into()),
        ("src_connector", tree::Value::Null),
        ("dst_connector", tree::Value::Null),
        ("attributes", tree::Value::object([("data", empty)])),
    ])
}

fn data_of<'n>(node: &'n tree::Value<'_>) -> Option<&'n str> {
    (node.get("type")?.as_str()? == "AccessNode").then(|| node.get("attributes")?.get("data")?.as_str())?
}

fn memlet<'e, 'v>(edge: &'e tree::Value<'v>) -> Option<&'e Object<'v>> {
    let attributes = edge.get("attributes")?.get("data")?.get("attributes")?.as_object()?;
    attributes.get("data").is_some_and(|data| !data.is_null()).then_some(attributes)
}

impl Writer<'_> {
    /// Containers as the file has them: members inside of their structures.
    pub(super) fn containers(&self) -> Attributes {
        let mut all: IndexMap<String, Value> = IndexMap::default();
        for (name, data) in &self.sdfg.containers {
            let outermost = name.split_once('.').map(|(first, _)| Name::from(first));
            match outermost.and_then(|name| Some((self.sdfg.structures.get(&name)?, name))) {
                Some((structure, name)) => {
                    if !all.contains_key(name.as_str()) {
                        all.insert(name.to_string(), self.structure(&name, structure));
                    }
                }
                None => {
                    all.insert(name.to_string(), self.descriptor(name, data));
                }
            }
        }
        all.into_iter().collect()
    }

    fn structure(&self, name: &Name, structure: &Structure) -> Value {
        let (mut members, mut types, mut lengths) = (Vec::new(), Vec::new(), Vec::new());
        let mut transient = false;
        for field in &structure.members {
            let full = member(name, field);
            let described = match (self.sdfg.structures.get(&full), self.sdfg.container(&full)) {
                (Some(inner), _) => self.structure(&full, inner),
                (None, Some(data)) => {
                    transient |= data.is_transient();
                    self.descriptor(&full, data)
                }
                (None, None) => continue,
            };
            let dtype = &described["attributes"]["dtype"];
            let pointer = json!({ "type": "pointer", "dtype": dtype });
            let is_value = matches!(described["type"].as_str(), Some("Scalar" | "Structure"));
            types.push(json!([field.as_str(), if is_value { dtype.clone() } else { pointer }]));
            let count = self.sdfg.container(&full).map_or(Expr::one(), |data: &Data| {
                data.shape().iter().fold(Expr::one(), |product, extent| product * extent)
            });
            lengths.push(json!([field.as_str(), self.value(&count)]));
            members.push(json!([field.as_str(), described]));
        }
        let kept = self.sdfg.attributes.containers.get(name);
        let class = kept.and_then(|kept| kept.get("name")).and_then(Value::as_str).unwrap_or(name);
        let class = class.replace('.', "_");
        let bytes = 8 * members.len();
        let mut attributes = Attributes::new();
        attributes.insert("members".into(), members.into());
        attributes.insert("name".into(), json!(class));
        let fields =
            json!({ "type": "struct", "name": class, "data": types, "length": lengths, "bytes": bytes });
        attributes.insert("dtype".into(), json!({ "type": "pointer", "dtype": fields }));
        attributes.insert("shape".into(), json!(["1"]));
        if transient {
            attributes.insert("transient".into(), json!(true));
        }
        if !structure.shape.is_empty() {
            attributes
                .insert("_meta_extents".into(), structure.shape.iter().map(|it| self.value(it)).collect());
        }
        self.position(&mut attributes, structure.span);
        put_back(&mut attributes, kept);
        json!({ "type": "Structure", "attributes": attributes })
    }
}
