//! `dacec emit`

use super::args::{Emit, Form, MessageFormat, SdfgVersion};
use super::{Outcome, explanation, open, warn};
use crate::Error;
use dacec_ir::Sdfg;
use dacec_ir::json::Dialect;
use dacec_runtime::OptLevel;
use std::io::Write;
use std::process::{Command, Stdio};

pub(super) fn run(task: &Emit) -> Result<Outcome, Error> {
    let program = open(&task.source)?;
    warn(&task.source, &program, MessageFormat::Human);
    let options = crate::Options { explain: task.explain, ..task.compile.options() };
    let mut sdfg = program.sdfg()?;
    let code = matches!(task.form, Form::Cpp | Form::Header);
    let asks = task.explain || task.time_passes;
    // Without optimization a graph is shown as it is; code needs library operations to be expanded in any case.
    if code || asks || options.opt != OptLevel::O0 {
        let context = crate::optimize(&mut sdfg, &options)?;
        if task.time_passes {
            explanation::print_times(&context);
        }
        if task.explain {
            explanation::print(&sdfg, &context);
            return Ok(Outcome::Fine);
        }
    }
    print(&sdfg, (task.form, task.sdfg_version), program.text(), &options)?;
    Ok(Outcome::Fine)
}

/// Prints a graph, or the code that it becomes.
pub(super) fn print(
    sdfg: &Sdfg,
    (form, version): (Form, SdfgVersion),
    source: Option<&str>,
    options: &crate::Options,
) -> Result<(), Error> {
    let text = match form {
        Form::Text => sdfg.to_string(),
        Form::Dot => dacec_ir::dot::to_dot(sdfg),
        Form::Svg => graphviz(sdfg).unwrap_or_else(|| dacec_ir::svg::to_svg(sdfg)),
        Form::Sdfg => dacec_ir::json::to_string_in(sdfg, version.into()),
        Form::Cpp => crate::generate(sdfg, source, options)?.kernel_unit,
        Form::Header => crate::generate(sdfg, source, options)?.header,
    };
    anstream::print!("{text}");
    if !text.ends_with('\n') {
        anstream::println!();
    }
    Ok(())
}

impl From<SdfgVersion> for Dialect {
    fn from(version: SdfgVersion) -> Self {
        match version {
            SdfgVersion::One => Dialect::V1,
            SdfgVersion::Two => Dialect::V2,
        }
    }
}

/// The picture that Graphviz makes; `None` where it is missing or fails.
fn graphviz(sdfg: &Sdfg) -> Option<String> {
    let mut command = Command::new("dot");
    command.arg("-Tsvg").stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
    let mut child = command.spawn().ok()?;
    let mut input = child.stdin.take()?;
    let text = dacec_ir::dot::to_dot(sdfg);
    // Written from another thread: both pipes are smaller than a large graph.
    let writer = std::thread::spawn(move || input.write_all(text.as_bytes()));
    let output = child.wait_with_output().ok()?;
    writer.join().ok()?.ok()?;
    output.status.success().then(|| String::from_utf8(output.stdout).ok())?
}
