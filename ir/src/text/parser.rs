//! Reads SDFGs, containers and control flow. The functions are named after the rules of the grammar.

use super::lexer::{Failure, Placed, Token, tokens};
use super::{TextError, TextErrorKind, error};
use crate::control_flow::{Effect, LoopHeader, Piece};
use crate::interp::Tensor;
use crate::node::ExternalCall;
use crate::symbolic::ParseError;
use crate::{
    Array, Assignment, Block, Branch, Conditional, ConstantArray, DType, Data, Expr, IndexMap, Instrument,
    Lifetime, Loop, Machine, Name, Range, Region, Scalar, ScalarExpr, Sdfg, Span, Stmt, Storage, Stream,
    Structure, Transition, Vertex, Wcr,
};

pub(super) type Result<T> = std::result::Result<T, Failure>;

/// Nested blocks, maps, SDFGs and operations.
const MAX_DEPTH: usize = 200;

pub(super) fn parse(text: &str) -> std::result::Result<Sdfg, TextError> {
    whole(text, Parser::sdfg)
}

pub(super) fn parse_scalar(text: &str) -> std::result::Result<ScalarExpr, TextError> {
    whole(text, Parser::scalar)
}

pub(super) fn parse_wcr(text: &str) -> std::result::Result<Wcr, TextError> {
    whole(text, Parser::wcr)
}

pub(super) fn parse_call(text: &str) -> std::result::Result<ExternalCall, TextError> {
    whole(text, |parser| {
        parser.expect_word("call")?;
        parser.external()
    })
}

pub(super) fn parse_statements(text: &str) -> std::result::Result<Vec<Stmt>, TextError> {
    whole(text, |parser| {
        let mut stmts = Vec::new();
        while *parser.token() != Token::End {
            stmts.push(parser.nested(Parser::stmt)?);
        }
        Ok(stmts)
    })
}

fn whole<'a, T>(text: &'a str, rule: fn(&mut Parser<'a>) -> Result<T>) -> std::result::Result<T, TextError> {
    let read = || {
        let mut parser = Parser { text, tokens: tokens(text)?, at: 0, depth: 0, brackets: 0 };
        let value = rule(&mut parser)?;
        match parser.token() {
            Token::End => Ok(value),
            _ => Err(parser.unexpected("the end")),
        }
    };
    read().map_err(|(kind, offset)| TextError::new(kind, text, offset))
}

pub(super) struct Parser<'a> {
    text: &'a str,
    tokens: Vec<Placed<'a>>,
    at: usize,
    depth: usize,
    /// Brackets of scalar expressions that are open: inside, a line's end does not end the expression.
    pub(super) brackets: usize,
}

/// Tokens.
impl<'a> Parser<'a> {
    pub(super) fn token(&self) -> &Token<'a> {
        &self.tokens[self.at].token
    }

    pub(super) fn peek(&self) -> &Token<'a> {
        &self.tokens[(self.at + 1).min(self.tokens.len() - 1)].token
    }

    /// Whether the current token is on the line of the one before.
    pub(super) fn same_line(&self) -> bool {
        !self.tokens[self.at].first
    }

    pub(super) fn offset(&self) -> usize {
        self.tokens[self.at].start
    }

    pub(super) fn advance(&mut self) {
        self.at = (self.at + 1).min(self.tokens.len() - 1);
    }

    /// A place to [go back](Parser::go_back) to.
    pub(super) fn place(&self) -> usize {
        self.at
    }

    pub(super) fn go_back(&mut self, place: usize) {
        self.at = place;
    }

    pub(super) fn unexpected(&self, expected: impl Into<String>) -> Failure {
        let kind = TextErrorKind::Unexpected { expected: expected.into(), found: self.token().to_string() };
        (kind, self.offset())
    }

    pub(super) fn is(&self, symbol: &'static str) -> bool {
        *self.token() == Token::Symbol(symbol)
    }

    pub(super) fn eat(&mut self, symbol: &'static str) -> bool {
        let found = self.is(symbol);
        if found {
            self.advance();
        }
        found
    }

    pub(super) fn expect(&mut self, symbol: &'static str) -> Result<()> {
        if self.eat(symbol) { Ok(()) } else { Err(self.unexpected(format!("`{symbol}`"))) }
    }

    pub(super) fn is_word(&self, word: &str) -> bool {
        *self.token() == Token::Word(word)
    }

    pub(super) fn eat_word(&mut self, word: &str) -> bool {
        let found = self.is_word(word);
        if found {
            self.advance();
        }
        found
    }

    pub(super) fn expect_word(&mut self, word: &str) -> Result<()> {
        if self.eat_word(word) { Ok(()) } else { Err(self.unexpected(format!("`{word}`"))) }
    }

    pub(super) fn name(&mut self, what: &str) -> Result<Name> {
        match self.token() {
            Token::Word(_) => Ok(self.path()),
            Token::Quoted(text) => {
                let name = Name::from(text.as_str());
                self.advance();
                Ok(name)
            }
            _ => Err(self.unexpected(what)),
        }
    }

    /// A word, or several with dots between: a member of a structure.
    fn path(&mut self) -> Name {
        let start = self.offset();
        let mut end = self.tokens[self.at].end;
        self.advance();
        while self.is(".") && self.offset() == end && matches!(self.peek(), Token::Word(_)) {
            self.advance();
            if self.offset() != end + 1 {
                self.at -= 1;
                break;
            }
            end = self.tokens[self.at].end;
            self.advance();
        }
        Name::from(&self.text[start..end])
    }

    pub(super) fn number<T: std::str::FromStr>(&mut self, what: &str) -> Result<T> {
        let Token::Number(text) = self.token() else { return Err(self.unexpected(what)) };
        let value = text.parse().map_err(|_| (TextErrorKind::Number((*text).to_owned()), self.offset()))?;
        self.advance();
        Ok(value)
    }

    pub(super) fn dtype(&mut self) -> Result<DType> {
        let dtype = match self.token() {
            Token::Word(word) => word.parse().map_err(|_| self.unexpected("an element type"))?,
            _ => return Err(self.unexpected("an element type")),
        };
        self.advance();
        Ok(dtype)
    }

    /// `open item, item close`
    pub(super) fn list<T>(
        &mut self,
        (open, close): (&'static str, &'static str),
        mut item: impl FnMut(&mut Self) -> Result<T>,
    ) -> Result<Vec<T>> {
        self.expect(open)?;
        let mut items = Vec::new();
        while !self.is(close) {
            items.push(item(self)?);
            if !self.eat(",") && !self.is(close) {
                return Err(self.unexpected(format!("`,` or `{close}`")));
            }
        }
        self.advance();
        Ok(items)
    }

    pub(super) fn names(&mut self) -> Result<Vec<Name>> {
        self.list(("(", ")"), |this| this.name("a name"))
    }

    /// Runs `rule` one level deeper.
    pub(super) fn nested<T>(&mut self, rule: impl FnOnce(&mut Self) -> Result<T>) -> Result<T> {
        if self.depth == MAX_DEPTH {
            return Err((TextErrorKind::TooDeep, self.offset()));
        }
        self.depth += 1;
        let value = rule(self)?;
        self.depth -= 1;
        Ok(value)
    }

    /// `@line:start:end`, where there is one.
    pub(super) fn position(&mut self) -> Result<Span> {
        if !self.eat("@") {
            return Ok(Span::default());
        }
        let line = self.number("a line")?;
        self.expect(":")?;
        let start = self.number("an offset")?;
        self.expect(":")?;
        Ok(Span { start, end: self.number("an offset")?, line })
    }
}

/// Symbolic expressions, whose syntax is that of [`Expr::parse`].
impl<'a> Parser<'a> {
    /// The text up to a separator, a closing bracket or a brace, and where it starts.
    fn slice(&mut self) -> (&'a str, usize) {
        let start = self.offset();
        let (mut end, mut open) = (start, 0usize);
        loop {
            match self.token() {
                Token::End | Token::Symbol("{" | "}" | "=") => break,
                Token::Symbol("," | ":" | ")" | "]" | "@") if open == 0 => break,
                Token::Symbol("(" | "[") => open += 1,
                Token::Symbol(")" | "]") => open -= 1,
                _ => {}
            }
            end = self.tokens[self.at].end;
            self.advance();
        }
        (&self.text[start..end], start)
    }

    pub(super) fn expr(&mut self) -> Result<Expr> {
        let (text, start) = self.slice();
        Expr::parse(text).map_err(|error: ParseError| error::symbolic(error, start))
    }

    /// `index`, `start:stop`, `start:stop:step` or `start:stop:step:tile`
    pub(super) fn range(&mut self) -> Result<Range> {
        let start = self.expr()?;
        if !self.eat(":") {
            return Ok(Range::index(start));
        }
        let stop = self.expr()?;
        let step = if self.eat(":") { self.expr()? } else { Expr::one() };
        if !self.eat(":") {
            return Ok(Range::strided(start, stop, step));
        }
        Ok(Range::tiled(start, stop, step, self.expr()?))
    }

    pub(super) fn exprs(&mut self) -> Result<Vec<Expr>> {
        self.list(("[", "]"), Self::expr)
    }
}

/// Functions and containers.
impl Parser<'_> {
    /// `sdfg name(arguments) -> (returns) { declarations blocks }`
    pub(super) fn sdfg(&mut self) -> Result<Sdfg> {
        self.expect_word("sdfg")?;
        let mut sdfg = Sdfg::new(self.name("the SDFG's name")?);
        sdfg.arguments = self.names()?;
        if self.eat("->") {
            sdfg.returns = self.names()?;
        }
        sdfg.instrument = self.choice(&Instrument::ALL, Instrument::name);
        sdfg.span = self.position()?;
        self.expect("{")?;
        self.declarations(&mut sdfg)?;
        sdfg.body = self.nested(Self::blocks)?;
        Ok(sdfg)
    }

    fn declarations(&mut self, sdfg: &mut Sdfg) -> Result<()> {
        loop {
            let offset = self.offset();
            if self.eat_word("file") {
                sdfg.file = self.quoted()?;
            } else if self.eat_word("code") {
                let Token::Word(section) = *self.token() else { return Err(self.unexpected("a section")) };
                let Some(text) = sdfg.sections.section_mut(section) else {
                    return Err(self.unexpected("`global`, `init` or `exit`"));
                };
                self.advance();
                *text = self.quoted()?;
            } else if self.eat_word("symbol") {
                let name = self.name("a symbol")?;
                self.expect(":")?;
                let dtype = self.dtype()?;
                if sdfg.symbols.insert(name.clone(), dtype).is_some() {
                    return Err((TextErrorKind::Duplicate(name.to_string()), offset));
                }
            } else if self.eat_word("structure") {
                let name = self.name("a structure")?;
                let structure = self.structure()?;
                if sdfg.structures.insert(name.clone(), structure).is_some() {
                    return Err((TextErrorKind::Duplicate(name.to_string()), offset));
                }
            } else if let Token::Word(kind @ ("data" | "transient" | "view" | "reference" | "constant")) =
                *self.token()
            {
                self.advance();
                let name = self.name("a container")?;
                self.expect(":")?;
                let data = match kind {
                    "view" => Data::View(self.array(true)?),
                    "reference" => Data::Reference(self.array(true)?),
                    "constant" => Data::Constant(self.constant()?),
                    _ => self.container(kind == "transient")?,
                };
                if sdfg.containers.insert(name.clone(), data).is_some() {
                    return Err((TextErrorKind::Duplicate(name.to_string()), offset));
                }
            } else {
                return Ok(());
            }
        }
    }

    fn container(&mut self, transient: bool) -> Result<Data> {
        if self.eat_word("stream") {
            return self.stream(transient).map(Data::Stream);
        }
        if *self.peek() != Token::Symbol("[") {
            let dtype = self.dtype()?;
            let (lifetime, zeroed) = (self.lifetime(), self.zeroed());
            return Ok(Scalar { dtype, zeroed, transient, lifetime, span: self.position()? }.into());
        }
        self.array(transient).map(Data::Array)
    }

    /// `dtype[extents] capacity (expr) lifetime`
    fn stream(&mut self, transient: bool) -> Result<Stream> {
        let dtype = self.dtype()?;
        let shape = if self.is("[") { self.exprs()? } else { Vec::new() };
        let mut capacity = None;
        if self.eat_word("capacity") {
            self.expect("(")?;
            capacity = Some(self.expr()?);
            self.expect(")")?;
        }
        Ok(Stream { dtype, shape, capacity, transient, lifetime: self.lifetime(), span: self.position()? })
    }

    /// `dtype[extents] = [literals]`
    fn constant(&mut self) -> Result<ConstantArray> {
        let dtype = self.dtype()?;
        let offset = self.offset();
        let wrong = |expected: String, found: String| (TextErrorKind::Unexpected { expected, found }, offset);
        if !DType::ALL.contains(&dtype) {
            return Err(wrong("a type of numbers".to_owned(), format!("`{dtype}`")));
        }
        let mut shape = Vec::new();
        if self.is("[") {
            for extent in self.exprs()? {
                let value = extent.as_int().and_then(|value| usize::try_from(value).ok());
                let value =
                    value.ok_or_else(|| wrong("a constant extent".to_owned(), format!("`{extent}`")))?;
                shape.push(value);
            }
        }
        self.expect("=")?;
        let literals = self.scalars(("[", "]"))?;
        let count = shape.iter().try_fold(1_usize, |product, &extent| product.checked_mul(extent));
        if count != Some(literals.len()) {
            return Err(wrong(
                "as many values as the shape has elements".to_owned(),
                literals.len().to_string(),
            ));
        }
        let mut values = Tensor::zeros(dtype, &shape);
        for (at, literal) in literals.iter().enumerate() {
            match literal {
                ScalarExpr::Constant(it) if it.dtype() == dtype => values.set(at, (*it).into()),
                other => return Err(wrong(format!("a literal of type {dtype}"), format!("`{other}`"))),
            }
        }
        let mut constant = ConstantArray::new(values);
        constant.span = self.position()?;
        Ok(constant)
    }

    /// `[extents] { members }`
    fn structure(&mut self) -> Result<Structure> {
        let shape = if self.is("[") { self.exprs()? } else { Vec::new() };
        let span = self.position()?;
        let members = self.list(("{", "}"), |this| this.name("a member"))?;
        Ok(Structure { shape, members, span })
    }

    fn array(&mut self, transient: bool) -> Result<Array> {
        let dtype = self.dtype()?;
        let mut array = Array::new(dtype, self.exprs()?);
        if self.eat_word("strides") {
            let offset = self.offset();
            array.strides = self.exprs()?;
            if array.strides.len() != array.shape.len() {
                let kind = TextErrorKind::Unexpected {
                    expected: format!("{} strides", array.shape.len()),
                    found: array.strides.len().to_string(),
                };
                return Err((kind, offset));
            }
        }
        if self.eat_word("offset") {
            let place = self.offset();
            array.offset = self.exprs()?;
            if array.offset.len() != array.shape.len() {
                let kind = TextErrorKind::Unexpected {
                    expected: format!("{} offsets", array.shape.len()),
                    found: array.offset.len().to_string(),
                };
                return Err((kind, place));
            }
        }
        array.transient = transient;
        array.storage = self.choice(&Storage::ALL, Storage::name);
        array.lifetime = self.lifetime();
        array.zeroed = self.zeroed();
        array.optional = self.same_line() && self.eat_word("optional");
        array.span = self.position()?;
        Ok(array)
    }

    /// One of several words on the same line, or nothing for the default.
    pub(super) fn choice<T: Copy + Default + PartialEq>(
        &mut self,
        all: &[T],
        name: fn(T) -> &'static str,
    ) -> T {
        let said = |this: &Self, it: T| this.same_line() && it != T::default() && this.is_word(name(it));
        let found = all.iter().copied().find(|&it| said(self, it));
        if found.is_some() {
            self.advance();
        }
        found.unwrap_or_default()
    }

    fn zeroed(&mut self) -> bool {
        self.same_line() && self.eat_word("zeroed")
    }

    fn lifetime(&mut self) -> Lifetime {
        self.choice(&Lifetime::ALL, Lifetime::name)
    }
}

/// Control flow.
impl Parser<'_> {
    /// `{ blocks }`
    fn region(&mut self) -> Result<Region> {
        self.expect("{")?;
        self.nested(Self::blocks)
    }

    /// Blocks and the closing brace.
    fn blocks(&mut self) -> Result<Region> {
        let mut blocks = Vec::new();
        while !self.eat("}") {
            blocks.push(self.block()?);
        }
        Ok(Region { blocks })
    }

    fn block(&mut self) -> Result<Block> {
        let Token::Word(word) = *self.token() else { return Err(self.unexpected("a block or `}`")) };
        match word {
            "state" => self.state().map(Block::State),
            "assign" => self.assignments().map(Block::Assign),
            "loop" => self.repeat().map(|it| Block::Loop(Box::new(it))),
            "if" => self.conditional().map(Block::Conditional),
            "machine" => self.machine().map(|it| Block::Machine(Box::new(it))),
            "fail" | "print" => self.effect().map(Block::Effect),
            "break" | "continue" | "return" => {
                self.advance();
                Ok(match word {
                    "break" => Block::Break,
                    "continue" => Block::Continue,
                    _ => Block::Return,
                })
            }
            _ => Err(self.unexpected("a block or `}`")),
        }
    }

    fn assignments(&mut self) -> Result<Vec<Assignment>> {
        self.expect_word("assign")?;
        let mut assignments = Vec::new();
        while self.same_line() && matches!(self.token(), Token::Word(_) | Token::Quoted(_)) {
            let symbol = self.name("a symbol")?;
            self.expect("=")?;
            assignments.push(Assignment { symbol, value: self.scalar()? });
            if !self.eat(",") {
                break;
            }
        }
        Ok(assignments)
    }

    fn machine(&mut self) -> Result<Machine> {
        self.expect_word("machine")?;
        let mut machine = Machine { label: self.name("the machine's label")?, ..Machine::default() };
        machine.span = self.position()?;
        self.expect("{")?;
        let mut numbers = IndexMap::default();
        while self.eat_word("at") {
            let label = self.name("the vertex's label")?;
            numbers.entry(label.clone()).or_insert(machine.vertices.len());
            machine.vertices.push(Vertex { label, body: self.region()? });
        }
        while self.eat_word("goto") {
            let from = self.vertex(&numbers)?;
            self.expect("->")?;
            let to = self.vertex(&numbers)?;
            let mut way = Transition { from, to, condition: None, assignments: Vec::new() };
            if self.same_line() && self.eat_word("if") {
                way.condition = Some(self.scalar()?);
            }
            if self.same_line() && self.is_word("assign") {
                way.assignments = self.assignments()?;
            }
            machine.transitions.push(way);
        }
        self.expect("}")?;
        Ok(machine)
    }

    /// A vertex by its label, or by its number where labels do not tell.
    fn vertex(&mut self, numbers: &IndexMap<Name, usize>) -> Result<usize> {
        if matches!(self.token(), Token::Number(_)) {
            return self.number("a vertex");
        }
        let offset = self.offset();
        let label = self.name("a vertex")?;
        let undefined = || (TextErrorKind::UndefinedVertex(label.to_string()), offset);
        numbers.get(&label).copied().ok_or_else(undefined)
    }

    fn quoted(&mut self) -> Result<String> {
        let Token::Quoted(text) = self.token() else { return Err(self.unexpected("a quoted text")) };
        let text = text.clone();
        self.advance();
        Ok(text)
    }

    fn effect(&mut self) -> Result<Effect> {
        if self.eat_word("fail") {
            let message = self.quoted()?;
            return Ok(Effect::Fail { message, span: self.position()? });
        }
        self.expect_word("print")?;
        let mut pieces = Vec::new();
        while self.same_line() && matches!(self.token(), Token::Word("text" | "value" | "format" | "array")) {
            pieces.push(if self.eat_word("text") {
                Piece::Text(self.quoted()?)
            } else if self.eat_word("value") {
                Piece::Value(self.scalar()?, None)
            } else if self.eat_word("array") {
                Piece::Array(ScalarExpr::Name(self.name("an array")?))
            } else {
                self.expect_word("format")?;
                let unknown = self.unexpected("a format such as \"8.3f\"");
                let format = self.quoted()?.parse().map_err(|_| unknown)?;
                Piece::Value(self.scalar()?, Some(format))
            });
            if !self.eat(",") {
                break;
            }
        }
        Ok(Effect::Print { pieces, span: self.position()? })
    }

    fn repeat(&mut self) -> Result<Loop> {
        self.expect_word("loop")?;
        let label = self.name("the loop's label")?;
        let mut repeat =
            Loop { label, header: self.header()?, body: Region::default(), span: self.position()? };
        repeat.body = self.region()?;
        if let LoopHeader::DoWhile { condition } = &mut repeat.header {
            self.expect_word("while")?;
            *condition = self.scalar()?;
        }
        Ok(repeat)
    }

    fn header(&mut self) -> Result<LoopHeader> {
        if self.eat_word("for") {
            let variable = self.name("the loop's variable")?;
            self.expect_word("in")?;
            let offset = self.offset();
            let Range { start, stop, step, tile: None } = self.range()? else {
                return Err((TextErrorKind::Tile, offset));
            };
            return Ok(LoopHeader::For { variable, start, stop, step });
        }
        if self.eat_word("while") {
            return Ok(LoopHeader::While { condition: self.scalar()? });
        }
        if self.eat_word("do") {
            // The condition comes after the body.
            return Ok(LoopHeader::DoWhile { condition: crate::Constant::Bool(true).into() });
        }
        Err(self.unexpected("`for`, `while` or `do`"))
    }

    fn conditional(&mut self) -> Result<Conditional> {
        self.expect_word("if")?;
        let mut conditional = Conditional::default();
        if !self.same_line() || self.is("}") {
            return Ok(conditional);
        }
        let absent = self.is("{") || self.is("@") && matches!(self.peek(), Token::Number(_));
        let condition = if absent { None } else { Some(self.scalar()?) };
        conditional.span = self.position()?;
        conditional.branches.push(Branch { condition, body: self.region()? });
        loop {
            let condition = if self.eat_word("elif") {
                Some(self.scalar()?)
            } else if self.eat_word("else") {
                None
            } else {
                return Ok(conditional);
            };
            conditional.branches.push(Branch { condition, body: self.region()? });
        }
    }
}
