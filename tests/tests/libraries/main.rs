//! Libraries that users add through the Rust interface, and the choice between implementations.

mod callbacks;
mod fftw;
mod scale;

use dacec::{Compiler, Error, Options};
use dacec_ir::builder::SdfgBuilder;
use dacec_ir::interp::{self, Tensor};
use dacec_ir::{DType, Expr, Sdfg};
use dacec_runtime::{Arguments, Cache};
use dacec_tests::{run, scratch};
use ndarray::{Array1, Array2, s};
use num_complex::Complex64;
use scale::Scale;
use std::path::Path;
use std::process::Command;

fn compiler() -> Compiler {
    let cache = Cache::private().expect("a private cache can be made");
    Compiler::with_cache(Options::default(), cache).expect("there is a C++ compiler")
}

/// The last row of `B` becomes the first column of `A`, scaled.
fn scaling(dtype: DType) -> Sdfg {
    let n = Expr::sym("N");
    let mut program = SdfgBuilder::new("scaling");
    program.array("A", dtype, [n.clone(), n.clone()]).array("B", dtype, [n.clone(), n]);
    program.state("s").library(
        "scale",
        Scale { factor: 3.0 },
        &[("_x", "A", "0:N, 0"), ("_y", "B", "N - 1, 0:N")],
    );
    program.build()
}

#[test]
fn a_library_of_a_user_is_called() {
    let folder = scratch();
    scale::build(folder.path());
    let compiled = compiler().with_library(scale::library(folder.path())).unwrap();
    let program = compiled.compile(scaling(DType::Float64)).unwrap().load().unwrap();
    let call = |n: usize| {
        let a = Array2::from_shape_fn((n, n), |(i, j)| (10 * i + j) as f64);
        let mut b = Array2::zeros((n, n));
        let outcome = program.call(&mut Arguments::default().array("A", &a).array("B", &mut b));
        outcome.map(|_| (a, b))
    };
    for n in [1, 2, 50] {
        let (a, b) = call(n).unwrap();
        let last: Array1<f64> = b.row(n - 1).to_owned();
        assert_eq!(last, a.column(0).mapv(|value| 3.0 * value));
        assert!(b.slice(s![..n - 1, ..]).iter().all(|&value| value == 0.0));
    }
    let complaint = call(13).unwrap_err().to_string();
    assert!(complaint.contains("the routine `test_scale` could not do its work"), "{complaint}");
}

/// The folder of a library, for a process of its own.
const FOLDER: &str = "DACEC_TEST_LIBRARY_FOLDER";

/// The routine works only after what runs first; what runs last, when the process ends at the latest, makes a file.
#[test]
fn environments_begin_and_end_with_programs() {
    if let Some(folder) = std::env::var_os(FOLDER) {
        let folder = Path::new(&folder);
        let compiler = compiler().with_library(scale::library(folder)).unwrap();
        let program = compiler.compile(scaling(DType::Float64)).unwrap().load().unwrap();
        let (a, mut b) = (Array2::<f64>::ones((2, 2)), Array2::<f64>::zeros((2, 2)));
        program.call(&mut Arguments::default().array("A", &a).array("B", &mut b)).unwrap();
        assert!(!scale::stopped(folder).exists());
        return;
    }
    let folder = scratch();
    scale::build(folder.path());
    let mut itself = Command::new(std::env::current_exe().expect("the test is a file"));
    itself.args(["environments_begin_and_end_with_programs", "--exact"]).env(FOLDER, folder.path());
    run(&mut itself).success();
    assert!(scale::stopped(folder.path()).exists());
}

#[test]
fn what_cannot_be_used_says_why() {
    let folder = scratch();
    let missing = compiler().with_library(scale::library(folder.path())).unwrap_err();
    assert!(matches!(missing, Error::NoLibrary { .. }), "{missing}");
    assert!(missing.to_string().contains("there is no libtest_scale.so"), "{missing}");

    scale::build(folder.path());
    let compiler = compiler().with_library(scale::library(folder.path())).unwrap();
    let refused = compiler.compile(scaling(DType::Int64)).unwrap_err().to_string();
    assert!(refused.contains("routine: the routine has no form for int64"), "{refused}");

    let mut bad = scale::library(folder.path());
    bad.environment.name = "no name".into();
    assert!(matches!(compiler.with_library(bad), Err(Error::LibraryName { .. })));
}

#[test]
fn a_library_that_is_not_given_is_not_called() {
    let folder = scratch();
    scale::build(folder.path());
    let refused = compiler().compile(scaling(DType::Float64)).unwrap_err().to_string();
    assert!(refused.contains("no implementation is known"), "{refused}");
}

#[test]
fn fftw_transforms() {
    let compiler = match compiler().with_library(fftw::library()) {
        Ok(compiler) => compiler,
        Err(reason) => {
            dacec_tests::skip(&format!("{reason} (Debian, Ubuntu: apt-get install libfftw3-double3)"));
            return;
        }
    };
    let n = Expr::sym("N");
    let mut program = SdfgBuilder::new("transform");
    program.array("x", DType::Complex128, [n.clone(), Expr::int(2)]).array("y", DType::Complex128, [n]);
    program.state("s").library("fft", fftw::Fft, &[("_in", "x", "0:N, 1"), ("_out", "y", "0:N")]);
    let sdfg = program.build();
    let loaded = compiler.compile(sdfg.clone()).unwrap().load().unwrap();
    for n in [1, 2, 7, 64, 100] {
        let element = |(i, j): (usize, usize)| Complex64::new((i * i % 7) as f64 + j as f64, (i % 5) as f64);
        let x = Array2::from_shape_fn((n, 2), element);
        let mut y = Array1::<Complex64>::zeros(n);
        loaded.call(&mut Arguments::default().array("x", &x).array("y", &mut y)).unwrap();
        // The operation's meaning, by the interpreter.
        let given = Tensor::new(&[n, 2], x.iter().copied().collect::<Vec<Complex64>>()).unwrap();
        let mut arguments: interp::Arguments = [("x".into(), given)].into_iter().collect();
        arguments.insert("y".into(), Tensor::zeros(DType::Complex128, &[n]));
        interp::run(&sdfg, &mut arguments, &[]).unwrap();
        let expected = &arguments["y"];
        for (at, value) in y.iter().enumerate() {
            let wanted = expected.get(at).to_complex();
            assert!((value - wanted).norm() < 1e-10 * n as f64, "{value} and not {wanted} at {at} of {n}");
        }
    }
}
