//! Aliases: containers that may share memory.
//!
//! ```text
//! (A) ─A[2:8]─▶ views (v)       v and A
//! (A) ─A[0:4]─▶ set (r)         r and A
//! (B) ─B[0:4]─▶ set (r)         r, A and B are one class: r may be in both, so a write through r may be one to each
//! ```
//!
//! Two containers of different classes never overlap. Of two containers in one class nothing is known: `A` and `B` above
//! count as overlapping although they do not, which errs on the safe side.

use crate::{Block, IndexMap, Name, Sdfg};

/// Classes of containers that views and references join.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Aliases {
    /// The class of each container that is in one with others.
    classes: IndexMap<Name, usize>,
}

impl Aliases {
    /// The classes of an SDFG's containers. Looks at each edge once.
    pub fn of(sdfg: &Sdfg) -> Self {
        let mut aliases = Aliases::default();
        if !sdfg.containers.values().any(|data| data.is_alias()) {
            return aliases;
        }
        sdfg.body.visit(&mut |block| {
            let Block::State(state) = block else { return };
            for edge in state.edges().filter(|edge| state.is_alias_edge(*edge)) {
                let Some(memlet) = edge.memlet() else { continue };
                for end in [edge.src, edge.dst].into_iter().filter_map(|id| state.node(id).as_access()) {
                    aliases.join(end, &memlet.data);
                }
            }
        });
        aliases
    }

    fn join(&mut self, a: &Name, b: &Name) {
        let next = self.classes.len();
        let first = *self.classes.entry(a.clone()).or_insert(next);
        let second = *self.classes.entry(b.clone()).or_insert(first);
        if first != second {
            for class in self.classes.values_mut().filter(|class| **class == second) {
                *class = first;
            }
        }
    }

    /// Whether two containers may have memory in common.
    pub fn may_overlap(&self, a: &Name, b: &Name) -> bool {
        a == b || self.classes.get(a).is_some_and(|class| self.classes.get(b) == Some(class))
    }

    /// The other containers that one may have memory in common with.
    pub fn others<'a>(&'a self, name: &'a Name) -> impl Iterator<Item = &'a Name> {
        let all = self.classes.keys();
        all.filter(move |other| *other != name && self.may_overlap(name, other))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn views_and_references_join_containers() {
        let text = "sdfg f(A, B, C) { data A: float64[8]\n data B: float64[8]\n data C: float64[8]\n\
            view v: float64[4]\n reference r: float64[4]\n state s {\n n0 = access A\n n0 -> n1.views: A[2:6]\n\
            n1 = access v\n n2 = access B\n n2 -> n3.set: B[0:4]\n n3 = access r\n }\n state t {\n\
            n0 = access C\n n1 = access B\n n0 -> n1: C[0:8]\n } }";
        let aliases = Aliases::of(&crate::text::parse(text).expect("a valid text"));
        let overlap = |a: &str, b: &str| aliases.may_overlap(&a.into(), &b.into());
        assert!(overlap("v", "A") && overlap("r", "B") && overlap("C", "C"));
        assert!(!overlap("v", "r") && !overlap("A", "B") && !overlap("C", "B"));
        assert_eq!(aliases.others(&"A".into()).collect::<Vec<_>>(), ["v"]);
    }
}
