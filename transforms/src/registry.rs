//! Every pass by its name, for the command line and for bindings.

use crate::pass::Pass;
use indexmap::IndexMap;
use thiserror::Error;

/// Parameters of a pass that is asked for by name, as in `map-tiling:tile_sizes=64,64`.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Arguments(IndexMap<String, String>);

/// A pass cannot be made as asked for.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum RequestError {
    /// No pass has that name.
    #[error("there is no pass `{name}`{}", hint.as_ref().map(|hint| format!("; did you mean `{hint}`?")).unwrap_or_default())]
    UnknownPass {
        /// The name.
        name: String,
        /// A name that looks like it.
        hint: Option<&'static str>,
    },
    /// The pass has no such parameter.
    #[error("`{pass}` has no parameter `{parameter}`")]
    UnknownParameter {
        /// The pass.
        pass: &'static str,
        /// The parameter.
        parameter: String,
    },
    /// The text is no value of the parameter.
    #[error("`{value}` is no {expected} for `{parameter}`")]
    BadValue {
        /// The parameter.
        parameter: String,
        /// The text.
        value: String,
        /// What would be a value.
        expected: &'static str,
    },
}

impl Arguments {
    /// The text of a parameter.
    pub fn text(&self, parameter: &str) -> Option<&str> {
        self.0.get(parameter).map(String::as_str)
    }

    /// A parameter that is a list of integers, separated by commas.
    pub fn ints(&self, parameter: &str) -> Result<Option<Vec<i64>>, RequestError> {
        let Some(text) = self.text(parameter) else { return Ok(None) };
        let parse = |part: &str| {
            part.trim().parse().map_err(|_| RequestError::BadValue {
                parameter: parameter.to_owned(),
                value: part.to_owned(),
                expected: "integer",
            })
        };
        text.split(',').map(parse).collect::<Result<_, _>>().map(Some)
    }

    /// Refuses parameters other than those given.
    fn check(&self, pass: &'static str, known: &[&str]) -> Result<(), RequestError> {
        match self.0.keys().find(|key| !known.contains(&key.as_str())) {
            Some(key) => Err(RequestError::UnknownParameter { pass, parameter: key.clone() }),
            None => Ok(()),
        }
    }
}

/// A pass that can be asked for by name.
#[derive(Clone, Copy, Debug)]
pub struct Entry {
    /// The pass's name.
    pub name: &'static str,
    /// Names of its parameters.
    pub parameters: &'static [&'static str],
    /// Makes the pass.
    pub make: fn(&Arguments) -> Result<Box<dyn Pass>, RequestError>,
}

impl Entry {
    /// A pass without parameters.
    pub const fn new(
        name: &'static str,
        make: fn(&Arguments) -> Result<Box<dyn Pass>, RequestError>,
    ) -> Self {
        Entry { name, parameters: &[], make }
    }
}

/// Every pass, in the order in which they are listed to people.
pub fn entries() -> Vec<Entry> {
    [crate::simplify::ENTRIES, crate::auto::ENTRIES].concat()
}

/// The pass that a text asks for: `name` or `name:parameter=value:parameter=value`. Names may be written in kebab-case
/// or as the transformation's (`state-fusion`, `StateFusion`).
pub fn request(text: &str) -> Result<Box<dyn Pass>, RequestError> {
    let mut parts = text.split(':');
    let name = parts.next().unwrap_or_default().trim();
    let entries = entries();
    let Some(entry) = entries.iter().find(|entry| plain(entry.name) == plain(name)) else {
        let hint = entries.iter().map(|entry| entry.name).find(|known| plain(known).contains(&plain(name)));
        return Err(RequestError::UnknownPass {
            name: name.to_owned(),
            hint: hint.filter(|_| !name.is_empty()),
        });
    };
    let mut arguments = Arguments::default();
    for part in parts {
        let (key, value) = part.split_once('=').unwrap_or((part, "true"));
        arguments.0.insert(key.trim().to_owned(), value.trim().to_owned());
    }
    arguments.check(entry.name, entry.parameters)?;
    (entry.make)(&arguments)
}

/// The name without what kebab-case and camel case differ in.
fn plain(name: &str) -> String {
    name.chars().filter(|c| !matches!(c, '-' | '_')).map(|c| c.to_ascii_lowercase()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_pass_has_its_name_and_only_it() {
        let mut names = std::collections::BTreeSet::new();
        for entry in entries() {
            let pass = request(entry.name).expect("a registered pass");
            assert_eq!(pass.name(), entry.name);
            assert!(pass.summary().len() > 10, "{} says what it does", entry.name);
            assert!(names.insert(entry.name), "{} is there once", entry.name);
        }
    }

    #[test]
    fn names_are_found_in_both_spellings() {
        assert_eq!(request("StateFusion").expect("a pass").name(), "state-fusion");
        let error = |text: &str| request(text).err().expect("no such pass").to_string();
        assert_eq!(error("fusion-of"), "there is no pass `fusion-of`");
        assert_eq!(error("inline"), "there is no pass `inline`; did you mean `inline-sdfg`?");
        assert_eq!(error("state-fusion:size=3"), "`state-fusion` has no parameter `size`");
    }

    #[test]
    fn lists_of_integers_are_read() {
        let arguments = Arguments([("sizes".to_owned(), "64, 8".to_owned())].into_iter().collect());
        assert_eq!(arguments.ints("sizes"), Ok(Some(vec![64, 8])));
        assert_eq!(arguments.ints("other"), Ok(None));
        let arguments = Arguments([("sizes".to_owned(), "x".to_owned())].into_iter().collect());
        assert!(arguments.ints("sizes").is_err());
    }
}
