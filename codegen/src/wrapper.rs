//! A Python module that calls an emitted library with NumPy arrays, through `ctypes`.
//!
//! The module checks what a compiled program trusts: types, shapes, layout, overlap. Symbols are found from shapes, one
//! equation after the other: first extents that are a symbol, then those that are linear in one.
//!
//! ```text
//! A: float64[N, K]      N = A.shape[0], K = A.shape[1]
//! B: float64[2*M + 1]   M = (B.shape[0] - 1) // 2, and B.shape == (2*M + 1,) must hold
//! ```

use crate::Interface;
use crate::interface::{Argument, ArrayLayout};
use dacec_ir::symbolic::Substitution;
use dacec_ir::{Expr, Name};
use std::collections::BTreeSet;

/// Words that a parameter must not be called in Python: keywords, and functions that shapes use.
const RESERVED: &str = "\
    False None True and as assert async await break class continue def del elif else except finally for \
    from global if import in is lambda nonlocal not or pass raise return try while with yield min max \
    abs int_ceil sign gcd";

/// Prints the module.
pub(crate) fn print(interface: &Interface) -> String {
    let module = Module::new(interface);
    let (solved, steps) = module.solve();
    let name = &interface.name;
    let mut text = format!("\"\"\"{}\"\"\"\n\n{}", module.documentation(), HEAD.replace("@NAME@", name));
    let body = [module.head(&solved), module.scalars(), steps, module.check(), module.run()].concat();
    for (helper, definition) in HELPERS {
        if body.contains(&format!("{helper}(")) {
            text.push_str(definition);
        }
    }
    text.push_str(&body);
    text
}

const HELPERS: [(&str, &str); 3] = [
    ("int_ceil", "\n\ndef int_ceil(a, b):\n    return -(-a // b)\n"),
    ("sign", "\n\ndef sign(a):\n    return (a > 0) - (a < 0)\n"),
    ("gcd", "\n\ndef gcd(a, b):\n    while b:\n        a, b = b, a % b\n    return abs(a)\n"),
];

const HEAD: &str = r#"import ctypes as _ctypes
import operator as _operator
import os as _os

import numpy as _np

__all__ = ["@NAME@"]

_library = _ctypes.CDLL(_os.path.join(_os.path.dirname(_os.path.abspath(__file__)), "lib@NAME@.so"))
_call = _library.dacec_call_@NAME@
_call.restype = _ctypes.c_int32
_call.argtypes = [_ctypes.POINTER(_ctypes.c_void_p)]
_error = _library.dacec_error_@NAME@
_error.restype = _ctypes.c_char_p


def _array(name, value, dtype, rank, written):
    if not isinstance(value, _np.ndarray):
        raise TypeError(f"`{name}` must be a NumPy array, not {type(value).__name__}")
    if value.dtype != dtype or not value.dtype.isnative:
        raise TypeError(f"`{name}` has elements of type {value.dtype}, not {_np.dtype(dtype)}")
    if value.ndim != rank:
        raise ValueError(f"`{name}` has {value.ndim} dimensions, not {rank}")
    if written and not value.flags.writeable:
        raise ValueError(f"`{name}` is written, but the array is read-only")
    if not value.flags.aligned:
        raise ValueError(f"`{name}` is not aligned in memory")


def _scalar(name, value, dtype):
    dtype = _np.dtype(dtype)
    kind = _np.asarray(value).dtype.kind
    if _np.ndim(value) != 0 or kind not in {"b": "b", "i": "biu", "u": "biu", "f": "biuf", "c": "biufc"}[dtype.kind]:
        raise TypeError(f"`{name}` must be a number of type {dtype}, not {type(value).__name__}")
    if dtype.kind in "iu":
        value = _operator.index(value.item() if isinstance(value, _np.generic | _np.ndarray) else value)
        limits = _np.iinfo(dtype)
        if not limits.min <= value <= limits.max:
            raise ValueError(f"`{name}` is {value}, which {dtype} cannot hold")
    return _np.array(value, dtype)


def _symbol(name, given, found):
    if given is not None and _operator.index(given) != found:
        raise ValueError(f"`{name}` is given as {given}, but the shapes of the arrays say {found}")
    return found


def _layout(name, value, shape, strides):
    if value.shape != shape:
        raise ValueError(f"`{name}` has shape {value.shape}, not {shape}")
    if strides is None:
        if not value.flags.c_contiguous:
            raise ValueError(f"`{name}` must lie in C order without gaps (see numpy.ascontiguousarray)")
        return
    for extent, stride, given in zip(shape, strides, value.strides):
        if extent > 1 and stride * value.itemsize != given:
            raise ValueError(f"`{name}` has strides {value.strides} bytes, not {strides} elements")


def _overlap(arrays):
    for at, (name, value, written) in enumerate(arrays):
        for other_name, other, other_written in arrays[:at]:
            if (written or other_written) and value.size and other.size and _np.may_share_memory(value, other):
                raise ValueError(f"`{other_name}` and `{name}` overlap in memory, and one of them is written")
"#;

/// What is printed.
struct Module<'i> {
    interface: &'i Interface,
    /// Names of parameters in Python, where they differ.
    names: Substitution,
}

impl<'i> Module<'i> {
    fn new(interface: &'i Interface) -> Module<'i> {
        let all = interface.all().map(|it| &it.name).chain(interface.symbols.iter().map(|(name, _)| name));
        let all: Vec<&Name> = all.collect();
        let mut taken: BTreeSet<String> = RESERVED.split_whitespace().map(str::to_owned).collect();
        taken.extend(all.iter().map(|name| name.to_string()));
        let mut names = Substitution::new();
        for name in all {
            let reserved = RESERVED.split_whitespace().any(|word| word == name.as_str());
            if !reserved && name.is_identifier() {
                continue;
            }
            // Members of structures have dots in their names.
            let mut new = name.replace('.', "_");
            while taken.contains(&new) {
                new.push('_');
            }
            taken.insert(new.clone());
            names.insert(name, Expr::sym(new));
        }
        Module { interface, names }
    }

    /// The name of a parameter in Python.
    fn name(&self, name: &Name) -> String {
        self.names.get(name).map_or_else(|| name.to_string(), ToString::to_string)
    }

    fn expr(&self, expr: &Expr) -> String {
        expr.subs(&self.names).to_string()
    }

    /// A tuple of expressions.
    fn tuple(&self, exprs: &[Expr]) -> String {
        let texts: Vec<String> = exprs.iter().map(|expr| self.expr(expr)).collect();
        match &texts[..] {
            [one] => format!("({one},)"),
            _ => format!("({})", texts.join(", ")),
        }
    }

    fn arrays(&self) -> impl Iterator<Item = (&'i Argument, &'i ArrayLayout)> {
        self.interface.arguments.iter().filter_map(|it| it.array.as_ref().map(|array| (it, array)))
    }

    fn documentation(&self) -> String {
        let Interface { name, file, .. } = self.interface;
        let origin = file.rsplit(['/', '\\']).next().filter(|file| !file.is_empty());
        let origin = origin.map(|file| format!(" of {file}")).unwrap_or_default();
        let mut text = format!("Calls the program {name}{origin}, compiled by dacec, with NumPy arrays.\n");
        for argument in self.interface.all() {
            let kind = match &argument.array {
                Some(array) => format!("{}{}", argument.dtype, bracketed(&array.shape)),
                None => argument.dtype.to_string(),
            };
            text.push_str(&format!("\n    {}: {kind}", self.name(&argument.name)));
        }
        text.push_str("\n\nGenerated; do not edit.\n");
        text
    }

    /// Steps that find symbols from shapes, and the symbols that they find.
    fn solve(&self) -> (BTreeSet<Name>, String) {
        let symbols: BTreeSet<Name> = self.interface.symbols.iter().map(|(name, _)| name.clone()).collect();
        let mut solved = BTreeSet::new();
        let mut text = String::new();
        let mut equations: Vec<(&Name, usize, &Expr)> = self
            .arrays()
            .flat_map(|(argument, array)| {
                array.shape.iter().enumerate().map(|(dim, it)| (&argument.name, dim, it))
            })
            .collect();
        // Extents that are a symbol first: they are exact.
        equations.sort_by_key(|(_, _, extent)| extent.as_symbol().is_none());
        while let Some((at, symbol, value)) =
            equations.iter().enumerate().find_map(|(at, (name, dim, extent))| {
                let mut unknown =
                    extent.symbols().into_iter().filter(|it| symbols.contains(it) && !solved.contains(it));
                let symbol = unknown.next()?;
                if unknown.next().is_some() {
                    return None;
                }
                let given = Name::from(format!("{}.shape[{dim}]", self.name(name)));
                let value = extent.solve_for(&symbol, &Expr::sym(&given))?;
                Some((at, symbol, value))
            })
        {
            let name = self.name(&symbol);
            text.push_str(&format!("    {name} = _symbol(\"{symbol}\", {name}, {})\n", self.expr(&value)));
            solved.insert(symbol);
            equations.remove(at);
        }
        (solved, text)
    }

    /// The function's first line.
    fn head(&self, solved: &BTreeSet<Name>) -> String {
        let mut parameters: Vec<String> =
            self.interface.arguments.iter().map(|it| self.name(&it.name)).collect();
        if !self.interface.symbols.is_empty() {
            parameters.push("*".to_owned());
        }
        for (symbol, _) in &self.interface.symbols {
            let default = if solved.contains(symbol) { "=None" } else { "" };
            parameters.push(format!("{}{default}", self.name(symbol)));
        }
        format!("\n\ndef {}({}):\n", self.interface.name, parameters.join(", "))
    }

    /// Conversions of values, and first checks of arrays.
    fn scalars(&self) -> String {
        let mut text = String::new();
        for argument in &self.interface.arguments {
            let (name, source, dtype) = (self.name(&argument.name), &argument.name, argument.dtype);
            text.push_str(&match &argument.array {
                None => format!("    _value_{name} = _scalar(\"{source}\", {name}, \"{dtype}\")\n"),
                Some(array) => format!(
                    "    _array(\"{source}\", {name}, \"{dtype}\", {}, {})\n",
                    array.shape.len(),
                    python_bool(array.written)
                ),
            });
            if argument.array.is_none() && dtype.is_integer() {
                text.push_str(&format!("    {name} = int(_value_{name})\n"));
            }
        }
        text
    }

    /// The checks that need the symbols.
    fn check(&self) -> String {
        let mut text = String::new();
        for (argument, array) in self.arrays() {
            let strides = array.strides.as_ref().map_or("None".to_owned(), |strides| self.tuple(strides));
            let (source, name) = (&argument.name, self.name(&argument.name));
            text.push_str(&format!(
                "    _layout(\"{source}\", {name}, {}, {strides})\n",
                self.tuple(&array.shape)
            ));
        }
        let arrays: Vec<String> = self
            .arrays()
            .map(|(argument, array)| {
                format!(
                    "(\"{}\", {}, {})",
                    argument.name,
                    self.name(&argument.name),
                    python_bool(array.written)
                )
            })
            .collect();
        if arrays.len() > 1 {
            text.push_str(&format!("    _overlap([{}])\n", arrays.join(", ")));
        }
        text
    }

    /// The call, and what it returns.
    fn run(&self) -> String {
        let mut text = String::new();
        let mut pointers = Vec::new();
        for argument in &self.interface.arguments {
            pointers.push(match &argument.array {
                Some(_) => format!("{}.ctypes.data", self.name(&argument.name)),
                None => format!("_value_{}.ctypes.data", self.name(&argument.name)),
            });
        }
        for (argument, array) in
            self.interface.returns.iter().filter_map(|it| it.array.as_ref().map(|array| (it, array)))
        {
            let name = format!("_result_{}", self.name(&argument.name));
            text.push_str(&format!(
                "    {name} = _np.empty({}, \"{}\")\n",
                self.tuple(&array.shape),
                argument.dtype
            ));
            pointers.push(format!("{name}.ctypes.data"));
        }
        for (symbol, _) in &self.interface.symbols {
            let (name, source) = (self.name(symbol), symbol);
            text.push_str(&format!("    _value_{source} = _scalar(\"{source}\", {name}, \"int64\")\n"));
            pointers.push(format!("_value_{source}.ctypes.data"));
        }
        let count = pointers.len();
        text.push_str(&format!("    _arguments = (_ctypes.c_void_p * {count})({})\n", pointers.join(", ")));
        text.push_str("    if _call(_arguments) != 0:\n        raise RuntimeError(_error().decode())\n");
        let results: Vec<String> = self
            .interface
            .returns
            .iter()
            .map(|it| {
                let single = it.array.as_ref().is_some_and(|array| array.shape.is_empty());
                format!("_result_{}{}", self.name(&it.name), if single { "[()]" } else { "" })
            })
            .collect();
        if !results.is_empty() {
            text.push_str(&format!("    return {}\n", results.join(", ")));
        }
        text
    }
}

fn bracketed(shape: &[Expr]) -> String {
    if shape.is_empty() {
        return String::new();
    }
    format!("[{}]", dacec_ir::data::Comma(shape))
}

fn python_bool(value: bool) -> &'static str {
    if value { "True" } else { "False" }
}
