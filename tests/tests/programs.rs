//! Programs verified against CPython and NumPy through the command line, as users do it. All programs of `polybench` are
//! compared with the interpreter, at every level and at small sizes, in `meaning.rs`.
//!
//! `DACEC_TEST_PRESET` chooses the size: S by default, `M` for the full run.

use dacec_tests::{dacec, python, run};

fn verify(program: &str, levels: &[&str]) {
    let preset = std::env::var("DACEC_TEST_PRESET").unwrap_or_else(|_| "S".into());
    let file = format!("polybench/{program}.py");
    for level in levels {
        let mut command = dacec();
        command.args(["run", &file, "--preset", &preset, "--repeat", "1", "--verify", *level]);
        let output = run(&mut command).success();
        assert!(output.contains("agrees with"), "{output}");
        if python().is_some() {
            assert!(output.contains("NumPy"), "{output}");
        }
    }
}

macro_rules! programs {
    ($levels:expr => $($name:ident),* $(,)?) => {
        $(
            #[test]
            fn $name() {
                verify(stringify!($name), &$levels);
            }
        )*
    };
}

programs!(["-O3", "-O1", "-O0"] =>
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

programs!(["-O3"] =>
    arc_distance,
    azimuthal_integration,
    black_scholes,
    cavity_flow,
    conjugate_gradient,
    conv2d_bias,
    crc16,
    fft2d,
    game_of_life,
    hdiff,
    kmeans,
    mandelbrot,
    mlp,
    nbody,
    softmax,
    spmv,
    tridiagonal_columns,
);
