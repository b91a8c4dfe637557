//! Text to tokens.

use super::TextErrorKind;
use std::fmt;

/// A kind of error and its place.
pub(crate) type Failure = (TextErrorKind, usize);

#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Token<'a> {
    /// A name or a keyword.
    Word(&'a str),
    /// A name in quotes, which is never a keyword.
    Quoted(String),
    /// Digits, with fraction, exponent and the letters of a type.
    Number(&'a str),
    /// An operator, a bracket, a separator.
    Symbol(&'static str),
    End,
}

/// A token with its place.
#[derive(Clone, Debug)]
pub(crate) struct Placed<'a> {
    pub(crate) token: Token<'a>,
    /// The first byte.
    pub(crate) start: usize,
    /// Past the last byte.
    pub(crate) end: usize,
    /// Whether the token is the first of its line.
    pub(crate) first: bool,
}

/// Longest first.
const SYMBOLS: [&str; 34] = [
    "->", "**", "//", "<=", ">=", "==", "!=", "<<", ">>", "<", ">", "+", "-", "*", "/", "%", "&", "|", "^",
    "~", "(", ")", "[", "]", "{", "}", "=", ",", ":", ".", "$", "@", ";", "!",
];

/// Every token of the text; the last is the end.
pub(crate) fn tokens(text: &str) -> Result<Vec<Placed<'_>>, Failure> {
    let mut tokens = Vec::new();
    let mut at = 0;
    loop {
        let (start, first) = skip_blanks(text, at);
        let (token, end) = token(text, start)?;
        let done = token == Token::End;
        tokens.push(Placed { token, start, end, first: first || start == 0 });
        if done {
            return Ok(tokens);
        }
        at = end;
    }
}

/// The next place that is neither blank nor comment, and whether a line ends before it.
fn skip_blanks(text: &str, mut at: usize) -> (usize, bool) {
    let mut newline = false;
    while let Some(c) = text[at..].chars().next() {
        match c {
            '#' => at += text[at..].find('\n').unwrap_or(text.len() - at),
            _ if c.is_whitespace() => {
                newline |= c == '\n';
                at += c.len_utf8();
            }
            _ => break,
        }
    }
    (at, newline)
}

/// The token that begins at `start`, and where it ends.
fn token(text: &str, start: usize) -> Result<(Token<'_>, usize), Failure> {
    let rest = &text[start..];
    let Some(c) = rest.chars().next() else { return Ok((Token::End, start)) };
    if c.is_ascii_alphabetic() || c == '_' {
        let len = word_len(rest);
        return Ok((Token::Word(&rest[..len]), start + len));
    }
    if c.is_ascii_digit() {
        let len = number_len(rest);
        return Ok((Token::Number(&rest[..len]), start + len));
    }
    if c == '"' {
        return quoted(text, start);
    }
    let symbol = SYMBOLS.iter().find(|symbol| rest.starts_with(**symbol));
    let symbol = symbol.ok_or((TextErrorKind::Character(c), start))?;
    Ok((Token::Symbol(symbol), start + symbol.len()))
}

fn word_len(text: &str) -> usize {
    text.find(|c: char| !(c.is_ascii_alphanumeric() || c == '_')).unwrap_or(text.len())
}

/// Digits, then a fraction, then an exponent, then a word.
fn number_len(text: &str) -> usize {
    let digits =
        |from: usize| text[from..].find(|c: char| !c.is_ascii_digit()).map_or(text.len(), |len| from + len);
    let mut end = digits(0);
    if text[end..].starts_with('.') && text[end + 1..].starts_with(|c: char| c.is_ascii_digit()) {
        end = digits(end + 1);
    }
    if let Some(exponent) = text[end..].strip_prefix('e') {
        let sign = usize::from(exponent.starts_with(['-', '+']));
        if exponent[sign..].starts_with(|c: char| c.is_ascii_digit()) {
            end = digits(end + 1 + sign);
        }
    }
    end + word_len(&text[end..])
}

fn quoted(text: &str, start: usize) -> Result<(Token<'_>, usize), Failure> {
    let unterminated = (TextErrorKind::Unterminated, start);
    let mut value = String::new();
    let mut chars = text[start + 1..].char_indices();
    while let Some((at, c)) = chars.next() {
        match c {
            '"' => return Ok((Token::Quoted(value), start + 1 + at + 1)),
            '\n' => return Err(unterminated),
            '\\' => match chars.next() {
                Some((_, 'n')) => value.push('\n'),
                Some((_, c)) => value.push(c),
                None => return Err(unterminated),
            },
            _ => value.push(c),
        }
    }
    Err(unterminated)
}

impl fmt::Display for Token<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Token::Word(text) | Token::Number(text) => write!(f, "`{text}`"),
            Token::Symbol(text) => write!(f, "`{text}`"),
            Token::Quoted(text) => write!(f, "{text:?}"),
            Token::End => f.write_str("the end"),
        }
    }
}
