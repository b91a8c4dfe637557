//! What timers have measured as a file that DaCe's reports and the viewers of browsers' traces read.
//!
//! The program sums up what an element takes; a report has an event for each of its runs, all with the mean of their
//! durations. So totals, counts and means are right, and minima and maxima are means.

use crate::Error;
use crate::artifacts::write_atomically;
use dacec_ir::Sdfg;
use dacec_ir::attributes::Attributes;
use dacec_runtime::TimerReport;
use serde_json::{Value, json};
use std::path::Path;

/// Runs of one element that have events of their own; of an element that ran more often, an event stands for several.
const MAX_EVENTS: i64 = 10_000;

/// Writes a report.
pub(super) fn write(path: &Path, timers: &[TimerReport]) -> Result<(), Error> {
    write_atomically(path, report(timers).to_string().as_bytes()).map(drop)
}

fn report(timers: &[TimerReport]) -> Value {
    let mut events = Vec::new();
    for TimerReport { label, runs, seconds } in timers {
        let count = (*runs).clamp(0, MAX_EVENTS);
        // "state compute" is "State compute" there.
        let mut name = label.clone();
        name[..1].make_ascii_uppercase();
        for number in 0..count {
            let microseconds = seconds * 1e6 / count as f64;
            events.push(json!({
                "name": name, "cat": "Timer", "ph": "X", "pid": 0, "tid": -1,
                "ts": (number as f64 * microseconds) as i64, "dur": microseconds, "args": { "cfg_id": 0 },
            }));
        }
    }
    json!({ "traceEvents": events, "sdfgHash": "" })
}

/// Elements of a graph that ask for a measurement that nothing here makes: what, and of which element.
pub(super) fn unmeasured(sdfg: &Sdfg) -> Vec<String> {
    let asks = |kept: &Attributes| match kept.get("instrument").and_then(Value::as_str) {
        None | Some("No_Instrumentation") => None,
        Some(kind) => Some(kind.to_owned()),
    };
    let mut found: Vec<String> =
        asks(&sdfg.attributes.sdfg).map(|kind| format!("`{kind}` of the SDFG")).into_iter().collect();
    for state in sdfg.body.states() {
        let kept = &state.attributes;
        found.extend(asks(&kept.state).map(|kind| format!("`{kind}` of state `{}`", state.label)));
        let nodes = kept.nodes.values().filter_map(asks);
        found.extend(nodes.map(|kind| format!("`{kind}` of a node in state `{}`", state.label)));
    }
    found.dedup();
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_report_has_an_event_for_each_run() {
        let timer = |label: &str, runs| TimerReport { label: label.to_owned(), runs, seconds: 0.5 };
        let value = report(&[timer("state s", 4), timer("map m", 0)]);
        let events = value["traceEvents"].as_array().expect("a list");
        assert_eq!((events.len(), &events[3]["name"]), (4, &json!("State s")));
        assert_eq!((&events[3]["dur"], &events[3]["ts"]), (&json!(125_000.0), &json!(375_000)));
        assert_eq!(report(&[timer("map m", 1 << 40)])["traceEvents"].as_array().map(Vec::len), Some(10_000));
    }

    #[test]
    fn other_measurements_are_named() {
        let mut sdfg = Sdfg::new("f");
        assert!(unmeasured(&sdfg).is_empty());
        sdfg.attributes.sdfg.insert("instrument".into(), json!("PAPI_Counters"));
        assert_eq!(unmeasured(&sdfg), ["`PAPI_Counters` of the SDFG"]);
    }
}
