//! Writes with a conflict resolution: which of them meet, and how they are made.
//!
//! ```text
//! map i { s     (sum)= A[i] }      a copy of s for each thread, combined at the end      (OpenMP reduction)
//! map i { y[i]  (sum)= B[i] }      y[i] = y[i] + B[i]          no other iteration writes y[i]
//! map i { h[k]  (sum)= 1 }         an atomic update            k is not known to differ
//! ```
//!
//! An update needs no protection if different iterations write different elements. That is proved one parameter at a
//! time: a parameter *separates* the writes if some dimension's index is `c*parameter + rest` with a constant `c` that
//! is not zero and a rest that does not change within the map. What is not proved is protected; so are two writes to
//! different elements of one container, such as `y[i]` and `y[i + 1]`.

use super::allocation::changing_symbols;
use super::expressions::Resolve;
use super::maps::parameters;
use super::states::StateContext;
use super::{Function, Result};
use crate::CodegenError;
use crate::tree::{Place, Stmt, Value};
use dacec_ir::analysis::Aliases;
use dacec_ir::subset::Range;
use dacec_ir::{CustomWcr, DType, EdgeId, Expr, Name, NestedSdfg, Node, NodeId, State, Subset, Wcr};
use std::collections::BTreeSet;

/// How a write with a conflict resolution is made.
#[derive(Clone, Debug)]
pub(super) enum WriteMode {
    /// Combines with what is in memory; no other thread does so at the same time.
    Plain,
    /// Combines with what is in memory; other threads may do so at the same time.
    Atomic,
    /// Combines with a local variable, which is combined with the memory later.
    Accumulate(Name, DType),
}

/// A write with a conflict resolution in a map, seen from that map.
#[derive(Clone, Debug)]
pub(super) struct Write {
    pub(super) edge: EdgeId,
    pub(super) data: Name,
    pub(super) subset: Subset,
    pub(super) wcr: Wcr,
    /// Parameters of maps inside of the map, around the write.
    inner: BTreeSet<Name>,
    /// Whether the map has a write to other elements of the container: nothing is proved about two different writes.
    mixed: bool,
}

impl Write {
    /// Whether combining can start from a value that changes nothing, and so in a variable.
    pub(super) fn has_identity(&self) -> bool {
        !matches!(self.wcr, Wcr::Custom(_))
    }

    /// Whether different values of a parameter mean different elements, whatever the other parameters are.
    pub(super) fn separated_by(&self, parameter: &Name, parameters: &[Name]) -> bool {
        !self.mixed && self.subset.dims.iter().any(|dim| self.is_separated_in(dim, parameter, parameters))
    }

    /// The same in one dimension.
    fn is_separated_in(&self, dim: &Range, parameter: &Name, parameters: &[Name]) -> bool {
        let mut names: Vec<Name> = vec![parameter.clone()];
        names.extend(parameters.iter().filter(|other| *other != parameter).cloned());
        names.extend(self.inner.iter().cloned());
        let Some(affine) = dim.start.affine_in(&names) else { return false };
        let others = affine.coefficients[1..].iter().all(|coefficient| coefficient.is_zero());
        let Some(width) = dim.len().as_int().filter(|_| dim.step.is_one()) else { return false };
        let distance = affine.coefficients[0].as_int().unwrap_or(0);
        others && distance != 0 && distance.unsigned_abs() >= width.max(0).unsigned_abs()
    }

    /// Whether the write means the same element in all iterations over the parameters.
    pub(super) fn is_invariant(&self, parameters: &[Name]) -> bool {
        let symbols = self.subset.symbols();
        self.subset.as_element().is_some()
            && symbols.is_disjoint(&self.inner)
            && !parameters.iter().any(|parameter| symbols.contains(parameter))
    }
}

/// Every write with a conflict resolution in a map's scope that other iterations may meet.
pub(super) fn writes(context: &StateContext<'_>, entry: NodeId) -> Vec<Write> {
    let state = context.view.state;
    let mut writes: Vec<Write> = Vec::new();
    for id in state.scope_nodes(entry) {
        let inner = Scopes::around(context, entry, id);
        let found = writes_of(state, id).filter(|write| !inner.own(context, &write.data));
        writes.extend(found.map(|write| Write { inner: inner.parameters(state), ..write }));
    }
    let nested = nested_writes(context, entry);
    for at in 0..writes.len() {
        let write = &writes[at];
        // Where containers may share memory, equal subsets are not the same elements.
        let same = |other: &Write| match other.data == write.data {
            true => other.subset == write.subset,
            false => !context.aliases.may_overlap(&other.data, &write.data),
        };
        let mixed = !writes.iter().chain(&nested).all(same);
        writes[at].mixed = mixed;
    }
    writes
}

/// The maps around a node, up to one that is given.
struct Scopes {
    entry: NodeId,
    inside: Vec<NodeId>,
}

impl Scopes {
    fn around(context: &StateContext<'_>, entry: NodeId, id: NodeId) -> Scopes {
        let inside = context.view.enclosing(id).into_iter().take_while(|&scope| scope != entry).collect();
        Scopes { entry, inside }
    }

    /// Whether an iteration of one of them has the container for itself.
    fn own(&self, context: &StateContext<'_>, data: &Name) -> bool {
        let mut owners = self.inside.iter().chain([&self.entry]);
        owners.any(|owner| context.privates.get(owner).is_some_and(|it| it.contains(data)))
    }

    /// The parameters of those inside of the one that is given.
    fn parameters(&self, state: &State) -> BTreeSet<Name> {
        self.inside.iter().flat_map(|&scope| parameters(state, scope)).cloned().collect()
    }
}

/// The writes with a conflict resolution that a node itself makes.
fn writes_of(state: &State, id: NodeId) -> impl Iterator<Item = Write> + '_ {
    let leaves = !matches!(state.node(id), Node::MapExit { .. });
    state.out_edges(id).into_iter().filter(move |_| leaves).filter_map(|edge| {
        let memlet = edge.memlet()?;
        let (data, subset) = (memlet.data.clone(), memlet.subset.clone());
        Some(Write { edge: edge.id, data, subset, wcr: memlet.wcr?, inner: BTreeSet::new(), mixed: false })
    })
}

/// The writes with a conflict resolution that nested SDFGs in a map's scope make of their own, seen from that map.
fn nested_writes(context: &StateContext<'_>, entry: NodeId) -> Vec<Write> {
    let state = context.view.state;
    let mut writes = Vec::new();
    for id in state.scope_nodes(entry) {
        let Node::Nested(nested) = state.node(id) else { continue };
        let scopes = Scopes::around(context, entry, id);
        for mut write in writes_inside(state, id, nested) {
            if !scopes.own(context, &write.data) {
                write.inner.extend(scopes.parameters(state));
                writes.push(write);
            }
        }
    }
    writes
}

/// The writes with a conflict resolution inside of a nested SDFG to the containers that it is given, in the terms of the state
/// around it. Those that are combined again where they leave are the state's own.
fn writes_inside(state: &State, id: NodeId, nested: &NestedSdfg) -> Vec<Write> {
    let aliases = Aliases::of(&nested.sdfg);
    let changing = changing_inside(nested);
    // What means nothing outside has a name that nothing has there.
    let hidden = |name: &Name| Name::from(format!("{name} inside"));
    let outside = |name: &Name| match nested.symbols.get(name).filter(|_| !changing.contains(name)) {
        Some(value) => value.clone(),
        None => Expr::sym(hidden(name)),
    };
    let mut found: Vec<Write> = Vec::new();
    for inner in nested.sdfg.body.states() {
        for (at, node) in inner.nodes() {
            found.extend(writes_of(inner, at));
            if let Node::Nested(deeper) = node {
                found.extend(writes_inside(inner, at, deeper));
            }
        }
    }
    let mut writes = Vec::new();
    for edge in state.out_edges(id) {
        let (Some(name), Some(memlet)) = (edge.src_conn(), edge.memlet()) else { continue };
        for write in found.iter().filter(|write| aliases.may_overlap(&write.data, name)) {
            if memlet.wcr.is_some() {
                continue;
            }
            let symbols: BTreeSet<Name> = write.subset.symbols();
            let translation = symbols.iter().map(|symbol| (symbol, outside(symbol))).collect();
            let reads = write.subset.dims.iter().flat_map(Range::exprs).any(|expr| !expr.loads().is_empty());
            let exact = write.data == *name && !reads && !write.subset.has_tiles() && !memlet.has_tiles();
            let part = exact.then(|| write.subset.subs(&translation)).and_then(|part| {
                let same_rank = part.rank() == memlet.subset.rank();
                if same_rank {
                    Some(memlet.subset.compose(&part))
                } else {
                    memlet.subset.compose_squeezed(&part)
                }
            });
            let subset = part.unwrap_or_else(|| memlet.subset.clone());
            let inner = symbols.iter().chain(&write.inner).map(hidden).collect();
            let data = memlet.data.clone();
            writes.push(Write { edge: edge.id, data, subset, wcr: write.wcr, inner, mixed: false });
        }
    }
    writes
}

/// Names whose values change while a nested SDFG runs.
fn changing_inside(nested: &NestedSdfg) -> BTreeSet<Name> {
    let mut changing = changing_symbols(&nested.sdfg.body);
    for state in nested.sdfg.body.states() {
        for (id, _) in state.nodes() {
            changing.extend(parameters(state, id).iter().cloned());
            changing.extend(state.range_inputs(id).into_iter().map(|(symbol, _)| symbol.clone()));
        }
    }
    changing
}

/// Whether updates that nested SDFGs in a map's scope make of a container may meet those that other threads make at the same
/// time, where `threads` are the parameters that tell the threads apart.
pub(super) fn nested_writes_meet(
    context: &StateContext<'_>,
    entry: NodeId,
    threads: &[Name],
    data: &Name,
) -> bool {
    let overlaps = |write: &Write| context.aliases.may_overlap(&write.data, data);
    let nested: Vec<Write> = nested_writes(context, entry).into_iter().filter(overlaps).collect();
    let Some(first) = nested.first() else { return false };
    let others: Vec<Write> = writes(context, entry).into_iter().filter(overlaps).collect();
    let parameters = parameters(context.view.state, entry);
    // Updates of several elements do not meet either where one dimension, the same one for all, tells the threads apart.
    let separated = |thread: &Name| {
        first.subset.dims.iter().enumerate().any(|(at, own)| {
            nested.iter().chain(&others).all(|write| {
                write.data == first.data
                    && write.subset.dims.get(at).is_some_and(|dim| {
                        dim.start == own.start && write.is_separated_in(dim, thread, parameters)
                    })
            })
        })
    };
    !threads.iter().all(separated)
}

/// Whether the write is the only use of its container in the map, so that nobody misses the value while it is kept in a
/// variable.
pub(super) fn is_only_use(context: &StateContext<'_>, entry: NodeId, write: &Write) -> bool {
    let state = context.view.state;
    let nodes = state.scope_nodes(entry);
    let overlaps = |name: &Name| context.aliases.may_overlap(name, &write.data);
    let named = |id: &NodeId| state.node(*id).as_access().is_some_and(overlaps);
    if nodes.iter().any(named) {
        return false;
    }
    let leaves =
        nodes.iter().filter(|id| !matches!(state.node(**id), Node::MapEntry(_) | Node::MapExit { .. }));
    leaves
        .flat_map(|&id| state.in_edges(id).into_iter().chain(state.out_edges(id)))
        .all(|edge| edge.id == write.edge || edge.memlet().is_none_or(|memlet| !overlaps(&memlet.data)))
}

/// The names in a conflict resolution that the program defines.
struct Operands {
    old: Value,
    new: Value,
}

impl Resolve for Operands {
    fn name(&self, name: &Name) -> Result<Value> {
        match name.as_str() {
            CustomWcr::OLD => Ok(self.old.clone()),
            CustomWcr::NEW => Ok(self.new.clone()),
            _ => Err(CodegenError::Invalid(format!("a conflict resolution reads `{name}`"))),
        }
    }

    fn load(&self, name: &Name, _: Vec<Value>) -> Result<Value> {
        Err(CodegenError::Invalid(format!("a conflict resolution indexes `{name}`")))
    }
}

impl Function<'_, '_> {
    /// Combines a value with the one that is at a place.
    pub(super) fn update(&self, place: Place, wcr: Wcr, value: Value, atomic: bool) -> Result<Stmt> {
        let Wcr::Custom(custom) = wcr else { return Ok(Stmt::Update { place, wcr, value, atomic }) };
        let operands = Operands { old: place.value(), new: value };
        let value = self.value(custom.value(), &operands)?;
        Ok(Stmt::Combine { place, value, atomic })
    }
}

/// The value that changes nothing when it is combined.
pub(super) fn identity(wcr: Wcr, dtype: DType) -> dacec_ir::Constant {
    use dacec_ir::Constant;
    match wcr {
        Wcr::Sum | Wcr::LogicalOr | Wcr::BitOr | Wcr::BitXor => Constant::of_int(0, dtype),
        Wcr::Product | Wcr::LogicalAnd => Constant::of_int(1, dtype),
        Wcr::BitAnd if dtype == DType::Bool => Constant::Bool(true),
        Wcr::BitAnd if dtype == DType::UInt64 => Constant::UInt(u64::MAX),
        Wcr::BitAnd => Constant::Int(all_bits(dtype), dtype),
        Wcr::Min => extreme(dtype, true),
        Wcr::Max => extreme(dtype, false),
        // What a program defines itself is never kept in a variable: `Write::has_identity`.
        Wcr::Custom(_) => Constant::of_int(0, dtype),
    }
}

fn all_bits(dtype: DType) -> i64 {
    match dtype {
        DType::UInt8 => i64::from(u8::MAX),
        DType::UInt16 => i64::from(u16::MAX),
        DType::UInt32 => i64::from(u32::MAX),
        _ => -1,
    }
}

/// The largest or smallest value of a type.
fn extreme(dtype: DType, largest: bool) -> dacec_ir::Constant {
    use dacec_ir::Constant;
    let bits = || 8 * dtype.size() as u32;
    let infinity = if largest { f64::INFINITY } else { f64::NEG_INFINITY };
    match dtype.kind() {
        dacec_ir::dtype::Kind::Bool => Constant::Bool(largest),
        dacec_ir::dtype::Kind::Float => Constant::Float(infinity, dtype),
        dacec_ir::dtype::Kind::Complex => Constant::Complex(infinity, infinity, dtype),
        // Such types have no order, and programs with them are refused.
        dacec_ir::dtype::Kind::Vector | dacec_ir::dtype::Kind::Handle => Constant::of_int(0, dtype),
        dacec_ir::dtype::Kind::Signed => {
            let largest_value = i64::MAX >> (64 - bits());
            Constant::Int(if largest { largest_value } else { -largest_value - 1 }, dtype)
        }
        dacec_ir::dtype::Kind::Unsigned if !largest => Constant::Int(0, dtype),
        dacec_ir::dtype::Kind::Unsigned if dtype == DType::UInt64 => Constant::UInt(u64::MAX),
        dacec_ir::dtype::Kind::Unsigned => Constant::Int(all_bits(dtype), dtype),
    }
}
