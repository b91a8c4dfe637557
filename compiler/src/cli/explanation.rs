//! `dacec emit --explain`: what the optimizer decided, and why.

use comfy_table::{ContentArrangement, Table, presets};
use dacec_ir::Sdfg;
use dacec_transforms::{Context, explain};

pub(super) fn print(sdfg: &Sdfg, context: &Context) {
    let mut table = Table::new();
    table.load_style(presets::NOTHING).set_content_arrangement(ContentArrangement::Dynamic);
    for decision in explain::decisions(sdfg) {
        let line = if decision.line == 0 { String::new() } else { format!("line {}", decision.line) };
        table.add_row([line, decision.what, decision.how]);
    }
    anstream::println!("{table}");
    let rewrites: Vec<String> =
        context.rewrites().iter().map(|(name, count)| format!("{name} {count}")).collect();
    anstream::println!("\nrewrites: {}", rewrites.join(", "));
    if !context.refusals().is_empty() {
        anstream::println!("\nnot applied, when it was tried:");
    }
    for refused in context.refusals() {
        anstream::println!("  {} in {}: {}", refused.transformation, refused.place, refused.reason);
    }
}

/// Prints how often each pass ran and how long it took, on standard error: the slowest first.
pub(super) fn print_times(context: &Context) {
    let mut passes: Vec<_> = context.passes().iter().collect();
    passes.sort_by_key(|(_, statistics)| std::cmp::Reverse(statistics.time));
    let mut table = Table::new();
    table.load_style(presets::NOTHING).set_header(["pass", "time", "runs", "with changes"]);
    for (name, statistics) in passes {
        let time = super::table::seconds(statistics.time.as_secs_f64());
        table.add_row([*name, &time, &statistics.runs.to_string(), &statistics.changes.to_string()]);
    }
    anstream::eprintln!("{table}");
}
