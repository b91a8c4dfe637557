//! Symbolic expressions in SymPy's syntax with DaCe's functions.

use crate::symbolic::{Atom, CmpOp, Function};
use crate::{DType, Expr, Range, Sdfg, Subset};
use serde_json::{Value, json};

/// Which words the reader of the text knows.
#[derive(Clone, Copy, Debug)]
pub(super) enum Syntax<'a> {
    /// SymPy's: sizes, subsets, symbol mappings.
    SymPy,
    /// The same in newer files, where symbols are marked, with their type unless it is `int32`.
    Marked(&'a Sdfg),
    /// Python's: conditions and tasklets.
    Python,
}

/// The text of an expression.
pub(super) fn print(expr: &Expr, syntax: Syntax<'_>) -> String {
    let mut text = String::new();
    for (coefficient, factors) in expr.terms() {
        let mut parts: Vec<String> = Vec::new();
        if coefficient.unsigned_abs() != 1 || factors.is_empty() {
            parts.push(coefficient.unsigned_abs().to_string());
        }
        for (atom, exponent) in factors {
            let power = if *exponent > 1 { format!("**{exponent}") } else { String::new() };
            parts.push(format!("{}{power}", print_atom(atom, syntax)));
        }
        text += match (text.is_empty(), coefficient < 0) {
            (true, false) => "",
            (true, true) => "-",
            (false, false) => " + ",
            (false, true) => " - ",
        };
        text += &parts.join("*");
    }
    if text.is_empty() { "0".to_owned() } else { text }
}

/// Binds as tightly as a name.
fn print_atom(atom: &Atom, syntax: Syntax<'_>) -> String {
    let sympy = !matches!(syntax, Syntax::Python);
    let all = |args: &[Expr]| args.iter().map(|arg| print(arg, syntax)).collect::<Vec<_>>();
    let call = |name: &str, args: &[Expr]| format!("{name}({})", all(args).join(", "));
    let pair = |name: &str, a: &Expr, b: &Expr| format!("{name}({}, {})", print(a, syntax), print(b, syntax));
    match atom {
        Atom::Symbol(name) => match syntax {
            Syntax::Marked(sdfg) => match sdfg.symbols.get(name).copied().unwrap_or(DType::Int64) {
                DType::Int32 => format!("${name}"),
                dtype => format!("symbol(${name}, dtype=dace.{dtype})"),
            },
            Syntax::SymPy | Syntax::Python => name.to_string(),
        },
        Atom::FloorDiv(a, b) if sympy => pair("int_floor", a, b),
        Atom::FloorDiv(a, b) => format!("(({}) // ({}))", print(a, syntax), print(b, syntax)),
        Atom::CeilDiv(a, b) => pair("int_ceil", a, b),
        Atom::Mod(a, b) => format!("(({}) % ({}))", print(a, syntax), print(b, syntax)),
        Atom::Min(args) if sympy => call("Min", args),
        Atom::Max(args) if sympy => call("Max", args),
        Atom::Min(args) => call("min", args),
        Atom::Max(args) => call("max", args),
        Atom::Pow(base, exponent) => format!("(({})**({}))", print(base, syntax), print(exponent, syntax)),
        Atom::Call(function, args) => print_call(*function, &all(args)),
        Atom::Compare(op, a, b) => compare(*op, &print(a, syntax), &print(b, syntax)),
        Atom::And(args) => format!("({})", all(args).join(" and ")),
        Atom::Or(args) => format!("({})", all(args).join(" or ")),
        Atom::Select(condition, then, otherwise) if sympy => {
            call("IfExpr", &[condition.clone(), then.clone(), otherwise.clone()])
        }
        Atom::Select(condition, then, otherwise) => {
            let [condition, then, otherwise] = [condition, then, otherwise].map(|it| print(it, syntax));
            format!("(({then}) if ({condition}) else ({otherwise}))")
        }
        Atom::Load(name, indices) => format!("{name}[{}]", all(indices).join(", ")),
    }
}

fn print_call(function: Function, args: &[String]) -> String {
    let name = match function {
        Function::Abs => "abs",
        Function::Sign => "sign",
        Function::Gcd => "gcd",
        Function::BitAnd => "bitwise_and",
        Function::BitOr => "bitwise_or",
        Function::BitXor => "bitwise_xor",
        Function::Shl => "left_shift",
        Function::Shr => "right_shift",
    };
    format!("{name}({})", args.join(", "))
}

fn compare(op: CmpOp, a: &str, b: &str) -> String {
    format!("({a} {} {b})", op.as_str())
}

/// The box of a subset; a scalar's is one index.
pub(super) fn subset(subset: &Subset, syntax: Syntax<'_>) -> Value {
    if subset.dims.is_empty() {
        return ranges(&[Range::index(0)], syntax);
    }
    ranges(&subset.dims, syntax)
}

/// Ranges with inclusive ends.
pub(super) fn ranges(ranges: &[Range], syntax: Syntax<'_>) -> Value {
    let value = |expr: &Expr| print(expr, syntax);
    let ranges: Vec<Value> = ranges
        .iter()
        .map(|range| {
            let down = range.step.as_int().is_some_and(|step| step < 0);
            let end = if down { &range.stop + 1 } else { &range.stop - 1 };
            json!({
                "start": value(&range.start),
                "end": value(&end),
                "step": value(&range.step),
                "tile": range.tile.as_ref().map_or_else(|| "1".to_owned(), &value),
            })
        })
        .collect();
    json!({ "type": "Range", "ranges": ranges })
}
