//! Transient reuse: an internal array takes the memory of one that nobody needs any more.
//!
//! ```text
//! before:  t = f(A)   u = g(t)   v = h(u)   B = k(v)
//! after:   t = f(A)   u = g(t)   t = h(u)   B = k(t)
//! kept:    t = f(A)   u = g(t)   v = h(u)   B = k(v, t)          both are needed at a time
//!          t = f(A)   v = g(B)                                   nothing says which is first
//! ```
//!
//! What was just used is in a cache, and less memory is taken. This comes when the program is otherwise finished: that two
//! values share a place would keep other rewrites from moving what is done with them.
//!
//! **Legal when** both arrays are internal, of one type, shape and layout, and no other container is a name for a part of
//! them; the shape does not change while the program runs; neither begins with zeros or is kept between calls; both are
//! used outside of maps' bodies, since those have copies of their own; and everything that is done with the one has ended
//! before anything is done with the other: in blocks of the program's body that come later, or in one state behind paths
//! of its dataflow. A block that repeats something counts as a whole.

use crate::pass::{Changed, Context, Pass};
use crate::simplify::rename_container;
use crate::surroundings::assigned_symbols;
use dacec_ir::{Array, Block, Data, IndexMap, Lifetime, Name, Node, NodeId, Sdfg, State};
use std::collections::BTreeSet;

/// Lets arrays share memory one after the other; see the [module](self).
#[derive(Clone, Copy, Debug, Default)]
pub struct TransientReuse;

impl Pass for TransientReuse {
    fn name(&self) -> &'static str {
        "transient-reuse"
    }

    fn summary(&self) -> &'static str {
        "Gives internal arrays the memory of others that are not needed any more"
    }

    fn run(&self, sdfg: &mut Sdfg, context: &mut Context) -> Changed {
        let mut lives = lives(sdfg);
        let mut changed = Changed::No;
        let names: Vec<Name> = lives.keys().cloned().collect();
        for later in &names {
            let earlier = names.iter().take_while(|it| *it != later).find(|earlier| {
                let (Some(first), Some(then)) = (lives.get(*earlier), lives.get(later)) else { return false };
                alike(sdfg, earlier, later) && is_over(sdfg, (earlier, first), (later, then))
            });
            let Some(earlier) = earlier else { continue };
            if !context.permit("TransientReuse") {
                return changed;
            }
            context.applied("TransientReuse");
            rename_container(&mut sdfg.body, later, earlier);
            sdfg.containers.shift_remove(later);
            if let Some(then) = lives.shift_remove(later)
                && let Some(life) = lives.get_mut(earlier)
            {
                life.last = then.last;
            }
            changed = Changed::Yes;
        }
        changed
    }
}

/// Blocks of the program's body between which a container is used, both of them included.
struct Life {
    first: usize,
    last: usize,
}

/// When the containers that may share memory are used, in the order in which that begins.
fn lives(sdfg: &Sdfg) -> IndexMap<Name, Life> {
    let mut lives: IndexMap<Name, Life> = IndexMap::default();
    let mut unfit: BTreeSet<Name> = BTreeSet::new();
    for (at, block) in sdfg.body.blocks.iter().enumerate() {
        let mut used = |name: &Name| {
            lives.entry(name.clone()).or_insert(Life { first: at, last: at }).last = at;
        };
        let mut visit = |block: &Block| {
            for scalar in block.scalars() {
                scalar.names().iter().for_each(&mut used);
            }
            let Block::State(state) = block else { return };
            let scopes = state.scopes();
            for (id, node) in state.nodes() {
                let Node::Access(name) = node else { continue };
                used(name);
                let neighbours = state.predecessors(id).into_iter().chain(state.successors(id));
                let mut neighbours = neighbours.filter_map(|it| state.node(it).as_access());
                let is_aliased =
                    neighbours.any(|other| sdfg.container(other).is_none_or(|data| data.is_alias()));
                if scopes.get(&id).is_some_and(|scope| scope.is_some()) || is_aliased {
                    unfit.insert(name.clone());
                }
            }
        };
        visit(block);
        block.regions().into_iter().for_each(|region| region.visit(&mut visit));
    }
    let assigned = assigned_symbols(&sdfg.body);
    lives.retain(|name, _| {
        let array = sdfg.container(name).and_then(Data::as_array);
        !unfit.contains(name)
            && array.is_some_and(|it| {
                let symbols = Data::from(it.clone()).symbols();
                it.transient && !it.zeroed && it.lifetime == Lifetime::Scope && symbols.is_disjoint(&assigned)
            })
    });
    lives
}

/// Whether one array may lie where the other does.
fn alike(sdfg: &Sdfg, a: &Name, b: &Name) -> bool {
    let array = |name: &Name| sdfg.container(name).and_then(Data::as_array);
    let key = |it: &Array| (it.dtype, it.storage);
    match (array(a), array(b)) {
        (Some(a), Some(b)) => {
            key(a) == key(b) && a.shape == b.shape && a.strides == b.strides && a.offset == b.offset
        }
        _ => false,
    }
}

/// Whether everything that is done with one container has ended before anything is done with another.
fn is_over(sdfg: &Sdfg, (earlier, first): (&Name, &Life), (later, then): (&Name, &Life)) -> bool {
    if first.last != then.first {
        return first.last < then.first;
    }
    match &sdfg.body.blocks[first.last] {
        Block::State(state) => is_over_in(state, earlier, later),
        _ => false,
    }
}

fn is_over_in(state: &State, earlier: &Name, later: &Name) -> bool {
    let ends = |id: NodeId| {
        let users = state.successors(id).into_iter().map(|user| match state.node(user) {
            Node::MapEntry(map) => map.exit,
            _ => user,
        });
        users.chain([id]).collect::<Vec<_>>()
    };
    let starts = |id: NodeId| {
        let makers = state.predecessors(id).into_iter().map(|maker| match *state.node(maker) {
            Node::MapExit { entry } => entry,
            _ => maker,
        });
        makers.chain([id]).collect::<Vec<_>>()
    };
    let ends: BTreeSet<NodeId> = state.accesses(earlier).into_iter().flat_map(ends).collect();
    let starts: BTreeSet<NodeId> = state.accesses(later).into_iter().flat_map(starts).collect();
    ends.iter().all(|end| starts.iter().all(|start| end != start && state.reaches(*end, *start)))
}
