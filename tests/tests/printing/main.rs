//! What programs print: compiled and interpreted, the same as CPython and NumPy.

use dacec_tests::{dacec, python, root, run, scratch, write};

/// The text between the lines that the program marks, in what a command has printed first.
fn printed(output: &str) -> &str {
    let start = output.find("begin\n").expect("the program prints where it begins");
    let end = output.find("end\n").expect("the program prints where it ends");
    &output[start..end]
}

#[test]
fn arrays_are_printed_as_numpy_prints_them() {
    let Some(mut python) = python() else { return };
    let folder = root().join("tests/tests/printing");
    let script = "from arrays import arrays, N, M\nimport numpy as np\narrays(np.linspace(-3.5, 4.25, 20).reshape(4, 5))\n";
    let scratch = scratch();
    let script = write(&scratch, "expected.py", script);
    let modules =
        std::env::join_paths([root().join("frontend-python/oracle"), folder.clone()]).expect("plain names");
    let expected = run(python.arg(script).env("PYTHONPATH", modules)).success();
    assert!(expected.lines().count() > 100);
    for how in ["--interpret", "--no-cache"] {
        let mut command = dacec();
        command.args(["run", "--preset", "S", "--program", "arrays", how]).arg(folder.join("arrays.py"));
        let output = run(&mut command).success();
        same_lines(printed(&expected), printed(&output), how);
    }
}

/// Says which is the first line that differs.
fn same_lines(expected: &str, actual: &str, how: &str) {
    for (at, (expected, actual)) in expected.lines().zip(actual.lines()).enumerate() {
        assert_eq!(expected, actual, "line {at}, {how}");
    }
    assert_eq!(expected.lines().count(), actual.lines().count(), "{how}");
}
