//! A library that the test compiles itself, so that it is found on every machine.

use dacec::Library;
use dacec_codegen::Environment;
use dacec_ir::interp::{Tensor, Value};
use dacec_ir::library::defined::Operands;
use dacec_ir::library::{Cost, LibraryOp, Property};
use dacec_ir::node::CallArgument;
use dacec_ir::{Constant, DType, Name, State};
use dacec_runtime::Search;
use dacec_transforms::library::{Call, Expansion};
use dacec_transforms::{Refusal, Surroundings};
use std::any::Any;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;

/// `_y` is `factor` times the vector `_x`.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Scale {
    pub(crate) factor: f64,
}

impl LibraryOp for Scale {
    fn name(&self) -> &'static str {
        "test.Scale"
    }

    fn inputs(&self) -> Vec<Name> {
        vec!["_x".into()]
    }

    fn outputs(&self) -> Vec<Name> {
        vec!["_y".into()]
    }

    fn properties(&self) -> Vec<(&'static str, Property)> {
        vec![("factor", Property::Float(self.factor))]
    }

    fn as_any(&self) -> &dyn Any {
        self
    }

    fn cost(&self, operands: &Operands) -> Option<Cost> {
        Some(Cost::new(operands, operands.elements("_y")))
    }

    fn interpret(&self, inputs: &[Tensor], outputs: &mut [Tensor]) -> Result<(), String> {
        for at in 0..inputs[0].len() {
            outputs[0].set(at, Value::float(inputs[0].get(at).to_f64() * self.factor, DType::Float64));
        }
        Ok(())
    }
}

#[derive(Debug)]
struct Routine;

impl Expansion for Routine {
    fn op(&self) -> &'static str {
        "test.Scale"
    }

    fn name(&self) -> &'static str {
        "routine"
    }

    fn summary(&self) -> &'static str {
        "A call of the test's library"
    }

    fn requirement(&self, call: &Call) -> Result<(), Refusal> {
        match call.input("_x").dtype {
            DType::Float64 => Ok(()),
            other => Err(Refusal::unproved(format!("the routine has no form for {other}"))),
        }
    }

    fn expand(&self, _: &mut Surroundings<'_>, state: &mut State, call: Call) {
        let op = call.op.as_any().downcast_ref::<Scale>().expect("the operation has this type");
        let factor = Constant::Float(op.factor, DType::Float64);
        let (x, y) = (call.input("_x"), call.output("_y"));
        let arguments = vec![
            CallArgument::Int(x.shape[0].clone()),
            CallArgument::Value(DType::Float64, factor.into()),
            CallArgument::Pointer("_x".into()),
            CallArgument::Int(x.strides[0].clone()),
            CallArgument::Pointer("_y".into()),
            CallArgument::Int(y.strides[0].clone()),
        ];
        call.by_routine(state, "test_scale", arguments);
    }
}

/// The library's source: it works between `start` and `stop`, and not for vectors of 13 elements.
const SOURCE: &str = r#"
#include <stdint.h>
#include <stdio.h>
static int started = 0;
void test_start(void) { started = 1; }
void test_stop(void) {
    started = 0;
    FILE *file = fopen(STOPPED, "w");
    if (file) fclose(file);
}
int32_t test_scale(int64_t n, double factor, const double *x, int64_t sx, double *y, int64_t sy) {
    if (!started || n == 13) return 1;
    for (int64_t i = 0; i < n; i++) y[i * sy] = factor * x[i * sx];
    return 0;
}
"#;

/// The file that the library makes when it is told to stop.
pub(crate) fn stopped(folder: &Path) -> PathBuf {
    folder.join("stopped")
}

/// Compiles the library into a folder.
pub(crate) fn build(folder: &Path) {
    let source = folder.join("scale.c");
    std::fs::write(&source, SOURCE).expect("the folder can be written");
    let compiler = std::env::var("DACEC_CXX").or_else(|_| std::env::var("CXX")).unwrap_or("g++".into());
    let mut command = Command::new(compiler);
    command.arg(format!("-DSTOPPED=\"{}\"", stopped(folder).display()));
    command.args(["-x", "c", "-shared", "-fPIC", "-o"]).arg(folder.join("libtest_scale.so")).arg(&source);
    assert!(command.status().expect("there is a compiler").success());
}

/// The library, looked for in a folder.
pub(crate) fn library(folder: &Path) -> Library {
    let declarations = "extern \"C\" void test_start(void), test_stop(void);\n\
                        extern \"C\" int32_t test_scale(int64_t, double, const double *, int64_t, double *, int64_t);";
    Library {
        environment: Environment {
            code: declarations.into(),
            routines: vec!["test_scale".into()],
            init: "test_start();".into(),
            exit: "test_stop();".into(),
            ..Environment::new("scale")
        },
        search: Some(Search {
            files: vec!["libtest_scale.so".into()],
            folders: vec![folder.to_owned()],
            ..Search::default()
        }),
        expansions: vec![Arc::new(Routine)],
    }
}
