//! The same number everywhere.

use super::build::{Operands, all};
use super::{Defined, Given};
use crate::library::Property;
use crate::{Constant, Expr, Name, ScalarExpr, Sdfg};

/// Every element of `_out` = a number.
#[derive(Clone, Debug, PartialEq)]
pub struct Fill {
    /// The number.
    pub value: f64,
    /// Number of dimensions.
    pub rank: usize,
}

impl Defined for Fill {
    const NAME: &'static str = "Fill";

    fn reads(&self) -> Vec<Name> {
        Vec::new()
    }

    fn given(&self) -> Vec<(&'static str, Property)> {
        let mut list = vec![("value", Property::Float(self.value))];
        list.extend((self.rank != 1).then_some(("rank", Property::Int(self.rank as i64))));
        list
    }

    fn read(given: &mut Given<'_>) -> Option<Self> {
        let rank = given.count("rank", 1)?;
        Some(Fill { value: given.float("value")?, rank })
    }

    fn rank(&self, _: &str) -> usize {
        self.rank
    }

    fn operations(&self, _: &Operands) -> Expr {
        Expr::zero()
    }

    fn define(&self, operands: &Operands) -> Result<Sdfg, String> {
        let output = operands.at("_out");
        let value: ScalarExpr = match output.dtype {
            dtype if dtype.is_complex() => Constant::Complex(self.value, 0.0, dtype).into(),
            dtype if dtype.is_float() => Constant::Float(self.value, dtype).into(),
            dtype if self.value.fract() == 0.0 => Constant::of_int(self.value as i64, dtype).into(),
            dtype => return Err(format!("{} is no {dtype}", self.value)),
        };
        let mut graph = operands.graph("fill");
        graph.map("fill", &output.shape, &[], value, ("_out", all(self.rank)));
        Ok(graph.build())
    }
}
