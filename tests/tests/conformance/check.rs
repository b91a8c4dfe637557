//! Running the programs of a corpus, and comparing what they compute with what NumPy computes.

use crate::corpus::{Case, Corpus, buffer, tensor};
use dacec::{Compiler, Options};
use dacec_frontend::{Lowered, SourceFile, promote};
use dacec_ir::interp::{self, Arguments, Fault, Options as Checks, Order, Tensor, Value};
use dacec_ir::{DType, Data, Sdfg, validate};
use dacec_runtime::arguments::Value as Passed;
use dacec_runtime::{Cache, FpMode, ScalarValue};
use num_complex::Complex64;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicUsize, Ordering};

/// How a program compares.
pub(crate) enum Outcome {
    /// It computes what NumPy computes, or is refused as NumPy refuses it.
    Agrees,
    /// It cannot be compiled, or ends with an error.
    Refused(String),
    /// It computes something else.
    Differs(String),
}

/// How a program runs, besides interpreted as the front end leaves it.
#[derive(Clone, Copy)]
pub(crate) struct Ways {
    /// Interpreted after every optimization.
    pub(crate) optimized: bool,
    /// Compiled.
    pub(crate) compiled: bool,
}

/// Runs the programs of a corpus.
pub(crate) struct Checker<'a> {
    corpus: &'a Corpus,
    compiler: Compiler,
    compiled: AtomicUsize,
}

/// The rule that an access that is never right breaks. A branch that is not taken may have one; in others, the interpreter finds it.
const OUT_OF_BOUNDS: &str = "V019";

/// The warning that a number has a wider type than on the path that is taken.
const WIDENED: &str = "W0004";

impl<'a> Checker<'a> {
    /// Ready to run programs; compiled ones have optimization `-O3` and one thread, as small arrays need.
    pub(crate) fn new(corpus: &'a Corpus) -> Self {
        let cache = Cache::private().expect("a private cache can be made");
        let options = Options { march: "x86-64-v3".into(), verify_each: false, ..Options::default() };
        let options = if cfg!(target_arch = "x86_64") { options } else { Options::default() };
        let compiler = Compiler::with_cache(options, cache).expect("there is a C++ compiler");
        Checker { corpus, compiler, compiled: AtomicUsize::new(0) }
    }

    /// How many programs were compiled.
    pub(crate) fn compiled(&self) -> usize {
        self.compiled.load(Ordering::Relaxed)
    }

    /// The outcome of each chosen program; its position decides in which ways it runs.
    pub(crate) fn run(
        &self,
        chosen: &(dyn Fn(&Case) -> bool + Sync),
        ways: &(dyn Fn(usize) -> Ways + Sync),
    ) -> Vec<(&'a Case, Outcome)> {
        let threads = std::thread::available_parallelism().map_or(1, usize::from);
        let cases: Vec<(usize, &Case)> =
            self.corpus.cases.iter().enumerate().filter(|(_, case)| chosen(case)).collect();
        let share = cases.len().div_ceil(threads).max(1);
        std::thread::scope(|scope| {
            let workers: Vec<_> = cases
                .chunks(share)
                .map(|cases| scope.spawn(move || self.run_in_order(cases, ways)))
                .collect();
            workers.into_iter().flat_map(|worker| worker.join().expect("panics were caught")).collect()
        })
    }

    fn run_in_order(
        &self,
        cases: &[(usize, &'a Case)],
        ways: &(dyn Fn(usize) -> Ways + Sync),
    ) -> Vec<(&'a Case, Outcome)> {
        let mut file: Option<(&str, SourceFile)> = None;
        let mut outcomes = Vec::new();
        for &(at, case) in cases {
            if file.as_ref().is_none_or(|(name, _)| *name != case.file) {
                let parsed = SourceFile::parse(&case.file, &self.corpus.text(&case.file));
                file = Some((&case.file, parsed.expect("the corpus is valid Python")));
            }
            let Some((_, source)) = &file else { continue };
            // A panic is a failure of one program, and its name is worth more than the backtrace.
            let check = AssertUnwindSafe(|| self.check(source, case, ways(at)));
            let outcome = catch_unwind(check).unwrap_or_else(|_| Outcome::Differs("it panics".into()));
            outcomes.push((case, outcome));
        }
        outcomes
    }

    fn check(&self, file: &SourceFile, case: &Case, ways: Ways) -> Outcome {
        let Lowered { sdfg, warnings, .. } = match file.lower_and_warn(&case.function) {
            Ok(lowered) => lowered,
            Err(_) if case.expected.is_err() => return Outcome::Agrees,
            Err(errors) => return Outcome::Refused(format!("{} {}", errors[0].code, errors[0])),
        };
        if let Err(violations) = validate::validate(&sdfg)
            && let Some(violation) = violations.iter().find(|it| it.rule.code != OUT_OF_BOUNDS)
        {
            return Outcome::Differs(format!("the graph is not valid: {violation}"));
        }
        let expected = match &case.expected {
            Ok(expected) => expected,
            Err(error) => return self.refused_when_run(&sdfg, case, error),
        };
        let widened = warnings.iter().any(|it| it.code == WIDENED);
        let expected = &if widened { in_wider_types(expected, &sdfg) } else { expected.clone() };
        for order in [Order::Forward, Order::Backward] {
            match check_interpreted(&sdfg, case, order, expected) {
                Ok(()) => {}
                Err(Failed::Check(error)) => return Outcome::Refused(error),
                Err(Failed::Fault(how)) => {
                    return Outcome::Differs(format!("interpreted ({order:?}): {how}"));
                }
            }
        }
        if ways.optimized {
            let mut optimized = sdfg.clone();
            if let Err(error) = dacec::optimize(&mut optimized, self.compiler.options()) {
                return Outcome::Differs(format!("optimized: {}", told(&error)));
            }
            match check_interpreted(&optimized, case, Order::Backward, expected) {
                Ok(()) => {}
                Err(Failed::Check(how) | Failed::Fault(how)) => {
                    return Outcome::Differs(format!("optimized: {how}"));
                }
            }
        }
        if ways.compiled {
            self.compiled.fetch_add(1, Ordering::Relaxed);
            if let Err(how) = self.check_compiled(&sdfg, case, expected) {
                return Outcome::Differs(format!("compiled: {how}"));
            }
        }
        Outcome::Agrees
    }

    /// NumPy refuses the program when it runs; so must we.
    fn refused_when_run(&self, sdfg: &Sdfg, case: &Case, error: &str) -> Outcome {
        match interpreted(sdfg, case, Order::Forward) {
            Ok(_) => Outcome::Refused(format!("NumPy's error is not noticed: {error}")),
            Err(_) => Outcome::Agrees,
        }
    }

    fn check_compiled(&self, sdfg: &Sdfg, case: &Case, expected: &[(String, Tensor)]) -> Result<(), String> {
        let fp = if case.strict { FpMode::Strict } else { FpMode::Default };
        let compiler = self.compiler.with_options(Options { fp, ..self.compiler.options().clone() });
        let compiled = compiler.compile(sdfg.clone()).map_err(|error| told(&error))?;
        let program = compiled.load().map_err(|error| told(&error))?;
        let mut arrays: Vec<_> = case.arrays.iter().map(|(name, array)| (name, buffer(array))).collect();
        let outputs = {
            let mut passed = dacec_runtime::Arguments::default();
            for (name, array) in &mut arrays {
                passed.insert(name.as_str(), Passed::Array(array.into()));
            }
            for (name, number) in &case.numbers {
                // An integer may have become a symbol.
                let dtype = sdfg.containers.get(name.as_str()).map_or(DType::Int64, Data::dtype);
                passed.insert(name.as_str(), Passed::Scalar(scalar(*number, dtype)));
            }
            for symbol in sdfg.free_symbols() {
                if let Some((_, value)) = case.symbols.iter().find(|(name, _)| symbol == name.as_str()) {
                    passed.insert(symbol, Passed::Scalar((*value).into()));
                }
            }
            program.call(&mut passed).map_err(|error| told(&error))?
        };
        let found = |name: &str| {
            let array = arrays.iter().find(|(known, _)| *known == name).map(|(_, array)| array);
            array.or_else(|| outputs.get(name)).map(tensor)
        };
        difference(case, expected, &found).map_or(Ok(()), Err)
    }
}

/// An error with its reasons.
fn told(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut reason = error.source();
    while let Some(error) = reason {
        text += &format!(": {error}");
        reason = error.source();
    }
    text
}

/// Why a program has no results.
enum Failed {
    /// It found out itself that it cannot go on.
    Check(String),
    /// It is wrong.
    Fault(String),
}

fn check_interpreted(
    sdfg: &Sdfg,
    case: &Case,
    order: Order,
    expected: &[(String, Tensor)],
) -> Result<(), Failed> {
    let actual = interpreted(sdfg, case, order)?;
    let found = |name: &str| actual.get(name).cloned();
    difference(case, expected, &found).map_or(Ok(()), |how| Err(Failed::Fault(how)))
}

fn interpreted(sdfg: &Sdfg, case: &Case, order: Order) -> Result<Arguments, Failed> {
    let mut arguments = Arguments::default();
    for (name, tensor) in &case.arrays {
        arguments.insert(name.as_str().into(), tensor.clone());
    }
    let mut symbols = case.symbols.clone();
    for (name, [re, im]) in &case.numbers {
        let Some(data) = sdfg.containers.get(name.as_str()) else {
            symbols.push((name.clone(), *re as i64));
            continue;
        };
        let mut tensor = Tensor::zeros(data.dtype(), &[]);
        let value = match tensor.dtype() {
            dtype if dtype.is_integer() => Value::int(*re as i64, dtype),
            dtype => Value::complex(Complex64::new(*re, *im), DType::Complex128).cast(dtype),
        };
        tensor.set(0, value);
        arguments.insert(name.as_str().into(), tensor);
    }
    let free = sdfg.free_symbols();
    let symbols: Vec<(&str, i64)> = symbols
        .iter()
        .filter(|(name, _)| free.iter().any(|symbol| symbol == name.as_str()))
        .map(|(name, value)| (name.as_str(), *value))
        .collect();
    let checks = Checks { order, races: order == Order::Backward, ..Checks::default() };
    match interp::run_with(sdfg, &mut arguments, &symbols, &checks) {
        Ok(()) => Ok(arguments),
        Err(error) => match *error.fault {
            Fault::Check { .. } => Err(Failed::Check(error.to_string())),
            // What receives a callee's result is made before the callee checks the result's extents.
            Fault::Allocation { ref shape, .. } if shape.iter().any(|extent| *extent < 0) => {
                Err(Failed::Check(error.to_string()))
            }
            _ => Err(Failed::Fault(error.to_string())),
        },
    }
}

fn scalar([re, im]: [f64; 2], dtype: DType) -> ScalarValue {
    match dtype {
        DType::Bool => ScalarValue::Bool(re != 0.0),
        dtype if dtype.is_complex() => ScalarValue::Complex(Complex64::new(re, im)),
        dtype if dtype.is_float() => ScalarValue::Float(re),
        // The largest integer is rounded up on its way here.
        DType::UInt64 => ScalarValue::Int(i128::from(re as u64)),
        _ => ScalarValue::Int(i128::from(re as i64)),
    }
}

/// The first difference between NumPy's results and those that were found.
fn difference(
    case: &Case,
    expected: &[(String, Tensor)],
    found: &dyn Fn(&str) -> Option<Tensor>,
) -> Option<String> {
    expected.iter().find_map(|(name, wanted)| {
        let Some(actual) = found(name) else { return Some(format!("there is no `{name}`")) };
        if actual.dtype() != wanted.dtype() || !same_shape(&actual, wanted) {
            return Some(format!("`{name}` is {actual}, NumPy's is {wanted}"));
        }
        let tolerance = case.tolerance.unwrap_or_else(|| rounding(wanted.dtype()));
        let scale = (0..wanted.len()).map(|at| magnitude(wanted.get(at))).fold(case.least, f64::max);
        (0..wanted.len()).find_map(|at| {
            let (a, b) = (actual.get(at), wanted.get(at));
            (!agree(a, b, tolerance * scale)).then(|| format!("`{name}` has {a} at {at}, NumPy's has {b}"))
        })
    })
}

/// What NumPy gives, its numbers in the types that the program has for them.
fn in_wider_types(expected: &[(String, Tensor)], sdfg: &Sdfg) -> Vec<(String, Tensor)> {
    let wider = |(name, wanted): &(String, Tensor)| {
        let dtype = sdfg.containers.get(name.as_str()).map(Data::dtype);
        let is_wider = |dtype: &DType| wanted.shape().is_empty() && promote(*dtype, wanted.dtype()) == *dtype;
        let dtype = dtype.filter(is_wider).unwrap_or(wanted.dtype());
        let mut value = Tensor::zeros(dtype, wanted.shape());
        (0..wanted.len()).for_each(|at| value.set(at, wanted.get(at).cast(dtype)));
        (name.clone(), value)
    };
    expected.iter().map(wider).collect()
}

/// Numbers are returned as arrays of one element or of no dimension, as the interface wants.
fn same_shape(actual: &Tensor, wanted: &Tensor) -> bool {
    actual.shape() == wanted.shape() || wanted.shape().is_empty() && actual.shape() == [1]
}

/// What rounding does to elements of a type, relative to the largest of an array.
fn rounding(dtype: DType) -> f64 {
    match dtype.real() {
        DType::Float64 => 1e-12,
        DType::Float32 => 1e-5,
        _ => 2e-3,
    }
}

fn magnitude(value: Value) -> f64 {
    let value = value.to_complex();
    [value.re, value.im].into_iter().map(f64::abs).filter(|part| part.is_finite()).fold(0.0, f64::max)
}

fn agree(a: Value, b: Value, distance: f64) -> bool {
    if !b.dtype().is_float() && !b.dtype().is_complex() {
        return a.to_i64() == b.to_i64();
    }
    let close = |a: f64, b: f64| a == b || a.is_nan() && b.is_nan() || (a - b).abs() <= distance;
    let (a, b) = (a.to_complex(), b.to_complex());
    close(a.re, b.re) && close(a.im, b.im)
}
