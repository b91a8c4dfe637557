//! Sums of products over shared axes: `einsum`, `tensordot`, `inner`, `vdot`, and `dot` of more dimensions.
//!
//! Each operand has a letter for each of its axes. Letters that the result does not have are summed over:
//!
//! ```text
//! ij,jk->ik      C[i, k] = 0;  C[i, k] += A[i, j] * B[j, k]     for all i, j, k
//! ij,jk->ik      becomes a matrix product where it is one
//! ```

use super::ufunc::{give, output};
use super::{Args, Entry, array, axis_of, call};
use crate::codes;
use crate::diagnostic::Diagnostic;
use crate::lower::{Dest, Lowerer, Result};
use crate::parse::TextRange;
use crate::promotion::promote;
use crate::scalar::{self, cast};
use crate::types::{Axis, Scalar, Value, View};
use dacec_ir::library::defined::Einsum;
use dacec_ir::{BinaryOp, DType, Expr, Function, IndexMap, Name, ScalarExpr, Wcr};

/// Functions of NumPy.
pub(super) const ENTRIES: &[Entry] = &[
    call("einsum", &["*", "out?", "optimize?"], einsum),
    call("tensordot", &["a", "b", "axes?"], tensordot),
    call("inner", &["a", "b"], |l, args| {
        let (a, b) = (args.value("a"), args.value("b"));
        inner(l, args, a, b)
    }),
    call("vdot", &["a", "b"], vdot),
    call("vecdot", &["x1", "x2"], vecdot),
];

/// An operand and the letter of each of its axes.
struct Factor {
    view: View,
    letters: Vec<char>,
}

/// The sum of the products of the factors over the letters that the result does not have.
fn contracted(
    lowerer: &mut Lowerer<'_>,
    factors: &[Factor],
    result: &[char],
    dest: &Dest,
    range: TextRange,
) -> Result<Value> {
    let mut extents: IndexMap<char, Expr> = IndexMap::default();
    for factor in factors {
        for (letter, extent) in factor.letters.iter().zip(factor.view.shape()) {
            match extents.get(letter) {
                Some(known) => {
                    let (known, one) = (known.clone(), extent.is_one());
                    let both = lowerer.broadcast_shapes(&[known], &[extent], range)?;
                    if !one && let Some(both) = both.into_iter().next() {
                        extents.insert(*letter, both);
                    }
                }
                None => {
                    extents.insert(*letter, extent);
                }
            }
        }
    }
    let dtype = factors.iter().map(|factor| factor.view.dtype).reduce(promote).unwrap_or(DType::Float64);
    let shape: Vec<Expr> = result.iter().map(|letter| extents[letter].clone()).collect();
    let summed: Vec<char> = extents.keys().copied().filter(|letter| !result.contains(letter)).collect();
    let out = match shape.is_empty() {
        // A number is computed in an array of one element.
        true => lowerer.new_array("__sum", dtype, &[Expr::one()]),
        false => lowerer.new_array(dest.prefix(), dtype, &shape),
    };
    if !shape.is_empty()
        && !summed.is_empty()
        && let Some(op) = as_operation(factors, result, &extents, dtype)
    {
        let names = (0..factors.len()).map(Einsum::connector);
        let inputs: Vec<(Name, &View)> = names.zip(factors.iter().map(|factor| &factor.view)).collect();
        lowerer.operate(op, &inputs, &out, range);
        return Ok(Value::Array(out));
    }
    let product = |position: &dyn Fn(char) -> Expr| {
        let mut value: Option<Scalar> = None;
        for factor in factors {
            let own = factor.view.shape();
            let at: Vec<Expr> = factor
                .letters
                .iter()
                .zip(own)
                .map(|(letter, extent)| if extent.is_one() { Expr::zero() } else { position(*letter) })
                .collect();
            let element = scalar::converted(&factor.view.element(&at), dtype);
            let op = if dtype == DType::Bool { BinaryOp::And } else { BinaryOp::Mul };
            value = Some(match value {
                None => element,
                Some(value) => scalar::binary(op, &value, &element).unwrap_or(value),
            });
        }
        value.map_or(ScalarExpr::int(0), |value| value.code)
    };
    let mut target = out.clone();
    if shape.is_empty() {
        target.axes.clear();
    }
    let letters: Vec<char> = result.iter().chain(&summed).copied().collect();
    let place = |at: &[Expr], letter: char| {
        letters.iter().position(|it| *it == letter).and_then(|k| at.get(k)).cloned().unwrap_or_default()
    };
    if summed.is_empty() {
        lowerer.fill("einsum", &target, &|at| product(&|letter| place(at, letter)));
    } else {
        let zero = cast(&Scalar::int(0), dtype);
        lowerer.fill("zero", &target, &|_| zero.clone());
        lowerer.flush();
        target.axes.extend(summed.iter().map(|letter| Axis::New(extents[letter].clone())));
        let wcr = if dtype == DType::Bool { Wcr::LogicalOr } else { Wcr::Sum };
        lowerer.accumulate_into("einsum", &target, wcr, &|at| product(&|letter| place(at, letter)));
    }
    lowerer.flush();
    Ok(match shape.is_empty() {
        true => Value::Scalar(out.element(&[Expr::zero()])),
        false => Value::Array(out),
    })
}

/// The library operation of a contraction; `None` if types differ, an axis is broadcast, or a letter stands twice at one operand.
///
/// The operation sees the dimensions of containers in their order, so operands with exchanged axes are not copied.
fn as_operation(
    factors: &[Factor],
    result: &[char],
    extents: &IndexMap<char, Expr>,
    dtype: DType,
) -> Option<Einsum> {
    let plain = |letter: &char| {
        let at = extents.get_index_of(letter)?;
        ('a'..='z').nth(at)
    };
    let mut operands = Vec::new();
    for factor in factors {
        let same =
            factor.letters.iter().zip(factor.view.shape()).all(|(letter, extent)| extents[letter] == extent);
        let mut dims: Vec<(usize, char)> = Vec::new();
        for (axis, letter) in factor.view.axes.iter().zip(&factor.letters) {
            let Axis::Dim(dim) = axis else { return None };
            let forward = factor.view.subset.dims[*dim].step.as_int().is_some_and(|step| step > 0);
            dims.push((*dim, plain(letter).filter(|_| forward)?));
        }
        dims.sort_unstable();
        let letters: Vec<char> = dims.into_iter().map(|(_, letter)| letter).collect();
        let once = (0..letters.len()).all(|at| !letters[..at].contains(&letters[at]));
        if !same || !once || factor.view.dtype != dtype || dtype == DType::Bool {
            return None;
        }
        operands.push(letters);
    }
    Some(Einsum { operands, result: result.iter().map(plain).collect::<Option<_>>()? })
}

/// `a @ b` for stacks of matrices, also where an axis of a stack has extent 1.
pub(super) fn stacks(
    lowerer: &mut Lowerer<'_>,
    a: &View,
    b: &View,
    dest: &Dest,
    range: TextRange,
) -> Result<Value> {
    // The letters of a stack are counted from its end, the rows, the columns and what is between have their own.
    let [row, inner, column] = ['r', 'i', 'c'];
    let of = |view: &View, last: [char; 2]| {
        let own = if view.rank() == 1 { vec![inner] } else { last.to_vec() };
        let mut all = letters(0, view.rank() - own.len());
        all.reverse();
        all.extend(own);
        Factor { view: view.clone(), letters: all }
    };
    let factors = [of(a, [row, inner]), of(b, [inner, column])];
    let stack = a.rank().max(b.rank()) - 2;
    let mut result = letters(0, stack);
    result.reverse();
    result.extend((a.rank() > 1).then_some(row));
    result.extend((b.rank() > 1).then_some(column));
    contracted(lowerer, &factors, &result, dest, range)
}

/// Whether two factors and a result are the product of two matrices, in order.
fn is_matrix_product(factors: &[Factor], result: &[char]) -> bool {
    let [a, b] = factors else { return false };
    match (a.letters.as_slice(), b.letters.as_slice(), result) {
        (&[i, j], &[k, l], &[m, n]) => j == k && i == m && l == n && i != j && l != j && i != l,
        (&[i, j], &[k], &[m]) => j == k && i == m && i != j,
        (&[i], &[j, k], &[m]) => i == j && k == m && j != k,
        (&[i], &[j], &[]) => i == j,
        _ => false,
    }
}

/// The subscripts and operands of `einsum(a, [0, 1], b, [1, 2], [0, 2])`: letters in the order of the numbers.
fn from_lists(given: &[Value]) -> Option<(String, Vec<Value>)> {
    let group = |list: &Value| -> Option<String> {
        let Value::Tuple(items) = list else { return None };
        let letter = |item: &Value| match item {
            Value::Ellipsis => Some("...".to_owned()),
            Value::Scalar(number) => {
                let number = usize::try_from(number.as_int()?).ok().filter(|number| *number < 52)?;
                letters(number, 1).first().map(char::to_string)
            }
            _ => None,
        };
        items.iter().map(letter).collect()
    };
    let pairs = given.chunks_exact(2);
    let result = pairs.remainder();
    let mut operands = Vec::new();
    let mut groups = Vec::new();
    for pair in pairs {
        operands.push(pair[0].clone());
        groups.push(group(&pair[1])?);
    }
    let mut text = groups.join(",");
    if let [result] = result {
        text = format!("{text}->{}", group(result)?);
    }
    (!operands.is_empty()).then_some((text, operands))
}

fn einsum(lowerer: &mut Lowerer<'_>, args: &Args) -> Result<Value> {
    let wrong = |reason: &str| args.unsupported("subscripts", reason);
    let listed: (String, Vec<Value>);
    let (text, operands) = match args.rest.split_first() {
        Some((Value::Text(text), operands)) => (text.clone(), operands),
        _ => {
            listed = from_lists(&args.rest).ok_or_else(|| {
                wrong("they are a string that is known, such as 'ij,jk->ik', or a list of numbers after each operand")
            })?;
            (listed.0.clone(), listed.1.as_slice())
        }
    };
    let text: String = text.chars().filter(|it| !it.is_whitespace()).collect();
    let (inputs, explicit) = match text.split_once("->") {
        Some((inputs, result)) => (inputs.to_owned(), Some(result.to_owned())),
        None => (text.clone(), None),
    };
    let inputs: Vec<&str> = inputs.split(',').collect();
    if inputs.len() != operands.len() {
        return Err(wrong("there must be one group of letters for each operand").into());
    }
    let mut factors = Vec::new();
    let mut widest: Vec<char> = Vec::new();
    for (letters, operand) in inputs.iter().zip(operands) {
        let Value::Array(view) = operand else { return Err(lowerer.not_a_number(operand, args.range)) };
        let named = letters.replace("...", "").chars().count();
        let Some(rest) = view.rank().checked_sub(named) else {
            return Err(wrong("an operand has fewer axes than letters").into());
        };
        if rest > 10 || rest > 0 && !letters.contains("...") {
            return Err(wrong("an operand has more axes than letters").into());
        }
        // The axes of an ellipsis are aligned at its end.
        let dots: Vec<char> = (0..rest).rev().map(|k| char::from(b'0' + k as u8)).collect();
        if dots.len() > widest.len() {
            widest.clone_from(&dots);
        }
        let letters: Vec<char> = letters.replace("...", &dots.iter().collect::<String>()).chars().collect();
        factors.push(Factor { view: view.clone(), letters });
    }
    let result: Vec<char> = match explicit {
        Some(result) => result.replace("...", &widest.iter().collect::<String>()).chars().collect(),
        None => {
            let all: Vec<char> = factors.iter().flat_map(|factor| factor.letters.iter().copied()).collect();
            let once = |letter: &char| all.iter().filter(|it| *it == letter).count() == 1;
            let mut single: Vec<char> =
                all.iter().copied().filter(|it| !it.is_ascii_digit() && once(it)).collect();
            single.sort_unstable();
            widest.into_iter().chain(single).collect()
        }
    };
    let known = |letter: &char| factors.iter().any(|factor| factor.letters.contains(letter));
    let repeated = (1..result.len()).any(|k| result[..k].contains(&result[k]));
    if !result.iter().all(known) || repeated {
        return Err(wrong("a letter of the result is in no operand, or twice").into());
    }
    if is_matrix_product(&factors, &result) && !args.given("out") {
        let operand = |k: usize| Value::Array(factors[k].view.clone());
        return super::matmul(lowerer, &operand(0), &operand(1), &args.dest, args.range);
    }
    let value = contracted(lowerer, &factors, &result, &args.dest, args.range)?;
    match output(args)? {
        Some(target) => give(lowerer, args, &target, &value),
        None => Ok(value),
    }
}

/// A letter for each axis, from that number on.
fn letters(from: usize, count: usize) -> Vec<char> {
    (from..from + count).filter_map(|k| char::from_u32(0x100 + k as u32)).collect()
}

/// The sums of products over pairs of axes.
fn over_axes(
    lowerer: &mut Lowerer<'_>,
    args: &Args,
    a: &View,
    b: &View,
    pairs: &[(usize, usize)],
) -> Result<Value> {
    let first = letters(0, a.rank());
    let mut second = letters(a.rank(), b.rank());
    for &(left, right) in pairs {
        second[right] = first[left];
    }
    let shared = |letter: &char| pairs.iter().any(|(left, _)| first[*left] == *letter);
    let result: Vec<char> = first.iter().chain(&second).copied().filter(|letter| !shared(letter)).collect();
    let factors =
        [Factor { view: a.clone(), letters: first.clone() }, Factor { view: b.clone(), letters: second }];
    let extents = (a.shape(), b.shape());
    for &(left, right) in pairs {
        let (x, y) = (&extents.0[left], &extents.1[right]);
        if (x - y).as_int().is_some_and(|difference| difference != 0) {
            let message = format!("a product over extents {x} and {y}, which differ");
            return Err(Diagnostic::error(codes::SHAPE, args.range, message).into());
        }
    }
    if is_matrix_product(&factors, &result) && !args.given("out") {
        let [a, b] = factors.map(|factor| Value::Array(factor.view));
        return super::matmul(lowerer, &a, &b, &args.dest, args.range);
    }
    contracted(lowerer, &factors, &result, &args.dest, args.range)
}

fn tensordot(lowerer: &mut Lowerer<'_>, args: &Args) -> Result<Value> {
    let (a, b) = (array(lowerer, args, "a")?, array(lowerer, args, "b")?);
    let wrong = || args.unsupported("axes", "it must be a number of axes, or a pair of known axes");
    let known = |value: &Value, rank: usize| -> Option<Vec<usize>> {
        let items = match value {
            Value::Tuple(items) => items.clone(),
            one => vec![one.clone()].into(),
        };
        let axis = |item: &Value| match item {
            Value::Scalar(scalar) => axis_of(scalar.as_int()?, rank),
            _ => None,
        };
        items.iter().map(axis).collect()
    };
    let pairs: Vec<(usize, usize)> = match args.get("axes") {
        Some(Value::Tuple(both)) if both.len() == 2 => {
            let (left, right) = (known(&both[0], a.rank()), known(&both[1], b.rank()));
            match (left, right) {
                (Some(left), Some(right)) if left.len() == right.len() => {
                    left.into_iter().zip(right).collect()
                }
                _ => return Err(wrong().into()),
            }
        }
        Some(Value::Tuple(_)) => return Err(wrong().into()),
        _ => {
            let count = args.int("axes")?.unwrap_or(2);
            let count = usize::try_from(count).ok().filter(|it| *it <= a.rank().min(b.rank()));
            let Some(count) = count else { return Err(wrong().into()) };
            (0..count).map(|k| (a.rank() - count + k, k)).collect()
        }
    };
    over_axes(lowerer, args, &a, &b, &pairs)
}

/// Sums of products over the last axes.
pub(super) fn inner(lowerer: &mut Lowerer<'_>, args: &Args, a: Value, b: Value) -> Result<Value> {
    match (&a, &b) {
        (Value::Array(a), Value::Array(b)) => over_axes(lowerer, args, a, b, &[(a.rank() - 1, b.rank() - 1)]),
        _ => lowerer.elementwise("multiply", &[a, b], &args.dest, args.range, &|of| {
            scalar::binary(BinaryOp::Mul, &of[0], &of[1])
        }),
    }
}

/// `dot` of an array with more than two dimensions: the last axis meets the second to last.
pub(super) fn dot(lowerer: &mut Lowerer<'_>, args: &Args, a: &View, b: &View) -> Result<Value> {
    let right = b.rank().saturating_sub(2);
    over_axes(lowerer, args, a, b, &[(a.rank() - 1, right)])
}

/// The conjugate, of complex numbers.
fn conjugated(lowerer: &mut Lowerer<'_>, args: &Args, value: Value) -> Result<Value> {
    match &value {
        Value::Array(view) if view.dtype.is_complex() => {
            lowerer.elementwise("conj", &[value], &Dest::Temp, args.range, &|of| {
                scalar::call(Function::Conj, &of[0])
            })
        }
        _ => Ok(value),
    }
}

fn vdot(lowerer: &mut Lowerer<'_>, args: &Args) -> Result<Value> {
    let mut vectors = Vec::new();
    for name in ["a", "b"] {
        let view = array(lowerer, args, name)?;
        let flat = if view.rank() == 1 { view } else { super::manipulation::flattened(lowerer, &view) };
        vectors.push(Value::Array(flat));
    }
    let first = conjugated(lowerer, args, vectors[0].clone())?;
    inner(lowerer, args, first, vectors[1].clone())
}

/// Sums of products over the last axis, with broadcasting over the others.
fn vecdot(lowerer: &mut Lowerer<'_>, args: &Args) -> Result<Value> {
    let (a, b) = (array(lowerer, args, "x1")?, array(lowerer, args, "x2")?);
    let Value::Array(a) = conjugated(lowerer, args, Value::Array(a))? else {
        return Err(args.unsupported("x1", "it must be an array").into());
    };
    let rank = a.rank().max(b.rank());
    let all = letters(0, rank);
    let factor = |view: View| Factor { letters: all[rank - view.rank()..].to_vec(), view };
    contracted(lowerer, &[factor(a), factor(b)], &all[..rank - 1], &args.dest, args.range)
}
