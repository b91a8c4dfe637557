//! `cargo xtask lint` and `cargo xtask fmt`: the rules that a machine can check.

use crate::Problem;
use crate::process::{cargo, run};
use std::path::Path;

/// Format, clippy and documentation; all without a warning.
pub(crate) fn check(root: &Path) -> Result<(), Problem> {
    run(cargo(root).args(["fmt", "--all", "--check"]))
        .map_err(|problem| problem.help("`cargo xtask fmt` formats the code"))?;
    run(cargo(root).args(["clippy", "--workspace", "--all-targets", "--", "--deny", "warnings"]))?;
    run(cargo(root).args(["doc", "--workspace", "--no-deps"]).env("RUSTDOCFLAGS", "--deny warnings"))
}

/// Formats all Rust code.
pub(crate) fn format(root: &Path) -> Result<(), Problem> {
    run(cargo(root).args(["fmt", "--all"]))
}
