//! Sorting.

use super::build::{Operands, all, at, binary, less, name, number};
use super::{Defined, Given};
use crate::library::{Cost, Property};
use crate::{BinaryOp, DType, Expr, ScalarExpr, Sdfg, Wcr};

/// `_out` = the elements of `_in` along the last axis in ascending order, or their positions: NumPy's `sort` and `argsort`.
/// Equal elements keep their order, and NaN comes last.
///
/// The graph counts for each element how many come before it, all independently, which suits short rows; the built-in
/// implementation sorts.
#[derive(Clone, Debug, PartialEq)]
pub struct Sort {
    /// Whether the result is positions, of type `int64`.
    pub positions: bool,
    /// Number of dimensions.
    pub rank: usize,
}

impl Defined for Sort {
    const NAME: &'static str = "Sort";

    fn given(&self) -> Vec<(&'static str, Property)> {
        let mut list = Vec::new();
        list.extend(self.positions.then_some(("positions", Property::Bool(true))));
        list.extend((self.rank != 1).then_some(("rank", Property::Int(self.rank as i64))));
        list
    }

    fn read(given: &mut Given<'_>) -> Option<Self> {
        let (positions, rank) = (given.flag("positions")?, given.count("rank", 1)?);
        (rank > 0).then_some(Sort { positions, rank })
    }

    fn rank(&self, _: &str) -> usize {
        self.rank
    }

    fn operations(&self, operands: &Operands) -> Expr {
        operands.elements("_in") * Cost::LOGARITHM
    }

    fn define(&self, operands: &Operands) -> Result<Sdfg, String> {
        operands.by_row("sort", &|row| self.vector(row))
    }
}

impl Sort {
    fn vector(&self, operands: &Operands) -> Result<Sdfg, String> {
        let dtype = operands.at("_in").dtype;
        let expected = if self.positions { DType::Int64 } else { dtype };
        if operands.at("_out").dtype != expected || dtype.is_complex() {
            return Err(format!("elements of {dtype} are not sorted into {}", operands.at("_out").dtype));
        }
        let extent = operands.at("_in").shape[0].clone();
        Operands::same(&extent, &operands.at("_out").shape[0])?;
        let mut graph = operands.graph("sort");
        graph.transient("__before", DType::Int64, std::slice::from_ref(&extent));
        let count = ("__before", all(1));
        graph.map("start", std::slice::from_ref(&extent), &[], number(0, DType::Int64), count.clone());
        // Element 1 comes before element 0 if it is less, or equal and further in front.
        let in_front = ScalarExpr::Symbolic(at(1));
        let in_front = binary(BinaryOp::Lt, in_front, ScalarExpr::Symbolic(at(0)));
        let equal = ScalarExpr::unary(crate::UnaryOp::Not, less("x", "y", dtype));
        let before = binary(BinaryOp::Or, less("y", "x", dtype), binary(BinaryOp::And, equal, in_front));
        let one = ScalarExpr::select(before, number(1, DType::Int64), number(0, DType::Int64));
        let reads = [("x", "_in", vec![at(0)]), ("y", "_in", vec![at(1)])];
        graph.reduce("count", &[extent.clone(), extent.clone()], &reads, one, count, Wcr::Sum);
        let positions = self.positions;
        graph.repeat("__k", (Expr::zero(), extent.clone()), |graph| {
            let place = ScalarExpr::Load {
                name: "__before".into(),
                indices: vec![ScalarExpr::Symbolic(Expr::sym("__k"))],
            };
            graph.assign("__place", place);
            let target = ("_out", vec![Expr::sym("__place")]);
            match positions {
                true => graph.element("put", &[], ScalarExpr::Symbolic(Expr::sym("__k")), target),
                false => {
                    graph.element("put", &[("x", "_in", vec![Expr::sym("__k")])], name("x"), target);
                }
            }
        });
        Ok(graph.build())
    }
}
