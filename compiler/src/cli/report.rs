//! Printing errors: for people with source lines and carets, for tools as JSON.

use super::args::MessageFormat;
use crate::Error;
use miette::{Diagnostic, GraphicalReportHandler, GraphicalTheme, JSONReportHandler, ReportHandler};
use std::fmt;
use std::io::IsTerminal;

/// Prints an error to stderr: every message of a refused source, or the one of anything else.
pub(crate) fn error(error: &Error, format: MessageFormat) {
    match error {
        Error::Source(diagnostics) => diagnostics.iter().for_each(|it| diagnostic(it, format)),
        other => diagnostic(other, format),
    }
}

/// Prints one diagnostic to stderr.
pub(crate) fn diagnostic(diagnostic: &dyn Diagnostic, format: MessageFormat) {
    anstream::eprintln!("{}", Rendered { diagnostic, format });
}

struct Rendered<'a> {
    diagnostic: &'a dyn Diagnostic,
    format: MessageFormat,
}

impl fmt::Display for Rendered<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.format {
            MessageFormat::Json => JSONReportHandler::new().debug(self.diagnostic, f),
            MessageFormat::Human => {
                let terminal = std::io::stderr().is_terminal();
                let theme =
                    if terminal { GraphicalTheme::unicode() } else { GraphicalTheme::unicode_nocolor() };
                GraphicalReportHandler::new_themed(theme).with_links(false).render_report(f, self.diagnostic)
            }
        }
    }
}
