//! One meaning: on every program of `polybench/`, the interpreter cannot tell the graph of the front end
//! from what a pipeline made of it, and the compiled library computes what the interpreter does.

use dacec::benchmark::INITIALIZER;
use dacec::{Compiler, Options};
use dacec_frontend::SourceFile;
use dacec_ir::interp::testing::{assert_same_on, is_close, outcome, random_arguments};
use dacec_ir::interp::{Arguments, Options as Checks, Tensor, Value};
use dacec_ir::{DType, IndexMap, Name, Sdfg};
use dacec_runtime::arguments::Value as Passed;
use dacec_runtime::{ArrayBuf, Cache, OptLevel, ScalarValue};
use num_complex::Complex64;

const LEVELS: [OptLevel; 3] = [OptLevel::O0, OptLevel::O1, OptLevel::O3];

#[test]
fn pipelines_and_backend_keep_the_meaning() {
    keep_the_meaning(0);
}

/// The other half of the programs, so that two processors have something to do.
#[test]
fn pipelines_and_backend_keep_the_meaning_of_the_others() {
    keep_the_meaning(1);
}

fn keep_the_meaning(half: usize) {
    let cache = Cache::private().expect("a private cache can be made");
    let compiler = Compiler::with_cache(Options::default(), cache).expect("there is a C++ compiler");
    for program in dacec_polybench::PROGRAMS.iter().skip(half).step_by(2) {
        let file = SourceFile::parse(program.path, program.source).expect("every program parses");
        let sdfg =
            file.lower(program.name).unwrap_or_else(|reasons| panic!("{}: {}", program.name, reasons[0]));
        let symbols = small_sizes(&sdfg);
        let symbols: Vec<(&str, i64)> = symbols.iter().map(|(name, value)| (name.as_str(), *value)).collect();
        let arguments = inputs(&file, &sdfg, &symbols);
        for level in LEVELS {
            println!("{} at {level:?}", program.name);
            let options = Options { opt: level, ..Options::default() };
            let mut optimized = sdfg.clone();
            dacec::optimize(&mut optimized, &options).expect("the pipeline keeps the graph valid");
            assert_same_on(&sdfg, &optimized, &symbols, &arguments);
            compare_compiled(&compiler.with_options(options), &sdfg, &symbols, &arguments);
        }
    }
}

/// A small, distinct value for each free symbol: large enough for the widest stencil. They fall, since where a program
/// has more than one it wants as many rows as columns at least.
fn small_sizes(sdfg: &Sdfg) -> Vec<(Name, i64)> {
    let symbols = sdfg.free_symbols();
    let largest = 5 + symbols.len() as i64;
    symbols.into_iter().zip((0..=largest).rev()).collect()
}

/// What the file's `initialize` makes of random arguments; scalars have the values of the first preset, where loops are
/// known to end, except that counts are small.
fn inputs(file: &SourceFile, sdfg: &Sdfg, symbols: &[(&str, i64)]) -> Arguments {
    let mut arguments = uninitialized(file, sdfg, symbols);
    if let Ok(initialize) = file.lower(INITIALIZER) {
        let free = initialize.free_symbols();
        let symbols: Vec<_> =
            symbols.iter().copied().filter(|(name, _)| free.iter().any(|it| it == name)).collect();
        let before = uninitialized(file, &initialize, &symbols);
        let made =
            outcome(&initialize, &symbols, &before, &Checks::default()).expect("the interpreter runs it");
        for (name, tensor) in made {
            arguments.entry(name).and_modify(|argument| *argument = tensor);
        }
    }
    arguments
}

/// Random arguments, and scalars of the first preset.
fn uninitialized(file: &SourceFile, sdfg: &Sdfg, symbols: &[(&str, i64)]) -> Arguments {
    let mut arguments = random_arguments(sdfg, symbols, 7).expect("sizes are known");
    let presets = file.presets();
    let numbers = presets.names().next().and_then(|first| presets.get(first));
    for (name, number) in numbers.into_iter().flatten() {
        if let Some(tensor) = arguments.get_mut(name.as_str()).filter(|tensor| tensor.shape().is_empty()) {
            let value = match tensor.dtype().is_integer() {
                true => Value::int((number.as_f64() as i64).min(5), tensor.dtype()),
                false => Value::float(number.as_f64(), DType::Float64).cast(tensor.dtype()),
            };
            tensor.set(0, value);
        }
    }
    // Results of elementary functions and divisions stay finite on positive numbers.
    for tensor in arguments.values_mut().filter(|tensor| tensor.dtype() == DType::Float64) {
        for at in 0..tensor.len() {
            tensor.set(at, Value::float(tensor.get(at).to_f64().abs() % 10.0 + 0.5, DType::Float64));
        }
    }
    arguments
}

fn compare_compiled(compiler: &Compiler, sdfg: &Sdfg, symbols: &[(&str, i64)], arguments: &Arguments) {
    let expected = outcome(sdfg, symbols, arguments, &Checks::default()).expect("the interpreter runs it");
    let program = compiler.compile(sdfg.clone()).expect("it compiles").load().expect("it loads");
    let mut arrays: IndexMap<Name, ArrayBuf> = IndexMap::default();
    for (name, tensor) in arguments.iter().filter(|(name, _)| sdfg.containers[*name].as_array().is_some()) {
        arrays.insert(name.clone(), buffer(tensor));
    }
    let outputs = {
        let mut passed = dacec_runtime::Arguments::default();
        for (name, array) in &mut arrays {
            passed.insert(name, Passed::Array(array.into()));
        }
        for (name, tensor) in arguments.iter().filter(|(name, _)| sdfg.containers[*name].as_array().is_none())
        {
            passed.insert(name, Passed::Scalar(scalar(tensor.get(0))));
        }
        for (name, value) in symbols {
            passed.insert(*name, Passed::Scalar((*value).into()));
        }
        program.call(&mut passed).expect("the program runs")
    };
    for (name, array) in arrays.into_iter().chain(outputs) {
        let reference = &expected[&name];
        for at in 0..reference.len() {
            let (a, b) = (reference.get(at), element(&array, at));
            assert!(is_close(a, b), "{}: `{name}` has {b} instead of {a} at element {at}", sdfg.name);
        }
    }
}

fn scalar(value: Value) -> ScalarValue {
    match value.dtype() {
        dtype if dtype.is_float() => ScalarValue::Float(value.to_f64()),
        DType::Bool => ScalarValue::Bool(value.is_true()),
        _ => ScalarValue::Int(value.to_i64().into()),
    }
}

/// The elements in the order of memory.
fn buffer(tensor: &Tensor) -> ArrayBuf {
    let shape = tensor.shape();
    let made = match tensor.dtype() {
        DType::Float64 => ArrayBuf::from_slice(shape, tensor.as_slice::<f64>().expect("its type")),
        DType::Float32 => ArrayBuf::from_slice(shape, tensor.as_slice::<f32>().expect("its type")),
        DType::Int64 => ArrayBuf::from_slice(shape, tensor.as_slice::<i64>().expect("its type")),
        DType::Int32 => ArrayBuf::from_slice(shape, tensor.as_slice::<i32>().expect("its type")),
        DType::UInt8 => ArrayBuf::from_slice(shape, tensor.as_slice::<u8>().expect("its type")),
        DType::Complex128 => ArrayBuf::from_slice(shape, tensor.as_slice::<Complex64>().expect("its type")),
        other => panic!("the programs have no arrays of {other}"),
    };
    made.expect("small arrays fit into memory")
}

fn element(array: &ArrayBuf, at: usize) -> Value {
    match array.dtype() {
        DType::Float64 => Value::float(array.as_slice::<f64>().expect("its type")[at], DType::Float64),
        DType::Float32 => Value::float(array.as_slice::<f32>().expect("its type")[at].into(), DType::Float32),
        DType::Int64 => Value::int(array.as_slice::<i64>().expect("its type")[at], DType::Int64),
        DType::Int32 => Value::int(array.as_slice::<i32>().expect("its type")[at].into(), DType::Int32),
        DType::UInt8 => Value::int(array.as_slice::<u8>().expect("its type")[at].into(), DType::UInt8),
        DType::Complex128 => {
            Value::complex(array.as_slice::<Complex64>().expect("its type")[at], DType::Complex128)
        }
        other => panic!("the programs have no arrays of {other}"),
    }
}
