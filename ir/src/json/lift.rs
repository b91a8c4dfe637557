//! State machines as regions.
//!
//! A vertex with several ways out becomes a conditional, whose branches end where all ways meet again (the immediate
//! post-dominator). A vertex to which an edge leads back from one that it dominates becomes a loop; edges to it are
//! `continue`, edges to what follows the loop are `break`. Each vertex is placed once: a graph in which that does not
//! work (a jump into a loop, out of two loops) stays a machine.

use crate::control_flow::LoopHeader;
use crate::{Block, Branch, Conditional, Constant, Loop, Region, ScalarExpr, State, UnaryOp};
use petgraph::algo::dominators::{Dominators, simple_fast};
use petgraph::graph::{DiGraph, NodeIndex};
use std::collections::{BTreeMap, BTreeSet};

/// A transition.
#[derive(Clone, Debug)]
pub(super) struct Step {
    pub(super) src: usize,
    pub(super) dst: usize,
    pub(super) condition: Option<ScalarExpr>,
    /// What runs on the way: assignments, and states that compute scalars.
    pub(super) effects: Vec<Block>,
}

/// Vertices, each with what it runs, and transitions.
#[derive(Clone, Debug, Default)]
pub(super) struct Graph {
    pub(super) blocks: Vec<Vec<Block>>,
    pub(super) labels: Vec<String>,
    pub(super) steps: Vec<Step>,
    pub(super) start: usize,
}

impl Graph {
    /// Takes vertices that do nothing out of every way that leads through them; those before an assignment stay, where
    /// several ways or a choice lead to them. With `latches`, the end of a loop's body goes too: each way to it then
    /// makes the loop's step, so that some of them can be `continue`.
    fn shorten(&mut self, latches: bool) {
        let dominators = self.dominators();
        let Adjacency { out, mut into } = self.adjacency();
        let mut removed = vec![false; self.steps.len()];
        for at in 0..self.blocks.len() {
            let [only] = out[at][..] else { continue };
            let through = self.steps[only].clone();
            let busy = through.condition.is_some() || !self.blocks[at].is_empty();
            if busy || through.dst == at || at == self.start {
                continue;
            }
            if !through.effects.is_empty() {
                let single = matches!(into[at][..], [before] if self.steps[before].condition.is_none());
                let mut above = dominators.dominators(NodeIndex::new(at)).into_iter().flatten();
                if !(single || latches && above.any(|node| node.index() == through.dst)) {
                    continue;
                }
            }
            let before = std::mem::take(&mut into[at]);
            for &step in &before {
                let step = &mut self.steps[step];
                step.dst = through.dst;
                step.effects.extend(through.effects.iter().cloned());
            }
            removed[only] = true;
            into[through.dst].retain(|step| *step != only);
            into[through.dst].extend(before);
        }
        let mut removed = removed.into_iter();
        self.steps.retain(|_| removed.next() != Some(true));
    }

    /// The transitions of each vertex, by their positions.
    fn adjacency(&self) -> Adjacency {
        let mut found =
            Adjacency { out: vec![Vec::new(); self.blocks.len()], into: vec![Vec::new(); self.blocks.len()] };
        for (at, step) in self.steps.iter().enumerate() {
            found.out[step.src].push(at);
            found.into[step.dst].push(at);
        }
        found
    }

    fn dominators(&self) -> Dominators<NodeIndex> {
        let mut forward = DiGraph::<(), ()>::new();
        (0..=self.blocks.len()).for_each(|_| {
            forward.add_node(());
        });
        for step in &self.steps {
            forward.add_edge(NodeIndex::new(step.src), NodeIndex::new(step.dst), ());
        }
        simple_fast(&forward, NodeIndex::new(self.start))
    }

    /// The vertex to which no transition leads, if there is exactly one.
    pub(super) fn only_source(&self) -> Option<usize> {
        let mut reached = vec![false; self.blocks.len()];
        self.steps.iter().for_each(|step| reached[step.dst] = true);
        let mut sources = reached.iter().enumerate().filter(|(_, reached)| !**reached);
        let (only, _) = sources.next()?;
        sources.next().is_none().then_some(only)
    }
}

/// The transitions that leave and enter each vertex.
struct Adjacency {
    out: Vec<Vec<usize>>,
    into: Vec<Vec<usize>>,
}

/// Nested loops and conditionals.
const MAX_DEPTH: usize = 200;

/// What the end of a region does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum End {
    /// It ends the program: the region is all of it.
    Program,
    /// What follows the region runs.
    Region,
}

/// Stands for a jump to the end of the region while it is lifted: a machine without vertices, which nobody else makes.
fn jump_to_end() -> Block {
    Block::Machine(Box::default())
}

/// The region that does the same.
pub(super) fn lift(mut graph: Graph, end: End) -> Result<Region, String> {
    if graph.blocks.is_empty() {
        return Ok(Region::default());
    }
    if graph.start >= graph.blocks.len() {
        return Err("the start block does not exist".to_owned());
    }
    // What the states hold does not matter here, so that each attempt works on a small copy.
    let mut states = Vec::new();
    for block in graph.blocks.iter_mut().flatten() {
        take_states(block, &mut states);
    }
    let lifted = lift_with(graph.clone(), end, false).or_else(|_| lift_with(graph.clone(), end, true));
    let mut region = lifted.or_else(|message| super::machine::machine(graph).ok_or(message))?;
    region.visit_states_mut(&mut |state| {
        // Labels of states that come from transitions are no numbers.
        if let Some(taken) = state.label.parse().ok().and_then(|at: usize| states.get_mut(at)) {
            *state = std::mem::take(taken);
        }
    });
    Ok(region)
}

/// Leaves empty states, each with the position of the state that was there as its label.
fn take_states(block: &mut Block, states: &mut Vec<State>) {
    let mut take = |state: &mut State| {
        let number = states.len().to_string();
        states.push(std::mem::replace(state, State::new(number)));
    };
    match block {
        Block::State(state) => take(state),
        other => other.regions_mut().into_iter().for_each(|region| region.visit_states_mut(&mut take)),
    }
}

fn lift_with(mut graph: Graph, end: End, latches: bool) -> Result<Region, String> {
    graph.shorten(latches);
    let start = graph.start;
    let mut lifter = Lifter::new(graph);
    let mut region = Region { blocks: lifter.sequence(start, None, None, 0)? };
    drop_last(&mut region, &jump_to_end());
    let mut jumps = false;
    region.visit_mut(&mut |block| {
        if *block == jump_to_end() {
            jumps = true;
            *block = Block::Return;
        }
    });
    match end {
        End::Program => drop_last(&mut region, &Block::Return),
        End::Region if jumps => return Err("a jump to the end of a region is not structured".to_owned()),
        End::Region => {}
    }
    Ok(region)
}

struct Lifter {
    graph: Graph,
    adjacency: Adjacency,
    dominance: Dominance,
    /// Of the graph with edges turned around, from a vertex that follows every end.
    post_dominators: Dominators<NodeIndex>,
    placed: Vec<bool>,
}

/// The tree of dominators, with the times at which a walk through it enters and leaves each vertex.
struct Dominance {
    /// The vertices of which each is the immediate dominator.
    children: Vec<Vec<usize>>,
    /// `None` for vertices that nothing reaches.
    times: Vec<Option<(usize, usize)>>,
}

impl Dominance {
    fn new(graph: &Graph) -> Self {
        let dominators = graph.dominators();
        let count = graph.blocks.len();
        let mut children = vec![Vec::new(); count];
        for at in 0..count {
            if let Some(above) = dominators.immediate_dominator(NodeIndex::new(at)) {
                children[above.index()].push(at);
            }
        }
        let mut times = vec![None; count];
        let mut entered = vec![0; count];
        let mut clock = 0;
        let mut stack = vec![(graph.start, false)];
        while let Some((at, left)) = stack.pop() {
            if left {
                times[at] = Some((entered[at], clock));
                continue;
            }
            clock += 1;
            entered[at] = clock;
            stack.push((at, true));
            stack.extend(children[at].iter().map(|child| (*child, false)));
        }
        Dominance { children, times }
    }

    /// Whether every way to `b` leads through `a`; a vertex dominates itself.
    fn dominates(&self, a: usize, b: usize) -> bool {
        match (self.times[a], self.times[b]) {
            (Some((first, last)), Some((time, _))) => (first..=last).contains(&time),
            _ => false,
        }
    }
}

/// The loop around, innermost.
struct Around {
    header: usize,
    after: Option<usize>,
    nodes: BTreeSet<usize>,
    /// Where the ways to the next iteration that leave each vertex meet: those that leave the loop do not count.
    meetings: BTreeMap<usize, usize>,
}

impl Lifter {
    fn new(graph: Graph) -> Self {
        let count = graph.blocks.len();
        let mut backward = DiGraph::<(), ()>::new();
        (0..=count).for_each(|_| {
            backward.add_node(());
        });
        let mut ends = vec![true; count];
        for step in &graph.steps {
            backward.add_edge(NodeIndex::new(step.dst), NodeIndex::new(step.src), ());
            ends[step.src] = false;
        }
        let exit = NodeIndex::new(count);
        for (at, _) in ends.iter().enumerate().filter(|(_, end)| **end) {
            backward.add_edge(exit, NodeIndex::new(at), ());
        }
        Lifter {
            placed: vec![false; count],
            adjacency: graph.adjacency(),
            dominance: Dominance::new(&graph),
            post_dominators: simple_fast(&backward, exit),
            graph,
        }
    }

    /// The transitions that lead to a vertex.
    fn into(&self, at: usize) -> impl Iterator<Item = &Step> {
        self.adjacency.into[at].iter().map(|step| &self.graph.steps[*step])
    }

    /// The loop of these vertices.
    fn around(&self, header: usize, after: Option<usize>, nodes: BTreeSet<usize>) -> Around {
        let vertices: Vec<usize> = nodes.iter().copied().collect();
        let place = |at: usize| vertices.binary_search(&at).ok();
        let mut backward = DiGraph::<(), ()>::new();
        (0..=vertices.len()).for_each(|_| {
            backward.add_node(());
        });
        let next = vertices.len();
        for (src, step) in vertices.iter().enumerate().flat_map(|(src, at)| {
            self.adjacency.out[*at].iter().map(move |step| (src, &self.graph.steps[*step]))
        }) {
            let Some(dst) = place(step.dst) else { continue };
            let dst = if step.dst == header { next } else { dst };
            backward.add_edge(NodeIndex::new(dst), NodeIndex::new(src), ());
        }
        let post_dominators = simple_fast(&backward, NodeIndex::new(next));
        let meeting = |at: usize| {
            let meeting = post_dominators.immediate_dominator(NodeIndex::new(at))?.index();
            Some((vertices[at], *vertices.get(meeting)?))
        };
        let meetings = (0..vertices.len()).filter_map(meeting).collect();
        Around { header, after, nodes, meetings }
    }

    /// Where all ways from a vertex meet again.
    fn meeting(&self, at: usize, around: Option<&Around>) -> Option<usize> {
        if let Some(around) = around.filter(|around| around.nodes.contains(&at)) {
            return around.meetings.get(&at).copied();
        }
        let node = self.post_dominators.immediate_dominator(NodeIndex::new(at))?;
        (node.index() < self.graph.blocks.len()).then_some(node.index())
    }

    /// Where those ways from a vertex meet that do not jump out of the loop, back to its start, or to the end.
    fn merge(&self, at: usize, around: Option<&Around>) -> Option<usize> {
        let inside = |merge: usize| {
            around.is_none_or(|it| it.nodes.contains(&merge) && merge != it.header && Some(merge) != it.after)
        };
        let forward =
            |merge: usize| self.into(merge).filter(|step| !self.dominance.dominates(merge, step.src)).count();
        let mut found = self.dominance.children[at]
            .iter()
            .copied()
            .filter(|merge| inside(*merge) && !self.is_end(*merge) && forward(*merge) > 1);
        let first = found.next()?;
        found.next().is_none().then_some(first)
    }

    /// Whether a vertex does nothing and leads nowhere.
    fn is_end(&self, at: usize) -> bool {
        self.graph.blocks[at].is_empty() && self.adjacency.out[at].is_empty()
    }

    fn out(&self, at: usize) -> Vec<Step> {
        self.adjacency.out[at].iter().map(|step| self.graph.steps[*step].clone()).collect()
    }

    /// Vertices of the loop that a vertex begins; empty if it begins none.
    fn natural_loop(&self, header: usize) -> BTreeSet<usize> {
        let back = self.into(header).filter(|step| self.dominance.dominates(header, step.src));
        let mut stack: Vec<usize> = back.map(|step| step.src).collect();
        if stack.is_empty() {
            return BTreeSet::new();
        }
        let mut nodes = BTreeSet::from([header]);
        while let Some(at) = stack.pop() {
            if nodes.insert(at) {
                let before = self.into(at).map(|step| step.src);
                stack.extend(before.filter(|src| self.dominance.dominates(header, *src)));
            }
        }
        nodes
    }

    /// Blocks from `at` up to `join`, or to a jump.
    fn sequence(
        &mut self,
        mut at: usize,
        join: Option<usize>,
        around: Option<&Around>,
        depth: usize,
    ) -> Result<Vec<Block>, String> {
        if depth > MAX_DEPTH {
            return Err("control flow is nested too deeply".to_owned());
        }
        let mut blocks = Vec::new();
        let mut first = around.map(|around| around.header) == Some(at) && !self.placed[at];
        loop {
            if Some(at) == join {
                return Ok(blocks);
            }
            if let Some(around) = around.filter(|_| !first) {
                if at == around.header {
                    blocks.push(Block::Continue);
                    return Ok(blocks);
                }
                if Some(at) == around.after {
                    blocks.push(Block::Break);
                    return Ok(blocks);
                }
            }
            if !first {
                let nodes = self.natural_loop(at);
                if !nodes.is_empty() && !self.placed[at] {
                    let after = self.repeat(at, nodes, &mut blocks, depth)?;
                    match after {
                        Some(after) => at = after,
                        None => return Ok(blocks),
                    }
                    continue;
                }
            }
            first = false;
            self.place(at, &mut blocks)?;
            if matches!(blocks.last(), Some(Block::Break | Block::Continue | Block::Return)) {
                return Ok(blocks);
            }
            let out = self.out(at);
            match &out[..] {
                [] => {
                    blocks.push(jump_to_end());
                    return Ok(blocks);
                }
                [step] if step.condition.is_none() => {
                    push_effects(step, &mut blocks);
                    at = step.dst;
                }
                _ => {
                    let inside =
                        |at: &usize| around.is_none_or(|it| Some(*at) != it.after && *at != it.header);
                    let meeting = self.meeting(at, around).filter(inside);
                    let jumps = meeting.is_none_or(|meeting| self.is_end(meeting));
                    let merge = if jumps { self.merge(at, around) } else { None };
                    let meeting = merge.or(meeting);
                    let end = meeting.or(join);
                    blocks.push(self.conditional(out, end, around, depth)?);
                    match meeting {
                        Some(meeting) => at = meeting,
                        None => return Ok(blocks),
                    }
                }
            }
        }
    }

    /// The blocks of a vertex. An empty end may be reached from several places.
    fn place(&mut self, at: usize, blocks: &mut Vec<Block>) -> Result<(), String> {
        let end = self.is_end(at);
        if std::mem::replace(&mut self.placed[at], true) && !end {
            return Err("the control flow is not structured: loops or branches overlap".to_owned());
        }
        blocks.append(&mut self.graph.blocks[at]);
        Ok(())
    }

    fn conditional(
        &mut self,
        out: Vec<Step>,
        end: Option<usize>,
        around: Option<&Around>,
        depth: usize,
    ) -> Result<Block, String> {
        let mut branches = Vec::new();
        let mut otherwise = None;
        for step in complete(out) {
            let mut body = Region::default();
            push_effects(&step, &mut body.blocks);
            body.blocks.append(&mut self.sequence(step.dst, end, around, depth + 1)?);
            match step.condition {
                Some(condition) => branches.push(Branch { condition: Some(condition), body }),
                None => otherwise = Some(body),
            }
        }
        // Where no condition holds, the region ends.
        let body = otherwise.unwrap_or_else(|| Region::new([jump_to_end()]));
        if !body.blocks.is_empty() {
            branches.push(Branch { condition: None, body });
        }
        Ok(Block::Conditional(Conditional { branches, ..Conditional::default() }))
    }

    /// Adds the loop that begins at `header`; returns what follows it.
    fn repeat(
        &mut self,
        header: usize,
        nodes: BTreeSet<usize>,
        blocks: &mut Vec<Block>,
        depth: usize,
    ) -> Result<Option<usize>, String> {
        let out = complete(self.out(header));
        let guard = match &out[..] {
            [a, b] if self.graph.blocks[header].is_empty() => {
                let (enter, leave) = if nodes.contains(&a.dst) { (a, b) } else { (b, a) };
                let guards = nodes.contains(&enter.dst) && !nodes.contains(&leave.dst);
                (guards && leave.effects.is_empty()).then(|| (enter.clone(), leave.clone()))
            }
            _ => None,
        };
        let label = &self.graph.labels[header];
        let label = label.strip_suffix("_guard").or(label.strip_suffix("_body")).unwrap_or(label).to_owned();
        let (condition, body, after) = match guard {
            Some((enter, leave)) => {
                self.place(header, blocks)?;
                let after = Some(leave.dst);
                let around = self.around(header, after, nodes);
                let mut body = Vec::new();
                push_effects(&enter, &mut body);
                if enter.dst != header {
                    body.append(&mut self.sequence(enter.dst, None, Some(&around), depth + 1)?);
                }
                let condition = match (enter.condition, leave.condition) {
                    (Some(condition), _) => condition,
                    (None, Some(left)) => ScalarExpr::unary(UnaryOp::Not, left),
                    (None, None) => Constant::Bool(true).into(),
                };
                (condition, body, after)
            }
            None => {
                let after = self.follower(header, &nodes);
                let around = self.around(header, after, nodes);
                let body = self.sequence(header, None, Some(&around), depth + 1)?;
                (Constant::Bool(true).into(), body, after)
            }
        };
        let mut body = Region { blocks: body };
        drop_last(&mut body, &Block::Continue);
        let header = tested_at_the_end(&mut body, &condition).unwrap_or(LoopHeader::While { condition });
        let repeat = Loop { label: label.into(), header, body, span: Default::default() };
        blocks.push(Block::Loop(Box::new(repeat)));
        Ok(after)
    }

    /// Where the ways out of a loop meet, or its only way out.
    fn follower(&self, header: usize, nodes: &BTreeSet<usize>) -> Option<usize> {
        let mut at = self.meeting(header, None);
        while let Some(next) = at {
            if !nodes.contains(&next) {
                return Some(next);
            }
            at = self.meeting(next, None);
        }
        let out = nodes.iter().flat_map(|at| &self.adjacency.out[*at]);
        let first = out.filter(|step| !nodes.contains(&self.graph.steps[**step].dst)).min()?;
        Some(self.graph.steps[*first].dst)
    }
}

fn push_effects(step: &Step, blocks: &mut Vec<Block>) {
    blocks.extend(step.effects.iter().cloned());
}

/// Two transitions of which one has the negated condition of the other: the negated one is what is left.
fn complete(mut out: Vec<Step>) -> Vec<Step> {
    if let [a, b] = &mut out[..]
        && let (Some(first), Some(second)) = (&a.condition, &b.condition)
    {
        let negates = |a: &ScalarExpr, b: &ScalarExpr| matches!(a, ScalarExpr::Unary(UnaryOp::Not, inner) if **inner == *b);
        if negates(second, first) {
            b.condition = None;
        } else if negates(first, second) {
            a.condition = None;
            out.swap(0, 1);
        }
    }
    out
}

/// Removes a jump that ends a region, also at the end of a conditional that ends it, where it has no effect.
fn drop_last(region: &mut Region, jump: &Block) {
    if region.blocks.last() == Some(jump) {
        region.blocks.pop();
    }
    if let Some(Block::Conditional(it)) = region.blocks.last_mut() {
        it.branches.iter_mut().for_each(|branch| drop_last(&mut branch.body, jump));
        while it.branches.last().is_some_and(|last| last.condition.is_none() && last.body.blocks.is_empty()) {
            it.branches.pop();
        }
    }
}

/// `while True: body; if c: pass else: break` as `do: body while c`, if nothing else continues it.
fn tested_at_the_end(body: &mut Region, condition: &ScalarExpr) -> Option<LoopHeader> {
    if *condition != ScalarExpr::Constant(Constant::Bool(true)) {
        return None;
    }
    let Some(Block::Conditional(last)) = body.blocks.last() else { return None };
    let test = match &last.branches[..] {
        [again, leave]
            if leave.condition.is_none()
                && again.body.blocks.is_empty()
                && leave.body.blocks == [Block::Break] =>
        {
            again.condition.clone()?
        }
        [leave] if leave.body.blocks == [Block::Break] => {
            ScalarExpr::unary(UnaryOp::Not, leave.condition.clone()?)
        }
        _ => return None,
    };
    let before = &body.blocks[..body.blocks.len() - 1];
    if before.iter().any(continues) {
        return None;
    }
    body.blocks.pop();
    Some(LoopHeader::DoWhile { condition: test })
}

/// Whether a block starts the next iteration of the loop around it.
pub(super) fn continues(block: &Block) -> bool {
    match block {
        Block::Continue => true,
        Block::Conditional(it) => it.branches.iter().any(|branch| branch.body.blocks.iter().any(continues)),
        _ => false,
    }
}
