//! Arrays as NumPy writes them, with the options that it has by default.
//!
//! ```text
//! [[ 1.    2.5 ]      as many digits as tell the number from its neighbours, 8 after the point at most;
//!  [-3.    0.25]]     points and ends aligned; lines of 75 characters; more than 1000 elements leave a gap: `...`
//! ```
//!
//! Numbers have an exponent if one of them is so large, so small, or so much larger than another one that its digits
//! would not be seen. The emitted code does the same in `codegen/src/cpp/array_text.rs`.

use super::printing::reads_back;
use super::{Tensor, Value};
use crate::DType;
use crate::dtype::Kind;

/// An array of more elements leaves a gap.
const THRESHOLD: usize = 1000;

/// So many elements stand on both sides of a gap.
const EDGE: usize = 3;

/// Characters in a line.
const LINE: usize = 75;

/// Digits after the point.
const PRECISION: usize = 8;

/// The text of an array with at least one dimension.
pub(super) fn array_text(array: &Tensor) -> String {
    if array.is_empty() {
        return "[]".to_owned();
    }
    let rows = Rows { array, gaps: array.len() > THRESHOLD };
    let mut shown = Vec::new();
    rows.each(0, 0, &mut |at| shown.push(array.get(at)));
    let words = Words::of(array.dtype(), &shown);
    let mut text = String::new();
    rows.write(&words, 0, 0, LINE, &mut text);
    text
}

/// The elements of an array that are shown.
struct Rows<'a> {
    array: &'a Tensor,
    /// Whether long dimensions leave a gap.
    gaps: bool,
}

impl Rows<'_> {
    /// Positions along an axis, with `None` for the gap.
    fn along(&self, axis: usize) -> Vec<Option<usize>> {
        let extent = self.array.shape()[axis];
        if !self.gaps || extent <= 2 * EDGE {
            return (0..extent).map(Some).collect();
        }
        (0..EDGE).map(Some).chain([None]).chain((extent - EDGE..extent).map(Some)).collect()
    }

    /// Calls `f` on the position of each element that is shown.
    fn each(&self, axis: usize, before: usize, f: &mut dyn FnMut(usize)) {
        let Some(extent) = self.array.shape().get(axis) else { return f(before) };
        self.along(axis).into_iter().flatten().for_each(|at| self.each(axis + 1, before * extent + at, f));
    }

    /// Writes what is left of the axes, in lines of `width` characters at most.
    fn write(&self, words: &Words, axis: usize, before: usize, width: usize, text: &mut String) {
        let (rank, extent) = (self.array.shape().len(), self.array.shape()[axis]);
        // The bracket stands where the line's last blank would.
        let indent = " ".repeat(axis + 1);
        text.push('[');
        let mut line = indent.len();
        for (k, at) in self.along(axis).into_iter().enumerate() {
            if axis + 1 < rank {
                if k > 0 {
                    text.push_str(&"\n".repeat(rank - axis - 1));
                    text.push_str(&indent);
                }
                match at {
                    Some(at) => self.write(words, axis + 1, before * extent + at, width - 1, text),
                    None => text.push_str("..."),
                }
                continue;
            }
            let word = at.map_or("...".to_owned(), |at| words.word(self.array.get(before * extent + at)));
            if k > 0 {
                text.push(' ');
                line += 1;
            }
            let length = word.chars().count();
            if line > indent.len() && line + length > width - 1 {
                text.truncate(text.trim_end_matches(' ').len());
                text.push('\n');
                text.push_str(&indent);
                line = indent.len();
            }
            text.push_str(&word);
            line += length;
        }
        text.push(']');
    }
}

/// How each element of an array is written.
enum Words {
    Truth,
    /// Integers of so many characters.
    Integers(usize),
    Floats(Floats),
    Complex(Floats, Floats),
}

impl Words {
    fn of(dtype: DType, shown: &[Value]) -> Self {
        match dtype.kind() {
            Kind::Bool => Words::Truth,
            Kind::Signed | Kind::Unsigned => {
                Words::Integers(shown.iter().map(|it| integer(*it).len()).max().unwrap_or(0))
            }
            Kind::Float | Kind::Vector | Kind::Handle => {
                Words::Floats(Floats::of(dtype, shown.iter().map(|it| it.to_f64()), false))
            }
            Kind::Complex => {
                let part = |of: fn(&Value) -> f64, plus| Floats::of(dtype.real(), shown.iter().map(of), plus);
                Words::Complex(part(|it| it.to_complex().re, false), part(|it| it.to_complex().im, true))
            }
        }
    }

    fn word(&self, value: Value) -> String {
        match self {
            Words::Truth => (if value.is_true() { " True" } else { "False" }).to_owned(),
            Words::Integers(width) => format!("{:>width$}", integer(value)),
            Words::Floats(floats) => floats.word(value.to_f64()),
            Words::Complex(real, imaginary) => {
                let number = value.to_complex();
                let imaginary = imaginary.word(number.im);
                let digits = imaginary.trim_end_matches(' ');
                format!("{}{digits}j{}", real.word(number.re), &imaginary[digits.len()..])
            }
        }
    }
}

fn integer(value: Value) -> String {
    match value.dtype().kind() {
        Kind::Unsigned => (value.to_i64() as u64).to_string(),
        _ => value.to_i64().to_string(),
    }
}

/// How the floats of an array are written.
struct Floats {
    dtype: DType,
    /// Whether they have an exponent, and digits of that.
    exponent: Option<usize>,
    /// Characters before the point, and behind it.
    left: usize,
    right: usize,
    /// Whether positive numbers have a sign.
    plus: bool,
}

impl Floats {
    fn of(dtype: DType, values: impl Iterator<Item = f64> + Clone, plus: bool) -> Self {
        let finite = values.clone().filter(|value| value.is_finite());
        let sizes = finite.clone().filter(|value| *value != 0.0).map(f64::abs);
        let (largest, least) = (sizes.clone().fold(0.0, f64::max), sizes.fold(f64::INFINITY, f64::min));
        let mut floats = Floats { dtype, exponent: None, left: 0, right: 0, plus };
        let scientific = largest > 0.0
            && (largest >= floats.limit()
                || least < rounded(0.0001, dtype)
                || rounded(largest / least, dtype) > 1000.0);
        let mut exponent = 0;
        for value in finite {
            let text = floats.digits(value, scientific);
            let (number, power) = text.split_once('e').unwrap_or((&text, ""));
            let point = number.find('.').unwrap_or(number.len());
            floats.left = floats.left.max(point);
            floats.right = floats.right.max(number.len() - point - 1);
            exponent = exponent.max(power.len().saturating_sub(1));
        }
        floats.exponent = scientific.then_some(exponent);
        // What is no number is as wide as the numbers are, or wider.
        let behind = floats.behind() + 1;
        for value in values.filter(|value| !value.is_finite()) {
            let sign = usize::from(value.is_infinite() && (plus || value < 0.0));
            floats.left = floats.left.max((3 + sign).saturating_sub(behind));
        }
        floats
    }

    /// From here on, numbers have an exponent.
    fn limit(&self) -> f64 {
        match self.dtype {
            DType::Float64 => 1e8,
            DType::Float32 => 1e6,
            _ => 1e3,
        }
    }

    /// Characters behind the point.
    fn behind(&self) -> usize {
        self.exponent.map_or(self.right, |exponent| exponent + 2 + self.right)
    }

    /// The shortest digits that tell the number from others, 8 after the point at most, without zeros at the end.
    fn digits(&self, value: f64, scientific: bool) -> String {
        let written = |precision: usize| match scientific {
            true => format!("{value:.precision$e}"),
            false => format!("{value:.precision$}"),
        };
        let exact = (0..PRECISION).find(|digits| reads_back(&written(*digits), value, self.dtype));
        let text = written(exact.unwrap_or(PRECISION));
        let (number, power) = text.split_once('e').unwrap_or((&text, ""));
        let number = match number.contains('.') {
            true => number.trim_end_matches('0').to_owned(),
            false => format!("{number}."),
        };
        let sign = if self.plus && !number.starts_with('-') { "+" } else { "" };
        let power: i32 = power.parse().unwrap_or(0);
        match scientific {
            true => {
                let mark = if power < 0 { '-' } else { '+' };
                format!("{sign}{number}e{mark}{:02}", power.abs())
            }
            false => format!("{sign}{number}"),
        }
    }

    fn word(&self, value: f64) -> String {
        if !value.is_finite() {
            let text = match value {
                _ if value.is_nan() && self.plus => "+nan",
                _ if value.is_nan() => "nan",
                _ if value < 0.0 => "-inf",
                _ if self.plus => "+inf",
                _ => "inf",
            };
            let width = self.left + self.behind() + 1;
            return format!("{text:>width$}");
        }
        let text = self.digits(value, self.exponent.is_some());
        let (left, right) = (self.left, self.right);
        let (number, power) = text.split_once('e').unwrap_or((&text, ""));
        let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
        match self.exponent {
            Some(digits) => {
                let (mark, power) = power.split_at(1);
                format!("{whole:>left$}.{fraction:0<right$}e{mark}{power:0>digits$}")
            }
            None => format!("{whole:>left$}.{fraction:<right$}"),
        }
    }
}

/// The number as an element of the type is.
fn rounded(value: f64, dtype: DType) -> f64 {
    Value::float(value, dtype).to_f64()
}
