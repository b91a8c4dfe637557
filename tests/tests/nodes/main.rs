//! Every operation that is defined by a graph, by every implementation and for every type: the results are NumPy's.
//!
//! One program holds all cases, so that one compilation tests an implementation. Operands are whole arrays, or every second
//! element of larger ones; sizes are 0, 1 and more; floating-point numbers that are compared include NaN.

mod cases;
#[path = "../operations/mod.rs"]
mod operations;

use cases::{Case, cases, inputs, program};
use dacec::{Options, interpret};
use dacec_ir::library::defined::DECLARED;
use dacec_ir::{DType, interp};
use dacec_runtime::{BlasProvider, OptLevel};
use operations::{Arrays, Sizes};
use serde_json::json;

/// Sizes n and m.
const SIZES: [[i64; 2]; 4] = [[5, 4], [1, 1], [0, 3], [33, 20]];

/// Types of elements: three, or all with `DACEC_TEST_NODES=full`.
fn types() -> &'static [DType] {
    match std::env::var("DACEC_TEST_NODES") {
        Ok(value) if value == "full" => &[
            DType::Float64,
            DType::Float32,
            DType::Complex128,
            DType::Complex64,
            DType::Int64,
            DType::Int32,
            DType::UInt8,
        ],
        _ => &[DType::Float64, DType::Complex64, DType::Int32],
    }
}

/// What the containers are after all cases, by NumPy; `None` without it.
fn expected(cases: &[Case], sizes: [i64; 2], arrays: &Arrays) -> Option<Arrays> {
    let symbols = json!({ "n": sizes[0], "m": sizes[1] });
    operations::expected("nodes/oracle.py", cases.iter().map(Case::to_json).collect(), symbols, arrays)
}

/// Panics with the case whose result differs.
#[track_caller]
fn assert_close(what: &str, cases: &[Case], expected: &Arrays, actual: &Arrays) {
    for case in cases {
        let name = case.result();
        let (a, b) = (cases::values(&actual[name]), cases::values(&expected[name]));
        assert_eq!(a.len(), b.len(), "{what}: {case:?}");
        let single = matches!(actual[name].dtype(), DType::Float32 | DType::Complex64);
        let tolerance = if single { 1e-4 } else { 1e-11 };
        let size = b.iter().map(|it| it.norm()).filter(|it| it.is_finite()).fold(1.0, f64::max);
        for (at, (x, y)) in a.iter().zip(&b).enumerate() {
            let same = x == y || x.is_nan() && y.is_nan() || (x - y).norm() <= tolerance * size;
            assert!(same, "{what}: element {at} of `{name}` is {x} and not {y}: {case:?}");
        }
    }
}

fn symbols(sizes: [i64; 2]) -> Sizes {
    operations::sizes(["n", "m"], sizes)
}

/// Runs the compiled program of all cases, with all sizes.
fn check(dtype: DType, implementation: Option<&str>, blas: BlasProvider) {
    let cases = cases(dtype);
    let chosen = implementation.map(|name| DECLARED.map(|it| (it.name.into(), name.into())).to_vec());
    let options = Options {
        opt: OptLevel::O1,
        passes: Some(OptLevel::O0),
        verify_each: true,
        blas,
        implementations: chosen.unwrap_or_default(),
        ..Options::default()
    };
    let what = format!("{dtype} by {}", implementation.unwrap_or("what is best"));
    let loaded = operations::loaded(&what, program(&cases, dtype), options);
    for sizes in SIZES {
        let before = inputs(&cases, sizes, dtype);
        let Some(expected) = expected(&cases, sizes, &before) else { return };
        let after = operations::called(&what, &loaded, &before, symbols(sizes));
        assert_close(&format!("{what} {sizes:?}"), &cases, &expected, &after);
    }
}

#[test]
fn the_interpreter_agrees_with_numpy() {
    for &dtype in types() {
        let cases = cases(dtype);
        let sdfg = program(&cases, dtype);
        for sizes in &SIZES[..3] {
            let before = inputs(&cases, *sizes, dtype);
            let Some(expected) = expected(&cases, *sizes, &before) else { return };
            let after = interpret::run(&sdfg, &symbols(*sizes), &before, &interp::Options::default());
            let after = after.unwrap_or_else(|error| panic!("{dtype} {sizes:?}: {error}"));
            assert_close(&format!("{dtype} interpreted {sizes:?}"), &cases, &expected, &after);
        }
    }
}

#[test]
fn definitions_agree_with_numpy() {
    for &dtype in types() {
        check(dtype, Some("pure"), BlasProvider::BuiltIn);
    }
}

#[test]
fn what_is_best_agrees_with_numpy() {
    for &dtype in types() {
        check(dtype, None, BlasProvider::BuiltIn);
    }
}

/// Text and `.sdfg` files keep every operation and its properties.
#[test]
fn files_keep_the_operations() {
    let sdfg = program(&cases(DType::Float64), DType::Float64);
    let text = sdfg.to_string();
    let again = dacec_ir::text::parse(&text).expect("what was printed can be read");
    assert_eq!(again.to_string(), text);
    let json = dacec_ir::json::to_string(&sdfg);
    let again = dacec_ir::json::from_slice(json.as_bytes()).expect("what was written can be read");
    for name in DECLARED.map(|it| it.name) {
        assert_eq!(again.to_string().matches(name).count(), text.matches(name).count(), "{name}");
    }
}
