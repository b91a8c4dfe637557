//! Stencil tiling: several time steps of a stencil run in one tile of space before the next tile is touched.
//!
//! ```text
//! before:  for t in 1:T { map i in 1:N - 1 { B[i] = A[i - 1] + A[i + 1] }   map i in 1:N - 1 { A[i] = B[i] } }
//! after:   for t_tile in 1:T:8 {
//!              map x in 1:N - 1:64 {                                            tiles, with their halo
//!                  a, b = A, B at x - 8 … x + 64 + 8
//!                  for t in t_tile:min(t_tile + 8, T) {                         each step is valid in one element less
//!                      map i in … { b[…] = a[…] + a[…] }   map i in … { a[…] = b[…] }
//!                  }
//!                  A_next, B_next at x … x + 64 = a, b
//!              }
//!              A, B = A_next, B_next
//!          }
//! kept:    for t { map i in 1:N { A[i] = B[2*i] } … }                           at no constant distance
//!          for t { map i in t:N { … } }                                         another region in each step
//! ```
//!
//! A stencil does little with each element, so that a time step takes as long as memory takes to deliver the arrays. A tile
//! that stays in the cache is loaded once for `time_tile` steps. What is at the border of a tile depends on neighbours that
//! other tiles compute; tiles compute it themselves, in a halo that becomes narrower by the reach of the stencil with every
//! step (*overlapped tiling*), and so need nothing of each other. `tile_sizes` are those of the tiles of space, the last one
//! also of all further dimensions.
//!
//! **Legal when**
//! * the loop counts up by 1 and its body is states of maps over the same number of dimensions, whose ranges are the same
//!   in each step;
//! * each map computes elements of one array from tasklets alone, without conflict resolution; every parameter of it is a
//!   dimension of that array, up to a constant, and the other dimensions have one index;
//! * elements of the arrays that the maps write are read at constant distances from the element that is written; all else
//!   that they read is never written in the loop, or a number that each step computes from such.
//!
//! Elements that no map writes, such as those at the border of the domain, have the same value in all tiles and steps. Every
//! value is computed by the same operations from the same values as before, so that results are the same in every bit.
//!
//! Run [`map_fusion`](crate::map::map_fusion) first, so that a step is a few maps: each array that passes between maps of a
//! step gets a tile, too.
//!
//! **Cost**: the halo, `time_tile` times the reach of the stencil on each side, is computed by both neighbours; arrays are
//! copied once every `time_tile` steps. This pays for arrays that are much larger than the cache, and not for others.

use crate::map::{LARGEST, is_tile, is_undecided, paths};
use crate::surroundings::{Surroundings, Uses};
use crate::{Refusal, Transformation};
use dacec_ir::control_flow::LoopHeader;
use dacec_ir::state::EdgeView;
use dacec_ir::symbolic::Facts;
use dacec_ir::{
    Array, Block, Connector, DType, Data, EdgeId, Expr, IndexMap, IndexSet, Loop, Map, Memlet, Name,
    NestedSdfg, Node, NodeId, Range, Region, ScalarExpr, Schedule, Sdfg, State, Stmt, Subset, Tasklet,
    TaskletCode, propagate,
};

/// Runs time steps of a stencil in tiles; see the [module](self).
#[derive(Clone, Debug)]
pub struct StencilTiling {
    /// Time steps of a tile, 2 or more.
    pub time_tile: i64,
    /// Elements of a tile along each dimension of space, 2 or more; the last one counts for all further dimensions.
    pub tile_sizes: Vec<i64>,
}

impl Default for StencilTiling {
    fn default() -> Self {
        StencilTiling { time_tile: 8, tile_sizes: vec![64] }
    }
}

/// A loop over time steps of a stencil; made only by [`StencilTiling::find`].
#[derive(Clone, Debug)]
pub struct Steps {
    block: usize,
    /// The maps of a step, in an order in which they can run.
    sweeps: Vec<Sweep>,
    /// How much further than a tile its values of one step before are needed, for each dimension.
    reach: Vec<Margin>,
}

/// Elements below and above a tile.
type Margin = (i64, i64);

/// A map that computes elements of an array.
#[derive(Clone, Debug)]
struct Sweep {
    /// Position of its state in the loop's body.
    state: usize,
    entry: NodeId,
    target: Name,
    /// The index of the element, for each dimension of the array.
    dims: Vec<Along>,
    /// What it reads of the arrays that the maps write: distances from the element that it writes.
    reads: Vec<(Name, Vec<i64>)>,
    /// How much further than the tile its values are needed within the last time step.
    margin: Vec<Margin>,
}

/// An index of an element that a map writes.
#[derive(Clone, Debug)]
enum Along {
    /// The position of a parameter, and what the index is more than it.
    Param(usize, Expr),
    /// The same index in all iterations.
    Fixed(Expr),
}

impl Along {
    fn index(&self, map: &Map) -> Expr {
        match self {
            Along::Param(at, shift) => Expr::sym(&map.params[*at]) + shift,
            Along::Fixed(index) => index.clone(),
        }
    }
}

impl Transformation for StencilTiling {
    type Place = Region;
    type Match = Steps;

    fn name(&self) -> &'static str {
        "StencilTiling"
    }

    fn find(&self, around: &Surroundings<'_>, region: &Region, site: usize) -> Result<Steps, Refusal> {
        let Block::Loop(it) = &region.blocks[site] else { return Err(Refusal::NoMatch("not a loop")) };
        let variable = counted(it)?;
        let states: Option<Vec<&State>> = it.body.blocks.iter().map(Block::as_state).collect();
        let states = states.ok_or(Refusal::NoMatch("the body is more than states"))?;
        let mut sweeps = Vec::new();
        for (at, state) in states.iter().enumerate() {
            for entry in maps_of(around, state)? {
                sweeps.push(sweep(around, (at, state), entry, variable)?);
            }
        }
        let targets: IndexSet<Name> = sweeps.iter().map(|sweep| sweep.target.clone()).collect();
        let rank = sweeps.first().map_or(0, |sweep| sweep.dims.len());
        if sweeps.iter().any(|sweep| sweep.dims.len() != rank) {
            return Err(Refusal::unproved("the maps have different numbers of dimensions"));
        }
        for state in &states {
            check_numbers(state, &targets)?;
        }
        for sweep in &mut sweeps {
            sweep.reads = reads_of(states[sweep.state], sweep, &targets)?;
        }
        let reach = margins(&mut sweeps, &targets, rank);
        if reach.iter().all(|reach| *reach == (0, 0)) {
            return Err(Refusal::NoMatch("no map reads neighbours"));
        }
        self.check_sizes(&reach)?;
        Ok(Steps { block: site, sweeps, reach })
    }

    fn apply(&self, around: &mut Surroundings<'_>, region: &mut Region, found: Steps) {
        let block = std::mem::replace(&mut region.blocks[found.block], Block::Break);
        let old = Uses::of_region(&Region::new([block.clone()]));
        let Block::Loop(it) = block else { unreachable!("the match names a loop") };
        let tiled = Tiling::new(self, around, &it, found.sweeps, found.reach).build(around, *it);
        let tiled = Block::Loop(Box::new(tiled));
        around.uses.discount(&old);
        around.uses.extend(&Uses::of_region(&Region::new([tiled.clone()])));
        region.blocks[found.block] = tiled;
    }
}

impl StencilTiling {
    fn size(&self, dim: usize) -> i64 {
        self.tile_sizes.get(dim).or(self.tile_sizes.last()).copied().unwrap_or(64)
    }

    fn check_sizes(&self, reach: &[Margin]) -> Result<(), Refusal> {
        let sizes = (0..reach.len()).map(|dim| self.size(dim));
        for size in sizes.chain([self.time_tile]) {
            if !(2..=LARGEST).contains(&size) {
                return Err(Refusal::unproved(format!("a tile of {size} elements is none")));
            }
        }
        match reach.iter().any(|(low, high)| (*low).max(*high) > LARGEST) {
            true => Err(Refusal::unproved("neighbours are too far away")),
            false => Ok(()),
        }
    }
}

/// The variable of a loop that counts up by 1, and is no tile already.
fn counted(it: &Loop) -> Result<&Name, Refusal> {
    let LoopHeader::For { variable, start, stop, step } = &it.header else {
        return Err(Refusal::NoMatch("not a counted loop"));
    };
    let range = Range::new(start.clone(), stop.clone());
    if !step.is_one() {
        return Err(Refusal::unproved(format!("the loop counts in steps of {step}")));
    }
    if is_tile(&range) {
        return Err(Refusal::NoMatch("a tile"));
    }
    match [start, stop].iter().all(|bound| bound.loads().is_empty()) {
        true => Ok(variable),
        false => Err(Refusal::unproved("the number of steps is read from a container")),
    }
}

/// The maps of a state, in an order in which they can run; all else that it holds are tasklets that compute numbers for them.
fn maps_of(around: &Surroundings<'_>, state: &State) -> Result<Vec<NodeId>, Refusal> {
    let scopes = state.scopes();
    let mut maps = Vec::new();
    for node in state.topological_order().ok_or(Refusal::NoMatch("a state with cycles"))? {
        if scopes.get(&node).copied().flatten().is_some() {
            continue;
        }
        let known = match state.node(node) {
            Node::MapEntry(_) => {
                maps.push(node);
                true
            }
            Node::MapExit { .. } => true,
            Node::Tasklet(tasklet) => {
                let numbers = state.successors(node);
                matches!(tasklet.code, TaskletCode::Native(_))
                    && numbers.into_iter().all(|sink| is_own_number(around, state, sink))
            }
            Node::Access(_) => {
                let copied = |id: &NodeId| !matches!(state.node(*id), Node::Access(_));
                state.predecessors(node).iter().chain(&state.successors(node)).all(copied)
            }
            _ => false,
        };
        if !known {
            return Err(Refusal::node(node, "is not part of a map"));
        }
    }
    Ok(maps)
}

/// Whether a node holds a number that one step computes and nobody else needs.
fn is_own_number(around: &Surroundings<'_>, state: &State, node: NodeId) -> bool {
    let Some(data) = state.node(node).as_access() else { return false };
    matches!(around.container(data), Data::Scalar(_))
        && around.is_local_to(state, data)
        && state
            .accesses(data)
            .into_iter()
            .all(|access| state.in_edges(access).iter().any(|it| it.memlet().is_some()))
}

/// Tasklets outside of maps read nothing that maps write: a tile does not have it all.
fn check_numbers(state: &State, targets: &IndexSet<Name>) -> Result<(), Refusal> {
    for (id, node) in state.nodes() {
        if !matches!(node, Node::Tasklet(_)) || state.scope_of(id).is_some() {
            continue;
        }
        if let Some(read) =
            state.in_edges(id).iter().find_map(|edge| edge.memlet().filter(|it| targets.contains(&it.data)))
        {
            return Err(Refusal::unproved(format!("`{read}` is read once for all elements")));
        }
    }
    Ok(())
}

/// What a map computes; what it reads is found out when all targets are known.
fn sweep(
    around: &Surroundings<'_>,
    (at, state): (usize, &State),
    entry: NodeId,
    time: &Name,
) -> Result<Sweep, Refusal> {
    let Node::MapEntry(map) = state.node(entry) else { return Err(Refusal::NoMatch("not a map")) };
    let plain = is_undecided(map) && state.range_inputs(entry).is_empty();
    if !plain || !map.ranges.iter().all(|range| range.step.is_one()) {
        return Err(Refusal::unproved(format!("`{}` has a schedule or steps", map.label)));
    }
    if let Some(range) = map.ranges.iter().find(|range| range.symbols().contains(time)) {
        return Err(Refusal::unproved(format!("the range {range} changes from step to step")));
    }
    for node in state.scope_nodes(entry) {
        check_inside(around, state, node)?;
    }
    let [write] = state.in_edges(map.exit)[..] else {
        return Err(Refusal::unproved(format!("`{}` computes several elements", map.label)));
    };
    let target = write.memlet().map(|memlet| memlet.data.clone()).unwrap_or_default();
    let Some(Data::Array(_)) = around.sdfg.container(&target) else {
        return Err(Refusal::node(entry, "computes no elements of an array"));
    };
    let dims = dims_of(map, write, time)?;
    Ok(Sweep { state: at, entry, target, dims, reads: Vec::new(), margin: Vec::new() })
}

/// How the index of a written element follows from the parameters: each of them is one dimension.
fn dims_of(map: &Map, write: EdgeView<'_>, time: &Name) -> Result<Vec<Along>, Refusal> {
    let memlet = write.memlet().ok_or(Refusal::NoMatch("nothing is written"))?;
    let unknown = || Refusal::unproved(format!("`{memlet}` does not tell the iteration"));
    let element = memlet.subset.as_element().filter(|_| memlet.wcr.is_none() && !memlet.dynamic);
    let mut dims = Vec::new();
    let mut used = vec![false; map.params.len()];
    for index in element.ok_or_else(unknown)? {
        if index.uses(time) {
            return Err(unknown());
        }
        let Some(at) = map.params.iter().position(|param| index.uses(param)) else {
            dims.push(Along::Fixed(index));
            continue;
        };
        let shift = &index - Expr::sym(&map.params[at]);
        if std::mem::replace(&mut used[at], true) || map.params.iter().any(|param| shift.uses(param)) {
            return Err(unknown());
        }
        dims.push(Along::Param(at, shift));
    }
    if used.iter().all(|used| *used) { Ok(dims) } else { Err(unknown()) }
}

/// A map holds tasklets, and numbers that they pass to each other.
fn check_inside(around: &Surroundings<'_>, state: &State, node: NodeId) -> Result<(), Refusal> {
    let known = match state.node(node) {
        Node::Tasklet(tasklet) => matches!(tasklet.code, TaskletCode::Native(_)),
        Node::Access(_) => is_own_number(around, state, node),
        _ => false,
    };
    if known { Ok(()) } else { Err(Refusal::node(node, "is more than a tasklet")) }
}

/// The distances at which a map reads elements of the targets.
fn reads_of(
    state: &State,
    sweep: &Sweep,
    targets: &IndexSet<Name>,
) -> Result<Vec<(Name, Vec<i64>)>, Refusal> {
    let Node::MapEntry(map) = state.node(sweep.entry) else { return Err(Refusal::NoMatch("not a map")) };
    let mut reads = Vec::new();
    for edge in state.out_edges(sweep.entry) {
        let Some(memlet) = edge.memlet().filter(|memlet| targets.contains(&memlet.data)) else { continue };
        let unknown =
            || Refusal::unproved(format!("`{memlet}` is at no constant distance of what is written"));
        let index = memlet.subset.as_element().filter(|index| index.len() == sweep.dims.len());
        let index = index.filter(|_| !memlet.dynamic).ok_or_else(unknown)?;
        let distance = |(at, along): (&Expr, &Along)| {
            let distance = (at - along.index(map)).as_int()?;
            (-LARGEST..=LARGEST).contains(&distance).then_some(distance)
        };
        let distances: Option<Vec<i64>> = index.iter().zip(&sweep.dims).map(distance).collect();
        reads.push((memlet.data.clone(), distances.ok_or_else(unknown)?));
    }
    Ok(reads)
}

/// How much further than a tile each map has to compute, from the last one to the first; returns what that means for the
/// values of the step before.
fn margins(sweeps: &mut [Sweep], targets: &IndexSet<Name>, rank: usize) -> Vec<Margin> {
    let mut needed: IndexMap<&Name, Vec<Margin>> =
        targets.iter().map(|target| (target, vec![(0, 0); rank])).collect();
    for sweep in sweeps.iter_mut().rev() {
        let margin = needed[&sweep.target].clone();
        for (source, distances) in &sweep.reads {
            let Some(needed) = needed.get_mut(source) else { continue };
            for ((needed, own), distance) in needed.iter_mut().zip(&margin).zip(distances) {
                *needed = (needed.0.max(own.0 - distance), needed.1.max(own.1 + distance));
            }
        }
        sweep.margin = margin;
    }
    let widest = |dim: usize| {
        let all = || needed.values().map(move |margin| margin[dim]);
        (all().map(|it| it.0).max().unwrap_or(0), all().map(|it| it.1).max().unwrap_or(0))
    };
    (0..rank).map(widest).collect()
}

/// A loop that is being tiled.
struct Tiling {
    time_tile: i64,
    /// The variable of the loop over tiles of time, and that of the loop over steps.
    tile: Name,
    time: Name,
    sweeps: Vec<Sweep>,
    reach: Vec<Margin>,
    dims: Vec<Space>,
    /// The arrays that change, each with what takes its values in a tile, and its next values.
    arrays: IndexMap<Name, Buffers>,
}

/// A dimension of space.
struct Space {
    /// The parameter that is the first element of a tile.
    tile: Name,
    /// The parameter of copies, and of maps that write one index.
    at: Name,
    size: i64,
    /// All elements that some map writes.
    domain: Range,
}

struct Buffers {
    local: Name,
    next: Name,
    /// Elements that some map writes, or lie between such.
    written: Vec<Range>,
}

impl Tiling {
    fn new(
        sizes: &StencilTiling,
        around: &mut Surroundings<'_>,
        it: &Loop,
        sweeps: Vec<Sweep>,
        reach: Vec<Margin>,
    ) -> Self {
        let states: Vec<&State> = it.body.blocks.iter().filter_map(Block::as_state).collect();
        let time = it.variable().cloned().unwrap_or_default();
        let mut dims = Vec::new();
        let mut arrays: IndexMap<Name, Buffers> = IndexMap::default();
        for dim in 0..reach.len() {
            let domain = union(sweeps.iter().map(|sweep| sweep.written(states[sweep.state], dim)));
            let tile = around.names.fresh(&format!("{time}_space"));
            let at = around.names.fresh(&format!("{time}_at"));
            dims.push(Space { tile, at, size: sizes.size(dim), domain });
        }
        for sweep in &sweeps {
            let target = &sweep.target;
            if arrays.contains_key(target) {
                continue;
            }
            let own = || sweeps.iter().filter(|it| it.target == *target);
            let written = |dim| union(own().map(|sweep| sweep.written(states[sweep.state], dim)));
            let written = (0..reach.len()).map(written).collect();
            let local = around.names.fresh(&format!("{target}_tile"));
            let next = around.names.fresh(&format!("{target}_next"));
            arrays.insert(target.clone(), Buffers { local, next, written });
        }
        let tile = around.names.fresh(&format!("{time}_tile"));
        Tiling { time_tile: sizes.time_tile, tile, time, sweeps, reach, dims, arrays }
    }

    /// The loop over tiles of time.
    fn build(&self, around: &mut Surroundings<'_>, it: Loop) -> Loop {
        let LoopHeader::For { start, stop, .. } = &it.header else { unreachable!("the match says so") };
        for (name, Buffers { next, .. }) in &self.arrays {
            let container = around.container(name);
            let array = Array::transient(container.dtype(), container.shape());
            around.sdfg.containers.insert(next.clone(), array.into());
        }
        around.sdfg.symbols.entry(self.tile.clone()).or_insert(DType::Int64);
        let (label, span, bounds) = (it.label.clone(), it.span, (start.clone(), stop.clone()));
        let nested = self.nested(around, it, &bounds.1);
        let tiles = self.tiles(around, nested);
        let mut back = State::new(around.names.fresh(&format!("{label}_back")));
        for (name, Buffers { next, written, .. }) in &self.arrays {
            let copy = Copy { from: (next, None), to: (name, None), dtype: around.container(name).dtype() };
            copy.add(&mut back, &self.params(), written);
        }
        let facts = around.facts.clone();
        let mut states = [tiles, back];
        states.iter_mut().for_each(|state| propagate::state(state, &around.sdfg.containers, &facts));
        let (start, stop) = bounds;
        let step = Expr::int(self.time_tile);
        let body = Region::new(states.map(Block::State));
        Loop { span, ..Loop::counted(label, self.tile.clone(), (start, stop, step), body) }
    }

    /// The state with the map over tiles of space.
    fn tiles(&self, around: &mut Surroundings<'_>, nested: NestedSdfg) -> State {
        let mut state = State::new(around.names.fresh(&format!("{}_steps", self.time)));
        let ranges = self.dims.iter().map(|dim| {
            let Range { start, stop, .. } = dim.domain.clone();
            (dim.tile.clone(), Range::strided(start, stop, dim.size))
        });
        let (entry, exit) = state.add_map(format!("{}_tiles", self.time), ranges, Schedule::Default);
        let (inputs, outputs) = (nested.inputs.clone(), nested.outputs.clone());
        let node = state.add_node(Node::Nested(Box::new(nested)));
        let whole = |name: &Name| Memlet::new(name, Subset::full(around.container(name).shape()));
        for name in &inputs {
            let source = state.add_access(name);
            paths::read(&mut state, (source, None), &[entry], (node, Some(name.clone())), whole(name));
        }
        for name in &outputs {
            let sink = state.add_access(name);
            // The elements of a tile.
            let memlet = Memlet { dynamic: true, ..whole(name) };
            paths::write(&mut state, (node, Some(name.clone())), &[exit], (sink, None), memlet);
        }
        state
    }

    /// What happens in a tile, as a function of the arrays.
    fn nested(&self, around: &mut Surroundings<'_>, it: Loop, stop: &Expr) -> NestedSdfg {
        let mut sdfg = Sdfg::new(around.names.fresh(&format!("{}_tile_body", it.label)));
        sdfg.span = it.span;
        sdfg.file.clone_from(&around.sdfg.file);
        let (label, span) = (it.label.clone(), it.span);
        let mut body = it.body;
        let mut inputs = Vec::new();
        for state in body.states() {
            self.pass(around, state, &mut sdfg, &mut inputs);
        }
        let mut outputs = Vec::new();
        let (mut load, mut store) = (State::new("load"), State::new("store"));
        for (name, buffers) in &self.arrays {
            let dtype = around.container(name).dtype();
            outputs.push(buffers.next.clone());
            sdfg.arguments.push(buffers.next.clone());
            let next = Array::new(dtype, around.container(name).shape());
            sdfg.containers.insert(buffers.next.clone(), next.into());
            sdfg.containers.insert(buffers.local.clone(), Array::transient(dtype, self.shape()).into());
            let origin = self.origin();
            let copy = Copy { from: (name, None), to: (&buffers.local, Some(&origin)), dtype };
            copy.add(&mut load, &self.params(), &self.window(around.container(name)));
            let copy = Copy { from: (&buffers.local, Some(&origin)), to: (&buffers.next, None), dtype };
            copy.add(&mut store, &self.params(), &self.core(&buffers.written));
        }
        let facts = Facts::new();
        for state in [&mut load, &mut store] {
            propagate::state(state, &sdfg.containers, &facts);
        }
        for (at, block) in body.blocks.iter_mut().enumerate() {
            let Block::State(state) = block else { continue };
            self.localize(at, state);
            propagate::state(state, &sdfg.containers, &facts);
        }
        let end = (Expr::sym(&self.tile) + self.time_tile).min(stop);
        let bounds = (Expr::sym(&self.tile), end, Expr::one());
        let steps = Loop::counted(label, self.time.clone(), bounds, body);
        let steps = Block::Loop(Box::new(Loop { span, ..steps }));
        sdfg.body = Region::new([Block::State(load), steps, Block::State(store)]);
        let symbols = around.pass_symbols(&mut sdfg);
        NestedSdfg { sdfg, inputs, outputs, symbols, span }
    }

    /// Gives the nested graph what a step uses: containers that are read, and numbers of its own.
    fn pass(&self, around: &mut Surroundings<'_>, step: &State, sdfg: &mut Sdfg, inputs: &mut Vec<Name>) {
        for (id, node) in step.nodes() {
            let Some(name) = node.as_access().filter(|name| !sdfg.containers.contains_key(*name)) else {
                continue;
            };
            if is_own_number(around, step, id) {
                if let Some(own) = around.sdfg.containers.shift_remove(name) {
                    sdfg.containers.insert(name.clone(), own);
                }
                continue;
            }
            let mut data = around.container(name).clone();
            data.set_transient(false);
            sdfg.containers.insert(name.clone(), data);
            sdfg.arguments.push(name.clone());
            inputs.push(name.clone());
        }
    }

    /// Makes a step one of a tile: in the local arrays, and as far as later steps need it.
    fn localize(&self, at: usize, step: &mut State) {
        let left = Expr::sym(&self.tile) + (self.time_tile - 1) - Expr::sym(&self.time);
        let mut fixed = Vec::new();
        for sweep in self.sweeps.iter().filter(|sweep| sweep.state == at) {
            let Node::MapEntry(map) = step.node_mut(sweep.entry) else { unreachable!("the match says so") };
            for (dim, along) in sweep.dims.iter().enumerate() {
                let (reach, margin) = (self.reach[dim], sweep.margin[dim]);
                let (first, end) = self.ends(dim);
                let low = first - &left * reach.0 - margin.0;
                let high = end + &left * reach.1 + margin.1;
                match along {
                    Along::Param(at, shift) => {
                        let range = &mut map.ranges[*at];
                        *range = Range::new(range.start.max(&(low - shift)), range.stop.min(&(high - shift)));
                    }
                    // Perhaps no iteration, where the index is far from the tile.
                    Along::Fixed(index) => {
                        map.params.push(self.dims[dim].at.clone());
                        map.ranges.push(Range::new(index.max(&low), (index + 1).min(&high)));
                        fixed.push((map.exit, dim));
                    }
                }
            }
            map.collapse = 1;
        }
        for (exit, dim) in fixed {
            let writes: Vec<EdgeId> = step.in_edges(exit).iter().map(|edge| edge.id).collect();
            for write in writes {
                if let Some(memlet) = &mut step.edge_mut(write).memlet {
                    memlet.subset.dims[dim] = Range::index(Expr::sym(&self.dims[dim].at));
                }
            }
        }
        let origin = self.origin();
        let edges: Vec<EdgeId> = step.edges().map(|edge| edge.id).collect();
        for edge in edges {
            let Some(memlet) = &mut step.edge_mut(edge).memlet else { continue };
            let Some(buffers) = self.arrays.get(&memlet.data) else { continue };
            let dims = memlet.subset.dims.iter().zip(&origin).map(|(dim, origin)| dim.moved(&-origin));
            memlet.subset = Subset::new(dims.collect::<Vec<_>>());
            memlet.data = buffers.local.clone();
        }
        for id in step.node_ids() {
            let local = step.node(id).as_access().and_then(|name| self.arrays.get(name));
            if let Some(local) = local.map(|buffers| buffers.local.clone()) {
                *step.node_mut(id) = Node::Access(local);
            }
        }
    }

    /// Parameters for copies.
    fn params(&self) -> Vec<Name> {
        self.dims.iter().map(|dim| dim.at.clone()).collect()
    }

    /// The first element of a tile, and the first behind it.
    fn ends(&self, dim: usize) -> (Expr, Expr) {
        let Space { tile, size, domain, .. } = &self.dims[dim];
        (Expr::sym(tile), (Expr::sym(tile) + *size).min(&domain.stop))
    }

    /// Extents of a local array: a tile and its halo.
    fn shape(&self) -> Vec<Expr> {
        let extent =
            |(dim, reach): (&Space, &Margin)| Expr::int(dim.size + self.time_tile * (reach.0 + reach.1));
        self.dims.iter().zip(&self.reach).map(extent).collect()
    }

    /// The index at which a local array begins; it may be less than 0.
    fn origin(&self) -> Vec<Expr> {
        let first = |(dim, reach): (&Space, &Margin)| Expr::sym(&dim.tile) - self.time_tile * reach.0;
        self.dims.iter().zip(&self.reach).map(first).collect()
    }

    /// The elements of an array in a tile and its halo.
    fn window(&self, data: &Data) -> Vec<Range> {
        let range = |(dim, origin): (usize, &Expr)| {
            let end = self.ends(dim).1 + self.time_tile * self.reach[dim].1;
            Range::new(origin.max(&Expr::zero()), end.min(&data.shape()[dim]))
        };
        self.origin().iter().enumerate().map(range).collect()
    }

    /// The elements of a tile that are in a box.
    fn core(&self, written: &[Range]) -> Vec<Range> {
        let range = |(dim, written): (usize, &Range)| {
            let (first, end) = self.ends(dim);
            Range::new(first.max(&written.start), end.min(&written.stop))
        };
        written.iter().enumerate().map(range).collect()
    }
}

impl Sweep {
    /// The elements that the map writes, along a dimension.
    fn written(&self, state: &State, dim: usize) -> Range {
        let Node::MapEntry(map) = state.node(self.entry) else { unreachable!("the match names a map") };
        match &self.dims[dim] {
            Along::Param(at, shift) => map.ranges[*at].moved(shift),
            Along::Fixed(index) => Range::new(index.clone(), index + 1),
        }
    }
}

/// The smallest range that holds all of some ranges.
fn union(ranges: impl Iterator<Item = Range>) -> Range {
    let all = ranges.reduce(|all, it| Range::new(all.start.min(&it.start), all.stop.max(&it.stop)));
    all.unwrap_or_else(|| Range::new(0, 0))
}

/// A copy of elements, one by one: where there are none, nothing is copied.
struct Copy<'a> {
    /// A container, and the index at which it begins.
    from: (&'a Name, Option<&'a [Expr]>),
    to: (&'a Name, Option<&'a [Expr]>),
    dtype: DType,
}

impl Copy<'_> {
    fn add(&self, state: &mut State, params: &[Name], ranges: &[Range]) {
        let memlet = |(name, origin): (&Name, Option<&[Expr]>)| {
            let index = params.iter().enumerate().map(|(dim, param)| match origin {
                Some(origin) => Expr::sym(param) - &origin[dim],
                None => Expr::sym(param),
            });
            Memlet::new(name, Subset::element(index))
        };
        let dims = params.iter().cloned().zip(ranges.iter().cloned());
        let (entry, exit) = state.add_map("copy", dims, Schedule::Default);
        let connector = |name: &str| [(name.into(), Connector::scalar(self.dtype))].into_iter().collect();
        let tasklet = state.add_tasklet(Tasklet {
            label: "copy".into(),
            inputs: connector("a"),
            outputs: connector("o"),
            code: TaskletCode::Native(vec![Stmt::assign("o", ScalarExpr::name("a"))]),
            span: Default::default(),
        });
        let (source, sink) = (state.add_access(self.from.0), state.add_access(self.to.0));
        paths::read(state, (source, None), &[entry], (tasklet, Some("a".into())), memlet(self.from));
        paths::write(state, (tasklet, Some("o".into())), &[exit], (sink, None), memlet(self.to));
    }
}

#[cfg(test)]
mod tests;
