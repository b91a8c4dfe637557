//! Names of containers, symbols, connectors and programs.

use serde::{Deserialize, Serialize};
use smol_str::{SmolStr, SmolStrBuilder};
use std::borrow::Borrow;
use std::collections::BTreeSet;
use std::fmt;
use std::ops::Deref;

/// An immutable name, cheap to copy: a short one, as nearly all are, needs no memory of its own.
///
/// Names become identifiers of emitted code: validation rejects what [`Name::is_identifier`] does not accept.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(from = "String", into = "String")]
pub struct Name(SmolStr);

impl Name {
    /// Makes a name of a text.
    pub fn new(text: impl AsRef<str>) -> Self {
        Name(SmolStr::new(text))
    }

    /// The name behind a prefix: `IN_x` of `x`.
    pub fn with_prefix(&self, prefix: &str) -> Self {
        let mut text = SmolStrBuilder::new();
        text.push_str(prefix);
        text.push_str(self);
        Name(text.finish())
    }

    /// The name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether the name is an ASCII identifier: a letter or underscore, then letters, digits, underscores.
    pub fn is_identifier(&self) -> bool {
        let mut bytes = self.0.bytes();
        bytes.next().is_some_and(|b| b.is_ascii_alphabetic() || b == b'_')
            && bytes.all(|b| b.is_ascii_alphanumeric() || b == b'_')
    }
}

impl Default for Name {
    /// The empty name.
    fn default() -> Self {
        Name(SmolStr::new_static(""))
    }
}

impl Deref for Name {
    type Target = str;

    fn deref(&self) -> &str {
        &self.0
    }
}

impl Borrow<str> for Name {
    fn borrow(&self) -> &str {
        &self.0
    }
}

impl AsRef<str> for Name {
    fn as_ref(&self) -> &str {
        &self.0
    }
}

impl From<&str> for Name {
    fn from(text: &str) -> Self {
        Name::new(text)
    }
}

impl From<String> for Name {
    fn from(text: String) -> Self {
        Name(SmolStr::from(text))
    }
}

impl From<&Name> for Name {
    fn from(name: &Name) -> Self {
        name.clone()
    }
}

impl From<Name> for String {
    fn from(name: Name) -> Self {
        name.0.into()
    }
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self)
    }
}

impl fmt::Debug for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self.as_str(), f)
    }
}

impl PartialEq<str> for Name {
    fn eq(&self, other: &str) -> bool {
        self.as_str() == other
    }
}

impl PartialEq<&str> for Name {
    fn eq(&self, other: &&str) -> bool {
        self.as_str() == *other
    }
}

/// Adds each name that it is called with to a set.
pub(crate) fn inserting(names: &mut BTreeSet<Name>) -> impl FnMut(&Name) {
    |name| {
        if !names.contains(name) {
            names.insert(name.clone());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn identifiers_are_ascii_words() {
        for good in ["x", "_", "A1", "__return_0"] {
            assert!(Name::from(good).is_identifier(), "{good}");
        }
        for bad in ["", "1a", "a-b", "ä", "a b", "x;"] {
            assert!(!Name::from(bad).is_identifier(), "{bad}");
        }
    }
}
