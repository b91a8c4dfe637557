//! Operations that are defined by a graph.
//!
//! A node of this kind says what it is in one place: a type with [`Defined`], in a file of its own, and one line in
//! [`DECLARED`]. The graph that it [defines](Defined::define) for operands of any types, shapes and strides is what the
//! interpreter runs, and the implementation `pure` of the node: maps, reductions and loops, which fuse with what is around
//! them. Implementations that do better are registered besides.
//!
//! ```text
//! Scan(wcr = "sum")        loop k in 0:n { total = total + _in[k];  _out[k] = total }
//! ```

pub(in crate::library) mod build;
mod convolution;
mod copy;
mod einsum;
mod fill;
mod given;
mod histogram;
mod pooling;
mod random;
mod scan;
mod search;
mod sort;
mod stencil;
mod transpose;

pub use build::{OperandType, Operands};
pub use convolution::Convolution;
pub use copy::Copy;
pub use einsum::Einsum;
pub use fill::Fill;
pub use given::Given;
pub use histogram::Histogram;
pub use pooling::Pooling;
pub use random::Random;
pub use scan::Scan;
pub use search::SearchSorted;
pub use sort::Sort;
pub use stencil::Stencil;
pub use transpose::Transpose;

use super::{Cost, LibraryOp, Property, UnknownOp};
use crate::interp::{self, Arguments, Tensor};
use crate::{Expr, Name, Sdfg};
use std::any::Any;
use std::fmt;
use std::sync::Arc;

/// An operation whose meaning is a graph.
pub trait Defined: fmt::Debug + Send + Sync + Sized + 'static {
    /// The name.
    const NAME: &'static str;

    /// The connectors of inputs.
    fn reads(&self) -> Vec<Name> {
        vec!["_in".into()]
    }

    /// The connectors of outputs.
    fn writes(&self) -> Vec<Name> {
        vec!["_out".into()]
    }

    /// Properties in a fixed order; usual values are left out.
    fn given(&self) -> Vec<(&'static str, Property)>;

    /// The operation with properties; `None` if one is missing or has a wrong value.
    fn read(given: &mut Given<'_>) -> Option<Self>;

    /// Number of dimensions of the operand at a connector.
    fn rank(&self, connector: &str) -> usize;

    /// An input that becomes an output, of which elements stay as they are; the graph has only the output.
    fn updates(&self) -> Option<(&'static str, &'static str)> {
        None
    }

    /// How many additions, multiplications and comparisons it takes; what moves is known.
    fn operations(&self, operands: &Operands) -> Expr;

    /// The graph that computes the outputs from the inputs, whose containers are named like the connectors. The error is a
    /// reason for people why these operands do not fit.
    fn define(&self, operands: &Operands) -> Result<Sdfg, String>;
}

impl<T: Defined> LibraryOp for T {
    fn name(&self) -> &'static str {
        T::NAME
    }

    fn inputs(&self) -> Vec<Name> {
        self.reads()
    }

    fn outputs(&self) -> Vec<Name> {
        self.writes()
    }

    fn properties(&self) -> Vec<(&'static str, Property)> {
        self.given()
    }

    fn as_any(&self) -> &dyn Any {
        self
    }

    fn in_place(&self) -> Option<(&'static str, &'static str)> {
        self.updates()
    }

    fn operand_rank(&self, connector: &str) -> Option<usize> {
        Some(self.rank(connector))
    }

    fn definition(&self, operands: &Operands) -> Option<Result<Sdfg, String>> {
        let fits = operands.iter().all(|(name, operand)| operand.shape.len() == self.rank(name));
        let old = self.updates().map(|(old, _)| old);
        let own = operands.iter().filter(|(name, _)| old != Some(name.as_str()));
        let own: Operands = own.map(|(name, operand)| (name.clone(), operand.clone())).collect();
        Some(if fits { self.define(&own) } else { Err("an operand has too many dimensions".to_owned()) })
    }

    fn cost(&self, operands: &Operands) -> Option<Cost> {
        Some(Cost::new(operands, self.operations(operands)))
    }

    fn interpret(&self, inputs: &[Tensor], outputs: &mut [Tensor]) -> Result<(), String> {
        let names: Vec<Name> = self.reads().into_iter().chain(self.writes()).collect();
        let tensors = inputs.iter().chain(outputs.iter());
        let shaped = names.iter().zip(tensors).map(|(name, tensor)| {
            let missing = self.rank(name).saturating_sub(tensor.shape().len());
            let shape = [tensor.shape().to_vec(), vec![1; missing]].concat();
            (name.clone(), tensor.with_shape(&shape).unwrap_or_else(|| tensor.clone()))
        });
        let mut arguments: Arguments = shaped.collect();
        let operands = Operands::of(&arguments);
        let sdfg = match self.definition(&operands) {
            Some(defined) => defined?,
            None => return Err("the operation has no definition".to_owned()),
        };
        if let Some((old, result)) = self.updates()
            && let Some(tensor) = arguments.shift_remove(old)
        {
            arguments.insert(result.into(), tensor);
        }
        interp::run(&sdfg, &mut arguments, &[]).map_err(|error| error.to_string())?;
        for (name, output) in self.writes().iter().zip(outputs) {
            for at in 0..output.len() {
                output.set(at, arguments[name].get(at));
            }
        }
        Ok(())
    }
}

/// A kind of operation: its name, and how it is made from properties.
#[derive(Clone, Copy, Debug)]
pub struct Declaration {
    /// The name.
    pub name: &'static str,
    read: fn(&mut Given<'_>) -> Option<Arc<dyn LibraryOp>>,
}

/// All operations of this kind.
pub const DECLARED: [Declaration; 12] = [
    declared::<Convolution>(),
    declared::<Copy>(),
    declared::<Einsum>(),
    declared::<Fill>(),
    declared::<Histogram>(),
    declared::<Pooling>(),
    declared::<Random>(),
    declared::<Scan>(),
    declared::<SearchSorted>(),
    declared::<Sort>(),
    declared::<Stencil>(),
    declared::<Transpose>(),
];

const fn declared<T: Defined>() -> Declaration {
    Declaration { name: T::NAME, read: |given| Some(Arc::new(T::read(given)?)) }
}

/// The operation of that name with those properties; `None` if the name is none of these.
pub(super) fn from_properties(
    name: &str,
    properties: &[(String, Property)],
) -> Option<Result<Arc<dyn LibraryOp>, UnknownOp>> {
    let declaration = DECLARED.iter().find(|it| it.name == name)?;
    let mut given = Given::new(properties);
    let op = (declaration.read)(&mut given);
    let wrong = given.wrong().to_owned();
    Some(match op {
        Some(op) if wrong.is_empty() => Ok(op),
        _ => Err(UnknownOp::Property(name.to_owned(), wrong)),
    })
}
