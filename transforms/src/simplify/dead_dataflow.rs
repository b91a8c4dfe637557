//! Dead dataflow: removes what computes values that nobody reads.
//!
//! ```text
//! before:  map i { t[i] = A[i] ; B[i] = A[i] + 1 }      t is never read
//! after:   map i { B[i] = A[i] + 1 }
//! kept:    for k: { map i { B[i] = t[i] }   map i { t[i] = A[i] } }      (the next iteration reads `t`)
//! ```
//!
//! **Legal because** tasklets, library operations and calls have no effect besides their outputs, unless a called SDFG
//! has effects. A write is dead if its
//! container is internal, is not live after the state ([`liveness`](dacec_ir::analysis::liveness)), and no edge leads on
//! from the written node. Only nodes that nothing comes after are removed, so no order between others is lost.
//!
//! **Kept**: an operation or call with several results of which one is live; a call that prints or checks something. **Cost**: each node and edge once.

use crate::map::paths;
use crate::pass::{Changed, Context, Pass};
use crate::surroundings::entry_facts;
use dacec_ir::analysis::Liveness;
use dacec_ir::analysis::liveness::Live;
use dacec_ir::{Data, EdgeId, IndexMap, Lifetime, Name, Node, NodeId, Sdfg, State, TaskletCode};

/// See the [module](self).
#[derive(Clone, Copy, Debug, Default)]
pub struct DeadDataflowElimination;

impl Pass for DeadDataflowElimination {
    fn name(&self) -> &'static str {
        "dead-dataflow-elimination"
    }

    fn summary(&self) -> &'static str {
        "removes what computes values that nobody reads"
    }

    fn run(&self, sdfg: &mut Sdfg, _: &mut Context) -> Changed {
        let facts = entry_facts(sdfg);
        let mut body = std::mem::take(&mut sdfg.body);
        let mut changed = Changed::No;
        Liveness::new(&sdfg.containers, &facts).visit(&mut body, &mut |state, live| {
            let before = (state.num_nodes(), state.num_edges());
            Sweep { state, live, containers: &sdfg.containers }.run();
            changed |= Changed::from(before != (state.num_nodes(), state.num_edges()));
        });
        sdfg.body = body;
        changed
    }
}

struct Sweep<'a> {
    state: &'a mut State,
    live: &'a Live,
    containers: &'a IndexMap<Name, Data>,
}

impl Sweep<'_> {
    fn run(mut self) {
        let mut candidates: Vec<NodeId> =
            self.state.node_ids().into_iter().filter(|&id| self.state.out_degree(id) == 0).collect();
        while let Some(id) = candidates.pop() {
            if self.state.contains(id) && self.state.out_degree(id) == 0 {
                self.look_at(id, &mut candidates);
            }
        }
    }

    /// Removes a node that no edge leaves, if it is dead.
    fn look_at(&mut self, id: NodeId, candidates: &mut Vec<NodeId>) {
        if self.has_effects(id) {
            self.keep(id);
            return;
        }
        match self.state.node(id) {
            Node::Access(data) => {
                let edges: Vec<EdgeId> = self.state.in_edges(id).iter().map(|edge| edge.id).collect();
                let is_dead =
                    edges.is_empty() || self.is_dead(data) && edges.iter().all(|&edge| self.can_drop(edge));
                if is_dead {
                    edges.into_iter().for_each(|edge| self.drop_write(edge, candidates));
                    self.state.remove_node(id);
                } else {
                    self.keep(id);
                }
            }
            Node::Tasklet(_) | Node::Library(_) | Node::Nested(_) => self.remove(id, candidates),
            Node::MapExit { entry } => {
                let entry = *entry;
                // The exit of an emptied map inside of another one can outlast its entry.
                if !self.state.contains(entry) {
                    self.state.remove_node(id);
                    return;
                }
                for inner in self.state.scope_nodes(entry) {
                    self.state.remove_node(inner);
                }
                self.state.remove_node(id);
                self.remove(entry, candidates);
            }
            // An entry whose scope is being emptied goes with its exit.
            Node::MapEntry(_) => {}
        }
    }

    /// Leads a node that stays, and whose readers are gone, to the end of the scope it is in.
    fn keep(&mut self, id: NodeId) {
        if let Some(entry) = self.state.scope_of(id) {
            let exit = paths::exit_of(self.state, entry);
            self.state.order(id, exit);
        }
    }

    /// Whether a call, or a call in the map that ends here, does more than computing its outputs.
    fn has_effects(&self, id: NodeId) -> bool {
        match self.state.node(id) {
            Node::MapExit { entry } if self.state.contains(*entry) => {
                self.state.scope_nodes(*entry).into_iter().any(|inner| self.has_effects(inner))
            }
            node => node.has_effects(),
        }
    }

    fn is_dead(&self, data: &Name) -> bool {
        let internal = |data: &Data| data.is_transient() && data.lifetime() != Lifetime::Persistent;
        self.containers.get(data).is_some_and(internal) && !self.live.contains(data)
    }

    /// Whether what an edge writes can be left out without leaving out anything else.
    fn can_drop(&self, edge: EdgeId) -> bool {
        let (src, _) = self.state.endpoints(edge);
        match self.state.node(src) {
            Node::Access(_) | Node::MapEntry(_) => true,
            Node::Tasklet(tasklet) => {
                if self.has_effects(src) {
                    return false;
                }
                let connector =
                    self.state.edge(edge).src_conn.as_ref().and_then(|conn| tasklet.outputs.get(conn));
                let is_value = matches!(tasklet.code, TaskletCode::Native(_))
                    && connector.is_some_and(|connector| connector.rank == 0);
                is_value || self.state.out_degree(src) == 1
            }
            Node::Library(_) | Node::Nested(_) => self.state.out_degree(src) == 1 && !self.has_effects(src),
            Node::MapExit { .. } => self.inner_writes(edge).into_iter().all(|inner| self.can_drop(inner)),
        }
    }

    /// The edges inside of a map that continue to one outside of its exit, if that is the only one.
    fn inner_writes(&self, edge: EdgeId) -> Vec<EdgeId> {
        let (exit, _) = self.state.endpoints(edge);
        let Some(conn) = self.state.edge(edge).src_conn.clone() else { return Vec::new() };
        let shared = self.state.out_edges(exit).iter().filter(|it| it.src_conn() == Some(&conn)).count();
        let Some(name) = conn.strip_prefix("OUT_").filter(|_| shared == 1) else { return Vec::new() };
        let inside = self.state.in_edges(exit).into_iter();
        inside
            .filter(|it| it.dst_conn().is_some_and(|conn| conn.strip_prefix("IN_") == Some(name)))
            .map(|it| it.id)
            .collect()
    }

    /// Removes an edge that writes what is dead.
    fn drop_write(&mut self, edge: EdgeId, candidates: &mut Vec<NodeId>) {
        let (src, _) = self.state.endpoints(edge);
        let inner = match self.state.node(src) {
            Node::MapExit { .. } => self.inner_writes(edge),
            _ => Vec::new(),
        };
        let conn = self.state.remove_edge(edge).and_then(|edge| edge.src_conn);
        let is_used = self.state.out_edges(src).iter().any(|it| it.src_conn() == conn.as_ref());
        if self.state.out_degree(src) > 0
            && let Some(conn) = conn.as_ref().filter(|_| !is_used)
        {
            if let Node::Tasklet(tasklet) = self.state.node_mut(src) {
                // What the body gives to the connector is given to a local variable from now on.
                tasklet.outputs.shift_remove(conn);
            }
            if matches!(self.state.node(src), Node::MapEntry(_)) {
                self.drop_read(src, conn, candidates);
            }
        }
        for inner in inner {
            self.drop_write(inner, candidates);
        }
        candidates.push(src);
    }

    /// Removes a node that no edge leaves.
    fn remove(&mut self, id: NodeId, candidates: &mut Vec<NodeId>) {
        let sources: Vec<(NodeId, Option<Name>)> =
            self.state.in_edges(id).iter().map(|edge| (edge.src, edge.src_conn().cloned())).collect();
        self.state.remove_node(id);
        for (src, conn) in sources {
            if let (Node::MapEntry(_), Some(conn)) = (self.state.node(src), conn) {
                self.drop_read(src, &conn, candidates);
            }
            candidates.push(src);
        }
    }

    /// Removes what enters a map at a connector from which nothing continues any more. Where the data comes from a
    /// computation an ordering edge stays: others may rely on the path.
    fn drop_read(&mut self, entry: NodeId, conn: &Name, candidates: &mut Vec<NodeId>) {
        if self.state.out_edges(entry).iter().any(|edge| edge.src_conn() == Some(conn)) {
            return;
        }
        let Some(name) = conn.strip_prefix("OUT_") else { return };
        let outside = self
            .state
            .in_edges(entry)
            .into_iter()
            .find(|edge| edge.dst_conn().is_some_and(|conn| conn.strip_prefix("IN_") == Some(name)));
        let Some((edge, src, outer)) = outside.map(|it| (it.id, it.src, it.src_conn().cloned())) else {
            return;
        };
        self.state.remove_edge(edge);
        match (self.state.node(src), outer) {
            (Node::MapEntry(_), Some(outer)) => {
                // The inner map stays in its scope.
                if self.state.in_degree(entry) == 0 {
                    self.state.order(src, entry);
                }
                self.drop_read(src, &outer, candidates);
            }
            _ if self.state.in_degree(src) > 0 => {
                self.state.order(src, entry);
            }
            _ => candidates.push(src),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::simplify::StateFusion;
    use crate::simplify::testing::{accesses, run};
    use dacec_ir::builder::{SdfgBuilder, name};
    use dacec_ir::{DType, Expr};

    fn program(fill: impl FnOnce(&mut SdfgBuilder)) -> Sdfg {
        let n = Expr::sym("N");
        let mut b = SdfgBuilder::new("p");
        b.array("A", DType::Float64, [n.clone()]).array("B", DType::Float64, [n.clone()]);
        b.transient("t", DType::Float64, [n.clone()]).transient("u", DType::Float64, [n]);
        fill(&mut b);
        b.build()
    }

    fn step(b: &mut SdfgBuilder, from: &str, to: &str) {
        let label = format!("{from}_{to}");
        b.state(&label).map(&label, &[("i", "0:N")], &[("x", from, "i")], name("x"), (to, "i"));
    }

    #[test]
    fn a_chain_that_ends_in_nothing_is_removed() {
        let mut sdfg = program(|b| {
            step(b, "A", "B");
            step(b, "A", "t");
            step(b, "t", "u");
        });
        let _ = run(&StateFusion, &mut sdfg);
        assert!(run(&DeadDataflowElimination, &mut sdfg).any());
        assert_eq!(accesses(sdfg.body.states()[0]), ["A 0>1", "B 1>0"]);
        assert!(!run(&DeadDataflowElimination, &mut sdfg).any());
    }

    #[test]
    fn across_states_too() {
        let mut sdfg = program(|b| {
            step(b, "A", "t");
            step(b, "B", "t");
            step(b, "t", "B");
        });
        assert!(run(&DeadDataflowElimination, &mut sdfg).any());
        let empty: Vec<bool> = sdfg.body.states().iter().map(|state| state.is_empty()).collect();
        assert_eq!(empty, [true, false, false], "the first write of `t` is overwritten");
    }

    #[test]
    fn what_the_next_iteration_reads_stays() {
        let mut sdfg = program(|b| {
            step(b, "A", "t");
            b.for_loop("k", 0, Expr::sym("N"), |b| {
                step(b, "t", "B");
                step(b, "A", "t");
            });
        });
        assert!(!run(&DeadDataflowElimination, &mut sdfg).any());
    }

    #[test]
    fn a_tasklet_keeps_its_live_output() {
        let mut sdfg = program(|b| {
            let mut s = b.state("s");
            let entry = s.map("m", &[("i", "0:N")], &[("x", "A", "i")], name("x"), ("B", "i"));
            let Node::MapEntry(map) = s.state.node(entry) else { panic!("an entry") };
            let exit = map.exit;
            let tasklet = s.state.successors(entry)[0];
            let t = s.state.add_access("t");
            if let Node::Tasklet(it) = s.state.node_mut(tasklet) {
                it.outputs.insert("second".into(), dacec_ir::Connector::scalar(DType::Float64));
                if let TaskletCode::Native(stmts) = &mut it.code {
                    stmts.push(dacec_ir::Stmt::assign("second", dacec_ir::ScalarExpr::name("x")));
                }
            }
            let memlet =
                |text: &str| dacec_ir::Memlet::new("t", dacec_ir::Subset::parse(text).expect("a subset"));
            s.state.connect((tasklet, Some("second")), (exit, Some("IN_t")), memlet("i"));
            s.state.connect((exit, Some("OUT_t")), (t, None), memlet("0:N"));
        });
        assert!(run(&DeadDataflowElimination, &mut sdfg).any());
        let state = sdfg.body.states()[0];
        assert_eq!(accesses(state), ["A 0>1", "B 1>0"]);
        let tasklet = state.nodes().find_map(|(_, node)| node.as_tasklet()).expect("a tasklet");
        assert_eq!(tasklet.outputs.keys().collect::<Vec<_>>(), ["out"]);
    }
}
