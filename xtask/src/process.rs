//! Starting other programs: aloud, and without waiting for their output until they end.

use crate::Problem;
use std::ffi::OsString;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::path::Path;
use std::process::{Command, ExitStatus, Stdio};

/// Which output of a program is read here; the other goes straight to the terminal.
#[derive(Clone, Copy)]
pub(crate) enum Watch {
    Stdout,
    Stderr,
}

/// A command of the cargo that runs this task, in the root of the repository.
pub(crate) fn cargo(root: &Path) -> Command {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| OsString::from("cargo"));
    let mut command = Command::new(cargo);
    command.current_dir(root);
    command
}

/// Runs a command to its end; a failure is a problem.
pub(crate) fn run(command: &mut Command) -> Result<(), Problem> {
    announce(command);
    let status = command.status().map_err(|error| cannot_start(command, &error))?;
    if status.success() { Ok(()) } else { Err(failed(command, status)) }
}

/// Runs a command, passes its output on as it comes, and shows each line of the watched output to `see`.
pub(crate) fn stream(
    command: &mut Command,
    watch: Watch,
    mut see: impl FnMut(&str),
) -> Result<ExitStatus, Problem> {
    announce(command);
    match watch {
        Watch::Stdout => command.stdout(Stdio::piped()),
        Watch::Stderr => command.stderr(Stdio::piped()),
    };
    let mut child = command.spawn().map_err(|error| cannot_start(command, &error))?;
    let passed_on = match watch {
        Watch::Stdout => pass_on(child.stdout.take(), io::stdout(), &mut see),
        Watch::Stderr => pass_on(child.stderr.take(), io::stderr(), &mut see),
    };
    let status = child.wait().map_err(|error| cannot_start(command, &error))?;
    passed_on
        .map_err(|error| Problem::new(format!("the output of `{}` was lost: {error}", text(command))))?;
    Ok(status)
}

fn pass_on(source: Option<impl Read>, mut sink: impl Write, see: &mut impl FnMut(&str)) -> io::Result<()> {
    let Some(source) = source else { return Ok(()) };
    let mut source = BufReader::new(source);
    let mut line = Vec::new();
    while source.read_until(b'\n', &mut line)? > 0 {
        sink.write_all(&line)?;
        sink.flush()?;
        see(String::from_utf8_lossy(&line).trim_end());
        line.clear();
    }
    Ok(())
}

fn announce(command: &Command) {
    eprintln!("$ {}", text(command));
}

fn text(command: &Command) -> String {
    let words = std::iter::once(command.get_program()).chain(command.get_args());
    words.map(|word| word.to_string_lossy()).collect::<Vec<_>>().join(" ")
}

fn cannot_start(command: &Command, error: &io::Error) -> Problem {
    Problem::new(format!("`{}` cannot be run: {error}", text(command)))
}

fn failed(command: &Command, status: ExitStatus) -> Problem {
    Problem::new(format!("`{}` failed ({status})", text(command)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_seen_and_passed_on_unchanged() {
        let mut seen = Vec::new();
        let mut sink = Vec::new();
        let source: &[u8] = b"one\ntwo \xff\r\nthree";
        pass_on(Some(source), &mut sink, &mut |line| seen.push(line.to_owned())).unwrap();
        assert_eq!(seen, ["one", "two \u{fffd}", "three"]);
        assert_eq!(sink, source);
    }

    #[test]
    fn a_program_that_does_not_exist_is_named() {
        let problem = run(&mut Command::new("dacec-no-such-program")).unwrap_err();
        assert!(problem.to_string().contains("`dacec-no-such-program` cannot be run"), "{problem}");
    }
}
