//! A cold compilation, from the Python file to the loaded library with an empty cache, against what the C++ compiler
//! needs for four lines. `DACEC_BENCH_ROUNDS` sets the number of rounds.

use dacec::{Compiler, Options};
use dacec_benches::{alternate, setting, show, table};
use dacec_runtime::Cache;
use std::path::Path;
use std::process::Command;
use std::time::Instant;

const FOUR_LINES: &str = "extern \"C\" void axpy(long n, double a, double *x, double *y) {\n    \
    #pragma omp parallel for\n    for (long i = 0; i < n; i++) y[i] += a * x[i];\n}\n";

fn main() {
    let rounds = setting("DACEC_BENCH_ROUNDS", 15);
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    let peer = folder.path().join("axpy.cpp");
    std::fs::write(&peer, FOUR_LINES).expect("a temporary file can be written");
    let mut rows = table(["program", "dacec, cold", "its own part", "g++, four lines", "ratio", "cache hit"]);
    for program in ["gemm", "jacobi_2d"] {
        let source = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("../polybench/{program}.py"));
        let mut own_part = Vec::new();
        let (ours, theirs) = alternate(rounds, || cold(&source, program, &mut own_part), || compiler(&peer));
        let own = dacec_runtime::stats::summarize(&own_part).expect("there was at least one round");
        let ratio = format!("{:.2}", ours.median / theirs.median);
        rows.add_row([
            program,
            &show(&ours),
            &show(&own),
            &show(&theirs),
            &ratio,
            &show(&hit(&source, program, rounds)),
        ]);
    }
    println!("{rows}");
}

/// Seconds from the file to the loaded library, nothing cached.
fn cold(source: &Path, program: &str, own_part: &mut Vec<f64>) -> f64 {
    let cache = Cache::private().expect("a private cache can be made");
    // Which compiler a machine has is found once, not for each program.
    let compiler = Compiler::with_cache(Options { verify_each: false, ..Options::default() }, cache)
        .expect("a compiler");
    let start = Instant::now();
    let file = dacec::read_source(source).expect("the program can be read");
    let parsed = start.elapsed().as_secs_f64();
    let compiled = compiler.compile_program(&file, program).expect("the program compiles");
    compiled.load().expect("the library can be loaded");
    let seconds = start.elapsed().as_secs_f64();
    let phases = ["front end", "optimize", "generate"];
    let own =
        compiled.phases.iter().filter(|(name, _)| phases.contains(name)).map(|(_, time)| time.as_secs_f64());
    own_part.push(parsed + own.sum::<f64>());
    seconds
}

/// Seconds of the C++ compiler for a shared library of four lines.
fn compiler(source: &Path) -> f64 {
    let start = Instant::now();
    let status = Command::new("g++")
        .args(["-O3", "-march=native", "-fopenmp", "-shared", "-fPIC", "-o"])
        .arg(source.with_extension("so"))
        .arg(source)
        .status();
    assert!(status.is_ok_and(|status| status.success()), "g++ failed");
    start.elapsed().as_secs_f64()
}

/// Seconds from the file to the loaded library, when it was built before.
fn hit(source: &Path, program: &str, rounds: usize) -> dacec_runtime::stats::Summary {
    let cache = Cache::private().expect("a private cache can be made");
    let again = || {
        let start = Instant::now();
        let options = Options { verify_each: false, ..Options::default() };
        let compiler = Compiler::with_cache(options, cache.clone()).expect("a compiler");
        let file = dacec::read_source(source).expect("the program can be read");
        let compiled = compiler.compile_program(&file, program).expect("the program compiles");
        compiled.load().expect("the library can be loaded");
        start.elapsed().as_secs_f64()
    };
    again();
    let seconds: Vec<f64> = (0..rounds).map(|_| again()).collect();
    dacec_runtime::stats::summarize(&seconds).expect("there was at least one round")
}
