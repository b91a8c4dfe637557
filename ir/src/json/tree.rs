//! The tree of a JSON text, with the strings left in the text.
//!
//! A `.sdfg` file is mostly short strings and small objects. [`serde_json::Value`] copies every string and hashes every
//! key; making and dropping it took half of the time to load a file. This one borrows strings that have no escapes, and
//! looks keys up one after the other.

use serde::de::{Deserialize, DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};
use std::borrow::Cow;
use std::fmt;
use std::ops::{Index, IndexMut};

/// A value of a JSON text.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) enum Value<'a> {
    #[default]
    Null,
    Bool(bool),
    Number(serde_json::Number),
    String(Cow<'a, str>),
    Array(Vec<Value<'a>>),
    Object(Object<'a>),
}

/// Keys and values, in the order of the text. Of a key that is there twice the last value counts.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Object<'a>(Vec<(Cow<'a, str>, Value<'a>)>);

impl<'a> Value<'a> {
    /// Whatever a text of a value that is missing stands for.
    pub(super) const NULL: Value<'static> = Value::Null;

    /// An object with these members.
    pub(super) fn object<const N: usize>(members: [(&'static str, Value<'a>); N]) -> Self {
        Value::Object(Object(members.into_iter().map(|(key, value)| (key.into(), value)).collect()))
    }

    pub(super) fn get(&self, key: &str) -> Option<&Value<'a>> {
        self.as_object()?.get(key)
    }

    pub(super) fn at(&self, index: usize) -> Option<&Value<'a>> {
        self.as_array()?.get(index)
    }

    pub(super) fn is_null(&self) -> bool {
        *self == Value::Null
    }

    pub(super) fn is_string(&self) -> bool {
        matches!(self, Value::String(_))
    }

    pub(super) fn as_bool(&self) -> Option<bool> {
        match self {
            Value::Bool(value) => Some(*value),
            _ => None,
        }
    }

    pub(super) fn as_i64(&self) -> Option<i64> {
        match self {
            Value::Number(number) => number.as_i64(),
            _ => None,
        }
    }

    pub(super) fn as_u64(&self) -> Option<u64> {
        match self {
            Value::Number(number) => number.as_u64(),
            _ => None,
        }
    }

    pub(super) fn as_f64(&self) -> Option<f64> {
        match self {
            Value::Number(number) => number.as_f64(),
            _ => None,
        }
    }

    pub(super) fn as_str(&self) -> Option<&str> {
        match self {
            Value::String(text) => Some(text),
            _ => None,
        }
    }

    pub(super) fn as_array(&self) -> Option<&Vec<Value<'a>>> {
        match self {
            Value::Array(values) => Some(values),
            _ => None,
        }
    }

    pub(super) fn as_object(&self) -> Option<&Object<'a>> {
        match self {
            Value::Object(members) => Some(members),
            _ => None,
        }
    }

    pub(super) fn as_object_mut(&mut self) -> Option<&mut Object<'a>> {
        match self {
            Value::Object(members) => Some(members),
            _ => None,
        }
    }

    /// The same value, independent of the text.
    pub(super) fn to_owned(&self) -> serde_json::Value {
        match self {
            Value::Null => serde_json::Value::Null,
            Value::Bool(value) => (*value).into(),
            Value::Number(number) => number.clone().into(),
            Value::String(text) => text.as_ref().into(),
            Value::Array(values) => values.iter().map(Value::to_owned).collect(),
            Value::Object(members) => {
                members.iter().map(|(key, value)| (key.to_owned(), value.to_owned())).collect()
            }
        }
    }
}

impl<'a> Object<'a> {
    pub(super) fn get(&self, key: &str) -> Option<&Value<'a>> {
        self.0.iter().rev().find(|(it, _)| it == key).map(|(_, value)| value)
    }

    pub(super) fn contains_key(&self, key: &str) -> bool {
        self.get(key).is_some()
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = (&str, &Value<'a>)> {
        self.0.iter().map(|(key, value)| (key.as_ref(), value))
    }

    /// Gives a key a value, in place of the one it has.
    pub(super) fn insert(&mut self, key: &'static str, value: Value<'a>) {
        self.0.retain(|(it, _)| it != key);
        self.0.push((key.into(), value));
    }
}

impl<'o, 'a> IntoIterator for &'o Object<'a> {
    type Item = (&'o str, &'o Value<'a>);
    type IntoIter = Box<dyn Iterator<Item = Self::Item> + 'o>;

    fn into_iter(self) -> Self::IntoIter {
        Box::new(self.iter())
    }
}

impl<'a> Index<&str> for Value<'a> {
    type Output = Value<'a>;

    fn index(&self, key: &str) -> &Value<'a> {
        self.get(key).unwrap_or(&Value::NULL)
    }
}

impl<'a> IndexMut<&'static str> for Value<'a> {
    /// The member of that name, which is made where there is none; so is the object.
    fn index_mut(&mut self, key: &'static str) -> &mut Value<'a> {
        if self.as_object().is_none() {
            *self = Value::Object(Object::default());
        }
        let Value::Object(Object(members)) = self else { unreachable!("it has just been made an object") };
        let at = members.iter().rposition(|(it, _)| it == key).unwrap_or_else(|| {
            members.push((key.into(), Value::Null));
            members.len() - 1
        });
        &mut members[at].1
    }
}

impl<'a> From<&'a str> for Value<'a> {
    fn from(text: &'a str) -> Self {
        Value::String(text.into())
    }
}

impl From<String> for Value<'_> {
    fn from(text: String) -> Self {
        Value::String(text.into())
    }
}

impl<'a> From<Vec<Value<'a>>> for Value<'a> {
    fn from(values: Vec<Value<'a>>) -> Self {
        Value::Array(values)
    }
}

impl From<&serde_json::Value> for Value<'_> {
    fn from(value: &serde_json::Value) -> Self {
        match value {
            serde_json::Value::Null => Value::Null,
            serde_json::Value::Bool(value) => Value::Bool(*value),
            serde_json::Value::Number(number) => Value::Number(number.clone()),
            serde_json::Value::String(text) => text.clone().into(),
            serde_json::Value::Array(values) => Value::Array(values.iter().map(Value::from).collect()),
            serde_json::Value::Object(members) => {
                let members = members.iter().map(|(key, value)| (key.clone().into(), value.into()));
                Value::Object(Object(members.collect()))
            }
        }
    }
}

impl<'a> Deserialize<'a> for Value<'a> {
    fn deserialize<D: Deserializer<'a>>(deserializer: D) -> Result<Self, D::Error> {
        Reader(&mut Open::default()).deserialize(deserializer)
    }
}

/// What is not closed yet: the elements and members read so far, outermost first. Only when their number is known do they
/// get memory of their own.
#[derive(Default)]
struct Open<'a> {
    values: Vec<Value<'a>>,
    members: Vec<(Cow<'a, str>, Value<'a>)>,
}

/// Makes values of what a deserializer finds.
struct Reader<'r, 'a>(&'r mut Open<'a>);

impl<'a> DeserializeSeed<'a> for Reader<'_, 'a> {
    type Value = Value<'a>;

    fn deserialize<D: Deserializer<'a>>(self, deserializer: D) -> Result<Value<'a>, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'a> Visitor<'a> for Reader<'_, 'a> {
    type Value = Value<'a>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_unit<E>(self) -> Result<Value<'a>, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value<'a>, E> {
        Ok(Value::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value<'a>, E> {
        Ok(Value::Number(value.into()))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value<'a>, E> {
        Ok(Value::Number(value.into()))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Value<'a>, E> {
        Ok(serde_json::Number::from_f64(value).map_or(Value::Null, Value::Number))
    }

    fn visit_borrowed_str<E>(self, text: &'a str) -> Result<Value<'a>, E> {
        Ok(Value::String(Cow::Borrowed(text)))
    }

    fn visit_str<E>(self, text: &str) -> Result<Value<'a>, E> {
        Ok(text.to_owned().into())
    }

    fn visit_string<E>(self, text: String) -> Result<Value<'a>, E> {
        Ok(text.into())
    }

    fn visit_seq<A: SeqAccess<'a>>(self, mut access: A) -> Result<Value<'a>, A::Error> {
        let first = self.0.values.len();
        while let Some(value) = access.next_element_seed(Reader(self.0))? {
            self.0.values.push(value);
        }
        Ok(Value::Array(self.0.values.drain(first..).collect()))
    }

    fn visit_map<A: MapAccess<'a>>(self, mut access: A) -> Result<Value<'a>, A::Error> {
        let first = self.0.members.len();
        while let Some(Key(key)) = access.next_key()? {
            let value = access.next_value_seed(Reader(self.0))?;
            self.0.members.push((key, value));
        }
        Ok(Value::Object(Object(self.0.members.drain(first..).collect())))
    }
}

/// A key, borrowed where it can be (a `Cow` by itself is always read as an owned one).
struct Key<'a>(Cow<'a, str>);

impl<'a> Deserialize<'a> for Key<'a> {
    fn deserialize<D: Deserializer<'a>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_str(KeyReader)
    }
}

struct KeyReader;

impl<'a> Visitor<'a> for KeyReader {
    type Value = Key<'a>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a key")
    }

    fn visit_borrowed_str<E>(self, text: &'a str) -> Result<Key<'a>, E> {
        Ok(Key(Cow::Borrowed(text)))
    }

    fn visit_str<E>(self, text: &str) -> Result<Key<'a>, E> {
        Ok(Key(Cow::Owned(text.to_owned())))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strings_are_borrowed_where_they_can_be() {
        let text = r#"{"a": ["plain", "with\n\u00e9scapes", -1, 18446744073709551615, 1.5, true, null], "\u0062": {}}"#;
        let value: Value<'_> = serde_json::from_str(text).unwrap();
        let all = value["a"].as_array().unwrap();
        assert!(matches!(all[0], Value::String(Cow::Borrowed("plain"))));
        assert_eq!(all[1].as_str(), Some("with\néscapes"));
        assert_eq!(
            (all[2].as_i64(), all[3].as_u64(), all[4].as_f64()),
            (Some(-1), Some(u64::MAX), Some(1.5))
        );
        assert_eq!((all[5].as_bool(), all[6].is_null()), (Some(true), true));
        assert!(value["b"].as_object().unwrap().iter().next().is_none() && value["c"].is_null());
        let owned: serde_json::Value = serde_json::from_str(text).unwrap();
        assert_eq!(value.to_owned(), owned);
        assert_eq!(Value::from(&owned), value);
    }

    #[test]
    fn the_last_of_equal_keys_counts() {
        let mut value: Value<'_> = serde_json::from_str(r#"{"a": 1, "a": 2}"#).unwrap();
        assert_eq!(value["a"].as_i64(), Some(2));
        value["a"] = "b".into();
        value["c"]["d"] = Value::Null;
        assert_eq!(value["a"].as_str(), Some("b"));
        assert!(value["c"].as_object().is_some_and(|it| it.contains_key("d")));
    }
}
