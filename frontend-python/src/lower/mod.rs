//! Lowering: an annotated function becomes an SDFG, statement by statement.
//!
//! Nothing is optimized here. A statement becomes a state; an element-wise operation a map with one tasklet; what lies
//! between two operations a transient; a library function a library node; a call a nested SDFG:
//!
//! ```text
//! C[:] = alpha * A @ B + beta * C      state line_3
//!                                        (alpha)(A) ─▶ map ─▶ (__tmp)          __tmp   = alpha * A
//!                                        (__tmp)(B) ─▶ MatMul ─▶ (__tmp_1)     __tmp_1 = __tmp @ B
//!                                        (beta)(C)  ─▶ map ─▶ (__tmp_2)        __tmp_2 = beta * C
//!                                        (__tmp_1)(__tmp_2) ─▶ map ─▶ (C)
//! ```
//!
//! # Names
//!
//! Each assignment to a name makes a new meaning of it, known statically, as long as the assignment that reaches a use
//! can be told. Where it cannot (assigned before a loop, read and assigned in it; assigned in both branches of an `if`,
//! used after it), the name is *shared*: it has one storage, a symbol if all its values are integers over symbols, else a
//! container.
//!
//! # Decisions
//!
//! That a name is shared, which type it needs, or whether an integer must be a symbol because an index uses it, is sometimes known
//! only after its first assignment was lowered. Then a [`Decisions`] entry is made and the statement is given up
//! ([`Stop::Again`]), as one with an error is: what follows is still looked at, since it may call for decisions too, and then
//! the function is lowered again. Entries are only added, and types only widened, so this ends; a function with many
//! such names needs no more attempts than one with few.

mod assign;
mod attribute;
mod bind_call;
mod call;
mod callback;
mod callees;
mod choice;
mod comprehension;
mod control;
mod dataflow;
mod effects;
mod env;
mod explicit;
mod expr;
mod foreign;
mod gather;
mod index;
mod indexers;
mod library;
mod listed;
mod lists;
mod map;
mod meanings;
mod memory;
mod mirror;
mod names;
mod names_frame;
mod nested_call;
mod operate;
mod parameters;
mod parts;
mod plain_call;
mod rebinding;
mod reduction;
mod reinterpret;
mod resize;
mod returns;
mod scope;
mod specialize;
mod streams;
mod structures;

pub(crate) use call::{Given, GivenArgs};
pub(crate) use callees::Calls;
pub(crate) use control::count_of;
pub(crate) use explicit::resolution;
pub(crate) use index::computed;
pub(crate) use library::Library;
pub(crate) use names::target_names;
pub(crate) use operate::{Dest, broadcast_element, keep_axes};
pub(crate) use reinterpret::reinterpreted_number;

use crate::codes;
use crate::diagnostic::Diagnostic;
use crate::module::Globals;
use crate::parse::{Ranged, TextRange, ast};
use crate::promotion::Typed;
use crate::types::{Home, Outcome, Scalar, Value, View};
use dacec_ir::sdfg::NameSupply;
use dacec_ir::symbolic::{Atom, Facts};
use dacec_ir::{Block, DType, Expr, IndexMap, IndexSet, Name, Region, Sdfg, Span};
use env::Env;
use names_frame::Frame;
use std::collections::HashMap;
use std::sync::Arc;

/// Why lowering of a statement stopped.
#[derive(Debug)]
pub(crate) enum Stop {
    /// The statement is wrong.
    Error(Box<Diagnostic>),
    /// The statement depends on one that was wrong.
    Reported,
    /// A decision was made: the function must be lowered again.
    Again,
}

impl From<Diagnostic> for Stop {
    fn from(diagnostic: Diagnostic) -> Self {
        Stop::Error(Box::new(diagnostic))
    }
}

/// The result of lowering something.
pub(crate) type Result<T> = std::result::Result<T, Stop>;

/// What earlier attempts to lower the function have found out about its names.
#[derive(Clone, Debug, Default)]
pub(crate) struct Decisions {
    /// Types of shared names, and of returned values.
    pub(crate) types: IndexMap<String, Typed>,
    /// Names that need one storage.
    pub(crate) shared: IndexSet<String>,
    /// Names of parts of arrays that are used after the loop that has picked them.
    pub(crate) kept: IndexSet<String>,
    /// Integers that must be symbols.
    pub(crate) symbols: IndexSet<String>,
    /// Integers that must be containers.
    pub(crate) containers: IndexSet<String>,
    /// What integers in symbols are at least, in all of the function; `None` if nothing is known.
    pub(crate) floors: IndexMap<String, Option<i64>>,
    /// Functions of the file that the interpreter calls, by the places of their names, and why they are not compiled.
    pub(crate) called_back: HashMap<TextRange, String>,
}

/// More attempts than any function needs: each adds a fact about one of its names.
const MAX_ATTEMPTS: usize = 200;

/// Expressions nested deeper than this are refused.
const MAX_DEPTH: usize = 150;

/// Where the value of a shared name is.
#[derive(Clone, Debug)]
enum Storage {
    /// In a symbol.
    Symbol(Name),
    /// In a scalar container.
    Scalar(Name, Typed),
    /// In an array.
    Array(Name),
}

/// The state of lowering one function.
pub(crate) struct Lowerer<'a> {
    pub(crate) globals: &'a Globals,
    pub(crate) calls: &'a Calls,
    pub(crate) sdfg: Sdfg,
    pub(crate) facts: Facts,
    names: NameSupply,
    decisions: Decisions,
    /// Names that the function assigns.
    locals: IndexSet<String>,
    /// Loops and parallel loops around, outermost first.
    frames: Vec<Frame>,
    /// Where a name may get a copy of an array.
    copies: rebinding::Copies,
    env: Env,
    /// Names that may have no value yet: only one of the cases before has given them one.
    partial: IndexSet<String>,
    /// Symbols that say where the part of an array is that a name refers to, and change with the name alone.
    places: IndexSet<Name>,
    /// Names whose storage needs a value from the start.
    initialized: IndexSet<String>,
    storages: IndexMap<String, Storage>,
    /// Containers of shared names that another name refers to.
    aliased: IndexSet<Name>,
    /// Arrays that have the same elements.
    mirrors: Vec<mirror::Mirror>,
    /// Containers that the current statement has written.
    written: IndexSet<Name>,
    /// How often each container was written.
    writes: IndexMap<Name, usize>,
    /// Arrays that conditional expressions have chosen.
    choices: Vec<choice::Choice>,
    /// Symbols that blocks assign: an expression over them is not fixed.
    mutable: IndexSet<Name>,
    /// What symbols that the program has not named stand for.
    meanings: meanings::Meanings,
    /// Symbols that hold the present values of those that may change, in the region that is being filled.
    present: IndexMap<Name, Name>,
    /// Regions that are being filled, innermost last.
    regions: Vec<Region>,
    /// Which of all regions is being filled, counted in the order in which they were opened.
    stretch: usize,
    /// How many regions were opened.
    stretches: usize,
    /// Arrays of known numbers that are written when the function starts: lists of which the run chooses a member.
    known_lists: Vec<(Vec<Scalar>, View)>,
    /// Lists that loops around run over.
    iterated: Vec<Arc<Home>>,
    open: Option<dataflow::Open>,
    /// How many states each line has.
    labels: HashMap<u32, usize>,
    /// Parameters of the parallel loops around, outermost first.
    params: Vec<Name>,
    /// Number of sequential loops around, inside the innermost parallel loop.
    loops: usize,
    /// Variables that remember that a loop was left, for its `else`; innermost last.
    flags: Vec<Option<String>>,
    returns: Option<returns::Returned>,
    diagnostics: Vec<Diagnostic>,
    /// Whether a decision was made, so that this attempt only looks for more of them.
    again: bool,
    /// What costs performance.
    warnings: Vec<Diagnostic>,
    depth: usize,
    /// How many calls were added that do more than giving a result.
    effects: usize,
    /// The type that the program gives the result of the call that comes next.
    declared: Option<Outcome>,
    /// Where the statement is that is being lowered.
    place: TextRange,
}

impl<'a> Lowerer<'a> {
    /// Ready to lower a function of the module.
    pub(crate) fn new(globals: &'a Globals, calls: &'a Calls, name: &str, decisions: Decisions) -> Self {
        let mut names = NameSupply::default();
        globals.symbols.keys().for_each(|symbol| names.reserve(symbol));
        Lowerer {
            globals,
            calls,
            sdfg: Sdfg::new(name),
            facts: Facts::new(),
            names,
            decisions,
            locals: IndexSet::default(),
            frames: Vec::new(),
            copies: rebinding::Copies::default(),
            env: Env::default(),
            partial: IndexSet::default(),
            places: IndexSet::default(),
            initialized: IndexSet::default(),
            storages: IndexMap::default(),
            aliased: IndexSet::default(),
            mirrors: Vec::new(),
            written: IndexSet::default(),
            writes: IndexMap::default(),
            choices: Vec::new(),
            mutable: IndexSet::default(),
            meanings: meanings::Meanings::default(),
            present: IndexMap::default(),
            regions: vec![Region::default()],
            stretch: 0,
            stretches: 0,
            known_lists: Vec::new(),
            iterated: Vec::new(),
            open: None,
            labels: HashMap::new(),
            params: Vec::new(),
            loops: 0,
            flags: Vec::new(),
            returns: None,
            diagnostics: Vec::new(),
            again: false,
            warnings: Vec::new(),
            depth: 0,
            effects: 0,
            declared: None,
            place: TextRange::default(),
        }
    }

    /// Evaluates an expression of the module that needs no code. The symbols that it defines are in the SDFG.
    pub(crate) fn constant(&mut self, expr: &ast::Expr) -> Result<Value> {
        self.place = expr.range();
        let value = self.eval(expr)?;
        let emitted = self.open.is_some() || self.regions.iter().any(|region| !region.blocks.is_empty());
        if emitted || matches!(&value, Value::Scalar(scalar) if !scalar.is_pure()) {
            let message = "this value cannot be found at compile time";
            return Err(Diagnostic::error(codes::MODULE_VALUE, expr.range(), message).into());
        }
        Ok(value)
    }

    /// Whether only an expression of the module is evaluated, so that no code can be added.
    fn is_constant_evaluation(&self) -> bool {
        self.sdfg.file.is_empty()
    }

    fn span(&self, range: TextRange) -> Span {
        self.globals.lines.span(range)
    }

    /// Lowers statements one after the other; each error is reported and what the statement assigns is poisoned.
    fn block(&mut self, statements: &[ast::Stmt]) -> Result<()> {
        for statement in statements {
            self.place = statement.range();
            let depth =
                [self.regions.len(), self.params.len(), self.frames.len(), self.loops, self.flags.len()];
            let result = self.statement(statement).and_then(|()| self.sync_mirrors(statement.range()));
            if let Err(stop) = result {
                self.recover(statement, stop, depth)?;
            }
            self.flush();
            if self.has_left() {
                // What follows never runs, as after `if flag is None: return` where the flag is known to be None.
                break;
            }
        }
        Ok(())
    }

    /// Whether control has left the region that is being filled.
    fn has_left(&self) -> bool {
        let last = self.regions.last().and_then(|region| region.blocks.last());
        matches!(last, Some(Block::Return | Block::Break | Block::Continue))
    }

    /// Goes on after an error or a decision, so that several are found in one run.
    fn recover(&mut self, statement: &ast::Stmt, stop: Stop, depth: [usize; 5]) -> Result<()> {
        match stop {
            Stop::Again => self.again = true,
            _ if self.again => {}
            Stop::Error(diagnostic) => self.diagnostics.push(*diagnostic),
            Stop::Reported if self.diagnostics.is_empty() => return Err(Stop::Reported),
            Stop::Reported => {}
        }
        self.open = None;
        self.regions.truncate(depth[0]);
        self.params.truncate(depth[1]);
        self.frames.truncate(depth[2]);
        self.loops = depth[3];
        self.flags.truncate(depth[4]);
        for name in names::assigned(std::slice::from_ref(statement)) {
            self.env.insert(name, Value::Poison);
        }
        Ok(())
    }

    fn statement(&mut self, statement: &ast::Stmt) -> Result<()> {
        use ast::Stmt::*;
        match statement {
            Assign(it) => self.assign(it),
            AugAssign(it) => self.aug_assign(it),
            AnnAssign(it) => self.ann_assign(it),
            Expr(it) => self.expression_statement(&it.value),
            For(it) => self.for_statement(it),
            While(it) => self.while_statement(it),
            If(it) => self.if_statement(it),
            Return(it) => self.return_statement(it),
            Pass(_) => Ok(()),
            Assert(it) => self.assert_statement(it),
            Raise(it) => self.raise_statement(it),
            Break(it) => self.break_statement(it.range),
            Continue(it) => self.jump(Block::Continue, it.range),
            FunctionDef(it) => self.function_statement(it),
            With(it) => self.with_statement(it),
            Import(it) => self.import_statement(it),
            ImportFrom(it) => self.import_from_statement(it),
            Delete(it) => self.delete_statement(it),
            Match(it) => Err(Diagnostic::error(
                codes::UNSUPPORTED_STATEMENT,
                it.range,
                "the patterns of this `match` statement cannot be compiled",
            )
            .help("patterns are values, `None`, names, alternatives, and of a tuple that is written there `(a, b)`")
            .into()),
            other => Err(Diagnostic::error(
                codes::UNSUPPORTED_STATEMENT,
                other.range(),
                "this statement cannot be compiled",
            )
            .help("move it into the code that calls the function")
            .into()),
        }
    }

    fn expression_statement(&mut self, expr: &ast::Expr) -> Result<()> {
        if matches!(expr, ast::Expr::StringLiteral(_) | ast::Expr::EllipsisLiteral(_)) {
            return Ok(());
        }
        if let ast::Expr::BinOp(it) = expr
            && self.copy_statement(it)?
        {
            return Ok(());
        }
        if let ast::Expr::Call(it) = expr
            && (self.resize_statement(it)? || self.list_statement(it)?)
        {
            return Ok(());
        }
        self.eval(expr).map(|_| ())
    }

    fn jump(&mut self, block: Block, range: TextRange) -> Result<()> {
        if self.loops == 0 {
            let (code, message) = if self.params.is_empty() {
                (codes::UNSUPPORTED_STATEMENT, "there is no loop here to leave")
            } else {
                (codes::MAP, "the iterations of a parallel loop are independent and cannot be left")
            };
            return Err(Diagnostic::error(code, range, message).into());
        }
        self.push(block);
        if let Some(frame) = self.frames.last_mut() {
            frame.leave();
        }
        Ok(())
    }

    /// Remarks on what costs performance at the present statement, once.
    fn warn(&mut self, code: &'static str, message: impl Into<String>, help: &str) {
        let warning = Diagnostic::warning(code, self.place, message).help(help);
        if !self.warnings.iter().any(|it| it.code == code && it.labels == warning.labels) {
            self.warnings.push(warning);
        }
    }

    /// Whether iterations of a parallel loop are being lowered.
    pub(crate) fn is_in_parallel_loop(&self) -> bool {
        !self.params.is_empty()
    }

    /// A new name like `prefix`.
    pub(crate) fn fresh(&mut self, prefix: &str) -> Name {
        self.names.fresh(prefix)
    }

    /// Declares a symbol that blocks assign.
    fn new_symbol(&mut self, prefix: &str) -> Name {
        let symbol = self.fresh(prefix);
        self.sdfg.symbols.insert(symbol.clone(), DType::Int64);
        self.mutable.insert(symbol.clone());
        symbol
    }

    /// What is wrong with the function, in the words of the program.
    fn complaints(self, last: Option<Diagnostic>) -> Vec<Diagnostic> {
        let all = self.diagnostics.into_iter().chain(last);
        all.map(|diagnostic| diagnostic.reworded(|text| self.meanings.told(text))).collect()
    }

    /// Starts again, with a decision more: one that cannot be wrong because of what statements before were given up for.
    fn decide<T>(&mut self, decision: impl FnOnce(&mut Decisions)) -> Result<T> {
        decision(&mut self.decisions);
        Err(Stop::Again)
    }

    /// As [`decide`](Self::decide), for a decision that only counts if no statement was given up.
    fn decide_first<T>(&mut self, decision: impl FnOnce(&mut Decisions)) -> Result<T> {
        if !self.again {
            decision(&mut self.decisions);
        }
        Err(Stop::Again)
    }

    /// Whether the expression has the same value for the rest of the function (or of the iteration).
    fn is_fixed(&self, expr: &Expr) -> bool {
        let changes = |atom: &Atom| matches!(atom, Atom::Symbol(symbol) if self.mutable.contains(symbol));
        self.mutable.is_empty() || !expr.any_atom(&mut { changes })
    }
}

/// Lowers an annotated function.
pub(crate) fn lower(
    globals: &Globals,
    calls: &Calls,
    name: &str,
) -> std::result::Result<Sdfg, Vec<Diagnostic>> {
    lower_callee(globals, calls, name).map(|(sdfg, _)| sdfg)
}

/// Lowers an annotated function, and says what its results share with its arguments.
fn lower_callee(
    globals: &Globals,
    calls: &Calls,
    name: &str,
) -> std::result::Result<(Sdfg, Vec<returns::Shared>), Vec<Diagnostic>> {
    let Some(program) = globals.programs.get(name) else {
        let message = format!("there is no annotated function `{name}` in this file");
        let known = globals.programs.keys().map(String::as_str);
        let diagnostic = Diagnostic::error(codes::NO_PROGRAM, TextRange::default(), message);
        return Err(vec![diagnostic.did_you_mean(name, known)]);
    };
    let mut decisions = Decisions::default();
    for _ in 0..MAX_ATTEMPTS {
        let mut lowerer = Lowerer::new(globals, calls, name, decisions);
        match lowerer.function(&program.function) {
            Ok(()) if lowerer.diagnostics.is_empty() => {
                let parts = lowerer.returned_parts();
                calls.warn(lowerer.warnings);
                return Ok((lowerer.sdfg, parts));
            }
            Ok(()) | Err(Stop::Reported) => return Err(lowerer.complaints(None)),
            Err(Stop::Error(diagnostic)) => return Err(lowerer.complaints(Some(*diagnostic))),
            Err(Stop::Again) => decisions = lowerer.decisions,
        }
    }
    let message = format!("the types of the variables of `{name}` do not settle");
    Err(vec![Diagnostic::error(codes::TYPE, program.function.name.range, message)])
}
