//! Control flow as a state machine.
//!
//! ```text
//! for i in range(a, b): S      init ─ i = a ─▶ guard ─ i < b ─▶ S ─ i = i + 1 ─▶ guard
//!                                              guard ─ not (i < b) ─▶ after
//! while c: S                   before ─▶ guard ─ c ─▶ S ─▶ guard;  guard ─ not c ─▶ after
//! do: S while c                before ─▶ S ─▶ latch ─ c ─▶ S;  latch ─ not c ─▶ after
//! if c: S else: T              test ─ c ─▶ S ─▶ join;  test ─ not c ─▶ T ─▶ join
//! ```
//!
//! These are the shapes that DaCe's own front end makes and its code generator recognizes. States that nothing leads to
//! are not written.

use super::expr::{Syntax, print};
use super::python;
use crate::control_flow::{Effect, LoopHeader};
use crate::{Assignment, Block, Conditional, Expr, IndexMap, Loop, Name, Region, ScalarExpr, Sdfg, State};
use std::collections::BTreeSet;

/// A state of the machine.
pub(super) enum Vertex<'a> {
    /// A state with dataflow.
    State(&'a State),
    /// A state that only joins edges.
    Empty(String),
}

/// A transition between two states.
#[derive(Debug, Default)]
pub(super) struct Transition {
    pub(super) src: usize,
    pub(super) dst: usize,
    /// Python text; `None` is always taken.
    pub(super) condition: Option<String>,
    /// Python text of each new value.
    pub(super) assignments: IndexMap<String, String>,
}

/// The state machine of an SDFG's body; it starts at state 0.
pub(super) struct Machine<'a> {
    sdfg: &'a Sdfg,
    pub(super) states: Vec<Vertex<'a>>,
    pub(super) edges: Vec<Transition>,
    /// Symbols that only the machine has.
    pub(super) symbols: Vec<String>,
    labels: BTreeSet<String>,
    /// Where control is; `None` after a jump.
    current: Option<usize>,
    /// Loops around, innermost last.
    loops: Vec<Target>,
    /// Where `return` leads.
    end: Option<usize>,
}

/// Where `break` and `continue` lead.
struct Target {
    after: usize,
    again: usize,
    /// What a transition to `again` assigns.
    step: IndexMap<String, String>,
}

impl<'a> Machine<'a> {
    pub(super) fn new(sdfg: &'a Sdfg) -> Self {
        let labels = sdfg.body.states().iter().map(|state| state.label.to_string()).collect();
        let mut machine = Machine {
            sdfg,
            states: Vec::new(),
            edges: Vec::new(),
            symbols: Vec::new(),
            labels,
            current: None,
            loops: Vec::new(),
            end: None,
        };
        if !matches!(sdfg.body.blocks.first(), Some(Block::State(_))) {
            machine.current = Some(machine.empty("start"));
        }
        machine.start(&sdfg.body);
        machine
    }

    fn start(&mut self, body: &'a Region) {
        let mut blocks = body.blocks.iter();
        if self.current.is_none()
            && let Some(Block::State(state)) = blocks.next()
        {
            self.states.push(Vertex::State(state));
            self.current = Some(0);
        }
        for block in blocks {
            self.block(block);
        }
        if let (Some(end), Some(_)) = (self.end, self.current) {
            self.go(end);
        }
    }

    fn region(&mut self, region: &'a Region) {
        for block in &region.blocks {
            self.block(block);
        }
    }

    fn block(&mut self, block: &'a Block) {
        if self.current.is_none() {
            return;
        }
        match block {
            Block::State(state) => {
                self.states.push(Vertex::State(state));
                self.go(self.states.len() - 1);
            }
            Block::Assign(all) => self.assign(all),
            Block::Loop(it) => self.repeat(it),
            Block::Conditional(it) => self.conditional(it),
            // The document is written without machines.
            Block::Machine(_) => {}
            Block::Effect(it) => self.effect(it),
            Block::Break => self.jump(|target| (target.after, IndexMap::default())),
            Block::Continue => self.jump(|target| (target.again, target.step.clone())),
            Block::Return => {
                let end = self.end.unwrap_or_else(|| self.empty("end"));
                self.end = Some(end);
                self.go(end);
                self.current = None;
            }
        }
    }

    /// The format has no form for effects: a failure is an end of the program, and what is printed is left out. The tree
    /// beside the document (see [`skeleton`](super::skeleton)) keeps both.
    fn effect(&mut self, it: &Effect) {
        if let Effect::Fail { .. } = it {
            let end = self.end.unwrap_or_else(|| self.empty("end"));
            self.end = Some(end);
            self.go(end);
            self.current = None;
        }
    }

    /// Leaves the innermost loop, or starts it again.
    fn jump(&mut self, to: impl FnOnce(&Target) -> (usize, IndexMap<String, String>)) {
        if let Some((target, assignments)) = self.loops.last().map(to) {
            self.edge(target, None, assignments);
        }
        self.current = None;
    }

    /// Adds a state without dataflow, with a label like `hint`.
    fn empty(&mut self, hint: &str) -> usize {
        let label = fresh(&mut self.labels, hint);
        self.states.push(Vertex::Empty(label));
        self.states.len() - 1
    }

    /// Adds an edge from where control is.
    fn edge(&mut self, dst: usize, condition: Option<String>, assignments: IndexMap<String, String>) {
        if let Some(src) = self.current {
            self.edges.push(Transition { src, dst, condition, assignments });
        }
    }

    /// Moves control to another state.
    fn go(&mut self, dst: usize) {
        self.edge(dst, None, IndexMap::default());
        self.current = Some(dst);
    }

    /// All values are found before any symbol changes; DaCe wants that no value uses a symbol of the same edge.
    fn assign(&mut self, all: &[Assignment]) {
        let targets: BTreeSet<&Name> = all.iter().map(|it| &it.symbol).collect();
        let clash = all
            .iter()
            .any(|it| it.value.symbols().iter().any(|used| *used != it.symbol && targets.contains(used)));
        let next = self.empty("assign");
        let values = all.iter().map(|it| (it.symbol.to_string(), self.python(&it.value)));
        let values: IndexMap<String, String> = values.collect();
        if !clash {
            self.edge(next, None, values);
            self.current = Some(next);
            return;
        }
        let saved: Vec<String> =
            values.keys().map(|symbol| self.symbol(&format!("__new_{symbol}"))).collect();
        let first = saved.iter().cloned().zip(values.values().cloned()).collect();
        let second = values.keys().cloned().zip(saved).collect();
        let between = self.empty("assign");
        self.edge(between, None, first);
        self.current = Some(between);
        self.edge(next, None, second);
        self.current = Some(next);
    }

    /// A symbol that nothing else uses.
    fn symbol(&mut self, hint: &str) -> String {
        let taken = |name: &str| {
            self.sdfg.symbols.contains_key(name)
                || self.sdfg.containers.contains_key(name)
                || self.symbols.iter().any(|symbol| symbol == name)
        };
        let name = (0..)
            .map(|count| if count == 0 { hint.to_owned() } else { format!("{hint}_{count}") })
            .find(|name| !taken(name))
            .unwrap_or_default();
        self.symbols.push(name.clone());
        name
    }

    fn repeat(&mut self, it: &'a Loop) {
        match &it.header {
            LoopHeader::For { variable, start, stop, step } => {
                self.count(it, variable, [start, stop, step]);
            }
            LoopHeader::While { condition } => {
                let condition = self.python(condition);
                let guard = self.empty(&format!("{}_guard", it.label));
                self.go(guard);
                self.guarded(it, guard, &condition, IndexMap::default());
            }
            LoopHeader::DoWhile { condition } => {
                let condition = self.python(condition);
                let first = self.empty(&format!("{}_body", it.label));
                let latch = self.empty(&format!("{}_latch", it.label));
                let after = self.empty(&format!("{}_after", it.label));
                self.go(first);
                self.loops.push(Target { after, again: latch, step: IndexMap::default() });
                self.region(&it.body);
                self.edge(latch, None, IndexMap::default());
                self.loops.pop();
                self.current = Some(latch);
                self.edge(first, Some(condition.clone()), IndexMap::default());
                self.edge(after, Some(format!("(not ({condition}))")), IndexMap::default());
                self.current = Some(after);
            }
        }
    }

    /// A counted loop. Bounds that the body changes are saved before it.
    fn count(&mut self, it: &'a Loop, variable: &Name, [start, stop, step]: [&Expr; 3]) {
        let mut init = IndexMap::from_iter([(variable.to_string(), print(start, Syntax::Python))]);
        let changed = assigned(&it.body);
        let mut bound = |this: &mut Self, bound: &Expr, hint: &str| {
            let text = print(bound, Syntax::Python);
            if !bound.uses(variable) && !bound.symbols().iter().any(|symbol| changed.contains(symbol)) {
                return text;
            }
            let saved = this.symbol(&format!("__{hint}_{variable}"));
            init.insert(saved.clone(), text);
            saved
        };
        let stop_text = bound(self, stop, "stop");
        let step_text = bound(self, step, "step");
        let condition = match step.as_int() {
            Some(step) if step > 0 => format!("({variable} < ({stop_text}))"),
            Some(_) => format!("({variable} > ({stop_text}))"),
            None => format!(
                "((({step_text}) > 0 and {variable} < ({stop_text})) or (({step_text}) < 0 and {variable} > \
                 ({stop_text})))"
            ),
        };
        let guard = self.empty(&format!("{}_guard", it.label));
        self.edge(guard, None, init);
        self.current = Some(guard);
        let next = IndexMap::from_iter([(variable.to_string(), format!("({variable} + ({step_text}))"))]);
        self.guarded(it, guard, &condition, next);
    }

    /// What follows a loop's guard, where control is.
    fn guarded(&mut self, it: &'a Loop, guard: usize, condition: &str, step: IndexMap<String, String>) {
        let first = self.empty(&format!("{}_body", it.label));
        let after = self.empty(&format!("{}_after", it.label));
        self.edge(first, Some(condition.to_owned()), IndexMap::default());
        self.edge(after, Some(format!("(not {condition})")), IndexMap::default());
        self.current = Some(first);
        self.loops.push(Target { after, again: guard, step: step.clone() });
        self.region(&it.body);
        self.loops.pop();
        self.edge(guard, None, step);
        self.current = Some(after);
    }

    fn conditional(&mut self, it: &'a Conditional) {
        let mut ends = Vec::new();
        for branch in &it.branches {
            let Some(condition) = &branch.condition else {
                self.region(&branch.body);
                ends.extend(self.current.take());
                break;
            };
            let condition = self.python(condition);
            let then = self.empty("then");
            let otherwise = self.empty("otherwise");
            self.edge(then, Some(condition.clone()), IndexMap::default());
            self.edge(otherwise, Some(format!("(not ({condition}))")), IndexMap::default());
            self.current = Some(then);
            self.region(&branch.body);
            ends.extend(self.current.take());
            self.current = Some(otherwise);
        }
        ends.extend(self.current.take());
        if ends.is_empty() {
            return;
        }
        let join = self.empty("join");
        for end in ends {
            self.current = Some(end);
            self.edge(join, None, IndexMap::default());
        }
        self.current = Some(join);
    }

    /// The text of a condition or value. Scalars that are returned are arrays there.
    fn python(&self, value: &ScalarExpr) -> String {
        let name = |name: &Name| {
            let indexed = super::write::is_boxed(self.sdfg, name);
            if indexed { format!("{name}[0]") } else { name.to_string() }
        };
        python::expression(value, &python::Words { name: &name, cast: python::c_type })
    }
}

/// Symbols that a region changes.
fn assigned(region: &Region) -> BTreeSet<Name> {
    let mut names = BTreeSet::new();
    region.visit(&mut |block| match block {
        Block::Assign(all) => names.extend(all.iter().map(|it| it.symbol.clone())),
        Block::Loop(it) => names.extend(it.variable().cloned()),
        _ => {}
    });
    names
}

/// A label that is not taken yet.
fn fresh(labels: &mut BTreeSet<String>, hint: &str) -> String {
    let hint: String = hint.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '_' }).collect();
    let mut label = hint.clone();
    let mut count = 0;
    while !labels.insert(label.clone()) {
        count += 1;
        label = format!("{hint}_{count}");
    }
    label
}
