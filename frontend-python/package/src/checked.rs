//! A program that is interpreted: every index is checked, and nothing is compiled.
//!
//! This is what `dacec.config(bounds_checks=True)` asks for. The reference interpreter defines what a graph means, so the
//! results are right; it is a thousand times slower than compiled code, and meant for finding the access that leaves
//! an array.

use crate::python::Context;
use crate::{arrays, errors};
use dacec::Error;
use dacec_ir::interp::{self, Arguments, Fault, Host, InterpretError, Tensor};
use dacec_ir::{DType, Name, Sdfg};
use dacec_runtime::arguments::Value;
use dacec_runtime::{ArrayRef, Signature};
use pyo3::prelude::*;
use smallvec::SmallVec;
use std::ffi::c_void;
use std::sync::Arc;

/// A graph with its signature.
pub(crate) struct CheckedProgram {
    sdfg: Arc<Sdfg>,
    signature: Signature,
}

impl CheckedProgram {
    /// Prepares a graph as its front end made it.
    pub(crate) fn new(py: Python<'_>, sdfg: Arc<Sdfg>) -> PyResult<Self> {
        let interface = dacec_codegen::interface::Interface::of(&sdfg)
            .map_err(|error| errors::compilation(py, &Error::Codegen(error)))?;
        Ok(CheckedProgram { signature: dacec::signature(&interface), sdfg })
    }

    /// What the program takes and returns.
    pub(crate) fn signature(&self) -> &Signature {
        &self.signature
    }

    /// Runs the program; arrays that it writes hold the results afterwards.
    pub(crate) fn call<'py>(
        &self,
        py: Python<'py>,
        values: &[Value<'_>],
        symbols: &[(usize, i64)],
        (returns_tuple, context): (bool, Option<&Context>),
    ) -> PyResult<Bound<'py, PyAny>> {
        let mut arguments = Arguments::default();
        for (argument, value) in self.signature.arguments.iter().zip(values) {
            let tensor = match value {
                Value::Array(array) => read(array),
                Value::Scalar(value) => {
                    let bytes = value
                        .to_bytes(argument.dtype())
                        .map_err(|error| errors::argument(py, format!("`{}`: {error}", argument.name)))?;
                    read_dense(bytes.as_ptr(), argument.dtype(), &[])
                }
            };
            arguments.insert(argument.name.clone(), tensor);
        }
        let names = |place: usize| self.signature.symbols.get(place).map_or("", Name::as_str);
        let symbols: Vec<(&str, i64)> =
            symbols.iter().map(|(place, value)| (names(*place), *value)).collect();
        let options = interp::Options { uninitialized: false, ..interp::Options::default() };
        let host = Arc::new(PythonHost(context.map(|context| std::ptr::from_ref(context) as usize)));
        let arguments = py
            .detach(|| {
                interp::run_hosted(&self.sdfg, &mut arguments, &symbols, &options, host)?;
                Ok(arguments)
            })
            .map_err(|error| self.exception(py, &error))?;
        for (argument, value) in self.signature.arguments.iter().zip(values) {
            let written = argument.as_array().is_some_and(|array| array.written);
            if let (true, Value::Array(array), Some(tensor)) = (written, value, arguments.get(&argument.name))
            {
                if !array.is_writable() {
                    return Err(errors::argument(py, format!("`{}` is read-only", argument.name)));
                }
                write(array, tensor);
            }
        }
        let mut results = SmallVec::new();
        for result in &self.signature.returns {
            let Some(tensor) = arguments.get(&result.name) else { continue };
            let (array, address) = arrays::empty(py, tensor.dtype(), tensor.shape())?;
            write_dense(address.cast(), tensor);
            results.push(array);
        }
        crate::variant::returned(py, results, returns_tuple)
    }

    fn exception(&self, py: Python<'_>, error: &InterpretError) -> PyErr {
        // The front end names states after the lines of the source.
        let line = error.place.iter().find_map(|place| {
            let rest = place.strip_prefix("state `line_")?;
            rest.split(|c: char| !c.is_ascii_digit()).next()?.parse::<u32>().ok()
        });
        let (at, excerpt) = match line {
            Some(line) if !self.sdfg.file.is_empty() => {
                (format!("{}:{line}: ", self.sdfg.file), errors::excerpt(py, &self.sdfg.file, line))
            }
            _ => (String::new(), String::new()),
        };
        match &*error.fault {
            Fault::OutOfBounds { container, indices, shape } => {
                // A tasklet knows an array by its connector, which the front end calls `_A` for an array `A`.
                let array = container.strip_prefix('_').filter(|name| self.sdfg.container(name).is_some());
                let array = array.filter(|_| self.sdfg.container(container).is_none()).unwrap_or(container);
                let text = error.to_string().replacen(&format!("`{container}`"), &format!("`{array}`"), 1);
                errors::bounds(py, format!("{at}{text}{excerpt}"), array, indices, shape)
            }
            Fault::Argument { .. }
            | Fault::MissingArgument(_)
            | Fault::UnknownArgument(_)
            | Fault::Symbol(_) => errors::argument(py, error.to_string()),
            _ => errors::execution(py, format!("{at}{error}{excerpt}")),
        }
    }
}

/// Makes the calls back into Python of a program that is interpreted: the address of a [`Context`] that outlives the run.
#[derive(Debug)]
struct PythonHost(Option<usize>);

impl Host for PythonHost {
    fn call(&self, what: &str, data: &mut [Tensor], extents: &[i64]) -> Result<(), String> {
        let Some(context) = self.0 else { return Err("there is no interpreter".into()) };
        let mut memory = Vec::new();
        for tensor in &*data {
            let bytes = tensor.len() * tensor.dtype().size();
            let mut dense = vec![0u128; bytes.div_ceil(size_of::<u128>()).max(1)];
            write_dense(dense.as_mut_ptr().cast(), tensor);
            memory.push(dense);
        }
        let pointers: Vec<*mut c_void> = memory.iter_mut().map(|it| it.as_mut_ptr().cast()).collect();
        // SAFETY: the context lives as long as the call of the program, of which this is a part; the front end has made
        // the description together with the operands.
        let made = unsafe { (*(context as *const Context)).call(what, &pointers, extents) };
        for (tensor, dense) in data.iter_mut().zip(&memory) {
            *tensor = read_dense(dense.as_ptr().cast(), tensor.dtype(), tensor.shape());
        }
        if made { Ok(()) } else { Err("see the exception".into()) }
    }

    fn print(&self, text: &str) {
        // As Python's own `print`, this may fail only where there is no output.
        let _ = Python::attach(|py| {
            py.import("sys")?.getattr("stdout")?.call_method1("write", (text,)).map(drop)
        });
    }
}

/// The elements of an array, in C order.
fn read(array: &ArrayRef<'_>) -> Tensor {
    let size = array.dtype().size();
    let mut dense = vec![0u128; (array.len() * size).div_ceil(size_of::<u128>())];
    let target = dense.as_mut_ptr().cast::<u8>();
    for (position, offset) in offsets(array).enumerate() {
        // SAFETY: the offset is that of an element of the array; `dense` has room for as many.
        unsafe { array.data().offset(offset).copy_to_nonoverlapping(target.add(position * size), size) };
    }
    read_dense(target, array.dtype(), array.shape())
}

/// Gives the elements of an array the values of a tensor of its shape.
fn write(array: &ArrayRef<'_>, tensor: &Tensor) {
    let size = array.dtype().size();
    let mut dense = vec![0u128; (tensor.len() * size).div_ceil(size_of::<u128>())];
    write_dense(dense.as_mut_ptr().cast(), tensor);
    let source = dense.as_ptr().cast::<u8>();
    for (position, offset) in offsets(array).take(tensor.len()).enumerate() {
        // SAFETY: as in `read`; the caller has made sure that the array can be written.
        unsafe { source.add(position * size).copy_to_nonoverlapping(array.data().offset(offset), size) };
    }
}

/// Distances, in bytes, of the elements from the first, in C order.
fn offsets<'a>(array: &'a ArrayRef<'_>) -> impl Iterator<Item = isize> + 'a {
    let size = array.dtype().size() as isize;
    (0..array.len()).map(move |mut position| {
        let mut offset = 0;
        for (extent, stride) in array.shape().iter().zip(array.strides()).rev() {
            offset += (position % extent) as isize * stride * size;
            position /= extent;
        }
        offset
    })
}

macro_rules! for_each_type {
    ($dtype:expr, $element:ident => $body:expr) => {
        match $dtype {
            DType::Bool => {
                type $element = bool;
                $body
            }
            DType::Int8 => {
                type $element = i8;
                $body
            }
            DType::Int16 => {
                type $element = i16;
                $body
            }
            DType::Int32 => {
                type $element = i32;
                $body
            }
            DType::Int64 => {
                type $element = i64;
                $body
            }
            DType::UInt8 => {
                type $element = u8;
                $body
            }
            DType::UInt16 => {
                type $element = u16;
                $body
            }
            DType::UInt32 => {
                type $element = u32;
                $body
            }
            DType::UInt64 => {
                type $element = u64;
                $body
            }
            DType::Float16 => {
                type $element = half::f16;
                $body
            }
            DType::BFloat16 => {
                type $element = half::bf16;
                $body
            }
            DType::Float32 => {
                type $element = f32;
                $body
            }
            DType::Float64 => {
                type $element = f64;
                $body
            }
            DType::Complex64 => {
                type $element = num_complex::Complex32;
                $body
            }
            DType::Complex128 => {
                type $element = num_complex::Complex64;
                $body
            }
            DType::Vector(_) | DType::Pointer(_) | DType::Opaque(_) => unreachable!("arguments are numbers"),
        }
    };
}

/// A tensor of elements that lie in C order from an address that is aligned for 16 bytes.
fn read_dense(data: *const u8, dtype: DType, shape: &[usize]) -> Tensor {
    let len = shape.iter().product();
    for_each_type!(dtype, T => {
        // SAFETY: the callers have filled as many elements of this type, which is no wider than the alignment.
        let elements = unsafe { std::slice::from_raw_parts(data.cast::<T>(), len) }.to_vec();
        Tensor::new(shape, elements).unwrap_or_else(|| Tensor::zeros(dtype, shape))
    })
}

/// Writes a tensor's elements in C order to memory that has room for them and is aligned for their type.
fn write_dense(data: *mut u8, tensor: &Tensor) {
    for_each_type!(tensor.dtype(), T => {
        if let Some(elements) = tensor.as_slice::<T>() {
            // SAFETY: the callers have room for as many elements.
            unsafe { data.cast::<T>().copy_from_nonoverlapping(elements.as_ptr(), elements.len()) };
        }
    })
}
