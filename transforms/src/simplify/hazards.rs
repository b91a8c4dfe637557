//! Hazards between a state and the one after it: which accesses must stay in order, and whether paths will keep them so.
//!
//! A [`Frontier`] holds the accesses of a state that later ones can conflict with. When the states of a long program are
//! fused one after the other, an access that a later write covers is forgotten: whoever is ordered after that write is
//! ordered after it. So the cost of each fusion is that of the state that is added.

use crate::Refusal;
use dacec_ir::analysis::{Access, AccessSets};
use dacec_ir::symbolic::Facts;
use dacec_ir::{IndexMap, IndexSet, Memlet, Name, NodeId, State, Subset};
use std::collections::{BTreeSet, HashMap, VecDeque};

/// Accesses of one container that are compared at most; with more, the answer is "not known".
const MAX_COMPARED: usize = 64;
/// Nodes that a search for a path visits at most.
const MAX_VISITED: usize = 256;

/// The accesses of a state that those of a later one can conflict with.
#[derive(Clone, Debug, Default)]
pub(crate) struct Frontier {
    containers: IndexMap<Name, Accesses>,
}

#[derive(Clone, Debug, Default)]
struct Accesses {
    writes: Vec<Access>,
    reads: Vec<Access>,
    /// A node that nothing writes to: reads of what the state began with go through it.
    source: Option<NodeId>,
}

/// Where the reads of the second state join the first: for each of its nodes, the node that takes its place.
pub(crate) type Joints = IndexMap<NodeId, NodeId>;

impl Frontier {
    /// The frontier of one state.
    pub(crate) fn of(state: &State, sets: &AccessSets) -> Self {
        let mut frontier = Frontier::default();
        frontier.extend(state, sets, &|id| id);
        frontier
    }

    /// Says at which nodes of `first`, whose frontier this is, the reads of `second` have to join, so that every pair of
    /// accesses that may conflict is ordered by a path; or why that is not possible.
    pub(crate) fn join(
        &self,
        first: &State,
        second: &State,
        sets: &AccessSets,
        facts: &Facts,
    ) -> Result<Joints, Refusal> {
        let mut joints = Joints::default();
        if second.has_effects() && first.has_effects() {
            return Err(Refusal::NoMatch(
                "both states do more than computing: they print, check something or call functions",
            ));
        }
        for (data, accesses) in sets.iter() {
            let Some(before) = self.containers.get(data) else { continue };
            before.check_size(data, accesses)?;
            let nodes: IndexSet<NodeId> = accesses.iter().map(|access| access.node).collect();
            for node in nodes {
                let is_source = second.in_degree(node) == 0 && accesses.iter().any(|it| it.start == node);
                if is_source && let Some(joint) = before.joint(first, accesses, node, facts)? {
                    joints.insert(node, joint);
                }
            }
        }
        let mut paths = Paths { first, second, joints: &joints, ancestors: HashMap::new() };
        for (data, accesses) in sets.iter() {
            let Some(before) = self.containers.get(data) else { continue };
            for later in accesses {
                before.check_order(data, later, &mut paths, facts)?;
            }
        }
        Ok(joints)
    }

    /// Takes in the accesses of a state that was joined to this one's end; `renamed` gives its nodes' new ids.
    pub(crate) fn extend(&mut self, fused: &State, sets: &AccessSets, renamed: &dyn Fn(NodeId) -> NodeId) {
        for (data, accesses) in sets.iter() {
            let all = self.containers.entry(data.clone()).or_default();
            let nothing = Facts::new();
            for write in accesses.iter().filter(|access| access.is_write) {
                let covered = |old: &Access| write.subset.covers(&old.subset, &nothing) == Some(true);
                all.writes.retain(|old| !covered(old));
                all.reads.retain(|old| !covered(old));
            }
            for access in accesses {
                let access = Access {
                    node: renamed(access.node),
                    edge: access.edge,
                    subset: access.subset.clone(),
                    is_write: access.is_write,
                    start: renamed(access.start),
                    end: renamed(access.end),
                };
                if !access.is_write && access.start == access.node && fused.in_degree(access.node) == 0 {
                    all.source = Some(access.node);
                }
                if access.is_write { &mut all.writes } else { &mut all.reads }.push(access);
            }
        }
    }
}

impl Accesses {
    fn check_size(&self, data: &Name, later: &[Access]) -> Result<(), Refusal> {
        let writes = later.iter().any(|access| access.is_write);
        let compared = self.writes.len().max(if writes { self.reads.len() } else { 0 });
        if compared > MAX_COMPARED {
            return Err(Refusal::unproved(format!("`{data}` is accessed at too many places")));
        }
        Ok(())
    }

    /// The node that the reads from `node` have to be attached to, if any.
    fn joint(
        &self,
        first: &State,
        accesses: &[Access],
        node: NodeId,
        facts: &Facts,
    ) -> Result<Option<NodeId>, Refusal> {
        let reads: Vec<&Access> = accesses.iter().filter(|access| access.node == node).collect();
        let writers: Vec<&Access> = self
            .writes
            .iter()
            .filter(|write| reads.iter().any(|read| may_intersect(&write.subset, &read.subset, facts)))
            .collect();
        let Some(last) = writers.last() else { return Ok(self.source) };
        if last.end != last.node {
            return Err(Refusal::node(last.node, "is written inside of a map and read outside of it"));
        }
        let target = BTreeSet::from([last.node]);
        match writers.iter().find(|write| !reaches(first, write.end, &target)) {
            None => Ok(Some(last.node)),
            Some(_) => {
                Err(Refusal::node(last.node, "is not the only one to write what the next state reads"))
            }
        }
    }

    fn check_order(
        &self,
        data: &Name,
        later: &Access,
        paths: &mut Paths<'_>,
        facts: &Facts,
    ) -> Result<(), Refusal> {
        let reads = self.reads.iter().filter(|_| later.is_write);
        for earlier in self.writes.iter().chain(reads) {
            if may_intersect(&earlier.subset, &later.subset, facts) && !paths.lead(earlier.end, later.start) {
                let memlet = |access: &Access| Memlet::new(data, access.subset.clone());
                return Err(Refusal::conflict(&memlet(earlier), &memlet(later)));
            }
        }
        Ok(())
    }
}

/// Whether two subsets of a container may share an element.
pub(crate) fn may_intersect(a: &Subset, b: &Subset, facts: &Facts) -> bool {
    a == b || a.intersects(b, facts) != Some(false)
}

/// Paths from nodes of the first state to nodes of the second, in the state that both will be.
struct Paths<'a> {
    first: &'a State,
    second: &'a State,
    joints: &'a Joints,
    /// For a node of the second state, the joints in the first from which it is reached.
    ancestors: HashMap<NodeId, BTreeSet<NodeId>>,
}

impl Paths<'_> {
    fn lead(&mut self, from: NodeId, to: NodeId) -> bool {
        let joints = self.ancestors.entry(to).or_insert_with(|| {
            let mut seen = IndexSet::from_iter([to]);
            let mut at = 0;
            while let Some(&node) = seen.get_index(at) {
                seen.extend(self.second.predecessors(node));
                at += 1;
            }
            seen.iter().filter_map(|node| self.joints.get(node).copied()).collect()
        });
        reaches(self.first, from, joints)
    }
}

/// Whether a path leads from a node to one of several; `false` also if that would take too long to find out.
fn reaches(state: &State, from: NodeId, to: &BTreeSet<NodeId>) -> bool {
    if to.contains(&from) {
        return true;
    }
    let mut seen = BTreeSet::from([from]);
    let mut queue = VecDeque::from([from]);
    while let Some(node) = queue.pop_front() {
        for next in state.successors(node) {
            if to.contains(&next) {
                return true;
            }
            if seen.insert(next) {
                queue.push_back(next);
            }
        }
        if seen.len() > MAX_VISITED {
            return false;
        }
    }
    false
}
