//! What names mean at a point of a function. Changes since a mark can be taken back, which costs as much as they are: a
//! branch starts from what was known before it, and a function with a thousand names has many branches.

use crate::types::Value;
use indexmap::IndexMap;

/// The names of a function, in the order in which they got their first meaning.
#[derive(Debug, Default)]
pub(super) struct Env {
    values: IndexMap<String, Value>,
    /// Marks, innermost last.
    marks: Vec<Mark>,
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

    /// Marks this point.
    pub(super) fn mark(&mut self) {
        self.marks.push(Mark { len: self.values.len(), before: IndexMap::new() });
    }

    /// Takes back what was changed since the last mark; gives what names had come to mean.
    pub(super) fn take_back(&mut self) -> IndexMap<String, Value> {
        let Some(mark) = self.marks.pop() else { return IndexMap::new() };
        let new = self.values.split_off(mark.len);
        let mut changed = IndexMap::new();
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
}
