//! V031 and V034: constants and structures.

use super::Report;
use super::containers::identifier;
use super::rules::{CONSTANTS, DISTINCT_NAMES, STRUCTURES};
use super::state::Checked;
use crate::structure::member;
use crate::{Data, Name, Node, Sdfg, Structure};

pub(super) fn check(sdfg: &Sdfg, report: &mut Report) {
    for (name, structure) in &sdfg.structures {
        // A structure in a structure is one of its members.
        match name.rsplit_once('.') {
            None => identifier(name, "a structure", structure.span, report),
            Some((outer, rest)) => {
                let listed =
                    sdfg.structures.get(outer).is_some_and(|it| it.members.iter().any(|it| it == rest));
                if !listed {
                    report.add(&STRUCTURES, structure.span, format!("`{name}` is no member of a structure"));
                }
            }
        }
        if sdfg.containers.contains_key(name) || sdfg.symbols.contains_key(name) {
            let message = format!("the structure `{name}` has the name of a container or symbol");
            report.add(&DISTINCT_NAMES, structure.span, message);
        }
        check_members(sdfg, name, structure, report);
    }
    for (name, data) in &sdfg.containers {
        let Some((structure, rest)) = name.rsplit_once('.') else { continue };
        let listed = sdfg.structures.get(structure).is_some_and(|it| it.members.iter().any(|it| it == rest));
        if !listed {
            report.add(&STRUCTURES, data.span(), format!("`{name}` is no member of a structure"));
        }
    }
}

fn check_members(sdfg: &Sdfg, name: &Name, structure: &Structure, report: &mut Report) {
    let mut transient = None;
    for it in &structure.members {
        identifier(it, "a member", structure.span, report);
        let full = member(name, it);
        if let Some(inner) = sdfg.structures.get(&full) {
            if inner.shape.get(..structure.shape.len()) != Some(&structure.shape[..]) {
                let message =
                    format!("`{full}` does not begin with the dimensions of the array of structures");
                report.add(&STRUCTURES, inner.span, message);
            }
            continue;
        }
        let Some(data) = sdfg.container(&full) else {
            report.add(&STRUCTURES, structure.span, format!("the member `{full}` is no container"));
            continue;
        };
        if data.shape().get(..structure.shape.len()) != Some(&structure.shape[..]) {
            let message = format!("`{full}` does not begin with the dimensions of the array of structures");
            report.add(&STRUCTURES, data.span(), message);
        }
        if *transient.get_or_insert(data.is_transient()) != data.is_transient() {
            let message = format!("some members of `{name}` are internal to the program, others are not");
            report.add(&STRUCTURES, structure.span, message);
        }
    }
}

/// V031: writes to constants.
pub(super) fn check_writes(it: &Checked<'_>, report: &mut Report) {
    for &id in &it.order {
        let Node::Access(name) = it.state.node(id) else { continue };
        if matches!(it.sdfg.container(name), Some(Data::Constant(_)))
            && it.state.in_edges(id).iter().any(|edge| edge.memlet().is_some())
        {
            report.add(&CONSTANTS, it.state.span, format!("the constant `{name}` is written at {id}"));
        }
    }
}
