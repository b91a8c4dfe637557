//! Reads library nodes.

use super::error::{Path, Result};
use super::read::{Reader, get, list, name, span, text, unknown};
use super::read_state::{Wire, wcr};
use super::write_state::identity;
use crate::attributes::Attributes;
use crate::foreign::ForeignOp;
use crate::library::{LibraryOp, MatMul, Property, Reduce, from_properties};
use crate::node::LibraryNode;
use crate::{
    Array, Connector, Memlet, Name, NestedSdfg, Node, Range, ScalarExpr, Schedule, Sdfg, State, Stmt, Subset,
    Tasklet, TaskletCode,
};
use indexmap::IndexMap;
use serde_json::Value;
use std::sync::Arc;

/// How a class is read.
enum Kind {
    MatMul,
    Reduce,
    Transpose,
    /// An operation of this compiler that DaCe does not have.
    Own,
    Foreign,
}

/// Paths of classes differ between versions; their names do not.
fn kind(class: &str, attributes: &Value) -> Kind {
    let is_one = |key: &str, one: f64| {
        attributes.get(key).is_none_or(|value| value.as_f64() == Some(one) || value.is_null())
    };
    match class.rsplit('.').next().unwrap_or(class) {
        _ if class.starts_with("dacec.library.") => Kind::Own,
        _ if !class.starts_with("dace.libraries.") => Kind::Foreign,
        "MatMul" if is_one("alpha", 1.0) && is_one("beta", 0.0) => Kind::MatMul,
        "Reduce" => Kind::Reduce,
        "Transpose" => Kind::Transpose,
        _ => Kind::Foreign,
    }
}

/// What a library node of the file says beyond what is read; also the path of its class, if that is written back.
pub(super) fn attributes_of(node: &Value) -> Attributes {
    let (Some(class), Some(attributes)) = (node.get("classpath"), node.get("attributes")) else {
        return Attributes::new();
    };
    let connectors = ["in_connectors", "out_connectors", "name", "label"];
    let mut kept = match kind(class.as_str().unwrap_or_default(), attributes) {
        Kind::MatMul | Kind::Own => unknown(attributes, &connectors),
        Kind::Reduce => unknown(attributes, &[&connectors[..], &["wcr", "axes", "identity"]].concat()),
        // Their own properties are part of the operation, or have no meaning for what they become.
        Kind::Foreign | Kind::Transpose => {
            let mut kept = unknown(attributes, &[]);
            kept.retain(|key, _| key == "guid" || key == "debuginfo");
            return kept;
        }
    };
    kept.insert("classpath".into(), class.clone());
    kept
}

impl Reader<'_> {
    /// A node of a library, or what does the same.
    pub(super) fn library(
        &self,
        class: &str,
        attributes: &Value,
        at: usize,
        wires: &mut [Wire],
        path: &Path<'_>,
    ) -> Result<Node> {
        let word = |key: &str| attributes.get(key).and_then(Value::as_str).map(Name::from);
        let op: Arc<dyn LibraryOp> = match kind(class, attributes) {
            Kind::MatMul => Arc::new(MatMul),
            Kind::Reduce => Arc::new(self.reduce(attributes, at, wires, path)?),
            Kind::Transpose => {
                return Ok(Node::Nested(Box::new(self.transpose(attributes, at, wires, path)?)));
            }
            Kind::Own => {
                let properties = attributes.get("_meta_properties").and_then(Value::as_object);
                let properties: Option<Vec<(String, Property)>> = properties
                    .into_iter()
                    .flatten()
                    .map(|(name, value)| Some((name.clone(), property(value)?)))
                    .collect();
                let properties = properties.ok_or_else(|| path.error("a property of an unknown kind"))?;
                let short = class.rsplit('.').next().unwrap_or(class);
                from_properties(short, &properties).map_err(|error| path.error(error))?
            }
            Kind::Foreign => Arc::new(foreign(class, attributes, path)?),
        };
        Ok(Node::Library(LibraryNode {
            label: word("label").or_else(|| word("name")).unwrap_or_default(),
            op,
            implementation: word("_meta_implementation"),
            span: span(attributes),
        }))
    }

    /// A reduction, whose edges get the connectors that they have here.
    fn reduce(&self, attributes: &Value, at: usize, wires: &mut [Wire], path: &Path<'_>) -> Result<Reduce> {
        let (mut input, mut output) = (None, None);
        for wire in wires.iter_mut().filter(|wire| wire.edge.memlet.is_some()) {
            if wire.dst == at {
                wire.edge.dst_conn = Some("_in".into());
                input = wire.edge.memlet.clone();
            } else if wire.src == at {
                wire.edge.src_conn = Some("_out".into());
                output = wire.edge.memlet.clone();
            }
        }
        let (Some(input), Some(output)) = (input, output) else {
            return Err(path.error("a reduction has an input and an output"));
        };
        let lambda = text(get(attributes, "wcr", path)?, &path.key("wcr"))?;
        let wcr = wcr(lambda).map_err(|error| path.key("wcr").error(error))?;
        let start = attributes.get("identity").unwrap_or(&Value::Null);
        let neutral = identity(wcr, Some(self.container(&output.data, path)?.dtype()));
        let same = match (start.as_f64(), neutral.as_f64()) {
            // Decimal texts of the largest floats differ in their last digits.
            (Some(start), Some(neutral)) => (start - neutral).abs() <= 1e-6 * neutral.abs(),
            _ => false,
        };
        if !same && !start.is_null() {
            return Err(path.error(format!("a reduction that starts from {start} is not supported")));
        }
        let axes = match attributes.get("axes").filter(|axes| !axes.is_null()) {
            Some(axes) => Some(squeezed_axes(list(axes, path)?, &input.subset, path)?),
            None => None,
        };
        Ok(Reduce { wcr, axes, accumulate: start.is_null() })
    }

    /// A matrix with its dimensions exchanged: a map in an SDFG of its own.
    fn transpose(
        &self,
        attributes: &Value,
        at: usize,
        wires: &[Wire],
        path: &Path<'_>,
    ) -> Result<NestedSdfg> {
        let found = |input: bool| {
            let mut wires = wires.iter().filter(|wire| if input { wire.dst == at } else { wire.src == at });
            wires.find_map(|wire| wire.edge.memlet.as_ref())
        };
        let (Some(input), Some(output)) = (found(true), found(false)) else {
            return Err(path.error("a transposition has an input and an output"));
        };
        let mut sdfg = Sdfg::new("transpose");
        for (name, memlet) in [("_inp", input), ("_out", output)] {
            let data = self.container(&memlet.data, path)?;
            let dims = memlet.subset.dims.iter().zip(data.strides());
            let dims: Vec<_> = dims.filter(|(dim, _)| dim.as_index().is_none()).collect();
            let [(rows, row), (columns, column)] = dims[..] else {
                return Err(path.error("a transposition is one of a matrix"));
            };
            let mut array = Array::new(data.dtype(), [rows.len(), columns.len()]);
            array.strides = vec![row * &rows.step, column * &columns.step];
            sdfg.containers.insert(name.into(), array.into());
            sdfg.arguments.push(name.into());
        }
        let shape = sdfg.containers[0].shape().to_vec();
        sdfg.body.blocks.push(crate::Block::State(exchange(&sdfg, &shape)));
        let symbols = sdfg.free_symbols();
        sdfg.symbols = symbols.iter().map(|symbol| (symbol.clone(), crate::DType::Int64)).collect();
        let symbols = symbols.into_iter().map(|symbol| (symbol.clone(), crate::Expr::sym(&symbol))).collect();
        let (inputs, outputs) = (vec!["_inp".into()], vec!["_out".into()]);
        Ok(NestedSdfg { sdfg, inputs, outputs, symbols, span: span(attributes) })
    }
}

/// `_out[j, i] = _inp[i, j]`
fn exchange(sdfg: &Sdfg, shape: &[crate::Expr]) -> State {
    let mut state = State::new("exchange");
    let (from, to) = (state.add_access("_inp"), state.add_access("_out"));
    let dims =
        ["__i", "__j"].map(Name::from).into_iter().zip(shape.iter().map(Range::full)).collect::<Vec<_>>();
    let (entry, exit) = state.add_map("transpose", dims, Schedule::Default);
    let dtype = sdfg.containers[0].dtype();
    let one = |name: &str| IndexMap::from([(Name::from(name), Connector::scalar(dtype))]);
    let tasklet = state.add_tasklet(Tasklet {
        label: "transpose".into(),
        inputs: one("value"),
        outputs: one("out"),
        code: TaskletCode::Native(vec![Stmt::assign("out", ScalarExpr::name("value"))]),
        span: Default::default(),
    });
    let whole = |name: &str| Memlet::new(name, Subset::full(sdfg.containers[name].shape()));
    let [i, j] = ["__i", "__j"].map(crate::Expr::sym);
    state.connect((from, None), (entry, Some("IN__inp")), whole("_inp"));
    let read = Memlet::element("_inp", [i.clone(), j.clone()]);
    state.connect((entry, Some("OUT__inp")), (tasklet, Some("value")), read);
    state.connect((tasklet, Some("out")), (exit, Some("IN__out")), Memlet::element("_out", [j, i]));
    state.connect((exit, Some("OUT__out")), (to, None), whole("_out"));
    state
}

/// An operation that is not known here.
fn foreign(class: &str, attributes: &Value, path: &Path<'_>) -> Result<ForeignOp> {
    let connectors = |key: &str| -> Result<Vec<Name>> {
        let path = path.key(key);
        let all = attributes.get(key).and_then(Value::as_object).into_iter().flatten();
        all.map(|(conn, _)| name(conn, &path)).collect()
    };
    let mut properties = unknown(attributes, &["in_connectors", "out_connectors", "name", "label"]);
    properties.retain(|key, _| key != "guid" && key != "debuginfo");
    Ok(ForeignOp {
        class: class.to_owned(),
        inputs: connectors("in_connectors")?,
        outputs: connectors("out_connectors")?,
        properties: Value::Object(properties).to_string(),
    })
}

/// Axes among the dimensions that are not single indices.
fn squeezed_axes(axes: &[Value], input: &Subset, path: &Path<'_>) -> Result<Vec<usize>> {
    let path = path.key("axes");
    let rank = input.rank() as i64;
    let mut full = Vec::new();
    for axis in axes {
        let axis = axis.as_i64().map(|axis| if axis < 0 { axis + rank } else { axis });
        let axis = axis.filter(|axis| (0..rank).contains(axis)).and_then(|axis| usize::try_from(axis).ok());
        full.push(axis.ok_or_else(|| path.error("there is no such dimension"))?);
    }
    let mut position = 0;
    let mut squeezed = Vec::new();
    for (dim, range) in input.dims.iter().enumerate() {
        if range.as_index().is_none() {
            if full.contains(&dim) {
                squeezed.push(position);
            }
            position += 1;
        }
    }
    Ok(squeezed)
}

fn property(value: &Value) -> Option<Property> {
    Some(match value {
        Value::Bool(value) => Property::Bool(*value),
        Value::Number(value) => Property::Int(value.as_i64()?),
        Value::String(text) => Property::Text(text.clone()),
        Value::Array(values) => Property::Ints(values.iter().map(Value::as_i64).collect::<Option<_>>()?),
        Value::Object(_) => Property::Float(value.get("float")?.as_str()?.parse().ok()?),
        Value::Null => return None,
    })
}
