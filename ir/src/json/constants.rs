//! Constants: values beside the containers of a file.
//!
//! Tasklets there read constants by name, here they read containers along edges: a tasklet gets a connector with the name
//! of each constant that it uses, and an access of it. What is written has a container for each constant too, so that
//! accesses of it have something to name.

use super::descriptor::descriptor;
use super::error::{Path, Result};
use super::read::{Reader, list, name, object};
use super::tree::Value;
use crate::attributes::Attributes;
use crate::interp::{Tensor, Value as Element};
use crate::{
    Connector, ConstantArray, DType, Data, IndexMap, Memlet, Name, Node, NodeId, Sdfg, State, Subset, Tasklet,
};
use num_complex::Complex64;
use serde_json::json;
use std::collections::BTreeSet;

/// Adds a container for each constant.
pub(super) fn read(attributes: &Value, path: &Path<'_>, sdfg: &mut Sdfg) -> Result<()> {
    let Some(all) = attributes.get("constants_prop").filter(|value| !value.is_null()) else { return Ok(()) };
    let path = path.key("constants_prop");
    for (constant, pair) in object(all, &path)? {
        let path = path.key(constant);
        let constant = name(constant, &path)?;
        let [described, value] = list(pair, &path)? else {
            return Err(path.error("expected a container and its value"));
        };
        let data = match described {
            Value::Null => None,
            described => Some(descriptor(described, &path.index(0))?),
        };
        let mut read = ConstantArray::new(tensor(value, data.as_ref(), &path.index(1))?);
        read.span = data.map(|data| data.span()).unwrap_or_default();
        sdfg.attributes.containers.remove(&constant);
        sdfg.containers.insert(constant, Data::Constant(read));
    }
    Ok(())
}

/// The value of a constant: a number, or lists of numbers in C order with their type.
fn tensor(value: &Value, data: Option<&Data>, path: &Path<'_>) -> Result<Tensor> {
    let array = value.get("type").and_then(Value::as_str) == Some("ndarray");
    let dtype = match value.get("dtype").filter(|_| array) {
        Some(dtype) => super::read::dtype(dtype, &path.key("dtype"))?,
        None => data.map_or(DType::Float64, Data::dtype),
    };
    if !DType::ALL.contains(&dtype) {
        return Err(path.error(format!("a constant of type {dtype} is not supported")));
    }
    let values = if array { value.get("data").unwrap_or(&Value::Null) } else { value };
    let mut shape = Vec::new();
    let mut first = values;
    while let Some(all) = first.as_array() {
        shape.push(all.len());
        match all.first() {
            Some(value) => first = value,
            None => break,
        }
    }
    let mut elements = Vec::new();
    flatten(values, &shape, dtype, &mut elements, path)?;
    let mut tensor = Tensor::zeros(dtype, &shape);
    for (at, element) in elements.into_iter().enumerate() {
        tensor.set(at, element);
    }
    Ok(tensor)
}

fn flatten(
    value: &Value,
    shape: &[usize],
    dtype: DType,
    elements: &mut Vec<Element>,
    path: &Path<'_>,
) -> Result<()> {
    let Some((extent, inner)) = shape.split_first() else {
        elements.push(
            element(value, dtype)
                .ok_or_else(|| path.error(format!("`{}` is no {dtype}", value.to_owned())))?,
        );
        return Ok(());
    };
    let all = list(value, path)?;
    if all.len() != *extent {
        return Err(path.error("lists of different lengths are no array"));
    }
    all.iter().try_for_each(|value| flatten(value, inner, dtype, elements, path))
}

fn element(value: &Value, dtype: DType) -> Option<Element> {
    match value {
        Value::Bool(value) => Some(Element::bool(*value).cast(dtype)),
        Value::Number(number) => Some(match (number.as_i64(), number.as_u64()) {
            (Some(value), _) => Element::int(value, dtype),
            (None, Some(value)) => Element::int(value as i64, DType::UInt64).cast(dtype),
            (None, None) => Element::float(number.as_f64()?, DType::Float64).cast(dtype),
        }),
        Value::String(text) if dtype.is_complex() => Some(Element::complex(complex(text)?, dtype)),
        Value::String(text) => Some(Element::float(text.parse().ok()?, DType::Float64).cast(dtype)),
        _ => None,
    }
}

/// Python's text of a complex number: `(1-2.5j)`, `3j`.
fn complex(text: &str) -> Option<Complex64> {
    let text = text.trim().trim_start_matches('(').trim_end_matches(')');
    let Some(text) = text.strip_suffix('j') else { return Some(Complex64::new(text.parse().ok()?, 0.0)) };
    // The sign between the parts is the last one that is neither the first character nor that of an exponent.
    let is_split = |(at, byte): &(usize, u8)| {
        *at > 0 && matches!(byte, b'+' | b'-') && !matches!(text.as_bytes()[at - 1], b'e' | b'E')
    };
    let split = text.bytes().enumerate().rfind(is_split).map_or(0, |(at, _)| at);
    let (re, im) = text.split_at(split);
    let re = if re.is_empty() { 0.0 } else { re.parse().ok()? };
    Some(Complex64::new(re, im.parse().ok()?))
}

/// Constants as a file has them.
pub(super) fn write(sdfg: &Sdfg, attributes: &mut Attributes) {
    let mut all = Attributes::new();
    for (name, data) in &sdfg.containers {
        let Data::Constant(constant) = data else { continue };
        let values = constant.values();
        let dtype = values.dtype();
        let shape: Vec<String> = values.shape().iter().map(ToString::to_string).collect();
        let pair = match shape.is_empty() {
            true => json!([
                { "type": "Scalar", "attributes": { "dtype": dtype.name(), "shape": ["1"] } },
                number(values.get(0)),
            ]),
            false => json!([
                { "type": "Array", "attributes": { "dtype": dtype.name(), "shape": shape } },
                { "type": "ndarray", "data": lists(values, values.shape(), &mut 0), "dtype": dtype.name() },
            ]),
        };
        all.insert(name.to_string(), pair);
    }
    if !all.is_empty() {
        attributes.insert("constants_prop".into(), all.into());
    }
}

fn lists(values: &Tensor, shape: &[usize], at: &mut usize) -> serde_json::Value {
    match shape.split_first() {
        Some((extent, inner)) => (0..*extent).map(|_| lists(values, inner, at)).collect(),
        None => {
            *at += 1;
            number(values.get(*at - 1))
        }
    }
}

/// A number; what JSON has no numbers for is a text that NumPy converts.
fn number(value: Element) -> serde_json::Value {
    let dtype = value.dtype();
    if dtype.is_complex() {
        let value = value.to_complex();
        return json!(format!("({:?}{:+?}j)", value.re, value.im));
    }
    match dtype {
        DType::Bool => json!(value.is_true()),
        DType::UInt64 => json!(value.to_i64() as u64),
        _ if dtype.is_integer() => json!(value.to_i64()),
        _ if value.to_f64().is_finite() => json!(value.to_f64()),
        _ => json!(value.to_f64().to_string()),
    }
}

impl Reader<'_> {
    /// Connectors for the constants that a tasklet's code names.
    pub(super) fn constants_of(
        &self,
        source: &str,
        connectors: [&IndexMap<Name, Connector>; 2],
    ) -> Vec<(Name, Connector)> {
        if !self.sdfg.containers.values().any(|data| matches!(data, Data::Constant(_))) {
            return Vec::new();
        }
        let words: BTreeSet<&str> =
            source.split(|at: char| !at.is_ascii_alphanumeric() && at != '_').collect();
        let used = |name: &Name| {
            words.contains(name.as_str()) && !connectors.iter().any(|all| all.contains_key(name))
        };
        let all = self.sdfg.containers.iter();
        all.filter(|(name, data)| matches!(data, Data::Constant(_)) && used(name))
            .map(|(name, data)| (name.clone(), Connector { dtype: data.dtype(), rank: data.rank() }))
            .collect()
    }

    /// Leads constants to the connectors that tasklets got for them.
    pub(super) fn supply_constants(&self, state: &mut State) {
        if !self.sdfg.containers.values().any(|data| matches!(data, Data::Constant(_))) {
            return;
        }
        let constant =
            |name: &Name| self.sdfg.container(name).filter(|data| matches!(data, Data::Constant(_)));
        let mut missing: Vec<(NodeId, Name)> = Vec::new();
        for (id, node) in state.nodes() {
            let Node::Tasklet(Tasklet { inputs, .. }) = node else { continue };
            let edges = state.in_edges(id);
            let reached = |name: &Name| edges.iter().any(|edge| edge.dst_conn() == Some(name));
            let wanted = inputs.keys().filter(|name| constant(name).is_some() && !reached(name));
            missing.extend(wanted.map(|name| (id, name.clone())));
        }
        for (tasklet, name) in missing {
            let Some(data) = constant(&name) else { continue };
            let memlet = Memlet::new(&name, Subset::full(data.shape()));
            let scope = scope_of(state, tasklet);
            let access = state.add_access(&name);
            if let Some(entry) = scope {
                state.order(entry, access);
            }
            state.connect((access, None), (tasklet, Some(&name)), memlet);
        }
    }
}

/// The entry of the scope that a node is in.
pub(super) fn scope_of(state: &State, node: NodeId) -> Option<NodeId> {
    let mut seen = BTreeSet::new();
    let mut at = node;
    while seen.insert(at) {
        let before = state.in_edges(at).first()?.src;
        match state.node(before) {
            Node::MapEntry(_) => return Some(before),
            Node::MapExit { entry } => at = *entry,
            _ => at = before,
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn complex_numbers_are_read_as_python_prints_them() {
        for (text, re, im) in
            [("(1-2.5j)", 1.0, -2.5), ("3j", 0.0, 3.0), ("(-1e-05+2e+10j)", -1e-5, 2e10), ("4", 4.0, 0.0)]
        {
            assert_eq!(complex(text), Some(Complex64::new(re, im)), "{text}");
        }
        assert_eq!(complex("(1+j"), None);
    }

    #[test]
    fn values_survive() {
        for dtype in DType::ALL {
            let values = Tensor::random(dtype, &[2, 3], 5);
            let written = lists(&values, values.shape(), &mut 0);
            let file = json!({ "type": "ndarray", "data": written, "dtype": dtype.name() });
            let read = tensor(&Value::from(&file), None, &Path::ROOT).unwrap();
            assert_eq!(ConstantArray::new(read), ConstantArray::new(values), "{dtype}");
        }
    }
}
