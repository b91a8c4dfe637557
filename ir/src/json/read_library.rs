//! Reads library nodes.

use super::error::{Path, Result};
use super::read::{Reader, get, list, name, span, text, unknown};
use super::read_state::Wire;
use super::resolution::resolution;
use super::tree::Value;
use super::write_state::identity;
use super::{blas, callbacks, operations};
use crate::attributes::Attributes;
use crate::foreign::ForeignOp;
use crate::library::{Blas, CodeCallback, LibraryOp, MatMul, Property, Reduce, from_properties};
use crate::node::LibraryNode;
use crate::{
    Array, Block, Connector, Constant, DType, Data, Expr, IndexMap, Memlet, Name, NestedSdfg, Node, Range,
    Scalar, ScalarExpr, Schedule, Sdfg, State, Stmt, Subset, Tasklet, TaskletCode,
};
use std::sync::Arc;

/// How a class is read.
enum Kind {
    MatMul,
    Reduce,
    Blas(Blas),
    Other(Arc<dyn LibraryOp>),
    /// An operation of this compiler that DaCe does not have.
    Own,
    Foreign,
}

/// Paths of classes differ between versions; their names do not.
fn kind(class: &str, attributes: &Value) -> Kind {
    let is_one = |key: &str, one: f64| {
        attributes.get(key).is_none_or(|value| value.as_f64() == Some(one) || value.is_null())
    };
    let short = class.rsplit('.').next().unwrap_or(class);
    match short {
        _ if class.starts_with("dacec.library.") => Kind::Own,
        _ if !class.starts_with("dace.libraries.") => Kind::Foreign,
        "MatMul" if is_one("alpha", 1.0) && is_one("beta", 0.0) => Kind::MatMul,
        "Reduce" => Kind::Reduce,
        _ if class.starts_with("dace.libraries.blas.") => {
            blas::read(short, attributes).map_or(Kind::Foreign, Kind::Blas)
        }
        _ => operations::read(short, attributes).map_or(Kind::Foreign, Kind::Other),
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
        Kind::Blas(_) => unknown(attributes, &[&connectors[..], &blas::ATTRIBUTES].concat()),
        Kind::Other(_) => unknown(attributes, &[&connectors[..], &operations::ATTRIBUTES].concat()),
        // Their own properties are part of the operation.
        Kind::Foreign => {
            let mut kept = unknown(attributes, &[]);
            kept.retain(|key, _| key == "guid" || key == "debuginfo");
            return kept;
        }
    };
    kept.insert("classpath".into(), class.to_owned());
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
            Kind::Blas(op) => Arc::new(op),
            Kind::Other(op) => op,
            Kind::Reduce => {
                let (reduce, start) = self.reduce(attributes, at, wires, path)?;
                if let Some(start) = start {
                    return self
                        .started(reduce, &start, at, wires, path)
                        .map(|it| Node::Nested(Box::new(it)));
                }
                Arc::new(reduce)
            }
            Kind::Own => {
                let properties = attributes.get("_meta_properties").and_then(Value::as_object);
                let properties: Option<Vec<(String, Property)>> = properties
                    .into_iter()
                    .flatten()
                    .map(|(name, value)| Some((name.to_owned(), property(value)?)))
                    .collect();
                let properties = properties.ok_or_else(|| path.error("a property of an unknown kind"))?;
                let short = class.rsplit('.').next().unwrap_or(class);
                if short == CodeCallback::NAME && !self.options.trust_code {
                    return Err(path.error(callbacks::UNTRUSTED));
                }
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

    /// A reduction, whose edges get the connectors that they have here, and the number that it starts from if that is
    /// not the neutral one.
    fn reduce<'v>(
        &self,
        attributes: &Value<'v>,
        at: usize,
        wires: &mut [Wire],
        path: &Path<'_>,
    ) -> Result<(Reduce, Option<Value<'v>>)> {
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
        let dtype = self.container(&output.data, path)?.dtype();
        let hint = attributes.get("_meta_wcr").and_then(Value::as_str);
        let wcr = resolution(lambda, hint, dtype).map_err(|error| path.key("wcr").error(error))?;
        let start = attributes.get("identity").unwrap_or(&Value::Null);
        let neutral = identity(wcr, Some(dtype));
        let same = match (start.as_f64(), neutral.as_f64()) {
            // Decimal texts of the largest floats differ in their last digits.
            (Some(start), Some(neutral)) => (start - neutral).abs() <= 1e-6 * neutral.abs(),
            _ => false,
        };
        let start = Some(start).filter(|start| !same && !start.is_null()).cloned();
        let axes = match attributes.get("axes").filter(|axes| !axes.is_null()) {
            Some(axes) => Some(squeezed_axes(list(axes, path)?, &input.subset, path)?),
            None => None,
        };
        let accumulate = start.is_some() || attributes.get("identity").is_none_or(Value::is_null);
        Ok((Reduce { wcr, axes, accumulate }, start))
    }

    /// A reduction that starts from a number: an SDFG that fills the output first.
    fn started(
        &self,
        reduce: Reduce,
        start: &Value,
        at: usize,
        wires: &[Wire],
        path: &Path<'_>,
    ) -> Result<NestedSdfg> {
        let mut sdfg = self.callee("reduce", at, wires, path, ["_in", "_out"])?;
        let output = &sdfg.containers["_out"];
        let (dtype, shape) = (output.dtype(), output.shape().to_vec());
        let start = match (start.as_i64(), start.as_f64(), start.as_bool()) {
            (Some(start), ..) => Constant::of_int(start, dtype),
            (_, Some(start), _) if dtype.is_float() => Constant::Float(start, dtype),
            (_, _, Some(start)) => Constant::of_int(i64::from(start), dtype),
            _ => return Err(path.key("identity").error("this is no number of the output's type")),
        };
        let mut combine = State::new("combine");
        let subset = |name: &str| Memlet::new(name, Subset::full(sdfg.containers[name].shape()));
        let (from, to) = (combine.add_access("_in"), combine.add_access("_out"));
        let op = Arc::new(reduce) as Arc<dyn LibraryOp>;
        let node = LibraryNode { label: "reduce".into(), op, implementation: None, span: Default::default() };
        let node = combine.add_node(Node::Library(node));
        combine.connect((from, None), (node, Some("_in")), subset("_in"));
        combine.connect((node, Some("_out")), (to, None), subset("_out"));
        let first = filled("start", &shape, ("_out", dtype), start.into());
        sdfg.body = crate::Region::new([Block::State(first), Block::State(combine)]);
        Ok(called(sdfg, ["_in", "_out"]))
    }

    /// An SDFG with containers for what the node reads and writes.
    fn callee(
        &self,
        name: &str,
        at: usize,
        wires: &[Wire],
        path: &Path<'_>,
        [input, output]: [&str; 2],
    ) -> Result<Sdfg> {
        let mut sdfg = Sdfg::new(name);
        for (name, reads) in [(input, true), (output, false)] {
            let mut wires = wires.iter().filter(|wire| if reads { wire.dst == at } else { wire.src == at });
            let memlet = wires.find_map(|wire| wire.edge.memlet.as_ref());
            let memlet = memlet.ok_or_else(|| path.error("the node has no input, or no output"))?;
            let data = self.container(&memlet.data, path)?;
            let dims = memlet.subset.dims.iter().zip(data.strides());
            let dims: Vec<_> = dims.filter(|(dim, _)| dim.as_index().is_none()).collect();
            let inner: Data = if dims.is_empty() {
                Scalar::new(data.dtype()).into()
            } else {
                let shape: Vec<Expr> = dims.iter().map(|(dim, _)| dim.len()).collect();
                let strides = dims.iter().map(|(dim, stride)| *stride * &dim.step).collect();
                Array { strides, ..Array::new(data.dtype(), shape) }.into()
            };
            let is_result = !reads && dims.is_empty();
            if is_result { &mut sdfg.returns } else { &mut sdfg.arguments }.push(name.into());
            sdfg.containers.insert(name.into(), inner);
        }
        Ok(sdfg)
    }
}

/// A call of an SDFG with the symbols of the caller.
fn called(mut sdfg: Sdfg, [input, output]: [&str; 2]) -> NestedSdfg {
    let symbols = sdfg.free_symbols();
    sdfg.symbols = symbols.iter().map(|symbol| (symbol.clone(), DType::Int64)).collect();
    let symbols = symbols.into_iter().map(|symbol| (symbol.clone(), Expr::sym(&symbol))).collect();
    let (inputs, outputs) = (vec![input.into()], vec![output.into()]);
    NestedSdfg { sdfg, inputs, outputs, symbols, span: Default::default() }
}

/// A state that gives `value` to every element of `output`.
fn filled(label: &str, shape: &[Expr], (output, dtype): (&str, DType), value: ScalarExpr) -> State {
    let mut state = State::new(label);
    let tasklet = Tasklet {
        label: label.into(),
        inputs: IndexMap::default(),
        outputs: IndexMap::from_iter([("out".into(), Connector::scalar(dtype))]),
        code: TaskletCode::Native(vec![Stmt::assign("out", value)]),
        span: Default::default(),
    };
    let tasklet = state.add_tasklet(tasklet);
    let to = state.add_access(output);
    if shape.is_empty() {
        state.connect((tasklet, Some("out")), (to, None), Memlet::scalar(output));
        return state;
    }
    let params: Vec<Name> = (0..shape.len()).map(|at| format!("__i{at}").into()).collect();
    let element = Memlet::element(output, params.iter().map(Expr::sym));
    let dims: Vec<_> = params.into_iter().zip(shape.iter().map(Range::full)).collect();
    let (entry, exit) = state.add_map(label, dims, Schedule::Default);
    state.order(entry, tasklet);
    state.connect((tasklet, Some("out")), (exit, Some("IN_out")), element);
    let whole = Memlet::new(output, Subset::full(shape));
    state.connect((exit, Some("OUT_out")), (to, None), whole);
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
        properties: serde_json::Value::Object(properties).to_string(),
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
        Value::String(text) => Property::Text(text.to_string()),
        Value::Array(values) => Property::Ints(values.iter().map(Value::as_i64).collect::<Option<_>>()?),
        Value::Object(_) => Property::Float(value.get("float")?.as_str()?.parse().ok()?),
        Value::Null => return None,
    })
}
