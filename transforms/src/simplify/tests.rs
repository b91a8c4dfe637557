//! All passes together: on programs as front ends make them, and on random ones.

use super::testing::{assert_sound, state_labels};
use crate::pass::{Context, Options};
use crate::registry;
use crate::simplify::simplify;
use dacec_ir::builder::{SdfgBuilder, name, value};
use dacec_ir::{
    Assignment, BinaryOp, Block, DType, Expr, Memlet, NestedSdfg, Node, ScalarExpr, Sdfg, Subset, validate,
};
use proptest::prelude::*;
use proptest::test_runner::RngSeed;
use std::cell::Cell;

/// Simplifies with a check after every pass.
fn simplified(before: &Sdfg) -> Sdfg {
    let verify = |sdfg: &Sdfg| {
        validate::validate(sdfg)
            .map_err(|all| all.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"))
    };
    let mut context = Context::new(Options { verify: Some(verify), ..Options::default() });
    let mut after = before.clone();
    let _ = simplify().run(&mut after, &mut context).unwrap_or_else(|error| panic!("{error}"));
    after
}

fn subset(text: &str) -> Subset {
    Subset::parse(text).expect("a subset")
}

/// `B[1:-1] = A[:-2] + A[2:]`, as a front end writes it: through a temporary, with a copy, twice, in a loop.
#[test]
fn jacobi_is_two_maps_in_a_loop() {
    let n = Expr::sym("N");
    let mut b = SdfgBuilder::new("jacobi");
    b.array("A", DType::Float64, [n.clone()]).array("B", DType::Float64, [n.clone()]);
    b.transient("t", DType::Float64, [&n - 2]).transient("u", DType::Float64, [&n - 2]);
    b.for_loop("k", 0, Expr::sym("T"), |b| {
        for (from, tmp, to) in [("A", "t", "B"), ("B", "u", "A")] {
            let inputs = [("x", from, "i"), ("y", from, "i + 2")];
            b.state(&format!("add_{to}")).map(
                "add",
                &[("i", "0:N - 2")],
                &inputs,
                name("x") + name("y"),
                (tmp, "i"),
            );
            b.state(&format!("store_{to}")).copy((tmp, "0:N - 2"), (to, "1:N - 1"));
        }
    });
    let before = b.build();
    let after = simplified(&before);
    assert_sound(&before, &after);
    assert_eq!(state_labels(&after), ["add_B"]);
    assert_eq!(after.containers.keys().collect::<Vec<_>>(), ["A", "B"]);
    let maps = after.body.states()[0].nodes().filter(|(_, node)| node.as_map().is_some()).count();
    assert_eq!(maps, 2);
}

/// `A[1:-1] = A[:-2] + A[2:]` needs its temporary.
#[test]
fn an_overlapping_update_keeps_its_temporary() {
    let n = Expr::sym("N");
    let mut b = SdfgBuilder::new("seidel");
    b.array("A", DType::Float64, [n.clone()]).transient("t", DType::Float64, [&n - 2]);
    let inputs = [("x", "A", "i"), ("y", "A", "i + 2")];
    b.state("add").map("add", &[("i", "0:N - 2")], &inputs, name("x") + name("y"), ("t", "i"));
    b.state("store").copy(("t", "0:N - 2"), ("A", "1:N - 1"));
    let before = b.build();
    let after = simplified(&before);
    assert_sound(&before, &after);
    assert!(after.containers.contains_key("t"));
    assert_eq!(after.body.blocks.len(), 1);
}

/// A function that computes a size, calls another one on rows, and returns a copy.
#[test]
fn calls_sizes_and_results_disappear() {
    let n = Expr::sym("n");
    let mut callee = SdfgBuilder::new("scale");
    callee.array("x", DType::Float64, [n.clone()]).scalar("factor", DType::Float64);
    callee.returns("out", DType::Float64, [n.clone()]).transient("r", DType::Float64, [n]);
    let inputs = [("a", "x", "i"), ("f", "factor", "")];
    callee.state("scale").map("m", &[("i", "0:n")], &inputs, name("a") * name("f"), ("r", "i"));
    callee.state("return").copy(("r", "0:n"), ("out", "0:n"));
    callee.push(Block::Return);

    let size = Expr::sym("N");
    let mut b = SdfgBuilder::new("caller");
    b.array("A", DType::Float64, [size.clone(), size.clone()]).scalar("f", DType::Float64);
    b.returns("__return", DType::Float64, [size.clone()]);
    b.transient("row", DType::Float64, [size.clone()]).local("last", DType::Int64);
    let end = ScalarExpr::binary(BinaryOp::Sub, size.clone().into(), ScalarExpr::int(1));
    b.state("last").tasklet("last", &[], end, ("last", ""));
    b.state("zero").map("m", &[("i", "0:N")], &[], value(0.0), ("row", "i"));
    let more = ScalarExpr::binary(BinaryOp::Gt, ScalarExpr::name("last"), ScalarExpr::int(-2));
    b.conditional(
        more,
        |b| {
            let s = b.state("call");
            let call = s.state.add_node(Node::Nested(Box::new(NestedSdfg {
                sdfg: callee.build(),
                inputs: vec!["x".into(), "factor".into()],
                outputs: vec!["out".into()],
                symbols: [("n".into(), size)].into_iter().collect(),
                span: Default::default(),
            })));
            let (a, f, row) = (s.state.add_access("A"), s.state.add_access("f"), s.state.add_access("row"));
            s.state.connect((a, None), (call, Some("x")), Memlet::new("A", subset("2, 0:N")));
            s.state.connect((f, None), (call, Some("factor")), Memlet::scalar("f"));
            s.state.connect((call, Some("out")), (row, None), Memlet::new("row", subset("0:N")));
        },
        |_| {},
    );
    b.state("return").copy(("row", "0:N"), ("__return", "0:N"));
    let before = b.build();
    let after = simplified(&before);
    assert_sound(&before, &after);
    assert_eq!(after.containers.keys().collect::<Vec<_>>(), ["A", "f", "__return"]);
    assert!(matches!(after.body.blocks.as_slice(), [Block::State(_)]), "the condition holds for every size");
    assert!(after.symbols.keys().all(|symbol| *symbol == "N"), "{:?}", after.symbols);
}

/// `statements` lines of element-wise NumPy: two operations through temporaries and a copy each.
fn straight_line(statements: usize) -> Sdfg {
    let n = Expr::sym("N");
    let mut b = SdfgBuilder::new("long");
    for array in ["A", "B", "C"] {
        b.array(array, DType::Float64, [n.clone()]);
    }
    for k in 0..2 * statements {
        b.transient(&format!("t{k}"), DType::Float64, [n.clone()]);
    }
    let arrays = ["A", "B", "C"];
    for k in 0..statements {
        let (x, y, z) = (arrays[k % 3], arrays[(k + 1) % 3], arrays[(k + 2) % 3]);
        let (t, u) = (format!("t{}", 2 * k), format!("t{}", 2 * k + 1));
        let dims = [("i", "0:N")];
        let inputs = [("a", x, "i"), ("b", y, "i")];
        b.state(&format!("add{k}")).map("add", &dims, &inputs, name("a") + name("b"), (&t, "i"));
        b.state(&format!("mul{k}")).map("mul", &dims, &[("a", &t, "i")], name("a") * value(0.5), (&u, "i"));
        b.state(&format!("store{k}")).copy((&u, "0:N"), (z, "0:N"));
    }
    b.build()
}

#[test]
fn a_long_program_becomes_one_state() {
    let statements = 320;
    let mut sdfg = straight_line(statements);
    let _ = simplify().run(&mut sdfg, &mut Context::default()).expect("no check is set");
    assert_eq!(sdfg.body.blocks.len(), 1, "one state is left");
    assert_eq!(sdfg.containers.len(), 3 + statements, "one temporary is left of each statement");
}

#[test]
fn a_long_program_keeps_its_meaning() {
    let before = straight_line(12);
    assert_sound(&before, &simplified(&before));
}

/// A statement of a random program.
#[derive(Clone, Debug)]
enum Statement {
    /// `to[1:9] = from[1 + shift:9 + shift] + other[1:9]`
    Map { from: usize, shift: i64, other: usize, to: usize },
    /// `to[at:at + 4] = from[from_at:from_at + 4]`
    Copy { from: usize, from_at: i64, to: usize, at: i64 },
    /// `to[...] = from[...]`
    Whole { from: usize, to: usize },
    /// `k = k + by`
    Step { by: i64 },
    /// `to[k % 10] = from[1]`
    Store { from: usize, to: usize },
    /// `for j in range(n): …`
    Loop { iterations: i64, body: Vec<Statement> },
    /// `if k < bound: … else: …`
    If { bound: i64, then: Vec<Statement>, otherwise: Vec<Statement> },
}

/// Two arguments and four transients of ten elements each.
const ARRAYS: [&str; 6] = ["A", "B", "t", "u", "v", "w"];

fn statements() -> impl Strategy<Value = Vec<Statement>> {
    let array = || 0..ARRAYS.len();
    let leaf = prop_oneof![
        3 => (array(), -1..=1_i64, array(), array())
            .prop_map(|(from, shift, other, to)| Statement::Map { from, shift, other, to }),
        2 => (array(), 0..=6_i64, array(), 0..=6_i64)
            .prop_filter("a copy has two ends", |(from, _, to, _)| from != to)
            .prop_map(|(from, from_at, to, at)| Statement::Copy { from, from_at, to, at }),
        3 => (array(), array())
            .prop_filter("a copy has two ends", |(from, to)| from != to)
            .prop_map(|(from, to)| Statement::Whole { from, to }),
        1 => (1..3_i64).prop_map(|by| Statement::Step { by }),
        1 => (array(), array()).prop_map(|(from, to)| Statement::Store { from, to }),
    ];
    let nested = leaf.prop_recursive(2, 12, 4, |inner| {
        prop_oneof![
            (0..3_i64, prop::collection::vec(inner.clone(), 1..4))
                .prop_map(|(iterations, body)| Statement::Loop { iterations, body }),
            (0..6_i64, prop::collection::vec(inner.clone(), 0..3), prop::collection::vec(inner, 0..3))
                .prop_map(|(bound, then, otherwise)| Statement::If { bound, then, otherwise }),
        ]
    });
    prop::collection::vec(nested, 1..8)
}

fn program(statements: &[Statement]) -> Sdfg {
    let mut b = SdfgBuilder::new("random");
    for array in &ARRAYS[..2] {
        b.array(array, DType::Float64, [Expr::int(10)]);
    }
    for array in &ARRAYS[2..] {
        b.transient(array, DType::Float64, [Expr::int(10)]);
    }
    step(&mut b, Expr::zero());
    for (at, array) in ARRAYS[2..].iter().enumerate() {
        b.state(&format!("init_{array}")).map("m", &[("i", "0:10")], &[], value(at as f64), (array, "i"));
    }
    emit(&mut b, statements, &Cell::new(0));
    let mut sdfg = b.build();
    sdfg.symbols.insert("k".into(), DType::Int64);
    sdfg
}

fn step(b: &mut SdfgBuilder, value: Expr) {
    b.push(Block::Assign(vec![Assignment { symbol: "k".into(), value: value.into() }]));
}

fn emit(b: &mut SdfgBuilder, statements: &[Statement], count: &Cell<usize>) {
    for statement in statements {
        count.set(count.get() + 1);
        let number = count.get();
        let label = format!("s{number}");
        match statement {
            Statement::Map { from, shift, other, to } => {
                let read = format!("i + {shift}");
                let inputs = [("x", ARRAYS[*from], read.as_str()), ("y", ARRAYS[*other], "i")];
                // The front end's promise: a target that is also read is written through a temporary.
                let tmp = format!("tmp{number}");
                b.transient(&tmp, DType::Float64, [Expr::int(8)]);
                b.state(&label).map("m", &[("i", "1:9")], &inputs, name("x") + name("y"), (&tmp, "i - 1"));
                b.state(&format!("{label}_copy")).copy((&tmp, "0:8"), (ARRAYS[*to], "1:9"));
            }
            Statement::Copy { from, from_at, to, at } => {
                let window = |at: &i64| format!("{at}:{}", at + 4);
                b.state(&label).copy((ARRAYS[*from], &window(from_at)), (ARRAYS[*to], &window(at)));
            }
            Statement::Whole { from, to } => {
                b.state(&label).copy((ARRAYS[*from], "0:10"), (ARRAYS[*to], "0:10"))
            }
            Statement::Step { by } => step(b, Expr::sym("k") + *by),
            Statement::Store { from, to } => {
                b.state(&label).tasklet(
                    "t",
                    &[("x", ARRAYS[*from], "1")],
                    name("x"),
                    (ARRAYS[*to], "k % 10"),
                );
            }
            Statement::Loop { iterations, body } => {
                let variable = format!("j{number}");
                b.for_loop(&variable, 0, *iterations, |b| emit(b, body, count));
            }
            Statement::If { bound, then, otherwise } => {
                let condition = Expr::sym("k").lt(&Expr::int(*bound));
                b.conditional(condition, |b| emit(b, then, count), |b| emit(b, otherwise, count));
            }
        }
    }
}

/// As many cases as `PROPTEST_CASES` asks for, else a few; the same ones in every run, unless `PROPTEST_RNG_SEED` asks for
/// others.
fn config() -> ProptestConfig {
    let asked = |variable: &str| std::env::var_os(variable).is_some();
    let mut config = ProptestConfig { failure_persistence: None, ..ProptestConfig::default() };
    if !asked("PROPTEST_CASES") {
        config.cases = 48;
    }
    if !asked("PROPTEST_RNG_SEED") {
        config.rng_seed = RngSeed::Fixed(1);
    }
    config
}

proptest! {
    #![proptest_config(config())]

    /// Simplifying any small program leaves a valid one with the same results.
    #[test]
    fn simplifying_keeps_the_meaning(statements in statements()) {
        let before = program(&statements);
        assert_sound(&before, &simplified(&before));
    }

    /// So does every single pass.
    #[test]
    fn every_pass_keeps_the_meaning(statements in statements()) {
        let before = program(&statements);
        for entry in super::ENTRIES {
            let mut after = before.clone();
            let pass = registry::request(entry.name).expect("a registered pass");
            let _ = crate::run_pass(pass.as_ref(), &mut after, &mut Context::default()).expect("no check is set");
            assert_sound(&before, &after);
        }
    }
}

#[test]
fn arrays_are_not_merged_across_a_map_that_reads_one_and_writes_the_other() {
    let branch = |bound, then, otherwise| Statement::If { bound, then, otherwise };
    let map = |from, shift, other, to| Statement::Map { from, shift, other, to };
    let before = program(&[
        branch(0, vec![], vec![Statement::Store { from: 5, to: 0 }]),
        Statement::Loop { iterations: 1, body: vec![Statement::Whole { from: 4, to: 2 }] },
        branch(1, vec![map(4, -1, 2, 2)], vec![]),
        Statement::Loop { iterations: 1, body: vec![map(0, 0, 2, 0)] },
    ]);
    assert_sound(&before, &simplified(&before));
}
