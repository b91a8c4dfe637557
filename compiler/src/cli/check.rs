//! `dacec check`

use super::args::{Check, MessageFormat};
use super::{Outcome, open, report};
use dacec::Error;

pub(super) fn run(task: &Check, format: MessageFormat) -> Result<Outcome, Error> {
    let (file, _) = open(&task.source)?;
    let mut failed = 0;
    let wanted = |name: &&str| task.source.program.as_ref().is_none_or(|program| program == name);
    for program in file.programs().into_iter().filter(wanted) {
        if let Err(diagnostics) = file.lower(program) {
            failed += 1;
            report::error(&Error::Source(diagnostics), format);
        } else if format == MessageFormat::Human {
            anstream::println!("{program}: fine");
        }
    }
    Ok(if failed == 0 { Outcome::Fine } else { Outcome::Failed })
}
