//! Bad input, through the command line: a message with a code, the source line, a caret, help, and exit code 1.

use dacec_tests::{dacec, run, scratch, write};

const HEADER: &str = "import dace\nimport numpy as np\n\nN = dace.symbol('N')\nM = dace.symbol('M')\n\n";

/// Checks a program whose body is wrong; every given text is part of what is said.
#[track_caller]
fn refused(body: &str, expected: &[&str]) {
    let folder = scratch();
    let text = format!(
        "{HEADER}@dace.program\ndef f(A: dace.float64[N, M], B: dace.float64[N, M], x: dace.float64[M]):\n    {body}\n"
    );
    let path = write(&folder, "f.py", &text);
    for task in ["check", "build"] {
        let message = run(dacec().current_dir(folder.path()).arg(task).arg(&path)).failure();
        for part in expected {
            assert!(message.contains(part), "`{part}` is missing in:\n{message}");
        }
    }
}

#[test]
fn an_undefined_name() {
    refused("B[:] = A + alpah", &["E0", "`alpah`", "B[:] = A + alpah", "help", "f.py:9:16"]);
}

#[test]
fn a_shape_mismatch() {
    refused("B[:] = A[:, 5:] + A[:, 7:]", &["E0", "B[:] = A[:, 5:] + A[:, 7:]", "help", "5", "7"]);
}

#[test]
fn an_unsupported_call() {
    refused("B[:] = np.busday_count(A, A)", &["E0", "busday_count", "help"]);
}

#[test]
fn a_syntax_error() {
    refused("B[:] = A +", &["E0", "B[:] = A +"]);
}

#[test]
fn several_errors_at_once() {
    refused("B[:] = A + alpah\n    B[:] = A + bteta", &["`alpah`", "`bteta`"]);
}

#[test]
fn a_missing_file() {
    let message = run(dacec().args(["build", "no_such_file.py"])).failure();
    assert!(message.contains("C001") && message.contains("no_such_file.py"), "{message}");
}

#[test]
fn a_file_without_programs() {
    let folder = scratch();
    let path = write(&folder, "f.py", "x = 1\n");
    let message = run(dacec().arg("build").arg(path)).failure();
    assert!(message.contains("C003") && message.contains("@dace.program"), "{message}");
}

#[test]
fn an_unknown_program_and_preset() {
    let message = run(dacec().args(["build", "polybench/gemm.py", "--program", "gmem"])).failure();
    assert!(message.contains("C003") && message.contains("gemm"), "{message}");
    let message = run(dacec().args(["run", "polybench/gemm.py", "--preset", "XXL"])).failure();
    assert!(message.contains("C004") && message.contains("paper"), "{message}");
}

#[test]
fn messages_for_tools_are_json() {
    let folder = scratch();
    let text = format!("{HEADER}@dace.program\ndef f(A: dace.float64[N]):\n    A[:] = nothing\n");
    let path = write(&folder, "f.py", &text);
    let message = run(dacec().args(["check", "--message-format", "json"]).arg(path)).failure();
    for line in message.lines() {
        let value: serde_json::Value =
            serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}"));
        assert!(value["code"].as_str().is_some_and(|code| code.starts_with("E0")), "{line}");
        assert!(value["labels"][0]["span"]["offset"].is_u64(), "{line}");
    }
}

#[test]
fn wrong_usage_exits_with_2() {
    let status = dacec().args(["build"]).output().expect("dacec starts").status;
    assert_eq!(status.code(), Some(2));
}
