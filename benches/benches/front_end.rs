//! The front end alone: lines of Python a second, from the text to the graphs of all functions, on large generated
//! programs; the processor's cores share the functions, as in `dacec check`. `DACEC_BENCH_LINES` is the size of a file, 10 000
//! lines by default; `DACEC_BENCH_ROUNDS` sets the number of rounds.

use dacec_benches::{setting, show, table};
use dacec_frontend::SourceFile;
use dacec_runtime::stats;
use std::fmt::Write;
use std::time::Instant;

/// Appends the statement with that number.
type Line = fn(&mut String, usize);

fn main() {
    let (lines, rounds) = (setting("DACEC_BENCH_LINES", 10_000), setting("DACEC_BENCH_ROUNDS", 7));
    let mut rows = table(["program", "lines", "time", "lines a second"]);
    let kinds: [(&str, usize, Line); 4] = [
        ("arrays, functions of 40 lines", 40, array_line),
        ("arrays, functions of 1000 lines", 1000, array_line),
        ("numbers, functions of 40 lines", 40, number_line),
        ("numbers, functions of 1000 lines", 1000, number_line),
    ];
    for (kind, each, line) in kinds {
        let text = program(lines / each, each, line);
        let count = text.lines().count();
        let seconds: Vec<f64> = (0..rounds).map(|_| lowered(&text)).collect();
        let summary = stats::summarize(&seconds).expect("there was at least one round");
        let rate = format!("{:.0}", count as f64 / summary.median);
        rows.add_row([kind, &count.to_string(), &show(&summary), &rate]);
    }
    println!("{rows}");
}

/// Seconds from the text to the graphs of all its functions.
fn lowered(text: &str) -> f64 {
    let start = Instant::now();
    let file = SourceFile::parse("large.py", text).expect("the text is Python");
    let lowered = file.lower_all(&file.programs());
    let seconds = start.elapsed().as_secs_f64();
    assert!(lowered.iter().all(Result::is_ok), "every function compiles");
    seconds
}

/// So many functions of so many lines each.
fn program(functions: usize, lines: usize, line: Line) -> String {
    let mut text =
        String::from("import numpy as np\nimport dace\n\nN, M = (dace.symbol(s) for s in ('N', 'M'))\n");
    for function in 0..functions {
        write!(text, "\n\n@dace.program\ndef f{function}(A: dace.float64[N, M], B: dace.float64[N, M], x: dace.float64[M]):\n")
            .expect("a string grows");
        // Whole groups of statements: some lines need the ones before or after them.
        for at in 0..lines / 24 * 24 {
            line(&mut text, at);
        }
    }
    text
}

/// Statements on whole arrays and parts of them, as in stencils and statistics.
fn array_line(text: &mut String, at: usize) {
    let line = match at % 8 {
        0 => format!("    t{at} = A * {at}.5 + B"),
        1 => {
            "    A[1:-1, 1:-1] = 0.25 * (B[:-2, 1:-1] + B[2:, 1:-1] + B[1:-1, :-2] + B[1:-1, 2:])".to_owned()
        }
        2 => format!("    x += t{}[0]", at - 2),
        3 => format!("    for i{at} in range(1, N - 1):"),
        4 => format!("        A[i{0}, :] = B[i{0} - 1, :] + x", at - 1),
        5 => "    x -= np.mean(A, axis=0)".to_owned(),
        6 => "    B[:] = np.where(A > 0.5, np.sqrt(abs(A)), B)".to_owned(),
        _ => format!("    x[{}] = np.max(B[:, {}])", at % 3, at % 5),
    };
    text.push_str(&line);
    text.push('\n');
}

/// Statements on numbers and elements.
fn number_line(text: &mut String, at: usize) {
    let line = match at % 6 {
        0 => format!("    s{at} = A[{}, {}] * 2.0 + x[1]", at % 4, at % 3),
        1 => format!("    if s{} > {at}.0:", at - 1),
        2 => format!("        x[{}] = s{} / 3.0", at % 5, at - 2),
        3 => format!("    k{at} = N // 2 + {at}"),
        4 => format!("    for i{at} in dace.map[0:M]:"),
        _ => format!("        x[i{0}] = x[i{0}] * s{1} + k{2}", at - 1, at - 5, at - 2),
    };
    text.push_str(&line);
    text.push('\n');
}
