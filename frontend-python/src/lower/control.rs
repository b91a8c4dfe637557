//! Loops and conditionals.

use super::assign::row;
use super::names::{assigned, assigned_by, breaks, continues, leaves, target_names};
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
            if let Some(first) = it.orelse.first() {
                let message = "a parallel loop has no `else`: it cannot be left early";
                return Err(Diagnostic::error(codes::MAP, first.range(), message).into());
            }
            let targets: Vec<&ast::Expr> = match &*it.target {
                ast::Expr::Tuple(tuple) => tuple.elts.iter().collect(),
                one => vec![one],
            };
            return self.map_loop(&targets, ranges, &it.body, it.range);
        }
        if let ast::Expr::Call(call) = &*it.iter
            && self.is_consume(&call.func)
        {
            if let Some(first) = it.orelse.first() {
                let message = "a consuming loop has no `else`: it cannot be left early";
                return Err(Diagnostic::error(codes::MAP, first.range(), message).into());
            }
            let targets: Vec<&ast::Expr> = match &*it.target {
                ast::Expr::Tuple(tuple) => tuple.elts.iter().collect(),
                one => vec![one],
            };
            return self.consume_loop(&targets, &call.arguments, &it.body, it.range);
        }
        let iterated = self.eval(&it.iter)?;
        let iterated = self.written_out(iterated, &it.body);
        self.while_iterated(&iterated.clone(), |lowerer| lowerer.for_loop(it, iterated))
    }

    /// What a loop runs over; known numbers one by one, if the loop changes lists.
    fn written_out(&mut self, iterated: Value, body: &[ast::Stmt]) -> Value {
        let count = count_of(&iterated).and_then(|count| count.as_int());
        let few =
            count.and_then(|count| usize::try_from(count).ok()).is_some_and(|count| count <= MAX_UNROLLED);
        let is_loop = matches!(&iterated, Value::Range(..) | Value::Zip(_) | Value::Array(_));
        if !few || !is_loop || !self.change_lists(body) {
            return iterated;
        }
        let count = count.unwrap_or_default();
        Value::Tuple((0..count).map(|at| item_at(&iterated, &Expr::int(at))).collect())
    }

    fn for_loop(&mut self, it: &ast::StmtFor, iterated: Value) -> Result<()> {
        match iterated {
            value @ (Value::Tuple(_) | Value::Dict(_)) => {
                let items = self.elements(value, it.iter.range())?;
                let remember = it.body.iter().any(continues);
                self.with_else(&it.body, &it.orelse, (remember, it.range), |lowerer| {
                    lowerer.unrolled(it, items)
                })
            }
            Value::Range(start, stop, step) => {
                self.with_else(&it.body, &it.orelse, (false, it.range), |lowerer| {
                    lowerer.range_loop(it, (start, stop, step), |symbol| {
                        Value::Scalar(Scalar::symbolic(Expr::sym(symbol)))
                    })
                })
            }
            value if is_grid(&value) && it.orelse.is_empty() && !breaks(&it.body) => {
                self.grid_loop(it, &value, Vec::new())
            }
            value @ (Value::Array(_) | Value::Zip(_) | Value::Grid(..)) => {
                let Some(count) = count_of(&value) else { return Err(self.cannot_iterate(&value, it.range)) };
                let bounds = (Expr::zero(), count, Expr::one());
                self.with_else(&it.body, &it.orelse, (false, it.range), |lowerer| {
                    lowerer.range_loop(it, bounds, |symbol| item_at(&value, &Expr::sym(symbol)))
                })
            }
            other => Err(self.cannot_iterate(&other, it.iter.range())),
        }
    }

    /// Whether an expression names `dace.consume`.
    fn is_consume(&mut self, expr: &ast::Expr) -> bool {
        match expr {
            ast::Expr::Name(name) => matches!(self.known_value(&name.id), Some(Value::Consume)),
            ast::Expr::Attribute(it) => {
                it.attr.as_str() == "consume" && matches!(self.eval(expr), Ok(Value::Consume))
            }
            _ => false,
        }
    }

    /// A loop, and what its `else` holds: that runs unless the loop was left by `break`, which a variable remembers if there
    /// is an `else` or `remember` says so.
    fn with_else(
        &mut self,
        body: &[ast::Stmt],
        orelse: &[ast::Stmt],
        (remember, range): (bool, TextRange),
        run: impl FnOnce(&mut Self) -> Result<()>,
    ) -> Result<()> {
        let flag = ((remember || !orelse.is_empty()) && breaks(body))
            .then(|| format!("__left_{}", self.span(range).start));
        if let Some(flag) = &flag {
            self.bind(flag, Value::Scalar(Scalar::bool(false)), range)?;
            self.flush();
        }
        self.flags.push(flag.clone());
        let result = run(self);
        self.flags.pop();
        result?;
        let Some(flag) = flag.filter(|_| !orelse.is_empty()) else { return self.block(orelse) };
        let left = self.lookup(&flag, range)?;
        let left = self.condition_value(left, range)?;
        self.flush();
        let completed =
            unary(UnaryOp::Not, &left).map_err(|reason| Diagnostic::error(codes::TYPE, range, reason))?;
        self.branch(&completed, range, |lowerer| lowerer.block(orelse), |_| Ok(()))
    }

    /// `break`: the variable of the loop's `else` learns of it.
    pub(super) fn break_statement(&mut self, range: TextRange) -> Result<()> {
        if self.loops > 0
            && let Some(Some(flag)) = self.flags.last().cloned()
        {
            self.bind(&flag, Value::Scalar(Scalar::bool(true)), range)?;
        }
        self.jump(Block::Break, range)
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
        let (before, label) = (self.env.len(), format!("for_{}", self.span(it.range).line));
        let changing = assigned(&it.body).into_iter().chain(target_names(&it.target)).collect();
        let body = self.loop_body(Frame::sequential(self, changing), |lowerer| {
            lowerer.assign_value(&it.target, item(&symbol))?;
            lowerer.flush();
            lowerer.block(&it.body)
        });
        self.facts = facts;
        let (frame, body) = body?;
        let early = it.body.iter().any(leaves);
        self.leave_frame(frame, (before, &body), std::slice::from_ref(&symbol), early)?;
        let mut counted = Loop::counted(label, symbol, (start, stop, step), body);
        counted.span = self.span(it.range);
        self.push(Block::Loop(Box::new(counted)));
        Ok(())
    }

    /// A loop over the places of an array: one loop for each axis, unless it can be left.
    fn grid_loop(&mut self, it: &ast::StmtFor, grid: &Value, place: Vec<Expr>) -> Result<()> {
        let Some(extent) = extent_of_grid(grid, place.len()) else {
            self.assign_value(&it.target, item_of_grid(grid, &place))?;
            self.flush();
            return self.block(&it.body);
        };
        let symbol = self.fresh("__at");
        let bounds = (Expr::zero(), extent, Expr::one());
        let facts = self.facts.clone();
        self.assume_range(&symbol, &bounds.0, &bounds.1, &bounds.2);
        let (before, label) = (self.env.len(), format!("for_{}", self.span(it.range).line));
        let changing = assigned(&it.body).into_iter().chain(target_names(&it.target)).collect();
        let body = self.loop_body(Frame::sequential(self, changing), |lowerer| {
            let place = place.into_iter().chain([Expr::sym(&symbol)]).collect();
            lowerer.grid_loop(it, grid, place)
        });
        self.facts = facts;
        let (frame, body) = body?;
        let early = it.body.iter().any(leaves);
        self.leave_frame(frame, (before, &body), std::slice::from_ref(&symbol), early)?;
        let mut counted = Loop::counted(label, symbol, bounds, body);
        counted.span = self.span(it.range);
        self.push(Block::Loop(Box::new(counted)));
        Ok(())
    }

    /// What is known of a loop's variable: where it starts and ends, as far as these do not change while the loop runs.
    fn assume_range(&mut self, symbol: &Name, start: &Expr, stop: &Expr, step: &Expr) {
        let (low, high) = match step.as_int() {
            Some(step) if step > 0 => (start.clone(), stop - 1),
            Some(_) => (stop + 1, start.clone()),
            None => return,
        };
        match (self.is_fixed(&low), self.is_fixed(&high)) {
            (true, true) => self.facts.assume_range(symbol, low, high),
            (true, false) => self.facts.assume_ge(symbol, low),
            (false, true) => self.facts.assume_le(symbol, high),
            (false, false) => {}
        }
    }

    fn loop_body(
        &mut self,
        frame: Frame,
        fill: impl FnOnce(&mut Self) -> Result<()>,
    ) -> Result<(Frame, Region)> {
        let certain = self.certain();
        self.frames.push(frame);
        self.loops += 1;
        let body = self.nested(fill);
        self.loops -= 1;
        let frame = self.frames.pop().unwrap_or_default();
        // There may be no iteration.
        self.take_certain(&certain);
        Ok((frame, body?))
    }

    /// A loop over what is known, written out. One that can be left stands in a loop that runs once; an iteration that
    /// can be cut short stands in one of its own.
    fn unrolled(&mut self, it: &ast::StmtFor, items: Vec<Value>) -> Result<()> {
        if items.len() > MAX_UNROLLED {
            let message = "a loop over constants cannot have so many iterations";
            return Err(Diagnostic::error(codes::ITERATION, it.range, message)
                .help("use `range(...)`")
                .into());
        }
        // Their values are those from before the loop, whatever its body changes.
        let items = items.into_iter().map(|item| self.settle(item)).collect();
        self.flush();
        let (breaks, continues) = (breaks(&it.body), it.body.iter().any(continues));
        if breaks {
            return self.once(it.range, |lowerer| lowerer.iterations(it, items, continues));
        }
        self.iterations(it, items, continues)
    }

    fn iterations(&mut self, it: &ast::StmtFor, items: Vec<Value>, apart: bool) -> Result<()> {
        for item in items {
            self.assign_value(&it.target, item)?;
            self.flush();
            if apart {
                self.once(it.range, |lowerer| lowerer.block(&it.body))?;
                self.leave_too(it.range)?;
            } else {
                self.block(&it.body)?;
            }
        }
        Ok(())
    }

    /// Leaves the loop around an iteration that was left, if a variable remembers that.
    fn leave_too(&mut self, range: TextRange) -> Result<()> {
        let Some(Some(flag)) = self.flags.last().cloned() else { return Ok(()) };
        let left = self.lookup(&flag, range)?;
        let left = self.condition_value(left, range)?;
        self.flush();
        self.branch(&left, range, |lowerer| lowerer.jump(Block::Break, range), |_| Ok(()))
    }

    /// A loop that runs once, so that what is in it can be left.
    fn once(&mut self, range: TextRange, fill: impl FnOnce(&mut Self) -> Result<()>) -> Result<()> {
        let before = self.env.len();
        let symbol = self.fresh("__once");
        let (frame, body) = self.loop_body(Frame::default(), fill)?;
        self.leave_frame(frame, (before, &body), std::slice::from_ref(&symbol), true)?;
        let bounds = (Expr::zero(), Expr::one(), Expr::one());
        let mut once = Loop::counted("once", symbol, bounds, body);
        once.span = self.span(range);
        self.push(Block::Loop(Box::new(once)));
        Ok(())
    }

    /// `while test`.
    pub(super) fn while_statement(&mut self, it: &ast::StmtWhile) -> Result<()> {
        self.with_else(&it.body, &it.orelse, (false, it.range), |lowerer| lowerer.while_loop(it))
    }

    fn while_loop(&mut self, it: &ast::StmtWhile) -> Result<()> {
        let before = self.env.len();
        let mut header = ScalarExpr::Constant(Constant::Bool(true));
        let changing = assigned(&it.body).into_iter().chain(assigned_by(&it.test)).collect();
        let body = self.loop_body(Frame::sequential(self, changing), |lowerer| {
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
        self.leave_frame(frame, (before, &body), &[], early)?;
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
        self.branch(&condition, range, |lowerer| lowerer.block(body), |lowerer| lowerer.clauses(rest, range))
    }

    /// Code for both cases of a condition.
    pub(super) fn branch(
        &mut self,
        condition: &Scalar,
        range: TextRange,
        then: impl FnOnce(&mut Self) -> Result<()>,
        otherwise: impl FnOnce(&mut Self) -> Result<()>,
    ) -> Result<()> {
        if let Some(known) = condition.as_truth() {
            return if known { then(self) } else { otherwise(self) };
        }
        let partial = self.partial.clone();
        let facts = self.facts.clone();
        if let Some(fact) = condition.code.to_symbolic().filter(|fact| self.is_fixed(fact)) {
            self.facts.assume(&fact);
        }
        let certain = self.certain();
        self.env.mark();
        let then = self.nested(then);
        let after_then = self.env.take_back();
        let certain_then = self.take_certain(&certain);
        self.facts.clone_from(&facts);
        let then = then?;
        let partial_then = std::mem::replace(&mut self.partial, partial);
        self.env.mark();
        let otherwise = self.nested(otherwise);
        let after_else = self.env.take_back();
        let certain_else = self.take_certain(&certain);
        self.facts = facts;
        let otherwise = otherwise?;
        self.partial.extend(partial_then);
        let left = [leaves_region(&then), leaves_region(&otherwise)];
        self.join_certain((certain_then, left[0]), (certain_else, left[1]));
        self.merge((after_then, left[0]), (after_else, left[1]));
        let mut branches = vec![Branch { condition: Some(condition.code.clone()), body: then }];
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

/// Whether control never reaches the end of the region.
fn leaves_region(region: &Region) -> bool {
    matches!(region.blocks.last(), Some(Block::Return | Block::Break | Block::Continue))
}

/// How many items a value has that is iterated; `None` if it has none.
pub(crate) fn count_of(value: &Value) -> Option<Expr> {
    match value {
        Value::Array(view) => view.shape().first().cloned(),
        Value::Range(start, stop, step) => {
            let range = dacec_ir::Range::strided(start.clone(), stop.clone(), step.clone());
            Some(range.len_clamped())
        }
        Value::Tuple(items) => Some(Expr::int(items.len() as i64)),
        Value::Grid(shape, _) => Some(shape.iter().fold(Expr::one(), |product, extent| product * extent)),
        Value::Zip(parts) => {
            let counts: Option<Vec<Expr>> = parts.iter().map(count_of).collect();
            counts?.into_iter().reduce(|a, b| a.min(&b))
        }
        _ => None,
    }
}

/// The extent of an axis of what is iterated place by place; `None` if there are no more axes.
fn extent_of_grid(grid: &Value, axis: usize) -> Option<Expr> {
    match grid {
        Value::Grid(shape, _) => shape.get(axis).cloned(),
        Value::Zip(parts) => parts.first().and_then(|part| extent_of_grid(part, axis)),
        _ => None,
    }
}

/// What stands at a place: the indices, the element, or both.
fn item_of_grid(grid: &Value, place: &[Expr]) -> Value {
    match grid {
        Value::Grid(_, Some(view)) => Value::Scalar(view.element(place)),
        Value::Grid(_, None) => {
            Value::Tuple(place.iter().map(|at| Value::Scalar(Scalar::symbolic(at.clone()))).collect())
        }
        Value::Zip(parts) => Value::Tuple(parts.iter().map(|part| item_of_grid(part, place)).collect()),
        _ => Value::Poison,
    }
}

/// Whether a value is iterated place by place.
fn is_grid(value: &Value) -> bool {
    match value {
        Value::Grid(..) => true,
        Value::Zip(parts) => !parts.is_empty() && parts.iter().all(is_grid),
        _ => false,
    }
}

/// The item at a position of a value that is iterated.
pub(crate) fn item_at(value: &Value, at: &Expr) -> Value {
    match value {
        Value::Array(view) => row(view, at),
        Value::Range(start, _, step) => Value::Scalar(Scalar::symbolic(start + step * at)),
        Value::Zip(parts) => Value::Tuple(parts.iter().map(|part| item_at(part, at)).collect()),
        Value::Grid(shape, _) => {
            let (mut rest, mut place) = (at.clone(), Vec::new());
            for extent in shape.iter().skip(1).rev() {
                place.insert(0, rest.modulo(extent));
                rest = rest.floor_div(extent);
            }
            if !shape.is_empty() {
                place.insert(0, rest);
            }
            item_of_grid(value, &place)
        }
        Value::Tuple(items) => {
            let at = at.as_int().and_then(|at| usize::try_from(at).ok());
            at.and_then(|at| items.get(at)).cloned().unwrap_or(Value::Poison)
        }
        _ => Value::Poison,
    }
}
