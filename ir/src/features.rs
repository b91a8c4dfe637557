//! What a program uses beyond arrays, maps and structured control flow.
//!
//! Passes and backends that cannot deal with a feature ask for it first and refuse the whole program: a pass that does
//! not know of views, for example, would take a write through one for a write that nobody reads.

use crate::dtype::Kind;
use crate::symbolic::Atom;
use crate::{Block, Data, Memlet, Name, Node, ScalarExpr, Sdfg, State, Stmt, TaskletCode, Wcr};
use std::collections::BTreeSet;
use std::fmt;

/// Something that not every pass and backend can deal with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Feature {
    /// Containers that are constant.
    Constants,
    /// Views: containers with the memory of another one.
    Views,
    /// References: containers whose memory is chosen while the program runs.
    References,
    /// Streams.
    Streams,
    /// Scopes that consume a stream.
    Consume,
    /// State machines.
    Machines,
    /// Conflict resolutions that the program defines.
    CustomResolutions,
    /// Tasklets in another language, or code of one around the program.
    ForeignCode,
    /// Containers of vectors.
    Vectors,
    /// Containers of addresses, or of handles of libraries.
    Handles,
    /// Arrays whose indices do not begin with 0.
    Offsets,
    /// Containers that are 0 when their lifetime begins.
    Zeroed,
    /// Maps with ranges that depend on data.
    DynamicRanges,
    /// Subsets with tiles.
    Tiles,
    /// Arguments that callers may leave out.
    OptionalArrays,
    /// Symbolic expressions on control flow, bounds of loops among them, that read memory.
    SymbolicReads,
}

impl Feature {
    /// What people call the feature.
    pub fn name(self) -> &'static str {
        match self {
            Feature::Constants => "constants",
            Feature::Views => "views",
            Feature::References => "references",
            Feature::Streams => "streams",
            Feature::Consume => "consume scopes",
            Feature::Machines => "state machines",
            Feature::CustomResolutions => "conflict resolutions of its own",
            Feature::ForeignCode => "code in another language",
            Feature::Vectors => "vectors",
            Feature::Handles => "addresses or handles",
            Feature::Offsets => "arrays whose indices do not begin with 0",
            Feature::Zeroed => "containers that begin with zeros",
            Feature::DynamicRanges => "ranges that depend on data",
            Feature::Tiles => "subsets with tiles",
            Feature::OptionalArrays => "arguments that may be None",
            Feature::SymbolicReads => "symbolic bounds or conditions that are read from memory",
        }
    }
}

impl fmt::Display for Feature {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// What an SDFG and those nested in it use. Each element is looked at once.
pub fn features(sdfg: &Sdfg) -> BTreeSet<Feature> {
    let mut found = BTreeSet::new();
    collect(sdfg, &mut found);
    found
}

fn collect(sdfg: &Sdfg, found: &mut BTreeSet<Feature>) {
    found.extend(sdfg.containers.values().filter_map(|data| match data {
        Data::Array(_) | Data::Scalar(_) => None,
        Data::Stream(_) => Some(Feature::Streams),
        Data::View(_) => Some(Feature::Views),
        Data::Reference(_) => Some(Feature::References),
        Data::Constant(_) => Some(Feature::Constants),
    }));
    found.extend(sdfg.containers.values().filter_map(|data| match data.dtype().kind() {
        Kind::Vector => Some(Feature::Vectors),
        Kind::Handle => Some(Feature::Handles),
        _ => None,
    }));
    if sdfg.containers.values().any(|data| !data.offset().is_empty()) {
        found.insert(Feature::Offsets);
    }
    if sdfg.containers.values().any(Data::is_optional) {
        found.insert(Feature::OptionalArrays);
    }
    // What is kept between calls is made once, where it is allocated.
    if sdfg.containers.values().any(|data| data.is_zeroed() && !data.lifetime().outlives_call()) {
        found.insert(Feature::Zeroed);
    }
    if !sdfg.sections.is_empty() {
        found.insert(Feature::ForeignCode);
    }
    sdfg.body.visit(&mut |block| match block {
        Block::Machine(_) => {
            found.insert(Feature::Machines);
        }
        Block::State(state) => collect_state(state, found),
        _ => visit_symbolic(block, &mut |atom| {
            if let Atom::Load(..) = atom {
                found.insert(Feature::SymbolicReads);
            }
        }),
    });
    if !scalars_read_as_symbols(sdfg).is_empty() {
        found.insert(Feature::SymbolicReads);
    }
}

/// Scalars that symbolic expressions on control flow read as they would symbols, and which the SDFG may change: not those
/// of its [constant arguments](Sdfg::is_constant_argument).
pub fn scalars_read_as_symbols(sdfg: &Sdfg) -> BTreeSet<Name> {
    let mut scalars = BTreeSet::new();
    sdfg.body.visit(&mut |block| {
        visit_symbolic(block, &mut |atom| {
            if let Atom::Symbol(name) = atom
                && sdfg.containers.contains_key(name)
                && !sdfg.symbols.contains_key(name)
            {
                scalars.insert(name.clone());
            }
        });
    });
    scalars.retain(|name| !sdfg.is_constant_argument(name));
    scalars
}

/// Calls `f` with everything in the symbolic expressions of a block's control flow.
fn visit_symbolic(block: &Block, f: &mut dyn FnMut(&Atom)) {
    block.symbolic().into_iter().for_each(|bound| bound.visit(f));
    for scalar in block.scalars() {
        scalar.visit(&mut |part| {
            if let ScalarExpr::Symbolic(expr) = part {
                expr.visit(f);
            }
        });
    }
}

fn collect_state(state: &State, found: &mut BTreeSet<Feature>) {
    for (_, node) in state.nodes() {
        match node {
            Node::MapEntry(map) if map.consume.is_some() => {
                found.insert(Feature::Consume);
            }
            Node::Tasklet(tasklet) => match &tasklet.code {
                TaskletCode::Foreign(_) => drop(found.insert(Feature::ForeignCode)),
                TaskletCode::Native(code) if code.iter().any(makes_vectors) => {
                    found.insert(Feature::Vectors);
                }
                _ => {}
            },
            Node::Nested(nested) => collect(&nested.sdfg, found),
            _ => {}
        }
    }
    if state.edges().any(|edge| state.range_input(edge).is_some()) {
        found.insert(Feature::DynamicRanges);
    }
    if state.edges().any(|edge| edge.memlet().is_some_and(Memlet::has_tiles)) {
        found.insert(Feature::Tiles);
    }
    let custom = |wcr: Option<Wcr>| matches!(wcr, Some(Wcr::Custom(_)));
    if state.edges().any(|edge| edge.memlet().is_some_and(|memlet| custom(memlet.wcr))) {
        found.insert(Feature::CustomResolutions);
    }
}

/// Whether a statement makes vectors of numbers.
pub(crate) fn makes_vectors(stmt: &Stmt) -> bool {
    let mut found = false;
    stmt.visit_exprs(&mut |expr| {
        expr.visit(&mut |part| {
            found |= matches!(part, ScalarExpr::Cast(dtype, _) if dtype.as_vector().is_some());
        });
    });
    found
}
