//! Calls of the built-in linear algebra, and of routines of environments.
//!
//! A routine runs on the calling thread; what is worth sharing has a driver that calls it for blocks. Its result says whether it could do what it was asked for:
//!
//! ```text
//! if (dacec_solve_f64(N, 1, A, N, 1, b, 1, 1, x, 1, 1) != 0) {
//!     return 100; // a check failed
//! }
//! ```

use super::types::c_type;
use super::{Printer, Result};
use crate::Blas;
use crate::tree::{Callee, Routine, RoutineArgument};
use dacec_ir::library::Dense;
use dacec_ir::{DType, Name};
use std::collections::BTreeSet;

/// The name of the linked function.
fn name(op: Dense, dtype: DType) -> String {
    let routine = op.routine(dtype).expect("only known routines are lowered");
    format!("dacec_{routine}")
}

impl Printer<'_> {
    pub(super) fn routine(&mut self, routine: &Routine) -> Result<()> {
        let name = match &routine.callee {
            Callee::Dense(op, dtype) => self.dense_routine(*op, *dtype, routine.library.as_ref()),
            Callee::Environment(name) => self.environment_of(name)?.to_owned(),
            Callee::Blas(blas, dtype) => return self.blas_routine(routine, *blas, *dtype),
            Callee::Symbol(name) => return self.call_by_name(name, routine),
            Callee::Pointer => return self.call_by_pointer(routine),
        };
        let arguments = self.passed(&routine.arguments)?;
        self.call_of(&format!("{name}({})", arguments.join(", ")), routine);
        Ok(())
    }

    /// The texts of arguments.
    pub(super) fn passed(&mut self, arguments: &[RoutineArgument]) -> Result<Vec<String>> {
        let mut texts = Vec::new();
        for argument in arguments {
            texts.push(match argument {
                RoutineArgument::Value(value) => self.text(value)?,
                RoutineArgument::Pointer(place, _) => self.address(place)?,
            });
        }
        Ok(texts)
    }

    /// A call, with what happens if it fails.
    pub(super) fn call_of(&mut self, call: &str, routine: &Routine) {
        match &routine.failure {
            Some((code, escape)) => {
                self.line(&format!("if ({call} != 0) {{"));
                self.nested(|printer| printer.fail(*code, escape));
                self.line("}");
            }
            None => self.line(&format!("{call};")),
        }
    }
}

impl Printer<'_> {
    /// The function that computes an operation, which will be declared or printed.
    fn dense_routine(&mut self, op: Dense, dtype: DType, library: Option<&Name>) -> String {
        let stem = op.routine(dtype).expect("only known routines are lowered");
        let stem = stem.rsplit_once('_').map_or("", |(stem, _)| stem);
        let blas = self.calls.factorizer(library);
        let driver = match blas {
            Blas::BuiltIn => shared(op).map(|(name, _)| ("dacec_shared", Some(name))),
            Blas::Cblas => lapack(op).map(|_| ("dacec_lapack", None)),
        };
        let (prefix, template) = driver.unwrap_or(("dacec", None));
        let provided = self.calls.of(blas);
        if driver.is_some() {
            provided.shared.insert((op, dtype));
        }
        if let Some(name) = template {
            provided.routines.add(name, dtype);
        }
        if prefix != "dacec_lapack" {
            self.dense.insert(declaration(op, dtype));
        }
        let function = super::gemm::instance(&format!("{prefix}_{stem}_@S@"), dtype);
        // What runs on one thread has one declaration, for all.
        if driver.is_some() { self.calls.name(blas, &function) } else { function }
    }
}

/// What LAPACK of the machine computes; it has no Fourier transforms.
fn lapack(op: Dense) -> Option<&'static str> {
    match op {
        Dense::Solve => Some(include_str!("dense/lapack/solve.cpp")),
        Dense::Inv => Some(include_str!("dense/lapack/inverse.cpp")),
        Dense::Det => Some(include_str!("dense/lapack/determinant.cpp")),
        Dense::Slogdet => Some(include_str!("dense/lapack/slogdet.cpp")),
        Dense::Cholesky => Some(include_str!("dense/lapack/cholesky.cpp")),
        Dense::Qr => Some(include_str!("dense/lapack/qr.cpp")),
        Dense::Eigh => Some(include_str!("dense/lapack/eigh.cpp")),
        Dense::Svd => Some(include_str!("dense/lapack/svd.cpp")),
        Dense::Lstsq => Some(include_str!("dense/lapack/lstsq.cpp")),
        Dense::Fft | Dense::Ifft => None,
    }
}

/// Operations that threads share: the routine's name and its driver around products, triangular systems and the routine of
/// one thread.
fn shared(op: Dense) -> Option<(&'static str, &'static str)> {
    match op {
        Dense::Solve => Some(("solve", include_str!("dense/solve.cpp"))),
        Dense::Inv => Some(("inverse", include_str!("dense/inverse.cpp"))),
        Dense::Det => Some(("determinant", include_str!("dense/determinant.cpp"))),
        Dense::Cholesky => Some(("cholesky", include_str!("dense/cholesky.cpp"))),
        _ => None,
    }
}

/// The drivers that are called; templates must have been printed.
pub(super) fn print_drivers(used: &BTreeSet<(Dense, DType)>, blas: Blas) -> String {
    let driver = |op: Dense| match blas {
        Blas::BuiltIn => shared(op).map(|(_, text)| text),
        Blas::Cblas => lapack(op),
    };
    let mut text = String::new();
    if blas == Blas::Cblas && !used.is_empty() {
        text.push_str(include_str!("dense/lapack/common.cpp"));
    }
    for &(op, dtype) in used {
        let complex = dtype.is_complex();
        let choices = [
            ("@CONJ@", "2", "0"),
            ("@Q@", "un", "or"),
            ("@E@", "he", "sy"),
            // Routines on complex matrices have memory for reals besides.
            ("@REAL_TYPES@", "@R@ *, const int *, ", ""),
            ("@REAL_QUERY@", "&reals, &query, ", ""),
            ("@REAL_SIZE@", "&reals, ", ""),
            ("@REAL_WORK@", "real_work, &real_length, ", ""),
            ("@REAL_TYPE@", "@R@ *, ", ""),
            ("@REAL_ONE@", "real_work, ", ""),
        ];
        let choose = |text: String, (name, of_complex, of_real): &(&str, &str, &str)| {
            text.replace(name, if complex { of_complex } else { of_real })
        };
        let chosen = choices.iter().fold(driver(op).unwrap_or_default().to_owned(), choose);
        text.push_str(&super::gemm::instance(&chosen, dtype));
    }
    text
}

/// The prototype of a routine.
fn declaration(op: Dense, dtype: DType) -> String {
    let mut parameters: Vec<String> =
        ["m", "n", "k"].iter().take(op.sizes()).map(|size| format!("int64_t {size}")).collect();
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
