//! `for i, j in dace.map[0:N, 0:M]`: parallel loops.
//!
//! The body is lowered as any block of statements, into a region of its own. Then it is put into a map scope, in one of
//! two forms:
//!
//! ```text
//! only states, each outer container read or written once:    everything else (branches, loops, read after write):
//!   (A) ─▶ [map i] ─▶ {tasklet} ─▶ (t) ─▶ {tasklet} ─▶ (B)       (A) ─▶ [map i] ─▶ {nested SDFG} ─▶ (B)
//! ```
//!
//! The direct form is what passes understand best. It is sound because a scope runs in order of its edges: where the
//! order of two accesses to an outer container would get lost, the nested form is taken.

use super::names_frame::Frame;
use super::streams::Consumed;
use super::{Lowerer, Result};
use crate::codes;
use crate::diagnostic::Diagnostic;
use crate::parse::{Ranged, TextRange, ast};
use crate::types::{Scalar, Value};
use dacec_ir::node::Consume;
use dacec_ir::{
    Block, Constant, DType, EdgeId, Expr, IndexMap, IndexSet, Memlet, Name, NestedSdfg, Node, NodeId, Range,
    Region, ScalarExpr, Schedule, Sdfg, State, Subset, Wcr,
};

/// What makes iterations run.
pub(super) enum Scope {
    /// Ranges of parameters.
    Map,
    /// The elements of a stream.
    Consume(Consumed),
}

impl Lowerer<'_> {
    /// Lowers a parallel loop.
    pub(super) fn map_loop(
        &mut self,
        targets: &[&ast::Expr],
        ranges: Vec<&ast::Expr>,
        statements: &[ast::Stmt],
        place: TextRange,
    ) -> Result<()> {
        if targets.len() != ranges.len() {
            let message = format!("{} loop variables for {} ranges", targets.len(), ranges.len());
            return Err(Diagnostic::error(codes::MAP, place, message).into());
        }
        let mut dims = Vec::new();
        for (target, range) in targets.iter().zip(ranges) {
            let ast::Expr::Name(name) = target else {
                return Err(
                    Diagnostic::error(codes::MAP, target.range(), "a loop variable must be a name").into()
                );
            };
            let range = self.map_range(range)?;
            dims.push((self.fresh(&name.id), range));
        }
        let params = dims.iter().map(|(param, _)| Value::Scalar(Scalar::symbolic(Expr::sym(param))));
        let bindings = targets.iter().copied().zip(params).collect();
        self.scope_of_statements(bindings, dims, statements, Scope::Map, place)
    }

    /// Puts statements into a scope; `bindings` are what the loop's variables are.
    pub(super) fn scope_of_statements(
        &mut self,
        bindings: Vec<(&ast::Expr, Value)>,
        dims: Vec<(Name, Range)>,
        statements: &[ast::Stmt],
        scope: Scope,
        place: TextRange,
    ) -> Result<()> {
        let first_local = self.sdfg.containers.len();
        let (before, facts) = (self.env.len(), self.facts.clone());
        let body = self.map_body(statements, bindings, &dims);
        self.facts = facts;
        let (frame, body) = body?;
        let params: Vec<Name> = dims.iter().map(|(param, _)| param.clone()).collect();
        self.leave_frame(frame, (before, &body), &params, false)?;
        self.place = place;
        let locals: IndexSet<Name> = self.sdfg.containers.keys().skip(first_local).cloned().collect();
        let mut inside = locals.clone();
        if let Scope::Consume(consumed) = &scope {
            inside.insert(consumed.element.clone());
        }
        match direct(&body, &inside) {
            Some(graph) => self.add_scope(graph, dims, &inside, &scope),
            None => self.add_nested(body, dims, &locals, &scope, place),
        }
        self.flush();
        Ok(())
    }

    fn map_range(&mut self, range: &ast::Expr) -> Result<Range> {
        let ast::Expr::Slice(it) = range else {
            return Err(Diagnostic::error(
                codes::MAP,
                range.range(),
                "`dace.map` takes ranges such as `0:N`",
            )
            .help("write `dace.map[0:N]`")
            .into());
        };
        let mut bound = |part: &Option<Box<ast::Expr>>, default: Option<i64>| match (part, default) {
            (Some(part), _) => {
                let value = self.eval(part)?;
                self.integer(&value, part.range())
            }
            (None, Some(default)) => Ok(Expr::int(default)),
            (None, None) => {
                Err(Diagnostic::error(codes::MAP, it.range, "the range of a parallel loop needs an end")
                    .into())
            }
        };
        let (start, stop, step) =
            (bound(&it.lower, Some(0))?, bound(&it.upper, None)?, bound(&it.step, Some(1))?);
        if step.as_int().is_none_or(|step| step <= 0) {
            let message = "the step of a parallel loop must be a positive constant";
            return Err(Diagnostic::error(codes::MAP, it.range, message).into());
        }
        Ok(Range::strided(start, stop, step))
    }

    fn map_body(
        &mut self,
        statements: &[ast::Stmt],
        bindings: Vec<(&ast::Expr, Value)>,
        dims: &[(Name, Range)],
    ) -> Result<(Frame, Region)> {
        let outer_loops = std::mem::take(&mut self.loops);
        let empty = dims.iter().map(|(_, range)| range.stop.le(&range.start)).reduce(|a, b| a.or(&b));
        let frame = Frame::parallel(self, empty);
        let certain = self.certain();
        self.frames.push(frame);
        for (param, range) in dims {
            self.params.push(param.clone());
            if self.is_fixed(&range.start) && self.is_fixed(&range.stop) {
                self.facts.assume_range(param, range.start.clone(), range.last());
            }
        }
        let body = self.nested(|lowerer| {
            for (target, value) in bindings {
                lowerer.assign_value(target, value)?;
            }
            lowerer.block(statements)
        });
        self.params.truncate(self.params.len() - dims.len());
        // Storages of the body belong to its iterations.
        let outside = self.frames.last().and_then(Frame::storages_before).unwrap_or(0);
        self.storages.truncate(outside);
        self.loops = outer_loops;
        let frame = self.frames.pop().unwrap_or_default();
        self.take_certain(&certain);
        Ok((frame, body?))
    }

    /// Puts a graph into a map scope: outer containers are read through its entry and written through its exit.
    fn add_scope(&mut self, graph: State, dims: Vec<(Name, Range)>, locals: &IndexSet<Name>, scope: &Scope) {
        let label = self.map_label();
        let (entry, exit) = self.state().add_map(label, dims.iter().cloned(), Schedule::Default);
        let ids: Vec<NodeId> = self.state().absorb(graph).into_values().collect();
        if let Scope::Consume(consumed) = scope {
            if let Node::MapEntry(map) = self.state().node_mut(entry) {
                map.consume = Some(Box::new(Consume { stop: consumed.stop.clone(), ..Consume::default() }));
            }
            self.connect_consumed(consumed, (entry, exit), &ids);
        }
        let outer = |state: &State, id: NodeId| {
            state.node(id).as_access().filter(|it| !locals.contains(*it)).cloned()
        };
        let mut reads: IndexMap<Name, Vec<EdgeId>> = IndexMap::default();
        let mut writes: IndexMap<Name, Vec<EdgeId>> = IndexMap::default();
        let state = self.state();
        let accesses: Vec<(NodeId, Name)> =
            ids.iter().filter_map(|&id| outer(state, id).map(|name| (id, name))).collect();
        for (id, name) in &accesses {
            reads.entry(name.clone()).or_default().extend(state.out_edges(*id).iter().map(|edge| edge.id));
            writes.entry(name.clone()).or_default().extend(state.in_edges(*id).iter().map(|edge| edge.id));
        }
        reads.retain(|_, edges| !edges.is_empty());
        writes.retain(|_, edges| !edges.is_empty());
        for (name, edges) in reads {
            let memlet = self.outside(&edges, &dims);
            let source = self.source(&name);
            self.state().connect((source, None), (entry, Some(&format!("IN_{name}"))), memlet);
            let connector = Name::from(format!("OUT_{name}"));
            for edge in edges {
                self.state().move_source(edge, entry, Some(connector.clone()));
            }
        }
        for (name, edges) in writes {
            let memlet = self.outside(&edges, &dims);
            let sink = self.sink(&name);
            self.state().connect((exit, Some(&format!("OUT_{name}"))), (sink, None), memlet);
            let connector = Name::from(format!("IN_{name}"));
            for edge in edges {
                self.state().move_destination(edge, exit, Some(connector.clone()));
            }
        }
        let state = self.state();
        for (id, _) in accesses {
            state.remove_node(id);
        }
        close_scope(state, &ids, entry, exit);
    }

    fn map_label(&self) -> String {
        format!("map_{}", self.span(self.place).line)
    }

    /// What all iterations touch through the given edges of one container.
    fn outside(&mut self, edges: &[EdgeId], dims: &[(Name, Range)]) -> Memlet {
        let memlets: Vec<Memlet> =
            edges.iter().filter_map(|edge| self.state().edge(*edge).memlet.clone()).collect();
        let mut union: Option<Memlet> = None;
        for memlet in memlets {
            let image = Memlet { subset: self.image(&memlet, dims), other_subset: None, ..memlet };
            union = Some(match union {
                None => image,
                Some(before) => {
                    let whole = self.sdfg.containers.get(&image.data).map(|data| Subset::full(data.shape()));
                    let subset = before.subset.bounding_union(&image.subset, &self.facts);
                    Memlet {
                        subset: subset.or(whole).unwrap_or_default(),
                        dynamic: before.dynamic || image.dynamic,
                        ..before
                    }
                }
            });
        }
        union.unwrap_or_else(|| Memlet::scalar(""))
    }

    /// Puts a region into a map scope, as a nested SDFG.
    fn add_nested(
        &mut self,
        mut body: Region,
        dims: Vec<(Name, Range)>,
        locals: &IndexSet<Name>,
        kind: &Scope,
        range: TextRange,
    ) {
        let usage = Usage::of(&body);
        let partial = self.partial_results(&usage, locals);
        let identities = self.identities(&partial);
        body.blocks.splice(0..0, identities);
        let mut sdfg = Sdfg::new(format!("{}_{}", self.sdfg.name, self.map_label()));
        sdfg.file.clone_from(&self.sdfg.file);
        sdfg.span = self.span(range);
        for name in locals {
            if let Some(data) = self.sdfg.containers.shift_remove(name) {
                sdfg.containers.insert(name.clone(), data);
            }
        }
        let outer = |names: &IndexSet<Name>| -> Vec<Name> {
            names.iter().filter(|name| self.sdfg.containers.contains_key(*name)).cloned().collect()
        };
        let (inputs, outputs) = (outer(&usage.reads), outer(&usage.writes.keys().cloned().collect()));
        for name in inputs.iter().chain(&outputs) {
            if let Some(data) = self.sdfg.containers.get(name)
                && !sdfg.containers.contains_key(name)
            {
                let mut data = data.clone();
                data.set_transient(false);
                sdfg.containers.insert(name.clone(), data);
                sdfg.arguments.push(name.clone());
            }
        }
        for symbol in &usage.assigned {
            if let Some(dtype) = self.sdfg.symbols.shift_remove(symbol) {
                sdfg.symbols.insert(symbol.clone(), dtype);
            }
        }
        sdfg.body = body;
        let symbols: IndexMap<Name, Expr> =
            sdfg.free_symbols().into_iter().map(|symbol| (symbol.clone(), Expr::sym(symbol))).collect();
        for symbol in symbols.keys() {
            sdfg.symbols.insert(symbol.clone(), DType::Int64);
        }
        let span = self.span(range);
        let nested = NestedSdfg { sdfg, inputs: inputs.clone(), outputs: outputs.clone(), symbols, span };
        let mut scope = State::new("");
        let node = scope.add_node(Node::Nested(Box::new(nested)));
        for name in &inputs {
            let access = scope.add_access(name);
            scope.connect((access, None), (node, Some(name)), self.all_of(name).dynamic());
        }
        for name in &outputs {
            let access = scope.add_access(name);
            let memlet =
                Memlet { wcr: partial.get(name).map(|(wcr, _)| *wcr), ..self.all_of(name).dynamic() };
            scope.connect((node, Some(name)), (access, None), memlet);
        }
        let element = match kind {
            Scope::Map => IndexSet::default(),
            Scope::Consume(consumed) => [consumed.element.clone()].into_iter().collect(),
        };
        self.add_scope(scope, dims, &element, kind);
    }

    /// Scalars that iterations only accumulate into, with the identities: each iteration has its own, starting from the
    /// identity, and they are combined when it ends. Elements of arrays are combined in place.
    fn partial_results(&self, usage: &Usage, locals: &IndexSet<Name>) -> IndexMap<Name, (Wcr, Constant)> {
        let written = usage.writes.iter();
        let partial = written.filter(|(name, _)| !locals.contains(*name) && !usage.reads.contains(*name));
        partial
            .filter_map(|(name, wcr)| {
                let data = self.sdfg.containers.get(name).filter(|data| data.rank() == 0)?;
                let identity = dacec_ir::interp::identity((*wcr)?, data.dtype())?;
                Some((name.clone(), ((*wcr)?, identity.to_constant())))
            })
            .collect()
    }

    /// States that give such scalars their identities.
    fn identities(&mut self, partial: &IndexMap<Name, (Wcr, Constant)>) -> Vec<Block> {
        let mut blocks = Vec::new();
        for (name, (_, identity)) in partial {
            let code = ScalarExpr::Constant(*identity);
            self.emit("identity", Vec::new(), &code, Memlet::scalar(name));
            blocks.extend(self.take_state());
        }
        blocks
    }

    fn all_of(&self, container: &Name) -> Memlet {
        let subset = self.sdfg.containers.get(container).map(|data| Subset::full(data.shape()));
        Memlet::new(container, subset.unwrap_or_default())
    }
}

/// Orders what nothing enters after the scope's entry, and what nothing leaves before its exit.
fn close_scope(state: &mut State, ids: &[NodeId], entry: NodeId, exit: NodeId) {
    let present: Vec<NodeId> = ids.iter().copied().filter(|id| state.contains(*id)).collect();
    for id in present {
        if state.in_degree(id) == 0 {
            state.order(entry, id);
        }
        if state.out_degree(id) == 0 {
            state.order(id, exit);
        }
    }
    if state.out_degree(entry) == 0 {
        state.order(entry, exit);
    }
}

/// The region as one graph, if it is a sequence of states whose order its edges can keep.
fn direct(region: &Region, locals: &IndexSet<Name>) -> Option<State> {
    let states: Vec<&State> = region.blocks.iter().map(|block| block.as_state()).collect::<Option<_>>()?;
    if !outer_accesses_are_simple(&states, locals) {
        return None;
    }
    let mut merged = State::new("");
    let mut latest: IndexMap<Name, NodeId> = IndexMap::default();
    for state in states {
        let ids = merged.absorb(state.clone());
        for (old, node) in state.nodes() {
            let Some(name) = node.as_access().filter(|name| locals.contains(*name)) else { continue };
            let id = ids[&old];
            match latest.get(name).copied() {
                Some(_) if state.in_degree(old) > 0 => return None,
                Some(known) => {
                    for edge in merged.out_edges(id).iter().map(|edge| edge.id).collect::<Vec<_>>() {
                        merged.move_source(edge, known, None);
                    }
                    merged.remove_node(id);
                }
                None => {
                    latest.insert(name.clone(), id);
                }
            }
        }
    }
    Some(merged)
}

/// Whether every outer container is only read, or written by one edge and read in the same state at most; and moves to
/// or from nodes that compute.
fn outer_accesses_are_simple(states: &[&State], locals: &IndexSet<Name>) -> bool {
    let mut readers: IndexMap<&Name, IndexSet<usize>> = IndexMap::default();
    let mut writers: IndexMap<&Name, Vec<usize>> = IndexMap::default();
    for (k, state) in states.iter().enumerate() {
        for (id, node) in state.nodes() {
            let Some(name) = node.as_access() else { continue };
            let copies = |ids: Vec<NodeId>| ids.iter().any(|id| state.node(*id).as_access().is_some());
            let (read, written) = (state.out_degree(id), state.in_degree(id));
            if locals.contains(name) {
                continue;
            }
            if read > 0 && written > 0 || copies(state.successors(id)) || copies(state.predecessors(id)) {
                return false;
            }
            if read > 0 {
                readers.entry(name).or_default().insert(k);
            }
            writers.entry(name).or_default().extend(std::iter::repeat_n(k, written));
        }
    }
    writers.iter().filter(|(_, at)| !at.is_empty()).all(|(name, at)| {
        at.len() == 1 && readers.get(name).is_none_or(|reads| reads.iter().all(|k| *k == at[0]))
    })
}

/// Which containers a region reads and writes, and which symbols it assigns.
#[derive(Debug, Default)]
pub(super) struct Usage {
    /// Containers that are read.
    pub(super) reads: IndexSet<Name>,
    /// Containers that are written, with the conflict resolution if all writes have the same one.
    pub(super) writes: IndexMap<Name, Option<Wcr>>,
    /// Symbols that blocks assign.
    pub(super) assigned: IndexSet<Name>,
}

impl Usage {
    /// What the region and the regions in it use.
    pub(super) fn of(region: &Region) -> Self {
        let mut usage = Usage::default();
        region.visit(&mut |block| {
            for scalar in block.scalars() {
                usage.reads.extend(crate::types::containers_read(scalar));
            }
            match block {
                Block::Assign(assignments) => {
                    usage.assigned.extend(assignments.iter().map(|it| it.symbol.clone()))
                }
                Block::State(state) => usage.add_state(state),
                _ => {}
            }
        });
        usage
    }

    fn add_state(&mut self, state: &State) {
        for (id, node) in state.nodes() {
            let Some(name) = node.as_access() else { continue };
            if state.out_edges(id).iter().any(|edge| edge.memlet().is_some()) {
                self.reads.insert(name.clone());
            }
            for edge in state.in_edges(id) {
                let Some(memlet) = edge.memlet() else { continue };
                let known = self.writes.entry(name.clone()).or_insert(memlet.wcr);
                if *known != memlet.wcr {
                    *known = None;
                }
            }
        }
    }
}
