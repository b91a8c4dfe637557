//! State machines that are no tree: kept as they are.

use super::lift::{Graph, Step, continues};
use crate::control_flow::{Machine, Transition, Vertex};
use crate::{Assignment, Block, Region};

/// The machine of a graph, as the only block of a region; `None` where a vertex leaves a loop around the machine, which
/// machines cannot.
pub(super) fn machine(graph: Graph) -> Option<Region> {
    let jumps = |block: &Block| *block == Block::Break || continues(block) || breaks(block);
    if graph.blocks.iter().flatten().any(jumps) {
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
    Some(Region::new([Block::Machine(Box::new(machine))]))
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
