//! The rewrites that were made to an SDFG, kept in it: its `.sdfg` file says how it came about.

use crate::pass::Applied;
use dacec_ir::Sdfg;
use serde_json::{Value, json};

/// The attribute that holds the history.
const ATTRIBUTE: &str = "dacec_history";

/// Adds rewrites to the history of an SDFG.
pub(crate) fn record(sdfg: &mut Sdfg, applied: &[Applied]) {
    if applied.is_empty() {
        return;
    }
    let entry = sdfg.attributes.sdfg.entry(ATTRIBUTE).or_insert_with(|| Value::Array(Vec::new()));
    if let Value::Array(entries) = entry {
        let new = applied.iter().map(|it| json!({ "transformation": it.transformation, "place": it.place }));
        entries.extend(new);
    }
}

/// The transformations that were applied to an SDFG, in order, each with the state or region where it was (empty if that
/// was the whole SDFG).
pub fn of(sdfg: &Sdfg) -> Vec<(String, String)> {
    let entries = sdfg.attributes.sdfg.get(ATTRIBUTE).and_then(Value::as_array);
    let text = |entry: &Value, key: &str| entry[key].as_str().unwrap_or_default().to_owned();
    entries.into_iter().flatten().map(|it| (text(it, "transformation"), text(it, "place"))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Context, simplify};
    use dacec_ir::builder::{SdfgBuilder, value};
    use dacec_ir::{DType, Expr};

    #[test]
    fn the_history_is_kept_in_the_file() {
        let mut b = SdfgBuilder::new("p");
        b.array("A", DType::Float64, [Expr::int(9)]).array("B", DType::Float64, [Expr::int(9)]);
        for (state, array) in [("s", "A"), ("t", "B")] {
            b.state(state).map("m", &[("i", "0:9")], &[], value(1.0), (array, "i"));
        }
        let mut sdfg = b.build();
        let _ = simplify().run(&mut sdfg, &mut Context::default()).expect("no check is set");
        let history = of(&sdfg);
        assert!(history.iter().any(|(name, _)| name == "StateFusion"), "{history:?}");
        let again =
            dacec_ir::json::from_slice(dacec_ir::json::to_string(&sdfg).as_bytes()).expect("its own file");
        assert_eq!(of(&again), history);
    }
}
