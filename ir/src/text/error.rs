//! What can be wrong with a text, and where.

use crate::symbolic::{ParseError, ParseErrorKind};
use thiserror::Error;

/// Why a text is not an SDFG.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("line {line}, column {column}: {kind}")]
pub struct TextError {
    kind: TextErrorKind,
    offset: usize,
    line: usize,
    column: usize,
}

/// What is wrong with a text.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum TextErrorKind {
    /// A character that no token begins with.
    #[error("unexpected character `{0}`")]
    Character(char),
    /// A quoted text without its end.
    #[error("the quoted text does not end on its line")]
    Unterminated,
    /// Another token than the grammar allows here.
    #[error("expected {expected}, found {found}")]
    Unexpected {
        /// What may stand here.
        expected: String,
        /// What stands here.
        found: String,
    },
    /// A number that its type does not have.
    #[error("`{0}` is no number of its type")]
    Number(String),
    /// A name that is defined twice.
    #[error("`{0}` is already defined")]
    Duplicate(String),
    /// A node that is used but not defined.
    #[error("the state has no node `{0}`")]
    UndefinedNode(String),
    /// A vertex of a machine that is used but not defined.
    #[error("the machine has no vertex `{0}`")]
    UndefinedVertex(String),
    /// Tiles in the range of a loop.
    #[error("the values of a loop's variable have no tiles")]
    Tile,
    /// A node that closes no map, used as if it did.
    #[error("`{0}` opens no map, or one that is already closed")]
    NoMap(String),
    /// A map without its exit.
    #[error("the map `{0}` has no exit")]
    Open(String),
    /// A library operation that is not known, or whose properties it does not have.
    #[error("{0}")]
    Operation(String),
    /// A symbolic expression that is malformed.
    #[error("{0}")]
    Symbolic(ParseErrorKind),
    /// Too many nested blocks, maps or operations.
    #[error("nested too deeply")]
    TooDeep,
}

impl TextError {
    pub(super) fn new(kind: TextErrorKind, text: &str, offset: usize) -> Self {
        let before = &text[..offset.min(text.len())];
        let line = before.matches('\n').count() + 1;
        let column = before.rsplit('\n').next().unwrap_or("").chars().count() + 1;
        TextError { kind, offset, line, column }
    }

    /// What is wrong.
    pub fn kind(&self) -> &TextErrorKind {
        &self.kind
    }

    /// Where: the number of bytes before the offending place.
    pub fn offset(&self) -> usize {
        self.offset
    }

    /// Where: the line, counted from 1.
    pub fn line(&self) -> usize {
        self.line
    }

    /// Where: the character of the line, counted from 1.
    pub fn column(&self) -> usize {
        self.column
    }
}

/// The error of a symbolic expression that starts at `offset` of the text.
pub(super) fn symbolic(error: ParseError, offset: usize) -> (TextErrorKind, usize) {
    (TextErrorKind::Symbolic(error.kind().clone()), offset + error.position())
}
