//! Calls of C functions that the user gives: by their names, or by addresses that the caller of the program passes.
//!
//! ```text
//! extern "C" __attribute__((weak)) int32_t blur(const double *, int64_t, int64_t, double *, int64_t, int64_t);
//!
//! if ((::blur == 0 ? -1 : ::blur(A, N, 1, B, N, 1)) != 0) {
//!     return 100; // a check failed
//! }
//! if (((int32_t (*)(int64_t, const double *, …))host[0])(host[1], A, …) != 0) {
//! ```

use super::types::c_type;
use super::{Printer, Result};
use crate::CodegenError;
use crate::tree::{Routine, RoutineArgument};
use dacec_ir::Name;
use std::collections::BTreeMap;

/// Declarations of the functions that are called by their names.
pub(super) fn print(functions: &BTreeMap<Name, String>) -> String {
    if functions.is_empty() {
        return String::new();
    }
    let mut text = "\n// Functions that are linked: numbers by value, data with extents and strides; 0 if all went well.\n".to_owned();
    for (name, parameters) in functions {
        text.push_str(&format!("extern \"C\" __attribute__((weak)) int32_t {name}({parameters});\n"));
    }
    text
}

impl Printer<'_> {
    /// A call of a function by its name, which is declared unless an environment does. Whoever loads the program may have
    /// it, so that it need not be there when the program is linked.
    pub(super) fn call_by_name(&mut self, name: &Name, routine: &Routine) -> Result<()> {
        let arguments = self.passed(&routine.arguments)?.join(", ");
        if self.known.iter().any(|it| it.provides(name)) {
            let name = self.environment_of(name)?;
            self.call_of(&format!("::{name}({arguments})"), routine);
            return Ok(());
        }
        let parameters = types(&routine.arguments).join(", ");
        let known = self.functions.entry(name.clone()).or_insert_with(|| parameters.clone());
        if *known != parameters {
            let what = format!("is called with ({parameters}) and with ({known})");
            return Err(CodegenError::unsupported(format!("the function `{name}`"), what));
        }
        self.call_of(&format!("(::{name} == 0 ? -1 : ::{name}({arguments}))"), routine);
        Ok(())
    }

    /// A call of the function whose address is where the first argument points.
    pub(super) fn call_by_pointer(&mut self, routine: &Routine) -> Result<()> {
        let types = types(&routine.arguments[1..]);
        let texts = self.passed(&routine.arguments)?;
        let host = &texts[0];
        let types: Vec<&str> = std::iter::once("int64_t").chain(types.iter().map(String::as_str)).collect();
        let arguments: Vec<String> =
            std::iter::once(format!("({host})[1]")).chain(texts[1..].iter().cloned()).collect();
        let (types, arguments) = (types.join(", "), arguments.join(", "));
        // Nobody can call what is at no address.
        let call = format!("({host})[0] == 0 ? -1 : ((int32_t (*)({types}))({host})[0])({arguments})");
        self.call_of(&format!("({call})"), routine);
        Ok(())
    }
}

/// The types of arguments in C.
fn types(arguments: &[RoutineArgument]) -> Vec<String> {
    let one = |argument: &RoutineArgument| match argument {
        RoutineArgument::Value(value) => c_type(value.dtype()).to_owned(),
        RoutineArgument::Pointer(place, true) => format!("{} *", c_type(place.dtype())),
        RoutineArgument::Pointer(place, false) => format!("const {} *", c_type(place.dtype())),
    };
    arguments.iter().map(one).collect()
}
