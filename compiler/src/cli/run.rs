//! `dacec run`: a benchmark file at one of its sizes, or a program on the user's own arrays.

use super::args::{MessageFormat, Run};
use super::comparison::Comparison;
use super::table::{self, Row};
use super::{Extensions, Outcome, compiler, examples, open, trace, warn};
use crate::benchmark::{self, Benchmark, Measured, Values};
use crate::reference::{self, Request};
use crate::{Compiler, Error, Options, Program, interpret};
use dacec_codegen::Interface;
use dacec_frontend::SourceFile;
use dacec_ir::callback::Callback;
use dacec_ir::{DType, IndexMap, Name, interp};
use dacec_runtime::arguments::Value;
use dacec_runtime::{Arguments, ArrayBuf, OptLevel, ScalarValue, Signature, doctor, npy};
use indicatif::{ProgressBar, ProgressStyle};
use std::path::Path;

pub(super) fn run(task: &Run, format: MessageFormat, extensions: &Extensions) -> Result<Outcome, Error> {
    let mut program = open(&task.source)?;
    if let Program::Source { file, name } = &mut program {
        let untyped = file.untyped(name);
        let is_untyped = |text: &&String| {
            text.split_once('=').is_some_and(|(name, _)| untyped.iter().any(|it| it == name))
        };
        let examples: Vec<String> = task.arguments.iter().filter(is_untyped).cloned().collect();
        examples::give(file, name, &examples)?;
    }
    warn(&task.source, &program, format);
    check_requests(&program)?;
    if task.interpret {
        return interpret(task, &program, format);
    }
    let compiler = compiler(&task.compile, extensions)?;
    match &program {
        Program::Source { file, name } if task.arguments.is_empty() => {
            run_benchmark(task, file, name, &compiler, format)
        }
        _ => run_on_data(task, &program, &compiler, format),
    }
}

/// Refuses a graph that calls functions of Python, which nobody here can give, and names what it asks for in vain.
fn check_requests(program: &Program) -> Result<(), Error> {
    let Program::Graph(sdfg) = program else { return Ok(()) };
    let mut functions: Vec<String> = Callback::all(sdfg).into_iter().map(|call| call.function).collect();
    functions.sort();
    functions.dedup();
    for what in trace::unmeasured(sdfg) {
        anstream::eprintln!("warning: {what} measures nothing: only timers do");
    }
    if functions.is_empty() { Ok(()) } else { Err(Error::Functions { functions }) }
}

// --- the reference interpreter -------------------------------------------------------------------------------------

fn interpret(task: &Run, program: &Program, format: MessageFormat) -> Result<Outcome, Error> {
    let options = interp::Options { races: task.races, ..interp::Options::default() };
    let results = match program {
        Program::Source { file, name } if task.arguments.is_empty() => {
            interpret::run_benchmark(file, name, &sizes(task, file, name)?.1, &options)?
        }
        _ => {
            let mut sdfg = program.sdfg()?;
            sdfg.lower_data();
            let signature = crate::signature(&Interface::of(&sdfg)?);
            let (arrays, values) = read_arguments(task, &signature)?;
            interpret::run(&sdfg, &values, &arrays, &options)?
        }
    };
    save(task, &results)?;
    table::print_results(&results, format);
    Ok(Outcome::Fine)
}

// --- benchmark files -----------------------------------------------------------------------------------------------

fn run_benchmark(
    task: &Run,
    file: &SourceFile,
    program: &str,
    compiler: &Compiler,
    format: MessageFormat,
) -> Result<Outcome, Error> {
    let (preset, values) = sizes(task, file, program)?;
    let bar = progress(task.repeat, format);
    bar.set_message(format!("compiling {program}"));
    let benchmark = Benchmark::compile(compiler, file, program, values)?;
    bar.set_message(format!("running {program}"));
    let measured = benchmark.measure(task.repeat, &mut |done| bar.set_position(done as u64))?;
    bar.finish_and_clear();
    save(task, &measured.results)?;
    let row = Row { program, preset: &preset, benchmark: &benchmark, measured: &measured };
    table::print(&row, format);
    if !task.verify {
        return Ok(Outcome::Fine);
    }
    let verdict = verify(task, file, program, compiler, &benchmark, &measured, format)?;
    Ok(if verdict { Outcome::Fine } else { Outcome::Failed })
}

/// The chosen preset's name, and its values with those of `--set` on top.
fn sizes(task: &Run, file: &SourceFile, program: &str) -> Result<(String, Values), Error> {
    let names: Vec<&str> = file.presets().names().collect();
    let preset = task.preset.as_deref();
    let Some(mut values) = benchmark::preset_values(file, program, preset) else {
        let help = match names.is_empty() {
            true => "it has no dictionary `presets`; give sizes with --set".to_owned(),
            false => format!("it has {}", names.join(", ")),
        };
        let wanted = preset.unwrap_or_default().to_owned();
        return Err(Error::NoPreset { file: task.source.file.display().to_string(), wanted, help });
    };
    for text in &task.set {
        let (name, value) = split(text)?;
        values.insert(name.into(), parse(value, natural_type(value))?);
    }
    let name = preset.or(names.first().copied()).unwrap_or_default();
    Ok((name.to_owned(), values))
}

pub(super) fn parse(text: &str, dtype: DType) -> Result<ScalarValue, Error> {
    ScalarValue::parse(text, dtype)
        .map_err(|error| Error::Value { text: text.to_owned(), reason: error.to_string() })
}

/// An integer where the text is one, so that it can be a size.
pub(super) fn natural_type(text: &str) -> DType {
    match text.trim() {
        "true" | "True" | "false" | "False" => DType::Bool,
        text if text.parse::<i64>().is_ok() => DType::Int64,
        _ => DType::Float64,
    }
}

pub(super) fn split(text: &str) -> Result<(&str, &str), Error> {
    let usable = text.split_once('=').filter(|(name, value)| !name.is_empty() && !value.is_empty());
    usable.ok_or_else(|| Error::Value { text: text.to_owned(), reason: "it is not NAME=VALUE".to_owned() })
}

fn progress(repeat: usize, format: MessageFormat) -> ProgressBar {
    if format == MessageFormat::Json {
        return ProgressBar::hidden();
    }
    let bar = ProgressBar::new(repeat as u64);
    if let Ok(style) = ProgressStyle::with_template("{spinner} {msg} {bar:20} {pos}/{len}") {
        bar.set_style(style);
    }
    bar.enable_steady_tick(std::time::Duration::from_millis(100));
    bar
}

// --- verification --------------------------------------------------------------------------------------------------

/// Compares the first run's results with the reference; whether all agree.
fn verify(
    task: &Run,
    file: &SourceFile,
    program: &str,
    compiler: &Compiler,
    benchmark: &Benchmark,
    measured: &Measured,
    format: MessageFormat,
) -> Result<bool, Error> {
    let (what, expected, median) = match doctor::python() {
        Ok(python) => {
            let reference = reference::run(
                &python,
                &Request {
                    file: &task.source.file,
                    program,
                    initialize: benchmark.initializer.as_ref().map(|_| benchmark::INITIALIZER),
                    values: &benchmark.values,
                    arrays: &IndexMap::default(),
                    save: measured.results.keys().cloned().collect(),
                    repeat: 1,
                },
            )?;
            (reference.versions, reference.results, Some(reference.median))
        }
        Err(reason) => {
            anstream::eprintln!("{reason}: comparing with an unoptimized build instead of with NumPy");
            let plain = Options { opt: OptLevel::O0, openmp: false, ..compiler.options().clone() };
            let plain = compiler.with_options(plain);
            let plain = Benchmark::compile(&plain, file, program, benchmark.values.clone())?;
            let results = plain.measure(1, &mut |_| {})?.results;
            let results = results.into_iter().map(|(name, array)| (name.to_string(), array)).collect();
            ("the unoptimized build".to_owned(), results, None)
        }
    };
    let ratio = median.map(|median| median / measured.summary.median);
    let comparisons: Vec<Comparison> = measured
        .results
        .iter()
        .map(|(name, array)| Comparison::of(name, array, &expected, task.tolerance))
        .collect();
    report(&what, &comparisons, median.zip(ratio), format);
    Ok(comparisons.iter().all(|comparison| comparison.agrees))
}

fn report(what: &str, comparisons: &[Comparison], speed: Option<(f64, f64)>, format: MessageFormat) {
    match format {
        MessageFormat::Json => {
            for it in comparisons {
                let line = serde_json::json!({
                    "verify": it.name.as_str(), "agrees": it.agrees, "with": what, "detail": it.verdict,
                });
                anstream::println!("{line}");
            }
        }
        MessageFormat::Human => {
            for it in comparisons {
                let verdict = if it.agrees { "agrees" } else { "DIFFERS" };
                anstream::println!("{}: {verdict} with {what} ({})", it.name, it.verdict);
            }
            if let Some((median, ratio)) = speed {
                anstream::println!("{what} took {}: {ratio:.1} times as long", table::seconds(median));
            }
        }
    }
}

// --- the user's own data -------------------------------------------------------------------------------------------

fn run_on_data(
    task: &Run,
    program: &Program,
    compiler: &Compiler,
    format: MessageFormat,
) -> Result<Outcome, Error> {
    let compiled = program.compile(compiler)?;
    let loaded = compiled.load()?;
    let (mut arrays, scalars) = read_arguments(task, loaded.signature())?;
    let outputs = {
        let mut arguments = Arguments::default();
        for (name, array) in &mut arrays {
            arguments.insert(name, Value::Array(array.into()));
        }
        for (name, value) in scalars {
            arguments.insert(name, Value::Scalar(value));
        }
        loaded.call(&mut arguments)?
    };
    let written =
        loaded.signature().arguments.iter().filter(|it| it.as_array().is_some_and(|array| array.written));
    let mut results = IndexMap::default();
    for argument in written {
        if let Some(array) = arrays.swap_remove(&argument.name) {
            results.insert(argument.name.clone(), array);
        }
    }
    results.extend(outputs);
    save(task, &results)?;
    table::print_results(&results, format);
    let timers = loaded.timers();
    table::print_timers(&timers, format);
    if let Some(path) = &task.report {
        trace::write(path, &timers)?;
    }
    Ok(Outcome::Fine)
}

/// Arrays from files, and values, of the arguments `NAME=VALUE`.
fn read_arguments(task: &Run, signature: &Signature) -> Result<(IndexMap<Name, ArrayBuf>, Values), Error> {
    let (mut arrays, mut scalars) = (IndexMap::default(), Values::default());
    for text in task.arguments.iter().chain(&task.set) {
        let (name, value) = split(text)?;
        let declared = signature.arguments.iter().find(|argument| argument.name == *name);
        match declared {
            Some(argument) if argument.as_array().is_some() => {
                arrays.insert(argument.name.clone(), read_array(value, name)?);
            }
            Some(argument) => {
                scalars.insert(argument.name.clone(), parse(value, argument.dtype())?);
            }
            // A symbol, or a name that the call refuses with a suggestion.
            None => {
                scalars.insert(name.into(), parse(value, natural_type(value))?);
            }
        }
    }
    Ok((arrays, scalars))
}

/// `a.npy`, `data.npz` (the array of the argument's name) or `data.npz:other`.
pub(super) fn read_array(text: &str, name: &str) -> Result<ArrayBuf, Error> {
    let (path, member) = match text.rsplit_once(".npz:") {
        Some((stem, member)) => (format!("{stem}.npz"), member),
        None => (text.to_owned(), name),
    };
    let path = Path::new(&path);
    match path.extension().is_some_and(|extension| extension == "npz") {
        true => Ok(npy::read_from_archive(path, member)?),
        false => Ok(npy::read(path)?),
    }
}

/// Writes what `--save` asks for.
fn save(task: &Run, results: &IndexMap<Name, ArrayBuf>) -> Result<(), Error> {
    for text in &task.save {
        let (name, path) = split(text)?;
        let array = results.get(name).ok_or_else(|| {
            let known: Vec<&str> = results.keys().map(Name::as_str).collect();
            Error::Value { text: text.clone(), reason: format!("the program writes {}", known.join(", ")) }
        })?;
        npy::write(Path::new(path), array)?;
    }
    Ok(())
}
