//! Random numbers.

use super::build::{Operands, all, at, binary, name};
use super::{Defined, Given};
use crate::library::Property;
use crate::{BinaryOp, Constant, DType, Expr, Name, ScalarExpr, Sdfg};

/// `_out[k]` = a number in [0, 1) that depends on `_seed` and `k` alone, so that the elements can be computed in any order:
/// the generator SplitMix64 (Steele, Lea and Flood 2014) at step `k`, of which the upper 53 bits count.
///
/// The generators of NumPy, which programs call, are sequences, and are computed as such.
#[derive(Clone, Debug, PartialEq)]
pub struct Random;

impl Defined for Random {
    const NAME: &'static str = "Random";

    fn reads(&self) -> Vec<Name> {
        vec!["_seed".into()]
    }

    fn given(&self) -> Vec<(&'static str, Property)> {
        Vec::new()
    }

    fn read(_: &mut Given<'_>) -> Option<Self> {
        Some(Random)
    }

    fn rank(&self, connector: &str) -> usize {
        usize::from(connector == "_out")
    }

    fn operations(&self, operands: &Operands) -> Expr {
        // A product and a sum, then three times a shift, a difference and a product, then a shift and a product.
        operands.elements("_out") * 13
    }

    fn define(&self, operands: &Operands) -> Result<Sdfg, String> {
        let (seed, output) = (operands.at("_seed").dtype, operands.at("_out"));
        if seed != DType::UInt64 || !output.dtype.is_float() {
            return Err(format!("a seed of {seed} gives no {}", output.dtype));
        }
        let mut graph = operands.graph("random");
        let place = all(1);
        let word = |value: u64| ScalarExpr::from(Constant::UInt(value));
        graph.transient("__bits", DType::UInt64, &output.shape);
        let step = ScalarExpr::Symbolic(at(0) + 1).cast(DType::Int64, DType::UInt64);
        let state =
            binary(BinaryOp::Add, name("seed"), binary(BinaryOp::Mul, step, word(0x9e37_79b9_7f4a_7c15)));
        graph.map("state", &output.shape, &[("seed", "_seed", Vec::new())], state, ("__bits", place.clone()));
        // Each bit of the result depends on all bits of the state.
        for (shift, factor) in [(30, 0xbf58_476d_1ce4_e5b9), (27, 0x94d0_49bb_1331_11eb), (31, 1)] {
            let mixed = binary(BinaryOp::BitXor, name("z"), binary(BinaryOp::Shr, name("z"), word(shift)));
            let value = binary(BinaryOp::Mul, mixed, word(factor));
            graph.map(
                &format!("mix_{shift}"),
                &output.shape,
                &[("z", "__bits", place.clone())],
                value,
                ("__bits", place.clone()),
            );
        }
        let upper = binary(BinaryOp::Shr, name("z"), word(11)).cast(DType::UInt64, DType::Float64);
        let unit = binary(BinaryOp::Mul, upper, ScalarExpr::float(1.0 / (1_u64 << 53) as f64));
        let value = unit.cast(DType::Float64, output.dtype);
        graph.map("number", &output.shape, &[("z", "__bits", place.clone())], value, ("_out", place));
        Ok(graph.build())
    }
}
