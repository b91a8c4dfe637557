//! Running sums and their like.

use super::build::{Definition, Operands, combined, name, start};
use super::{Defined, Given};
use crate::library::Property;
use crate::{Expr, Sdfg, Wcr};

/// `_out` = the elements of `_in` along the last axis, each combined with all before it: NumPy's `cumsum`, `cumprod` and
/// `ufunc.accumulate`. The exclusive form leaves the element itself out, and starts with the neutral element.
#[derive(Clone, Debug, PartialEq)]
pub struct Scan {
    /// How elements combine: a sum, a product, the smaller or the larger.
    pub wcr: Wcr,
    /// Whether the element itself is left out.
    pub exclusive: bool,
    /// Number of dimensions.
    pub rank: usize,
}

impl Defined for Scan {
    const NAME: &'static str = "Scan";

    fn given(&self) -> Vec<(&'static str, Property)> {
        let mut list = vec![("wcr", Property::Text(self.wcr.name().to_owned()))];
        list.extend(self.exclusive.then_some(("exclusive", Property::Bool(true))));
        list.extend((self.rank != 1).then_some(("rank", Property::Int(self.rank as i64))));
        list
    }

    fn read(given: &mut Given<'_>) -> Option<Self> {
        let (exclusive, rank) = (given.flag("exclusive")?, given.count("rank", 1)?);
        let wcr = given.wcr("wcr")?;
        (rank > 0).then_some(Scan { wcr, exclusive, rank })
    }

    fn rank(&self, _: &str) -> usize {
        self.rank
    }

    fn operations(&self, operands: &Operands) -> Expr {
        operands.elements("_in")
    }

    fn define(&self, operands: &Operands) -> Result<Sdfg, String> {
        operands.by_row("scan", &|row| self.vector(row))
    }
}

impl Scan {
    fn vector(&self, operands: &Operands) -> Result<Sdfg, String> {
        let dtype = operands.common(&["_in", "_out"])?;
        let extent = &operands.at("_in").shape[0];
        Operands::same(extent, &operands.at("_out").shape[0])?;
        let (first, next) = (start(self.wcr, dtype)?, combined(self.wcr, name("total"), name("value"))?);
        let mut graph = operands.graph("scan");
        graph.transient("__total", dtype, &[Expr::one()]);
        let total = || ("__total", vec![Expr::zero()]);
        graph.element("start", &[], first, total());
        let k = Expr::sym("__k");
        let parts = |graph: &mut Definition| {
            let add = |graph: &mut Definition| {
                let reads = [("total", "__total", vec![Expr::zero()]), ("value", "_in", vec![k.clone()])];
                graph.element("combine", &reads, next.clone(), total());
            };
            let store = |graph: &mut Definition| {
                let reads = [("total", "__total", vec![Expr::zero()])];
                graph.element("store", &reads, name("total"), ("_out", vec![k.clone()]));
            };
            match self.exclusive {
                false => {
                    add(graph);
                    store(graph);
                }
                true => {
                    store(graph);
                    add(graph);
                }
            }
        };
        graph.repeat("__k", (Expr::zero(), extent.clone()), parts);
        Ok(graph.build())
    }
}
