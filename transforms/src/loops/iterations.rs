//! Single iterations of a counted loop: the deed that unrolling and peeling share.

use crate::Refusal;
use crate::simplify::{Renaming, relabel};
use crate::surroundings::{Surroundings, Uses};
use dacec_ir::control_flow::LoopHeader;
use dacec_ir::{Block, Expr, IndexMap, Loop, Name, Node, Region, State};
use std::collections::BTreeSet;

/// A counted loop whose iterations can be written one after the other.
#[derive(Clone, Debug)]
pub(super) struct Counted {
    pub(super) variable: Name,
    pub(super) start: Expr,
    pub(super) stop: Expr,
    /// A constant other than 0.
    pub(super) step: i64,
}

/// Proves that an iteration of a loop may stand outside of it.
pub(super) fn find(around: &Surroundings<'_>, it: &Loop) -> Result<Counted, Refusal> {
    let LoopHeader::For { variable, start, stop, step } = &it.header else {
        return Err(Refusal::NoMatch("not a counted loop"));
    };
    let Some(step) = step.as_int().filter(|step| *step != 0) else {
        return Err(Refusal::unproved(format!("the step {step} is not a constant other than 0")));
    };
    if leaves(&it.body) {
        return Err(Refusal::unproved("the body leaves the loop, or an iteration of it"));
    }
    check_names(around, it, variable, start)?;
    check_operands(it, variable)?;
    Ok(Counted { variable: variable.clone(), start: start.clone(), stop: stop.clone(), step })
}

/// Whether a region has a `break` or `continue` of the loop that it is the body of.
pub(super) fn leaves(body: &Region) -> bool {
    body.blocks.iter().any(|block| match block {
        Block::Break | Block::Continue => true,
        Block::Conditional(it) => it.branches.iter().any(|branch| leaves(&branch.body)),
        // What is not structured is not looked into.
        Block::Machine(_) => true,
        _ => false,
    })
}

/// Refuses names that would mean something else with a value in the variable's place.
fn check_names(around: &Surroundings<'_>, it: &Loop, variable: &Name, start: &Expr) -> Result<(), Refusal> {
    let mut defined = BTreeSet::new();
    it.body.visit(&mut |block| {
        defined.extend(block.assignments().map(|it| it.symbol.clone()));
        if let Block::Loop(it) = block {
            defined.extend(it.variable().cloned());
        }
    });
    for state in it.body.states() {
        for (_, node) in state.nodes() {
            match node {
                Node::MapEntry(map) => defined.extend(map.params.iter().cloned()),
                Node::Access(data) if around.container(data).symbols().contains(variable) => {
                    return Err(Refusal::unproved(format!("the size of `{data}` depends on `{variable}`")));
                }
                _ => {}
            }
        }
    }
    match start.symbols().iter().find(|symbol| defined.contains(*symbol)) {
        Some(symbol) => Err(Refusal::unproved(format!("`{symbol}` is something else in the body"))),
        None => Ok(()),
    }
}

/// Refuses library operations on parts of arrays whose extent depends on the variable: of one element, they might count as
/// numbers.
fn check_operands(it: &Loop, variable: &Name) -> Result<(), Refusal> {
    for state in it.body.states() {
        for edge in state.edges() {
            let joins_library =
                [edge.src, edge.dst].iter().any(|&id| matches!(state.node(id), Node::Library(_)));
            let Some(memlet) = edge.memlet().filter(|_| joins_library) else { continue };
            if memlet.subset.dims.iter().any(|dim| (&dim.stop - &dim.start).uses(variable)) {
                return Err(Refusal::unproved(format!(
                    "the extent of the operand `{memlet}` depends on `{variable}`"
                )));
            }
        }
    }
    Ok(())
}

impl Counted {
    /// The value of the variable in iteration `number`, counted from 0.
    pub(super) fn value(&self, number: i64) -> Expr {
        &self.start + Expr::int(number) * Expr::int(self.step)
    }

    /// The blocks of one iteration.
    pub(super) fn iteration(&self, around: &mut Surroundings<'_>, body: &Region, number: i64) -> Vec<Block> {
        let mut body = body.clone();
        own_values_of_maps(around, &mut body);
        let value = self.value(number);
        body.map_exprs(&mut |expr| expr.subs1(&self.variable, &value));
        relabel(around.names, &mut body);
        body.blocks
    }
}

/// Gives a copy of a body containers of its own for what only one map uses, of which each iteration has its own.
fn own_values_of_maps(around: &mut Surroundings<'_>, body: &mut Region) {
    let mut inside = BTreeSet::new();
    for state in body.states() {
        for (id, node) in state.nodes() {
            if let Node::Access(data) = node
                && state.scope_of(id).is_some()
                && around.container(data).is_transient()
            {
                inside.insert(data.clone());
            }
        }
    }
    // Others may see what is also used outside of maps.
    inside.retain(|name| {
        let in_map = |state: &&State| state.accesses(name).iter().all(|&id| state.scope_of(id).is_some());
        body.states().iter().all(in_map)
    });
    let mut containers = IndexMap::default();
    for name in inside {
        let (data, fresh) = (around.container(&name).clone(), around.names.fresh(&name));
        around.sdfg.containers.insert(fresh.clone(), data);
        containers.insert(name, fresh);
    }
    Renaming::of(IndexMap::default(), containers).apply_to(body);
}

/// Counts what a copy of a body uses.
pub(super) fn count_uses(around: &mut Surroundings<'_>, blocks: &[Block]) {
    around.uses.extend(&Uses::of_region(&Region::new(blocks.to_vec())));
}

/// Stops counting what a body used that is gone.
pub(super) fn discount_uses(around: &mut Surroundings<'_>, body: &Region) {
    around.uses.discount(&Uses::of_region(body));
}
