//! What symbols that no program has named stand for, in the program's own words.
//!
//! A value that is an extent or an index gets a symbol, such as `__index_2`. Messages are put together from expressions over
//! symbols, and whoever reads them knows the program only: so they say `ix[i]` instead.

use dacec_ir::{IndexMap, Name};

/// Texts for symbols; see the [module](self).
#[derive(Default)]
pub(super) struct Meanings(IndexMap<Name, String>);

impl Meanings {
    /// A symbol stands for what the source says there.
    pub(super) fn insert(&mut self, symbol: &Name, source: &str) {
        let text = source.split_whitespace().collect::<Vec<_>>().join(" ");
        let is_operand = text.chars().all(|c| c.is_alphanumeric() || "_.".contains(c)) || is_bracketed(&text);
        self.0.insert(symbol.clone(), if is_operand { text } else { format!("({text})") });
    }

    /// A message in the words of the program.
    pub(super) fn told(&self, message: &str) -> String {
        let mut told = String::with_capacity(message.len());
        let mut rest = message;
        while let Some(at) = rest.find("__") {
            let preceded = rest[..at].ends_with(is_of_name);
            let end = rest[at..].find(|c| !is_of_name(c)).map_or(rest.len(), |length| at + length);
            told.push_str(&rest[..at]);
            match self.0.get(&rest[at..end]) {
                Some(text) if !preceded => told.push_str(text),
                _ => told.push_str(&rest[at..end]),
            }
            rest = &rest[end..];
        }
        told + rest
    }
}

fn is_of_name(c: char) -> bool {
    c == '_' || c.is_alphanumeric()
}

/// Whether a text is a call or an element, `f(a, b)` or `a[i + 1][j]`: brackets hold all operators in it.
fn is_bracketed(text: &str) -> bool {
    let mut depth = 0i32;
    text.chars().all(|c| {
        match c {
            '(' | '[' => depth += 1,
            ')' | ']' => depth -= 1,
            _ => {}
        }
        depth > 0 || is_of_name(c) || ".)]".contains(c)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn symbols_are_replaced_as_a_whole() {
        let mut meanings = Meanings::default();
        meanings.insert(&"__index".into(), "ix[i +\n  1]");
        meanings.insert(&"__index_2".into(), "int(x) + 1");
        let told = meanings.told("the extents __index and 2*__index_2 - N must be equal");
        assert_eq!(told, "the extents ix[i + 1] and 2*(int(x) + 1) - N must be equal");
        assert_eq!(meanings.told("__index"), "ix[i + 1]");
        for same in ["a__index", "__index_3", "__", "", "`__index__`"] {
            assert_eq!(meanings.told(same), same);
        }
    }
}
