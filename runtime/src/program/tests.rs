use super::*;
use crate::{
    cache::Cache,
    compile::{BlasProvider, CompileJob, FpMode, OptLevel, Unit},
    error_code::ErrorCode,
    signature::Argument,
    toolchain::Toolchain,
};
use dacec_ir::{DType, Expr};
use ndarray::Array1;

/// `scaled(x: float64[N], y: float64[N], a: float64) -> float64`: adds `a * x` to `y`, returns the sum of `y`.
const SCALED: &str = r#"
typedef long int64_t;
static thread_local const char *message = "";
extern "C" __attribute__((visibility("default")))
int dacec_scaled(const double *x, double *y, double a, double *result, int64_t n) {
    if (a < 0.0) { message = "a is negative"; return 6; }
    double sum = 0.0;
    for (int64_t i = 0; i < n; i++) { y[i] += a * x[i]; sum += y[i]; }
    *result = sum;
    return 0;
}
extern "C" __attribute__((visibility("default"))) int dacec_call_scaled(void **args) {
    return dacec_scaled((const double *)args[0], (double *)args[1], *(double *)args[2], (double *)args[3],
                        *(int64_t *)args[4]);
}
extern "C" __attribute__((visibility("default"))) const char *dacec_error_scaled() { return message; }
"#;

fn signature() -> Signature {
    let n = Expr::sym("N");
    Signature {
        name: "scaled".into(),
        arguments: vec![
            Argument::input("x", DType::Float64, [n.clone()]),
            Argument::in_out("y", DType::Float64, [n]),
            Argument::scalar("a", DType::Float64),
        ],
        returns: vec![Argument::output("__return", DType::Float64, [])],
        symbols: vec!["N".into()],
    }
}

fn load() -> CompiledProgram {
    build(SCALED, false)
}

/// A library with the functions of [`SCALED`].
fn build(text: &str, openmp: bool) -> CompiledProgram {
    let cache = Cache::private().unwrap();
    let toolchain = Toolchain::find(&cache).unwrap();
    let job = CompileJob {
        name: "scaled".to_owned(),
        units: vec![Unit { file_name: "scaled.cpp".to_owned(), text: text.to_owned(), march: None }],
        opt: OptLevel::O3,
        fp: FpMode::Default,
        openmp,
        blas: BlasProvider::None,
        dense: false,
        libraries: Vec::new(),
        description: serde_json::to_value(signature()).unwrap(),
    };
    let built = job.build(&toolchain, &cache).unwrap();
    let kept = serde_json::from_value(built.entry.manifest().description.clone()).unwrap();
    // SAFETY: the text above has this signature.
    unsafe { CompiledProgram::load(&built.library, kept) }.unwrap()
}

#[test]
fn a_program_is_called_with_arrays_and_values() {
    let program = load();
    let (x, mut y) = (Array1::from_elem(100, 2.0), Array1::from_elem(100, 1.0));
    let outputs =
        program.call(&mut Arguments::default().array("x", &x).array("y", &mut y).scalar("a", 3)).unwrap();
    assert_eq!(outputs.value::<f64>("__return"), Some(700.0));
    assert_eq!(outputs.value::<f32>("__return"), None);
    assert!(y.iter().all(|value| *value == 7.0));
}

#[test]
fn a_prepared_call_runs_again_and_again() {
    let program = load();
    let (x, mut y) = (Array1::from_elem(3, 1.0), Array1::<f64>::zeros(3));
    let mut arguments = Arguments::default().array("x", &x).array("y", &mut y).scalar("a", 1.0);
    let mut call = program.prepare(&mut arguments).unwrap();
    assert_eq!(call.symbols(), [3]);
    for _ in 0..5 {
        call.run().unwrap();
    }
    assert_eq!(call.into_outputs().value::<f64>("__return"), Some(15.0));
    assert_eq!(y.as_slice().unwrap(), [5.0; 3]);
}

#[test]
fn what_the_program_reports_is_told() {
    let program = load();
    let (x, mut y) = (Array1::<f64>::zeros(1), Array1::<f64>::zeros(1));
    let error = program
        .call(&mut Arguments::default().array("x", &x).array("y", &mut y).scalar("a", -1.0))
        .unwrap_err();
    assert_eq!(error.to_string(), "`scaled` failed: a is negative");
    assert!(matches!(error, CallError::Failed { number, .. } if number == ErrorCode::CheckFailed.number()));
}

#[test]
fn errors_without_a_message_have_that_of_their_number() {
    let failed = |number| CallError::failed(&"f".into(), number, None).to_string();
    assert_eq!(failed(3), "`f` failed: memory for a temporary or a result could not be allocated");
    assert_eq!(failed(99), "`f` failed: it returned the unknown error 99");
}

#[test]
fn refused_arguments_do_not_reach_the_program() {
    let program = load();
    let (x, mut y) = (Array1::from_elem(3, 1.0), Array1::<f64>::zeros(2));
    assert!(
        program.call(&mut Arguments::default().array("x", &x).array("y", &mut y).scalar("a", 1.0)).is_err()
    );
    assert_eq!(y.as_slice().unwrap(), [0.0; 2]);
}

#[test]
fn one_program_serves_several_threads() {
    let program = load();
    std::thread::scope(|scope| {
        for thread in 0..4 {
            let program = &program;
            scope.spawn(move || {
                let (x, mut y) = (Array1::from_elem(1000, 1.0), Array1::<f64>::zeros(1000));
                let mut arguments =
                    Arguments::default().array("x", &x).array("y", &mut y).scalar("a", thread);
                let outputs = program.call(&mut arguments).unwrap();
                assert_eq!(outputs.value::<f64>("__return"), Some(1000.0 * f64::from(thread)));
            });
        }
    });
}

#[test]
fn threads_are_as_many_as_the_caller_says() {
    let counted = SCALED.replace(
        "*result = sum;",
        "*result = 0;\n    #pragma omp parallel\n    #pragma omp atomic\n    *result += 1;",
    );
    assert_ne!(counted, SCALED);
    let threads = |program: &CompiledProgram| {
        let (x, mut y) = (Array1::<f64>::zeros(1), Array1::<f64>::zeros(1));
        let mut arguments = Arguments::default().array("x", &x).array("y", &mut y).scalar("a", 1.0);
        program.call(&mut arguments).unwrap().value::<f64>("__return").unwrap()
    };
    let program = build(&counted, true);
    let all = threads(&program);
    assert_eq!(program.with_threads(1, || threads(&program)), 1.0);
    assert_eq!(program.with_threads(3, || threads(&program)), 3.0);
    assert_eq!(threads(&program), all);
    let without = build(&counted, false);
    assert_eq!(without.with_threads(3, || threads(&without)), 1.0);
}

#[test]
fn a_library_of_another_program_is_refused() {
    let program = load();
    let other = Signature { name: "other".into(), ..signature() };
    // SAFETY: the library has no such program, so nothing of it can be called.
    let error = unsafe { CompiledProgram::load(program.library().path(), other) }.unwrap_err();
    assert!(error.to_string().ends_with("has no function `dacec_call_other`"), "{error}");
}
