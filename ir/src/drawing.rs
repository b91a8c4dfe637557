//! What pictures of SDFGs say: the words in nodes, on edges and above blocks. Shared by [`dot`](crate::dot) and
//! [`svg`](crate::svg).

use crate::control_flow::{Effect, LoopHeader, Piece};
use crate::state::EdgeView;
use crate::{Assignment, Branch, Loop, Machine, Map, Node, Range, Sdfg, State, TaskletCode};

/// The shape of a node.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Shape {
    /// Containers.
    Oval,
    /// Computations.
    Box,
    /// Map entries: narrow at the top.
    Opening,
    /// Map exits: narrow at the bottom.
    Closing,
}

/// How a node is drawn: shape, text, and whether it is internal to the program.
pub(crate) struct Drawn {
    pub(crate) shape: Shape,
    pub(crate) text: String,
    pub(crate) transient: bool,
}

pub(crate) fn node(sdfg: &Sdfg, state: &State, node: &Node) -> Drawn {
    let (shape, text) = match node {
        Node::Access(data) => (Shape::Oval, data.to_string()),
        Node::Tasklet(tasklet) => (Shape::Box, code(&tasklet.code)),
        Node::MapEntry(entry) => (Shape::Opening, map(entry)),
        Node::MapExit { entry } if state.contains(*entry) => {
            (Shape::Closing, state.node(*entry).as_map().map(map).unwrap_or_default())
        }
        Node::MapExit { .. } => (Shape::Closing, String::new()),
        Node::Nested(nested) => (Shape::Box, nested.sdfg.name.to_string()),
        Node::Library(library) => (Shape::Box, format!("«{}»", library.op.name())),
    };
    let transient =
        node.as_access().and_then(|data| sdfg.container(data)).is_some_and(|data| data.is_transient());
    Drawn { shape, text, transient }
}

/// What moves along an edge.
pub(crate) fn edge(edge: EdgeView<'_>) -> String {
    edge.memlet().map(ToString::to_string).unwrap_or_default()
}

pub(crate) fn effect(it: &Effect) -> String {
    match it {
        Effect::Fail { message, .. } => format!("fail: {message}"),
        Effect::Print { pieces, .. } => {
            let text = |piece: &Piece| match piece {
                Piece::Text(text) => text.clone(),
                Piece::Value(value, _) | Piece::Array(value) => format!("{{{value}}}"),
            };
            format!("print: {}", pieces.iter().map(text).collect::<String>().trim_end())
        }
    }
}

pub(crate) fn repeat(it: &Loop) -> String {
    match &it.header {
        LoopHeader::For { variable, start, stop, step } => {
            let range = Range::strided(start.clone(), stop.clone(), step.clone());
            format!("for {variable} in {range}")
        }
        LoopHeader::While { condition } => format!("while {condition}"),
        LoopHeader::DoWhile { condition } => format!("do … while {condition}"),
    }
}

pub(crate) fn branch(it: &Branch, first: bool) -> String {
    match (&it.condition, first) {
        (Some(condition), true) => format!("if {condition}"),
        (Some(condition), false) => format!("elif {condition}"),
        (None, _) => "else".to_owned(),
    }
}

/// The name of a machine's vertex, and the ways that leave it.
pub(crate) fn vertex(machine: &Machine, at: usize) -> String {
    let mut text = machine.vertices[at].label.to_string();
    for it in machine.leaving(at) {
        let to = machine.vertices.get(it.to).map(|vertex| vertex.label.as_str()).unwrap_or("nowhere");
        text += &format!("\ngoto {to}");
        if let Some(condition) = &it.condition {
            text += &format!(" if {condition}");
        }
        for assignment in &it.assignments {
            text += &format!(" {} = {}", assignment.symbol, assignment.value);
        }
    }
    text
}

pub(crate) fn assignments(all: &[Assignment]) -> String {
    all.iter().map(|it| format!("{} = {}", it.symbol, it.value)).collect::<Vec<_>>().join("\n")
}

fn map(map: &Map) -> String {
    if map.consume.is_some() {
        let elements = map.params.iter().map(|param| param.to_string()).collect::<Vec<_>>();
        return format!("consume [{}]", elements.join(", "));
    }
    let dims = map.params.iter().zip(&map.ranges).map(|(param, range)| format!("{param} = {range}"));
    format!("[{}]", dims.collect::<Vec<_>>().join(", "))
}

fn code(code: &TaskletCode) -> String {
    match code {
        TaskletCode::Native(stmts) => stmts.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"),
        TaskletCode::External(call) => format!("{}(…)", call.routine),
        TaskletCode::Foreign(foreign) => foreign.code.clone(),
    }
}
