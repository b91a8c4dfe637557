//! Writes SDFGs, containers and the state machine.

use super::Dialect;
use super::constants;
use super::control::{Machine, Transition, Vertex};
use super::expr::{self, Syntax};
use super::sections;
use super::skeleton;
pub(super) use crate::attributes::Attributes;
use crate::control_flow::LoopHeader;
use crate::{Block, DType, Data, Expr, Instrument, Lifetime, Name, Node, Range, Sdfg, Span, Storage, Subset};
use serde_json::{Value, json};

/// The condition of a transition that is always taken.
pub(super) const ALWAYS: &str = "1";

/// The whole file.
pub(super) fn document(sdfg: &Sdfg, dialect: Dialect) -> Value {
    let mut sdfg = sdfg.clone();
    sdfg.lower_machines_that(&|machine| dialect == Dialect::V1 || !super::unstructured::has_form(machine));
    for_all(&mut sdfg, &|sdfg| {
        super::chunks::join(sdfg);
        super::callbacks::restore(sdfg);
    });
    let sdfg = &sdfg;
    let mut regions = 0;
    let mut value = Writer { sdfg, dialect, path: sdfg.name.to_string(), regions: &mut regions }.sdfg();
    value["dace_version"] = match dialect {
        Dialect::V1 => json!("1.0.2"),
        Dialect::V2 => json!("2.0.0b1"),
    };
    value
}

/// Calls `f` on an SDFG and on those nested in it.
fn for_all(sdfg: &mut Sdfg, f: &dyn Fn(&mut Sdfg)) {
    f(sdfg);
    sdfg.body.visit_states_mut(&mut |state| {
        for id in state.node_ids() {
            if let Node::Nested(nested) = state.node_mut(id) {
                for_all(&mut nested.sdfg, f);
            }
        }
    });
}

/// Adds what was kept from the file that an element came from. What is written anyway has precedence, except for ids
/// and places in source files, which the file knows better. Places come after what is written anyway, whether the element
/// has one of its own or not: what is read and written again looks the same.
pub(super) fn put_back(attributes: &mut Attributes, kept: Option<&Attributes>) {
    for (key, value) in kept.into_iter().flatten().filter(|(key, _)| *key != "classpath") {
        if key == "debuginfo" {
            attributes.shift_remove(key);
        }
        if !attributes.contains_key(key) || key == "guid" {
            attributes.insert(key.clone(), value.clone());
        }
    }
    // A position of another writer says nothing of bytes, and has to be told from this writer's own when it is read again.
    if kept.is_some_and(|kept| kept.contains_key("debuginfo")) {
        attributes.shift_remove("_meta_bytes");
    }
}

/// Whether a scalar is written as an array of one element, since DaCe's programs return arrays only.
pub(super) fn is_boxed(sdfg: &Sdfg, name: &Name) -> bool {
    sdfg.returns.contains(name) && matches!(sdfg.container(name), Some(Data::Scalar(_)))
}

/// An element type: a name, or what the type consists of.
pub(super) fn dtype(dtype: DType) -> Value {
    match dtype {
        DType::Vector(it) => {
            json!({ "type": "vector", "dtype": it.element().name(), "elements": it.lanes().to_string() })
        }
        DType::Pointer(it) => json!({ "type": "pointer", "dtype": it.element().name() }),
        DType::Opaque(it) => json!({ "type": "opaque", "ctype": it.name() }),
        number => json!(number.name()),
    }
}

/// Writes one SDFG.
pub(super) struct Writer<'a> {
    pub(super) sdfg: &'a Sdfg,
    pub(super) dialect: Dialect,
    /// What the elements' ids are made of: names of SDFG, state and node.
    pub(super) path: String,
    /// Number of SDFGs so far in the file.
    pub(super) regions: &'a mut usize,
}

impl Writer<'_> {
    pub(super) fn sdfg(&mut self) -> Value {
        let number = self.number();
        if self.dialect == Dialect::V2 {
            return self.structured(number);
        }
        let machine = Machine::new(self.sdfg);
        let mut nodes = Vec::new();
        for (id, vertex) in machine.states.iter().enumerate() {
            nodes.push(match vertex {
                Vertex::State(state) => self.state(id, state),
                Vertex::Empty(label) => self.empty(id, label),
            });
        }
        let edges: Vec<Value> =
            machine.edges.iter().enumerate().map(|(at, edge)| self.transition(at, edge)).collect();
        json!({
            "type": "SDFG",
            "attributes": self.attributes(&machine.symbols, true),
            "nodes": nodes,
            "edges": edges,
            "collapsed": false,
            "label": self.sdfg.name.as_str(),
            "id": null,
            "cfg_list_id": number,
            "start_block": if machine.states.is_empty() { Value::Null } else { json!(0) },
        })
    }

    /// The next number of a region or SDFG.
    pub(super) fn number(&mut self) -> usize {
        *self.regions += 1;
        *self.regions - 1
    }

    /// An expression in the file's dialect.
    pub(super) fn value(&self, expr: &Expr) -> Value {
        json!(expr::print(expr, self.syntax()))
    }

    pub(super) fn syntax(&self) -> Syntax<'_> {
        match self.dialect {
            Dialect::V1 => Syntax::SymPy,
            Dialect::V2 => Syntax::Marked(self.sdfg),
        }
    }

    pub(super) fn ranges(&self, ranges: &[Range]) -> Value {
        expr::ranges(ranges, self.syntax())
    }

    pub(super) fn subset(&self, subset: &Subset) -> Value {
        expr::subset(subset, self.syntax())
    }

    pub(super) fn attributes(&self, machine_symbols: &[String], machine: bool) -> Attributes {
        let sdfg = self.sdfg;
        let mut attributes = Attributes::new();
        attributes.insert("name".into(), json!(sdfg.name.as_str()));
        let arguments = outermost(sdfg);
        if arguments != sdfg.arguments {
            attributes.insert("_meta_arguments".into(), names(&sdfg.arguments));
        }
        attributes.insert("arg_names".into(), names(&arguments));
        attributes.insert("_arrays".into(), self.containers().into());
        constants::write(sdfg, &mut attributes);
        attributes.insert("symbols".into(), self.symbols(machine_symbols).into());
        attributes.insert("guid".into(), self.guid("sdfg"));
        attributes.insert("_meta_returns".into(), names(&sdfg.returns));
        if !sdfg.file.is_empty() {
            attributes.insert("_meta_file".into(), json!(sdfg.file));
        }
        self.position(&mut attributes, sdfg.span);
        self.instrument(sdfg.instrument, &mut attributes);
        sections::write(&sdfg.sections, &mut attributes);
        if machine {
            skeleton::write(sdfg, &mut attributes);
        }
        put_back(&mut attributes, Some(&sdfg.attributes.sdfg));
        attributes.remove(super::callbacks::KEPT);
        attributes
    }

    /// Declared symbols, loop variables and the machine's own.
    fn symbols(&self, machine: &[String]) -> Attributes {
        let mut symbols: Attributes =
            self.sdfg.symbols.iter().map(|(name, dtype)| (name.to_string(), json!(dtype.name()))).collect();
        let mut declare = |name: &str| {
            if !symbols.contains_key(name) {
                symbols.insert(name.to_owned(), json!("int64"));
            }
        };
        self.sdfg.body.visit(&mut |block| {
            if let Block::Loop(it) = block
                && let LoopHeader::For { variable, .. } = &it.header
            {
                declare(variable);
            }
        });
        machine.iter().for_each(|name| declare(name));
        let functions = self.sdfg.attributes.sdfg.get(super::callbacks::KEPT).and_then(Value::as_object);
        symbols.extend(functions.into_iter().flatten().map(|(name, dtype)| (name.clone(), dtype.clone())));
        symbols
    }

    pub(super) fn descriptor(&self, name: &Name, data: &Data) -> Value {
        let mut attributes = Attributes::new();
        attributes.insert("dtype".into(), dtype(data.dtype()));
        let scalar = matches!(data, Data::Scalar(_));
        match data {
            Data::Array(array) | Data::View(array) | Data::Reference(array) => {
                let values = |exprs: &[Expr]| exprs.iter().map(|expr| self.value(expr)).collect::<Value>();
                attributes.insert("shape".into(), values(&array.shape));
                attributes.insert("strides".into(), values(&array.strides));
                let padded =
                    self.sdfg.attributes.containers.get(name).is_some_and(|it| it.contains_key("total_size"));
                if !padded {
                    attributes.insert("total_size".into(), self.value(&extent(&array.shape, &array.strides)));
                }
                let zeros = vec![Expr::zero(); array.rank()];
                let offset = if array.offset.is_empty() { &zeros } else { &array.offset };
                attributes.insert("offset".into(), values(offset));
                if array.optional {
                    attributes.insert("optional".into(), json!(true));
                }
                if let Some(storage) = storage(array.storage) {
                    attributes.insert("storage".into(), json!(storage));
                }
            }
            Data::Scalar(_) => {
                attributes.insert("shape".into(), json!(["1"]));
            }
            Data::Stream(_) | Data::Constant(_) => {
                let mut shape: Vec<Value> = data.shape().iter().map(|it| self.value(it)).collect();
                if shape.is_empty() {
                    shape.push(json!("1"));
                }
                attributes.insert("shape".into(), shape.into());
            }
        }
        if data.is_transient() {
            attributes.insert("transient".into(), json!(true));
        }
        let own = if let Data::Constant(_) = data { Lifetime::Scope } else { data.lifetime() };
        if let Some(lifetime) = lifetime(own) {
            attributes.insert("lifetime".into(), json!(lifetime));
        }
        // There, the size is a hint to an allocator: nothing is refused because a queue is full.
        if let Some(capacity) = data.as_stream().and_then(|stream| stream.capacity.as_ref()) {
            attributes.insert("buffer_size".into(), self.value(capacity));
            attributes.insert("_meta_capacity".into(), self.value(capacity));
        }
        let boxed = is_boxed(self.sdfg, name);
        if boxed {
            attributes.insert("_meta_scalar".into(), json!(true));
        }
        self.position(&mut attributes, data.span());
        put_back(&mut attributes, self.sdfg.attributes.containers.get(name));
        let class = match data {
            Data::Scalar(_) if scalar && !boxed => "Scalar",
            Data::Stream(_) => "Stream",
            Data::View(_) => "ArrayView",
            Data::Reference(_) => "ArrayReference",
            Data::Array(_) | Data::Scalar(_) | Data::Constant(_) => "Array",
        };
        json!({ "type": class, "attributes": attributes })
    }

    /// A state without dataflow.
    pub(super) fn empty(&self, id: usize, label: &str) -> Value {
        json!({
            "type": "SDFGState",
            "label": label,
            "id": id,
            "collapsed": false,
            "scope_dict": { "-1": [] },
            "attributes": { "guid": self.guid(label), "_meta_empty": true },
            "nodes": [],
            "edges": [],
        })
    }

    pub(super) fn transition(&self, at: usize, edge: &Transition) -> Value {
        let condition = edge.condition.as_deref().unwrap_or(ALWAYS);
        let data = json!({
            "type": "InterstateEdge",
            "attributes": {
                "assignments": edge.assignments,
                "condition": { "string_data": condition, "language": "Python" },
                "guid": self.guid(&format!("transition {at}")),
            },
        });
        json!({
            "type": "Edge",
            "attributes": { "data": data },
            "src": edge.src.to_string(),
            "dst": edge.dst.to_string(),
        })
    }

    pub(super) fn instrument(&self, instrument: Instrument, attributes: &mut Attributes) {
        if instrument == Instrument::Timer {
            attributes.insert("instrument".into(), json!("Timer"));
        }
    }

    pub(super) fn position(&self, attributes: &mut Attributes, span: Span) {
        if span.is_unknown() {
            return;
        }
        let info = json!({
            "type": "DebugInfo",
            "start_line": span.line,
            "end_line": span.line,
            "start_column": 0,
            "end_column": 0,
            "filename": self.sdfg.file,
        });
        attributes.insert("debuginfo".into(), info);
        attributes.insert("_meta_bytes".into(), json!([span.start, span.end]));
    }

    /// An id that is the same each time, and different for every element.
    pub(super) fn guid(&self, element: &str) -> Value {
        let text = format!("{}/{element}", self.path);
        let (high, low) = (fnv(0xcbf2_9ce4_8422_2325, &text), fnv(0x9e37_79b9_7f4a_7c15, &text));
        json!(format!(
            "{:08x}-{:04x}-5{:03x}-a{:03x}-{:012x}",
            high >> 32,
            high >> 16 & 0xffff,
            high & 0xfff,
            low >> 52,
            low & 0xffff_ffff_ffff
        ))
    }
}

/// The Fowler-Noll-Vo hash.
fn fnv(seed: u64, text: &str) -> u64 {
    text.bytes().fold(seed, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x100_0000_01b3))
}

/// Elements between the first and the last, for strides that are not negative.
fn extent(shape: &[crate::Expr], strides: &[crate::Expr]) -> crate::Expr {
    if strides == crate::data::c_strides(shape) {
        return shape.iter().fold(crate::Expr::one(), |product, extent| product * extent);
    }
    shape.iter().zip(strides).fold(crate::Expr::one(), |sum, (extent, stride)| sum + (extent - 1) * stride)
}

/// The arguments with structures in place of their members.
fn outermost(sdfg: &Sdfg) -> Vec<Name> {
    let mut all: Vec<Name> = Vec::new();
    for name in &sdfg.arguments {
        let structure = name.split_once('.').map(|(first, _)| Name::from(first));
        let name = structure.filter(|name| sdfg.structures.contains_key(name)).unwrap_or(name.clone());
        if !all.contains(&name) {
            all.push(name);
        }
    }
    all
}

fn names(names: &[Name]) -> Value {
    names.iter().map(|name| json!(name.as_str())).collect()
}

fn storage(storage: Storage) -> Option<&'static str> {
    match storage {
        Storage::Default => None,
        Storage::Register => Some("Register"),
        Storage::Heap => Some("CPU_Heap"),
        Storage::Pinned => Some("CPU_Pinned"),
        Storage::ThreadLocal => Some("CPU_ThreadLocal"),
        Storage::GpuGlobal => Some("GPU_Global"),
        Storage::GpuShared => Some("GPU_Shared"),
    }
}

fn lifetime(lifetime: Lifetime) -> Option<&'static str> {
    match lifetime {
        Lifetime::Scope => None,
        Lifetime::State => Some("State"),
        Lifetime::Sdfg => Some("SDFG"),
        Lifetime::Global => Some("Global"),
        Lifetime::External => Some("External"),
        Lifetime::Persistent => Some("Persistent"),
    }
}
