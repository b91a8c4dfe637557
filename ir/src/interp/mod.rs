//! The reference interpreter: what an SDFG means.
//!
//! [`run`] executes any valid SDFG directly, one step after the other, and checks the bounds of every access. It is the
//! definition: a rewrite is right if the interpreter cannot tell before from after (up to floating-point rounding), and
//! a backend is right if it agrees. It is written to be obviously right and is a thousand times slower than compiled
//! code.
//!
//! ```
//! use dacec_ir::builder::{SdfgBuilder, name};
//! use dacec_ir::interp::{self, Arguments, Tensor};
//! use dacec_ir::{DType, Expr};
//!
//! let mut twice = SdfgBuilder::new("twice");
//! twice.array("x", DType::Float64, [Expr::sym("N")]);
//! twice.state("s").map("m", &[("i", "0:N")], &[("a", "x", "i")], name("a") + name("a"), ("x", "i"));
//!
//! let mut arguments = Arguments::from_iter([("x".into(), Tensor::vector(vec![1.0, 2.0, 3.0]))]);
//! interp::run(&twice.build(), &mut arguments, &[]).unwrap();
//! assert_eq!(arguments["x"].as_slice::<f64>(), Some(&[2.0, 4.0, 6.0][..]));
//! ```
//!
//! # What it finds on request ([`Options`])
//!
//! * **Reads of memory that nothing has written.** Copying such an element is no fault, the copy is as unwritten;
//!   computing with it is.
//! * **Races**: two iterations of a map that use one element, one of them writing, without a conflict resolution.
//! * **Dependence on an order that is not promised**: run forward and [backward](Order) and compare.
//! * **Endless programs**, by a limit on steps.
//!
//! # Where is what
//!
//! | Question | Module |
//! |---|---|
//! | Numbers and what operations do to them | `value`, `arithmetic`, `math` |
//! | Memory, checked accesses, races | `memory`, `race` |
//! | Containers, symbols, calls | `machine`, `nested` |
//! | Views, references; streams, consume scopes | `alias`; `stream` |
//! | Blocks, states, tasklets | `control`, `dataflow`, `tasklet`, `expression` |
//! | Library operations, external routines | [`mod@reference`], [`dense`], `library`, `external` |
//! | Comparing two SDFGs in tests | [`testing`] |

mod alias;
mod arithmetic;
mod array_text;
pub mod blas;
mod control;
mod dataflow;
pub mod dense;
mod error;
mod expression;
mod external;
mod library;
mod machine;
mod math;
mod memory;
mod nested;
mod plan;
mod printing;
mod race;
pub mod reference;
mod routine;
mod stream;
mod tasklet;
mod tensor;
pub mod testing;
mod value;

#[cfg(test)]
mod tests;

pub use arithmetic::{binary, combine, identity, unary};
pub use error::{Fault, InterpretError};
pub use math::call;
pub(crate) use plan::single_state_containers;
pub use tensor::{Element, Elements, Tensor};
pub use value::Value;

use crate::features::{Feature, features};
use crate::{Data, IndexMap, Name, Sdfg};
use machine::{Frame, Machine, unknown_symbol};
use memory::{Content, View};
use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;

/// Values of arguments, and of results after a run.
pub type Arguments = IndexMap<Name, Tensor>;

/// In which of the allowed orders things happen. No valid SDFG depends on it, except in rounding.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Order {
    /// Iterations of maps from first to last; nodes that are not ordered as they were created.
    #[default]
    Forward,
    /// The other way round.
    Backward,
}

/// What to look for while a program runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Options {
    /// Whether computing with memory that nothing has written is a fault; if not, such memory holds zeros.
    pub uninitialized: bool,
    /// Whether conflicting accesses of two iterations of a map are a fault.
    pub races: bool,
    /// The order of what is not ordered.
    pub order: Order,
    /// How many steps (elements moved, statements, iterations) a run may take.
    pub max_steps: Option<u64>,
}

impl Default for Options {
    /// Finds uses of unwritten memory; does not look for races.
    fn default() -> Self {
        Options { uninitialized: true, races: false, order: Order::Forward, max_steps: None }
    }
}

impl Options {
    /// Looks for everything.
    pub fn thorough() -> Self {
        Options { races: true, ..Options::default() }
    }
}

/// Who runs a program, and makes the calls [back into Python](crate::node::ExternalCall::PYTHON) that are in it.
pub trait Host: fmt::Debug + Send + Sync {
    /// Makes a call: what is called, what is passed and the result, and the extents of the arrays. The error is a reason
    /// for people.
    fn call(&self, what: &str, data: &mut [Tensor], extents: &[i64]) -> Result<(), String>;

    /// Writes what the program prints.
    fn print(&self, text: &str);
}

/// Runs an SDFG on arguments; see [`run_with`].
pub fn run(sdfg: &Sdfg, arguments: &mut Arguments, symbols: &[(&str, i64)]) -> Result<(), InterpretError> {
    run_with(sdfg, arguments, symbols, &Options::default())
}

/// Runs an SDFG on arguments, which change as the program changes them; results are added.
///
/// Symbols that are an extent of an argument need not be given, nor [optional](crate::Array::optional) arguments. An array is passed as a dense tensor whatever the
/// strides that the SDFG declares for it. If the run fails, the arguments keep their values.
pub fn run_with(
    sdfg: &Sdfg,
    arguments: &mut Arguments,
    symbols: &[(&str, i64)],
    options: &Options,
) -> Result<(), InterpretError> {
    run_printing(sdfg, arguments, symbols, options).map(|_| ())
}

/// As [`run_with`], for programs that call back into Python; `host` also gets what the program prints, when it does.
pub fn run_hosted(
    sdfg: &Sdfg,
    arguments: &mut Arguments,
    symbols: &[(&str, i64)],
    options: &Options,
    host: Arc<dyn Host>,
) -> Result<(), InterpretError> {
    run_machine(sdfg, arguments, symbols, Machine::new(*options, Some(host))).map(|_| ())
}

/// As [`run_with`]; the result is what the program has printed.
pub fn run_printing(
    sdfg: &Sdfg,
    arguments: &mut Arguments,
    symbols: &[(&str, i64)],
    options: &Options,
) -> Result<String, InterpretError> {
    run_machine(sdfg, arguments, symbols, Machine::new(*options, None))
}

fn run_machine(
    sdfg: &Sdfg,
    arguments: &mut Arguments,
    symbols: &[(&str, i64)],
    mut machine: Machine,
) -> Result<String, InterpretError> {
    let mut numbers = None;
    let lowered = [Feature::Tiles, Feature::Vectors, Feature::Offsets, Feature::Zeroed];
    if features(sdfg).iter().any(|feature| lowered.contains(feature)) {
        numbers.insert(sdfg.clone()).lower_data();
    }
    let sdfg = numbers.as_ref().unwrap_or(sdfg);
    if !sdfg.sections.is_empty() {
        return Err(Fault::Foreign("cpp").into());
    }
    let run = || {
        let symbols = all_symbols(sdfg, arguments, symbols)?;
        let mut frame = machine.frame(sdfg, symbols)?;
        let visible = pass_arguments(&mut machine, &mut frame, arguments)?;
        machine.run_region(&mut frame, &sdfg.body)?;
        Ok((collect_results(&mut machine, visible)?, machine.printed))
    };
    let (results, printed) =
        run().map_err(|error: InterpretError| error.within(format!("`{}`", sdfg.name)))?;
    arguments.extend(results);
    Ok(printed)
}

/// The given symbols, and those that are extents of arguments.
fn all_symbols(
    sdfg: &Sdfg,
    arguments: &Arguments,
    given: &[(&str, i64)],
) -> Result<HashMap<Name, i64>, InterpretError> {
    let mut symbols: HashMap<Name, i64> =
        given.iter().map(|(name, value)| ((*name).into(), *value)).collect();
    for (name, tensor) in arguments {
        let data = visible_container(sdfg, name)?;
        if tensor.shape().is_empty() && data.dtype().is_integer() {
            // A scalar argument gives the symbol of its name the same value.
            symbols.entry(name.clone()).or_insert(tensor.get(0).to_i64());
        }
        for (extent, actual) in data.shape().iter().zip(tensor.shape()) {
            if let Some(symbol) = extent.as_symbol() {
                symbols.entry(symbol.clone()).or_insert(*actual as i64);
            }
        }
    }
    match sdfg.free_symbols().iter().find(|name| !symbols.contains_key(*name)) {
        Some(missing) => Err(unknown_symbol(missing)),
        None => Ok(symbols),
    }
}

fn visible_container<'s>(sdfg: &'s Sdfg, name: &Name) -> Result<&'s Data, InterpretError> {
    let visible = sdfg.container(name).filter(|data| !data.is_transient());
    visible.ok_or_else(|| Fault::UnknownArgument(name.clone()).into())
}

/// Gives arguments and results memory; returns those that the caller sees afterwards.
fn pass_arguments(
    machine: &mut Machine,
    frame: &mut Frame<'_>,
    arguments: &Arguments,
) -> Result<Vec<(Name, View)>, InterpretError> {
    let sdfg = frame.sdfg;
    let mut visible = Vec::new();
    for name in sdfg.arguments.iter().chain(&sdfg.returns) {
        let data = visible_container(sdfg, name)?;
        if data.is_optional() && !arguments.contains_key(name) {
            frame.absent.insert(name.clone());
            continue;
        }
        let view = machine.view(frame, name)?;
        let is_result = sdfg.returns.contains(name);
        match arguments.get(name) {
            Some(tensor) => fill(machine, (name, &view), tensor)?,
            None if is_result => {}
            None => return Err(Fault::MissingArgument(name.clone()).into()),
        }
        if is_result || data.as_array().is_some() {
            visible.push((name.clone(), view));
        }
    }
    Ok(visible)
}

fn fill(machine: &mut Machine, (name, view): (&Name, &View), tensor: &Tensor) -> Result<(), InterpretError> {
    let shape = view.shape();
    if tensor.dtype() != view.dtype
        || !shape.iter().eq(tensor.shape().iter().map(|&x| x as i64).collect::<Vec<_>>().iter())
    {
        return Err(Fault::argument(name, view.dtype, &shape, tensor).into());
    }
    for (at, position) in view.positions().into_iter().enumerate() {
        machine.memory.write(view, position, Content::Value(tensor.get(at)))?;
    }
    Ok(())
}

/// What the visible containers hold in the end. Elements of results that the program left unwritten are 0.
fn collect_results(
    machine: &mut Machine,
    visible: Vec<(Name, View)>,
) -> Result<Vec<(Name, Tensor)>, InterpretError> {
    visible.into_iter().map(|(name, view)| Ok((name, machine.gather(&view, false)?))).collect()
}
