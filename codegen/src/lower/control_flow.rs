//! Loops, branches and assignments of symbols.

use super::expressions::truth;
use super::{Function, Result};
use crate::CodegenError;
use crate::tree::{Direction, Escape, Failure, For, Stmt, Value, Written};
use dacec_ir::control_flow::{Effect, LoopHeader, Piece};
use dacec_ir::{Assignment, BinaryOp, Block, Conditional, DType, Data, Expr, Loop, Name, Region, Span};
use std::collections::BTreeSet;

impl<'a> Function<'_, 'a> {
    pub(super) fn lower_region(&mut self, region: &'a Region, out: &mut Vec<Stmt>) -> Result<()> {
        for (at, block) in region.blocks.iter().enumerate() {
            self.path.push(at);
            self.allocate_before_block(out)?;
            self.lower_block(block, out)?;
            self.path.pop();
        }
        Ok(())
    }

    fn lower_block(&mut self, block: &'a Block, out: &mut Vec<Stmt>) -> Result<()> {
        match block {
            Block::State(state) => {
                self.mark(state.span, out);
                self.lower_state(state, out)?;
            }
            Block::Assign(assignments) => self.lower_assignments(assignments, out)?,
            Block::Loop(it) => self.lower_loop(it, out)?,
            Block::Conditional(it) => self.lower_conditional(it, out)?,
            Block::Machine(it) => {
                let what = "is a state machine, which has to be rewritten as a loop before";
                return Err(CodegenError::unsupported(format!("machine `{}`", it.label), what));
            }
            Block::Effect(effect) => self.lower_effect(effect, out)?,
            Block::Break => out.push(Stmt::Break),
            Block::Continue => out.push(Stmt::Continue),
            Block::Return => {
                self.leaves += 1;
                out.push(Stmt::Leave(self.leave.clone()));
            }
        }
        Ok(())
    }

    /// The number of a message about a line, and how to leave with it.
    pub(super) fn failure(&mut self, message: &str, span: Span) -> (Failure, Escape) {
        let file = self.sdfg.file.rsplit('/').next().unwrap_or_default();
        let message = match (file, span.line) {
            (_, 0) => message.to_owned(),
            ("", line) => format!("line {line}: {message}"),
            (file, line) => format!("{file}:{line}: {message}"),
        };
        let known = self.shared.failures.iter().position(|it| *it == message);
        let number = known.unwrap_or(self.shared.failures.len());
        if known.is_none() {
            self.shared.failures.push(message);
        }
        self.note_failure();
        (Failure::Check(number), self.shared.failure.clone())
    }

    fn lower_effect(&mut self, effect: &Effect, out: &mut Vec<Stmt>) -> Result<()> {
        match effect {
            Effect::Fail { message, span } => {
                let (code, escape) = self.failure(message, *span);
                out.push(Stmt::Fail { code, escape });
            }
            Effect::Print { pieces, span } => {
                self.mark(*span, out);
                let mut written = Vec::new();
                for piece in pieces {
                    written.push(match piece {
                        Piece::Text(text) => Written::Text(text.clone()),
                        Piece::Value(value, format) => Written::Value(self.scalar(value)?, *format),
                        Piece::Array(_) => self.written_array(piece)?,
                    });
                }
                out.push(Stmt::Print(written));
            }
        }
        Ok(())
    }

    /// A whole array that is printed.
    fn written_array(&self, piece: &Piece) -> Result<Written> {
        let data = piece.array().map(|name| Ok::<_, CodegenError>((name, self.data(name)?))).transpose()?;
        let Some((name, Data::Array(array))) = data else {
            return Err(CodegenError::Invalid("something that is no array is printed as one".into()));
        };
        let values = |exprs: &[Expr]| -> Result<Vec<Value>> {
            exprs.iter().map(|expr| Ok(Value::Index(self.expr(expr)?))).collect()
        };
        let first = self.element(name, vec![Value::int(0); array.shape.len()])?;
        Ok(Written::Array { first, extents: values(&array.shape)?, strides: values(&array.strides)? })
    }

    /// The body of a loop or branch, which is a block of its own.
    fn lower_nested_region(&mut self, branch: usize, region: &'a Region) -> Result<Vec<Stmt>> {
        let mut body = Vec::new();
        self.path.push(branch);
        self.shared.names.open();
        self.line = 0;
        self.lower_region(region, &mut body)?;
        self.shared.names.close();
        self.path.pop();
        self.line = 0;
        Ok(body)
    }

    fn lower_loop(&mut self, it: &'a Loop, out: &mut Vec<Stmt>) -> Result<()> {
        self.mark(it.span, out);
        match &it.header {
            LoopHeader::For { variable, start, stop, step } => {
                self.lower_counted(it, variable, [start, stop, step], out)
            }
            LoopHeader::While { condition } => {
                let condition = truth(self.scalar(condition)?);
                let body = self.lower_nested_region(0, &it.body)?;
                out.push(Stmt::While { condition, body });
                Ok(())
            }
            LoopHeader::DoWhile { condition } => {
                let condition = truth(self.scalar(condition)?);
                let body = self.lower_nested_region(0, &it.body)?;
                out.push(Stmt::DoWhile { body, condition });
                Ok(())
            }
        }
    }

    fn lower_counted(
        &mut self,
        it: &'a Loop,
        variable: &Name,
        [start, stop, step]: [&Expr; 3],
        out: &mut Vec<Stmt>,
    ) -> Result<()> {
        // The bounds are found once: what the body may change is read before.
        let changed = changed_in(&it.body);
        let start = self.symbolic(start)?;
        let stop = self.bound(stop, "stop", variable, &changed, out)?;
        let step = self.bound(step, "step", variable, &changed, out)?;
        let direction = match step.as_index().and_then(Expr::as_int) {
            Some(0) => {
                out.push(Stmt::Fail { code: Failure::BadSymbol, escape: self.shared.failure.clone() });
                return Ok(());
            }
            Some(1..) => Direction::Up,
            Some(_) => Direction::Down,
            None => {
                let zero = Value::Binary(
                    BinaryOp::Eq,
                    DType::Int64,
                    Box::new(step.clone()),
                    Box::new(Value::int(0)),
                );
                self.note_failure();
                let fail = Stmt::Fail { code: Failure::BadSymbol, escape: self.shared.failure.clone() };
                out.push(Stmt::If { branches: vec![(zero, vec![fail])], otherwise: Vec::new() });
                Direction::Unknown
            }
        };
        self.shared.names.open();
        let name = self.shared.names.local(variable);
        let outer = self.symbols.remove(variable);
        self.symbols.insert(variable, Expr::sym(&name));
        let body = self.lower_nested_region(0, &it.body)?;
        self.restore_symbol(variable, outer);
        self.shared.names.close();
        let parallel = None;
        out.push(Stmt::For(Box::new(For {
            variable: name,
            start,
            stop,
            step,
            direction,
            parallel,
            independent: false,
            unordered: false,
            body,
        })));
        Ok(())
    }

    /// Ends the visibility of a symbol that may have hidden another one.
    pub(super) fn restore_symbol(&mut self, symbol: &Name, outer: Option<Expr>) {
        self.symbols.remove(symbol);
        if let Some(outer) = outer {
            self.symbols.insert(symbol, outer);
        }
    }

    /// A bound of a loop: the expression itself, or a variable with its value where the body may change the value.
    fn bound(
        &mut self,
        expr: &Expr,
        what: &str,
        variable: &Name,
        changed: &BTreeSet<Name>,
        out: &mut Vec<Stmt>,
    ) -> Result<Value> {
        let value = self.symbolic(expr)?;
        let stays = value.as_index().is_some() && expr.symbols().is_disjoint(changed);
        if stays {
            return Ok(value);
        }
        let name = self.shared.names.local(&format!("{variable}_{what}"));
        let dtype = DType::Int64;
        out.push(Stmt::Declare { name: name.clone(), dtype, value: Some(value), constant: true });
        Ok(Value::Index(Expr::sym(&name)))
    }

    fn lower_conditional(&mut self, it: &'a Conditional, out: &mut Vec<Stmt>) -> Result<()> {
        self.mark(it.span, out);
        let mut branches = Vec::new();
        let mut otherwise = Vec::new();
        for (at, branch) in it.branches.iter().enumerate() {
            let body = self.lower_nested_region(at, &branch.body)?;
            match &branch.condition {
                Some(condition) => branches.push((truth(self.scalar(condition)?), body)),
                None => {
                    otherwise = body;
                    break;
                }
            }
        }
        if branches.is_empty() {
            out.push(Stmt::Block { body: otherwise, label: None });
        } else {
            out.push(Stmt::If { branches, otherwise });
        }
        Ok(())
    }

    fn lower_assignments(&mut self, assignments: &[Assignment], out: &mut Vec<Stmt>) -> Result<()> {
        let targets: BTreeSet<&Name> = assignments.iter().map(|it| &it.symbol).collect();
        let simultaneous = assignments.len() > 1
            && assignments.iter().any(|it| it.value.symbols().iter().any(|symbol| targets.contains(symbol)));
        let mut stores = Vec::new();
        for it in assignments {
            let value = super::expressions::cast(self.scalar(&it.value)?, DType::Int64);
            let place = self.symbol_variable(&it.symbol)?;
            if simultaneous {
                let name = self.shared.names.local(&format!("{}_next", it.symbol));
                let dtype = DType::Int64;
                out.push(Stmt::Declare { name: name.clone(), dtype, value: Some(value), constant: true });
                stores.push(Stmt::Store { place, value: Value::Variable(name, dtype) });
            } else {
                stores.push(Stmt::Store { place, value });
            }
        }
        out.append(&mut stores);
        Ok(())
    }

    /// The variable that holds a symbol that is assigned.
    fn symbol_variable(&self, symbol: &Name) -> Result<crate::tree::Place> {
        let variable = self.symbols.get(symbol).and_then(Expr::as_symbol);
        let variable =
            variable.ok_or_else(|| CodegenError::Invalid(format!("`{symbol}` cannot be assigned")))?;
        Ok(crate::tree::Place::Variable(variable.clone(), DType::Int64))
    }
}

/// Symbols and containers that a region may change. Reads of containers in bounds are copied anyway, so symbols are
/// all that matters.
fn changed_in(region: &Region) -> BTreeSet<Name> {
    let mut changed = BTreeSet::new();
    region.visit(&mut |block| {
        if let Block::Assign(assignments) = block {
            changed.extend(assignments.iter().map(|it| it.symbol.clone()));
        }
    });
    changed
}
