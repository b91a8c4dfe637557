//! Statements about names alone: imports inside of a function, and `del`.

use super::{Lowerer, Result};
use crate::codes;
use crate::diagnostic::Diagnostic;
use crate::numpy;
use crate::parse::{Ranged, ast};
use crate::types::Value;

impl Lowerer<'_> {
    /// `import module as name`.
    pub(super) fn import_statement(&mut self, it: &ast::StmtImport) -> Result<()> {
        for alias in &it.names {
            let full = alias.name.as_str();
            let (name, module) = match &alias.asname {
                Some(name) => (name.as_str(), full),
                None => {
                    let first = full.split('.').next().unwrap_or(full);
                    (first, first)
                }
            };
            self.bind(name, Value::Module(numpy::module(module)), it.range)?;
        }
        Ok(())
    }

    /// `from module import name`.
    pub(super) fn import_from_statement(&mut self, it: &ast::StmtImportFrom) -> Result<()> {
        let module = numpy::module(it.module.as_ref().map_or("", |name| name.as_str()));
        for alias in &it.names {
            let Some(value) = numpy::member(module, &alias.name) else {
                let message = format!("`{}` cannot be compiled", alias.name);
                return Err(Diagnostic::error(codes::UNSUPPORTED_CALL, alias.range, message)
                    .did_you_mean(&alias.name, numpy::member_names(module))
                    .into());
            };
            let name = alias.asname.as_ref().unwrap_or(&alias.name);
            self.bind(name.as_str(), value, it.range)?;
        }
        Ok(())
    }

    /// `del name`: what has the name stays where others refer to it.
    pub(super) fn delete_statement(&mut self, it: &ast::StmtDelete) -> Result<()> {
        for target in &it.targets {
            let ast::Expr::Name(name) = target else {
                let message = "only names can be deleted";
                return Err(Diagnostic::error(codes::UNSUPPORTED_STATEMENT, target.range(), message)
                    .help("elements of an array are left out of a new one by `np.delete(...)`")
                    .into());
            };
            self.lookup(&name.id, name.range)?;
            self.env.insert(name.id.to_string(), Value::Deleted);
        }
        Ok(())
    }
}
