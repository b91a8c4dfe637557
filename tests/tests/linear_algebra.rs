//! `numpy.linalg`, compiled and run: results are NumPy's, and what cannot be computed is an error.

use dacec_tests::{dacec, python, run, scratch, skip, write};

const PROGRAM: &str = include_str!("linear_algebra.py");

#[test]
fn results_are_those_of_numpy() {
    if python().is_none() {
        return;
    }
    let folder = scratch();
    let file = write(&folder, "linear_algebra.py", PROGRAM);
    for preset in ["S", "tiny", "one", "empty"] {
        let mut command = dacec();
        command.current_dir(folder.path()).arg("run").arg(&file);
        let output = run(command.args(["--preset", preset, "--repeat", "1", "--verify"])).success();
        assert_eq!(output.matches("agrees with CPython").count(), 15, "{output}");
    }
}

/// A program of one call on a matrix that it cannot be done for.
fn refused(call: &str, fill: &str) -> String {
    let text = format!(
        "import dace\nimport numpy as np\n\nN = dace.symbol('N')\npresets = {{'S': {{'N': 4}}}}\n\n\
         @dace.program\ndef initialize(A: dace.float64[N, N]):\n    A[:] = {fill}\n\n\
         @dace.program\ndef f(A: dace.float64[N, N]):\n    return {call}\n"
    );
    let folder = scratch();
    let file = write(&folder, "f.py", &text);
    let built_in = run(dacec().current_dir(folder.path()).arg("run").arg(&file)).failure();
    let mut command = dacec();
    command.current_dir(folder.path()).arg("run").arg(&file).args(["--library", "blas=openblas"]);
    let lapack = run(&mut command).failure();
    if !lapack.contains("OpenBLAS was not found") {
        assert_eq!(lapack, built_in);
    }
    built_in
}

#[test]
fn results_of_threads_and_of_lapack_are_those_of_numpy() {
    if python().is_none() {
        return;
    }
    let folder = scratch();
    let file = write(&folder, "linear_algebra.py", PROGRAM);
    for options in [
        &["--preset", "large"][..],
        &["--preset", "S", "--library", "blas=openblas"],
        &["--preset", "empty", "--library", "blas=openblas"],
    ] {
        let mut command = dacec();
        command.current_dir(folder.path()).env("OMP_NUM_THREADS", "3").arg("run").arg(&file).args(options);
        let output = run(command.args(["--repeat", "1", "--verify"]));
        if output.stderr().contains("OpenBLAS was not found") {
            skip("OpenBLAS was not found (Debian, Ubuntu: apt-get install libopenblas-dev)");
            continue;
        }
        let output = output.success();
        assert_eq!(output.matches("agrees with CPython").count(), 15, "{output}");
    }
}

#[test]
fn operands_may_lie_anywhere_and_hold_no_numbers() {
    if python().is_none() {
        return;
    }
    let folder = scratch();
    let file = write(&folder, "linear_algebra_layouts.py", include_str!("linear_algebra_layouts.py"));
    for options in
        [&["--preset", "S"][..], &["--preset", "large"], &["--preset", "S", "--library", "blas=openblas"]]
    {
        let mut command = dacec();
        command.current_dir(folder.path()).arg("run").arg(&file).args(options);
        let output = run(command.args(["--repeat", "1", "--verify"]));
        if output.stderr().contains("OpenBLAS was not found") {
            skip("OpenBLAS was not found (Debian, Ubuntu: apt-get install libopenblas-dev)");
            continue;
        }
        let output = output.success();
        assert_eq!(output.matches("agrees with CPython").count(), 14, "{output}");
    }
}

/// For two types by what is built in and by OpenBLAS; `DACEC_TEST_LINEAR=full` adds the others, sizes and MKL.
#[test]
fn every_type_of_elements_gives_the_results_of_numpy() {
    if python().is_none() {
        return;
    }
    let full = std::env::var("DACEC_TEST_LINEAR").is_ok_and(|value| value == "full");
    let types: &[[&str; 2]] = match full {
        true => &[["float32", "0"], ["float64", "0"], ["complex64", "1j"], ["complex128", "1j"]],
        false => &[["float32", "0"], ["complex64", "1j"]],
    };
    let presets: &[&str] = if full { &["S", "one", "empty"] } else { &["S"] };
    let libraries: &[&str] = if full { &["built-in", "openblas", "mkl"] } else { &["built-in", "openblas"] };
    for [dtype, unit] in types {
        let folder = scratch();
        let text = include_str!("linear_algebra_types.py").replace("DTYPE", dtype).replace("UNIT", unit);
        let file = write(&folder, "linear_algebra_types.py", &text);
        for library in libraries {
            for preset in presets {
                let mut command = dacec();
                command.current_dir(folder.path()).arg("run").arg(&file).args(["--preset", preset]);
                command.args(["--repeat", "1", "--verify", "--library", &format!("blas={library}")]);
                let output = run(&mut command);
                if output.stderr().contains("was not found") {
                    skip(&format!("{library} was not found"));
                    break;
                }
                let output = output.success();
                assert_eq!(output.matches("agrees with CPython").count(), 18, "{dtype} {library}: {output}");
            }
        }
    }
}

#[test]
fn singular_matrices_are_errors_with_their_line() {
    let message = refused("np.linalg.inv(A)", "1.0");
    assert!(message.contains("the matrix is singular") && message.contains("f.py:13"), "{message}");
    let message = refused("np.linalg.solve(A, A)", "0.0");
    assert!(message.contains("the matrix is singular"), "{message}");
    let message = refused("np.linalg.cholesky(A)", "-1.0");
    assert!(message.contains("the matrix is not positive definite"), "{message}");
}

#[test]
fn what_is_not_computed_is_said() {
    let message = refused("np.linalg.eigh(A, UPLO='both')[0]", "1.0");
    assert!(message.contains("'L' or 'U'"), "{message}");
    let message = refused("np.linalg.qr(A, mode='raw')[1]", "1.0");
    assert!(message.contains("'complete'"), "{message}");
    let message = refused("np.linalg.inv(A[0])", "1.0");
    assert!(message.contains("two dimensions"), "{message}");
}
