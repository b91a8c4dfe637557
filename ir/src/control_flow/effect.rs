//! What a program does to the world besides computing: giving up, and writing text for the user.

use crate::{Name, ScalarExpr, Span};
use std::fmt;
use std::str::FromStr;

/// Something that people notice; effects happen in the order of control flow, and none is left out or repeated.
#[derive(Clone, Debug, PartialEq)]
pub enum Effect {
    /// Ends the program with an error: what it would have computed is undefined.
    Fail {
        /// What went wrong, in the user's terms.
        message: String,
        /// Where the condition was written that does not hold.
        span: Span,
    },
    /// Writes text to the standard output.
    Print {
        /// What is written, one after the other.
        pieces: Vec<Piece>,
        /// Where that was written.
        span: Span,
    },
}

/// A part of a printed text.
#[derive(Clone, Debug, PartialEq)]
pub enum Piece {
    /// A text that is known.
    Text(String),
    /// A number, as Python writes it.
    Value(ScalarExpr, Option<Format>),
    /// All elements of an array, as NumPy writes them. It is a [`ScalarExpr::Name`], so that whoever asks what control flow
    /// reads finds the container.
    Array(ScalarExpr),
}

impl Effect {
    /// The numbers and arrays that the effect needs.
    pub fn scalars(&self) -> Vec<&ScalarExpr> {
        match self {
            Effect::Fail { .. } => Vec::new(),
            Effect::Print { pieces, .. } => pieces.iter().filter_map(Piece::value).collect(),
        }
    }

    /// The numbers and arrays that the effect needs, for change.
    pub fn scalars_mut(&mut self) -> Vec<&mut ScalarExpr> {
        match self {
            Effect::Fail { .. } => Vec::new(),
            Effect::Print { pieces, .. } => pieces
                .iter_mut()
                .filter_map(|piece| match piece {
                    Piece::Text(_) => None,
                    Piece::Value(value, _) | Piece::Array(value) => Some(value),
                })
                .collect(),
        }
    }

    /// Where it was written.
    pub fn span(&self) -> Span {
        match self {
            Effect::Fail { span, .. } | Effect::Print { span, .. } => *span,
        }
    }
}

impl Piece {
    fn value(&self) -> Option<&ScalarExpr> {
        match self {
            Piece::Text(_) => None,
            Piece::Value(value, _) | Piece::Array(value) => Some(value),
        }
    }

    /// The array of which all elements are written.
    pub fn array(&self) -> Option<&Name> {
        match self {
            Piece::Array(ScalarExpr::Name(name)) => Some(name),
            _ => None,
        }
    }
}

/// How a number is written, as in Python's format language: `8.3f`, `<5d`, `+.2e`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Format {
    /// Whether blanks follow the number instead of preceding it.
    pub left: bool,
    /// Whether a sign is written before positive numbers too.
    pub plus: bool,
    /// Whether zeros fill the width instead of blanks.
    pub zero: bool,
    /// The least number of characters.
    pub width: u8,
    /// Digits after the point, or significant digits; 6 if it is not given.
    pub precision: Option<u8>,
    /// The notation.
    pub notation: Notation,
}

/// The notation of a formatted number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Notation {
    /// `d`: an integer.
    Integer,
    /// `f`: with digits after the point.
    Fixed,
    /// `e`: with an exponent.
    Exponent,
    /// `g`: whichever of both is shorter.
    General,
}

impl Notation {
    /// The letter, which is that of C too.
    pub fn letter(self) -> char {
        match self {
            Notation::Integer => 'd',
            Notation::Fixed => 'f',
            Notation::Exponent => 'e',
            Notation::General => 'g',
        }
    }
}

/// The text is none of the formats that are known.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a format is such as `8.3f`: a sign, a width, a precision, and one of `d`, `f`, `e` and `g`")]
pub struct BadFormat;

impl FromStr for Format {
    type Err = BadFormat;

    fn from_str(text: &str) -> Result<Self, BadFormat> {
        let mut rest = text;
        let mut eat = |c: char| match rest.strip_prefix(c) {
            Some(after) => {
                rest = after;
                true
            }
            None => false,
        };
        let left = eat('<');
        if !left {
            eat('>');
        }
        let plus = eat('+');
        let zero = eat('0');
        let (width, after) = digits(rest)?;
        let (precision, after) = match after.strip_prefix('.') {
            Some(after) => {
                digits(after).and_then(|(value, rest)| Ok((Some(value.ok_or(BadFormat)?), rest)))?
            }
            None => (None, after),
        };
        let notation = match after {
            "d" if precision.is_none() => Notation::Integer,
            "f" => Notation::Fixed,
            "e" => Notation::Exponent,
            "g" => Notation::General,
            _ => return Err(BadFormat),
        };
        Ok(Format { left, plus, zero: zero && !left, width: width.unwrap_or(0), precision, notation })
    }
}

/// A number at the start of a text, and what follows it.
fn digits(text: &str) -> Result<(Option<u8>, &str), BadFormat> {
    let end = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let (number, rest) = text.split_at(end);
    if number.is_empty() {
        return Ok((None, rest));
    }
    number.parse().map(|value| (Some(value), rest)).map_err(|_| BadFormat)
}

impl fmt::Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let flag = |set: bool, text: &'static str| if set { text } else { "" };
        write!(f, "{}{}{}", flag(self.left, "<"), flag(self.plus, "+"), flag(self.zero, "0"))?;
        if self.width > 0 {
            write!(f, "{}", self.width)?;
        }
        if let Some(precision) = self.precision {
            write!(f, ".{precision}")?;
        }
        write!(f, "{}", self.notation.letter())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn formats_are_read_as_they_are_written() {
        for text in ["d", "8.3f", "<5d", "+.2e", "08.1f", "g", ".0f", "+012.4g"] {
            assert_eq!(text.parse::<Format>().map(|it| it.to_string()).as_deref(), Ok(text));
        }
        assert_eq!(">8d".parse::<Format>().map(|it| it.to_string()).as_deref(), Ok("8d"));
        for text in ["", "x", "8", ".f", ".3d", "999f", "^8f", "8.3f "] {
            assert_eq!(text.parse::<Format>(), Err(BadFormat), "{text}");
        }
    }
}
