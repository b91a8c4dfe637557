//! `numpy.fft`: discrete Fourier transforms along axes.
//!
//! The transform itself is a library node for vectors, or stacks of them. Around it, the axis is moved to the end, cut or
//! filled up with zeros as `n` and `s` say, and the result is scaled as `norm` says:
//!
//! ```text
//! y = np.fft.fft(x, axis=0)       t = x.T as complex numbers;  Fft(t);  y = t.T
//! y = np.fft.irfft(x, n)          t = x[:n // 2 + 1], and conj(x[n - k]) from there on;  Ifft(t);  y = t.real / n
//! ```

use super::{Args, Entry, array, axis_of, call};
use crate::codes;
use crate::diagnostic::Diagnostic;
use crate::lower::{Dest, Lowerer, Result};
use crate::promotion::{float_of, promote};
use crate::scalar::{self, cast};
use crate::types::{Axis, Scalar, Value, View};
use dacec_ir::library::{Dense, LibraryOp};
use dacec_ir::node::LibraryNode;
use dacec_ir::{BinaryOp, DType, Expr, Function, Memlet, Node, Range, ScalarExpr};
use std::sync::Arc;

const LINE: &[&str] = &["a", "n?", "axis?", "norm?"];
const PLANE: &[&str] = &["a", "s?", "axes?", "norm?"];

/// Functions of `numpy.fft`.
pub(super) const ENTRIES: &[Entry] = &[
    call("fft", LINE, |l, args| along_line(l, args, Kind::Forward)),
    call("ifft", LINE, |l, args| along_line(l, args, Kind::Backward)),
    call("rfft", LINE, |l, args| along_line(l, args, Kind::Half)),
    call("irfft", LINE, |l, args| along_line(l, args, Kind::Real)),
    call("hfft", LINE, |l, args| along_line(l, args, Kind::Hermitian)),
    call("ihfft", LINE, |l, args| along_line(l, args, Kind::InverseHermitian)),
    call("fft2", PLANE, |l, args| along_axes(l, args, Kind::Forward, true)),
    call("ifft2", PLANE, |l, args| along_axes(l, args, Kind::Backward, true)),
    call("rfft2", PLANE, |l, args| along_axes(l, args, Kind::Half, true)),
    call("irfft2", PLANE, |l, args| along_axes(l, args, Kind::Real, true)),
    call("fftn", PLANE, |l, args| along_axes(l, args, Kind::Forward, false)),
    call("ifftn", PLANE, |l, args| along_axes(l, args, Kind::Backward, false)),
    call("rfftn", PLANE, |l, args| along_axes(l, args, Kind::Half, false)),
    call("irfftn", PLANE, |l, args| along_axes(l, args, Kind::Real, false)),
    call("fftfreq", &["n", "d?"], |l, args| frequencies(l, args, false)),
    call("rfftfreq", &["n", "d?"], |l, args| frequencies(l, args, true)),
    call("fftshift", &["x", "axes?"], |l, args| shifted(l, args, false)),
    call("ifftshift", &["x", "axes?"], |l, args| shifted(l, args, true)),
];

/// What is computed along an axis.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Forward,
    Backward,
    /// Forward, of real numbers: the frequencies that are not negative.
    Half,
    /// Backward, of such frequencies, to real numbers.
    Real,
    /// Backward, of the conjugate of the first half of a signal that is its own mirrored conjugate, to real numbers: what
    /// the forward transform of the signal is.
    Hermitian,
    /// Its inverse.
    InverseHermitian,
}

impl Kind {
    /// Whether the results are scaled unless `norm` says otherwise.
    fn is_inverse(self) -> bool {
        matches!(self, Kind::Backward | Kind::Real | Kind::InverseHermitian)
    }
}

/// The factor of the results for transforms of that length; `None` for one.
fn factor(args: &Args, kind: Kind, length: &Expr) -> Result<Option<Scalar>> {
    let scaled = match args.get("norm") {
        None => kind.is_inverse(),
        Some(Value::Text(norm)) => match norm.as_str() {
            "backward" => kind.is_inverse(),
            "forward" => !kind.is_inverse(),
            "ortho" => {
                let length = scalar::converted(&Scalar::symbolic(length.clone()), DType::Float64);
                let root = scalar::call(Function::Sqrt, &length);
                return Ok(root.and_then(|root| inverse(&root)).ok());
            }
            _ => return Err(args.unsupported("norm", "it must be 'backward', 'ortho' or 'forward'").into()),
        },
        Some(_) => return Err(args.unsupported("norm", "it must be a text that is known").into()),
    };
    let length = scalar::converted(&Scalar::symbolic(length.clone()), DType::Float64);
    Ok(if scaled { inverse(&length).ok() } else { None })
}

fn inverse(value: &Scalar) -> std::result::Result<Scalar, scalar::Refusal> {
    scalar::binary(BinaryOp::Div, &Scalar::float(1.0), value)
}

/// The type of the transforms of elements of a type.
fn complex_of(args: &Args, dtype: DType) -> Result<DType> {
    match dtype {
        dtype if dtype.is_integer() || dtype == DType::Bool => Ok(DType::Complex128),
        DType::Float32 | DType::Complex64 => Ok(DType::Complex64),
        DType::Float64 | DType::Complex128 => Ok(DType::Complex128),
        dtype => Err(args.unsupported("a", &format!("there are no transforms of {dtype}")).into()),
    }
}

/// A transform along one axis.
fn along_line(lowerer: &mut Lowerer<'_>, args: &Args, kind: Kind) -> Result<Value> {
    let view = array(lowerer, args, "a")?;
    let Some(axis) = axis_of(args.int("axis")?.unwrap_or(-1), view.rank()) else {
        return Err(args.unsupported("axis", "there is no such axis").into());
    };
    let length = match args.get("n").cloned() {
        Some(length) => Some(lowerer.integer(&length, args.place("n"))?),
        None => None,
    };
    transformed(lowerer, args, &view, axis, (kind, length)).map(Value::Array)
}

/// Transforms along several axes, the last one first; of real numbers, that one has half of the frequencies.
fn along_axes(lowerer: &mut Lowerer<'_>, args: &Args, kind: Kind, plane: bool) -> Result<Value> {
    let mut view = array(lowerer, args, "a")?;
    let rank = view.rank();
    let lengths = match args.get("s").cloned() {
        None => None,
        Some(shape) => Some(super::shape_of(lowerer, &shape, args.place("s"))?),
    };
    let axes = match (args.get("axes"), &lengths) {
        (Some(Value::Tuple(items)), _) => {
            let known = |item: &Value| match item {
                Value::Scalar(axis) => axis.as_int().and_then(|axis| axis_of(axis, rank)),
                _ => None,
            };
            let axes: Option<Vec<usize>> = items.iter().map(known).collect();
            axes.ok_or_else(|| args.unsupported("axes", "they must be known axes of the array"))?
        }
        (Some(_), _) => return Err(args.unsupported("axes", "it must be a tuple").into()),
        (None, _) if plane && rank < 2 => {
            return Err(args.unsupported("a", "it must have two dimensions").into());
        }
        (None, _) if plane => vec![rank - 2, rank - 1],
        (None, Some(lengths)) if lengths.len() <= rank => (rank - lengths.len()..rank).collect(),
        (None, _) => (0..rank).collect(),
    };
    if lengths.as_ref().is_some_and(|lengths| lengths.len() != axes.len()) || axes.is_empty() {
        return Err(args.unsupported("s", "there must be one for each axis").into());
    }
    let mut order: Vec<usize> = (0..axes.len()).rev().collect();
    if kind == Kind::Real {
        order.rotate_left(1);
    }
    for k in order {
        let is_last = k + 1 == axes.len();
        let own = match kind {
            Kind::Half if !is_last => Kind::Forward,
            Kind::Real if !is_last => Kind::Backward,
            kind => kind,
        };
        let length = lengths.as_ref().map(|lengths| lengths[k].clone());
        view = transformed(lowerer, args, &view, axes[k], (own, length))?;
    }
    Ok(Value::Array(view))
}

/// The transform of a view along an axis.
fn transformed(
    lowerer: &mut Lowerer<'_>,
    args: &Args,
    view: &View,
    axis: usize,
    (kind, length): (Kind, Option<Expr>),
) -> Result<View> {
    let dtype = complex_of(args, view.dtype)?;
    if matches!(kind, Kind::Half | Kind::InverseHermitian) && view.dtype.is_complex() {
        return Err(args
            .unsupported("a", "this is a transform of real numbers")
            .help("use `np.fft.fft` for complex ones")
            .into());
    }
    let mut moved = view.clone().alias();
    let along = moved.axes.remove(axis);
    moved.axes.push(along);
    let mut shape = moved.shape();
    let given = shape.pop().unwrap_or_else(Expr::one);
    let to_real = matches!(kind, Kind::Real | Kind::Hermitian);
    let length = length.unwrap_or_else(|| if to_real { (&given - 1) * Expr::int(2) } else { given.clone() });
    if length.as_int().is_some_and(|length| length < 1) {
        let message = format!("a transform of {length} elements; there must be one at least");
        return Err(Diagnostic::error(codes::SHAPE, args.range, message).into());
    }
    lowerer.require(&Expr::one().le(&length), "a transform needs one element at least".into(), args.range)?;
    let input = if to_real {
        mirrored(lowerer, args, &moved, (&given, &length), dtype, kind == Kind::Hermitian)?
    } else {
        fitted(lowerer, args, &moved, (&given, &length), dtype)?
    };
    let backward = matches!(kind, Kind::Backward | Kind::Real | Kind::Hermitian);
    let output = node(lowerer, args, &input, if backward { Dense::Ifft } else { Dense::Fft });
    let half = length.floor_div(&Expr::int(2)) + 1;
    let mut result = output.clone();
    if matches!(kind, Kind::Half | Kind::InverseHermitian) {
        let last = result.subset.dims.len() - 1;
        result.subset.dims[last] = Range::new(Expr::zero(), half);
    }
    let factor = factor(args, kind, &length)?;
    let factor = factor.map(|factor| lowerer.hoist(&scalar::converted(&factor, dtype.real())));
    if factor.is_some() || to_real || kind == Kind::InverseHermitian {
        let mut operands = vec![Value::Array(result)];
        operands.extend(factor.map(Value::Scalar));
        let finished = lowerer.elementwise("scale", &operands, &Dest::Temp, args.range, &|of| {
            let mut value = of[0].clone();
            if to_real {
                value = scalar::call(Function::Real, &value)?;
            }
            if kind == Kind::InverseHermitian {
                value = scalar::call(Function::Conj, &value)?;
            }
            of.get(1).map_or(Ok(value.clone()), |factor| scalar::binary(BinaryOp::Mul, &value, factor))
        })?;
        let Value::Array(finished) = finished else {
            return Err(lowerer.not_a_number(&finished, args.range));
        };
        result = finished;
        lowerer.flush();
    }
    let along = result.axes.pop();
    result.axes.splice(axis..axis, along);
    Ok(result)
}

/// A part of the last axis of a view.
fn part(view: &View, range: Range) -> View {
    let mut part = view.clone();
    match part.axes.last_mut() {
        Some(Axis::Dim(dim)) => part.subset.dims[*dim] = view.subset.dims[*dim].compose(&range),
        Some(Axis::New(extent)) => *extent = range.len(),
        None => {}
    }
    part
}

/// The elements as complex numbers, with so many along the last axis: cut off, or zeros behind them.
fn fitted(
    lowerer: &mut Lowerer<'_>,
    args: &Args,
    view: &View,
    (given, length): (&Expr, &Expr),
    dtype: DType,
) -> Result<View> {
    let mut shape = view.shape();
    if let Some(last) = shape.last_mut() {
        *last = length.clone();
    }
    let out = lowerer.new_array("__signal", dtype, &shape);
    let count = given.min(length);
    if count != *length {
        let zero = cast(&Scalar::int(0), dtype);
        lowerer.fill("zero", &out, &|_| zero.clone());
        lowerer.flush();
    }
    let source = part(view, Range::new(Expr::zero(), count.clone()));
    lowerer.write(&part(&out, Range::new(Expr::zero(), count)), &Value::Array(source), args.range)?;
    lowerer.flush();
    Ok(out)
}

/// All frequencies of real numbers, of which the first half is given.
fn mirrored(
    lowerer: &mut Lowerer<'_>,
    args: &Args,
    view: &View,
    (given, length): (&Expr, &Expr),
    dtype: DType,
    conjugated: bool,
) -> Result<View> {
    let half = length.floor_div(&Expr::int(2)) + 1;
    let first = fitted(lowerer, args, view, (given, &half), dtype)?;
    let mut shape = view.shape();
    if let Some(last) = shape.last_mut() {
        *last = length.clone();
    }
    let out = lowerer.new_array("__signal", dtype, &shape);
    let back = Range::strided(length - &half, 0, -1);
    let pieces = [
        (
            Range::new(Expr::zero(), half.clone()),
            part(&first, Range::new(Expr::zero(), half.clone())),
            conjugated,
        ),
        (Range::new(half.clone(), length.clone()), part(&first, back), !conjugated),
    ];
    for (target, source, conjugate) in pieces {
        let value =
            lowerer.elementwise("mirror", &[Value::Array(source)], &Dest::Temp, args.range, &|of| {
                if conjugate { scalar::call(Function::Conj, &of[0]) } else { Ok(of[0].clone()) }
            })?;
        lowerer.write(&part(&out, target), &value, args.range)?;
        lowerer.flush();
    }
    Ok(out)
}

/// The node that transforms the last axis of an array; axes of extent 1 are no part of the stack.
fn node(lowerer: &mut Lowerer<'_>, args: &Args, input: &View, op: Dense) -> View {
    let output = lowerer.new_array("__spectrum", input.dtype, &input.shape());
    if input.shape().last().is_some_and(Expr::is_one) {
        // One element is its own transform.
        lowerer.copy_elements(input, &output);
        lowerer.flush();
        return output;
    }
    let node = Node::Library(LibraryNode {
        label: op.name().to_lowercase().as_str().into(),
        op: Arc::new(op),
        implementation: None,
        span: lowerer.globals.lines.span(args.range),
    });
    let memlet = |view: &View| Memlet::new(&view.container, view.subset.clone());
    let (read, written) = (memlet(input), memlet(&output));
    lowerer.add_operation(node, &[("_a".into(), read)], &[("_x".into(), written)]);
    lowerer.flush();
    output
}

/// The frequencies of the elements of a transform, in cycles for each distance of samples.
fn frequencies(lowerer: &mut Lowerer<'_>, args: &Args, half: bool) -> Result<Value> {
    let length = lowerer.integer(&args.value("n"), args.place("n"))?;
    let distance = match args.get("d").cloned() {
        None => Scalar::float(1.0),
        Some(Value::Scalar(distance)) if !distance.dtype().is_complex() => lowerer.hoist(&distance),
        Some(_) => return Err(args.unsupported("d", "it must be a real number").into()),
    };
    let count = if half { length.floor_div(&Expr::int(2)) + 1 } else { length.clone() };
    let out = lowerer.new_array(args.dest.prefix(), DType::Float64, &[count]);
    let positive = (&length + 1).floor_div(&Expr::int(2));
    let float = |value: Expr| scalar::converted(&Scalar::symbolic(value), DType::Float64);
    let width =
        scalar::binary(BinaryOp::Mul, &float(length.clone()), &distance).and_then(|width| inverse(&width));
    let width = width.map_err(|reason| Diagnostic::error(codes::TYPE, args.range, reason))?;
    let width = lowerer.hoist(&width);
    lowerer.fill("frequency", &out, &|at| {
        let number =
            if half { at[0].clone() } else { at[0].lt(&positive).select(&at[0], &(&at[0] - &length)) };
        let value = scalar::binary(BinaryOp::Mul, &float(number), &width);
        value.map_or(ScalarExpr::float(0.0), |value| {
            cast(&value, promote(DType::Float64, float_of(value.dtype())))
        })
    });
    Ok(Value::Array(out))
}

/// The frequencies in ascending order, or that undone: a rotation by half of each axis.
fn shifted(lowerer: &mut Lowerer<'_>, args: &Args, back: bool) -> Result<Value> {
    let view = array(lowerer, args, "x")?;
    let shape = view.shape();
    let axes = args.axes("axes", view.rank())?.unwrap_or_else(|| (0..view.rank()).collect());
    let half = |axis: usize| {
        let half = shape[axis].floor_div(&Expr::int(2));
        (axis, if back { -half } else { half })
    };
    let moves: Vec<(usize, Expr)> = axes.into_iter().map(half).collect();
    super::manipulation::rolled(lowerer, args, args.dest.prefix(), &view, &moves).map(Value::Array)
}
