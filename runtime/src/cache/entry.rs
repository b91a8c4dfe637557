//! One finished build and the manifest that vouches for it.

use super::{CacheError, Key, write_private};
use dacec_ir::IndexMap;
use serde::{Deserialize, Serialize};
use std::{
    fs, io,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    sync::Arc,
};
use tempfile::TempDir;

const MANIFEST: &str = "manifest.json";

/// What a build consists of.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Manifest {
    /// The key that the build was made for.
    pub key: Key,
    /// Every file, with what it must be.
    pub files: IndexMap<String, FileRecord>,
    /// What the maker of the build wrote about it.
    pub description: serde_json::Value,
}

/// What a file must be.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileRecord {
    /// Bytes.
    pub size: u64,
    /// The BLAKE3 hash of the content.
    pub blake3: String,
}

/// A finished build whose files were found as the manifest says.
#[derive(Clone, Debug)]
pub struct Entry {
    folder: PathBuf,
    manifest: Manifest,
    /// Keeps a private cache alive as long as its libraries may be loaded.
    _private: Option<Arc<TempDir>>,
}

impl Entry {
    /// The path of a file of the build; `None` if the build has no such file.
    pub fn file(&self, name: &str) -> Option<PathBuf> {
        self.manifest.files.contains_key(name).then(|| self.folder.join(name))
    }

    /// The folder.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// What the build consists of.
    pub fn manifest(&self) -> &Manifest {
        &self.manifest
    }

    /// Reads the entry in a folder; `None` if it is missing, broken, or not what its name says.
    pub(super) fn read(folder: PathBuf, key: &Key, private: Option<Arc<TempDir>>) -> Option<Entry> {
        let text = fs::read(folder.join(MANIFEST)).ok()?;
        let manifest: Manifest = serde_json::from_slice(&text).ok()?;
        let whole = |(name, expected): (&String, &FileRecord)| {
            record(&folder.join(name)).is_ok_and(|now| now == *expected)
        };
        (manifest.key == *key && manifest.files.iter().all(whole)).then_some(Entry {
            folder,
            manifest,
            _private: private,
        })
    }
}

/// Writes the manifest over all files that lie in a folder, and takes them from other users.
pub(super) fn write_manifest(
    folder: &Path,
    key: &Key,
    description: serde_json::Value,
) -> Result<(), CacheError> {
    let mut files = IndexMap::default();
    for path in super::list(folder).map_err(CacheError::io("list", folder))? {
        let name = path.file_name().expect("listed paths have names").to_string_lossy().into_owned();
        files.insert(name, record(&path).map_err(CacheError::io("read", &path))?);
        make_private(&path).map_err(CacheError::io("change the permissions of", &path))?;
    }
    files.sort_unstable_keys();
    let manifest = Manifest { key: key.clone(), files, description };
    let text = serde_json::to_vec_pretty(&manifest).expect("a manifest has string keys only");
    let path = folder.join(MANIFEST);
    write_private(&path, &text).map_err(CacheError::io("write", &path))
}

fn record(path: &Path) -> io::Result<FileRecord> {
    let content = fs::read(path)?;
    Ok(FileRecord { size: content.len() as u64, blake3: blake3::hash(&content).to_hex().to_string() })
}

/// Linkers and compilers make files that everybody may read.
fn make_private(path: &Path) -> io::Result<()> {
    let mode = fs::metadata(path)?.permissions().mode();
    fs::set_permissions(path, fs::Permissions::from_mode(mode & 0o700))
}
