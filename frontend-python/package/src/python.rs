//! Calls back into Python, from a program that runs without the interpreter's lock.
//!
//! A program finds the address of [`call_back`] and that of a [`Context`] in its argument `__python`. What it passes
//! becomes Python objects:
//!
//! * numbers, texts, tuples: Python's or NumPy's own;
//! * an array that the caller has passed: that very object; a part of one: a view of it;
//! * an array that is internal to the program: a copy, whose elements are copied back after the call. So a function may
//!   keep what it gets.
//!
//! An exception ends the program, and the caller sees that exception.

use crate::arrays::{self, NumpyArray};
use crate::scalars;
use dacec_ir::DType;
use dacec_ir::callback::{Callback, Passed, Wanted};
use dacec_runtime::ScalarValue;
use pyo3::exceptions::{PyRuntimeError, PyTypeError, PyValueError};
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyTuple};
use std::ffi::{CStr, c_char, c_void};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Mutex, PoisonError};

/// What the calls of one run of a program need.
pub(crate) struct Context {
    /// The objects by the names under which the program knows them.
    objects: Py<PyDict>,
    /// The arrays that the caller has passed.
    arrays: Vec<Py<PyAny>>,
    /// Whether the program writes to the standard output as well, so that Python must not keep what it has written.
    prints: bool,
    /// What a function has raised.
    raised: Mutex<Option<PyErr>>,
}

/// Memory of the program: a pointer to each value, and the extents of the arrays.
struct Operands<'a> {
    data: std::slice::Iter<'a, *mut c_void>,
    extents: &'a [i64],
}

/// An array of the program that lies in a copy during the call.
struct Copied<'py> {
    array: Bound<'py, PyAny>,
    original: *mut u8,
    bytes: usize,
}

impl Context {
    /// For a program that is called with these arrays.
    pub(crate) fn new<'py>(
        objects: &Bound<'py, PyDict>,
        passed: &[&Bound<'py, PyAny>],
        prints: bool,
    ) -> Context {
        let arrays = passed.iter().filter(|it| NumpyArray::of(it).is_some());
        Context {
            objects: objects.clone().unbind(),
            arrays: arrays.map(|it| (*it).clone().unbind()).collect(),
            prints,
            raised: Mutex::new(None),
        }
    }

    /// What the program finds in its argument; valid as long as this is neither moved nor dropped.
    pub(crate) fn address(&self) -> [i64; 2] {
        let function: extern "C" fn(i64, *const c_char, *const *mut c_void, *const i64) -> i32 = call_back;
        [function as usize as i64, std::ptr::from_ref(self) as usize as i64]
    }

    /// The exception that ended the program, if one did.
    pub(crate) fn raised(&self) -> Option<PyErr> {
        self.raised.lock().unwrap_or_else(PoisonError::into_inner).take()
    }

    /// Makes a call; the result says whether it succeeded.
    ///
    /// # Safety
    ///
    /// The data and the extents are those that the description asks for, and nothing else uses them meanwhile.
    pub(crate) unsafe fn call(&self, what: &str, data: &[*mut c_void], extents: &[i64]) -> bool {
        let made = catch_unwind(AssertUnwindSafe(|| {
            Python::attach(|py| {
                let call = Callback::parse(what)
                    .ok_or_else(|| PyRuntimeError::new_err("a call of a Python function cannot be read"))?;
                // SAFETY: promised by the caller.
                unsafe { self.make(py, &call, Operands { data: data.iter(), extents }) }
            })
        }));
        let error = match made {
            Ok(Ok(())) => return true,
            Ok(Err(error)) => error,
            Err(_) => PyRuntimeError::new_err("a call of a Python function failed inside of dacec"),
        };
        *self.raised.lock().unwrap_or_else(PoisonError::into_inner) = Some(error);
        false
    }

    /// # Safety
    ///
    /// As for [`call`](Self::call).
    unsafe fn make(&self, py: Python<'_>, call: &Callback, mut operands: Operands<'_>) -> PyResult<()> {
        let function = self.object(py, &call.function)?;
        let mut copied = Vec::new();
        let mut values = Vec::new();
        for argument in &call.arguments {
            // SAFETY: promised by the caller.
            values.push(unsafe { self.value(py, argument, &mut operands, &mut copied) }?);
        }
        let keywords = PyDict::new(py);
        let first = values.len().saturating_sub(call.keywords.len());
        for (name, value) in call.keywords.iter().zip(values.drain(first..)) {
            keywords.set_item(name, value)?;
        }
        let result = function.call(PyTuple::new(py, values)?, Some(&keywords))?;
        if self.prints {
            py.import("sys")?.getattr("stdout")?.call_method0("flush")?;
        }
        for it in &copied {
            if let Some(array) = NumpyArray::of(&it.array) {
                // SAFETY: the array was made by `value` with as many bytes as the original has.
                unsafe { std::ptr::copy_nonoverlapping(array.data(), it.original, it.bytes) };
            }
        }
        // SAFETY: promised by the caller.
        unsafe { store(call, &result, &mut operands) }
    }

    /// An object by its name; attributes follow after points.
    fn object<'py>(&self, py: Python<'py>, name: &str) -> PyResult<Bound<'py, PyAny>> {
        let objects = self.objects.bind(py);
        let mut known = name;
        loop {
            if let Some(object) = objects.get_item(known)? {
                let rest = name[known.len()..].split('.').filter(|part| !part.is_empty());
                return rest.into_iter().try_fold(object, |object, attribute| object.getattr(attribute));
            }
            known = match known.rsplit_once('.') {
                Some((shorter, _)) => shorter,
                None => {
                    let message =
                        format!("the program was compiled for an object `{name}` that is not there");
                    return Err(PyRuntimeError::new_err(message));
                }
            };
        }
    }

    /// # Safety
    ///
    /// As for [`call`](Self::call).
    unsafe fn value<'py>(
        &self,
        py: Python<'py>,
        passed: &Passed,
        operands: &mut Operands<'_>,
        copied: &mut Vec<Copied<'py>>,
    ) -> PyResult<Bound<'py, PyAny>> {
        match passed {
            Passed::Array(dtype, rank) => {
                let shape = operands.shape(*rank)?;
                let data = operands.next()?;
                self.array(py, *dtype, &shape, data, copied)
            }
            Passed::Number(dtype) | Passed::PythonNumber(dtype) => {
                let (array, target) = arrays::empty(py, *dtype, &[])?;
                // SAFETY: both are one element of the type.
                unsafe { std::ptr::copy_nonoverlapping(operands.next()?, target.cast::<u8>(), dtype.size()) };
                let number = arrays::returned(array)?;
                if matches!(passed, Passed::PythonNumber(_)) {
                    number.call_method0("item")
                } else {
                    Ok(number)
                }
            }
            Passed::Text(text) => Ok(text.into_pyobject(py)?.into_any()),
            Passed::Nothing => Ok(py.None().into_bound(py)),
            Passed::Tuple(items) => {
                let mut values = Vec::new();
                for item in items {
                    // SAFETY: promised by the caller.
                    values.push(unsafe { self.value(py, item, operands, copied) }?);
                }
                Ok(PyTuple::new(py, values)?.into_any())
            }
            Passed::Object(name) => self.object(py, name),
        }
    }

    /// The object for elements in memory.
    fn array<'py>(
        &self,
        py: Python<'py>,
        dtype: DType,
        shape: &[usize],
        data: *mut u8,
        copied: &mut Vec<Copied<'py>>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let bytes = shape.iter().product::<usize>() * dtype.size();
        for owner in &self.arrays {
            let owner = owner.bind(py);
            let Some(array) = NumpyArray::of(owner) else { continue };
            if array.data() == data
                && array.shape() == shape
                && array.is_c_contiguous()
                && array.dtype() == Some(dtype)
            {
                return Ok(owner.clone());
            }
            let Ok(memory) = array.argument() else { continue };
            let (low, high) = memory.address_range();
            let start = data as usize;
            if bytes > 0 && low <= start && start + bytes <= high {
                return arrays::view_of(owner, dtype, shape, data.cast());
            }
        }
        let (array, target) = arrays::empty(py, dtype, shape)?;
        // SAFETY: both are memory for as many elements.
        unsafe { std::ptr::copy_nonoverlapping(data, target.cast::<u8>(), bytes) };
        copied.push(Copied { array: array.clone(), original: data, bytes });
        Ok(array)
    }
}

impl Operands<'_> {
    fn next(&mut self) -> PyResult<*mut u8> {
        let next = self.data.next().map(|data| data.cast::<u8>());
        next.ok_or_else(|| PyRuntimeError::new_err("a program passes less than a Python function takes"))
    }

    fn shape(&mut self, rank: usize) -> PyResult<Vec<usize>> {
        let (shape, rest) = self
            .extents
            .split_at_checked(rank)
            .ok_or_else(|| PyRuntimeError::new_err("a program passes an array without its extents"))?;
        self.extents = rest;
        Ok(shape.iter().map(|extent| usize::try_from(*extent).unwrap_or(0)).collect())
    }
}

/// Gives the program the result that it wants.
///
/// # Safety
///
/// The operands that are left are those of the result.
unsafe fn store(call: &Callback, result: &Bound<'_, PyAny>, operands: &mut Operands<'_>) -> PyResult<()> {
    let py = result.py();
    let function = &call.function;
    match &call.result {
        Wanted::Nothing => Ok(()),
        Wanted::Number(dtype) => {
            let refuse = |reason: String| {
                PyTypeError::new_err(format!(
                    "`{function}` gives no {dtype}, as the program expects: {reason}"
                ))
            };
            let number: ScalarValue = scalars::read(result).map_err(|error| refuse(error.to_string()))?;
            let bytes = number.to_bytes(*dtype).map_err(|error| refuse(error.to_string()))?;
            // SAFETY: there is room for a number of the type.
            unsafe { std::ptr::copy_nonoverlapping(bytes.as_ptr(), operands.next()?, dtype.size()) };
            Ok(())
        }
        Wanted::Array(dtype, rank) | Wanted::Assignable(dtype, rank) => {
            let shape = operands.shape(*rank)?;
            let (array, data) = arrays::empty(py, *dtype, &shape)?;
            if matches!(call.result, Wanted::Array(..)) {
                let given: Vec<usize> = py.import("numpy")?.call_method1("shape", (result,))?.extract()?;
                if given != shape {
                    let message = format!(
                        "`{function}` gives an array of shape {given:?}, the program expects {shape:?}"
                    );
                    return Err(PyValueError::new_err(message));
                }
                let options = PyDict::new(py);
                options.set_item("casting", "same_kind")?;
                py.import("numpy")?.call_method("copyto", (&array, result), Some(&options))?;
            } else {
                array.set_item(py.Ellipsis(), result)?;
            }
            let bytes = shape.iter().product::<usize>() * dtype.size();
            // SAFETY: both are memory for as many elements.
            unsafe { std::ptr::copy_nonoverlapping(data.cast::<u8>(), operands.next()?, bytes) };
            Ok(())
        }
    }
}

/// What compiled programs call: returns 0 if the call succeeded.
extern "C" fn call_back(
    context: i64,
    what: *const c_char,
    data: *const *mut c_void,
    extents: *const i64,
) -> i32 {
    // SAFETY: the program passes the address that it was given, which is valid while it runs, and a literal.
    let (context, what) = unsafe { (&*(context as usize as *const Context), CStr::from_ptr(what)) };
    let what = what.to_str().unwrap_or_default();
    // SAFETY: the program was compiled to pass what the description asks for.
    let made = unsafe {
        let (data, extents) = lists(what, data, extents);
        context.call(what, data, extents)
    };
    i32::from(!made)
}

/// The lists that belong to a description.
///
/// # Safety
///
/// They have as many entries as the description asks for.
unsafe fn lists<'a>(
    what: &str,
    data: *const *mut c_void,
    extents: *const i64,
) -> (&'a [*mut c_void], &'a [i64]) {
    fn count(passed: &Passed) -> (usize, usize) {
        match passed {
            Passed::Array(_, rank) => (1, *rank),
            Passed::Number(_) | Passed::PythonNumber(_) => (1, 0),
            Passed::Tuple(items) => sum(items.iter().map(count)),
            Passed::Text(_) | Passed::Nothing | Passed::Object(_) => (0, 0),
        }
    }
    fn sum(counts: impl Iterator<Item = (usize, usize)>) -> (usize, usize) {
        counts.fold((0, 0), |(a, b), (c, d)| (a + c, b + d))
    }
    let Some(call) = Callback::parse(what) else { return (&[], &[]) };
    let result = match call.result {
        Wanted::Nothing => (0, 0),
        Wanted::Number(_) => (1, 0),
        Wanted::Array(_, rank) | Wanted::Assignable(_, rank) => (1, rank),
    };
    let (values, ranks) = sum(call.arguments.iter().map(count).chain([result]));
    // SAFETY: promised by the caller.
    unsafe { (std::slice::from_raw_parts(data, values), std::slice::from_raw_parts(extents, ranks)) }
}
