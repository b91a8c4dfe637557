//! Writes states: nodes with their ids and scopes, and edges with their memlets.

use super::callbacks::CODE;
use super::python;
use super::read_state::TypedCode;
use super::resolution::lambda;
use super::write::{Attributes, Writer, put_back};
use super::{Dialect, blas, operations};
use crate::foreign::ForeignOp;
use crate::library::Property;
use crate::name::inserting;
use crate::node::{Language, LibraryNode};
use crate::state::EdgeView;
use crate::text::outline::{Item, flatten, outline};
use crate::{
    Data, IndexMap, Map, Memlet, Name, NestedSdfg, Node, NodeId, State, Stmt, Subset, Tasklet, TaskletCode,
    Wcr,
};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};

/// Where each node stands in the file, and the map around it.
struct Places {
    order: Vec<NodeId>,
    ids: BTreeMap<NodeId, usize>,
    scopes: BTreeMap<NodeId, (NodeId, NodeId)>,
    /// Ids of nodes by the id of the map around them.
    children: IndexMap<String, Vec<usize>>,
}

impl Places {
    fn new(state: &State) -> Self {
        let items = outline(state);
        let order = flatten(&items);
        let ids = order.iter().enumerate().map(|(at, &id)| (id, at)).collect();
        let children = IndexMap::from_iter([("-1".to_owned(), Vec::new())]);
        let mut places = Places { order, ids, scopes: BTreeMap::new(), children };
        places.enter(&items, None);
        places
    }

    fn enter(&mut self, items: &[Item], scope: Option<(NodeId, NodeId)>) {
        for item in items {
            match item {
                Item::Node(id) => self.add(*id, scope),
                Item::Scope { entry, inside, exit } => {
                    self.add(*entry, scope);
                    self.enter(inside, Some((*entry, *exit)));
                    self.add(*exit, Some((*entry, *exit)));
                }
            }
        }
    }

    fn add(&mut self, id: NodeId, scope: Option<(NodeId, NodeId)>) {
        let key = scope.map_or_else(|| "-1".to_owned(), |(entry, _)| self.ids[&entry].to_string());
        self.children.entry(key).or_default().push(self.ids[&id]);
        if let Some(scope) = scope {
            self.scopes.insert(id, scope);
        }
    }

    /// The id of a node as text.
    fn text(&self, id: NodeId) -> Value {
        self.ids.get(&id).map_or(Value::Null, |id| json!(id.to_string()))
    }
}

/// A tasklet's names that DaCe would confuse with containers or symbols, and what they are called instead.
type Renamed = BTreeMap<Name, String>;

impl Writer<'_> {
    pub(super) fn state(&mut self, id: usize, state: &State) -> Value {
        let outer = self.path.clone();
        self.path = format!("{outer}/{}", state.label);
        let places = Places::new(state);
        let renamed: BTreeMap<NodeId, Renamed> =
            state.nodes().filter_map(|(id, node)| Some((id, self.renamed(node.as_tasklet()?)))).collect();
        let nodes: Vec<Value> =
            places.order.iter().map(|&node| self.node(state, node, &places, &renamed)).collect();
        let mut edges = Vec::new();
        for &node in &places.order {
            for edge in state.in_edges(node) {
                edges.push(self.edge(state, edge, &places, &renamed, edges.len()));
            }
        }
        let mut attributes = Attributes::new();
        attributes.insert("guid".into(), self.guid("state"));
        self.position(&mut attributes, state.span);
        self.instrument(state.instrument, &mut attributes);
        put_back(&mut attributes, Some(&state.attributes.state));
        self.path = outer;
        json!({
            "type": "SDFGState",
            "label": state.label.as_str(),
            "id": id,
            "collapsed": false,
            "scope_dict": places.children,
            "attributes": attributes,
            "nodes": nodes,
            "edges": edges,
        })
    }

    fn node(
        &mut self,
        state: &State,
        id: NodeId,
        places: &Places,
        renamed: &BTreeMap<NodeId, Renamed>,
    ) -> Value {
        let node = state.node(id);
        let mut attributes = Attributes::new();
        let (kind, label) = match node {
            Node::Access(data) => {
                attributes.insert("data".into(), json!(data.as_str()));
                if self.sdfg.container(data).is_some_and(Data::is_zeroed) {
                    attributes.insert("setzero".into(), json!(true));
                }
                alias_connectors(state, id, &mut attributes);
                ("AccessNode", data.to_string())
            }
            Node::Tasklet(tasklet) => {
                self.tasklet(tasklet, &renamed[&id], &mut attributes);
                if let Some(code) = state.attributes.nodes.get(&id).and_then(|kept| kept.get(CODE)) {
                    attributes.remove("_meta_call");
                    attributes.insert("code".into(), code.clone());
                }
                ("Tasklet", tasklet.label.to_string())
            }
            Node::MapEntry(map) => {
                scope_connectors(state, id, &mut attributes);
                self.map(map, &mut attributes);
                self.instrument(map.instrument, &mut attributes);
                (if map.consume.is_some() { "ConsumeEntry" } else { "MapEntry" }, map_label(map))
            }
            Node::MapExit { entry } => {
                scope_connectors(state, id, &mut attributes);
                let map = places.ids.get(entry).and_then(|_| state.node(*entry).as_map());
                let consumes = map.is_some_and(|map| map.consume.is_some());
                let kind = if consumes { "ConsumeExit" } else { "MapExit" };
                (kind, map.map(map_label).unwrap_or_default())
            }
            Node::Nested(nested) => {
                self.nested(nested, places.ids[&id], &mut attributes);
                ("NestedSDFG", nested.sdfg.name.to_string())
            }
            Node::Library(library) => {
                self.library(state, id, library, &mut attributes);
                ("LibraryNode", library.label.to_string())
            }
        };
        self.position(&mut attributes, node.span());
        attributes.insert("guid".into(), self.guid(&format!("node {}", places.ids[&id])));
        put_back(&mut attributes, state.attributes.nodes.get(&id));
        if node.as_tasklet().is_some_and(|tasklet| self.keeps_state(tasklet)) {
            attributes.insert("state_fields".into(), json!([self.sdfg.sections.state]));
        }
        let (entry, exit) = match (node, places.scopes.get(&id)) {
            (Node::MapEntry(map), scope) => {
                (scope.map_or(Value::Null, |(entry, _)| places.text(*entry)), places.text(map.exit))
            }
            (_, Some((entry, exit))) => (places.text(*entry), places.text(*exit)),
            (_, None) => (Value::Null, Value::Null),
        };
        let mut value = json!({
            "type": kind,
            "label": label,
            "attributes": attributes,
            "id": places.ids[&id],
            "scope_entry": entry,
            "scope_exit": exit,
        });
        if let Node::Library(library) = node {
            let kept = state.attributes.nodes.get(&id).and_then(|kept| kept.get("classpath"));
            let foreign = library.op.as_any().downcast_ref::<ForeignOp>().map(|op| json!(op.class));
            value["classpath"] =
                foreign.or(kept.cloned()).unwrap_or_else(|| json!(class_path(library, self.dialect)));
        }
        value
    }

    fn tasklet(&self, tasklet: &Tasklet, renamed: &Renamed, attributes: &mut Attributes) {
        let name = |name: &Name| renamed.get(name).cloned().unwrap_or_else(|| name.to_string());
        attributes.insert("label".into(), json!(tasklet.label.as_str()));
        for (key, connectors) in [("in_connectors", &tasklet.inputs), ("out_connectors", &tasklet.outputs)] {
            let connectors: Attributes = connectors
                .iter()
                .map(|(conn, connector)| {
                    let pointer = json!({ "type": "pointer", "dtype": super::write::dtype(connector.dtype) });
                    (name(conn), if connector.rank > 0 { pointer } else { Value::Null })
                })
                .collect();
            attributes.insert(key.into(), connectors.into());
        }
        let (code, language) = match &tasklet.code {
            TaskletCode::Native(stmts) => {
                let words = python::Words { name: &name, cast: python::dace_type };
                let source = python::statements(stmts, &words);
                if let Some(hint) = typed(tasklet, stmts, &source, renamed) {
                    attributes.insert("_meta_code".into(), json!(hint));
                }
                (source, "Python")
            }
            TaskletCode::External(call) => {
                let call = crate::text::print_call(call);
                attributes.insert("_meta_call".into(), json!(call));
                (format!("#error \"{call} is a call of dacec's own library\""), "CPP")
            }
            TaskletCode::Foreign(foreign) => {
                if foreign.language != Language::Cpp {
                    attributes.insert("_meta_language".into(), json!(foreign.language.name()));
                }
                (foreign.code.clone(), "CPP")
            }
        };
        attributes.insert("code".into(), json!({ "string_data": code, "language": language }));
    }

    /// Whether a tasklet is the one at which the file has what tasklets keep between calls: the first one in another
    /// language, unless the file that the SDFG came from has it somewhere.
    fn keeps_state(&self, tasklet: &Tasklet) -> bool {
        if self.sdfg.sections.state.is_empty() {
            return false;
        }
        let states = self.sdfg.body.states();
        let said = |it: &&State| it.attributes.nodes.values().any(|kept| kept.contains_key("state_fields"));
        let tasklets = states.iter().flat_map(|it| it.nodes()).filter_map(|(_, node)| node.as_tasklet());
        let first = tasklets.into_iter().find(|it| matches!(it.code, TaskletCode::Foreign(_)));
        !states.iter().any(said) && first.is_some_and(|first| std::ptr::eq(first, tasklet))
    }

    /// Connectors and variables that have the name of a container, or of a symbol that is visible to DaCe or used.
    fn renamed(&self, tasklet: &Tasklet) -> Renamed {
        // Nobody looks into code of another language.
        if let TaskletCode::Foreign(_) = tasklet.code {
            return Renamed::new();
        }
        let mut symbols = BTreeSet::new();
        tasklet.code.visit_symbols(&mut inserting(&mut symbols));
        let mut names: BTreeSet<Name> =
            tasklet.inputs.keys().chain(tasklet.outputs.keys()).cloned().collect();
        if let TaskletCode::Native(stmts) = &tasklet.code {
            stmts.iter().for_each(|stmt| collect_targets(stmt, &mut names));
        }
        let taken = |name: &str| {
            self.sdfg.containers.contains_key(name)
                || self.sdfg.symbols.contains_key(name)
                || symbols.contains(name)
        };
        let mut used: BTreeSet<String> = names.iter().map(ToString::to_string).collect();
        let mut renamed = Renamed::new();
        for name in names.iter().filter(|name| taken(name)) {
            let mut new = format!("__{name}");
            while taken(&new) || used.contains(&new) {
                new.insert(0, '_');
            }
            used.insert(new.clone());
            renamed.insert(name.clone(), new);
        }
        renamed
    }

    fn nested(&mut self, nested: &NestedSdfg, id: usize, attributes: &mut Attributes) {
        attributes.insert("label".into(), json!(nested.sdfg.name.as_str()));
        attributes.insert("in_connectors".into(), connectors(&nested.inputs));
        attributes.insert("out_connectors".into(), connectors(&nested.outputs));
        let mut mapping: Attributes =
            nested.symbols.iter().map(|(symbol, value)| (symbol.to_string(), self.value(value))).collect();
        let functions = nested.sdfg.attributes.sdfg.get(super::callbacks::KEPT).and_then(Value::as_object);
        mapping.extend(functions.into_iter().flatten().map(|(name, _)| (name.clone(), json!(name))));
        attributes.insert("symbol_mapping".into(), mapping.into());
        let path = format!("{}/{id}/{}", self.path, nested.sdfg.name);
        let inner = Writer { sdfg: &nested.sdfg, dialect: self.dialect, path, regions: self.regions }.sdfg();
        attributes.insert("sdfg".into(), inner);
    }

    fn library(&self, state: &State, id: NodeId, library: &LibraryNode, attributes: &mut Attributes) {
        attributes.insert("name".into(), json!(library.label.as_str()));
        attributes.insert("label".into(), json!(library.label.as_str()));
        if let Some(implementation) = &library.implementation {
            attributes.insert("_meta_implementation".into(), json!(implementation.as_str()));
        }
        if let Some(reduce) = library.op.as_any().downcast_ref::<crate::library::Reduce>() {
            let input = state.in_edges(id).first().and_then(|edge| edge.memlet()).map(|it| it.subset.clone());
            let output = state.out_edges(id).first().and_then(|edge| edge.memlet()).map(|it| &it.data);
            let dtype = output.and_then(|data| self.sdfg.container(data)).map(Data::dtype);
            attributes.insert("axes".into(), reduced_axes(reduce.axes.as_deref(), input.as_ref()));
            attributes.insert("wcr".into(), json!(lambda(reduce.wcr)));
            if let Wcr::Custom(_) = reduce.wcr {
                attributes.insert("_meta_wcr".into(), json!(reduce.wcr.to_string()));
            }
            let start = if reduce.accumulate { Value::Null } else { identity(reduce.wcr, dtype) };
            attributes.insert("identity".into(), start);
            attributes.insert("in_connectors".into(), json!({}));
            attributes.insert("out_connectors".into(), json!({}));
            return;
        }
        attributes.insert("in_connectors".into(), connectors(&library.op.inputs()));
        attributes.insert("out_connectors".into(), connectors(&library.op.outputs()));
        if let Some(op) = library.op.as_any().downcast_ref::<ForeignOp>() {
            let properties = serde_json::from_str::<Attributes>(&op.properties).unwrap_or_default();
            put_back(attributes, Some(&properties));
            return;
        }
        if let Some((_, own)) = class_of(library, self.dialect) {
            attributes.extend(own);
            return;
        }
        let properties: Attributes = library
            .op
            .properties()
            .into_iter()
            .map(|(name, property)| (name.to_owned(), property_value(&property)))
            .collect();
        if !properties.is_empty() {
            attributes.insert("_meta_properties".into(), properties.into());
        }
    }

    fn edge(
        &self,
        state: &State,
        edge: EdgeView<'_>,
        places: &Places,
        renamed: &BTreeMap<NodeId, Renamed>,
        at: usize,
    ) -> Value {
        let mut attributes = match edge.memlet() {
            Some(memlet) => self.memlet(state, edge, memlet),
            None => Attributes::from_iter([("volume".to_owned(), json!("0"))]),
        };
        attributes.insert("guid".into(), self.guid(&format!("edge {at}")));
        put_back(&mut attributes, state.attributes.edges.get(&edge.id));
        let connector = |node: NodeId, name: Option<&Name>| {
            let name = name.filter(|_| !is_reduce(state.node(node)))?;
            let new = renamed.get(&node).and_then(|renamed| renamed.get(name));
            Some(new.cloned().unwrap_or_else(|| name.to_string()))
        };
        json!({
            "type": "MultiConnectorEdge",
            "attributes": { "data": { "type": "Memlet", "attributes": attributes } },
            "src": places.text(edge.src),
            "dst": places.text(edge.dst),
            "src_connector": connector(edge.src, edge.src_conn()),
            "dst_connector": connector(edge.dst, edge.dst_conn()),
        })
    }

    fn memlet(&self, state: &State, edge: EdgeView<'_>, memlet: &Memlet) -> Attributes {
        let (src, dst) = (state.node(edge.src), state.node(edge.dst));
        // The data is at the source, unless the edge leaves a computation or enters a container of that name.
        let reads = match (src, dst) {
            (Node::Access(data), _) => *data == memlet.data,
            (_, Node::Access(data)) => *data != memlet.data,
            (Node::MapEntry(_), _) => true,
            _ => false,
        };
        let other = memlet.other_subset.clone().or_else(|| {
            let other = if reads { dst.as_access() } else { src.as_access() };
            let copy = src.as_access().is_some() && dst.as_access().is_some() && !state.is_alias_edge(edge);
            other.filter(|_| copy).and_then(|data| self.sdfg.container(data)).map(Data::whole)
        });
        let mut attributes = Attributes::new();
        attributes.insert("data".into(), json!(memlet.data.as_str()));
        attributes.insert("subset".into(), self.subset(&memlet.subset));
        if let Some(other) = &other {
            attributes.insert("other_subset".into(), self.subset(other));
        }
        let volume = self.value(&memlet.volume());
        attributes.insert("num_accesses".into(), if memlet.dynamic { json!("-1") } else { volume.clone() });
        attributes.insert("volume".into(), volume);
        attributes.insert("is_data_src".into(), json!(reads));
        if memlet.dynamic {
            attributes.insert("dynamic".into(), json!(true));
        }
        if let Some(wcr) = memlet.wcr {
            attributes.insert("wcr".into(), json!(lambda(wcr)));
            if let Wcr::Custom(_) = wcr {
                attributes.insert("_meta_wcr".into(), json!(wcr.to_string()));
            }
        }
        attributes
    }
}

/// The typed text of a tasklet's statements, if the Python text is not read as the same.
fn typed(tasklet: &Tasklet, stmts: &[Stmt], source: &str, renamed: &Renamed) -> Option<String> {
    let new = |name: &Name| renamed.get(name).map_or_else(|| name.clone(), |new| Name::from(new.as_str()));
    let connectors = |all: &IndexMap<Name, crate::Connector>| -> IndexMap<Name, crate::Connector> {
        all.iter().map(|(name, connector)| (new(name), *connector)).collect()
    };
    let (inputs, outputs) = (connectors(&tasklet.inputs), connectors(&tasklet.outputs));
    let mut wanted = stmts.to_vec();
    wanted.iter_mut().for_each(|stmt| stmt.rename(&|name| renamed.contains_key(name).then(|| new(name))));
    let read = TypedCode { inputs: &inputs, outputs: &outputs }.read(source);
    let lines = wanted.iter().map(ToString::to_string).collect::<Vec<_>>();
    (read.as_ref() != Ok(&wanted)).then(|| lines.join("\n"))
}

/// The connectors of a view or reference.
fn alias_connectors(state: &State, id: NodeId, attributes: &mut Attributes) {
    let (entering, leaving) = (state.in_edges(id), state.out_edges(id));
    let of = |conns: &mut dyn Iterator<Item = Option<&Name>>| -> Attributes {
        conns.flatten().map(|conn| (conn.to_string(), Value::Null)).collect()
    };
    let inputs = of(&mut entering.iter().map(|edge| edge.dst_conn()));
    let outputs = of(&mut leaving.iter().map(|edge| edge.src_conn()));
    for (key, conns) in [("in_connectors", inputs), ("out_connectors", outputs)] {
        if !conns.is_empty() {
            attributes.insert(key.into(), conns.into());
        }
    }
}

fn is_reduce(node: &Node) -> bool {
    matches!(node, Node::Library(library) if library.op.name() == "Reduce")
}

/// DaCe's class of an operation, and its attributes there.
fn class_of(library: &LibraryNode, dialect: Dialect) -> Option<(&'static str, Attributes)> {
    let blas = library.op.as_any().downcast_ref().and_then(blas::write);
    blas.or_else(|| operations::write(&*library.op, dialect))
}

fn class_path(library: &LibraryNode, dialect: Dialect) -> String {
    match library.op.name() {
        "MatMul" => "dace.libraries.blas.nodes.matmul.MatMul".to_owned(),
        "Reduce" => "dace.libraries.standard.nodes.reduce.Reduce".to_owned(),
        name => match class_of(library, dialect) {
            Some((path, _)) => path.to_owned(),
            None => format!("dacec.library.{name}"),
        },
    }
}

fn map_label(map: &Map) -> String {
    let dims = map.params.iter().zip(&map.ranges);
    let dims: Vec<String> = dims.map(|(param, range)| format!("{param}={range}")).collect();
    format!("{}[{}]", map.label, dims.join(", "))
}

fn connectors(names: &[Name]) -> Value {
    names.iter().map(|name| (name.to_string(), Value::Null)).collect::<Attributes>().into()
}

/// Connectors of a map's node, from the edges at it.
fn scope_connectors(state: &State, id: NodeId, attributes: &mut Attributes) {
    let inputs = state.in_edges(id).into_iter().filter_map(|edge| edge.dst_conn().cloned());
    let outputs = state.out_edges(id).into_iter().filter_map(|edge| edge.src_conn().cloned());
    attributes.insert("in_connectors".into(), connectors(&inputs.collect::<Vec<_>>()));
    attributes.insert("out_connectors".into(), connectors(&outputs.collect::<Vec<_>>()));
}

fn collect_targets(stmt: &Stmt, names: &mut BTreeSet<Name>) {
    match stmt {
        Stmt::Assign { target, .. } | Stmt::Store { target, .. } => {
            names.insert(target.clone());
        }
        Stmt::If { then, otherwise, .. } => {
            then.iter().chain(otherwise).for_each(|stmt| collect_targets(stmt, names));
        }
    }
}

/// Axes of the memlet's subset: there, single indices are dimensions too, and are reduced away.
fn reduced_axes(axes: Option<&[usize]>, input: Option<&Subset>) -> Value {
    let (Some(axes), Some(input)) = (axes, input) else { return Value::Null };
    let mut position = 0;
    let mut reduced = Vec::new();
    for (dim, range) in input.dims.iter().enumerate() {
        if range.as_index().is_some() {
            reduced.push(dim);
        } else {
            if axes.contains(&position) {
                reduced.push(dim);
            }
            position += 1;
        }
    }
    json!(reduced)
}

/// The value that a reduction starts from. JSON has no infinity: extremes of floats start from the largest number, as
/// DaCe's own do.
pub(super) fn identity(wcr: Wcr, dtype: Option<crate::DType>) -> Value {
    let dtype = dtype.unwrap_or(crate::DType::Float64);
    match wcr {
        Wcr::Sum | Wcr::LogicalOr | Wcr::BitOr | Wcr::BitXor => json!(0),
        Wcr::Product | Wcr::LogicalAnd => json!(1),
        Wcr::BitAnd => json!(-1),
        Wcr::Min => limits(dtype).1,
        Wcr::Max => limits(dtype).0,
        Wcr::Custom(_) => Value::Null,
    }
}

/// The smallest and the largest number of a type.
fn limits(dtype: crate::DType) -> (Value, Value) {
    use crate::DType::*;
    match dtype {
        Bool => (json!(0), json!(1)),
        Int8 => (json!(i8::MIN), json!(i8::MAX)),
        Int16 => (json!(i16::MIN), json!(i16::MAX)),
        Int32 => (json!(i32::MIN), json!(i32::MAX)),
        Int64 => (json!(i64::MIN), json!(i64::MAX)),
        UInt8 => (json!(0), json!(u8::MAX)),
        UInt16 => (json!(0), json!(u16::MAX)),
        UInt32 => (json!(0), json!(u32::MAX)),
        UInt64 => (json!(0), json!(u64::MAX)),
        Float16 => (json!(-65504.0), json!(65504.0)),
        BFloat16 | Float32 | Complex64 => (json!(f64::from(f32::MIN)), json!(f64::from(f32::MAX))),
        Float64 | Complex128 | Vector(_) | Pointer(_) | Opaque(_) => (json!(f64::MIN), json!(f64::MAX)),
    }
}

fn property_value(property: &Property) -> Value {
    match property {
        Property::Bool(value) => json!(value),
        Property::Int(value) => json!(value),
        Property::Float(value) => json!({ "float": format!("{value:?}") }),
        Property::Ints(values) => json!(values),
        Property::Text(text) => json!(text),
    }
}
