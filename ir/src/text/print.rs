//! Prints SDFGs, containers and control flow.

use super::names::{Quoted, Word, Words};
use crate::control_flow::LoopHeader;
use crate::data::{Comma, c_strides};
use crate::{Block, Conditional, Data, Expr, Lifetime, Loop, Range, Region, Sdfg, Span, Storage};
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

    pub(super) fn sdfg(&mut self, sdfg: &Sdfg) -> fmt::Result {
        write!(self.out, "sdfg {}({})", Word(&sdfg.name), Words(&sdfg.arguments))?;
        if !sdfg.returns.is_empty() {
            write!(self.out, " -> ({})", Words(&sdfg.returns))?;
        }
        self.position(sdfg.span)?;
        self.braces(|this| {
            if this.positions && !sdfg.file.is_empty() {
                this.line(format_args!("file {}", Quoted(&sdfg.file)))?;
            }
            for (name, dtype) in &sdfg.symbols {
                this.line(format_args!("symbol {}: {dtype}", Word(name)))?;
            }
            for (name, data) in &sdfg.containers {
                let word = if data.is_transient() { "transient" } else { "data" };
                this.line(format_args!("{word} {}: {}", Word(name), Descriptor(data)))?;
                this.position(data.span())?;
            }
            let declares = !sdfg.symbols.is_empty() || !sdfg.containers.is_empty();
            if declares && !sdfg.body.blocks.is_empty() {
                this.out.write_str("\n")?;
            }
            this.region(&sdfg.body)
        })
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
                for (at, it) in assignments.iter().enumerate() {
                    let comma = if at == 0 { "" } else { "," };
                    write!(self.out, "{comma} {} = {}", Word(&it.symbol), it.value)?;
                }
                Ok(())
            }
            Block::Loop(it) => self.repeat(it),
            Block::Conditional(it) => self.conditional(it),
            Block::Break => self.line("break"),
            Block::Continue => self.line("continue"),
            Block::Return => self.line("return"),
        }
    }

    fn repeat(&mut self, it: &Loop) -> fmt::Result {
        self.line(format_args!("loop {}", Word(&it.label)))?;
        match &it.header {
            LoopHeader::For { variable, start, stop, step } => {
                write!(self.out, " for {} in {}", Word(variable), Bounds { start, stop, step })?
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
        write!(f, "{}", self.0.dtype())?;
        if let Data::Array(array) = self.0 {
            write!(f, "[{}]", Comma(&array.shape))?;
            if array.strides != c_strides(&array.shape) {
                write!(f, " strides [{}]", Comma(&array.strides))?;
            }
            f.write_str(match array.storage {
                Storage::Default => "",
                Storage::Register => " register",
                Storage::Heap => " heap",
            })?;
        }
        f.write_str(match self.0.lifetime() {
            Lifetime::Scope => "",
            Lifetime::Sdfg => " call",
            Lifetime::Persistent => " persistent",
        })
    }
}

/// `start:stop`, and the step if it is not 1; a range of one index too.
pub(super) struct Bounds<'a> {
    pub(super) start: &'a Expr,
    pub(super) stop: &'a Expr,
    pub(super) step: &'a Expr,
}

impl<'a> From<&'a Range> for Bounds<'a> {
    fn from(range: &'a Range) -> Self {
        Bounds { start: &range.start, stop: &range.stop, step: &range.step }
    }
}

impl Display for Bounds<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.start, self.stop)?;
        if self.step.is_one() { Ok(()) } else { write!(f, ":{}", self.step) }
    }
}
