//! `cargo xtask test`: every suite, one after another, and one line of totals at the end.
//!
//! A failing suite does not keep the others from running. The task fails if a test failed, if a suite ended without
//! saying why (a crash, code that does not compile), or if no test ran at all.

use crate::process::{Watch, cargo, run as run_command, stream};
use crate::tally::{Runner, Tally};
use crate::{Problem, package, python, target};
use std::path::Path;
use std::process::Command;

/// A suite: a command, and how its output is read.
struct Suite {
    name: &'static str,
    runner: Runner,
    watch: Watch,
    command: Command,
}

/// Runs the suites with `only` in their name, or all.
pub(crate) fn run_all(root: &Path, only: Option<&str>) -> Result<(), Problem> {
    find_compiler()?;
    let python = python::NUMPY.ready(root)?;
    let cache = target(root).join("test-cache");
    clear(&cache)?;

    let mut total = Tally::default();
    let mut rows = Vec::new();
    let wanted = |name: &str| only.is_none_or(|word| name.contains(word));
    let mut count = |mut suite: Suite| -> Result<(), Problem> {
        suite.command.env("DACEC_PYTHON", &python).env("DACEC_CACHE_DIR", &cache);
        let tally = run(&mut suite)?;
        total += tally;
        rows.push((suite.name, tally));
        Ok(())
    };
    for suite in suites(root, &python).into_iter().filter(|suite| wanted(suite.name)) {
        count(suite)?;
    }
    if wanted(PACKAGE) {
        match package_suite(root, &python) {
            Ok(suite) => count(suite)?,
            Err(problem) => {
                eprintln!("{problem}");
                let tally = Tally { failed: 1, ..Tally::default() };
                total += tally;
                rows.push((PACKAGE, tally));
            }
        }
    }
    if wanted(INTERCHANGE) {
        let tally = interchange(root, &cache)?;
        total += tally;
        rows.push((INTERCHANGE, tally));
    }

    println!();
    for (name, tally) in rows {
        println!("{name:<24} {tally}");
    }
    println!("{total}");
    match total {
        Tally { failed: 0, .. } if total.ran() > 0 => Ok(()),
        Tally { failed: 0, .. } => Err(Problem::new("no test ran")),
        _ => Err(Problem::new("there were failures")),
    }
}

/// Where the random numbers of property tests start. They are the same in every run, so that a failure is about what was
/// changed; `cargo test` draws others each time.
const RANDOM_SEED: &str = "PROPTEST_RNG_SEED";

fn suites(root: &Path, python: &Path) -> Vec<Suite> {
    let unittest = |name, folder: &str| {
        let mut command = Command::new(python);
        command.current_dir(root).args(["-m", "unittest", "discover", "--start-directory", folder]);
        Suite { name, runner: Runner::Unittest, watch: Watch::Stderr, command }
    };
    let mut rust = cargo(root);
    rust.args(["test", "--workspace", "--no-fail-fast"]);
    if std::env::var_os(RANDOM_SEED).is_none() {
        rust.env(RANDOM_SEED, "1");
    }
    vec![
        unittest("python stand-in", "frontend-python/oracle"),
        unittest("python programs", "polybench/tests"),
        Suite { name: "rust", runner: Runner::Libtest, watch: Watch::Stdout, command: rust },
    ]
}

const INTERCHANGE: &str = "interchange with DaCe";

/// Files that go to DaCe and come back; skipped, aloud, where DaCe cannot run.
fn interchange(root: &Path, cache: &Path) -> Result<Tally, Problem> {
    if !python::DACE.possible() {
        eprintln!("\n== {INTERCHANGE} ==\nskipped: {}", python::DACE.help());
        return Ok(Tally { skipped: 1, ..Tally::default() });
    }
    let python = python::DACE.ready(root)?;
    // With the features that the suite before has built it with, see `dacec_tests::dacec`.
    let targets = ["--workspace", "--bin", "dacec", "--example", "own_pass"];
    run_command(cargo(root).args(["build", "--quiet"]).args(targets))?;
    let mut command = Command::new(python);
    command.current_dir(root.join("tests/interchange")).args(["-m", "unittest", "test_interchange"]);
    command.env("DACEC", target(root).join("debug/dacec")).env("DACEC_CACHE_DIR", cache);
    run(&mut Suite { name: INTERCHANGE, runner: Runner::Unittest, watch: Watch::Stderr, command })
}

const PACKAGE: &str = "python package";

/// Builds the Python package; a failure of that is one of the suite.
fn package_suite(root: &Path, python: &Path) -> Result<Suite, Problem> {
    let mut command = package::ready(root, python)?.command();
    let folder = "frontend-python/package/tests";
    command.current_dir(root).args(["-m", "unittest", "discover", "--start-directory", folder]);
    Ok(Suite { name: PACKAGE, runner: Runner::Unittest, watch: Watch::Stderr, command })
}

/// Counts a suite's tests. One that fails without a failed test to show for it counts as a failure itself.
fn run(suite: &mut Suite) -> Result<Tally, Problem> {
    eprintln!("\n== {} ==", suite.name);
    let mut tally = Tally::default();
    let status = stream(&mut suite.command, suite.watch, |line| suite.runner.count(line, &mut tally))?;
    if !status.success() && tally.failed == 0 {
        eprintln!("the suite `{}` did not run to its end ({status})", suite.name);
        tally.failed = 1;
    }
    Ok(tally)
}

/// Each run starts with an empty cache, so that nothing passes by what an earlier version compiled.
fn clear(cache: &Path) -> Result<(), Problem> {
    let emptied = match std::fs::remove_dir_all(cache) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(error),
        _ => std::fs::create_dir_all(cache),
    };
    emptied.map_err(|error| Problem::new(format!("{} cannot be emptied: {error}", cache.display())))
}

/// Asks early for what most tests would fail without.
fn find_compiler() -> Result<(), Problem> {
    let chosen = ["DACEC_CXX", "CXX"].into_iter().filter_map(|name| std::env::var(name).ok());
    let usual = ["g++", "c++", "clang++"].into_iter().map(String::from);
    let works =
        |name: String| Command::new(name).arg("--version").output().is_ok_and(|it| it.status.success());
    if chosen.chain(usual).any(works) {
        return Ok(());
    }
    Err(Problem::new("no C++ compiler was found").help(
        "install one (Debian, Ubuntu: apt-get install g++; Fedora: dnf install gcc-c++; macOS: xcode-select --install), \
         or name one in DACEC_CXX",
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// On the error output: what goes to the standard output would be counted by the run that these tests are part of.
    fn shell(script: &str) -> Suite {
        let mut command = Command::new("sh");
        command.args(["-c", script]);
        Suite { name: "shell", runner: Runner::Unittest, watch: Watch::Stderr, command }
    }

    #[test]
    fn a_suite_is_counted_from_its_output() {
        let tally = run(&mut shell("echo 'Ran 3 tests in 1s' >&2; echo 'OK (skipped=1)' >&2")).unwrap();
        assert_eq!(tally, Tally { passed: 2, failed: 0, skipped: 1 });
    }

    #[test]
    fn a_suite_that_breaks_off_counts_as_a_failure() {
        let tally = run(&mut shell("echo 'Ran 2 tests in 1s' >&2; echo OK >&2; exit 101")).unwrap();
        assert_eq!(tally, Tally { passed: 2, failed: 1, skipped: 0 });
    }
}
