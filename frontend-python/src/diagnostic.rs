//! What the user is told: an error with its place, its reason, and what to write instead.
//!
//! ```text
//! E0101  undefined name `alhpa`
//!    ╭─[gemm.py:3:12]
//!  3 │     C[:] = alhpa * A @ B
//!    ·            ──┬──
//!    ·              ╰── nothing of this name is visible here
//!    ╰────
//!   help: did you mean `alpha`?
//! ```
//!
//! A [`Diagnostic`] knows its source text, so it renders itself anywhere ([`miette`] does the drawing). Codes are
//! stable; [`crate::codes`] explains each.

use crate::parse::TextRange;
use miette::{LabeledSpan, NamedSource, SourceCode};
use std::fmt;
use std::sync::Arc;

/// How bad it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Severity {
    /// The program cannot be compiled.
    Error,
    /// The program can be compiled, and may be slower or other than expected.
    Warning,
}

/// A place in the source with a remark.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Label {
    /// First byte.
    pub start: usize,
    /// Past the last byte.
    pub end: usize,
    /// What is there; may be empty.
    pub text: String,
}

/// A message about a Python source text.
#[derive(Clone, Debug)]
pub struct Diagnostic {
    /// The stable code, such as `E0101`.
    pub code: &'static str,
    /// How bad it is.
    pub severity: Severity,
    /// What is wrong, in one line.
    pub message: String,
    /// Where; the first is the main place.
    pub labels: Vec<Label>,
    /// What to do, if that can be said.
    pub help: Option<String>,
    source: Option<Arc<NamedSource<String>>>,
}

impl Diagnostic {
    /// An error at a place.
    pub(crate) fn error(code: &'static str, range: TextRange, message: impl Into<String>) -> Self {
        let label =
            Label { start: range.start().to_usize(), end: range.end().to_usize(), text: String::new() };
        Diagnostic {
            code,
            severity: Severity::Error,
            message: message.into(),
            labels: vec![label],
            help: None,
            source: None,
        }
    }

    /// A warning at a place.
    pub(crate) fn warning(code: &'static str, range: TextRange, message: impl Into<String>) -> Self {
        Diagnostic { severity: Severity::Warning, ..Diagnostic::error(code, range, message) }
    }

    /// The remark at the main place.
    pub(crate) fn label(mut self, text: impl Into<String>) -> Self {
        if let Some(label) = self.labels.first_mut() {
            label.text = text.into();
        }
        self
    }

    /// Another place with a remark.
    pub(crate) fn also(mut self, range: TextRange, text: impl Into<String>) -> Self {
        let (start, end) = (range.start().to_usize(), range.end().to_usize());
        self.labels.push(Label { start, end, text: text.into() });
        self
    }

    /// The place and message of another error that is the reason for this one.
    pub(crate) fn because(mut self, reason: &Diagnostic) -> Self {
        self.labels.extend(
            reason.labels.first().map(|label| Label { text: reason.message.clone(), ..label.clone() }),
        );
        self
    }

    /// What to do about it.
    pub(crate) fn help(mut self, text: impl Into<String>) -> Self {
        self.help = Some(text.into());
        self
    }

    /// The same complaint in other words.
    pub(crate) fn reworded(mut self, reword: impl Fn(&str) -> String) -> Self {
        self.message = reword(&self.message);
        self.labels.iter_mut().for_each(|label| label.text = reword(&label.text));
        self.help = self.help.map(|help| reword(&help));
        self
    }

    /// "did you mean", if a candidate is close to the name.
    pub(crate) fn did_you_mean<'a>(self, name: &str, candidates: impl IntoIterator<Item = &'a str>) -> Self {
        match closest(name, candidates) {
            Some(best) => self.help(format!("did you mean `{best}`?")),
            None => self,
        }
    }

    /// The same message, with the text that it is about.
    pub(crate) fn with_source(mut self, source: &Arc<NamedSource<String>>) -> Self {
        self.source = Some(Arc::clone(source));
        self
    }

    /// Line of the main place, counted from 1; `None` without a source.
    pub fn line(&self) -> Option<usize> {
        let (source, label) = (self.source.as_ref()?, self.labels.first()?);
        let text = source.inner();
        let before = text.get(..label.start.min(text.len()))?;
        Some(before.bytes().filter(|byte| *byte == b'\n').count() + 1)
    }

    /// Name of the source file, if there is one.
    pub fn file(&self) -> Option<&str> {
        self.source.as_ref().map(|source| source.name())
    }
}

/// The candidate that is most like `name`, if one is like it at all.
fn closest<'a>(name: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let scored = candidates.into_iter().filter(|candidate| *candidate != name).map(|candidate| {
        let similarity = strsim::normalized_damerau_levenshtein(name, candidate);
        (if candidate.eq_ignore_ascii_case(name) { 1.0 } else { similarity }, candidate)
    });
    let best = scored.reduce(|best, next| if next.0 > best.0 { next } else { best })?;
    (best.0 >= 0.6).then_some(best.1)
}

impl fmt::Display for Diagnostic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Diagnostic {}

impl miette::Diagnostic for Diagnostic {
    fn code<'a>(&'a self) -> Option<Box<dyn fmt::Display + 'a>> {
        Some(Box::new(self.code))
    }

    fn severity(&self) -> Option<miette::Severity> {
        Some(match self.severity {
            Severity::Error => miette::Severity::Error,
            Severity::Warning => miette::Severity::Warning,
        })
    }

    fn help<'a>(&'a self) -> Option<Box<dyn fmt::Display + 'a>> {
        self.help.as_ref().map(|help| Box::new(help) as Box<dyn fmt::Display>)
    }

    fn source_code(&self) -> Option<&dyn SourceCode> {
        self.source.as_ref().map(|source| source.as_ref() as &dyn SourceCode)
    }

    fn labels(&self) -> Option<Box<dyn Iterator<Item = LabeledSpan> + '_>> {
        Some(Box::new(self.labels.iter().map(|label| {
            let text = (!label.text.is_empty()).then(|| label.text.clone());
            LabeledSpan::new(text, label.start, label.end - label.start)
        })))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_typing_error_is_recognized() {
        assert_eq!(closest("alhpa", ["beta", "alpha", "A"]), Some("alpha"));
        assert_eq!(closest("n", ["N", "M"]), Some("N"));
        assert_eq!(closest("gradient", ["A", "B"]), None);
    }
}
