//! The way of a call from Python: parameters, then the variant that fits, then the program.
//!
//! Small kernels take a microsecond, so this does nothing that can be done before. What it cannot decide, that no
//! variant fits, it asks Python (`_specialize`), which compiles one or says what is wrong.

use crate::variant::{GivenSymbols, Slots, Variant};
use pyo3::exceptions::{PyRuntimeError, PyTypeError};
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyList, PyString, PyTuple};
use pyo3::{PyTraverseError, PyVisit};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

/// The base of everything that is called like a function and compiled when needed.
#[pyclass(module = "dacec._native", frozen, subclass, weakref)]
pub(crate) struct Dispatcher {
    interface: OnceLock<Interface>,
    /// The most recent last. Never locked while Python code runs.
    variants: Mutex<Arc<Vec<Py<Variant>>>>,
}

/// The objects for the parameters, and the values of symbols by name.
type BoundArguments<'py> = (Bound<'py, PyTuple>, Vec<(String, i64)>);

struct Interface {
    name: String,
    parameters: Vec<Parameter>,
    /// Symbols that may be given by keyword.
    symbols: Vec<String>,
}

struct Parameter {
    name: Py<PyString>,
    default: Option<Py<PyAny>>,
    keyword_only: bool,
}

#[pymethods]
impl Dispatcher {
    #[new]
    #[pyo3(signature = (*_arguments, **_keywords))]
    fn new(_arguments: &Bound<'_, PyTuple>, _keywords: Option<&Bound<'_, PyDict>>) -> Dispatcher {
        Dispatcher { interface: OnceLock::new(), variants: Mutex::new(Arc::default()) }
    }

    /// Says how the object is called: `(name, default or the marker, keyword only)` for each parameter; and which symbols
    /// may be given by keyword. Once.
    fn _configure(
        &self,
        name: String,
        parameters: &Bound<'_, PyList>,
        no_default: &Bound<'_, PyAny>,
        symbols: Vec<String>,
    ) -> PyResult<()> {
        let mut read = Vec::new();
        for entry in parameters {
            let default = entry.get_item(1)?;
            read.push(Parameter {
                name: PyString::intern(entry.py(), &entry.get_item(0)?.extract::<String>()?).unbind(),
                default: if default.is(no_default) { None } else { Some(default.unbind()) },
                keyword_only: entry.get_item(2)?.extract()?,
            });
        }
        let interface = Interface { name, parameters: read, symbols };
        self.interface.set(interface).map_err(|_| PyRuntimeError::new_err("it is configured already"))
    }

    /// Remembers a variant for later calls.
    fn _add(&self, variant: Py<Variant>, py: Python<'_>) {
        let mut variants = self.variants.lock().unwrap_or_else(PoisonError::into_inner);
        let list = variants.iter().map(|it| it.clone_ref(py)).chain([variant]).collect();
        *variants = Arc::new(list);
    }

    /// Forgets all variants.
    fn _clear(&self) {
        *self.variants.lock().unwrap_or_else(PoisonError::into_inner) = Arc::default();
    }

    /// The variants so far.
    fn _variants(&self, py: Python<'_>) -> Vec<Py<Variant>> {
        self.all().iter().map(|variant| variant.clone_ref(py)).collect()
    }

    /// The objects for the parameters, and the symbols that are given by name.
    #[pyo3(signature = (*arguments, **keywords))]
    fn _bind<'py>(
        &self,
        py: Python<'py>,
        arguments: &Bound<'py, PyTuple>,
        keywords: Option<&Bound<'py, PyDict>>,
    ) -> PyResult<BoundArguments<'py>> {
        let (slots, symbols) = self.interface()?.bind(py, arguments, keywords)?;
        Ok((PyTuple::new(py, slots)?, symbols.into_vec()))
    }

    #[pyo3(signature = (*arguments, **keywords))]
    fn __call__<'py>(
        slf: &Bound<'py, Self>,
        arguments: &Bound<'py, PyTuple>,
        keywords: Option<&Bound<'py, PyDict>>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let py = slf.py();
        let this = slf.get();
        if this.interface.get().is_none() {
            slf.call_method0("_prepare")?;
        }
        let (slots, symbols) = this.interface()?.bind(py, arguments, keywords)?;
        for variant in this.all().iter().rev() {
            if variant.get().accepts(&slots)? {
                return variant.get().call(py, &slots, &symbols);
            }
        }
        let asked = slf.call_method1("_specialize", (PyTuple::new(py, slots)?, symbols.to_vec()))?;
        let (variant, slots): (Py<Variant>, Bound<'py, PyTuple>) = asked.extract()?;
        variant.get().call(py, &slots.iter().collect(), &symbols)
    }

    // What variants hold may hold the program that has them.

    fn __traverse__(&self, visit: PyVisit<'_>) -> Result<(), PyTraverseError> {
        if let Ok(variants) = self.variants.try_lock() {
            variants.iter().try_for_each(|variant| visit.call(variant))?;
        }
        let parameters = self.interface.get().into_iter().flat_map(|interface| &interface.parameters);
        parameters.filter_map(|it| it.default.as_ref()).try_for_each(|default| visit.call(default))
    }

    fn __clear__(&self) {
        self._clear();
    }
}

impl Dispatcher {
    fn interface(&self) -> PyResult<&Interface> {
        self.interface.get().ok_or_else(|| PyRuntimeError::new_err("it is not configured yet"))
    }

    fn all(&self) -> Arc<Vec<Py<Variant>>> {
        Arc::clone(&self.variants.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Interface {
    /// Distributes what is passed over the parameters, as Python does for functions.
    fn bind<'py>(
        &self,
        py: Python<'py>,
        arguments: &Bound<'py, PyTuple>,
        keywords: Option<&Bound<'py, PyDict>>,
    ) -> PyResult<(Slots<'py>, GivenSymbols)> {
        let mut slots = Slots::new();
        let mut symbols = GivenSymbols::new();
        let positional = self.parameters.iter().filter(|parameter| !parameter.keyword_only).count();
        if arguments.len() > positional {
            let text = format!("{}() takes {positional} arguments, {} are given", self.name, arguments.len());
            return Err(PyTypeError::new_err(text));
        }
        slots.extend(arguments.iter());
        let mut named: Slots<'py> = Slots::new();
        if let Some(keywords) = keywords {
            let missing = py.None().into_bound(py);
            let mut seen: smallvec::SmallVec<[bool; 8]> = smallvec::smallvec![false; self.parameters.len()];
            named.resize(self.parameters.len(), missing);
            for (key, value) in keywords {
                match self
                    .parameters
                    .iter()
                    .position(|it| it.name.is(&key) || key.eq(&it.name).unwrap_or(false))
                {
                    Some(place) if place < slots.len() => {
                        let text = format!("{}() got multiple values for argument {key}", self.name);
                        return Err(PyTypeError::new_err(text));
                    }
                    Some(place) => {
                        named[place] = value;
                        seen[place] = true;
                    }
                    None => symbols.push(self.symbol(&key, &value)?),
                }
            }
            for (place, parameter) in self.parameters.iter().enumerate().skip(slots.len()) {
                let object = if seen[place] { named[place].clone() } else { self.default(py, parameter)? };
                slots.push(object);
            }
        } else {
            for parameter in &self.parameters[slots.len()..] {
                slots.push(self.default(py, parameter)?);
            }
        }
        Ok((slots, symbols))
    }

    fn default<'py>(&self, py: Python<'py>, parameter: &Parameter) -> PyResult<Bound<'py, PyAny>> {
        let default = parameter.default.as_ref().map(|default| default.bind(py).clone());
        default.ok_or_else(|| {
            PyTypeError::new_err(format!("{}() misses the argument '{}'", self.name, parameter.name.bind(py)))
        })
    }

    fn symbol(&self, key: &Bound<'_, PyAny>, value: &Bound<'_, PyAny>) -> PyResult<(String, i64)> {
        let name: String = key.extract()?;
        if !self.symbols.contains(&name) {
            let text = format!("{}() got an unexpected keyword argument '{name}'", self.name);
            return Err(PyTypeError::new_err(text));
        }
        let index = value.call_method0("__index__").map_err(|_| {
            PyTypeError::new_err(format!("{}(): the symbol '{name}' is an integer", self.name))
        })?;
        Ok((name, index.extract()?))
    }
}
