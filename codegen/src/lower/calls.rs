//! Calls of routines that the backends know: products of matrices, and [dense linear algebra](Dense).
//!
//! The products are `gemm_f32`, `gemm_f64`, `gemm_c64` and `gemm_c128`, with the arguments
//!
//! ```text
//! m, n, k,  alpha,  a, row stride, column stride,  b, …, …,  beta,  c, …, …        c = alpha * a @ b + beta * c
//! ```
//!
//! Other routines of BLAS have a [table](dacec_ir::library::blas::routine). The dense ones take their sizes, and then each operand with its strides, and report by their result what they cannot
//! do. Any other name is a routine of an [environment](crate::Environment), or a function that the user gives, which takes what
//! it is given.

use super::expressions::cast;
use super::names::is_linkable;
use super::states::StateContext;
use super::tasklets::{input, output_edges};
use super::{Function, Result};
use crate::CodegenError;
use crate::tree::{Callee, Gemm, Matrix, Place, PythonCall, Routine, RoutineArgument, Stmt, Value};
use dacec_ir::library::Dense;
use dacec_ir::library::blas::{self, Parameter};
use dacec_ir::node::{CallArgument, ExternalCall};
use dacec_ir::{DType, Expr, Name, NodeId, ScalarExpr, Tasklet};

/// What [`CodegenError::BadCall`] says about the products.
const GEMM_ARGUMENTS: &str = "m, n, k, alpha, a and its strides, b and its strides, beta, c and its strides";

/// What [`CodegenError::BadCall`] says about the others.
const DENSE_ARGUMENTS: &str = "the sizes, then each operand with its strides";

/// What [`CodegenError::BadCall`] says about routines of BLAS.
const BLAS_ARGUMENTS: &str = "what the table of routines says, each operand with its strides";

/// What [`CodegenError::BadCall`] says about calls back into Python.
const PYTHON_ARGUMENTS: &str = "a text, the interpreter, what is passed, and the extents of arrays";

/// What [`CodegenError::BadCall`] says about routines of environments.
const FOREIGN_ARGUMENTS: &str = "integers, numbers and data";

/// The kinds of argument of a product: integer, value, pointer.
const GEMM_KINDS: &[u8; 14] = b"iiivpiipiivpii";

fn foreign_arguments(tasklet: &Tasklet, call: &ExternalCall) -> CodegenError {
    let (tasklet, routine) = (tasklet.label.clone(), call.routine.clone());
    CodegenError::BadCall { tasklet, routine, expected: FOREIGN_ARGUMENTS }
}

/// The library that a call names.
fn library_of(call: &ExternalCall) -> Option<Name> {
    call.named().1.map(Name::from)
}

impl Function<'_, '_> {
    /// A product of matrices, if the call is one.
    pub(super) fn lower_gemm(
        &self,
        context: &StateContext<'_>,
        id: NodeId,
        (tasklet, call): (&Tasklet, &ExternalCall),
        value: &dyn Fn(&ScalarExpr) -> Result<Value>,
    ) -> Result<Option<Stmt>> {
        let dtype = match call.named().0 {
            "gemm_f32" => DType::Float32,
            "gemm_f64" => DType::Float64,
            "gemm_c64" => DType::Complex64,
            "gemm_c128" => DType::Complex128,
            _ => return Ok(None),
        };
        let bad = || {
            let (tasklet, routine) = (tasklet.label.clone(), call.routine.clone());
            CodegenError::BadCall { tasklet, routine, expected: GEMM_ARGUMENTS }
        };
        let kinds = call.arguments.iter().map(|argument| match argument {
            CallArgument::Int(_) => b'i',
            CallArgument::Value(..) => b'v',
            CallArgument::Pointer(_) => b'p',
            CallArgument::Text(_) => b't',
        });
        if !kinds.eq(GEMM_KINDS.iter().copied()) {
            return Err(bad());
        }
        let integer = |at: usize| -> Result<Value> {
            let CallArgument::Int(expr) = &call.arguments[at] else { return Err(bad()) };
            let expr: &Expr = expr;
            Ok(Value::Index(self.expr(expr)?))
        };
        let scalar = |at: usize| -> Result<Value> {
            let CallArgument::Value(_, expr) = &call.arguments[at] else { return Err(bad()) };
            Ok(cast(value(expr)?, dtype))
        };
        let matrix = |at: usize| -> Result<Matrix> {
            let CallArgument::Pointer(name) = &call.arguments[at] else { return Err(bad()) };
            let first = self.pointer(context, id, tasklet, name)?;
            if first.dtype() != dtype {
                return Err(bad());
            }
            Ok(Matrix { first, row_stride: integer(at + 1)?, column_stride: integer(at + 2)? })
        };
        Ok(Some(Stmt::Gemm(Box::new(Gemm {
            dtype,
            sizes: [integer(0)?, integer(1)?, integer(2)?],
            alpha: scalar(3)?,
            a: matrix(4)?,
            b: matrix(7)?,
            beta: if call.arguments[10].is_constant_zero() { None } else { Some(scalar(10)?) },
            c: matrix(11)?,
            parallel: !self.shared.region.parallel || self.shared.region.perhaps,
            library: library_of(call),
        }))))
    }

    /// A call of the routine of a dense operation.
    pub(super) fn lower_dense(
        &mut self,
        context: &StateContext<'_>,
        id: NodeId,
        (tasklet, call): (&Tasklet, &ExternalCall),
        op: Dense,
        dtype: DType,
    ) -> Result<Stmt> {
        let bad = || {
            let (tasklet, routine) = (tasklet.label.clone(), call.routine.clone());
            CodegenError::BadCall { tasklet, routine, expected: DENSE_ARGUMENTS }
        };
        let mut arguments = Vec::new();
        let mut rest = call.arguments.iter();
        let integer = |rest: &mut std::slice::Iter<'_, CallArgument>| match rest.next() {
            Some(CallArgument::Int(expr)) => Ok(RoutineArgument::Value(Value::Index(self.expr(expr)?))),
            _ => Err(bad()),
        };
        for _ in 0..op.sizes() {
            arguments.push(integer(&mut rest)?);
        }
        for operand in op.operands() {
            let Some(CallArgument::Pointer(name)) = rest.next() else { return Err(bad()) };
            let first = self.pointer(context, id, tasklet, name)?;
            if first.dtype() != Dense::operand_type(operand.form, dtype) {
                return Err(bad());
            }
            arguments.push(RoutineArgument::Pointer(first, operand.written));
            for _ in 0..operand.form.rank() {
                arguments.push(integer(&mut rest)?);
            }
        }
        if rest.next().is_some() {
            return Err(bad());
        }
        let failure = Some(self.failure(op.complaint(), tasklet.span));
        let library = library_of(call);
        Ok(Stmt::Routine(Box::new(Routine { callee: Callee::Dense(op, dtype), library, arguments, failure })))
    }

    /// A call of a routine of BLAS.
    pub(super) fn lower_blas(
        &self,
        context: &StateContext<'_>,
        id: NodeId,
        (tasklet, call): (&Tasklet, &ExternalCall),
        (routine, dtype): (blas::Routine, DType),
        value: &dyn Fn(&ScalarExpr) -> Result<Value>,
    ) -> Result<Routine> {
        let bad = || {
            let (tasklet, routine) = (tasklet.label.clone(), call.routine.clone());
            CodegenError::BadCall { tasklet, routine, expected: BLAS_ARGUMENTS }
        };
        let mut arguments = Vec::new();
        let mut rest = call.arguments.iter();
        for parameter in routine.parameters {
            let (written, rank, expected) = match *parameter {
                Parameter::Int(_) => {
                    let Some(CallArgument::Int(expr)) = rest.next() else { return Err(bad()) };
                    arguments.push(RoutineArgument::Value(Value::Index(self.expr(expr)?)));
                    continue;
                }
                Parameter::Number(_) => {
                    let Some(CallArgument::Value(_, expr)) = rest.next() else { return Err(bad()) };
                    arguments.push(RoutineArgument::Value(cast(value(expr)?, dtype)));
                    continue;
                }
                Parameter::Data(_, rank) => (false, rank, dtype),
                Parameter::Result(_, rank) => (true, rank, dtype),
                Parameter::Indices(_) => (false, 1, DType::Int64),
                Parameter::Positions(_) => (true, 1, DType::Int64),
                Parameter::Real(_) => (true, 0, dtype.real()),
            };
            let Some(CallArgument::Pointer(name)) = rest.next() else { return Err(bad()) };
            let first = self.pointer(context, id, tasklet, name)?;
            let narrow = matches!(parameter, Parameter::Indices(_)) && first.dtype() == DType::Int32;
            if first.dtype() != expected && !narrow {
                return Err(bad());
            }
            arguments.push(RoutineArgument::Pointer(first, written));
            for _ in 0..rank {
                let Some(CallArgument::Int(expr)) = rest.next() else { return Err(bad()) };
                arguments.push(RoutineArgument::Value(Value::Index(self.expr(expr)?)));
            }
        }
        if rest.next().is_some() {
            return Err(bad());
        }
        let callee = Callee::Blas(routine, dtype);
        Ok(Routine { callee, library: library_of(call), arguments, failure: None })
    }

    /// Who is called where nobody knows the routine here, and the arguments that are passed.
    pub(super) fn callee<'c>(
        &self,
        (tasklet, call): (&Tasklet, &'c ExternalCall),
    ) -> Result<(Callee, &'c [CallArgument])> {
        if let Some(symbol) = call.symbol() {
            if !is_linkable(symbol) {
                let what =
                    "calls no function of C: its name means something else in emitted code, or is none";
                return Err(CodegenError::unsupported(
                    format!("`{symbol}` of tasklet `{}`", tasklet.label),
                    what,
                ));
            }
            return Ok((Callee::Symbol(symbol.into()), &call.arguments));
        }
        if call.routine.as_str() != ExternalCall::POINTER {
            return Ok((Callee::Environment(call.routine.clone()), &call.arguments));
        }
        match &call.arguments[..] {
            [CallArgument::Text(_), rest @ ..] if matches!(rest, [CallArgument::Pointer(_), ..]) => {
                Ok((Callee::Pointer, rest))
            }
            _ => Err(foreign_arguments(tasklet, call)),
        }
    }

    /// What a routine that nobody knows here is given.
    pub(super) fn arguments(
        &self,
        context: &StateContext<'_>,
        id: NodeId,
        (tasklet, call, rest): (&Tasklet, &ExternalCall, &[CallArgument]),
        value: &dyn Fn(&ScalarExpr) -> Result<Value>,
    ) -> Result<Vec<RoutineArgument>> {
        let argument = |argument: &CallArgument| {
            Ok(match argument {
                CallArgument::Int(expr) => RoutineArgument::Value(Value::Index(self.expr(expr)?)),
                CallArgument::Value(dtype, expr) => RoutineArgument::Value(cast(value(expr)?, *dtype)),
                CallArgument::Pointer(name) => {
                    let written = tasklet.outputs.contains_key(name);
                    RoutineArgument::Pointer(self.pointer(context, id, tasklet, name)?, written)
                }
                CallArgument::Text(_) => return Err(foreign_arguments(tasklet, call)),
            })
        };
        rest.iter().map(argument).collect()
    }

    /// A call of a routine that nobody knows here.
    pub(super) fn lower_foreign_call(
        &mut self,
        (tasklet, call): (&Tasklet, &ExternalCall),
        callee: Callee,
        arguments: Vec<RoutineArgument>,
    ) -> Stmt {
        let complaint = match (&callee, call.arguments.first()) {
            (Callee::Pointer, Some(CallArgument::Text(name))) => {
                format!("the function `{name}` is not there, or could not do its work")
            }
            (Callee::Symbol(name), _) => {
                format!("the function `{name}` is not there, or could not do its work")
            }
            _ => format!("the routine `{}` could not do its work", call.routine),
        };
        let failure = Some(self.failure(&complaint, tasklet.span));
        Stmt::Routine(Box::new(Routine { callee, library: None, arguments, failure }))
    }

    /// A call back into Python.
    pub(super) fn lower_python(
        &mut self,
        context: &StateContext<'_>,
        id: NodeId,
        (tasklet, call): (&Tasklet, &ExternalCall),
    ) -> Result<Stmt> {
        let bad = || {
            let (tasklet, routine) = (tasklet.label.clone(), call.routine.clone());
            CodegenError::BadCall { tasklet, routine, expected: PYTHON_ARGUMENTS }
        };
        if self.shared.region.parallel {
            let what = "is in a parallel loop, whose iterations cannot call Python";
            return Err(CodegenError::unsupported(format!("tasklet `{}`", tasklet.label), what));
        }
        let [CallArgument::Text(what), CallArgument::Pointer(interpreter), rest @ ..] = &call.arguments[..]
        else {
            return Err(bad());
        };
        let interpreter = self.pointer(context, id, tasklet, interpreter)?;
        if interpreter.dtype() != DType::Int64 {
            return Err(bad());
        }
        let (mut data, mut extents) = (Vec::new(), Vec::new());
        for argument in rest {
            match argument {
                CallArgument::Pointer(name) => data.push(self.pointer(context, id, tasklet, name)?),
                CallArgument::Int(extent) => extents.push(Value::Index(self.expr(extent)?)),
                CallArgument::Value(..) | CallArgument::Text(_) => return Err(bad()),
            }
        }
        let (code, escape) = self.failure("a Python function has raised an exception", tasklet.span);
        let what = what.clone();
        Ok(Stmt::Python(Box::new(PythonCall { what, interpreter, data, extents, code, escape })))
    }

    /// The first element of a connector's data.
    fn pointer(
        &self,
        context: &StateContext<'_>,
        id: NodeId,
        tasklet: &Tasklet,
        name: &Name,
    ) -> Result<Place> {
        let output = output_edges(context, id, name).first().and_then(|edge| edge.memlet());
        let memlet = match output {
            Some(memlet) => memlet,
            None => input(context, id, tasklet, name)?,
        };
        if memlet.wcr.is_some() {
            let what = "a routine's result is combined with what is there, which it must do itself";
            return Err(CodegenError::unsupported(format!("tasklet `{}`", tasklet.label), what));
        }
        self.start_of(&memlet.data, &memlet.subset)
    }
}
