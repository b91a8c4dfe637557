//! Control flow: which state runs next.
//!
//! A [`Region`] is a sequence of [`Block`]s, run one after the other. Loops and conditionals hold regions of their own,
//! so control flow is a tree and its shape is known without analysis. What has no such shape is a [`Machine`]: regions
//! that transitions join.
//!
//! Conditions and assigned values are [`ScalarExpr`]s over symbols and containers (a scalar by its name, an array's
//! element by a load). Symbols change only here, and so are constant while a state runs.

mod machine;

pub use machine::{Machine, Transition, Vertex};
mod effect;

pub use effect::{BadFormat, Effect, Format, Notation, Piece};

use crate::{Expr, Name, ScalarExpr, Span, State};

/// A sequence of blocks.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Region {
    /// The blocks, in order of execution.
    pub blocks: Vec<Block>,
}

/// One step of control flow.
#[derive(Clone, Debug, PartialEq)]
pub enum Block {
    /// Runs a state.
    State(State),
    /// Gives symbols new values: all values are found first, then all symbols change.
    Assign(Vec<Assignment>),
    /// Repeats a region.
    Loop(Box<Loop>),
    /// Runs one of several regions, or none.
    Conditional(Conditional),
    /// Runs regions in an order that transitions tell.
    Machine(Box<Machine>),
    /// Does something that people notice.
    Effect(Effect),
    /// Leaves the innermost loop.
    Break,
    /// Starts the next iteration of the innermost loop.
    Continue,
    /// Leaves the SDFG.
    Return,
}

/// A new value of a symbol.
#[derive(Clone, Debug, PartialEq)]
pub struct Assignment {
    /// The symbol.
    pub symbol: Name,
    /// Its value: an integer of the symbol's type.
    pub value: ScalarExpr,
}

/// How a loop goes on and ends.
#[derive(Clone, Debug, PartialEq)]
pub enum LoopHeader {
    /// `for variable in range(start, stop, step)`: the bounds are found once, before the first iteration.
    ///
    /// The variable is visible in the body only, where it cannot be assigned. A step that is zero ends the program
    /// with an error.
    For {
        /// The loop's symbol.
        variable: Name,
        /// First value.
        start: Expr,
        /// The bound that is not reached: above the values for a positive step, below for a negative one.
        stop: Expr,
        /// Distance of values.
        step: Expr,
    },
    /// `while condition`: tested before each iteration.
    While {
        /// A truth value.
        condition: ScalarExpr,
    },
    /// `do … while condition`: tested after each iteration.
    DoWhile {
        /// A truth value.
        condition: ScalarExpr,
    },
}

/// A region that is repeated.
#[derive(Clone, Debug, PartialEq)]
pub struct Loop {
    /// What people call the loop.
    pub label: Name,
    /// How it goes on and ends.
    pub header: LoopHeader,
    /// What is repeated.
    pub body: Region,
    /// Where the loop was written.
    pub span: Span,
}

/// A region of a conditional, with the condition under which it runs.
#[derive(Clone, Debug, PartialEq)]
pub struct Branch {
    /// A truth value; `None` is always true, and comes last.
    pub condition: Option<ScalarExpr>,
    /// What runs.
    pub body: Region,
}

/// Regions of which the first runs whose condition is true.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Conditional {
    /// The branches, in order of their tests.
    pub branches: Vec<Branch>,
    /// Where the conditional was written.
    pub span: Span,
}

impl Region {
    /// A region of the given blocks.
    pub fn new(blocks: impl Into<Vec<Block>>) -> Self {
        Region { blocks: blocks.into() }
    }

    /// Calls `f` on every block, outside in, those of nested regions too.
    pub fn visit<'a>(&'a self, f: &mut dyn FnMut(&'a Block)) {
        for block in &self.blocks {
            f(block);
            for region in block.regions() {
                region.visit(f);
            }
        }
    }

    /// Calls `f` on every block, inside out, for change.
    pub fn visit_mut(&mut self, f: &mut dyn FnMut(&mut Block)) {
        for block in &mut self.blocks {
            for region in block.regions_mut() {
                region.visit_mut(f);
            }
            f(block);
        }
    }

    /// Every state, in order of the text, those of nested regions too (not those of nested SDFGs).
    pub fn states(&self) -> Vec<&State> {
        let mut states = Vec::new();
        self.visit(&mut |block| {
            if let Block::State(state) = block {
                states.push(state);
            }
        });
        states
    }

    /// Calls `f` on every state, for change.
    pub fn visit_states_mut(&mut self, f: &mut dyn FnMut(&mut State)) {
        self.visit_mut(&mut |block| {
            if let Block::State(state) = block {
                f(state);
            }
        });
    }

    /// Calls `f` on every region, inside out: nested ones, then this one.
    pub fn visit_regions_mut(&mut self, f: &mut dyn FnMut(&mut Region)) {
        for block in &mut self.blocks {
            for region in block.regions_mut() {
                region.visit_regions_mut(f);
            }
        }
        f(self);
    }
}

impl Block {
    /// Regions directly inside the block.
    pub fn regions(&self) -> Vec<&Region> {
        match self {
            Block::Loop(it) => vec![&it.body],
            Block::Conditional(it) => it.branches.iter().map(|branch| &branch.body).collect(),
            Block::Machine(it) => it.vertices.iter().map(|vertex| &vertex.body).collect(),
            Block::State(_) | Block::Assign(_) | Block::Effect(_) => Vec::new(),
            Block::Break | Block::Continue | Block::Return => Vec::new(),
        }
    }

    /// Regions directly inside the block, for change.
    pub fn regions_mut(&mut self) -> Vec<&mut Region> {
        match self {
            Block::Loop(it) => vec![&mut it.body],
            Block::Conditional(it) => it.branches.iter_mut().map(|branch| &mut branch.body).collect(),
            Block::Machine(it) => it.vertices.iter_mut().map(|vertex| &mut vertex.body).collect(),
            Block::State(_) | Block::Assign(_) | Block::Effect(_) => Vec::new(),
            Block::Break | Block::Continue | Block::Return => Vec::new(),
        }
    }

    /// Scalar expressions directly in the block: conditions and assigned values; not those of nested regions or of
    /// the bounds of a counted loop (see [`Block::symbolic`]).
    pub fn scalars(&self) -> Vec<&ScalarExpr> {
        match self {
            Block::Assign(assignments) => assignments.iter().map(|it| &it.value).collect(),
            Block::Conditional(it) => {
                it.branches.iter().filter_map(|branch| branch.condition.as_ref()).collect()
            }
            Block::Loop(it) => match &it.header {
                LoopHeader::While { condition } | LoopHeader::DoWhile { condition } => vec![condition],
                LoopHeader::For { .. } => Vec::new(),
            },
            Block::Machine(it) => it.scalars(),
            Block::Effect(it) => it.scalars(),
            Block::State(_) | Block::Break | Block::Continue | Block::Return => Vec::new(),
        }
    }

    /// Scalar expressions directly in the block, for change.
    pub fn scalars_mut(&mut self) -> Vec<&mut ScalarExpr> {
        match self {
            Block::Assign(assignments) => assignments.iter_mut().map(|it| &mut it.value).collect(),
            Block::Conditional(it) => {
                it.branches.iter_mut().filter_map(|branch| branch.condition.as_mut()).collect()
            }
            Block::Loop(it) => match &mut it.header {
                LoopHeader::While { condition } | LoopHeader::DoWhile { condition } => vec![condition],
                LoopHeader::For { .. } => Vec::new(),
            },
            Block::Machine(it) => it.scalars_mut(),
            Block::Effect(it) => it.scalars_mut(),
            Block::State(_) | Block::Break | Block::Continue | Block::Return => Vec::new(),
        }
    }

    /// Symbols that the block itself gives values to, with the values; not those of nested regions, nor the variable of
    /// a loop.
    pub fn assignments(&self) -> impl Iterator<Item = &Assignment> {
        let (own, transitions): (&[Assignment], &[Transition]) = match self {
            Block::Assign(assignments) => (assignments, &[]),
            Block::Machine(it) => (&[], &it.transitions),
            _ => (&[], &[]),
        };
        own.iter().chain(transitions.iter().flat_map(|it| &it.assignments))
    }

    /// Bounds of a counted loop: start, stop, step.
    pub fn symbolic(&self) -> Vec<&Expr> {
        match self {
            Block::Loop(it) => match &it.header {
                LoopHeader::For { start, stop, step, .. } => vec![start, stop, step],
                LoopHeader::While { .. } | LoopHeader::DoWhile { .. } => Vec::new(),
            },
            _ => Vec::new(),
        }
    }

    /// Bounds of a counted loop, for change.
    pub fn symbolic_mut(&mut self) -> Vec<&mut Expr> {
        match self {
            Block::Loop(it) => match &mut it.header {
                LoopHeader::For { start, stop, step, .. } => vec![start, stop, step],
                LoopHeader::While { .. } | LoopHeader::DoWhile { .. } => Vec::new(),
            },
            _ => Vec::new(),
        }
    }

    /// The state, if the block is one.
    pub fn as_state(&self) -> Option<&State> {
        match self {
            Block::State(state) => Some(state),
            _ => None,
        }
    }
}

impl LoopHeader {
    /// The condition of a loop that does not count.
    pub fn condition(&self) -> Option<&ScalarExpr> {
        match self {
            LoopHeader::While { condition } | LoopHeader::DoWhile { condition } => Some(condition),
            LoopHeader::For { .. } => None,
        }
    }
}

impl Loop {
    /// `for variable in range(start, stop, step)`.
    pub fn counted(
        label: impl Into<Name>,
        variable: impl Into<Name>,
        (start, stop, step): (Expr, Expr, Expr),
        body: Region,
    ) -> Self {
        let header = LoopHeader::For { variable: variable.into(), start, stop, step };
        Loop { label: label.into(), header, body, span: Span::default() }
    }

    /// The loop's symbol, if it counts.
    pub fn variable(&self) -> Option<&Name> {
        match &self.header {
            LoopHeader::For { variable, .. } => Some(variable),
            LoopHeader::While { .. } | LoopHeader::DoWhile { .. } => None,
        }
    }
}
