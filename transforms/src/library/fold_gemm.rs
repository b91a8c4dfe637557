//! Folding element-wise maps into matrix products: the routine scales, transposes and accumulates for free.
//!
//! ```text
//! before:  map { t[i, k] = alpha*A[k, i] }   gemm(1, t, B, 0, u)   map { C[i, j] = u[i, j] + beta*C[i, j] }
//! after:   gemm(alpha, A transposed, B, beta, C)
//! kept:    map { t[i, k] = A[i, k]*A[i, k] }   …            not a multiple of one element
//!          map { C[i, j] = u[i, j] + beta*C[j, i] }         not the element that is written
//!          map i in 0:3 { C[i, j] = u[i, j] }               not all of the product
//!          map i { d[i] = u[i, i] }                         one parameter for both dimensions
//! ```
//!
//! **Legal when** the map computes nothing but a multiple of one element of an operand (before the product), or the
//! product plus a multiple of the element that it writes (behind it), for all elements of the product; each parameter
//! indexes one dimension, and each dimension has one of its own; the array between map and product is used nowhere else;
//! and nothing may change the operand, or the numbers that are factors, between the map and the product.
//!
//! The routine reads the old value unless its factor is the constant 0, which says that there is none; so a map that
//! multiplies the old value by that constant, which keeps NaN, is not folded.
//!
//! The old value of a result is an input `_old` of the call, so that everyone sees that it is read.

use super::linear::{Linear, linear};
use crate::map::{paths, unchanged};
use crate::surroundings::{Surroundings, facts_inside};
use crate::{Refusal, Transformation};
use dacec_ir::analysis::accesses_at;
use dacec_ir::node::{CallArgument, ExternalCall};
use dacec_ir::state::EdgeView;
use dacec_ir::{
    BinaryOp, Connector, Constant, DType, Data, Edge, Expr, Map, Memlet, Name, Node, NodeId, Range,
    ScalarExpr, State, Stmt, Subset, Tasklet, TaskletCode,
};

/// Folds scaling, transposition and accumulation into calls of the matrix-product routine; see the [module](self).
#[derive(Clone, Copy, Debug, Default)]
pub struct FoldIntoGemm;

/// A map that a call can do; made only by [`FoldIntoGemm::find`].
#[derive(Clone, Debug)]
pub struct Folding {
    call: NodeId,
    entry: NodeId,
    access: NodeId,
    /// The connector of the call at which the array is.
    connector: Name,
    /// The elements that the call touches instead.
    matrix: Memlet,
    /// Distances of rows and columns.
    strides: [Expr; 2],
    /// Where they come from or go to.
    end: NodeId,
    /// What the product is multiplied by.
    alpha: Option<Factor>,
    /// What the old value is multiplied by, and where it comes from.
    beta: Option<(Factor, NodeId)>,
}

/// A number with the scalars that it is made of: leaf name, memlet, source.
pub(super) type Factor = (ScalarExpr, Vec<(Name, Memlet, NodeId)>);

impl Transformation for FoldIntoGemm {
    type Place = State;
    type Match = Folding;

    fn name(&self) -> &'static str {
        "FoldIntoGemm"
    }

    fn find(&self, around: &Surroundings<'_>, state: &State, site: NodeId) -> Result<Folding, Refusal> {
        let Some(call) = gemm_call(state, site) else { return Err(Refusal::NoMatch("not a matrix product")) };
        let mut reason = Refusal::NoMatch("no map before or behind the product");
        for connector in ["_a", "_b"] {
            match operand(around, state, site, connector) {
                Ok(found) => return Ok(found),
                Err(refusal) if refusal.is_interesting() => reason = refusal,
                Err(_) => {}
            }
        }
        // A product that accumulates already has its result in place.
        if !call.arguments[BETA].is_constant_zero() {
            return Err(reason);
        }
        result(around, state, site)
    }

    fn apply(&self, around: &mut Surroundings<'_>, state: &mut State, found: Folding) {
        let reads = found.connector != "_c";
        let edges = if reads { state.in_edges(found.call) } else { state.out_edges(found.call) };
        let at = |edge: &EdgeView<'_>| {
            (if reads { edge.dst_conn() } else { edge.src_conn() }) == Some(&found.connector)
        };
        let old = edges.into_iter().find(at).expect("the call has the connector").id;
        let connector = Some(found.connector.clone());
        state.remove_edge(old);
        let new = |src_conn, dst_conn| Edge { src_conn, dst_conn, memlet: Some(found.matrix.clone()) };
        if reads {
            state.add_edge(found.end, found.call, new(None, connector));
        } else {
            state.add_edge(found.call, found.end, new(connector, None));
        }
        if let Some(alpha) = found.alpha {
            multiply(state, found.call, ALPHA, alpha);
        }
        if let Some((beta, source)) = found.beta {
            multiply(state, found.call, BETA, beta);
            add_input(state, found.call, "_old", Connector::array(dtype_of(around, &found.matrix), 2));
            state.connect((source, None), (found.call, Some("_old")), found.matrix.clone());
        }
        set_strides(state, found.call, &found.connector, found.strides);
        remove_map(around, state, found.entry, found.access);
    }
}

/// Positions of arguments of the routine.
const ALPHA: usize = 3;
const BETA: usize = 10;

fn gemm_call(state: &State, site: NodeId) -> Option<&ExternalCall> {
    match &state.node(site).as_tasklet()?.code {
        TaskletCode::External(call) if call.routine.starts_with("gemm_") && call.arguments.len() > BETA => {
            Some(call)
        }
        _ => None,
    }
}

fn is_number(expr: &ScalarExpr, number: i64) -> bool {
    match expr {
        ScalarExpr::Constant(constant) => *constant == Constant::of_int(number, constant.dtype()),
        _ => false,
    }
}

fn dtype_of(around: &Surroundings<'_>, memlet: &Memlet) -> DType {
    around.container(&memlet.data).dtype()
}

/// An operand that a map computed from another array.
fn operand(
    around: &Surroundings<'_>,
    state: &State,
    call: NodeId,
    connector: &str,
) -> Result<Folding, Refusal> {
    let edge =
        state.in_edges(call).into_iter().find(|edge| edge.dst_conn().is_some_and(|it| it == connector));
    let edge = edge.ok_or(Refusal::NoMatch("no operand"))?;
    let access = edge.src;
    between(around, state, access)?;
    let Node::MapExit { entry } = *state.node(state.in_edges(access)[0].src) else {
        return Err(Refusal::NoMatch("not the result of a map"));
    };
    let whole = scope_value(around, state, entry)?;
    let [term] = &whole.linear.terms[..] else {
        return Err(Refusal::NoMatch("not a multiple of one element"));
    };
    let (read, source) = whole.leaf(&term.leaf);
    let used = edge.memlet().expect("an operand has data");
    let (matrix, strides) = translate(around, whole.map, (&whole.written, &used.subset), &read)?;
    let facts = facts_inside(state, call, &around.facts);
    for write in state.out_edges(call) {
        let written = write.memlet().filter(|it| it.data == matrix.data);
        if written.is_some_and(|it| it.subset.intersects(&matrix.subset, &facts) != Some(false)) {
            return Err(Refusal::conflict(&matrix, written.expect("it was just looked at")));
        }
    }
    let alpha = term.factor.clone().map(|factor| whole.factor(factor));
    let numbers = alpha.iter().flat_map(|(_, numbers)| numbers).map(|(_, number, _)| number);
    for read in numbers.chain([&matrix]) {
        unchanged(around, state, read, (entry, call))?;
    }
    Ok(Folding {
        call,
        entry,
        access,
        connector: connector.into(),
        matrix,
        strides,
        end: source,
        alpha,
        beta: None,
    })
}

/// A result that a map adds to another array, or scales.
fn result(around: &Surroundings<'_>, state: &State, call: NodeId) -> Result<Folding, Refusal> {
    let edge = state.out_edges(call).into_iter().find(|edge| edge.src_conn().is_some_and(|it| it == "_c"));
    let edge = edge.ok_or(Refusal::NoMatch("no result"))?;
    let access = edge.dst;
    between(around, state, access)?;
    let entry = state.out_edges(access)[0].dst;
    if state.node(entry).as_map().is_none() {
        return Err(Refusal::NoMatch("not read by a map"));
    }
    let whole = scope_value(around, state, entry)?;
    let produced = state.node(access).as_access().expect("it is an access");
    let position = whole.linear.terms.iter().position(|term| whole.leaf(&term.leaf).0.data == *produced);
    let position = position.ok_or(Refusal::NoMatch("the result is not added"))?;
    let term = &whole.linear.terms[position];
    let (read, _) = whole.leaf(&term.leaf);
    let used = edge.memlet().expect("a result has data");
    let (matrix, strides) = translate(around, whole.map, (&read, &used.subset), &whole.written)?;
    uses_all(whole.map, &read, &used.subset)?;
    let beta = match &whole.linear.terms[..] {
        [_] => None,
        [_, _] => {
            let other = &whole.linear.terms[1 - position];
            let (old, source) = whole.leaf(&other.leaf);
            if old.data != whole.written.data || old.subset != whole.written.subset {
                return Err(Refusal::unproved(format!("`{old}` is not what is written")));
            }
            if other.factor.as_ref().is_some_and(|factor| is_number(factor, 0)) {
                return Err(Refusal::unproved("the old value is multiplied by 0, which keeps NaN"));
            }
            let one = ScalarExpr::from(Constant::of_int(1, dtype_of(around, &matrix)));
            Some((whole.factor(other.factor.clone().unwrap_or(one)), source))
        }
        _ => return Err(Refusal::NoMatch("more than two summands")),
    };
    for input in state.in_edges(call) {
        if input.memlet().is_some_and(|it| it.data == matrix.data) {
            return Err(Refusal::conflict(input.memlet().expect("it was just looked at"), &matrix));
        }
    }
    let end = state.out_edges(whole.map.exit)[0].dst;
    only_before_and_after(state, &matrix.data, call, entry)?;
    let alpha = term.factor.clone().map(|factor| whole.factor(factor));
    for factor in alpha.iter().chain(beta.iter().map(|(factor, _)| factor)) {
        known_at(around, state, factor, call, (entry, end))?;
    }
    Ok(Folding { call, entry, access, connector: "_c".into(), matrix, strides, end, alpha, beta })
}

/// Refuses a map behind a product that reads only a part of it: the routine would write the elements of all of it.
fn uses_all(map: &Map, read: &Memlet, used: &Subset) -> Result<(), Refusal> {
    let range = |index: &Expr| map.params.iter().position(|it| index.as_symbol() == Some(it));
    let indices = read.subset.as_element().unwrap_or_default();
    let all =
        indices.iter().map(|index| range(index).map(|at| &map.ranges[at])).eq(used.dims.iter().map(Some));
    if all { Ok(()) } else { Err(Refusal::unproved("the map does not use all of the product")) }
}

/// Whether an array only passes values from one node to another.
pub(super) fn between(around: &Surroundings<'_>, state: &State, access: NodeId) -> Result<(), Refusal> {
    let Some(data) = state.node(access).as_access() else { return Err(Refusal::NoMatch("not an array")) };
    let alone = state.in_edges(access).len() == 1 && state.out_edges(access).len() == 1;
    if !alone || !around.is_local_to(state, data) || state.num_accesses(data) != 1 {
        return Err(Refusal::NoMatch("the array is used elsewhere too"));
    }
    Ok(())
}

/// Refuses numbers that may change between a product and the map behind it at `entry`, which writes `end`: they are needed at
/// the product, and will be free once it has ended.
fn known_at(
    around: &Surroundings<'_>,
    state: &State,
    (_, numbers): &Factor,
    call: NodeId,
    (entry, end): (NodeId, NodeId),
) -> Result<(), Refusal> {
    let scopes = state.scopes();
    for (_, number, _) in numbers {
        for node in state.accesses(&number.data) {
            let accesses = accesses_at(state, &around.sdfg.containers, &scopes, node);
            for write in accesses.into_iter().filter(|access| access.is_write) {
                let before = state.reaches(write.end, entry) && !state.reaches(call, write.start);
                if !before && !state.reaches(end, write.start) {
                    return Err(Refusal::used_elsewhere(&number.data, "by a write that may come between"));
                }
            }
        }
    }
    Ok(())
}

/// Refuses accesses of a container that are not known to come before `from` or after `to`, other than those of the map at
/// `to` itself: it will be written at `from`.
fn only_before_and_after(state: &State, data: &Name, from: NodeId, to: NodeId) -> Result<(), Refusal> {
    let exit = paths::exit_of(state, to);
    for access in state.accesses(data) {
        let written = state.in_edges(access);
        let reads_elsewhere =
            state.out_edges(access).iter().any(|edge| edge.dst != to && !state.reaches(edge.dst, from));
        let source = written.is_empty() || written.iter().all(|edge| state.reaches(edge.src, from));
        let sink = written.iter().all(|edge| edge.src == exit || state.reaches(exit, edge.src));
        let before = source && !reads_elsewhere && !state.reaches(from, access);
        let after = !written.is_empty() && sink;
        if !before && !after {
            return Err(Refusal::used_elsewhere(data, "by an access that may come between"));
        }
    }
    Ok(())
}

/// What a map computes.
pub(super) struct Value<'a> {
    pub map: &'a Map,
    pub linear: Linear,
    /// The element that is written.
    pub written: Memlet,
    leaves: Vec<(Name, Memlet, NodeId)>,
}

impl Value<'_> {
    /// What a leaf reads, and from where.
    pub(super) fn leaf(&self, name: &Name) -> (Memlet, NodeId) {
        let found = self.leaves.iter().find(|(leaf, ..)| leaf == name);
        let (_, memlet, source) = found.expect("a value is made of its leaves");
        (memlet.clone(), *source)
    }

    /// A factor with the numbers that it is made of.
    pub(super) fn factor(&self, expr: ScalarExpr) -> Factor {
        let names = expr.names();
        (expr, self.leaves.iter().filter(|(leaf, ..)| names.contains(leaf)).cloned().collect())
    }
}

/// The one value that every iteration of a map writes, as a sum of multiples of elements.
pub(super) fn scope_value<'a>(
    around: &Surroundings<'_>,
    state: &'a State,
    entry: NodeId,
) -> Result<Value<'a>, Refusal> {
    let no = || Refusal::NoMatch("the map computes something else than a sum of multiples of elements");
    let map = state.node(entry).as_map().ok_or_else(no)?;
    let [inner] = state.in_edges(map.exit)[..] else { return Err(no()) };
    let [_] = state.out_edges(map.exit)[..] else { return Err(no()) };
    let written = inner.memlet().filter(|it| it.wcr.is_none() && !it.dynamic).ok_or_else(no)?.clone();
    let mut leaves = Vec::new();
    let mut seen = 0;
    let value = inline(state, entry, inner.src, &mut leaves, &mut seen).ok_or_else(no)?;
    if seen != state.scope_nodes(entry).len() {
        return Err(no());
    }
    let is_number = |leaf: &Name| {
        let data = leaves.iter().find(|(name, ..)| name == leaf).map(|(_, memlet, _)| &memlet.data);
        data.is_some_and(|it| matches!(around.sdfg.container(it), Some(Data::Scalar(_))))
    };
    let linear = linear(&value, dtype_of(around, &written), &is_number).ok_or_else(no)?;
    Ok(Value { map, linear, written, leaves })
}

/// The value of a tasklet with those that feed it written in place; leaves are what comes from outside of the map.
fn inline(
    state: &State,
    entry: NodeId,
    node: NodeId,
    leaves: &mut Vec<(Name, Memlet, NodeId)>,
    seen: &mut usize,
) -> Option<ScalarExpr> {
    let tasklet = state.node(node).as_tasklet()?;
    let TaskletCode::Native(stmts) = &tasklet.code else { return None };
    let [Stmt::Assign { value, .. }] = &stmts[..] else { return None };
    *seen += 1;
    let mut value = value.clone();
    let mut parts = Vec::new();
    for edge in state.in_edges(node) {
        let (Some(memlet), Some(connector)) = (edge.memlet(), edge.dst_conn()) else { continue };
        if edge.src == entry {
            let leaf = Name::from(format!("_v{}", leaves.len()));
            let (source, _) = state.endpoints(state.origin(edge.id)?);
            memlet.subset.as_element()?;
            leaves.push((leaf.clone(), memlet.clone(), source));
            parts.push((connector.clone(), ScalarExpr::Name(leaf)));
            continue;
        }
        let passes = state.node(edge.src).as_access().is_some() && state.out_degree(edge.src) == 1;
        let [before] = state.in_edges(edge.src)[..] else { return None };
        if !passes || before.memlet().is_none_or(|it| it.wcr.is_some()) {
            return None;
        }
        *seen += 1;
        parts.push((connector.clone(), inline(state, entry, before.src, leaves, seen)?));
    }
    value.visit_mut(&mut |part| {
        if let ScalarExpr::Name(name) = part
            && let Some((_, new)) = parts.iter().find(|(connector, _)| connector == name)
        {
            *part = new.clone();
        }
    });
    Some(value)
}

/// The elements of `other` that iterations touch which touch `used` of `here`, and the distances of rows and columns.
///
/// Every parameter is one index of `here`, and one of `other` up to a constant; `here` has no other indices.
pub(super) fn translate(
    around: &Surroundings<'_>,
    map: &Map,
    (here, used): (&Memlet, &Subset),
    other: &Memlet,
) -> Result<(Memlet, [Expr; 2]), Refusal> {
    let no = || Refusal::unproved(format!("`{here}` and `{other}` do not have the same dimensions"));
    let indices = here.subset.as_element().ok_or_else(no)?;
    let elsewhere = other.subset.as_element().ok_or_else(no)?;
    // A parameter of two dimensions is a diagonal.
    let index_of = |param: &Name| indices.iter().any(|index| index.as_symbol() == Some(param));
    if map.params.len() != indices.len() || !map.params.iter().all(index_of) {
        return Err(no());
    }
    let data = around.container(&other.data);
    let mut dims: Vec<Range> = elsewhere.iter().map(|index| Range::index(index.clone())).collect();
    let mut strides = Vec::new();
    for (index, range) in indices.iter().zip(&used.dims) {
        let Some(param) = index.as_symbol().filter(|it| map.params.contains(it)) else { return Err(no()) };
        let mut users = (0..dims.len()).filter(|&at| elsewhere[at].uses(param));
        let (Some(at), None) = (users.next(), users.next()) else { return Err(no()) };
        let shift = &elsewhere[at] - index;
        if map.params.iter().any(|it| shift.uses(it)) || !range.step.is_one() {
            return Err(no());
        }
        dims[at] = Range::new(&range.start + &shift, &range.stop + &shift);
        if range.as_index().is_none() {
            strides.push(data.strides()[at].clone());
        }
    }
    if dims.iter().any(|dim| map.params.iter().any(|it| dim.symbols().contains(it))) {
        return Err(no());
    }
    let strides = strides.try_into().map_err(|_| no())?;
    Ok((Memlet::new(&other.data, Subset::new(dims)), strides))
}

fn call_mut(state: &mut State, call: NodeId) -> &mut Tasklet {
    match state.node_mut(call) {
        Node::Tasklet(tasklet) => tasklet,
        other => unreachable!("the match names a call, this is {other:?}"),
    }
}

fn add_input(state: &mut State, call: NodeId, name: &str, connector: Connector) {
    call_mut(state, call).inputs.insert(name.into(), connector);
}

/// Multiplies a factor of the call by a number. The factor 0 of the old value only says that there is none.
fn multiply(state: &mut State, call: NodeId, argument: usize, (mut factor, leaves): Factor) {
    for (leaf, memlet, source) in leaves {
        let number = call_mut(state, call).inputs.len();
        let connector = Name::from(format!("_scale{number}"));
        factor.rename(&|name| (*name == leaf).then(|| connector.clone()));
        let TaskletCode::External(ExternalCall { arguments, .. }) = &call_mut(state, call).code else {
            continue;
        };
        let CallArgument::Value(dtype, _) = arguments[argument] else { continue };
        add_input(state, call, &connector, Connector::scalar(dtype));
        state.connect((source, None), (call, Some(&connector)), memlet);
    }
    if let TaskletCode::External(ExternalCall { arguments, .. }) = &mut call_mut(state, call).code
        && let CallArgument::Value(_, value) = &mut arguments[argument]
    {
        *value = match is_number(value, 1) || argument == BETA && is_number(value, 0) {
            true => factor,
            false => ScalarExpr::binary(BinaryOp::Mul, value.clone(), factor),
        };
    }
}

/// Sets the distances of rows and columns behind the pointer of a connector.
fn set_strides(state: &mut State, call: NodeId, connector: &Name, strides: [Expr; 2]) {
    let TaskletCode::External(ExternalCall { arguments, .. }) = &mut call_mut(state, call).code else {
        return;
    };
    let pointer =
        arguments.iter().position(|it| matches!(it, CallArgument::Pointer(name) if name == connector));
    let at = pointer.expect("the routine takes every matrix by a pointer");
    for (offset, stride) in strides.into_iter().enumerate() {
        arguments[at + 1 + offset] = CallArgument::Int(stride);
    }
}

/// Removes a map that nobody needs any more, with the array behind or before it and accesses that only it read.
pub(super) fn remove_map(around: &mut Surroundings<'_>, state: &mut State, entry: NodeId, access: NodeId) {
    let exit = paths::exit_of(state, entry);
    let before: Vec<NodeId> = state.predecessors(entry);
    let mut gone = state.scope_nodes(entry);
    gone.extend([entry, exit, access]);
    for node in gone {
        if let Some(Node::Access(data)) = state.remove_node(node) {
            around.uses.remove(&data);
        }
    }
    for source in before {
        if state.contains(source)
            && state.in_degree(source) + state.out_degree(source) == 0
            && let Some(Node::Access(data)) = state.remove_node(source)
        {
            around.uses.remove(&data);
        }
    }
}
