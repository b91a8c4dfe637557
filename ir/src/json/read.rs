//! Reads SDFGs, containers and control flow.

use super::ReadOptions;
use super::callbacks;
use super::computed;
use super::constants;
use super::descriptor;
use super::error::{Path, Result};
use super::lift::{End, Graph, Step, lift};
use super::marked;
use super::memo::Memo;
use super::read_state::instrument;
use super::skeleton;
use super::syntax;
use super::tree::{Object, Value};
use super::typing::{Meaning, Typing};
use crate::attributes::Attributes;
use crate::control_flow::LoopHeader;
use crate::interp::single_state_containers;
use crate::sections::CodeSections;
use crate::structure::member;
use crate::zeroed::scope_of;
use crate::{
    Assignment, Block, Branch, Conditional, DType, Data, Expr, Lifetime, Loop, Name, Region, Scalar,
    ScalarExpr, Sdfg, Span,
};
use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::io::Read;

/// Uncompressed size that is not exceeded.
const MAX_BYTES: u64 = 1 << 28;

/// Reads the whole file.
pub(super) fn document(bytes: &[u8], options: ReadOptions<'_>) -> Result<Sdfg> {
    let root = Path::ROOT;
    let mut plain = Vec::new();
    let compressed = bytes.starts_with(&[0x1f, 0x8b]);
    if compressed {
        let mut decoder = flate2::read::GzDecoder::new(bytes).take(MAX_BYTES + 1);
        decoder
            .read_to_end(&mut plain)
            .map_err(|error| root.error(format!("damaged compression: {error}")))?;
    }
    let text = if compressed { &plain } else { bytes };
    if text.len() as u64 > MAX_BYTES {
        return Err(root.error(format!("the file is larger than {} MiB", MAX_BYTES >> 20)));
    }
    let value: Value = serde_json::from_slice(text).map_err(|error| root.error(error))?;
    let mut sdfg = sdfg(&value, &root, options)?;
    super::optional::read(&mut sdfg);
    Ok(sdfg)
}

/// A value that has to be there.
pub(super) fn get<'v, 'a>(value: &'v Value<'a>, key: &str, path: &Path<'_>) -> Result<&'v Value<'a>> {
    value.get(key).ok_or_else(|| path.error(format!("`{key}` is missing")))
}

pub(super) fn text<'v>(value: &'v Value<'_>, path: &Path<'_>) -> Result<&'v str> {
    value.as_str().ok_or_else(|| path.error("expected a text"))
}

pub(super) fn list<'v, 'a>(value: &'v Value<'a>, path: &Path<'_>) -> Result<&'v [Value<'a>]> {
    value.as_array().map(Vec::as_slice).ok_or_else(|| path.error("expected a list"))
}

pub(super) fn object<'v, 'a>(value: &'v Value<'a>, path: &Path<'_>) -> Result<&'v Object<'a>> {
    value.as_object().ok_or_else(|| path.error("expected an object"))
}

/// A name, which becomes an identifier of emitted code.
pub(super) fn name(text: &str, path: &Path<'_>) -> Result<Name> {
    let name = Name::from(text);
    if name.is_identifier() { Ok(name) } else { Err(path.error(format!("`{text}` is no identifier"))) }
}

/// A symbolic expression: a text or an integer.
pub(super) fn expr(value: &Value, path: &Path<'_>) -> Result<Expr> {
    // Most texts are numbers.
    let number = value.as_i64().or_else(|| value.as_str()?.parse().ok());
    match (number, value.as_str()) {
        (Some(value), _) => Ok(Expr::int(value)),
        (None, Some(text)) => Expr::parse(&marked::plain(text)).map_err(|error| path.error(error)),
        (None, None) => Err(path.error("expected an expression")),
    }
}

/// The place in the source file.
pub(super) fn span(attributes: &Value) -> Span {
    let number = |value: Option<&Value>| value.and_then(Value::as_u64).and_then(|it| u32::try_from(it).ok());
    let line = number(attributes.get("debuginfo").and_then(|info| info.get("start_line"))).unwrap_or(0);
    let bytes = attributes.get("_meta_bytes");
    let at = |index: usize| number(bytes.and_then(|bytes| bytes.at(index))).unwrap_or(0);
    if line == 0 { Span::default() } else { Span::new(at(0), at(1), line) }
}

/// What attributes say beyond those that are read here. Keys of this writer's own are skipped, as DaCe does.
pub(super) fn unknown(attributes: &Value, known: &[&str]) -> Attributes {
    let ours = attributes.get("_meta_bytes").is_some();
    let kept = |key: &str| !(known.contains(&key) || key.starts_with("_meta") || ours && key == "debuginfo");
    let all = attributes.as_object().into_iter().flatten();
    all.filter(|(key, _)| kept(key)).map(|(key, value)| (key.to_owned(), value.to_owned())).collect()
}

/// The text of a code block in Python.
pub(super) fn code<'v>(value: &'v Value<'_>, path: &Path<'_>) -> Result<&'v str> {
    if let Some(text) = value.as_str() {
        return Ok(text);
    }
    match value.get("language").and_then(Value::as_str).unwrap_or("Python") {
        "Python" => value.get("string_data").map_or(Ok(""), |code| text(code, &path.key("string_data"))),
        other => Err(path.error(format!("code in {other} is not supported here"))),
    }
}

pub(super) fn dtype(value: &Value, path: &Path<'_>) -> Result<DType> {
    match value.as_str() {
        Some("bool_") => Ok(DType::Bool),
        Some(name) => name.parse().map_err(|error| path.error(error)),
        None => compound(value, path),
    }
}

/// An element type that is no number.
fn compound(value: &Value, path: &Path<'_>) -> Result<DType> {
    let kind = value.get("type").and_then(Value::as_str).unwrap_or("?");
    let element = || dtype(value.get("dtype").unwrap_or(&Value::Null), &path.key("dtype"));
    let found = match kind {
        "vector" => {
            let lanes = expr(value.get("elements").unwrap_or(&Value::Null), &path.key("elements"))?;
            DType::vector(element()?, lanes.as_int().and_then(|it| usize::try_from(it).ok()).unwrap_or(0))
        }
        "pointer" => DType::pointer(element()?),
        "opaque" => value.get("ctype").and_then(Value::as_str).and_then(DType::opaque),
        _ => None,
    };
    found.ok_or_else(|| path.error(format!("the element type `{kind}` is not supported like this")))
}

/// An SDFG, the whole file's or a nested one.
pub(super) fn sdfg(value: &Value, path: &Path<'_>, options: ReadOptions<'_>) -> Result<Sdfg> {
    match value.get("type").and_then(Value::as_str) {
        Some("SDFG") => {}
        _ => return Err(path.error("this is no SDFG")),
    }
    let attributes_path = path.key("attributes");
    let attributes = get(value, "attributes", path)?;
    let mut sdfg = Sdfg::new(name(
        text(get(attributes, "name", &attributes_path)?, &attributes_path)?,
        &attributes_path,
    )?);
    sdfg.span = span(attributes);
    sdfg.file = attributes.get("_meta_file").and_then(Value::as_str).unwrap_or_default().to_owned();
    let (callbacks, kept) = callbacks::declared(attributes, &attributes_path, options.trust_code)?;
    sdfg.attributes.sdfg = unknown(attributes, &KNOWN_OF_SDFG);
    let calls_nothing = kept.is_empty();
    if !kept.is_empty() {
        sdfg.attributes.sdfg.insert(callbacks::KEPT.into(), kept.into());
    }
    sdfg.instrument = instrument(&mut sdfg.attributes.sdfg);
    descriptor::containers(attributes, &attributes_path, &mut sdfg)?;
    constants::read(attributes, &attributes_path, &mut sdfg)?;
    if !callbacks.is_empty() {
        callbacks::declare(&mut sdfg);
    }
    let path_of_symbols = attributes_path.key("symbols");
    let symbols = attributes.get("symbols").and_then(Value::as_object).into_iter().flatten();
    for (symbol, value) in symbols.filter(|(_, dtype)| !callbacks::is_callback(dtype)) {
        let here = path_of_symbols.key(symbol);
        let dtype = dtype(value, &here)?;
        let symbol = name(symbol, &here)?;
        if dtype.is_integer() {
            sdfg.symbols.insert(symbol, dtype);
        } else {
            sdfg.containers.insert(symbol, Scalar::transient(dtype).into());
        }
    }
    super::chunks::declare(value, &mut sdfg);
    arguments(attributes, &mut sdfg);
    let reader = Reader {
        sdfg: &sdfg,
        options,
        callbacks,
        loops: RefCell::default(),
        zeroed: RefCell::default(),
        code: RefCell::default(),
        memo: Memo::default(),
    };
    reader.sections(attributes, &attributes_path)?;
    let own = skeleton::read(&reader, value, attributes, path);
    let (body, added) = match own {
        Some(own) => (own.body, Some(own.machine)),
        None => (super::counted::recognize(reader.body(value, path)?), None),
    };
    let (loops, zeroed, sections) = (reader.loops.take(), reader.zeroed.take(), reader.code.take());
    (sdfg.body, sdfg.sections) = (body, sections);
    if !calls_nothing {
        callbacks::forget_unused(&mut sdfg);
    }
    begin_with_zeros(&mut sdfg, &zeroed);
    sdfg.attributes.loops = loops;
    // DaCe does not ask for declarations.
    let needed = free_or_assigned(&sdfg);
    for symbol in &needed {
        sdfg.symbols.entry(symbol.clone()).or_insert(DType::Int64);
    }
    match added {
        Some(added) => sdfg.symbols.retain(|symbol, _| !added.contains(symbol)),
        None => sdfg.symbols.retain(|symbol, _| needed.contains(symbol)),
    }
    Ok(sdfg)
}

/// Attributes of an SDFG that are read, or that no longer hold once the graph has changed.
const KNOWN_OF_SDFG: [&str; 12] = [
    "name",
    "arg_names",
    "_arrays",
    "symbols",
    "constants_prop",
    "global_code",
    "init_code",
    "exit_code",
    "hash",
    "orig_sdfg",
    "transformation_hist",
    "logical_groups",
];

/// Marks containers that are set to 0 when they are allocated. There, what one state uses alone is allocated with the
/// state; here, only what says so.
fn begin_with_zeros(sdfg: &mut Sdfg, names: &BTreeSet<Name>) {
    let zeroed = |sdfg: &mut Sdfg, name: &Name| {
        let data = sdfg.containers.get_mut(name).filter(|data| data.is_transient());
        data.map(|data| data.set_zeroed(true)).is_some()
    };
    let names: Vec<&Name> = names.iter().filter(|name| zeroed(sdfg, name)).collect();
    if names.is_empty() {
        return;
    }
    let local = single_state_containers(sdfg);
    let states = sdfg.body.states();
    let of_state = |name: &Name| local.contains(name) && states.iter().all(|it| scope_of(it, name).is_none());
    let of_state: Vec<&Name> = names.into_iter().filter(|name| of_state(name)).collect();
    for name in of_state {
        match &mut sdfg.containers[name] {
            Data::Array(array) => array.lifetime = Lifetime::State,
            Data::Scalar(scalar) => scalar.lifetime = Lifetime::State,
            _ => {}
        }
    }
}

/// Symbols that need a declaration; others, such as variables of loops that count, are declared in files too.
pub(super) fn free_or_assigned(sdfg: &Sdfg) -> BTreeSet<Name> {
    sdfg.free_symbols().into_iter().chain(assigned(&sdfg.body)).collect()
}

fn assigned(region: &Region) -> BTreeSet<Name> {
    let mut names = BTreeSet::new();
    region.visit(&mut |block| names.extend(block.assignments().map(|it| it.symbol.clone())));
    names
}

/// Arguments as the file lists them, then what else is not transient; results by DaCe's convention for their names.
fn arguments(attributes: &Value, sdfg: &mut Sdfg) {
    let names = |key: &str| -> Vec<Name> {
        let names = attributes.get(key).and_then(Value::as_array).into_iter().flatten();
        names.filter_map(Value::as_str).map(Name::from).collect()
    };
    let visible = |name: &Name| sdfg.container(name).is_some_and(|data| !data.is_transient());
    let mut returns = names("_meta_returns");
    let mut arguments: Vec<Name> =
        names("arg_names").into_iter().flat_map(|name| members(sdfg, name)).collect();
    let own = names("_meta_arguments");
    let all: BTreeSet<&Name> = arguments.iter().collect();
    if own.len() == arguments.len() && own.iter().collect::<BTreeSet<_>>() == all {
        arguments = own;
    }
    arguments.retain(|name| visible(name));
    returns.retain(|name| visible(name));
    for (name, _) in sdfg.containers.iter().filter(|(name, _)| visible(name)) {
        if !arguments.contains(name) && !returns.contains(name) {
            if name.starts_with("__return") { &mut returns } else { &mut arguments }.push(name.clone());
        }
    }
    (sdfg.arguments, sdfg.returns) = (arguments, returns);
}

/// The containers that an argument consists of: the members of a structure, or itself.
fn members(sdfg: &Sdfg, name: Name) -> Vec<Name> {
    match sdfg.structures.get(&name) {
        Some(it) => it.members.iter().flat_map(|field| members(sdfg, member(&name, field))).collect(),
        None => vec![name],
    }
}

/// Reads the body of one SDFG, whose containers and symbols are known.
pub(super) struct Reader<'a> {
    pub(super) sdfg: &'a Sdfg,
    pub(super) options: ReadOptions<'a>,
    /// Functions of Python that tasklets call.
    pub(super) callbacks: callbacks::Signatures,
    /// Attributes of loops, by label.
    pub(super) loops: RefCell<BTreeMap<Name, Attributes>>,
    /// Containers with an access that sets them to 0.
    pub(super) zeroed: RefCell<BTreeSet<Name>>,
    /// Code around the program.
    pub(super) code: RefCell<CodeSections>,
    /// Expressions that were read before.
    pub(super) memo: Memo,
}

impl Reader<'_> {
    /// A region: vertices and transitions, or blocks that follow each other.
    pub(super) fn region(&self, value: &Value, path: &Path<'_>) -> Result<Region> {
        lift(self.graph(value, path)?, End::Region).map_err(|message| path.error(message))
    }

    /// The region that is all of an SDFG.
    fn body(&self, value: &Value, path: &Path<'_>) -> Result<Region> {
        lift(self.graph(value, path)?, End::Program).map_err(|message| path.error(message))
    }

    /// The vertices and transitions of a region.
    pub(super) fn graph(&self, value: &Value, path: &Path<'_>) -> Result<Graph> {
        let nodes_path = path.key("nodes");
        let nodes = list(get(value, "nodes", path)?, &nodes_path)?;
        let mut graph = Graph::default();
        for (at, node) in nodes.iter().enumerate() {
            graph.blocks.push(self.vertex(node, &nodes_path.index(at))?);
            graph.labels.push(node.get("label").and_then(Value::as_str).unwrap_or("block").to_owned());
        }
        let edges_path = path.key("edges");
        for (at, edge) in list(get(value, "edges", path)?, &edges_path)?.iter().enumerate() {
            let path = edges_path.index(at);
            let step = self.step(edge, nodes.len(), &path)?;
            graph.steps.push(step);
        }
        let start = value.get("start_block").and_then(Value::as_u64).and_then(|it| usize::try_from(it).ok());
        // Files name blocks of earlier versions of their graph: the only one that nothing leads to has precedence.
        graph.start = graph.only_source().or(start).unwrap_or(0);
        Ok(graph)
    }

    fn step(&self, edge: &Value, nodes: usize, path: &Path<'_>) -> Result<Step> {
        let (src, dst) = (node_id(edge, "src", nodes, path)?, node_id(edge, "dst", nodes, path)?);
        let mut step = Step { src, dst, condition: None, effects: Vec::new() };
        let Some(data) =
            edge.get("attributes").and_then(|it| it.get("data")).and_then(|it| it.get("attributes"))
        else {
            return Ok(step);
        };
        if let Some(condition) = data.get("condition") {
            let path = path.key("condition");
            let condition = code(condition, &path)?.trim();
            if !matches!(condition, "" | "1" | "True" | "(True)") {
                step.condition = Some(self.condition(condition, &path)?);
            }
        }
        let path = path.key("assignments");
        let mut group = Vec::new();
        for (symbol, value) in data.get("assignments").and_then(Value::as_object).into_iter().flatten() {
            let path = path.key(symbol);
            let value = match value.as_str() {
                Some(text) => text.to_owned(),
                None => value.to_owned().to_string(),
            };
            match self.sdfg.container(symbol) {
                Some(Data::Scalar(scalar)) if scalar.transient => {
                    let value = self.value(&value, scalar.dtype, &path)?;
                    let label = format!("{symbol}_{}_{}", step.src, step.dst);
                    let state = computed::state(self.sdfg, &label, symbol, value);
                    step.effects.push(Block::State(state.map_err(|error| path.error(error))?));
                }
                _ => group.push(self.assignment(symbol, &value, &path)?),
            }
        }
        // The states come first: no value uses what the same transition assigns.
        if !group.is_empty() {
            step.effects.push(Block::Assign(group));
        }
        Ok(step)
    }

    fn assignment(&self, symbol: &str, value: &str, path: &Path<'_>) -> Result<Assignment> {
        let symbol = name(symbol, path)?;
        if self.sdfg.containers.contains_key(&symbol) {
            return Err(path.error("a transition assigns to a container"));
        }
        let dtype = self.sdfg.symbols.get(&symbol).copied().unwrap_or(DType::Int64);
        Ok(Assignment { symbol, value: self.value(value, dtype, path)? })
    }

    fn value(&self, text: &str, dtype: DType, path: &Path<'_>) -> Result<ScalarExpr> {
        let syntax = syntax::expression(text).map_err(|error| path.error(error))?;
        let lookup = |name: &str| Some(self.meaning(name));
        Typing::new(&lookup).value(&syntax, dtype).map_err(|error| path.error(error))
    }

    pub(super) fn condition(&self, text: &str, path: &Path<'_>) -> Result<ScalarExpr> {
        let syntax = syntax::expression(text).map_err(|error| path.error(error))?;
        let lookup = |name: &str| Some(self.meaning(name));
        Typing::new(&lookup).condition(&syntax).map_err(|error| path.error(error))
    }

    /// What a name on control flow stands for.
    fn meaning(&self, name: &str) -> Meaning {
        match self.sdfg.container(name) {
            Some(Data::Scalar(scalar)) => Meaning::Value(scalar.dtype),
            Some(data) if data.rank() == 0 => Meaning::Value(data.dtype()),
            Some(data) => Meaning::Elements(data.dtype(), data.rank()),
            None => Meaning::Symbol,
        }
    }

    fn vertex(&self, node: &Value, path: &Path<'_>) -> Result<Vec<Block>> {
        let kind = text(get(node, "type", path)?, path)?;
        match kind {
            "SDFGState" => {
                let state = self.state(node, path)?;
                Ok(if state.is_empty() { Vec::new() } else { vec![Block::State(state)] })
            }
            "LoopRegion" => self.loop_region(node, path),
            "ConditionalBlock" => Ok(vec![Block::Conditional(self.conditional(node, path)?)]),
            "ControlFlowRegion" | "NamedRegion" | "FunctionCallRegion" => Ok(self.region(node, path)?.blocks),
            "UnstructuredControlFlow" => self.unstructured(node, path),
            "BreakBlock" => Ok(vec![Block::Break]),
            "ContinueBlock" => Ok(vec![Block::Continue]),
            "ReturnBlock" => Ok(vec![Block::Return]),
            other => Err(path.error(format!("blocks of type `{other}` are not supported"))),
        }
    }

    fn conditional(&self, node: &Value, path: &Path<'_>) -> Result<Conditional> {
        let path = path.key("branches");
        let mut conditional = Conditional::default();
        for (at, branch) in list(get(node, "branches", &path)?, &path)?.iter().enumerate() {
            let path = path.index(at);
            let [condition, region] = list(branch, &path)? else {
                return Err(path.error("expected a condition and a region"));
            };
            let condition = match condition {
                Value::Null => None,
                condition => Some(self.condition(code(condition, &path)?, &path)?),
            };
            let body = self.region(region, &path.index(1))?;
            conditional.branches.push(Branch { condition, body });
        }
        Ok(conditional)
    }

    /// A loop with statements for its start and its step: as a `while` loop; [`super::counted`] makes it a counted one.
    fn loop_region(&self, node: &Value, path: &Path<'_>) -> Result<Vec<Block>> {
        let attributes = get(node, "attributes", path)?;
        let path = &path.key("attributes");
        let statement = |key: &str| -> Result<Vec<Assignment>> {
            let Some(value) = attributes.get(key).filter(|value| !value.is_null()) else {
                return Ok(Vec::new());
            };
            let path = path.key(key);
            let lines = syntax::statements(code(value, &path)?).map_err(|error| path.error(error))?;
            let mut assignments = Vec::new();
            for line in lines {
                let syntax::Line::Assign { target, indices, value } = line else {
                    return Err(path.error("expected an assignment"));
                };
                let lookup = |name: &str| Some(self.meaning(name));
                let value = Typing::new(&lookup).value(&value, DType::Int64);
                let value = value.map_err(|error| path.error(error))?;
                if !indices.is_empty() {
                    return Err(path.error("a loop's variable has no index"));
                }
                assignments.push(Assignment { symbol: name(&target, &path)?, value });
            }
            Ok(assignments)
        };
        let (init, update) = (statement("init_statement")?, statement("update_statement")?);
        let condition = code(get(attributes, "loop_condition", path)?, path)?;
        let condition = self.condition(condition, &path.key("loop_condition"))?;
        let mut body = self.region(node, path)?;
        if !update.is_empty() {
            before_continue(&mut body, &update);
            if !ends_in_jump(&body) {
                body.blocks.push(Block::Assign(update));
            }
        }
        let inverted = attributes.get("inverted").and_then(Value::as_bool).unwrap_or(false);
        let header =
            if inverted { LoopHeader::DoWhile { condition } } else { LoopHeader::While { condition } };
        let label = node.get("label").and_then(Value::as_str).unwrap_or("loop");
        let kept = unknown(attributes, &KNOWN_OF_LOOP);
        if !kept.is_empty() {
            self.loops.borrow_mut().insert(label.into(), kept);
        }
        let repeat = Loop { label: label.into(), header, body, span: span(attributes) };
        let mut blocks = if init.is_empty() { Vec::new() } else { vec![Block::Assign(init)] };
        blocks.push(Block::Loop(Box::new(repeat)));
        Ok(blocks)
    }
}

/// Attributes of a loop that are read.
const KNOWN_OF_LOOP: [&str; 6] = [
    "init_statement",
    "loop_condition",
    "update_statement",
    "loop_variable",
    "inverted",
    "update_before_condition",
];

fn ends_in_jump(region: &Region) -> bool {
    matches!(region.blocks.last(), Some(Block::Break | Block::Continue | Block::Return))
}

/// Puts assignments before every `continue` of the loop that has this body.
fn before_continue(region: &mut Region, update: &[Assignment]) {
    let blocks = std::mem::take(&mut region.blocks);
    for mut block in blocks {
        match &mut block {
            Block::Continue => region.blocks.push(Block::Assign(update.to_vec())),
            Block::Conditional(it) => {
                it.branches.iter_mut().for_each(|branch| before_continue(&mut branch.body, update));
            }
            _ => {}
        }
        region.blocks.push(block);
    }
}

/// The position of a node, which is written as text.
pub(super) fn node_id(edge: &Value, key: &str, nodes: usize, path: &Path<'_>) -> Result<usize> {
    get(edge, key, path)?;
    end(edge, key).filter(|id| *id < nodes).ok_or_else(|| path.key(key).error("there is no such node"))
}

/// The position of a node, written as text or as a number, if it is one.
pub(super) fn end(edge: &Value, key: &str) -> Option<usize> {
    let value = edge.get(key)?;
    match value.as_str() {
        Some(text) => text.parse().ok(),
        None => usize::try_from(value.as_u64()?).ok(),
    }
}
