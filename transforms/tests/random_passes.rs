//! The interpreter cannot tell before from after, for every pass that can be asked for by name, at every stage at which
//! pipelines run it: on the program as it was written, simplified, with maps for loops, and with libraries expanded.

mod random;

use dacec_ir::Sdfg;
use dacec_transforms::registry::{Entry, entries, request};
use dacec_transforms::{Context, Pipeline, run_pass, simplify};
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;
use random::{after, assert_same, program, statement, verify};

/// What pipelines have done before.
fn stages() -> [Pipeline; 5] {
    let then = |first: Pipeline, names: &[&str]| {
        let pass = |name: &&str| request(name).expect("a registered pass");
        names.iter().fold(first, |pipeline, name| pipeline.then_boxed(pass(name)))
    };
    let with = |names: &[&str]| then(simplify(), names);
    let merged =
        then(Pipeline::new("merged"), &["inline-sdfg", "scalar-to-symbol-promotion", "state-fusion"]);
    let maps = ["propagate-memlets", "loop-to-map", "state-fusion", "loop-to-map", "aug-assign-to-wcr"];
    let expanded = [&maps[..], &["map-collapse", "expand-library"]].concat();
    [Pipeline::new("as written"), merged, simplify(), with(&maps), with(&expanded)]
}

/// Parameters for which there is more to do than with those that passes have by default.
const REQUESTS: [&str; 9] = [
    "vectorization:length=2",
    "map-tiling:sizes=4,3",
    "buffer-tiling:tile_sizes=3",
    "stencil-tiling:time_tile=2:tile_sizes=4",
    "strip-mining:size=4",
    "strip-mining:at=0:size=2",
    "loop-peel:count=3",
    "loop-unroll:limit=2",
    "map-to-for-loop:count=1",
];

/// Every pass, as people ask for it.
fn requests() -> Vec<&'static str> {
    entries().iter().map(|entry| entry.name).chain(REQUESTS).collect()
}

/// Runs a pass; returns whether it changed something.
#[track_caller]
fn check(name: &str, before: &Sdfg) -> bool {
    let pass = request(name).expect("a registered pass");
    let mut rewritten = before.clone();
    let changed = run_pass(pass.as_ref(), &mut rewritten, &mut Context::default()).expect("no check is set");
    if changed.any() {
        assert_eq!(verify(&rewritten), Ok(()), "after {name}");
        assert_same(before, &rewritten);
    }
    changed.any()
}

proptest! {
    #![proptest_config(random::config(8))]

    #[test]
    fn every_pass_keeps_the_meaning(statements in prop::collection::vec(statement(), 1..6)) {
        let before = program(&statements);
        for stage in stages() {
            let (before, _) = after(&stage, &before);
            for name in requests() {
                check(name, &before);
            }
        }
    }
}

/// A property of what never happens says nothing.
#[test]
fn every_pass_has_something_to_do() {
    let mut idle: Vec<Entry> = entries();
    let mut runner = TestRunner::deterministic();
    let strategy = prop::collection::vec(statement(), 5..9);
    for _ in 0..150 {
        let statements = strategy.new_tree(&mut runner).expect("a program").current();
        let before = program(&statements);
        for stage in stages() {
            let (before, _) = after(&stage, &before);
            idle.retain(|entry| {
                let pass = request(entry.name).expect("a registered pass");
                let changed = run_pass(pass.as_ref(), &mut before.clone(), &mut Context::default());
                !changed.expect("no check is set").any()
            });
        }
        if idle.is_empty() {
            return;
        }
    }
    let names: Vec<&str> = idle.iter().map(|entry| entry.name).collect();
    panic!("no program has work for {names:?}");
}
