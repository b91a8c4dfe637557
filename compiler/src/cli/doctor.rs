//! `dacec doctor`

use super::Outcome;
use super::args::MessageFormat;
use crate::Error;
use comfy_table::{ContentArrangement, Table, presets};
use dacec_runtime::doctor;

pub(super) fn run(format: MessageFormat) -> Result<Outcome, Error> {
    let findings = doctor::examine();
    let missing_required = findings.iter().any(|finding| finding.required && finding.found.is_err());
    match format {
        MessageFormat::Json => {
            for finding in &findings {
                anstream::println!("{}", serde_json::to_string(finding).unwrap_or_default());
            }
        }
        MessageFormat::Human => {
            let mut table = Table::new();
            table.load_style(presets::NOTHING).set_content_arrangement(ContentArrangement::Dynamic);
            for finding in &findings {
                match &finding.found {
                    Ok(what) => table.add_row(["✓", finding.name, what]),
                    Err(reason) => {
                        table.add_row(["✗", finding.name, &format!("{reason}: {}", finding.without)])
                    }
                };
            }
            anstream::println!("{}", table.trim_fmt());
        }
    }
    Ok(if missing_required { Outcome::Failed } else { Outcome::Fine })
}
