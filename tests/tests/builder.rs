//! The Rust interface: graphs built with the builder, compiled and called with `ndarray` arrays.

use dacec::{Compiler, Options};
use dacec_ir::builder::{SdfgBuilder, name, value};
use dacec_ir::{DType, Expr};
use dacec_runtime::{Arguments, Cache, CallError};
use ndarray::{Array1, Array2, array};

fn compiler() -> Compiler {
    let cache = Cache::private().expect("a private cache can be made");
    Compiler::with_cache(Options::default(), cache).expect("there is a C++ compiler")
}

fn axpy() -> dacec_ir::Sdfg {
    let n = Expr::sym("N");
    let mut builder = SdfgBuilder::new("axpy");
    builder.scalar("a", DType::Float64);
    builder.array("x", DType::Float64, [n.clone()]);
    builder.array("y", DType::Float64, [n]);
    builder.state("compute").map(
        "axpy",
        &[("i", "0:N")],
        &[("a", "a", ""), ("xi", "x", "i"), ("yi", "y", "i")],
        name("a") * name("xi") + name("yi"),
        ("y", "i"),
    );
    builder.build()
}

#[test]
fn axpy_adds_a_multiple() {
    let program = compiler().compile(axpy()).unwrap().load().unwrap();
    for n in [0, 1, 7, 100_003] {
        let x = Array1::from_iter((0..n).map(f64::from));
        let mut y = Array1::from_elem(x.len(), 1.0);
        program.call(&mut Arguments::default().scalar("a", 2.0).array("x", &x).array("y", &mut y)).unwrap();
        assert_eq!(y, x.mapv(|value| 2.0 * value + 1.0));
    }
}

#[test]
fn arguments_that_do_not_fit_are_refused() {
    let program = compiler().compile(axpy()).unwrap().load().unwrap();
    let x = Array1::<f64>::zeros(4);
    let refused = |arguments: &mut Arguments<'_>| -> CallError { program.call(arguments).unwrap_err() };

    let mut short = Array1::<f64>::zeros(3);
    let error = refused(&mut Arguments::default().scalar("a", 1.0).array("x", &x).array("y", &mut short));
    assert!(error.to_string().contains('y'), "{error}");

    let mut single = Array1::<f32>::zeros(4);
    let error = refused(&mut Arguments::default().scalar("a", 1.0).array("x", &x).array("y", &mut single));
    assert!(error.to_string().contains("float32"), "{error}");

    let error = refused(&mut Arguments::default().scalar("a", 1.0).array("x", &x));
    assert!(error.to_string().contains('y'), "{error}");
}

/// Two states in a time loop: b from the neighbours in a, then a from those in b.
#[test]
fn a_stencil_of_two_states() {
    let n = Expr::sym("N");
    let mut builder = SdfgBuilder::new("smooth");
    builder.array("a", DType::Float64, [n.clone(), n.clone()]);
    builder.array("b", DType::Float64, [n.clone(), n.clone()]);
    builder.scalar("unused", DType::Int32);
    builder.for_loop("t", 0, Expr::sym("T"), |body| {
        for (from, to) in [("a", "b"), ("b", "a")] {
            body.state(&format!("{from}_to_{to}")).map(
                "average",
                &[("i", "1:N - 1"), ("j", "1:N - 1")],
                &[
                    ("c", from, "i, j"),
                    ("w", from, "i, j - 1"),
                    ("e", from, "i, j + 1"),
                    ("n", from, "i - 1, j"),
                    ("s", from, "i + 1, j"),
                ],
                value(0.2) * (name("c") + name("w") + name("e") + name("n") + name("s")),
                (to, "i, j"),
            );
        }
    });
    let program = compiler().compile(builder.build()).unwrap().load().unwrap();

    let (size, steps) = (50, 7);
    let start = Array2::from_shape_fn((size, size), |(i, j)| ((3 * i + 7 * j) % 11) as f64);
    let (mut a, mut b) = (start.clone(), start.clone());
    let mut arguments =
        Arguments::default().array("a", &mut a).array("b", &mut b).scalar("unused", 0).scalar("T", steps);
    program.call(&mut arguments).unwrap();
    drop(arguments);

    let (mut x, mut y) = (start.clone(), start);
    for _ in 0..steps {
        average(&x, &mut y);
        average(&y, &mut x);
    }
    assert!((&a - &x).iter().all(|difference| difference.abs() < 1e-12));
    assert!((&b - &y).iter().all(|difference| difference.abs() < 1e-12));
}

fn average(from: &Array2<f64>, to: &mut Array2<f64>) {
    let (rows, columns) = from.dim();
    for i in 1..rows - 1 {
        for j in 1..columns - 1 {
            to[[i, j]] = 0.2
                * (from[[i, j]] + from[[i, j - 1]] + from[[i, j + 1]] + from[[i - 1, j]] + from[[i + 1, j]]);
        }
    }
}

#[test]
fn aliasing_arguments_are_refused() {
    let program = compiler().compile(axpy()).unwrap().load().unwrap();
    let mut y = array![1.0, 2.0, 3.0];
    // SAFETY: the call is refused before anything is read or written.
    let same = unsafe { ndarray::ArrayView1::from_shape_ptr(3, y.as_ptr()) };
    let error = program
        .call(&mut Arguments::default().scalar("a", 1.0).array("x", same).array("y", &mut y))
        .unwrap_err();
    assert!(error.to_string().contains("x") && error.to_string().contains("y"), "{error}");
}
