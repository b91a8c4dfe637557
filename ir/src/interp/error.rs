//! What goes wrong when a program runs.

use super::Tensor;
use crate::code::TypeError;
use crate::data::Comma;
use crate::symbolic::EvalError;
use crate::{DType, Name};
use std::fmt;

/// A fault and the place where it occurred.
#[derive(Clone, Debug, PartialEq)]
pub struct InterpretError {
    /// What went wrong.
    pub fault: Box<Fault>,
    /// The elements around the place, innermost first: ``tasklet `t` (n3)``, `i = 4`, ``state `s0` ``, ….
    pub place: Vec<String>,
}

/// What went wrong.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum Fault {
    /// The caller did not pass an argument.
    #[error("the argument `{0}` is missing")]
    MissingArgument(Name),
    /// An argument that the caller left out is accessed.
    #[error("`{0}` is accessed and is None")]
    IsNone(Name),
    /// The caller passed an argument that the program does not have.
    #[error("the program has no argument `{0}`")]
    UnknownArgument(Name),
    /// An argument of another type or shape than declared.
    #[error("`{name}` is declared as {dtype}[{}], the argument is {given}", Comma(.shape))]
    Argument {
        /// The argument.
        name: Name,
        /// Its declared type.
        dtype: DType,
        /// Its declared shape.
        shape: Vec<i64>,
        /// Type and shape of what was passed.
        given: String,
    },
    /// A symbolic expression has no value.
    #[error(transparent)]
    Symbol(#[from] EvalError),
    /// An expression has no type.
    #[error(transparent)]
    Type(#[from] TypeError),
    /// An access outside of a container or of a memlet's subset.
    #[error("`{container}` has no element [{}] here: the shape is [{}]", Comma(.indices), Comma(.shape))]
    OutOfBounds {
        /// The container or connector.
        container: Name,
        /// The indices.
        indices: Vec<i64>,
        /// The extents.
        shape: Vec<i64>,
    },
    /// A computation uses memory that nothing has written.
    #[error("`{container}` is read before it is written, at element {position}")]
    Unwritten {
        /// The container.
        container: Name,
        /// Position of the element in memory.
        position: usize,
    },
    /// Two iterations of a map use the same element, and one of them writes it.
    #[error("iterations of map `{map}` {conflict} element {position} of `{container}`")]
    Race {
        /// The map.
        map: Name,
        /// The container.
        container: Name,
        /// Position of the element in memory.
        position: usize,
        /// What the two do.
        conflict: &'static str,
    },
    /// The program gives up.
    #[error("line {line}: {message}")]
    Check {
        /// Why.
        message: String,
        /// Where the condition was written that does not hold.
        line: u32,
    },
    /// A loop or map whose step is not allowed.
    #[error("`{0}` has a step of {1}")]
    Step(Name, i64),
    /// The limit on steps is reached.
    #[error("the limit of {0} steps is reached")]
    StepLimit(u64),
    /// A container that the SDFG does not have.
    #[error("there is no container `{0}`")]
    NoContainer(Name),
    /// A container whose extents are negative or too large.
    #[error("`{container}` cannot be allocated with the shape [{}]", Comma(.shape))]
    Allocation {
        /// The container.
        container: Name,
        /// The extents.
        shape: Vec<i64>,
    },
    /// Two ends of a movement that do not fit.
    #[error("`{container}` has shape [{}] at one end and [{}] at the other", Comma(.here), Comma(.there))]
    Shapes {
        /// The container or connector.
        container: Name,
        /// The extents at this end.
        here: Vec<i64>,
        /// The extents at the other end.
        there: Vec<i64>,
    },
    /// A nested SDFG declares other strides than the memory it is given has.
    #[error("`{container}` is declared with strides [{}], its memory has [{}]", Comma(.declared), Comma(.given))]
    Strides {
        /// The nested SDFG's container.
        container: Name,
        /// The strides that it declares.
        declared: Vec<i64>,
        /// The strides of what it is given.
        given: Vec<i64>,
    },
    /// A tasklet gives an output no value, and the memlet does not allow that.
    #[error("the output `{0}` gets no value")]
    NoOutput(Name),
    /// A library operation refuses its operands.
    #[error("{op}: {reason}")]
    Library {
        /// The operation.
        op: &'static str,
        /// Why it refuses.
        reason: String,
    },
    /// A routine that the interpreter does not know.
    #[error("the external routine `{0}` has no reference semantics")]
    Routine(Name),
    /// A view or reference that stands for no memory yet.
    #[error("`{0}` is used before it stands for any memory")]
    Unset(Name),
    /// A view or reference to memory that is no longer there.
    #[error("a reference stands for memory that is no longer there")]
    Dangling,
    /// A view that reaches beyond the memory that it shows.
    #[error("`{view}` of shape [{}] reaches beyond the memory of `{shown}`", Comma(.shape))]
    View {
        /// The view or reference.
        view: Name,
        /// Its extents.
        shape: Vec<i64>,
        /// What it stands for.
        shown: String,
    },
    /// A write to a constant.
    #[error("the constant `{0}` is written")]
    Constant(Name),
    /// A pop from a queue that holds nothing.
    #[error("the stream `{0}` is empty")]
    EmptyStream(Name),
    /// A push to a queue that holds as much as it may.
    #[error("the stream `{0}` is full")]
    FullStream(Name),
    /// A tasklet in another language, which only a backend of that language can run.
    #[error("a tasklet in the language `{0}` has no reference semantics: compile the program to run it")]
    Foreign(&'static str),
    /// A Python function that the program calls has raised an exception.
    #[error("a Python function has raised an exception: {0}")]
    Python(String),
    /// The SDFG breaks a rule that validation would have named.
    #[error("malformed: {0}")]
    Malformed(String),
}

impl InterpretError {
    /// The same error, with one more element around it.
    pub(super) fn within(mut self, element: impl Into<String>) -> Self {
        self.place.push(element.into());
        self
    }
}

impl<F: Into<Fault>> From<F> for InterpretError {
    fn from(fault: F) -> Self {
        InterpretError { fault: Box::new(fault.into()), place: Vec::new() }
    }
}

impl Fault {
    pub(super) fn argument(name: &Name, dtype: DType, shape: &[i64], given: &Tensor) -> Self {
        Fault::Argument { name: name.clone(), dtype, shape: shape.to_vec(), given: given.to_string() }
    }
}

impl fmt::Display for InterpretError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.fault)?;
        for (k, element) in self.place.iter().enumerate() {
            write!(f, "{}{element}", if k == 0 { " in " } else { ", " })?;
        }
        Ok(())
    }
}

impl std::error::Error for InterpretError {}
