//! Reads containers: what DaCe calls data descriptors.
//!
//! A structure there is one container with members; here its members are containers. An array of structures becomes
//! members whose extents begin with those of the array; it is written as one structure of such members.

use super::error::{Path, Result};
use super::read::{dtype, expr, get, list, name, object, span, text, unknown};
use super::tree::Value;
use crate::attributes::Attributes;
use crate::structure::member;
use crate::{Array, DType, Data, Expr, Lifetime, Name, Scalar, Sdfg, Storage, Stream, Structure};

/// Structures inside of structures.
const MAX_DEPTH: usize = 16;

/// Reads every container of an SDFG.
pub(super) fn containers(attributes: &Value, path: &Path<'_>, sdfg: &mut Sdfg) -> Result<()> {
    let path = path.key("_arrays");
    let none = Value::object([]);
    for (container, value) in object(attributes.get("_arrays").unwrap_or(&none), &path)? {
        let path = path.key(container);
        // Newer files declare symbols' owners under empty descriptors.
        if value.is_null() {
            continue;
        }
        let function =
            value.get("attributes").and_then(|it| it.get("dtype")).is_some_and(super::callbacks::is_callback);
        if function {
            continue;
        }
        let container = name(container, &path)?;
        match text(get(value, "type", &path)?, &path)? {
            "Structure" | "ContainerArray" => structure(value, &container, &[], None, sdfg, &path)?,
            // A name for a structure that is held elsewhere: accesses of it are resolved.
            "StructureView" => {}
            _ => add(value, &container, None, &[], sdfg, &path)?,
        }
    }
    Ok(())
}

/// Attributes of a container that are read, or that follow from those.
const KNOWN_OF_DATA: [&str; 8] =
    ["dtype", "shape", "strides", "total_size", "offset", "transient", "storage", "lifetime"];

/// Adds a container; a member is as transient as its structure, and begins with the extents of the array that it is in.
fn add(
    value: &Value,
    container: &Name,
    transient: Option<bool>,
    extents: &[Expr],
    sdfg: &mut Sdfg,
    path: &Path<'_>,
) -> Result<()> {
    let mut data = descriptor(value, path)?;
    if let Some(transient) = transient {
        data.set_transient(transient);
    }
    let mut kept = value.get("attributes").map(|it| unknown(it, &KNOWN_OF_DATA)).unwrap_or_default();
    keep_padding(value, &mut kept);
    if let Data::Stream(stream) = &data
        && stream.capacity.is_some()
    {
        kept.remove("buffer_size");
    }
    if !kept.is_empty() {
        sdfg.attributes.containers.insert(container.clone(), kept);
    }
    if !extents.is_empty() {
        data = in_array(data, extents, path)?;
    }
    sdfg.containers.insert(container.clone(), data);
    Ok(())
}

/// Elements that are allocated before the first one, for its alignment, are a matter of the file: nothing may use them.
fn keep_padding(value: &Value, kept: &mut Attributes) {
    match kept.get("start_offset").and_then(serde_json::Value::as_str) {
        None => {}
        Some("0") => drop(kept.remove("start_offset")),
        Some(_) => {
            let size = value.get("attributes").and_then(|it| it.get("total_size"));
            kept.extend(size.map(|size| ("total_size".to_owned(), size.to_owned())));
        }
    }
}

/// The container that holds a member of each structure of an array.
fn in_array(data: Data, extents: &[Expr], path: &Path<'_>) -> Result<Data> {
    let shape: Vec<Expr> = extents.iter().chain(data.shape()).cloned().collect();
    let (transient, lifetime, span) = (data.is_transient(), data.lifetime(), data.span());
    match data {
        Data::Scalar(_) | Data::Array(_) if data.offset().is_empty() => {
            Ok(Array { transient, lifetime, span, ..Array::new(data.dtype(), shape) }.into())
        }
        _ => Err(path
            .error("a member of an array of structures is a scalar, or an array whose indices begin with 0")),
    }
}

/// Adds the members of a structure, or of an array of them, that is called `container`.
fn structure(
    value: &Value,
    container: &Name,
    outer: &[Expr],
    transient: Option<bool>,
    sdfg: &mut Sdfg,
    path: &Path<'_>,
) -> Result<()> {
    if container.split('.').count() > MAX_DEPTH {
        return Err(path.error("structures are nested too deeply"));
    }
    let attributes = get(value, "attributes", path)?;
    let path = path.key("attributes");
    let own = attributes.get("transient").and_then(Value::as_bool).unwrap_or(false);
    let transient = transient.unwrap_or(own);
    if value.get("type").and_then(Value::as_str) == Some("ContainerArray") {
        let element = get(attributes, "stype", &path)?;
        let path = path.key("stype");
        if element.get("type").and_then(Value::as_str) != Some("Structure") {
            return Err(path.error("an array of containers that are no structures is not supported"));
        }
        let shape = exprs(attributes, "shape", &path)?;
        let outer: Vec<Expr> = outer.iter().chain(&shape).cloned().collect();
        return structure(element, container, &outer, Some(transient), sdfg, &path);
    }
    let mut extents = outer.to_vec();
    if attributes.get("_meta_extents").is_some() {
        extents.extend(exprs(attributes, "_meta_extents", &path)?);
    }
    let mut found = Structure { shape: extents, members: Vec::new(), span: span(attributes) };
    let members_path = path.key("members");
    for (at, pair) in list(get(attributes, "members", &path)?, &members_path)?.iter().enumerate() {
        let path = members_path.index(at);
        let [field, value] = list(pair, &path)? else {
            return Err(path.error("expected a name and a container"));
        };
        let field = name(text(field, &path)?, &path)?;
        let full = member(container, &field);
        match text(get(value, "type", &path)?, &path)? {
            "Structure" | "ContainerArray" => {
                structure(value, &full, outer, Some(transient), sdfg, &path)?;
            }
            _ => add(value, &full, Some(transient), outer, sdfg, &path)?,
        }
        found.members.push(field);
    }
    sdfg.structures.insert(container.clone(), found);
    let known =
        ["members", "dtype", "shape", "transient", "strides", "total_size", "offset", "_meta_extents"];
    let kept = unknown(attributes, &known);
    if !kept.is_empty() {
        sdfg.attributes.containers.insert(container.clone(), kept);
    }
    Ok(())
}

/// One container with memory.
pub(super) fn descriptor(value: &Value, path: &Path<'_>) -> Result<Data> {
    let kind = text(get(value, "type", path)?, path)?;
    let attributes = get(value, "attributes", path)?;
    let path = path.key("attributes");
    let dtype = match attributes.get("dtype") {
        Some(value) => dtype(value, &path.key("dtype"))?,
        None => DType::Int32,
    };
    let transient = attributes.get("transient").and_then(Value::as_bool).unwrap_or(false);
    let (lifetime, span) = (lifetime(attributes, &path)?, span(attributes));
    let scalar = attributes.get("_meta_scalar").and_then(Value::as_bool).unwrap_or(false);
    match kind {
        "Scalar" => Ok(Scalar { transient, lifetime, span, ..Scalar::new(dtype) }.into()),
        "Array" if scalar => Ok(Scalar { transient, lifetime, span, ..Scalar::new(dtype) }.into()),
        "Stream" => {
            let mut shape = exprs(attributes, "shape", &path)?;
            if shape.len() == 1 && shape[0].is_one() {
                shape.clear();
            }
            let capacity = attributes.get("_meta_capacity").map(|value| expr(value, &path)).transpose()?;
            Ok(Stream { dtype, shape, capacity, transient, lifetime, span }.into())
        }
        "Array" | "View" | "ArrayView" | "ArrayReference" => {
            let array = Array { transient, lifetime, span, ..array(attributes, dtype, &path)? };
            Ok(match kind {
                "Array" => array.into(),
                "ArrayReference" => Data::Reference(Array { transient: true, ..array }),
                _ => Data::View(Array { transient: true, ..array }),
            })
        }
        other => Err(path.error(format!("containers of type `{other}` are not supported"))),
    }
}

/// Shape, strides and storage.
fn array(attributes: &Value, dtype: DType, path: &Path<'_>) -> Result<Array> {
    let mut array = Array::new(dtype, exprs(attributes, "shape", path)?);
    if array.shape.is_empty() {
        return Err(path.error("an array has at least one dimension"));
    }
    if attributes.get("strides").is_some() {
        array.strides = exprs(attributes, "strides", path)?;
    }
    let offset = attributes.get("offset").map_or(Ok(Vec::new()), |_| exprs(attributes, "offset", path))?;
    let fits = |all: &[Expr]| all.is_empty() || all.len() == array.shape.len();
    if array.strides.len() != array.shape.len() || !fits(&offset) {
        return Err(path.error("strides or offsets do not fit the shape"));
    }
    if offset.iter().any(|offset| !offset.is_zero()) {
        array.offset = offset;
    }
    array.storage = storage(attributes, path)?;
    Ok(array)
}

fn lifetime(attributes: &Value, path: &Path<'_>) -> Result<Lifetime> {
    match attributes.get("lifetime").and_then(Value::as_str).unwrap_or("Scope") {
        "Scope" => Ok(Lifetime::Scope),
        "State" => Ok(Lifetime::State),
        "SDFG" => Ok(Lifetime::Sdfg),
        "Global" => Ok(Lifetime::Global),
        "Persistent" => Ok(Lifetime::Persistent),
        "External" => Ok(Lifetime::External),
        other => Err(path.key("lifetime").error(format!("the lifetime `{other}` is not supported"))),
    }
}

fn storage(attributes: &Value, path: &Path<'_>) -> Result<Storage> {
    match attributes.get("storage").and_then(Value::as_str).unwrap_or("Default") {
        "Default" => Ok(Storage::Default),
        "Register" => Ok(Storage::Register),
        "CPU_Heap" => Ok(Storage::Heap),
        "CPU_Pinned" => Ok(Storage::Pinned),
        "CPU_ThreadLocal" => Ok(Storage::ThreadLocal),
        "GPU_Global" => Ok(Storage::GpuGlobal),
        "GPU_Shared" => Ok(Storage::GpuShared),
        other => Err(path.key("storage").error(format!("the storage `{other}` is not supported"))),
    }
}

fn exprs(attributes: &Value, key: &str, path: &Path<'_>) -> Result<Vec<Expr>> {
    let path = path.key(key);
    let values = list(attributes.get(key).ok_or_else(|| path.error("missing"))?, &path)?;
    values.iter().enumerate().map(|(at, value)| expr(value, &path.index(at))).collect()
}
