//! Routines of [environments](Environment), and what they need in the file.

use super::{Printer, Result};
use crate::{CodegenError, Environment};
use dacec_ir::Name;
use std::collections::BTreeSet;

impl<'p> Printer<'p> {
    /// Notes that a routine is called; it is printed as it is called.
    pub(super) fn environment_of<'n>(&mut self, routine: &'n Name) -> Result<&'n str> {
        let found = self.known.iter().find(|it| it.provides(routine));
        let found = found.ok_or_else(|| CodegenError::UnknownRoutine { routine: routine.clone() })?;
        self.environments.insert(&found.name);
        Ok(routine)
    }
}

/// Headers, code, and what runs first and last, of those environments that are used.
pub(super) fn print(known: &[Environment], used: &BTreeSet<&str>) -> String {
    let used: Vec<&Environment> = known.iter().filter(|it| used.contains(&*it.name)).collect();
    let mut text = String::new();
    for header in used.iter().flat_map(|it| &it.headers) {
        text.push_str(&format!("#include <{header}>\n"));
    }
    for Environment { name, code, init, exit, .. } in used {
        if code.is_empty() && init.is_empty() && exit.is_empty() {
            continue;
        }
        text.push_str(&format!("\n// The library `{name}`.\n{}\n", code.trim_end()));
        if !(init.is_empty() && exit.is_empty()) {
            text.push_str(&format!(
                "static struct dacec_environment_{name} {{\n    dacec_environment_{name}() {{ {init} }}\n    \
                 ~dacec_environment_{name}() {{ {exit} }}\n}} dacec_environment_{name};\n"
            ));
        }
    }
    text
}
