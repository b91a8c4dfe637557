//! Liveness: which containers may be read later, before all of their elements are written again.
//!
//! ```text
//! state a: t = …          live after: t
//! state b: B = t + 1      live after: B          (t is dead: the next thing that happens to it is a write)
//! state c: t = 0          live after: B, t
//! state d: B[0] = t       live after: B          (B is a result)
//! ```
//!
//! Where there are views or references, a read of one name may be one of another, and everything is live everywhere.
//!
//! The walk is backward over the tree of control flow and looks at each block once. At the end of a loop's body
//! everything is live that the loop reads anywhere, which errs on the safe side and needs no iteration.

use crate::analysis::access::subset_at;
use crate::analysis::certain::must_write;
use crate::symbolic::Facts;
use crate::{Block, Data, IndexMap, Loop, Machine, Name, Node, Region, Sdfg, State};
use std::collections::HashSet;

/// A set of containers; asked, never listed.
pub type Live = HashSet<Name>;

/// Walks backward over an SDFG's body with the set of live containers.
#[derive(Debug)]
pub struct Liveness<'a> {
    containers: &'a IndexMap<Name, Data>,
    facts: &'a Facts,
    at_return: Live,
    /// Whether containers may be read under other names: then everything is live everywhere.
    aliased: bool,
}

/// Where control flow goes from inside of a loop.
#[derive(Clone, Default)]
struct Exits {
    at_break: Live,
    at_continue: Live,
}

impl<'a> Liveness<'a> {
    /// A walk over SDFGs with these containers. `facts` hold all the time.
    pub fn new(containers: &'a IndexMap<Name, Data>, facts: &'a Facts) -> Self {
        let outlives = |data: &Data| !data.is_transient() || data.lifetime().outlives_call();
        let aliased = containers.values().any(Data::is_alias);
        let outlives = |data: &Data| aliased || outlives(data);
        let at_return =
            containers.iter().filter(|(_, data)| outlives(data)).map(|(name, _)| name.clone()).collect();
        Liveness { containers, facts, at_return, aliased }
    }

    /// Calls `f` on every state, last ones first, with what is live after it. `f` may remove dataflow.
    pub fn visit(&self, body: &mut Region, f: &mut dyn FnMut(&mut State, &Live)) {
        let mut live = self.at_return.clone();
        self.region(body, &mut live, &Exits::default(), f);
    }

    fn region(
        &self,
        region: &mut Region,
        live: &mut Live,
        exits: &Exits,
        f: &mut dyn FnMut(&mut State, &Live),
    ) {
        for block in region.blocks.iter_mut().rev() {
            match block {
                Block::State(state) => {
                    f(state, live);
                    self.before_state(state, live);
                }
                Block::Assign(_) => {}
                Block::Loop(it) => self.before_loop(it, live, f),
                Block::Conditional(it) => {
                    let after = live.clone();
                    // Where no branch need be taken, all that is live after is live before.
                    if it.branches.iter().any(|branch| branch.condition.is_none()) {
                        live.clear();
                    }
                    for branch in &mut it.branches {
                        let mut inner = after.clone();
                        self.region(&mut branch.body, &mut inner, exits, f);
                        live.extend(inner);
                    }
                }
                Block::Machine(it) => self.before_machine(it, live, f),
                Block::Effect(_) => {}
                Block::Break => live.clone_from(&exits.at_break),
                Block::Continue => live.clone_from(&exits.at_continue),
                Block::Return => live.clone_from(&self.at_return),
            }
            for scalar in block.scalars() {
                live.extend(scalar.names());
            }
        }
    }

    fn before_loop(&self, it: &mut Loop, live: &mut Live, f: &mut dyn FnMut(&mut State, &Live)) {
        let mut at_end = live.clone();
        at_end.extend(it.header.condition().iter().flat_map(|condition| condition.names()));
        at_end.extend(containers_read(&it.body));
        let exits = Exits { at_break: live.clone(), at_continue: at_end.clone() };
        let mut inner = at_end;
        self.region(&mut it.body, &mut inner, &exits, f);
        live.extend(inner);
    }

    /// Any vertex may come after any other: what one of them reads is live in all.
    fn before_machine(&self, it: &mut Machine, live: &mut Live, f: &mut dyn FnMut(&mut State, &Live)) {
        for vertex in &it.vertices {
            live.extend(containers_read(&vertex.body));
        }
        live.extend(it.transitions.iter().flat_map(|way| {
            let values = way.assignments.iter().map(|assignment| &assignment.value);
            way.condition.iter().chain(values).flat_map(|scalar| scalar.names())
        }));
        for vertex in &mut it.vertices {
            let mut inner = live.clone();
            self.region(&mut vertex.body, &mut inner, &Exits::default(), f);
        }
    }

    /// Turns what is live after a state into what is live before it.
    fn before_state(&self, state: &State, live: &mut Live) {
        let mut read = Vec::new();
        let mut written = Vec::new();
        for (id, node) in state.nodes() {
            let Node::Access(data) = node else { continue };
            let mut covered = false;
            for edge in state.in_edges(id) {
                covered |= self.writes_all(state, data, edge.id);
                if edge.memlet().is_some_and(|memlet| memlet.wcr.is_some()) {
                    read.push(data);
                }
            }
            if covered {
                written.push(data);
            } else if state.out_edges(id).iter().any(|edge| edge.memlet().is_some()) {
                read.push(data);
            }
        }
        for data in written.into_iter().filter(|_| !self.aliased) {
            live.remove(data);
        }
        live.extend(read.into_iter().cloned());
        live.extend(state.read_by_conditions());
    }

    fn writes_all(&self, state: &State, data: &Name, edge: crate::EdgeId) -> bool {
        let Some(container) = self.containers.get(data) else { return false };
        let (src, _) = state.endpoints(edge);
        if state.node(src).as_access() == Some(data) {
            return false;
        }
        // Most writes of the whole container say so; what the memlet does not even claim is not looked for.
        match subset_at(state, self.containers, edge, false) {
            Some(claimed) if claimed.is_full(container.shape()) => {
                must_write(state, self.containers, edge, self.facts)
                    .is_some_and(|subset| subset.is_full(container.shape()))
            }
            _ => false,
        }
    }
}

/// Containers that a region may read, on control flow or in its states.
pub fn containers_read(region: &Region) -> Live {
    let mut read = Live::new();
    region.visit(&mut |block| {
        for scalar in block.scalars() {
            read.extend(scalar.names());
        }
        if let Block::State(state) = block {
            read.extend(state_reads(state).cloned());
            read.extend(state.read_by_conditions());
        }
    });
    read
}

/// Containers that a state may read; a write with a conflict resolution reads too.
fn state_reads(state: &State) -> impl Iterator<Item = &Name> {
    state.nodes().filter_map(|(id, node)| {
        let data = node.as_access()?;
        let reads = state.out_edges(id).iter().any(|edge| edge.memlet().is_some())
            || state.in_edges(id).iter().any(|edge| edge.memlet().is_some_and(|memlet| memlet.wcr.is_some()));
        reads.then_some(data)
    })
}

/// What holds of the containers' shapes and what is live after each state, by label, for tests and tools.
pub fn live_after(sdfg: &Sdfg) -> IndexMap<Name, Vec<Name>> {
    let facts = sdfg.facts();
    let mut result = IndexMap::default();
    let mut body = sdfg.body.clone();
    Liveness::new(&sdfg.containers, &facts).visit(&mut body, &mut |state, live| {
        let names = sdfg.containers.keys().filter(|name| live.contains(*name)).cloned().collect();
        result.insert(state.label.clone(), names);
    });
    result
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::builder::{SdfgBuilder, name, value};
    use crate::{DType, Expr};

    fn program(fill: impl FnOnce(&mut SdfgBuilder)) -> IndexMap<Name, Vec<Name>> {
        let n = Expr::sym("N");
        let mut b = SdfgBuilder::new("p");
        b.array("B", DType::Float64, [n.clone()]).transient("t", DType::Float64, [n]);
        b.local("c", DType::Bool);
        fill(&mut b);
        live_after(&b.build())
    }

    fn set(b: &mut SdfgBuilder, label: &str, range: &str) {
        b.state(label).map("m", &[("i", range)], &[], value(1.0), ("t", "i"));
    }

    fn get(b: &mut SdfgBuilder, label: &str) {
        b.state(label).map("m", &[("i", "0:N")], &[("x", "t", "i")], name("x"), ("B", "i"));
    }

    #[test]
    fn a_whole_write_ends_the_life_of_the_old_values() {
        let live = program(|b| {
            set(b, "first", "0:N");
            set(b, "second", "0:N");
            get(b, "last");
        });
        assert_eq!(live["last"], ["B"]);
        assert_eq!(live["second"], ["t"]);
        assert!(live["first"].is_empty());
    }

    #[test]
    fn a_partial_write_does_not() {
        let live = program(|b| {
            set(b, "first", "0:N");
            set(b, "second", "1:N");
            get(b, "last");
        });
        assert_eq!(live["first"], ["t"]);
    }

    #[test]
    fn the_next_iteration_reads_too() {
        let live = program(|b| {
            b.for_loop("k", 0, Expr::sym("N"), |b| {
                get(b, "read");
                set(b, "write", "0:N");
            });
        });
        assert_eq!(live["write"], ["B", "t"]);
    }

    #[test]
    fn what_has_another_name_stays_alive() {
        let text = "sdfg f(B) { data B: float64[8]\n transient t: float64[8]\n view v: float64[4]\n state s {\n\
            n0 = access B\n n1 = access t\n n0 -> n1: B[0:8]\n n1 -> n2.views: t[0:4]\n n2 = access v\n\
            n2 -> n3: v[0:4] to [0:4]\n n3 = access B }\n state u { n0 = access B\n n1 = access t\n n0 -> n1: B[0:8] } }";
        let live = live_after(&crate::text::parse(text).expect("a valid text"));
        assert_eq!(live["s"], ["B", "t", "v"]);
    }

    #[test]
    fn a_machine_may_go_back() {
        let live = program(|b| {
            b.machine("m", |m| {
                let first = m.vertex("first", |b| set(b, "write", "0:N"));
                let second = m.vertex("second", |b| get(b, "read"));
                m.transition((first, second), None, &[]);
                m.transition((second, first), Some(crate::ScalarExpr::name("c")), &[]);
            });
        });
        assert_eq!(live["write"], ["B", "t", "c"]);
    }

    #[test]
    fn conditions_read() {
        let live = program(|b| {
            b.state("s").tasklet("f", &[], name("x"), ("c", ""));
            b.conditional(name("c"), |b| set(b, "then", "0:N"), |b| get(b, "else"));
        });
        assert_eq!(live["s"], ["B", "t", "c"]);
        assert_eq!(live["then"], ["B"]);
    }

    #[test]
    fn what_ends_a_consume_scope_is_read() {
        let text = "sdfg f(B) { data B: float64[8]\n transient c: bool\n transient q: stream float64\n state a {\n\
            n0 = tasklet t() -> (o: bool) { o = False }\n n0.o -> n1: c\n n1 = access c\n }\n state b {\n\
            n0 = access q\n n0 -> n1.IN_stream: q\n n1 = consume eat(k in 0:1) until (c) sequential {\n\
            n1.OUT_stream -> n2.x: q\n n2 = tasklet t(x: float64) -> (y: float64) { y = x }\n n2.y -> n3.IN_B: B[0] wcr sum\n\
            } n3\n n3.OUT_B -> n4: B[0] wcr sum\n n4 = access B\n } }";
        let live = live_after(&crate::text::parse(text).unwrap_or_else(|error| panic!("{error}")));
        assert!(live["a"].contains(&"c".into()), "{live:?}");
    }

    #[test]
    fn a_return_skips_what_follows() {
        let live = program(|b| {
            set(b, "first", "0:N");
            b.push(Block::Return);
            get(b, "last");
        });
        assert_eq!(live["first"], ["B"]);
    }
}
