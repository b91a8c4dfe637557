//! `dacec opt`: passes by name.

use super::args::{Opt, SdfgVersion, Source, Steps};
use super::{Outcome, emit, explanation, open};
use crate::{Error, Options};
use comfy_table::{ContentArrangement, Table, presets};
use dacec_ir::Sdfg;
use dacec_transforms::registry::Entry;
use dacec_transforms::{
    Context, InvalidAfter, Pipeline, Selection, auto_optimize, expand_libraries, history, registry, simplify,
};
use std::path::Path;

pub(super) fn run(task: &Opt, own: &[Entry]) -> Result<Outcome, Error> {
    let entries = [&registry::entries(), own].concat();
    let Some(path) = task.file.as_deref().filter(|_| !task.list) else {
        list(&entries);
        return Ok(Outcome::Fine);
    };
    let (mut sdfg, text) = graph(task, path)?;
    sdfg.lower_machines();
    let mut pipeline = match task.pipeline {
        Some(Steps::Simplify) => simplify(),
        Some(Steps::AutoOptimize) => auto_optimize(),
        Some(Steps::ExpandLibraries) => expand_libraries(),
        None => Pipeline::new("opt"),
    };
    for request in &task.apply {
        pipeline = pipeline
            .then_boxed(registry::request_from(&entries, request).map_err(|error| bad(request, &error))?);
    }
    let mut context = Context::new(dacec_transforms::Options {
        bisect_limit: task.opt_bisect_limit,
        verify: (task.verify_each || cfg!(debug_assertions)).then_some(crate::verify),
        ..dacec_transforms::Options::default()
    });
    let invalid =
        |error: InvalidAfter| Error::Invalid { pass: error.pass.to_owned(), violation: error.complaint };
    let _ = pipeline.run(&mut sdfg, &mut context).map_err(invalid)?;
    if task.time_passes {
        explanation::print_times(&context);
    }
    if let Some(request) = &task.matches {
        return matches(&sdfg, request, &entries);
    }
    if task.history {
        for (transformation, place) in history::of(&sdfg) {
            anstream::println!("{transformation}{}{place}", if place.is_empty() { "" } else { " in " });
        }
        return Ok(Outcome::Fine);
    }
    emit::print(&sdfg, (task.form, SdfgVersion::One), text.as_deref(), &Options::default())?;
    Ok(Outcome::Fine)
}

/// The graph to work on, and the text of its source.
fn graph(task: &Opt, path: &Path) -> Result<(Sdfg, Option<String>), Error> {
    let source = Source {
        file: path.to_owned(),
        program: task.program.clone(),
        trust_code: false,
        examples: Vec::new(),
        warn: false,
    };
    let program = open(&source)?;
    Ok((program.sdfg()?, program.text().map(str::to_owned)))
}

/// Prints every pass with its parameters.
fn list(entries: &[Entry]) {
    let mut table = Table::new();
    table.load_style(presets::NOTHING).set_content_arrangement(ContentArrangement::Dynamic);
    for entry in entries {
        let summary = (entry.make)(&registry::Arguments::default()).map(|pass| pass.summary());
        let parameters: Vec<String> = entry.parameters.iter().map(|name| format!(":{name}=…")).collect();
        table.add_row([
            format!("{}{}", entry.name, parameters.join("")),
            summary.unwrap_or_default().to_owned(),
        ]);
    }
    anstream::println!("{table}");
}

/// Prints the places where a pass would rewrite something, each found by rewriting a copy there alone.
fn matches(sdfg: &Sdfg, request: &str, entries: &[Entry]) -> Result<Outcome, Error> {
    let pass = registry::request_from(entries, request).map_err(|error| bad(request, &error))?;
    for number in 0.. {
        let mut context = Context::default();
        let selection = Selection { skip: number, count: 1 };
        context.select(Some(selection));
        let _ = pass.run(&mut sdfg.clone(), &mut context);
        match context.history() {
            [applied] if context.selection() != Some(selection) => {
                anstream::println!("{number}: {} in {}", applied.transformation, applied.place);
            }
            [] => break,
            _ => return Err(bad(request, &"the pass works on the whole graph, not match by match")),
        }
    }
    Ok(Outcome::Fine)
}

fn bad(text: &str, error: &dyn std::fmt::Display) -> Error {
    Error::Value { text: text.to_owned(), reason: error.to_string() }
}
