//! The registry of functions: NumPy's, those of `math` and `dace`, and Python's own.
//!
//! A function is one [`Entry`] in the table of its family: its name, its parameters, and how it is lowered. Adding a
//! function is adding an entry.

mod casting;
mod composed;
mod contraction;
mod counted;
mod creation;
mod dace;
mod dense;
mod distributions;
mod elementwise;
mod fft;
mod formulas;
mod joining;
mod limits;
mod linalg;
mod manipulation;
mod math;
mod matrices;
mod python;
mod random;
mod reductions;
#[cfg(test)]
mod reference;
mod scans;
mod selection;
mod sequences;
mod ufunc;
mod windows;
mod ziggurat;

pub(crate) use linalg::product as matmul;

use crate::codes;
use crate::diagnostic::Diagnostic;
use crate::lower::{Dest, GivenArgs, Lowerer, Result};
use crate::parse::TextRange;
use crate::scalar::Refusal;
use crate::types::{Indexer, Module, Scalar, Value, View};
use dacec_ir::{BinaryOp, DType, Expr, Function, UnaryOp};

pub(crate) use limits::limit;

/// A function that can be called in a program.
#[derive(Debug)]
pub(crate) struct Entry {
    /// Its name in its module.
    pub(crate) name: &'static str,
    /// Names of its parameters; a trailing `?` marks an optional one, `*` takes all further positional arguments, `**` all
    /// other keywords.
    params: &'static [&'static str],
    /// How a call is lowered.
    lowering: Lowering,
}

/// How a call is lowered.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Lowering {
    /// By code that looks at the arguments.
    Call(fn(&mut Lowerer<'_>, &Args) -> Result<Value>),
    /// Not at all: an error that says what to use instead.
    Refused(fn(&Args) -> Diagnostic),
    /// Element by element, by a function of the tasklet language.
    Math(Function),
    /// As `Math`, of two arguments.
    Math2(Function),
    /// By a text such as `composed.py`; lists are arrays, except for these parameters.
    Composed(&'static [&'static str]),
    /// As `Composed`, of operands that become floats of one type.
    Special,
    /// By a function that draws random numbers.
    Drawn(&'static distributions::Distribution),
    /// As `Math`, of a number that becomes a float of Python, as the result is.
    Float(Function),
    /// As `Float`, of two arguments.
    Float2(Function),
    /// Element by element, by an operator.
    Op(BinaryOp),
    /// Element by element, by an operator on one value.
    UnaryOp(UnaryOp),
    /// Element by element, by a computation on scalars.
    Scalar(fn(&[Scalar]) -> std::result::Result<Scalar, Refusal>),
}

const ONE: &[&str] = &["x", "out?", "where?", "casting?", "dtype?"];
const TWO: &[&str] = &["x1", "x2", "out?", "where?", "casting?", "dtype?"];

/// An entry that looks at its arguments.
const fn call(
    name: &'static str,
    params: &'static [&'static str],
    lower: fn(&mut Lowerer<'_>, &Args) -> Result<Value>,
) -> Entry {
    Entry { name, params, lowering: Lowering::Call(lower) }
}

/// An entry that only says what to use instead.
const fn refused(name: &'static str, why: fn(&Args) -> Diagnostic) -> Entry {
    Entry { name, params: &["*"], lowering: Lowering::Refused(why) }
}

const fn math(name: &'static str, function: Function) -> Entry {
    Entry { name, params: ONE, lowering: Lowering::Math(function) }
}

const fn math2(name: &'static str, function: Function) -> Entry {
    Entry { name, params: TWO, lowering: Lowering::Math2(function) }
}

const fn op(name: &'static str, op: BinaryOp) -> Entry {
    Entry { name, params: TWO, lowering: Lowering::Op(op) }
}

/// The arguments of a call, by parameter.
#[derive(Debug)]
pub(crate) struct Args {
    values: Vec<(&'static str, Value, TextRange)>,
    /// Parameters that were given, also those that are `None`.
    given: Vec<&'static str>,
    /// Positional arguments beyond the parameters.
    pub(crate) rest: Vec<Value>,
    /// Keywords that are no parameters.
    pub(crate) others: Vec<(String, Value)>,
    /// The place of the call.
    pub(crate) range: TextRange,
    /// Where the result may go.
    pub(crate) dest: Dest,
}

impl Args {
    /// Gives each argument to its parameter.
    pub(crate) fn bind(
        entry: &Entry,
        object: Option<Value>,
        given: GivenArgs,
        range: TextRange,
        dest: &Dest,
    ) -> Result<Args> {
        let mut args = Args {
            values: Vec::new(),
            given: Vec::new(),
            rest: Vec::new(),
            others: Vec::new(),
            range,
            dest: dest.clone(),
        };
        let named = entry.params.iter().filter(|it| !it.starts_with('*'));
        let names: Vec<&'static str> = named.map(|it| it.trim_end_matches('?')).collect();
        let variadic = entry.params.contains(&"*");
        let positional = object.map(|value| (value, range)).into_iter().chain(given.positional);
        for (k, (value, place)) in positional.enumerate() {
            match names.get(k) {
                Some(_) if variadic => args.rest.push(value),
                Some(name) => args.values.push((name, value, place)),
                None if variadic => args.rest.push(value),
                None => {
                    let message = format!("`{}` takes at most {} arguments", entry.name, names.len());
                    return Err(Diagnostic::error(codes::ARGUMENTS, place, message).into());
                }
            }
        }
        for (keyword, (value, place)) in given.keywords {
            let Some(name) = names.iter().find(|name| **name == keyword) else {
                if matches!(entry.lowering, Lowering::Refused(_)) {
                    continue;
                }
                if entry.params.contains(&"**") {
                    args.others.push((keyword, value));
                    continue;
                }
                let message = format!("`{}` has no parameter `{keyword}` that can be compiled", entry.name);
                return Err(Diagnostic::error(codes::ARGUMENTS, place, message)
                    .did_you_mean(&keyword, names.iter().copied())
                    .into());
            };
            if args.get(name).is_some() {
                let message = format!("`{keyword}` is given twice");
                return Err(Diagnostic::error(codes::ARGUMENTS, place, message).into());
            }
            args.values.push((name, value, place));
        }
        args.given = args.names().collect();
        args.values.retain(|(_, value, _)| !matches!(value, Value::None));
        for name in entry.params.iter().filter(|it| !it.ends_with('?') && !it.starts_with('*') && !variadic) {
            if args.get(name).is_none() {
                let message = format!("the argument `{name}` of `{}` is missing", entry.name);
                return Err(Diagnostic::error(codes::ARGUMENTS, range, message).into());
            }
        }
        Ok(args)
    }

    /// No arguments, at the place of others.
    pub(crate) fn none(of: &Args) -> Args {
        Args {
            values: Vec::new(),
            given: Vec::new(),
            rest: Vec::new(),
            others: Vec::new(),
            range: of.range,
            dest: Dest::Temp,
        }
    }

    /// The argument for a parameter; `None` if it is not given, or is `None`.
    pub(crate) fn get(&self, name: &str) -> Option<&Value> {
        self.values.iter().find(|(known, ..)| *known == name).map(|(_, value, _)| value)
    }

    /// Whether the parameter is given, perhaps as `None`.
    pub(crate) fn given(&self, name: &str) -> bool {
        self.given.contains(&name)
    }

    /// Names of the parameters that have arguments.
    pub(crate) fn names(&self) -> impl Iterator<Item = &'static str> {
        self.values.iter().map(|(name, ..)| *name)
    }

    /// The argument for a parameter that must be given.
    pub(crate) fn value(&self, name: &str) -> Value {
        self.get(name).cloned().unwrap_or(Value::None)
    }

    /// The place of an argument, or of the call.
    pub(crate) fn place(&self, name: &str) -> TextRange {
        self.values.iter().find(|(known, ..)| *known == name).map_or(self.range, |(.., place)| *place)
    }

    /// The argument as a data type.
    pub(crate) fn dtype(&self, name: &str) -> Result<Option<DType>> {
        match self.get(name) {
            None => Ok(None),
            Some(value) => match as_dtype(value) {
                Some(dtype) => Ok(Some(dtype)),
                None => Err(self.unsupported(name, "it is not a data type").into()),
            },
        }
    }

    /// The argument as a known truth value.
    pub(crate) fn flag(&self, name: &str) -> Result<bool> {
        match self.get(name) {
            None => Ok(false),
            Some(Value::Scalar(scalar)) if scalar.as_truth().is_some() => Ok(scalar.as_truth() == Some(true)),
            Some(_) => Err(self.unsupported(name, "it must be known at compile time").into()),
        }
    }

    /// The argument as a known integer.
    pub(crate) fn int(&self, name: &str) -> Result<Option<i64>> {
        match self.get(name) {
            None => Ok(None),
            Some(Value::Scalar(scalar)) if scalar.as_int().is_some() => Ok(scalar.as_int()),
            Some(_) => {
                Err(self.unsupported(name, "it must be an integer that is known at compile time").into())
            }
        }
    }

    /// The argument as axes of an array of that rank, ascending; `None` if it is not given.
    pub(crate) fn axes(&self, name: &str, rank: usize) -> Result<Option<Vec<usize>>> {
        let Some(value) = self.get(name) else { return Ok(None) };
        let items = match value {
            Value::Tuple(items) => items.clone(),
            one => vec![one.clone()].into(),
        };
        let mut axes = Vec::new();
        for item in items {
            let at = match item {
                Value::Scalar(scalar) => scalar.as_int(),
                _ => None,
            };
            let at = at.map(|at| if at < 0 { at + rank as i64 } else { at });
            match at.and_then(|at| usize::try_from(at).ok()).filter(|at| *at < rank && !axes.contains(at)) {
                Some(at) => axes.push(at),
                None => {
                    let reason =
                        format!("it must be known, different axes of an array with {rank} dimensions");
                    return Err(self.unsupported(name, &reason).into());
                }
            }
        }
        axes.sort_unstable();
        Ok(Some(axes))
    }

    /// The error for an argument that the function does not take.
    pub(crate) fn unsupported(&self, name: &str, reason: &str) -> Diagnostic {
        let message = format!("this argument for `{name}` cannot be compiled: {reason}");
        Diagnostic::error(codes::UNSUPPORTED_ARGUMENT, self.place(name), message)
    }
}

/// The type that a value names.
fn as_dtype(value: &Value) -> Option<DType> {
    match value {
        Value::DType(dtype) => Some(*dtype),
        Value::Text(name) => type_of_text(name),
        Value::Function(entry) => match entry.name {
            "float" => Some(DType::Float64),
            "int" => Some(DType::Int64),
            "bool" => Some(DType::Bool),
            "complex" => Some(DType::Complex128),
            _ => None,
        },
        _ => None,
    }
}

/// The type that a text names in NumPy: in full, or by its kind and size as in `f8`.
fn type_of_text(text: &str) -> Option<DType> {
    Some(match text.trim_start_matches(['<', '=', '|']) {
        "?" | "b1" => DType::Bool,
        "b" | "i1" => DType::Int8,
        "h" | "i2" => DType::Int16,
        "i" | "i4" => DType::Int32,
        "l" | "q" | "i8" | "int" => DType::Int64,
        "B" | "u1" => DType::UInt8,
        "H" | "u2" => DType::UInt16,
        "I" | "u4" => DType::UInt32,
        "L" | "Q" | "u8" => DType::UInt64,
        "e" | "f2" => DType::Float16,
        "f" | "f4" => DType::Float32,
        "d" | "f8" | "float" => DType::Float64,
        "F" | "c8" => DType::Complex64,
        "D" | "c16" | "complex" => DType::Complex128,
        name => return type_named(name),
    })
}

/// Lowers a call.
pub(crate) fn apply(lowerer: &mut Lowerer<'_>, entry: &'static Entry, args: &Args) -> Result<Value> {
    match entry.lowering {
        Lowering::Call(lower) => lower(lowerer, args),
        Lowering::Refused(why) => Err(why(args).into()),
        Lowering::Composed(kept) => composed::apply(lowerer, entry, kept, args),
        Lowering::Special => composed::apply_special(lowerer, entry, args),
        Lowering::Drawn(how) => distributions::apply(lowerer, how, args),
        _ => ufunc::apply(lowerer, entry, args),
    }
}

/// The module of that name.
pub(crate) fn module(name: &str) -> Module {
    match name {
        "dace" | "dacec" => Module::Dace,
        "dace.data" | "dacec.data" => Module::Data,
        "numpy" => Module::Numpy,
        "numpy.linalg" => Module::Linalg,
        "numpy.random" => Module::Random,
        "numpy.fft" => Module::Fft,
        "math" => Module::Math,
        "cmath" => Module::Cmath,
        "scipy" => Module::Scipy,
        "scipy.special" => Module::Special,
        "scipy.linalg" => Module::ScipyLinalg,
        "scipy.signal" => Module::Signal,
        "scipy.integrate" => Module::Integrate,
        "numpy.lib" => Module::Lib,
        "numpy.lib.stride_tricks" => Module::StrideTricks,
        _ => Module::Other,
    }
}

fn tables(module: Module) -> &'static [&'static [Entry]] {
    match module {
        Module::Numpy => &[
            elementwise::ENTRIES,
            creation::ENTRIES,
            matrices::ENTRIES,
            reductions::ENTRIES,
            scans::ENTRIES,
            linalg::ENTRIES,
            contraction::ENTRIES,
            manipulation::ENTRIES,
            joining::ENTRIES,
            selection::ENTRIES,
            sequences::ENTRIES,
            counted::ENTRIES,
            formulas::ENTRIES,
            limits::ENTRIES,
            casting::ENTRIES,
            composed::ENTRIES,
        ],
        Module::Math => &[math::MATH, elementwise::MATH],
        Module::Cmath => &[math::CMATH],
        Module::Dace => &[dace::ENTRIES, math::MATH, elementwise::MATH],
        Module::Data => &[dace::DATA],
        Module::Linalg => &[linalg::LINALG, dense::ENTRIES, composed::LINALG],
        Module::Random => &[random::ENTRIES],
        Module::Fft => &[fft::ENTRIES],
        Module::Special => &[elementwise::SPECIAL, composed::SPECIAL],
        Module::ScipyLinalg => &[composed::SCIPY_LINALG],
        Module::Signal => &[composed::SIGNAL],
        Module::Integrate => &[composed::INTEGRATE],
        Module::StrideTricks => &[windows::ENTRIES],
        Module::Scipy | Module::Lib | Module::Other => &[],
    }
}

/// What `module.name` is.
pub(crate) fn member(module: Module, name: &str) -> Option<Value> {
    let constant = |value: f64| Some(Value::Scalar(Scalar::float(value)));
    match (module, name) {
        (Module::Other, _) => return None,
        (Module::Numpy, "linalg") => return Some(Value::Module(Module::Linalg)),
        (Module::Numpy, "random") => return Some(Value::Module(Module::Random)),
        (Module::Numpy, "fft") => return Some(Value::Module(Module::Fft)),
        (Module::Numpy, "lib") => return Some(Value::Module(Module::Lib)),
        (Module::Lib, "stride_tricks") => return Some(Value::Module(Module::StrideTricks)),
        (Module::Scipy, "linalg") => return Some(Value::Module(Module::ScipyLinalg)),
        (Module::Scipy, "signal") => return Some(Value::Module(Module::Signal)),
        (Module::Scipy, "integrate") => return Some(Value::Module(Module::Integrate)),
        (Module::Scipy, "special") => return Some(Value::Module(Module::Special)),
        (Module::Numpy, "newaxis") => return Some(Value::None),
        (Module::Numpy, "mgrid") => return Some(Value::Indexer(Indexer::Grid)),
        (Module::Numpy, "ogrid") => return Some(Value::Indexer(Indexer::OpenGrid)),
        (Module::Numpy, "r_") => return Some(Value::Indexer(Indexer::Rows)),
        (Module::Numpy, "c_") => return Some(Value::Indexer(Indexer::Columns)),
        (Module::Numpy, "s_" | "index_exp") => return Some(Value::Indexer(Indexer::Itself)),
        (Module::Scipy, "fft") => return Some(Value::Module(Module::Fft)),
        (Module::Dace, "data") => return Some(Value::Module(Module::Data)),
        (Module::Dace, "math") => return Some(Value::Module(Module::Math)),
        (Module::Dace, "map") => return Some(Value::Map),
        (Module::Dace, "mapscope") => return Some(Value::MapScope),
        (Module::Dace, "consume") => return Some(Value::Consume),
        (Module::Dace, "consumescope") => return Some(Value::ConsumeScope),
        (Module::Dace, "tasklet") => return Some(Value::Tasklet),
        (Module::Dace, "compiletime") => return Some(Value::CompileTime),
        (Module::Dace, "program" | "function" | "method") => return Some(Value::Decorator),
        (Module::Dace, "StorageType" | "ScheduleType" | "DeviceType" | "AllocationLifetime" | "Language") => {
            return Some(Value::Hint);
        }
        (Module::Numpy | Module::Math | Module::Cmath, "pi") => return constant(std::f64::consts::PI),
        (Module::Numpy, "euler_gamma") => return constant(0.577_215_664_901_532_9),
        (Module::Numpy | Module::Math | Module::Cmath, "e") => return constant(std::f64::consts::E),
        (Module::Math, "tau") => return constant(std::f64::consts::TAU),
        (Module::Numpy | Module::Math | Module::Cmath, "inf") => return constant(f64::INFINITY),
        (Module::Numpy | Module::Math | Module::Cmath, "nan") => return constant(f64::NAN),
        _ => {}
    }
    if matches!(module, Module::Numpy | Module::Dace)
        && let Some(dtype) = type_named(name)
    {
        return Some(Value::DType(dtype));
    }
    find(tables(module), name).or_else(|| alias(module, name)).map(Value::Function)
}

/// Functions that are known under another name, or in another module, too.
const ALIASES: &[(Module, &str, Module, &str)] = &[
    (Module::Numpy, "acos", Module::Numpy, "arccos"),
    (Module::Numpy, "acosh", Module::Numpy, "arccosh"),
    (Module::Numpy, "asin", Module::Numpy, "arcsin"),
    (Module::Numpy, "asinh", Module::Numpy, "arcsinh"),
    (Module::Numpy, "atan", Module::Numpy, "arctan"),
    (Module::Numpy, "atan2", Module::Numpy, "arctan2"),
    (Module::Numpy, "atanh", Module::Numpy, "arctanh"),
    (Module::Numpy, "pow", Module::Numpy, "power"),
    (Module::Numpy, "row_stack", Module::Numpy, "vstack"),
    (Module::Numpy, "asanyarray", Module::Numpy, "asarray"),
    (Module::Numpy, "asfortranarray", Module::Numpy, "asarray"),
    (Module::Numpy, "require", Module::Numpy, "asarray"),
    (Module::Linalg, "cross", Module::Numpy, "cross"),
    (Module::Special, "psi", Module::Special, "digamma"),
    (Module::Special, "sinc", Module::Numpy, "sinc"),
    (Module::ScipyLinalg, "solve", Module::Linalg, "solve"),
    (Module::ScipyLinalg, "inv", Module::Linalg, "inv"),
    (Module::ScipyLinalg, "det", Module::Linalg, "det"),
    (Module::ScipyLinalg, "norm", Module::Linalg, "norm"),
    (Module::ScipyLinalg, "pinv", Module::Linalg, "pinv"),
    (Module::ScipyLinalg, "eigvalsh", Module::Linalg, "eigvalsh"),
    (Module::ScipyLinalg, "eigh", Module::Linalg, "eigh"),
    (Module::ScipyLinalg, "svd", Module::Linalg, "svd"),
    (Module::ScipyLinalg, "svdvals", Module::Linalg, "svdvals"),
    (Module::Integrate, "trapezoid", Module::Numpy, "trapezoid"),
    (Module::Linalg, "matrix_transpose", Module::Numpy, "matrix_transpose"),
    (Module::Linalg, "tensordot", Module::Numpy, "tensordot"),
    (Module::Linalg, "vecdot", Module::Numpy, "vecdot"),
];

fn alias(module: Module, name: &str) -> Option<&'static Entry> {
    let (.., own, known) = ALIASES.iter().find(|(from, other, ..)| *from == module && *other == name)?;
    find(tables(*own), known)
}

/// Calls a function of NumPy.
pub(crate) fn call_numpy(
    lowerer: &mut Lowerer<'_>,
    name: &str,
    given: GivenArgs,
    range: TextRange,
) -> Result<Value> {
    match find(tables(Module::Numpy), name) {
        Some(entry) => {
            let args = Args::bind(entry, None, given, range, &Dest::Temp)?;
            apply(lowerer, entry, &args)
        }
        None => {
            let message = format!("numpy has no `{name}` that can be compiled");
            Err(Diagnostic::error(codes::UNSUPPORTED_CALL, range, message).into())
        }
    }
}

fn type_named(name: &str) -> Option<DType> {
    match name {
        "bool_" => Some(DType::Bool),
        "double" => Some(DType::Float64),
        "single" => Some(DType::Float32),
        "half" => Some(DType::Float16),
        "intc" => Some(DType::Int32),
        "int_" | "intp" => Some(DType::Int64),
        _ => name.parse().ok(),
    }
}

fn find(tables: &'static [&'static [Entry]], name: &str) -> Option<&'static Entry> {
    tables.iter().flat_map(|table| table.iter()).find(|entry| entry.name == name)
}

/// Names of a module's functions, for suggestions.
pub(crate) fn member_names(module: Module) -> impl Iterator<Item = &'static str> {
    let aliases = ALIASES.iter().filter(move |(own, ..)| *own == module).map(|(_, name, ..)| *name);
    tables(module).iter().flat_map(|table| table.iter()).map(|entry| entry.name).chain(aliases)
}

/// Python's own function of that name.
pub(crate) fn builtin(name: &str) -> Option<Value> {
    find(&[python::ENTRIES], name).map(Value::Function)
}

/// Names of Python's own functions.
pub(crate) fn builtin_names() -> impl Iterator<Item = &'static str> {
    python::ENTRIES.iter().map(|entry| entry.name)
}

/// Functions of NumPy that arrays have as methods too, with the same parameters.
const METHODS: &[&str] = &[
    "all",
    "any",
    "argmax",
    "argmin",
    "argpartition",
    "argsort",
    "choose",
    "clip",
    "conj",
    "conjugate",
    "copy",
    "cumprod",
    "cumsum",
    "diagonal",
    "dot",
    "max",
    "mean",
    "min",
    "prod",
    "put",
    "ravel",
    "repeat",
    "round",
    "searchsorted",
    "squeeze",
    "std",
    "sum",
    "swapaxes",
    "take",
    "trace",
    "var",
];

/// Attributes of arrays that are no methods.
const ATTRIBUTES: &[&str] =
    &["shape", "size", "ndim", "dtype", "itemsize", "nbytes", "strides", "flat", "T", "mT", "real", "imag"];

/// The method of that name of arrays and numbers.
pub(crate) fn method(name: &str) -> Option<&'static Entry> {
    let listed = METHODS.contains(&name);
    find(&[manipulation::METHODS, scans::METHODS], name)
        .or_else(|| if listed { find(tables(Module::Numpy), name) } else { None })
}

/// The method of that name of generators of random numbers.
pub(crate) fn generator_method(name: &str) -> Option<&'static Entry> {
    find(&[random::METHODS, distributions::METHODS], name)
}

/// The method of that name of streams.
pub(crate) fn stream_method(name: &str) -> Option<&'static Entry> {
    find(&[dace::STREAMS], name)
}

/// Names of the methods of streams, for suggestions.
pub(crate) fn stream_method_names() -> impl Iterator<Item = &'static str> {
    dace::STREAMS.iter().map(|entry| entry.name)
}

/// Names of the methods of generators, for suggestions.
pub(crate) fn generator_method_names() -> impl Iterator<Item = &'static str> {
    random::METHODS.iter().chain(distributions::METHODS).map(|entry| entry.name)
}

/// The method of that name of universal functions.
pub(crate) fn ufunc_method(name: &str) -> Option<&'static Entry> {
    find(&[ufunc::METHODS], name)
}

/// Names of methods and attributes of arrays, for suggestions.
pub(crate) fn attribute_names() -> impl Iterator<Item = &'static str> {
    METHODS.iter().chain(ATTRIBUTES).copied()
}

/// The argument as a shape.
fn shape_of(lowerer: &mut Lowerer<'_>, value: &Value, range: TextRange) -> Result<Vec<Expr>> {
    match value {
        Value::Tuple(items) => items.iter().map(|item| lowerer.integer(item, range)).collect(),
        one => lowerer.integer(one, range).map(|extent| vec![extent]),
    }
}

/// The value as an array; a number is one without dimensions, which most functions do not take.
fn array(lowerer: &mut Lowerer<'_>, args: &Args, name: &str) -> Result<View> {
    match args.get(name) {
        Some(Value::Array(view)) => Ok(view.clone()),
        Some(Value::Tuple(items)) => {
            let items = items.clone();
            creation::of_items(lowerer, args, name, &items)
        }
        Some(Value::Scalar(_)) => Err(args.unsupported(name, "it must be an array, not a number").into()),
        Some(other) => Err(lowerer.not_a_number(other, args.place(name))),
        None => Err(args.unsupported(name, "it is missing").into()),
    }
}

/// The axis of an array with so many dimensions, which may be counted from the end.
fn axis_of(at: i64, rank: usize) -> Option<usize> {
    let at = if at < 0 { at + rank as i64 } else { at };
    usize::try_from(at).ok().filter(|at| *at < rank)
}

/// The number of elements of an array of that shape.
fn elements(shape: &[Expr]) -> Expr {
    shape.iter().fold(Expr::one(), |product, extent| product * extent)
}
