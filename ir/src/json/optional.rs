//! Arguments that may be `None`.
//!
//! DaCe knows three kinds of arguments: those that may be `None` (`"optional": true`), those that may not (`false`), and
//! those of which nobody has said anything (`null`). What nobody has decided may be `None` where the program asks for it.

use crate::{Data, Name, ScalarExpr, Sdfg};
use serde_json::Value;
use std::collections::BTreeSet;

/// The attribute of a container.
const OPTIONAL: &str = "optional";

/// Marks the arguments of a file's outermost SDFG that may be `None`.
pub(super) fn read(sdfg: &mut Sdfg) {
    let tested = tested(sdfg);
    for name in sdfg.arguments.clone() {
        let Some(Data::Array(array)) = sdfg.containers.get_mut(&name) else { continue };
        let said = sdfg.attributes.containers.get(&name).and_then(|kept| kept.get(OPTIONAL));
        array.optional = match said {
            Some(Value::Bool(optional)) => *optional,
            _ => tested.contains(&name),
        };
        if array.optional
            && let Some(kept) = sdfg.attributes.containers.get_mut(&name)
        {
            kept.remove(OPTIONAL);
            if kept.is_empty() {
                sdfg.attributes.containers.remove(&name);
            }
        }
    }
}

/// Containers of which the control flow asks whether they are `None`.
fn tested(sdfg: &Sdfg) -> BTreeSet<Name> {
    let mut tested = BTreeSet::new();
    sdfg.body.visit(&mut |block| {
        for scalar in block.scalars() {
            scalar.visit(&mut |part| {
                if let ScalarExpr::IsNone(name) = part {
                    tested.insert(name.clone());
                }
            });
        }
    });
    tested
}
