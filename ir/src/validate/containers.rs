//! V001 – V004: names, arguments and results, shapes.

use super::Report;
use super::rules::{DISTINCT_NAMES, IDENTIFIERS, INTERFACE, OPTIONAL, SHAPES, SYMBOLS, ZEROS};
use crate::zeroed::{Home, has_zero, homes};
use crate::{Block, Data, Expr, Name, Sdfg, Span};
use std::collections::HashSet;

pub(super) fn check(sdfg: &Sdfg, report: &mut Report) {
    identifier(&sdfg.name, "the SDFG", sdfg.span, report);
    interface(sdfg, report);
    let facts = sdfg.facts();
    for (name, data) in &sdfg.containers {
        for part in name.split('.') {
            identifier(&Name::from(part), "a container", data.span(), report);
        }
        if sdfg.symbols.contains_key(name) && !sdfg.is_constant_argument(name) {
            report.add(&DISTINCT_NAMES, data.span(), format!("`{name}` is a container and a symbol"));
        }
        shape(name, data, report);
        if data.is_zeroed() && !data.is_transient() {
            let message = format!("`{name}` belongs to the caller, and is to begin with zeros");
            report.add(&ZEROS, data.span(), message);
        }
        if data.is_optional() && !sdfg.arguments.contains(name) {
            report.add(&OPTIONAL, data.span(), format!("`{name}` is optional, and no argument"));
        }
        if data.is_zeroed() && !has_zero(data.dtype()) {
            let message = format!("`{name}` is to begin with zeros, which {} has not", data.dtype());
            report.add(&ZEROS, data.span(), message);
        }
        for extent in data.shape() {
            if facts.prove_lt(extent, &Expr::zero()) == Some(true) {
                report.add(&SHAPES, data.span(), format!("`{name}` has the extent {extent}"));
            }
        }
        // The shape of a transient may depend on loop variables and map parameters; those of arguments may not.
        let undefined = data.symbols().into_iter().filter(|symbol| !sdfg.symbols.contains_key(symbol));
        for symbol in undefined.filter(|_| !data.is_transient()) {
            report.add(
                &SYMBOLS,
                data.span(),
                format!("the shape of `{name}` uses the unknown symbol `{symbol}`"),
            );
        }
    }
    zeros(sdfg, report);
    for symbol in sdfg.symbols.keys() {
        identifier(symbol, "a symbol", sdfg.span, report);
    }
    for (symbol, dtype) in &sdfg.symbols {
        if !dtype.is_integer() {
            report.add(
                &SHAPES,
                sdfg.span,
                format!("the symbol `{symbol}` is of type {dtype}, not an integer"),
            );
        }
    }
}

/// V001
pub(super) fn identifier(name: &Name, what: &str, span: Span, report: &mut Report) {
    if !name.is_identifier() {
        report.add(&IDENTIFIERS, span, format!("{what} is called `{name}`, which is no identifier"));
    }
}

fn interface(sdfg: &Sdfg, report: &mut Report) {
    let mut listed: HashSet<&Name> = HashSet::new();
    for name in sdfg.arguments.iter().chain(&sdfg.returns) {
        let span = sdfg.container(name).map_or(sdfg.span, Data::span);
        match sdfg.container(name) {
            None => report.add(&INTERFACE, span, format!("the argument or result `{name}` is no container")),
            Some(data) if data.is_transient() => {
                report.add(&INTERFACE, span, format!("the argument or result `{name}` is transient"));
            }
            Some(_) if !listed.insert(name) => {
                report.add(&INTERFACE, span, format!("`{name}` is listed twice among arguments and results"));
            }
            Some(_) => {}
        }
    }
    for (name, data) in sdfg.containers.iter().filter(|(_, data)| !data.is_transient()) {
        if !listed.contains(name) {
            let message = format!("`{name}` is visible to the caller but neither an argument nor a result");
            report.add(&INTERFACE, data.span(), message);
        }
    }
}

/// V036
fn zeros(sdfg: &Sdfg, report: &mut Report) {
    let homes = homes(sdfg);
    if homes.values().all(|home| *home != Home::Call) {
        return;
    }
    let mut changing = HashSet::new();
    sdfg.body.visit(&mut |block| {
        changing.extend(block.assignments().map(|it| it.symbol.clone()));
        if let Block::Loop(it) = block {
            changing.extend(it.variable().cloned());
        }
    });
    for (name, _) in homes.into_iter().filter(|(_, home)| *home == Home::Call) {
        let data = &sdfg.containers[&name];
        let symbols = data.symbols();
        if let Some(symbol) =
            symbols.iter().find(|it| changing.contains(*it) || !sdfg.symbols.contains_key(*it))
        {
            let message = format!("`{name}` is 0 when the SDFG is called, where `{symbol}` has no value");
            report.add(&ZEROS, data.span(), message);
        }
    }
}

fn shape(name: &Name, data: &Data, report: &mut Report) {
    let (Data::Array(array) | Data::View(array) | Data::Reference(array)) = data else { return };
    if array.shape.is_empty() {
        report.add(&SHAPES, array.span, format!("the array `{name}` has no dimensions"));
    }
    if array.shape.len() != array.strides.len() {
        let (extents, strides) = (array.shape.len(), array.strides.len());
        report.add(&SHAPES, array.span, format!("`{name}` has {extents} dimensions and {strides} strides"));
    }
    if !array.offset.is_empty() && array.shape.len() != array.offset.len() {
        let (extents, offsets) = (array.shape.len(), array.offset.len());
        report.add(&SHAPES, array.span, format!("`{name}` has {extents} dimensions and {offsets} offsets"));
    }
}
