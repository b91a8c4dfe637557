//! `dacec bench`: programs at -O1, at -O3, at -O3 on one thread, and under NumPy, in alternating turns.

use super::Outcome;
use super::args::{Bench, MessageFormat};
use super::comparison::Comparison;
use super::table::seconds;
use crate::benchmark::{self, Benchmark, Values};
use crate::contest::{self, Entrant, Limits, Standing};
use crate::reference::{Request, Session};
use crate::{Compiler, Error, Options};
use comfy_table::{Table, presets};
use dacec_frontend::SourceFile;
use dacec_ir::{IndexMap, Name};
use dacec_runtime::doctor::Python;
use dacec_runtime::stats::Summary;
use dacec_runtime::{ArrayBuf, Cache, OptLevel, doctor};
use std::path::{Path, PathBuf};
use tempfile::TempDir;

/// Optimization slows a program down where -O1 takes less than this part of the time.
const SLOWED: f64 = 0.95;

/// A program to measure.
struct Task {
    name: String,
    path: PathBuf,
    file: SourceFile,
    preset: String,
    values: Values,
}

/// One line of the table.
struct Row {
    program: String,
    preset: String,
    compile_seconds: f64,
    simplified: Standing,
    optimized: Standing,
    one_thread: Standing,
    numpy: Option<Standing>,
    disagreements: Vec<String>,
}

pub(super) fn run(task: &Bench, format: MessageFormat) -> Result<Outcome, Error> {
    let python = match task.no_numpy {
        true => None,
        false => doctor::python().map_err(|reason| anstream::eprintln!("without NumPy: {reason}")).ok(),
    };
    // Programs that come with dacec are files for NumPy.
    let folder = tempfile::tempdir().map_err(|reason| Error::Write { path: std::env::temp_dir(), reason })?;
    let (mut rows, mut failed) = (Vec::new(), false);
    for preset in &task.preset {
        for program in programs(task, &folder, preset)? {
            match measure(task, &program, python.as_ref()) {
                Ok(row) => {
                    failed |= !row.disagreements.is_empty();
                    match format {
                        MessageFormat::Json => anstream::println!("{}", row.json()),
                        MessageFormat::Human => anstream::eprintln!("{}", row.line()),
                    }
                    rows.push(row);
                }
                Err(error) => {
                    failed = true;
                    super::report::error(&error, format);
                    anstream::eprintln!("{} at {preset} was not measured", program.name);
                }
            }
        }
    }
    if format == MessageFormat::Human {
        print(&rows);
    }
    Ok(if failed { Outcome::Failed } else { Outcome::Fine })
}

/// The programs that the command line names; without names all that come with dacec.
fn programs(task: &Bench, folder: &TempDir, preset: &str) -> Result<Vec<Task>, Error> {
    let all = dacec_polybench::PROGRAMS.iter().map(|program| program.name.to_owned());
    let names: Vec<String> = if task.programs.is_empty() { all.collect() } else { task.programs.clone() };
    let mut tasks = Vec::new();
    for name in names {
        let path = source_file(&name, folder)?;
        let file = crate::read_source(&path)?;
        let shown = path.display().to_string();
        let Some(program) = file.default_program().map(str::to_owned) else {
            let help = "mark a function with `@dace.program` to make it one".to_owned();
            return Err(Error::NoProgram { file: shown, wanted: "@dace.program".to_owned(), help });
        };
        let Some(values) = benchmark::preset_values(&file, &program, Some(preset)) else {
            let names: Vec<&str> = file.presets().names().collect();
            let help = format!("it has {}", names.join(", "));
            return Err(Error::NoPreset { file: shown, wanted: preset.to_owned(), help });
        };
        tasks.push(Task { name: program, path, file, preset: preset.to_owned(), values });
    }
    Ok(tasks)
}

/// A file that is there, or a program that comes with dacec, written to the folder.
fn source_file(name: &str, folder: &TempDir) -> Result<PathBuf, Error> {
    if name.ends_with(".py") {
        return Ok(PathBuf::from(name));
    }
    let Some(program) = dacec_polybench::find(name) else {
        let known: Vec<&str> = dacec_polybench::PROGRAMS.iter().map(|program| program.name).collect();
        let reason = format!("give a file, or one of {}", known.join(", "));
        return Err(Error::Value { text: name.to_owned(), reason });
    };
    let path = folder.path().join(format!("{name}.py"));
    std::fs::write(&path, program.source).map_err(|reason| Error::Write { path: path.clone(), reason })?;
    Ok(path)
}

fn measure(task: &Bench, program: &Task, python: Option<&Python>) -> Result<Row, Error> {
    let build = |opt: OptLevel| {
        // A cache of its own, so that every compilation is a cold one.
        let options = Options { opt, verify_each: false, ..Options::default() };
        let compiler = Compiler::with_cache(options, Cache::private()?)?;
        Benchmark::compile(&compiler, &program.file, &program.name, program.values.clone())
    };
    let simplified = build(OptLevel::O1)?;
    let optimized = build(OptLevel::O3)?;
    let mut session = python.map(|python| start(python, program, &optimized)).transpose()?;
    let limits = Limits { rounds: task.repeat, seconds: task.seconds };
    let entrants = [(&simplified, None), (&optimized, None), (&optimized, Some(1))];
    let entrants = entrants.map(|(benchmark, threads)| Entrant { benchmark, threads });
    let standings = contest::run(&entrants, session.as_mut(), limits)?;
    let mut standings = standings.into_iter();
    let mut next = || standings.next().expect("each contender has a standing");
    let (mut first, mut second, mut third) = (next(), next(), next());
    let (numpy, disagreements) = match session {
        Some(session) => {
            let expected = &session.reference.results;
            let checked = [("-O1", &first), ("-O3", &second), ("-O3 on one thread", &third)];
            let complaints =
                checked.iter().flat_map(|(level, it)| disagreements(level, &it.results, expected));
            (Some(next()), complaints.collect())
        }
        None => (None, Vec::new()),
    };
    // They are compared, and rows are kept until the end: matrices of all programs would not fit into memory.
    [&mut first, &mut second, &mut third].into_iter().for_each(|it| it.results.clear());
    Ok(Row {
        program: program.name.clone(),
        preset: program.preset.clone(),
        compile_seconds: optimized.kernel.phases.total().as_secs_f64(),
        simplified: first,
        optimized: second,
        one_thread: third,
        numpy,
        disagreements,
    })
}

fn start(python: &Python, program: &Task, benchmark: &Benchmark) -> Result<Session, Error> {
    let written = benchmark.kernel.signature.arguments.iter().filter(|it| it.as_array().is_some());
    let request = Request {
        file: Path::new(&program.path),
        program: &program.name,
        initialize: benchmark.initializer.as_ref().map(|_| benchmark::INITIALIZER),
        values: &benchmark.values,
        arrays: &IndexMap::default(),
        save: written.map(|it| it.name.clone()).collect(),
        repeat: 1,
    };
    Session::start(python, &request)
}

/// Results that are not those of the reference.
fn disagreements(
    level: &str,
    results: &IndexMap<Name, ArrayBuf>,
    expected: &IndexMap<String, ArrayBuf>,
) -> Vec<String> {
    let compare = |(name, array)| Comparison::of(name, array, expected, None);
    let differs = results.iter().map(compare).filter(|comparison| !comparison.agrees);
    differs.map(|it| format!("{} at {level}: {}", it.name, it.verdict)).collect()
}

impl Row {
    /// How many times as long as -O3 NumPy takes.
    fn speedup(&self) -> Option<Summary> {
        Some(self.numpy.as_ref()?.ratio(&self.optimized))
    }

    /// How many times as long as -O3 -O1 takes.
    fn gain(&self) -> Summary {
        self.simplified.ratio(&self.optimized)
    }

    /// How many times as long one thread takes.
    fn gain_of_threads(&self) -> Summary {
        self.one_thread.ratio(&self.optimized)
    }

    fn verdict(&self) -> &'static str {
        match (&self.numpy, self.disagreements.is_empty()) {
            (None, _) => "not checked",
            (_, true) => "agrees",
            (_, false) => "DIFFERS",
        }
    }

    fn cells(&self) -> [String; 9] {
        [
            self.program.clone(),
            self.preset.clone(),
            seconds(self.compile_seconds),
            show(&self.optimized),
            self.numpy.as_ref().map(show).unwrap_or_default(),
            self.speedup().as_ref().map(show_ratio).unwrap_or_default(),
            show_ratio(&self.gain()),
            show_ratio(&self.gain_of_threads()),
            self.verdict().to_owned(),
        ]
    }

    fn line(&self) -> String {
        let mut line = self.cells().join("  ");
        for complaint in &self.disagreements {
            line += &format!("\n    {complaint}");
        }
        line
    }

    fn json(&self) -> serde_json::Value {
        let standing = |it: &Standing| {
            serde_json::json!({
                "median": it.summary.median, "confidence": [it.summary.low, it.summary.high],
                "minimum": it.summary.min, "turns": it.summary.count,
            })
        };
        let ratio = |it: Summary| serde_json::json!({ "median": it.median, "confidence": [it.low, it.high] });
        serde_json::json!({
            "program": self.program, "preset": self.preset, "compile_seconds": self.compile_seconds,
            "O1": standing(&self.simplified), "O3": standing(&self.optimized),
            "O3_one_thread": standing(&self.one_thread), "numpy": self.numpy.as_ref().map(standing),
            "numpy_over_O3": self.speedup().map(ratio), "O1_over_O3": ratio(self.gain()),
            "one_thread_over_O3": ratio(self.gain_of_threads()),
            "verified": self.numpy.as_ref().map(|_| self.disagreements.is_empty()),
            "disagreements": self.disagreements,
        })
    }
}

fn show_ratio(ratio: &Summary) -> String {
    format!("{:.2} [{:.2}, {:.2}]", ratio.median, ratio.low, ratio.high)
}

fn show(standing: &Standing) -> String {
    let summary = &standing.summary;
    format!("{} [{}, {}]", seconds(summary.median), seconds(summary.low), seconds(summary.high))
}

/// The table, in Markdown, and what it says of each preset.
fn print(rows: &[Row]) {
    let mut table = Table::new();
    table.load_style(presets::ASCII_MARKDOWN).set_header([
        "program",
        "preset",
        "cold compile",
        "-O3",
        "NumPy",
        "NumPy / -O3",
        "-O1 / -O3",
        "one thread / -O3",
        "results",
    ]);
    for row in rows {
        table.add_row(row.cells());
    }
    anstream::println!("{}", table.trim_fmt());
    let mut presets: Vec<&str> = rows.iter().map(|row| row.preset.as_str()).collect();
    presets.dedup();
    for preset in presets {
        let of_preset: Vec<&Row> = rows.iter().filter(|row| row.preset == preset).collect();
        let below = |limit: f64, ratio: &dyn Fn(&Row) -> Option<Summary>| {
            let ratios = of_preset.iter().filter_map(|row| Some((row.program.as_str(), ratio(row)?)));
            below(limit, ratios)
        };
        let logarithms: Vec<f64> =
            of_preset.iter().filter_map(|row| row.speedup()).map(|ratio| ratio.median.ln()).collect();
        if !logarithms.is_empty() {
            let count = logarithms.len();
            let mean = (logarithms.iter().sum::<f64>() / count as f64).exp();
            anstream::println!("{preset}: geometric mean of NumPy / -O3 over {count} programs: {mean:.2}");
            anstream::println!("{preset}: slower than NumPy: {}", below(1.0, &Row::speedup));
        }
        let gain = below(SLOWED, &|row| Some(row.gain()));
        anstream::println!("{preset}: over 5 % slower at -O3 than at -O1: {gain}");
        let threads = below(1.0, &|row| Some(row.gain_of_threads()));
        anstream::println!("{preset}: slower with threads than with one: {threads}");
    }
}

/// The programs whose ratio is below a limit, as far as the measurements settle that.
fn below<'a>(limit: f64, ratios: impl Iterator<Item = (&'a str, Summary)>) -> String {
    let (settled, open): (Vec<_>, Vec<_>) =
        ratios.filter(|(_, ratio)| ratio.median < limit).partition(|(_, ratio)| ratio.high < limit);
    let names = |found: Vec<(&str, Summary)>| {
        let names: Vec<&str> = found.into_iter().map(|(name, _)| name).collect();
        if names.is_empty() { "none".to_owned() } else { names.join(", ") }
    };
    let settled = names(settled);
    if open.is_empty() { settled } else { format!("{settled}; not settled: {}", names(open)) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use dacec_runtime::stats::summarize;

    #[test]
    fn what_noise_may_explain_is_not_settled() {
        let ratios = [("fast", [1.2, 1.3, 1.4]), ("noisy", [0.8, 0.9, 1.1]), ("slow", [0.7, 0.8, 0.9])];
        let ratios = ratios.map(|(name, values)| (name, summarize(&values).expect("three values")));
        assert_eq!(below(1.0, ratios.into_iter()), "slow; not settled: noisy");
        assert_eq!(below(0.85, ratios.into_iter()), "none; not settled: slow");
        assert_eq!(below(0.5, ratios.into_iter()), "none");
    }
}
