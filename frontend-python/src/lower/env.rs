//! What names mean at a point of a function. Changes since a mark can be taken back, which costs as much as they are: a
//! branch starts from what was known before it, and a function with a thousand names has many branches.
//!
//! Lambdas, nested functions and comprehensions are evaluated where they are called, and bind names of their own there. What
//! is called inside of them may stand elsewhere in the text, and does not see these names:
//!
//! ```text
//! i = 2
//! g = lambda v: v * i           reads the `i` above
//! [g(i) for i in (5, 6)]        binds another one while `g` is called
//! ```

use crate::parse::TextRange;
use crate::types::Value;
use dacec_ir::IndexMap;

/// The names of a function, in the order in which they got their first meaning.
#[derive(Debug, Default)]
pub(super) struct Env {
    values: IndexMap<String, Value>,
    /// Marks, innermost last.
    marks: Vec<Mark>,
    /// Lambdas, nested functions and comprehensions that are being evaluated, innermost last.
    scopes: Vec<Scope>,
}

/// A part of the text that binds names for itself.
#[derive(Debug)]
struct Scope {
    text: TextRange,
    /// The names, and what they meant before, if anything.
    before: IndexMap<String, Option<Value>>,
}

/// What has changed since a mark.
#[derive(Debug)]
struct Mark {
    /// Number of names at that time.
    len: usize,
    /// What names meant that mean something else now.
    before: IndexMap<String, Value>,
}

impl Env {
    /// What a name means.
    pub(super) fn get(&self, name: &str) -> Option<&Value> {
        self.values.get(name)
    }

    /// Number of names. One that came later has no meaning before.
    pub(super) fn len(&self) -> usize {
        self.values.len()
    }

    /// Whether the name was among the first `len`.
    pub(super) fn is_among(&self, name: &str, len: usize) -> bool {
        self.values.get_index_of(name).is_some_and(|at| at < len)
    }

    /// The names, in order.
    pub(super) fn keys(&self) -> impl Iterator<Item = &String> {
        self.values.keys()
    }

    /// What they mean.
    pub(super) fn values(&self) -> impl Iterator<Item = &Value> {
        self.values.values()
    }

    /// Names and what they mean.
    pub(super) fn iter(&self) -> impl Iterator<Item = (&String, &Value)> {
        self.values.iter()
    }

    /// Gives a name a meaning.
    pub(super) fn insert(&mut self, name: String, value: Value) {
        let (at, old) = self.values.insert_full(name, value);
        if let (Some(mark), Some(old), Some((name, _))) =
            (self.marks.last_mut(), old, self.values.get_index(at))
            && at < mark.len
            && !mark.before.contains_key(name)
        {
            mark.before.insert(name.clone(), old);
        }
    }

    /// Gives names another meaning where `change` says so.
    pub(super) fn change(&mut self, change: &mut dyn FnMut(&Value) -> Option<Value>) {
        let changed = |(name, value): (&String, &Value)| Some((name.clone(), change(value)?));
        let changes: Vec<(String, Value)> = self.values.iter().filter_map(changed).collect();
        changes.into_iter().for_each(|(name, value)| self.insert(name, value));
    }

    /// Begins a part of the text that binds names for itself.
    pub(super) fn enter(&mut self, text: TextRange) {
        self.mark();
        self.scopes.push(Scope { text, before: IndexMap::default() });
    }

    /// Ends the part of the text that was begun last: its names mean what they meant before.
    pub(super) fn leave(&mut self) {
        self.scopes.pop();
        self.take_back();
    }

    /// Gives a name of the part of the text that was begun last a meaning.
    pub(super) fn bind(&mut self, name: String, value: Value) {
        let before = self.values.get(&name).cloned();
        if let Some(scope) = self.scopes.last_mut() {
            scope.before.entry(name.clone()).or_insert(before);
        }
        self.insert(name, value);
    }

    /// What a name means to the text at a place, if parts of the text that this place is not in have bound the name. It
    /// may mean nothing there.
    pub(super) fn hidden_from(&self, name: &str, at: TextRange) -> Option<&Option<Value>> {
        let binding = self.scopes.iter().rev().filter(|scope| scope.before.contains_key(name));
        binding.take_while(|scope| !scope.text.contains_range(at)).last()?.before.get(name)
    }

    /// What a name means to the text at a place.
    pub(super) fn seen_from(&self, name: &str, at: TextRange) -> Option<&Value> {
        match self.hidden_from(name, at) {
            Some(value) => value.as_ref(),
            None => self.get(name),
        }
    }

    /// Whether the part of the text that was begun last has bound the name for the text at a place.
    pub(super) fn is_bound_for(&self, name: &str, at: TextRange) -> bool {
        self.scopes
            .last()
            .is_some_and(|scope| scope.before.contains_key(name) && scope.text.contains_range(at))
    }

    /// Marks this point.
    pub(super) fn mark(&mut self) {
        self.marks.push(Mark { len: self.values.len(), before: IndexMap::default() });
    }

    /// Takes back what was changed since the last mark; gives what names had come to mean.
    pub(super) fn take_back(&mut self) -> IndexMap<String, Value> {
        let Some(mark) = self.marks.pop() else { return IndexMap::default() };
        let new = self.values.split_off(mark.len);
        let mut changed = IndexMap::default();
        for (name, before) in mark.before {
            if let Some(value) = self.values.insert(name.clone(), before) {
                changed.insert(name, value);
            }
        }
        changed.extend(new);
        changed
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::types::Scalar;

    fn int(value: i64) -> Value {
        Value::Scalar(Scalar::int(value))
    }

    #[test]
    fn changes_since_a_mark_are_taken_back() {
        let mut env = Env::default();
        let value = |env: &Env, name: &str| match env.get(name) {
            Some(Value::Scalar(scalar)) => scalar.as_int(),
            _ => None,
        };
        env.insert("a".into(), int(1));
        env.insert("b".into(), int(2));
        env.mark();
        env.insert("a".into(), int(3));
        env.mark();
        env.insert("a".into(), int(4));
        env.insert("b".into(), int(5));
        env.insert("c".into(), int(6));
        assert!(env.is_among("b", 2) && !env.is_among("c", 2));
        let inner = env.take_back();
        assert_eq!(inner.keys().collect::<Vec<_>>(), ["a", "b", "c"]);
        assert_eq!((value(&env, "a"), value(&env, "b"), value(&env, "c")), (Some(3), Some(2), None));
        let outer = env.take_back();
        assert_eq!(outer.keys().collect::<Vec<_>>(), ["a"]);
        assert_eq!((value(&env, "a"), env.len()), (Some(1), 2));
    }

    #[test]
    fn names_of_a_part_of_the_text_are_seen_from_there_only() {
        let text = |start: u32, end: u32| TextRange::new(start.into(), end.into());
        let seen = |env: &Env, name: &str, at: TextRange| match env.seen_from(name, at) {
            Some(Value::Scalar(scalar)) => scalar.as_int(),
            _ => None,
        };
        let mut env = Env::default();
        env.insert("i".into(), int(1));
        env.enter(text(10, 20));
        env.bind("i".into(), int(2));
        env.bind("k".into(), int(3));
        env.enter(text(30, 40));
        env.bind("i".into(), int(4));
        env.bind("i".into(), int(5));
        assert_eq!(seen(&env, "i", text(0, 5)), Some(1));
        assert_eq!(seen(&env, "i", text(12, 15)), Some(2));
        assert_eq!(seen(&env, "i", text(32, 35)), Some(5));
        assert_eq!((seen(&env, "k", text(0, 5)), seen(&env, "k", text(12, 15))), (None, Some(3)));
        assert!(env.hidden_from("i", text(32, 35)).is_none() && env.is_bound_for("i", text(32, 35)));
        env.leave();
        env.leave();
        assert_eq!((seen(&env, "i", text(0, 5)), env.len()), (Some(1), 1));
    }
}
