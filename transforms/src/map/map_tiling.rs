//! Tiling: a map runs over tiles, and in each tile over its elements.
//!
//! ```text
//! before:  map i in 0:N, j in 0:M { C[j, i] = A[i, j] }
//! after:   map i_tile in 0:N:64, j_tile in 0:M:64 {
//!              map i in i_tile:min(i_tile + 64, N), j in j_tile:min(j_tile + 64, M) { C[j, i] = A[i, j] }
//!          }
//! kept:    map i in 0:N:2 { … }                                          steps other than 1, tiles among them
//! ```
//!
//! `strip-mining` does it for the innermost parameter, or the one at `at`; `map-tiling` for all of them: the elements of a
//! tile of each array stay in the cache while they are needed. `sizes` are those of the tiles, the last one also of all
//! further parameters.
//!
//! **Always legal**: iterations of a map are independent, and each lies in one tile. Tiles are not tiled again, and maps
//! that were scheduled already are kept.

use super::enclose::{enclose, is_undecided};
use crate::surroundings::Surroundings;
use crate::{Refusal, Transformation};
use dacec_ir::symbolic::Atom;
use dacec_ir::{Expr, Map, Name, Node, NodeId, Range, State};

/// Elements of a tile in each dimension, where nobody asks for another number.
const SIZE: i64 = 64;

/// Sizes of tiles, and distances inside of them, with which no index overflows.
pub(crate) const LARGEST: i64 = 1 << 20;

/// Tiles every parameter of a map; see the [module](self).
#[derive(Clone, Debug)]
pub struct MapTiling {
    /// Elements of a tile along each parameter, from 2 to about a million; the last one counts for all further parameters.
    pub sizes: Vec<i64>,
}

/// Tiles one parameter of a map; see the [module](self).
#[derive(Clone, Copy, Debug)]
pub struct StripMining {
    /// Elements of a tile, from 2 to about a million.
    pub size: i64,
    /// Position of the parameter; the innermost if there is none.
    pub at: Option<usize>,
}

/// A map with parameters to tile; made only by [`MapTiling`] and [`StripMining`].
#[derive(Clone, Debug)]
pub struct Tileable {
    entry: NodeId,
    /// Positions of parameters, with the sizes of their tiles.
    tiles: Vec<(usize, i64)>,
}

impl Default for MapTiling {
    fn default() -> Self {
        MapTiling { sizes: vec![SIZE] }
    }
}

impl Default for StripMining {
    fn default() -> Self {
        StripMining { size: SIZE, at: None }
    }
}

impl Transformation for MapTiling {
    type Place = State;
    type Match = Tileable;

    fn name(&self) -> &'static str {
        "MapTiling"
    }

    fn find(&self, _: &Surroundings<'_>, state: &State, site: NodeId) -> Result<Tileable, Refusal> {
        let Node::MapEntry(map) = state.node(site) else { return Err(Refusal::NoMatch("not a map")) };
        let size = |at: usize| self.sizes.get(at).or(self.sizes.last()).copied().unwrap_or(SIZE);
        check(site, map, (0..map.params.len()).map(|at| (at, size(at))).collect())
    }

    fn apply(&self, around: &mut Surroundings<'_>, state: &mut State, found: Tileable) {
        tile(around, state, found);
    }
}

impl Transformation for StripMining {
    type Place = State;
    type Match = Tileable;

    fn name(&self) -> &'static str {
        "StripMining"
    }

    fn find(&self, _: &Surroundings<'_>, state: &State, site: NodeId) -> Result<Tileable, Refusal> {
        let Node::MapEntry(map) = state.node(site) else { return Err(Refusal::NoMatch("not a map")) };
        let at = self.at.unwrap_or(map.params.len().saturating_sub(1));
        if at >= map.params.len() {
            return Err(Refusal::NoMatch("the map has fewer parameters"));
        }
        check(site, map, vec![(at, self.size)])
    }

    fn apply(&self, around: &mut Surroundings<'_>, state: &mut State, found: Tileable) {
        tile(around, state, found);
    }
}

fn check(entry: NodeId, map: &Map, tiles: Vec<(usize, i64)>) -> Result<Tileable, Refusal> {
    for &(at, size) in &tiles {
        let range = &map.ranges[at];
        if !(2..=LARGEST).contains(&size) {
            return Err(Refusal::unproved(format!("a tile of {size} elements is none")));
        }
        if is_tile(range) {
            return Err(Refusal::NoMatch("a tile"));
        }
        if !range.step.is_one() {
            return Err(Refusal::unproved(format!("the range {range} has steps")));
        }
    }
    if !is_undecided(map) {
        return Err(Refusal::unproved(format!("`{}` has a schedule already", map.label)));
    }
    Ok(Tileable { entry, tiles })
}

/// Whether a range ends a constant distance behind its start, or before.
pub(crate) fn is_tile(range: &Range) -> bool {
    match range.stop.as_atom() {
        Some(Atom::Min(bounds)) => bounds.iter().any(|bound| (bound - &range.start).as_int().is_some()),
        _ => false,
    }
}

fn tile(around: &mut Surroundings<'_>, state: &mut State, found: Tileable) {
    let mut dims: Vec<(Name, Range)> = Vec::new();
    let Node::MapEntry(map) = state.node_mut(found.entry) else { unreachable!("the match names a map") };
    for (at, size) in found.tiles {
        let name = around.names.fresh(&format!("{}_tile", map.params[at]));
        let start = Expr::sym(&name);
        let Range { start: first, stop, .. } = map.ranges[at].clone();
        map.ranges[at] = Range::new(start.clone(), (start + size).min(&stop));
        dims.push((name, Range::strided(first, stop, size)));
    }
    map.collapse = 1;
    enclose(around, state, found.entry, dims);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::map::testing::{apply, maps, refusals};
    use dacec_ir::builder::{SdfgBuilder, name};
    use dacec_ir::{DType, Sdfg, Wcr};

    fn transposition(range: &str) -> Sdfg {
        let n = Expr::sym("N");
        let mut b = SdfgBuilder::new("p");
        b.array("A", DType::Float64, [n.clone(), n.clone()]).array("B", DType::Float64, [n.clone(), n]);
        let dims = [("i", range), ("j", "1:N")];
        b.state("s").map("m", &dims, &[("a", "A", "i, j")], name("a"), ("B", "j, i"));
        b.build()
    }

    #[test]
    fn incomplete_tiles_are_not_exceeded() {
        for n in [1, 4, 9, 12] {
            let after = apply(&MapTiling { sizes: vec![4, 3] }, &transposition("0:N"), &[("N", n)]);
            let maps = maps(&after);
            assert_eq!(maps.len(), 2);
            let steps: Vec<_> = maps.iter().flat_map(|map| &map.ranges).map(|range| &range.step).collect();
            assert!(steps.contains(&&Expr::int(4)) && steps.contains(&&Expr::int(3)), "{steps:?}");
        }
    }

    #[test]
    fn one_parameter_is_tiled() {
        let outer = StripMining { size: 4, at: Some(0) };
        let after = apply(&outer, &transposition("0:N"), &[("N", 9)]);
        assert!(maps(&after).iter().any(|map| map.params == ["i_tile"]));
        let after = apply(&StripMining { size: 4, at: None }, &transposition("0:N"), &[("N", 9)]);
        assert!(maps(&after).iter().any(|map| map.params == ["j_tile"]));
    }

    #[test]
    fn sums_over_tiles_are_the_same() {
        let mut b = SdfgBuilder::new("p");
        b.array("A", DType::Float64, [Expr::sym("N")]).array("s", DType::Float64, [Expr::int(1)]);
        b.state("s").reduction("m", &[("i", "0:N")], &[("a", "A", "i")], name("a"), ("s", "0"), Wcr::Sum);
        apply(&MapTiling { sizes: vec![4] }, &b.build(), &[("N", 10)]);
    }

    #[test]
    fn steps_are_refused() {
        let reasons = refusals(&MapTiling::default(), &transposition("0:N:2"));
        assert_eq!(reasons, ["the range 0:N:2 has steps"]);
        let reasons = refusals(&MapTiling { sizes: vec![1] }, &transposition("0:N"));
        assert_eq!(reasons, ["a tile of 1 elements is none"]);
    }
}
