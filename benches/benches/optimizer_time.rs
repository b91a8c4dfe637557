//! How long the optimizer itself takes: every benchmark program, programs of 10 to 160 NumPy statements in a row, and
//! graphs of 1 000 to 5 000 states. Times are of -O3 from the front end's graph to the one that code is made of. Between
//! rows of one kind the last column tells how the time grows with the size: 1.0 is linear. `DACEC_BENCH_ROUNDS` sets the
//! number of rounds; an argument keeps the rows that have it in their name.

use comfy_table::Table;
use dacec_benches::{setting, show, table};
use dacec_frontend::SourceFile;
use dacec_ir::builder::{SdfgBuilder, name};
use dacec_ir::{DType, Expr, Sdfg};
use dacec_runtime::stats::{Summary, summarize};
use dacec_transforms::{Context, auto_optimize};
use std::time::Instant;

const STATEMENTS: &str = "NumPy statements in a row";
const STATES: &str = "states in a row";

fn main() {
    let rounds = setting("DACEC_BENCH_ROUNDS", 7);
    let wanted = std::env::args().skip(1).find(|it| !it.starts_with('-')).unwrap_or_default();
    let mut rows = table(["program", "statements or states", "optimizer", "growth"]);
    for program in dacec_polybench::PROGRAMS.iter().filter(|it| it.name.contains(&wanted)) {
        let file = SourceFile::parse(program.path, program.source).expect("every program parses");
        let sdfg = file.lower(program.name).expect("every program compiles");
        rows.add_row([program.name, "", &show(&optimize(&sdfg, rounds)), ""]);
    }
    let lines = |count: usize| {
        let file = SourceFile::parse("long.py", &statements(count)).expect("the program parses");
        file.lower("long").expect("the program compiles")
    };
    if STATEMENTS.contains(&wanted) {
        growth(&mut rows, STATEMENTS, &[10, 40, 80, 160, 320], lines, rounds);
    }
    if STATES.contains(&wanted) {
        growth(&mut rows, STATES, &[1250, 2500, 5000], states, rounds);
    }
    println!("{rows}");
}

/// A row for each size, with the exponent of the growth from the size before.
fn growth(rows: &mut Table, label: &str, sizes: &[usize], make: impl Fn(usize) -> Sdfg, rounds: usize) {
    let mut before: Option<(usize, f64)> = None;
    for &size in sizes {
        let summary = optimize(&make(size), rounds);
        let exponent = before
            .map(|(smaller, seconds)| (summary.median / seconds).ln() / (size as f64 / smaller as f64).ln());
        let exponent = exponent.map(|it| format!("{it:.2}")).unwrap_or_default();
        rows.add_row([label, &size.to_string(), &show(&summary), &exponent]);
        before = Some((size, summary.median));
    }
}

fn optimize(sdfg: &Sdfg, rounds: usize) -> Summary {
    let seconds: Vec<f64> = (0..rounds.max(1))
        .map(|_| {
            let mut sdfg = sdfg.clone();
            let start = Instant::now();
            let _ = auto_optimize().run(&mut sdfg, &mut Context::default()).expect("no check is set");
            start.elapsed().as_secs_f64()
        })
        .collect();
    summarize(&seconds).expect("there was at least one round")
}

/// `A = B*2 + C`, `C[1:] = A[:-1] - B[1:]` and so on.
fn statements(count: usize) -> String {
    let mut text = "import dace\nN = dace.symbol('N')\n\n@dace.program\ndef long(".to_owned();
    text += "A: dace.float64[N], B: dace.float64[N], C: dace.float64[N]):\n";
    let arrays = ["A", "B", "C"];
    for k in 0..count {
        let (x, y, z) = (arrays[k % 3], arrays[(k + 1) % 3], arrays[(k + 2) % 3]);
        text += &match k % 2 {
            0 => format!("    {x}[:] = {y} * 2.0 + {z}\n"),
            _ => format!("    {x}[1:] = {y}[:-1] - {z}[1:]\n"),
        };
    }
    text
}

/// A chain of states, each of which reads what the one before has written.
fn states(count: usize) -> Sdfg {
    let mut b = SdfgBuilder::new("states");
    b.array("A", DType::Float64, [Expr::sym("N")]).array("B", DType::Float64, [Expr::sym("N")]);
    for k in 0..count {
        let (from, to) = if k % 2 == 0 { ("A", "B") } else { ("B", "A") };
        let inputs = [("x", from, "i")];
        b.state(&format!("s{k}")).map("m", &[("i", "0:N")], &inputs, name("x") + name("x"), (to, "i"));
    }
    b.build()
}
