//! What a rewrite sees of the program around the place that it changes.

use dacec_ir::control_flow::LoopHeader;
use dacec_ir::sdfg::NameSupply;
use dacec_ir::symbolic::{Facts, Substitution};
use dacec_ir::{Block, Branch, DType, Data, Expr, IndexMap, Loop, Name, Node, NodeId, Region, Sdfg, State};
use std::collections::BTreeSet;

/// The SDFG around a place that is being rewritten.
#[derive(Debug)]
pub struct Surroundings<'a> {
    /// The SDFG without its body, of which the place is a part.
    pub sdfg: &'a mut Sdfg,
    /// What holds of symbols at the place (not inside its map scopes, see [`facts_inside`]).
    pub facts: Facts,
    /// Hands out names that nothing in the SDFG uses.
    pub names: &'a mut NameSupply,
    /// How often each container is used in the whole SDFG, the place included. A rewrite that adds or removes accesses
    /// keeps it right.
    pub uses: &'a mut Uses,
}

impl Surroundings<'_> {
    /// The container of that name.
    ///
    /// # Panics
    /// If there is none: every access of a valid SDFG names a container.
    pub fn container(&self, name: &Name) -> &Data {
        match self.sdfg.container(name) {
            Some(data) => data,
            None => panic!("the SDFG has no container `{name}`"),
        }
    }

    /// Whether the container is internal to the SDFG and used in this state only.
    pub fn is_local_to(&self, state: &State, name: &Name) -> bool {
        self.sdfg.container(name).is_some_and(Data::is_transient)
            && self.uses.of_container(name) == state.num_accesses(name)
    }

    /// Declares the free symbols of an SDFG that is nested here, which has them under the same names; returns their values.
    pub(crate) fn pass_symbols(&self, nested: &mut Sdfg) -> IndexMap<Name, Expr> {
        let mut values = IndexMap::default();
        for symbol in nested.free_symbols() {
            let dtype = self.sdfg.symbols.get(&symbol).copied().unwrap_or(DType::Int64);
            nested.symbols.insert(symbol.clone(), dtype);
            values.insert(symbol.clone(), Expr::sym(&symbol));
        }
        values
    }

    /// Replaces symbols in the sizes of containers that are internal to the SDFG.
    ///
    /// Whoever replaces the variable of a loop, or a parameter, in a region or scope says so of all that it accesses:
    /// temporaries of an iteration may have sizes made of it.
    pub fn substitute_in_sizes<'n>(
        &mut self,
        accessed: impl IntoIterator<Item = &'n Name>,
        values: &Substitution,
    ) {
        // Once each: a value may use the symbol that it replaces.
        for name in accessed.into_iter().collect::<BTreeSet<_>>() {
            if let Some(data) = self.sdfg.containers.get_mut(name).filter(|data| data.is_transient()) {
                data.map_exprs(&mut |expr| expr.subs(values));
            }
        }
    }

    /// Replaces symbols in a region, and in the sizes of what it uses.
    pub fn substitute_in(&mut self, region: &mut Region, values: &Substitution) {
        self.substitute_in_sizes(Uses::of_region(region).containers(), values);
        region.map_exprs(&mut |expr| expr.subs(values));
    }
}

/// How often each container is used: access nodes, reads on control flow.
#[derive(Clone, Debug, Default)]
pub struct Uses(IndexMap<Name, usize>);

impl Uses {
    /// Counts the uses in an SDFG (those of nested SDFGs are uses of the nested containers).
    pub fn of(sdfg: &Sdfg) -> Self {
        Uses::of_region(&sdfg.body)
    }

    /// Counts the uses in a region.
    pub fn of_region(region: &Region) -> Self {
        let mut uses = Uses::default();
        region.visit(&mut |block| {
            for scalar in block.scalars() {
                scalar.names().iter().for_each(|name| uses.add(name));
            }
            if let Block::State(state) = block {
                state.nodes().filter_map(|(_, node)| node.as_access()).for_each(|name| uses.add(name));
            }
        });
        uses
    }

    /// What is used, in order of first use.
    pub fn containers(&self) -> impl Iterator<Item = &Name> {
        self.0.keys()
    }

    /// Containers that some state of an SDFG writes.
    pub fn written(sdfg: &Sdfg) -> BTreeSet<Name> {
        sdfg.body.states().into_iter().flat_map(Uses::written_by).collect()
    }

    /// Containers that a state writes.
    pub fn written_by(state: &State) -> BTreeSet<Name> {
        let is_written = |id| state.in_edges(id).iter().any(|edge| edge.memlet().is_some());
        let accesses = state.nodes().filter_map(|(id, node)| Some((id, node.as_access()?)));
        accesses.filter(|(id, _)| is_written(*id)).map(|(_, data)| data.clone()).collect()
    }

    /// These uses and others.
    pub fn extend(&mut self, other: &Uses) {
        for (name, count) in &other.0 {
            *self.0.entry(name.clone()).or_insert(0) += count;
        }
    }

    /// Without the uses in a region that is gone.
    pub fn discount(&mut self, other: &Uses) {
        for (name, gone) in &other.0 {
            if let Some(count) = self.0.get_mut(name) {
                *count = count.saturating_sub(*gone);
            }
        }
    }

    /// Number of uses of a container.
    pub fn of_container(&self, name: &Name) -> usize {
        self.0.get(name).copied().unwrap_or(0)
    }

    /// One use more.
    pub fn add(&mut self, name: &Name) {
        *self.0.entry(name.clone()).or_insert(0) += 1;
    }

    /// One use less.
    pub fn remove(&mut self, name: &Name) {
        if let Some(count) = self.0.get_mut(name) {
            *count = count.saturating_sub(1);
        }
    }
}

/// What holds whenever the SDFG runs, and stays true while it does: extents of arguments made of symbols that are never
/// assigned are not negative.
pub fn entry_facts(sdfg: &Sdfg) -> Facts {
    let assigned = assigned_symbols(&sdfg.body);
    let mut facts = Facts::new();
    for data in sdfg.containers.values().filter(|data| !data.is_transient()) {
        for extent in data.shape() {
            if extent.symbols().is_disjoint(&assigned) {
                facts.assume(&extent.ge(&Expr::zero()));
            }
        }
    }
    facts
}

/// Symbols that assignments and loop headers in a region give values to.
pub fn assigned_symbols(region: &Region) -> BTreeSet<Name> {
    let mut assigned = BTreeSet::new();
    region.visit(&mut |block| {
        assigned.extend(block.assignments().map(|it| it.symbol.clone()));
        if let Block::Loop(it) = block {
            assigned.extend(it.variable().cloned());
        }
    });
    assigned
}

/// Calls `f` on every region, inside out, with what holds everywhere in it: ranges of loop variables and conditions of
/// branches, as far as they are about symbols that do not change in the region.
pub fn visit_with_facts(region: &mut Region, facts: &Facts, f: &mut dyn FnMut(&mut Region, &Facts)) {
    visit_inside(region, facts, &mut |region, facts| visit_with_facts(region, facts, f));
    f(region, facts);
}

/// As [`visit_with_facts`], outside in: what `f` removes is not visited.
pub fn visit_outside_in(region: &mut Region, facts: &Facts, f: &mut dyn FnMut(&mut Region, &Facts)) {
    f(region, facts);
    visit_inside(region, facts, &mut |region, facts| visit_outside_in(region, facts, f));
}

/// Calls `f` on the regions directly inside of a region, with what holds there.
fn visit_inside(region: &mut Region, facts: &Facts, f: &mut dyn FnMut(&mut Region, &Facts)) {
    for block in &mut region.blocks {
        match block {
            Block::Loop(it) => {
                let inner = facts_of_loop(it, facts);
                f(&mut it.body, &inner);
            }
            Block::Conditional(it) => {
                let assigned = it.branches.iter().flat_map(|branch| assigned_symbols(&branch.body)).collect();
                let mut before = facts.clone();
                let last = it.branches.len().saturating_sub(1);
                for (at, branch) in it.branches.iter_mut().enumerate() {
                    // What only fails or leaves, as checks at run time do, has no use for what its condition says.
                    let blocks = &branch.body.blocks;
                    let leaves = !blocks.is_empty() && blocks.iter().all(is_effect_or_jump);
                    let inner = (!leaves).then(|| facts_in_branch(branch, &assigned, &before, true));
                    f(&mut branch.body, inner.as_ref().unwrap_or(&before));
                    if at < last {
                        before = facts_in_branch(branch, &assigned, &before, false);
                    }
                }
            }
            Block::Machine(it) => {
                let assigned = assigned_symbols(&Region::new([Block::Machine(it.clone())]));
                let inner = facts.without(&|symbol| assigned.contains(symbol));
                it.vertices.iter_mut().for_each(|vertex| f(&mut vertex.body, &inner));
            }
            Block::State(_) | Block::Assign(_) | Block::Effect(_) => {}
            Block::Break | Block::Continue | Block::Return => {}
        }
    }
}

fn is_effect_or_jump(block: &Block) -> bool {
    matches!(block, Block::Effect(_) | Block::Break | Block::Continue | Block::Return)
}

/// What holds in the body of a loop.
pub(crate) fn facts_of_loop(it: &Loop, facts: &Facts) -> Facts {
    let LoopHeader::For { variable, start, stop, step } = &it.header else { return facts.clone() };
    let mut inner = facts.clone();
    let assigned = assigned_symbols(&it.body);
    let constant = |expr: &Expr| !expr.uses(variable) && expr.symbols().is_disjoint(&assigned);
    if assigned.contains(variable) || !constant(start) || !constant(stop) {
        return inner;
    }
    // Nor does a loop that never runs.
    if step.as_int().is_some_and(|step| {
        let (low, high) = if step > 0 { (start, stop) } else { (stop, start) };
        facts.prove_le(high, low) == Some(true)
    }) {
        return inner;
    }
    match step.as_int() {
        Some(step) if step > 0 => inner.assume_range(variable, start.clone(), stop - 1),
        Some(step) if step < 0 => inner.assume_range(variable, stop + 1, start.clone()),
        _ => {}
    }
    inner
}

/// What holds in a branch (`holds`), or in those after it; `assigned` are the symbols that any branch changes.
fn facts_in_branch(branch: &Branch, assigned: &BTreeSet<Name>, facts: &Facts, holds: bool) -> Facts {
    let Some(condition) = branch.condition.as_ref().and_then(|condition| condition.to_symbolic()) else {
        return facts.clone();
    };
    // A branch that is never taken gets no facts that contradict each other: they would prove anything.
    if !condition.symbols().is_disjoint(assigned) || facts.prove(&condition).is_some() {
        return facts.clone();
    }
    facts.with(&if holds { condition } else { condition.not() })
}

/// What holds for a node inside map scopes: the facts of its state, and the ranges of the parameters around it.
pub fn facts_inside(state: &State, node: NodeId, facts: &Facts) -> Facts {
    let entries: Vec<NodeId> =
        std::iter::successors(state.scope_of(node), |&it| state.scope_of(it)).collect();
    let mut inner = facts.clone();
    for entry in entries.into_iter().rev() {
        if let Node::MapEntry(map) = state.node(entry) {
            for (param, range) in map.params.iter().zip(&map.ranges) {
                if let Some((low, high)) = range.extremes() {
                    inner.assume_range(param, low, high);
                }
            }
        }
    }
    inner
}

#[cfg(test)]
mod tests {
    use super::*;
    use dacec_ir::builder::SdfgBuilder;
    use dacec_ir::{Assignment, DType, ScalarExpr};

    fn facts_of_each_region(mut sdfg: Sdfg) -> Vec<Facts> {
        let facts = entry_facts(&sdfg);
        let mut all = Vec::new();
        visit_with_facts(&mut sdfg.body, &facts, &mut |_, facts| all.push(facts.clone()));
        all
    }

    #[test]
    fn a_loop_bounds_its_variable() {
        let n = Expr::sym("N");
        let mut b = SdfgBuilder::new("p");
        b.array("A", DType::Float64, [n.clone()]);
        b.for_loop("i", 1, n.clone(), |_| {});
        let facts = facts_of_each_region(b.build());
        assert_eq!(facts[0].prove_lt(&Expr::sym("i"), &n), Some(true));
        assert_eq!(facts[1].prove_lt(&Expr::sym("i"), &n), None);
    }

    #[test]
    fn a_bound_that_changes_in_the_loop_says_nothing() {
        let mut b = SdfgBuilder::new("p");
        b.for_loop("i", 0, Expr::sym("k"), |b| {
            b.push(Block::Assign(vec![Assignment { symbol: "k".into(), value: ScalarExpr::int(1) }]));
        });
        let facts = facts_of_each_region(b.build());
        assert_eq!(facts[0].prove_lt(&Expr::sym("i"), &Expr::sym("k")), None);
    }

    #[test]
    fn the_second_branch_knows_that_the_first_was_not_taken() {
        let n = Expr::sym("N");
        let mut b = SdfgBuilder::new("p");
        b.conditional(n.lt(&Expr::int(5)), |_| {}, |_| {});
        let facts = facts_of_each_region(b.build());
        assert_eq!(facts[0].prove_lt(&n, &Expr::int(5)), Some(true));
        assert_eq!(facts[1].prove_ge(&n, &Expr::int(5)), Some(true));
        assert_eq!(facts[2].prove_ge(&n, &Expr::int(5)), None);
    }
}
