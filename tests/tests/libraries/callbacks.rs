//! Functions of C that programs call: by an address that the caller passes, by a name that is linked.

use super::compiler;
use dacec::Library;
use dacec_codegen::Environment;
use dacec_ir::builder::SdfgBuilder;
use dacec_ir::library::CodeCallback;
use dacec_ir::library::callback::Host;
use dacec_ir::{DType, Expr, Sdfg, json};
use dacec_runtime::{Arguments, Search};
use dacec_tests::{dacec, run, scratch, write};
use ndarray::{Array1, Array2, array};
use std::process::Command;
use std::sync::Mutex;

/// Each column of `x`, times `k`, becomes a row of `y`; calls in order, or one in each iteration of a map.
fn columns(host: Host) -> Sdfg {
    let (n, signature) = (Expr::sym("N"), "x: float64[n], k: float64 -> y: float64[n]");
    let callback = || CodeCallback::new("scaled", signature, host).expect("a signature");
    let mut program = SdfgBuilder::new("calling");
    program.array("x", DType::Float64, [n.clone(), Expr::int(2)]).array(
        "y",
        DType::Float64,
        [Expr::int(2), n],
    );
    program.scalar("k", DType::Float64).array("host", DType::Int64, [Expr::int(2)]);
    for (column, (x, y)) in [("0:N, 0", "0, 0:N"), ("0:N, 1", "1, 0:N")].into_iter().enumerate() {
        let mut operands = vec![("x", "x", x), ("k", "k", ""), ("y", "y", y)];
        operands.extend((host != Host::None).then_some(("_host", "host", "0:2")));
        operands.extend((host == Host::Changed).then_some(("_host_after", "host", "0:2")));
        program.state(&format!("column_{column}")).library("call", callback(), &operands);
    }
    program.build()
}

/// What the function notes of its calls: how many elements, how far apart, the first one.
type Calls = Mutex<Vec<(i64, i64, f64)>>;

/// Fails for 13 elements.
unsafe extern "C" fn scaled(
    calls: &Calls,
    x: *const f64,
    n: i64,
    stride: i64,
    k: f64,
    y: *mut f64,
    rows: i64,
    y_stride: i64,
) -> i32 {
    assert_eq!(n, rows);
    for at in 0..n as isize {
        // SAFETY: the program passes data of these extents and strides.
        unsafe { *y.offset(at * y_stride as isize) = k * *x.offset(at * stride as isize) };
    }
    let first = if n > 0 { unsafe { *x } } else { 0.0 };
    calls.lock().expect("nobody panics").push((n, stride, first));
    i32::from(n == 13)
}

#[test]
fn a_function_is_called_by_its_address() {
    for host in [Host::Read, Host::Changed] {
        let program = compiler().compile(columns(host)).unwrap().load().unwrap();
        let called = Calls::default();
        let call = |n: usize, address: i64| {
            let x = Array2::from_shape_fn((n, 2), |(i, j)| (10 * i + j) as f64);
            let mut y = Array2::<f64>::zeros((2, n));
            let mut host = array![address, std::ptr::from_ref(&called) as i64];
            let mut arguments = Arguments::default()
                .array("x", &x)
                .array("y", &mut y)
                .array("host", &mut host)
                .scalar("k", 3.0);
            let outcome = program.call(&mut arguments).map(|_| ());
            drop(arguments);
            outcome.map(|()| assert_eq!(y, x.t().mapv(|it| 3.0 * it)))
        };
        let address = scaled as *const () as i64;
        call(4, address).unwrap();
        call(0, address).unwrap();
        let mut all = std::mem::take(&mut *called.lock().expect("nobody panics"));
        assert_eq!(all.len(), 4);
        all.truncate(2);
        if host == Host::Read {
            // Without effects there is no order.
            all.sort_by(|a, b| a.2.total_cmp(&b.2));
        }
        assert_eq!(all, [(4, 2, 0.0), (4, 2, 1.0)], "the strides are those of columns");
        let failed = call(13, address).unwrap_err().to_string();
        assert!(failed.contains("the function `scaled` is not there, or could not do its work"), "{failed}");
        let nowhere = call(4, 0).unwrap_err().to_string();
        assert!(
            nowhere.contains("the function `scaled` is not there, or could not do its work"),
            "{nowhere}"
        );
    }
}

const SOURCE: &str = r"
#include <stdint.h>
int32_t scaled(const double *x, int64_t n, int64_t stride, double k, double *y, int64_t rows, int64_t y_stride) {
    if (n != rows) return 1;
    for (int64_t i = 0; i < n; i++) y[i * y_stride] = k * x[i * stride];
    return 0;
}
";

#[test]
fn a_function_is_linked_from_a_library() {
    let folder = scratch();
    write(&folder, "scaled.c", SOURCE);
    let mut build = Command::new("gcc");
    run(build.current_dir(folder.path()).args(["-shared", "-fPIC", "scaled.c", "-o", "libscaled.so"]))
        .success();
    let code =
        "extern \"C\" int32_t scaled(const double *, int64_t, int64_t, double, double *, int64_t, int64_t);";
    let library = Library {
        environment: Environment {
            code: code.into(),
            routines: vec!["scaled".into()],
            ..Environment::new("scaled")
        },
        search: Some(Search {
            files: vec!["libscaled.so".into()],
            folders: vec![folder.path().to_owned()],
            ..Search::default()
        }),
        expansions: Vec::new(),
    };
    let compiler = compiler().with_library(library).unwrap();
    let program = compiler.compile(columns(Host::None)).unwrap().load().unwrap();
    let (x, mut y) = (array![[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]], Array2::<f64>::zeros((2, 3)));
    let unused = Array1::<i64>::zeros(2);
    program
        .call(
            &mut Arguments::default()
                .array("x", &x)
                .array("y", &mut y)
                .array("host", &unused)
                .scalar("k", 2.0),
        )
        .unwrap();
    assert_eq!(y, array![[2.0, 6.0, 10.0], [4.0, 8.0, 12.0]]);
}

/// A graph in a file, compiled ahead of time; the function is the driver's.
#[test]
fn a_driver_in_c_has_the_function() {
    let folder = scratch();
    let file = write(&folder, "calling.sdfg", &json::to_string(&columns(Host::None)));
    let untrusted = run(dacec().arg("build").arg(&file).arg("-o").arg(folder.path())).failure();
    assert!(untrusted.contains("accepted only from a file that is trusted"), "{untrusted}");
    run(dacec().arg("build").arg(&file).args(["--trust-code", "-o"]).arg(folder.path())).success();
    write(&folder, "scaled.c", SOURCE);
    write(
        &folder,
        "main.c",
        r#"
#include <stdio.h>
#include "calling.h"
int main(void) {
    double x[4] = {1, 2, 3, 4}, y[4] = {0};
    int64_t unused[2] = {0};
    if (dacec_calling(x, y, 2.0, unused, 2) != 0) { puts(dacec_error_calling()); return 1; }
    printf("%g %g %g %g\n", y[0], y[1], y[2], y[3]);
    return 0;
}
"#,
    );
    let mut build = Command::new("gcc");
    build.args(["-rdynamic", "-Wall", "-Werror", "main.c", "scaled.c", "-o", "main", "-L.", "-lcalling"]);
    run(build.current_dir(folder.path())).success();
    let output =
        run(Command::new(folder.path().join("main")).env("LD_LIBRARY_PATH", folder.path())).success();
    assert_eq!(output, "2 6 4 8\n");
}

#[test]
fn names_that_mean_something_else_are_refused() {
    for name in ["double", "dacec_anything"] {
        let mut program = SdfgBuilder::new("calling");
        program.array("x", DType::Float64, [Expr::int(2)]);
        let callback = CodeCallback::new(name, "-> x: float64[2]", Host::None).expect("a signature");
        program.state("s").library("call", callback, &[("x", "x", "0:2")]);
        let refused = compiler().compile(program.build()).unwrap_err().to_string();
        assert!(refused.contains("its name means something else"), "{refused}");
    }
    // One name, two signatures.
    let mut program = SdfgBuilder::new("calling");
    program.array("x", DType::Float64, [Expr::int(2)]).array("i", DType::Int64, [Expr::int(2)]);
    for (data, signature) in [("x", "-> x: float64[2]"), ("i", "-> i: int64[2]")] {
        let callback = CodeCallback::new("fill", signature, Host::None).expect("a signature");
        program.state(data).library("call", callback, &[(data, data, "0:2")]);
    }
    let refused = compiler().compile(program.build()).unwrap_err().to_string();
    assert!(refused.contains("the function `fill`: is called with"), "{refused}");
}
