//! What the tests of the whole system share: the `dacec` command as users run it, scratch folders, and Python.
//!
//! The tests are in `tests/`, one file an interface.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::OnceLock;
use tempfile::TempDir;

/// The root of the repository.
pub fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("this crate is a folder of the repository")
}

/// The folder of the profile that the tests were built with, such as `target/debug`.
pub fn profile_folder() -> PathBuf {
    let test = std::env::current_exe().expect("a running test has a path");
    let folder = test.ancestors().find(|folder| folder.join("deps").is_dir());
    folder.expect("a test lies in `deps` of its profile's folder").to_owned()
}

/// The `dacec` command, built if it is not up to date.
pub fn dacec() -> Command {
    let mut command = Command::new(built().join("dacec"));
    command.current_dir(root()).env("DACEC_CACHE_DIR", cache_folder()).env("NO_COLOR", "1");
    command
}

/// The example of that name of the package `dacec`, which is a command too.
pub fn example(name: &str) -> Command {
    let mut command = Command::new(built().join("examples").join(name));
    command.current_dir(root());
    command
}

/// The folder with the commands, once they are built.
///
/// Cargo builds dependencies with what all packages of a command need of them. With the workspace, and with a target that
/// has dependencies for tests (the example), that is what `cargo test --workspace` has built already; with the package
/// alone, the compiler would be compiled a second time.
fn built() -> &'static Path {
    static FOLDER: OnceLock<PathBuf> = OnceLock::new();
    FOLDER.get_or_init(|| {
        let mut cargo = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
        let targets = ["--bin", "dacec", "--example", "own_pass"];
        cargo.current_dir(root()).args(["build", "--quiet", "--workspace"]).args(targets);
        let profile = profile_folder();
        if profile.ends_with("release") {
            cargo.arg("--release");
        }
        let status = cargo.status().expect("cargo can be started");
        assert!(status.success(), "the dacec command does not build");
        profile
    })
}

/// A cache folder for the tests of this profile, apart from the user's.
pub fn cache_folder() -> PathBuf {
    std::env::var_os("DACEC_CACHE_DIR").map_or_else(|| profile_folder().join("test-cache"), PathBuf::from)
}

/// Runs a command to its end.
pub fn run(command: &mut Command) -> Ran {
    let output = command.output().unwrap_or_else(|error| panic!("{command:?} cannot be started: {error}"));
    Ran { shown: format!("{command:?}"), output }
}

/// A command that has ended.
#[derive(Debug)]
pub struct Ran {
    shown: String,
    output: Output,
}

impl Ran {
    /// The standard output of a command that succeeded; anything else fails the test.
    #[track_caller]
    pub fn success(self) -> String {
        assert!(self.output.status.success(), "{} failed:\n{}\n{}", self.shown, self.stdout(), self.stderr());
        self.stdout()
    }

    /// The error output of a command that failed with exit code 1; anything else fails the test.
    #[track_caller]
    pub fn failure(self) -> String {
        let code = self.output.status.code();
        assert_eq!(
            code,
            Some(1),
            "{} did not fail with 1:\n{}\n{}",
            self.shown,
            self.stdout(),
            self.stderr()
        );
        self.stderr()
    }

    /// The standard output.
    pub fn stdout(&self) -> String {
        String::from_utf8_lossy(&self.output.stdout).into_owned()
    }

    /// The error output.
    pub fn stderr(&self) -> String {
        String::from_utf8_lossy(&self.output.stderr).into_owned()
    }
}

/// A folder that is removed after the test.
pub fn scratch() -> TempDir {
    tempfile::tempdir().expect("a temporary folder can be made")
}

/// Writes a file of a scratch folder and returns its path.
pub fn write(folder: &TempDir, name: &str, text: &str) -> PathBuf {
    let path = folder.path().join(name);
    std::fs::write(&path, text).expect("a temporary file can be written");
    path
}

/// A CPython with NumPy, from `DACEC_PYTHON` or the path; `None`, said aloud, where there is none.
pub fn python() -> Option<Command> {
    let candidates = [std::env::var_os("DACEC_PYTHON"), Some("python3".into())];
    for candidate in candidates.into_iter().flatten() {
        let probe = Command::new(&candidate).args(["-c", "import numpy"]).output();
        if probe.is_ok_and(|output| output.status.success()) {
            return Some(Command::new(candidate));
        }
    }
    skip("no CPython with NumPy was found; `cargo xtask test` makes one, and DACEC_PYTHON names one");
    None
}

/// Says that the calling test is skipped, and why; the test returns then.
///
/// The line is written past the harness, which would show it for failed tests only; `cargo xtask test` counts it.
pub fn skip(why: &str) {
    let line = format!("\ntest skipped: {why}\n");
    // A closed output is no reason to fail.
    drop(std::io::stdout().lock().write_all(line.as_bytes()));
}
