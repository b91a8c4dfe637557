//! Axes in another order.

use super::build::{Operands, all, name};
use super::{Defined, Given};
use crate::library::Property;
use crate::{Expr, Name, Sdfg};

/// `_out` = `_inp` with axes in another order: axis `k` of the result is axis `axes[k]` of the operand, as in NumPy's
/// `transpose`. Connectors are those of DaCe's `Transpose`.
#[derive(Clone, Debug, PartialEq)]
pub struct Transpose {
    /// Each axis once.
    pub axes: Vec<usize>,
}

impl Defined for Transpose {
    const NAME: &'static str = "Transpose";

    fn reads(&self) -> Vec<Name> {
        vec!["_inp".into()]
    }

    fn given(&self) -> Vec<(&'static str, Property)> {
        vec![("axes", Property::Ints(self.axes.iter().map(|&axis| axis as i64).collect()))]
    }

    fn read(given: &mut Given<'_>) -> Option<Self> {
        let axes = given.counts("axes")?;
        let each_once = (0..axes.len()).all(|axis| axes.contains(&axis));
        each_once.then_some(Transpose { axes })
    }

    fn rank(&self, _: &str) -> usize {
        self.axes.len()
    }

    fn operations(&self, _: &Operands) -> Expr {
        Expr::zero()
    }

    fn define(&self, operands: &Operands) -> Result<Sdfg, String> {
        operands.common(&["_inp", "_out"])?;
        let (input, output) = (operands.at("_inp"), operands.at("_out"));
        let mut place = all(self.axes.len());
        for (dim, &axis) in self.axes.iter().enumerate() {
            Operands::same(&output.shape[dim], &input.shape[axis])?;
            place[axis] = super::build::at(dim);
        }
        let mut graph = operands.graph("transpose");
        let target = ("_out", all(self.axes.len()));
        graph.map("transpose", &output.shape, &[("value", "_inp", place)], name("value"), target);
        Ok(graph.build())
    }
}
