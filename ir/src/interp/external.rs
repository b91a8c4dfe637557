//! External routines whose meaning is known: matrix products and [dense linear algebra](crate::library::Dense) over
//! element strides.
//!
//! `gemm_f64(m, n, k, alpha, a, rsa, csa, b, rsb, csb, beta, c, rsc, csc)` computes `c = alpha*a@b + beta*c`, where
//! element `(i, j)` of a matrix lies `i*rs + j*cs` elements from its first; so do `gemm_f32`, `gemm_c64` and
//! `gemm_c128`. Where `beta` is the constant 0, `c` is not read; where it only happens to be 0, what is no number in `c`
//! stays so.
//!
//! Other routines of BLAS have a [module](super::routine) of their own. The routine of a dense operation takes its sizes, then its operands: matrices with two strides, vectors with one,
//! numbers with none.

use super::arithmetic::binary;
use super::dense;
use super::error::{Fault, InterpretError};
use super::expression::evaluate;
use super::memory::{Content, View};
use super::tasklet::Running;
use super::value::Value;
use crate::library::blas::Routine;
use crate::library::{Dense, LibraryOp};
use crate::node::{CallArgument, ExternalCall};
use crate::{BinaryOp, DType, Name};

/// A matrix in memory.
pub(super) struct Strided {
    name: Name,
    pub(super) view: View,
    row_stride: i64,
    column_stride: i64,
}

/// The arguments of a call that are not yet taken, first one first.
pub(super) struct Arguments<'c> {
    routine: &'c Name,
    rest: std::slice::Iter<'c, CallArgument>,
}

impl Running<'_, '_, '_> {
    /// Runs an external routine.
    pub(super) fn call(&mut self, call: &ExternalCall) -> Result<(), InterpretError> {
        let dtype = match call.named().0 {
            "gemm_f32" => DType::Float32,
            "gemm_f64" => DType::Float64,
            "gemm_c64" => DType::Complex64,
            "gemm_c128" => DType::Complex128,
            ExternalCall::PYTHON => return self.python(call),
            name => {
                return match (Dense::of_routine(name), Routine::find(name)) {
                    (Some((op, dtype)), _) => self.dense(call, op, dtype),
                    (_, Some((routine, dtype))) => self.blas(call, &routine, dtype),
                    (None, None) => Err(Fault::Routine(call.routine.clone()).into()),
                };
            }
        };
        let mut arguments = Arguments::of(call);
        let (m, n, k) = (arguments.int(self)?, arguments.int(self)?, arguments.int(self)?);
        let alpha = arguments.value(self, dtype)?;
        let (a, b) = (arguments.matrix(self)?, arguments.matrix(self)?);
        let overwrites = arguments.next().is_some_and(CallArgument::is_constant_zero);
        let beta = arguments.value(self, dtype)?;
        let c = arguments.matrix(self)?;
        arguments.end()?;
        for (i, j) in (0..m).flat_map(|i| (0..n).map(move |j| (i, j))) {
            let mut sum = Value::zero(dtype);
            for l in 0..k {
                self.machine.step()?;
                let product = binary(BinaryOp::Mul, self.element(&a, i, l)?, self.element(&b, l, j)?)?;
                sum = binary(BinaryOp::Add, sum, product)?;
            }
            let mut value = binary(BinaryOp::Mul, alpha, sum)?;
            if !overwrites {
                let old = binary(BinaryOp::Mul, beta, self.element(&c, i, j)?)?;
                value = binary(BinaryOp::Add, value, old)?;
            }
            let position = self.position(&c, i, j)?;
            self.machine.memory.write(&c.view, position, Content::Value(value))?;
        }
        Ok(())
    }

    /// A call back into Python, by whoever runs the program.
    fn python(&mut self, call: &ExternalCall) -> Result<(), InterpretError> {
        let Some(host) = self.machine.host.clone() else {
            return Err(Fault::Routine(call.routine.clone()).into());
        };
        let mut arguments = Arguments::of(call);
        let what = match arguments.rest.next() {
            Some(CallArgument::Text(what)) => what,
            other => return Err(arguments.refuse(other)),
        };
        let (mut views, mut data, mut extents) = (Vec::new(), Vec::new(), Vec::new());
        for argument in arguments.rest.clone() {
            match argument {
                CallArgument::Pointer(name) => {
                    let port = self.ports.get(name);
                    let view =
                        port.ok_or_else(|| crate::code::TypeError::Undefined(name.clone()))?.view.clone();
                    views.push(view);
                }
                CallArgument::Int(extent) => extents.push(self.frame.eval(extent)?),
                other => return Err(arguments.refuse(Some(other))),
            }
        }
        // The first is the interpreter, which is not the business of the program.
        for view in &views[1.min(views.len())..] {
            data.push(self.machine.gather(view, false)?);
        }
        host.call(what, &mut data, &extents).map_err(Fault::Python)?;
        for (view, tensor) in views[1.min(views.len())..].iter().zip(&data) {
            for (at, position) in view.positions().into_iter().enumerate() {
                self.machine.step()?;
                self.machine.memory.write(view, position, Content::Value(tensor.get(at)))?;
            }
        }
        Ok(())
    }

    /// A dense operation.
    fn dense(&mut self, call: &ExternalCall, op: Dense, dtype: DType) -> Result<(), InterpretError> {
        let mut arguments = Arguments::of(call);
        let mut sizes = [arguments.int(self)?.max(0); 3];
        for size in &mut sizes[1..op.sizes()] {
            *size = arguments.int(self)?.max(0);
        }
        let (mut inputs, mut outputs) = (Vec::new(), Vec::new());
        for operand in op.operands() {
            let place = arguments.strided(self, operand.form.rank())?;
            let shape = operand.form.shape(&sizes, |a, b| *a.min(b));
            let rows = shape.first().map_or(1, |rows| *rows as usize);
            let columns = shape.get(1).map_or(1, |columns| *columns as usize);
            if operand.written {
                outputs.push((place, Dense::operand_type(operand.form, dtype)));
                continue;
            }
            let mut elements = Vec::new();
            for (i, j) in (0..rows as i64).flat_map(|i| (0..columns as i64).map(move |j| (i, j))) {
                elements.push(self.element(&place, i, j)?.to_complex());
            }
            inputs.push(dense::Matrix::new(rows, columns, |i, j| elements[i * columns + j]));
        }
        arguments.end()?;
        let fault = |reason: &str| Fault::Library { op: op.name(), reason: reason.to_owned() };
        let results = dense::compute(op, &inputs).map_err(fault)?;
        for ((place, dtype), result) in outputs.iter().zip(results) {
            for (at, value) in result.elements().iter().enumerate() {
                self.machine.step()?;
                let (i, j) = (at / result.columns(), at % result.columns());
                let position = self.position(place, i as i64, j as i64)?;
                let value = Value::complex(*value, DType::Complex128).cast(*dtype);
                self.machine.memory.write(&place.view, position, Content::Value(value))?;
            }
        }
        Ok(())
    }

    pub(super) fn element(
        &mut self,
        matrix: &Strided,
        row: i64,
        column: i64,
    ) -> Result<Value, InterpretError> {
        let position = self.position(matrix, row, column)?;
        self.machine.memory.read(&matrix.view, position)?.value()
    }

    pub(super) fn position(&self, matrix: &Strided, row: i64, column: i64) -> Result<usize, InterpretError> {
        let along = |at: i64, stride: i64| i128::from(at) * i128::from(stride);
        let distance = along(row, matrix.row_stride) + along(column, matrix.column_stride);
        let position = usize::try_from(i128::from(matrix.view.offset) + distance).ok();
        let len = self.machine.memory.buffer_len(&matrix.view);
        position.filter(|position| *position < len).ok_or_else(|| {
            Fault::OutOfBounds {
                container: matrix.name.clone(),
                indices: vec![row, column],
                shape: matrix.view.shape(),
            }
            .into()
        })
    }
}

impl<'c> Arguments<'c> {
    pub(super) fn of(call: &'c ExternalCall) -> Self {
        Arguments { routine: &call.routine, rest: call.arguments.iter() }
    }

    /// The next one, which is not taken.
    pub(super) fn next(&self) -> Option<&'c CallArgument> {
        self.rest.as_slice().first()
    }

    /// Nothing is left.
    pub(super) fn end(&self) -> Result<(), InterpretError> {
        self.next().map_or(Ok(()), |argument| Err(self.refuse(Some(argument))))
    }

    pub(super) fn int(&mut self, running: &mut Running<'_, '_, '_>) -> Result<i64, InterpretError> {
        match self.rest.next() {
            Some(CallArgument::Int(expr)) => running.frame.eval(expr),
            other => Err(self.refuse(other)),
        }
    }

    pub(super) fn value(
        &mut self,
        running: &mut Running<'_, '_, '_>,
        expected: DType,
    ) -> Result<Value, InterpretError> {
        match self.rest.next() {
            Some(CallArgument::Value(dtype, value)) if *dtype == expected => evaluate(value, running),
            other => Err(self.refuse(other)),
        }
    }

    fn matrix(&mut self, running: &mut Running<'_, '_, '_>) -> Result<Strided, InterpretError> {
        self.strided(running, 2)
    }

    /// A pointer with as many strides as its data has dimensions; a vector is a column.
    pub(super) fn strided(
        &mut self,
        running: &mut Running<'_, '_, '_>,
        rank: usize,
    ) -> Result<Strided, InterpretError> {
        let name = match self.rest.next() {
            Some(CallArgument::Pointer(name)) => name.clone(),
            other => return Err(self.refuse(other)),
        };
        let port = running.ports.get(&name);
        let view = port.ok_or_else(|| crate::code::TypeError::Undefined(name.clone()))?.view.clone();
        let row_stride = if rank > 0 { self.int(running)? } else { 0 };
        let column_stride = if rank > 1 { self.int(running)? } else { 0 };
        Ok(Strided { name, view, row_stride, column_stride })
    }

    fn refuse(&self, argument: Option<&CallArgument>) -> InterpretError {
        let argument = argument.map_or("a missing argument".to_owned(), |it| format!("the argument {it:?}"));
        Fault::Malformed(format!("the routine `{}` does not take {argument}", self.routine)).into()
    }
}
