//! What can be compiled: a program of an annotated Python file, or a graph of a `.sdfg` file.

use crate::{Compiled, Compiler, Error, read_source};
use dacec_frontend::SourceFile;
use dacec_ir::Sdfg;
use dacec_ir::json::{self, Folder, ReadOptions};
use dacec_ir::validate::validate;
use std::path::Path;

/// Files that are at most this large are read: `.sdfg` files are not trusted.
const MAX_BYTES: u64 = 1 << 28;

/// A program, before anything is optimized.
pub enum Program {
    /// A function of an annotated file.
    Source {
        /// The file.
        file: Box<SourceFile>,
        /// The function.
        name: String,
    },
    /// A graph that was stored.
    Graph(Box<Sdfg>),
}

impl Program {
    /// Reads a file: one whose name ends in `.sdfg` or `.sdfgz` is a graph, any other an annotated source.
    ///
    /// `name` picks the program of a source that has several, and has to be the graph's name otherwise.
    pub fn open(path: &Path, name: Option<&str>, options: ReadOptions<'_>) -> Result<Program, Error> {
        let shown = || path.display().to_string();
        if is_graph(path) {
            let sdfg = read_graph(path, options)?;
            return match name {
                Some(wanted) if sdfg.name != *wanted => Err(Error::NoProgram {
                    file: shown(),
                    wanted: wanted.to_owned(),
                    help: format!("it has {}", sdfg.name),
                }),
                _ => Ok(Program::Graph(Box::new(sdfg))),
            };
        }
        let mut file = read_source(path)?;
        if options.trust_code {
            file.trust_code();
        }
        let programs = file.programs();
        let help = match &programs[..] {
            [] => "mark a function with `@dace.program` to make it one".to_owned(),
            some => format!("it has {}", some.join(", ")),
        };
        let picked = match name {
            // A method is named as in Python, or as its library is.
            Some(name) => {
                let flat = name.replace('.', "_");
                programs.contains(&flat.as_str()).then_some(flat)
            }
            None => file.default_program().map(str::to_owned),
        };
        match picked {
            Some(name) => Ok(Program::Source { file: Box::new(file), name }),
            None => {
                let wanted = name.unwrap_or("@dace.program").to_owned();
                Err(Error::NoProgram { file: shown(), wanted, help })
            }
        }
    }

    /// The program's name.
    pub fn name(&self) -> &str {
        match self {
            Program::Source { name, .. } => name,
            Program::Graph(sdfg) => &sdfg.name,
        }
    }

    /// The text that the program was written as, if it is known.
    pub fn text(&self) -> Option<&str> {
        match self {
            Program::Source { file, .. } => Some(file.text()),
            Program::Graph(_) => None,
        }
    }

    /// The graph, before anything is optimized.
    pub fn sdfg(&self) -> Result<Sdfg, Error> {
        match self {
            Program::Source { file, name } => file.lower(name).map_err(Error::Source),
            Program::Graph(sdfg) => Ok((**sdfg).clone()),
        }
    }

    /// Compiles the program.
    pub fn compile(&self, compiler: &Compiler) -> Result<Compiled, Error> {
        match self {
            Program::Source { file, name } => compiler.compile_program(file, name),
            Program::Graph(sdfg) => compiler.compile((**sdfg).clone()),
        }
    }
}

/// Whether a path names a graph rather than a source.
pub fn is_graph(path: &Path) -> bool {
    path.extension().is_some_and(|extension| extension == "sdfg" || extension == "sdfgz")
}

/// Reads a `.sdfg` file and checks that it is valid. Nested graphs may be files of their own in the same folder.
pub fn read_graph(path: &Path, options: ReadOptions<'_>) -> Result<Sdfg, Error> {
    let failed = |reason| Error::Read { path: path.to_owned(), reason };
    let size = std::fs::metadata(path).map_err(failed)?.len();
    if size > MAX_BYTES {
        let reason = format!("it is larger than {} MiB", MAX_BYTES >> 20);
        return Err(Error::Graph { path: path.to_owned(), reason });
    }
    let bytes = std::fs::read(path).map_err(failed)?;
    let graph = |reason: String| Error::Graph { path: path.to_owned(), reason };
    let folder = Folder::new(path.parent().filter(|it| !it.as_os_str().is_empty()).unwrap_or(Path::new(".")));
    let options = ReadOptions { folder: Some(&folder), ..options };
    let sdfg = json::from_slice_with(&bytes, options).map_err(|error| graph(error.to_string()))?;
    validate(&sdfg).map_err(|violations| {
        let all: Vec<String> = violations.iter().map(ToString::to_string).collect();
        graph(format!("the graph is not valid:\n{}", all.join("\n")))
    })?;
    Ok(sdfg)
}
