//! Calls of Python functions that a file leaves to whoever runs the program.
//!
//! DaCe declares such a function as a symbol, or as an argument, of a type `callback`, and calls it in tasklets:
//!
//! ```text
//! symbols: { f: callback(float64[N]) -> float64 }       A ─ __in_A ─▶ { __out_r = f(__in_A) } ─ __out_r ─▶ r
//!                                                 __pystate ─ __istate ─▶                     ─ __ostate ─▶ __pystate
//! ```
//!
//! Here such a call is an [`ExternalCall::PYTHON`], and what keeps the calls in order is the interpreter, an argument of
//! the program ([`INTERPRETER`]), in the place of the container `__pystate`. Calls inside of a map have no order there; here
//! the iterations of such a map come one after the other. Functions and files must be trusted: a file decides what a
//! function is called with.

use super::error::{Path, Result};
use super::read::{Reader, dtype};
use super::syntax::{self, Syntax};
use super::tree::Value;
use crate::attributes::Attributes;
use crate::callback::{Callback, INTERPRETER, Passed, Wanted};
use crate::node::{CallArgument, ExternalCall};
use crate::state::EdgeView;
use crate::{
    Array, Connector, DType, Edge, Expr, IndexMap, Memlet, Name, Node, NodeId, Range, Schedule, Sdfg, State,
    Subset, TaskletCode,
};
use std::collections::BTreeMap;

/// The container that orders calls in files.
pub(super) const STATE: &str = "__pystate";

/// The attribute of an SDFG under which the types of functions are kept for the way back.
pub(super) const KEPT: &str = "callbacks";

/// Why a file that is not trusted is refused.
pub(super) const UNTRUSTED: &str = "the program calls a function that its caller gives: such calls are accepted only from a \
                                    file that is trusted";

/// What a function takes and gives.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Signature {
    arguments: Vec<Kind>,
    returns: Vec<Kind>,
    /// The name under which the caller gives it.
    name: String,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Kind {
    Number(DType),
    Array(DType, usize),
}

/// The functions of an SDFG by the names that its tasklets use.
pub(super) type Signatures = BTreeMap<String, Signature>;

/// Whether a type is that of a function.
pub(super) fn is_callback(dtype: &Value) -> bool {
    dtype.get("type").and_then(Value::as_str) == Some("callback")
}

/// The functions that an SDFG declares.
pub(super) fn declared(
    attributes: &Value,
    path: &Path<'_>,
    trusted: bool,
) -> Result<(Signatures, Attributes)> {
    let (mut found, mut kept) = (Signatures::new(), Attributes::new());
    let of = |key: &str| attributes.get(key).and_then(Value::as_object).into_iter().flatten();
    let all = of("symbols").map(|it| ("symbols", it)).chain(of("_arrays").map(|it| ("_arrays", it)));
    for (key, (name, value)) in all {
        let path = path.key(key);
        let path = path.key(name);
        let value = match key {
            "symbols" => Some(value),
            _ => value.get("attributes").and_then(|it| it.get("dtype")),
        };
        let Some(value) = value.filter(|dtype| is_callback(dtype)) else { continue };
        if !trusted {
            return Err(path.error(UNTRUSTED));
        }
        let other = attributes.get("callback_mapping").and_then(|it| it.get(name)).and_then(Value::as_str);
        let kinds = |key: &str| kinds(value.get(key), &path.key(key));
        let signature = Signature {
            arguments: kinds("arguments")?,
            returns: kinds("returntypes")?,
            name: other.unwrap_or(name).to_owned(),
        };
        kept.insert(name.to_owned(), value.to_owned());
        found.insert(name.to_owned(), signature);
    }
    Ok((found, kept))
}

fn kinds(all: Option<&Value>, path: &Path<'_>) -> Result<Vec<Kind>> {
    let mut kinds = Vec::new();
    for (at, value) in all.and_then(Value::as_array).into_iter().flatten().enumerate() {
        let path = path.index(at);
        if value.is_null() {
            continue;
        }
        let inner = value.get("attributes").and_then(|it| it.get("dtype"));
        let rank =
            value.get("attributes").and_then(|it| it.get("shape")).and_then(Value::as_array).map(Vec::len);
        let element = dtype(inner.unwrap_or(value), &path)?;
        if !DType::ALL.contains(&element) {
            return Err(path.error(format!(
                "functions of Python are passed numbers and arrays of numbers, not {element}"
            )));
        }
        let is_array = value.get("type").and_then(Value::as_str).is_some_and(|kind| kind != "Scalar");
        kinds.push(match (is_array && inner.is_some(), rank) {
            (true, Some(rank)) => Kind::Array(element, rank),
            _ => Kind::Number(element),
        });
    }
    Ok(kinds)
}

/// Puts the interpreter in the place of what orders calls in files.
pub(super) fn declare(sdfg: &mut Sdfg) {
    sdfg.containers.shift_remove(STATE);
    sdfg.containers.insert(INTERPRETER.into(), Array::new(DType::Int64, [Expr::int(2)]).into());
}

/// The interpreter, all of it.
fn interpreter() -> Memlet {
    Memlet::new(INTERPRETER, Subset::new([Range::new(0, 2)]))
}

/// A tasklet's connectors, each with the memlet of its edge.
pub(super) struct Ports<'a> {
    pub(super) inputs: &'a IndexMap<Name, Connector>,
    pub(super) outputs: &'a IndexMap<Name, Connector>,
    pub(super) memlet: &'a dyn Fn(&str, bool) -> Option<&'a Memlet>,
}

impl Reader<'_> {
    /// The container that a name of the file means.
    pub(super) fn renamed<'n>(&self, data: &'n str) -> &'n str {
        if data == STATE && !self.callbacks.is_empty() { INTERPRETER } else { data }
    }

    /// The memlet that stands for one about what orders calls.
    pub(super) fn ordering(&self, data: &str) -> Option<Memlet> {
        (self.renamed(data) != data).then(interpreter)
    }

    /// The call that a tasklet is, if it is one.
    pub(super) fn callback(
        &self,
        source: &str,
        ports: &Ports<'_>,
        line: u32,
    ) -> std::result::Result<Option<ExternalCall>, String> {
        let (target, text) = match source.split_once('(').map(|(head, _)| head.split_once('=')) {
            Some(Some((target, _))) => {
                (Some(target.trim()), source.split_once('=').map(|(_, call)| call).unwrap_or_default())
            }
            Some(None) => (None, source),
            None => return Ok(None),
        };
        let called = text.split('(').next().unwrap_or_default().trim();
        let Some(signature) = self.callbacks.get(called) else {
            let inside = self.callbacks.keys().find(|name| source.contains(&format!("{name}(")));
            return match inside {
                Some(name) => {
                    Err(format!("`{name}` is a function of Python, whose call is a tasklet of its own"))
                }
                None => Ok(None),
            };
        };
        let Syntax::Call(_, arguments) = syntax::expression(text.trim())? else {
            return Err(format!("`{called}` is a function of Python, whose call is a tasklet of its own"));
        };
        let mut made = Call { ports, pointers: Vec::new(), extents: Vec::new() };
        let kinds = signature.arguments.iter().map(|kind| (*kind, false));
        let arrays = signature.returns.iter().filter(|kind| matches!(kind, Kind::Array(..)));
        let kinds: Vec<(Kind, bool)> = kinds.chain(arrays.map(|kind| (*kind, true))).collect();
        if kinds.len() != arguments.len() {
            return Err(format!("`{called}` takes {} arguments, not {}", kinds.len(), arguments.len()));
        }
        let (mut passed, mut result) = (Vec::new(), Wanted::Nothing);
        for (argument, (kind, returned)) in arguments.iter().zip(kinds) {
            let Syntax::Name(name) = argument else {
                return Err(format!(
                    "`{called}` is passed an expression; it can be passed what a connector carries"
                ));
            };
            match (made.operand(name, kind)?, returned) {
                (it, false) => passed.push(it),
                (Passed::Array(dtype, rank), true) if result == Wanted::Nothing => {
                    result = Wanted::Assignable(dtype, rank);
                }
                _ => return Err(format!("`{called}` gives more than one result")),
            }
        }
        if let Some(target) = target {
            let Some(connector) = ports.outputs.get(target).filter(|_| result == Wanted::Nothing) else {
                return Err(format!("the result of `{called}` goes to no output"));
            };
            made.pointers.push(CallArgument::Pointer(target.into()));
            result = Wanted::Number(connector.dtype);
        }
        let combined = |name: &Name| (ports.memlet)(name, false).is_some_and(|memlet| memlet.wcr.is_some());
        if ports.outputs.keys().any(combined) {
            return Err(format!(
                "what `{called}` gives is combined with what is there: write it somewhere else first"
            ));
        }
        let call = Callback {
            function: signature.name.clone(),
            line,
            reason: "the file leaves it to its caller".to_owned(),
            arguments: passed,
            keywords: Vec::new(),
            result,
        };
        let place = ports.inputs.keys().find(|name| made.carries(name, true, INTERPRETER));
        let place = place.cloned().unwrap_or_else(|| PLACE.into());
        let mut all = vec![CallArgument::Text(call.to_string()), CallArgument::Pointer(place)];
        all.append(&mut made.pointers);
        all.append(&mut made.extents);
        Ok(Some(ExternalCall { routine: ExternalCall::PYTHON.into(), arguments: all, cost: None }))
    }

    /// Connects the interpreter to calls and nested graphs that the file does not connect to anything.
    pub(super) fn supply_interpreter(&self, state: &mut State) {
        let calls = |node: &Node| match node {
            Node::Tasklet(it) => is_call(&it.code),
            Node::Nested(it) => it.sdfg.containers.contains_key(INTERPRETER),
            _ => false,
        };
        let order = state.topological_order().unwrap_or_else(|| state.node_ids());
        let mut last = None;
        for id in order.into_iter().filter(|id| calls(state.node(*id))).collect::<Vec<_>>() {
            one_after_the_other(state, id);
            let reads = |edge: &EdgeView<'_>| edge.memlet().is_some_and(|it| it.data == INTERPRETER);
            if !state.in_edges(id).iter().any(reads) {
                last = Some(connect(state, id, last));
            }
        }
    }
}

/// The connector of a tasklet that the file gives none for the interpreter.
const PLACE: &str = "_python";

fn is_call(code: &TaskletCode) -> bool {
    matches!(code, TaskletCode::External(call) if call.routine == ExternalCall::PYTHON)
}

/// Connects a node to the interpreter: inside of a map it is only read, elsewhere the calls have an order.
fn connect(state: &mut State, id: NodeId, last: Option<NodeId>) -> NodeId {
    let scope = super::constants::scope_of(state, id);
    let inside = scope.is_some();
    let (place, after) = match state.node_mut(id) {
        Node::Nested(nested) => {
            nested.inputs.push(INTERPRETER.into());
            if !inside {
                nested.outputs.push(INTERPRETER.into());
            }
            (Name::from(INTERPRETER), Name::from(INTERPRETER))
        }
        Node::Tasklet(tasklet) => {
            tasklet.inputs.insert(PLACE.into(), Connector::array(DType::Int64, 1));
            let after = Name::from(format!("{PLACE}_after"));
            if !inside {
                tasklet.outputs.insert(after.clone(), Connector::array(DType::Int64, 1));
            }
            (PLACE.into(), after)
        }
        _ => return id,
    };
    let access = match last.filter(|_| !inside) {
        Some(last) => last,
        None => state.add_access(INTERPRETER),
    };
    if let Some(entry) = scope {
        state.order(entry, access);
    }
    state.add_edge(access, id, Edge { src_conn: None, dst_conn: Some(place), memlet: Some(interpreter()) });
    if inside {
        return last.unwrap_or(access);
    }
    let next = state.add_access(INTERPRETER);
    state.add_edge(id, next, Edge { src_conn: Some(after), dst_conn: None, memlet: Some(interpreter()) });
    next
}

/// Makes the maps around a call run one iteration after the other.
fn one_after_the_other(state: &mut State, id: NodeId) {
    let mut at = id;
    while let Some(entry) = super::constants::scope_of(state, at) {
        if let Node::MapEntry(map) = state.node_mut(entry) {
            map.schedule = Schedule::Sequential;
        }
        at = entry;
    }
}

/// A call that is being put together.
struct Call<'c, 'a> {
    ports: &'c Ports<'a>,
    pointers: Vec<CallArgument>,
    extents: Vec<CallArgument>,
}

impl Call<'_, '_> {
    /// Whether a connector carries data of a container.
    fn carries(&self, name: &str, input: bool, container: &str) -> bool {
        (self.ports.memlet)(name, input).is_some_and(|memlet| memlet.data == container)
    }

    /// What a connector carries, as an operand. Data that is read and written is passed once.
    fn operand(&mut self, name: &str, kind: Kind) -> std::result::Result<Passed, String> {
        let memlet = (self.ports.memlet)(name, true).or_else(|| (self.ports.memlet)(name, false));
        let Some(memlet) = memlet else {
            return Err(format!(
                "`{name}` is no connector; a function of Python is passed what connectors carry"
            ));
        };
        // What is written may be read as well: then it is what is read that is passed.
        let read = |input: &&Name| {
            (self.ports.memlet)(input, true)
                .is_some_and(|it| (&it.data, &it.subset) == (&memlet.data, &memlet.subset))
        };
        let same = match self.ports.inputs.contains_key(name) {
            true => None,
            false => self.ports.inputs.keys().find(read),
        };
        self.pointers.push(CallArgument::Pointer(same.cloned().unwrap_or_else(|| name.into())));
        match kind {
            Kind::Number(dtype) if memlet.subset.num_elements().is_one() => Ok(Passed::PythonNumber(dtype)),
            Kind::Number(_) => Err(format!("`{name}` carries several elements, and a number is passed")),
            Kind::Array(dtype, rank) => {
                let shape = memlet.subset.shape();
                // Scalars are passed as arrays of one element where the function takes an array.
                let shape = if shape.is_empty() { vec![Expr::one()] } else { shape };
                if shape.len() != rank {
                    return Err(format!(
                        "`{name}` carries {} dimensions, and {rank} are passed",
                        shape.len()
                    ));
                }
                self.extents.extend(shape.into_iter().map(CallArgument::Int));
                Ok(Passed::Array(dtype, rank))
            }
        }
    }
}

/// Takes the interpreter out of an SDFG that calls nothing.
pub(super) fn forget_unused(sdfg: &mut Sdfg) {
    let uses =
        |state: &&State| state.nodes().any(|(_, node)| node.as_access().is_some_and(|it| it == INTERPRETER));
    if !sdfg.body.states().iter().any(uses) {
        sdfg.containers.shift_remove(INTERPRETER);
        sdfg.arguments.retain(|name| name != INTERPRETER);
    }
}

/// Gives calls the form that files have, on a copy that is about to be written; functions that no file has declared stay
/// calls of this compiler's own.
pub(super) fn restore(sdfg: &mut Sdfg) {
    let Some(declared) = sdfg.attributes.sdfg.get(KEPT).and_then(serde_json::Value::as_object).cloned()
    else {
        return;
    };
    let names = sdfg.attributes.sdfg.get("callback_mapping").cloned().unwrap_or_default();
    // The name in the file of a function that the caller gives.
    let own = |function: &str| {
        let all = declared.keys();
        let found = all.into_iter().find(|name| names[name.as_str()].as_str().unwrap_or(name) == function);
        found.cloned()
    };
    sdfg.body.visit_states_mut(&mut |state| {
        for id in state.node_ids() {
            let Some(call) =
                state.node(id).as_tasklet().and_then(|tasklet| written(state, id, tasklet, &own))
            else {
                continue;
            };
            let code = serde_json::json!({ "string_data": call, "language": "Python" });
            state.attributes.nodes.entry(id).or_default().insert(CODE.into(), code);
            // What is passed is an address, of one element too; a result that is a number is none.
            if let Node::Tasklet(tasklet) = state.node_mut(id) {
                let operands = call.split_once('(').map_or("", |(_, operands)| operands);
                let words: Vec<&str> = operands.split([',', ')', ' ']).collect();
                let passed = |name: &Name| words.contains(&name.as_str());
                for (_, port) in tasklet.outputs.iter_mut().filter(|(name, _)| passed(name)) {
                    port.rank = port.rank.max(1);
                }
            }
        }
        disconnect(state);
    });
    sdfg.arguments.retain(|name| name != INTERPRETER);
    if sdfg.containers.shift_remove(INTERPRETER).is_some() {
        let orders =
            |state: &&State| state.nodes().any(|(_, node)| node.as_access().is_some_and(|it| it == STATE));
        if sdfg.body.states().iter().any(orders) {
            sdfg.containers.insert(STATE.into(), crate::Scalar::transient(DType::Int32).into());
        }
    }
}

/// The attribute of a tasklet that is a call, with its code in the file.
pub(super) const CODE: &str = "code";

/// The Python text of a call.
fn written(
    state: &State,
    id: NodeId,
    tasklet: &crate::Tasklet,
    own: &dyn Fn(&str) -> Option<String>,
) -> Option<String> {
    let TaskletCode::External(call) = &tasklet.code else { return None };
    let [CallArgument::Text(what), CallArgument::Pointer(_), rest @ ..] = &call.arguments[..] else {
        return None;
    };
    let described = Callback::parse(what)?;
    let function = own(&described.function)?;
    let moved = |name: &Name| {
        let edges = state.in_edges(id).into_iter().chain(state.out_edges(id));
        let mut edges = edges.filter(|edge| edge.dst_conn() == Some(name) || edge.src_conn() == Some(name));
        edges.find_map(|edge| edge.memlet().map(|memlet| (memlet.data.clone(), memlet.subset.clone())))
    };
    let mut operands: Vec<String> = Vec::new();
    let pointers = rest.iter().filter_map(|argument| match argument {
        CallArgument::Pointer(name) => Some(name),
        _ => None,
    });
    for (at, name) in pointers.enumerate() {
        let is_array = matches!(described.arguments.get(at), Some(Passed::Array(..)));
        // An array that is read and written is passed as what is written.
        let after =
            tasklet.outputs.keys().find(|it| is_array && moved(it).is_some() && moved(it) == moved(name));
        operands.push(after.unwrap_or(name).to_string());
    }
    let target = match described.result {
        Wanted::Number(_) => Some(operands.pop()?),
        _ => None,
    };
    let call = format!("{function}({})", operands.join(", "));
    Some(target.map(|target| format!("{target} = {call}")).unwrap_or(call))
}

/// Takes what only this compiler needs to order calls out of a state; what a file has goes by its name there.
fn disconnect(state: &mut State) {
    for id in state.node_ids() {
        match state.node_mut(id) {
            Node::Nested(nested) => {
                nested.inputs.retain(|name| name != INTERPRETER);
                nested.outputs.retain(|name| name != INTERPRETER);
            }
            Node::Tasklet(tasklet) => {
                let added =
                    |name: &Name| name.strip_prefix(PLACE).is_some_and(|rest| matches!(rest, "" | "_after"));
                tasklet.inputs.retain(|name, _| !added(name));
                tasklet.outputs.retain(|name, _| !added(name));
            }
            _ => {}
        }
    }
    let about = |edge: &EdgeView<'_>| edge.memlet().is_some_and(|memlet| memlet.data == INTERPRETER);
    let edges: Vec<_> = state.edges().filter(about).map(|edge| (edge.id, edge.src, edge.dst)).collect();
    for (id, src, dst) in edges {
        let edge = state.edge(id);
        let (src_conn, dst_conn) = (edge.src_conn.clone(), edge.dst_conn.clone());
        let has = |node: NodeId, conn: &Option<Name>| match (state.node(node), conn) {
            (Node::Tasklet(it), Some(conn)) => it.inputs.contains_key(conn) || it.outputs.contains_key(conn),
            (Node::Nested(_), _) => false,
            _ => true,
        };
        if !(has(src, &src_conn) && has(dst, &dst_conn)) {
            state.remove_edge(id);
            continue;
        }
        for node in [src, dst] {
            if let Node::Tasklet(it) = state.node_mut(node) {
                let own = [&src_conn, &dst_conn].into_iter().flatten();
                for conn in own {
                    for ports in [&mut it.inputs, &mut it.outputs] {
                        if let Some(port) = ports.get_mut(conn) {
                            *port = Connector::scalar(DType::Int32);
                        }
                    }
                }
            }
        }
        state.edge_mut(id).memlet = Some(Memlet::scalar(STATE));
    }
    for id in state.node_ids() {
        if state.node(id).as_access().is_none_or(|name| name != INTERPRETER) {
            continue;
        }
        let carries = |edge: &EdgeView<'_>| edge.memlet().is_some();
        if state.in_edges(id).iter().chain(&state.out_edges(id)).any(carries) {
            *state.node_mut(id) = Node::Access(STATE.into());
        } else {
            state.remove_node(id);
        }
    }
}
