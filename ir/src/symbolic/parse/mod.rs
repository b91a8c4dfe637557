//! Expressions from text: Python's syntax, and what SymPy prints into `.sdfg` files.
//!
//! ```text
//! (N + 1)//2 - i % 4          min(N, 32)              A[i, 0] > 0 and not done
//! int_floor(N, 2)             Min(N, 32)              And(i < N, Ne(j, 0))
//! floor(N/2 - 1/2)            1.0*N                   IfExpr(i < N, i, 0)
//! ```
//!
//! A true division or a decimal fraction may occur inside, as SymPy writes them, if the whole is an integer: rounded by
//! `floor` or `ceiling`, or without a rest. Anything else is an error; nothing is rounded silently.
//!
//! Text is not trusted: nesting and size are bounded, so no input exhausts the stack or the memory.

mod functions;
mod lexer;
mod value;

use super::{CmpOp, Expr, Function};
use crate::Name;
use lexer::{Lexer, Token};
use std::fmt;
use std::str::FromStr;
use thiserror::Error;
use value::Value;

/// Why a text is not a symbolic integer.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("{kind} at character {} of `{text}`", .text[..*.position].chars().count() + 1)]
pub struct ParseError {
    kind: ParseErrorKind,
    position: usize,
    text: String,
}

impl ParseError {
    /// What is wrong.
    pub fn kind(&self) -> &ParseErrorKind {
        &self.kind
    }

    /// Where: the number of bytes before the offending place.
    pub fn position(&self) -> usize {
        self.position
    }
}

/// What is wrong with a text.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum ParseErrorKind {
    /// A character that no token begins with.
    #[error("unexpected character `{0}`")]
    Character(char),
    /// A number that is not an integer of 64 bits or a short decimal fraction.
    #[error("the number `{0}` is too large or malformed")]
    Number(String),
    /// Another token than the grammar allows here.
    #[error("expected {expected}, found {found}")]
    Unexpected {
        /// What may stand here.
        expected: &'static str,
        /// What stands here.
        found: String,
    },
    /// A function that is not known.
    #[error("the function `{0}` is not known")]
    UnknownFunction(String),
    /// A function with the wrong number of arguments.
    #[error("`{function}` takes {expected}, not {found}")]
    Arguments {
        /// The function.
        function: String,
        /// What it takes.
        expected: &'static str,
        /// How many there are.
        found: usize,
    },
    /// A fraction where an integer has to be.
    #[error("`{0}` is not always an integer; `//` rounds down")]
    NotAnInteger(String),
    /// A division by the constant 0.
    #[error("division by zero")]
    DivisionByZero,
    /// Too many nested operations.
    #[error("nested too deeply")]
    TooDeep,
    /// Too many terms.
    #[error("the expression is too large")]
    TooLarge,
}

impl Expr {
    /// Reads an expression, see [`ParseError`] for what can be wrong with it.
    pub fn parse(text: &str) -> Result<Expr, ParseError> {
        let fail = |(kind, position)| ParseError { kind, position, text: text.to_owned() };
        let mut parser = Parser::new(text).map_err(fail)?;
        let value = parser.ternary().map_err(fail)?;
        parser.expect(Token::End, "an operator or the end").map_err(fail)?;
        value.into_integer().map_err(|kind| fail((kind, 0)))
    }
}

impl FromStr for Expr {
    type Err = ParseError;

    fn from_str(text: &str) -> Result<Self, ParseError> {
        Expr::parse(text)
    }
}

/// What an operator in front of a value does.
type Prefix = fn(Value) -> Result<Value, ParseErrorKind>;
/// A kind of error and its place.
type Failure = (ParseErrorKind, usize);

/// Nested calls of [`Parser::binary`]: a parenthesis takes two.
const MAX_DEPTH: usize = 200;

/// How tightly a binary operator binds, loosest first; as in Python.
const OR: u8 = 1;
const AND: u8 = 2;
const NOT: u8 = 3;
const COMPARE: u8 = 4;
const BIT_OR: u8 = 5;
const BIT_XOR: u8 = 6;
const BIT_AND: u8 = 7;
const SHIFT: u8 = 8;
const SUM: u8 = 9;
const PRODUCT: u8 = 10;
const SIGN: u8 = 11;
const POWER: u8 = 12;

struct Parser<'a> {
    lexer: Lexer<'a>,
    token: Token<'a>,
    position: usize,
    /// Whether the token before was a minus sign, after which the literal 2**63 is allowed.
    after_minus: bool,
    depth: usize,
}

impl<'a> Parser<'a> {
    fn new(text: &'a str) -> Result<Self, Failure> {
        let mut lexer = Lexer::new(text);
        let (token, position) = lexer.next()?;
        Ok(Parser { lexer, token, position, after_minus: false, depth: 0 })
    }

    fn advance(&mut self) -> Result<(), Failure> {
        self.after_minus = self.token == Token::Symbol("-");
        (self.token, self.position) = self.lexer.next()?;
        Ok(())
    }

    fn expect(&mut self, token: Token<'_>, expected: &'static str) -> Result<(), Failure> {
        if self.token != token {
            return Err(self.unexpected(expected));
        }
        if token == Token::End { Ok(()) } else { self.advance() }
    }

    fn unexpected(&self, expected: &'static str) -> Failure {
        (ParseErrorKind::Unexpected { expected, found: self.token.to_string() }, self.position)
    }

    /// `binary [if binary else ternary]`
    fn ternary(&mut self) -> Result<Value, Failure> {
        let then = self.binary(OR)?;
        if self.token != Token::Word("if") {
            return Ok(then);
        }
        let position = self.position;
        self.advance()?;
        let condition = self.binary(OR)?;
        self.expect(Token::Word("else"), "`else`")?;
        self.enter()?;
        let otherwise = self.ternary()?;
        self.depth -= 1;
        Value::select(condition, then, otherwise).map_err(|kind| (kind, position))
    }

    /// Operators that bind at least as tightly as `loosest`.
    fn binary(&mut self, loosest: u8) -> Result<Value, Failure> {
        self.enter()?;
        let mut left = self.prefix(loosest)?;
        while let Some((operator, level)) = operator(&self.token).filter(|(_, level)| *level >= loosest) {
            if level == COMPARE {
                left = self.comparisons(left)?;
                continue;
            }
            let position = self.position;
            self.advance()?;
            // The power is right-associative, and its exponent may have a sign.
            let right = self.binary(if level == POWER { SIGN } else { level + 1 })?;
            left = apply(operator, left, right).map_err(|kind| (kind, position))?;
        }
        self.depth -= 1;
        Ok(left)
    }

    fn enter(&mut self) -> Result<(), Failure> {
        self.depth += 1;
        if self.depth > MAX_DEPTH { Err((ParseErrorKind::TooDeep, self.position)) } else { Ok(()) }
    }

    fn prefix(&mut self, loosest: u8) -> Result<Value, Failure> {
        let position = self.position;
        let (level, f): (u8, Prefix) = match self.token {
            Token::Symbol("-") => (SIGN, |value| Ok(value.negated())),
            Token::Symbol("+") => (SIGN, Ok),
            Token::Symbol("~") => (SIGN, |value| value.integers1(|x| -x - 1)),
            Token::Word("not") if loosest <= NOT => (NOT, |value| value.integers1(Expr::not)),
            _ => return self.primary(),
        };
        self.advance()?;
        f(self.binary(level)?).map_err(|kind| (kind, position))
    }

    /// `a < b <= c` is `a < b and b <= c`.
    fn comparisons(&mut self, first: Value) -> Result<Value, Failure> {
        let position = self.position;
        let mut left = first;
        let mut all: Option<Value> = None;
        while let Some(op) = comparison(&self.token) {
            self.advance()?;
            let right = self.binary(COMPARE + 1)?;
            let holds = Value::compare(op, &left, &right).map_err(|kind| (kind, position))?;
            all = Some(match all {
                None => holds,
                Some(before) => before.integers2(holds, Expr::and).map_err(|kind| (kind, position))?,
            });
            left = right;
        }
        Ok(all.unwrap_or(left))
    }

    fn primary(&mut self) -> Result<Value, Failure> {
        let position = self.position;
        match self.token {
            Token::Int(value) => {
                if value == 1 << 63 && !self.after_minus {
                    return Err((ParseErrorKind::Number(value.to_string()), position));
                }
                self.advance()?;
                Ok(Value::integer(Expr::int(value.cast_signed())))
            }
            Token::Decimal(numerator, denominator) => {
                self.advance()?;
                Value::fraction(numerator, denominator).map_err(|kind| (kind, position))
            }
            Token::Symbol("(") => {
                self.advance()?;
                let value = self.ternary()?;
                self.expect(Token::Symbol(")"), "`)`")?;
                Ok(value)
            }
            Token::Word("True" | "true") => self.advance().map(|()| Value::integer(Expr::one())),
            Token::Word("False" | "false") => self.advance().map(|()| Value::integer(Expr::zero())),
            Token::Word(word) if !lexer::is_keyword(word) => {
                self.advance()?;
                self.named(word, position)
            }
            _ => Err(self.unexpected("a value")),
        }
    }

    /// A symbol, a call, or an element of a container.
    fn named(&mut self, word: &str, position: usize) -> Result<Value, Failure> {
        match self.token {
            Token::Symbol("(") => {
                let args = self.list(")", "`,` or `)`")?;
                functions::call(word, args).map_err(|kind| (kind, position))
            }
            Token::Symbol("[") => {
                let indices = self.list("]", "`,` or `]`")?;
                if indices.is_empty() {
                    return Err((
                        ParseErrorKind::Unexpected { expected: "an index", found: "`]`".to_owned() },
                        position,
                    ));
                }
                Value::integers(indices, |indices| Expr::load(word, indices)).map_err(|kind| (kind, position))
            }
            _ => Ok(Value::integer(Expr::sym(Name::from(word)))),
        }
    }

    /// Values between commas, up to `end`; the current token is the opening bracket.
    fn list(&mut self, end: &'static str, expected: &'static str) -> Result<Vec<Value>, Failure> {
        self.advance()?;
        let mut values = Vec::new();
        while self.token != Token::Symbol(end) {
            values.push(self.ternary()?);
            if self.token == Token::Symbol(",") {
                self.advance()?;
            } else if self.token != Token::Symbol(end) {
                return Err(self.unexpected(expected));
            }
        }
        self.advance()?;
        Ok(values)
    }
}

fn operator<'a>(token: &Token<'a>) -> Option<(&'a str, u8)> {
    let (Token::Symbol(operator) | Token::Word(operator)) = token else { return None };
    let level = match *operator {
        "or" => OR,
        "and" => AND,
        "|" => BIT_OR,
        "^" => BIT_XOR,
        "&" => BIT_AND,
        "<<" | ">>" => SHIFT,
        "+" | "-" => SUM,
        "*" | "/" | "//" | "%" => PRODUCT,
        "**" => POWER,
        _ => comparison(token).map(|_| COMPARE)?,
    };
    Some((operator, level))
}

fn comparison(token: &Token<'_>) -> Option<CmpOp> {
    Some(match token {
        Token::Symbol("<") => CmpOp::Lt,
        Token::Symbol("<=") => CmpOp::Le,
        Token::Symbol(">") => CmpOp::Gt,
        Token::Symbol(">=") => CmpOp::Ge,
        Token::Symbol("==") => CmpOp::Eq,
        Token::Symbol("!=") => CmpOp::Ne,
        _ => return None,
    })
}

fn apply(operator: &str, left: Value, right: Value) -> Result<Value, ParseErrorKind> {
    let function = match operator {
        "or" => return left.integers2(right, Expr::or),
        "and" => return left.integers2(right, Expr::and),
        "+" => return left.add(right),
        "-" => return left.add(right.negated()),
        "*" => return left.mul(right),
        "/" => return left.div(right),
        "//" => return left.integers2(right, Expr::floor_div),
        "%" => return left.integers2(right, Expr::modulo),
        "**" => return left.pow(right),
        "|" => Function::BitOr,
        "^" => Function::BitXor,
        "&" => Function::BitAnd,
        "<<" => Function::Shl,
        _ => Function::Shr,
    };
    left.integers2(right, |a, b| Expr::call(function, vec![a.clone(), b.clone()]))
}

impl fmt::Display for Token<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Token::Int(value) => write!(f, "`{value}`"),
            Token::Decimal(..) => f.write_str("a decimal fraction"),
            Token::Word(text) | Token::Symbol(text) => write!(f, "`{text}`"),
            Token::End => f.write_str("the end"),
        }
    }
}
