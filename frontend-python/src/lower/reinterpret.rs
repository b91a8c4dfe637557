//! Bytes of elements read as elements of another type: `x.view(dtype)`.
//!
//! Elements of both types are taken apart into *words*: unsigned integers of the size of the smaller one, the least
//! significant first, as memory has them. A complex number is its real and its imaginary part.
//!
//! ```text
//! float64 as uint32     two words of each number              y[2 i] = low(bits(x[i]));  y[2 i + 1] = high(bits(x[i]))
//! uint8 as uint32       a word of each of four numbers        y[i] = x[4 i] | x[4 i + 1] << 8 | ...
//! complex64 as float32  its parts
//! ```
//!
//! No [`View`] has such elements: they are a copy, which is kept equal as that of a reshaped array is, see
//! [`mirror`](super::mirror).

use super::{Lowerer, Result};
use crate::codes;
use crate::diagnostic::Diagnostic;
use crate::parse::TextRange;
use crate::types::{Axis, Scalar, View};
use dacec_ir::{BinaryOp, Constant, DType, Expr, Function, ScalarExpr, UnaryOp};

impl Lowerer<'_> {
    /// The bytes of an array as elements of another type. If the sizes differ, the last axis gets longer or shorter, and
    /// must lie in memory without gaps.
    pub(crate) fn reinterpreted(
        &mut self,
        view: &View,
        dtype: DType,
        prefix: &str,
        range: TextRange,
    ) -> Result<View> {
        let mut shape = view.shape();
        if dtype.size() != view.dtype.size() {
            let last = shape.last_mut().filter(|_| self.is_dense(view));
            let Some(last) = last else {
                let message =
                    "the last axis must lie in memory without gaps where the sizes of elements differ";
                return Err(Diagnostic::error(codes::UNSUPPORTED_ARGUMENT, range, message)
                    .help("take a copy first: `.copy().view(...)`")
                    .into());
            };
            let bytes = &*last * Expr::from(view.dtype.size());
            let size = Expr::from(dtype.size());
            let whole = bytes.modulo(&size).eq_expr(&Expr::zero());
            *last = bytes.div_exact(&size).unwrap_or_else(|| bytes.floor_div(&size));
            if bytes.as_int().is_some_and(|bytes| bytes % dtype.size() as i64 != 0) {
                let message = format!("the last axis has {bytes} bytes, which are no elements of {dtype}");
                return Err(Diagnostic::error(codes::SHAPE, range, message).into());
            }
            self.require(&whole, format!("the bytes of the last axis must be elements of {dtype}"), range)?;
        }
        let out = self.new_array(prefix, dtype, &shape);
        self.reinterpret(view, &out);
        self.add_bytes(view, &out);
        Ok(out)
    }

    /// Writes the bytes of the elements of `from` to those of `to`.
    pub(super) fn reinterpret(&mut self, from: &View, to: &View) {
        let (own, wanted) = (from.dtype.size(), to.dtype.size());
        let word = word_size(from.dtype).min(word_size(to.dtype));
        let element =
            |place: &[Expr]| words(&from.element(place), word).unwrap_or_else(|| vec![ScalarExpr::int(0)]);
        if own > wanted {
            // Each element of `from` gives several of `to`.
            let (ratio, each) = (own / wanted, wanted / word);
            for part in 0..ratio {
                let steps = from.shape();
                let place = |at: &[Expr]| scaled(at, ratio, part);
                self.fill_at("bytes", to, &steps, &place, &|at| {
                    joined(&element(at)[part * each..(part + 1) * each], word, to.dtype)
                });
            }
            return;
        }
        let ratio = wanted / own;
        self.fill("bytes", to, &|at| {
            let words: Vec<ScalarExpr> = (0..ratio)
                .flat_map(|part| if ratio == 1 { element(at) } else { element(&scaled(at, ratio, part)) })
                .collect();
            joined(&words, word, to.dtype)
        });
    }

    /// Whether the elements along the last axis lie next to each other.
    fn is_dense(&self, view: &View) -> bool {
        let Some(Axis::Dim(dim)) = view.axes.last() else { return false };
        let stride =
            self.sdfg.containers.get(&view.container).and_then(|data| data.strides().get(*dim).cloned());
        stride.is_some_and(|stride| stride.is_one()) && view.subset.dims[*dim].step.is_one()
    }
}

/// The same number with its bits read as another type of the same size.
pub(crate) fn reinterpreted_number(number: &Scalar, dtype: DType) -> Option<Scalar> {
    if number.dtype().size() != dtype.size() {
        return None;
    }
    let word = word_size(number.dtype()).min(word_size(dtype));
    Some(Scalar::strong(joined(&words(number, word)?, word, dtype), dtype))
}

/// Size in bytes of the largest word that elements of a type are made of.
fn word_size(dtype: DType) -> usize {
    dtype.real().size()
}

/// The position of part `part` of `ratio` parts of the element at a position.
fn scaled(at: &[Expr], ratio: usize, part: usize) -> Vec<Expr> {
    let mut place = at.to_vec();
    if let Some(last) = place.last_mut() {
        *last = &*last * Expr::from(ratio) + Expr::from(part);
    }
    place
}

/// The unsigned integer of a size in bytes.
fn unsigned(size: usize) -> Option<DType> {
    [DType::UInt8, DType::UInt16, DType::UInt32, DType::UInt64].into_iter().find(|it| it.size() == size)
}

/// A number as words of a size, the least significant first.
fn words(number: &Scalar, size: usize) -> Option<Vec<ScalarExpr>> {
    if number.dtype().is_complex() {
        let real = number.dtype().real();
        let part = |function| Scalar::strong(ScalarExpr::Call(function, vec![number.code.clone()]), real);
        let mut all = words(&part(Function::Real), size)?;
        all.extend(words(&part(Function::Imag), size)?);
        return Some(all);
    }
    let own = number.dtype().same_size_unsigned();
    let bits = if number.dtype().is_float() {
        ScalarExpr::Call(Function::Bits, vec![number.code.clone()])
    } else {
        number.code.clone().cast(number.dtype(), own)
    };
    let word = unsigned(size)?;
    let part = |at: usize| {
        let distance = Constant::of_int((8 * size * at) as i64, own).into();
        let low =
            if at == 0 { bits.clone() } else { ScalarExpr::binary(BinaryOp::Shr, bits.clone(), distance) };
        low.cast(own, word)
    };
    Some((0..own.size() / size).map(part).collect())
}

/// The number that words of a size make up, the least significant first.
fn joined(words: &[ScalarExpr], size: usize, dtype: DType) -> ScalarExpr {
    if dtype.is_complex() {
        let (re, im) = words.split_at(words.len() / 2);
        let parts = [re, im].map(|part| joined(part, size, dtype.real()));
        return ScalarExpr::Call(Function::Complex, parts.to_vec());
    }
    let own = dtype.same_size_unsigned();
    let word = unsigned(size).unwrap_or(own);
    let shifted = |(at, code): (usize, &ScalarExpr)| {
        let wide = code.clone().cast(word, own);
        let distance = Constant::of_int((8 * size * at) as i64, own).into();
        if at == 0 { wide } else { ScalarExpr::binary(BinaryOp::Shl, wide, distance) }
    };
    let bits = words.iter().enumerate().map(shifted);
    let bits = bits.reduce(|low, high| ScalarExpr::binary(BinaryOp::BitOr, low, high));
    let bits = bits.unwrap_or_else(|| Constant::of_int(0, own).into());
    match dtype {
        DType::Bool => ScalarExpr::unary(
            UnaryOp::Not,
            ScalarExpr::binary(BinaryOp::Eq, bits, Constant::of_int(0, own).into()),
        ),
        dtype if dtype.is_float() => ScalarExpr::Call(Function::FromBits, vec![bits]),
        dtype => bits.cast(own, dtype),
    }
}
