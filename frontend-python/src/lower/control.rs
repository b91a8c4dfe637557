//! Loops and conditionals.

use super::assign::row;
use super::names::leaves;
use super::names_frame::Frame;
use super::{Lowerer, Result, Stop};
use crate::codes;
use crate::diagnostic::Diagnostic;
use crate::parse::{Ranged, TextRange, ast};
use crate::scalar::unary;
use crate::types::{Scalar, Value};
use dacec_ir::control_flow::LoopHeader;
use dacec_ir::{Block, Branch, Conditional, Constant, Expr, Loop, Name, Region, ScalarExpr, UnaryOp};

/// Loops over constants with more iterations than this are not unrolled.
const MAX_UNROLLED: usize = 1024;

impl Lowerer<'_> {
    /// `for target in iter`.
    pub(super) fn for_statement(&mut self, it: &ast::StmtFor) -> Result<()> {
        if let Some(ranges) = self.map_ranges(&it.iter)? {
            return self.map_loop(it, ranges);
        }
        if !it.orelse.is_empty() {
            return self.no_else(it.orelse[0].range());
        }
        match self.eval(&it.iter)? {
            Value::Range(start, stop, step) => self.range_loop(it, (start, stop, step), |symbol| {
                Value::Scalar(Scalar::symbolic(Expr::sym(symbol)))
            }),
            Value::Array(view) if view.rank() > 0 => {
                let bounds = (Expr::zero(), view.shape()[0].clone(), Expr::one());
                self.range_loop(it, bounds, |symbol| row(&view, &Expr::sym(symbol)))
            }
            value @ (Value::Tuple(_) | Value::Dict(_)) => {
                let items = self.elements(value, it.iter.range())?;
                self.unrolled(it, items)
            }
            other => Err(self.cannot_iterate(&other, it.iter.range())),
        }
    }

    fn no_else(&self, range: TextRange) -> Result<()> {
        let message = "`else` of a loop cannot be compiled";
        Err(Diagnostic::error(codes::UNSUPPORTED_STATEMENT, range, message)
            .help("set a variable before `break`, and test it after the loop")
            .into())
    }

    fn cannot_iterate(&self, value: &Value, range: TextRange) -> Stop {
        if matches!(value, Value::Poison) {
            return Stop::Reported;
        }
        Diagnostic::error(codes::ITERATION, range, format!("cannot iterate over {}", value.kind()))
            .help("iterate over `range(...)`, `dace.map[...]`, an array, or a tuple")
            .into()
    }

    fn range_loop(
        &mut self,
        it: &ast::StmtFor,
        (start, stop, step): (Expr, Expr, Expr),
        item: impl FnOnce(&Name) -> Value,
    ) -> Result<()> {
        if step.is_zero() {
            return Err(Diagnostic::error(
                codes::ITERATION,
                it.iter.range(),
                "the step of a range must not be 0",
            )
            .into());
        }
        let prefix = match &*it.target {
            ast::Expr::Name(name) => name.id.to_string(),
            _ => "__item".to_owned(),
        };
        let symbol = self.fresh(&prefix);
        let facts = self.facts.clone();
        self.assume_range(&symbol, &start, &stop, &step);
        let (before, label) = (self.env.clone(), format!("for_{}", self.span(it.range).line));
        let body = self.loop_body(Frame::default(), |lowerer| {
            lowerer.assign_value(&it.target, item(&symbol))?;
            lowerer.block(&it.body)
        });
        self.facts = facts;
        let (frame, body) = body?;
        let early = it.body.iter().any(leaves);
        self.leave_frame(frame, &before, std::slice::from_ref(&symbol), early);
        let mut counted = Loop::counted(label, symbol, (start, stop, step), body);
        counted.span = self.span(it.range);
        self.push(Block::Loop(Box::new(counted)));
        Ok(())
    }

    /// What is known of a loop's variable, if the bounds cannot change while the loop runs.
    fn assume_range(&mut self, symbol: &Name, start: &Expr, stop: &Expr, step: &Expr) {
        if !self.is_fixed(start) || !self.is_fixed(stop) {
            return;
        }
        match step.as_int() {
            Some(step) if step > 0 => self.facts.assume_range(symbol, start.clone(), stop - 1),
            Some(_) => self.facts.assume_range(symbol, stop + 1, start.clone()),
            None => {}
        }
    }

    fn loop_body(
        &mut self,
        frame: Frame,
        fill: impl FnOnce(&mut Self) -> Result<()>,
    ) -> Result<(Frame, Region)> {
        self.frames.push(frame);
        self.loops += 1;
        let body = self.nested(fill);
        self.loops -= 1;
        let frame = self.frames.pop().unwrap_or_default();
        Ok((frame, body?))
    }

    fn unrolled(&mut self, it: &ast::StmtFor, items: Vec<Value>) -> Result<()> {
        if items.len() > MAX_UNROLLED || it.body.iter().any(leaves) {
            let message = "a loop over constants cannot be left early, nor have very many iterations";
            return Err(Diagnostic::error(codes::ITERATION, it.range, message)
                .help("use `range(...)`")
                .into());
        }
        for item in items {
            self.assign_value(&it.target, item)?;
            self.block(&it.body)?;
        }
        Ok(())
    }

    /// `while test`.
    pub(super) fn while_statement(&mut self, it: &ast::StmtWhile) -> Result<()> {
        if !it.orelse.is_empty() {
            return self.no_else(it.orelse[0].range());
        }
        let before = self.env.clone();
        let mut header = ScalarExpr::Constant(Constant::Bool(true));
        let body = self.loop_body(Frame::default(), |lowerer| {
            let test = lowerer.condition(&it.test)?;
            if lowerer.is_untouched() {
                header = test.code;
            } else {
                lowerer.leave_unless(&test, it.test.range())?;
            }
            lowerer.block(&it.body)
        });
        let (frame, body) = body?;
        let early = it.body.iter().any(leaves);
        self.leave_frame(frame, &before, &[], early);
        let span = self.span(it.range);
        let label = format!("while_{}", span.line).into();
        let header = LoopHeader::While { condition: header };
        self.push(Block::Loop(Box::new(Loop { label, header, body, span })));
        Ok(())
    }

    /// Whether nothing was lowered into the current region yet.
    fn is_untouched(&self) -> bool {
        self.open.is_none() && self.regions.last().is_some_and(|region| region.blocks.is_empty())
    }

    fn leave_unless(&mut self, test: &Scalar, range: TextRange) -> Result<()> {
        let negated =
            unary(UnaryOp::Not, test).map_err(|reason| Diagnostic::error(codes::TYPE, range, reason))?;
        let branch = Branch { condition: Some(negated.code), body: Region::new([Block::Break]) };
        let span = self.span(range);
        self.push(Block::Conditional(Conditional { branches: vec![branch], span }));
        Ok(())
    }

    /// A condition, ready to be tested after what was lowered so far.
    fn condition(&mut self, test: &ast::Expr) -> Result<Scalar> {
        self.place = test.range();
        let value = self.eval(test)?;
        let value = self.condition_value(value, test.range())?;
        self.flush();
        Ok(value)
    }

    /// `if … elif … else`.
    pub(super) fn if_statement(&mut self, it: &ast::StmtIf) -> Result<()> {
        let mut clauses: Vec<(Option<&ast::Expr>, &[ast::Stmt])> = vec![(Some(&it.test), &it.body)];
        clauses.extend(it.elif_else_clauses.iter().map(|clause| (clause.test.as_ref(), &clause.body[..])));
        self.clauses(&clauses, it.range)
    }

    fn clauses(&mut self, clauses: &[(Option<&ast::Expr>, &[ast::Stmt])], range: TextRange) -> Result<()> {
        let Some(((test, body), rest)) = clauses.split_first() else { return Ok(()) };
        let Some(test) = test else { return self.block(body) };
        let condition = self.condition(test)?;
        if let Some(known) = condition.as_truth() {
            return if known { self.block(body) } else { self.clauses(rest, range) };
        }
        let before = self.env.clone();
        let facts = self.facts.clone();
        if let Some(fact) = condition.code.to_symbolic().filter(|fact| self.is_fixed(fact)) {
            self.facts.assume(&fact);
        }
        let then = self.nested(|lowerer| lowerer.block(body));
        self.facts = facts;
        let then = then?;
        let after_then = std::mem::replace(&mut self.env, before);
        let otherwise = self.nested(|lowerer| lowerer.clauses(rest, range))?;
        let after_else = std::mem::take(&mut self.env);
        self.merge(vec![after_then, after_else]);
        let mut branches = vec![Branch { condition: Some(condition.code), body: then }];
        if !otherwise.blocks.is_empty() {
            branches.push(Branch { condition: None, body: otherwise });
        }
        let span = self.span(range);
        self.push(Block::Conditional(Conditional { branches, span }));
        Ok(())
    }

    /// The ranges, if the expression is `dace.map[...]`, perhaps with a schedule after `@`.
    fn map_ranges<'e>(&mut self, iter: &'e ast::Expr) -> Result<Option<Vec<&'e ast::Expr>>> {
        let iter = match iter {
            ast::Expr::BinOp(it) if it.op == ast::Operator::MatMult => &it.left,
            other => other,
        };
        let ast::Expr::Subscript(it) = iter else { return Ok(None) };
        if !matches!(&*it.value, ast::Expr::Attribute(_) | ast::Expr::Name(_)) {
            return Ok(None);
        }
        if !matches!(self.eval(&it.value)?, Value::Map) {
            return Ok(None);
        }
        Ok(Some(match &*it.slice {
            ast::Expr::Tuple(tuple) => tuple.elts.iter().collect(),
            one => vec![one],
        }))
    }
}
