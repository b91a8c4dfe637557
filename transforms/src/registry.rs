//! Every pass by its name, for the command line and for bindings.

use crate::pass::{Changed, Context, Pass, Selection};
use dacec_ir::{IndexMap, Sdfg};
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

    /// A parameter that is one integer.
    pub fn int(&self, parameter: &'static str) -> Result<Option<i64>, RequestError> {
        let Some(text) = self.text(parameter) else { return Ok(None) };
        let bad = |_| RequestError::BadValue {
            parameter: parameter.to_owned(),
            value: text.to_owned(),
            expected: "integer",
        };
        text.parse().map(Some).map_err(bad)
    }

    /// A parameter that is a number, 0 or more.
    pub fn natural(&self, parameter: &'static str) -> Result<Option<usize>, RequestError> {
        let Some(text) = self.text(parameter) else { return Ok(None) };
        let bad = |_| RequestError::BadValue {
            parameter: parameter.to_owned(),
            value: text.to_owned(),
            expected: "number",
        };
        text.parse().map(Some).map_err(bad)
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
    /// The file that defines it, below its crate's `src`: its header says what the pass does and when.
    pub source: &'static str,
    /// Names of its parameters.
    pub parameters: &'static [&'static str],
    /// Makes the pass.
    pub make: fn(&Arguments) -> Result<Box<dyn Pass>, RequestError>,
}

impl Entry {
    /// A pass without parameters.
    pub const fn new(
        name: &'static str,
        source: &'static str,
        make: fn(&Arguments) -> Result<Box<dyn Pass>, RequestError>,
    ) -> Self {
        Entry { name, source, parameters: &[], make }
    }
}

/// Every pass, in the order in which they are listed to people.
pub fn entries() -> Vec<Entry> {
    [crate::simplify::ENTRIES, crate::auto::ENTRIES].concat()
}

/// Names that other compilers give to what a pass of this crate does, with the name of that pass.
pub const OTHER_NAMES: &[(&str, &str)] = &[
    ("accumulate-transient", "out-local-storage"),
    ("composite-fusion", "subgraph-fusion"),
    ("consolidate-edges", "propagate-memlets"),
    ("constant-propagation", "symbol-propagation"),
    ("dead-array-elimination", "dead-container-elimination"),
    ("empty-loop-elimination", "trivial-control-flow"),
    ("false-condition-elimination", "trivial-control-flow"),
    ("fuse-states", "state-fusion"),
    ("inline-multistate-sdfg", "inline-sdfg"),
    ("inline-sdfgs", "inline-sdfg"),
    ("lift-trivial-if", "trivial-control-flow"),
    ("loop-peeling", "loop-peel"),
    ("map-fusion-vertical", "map-fusion"),
    ("prune-empty-conditional-branches", "dead-state-elimination"),
    ("redundant-read-slice", "redundant-second-array"),
    ("redundant-write-slice", "redundant-array"),
    ("remove-unused-symbols", "symbol-propagation"),
    ("symbol-alias-promotion", "symbol-propagation"),
    ("trivial-loop-elimination", "trivial-control-flow"),
    ("true-condition-elimination", "trivial-control-flow"),
];

/// The pass that a text asks for, of [those of this crate](entries); see [`request_from`].
pub fn request(text: &str) -> Result<Box<dyn Pass>, RequestError> {
    request_from(&entries(), text)
}

/// The pass that a text asks for: `name` or `name:parameter=value:parameter=value`. Names may be written in kebab-case
/// or as the transformation's (`state-fusion`, `StateFusion`), and may be [those of other compilers](OTHER_NAMES). Passes that apply a transformation wherever they can also
/// have the parameters `skip` and `count`: how many matches are left alone first, and how many are rewritten then.
pub fn request_from(entries: &[Entry], text: &str) -> Result<Box<dyn Pass>, RequestError> {
    let mut parts = text.split(':');
    let name = parts.next().unwrap_or_default().trim();
    let called = |name: &str| entries.iter().find(|entry| plain(entry.name) == plain(name));
    let other = || OTHER_NAMES.iter().find(|(other, _)| plain(other) == plain(name));
    let Some(entry) = called(name).or_else(|| other().and_then(|(_, pass)| called(pass))) else {
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
    let number = |parameter: &'static str| arguments.natural(parameter);
    let (skip, count) = (number(SKIP)?, number(COUNT)?);
    arguments.0.retain(|key, _| key != SKIP && key != COUNT);
    arguments.check(entry.name, entry.parameters)?;
    let pass = (entry.make)(&arguments)?;
    if skip.is_none() && count.is_none() {
        return Ok(pass);
    }
    let selection = Selection { skip: skip.unwrap_or(0), count: count.unwrap_or(usize::MAX) };
    Ok(Box::new(Selected { pass, selection }))
}

/// Parameters that every pass has.
const SKIP: &str = "skip";
const COUNT: &str = "count";

/// A pass that rewrites only some of its matches.
struct Selected {
    pass: Box<dyn Pass>,
    selection: Selection,
}

impl Pass for Selected {
    fn name(&self) -> &'static str {
        self.pass.name()
    }

    fn summary(&self) -> &'static str {
        self.pass.summary()
    }

    fn run(&self, sdfg: &mut Sdfg, context: &mut Context) -> Changed {
        context.select(Some(self.selection));
        let changed = self.pass.run(sdfg, context);
        context.select(None);
        changed
    }
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
    fn other_names_lead_to_passes() {
        let passes: Vec<&str> = entries().iter().map(|entry| entry.name).collect();
        for (other, pass) in OTHER_NAMES {
            assert!(!passes.contains(other), "{other} is a pass of its own");
            assert_eq!(request(other).map(|found| found.name()).ok(), Some(*pass));
        }
        assert_eq!(request("SymbolAliasPromotion").expect("a pass").name(), "symbol-propagation");
    }

    #[test]
    fn names_are_found_in_both_spellings() {
        assert_eq!(request("StateFusion").expect("a pass").name(), "state-fusion");
        let error = |text: &str| request(text).err().expect("no such pass").to_string();
        assert_eq!(error("fusion-of"), "there is no pass `fusion-of`");
        assert_eq!(error("inline"), "there is no pass `inline`; did you mean `inline-sdfg`?");
        assert_eq!(error("map-fusion:count=x"), "`x` is no number for `count`");
        assert_eq!(error("state-fusion:size=3"), "`state-fusion` has no parameter `size`");
    }

    #[test]
    fn only_some_matches_are_rewritten() {
        let mut sdfg = crate::map::testing::nested_maps("0:1", false);
        sdfg.substitute(&[("N", dacec_ir::Expr::int(1))].into());
        let mut context = Context::default();
        let pass = request("TrivialMapElimination:skip=1:count=1").expect("a registered pass");
        assert!(pass.run(&mut sdfg, &mut context).any());
        assert_eq!(context.history().len(), 1);
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
