//! Calls of Python functions that cannot be compiled: the interpreter that runs the program makes them.
//!
//! ```text
//! total = log(A, k)     state line_3    (__python)(A)(k) ─▶ {call python("log", &A, &k, &result)} ─▶ (__python)(A)(total)
//! ```
//!
//! A call may change what it is passed, so arrays are its results as well; and it may do anything else, so every call
//! reads and writes the interpreter itself, which is an argument of the program: that keeps the calls and their order.
//!
//! The type of a result must be known before the program runs. It is what the function's annotation says, else what the
//! variable is annotated with that takes the result, else that of the array into which it is assigned.

use super::operate::Dest;
use super::{GivenArgs, Lowerer, Result, Stop};
use crate::codes;
use crate::diagnostic::Diagnostic;
use crate::parse::{Ranged, TextRange, ast};
use crate::promotion::Typed;
use crate::types::{Axis, Outcome, OuterArray, PythonObject, Scalar, Value, View};
use dacec_ir::callback::{Callback, INTERPRETER, Passed, Wanted};
use dacec_ir::node::{CallArgument, Connector, ExternalCall};
use dacec_ir::{DType, Expr, Memlet, Name, Node, ScalarExpr, Subset, Tasklet, TaskletCode};
use std::sync::Arc;

/// A call that is being put together.
#[derive(Default)]
struct Parts {
    inputs: Vec<(Name, Connector, Memlet)>,
    outputs: Vec<(Name, Connector, Memlet)>,
    pointers: Vec<CallArgument>,
    extents: Vec<CallArgument>,
    /// Views whose elements lie in a copy meanwhile.
    copies: Vec<(View, View)>,
    /// The arrays that are passed.
    arrays: Vec<View>,
}

impl Lowerer<'_> {
    /// Calls a function of the interpreter. `reason` says why it is not compiled.
    pub(super) fn call_python(
        &mut self,
        object: &PythonObject,
        given: GivenArgs,
        (dest, declared): (&Dest, Option<Outcome>),
        reason: &str,
        range: TextRange,
    ) -> Result<Value> {
        if self.is_constant_evaluation() {
            let message = "this value cannot be found at compile time";
            return Err(Diagnostic::error(codes::MODULE_VALUE, range, message).into());
        }
        if !self.params.is_empty() {
            let message = format!("{} cannot be called in a parallel loop", object.what);
            return Err(Diagnostic::error(codes::MAP, range, message)
                .label(format!("not compiled: {reason}"))
                .help("the interpreter makes one call after the other: use a `for` loop over `range`")
                .into());
        }
        self.warn(
            codes::INTERPRETER,
            format!("the Python interpreter calls {}: {reason}", object.what),
            "annotate the function with `@dace.program`, or call it outside of the compiled function",
        );
        self.flush();
        let mut parts = Parts::default();
        let mut arguments = Vec::new();
        let keywords = given.keywords.iter().map(|(name, _)| name.clone()).collect();
        let values = given.positional.into_iter().chain(given.keywords.into_iter().map(|(_, value)| value));
        for (value, place) in values {
            arguments.push(self.passed(value, place, &mut parts)?);
        }
        let outcome = object.outcome.clone().or(declared);
        let (wanted, value) = self.result_of_python(outcome, dest, (object, reason), &mut parts);
        let call = Callback {
            function: object.key.clone(),
            line: self.span(range).line,
            reason: reason.to_owned(),
            arguments,
            keywords,
            result: wanted,
        };
        self.flush();
        self.add_python_call(&call, parts, range)?;
        Ok(value)
    }

    fn add_python_call(&mut self, call: &Callback, mut parts: Parts, range: TextRange) -> Result<()> {
        self.effects += 1;
        let interpreter =
            OuterArray { argument: INTERPRETER.into(), dtype: DType::Int64, shape: vec![Expr::int(2)] };
        let Value::Array(interpreter) = self.reached(Value::Outer(interpreter)) else {
            return Err(Stop::Reported);
        };
        let memlet = Memlet::new(&interpreter.container, interpreter.subset.clone());
        let connector = Connector::array(DType::Int64, 1);
        parts.inputs.push(("_python".into(), connector, memlet.clone()));
        parts.outputs.push(("_python_after".into(), connector, memlet));
        let mut all = vec![CallArgument::Text(call.to_string()), CallArgument::Pointer("_python".into())];
        all.append(&mut parts.pointers);
        all.append(&mut parts.extents);
        let connectors =
            |ports: &[(Name, Connector, Memlet)]| ports.iter().map(|it| (it.0.clone(), it.1)).collect();
        let tasklet = Tasklet {
            label: "python".into(),
            inputs: connectors(&parts.inputs),
            outputs: connectors(&parts.outputs),
            code: TaskletCode::External(ExternalCall {
                routine: ExternalCall::PYTHON.into(),
                arguments: all,
                cost: None,
            }),
            span: self.span(range),
        };
        let memlets = |ports: Vec<(Name, Connector, Memlet)>| {
            ports.into_iter().map(|it| (it.0, it.2)).collect::<Vec<_>>()
        };
        self.add_operation(Node::Tasklet(tasklet), &memlets(parts.inputs), &memlets(parts.outputs));
        self.flush();
        for (view, copy) in parts.copies {
            self.write(&view, &Value::Array(copy), range)?;
            self.flush();
        }
        Ok(())
    }

    /// How an argument is passed.
    fn passed(&mut self, value: Value, range: TextRange, parts: &mut Parts) -> Result<Passed> {
        Ok(match value {
            Value::Array(view) => {
                self.check_apart(&view, range, parts)?;
                let passed = self.dense(&view);
                let repeats = view.axes.iter().any(|it| matches!(it, Axis::New(extent) if !extent.is_one()));
                // NumPy lets nobody write what stands for several elements.
                if passed.container != view.container && !repeats {
                    parts.copies.push((view.clone(), passed.clone()));
                }
                let at = parts.pointers.len();
                let (name, after) = (Name::from(format!("_a{at}")), Name::from(format!("_a{at}_after")));
                let shape = view.shape();
                let connector = match shape.len() {
                    0 => Connector::scalar(view.dtype),
                    rank => Connector::array(view.dtype, rank),
                };
                let memlet = Memlet::new(&passed.container, passed.subset.clone());
                parts.inputs.push((name.clone(), connector, memlet.clone()));
                parts.outputs.push((after, connector, memlet));
                parts.pointers.push(CallArgument::Pointer(name));
                let rank = shape.len();
                parts.extents.extend(shape.into_iter().map(CallArgument::Int));
                parts.arrays.push(view.clone());
                Passed::Array(view.dtype, rank)
            }
            Value::Scalar(scalar) => {
                let number = self.materialize("__argument", &scalar);
                let ScalarExpr::Name(container) = &number.code else { return Err(Stop::Reported) };
                let name = Name::from(format!("_a{}", parts.pointers.len()));
                let memlet = Memlet::scalar(container);
                parts.inputs.push((name.clone(), Connector::scalar(scalar.dtype()), memlet));
                parts.pointers.push(CallArgument::Pointer(name));
                match scalar.ty.weak {
                    true => Passed::PythonNumber(scalar.dtype()),
                    false => Passed::Number(scalar.dtype()),
                }
            }
            Value::Text(text) => Passed::Text(text),
            Value::None => Passed::Nothing,
            Value::Tuple(items) => {
                let items = items.into_iter().map(|item| self.passed(item, range, parts));
                Passed::Tuple(items.collect::<Result<_>>()?)
            }
            Value::Object(object) => Passed::Object(object.key.clone()),
            Value::Poison => return Err(Stop::Reported),
            other => {
                let message = format!("{} cannot be passed to a Python function", other.kind());
                return Err(Diagnostic::error(codes::UNSUPPORTED_ARGUMENT, range, message)
                    .help("arrays, numbers, strings, None, tuples of these and objects of Python can")
                    .into());
            }
        })
    }

    /// The view, or a copy of it, such that its elements lie in memory in C order without gaps.
    fn dense(&mut self, view: &View) -> View {
        if self.is_contiguous(view) {
            return view.clone();
        }
        let copy = self.copied(view, "__argument");
        self.flush();
        copy
    }

    /// What is passed twice might be written by the function, which would not be seen through the other argument.
    fn check_apart(&self, view: &View, range: TextRange, parts: &Parts) -> Result<()> {
        let apart = |other: &View| {
            view.container != other.container
                || view.subset.intersects(&other.subset, &self.facts) == Some(false)
        };
        let mirrored = |other: &View| self.are_mirrors(&view.container, &other.container);
        if parts.arrays.iter().all(|other| apart(other) && !mirrored(other)) {
            return Ok(());
        }
        let message = "two arguments of a Python function share memory, and it might write them";
        Err(Diagnostic::error(codes::UNSUPPORTED_ARGUMENT, range, message)
            .help("pass a copy (`... .copy()`)")
            .into())
    }

    /// Room for the result, and what it is for the program.
    fn result_of_python(
        &mut self,
        outcome: Option<Outcome>,
        dest: &Dest,
        (object, reason): (&PythonObject, &str),
        parts: &mut Parts,
    ) -> (Wanted, Value) {
        let array = |parts: &mut Parts, view: &View| {
            let rank = view.rank();
            let memlet = Memlet::new(&view.container, view.subset.clone());
            parts.outputs.push(("_result".into(), Connector::array(view.dtype, rank), memlet));
            parts.pointers.push(CallArgument::Pointer("_result".into()));
            parts.extents.extend(view.shape().into_iter().map(CallArgument::Int));
        };
        match (outcome, dest) {
            (Some(Outcome::Nothing), _) => (Wanted::Nothing, Value::None),
            (Some(Outcome::Number(ty)), _) => self.number_of_python(ty, parts),
            (Some(Outcome::Array(dtype, shape)), _) => {
                let view = self.new_array(dest.prefix(), dtype, &shape);
                array(parts, &view);
                (Wanted::Array(dtype, shape.len()), Value::Array(view))
            }
            (None, Dest::Into(target)) if target.rank() == 0 => {
                self.number_of_python(Typed::strong(target.dtype), parts)
            }
            (None, Dest::Into(target)) => {
                let (dtype, shape) = (target.dtype, target.shape());
                let view = self.new_array("__tmp", dtype, &shape);
                array(parts, &view);
                (Wanted::Assignable(dtype, shape.len()), Value::Array(view))
            }
            (None, _) => {
                let what = format!("{}, which the interpreter calls because {reason},", object.what);
                (Wanted::Nothing, Value::Unknown(Arc::from(what)))
            }
        }
    }

    fn number_of_python(&mut self, ty: Typed, parts: &mut Parts) -> (Wanted, Value) {
        let container = self.new_scalar("__tmp", ty.dtype);
        let memlet = Memlet { subset: Subset::default(), ..Memlet::scalar(&container) };
        parts.outputs.push(("_result".into(), Connector::scalar(ty.dtype), memlet));
        parts.pointers.push(CallArgument::Pointer("_result".into()));
        (Wanted::Number(ty.dtype), Value::Scalar(Scalar { code: ScalarExpr::Name(container), ty }))
    }

    // --- functions of the file that cannot be compiled -----------------------------------------------------------

    /// Why the interpreter calls the function, if that was found out.
    pub(super) fn called_back(&self, function: &ast::StmtFunctionDef) -> Option<&str> {
        self.decisions.called_back.get(&function.name.range()).map(String::as_str)
    }

    /// The function as an object of the interpreter, if there is one that could call it.
    pub(super) fn fallback(&mut self, function: &ast::StmtFunctionDef) -> Option<PythonObject> {
        self.globals.fallbacks.get(&function.name.range()).cloned()
    }
}
