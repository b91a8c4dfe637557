//! Running a program by the reference interpreter: no compilation, every access checked, a thousand times slower.

use crate::benchmark::{INITIALIZER, Values};
use crate::{Error, signature};
use dacec_codegen::Interface;
use dacec_frontend::SourceFile;
use dacec_ir::interp::{self, Arguments, Element, Options, Tensor, Value};
use dacec_ir::{DType, Data, IndexMap, Name, Sdfg};
use dacec_runtime::{Argument, ArrayBuf, ScalarValue};

/// Runs a kernel on what the file's `initialize` makes, where it has one; the arrays that the kernel wrote and what it
/// returned.
pub fn run_benchmark(
    file: &SourceFile,
    kernel: &str,
    values: &Values,
    options: &Options,
) -> Result<IndexMap<Name, ArrayBuf>, Error> {
    let sdfg = file.lower(kernel).map_err(Error::Source)?;
    let mut arrays = IndexMap::default();
    if kernel != INITIALIZER && file.programs().contains(&INITIALIZER) {
        let initialize = file.lower(INITIALIZER).map_err(Error::Source)?;
        arrays = run(&initialize, values, &arrays, options)?;
    }
    run(&sdfg, values, &arrays, options)
}

/// Runs a graph. Arrays that are not given are zeros; the result holds the arrays that the program wrote and what it
/// returned. `values` are those of symbols and scalars. What the program prints goes to the standard output.
pub fn run(
    sdfg: &Sdfg,
    values: &Values,
    arrays: &IndexMap<Name, ArrayBuf>,
    options: &Options,
) -> Result<IndexMap<Name, ArrayBuf>, Error> {
    let mut sdfg = sdfg.clone();
    sdfg.lower_data();
    let sdfg = &sdfg;
    let interface = signature(&Interface::of(sdfg)?);
    let mut arguments = Arguments::default();
    for argument in &interface.arguments {
        let Some(data) = sdfg.container(&argument.name) else { continue };
        let tensor = match (data, arrays.get(&argument.name)) {
            (Data::Array(_), Some(array)) => Some(tensor(array)),
            (Data::Array(_), None) => Some(zeros(argument, data, values)?),
            _ => values.get(&argument.name).map(|value| scalar(*value, data.dtype())),
        };
        arguments.extend(tensor.map(|tensor| (argument.name.clone(), tensor)));
    }
    let symbols = sdfg.free_symbols();
    let symbols: Vec<(&str, i64)> =
        symbols.iter().filter_map(|name| Some((name.as_str(), values.get(name)?.as_int()?))).collect();
    let printed = interp::run_printing(sdfg, &mut arguments, &symbols, options)?;
    print!("{printed}");
    let written = |argument: &&Argument| argument.as_array().is_some_and(|array| array.written);
    let written = interface.arguments.iter().filter(written).map(|it| &it.name).chain(&sdfg.returns);
    written
        .filter_map(|name| Some((name, arguments.get(name)?)))
        .map(|(name, tensor)| Ok((name.clone(), buffer(name, tensor)?)))
        .collect()
}

fn zeros(argument: &Argument, data: &Data, values: &Values) -> Result<Tensor, Error> {
    let extent = |extent: &dacec_ir::Expr| {
        let value = extent.eval(&|symbol| values.get(symbol).and_then(|value| value.as_int()));
        value.ok().and_then(|value| usize::try_from(value).ok()).ok_or_else(|| Error::Extent {
            array: argument.name.clone(),
            extent: extent.to_string(),
            missing: extent.symbols().iter().map(|it| format!("--set {it}=…")).collect::<Vec<_>>().join(" "),
        })
    };
    let shape = data.shape().iter().map(extent).collect::<Result<Vec<_>, _>>()?;
    // The same limit as that of an array of the program: what cannot be allocated is refused.
    let memory =
        ArrayBuf::zeroed(data.dtype(), &shape).map_err(|error| Error::memory(&argument.name, error))?;
    Ok(tensor(&memory))
}

fn scalar(value: ScalarValue, dtype: DType) -> Tensor {
    let value = match value {
        ScalarValue::Bool(value) => Value::bool(value),
        ScalarValue::Int(value) => match i64::try_from(value) {
            Ok(value) => Value::int(value, DType::Int64),
            Err(_) => Value::int(value as u64 as i64, DType::UInt64),
        },
        ScalarValue::Float(value) => Value::float(value, DType::Float64),
        ScalarValue::Complex(value) => Value::complex(value, DType::Complex128),
    };
    let mut tensor = Tensor::zeros(dtype, &[]);
    tensor.set(0, value.cast(dtype));
    tensor
}

/// Both kinds of array have the same elements; this calls a function for the Rust type of an element type.
macro_rules! with_element {
    ($dtype:expr, $function:ident($($argument:expr),*)) => {
        match $dtype {
            DType::Bool => $function::<bool>($($argument),*),
            DType::Int8 => $function::<i8>($($argument),*),
            DType::Int16 => $function::<i16>($($argument),*),
            DType::Int32 => $function::<i32>($($argument),*),
            DType::Int64 => $function::<i64>($($argument),*),
            DType::UInt8 => $function::<u8>($($argument),*),
            DType::UInt16 => $function::<u16>($($argument),*),
            DType::UInt32 => $function::<u32>($($argument),*),
            DType::UInt64 => $function::<u64>($($argument),*),
            DType::Float16 => $function::<half::f16>($($argument),*),
            DType::BFloat16 => $function::<half::bf16>($($argument),*),
            DType::Float32 => $function::<f32>($($argument),*),
            DType::Float64 => $function::<f64>($($argument),*),
            DType::Complex64 => $function::<num_complex::Complex32>($($argument),*),
            DType::Complex128 => $function::<num_complex::Complex64>($($argument),*),
            DType::Vector(_) | DType::Pointer(_) | DType::Opaque(_) => unreachable!("arguments are numbers"),
        }
    };
}

fn tensor(array: &ArrayBuf) -> Tensor {
    fn typed<T: Element + dacec_runtime::Element>(array: &ArrayBuf) -> Option<Tensor> {
        Tensor::new(array.shape(), array.as_slice::<T>()?.to_vec())
    }
    with_element!(array.dtype(), typed(array)).unwrap_or_else(|| Tensor::zeros(array.dtype(), array.shape()))
}

fn buffer(name: &Name, tensor: &Tensor) -> Result<ArrayBuf, Error> {
    fn typed<T: Element + dacec_runtime::Element>(
        tensor: &Tensor,
    ) -> Result<ArrayBuf, dacec_runtime::OutOfMemory> {
        ArrayBuf::from_slice(tensor.shape(), tensor.as_slice::<T>().unwrap_or_default())
    }
    with_element!(tensor.dtype(), typed(tensor)).map_err(|error| Error::memory(name, error))
}
