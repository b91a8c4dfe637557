//! A copy as an operation.

use super::build::{Operands, all, name};
use super::{Defined, Given};
use crate::library::Property;
use crate::{Expr, Sdfg};

/// `_out` = `_in`, converted to the type of the result. Subsets may lie anywhere and in any strides.
#[derive(Clone, Debug, PartialEq)]
pub struct Copy {
    /// Number of dimensions.
    pub rank: usize,
}

impl Defined for Copy {
    const NAME: &'static str = "Copy";

    fn given(&self) -> Vec<(&'static str, Property)> {
        (self.rank != 1).then_some(("rank", Property::Int(self.rank as i64))).into_iter().collect()
    }

    fn read(given: &mut Given<'_>) -> Option<Self> {
        Some(Copy { rank: given.count("rank", 1)? })
    }

    fn rank(&self, _: &str) -> usize {
        self.rank
    }

    fn operations(&self, _: &Operands) -> Expr {
        Expr::zero()
    }

    fn define(&self, operands: &Operands) -> Result<Sdfg, String> {
        let (input, output) = (operands.at("_in"), operands.at("_out"));
        for (a, b) in input.shape.iter().zip(&output.shape) {
            Operands::same(a, b)?;
        }
        if input.dtype.is_complex() && !output.dtype.is_complex() {
            return Err(format!("elements of {} are no {}", input.dtype, output.dtype));
        }
        let mut graph = operands.graph("copy");
        let value = name("value").cast(input.dtype, output.dtype);
        let place = all(self.rank);
        graph.map("copy", &output.shape, &[("value", "_in", place.clone())], value, ("_out", place));
        Ok(graph.build())
    }
}
