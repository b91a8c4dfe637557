//! Reads states: nodes, then edges with their memlets.

use super::callbacks::{self, Ports};
use super::error::{Path, Result};
use super::memo::Memo;
use super::read::{Reader, code, dtype, end, expr, get, list, name, node_id, object, span, text, unknown};
use super::resolution::resolution;
use super::tree::Value;
use super::typing::{Meaning, Typing};
use super::{ReadOptions, aliases, chunks, external, python, scopes, syntax};
use crate::attributes::Attributes;
use crate::callback::INTERPRETER;
use crate::node::{ForeignCode, Language};
use crate::state::Edge;
use crate::{
    Connector, Data, Expr, IndexMap, Instrument, Memlet, Name, NestedSdfg, Node, NodeId, Range, State, Stmt,
    Subset, Tasklet, TaskletCode,
};
use std::cell::OnceCell;
use std::collections::HashMap;

/// An edge whose nodes are known by their position.
pub(super) struct Wire {
    pub(super) src: usize,
    pub(super) dst: usize,
    pub(super) edge: Edge,
    /// Of the memlet.
    attributes: Attributes,
}

impl Wire {
    /// An edge that the file does not have.
    pub(super) fn plain(src: usize, dst: usize, memlet: Memlet) -> Self {
        let edge = Edge { src_conn: None, dst_conn: None, memlet: Some(memlet) };
        Wire { src, dst, edge, attributes: Attributes::new() }
    }
}

/// The nodes and edges of a state, as the file has them.
struct Drawn<'s, 'a> {
    nodes: &'s [Value<'a>],
    edges: &'s [Value<'a>],
    /// The first edge at a node's connector; few states are asked for it.
    entering: OnceCell<AtConnector<'s, 'a>>,
    leaving: OnceCell<AtConnector<'s, 'a>>,
}

/// Edges by node and connector.
type AtConnector<'s, 'a> = HashMap<(usize, &'s str), &'s Value<'a>>;

impl<'s, 'a> Drawn<'s, 'a> {
    fn new(nodes: &'s [Value<'a>], edges: &'s [Value<'a>]) -> Self {
        Drawn { nodes, edges, entering: OnceCell::new(), leaving: OnceCell::new() }
    }

    fn at_connectors(&self, side: &str) -> &AtConnector<'s, 'a> {
        let cell = if side == "dst" { &self.entering } else { &self.leaving };
        cell.get_or_init(|| {
            let connector = format!("{side}_connector");
            let mut first = HashMap::new();
            for edge in self.edges {
                if let (Some(node), Some(name)) =
                    (end(edge, side), edge.get(&connector).and_then(Value::as_str))
                {
                    first.entry((node, name)).or_insert(edge);
                }
            }
            first
        })
    }

    /// The container to which data goes that enters a map's exit.
    fn destination(&self, node: usize, conn: Option<&Name>) -> Option<&'s str> {
        self.follow((node, conn), ["ConsumeExit", "MapExit"], ["IN_", "OUT_"], ["src", "dst"])
    }

    /// The container from which data comes that leaves a map's entry.
    fn origin(&self, node: usize, conn: Option<&Name>) -> Option<&'s str> {
        self.follow((node, conn), ["ConsumeEntry", "MapEntry"], ["OUT_", "IN_"], ["dst", "src"])
    }

    fn follow(
        &self,
        (mut node, conn): (usize, Option<&Name>),
        kinds: [&str; 2],
        [here, there]: [&str; 2],
        [near, far]: [&str; 2],
    ) -> Option<&'s str> {
        let mut conn = conn?.to_string();
        // Scopes are not nested more deeply than there are nodes.
        for _ in 0..self.nodes.len() {
            let kind = self.nodes.get(node)?.get("type")?.as_str()?;
            if !kinds.contains(&kind) {
                return access(&self.nodes[node]);
            }
            let name = format!("{there}{}", conn.strip_prefix(here)?);
            let next = *self.at_connectors(near).get(&(node, name.as_str()))?;
            node = end(next, far)?;
            conn =
                next.get(&format!("{far}_connector")).and_then(Value::as_str).unwrap_or_default().to_owned();
        }
        None
    }
}

/// The edges of a node, by their positions in the list of all.
#[derive(Clone, Default)]
struct Ends {
    entering: Vec<usize>,
    leaving: Vec<usize>,
}

impl Reader<'_> {
    pub(super) fn state(&self, value: &Value, path: &Path<'_>) -> Result<State> {
        match self.without_structures(value, path)? {
            Some(plain) => self.plain_state(&plain, path),
            None => self.plain_state(value, path),
        }
    }

    /// A state whose accesses name containers.
    fn plain_state(&self, value: &Value, path: &Path<'_>) -> Result<State> {
        let mut state = State::new(text(get(value, "label", path)?, path)?);
        if let Some(attributes) = value.get("attributes") {
            state.span = span(attributes);
            state.attributes.state = unknown(attributes, &[]);
            state.instrument = instrument(&mut state.attributes.state);
        }
        let nodes_path = path.key("nodes");
        let nodes = list(get(value, "nodes", path)?, &nodes_path)?;
        let edges_path = path.key("edges");
        let mut wires = Vec::new();
        let edges = list(get(value, "edges", path)?, &edges_path)?;
        let drawn = Drawn::new(nodes, edges);
        for (at, edge) in edges.iter().enumerate() {
            wires.push(self.wire(edge, &drawn, &edges_path.index(at))?);
        }
        let added = chunks::split(self.sdfg, nodes, &mut wires);
        let mut ends = vec![Ends::default(); nodes.len() + added.len()];
        for (at, wire) in wires.iter().enumerate() {
            ends[wire.dst].entering.push(at);
            ends[wire.src].leaving.push(at);
        }
        let mut read = Vec::new();
        for (at, node) in nodes.iter().enumerate() {
            read.push(self.node(node, (at, &ends[at]), &mut wires, &nodes_path.index(at))?);
        }
        read.extend(added);
        aliases::normalize(self.sdfg, &read, &mut wires);
        let mut ids = Vec::new();
        for (at, mut node) in read.into_iter().enumerate() {
            let mut kept = nodes.get(at).map(attributes_of).unwrap_or_default();
            if let Node::MapEntry(map) = &mut node {
                map.instrument = instrument(&mut kept);
            }
            let id = state.add_node(node);
            if !kept.is_empty() {
                state.attributes.nodes.insert(id, kept);
            }
            ids.push(id);
        }
        pair_maps(&mut state, nodes, &ids, &nodes_path)?;
        for wire in wires {
            let id = state.add_edge(ids[wire.src], ids[wire.dst], wire.edge);
            if !wire.attributes.is_empty() {
                state.attributes.edges.insert(id, wire.attributes);
            }
        }
        self.mend_borders(&mut state);
        self.supply_constants(&mut state);
        if !self.callbacks.is_empty() {
            self.supply_interpreter(&mut state);
        }
        Ok(state)
    }

    fn wire(&self, value: &Value, drawn: &Drawn<'_, '_>, path: &Path<'_>) -> Result<Wire> {
        let nodes = drawn.nodes;
        let (src, dst) =
            (node_id(value, "src", nodes.len(), path)?, node_id(value, "dst", nodes.len(), path)?);
        let connector = |key: &str| value.get(key).and_then(Value::as_str).map(Name::from);
        let (src_conn, dst_conn) = (connector("src_connector"), connector("dst_connector"));
        let data = get(get(value, "attributes", path)?, "data", path)?;
        let memlet = match data
            .get("attributes")
            .filter(|it| it.get("data").is_some_and(|data| !data.is_null()))
        {
            Some(attributes) => {
                let ends = [access(&nodes[src]), access(&nodes[dst])];
                let far = || {
                    drawn.destination(dst, dst_conn.as_ref()).or_else(|| drawn.origin(src, src_conn.as_ref()))
                };
                Some(self.memlet(attributes, ends, &far, &path.key("data"))?)
            }
            None => None,
        };
        let attributes = data.get("attributes").map(|it| unknown(it, &KNOWN_OF_MEMLET)).unwrap_or_default();
        Ok(Wire { src, dst, edge: Edge { src_conn, dst_conn, memlet }, attributes })
    }

    /// The container of that name.
    pub(super) fn container(&self, name: &str, path: &Path<'_>) -> Result<&Data> {
        self.sdfg.container(name).ok_or_else(|| path.error(format!("there is no container `{name}`")))
    }

    /// `far` is the container at the end of the path, through maps.
    fn memlet<'v>(
        &self,
        attributes: &Value,
        ends: [Option<&str>; 2],
        far: &dyn Fn() -> Option<&'v str>,
        path: &Path<'_>,
    ) -> Result<Memlet> {
        let data = text(get(attributes, "data", path)?, path)?;
        if let Some(memlet) = self.ordering(data) {
            return Ok(memlet);
        }
        let container = self.container(data, path)?;
        let given = |key: &str| attributes.get(key).filter(|value| !value.is_null());
        let subset_of = |key: &str, data: &Data| {
            given(key).map(|value| subset(&self.memo, value, data, &path.key(key))).transpose()
        };
        let whole = || container.whole();
        let mut memlet = match ends {
            [Some(src), Some(dst)] => {
                let reads = given("is_data_src").and_then(Value::as_bool).unwrap_or(src == data);
                let other =
                    self.container(if src == data && (reads || dst != data) { dst } else { src }, path)?;
                let own = subset_of("subset", container)?.unwrap_or_else(whole);
                let theirs = subset_of("other_subset", other)?;
                let theirs = theirs.or_else(|| infer(&own, other));
                if src == dst && !reads {
                    let theirs = theirs.unwrap_or_else(whole);
                    Memlet { other_subset: Some(own), ..Memlet::new(data, theirs) }
                } else {
                    Memlet { other_subset: theirs, ..Memlet::new(data, own) }
                }
            }
            _ => {
                let other = ends.into_iter().flatten().find(|end| *end != data);
                let said = given("other_subset").is_some();
                let other = other.or_else(|| far().filter(|end| said && *end != data));
                let mut memlet = Memlet::new(data, subset_of("subset", container)?.unwrap_or_else(whole));
                if let Some(other) = other {
                    memlet.other_subset = subset_of("other_subset", self.container(other, path)?)?;
                }
                memlet
            }
        };
        memlet.dynamic = given("dynamic").and_then(Value::as_bool).unwrap_or(false);
        // A hint: one that cannot be read is no reason to refuse the file.
        let volume = given("volume").and_then(|value| self.memo.expr(value, path).ok());
        memlet.volume = volume.filter(|volume| *volume != memlet.subset.num_elements());
        if let Some(value) = given("wcr") {
            let path = path.key("wcr");
            let hint = given("_meta_wcr").and_then(Value::as_str);
            let read = resolution(text(value, &path)?, hint, container.dtype());
            memlet.wcr = Some(read.map_err(|error| path.error(error))?);
        }
        Ok(memlet)
    }

    fn node(
        &self,
        value: &Value,
        (at, ends): (usize, &Ends),
        wires: &mut [Wire],
        path: &Path<'_>,
    ) -> Result<Node> {
        let kind = text(get(value, "type", path)?, path)?;
        let attributes_path = path.key("attributes");
        let empty = Value::object([]);
        let attributes = value.get("attributes").unwrap_or(&empty);
        match kind {
            "AccessNode" => {
                let data = self.renamed(text(get(attributes, "data", &attributes_path)?, &attributes_path)?);
                self.container(data, &attributes_path)?;
                if attributes.get("setzero").and_then(Value::as_bool).unwrap_or(false) {
                    self.zeroed.borrow_mut().insert(data.into());
                }
                Ok(Node::Access(data.into()))
            }
            "Tasklet" => {
                self.sections(attributes, &attributes_path)?;
                Ok(Node::Tasklet(self.tasklet(attributes, ends, wires, &attributes_path)?))
            }
            "MapEntry" => Ok(Node::MapEntry(scopes::map(&self.memo, attributes, &attributes_path)?)),
            "ConsumeEntry" => Ok(Node::MapEntry(self.consume(attributes, &attributes_path)?)),
            "MapExit" | "ConsumeExit" => Ok(Node::MapExit { entry: NodeId::none() }),
            "NestedSDFG" => Ok(Node::Nested(Box::new(nested(attributes, &attributes_path, self.options)?))),
            "LibraryNode" => {
                let class = text(get(value, "classpath", path)?, path)?;
                self.library(class, attributes, at, wires, &attributes_path)
            }
            other => Err(path.error(format!("nodes of type `{other}` are not supported"))),
        }
    }

    fn tasklet(&self, attributes: &Value, ends: &Ends, wires: &[Wire], path: &Path<'_>) -> Result<Tasklet> {
        let edge_of = |conn: &str, input: bool| {
            let here = if input { &ends.entering } else { &ends.leaving };
            let end = |wire: &Wire| {
                let end = if input { &wire.edge.dst_conn } else { &wire.edge.src_conn };
                end.as_ref().is_some_and(|end| end == conn)
            };
            here.iter()
                .map(|at| &wires[*at])
                .find(|wire| end(wire))
                .and_then(|wire| wire.edge.memlet.as_ref())
        };
        let connectors = |key: &str, input: bool| -> Result<IndexMap<Name, Connector>> {
            let path = path.key(key);
            let mut connectors = IndexMap::default();
            for (conn, declared) in attributes.get(key).and_then(Value::as_object).into_iter().flatten() {
                let here = path.key(conn);
                let memlet = edge_of(conn, input).ok_or_else(|| here.error("no edge carries this data"))?;
                let element = self.container(&memlet.data, &here)?.dtype();
                let orders = memlet.data == INTERPRETER;
                let declared =
                    if declared.is_string() && !orders { dtype(declared, &here)? } else { element };
                if declared != element {
                    return Err(here.error(format!("declared as {declared}, but the data is {element}")));
                }
                let rank = memlet.subset.squeezed_shape().len();
                connectors.insert(name(conn, &here)?, Connector { dtype: element, rank });
            }
            Ok(connectors)
        };
        let (mut inputs, outputs) =
            (connectors("in_connectors", true)?, connectors("out_connectors", false)?);
        let label = attributes.get("label").and_then(Value::as_str).unwrap_or("tasklet");
        let (label, span) = (Name::from(label), span(attributes));
        if let Some(call) = attributes.get("_meta_call") {
            let call = crate::text::parse_call(text(call, path)?).map_err(|error| path.error(error))?;
            if call.is_foreign() && !self.options.trust_code {
                return Err(path.error(callbacks::UNTRUSTED));
            }
            return Ok(Tasklet { label, inputs, outputs, code: TaskletCode::External(call), span });
        }
        let path = path.key("code");
        if let Some(language) = attributes.get("code").and_then(foreign) {
            let code = self.foreign(language, attributes).map_err(|error| path.error(error))?;
            return Ok(Tasklet { label, inputs, outputs, code: TaskletCode::Foreign(code), span });
        }
        let source = attributes.get("code").map_or(Ok(""), |value| code(value, &path))?;
        if !self.callbacks.is_empty() {
            let ports = Ports { inputs: &inputs, outputs: &outputs, memlet: &edge_of };
            if let Some(call) = self.callback(source, &ports, span.line).map_err(|error| path.error(error))? {
                return Ok(Tasklet { label, inputs, outputs, code: TaskletCode::External(call), span });
            }
        }
        inputs.extend(self.constants_of(source, [&inputs, &outputs]));
        let native = TypedCode { inputs: &inputs, outputs: &outputs };
        let stmts = match attributes.get("_meta_code").and_then(|hint| native.hinted(hint, source)) {
            Some(stmts) => stmts,
            None => native.read(source).map_err(|error| path.error(error))?,
        };
        Ok(Tasklet { label, inputs, outputs, code: TaskletCode::Native(stmts), span })
    }
}

impl Reader<'_> {
    /// The code of a tasklet in another language, from a file that is trusted.
    fn foreign(&self, language: &str, attributes: &Value) -> std::result::Result<ForeignCode, String> {
        let own = attributes.get("_meta_language").and_then(Value::as_str);
        let language = match (language, own) {
            ("CPP", Some("cuda")) => Language::Cuda,
            ("CPP", _) => Language::Cpp,
            _ => return Err(format!("tasklets in {language} are not supported")),
        };
        if !self.options.trust_code {
            return Err(format!(
                "code in {} is foreign code, which would run with your rights: it is accepted only from a file that is \
                 trusted",
                language.name()
            ));
        }
        let text = attributes.get("code").and_then(|code| code.get("string_data")).and_then(Value::as_str);
        Ok(ForeignCode { language, code: text.unwrap_or_default().to_owned() })
    }
}

/// Attributes of memlets that are read, or that follow from those.
const KNOWN_OF_MEMLET: [&str; 10] = [
    "data",
    "subset",
    "other_subset",
    "src_subset",
    "dst_subset",
    "volume",
    "num_accesses",
    "dynamic",
    "wcr",
    "is_data_src",
];

/// What a node of the file says beyond what is read.
fn attributes_of(node: &Value) -> Attributes {
    let known: &[&str] = match node.get("type").and_then(Value::as_str) {
        Some("AccessNode") => &["data", "setzero", "in_connectors", "out_connectors"],
        Some("Tasklet") => {
            &["label", "code", "code_global", "code_init", "code_exit", "in_connectors", "out_connectors"]
        }
        Some("MapEntry") => {
            &["label", "params", "range", "schedule", "collapse", "in_connectors", "out_connectors"]
        }
        Some("ConsumeEntry") => &scopes::KNOWN_OF_CONSUME,
        Some("MapExit" | "ConsumeExit") => &["in_connectors", "out_connectors"],
        Some("NestedSDFG") => &["label", "sdfg", "symbol_mapping", "in_connectors", "out_connectors"],
        Some("LibraryNode") => return super::read_library::attributes_of(node),
        _ => &[],
    };
    node.get("attributes").map(|it| unknown(it, known)).unwrap_or_default()
}

/// The language of a code block, if it is not Python.
fn foreign<'v>(code: &'v Value<'_>) -> Option<&'v str> {
    code.get("language").and_then(Value::as_str).filter(|language| *language != "Python")
}

/// Python code between typed connectors.
pub(super) struct TypedCode<'a> {
    pub(super) inputs: &'a IndexMap<Name, Connector>,
    pub(super) outputs: &'a IndexMap<Name, Connector>,
}

impl TypedCode<'_> {
    /// The statements that the Python text means.
    pub(super) fn read(&self, source: &str) -> std::result::Result<Vec<Stmt>, String> {
        let lines = syntax::statements(source)?;
        let lookup = |name: &str| match self.inputs.get(name).or_else(|| self.outputs.get(name)) {
            Some(Connector { dtype, rank: 0 }) => Some(Meaning::Value(*dtype)),
            Some(Connector { dtype, rank }) => Some(Meaning::Elements(*dtype, *rank)),
            None if matches!(name, "inf" | "nan") || name.contains('.') => None,
            None => Some(Meaning::Symbol),
        };
        Typing::new(&lookup).statements(&lines)
    }

    /// The statements of the typed text beside the Python text, if they lead to the same Python text.
    fn hinted(&self, hint: &Value, source: &str) -> Option<Vec<Stmt>> {
        let stmts = crate::text::parse_statements(hint.as_str()?).ok()?;
        let words = python::Words { name: &|name| name.to_string(), cast: python::dace_type };
        (python::statements(&stmts, &words) == source).then_some(stmts)
    }
}

/// The hook among attributes; other kinds than those that are known stay there.
pub(super) fn instrument(kept: &mut Attributes) -> Instrument {
    if kept.get("instrument").and_then(serde_json::Value::as_str) != Some("Timer") {
        return Instrument::None;
    }
    kept.remove("instrument");
    Instrument::Timer
}

fn access<'v>(node: &'v Value<'_>) -> Option<&'v str> {
    (node.get("type")?.as_str()? == "AccessNode").then(|| node.get("attributes")?.get("data")?.as_str())?
}

/// The other end of a copy, where the file does not say it: all of it if that fits, else the same elements.
fn infer(own: &Subset, other: &Data) -> Option<Subset> {
    let whole = other.whole();
    let fits = whole.num_elements() == own.num_elements();
    if !fits && own.rank() == other.rank() { Some(own.clone()) } else { Some(whole) }
}

fn subset(memo: &Memo, value: &Value, data: &Data, path: &Path<'_>) -> Result<Subset> {
    let dims = match text(get(value, "type", path)?, path)? {
        "Range" => memo.ranges(value, path, Range::tiled)?,
        "Indices" => {
            let indices = list(get(value, "indices", path)?, path)?;
            indices.iter().map(|index| Ok(Range::index(memo.expr(index, path)?))).collect::<Result<_>>()?
        }
        other => return Err(path.error(format!("subsets of type `{other}` are not supported"))),
    };
    match data {
        Data::Scalar(_) => Ok(Subset::default()),
        // One queue, or a constant that is one value.
        _ if data.rank() == 0 && dims.len() <= 1 => Ok(Subset::default()),
        _ if data.rank() == dims.len() => Ok(Subset { dims }),
        _ => Err(path.error(format!("{} ranges for {} dimensions", dims.len(), data.rank()))),
    }
}

/// Gives each map its exit.
fn pair_maps(state: &mut State, nodes: &[Value], ids: &[NodeId], path: &Path<'_>) -> Result<()> {
    for (at, node) in nodes.iter().enumerate() {
        if !matches!(state.node(ids[at]), Node::MapEntry(_)) {
            continue;
        }
        let path = path.index(at);
        let exit = node_id(node, "scope_exit", nodes.len(), &path)?;
        if *state.node(ids[exit]) != (Node::MapExit { entry: NodeId::none() }) {
            return Err(path.key("scope_exit").error("this node closes no map, or another one"));
        }
        *state.node_mut(ids[exit]) = Node::MapExit { entry: ids[at] };
        if let Node::MapEntry(map) = state.node_mut(ids[at]) {
            map.exit = ids[exit];
        }
    }
    let open = state.nodes().position(|(_, node)| *node == Node::MapExit { entry: NodeId::none() });
    match open {
        Some(at) => Err(path.index(at).error("this node closes no map")),
        None => Ok(()),
    }
}

fn nested(attributes: &Value, path: &Path<'_>, options: ReadOptions<'_>) -> Result<NestedSdfg> {
    let connectors = |key: &str| -> Result<Vec<Name>> {
        let path = path.key(key);
        let all = attributes.get(key).and_then(Value::as_object).into_iter().flatten();
        all.map(|(conn, _)| name(conn, &path)).collect()
    };
    let sdfg = match attributes.get("sdfg").filter(|it| !it.is_null()) {
        Some(value) => super::read::sdfg(value, &path.key("sdfg"), options)?,
        None => external::nested(attributes, path, options)?,
    };
    let mut symbols = IndexMap::default();
    let mapping_path = path.key("symbol_mapping");
    if let Some(mapping) = attributes.get("symbol_mapping") {
        for (symbol, value) in object(mapping, &mapping_path)? {
            let path = mapping_path.key(symbol);
            symbols.insert(name(symbol, &path)?, expr(value, &path)?);
        }
    }
    let free = sdfg.free_symbols();
    symbols.retain(|symbol, _| free.contains(symbol));
    for symbol in free {
        symbols.entry(symbol.clone()).or_insert_with(|| Expr::sym(symbol));
    }
    let (inputs, outputs) = (connectors("in_connectors")?, connectors("out_connectors")?);
    Ok(NestedSdfg { sdfg, inputs, outputs, symbols, span: span(attributes) })
}
