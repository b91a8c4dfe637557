//! The `dacec` command: one file a task.
//!
//! A program that adds passes or libraries of its own has the whole command by [`main_with`]; `examples/own_pass.rs` of this
//! crate is one.

mod args;
mod bench;
mod build;
mod cache;
mod check;
mod comparison;
mod doctor;
mod emit;
mod examples;
mod explain;
mod explanation;
mod opt;
mod report;
mod run;
mod table;
mod trace;
mod view;

use crate::{Compiler, Error, Library, Program};
use args::{Command, Compile, MessageFormat, Source, Task};
use clap::{CommandFactory, Parser};
use dacec_ir::json::ReadOptions;
use dacec_runtime::Cache;
use dacec_transforms::registry::Entry;
use std::process::ExitCode;

/// A source or its arguments were refused, or something went wrong. Wrong usage exits with 2, as clap does.
const FAILURE: u8 = 1;

/// What a program adds to the command.
#[derive(Clone, Debug, Default)]
pub struct Extensions {
    /// Passes that `dacec opt` lists and applies.
    pub passes: Vec<Entry>,
    /// Libraries that `dacec build` and `dacec run` use.
    pub libraries: Vec<Library>,
}

/// Runs the command line of this process.
pub fn main() -> ExitCode {
    main_with(&Extensions::default())
}

/// Runs the command line of this process, with extensions.
pub fn main_with(extensions: &Extensions) -> ExitCode {
    let command = Command::parse();
    let format = command.message_format;
    let outcome = match &command.task {
        Task::Build(task) => build::run(task, format, extensions),
        Task::Run(task) => run::run(task, format, extensions),
        Task::Bench(task) => bench::run(task, format),
        Task::Emit(task) => emit::run(task),
        Task::Opt(task) => opt::run(task, &extensions.passes),
        Task::View(task) => view::run(task),
        Task::Check(task) => check::run(task, format),
        Task::Explain { code } => explain::run(code),
        Task::Doctor => doctor::run(format),
        Task::Cache { action } => cache::run(action.as_ref()),
        Task::Completions { shell } => {
            clap_complete::generate(*shell, &mut Command::command(), "dacec", &mut std::io::stdout());
            Ok(Outcome::Fine)
        }
    };
    match outcome {
        Ok(Outcome::Fine) => ExitCode::SUCCESS,
        Ok(Outcome::Failed) => ExitCode::from(FAILURE),
        Err(error) => {
            report::error(&error, format);
            ExitCode::from(FAILURE)
        }
    }
}

/// How a task ended that reported everything itself.
#[derive(Debug, PartialEq, Eq)]
enum Outcome {
    Fine,
    Failed,
}

/// The compiler that the options ask for.
fn compiler(options: &Compile, extensions: &Extensions) -> Result<Compiler, Error> {
    let cache = if options.no_cache { Cache::private()? } else { Cache::open_default()? };
    let compiler = Compiler::with_cache(options.options(), cache)?;
    extensions.libraries.iter().cloned().try_fold(compiler, Compiler::with_library)
}

/// Says what of the program costs performance, if the user wants to know.
fn warn(source: &Source, program: &Program, format: MessageFormat) {
    if let Program::Source { file, name } = program
        && source.warn
        && let Ok(lowered) = file.lower_and_warn(name)
    {
        lowered.warnings.iter().for_each(|warning| report::diagnostic(warning, format));
    }
}

/// Reads the file and picks the program.
fn open(source: &Source) -> Result<Program, Error> {
    let options = ReadOptions { trust_code: source.trust_code, ..ReadOptions::default() };
    let mut program = Program::open(&source.file, source.program.as_deref(), options)?;
    if let Program::Source { file, name } = &mut program {
        examples::give(file, name, &source.examples)?;
    }
    Ok(program)
}
