//! `dacec view`: the graph as a page that any browser opens.

use super::args::{MessageFormat, View};
use super::{Outcome, open, warn};
use crate::artifacts::write_atomically;
use crate::{Error, Options};
use dacec_ir::view::{Snapshot, page};
use std::path::PathBuf;

pub(super) fn run(task: &View) -> Result<Outcome, Error> {
    let program = open(&task.source)?;
    warn(&task.source, &program, MessageFormat::Human);
    let mut sdfg = program.sdfg()?;
    let options = Options { record: task.history, ..task.compile.options() };
    let mut snapshots = vec![Snapshot { title: "as written".into(), sdfg: sdfg.clone() }];
    let passes = crate::optimize(&mut sdfg, &options)?;
    if task.history {
        snapshots.extend(
            passes.into_snapshots().into_iter().map(|(pass, sdfg)| Snapshot { title: pass.to_owned(), sdfg }),
        );
    } else if sdfg != snapshots[0].sdfg {
        snapshots.push(Snapshot { title: "optimized".into(), sdfg });
    }
    let path = match &task.output {
        Some(path) => path.clone(),
        None => PathBuf::from(format!("{}.html", program.name())),
    };
    let path = write_atomically(&path, page(program.name(), &snapshots).as_bytes())?;
    anstream::println!("{}", path.display());
    Ok(Outcome::Fine)
}
