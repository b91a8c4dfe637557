//! Random damage to files that dacec reads.
//!
//! A target is a reader; its corpus are files that it accepts, or nearly. Copies of them are damaged at random and read:
//! an error is fine, a panic, more than [`MAX_TIME`] or more than [`MAX_MEMORY`] is not. `cargo xtask fuzz TARGET` runs
//! one for a while and keeps what it finds in `tests/fuzz/found/TARGET`, where a test reads it from then on.
//!
//! It needs no instrumented build, so it runs on any stable compiler; it knows nothing of coverage, and finds what is
//! near to real files.

mod mutate;
mod target;

pub use mutate::Mutator;
pub use target::{TARGETS, Target};

use std::path::{Path, PathBuf};
use std::time::Duration;

/// Longest time that the processor may spend on one input.
pub const MAX_TIME: Duration = Duration::from_secs(5);

/// Most memory, in bytes, of the process.
pub const MAX_MEMORY: u64 = 1 << 30;

/// The folder of inputs that a target once failed on.
pub fn found(target: &Target) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("found").join(target.name)
}

/// Files below a folder of the repository whose names end in one of these ways, in order of their paths.
pub(crate) fn files(folder: &str, endings: &[&str]) -> Vec<Vec<u8>> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let mut paths = Vec::new();
    collect(&root.join(folder), endings, &mut paths);
    paths.sort();
    paths.iter().filter_map(|path| std::fs::read(path).ok()).collect()
}

fn collect(folder: &Path, endings: &[&str], paths: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        if path.is_dir() {
            collect(&path, endings, paths);
        } else if endings.iter().any(|ending| path.to_string_lossy().ends_with(ending)) {
            paths.push(path);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Everything that was ever found, the corpus, and a little damage to it.
    #[test]
    fn nothing_that_was_found_comes_back() {
        for target in TARGETS {
            let inputs: Vec<Vec<u8>> = std::fs::read_dir(found(target))
                .into_iter()
                .flatten()
                .flatten()
                .filter_map(|entry| std::fs::read(entry.path()).ok())
                .collect();
            let corpus = (target.corpus)();
            assert!(corpus.len() > 2, "{} has no corpus", target.name);
            let mut mutator = Mutator::new(1, corpus.clone());
            let damaged = (0..50).map(|_| mutator.next_input()).collect::<Vec<_>>();
            for input in inputs.iter().chain(&corpus).chain(&damaged) {
                (target.read)(input);
            }
        }
    }
}
