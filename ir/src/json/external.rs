//! Nested SDFGs that are files of their own.
//!
//! Newer files may name a nested SDFG by its path (`ext_sdfg_path`). A file is not trusted, so it reaches only what lies in
//! the folder that it lies in itself, and only so much: not more than a file of its own may have, in not more than a
//! thousand files, nested not more than 32 deep.

use super::ReadOptions;
use super::error::{Path, Result};
use super::tree::Value;
use crate::Sdfg;
use std::cell::Cell;
use std::io::Read;
use std::path::{Component, PathBuf};

/// What is read in all, in bytes.
const MAX_BYTES: u64 = 1 << 28;
/// Files that are read in all.
const MAX_FILES: u32 = 1000;
/// Files that name each other.
const MAX_DEPTH: u32 = 32;

/// The folder of a file, and what was read from it already.
#[derive(Debug)]
pub struct Folder {
    path: PathBuf,
    bytes: Cell<u64>,
    files: Cell<u32>,
    depth: Cell<u32>,
}

impl Folder {
    /// A folder of which files may be read.
    pub fn new(path: impl Into<PathBuf>) -> Self {
        Folder { path: path.into(), bytes: Cell::new(0), files: Cell::new(0), depth: Cell::new(0) }
    }

    /// The contents of a file in the folder.
    fn read(&self, file: &str) -> std::result::Result<Vec<u8>, String> {
        let relative = std::path::Path::new(file);
        if file.is_empty()
            || !relative.components().all(|it| matches!(it, Component::Normal(_) | Component::CurDir))
        {
            return Err(format!("`{file}` is no path below the folder of this file"));
        }
        self.files.set(self.files.get() + 1);
        if self.files.get() > MAX_FILES {
            return Err(format!("more than {MAX_FILES} files are nested"));
        }
        let reason = |error: std::io::Error| format!("`{file}` cannot be read: {error}");
        let root = self.path.canonicalize().map_err(reason)?;
        let path = root.join(relative).canonicalize().map_err(reason)?;
        if !path.starts_with(&root) {
            return Err(format!("`{file}` leads out of the folder of this file"));
        }
        let left = MAX_BYTES.saturating_sub(self.bytes.get());
        let mut contents = Vec::new();
        std::fs::File::open(&path)
            .and_then(|file| file.take(left + 1).read_to_end(&mut contents))
            .map_err(reason)?;
        self.bytes.set(self.bytes.get() + contents.len() as u64);
        if contents.len() as u64 > left {
            return Err(format!("the nested files are larger than {} MiB", MAX_BYTES >> 20));
        }
        Ok(contents)
    }
}

/// The nested SDFG that a node names by its path.
pub(super) fn nested(attributes: &Value, path: &Path<'_>, options: ReadOptions<'_>) -> Result<Sdfg> {
    let Some(file) = attributes.get("ext_sdfg_path").and_then(Value::as_str) else {
        return Err(path.error("`sdfg` is missing"));
    };
    let path = path.key("ext_sdfg_path");
    let Some(folder) = options.folder else {
        return Err(path.error(
            "this names another file, and it is not known in which folder: read the graph from its file",
        ));
    };
    if folder.depth.get() >= MAX_DEPTH {
        return Err(path.error(format!("more than {MAX_DEPTH} files name each other")));
    }
    let contents = folder.read(file).map_err(|error| path.error(error))?;
    folder.depth.set(folder.depth.get() + 1);
    let read = super::read::document(&contents, options);
    folder.depth.set(folder.depth.get() - 1);
    read.map_err(|error| path.error(format!("in `{file}`: {error}")))
}
