//! Library nodes: named operations that stay visible to the optimizer until late.
//!
//! An operation says what it computes, which connectors it has, and which properties it was given. How it is computed is
//! the business of *expansions*, which other crates register: each rewrites the node to native dataflow or to a call of
//! an external routine.

pub mod blas;
pub mod callback;
pub mod cost;
pub mod defined;
pub mod dense;
pub mod sparse;

pub use blas::{Blas, Routine};
pub use callback::CodeCallback;
pub use cost::Cost;
pub use dense::Dense;
pub use sparse::Csr;

use crate::interp::{Tensor, reference};
use crate::{Expr, Name, Sdfg, Wcr};
use defined::Operands;
use std::any::Any;
use std::fmt;
use std::sync::Arc;

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

    /// Whether the result depends on what the outputs hold before.
    fn reads_outputs(&self) -> bool {
        false
    }

    /// Whether it does more than computing its outputs: then no run of it is left out, repeated or moved past others.
    fn has_effects(&self) -> bool {
        false
    }

    /// An input and the output that it becomes, which may be the same elements: an implementation works in place.
    fn in_place(&self) -> Option<(&'static str, &'static str)> {
        None
    }

    /// Number of dimensions of the operand at a connector; `None` if it may have any.
    ///
    /// A memlet's single indices are no dimensions of the operand, but with a number given here, as many of them stay as
    /// are needed, the last ones first: a row of a matrix where a matrix is expected is one of one row.
    fn operand_rank(&self, _connector: &str) -> Option<usize> {
        None
    }

    /// The graph that computes the operation for operands like these, with a container for each connector, if that is how
    /// it is [defined](defined::Defined); the error is a reason for people why they do not fit.
    fn definition(&self, _operands: &Operands) -> Option<Result<Sdfg, String>> {
        None
    }

    /// What it costs on operands like these, one for each connector, by which passes decide; `None` if nobody knows.
    fn cost(&self, operands: &Operands) -> Option<Cost>;

    /// The meaning: computes every element of `outputs` from `inputs`.
    ///
    /// Both are in the order of the connectors. Outputs come with the shape that the operation has to fill, and hold
    /// what they held before. The error is a reason for people.
    fn interpret(&self, inputs: &[Tensor], outputs: &mut [Tensor]) -> Result<(), String>;
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

impl MatMul {
    /// Operations of a product of a matrix of so many rows and columns with one of so many columns: a multiplication and an
    /// addition for each term.
    pub fn operations(rows: &Expr, terms: &Expr, columns: &Expr) -> Expr {
        rows * terms * columns * 2
    }
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

    fn cost(&self, operands: &Operands) -> Option<Cost> {
        let shape = |name| operands.get(name).map_or(&[][..], |it| &it.shape);
        let (a, b, c) = (shape("_a"), shape("_b"), shape("_c"));
        let terms = match a {
            // Products of all pairs.
            [_] if b.len() == 1 && c.len() == 2 => Expr::one(),
            [.., terms] if !b.is_empty() => terms.clone(),
            _ => Expr::one(),
        };
        Some(Cost::new(operands, MatMul::operations(&operands.elements("_c"), &terms, &Expr::one())))
    }

    fn interpret(&self, inputs: &[Tensor], outputs: &mut [Tensor]) -> Result<(), String> {
        match (inputs, outputs) {
            ([a, b], [c]) => reference::matmul(a, b, c),
            _ => Err("takes two operands and gives one result".to_owned()),
        }
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

    fn reads_outputs(&self) -> bool {
        self.accumulate
    }

    fn cost(&self, operands: &Operands) -> Option<Cost> {
        Some(Cost::new(operands, operands.elements("_in")))
    }

    fn interpret(&self, inputs: &[Tensor], outputs: &mut [Tensor]) -> Result<(), String> {
        match (inputs, outputs) {
            ([input], [output]) => reference::reduce(self, input, output),
            _ => Err("takes one operand and gives one result".to_owned()),
        }
    }
}

/// Whether a team of threads shares one call of a routine, where no loop around it is shared and that is worth it. Others run
/// on the thread that calls them; so do routines of which nothing is known here, as far as one knows.
pub fn is_shared(routine: &str) -> bool {
    match (routine.split_once('_'), Dense::of_routine(routine), Routine::find(routine)) {
        (Some(("gemm", _)), ..) => true,
        (_, Some((op, _)), _) => op.is_shared(),
        (_, _, Some((routine, _))) => routine.is_shared(),
        _ => false,
    }
}

/// No operation has that name and those properties.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum UnknownOp {
    /// The name is not known.
    #[error("there is no library operation `{0}`")]
    Name(String),
    /// A property is missing, not known, or has a value of the wrong kind.
    #[error("`{0}` has no such property `{1}`, or not with that value, or needs it")]
    Property(String, String),
}

/// The operation of that name with those [properties](LibraryOp::properties): the way back from text.
pub fn from_properties(
    name: &str,
    properties: &[(String, Property)],
) -> Result<Arc<dyn LibraryOp>, UnknownOp> {
    let wrong = |property: &str| UnknownOp::Property(name.to_owned(), property.to_owned());
    match name {
        "MatMul" => match properties.first() {
            None => Ok(Arc::new(MatMul)),
            Some((property, _)) => Err(wrong(property)),
        },
        "Reduce" => {
            let mut wcr = None;
            let (mut axes, mut accumulate) = (None, false);
            for (property, value) in properties {
                match (property.as_str(), value) {
                    ("wcr", Property::Text(text)) => wcr = Wcr::ALL.into_iter().find(|it| it.name() == text),
                    ("axes", Property::Ints(values)) => {
                        let values = values.iter().map(|&axis| usize::try_from(axis));
                        axes = Some(values.collect::<Result<_, _>>().map_err(|_| wrong(property))?);
                    }
                    ("accumulate", Property::Bool(value)) => accumulate = *value,
                    _ => return Err(wrong(property)),
                }
            }
            Ok(Arc::new(Reduce { wcr: wcr.ok_or_else(|| wrong("wcr"))?, axes, accumulate }))
        }
        _ if let Some(op) = Dense::ALL.into_iter().find(|op| op.name() == name) => match properties.first() {
            None => Ok(Arc::new(op)),
            Some((property, _)) => Err(wrong(property)),
        },
        _ if let Some(op) = Csr::from_properties(name, properties) => Ok(Arc::new(op?)),
        _ if let Some(op) = blas::from_properties(name, properties) => Ok(Arc::new(op?)),
        _ if let Some(op) = defined::from_properties(name, properties) => op,
        CodeCallback::NAME => Ok(Arc::new(CodeCallback::from_properties(properties)?)),
        crate::foreign::NAME => crate::foreign::ForeignOp::from_properties(properties),
        _ => Err(UnknownOp::Name(name.to_owned())),
    }
}
