//! Compiled programs against NumPy on the same file, in alternating runs of several repetitions each. Arguments name
//! programs; without any, all of `polybench/` that compile are measured. `DACEC_BENCH_PRESET` chooses the size,
//! `DACEC_BENCH_ROUNDS` the number of rounds, `DACEC_PYTHON` the interpreter with NumPy.

use dacec::benchmark::{self, Benchmark};
use dacec::reference::{self, Request};
use dacec::{Compiler, Options};
use dacec_benches::{alternate, setting, show, table};
use dacec_runtime::doctor;
use indexmap::IndexMap;
use std::path::Path;

fn main() {
    let python = match doctor::python() {
        Ok(python) => python,
        Err(reason) => return eprintln!("nothing was measured: {reason}"),
    };
    let preset = std::env::var("DACEC_BENCH_PRESET").unwrap_or_else(|_| "S".into());
    let rounds = setting("DACEC_BENCH_ROUNDS", 5);
    let wanted: Vec<String> =
        std::env::args().skip(1).filter(|argument| !argument.starts_with('-')).collect();
    let compiler =
        Compiler::new(Options { verify_each: false, ..Options::default() }).expect("a C++ compiler");
    let mut rows = table(["program", "size", "dacec", "NumPy", "NumPy / dacec"]);
    let mut logarithms = Vec::new();
    for program in dacec_polybench::PROGRAMS {
        if !wanted.is_empty() && !wanted.iter().any(|name| name == program.name) {
            continue;
        }
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(program.path);
        let Ok(file) = dacec::read_source(&path) else { continue };
        let Some(values) = benchmark::preset_values(&file, program.name, Some(&preset)) else { continue };
        let benchmark = match Benchmark::compile(&compiler, &file, program.name, values.clone()) {
            Ok(benchmark) => benchmark,
            Err(error) => {
                eprintln!("{}: not measured: {error}", program.name);
                continue;
            }
        };
        let request = Request {
            file: &path,
            program: program.name,
            initialize: benchmark.initializer.as_ref().map(|_| benchmark::INITIALIZER),
            values: &values,
            arrays: &IndexMap::new(),
            save: Vec::new(),
            repeat: 3,
        };
        let (ours, theirs) = alternate(
            rounds,
            || benchmark.measure(3, &mut |_| {}).expect("the program runs").summary.median,
            || reference::run(&python, &request).expect("NumPy runs the program").median,
        );
        let ratio = theirs.median / ours.median;
        logarithms.push(ratio.ln());
        rows.add_row([program.name, &preset, &show(&ours), &show(&theirs), &format!("{ratio:.2}")]);
    }
    println!("{rows}");
    if !logarithms.is_empty() {
        let mean = (logarithms.iter().sum::<f64>() / logarithms.len() as f64).exp();
        println!("geometric mean of NumPy / dacec over {} programs: {mean:.2}", logarithms.len());
    }
}
