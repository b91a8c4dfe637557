//! Text to tokens.

use super::{Failure, ParseErrorKind};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Token<'a> {
    /// At most 2**63.
    Int(u64),
    /// Numerator and denominator of a decimal fraction.
    Decimal(i64, i64),
    /// A name or a keyword; a name may have members, `a.b`.
    Word(&'a str),
    /// An operator, a bracket or a comma.
    Symbol(&'a str),
    End,
}

/// Longest first.
const SYMBOLS: [&str; 26] = [
    "**", "//", "<=", ">=", "==", "!=", "<<", ">>", "<", ">", "+", "-", "*", "/", "%", "&", "|", "^", "~",
    "(", ")", "[", "]", ",", "{", "}",
];

/// Words that are not names.
pub(super) fn is_keyword(word: &str) -> bool {
    matches!(word, "and" | "or" | "not" | "if" | "else" | "in" | "is" | "lambda" | "for" | "None")
}

pub(super) struct Lexer<'a> {
    text: &'a str,
    position: usize,
}

impl<'a> Lexer<'a> {
    pub(super) fn new(text: &'a str) -> Self {
        Lexer { text, position: 0 }
    }

    /// The next token and its place.
    pub(super) fn next(&mut self) -> Result<(Token<'a>, usize), Failure> {
        let rest = &self.text[self.position..];
        self.position += rest.len() - rest.trim_start().len();
        let rest = &self.text[self.position..];
        let start = self.position;
        let Some(first) = rest.chars().next() else { return Ok((Token::End, start)) };
        let token = if first.is_ascii_digit()
            || (first == '.' && rest[1..].starts_with(|c: char| c.is_ascii_digit()))
        {
            self.number()?
        } else if first.is_ascii_alphabetic() || first == '_' {
            Token::Word(self.take(word_len(rest)))
        } else if first == '$' && word_len(&rest[1..]) > 0 {
            // Newer files mark symbols by a dollar sign.
            self.position += 1;
            Token::Word(self.take(word_len(&rest[1..])))
        } else {
            let symbol = SYMBOLS.iter().find(|symbol| rest.starts_with(**symbol));
            let symbol = symbol.ok_or((ParseErrorKind::Character(first), start))?;
            Token::Symbol(self.take(symbol.len()))
        };
        Ok((token, start))
    }

    fn take(&mut self, len: usize) -> &'a str {
        let start = self.position;
        self.position += len;
        &self.text[start..self.position]
    }

    /// An integer with an optional type (`7i64`), or a decimal fraction.
    fn number(&mut self) -> Result<Token<'a>, Failure> {
        let start = self.position;
        let rest = &self.text[start..];
        let len =
            rest.find(|c: char| !(c.is_ascii_alphanumeric() || c == '.' || c == '_')).unwrap_or(rest.len());
        let text = self.take(len);
        let wrong = || (ParseErrorKind::Number(text.to_owned()), start);
        let untyped = strip_type(text);
        let number = untyped.unwrap_or(text);
        if number.bytes().all(|byte| byte.is_ascii_digit()) {
            let value = number.parse::<u64>().ok().filter(|value| *value <= 1 << 63);
            return value.map(Token::Int).ok_or_else(wrong);
        }
        let (whole, fraction) = number.split_once('.').ok_or_else(wrong)?;
        let fraction = fraction.trim_end_matches('0');
        if !whole.bytes().chain(fraction.bytes()).all(|byte| byte.is_ascii_digit()) || untyped.is_some() {
            return Err(wrong());
        }
        let numerator = format!("0{whole}{fraction}").parse::<i64>().ok();
        let denominator = u32::try_from(fraction.len()).ok().and_then(|digits| 10i64.checked_pow(digits));
        let (numerator, denominator) = numerator.zip(denominator).ok_or_else(wrong)?;
        Ok(Token::Decimal(numerator, denominator))
    }
}

/// Length of the name at the start: words joined by dots.
fn word_len(text: &str) -> usize {
    let mut len = 0;
    loop {
        let word = &text[len..];
        if !word.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_') {
            return len.saturating_sub(1);
        }
        len += word.find(|c: char| !(c.is_ascii_alphanumeric() || c == '_')).unwrap_or(word.len());
        if !text[len..].starts_with('.') {
            return len;
        }
        len += 1;
    }
}

/// An integer literal without its type, if it has one.
fn strip_type(text: &str) -> Option<&str> {
    ["i8", "i16", "i32", "i64", "u8", "u16", "u32", "u64"].iter().find_map(|suffix| text.strip_suffix(suffix))
}
