//! What can be wrong with a call, in the caller's terms.

use super::{Extent, Given, solve::Table};
use crate::{
    arguments::Value,
    array::{ArrayRef, OutOfMemory},
    error_code::ErrorCode,
    scalar::{ConversionError, ScalarValue},
    signature::{Argument, ArrayArgument, Signature},
};
use dacec_ir::{DType, Name, symbolic::EvalError};
use miette::Diagnostic;

/// A call was refused, or the program gave up.
#[derive(Clone, Debug, PartialEq, thiserror::Error, Diagnostic)]
pub enum CallError {
    /// An argument is missing.
    #[error("the argument `{name}` is missing; it is {expected}")]
    #[diagnostic(code(R040), help("pass every argument of the program; symbols are found from the shapes"))]
    Missing {
        /// The argument.
        name: Name,
        /// Its type.
        expected: String,
    },
    /// The program has no such argument.
    #[error("`{program}` has no argument `{name}`")]
    #[diagnostic(code(R041), help("{help}"))]
    Unknown {
        /// What was passed.
        name: Name,
        /// The program.
        program: Name,
        /// A similar name, or all names.
        help: String,
    },
    /// A value was passed for an array, or an array for a value.
    #[error("`{name}` is {expected}, but {given} was passed")]
    #[diagnostic(code(R042), help("{help}"))]
    WrongKind {
        /// The argument.
        name: Name,
        /// What it must be.
        expected: String,
        /// What was passed.
        given: String,
        /// What to do.
        help: &'static str,
    },
    /// The elements are of another type.
    #[error("`{name}` is an array of {expected}, but one of {given} was passed")]
    #[diagnostic(code(R043), help("convert it first; in NumPy: `{name}.astype(np.{expected})`"))]
    WrongDType {
        /// The argument.
        name: Name,
        /// The element type of the program.
        expected: DType,
        /// The element type of the array.
        given: DType,
    },
    /// The array has too few or too many dimensions.
    #[error("`{name}` is {expected}, but an array of shape {given:?} was passed")]
    #[diagnostic(
        code(R044),
        help("pass an array with {rank} dimension(s); more may follow if their extent is one")
    )]
    WrongRank {
        /// The argument.
        name: Name,
        /// Its type.
        expected: String,
        /// How many dimensions that has.
        rank: usize,
        /// The shape of the array.
        given: Vec<usize>,
    },
    /// An extent does not agree with the others.
    #[error(
        "`{name}` has extent {given} along dimension {dimension}, but must have {expected} there{because}"
    )]
    #[diagnostic(code(R045), help("{help}"))]
    WrongExtent {
        /// The argument.
        name: Name,
        /// The dimension, from 0.
        dimension: usize,
        /// The extent that was passed.
        given: usize,
        /// The extent that fits.
        expected: i64,
        /// Where that follows from.
        because: String,
        /// What to do.
        help: String,
    },
    /// The elements lie otherwise in memory than the program was compiled for.
    #[error(
        "`{name}` has stride {given} along dimension {dimension}, but the program was compiled for {expected}"
    )]
    #[diagnostic(code(R046), help("{help}"))]
    WrongStride {
        /// The argument.
        name: Name,
        /// The dimension, from 0.
        dimension: usize,
        /// The stride of the array, in elements.
        given: i64,
        /// The stride of the program, in elements.
        expected: i64,
        /// What to do.
        help: String,
    },
    /// The address is no address of such an element.
    #[error("`{name}` does not start at an address that {dtype} can have (a multiple of {alignment})")]
    #[diagnostic(code(R047), help("copy it first; in NumPy: `np.require({name}, requirements='A')`"))]
    Misaligned {
        /// The argument.
        name: Name,
        /// The element type.
        dtype: DType,
        /// What the address must be a multiple of.
        alignment: usize,
    },
    /// Arguments share memory, and one of them is written.
    #[error("`{written}`, which the program writes, shares memory with `{other}`")]
    #[diagnostic(
        code(R048),
        help("programs are compiled for arguments that do not overlap: pass a copy of one of them")
    )]
    Overlap {
        /// The argument that is written.
        written: Name,
        /// The other.
        other: Name,
    },
    /// Several indices lead to the same element of an array that is written.
    #[error("`{name}`, which the program writes, has several indices for the same element")]
    #[diagnostic(
        code(R057),
        help("pass a copy; in NumPy, broadcast arrays become usual ones by `{name}.copy()`")
    )]
    SelfOverlap {
        /// The argument.
        name: Name,
    },
    /// The array must not be written, but the program does.
    #[error("`{name}` is read-only, but the program writes to it")]
    #[diagnostic(code(R049), help("pass an array that can be written, or a copy"))]
    ReadOnly {
        /// The argument.
        name: Name,
    },
    /// A value does not fit its type.
    #[error("`{name}`: {error}")]
    #[diagnostic(code(R050), help("convert the value first"))]
    Scalar {
        /// The argument or symbol.
        name: Name,
        /// What does not fit.
        error: ConversionError,
    },
    /// A symbol is in no shape from which it could be found.
    #[error("the value of the symbol `{name}` does not follow from the shapes of the arguments")]
    #[diagnostic(code(R051), help("pass it by name, like a scalar argument"))]
    UnknownSymbol {
        /// The symbol.
        name: Name,
    },
    /// An extent is negative.
    #[error("dimension {dimension} of `{name}` has extent {extent}, which is {value}: negative")]
    #[diagnostic(code(R052), help("the sizes that were passed are too small for this program"))]
    NegativeExtent {
        /// The argument or result.
        name: Name,
        /// The dimension, from 0.
        dimension: usize,
        /// The formula.
        extent: String,
        /// Its value.
        value: i64,
    },
    /// An extent has no value.
    #[error("the extent {extent} has no value: {error}")]
    #[diagnostic(code(R053), help("the sizes that were passed do not fit this program"))]
    NoValue {
        /// The formula.
        extent: String,
        /// Why not.
        error: EvalError,
    },
    /// A result does not fit into memory.
    #[error("`{name}`: {error}")]
    #[diagnostic(code(R054), help("choose smaller sizes"))]
    NoMemory {
        /// The result.
        name: Name,
        /// What was asked for.
        error: OutOfMemory,
    },
    /// The program returned an error.
    #[error("`{program}` failed: {message}")]
    #[diagnostic(code(R055), help("{help}"))]
    Failed {
        /// The program.
        program: Name,
        /// The number that it returned.
        number: i32,
        /// Its message.
        message: String,
        /// What to do.
        help: &'static str,
    },
    /// An array with elements has no address.
    #[error("`{name}` is a null pointer")]
    #[diagnostic(code(R056), help("pass an array"))]
    Null {
        /// The argument.
        name: Name,
    },
}

impl CallError {
    /// What a program's return value means.
    pub(crate) fn failed(program: &Name, number: i32, message: Option<String>) -> CallError {
        let code = ErrorCode::from_number(number);
        let message = message.or_else(|| code.map(|code| code.to_string()));
        let message = message.unwrap_or_else(|| format!("it returned the unknown error {number}"));
        let help = match code {
            Some(ErrorCode::UnsupportedCpu) => {
                "build the program on this machine, or for an older CPU: `--march x86-64-v2`"
            }
            Some(ErrorCode::OutOfMemory) => "choose smaller sizes",
            _ => "check the arguments and sizes against the program",
        };
        CallError::Failed { program: program.clone(), number, message, help }
    }
}

pub(super) fn missing(argument: &Argument) -> CallError {
    CallError::Missing { name: argument.name.clone(), expected: argument.kind.to_string() }
}

pub(super) fn unknown(name: &Name, signature: &Signature) -> CallError {
    let known = signature.arguments.iter().map(|argument| &argument.name).chain(&signature.symbols);
    let known: Vec<&str> = known.map(Name::as_str).collect();
    let similarity = |other: &&&str| (strsim::jaro_winkler(name, other) * 1e6) as u64;
    let similar = known.iter().max_by_key(similarity).filter(|other| similarity(other) > 800_000);
    let help = match similar {
        Some(other) => format!("did you mean `{other}`?"),
        None => format!("its arguments and symbols are {}", known.join(", ")),
    };
    CallError::Unknown { name: name.clone(), program: signature.name.clone(), help }
}

pub(super) fn wrong_kind(argument: &Argument, value: &Value<'_>) -> CallError {
    let (given, help) = match value {
        Value::Array(array) => (format!("an array of shape {:?}", array.shape()), "pass one number"),
        Value::Scalar(value) => (format!("the value {value}"), "pass an array"),
    };
    CallError::WrongKind { name: argument.name.clone(), expected: argument.kind.to_string(), given, help }
}

pub(super) fn symbol_value(name: &Name, value: ScalarValue) -> CallError {
    let error = ConversionError::Kind { value, dtype: DType::Int64 };
    CallError::Scalar { name: name.clone(), error }
}

pub(super) fn wrong_rank(argument: &Argument, declared: &ArrayArgument, array: &ArrayRef<'_>) -> CallError {
    CallError::WrongRank {
        name: argument.name.clone(),
        expected: declared.to_string(),
        rank: declared.shape.len(),
        given: array.shape().to_vec(),
    }
}

pub(super) fn negative(name: &Name, dimension: usize, extent: String, value: i64) -> CallError {
    CallError::NegativeExtent { name: name.clone(), dimension, extent, value }
}

/// Says from which array each symbol's value is, because that array may be the wrong one.
pub(super) fn wrong_extent(
    given: &Given<'_>,
    dimension: usize,
    extent: &Extent,
    expected: i64,
    table: &Table<'_>,
    names: &[Name],
) -> CallError {
    let symbols: Vec<Name> = match extent {
        Extent::Constant(_) => Vec::new(),
        Extent::Named(slot) => vec![names[*slot].clone()],
        Extent::Formula(expr) => expr.symbols().into_iter().collect(),
    };
    let facts: Vec<String> = symbols
        .iter()
        .filter_map(|name| {
            let value = table.get(name)?;
            Some(match table.source(name) {
                Some(source) => format!("{name} = {value} from `{source}`"),
                None => format!("{name} = {value} as passed"),
            })
        })
        .collect();
    let because = if facts.is_empty() { String::new() } else { format!(" ({})", facts.join(", ")) };
    CallError::WrongExtent {
        name: given.name.clone(),
        dimension,
        given: given.shape[dimension],
        expected,
        because,
        help: format!("`{}` is {}", given.name, given.declared),
    }
}

pub(super) fn wrong_stride(given: &Given<'_>, dimension: usize, expected: i64, value: i64) -> CallError {
    let name = given.name;
    let help = match given.declared.strides {
        None => format!(
            "pass a copy whose rows lie one after the other; in NumPy: `np.ascontiguousarray({name})`"
        ),
        Some(_) => "pass an array with the layout that the program declares".to_owned(),
    };
    CallError::WrongStride { name: name.clone(), dimension, given: value, expected, help }
}
