//! What the tests of this module share.

use crate::pass::{Changed, Context, Options, Pass};
use crate::pipeline::run_pass;
use dacec_ir::{Sdfg, State};

/// Runs a pass on an SDFG and those nested in it.
pub(crate) fn run(pass: &dyn Pass, sdfg: &mut Sdfg) -> Changed {
    run_pass(pass, sdfg, &mut Context::default()).expect("no check is set")
}

/// The reasons for which a pass leaves an SDFG as it is, or parts of it.
pub(crate) fn refusals(pass: &dyn Pass, sdfg: &Sdfg) -> Vec<String> {
    let mut context = Context::new(Options { explain: true, ..Options::default() });
    let _ = run_pass(pass, &mut sdfg.clone(), &mut context).expect("no check is set");
    context.refusals().iter().map(|refused| refused.reason.to_string()).collect()
}

/// Labels of the states, in order.
pub(crate) fn state_labels(sdfg: &Sdfg) -> Vec<String> {
    sdfg.body.states().iter().map(|state| state.label.to_string()).collect()
}

/// Containers that a state has nodes for, in order of their creation, with numbers of edges in and out.
pub(crate) fn accesses(state: &State) -> Vec<String> {
    let describe = |(id, node): (_, &dacec_ir::Node)| {
        node.as_access().map(|data| format!("{data} {}>{}", state.in_degree(id), state.out_degree(id)))
    };
    state.nodes().filter_map(describe).collect()
}
