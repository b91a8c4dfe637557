//! Tasklets: computations on the elements that their edges name.
//!
//! A tasklet reads all of its inputs before it writes an output. Loads are put where their values are used, as long as
//! that cannot be told from loading first; otherwise they go into constants.
//!
//! ```text
//! {out = a*x + y} with a: a, x: x[i], y: y[i], out: y[i]          y[i] = a*x[i] + y[i];
//! {p = b; q = a}  with a, p: A[i], b, q: B[i]                     const double b = B[i]; const double a = A[i]; …
//! ```

use super::conflicts::WriteMode;
use super::expressions::{Resolve, truth};
use super::states::StateContext;
use super::{Function, Result};
use crate::CodegenError;
use crate::tree::{Place, Stmt, Value};
use dacec_ir::library::{Dense, blas};
use dacec_ir::node::ExternalCall;
use dacec_ir::state::EdgeView;
use dacec_ir::{
    Constant, DType, IndexMap, Memlet, Name, NodeId, ScalarExpr, Stmt as Code, Subset, Tasklet, TaskletCode,
};
use std::collections::BTreeSet;

/// What the names of a tasklet mean.
#[derive(Default)]
struct Scope {
    /// Inputs with one element, and local variables.
    values: IndexMap<Name, Value>,
    /// Connectors with several elements: container and subset.
    boxes: IndexMap<Name, (Name, Subset)>,
    /// Outputs with one element that are written where they are assigned.
    direct: BTreeSet<Name>,
    /// Variables that tell whether an output was given a value, where it need not be.
    given: IndexMap<Name, Name>,
}

/// A tasklet's names, with the function around it.
struct Names<'t, 'f, 's, 'a> {
    function: &'f Function<'s, 'a>,
    scope: &'t Scope,
}

impl Resolve for Names<'_, '_, '_, '_> {
    fn name(&self, name: &Name) -> Result<Value> {
        let value = self.scope.values.get(name).cloned();
        value.ok_or_else(|| {
            CodegenError::Invalid(format!("a tasklet reads `{name}`, which has no value there"))
        })
    }

    fn load(&self, name: &Name, indices: Vec<Value>) -> Result<Value> {
        let (data, subset) = self.scope.boxes.get(name).ok_or_else(|| {
            CodegenError::Invalid(format!(
                "a tasklet indexes `{name}`, which is no connector with dimensions"
            ))
        })?;
        Ok(self.function.element_of(data, subset, &indices)?.value())
    }
}

impl<'a> Function<'_, 'a> {
    pub(super) fn lower_tasklet(
        &mut self,
        context: &mut StateContext<'a>,
        id: NodeId,
        tasklet: &'a Tasklet,
        out: &mut Vec<Stmt>,
    ) -> Result<()> {
        let state = context.view.state;
        let mut scope = Scope::default();
        let code: &[Code] = match &tasklet.code {
            TaskletCode::Native(code) => code,
            TaskletCode::External(_) => &[],
            TaskletCode::Foreign(code) => return self.lower_foreign(context, id, (tasklet, code), out),
        };
        let outputs = state.out_edges(id);
        let written: BTreeSet<&Name> =
            outputs.iter().filter_map(|edge| edge.memlet()).map(|memlet| &memlet.data).collect();
        let reads_first = matches!(code, [Code::Assign { .. }]) && outputs.len() <= 1;
        for (name, connector) in &tasklet.inputs {
            let memlet = input(context, id, tasklet, name)?;
            if connector.rank > 0 {
                scope.boxes.insert(name.clone(), (memlet.data.clone(), memlet.subset.clone()));
                continue;
            }
            if let Some(value) = self.taken_input(context, id, name) {
                scope.values.insert(name.clone(), value);
                continue;
            }
            if self.is_stream(&memlet.data) {
                let value = self.pop(memlet, name, out)?;
                scope.values.insert(name.clone(), value);
                continue;
            }
            let place = self.start_of(&memlet.data, &memlet.subset)?;
            let overwritten = written.iter().any(|name| self.aliases.may_overlap(name, &memlet.data));
            let in_place = reads_first || !overwritten;
            let again = uses(code, name) > 1 && matches!(place, Place::Element { .. });
            let value =
                if in_place && !again { place.value() } else { self.constant(name, place.value(), out) };
            scope.values.insert(name.clone(), value);
        }
        if let TaskletCode::External(call) = &tasklet.code {
            if let Some((op, dtype)) = Dense::of_routine(call.named().0) {
                out.push(self.lower_dense(context, id, (tasklet, call), op, dtype)?);
                return Ok(());
            }
            if call.routine.as_str() == ExternalCall::PYTHON {
                out.push(self.lower_python(context, id, (tasklet, call))?);
                return Ok(());
            }
            let names = Names { function: self, scope: &scope };
            let resolve = |expr: &ScalarExpr| self.value(expr, &names);
            if let Some(routine) = blas::Routine::find(call.named().0) {
                let mut lowered = self.lower_blas(context, id, (tasklet, call), routine, &resolve)?;
                // What needs memory can be without.
                if matches!(routine.0.name, "sort" | "argsort") {
                    lowered.failure = Some(self.failure("there is no memory to sort", tasklet.span));
                }
                out.push(Stmt::Routine(Box::new(lowered)));
                return Ok(());
            }
            let gemm = self.lower_gemm(context, id, (tasklet, call), &resolve)?;
            let stmt = match gemm {
                Some(gemm) => gemm,
                None => {
                    let (callee, rest) = self.callee((tasklet, call))?;
                    let arguments = self.arguments(context, id, (tasklet, call, rest), &resolve)?;
                    self.lower_foreign_call((tasklet, call), callee, arguments)
                }
            };
            out.push(stmt);
            return Ok(());
        }
        let last = self.bind_outputs(context, id, tasklet, code, &mut scope, out)?;
        self.lower_code(context, id, code, &mut scope, out, true)?;
        for name in last {
            let value = scope.values[&name].clone();
            let Some(given) = scope.given.get(&name).cloned() else {
                self.write_output(context, id, &name, &[], value, out)?;
                continue;
            };
            let mut body = Vec::new();
            self.shared.names.open();
            self.write_output(context, id, &name, &[], value, &mut body)?;
            self.shared.names.close();
            let given = Value::Variable(given, DType::Bool);
            out.push(Stmt::If { branches: vec![(given, body)], otherwise: Vec::new() });
        }
        Ok(())
    }

    /// The element that an iteration of a consume scope took, if an input is that.
    pub(super) fn taken_input(&self, context: &StateContext<'a>, id: NodeId, name: &Name) -> Option<Value> {
        let edges = context.view.state.in_edges(id);
        edges
            .into_iter()
            .find(|edge| edge.dst_conn() == Some(name))
            .and_then(|edge| self.taken(context, edge))
            .map(|taken| taken.value)
    }

    /// A constant with the value; returns its value.
    fn constant(&mut self, name: &Name, value: Value, out: &mut Vec<Stmt>) -> Value {
        let (local, dtype) = (self.shared.names.local(name), value.dtype());
        out.push(Stmt::Declare { name: local.clone(), dtype, value: Some(value), constant: true });
        Value::Variable(local, dtype)
    }

    /// Decides where outputs are written: those that are not written where they are assigned get a variable, and are
    /// returned.
    fn bind_outputs(
        &mut self,
        context: &StateContext<'a>,
        id: NodeId,
        tasklet: &Tasklet,
        code: &[Code],
        scope: &mut Scope,
        out: &mut Vec<Stmt>,
    ) -> Result<Vec<Name>> {
        let mut last = Vec::new();
        for (name, connector) in &tasklet.outputs {
            let edges = output_edges(context, id, name);
            if connector.rank > 0 {
                let memlet = edges.first().and_then(|edge| edge.memlet());
                let memlet = memlet.ok_or_else(|| unconnected(tasklet, name))?;
                scope.boxes.insert(name.clone(), (memlet.data.clone(), memlet.subset.clone()));
                continue;
            }
            let dynamic = edges.iter().all(|edge| edge.memlet().is_some_and(|memlet| memlet.dynamic));
            // Every push counts; of several values that are stored the last one stays.
            let pushes = edges.iter().filter_map(|it| it.memlet()).any(|it| self.is_stream(&it.data));
            if uses(code, name) == 0 && (assignments(code, name) == 1 || dynamic && !pushes) {
                scope.direct.insert(name.clone());
                continue;
            }
            let (local, dtype) = (self.shared.names.local(name), connector.dtype);
            out.push(Stmt::Declare { name: local.clone(), dtype, value: None, constant: false });
            if dynamic {
                let given = self.shared.names.local(&format!("{name}_given"));
                let (dtype, no) = (DType::Bool, Some(Value::Constant(Constant::Bool(false))));
                out.push(Stmt::Declare { name: given.clone(), dtype, value: no, constant: false });
                scope.given.insert(name.clone(), given);
            }
            scope.values.insert(name.clone(), Value::Variable(local, dtype));
            last.push(name.clone());
        }
        Ok(last)
    }

    /// Lowers the statements of a tasklet, or those of one of its branches.
    fn lower_code(
        &mut self,
        context: &mut StateContext<'a>,
        id: NodeId,
        code: &[Code],
        scope: &mut Scope,
        out: &mut Vec<Stmt>,
        outermost: bool,
    ) -> Result<()> {
        for stmt in code {
            match stmt {
                Code::Assign { target, value } => {
                    let value = self.value(value, &Names { function: self, scope })?;
                    if scope.direct.contains(target) {
                        self.write_output(context, id, target, &[], value, out)?;
                    } else {
                        self.assign_local(target, value, scope, out, outermost)?;
                        if let Some(given) = scope.given.get(target) {
                            let place = Place::Variable(given.clone(), DType::Bool);
                            let value = Value::Constant(Constant::Bool(true));
                            out.push(Stmt::Store { place, value });
                        }
                    }
                }
                Code::Store { target, indices, value } => {
                    let names = Names { function: self, scope };
                    let position =
                        indices.iter().map(|index| self.value(index, &names)).collect::<Result<Vec<_>>>()?;
                    let value = self.value(value, &names)?;
                    self.write_output(context, id, target, &position, value, out)?;
                }
                Code::If { condition, then, otherwise } => {
                    let condition = truth(self.value(condition, &Names { function: self, scope })?);
                    // Variables that a branch assigns first live beside it, since both branches may do so.
                    self.declare_locals(then, scope, out)?;
                    self.declare_locals(otherwise, scope, out)?;
                    let mut branches = [Vec::new(), Vec::new()];
                    for (branch, code) in branches.iter_mut().zip([then, otherwise]) {
                        self.shared.names.open();
                        self.lower_code(context, id, code, scope, branch, false)?;
                        self.shared.names.close();
                    }
                    let [then, otherwise] = branches;
                    out.push(Stmt::If { branches: vec![(condition, then)], otherwise });
                }
            }
        }
        Ok(())
    }

    /// Gives a value to a variable of the tasklet, which begins to exist with its first one.
    fn assign_local(
        &mut self,
        target: &Name,
        value: Value,
        scope: &mut Scope,
        out: &mut Vec<Stmt>,
        outermost: bool,
    ) -> Result<()> {
        match scope.values.get(target) {
            Some(Value::Variable(name, dtype)) => {
                let place = Place::Variable(name.clone(), *dtype);
                out.push(Stmt::Store { place, value });
                Ok(())
            }
            None if outermost => {
                let (name, dtype) = (self.shared.names.local(target), value.dtype());
                out.push(Stmt::Declare { name: name.clone(), dtype, value: Some(value), constant: false });
                scope.values.insert(target.clone(), Value::Variable(name, dtype));
                Ok(())
            }
            _ => Err(CodegenError::Invalid(format!(
                "a tasklet assigns `{target}`, which is one of its inputs"
            ))),
        }
    }

    /// Declares the variables that statements of a branch assign first.
    fn declare_locals(&mut self, code: &[Code], scope: &mut Scope, out: &mut Vec<Stmt>) -> Result<()> {
        for stmt in code {
            match stmt {
                Code::Assign { target, value } => {
                    if scope.direct.contains(target) || scope.values.contains_key(target) {
                        continue;
                    }
                    let dtype = self.value(value, &Names { function: self, scope })?.dtype();
                    let name = self.shared.names.local(target);
                    out.push(Stmt::Declare { name: name.clone(), dtype, value: None, constant: false });
                    scope.values.insert(target.clone(), Value::Variable(name, dtype));
                }
                Code::If { then, otherwise, .. } => {
                    self.declare_locals(then, scope, out)?;
                    self.declare_locals(otherwise, scope, out)?;
                }
                Code::Store { .. } => {}
            }
        }
        Ok(())
    }

    /// Writes one element of an output along all of its edges.
    pub(super) fn write_output(
        &mut self,
        context: &mut StateContext<'a>,
        id: NodeId,
        name: &Name,
        position: &[Value],
        value: Value,
        out: &mut Vec<Stmt>,
    ) -> Result<()> {
        let edges = output_edges(context, id, name);
        let value = if edges.len() > 1 { self.constant(name, value, out) } else { value };
        for edge in edges {
            let Some(memlet) = edge.memlet() else { continue };
            let stmt = match self.is_stream(&memlet.data) {
                true => self.push(memlet, value.clone())?,
                false => self.write(context, edge.id, memlet, position, value.clone())?,
            };
            out.push(stmt);
        }
        Ok(())
    }

    /// Writes one element of a memlet's subset, as the memlet says.
    pub(super) fn write(
        &self,
        context: &StateContext<'_>,
        edge: dacec_ir::EdgeId,
        memlet: &Memlet,
        position: &[Value],
        value: Value,
    ) -> Result<Stmt> {
        let Some(wcr) = memlet.wcr else {
            return Ok(Stmt::Store { place: self.position(memlet, position)?, value });
        };
        if let Some(WriteMode::Accumulate(variable, dtype)) = context.modes.get(&edge) {
            let place = Place::Variable(variable.clone(), *dtype);
            return self.update(place, wcr, value, false);
        }
        let atomic = self.needs_atomic(context, edge, &memlet.data);
        self.update(self.position(memlet, position)?, wcr, value, atomic)
    }

    /// An element of a memlet's subset; without position, the only one.
    fn position(&self, memlet: &Memlet, position: &[Value]) -> Result<Place> {
        match position {
            [] => self.start_of(&memlet.data, &memlet.subset),
            _ => self.element_of(&memlet.data, &memlet.subset, position),
        }
    }
}

/// What an input connector reads.
pub(super) fn input<'c>(
    context: &StateContext<'c>,
    id: NodeId,
    tasklet: &Tasklet,
    name: &Name,
) -> Result<&'c Memlet> {
    let edges = context.view.state.in_edges(id);
    let edge = edges.into_iter().find(|edge| edge.dst_conn() == Some(name));
    edge.and_then(|edge| edge.memlet()).ok_or_else(|| unconnected(tasklet, name))
}

/// The edges that leave an output connector.
pub(super) fn output_edges<'c>(context: &StateContext<'c>, id: NodeId, name: &Name) -> Vec<EdgeView<'c>> {
    let mut edges = context.view.state.out_edges(id);
    edges.retain(|edge| edge.src_conn() == Some(name));
    edges
}

pub(super) fn unconnected(tasklet: &Tasklet, name: &Name) -> CodegenError {
    CodegenError::Invalid(format!("the connector `{name}` of the tasklet `{}` has no edge", tasklet.label))
}

/// How often statements read a name.
fn uses(code: &[Code], name: &Name) -> usize {
    let mut count = 0;
    for stmt in code {
        stmt.visit_exprs(&mut |expr| {
            expr.visit(&mut |part| count += usize::from(matches!(part, ScalarExpr::Name(it) if it == name)));
        });
    }
    count
}

/// How often statements assign a name.
fn assignments(code: &[Code], name: &Name) -> usize {
    let count = |stmt: &Code| match stmt {
        Code::Assign { target, .. } => usize::from(target == name),
        Code::Store { .. } => 0,
        Code::If { then, otherwise, .. } => assignments(then, name) + assignments(otherwise, name),
    };
    code.iter().map(count).sum()
}
