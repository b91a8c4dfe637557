//! Names of a nested SDFG on its way into its caller: what it defines gets names that the caller does not use, what it
//! was given gets the caller's values.

use dacec_ir::control_flow::LoopHeader;
use dacec_ir::sdfg::NameSupply;
use dacec_ir::symbolic::Substitution;
use dacec_ir::{Block, Expr, IndexMap, IndexSet, Name, NestedSdfg, Node, Region, ScalarExpr, Sdfg, State};

/// Gives every state of a region a label that no state of the SDFG has: of the region that goes into it, or of a copy of a
/// part of it.
pub(crate) fn relabel(names: &mut NameSupply, body: &mut Region) {
    body.visit_states_mut(&mut |state| state.label = names.fresh(&state.label));
}

/// Names that a callee defines, with those that they get in the caller.
#[derive(Debug)]
pub(crate) struct Renaming {
    /// Assigned symbols, loop variables, map parameters.
    symbols: IndexMap<Name, Name>,
    /// Containers.
    pub(crate) containers: IndexMap<Name, Name>,
    substitution: Substitution,
}

impl Renaming {
    /// Finds a new name for everything that the nested SDFG defines.
    pub(crate) fn new(nested: &NestedSdfg, names: &mut NameSupply) -> Self {
        let mut substitution = Substitution::new();
        for (symbol, value) in &nested.symbols {
            substitution.insert(symbol, value.clone());
        }
        let mut symbols = IndexMap::default();
        for symbol in defined_symbols(&nested.sdfg.body) {
            let new = names.fresh(&symbol);
            substitution.insert(&symbol, Expr::sym(&new));
            symbols.insert(symbol, new);
        }
        let containers =
            nested.sdfg.containers.keys().map(|name| (name.clone(), names.fresh(name))).collect();
        Renaming { symbols, containers, substitution }
    }

    /// New names for symbols that a region assigns, and for containers.
    pub(crate) fn of(symbols: IndexMap<Name, Name>, containers: IndexMap<Name, Name>) -> Self {
        let substitution = symbols.iter().map(|(old, new)| (old.clone(), Expr::sym(new))).collect();
        Renaming { symbols, containers, substitution }
    }

    /// Renames everything in a region.
    pub(crate) fn apply_to(&self, region: &mut Region) {
        region.map_exprs(&mut |expr| expr.subs(&self.substitution));
        region.visit_mut(&mut |block| self.rename_block(block));
    }

    /// Renames everything in the nested SDFG.
    pub(crate) fn apply(&self, sdfg: &mut Sdfg) {
        sdfg.substitute(&self.substitution);
        sdfg.containers = std::mem::take(&mut sdfg.containers)
            .into_iter()
            .map(|(name, data)| (self.containers[&name].clone(), data))
            .collect();
        sdfg.symbols = std::mem::take(&mut sdfg.symbols)
            .into_iter()
            .filter_map(|(name, dtype)| Some((self.symbols.get(&name)?.clone(), dtype)))
            .collect();
        sdfg.body.visit_mut(&mut |block| self.rename_block(block));
    }

    fn rename_block(&self, block: &mut Block) {
        for scalar in block.scalars_mut() {
            scalar.rename(&|name| self.containers.get(name).cloned());
        }
        let rename = |name: &mut Name| {
            if let Some(new) = self.symbols.get(name) {
                *name = new.clone();
            }
        };
        match block {
            Block::State(state) => self.rename_state(state),
            Block::Assign(assignments) => assignments.iter_mut().for_each(|it| rename(&mut it.symbol)),
            Block::Loop(it) => {
                if let LoopHeader::For { variable, .. } = &mut it.header {
                    rename(variable);
                }
            }
            Block::Machine(it) => {
                it.transitions
                    .iter_mut()
                    .flat_map(|way| &mut way.assignments)
                    .for_each(|it| rename(&mut it.symbol));
            }
            Block::Conditional(_) | Block::Effect(_) | Block::Break | Block::Continue | Block::Return => {}
        }
    }

    fn rename_state(&self, state: &mut State) {
        for id in state.node_ids() {
            match state.node_mut(id) {
                Node::Access(data) => {
                    if let Some(new) = self.containers.get(data) {
                        *data = new.clone();
                    }
                }
                Node::MapEntry(map) => {
                    for param in &mut map.params {
                        if let Some(new) = self.symbols.get(param) {
                            *param = new.clone();
                        }
                    }
                }
                Node::Tasklet(_) | Node::MapExit { .. } | Node::Nested(_) | Node::Library(_) => {}
            }
        }
        for id in state.edges().map(|edge| edge.id).collect::<Vec<_>>() {
            if let Some(memlet) = &mut state.edge_mut(id).memlet
                && let Some(new) = self.containers.get(&memlet.data)
            {
                memlet.data = new.clone();
            }
        }
    }
}

/// Symbols that a region gives values to, map parameters among them.
pub(crate) fn defined_symbols(body: &Region) -> IndexSet<Name> {
    let mut defined = IndexSet::default();
    body.visit(&mut |block| match block {
        Block::Assign(assignments) => defined.extend(assignments.iter().map(|it| it.symbol.clone())),
        Block::Loop(it) => defined.extend(it.variable().cloned()),
        Block::State(state) => {
            for map in state.nodes().filter_map(|(_, node)| node.as_map()) {
                defined.extend(map.params.iter().cloned());
            }
        }
        _ => {}
    });
    defined
}

/// Rewrites the reads of containers on control flow.
pub(crate) fn rewrite_reads(body: &mut Region, f: &dyn Fn(&ScalarExpr) -> Option<ScalarExpr>) {
    body.visit_mut(&mut |block| {
        for scalar in block.scalars_mut() {
            scalar.visit_mut(&mut |expr| {
                if let Some(new) = f(expr) {
                    *expr = new;
                }
            });
        }
    });
}
