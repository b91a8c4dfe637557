//! The small programs of the front end's own tests as a corpus: there they are interpreted, here they are compiled too.

use crate::corpus::{Case, Corpus};
use dacec_frontend::SourceFile;
use dacec_ir::interp::{Tensor, Value};
use dacec_ir::{DType, Data, Expr, Name, Sdfg};
use dacec_tests::{root, scratch};
use num_complex::Complex64;
use serde_json::Value as Json;
use std::path::Path;

const FOLDER: &str = "frontend-python/tests/language";

/// Every program whose results are known.
pub(crate) fn corpus() -> Corpus {
    let folder = scratch();
    let mut cases = Vec::new();
    let entries = std::fs::read_dir(root().join(FOLDER)).expect("the folder is part of the repository");
    let mut paths: Vec<_> = entries.flatten().map(|entry| entry.path().with_extension("json")).collect();
    paths.sort();
    paths.dedup();
    for path in paths.iter().filter(|path| path.is_file()) {
        cases.extend(of_file(path, folder.path()));
    }
    Corpus::new(folder, cases)
}

fn of_file(results: &Path, folder: &Path) -> Vec<Case> {
    let name = format!("{}.py", results.file_stem().and_then(|it| it.to_str()).expect("a plain name"));
    let text = std::fs::read_to_string(results.with_extension("py")).expect("programs stand beside results");
    std::fs::write(folder.join(&name), &text).expect("a temporary file can be written");
    let results = std::fs::read_to_string(results).expect("it is a file");
    let results: Json = serde_json::from_str(&results).expect("it is JSON");
    let file = SourceFile::parse(&name, &text).expect("it is Python");
    let all = results.as_object().expect("results by program").iter().filter(|(it, _)| *it != "values");
    all.map(|(program, expected)| {
        let sdfg = file.lower(program).unwrap_or_else(|errors| panic!("{program}: {}", errors[0]));
        case(&name, program, &sdfg, &results["values"], expected)
    })
    .collect()
}

fn case(file: &str, program: &str, sdfg: &Sdfg, values: &Json, expected: &Json) -> Case {
    let symbols: Vec<(String, i64)> = sdfg
        .free_symbols()
        .iter()
        .filter_map(|symbol| Some((symbol.to_string(), values[symbol.as_str()].as_i64()?)))
        .collect();
    let (mut numbers, mut arrays) = (Vec::new(), Vec::new());
    for name in &sdfg.arguments {
        match &sdfg.containers[name] {
            Data::Scalar(_) => {
                let value = values[name.as_str()].as_f64().unwrap_or(0.0);
                numbers.push((name.to_string(), [value, 0.0]));
            }
            data => arrays.push((name.to_string(), argument(name, data, values))),
        }
    }
    let expected = expected.as_object().expect("results by name").iter();
    Case {
        name: format!("{file}: {program}"),
        function: program.to_owned(),
        file: file.to_owned(),
        symbols,
        numbers,
        arrays,
        expected: Ok(expected.map(|(name, described)| (name.clone(), result(described))).collect()),
        strict: false,
        tolerance: None,
        least: 0.0,
    }
}

/// The common values of an array's name, as many as it has elements; the rest is zero.
fn argument(name: &Name, data: &Data, values: &Json) -> Tensor {
    let symbol = |name: &Name| values[name.as_str()].as_i64();
    let extent = |extent: &Expr| extent.eval(&symbol).expect("every symbol has a value") as usize;
    let shape: Vec<usize> = data.shape().iter().map(extent).collect();
    let mut tensor = Tensor::zeros(data.dtype(), &shape);
    let given = &values[name.as_str()];
    let given = match given {
        Json::Array(numbers) => numbers.as_slice(),
        // A number of a structure may be an array of one element.
        Json::Number(_) => std::slice::from_ref(given),
        _ => &[],
    };
    for (at, value) in given.iter().take(tensor.len()).enumerate() {
        let value = Value::float(value.as_f64().expect("values are numbers"), DType::Float64);
        tensor.set(at, value.cast(data.dtype()));
    }
    tensor
}

fn result(described: &Json) -> Tensor {
    let dtype: DType = described["dtype"].as_str().and_then(|it| it.parse().ok()).expect("a type of NumPy");
    let shape: Vec<usize> = serde_json::from_value(described["shape"].clone()).expect("a list of extents");
    let mut tensor = Tensor::zeros(dtype, &shape);
    for (at, value) in described["data"].as_array().expect("a list").iter().enumerate() {
        let part = |at: usize| value[at].as_str().expect("a number as text");
        let value = match part(0).parse::<i64>() {
            Ok(value) if dtype.is_integer() => Value::int(value, dtype),
            _ => {
                let number = |at: usize| part(at).parse::<f64>().expect("a number");
                Value::complex(Complex64::new(number(0), number(1)), DType::Complex128).cast(dtype)
            }
        };
        tensor.set(at, value);
    }
    tensor
}
