//! Every operation of BLAS, in every form, by every implementation and for every type: the results are NumPy's.
//!
//! One program holds all cases, so that one compilation tests an implementation. Operands are whole arrays, parts of larger
//! ones, or every second row and column; results are updated in place, or elsewhere.

mod cases;
mod emitted;
mod golden;
#[path = "../operations/mod.rs"]
mod operations;
mod sparse;

use cases::{Case, cases, inputs, program};
use dacec::{Options, interpret};
use dacec_ir::library::blas::Blas;
use dacec_ir::{DType, interp};
use dacec_runtime::{ArrayBuf, BlasProvider, Cache, Environment, OptLevel};
use dacec_tests::skip;
use num_complex::Complex64;
use operations::{Arrays, Sizes};
use serde_json::json;

/// Sizes m, n and k: one, small, none, and the last are larger than the blocks of the built-in routines, and enough work for two threads.
const SIZES: [[i64; 3]; 6] = [[1, 1, 1], [3, 5, 4], [9, 1, 2], [0, 3, 4], [2, 5, 0], [210, 200, 260]];

/// Types of elements: one real and one complex type, or all with `DACEC_TEST_BLAS=full`.
fn types() -> &'static [DType] {
    match std::env::var("DACEC_TEST_BLAS") {
        Ok(value) if value == "full" => {
            &[DType::Float32, DType::Float64, DType::Complex64, DType::Complex128]
        }
        _ => &[DType::Float64, DType::Complex64],
    }
}

/// What the containers are after all cases, by NumPy; `None` without it.
fn expected(cases: &[Case], sizes: [i64; 3], arrays: &Arrays) -> Option<Arrays> {
    let symbols = json!({ "m": sizes[0], "n": sizes[1], "k": sizes[2] });
    operations::expected("blas/oracle.py", cases.iter().map(Case::to_json).collect(), symbols, arrays)
}

fn values(array: &ArrayBuf) -> Vec<Complex64> {
    let real = |values: Vec<f64>| values.into_iter().map(Complex64::from).collect();
    match array.dtype() {
        DType::Float32 => real(array.as_slice::<f32>().expect("floats").iter().map(|&x| x.into()).collect()),
        DType::Float64 => real(array.as_slice::<f64>().expect("doubles").to_vec()),
        DType::Complex64 => {
            let all = array.as_slice::<num_complex::Complex32>().expect("complex floats").iter();
            all.map(|z| Complex64::new(z.re.into(), z.im.into())).collect()
        }
        _ => array.as_slice::<Complex64>().expect("complex doubles").to_vec(),
    }
}

/// Panics with the case whose container differs.
#[track_caller]
fn assert_close(what: &str, cases: &[Case], expected: &Arrays, actual: &Arrays, dtype: DType) {
    let tolerance = if dtype.real() == DType::Float32 { 2e-4 } else { 1e-11 };
    for (name, actual) in actual {
        let (actual, expected) = (values(actual), values(&expected[name]));
        let size = expected.iter().map(|it| it.norm()).fold(1.0, f64::max);
        for (at, (a, b)) in actual.iter().zip(&expected).enumerate() {
            let case = cases.iter().find(|case| case.result.0 == name.as_str());
            assert!(
                (a - b).norm() <= tolerance * size,
                "{what}, {dtype}: element {at} of `{name}` is {a} and not {b}: {case:?}"
            );
        }
    }
}

fn symbols(sizes: [i64; 3]) -> Sizes {
    operations::sizes(["m", "n", "k"], sizes)
}

/// Runs the compiled program of all cases, with all sizes.
fn check(what: &str, dtype: DType, blas: BlasProvider, implementation: &str) {
    let cases = cases(dtype);
    let options = Options {
        // What is tested is not what the optimizer makes of a hundred states.
        opt: OptLevel::O1,
        passes: Some(OptLevel::O0),
        verify_each: true,
        blas,
        implementations: Blas::NAMES.iter().map(|&op| (op.into(), implementation.into())).collect(),
        ..Options::default()
    };
    let loaded = operations::loaded(what, program(&cases, dtype), options);
    for sizes in SIZES {
        let before = inputs(&cases, sizes, dtype);
        let Some(expected) = expected(&cases, sizes, &before) else { return };
        let after = operations::called(what, &loaded, &before, symbols(sizes));
        assert_close(&format!("{what} {sizes:?}"), &cases, &expected, &after, dtype);
    }
}

#[test]
fn the_interpreter_agrees_with_numpy() {
    for &dtype in types() {
        let cases = cases(dtype);
        let sdfg = program(&cases, dtype);
        for sizes in &SIZES[..5] {
            let before = inputs(&cases, *sizes, dtype);
            let Some(expected) = expected(&cases, *sizes, &before) else { return };
            let after = interpret::run(&sdfg, &symbols(*sizes), &before, &interp::Options::default());
            let after = after.unwrap_or_else(|error| panic!("{dtype} {sizes:?}: {error}"));
            assert_close(&format!("interpreted {sizes:?}"), &cases, &expected, &after, dtype);
        }
    }
}

#[test]
fn loops_agree_with_numpy() {
    for &dtype in types() {
        check("pure", dtype, BlasProvider::BuiltIn, "pure");
    }
}

#[test]
fn built_in_routines_agree_with_numpy() {
    for &dtype in types() {
        check("built-in", dtype, BlasProvider::BuiltIn, "blas");
    }
}

/// Whether this machine has a library; says what is missing otherwise.
fn has(blas: BlasProvider) -> bool {
    let cache = Cache::private().expect("a private cache can be made");
    let toolchain = dacec_runtime::Toolchain::find(&cache).expect("there is a C++ compiler");
    let environment = Environment::of(blas).expect("it is a library of the machine");
    let found = environment.find(&toolchain).is_some();
    if !found {
        skip(&format!("{} was not found ({})", environment.name, environment.install));
    }
    found
}

#[test]
fn libraries_of_the_machine_agree_with_numpy() {
    for blas in
        [BlasProvider::OpenBlas, BlasProvider::Mkl, BlasProvider::Blis].into_iter().filter(|it| has(*it))
    {
        for &dtype in types() {
            check(&format!("{blas:?}"), dtype, blas, "blas");
        }
    }
}
