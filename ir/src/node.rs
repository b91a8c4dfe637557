//! Nodes of a state. Operands are edges (memlets), never fields.

use crate::Constant;
use crate::instrument::Instrument;
use crate::library::{CodeCallback, Cost, LibraryOp};
use crate::state::NodeId;
use crate::{DType, Expr, IndexMap, Name, Range, ScalarExpr, Sdfg, Span, Stmt};
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// How the iterations of a map are executed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Schedule {
    /// Chosen at lowering.
    #[default]
    Default,
    /// One after the other.
    Sequential,
    /// Spread over the processor's cores.
    CpuMulticore,
    /// Spread over the processor's cores by a team of threads that the scope around keeps.
    CpuPersistent,
    /// One after the other, written out.
    Unrolled,
    /// Spread over the blocks of threads of a graphics processor.
    GpuDevice,
    /// Spread over the threads of a block on a graphics processor.
    GpuThreadBlock,
    /// Spread over the processes of an MPI program.
    Mpi,
}

impl Schedule {
    /// Every schedule.
    pub const ALL: [Schedule; 8] = [
        Schedule::Default,
        Schedule::Sequential,
        Schedule::CpuMulticore,
        Schedule::CpuPersistent,
        Schedule::Unrolled,
        Schedule::GpuDevice,
        Schedule::GpuThreadBlock,
        Schedule::Mpi,
    ];

    /// The word that the text form prints and reads.
    pub fn name(self) -> &'static str {
        match self {
            Schedule::Default => "default",
            Schedule::Sequential => "sequential",
            Schedule::CpuMulticore => "multicore",
            Schedule::CpuPersistent => "cpu_persistent",
            Schedule::Unrolled => "unrolled",
            Schedule::GpuDevice => "gpu_device",
            Schedule::GpuThreadBlock => "gpu_block",
            Schedule::Mpi => "mpi",
        }
    }
}

/// The parameters and range of a map scope.
#[derive(Clone, Debug, PartialEq)]
pub struct Map {
    /// What people call the map, for example the source's line.
    pub label: Name,
    /// Iteration symbols, outermost first; visible inside the scope only.
    pub params: Vec<Name>,
    /// One range with positive step for each parameter; does not depend on the map's own parameters.
    pub ranges: Vec<Range>,
    /// How the iterations are executed.
    pub schedule: Schedule,
    /// How many of the outermost parameters form one parallel iteration space; at least 1.
    pub collapse: usize,
    /// Where the iterations may be spread over cores: the condition under which that pays, in terms of symbols that are
    /// visible at the entry. `None` if it always does.
    pub parallel_if: Option<Expr>,
    /// What makes the scope consume a stream instead of running over its range.
    pub consume: Option<Box<Consume>>,
    /// What is measured of an execution of the whole scope.
    pub instrument: Instrument,
    /// The node that closes the scope. Maintained by [`State`](crate::State).
    pub exit: NodeId,
    /// Where the map was written.
    pub span: Span,
}

/// A scope whose iterations take the elements of a stream, until there are none left.
///
/// Its map has one parameter, the number of the processing element that runs an iteration, and the range of these
/// numbers. The stream enters at `IN_stream`; the edge that leaves `OUT_stream` inside carries the element that the
/// iteration took. An iteration may push to the stream. Iterations run in any order, as those of a map.
#[derive(Clone, Debug, PartialEq)]
pub struct Consume {
    /// Asked before each iteration, with the names of containers as on control flow: once it is true no further element
    /// is taken. `None` goes on until the stream is empty.
    pub stop: Option<ScalarExpr>,
    /// How many elements an iteration takes; at least 1. Where there is more than one, they leave for one container that
    /// has as many; what the stream has no element for is 0 there.
    pub chunk: usize,
}

impl Default for Consume {
    fn default() -> Self {
        Consume { stop: None, chunk: 1 }
    }
}

impl Consume {
    /// The largest number of elements that an iteration may take.
    pub const MAX_CHUNK: usize = 1 << 16;
    /// The connector of the entry at which the stream enters.
    pub const INPUT: &'static str = "IN_stream";
    /// The connector of the entry from which an iteration gets its element.
    pub const OUTPUT: &'static str = "OUT_stream";
}

/// A connector of a tasklet: a name for the data that moves along its edge.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Connector {
    /// Type of the elements.
    pub dtype: DType,
    /// Number of dimensions that the body indexes; 0 for one element, which the body uses by name.
    pub rank: usize,
}

impl Connector {
    /// A connector that carries one element.
    pub fn scalar(dtype: DType) -> Self {
        Connector { dtype, rank: 0 }
    }

    /// A connector that carries the elements of a box with `rank` dimensions.
    pub fn array(dtype: DType, rank: usize) -> Self {
        Connector { dtype, rank }
    }
}

/// An argument of an external routine.
#[derive(Clone, Debug, PartialEq)]
pub enum CallArgument {
    /// Address of the first element of a connector's data.
    Pointer(Name),
    /// A 64-bit integer.
    Int(Expr),
    /// A scalar of the given type; reads connectors that carry one element.
    Value(DType, ScalarExpr),
    /// A text that is known.
    Text(String),
}

impl CallArgument {
    /// Whether this is the number 0, known before the program runs: as a factor of an old value it says that there is none.
    pub fn is_constant_zero(&self) -> bool {
        match self {
            CallArgument::Value(_, ScalarExpr::Constant(number)) => {
                *number == Constant::of_int(0, number.dtype())
            }
            _ => false,
        }
    }
}

/// A call of an external routine with a C interface and no result.
///
/// The routine [`PYTHON`](ExternalCall::PYTHON) is a function of a running Python interpreter.
#[derive(Clone, Debug, PartialEq)]
pub struct ExternalCall {
    /// The routine's name, one that the backend knows how to provide; `gemm_f64@openblas` is that of a library.
    pub routine: Name,
    /// Its arguments.
    pub arguments: Vec<CallArgument>,
    /// What the call costs, if that is known: the cost of the operation that it computes.
    pub cost: Option<Cost>,
}

impl ExternalCall {
    /// The routine's name without the library, and the library if one is named.
    pub fn named(&self) -> (&str, Option<&str>) {
        match self.routine.split_once('@') {
            Some((routine, library)) => (routine, Some(library)),
            None => (&self.routine, None),
        }
    }

    /// The routine that calls back into Python, with the arguments
    ///
    /// ```text
    /// what is called, as a text        for whoever makes the call; nobody else looks into it
    /// &interpreter                     the state of the interpreter: a vector of two 64-bit integers, see below
    /// &array or dtype: number, …       what is passed, and last the result if there is one
    /// (extent), …                      the extents of all arrays, one after the other
    /// ```
    ///
    /// The interpreter is a container as any other: a call reads and writes it. So calls have an order, none is left out,
    /// repeated or run at the same time as another, and no pass needs to know why. A compiled program finds there the
    /// address of a C function and what that is called with; they are passed by whoever calls the program.
    pub const PYTHON: &str = "python";

    /// The routine that calls a function by its address, with the arguments
    ///
    /// ```text
    /// function                         its name, as a text, for messages
    /// &host                            a vector of two 64-bit integers: the address, and what is passed first
    /// …                                what else is passed
    /// ```
    pub const POINTER: &str = "pointer";

    /// What begins the name of a routine that is a function of C, by the rest of the name. It is linked.
    pub const SYMBOL: &str = "symbol:";

    /// The function of C that is called by its name, if one is.
    pub fn symbol(&self) -> Option<&str> {
        self.routine.strip_prefix(Self::SYMBOL)
    }

    /// Whether it calls what nobody but the user knows: only a source that is trusted may do that.
    pub fn is_foreign(&self) -> bool {
        self.symbol().is_some() || self.routine.as_str() == Self::POINTER
    }
}

/// The language of a text that a backend passes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Language {
    /// C++.
    Cpp,
    /// C++ for CUDA.
    Cuda,
}

impl Language {
    /// Every language.
    pub const ALL: [Language; 2] = [Language::Cpp, Language::Cuda];

    /// The word that the text form prints and reads.
    pub fn name(self) -> &'static str {
        match self {
            Language::Cpp => "cpp",
            Language::Cuda => "cuda",
        }
    }
}

/// Code in another language, with the connectors as its variables: a connector that carries one element is a variable
/// of its type, one with dimensions a pointer to its first element.
///
/// Nobody looks into it: only a backend of its language accepts it, and only from a source that the user trusts.
#[derive(Clone, Debug, PartialEq)]
pub struct ForeignCode {
    /// The language.
    pub language: Language,
    /// The text.
    pub code: String,
}

/// The body of a tasklet.
#[derive(Clone, Debug, PartialEq)]
pub enum TaskletCode {
    /// Statements of the typed language.
    Native(Vec<Stmt>),
    /// A call of an external routine, made when a library node is expanded.
    External(ExternalCall),
    /// Code in another language.
    Foreign(ForeignCode),
}

/// A computation on the data of its connectors, and on nothing else.
#[derive(Clone, Debug, PartialEq)]
pub struct Tasklet {
    /// What people call the tasklet.
    pub label: Name,
    /// Data that is read. A name is an input or an output, never both.
    pub inputs: IndexMap<Name, Connector>,
    /// Data that is written: on every path, unless the memlet is dynamic.
    pub outputs: IndexMap<Name, Connector>,
    /// What is computed. May also read symbols.
    pub code: TaskletCode,
    /// Where the computation was written.
    pub span: Span,
}

/// Another SDFG, called with containers and symbols of this one.
#[derive(Clone, Debug, PartialEq)]
pub struct NestedSdfg {
    /// What is called. Its containers that are not transient are the connectors' names.
    pub sdfg: Sdfg,
    /// Containers of the nested SDFG that it reads.
    pub inputs: Vec<Name>,
    /// Containers of the nested SDFG that it writes.
    pub outputs: Vec<Name>,
    /// The value of each of its free symbols, in terms of this SDFG's symbols.
    pub symbols: IndexMap<Name, Expr>,
    /// Where the call was written.
    pub span: Span,
}

/// An operation of a library, not yet bound to an implementation.
#[derive(Clone, Debug)]
pub struct LibraryNode {
    /// What people call the node.
    pub label: Name,
    /// What is computed.
    pub op: Arc<dyn LibraryOp>,
    /// The expansion that the user chose; `None` lets the target's priorities decide.
    pub implementation: Option<Name>,
    /// Where the operation was written.
    pub span: Span,
}

impl PartialEq for LibraryNode {
    fn eq(&self, other: &Self) -> bool {
        self.label == other.label
            && self.implementation == other.implementation
            && self.op.name() == other.op.name()
            && self.op.properties() == other.op.properties()
    }
}

/// A node of a dataflow state.
#[derive(Clone, Debug, PartialEq)]
pub enum Node {
    /// The container of that name. Several accesses may name the same container; a read sees the writes that reach it
    /// along edges, and no others.
    Access(Name),
    /// A computation.
    Tasklet(Tasklet),
    /// Opens a parallel scope. Data enters through connectors `IN_x` and continues inside from `OUT_x`.
    ///
    /// Iterations are independent: no two of them write the same element, unless the memlet has a conflict resolution.
    MapEntry(Map),
    /// Closes the scope that `entry` opened. Data leaves through `IN_x` and continues outside from `OUT_x`.
    MapExit {
        /// The node that opened the scope.
        entry: NodeId,
    },
    /// A call of another SDFG.
    Nested(Box<NestedSdfg>),
    /// An operation of a library.
    Library(LibraryNode),
}

impl Node {
    /// The container's name, if the node is an access.
    pub fn as_access(&self) -> Option<&Name> {
        match self {
            Node::Access(data) => Some(data),
            _ => None,
        }
    }

    /// The map, if the node opens one.
    pub fn as_map(&self) -> Option<&Map> {
        match self {
            Node::MapEntry(map) => Some(map),
            _ => None,
        }
    }

    /// The tasklet, if the node is one.
    pub fn as_tasklet(&self) -> Option<&Tasklet> {
        match self {
            Node::Tasklet(tasklet) => Some(tasklet),
            _ => None,
        }
    }

    /// Whether it does more than computing what it writes: an SDFG that prints or checks something, or a call of a
    /// [function with effects](crate::library::callback).
    pub fn has_effects(&self) -> bool {
        match self {
            Node::Nested(nested) => nested.sdfg.has_effects(),
            Node::Library(node) => node.op.has_effects(),
            Node::Tasklet(tasklet) => {
                matches!(tasklet.code, TaskletCode::External(_))
                    && tasklet.outputs.contains_key(CodeCallback::HOST_AFTER)
            }
            Node::Access(_) | Node::MapEntry(_) | Node::MapExit { .. } => false,
        }
    }

    /// Where the node was written; unknown for accesses and map exits.
    pub fn span(&self) -> Span {
        match self {
            Node::Tasklet(tasklet) => tasklet.span,
            Node::MapEntry(map) => map.span,
            Node::Nested(nested) => nested.span,
            Node::Library(node) => node.span,
            Node::Access(_) | Node::MapExit { .. } => Span::default(),
        }
    }
}

impl Node {
    /// Calls `f` on each symbol that the node itself reads (not its edges), repeated ones repeatedly.
    pub fn visit_symbols<'a>(&'a self, f: &mut dyn FnMut(&'a Name)) {
        match self {
            Node::Tasklet(tasklet) => tasklet.code.visit_symbols(f),
            Node::MapEntry(map) => {
                map.ranges.iter().for_each(|range| range.visit_symbols(f));
                map.parallel_if.iter().for_each(|condition| condition.visit_symbols(f));
                map.stop_condition().into_iter().for_each(|condition| condition.visit_symbols(f));
            }
            Node::Nested(nested) => nested.symbols.values().for_each(|value| value.visit_symbols(f)),
            Node::Access(_) | Node::MapExit { .. } | Node::Library(_) => {}
        }
    }

    /// Rewrites every symbolic expression of the node itself (not of its edges, not inside a nested SDFG).
    pub fn map_exprs(&mut self, f: &mut dyn FnMut(&Expr) -> Expr) {
        match self {
            Node::Tasklet(tasklet) => tasklet.code.map_exprs(f),
            Node::MapEntry(map) => {
                map.ranges.iter_mut().for_each(|range| range.map_exprs(f));
                if let Some(condition) = &mut map.parallel_if {
                    *condition = f(condition);
                }
                if let Some(Consume { stop: Some(stop), .. }) = map.consume.as_deref_mut() {
                    stop.map_exprs(f);
                }
            }
            Node::Nested(nested) => nested.symbols.values_mut().for_each(|expr| *expr = f(expr)),
            Node::Access(_) | Node::MapExit { .. } | Node::Library(_) => {}
        }
    }
}

impl TaskletCode {
    /// Calls `f` on each symbol that the code reads, repeated ones repeatedly.
    pub(crate) fn visit_symbols<'a>(&'a self, f: &mut dyn FnMut(&'a Name)) {
        match self {
            TaskletCode::Native(stmts) => {
                for stmt in stmts {
                    stmt.visit_exprs(&mut |expr| expr.visit_symbols(f));
                }
            }
            TaskletCode::External(call) => {
                for argument in &call.arguments {
                    match argument {
                        CallArgument::Int(expr) => expr.visit_symbols(f),
                        CallArgument::Value(_, value) => value.visit_symbols(f),
                        CallArgument::Pointer(_) | CallArgument::Text(_) => {}
                    }
                }
                if let Some(cost) = &call.cost {
                    cost.operations.visit_symbols(f);
                    cost.bytes.visit_symbols(f);
                }
            }
            TaskletCode::Foreign(_) => {}
        }
    }

    fn map_exprs(&mut self, f: &mut dyn FnMut(&Expr) -> Expr) {
        match self {
            TaskletCode::Native(stmts) => {
                for stmt in stmts {
                    stmt.visit_exprs_mut(&mut |expr| expr.map_exprs(f));
                }
            }
            TaskletCode::External(call) => {
                for argument in &mut call.arguments {
                    match argument {
                        CallArgument::Int(expr) => *expr = f(expr),
                        CallArgument::Value(_, value) => value.map_exprs(f),
                        CallArgument::Pointer(_) | CallArgument::Text(_) => {}
                    }
                }
                if let Some(cost) = &mut call.cost {
                    cost.operations = f(&cost.operations);
                    cost.bytes = f(&cost.bytes);
                }
            }
            TaskletCode::Foreign(_) => {}
        }
    }
}

impl Map {
    /// The condition that ends a consume scope, if there is one.
    pub fn stop_condition(&self) -> Option<&ScalarExpr> {
        self.consume.as_ref().and_then(|consume| consume.stop.as_ref())
    }
}
