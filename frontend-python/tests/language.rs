//! Small programs, interpreted, against what NumPy makes of them: `language/*.py`, and beside each file the results.

use dacec_frontend::SourceFile;
use dacec_ir::interp::{self, Arguments, Options, Order, Tensor, Value};
use dacec_ir::{DType, Data, Sdfg, validate};
use serde_json::Value as Json;

/// Runs the programs of one file.
macro_rules! check {
    ($stem:literal, $least:literal) => {
        check(
            $stem,
            include_str!(concat!("language/", $stem, ".py")),
            include_str!(concat!("language/", $stem, ".json")),
            $least,
        )
    };
}

/// The arguments of a program: the common values of their names; arrays that have none are zero.
fn arguments(sdfg: &Sdfg, values: &Json) -> Arguments {
    let symbol = |name: &dacec_ir::Name| values[name.as_str()].as_i64();
    let mut arguments = Arguments::default();
    for name in &sdfg.arguments {
        let data = &sdfg.containers[name];
        let extent =
            |extent: &dacec_ir::Expr| extent.eval(&symbol).expect("every symbol has a value") as usize;
        let shape: Vec<usize> = data.shape().iter().map(extent).collect();
        let given = match data {
            Data::Array(_) => match &values[name.as_str()] {
                Json::Array(numbers) => numbers.clone(),
                // A number of a structure may be an array of one element.
                number @ Json::Number(_) => vec![number.clone()],
                _ => Vec::new(),
            },
            _ => vec![values[name.as_str()].clone()],
        };
        let mut tensor = Tensor::zeros(data.dtype(), &shape);
        for (k, value) in given.iter().take(tensor.len()).enumerate() {
            let number = value.as_f64().expect("values are numbers");
            tensor.set(k, Value::float(number, DType::Float64).cast(data.dtype()));
        }
        arguments.insert(name.clone(), tensor);
    }
    arguments
}

/// How a result differs from what is expected, if it does.
fn difference(name: &str, actual: &Tensor, expected: &Json) -> Option<String> {
    let dtype: DType = expected["dtype"].as_str().and_then(|it| it.parse().ok()).expect("a type of NumPy");
    if actual.dtype() != dtype {
        return Some(format!("{name} is of type {}, NumPy's of {dtype}", actual.dtype()));
    }
    let tolerance = if dtype.real().size() < 8 && !dtype.is_integer() { 1e-5 } else { 1e-12 };
    let shape: Vec<usize> = serde_json::from_value(expected["shape"].clone()).expect("a list of extents");
    if actual.shape() != shape {
        return Some(format!("{name} has shape {:?}, NumPy's {shape:?}", actual.shape()));
    }
    let elements = expected["data"].as_array().expect("a list");
    if actual.len() != elements.len() {
        return Some(format!("{name} has {} elements, NumPy's {}", actual.len(), elements.len()));
    }
    for (k, element) in elements.iter().enumerate() {
        let part = |at: usize| element[at].as_str().and_then(|it| it.parse::<f64>().ok()).expect("a number");
        let value = actual.get(k).to_complex();
        let close = |a: f64, b: f64| {
            a == b || a.is_nan() && b.is_nan() || (a - b).abs() <= tolerance * (1.0 + b.abs())
        };
        if !close(value.re, part(0)) || !close(value.im, part(1)) {
            return Some(format!("{name}[{k}] is {value}, NumPy's {} + {}j", part(0), part(1)));
        }
    }
    None
}

fn run(file: &SourceFile, program: &str, values: &Json, expected: &Json, order: Order) -> Result<(), String> {
    let sdfg = file.lower(program).map_err(|errors| format!("refused: {}", errors[0]))?;
    validate::validate(&sdfg).map_err(|violations| format!("invalid: {}", violations[0]))?;
    let mut results = arguments(&sdfg, values);
    let symbols: Vec<_> = sdfg.free_symbols();
    let symbols: Vec<(&str, i64)> =
        symbols.iter().filter_map(|name| Some((name.as_str(), values[name.as_str()].as_i64()?))).collect();
    let options = Options { order, ..Options::thorough() };
    interp::run_with(&sdfg, &mut results, &symbols, &options).map_err(|error| error.to_string())?;
    for (name, expected) in expected.as_object().expect("results by name") {
        let actual = results.get(name.as_str()).ok_or_else(|| format!("there is no {name}"))?;
        if let Some(difference) = difference(name, actual, expected) {
            return Err(difference);
        }
    }
    Ok(())
}

fn check(stem: &str, programs: &str, expected: &str, least: usize) {
    let expected: Json = serde_json::from_str(expected).expect("the file is JSON");
    let file = SourceFile::parse(&format!("{stem}.py"), programs).expect("the file is valid Python");
    let mut failed = Vec::new();
    let cases = expected.as_object().expect("cases by name").iter().filter(|(name, _)| *name != "values");
    let mut count = 0;
    for (program, results) in cases {
        count += 1;
        for order in [Order::Forward, Order::Backward] {
            if let Err(reason) = run(&file, program, &expected["values"], results, order) {
                failed.push(format!("{program}: {reason}"));
            }
        }
    }
    assert!(count >= least, "only {count} programs were run");
    failed.dedup();
    assert!(failed.is_empty(), "{} of {count} programs:\n{}", failed.len(), failed.join("\n"));
}

#[test]
fn programs() {
    check!("programs", 100);
}

#[test]
fn statements() {
    check!("statements", 50);
}

#[test]
fn views() {
    check!("views", 20);
}

#[test]
fn indexing() {
    check!("indexing", 25);
}

#[test]
fn scalars() {
    check!("scalars", 25);
}

#[test]
fn calls() {
    check!("calls", 15);
}

#[test]
fn maps() {
    check!("maps", 13);
}

#[test]
fn streams() {
    check!("streams", 8);
}

#[test]
fn structures() {
    check!("structures", 14);
}

#[test]
fn mixed() {
    check!("mixed", 25);
}

#[test]
fn found() {
    check!("found", 13);
}

#[test]
fn rebinding() {
    check!("rebinding", 17);
}
