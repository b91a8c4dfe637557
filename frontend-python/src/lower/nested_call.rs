//! A call whose arguments and symbols are known becomes a nested SDFG.
//!
//! Arrays are passed as they are where their elements lie side by side, and as copies elsewhere; what is written to a copy
//! is copied back. Results that are parts of arguments are views of these.

use super::callees::Callee;
use super::map::Usage;
use super::operate::{Dest, tuple};
use super::returns::{Shared, part_of_argument};
use super::{Lowerer, Result};
use crate::codes;
use crate::diagnostic::Diagnostic;
use crate::parse::TextRange;
use crate::scalar::cast;
use crate::types::{OuterArray, Scalar, Value, View};
use dacec_ir::callback::INTERPRETER;
use dacec_ir::symbolic::Substitution;
use dacec_ir::{Data, Expr, IndexMap, Memlet, Name, NestedSdfg, Node, Sdfg, Subset};

/// A call on its way: which value each container of the callee has, and each symbol.
#[derive(Clone, Debug, Default)]
pub(super) struct Call {
    pub(super) arguments: IndexMap<Name, Value>,
    pub(super) symbols: IndexMap<Name, Expr>,
}

/// The values of symbols, to be put in their places.
pub(super) fn substitution(symbols: &IndexMap<Name, Expr>) -> Substitution {
    symbols.iter().map(|(name, value)| (name.clone(), value.clone())).collect()
}

impl Lowerer<'_> {
    /// A nested SDFG for a call whose arguments and symbols are known.
    pub(super) fn invoke(
        &mut self,
        name: &str,
        Callee { sdfg: callee, parts }: &Callee,
        call: &Call,
        dest: &Dest,
        range: TextRange,
    ) -> Result<Value> {
        self.flush();
        let call = &self.with_outer_arrays(callee, call, range)?;
        let usage = Usage::of(&callee.body);
        let written = |it: &Name| usage.writes.contains_key(it);
        self.effects += usize::from(call.arguments.keys().any(written));
        self.check_aliases(call, &usage, range)?;
        let (mut inputs, mut outputs, mut copies_out) = (Vec::new(), Vec::new(), Vec::new());
        for (parameter, value) in &call.arguments {
            let Some(data) = callee.containers.get(parameter) else { continue };
            let memlet = match (value, data) {
                (Value::Array(view), Data::Array(_)) => {
                    let passed = self.passable(view);
                    if written(parameter) && passed.container != view.container {
                        copies_out.push((view.clone(), passed.clone()));
                    }
                    Memlet::new(&passed.container, passed.subset.clone())
                }
                (Value::Scalar(scalar), Data::Scalar(declared)) => {
                    let value = Scalar::strong(cast(scalar, declared.dtype), declared.dtype);
                    let container = match self.materialize("__argument", &value).code {
                        dacec_ir::ScalarExpr::Name(container) => container,
                        _ => continue,
                    };
                    Memlet::scalar(container)
                }
                _ => return Err(self.wrong_argument(name, parameter, value, data, range)),
            };
            inputs.push((parameter.clone(), memlet.clone()));
            if written(parameter) {
                outputs.push((parameter.clone(), memlet));
            }
        }
        self.flush();
        let results = self.call_results(callee, &call.symbols, dest, range, &mut outputs)?;
        let nested = NestedSdfg {
            sdfg: Sdfg::clone(callee),
            inputs: inputs.iter().map(|(name, _)| name.clone()).collect(),
            outputs: outputs.iter().map(|(name, _)| name.clone()).collect(),
            symbols: call.symbols.clone(),
            span: self.span(range),
        };
        self.add_operation(Node::Nested(Box::new(nested)), &inputs, &outputs);
        self.flush();
        for (target, copy) in copies_out {
            self.write(&target, &Value::Array(copy), range)?;
            self.flush();
        }
        let results = self.as_parts(results, parts, call);
        let is_tuple = callee.returns.first().is_some_and(|name| name.as_str() == "__return_0");
        Ok(match results.len() {
            0 => Value::None,
            1 if !is_tuple => results.into_iter().next().unwrap_or(Value::None),
            _ => Value::Tuple(results.into()),
        })
    }

    /// The call with what the callee uses besides its parameters: arrays from outside, and the interpreter.
    fn with_outer_arrays(&mut self, callee: &Sdfg, call: &Call, range: TextRange) -> Result<Call> {
        let mut call = call.clone();
        for name in &callee.arguments {
            let Some(array) = callee.containers.get(name).and_then(Data::as_array) else { continue };
            if call.arguments.contains_key(name) {
                continue;
            }
            if name.as_str() == INTERPRETER && !self.params.is_empty() {
                let message = format!("`{}` calls Python, and is called in a parallel loop", callee.name);
                return Err(Diagnostic::error(codes::MAP, range, message)
                    .help("the interpreter makes one call after the other: use a `for` loop over `range`")
                    .into());
            }
            let (argument, shape) = (name.clone(), array.shape.clone());
            let outer = self.reached(Value::Outer(OuterArray { argument, dtype: array.dtype, shape }));
            call.arguments.insert(name.clone(), outer);
        }
        Ok(call)
    }

    /// Results that are parts of arguments are views of those, so that what is written later is seen through both.
    fn as_parts(&mut self, results: Vec<Value>, parts: &[Shared], call: &Call) -> Vec<Value> {
        let mut known = substitution(&call.symbols);
        for (name, value) in &call.arguments {
            if let Value::Scalar(scalar) = value
                && let Some(number) = scalar.as_expr()
            {
                known.insert(name.clone(), number.clone());
            }
        }
        let unknown = |part: &View| {
            let mut unknown = false;
            part.clone().map_exprs(&mut |expr| {
                unknown |= expr.symbols().iter().any(|it| known.get(it).is_none());
                expr.clone()
            });
            unknown
        };
        let mut given = Vec::new();
        for (k, result) in results.into_iter().enumerate() {
            let shared = parts.get(k).unwrap_or(&Shared::Nothing);
            let argument = shared.container().and_then(|name| call.arguments.get(name));
            let (Some(Value::Array(argument)), Value::Array(copy)) = (argument, &result) else {
                given.push(result);
                continue;
            };
            let part = match shared {
                Shared::Part(part) | Shared::Reshaped(part) if !unknown(part) => {
                    part_of_argument(argument, part, &known)
                }
                _ => None,
            };
            given.push(match (shared, part) {
                (Shared::Part(_), Some(part)) => Value::Array(part),
                (_, Some(part)) => {
                    self.add_mirror(&part, copy);
                    result
                }
                (_, None) => {
                    self.add_relative(argument, copy);
                    result
                }
            });
        }
        given
    }

    fn check_aliases(&self, call: &Call, usage: &Usage, range: TextRange) -> Result<()> {
        let views: Vec<(&Name, &View)> = call
            .arguments
            .iter()
            .filter_map(
                |(name, value)| if let Value::Array(view) = value { Some((name, view)) } else { None },
            )
            .collect();
        for (k, (first, a)) in views.iter().enumerate() {
            for (second, b) in &views[k + 1..] {
                let written = usage.writes.contains_key(*first) || usage.writes.contains_key(*second);
                let apart =
                    a.container != b.container || a.subset.intersects(&b.subset, &self.facts) == Some(false);
                if written && (!apart || self.are_mirrors(&a.container, &b.container)) {
                    let message =
                        format!("the arguments `{first}` and `{second}` share memory, and are written");
                    return Err(Diagnostic::error(codes::UNSUPPORTED_ARGUMENT, range, message)
                        .help("pass a copy (`... .copy()`)")
                        .into());
                }
            }
        }
        Ok(())
    }

    /// The view, or a copy of it, such that its elements lie in memory in C order without gaps.
    fn passable(&mut self, view: &View) -> View {
        let unit = view.shape().iter().any(Expr::is_one);
        if view.axes.len() == view.subset.dims.iter().filter(|dim| dim.as_index().is_none()).count()
            && !unit
            && self.is_contiguous(view)
            || self.is_all(view)
        {
            return view.clone();
        }
        let copy = self.copied(view, "__argument");
        self.flush();
        copy
    }

    fn is_all(&self, view: &View) -> bool {
        let data = self.sdfg.containers.get(&view.container);
        view.is_plain() && data.is_some_and(|data| view.subset == Subset::full(data.shape()))
    }

    fn call_results(
        &mut self,
        callee: &Sdfg,
        symbols: &IndexMap<Name, Expr>,
        dest: &Dest,
        range: TextRange,
        outputs: &mut Vec<(Name, Memlet)>,
    ) -> Result<Vec<Value>> {
        let substitution = substitution(symbols);
        let mut results = Vec::new();
        for name in &callee.returns {
            let Some(data) = callee.containers.get(name) else { continue };
            let prefix = if callee.returns.len() == 1 { dest.prefix() } else { "__tmp" };
            match data {
                Data::Scalar(scalar) => {
                    let container = self.new_scalar(prefix, scalar.dtype);
                    outputs.push((name.clone(), Memlet::scalar(&container)));
                    results.push(Value::Scalar(Scalar::strong(
                        dacec_ir::ScalarExpr::Name(container),
                        scalar.dtype,
                    )));
                }
                Data::Array(array) => {
                    let shape: Vec<Expr> =
                        array.shape.iter().map(|extent| extent.subs(&substitution)).collect();
                    if let Some(extent) = shape.iter().find(|extent| extent.as_int().is_some_and(|it| it < 0))
                    {
                        let message = format!(
                            "the call gives an array with extent {extent}, of shape {}",
                            tuple(&shape)
                        );
                        return Err(Diagnostic::error(codes::SHAPE, range, message).into());
                    }
                    let view = self.new_array(prefix, array.dtype, &shape);
                    outputs.push((name.clone(), Memlet::new(&view.container, view.subset.clone())));
                    results.push(Value::Array(view));
                }
                // This front end makes no other results.
                Data::Stream(_) | Data::View(_) | Data::Reference(_) | Data::Constant(_) => {}
            }
        }
        Ok(results)
    }
}
