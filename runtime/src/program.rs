//! A loaded program that can be called.

use crate::{
    arguments::{Arguments, Value},
    array::{ArrayBuf, Element},
    check::{Bound, CallError, Checker},
    load::{self, CallFunction, ErrorFunction, LoadError, LoadedLibrary},
    signature::Signature,
};
use dacec_ir::{IndexMap, Name};
use smallvec::SmallVec;
use std::{
    ffi::{CStr, c_int, c_void},
    path::Path,
};

/// A compiled program in this process.
///
/// Programs keep nothing between calls, so one can be called from several threads at once.
#[derive(Debug)]
pub struct CompiledProgram {
    checker: Checker,
    call: CallFunction,
    error: ErrorFunction,
    // Dropped last: the functions are in it.
    library: LoadedLibrary,
}

/// What a timer has measured.
#[derive(Clone, Debug, PartialEq)]
pub struct TimerReport {
    /// The kind and label of the instrumented element, such as `map stencil`.
    pub label: String,
    /// How often it ran. Runs inside of parallel loops are not counted.
    pub runs: i64,
    /// Seconds of all runs together.
    pub seconds: f64,
}

/// What a program returned, by name.
#[derive(Debug, Default)]
pub struct Outputs {
    values: IndexMap<Name, ArrayBuf>,
}

/// A call whose arguments were checked and whose results go to memory of the caller's choice.
#[derive(Debug)]
pub struct BoundCall<'p> {
    program: &'p CompiledProgram,
    bound: Bound,
    /// Of the arrays among the arguments, in order.
    arrays: SmallVec<[*mut c_void; 8]>,
}

/// A call whose arguments were checked, to be made any number of times.
///
/// Checks and the allocation of results are done, so what [`PreparedCall::run`] takes is the program's own time.
#[derive(Debug)]
pub struct PreparedCall<'p> {
    call: BoundCall<'p>,
    outputs: Outputs,
}

impl CompiledProgram {
    /// Loads a program.
    ///
    /// # Safety
    ///
    /// The library was built from a program with this signature, and may run code in this process.
    pub unsafe fn load(library: &Path, signature: Signature) -> Result<CompiledProgram, LoadError> {
        // SAFETY: the caller trusts the library.
        let library = unsafe { LoadedLibrary::open(library) }?;
        let call = library.call_function(&signature.name)?;
        let error = library.error_function(&signature.name)?;
        Ok(CompiledProgram { checker: Checker::new(signature), call, error, library })
    }

    /// How the program is called.
    pub fn signature(&self) -> &Signature {
        self.checker.signature()
    }

    /// What the timers of instrumented elements have measured since the library was loaded.
    pub fn timers(&self) -> Vec<TimerReport> {
        let Some(timer) = self.library.timer_function(&self.signature().name) else { return Vec::new() };
        let read = |number: i32| {
            let (mut runs, mut nanoseconds) = (0i64, 0i64);
            // SAFETY: the function writes the two numbers, and returns null or a text that lives as long as the library.
            let label = unsafe {
                let label = timer(number, &raw mut runs, &raw mut nanoseconds);
                (!label.is_null()).then(|| CStr::from_ptr(label).to_string_lossy().into_owned())?
            };
            Some(TimerReport { label, runs, seconds: nanoseconds as f64 * 1e-9 })
        };
        (0..).map_while(read).collect()
    }

    /// The library that the program was loaded from.
    pub fn library(&self) -> &LoadedLibrary {
        &self.library
    }

    /// Runs `f`, with no more than `count` threads in what programs do that it calls; all they may have otherwise is what
    /// `OMP_NUM_THREADS` says, or as many as the process may use processors.
    ///
    /// Calls that other threads make meanwhile are as before. Libraries that were built without OpenMP have one thread anyway.
    pub fn with_threads<T>(&self, count: usize, f: impl FnOnce() -> T) -> T {
        // SAFETY: OpenMP defines the functions with these types, and they may be called at any time.
        let found = unsafe {
            let get = self.library.function::<unsafe extern "C" fn() -> c_int>("omp_get_max_threads");
            get.and_then(|get| {
                Ok((get, self.library.function::<unsafe extern "C" fn(c_int)>("omp_set_num_threads")?))
            })
        };
        let Ok((get, set)) = found else { return f() };
        /// Sets the number back, also where `f` panics.
        struct Restored(unsafe extern "C" fn(c_int), c_int);
        impl Drop for Restored {
            fn drop(&mut self) {
                // SAFETY: as above; the library stays loaded while it is borrowed.
                unsafe { self.0(self.1) }
            }
        }
        // SAFETY: as above.
        let _restored = unsafe {
            let restored = Restored(set, get());
            set(c_int::try_from(count.max(1)).unwrap_or(c_int::MAX));
            restored
        };
        f()
    }

    /// Checks the arguments and runs the program on them. Arrays that it writes hold the results afterwards.
    pub fn call(&self, arguments: &mut Arguments<'_>) -> Result<Outputs, CallError> {
        let mut call = self.prepare(arguments)?;
        call.run()?;
        Ok(call.into_outputs())
    }

    /// Checks the arguments and allocates the results, for one or more runs.
    ///
    /// The arguments stay borrowed until the prepared call is dropped.
    pub fn prepare<'p>(&'p self, arguments: &'p mut Arguments<'_>) -> Result<PreparedCall<'p>, CallError> {
        let bound = self.checker.check(arguments)?;
        let mut outputs = Outputs::default();
        for (result, shape) in self.signature().returns.iter().zip(&bound.returns) {
            let name = result.name.clone();
            let buffer = ArrayBuf::for_result(result.dtype(), shape)
                .map_err(|error| CallError::NoMemory { name: name.clone(), error })?;
            outputs.values.insert(name, buffer);
        }
        let values = self.signature().arguments.iter().filter_map(|argument| arguments.get(&argument.name));
        let call = BoundCall { program: self, bound, arrays: values.filter_map(data).collect() };
        Ok(PreparedCall { call, outputs })
    }

    /// Checks a value for each argument of the signature, in its order, and the values of symbols, each by its place in
    /// the signature; those that are missing are found from the shapes.
    ///
    /// This is the way for callers that make many small calls: nothing is looked up by name, no result is allocated.
    pub fn bind<'p>(
        &'p self,
        values: &'p [Value<'_>],
        symbols: &[(usize, i64)],
    ) -> Result<BoundCall<'p>, CallError> {
        let references: SmallVec<[&Value<'_>; 8]> = values.iter().collect();
        let bound = self.checker.check_values(&references, symbols)?;
        Ok(BoundCall { program: self, bound, arrays: values.iter().filter_map(data).collect() })
    }
}

/// Where the elements of an array are.
fn data(value: &Value<'_>) -> Option<*mut c_void> {
    match value {
        Value::Array(array) => Some(array.data().cast()),
        Value::Scalar(_) => None,
    }
}

impl BoundCall<'_> {
    /// The shape of each result, in the order of the signature.
    pub fn result_shapes(&self) -> impl Iterator<Item = &[usize]> {
        self.bound.returns.iter().map(|shape| &shape[..])
    }

    /// The values of the signature's symbols, in its order.
    pub fn symbols(&self) -> &[i64] {
        &self.bound.symbols
    }

    /// Runs the program.
    ///
    /// # Safety
    ///
    /// There is an address for each result of the signature, and behind it room for the elements of its
    /// [shape](BoundCall::result_shapes) in C order, aligned for their type, that nothing else uses meanwhile.
    pub unsafe fn run(&self, results: &[*mut c_void]) -> Result<(), CallError> {
        let signature = self.program.signature();
        let mut pointers: SmallVec<[*mut c_void; 16]> = SmallVec::new();
        let (mut arrays, mut scalars) = (self.arrays.iter(), self.bound.scalars.iter());
        for argument in &signature.arguments {
            let pointer = match argument.as_array() {
                Some(_) => arrays.next().copied(),
                None => scalars.next().map(|value| value.as_ptr().cast_mut().cast()),
            };
            pointers.push(pointer.expect("every argument was checked to have a value of its kind"));
        }
        pointers.extend_from_slice(results);
        pointers.extend(self.bound.symbols.iter().map(|value| (&raw const *value).cast_mut().cast()));
        // SAFETY: the library has this signature, as the caller of `load` promised, and the arguments fit it. What the
        // program writes is memory of arguments and of results, which nothing else uses meanwhile.
        let number = unsafe { (self.program.call)(pointers.as_mut_ptr()) };
        if number == 0 {
            return Ok(());
        }
        // SAFETY: emitted libraries return null or a text that ends with zero.
        let message = unsafe { load::message((self.program.error)()) };
        Err(CallError::failed(&signature.name, number, message))
    }
}

impl PreparedCall<'_> {
    /// Runs the program.
    pub fn run(&mut self) -> Result<(), CallError> {
        // SAFETY: only the addresses are taken.
        let address = |buffer: &mut ArrayBuf| unsafe { buffer.bytes_mut() }.as_mut_ptr().cast();
        let results: SmallVec<[*mut c_void; 4]> = self.outputs.values.values_mut().map(address).collect();
        // SAFETY: there is a buffer for each result, and this has it to itself.
        unsafe { self.call.run(&results) }
    }

    /// The values of the signature's symbols, in its order.
    pub fn symbols(&self) -> &[i64] {
        self.call.symbols()
    }

    /// The results of the last run; before the first, their elements are arbitrary.
    pub fn into_outputs(self) -> Outputs {
        self.outputs
    }
}

impl Outputs {
    /// The array of a name.
    pub fn get(&self, name: &str) -> Option<&ArrayBuf> {
        self.values.get(name)
    }

    /// The only element of a result without dimensions; `None` if it is of another type or has dimensions.
    pub fn value<T: Element>(&self, name: &str) -> Option<T> {
        match self.get(name)?.as_slice::<T>()? {
            [value] => Some(*value),
            _ => None,
        }
    }

    /// All results, in the order of the signature.
    pub fn iter(&self) -> impl Iterator<Item = (&Name, &ArrayBuf)> {
        self.values.iter()
    }

    /// How many results there are.
    pub fn len(&self) -> usize {
        self.values.len()
    }

    /// Whether the program returns nothing.
    pub fn is_empty(&self) -> bool {
        self.values.is_empty()
    }
}

impl IntoIterator for Outputs {
    type Item = (Name, ArrayBuf);
    type IntoIter = indexmap::map::IntoIter<Name, ArrayBuf>;

    fn into_iter(self) -> Self::IntoIter {
        self.values.into_iter()
    }
}

#[cfg(test)]
mod tests;
