//! Names as they stand in the text: bare if they are identifiers, quoted otherwise.

use crate::Name;
use std::fmt::{self, Write};

/// Words that mean something else where a name could stand in an expression.
const RESERVED: [&str; 7] = ["and", "or", "not", "if", "else", "True", "False"];

/// A name, quoted if it has to be.
pub(super) struct Word<'a>(pub(super) &'a str);

/// A text in quotes.
pub(super) struct Quoted<'a>(pub(super) &'a str);

/// Names with commas between them.
pub(super) struct Words<'a>(pub(super) &'a [Name]);

impl fmt::Display for Word<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // A member of a structure has dots in its name.
        let bare =
            self.0.split('.').all(|part| Name::from(part).is_identifier() && !RESERVED.contains(&part));
        if bare { f.write_str(self.0) } else { Quoted(self.0).fmt(f) }
    }
}

impl fmt::Display for Quoted<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_char('"')?;
        for c in self.0.chars() {
            match c {
                '"' => f.write_str("\\\"")?,
                '\\' => f.write_str("\\\\")?,
                '\n' => f.write_str("\\n")?,
                _ => f.write_char(c)?,
            }
        }
        f.write_char('"')
    }
}

impl fmt::Display for Words<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, name) in self.0.iter().enumerate() {
            write!(f, "{}{}", if at == 0 { "" } else { ", " }, Word(name))?;
        }
        Ok(())
    }
}
