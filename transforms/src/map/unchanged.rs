//! Whether elements are the same at two places of a state: what has to hold before a read moves from one to the other.

use crate::Refusal;
use crate::surroundings::Surroundings;
use dacec_ir::analysis::accesses_at;
use dacec_ir::{Memlet, NodeId, State};

/// Proves that nothing writes the elements of a memlet between the moment at which `from` begins and the one at which
/// `until` has ended: every write of them is over before, or begins behind.
pub(crate) fn unchanged(
    around: &Surroundings<'_>,
    state: &State,
    read: &Memlet,
    (from, until): (NodeId, NodeId),
) -> Result<(), Refusal> {
    let scopes = state.scopes();
    for node in state.accesses(&read.data) {
        let accesses = accesses_at(state, &around.sdfg.containers, &scopes, node);
        for write in accesses.into_iter().filter(|access| access.is_write) {
            let apart = write.subset.intersects(&read.subset, &around.facts) == Some(false);
            let ordered = || state.reaches(write.end, from) || state.reaches(until, write.start);
            if !apart && !ordered() {
                return Err(Refusal::conflict(read, &Memlet::new(&read.data, write.subset)));
            }
        }
    }
    Ok(())
}

/// Proves that nothing but the edges at some nodes touches the elements of a memlet between the moment at which `from`
/// begins and the one at which `until` has ended, so that a write of them may move there.
pub(crate) fn untouched(
    around: &Surroundings<'_>,
    state: &State,
    write: &Memlet,
    (from, until): (NodeId, NodeId),
    own: &[NodeId],
) -> Result<(), Refusal> {
    let scopes = state.scopes();
    for node in state.accesses(&write.data) {
        for access in accesses_at(state, &around.sdfg.containers, &scopes, node) {
            let (src, dst) = state.endpoints(access.edge);
            if own.contains(&src) || own.contains(&dst) {
                continue;
            }
            let apart = access.subset.intersects(&write.subset, &around.facts) == Some(false);
            let ordered = || state.reaches(access.end, from) || state.reaches(until, access.start);
            if !apart && !ordered() {
                return Err(Refusal::conflict(write, &Memlet::new(&write.data, access.subset)));
            }
        }
    }
    Ok(())
}
