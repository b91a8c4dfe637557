//! `casting=`: which conversions between types a call allows.

use super::{Args, Entry, as_dtype, call};
use crate::codes;
use crate::diagnostic::Diagnostic;
use crate::lower::Result;
use crate::promotion::{Typed, promote, rank};
use crate::types::{Scalar, Value};
use dacec_ir::DType;
use dacec_ir::dtype::Kind;

/// Functions of NumPy.
pub(super) const ENTRIES: &[Entry] = &[call("can_cast", &["from_", "to", "casting?"], |_, args| {
    let from = match args.get("from_") {
        Some(Value::Array(view)) => Some(view.dtype),
        Some(Value::Scalar(number)) if !number.ty.weak => Some(number.dtype()),
        Some(other) => as_dtype(other),
        None => None,
    };
    let Some(from) = from else {
        let reason = "it must be a type, or an array: numbers of Python have none";
        return Err(args.unsupported("from_", reason).into());
    };
    let to = args.dtype("to")?.unwrap_or(DType::Float64);
    let rule = Casting::of(args, Casting::Safe)?;
    Ok(Value::Scalar(Scalar::bool(rule.allows(Typed::strong(from), to))))
})];

/// A rule for conversions, as NumPy names them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Casting {
    /// None at all. Byte orders do not differ here, so that `equiv` says the same.
    No,
    /// Those that keep every value.
    Safe,
    /// Those that are safe, or lead to the same kind or one above, as from double to single precision.
    SameKind,
    /// All.
    Unsafe,
}

impl Casting {
    /// The argument `casting`.
    pub(super) fn of(args: &Args, default: Casting) -> Result<Casting> {
        match args.get("casting") {
            None => Ok(default),
            Some(Value::Text(name)) => match name.as_str() {
                "no" | "equiv" => Ok(Casting::No),
                "safe" => Ok(Casting::Safe),
                "same_kind" => Ok(Casting::SameKind),
                "unsafe" => Ok(Casting::Unsafe),
                _ => Err(args
                    .unsupported("casting", "there is no such rule")
                    .help("the rules are 'no', 'equiv', 'safe', 'same_kind' and 'unsafe'")
                    .into()),
            },
            Some(_) => Err(args.unsupported("casting", "it must be a text that is known").into()),
        }
    }

    /// Whether values of a type may be converted. A number of Python may always become one of a kind that is not below its own.
    pub(super) fn allows(self, from: Typed, to: DType) -> bool {
        if self == Casting::Unsafe || from.dtype == to {
            return true;
        }
        if from.weak {
            return rank(from.dtype) <= rank(to);
        }
        let safe = promote(from.dtype, to) == to;
        match self {
            Casting::No => false,
            Casting::Safe => safe,
            _ => safe || order(from.dtype) <= order(to),
        }
    }

    /// An error if values of a type may not be converted.
    pub(super) fn check(self, args: &Args, from: Typed, to: DType) -> Result<()> {
        if self.allows(from, to) {
            return Ok(());
        }
        let message = format!("{} cannot be converted to {to} by the rule '{}'", from.dtype, self.name());
        Err(Diagnostic::error(codes::TYPE, args.range, message)
            .help("convert it before (`.astype(...)`), or allow it: `casting=\"unsafe\"`")
            .into())
    }

    /// The name in NumPy.
    pub(super) fn name(self) -> &'static str {
        match self {
            Casting::No => "no",
            Casting::Safe => "safe",
            Casting::SameKind => "same_kind",
            Casting::Unsafe => "unsafe",
        }
    }
}

/// Kinds in the order in which conversions may go: other than in promotion, signed integers are above unsigned ones.
fn order(dtype: DType) -> u8 {
    match dtype.kind() {
        Kind::Unsigned => 1,
        Kind::Signed => 2,
        _ if rank(dtype) == 0 => 0,
        _ => 1 + rank(dtype),
    }
}
