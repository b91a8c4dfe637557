//! The SDFG: a function made of containers, symbols and a body.

use crate::attributes::SdfgAttributes;
use crate::features::{self, Feature};
use crate::instrument::Instrument;
use crate::sections::CodeSections;
use crate::structure::Structure;
use crate::symbolic::{Facts, Substitution};
use crate::{Block, DType, Data, Expr, IndexMap, Name, Node, Region, Span, State};
use rustc_hash::{FxHashMap, FxHashSet};
use smallvec::SmallVec;
use std::collections::BTreeSet;

/// A stateful dataflow multigraph: a function from containers to containers.
///
/// Arguments are the containers that are not transient. They are called in the order of [`arguments`](Sdfg::arguments),
/// followed by those of [`returns`](Sdfg::returns), followed by the [free symbols](Sdfg::free_symbols).
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Sdfg {
    /// The function's name.
    pub name: Name,
    /// Every container, by name.
    pub containers: IndexMap<Name, Data>,
    /// Which containers are members of structures, by the structures' names.
    pub structures: IndexMap<Name, Structure>,
    /// Type of every symbol that is free or assigned; loop variables and map parameters are not among them.
    pub symbols: IndexMap<Name, DType>,
    /// Containers that the caller passes, in its order.
    pub arguments: Vec<Name>,
    /// Containers that hold results which the caller receives, in its order.
    pub returns: Vec<Name>,
    /// What the function does.
    pub body: Region,
    /// What is measured of a run.
    pub instrument: Instrument,
    /// Code in C++ around the program.
    pub sections: CodeSections,
    /// The file that the function was written in; empty if there is none.
    pub file: String,
    /// Where the function was written.
    pub span: Span,
    /// What its file says beyond that.
    pub attributes: SdfgAttributes,
}

impl Sdfg {
    /// An empty function.
    pub fn new(name: impl Into<Name>) -> Self {
        Sdfg { name: name.into(), ..Sdfg::default() }
    }

    /// The container of that name, if there is one.
    pub fn container(&self, name: &str) -> Option<&Data> {
        self.containers.get(name)
    }

    /// Adds a container under a name like `prefix` that nothing in this SDFG uses, and returns the name.
    pub fn add_fresh(&mut self, prefix: &str, data: impl Into<Data>) -> Name {
        let name = self.fresh_name(prefix);
        self.containers.insert(name.clone(), data.into());
        name
    }

    /// A name like `prefix` that neither a container nor a symbol, nor a loop variable or map parameter has.
    ///
    /// Looks at the whole body; a pass that needs many names keeps a [`NameSupply`].
    pub fn fresh_name(&self, prefix: &str) -> Name {
        NameSupply::new(self).fresh(prefix)
    }

    /// Symbols that the SDFG reads before it defines them: what its caller must give, sorted by name.
    ///
    /// A symbol that is assigned anywhere, or the parameter of a map, is free only if the shape of an argument uses it.
    pub fn free_symbols(&self) -> Vec<Name> {
        let mut used = Names::default();
        let (mut assigned, mut params) = (Names::default(), Names::default());
        self.body.visit(&mut |block| {
            collect_block_symbols(block, &mut used, &mut assigned);
            let nodes = block.as_state().into_iter().flat_map(State::nodes);
            params.extend(nodes.filter_map(|(_, node)| node.as_map()).flat_map(|map| &map.params));
        });
        let is_container =
            |name: &Name| self.containers.contains_key(name) && !self.symbols.contains_key(name);
        used.retain(|name| !assigned.contains(name) && !is_container(name));
        // Iterations of loops and maps may have temporaries of their own sizes.
        let inside = |name: &Name| assigned.contains(name) || params.contains(name);
        for data in self.containers.values() {
            data.visit_symbols(&mut |name| {
                if !data.is_transient() || !inside(name) {
                    used.insert(name);
                }
            });
        }
        let mut used: Vec<Name> = used.into_iter().cloned().collect();
        used.sort();
        used
    }

    /// Whether the name is that of a scalar argument that the SDFG never changes: a symbol of the same name stands for its
    /// value.
    pub fn is_constant_argument(&self, name: &Name) -> bool {
        let integer = |data: &Data| matches!(data, Data::Scalar(it) if it.dtype.is_integer());
        self.arguments.contains(name)
            && self.containers.get(name).is_some_and(integer)
            && self.body.states().iter().all(|state| {
                let is_written = |id, node: &Node| node.as_access() == Some(name) && state.in_degree(id) > 0;
                !state.nodes().any(|(id, node)| is_written(id, node))
            })
    }

    /// What holds of sizes whenever the SDFG runs: the extents of its arguments are not negative.
    pub fn facts(&self) -> Facts {
        let mut facts = Facts::new();
        for data in self.containers.values().filter(|data| !data.is_transient()) {
            for extent in data.shape() {
                facts.assume(&extent.ge(&Expr::zero()));
            }
        }
        facts
    }

    /// Rewrites every state machine of this SDFG and of those nested in it as a loop over a symbol (see
    /// [`Machine::into_loop`](crate::Machine::into_loop)), for those who know structured control flow only.
    pub fn lower_machines(&mut self) {
        self.lower_machines_that(&|_| true);
    }

    /// Rewrites those state machines of which `chosen` is true.
    pub(crate) fn lower_machines_that(&mut self, chosen: &dyn Fn(&crate::Machine) -> bool) {
        if features::features(self).contains(&Feature::Machines) {
            self.lower_machines_here(chosen);
        }
    }

    /// Rewrites what only says how memory looks: subsets with tiles as loops, vectors as arrays of their lanes, indices that do not begin with 0, zeros
    /// at the beginning of a lifetime; for those who know plain arrays only.
    pub fn lower_data(&mut self) {
        self.lower_tiles();
        self.lower_vectors();
        self.lower_offsets();
        self.lower_zeroed();
    }

    fn lower_machines_here(&mut self, chosen: &dyn Fn(&crate::Machine) -> bool) {
        let mut names = NameSupply::new(self);
        let mut new_symbols = Vec::new();
        self.body.visit_regions_mut(&mut |region| {
            let mut blocks = Vec::with_capacity(region.blocks.len());
            for block in std::mem::take(&mut region.blocks) {
                match block {
                    Block::Machine(machine) if chosen(&machine) => {
                        let next = names.fresh("next_vertex");
                        blocks.extend(machine.into_loop(&next));
                        new_symbols.push(next);
                    }
                    other => blocks.push(other),
                }
            }
            region.blocks = blocks;
        });
        self.symbols.extend(new_symbols.into_iter().map(|symbol| (symbol, DType::Int64)));
        self.body.visit_states_mut(&mut |state| {
            for id in state.node_ids() {
                if let Node::Nested(nested) = state.node_mut(id) {
                    nested.sdfg.lower_machines_here(chosen);
                }
            }
        });
    }

    /// Whether running it does more than computing: it, or an SDFG nested in it, prints or checks something,
    /// or calls a function that does more.
    pub fn has_effects(&self) -> bool {
        let mut found = false;
        self.body.visit(&mut |block| {
            found |= match block {
                Block::Effect(_) => true,
                Block::State(state) => state.has_effects(),
                _ => false,
            }
        });
        found
    }

    /// Calls `f` on every state of this SDFG and of the SDFGs nested in it, for change.
    pub fn visit_states_mut(&mut self, f: &mut dyn FnMut(&mut State)) {
        self.body.visit_states_mut(&mut |state| {
            for id in state.node_ids() {
                if let Node::Nested(nested) = state.node_mut(id) {
                    nested.sdfg.visit_states_mut(f);
                }
            }
            f(state);
        });
    }

    /// Replaces symbols in containers and body by expressions; simultaneous. The symbols are not assigned in the body.
    pub fn substitute(&mut self, substitution: &Substitution) {
        let mut replace = |expr: &Expr| expr.subs(substitution);
        for data in self.containers.values_mut() {
            data.map_exprs(&mut replace);
        }
        for extent in self.structures.values_mut().flat_map(|structure| &mut structure.shape) {
            *extent = replace(extent);
        }
        self.body.map_exprs(&mut replace);
    }
}

/// Some names of an SDFG; there are many questions about them, and nobody sees their order.
type Names<'a> = FxHashSet<&'a Name>;

/// Hands out names that nothing in an SDFG uses.
#[derive(Clone, Debug, Default)]
pub struct NameSupply {
    used: FxHashSet<Name>,
    next: FxHashMap<String, usize>,
}

impl NameSupply {
    /// A supply that knows every container, symbol, loop variable, map parameter and state of the SDFG. What states use is one of
    /// these in a valid SDFG, so that nobody looks at their edges.
    pub fn new(sdfg: &Sdfg) -> Self {
        let mut supply = NameSupply::default();
        supply.used.extend(sdfg.containers.keys().cloned());
        supply.used.extend(sdfg.symbols.keys().cloned());
        sdfg.body.visit(&mut |block| {
            if let Block::State(state) = block {
                supply.reserve(&state.label);
                for (id, node) in state.nodes() {
                    if let Node::MapEntry(map) = node {
                        supply.used.extend(map.params.iter().cloned());
                        supply.used.extend(state.range_inputs(id).into_iter().map(|(name, _)| name.clone()));
                    }
                }
                return;
            }
            let (mut used, mut assigned) = (Names::default(), Names::default());
            collect_block_symbols(block, &mut used, &mut assigned);
            supply.used.extend(used.into_iter().chain(assigned).cloned());
        });
        supply
    }

    /// Marks a name as used.
    pub fn reserve(&mut self, name: &Name) {
        self.used.insert(name.clone());
    }

    /// `prefix` if it is free, else `prefix_1`, `prefix_2`, …; the name is used from now on.
    pub fn fresh(&mut self, prefix: &str) -> Name {
        let plain = Name::from(prefix);
        if self.used.insert(plain.clone()) {
            return plain;
        }
        if !self.next.contains_key(prefix) {
            self.next.insert(prefix.to_owned(), 0);
        }
        let count = self.next.get_mut(prefix).expect("there is a count of each prefix");
        loop {
            *count += 1;
            let name = Name::from(format!("{prefix}_{count}"));
            if self.used.insert(name.clone()) {
                return name;
            }
        }
    }
}

/// Symbols that a block itself reads (`used`) and defines (`assigned`); nested regions are visited by the caller.
fn collect_block_symbols<'a>(block: &'a Block, used: &mut Names<'a>, assigned: &mut Names<'a>) {
    let mut read = |name| {
        used.insert(name);
    };
    block.scalars().into_iter().for_each(|scalar| scalar.visit_symbols(&mut read));
    block.symbolic().into_iter().for_each(|expr| expr.visit_symbols(&mut read));
    assigned.extend(block.assignments().map(|it| &it.symbol));
    match block {
        Block::Loop(it) => assigned.extend(it.variable()),
        Block::State(state) => state.visit_free_symbols(&mut read),
        _ => {}
    }
}

impl Region {
    /// Rewrites every symbolic expression of the region and of its states (not inside nested SDFGs).
    pub fn map_exprs(&mut self, f: &mut dyn FnMut(&Expr) -> Expr) {
        self.visit_mut(&mut |block| {
            for expr in block.symbolic_mut() {
                *expr = f(expr);
            }
            for scalar in block.scalars_mut() {
                scalar.map_exprs(f);
            }
            if let Block::State(state) = block {
                state.map_exprs(f);
            }
        });
    }
}

impl State {
    /// Symbols that the state reads and does not define as map parameters, sorted by name.
    pub fn free_symbols(&self) -> BTreeSet<Name> {
        let mut free = Names::default();
        self.visit_free_symbols(&mut |name| {
            free.insert(name);
        });
        free.into_iter().cloned().collect()
    }

    /// Calls `f` on each of the [free symbols](State::free_symbols), in no order, repeated ones repeatedly.
    fn visit_free_symbols<'a>(&'a self, f: &mut dyn FnMut(&'a Name)) {
        let maps = self.nodes().filter_map(|(_, node)| node.as_map());
        let mut defined: SmallVec<[&Name; 8]> = maps.flat_map(|map| &map.params).collect();
        defined.extend(self.edges().filter_map(|edge| self.range_input(edge)));
        defined.sort_unstable();
        let mut read = |name: &'a Name| {
            if defined.binary_search(&name).is_err() {
                f(name);
            }
        };
        for (_, node) in self.nodes() {
            node.visit_symbols(&mut read);
        }
        for memlet in self.edges().filter_map(|edge| edge.memlet()) {
            let subsets = [Some(&memlet.subset), memlet.other_subset.as_ref()];
            let ranges = subsets.into_iter().flatten().flat_map(|subset| &subset.dims);
            ranges.for_each(|range| range.visit_symbols(&mut read));
        }
    }

    /// Rewrites every symbolic expression of the state (not inside nested SDFGs).
    pub fn map_exprs(&mut self, f: &mut dyn FnMut(&Expr) -> Expr) {
        for id in self.node_ids() {
            self.node_mut(id).map_exprs(f);
        }
        let edges: Vec<_> = self.edges().map(|edge| edge.id).collect();
        for id in edges {
            if let Some(memlet) = &mut self.edge_mut(id).memlet {
                memlet.map_exprs(f);
            }
        }
    }
}
