//! The values that a caller passes, by name.
//!
//! ```
//! use dacec_runtime::Arguments;
//! use ndarray::Array1;
//!
//! let x = Array1::<f64>::ones(100);
//! let mut y = Array1::<f64>::zeros(100);
//! let arguments = Arguments::default().array("x", &x).array("y", &mut y).scalar("a", 2.0);
//! ```

use crate::{array::ArrayRef, scalar::ScalarValue};
use dacec_ir::{IndexMap, Name};

/// Named values for one or more calls. The arrays stay borrowed as long as this lives.
#[derive(Debug, Default)]
pub struct Arguments<'a> {
    values: IndexMap<Name, Value<'a>>,
}

/// What is passed under a name.
#[derive(Debug)]
pub enum Value<'a> {
    /// An array.
    Array(ArrayRef<'a>),
    /// A value: of a scalar argument, or of a symbol.
    Scalar(ScalarValue),
}

impl<'a> Arguments<'a> {
    /// No values.
    pub fn new() -> Arguments<'a> {
        Arguments::default()
    }

    /// Adds an array, or replaces the value of that name.
    pub fn array(mut self, name: impl Into<Name>, array: impl Into<ArrayRef<'a>>) -> Arguments<'a> {
        self.insert(name, Value::Array(array.into()));
        self
    }

    /// Adds the value of a scalar argument or of a symbol that shapes do not tell, or replaces the value of that name.
    pub fn scalar(mut self, name: impl Into<Name>, value: impl Into<ScalarValue>) -> Arguments<'a> {
        self.insert(name, Value::Scalar(value.into()));
        self
    }

    /// Adds a value, or replaces the value of that name.
    pub fn insert(&mut self, name: impl Into<Name>, value: Value<'a>) {
        self.values.insert(name.into(), value);
    }

    /// The value of a name.
    pub fn get(&self, name: &str) -> Option<&Value<'a>> {
        self.values.get(name)
    }

    /// The names, in the order in which they were added.
    pub fn names(&self) -> impl Iterator<Item = &Name> {
        self.values.keys()
    }

    /// How many values there are.
    pub fn len(&self) -> usize {
        self.values.len()
    }

    /// Whether there are no values.
    pub fn is_empty(&self) -> bool {
        self.values.is_empty()
    }
}
