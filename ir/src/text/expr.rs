//! Reads scalar expressions: operators by precedence, the syntax that [`super::scalar`] prints.

use super::TextErrorKind;
use super::lexer::Token;
use super::parser::{Parser, Result};
use super::scalar::{Level, operator_of, suffix};
use crate::{BinaryOp, Constant, DType, Function, ScalarExpr, UnaryOp};

impl Parser<'_> {
    /// `value` or `value if condition else value`
    pub(super) fn scalar(&mut self) -> Result<ScalarExpr> {
        self.nested(|this| {
            let then = this.operation(Level::Or)?;
            if !this.continues() || !this.eat_word("if") {
                return Ok(then);
            }
            let condition = this.operation(Level::Or)?;
            this.expect_word("else")?;
            Ok(ScalarExpr::select(condition, then, this.scalar()?))
        })
    }

    /// Values between brackets.
    pub(super) fn scalars(&mut self, brackets: (&'static str, &'static str)) -> Result<Vec<ScalarExpr>> {
        self.brackets += 1;
        let values = self.list(brackets, Self::scalar)?;
        self.brackets -= 1;
        Ok(values)
    }

    /// Whether the current token may continue an expression: outside of brackets an expression ends with its line.
    fn continues(&self) -> bool {
        self.brackets > 0 || self.same_line()
    }

    /// Operators that bind at least as tightly as `loosest`.
    fn operation(&mut self, loosest: Level) -> Result<ScalarExpr> {
        self.nested(|this| {
            let mut left = this.prefix()?;
            let mut compared = false;
            while let Some((op, level)) = this.operator().filter(|(_, level)| *level >= loosest) {
                // Python reads `a < b < c` as two comparisons; here it would compare a truth value.
                if compared && op.is_comparison() {
                    return Err(this.unexpected("parentheses around one of the comparisons"));
                }
                compared = op.is_comparison();
                this.advance();
                let right = match level {
                    Level::Power => Level::Sign,
                    _ => level.tighter(),
                };
                left = ScalarExpr::binary(op, left, this.operation(right)?);
            }
            Ok(left)
        })
    }

    fn operator(&self) -> Option<(BinaryOp, Level)> {
        match *self.token() {
            Token::Symbol(text) | Token::Word(text) if self.continues() => operator_of(text),
            _ => None,
        }
    }

    /// `not`, `-`, `~`, or what binds more tightly.
    fn prefix(&mut self) -> Result<ScalarExpr> {
        if self.eat_word("not") {
            return Ok(ScalarExpr::unary(UnaryOp::Not, self.operation(Level::Not)?));
        }
        if self.eat("~") {
            return Ok(ScalarExpr::unary(UnaryOp::BitNot, self.operation(Level::Sign)?));
        }
        if !self.eat("-") {
            return self.primary();
        }
        let literal =
            matches!(self.token(), Token::Number(_)) || self.is("@") && matches!(self.peek(), Token::Word(_));
        if !literal {
            return Ok(ScalarExpr::unary(UnaryOp::Neg, self.operation(Level::Sign)?));
        }
        let start = self.place();
        let value = self.literal(true);
        if !self.is("**") {
            return value.map(ScalarExpr::Constant);
        }
        // The power binds more tightly than the sign, and not every number has a negative one.
        self.go_back(start);
        Ok(ScalarExpr::unary(UnaryOp::Neg, self.operation(Level::Power)?))
    }

    fn primary(&mut self) -> Result<ScalarExpr> {
        match self.token().clone() {
            Token::Number(_) | Token::Symbol("@") => self.literal(false).map(ScalarExpr::Constant),
            Token::Symbol("(") => {
                self.brackets += 1;
                self.advance();
                let value = self.scalar()?;
                self.expect(")")?;
                self.brackets -= 1;
                Ok(value)
            }
            Token::Symbol("$") => self.symbolic(),
            Token::Word(word @ ("True" | "False")) => {
                self.advance();
                Ok(Constant::Bool(word == "True").into())
            }
            Token::Word("and" | "or" | "not" | "if" | "else") => Err(self.unexpected("a value")),
            Token::Word(word) if *self.peek() == Token::Symbol("(") => self.call(word),
            Token::Word(_) | Token::Quoted(_) => {
                let name = self.name("a value")?;
                if self.continues() && self.is("[") {
                    return Ok(ScalarExpr::Load { name, indices: self.scalars(("[", "]"))? });
                }
                Ok(ScalarExpr::Name(name))
            }
            _ => Err(self.unexpected("a value")),
        }
    }

    /// `$symbol` or `$(expression)`
    fn symbolic(&mut self) -> Result<ScalarExpr> {
        self.expect("$")?;
        if self.eat("(") {
            let expr = self.expr()?;
            self.expect(")")?;
            return Ok(expr.into());
        }
        self.name("a symbol").map(|name| crate::Expr::sym(name).into())
    }

    /// A cast, a function, `min`, `max`, a complex literal, or whether an argument is `None`.
    fn call(&mut self, word: &str) -> Result<ScalarExpr> {
        let offset = self.offset();
        self.advance();
        let mut args = self.scalars(("(", ")"))?;
        let wrong = |expected: &str, given: usize| {
            let expected = format!("{expected} of `{word}`");
            (TextErrorKind::Unexpected { expected, found: given.to_string() }, offset)
        };
        if let Ok(dtype) = word.parse::<DType>() {
            return match (&args[..], args.len()) {
                ([_], _) => Ok(ScalarExpr::Cast(dtype, Box::new(args.remove(0)))),
                ([ScalarExpr::Constant(re), ScalarExpr::Constant(im)], _) if dtype.is_complex() => {
                    match (re, im) {
                        (Constant::Float(re, _), Constant::Float(im, _)) => {
                            Ok(Constant::Complex(*re, *im, dtype).into())
                        }
                        _ => Err(wrong("two real literals", 2)),
                    }
                }
                (_, given) => Err(wrong("one operand", given)),
            };
        }
        if word == "is_none" {
            let given = args.len();
            return match args.pop() {
                Some(ScalarExpr::Name(name)) if given == 1 => Ok(ScalarExpr::IsNone(name)),
                _ => Err(wrong("the name of an argument", given)),
            };
        }
        let extremum = [BinaryOp::Min, BinaryOp::Max].into_iter().find(|op| op.symbol() == word);
        if let Some(op) = extremum {
            let given = args.len();
            let operands = <[ScalarExpr; 2]>::try_from(args);
            let [lhs, rhs] = operands.map_err(|_| wrong("two operands", given))?;
            return Ok(ScalarExpr::binary(op, lhs, rhs));
        }
        let function = Function::ALL.into_iter().find(|function| function.name() == word);
        let unknown = || {
            let expected = "a function or an element type".to_owned();
            (TextErrorKind::Unexpected { expected, found: format!("`{word}`") }, offset)
        };
        let function = function.ok_or_else(unknown)?;
        if args.len() != function.arity() {
            return Err(wrong(&format!("{} operands", function.arity()), args.len()));
        }
        Ok(ScalarExpr::Call(function, args))
    }

    /// A number; the sign before it has been read.
    fn literal(&mut self, negative: bool) -> Result<Constant> {
        let offset = self.offset();
        if self.eat("@") {
            let word = self.name("`inf` or `nan`")?;
            let constant = non_finite(&word, negative);
            return constant.ok_or_else(|| (TextErrorKind::Number(format!("@{word}")), offset));
        }
        let Token::Number(text) = *self.token() else { return Err(self.unexpected("a number")) };
        self.advance();
        finite(text, negative).ok_or_else(|| (TextErrorKind::Number(text.to_owned()), offset))
    }
}

fn non_finite(word: &str, negative: bool) -> Option<Constant> {
    let (value, rest) = match (word.strip_prefix("inf"), word.strip_prefix("nan")) {
        (Some(rest), _) => (f64::INFINITY, rest),
        (None, Some(rest)) => (f64::NAN, rest),
        (None, None) => return None,
    };
    let dtype = if rest.is_empty() { Some(DType::Float64) } else { dtype_of(rest) };
    let dtype = dtype.filter(|dtype| dtype.is_float())?;
    Some(Constant::Float(if negative { -value } else { value }, dtype))
}

fn finite(text: &str, negative: bool) -> Option<Constant> {
    let (digits, dtype) = split_suffix(text);
    let sign = if negative { "-" } else { "" };
    let signed = format!("{sign}{digits}");
    let real = digits.contains(['.', 'e']);
    match dtype {
        None if real => Some(Constant::Float(signed.parse().ok()?, DType::Float64)),
        None => Some(Constant::Int(signed.parse().ok()?, DType::Int64)),
        Some(dtype) if dtype.is_float() => Some(Constant::Float(signed.parse().ok()?, dtype)),
        Some(dtype) if dtype.is_integer() && !real => match signed.parse::<i64>() {
            Ok(value) => Some(Constant::Int(value, dtype)),
            Err(_) if dtype == DType::UInt64 => Some(Constant::UInt(signed.parse().ok()?)),
            Err(_) => None,
        },
        Some(_) => None,
    }
}

/// Digits and the type that the letters after them name.
fn split_suffix(text: &str) -> (&str, Option<DType>) {
    let found = DType::ALL.into_iter().filter(|dtype| text.ends_with(suffix(*dtype)));
    match found.max_by_key(|dtype| suffix(*dtype).len()) {
        Some(dtype) => (&text[..text.len() - suffix(dtype).len()], Some(dtype)),
        None => (text, None),
    }
}

fn dtype_of(letters: &str) -> Option<DType> {
    DType::ALL.into_iter().find(|dtype| suffix(*dtype) == letters)
}
