//! The only module that calls the Python parser.
//!
//! The parser's interface changes from release to release; what the rest of the crate uses of it is named here: the
//! syntax tree under [`ast`], positions, and [`parse`].

pub(crate) use ruff_python_ast as ast;
pub(crate) use ruff_text_size::{Ranged, TextRange, TextSize};

use dacec_ir::Span;
use ruff_python_parser::{Mode, ParseOptions, parse_unchecked};
use ruff_source_file::LineIndex;

/// Syntax errors beyond this number are not reported: they mostly follow from the first one.
const MAX_SYNTAX_ERRORS: usize = 1;

/// Reads a module. On failure: what is wrong, and where.
pub(crate) fn parse(text: &str) -> Result<ast::Suite, Vec<(String, TextRange)>> {
    let parsed = parse_unchecked(text, ParseOptions::from(Mode::Module));
    if !parsed.errors().is_empty() {
        let errors = parsed.errors().iter().take(MAX_SYNTAX_ERRORS);
        return Err(errors.map(|error| (error.error.to_string(), error.location)).collect());
    }
    match parsed.into_syntax() {
        ast::Mod::Module(mut module) => {
            if text.contains("match ") || text.contains("match(") {
                crate::patterns::write_out(&mut module.body);
            }
            Ok(module.body)
        }
        ast::Mod::Expression(_) => Ok(ast::Suite::new()),
    }
}

/// Finds the line of an offset.
#[derive(Clone, Debug)]
pub(crate) enum Lines {
    /// In the text.
    Text(LineIndex),
    /// Everything is at one place: that of the call for which the text was made.
    Call(Span),
}

impl Lines {
    /// The lines of a text.
    pub(crate) fn new(text: &str) -> Self {
        Lines::Text(LineIndex::from_source_text(text))
    }

    /// The range as the IR's span.
    pub(crate) fn span(&self, range: TextRange) -> Span {
        let index = match self {
            Lines::Text(index) => index,
            Lines::Call(span) => return *span,
        };
        let line = index.line_index(range.start()).get();
        Span::new(range.start().to_u32(), range.end().to_u32(), u32::try_from(line).unwrap_or(u32::MAX))
    }
}
