//! `dacec check`

use super::args::{Check, MessageFormat};
use super::{Outcome, open, report};
use crate::{Error, Program};

pub(super) fn run(task: &Check, format: MessageFormat) -> Result<Outcome, Error> {
    let program = open(&task.source)?;
    // A graph has been read and validated by now, and has no other programs beside it.
    let Program::Source { file, .. } = &program else {
        fine(program.name(), format);
        return Ok(Outcome::Fine);
    };
    let mut failed = 0;
    let wanted = |name: &&str| task.source.program.as_ref().is_none_or(|program| program == name);
    let programs: Vec<&str> = file.programs().into_iter().filter(wanted).collect();
    for (program, lowered) in programs.iter().zip(file.lower_all(&programs)) {
        match lowered {
            Ok(lowered) => {
                if task.source.warn {
                    lowered.warnings.iter().for_each(|warning| report::diagnostic(warning, format));
                }
                fine(program, format);
            }
            Err(diagnostics) => {
                failed += 1;
                report::error(&Error::Source(diagnostics), format);
            }
        }
    }
    Ok(if failed == 0 { Outcome::Fine } else { Outcome::Failed })
}

fn fine(program: &str, format: MessageFormat) {
    if format == MessageFormat::Human {
        anstream::println!("{program}: fine");
    }
}
