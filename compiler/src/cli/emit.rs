//! `dacec emit`

use super::args::{Emit, Form};
use super::{Outcome, explanation, open};
use dacec::Error;
use dacec_ir::Sdfg;

pub(super) fn run(task: &Emit) -> Result<Outcome, Error> {
    let (file, program) = open(&task.source)?;
    let options = dacec::Options { explain: task.explain, ..task.compile.options() };
    let mut sdfg = file.lower(&program).map_err(Error::Source)?;
    let context = dacec::optimize(&mut sdfg, &options)?;
    if task.time_passes {
        explanation::print_times(&context);
    }
    if task.explain {
        explanation::print(&sdfg, &context);
        return Ok(Outcome::Fine);
    }
    print(&sdfg, task.form, Some(file.text()), &options)?;
    Ok(Outcome::Fine)
}

/// Prints a graph, or the code that it becomes.
pub(super) fn print(
    sdfg: &Sdfg,
    form: Form,
    source: Option<&str>,
    options: &dacec::Options,
) -> Result<(), Error> {
    let text = match form {
        Form::Text => sdfg.to_string(),
        Form::Dot => dacec_ir::dot::to_dot(sdfg),
        Form::Svg => dacec_ir::svg::to_svg(sdfg),
        Form::Sdfg => dacec_ir::json::to_string(sdfg),
        Form::Cpp => dacec::generate(sdfg, source, options)?.kernel_unit,
        Form::Header => dacec::generate(sdfg, source, options)?.header,
    };
    anstream::print!("{text}");
    if !text.ends_with('\n') {
        anstream::println!();
    }
    Ok(())
}
