//! What is fuzzed.

use crate::files;
use dacec_frontend::SourceFile;
use dacec_ir::json::{self, ReadOptions};
use dacec_ir::validate::validate;
use dacec_ir::{Expr, Sdfg, text};

/// A reader and files that it accepts.
pub struct Target {
    /// What people call it.
    pub name: &'static str,
    /// Files to start from.
    pub corpus: fn() -> Vec<Vec<u8>>,
    /// Reads an input, and does with it what follows reading. An error is no failure.
    pub read: fn(&[u8]),
}

/// Every target.
pub const TARGETS: &[Target] = &[
    Target { name: "python", corpus: sources, read: python },
    Target { name: "sdfg", corpus: graphs, read: sdfg },
    Target { name: "text", corpus: texts, read: graph_text },
    Target { name: "expression", corpus: expressions, read: expression },
];

fn sources() -> Vec<Vec<u8>> {
    let mut all = files("polybench", &[".py"]);
    all.extend(files("frontend-python/tests", &[".py"]));
    all.retain(|source| source.len() < 1 << 14);
    all
}

/// What the benchmark programs become: one of each.
fn programs() -> Vec<Sdfg> {
    let mut graphs = Vec::new();
    for source in files("polybench", &[".py"]) {
        let Ok(source) = String::from_utf8(source) else { continue };
        let Ok(file) = SourceFile::parse("corpus.py", &source) else { continue };
        let lowered = file.programs().into_iter().filter_map(|program| file.lower(program).ok());
        graphs.extend(lowered);
    }
    graphs
}

fn graphs() -> Vec<Vec<u8>> {
    let mut graphs = programs();
    // What the benchmark programs do not use: streams, views, structures, ...
    let written = files("ir", &[".txt"]).into_iter().filter_map(|it| String::from_utf8(it).ok());
    graphs.extend(written.filter_map(|it| text::parse(&it).ok()));
    let dialects = [json::Dialect::V1, json::Dialect::V2];
    let all = dialects.iter().flat_map(|dialect| graphs.iter().map(|it| json::to_string_in(it, *dialect)));
    all.map(String::into_bytes).collect()
}

fn texts() -> Vec<Vec<u8>> {
    let mut all: Vec<Vec<u8>> = programs().iter().map(|sdfg| sdfg.to_string().into_bytes()).collect();
    all.extend(files("ir", &[".txt"]));
    all
}

fn expressions() -> Vec<Vec<u8>> {
    let all = [
        "N - 1",
        "int_floor(N*M + 3, 2)*Min(i, j - 1) % 7",
        "2**k if i < N and not (j == 3 or k != 2) else -N//4",
        "Max(0, int_ceil(N, 32))*A[i, j + 1]",
        "symbol($N, dtype=dace.int64)**2 - 1",
        "IfExpr(And(a < 2, Not(b)), BitwiseXor(x, 3), left_shift(y, 2))",
        "(lambda x, y: (x + y))",
        "0.5*N + 1e3",
    ];
    all.iter().map(|text| text.as_bytes().to_vec()).collect()
}

fn python(input: &[u8]) {
    let Ok(source) = std::str::from_utf8(input) else { return };
    let Ok(file) = SourceFile::parse("input.py", source) else { return };
    for program in file.programs() {
        if let Ok(sdfg) = file.lower(program) {
            drop(validate(&sdfg));
        }
    }
}

fn sdfg(input: &[u8]) {
    if let Ok(sdfg) = json::from_slice_with(input, ReadOptions { trust_code: true, ..ReadOptions::default() })
    {
        drop(validate(&sdfg));
        drop(json::to_string(&sdfg));
    }
}

fn graph_text(input: &[u8]) {
    let Ok(source) = std::str::from_utf8(input) else { return };
    if let Ok(sdfg) = text::parse(source) {
        drop(validate(&sdfg));
        drop(sdfg.to_string());
    }
}

fn expression(input: &[u8]) {
    let Ok(source) = std::str::from_utf8(input) else { return };
    if let Ok(expr) = Expr::parse(source) {
        let printed = expr.to_string();
        // What can be read can be printed, and read again as the same.
        if let Ok(again) = Expr::parse(&printed) {
            assert_eq!(again, expr, "{printed}");
        }
        drop(expr.eval(&|_| Some(3)));
    }
    drop(text::parse_scalar(source));
}
