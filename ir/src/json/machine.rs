//! State machines that are no tree: kept as they are.

use super::lift::{Graph, Step, continues};
use crate::control_flow::{Machine, Transition, Vertex};
use crate::{Assignment, BinaryOp, Block, Branch, Conditional, Expr, Region, ScalarExpr};

/// The machine of a graph, as a region; `None` where a vertex leaves a loop around the machine from inside of a
/// conditional, or the start does not exist.
pub(super) fn machine(mut graph: Graph) -> Option<Region> {
    let leaves = take_leaving(&mut graph);
    let jumps = |block: &Block| *block == Block::Break || continues(block) || breaks(block);
    if graph.blocks.iter().flatten().any(jumps) || graph.start >= graph.blocks.len() {
        return None;
    }
    let Graph { blocks, labels, steps, start } = graph;
    let vertices = blocks.into_iter().zip(&labels);
    let mut machine = Machine { label: "machine".into(), ..Machine::default() };
    machine.vertices.extend(
        vertices.map(|(blocks, label)| Vertex { label: label.as_str().into(), body: Region { blocks } }),
    );
    for step in steps {
        push(&mut machine, step);
    }
    // The first vertex is the start.
    machine.vertices.swap(0, start);
    let swapped = |at: usize| match at {
        0 => start,
        at if at == start => 0,
        at => at,
    };
    for it in &mut machine.transitions {
        (it.from, it.to) = (swapped(it.from), swapped(it.to));
    }
    let machine = Block::Machine(Box::new(machine));
    Some(Region::new(if leaves.is_empty() { vec![machine] } else { around(machine, &leaves) }))
}

/// The symbol that tells how a machine leaves the loop around it.
const LEAVES: &str = "__machine_leaves";

/// Takes vertices that are only a jump out of the loop around out of a graph: they set a symbol and end the machine.
/// Returns the jumps, of which the symbol has the number, counted from 1.
fn take_leaving(graph: &mut Graph) -> Vec<Block> {
    let mut leaves: Vec<Block> = Vec::new();
    for at in 0..graph.blocks.len() {
        let [jump @ (Block::Break | Block::Continue)] = &graph.blocks[at][..] else { continue };
        let jump = jump.clone();
        let number = leaves.iter().position(|it| *it == jump).unwrap_or_else(|| {
            leaves.push(jump);
            leaves.len() - 1
        });
        graph.blocks[at] = vec![set(number as i64 + 1)];
        graph.steps.retain(|step| step.src != at);
    }
    leaves
}

fn set(value: i64) -> Block {
    Block::Assign(vec![Assignment { symbol: LEAVES.into(), value: ScalarExpr::int(value) }])
}

/// The machine, and after it the jump that it asked for. The symbol is 0 again before that: a machine around this one has
/// the same.
fn around(machine: Block, leaves: &[Block]) -> Vec<Block> {
    let branches = leaves.iter().zip(1..).map(|(jump, number)| {
        let asked = ScalarExpr::Symbolic(Expr::sym(LEAVES));
        let condition = ScalarExpr::binary(BinaryOp::Eq, asked, ScalarExpr::int(number));
        Branch { condition: Some(condition), body: Region::new([set(0), jump.clone()]) }
    });
    let choice = Conditional { branches: branches.collect(), ..Conditional::default() };
    vec![set(0), machine, Block::Conditional(choice)]
}

/// Adds a transition; what runs on the way gets a vertex of its own unless it only assigns.
fn push(machine: &mut Machine, step: Step) {
    let Step { src: from, dst, condition, effects } = step;
    let plain = match &effects[..] {
        [] => Some(Vec::<Assignment>::new()),
        [Block::Assign(all)] => Some(all.clone()),
        _ => None,
    };
    let (to, assignments) = match plain {
        Some(assignments) => (dst, assignments),
        None => {
            let to = machine.vertices.len();
            let label = format!("{}_to_{}", machine.vertices[from].label, machine.vertices[dst].label);
            machine.vertices.push(Vertex { label: label.into(), body: Region { blocks: effects } });
            machine.transitions.push(Transition {
                from: to,
                to: dst,
                condition: None,
                assignments: Vec::new(),
            });
            (to, Vec::new())
        }
    };
    machine.transitions.push(Transition { from, to, condition, assignments });
}

/// Whether a block leaves the loop around it.
fn breaks(block: &Block) -> bool {
    match block {
        Block::Break => true,
        Block::Conditional(it) => it.branches.iter().any(|branch| branch.body.blocks.iter().any(breaks)),
        _ => false,
    }
}
