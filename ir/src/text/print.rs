//! Prints SDFGs, containers and control flow.

use super::names::{Quoted, Word, Words};
use crate::control_flow::{Effect, LoopHeader, Piece};
use crate::data::{Comma, c_strides};
use crate::{
    Assignment, Block, Conditional, Constant, Data, Expr, Instrument, Lifetime, Loop, Machine, Name, Range,
    Region, Sdfg, Span, Storage, Structure,
};
use std::fmt::{self, Display, Formatter};

/// Writes lines with indentation.
pub(super) struct Printer<'a, 'b> {
    pub(super) out: &'a mut Formatter<'b>,
    pub(super) positions: bool,
    depth: usize,
}

impl<'a, 'b> Printer<'a, 'b> {
    pub(super) fn new(out: &'a mut Formatter<'b>, positions: bool) -> Self {
        Printer { out, positions, depth: 0 }
    }

    /// Starts a line.
    pub(super) fn line(&mut self, text: impl Display) -> fmt::Result {
        write!(self.out, "\n{:width$}{text}", "", width = 2 * self.depth)
    }

    /// Prints what `f` prints with one more level of indentation, and the closing brace.
    pub(super) fn braces(&mut self, f: impl FnOnce(&mut Self) -> fmt::Result) -> fmt::Result {
        self.out.write_str(" {")?;
        self.depth += 1;
        f(self)?;
        self.depth -= 1;
        self.line("}")
    }

    /// Prints a place in the source file after an element.
    pub(super) fn position(&mut self, span: Span) -> fmt::Result {
        if self.positions && span != Span::default() {
            write!(self.out, " @{}:{}:{}", span.line, span.start, span.end)?;
        }
        Ok(())
    }

    /// Prints a hook after an element.
    pub(super) fn instrument(&mut self, instrument: Instrument) -> fmt::Result {
        match instrument {
            Instrument::None => Ok(()),
            other => write!(self.out, " {}", other.name()),
        }
    }

    pub(super) fn sdfg(&mut self, sdfg: &Sdfg) -> fmt::Result {
        write!(self.out, "sdfg {}({})", Word(&sdfg.name), Words(&sdfg.arguments))?;
        if !sdfg.returns.is_empty() {
            write!(self.out, " -> ({})", Words(&sdfg.returns))?;
        }
        self.instrument(sdfg.instrument)?;
        self.position(sdfg.span)?;
        self.braces(|this| {
            if this.positions && !sdfg.file.is_empty() {
                this.line(format_args!("file {}", Quoted(&sdfg.file)))?;
            }
            for (name, text) in sdfg.sections.all().into_iter().filter(|(_, text)| !text.is_empty()) {
                this.line(format_args!("code {name} {}", Quoted(text)))?;
            }
            for (name, dtype) in &sdfg.symbols {
                this.line(format_args!("symbol {}: {dtype}", Word(name)))?;
            }
            for (name, structure) in &sdfg.structures {
                this.structure(name, structure)?;
            }
            for (name, data) in &sdfg.containers {
                let word = match data {
                    Data::View(_) => "view",
                    Data::Reference(_) => "reference",
                    Data::Constant(_) => "constant",
                    _ if data.is_transient() => "transient",
                    _ => "data",
                };
                this.line(format_args!("{word} {}: {}", Word(name), Descriptor(data)))?;
                this.position(data.span())?;
            }
            let declares = !sdfg.symbols.is_empty()
                || !sdfg.containers.is_empty()
                || !sdfg.structures.is_empty()
                || !sdfg.sections.is_empty();
            if declares && !sdfg.body.blocks.is_empty() {
                this.out.write_str("\n")?;
            }
            this.region(&sdfg.body)
        })
    }

    fn structure(&mut self, name: &Name, structure: &Structure) -> fmt::Result {
        self.line(format_args!("structure {}", Word(name)))?;
        if !structure.shape.is_empty() {
            write!(self.out, "[{}]", Comma(&structure.shape))?;
        }
        self.position(structure.span)?;
        write!(self.out, " {{ {} }}", Words(&structure.members))
    }

    fn region(&mut self, region: &Region) -> fmt::Result {
        region.blocks.iter().try_for_each(|block| self.block(block))
    }

    fn block(&mut self, block: &Block) -> fmt::Result {
        match block {
            Block::State(state) => {
                self.line("")?;
                self.state(state)
            }
            Block::Assign(assignments) => {
                self.line("assign")?;
                self.assignments(assignments)
            }
            Block::Machine(it) => self.machine(it),
            Block::Loop(it) => self.repeat(it),
            Block::Conditional(it) => self.conditional(it),
            Block::Effect(it) => self.effect(it),
            Block::Break => self.line("break"),
            Block::Continue => self.line("continue"),
            Block::Return => self.line("return"),
        }
    }

    fn effect(&mut self, it: &Effect) -> fmt::Result {
        match it {
            Effect::Fail { message, .. } => {
                self.line("fail ")?;
                write!(self.out, "{}", Quoted(message))?;
            }
            Effect::Print { pieces, .. } => {
                self.line("print")?;
                for (at, piece) in pieces.iter().enumerate() {
                    self.out.write_str(if at == 0 { " " } else { ", " })?;
                    match piece {
                        Piece::Text(text) => write!(self.out, "text {}", Quoted(text))?,
                        Piece::Value(value, None) => write!(self.out, "value {value}")?,
                        Piece::Value(value, Some(format)) => write!(self.out, "format \"{format}\" {value}")?,
                        Piece::Array(array) => write!(self.out, "array {array}")?,
                    }
                }
            }
        }
        self.position(it.span())
    }

    fn repeat(&mut self, it: &Loop) -> fmt::Result {
        self.line(format_args!("loop {}", Word(&it.label)))?;
        match &it.header {
            LoopHeader::For { variable, start, stop, step } => {
                write!(self.out, " for {} in {}", Word(variable), Bounds { start, stop, step, tile: None })?
            }
            LoopHeader::While { condition } => write!(self.out, " while {condition}")?,
            LoopHeader::DoWhile { .. } => self.out.write_str(" do")?,
        }
        self.position(it.span)?;
        self.braces(|this| this.region(&it.body))?;
        match &it.header {
            LoopHeader::DoWhile { condition } => write!(self.out, " while {condition}"),
            LoopHeader::For { .. } | LoopHeader::While { .. } => Ok(()),
        }
    }

    /// What is assigned; the word before is printed already.
    fn assignments(&mut self, assignments: &[Assignment]) -> fmt::Result {
        for (at, it) in assignments.iter().enumerate() {
            let comma = if at == 0 { "" } else { "," };
            write!(self.out, "{comma} {} = {}", Word(&it.symbol), it.value)?;
        }
        Ok(())
    }

    fn machine(&mut self, it: &Machine) -> fmt::Result {
        self.line(format_args!("machine {}", Word(&it.label)))?;
        self.position(it.span)?;
        let first = |at: usize| it.vertices.iter().position(|other| other.label == it.vertices[at].label);
        let end = |at: usize| match it.vertices.get(at) {
            Some(vertex) if first(at) == Some(at) => Word(&vertex.label).to_string(),
            _ => at.to_string(),
        };
        self.braces(|this| {
            for vertex in &it.vertices {
                this.line(format_args!("at {}", Word(&vertex.label)))?;
                this.braces(|this| this.region(&vertex.body))?;
            }
            it.transitions.iter().try_for_each(|way| {
                this.line(format_args!("goto {} -> {}", end(way.from), end(way.to)))?;
                if let Some(condition) = &way.condition {
                    write!(this.out, " if {condition}")?;
                }
                if way.assignments.is_empty() {
                    return Ok(());
                }
                this.out.write_str(" assign")?;
                this.assignments(&way.assignments)
            })
        })
    }

    fn conditional(&mut self, it: &Conditional) -> fmt::Result {
        self.line("if")?;
        for (at, branch) in it.branches.iter().enumerate() {
            if at > 0 {
                self.out.write_str(if branch.condition.is_some() { " elif" } else { " else" })?;
            }
            if let Some(condition) = &branch.condition {
                write!(self.out, " {condition}")?;
            }
            if at == 0 {
                self.position(it.span)?;
            }
            self.braces(|this| this.region(&branch.body))?;
        }
        Ok(())
    }
}

/// The type, shape and place of a container.
struct Descriptor<'a>(&'a Data);

impl Display for Descriptor<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let zeroed = if self.0.is_zeroed() { " zeroed" } else { "" };
        let lifetime = match self.0.lifetime() {
            Lifetime::Scope => zeroed.to_owned(),
            other => format!(" {}{zeroed}", other.name()),
        };
        match self.0 {
            Data::Scalar(scalar) => write!(f, "{}{lifetime}", scalar.dtype),
            Data::Array(array) | Data::View(array) | Data::Reference(array) => {
                write!(f, "{}[{}]", array.dtype, Comma(&array.shape))?;
                if array.strides != c_strides(&array.shape) {
                    write!(f, " strides [{}]", Comma(&array.strides))?;
                }
                if !array.offset.is_empty() {
                    write!(f, " offset [{}]", Comma(&array.offset))?;
                }
                if array.storage != Storage::Default {
                    write!(f, " {}", array.storage.name())?;
                }
                f.write_str(&lifetime)?;
                f.write_str(if array.optional { " optional" } else { "" })
            }
            Data::Stream(stream) => {
                write!(f, "stream {}", stream.dtype)?;
                if !stream.shape.is_empty() {
                    write!(f, "[{}]", Comma(&stream.shape))?;
                }
                if let Some(capacity) = &stream.capacity {
                    write!(f, " capacity ({capacity})")?;
                }
                f.write_str(&lifetime)
            }
            Data::Constant(constant) => {
                write!(f, "{}", constant.dtype())?;
                if !constant.shape().is_empty() {
                    write!(f, "[{}]", Comma(constant.shape()))?;
                }
                let values = constant.values();
                let literals: Vec<Constant> =
                    (0..values.len()).map(|at| values.get(at).to_constant()).collect();
                write!(f, " = [{}]", Comma(&literals))
            }
        }
    }
}

/// `start:stop`, the step if it is not 1, and the tile if there is one; a range of one index too.
pub(super) struct Bounds<'a> {
    pub(super) start: &'a Expr,
    pub(super) stop: &'a Expr,
    pub(super) step: &'a Expr,
    pub(super) tile: Option<&'a Expr>,
}

impl<'a> From<&'a Range> for Bounds<'a> {
    fn from(range: &'a Range) -> Self {
        Bounds { start: &range.start, stop: &range.stop, step: &range.step, tile: range.tile.as_ref() }
    }
}

impl Display for Bounds<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.start, self.stop)?;
        match self.tile {
            Some(tile) => write!(f, ":{}:{tile}", self.step),
            None if self.step.is_one() => Ok(()),
            None => write!(f, ":{}", self.step),
        }
    }
}
