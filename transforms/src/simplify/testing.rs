//! What the tests of this module share.

use crate::pass::{Changed, Context, Options, Pass};
use crate::pipeline::run_pass;
use dacec_ir::interp::testing::{difference, outcome, random_arguments};
use dacec_ir::interp::{self, Order};
use dacec_ir::{Name, Sdfg, State, validate};

/// Runs a pass on an SDFG and those nested in it. Where it changes something, the result has to be valid and to compute
/// the same as before.
#[track_caller]
pub(crate) fn run(pass: &dyn Pass, sdfg: &mut Sdfg) -> Changed {
    let before = sdfg.clone();
    let changed = run_pass(pass, sdfg, &mut Context::default()).expect("no check is set");
    if changed.any() {
        assert_sound(&before, sdfg);
    }
    changed
}

/// Panics unless the second SDFG is valid and computes the same as the first.
#[track_caller]
pub(crate) fn assert_sound(before: &Sdfg, after: &Sdfg) {
    if let Err(violations) = validate::validate(after) {
        let list: Vec<String> = violations.iter().map(ToString::to_string).collect();
        panic!("the program is invalid:\n{}", list.join("\n"));
    }
    let names = before.free_symbols();
    let symbols: Vec<(&str, i64)> = names.iter().map(|name| (name.as_str(), size(name))).collect();
    // Tests use arrays that are only written in part; what is not written is zero on both sides.
    let options = |order| interp::Options { uninitialized: false, order, ..interp::Options::thorough() };
    for seed in 0..2 {
        let arguments = random_arguments(before, &symbols, seed).expect("sizes for all arguments");
        let expected =
            outcome(before, &symbols, &arguments, &options(Order::Forward)).expect("a program that runs");
        for order in [Order::Forward, Order::Backward] {
            let actual = outcome(after, &symbols, &arguments, &options(order));
            let actual = actual.unwrap_or_else(|error| panic!("after the rewrite: {error}"));
            if let Some(difference) = difference(&expected, &actual) {
                panic!("the rewrite changes the result ({order:?}): {difference}");
            }
        }
    }
}

/// Sizes are larger than indices.
fn size(symbol: &Name) -> i64 {
    if symbol.chars().all(|c| c.is_ascii_uppercase()) { 9 } else { 2 }
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
