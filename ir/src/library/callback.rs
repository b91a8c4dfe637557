//! Calls of functions that the user gives, as operations.
//!
//! What the compiler cannot see into is still an operation with operands of declared types and shapes:
//!
//! ```text
//! (image) ─▶ image ┐                                                                    ┌ out ─▶ (result)
//! (k) ─────▶ k ────┤ Callback(function = "blur",                                        │
//! (host) ──▶ _host ┘   signature = "image: float64[h, w], k: int64 -> out: float64[h, w]") ┘ _host_after ─▶ (host)
//! ```
//!
//! Nobody knows what such a function costs. What it does besides its results ([`Host::Changed`]) is data as any other: such
//! a call reads and writes the *host*, a container of two 64-bit integers. So calls have an order, none is left out,
//! repeated, or run at the same time as another. The host is also how some functions are reached:
//!
//! | implementation | the function is |
//! | --- | --- |
//! | `python` | one that the interpreter knows by its name; the host is [`INTERPRETER`], which the package passes |
//! | `pointer` | `((int32_t (*)(int64_t, …))host[0])(host[1], …)`: an address, and what the function is to be passed |
//! | `symbol` | `int32_t blur(…)` of C, which is linked |
//!
//! Functions of C are passed, for each operand in order: a number by its value, or the address of its first element and then
//! its extents and its strides in elements, as `int64_t`; results come last. They return 0, or another number where
//! they cannot do their work, which ends the program. Those without effects are called by several threads at once.
//!
//! A function reads its inputs and writes all elements of its outputs, which are different ones.

use super::defined::{OperandType, Operands};
use super::{Cost, LibraryOp, Property, UnknownOp};
use crate::callback::{Callback, INTERPRETER, Passed, Wanted};
use crate::interp::Tensor;
use crate::symbolic::{Facts, Substitution};
use crate::{DType, Expr, Name, State};
use std::any::Any;
use std::fmt;
use std::sync::Arc;

/// A call of a function: see the [module](self).
#[derive(Clone, Debug)]
pub struct CodeCallback {
    /// The function's name: an identifier.
    pub function: Name,
    /// What it reads, in order.
    pub reads: Vec<Parameter>,
    /// What it writes, in order.
    pub writes: Vec<Parameter>,
    /// What else it reads and writes.
    pub host: Host,
    /// What it computes, for the interpreter; files do not keep that.
    pub meaning: Option<Meaning>,
}

/// An operand of a function.
#[derive(Clone, Debug, PartialEq)]
pub struct Parameter {
    /// The connector's name: an identifier.
    pub name: Name,
    /// Type of the elements: that of a number.
    pub dtype: DType,
    /// Extents, none for one number. A name that stands alone is an extent of any size, the same wherever it is used.
    pub shape: Vec<Expr>,
}

/// What a function reads and writes besides its operands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Host {
    /// Nothing: its results depend on its operands alone.
    None,
    /// Its results depend on its operands alone, but it is reached through the host.
    Read,
    /// It may do anything else: calls have an order, and none is left out or repeated.
    Changed,
}

/// What a function of Rust is that computes the outputs from the inputs; the error is a reason for people.
pub type Compute = dyn Fn(&[Tensor], &mut [Tensor]) -> Result<(), String> + Send + Sync;

/// A function of Rust that computes what a call computes.
#[derive(Clone)]
pub struct Meaning(pub Arc<Compute>);

/// The text does not describe a function; what is wrong with it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("no signature of a function: {0}")]
pub struct BadSignature(pub String);

impl CodeCallback {
    /// The operation's name.
    pub const NAME: &'static str = "Callback";
    /// The connector at which the host enters.
    pub const HOST: &'static str = "_host";
    /// The connector at which it leaves, if the function has effects.
    pub const HOST_AFTER: &'static str = "_host_after";

    /// A call of a function with a signature such as `a: float64[n], k: int64 -> out: float64[n + 1]`.
    pub fn new(function: &str, signature: &str, host: Host) -> Result<Self, BadSignature> {
        let function = Name::from(function);
        if !function.is_identifier() {
            return Err(BadSignature(format!("`{function}` is no name of a function")));
        }
        let (reads, writes) = signature.split_once("->").unwrap_or((signature, ""));
        let (reads, writes) = (parameters(reads)?, parameters(writes)?);
        let callback = CodeCallback { function, reads, writes, host, meaning: None };
        callback.check()?;
        Ok(callback)
    }

    /// The same with what it computes, for the interpreter.
    pub fn meaning(
        self,
        compute: impl Fn(&[Tensor], &mut [Tensor]) -> Result<(), String> + Send + Sync + 'static,
    ) -> Self {
        CodeCallback { meaning: Some(Meaning(Arc::new(compute))), ..self }
    }

    /// The operands, those that are written last.
    pub fn operands(&self) -> impl Iterator<Item = &Parameter> {
        self.reads.iter().chain(&self.writes)
    }

    /// The signature as text.
    pub fn signature(&self) -> String {
        let list = |list: &[Parameter]| list.iter().map(Parameter::to_string).collect::<Vec<_>>().join(", ");
        format!("{} -> {}", list(&self.reads), list(&self.writes)).trim().to_owned()
    }

    /// An error if operands provably do not have the declared types and shapes.
    pub fn check_operands(&self, operands: &Operands, facts: &Facts) -> Result<(), String> {
        let mut known = Substitution::default();
        for (parameter, operand) in self.operands().filter_map(|it| Some((it, operands.get(&it.name)?))) {
            parameter.check_form(operand)?;
            for (extent, actual) in parameter.shape.iter().zip(&operand.shape) {
                if let Some(name) = extent.as_symbol()
                    && known.get(name).is_none()
                {
                    known.insert(name, actual.clone());
                }
            }
        }
        for (parameter, operand) in self.operands().filter_map(|it| Some((it, operands.get(&it.name)?))) {
            for (extent, actual) in parameter.shape.iter().zip(&operand.shape) {
                let declared = extent.subs(&known);
                if facts.prove_eq(&declared, actual) == Some(false) {
                    return Err(format!(
                        "`{}` has {actual} elements where {declared} are declared",
                        parameter.name
                    ));
                }
            }
        }
        Ok(())
    }

    /// The call as the interpreter of Python makes it: it returns the result; an error says why it cannot be called so.
    pub fn described(&self, line: u32) -> Result<Callback, String> {
        let result = match &self.writes[..] {
            [] => Wanted::Nothing,
            [one] if one.shape.is_empty() => Wanted::Number(one.dtype),
            [one] => Wanted::Array(one.dtype, one.shape.len()),
            _ => return Err("a function of Python gives one result".to_owned()),
        };
        let passed = |it: &Parameter| match it.shape.len() {
            0 => Passed::Number(it.dtype),
            rank => Passed::Array(it.dtype, rank),
        };
        Ok(Callback {
            function: self.function.to_string(),
            line,
            reason: "a node of the graph calls it".to_owned(),
            arguments: self.reads.iter().map(passed).collect(),
            keywords: Vec::new(),
            result,
        })
    }

    /// Whether the host of such a node of a state is the interpreter that runs the program.
    pub fn is_hosted_by_python(state: &State, node: crate::NodeId) -> bool {
        state.in_edges(node).iter().any(|edge| {
            edge.dst_conn().is_some_and(|it| it == Self::HOST)
                && edge.memlet().is_some_and(|it| it.data == INTERPRETER)
        })
    }

    /// Names are different, and every extent follows from those of operands.
    fn check(&self) -> Result<(), BadSignature> {
        let mut names = std::collections::BTreeSet::from([Self::HOST, Self::HOST_AFTER]);
        if let Some(again) = self.operands().find(|it| !names.insert(it.name.as_str())) {
            return Err(BadSignature(format!("`{}` is taken", again.name)));
        }
        let extents = || self.operands().flat_map(|it| &it.shape);
        let free: Vec<&Name> = extents().filter_map(Expr::as_symbol).collect();
        for symbol in extents().flat_map(Expr::symbols) {
            if !free.contains(&&symbol) {
                return Err(BadSignature(format!(
                    "no extent is `{symbol}` alone, so nobody knows what it is"
                )));
            }
        }
        Ok(())
    }

    /// The operation with those [properties](LibraryOp::properties).
    pub(super) fn from_properties(properties: &[(String, Property)]) -> Result<Self, UnknownOp> {
        let wrong = |property: &str| UnknownOp::Property(Self::NAME.to_owned(), property.to_owned());
        let (mut function, mut signature, mut host) = (None, None, Host::None);
        for (name, value) in properties {
            match (name.as_str(), value) {
                ("function", Property::Text(text)) => function = Some(text),
                ("signature", Property::Text(text)) => signature = Some(text),
                ("host", Property::Text(text)) => {
                    let named = [Host::Read, Host::Changed].into_iter().find(|it| it.word() == Some(text));
                    host = named.ok_or_else(|| wrong(name))?;
                }
                _ => return Err(wrong(name)),
            }
        }
        let function = function.ok_or_else(|| wrong("function"))?;
        let signature = signature.ok_or_else(|| wrong("signature"))?;
        CodeCallback::new(function, signature, host).map_err(|_| wrong("signature"))
    }
}

impl Host {
    fn word(self) -> Option<&'static str> {
        match self {
            Host::None => None,
            Host::Read => Some("read"),
            Host::Changed => Some("changed"),
        }
    }
}

impl LibraryOp for CodeCallback {
    fn name(&self) -> &'static str {
        Self::NAME
    }

    fn inputs(&self) -> Vec<Name> {
        let host = (self.host != Host::None).then(|| Name::from(Self::HOST));
        self.reads.iter().map(|it| it.name.clone()).chain(host).collect()
    }

    fn outputs(&self) -> Vec<Name> {
        let host = (self.host == Host::Changed).then(|| Name::from(Self::HOST_AFTER));
        self.writes.iter().map(|it| it.name.clone()).chain(host).collect()
    }

    fn properties(&self) -> Vec<(&'static str, Property)> {
        let mut list = vec![
            ("function", Property::Text(self.function.to_string())),
            ("signature", Property::Text(self.signature())),
        ];
        list.extend(self.host.word().map(|word| ("host", Property::Text(word.to_owned()))));
        list
    }

    fn as_any(&self) -> &dyn Any {
        self
    }

    fn has_effects(&self) -> bool {
        self.host == Host::Changed
    }

    fn in_place(&self) -> Option<(&'static str, &'static str)> {
        self.has_effects().then_some((Self::HOST, Self::HOST_AFTER))
    }

    fn operand_rank(&self, connector: &str) -> Option<usize> {
        let declared = self.operands().find(|it| it.name == connector);
        Some(declared.map_or(1, |it| it.shape.len()))
    }

    /// Nobody knows.
    fn cost(&self, _: &Operands) -> Option<Cost> {
        None
    }

    fn interpret(&self, inputs: &[Tensor], outputs: &mut [Tensor]) -> Result<(), String> {
        let all = inputs.iter().chain(outputs.iter());
        let shaped = self.inputs().into_iter().chain(self.outputs()).zip(all);
        let operands = Operands::of(&shaped.map(|(name, tensor)| (name, tensor.clone())).collect());
        self.check_operands(&operands, &Facts::default())?;
        let Some(Meaning(compute)) = &self.meaning else {
            return Err(format!(
                "the function `{}` is outside of the program, and nobody gives it here",
                self.function
            ));
        };
        compute(&inputs[..self.reads.len()], &mut outputs[..self.writes.len()])?;
        // What the function does to its host is not the business of the program.
        if let ([.., host], [.., after], true) = (inputs, outputs, self.has_effects()) {
            *after = host.clone();
        }
        Ok(())
    }
}

impl Parameter {
    fn check_form(&self, operand: &OperandType) -> Result<(), String> {
        let (name, rank) = (&self.name, self.shape.len());
        match (operand.dtype == self.dtype, operand.shape.len() == rank) {
            (true, true) => Ok(()),
            (false, _) => {
                Err(format!("`{name}` has elements of {} where {} is declared", operand.dtype, self.dtype))
            }
            (_, false) => {
                Err(format!("`{name}` has {} dimensions where {rank} are declared", operand.shape.len()))
            }
        }
    }
}

impl fmt::Display for Parameter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.name, self.dtype)?;
        match &self.shape[..] {
            [] => Ok(()),
            shape => {
                let shape: Vec<String> = shape.iter().map(Expr::to_string).collect();
                write!(f, "[{}]", shape.join(", "))
            }
        }
    }
}

impl fmt::Debug for Meaning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Meaning(..)")
    }
}

/// Reads `a: float64[n, 2*n], k: int64`.
fn parameters(text: &str) -> Result<Vec<Parameter>, BadSignature> {
    let mut list = Vec::new();
    for part in separated(text) {
        let (name, dtype) =
            part.split_once(':').ok_or_else(|| BadSignature(format!("`{part}` has no type")))?;
        let (dtype, shape) = match dtype.trim().strip_suffix(']').and_then(|it| it.split_once('[')) {
            Some((dtype, shape)) => (dtype, separated(shape)),
            None => (dtype, Vec::new()),
        };
        let name = Name::from(name.trim());
        if !name.is_identifier() {
            return Err(BadSignature(format!("`{name}` is no name of an operand")));
        }
        let number = dtype.trim().parse().ok().filter(|it| DType::ALL.contains(it));
        let dtype =
            number.ok_or_else(|| BadSignature(format!("`{}` is no type of numbers", dtype.trim())))?;
        let extent =
            |text: &&str| Expr::parse(text).map_err(|error| BadSignature(format!("`{text}`: {error}")));
        let shape = shape.iter().map(extent).collect::<Result<_, _>>()?;
        list.push(Parameter { name, dtype, shape });
    }
    Ok(list)
}

/// The parts between commas that are in no brackets.
fn separated(text: &str) -> Vec<&str> {
    let (mut depth, mut start, mut parts) = (0_i64, 0, Vec::new());
    for (at, byte) in text.bytes().enumerate() {
        match byte {
            b'[' | b'(' => depth += 1,
            b']' | b')' => depth -= 1,
            b',' if depth == 0 => {
                parts.push(&text[start..at]);
                start = at + 1;
            }
            _ => {}
        }
    }
    parts.push(&text[start..]);
    let parts: Vec<&str> = parts.into_iter().map(str::trim).collect();
    if parts == [""] { Vec::new() } else { parts }
}

#[cfg(test)]
mod tests;
