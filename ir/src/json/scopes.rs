//! Maps and consume scopes: their ranges, schedules and conditions.

use super::error::{Path, Result};
use super::memo::Memo;
use super::python;
use super::read::{Reader, code, get, list, name, span, text};
use super::tree::Value;
use super::write::{Writer, is_boxed};
use crate::attributes::Attributes;
use crate::node::Consume;
use crate::{Instrument, Map, Name, NodeId, Range, ScalarExpr, Schedule, Sdfg};
use serde_json::json;

/// Attributes of a consume scope that are read.
pub(super) const KNOWN_OF_CONSUME: [&str; 8] =
    ["label", "pe_index", "num_pes", "condition", "schedule", "chunksize", "in_connectors", "out_connectors"];

/// A map without its exit.
pub(super) fn map(memo: &Memo, attributes: &Value, path: &Path<'_>) -> Result<Map> {
    let params = list(get(attributes, "params", path)?, path)?;
    let params = params.iter().map(|param| name(text(param, path)?, path)).collect::<Result<Vec<_>>>()?;
    let ranges = memo.ranges(get(attributes, "range", path)?, &path.key("range"), untiled)?;
    if params.len() != ranges.len() || params.is_empty() {
        return Err(path.error("a map has one range for each parameter, and at least one"));
    }
    let collapse = attributes.get("collapse").and_then(Value::as_u64).unwrap_or(1);
    let condition = attributes.get("_meta_parallel_if");
    Ok(Map {
        label: attributes.get("label").and_then(Value::as_str).unwrap_or("map").into(),
        params,
        ranges,
        schedule: schedule(attributes, path)?,
        collapse: usize::try_from(collapse).unwrap_or(1).max(1),
        parallel_if: condition.map(|value| memo.expr(value, path)).transpose()?,
        consume: None,
        instrument: Instrument::None,
        exit: NodeId::none(),
        span: span(attributes),
    })
}

/// A map runs over the first index of each tile, in files too.
fn untiled(start: crate::Expr, stop: crate::Expr, step: crate::Expr, _tile: crate::Expr) -> Range {
    Range::strided(start, stop, step)
}

fn schedule(attributes: &Value, path: &Path<'_>) -> Result<Schedule> {
    let text = attributes.get("schedule").and_then(Value::as_str).unwrap_or("Default");
    let found = Schedule::ALL.into_iter().find(|schedule| dace_name(*schedule) == text);
    found.ok_or_else(|| path.key("schedule").error(format!("the schedule `{text}` is not supported")))
}

/// DaCe's name of a schedule.
pub(super) fn dace_name(schedule: Schedule) -> &'static str {
    match schedule {
        Schedule::Default => "Default",
        Schedule::Sequential => "Sequential",
        Schedule::CpuMulticore => "CPU_Multicore",
        Schedule::CpuPersistent => "CPU_Persistent",
        Schedule::Unrolled => "Unrolled",
        Schedule::GpuDevice => "GPU_Device",
        Schedule::GpuThreadBlock => "GPU_ThreadBlock",
        Schedule::Mpi => "MPI",
    }
}

impl Reader<'_> {
    /// A consume scope without its exit.
    pub(super) fn consume(&self, attributes: &Value, path: &Path<'_>) -> Result<Map> {
        let element = name(text(get(attributes, "pe_index", path)?, path)?, &path.key("pe_index"))?;
        let range = match attributes.get("_meta_range") {
            Some(value) => self.memo.ranges(value, path, untiled)?.into_iter().next(),
            None => None,
        };
        let count =
            attributes.get("num_pes").map_or(Ok(crate::Expr::one()), |value| self.memo.expr(value, path))?;
        let chunk = attributes.get("chunksize").map_or(Some(1), Value::as_u64);
        let chunk = chunk.and_then(|chunk| usize::try_from(chunk).ok());
        let chunk = chunk.filter(|chunk| (1..=Consume::MAX_CHUNK).contains(chunk)).ok_or_else(|| {
            path.key("chunksize").error(format!("expected a number from 1 to {}", Consume::MAX_CHUNK))
        })?;
        let path_of_condition = path.key("condition");
        let stop = match attributes.get("condition") {
            None | Some(Value::Null) => None,
            Some(value) => {
                let source = code(value, &path_of_condition)?;
                let hint = attributes.get("_meta_condition").and_then(Value::as_str);
                let hinted = hint.and_then(|text| crate::text::parse_scalar(text).ok());
                match hinted.filter(|stop| condition(self.sdfg, stop) == source) {
                    Some(stop) => Some(stop),
                    None if source.trim().is_empty() => None,
                    None => Some(self.condition(source, &path_of_condition)?),
                }
            }
        };
        Ok(Map {
            label: attributes.get("label").and_then(Value::as_str).unwrap_or("consume").into(),
            params: vec![element],
            ranges: vec![range.unwrap_or_else(|| Range::new(0, count))],
            schedule: schedule(attributes, path)?,
            collapse: 1,
            parallel_if: None,
            consume: Some(Box::new(Consume { stop, chunk })),
            instrument: Instrument::None,
            exit: NodeId::none(),
            span: span(attributes),
        })
    }
}

/// The Python text of a condition.
fn condition(sdfg: &Sdfg, stop: &ScalarExpr) -> String {
    let name = |name: &Name| match is_boxed(sdfg, name) {
        true => format!("{name}[0]"),
        false => name.to_string(),
    };
    python::expression(stop, &python::Words { name: &name, cast: python::c_type })
}

impl Writer<'_> {
    pub(super) fn map(&self, map: &Map, attributes: &mut Attributes) {
        attributes.insert("label".into(), json!(map.label.as_str()));
        match &map.consume {
            Some(consume) => self.consume(map, consume, attributes),
            None => {
                attributes
                    .insert("params".into(), map.params.iter().map(|param| json!(param.as_str())).collect());
                attributes.insert("range".into(), self.ranges(&map.ranges));
            }
        }
        if map.schedule != Schedule::Default {
            attributes.insert("schedule".into(), json!(dace_name(map.schedule)));
        }
        if map.collapse != 1 {
            attributes.insert("collapse".into(), json!(map.collapse));
        }
        if let Some(condition) = &map.parallel_if {
            attributes.insert("_meta_parallel_if".into(), self.value(condition));
        }
    }

    fn consume(&self, map: &Map, consume: &Consume, attributes: &mut Attributes) {
        let (Some(element), Some(range)) = (map.params.first(), map.ranges.first()) else { return };
        attributes.insert("pe_index".into(), json!(element.as_str()));
        attributes.insert("num_pes".into(), self.value(&range.len()));
        if consume.chunk != 1 {
            attributes.insert("chunksize".into(), json!(consume.chunk));
        }
        if *range != Range::new(0, range.len()) {
            attributes.insert("_meta_range".into(), self.ranges(&map.ranges));
        }
        if let Some(stop) = &consume.stop {
            let block = json!({ "string_data": condition(self.sdfg, stop), "language": "Python" });
            attributes.insert("condition".into(), block);
            attributes.insert("_meta_condition".into(), json!(stop.to_string()));
        }
    }
}
