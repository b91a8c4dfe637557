//! Buffer tiling: two maps run in the same tiles, so that what one computes for the other is one tile large.
//!
//! ```text
//! before:  map i in 0:N { t[i] = 2*A[i] }   map j in 1:N - 1 { B[j] = t[j - 1] + t[j + 1] }
//! after:   map j_tile in 1:N - 1:64 {
//!              map i in j_tile - 1:min(j_tile + 64, N - 1) + 1 { t_tile[i - (j_tile - 1)] = 2*A[i] }
//!              map j in j_tile:min(j_tile + 64, N - 1) { B[j] = t_tile[j - 1 - (j_tile - 1)] + … }
//!          }
//! kept:    … map j in 1:N - 1 { A[j] = t[j - 1] + t[j + 1] }                a tile would read what another one wrote
//!          … map j in 1:N - 1 { B[j] = t[N - j] }                            no tile of `t` belongs to one of `j`
//! ```
//!
//! Between [`map_fusion`](super::map_fusion), which keeps one element, and [`otf_map_fusion`](super::otf_map_fusion), which
//! computes it again for each neighbour: here only the halo of a tile is computed again, and the tile stays in the cache.
//! Dimensions of the buffer that do not move with a parameter of the second map are kept whole. `tile_sizes` are those of
//! the tiles of the second map's parameters, in the order of the buffer's dimensions; the last one also counts for all
//! further dimensions.
//!
//! **Legal when**
//! * the buffer is used nowhere else, and nobody but the second map needs the first one;
//! * the first map writes each element of it at most once, for certain, and every parameter of it is a dimension of the
//!   buffer, up to a constant;
//! * tasklets of the second map read single elements or boxes by themselves: what is given to a call has strides already;
//! * the second map reads, along each tiled dimension, elements at constant distances from one of its parameters, and all
//!   that it reads was written;
//! * what the first map reads is the same until the second one has ended.
//!
//! **Cost**: each tile computes its halo, as many elements as the distances of neighbours span, in addition to its own.

use super::enclose::{enclose, is_undecided};
use super::map_tiling::{LARGEST, is_tile};
use super::otf_map_fusion::dims_of;
use super::paths;
use super::unchanged::unchanged;
use crate::simplify::knows_layout;
use crate::surroundings::{Surroundings, facts_inside};
use crate::{Refusal, Transformation};
use dacec_ir::analysis::must_write;
use dacec_ir::symbolic::Facts;
use dacec_ir::{
    Array, Data, Edge, EdgeId, Expr, Map, Memlet, Name, Node, NodeId, Range, State, Subset, propagate,
};

/// Elements of a tile along each dimension, where nobody asks for another number.
const SIZE: i64 = 64;

/// Tiles two maps and what is between them; see the [module](self).
#[derive(Clone, Debug)]
pub struct BufferTiling {
    /// Elements of a tile along each tiled dimension, 2 or more; the last one counts for all further dimensions.
    pub tile_sizes: Vec<i64>,
}

impl Default for BufferTiling {
    fn default() -> Self {
        BufferTiling { tile_sizes: vec![SIZE] }
    }
}

/// Two maps with a buffer between them; made only by [`BufferTiling::find`].
#[derive(Clone, Debug)]
pub struct Buffer {
    producer: NodeId,
    consumer: NodeId,
    access: NodeId,
    /// The edge inside of the producer that writes an element.
    write: EdgeId,
    dims: Vec<Dim>,
}

/// A dimension of the buffer.
#[derive(Clone, Debug)]
struct Dim {
    /// The producer's parameter, and what the index is more than it.
    written: (Name, Expr),
    /// The tile that the dimension is cut to, if it is.
    tile: Option<Tile>,
}

#[derive(Clone, Debug)]
struct Tile {
    /// Position of the consumer's parameter.
    at: usize,
    size: i64,
    /// The smallest and the largest distance of what is read from the parameter.
    halo: (i64, i64),
}

impl Transformation for BufferTiling {
    type Place = State;
    type Match = Buffer;

    fn name(&self) -> &'static str {
        "BufferTiling"
    }

    fn find(&self, around: &Surroundings<'_>, state: &State, site: NodeId) -> Result<Buffer, Refusal> {
        let Node::MapEntry(first) = state.node(site) else { return Err(Refusal::NoMatch("not a map")) };
        let [outside] = state.out_edges(first.exit)[..] else {
            return Err(Refusal::NoMatch("the map writes several containers"));
        };
        let (access, outside) = (outside.dst, outside.id);
        let (data, consumer) = buffer(around, state, access)?;
        let Node::MapEntry(second) = state.node(consumer) else { return Err(Refusal::NoMatch("not a map")) };
        for (entry, map) in [(site, first), (consumer, second)] {
            let plain = is_undecided(map) && state.range_inputs(entry).is_empty();
            if !plain || !map.ranges.iter().all(|range| range.step.is_one()) {
                return Err(Refusal::unproved(format!("`{}` has a schedule or steps", map.label)));
            }
        }
        let [write] = paths::origins(state, outside)[..] else {
            return Err(Refusal::node(access, format!("(`{data}`) is written several times")));
        };
        let written = dims_of(state, site, write)?;
        let reads = reads_of(state, access, data)?;
        let dims = self.tiles(written, &reads, second)?;
        let box_of_writes = must_write(state, &around.sdfg.containers, outside, &around.facts);
        let Some(box_of_writes) = box_of_writes else {
            return Err(Refusal::node(access, format!("(`{data}`) is perhaps not written")));
        };
        covers(&box_of_writes, data, &reads, second, &around.facts)?;
        for memlet in state.in_edges(site).into_iter().filter_map(|edge| edge.memlet()) {
            unchanged(around, state, memlet, (site, second.exit))?;
        }
        Ok(Buffer { producer: site, consumer, access, write, dims })
    }

    fn apply(&self, around: &mut Surroundings<'_>, state: &mut State, found: Buffer) {
        let tiled = found.cut_maps(around, state);
        let outer = enclose(around, state, found.consumer, tiled);
        found.move_producer(state, outer);
        found.make_local(around, state, outer);
        for scope in [found.producer, found.consumer, outer] {
            let facts = facts_inside(state, scope, &around.facts);
            propagate::scope(state, scope, &around.sdfg.containers, &facts);
        }
    }
}

/// The container of an access between two maps, and the map that reads it.
fn buffer<'a>(
    around: &Surroundings<'_>,
    state: &'a State,
    access: NodeId,
) -> Result<(&'a Name, NodeId), Refusal> {
    let data = state.node(access).as_access().ok_or(Refusal::NoMatch("the map is inside of another one"))?;
    let Data::Array(array) = around.container(data) else { return Err(Refusal::NoMatch("not an array")) };
    if !array.transient {
        return Err(Refusal::NoMatch("the map computes what is visible outside"));
    }
    if !around.is_local_to(state, data) || state.num_accesses(data) != 1 || state.in_degree(access) != 1 {
        return Err(Refusal::used_elsewhere(data, "elsewhere"));
    }
    let reads = state.out_edges(access);
    let Some(first) = reads.first() else { return Err(Refusal::NoMatch("no map reads the results")) };
    match reads.iter().all(|read| read.dst == first.dst && read.memlet().is_some()) {
        true if state.node(first.dst).as_map().is_some() => Ok((data, first.dst)),
        _ => Err(Refusal::used_elsewhere(data, "by something else than one map")),
    }
}

/// What an iteration of the consumer reads of the buffer.
fn reads_of<'a>(state: &'a State, access: NodeId, data: &Name) -> Result<Vec<&'a Memlet>, Refusal> {
    let mut reads = Vec::new();
    for edge in state.out_edges(access) {
        for inner in state.continuations(edge.id) {
            check_readers(state, inner, data)?;
            reads.extend(&state.edge(inner).memlet);
        }
    }
    match reads.is_empty() {
        true => Err(Refusal::NoMatch("no map reads the results")),
        false => Ok(reads),
    }
}

/// Only tasklets that know no strides read the buffer, also inside of further maps: a tile has others.
fn check_readers(state: &State, edge: EdgeId, data: &Name) -> Result<(), Refusal> {
    let (_, reader) = state.endpoints(edge);
    let memlet = state.edge(edge).memlet.as_ref().filter(|memlet| memlet.data == *data);
    let steps = memlet.is_some_and(|memlet| memlet.subset.dims.iter().all(|dim| dim.step.is_one()));
    match state.node(reader) {
        node @ Node::Tasklet(_) if steps && !knows_layout(node) => Ok(()),
        Node::MapEntry(_) if steps => {
            state.continuations(edge).into_iter().try_for_each(|inner| check_readers(state, inner, data))
        }
        Node::Tasklet(_) if steps => {
            Err(Refusal::node(reader, format!("depends on the strides of `{data}`")))
        }
        _ => Err(Refusal::node(reader, format!("reads `{data}`, and is no tasklet"))),
    }
}

impl BufferTiling {
    /// How each dimension of the buffer is cut.
    fn tiles(
        &self,
        written: Vec<(Name, Expr)>,
        reads: &[&Memlet],
        second: &Map,
    ) -> Result<Vec<Dim>, Refusal> {
        let mut dims: Vec<Dim> = Vec::with_capacity(written.len());
        for (dim, written) in written.into_iter().enumerate() {
            let bounds: Vec<(Expr, Expr)> = reads
                .iter()
                .map(|read| (read.subset.dims[dim].start.clone(), read.subset.dims[dim].last()))
                .collect();
            let uses = |param: &Name| bounds.iter().any(|(low, high)| low.uses(param) || high.uses(param));
            let used: Vec<usize> = (0..second.params.len()).filter(|&at| uses(&second.params[at])).collect();
            let tile = match used[..] {
                [] => None,
                [at] => Some(self.tile(&dims, at, &bounds, second)?),
                _ => return Err(distance_unknown(reads)),
            };
            dims.push(Dim { written, tile });
        }
        match dims.iter().any(|dim| dim.tile.is_some()) {
            true => Ok(dims),
            false => Err(Refusal::NoMatch("all of the buffer is read by each iteration")),
        }
    }

    fn tile(
        &self,
        before: &[Dim],
        at: usize,
        bounds: &[(Expr, Expr)],
        second: &Map,
    ) -> Result<Tile, Refusal> {
        let tiles = || before.iter().filter_map(|dim| dim.tile.as_ref());
        let size = self.tile_sizes.get(tiles().count()).or(self.tile_sizes.last()).copied().unwrap_or(SIZE);
        if !(2..=LARGEST).contains(&size) {
            return Err(Refusal::unproved(format!("a tile of {size} elements is none")));
        }
        if is_tile(&second.ranges[at]) {
            return Err(Refusal::NoMatch("a tile"));
        }
        let param = Expr::sym(&second.params[at]);
        let distances = bounds.iter().flat_map(|(low, high)| [low - &param, high - &param]);
        let distances: Option<Vec<i64>> = distances.map(|distance| distance.as_int()).collect();
        let unknown = || Refusal::unproved(format!("what is read is at no constant distance from `{param}`"));
        let distances = distances.filter(|_| tiles().all(|tile| tile.at != at)).ok_or_else(unknown)?;
        let halo = (distances.iter().copied().min(), distances.iter().copied().max());
        let (Some(low), Some(high)) = halo else { return Err(unknown()) };
        match high.checked_sub(low).and_then(|span| span.checked_add(size)) {
            Some(_) => Ok(Tile { at, size, halo: (low, high) }),
            None => Err(unknown()),
        }
    }
}

fn distance_unknown(reads: &[&Memlet]) -> Refusal {
    let all: Vec<String> = reads.iter().map(|read| format!("`{read}`")).collect();
    Refusal::unproved(format!("{} follows several parameters", all.join(", ")))
}

/// Proves that what the consumer reads is what the producer writes; a consumer without iterations reads nothing.
fn covers(
    written: &Subset,
    data: &Name,
    reads: &[&Memlet],
    second: &Map,
    facts: &Facts,
) -> Result<(), Refusal> {
    let mut facts = facts.clone();
    for range in &second.ranges {
        facts.assume(&range.start.lt(&range.stop));
    }
    let inside = propagate::inside_map(&facts, second);
    for read in reads {
        if written.covers(&read.subset, &inside) != Some(true) {
            let (data, first, second) = (data.clone(), written.clone(), read.subset.clone());
            return Err(Refusal::SubsetsDiffer { data, first, second });
        }
    }
    Ok(())
}

impl Buffer {
    /// Cuts the ranges of both maps to a tile; returns the parameters of the map over tiles.
    fn cut_maps(&self, around: &mut Surroundings<'_>, state: &mut State) -> Vec<(Name, Range)> {
        let mut tiled = Vec::new();
        for (written, Tile { at, size, halo: (low, high) }) in
            self.dims.iter().filter_map(|dim| Some((&dim.written, dim.tile.as_ref()?)))
        {
            let Node::MapEntry(map) = state.node_mut(self.consumer) else {
                unreachable!("the match names a map")
            };
            let name = around.names.fresh(&format!("{}_tile", map.params[*at]));
            let start = Expr::sym(&name);
            let Range { start: first, stop, .. } = map.ranges[*at].clone();
            let end = (&start + *size).min(&stop);
            map.ranges[*at] = Range::new(start.clone(), end.clone());
            map.collapse = 1;
            tiled.push((name, Range::strided(first, stop, *size)));
            let Node::MapEntry(map) = state.node_mut(self.producer) else {
                unreachable!("the match names a map")
            };
            let (param, shift) = written;
            if let Some(position) = map.params.iter().position(|it| it == param) {
                map.ranges[position] = Range::new(start + *low - shift, end + *high - shift);
            }
            map.collapse = 1;
        }
        tiled
    }

    /// Puts the producer into the map over tiles.
    fn move_producer(&self, state: &mut State, outer: NodeId) {
        let edges: Vec<(EdgeId, NodeId, Edge)> =
            state.in_edges(self.producer).iter().map(|it| (it.id, it.src, it.edge.clone())).collect();
        for (id, src, edge) in edges {
            state.remove_edge(id);
            match edge.memlet {
                None => paths::order_once(state, src, outer),
                Some(memlet) => {
                    let destination = (self.producer, edge.dst_conn);
                    paths::read(state, (src, edge.src_conn), &[outer], destination, memlet);
                }
            }
        }
        if state.in_degree(self.producer) == 0 {
            state.order(outer, self.producer);
        }
    }

    /// Makes the buffer as large as a tile, and leads it past the border of the map over tiles.
    fn make_local(&self, around: &mut Surroundings<'_>, state: &mut State, outer: NodeId) {
        let data = state.node(self.access).as_access().cloned().unwrap_or_default();
        let (shape, origin) = self.place(around, state, &data);
        let local = around.names.fresh(&format!("{data}_tile"));
        let array = Array::transient(around.container(&data).dtype(), shape);
        around.sdfg.containers.insert(local.clone(), array.into());
        *state.node_mut(self.access) = Node::Access(local.clone());
        around.uses.remove(&data);
        around.uses.add(&local);
        let entering: Vec<EdgeId> = state.out_edges(self.access).iter().map(|edge| edge.id).collect();
        for edge in entering {
            for inner in state.continuations(edge) {
                let continued = state.edge(inner).clone();
                let (_, dst) = state.endpoints(inner);
                state.remove_edge(inner);
                state.add_edge(self.access, dst, Edge { src_conn: None, ..continued });
            }
            state.remove_edge(edge);
        }
        if !state.in_edges(self.consumer).iter().any(|edge| edge.src == outer) {
            state.order(outer, self.consumer);
        }
        let mut edges: Vec<EdgeId> = state.out_edges(self.access).iter().map(|edge| edge.id).collect();
        edges.extend(state.in_edges(self.access).iter().map(|edge| edge.id));
        edges.push(self.write);
        edges.into_iter().for_each(|edge| relocate(state, edge, (&local, &origin)));
    }

    /// The shape of the buffer of one tile, and the index in the old buffer at which it begins.
    fn place(&self, around: &Surroundings<'_>, state: &State, data: &Name) -> (Vec<Expr>, Vec<Expr>) {
        let Node::MapEntry(consumer) = state.node(self.consumer) else {
            unreachable!("the match names a map")
        };
        let whole = around.container(data).shape();
        let place = |(dim, extent): (&Dim, &Expr)| match &dim.tile {
            Some(Tile { at, size, halo: (low, high) }) => {
                (Expr::int(size + high - low), &consumer.ranges[*at].start + *low)
            }
            None => (extent.clone(), Expr::zero()),
        };
        self.dims.iter().zip(whole).map(place).unzip()
    }
}

/// Makes an edge, and what continues it inside of maps, access the tile.
fn relocate(state: &mut State, edge: EdgeId, (local, origin): (&Name, &[Expr])) {
    for inner in state.continuations(edge) {
        relocate(state, inner, (local, origin));
    }
    if let Some(memlet) = &mut state.edge_mut(edge).memlet {
        let dims = memlet.subset.dims.iter().zip(origin).map(|(dim, origin)| dim.moved(&-origin));
        memlet.subset = Subset::new(dims.collect::<Vec<_>>());
        memlet.data = local.clone();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::map::testing::{apply, maps, refusals};
    use crate::simplify::StateFusion;
    use crate::{Context, Pass};
    use dacec_ir::builder::{SdfgBuilder, name, value};
    use dacec_ir::{DType, Sdfg};

    /// `map i in first { t[i] = 2*A[i] }  map j in 1:N - 1 { to[j] = t[reads…] + … }` in one state.
    fn stencil(first: &str, to: &str, reads: [&str; 2]) -> Sdfg {
        let n = Expr::sym("N");
        let mut b = SdfgBuilder::new("p");
        b.array("A", DType::Float64, [n.clone()]).array("B", DType::Float64, [n.clone()]);
        b.transient("t", DType::Float64, [n]);
        b.state("f").map("f", &[("i", first)], &[("a", "A", "i")], name("a") * value(2.0), ("t", "i"));
        let inputs = [("a", "t", reads[0]), ("b", "t", reads[1])];
        b.state("g").map("g", &[("j", "1:N - 1")], &inputs, name("a") + name("b"), (to, "j"));
        fused(b)
    }

    fn fused(b: SdfgBuilder) -> Sdfg {
        let mut sdfg = b.build();
        let _ = StateFusion.run(&mut sdfg, &mut Context::default());
        assert_eq!(sdfg.body.blocks.len(), 1);
        sdfg
    }

    fn tiling(size: i64) -> BufferTiling {
        BufferTiling { tile_sizes: vec![size] }
    }

    #[test]
    fn a_tile_has_a_halo() {
        for n in [2, 3, 4, 5, 6, 9] {
            let after = apply(&tiling(3), &stencil("0:N", "B", ["j - 1", "j + 1"]), &[("N", n)]);
            assert_eq!(maps(&after).len(), 3);
            assert_eq!(after.containers["t_tile"].shape(), [Expr::int(5)]);
            assert_eq!(after.body.states()[0].num_accesses(&"t".into()), 0);
        }
    }

    #[test]
    fn dimensions_that_are_read_whole_stay_whole() {
        let (n, m) = (Expr::sym("N"), Expr::sym("M"));
        let mut b = SdfgBuilder::new("p");
        b.array("A", DType::Float64, [n.clone(), m.clone()]).array(
            "B",
            DType::Float64,
            [n.clone(), m.clone()],
        );
        b.transient("t", DType::Float64, [m, n]);
        let dims = [("i", "0:N"), ("k", "0:M")];
        b.state("f").map("f", &dims, &[("a", "A", "i, k")], name("a") * value(2.0), ("t", "k, i"));
        let inputs = [("a", "t", "0, j"), ("b", "t", "M - 1, j")];
        let dims = [("k", "0:M"), ("j", "0:N")];
        b.state("g").map("g", &dims, &inputs, name("a") + name("b"), ("B", "j, k"));
        let after = apply(&tiling(2), &fused(b), &[("N", 5), ("M", 3)]);
        assert_eq!(after.containers["t_tile"].shape(), [Expr::sym("M"), Expr::int(2)]);
        assert!(maps(&after).iter().any(|map| map.params == ["j_tile"]), "only one parameter is tiled");
    }

    #[test]
    fn what_another_tile_needs_must_not_change() {
        let reasons = refusals(&tiling(3), &stencil("0:N", "A", ["j - 1", "j + 1"]));
        assert_eq!(reasons, ["`A[0:N]` and `A[0:N]` may be the same elements"]);
    }

    #[test]
    fn what_nobody_wrote_is_kept() {
        let reasons = refusals(&tiling(3), &stencil("1:N", "B", ["j - 1", "j + 1"]));
        assert_eq!(reasons, ["`t[1:N]` is not provably the same as `t[j - 1]`"]);
    }

    #[test]
    fn elements_at_other_distances_are_kept() {
        let reasons = refusals(&tiling(3), &stencil("0:N", "B", ["j", "N - 1 - j"]));
        assert_eq!(reasons, ["what is read is at no constant distance from `j`"]);
        let reasons = refusals(&tiling(1), &stencil("0:N", "B", ["j - 1", "j + 1"]));
        assert_eq!(reasons, ["a tile of 1 elements is none"]);
    }
}
