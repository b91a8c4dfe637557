//! What the measurements share.
//!
//! A figure is a ratio against a peer in the same run: absolute times of one machine mean nothing on another. Runs of
//! both sides alternate, so that a disturbance meets both.
//!
//! | command | what it measures |
//! | --- | --- |
//! | `cargo bench -p dacec-benches --bench compile_time` | a cold compilation against the C++ compiler on four lines |
//! | `cargo bench -p dacec-benches --bench front_end` | lines of Python a second, to the graph, on large generated programs |
//! | `cargo bench -p dacec-benches --bench load` | reading and validating graphs of 10 000 and 20 000 nodes |
//! | `cargo bench -p dacec-benches --bench optimizer_time` | the optimizer, on the benchmark programs and as programs grow |
//!
//! Compiled programs are measured by `dacec bench`.

use comfy_table::{Table, presets};
use dacec_runtime::stats::{self, Summary};

// Times are those of the `dacec` command, which has this allocator.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Runs two sides alternately, `rounds` times each, and summarizes their seconds.
pub fn alternate(
    rounds: usize,
    mut ours: impl FnMut() -> f64,
    mut theirs: impl FnMut() -> f64,
) -> (Summary, Summary) {
    let (mut left, mut right) = (Vec::new(), Vec::new());
    for _ in 0..rounds.max(1) {
        left.push(ours());
        right.push(theirs());
    }
    let summary = |seconds: &[f64]| stats::summarize(seconds).expect("there was at least one round");
    (summary(&left), summary(&right))
}

/// `1.23 ms [1.20, 1.30]`: the median with its confidence interval.
pub fn show(summary: &Summary) -> String {
    let unit = |seconds: f64| seconds * 1e3;
    format!("{:.2} ms [{:.2}, {:.2}]", unit(summary.median), unit(summary.low), unit(summary.high))
}

/// An empty table with these headings.
pub fn table<const N: usize>(headings: [&str; N]) -> Table {
    let mut table = Table::new();
    table.load_style(presets::ASCII_MARKDOWN).set_header(headings);
    table
}

/// The number in an environment variable, or the default.
pub fn setting(variable: &str, default: usize) -> usize {
    std::env::var(variable).ok().and_then(|text| text.parse().ok()).unwrap_or(default)
}
