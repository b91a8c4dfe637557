//! Distributions of `numpy.random.default_rng` beside the uniform and the normal one: `distributions.py`.
//!
//! Each is one [`Distribution`]: the function that draws its numbers, what they depend on, and which tables of the ziggurat
//! method it needs.

use super::random::{Draw, real, tables};
use super::{Args, Entry, Lowering, array, call, ziggurat};
use crate::lower::{Dest, GivenArgs, Library, Lowerer, Result};
use crate::types::Value;
use dacec_ir::{DType, Expr};

/// How the numbers of a distribution are drawn.
#[derive(Debug)]
pub(crate) struct Distribution {
    /// The function of `distributions.py`.
    text: &'static str,
    /// Its parameters, with the values that they have if they are not given.
    parameters: &'static [(&'static str, f64)],
    /// Tables that it takes.
    tables: Tables,
    /// The type of the numbers.
    dtype: DType,
}

/// Tables of the ziggurat method.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Tables {
    /// None of them.
    None,
    /// Those of normal numbers.
    Normal,
    /// Those of exponential numbers.
    Waiting,
    /// Both.
    Both,
}

/// Functions that the functions of `distributions.py` call.
const HELPERS: &[&str] = &[
    "high_product",
    "step",
    "next64",
    "next32",
    "unit",
    "lemire",
    "normal_one",
    "exponential_one",
    "gamma_one",
    "beta_one",
    "poisson_one",
    "tail_of_binomial",
    "binomial_one",
    "geometric_one",
    "vonmises_one",
];

const fn floats(name: &'static str, params: &'static [&'static str], how: &'static Distribution) -> Entry {
    Entry { name, params, lowering: Lowering::Drawn(how) }
}

const fn of(
    text: &'static str,
    parameters: &'static [(&'static str, f64)],
    tables: Tables,
    dtype: DType,
) -> Distribution {
    Distribution { text, parameters, tables, dtype }
}

/// Methods of generators.
pub(super) const METHODS: &[Entry] = &[
    floats(
        "exponential",
        &["self", "scale?", "size?"],
        &of("exponentials", &[("scale", 1.0)], Tables::Waiting, DType::Float64),
    ),
    floats(
        "standard_exponential",
        &["self", "size?"],
        &of("exponentials", &[("scale", 1.0)], Tables::Waiting, DType::Float64),
    ),
    floats(
        "gamma",
        &["self", "shape", "scale?", "size?"],
        &of("gammas", &[("shape", 1.0), ("scale", 1.0)], Tables::Both, DType::Float64),
    ),
    floats(
        "standard_gamma",
        &["self", "shape", "size?"],
        &of("gammas", &[("shape", 1.0), ("scale", 1.0)], Tables::Both, DType::Float64),
    ),
    floats(
        "beta",
        &["self", "a", "b", "size?"],
        &of("betas", &[("a", 1.0), ("b", 1.0)], Tables::Both, DType::Float64),
    ),
    floats(
        "chisquare",
        &["self", "df", "size?"],
        &of("chisquares", &[("df", 1.0)], Tables::Both, DType::Float64),
    ),
    floats(
        "f",
        &["self", "dfnum", "dfden", "size?"],
        &of("ratios", &[("dfnum", 1.0), ("dfden", 1.0)], Tables::Both, DType::Float64),
    ),
    floats(
        "standard_t",
        &["self", "df", "size?"],
        &of("students", &[("df", 1.0)], Tables::Both, DType::Float64),
    ),
    floats("standard_cauchy", &["self", "size?"], &of("cauchys", &[], Tables::Normal, DType::Float64)),
    floats("pareto", &["self", "a", "size?"], &of("paretos", &[("a", 1.0)], Tables::Waiting, DType::Float64)),
    floats(
        "weibull",
        &["self", "a", "size?"],
        &of("weibulls", &[("a", 1.0)], Tables::Waiting, DType::Float64),
    ),
    floats("power", &["self", "a", "size?"], &of("powers", &[("a", 1.0)], Tables::Waiting, DType::Float64)),
    floats(
        "rayleigh",
        &["self", "scale?", "size?"],
        &of("rayleighs", &[("scale", 1.0)], Tables::Waiting, DType::Float64),
    ),
    floats(
        "laplace",
        &["self", "loc?", "scale?", "size?"],
        &of("laplaces", &[("loc", 0.0), ("scale", 1.0)], Tables::None, DType::Float64),
    ),
    floats(
        "gumbel",
        &["self", "loc?", "scale?", "size?"],
        &of("gumbels", &[("loc", 0.0), ("scale", 1.0)], Tables::None, DType::Float64),
    ),
    floats(
        "logistic",
        &["self", "loc?", "scale?", "size?"],
        &of("logistics", &[("loc", 0.0), ("scale", 1.0)], Tables::None, DType::Float64),
    ),
    floats(
        "lognormal",
        &["self", "mean?", "sigma?", "size?"],
        &of("lognormals", &[("mean", 0.0), ("sigma", 1.0)], Tables::Normal, DType::Float64),
    ),
    floats(
        "triangular",
        &["self", "left", "mode", "right", "size?"],
        &of("triangulars", &[("left", 0.0), ("mode", 0.0), ("right", 1.0)], Tables::None, DType::Float64),
    ),
    floats(
        "wald",
        &["self", "mean", "scale", "size?"],
        &of("walds", &[("mean", 1.0), ("scale", 1.0)], Tables::Normal, DType::Float64),
    ),
    floats(
        "vonmises",
        &["self", "mu", "kappa", "size?"],
        &of("vonmises", &[("mu", 0.0), ("kappa", 1.0)], Tables::Normal, DType::Float64),
    ),
    floats(
        "poisson",
        &["self", "lam?", "size?"],
        &of("poissons", &[("lam", 1.0)], Tables::None, DType::Int64),
    ),
    floats(
        "binomial",
        &["self", "n", "p", "size?"],
        &of("binomials", &[("n", 1.0), ("p", 0.5)], Tables::None, DType::Int64),
    ),
    floats(
        "negative_binomial",
        &["self", "n", "p", "size?"],
        &of("negative_binomials", &[("n", 1.0), ("p", 0.5)], Tables::Both, DType::Int64),
    ),
    floats(
        "geometric",
        &["self", "p", "size?"],
        &of("geometrics", &[("p", 0.5)], Tables::Waiting, DType::Int64),
    ),
    floats("zipf", &["self", "a", "size?"], &of("zipfs", &[("a", 2.0)], Tables::None, DType::Int64)),
    floats(
        "logseries",
        &["self", "p", "size?"],
        &of("logarithmics", &[("p", 0.5)], Tables::None, DType::Int64),
    ),
    call("dirichlet", &["self", "alpha", "size?"], dirichlet),
    call("multinomial", &["self", "n", "pvals", "size?"], multinomial),
    call("multivariate_normal", &["self", "mean", "cov", "size?", "method?"], multivariate_normal),
];

/// Draws numbers that depend on numbers.
pub(super) fn apply(lowerer: &mut Lowerer<'_>, how: &Distribution, args: &Args) -> Result<Value> {
    let mut library = Library::new(how.text);
    for (name, default) in how.parameters {
        library = library.value(name, Value::Scalar(real(lowerer, args, name, *default)?));
    }
    let draw = Draw::of(lowerer, args, how.dtype)?;
    let library = with_tables(lowerer, library, how.tables);
    draw.done(lowerer, args, library, true)
}

/// The call with the tables and helpers that its function needs.
pub(super) fn with_tables(lowerer: &mut Lowerer<'_>, library: Library, which: Tables) -> Library {
    let mut library = library
        .helpers(HELPERS)
        .constant("TAIL", format!("{:?}", ziggurat::TAIL))
        .constant("WAITING_TAIL", format!("{:?}", ziggurat::WAITING_TAIL));
    if matches!(which, Tables::Normal | Tables::Both) {
        let [widths, heights, limits] = tables(lowerer, ziggurat::tables());
        library = library.array("nwidths", &widths).array("nheights", &heights).array("nlimits", &limits);
    }
    if matches!(which, Tables::Waiting | Tables::Both) {
        let [widths, heights, limits] = tables(lowerer, ziggurat::waiting_tables());
        library = library.array("widths", &widths).array("heights", &heights).array("limits", &limits);
    }
    library
}

/// Vectors of numbers whose sum is one.
fn dirichlet(lowerer: &mut Lowerer<'_>, args: &Args) -> Result<Value> {
    let alpha = vector(lowerer, args, "alpha")?;
    let draw = Draw::of_rows(lowerer, args, DType::Float64, &alpha.shape()[0])?;
    let library = Library::new("dirichlets").array("alpha", &alpha);
    let library = with_tables(lowerer, library, Tables::Both);
    draw.done(lowerer, args, library, false)
}

/// How often each of several things happens in so many trials.
fn multinomial(lowerer: &mut Lowerer<'_>, args: &Args) -> Result<Value> {
    let shares = vector(lowerer, args, "pvals")?;
    let trials = real(lowerer, args, "n", 1.0)?;
    let draw = Draw::of_rows(lowerer, args, DType::Int64, &shares.shape()[0])?;
    let library = Library::new("multinomials").value("n", Value::Scalar(trials)).array("pvals", &shares);
    let library = with_tables(lowerer, library, Tables::None);
    draw.done(lowerer, args, library, false)
}

/// The argument as a vector of doubles.
pub(super) fn vector(lowerer: &mut Lowerer<'_>, args: &Args, name: &str) -> Result<crate::types::View> {
    let view = array(lowerer, args, name)?;
    if view.rank() != 1 || view.dtype.is_complex() {
        return Err(args.unsupported(name, "it must be a vector of real numbers").into());
    }
    let view = lowerer.copied(&view, "__tmp");
    let view = lowerer.as_dtype(&Value::Array(view), DType::Float64, &Dest::Temp, args.range)?;
    lowerer.flush();
    match view {
        Value::Array(view) => Ok(view),
        other => Err(lowerer.not_a_number(&other, args.place(name))),
    }
}

/// Normal numbers that depend on each other.
fn multivariate_normal(lowerer: &mut Lowerer<'_>, args: &Args) -> Result<Value> {
    if !matches!(args.get("method"), Some(Value::Text(method)) if method == "cholesky") {
        let reason = "singular vectors have no sign of their own, so the numbers would not be NumPy's";
        return Err(args
            .unsupported("method", reason)
            .help("factor the covariance in one way: `method=\"cholesky\"`")
            .into());
    }
    let mean = array(lowerer, args, "mean")?;
    let cov = array(lowerer, args, "cov")?;
    let draw = Draw::of_rows(lowerer, args, DType::Float64, &mean.shape()[0])?;
    let library = Library::new("standard_normals");
    let library = with_tables(lowerer, library, Tables::Normal);
    let numbers = draw.done(lowerer, args, library, false)?;
    let positional = [numbers, Value::Array(mean), Value::Array(cov)];
    let positional = positional.into_iter().map(|value| (value, args.range)).collect();
    let given = GivenArgs { positional, keywords: Vec::new() };
    lowerer.call_composed("correlated_normals", given, &args.dest, args.range)
}

/// Places below `count`, drawn with unequal shares, or each at most once.
pub(super) fn places(lowerer: &mut Lowerer<'_>, args: &Args, count: &Expr) -> Result<Option<Value>> {
    let apart = args.get("replace").is_some() && !args.flag("replace")?;
    let shares = args.get("p").is_some();
    if !apart && !shares {
        return Ok(None);
    }
    if apart && shares {
        let reason = "with `replace=False`, all elements are drawn with the same share";
        return Err(args.unsupported("p", reason).into());
    }
    let library = if shares {
        let shares = vector(lowerer, args, "p")?;
        lowerer.require_equal(&shares.shape()[0], count, args.place("p"))?;
        Library::new("chosen_by_share").array("p", &shares)
    } else {
        let shuffled = args.get("shuffle").is_none() || args.flag("shuffle")?;
        let count = crate::types::Scalar::symbolic(count.clone());
        Library::new("chosen_apart")
            .value("n", Value::Scalar(count))
            .constant("SHUFFLED", if shuffled { "True" } else { "False" })
    };
    let draw = Draw::of(lowerer, args, DType::Int64)?;
    let library = with_tables(lowerer, library, Tables::None);
    draw.done(lowerer, args, library, false).map(Some)
}
