//! The program tree: what a program does, step by step, with all decisions made.
//!
//! A small imperative language between dataflow and text. Names are those of the emitted code: unique where they are
//! visible, and no keyword of the target. Types are explicit, so a printer needs no inference.
//!
//! Expressions and loop bounds are [`Value`]s. Integer arithmetic over variables that came from symbolic expressions
//! stays an [`Expr`] ([`Value::Index`]), whose symbols are names of variables of this tree.
//!
//! **Meaning.** Operations mean what [`dacec_ir::code`] says. The iterations of a loop with [`For::parallel`] may run in
//! any order and at once, and those of one marked [`For::independent`] never touch each other's memory.

use dacec_ir::control_flow::Format;
use dacec_ir::library::{Dense, blas};
use dacec_ir::{BinaryOp, CodeSections, Constant, DType, Expr, Name, UnaryOp, Wcr, code::Function};

/// A function with everything that it needs.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Program {
    /// The program's name.
    pub name: Name,
    /// The file that it was written in; empty if there is none.
    pub file: String,
    /// What it takes: arguments, results, free symbols, and then the persistent buffers.
    pub parameters: Vec<Parameter>,
    /// Memory that is kept between calls; passed as pointers after the parameters.
    pub persistent: Vec<Buffer>,
    /// Messages of failed checks, by number.
    pub failures: Vec<String>,
    /// Whether a part of the program that runs in parallel can fail.
    pub parallel_failures: bool,
    /// What it does.
    pub body: Vec<Stmt>,
    /// Labels of timers, by number.
    pub timers: Vec<String>,
    /// Whether the first of them measures whole runs.
    pub timed: bool,
    /// Code of the program's author around it.
    pub sections: CodeSections,
    /// Types of C that containers have and that are no numbers.
    pub handles: Vec<DType>,
}

/// A parameter of the program's function.
#[derive(Clone, Debug, PartialEq)]
pub struct Parameter {
    /// The name of the container or symbol.
    pub source: Name,
    /// The name in the emitted code.
    pub name: Name,
    /// What is passed.
    pub kind: ParameterKind,
}

/// What is passed for a parameter.
#[derive(Clone, Debug, PartialEq)]
pub enum ParameterKind {
    /// The address of elements that overlap with those of no other parameter.
    Pointer {
        /// Type of the elements.
        dtype: DType,
        /// Whether elements are written.
        written: bool,
    },
    /// A value.
    Value(DType),
    /// A symbol: a 64-bit integer.
    Symbol,
}

/// Memory for elements.
#[derive(Clone, Debug, PartialEq)]
pub struct Buffer {
    /// Its name.
    pub name: Name,
    /// Type of the elements.
    pub dtype: DType,
    /// Over the program's free symbols; the number of elements is their product.
    pub extents: Vec<Expr>,
    /// Whether they are 0 at first.
    pub zeroed: bool,
}

/// A step.
#[derive(Clone, Debug, PartialEq)]
pub enum Stmt {
    /// What follows was written on this line of the source.
    Source(u32),
    /// A variable for the time.
    StartTimer {
        /// Its name.
        start: Name,
    },
    /// Adds the time since a timer was started.
    StopTimer {
        /// The variable for the time at the start.
        start: Name,
        /// The timer's number.
        timer: usize,
    },
    /// A scalar variable.
    Declare {
        /// Its name.
        name: Name,
        /// Its type.
        dtype: DType,
        /// Its first value, if it has one.
        value: Option<Value>,
        /// Whether it keeps its first value.
        constant: bool,
    },
    /// A pointer to elements of another array.
    Pointer {
        /// Its name.
        name: Name,
        /// Type of the elements.
        dtype: DType,
        /// The first element.
        to: Place,
    },
    /// A pointer to elements of arrays that are chosen later; at first to none.
    Reference {
        /// Its name.
        name: Name,
        /// Type of the elements.
        dtype: DType,
    },
    /// Lets a [reference](Stmt::Reference) point to elements of another array.
    Refer {
        /// The reference.
        name: Name,
        /// The first element.
        to: Place,
    },
    /// Code in the target's own language, in a block of its own.
    Foreign {
        /// The text.
        code: String,
        /// Names that the text uses, with the variables and pointers that they are other names for.
        bindings: Vec<(Name, Name)>,
    },
    /// An array on the stack; lives until the end of the block.
    StackArray {
        /// Its name.
        name: Name,
        /// Type of the elements.
        dtype: DType,
        /// Number of elements.
        count: i64,
    },
    /// An array on the heap; lives until the end of the block.
    HeapArray {
        /// Its name.
        name: Name,
        /// Type of the elements.
        dtype: DType,
        /// The number of elements is their product; a negative one counts as 0.
        extents: Vec<Value>,
        /// How the program goes on without memory.
        on_failure: Escape,
    },
    /// Replaces a value.
    Store {
        /// Where.
        place: Place,
        /// The new value.
        value: Value,
    },
    /// Combines a value with the one that is there.
    Update {
        /// Where.
        place: Place,
        /// How they combine.
        wcr: Wcr,
        /// The operand.
        value: Value,
        /// Whether other threads may update the same place.
        atomic: bool,
    },
    /// Replaces a value by one that may depend on it.
    Combine {
        /// Where.
        place: Place,
        /// The new value.
        value: Value,
        /// Whether other threads may do the same at the same place.
        atomic: bool,
    },
    /// Combines the value that is there with consecutive elements of an array: the smallest or the largest number.
    Search {
        /// Where.
        place: Place,
        /// [`Wcr::Min`] or [`Wcr::Max`].
        wcr: Wcr,
        /// The first element.
        first: Place,
        /// Number of elements; a negative one counts as 0.
        count: Value,
    },
    /// Queues that are empty; live until the end of the block.
    Queues {
        /// Their name.
        name: Name,
        /// Type of the elements.
        dtype: DType,
        /// Number of queues.
        count: Value,
        /// How many elements each holds at most; `None` for no limit.
        capacity: Option<Value>,
        /// How the program goes on without memory.
        on_failure: Escape,
    },
    /// Adds an element at the end of a queue.
    Push {
        /// The queue.
        queue: Queue,
        /// The element.
        value: Value,
        /// Why the program ends where there is no room.
        code: Failure,
        /// How it ends.
        escape: Escape,
    },
    /// Takes the first element of a queue, if there is one.
    Pop {
        /// The queue.
        queue: Queue,
        /// The variable for the element; keeps its value if there is none.
        into: Name,
        /// The truth variable for whether there was one.
        got: Name,
    },
    /// An array whose elements never change.
    ConstantArray {
        /// Its name.
        name: Name,
        /// Type of the elements.
        dtype: DType,
        /// The elements.
        values: Vec<Constant>,
    },
    /// A counted loop.
    For(Box<For>),
    /// A loop with its test before each iteration.
    While {
        /// Goes on while this is true.
        condition: Value,
        /// What is repeated.
        body: Vec<Stmt>,
    },
    /// A loop with its test after each iteration.
    DoWhile {
        /// What is repeated.
        body: Vec<Stmt>,
        /// Goes on while this is true.
        condition: Value,
    },
    /// The first branch whose condition is true, or the last one.
    If {
        /// Conditions with what they guard.
        branches: Vec<(Value, Vec<Stmt>)>,
        /// What is done if none is true.
        otherwise: Vec<Stmt>,
    },
    /// A scope of names.
    Block {
        /// The steps.
        body: Vec<Stmt>,
        /// A name for the place after the block, where [`Escape::Label`] leads.
        label: Option<Name>,
    },
    /// Leaves the innermost loop.
    Break,
    /// Starts the next iteration of the innermost loop.
    Continue,
    /// Leaves the function or a block.
    Leave(Escape),
    /// Ends the program with an error.
    Fail {
        /// The error's number.
        code: Failure,
        /// How.
        escape: Escape,
    },
    /// Writes text to the standard output.
    Print(Vec<Written>),
    /// Leaves the function if a parallel part before has failed.
    Propagate,
    /// A product of matrices.
    Gemm(Box<Gemm>),
    /// A call of a routine of a library.
    Routine(Box<Routine>),
    /// A call back into Python.
    Python(Box<PythonCall>),
}

/// Why an emitted program gives up; the numbers are part of the C interface.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Failure {
    /// No memory.
    OutOfMemory,
    /// A symbol has a value without meaning, such as the step 0.
    BadSymbol,
    /// A check failed, whose message has that number.
    Check(usize),
}

impl Failure {
    /// What the function that computes returns.
    pub fn number(self) -> i32 {
        match self {
            Failure::OutOfMemory => 3,
            Failure::BadSymbol => 5,
            Failure::Check(message) => Self::FIRST_CHECK + i32::try_from(message).unwrap_or(0),
        }
    }

    /// The number of the first check; callers of the library see one number for all.
    pub const FIRST_CHECK: i32 = 100;
}

/// A part of a printed text.
#[derive(Clone, Debug, PartialEq)]
pub enum Written {
    /// A text that is known.
    Text(String),
    /// A number, as Python writes it.
    Value(Value, Option<Format>),
    /// An array, as NumPy writes it.
    Array {
        /// Its first element.
        first: Place,
        /// Its extents.
        extents: Vec<Value>,
        /// The distances of neighbours in each dimension, in elements.
        strides: Vec<Value>,
    },
}

/// Where control goes when it leaves a block.
#[derive(Clone, Debug, PartialEq)]
pub enum Escape {
    /// To the function's caller.
    Return,
    /// To the end of the block with this label.
    Label(Name),
}

/// A counted loop.
#[derive(Clone, Debug, PartialEq)]
pub struct For {
    /// The variable, visible in the body only.
    pub variable: Name,
    /// Its first value.
    pub start: Value,
    /// The bound that it does not reach.
    pub stop: Value,
    /// Its change after each iteration.
    pub step: Value,
    /// The sign of the step.
    pub direction: Direction,
    /// Whether and how iterations run at the same time.
    pub parallel: Option<Parallel>,
    /// Whether no iteration writes memory that another one uses.
    pub independent: bool,
    /// Whether iterations may run in any order and interleaved: those of a map.
    pub unordered: bool,
    /// What is repeated.
    pub body: Vec<Stmt>,
}

/// The sign of a loop's step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// Positive.
    Up,
    /// Negative.
    Down,
    /// Known at run time only.
    Unknown,
}

/// How a loop is spread over cores.
#[derive(Clone, Debug, PartialEq)]
pub struct Parallel {
    /// Number of directly nested loops that form one iteration space; at least 1.
    pub collapse: usize,
    /// The condition under which this pays.
    pub when: Option<Value>,
    /// Variables that every thread has a copy of, which combine at the end.
    pub reductions: Vec<Reduction>,
    /// Whether the work of iterations differs much.
    pub uneven: bool,
}

/// A variable that threads combine.
#[derive(Clone, Debug, PartialEq)]
pub struct Reduction {
    /// The variable, declared before the loop.
    pub variable: Name,
    /// Its type.
    pub dtype: DType,
    /// How values combine.
    pub wcr: Wcr,
}

/// Where a value is.
#[derive(Clone, Debug, PartialEq)]
pub enum Place {
    /// A scalar variable.
    Variable(Name, DType),
    /// An element of an array.
    Element {
        /// The array.
        array: Name,
        /// Which element.
        index: Index,
        /// Its type.
        dtype: DType,
    },
}

/// The position of an element: the sum of the products of indices and strides.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Index {
    /// Index and stride of each dimension.
    pub terms: Vec<(Value, Expr)>,
}

/// A call of a routine of a library; it leaves the program where the routine says that it cannot go on.
#[derive(Clone, Debug, PartialEq)]
pub struct Routine {
    /// What is called.
    pub callee: Callee,
    /// The library that it is in, where that is not what the program uses.
    pub library: Option<Name>,
    /// What is passed, in order.
    pub arguments: Vec<RoutineArgument>,
    /// The error if it cannot go on, and how to leave; `None` if it always can.
    pub failure: Option<(Failure, Escape)>,
}

/// A call of a Python function by the interpreter that has called the program; it leaves the program where the function
/// raises an exception. See [`ExternalCall::PYTHON`](dacec_ir::node::ExternalCall::PYTHON).
#[derive(Clone, Debug, PartialEq)]
pub struct PythonCall {
    /// What is called, for the interpreter.
    pub what: String,
    /// Where the interpreter is reached: two 64-bit integers.
    pub interpreter: Place,
    /// What is passed, and the result: the first elements. Everything may be written.
    pub data: Vec<Place>,
    /// The extents of the arrays.
    pub extents: Vec<Value>,
    /// The error if an exception was raised.
    pub code: Failure,
    /// How to leave.
    pub escape: Escape,
}

/// What a [`Routine`] calls.
#[derive(Clone, Debug, PartialEq)]
pub enum Callee {
    /// The built-in linear algebra, for matrices of a type.
    Dense(Dense, DType),
    /// A routine of BLAS, for elements of a type.
    Blas(blas::Routine, DType),
    /// A routine of an [environment](crate::Environment).
    Environment(Name),
    /// A function of C with that name, which an environment may have, or whoever links the program.
    Symbol(Name),
    /// The function whose address is the first of two 64-bit integers, to which the first argument points; it is passed
    /// the other one in the place of that.
    Pointer,
}

/// An argument of a [`Routine`].
#[derive(Clone, Debug, PartialEq)]
pub enum RoutineArgument {
    /// A size, a stride or another number.
    Value(Value),
    /// The first element of something, and whether it is written.
    Pointer(Place, bool),
}

/// One of several queues.
#[derive(Clone, Debug, PartialEq)]
pub struct Queue {
    /// The queues.
    pub queues: Name,
    /// Which of them.
    pub index: Index,
    /// Type of the elements.
    pub dtype: DType,
}

/// A product of matrices: `c = alpha * a @ b + beta * c`.
#[derive(Clone, Debug, PartialEq)]
pub struct Gemm {
    /// Type of the elements.
    pub dtype: DType,
    /// Rows of the result, columns of the result, terms of each sum.
    pub sizes: [Value; 3],
    /// Factor of the product.
    pub alpha: Value,
    /// The left operand.
    pub a: Matrix,
    /// The right operand.
    pub b: Matrix,
    /// Factor of the old value; `None` where that is not read.
    pub beta: Option<Value>,
    /// The result.
    pub c: Matrix,
    /// Whether the call may use several threads.
    pub parallel: bool,
    /// The library that multiplies, where that is not what the program uses.
    pub library: Option<Name>,
}

/// A strided matrix.
#[derive(Clone, Debug, PartialEq)]
pub struct Matrix {
    /// The first element.
    pub first: Place,
    /// Distance of rows, in elements.
    pub row_stride: Value,
    /// Distance of columns, in elements.
    pub column_stride: Value,
}

/// A computation without side effects.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// A literal.
    Constant(Constant),
    /// A scalar variable.
    Variable(Name, DType),
    /// Integer arithmetic over variables, of type `int64`.
    Index(Expr),
    /// An element of an array.
    Load {
        /// The array.
        array: Name,
        /// Which element.
        index: Box<Index>,
        /// Its type.
        dtype: DType,
    },
    /// An operation on an operand of the type.
    Unary(UnaryOp, DType, Box<Value>),
    /// An operation on two operands of the type.
    Binary(BinaryOp, DType, Box<Value>, Box<Value>),
    /// A function of operands of the type.
    Call(Function, DType, Vec<Value>),
    /// One of two values.
    Select(Box<Value>, Box<Value>, Box<Value>),
    /// A conversion.
    Cast {
        /// Type of the operand.
        from: DType,
        /// Type of the result.
        to: DType,
        /// The operand.
        value: Box<Value>,
    },
    /// Whether there is no array: the pointer is null.
    IsNull(Name),
}

impl Value {
    /// The integer `value`.
    pub fn int(value: i64) -> Value {
        Value::Index(Expr::int(value))
    }

    /// The type.
    pub fn dtype(&self) -> DType {
        match self {
            Value::Constant(constant) => constant.dtype(),
            Value::Index(_) => DType::Int64,
            Value::Variable(_, dtype) | Value::Load { dtype, .. } | Value::Unary(_, dtype, _) => *dtype,
            Value::Binary(op, dtype, ..) => {
                if op.is_comparison() {
                    DType::Bool
                } else {
                    *dtype
                }
            }
            Value::Call(function, dtype, _) => function.result(*dtype),
            Value::Select(_, then, _) => then.dtype(),
            Value::Cast { to, .. } => *to,
            Value::IsNull(_) => DType::Bool,
        }
    }

    /// The expression, if the value is integer arithmetic over variables.
    pub fn as_index(&self) -> Option<&Expr> {
        match self {
            Value::Index(expr) => Some(expr),
            _ => None,
        }
    }

    /// Calls `f` on the value and on all parts of it, the indices of loads too.
    pub fn visit<'a>(&'a self, f: &mut dyn FnMut(&'a Value)) {
        f(self);
        match self {
            Value::Constant(_) | Value::Variable(..) | Value::Index(_) | Value::IsNull(_) => {}
            Value::Load { index, .. } => index.terms.iter().for_each(|(value, _)| value.visit(f)),
            Value::Unary(_, _, operand) | Value::Cast { value: operand, .. } => operand.visit(f),
            Value::Binary(_, _, lhs, rhs) => {
                lhs.visit(f);
                rhs.visit(f);
            }
            Value::Call(_, _, operands) => operands.iter().for_each(|operand| operand.visit(f)),
            Value::Select(condition, then, otherwise) => {
                [condition, then, otherwise].into_iter().for_each(|part| part.visit(f));
            }
        }
    }
}

impl Place {
    /// Type of the value that is there.
    pub fn dtype(&self) -> DType {
        match self {
            Place::Variable(_, dtype) | Place::Element { dtype, .. } => *dtype,
        }
    }

    /// The value that is there.
    pub fn value(&self) -> Value {
        match self {
            Place::Variable(name, dtype) => Value::Variable(name.clone(), *dtype),
            Place::Element { array, index, dtype } => {
                Value::Load { array: array.clone(), index: Box::new(index.clone()), dtype: *dtype }
            }
        }
    }
}
