//! Library nodes: their reference semantics on tensors.

use super::error::{Fault, InterpretError};
use super::machine::{Frame, Machine};
use super::memory::Content;
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
        node.op.interpret(&inputs, &mut outputs).map_err(fault)?;
        for (output, (view, wcr)) in outputs.iter().zip(targets) {
            for (at, position) in view.positions().into_iter().enumerate() {
                self.step()?;
                self.memory.store(&view, position, Content::Value(output.get(at)), wcr)?;
            }
        }
        Ok(())
    }
}

fn memlet_of<'s>(
    edges: &[EdgeView<'s>],
    connector: &Name,
    of: fn(&EdgeView<'s>) -> Option<&'s Name>,
) -> Result<&'s Memlet, InterpretError> {
    let memlet = edges.iter().find(|edge| of(edge) == Some(connector)).and_then(EdgeView::memlet);
    memlet.ok_or_else(|| Fault::Malformed(format!("nothing is connected to `{connector}`")).into())
}
