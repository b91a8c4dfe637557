//! Operations that are [defined by a graph](dacec_ir::library::defined), as that graph.

use super::{Call, Expansion, Operand};
use crate::Refusal;
use crate::surroundings::Surroundings;
use dacec_ir::library::defined::{OperandType, Operands};
use dacec_ir::{DType, Expr, Name, NestedSdfg, Node, Sdfg, State};

/// The definition, in the place of the node.
///
/// ```text
/// before:  (x) ─ x[0:N] ─▶ [Scan sum] ─ y[0:N] ─▶ (y)
/// after:   (x) ─ x[0:N] ─▶ [loop k in 0:N { total = total + _in[k];  _out[k] = total }] ─ y[0:N] ─▶ (y)
/// ```
///
/// **Requires** that the operands fit the operation, and that results are stored as they are.
#[derive(Clone, Copy, Debug)]
pub struct PureDefinition(pub &'static str);

impl Expansion for PureDefinition {
    fn op(&self) -> &'static str {
        self.0
    }

    fn name(&self) -> &'static str {
        "pure"
    }

    fn summary(&self) -> &'static str {
        "Maps and loops that the operation is defined as"
    }

    fn requirement(&self, call: &Call) -> Result<(), Refusal> {
        if call.outputs.values().any(|operand| operand.memlet.wcr.is_some()) {
            return Err(Refusal::unproved("a result is combined with what is there"));
        }
        definition(call).map(drop)
    }

    fn expand(&self, _: &mut Surroundings<'_>, state: &mut State, call: Call) {
        let mut sdfg = definition(&call).expect("the requirement was checked");
        let symbols = sdfg.free_symbols();
        sdfg.symbols.extend(symbols.iter().map(|symbol| (symbol.clone(), DType::Int64)));
        let symbols = symbols.into_iter().map(|symbol| (symbol.clone(), Expr::sym(&symbol))).collect();
        // What is updated is in the result already.
        let updated = call.op.in_place();
        let inside = |name: &Name| match updated {
            Some((old, result)) if name == old => result.into(),
            _ => name.clone(),
        };
        let inputs = call.inputs.keys().map(inside).collect();
        let outputs = call.outputs.keys().cloned().collect();
        let nested = NestedSdfg { sdfg, inputs, outputs, symbols, span: call.span };
        let node = state.add_node(Node::Nested(Box::new(nested)));
        for (name, operand) in &call.inputs {
            let (from, conn) = &operand.end;
            state.connect((*from, conn.as_deref()), (node, Some(&inside(name))), operand.memlet.clone());
        }
        for (name, operand) in &call.outputs {
            let (to, conn) = &operand.end;
            state.connect((node, Some(name)), (*to, conn.as_deref()), operand.memlet.clone());
        }
        call.replace(state, (node, node));
    }
}

fn definition(call: &Call) -> Result<Sdfg, Refusal> {
    let own = |(name, operand): (&Name, &Operand)| {
        let Operand { dtype, shape, strides, .. } = operand.clone();
        (name.clone(), OperandType { dtype, shape, strides })
    };
    let operands: Operands = call.inputs.iter().chain(&call.outputs).map(own).collect();
    match call.op.definition(&operands) {
        Some(defined) => defined.map_err(Refusal::unproved),
        None => Err(Refusal::unproved("the operation has no definition")),
    }
}
