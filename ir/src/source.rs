//! Where in a source text an element came from.
//!
//! Spans travel through every pass, so that a message, a comment in emitted code or a profile can name the line that
//! a person wrote.

use serde::{Deserialize, Serialize};

/// A half-open range of bytes in a source file, with the line for people.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Span {
    /// Offset of the first byte.
    pub start: u32,
    /// Offset past the last byte.
    pub end: u32,
    /// Line of the first byte, counted from 1; 0 when there is no source.
    pub line: u32,
}

impl Span {
    /// A span over the bytes `start..end`, which begins on `line`.
    pub fn new(start: u32, end: u32, line: u32) -> Self {
        Span { start, end, line }
    }

    /// Whether the element has no place in a source text.
    pub fn is_unknown(&self) -> bool {
        self.line == 0
    }

    /// This span, or `other` where this one is unknown.
    pub fn or(self, other: Span) -> Span {
        if self.is_unknown() { other } else { self }
    }
}
