//! The subset of Python that tasklets and conditions are written in.
//!
//! Assignments, `if`, and expressions; anything else is refused. What is read here has no types yet: see
//! [`super::typing`].

use crate::text::lexer::{Placed, Token, tokens};
use crate::text::scalar::{Level, operator_of};
use crate::{BinaryOp, UnaryOp};

/// An expression.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Syntax {
    /// Digits as they stand in the text; `true` if they are imaginary.
    Number(String, bool),
    Bool(bool),
    Name(String),
    Index(String, Vec<Syntax>),
    Unary(UnaryOp, Box<Syntax>),
    Binary(BinaryOp, Box<Syntax>, Box<Syntax>),
    Call(String, Vec<Syntax>),
    Select(Box<Syntax>, Box<Syntax>, Box<Syntax>),
    /// Whether what a name stands for is `None`.
    IsNone(String),
    /// A conversion to the type of a name.
    CastLike(String, Box<Syntax>),
}

/// A statement.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Line {
    Assign { target: String, indices: Vec<Syntax>, value: Syntax },
    If { condition: Syntax, then: Vec<Line>, otherwise: Vec<Line> },
}

type Result<T> = std::result::Result<T, String>;

/// Nested operations and statements.
const MAX_DEPTH: usize = 200;

/// Reads a tasklet's body.
pub(super) fn statements(text: &str) -> Result<Vec<Line>> {
    let mut parser = Parser::new(text)?;
    if *parser.token() == Token::End {
        return Ok(Vec::new());
    }
    let lines = parser.lines(parser.column())?;
    parser.end()?;
    Ok(lines)
}

/// Reads an expression.
pub(super) fn expression(text: &str) -> Result<Syntax> {
    let mut parser = Parser::new(text)?;
    // An expression may go on in the next line: nothing follows it.
    parser.brackets = 1;
    let value = parser.ternary()?;
    parser.end()?;
    Ok(value)
}

struct Parser<'a> {
    text: &'a str,
    tokens: Vec<Placed<'a>>,
    at: usize,
    brackets: usize,
    depth: usize,
}

impl<'a> Parser<'a> {
    fn new(text: &'a str) -> Result<Self> {
        let tokens = tokens(text).map_err(|(kind, _)| kind.to_string())?;
        Ok(Parser { text, tokens, at: 0, brackets: 0, depth: 0 })
    }

    fn token(&self) -> &Token<'a> {
        &self.tokens[self.at].token
    }

    fn peek(&self) -> &Token<'a> {
        &self.tokens[(self.at + 1).min(self.tokens.len() - 1)].token
    }

    fn advance(&mut self) {
        self.at = (self.at + 1).min(self.tokens.len() - 1);
    }

    fn eat(&mut self, symbol: &'static str) -> bool {
        let found = *self.token() == Token::Symbol(symbol);
        if found {
            self.advance();
        }
        found
    }

    fn eat_word(&mut self, word: &str) -> bool {
        let found = *self.token() == Token::Word(word);
        if found {
            self.advance();
        }
        found
    }

    fn expect(&mut self, symbol: &'static str) -> Result<()> {
        if self.eat(symbol) { Ok(()) } else { Err(self.unexpected(&format!("`{symbol}`"))) }
    }

    fn end(&self) -> Result<()> {
        if *self.token() == Token::End { Ok(()) } else { Err(self.unexpected("the end")) }
    }

    fn unexpected(&self, expected: &str) -> String {
        format!("expected {expected}, found {} in `{}`", self.token(), self.text)
    }

    /// Characters before the current token on its line.
    fn column(&self) -> usize {
        let start = self.tokens[self.at].start;
        start - self.text[..start].rfind('\n').map_or(0, |newline| newline + 1)
    }

    fn first(&self) -> bool {
        self.tokens[self.at].first
    }

    fn nested<T>(&mut self, rule: impl FnOnce(&mut Self) -> Result<T>) -> Result<T> {
        if self.depth == MAX_DEPTH {
            return Err("nested too deeply".to_owned());
        }
        self.depth += 1;
        let value = rule(self)?;
        self.depth -= 1;
        Ok(value)
    }

    /// Statements that are indented by `column`.
    fn lines(&mut self, column: usize) -> Result<Vec<Line>> {
        let mut lines = Vec::new();
        while *self.token() != Token::End && (!self.first() || self.column() == column) {
            if self.eat(";") || self.eat_word("pass") {
                continue;
            }
            lines.push(self.nested(|this| this.line(column))?);
        }
        if *self.token() != Token::End && self.column() > column {
            return Err(self.unexpected("a statement that is indented like the one before"));
        }
        Ok(lines)
    }

    fn line(&mut self, column: usize) -> Result<Line> {
        if self.eat_word("if") {
            return self.condition(column);
        }
        let Token::Word(word) = *self.token() else { return Err(self.unexpected("an assignment or `if`")) };
        let target = word.to_owned();
        self.advance();
        let indices = if *self.token() == Token::Symbol("[") { self.list("[", "]")? } else { Vec::new() };
        let operator = match self.token() {
            Token::Symbol("=") => None,
            Token::Symbol("+" | "-" | "*" | "/" | "//" | "%" | "**")
                if *self.peek() == Token::Symbol("=") =>
            {
                let (op, _) = self.operator().ok_or_else(|| self.unexpected("an operator"))?;
                self.advance();
                Some(op)
            }
            _ => return Err(self.unexpected("`=`")),
        };
        self.advance();
        let value = self.ternary()?;
        let old = || match indices.is_empty() {
            true => Syntax::Name(target.clone()),
            false => Syntax::Index(target.clone(), indices.clone()),
        };
        let value = match operator {
            Some(op) => Syntax::Binary(op, Box::new(old()), Box::new(value)),
            None => value,
        };
        Ok(Line::Assign { target, indices, value })
    }

    /// After `if` or `elif`.
    fn condition(&mut self, column: usize) -> Result<Line> {
        let condition = self.ternary()?;
        let then = self.block(column)?;
        let here = self.first() && self.column() == column;
        let otherwise = if here && self.eat_word("elif") {
            vec![self.nested(|this| this.condition(column))?]
        } else if here && self.eat_word("else") {
            self.block(column)?
        } else {
            Vec::new()
        };
        Ok(Line::If { condition, then, otherwise })
    }

    /// A colon, and statements that are indented by more than `outer`, or one on the same line.
    fn block(&mut self, outer: usize) -> Result<Vec<Line>> {
        self.expect(":")?;
        if !self.first() {
            if self.eat_word("pass") {
                return Ok(Vec::new());
            }
            return Ok(vec![self.nested(|this| this.line(usize::MAX))?]);
        }
        let column = self.column();
        if column <= outer {
            return Err(self.unexpected("an indented statement"));
        }
        self.nested(|this| this.lines(column))
    }

    fn ternary(&mut self) -> Result<Syntax> {
        self.nested(|this| {
            let then = this.operation(Level::Or)?;
            if !this.continues() || !this.eat_word("if") {
                return Ok(then);
            }
            let condition = this.operation(Level::Or)?;
            if !this.eat_word("else") {
                return Err(this.unexpected("`else`"));
            }
            let otherwise = this.ternary()?;
            Ok(Syntax::Select(Box::new(condition), Box::new(then), Box::new(otherwise)))
        })
    }

    fn continues(&self) -> bool {
        self.brackets > 0 || !self.first()
    }

    fn operator(&self) -> Option<(BinaryOp, Level)> {
        match *self.token() {
            Token::Symbol(text) | Token::Word(text) if self.continues() => operator_of(text),
            _ => None,
        }
    }

    fn operation(&mut self, loosest: Level) -> Result<Syntax> {
        self.nested(|this| {
            let mut left = this.prefix()?;
            loop {
                if Level::Compare >= loosest && this.continues() && this.eat_word("is") {
                    left = this.is_none(&left)?;
                    continue;
                }
                let Some((op, level)) = this.operator().filter(|(_, level)| *level >= loosest) else { break };
                this.advance();
                if level == Level::Compare {
                    left = this.comparisons(op, left)?;
                    continue;
                }
                let right =
                    this.operation(if level == Level::Power { Level::Sign } else { level.tighter() })?;
                left = Syntax::Binary(op, Box::new(left), Box::new(right));
            }
            Ok(left)
        })
    }

    /// After `is`: only of `None` is asked whether something is the same object.
    fn is_none(&mut self, left: &Syntax) -> Result<Syntax> {
        let negated = self.eat_word("not");
        match (left, self.eat_word("None")) {
            (Syntax::Name(name), true) => {
                let test = Syntax::IsNone(name.clone());
                Ok(if negated { Syntax::Unary(UnaryOp::Not, Box::new(test)) } else { test })
            }
            _ => Err(self.unexpected("`None` after a name and `is`")),
        }
    }

    /// `a < b < c` means `a < b and b < c`.
    fn comparisons(&mut self, op: BinaryOp, left: Syntax) -> Result<Syntax> {
        let mut middle = self.operation(Level::BitOr)?;
        let mut all = Syntax::Binary(op, Box::new(left), Box::new(middle.clone()));
        while let Some((op, Level::Compare)) = self.operator() {
            self.advance();
            let right = self.operation(Level::BitOr)?;
            let next = Syntax::Binary(op, Box::new(middle), Box::new(right.clone()));
            all = Syntax::Binary(BinaryOp::And, Box::new(all), Box::new(next));
            middle = right;
        }
        Ok(all)
    }

    fn prefix(&mut self) -> Result<Syntax> {
        let (op, level) = match self.token() {
            Token::Word("not") => (UnaryOp::Not, Level::Not),
            Token::Symbol("-") => (UnaryOp::Neg, Level::Sign),
            Token::Symbol("~") => (UnaryOp::BitNot, Level::Sign),
            Token::Symbol("+") => {
                self.advance();
                return self.operation(Level::Sign);
            }
            _ => return self.primary(),
        };
        self.advance();
        let operand = self.operation(level)?;
        Ok(match (op, operand) {
            (UnaryOp::Neg, Syntax::Number(digits, imaginary)) if !digits.starts_with('-') => {
                Syntax::Number(format!("-{digits}"), imaginary)
            }
            (op, operand) => Syntax::Unary(op, Box::new(operand)),
        })
    }

    fn primary(&mut self) -> Result<Syntax> {
        match self.token().clone() {
            Token::Number(text) => {
                self.advance();
                // `2.` is a number in Python, and its point a token here.
                let point = self.tokens[self.at - 1].end == self.tokens[self.at].start && self.eat(".");
                let (digits, imaginary) = match text.strip_suffix(['j', 'J']) {
                    Some(digits) => (digits, true),
                    None => (text, false),
                };
                Ok(Syntax::Number(format!("{digits}{}", if point { ".0" } else { "" }), imaginary))
            }
            Token::Symbol(".") => {
                self.advance();
                let Token::Number(text) = *self.token() else { return Err(self.unexpected("digits")) };
                self.advance();
                Ok(Syntax::Number(format!("0.{text}"), false))
            }
            Token::Symbol("(") => {
                self.brackets += 1;
                self.advance();
                let value = self.ternary()?;
                self.expect(")")?;
                self.brackets -= 1;
                Ok(value)
            }
            // Newer files may mark symbols.
            Token::Symbol("$") => {
                self.advance();
                self.primary()
            }
            Token::Word(word @ ("True" | "False")) => {
                self.advance();
                Ok(Syntax::Bool(word == "True"))
            }
            Token::Word(word) if !matches!(word, "and" | "or" | "not" | "if" | "else" | "lambda") => {
                self.advance();
                self.named(word)
            }
            _ => Err(self.unexpected("a value")),
        }
    }

    /// A name with members, a call, or an element.
    fn named(&mut self, word: &str) -> Result<Syntax> {
        let mut name = word.to_owned();
        while self.continues() && self.eat(".") {
            let Token::Word(member) = *self.token() else { return Err(self.unexpected("a name")) };
            name = format!("{name}.{member}");
            self.advance();
        }
        if name == "decltype" {
            // C++ for the type of a value, which DaCe writes into some tasklets.
            let [Syntax::Name(of)] = &self.list("(", ")")?[..] else { return Err(self.unexpected("a name")) };
            let mut args = self.list("(", ")")?;
            return match (args.pop(), args.is_empty()) {
                (Some(arg), true) => Ok(Syntax::CastLike(of.clone(), Box::new(arg))),
                _ => Err(self.unexpected("one operand of the conversion before it")),
            };
        }
        match self.token() {
            Token::Symbol("(") if self.continues() => Ok(Syntax::Call(name, self.list("(", ")")?)),
            Token::Symbol("[") if self.continues() => Ok(Syntax::Index(name, self.list("[", "]")?)),
            _ => Ok(Syntax::Name(name)),
        }
    }

    fn list(&mut self, open: &'static str, close: &'static str) -> Result<Vec<Syntax>> {
        self.brackets += 1;
        self.expect(open)?;
        let mut values = Vec::new();
        while *self.token() != Token::Symbol(close) {
            values.push(self.ternary()?);
            if !self.eat(",") && *self.token() != Token::Symbol(close) {
                return Err(self.unexpected(&format!("`,` or `{close}`")));
            }
        }
        self.advance();
        self.brackets -= 1;
        Ok(values)
    }
}
