//! Prints states: nodes in the order of the outline, each below the edges that lead to it.

use super::names::{Quoted, Word, Words};
use super::outline::{Item, flatten, outline};
use super::print::{Bounds, Printer};
use crate::library::Property;
use crate::node::{CallArgument, ExternalCall, LibraryNode};
use crate::{
    Connector, IndexMap, Map, Memlet, Name, NestedSdfg, Node, NodeId, Schedule, State, Stmt, Tasklet,
    TaskletCode,
};
use std::collections::BTreeMap;
use std::fmt::{self, Display, Formatter};

/// The number of each node in the text.
type Numbers = BTreeMap<NodeId, usize>;

impl Printer<'_, '_> {
    pub(super) fn state(&mut self, state: &State) -> fmt::Result {
        let items = outline(state);
        let numbers: Numbers = flatten(&items).into_iter().enumerate().map(|(at, id)| (id, at)).collect();
        write!(self.out, "state {}", Word(&state.label))?;
        self.instrument(state.instrument)?;
        self.position(state.span)?;
        self.braces(|this| this.items(state, &items, &numbers))
    }

    fn items(&mut self, state: &State, items: &[Item], numbers: &Numbers) -> fmt::Result {
        for item in items {
            match item {
                Item::Node(id) => {
                    self.edges(state, *id, numbers)?;
                    self.node(state, *id, numbers)?;
                }
                Item::Scope { entry, inside, exit } => {
                    self.edges(state, *entry, numbers)?;
                    self.node(state, *entry, numbers)?;
                    self.braces(|this| {
                        this.items(state, inside, numbers)?;
                        this.edges(state, *exit, numbers)
                    })?;
                    write!(self.out, " n{}", numbers[exit])?;
                }
            }
        }
        Ok(())
    }

    fn edges(&mut self, state: &State, node: NodeId, numbers: &Numbers) -> fmt::Result {
        for edge in state.in_edges(node) {
            let src = End(numbers[&edge.src], edge.src_conn());
            let dst = End(numbers[&edge.dst], edge.dst_conn());
            self.line(format_args!("{src} -> {dst}"))?;
            if let Some(memlet) = edge.memlet() {
                write!(self.out, ": {}", Moved(memlet))?;
            }
        }
        Ok(())
    }

    fn node(&mut self, state: &State, id: NodeId, numbers: &Numbers) -> fmt::Result {
        self.line(format_args!("n{} = ", numbers[&id]))?;
        match state.node(id) {
            Node::Access(data) => write!(self.out, "access {}", Word(data)),
            Node::Tasklet(tasklet) => self.tasklet(tasklet),
            Node::MapEntry(map) => self.map(map),
            Node::MapExit { entry } => match numbers.get(entry) {
                Some(entry) => write!(self.out, "exit n{entry}"),
                None => self.out.write_str("exit nowhere"),
            },
            Node::Nested(nested) => self.nested(nested),
            Node::Library(node) => self.library(node),
        }
    }

    fn map(&mut self, map: &Map) -> fmt::Result {
        let kind = if map.consume.is_some() { "consume" } else { "map" };
        write!(self.out, "{kind} {}(", Word(&map.label))?;
        for (at, (param, range)) in map.params.iter().zip(&map.ranges).enumerate() {
            let comma = if at == 0 { "" } else { ", " };
            write!(self.out, "{comma}{} in {}", Word(param), Bounds::from(range))?;
        }
        self.out.write_str(")")?;
        if let Some(chunk) = map.consume.as_ref().map(|it| it.chunk).filter(|chunk| *chunk != 1) {
            write!(self.out, " by {chunk}")?;
        }
        if let Some(stop) = map.stop_condition() {
            write!(self.out, " until ({stop})")?;
        }
        if map.schedule != Schedule::Default {
            write!(self.out, " {}", map.schedule.name())?;
        }
        if map.collapse != 1 {
            write!(self.out, " collapse {}", map.collapse)?;
        }
        if let Some(condition) = &map.parallel_if {
            write!(self.out, " if ({condition})")?;
        }
        self.instrument(map.instrument)?;
        self.position(map.span)
    }

    fn tasklet(&mut self, tasklet: &Tasklet) -> fmt::Result {
        write!(self.out, "tasklet {}({})", Word(&tasklet.label), Connectors(&tasklet.inputs))?;
        write!(self.out, " -> ({})", Connectors(&tasklet.outputs))?;
        self.position(tasklet.span)?;
        match &tasklet.code {
            TaskletCode::Native(stmts) => match &stmts[..] {
                [stmt @ (Stmt::Assign { .. } | Stmt::Store { .. })] => {
                    self.out.write_str(" { ")?;
                    self.stmt(stmt)?;
                    self.out.write_str(" }")
                }
                _ => self.body(stmts),
            },
            TaskletCode::External(call) => write!(self.out, " {{ {} }}", External(call)),
            TaskletCode::Foreign(foreign) => {
                write!(self.out, " {{ {} {} }}", foreign.language.name(), Quoted(&foreign.code))
            }
        }
    }

    fn body(&mut self, stmts: &[Stmt]) -> fmt::Result {
        self.braces(|this| {
            stmts.iter().try_for_each(|stmt| {
                this.line("")?;
                this.stmt(stmt)
            })
        })
    }

    /// One statement; the line is already begun.
    pub(super) fn stmt(&mut self, stmt: &Stmt) -> fmt::Result {
        match stmt {
            Stmt::Assign { target, value } => write!(self.out, "{} = {value}", Word(target)),
            Stmt::Store { target, indices, value } => {
                write!(self.out, "{}[{}] = {value}", Word(target), crate::data::Comma(indices))
            }
            Stmt::If { condition, then, otherwise } => {
                write!(self.out, "if {condition}")?;
                self.body(then)?;
                if otherwise.is_empty() {
                    return Ok(());
                }
                self.out.write_str(" else")?;
                self.body(otherwise)
            }
        }
    }

    fn nested(&mut self, nested: &NestedSdfg) -> fmt::Result {
        write!(self.out, "nested ({}) -> ({})", Words(&nested.inputs), Words(&nested.outputs))?;
        if !nested.symbols.is_empty() {
            self.out.write_str(" with [")?;
            for (at, (symbol, value)) in nested.symbols.iter().enumerate() {
                write!(self.out, "{}{} = {value}", if at == 0 { "" } else { ", " }, Word(symbol))?;
            }
            self.out.write_str("]")?;
        }
        self.position(nested.span)?;
        self.out.write_str(" ")?;
        self.sdfg(&nested.sdfg)
    }

    fn library(&mut self, node: &LibraryNode) -> fmt::Result {
        write!(self.out, "library {} {}(", Word(&node.label), Word(node.op.name()))?;
        for (at, (name, property)) in node.op.properties().iter().enumerate() {
            write!(self.out, "{}{} = {}", if at == 0 { "" } else { ", " }, Word(name), Value(property))?;
        }
        self.out.write_str(")")?;
        if let Some(implementation) = &node.implementation {
            write!(self.out, " as {}", Word(implementation))?;
        }
        self.position(node.span)
    }
}

/// A node with the connector at which an edge is attached.
struct End<'a>(usize, Option<&'a Name>);

impl Display for End<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "n{}", self.0)?;
        match self.1 {
            Some(connector) => write!(f, ".{}", Word(connector)),
            None => Ok(()),
        }
    }
}

/// What moves along an edge.
struct Moved<'a>(&'a Memlet);

impl Display for Moved<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let Moved(memlet) = self;
        write!(f, "{}{}", Word(&memlet.data), memlet.subset)?;
        match &memlet.other_subset {
            Some(other) if other.dims.is_empty() => f.write_str(" to []")?,
            Some(other) => write!(f, " to {other}")?,
            None => {}
        }
        if let Some(wcr) = memlet.wcr {
            write!(f, " wcr {wcr}")?;
        }
        if memlet.dynamic {
            f.write_str(" dynamic")?;
        }
        match &memlet.volume {
            Some(volume) => write!(f, " volume ({volume})"),
            None => Ok(()),
        }
    }
}

/// Connectors with their types: `x: float64`, or `x: float64[2]` for two dimensions.
struct Connectors<'a>(&'a IndexMap<Name, Connector>);

impl Display for Connectors<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        for (at, (name, connector)) in self.0.iter().enumerate() {
            write!(f, "{}{}: {}", if at == 0 { "" } else { ", " }, Word(name), connector.dtype)?;
            if connector.rank > 0 {
                write!(f, "[{}]", connector.rank)?;
            }
        }
        Ok(())
    }
}

/// A call of an external routine.
pub(super) struct External<'a>(pub(super) &'a ExternalCall);

impl Display for External<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "call {}(", Word(&self.0.routine))?;
        for (at, argument) in self.0.arguments.iter().enumerate() {
            f.write_str(if at == 0 { "" } else { ", " })?;
            match argument {
                CallArgument::Pointer(name) => write!(f, "&{}", Word(name))?,
                CallArgument::Int(expr) => write!(f, "({expr})")?,
                CallArgument::Value(dtype, value) => write!(f, "{dtype}: {value}")?,
                CallArgument::Text(text) => Quoted(text).fmt(f)?,
            }
        }
        f.write_str(")")?;
        match &self.0.cost {
            Some(cost) => write!(f, " costs ({}), ({})", cost.operations, cost.bytes),
            None => Ok(()),
        }
    }
}

struct Value<'a>(&'a Property);

impl Display for Value<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self.0 {
            Property::Bool(true) => f.write_str("True"),
            Property::Bool(false) => f.write_str("False"),
            Property::Int(value) => write!(f, "{value}"),
            Property::Float(value) => write!(f, "{}", crate::Constant::Float(*value, crate::DType::Float64)),
            Property::Ints(values) => write!(f, "[{}]", crate::data::Comma(values)),
            Property::Text(text) => Quoted(text).fmt(f),
        }
    }
}
