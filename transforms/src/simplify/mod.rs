//! Simplification: what every program goes through, whatever it is compiled for.

use crate::pass::Pass;
use crate::pipeline::Pipeline;
use crate::registry::Entry;

mod alias;
pub mod bound_to_symbol;
pub mod check_hoisting;
pub mod condition_fusion;
mod copies;
pub mod dead_container;
pub mod dead_dataflow;
pub mod dead_state;
mod hazards;
mod in_place;
mod inline_names;
pub mod inline_sdfg;
mod known_loads;
pub mod optional_array;
pub mod redundant_array;
pub mod redundant_second_array;
pub mod reference_to_view;
pub mod return_in_place;
pub mod scalar_to_symbol;
pub mod state_fusion;
pub mod symbol_propagation;
#[cfg(test)]
mod testing;
#[cfg(test)]
mod tests;
pub mod trivial_control_flow;

pub(crate) use alias::knows_layout;
pub use bound_to_symbol::BoundToSymbol;
pub use check_hoisting::CheckHoisting;
pub use condition_fusion::ConditionFusion;
pub use copies::Redundant;
pub use dead_container::DeadContainerElimination;
pub use dead_dataflow::DeadDataflowElimination;
pub use dead_state::DeadStateElimination;
pub(crate) use inline_names::{Renaming, relabel};
pub use inline_sdfg::InlineSdfg;
pub use optional_array::OptionalArrayInference;
pub use redundant_array::RedundantArray;
pub use redundant_second_array::RedundantSecondArray;
pub use reference_to_view::ReferenceToView;
pub use return_in_place::ReturnInPlace;
pub(crate) use return_in_place::rename_container;
pub use scalar_to_symbol::ScalarToSymbolPromotion;
pub use state_fusion::StateFusion;
pub use symbol_propagation::SymbolPropagation;
pub use trivial_control_flow::TrivialControlFlow;

/// The passes of this module by name.
pub const ENTRIES: &[Entry] = &[
    Entry::new("dead-container-elimination", "simplify/dead_container.rs", |_| {
        Ok(Box::new(DeadContainerElimination))
    }),
    Entry::new("dead-dataflow-elimination", "simplify/dead_dataflow.rs", |_| {
        Ok(Box::new(DeadDataflowElimination))
    }),
    Entry::new("dead-state-elimination", "simplify/dead_state.rs", |_| Ok(Box::new(DeadStateElimination))),
    Entry::new("inline-sdfg", "simplify/inline_sdfg.rs", |_| Ok(Box::new(InlineSdfg))),
    Entry::new("optional-array-inference", "simplify/optional_array.rs", |_| {
        Ok(Box::new(OptionalArrayInference))
    }),
    Entry::new("redundant-array", "simplify/redundant_array.rs", |_| Ok(Box::new(RedundantArray))),
    Entry::new("redundant-second-array", "simplify/redundant_second_array.rs", |_| {
        Ok(Box::new(RedundantSecondArray))
    }),
    Entry::new("reference-to-view", "simplify/reference_to_view.rs", |_| Ok(Box::new(ReferenceToView))),
    Entry::new("return-in-place", "simplify/return_in_place.rs", |_| Ok(Box::new(ReturnInPlace))),
    Entry::new("scalar-to-symbol-promotion", "simplify/scalar_to_symbol.rs", |_| {
        Ok(Box::new(ScalarToSymbolPromotion))
    }),
    Entry::new("state-fusion", "simplify/state_fusion.rs", |_| Ok(Box::new(StateFusion))),
    Entry::new("bound-to-symbol", "simplify/bound_to_symbol.rs", |_| Ok(Box::new(BoundToSymbol))),
    Entry::new("check-hoisting", "simplify/check_hoisting.rs", |_| Ok(Box::new(CheckHoisting))),
    Entry::new("condition-fusion", "simplify/condition_fusion.rs", |_| Ok(Box::new(ConditionFusion))),
    Entry::new("symbol-propagation", "simplify/symbol_propagation.rs", |_| Ok(Box::new(SymbolPropagation))),
    Entry::new("trivial-control-flow", "simplify/trivial_control_flow.rs", |_| {
        Ok(Box::new(TrivialControlFlow))
    }),
];

/// Removes what the front end left behind: calls, copies, temporaries, states without need.
pub fn simplify() -> Pipeline {
    let passes: Vec<Box<dyn Pass>> = vec![
        Box::new(BoundToSymbol),          // before all: no other pass looks at what bounds read
        Box::new(OptionalArrayInference), // first: an argument that may be None keeps other passes away
        Box::new(ReferenceToView),        // before passes that know views and no references
        Box::new(InlineSdfg),             // first: what follows does not look into calls
        Box::new(ScalarToSymbolPromotion), // before states are fused: it looks for states that compute one integer
        Box::new(SymbolPropagation),
        Box::new(TrivialControlFlow),
        Box::new(DeadStateElimination),
        Box::new(DeadDataflowElimination), // before states are fused, so that they conflict less
        Box::new(CheckHoisting),           // before states are fused: checks keep them apart
        Box::new(StateFusion),
        Box::new(RedundantArray), // the copies that fusion has brought together with what they copy
        Box::new(RedundantSecondArray),
        Box::new(ReturnInPlace),
        Box::new(DeadContainerElimination),
    ];
    Pipeline::new("simplify").until_stable(passes)
}
