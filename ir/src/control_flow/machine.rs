//! State machines: control flow without a shape.

use super::{Assignment, Block, Branch, Conditional, Loop, LoopHeader, Region};
use crate::{BinaryOp, Expr, Name, ScalarExpr, Span};

/// A region of a machine.
#[derive(Clone, Debug, PartialEq)]
pub struct Vertex {
    /// What people call the vertex; unique in its machine.
    pub label: Name,
    /// What runs.
    pub body: Region,
}

/// A way from one vertex of a machine to another.
#[derive(Clone, Debug, PartialEq)]
pub struct Transition {
    /// Number of the vertex that it leaves.
    pub from: usize,
    /// Number of the vertex that it leads to.
    pub to: usize,
    /// A truth value; `None` is always true.
    pub condition: Option<ScalarExpr>,
    /// Symbols that change on the way: all values are found first, then all symbols change.
    pub assignments: Vec<Assignment>,
}

/// Regions that run in an order which transitions tell.
///
/// The first vertex runs first. After a vertex, the first of its transitions whose condition is true is taken, in the
/// order of [`transitions`](Machine::transitions); if there is none, the machine ends. A `break` or `continue` inside
/// belongs to a loop inside.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Machine {
    /// What people call the machine.
    pub label: Name,
    /// The regions; the first one is the start.
    pub vertices: Vec<Vertex>,
    /// The ways between them.
    pub transitions: Vec<Transition>,
    /// Where the control flow was written.
    pub span: Span,
}

impl Machine {
    /// The transitions that leave a vertex, in the order in which they are tried.
    pub fn leaving(&self, vertex: usize) -> impl Iterator<Item = &Transition> {
        self.transitions.iter().filter(move |it| it.from == vertex)
    }

    pub(super) fn scalars(&self) -> Vec<&ScalarExpr> {
        self.transitions.iter().flat_map(Transition::scalars).collect()
    }

    pub(super) fn scalars_mut(&mut self) -> Vec<&mut ScalarExpr> {
        let all = self.transitions.iter_mut();
        all.flat_map(|it| it.condition.iter_mut().chain(it.assignments.iter_mut().map(|it| &mut it.value)))
            .collect()
    }

    /// The same control flow as a loop over a number that tells which vertex is next, kept in the symbol `next`, which
    /// nothing else uses:
    ///
    /// ```text
    /// next = 0
    /// while next >= 0:
    ///     if next == 0:    …vertex 0…;    if condition: x, next = value, 1    else: next = -1
    ///     elif next == 1:  …
    /// ```
    pub fn into_loop(self, next: &Name) -> Vec<Block> {
        let set = |value: i64| Assignment { symbol: next.clone(), value: ScalarExpr::int(value) };
        let current = || ScalarExpr::Symbolic(Expr::sym(next));
        let mut branches = Vec::with_capacity(self.vertices.len());
        for (at, vertex) in self.vertices.into_iter().enumerate() {
            let mut ways = Vec::new();
            for it in self.transitions.iter().filter(|it| it.from == at) {
                let mut assignments = it.assignments.clone();
                assignments.push(set(it.to as i64));
                let body = Region::new([Block::Assign(assignments)]);
                ways.push(Branch { condition: it.condition.clone(), body });
                if it.condition.is_none() {
                    break;
                }
            }
            if ways.last().is_none_or(|way| way.condition.is_some()) {
                ways.push(Branch { condition: None, body: Region::new([Block::Assign(vec![set(-1)])]) });
            }
            let mut body = vertex.body;
            match <[Branch; 1]>::try_from(ways) {
                Ok([only]) => body.blocks.extend(only.body.blocks),
                Err(branches) => {
                    body.blocks.push(Block::Conditional(Conditional { branches, span: self.span }));
                }
            }
            let condition = ScalarExpr::binary(BinaryOp::Eq, current(), ScalarExpr::int(at as i64));
            branches.push(Branch { condition: Some(condition), body });
        }
        let first = if branches.is_empty() { -1 } else { 0 };
        let choice = Block::Conditional(Conditional { branches, span: self.span });
        let condition = ScalarExpr::binary(BinaryOp::Ge, current(), ScalarExpr::int(0));
        let header = LoopHeader::While { condition };
        let repeat = Loop { label: self.label, header, body: Region::new([choice]), span: self.span };
        vec![Block::Assign(vec![set(first)]), Block::Loop(Box::new(repeat))]
    }
}

impl Transition {
    /// The condition and the assigned values.
    fn scalars(&self) -> impl Iterator<Item = &ScalarExpr> {
        self.condition.iter().chain(self.assignments.iter().map(|it| &it.value))
    }
}
