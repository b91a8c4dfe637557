//! Properties from which an operation is made.

use crate::Wcr;
use crate::library::Property;

/// Properties that are not yet taken.
#[derive(Debug)]
pub struct Given<'p> {
    list: Vec<&'p (String, Property)>,
    /// The last one that was asked for and not there, or had a wrong value.
    missing: &'static str,
}

impl<'p> Given<'p> {
    pub(super) fn new(list: &'p [(String, Property)]) -> Self {
        Given { list: list.iter().collect(), missing: "" }
    }

    /// The name of a property that nobody takes, or else of one that is missing or wrong.
    pub(super) fn wrong(&self) -> &str {
        self.list.first().map_or(self.missing, |(name, _)| name)
    }

    fn take<T>(&mut self, name: &'static str, read: impl Fn(&Property) -> Option<T>) -> Option<T> {
        let value = self.list.iter().position(|(given, _)| given == name).map(|at| &self.list.remove(at).1);
        let read = value.and_then(read);
        if read.is_none() {
            self.missing = name;
        }
        read
    }

    /// The property, or a value that is usual; `None` if it is given and wrong.
    fn or<T>(&mut self, name: &'static str, usual: T, read: impl Fn(&Property) -> Option<T>) -> Option<T> {
        match self.list.iter().any(|(given, _)| given == name) {
            true => self.take(name, read),
            false => Some(usual),
        }
    }

    /// A truth value; false if it is not given.
    pub fn flag(&mut self, name: &'static str) -> Option<bool> {
        self.or(name, false, |value| match value {
            Property::Bool(value) => Some(*value),
            _ => None,
        })
    }

    /// A number of things.
    pub fn count(&mut self, name: &'static str, usual: usize) -> Option<usize> {
        self.or(name, usual, |value| match value {
            Property::Int(value) => usize::try_from(*value).ok(),
            _ => None,
        })
    }

    /// Integers.
    pub fn ints(&mut self, name: &'static str) -> Option<Vec<i64>> {
        self.take(name, |value| match value {
            Property::Ints(values) => Some(values.clone()),
            _ => None,
        })
    }

    /// Numbers of things.
    pub fn counts(&mut self, name: &'static str) -> Option<Vec<usize>> {
        self.ints(name)?.into_iter().map(|value| usize::try_from(value).ok()).collect()
    }

    /// A text.
    pub fn text(&mut self, name: &'static str) -> Option<String> {
        self.take(name, |value| match value {
            Property::Text(value) => Some(value.clone()),
            _ => None,
        })
    }

    /// A real number.
    pub fn float(&mut self, name: &'static str) -> Option<f64> {
        self.take(name, |value| match value {
            Property::Float(value) => Some(*value),
            Property::Int(value) => Some(*value as f64),
            _ => None,
        })
    }

    /// The name of a conflict resolution.
    pub fn wcr(&mut self, name: &'static str) -> Option<Wcr> {
        let text = self.text(name)?;
        Wcr::ALL.into_iter().find(|it| it.name() == text)
    }
}
