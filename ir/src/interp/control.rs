//! Control flow: which state runs next.

use super::array_text::array_text;
use super::error::{Fault, InterpretError};
use super::expression::{evaluate, truth};
use super::machine::{ControlNames, Frame, Machine};
use super::printing::written;
use crate::control_flow::{Effect, LoopHeader, Piece};
use crate::{Assignment, Block, Conditional, Expr, Loop, Machine as StateMachine, Name, Region, ScalarExpr};

/// How a region ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Flow {
    /// With its last block.
    Next,
    /// By leaving the innermost loop.
    Break,
    /// By going to the next iteration of the innermost loop.
    Continue,
    /// By leaving the SDFG.
    Return,
}

impl Machine {
    /// Runs the blocks of a region.
    pub(super) fn run_region(
        &mut self,
        frame: &mut Frame<'_>,
        region: &Region,
    ) -> Result<Flow, InterpretError> {
        for block in &region.blocks {
            let flow = self.run_block(frame, block)?;
            if flow != Flow::Next {
                return Ok(flow);
            }
        }
        Ok(Flow::Next)
    }

    fn run_block(&mut self, frame: &mut Frame<'_>, block: &Block) -> Result<Flow, InterpretError> {
        self.step()?;
        match block {
            Block::State(state) => {
                self.run_state(frame, state).map_err(|e| e.within(format!("state `{}`", state.label)))?;
                Ok(Flow::Next)
            }
            Block::Assign(assignments) => self.run_assignments(frame, assignments),
            Block::Loop(it) => self.run_loop(frame, it).map_err(|e| e.within(format!("loop `{}`", it.label))),
            Block::Conditional(it) => self.run_conditional(frame, it),
            Block::Machine(it) => {
                self.run_machine(frame, it).map_err(|e| e.within(format!("machine `{}`", it.label)))
            }
            Block::Effect(effect) => self.run_effect(frame, effect),
            Block::Break => Ok(Flow::Break),
            Block::Continue => Ok(Flow::Continue),
            Block::Return => Ok(Flow::Return),
        }
    }

    fn run_effect(&mut self, frame: &mut Frame<'_>, effect: &Effect) -> Result<Flow, InterpretError> {
        match effect {
            Effect::Fail { message, span } => {
                Err(Fault::Check { message: message.clone(), line: span.line }.into())
            }
            Effect::Print { pieces, .. } => {
                let mut line = String::new();
                for piece in pieces {
                    let text = match piece {
                        Piece::Text(text) => text.clone(),
                        Piece::Value(value, format) => {
                            let value = evaluate(value, &mut ControlNames { machine: self, frame })?;
                            written(value, *format)
                        }
                        Piece::Array(_) => {
                            let unnamed =
                                || Fault::Malformed("something without a name is printed as an array".into());
                            let name = piece.array().ok_or_else(unnamed)?;
                            let view = self.view(frame, name)?;
                            array_text(&self.gather(&view, true)?)
                        }
                    };
                    line.push_str(&text);
                }
                match &self.host {
                    Some(host) => host.print(&line),
                    None => self.printed.push_str(&line),
                }
                Ok(Flow::Next)
            }
        }
    }

    fn run_assignments(
        &mut self,
        frame: &mut Frame<'_>,
        assignments: &[Assignment],
    ) -> Result<Flow, InterpretError> {
        let mut values = Vec::with_capacity(assignments.len());
        for assignment in assignments {
            let value = evaluate(&assignment.value, &mut ControlNames { machine: self, frame })
                .map_err(|e| e.within(format!("the assignment of `{}`", assignment.symbol)))?;
            let value = match frame.sdfg.symbols.get(&assignment.symbol) {
                Some(dtype) => value.cast(*dtype),
                None => value,
            };
            values.push((assignment.symbol.clone(), value.to_i64()));
        }
        frame.symbols.extend(values);
        Ok(Flow::Next)
    }

    fn run_conditional(&mut self, frame: &mut Frame<'_>, it: &Conditional) -> Result<Flow, InterpretError> {
        for branch in &it.branches {
            let taken = match &branch.condition {
                Some(condition) => self.holds(frame, condition)?,
                None => true,
            };
            if taken {
                return self.run_region(frame, &branch.body);
            }
        }
        Ok(Flow::Next)
    }

    fn run_machine(&mut self, frame: &mut Frame<'_>, it: &StateMachine) -> Result<Flow, InterpretError> {
        let mut at = 0;
        while let Some(vertex) = it.vertices.get(at) {
            let flow = self.run_iteration(frame, &vertex.body);
            match flow.map_err(|e| e.within(format!("vertex `{}`", vertex.label)))? {
                Flow::Next => {}
                Flow::Return => return Ok(Flow::Return),
                Flow::Break | Flow::Continue => {
                    return Err(Fault::Malformed("a jump leaves a machine".to_owned()).into());
                }
            }
            let mut taken = None;
            for way in it.leaving(at) {
                let holds = match &way.condition {
                    Some(condition) => self.holds(frame, condition)?,
                    None => true,
                };
                if holds {
                    taken = Some(way);
                    break;
                }
            }
            let Some(way) = taken else { break };
            self.run_assignments(frame, &way.assignments)?;
            at = way.to;
        }
        Ok(Flow::Next)
    }

    fn run_loop(&mut self, frame: &mut Frame<'_>, it: &Loop) -> Result<Flow, InterpretError> {
        match &it.header {
            LoopHeader::For { variable, start, stop, step } => {
                let bounds = (self.bound(frame, start)?, self.bound(frame, stop)?, self.bound(frame, step)?);
                let outer = frame.symbols.get(variable).copied();
                let flow = self.run_counted(frame, variable, bounds, &it.body);
                restore(frame, variable, outer);
                flow
            }
            LoopHeader::While { condition } => {
                while self.holds(frame, condition)? {
                    match self.run_iteration(frame, &it.body)? {
                        Flow::Break => break,
                        Flow::Return => return Ok(Flow::Return),
                        Flow::Next | Flow::Continue => {}
                    }
                }
                Ok(Flow::Next)
            }
            LoopHeader::DoWhile { condition } => loop {
                match self.run_iteration(frame, &it.body)? {
                    Flow::Break => return Ok(Flow::Next),
                    Flow::Return => return Ok(Flow::Return),
                    Flow::Next | Flow::Continue if self.holds(frame, condition)? => {}
                    Flow::Next | Flow::Continue => return Ok(Flow::Next),
                }
            },
        }
    }

    fn run_counted(
        &mut self,
        frame: &mut Frame<'_>,
        variable: &Name,
        (start, stop, step): (i64, i64, i64),
        body: &Region,
    ) -> Result<Flow, InterpretError> {
        let count = trip_count(start, stop, step).ok_or_else(|| Fault::Step(variable.clone(), step))?;
        for k in 0..count {
            let value = start + k * step;
            frame.symbols.insert(variable.clone(), value);
            let flow =
                self.run_iteration(frame, body).map_err(|e| e.within(format!("{variable} = {value}")))?;
            match flow {
                Flow::Break => break,
                Flow::Return => return Ok(Flow::Return),
                Flow::Next | Flow::Continue => {}
            }
        }
        Ok(Flow::Next)
    }

    fn run_iteration(&mut self, frame: &mut Frame<'_>, body: &Region) -> Result<Flow, InterpretError> {
        self.step()?;
        self.run_region(frame, body)
    }

    pub(super) fn holds(
        &mut self,
        frame: &mut Frame<'_>,
        condition: &ScalarExpr,
    ) -> Result<bool, InterpretError> {
        truth(condition, &mut ControlNames { machine: self, frame })
            .map_err(|e| e.within("a condition".to_owned()))
    }

    fn bound(&mut self, frame: &mut Frame<'_>, expr: &Expr) -> Result<i64, InterpretError> {
        use super::expression::Names;
        ControlNames { machine: self, frame }.symbolic(expr)
    }
}

/// Gives a symbol that was defined for a while its outer value back.
pub(super) fn restore(frame: &mut Frame<'_>, symbol: &Name, outer: Option<i64>) {
    match outer {
        Some(value) => frame.symbols.insert(symbol.clone(), value),
        None => frame.symbols.remove(symbol),
    };
}

/// Number of values in `range(start, stop, step)`; `None` for a step of 0.
pub(super) fn trip_count(start: i64, stop: i64, step: i64) -> Option<i64> {
    let distance = i128::from(stop) - i128::from(start);
    let step = i128::from(step);
    let count = match step.signum() {
        0 => return None,
        1 => (distance + step - 1) / step,
        _ => (distance + step + 1) / step,
    };
    Some(i64::try_from(count.max(0)).unwrap_or(i64::MAX))
}

#[cfg(test)]
mod tests {
    use super::trip_count;

    #[test]
    fn ranges_count_as_in_python() {
        let cases = [((0, 10, 1), 10), ((0, 10, 3), 4), ((10, 0, -3), 4), ((9, -1, -1), 10), ((5, 5, 1), 0)];
        for ((start, stop, step), expected) in cases {
            assert_eq!(trip_count(start, stop, step), Some(expected), "range({start}, {stop}, {step})");
        }
        assert_eq!(trip_count(3, 0, 1), Some(0));
        assert_eq!(trip_count(0, 3, -1), Some(0));
        assert_eq!(trip_count(0, 3, 0), None);
        assert_eq!(trip_count(i64::MIN, i64::MAX, 2), Some(i64::MAX));
    }
}
