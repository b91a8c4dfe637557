//! Libraries that a user of the facade adds: operations computed by routines that dacec knows nothing of.

use crate::Error;
use dacec_codegen::Environment;
use dacec_ir::{Name, Node, Sdfg};
use dacec_runtime::libraries::ENVIRONMENTS;
use dacec_runtime::{Search, Toolchain};
use dacec_transforms::library::{Expansion, Expansions};
use std::sync::Arc;

/// A library: what it computes, and what that needs. [`Compiler::with_library`](crate::Compiler::with_library) adds it; the
/// page `docs/libraries.md` of the book has a worked example.
#[derive(Clone, Debug)]
pub struct Library {
    /// What emitted code needs.
    pub environment: Environment,
    /// The file to link; `None` where the environment's code is all of the library.
    pub search: Option<Search>,
    /// The operations that it computes, each in one way.
    pub expansions: Vec<Arc<dyn Expansion>>,
}

/// The libraries of a compiler, found.
#[derive(Clone, Debug, Default)]
pub(crate) struct Libraries {
    pub(crate) expansions: Expansions,
    pub(crate) environments: Vec<Environment>,
    files: Vec<(String, dacec_runtime::Library)>,
}

impl Libraries {
    /// Finds a library and adds it before those that are known.
    pub(crate) fn add(&mut self, library: Library, toolchain: &Toolchain) -> Result<(), Error> {
        let name = library.environment.name.clone();
        if !is_identifier(&name) {
            return Err(Error::LibraryName { name });
        }
        if let Some(search) = &library.search {
            let file = search.find(toolchain).ok_or_else(|| Error::NoLibrary {
                name: name.clone(),
                files: search.files.join(" or "),
                help: match &search.variable {
                    Some(variable) => format!("install it, or set {variable} to the path of its file"),
                    None => "install it".to_owned(),
                },
            })?;
            self.files.push((name, file));
        }
        for expansion in library.expansions {
            self.expansions.register(expansion);
        }
        self.environments.insert(0, library.environment);
        Ok(())
    }

    /// What emitted code needs of all libraries, those of the machine that are known included.
    pub(crate) fn environments_with_known(&self) -> Vec<Environment> {
        let known = ENVIRONMENTS.iter().filter_map(|it| {
            let headers = it.headers.iter().map(|&header| header.to_owned()).collect();
            let (code, init, exit) = (it.code.to_owned(), it.init.to_owned(), it.exit.to_owned());
            Some(Environment { headers, code, init, exit, ..Environment::new(it.word?) })
        });
        self.environments.iter().cloned().chain(known).collect()
    }

    /// The files of the environments with these names.
    pub(crate) fn files(&self, environments: &[String]) -> Vec<dacec_runtime::Library> {
        let used = self.files.iter().filter(|(name, _)| environments.contains(name));
        used.map(|(_, file)| file.clone()).collect()
    }

    /// Writes into the nodes how their operations are to be computed, where they do not say it themselves.
    pub(crate) fn choose(&self, sdfg: &mut Sdfg, implementations: &[(Name, Name)]) -> Result<(), Error> {
        for (op, name) in implementations {
            let known: Vec<&str> = self.expansions.of(op).map(|it| it.name()).collect();
            if known.is_empty() {
                let mut ops: Vec<&str> = self.expansions.iter().map(|it| it.op()).collect();
                ops.dedup();
                let help = format!("there are {}", ops.join(", "));
                return Err(Error::NoImplementation { what: format!("no operation `{op}`"), help });
            }
            if !known.contains(&name.as_str()) {
                let what = format!("no implementation `{name}` of `{op}`");
                return Err(Error::NoImplementation {
                    what,
                    help: format!("there are {}", known.join(", ")),
                });
            }
        }
        if !implementations.is_empty() {
            mark(sdfg, implementations);
        }
        Ok(())
    }
}

fn mark(sdfg: &mut Sdfg, implementations: &[(Name, Name)]) {
    sdfg.visit_states_mut(&mut |state| {
        for id in state.node_ids() {
            if let Node::Library(node) = state.node_mut(id)
                && node.implementation.is_none()
            {
                let wanted = implementations.iter().rev().find(|(op, _)| node.op.name() == op.as_str());
                node.implementation = wanted.map(|(_, name)| name.clone());
            }
        }
    });
}

fn is_identifier(name: &str) -> bool {
    name.starts_with(|c: char| c.is_ascii_alphabetic())
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
}
