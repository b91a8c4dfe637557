//! `dacec build`

use super::args::{Build, MessageFormat};
use super::{Extensions, Outcome, compiler, open, warn};
use crate::{Error, artifacts};

pub(super) fn run(task: &Build, format: MessageFormat, extensions: &Extensions) -> Result<Outcome, Error> {
    let program = open(&task.source)?;
    warn(&task.source, &program, format);
    let compiled = program.compile(&compiler(&task.compile, extensions)?)?;
    let paths = artifacts::write(&compiled, &task.output, Some(&task.source.file))?;
    match format {
        MessageFormat::Human => {
            let (verb, time) = (if compiled.cached { "found" } else { "built" }, compiled.phases.total());
            anstream::println!("{verb} {} in {:.0} ms", compiled.signature, time.as_secs_f64() * 1e3);
            for path in paths {
                anstream::println!("  {}", path.display());
            }
        }
        MessageFormat::Json => {
            let phases: serde_json::Map<String, serde_json::Value> =
                compiled.phases.iter().map(|(name, time)| (name.into(), time.as_secs_f64().into())).collect();
            let paths: Vec<String> = paths.iter().map(|path| path.display().to_string()).collect();
            let report = serde_json::json!({
                "program": program.name(), "cached": compiled.cached, "seconds": phases, "files": paths,
            });
            anstream::println!("{report}");
        }
    }
    Ok(Outcome::Fine)
}
