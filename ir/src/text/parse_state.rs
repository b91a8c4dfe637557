//! Reads states: nodes and edges in any order, as long as every node is defined once.

use super::TextErrorKind;
use super::lexer::Token;
use super::parser::{Parser, Result};
use crate::library::{self, Cost, Property};
use crate::node::{CallArgument, ExternalCall, ForeignCode, Language, LibraryNode};
use crate::state::Edge;
use crate::{
    Connector, Consume, CustomWcr, Expr, IndexMap, Instrument, Map, Memlet, Name, NestedSdfg, Node, NodeId,
    Schedule, State, Stmt, Subset, Tasklet, TaskletCode, Wcr,
};

/// A state that is being read: its nodes by their names in the text, and its edges, whose ends may come later.
#[derive(Default)]
struct Draft<'a> {
    state: State,
    nodes: IndexMap<&'a str, (NodeId, usize)>,
    edges: Vec<(End<'a>, End<'a>, Option<Memlet>)>,
    /// Exits with the name of the entry they belong to.
    exits: Vec<(NodeId, &'a str, usize)>,
}

/// A node's name with its place, and a connector.
struct End<'a> {
    node: &'a str,
    offset: usize,
    connector: Option<Name>,
}

impl<'a> Parser<'a> {
    /// `state label { nodes and edges }`
    pub(super) fn state(&mut self) -> Result<State> {
        self.expect_word("state")?;
        let mut draft = Draft::default();
        draft.state.label = self.name("the state's label")?;
        draft.state.instrument = self.choice(&Instrument::ALL, Instrument::name);
        draft.state.span = self.position()?;
        self.expect("{")?;
        while !self.eat("}") {
            self.item(&mut draft)?;
        }
        draft.finish()
    }

    /// A node or an edge.
    fn item(&mut self, draft: &mut Draft<'a>) -> Result<()> {
        if *self.peek() != Token::Symbol("=") {
            let src = self.end()?;
            self.expect("->")?;
            let dst = self.end()?;
            let memlet = if self.eat(":") { Some(self.memlet()?) } else { None };
            draft.edges.push((src, dst, memlet));
            return Ok(());
        }
        let (name, offset) = self.node_name()?;
        self.expect("=")?;
        let Token::Word(kind) = *self.token() else { return Err(self.unexpected("a node")) };
        let start = self.offset();
        self.advance();
        if kind == "map" || kind == "consume" {
            return self.map(draft, name, offset, kind == "consume");
        }
        if kind == "exit" {
            let (entry, place) = self.node_name()?;
            let id = draft.define(name, offset, Node::MapExit { entry: NodeId::none() })?;
            draft.exits.push((id, entry, place));
            return Ok(());
        }
        let node = match kind {
            "access" => Node::Access(self.name("a container")?),
            "tasklet" => Node::Tasklet(self.tasklet()?),
            "nested" => Node::Nested(Box::new(self.nested(Self::nested_sdfg)?)),
            "library" => Node::Library(self.library()?),
            _ => {
                let expected =
                    "`access`, `tasklet`, `map`, `consume`, `exit`, `nested` or `library`".to_owned();
                return Err((TextErrorKind::Unexpected { expected, found: format!("`{kind}`") }, start));
            }
        };
        draft.define(name, offset, node)?;
        Ok(())
    }

    fn node_name(&mut self) -> Result<(&'a str, usize)> {
        let offset = self.offset();
        let Token::Word(name) = *self.token() else { return Err(self.unexpected("a node or an edge")) };
        self.advance();
        Ok((name, offset))
    }

    /// `node` or `node.connector`
    fn end(&mut self) -> Result<End<'a>> {
        let (node, offset) = self.node_name()?;
        let connector = if self.eat(".") { Some(self.name("a connector")?) } else { None };
        Ok(End { node, offset, connector })
    }

    /// `container[subset] to [subset] wcr operation dynamic`
    fn memlet(&mut self) -> Result<Memlet> {
        let mut memlet = Memlet::scalar(self.name("a container")?);
        if self.is("[") {
            memlet.subset = self.subset()?;
        }
        if self.same_line() && self.eat_word("to") {
            memlet.other_subset = Some(self.subset()?);
        }
        if self.same_line() && self.eat_word("wcr") {
            memlet.wcr = Some(self.wcr()?);
        }
        memlet.dynamic = self.same_line() && self.eat_word("dynamic");
        if self.same_line() && self.eat_word("volume") {
            self.expect("(")?;
            memlet.volume = Some(self.expr()?);
            self.expect(")")?;
        }
        Ok(memlet)
    }

    /// The name of an operation, or an expression in parentheses.
    pub(super) fn wcr(&mut self) -> Result<Wcr> {
        if self.eat("(") {
            self.brackets += 1;
            let value = self.scalar()?;
            self.brackets -= 1;
            self.expect(")")?;
            return Ok(Wcr::Custom(CustomWcr::new(value)));
        }
        let offset = self.offset();
        let name = self.name("an operation")?;
        let found = Wcr::ALL.into_iter().find(|wcr| name == *wcr.name());
        let expected = "a conflict resolution".to_owned();
        let unknown = TextErrorKind::Unexpected { expected, found: format!("`{name}`") };
        found.ok_or((unknown, offset))
    }

    fn subset(&mut self) -> Result<Subset> {
        self.list(("[", "]"), Self::range).map(Subset::new)
    }

    /// `label(param in range, …) schedule collapse n if (condition) { nodes and edges } exit`
    fn map(&mut self, draft: &mut Draft<'a>, name: &'a str, offset: usize, consumes: bool) -> Result<()> {
        let label = self.name("the map's label")?;
        let dims = self.list(("(", ")"), |this| {
            let param = this.name("a parameter")?;
            this.expect_word("in")?;
            Ok((param, this.range()?))
        })?;
        let (params, ranges) = dims.into_iter().unzip();
        let mut consume = consumes.then(|| Box::new(Consume::default()));
        if let Some(consume) = &mut consume
            && self.eat_word("by")
        {
            consume.chunk = self.number("a number of elements")?;
        }
        if let Some(consume) = &mut consume
            && self.eat_word("until")
        {
            self.expect("(")?;
            self.brackets += 1;
            consume.stop = Some(self.scalar()?);
            self.brackets -= 1;
            self.expect(")")?;
        }
        let schedule = self.choice(&Schedule::ALL, Schedule::name);
        let collapse = if self.eat_word("collapse") { self.number("a number")? } else { 1 };
        let mut parallel_if = None;
        if self.eat_word("if") {
            self.expect("(")?;
            parallel_if = Some(self.expr()?);
            self.expect(")")?;
        }
        let instrument = self.choice(&Instrument::ALL, Instrument::name);
        let (exit, span) = (NodeId::none(), self.position()?);
        let map =
            Map { label, params, ranges, schedule, collapse, parallel_if, consume, instrument, exit, span };
        let entry = draft.define(name, offset, Node::MapEntry(map))?;
        if !self.eat("{") {
            return Ok(());
        }
        self.nested(|this| {
            while !this.eat("}") {
                this.item(draft)?;
            }
            Ok(())
        })?;
        let (exit, place) = self.node_name()?;
        let exit = draft.define(exit, place, Node::MapExit { entry })?;
        draft.exits.push((exit, name, offset));
        Ok(())
    }

    /// `label(inputs) -> (outputs) { statements }`
    fn tasklet(&mut self) -> Result<Tasklet> {
        let label = self.name("the tasklet's label")?;
        let inputs = self.connectors()?;
        self.expect("->")?;
        let outputs = self.connectors()?;
        let span = self.position()?;
        self.expect("{")?;
        let code = if self.is_word("call") && !matches!(self.peek(), Token::Symbol("=" | "[")) {
            self.advance();
            let call = self.external()?;
            self.expect("}")?;
            TaskletCode::External(call)
        } else if let (Token::Word(word), Token::Quoted(code)) = (self.token(), self.peek())
            && let Some(language) = Language::ALL.into_iter().find(|language| language.name() == *word)
        {
            let foreign = ForeignCode { language, code: code.clone() };
            self.advance();
            self.advance();
            self.expect("}")?;
            TaskletCode::Foreign(foreign)
        } else {
            TaskletCode::Native(self.statements()?)
        };
        Ok(Tasklet { label, inputs, outputs, code, span })
    }

    /// `(name: dtype[rank], …)`
    fn connectors(&mut self) -> Result<IndexMap<Name, Connector>> {
        let mut connectors = IndexMap::default();
        self.list(("(", ")"), |this| {
            let offset = this.offset();
            let name = this.name("a connector")?;
            this.expect(":")?;
            let mut connector = Connector::scalar(this.dtype()?);
            if this.eat("[") {
                connector.rank = this.number("the number of dimensions")?;
                this.expect("]")?;
            }
            match connectors.insert(name.clone(), connector) {
                None => Ok(()),
                Some(_) => Err((TextErrorKind::Duplicate(name.to_string()), offset)),
            }
        })?;
        Ok(connectors)
    }

    /// Statements and the closing brace.
    fn statements(&mut self) -> Result<Vec<Stmt>> {
        let mut stmts = Vec::new();
        while !self.eat("}") {
            stmts.push(self.nested(Self::stmt)?);
        }
        Ok(stmts)
    }

    pub(super) fn stmt(&mut self) -> Result<Stmt> {
        if self.eat_word("if") {
            let condition = self.scalar()?;
            self.expect("{")?;
            let then = self.statements()?;
            let mut otherwise = Vec::new();
            if self.eat_word("else") {
                self.expect("{")?;
                otherwise = self.statements()?;
            }
            return Ok(Stmt::If { condition, then, otherwise });
        }
        let target = self.name("a statement or `}`")?;
        let indices = if self.is("[") { Some(self.scalars(("[", "]"))?) } else { None };
        self.expect("=")?;
        let value = self.scalar()?;
        Ok(match indices {
            Some(indices) => Stmt::Store { target, indices, value },
            None => Stmt::Assign { target, value },
        })
    }

    /// `routine(&pointer, (integer), dtype: value) costs (operations), (bytes)`
    pub(super) fn external(&mut self) -> Result<ExternalCall> {
        let routine = self.name("the routine's name")?;
        let arguments = self.list(("(", ")"), |this| {
            if this.eat("&") {
                return this.name("a connector").map(CallArgument::Pointer);
            }
            if this.is("(") {
                return this.in_parentheses().map(CallArgument::Int);
            }
            if let Token::Quoted(text) = this.token() {
                let text = text.clone();
                this.advance();
                return Ok(CallArgument::Text(text));
            }
            let dtype = this.dtype()?;
            this.expect(":")?;
            Ok(CallArgument::Value(dtype, this.scalar()?))
        })?;
        let mut cost = None;
        if self.eat_word("costs") {
            let operations = self.in_parentheses()?;
            self.expect(",")?;
            cost = Some(Cost { operations, bytes: self.in_parentheses()? });
        }
        Ok(ExternalCall { routine, arguments, cost })
    }

    fn in_parentheses(&mut self) -> Result<Expr> {
        self.expect("(")?;
        let expr = self.expr()?;
        self.expect(")")?;
        Ok(expr)
    }

    /// `(inputs) -> (outputs) with [symbol = value, …] sdfg …`
    fn nested_sdfg(&mut self) -> Result<NestedSdfg> {
        let inputs = self.names()?;
        self.expect("->")?;
        let outputs = self.names()?;
        let mut symbols = IndexMap::default();
        if self.eat_word("with") {
            self.list(("[", "]"), |this| {
                let offset = this.offset();
                let name = this.name("a symbol")?;
                this.expect("=")?;
                match symbols.insert(name.clone(), this.expr()?) {
                    None => Ok(()),
                    Some(_) => Err((TextErrorKind::Duplicate(name.to_string()), offset)),
                }
            })?;
        }
        let span = self.position()?;
        Ok(NestedSdfg { sdfg: self.sdfg()?, inputs, outputs, symbols, span })
    }

    /// `label Operation(property = value, …) as implementation`
    fn library(&mut self) -> Result<LibraryNode> {
        let label = self.name("the node's label")?;
        let offset = self.offset();
        let operation = self.name("the operation")?;
        let properties = self.list(("(", ")"), |this| {
            let name = this.name("a property")?;
            this.expect("=")?;
            Ok((name.to_string(), this.property()?))
        })?;
        let op = library::from_properties(&operation, &properties);
        let op = op.map_err(|error| (TextErrorKind::Operation(error.to_string()), offset))?;
        let implementation = if self.eat_word("as") { Some(self.name("an implementation")?) } else { None };
        Ok(LibraryNode { label, op, implementation, span: self.position()? })
    }

    fn property(&mut self) -> Result<Property> {
        if let Token::Quoted(text) = self.token() {
            let text = text.clone();
            self.advance();
            return Ok(Property::Text(text));
        }
        if self.is("[") {
            return Ok(Property::Ints(self.list(("[", "]"), Self::integer)?));
        }
        let offset = self.offset();
        match self.scalar()? {
            crate::ScalarExpr::Constant(crate::Constant::Bool(value)) => Ok(Property::Bool(value)),
            crate::ScalarExpr::Constant(crate::Constant::Int(value, _)) => Ok(Property::Int(value)),
            crate::ScalarExpr::Constant(crate::Constant::Float(value, _)) => Ok(Property::Float(value)),
            other => {
                let expected = "a literal".to_owned();
                Err((TextErrorKind::Unexpected { expected, found: format!("`{other}`") }, offset))
            }
        }
    }

    fn integer(&mut self) -> Result<i64> {
        let offset = self.offset();
        let expr = self.expr()?;
        let expected = "an integer".to_owned();
        expr.as_int()
            .ok_or_else(|| (TextErrorKind::Unexpected { expected, found: format!("`{expr}`") }, offset))
    }
}

impl<'a> Draft<'a> {
    fn define(&mut self, name: &'a str, offset: usize, node: Node) -> Result<NodeId> {
        if self.nodes.contains_key(name) {
            return Err((TextErrorKind::Duplicate(name.to_owned()), offset));
        }
        let id = self.state.add_node(node);
        self.nodes.insert(name, (id, offset));
        Ok(id)
    }

    fn lookup(&self, name: &str, offset: usize) -> Result<NodeId> {
        let undefined = || (TextErrorKind::UndefinedNode(name.to_owned()), offset);
        self.nodes.get(name).map(|(id, _)| *id).ok_or_else(undefined)
    }

    /// Pairs maps and adds the edges.
    fn finish(mut self) -> Result<State> {
        for (exit, name, offset) in std::mem::take(&mut self.exits) {
            let entry = self.lookup(name, offset)?;
            match self.state.node_mut(entry) {
                Node::MapEntry(map) if map.exit == NodeId::none() => map.exit = exit,
                _ => return Err((TextErrorKind::NoMap(name.to_owned()), offset)),
            }
            *self.state.node_mut(exit) = Node::MapExit { entry };
        }
        for (src, dst, memlet) in std::mem::take(&mut self.edges) {
            let edge = Edge { src_conn: src.connector, dst_conn: dst.connector, memlet };
            let (from, to) = (self.lookup(src.node, src.offset)?, self.lookup(dst.node, dst.offset)?);
            self.state.add_edge(from, to, edge);
        }
        for (name, (id, offset)) in &self.nodes {
            if let Node::MapEntry(map) = self.state.node(*id)
                && map.exit == NodeId::none()
            {
                return Err((TextErrorKind::Open((*name).to_owned()), *offset));
            }
        }
        Ok(self.state)
    }
}
