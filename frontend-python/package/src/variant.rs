//! A loaded program with the conditions under which it may be called: one specialization of a Python function.
//!
//! ```text
//! def f(A: dace.float64[N], x):          variant 1: A is a C-ordered float64 vector, x is a Python float
//!     A[:] = A * x + offset                         guards: the global `offset` is still 3
//!                                        variant 2: A has strides, …
//! ```

use crate::alike::same;
use crate::arrays::{self, NumpyArray};
use crate::build::Library;
use crate::checked::CheckedProgram;
use crate::graph::Graph;
use crate::python::Context;
use crate::{errors, fork, scalars};
use dacec_ir::callback::INTERPRETER;
use dacec_ir::control_flow::Effect;
use dacec_ir::{Block, DType, Name, Node, Sdfg};
use dacec_runtime::arguments::Value;
use dacec_runtime::signature::Argument;
use dacec_runtime::{ArrayRef, CallError, CompiledProgram, Signature};
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyString, PyTuple, PyType};
use pyo3::{PyTraverseError, PyVisit};
use smallvec::SmallVec;
use std::ffi::c_void;

/// The objects that are passed for the parameters, in order.
pub(crate) type Slots<'py> = SmallVec<[Bound<'py, PyAny>; 8]>;

/// Symbols that the caller gives by name.
pub(crate) type GivenSymbols = SmallVec<[(String, i64); 2]>;

/// A compiled specialization.
#[pyclass(module = "dacec._native", frozen)]
pub(crate) struct Variant {
    code: Code,
    expects: Vec<Expect>,
    /// Where the value of each argument of the signature comes from.
    sources: Vec<Source>,
    /// Symbols that are parameters: place in the signature, place among the parameters.
    symbols: Vec<(usize, usize)>,
    /// Symbols that are distances in an array: place in the signature, place of the array among the parameters,
    /// dimension.
    strides: Vec<(usize, usize, usize)>,
    guards: Vec<Guard>,
    /// Whether the results are a tuple, also if there is one.
    returns_tuple: bool,
    names: Vec<String>,
    /// Where it was written.
    file: String,
    /// Whether it writes to the standard output, past Python's own buffer.
    prints: bool,
    /// What the program calls back, and passes to such calls.
    objects: Py<PyDict>,
}

enum Code {
    Native(CompiledProgram),
    Checked(CheckedProgram),
}

/// What an object must be for a specialization to fit.
enum Expect {
    /// An array of that type and number of dimensions, and with that layout.
    Array { dtype: DType, rank: usize, layout: Layout },
    /// An array of that type, shape, and distances in bytes if they are not those of C order.
    Shaped { dtype: DType, shape: Vec<usize>, strides: Option<Vec<isize>> },
    /// A number; whether it fits is found when it is converted.
    Number,
    /// An object of exactly that class.
    Class(Py<PyType>),
    /// `None`.
    None,
    /// An object that is the same as that one for compiled code.
    Constant(Py<PyAny>),
    /// An object with such members.
    Structure(Vec<(Py<PyString>, Expect)>),
}

/// How the elements of an array lie, as far as code is compiled for it.
#[derive(Clone, Copy)]
enum Layout {
    /// In C order without gaps.
    C,
    /// Neighbours along the last dimension lie side by side.
    UnitLast,
    /// Neighbours along the first dimension lie side by side.
    UnitFirst,
    /// In any way.
    Any,
}

enum Source {
    /// The interpreter, for calls back into Python.
    Interpreter,
    Slot(usize),
    Global(Origin),
    /// A member of a parameter.
    Member(usize, Py<PyString>),
}

/// A number of an object that the program may assign: it gets an array of one element.
struct Cell<'a, 'py> {
    object: &'a Bound<'py, PyAny>,
    name: &'a Bound<'py, PyString>,
    member: Bound<'py, PyAny>,
    array: Bound<'py, PyAny>,
}

impl Cell<'_, '_> {
    /// Gives the object what is in the array now: a number of Python's, unless it had one of NumPy's.
    fn give_back(&self) -> PyResult<()> {
        let number = self.array.get_item(0)?;
        if number.eq(&self.member)? {
            return Ok(());
        }
        let is_numpy = self.member.hasattr("dtype")?;
        let number = if is_numpy { number } else { number.call_method0("item")? };
        self.object.setattr(self.name, number)
    }
}

/// Where Python keeps a value.
enum Origin {
    Item { dictionary: Py<PyDict>, key: Py<PyAny> },
    Attribute { object: Py<PyAny>, name: Py<PyAny> },
}

/// A value on which the compiled code relies.
struct Guard {
    origin: Origin,
    expect: Expect,
}

#[pymethods]
impl Variant {
    /// Loads a library, or prepares a graph to be interpreted.
    #[new]
    fn new(
        program: &Bound<'_, PyAny>,
        parameters: Vec<String>,
        expects: Vec<Bound<'_, PyTuple>>,
        strides: Vec<(String, usize, usize)>,
        globals: &Bound<'_, PyDict>,
        guards: Vec<Bound<'_, PyTuple>>,
        objects: &Bound<'_, PyDict>,
    ) -> PyResult<Variant> {
        let py = program.py();
        let (file, prints) = match program.cast::<Library>() {
            Ok(library) => about(&library.get().compiled.sdfg),
            Err(_) => about(&program.cast::<Graph>()?.borrow().sdfg),
        };
        let code = match program.cast::<Library>() {
            Ok(library) => {
                let loaded = library.get().compiled.load();
                Code::Native(loaded.map_err(|error| errors::compilation(py, &error))?)
            }
            Err(_) => Code::Checked(CheckedProgram::new(py, program.cast::<Graph>()?.borrow().sdfg.clone())?),
        };
        let signature = code.signature();
        let slot = |name: &str| parameters.iter().position(|parameter| parameter == name);
        let mut sources = Vec::new();
        for argument in &signature.arguments {
            if argument.name.as_str() == INTERPRETER {
                sources.push(Source::Interpreter);
                continue;
            }
            sources.push(match (slot(&argument.name), globals.get_item(argument.name.as_str())?) {
                (Some(slot), _) => Source::Slot(slot),
                (None, Some(origin)) => Source::read(origin.cast()?)?,
                (None, None) => {
                    let message = format!("nothing is passed for the argument `{}`", argument.name);
                    return Err(errors::argument(py, message));
                }
            });
        }
        let symbols = signature.symbols.iter().enumerate();
        let symbols = symbols.filter_map(|(place, name)| Some((place, slot(name)?))).collect();
        let place = |name: &str| signature.symbols.iter().position(|symbol| symbol.as_str() == name);
        let strides = strides.into_iter();
        let strides = strides.filter_map(|(name, slot, dim)| Some((place(&name)?, slot, dim))).collect();
        let returns_tuple = signature.returns.len() > 1
            || signature.returns.first().is_some_and(|result| result.name.as_str() == "__return_0");
        let expects = expects.iter().map(Expect::read).collect::<PyResult<_>>()?;
        let guards = guards.iter().map(Guard::read).collect::<PyResult<_>>()?;
        let objects = objects.clone().unbind();
        Ok(Variant {
            expects,
            sources,
            symbols,
            strides,
            guards,
            returns_tuple,
            names: parameters,
            file,
            prints,
            objects,
            code,
        })
    }

    fn __traverse__(&self, visit: PyVisit<'_>) -> Result<(), PyTraverseError> {
        let globals = self.sources.iter().filter_map(|source| match source {
            Source::Global(origin) => Some(origin),
            Source::Slot(_) | Source::Member(..) | Source::Interpreter => None,
        });
        visit.call(&self.objects)?;
        for origin in globals.chain(self.guards.iter().map(|guard| &guard.origin)) {
            match origin {
                Origin::Item { dictionary, .. } => visit.call(dictionary)?,
                Origin::Attribute { object, .. } => visit.call(object)?,
            }
        }
        let guarded = self.guards.iter().map(|guard| &guard.expect);
        self.expects.iter().chain(guarded).try_for_each(|expect| expect.traverse(&visit))
    }

    /// Whether the objects fit.
    #[pyo3(name = "accepts")]
    fn accepts_tuple(&self, slots: &Bound<'_, PyTuple>) -> PyResult<bool> {
        self.accepts(&slots.iter().collect())
    }

    /// Whether the values that the code relies on are those that it was compiled for.
    #[pyo3(name = "guards_hold")]
    fn guards_hold_now(&self, py: Python<'_>) -> PyResult<bool> {
        self.guards_hold(py)
    }

    /// Calls the program with an object for each parameter.
    #[pyo3(name = "call")]
    fn call_tuple<'py>(
        &self,
        slots: &Bound<'py, PyTuple>,
        symbols: Vec<(String, i64)>,
    ) -> PyResult<Bound<'py, PyAny>> {
        self.call(slots.py(), &slots.iter().collect(), &symbols)
    }
}

impl Variant {
    /// Whether the objects and the values that the code relies on are those that it was compiled for.
    pub(crate) fn accepts(&self, slots: &Slots<'_>) -> PyResult<bool> {
        for (expect, object) in self.expects.iter().zip(slots) {
            if !expect.accepts(object)? {
                return Ok(false);
            }
        }
        let Some(py) = slots.first().map(|slot| slot.py()) else {
            return Python::attach(|py| self.guards_hold(py));
        };
        self.guards_hold(py)
    }

    fn guards_hold(&self, py: Python<'_>) -> PyResult<bool> {
        for guard in &self.guards {
            if !guard.holds(py)? {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Calls the program.
    pub(crate) fn call<'py>(
        &self,
        py: Python<'py>,
        slots: &Slots<'py>,
        given: &[(String, i64)],
    ) -> PyResult<Bound<'py, PyAny>> {
        let signature = self.code.signature();
        let mut globals: SmallVec<[Bound<'py, PyAny>; 2]> = SmallVec::new();
        let mut cells: Vec<Cell<'_, 'py>> = Vec::new();
        for (source, argument) in self.sources.iter().zip(&signature.arguments) {
            match source {
                Source::Global(origin) => globals.push(origin.value(py)?),
                Source::Member(slot, name) => {
                    let (object, name) = (&slots[*slot], name.bind(py));
                    let member = object.getattr(name)?;
                    if argument.as_array().is_none() || NumpyArray::of(&member).is_some() {
                        globals.push(member);
                        continue;
                    }
                    let array = single(&member, &argument.name, argument.dtype())?;
                    globals.push(array.clone());
                    cells.push(Cell { object, name, member, array });
                }
                Source::Slot(_) | Source::Interpreter => {}
            }
        }
        if !cells.is_empty() {
            self.check_shared_members(py, slots)?;
        }
        let context = self.sources.iter().any(|source| matches!(source, Source::Interpreter)).then(|| {
            let passed: Vec<&Bound<'py, PyAny>> = slots.iter().chain(&globals).collect();
            Context::new(self.objects.bind(py), &passed, self.prints)
        });
        let mut address = context.as_ref().map_or([0; 2], Context::address);
        let address = &raw mut address;
        let mut next_global = globals.iter();
        let mut values: SmallVec<[Value<'_>; 8]> = SmallVec::new();
        for (source, argument) in self.sources.iter().zip(&signature.arguments) {
            let object = match source {
                Source::Slot(slot) => slots.get(*slot),
                Source::Global(_) | Source::Member(..) => next_global.next(),
                Source::Interpreter => {
                    // SAFETY: two integers, which are used only by the program.
                    let array =
                        unsafe { ArrayRef::from_raw_parts(address.cast(), DType::Int64, &[2], &[1], true) };
                    values.push(Value::Array(array));
                    continue;
                }
            };
            let Some(object) = object else { break };
            values.push(value(object, &argument.name, argument.as_array().is_some())?);
        }
        let mut symbols: SmallVec<[(usize, i64); 4]> = SmallVec::new();
        for (name, value) in given {
            let place = signature.symbols.iter().position(|symbol| symbol.as_str() == name);
            symbols.extend(place.map(|place| (place, *value)));
        }
        for (place, slot) in &self.symbols {
            let number = scalars::read(&slots[*slot])?;
            let value = number.as_int().ok_or_else(|| {
                errors::argument(py, format!("`{}` is an integer, not {number}", self.names[*slot]))
            })?;
            symbols.push((*place, value));
        }
        for (place, slot, dimension) in &self.strides {
            if let Some(array) = NumpyArray::of(&slots[*slot]) {
                symbols.extend(array.stride(*dimension).map(|stride| (*place, stride)));
            }
        }
        let result = match &self.code {
            Code::Native(program) => self.call_native(py, program, &values, &symbols),
            Code::Checked(program) => {
                program.call(py, &values, &symbols, (self.returns_tuple, context.as_ref()))
            }
        };
        let result = match (result, context.and_then(|context| context.raised())) {
            (Err(_), Some(raised)) => Err(raised),
            (result, _) => result,
        };
        cells.iter().try_for_each(Cell::give_back)?;
        result
    }

    /// Refuses an object that is passed for two parameters if the program assigns a number of it: each parameter has an
    /// array of its own for that number, so one would not see what the other is assigned, as with arrays that overlap.
    fn check_shared_members(&self, py: Python<'_>, slots: &Slots<'_>) -> PyResult<()> {
        let members: SmallVec<[_; 8]> = self
            .sources
            .iter()
            .zip(&self.code.signature().arguments)
            .filter_map(|(source, argument)| match source {
                Source::Member(slot, name) => Some((*slot, name.bind(py).as_any(), argument)),
                Source::Slot(_) | Source::Global(_) | Source::Interpreter => None,
            })
            .collect();
        let is_written = |argument: &Argument| argument.as_array().is_some_and(|array| array.written);
        for (slot, name, argument) in members.iter().filter(|(.., argument)| is_written(argument)) {
            for (other_slot, other_name, other) in &members {
                if slot != other_slot && slots[*slot].is(&slots[*other_slot]) && name.eq(other_name)? {
                    let (written, other) = (argument.name.clone(), other.name.clone());
                    return Err(errors::call(py, &CallError::Overlap { written, other }));
                }
            }
        }
        Ok(())
    }

    fn call_native<'py>(
        &self,
        py: Python<'py>,
        program: &CompiledProgram,
        values: &[Value<'_>],
        symbols: &[(usize, i64)],
    ) -> PyResult<Bound<'py, PyAny>> {
        let call = program.bind(values, symbols).map_err(|error| errors::call(py, &error))?;
        let mut results: SmallVec<[Bound<'py, PyAny>; 2]> = SmallVec::new();
        let mut addresses: SmallVec<[*mut c_void; 2]> = SmallVec::new();
        for (result, shape) in program.signature().returns.iter().zip(call.result_shapes()) {
            let (array, address) = arrays::empty(py, result.dtype(), shape)?;
            results.push(array);
            addresses.push(address);
        }
        if self.prints {
            // What Python has written before comes first.
            py.import("sys")?.getattr("stdout")?.call_method0("flush")?;
        }
        let run = Movable((&call, &addresses[..]));
        py.detach(|| {
            fork::run(|| {
                let Movable((call, addresses)) = run.get();
                // SAFETY: every result has an array of its shape, which nobody else has seen yet.
                unsafe { call.run(addresses) }
            })
        })
        .map_err(|error| errors::run(py, &error, &self.file))?;
        returned(py, results, self.returns_tuple)
    }
}

/// The file that a graph was written in, and whether it prints.
fn about(sdfg: &Sdfg) -> (String, bool) {
    let mut prints = false;
    sdfg.body.visit(&mut |block| prints |= matches!(block, Block::Effect(Effect::Print { .. })));
    let nested = || sdfg.body.states().into_iter().flat_map(|state| state.nodes().collect::<Vec<_>>());
    let inside = |node: &Node| matches!(node, Node::Nested(nested) if about(&nested.sdfg).1);
    (sdfg.file.clone(), prints || nested().any(|(_, node)| inside(node)))
}

/// What Python gets: nothing, one value, or a tuple.
pub(crate) fn returned<'py>(
    py: Python<'py>,
    results: SmallVec<[Bound<'py, PyAny>; 2]>,
    as_tuple: bool,
) -> PyResult<Bound<'py, PyAny>> {
    let mut values: SmallVec<[Bound<'py, PyAny>; 2]> = SmallVec::new();
    for result in results {
        values.push(arrays::returned(result)?);
    }
    if as_tuple {
        return Ok(PyTuple::new(py, values)?.into_any());
    }
    Ok(values.pop().unwrap_or_else(|| py.None().into_bound(py)))
}

/// Addresses of memory that the caller holds while another thread may use them.
struct Movable<T>(T);

impl<T> Movable<T> {
    /// The whole, so that closures capture it and not its parts.
    fn get(&self) -> &Movable<T> {
        self
    }
}

// SAFETY: what is moved are addresses; that their memory lives and is not used elsewhere meanwhile is the business of
// the code that makes the value.
unsafe impl<T> Send for Movable<T> {}
// SAFETY: as above.
unsafe impl<T> Sync for Movable<T> {}

fn value<'a>(object: &'a Bound<'_, PyAny>, name: &str, is_array: bool) -> PyResult<Value<'a>> {
    let py = object.py();
    if let Some(array) = NumpyArray::of(object)
        && (is_array || array.rank() > 0 || array.other_meaning().is_some())
    {
        let array = array.argument().map_err(|reason| errors::argument(py, format!("`{name}`: {reason}")))?;
        return Ok(Value::Array(array));
    }
    match scalars::read(object) {
        Ok(number) if !is_array => Ok(Value::Scalar(number)),
        result => {
            let wanted = if is_array { "an array" } else { "a number" };
            let class = object.get_type().name()?;
            let why = match result {
                Err(error) if !is_array && !error.is_instance_of::<pyo3::exceptions::PyTypeError>(py) => {
                    format!(": {error}")
                }
                _ => String::new(),
            };
            Err(errors::argument(py, format!("`{name}` is {wanted}, but {class} was passed{why}")))
        }
    }
}

/// An array of one element that is that number. It must be a value of the type, as where numbers are passed themselves:
/// NumPy would cut off fractions.
fn single<'py>(object: &Bound<'py, PyAny>, name: &Name, dtype: DType) -> PyResult<Bound<'py, PyAny>> {
    let py = object.py();
    let Value::Scalar(number) = value(object, name, false)? else {
        return Err(errors::argument(py, format!("`{name}` is a number, but an array was passed")));
    };
    let bytes = number.to_bytes(dtype).map_err(|error| {
        let name = name.clone();
        errors::call(py, &CallError::Scalar { name, error })
    })?;
    let (array, data) = arrays::empty(py, dtype, &[1])?;
    // SAFETY: the array has one element of that type, of which the bytes are at least as many.
    unsafe { std::ptr::copy_nonoverlapping(bytes.as_ptr(), data.cast::<u8>(), dtype.size()) };
    Ok(array)
}

impl Code {
    fn signature(&self) -> &Signature {
        match self {
            Code::Native(program) => program.signature(),
            Code::Checked(program) => program.signature(),
        }
    }
}

impl Expect {
    fn read(tuple: &Bound<'_, PyTuple>) -> PyResult<Expect> {
        let kind: String = tuple.get_item(0)?.extract()?;
        let item = |at: usize| tuple.get_item(at);
        let dtype = |at: usize| crate::captured::dtype(&item(at)?.extract::<String>()?);
        Ok(match kind.as_str() {
            "array" => Expect::Array {
                dtype: dtype(1)?,
                rank: item(2)?.extract()?,
                layout: Layout::named(&item(3)?.extract::<String>()?),
            },
            "shaped" => {
                Expect::Shaped { dtype: dtype(1)?, shape: item(2)?.extract()?, strides: item(3)?.extract()? }
            }
            "number" => Expect::Number,
            "class" => Expect::Class(item(1)?.cast_into::<PyType>()?.unbind()),
            "none" => Expect::None,
            "structure" => {
                let mut members = Vec::new();
                for member in item(1)?.try_iter()? {
                    let (name, expect): (Bound<'_, PyString>, Bound<'_, PyTuple>) = member?.extract()?;
                    members.push((name.unbind(), Expect::read(&expect)?));
                }
                Expect::Structure(members)
            }
            "constant" => Expect::Constant(item(1)?.unbind()),
            other => return Err(PyValueError::new_err(format!("unknown expectation: {other}"))),
        })
    }

    fn accepts(&self, object: &Bound<'_, PyAny>) -> PyResult<bool> {
        Ok(match self {
            Expect::Array { dtype, rank, layout } => NumpyArray::of(object).is_some_and(|array| {
                array.rank() == *rank && array.dtype() == Some(*dtype) && layout.fits(array)
            }),
            Expect::Shaped { dtype, shape, strides } => NumpyArray::of(object).is_some_and(|array| {
                array.shape() == shape
                    && array.dtype() == Some(*dtype)
                    && match strides {
                        None => array.is_c_contiguous(),
                        Some(strides) => array.byte_strides() == strides,
                    }
            }),
            Expect::Number => {
                !object.is_none() && NumpyArray::of(object).is_none_or(|array| array.rank() == 0)
            }
            Expect::Class(class) => object.get_type().is(class),
            Expect::None => object.is_none(),
            Expect::Constant(expected) => same(expected.bind(object.py()), object)?,
            Expect::Structure(members) => {
                for (name, expect) in members {
                    match object.getattr_opt(name.bind(object.py()))? {
                        Some(member) if expect.accepts(&member)? => {}
                        _ => return Ok(false),
                    }
                }
                true
            }
        })
    }

    fn traverse(&self, visit: &PyVisit<'_>) -> Result<(), PyTraverseError> {
        match self {
            Expect::Constant(value) => visit.call(value),
            Expect::Class(class) => visit.call(class),
            Expect::Structure(members) => members.iter().try_for_each(|(_, it)| it.traverse(visit)),
            _ => Ok(()),
        }
    }
}

impl Layout {
    fn named(text: &str) -> Layout {
        match text {
            "C" => Layout::C,
            "unit-last" => Layout::UnitLast,
            "unit-first" => Layout::UnitFirst,
            _ => Layout::Any,
        }
    }

    fn fits(self, array: NumpyArray<'_, '_>) -> bool {
        match self {
            Layout::C => array.is_c_contiguous(),
            Layout::UnitLast => array.rank().checked_sub(1).is_some_and(|last| array.stride(last) == Some(1)),
            Layout::UnitFirst => array.stride(0) == Some(1),
            Layout::Any => true,
        }
    }
}

impl Source {
    fn read(tuple: &Bound<'_, PyTuple>) -> PyResult<Source> {
        if tuple.get_item(0)?.extract::<&str>()? == "member" {
            let name = tuple.get_item(2)?.cast_into::<PyString>()?.unbind();
            return Ok(Source::Member(tuple.get_item(1)?.extract()?, name));
        }
        Ok(Source::Global(Origin::read(tuple)?))
    }
}

impl Origin {
    fn read(tuple: &Bound<'_, PyTuple>) -> PyResult<Origin> {
        let kind: String = tuple.get_item(0)?.extract()?;
        let (holder, key) = (tuple.get_item(1)?, tuple.get_item(2)?.unbind());
        Ok(match kind.as_str() {
            "item" => Origin::Item { dictionary: holder.cast_into::<PyDict>()?.unbind(), key },
            _ => Origin::Attribute { object: holder.unbind(), name: key },
        })
    }

    fn find<'py>(&self, py: Python<'py>) -> PyResult<Option<Bound<'py, PyAny>>> {
        match self {
            Origin::Item { dictionary, key } => dictionary.bind(py).get_item(key),
            Origin::Attribute { object, name } => {
                object.bind(py).getattr_opt(name.bind(py).cast::<pyo3::types::PyString>()?)
            }
        }
    }

    fn value<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        let gone = || {
            pyo3::exceptions::PyNameError::new_err("a global array of the program does not exist any more")
        };
        self.find(py)?.ok_or_else(gone)
    }
}

impl Guard {
    fn read(tuple: &Bound<'_, PyTuple>) -> PyResult<Guard> {
        let origin = Origin::read(tuple.get_item(0)?.cast()?)?;
        Ok(Guard { origin, expect: Expect::read(tuple.get_item(1)?.cast()?)? })
    }

    fn holds(&self, py: Python<'_>) -> PyResult<bool> {
        match self.origin.find(py)? {
            Some(value) => self.expect.accepts(&value),
            None => Ok(false),
        }
    }
}
