//! The command line: what each task does for a user.

use dacec_tests::{dacec, example, python, run, scratch, write};
use std::process::Stdio;

const SCALE: &str = "\
import numpy as np
import dace

N = dace.symbol('N')


@dace.program
def scale(A: dace.float64[N], factor: dace.float64, B: dace.float64[N]):
    B[:] = factor * A
    return np.sum(B)
";

#[test]
fn build_leaves_four_files_and_is_cached() {
    let folder = scratch();
    let file = write(&folder, "scale.py", SCALE);
    let cache = folder.path().join("cache");
    let build = || {
        let mut command = dacec();
        command
            .arg("build")
            .arg(&file)
            .arg("-o")
            .arg(folder.path().join("out"))
            .env("DACEC_CACHE_DIR", &cache);
        command
    };
    let first = run(&mut build()).success();
    assert!(first.starts_with("built scale("), "{first}");
    for name in ["libscale.so", "scale.h", "scale.py", "scale.sdfg"] {
        assert!(folder.path().join("out").join(name).is_file(), "{name} is missing");
    }
    let second = run(&mut build()).success();
    assert!(second.starts_with("found scale("), "{second}");

    let shown = run(dacec().arg("cache").env("DACEC_CACHE_DIR", &cache)).success();
    assert!(shown.contains(" 1 builds"), "{shown}");
    run(dacec().args(["cache", "clear"]).env("DACEC_CACHE_DIR", &cache)).success();
    let shown = run(dacec().arg("cache").env("DACEC_CACHE_DIR", &cache)).success();
    assert!(shown.contains(" 0 builds"), "{shown}");
}

/// Functions without annotations are what their example arguments say: a file, a description, a number.
#[test]
fn types_come_from_examples() {
    let folder = scratch();
    let text = "import numpy as np\nimport dace\n\n\n@dace.program\ndef scale(A, B, factor=2.0):\n    B[:] = factor * A\n    return np.sum(B)\n";
    let file = write(&folder, "scale.py", text);
    let refused = run(dacec().arg("check").arg(&file)).failure();
    assert!(refused.contains("E0104") && refused.contains("--args A="), "{refused}");
    let open = ["--args", "A=float64[N]", "--args", "B=float32[N]", "--args", "factor=1.5"];
    let graph = run(dacec().arg("emit").arg(&file).args(open)).success();
    assert!(graph.contains("data A: float64[N]") && graph.contains("data B: float32[N]"), "{graph}");
    let wrong = run(dacec().arg("check").arg(&file).args(["--args", "facto=2.0"])).failure();
    assert!(wrong.contains("did you mean `factor`?"), "{wrong}");
    let wrong = run(dacec().arg("check").arg(&file).args(["--args", "A=float64[N"])).failure();
    assert!(wrong.contains("not closed"), "{wrong}");
    let Some(mut python) = python() else { return };
    let make = "import numpy as np; np.save('a.npy', np.arange(5.0))";
    run(python.current_dir(folder.path()).args(["-c", make])).success();
    let data = ["A=a.npy", "B=a.npy", "factor=3"];
    let output = run(dacec().current_dir(folder.path()).arg("run").arg(&file).args(data)).success();
    assert!(output.contains("30"), "{output}");
}

#[test]
fn two_processes_build_the_same_program_at_once() {
    let folder = scratch();
    let file = write(&folder, "scale.py", SCALE);
    let children: Vec<_> = (0..2)
        .map(|k| {
            let mut command = dacec();
            command.arg("build").arg(&file).arg("-o").arg(folder.path().join(format!("out{k}")));
            command.env("DACEC_CACHE_DIR", folder.path().join("cache")).stdout(Stdio::null());
            command.spawn().expect("dacec starts")
        })
        .collect();
    for (k, mut child) in children.into_iter().enumerate() {
        assert!(child.wait().expect("dacec ends").success());
        assert!(folder.path().join(format!("out{k}/libscale.so")).is_file());
    }
}

#[test]
fn own_arrays_come_from_files_and_go_to_files() {
    let Some(mut interpreter) = python() else { return };
    let folder = scratch();
    let file = write(&folder, "scale.py", SCALE);
    let make = "import numpy as np; np.save('a.npy', np.arange(5.0)); np.savez('b.npz', B=np.zeros(5))";
    run(interpreter.args(["-c", make]).current_dir(folder.path())).success();
    let output = run(dacec().current_dir(folder.path()).arg("run").arg(&file).args([
        "A=a.npy",
        "B=b.npz",
        "factor=2.5",
        "--save",
        "B=c.npy",
        "--save",
        "__return=r.npy",
    ]))
    .success();
    assert!(output.contains("checksum 25"), "{output}");
    let check = "import numpy as np; c = np.load('c.npy'); assert (c == 2.5 * np.arange(5.0)).all(); \
                 assert np.load('r.npy') == 25.0";
    let Some(mut interpreter) = python() else { return };
    run(interpreter.args(["-c", check]).current_dir(folder.path())).success();

    let message = run(dacec().current_dir(folder.path()).arg("run").arg(&file).args([
        "A=a.npy",
        "B=a.npy",
        "factor=2.5",
        "facto=1",
    ]))
    .failure();
    assert!(message.contains("facto"), "{message}");
    let message =
        run(dacec().current_dir(folder.path()).arg("run").arg(&file).args(["A=none.npy", "B=a.npy"]))
            .failure();
    assert!(message.contains("none.npy"), "{message}");
}

#[test]
fn wrong_arrays_are_refused_at_the_call() {
    let Some(mut interpreter) = python() else { return };
    let folder = scratch();
    let file = write(&folder, "scale.py", SCALE);
    let make = "import numpy as np; np.save('a.npy', np.arange(5.0)); np.save('short.npy', np.zeros(4)); \
                np.save('single.npy', np.zeros(5, np.float32)); np.save('square.npy', np.zeros((5, 5)))";
    run(interpreter.args(["-c", make]).current_dir(folder.path())).success();
    for (array, expected) in [("short", "5"), ("single", "float32"), ("square", "[5, 5]")] {
        let mut command = dacec();
        command.current_dir(folder.path()).arg("run").arg(&file);
        command.args(["A=a.npy", &format!("B={array}.npy"), "factor=1"]);
        let message = run(&mut command).failure();
        for part in ["R0", "`B`", expected, "help"] {
            assert!(message.contains(part), "`{part}` is missing in:\n{message}");
        }
    }
}

#[test]
fn every_form_can_be_emitted() {
    for (form, expected) in [
        ("text", "gemm"),
        ("dot", "digraph"),
        ("svg", "<svg"),
        ("sdfg", "\"type\""),
        ("cpp", "extern \"C\""),
        ("header", "dacec_gemm("),
    ] {
        for level in ["-O0", "-O1", "-O3"] {
            let output = run(dacec().args(["emit", "polybench/gemm.py", "--as", form, level])).success();
            assert!(output.contains(expected), "{form} {level}:\n{output}");
        }
    }
}

#[test]
fn output_is_the_same_every_time() {
    for form in ["text", "sdfg", "cpp"] {
        let emit = || run(dacec().args(["emit", "polybench/covariance.py", "--as", form])).success();
        assert_eq!(emit(), emit(), "{form}");
    }
}

#[test]
fn bench_measures_and_checks() {
    let Some(python) = python() else { return };
    let folder = scratch();
    let source = format!("presets = {{'S': {{'N': 50, 'factor': 2.0}}}}\n{SCALE}");
    let file = write(&folder, "scale.py", &source);
    let bench = |options: &[&str]| {
        let mut command = dacec();
        command.arg("bench").arg(&file).args(["--repeat", "2"]).args(options);
        command.env("DACEC_PYTHON", python.get_program());
        run(&mut command)
    };
    let table = bench(&[]).success();
    assert!(table.contains("| scale   | S "), "{table}");
    assert!(table.contains("agrees"), "{table}");
    assert!(table.contains("geometric mean of NumPy / -O3 over 1 programs"), "{table}");
    let line = bench(&["--message-format", "json"]).success();
    for part in ["\"program\":\"scale\"", "\"verified\":true", "\"O3_one_thread\""] {
        assert!(line.contains(part), "{part} is missing in {line}");
    }
    let error = bench(&["--preset", "XL"]);
    assert!(error.stderr().contains("has no preset `XL`"), "{}", error.stderr());
    let error = run(dacec().args(["bench", "gemn"]));
    assert!(error.stderr().contains("or one of adi, "), "{}", error.stderr());
}

/// `p @ (A @ p)`: each of the rows that share a loop adds to the sum of its thread.
#[test]
fn rows_that_add_to_a_sum_share_a_loop() {
    let code = run(dacec().args(["emit", "polybench/conjugate_gradient.py", "--as", "cpp"])).success();
    for part in
        ["omp parallel for reduction(+: __sum_2_sum)\n", "i += 4", "__sum_2_sum += p[i + 3] * Ap_value_3;"]
    {
        assert!(code.contains(part), "{part} is missing in {code}");
    }
}

#[test]
fn decisions_are_explained() {
    let explained = run(dacec().args(["emit", "polybench/gramschmidt.py", "--explain"])).success();
    for part in [
        "loop k",
        "sequential: `A[0:M, k]` and `A[0:M, k + 1:N]` may be the same",
        "parallel if",
        "LoopToMap 1",
    ] {
        assert!(explained.contains(part), "{part} is missing in {explained}");
    }
}

#[test]
fn passes_are_run_by_name() {
    let opt = |options: &[&str]| run(dacec().args(["opt", "polybench/jacobi_2d.py"]).args(options));
    let list = run(dacec().args(["opt", "--list"])).success();
    assert!(list.contains("map-fusion") && list.contains("state-fusion"), "{list}");

    let plain = opt(&[]).success();
    assert!(plain.starts_with("sdfg jacobi_2d("), "{plain}");
    let places = opt(&["--pipeline", "simplify", "--matches", "MapFusion"]).success();
    assert!(places.contains("0: MapFusion in state") && places.contains("1: MapFusion"), "{places}");
    let one = opt(&["--pipeline", "simplify", "--apply", "map-fusion:skip=1:count=1", "--history"]).success();
    assert_eq!(one.matches("MapFusion").count(), 1, "{one}");
    assert!(one.starts_with("StateFusion"), "{one}");

    let times = opt(&["--pipeline", "auto-optimize", "--time-passes", "--verify-each"]);
    assert!(times.stderr().contains("loop-to-map"), "{}", times.stderr());
    let none = opt(&["--pipeline", "auto-optimize", "--opt-bisect-limit", "0"]).success();
    assert_eq!(none, plain);
    let error = opt(&["--apply", "map-fussion"]);
    assert!(error.stderr().contains("there is no pass `map-fussion`"), "{}", error.stderr());
    let error = opt(&["--matches", "dead-dataflow-elimination"]);
    assert!(error.success().is_empty());
}

#[test]
fn a_graph_in_a_file_is_optimized_further() {
    let folder = scratch();
    let emitted = run(dacec().args(["opt", "polybench/atax.py", "--pipeline", "simplify", "--as", "sdfg"]));
    let file = write(&folder, "atax.sdfg", &emitted.success());
    let further =
        run(dacec().arg("opt").arg(&file).args(["--apply", "ExpandLibrary", "--history"])).success();
    assert!(further.contains("ExpandLibrary in state"), "{further}");
}

#[test]
fn doctor_and_version_and_completions_answer() {
    assert!(run(dacec().arg("doctor")).success().contains("C++"));
    assert!(run(dacec().arg("--version")).success().starts_with("dacec "));
    assert!(run(dacec().args(["completions", "bash"])).success().contains("dacec"));
}

#[test]
fn without_python_the_unoptimized_build_is_the_reference() {
    let folder = scratch();
    let mut command = dacec();
    command.args(["run", "polybench/atax.py", "--set", "M=50", "--set", "N=40", "--repeat", "1", "--verify"]);
    command.env("DACEC_PYTHON", folder.path().join("no-python")).env("PATH", path_without_python(&folder));
    let ran = run(&mut command);
    assert!(ran.stderr().contains("unoptimized build"), "{}", ran.stderr());
    assert!(ran.success().contains("agrees with the unoptimized build"));
}

/// A search path with the tools that dacec starts, and no Python.
fn path_without_python(folder: &tempfile::TempDir) -> std::path::PathBuf {
    let tools = folder.path().join("tools");
    std::fs::create_dir(&tools).expect("a temporary folder can be made");
    let path = std::env::var_os("PATH").unwrap_or_default();
    for tool in ["g++", "c++", "ld", "as", "gcc"] {
        if let Some(found) = std::env::split_paths(&path).map(|it| it.join(tool)).find(|it| it.is_file()) {
            std::os::unix::fs::symlink(found, tools.join(tool)).expect("a link can be made");
        }
    }
    tools
}

/// The interpreter gives what the compiled program gives, on the user's own arrays and on a benchmark file.
#[test]
fn the_interpreter_agrees_with_compiled_code() {
    let checksums = |interpret: bool| {
        let mut command = dacec();
        command.args(["run", "polybench/mvt.py", "--set", "N=9", "--message-format", "json"]);
        command.args(if interpret { vec!["--interpret", "--races"] } else { vec!["--repeat", "1"] });
        let out = run(&mut command).success();
        let lines = out.lines().map(|line| line.parse::<serde_json::Value>().expect("a line is JSON"));
        let mut sums: Vec<(String, String)> = Vec::new();
        for line in lines {
            match (&line["name"], &line["checksum"], &line["checksums"]) {
                (serde_json::Value::String(name), sum, _) => sums.push((name.clone(), sum.to_string())),
                (_, _, serde_json::Value::Object(all)) => {
                    sums.extend(all.iter().map(|(name, sum)| (name.clone(), sum.to_string())));
                }
                _ => {}
            }
        }
        // Sums may be made in another order.
        let digits = |sum: String| sum.trim_matches('"').parse::<f64>().map(|sum| format!("{sum:.9e}"));
        let sums = sums.into_iter().map(|(name, sum)| (name, digits(sum).expect("a checksum is a number")));
        sums.collect::<Vec<_>>()
    };
    let interpreted = checksums(true);
    assert!(!interpreted.is_empty());
    assert_eq!(interpreted, checksums(false));
}

#[test]
fn the_interpreter_finds_what_leaves_an_array() {
    let folder = scratch();
    let text = "\
import dace

N = dace.symbol('N')


@dace.program
def pick(A: dace.float64[N], n: dace.int64, B: dace.float64[1]):
    B[0] = A[n]
";
    let file = write(&folder, "pick.py", text);
    let pick = |n: &str| run(dacec().arg("run").arg(&file).args(["N=4", n, "--interpret"]));
    let out = pick("n=3").success();
    assert!(out.contains("B: float64[1], checksum 0"), "{out}");
    let message = pick("n=9").failure();
    assert!(message.contains("C011"), "{message}");
}

#[test]
fn implementations_are_chosen_by_name() {
    let emit = |choice: &str| {
        run(dacec().args(["emit", "polybench/gemm.py", "--as", "cpp", "--library"]).arg(choice))
    };
    assert!(emit("MatMul=gemm").success().contains("dacec_gemm_f64"));
    assert!(!emit("MatMul=pure").success().contains("dacec_gemm_f64"));
    let unknown = emit("MatMul=fast").stderr();
    for part in ["C014", "no implementation `fast` of `MatMul`", "there are gemm, pure"] {
        assert!(unknown.contains(part), "{part} is missing in {unknown}");
    }
    let unknown = emit("MatMull=pure").stderr();
    assert!(unknown.contains("no operation `MatMull`") && unknown.contains("MatMul, "), "{unknown}");
    let error = run(dacec().args(["emit", "polybench/mvt.py", "--as", "cpp", "--library", "MatMul=gemm"]));
    let error = error.stderr();
    assert!(error.contains("C013") && error.contains("gemm: an operand is a vector"), "{error}");
}

#[test]
fn strict_arithmetic_keeps_the_order_of_the_source() {
    let folder = scratch();
    let source = "import dace\nN = dace.symbol('N')\n\n@dace.program\ndef add(A: dace.float64[N], s: dace.float64[1]):\n    \
                  for i in range(N):\n        s[0] += A[i]\n";
    let file = write(&folder, "add.py", source);
    let emit = |fp: &str| run(dacec().arg("emit").arg(&file).args(["--as", "cpp", "--fp", fp])).success();
    assert!(emit("default").contains("reduction"), "{}", emit("default"));
    assert!(!emit("strict").contains("reduction"), "{}", emit("strict"));
}

/// The example of `docs/own-passes.md`.
#[test]
fn passes_of_users_are_run_by_name() {
    let own = |arguments: &[&str]| run(example("own_pass").arg("opt").args(arguments)).success();
    assert!(own(&["--list"]).contains("few-threads:most=…"));
    let folder = scratch();
    let source = "import dace\n\n@dace.program\ndef add(A: dace.float64[50, 2]):\n    A += 1.0\n";
    let file = write(&folder, "add.py", source);
    let file = file.to_str().expect("the name is plain");
    assert!(own(&[file, "--apply", "few-threads:most=100"]).contains(") sequential {"));
    assert!(!own(&[file, "--apply", "few-threads:most=99"]).contains(") sequential {"));
}
