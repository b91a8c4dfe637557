//! When and where the memory of transient containers is allocated.
//!
//! | Container | Home |
//! |---|---|
//! | used by one map's iterations only, written there before it is read | the body of that map: each iteration has its own |
//! | any other scalar | the beginning of the function: a loop may carry its value on |
//! | an array whose size is known at the function's entry | there, once for the whole call |
//! | an array whose size depends on symbols that change | before its first use, as far outside as the size is known |
//!
//! Small arrays of constant size lie on the stack ([`STACK_BYTES`] in all), the others on the heap. Persistent arrays
//! are left to the caller, who keeps them between calls.
//!
//! **Sound because** a map's iterations are independent: no value that one of them leaves in a container of its own can
//! be read by another.

use super::handles;
use super::places::{self, Slot, Storage};
use super::states::StateView;
use super::{Function, Result};
use crate::CodegenError;
use crate::tree::{Buffer, Escape, Place, Stmt, Value};
use dacec_ir::analysis::Aliases;
use dacec_ir::{
    Array, Block, Data, Expr, IndexMap, Lifetime, Name, NodeId, Region, ScalarExpr, Sdfg, Storage as Memory,
};
use std::collections::{BTreeMap, BTreeSet};

/// How many bytes of arrays lie on the stack.
pub(super) const STACK_BYTES: i64 = 64 << 10;

/// The largest array that lies on the stack without being asked to.
const LARGEST_STACK_ARRAY: i64 = 16 << 10;

/// Where the transient containers of an SDFG are allocated, except those that belong to a map's iterations.
#[derive(Debug, Default)]
pub(super) struct Homes {
    /// At the beginning.
    top: Vec<Name>,
    /// Before a block: positions from the outside in, with the number of the branch between them.
    blocks: BTreeMap<Vec<usize>, Vec<Name>>,
}

impl Homes {
    pub(super) fn of(sdfg: &Sdfg, aliases: &Aliases) -> Result<Homes> {
        let shared = shared_containers(sdfg, aliases);
        let changing = changing_symbols(&sdfg.body);
        let mut homes = Homes::default();
        for (name, data) in &sdfg.containers {
            if !data.is_transient() || data.is_alias() || !shared.contains(name) {
                continue;
            }
            let symbols: BTreeSet<Name> = data.symbols().intersection(&changing).cloned().collect();
            if symbols.is_empty() {
                homes.top.push(name.clone());
            } else {
                let mut path = Vec::new();
                // What stands for a container is used as long as that.
                let names: Vec<&Name> = [name].into_iter().chain(references(sdfg, name, aliases)).collect();
                find_block(&sdfg.body, &names, &symbols, &mut path)?;
                homes.blocks.entry(path).or_default().push(name.clone());
            }
        }
        Ok(homes)
    }
}

/// Transient containers that belong to the iterations of a map, by the map's entry.
pub(super) fn private_containers(
    sdfg: &Sdfg,
    view: &StateView<'_>,
    aliases: &Aliases,
) -> IndexMap<NodeId, Vec<Name>> {
    let mut accesses: IndexMap<&Name, Vec<NodeId>> = IndexMap::default();
    for &id in &view.order {
        if let Some(name) = view.state.node(id).as_access()
            && sdfg.container(name).is_some_and(|data| data.is_transient() && !data.is_alias())
        {
            accesses.entry(name).or_default().push(id);
        }
    }
    let mut privates: IndexMap<NodeId, Vec<Name>> = IndexMap::default();
    for (name, nodes) in accesses {
        let lives_on = sdfg.container(name).is_some_and(|data| data.lifetime() != Lifetime::Scope);
        if lives_on || references(sdfg, name, aliases).next().is_some() {
            continue;
        }
        for entry in owners(view, &nodes).unwrap_or_default() {
            privates.entry(entry).or_default().push(name.clone());
        }
    }
    privates
}

/// The maps whose iterations each have their own value of the container with these accesses; `None` if some value comes
/// from outside of the maps, or may go there.
fn owners(view: &StateView<'_>, nodes: &[NodeId]) -> Option<Vec<NodeId>> {
    let mut by_map: IndexMap<NodeId, Vec<NodeId>> = IndexMap::default();
    for &id in nodes {
        by_map.entry(*view.enclosing(id).last()?).or_default().push(id);
    }
    let owner = |nodes: &Vec<NodeId>| {
        let written_first = view.state.in_edges(nodes[0]).iter().any(|edge| edge.memlet().is_some());
        view.common_scope(nodes).filter(|_| written_first)
    };
    by_map.values().map(owner).collect()
}

/// Containers with a use that is not one map iteration's own.
fn shared_containers(sdfg: &Sdfg, aliases: &Aliases) -> BTreeSet<Name> {
    let mut shared = BTreeSet::new();
    sdfg.body.visit(&mut |block| uses_of(sdfg, block, aliases, &mut shared));
    shared
}

/// References that may stand for a container.
fn references<'a>(sdfg: &'a Sdfg, name: &'a Name, aliases: &'a Aliases) -> impl Iterator<Item = &'a Name> {
    let is_reference = |name: &&Name| matches!(sdfg.container(name), Some(Data::Reference(_)));
    aliases.others(name).filter(is_reference)
}

/// Adds the containers that a block itself uses, without those of its maps' iterations.
fn uses_of(sdfg: &Sdfg, block: &Block, aliases: &Aliases, used: &mut BTreeSet<Name>) {
    if let Block::State(state) = block {
        let view = StateView::new(state);
        let private: BTreeSet<Name> =
            private_containers(sdfg, &view, aliases).into_values().flatten().collect();
        let accessed = state.nodes().filter_map(|(_, node)| node.as_access());
        used.extend(accessed.filter(|name| !private.contains(*name)).cloned());
    }
    for scalar in block.scalars() {
        scalar.visit(&mut |part| match part {
            ScalarExpr::Name(name) | ScalarExpr::Load { name, .. } => {
                used.insert(name.clone());
            }
            ScalarExpr::Symbolic(expr) => add_reads(expr, used),
            _ => {}
        });
    }
    block.symbolic().into_iter().for_each(|expr| add_reads(expr, used));
}

/// Names in a symbolic expression that may be containers.
fn add_reads(expr: &Expr, used: &mut BTreeSet<Name>) {
    used.extend(expr.loads().into_iter().map(|(name, _)| name.clone()));
    used.extend(expr.symbols());
}

/// Symbols that the region gives values to.
pub(super) fn changing_symbols(region: &Region) -> BTreeSet<Name> {
    let mut changing = BTreeSet::new();
    region.visit(&mut |block| add_changes(block, &mut changing));
    changing
}

/// Adds the symbols that the block itself gives values to.
fn add_changes(block: &Block, changing: &mut BTreeSet<Name>) {
    changing.extend(block.assignments().map(|it| it.symbol.clone()));
    if let Block::Loop(it) = block {
        changing.extend(it.variable().cloned());
    }
}

/// Calls `f` on a block and on all blocks inside of it.
fn visit_block<'a>(block: &'a Block, f: &mut dyn FnMut(&'a Block)) {
    f(block);
    block.regions().into_iter().for_each(|region| region.visit(f));
}

/// The outermost place before all uses of a container from which on the symbols keep their values.
fn find_block(
    region: &Region,
    names: &[&Name],
    symbols: &BTreeSet<Name>,
    path: &mut Vec<usize>,
) -> Result<()> {
    let uses = |block: &Block| {
        let mut used = false;
        visit_block(block, &mut |block| used |= names.iter().any(|name| names_container(block, name)));
        used
    };
    let at: Vec<usize> = (0..region.blocks.len()).filter(|&at| uses(&region.blocks[at])).collect();
    let (Some(&first), Some(&last)) = (at.first(), at.last()) else {
        return Err(CodegenError::Invalid(format!("`{}` is used nowhere", names[0])));
    };
    let mut changing = BTreeSet::new();
    for block in &region.blocks[first..=last] {
        visit_block(block, &mut |block| add_changes(block, &mut changing));
    }
    let Some(symbol) = changing.intersection(symbols).next().cloned() else {
        path.push(first);
        return Ok(());
    };
    if first == last {
        let regions = region.blocks[first].regions();
        let inside: Vec<usize> =
            (0..regions.len()).filter(|&branch| regions[branch].blocks.iter().any(uses)).collect();
        if let [branch] = inside[..] {
            path.extend([first, branch]);
            return find_block(regions[branch], names, symbols, path);
        }
    }
    Err(CodegenError::SizeChanges { container: names[0].clone(), symbol })
}

/// Whether the block itself uses the container.
fn names_container(block: &Block, name: &Name) -> bool {
    let mut used = BTreeSet::new();
    for scalar in block.scalars() {
        scalar.visit(&mut |part| {
            if let ScalarExpr::Name(name) | ScalarExpr::Load { name, .. } = part {
                used.insert(name.clone());
            }
        });
    }
    block.symbolic().into_iter().for_each(|expr| add_reads(expr, &mut used));
    let accessed = block.as_state().is_some_and(|state| !state.accesses(name).is_empty());
    accessed || used.contains(name)
}

impl Function<'_, '_> {
    /// Allocates what lives for the whole function.
    pub(super) fn allocate_at_top(&mut self, out: &mut Vec<Stmt>) -> Result<()> {
        for name in std::mem::take(&mut self.homes.top) {
            self.allocate(&name, out)?;
        }
        Ok(())
    }

    /// Allocates what lives from the current block on.
    pub(super) fn allocate_before_block(&mut self, out: &mut Vec<Stmt>) -> Result<()> {
        for name in self.homes.blocks.get(&self.path).cloned().unwrap_or_default() {
            self.allocate(&name, out)?;
        }
        Ok(())
    }

    /// Allocates a transient container here, or at the program's entry where it can be.
    pub(super) fn allocate(&mut self, name: &Name, out: &mut Vec<Stmt>) -> Result<()> {
        let storage = match self.data(name)?.clone() {
            Data::Scalar(scalar) => {
                let local = self.shared.names.local(name);
                let dtype = scalar.dtype;
                if scalar.zeroed {
                    return Err(unkept(name));
                }
                out.push(Stmt::Declare { name: local.clone(), dtype, value: None, constant: false });
                Storage::Scalar(Place::Variable(local, dtype))
            }
            Data::Array(array) => {
                let strides = array.strides.iter().map(|stride| self.expr(stride)).collect::<Result<_>>()?;
                let pointer = self.allocate_array(name, &array, out)?;
                Storage::Array { pointer, dtype: array.dtype, strides }
            }
            Data::Stream(stream) => {
                handles::check_memory(name, stream.dtype)?;
                self.allocate_stream(name, &stream, out)?
            }
            Data::View(_) | Data::Reference(_) => {
                return Err(CodegenError::Invalid(format!("`{name}` has no memory of its own")));
            }
            Data::Constant(constant) => {
                let (local, dtype) = (self.shared.names.local(name), constant.dtype());
                let values = constant.values();
                let values = (0..values.len()).map(|at| values.get(at).to_constant()).collect();
                out.push(Stmt::ConstantArray { name: local.clone(), dtype, values });
                match constant.shape() {
                    [] => Storage::Scalar(places::first_element(&local, dtype)),
                    _ => Storage::Array { pointer: local, dtype, strides: constant.strides().to_vec() },
                }
            }
        };
        let private = self.shared.region.parallel;
        self.slots.insert(name.clone(), Slot { storage, private });
        Ok(())
    }

    fn allocate_array(&mut self, name: &Name, array: &Array, out: &mut Vec<Stmt>) -> Result<Name> {
        let dtype = array.dtype;
        if let Memory::GpuGlobal | Memory::GpuShared = array.storage {
            let what = format!("is in `{}`, which the C++ backend does not have", array.storage.name());
            return Err(CodegenError::unsupported(format!("container `{name}`"), what));
        }
        if array.lifetime == Lifetime::External {
            let what = "is allocated by the program's user, for which the interface has no place";
            return Err(CodegenError::unsupported(format!("container `{name}`"), what));
        }
        let count = self.expr(&extent(array))?;
        if let Some(count) = count.as_int()
            && !array.zeroed
            && self.fits_stack(count, array)
        {
            let local = self.shared.names.local(name);
            out.push(Stmt::StackArray { name: local.clone(), dtype, count: count.max(1) });
            return Ok(local);
        }
        handles::check_memory(name, dtype)?;
        if array.storage == Memory::Register {
            return Err(CodegenError::RegisterSize(name.clone()));
        }
        let at_entry = count.symbols().is_subset(&self.shared.entry_symbols) && !self.shared.region.parallel;
        if at_entry && array.lifetime.outlives_call() {
            let name = self.shared.names.global(name);
            let extents = self.extents(array, count)?;
            self.shared.persistent.push(Buffer { name: name.clone(), dtype, extents, zeroed: array.zeroed });
            return Ok(name);
        }
        if array.zeroed {
            return Err(unkept(name));
        }
        let extents = self.extents(array, count)?.into_iter().map(Value::Index).collect();
        if at_entry {
            let name = self.shared.names.global(name);
            let on_failure = Escape::Return;
            self.shared.entry.push(Stmt::HeapArray { name: name.clone(), dtype, extents, on_failure });
            return Ok(name);
        }
        self.note_failure();
        let name = self.shared.names.local(name);
        let on_failure = self.shared.failure.clone();
        out.push(Stmt::HeapArray { name: name.clone(), dtype, extents, on_failure });
        Ok(name)
    }

    /// Numbers whose product is the number of elements: several where that could wrap.
    fn extents(&self, array: &Array, count: Expr) -> Result<Vec<Expr>> {
        let unknown: Vec<&Expr> = array.shape.iter().filter(|extent| extent.as_int().is_none()).collect();
        if unknown.len() < 2 || !array.is_c_contiguous() {
            return Ok(vec![count]);
        }
        let mut extents = unknown.into_iter().map(|extent| self.expr(extent)).collect::<Result<Vec<_>>>()?;
        let known = array.shape.iter().filter_map(Expr::as_int).fold(1, i64::saturating_mul);
        extents.extend((known != 1).then(|| Expr::int(known)));
        Ok(extents)
    }

    /// Whether an array of constant size goes on the stack; if so, its bytes are taken.
    fn fits_stack(&mut self, count: i64, array: &Array) -> bool {
        let bytes = count.max(1).saturating_mul(array.dtype.size() as i64);
        let wanted = match array.storage {
            Memory::Register | Memory::ThreadLocal => true,
            Memory::GpuGlobal | Memory::GpuShared => false,
            Memory::Heap | Memory::Pinned => false,
            Memory::Default => !array.lifetime.outlives_call() && bytes <= LARGEST_STACK_ARRAY,
        };
        let fits = wanted && bytes <= self.shared.stack_left;
        if fits {
            self.shared.stack_left -= bytes;
        }
        fits
    }

    /// Remembers that the code that is being lowered can fail where it cannot return.
    pub(super) fn note_failure(&mut self) {
        if matches!(self.shared.failure, Escape::Label(_)) {
            self.shared.parallel_failures = true;
            self.shared.iteration_fails = true;
        }
    }
}

/// Why a container that is 0 when it is allocated, which zeros of the program's own are only if it is kept, has no place.
fn unkept(name: &Name) -> CodegenError {
    let what = "is to begin with zeros once and to be kept between calls, which the interface has a place for only if it is \
                an array whose size is known when the program is called";
    CodegenError::unsupported(format!("container `{name}`"), what)
}

/// Number of elements from the first to the last one.
fn extent(array: &Array) -> Expr {
    if array.is_c_contiguous() {
        return array.num_elements();
    }
    let dims = array.shape.iter().zip(&array.strides);
    dims.fold(Expr::one(), |sum, (extent, stride)| sum + (extent - 1) * stride)
}
