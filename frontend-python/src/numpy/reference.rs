//! The page of the book that lists every function, made of the registry: `docs/numpy.md`.
//!
//! Names and parameters are those of the tables; what a function does not take is said in [`NOTES`]. Tests keep both true.

use super::{
    ALIASES, ATTRIBUTES, Entry, METHODS, Module, find, manipulation, python, random, scans, tables, ufunc,
};
use std::collections::BTreeMap;
use std::fmt::Write;
use std::path::Path;

/// What functions of a module do not take, or do otherwise.
const NOTES: &[(&str, &str, &str)] = &[
    ("numpy", "append", "joins copies; the array itself does not grow"),
    (
        "numpy",
        "arange",
        "the step of integers must be known; a range of floats whose ends are not known has a counted length",
    ),
    ("numpy", "apply_along_axis", "the function gives a number or a vector"),
    (
        "numpy",
        "array",
        "of arrays, numbers, nested lists of known length, and list comprehensions of any length but 0 that have no `if`",
    ),
    ("numpy", "argwhere", "the length of the result is counted, so it cannot be returned"),
    (
        "numpy",
        "bincount",
        "`minlength` is the length, and every number must be below it; without it, the length is counted",
    ),
    ("numpy", "block", "lists must be nested to the same depth"),
    ("numpy", "compress", "the length of the result is counted, so it cannot be returned"),
    ("numpy", "convolve", "of vectors"),
    ("numpy", "correlate", "of vectors of real numbers"),
    ("numpy", "cross", "the last axes have 3 components, or both have 2, known at compile time"),
    ("numpy", "delete", "an index, a slice of step 1, or a list of known indices"),
    ("numpy", "diff", "`n` up to 64, known"),
    ("numpy", "einsum", "the text must be known; `optimize` is ignored"),
    ("numpy", "extract", "the length of the result is counted, so it cannot be returned"),
    ("numpy", "flatnonzero", "the length of the result is counted, so it cannot be returned"),
    ("numpy", "frexp", "the fractions of subnormal numbers need `--fp strict`"),
    ("numpy", "geomspace", "the ends are real numbers"),
    ("numpy", "insert", "`obj` is an index, or a vector of them"),
    ("numpy", "intersect1d", "the length of the result is counted, so it cannot be returned"),
    ("numpy", "isin", "not of complex numbers"),
    ("numpy", "nanargmax", "0 where all are NaN"),
    ("numpy", "nanargmin", "0 where all are NaN"),
    ("numpy", "nanmedian", "along one axis, or all"),
    ("numpy", "nonzero", "the length of the result is counted, so it cannot be returned"),
    ("numpy", "partition", "everything is sorted"),
    ("numpy", "argpartition", "everything is sorted"),
    ("numpy", "poly", "of a vector of zeros; complex ones give complex coefficients"),
    ("numpy", "polymul", "an error where the first coefficient of an operand is 0"),
    ("numpy", "roots", "complex, also where all roots are real; the first coefficient must not be 0"),
    ("numpy", "pad", "the mode is known"),
    ("numpy", "percentile", "not by the methods 'averaged_inverted_cdf' and 'closest_observation'"),
    ("numpy", "quantile", "not by the methods 'averaged_inverted_cdf' and 'closest_observation'"),
    ("numpy", "repeat", "the length of a result for an array of counts is counted, so it cannot be returned"),
    ("numpy", "searchsorted", "in a vector of real numbers"),
    ("numpy", "setdiff1d", "the length of the result is counted, so it cannot be returned"),
    ("numpy", "sort", "not of complex numbers"),
    ("numpy", "argsort", "not of complex numbers; always stable"),
    ("numpy", "split", "at most 256 parts"),
    ("numpy", "tril_indices", "of known extents; else the length of the results is counted"),
    ("numpy", "triu_indices", "of known extents; else the length of the results is counted"),
    ("numpy", "trapezoid", "`x` is a vector, along the last axis"),
    (
        "numpy",
        "trim_zeros",
        "of a vector, at both ends; the length of the result is counted, so it cannot be returned",
    ),
    ("numpy", "union1d", "the length of the result is counted, so it cannot be returned"),
    (
        "numpy",
        "unique",
        "of all elements; the length of the results is counted, so they cannot be returned, but for the inverse",
    ),
    (
        "numpy",
        "where",
        "with a condition alone, the length of the results is counted, so they cannot be returned",
    ),
    ("numpy.linalg", "cond", "one matrix"),
    (
        "numpy.linalg",
        "lstsq",
        "one matrix; the squared distances have a counted length, so they cannot be returned",
    ),
    ("numpy.linalg", "matrix_power", "a known power of one matrix"),
    ("numpy.linalg", "multi_dot", "from left to right"),
    ("numpy.linalg", "qr", "modes 'reduced', 'complete' (one matrix) and 'r'"),
    ("numpy.linalg", "eig", "of one matrix; complex, also where all eigenvalues are real"),
    ("numpy.linalg", "eigvals", "of one matrix; complex, also where all eigenvalues are real"),
    ("numpy.linalg", "solve", "a vector `b` only with one matrix"),
    ("numpy.linalg", "svd", "the full factors of one matrix, or of square ones"),
    (
        "numpy.random",
        "default_rng",
        "the seed is an integer; the generator is NumPy's, bit for bit; not in parallel loops",
    ),
    ("generator", "choice", "`a` is a number or a vector; without `p` if `replace` is `False`"),
    ("generator", "integers", "not of `np.uint64`"),
    (
        "generator",
        "multivariate_normal",
        "by the method 'cholesky': singular vectors, which the default needs, have no sign of their own",
    ),
    ("methods", "resize", "a statement, of an array that the function has made and no other name refers to"),
    ("methods", "view", "bytes as another type, but for truth values; kept equal as a reshaped array is"),
    ("numpy", "can_cast", "of types, and of arrays and numbers of NumPy"),
    ("numpy", "unstack", "the extent of the axis must be known"),
    ("generator", "permuted", "all elements"),
    ("numpy", "histogramdd", "the number of columns of the sample must be known"),
    ("numpy", "mask_indices", "of `np.triu` and `np.tril`"),
    ("numpy", "nditer", "the elements, as numbers in C order"),
    ("numpy", "polydiv", "the length of the remainder is counted, so it cannot be returned"),
    ("numpy", "real_if_close", "of real numbers"),
    ("numpy", "setxor1d", "the length of the result is counted, so it cannot be returned"),
    ("numpy", "vectorize", "the function is called for each element in order, and compiled for their type"),
    (
        "stride_tricks",
        "sliding_window_view",
        "can only be read; a copy that is made again after each statement that writes the array",
    ),
    ("special", "digamma", "of real numbers"),
    ("special", "zeta", "of real numbers; with `q`, above 1"),
    ("special", "hyp2f1", "of real numbers, `z` up to 1"),
    ("special", "eval_legendre", "the degree is a whole number"),
    ("special", "eval_chebyt", "the degree is a whole number"),
    ("special", "eval_chebyu", "the degree is a whole number"),
    ("special", "eval_hermite", "the degree is a whole number"),
    ("scipy.linalg", "toeplitz", "of vectors"),
    ("signal", "convolve", "of vectors"),
    ("signal", "lfilter", "of vectors"),
    ("integrate", "simpson", "of a vector of samples at equal distances"),
    ("math", "comb", "known integers"),
    ("math", "factorial", "known integers"),
    ("math", "perm", "known integers"),
    ("math", "gamma", "NaN where Python raises an error"),
    ("math", "lgamma", "infinity where Python raises an error"),
    ("dace", "define_stream", "queues grow as needed: `buffer_size` has no effect"),
    ("dace", "define_streamarray", "queues grow as needed: `buffer_size` has no effect"),
    ("dace", "struct", "a type: members by keyword, each a number, an array, or a structure"),
    ("data", "Structure", "a type: a dictionary of the types of its members"),
    ("builtins", "max", "of numbers, of a sequence of known length, or of a vector"),
    ("builtins", "min", "of numbers, of a sequence of known length, or of a vector"),
    ("builtins", "sum", "of a sequence of known length, or of a vector"),
    ("builtins", "pow", "with `mod`, of known integers"),
    ("builtins", "print", "numbers, texts, arrays, and tuples and lists without arrays in them"),
    ("builtins", "sorted", "of known numbers"),
    ("builtins", "tuple", "of a sequence of known length"),
    ("builtins", "list", "of a sequence of known length"),
];

const START: &str = "# Functions

Every function that a compiled program can call, with the parameters that it takes; those with `?` may be left out. They
mean what CPython and NumPy 2 make of them, with the same types of results. Parameters that NumPy has and this page does not
have are refused, with an error at the call. Restrictions are noted behind the dash.

*Known* means known when the program is compiled: a number in the source, a constant of the module, or computed from these.
*Counted* means that an extent depends on values: the array can be used, but its shape cannot be part of a signature.

Linear algebra and Fourier transforms are computed in single and double precision, real and complex.

An assignment takes all values before it writes one. NumPy 2 does not where a part of a vector goes to another part of it with
another step: `x[::2] = x[:3]` gives `x[4]` what it has just written to `x[2]`.

Shapes that must fit are checked, at compile time where that is possible and else when the program runs. An index that lies
outside of its axis is an error where that is known at compile time, such as `x[4]` of 4 elements. When compiled code runs, indices are
not checked, be they computed or constant (`x[4]` of `N` elements, `x[:, 0]` of an array without columns): `dacec run --interpret`, and
`bounds_checks` of the Python package, check each of them and name array, index and line.

Functions of `scipy.stats`, and of other modules that this page does not list, are errors at the call; under the Python package, the
interpreter makes such calls. An array whose shape only the program knows (its length is counted, or computed from other numbers than
extents) cannot be returned, E0403: return what is computed from it, or fill an array that the caller gives.

Lists and tuples have a length that the compiler knows. `t.append(x)`, `extend`, `insert`, `clear`, `reverse`, `x = t.pop()`, `t[i] = x` and
`t += u` change a list where it was made, also in loops over known numbers, which are written out; in a branch or loop of which only the
run knows how often it is taken, they are errors (E0206).

This page is made of the compiler's registry; `UPDATE_EXPECT=1 cargo test -p dacec-frontend reference` makes it again.
";

/// A heading, the key of its notes, and its functions.
type Section = (&'static str, &'static str, Vec<&'static Entry>);

fn sections() -> Vec<Section> {
    let of = |module: Module| tables(module).iter().flat_map(|table| table.iter()).collect();
    let methods = manipulation::METHODS.iter().chain(scans::METHODS).collect();
    vec![
        ("numpy", "numpy", of(Module::Numpy)),
        ("numpy.linalg", "numpy.linalg", of(Module::Linalg)),
        ("numpy.fft", "numpy.fft", of(Module::Fft)),
        ("numpy.random", "numpy.random", of(Module::Random)),
        (
            "Generators of random numbers",
            "generator",
            random::METHODS.iter().chain(super::distributions::METHODS).collect(),
        ),
        ("Methods of arrays", "methods", methods),
        ("Methods of universal functions", "ufunc", ufunc::METHODS.iter().collect()),
        ("math", "math", of(Module::Math)),
        ("cmath", "cmath", of(Module::Cmath)),
        ("scipy.special", "special", of(Module::Special)),
        ("scipy.linalg", "scipy.linalg", of(Module::ScipyLinalg)),
        ("scipy.signal", "signal", of(Module::Signal)),
        ("scipy.integrate", "integrate", of(Module::Integrate)),
        ("numpy.lib.stride_tricks", "stride_tricks", of(Module::StrideTricks)),
        ("dace", "dace", dace_only()),
        ("dace.data", "data", of(Module::Data)),
        ("Methods of streams", "stream", super::dace::STREAMS.iter().collect()),
        ("Python", "builtins", python::ENTRIES.iter().collect()),
    ]
}

/// What `dace` has beside the functions of `math`.
fn dace_only() -> Vec<&'static Entry> {
    let is_math = |entry: &&Entry| find(tables(Module::Math), entry.name).is_none();
    tables(Module::Dace).iter().flat_map(|table| table.iter()).filter(is_math).collect()
}

/// Functions that exist to say what to use instead are no part of the list.
fn is_listed(entry: &Entry) -> bool {
    !entry.is_refusal()
}

fn note(key: &str, name: &str) -> Option<&'static str> {
    NOTES.iter().find(|(section, function, _)| *section == key && *function == name).map(|(.., note)| *note)
}

fn signature(entry: &Entry) -> String {
    let parameters = entry.params.iter().map(|name| if name.starts_with('*') { "..." } else { name });
    format!("{}({})", entry.name, parameters.collect::<Vec<_>>().join(", "))
}

fn page() -> String {
    let mut page = START.to_owned();
    for (title, key, entries) in sections() {
        let heading =
            if title.contains(' ') || title == "Python" { title.to_owned() } else { format!("`{title}`") };
        let _ = write!(page, "\n## {heading}\n\n");
        let by_name: BTreeMap<&str, &Entry> =
            entries.into_iter().rev().filter(|entry| is_listed(entry)).map(|it| (it.name, it)).collect();
        for (name, entry) in by_name {
            let note = note(key, name).map_or(String::new(), |note| format!(" – {note}"));
            let _ = writeln!(page, "- `{}`{note}", signature(entry));
        }
        let module = if key == "numpy" { Some(Module::Numpy) } else { None };
        let module = match key {
            "numpy.linalg" => Some(Module::Linalg),
            "special" => Some(Module::Special),
            "scipy.linalg" => Some(Module::ScipyLinalg),
            "integrate" => Some(Module::Integrate),
            _ => module,
        };
        let others = ALIASES.iter().filter(|(own, ..)| Some(*own) == module);
        let others: Vec<String> = others
            .map(|(_, name, own, known)| format!("`{name}` is `{}.{known}`", module_name(*own)))
            .collect();
        if !others.is_empty() {
            let _ = write!(page, "\nUnder other names: {}.\n", others.join(", "));
        }
        if key == "numpy" {
            page.push_str("\nWith subscripts: `mgrid`, `ogrid`, `r_`, `c_`, `s_`, `index_exp`.\n");
        }
        if key == "methods" {
            let shared: Vec<String> = METHODS.iter().map(|name| format!("`{name}`")).collect();
            let _ = write!(page, "\nAs the functions of the same name: {}.\n", shared.join(", "));
            let attributes: Vec<String> = ATTRIBUTES.iter().map(|name| format!("`{name}`")).collect();
            let _ = write!(page, "\nAttributes: {}.\n", attributes.join(", "));
        }
    }
    page
}

/// The name of a module that functions of other modules are in.
fn module_name(module: Module) -> &'static str {
    match module {
        Module::Linalg => "numpy.linalg",
        Module::Special => "scipy.special",
        _ => "numpy",
    }
}

#[test]
fn the_reference_is_up_to_date() {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/numpy.md");
    let page = page();
    if std::env::var_os("UPDATE_EXPECT").is_some() {
        std::fs::write(&file, &page).expect("the page can be written");
    }
    let kept = std::fs::read_to_string(&file).unwrap_or_default();
    assert!(kept == page, "docs/numpy.md is old: run with UPDATE_EXPECT=1");
}

#[test]
fn notes_are_about_functions_that_exist() {
    let sections = sections();
    for (section, function, _) in NOTES {
        let entries = sections.iter().find(|(_, key, _)| key == section).map(|(.., entries)| entries);
        let exists = entries.is_some_and(|entries| entries.iter().any(|entry| entry.name == *function));
        assert!(exists, "there is no `{function}` in `{section}`");
    }
}
