//! Random small programs mean the same after optimization, by the reference interpreter; see `random`.

mod random;

use dacec_transforms::{auto_optimize, simplify};
use proptest::prelude::*;
use random::{Element, Statement, after, assert_same, program, statement, verify};

proptest! {
    #![proptest_config(random::config(120))]

    #[test]
    fn optimization_keeps_the_meaning(statements in prop::collection::vec(statement(), 1..6)) {
        let before = program(&statements);
        prop_assert_eq!(verify(&before), Ok(()));
        for pipeline in [simplify(), auto_optimize()] {
            assert_same(&before, &after(&pipeline, &before).0);
        }
    }
}

#[test]
fn the_generator_makes_work_for_the_passes() {
    let element = |array, shift| Element { array, scale: 1, shift };
    let statements = [
        Statement::Map { target: element(3, 0), a: element(0, 0), b: element(1, 1) },
        Statement::Loop { body: vec![(element(1, 0), element(3, 0), element(0, 0))], down: true },
        Statement::Sum { a: element(1, 0) },
        Statement::Nest { transposed: true, shift: 0, same: false },
    ];
    let (_, context) = after(&auto_optimize(), &program(&statements));
    for transformation in ["LoopToMap", "MapCollapse", "MapInterchange"] {
        assert!(
            context.rewrites().contains_key(transformation),
            "{transformation}: {:?}",
            context.rewrites()
        );
    }
}

#[test]
fn an_element_may_be_written_twice_in_an_iteration() {
    let element = |array, scale, shift| Element { array, scale, shift };
    let first = (element(1, 2, -1), element(2, 1, 0), element(2, 1, 0));
    let second = (element(1, 2, -1), element(1, 2, -1), element(0, 1, 0));
    let before = program(&[Statement::Loop { body: vec![first, second], down: false }]);
    let (after, context) = after(&auto_optimize(), &before);
    assert_same(&before, &after);
    assert!(context.rewrites().contains_key("LoopToMap"));
}
