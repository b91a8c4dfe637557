//! Tasklets: the typed language on the data of connectors.
//!
//! Inputs that carry one element are read before the body runs, outputs that carry one element are written after it.
//! Elements of connectors with dimensions are read and written where the body does it.

use super::error::{Fault, InterpretError};
use super::expression::{Names, content, indices, truth};
use super::machine::{Frame, Machine};
use super::memory::{Content, View};
use super::stream::End;
use crate::code::TypeError;
use crate::{Connector, Expr, Memlet, Name, NodeId, State, Stmt, Tasklet, TaskletCode, Wcr};
use std::collections::HashMap;

/// A connector with dimensions.
#[derive(Debug)]
pub(super) struct Port {
    pub(super) view: View,
    wcr: Option<Wcr>,
}

/// An output that carries one element, written at the end.
#[derive(Debug)]
struct Target<'s> {
    connector: &'s Name,
    place: Place,
    memlet: &'s Memlet,
}

/// Where an output goes.
#[derive(Debug)]
enum Place {
    Memory(View),
    Queue(End),
}

/// A tasklet that is running.
pub(super) struct Running<'m, 'f, 's> {
    pub(super) machine: &'m mut Machine,
    pub(super) frame: &'f Frame<'s>,
    /// Connectors that carry one element, and variables.
    values: HashMap<Name, Content>,
    /// Connectors with dimensions.
    pub(super) ports: HashMap<Name, Port>,
}

impl Machine {
    pub(super) fn run_tasklet(
        &mut self,
        frame: &mut Frame<'_>,
        state: &State,
        id: NodeId,
        tasklet: &Tasklet,
    ) -> Result<(), InterpretError> {
        let external = matches!(tasklet.code, TaskletCode::External(_));
        let (mut values, mut ports, mut targets) = (HashMap::new(), HashMap::new(), Vec::new());
        for edge in state.in_edges(id) {
            let (Some(name), Some(memlet)) = (edge.dst_conn(), edge.memlet()) else { continue };
            let connector = connector(name, tasklet.inputs.get(name))?;
            if let Some([content]) = frame.taken_elements(state, edge).as_deref() {
                values.insert(name.clone(), content.clone());
            } else if frame.is_stream(&memlet.data) {
                values.insert(name.clone(), self.pop(frame, memlet)?);
            } else if connector.rank == 0 && !external {
                values.insert(name.clone(), self.read_scalar(frame, name, memlet)?);
            } else {
                ports.insert(name.clone(), self.port(frame, name, connector, memlet, external)?);
            }
        }
        for edge in state.out_edges(id) {
            let (Some(name), Some(memlet)) = (edge.src_conn(), edge.memlet()) else { continue };
            let connector = connector(name, tasklet.outputs.get(name))?;
            if frame.is_stream(&memlet.data) {
                let place = Place::Queue(frame.queue(&memlet.data, Some(&memlet.subset))?);
                targets.push(Target { connector: name, place, memlet });
            } else if connector.rank == 0 && !external {
                let place = Place::Memory(self.scalar_view(frame, name, memlet)?);
                targets.push(Target { connector: name, place, memlet });
            } else {
                ports.insert(name.clone(), self.port(frame, name, connector, memlet, external)?);
            }
        }
        let mut running = Running { machine: self, frame, values, ports };
        match &tasklet.code {
            TaskletCode::Native(stmts) => running.run(tasklet, stmts)?,
            TaskletCode::External(call) => running.call(call)?,
            TaskletCode::Foreign(foreign) => return Err(Fault::Foreign(foreign.language.name()).into()),
        }
        let values = running.values;
        for target in targets {
            self.write_output(&values, &target)?;
        }
        Ok(())
    }

    fn write_output(
        &mut self,
        values: &HashMap<Name, Content>,
        target: &Target<'_>,
    ) -> Result<(), InterpretError> {
        match values.get(target.connector) {
            Some(content) => match &target.place {
                Place::Queue(queue) => queue.push(content.clone()),
                Place::Memory(view) => {
                    self.memory.store(view, view.offset as usize, content.clone(), target.memlet.wcr)
                }
            },
            None if target.memlet.dynamic => Ok(()),
            None => Err(Fault::NoOutput(target.connector.clone()).into()),
        }
    }

    fn scalar_view(
        &mut self,
        frame: &mut Frame<'_>,
        name: &Name,
        memlet: &Memlet,
    ) -> Result<View, InterpretError> {
        let view = self.part(frame, &memlet.data, &memlet.subset)?;
        if view.len() == 1 {
            return Ok(view);
        }
        Err(Fault::Shapes { container: name.clone(), here: Vec::new(), there: view.shape() }.into())
    }

    /// The value of an input; where less may be read than the memlet says, faults wait until the value is used.
    fn read_scalar(
        &mut self,
        frame: &mut Frame<'_>,
        name: &Name,
        memlet: &Memlet,
    ) -> Result<Content, InterpretError> {
        let view = match self.scalar_view(frame, name, memlet) {
            Err(error) if memlet.dynamic => return Ok(Content::Unwritten(error.fault)),
            other => other?,
        };
        self.memory.read(&view, view.offset as usize)
    }

    fn port(
        &mut self,
        frame: &mut Frame<'_>,
        name: &Name,
        connector: &Connector,
        memlet: &Memlet,
        external: bool,
    ) -> Result<Port, InterpretError> {
        if external && memlet.wcr.is_some() {
            let message = format!("a routine writes `{name}` itself, and cannot combine it: {memlet}");
            return Err(Fault::Malformed(message).into());
        }
        let view = self.slice(frame, &memlet.data, &memlet.subset)?;
        if view.dims.len() != connector.rank && !external {
            return Err(Fault::Malformed(format!(
                "the connector `{name}` has {} dimensions, its memlet {memlet} has {}",
                connector.rank,
                view.dims.len()
            ))
            .into());
        }
        Ok(Port { view, wcr: memlet.wcr })
    }
}

impl Running<'_, '_, '_> {
    fn run(&mut self, tasklet: &Tasklet, stmts: &[Stmt]) -> Result<(), InterpretError> {
        for stmt in stmts {
            self.machine.step()?;
            match stmt {
                Stmt::Assign { target, value } => {
                    let content = content(value, self)?;
                    if let (Content::Value(value), Some(output)) = (&content, tasklet.outputs.get(target)) {
                        expect_type(target, output, value.dtype())?;
                    }
                    self.values.insert(target.clone(), content);
                }
                Stmt::Store { target, indices: at, value } => {
                    let content = content(value, self)?;
                    let at = indices(target, at, self)?;
                    self.store(target, &at, content)?;
                }
                Stmt::If { condition, then, otherwise } => {
                    let path = if truth(condition, self)? { then } else { otherwise };
                    self.run(tasklet, path)?;
                }
            }
        }
        Ok(())
    }

    fn store(&mut self, target: &Name, at: &[i64], content: Content) -> Result<(), InterpretError> {
        let port = self.ports.get(target).ok_or_else(|| TypeError::Undefined(target.clone()))?;
        if let Content::Value(value) = &content {
            expect_type(target, &Connector::scalar(port.view.dtype), value.dtype())?;
        }
        let position = port.view.position(target, at)?;
        self.machine.memory.store(&port.view, position, content, port.wcr)
    }
}

impl Names for Running<'_, '_, '_> {
    fn get(&mut self, name: &Name) -> Result<Content, InterpretError> {
        if let Some(content) = self.values.get(name) {
            return Ok(content.clone());
        }
        // A call of a routine has every connector as memory, also those whose one element it takes by value.
        let port = self.ports.get(name).filter(|port| port.view.dims.is_empty());
        let port = port.ok_or_else(|| TypeError::Undefined(name.clone()))?;
        self.machine.memory.read(&port.view, port.view.offset as usize)
    }

    fn load(&mut self, name: &Name, indices: &[i64]) -> Result<Content, InterpretError> {
        let port = self.ports.get(name).ok_or_else(|| TypeError::Undefined(name.clone()))?;
        let position = port.view.position(name, indices)?;
        self.machine.memory.read(&port.view, position)
    }

    fn symbolic(&mut self, expr: &Expr) -> Result<i64, InterpretError> {
        self.frame.eval(expr)
    }
}

fn connector<'t>(name: &Name, connector: Option<&'t Connector>) -> Result<&'t Connector, InterpretError> {
    connector.ok_or_else(|| Fault::Malformed(format!("the tasklet has no connector `{name}`")).into())
}

fn expect_type(target: &Name, output: &Connector, given: crate::DType) -> Result<(), InterpretError> {
    if output.dtype == given {
        return Ok(());
    }
    Err(Fault::Malformed(format!("`{target}` is of type {}, its new value of type {given}", output.dtype))
        .into())
}
