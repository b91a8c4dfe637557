//! References: pointers that are set while the program runs.
//!
//! ```text
//! (A) ─A[i, 2:8]─▶ set (r)          double *r = 0; bool r_is_set = false; …    r = &A[i*N + 2]; r_is_set = true;
//! ```
//!
//! A reference is declared with the containers that live for the whole function. Where it is used without having been set
//! in the same state, it is checked that it was set before.
//!
//! **Sound because** containers that a reference may stand for live as long as it does (see `allocation`), and it is set
//! outside of maps only, where one thread runs.

use super::places::{Slot, Storage};
use super::states::StateContext;
use super::{Function, Result};
use crate::CodegenError;
use crate::tree::{Place, Stmt, Value};
use dacec_ir::{Constant, DType, Data, Name, NodeId, State, UnaryOp, data};

/// Whether an access node sets the reference that it names.
fn sets(state: &State, id: NodeId) -> bool {
    state.in_edges(id).iter().any(|edge| edge.dst_conn().is_some_and(|conn| conn == data::SET))
}

impl<'a> Function<'_, 'a> {
    fn is_reference(&self, name: &Name) -> bool {
        matches!(self.sdfg.container(name), Some(Data::Reference(_)))
    }

    /// Declares the references of the SDFG.
    pub(super) fn declare_references(&mut self, out: &mut Vec<Stmt>) -> Result<()> {
        let sdfg = self.sdfg;
        for (name, data) in &sdfg.containers {
            let Data::Reference(array) = data else { continue };
            let changing = self.assigned_symbols();
            if let Some(symbol) = data.symbols().into_iter().find(|symbol| changing.contains(symbol)) {
                let what = format!("has a shape that changes with `{symbol}`");
                return Err(CodegenError::unsupported(format!("reference `{name}`"), what));
            }
            let strides = array.strides.iter().map(|stride| self.expr(stride)).collect::<Result<_>>()?;
            let (pointer, dtype) = (self.shared.names.local(name), array.dtype);
            let is_set = self.shared.names.local(&format!("{name}_is_set"));
            out.push(Stmt::Reference { name: pointer.clone(), dtype });
            let no = Some(Value::Constant(Constant::Bool(false)));
            out.push(Stmt::Declare { name: is_set.clone(), dtype: DType::Bool, value: no, constant: false });
            let storage = Storage::Array { pointer, dtype, strides };
            self.slots.insert(name.clone(), Slot { storage, private: false });
            self.set_flags.insert(name.clone(), is_set);
        }
        Ok(())
    }

    /// Checks that references are set which a state uses in its maps, or shows by views.
    pub(super) fn check_references(&mut self, context: &StateContext<'a>, out: &mut Vec<Stmt>) -> Result<()> {
        if self.set_flags.is_empty() {
            return Ok(());
        }
        let view = &context.view;
        for &id in &view.order {
            let Some(name) = view.state.node(id).as_access() else { continue };
            if self.is_reference(name) {
                let in_map = view.scope(id).is_some();
                if sets(view.state, id) {
                    self.check_place(context, id, name)?;
                } else if in_map && !self.is_set_in(view.state, name) {
                    self.check_set(name, out);
                }
            }
        }
        Ok(())
    }

    /// Refuses what sets a reference in a map, and views of a reference that is set in the same state: they are bound
    /// before it.
    fn check_place(&self, context: &StateContext<'a>, id: NodeId, name: &Name) -> Result<()> {
        let place = || format!("reference `{name}`");
        if context.view.scope(id).is_some() {
            return Err(CodegenError::unsupported(place(), "is set by iterations of a map"));
        }
        let state = context.view.state;
        let shown = |edge: dacec_ir::state::EdgeView<'_>| {
            let at_views = |conn: Option<&Name>| conn.is_some_and(|conn| conn == data::VIEWS);
            (at_views(edge.src_conn()) || at_views(edge.dst_conn()))
                && edge.memlet().is_some_and(|memlet| memlet.data == *name)
        };
        match state.edges().any(shown) {
            true => Err(CodegenError::unsupported(place(), "is set in the state in which a view shows it")),
            false => Ok(()),
        }
    }

    fn is_set_in(&self, state: &State, name: &Name) -> bool {
        state.accesses(name).into_iter().any(|id| sets(state, id))
    }

    /// Sets a reference at an access that does so; checks at others that it is set.
    pub(super) fn lower_reference(
        &mut self,
        context: &StateContext<'a>,
        id: NodeId,
        out: &mut Vec<Stmt>,
    ) -> Result<()> {
        let state = context.view.state;
        let Some(name) = state.node(id).as_access().filter(|name| self.is_reference(name)) else {
            return Ok(());
        };
        let edges = state.in_edges(id);
        let set = edges.iter().find(|edge| edge.dst_conn().is_some_and(|conn| conn == data::SET));
        let Some(memlet) = set.and_then(|edge| edge.memlet()) else {
            if context.view.scope(id).is_none() {
                self.check_set(name, out);
            }
            return Ok(());
        };
        let to = self.start_of(&memlet.data, &memlet.subset)?;
        let Storage::Array { pointer, .. } = &self.slot(name)?.storage else { return Ok(()) };
        out.push(Stmt::Refer { name: pointer.clone(), to });
        if let Some(is_set) = self.set_flags.get(name) {
            let place = Place::Variable(is_set.clone(), DType::Bool);
            out.push(Stmt::Store { place, value: Value::Constant(Constant::Bool(true)) });
        }
        Ok(())
    }

    fn check_set(&mut self, name: &Name, out: &mut Vec<Stmt>) {
        let Some(is_set) = self.set_flags.get(name).cloned() else { return };
        let span = self.sdfg.container(name).map(|data| data.span()).unwrap_or_default();
        let (code, escape) = self.failure(&format!("the reference `{name}` is used before it is set"), span);
        let is_set = Box::new(Value::Variable(is_set, DType::Bool));
        let unset = Value::Unary(UnaryOp::Not, DType::Bool, is_set);
        out.push(Stmt::If {
            branches: vec![(unset, vec![Stmt::Fail { code, escape }])],
            otherwise: Vec::new(),
        });
    }
}
