//! NumPy's files: `.npy` holds one array, `.npz` several in a zip archive.
//!
//! Arrays are read in C order, whatever order the file has. What cannot be read is refused with the reason: the other
//! byte order, records, Python objects, and files that end before the array does. Files are written under another name
//! and renamed, so that a reader never sees half of one.

mod header;

use crate::array::{ArrayBuf, OutOfMemory};
use dacec_ir::{DType, IndexMap};
use miette::Diagnostic;
use std::{
    fs::{self, File},
    io::{self, BufWriter, Read, Write},
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
};
use zip::{CompressionMethod, ZipArchive, ZipWriter, result::ZipError, write::SimpleFileOptions};

/// A file cannot be read or written.
#[derive(Debug, thiserror::Error, Diagnostic)]
pub enum NpyError {
    /// The system refuses.
    #[error("cannot {action} `{}`", path.display())]
    #[diagnostic(code(R060), help("check the name and the permissions"))]
    Io {
        /// What was tried.
        action: &'static str,
        /// The file.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// It is no such file, or it is damaged.
    #[error("`{place}` is not a NumPy array file: {reason}")]
    #[diagnostic(code(R061), help("write it with `numpy.save` or `numpy.savez`"))]
    Malformed {
        /// The file, and the array in it.
        place: String,
        /// What is wrong.
        reason: String,
    },
    /// It holds something that has no element type here.
    #[error("`{place}` holds elements of type {descr}, which dacec does not have{reason}")]
    #[diagnostic(code(R062), help("{help}"))]
    Unsupported {
        /// The file, and the array in it.
        place: String,
        /// The type as the file names it.
        descr: String,
        /// More about the type.
        reason: &'static str,
        /// What to do.
        help: &'static str,
    },
    /// The array is too large.
    #[error("`{place}`: {error}")]
    #[diagnostic(code(R063), help("read a part of it"))]
    NoMemory {
        /// The file, and the array in it.
        place: String,
        /// What was asked for.
        error: OutOfMemory,
    },
    /// The archive has no array of that name.
    #[error("`{}` has no array `{name}`", path.display())]
    #[diagnostic(code(R064), help("it has {}", known.join(", ")))]
    NoSuchArray {
        /// The file.
        path: PathBuf,
        /// What was looked for.
        name: String,
        /// What there is.
        known: Vec<String>,
    },
    /// There is no way to write elements of this type.
    #[error("NumPy's files have no element type {0}")]
    #[diagnostic(code(R065), help("convert the array, for example to float32"))]
    NotWritable(DType),
}

impl NpyError {
    fn io(action: &'static str, path: &Path) -> impl FnOnce(io::Error) -> NpyError {
        move |source| NpyError::Io { action, path: path.to_owned(), source }
    }

    fn malformed(place: &str, reason: impl ToString) -> NpyError {
        NpyError::Malformed { place: place.to_owned(), reason: reason.to_string() }
    }
}

/// Reads a `.npy` file.
pub fn read(path: &Path) -> Result<ArrayBuf, NpyError> {
    let mut file = File::open(path).map_err(NpyError::io("read", path))?;
    let size = file.metadata().map_err(NpyError::io("read", path))?.len();
    read_array(&mut file, size, &path.display().to_string())
}

/// Reads all arrays of a `.npz` file, in the order of the archive.
pub fn read_archive(path: &Path) -> Result<IndexMap<String, ArrayBuf>, NpyError> {
    let mut archive = open_archive(path)?;
    let names = member_names(&archive, path)?;
    let arrays =
        names.iter().map(|name| Ok((array_name(name).to_owned(), read_member(&mut archive, name, path)?)));
    arrays.collect()
}

/// Reads one array of a `.npz` file.
pub fn read_from_archive(path: &Path, name: &str) -> Result<ArrayBuf, NpyError> {
    let mut archive = open_archive(path)?;
    let names = member_names(&archive, path)?;
    match names.iter().find(|member| array_name(member) == name) {
        Some(member) => read_member(&mut archive, member, path),
        None => {
            let known = names.iter().map(|member| array_name(member).to_owned()).collect();
            Err(NpyError::NoSuchArray { path: path.to_owned(), name: name.to_owned(), known })
        }
    }
}

/// Writes a `.npy` file, at once.
pub fn write(path: &Path, array: &ArrayBuf) -> Result<(), NpyError> {
    write_at_once(path, |file| write_array(file, array, path))
}

/// Writes a `.npz` file, at once; the arrays are not compressed, as with `numpy.savez`.
pub fn write_archive<'a>(
    path: &Path,
    arrays: impl IntoIterator<Item = (&'a str, &'a ArrayBuf)>,
) -> Result<(), NpyError> {
    let failed = |error: ZipError| NpyError::io("write", path)(error.into());
    write_at_once(path, |file| {
        let mut archive = ZipWriter::new(file);
        let options =
            SimpleFileOptions::default().compression_method(CompressionMethod::Stored).large_file(true);
        for (name, array) in arrays {
            archive.start_file(format!("{name}.npy"), options).map_err(failed)?;
            write_array(&mut archive, array, path)?;
        }
        archive.finish().map_err(failed)?;
        Ok(())
    })
}

fn open_archive(path: &Path) -> Result<ZipArchive<File>, NpyError> {
    let file = File::open(path).map_err(NpyError::io("read", path))?;
    ZipArchive::new(file).map_err(|error| NpyError::malformed(&path.display().to_string(), error))
}

fn member_names(archive: &ZipArchive<File>, path: &Path) -> Result<Vec<String>, NpyError> {
    let names = archive.file_names().map(|name| name.map(Into::into)).collect::<Result<_, _>>();
    names.map_err(|error| NpyError::malformed(&path.display().to_string(), error))
}

/// The name of an array in an archive: members carry the ending of single files.
fn array_name(member: &str) -> &str {
    member.strip_suffix(".npy").unwrap_or(member)
}

fn read_member(archive: &mut ZipArchive<File>, member: &str, path: &Path) -> Result<ArrayBuf, NpyError> {
    let place = format!("{}:{}", path.display(), array_name(member));
    let mut file = archive.by_name(member).map_err(|error| NpyError::malformed(&place, error))?;
    let size = file.size();
    read_array(&mut file, size, &place)
}

/// Reads an array from a source of known size, which says whether the array can be there before memory is taken.
fn read_array(source: &mut impl Read, size: u64, place: &str) -> Result<ArrayBuf, NpyError> {
    let header = header::read(source, place)?;
    let expected = header
        .shape
        .iter()
        .try_fold(header.dtype.size() as u64, |bytes, &extent| bytes.checked_mul(extent as u64));
    if expected.is_none_or(|bytes| bytes > size) {
        return Err(NpyError::malformed(
            place,
            format!("it is too short for an array of shape {:?}", header.shape),
        ));
    }
    let no_memory = |error| NpyError::NoMemory { place: place.to_owned(), error };
    let mut array = ArrayBuf::zeroed(header.dtype, &header.shape).map_err(no_memory)?;
    // SAFETY: all bytes are elements of every type but truth values, which are made so below.
    let bytes = unsafe { array.bytes_mut() };
    let truncated = |error: io::Error| NpyError::malformed(place, error);
    if header.fortran_order && header.shape.len() > 1 {
        let mut columns = vec![0; bytes.len()];
        source.read_exact(&mut columns).map_err(truncated)?;
        reorder(&columns, bytes, &header.shape, header.dtype.size());
    } else {
        source.read_exact(bytes).map_err(truncated)?;
    }
    if header.dtype == DType::Bool {
        bytes.iter_mut().for_each(|byte| *byte = u8::from(*byte != 0));
    }
    Ok(array)
}

/// Copies elements from Fortran to C order.
fn reorder(from: &[u8], to: &mut [u8], shape: &[usize], size: usize) {
    let mut indices = vec![0usize; shape.len()];
    for element in to.chunks_exact_mut(size) {
        let position =
            indices.iter().zip(shape).rev().fold(0, |position, (index, extent)| position * extent + index);
        element.copy_from_slice(&from[position * size..][..size]);
        for (index, &extent) in indices.iter_mut().zip(shape).rev() {
            *index += 1;
            if *index < extent {
                break;
            }
            *index = 0;
        }
    }
}

fn write_array(target: &mut impl Write, array: &ArrayBuf, path: &Path) -> Result<(), NpyError> {
    let header = header::print(array.dtype(), array.shape())?;
    target
        .write_all(&header)
        .and_then(|()| target.write_all(array.as_bytes()))
        .map_err(NpyError::io("write", path))
}

/// Lets `write` fill a file beside `path`, which then takes its name.
fn write_at_once(
    path: &Path,
    write: impl FnOnce(&mut BufWriter<&File>) -> Result<(), NpyError>,
) -> Result<(), NpyError> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    // The permissions of a usual new file; the system takes those away that the user does not grant.
    let file = tempfile::Builder::new()
        .permissions(fs::Permissions::from_mode(0o666))
        .tempfile_in(folder)
        .map_err(NpyError::io("write", path))?;
    let mut writer = BufWriter::new(file.as_file());
    write(&mut writer)?;
    writer.flush().map_err(NpyError::io("write", path))?;
    drop(writer);
    file.persist(path).map_err(|error| NpyError::io("write", path)(error.error))?;
    Ok(())
}

#[cfg(test)]
mod tests;
