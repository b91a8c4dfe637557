//! Whether a caller's values fit a program, and what its symbols are.
//!
//! A compiled program trusts its arguments: it computes addresses from them. So everything is checked before a call,
//! and what does not fit is told in the caller's terms:
//!
//! ```text
//! A: float64[N, K]    given (10, 4)     K = 4, N = 10
//! B: float64[K, M]    given (4, 7)      agrees with K; M = 7
//! C: float64[N, M]    given (10, 8)     error: `C` has extent 8 along dimension 1, but M is 7 (from `B`)
//! ```
//!
//! **Symbols** are solved for, one at a time: first those that stand alone as an extent, then those in linear extents
//! such as `N + 1` or `2*M`. Then every extent is computed and compared, so a wrong solution cannot pass.
//!
//! **Shape**: an array may have additional trailing dimensions of extent one, as column vectors `(N, 1)` do.
//!
//! **Strides** must be those that the program was compiled for, except along dimensions of extent one, where nothing is
//! stepped over.
//!
//! **Aliasing**: programs are compiled for arguments that do not overlap. Two that overlap are accepted only if both are
//! just read. The test is on address ranges, so it also refuses arrays that interleave without sharing elements. An array
//! that is written must not share elements with itself either, as broadcast arrays do.

mod error;
mod solve;

pub use error::CallError;

use crate::{
    arguments::{Arguments, Value},
    array::ArrayRef,
    scalar::ScalarBytes,
    signature::{Argument, ArgumentKind, ArrayArgument, Signature},
};
use dacec_ir::{Expr, Name};
use smallvec::SmallVec;
use solve::Table;

/// A signature prepared for many calls.
#[derive(Clone, Debug)]
pub(crate) struct Checker {
    signature: Signature,
    /// Per argument, where its extents and strides come from.
    arrays: Vec<Option<ArrayPlan>>,
    returns: Vec<Vec<Extent>>,
    /// Names whose values are integers known during a call: the symbols, then integer arguments used in shapes.
    names: Vec<Name>,
}

#[derive(Clone, Debug)]
struct ArrayPlan {
    shape: Vec<Extent>,
    strides: Option<Vec<Extent>>,
}

/// An extent or stride, with quick forms for the usual cases.
#[derive(Clone, Debug)]
enum Extent {
    Constant(i64),
    /// The value of `names[i]`.
    Named(usize),
    Formula(Expr),
}

/// What a checked call passes.
#[derive(Debug, Default)]
pub(crate) struct Bound {
    /// The values of scalar arguments, in order.
    pub(crate) scalars: SmallVec<[ScalarBytes; 4]>,
    /// The values of the signature's symbols, in order.
    pub(crate) symbols: SmallVec<[i64; 6]>,
    /// The shapes of the results.
    pub(crate) returns: SmallVec<[SmallVec<[usize; 4]>; 2]>,
}

impl Checker {
    /// Prepares a signature.
    pub(crate) fn new(signature: Signature) -> Checker {
        let mut names = signature.symbols.clone();
        let integers = signature.arguments.iter().filter(|argument| argument.dtype().is_integer());
        for argument in integers.filter(|argument| argument.as_array().is_none()) {
            if !names.contains(&argument.name) {
                names.push(argument.name.clone());
            }
        }
        let extents = |exprs: &[Expr]| exprs.iter().map(|expr| Extent::new(expr, &names)).collect::<Vec<_>>();
        let plan = |argument: &Argument| {
            let array = argument.as_array()?;
            Some(ArrayPlan { shape: extents(&array.shape), strides: array.strides.as_deref().map(&extents) })
        };
        let arrays = signature.arguments.iter().map(plan).collect();
        let shape =
            |result: &Argument| result.as_array().map(|array| extents(&array.shape)).unwrap_or_default();
        let returns = signature.returns.iter().map(shape).collect();
        Checker { arrays, returns, names, signature }
    }

    pub(crate) fn signature(&self) -> &Signature {
        &self.signature
    }

    /// Checks the values of one call.
    pub(crate) fn check(&self, arguments: &Arguments<'_>) -> Result<Bound, CallError> {
        self.check_names(arguments)?;
        let mut values: SmallVec<[&Value<'_>; 8]> = SmallVec::new();
        for argument in &self.signature.arguments {
            values.push(arguments.get(&argument.name).ok_or_else(|| error::missing(argument))?);
        }
        let mut symbols: SmallVec<[(usize, i64); 4]> = SmallVec::new();
        for (slot, name) in self.signature.symbols.iter().enumerate() {
            if let Some(Value::Scalar(value)) = arguments.get(name) {
                symbols.push((slot, value.as_int().ok_or_else(|| error::symbol_value(name, *value))?));
            }
        }
        self.check_values(&values, &symbols)
    }

    /// Checks a value for each argument, in order, with the values of those symbols that the caller gives by their
    /// place in the signature.
    pub(crate) fn check_values(
        &self,
        values: &[&Value<'_>],
        symbols: &[(usize, i64)],
    ) -> Result<Bound, CallError> {
        let mut bound = Bound::default();
        let mut table = Table::new(&self.names);
        let mut arrays: SmallVec<[Option<Given<'_>>; 8]> = SmallVec::new();
        if let Some(argument) = self.signature.arguments.get(values.len()) {
            return Err(error::missing(argument));
        }
        for (argument, value) in self.signature.arguments.iter().zip(values) {
            match (&argument.kind, value) {
                (ArgumentKind::Array(declared), Value::Array(array)) => {
                    arrays.push(Some(Given::new(argument, declared, array)?));
                }
                (ArgumentKind::Scalar { dtype }, Value::Scalar(value)) => {
                    let name = || argument.name.clone();
                    let bytes =
                        value.to_bytes(*dtype).map_err(|error| CallError::Scalar { name: name(), error })?;
                    bound.scalars.push(bytes);
                    if let Some(value) = value.as_int() {
                        table.set(&argument.name, value);
                    }
                    arrays.push(None);
                }
                (_, value) => return Err(error::wrong_kind(argument, value)),
            }
        }
        for (slot, value) in symbols {
            table.set_at(*slot, *value);
        }
        self.solve(&mut table, &arrays);
        self.check_layouts(&table, &arrays)?;
        check_overlaps(&arrays)?;
        for (slot, name) in self.signature.symbols.iter().enumerate() {
            let value = table.at(slot).ok_or_else(|| CallError::UnknownSymbol { name: name.clone() })?;
            bound.symbols.push(value);
        }
        for (extents, result) in self.returns.iter().zip(&self.signature.returns) {
            let extent = |(dimension, extent)| self.result_extent(&table, extent, result, dimension);
            bound.returns.push(extents.iter().enumerate().map(extent).collect::<Result<_, _>>()?);
        }
        Ok(bound)
    }

    /// Every name that is passed must be one that the program knows.
    fn check_names(&self, arguments: &Arguments<'_>) -> Result<(), CallError> {
        let is_argument =
            |name: &Name| self.signature.arguments.iter().any(|argument| argument.name == *name);
        let is_symbol = |name: &Name| self.signature.symbols.contains(name);
        match arguments.names().find(|name| !is_argument(name) && !is_symbol(name)) {
            Some(name) => Err(error::unknown(name, &self.signature)),
            None => Ok(()),
        }
    }

    /// Finds the values of all symbols that shapes and strides tell.
    fn solve<'a>(&'a self, table: &mut Table<'a>, arrays: &[Option<Given<'a>>]) {
        let mut equations: SmallVec<[(&'a Name, &'a Extent, i64); 16]> = SmallVec::new();
        for (plan, given) in self.arrays.iter().zip(arrays) {
            let (Some(plan), Some(given)) = (plan, given) else { continue };
            let shape = plan.shape.iter().zip(given.shape);
            equations.extend(shape.map(|(extent, &value)| (given.name, extent, value as i64)));
            // Nothing follows from the stride of a dimension along which nobody steps.
            let strides = plan.strides.iter().flatten().zip(given.strides).zip(given.shape);
            let strides = strides.filter(|(_, extent)| **extent > 1);
            equations.extend(strides.map(|((stride, &value), _)| (given.name, stride, value as i64)));
        }
        for (name, extent, value) in &equations {
            if let Extent::Named(slot) = extent {
                table.learn(*slot, *value, name);
            }
        }
        let mut progress = true;
        while progress && table.has_unknown() {
            progress = false;
            for (name, extent, value) in &equations {
                if let Extent::Formula(expr) = extent {
                    progress |= table.solve(expr, *value, name);
                }
            }
        }
    }

    /// Compares extents and strides with what the symbols make of them.
    fn check_layouts(&self, table: &Table<'_>, arrays: &[Option<Given<'_>>]) -> Result<(), CallError> {
        for (plan, given) in self.arrays.iter().zip(arrays) {
            let (Some(plan), Some(given)) = (plan, given) else { continue };
            for (dimension, (extent, &value)) in plan.shape.iter().zip(given.shape).enumerate() {
                let expected = self.value(table, extent)?;
                if expected < 0 {
                    return Err(error::negative(
                        given.name,
                        dimension,
                        extent.describe(&self.names),
                        expected,
                    ));
                }
                if expected != value as i64 {
                    return Err(error::wrong_extent(given, dimension, extent, expected, table, &self.names));
                }
            }
            if given.shape.contains(&0) {
                continue;
            }
            match &plan.strides {
                Some(strides) => {
                    for (dimension, (stride, &value)) in strides.iter().zip(given.strides).enumerate() {
                        let expected = self.value(table, stride)?;
                        given.check_stride(dimension, expected, value as i64)?;
                    }
                    if given.declared.written && !elements_are_distinct(given.shape, given.strides) {
                        return Err(CallError::SelfOverlap { name: given.name.clone() });
                    }
                }
                None => {
                    let mut expected = 1i64;
                    for dimension in (0..given.shape.len()).rev() {
                        given.check_stride(dimension, expected, given.strides[dimension] as i64)?;
                        expected = expected.wrapping_mul(given.shape[dimension] as i64);
                    }
                }
            }
        }
        Ok(())
    }

    fn result_extent(
        &self,
        table: &Table<'_>,
        extent: &Extent,
        result: &Argument,
        dimension: usize,
    ) -> Result<usize, CallError> {
        let value = self.value(table, extent)?;
        usize::try_from(value)
            .map_err(|_| error::negative(&result.name, dimension, extent.describe(&self.names), value))
    }

    fn value(&self, table: &Table<'_>, extent: &Extent) -> Result<i64, CallError> {
        match extent {
            Extent::Constant(value) => Ok(*value),
            Extent::Named(slot) => {
                table.at(*slot).ok_or_else(|| CallError::UnknownSymbol { name: self.names[*slot].clone() })
            }
            Extent::Formula(expr) => table.eval(expr),
        }
    }
}

impl Extent {
    fn new(expr: &Expr, names: &[Name]) -> Extent {
        if let Some(value) = expr.as_int() {
            return Extent::Constant(value);
        }
        let slot = expr.as_symbol().and_then(|symbol| names.iter().position(|name| name == symbol));
        slot.map_or_else(|| Extent::Formula(expr.clone()), Extent::Named)
    }

    fn describe(&self, names: &[Name]) -> String {
        match self {
            Extent::Constant(value) => value.to_string(),
            Extent::Named(slot) => names[*slot].to_string(),
            Extent::Formula(expr) => expr.to_string(),
        }
    }
}

/// An array that was passed, with the dimensions that the program sees.
struct Given<'a> {
    name: &'a Name,
    declared: &'a ArrayArgument,
    array: &'a ArrayRef<'a>,
    shape: &'a [usize],
    strides: &'a [isize],
}

impl<'a> Given<'a> {
    /// Checks what does not depend on symbols.
    fn new(
        argument: &'a Argument,
        declared: &'a ArrayArgument,
        array: &'a ArrayRef<'a>,
    ) -> Result<Given<'a>, CallError> {
        let name = &argument.name;
        if array.dtype() != declared.dtype {
            return Err(CallError::WrongDType {
                name: name.clone(),
                expected: declared.dtype,
                given: array.dtype(),
            });
        }
        let rank = declared.shape.len();
        let surplus = array.shape().get(rank..).unwrap_or_default();
        if array.shape().len() < rank || surplus.iter().any(|&extent| extent != 1) {
            return Err(error::wrong_rank(argument, declared, array));
        }
        if declared.written && !array.is_writable() {
            return Err(CallError::ReadOnly { name: name.clone() });
        }
        let alignment = declared.dtype.real().size();
        if !(array.data() as usize).is_multiple_of(alignment) {
            return Err(CallError::Misaligned { name: name.clone(), dtype: declared.dtype, alignment });
        }
        if array.data().is_null() && !array.is_empty() {
            return Err(CallError::Null { name: name.clone() });
        }
        Ok(Given { name, declared, array, shape: &array.shape()[..rank], strides: &array.strides()[..rank] })
    }

    fn check_stride(&self, dimension: usize, expected: i64, given: i64) -> Result<(), CallError> {
        if self.shape[dimension] <= 1 || expected == given {
            return Ok(());
        }
        Err(error::wrong_stride(self, dimension, expected, given))
    }
}

/// No two arguments share memory, unless both are only read.
fn check_overlaps(arrays: &[Option<Given<'_>>]) -> Result<(), CallError> {
    let with_elements = arrays.iter().flatten().filter(|given| !given.array.is_empty());
    let ranges: SmallVec<[_; 8]> = with_elements.map(|given| (given, given.array.address_range())).collect();
    for (index, (first, first_range)) in ranges.iter().enumerate() {
        for (second, second_range) in &ranges[index + 1..] {
            let overlap = first_range.0 < second_range.1 && second_range.0 < first_range.1;
            if overlap && (first.declared.written || second.declared.written) {
                let (written, other) = if first.declared.written { (first, second) } else { (second, first) };
                return Err(CallError::Overlap { written: written.name.clone(), other: other.name.clone() });
            }
        }
    }
    Ok(())
}

/// Whether strides surely lead to another address for each element: every step passes over all that the smaller steps
/// can reach.
fn elements_are_distinct(shape: &[usize], strides: &[isize]) -> bool {
    let stepped = shape.iter().zip(strides).filter(|(extent, _)| **extent > 1);
    let mut steps: SmallVec<[(usize, usize); 4]> =
        stepped.map(|(extent, stride)| (stride.unsigned_abs(), *extent)).collect();
    steps.sort_unstable();
    let mut reach = 0usize;
    steps.iter().all(|(stride, extent)| {
        let passes = *stride > reach;
        reach = reach.saturating_add((extent - 1).saturating_mul(*stride));
        passes
    })
}

#[cfg(test)]
mod tests;
