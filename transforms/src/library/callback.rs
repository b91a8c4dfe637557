//! Calls of functions that the user gives: by the interpreter of Python, by their address, or by their name in C.
//!
//! ```text
//! before:  (a) ─▶ [Callback blur(a: float64[n] -> b: float64[n])] ─▶ (b)
//! after:   (a) ─▶ {call "symbol:blur"(&a, (n), (1), &b, (n), (1))} ─▶ (b)
//! ```

use super::{Call, Expansion, Operand};
use crate::Refusal;
use crate::surroundings::Surroundings;
use dacec_ir::callback::INTERPRETER;
use dacec_ir::library::CodeCallback;
use dacec_ir::library::defined::OperandType;
use dacec_ir::node::{CallArgument, ExternalCall};
use dacec_ir::{DType, Expr, Name, ScalarExpr, State};

/// A way to reach a function: see [`dacec_ir::library::callback`].
///
/// **Requires** operands of the declared types and shapes, results that are stored as they are, and a host where the
/// function is reached by it. Python is passed arrays in C order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CallFunction {
    /// By the interpreter that runs the program.
    Python,
    /// By an address that the caller of the program passes.
    Pointer,
    /// By its name in C: it is linked.
    Symbol,
}

impl CallFunction {
    /// Every way, best first: what the host is decides.
    pub const ALL: [CallFunction; 3] = [CallFunction::Python, CallFunction::Pointer, CallFunction::Symbol];

    fn check_host(self, call: &Call) -> Result<(), Refusal> {
        let host = call.inputs.get(CodeCallback::HOST);
        let by_python = host.is_some_and(|host| host.memlet.data == INTERPRETER);
        if let Some(host) = host {
            let two = host.rank() == 1 && call.facts.prove_eq(&host.shape[0], &Expr::int(2)) == Some(true);
            if host.dtype != DType::Int64 || !two || !is_dense(call, host) {
                return Err(Refusal::unproved("the host is no vector of two 64-bit integers"));
            }
        }
        match self {
            CallFunction::Python if !by_python => Err(Refusal::unproved(format!(
                "no interpreter is the host, whose container is `{INTERPRETER}`"
            ))),
            CallFunction::Pointer if host.is_none() => {
                Err(Refusal::unproved("there is no host, which has the function's address"))
            }
            CallFunction::Pointer | CallFunction::Symbol if by_python => {
                Err(Refusal::unproved("the host is the interpreter of Python"))
            }
            _ => Ok(()),
        }
    }
}

impl Expansion for CallFunction {
    fn op(&self) -> &'static str {
        CodeCallback::NAME
    }

    fn name(&self) -> &'static str {
        match self {
            CallFunction::Python => "python",
            CallFunction::Pointer => "pointer",
            CallFunction::Symbol => "symbol",
        }
    }

    fn summary(&self) -> &'static str {
        match self {
            CallFunction::Python => "A call by the interpreter of Python",
            CallFunction::Pointer => "A call of the function whose address the program is passed",
            CallFunction::Symbol => "A call of the function of C that has that name",
        }
    }

    fn requirement(&self, call: &Call) -> Result<(), Refusal> {
        self.check_host(call)?;
        let own = |(name, operand): (&Name, &Operand)| {
            let Operand { dtype, shape, strides, .. } = operand.clone();
            (name.clone(), OperandType { dtype, shape, strides })
        };
        let operands = call.inputs.iter().chain(&call.outputs).map(own).collect();
        let op = function(call);
        op.check_operands(&operands, &call.facts).map_err(Refusal::unproved)?;
        if call.outputs.values().any(|operand| operand.memlet.wcr.is_some()) {
            return Err(Refusal::unproved("a result is combined with what is there"));
        }
        if *self != CallFunction::Python {
            return Ok(());
        }
        op.described(call.span.line).map_err(Refusal::unproved)?;
        match operands_of(call).find(|(_, operand)| !is_dense(call, operand)) {
            Some((name, _)) => {
                Err(Refusal::unproved(format!("`{name}` has gaps or another order than C's: copy it first")))
            }
            None => Ok(()),
        }
    }

    fn expand(&self, _: &mut Surroundings<'_>, state: &mut State, call: Call) {
        let op = function(&call).clone();
        let host = CallArgument::Pointer(CodeCallback::HOST.into());
        let (routine, arguments) = match self {
            CallFunction::Python => {
                let described = op.described(call.span.line).expect("the requirement was checked");
                let mut arguments = vec![CallArgument::Text(described.to_string()), host];
                arguments.extend(op.operands().map(|it| CallArgument::Pointer(it.name.clone())));
                let extents = operands_of(&call).flat_map(|(_, operand)| operand.shape.clone());
                arguments.extend(extents.map(CallArgument::Int));
                (ExternalCall::PYTHON.to_owned(), arguments)
            }
            CallFunction::Pointer => {
                let mut arguments = vec![CallArgument::Text(op.function.to_string()), host];
                arguments.extend(passed(&call));
                (ExternalCall::POINTER.to_owned(), arguments)
            }
            CallFunction::Symbol => (format!("{}{}", ExternalCall::SYMBOL, op.function), passed(&call)),
        };
        call.by_routine(state, &routine, arguments);
    }
}

fn function(call: &Call) -> &CodeCallback {
    call.op.as_any().downcast_ref().expect("the operation has this type")
}

/// The operands in the order of the signature.
fn operands_of(call: &Call) -> impl Iterator<Item = (&Name, &Operand)> {
    let op = function(call);
    let reads = op.reads.iter().map(|it| (&it.name, call.input(&it.name)));
    reads.chain(op.writes.iter().map(|it| (&it.name, call.output(&it.name))))
}

/// What a function of C is passed: numbers by value, data with extents and strides.
fn passed(call: &Call) -> Vec<CallArgument> {
    let mut arguments = Vec::new();
    for (name, operand) in operands_of(call) {
        if operand.rank() == 0 && call.inputs.contains_key(name) {
            arguments.push(CallArgument::Value(operand.dtype, ScalarExpr::Name(name.clone())));
            continue;
        }
        arguments.push(CallArgument::Pointer(name.clone()));
        arguments.extend(operand.shape.iter().chain(&operand.strides).cloned().map(CallArgument::Int));
    }
    arguments
}

/// Whether the elements provably lie in C order without gaps.
fn is_dense(call: &Call, operand: &Operand) -> bool {
    let mut distance = Expr::one();
    operand.shape.iter().zip(&operand.strides).rev().all(|(extent, stride)| {
        let next = call.facts.prove_eq(stride, &distance) == Some(true);
        distance = &distance * extent;
        next || extent.is_one()
    })
}

#[cfg(test)]
mod tests;
