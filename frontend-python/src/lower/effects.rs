//! What people notice: failing checks and printed text.
//!
//! `assert`, `raise`, and what must hold at run time because it could not be proved become conditional
//! [`Effect::Fail`]s; `print` becomes an [`Effect::Print`]:
//!
//! ```text
//! assert k > 0, "positive"       if not (k > 0) { fail "assertion failed: positive" }
//! A[:n] + B[:m]                  if not (n == m) { fail "extent n meets extent m: they must be equal" }
//! print(f"{k}: {x[k]:.3f}")      print value k, text ": ", format ".3f" x[k], text "\n"
//! ```

use super::{Lowerer, Result, Stop};
use crate::codes;
use crate::diagnostic::Diagnostic;
use crate::parse::{Ranged, TextRange, ast};
use crate::scalar;
use crate::types::{Scalar, Value};
use dacec_ir::control_flow::{Effect, Piece};
use dacec_ir::{Block, Branch, Conditional, Constant, DType, Expr, Region, ScalarExpr, UnaryOp};

impl Lowerer<'_> {
    /// `assert test, message`.
    pub(super) fn assert_statement(&mut self, it: &ast::StmtAssert) -> Result<()> {
        let message = match &it.msg {
            Some(message) => self.message_text(message)?,
            None => self.globals.source(it.test.range()).split_whitespace().collect::<Vec<_>>().join(" "),
        };
        let condition = self.eval(&it.test)?;
        let condition = self.condition_value(condition, it.test.range())?;
        self.fail_unless(&condition, format!("assertion failed: {message}"), it.range)
    }

    /// `raise Error("message")`: the program ends with an error.
    pub(super) fn raise_statement(&mut self, it: &ast::StmtRaise) -> Result<()> {
        let message = match it.exc.as_deref() {
            Some(ast::Expr::Call(call)) => {
                let name = self.globals.source(call.func.range()).to_owned();
                match call.arguments.args.first() {
                    Some(text) => format!("{name}: {}", self.message_text(text)?),
                    None => name,
                }
            }
            Some(ast::Expr::Name(name)) => name.id.to_string(),
            _ => {
                let message = "only a new exception can be raised, as in `raise ValueError(\"...\")`";
                return Err(Diagnostic::error(codes::UNSUPPORTED_STATEMENT, it.range, message).into());
            }
        };
        let span = self.span(it.range);
        self.push(Block::Effect(Effect::Fail { message, span }));
        Ok(())
    }

    /// The text of a message: what is known of it, and the source of what is not.
    fn message_text(&mut self, message: &ast::Expr) -> Result<String> {
        let ast::Expr::FString(format) = message else {
            return Ok(match message {
                ast::Expr::StringLiteral(text) => text.value.to_str().to_owned(),
                other => self.globals.source(other.range()).to_owned(),
            });
        };
        let mut text = String::new();
        for part in format.value.iter() {
            match part {
                ast::FStringPart::Literal(literal) => text.push_str(literal),
                ast::FStringPart::FString(inner) => {
                    for element in &inner.elements {
                        match element {
                            ast::InterpolatedStringElement::Literal(literal) => text.push_str(&literal.value),
                            ast::InterpolatedStringElement::Interpolation(it) => {
                                text.push_str(&format!("{{{}}}", self.globals.source(it.expression.range())));
                            }
                        }
                    }
                }
            }
        }
        Ok(text)
    }

    /// Ends the program with an error where the condition does not hold.
    pub(crate) fn fail_unless(
        &mut self,
        condition: &Scalar,
        message: String,
        range: TextRange,
    ) -> Result<()> {
        let (message, span) = (self.meanings.told(&message), self.span(range));
        let fail = Block::Effect(Effect::Fail { message, span });
        match condition.as_truth() {
            Some(true) => {}
            Some(false) => self.push(fail),
            None => {
                let failed = match condition.as_expr() {
                    Some(expr) => ScalarExpr::Symbolic(expr.not()),
                    None => {
                        let failed = scalar::unary(UnaryOp::Not, condition);
                        failed.map_err(|reason| Diagnostic::error(codes::TYPE, range, reason))?.code
                    }
                };
                let branch = Branch { condition: Some(failed), body: Region::new([fail]) };
                self.push(Block::Conditional(Conditional { branches: vec![branch], span }));
                if let Some(fact) = condition.code.to_symbolic().filter(|fact| self.is_fixed(fact)) {
                    self.facts.assume(&fact);
                }
            }
        }
        Ok(())
    }

    /// Makes sure at run time that two extents are equal, if that cannot be proved.
    pub(crate) fn require_equal(&mut self, a: &Expr, b: &Expr, range: TextRange) -> Result<()> {
        if a == b {
            return Ok(());
        }
        let message = format!("the extents {a} and {b} must be equal");
        self.require(&a.eq_expr(b), message, range)
    }

    /// Makes sure at run time that a condition holds, if that cannot be proved.
    ///
    /// In a parallel loop, a condition that does not depend on the iteration is checked before the loop, unless that
    /// has no iterations: so the loop's body stays free of branches.
    pub(crate) fn require(&mut self, condition: &Expr, message: String, range: TextRange) -> Result<()> {
        if self.facts.prove(condition) == Some(true) || self.is_constant_evaluation() {
            return Ok(());
        }
        let holds = Scalar::weak(ScalarExpr::Symbolic(condition.clone()), DType::Bool);
        if holds.as_truth().is_some() {
            return self.fail_unless(&holds, message, range);
        }
        let (message, span) = (self.meanings.told(&message), self.span(range));
        let check = |failed: Expr| {
            let fail = Block::Effect(Effect::Fail { message, span });
            let branch = Branch { condition: Some(ScalarExpr::Symbolic(failed)), body: Region::new([fail]) };
            Block::Conditional(Conditional { branches: vec![branch], span })
        };
        let is_known_outside = |region: usize| {
            let local = |symbol| self.params.contains(symbol) || self.is_assigned_from(region + 1, symbol);
            self.is_fixed(condition) && !condition.symbols().iter().any(local)
        };
        match self.before_map().filter(|(region, _)| is_known_outside(*region)) {
            Some((outside, empty)) => {
                let check = check(condition.not().and(&empty.not()));
                self.regions[outside].blocks.push(check);
            }
            None => self.push_check(check(condition.not())),
        }
        if self.is_fixed(condition) {
            self.facts.assume(condition);
        }
        Ok(())
    }

    // --- printing ------------------------------------------------------------------------------------------------

    /// The text of an f-string: known, or pieces that are put together when the program runs.
    pub(super) fn f_string(&mut self, it: &ast::ExprFString) -> Result<Value> {
        let mut pieces = Vec::new();
        // A call may change what numbers before it are made of.
        let whole = ast::Expr::FString(it.clone());
        let settle = self.calls_program(&whole);
        for part in it.value.iter() {
            match part {
                ast::FStringPart::Literal(literal) => pieces.push(Piece::Text(literal.to_string())),
                ast::FStringPart::FString(inner) => {
                    for element in &inner.elements {
                        self.f_string_element(element, settle, &mut pieces)?;
                    }
                }
            }
        }
        let known: Option<String> = pieces
            .iter()
            .map(|piece| if let Piece::Text(text) = piece { Some(text.as_str()) } else { None })
            .collect();
        Ok(known.map_or(Value::Message(pieces), Value::Text))
    }

    fn f_string_element(
        &mut self,
        element: &ast::InterpolatedStringElement,
        settle: bool,
        pieces: &mut Vec<Piece>,
    ) -> Result<()> {
        let it = match element {
            ast::InterpolatedStringElement::Literal(literal) => {
                pieces.push(Piece::Text(literal.value.to_string()));
                return Ok(());
            }
            ast::InterpolatedStringElement::Interpolation(it) => it,
        };
        if let Some(debug) = &it.debug_text {
            let expression = self.globals.source(it.expression.range());
            pieces.push(Piece::Text(format!("{}{expression}{}", debug.leading(), debug.trailing())));
        }
        let value = self.eval(&it.expression)?;
        let value = if settle { self.settle(value) } else { value };
        let Some(spec) = &it.format_spec else { return self.add_pieces(value, it.range, pieces) };
        let spec = self.globals.source(spec.range).to_owned();
        match (value, spec.parse()) {
            (Value::Scalar(number), Ok(format)) if !number.dtype().is_complex() => {
                pieces.push(Piece::Value(number.code, Some(format)));
                Ok(())
            }
            (Value::Scalar(_), Err(reason)) => {
                Err(Diagnostic::error(codes::UNSUPPORTED_ARGUMENT, it.range, format!("`{spec}`: {reason}"))
                    .into())
            }
            (other, _) => Err(self.not_a_number(&other, it.range)),
        }
    }

    /// `print(...)`.
    pub(crate) fn print_values(
        &mut self,
        values: Vec<(Value, TextRange)>,
        separator: &str,
        end: &str,
        range: TextRange,
    ) -> Result<()> {
        let mut pieces = Vec::new();
        for (k, (value, place)) in values.into_iter().enumerate() {
            if k > 0 {
                pieces.push(Piece::Text(separator.to_owned()));
            }
            self.add_pieces(value, place, &mut pieces)?;
        }
        pieces.push(Piece::Text(end.to_owned()));
        let span = self.span(range);
        self.push(Block::Effect(Effect::Print { pieces: joined(pieces), span }));
        Ok(())
    }

    /// The text of a value, as `str` gives it.
    fn add_pieces(&mut self, value: Value, range: TextRange, pieces: &mut Vec<Piece>) -> Result<()> {
        match value {
            Value::Text(text) => pieces.push(Piece::Text(text)),
            Value::Message(parts) => pieces.extend(parts),
            Value::None => pieces.push(Piece::Text("None".to_owned())),
            Value::Scalar(number) => pieces.push(number_piece(number)),
            Value::DType(dtype) => pieces.push(Piece::Text(dtype.to_string())),
            Value::Tuple(items) => {
                let alone = items.len() == 1;
                let (open, close) = match items.is_list {
                    true => ("[", "]"),
                    false => ("(", if alone { ",)" } else { ")" }),
                };
                pieces.push(Piece::Text(open.to_owned()));
                for (k, item) in items.into_iter().enumerate() {
                    if k > 0 {
                        pieces.push(Piece::Text(", ".to_owned()));
                    }
                    self.add_representation(item, range, pieces)?;
                }
                pieces.push(Piece::Text(close.to_owned()));
            }
            Value::Array(view) if view.rank() == 0 => pieces.push(number_piece(view.element(&[]))),
            // What is printed has a container of its own, which is all of it.
            Value::Array(view) => {
                let printed = self.copied(&view, "__printed");
                self.flush();
                pieces.push(Piece::Array(ScalarExpr::Name(printed.container)));
            }
            Value::Poison => return Err(Stop::Reported),
            other => return Err(self.not_a_number(&other, range)),
        }
        Ok(())
    }

    /// The text of an item of a tuple, as `repr` gives it.
    fn add_representation(&mut self, item: Value, range: TextRange, pieces: &mut Vec<Piece>) -> Result<()> {
        match item {
            Value::Text(text) => pieces.push(Piece::Text(format!("'{text}'"))),
            Value::Scalar(number) if !number.ty.weak => {
                let (before, after) = match number.dtype() {
                    DType::Bool => ("np.".to_owned(), ""),
                    dtype => (format!("np.{dtype}("), ")"),
                };
                pieces.push(Piece::Text(before));
                pieces.push(number_piece(number));
                pieces.push(Piece::Text(after.to_owned()));
            }
            Value::Array(_) => {
                let message = "an array in a tuple or list cannot be printed";
                return Err(Diagnostic::error(codes::UNSUPPORTED_ARGUMENT, range, message)
                    .help("print the arrays themselves: `print(a, b)`")
                    .into());
            }
            other => self.add_pieces(other, range, pieces)?,
        }
        Ok(())
    }
}

fn number_piece(number: Scalar) -> Piece {
    match number.as_constant() {
        Some(Constant::Int(value, _)) => Piece::Text(value.to_string()),
        Some(Constant::Bool(value)) => Piece::Text(if value { "True" } else { "False" }.to_owned()),
        _ => Piece::Value(number.code, None),
    }
}

/// Texts that follow each other become one.
fn joined(pieces: Vec<Piece>) -> Vec<Piece> {
    let mut result: Vec<Piece> = Vec::new();
    for piece in pieces {
        match (result.last_mut(), piece) {
            (Some(Piece::Text(before)), Piece::Text(text)) => before.push_str(&text),
            (_, piece) => result.push(piece),
        }
    }
    result.retain(|piece| !matches!(piece, Piece::Text(text) if text.is_empty()));
    result
}
