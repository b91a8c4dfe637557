//! Vectorization: one iteration of a map does what several neighbouring ones did.
//!
//! ```text
//! before:  map i in 0:N { B[i] = s*A[i] }
//! after:   map i in 0:4*(N//4):4 { B[i:i + 4] = s*A[i:i + 4], lane by lane }    map i in 4*(N//4):N { B[i] = s*A[i] }
//! kept:    map i in 0:N { B[i] = A[2*i] }       the lanes do not lie side by side
//!          map i in 0:N { s += A[i] }           all lanes update one element
//! ```
//!
//! A tasklet of several lanes reads and writes pieces of memory, and its statements come in groups that differ in the lane
//! only: what compilers for C make vector instructions of, also where a loop is too complicated for them. The map that is
//! left over runs what does not fill a vector; there is none if the number of iterations is a multiple of the length.
//!
//! **Legal when** the map holds one tasklet, and along the innermost parameter every memlet is one element that stays the
//! same or moves by one element of contiguous memory; results move. Iterations of a map are independent, so that several of
//! them may run at once.

use super::enclose::is_undecided;
use crate::surroundings::{Surroundings, facts_inside};
use crate::{Refusal, Transformation};
use dacec_ir::state::EdgeView;
use dacec_ir::{
    Connector, Edge, EdgeId, Expr, Map, Memlet, Name, Node, NodeId, Range, ScalarExpr, State, Stmt, Tasklet,
    TaskletCode, propagate,
};
use std::collections::BTreeSet;

/// Lanes of a vector, where nobody asks for another number: those of a register of 256 bits for doubles.
const LENGTH: i64 = 4;
/// The longest vectors: each lane is a statement.
const LONGEST: i64 = 64;

/// Makes an iteration of several; see the [module](self).
#[derive(Clone, Copy, Debug)]
pub struct Vectorization {
    /// Iterations that become one, from 2 to 64.
    pub length: i64,
}

impl Default for Vectorization {
    fn default() -> Self {
        Vectorization { length: LENGTH }
    }
}

/// A map whose iterations can be lanes; made only by [`Vectorization::find`].
#[derive(Clone, Debug)]
pub struct Vectorizable {
    entry: NodeId,
    tasklet: NodeId,
    /// Edges to and from the tasklet that move with the innermost parameter, with the dimension in which they do.
    moving: Vec<(EdgeId, usize)>,
    /// Whether iterations are left over.
    rest: bool,
}

impl Transformation for Vectorization {
    type Place = State;
    type Match = Vectorizable;

    fn name(&self) -> &'static str {
        "Vectorization"
    }

    fn find(&self, around: &Surroundings<'_>, state: &State, site: NodeId) -> Result<Vectorizable, Refusal> {
        let Node::MapEntry(map) = state.node(site) else { return Err(Refusal::NoMatch("not a map")) };
        let (Some(param), Some(range)) = (map.params.last(), map.ranges.last()) else {
            return Err(Refusal::NoMatch("the map has no parameter"));
        };
        let [tasklet] = state.scope_nodes(site)[..] else {
            return Err(Refusal::NoMatch("not one tasklet alone"));
        };
        let Node::Tasklet(code) = state.node(tasklet) else {
            return Err(Refusal::NoMatch("not one tasklet alone"));
        };
        if !range.step.is_one() {
            return Err(Refusal::NoMatch("the range has steps"));
        }
        if !is_undecided(map) {
            return Err(Refusal::unproved(format!("`{}` has a schedule already", map.label)));
        }
        if !(2..=LONGEST).contains(&self.length) {
            return Err(Refusal::unproved(format!("a vector of {} elements is none", self.length)));
        }
        check_code(tasklet, code)?;
        check_in_place(around, state, (tasklet, code))?;
        let mut moving = Vec::new();
        for (edges, writes) in [(state.in_edges(tasklet), false), (state.out_edges(tasklet), true)] {
            for edge in edges {
                let Some(memlet) = edge.memlet() else { continue };
                match movement(around, memlet, param)? {
                    Some(dim) => moving.push((edge.id, dim)),
                    None if writes => {
                        return Err(Refusal::unproved(format!("`{memlet}` is the same for all lanes")));
                    }
                    None => {}
                }
            }
        }
        let facts = facts_inside(state, site, &around.facts);
        let count = range.len();
        if facts.prove_lt(&count, &Expr::int(self.length)) == Some(true) {
            return Err(Refusal::NoMatch("fewer iterations than lanes"));
        }
        let rest = !count.modulo(&Expr::int(self.length)).is_zero();
        Ok(Vectorizable { entry: site, tasklet, moving, rest })
    }

    fn apply(&self, around: &mut Surroundings<'_>, state: &mut State, found: Vectorizable) {
        let Node::MapEntry(map) = state.node(found.entry) else { unreachable!("the match names a map") };
        let mut map = map.clone();
        let mut scopes = vec![found.entry];
        if let (true, Some(range)) = (found.rest, map.ranges.last_mut()) {
            let lanes = Expr::int(self.length);
            let whole = &range.start + range.len_clamped().floor_div(&lanes) * &lanes;
            let left = Range::new(whole.clone(), range.stop.clone());
            range.stop = whole;
            scopes.push(copy(state, (found.entry, &map), found.tasklet, left));
        }
        let param = map.params.last().cloned().unwrap_or_default();
        if let Node::MapEntry(vectors) = state.node_mut(found.entry) {
            vectors.ranges = map.ranges;
            if let Some(range) = vectors.ranges.last_mut() {
                range.step = Expr::int(self.length);
            }
        }
        let mut arrays = BTreeSet::new();
        for (edge, dim) in found.moving {
            let of_tasklet =
                state.edge(edge).dst_conn.clone().filter(|_| state.endpoints(edge).1 == found.tasklet);
            arrays.extend(of_tasklet.or_else(|| state.edge(edge).src_conn.clone()));
            if let Some(memlet) = &mut state.edge_mut(edge).memlet {
                let start = memlet.subset.dims[dim].start.clone();
                memlet.subset.dims[dim] = Range::new(start.clone(), start + self.length);
            }
        }
        if let Node::Tasklet(tasklet) = state.node_mut(found.tasklet) {
            lanes(tasklet, self.length, (&param, &arrays));
        }
        for scope in scopes {
            let facts = facts_inside(state, scope, &around.facts);
            propagate::scope(state, scope, &around.sdfg.containers, &facts);
        }
    }
}

/// The tasklet is one whose statements can be written for each lane.
fn check_code(node: NodeId, tasklet: &Tasklet) -> Result<(), Refusal> {
    let TaskletCode::Native(code) = &tasklet.code else {
        return Err(Refusal::node(node, "is in another language"));
    };
    let connectors = tasklet.inputs.values().chain(tasklet.outputs.values());
    if connectors.into_iter().any(|connector| connector.rank > 0) {
        return Err(Refusal::node(node, "has several elements at a connector already"));
    }
    let mut reads_result = false;
    for stmt in code {
        stmt.visit_exprs(&mut |expr| {
            reads_result |= expr.names().iter().any(|name| tasklet.outputs.contains_key(name));
        });
    }
    if reads_result { Err(Refusal::node(node, "reads its own result")) } else { Ok(()) }
}

/// No statement of a lane reads what another one has overwritten: the connectors are the containers' elements themselves.
fn check_in_place(
    around: &Surroundings<'_>,
    state: &State,
    (node, tasklet): (NodeId, &Tasklet),
) -> Result<(), Refusal> {
    let TaskletCode::Native(code) = &tasklet.code else { return Ok(()) };
    let (reads, writes) = (state.in_edges(node), state.out_edges(node));
    let read: Vec<&Name> = reads.iter().filter_map(|edge| Some(&edge.memlet()?.data)).collect();
    // What a view stands for may be anything.
    let may_be_read = |data: &Name| {
        read.iter().any(|it| *it == data || [it, data].iter().any(|it| around.container(it).is_alias()))
    };
    match writes.iter().filter_map(|edge| edge.memlet()).find(|memlet| may_be_read(&memlet.data)) {
        Some(memlet) if !assigns_last(code) => {
            Err(Refusal::node(node, format!("overwrites what it still reads of `{}`", memlet.data)))
        }
        _ => Ok(()),
    }
}

/// Whether nothing is computed after an assignment.
fn assigns_last(code: &[Stmt]) -> bool {
    match code {
        [] | [Stmt::Assign { .. } | Stmt::Store { .. }] => true,
        [Stmt::If { then, otherwise, .. }] => assigns_last(then) && assigns_last(otherwise),
        _ => false,
    }
}

/// The dimension in which a memlet moves by one element from lane to lane; `None` if it stays.
fn movement(around: &Surroundings<'_>, memlet: &Memlet, param: &Name) -> Result<Option<usize>, Refusal> {
    let unknown = || Refusal::unproved(format!("`{memlet}` is not one element beside that of the next lane"));
    let element = memlet.subset.as_element().ok_or_else(unknown)?;
    if memlet.wcr.is_some() || memlet.dynamic {
        return Err(unknown());
    }
    let users: Vec<usize> = (0..element.len()).filter(|&at| element[at].uses(param)).collect();
    match users[..] {
        [] => Ok(None),
        [dim] => {
            let unit = element[dim].coefficient(param).is_some_and(|it| it.is_one());
            let contiguous = around.container(&memlet.data).strides().get(dim).is_some_and(Expr::is_one);
            if unit && contiguous { Ok(Some(dim)) } else { Err(unknown()) }
        }
        _ => Err(unknown()),
    }
}

/// A map like another one, over another range of the innermost parameter; returns its entry.
fn copy(state: &mut State, (entry, map): (NodeId, &Map), tasklet: NodeId, left: Range) -> NodeId {
    let mut dims: Vec<(Name, Range)> = map.params.iter().cloned().zip(map.ranges.iter().cloned()).collect();
    if let Some((_, range)) = dims.last_mut() {
        *range = left;
    }
    let (new, new_exit) = state.add_map(map.label.clone(), dims, map.schedule);
    if let Node::MapEntry(rest) = state.node_mut(new) {
        rest.span = map.span;
    }
    let node = state.node(tasklet).clone();
    let node = state.add_node(node);
    let twin = |id: NodeId| match id {
        id if id == entry => new,
        id if id == map.exit => new_exit,
        id if id == tasklet => node,
        other => other,
    };
    let mut edges: Vec<(NodeId, NodeId, Edge)> = Vec::new();
    let mut take = |all: Vec<EdgeView<'_>>| {
        edges.extend(all.iter().map(|edge| (edge.src, edge.dst, edge.edge.clone())));
    };
    [entry, tasklet, map.exit].into_iter().for_each(|id| take(state.in_edges(id)));
    take(state.out_edges(map.exit));
    for (src, dst, edge) in edges {
        state.add_edge(twin(src), twin(dst), edge);
    }
    new
}

/// Writes the statements of a tasklet for each lane; `arrays` are the connectors that hold one element for each.
fn lanes(tasklet: &mut Tasklet, length: i64, (param, arrays): (&Name, &BTreeSet<Name>)) {
    let connectors = tasklet.inputs.iter_mut().chain(tasklet.outputs.iter_mut());
    for (_, connector) in connectors.filter(|(name, _)| arrays.contains(*name)) {
        *connector = Connector::array(connector.dtype, 1);
    }
    let shared: BTreeSet<Name> =
        tasklet.inputs.keys().filter(|name| !arrays.contains(*name)).cloned().collect();
    let TaskletCode::Native(code) = &mut tasklet.code else { return };
    let statements = std::mem::take(code);
    for stmt in &statements {
        code.extend((0..length).map(|at| Lane { at, param, arrays, shared: &shared }.statement(stmt)));
    }
}

/// One lane of a tasklet.
struct Lane<'a> {
    at: i64,
    param: &'a Name,
    /// Connectors with an element for each lane.
    arrays: &'a BTreeSet<Name>,
    /// Inputs that are the same for all.
    shared: &'a BTreeSet<Name>,
}

impl Lane<'_> {
    fn statement(&self, stmt: &Stmt) -> Stmt {
        let all = |stmts: &[Stmt]| stmts.iter().map(|stmt| self.statement(stmt)).collect();
        match stmt {
            Stmt::Assign { target, value } if self.arrays.contains(target) => Stmt::Store {
                target: target.clone(),
                indices: vec![ScalarExpr::int(self.at)],
                value: self.value(value),
            },
            Stmt::Assign { target, value } => Stmt::assign(self.local(target), self.value(value)),
            Stmt::Store { target, indices, value } => Stmt::Store {
                target: target.clone(),
                indices: indices.iter().map(|index| self.value(index)).collect(),
                value: self.value(value),
            },
            Stmt::If { condition, then, otherwise } => {
                Stmt::If { condition: self.value(condition), then: all(then), otherwise: all(otherwise) }
            }
        }
    }

    fn value(&self, value: &ScalarExpr) -> ScalarExpr {
        match value {
            ScalarExpr::Name(name) if self.arrays.contains(name) => {
                ScalarExpr::Load { name: name.clone(), indices: vec![ScalarExpr::int(self.at)] }
            }
            ScalarExpr::Name(name) if !self.shared.contains(name) => ScalarExpr::Name(self.local(name)),
            ScalarExpr::Symbolic(expr) => {
                ScalarExpr::Symbolic(expr.subs1(self.param, &(Expr::sym(self.param) + self.at)))
            }
            _ => {
                let mut value = value.clone();
                for child in value.children_mut() {
                    *child = self.value(child);
                }
                value
            }
        }
    }

    /// The variable of this lane; sources have no names like this.
    fn local(&self, name: &Name) -> Name {
        format!("__{name}_lane{}", self.at).into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::map::testing::{apply, maps, refusals};
    use dacec_ir::builder::{SdfgBuilder, name};
    use dacec_ir::{DType, Sdfg};

    fn program(size: Expr, read: &str, to: (&str, &str)) -> Sdfg {
        let mut b = SdfgBuilder::new("p");
        for array in ["A", "B"] {
            b.array(array, DType::Float64, [&size * 2]);
        }
        b.array("s", DType::Float64, [Expr::int(1)]);
        let (range, inputs) = (format!("1:{size}"), [("a", "A", read), ("s", "s", "0")]);
        b.state("s").map("m", &[("i", &range)], &inputs, name("a") * name("s") + name("a"), to);
        b.build()
    }

    #[test]
    fn what_does_not_fill_a_vector_is_left_over() {
        for n in [0, 1, 4, 5, 8, 11] {
            let after =
                apply(&Vectorization::default(), &program(Expr::sym("N"), "i", ("B", "i")), &[("N", n)]);
            assert_eq!(maps(&after).len(), 2);
        }
        let after = apply(&Vectorization::default(), &program(Expr::int(9), "i + 1", ("B", "i")), &[]);
        assert_eq!(maps(&after).len(), 1);
        let after = apply(&Vectorization::default(), &program(Expr::int(9), "i", ("A", "i")), &[]);
        assert_eq!(maps(&after).len(), 1);
    }

    #[test]
    fn lanes_lie_side_by_side() {
        let refused =
            |read: &str, to| refusals(&Vectorization::default(), &program(Expr::sym("N"), read, to));
        assert_eq!(refused("2*i", ("B", "i")), ["`A[2*i]` is not one element beside that of the next lane"]);
        assert_eq!(refused("i", ("B", "2*i")), ["`B[2*i]` is not one element beside that of the next lane"]);
        assert_eq!(
            refusals(&Vectorization { length: 1 }, &program(Expr::sym("N"), "i", ("B", "i"))).len(),
            1
        );
    }
}
