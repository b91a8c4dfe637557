//! `numpy.random`: generators made by `default_rng`, whose numbers are those of NumPy, bit for bit.
//!
//! A generator is an array that holds the state of PCG64. Its numbers come in the order of the calls, so it cannot be
//! used in a parallel loop.

use super::{Args, Entry, call, elements, refused, shape_of, ziggurat};
use crate::codes;
use crate::diagnostic::Diagnostic;
use crate::lower::{Dest, Library, Lowerer, Result};
use crate::scalar;
use crate::types::{Scalar, Value, View};
use dacec_ir::interp::Tensor;
use dacec_ir::{BinaryOp, DType, Expr, ScalarExpr};

/// Functions of `numpy.random`.
pub(super) const ENTRIES: &[Entry] = &[
    call("default_rng", &["seed?"], default_rng),
    refused("seed", global),
    refused("rand", global),
    refused("randn", global),
    refused("randint", global),
    refused("random", global),
    refused("random_sample", global),
    refused("uniform", global),
    refused("normal", global),
    refused("standard_normal", global),
];

/// Methods of generators.
pub(super) const METHODS: &[Entry] = &[
    call("random", &["self", "size?", "dtype?", "out?"], random),
    call("uniform", &["self", "low?", "high?", "size?"], uniform),
    call("integers", &["self", "low", "high?", "size?", "dtype?", "endpoint?"], integers),
    call("standard_normal", &["self", "size?", "dtype?"], |l, args| {
        if args.dtype("dtype")?.is_some_and(|dtype| dtype != DType::Float64) {
            return Err(args.unsupported("dtype", "it must be `np.float64`").into());
        }
        normal(l, args)
    }),
    call("normal", &["self", "loc?", "scale?", "size?"], normal),
    call("shuffle", &["self", "x"], shuffle),
    call("permutation", &["self", "x"], permutation),
    call("permuted", &["self", "x"], permuted),
    call("choice", &["self", "a", "size?", "replace?", "p?", "shuffle?"], choice),
];

/// What has a state of the whole process in NumPy.
fn global(args: &Args) -> Diagnostic {
    let message = "the random numbers of the module have a state that all of NumPy shares";
    Diagnostic::error(codes::UNSUPPORTED_CALL, args.range, message)
        .help("make a generator: `rng = np.random.default_rng(seed)`, and use `rng.random(...)`")
}

fn default_rng(lowerer: &mut Lowerer<'_>, args: &Args) -> Result<Value> {
    check_order(lowerer, args)?;
    let seed = match args.value("seed") {
        Value::Scalar(seed) if seed.dtype().is_integer() => Value::Scalar(seed),
        Value::None => {
            return Err(args
                .unsupported("seed", "a generator without a seed gives other numbers in each run")
                .help("give an integer: `np.random.default_rng(42)`")
                .into());
        }
        _ => return Err(args.unsupported("seed", "it must be an integer").into()),
    };
    let seed = lowerer.as_dtype(&seed, DType::Int64, &Dest::Temp, args.range)?;
    let state = lowerer.new_array("__generator", DType::UInt64, &[Expr::int(6)]);
    let library = Library::new("seeded").helpers(&["high_product", "step"]);
    let library = library.value("seed", seed).array("state", &state);
    lowerer.call_library(&library, &Dest::Temp, args.range)?;
    Ok(Value::Generator(state))
}

/// Iterations of a parallel loop have no order in which they could draw numbers.
fn check_order(lowerer: &Lowerer<'_>, args: &Args) -> Result<()> {
    if !lowerer.is_in_parallel_loop() {
        return Ok(());
    }
    let message = "random numbers come in order, and iterations of a parallel loop have none";
    Err(Diagnostic::error(codes::MAP, args.range, message)
        .help("fill an array with random numbers before the loop")
        .into())
}

/// The generator's state, and where so many numbers go: a vector, and the shape that they get.
pub(super) struct Draw {
    state: View,
    numbers: View,
    /// `None` for one number.
    shape: Option<Vec<Expr>>,
}

impl Draw {
    /// As many vectors of numbers as the argument `size` says.
    pub(super) fn of_rows(lowerer: &mut Lowerer<'_>, args: &Args, dtype: DType, row: &Expr) -> Result<Draw> {
        let mut draw = Draw::of(lowerer, args, dtype)?;
        let mut shape = draw.shape.unwrap_or_default();
        shape.push(row.clone());
        draw.numbers = lowerer.new_array("__random", dtype, &[elements(&shape)]);
        draw.shape = Some(shape);
        Ok(draw)
    }

    /// As many numbers as the argument `size` says.
    pub(super) fn of(lowerer: &mut Lowerer<'_>, args: &Args, dtype: DType) -> Result<Draw> {
        check_order(lowerer, args)?;
        let Some(Value::Generator(state)) = args.get("self").cloned() else {
            return Err(args.unsupported("self", "it is no generator").into());
        };
        let shape = match args.get("size").cloned() {
            Some(size) => Some(shape_of(lowerer, &size, args.place("size"))?),
            None => None,
        };
        let count = shape.as_deref().map_or(Expr::one(), elements);
        let prefix =
            if shape.as_ref().is_some_and(|it| it.len() == 1) { args.dest.prefix() } else { "__random" };
        let numbers = lowerer.new_array(prefix, dtype, &[count]);
        Ok(Draw { state, numbers, shape })
    }

    /// Draws the numbers; one number is of Python's type if `is_python` says so.
    pub(super) fn done(
        self,
        lowerer: &mut Lowerer<'_>,
        args: &Args,
        library: Library,
        is_python: bool,
    ) -> Result<Value> {
        let Draw { state, numbers, shape } = self;
        let library = library.array("state", &state).array("out", &numbers);
        lowerer.call_library(&library, &Dest::Temp, args.range)?;
        Ok(match shape.as_deref() {
            None => {
                let number = lowerer.materialize("__random", &numbers.element(&[Expr::zero()]));
                let dtype = number.dtype();
                Value::Scalar(if is_python { Scalar::weak(number.code, dtype) } else { number })
            }
            Some([_]) => Value::Array(numbers),
            Some(shape) => {
                let out = lowerer.new_array(args.dest.prefix(), numbers.dtype, shape);
                lowerer.copy_elements(&numbers, &out);
                lowerer.flush();
                Value::Array(out)
            }
        })
    }
}

/// Numbers from 0 to below 1.
fn random(lowerer: &mut Lowerer<'_>, args: &Args) -> Result<Value> {
    let dtype = args.dtype("dtype")?.unwrap_or(DType::Float64);
    let library = match dtype {
        DType::Float64 => doubles(Scalar::float(0.0), Scalar::float(1.0)),
        DType::Float32 => {
            Library::new("uniform_singles").helpers(&["high_product", "step", "next64", "next32"])
        }
        _ => return Err(args.unsupported("dtype", "it must be `np.float64` or `np.float32`").into()),
    };
    let Some(Value::Array(target)) = args.get("out").cloned() else {
        let draw = Draw::of(lowerer, args, dtype)?;
        return draw.done(lowerer, args, library, dtype == DType::Float64);
    };
    if target.dtype != dtype || args.get("size").is_some() {
        return Err(args.unsupported("out", "it must have the type of the numbers, and no `size`").into());
    }
    let mut draw = Draw::of(lowerer, args, dtype)?;
    let shape = target.shape();
    draw.numbers = lowerer.new_array("__random", dtype, &[elements(&shape)]);
    draw.shape = Some(shape);
    let result = draw.done(lowerer, args, library, false)?;
    lowerer.write(&target, &result, args.range)?;
    Ok(Value::Array(target))
}

fn doubles(low: Scalar, high: Scalar) -> Library {
    Library::new("uniform_doubles")
        .helpers(&["high_product", "step", "next64"])
        .value("low", Value::Scalar(low))
        .value("high", Value::Scalar(high))
}

/// Numbers from one bound to below another.
fn uniform(lowerer: &mut Lowerer<'_>, args: &Args) -> Result<Value> {
    let (low, high) = (real(lowerer, args, "low", 0.0)?, real(lowerer, args, "high", 1.0)?);
    let draw = Draw::of(lowerer, args, DType::Float64)?;
    draw.done(lowerer, args, doubles(low, high), true)
}

/// A real number, computed once.
pub(super) fn real(lowerer: &mut Lowerer<'_>, args: &Args, name: &str, default: f64) -> Result<Scalar> {
    match args.get(name) {
        None => Ok(Scalar::float(default)),
        Some(Value::Scalar(number)) if !number.dtype().is_complex() => {
            let number = scalar::converted(number, DType::Float64);
            Ok(lowerer.hoist(&number))
        }
        Some(_) => Err(args.unsupported(name, "it must be a real number").into()),
    }
}

/// Numbers of a normal distribution.
fn normal(lowerer: &mut Lowerer<'_>, args: &Args) -> Result<Value> {
    let (center, scale) = (real(lowerer, args, "loc", 0.0)?, real(lowerer, args, "scale", 1.0)?);
    let draw = Draw::of(lowerer, args, DType::Float64)?;
    let [widths, heights, limits] = tables(lowerer, ziggurat::tables());
    let library = Library::new("normals")
        .helpers(&["high_product", "step", "next64", "unit", "normal_one"])
        .constant("TAIL", format!("{:?}", ziggurat::TAIL))
        .value("center", Value::Scalar(center))
        .value("scale", Value::Scalar(scale))
        .array("widths", &widths)
        .array("heights", &heights)
        .array("limits", &limits);
    draw.done(lowerer, args, library, true)
}

/// Tables as constant arrays.
pub(super) fn tables(lowerer: &mut Lowerer<'_>, tables: ziggurat::Tables) -> [View; 3] {
    let widths = lowerer.constant_array("__widths", Tensor::vector(tables.widths));
    let heights = lowerer.constant_array("__heights", Tensor::vector(tables.heights));
    let limits = lowerer.constant_array("__limits", Tensor::vector(tables.limits));
    [widths, heights, limits]
}

/// The state of the generator of a call that draws no numbers of its own.
fn state_of(lowerer: &Lowerer<'_>, args: &Args) -> Result<View> {
    check_order(lowerer, args)?;
    match args.get("self") {
        Some(Value::Generator(state)) => Ok(state.clone()),
        _ => Err(args.unsupported("self", "it is no generator").into()),
    }
}

/// Puts the rows of an array into another order.
fn shuffle(lowerer: &mut Lowerer<'_>, args: &Args) -> Result<Value> {
    let state = state_of(lowerer, args)?;
    let Some(Value::Array(rows)) = args.get("x").cloned() else {
        return Err(args.unsupported("x", "it must be an array").into());
    };
    let rank = rows.rank();
    let library = Library::new(if rank == 1 { "shuffled" } else { "shuffled_rows" })
        .helpers(&["high_product", "step", "next64", "next32", "below"])
        .array("state", &state)
        .array("rows", &rows);
    lowerer.call_library(&library, &Dest::Temp, args.range)
}

/// The numbers below one, or the rows of an array, in another order.
fn permutation(lowerer: &mut Lowerer<'_>, args: &Args) -> Result<Value> {
    let state = state_of(lowerer, args)?;
    let (prefix, rows) = (args.dest.prefix(), args.value("x"));
    // Of an array with several dimensions, the places of the rows are put into another order.
    let (order, rows) = match rows {
        Value::Array(rows) if rows.rank() == 1 => (lowerer.copied(&rows, prefix), None),
        Value::Array(rows) => (counted(lowerer, "__places", rows.shape()[0].clone()), Some(rows)),
        count => {
            let count = lowerer.integer(&count, args.place("x"))?;
            (counted(lowerer, prefix, count), None)
        }
    };
    lowerer.flush();
    let library = Library::new("shuffled")
        .helpers(&["high_product", "step", "next64", "next32", "below"])
        .array("state", &state)
        .array("rows", &order);
    lowerer.call_library(&library, &Dest::Temp, args.range)?;
    Ok(match rows {
        Some(rows) => super::selection::taken(lowerer, args, &rows, 0, &Value::Array(order)),
        None => Value::Array(order),
    })
}

/// The numbers below one, in order.
fn counted(lowerer: &mut Lowerer<'_>, prefix: &str, count: Expr) -> View {
    let numbers = lowerer.new_array(prefix, DType::Int64, &[count]);
    lowerer.fill("arange", &numbers, &|at| ScalarExpr::Symbolic(at[0].clone()));
    numbers
}

/// What `bounded` calls.
const BOUNDED: &[&str] = &["high_product", "step", "next64", "next32", "lemire"];

/// All elements of an array in another order.
fn permuted(lowerer: &mut Lowerer<'_>, args: &Args) -> Result<Value> {
    let state = state_of(lowerer, args)?;
    let view = super::array(lowerer, args, "x")?;
    let line = super::manipulation::flattened(lowerer, &view);
    let library = Library::new("shuffled")
        .helpers(&["high_product", "step", "next64", "next32", "below"])
        .array("state", &state)
        .array("rows", &line);
    lowerer.call_library(&library, &Dest::Temp, args.range)?;
    let out = lowerer.new_array(args.dest.prefix(), view.dtype, &view.shape());
    lowerer.copy_elements(&line, &out);
    lowerer.flush();
    Ok(Value::Array(out))
}

/// Elements of a vector, or numbers below one.
fn choice(lowerer: &mut Lowerer<'_>, args: &Args) -> Result<Value> {
    let given = match args.value("a") {
        Value::Tuple(_) => Value::Array(super::array(lowerer, args, "a")?),
        other => other,
    };
    let (count, elements) = match given {
        Value::Array(view) if view.rank() == 1 => (view.shape()[0].clone(), Some(view)),
        Value::Array(_) => return Err(args.unsupported("a", "it must be a vector or a number").into()),
        count => (lowerer.integer(&count, args.place("a"))?, None),
    };
    let places = match super::distributions::places(lowerer, args, &count)? {
        Some(places) => places,
        None => {
            let draw = Draw::of(lowerer, args, DType::Int64)?;
            let library = Library::new("bounded")
                .helpers(BOUNDED)
                .value("low", Value::Scalar(Scalar::int(0)))
                .value("last", Value::Scalar(Scalar::symbolic(count - 1)));
            draw.done(lowerer, args, library, false)?
        }
    };
    Ok(match elements {
        None => places,
        Some(elements) => super::selection::taken(lowerer, args, &elements, 0, &places),
    })
}

/// Integers from one bound to below another, or with it.
fn integers(lowerer: &mut Lowerer<'_>, args: &Args) -> Result<Value> {
    let dtype = args.dtype("dtype")?.unwrap_or(DType::Int64);
    if !dtype.is_integer() || dtype == DType::UInt64 {
        let reason = "it must be a type of integers of at most 63 bits, such as `np.int64`";
        return Err(args.unsupported("dtype", reason).into());
    }
    let small = 8 * dtype.size() < 32;
    let (low, high) = match (args.value("low"), args.get("high").cloned()) {
        (low, Some(high)) => (low, high),
        (high, None) => (Value::Scalar(Scalar::int(0)), high),
    };
    let closed = args.flag("endpoint")?;
    let mut bounds = Vec::new();
    for (bound, is_high) in [(low, false), (high, true)] {
        let Value::Scalar(bound) = bound else {
            return Err(args.unsupported("low", "the bounds must be integers").into());
        };
        if !bound.dtype().is_integer() {
            return Err(args.unsupported("low", "the bounds must be integers").into());
        }
        let bound = scalar::converted(&bound, DType::Int64);
        let bound = match is_high && !closed {
            true => scalar::binary(BinaryOp::Sub, &bound, &Scalar::int(1)),
            false => Ok(bound),
        };
        let bound = bound.map_err(|reason| Diagnostic::error(codes::TYPE, args.range, reason))?;
        bounds.push(Value::Scalar(lowerer.hoist(&bound)));
    }
    let mut bounds = bounds.into_iter();
    let draw = Draw::of(lowerer, args, DType::Int64)?;
    // NumPy takes small integers from parts of a draw.
    let library = match small {
        true => Library::new("bounded_small").constant("BITS", (8 * dtype.size()).to_string()),
        false => Library::new("bounded"),
    };
    let library = library
        .helpers(BOUNDED)
        .value("low", bounds.next().unwrap_or(Value::None))
        .value("last", bounds.next().unwrap_or(Value::None));
    let numbers = draw.done(lowerer, args, library, false)?;
    lowerer.as_dtype(&numbers, dtype, &args.dest, args.range)
}
