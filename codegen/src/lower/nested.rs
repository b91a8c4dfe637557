//! Nested SDFGs: blocks in place, with the names of the inner function.
//!
//! ```text
//! inner(x: float64[M]) with x = A[i, 0:N], M = N      { double *x = &A[i*N]; … }
//! ```
//!
//! An inner array is a pointer into the outer container, with the strides of the inner descriptor. An inner scalar is the
//! outer element itself. `return` leads to the end of the block.

use super::conflicts::{self, WriteMode};
use super::places::{Slot, Storage};
use super::states::StateContext;
use super::{Function, Result};
use crate::CodegenError;
use crate::tree::{Escape, Place, Stmt, Value};
use dacec_ir::state::EdgeView;
use dacec_ir::{DType, Data, Expr, Name, NestedSdfg, NodeId, Sdfg, Subset, Wcr};

/// What is to be combined with the outer container when the block ends.
struct Pending(Stmt);

impl<'a> Function<'_, 'a> {
    pub(super) fn lower_nested(
        &mut self,
        context: &StateContext<'a>,
        id: NodeId,
        nested: &'a NestedSdfg,
        out: &mut Vec<Stmt>,
    ) -> Result<()> {
        self.shared.names.open();
        let mut body = Vec::new();
        let symbols = self.pass_symbols(nested, &mut body)?;
        let mut slots = Vec::new();
        let mut pending = Vec::new();
        for (name, data) in &nested.sdfg.containers {
            if !data.is_transient() {
                let slot = self.bind_container(context, id, nested, (name, data), &mut body, &mut pending)?;
                slots.push((name.clone(), slot));
            }
        }
        let label = self.shared.names.global(&format!("end_of_{}", nested.sdfg.name));
        let mut inner = Function::new(self.shared, &nested.sdfg);
        inner.leave = Escape::Label(label.clone());
        inner.symbols.extend(symbols);
        inner.slots.extend(slots);
        inner.promote_scalar_arguments(false, &mut body)?;
        inner.lower_body(&mut body)?;
        let leaves = inner.leaves;
        let dropped = super::drop_last_leave(&mut body, &Escape::Label(label.clone()));
        let label = (leaves > usize::from(dropped)).then_some(label);
        self.shared.names.close();
        if !pending.is_empty() {
            // The values are combined after a `return`, too: it ends the inner block only.
            let declared = body.iter().take_while(|stmt| is_declaration(stmt)).count();
            let rest = body.split_off(declared);
            body.push(Stmt::Block { body: rest, label });
            body.extend(pending.into_iter().map(|Pending(stmt)| stmt));
            out.push(Stmt::Block { body, label: None });
        } else {
            out.push(Stmt::Block { body, label });
        }
        self.line = 0;
        Ok(())
    }

    /// The inner symbols with their values; those that are no plain names become variables.
    fn pass_symbols(&mut self, nested: &NestedSdfg, out: &mut Vec<Stmt>) -> Result<Vec<(Name, Expr)>> {
        let mut symbols = Vec::new();
        for (symbol, value) in &nested.symbols {
            let value = self.expr(value)?;
            let changes = assigns(&nested.sdfg, symbol);
            if !changes && (value.as_int().is_some() || value.as_symbol().is_some()) {
                symbols.push((symbol.clone(), value));
                continue;
            }
            let name = self.shared.names.local(symbol);
            symbols.push((symbol.clone(), Expr::sym(&name)));
            let value = Some(Value::Index(value));
            out.push(Stmt::Declare { name, dtype: DType::Int64, value, constant: !changes });
        }
        Ok(symbols)
    }

    fn bind_container(
        &mut self,
        context: &StateContext<'a>,
        id: NodeId,
        nested: &NestedSdfg,
        (name, data): (&Name, &Data),
        out: &mut Vec<Stmt>,
        pending: &mut Vec<Pending>,
    ) -> Result<Slot> {
        let state = context.view.state;
        let input = state.in_edges(id).into_iter().find(|edge| edge.dst_conn() == Some(name));
        let output = state.out_edges(id).into_iter().find(|edge| edge.src_conn() == Some(name));
        if data.as_stream().is_some() {
            return self.bind_stream(nested, (name, data), [input, output]);
        }
        let memlet = output.or(input).and_then(|edge| edge.memlet()).ok_or_else(|| {
            let place = format!("nested SDFG `{}`", nested.sdfg.name);
            CodegenError::unsupported(place, format!("its container `{name}` is connected to nothing"))
        })?;
        if let (Some(read), Some(written)) =
            (input.and_then(|edge| edge.memlet()), output.and_then(|edge| edge.memlet()))
            && (read.data != written.data || read.subset.start() != written.subset.start())
        {
            let place = format!("nested SDFG `{}`", nested.sdfg.name);
            let what = format!("its container `{name}` is read from `{read}` and written to `{written}`");
            return Err(CodegenError::unsupported(place, what));
        }
        if let Some(edge) = output
            && let Some(wcr) = memlet.wcr
            && !combines_itself(&nested.sdfg, name, wcr)
        {
            return self.bind_result(context, edge, (name, data), out, pending);
        }
        let (place, private) = match output.map(|edge| (edge, context.modes.get(&edge.id))) {
            Some((_, Some(WriteMode::Accumulate(variable, dtype)))) => {
                (Place::Variable(variable.clone(), *dtype), true)
            }
            Some((edge, _)) if memlet.wcr.is_some() => {
                let place = self.start_of(&memlet.data, &memlet.subset)?;
                (place, !self.needs_atomic(context, edge.id, &memlet.data))
            }
            _ => {
                let place = self.start_of(&memlet.data, &memlet.subset)?;
                (place, output.is_none() || !self.is_updated_by_others(context, &memlet.data))
            }
        };
        let storage = match data {
            Data::Scalar(_) if output.is_none() && writes(&nested.sdfg, name) => {
                // An argument by value: what the inner function does to it stays there.
                let (local, dtype) = (self.shared.names.local(name), data.dtype());
                let value = Some(place.value());
                out.push(Stmt::Declare { name: local.clone(), dtype, value, constant: false });
                Storage::Scalar(Place::Variable(local, dtype))
            }
            Data::Scalar(_) => Storage::Scalar(place),
            Data::Array(array) => {
                let pointer = self.point_to(name, place, out);
                Storage::Array { pointer, dtype: array.dtype, strides: Vec::new() }
            }
            // Views, references and constants are internal to a program.
            Data::Stream(_) | Data::View(_) | Data::Reference(_) | Data::Constant(_) => {
                let place = format!("nested SDFG `{}`", nested.sdfg.name);
                return Err(CodegenError::unsupported(place, format!("its container `{name}` is passed")));
            }
        };
        // Threads that start inside of the nested SDFG share what is one thread's own here.
        Ok(Slot { storage, private: private && self.shared.region.parallel })
    }

    /// Whether updates that nested SDFGs make of the container may meet those of another thread.
    fn is_updated_by_others(&self, context: &StateContext<'a>, data: &Name) -> bool {
        let meet = |(entry, threads): &(NodeId, Vec<Name>)| {
            conflicts::nested_writes_meet(context, *entry, threads, data)
        };
        !self.is_private(data) && self.threads.as_ref().is_none_or(meet)
    }

    /// A stream that is passed whole: the inner function uses its queues.
    fn bind_stream(
        &mut self,
        nested: &NestedSdfg,
        (name, data): (&Name, &Data),
        edges: [Option<EdgeView<'a>>; 2],
    ) -> Result<Slot> {
        let mut outer: Option<&Name> = None;
        for memlet in edges.into_iter().flatten().filter_map(|edge| edge.memlet()) {
            let whole = self.sdfg.container(&memlet.data).is_some_and(|stream| {
                memlet.subset == Subset::full(stream.shape()) && stream.rank() == data.rank()
            });
            if !whole || outer.is_some_and(|outer| *outer != memlet.data) {
                let place = format!("nested SDFG `{}`", nested.sdfg.name);
                return Err(CodegenError::unsupported(
                    place,
                    format!("part of a stream is passed as `{name}`"),
                ));
            }
            outer = Some(&memlet.data);
        }
        let outer = outer.ok_or_else(|| {
            let place = format!("nested SDFG `{}`", nested.sdfg.name);
            CodegenError::unsupported(place, format!("its stream `{name}` is connected to nothing"))
        })?;
        Ok(Slot { storage: self.slot(outer)?.storage.clone(), private: false })
    }

    /// A pointer to a place: the array itself where it is the first element.
    pub(super) fn point_to(&mut self, name: &Name, place: Place, out: &mut Vec<Stmt>) -> Name {
        if let Place::Element { array, index, .. } = &place
            && index.terms.is_empty()
        {
            return array.clone();
        }
        let pointer = self.shared.names.local(name);
        out.push(Stmt::Pointer { name: pointer.clone(), dtype: place.dtype(), to: place });
        pointer
    }

    /// A variable for a result that is combined with the outer container in the end.
    fn bind_result(
        &mut self,
        context: &StateContext<'a>,
        edge: EdgeView<'a>,
        (name, data): (&Name, &Data),
        out: &mut Vec<Stmt>,
        pending: &mut Vec<Pending>,
    ) -> Result<Slot> {
        let one = data.shape().iter().all(Expr::is_one);
        let memlet = edge.memlet().filter(|_| one).ok_or_else(|| {
            let what = "an array that a nested SDFG writes is combined with what is there";
            CodegenError::unsupported(format!("container `{name}`"), what)
        })?;
        let (local, dtype) = (self.shared.names.local(name), data.dtype());
        out.push(Stmt::Declare { name: local.clone(), dtype, value: None, constant: false });
        let place = Place::Variable(local.clone(), dtype);
        let stmt = self.write(context, edge.id, memlet, &[], place.value())?;
        pending.push(Pending(stmt));
        let storage = match data {
            Data::Scalar(_) => Storage::Scalar(place),
            _ => {
                let pointer = self.point_to(name, place, out);
                Storage::Array { pointer, dtype, strides: Vec::new() }
            }
        };
        Ok(Slot { storage, private: self.shared.region.parallel })
    }
}

fn is_declaration(stmt: &Stmt) -> bool {
    matches!(stmt, Stmt::Declare { .. } | Stmt::Pointer { .. })
}

/// Whether the SDFG gives values to the symbol.
fn assigns(sdfg: &Sdfg, symbol: &Name) -> bool {
    let mut found = false;
    sdfg.body.visit(&mut |block| {
        found |= block.assignments().any(|it| it.symbol == *symbol);
    });
    found
}

/// Whether the SDFG writes the container.
fn writes(sdfg: &Sdfg, name: &Name) -> bool {
    sdfg.body.states().into_iter().any(|state| {
        let mut edges = state.accesses(name).into_iter().flat_map(|id| state.in_edges(id));
        edges.any(|edge| edge.memlet().is_some())
    })
}

/// Whether every write of the SDFG to the container combines in the given way.
fn combines_itself(sdfg: &Sdfg, name: &Name, wcr: Wcr) -> bool {
    sdfg.body.states().into_iter().all(|state| {
        let mut edges = state.accesses(name).into_iter().flat_map(|id| state.in_edges(id));
        edges.all(|edge| edge.memlet().is_none_or(|memlet| memlet.wcr == Some(wcr)))
    })
}
