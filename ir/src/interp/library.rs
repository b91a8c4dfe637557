//! Library nodes: their reference semantics on tensors.

use super::error::{Fault, InterpretError};
use super::machine::{Frame, Machine};
use super::memory::Content;
use super::{Host, Tensor};
use crate::library::CodeCallback;
use crate::node::LibraryNode;
use crate::state::EdgeView;
use crate::{Memlet, Name, NodeId, State};

impl Machine {
    pub(super) fn run_library(
        &mut self,
        frame: &mut Frame<'_>,
        state: &State,
        id: NodeId,
        node: &LibraryNode,
    ) -> Result<(), InterpretError> {
        let (in_edges, out_edges) = (state.in_edges(id), state.out_edges(id));
        let mut inputs = Vec::new();
        for name in node.op.inputs() {
            let memlet = memlet_of(&in_edges, &name, EdgeView::dst_conn)?;
            let view = self.operand(frame, (&memlet.data, &memlet.subset), node.op.operand_rank(&name))?;
            inputs.push(self.gather(&view, true)?);
        }
        let (mut outputs, mut targets) = (Vec::new(), Vec::new());
        for name in node.op.outputs() {
            let memlet = memlet_of(&out_edges, &name, EdgeView::src_conn)?;
            let view = self.operand(frame, (&memlet.data, &memlet.subset), node.op.operand_rank(&name))?;
            outputs.push(self.gather(&view, node.op.reads_outputs())?);
            targets.push((view, memlet.wcr));
        }
        let fault = |reason| Fault::Library { op: node.op.name(), reason };
        let callback = node.op.as_any().downcast_ref::<CodeCallback>();
        let callback =
            callback.filter(|it| it.meaning.is_none() && CodeCallback::is_hosted_by_python(state, id));
        match (callback, self.host.clone()) {
            (Some(callback), Some(host)) => call_back(&*host, callback, node, &inputs, &mut outputs)?,
            _ => node.op.interpret(&inputs, &mut outputs).map_err(fault)?,
        }
        for (output, (view, wcr)) in outputs.iter().zip(targets) {
            for (at, position) in view.positions().into_iter().enumerate() {
                self.step()?;
                self.memory.store(&view, position, Content::Value(output.get(at)), wcr)?;
            }
        }
        Ok(())
    }
}

/// Has a function called by who runs the program.
fn call_back(
    host: &dyn Host,
    callback: &CodeCallback,
    node: &LibraryNode,
    inputs: &[Tensor],
    outputs: &mut [Tensor],
) -> Result<(), InterpretError> {
    let fault = |reason| Fault::Library { op: node.op.name(), reason };
    let call = callback.described(node.span.line).map_err(fault)?;
    let data = inputs[..callback.reads.len()].iter().chain(&outputs[..callback.writes.len()]);
    let mut data: Vec<Tensor> = data.cloned().collect();
    let extents = data.iter().flat_map(|it| it.shape().to_vec());
    let extents: Vec<i64> = extents.map(|extent| extent as i64).collect();
    host.call(&call.to_string(), &mut data, &extents).map_err(Fault::Python)?;
    for (output, result) in outputs.iter_mut().zip(data.drain(callback.reads.len()..)) {
        *output = result;
    }
    if let ([.., before], [.., after], true) = (inputs, outputs, node.op.has_effects()) {
        *after = before.clone();
    }
    Ok(())
}

fn memlet_of<'s>(
    edges: &[EdgeView<'s>],
    connector: &Name,
    of: fn(&EdgeView<'s>) -> Option<&'s Name>,
) -> Result<&'s Memlet, InterpretError> {
    let memlet = edges.iter().find(|edge| of(edge) == Some(connector)).and_then(EdgeView::memlet);
    memlet.ok_or_else(|| Fault::Malformed(format!("nothing is connected to `{connector}`")).into())
}
