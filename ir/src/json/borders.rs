//! Memlets at the borders of scopes that say nothing sensible.
//!
//! DaCe generates code from the memlets inside of a scope. Those at its border are summaries, which its passes may leave
//! about a container that is at neither end of the path any more, and its validation accepts that. Here such a summary is
//! replaced by the whole container at the path's end, of which not all is accessed: passes narrow it.

use super::read::Reader;
use crate::state::EdgeView;
use crate::validate::{source, target};
use crate::{EdgeId, Memlet, Name, Node, State};

impl Reader<'_> {
    /// Replaces memlets at borders that are about another container than those of their path.
    pub(super) fn mend_borders(&self, state: &mut State) {
        let wrong: Vec<(EdgeId, Name)> = state.edges().filter_map(|edge| self.wrong(state, edge)).collect();
        for (id, name) in wrong {
            let Some(data) = self.sdfg.container(&name) else { continue };
            if let Some(memlet) = &mut state.edge_mut(id).memlet {
                *memlet = Memlet { wcr: memlet.wcr, dynamic: true, ..Memlet::new(&name, data.whole()) };
            }
        }
    }

    /// The container that a memlet at a border is about, if that is not what it says.
    fn wrong(&self, state: &State, edge: EdgeView<'_>) -> Option<(EdgeId, Name)> {
        let memlet = edge.memlet()?;
        let enters = matches!(state.node(edge.dst), Node::MapEntry(_));
        let leaves = matches!(state.node(edge.src), Node::MapExit { .. });
        let end = match (enters, leaves) {
            (true, false) => source(state, edge),
            (false, true) => target(state, edge),
            _ => return None,
        };
        // An edge that gives a number to a range is about what it says.
        if enters && state.range_input(edge).is_some() {
            return None;
        }
        let other = if enters { target(state, edge) } else { source(state, edge) };
        let right = |name: &Name| *name == memlet.data;
        let end = end.filter(|name| !right(name) && !other.is_some_and(right))?;
        Some((edge.id, end.clone()))
    }
}
