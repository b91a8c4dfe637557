//! The name of a build: a hash of all that it depends on.

use serde::{Deserialize, Serialize};
use std::fmt;

/// The hash of everything that a build depends on, in hexadecimal.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Key(String);

impl Key {
    /// All digits.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Enough digits for people.
    pub fn short(&self) -> &str {
        &self.0[..16]
    }

    /// The folder that holds builds with the same first digits.
    pub(super) fn group(&self) -> &str {
        &self.0[..2]
    }
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Key({})", self.short())
    }
}

/// Collects what a build depends on.
///
/// Every part is hashed with its length and name, so that moving text from one part to the next changes the key.
pub struct KeyHasher(blake3::Hasher);

impl KeyHasher {
    /// Starts with the version of this crate: another version may build otherwise.
    pub fn new() -> KeyHasher {
        let mut hasher = KeyHasher(blake3::Hasher::new());
        hasher.part("dacec", env!("CARGO_PKG_VERSION"));
        hasher
    }

    /// Adds one part.
    pub fn part(&mut self, name: &str, content: impl AsRef<[u8]>) -> &mut Self {
        for bytes in [name.as_bytes(), content.as_ref()] {
            self.0.update(&(bytes.len() as u64).to_le_bytes());
            self.0.update(bytes);
        }
        self
    }

    /// The key of all parts, in the order in which they were added.
    pub fn finish(&self) -> Key {
        Key(self.0.finalize().to_hex().to_string())
    }
}

impl Default for KeyHasher {
    fn default() -> Self {
        KeyHasher::new()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_do_not_run_into_each_other() {
        let key = |parts: &[(&str, &str)]| {
            let mut hasher = KeyHasher::new();
            for (name, content) in parts {
                hasher.part(name, content);
            }
            hasher.finish()
        };
        assert_eq!(key(&[("a", "bc")]), key(&[("a", "bc")]));
        assert_ne!(key(&[("a", "bc")]), key(&[("ab", "c")]));
        assert_ne!(key(&[("a", "b"), ("c", "d")]), key(&[("c", "d"), ("a", "b")]));
        assert_ne!(key(&[("a", "")]), key(&[]));
    }
}
