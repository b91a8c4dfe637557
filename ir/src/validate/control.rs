//! V005 – V009 and V012 on control flow: symbols, jumps, loop variables, conditions, labels, steps.

use super::Report;
use super::containers::identifier;
use super::rules::{
    CONDITIONS, DISTINCT_NAMES, JUMPS, LABELS, MACHINES, OPTIONAL, STEPS, STREAMS, SYMBOLS, VARIABLES, VIEWS,
};
use super::state;
use crate::control_flow::{Effect, LoopHeader, Piece};
use crate::dtype::Kind;
use crate::interp::single_state_containers;
use crate::node::Map;
use crate::symbolic::{Atom, Facts};
use crate::{
    Assignment, Block, Conditional, DType, Data, Expr, Loop, Machine, Name, Range, Region, ScalarExpr, Sdfg,
    Span,
};
use std::cell::RefCell;
use std::collections::HashSet;

/// What is known at a place of the control flow.
pub(super) struct Walk<'a> {
    pub(super) sdfg: &'a Sdfg,
    /// Containers that may belong to one iteration of a map.
    pub(super) residents: HashSet<Name>,
    /// Variables of the loops around, outermost first.
    pub(super) variables: Vec<Name>,
    /// What holds there; `None` where nothing ever gets.
    pub(super) facts: Option<Facts>,
    /// Symbols that the SDFG assigns: what was known of them may no longer hold.
    mutable: HashSet<Name>,
    loops: usize,
    labels: HashSet<Name>,
    recent: RefCell<Vec<Scope>>,
}

/// What is known inside of a map, `None` if nothing ever gets there.
struct Scope {
    around: Facts,
    params: Vec<Name>,
    ranges: Vec<Range>,
    inside: Option<Facts>,
}

/// Scopes that are remembered: neighbouring states have maps over the same few ranges.
const RECENT: usize = 8;

pub(super) fn check(sdfg: &Sdfg, report: &mut Report) {
    let mut mutable = HashSet::new();
    sdfg.body.visit(&mut |block| {
        mutable.extend(block.assignments().map(|it| it.symbol.clone()));
    });
    let mut facts = Facts::new();
    for data in sdfg.containers.values().filter(|data| !data.is_transient()) {
        for extent in data.shape().iter().filter(|extent| !uses_any(extent, &mutable)) {
            facts.assume(&extent.ge(&Expr::one()));
        }
    }
    let mut walk = Walk {
        sdfg,
        residents: single_state_containers(sdfg),
        variables: Vec::new(),
        facts: Some(facts),
        mutable,
        loops: 0,
        labels: HashSet::new(),
        recent: RefCell::default(),
    };
    walk.region(&sdfg.body, report);
}

impl Walk<'_> {
    /// What is known inside of a map, given what is known around it.
    pub(super) fn inside(&self, around: &Facts, map: &Map) -> Option<Facts> {
        let mut recent = self.recent.borrow_mut();
        let same = |it: &Scope| it.params == map.params && it.ranges == map.ranges && it.around == *around;
        if let Some(scope) = recent.iter().find(|scope| same(scope)) {
            return scope.inside.clone();
        }
        let mut dims = map.params.iter().zip(&map.ranges);
        let inside = dims.try_fold(around.clone(), |facts, (param, range)| in_range(&facts, param, range));
        if recent.len() == RECENT {
            recent.remove(0);
        }
        let (params, ranges) = (map.params.clone(), map.ranges.clone());
        recent.push(Scope { around: around.clone(), params, ranges, inside: inside.clone() });
        inside
    }

    fn region(&mut self, region: &Region, report: &mut Report) {
        for block in &region.blocks {
            match block {
                Block::State(state) => {
                    identifier(&state.label, "a state", state.span, report);
                    if !self.labels.insert(state.label.clone()) {
                        report.add(&LABELS, state.span, format!("two states are called `{}`", state.label));
                    }
                    report.within("state", &state.label, |report| state::check(self, state, report));
                }
                Block::Assign(assignments) => self.assignments(assignments, report),
                Block::Loop(it) => report.within("loop", &it.label, |report| self.repeated(it, report)),
                Block::Conditional(it) => self.conditional(it, report),
                Block::Machine(it) => report.within("machine", &it.label, |report| self.machine(it, report)),
                Block::Break | Block::Continue if self.loops == 0 => {
                    let word = if matches!(block, Block::Break) { "break" } else { "continue" };
                    report.add(&JUMPS, Span::default(), format!("a {word} is outside of any loop"));
                }
                Block::Effect(it) => self.effect(it, report),
                Block::Break | Block::Continue | Block::Return => {}
            }
        }
    }

    /// V008: numbers, and whole arrays of them.
    fn effect(&self, it: &Effect, report: &mut Report) {
        let span = it.span();
        let pieces = if let Effect::Print { pieces, .. } = it { pieces.as_slice() } else { &[] };
        for piece in pieces {
            match piece {
                Piece::Text(_) => {}
                Piece::Value(value, _) => {
                    self.scalar(value, span, report);
                }
                Piece::Array(value) => {
                    let array = piece.array().and_then(|name| self.sdfg.container(name)?.as_array());
                    if array.is_none_or(|array| {
                        array.shape.is_empty() || matches!(array.dtype.kind(), Kind::Vector | Kind::Handle)
                    }) {
                        report.add(
                            &CONDITIONS,
                            span,
                            format!("`{value}` is printed, and is no array of numbers"),
                        );
                    }
                }
            }
        }
    }

    fn assignments(&mut self, assignments: &[Assignment], report: &mut Report) {
        for Assignment { symbol, value } in assignments {
            let span = Span::default();
            if self.variables.contains(symbol) {
                report.add(&VARIABLES, span, format!("the loop variable `{symbol}` is assigned in its loop"));
            } else if !self.sdfg.symbols.contains_key(symbol) {
                report.add(&SYMBOLS, span, format!("the assigned symbol `{symbol}` is not declared"));
            }
            if let Some(dtype) = self.scalar(value, span, report)
                && !dtype.is_integer()
                && dtype != DType::Bool
            {
                report.add(
                    &CONDITIONS,
                    span,
                    format!("the symbol `{symbol}` is given a value of type {dtype}"),
                );
            }
        }
    }

    fn conditional(&mut self, it: &Conditional, report: &mut Report) {
        let around = self.facts.clone();
        for (k, branch) in it.branches.iter().enumerate() {
            let before = self.facts.clone();
            let symbolic = branch.condition.as_ref().and_then(ScalarExpr::to_symbolic);
            let symbolic = symbolic.filter(|condition| !self.is_mutable(condition));
            if let Some(condition) = &branch.condition {
                self.condition(condition, it.span, report);
            } else if k + 1 < it.branches.len() {
                report.add(&CONDITIONS, it.span, "a branch without a condition is not the last one");
            }
            if let Some(condition) = &symbolic {
                self.facts = before.as_ref().and_then(|facts| assume(facts, condition));
            }
            self.region(&branch.body, report);
            self.facts = match &symbolic {
                Some(condition) => before.as_ref().and_then(|facts| assume(facts, &condition.not())),
                None => before,
            };
        }
        self.facts = around;
    }

    fn machine(&mut self, it: &Machine, report: &mut Report) {
        if it.vertices.is_empty() {
            report.add(&MACHINES, it.span, "the machine has no vertices");
        }
        let mut labels = HashSet::new();
        // Jumps do not leave a machine.
        let loops = std::mem::take(&mut self.loops);
        for vertex in &it.vertices {
            identifier(&vertex.label, "a vertex", it.span, report);
            if !labels.insert(&vertex.label) {
                report.add(&MACHINES, it.span, format!("two vertices are called `{}`", vertex.label));
            }
            self.region(&vertex.body, report);
        }
        self.loops = loops;
        let mut complete = HashSet::new();
        for way in &it.transitions {
            let missing = [way.from, way.to].into_iter().find(|&end| end >= it.vertices.len());
            if let Some(end) = missing {
                report.add(&MACHINES, it.span, format!("there is no vertex {end}, which a transition joins"));
            } else if complete.contains(&way.from) {
                let label = &it.vertices[way.from].label;
                let message = format!("a transition of `{label}` comes after one without a condition");
                report.add(&MACHINES, it.span, message);
            }
            match &way.condition {
                Some(condition) => self.condition(condition, it.span, report),
                None => {
                    complete.insert(way.from);
                }
            }
            self.assignments(&way.assignments, report);
        }
    }

    fn repeated(&mut self, it: &Loop, report: &mut Report) {
        let around = self.facts.clone();
        self.loops += 1;
        match &it.header {
            LoopHeader::For { variable, start, stop, step } => {
                for bound in [start, stop, step] {
                    self.expr(bound, it.span, report);
                }
                if step.is_zero() {
                    report.add(&STEPS, it.span, format!("the loop over `{variable}` has a step of 0"));
                }
                identifier(variable, "a loop variable", it.span, report);
                if self.sdfg.containers.contains_key(variable) || self.variables.contains(variable) {
                    let message = format!("the loop variable `{variable}` is defined already");
                    report.add(&DISTINCT_NAMES, it.span, message);
                }
                let range = Range::strided(start.clone(), stop.clone(), step.clone());
                if ![start, stop, step].into_iter().any(|bound| self.is_mutable(bound)) {
                    self.facts = self.facts.as_ref().and_then(|facts| in_range(facts, variable, &range));
                }
                self.variables.push(variable.clone());
                self.region(&it.body, report);
                self.variables.pop();
            }
            LoopHeader::While { condition } | LoopHeader::DoWhile { condition } => {
                self.condition(condition, it.span, report);
                self.region(&it.body, report);
            }
        }
        self.loops -= 1;
        self.facts = around;
    }

    /// V008: a truth value.
    fn condition(&self, condition: &ScalarExpr, span: Span, report: &mut Report) {
        let dtype = self.scalar(condition, span, report);
        let symbolic = matches!(condition, ScalarExpr::Symbolic(_));
        if let Some(dtype) = dtype.filter(|dtype| *dtype != DType::Bool && !symbolic) {
            report.add(&CONDITIONS, span, format!("a condition is of type {dtype}, not bool"));
        }
    }

    /// The type of an expression, whose names are containers.
    fn scalar(&self, expr: &ScalarExpr, span: Span, report: &mut Report) -> Option<DType> {
        expr.visit(&mut |part| match part {
            ScalarExpr::Symbolic(symbolic) => self.expr(symbolic, span, report),
            ScalarExpr::Name(name) => self.dimensions(name, 0, span, report),
            ScalarExpr::Load { name, indices } => self.dimensions(name, indices.len(), span, report),
            ScalarExpr::IsNone(name) if !self.is_array_argument(name) => {
                report.add(&OPTIONAL, span, format!("`{name}` is no array argument, and never None"));
            }
            _ => {}
        });
        match expr.dtype(&|name| self.sdfg.container(name).map(|data| data.dtype())) {
            Ok(dtype) => Some(dtype),
            Err(error) => {
                report.add(&CONDITIONS, span, error.to_string());
                None
            }
        }
    }

    fn is_array_argument(&self, name: &Name) -> bool {
        let array = self.sdfg.container(name).and_then(Data::as_array);
        array.is_some() && self.sdfg.arguments.contains(name)
    }

    fn dimensions(&self, name: &Name, given: usize, span: Span, report: &mut Report) {
        match self.sdfg.container(name) {
            Some(Data::Stream(_)) => {
                return report.add(&STREAMS, span, format!("control flow reads the stream `{name}`"));
            }
            Some(Data::View(_)) => {
                return report.add(&VIEWS, span, format!("control flow reads the view `{name}`"));
            }
            _ => {}
        }
        if let Some(rank) = self.sdfg.container(name).map(|data| data.rank()).filter(|rank| *rank != given) {
            let message = format!("`{name}` has {rank} dimensions and is read with {given} indices");
            report.add(&CONDITIONS, span, message);
        }
    }

    /// V005, where scalars and elements of integer containers are values too.
    fn expr(&self, expr: &Expr, span: Span, report: &mut Report) {
        expr.visit(&mut |atom| {
            let unknown = match atom {
                Atom::Symbol(name) => {
                    (!self.is_symbol(name) && !self.sdfg.containers.contains_key(name)).then_some(name)
                }
                Atom::Load(name, _) => (!self.sdfg.containers.contains_key(name)).then_some(name),
                _ => None,
            };
            if let Some(name) = unknown {
                report.add(&SYMBOLS, span, format!("`{expr}` uses `{name}`, which is not defined here"));
            }
        });
    }

    /// Whether the value of an expression may change while control flow goes on.
    pub(super) fn is_mutable(&self, expr: &Expr) -> bool {
        uses_any(expr, &self.mutable)
            || expr.symbols().iter().any(|name| self.sdfg.containers.contains_key(name))
    }

    /// Whether the name is a symbol of the SDFG or a loop variable that is visible.
    pub(super) fn is_symbol(&self, name: &Name) -> bool {
        self.sdfg.symbols.contains_key(name) || self.variables.contains(name)
    }
}

fn uses_any(expr: &Expr, symbols: &HashSet<Name>) -> bool {
    expr.any_atom(&mut |atom| match atom {
        Atom::Symbol(name) => symbols.contains(name),
        Atom::Load(..) => true,
        _ => false,
    })
}

/// These facts and a condition; `None` if they exclude it.
fn assume(facts: &Facts, condition: &Expr) -> Option<Facts> {
    (facts.prove(condition) != Some(false)).then(|| facts.with(condition))
}

/// These facts and that a variable takes a value of a range; `None` if the range is provably empty.
pub(super) fn in_range(facts: &Facts, variable: &Name, range: &Range) -> Option<Facts> {
    if range.is_empty(facts) == Some(true) {
        return None;
    }
    let mut facts = facts.clone();
    // Without a direction nothing is known of the variable.
    match range.step.as_int() {
        Some(step) if step > 0 => facts.assume_range(variable, range.start.clone(), &range.stop - 1),
        Some(step) if step < 0 => facts.assume_range(variable, &range.stop + 1, range.start.clone()),
        _ => {}
    }
    Some(facts)
}
