//! Benchmark files: a kernel, an `initialize` program that fills its arrays, and `presets` of sizes.

use crate::{Compiled, Compiler, Error};
use dacec_frontend::{Number, SourceFile};
use dacec_ir::{Expr, IndexMap, Name};
use dacec_runtime::arguments::Value;
use dacec_runtime::stats::{self, Summary};
use dacec_runtime::{Argument, ArgumentKind, Arguments, ArrayBuf, CompiledProgram, ScalarValue};
use std::time::{Duration, Instant};

/// The program that fills a kernel's arrays.
pub const INITIALIZER: &str = "initialize";

/// Values of symbols and scalar arguments, by name.
pub type Values = IndexMap<Name, ScalarValue>;

/// A kernel with everything it needs to run.
pub struct Benchmark {
    /// The compiled kernel.
    pub kernel: Compiled,
    /// The compiled initializer, if the file has one.
    pub initializer: Option<Compiled>,
    /// Values of symbols and scalars.
    pub values: Values,
}

/// What runs of a kernel gave.
pub struct Measured {
    /// Seconds of each run.
    pub seconds: Vec<f64>,
    /// Median and confidence interval.
    pub summary: Summary,
    /// Arrays that the kernel wrote and results that it returned, of the first run.
    pub results: IndexMap<Name, ArrayBuf>,
}

impl Benchmark {
    /// Compiles the kernel and, where the file has one, the initializer.
    pub fn compile(
        compiler: &Compiler,
        file: &SourceFile,
        kernel: &str,
        values: Values,
    ) -> Result<Benchmark, Error> {
        let kernel_program = compiler.compile_program(file, kernel)?;
        let has_initializer = kernel != INITIALIZER && file.programs().contains(&INITIALIZER);
        let initializer = match has_initializer {
            true => Some(compiler.compile_program(file, INITIALIZER)?),
            false => None,
        };
        Ok(Benchmark { kernel: kernel_program, initializer, values })
    }

    /// The kernel's array arguments, filled by the initializer, or with zeros where there is none.
    pub fn inputs(&self) -> Result<IndexMap<Name, ArrayBuf>, Error> {
        let mut arrays = IndexMap::default();
        for argument in &self.kernel.signature.arguments {
            if let ArgumentKind::Array(_) = argument.kind {
                arrays.insert(argument.name.clone(), self.allocate(argument)?);
            }
        }
        if let Some(initializer) = &self.initializer {
            let program = initializer.load()?;
            let mut extra = IndexMap::default();
            for argument in &initializer.signature.arguments {
                if argument.as_array().is_some() && !arrays.contains_key(&argument.name) {
                    extra.insert(argument.name.clone(), self.allocate(argument)?);
                }
            }
            let mut arguments = self.bind(&program, arrays.iter_mut().chain(&mut extra))?;
            program.call(&mut arguments)?;
        }
        Ok(arrays)
    }

    /// Runs the kernel `repeat` times, each time on the same inputs; `progress` hears of each finished run.
    pub fn measure(&self, repeat: usize, progress: &mut dyn FnMut(usize)) -> Result<Measured, Error> {
        let program = self.kernel.load()?;
        let inputs = self.inputs()?;
        // A run that is not counted: it brings code and data where later runs find them.
        let results = self.run(&program, &inputs)?.1;
        let mut seconds = Vec::with_capacity(repeat);
        for done in 0..repeat.max(1) {
            seconds.push(self.run(&program, &inputs)?.0.as_secs_f64());
            progress(done + 1);
        }
        let summary = stats::summarize(&seconds).expect("at least one run was measured");
        Ok(Measured { seconds, summary, results })
    }

    /// Runs the loaded kernel once on copies of the inputs: the time of the call, the arrays that it wrote and what it
    /// returned.
    pub fn run(
        &self,
        program: &CompiledProgram,
        inputs: &IndexMap<Name, ArrayBuf>,
    ) -> Result<(Duration, IndexMap<Name, ArrayBuf>), Error> {
        let mut arrays = inputs.clone();
        let (elapsed, outputs) = {
            let mut arguments = self.bind(program, arrays.iter_mut())?;
            let start = Instant::now();
            let outputs = program.call(&mut arguments)?;
            (start.elapsed(), outputs)
        };
        let written = |argument: &&Argument| argument.as_array().is_some_and(|array| array.written);
        let mut results = IndexMap::default();
        for argument in program.signature().arguments.iter().filter(written) {
            if let Some(array) = arrays.swap_remove(&argument.name) {
                results.insert(argument.name.clone(), array);
            }
        }
        results.extend(outputs);
        Ok((elapsed, results))
    }

    fn bind<'a>(
        &self,
        program: &CompiledProgram,
        arrays: impl Iterator<Item = (&'a Name, &'a mut ArrayBuf)>,
    ) -> Result<Arguments<'a>, Error> {
        let mut arguments = Arguments::default();
        let signature = program.signature();
        for (name, array) in arrays {
            if signature.arguments.iter().any(|argument| argument.name == *name) {
                arguments.insert(name, Value::Array(array.into()));
            }
        }
        let scalars = signature.arguments.iter().filter(|argument| argument.as_array().is_none());
        for name in scalars.map(|argument| &argument.name).chain(&signature.symbols) {
            if let Some(value) = self.values.get(name) {
                arguments.insert(name, Value::Scalar(*value));
            }
        }
        Ok(arguments)
    }

    fn allocate(&self, argument: &Argument) -> Result<ArrayBuf, Error> {
        let array = argument.as_array().expect("only arrays are allocated");
        let extents = array.shape.iter().map(|extent| self.extent(argument, extent));
        let shape = extents.collect::<Result<Vec<usize>, Error>>()?;
        ArrayBuf::zeroed(array.dtype, &shape).map_err(|error| Error::memory(&argument.name, error))
    }

    fn extent(&self, argument: &Argument, extent: &Expr) -> Result<usize, Error> {
        let value = extent.eval(&|symbol| self.values.get(symbol).and_then(|value| value.as_int()));
        value.ok().and_then(|value| usize::try_from(value).ok()).ok_or_else(|| {
            let unknown: Vec<String> = extent
                .symbols()
                .into_iter()
                .filter(|symbol| !self.values.contains_key(symbol))
                .map(|symbol| format!("--set {symbol}=…"))
                .collect();
            Error::Extent {
                array: argument.name.clone(),
                extent: extent.to_string(),
                missing: unknown.join(" "),
            }
        })
    }
}

/// The values that a run of `program` has: its parameters' defaults, and on top those of the preset. Without a name the
/// first preset of the file counts, if there is one; `None` where the file has no preset of that name.
pub fn preset_values(file: &SourceFile, program: &str, preset: Option<&str>) -> Option<Values> {
    let defaults =
        file.defaults(program).into_iter().map(|(name, value)| (name.into(), ScalarValue::Float(value)));
    let mut values: Values = defaults.collect();
    let numbers = match preset.or_else(|| file.presets().names().next()) {
        Some(name) => file.presets().get(name)?,
        None => return Some(values),
    };
    values.extend(numbers.iter().map(|(name, number)| (name.as_str().into(), scalar(*number))));
    Some(values)
}

fn scalar(number: Number) -> ScalarValue {
    match number {
        Number::Int(value) => ScalarValue::Int(value.into()),
        Number::Float(value) => ScalarValue::Float(value),
    }
}
