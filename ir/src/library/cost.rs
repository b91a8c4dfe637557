//! What operations cost, whoever computes them: the numbers that passes decide by.
//!
//! A cost is an expression in the extents of the operands, and the same for every implementation. It says how operations
//! compare, and not how long one takes: terms of lower order are left out, and each operand moves once.
//!
//! ```text
//! Gemm        2*M*N*K operations                8*M*K + 8*K*N + 16*M*N bytes      (doubles, with the old value)
//! Cholesky    N**3//3 operations                16*N**2 bytes
//! Transpose   0 operations                      16*M*N bytes
//! ```

use super::defined::{OperandType, Operands};
use crate::{Data, Expr, IndexMap, Memlet, Name, Node, NodeId, State};

/// What an operation costs on operands of certain shapes.
#[derive(Clone, Debug, PartialEq)]
pub struct Cost {
    /// Additions, multiplications, comparisons; one on complex numbers counts as four.
    pub operations: Expr,
    /// Bytes of all operands: what is updated counts as read and written.
    pub bytes: Expr,
}

impl Cost {
    /// What stands for the logarithms to base 2 of sizes, which expressions do not have: that of 65536.
    pub const LOGARITHM: i64 = 16;

    /// So many operations on numbers of the operands' type, and every operand moved once.
    pub fn new(operands: &Operands, operations: Expr) -> Self {
        let complex = operands.iter().any(|(_, it)| it.dtype.is_complex());
        let bytes = operands.iter().map(|(_, it)| it.elements() * it.dtype.size() as i64).sum();
        Cost { operations: if complex { operations * 4 } else { operations }, bytes }
    }

    /// The cost of a library node in a state, in symbols of the state; `None` if the node is none, nobody knows,
    /// or it is connected to what is not there.
    pub fn of_node(containers: &IndexMap<Name, Data>, state: &State, id: NodeId) -> Option<Self> {
        let Node::Library(node) = state.node(id) else { return None };
        let operand = |connector: &Name, memlet: &Memlet| {
            let data = containers.get(&memlet.data)?;
            let rank = node.op.operand_rank(connector);
            Some((connector.clone(), OperandType::of(data, memlet, rank)))
        };
        let (inputs, outputs) = (state.in_edges(id), state.out_edges(id));
        let read = inputs.iter().filter_map(|edge| operand(edge.dst_conn()?, edge.memlet()?));
        let written = outputs.iter().filter_map(|edge| operand(edge.src_conn()?, edge.memlet()?));
        let operands: Operands = read.chain(written).collect();
        let complete = node.op.inputs().iter().chain(&node.op.outputs()).all(|it| operands.get(it).is_some());
        if complete { node.op.cost(&operands) } else { None }
    }

    /// One number for both, in simple operations: moving eight bytes is one.
    pub fn work(&self) -> Expr {
        &self.operations + self.bytes.floor_div(&Expr::int(8))
    }
}

#[cfg(test)]
mod tests;
