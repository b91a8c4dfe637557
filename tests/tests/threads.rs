//! One team of threads computes, whoever multiplies matrices: as many as `OMP_NUM_THREADS` says, or as the process may use
//! processors, and no others in loops that they share.
//!
//! A small Python program calls what was compiled, and counts threads as the system has them.

use dacec_runtime::{BlasProvider, Cache, Environment, Toolchain};
use dacec_tests::{dacec, python, run, scratch, skip, write};
use std::path::{Path, PathBuf};
use tempfile::TempDir;

/// What a program computes, and on how many elements of each array, by its symbols.
struct Program {
    extents: &'static str,
    symbols: &'static [&'static str],
}

/// One product, which shares its work.
const ONE: Program = Program { extents: "N, N", symbols: &["N"] };
/// A loop around calls.
const STACK: Program = Program { extents: "B, N, N", symbols: &["B", "N"] };

impl Program {
    fn built(&self, folder: &TempDir, blas: &str) -> PathBuf {
        let declared: String =
            self.symbols.iter().map(|name| format!("{name} = dace.symbol('{name}')\n")).collect();
        let arrays = ["x", "y", "z"].map(|name| format!("{name}: dace.float64[{}]", self.extents)).join(", ");
        let text =
            format!("import dace\n\n{declared}\n\n@dace.program\ndef kernel({arrays}):\n    z[:] = x @ y\n");
        let file = write(folder, "kernel.py", &text);
        let home = folder.path().join(blas);
        let mut command = dacec();
        command.arg("build").arg(file).arg("--output").arg(&home);
        run(command.args(["--library", &format!("blas={blas}")])).success();
        home.join("libkernel.so")
    }
}

/// How many threads there are after calls, how many ran at most meanwhile, and how many processors they may use.
fn threads(library: &Path, symbols: &[usize], wanted: Option<usize>, processors: usize) -> [usize; 3] {
    let mut command = python().expect("it was looked for");
    let size = symbols.last().expect("there is a size");
    let elements = symbols.iter().product::<usize>() * size;
    command.arg(dacec_tests::root().join("tests/tests/threads.py")).arg(library);
    command.args([processors, elements].iter().chain(symbols).map(ToString::to_string));
    // Nothing but the program keeps threads from starting more, and none of them waits by computing.
    command.env("OMP_MAX_ACTIVE_LEVELS", "4").env("OMP_WAIT_POLICY", "passive").env_remove("OMP_NUM_THREADS");
    command.envs(wanted.map(|threads| ("OMP_NUM_THREADS", threads.to_string())));
    let text = run(&mut command).success();
    let numbers: Vec<usize> = text.split_whitespace().map(|it| it.parse().expect("a number")).collect();
    <[usize; 3]>::try_from(numbers).expect("three numbers")
}

#[test]
fn the_number_of_threads_is_followed() {
    if python().is_none() {
        return;
    }
    let (one, stack) = (scratch(), scratch());
    let (one, stack) = (ONE.built(&one, "built-in"), STACK.built(&stack, "built-in"));
    for wanted in [1, 3] {
        // Many products side by side, each on one thread.
        for (library, symbols) in [(&one, &[700][..]), (&stack, &[16, 200])] {
            let [after, most, _] = threads(library, symbols, Some(wanted), 0);
            assert_eq!(after, wanted, "{symbols:?}");
            assert!(most <= wanted, "{most} threads ran at once: {symbols:?} with {wanted} threads");
        }
        // Few of them: each shares its own work, with one team for all. For little work, there is one thread.
        let [after, most, _] = threads(&stack, &[2, 700], Some(wanted), 0);
        assert_eq!(after, wanted, "the team ends after each product");
        assert!(most <= wanted, "{most} threads ran at once with {wanted} threads");
        assert_eq!(threads(&stack, &[16, 10], Some(wanted), 0)[0], 1);
    }
}

#[test]
fn processors_that_the_process_may_use_are_followed() {
    if python().is_none() {
        return;
    }
    let folder = scratch();
    let library = ONE.built(&folder, "built-in");
    assert_eq!(threads(&library, &[700], None, 1), [1, 1, 1]);
    let [after, _, processors] = threads(&library, &[700], None, 0);
    assert_eq!(after, processors);
}

#[test]
fn a_library_with_threads_of_its_own_does_not_multiply_them() {
    let cache = Cache::private().expect("a private cache can be made");
    let toolchain = Toolchain::find(&cache).expect("there is a C++ compiler");
    if python().is_none() {
        return;
    }
    for blas in [BlasProvider::OpenBlas, BlasProvider::Blis] {
        let environment = Environment::of(blas).expect("it is a library of the machine");
        if environment.find(&toolchain).is_none() {
            skip(&format!("{} was not found ({})", environment.name, environment.install));
            continue;
        }
        let folder = scratch();
        let library = STACK.built(&folder, environment.word.expect("programs can choose it"));
        // The program's team and the threads that the library starts when it is loaded, but never some for each of the team.
        let [after, most, _] = threads(&library, &[16, 200], Some(3), 0);
        assert!(after < 3 + 3 && most < 3 + 3, "{}: {after} threads, {most} at once", environment.name);
        // In one product, the team of the library is the only one.
        let [after, most, _] = threads(&library, &[1, 700], Some(2), 0);
        assert!(after <= 2 && most <= 2, "{}: {after} threads, {most} at once", environment.name);
    }
}
