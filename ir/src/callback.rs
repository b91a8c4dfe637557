//! What a compiled program tells the interpreter when it calls a Python function.
//!
//! The description travels as a text in the graph ([`ExternalCall::PYTHON`]), so that a graph that is saved, read and
//! rewritten still says what it calls. Elements of arrays and values of numbers travel as addresses beside it.
//!
//! ```
//! use dacec_ir::callback::{Callback, Passed, Wanted};
//! use dacec_ir::DType;
//!
//! let call = Callback {
//!     function: "plot".into(),
//!     line: 7,
//!     reason: "`plot` is a function of Python".into(),
//!     arguments: vec![Passed::Array(DType::Float64, 2), Passed::Text("title".into())],
//!     keywords: vec!["label".into()],
//!     result: Wanted::Nothing,
//! };
//! assert_eq!(Callback::parse(&call.to_string()).as_ref(), Some(&call));
//! ```

use crate::library::CodeCallback;
use crate::node::{CallArgument, ExternalCall};
use crate::{DType, Node, Sdfg, TaskletCode};
use serde::{Deserialize, Serialize};
use std::fmt;

/// The argument of a program through which it reaches the interpreter: see [`ExternalCall::PYTHON`].
pub const INTERPRETER: &str = "__python";

/// A call of a Python function.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Callback {
    /// The name under which the interpreter knows the function.
    pub function: String,
    /// The line of the call, counted from 1; 0 if it is not known.
    pub line: u32,
    /// Why the function is not compiled.
    pub reason: String,
    /// What is passed, in order; those by keyword last.
    pub arguments: Vec<Passed>,
    /// The keywords of the last arguments.
    pub keywords: Vec<String>,
    /// What the program needs of the result.
    pub result: Wanted,
}

/// An argument of a call.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Passed {
    /// An array of that type with so many dimensions, in C order without gaps.
    Array(DType, usize),
    /// A number of that type of NumPy.
    Number(DType),
    /// A number of Python's type that the given one stands for.
    PythonNumber(DType),
    /// A text.
    Text(String),
    /// `None`.
    Nothing,
    /// A tuple.
    Tuple(Vec<Passed>),
    /// An object of the interpreter, by the name under which it knows it.
    Object(String),
}

/// What a program needs of the result of a call.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Wanted {
    /// Nothing.
    Nothing,
    /// A number of that type.
    Number(DType),
    /// An array of that type with so many dimensions, whose extents the program gives.
    Array(DType, usize),
    /// What can be assigned to such an array, by NumPy's rules for `array[...] = result`.
    Assignable(DType, usize),
}

impl Callback {
    /// Reads the text form.
    pub fn parse(text: &str) -> Option<Self> {
        serde_json::from_str(text).ok()
    }

    /// All calls of Python functions in a graph, in order.
    pub fn all(sdfg: &Sdfg) -> Vec<Self> {
        let mut found = Vec::new();
        for state in sdfg.body.states() {
            for (id, node) in state.nodes() {
                match node {
                    Node::Nested(nested) => found.extend(Self::all(&nested.sdfg)),
                    Node::Library(library) => {
                        let op = library.op.as_any().downcast_ref::<CodeCallback>();
                        let op = op.filter(|_| CodeCallback::is_hosted_by_python(state, id));
                        found.extend(op.and_then(|op| op.described(library.span.line).ok()));
                    }
                    Node::Tasklet(tasklet) => {
                        if let TaskletCode::External(call) = &tasklet.code
                            && call.routine.as_str() == ExternalCall::PYTHON
                            && let Some(CallArgument::Text(text)) = call.arguments.first()
                        {
                            found.extend(Self::parse(text));
                        }
                    }
                    _ => {}
                }
            }
        }
        found
    }
}

impl fmt::Display for Callback {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&serde_json::to_string(self).map_err(|_| fmt::Error)?)
    }
}
