//! Counts of values in bins.

use super::build::{Operands, all, at, binary, name, number};
use super::{Defined, Given};
use crate::library::{Cost, Property};
use crate::{BinaryOp, DType, Expr, Name, ScalarExpr, Sdfg, Wcr};

/// `_out[b]` = how many elements of `_in` are in the bin from `_edges[b]` up to `_edges[b + 1]`, which only the last bin
/// includes: NumPy's `histogram` with given edges. NaN is in no bin.
#[derive(Clone, Debug, PartialEq)]
pub struct Histogram;

impl Defined for Histogram {
    const NAME: &'static str = "Histogram";

    fn reads(&self) -> Vec<Name> {
        vec!["_in".into(), "_edges".into()]
    }

    fn given(&self) -> Vec<(&'static str, Property)> {
        Vec::new()
    }

    fn read(_: &mut Given<'_>) -> Option<Self> {
        Some(Histogram)
    }

    fn rank(&self, _: &str) -> usize {
        1
    }

    fn operations(&self, operands: &Operands) -> Expr {
        operands.elements("_in") * Cost::LOGARITHM
    }

    fn define(&self, operands: &Operands) -> Result<Sdfg, String> {
        let dtype = operands.common(&["_in", "_edges"])?;
        if operands.at("_out").dtype != DType::Int64 || dtype.is_complex() {
            return Err(format!("elements of {dtype} are not counted in {}", operands.at("_out").dtype));
        }
        let (len, bins) = (&operands.at("_in").shape[0], &operands.at("_out").shape[0]);
        Operands::same(&operands.at("_edges").shape[0], &(bins + 1))?;
        let mut graph = operands.graph("histogram");
        let target = ("_out", all(1));
        graph.map("start", std::slice::from_ref(bins), &[], number(0, DType::Int64), target.clone());
        let last = binary(BinaryOp::Eq, ScalarExpr::Symbolic(at(0)), ScalarExpr::Symbolic(bins - 1));
        let closed = binary(BinaryOp::And, last, binary(BinaryOp::Eq, name("x"), name("end")));
        let below = binary(BinaryOp::Or, binary(BinaryOp::Lt, name("x"), name("end")), closed);
        let inside = binary(BinaryOp::And, binary(BinaryOp::Ge, name("x"), name("begin")), below);
        let one = ScalarExpr::select(inside, number(1, DType::Int64), number(0, DType::Int64));
        let reads = [
            ("x", "_in", vec![at(1)]),
            ("begin", "_edges", vec![at(0)]),
            ("end", "_edges", vec![at(0) + Expr::one()]),
        ];
        graph.reduce("count", &[bins.clone(), len.clone()], &reads, one, target, Wcr::Sum);
        Ok(graph.build())
    }
}
