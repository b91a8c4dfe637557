//! Lowering: from a stateful dataflow multigraph to a program tree. Every decision of code generation is made here.
//!
//! ```text
//! (A) ─▶ map i in 0:N ─▶ {B = 2*A} ─▶ exit ─▶ (B)        for i in 0..N, parallel, independent { B[i] = 2*A[i] }
//! ```
//!
//! | Question | Module |
//! |---|---|
//! | What things are called | `names` |
//! | Where the memory of a container is, and how an element is found | `places` |
//! | When memory is allocated | `allocation` |
//! | Loops, branches, assignments of symbols | `control_flow` |
//! | The order of nodes within a state, and their scopes | `states` |
//! | Which loops of a map run in parallel, and in which order | `maps`, `plan` |
//! | How writes with a conflict resolution are made | `conflicts` |
//! | Computations | `tasklets`, `expressions`, `calls` |
//! | Copies | `copies` |
//! | Declarations next to first values | `tidy` |
//! | Rows that share a run of the inner loop | `jam` |
//! | Parallel loops that may be too short for threads | `versions` |
//! | Smallest and largest values, several at a time | `lanes` |
//! | Nested SDFGs, which are inlined | `nested` |
//! | Views, which are pointers | `views` |
//! | References, which are pointers that change | `references` |
//! | Tasklets in C++ | `foreign` |
//! | Addresses, handles of libraries | `handles` |
//! | Streams, consume scopes | `streams` |
//!
//! **Order within a state** is that of [`dacec_ir::State::topological_order`], scope by scope.
//!
//! **Lowering trusts the SDFG to be valid.** What it finds missing anyway is a [`CodegenError`], never a panic.

mod allocation;
mod calls;
mod conflicts;
mod control_flow;
mod copies;
mod expressions;
mod foreign;
mod handles;
mod jam;
mod lanes;
mod loops;
mod maps;
mod names;
mod nested;
mod places;
mod plan;
mod references;
mod rewrite;
mod states;
mod streams;
mod tasklets;
mod tidy;
mod versions;
mod views;

use crate::tree::{Buffer, Escape, Parameter, ParameterKind, Place, Program, Stmt, Value};
use crate::{CodegenError, Interface};
use allocation::Homes;
use dacec_ir::analysis::Aliases;
use dacec_ir::features::features;
use dacec_ir::symbolic::Substitution;
use dacec_ir::{CodeSections, DType, Expr, Feature, IndexMap, Instrument, Name, Node, NodeId, Sdfg};
use names::Names;
use places::{Slot, Storage};
use std::collections::BTreeSet;
use std::rc::Rc;

type Result<T> = std::result::Result<T, CodegenError>;

/// What programs may use beyond arrays, maps and structured control flow.
const SUPPORTED: [Feature; 11] = [
    Feature::Constants,
    Feature::Views,
    Feature::References,
    Feature::Streams,
    Feature::Consume,
    Feature::CustomResolutions,
    Feature::ForeignCode,
    Feature::Handles,
    Feature::DynamicRanges,
    Feature::OptionalArrays,
    Feature::SymbolicReads,
];

/// Lowers a valid SDFG without library nodes, without state machines, which [`Sdfg::lower_machines`] removes, and without
/// what [`Sdfg::lower_data`] rewrites.
pub fn lower(sdfg: &Sdfg) -> Result<Program> {
    if let Some(feature) = features(sdfg).into_iter().find(|feature| !SUPPORTED.contains(feature)) {
        return Err(CodegenError::Feature(feature));
    }
    let interface = Interface::of(sdfg)?;
    let mut shared = Shared::new();
    if sdfg.instrument == Instrument::Timer {
        shared.timers.push(format!("SDFG {}", sdfg.name));
    }
    let handles = handles::types(sdfg);
    for dtype in &handles {
        shared.names.global(dtype.name());
    }
    let mut function = Function::new(&mut shared, sdfg);
    let mut parameters = Vec::new();
    for argument in interface.all() {
        parameters.push(function.bind_argument(argument)?);
    }
    for (symbol, _) in &interface.symbols {
        parameters.push(function.bind_symbol(symbol));
    }
    let mut body = Vec::new();
    function.promote_scalar_arguments(true, &mut body)?;
    function.lower_body(&mut body)?;
    let Shared { mut entry, persistent, failures, parallel_failures, timers, .. } = shared;
    // Parameters that double as symbols come first: sizes of buffers depend on them.
    let at = body.iter().take_while(|stmt| matches!(stmt, Stmt::Declare { constant: true, .. })).count();
    body.splice(at..at, entry.drain(..));
    drop_last_leave(&mut body, &Escape::Return);
    tidy::tidy(&mut body);
    jam::jam(&mut body);
    versions::make_versions(&mut body, false);
    lanes::make_lanes(&mut body);
    let (name, file) = (sdfg.name.clone(), sdfg.file.clone());
    let timed = sdfg.instrument == Instrument::Timer;
    let mut sections = CodeSections::default();
    collect_sections(sdfg, &mut sections);
    Ok(Program {
        name,
        file,
        parameters,
        persistent,
        failures,
        parallel_failures,
        body,
        timers,
        timed,
        sections,
        handles,
    })
}

/// Refuses types of numbers that the emitted code has no words for: the `__bf16` of compilers is too new.
fn check_number(what: &dyn std::fmt::Display, dtype: DType) -> Result<()> {
    match dtype {
        DType::BFloat16 => Err(CodegenError::UnsupportedType { name: what.to_string().into(), dtype }),
        _ => Ok(()),
    }
}

/// Adds the code around an SDFG and around those nested in it.
fn collect_sections(sdfg: &Sdfg, sections: &mut CodeSections) {
    for (name, code) in sdfg.sections.all() {
        if let Some(section) = sections.section_mut(name) {
            CodeSections::append(section, code);
        }
    }
    for state in sdfg.body.states() {
        for (_, node) in state.nodes() {
            if let Node::Nested(nested) = node {
                collect_sections(&nested.sdfg, sections);
            }
        }
    }
}

/// Removes a `return` at the end, where it leads to the next statement; tells whether there was one.
fn drop_last_leave(body: &mut Vec<Stmt>, escape: &Escape) -> bool {
    let found = matches!(body.last(), Some(Stmt::Leave(it)) if it == escape);
    if found {
        body.pop();
    }
    found
}

/// What all functions of a program share while they are lowered.
struct Shared {
    names: Names,
    /// Allocations at the program's entry.
    entry: Vec<Stmt>,
    /// Emitted names of symbols that never change and are known at the program's entry.
    entry_symbols: BTreeSet<Name>,
    persistent: Vec<Buffer>,
    /// Bytes that may still be put on the stack.
    stack_left: i64,
    /// Where the code that is being lowered runs.
    region: ExecutionRegion,
    /// What an allocation does that fails.
    failure: Escape,
    /// Messages of failed checks.
    failures: Vec<String>,
    /// Labels of timers.
    timers: Vec<String>,
    /// Whether such a failure happens in a parallel region, from which there is no return.
    parallel_failures: bool,
    /// Whether there is one in the parallel loop that is being lowered.
    iteration_fails: bool,
}

/// Where code runs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct ExecutionRegion {
    /// Inside a parallel loop: every thread runs it.
    parallel: bool,
    /// The parallel loop is one on a condition: it may be one thread that runs it, as long as nobody else does.
    perhaps: bool,
    /// Inside a map.
    in_map: bool,
}

impl Shared {
    fn new() -> Shared {
        Shared {
            names: Names::new(),
            entry: Vec::new(),
            entry_symbols: BTreeSet::new(),
            persistent: Vec::new(),
            stack_left: allocation::STACK_BYTES,
            region: ExecutionRegion::default(),
            failure: Escape::Return,
            failures: Vec::new(),
            timers: Vec::new(),
            parallel_failures: false,
            iteration_fails: false,
        }
    }
}

/// One SDFG that is being lowered: the program, or one that is nested in it.
struct Function<'s, 'a> {
    shared: &'s mut Shared,
    sdfg: &'a Sdfg,
    /// The value of each visible symbol, over variables of the emitted code.
    symbols: Substitution,
    /// Where the containers are.
    slots: IndexMap<Name, Slot>,
    /// Where transient containers are allocated.
    homes: Homes,
    /// Which containers may share memory.
    aliases: Rc<Aliases>,
    /// The truth variable of each reference for whether it is set.
    set_flags: IndexMap<Name, Name>,
    /// What `return` does.
    leave: Escape,
    /// Number of `return`s that do it.
    leaves: usize,
    /// The block of control flow that is being lowered: positions from the outside in.
    path: Vec<usize>,
    /// The map whose iterations the threads share, with the parameters that tell them apart, if it is this SDFG's.
    threads: Option<(NodeId, Vec<Name>)>,
    /// The line of the last comment.
    line: u32,
}

impl<'s, 'a> Function<'s, 'a> {
    fn new(shared: &'s mut Shared, sdfg: &'a Sdfg) -> Function<'s, 'a> {
        Function {
            shared,
            sdfg,
            symbols: Substitution::new(),
            slots: IndexMap::default(),
            homes: Homes::default(),
            aliases: Rc::new(Aliases::of(sdfg)),
            set_flags: IndexMap::default(),
            leave: Escape::Return,
            leaves: 0,
            path: Vec::new(),
            threads: None,
            line: 0,
        }
    }

    fn bind_argument(&mut self, argument: &crate::interface::Argument) -> Result<Parameter> {
        let source = argument.name.clone();
        let name = self.shared.names.global(&source);
        let dtype = argument.dtype;
        let kind = match &argument.array {
            Some(layout) => ParameterKind::Pointer { dtype, written: layout.written },
            None => ParameterKind::Value(dtype),
        };
        // Extents may be symbols that are bound later; strides are found when the body is lowered.
        let storage = match &argument.array {
            None => Storage::Scalar(Place::Variable(name.clone(), dtype)),
            Some(layout) if layout.shape.is_empty() => Storage::Scalar(places::first_element(&name, dtype)),
            Some(_) => Storage::Array { pointer: name.clone(), dtype, strides: Vec::new() },
        };
        self.slots.insert(source.clone(), Slot { storage, private: false });
        Ok(Parameter { source, name, kind })
    }

    fn bind_symbol(&mut self, symbol: &Name) -> Parameter {
        let name = self.shared.names.global(symbol);
        self.symbols.insert(symbol, Expr::sym(&name));
        if !self.assigned_symbols().contains(symbol) {
            self.shared.entry_symbols.insert(name.clone());
        }
        Parameter { source: symbol.clone(), name, kind: ParameterKind::Symbol }
    }

    /// Scalar arguments whose names are used as symbols, too: in shapes, for example.
    fn promote_scalar_arguments(&mut self, at_entry: bool, out: &mut Vec<Stmt>) -> Result<()> {
        let symbols = self.sdfg.free_symbols();
        for name in symbols {
            let Some(Slot { storage: Storage::Scalar(place), .. }) = self.slots.get(&name) else { continue };
            if !place.dtype().is_integer() {
                return Err(CodegenError::Invalid(format!("`{name}` is used as a symbol and is no integer")));
            }
            let value = expressions::cast(place.value(), DType::Int64);
            let copy = self.shared.names.global(&name);
            if at_entry {
                self.shared.entry_symbols.insert(copy.clone());
            }
            self.symbols.insert(&name, Expr::sym(&copy));
            let value = Some(value);
            out.push(Stmt::Declare { name: copy, dtype: DType::Int64, value, constant: true });
        }
        Ok(())
    }

    /// Lowers everything of the SDFG: its transient containers, its symbols and its body.
    fn lower_body(&mut self, out: &mut Vec<Stmt>) -> Result<()> {
        for (name, data) in &self.sdfg.containers {
            check_number(name, data.dtype())?;
        }
        self.bind_strides()?;
        self.homes = Homes::of(self.sdfg, &self.aliases)?;
        self.declare_symbols(out);
        self.allocate_at_top(out)?;
        self.declare_references(out)?;
        let sdfg = self.sdfg;
        self.lower_region(&sdfg.body, out)
    }

    /// Symbols that the SDFG assigns and nobody gave a value: local variables.
    fn declare_symbols(&mut self, out: &mut Vec<Stmt>) {
        for symbol in self.assigned_symbols() {
            if self.symbols.get(&symbol).is_none() {
                let name = self.shared.names.local(&symbol);
                self.symbols.insert(&symbol, Expr::sym(&name));
                let value = Some(Value::int(0));
                out.push(Stmt::Declare { name, dtype: DType::Int64, value, constant: false });
            }
        }
    }

    /// Symbols that a block of the SDFG assigns; not variables of loops.
    fn assigned_symbols(&self) -> BTreeSet<Name> {
        let mut assigned = BTreeSet::new();
        self.sdfg.body.visit(&mut |block| {
            assigned.extend(block.assignments().map(|it| it.symbol.clone()));
        });
        assigned
    }

    /// Starts a timer, if an element wants one and no other thread could run it at the same time; what to stop later.
    fn start_timer(
        &mut self,
        instrument: Instrument,
        label: impl FnOnce() -> String,
        out: &mut Vec<Stmt>,
    ) -> Option<(Name, usize)> {
        if instrument == Instrument::None || self.shared.region.parallel {
            return None;
        }
        let label = label();
        let known = self.shared.timers.iter().position(|it| *it == label);
        let timer = known.unwrap_or(self.shared.timers.len());
        if known.is_none() {
            self.shared.timers.push(label);
        }
        let start = self.shared.names.local("start");
        out.push(Stmt::StartTimer { start: start.clone() });
        Some((start, timer))
    }

    /// Stops what [`Function::start_timer`] started.
    fn stop_timer(&mut self, started: Option<(Name, usize)>, out: &mut Vec<Stmt>) {
        if let Some((start, timer)) = started {
            out.push(Stmt::StopTimer { start, timer });
        }
    }

    /// Marks the line of the source that the following statements come from.
    fn mark(&mut self, span: dacec_ir::Span, out: &mut Vec<Stmt>) {
        if span.line != 0 && span.line != self.line {
            self.line = span.line;
            out.push(Stmt::Source(span.line));
        }
    }
}
