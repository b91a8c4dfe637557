//! From the description of an emitted interface to that of a callable program: the layers that make and that call a
//! library do not know each other.

use dacec_codegen::interface::{Argument, Interface};
use dacec_runtime::signature::{self, ArgumentKind, ArrayArgument, Signature};

/// How the library with this interface is called.
pub fn signature(interface: &Interface) -> Signature {
    Signature {
        name: interface.name.clone(),
        arguments: interface.arguments.iter().map(argument).collect(),
        returns: interface.returns.iter().map(argument).collect(),
        symbols: interface.symbols.iter().map(|(name, _)| name.clone()).collect(),
    }
}

fn argument(argument: &Argument) -> signature::Argument {
    let dtype = argument.dtype;
    let kind = match &argument.array {
        None => ArgumentKind::Scalar { dtype },
        Some(layout) => ArgumentKind::Array(ArrayArgument {
            dtype,
            shape: layout.shape.clone(),
            strides: layout.strides.clone(),
            read: layout.read,
            written: layout.written,
        }),
    };
    signature::Argument { name: argument.name.clone(), kind }
}
