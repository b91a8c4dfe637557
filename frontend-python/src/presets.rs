//! The `presets` dictionary of a benchmark file: problem sizes by name.

use crate::types::Value;
use dacec_ir::{Constant, IndexMap};

/// A number in a preset.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Number {
    /// An integer, for a symbol or integer parameter.
    Int(i64),
    /// A real number, for a parameter.
    Float(f64),
}

impl Number {
    /// The number as a real one.
    pub fn as_f64(self) -> f64 {
        match self {
            Number::Int(value) => value as f64,
            Number::Float(value) => value,
        }
    }
}

/// Problem sizes: preset by name, each with its numbers by name, in the file's order.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Presets {
    presets: IndexMap<String, IndexMap<String, Number>>,
}

impl Presets {
    /// Reads the dictionary's value. What is no dictionary of numbers is left out.
    pub(crate) fn of(items: &[(Value, Value)]) -> Self {
        let mut presets = IndexMap::default();
        for (name, numbers) in items {
            let (Value::Text(name), Value::Dict(numbers)) = (name, numbers) else { continue };
            let numbers = numbers.iter().filter_map(|(name, value)| match name {
                Value::Text(name) => Some((name.clone(), number(value)?)),
                _ => None,
            });
            presets.insert(name.clone(), numbers.collect());
        }
        Presets { presets }
    }

    /// Names of the presets, in order.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.presets.keys().map(String::as_str)
    }

    /// The numbers of a preset.
    pub fn get(&self, name: &str) -> Option<&IndexMap<String, Number>> {
        self.presets.get(name)
    }

    /// Whether the file has no presets.
    pub fn is_empty(&self) -> bool {
        self.presets.is_empty()
    }
}

fn number(value: &Value) -> Option<Number> {
    let Value::Scalar(scalar) = value else { return None };
    match scalar.as_constant()? {
        Constant::Int(value, _) => Some(Number::Int(value)),
        Constant::Bool(value) => Some(Number::Int(i64::from(value))),
        Constant::Float(value, _) => Some(Number::Float(value)),
        Constant::UInt(_) | Constant::Complex(..) => None,
    }
}
