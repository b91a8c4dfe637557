//! Comparing SDFGs: does a rewrite keep the meaning?
//!
//! ```
//! use dacec_ir::builder::{SdfgBuilder, name};
//! use dacec_ir::interp::testing::assert_same;
//! use dacec_ir::{DType, Expr};
//!
//! let doubled = |twice: fn(&str) -> dacec_ir::builder::Code| {
//!     let mut sdfg = SdfgBuilder::new("f");
//!     sdfg.array("x", DType::Float64, [Expr::sym("N")]);
//!     sdfg.state("s").map("m", &[("i", "0:N")], &[("a", "x", "i")], twice("a"), ("x", "i"));
//!     sdfg.build()
//! };
//! let before = doubled(|a| name(a) + name(a));
//! let after = doubled(|a| name(a) * dacec_ir::builder::value(2.0));
//! assert_same(&before, &after, &[("N", 5)]);
//! ```

use super::reference::tolerance;
use super::value::{Number, Value};
use super::{Arguments, Fault, InterpretError, Options, Order, Tensor, run_with};
use crate::validate::{Violation, validate};
use crate::{DType, Name, Sdfg};

/// Arguments with random values that depend on the seed and on the arguments' names only: two SDFGs with the same
/// arguments get the same values.
pub fn random_arguments(
    sdfg: &Sdfg,
    symbols: &[(&str, i64)],
    seed: u64,
) -> Result<Arguments, InterpretError> {
    let value = |name: &Name| symbols.iter().find(|(symbol, _)| name == symbol).map(|(_, value)| *value);
    let mut arguments = Arguments::default();
    for name in &sdfg.arguments {
        let data = sdfg.container(name).ok_or_else(|| Fault::NoContainer(name.clone()))?;
        let shape = data.shape().iter().map(|extent| extent.eval(&value)).collect::<Result<Vec<_>, _>>()?;
        let fault = || Fault::Allocation { container: name.clone(), shape: shape.clone() };
        let extents: Vec<usize> =
            shape.iter().map(|x| usize::try_from(*x)).collect::<Result<_, _>>().map_err(|_| fault())?;
        if !DType::ALL.contains(&data.dtype()) {
            return Err(fault().into());
        }
        arguments.insert(name.clone(), Tensor::random(data.dtype(), &extents, seed ^ hash(name)));
    }
    Ok(arguments)
}

/// Panics unless both SDFGs, run on the same random arguments, leave the same values in all arguments and results, or both
/// give up for the same reason: what they have computed then is undefined, as [`Effect::Fail`] says.
///
/// [`Effect::Fail`]: crate::control_flow::Effect::Fail
///
/// Both SDFGs have to be [valid](crate::validate). Floats may differ in rounding. The second SDFG is also searched for
/// races and for dependence on the order of iterations.
#[track_caller]
pub fn assert_same(before: &Sdfg, after: &Sdfg, symbols: &[(&str, i64)]) {
    for seed in 0..2 {
        let arguments = random_arguments(before, symbols, seed)
            .unwrap_or_else(|error| panic!("no arguments for `{}`: {error}", before.name));
        assert_same_on(before, after, symbols, &arguments);
    }
}

/// As [`assert_same`], on given arguments: where random ones make no sense, for example as indices.
#[track_caller]
pub fn assert_same_on(before: &Sdfg, after: &Sdfg, symbols: &[(&str, i64)], arguments: &Arguments) {
    assert_valid(before, "before the rewrite");
    assert_valid(after, "after the rewrite");
    let expected = outcome(before, symbols, arguments, &Options::default());
    for order in [Order::Forward, Order::Backward] {
        let options = Options { order, ..Options::thorough() };
        match (&expected, outcome(after, symbols, arguments, &options)) {
            (Ok(expected), Ok(actual)) => {
                if let Some(difference) = difference(expected, &actual) {
                    panic!("the rewrite changes the result ({order:?}): {difference}");
                }
            }
            (Err(expected), Err(actual)) if is_check(expected) && expected.fault == actual.fault => {}
            (Err(expected), _) if !is_check(expected) => panic!("before the rewrite: {expected}"),
            (Err(expected), Ok(_)) => panic!("the rewrite loses an error ({order:?}): {expected}"),
            (_, Err(actual)) => panic!("after the rewrite ({order:?}): {actual}"),
        }
    }
}

/// Whether the program itself has given up.
fn is_check(error: &InterpretError) -> bool {
    matches!(*error.fault, Fault::Check { .. })
}

#[track_caller]
fn assert_valid(sdfg: &Sdfg, when: &str) {
    if let Err(violations) = validate(sdfg) {
        let list: Vec<String> = violations.iter().map(Violation::to_string).collect();
        panic!("`{}` is not valid {when}:\n{}", sdfg.name, list.join("\n"));
    }
}

/// What an SDFG makes of arguments.
pub fn outcome(
    sdfg: &Sdfg,
    symbols: &[(&str, i64)],
    arguments: &Arguments,
    options: &Options,
) -> Result<Arguments, InterpretError> {
    let mut values = arguments.clone();
    run_with(sdfg, &mut values, symbols, options)?;
    Ok(values)
}

/// The first difference between two sets of values that is more than rounding, in words.
pub fn difference(expected: &Arguments, actual: &Arguments) -> Option<String> {
    if let Some(extra) = actual.keys().find(|name| !expected.contains_key(*name)) {
        return Some(format!("`{extra}` is new"));
    }
    for (name, expected) in expected {
        let Some(actual) = actual.get(name) else { return Some(format!("`{name}` is missing")) };
        if (expected.dtype(), expected.shape()) != (actual.dtype(), actual.shape()) {
            return Some(format!("`{name}` is {actual} instead of {expected}"));
        }
        for at in 0..expected.len() {
            let (a, b) = (expected.get(at), actual.get(at));
            if !is_close(a, b) {
                return Some(format!("`{name}` has {b} instead of {a} at element {at}"));
            }
        }
    }
    None
}

/// Whether two values of one type are equal up to rounding; NaN equals NaN.
pub fn is_close(a: Value, b: Value) -> bool {
    let tolerance = tolerance(a.dtype());
    let close = |a: f64, b: f64| {
        a == b || (a.is_nan() && b.is_nan()) || (a - b).abs() <= tolerance * a.abs().max(b.abs()).max(1.0)
    };
    match (a.number(), b.number()) {
        (Number::Int(a), Number::Int(b)) => a == b,
        (Number::Float(a), Number::Float(b)) => close(a, b),
        (Number::Complex(a), Number::Complex(b)) => close(a.re, b.re) && close(a.im, b.im),
        _ => false,
    }
}

/// A number that depends on the name only (FNV-1a).
fn hash(name: &Name) -> u64 {
    name.bytes()
        .fold(0xCBF2_9CE4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01B3))
}
