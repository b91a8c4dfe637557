//! Replacing variables in statements.

use super::tidy::blocks_mut;
use crate::tree::{Index, Place, RoutineArgument, Stmt, Value, Written};
use dacec_ir::symbolic::Substitution;
use dacec_ir::{Expr, Name};
use std::collections::BTreeMap;

/// New names for variables, and values for those that only index arithmetic uses.
#[derive(Clone, Debug, Default)]
pub(super) struct Rewrite {
    values: Substitution,
    names: BTreeMap<Name, Name>,
}

impl Rewrite {
    /// Replaces a variable of index arithmetic by a value.
    pub(super) fn replace(&mut self, variable: &Name, value: Expr) {
        self.values.insert(variable, value);
    }

    /// Gives a variable another name.
    pub(super) fn rename(&mut self, variable: &Name, name: Name) {
        self.values.insert(variable, Expr::sym(&name));
        self.names.insert(variable.clone(), name);
    }

    /// Rewrites everything that the statements compute, and the declarations of renamed variables.
    pub(super) fn statements(&self, stmts: &mut [Stmt]) {
        stmts.iter_mut().for_each(|stmt| self.statement(stmt));
    }

    fn statement(&self, stmt: &mut Stmt) {
        match stmt {
            Stmt::Declare { name, value, .. } => {
                self.name(name);
                value.iter_mut().for_each(|value| self.value(value));
            }
            Stmt::Pointer { to, .. } | Stmt::Refer { to, .. } => self.place(to),
            Stmt::Foreign { bindings, .. } => {
                bindings.iter_mut().for_each(|(_, variable)| self.name(variable))
            }
            Stmt::HeapArray { extents, .. } => extents.iter_mut().for_each(|extent| self.value(extent)),
            Stmt::Queues { count, capacity, .. } => {
                self.value(count);
                capacity.iter_mut().for_each(|value| self.value(value));
            }
            Stmt::Push { queue, value, .. } => {
                self.index(&mut queue.index);
                self.value(value);
            }
            Stmt::Pop { queue, into, got } => {
                self.index(&mut queue.index);
                self.name(into);
                self.name(got);
            }
            Stmt::Store { place, value }
            | Stmt::Update { place, value, .. }
            | Stmt::Combine { place, value, .. } => {
                self.place(place);
                self.value(value);
            }
            Stmt::Search { place, first, count, .. } => {
                [place, first].into_iter().for_each(|place| self.place(place));
                self.value(count);
            }
            Stmt::For(it) => {
                [&mut it.start, &mut it.stop, &mut it.step].into_iter().for_each(|value| self.value(value));
                if let Some(parallel) = &mut it.parallel {
                    parallel.when.iter_mut().for_each(|value| self.value(value));
                    parallel.reductions.iter_mut().for_each(|it| self.name(&mut it.variable));
                }
            }
            Stmt::While { condition, .. } | Stmt::DoWhile { condition, .. } => self.value(condition),
            Stmt::If { branches, .. } => branches.iter_mut().for_each(|(it, _)| self.value(it)),
            Stmt::Gemm(gemm) => {
                let values = gemm.sizes.iter_mut().chain([&mut gemm.alpha]).chain(&mut gemm.beta);
                values.for_each(|value| self.value(value));
                for matrix in [&mut gemm.a, &mut gemm.b, &mut gemm.c] {
                    self.place(&mut matrix.first);
                    self.value(&mut matrix.row_stride);
                    self.value(&mut matrix.column_stride);
                }
            }
            Stmt::Routine(routine) => routine.arguments.iter_mut().for_each(|argument| match argument {
                RoutineArgument::Value(value) => self.value(value),
                RoutineArgument::Pointer(place, _) => self.place(place),
            }),
            Stmt::Python(call) => {
                self.place(&mut call.interpreter);
                call.data.iter_mut().for_each(|place| self.place(place));
                call.extents.iter_mut().for_each(|extent| self.value(extent));
            }
            Stmt::Print(pieces) => pieces.iter_mut().for_each(|piece| self.piece(piece)),
            Stmt::Source(_)
            | Stmt::StartTimer { .. }
            | Stmt::StopTimer { .. }
            | Stmt::ConstantArray { .. }
            | Stmt::StackArray { .. }
            | Stmt::Reference { .. }
            | Stmt::Block { .. }
            | Stmt::Break
            | Stmt::Continue
            | Stmt::Leave(_)
            | Stmt::Fail { .. }
            | Stmt::Propagate => {}
        }
        blocks_mut(stmt).into_iter().for_each(|body| self.statements(body));
    }

    fn piece(&self, piece: &mut Written) {
        match piece {
            Written::Text(_) => {}
            Written::Value(value, _) => self.value(value),
            Written::Array { first, extents, strides } => {
                self.place(first);
                extents.iter_mut().chain(strides).for_each(|value| self.value(value));
            }
        }
    }

    fn name(&self, name: &mut Name) {
        if let Some(new) = self.names.get(name) {
            *name = new.clone();
        }
    }

    fn place(&self, place: &mut Place) {
        match place {
            Place::Variable(name, _) => self.name(name),
            Place::Element { index, .. } => self.index(index),
        }
    }

    fn index(&self, index: &mut Index) {
        for (value, stride) in &mut index.terms {
            self.value(value);
            *stride = stride.subs(&self.values);
        }
    }

    fn value(&self, value: &mut Value) {
        match value {
            Value::Constant(_) | Value::IsNull(_) => {}
            Value::Variable(name, _) => self.name(name),
            Value::Index(expr) => *expr = expr.subs(&self.values),
            Value::Load { index, .. } => self.index(index),
            Value::Unary(_, _, operand) | Value::Cast { value: operand, .. } => self.value(operand),
            Value::Binary(_, _, lhs, rhs) => {
                self.value(lhs);
                self.value(rhs);
            }
            Value::Call(_, _, operands) => operands.iter_mut().for_each(|operand| self.value(operand)),
            Value::Select(condition, then, otherwise) => {
                [condition, then, otherwise].into_iter().for_each(|part| self.value(part));
            }
        }
    }
}
