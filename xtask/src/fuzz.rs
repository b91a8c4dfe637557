//! `cargo xtask fuzz TARGET`: damaged files, for a while; what is found is kept for the tests.

use crate::Problem;
use crate::process::{cargo, run};
use std::path::Path;

/// Runs a target in a process of its own, and keeps the input that ends it badly.
pub(crate) fn fuzz(root: &Path, target: &str, minutes: u64, seed: u64) -> Result<(), Problem> {
    let mut command = cargo(root);
    command.args(["run", "--quiet", "--package", "dacec-fuzz", "--", target]);
    command.args([(minutes * 60).to_string(), seed.to_string()]);
    let Err(problem) = run(&mut command) else { return Ok(()) };
    let folder = root.join("tests/fuzz/found").join(target);
    let current = folder.join("current");
    if !current.exists() {
        return Err(problem);
    }
    let kept = (1..).map(|number| folder.join(format!("case{number}"))).find(|path| !path.exists());
    let kept = kept.unwrap_or_else(|| folder.join("case"));
    keep(&current, &kept)
        .map_err(|error| Problem::new(format!("{} cannot be kept: {error}", current.display())))?;
    Err(Problem::new(format!("`{target}` failed on the input that is now {}", kept.display()))
        .help("mend it; the input stays, as a test"))
}

/// Moves an input that stands behind its length to a file of its own.
fn keep(current: &Path, kept: &Path) -> std::io::Result<()> {
    let stored = std::fs::read(current)?;
    let (length, rest) = stored.split_first_chunk::<8>().ok_or(std::io::ErrorKind::UnexpectedEof)?;
    let length = usize::try_from(u64::from_le_bytes(*length)).unwrap_or(usize::MAX).min(rest.len());
    std::fs::write(kept, &rest[..length])?;
    std::fs::remove_file(current)
}
