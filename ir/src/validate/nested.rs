//! V025: calls of nested SDFGs; their insides.

use super::Report;
use super::rules::{CALLS, OPTIONAL, SYMBOLS};
use super::state::Checked;
use crate::symbolic::Substitution;
use crate::{Data, Expr, Memlet, Name, NestedSdfg, NodeId, ScalarExpr, Sdfg, Span};

pub(super) fn check(it: &Checked<'_>, id: NodeId, nested: &NestedSdfg, report: &mut Report) {
    let span = nested.span.or(it.state.span);
    let callee = &nested.sdfg.name;
    for symbol in nested.sdfg.free_symbols() {
        if !nested.symbols.contains_key(&symbol) {
            report.add(&CALLS, span, format!("the symbol `{symbol}` of `{callee}` has no value"));
        }
    }
    for (symbol, value) in &nested.symbols {
        if let Some(name) = it.undefined(value, it.scope(id)) {
            let message = format!("`{symbol}` of `{callee}` uses `{name}`, which is not a symbol here");
            report.add(&SYMBOLS, span, message);
        }
    }
    for name in nested.inputs.iter().chain(&nested.outputs) {
        if nested.sdfg.container(name).is_none_or(|data| data.is_transient()) {
            let message = format!("the connector `{name}` is no visible container of `{callee}`");
            report.add(&CALLS, span, message);
        }
    }
    for name in nested.sdfg.arguments.iter().chain(&nested.sdfg.returns) {
        if !nested.inputs.contains(name) && !nested.outputs.contains(name) {
            report.add(&CALLS, span, format!("the argument `{name}` of `{callee}` is not passed"));
        }
    }
    let values: Substitution = nested.symbols.iter().map(|(name, value)| (name, value.clone())).collect();
    let passed = it.state.in_edges(id).into_iter().map(|edge| (edge.dst_conn(), edge.memlet()));
    let received = it.state.out_edges(id).into_iter().map(|edge| (edge.src_conn(), edge.memlet()));
    for (name, memlet) in passed.chain(received) {
        if let (Some(name), Some(memlet)) = (name, memlet) {
            let extents = Extents { it, scope: it.scope(id), span, values: &values };
            extents.check(nested, name, memlet, report);
        }
    }
    if nested.sdfg.containers.values().any(Data::is_optional) || asks_for_none(&nested.sdfg) {
        let message = format!("what is passed to `{callee}` is there, and may not be None");
        report.add(&OPTIONAL, span, message);
    }
    super::check(&nested.sdfg, report);
}

fn asks_for_none(sdfg: &Sdfg) -> bool {
    let mut asks = false;
    sdfg.body.visit(&mut |block| {
        for scalar in block.scalars() {
            scalar.visit(&mut |part| asks |= matches!(part, ScalarExpr::IsNone(_)));
        }
    });
    asks
}

struct Extents<'a, 'c> {
    it: &'c Checked<'a>,
    scope: Option<NodeId>,
    span: Span,
    values: &'c Substitution,
}

impl Extents<'_, '_> {
    fn check(&self, nested: &NestedSdfg, name: &Name, memlet: &Memlet, report: &mut Report) {
        let (Some(inner), Some(outer)) = (nested.sdfg.container(name), self.it.sdfg.container(&memlet.data))
        else {
            return;
        };
        if inner.dtype() != outer.dtype() {
            let (inner, outer) = (inner.dtype(), outer.dtype());
            let message = format!("`{name}` is of type {inner}, what is passed (`{memlet}`) of type {outer}");
            report.add(&CALLS, self.span, message);
        }
        if inner.as_stream().is_some() != outer.as_stream().is_some() {
            let message = format!("`{name}` is declared as {inner}, what is passed is `{memlet}` of {outer}");
            report.add(&CALLS, self.span, message);
            return;
        }
        let (declared, given) = (self.long_extents(inner), long(memlet.subset.squeezed_shape()));
        let Some(facts) = self.it.facts(self.scope) else { return };
        // An extent that is 1 only sometimes may be missing on one side; only equal numbers of dimensions compare.
        let differ = declared.len() == given.len()
            && declared.iter().zip(&given).any(|(a, b)| a != b && facts.prove_eq(a, b) == Some(false));
        if differ {
            let message = format!("`{name}` is declared as {inner}, what is passed is `{memlet}`");
            report.add(&CALLS, self.span, message);
        }
    }

    fn long_extents(&self, inner: &Data) -> Vec<Expr> {
        long(inner.shape().iter().map(|extent| extent.subs(self.values)).collect())
    }
}

fn long(shape: Vec<Expr>) -> Vec<Expr> {
    shape.into_iter().filter(|extent| !extent.is_one()).collect()
}
