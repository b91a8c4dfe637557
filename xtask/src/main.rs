//! Project tasks, run as `cargo xtask TASK`.
//!
//! - `test` runs every suite and ends with one line of totals; it first makes the Python environments that the tests need.
//! - `fuzz` reads randomly damaged files and keeps those that are read badly.
//! - `lint` checks format, lints and documentation, as CI does; `fmt` formats.
//!
//! Nothing is installed outside of the target folder, and what is installed there is said before it happens.

mod fuzz;
mod lint;
mod package;
mod problem;
mod process;
mod python;
mod suites;
mod tally;

use clap::{Parser, Subcommand};
use problem::Problem;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

#[derive(Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask", about = "Tasks of the dacec project")]
struct Options {
    #[command(subcommand)]
    task: Task,
}

#[derive(Subcommand)]
enum Task {
    /// Run every suite: the Python tests and `cargo test` on the whole workspace
    Test {
        /// Run only the suites with this word in their name
        #[arg(long, value_name = "WORD")]
        only: Option<String>,
    },
    /// Check format, clippy and documentation without changing anything
    Lint,
    /// Format the Rust code
    Fmt,
    /// Read randomly damaged files for a while: python, sdfg, text or expression
    Fuzz {
        /// What reads them
        target: String,
        /// How long
        #[arg(long, default_value_t = 10)]
        minutes: u64,
        /// Where the random numbers start
        #[arg(long, default_value_t = 1)]
        seed: u64,
    },
}

fn main() -> ExitCode {
    let root = root();
    let outcome = match Options::parse().task {
        Task::Test { only } => suites::run_all(&root, only.as_deref()),
        Task::Lint => lint::check(&root),
        Task::Fmt => lint::format(&root),
        Task::Fuzz { target, minutes, seed } => fuzz::fuzz(&root, &target, minutes, seed),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(problem) => {
            eprintln!("{problem}");
            ExitCode::FAILURE
        }
    }
}

/// The root of the repository.
fn root() -> PathBuf {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.parent().expect("this crate is a folder of the repository").to_path_buf()
}

/// The folder of everything that is built; only below it a task may create files.
fn target(root: &Path) -> PathBuf {
    match std::env::var_os("CARGO_TARGET_DIR") {
        Some(folder) => root.join(folder),
        None => root.join("target"),
    }
}
