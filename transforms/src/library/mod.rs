//! Library-node expansions: how operations such as `MatMul` are computed.
//!
//! An operation stays one node until late, so that passes see what is computed and not how. An [`Expansion`] then
//! replaces the node by dataflow: maps and tasklets, or the call of an external routine.
//!
//! ```text
//! before:  (A) ─▶ [MatMul] ─▶ (y)          A: N x M, x: M
//!          (x) ─▶
//! after:   (A) ─▶ [map i in 0:N { s = 0; for k in 0:M: s += A[i, k]*x[k]; y[i] = s }] ─▶ (y)
//!          (x) ─▶
//! ```
//!
//! Every operation has several expansions, best first; `pure` stands last, needs nothing, and defines nothing more than
//! the operation. The first whose [`requirement`](Expansion::requirement) holds is taken, unless the node or the caller
//! names one; if none holds, the refusal lists why.
//!
//! A new library is one file with an [`Expansion`] and one line in [`Expansions::default`]; users of the compiler register
//! theirs.

mod accumulate;
pub mod blas;
mod call;
pub mod callback;
mod chosen;
pub mod defined;
pub mod dense;
pub mod einsum;
pub mod fold_gemm;
pub mod gemm;
mod linear;
pub mod mat_vec_fusion;
pub mod matmul;
pub mod order;
pub mod reduce;
pub mod scale_after_product;
pub mod sparse;

pub(crate) use accumulate::identity;
pub use blas::{BlasRoutine, PureBlas};
pub use call::{Call, Operand};
pub use callback::CallFunction;
pub use chosen::{ByLibrary, LIBRARIES};
pub use defined::PureDefinition;
pub use dense::BuiltIn;
pub use einsum::{EinsumGemm, EinsumLoops};
pub use fold_gemm::{FoldIntoGemm, Folding};
pub use gemm::Gemm;
pub(crate) use gemm::SMALL;
pub use mat_vec_fusion::{MatVecFusion, Pair};
pub use matmul::PureMatMul;
pub use order::BuiltInOrder;
pub use reduce::PureReduce;
pub use scale_after_product::{ScaleAfterProduct, Scaled};
pub use sparse::BuiltInCsr;

use crate::surroundings::Surroundings;
use crate::{Refusal, Transformation, with_places};
use dacec_ir::library::defined::DECLARED;
use dacec_ir::library::{Blas, Csr, Dense};
use dacec_ir::{Feature, Name, Node, NodeId, Sdfg, State};
use std::sync::Arc;

/// One way to compute a library operation.
pub trait Expansion: Send + Sync + std::fmt::Debug {
    /// Name of the operation, for example `MatMul`.
    fn op(&self) -> &'static str;

    /// Name of this way, for example `gemm`.
    fn name(&self) -> &'static str;

    /// One sentence for listings.
    fn summary(&self) -> &'static str;

    /// Whether this way can compute the call.
    fn requirement(&self, call: &Call) -> Result<(), Refusal>;

    /// Replaces the node, for which the requirement holds.
    fn expand(&self, around: &mut Surroundings<'_>, state: &mut State, call: Call);
}

/// The expansions that a compiler knows, best first.
#[derive(Clone, Debug)]
pub struct Expansions {
    known: Vec<Arc<dyn Expansion>>,
}

impl Default for Expansions {
    fn default() -> Self {
        let mut known: Vec<Arc<dyn Expansion>> =
            vec![Arc::new(Gemm), Arc::new(PureMatMul), Arc::new(PureReduce)];
        known.extend([Arc::new(EinsumGemm) as Arc<dyn Expansion>, Arc::new(EinsumLoops)]);
        known.extend(Dense::ALL.map(|op| -> Arc<dyn Expansion> { Arc::new(BuiltIn(op)) }));
        known.extend(Csr::NAMES.map(|op| -> Arc<dyn Expansion> { Arc::new(BuiltInCsr(op)) }));
        for op in Blas::NAMES {
            let (routine, pure) = (Arc::new(BlasRoutine(op)), Arc::new(PureBlas(op)));
            // What takes as long as memory does is loops, which fuse.
            match op {
                "Gemv" | "Ger" | "Dot" | "Axpy" | "Scal" | "Nrm2" => known.extend([pure as _, routine as _]),
                _ => known.extend([routine as _, pure as Arc<dyn Expansion>]),
            }
        }
        known.extend(BuiltInOrder::NAMES.map(|op| -> Arc<dyn Expansion> { Arc::new(BuiltInOrder(op)) }));
        let defined = DECLARED.map(|it| it.name).into_iter().chain(Csr::NAMES);
        known.extend(defined.map(|op| -> Arc<dyn Expansion> { Arc::new(PureDefinition(op)) }));
        known.extend(CallFunction::ALL.map(|way| -> Arc<dyn Expansion> { Arc::new(way) }));
        // Nobody gets these without asking.
        known.extend(ByLibrary::all(&known));
        Expansions { known }
    }
}

impl Expansions {
    /// Adds a way to compute an operation, before those that are known.
    pub fn register(&mut self, expansion: Arc<dyn Expansion>) {
        self.known.insert(0, expansion);
    }

    /// Those of one operation, best first.
    pub fn of(&self, op: &str) -> impl Iterator<Item = &Arc<dyn Expansion>> {
        self.known.iter().filter(move |it| it.op() == op)
    }

    /// Every expansion, best first.
    pub fn iter(&self) -> impl Iterator<Item = &Arc<dyn Expansion>> {
        self.known.iter()
    }
}

/// Replaces library nodes by dataflow.
///
/// **Applies** where an expansion's requirement holds. The choice is, in this order: what the node asks for, the first
/// that the caller prefers, the first that is registered.
#[derive(Clone, Debug, Default)]
pub struct ExpandLibrary {
    /// What is known.
    pub expansions: Expansions,
    /// Names of expansions to try before the others, best first.
    pub prefer: Vec<Name>,
}

/// A library node with the way in which it is computed.
#[derive(Debug)]
pub struct Expandable {
    call: Call,
    expansion: Arc<dyn Expansion>,
}

impl Transformation for ExpandLibrary {
    type Place = State;
    type Match = Expandable;

    fn name(&self) -> &'static str {
        "ExpandLibrary"
    }

    /// What an expansion builds touches the operands of the call alone, in the same ways.
    fn handles(&self, _feature: Feature) -> bool {
        true
    }

    fn find(&self, around: &Surroundings<'_>, state: &State, site: NodeId) -> Result<Expandable, Refusal> {
        let Node::Library(node) = state.node(site) else {
            return Err(Refusal::NoMatch("not a library node"));
        };
        let call = Call::of(around, state, site)?;
        let mut reasons = Vec::new();
        for expansion in self.candidates(node.op.name(), node.implementation.as_ref()) {
            match expansion.requirement(&call) {
                Ok(()) => return Ok(Expandable { call, expansion: expansion.clone() }),
                Err(reason) => reasons.push(format!("{}: {reason}", expansion.name())),
            }
        }
        if reasons.is_empty() {
            let wanted = node.implementation.as_ref().map(|name| format!(" `{name}`")).unwrap_or_default();
            reasons.push(format!("no implementation{wanted} is known"));
        }
        Err(Refusal::node(site, format!("({}) cannot be expanded: {}", node.op.name(), reasons.join("; "))))
    }

    fn apply(&self, around: &mut Surroundings<'_>, state: &mut State, found: Expandable) {
        let call = found.call.with_separate_output(around, state);
        found.expansion.expand(around, state, call);
    }
}

impl ExpandLibrary {
    /// What may compute an operation, in order of preference.
    fn candidates(&self, op: &str, wanted: Option<&Name>) -> Vec<&Arc<dyn Expansion>> {
        if let Some(wanted) = wanted {
            return self.expansions.of(op).filter(|it| wanted.as_str() == it.name()).collect();
        }
        let mut candidates: Vec<_> = self.expansions.of(op).collect();
        let rank = |it: &Arc<dyn Expansion>| {
            self.prefer.iter().position(|name| name.as_str() == it.name()).unwrap_or(usize::MAX)
        };
        candidates.sort_by_key(|it| rank(it));
        candidates
    }
}

/// Why library nodes are still there after [`ExpandLibrary`] ran: one refusal for each.
pub fn refusals(sdfg: &Sdfg, expansions: &Expansions) -> Vec<Refusal> {
    let expand = ExpandLibrary { expansions: expansions.clone(), ..ExpandLibrary::default() };
    let mut reasons = Vec::new();
    with_places::<State>(&mut sdfg.clone(), &mut |around, state| {
        for id in state.node_ids() {
            if matches!(state.node(id), Node::Library(_)) {
                reasons.extend(expand.find(around, state, id).err());
            }
        }
    });
    reasons
}

#[cfg(test)]
mod tests;
