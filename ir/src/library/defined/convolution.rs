//! Convolutions of images.

use super::build::{Operands, all, at, binary, name, number};
use super::{Defined, Given};
use crate::library::Property;
use crate::{BinaryOp, Expr, Memlet, Name, Range, Sdfg, Wcr};

/// `_out[n, f, x…] = sum over c, d… of _in[n, c, stride*x + d - padding…] * _filter[f, c, d…]`, with zeros outside: what neural
/// networks call a convolution, which does not mirror the filter. There are as many spatial dimensions as strides.
#[derive(Clone, Debug, PartialEq)]
pub struct Convolution {
    /// Distances of the windows.
    pub strides: Vec<i64>,
    /// How many zeros stand before and behind each dimension.
    pub padding: Vec<i64>,
}

impl Defined for Convolution {
    const NAME: &'static str = "Convolution";

    fn reads(&self) -> Vec<Name> {
        vec!["_in".into(), "_filter".into()]
    }

    fn given(&self) -> Vec<(&'static str, Property)> {
        vec![
            ("strides", Property::Ints(self.strides.clone())),
            ("padding", Property::Ints(self.padding.clone())),
        ]
    }

    fn read(given: &mut Given<'_>) -> Option<Self> {
        let (strides, padding) = (given.ints("strides")?, given.ints("padding")?);
        let fits = strides.len() == padding.len()
            && !strides.is_empty()
            && strides.iter().all(|it| *it > 0)
            && padding.iter().all(|it| *it >= 0);
        fits.then_some(Convolution { strides, padding })
    }

    fn rank(&self, _: &str) -> usize {
        2 + self.strides.len()
    }

    fn operations(&self, operands: &Operands) -> Expr {
        // Terms of each sum: a channel and a place in the filter.
        let terms = operands.get("_filter").map_or(Expr::one(), |it| it.shape[1..].iter().product());
        operands.elements("_out") * terms * 2
    }

    fn define(&self, operands: &Operands) -> Result<Sdfg, String> {
        let dtype = operands.common(&["_in", "_filter", "_out"])?;
        let (input, filter, output) = (operands.at("_in"), operands.at("_filter"), operands.at("_out"));
        Operands::same(&input.shape[1], &filter.shape[1])?;
        Operands::same(&input.shape[0], &output.shape[0])?;
        Operands::same(&filter.shape[0], &output.shape[1])?;
        let spatial = self.strides.len();
        let mut graph = operands.graph("convolution");
        let source = if self.padding.iter().all(|it| *it == 0) { "_in" } else { "__padded" };
        let mut extents = input.shape.clone();
        for dim in 0..spatial {
            extents[2 + dim] = &input.shape[2 + dim] + 2 * self.padding[dim];
            let room =
                (&extents[2 + dim] - &filter.shape[2 + dim]).floor_div(&Expr::int(self.strides[dim])) + 1;
            Operands::same(&output.shape[2 + dim], &room)?;
        }
        if source == "__padded" {
            graph.transient("__padded", dtype, &extents);
            graph.map("zero", &extents, &[], number(0, dtype), ("__padded", all(extents.len())));
            let inner = |dim: usize| if dim < 2 { at(dim) } else { at(dim) + self.padding[dim - 2] };
            let place = (0..extents.len()).map(inner).collect();
            let reads = [("value", "_in", all(extents.len()))];
            graph.map("inside", &input.shape, &reads, name("value"), ("__padded", place));
        }
        let rank = 2 + spatial;
        graph.map("start", &output.shape, &[], number(0, dtype), ("_out", all(rank)));
        // The dimensions of the result, then the channel and the place in the filter.
        let mut dims: Vec<(Name, Range)> = Vec::new();
        let sizes = output.shape.iter().chain(&filter.shape[1..]);
        for (dim, extent) in sizes.enumerate() {
            dims.push((format!("__d{dim}").into(), Range::full(extent)));
        }
        let window = |dim: usize| at(2 + dim) * self.strides[dim] + at(rank + 1 + dim);
        let from: Vec<Expr> = [at(0), at(rank)].into_iter().chain((0..spatial).map(window)).collect();
        let weight: Vec<Expr> =
            [at(1), at(rank)].into_iter().chain((0..spatial).map(|dim| at(rank + 1 + dim))).collect();
        let product = binary(BinaryOp::Mul, name("x"), name("w"));
        let target = Memlet::element("_out", all(rank)).with_wcr(Wcr::Sum);
        graph.ranges("sum", dims, &[("x", source, from), ("w", "_filter", weight)], product, target);
        Ok(graph.build())
    }
}
