//! Calls of nested SDFGs: their containers are parts of the caller's memory.

use super::error::{Fault, InterpretError};
use super::machine::{Frame, Machine, unknown_symbol};
use super::memory::{Content, Dim, View};
use crate::{Data, Memlet, Name, NestedSdfg, NodeId, State, Wcr};
use smallvec::SmallVec;
use std::collections::HashMap;

/// A connector and the memory that its memlet names.
struct Bound<'s> {
    name: &'s Name,
    data: &'s Data,
    memlet: &'s Memlet,
    outer: View,
}

/// Results that are combined with what the caller has after the call.
struct Combined {
    inner: View,
    outer: View,
    wcr: Wcr,
}

impl Machine {
    pub(super) fn run_nested(
        &mut self,
        frame: &mut Frame<'_>,
        state: &State,
        id: NodeId,
        nested: &NestedSdfg,
    ) -> Result<(), InterpretError> {
        let mut symbols = HashMap::new();
        for symbol in nested.sdfg.free_symbols() {
            let expr = nested.symbols.get(&symbol).ok_or_else(|| unknown_symbol(&symbol))?;
            symbols.insert(symbol, frame.eval(expr)?);
        }
        let mut inner = self.frame(&nested.sdfg, symbols)?;
        let mut temporary = Vec::new();
        let mut combined = Vec::new();
        let mut written = HashMap::new();
        for edge in state.out_edges(id) {
            let (Some(name), Some(memlet)) = (edge.src_conn(), edge.memlet()) else { continue };
            if frame.is_stream(&memlet.data) {
                inner.bind_queues(name, frame.queues_at(&memlet.data, &memlet.subset)?)?;
                continue;
            }
            let bound = self.bind(frame, &inner, nested, name, memlet)?;
            let Some(wcr) = memlet.wcr else {
                written.insert(name.clone(), bound.outer.clone());
                inner.bind(name, bound.outer);
                continue;
            };
            let view = self.memory.allocate(name, bound.data.dtype(), inner.dims(bound.data)?)?;
            self.memory.track_writes(&view);
            inner.bind(name, view.clone());
            temporary.push(view.clone());
            combined.push(Combined { inner: view, outer: bound.outer, wcr });
        }
        for edge in state.in_edges(id) {
            let (Some(name), Some(memlet)) = (edge.dst_conn(), edge.memlet()) else { continue };
            if frame.is_stream(&memlet.data) {
                inner.bind_queues(name, frame.queues_at(&memlet.data, &memlet.subset)?)?;
                continue;
            }
            let bound = self.bind(frame, &inner, nested, name, memlet)?;
            if nested.outputs.contains(name) {
                check_same_memory(&bound, written.get(name))?;
            } else {
                self.bind_input(&mut inner, bound, &mut temporary)?;
            }
        }
        self.run_region(&mut inner, &nested.sdfg.body)?;
        self.finish(inner);
        for it in combined {
            self.combine_results(&it)?;
        }
        for view in temporary {
            self.memory.release(&view);
        }
        Ok(())
    }

    /// The part of the caller's memory that a container of the nested SDFG stands for, in the container's dimensions.
    fn bind<'s>(
        &mut self,
        frame: &mut Frame<'_>,
        inner: &Frame<'_>,
        nested: &'s NestedSdfg,
        name: &'s Name,
        memlet: &'s Memlet,
    ) -> Result<Bound<'s>, InterpretError> {
        let data = nested.sdfg.container(name).ok_or_else(|| Fault::NoContainer(name.clone()))?;
        let slice = self.slice(frame, &memlet.data, &memlet.subset)?;
        let dims = inner.dims(data)?;
        // A dimension of one element counts for nothing: a size may have become 1 where it was a symbol before.
        let long = |dims: &[Dim]| dims.iter().filter(|dim| dim.extent != 1).copied().collect::<Vec<_>>();
        let (declared, given) = (long(&dims), long(&slice.dims));
        let extents = |dims: &[Dim]| dims.iter().map(|dim| dim.extent).collect::<Vec<_>>();
        if extents(&declared) != extents(&given) {
            let fault = Fault::Shapes { container: name.clone(), here: extents(&dims), there: slice.shape() };
            return Err(fault.into());
        }
        let strides = |dims: &[Dim]| dims.iter().map(|dim| dim.stride).collect::<Vec<_>>();
        if slice.len() > 1 && strides(&declared) != strides(&given) {
            return Err(Fault::Strides {
                container: name.clone(),
                declared: strides(&declared),
                given: strides(&given),
            }
            .into());
        }
        Ok(Bound { name, data, memlet, outer: slice.with_dims(dims) })
    }

    fn bind_input(
        &mut self,
        inner: &mut Frame<'_>,
        bound: Bound<'_>,
        temporary: &mut Vec<View>,
    ) -> Result<(), InterpretError> {
        if let Data::Scalar(scalar) = bound.data {
            // By value: the nested SDFG may assign to it without being seen.
            let copy = self.memory.allocate(bound.name, scalar.dtype, SmallVec::new())?;
            let content = self.memory.read(&bound.outer, bound.outer.offset as usize)?;
            self.memory.write(&copy, 0, content)?;
            temporary.push(copy.clone());
            inner.bind(bound.name, copy);
        } else {
            inner.bind(bound.name, bound.outer);
        }
        Ok(())
    }

    fn combine_results(&mut self, it: &Combined) -> Result<(), InterpretError> {
        for (from, to) in it.inner.positions().into_iter().zip(it.outer.positions()) {
            // What the nested SDFG did not write takes no part.
            if let Content::Value(value) = self.memory.read(&it.inner, from)? {
                self.memory.update(&it.outer, to, value, it.wcr)?;
            }
        }
        Ok(())
    }
}

/// What is read and written is one container inside, so it must be the same memory outside.
fn check_same_memory(read: &Bound<'_>, written: Option<&View>) -> Result<(), InterpretError> {
    if written.is_some_and(|view| view.starts_with(&read.outer)) {
        return Ok(());
    }
    Err(Fault::Malformed(format!("`{}` is read as {} and written elsewhere", read.name, read.memlet)).into())
}
