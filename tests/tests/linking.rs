//! Compiled libraries used from elsewhere: C, Rust and Python programs that know nothing of dacec.

use dacec_tests::{dacec, python, run, scratch, skip, write};
use std::path::Path;
use std::process::Command;
use tempfile::TempDir;

const SCALE: &str = "\
import numpy as np
import dace

N = dace.symbol('N')


@dace.program
def scale(A: dace.float64[N], factor: dace.float64, B: dace.float64[N]):
    B[:] = factor * A
";

fn build(flags: &[&str]) -> TempDir {
    let folder = scratch();
    let file = write(&folder, "kernel.py", SCALE);
    run(dacec().arg("build").arg(file).args(["--program", "scale", "-o"]).arg(folder.path()).args(flags))
        .success();
    folder
}

fn compile_and_run(mut compiler: Command, folder: &Path) -> String {
    run(compiler.current_dir(folder)).success();
    run(Command::new(folder.join("main")).current_dir(folder).env("LD_LIBRARY_PATH", folder)).success()
}

#[test]
fn a_c_program_links_the_library() {
    let folder = build(&[]);
    write(
        &folder,
        "main.c",
        r#"
#include <stdio.h>
#include "scale.h"

int main(void) {
    double a[4] = {1, 2, 3, 4}, b[4] = {0};
    if (dacec_scale(a, 2.5, b, 4) != 0) { puts(dacec_error_scale()); return 1; }
    printf("%g %g %g %g\n", b[0], b[1], b[2], b[3]);
    int32_t null = dacec_scale(0, 2.5, b, 4), negative = dacec_scale(a, 2.5, b, -1);
    printf("%d %d %s\n", null, negative, dacec_error_scale());
    return 0;
}
"#,
    );
    let mut compiler = Command::new("gcc");
    compiler.args([
        "-std=c99",
        "-Wall",
        "-Wextra",
        "-Werror",
        "-pedantic",
        "main.c",
        "-o",
        "main",
        "-L.",
        "-lscale",
    ]);
    let output = compile_and_run(compiler, folder.path());
    assert!(output.starts_with("2.5 5 7.5 10\n1 2 "), "{output}");
}

/// The interface that DaCe's libraries have: a handle, arguments sorted by name.
#[test]
fn a_driver_written_for_dace_links_unchanged() {
    let folder = build(&[]);
    write(
        &folder,
        "main.c",
        r#"
#include <stdio.h>
typedef void *scaleHandle_t;
scaleHandle_t __dace_init_scale(long long N);
void __program_scale(scaleHandle_t handle, double *A, double *B, long long N, double factor);
int __dace_exit_scale(scaleHandle_t handle);

int main(void) {
    double a[3] = {1, 2, 3}, b[3] = {0};
    scaleHandle_t handle = __dace_init_scale(3);
    if (!handle) return 1;
    __program_scale(handle, a, b, 3, 2.0);
    __program_scale(handle, b, a, 3, 2.0);
    printf("%g %g %g\n", a[0], a[1], a[2]);
    return __dace_exit_scale(handle);
}
"#,
    );
    let mut compiler = Command::new("gcc");
    compiler.args(["main.c", "-o", "main", "-L.", "-lscale"]);
    assert_eq!(compile_and_run(compiler, folder.path()), "4 8 12\n");
}

#[test]
fn a_rust_program_links_the_library() {
    let folder = build(&[]);
    write(
        &folder,
        "main.rs",
        r#"
#[link(name = "scale")]
unsafe extern "C" {
    fn dacec_scale(a: *const f64, factor: f64, b: *mut f64, n: i64) -> i32;
}

fn main() {
    let a = [1.0, 2.0, 3.0];
    let mut b = [0.0; 3];
    let code = unsafe { dacec_scale(a.as_ptr(), 3.0, b.as_mut_ptr(), 3) };
    println!("{code} {b:?}");
}
"#,
    );
    let mut compiler = Command::new(std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into()));
    compiler.args(["--edition", "2024", "main.rs", "-o", "main", "-L", "."]);
    assert_eq!(compile_and_run(compiler, folder.path()), "0 [3.0, 6.0, 9.0]\n");
}

#[test]
fn a_python_script_imports_the_wrapper() {
    let Some(mut interpreter) = python() else { return };
    let folder = build(&[]);
    let script = write(
        &folder,
        "main.py",
        r#"
import numpy as np
from scale import scale

a, b = np.arange(6.0), np.zeros(6)
scale(a, 2.0, b)
assert (b == 2 * a).all()
scale(A=a, factor=3.0, B=b)
assert (b == 3 * a).all()

def refused(kind, *arguments):
    try:
        scale(*arguments)
    except kind as error:
        return str(error)
    raise AssertionError(f"not refused: {arguments}")

assert "B" in refused(ValueError, a, 2.0, np.zeros(5))
assert "float32" in refused(TypeError, a, 2.0, np.zeros(6, np.float32))
assert "B" in refused((TypeError, ValueError), a, 2.0, np.zeros((6, 6)))
assert "B" in refused(ValueError, a, 2.0, np.zeros(12)[::2])
assert refused(ValueError, a, 2.0, a)
read_only = np.zeros(6)
read_only.flags.writeable = False
assert "B" in refused(ValueError, a, 2.0, read_only)
print("fine")
"#,
    );
    let output = run(interpreter.arg("-B").arg(script).current_dir(folder.path())).success();
    assert_eq!(output, "fine\n");
}

#[test]
fn a_library_for_another_cpu_says_so() {
    // The last of AMD's Bulldozer line: four-operand instructions that no processor has had since.
    let (march, feature) = ("bdver4", "fma4");
    let features = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    if features.split_whitespace().any(|it| it == feature) {
        skip(&format!("this processor has {feature}, so no library is too new for it in this way"));
        return;
    }
    let folder = build(&["--march", march]);
    write(
        &folder,
        "main.c",
        r#"
#include <stdio.h>
#include "scale.h"
int main(void) {
    double a[1] = {1}, b[1] = {0};
    printf("%d %s\n", dacec_scale(a, 2.5, b, 1), dacec_error_scale());
    return 0;
}
"#,
    );
    let mut compiler = Command::new("gcc");
    compiler.args(["main.c", "-o", "main", "-L.", "-lscale"]);
    let output = compile_and_run(compiler, folder.path());
    assert!(output.starts_with("4 "), "{output}");
}
