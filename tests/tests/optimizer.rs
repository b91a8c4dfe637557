//! What the optimizer makes of whole programs: right results where rewrites are tempting, and parallel loops where the
//! dependences allow them.

use dacec::Options;
use dacec_frontend::SourceFile;
use dacec_ir::Sdfg;
use dacec_tests::{dacec, run};
use dacec_transforms::explain::{Decision, decisions};
use std::fmt::Write;
use std::path::{Path, PathBuf};

fn file(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/optimizer").join(name)
}

/// Programs of `hard_cases.py` that others call, or that fill arrays.
const HELPERS: [&str; 3] = ["initialize", "halo", "matmul"];

#[test]
fn tempting_rewrites_keep_numpys_results() {
    let path = file("hard_cases.py");
    let source = dacec::read_source(&path).expect("the file can be read");
    let programs: Vec<&str> = source.programs().into_iter().filter(|it| !HELPERS.contains(it)).collect();
    assert!(programs.len() > 20);
    // Two at a time: each waits for a C++ compiler and for Python.
    let halves = programs.split_at(programs.len() / 2);
    let wrong_of = |programs: &[&str]| -> Vec<String> {
        programs.iter().filter_map(|program| verify(&path, program)).collect()
    };
    let wrong = std::thread::scope(|scope| {
        let first = scope.spawn(|| wrong_of(halves.0));
        let second = wrong_of(halves.1);
        [first.join().expect("the other half is tested too"), second].concat()
    });
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// What is wrong with a program's results at -O3, compared with CPython and NumPy, or with the graph as it was written
/// where there is no Python.
fn verify(path: &Path, program: &str) -> Option<String> {
    let mut command = dacec();
    command.arg("run").arg(path).args(["--program", program, "--repeat", "1", "--verify", "-O3"]);
    let ran = run(&mut command);
    let agrees = ran.stdout().contains("agrees with");
    (!agrees).then(|| format!("{program}:\n{}\n{}", ran.stdout(), ran.stderr()))
}

const HEAD: &str = "\
# What becomes of the loops of the benchmark programs at -O3: for each source line, maps with the condition under which
# they run on several cores, calls of libraries, and loops that stay sequential with the reason. A map that is left out
# does little work whatever the sizes are. `UPDATE_EXPECT=1 cargo test -p dacec-tests --test optimizer` makes it again.
";

#[test]
fn loops_of_the_benchmark_programs() {
    let mut table = HEAD.to_owned();
    for program in dacec_polybench::PROGRAMS {
        let file = SourceFile::parse(program.path, program.source).expect("every program parses");
        let mut sdfg = file.lower(program.name).expect("every program compiles");
        let options = Options { verify_each: false, ..Options::default() };
        dacec::optimize(&mut sdfg, &options).expect("no check is set");
        writeln!(table, "\n{}", program.name).expect("text can be written to");
        for Decision { line, what, how } in distinct(&sdfg) {
            writeln!(table, "  {line:3}  {what}: {how}").expect("text can be written to");
        }
    }
    let path = file("loops.txt");
    if std::env::var_os("UPDATE_EXPECT").is_some() {
        std::fs::write(&path, &table).expect("the table can be written");
    }
    let kept = std::fs::read_to_string(&path).unwrap_or_default();
    if let Some((old, new)) = kept.lines().zip(table.lines()).find(|(old, new)| old != new) {
        panic!("loops.txt is old: run with UPDATE_EXPECT=1 and read the difference\n- {old}\n+ {new}");
    }
    assert_eq!(kept.len(), table.len(), "loops.txt is old: run with UPDATE_EXPECT=1");
}

/// Decisions without repetitions and without what is too small to be one.
fn distinct(sdfg: &Sdfg) -> Vec<Decision> {
    let mut all = decisions(sdfg);
    all.retain(|it| !(it.what.starts_with("map") && it.how.ends_with("the work is little")));
    all.dedup();
    all
}
