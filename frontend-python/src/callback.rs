//! What a compiled program tells the interpreter when it calls a Python function: see [`dacec_ir::callback`].

pub use dacec_ir::callback::{Callback, INTERPRETER, Passed, Wanted};
