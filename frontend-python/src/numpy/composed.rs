//! Functions that are a few lines of NumPy themselves: `composed.py`, and the texts beside it that say so.
//!
//! They are called as plain functions of the user are: what is known at compile time stays known in them, also tuples, texts
//! and functions. What the text makes of its arguments, in shape and type, is what the function gives.

use super::{Args, Entry, Lowering, array, call};
use crate::lower::{Dest, GivenArgs, Lowerer, Result};
use crate::promotion::{Typed, promote};
use crate::types::Value;
use dacec_ir::DType;

/// A function; lists are arrays, except for the parameters that are `kept` as they are.
const fn composed(
    name: &'static str,
    params: &'static [&'static str],
    kept: &'static [&'static str],
) -> Entry {
    Entry { name, params, lowering: Lowering::Composed(kept) }
}

/// A function of `scipy.special`: as `composed`, of operands in the type of their sum, which is a float.
const fn special(name: &'static str, params: &'static [&'static str]) -> Entry {
    Entry { name, params, lowering: Lowering::Special }
}

const AXIS: &[&str] = &["axis"];

const HISTOGRAM: &[&str] = &["sample", "bins?", "range?", "density?", "weights?"];

/// Functions of NumPy.
pub(super) const ENTRIES: &[Entry] = &[
    composed("nanvar", &["a", "axis?", "ddof?", "keepdims?"], AXIS),
    composed("nanstd", &["a", "axis?", "ddof?", "keepdims?"], AXIS),
    composed("nanmedian", &["a", "axis?", "keepdims?"], AXIS),
    composed("nanargmin", &["a", "axis?"], AXIS),
    composed("nanargmax", &["a", "axis?"], AXIS),
    composed("nancumsum", &["a", "axis?"], AXIS),
    composed("nancumprod", &["a", "axis?"], AXIS),
    composed("cumulative_sum", &["x", "axis?"], AXIS),
    composed("cumulative_prod", &["x", "axis?"], AXIS),
    composed("matvec", &["x1", "x2"], &[]),
    composed("vecmat", &["x1", "x2"], &[]),
    composed("digitize", &["x", "bins", "right?"], &[]),
    composed("diag_indices", &["n"], &[]),
    composed("diag_indices_from", &["arr"], &[]),
    composed("bartlett", &["M"], &[]),
    composed("blackman", &["M"], &[]),
    composed("hamming", &["M"], &[]),
    composed("hanning", &["M"], &[]),
    composed("isreal", &["x"], &[]),
    composed("iscomplex", &["x"], &[]),
    composed("array_equal", &["a1", "a2"], &[]),
    composed("array_equiv", &["a1", "a2"], &[]),
    composed("unravel_index", &["indices", "shape", "order?"], &["shape"]),
    composed("ravel_multi_index", &["multi_index", "dims", "mode?", "order?"], &["multi_index", "dims"]),
    composed("lexsort", &["keys"], &["keys"]),
    composed("nanquantile", &["a", "q", "axis?", "keepdims?"], &["axis", "q"]),
    composed("nanpercentile", &["a", "q", "axis?", "keepdims?"], &["axis", "q"]),
    call("histogramdd", HISTOGRAM, |lowerer, args| {
        let flat = redirect(lowerer, "histogram_of_columns", HISTOGRAM, &["bins", "range"], args)?;
        let Value::Tuple(items) = flat else { return Ok(flat) };
        let mut items = items.into_iter();
        let counts = items.next().unwrap_or(Value::None);
        Ok(Value::Tuple(vec![counts, Value::Tuple(items.collect())].into()))
    }),
    composed("packbits", &["a", "axis?", "bitorder?"], &[]),
    composed("unpackbits", &["a", "axis?", "bitorder?"], &[]),
    composed("asarray_chkfinite", &["a"], &[]),
    special("i0", &["x"]),
    call("real_if_close", &["a", "tol?"], |lowerer, args| {
        let view = array(lowerer, args, "a")?;
        if view.dtype.is_complex() {
            let reason = "whether the result is complex depends on values";
            return Err(args
                .unsupported("a", reason)
                .help("use `.real`, or keep the complex numbers")
                .into());
        }
        Ok(Value::Array(view))
    }),
    call("sort_complex", &["a"], |lowerer, args| {
        let view = array(lowerer, args, "a")?;
        let single = view.dtype == DType::Complex64 || view.dtype.is_integer() && view.dtype.size() < 4;
        let dtype = if single { DType::Complex64 } else { DType::Complex128 };
        let complex = lowerer.as_dtype(&Value::Array(view), dtype, &Dest::Temp, args.range)?;
        lowerer.flush();
        let given = GivenArgs { positional: vec![(complex, args.range)], keywords: Vec::new() };
        lowerer.call_composed("sort_complex_numbers", given, &args.dest, args.range)
    }),
    call("polydiv", &["u", "v"], |lowerer, args| {
        let parts = redirect(lowerer, "polydiv", &["u", "v"], &[], args)?;
        super::counted::without_leading_zeros(lowerer, args, parts)
    }),
    composed("partition", &["a", "kth", "axis?"], &["kth"]),
    composed("argpartition", &["a", "kth", "axis?"], &["kth"]),
    composed("piecewise", &["x", "condlist", "funclist"], &["condlist", "funclist"]),
    composed("apply_along_axis", &["func1d", "axis", "arr"], &[]),
    composed("apply_over_axes", &["func", "a", "axes"], &["axes"]),
    composed("histogram2d", &["x", "y", "bins?", "range?", "density?", "weights?"], &["bins", "range"]),
    composed("unwrap", &["p", "discont?", "axis?", "period?"], &[]),
    composed("unstack", &["x", "axis?"], &[]),
    composed("kaiser", &["M", "beta"], &[]),
    composed("polyfit", &["x", "y", "deg", "w?"], &[]),
    composed("poly", &["seq_of_zeros"], &[]),
    composed("roots", &["p"], &[]),
    composed("polyadd", &["a1", "a2"], &[]),
    composed("polysub", &["a1", "a2"], &[]),
    composed("polymul", &["a1", "a2"], &[]),
    composed("polyder", &["p", "m?"], &[]),
    composed("polyint", &["p", "m?"], &[]),
];

/// Functions of `numpy.linalg`.
pub(super) const LINALG: &[Entry] = &[
    composed("eig", &["a"], &[]),
    composed("eigvals", &["a"], &[]),
    composed("tensorsolve", &["a", "b"], &[]),
    composed("tensorinv", &["a", "ind?"], &[]),
    composed("vector_norm", &["x", "axis?", "keepdims?", "ord?"], AXIS),
    composed("matrix_norm", &["x", "keepdims?", "ord?"], &[]),
];

/// Functions of `scipy.linalg`.
pub(super) const SCIPY_LINALG: &[Entry] = &[
    composed("cholesky", &["a", "lower?"], &[]),
    composed("solve_triangular", &["a", "b", "trans?", "lower?", "unit_diagonal?"], &[]),
    composed("toeplitz", &["c", "r?"], &[]),
    composed("circulant", &["c"], &[]),
    composed("hankel", &["c", "r?"], &[]),
    composed("expm", &["A"], &[]),
];

/// Functions of `scipy.signal`.
pub(super) const SIGNAL: &[Entry] =
    &[composed("convolve", &["in1", "in2", "mode?"], &[]), composed("lfilter", &["b", "a", "x"], &[])];

/// Functions of `scipy.integrate`.
pub(super) const INTEGRATE: &[Entry] = &[
    composed("cumulative_trapezoid", &["y", "x?", "dx?", "axis?", "initial?"], &[]),
    composed("simpson", &["y", "dx?"], &[]),
];

/// Functions of `scipy.special` that are formulas.
pub(super) const SPECIAL: &[Entry] = &[
    special("expit", &["x"]),
    special("log_expit", &["x"]),
    special("logit", &["x"]),
    special("exp10", &["x"]),
    special("ndtr", &["x"]),
    special("xlogy", &["x", "y"]),
    special("xlog1py", &["x", "y"]),
    special("entr", &["x"]),
    special("rel_entr", &["x", "y"]),
    special("kl_div", &["x", "y"]),
    special("softmax", &["x", "axis?"]),
    special("log_softmax", &["x", "axis?"]),
    special("logsumexp", &["a", "axis?", "keepdims?"]),
    special("beta", &["a", "b"]),
    special("betainc", &["a", "b", "x"]),
    special("betaln", &["a", "b"]),
    special("binom", &["n", "k"]),
    special("boxcox", &["x", "lmbda"]),
    special("boxcox1p", &["x", "lmbda"]),
    special("chdtr", &["v", "x"]),
    special("chdtrc", &["v", "x"]),
    special("comb", &["N", "k"]),
    special("cosdg", &["x"]),
    special("cosm1", &["x"]),
    special("cotdg", &["x"]),
    special("dawsn", &["x"]),
    special("digamma", &["x"]),
    special("ellipe", &["m"]),
    special("ellipk", &["m"]),
    special("ellipkm1", &["p"]),
    special("erfcinv", &["x"]),
    special("erfcx", &["x"]),
    special("erfinv", &["x"]),
    special("eval_chebyt", &["n", "x"]),
    special("eval_chebyu", &["n", "x"]),
    special("eval_hermite", &["n", "x"]),
    special("eval_legendre", &["n", "x"]),
    special("exp1", &["x"]),
    special("expi", &["x"]),
    special("exprel", &["x"]),
    special("factorial", &["n"]),
    special("fdtr", &["dfn", "dfd", "x"]),
    special("gammainc", &["a", "x"]),
    special("gammaincc", &["a", "x"]),
    special("gammasgn", &["x"]),
    special("huber", &["delta", "r"]),
    special("hyp1f1", &["a", "b", "x"]),
    special("hyp2f1", &["a", "b", "c", "z"]),
    special("i0", &["x"]),
    special("i0e", &["x"]),
    special("i1", &["x"]),
    special("i1e", &["x"]),
    special("inv_boxcox", &["y", "lmbda"]),
    special("inv_boxcox1p", &["y", "lmbda"]),
    special("j0", &["x"]),
    special("j1", &["x"]),
    special("k0", &["x"]),
    special("k0e", &["x"]),
    special("k1", &["x"]),
    special("k1e", &["x"]),
    special("kv", &["v", "z"]),
    special("kve", &["v", "z"]),
    special("log_ndtr", &["x"]),
    special("ndtri", &["x"]),
    special("pdtr", &["k", "m"]),
    special("perm", &["N", "k"]),
    special("poch", &["z", "m"]),
    special("pseudo_huber", &["delta", "r"]),
    special("radian", &["d", "m", "s"]),
    special("rgamma", &["x"]),
    special("sindg", &["x"]),
    special("softplus", &["x"]),
    special("stdtr", &["df", "t"]),
    special("tandg", &["x"]),
    special("y0", &["x"]),
    special("y1", &["x"]),
    special("zeta", &["x", "q?"]),
];

/// Functions of `scipy.special` that take a number of Python for a double, whatever the other operand is.
const WIDENED: [&str; 2] = ["xlogy", "xlog1py"];

/// Calls the text of an entry of `scipy.special`.
pub(super) fn apply_special(lowerer: &mut Lowerer<'_>, entry: &Entry, args: &Args) -> Result<Value> {
    let mut given = given(lowerer, entry, &["axis", "keepdims"], args)?;
    let ty = |value: &Value| match value {
        Value::Array(view) => Typed::strong(view.dtype),
        Value::Scalar(scalar) if WIDENED.contains(&entry.name) => Typed::strong(scalar.dtype()),
        Value::Scalar(scalar) => scalar.ty,
        _ => Typed::strong(DType::Float64),
    };
    let is_operand = |name: &str| !matches!(name, "axis" | "keepdims");
    let operands = given.keywords.iter().filter(|(name, _)| is_operand(name));
    let joined = operands.map(|(_, (value, _))| ty(value)).reduce(Typed::with);
    let joined = joined.map_or(DType::Float64, |ty| ty.dtype);
    let dtype = if joined.is_float() { joined } else { promote(joined, DType::Float64) };
    for (_, (value, _)) in given.keywords.iter_mut().filter(|(name, _)| is_operand(name)) {
        *value = lowerer.as_dtype(value, dtype, &Dest::Temp, args.range)?;
    }
    lowerer.call_composed(entry.name, given, &args.dest, args.range)
}

/// Calls the text of that name with these arguments of another function; those of `kept` stay lists.
pub(super) fn redirect(
    lowerer: &mut Lowerer<'_>,
    name: &'static str,
    params: &'static [&'static str],
    kept: &[&str],
    args: &Args,
) -> Result<Value> {
    apply(lowerer, &composed(name, params, &[]), kept, args)
}

/// Calls the text of an entry.
pub(super) fn apply(lowerer: &mut Lowerer<'_>, entry: &Entry, kept: &[&str], args: &Args) -> Result<Value> {
    let given = given(lowerer, entry, kept, args)?;
    lowerer.call_composed(entry.name, given, &args.dest, args.range)
}

/// The arguments, by name: lists as arrays, except for some.
fn given(lowerer: &mut Lowerer<'_>, entry: &Entry, kept: &[&str], args: &Args) -> Result<GivenArgs> {
    let mut given = GivenArgs::default();
    for name in entry.params.iter().map(|name| name.trim_end_matches('?')).filter(|name| args.given(name)) {
        let value = match args.value(name) {
            Value::Tuple(_) if !kept.contains(&name) => Value::Array(array(lowerer, args, name)?),
            other => other,
        };
        given.keywords.push((name.to_owned(), (value, args.place(name))));
    }
    Ok(given)
}
