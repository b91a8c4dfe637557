//! Maxima and means of windows.

use super::build::{Operands, all, at, binary, name, start};
use super::{Defined, Given};
use crate::library::Property;
use crate::{BinaryOp, Constant, Expr, Sdfg, Wcr};

/// `_out[n, c, x…]` = the largest element, or the mean, of `_in[n, c, stride*x + d…]` for all `d` of a window.
#[derive(Clone, Debug, PartialEq)]
pub struct Pooling {
    /// Whether it is the mean, and not the largest element.
    pub mean: bool,
    /// Extents of the window.
    pub window: Vec<i64>,
    /// Distances of windows.
    pub strides: Vec<i64>,
}

impl Defined for Pooling {
    const NAME: &'static str = "Pooling";

    fn given(&self) -> Vec<(&'static str, Property)> {
        let mut list: Vec<_> = self.mean.then_some(("mean", Property::Bool(true))).into_iter().collect();
        list.push(("window", Property::Ints(self.window.clone())));
        list.push(("strides", Property::Ints(self.strides.clone())));
        list
    }

    fn read(given: &mut Given<'_>) -> Option<Self> {
        let mean = given.flag("mean")?;
        let (window, strides) = (given.ints("window")?, given.ints("strides")?);
        let positive = window.iter().chain(&strides).all(|it| *it > 0);
        (positive && window.len() == strides.len() && !window.is_empty()).then_some(Pooling {
            mean,
            window,
            strides,
        })
    }

    fn rank(&self, _: &str) -> usize {
        2 + self.window.len()
    }

    fn operations(&self, operands: &Operands) -> Expr {
        operands.elements("_out") * self.window.iter().product::<i64>()
    }

    fn define(&self, operands: &Operands) -> Result<Sdfg, String> {
        let dtype = operands.common(&["_in", "_out"])?;
        if self.mean && !dtype.is_float() || dtype.is_complex() {
            return Err(format!("elements of {dtype} have no mean, or no order"));
        }
        let (input, output) = (operands.at("_in"), operands.at("_out"));
        let (rank, spatial) = (2 + self.window.len(), self.window.len());
        for dim in 0..rank {
            let room = match dim.checked_sub(2) {
                None => input.shape[dim].clone(),
                Some(k) => (&input.shape[dim] - self.window[k]).floor_div(&Expr::int(self.strides[k])) + 1,
            };
            Operands::same(&output.shape[dim], &room)?;
        }
        let mut graph = operands.graph("pooling");
        let wcr = if self.mean { Wcr::Sum } else { Wcr::Max };
        graph.map("start", &output.shape, &[], start(wcr, dtype)?, ("_out", all(rank)));
        let window = |k: usize| at(2 + k) * self.strides[k] + at(rank + k);
        let from: Vec<Expr> = [at(0), at(1)].into_iter().chain((0..spatial).map(window)).collect();
        let sizes: Vec<Expr> =
            output.shape.iter().cloned().chain(self.window.iter().map(|it| Expr::int(*it))).collect();
        graph.reduce("combine", &sizes, &[("x", "_in", from)], name("x"), ("_out", all(rank)), wcr);
        if self.mean {
            let count = self.window.iter().product::<i64>() as f64;
            let mean = binary(BinaryOp::Div, name("sum"), Constant::Float(count, dtype).into());
            graph.map("mean", &output.shape, &[("sum", "_out", all(rank))], mean, ("_out", all(rank)));
        }
        Ok(graph.build())
    }
}
