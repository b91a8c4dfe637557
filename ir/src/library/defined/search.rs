//! Positions in sorted vectors.

use super::build::{Operands, all, at, less, number};
use super::{Defined, Given};
use crate::library::{Cost, Property};
use crate::{DType, Expr, Name, ScalarExpr, Sdfg, UnaryOp, Wcr};

/// `_out` = where each of `_v` would be put into the sorted `_a`: NumPy's `searchsorted`. From the left, the first place;
/// from the right, behind equal elements.
#[derive(Clone, Debug, PartialEq)]
pub struct SearchSorted {
    /// Whether the place is behind equal elements.
    pub right: bool,
}

impl Defined for SearchSorted {
    const NAME: &'static str = "SearchSorted";

    fn reads(&self) -> Vec<Name> {
        vec!["_a".into(), "_v".into()]
    }

    fn given(&self) -> Vec<(&'static str, Property)> {
        self.right.then_some(("right", Property::Bool(true))).into_iter().collect()
    }

    fn read(given: &mut Given<'_>) -> Option<Self> {
        Some(SearchSorted { right: given.flag("right")? })
    }

    fn rank(&self, _: &str) -> usize {
        1
    }

    fn operations(&self, operands: &Operands) -> Expr {
        operands.elements("_v") * Cost::LOGARITHM
    }

    fn define(&self, operands: &Operands) -> Result<Sdfg, String> {
        let dtype = operands.common(&["_a", "_v"])?;
        if operands.at("_out").dtype != DType::Int64 || dtype.is_complex() {
            return Err(format!("elements of {dtype} have no positions of {}", operands.at("_out").dtype));
        }
        let (len, count) = (&operands.at("_a").shape[0], &operands.at("_v").shape[0]);
        Operands::same(count, &operands.at("_out").shape[0])?;
        let mut graph = operands.graph("search");
        let target = ("_out", all(1));
        graph.map("start", std::slice::from_ref(count), &[], number(0, DType::Int64), target.clone());
        let in_front = match self.right {
            false => less("a", "v", dtype),
            true => ScalarExpr::unary(UnaryOp::Not, less("v", "a", dtype)),
        };
        let one = ScalarExpr::select(in_front, number(1, DType::Int64), number(0, DType::Int64));
        let reads = [("v", "_v", vec![at(0)]), ("a", "_a", vec![at(1)])];
        graph.reduce("count", &[count.clone(), len.clone()], &reads, one, target, Wcr::Sum);
        Ok(graph.build())
    }
}
