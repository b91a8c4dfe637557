//! Loading: from the text of a large graph to a validated one, in the text form and as a `.sdfg` file. Reading and
//! validation are linear, so the figure for twice the size is about twice as long; the last columns compare with the
//! least that any reader does: one string for each line, or a tree of JSON. `.sdfg` files are read in both dialects, and
//! without the hints that this writer leaves for itself: then loops and types are found again, as in files of DaCe.
//! `DACEC_BENCH_ROUNDS` sets the number of rounds.

use dacec_benches::{alternate, setting, show, table};
use dacec_ir::builder::{SdfgBuilder, name};
use dacec_ir::{DType, Expr, Sdfg, json, text, validate};
use std::time::Instant;

fn main() {
    let rounds = setting("DACEC_BENCH_ROUNDS", 15);
    let mut rows =
        table(["graph", "form", "nodes", "size", "read + validate", "read", "at least", "µs a node"]);
    for (label, graph) in [
        ("one state", one_state as fn(usize) -> Sdfg),
        ("a state for each map", many_states),
        ("stencils of two arrays", stencils),
    ] {
        for nodes in [10_000, 20_000] {
            let sdfg = graph(nodes);
            let nodes: usize = sdfg.body.states().iter().map(|state| state.num_nodes()).sum();
            for form in [TEXT, JSON, JSON_2, PLAIN] {
                let printed = (form.print)(&sdfg);
                let mut read = Vec::new();
                let ours = || {
                    let start = Instant::now();
                    let sdfg = (form.read)(&printed);
                    read.push(start.elapsed().as_secs_f64());
                    validate::validate(&sdfg).expect("the graph is valid");
                    start.elapsed().as_secs_f64()
                };
                let (all, least) = alternate(rounds, ours, || (form.least)(&printed));
                let read = dacec_runtime::stats::summarize(&read).expect("there was at least one round");
                rows.add_row([
                    label,
                    form.name,
                    &nodes.to_string(),
                    &format!("{} kB", printed.len() / 1000),
                    &show(&all),
                    &show(&read),
                    &show(&least),
                    &format!("{:.1}", all.median * 1e6 / nodes as f64),
                ]);
            }
        }
    }
    println!("{rows}");
}

/// A form in which graphs are kept.
struct Form {
    name: &'static str,
    print: fn(&Sdfg) -> String,
    read: fn(&str) -> Sdfg,
    /// Seconds for what any reader does at least.
    least: fn(&str) -> f64,
}

const TEXT: Form = Form {
    name: "text",
    print: text::print,
    read: |printed| text::parse(printed).expect("what is printed can be read"),
    least: split,
};

const JSON: Form = Form {
    name: ".sdfg",
    print: json::to_string,
    read: |written| json::from_slice(written.as_bytes()).expect("what is written can be read"),
    least: tree,
};

const JSON_2: Form =
    Form { name: ".sdfg of DaCe 2", print: |sdfg| json::to_string_in(sdfg, json::Dialect::V2), ..JSON };

const PLAIN: Form = Form {
    name: ".sdfg without hints",
    print: |sdfg| {
        let mut file = serde_json::from_str(&json::to_string(sdfg)).expect("the file is JSON");
        remove_hints(&mut file);
        serde_json::to_string_pretty(&file).expect("a tree of JSON is JSON")
    },
    ..JSON
};

/// Removes the keys that only this writer knows.
fn remove_hints(value: &mut serde_json::Value) {
    match value {
        serde_json::Value::Object(members) => {
            members.retain(|key, _| !key.starts_with("_meta"));
            members.values_mut().for_each(remove_hints);
        }
        serde_json::Value::Array(values) => values.iter_mut().for_each(remove_hints),
        _ => {}
    }
}

/// Seconds to make a tree of JSON.
fn tree(text: &str) -> f64 {
    let start = Instant::now();
    let tree: serde_json::Value = serde_json::from_str(text).expect("the file is JSON");
    assert!(tree.is_object());
    start.elapsed().as_secs_f64()
}

/// Seconds to make a string of each line.
fn split(text: &str) -> f64 {
    let start = Instant::now();
    let lines: Vec<String> = text.lines().map(str::to_owned).collect();
    assert!(!lines.is_empty());
    start.elapsed().as_secs_f64()
}

fn program() -> SdfgBuilder {
    let (n, m) = (Expr::sym("N"), Expr::sym("M"));
    let mut builder = SdfgBuilder::new("large");
    builder.array("A", DType::Float64, [n.clone(), m.clone()]).array("B", DType::Float64, [n, m]);
    builder
}

/// A chain of maps in one state, five nodes each.
fn one_state(nodes: usize) -> Sdfg {
    let mut builder = program();
    let mut state = builder.state("chain");
    let mut last = None;
    for _ in 0..nodes / 5 {
        let dims = [("i", "1:N - 1"), ("j", "1:M - 1")];
        let entry = state.map("m", &dims, &[("a", "A", "i, j")], name("a"), ("A", "i, j"));
        if let Some(last) = last {
            let first = state.state.predecessors(entry)[0];
            state.state.order(last, first);
        }
        last = state.state.node(entry).as_map().map(|map| state.state.successors(map.exit)[0]);
    }
    builder.build()
}

/// A sequence of states of one map each.
fn many_states(nodes: usize) -> Sdfg {
    let mut builder = program();
    for at in 0..nodes / 5 {
        let dims = [("i", "0:N"), ("j", "0:M")];
        let mut state = builder.state(&format!("s{at}"));
        state.map("m", &dims, &[("a", "A", "i, j")], name("a") + name("a"), ("B", "i, j"));
    }
    builder.build()
}

/// Stencils that go back and forth between two arrays, eight states in a loop.
fn stencils(nodes: usize) -> Sdfg {
    let mut builder = program();
    for at in 0..nodes / 40 {
        builder.for_loop(&format!("t{at}"), 0, Expr::sym("T"), |builder| {
            for k in 0..8 {
                let (from, to) = if k % 2 == 0 { ("A", "B") } else { ("B", "A") };
                let dims = [("i", "1:N - 1"), ("j", "1:M - 1")];
                let inputs = [
                    ("a", from, "i, j"),
                    ("b", from, "i - 1, j"),
                    ("c", from, "i + 1, j"),
                    ("d", from, "i, j - 1"),
                ];
                let sum = name("a") + name("b") + name("c") + name("d");
                builder.state(&format!("s{at}_{k}")).map("m", &dims, &inputs, sum, (to, "i, j"));
            }
        });
    }
    builder.build()
}
