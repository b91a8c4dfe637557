//! NumPy arrays: their memory as an argument, and new ones for results.
//!
//! The fields of an array are read where NumPy's C interface puts them; no Python code runs.

use dacec_ir::DType;
use dacec_runtime::ArrayRef;
use numpy::PY_ARRAY_API;
use numpy::npyffi::{self, NPY_ARRAY_ALIGNED, NPY_ARRAY_C_CONTIGUOUS, NPY_ARRAY_WRITEABLE, NPY_TYPES};
use pyo3::ffi;
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::PyType;
use std::ffi::{c_int, c_void};
use std::ptr;

/// A NumPy array, or an object of a class derived from it.
#[derive(Clone, Copy)]
pub(crate) struct NumpyArray<'a, 'py> {
    object: &'a Bound<'py, PyAny>,
    fields: &'a npyffi::PyArrayObject,
}

impl<'a, 'py> NumpyArray<'a, 'py> {
    /// The object as an array, if it is one.
    pub(crate) fn of(object: &'a Bound<'py, PyAny>) -> Option<Self> {
        // SAFETY: the object is alive, and the check only looks at its type.
        if unsafe { npyffi::PyArray_Check(object.py(), object.as_ptr()) } == 0 {
            return None;
        }
        // SAFETY: NumPy says that the object has these fields.
        let fields = unsafe { &*object.as_ptr().cast::<npyffi::PyArrayObject>() };
        Some(NumpyArray { object, fields })
    }

    /// Whether the object is one of NumPy's numbers, or an array without dimensions.
    pub(crate) fn is_number(object: &Bound<'_, PyAny>) -> bool {
        if let Some(array) = NumpyArray::of(object) {
            return array.rank() == 0;
        }
        let py = object.py();
        // SAFETY: the object is alive, and the check only looks at its type.
        unsafe {
            let generic = npyffi::get_type_object(py, npyffi::NpyTypes::PyGenericArrType_Type);
            ffi::PyObject_TypeCheck(object.as_ptr(), generic) != 0
        }
    }

    /// The element type; `None` if it is none that programs know, or in the byte order of other machines.
    pub(crate) fn dtype(self) -> Option<DType> {
        // SAFETY: every array has a descriptor.
        let descriptor = unsafe { &(*self.fields.fields.descr).fields };
        let foreign = if cfg!(target_endian = "little") { b'>' } else { b'<' };
        if descriptor.byteorder as u8 == foreign {
            return None;
        }
        dtype_of(descriptor.type_num)
    }

    /// Number of dimensions.
    pub(crate) fn rank(self) -> usize {
        usize::try_from(self.fields.fields.nd).unwrap_or(0)
    }

    /// Extents.
    pub(crate) fn shape(self) -> &'a [usize] {
        // SAFETY: there are `nd` extents, which are not negative.
        unsafe { slice(self.fields.fields.dimensions.cast(), self.rank()) }
    }

    /// Distances of neighbours, in bytes.
    pub(crate) fn byte_strides(self) -> &'a [isize] {
        // SAFETY: there are `nd` strides.
        unsafe { slice(self.fields.fields.strides, self.rank()) }
    }

    /// Distance of neighbours along a dimension in elements, if it is a whole number of them.
    pub(crate) fn stride(self, dimension: usize) -> Option<i64> {
        let size = i64::try_from(self.dtype()?.size()).ok()?;
        let bytes = i64::try_from(*self.byte_strides().get(dimension)?).ok()?;
        (bytes % size == 0).then(|| bytes / size)
    }

    /// Whether the elements lie in C order without gaps.
    pub(crate) fn is_c_contiguous(self) -> bool {
        self.fields.fields.flags & NPY_ARRAY_C_CONTIGUOUS != 0
    }

    /// The address of the first element.
    pub(crate) fn data(self) -> *mut u8 {
        self.fields.fields.data.cast()
    }

    /// The array as an argument. It stays alive as long as the object is held.
    pub(crate) fn argument(self) -> Result<ArrayRef<'a>, String> {
        if let Some(reason) = self.other_meaning() {
            return Err(reason.into());
        }
        let Some(dtype) = self.dtype() else { return Err(self.wrong_type()) };
        let flags = self.fields.fields.flags;
        if flags & NPY_ARRAY_ALIGNED == 0 {
            return Err("its elements are not aligned; np.require(..., requirements='A') copies it".into());
        }
        let size = isize::try_from(dtype.size()).unwrap_or(1);
        let mut strides = [0isize; 64];
        let own = self.byte_strides();
        for (stride, bytes) in strides.iter_mut().zip(own) {
            if bytes % size != 0 {
                return Err(format!("a stride of {bytes} bytes is not a multiple of its elements' size"));
            }
            *stride = bytes / size;
        }
        let writable = flags & NPY_ARRAY_WRITEABLE != 0;
        let data = self.fields.fields.data.cast();
        // SAFETY: NumPy's extents and strides address its memory. That nothing else uses what a program writes is asked
        // of the caller, as by every function that works on arrays without the interpreter's lock.
        Ok(unsafe { ArrayRef::from_raw_parts(data, dtype, self.shape(), &strides[..own.len()], writable) })
    }

    /// What forbids to compute with the elements alone: classes derived from arrays may give operators another meaning.
    pub(crate) fn other_meaning(self) -> Option<&'static str> {
        static MASKED: PyOnceLock<Py<PyType>> = PyOnceLock::new();
        static MATRIX: PyOnceLock<Py<PyType>> = PyOnceLock::new();
        let py = self.object.py();
        // SAFETY: the object is alive, and the check only looks at its type.
        if unsafe { npyffi::PyArray_CheckExact(py, self.object.as_ptr()) } != 0 {
            return None;
        }
        let is_a = |class: &'static PyOnceLock<Py<PyType>>, module, name| {
            class.import(py, module, name).and_then(|class| self.object.is_instance(class)).unwrap_or(false)
        };
        if is_a(&MASKED, "numpy.ma", "MaskedArray") {
            return Some(
                "programs know nothing of masks; its .data is the array without them, .filled(...) a copy",
            );
        }
        is_a(&MATRIX, "numpy", "matrix").then_some(
            "products of numpy.matrix are not those of arrays; np.asarray(...) is the same memory as an array",
        )
    }

    fn wrong_type(self) -> String {
        match self.object.getattr("dtype").and_then(|dtype| dtype.getattr("str")) {
            Ok(text) => format!("its element type {text} is none of this machine's, or not supported"),
            Err(_) => "its element type is not supported".into(),
        }
    }
}

/// A slice that may begin at a null pointer if it is empty.
///
/// # Safety
///
/// As for `slice::from_raw_parts` if `len` is not zero.
unsafe fn slice<'a, T>(data: *const T, len: usize) -> &'a [T] {
    if len == 0 {
        return &[];
    }
    // SAFETY: promised by the caller.
    unsafe { std::slice::from_raw_parts(data, len) }
}

/// A new array in C order, with arbitrary elements, and the address of the first.
pub(crate) fn empty<'py>(
    py: Python<'py>,
    dtype: DType,
    shape: &[usize],
) -> PyResult<(Bound<'py, PyAny>, *mut c_void)> {
    let mut extents = shape.to_vec();
    let class = py.get_type::<numpy::PyUntypedArray>().as_type_ptr();
    // SAFETY: NumPy copies the extents; null pointers ask for memory and strides of its own.
    let made = unsafe {
        PY_ARRAY_API.PyArray_New(
            py,
            class,
            c_int::try_from(shape.len())?,
            extents.as_mut_ptr().cast(),
            type_number(dtype)?,
            ptr::null_mut(),
            ptr::null_mut(),
            0,
            0,
            ptr::null_mut(),
        )
    };
    // SAFETY: a new reference, or null with an exception.
    let array = unsafe { Bound::from_owned_ptr_or_err(py, made) }?;
    // SAFETY: it is an array, which has been made just now.
    let data = unsafe { (*made.cast::<npyffi::PyArrayObject>()).fields.data };
    Ok((array, data.cast()))
}

/// An array in C order over elements of another one, which it keeps alive.
pub(crate) fn view_of<'py>(
    owner: &Bound<'py, PyAny>,
    dtype: DType,
    shape: &[usize],
    data: *mut c_void,
) -> PyResult<Bound<'py, PyAny>> {
    let py = owner.py();
    let mut extents = shape.to_vec();
    let class = py.get_type::<numpy::PyUntypedArray>().as_type_ptr();
    // SAFETY: NumPy copies the extents. The elements are the owner's, which the new array will hold.
    let made = unsafe {
        PY_ARRAY_API.PyArray_New(
            py,
            class,
            c_int::try_from(shape.len())?,
            extents.as_mut_ptr().cast(),
            type_number(dtype)?,
            ptr::null_mut(),
            data,
            0,
            NPY_ARRAY_C_CONTIGUOUS | NPY_ARRAY_ALIGNED | NPY_ARRAY_WRITEABLE,
            ptr::null_mut(),
        )
    };
    // SAFETY: a new reference, or null with an exception.
    let array = unsafe { Bound::from_owned_ptr_or_err(py, made) }?;
    // SAFETY: it takes over the reference to the owner.
    let held =
        unsafe { PY_ARRAY_API.PyArray_SetBaseObject(py, array.as_ptr().cast(), owner.clone().into_ptr()) };
    if held == 0 { Ok(array) } else { Err(PyErr::fetch(py)) }
}

/// What a function returns: NumPy's number for an array without dimensions, otherwise the array itself.
pub(crate) fn returned(array: Bound<'_, PyAny>) -> PyResult<Bound<'_, PyAny>> {
    let py = array.py();
    let pointer: *mut ffi::PyObject = array.into_ptr();
    // SAFETY: takes over the reference to an array, and gives a new reference or null with an exception.
    unsafe { Bound::from_owned_ptr_or_err(py, PY_ARRAY_API.PyArray_Return(py, pointer.cast())) }
}

fn dtype_of(number: c_int) -> Option<DType> {
    const LONG_IS_64: bool = size_of::<std::ffi::c_long>() == 8;
    use NPY_TYPES::*;
    Some(match number {
        n if n == NPY_DOUBLE as c_int => DType::Float64,
        n if n == NPY_FLOAT as c_int => DType::Float32,
        n if n == NPY_LONG as c_int => {
            if LONG_IS_64 {
                DType::Int64
            } else {
                DType::Int32
            }
        }
        n if n == NPY_LONGLONG as c_int => DType::Int64,
        n if n == NPY_INT as c_int => DType::Int32,
        n if n == NPY_SHORT as c_int => DType::Int16,
        n if n == NPY_BYTE as c_int => DType::Int8,
        n if n == NPY_ULONG as c_int => {
            if LONG_IS_64 {
                DType::UInt64
            } else {
                DType::UInt32
            }
        }
        n if n == NPY_ULONGLONG as c_int => DType::UInt64,
        n if n == NPY_UINT as c_int => DType::UInt32,
        n if n == NPY_USHORT as c_int => DType::UInt16,
        n if n == NPY_UBYTE as c_int => DType::UInt8,
        n if n == NPY_BOOL as c_int => DType::Bool,
        n if n == NPY_HALF as c_int => DType::Float16,
        n if n == NPY_CFLOAT as c_int => DType::Complex64,
        n if n == NPY_CDOUBLE as c_int => DType::Complex128,
        _ => return None,
    })
}

fn type_number(dtype: DType) -> PyResult<c_int> {
    const LONG_IS_64: bool = size_of::<std::ffi::c_long>() == 8;
    use NPY_TYPES::*;
    let number = match dtype {
        DType::Bool => NPY_BOOL,
        DType::Int8 => NPY_BYTE,
        DType::Int16 => NPY_SHORT,
        DType::Int32 => NPY_INT,
        DType::Int64 if LONG_IS_64 => NPY_LONG,
        DType::Int64 => NPY_LONGLONG,
        DType::UInt8 => NPY_UBYTE,
        DType::UInt16 => NPY_USHORT,
        DType::UInt32 => NPY_UINT,
        DType::UInt64 if LONG_IS_64 => NPY_ULONG,
        DType::UInt64 => NPY_ULONGLONG,
        DType::Float16 => NPY_HALF,
        DType::Float32 => NPY_FLOAT,
        DType::Float64 => NPY_DOUBLE,
        DType::Complex64 => NPY_CFLOAT,
        DType::Complex128 => NPY_CDOUBLE,
        DType::BFloat16 | DType::Vector(_) | DType::Pointer(_) | DType::Opaque(_) => {
            let message = format!("NumPy has no type for {dtype} results");
            return Err(pyo3::exceptions::PyTypeError::new_err(message));
        }
    };
    Ok(number as c_int)
}
