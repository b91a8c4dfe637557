//! The table that `dacec run` prints.

use super::args::MessageFormat;
use crate::benchmark::{Benchmark, Measured};
use comfy_table::{ContentArrangement, Table, presets};
use dacec_ir::{IndexMap, Name};
use dacec_runtime::{ArrayBuf, ScalarValue, TimerReport, compare};

/// One benchmark.
pub(super) struct Row<'a> {
    pub(super) program: &'a str,
    pub(super) preset: &'a str,
    pub(super) benchmark: &'a Benchmark,
    pub(super) measured: &'a Measured,
}

/// Prints size, compile time, run time and checksums.
pub(super) fn print(row: &Row<'_>, format: MessageFormat) {
    match format {
        MessageFormat::Human => human(row),
        MessageFormat::Json => json(row),
    }
}

fn human(row: &Row<'_>) {
    let kernel = &row.benchmark.kernel;
    let phases: Vec<String> =
        kernel.phases.iter().map(|(name, time)| format!("{name} {}", seconds(time.as_secs_f64()))).collect();
    let total = seconds(kernel.phases.total().as_secs_f64());
    let found = if kernel.cached { ", from the cache" } else { "" };
    let summary = &row.measured.summary;
    let time = format!(
        "{} (95 % confidence {} … {}, {} runs)",
        seconds(summary.median),
        seconds(summary.low),
        seconds(summary.high),
        summary.count
    );
    let mut table = Table::new();
    table.load_style(presets::NOTHING).set_content_arrangement(ContentArrangement::Dynamic);
    table.add_row(["program", row.program]);
    table.add_row(["size", &size(row)]);
    table.add_row(["compile time", &format!("{total}{found} ({})", phases.join(", "))]);
    table.add_row(["run time", &time]);
    for (name, array) in &row.measured.results {
        table.add_row([&format!("checksum {name}"), &checksum(array)]);
    }
    anstream::println!("{}", table.trim_fmt());
}

fn json(row: &Row<'_>) {
    let kernel = &row.benchmark.kernel;
    let phases: serde_json::Map<String, serde_json::Value> =
        kernel.phases.iter().map(|(name, time)| (name.into(), time.as_secs_f64().into())).collect();
    let sums: serde_json::Map<String, serde_json::Value> =
        row.measured.results.iter().map(|(name, array)| (name.to_string(), checksum(array).into())).collect();
    let line = serde_json::json!({
        "program": row.program, "preset": row.preset, "size": size(row), "cached": kernel.cached,
        "compile_seconds": phases, "median": row.measured.summary.median,
        "confidence": [row.measured.summary.low, row.measured.summary.high],
        "seconds": row.measured.seconds, "checksums": sums,
    });
    anstream::println!("{line}");
}

fn size(row: &Row<'_>) -> String {
    let values: Vec<String> =
        row.benchmark.values.iter().map(|(name, value)| format!("{name}={value}")).collect();
    match row.preset {
        "" => values.join(" "),
        preset => format!("{preset}: {}", values.join(" ")),
    }
}

/// Prints what a program wrote.
pub(super) fn print_results(results: &IndexMap<Name, ArrayBuf>, format: MessageFormat) {
    for (name, array) in results {
        match format {
            MessageFormat::Human => {
                anstream::println!(
                    "{name}: {}{:?}, checksum {}",
                    array.dtype(),
                    array.shape(),
                    checksum(array)
                );
            }
            MessageFormat::Json => {
                let line = serde_json::json!({
                    "name": name.as_str(), "dtype": array.dtype().name(), "shape": array.shape(),
                    "checksum": checksum(array),
                });
                anstream::println!("{line}");
            }
        }
    }
}

/// Prints what instrumented elements have measured.
pub(super) fn print_timers(timers: &[TimerReport], format: MessageFormat) {
    for TimerReport { label, runs, seconds } in timers {
        match format {
            MessageFormat::Human => anstream::println!("{label}: {runs} runs, {:.3} ms", seconds * 1e3),
            MessageFormat::Json => {
                let line = serde_json::json!({ "timer": label, "runs": runs, "seconds": seconds });
                anstream::println!("{line}");
            }
        }
    }
}

fn checksum(array: &ArrayBuf) -> String {
    let sum = compare::checksum(array);
    match array.dtype().is_complex() {
        true => ScalarValue::Complex(sum).to_string(),
        false => number(sum.re),
    }
}

/// A number, with an exponent where it would be long without.
fn number(value: f64) -> String {
    match value.abs() {
        size if size == 0.0 || (1e-5..1e16).contains(&size) => value.to_string(),
        _ => format!("{value:e}"),
    }
}

/// A time with a unit that suits it.
pub(super) fn seconds(time: f64) -> String {
    match time {
        time if time < 1e-6 => format!("{:.0} ns", time * 1e9),
        time if time < 1e-3 => format!("{:.1} µs", time * 1e6),
        time if time < 1.0 => format!("{:.1} ms", time * 1e3),
        time => format!("{time:.2} s"),
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn checksums_are_short() {
        let numbers = [34.0, -0.5, 0.0, 3e-317, -2.5e20, f64::INFINITY, f64::NAN];
        let shown = numbers.map(super::number);
        assert_eq!(shown, ["34", "-0.5", "0", "3e-317", "-2.5e20", "inf", "NaN"]);
    }
}
