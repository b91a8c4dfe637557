//! Emitted programs, compiled and run.

mod support;

use dacec_ir::builder::{SdfgBuilder, name, value};
use dacec_ir::{BinaryOp, DType, Expr, Memlet, ScalarExpr, Wcr};
use support::{Argument, compile};

fn n() -> Expr {
    Expr::sym("N")
}

#[test]
fn axpy() {
    let mut axpy = SdfgBuilder::new("axpy");
    axpy.scalar("a", DType::Float64);
    axpy.array("x", DType::Float64, [n()]);
    axpy.array("y", DType::Float64, [n()]);
    axpy.state("compute").map(
        "axpy",
        &[("i", "0:N")],
        &[("a", "a", ""), ("xi", "x", "i"), ("yi", "y", "i")],
        name("a") * name("xi") + name("yi"),
        ("y", "i"),
    );
    let library = compile(&axpy.build());
    let mut x: Vec<f64> = (0..1000).map(f64::from).collect();
    let mut y = vec![1.0; 1000];
    let status = library.call(&mut [
        Argument::F64(2.0),
        Argument::F64s(&mut x),
        Argument::F64s(&mut y),
        Argument::I64(1000),
    ]);
    assert_eq!(status, 0);
    assert!(y.iter().enumerate().all(|(i, y)| *y == 2.0 * i as f64 + 1.0));
}

#[test]
fn bad_arguments_are_refused_with_a_message() {
    let mut copy = SdfgBuilder::new("copy");
    copy.array("x", DType::Float64, [n()]);
    copy.array("y", DType::Float64, [n()]);
    copy.state("s").copy(("x", "0:N"), ("y", "0:N"));
    let library = compile(&copy.build());
    let mut y = [0.0; 3];
    assert_eq!(library.call(&mut [Argument::Null, Argument::F64s(&mut y), Argument::I64(3)]), 1);
    assert_eq!(library.error(), "the pointer x is null");
    assert_eq!(library.call(&mut [Argument::Null, Argument::F64s(&mut y), Argument::I64(-1)]), 2);
    assert_eq!(library.error(), "the size N is negative");
    let mut x = [1.0, 2.0, 3.0];
    assert_eq!(library.call(&mut [Argument::F64s(&mut x), Argument::F64s(&mut y), Argument::I64(3)]), 0);
    assert_eq!((y, library.error().as_str()), (x, ""));
}

#[test]
fn optional_arguments_may_be_null() {
    let mut pick = SdfgBuilder::new("pick");
    pick.array("x", DType::Float64, [n()]);
    pick.array("y", DType::Float64, [n()]);
    pick.conditional(
        ScalarExpr::IsNone("x".into()),
        |b| {
            b.state("without").tasklet("t", &[], value(7.0), ("y", "0"));
        },
        |b| {
            b.state("with").copy(("x", "0:N"), ("y", "0:N"));
        },
    );
    let mut sdfg = pick.build();
    if let Some(dacec_ir::Data::Array(array)) = sdfg.containers.get_mut("x") {
        array.optional = true;
    }
    let library = compile(&sdfg);
    let (mut x, mut y) = ([1.0, 2.0, 3.0], [0.0; 3]);
    assert_eq!(library.call(&mut [Argument::Null, Argument::F64s(&mut y), Argument::I64(3)]), 0);
    assert_eq!(y, [7.0, 0.0, 0.0]);
    assert_eq!(library.call(&mut [Argument::F64s(&mut x), Argument::F64s(&mut y), Argument::I64(3)]), 0);
    assert_eq!(y, x);
    assert_eq!(library.call(&mut [Argument::F64s(&mut x), Argument::Null, Argument::I64(3)]), 1);
}

#[test]
fn a_stencil_in_a_loop() {
    let mut jacobi = SdfgBuilder::new("jacobi");
    jacobi.array("A", DType::Float64, [n()]).array("B", DType::Float64, [n()]);
    jacobi.for_loop("t", 0, Expr::sym("T"), |body| {
        for (from, to) in [("A", "B"), ("B", "A")] {
            let third = value(1.0 / 3.0);
            body.state(&format!("to_{to}")).map(
                "mean",
                &[("i", "1:N - 1")],
                &[("l", from, "i - 1"), ("c", from, "i"), ("r", from, "i + 1")],
                third * (name("l") + name("c") + name("r")),
                (to, "i"),
            );
        }
    });
    let library = compile(&jacobi.build());
    let mut a: Vec<f64> = (0..10).map(|i| f64::from(i * i)).collect();
    let mut b = a.clone();
    let (mut expected_a, mut expected_b) = (a.clone(), b.clone());
    let status = library.call(&mut [
        Argument::F64s(&mut a),
        Argument::F64s(&mut b),
        Argument::I64(10),
        Argument::I64(5),
    ]);
    assert_eq!(status, 0);
    for _ in 0..5 {
        for i in 1..9 {
            expected_b[i] = 1.0 / 3.0 * (expected_a[i - 1] + expected_a[i] + expected_a[i + 1]);
        }
        for i in 1..9 {
            expected_a[i] = 1.0 / 3.0 * (expected_b[i - 1] + expected_b[i] + expected_b[i + 1]);
        }
    }
    for (a, expected) in a.iter().zip(&expected_a) {
        assert!((a - expected).abs() < 1e-12);
    }
}

/// `out (wcr)= A` over all of a matrix; which dimensions of `A` the output keeps is said by its subset.
fn reduce(shape: &[Expr], subset: &str, wcr: Wcr) -> support::Library {
    let mut program = SdfgBuilder::new("reduce");
    program.array("A", DType::Float64, [n(), Expr::sym("M")]);
    program.array("out", DType::Float64, shape);
    let dims = [("i", "0:N"), ("j", "0:M")];
    program.state("s").reduction("r", &dims, &[("a", "A", "i, j")], name("a"), ("out", subset), wcr);
    compile(&program.build())
}

fn matrix(rows: usize, columns: usize) -> Vec<f64> {
    (0..rows * columns).map(|k| ((k * 37) % 101) as f64 - 20.0).collect()
}

#[test]
fn sums_of_rows_columns_and_everything() {
    let (rows, columns) = (50, 70);
    let mut a = matrix(rows, columns);
    let sizes = || (Argument::I64(columns as i64), Argument::I64(rows as i64));
    let mut run = |library: support::Library, out: &mut [f64]| {
        let (m, n) = sizes();
        assert_eq!(library.call(&mut [Argument::F64s(&mut a), Argument::F64s(out), m, n]), 0);
    };
    let (mut by_row, mut by_column, mut all) = (vec![1.0; rows], vec![1.0; columns], vec![1.0]);
    run(reduce(&[n()], "i", Wcr::Sum), &mut by_row);
    run(reduce(&[Expr::sym("M")], "j", Wcr::Sum), &mut by_column);
    run(reduce(&[Expr::one()], "0", Wcr::Sum), &mut all);
    let a = matrix(rows, columns);
    for (i, sum) in by_row.iter().enumerate() {
        assert_eq!(*sum, 1.0 + a[i * columns..(i + 1) * columns].iter().sum::<f64>());
    }
    for (j, sum) in by_column.iter().enumerate() {
        assert_eq!(*sum, 1.0 + (0..rows).map(|i| a[i * columns + j]).sum::<f64>());
    }
    assert_eq!(all[0], 1.0 + a.iter().sum::<f64>());
}

#[test]
fn a_maximum_does_not_lose_nan() {
    let library = reduce(&[Expr::one()], "0", Wcr::Max);
    let mut out = [f64::NEG_INFINITY];
    let mut a = matrix(9, 11);
    let call = |a: &mut [f64], out: &mut [f64]| {
        assert_eq!(
            library.call(&mut [Argument::F64s(a), Argument::F64s(out), Argument::I64(11), Argument::I64(9)]),
            0
        );
    };
    call(&mut a, &mut out);
    assert_eq!(out[0], a.iter().copied().fold(f64::MIN, f64::max));
    a[50] = f64::NAN;
    call(&mut a, &mut out);
    assert!(out[0].is_nan());
}

#[test]
fn extremes_are_found_at_every_place_of_every_length() {
    let whole = |wcr| reduce(&[Expr::one()], "0", wcr);
    let rows = |wcr| reduce(&[n()], "i", wcr);
    // What is not an element itself has its lanes in the loop.
    let doubled = |wcr| {
        let mut program = SdfgBuilder::new("doubled");
        program.array("A", DType::Float64, [Expr::sym("M")]).array("out", DType::Float64, [n()]);
        let twice = name("a") + name("a");
        program.state("s").reduction("r", &[("j", "0:M")], &[("a", "A", "j")], twice, ("out", "0"), wcr);
        compile(&program.build())
    };
    let of = |wcr| (whole(wcr), rows(wcr), doubled(wcr));
    let libraries = [(of(Wcr::Max), 1.0), (of(Wcr::Min), -1.0)];
    for count in [1usize, 2, 31, 63, 64, 65, 95, 96, 97, 200, 4095, 4096, 4097, 4160, 9000] {
        for at in [0, 1, 4, 31, 32, 62, 63, 64, 95, 4096, 4100, count - 1] {
            for extreme in [1000.0, f64::INFINITY, f64::NAN] {
                for ((whole, rows, doubled), sign) in &libraries {
                    let mut a = matrix(1, count);
                    a[at.min(count - 1)] = sign * extreme;
                    let mut call = |library: &support::Library, rows: usize| {
                        let mut out = [0.5];
                        let sizes = [count / rows, rows].map(|size| Argument::I64(size as i64));
                        let [columns, rows] = sizes;
                        let status = library.call(&mut [
                            Argument::F64s(&mut a),
                            Argument::F64s(&mut out),
                            columns,
                            rows,
                        ]);
                        assert_eq!(status, 0);
                        out[0]
                    };
                    // One row, and for the whole array rows of one element too.
                    let found = [call(whole, 1), call(whole, count), call(rows, 1), call(doubled, 1) / 2.0];
                    let same = |found: f64| found == sign * extreme || found.is_nan() && extreme.is_nan();
                    assert!(found.into_iter().all(same), "{count} elements, {at}: {found:?}");
                }
            }
        }
    }
}

#[test]
fn a_histogram_is_atomic() {
    let mut program = SdfgBuilder::new("histogram");
    program.array("h", DType::Int64, [Expr::int(10)]);
    let one = ScalarExpr::int(1);
    program.state("s").reduction("r", &[("i", "0:N")], &[], one, ("h", "i % 10"), Wcr::Sum);
    let generated = support::emit(&program.build());
    assert!(generated.kernel_unit.contains("#pragma omp atomic"), "{}", generated.kernel_unit);
    let library = support::compile_generated("histogram", &generated, &[]);
    let mut h = [0; 10];
    assert_eq!(library.call(&mut [Argument::I64s(&mut h), Argument::I64(100_000)]), 0);
    assert_eq!(h, [10_000; 10]);
}

#[test]
fn while_and_if_over_scalars() {
    // n = x; steps = 0; while n != 1: n = n // 2 if n % 2 == 0 else 3*n + 1; steps += 1
    let mut collatz = SdfgBuilder::new("collatz");
    collatz.array("steps", DType::Int64, [Expr::one()]);
    collatz.scalar("x", DType::Int64);
    let int = |value| dacec_ir::builder::Code(ScalarExpr::int(value));
    collatz.while_loop(name("x").op(BinaryOp::Ne, int(1)), |body| {
        body.conditional(
            name("x").op(BinaryOp::Mod, int(2)).op(BinaryOp::Eq, int(0)),
            |then| {
                let half = name("v").op(BinaryOp::FloorDiv, int(2));
                then.state("even").tasklet("half", &[("v", "x", "")], half, ("x", ""));
            },
            |otherwise| {
                otherwise.state("odd").tasklet(
                    "up",
                    &[("v", "x", "")],
                    name("v") * int(3) + int(1),
                    ("x", ""),
                );
            },
        );
        body.state("count").tasklet("count", &[("v", "steps", "0")], name("v") + int(1), ("steps", "0"));
    });
    let library = compile(&collatz.build());
    let mut steps = [0];
    assert_eq!(library.call(&mut [Argument::I64s(&mut steps), Argument::I64(27)]), 0);
    assert_eq!(steps, [111]);
}

#[test]
fn transients_are_allocated_and_copied() {
    let mut program = SdfgBuilder::new("reverse");
    program.array("A", DType::Float64, [n(), n()]);
    program.array("B", DType::Float64, [n(), n()]);
    program.transient("t", DType::Float64, [n(), n()]);
    program.state("out").copy(("A", "0:N, 0:N"), ("t", "0:N, 0:N"));
    program.state("back").copy(("t", "0:N, N - 1:-1:-1"), ("B", "0:N, 0:N"));
    let library = compile(&program.build());
    let mut a = matrix(20, 20);
    let mut b = vec![0.0; 400];
    assert_eq!(library.call(&mut [Argument::F64s(&mut a), Argument::F64s(&mut b), Argument::I64(20)]), 0);
    for i in 0..20 {
        for j in 0..20 {
            assert_eq!(b[i * 20 + j], a[i * 20 + 19 - j]);
        }
    }
}

#[test]
fn two_writes_to_neighbours_are_atomic() {
    // for i in map: y[i] += 1; y[i + 1] += 1
    let mut program = SdfgBuilder::new("neighbours");
    program.array("y", DType::Int64, [n() + 1]);
    let mut state = program.state("s");
    let entry = state.reduction("r", &[("i", "0:N")], &[], ScalarExpr::int(1), ("y", "i"), Wcr::Sum);
    let state = state.state;
    let dacec_ir::Node::MapEntry(map) = state.node(entry) else { panic!("an entry") };
    let exit = map.exit;
    let tasklet = state.successors(entry)[0];
    let neighbour = Memlet::element("y", [Expr::sym("i") + 1]).with_wcr(Wcr::Sum);
    state.connect((tasklet, Some("out")), (exit, Some("IN_y")), neighbour);
    let generated = support::emit(&program.build());
    assert_eq!(generated.kernel_unit.matches("#pragma omp atomic").count(), 2, "{}", generated.kernel_unit);
    let library = support::compile_generated("neighbours", &generated, &[]);
    let mut y = vec![0; 50_001];
    assert_eq!(library.call(&mut [Argument::I64s(&mut y), Argument::I64(50_000)]), 0);
    assert!(y[1..50_000].iter().all(|value| *value == 2) && y[0] == 1 && y[50_000] == 1);
}

/// A map over `x` that gives up where an element is negative.
fn checked() -> dacec_ir::Sdfg {
    let mut inner = SdfgBuilder::new("inner");
    inner.array("x", DType::Float64, [n()]);
    let fail = dacec_ir::control_flow::Effect::Fail {
        message: "an element is \"negative\"".to_owned(),
        span: dacec_ir::Span::new(0, 0, 7),
    };
    let load = ScalarExpr::Load { name: "x".into(), indices: vec![ScalarExpr::Symbolic(Expr::sym("i"))] };
    inner.push(dacec_ir::Block::Conditional(dacec_ir::Conditional {
        branches: vec![dacec_ir::Branch {
            condition: Some(ScalarExpr::binary(BinaryOp::Lt, load, ScalarExpr::float(0.0))),
            body: dacec_ir::Region::new([dacec_ir::Block::Effect(fail)]),
        }],
        ..Default::default()
    }));
    let inner = inner.build();
    let mut outer = SdfgBuilder::new("checked");
    outer.array("x", DType::Float64, [n()]);
    let mut sdfg = outer.build();
    let mut state = dacec_ir::State::new("s");
    let (entry, exit) =
        state.add_map("m", [("i".into(), dacec_ir::Range::full(&n()))], dacec_ir::Schedule::CpuMulticore);
    let access = state.add_access("x");
    let nested = dacec_ir::NestedSdfg {
        sdfg: inner,
        inputs: ["x".into()].into_iter().collect(),
        outputs: Default::default(),
        symbols: [("N".into(), n()), ("i".into(), Expr::sym("i"))].into_iter().collect(),
        span: Default::default(),
    };
    let nested = state.add_node(dacec_ir::Node::Nested(Box::new(nested)));
    let all = || Memlet::new("x", dacec_ir::Subset::full(&[n()]));
    state.connect((access, None), (entry, Some("IN_x")), all());
    state.connect((entry, Some("OUT_x")), (nested, Some("x")), all().dynamic());
    state.order(nested, exit);
    sdfg.body.blocks.push(dacec_ir::Block::State(state));
    sdfg.symbols.insert("N".into(), DType::Int64);
    sdfg
}

#[test]
fn a_check_that_fails_in_a_parallel_loop_ends_the_program_with_its_message() {
    let library = compile(&checked());
    let mut x = vec![1.0; 1000];
    assert_eq!(library.call(&mut [Argument::F64s(&mut x), Argument::I64(1000)]), 0);
    x[617] = -1.0;
    assert_eq!(library.call(&mut [Argument::F64s(&mut x), Argument::I64(1000)]), 6);
    assert_eq!(library.error(), "line 7: an element is \"negative\"");
}
