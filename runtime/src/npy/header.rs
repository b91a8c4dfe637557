//! The header of an array file: a Python dictionary that tells type, order and shape.

use super::NpyError;
use dacec_ir::DType;
use ndarray_npy::npy::header::{Header, Layout, ReadHeaderError};
use py_literal::Value;
use std::io::Read;

/// Before the dictionary: magic text, version, and its length in two or four bytes.
const MAGIC: &[u8] = b"\x93NUMPY";

/// No header of an array is longer. Those of records can be, but records are refused anyway.
const LONGEST: usize = 64 * 1024;

/// No header nests deeper: a dictionary with a tuple, and in records a list with tuples.
const DEEPEST: usize = 8;

/// What a header says.
pub(super) struct ArrayHeader {
    pub(super) dtype: DType,
    pub(super) shape: Vec<usize>,
    pub(super) fortran_order: bool,
}

pub(super) fn read(source: &mut impl Read, place: &str) -> Result<ArrayHeader, NpyError> {
    let text = read_text(source, place)?;
    let header = Header::from_reader(&mut &text[..]).map_err(|error| {
        NpyError::malformed(
            place,
            match error {
                ReadHeaderError::Io(error) => error.to_string(),
                ReadHeaderError::Parse(error) => error.to_string(),
            },
        )
    })?;
    let dtype = parse_dtype(&header.type_descriptor, place)?;
    Ok(ArrayHeader { dtype, shape: header.shape, fortran_order: header.layout == Layout::Fortran })
}

/// The header of an array in C order.
pub(super) fn print(dtype: DType, shape: &[usize]) -> Result<Vec<u8>, NpyError> {
    let descr = descr(dtype).ok_or(NpyError::NotWritable(dtype))?;
    let header =
        Header { type_descriptor: Value::String(descr), layout: Layout::Standard, shape: shape.to_vec() };
    Ok(header.to_bytes().expect("a few short ASCII texts"))
}

/// Reads the bytes of a header. Its length and depth are checked first: the parser would follow any nesting.
fn read_text(source: &mut impl Read, place: &str) -> Result<Vec<u8>, NpyError> {
    let mut text = vec![0; MAGIC.len() + 2];
    let truncated = |error| NpyError::malformed(place, error);
    source.read_exact(&mut text).map_err(truncated)?;
    if !text.starts_with(MAGIC) {
        return Err(NpyError::malformed(place, "it does not start like one"));
    }
    let mut length = [0; 4];
    let width = if text[MAGIC.len()] == 1 { 2 } else { 4 };
    source.read_exact(&mut length[..width]).map_err(truncated)?;
    text.extend(&length[..width]);
    let length = u32::from_le_bytes(length) as usize;
    if length > LONGEST {
        return Err(NpyError::malformed(place, format!("its header has {length} bytes")));
    }
    let start = text.len();
    text.resize(start + length, 0);
    source.read_exact(&mut text[start..]).map_err(truncated)?;
    let depth = text[start..].iter().scan(0usize, |depth, byte| {
        match byte {
            b'(' | b'[' | b'{' => *depth += 1,
            b')' | b']' | b'}' => *depth = depth.saturating_sub(1),
            _ => {}
        }
        Some(*depth)
    });
    if depth.max() > Some(DEEPEST) {
        return Err(NpyError::malformed(place, "its header is nested too deeply"));
    }
    Ok(text)
}

fn parse_dtype(descriptor: &Value, place: &str) -> Result<DType, NpyError> {
    let refuse = |descr: &str, reason, help| {
        Err(NpyError::Unsupported { place: place.to_owned(), descr: descr.to_owned(), reason, help })
    };
    let Value::String(text) = descriptor else {
        return refuse("record", " (several fields in one element)", "store one array for each field");
    };
    let little = text.strip_prefix(['<', '|', '=']).unwrap_or(text);
    if let Some(dtype) = DType::ALL.into_iter().find(|&dtype| code(dtype) == Some(little)) {
        return Ok(dtype);
    }
    if text.starts_with('>') {
        return refuse(text, " (big-endian)", "convert it first: `A.astype(A.dtype.newbyteorder('<'))`");
    }
    if little.starts_with('O') {
        return refuse(text, " (Python objects)", "convert it to an array of numbers first");
    }
    refuse(
        text,
        "",
        "convert it to one of bool, int8 to int64, uint8 to uint64, float16 to float64, complex64, complex128",
    )
}

/// NumPy's code of a type, with the byte order in which it is written.
fn descr(dtype: DType) -> Option<String> {
    let order = if dtype.size() == 1 { '|' } else { '<' };
    code(dtype).map(|code| format!("{order}{code}"))
}

fn code(dtype: DType) -> Option<&'static str> {
    Some(match dtype {
        DType::Bool => "b1",
        DType::Int8 => "i1",
        DType::Int16 => "i2",
        DType::Int32 => "i4",
        DType::Int64 => "i8",
        DType::UInt8 => "u1",
        DType::UInt16 => "u2",
        DType::UInt32 => "u4",
        DType::UInt64 => "u8",
        DType::Float16 => "f2",
        DType::Float32 => "f4",
        DType::Float64 => "f8",
        DType::Complex64 => "c8",
        DType::Complex128 => "c16",
        DType::BFloat16 | DType::Vector(_) | DType::Pointer(_) | DType::Opaque(_) => return None,
    })
}
