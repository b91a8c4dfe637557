//! Library nodes: named operations that stay visible to the optimizer until late.
//!
//! An operation says what it computes, which connectors it has, and which properties it was given. How it is computed is the business of *expansions*, which other crates
//! register: each rewrites the node to native dataflow or to a call of an external routine.

use crate::{Name, Wcr};
use std::any::Any;
use std::fmt;

/// A property of a library operation, as printed and stored.
#[derive(Clone, Debug, PartialEq)]
pub enum Property {
    /// A truth value.
    Bool(bool),
    /// An integer.
    Int(i64),
    /// A real number.
    Float(f64),
    /// A list of integers, such as axes.
    Ints(Vec<i64>),
    /// A word, such as the name of a conflict resolution.
    Text(String),
}

/// An operation that library nodes perform.
pub trait LibraryOp: fmt::Debug + Send + Sync {
    /// The well-known name, for example `MatMul`.
    fn name(&self) -> &'static str;

    /// Names of the input connectors.
    fn inputs(&self) -> Vec<Name>;

    /// Names of the output connectors.
    fn outputs(&self) -> Vec<Name>;

    /// Properties in a fixed order; two operations with equal names and properties are equal.
    fn properties(&self) -> Vec<(&'static str, Property)>;

    /// The operation as its own type, for expansions.
    fn as_any(&self) -> &dyn Any;
}

/// The product `_c = _a @ _b` with NumPy's rules for one-dimensional operands; more than two dimensions are a stack
/// of matrices with broadcasting.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct MatMul;

/// `_out` = the elements of `_in` combined along axes.
///
/// The result has the dimensions of the input without the reduced ones. It starts from the operation's identity, or
/// from what `_out` holds where [`accumulate`](Reduce::accumulate) is set.
#[derive(Clone, Debug, PartialEq)]
pub struct Reduce {
    /// How elements combine.
    pub wcr: Wcr,
    /// The dimensions that disappear, ascending; `None` for all.
    pub axes: Option<Vec<usize>>,
    /// Whether the old value of the output takes part.
    pub accumulate: bool,
}

impl LibraryOp for MatMul {
    fn name(&self) -> &'static str {
        "MatMul"
    }

    fn inputs(&self) -> Vec<Name> {
        vec!["_a".into(), "_b".into()]
    }

    fn outputs(&self) -> Vec<Name> {
        vec!["_c".into()]
    }

    fn properties(&self) -> Vec<(&'static str, Property)> {
        Vec::new()
    }

    fn as_any(&self) -> &dyn Any {
        self
    }
}

impl LibraryOp for Reduce {
    fn name(&self) -> &'static str {
        "Reduce"
    }

    fn inputs(&self) -> Vec<Name> {
        vec!["_in".into()]
    }

    fn outputs(&self) -> Vec<Name> {
        vec!["_out".into()]
    }

    fn properties(&self) -> Vec<(&'static str, Property)> {
        let mut properties = vec![("wcr", Property::Text(self.wcr.name().to_owned()))];
        if let Some(axes) = &self.axes {
            properties.push(("axes", Property::Ints(axes.iter().map(|&axis| axis as i64).collect())));
        }
        if self.accumulate {
            properties.push(("accumulate", Property::Bool(true)));
        }
        properties
    }

    fn as_any(&self) -> &dyn Any {
        self
    }
}
