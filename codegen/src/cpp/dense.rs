//! Calls of the built-in linear algebra, and of routines of environments.
//!
//! A routine runs on the calling thread. Its result says whether it could do what it was asked for:
//!
//! ```text
//! if (dacec_solve_f64(N, 1, A, N, 1, b, 1, 1, x, 1, 1) != 0) {
//!     return 100; // a check failed
//! }
//! ```

use super::types::c_type;
use super::{Printer, Result};
use crate::tree::{Callee, Routine, RoutineArgument};
use dacec_ir::DType;
use dacec_ir::library::Dense;
use std::collections::BTreeSet;

/// The name of the linked function.
fn name(op: Dense, dtype: DType) -> String {
    let routine = op.routine(dtype).expect("only known routines are lowered");
    format!("dacec_{routine}")
}

impl Printer<'_> {
    pub(super) fn routine(&mut self, routine: &Routine) -> Result<()> {
        let name = match &routine.callee {
            Callee::Dense(op, dtype) => {
                self.dense.insert(declaration(*op, *dtype));
                name(*op, *dtype)
            }
            Callee::Environment(name) => self.environment_of(name)?.to_owned(),
            Callee::Blas(blas, dtype) => return self.blas_routine(routine, *blas, *dtype),
        };
        let mut arguments = Vec::new();
        for argument in &routine.arguments {
            arguments.push(match argument {
                RoutineArgument::Value(value) => self.text(value)?,
                RoutineArgument::Pointer(place, _) => self.address(place)?,
            });
        }
        let call = format!("{name}({})", arguments.join(", "));
        match &routine.failure {
            Some((code, escape)) => {
                self.line(&format!("if ({call} != 0) {{"));
                self.nested(|printer| printer.fail(*code, escape));
                self.line("}");
            }
            None => self.line(&format!("{call};")),
        }
        Ok(())
    }
}

/// The prototype of a routine.
fn declaration(op: Dense, dtype: DType) -> String {
    let mut parameters: Vec<String> =
        ["m", "n"].iter().take(op.sizes()).map(|size| format!("int64_t {size}")).collect();
    for operand in op.operands() {
        let element = c_type(Dense::operand_type(operand.form, dtype));
        let constant = if operand.written { "" } else { "const " };
        let name = operand.connector.trim_start_matches('_');
        parameters.push(format!("{constant}{element} *{name}"));
        let strides = ["rs", "cs"].iter().take(operand.form.rank());
        parameters.extend(strides.map(|stride| format!("int64_t {stride}{name}")));
    }
    format!("extern \"C\" int32_t {}({});\n", name(op, dtype), parameters.join(", "))
}

/// The prototypes of all routines that are called.
pub(super) fn print(declarations: &BTreeSet<String>) -> String {
    if declarations.is_empty() {
        return String::new();
    }
    let lines: String = declarations.iter().map(String::as_str).collect();
    format!(
        "\n// Linear algebra: sizes, then operands with the distances of rows and columns; 0 if all went well.\n{lines}"
    )
}
