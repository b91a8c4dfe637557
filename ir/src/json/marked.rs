//! Expressions of newer files, in which symbols and numbers say what they are.
//!
//! | Newer | Plain |
//! |---|---|
//! | `$N` | `N` |
//! | `symbol($N, dtype=dace.int64, positive=True)` | `N` |
//! | `2i16`, `7u8` | `2`, `7` |

use std::borrow::Cow;

/// The text without marks. Types of symbols are declared elsewhere; types of integers do not matter here.
pub(super) fn plain(text: &str) -> Cow<'_, str> {
    if !text.contains('$') && !has_typed_number(text) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let word = rest.find(|c: char| !is_word(c)).unwrap_or(rest.len());
        if first == '$' {
            rest = &rest[1..];
        } else if word == 0 {
            out.push(first);
            rest = &rest[first.len_utf8()..];
        } else if first.is_ascii_digit() {
            out.push_str(without_type(&rest[..word]));
            rest = &rest[word..];
        } else if let Some((symbol, after)) = declared(rest) {
            out.push_str(symbol);
            rest = after;
        } else {
            out.push_str(&rest[..word]);
            rest = &rest[word..];
        }
    }
    Cow::Owned(out)
}

fn is_word(c: char) -> bool {
    c.is_ascii_alphanumeric() || c == '_'
}

/// `symbol($name, …)`: the name, and what follows.
fn declared(text: &str) -> Option<(&str, &str)> {
    let inside = text.strip_prefix("symbol(")?.trim_start().strip_prefix('$')?;
    let name = inside.find(|c: char| !is_word(c))?;
    let end = inside.find(')')?;
    let arguments = inside[name..end].trim_start();
    (name > 0 && (arguments.is_empty() || arguments.starts_with(',')))
        .then(|| (&inside[..name], &inside[end + 1..]))
}

/// The digits of `2i16` and `7u8`; anything else stays as it is.
fn without_type(word: &str) -> &str {
    let digits = word.find(|c: char| !c.is_ascii_digit()).unwrap_or(word.len());
    match &word[digits..] {
        "i8" | "i16" | "i32" | "i64" | "u8" | "u16" | "u32" | "u64" => &word[..digits],
        _ => word,
    }
}

fn has_typed_number(text: &str) -> bool {
    let after_digit = |pair: &[u8]| pair[0].is_ascii_digit() && matches!(pair[1], b'i' | b'u');
    text.as_bytes().windows(2).any(after_digit)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marks_are_taken_off() {
        for (marked, expected) in [
            ("N - 1", "N - 1"),
            ("-1 + $N*$M", "-1 + N*M"),
            ("symbol($N, dtype=dace.int64)**2", "N**2"),
            ("-1 + symbol($N, dtype=dace.int64, positive=True)", "-1 + N"),
            ("symbol($N)", "N"),
            ("2i16*x1 + 7u8", "2*x1 + 7"),
            ("symbol(x)", "symbol(x)"),
            ("symbol($N", "symbol(N"),
            ("x2i16 + 1.5", "x2i16 + 1.5"),
        ] {
            assert_eq!(plain(marked), expected);
        }
    }
}
