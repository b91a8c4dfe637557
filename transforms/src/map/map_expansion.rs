//! Map expansion: a map over several parameters is a map over the first, with a map over the others in it.
//!
//! ```text
//! before:  map i in 0:N, j in 0:M { C[i, j] = A[i, j] }
//! after:   map i in 0:N { map j in 0:M { C[i, j] = A[i, j] } }
//! kept:    map i in 0:N { … }                                     one parameter
//! ```
//!
//! The inverse of [`map_collapse`](super::map_collapse): what is done for each `i` can then be placed between the maps.
//!
//! **Always legal**: ranges do not depend on parameters of the same map. Maps that were scheduled already are kept.

use super::enclose::{enclose, is_undecided};
use crate::surroundings::Surroundings;
use crate::{Refusal, Transformation};
use dacec_ir::{Node, NodeId, State};

/// Makes nested maps of one over several parameters; see the [module](self).
#[derive(Clone, Copy, Debug, Default)]
pub struct MapExpansion;

/// A map with several parameters; made only by [`MapExpansion::find`].
#[derive(Clone, Debug)]
pub struct Expandable {
    entry: NodeId,
}

impl Transformation for MapExpansion {
    type Place = State;
    type Match = Expandable;

    fn name(&self) -> &'static str {
        "MapExpansion"
    }

    fn find(&self, _: &Surroundings<'_>, state: &State, site: NodeId) -> Result<Expandable, Refusal> {
        let Node::MapEntry(map) = state.node(site) else { return Err(Refusal::NoMatch("not a map")) };
        if map.params.len() < 2 {
            return Err(Refusal::NoMatch("the map has one parameter"));
        }
        if !is_undecided(map) {
            return Err(Refusal::unproved(format!("`{}` has a schedule already", map.label)));
        }
        Ok(Expandable { entry: site })
    }

    fn apply(&self, around: &mut Surroundings<'_>, state: &mut State, found: Expandable) {
        let Node::MapEntry(map) = state.node_mut(found.entry) else { unreachable!("the match names a map") };
        let (param, range) = (map.params.remove(0), map.ranges.remove(0));
        map.collapse = 1;
        enclose(around, state, found.entry, vec![(param, range)]);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::map::MapCollapse;
    use crate::map::testing::{apply, maps, nested_maps, refusals};
    use dacec_ir::Schedule;

    #[test]
    fn expansion_undoes_collapse() {
        let symbols = [("N", 4), ("M", 3)];
        let before = apply(&MapCollapse, &nested_maps("0:M", false), &symbols);
        assert_eq!(maps(&before).len(), 1);
        let after = apply(&MapExpansion, &before, &symbols);
        let params: Vec<_> = maps(&after).into_iter().map(|map| map.params).collect();
        assert!(params.contains(&vec!["i".into()]) && params.contains(&vec!["j".into()]), "{params:?}");
        assert_eq!(maps(&apply(&MapCollapse, &after, &symbols)).len(), 1);
    }

    #[test]
    fn one_parameter_and_decisions_stay() {
        assert!(refusals(&MapExpansion, &nested_maps("0:M", true)).is_empty());
        let mut sdfg = apply(&MapCollapse, &nested_maps("0:M", false), &[("N", 4), ("M", 3)]);
        sdfg.visit_states_mut(&mut |state| {
            for id in state.node_ids() {
                if let Node::MapEntry(map) = state.node_mut(id) {
                    map.schedule = Schedule::CpuMulticore;
                }
            }
        });
        assert_eq!(refusals(&MapExpansion, &sdfg), ["`outer` has a schedule already"]);
    }
}
