//! The list of what is refused although NumPy computes it.

use dacec_tests::root;

/// The entries of `refused.txt`.
pub(crate) struct Refused {
    entries: Vec<Entry>,
}

/// Programs whose names fit the pattern are refused for the reason.
struct Entry {
    pattern: String,
    reason: String,
}

impl Refused {
    /// Reads the list. A line is `pattern => reason`, where `*` in the pattern stands for any text, and a pattern
    /// without one for the beginning of the name.
    pub(crate) fn read() -> Self {
        let text = std::fs::read_to_string(root().join("tests/conformance/refused.txt"))
            .expect("the list can be read");
        let lines = text.lines().filter(|line| !line.is_empty() && !line.starts_with('#'));
        let entries = lines.map(|line| {
            let (pattern, reason) = line.split_once(" => ").expect("every entry has a reason");
            Entry { pattern: pattern.trim_end().to_owned(), reason: reason.to_owned() }
        });
        Refused { entries: entries.collect() }
    }

    /// Why a program may be refused.
    pub(crate) fn reason(&self, name: &str) -> Option<&str> {
        self.entries.iter().find(|entry| entry.fits(name)).map(|entry| entry.reason.as_str())
    }

    /// Patterns that none of the names fits.
    pub(crate) fn unused<'a>(&self, names: impl Iterator<Item = &'a str> + Clone) -> Vec<&str> {
        let unused = self.entries.iter().filter(|entry| !names.clone().any(|name| entry.fits(name)));
        unused.map(|entry| entry.pattern.as_str()).collect()
    }
}

impl Entry {
    fn fits(&self, name: &str) -> bool {
        let mut parts = self.pattern.split('*');
        let first = parts.next().unwrap_or_default();
        let Some(mut rest) = name.strip_prefix(first) else { return false };
        for part in parts {
            match rest.find(part) {
                Some(at) => rest = &rest[at + part.len()..],
                None => return false,
            }
        }
        true
    }
}
