//! Every program of the first landing, verified against CPython and NumPy through the command line.
//!
//! `DACEC_TEST_PRESET` chooses the size: S by default, `M` for the full run.

use dacec_tests::{dacec, python, run};

fn verify(program: &str) {
    let preset = std::env::var("DACEC_TEST_PRESET").unwrap_or_else(|_| "S".into());
    let file = format!("polybench/{program}.py");
    for level in ["-O3", "-O1", "-O0"] {
        let mut command = dacec();
        command.args(["run", &file, "--preset", &preset, "--repeat", "1", "--verify", level]);
        let output = run(&mut command).success();
        assert!(output.contains("agrees with"), "{output}");
        if python().is_some() {
            assert!(output.contains("NumPy"), "{output}");
        }
    }
}

macro_rules! programs {
    ($($name:ident),* $(,)?) => {
        $(
            #[test]
            fn $name() {
                verify(stringify!($name));
            }
        )*
    };
}

programs!(
    gemm,
    atax,
    jacobi_1d,
    jacobi_2d,
    mvt,
    trisolv,
    covariance,
    go_fast,
    scalar_reduction,
    convergence,
    two_calls,
);
