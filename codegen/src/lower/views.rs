//! Views: pointers into the memory of other containers.
//!
//! ```text
//! (A) ─A[i, 2:8]─▶ views (v)          double *const v = &A[i*N + 2];
//! ```
//!
//! A view is declared where the scope of its access nodes begins, and has the strides of its own descriptor.

use super::places::{Slot, Storage};
use super::states::StateContext;
use super::{Function, Result};
use crate::CodegenError;
use crate::tree::Stmt;
use dacec_ir::{Data, IndexMap, Memlet, Name, NodeId};

impl<'a> Function<'_, 'a> {
    /// Declares the views of a scope, a view of a view after it.
    pub(super) fn bind_views(
        &mut self,
        context: &StateContext<'a>,
        scope: Option<NodeId>,
        out: &mut Vec<Stmt>,
    ) -> Result<()> {
        let state = context.view.state;
        let mut waiting: IndexMap<&'a Name, &'a Memlet> = IndexMap::default();
        for &id in context.view.children(scope) {
            let Some(name) = state.node(id).as_access() else { continue };
            if matches!(self.sdfg.container(name), Some(Data::View(_))) {
                let memlet = state.view_edge(id).and_then(|edge| edge.memlet());
                let memlet = memlet.ok_or_else(|| {
                    CodegenError::Invalid(format!("the view `{name}` at {id} shows nothing"))
                })?;
                waiting.insert(name, memlet);
            }
        }
        while !waiting.is_empty() {
            let ready = waiting.iter().find(|(_, memlet)| !waiting.contains_key(&memlet.data));
            let Some((&name, &memlet)) = ready else {
                return Err(CodegenError::Invalid("views show each other".to_owned()));
            };
            waiting.shift_remove(name);
            self.bind_view(name, memlet, out)?;
        }
        Ok(())
    }

    fn bind_view(&mut self, name: &Name, memlet: &Memlet, out: &mut Vec<Stmt>) -> Result<()> {
        let data = self.data(name)?;
        let dtype = data.dtype();
        let strides = data.strides().iter().map(|stride| self.expr(stride)).collect::<Result<_>>()?;
        let first = self.start_of(&memlet.data, &memlet.subset)?;
        let private = self.slot(&memlet.data)?.private;
        let pointer = self.point_to(name, first, out);
        let storage = Storage::Array { pointer, dtype, strides };
        self.slots.insert(name.clone(), Slot { storage, private });
        Ok(())
    }
}
