//! The directory of builds: found again by content, published at once, trusted only if it is the user's own.
//!
//! ```text
//! <cache>/                          of this user, not writable by others
//!   CACHEDIR.TAG                    backup programs leave the folder out
//!   v1/                             the layout below; mode 0700
//!     builds/3f/3fa4…/              one finished build: libgemm.so, gemm.cpp, manifest.json
//!     records/                      small facts: what is known of the compiler, the embedded archive
//!     failed/3fa4…/                 the sources of builds that the compiler refused, for a bug report
//!     work/x7Kq2/                   builds in progress
//! ```
//!
//! **Content-addressed.** A [`Key`] is a hash of all that a build depends on. Nothing is ever changed in place.
//!
//! **Atomic.** A build is made in `work/` and moved to its name when complete. If two processes make the same build,
//! both succeed: the second finds the name taken and uses what lies there.
//!
//! **Checked.** The manifest lists size and hash of every file. An entry that does not agree (a full disk, a flipped
//! bit) is moved away and built anew.
//!
//! **Private.** Libraries from here are run. So the folder must belong to the user who runs, and no other user may
//! write to it; otherwise nothing is read from it and the error says what to do.

mod entry;
mod key;
mod trust;

pub use entry::{Entry, Manifest};
pub use key::{Key, KeyHasher};

use miette::Diagnostic;
use serde::Serialize;
use std::{
    env, fs, io,
    io::Write as _,
    os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt},
    path::{Path, PathBuf},
    sync::Arc,
    time::{Duration, SystemTime},
};
use tempfile::TempDir;

/// The variable that names the cache folder.
pub const VARIABLE: &str = "DACEC_CACHE_DIR";

/// The subfolder of this layout.
const LAYOUT: &str = "v1";

/// Work older than this was left behind by a process that died.
const ABANDONED: Duration = Duration::from_secs(24 * 60 * 60);

const TAG: &str = "Signature: 8a477f597d28d172789f06886806bc55\n\
    # This folder holds libraries compiled by dacec. It can be deleted at any time.\n";

/// A cache folder that may be trusted.
#[derive(Clone, Debug)]
pub struct Cache {
    /// The folder `v1`.
    layout: PathBuf,
    /// Removes a private folder when the last user of it is gone.
    private: Option<Arc<TempDir>>,
}

/// The cache cannot be used.
#[derive(Debug, thiserror::Error, Diagnostic)]
pub enum CacheError {
    /// The platform tells no place for caches.
    #[error("no folder for the build cache is known: neither {VARIABLE} nor HOME is set")]
    #[diagnostic(code(R020), help("set {VARIABLE} to a folder of yours, or use --no-cache"))]
    NoPlace,
    /// Another user owns the folder.
    #[error("the build cache `{}` belongs to another user (uid {owner}; you are uid {user})", path.display())]
    #[diagnostic(
        code(R021),
        help(
            "libraries from there would run with your rights. Set {VARIABLE} to a folder of yours, or use --no-cache"
        )
    )]
    ForeignOwner {
        /// The folder.
        path: PathBuf,
        /// Who owns it.
        owner: u32,
        /// Who runs.
        user: u32,
    },
    /// Other users can write to the folder.
    #[error("other users can write to the build cache `{}` (mode {mode:04o})", path.display())]
    #[diagnostic(
        code(R022),
        help("run `chmod go-w {}`, or set {VARIABLE} to a folder that only you can write", path.display())
    )]
    WritableByOthers {
        /// The folder.
        path: PathBuf,
        /// Its permissions.
        mode: u32,
    },
    /// The path is something else than a folder.
    #[error("the build cache `{}` is not a folder", path.display())]
    #[diagnostic(code(R023), help("set {VARIABLE} to a folder, or remove the file"))]
    NotAFolder {
        /// The path.
        path: PathBuf,
    },
    /// Reading or writing failed.
    #[error("cannot {action} `{}` in the build cache", path.display())]
    #[diagnostic(
        code(R024),
        help(
            "check that the disk is not full and that you may write there; set {VARIABLE} to another folder, or use --no-cache"
        )
    )]
    Io {
        /// What was tried.
        action: &'static str,
        /// With which path.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
}

impl CacheError {
    pub(crate) fn io(action: &'static str, path: &Path) -> impl FnOnce(io::Error) -> CacheError {
        move |source| CacheError::Io { action, path: path.to_owned(), source }
    }
}

/// What the cache holds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Usage {
    /// Finished builds.
    pub entries: u64,
    /// Bytes of all files.
    pub bytes: u64,
}

/// Where an entry came from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origin {
    /// It was there.
    Found,
    /// It was built now.
    Built,
}

impl Cache {
    /// Opens the folder of `DACEC_CACHE_DIR`, or the platform's folder for caches.
    pub fn open_default() -> Result<Cache, CacheError> {
        Cache::open(&Cache::default_folder()?)
    }

    /// The folder that [`Cache::open_default`] opens.
    pub fn default_folder() -> Result<PathBuf, CacheError> {
        if let Some(folder) = env::var_os(VARIABLE).filter(|value| !value.is_empty()) {
            return Ok(folder.into());
        }
        let folders = directories::ProjectDirs::from("", "", "dacec").ok_or(CacheError::NoPlace)?;
        Ok(folders.cache_dir().to_owned())
    }

    /// Opens a folder, which is made if it does not exist.
    pub fn open(folder: &Path) -> Result<Cache, CacheError> {
        let folder = std::path::absolute(folder).map_err(CacheError::io("find", folder))?;
        let layout = folder.join(LAYOUT);
        trust::make_private(&folder)?;
        trust::make_private(&layout)?;
        for name in ["builds", "records", "failed", "work"] {
            trust::make_private(&layout.join(name))?;
        }
        let tag = folder.join("CACHEDIR.TAG");
        if !tag.exists() {
            write_private(&tag, TAG.as_bytes()).map_err(CacheError::io("write", &tag))?;
        }
        Ok(Cache { layout, private: None })
    }

    /// A folder for this process alone, removed with the last use of it: what `--no-cache` means.
    pub fn private() -> Result<Cache, CacheError> {
        let parent = env::temp_dir();
        let folder =
            private_folder("dacec-").tempdir().map_err(CacheError::io("make a folder in", &parent))?;
        let cache = Cache::open(folder.path())?;
        Ok(Cache { private: Some(Arc::new(folder)), ..cache })
    }

    /// The folder of the layout, which messages show.
    pub fn folder(&self) -> &Path {
        &self.layout
    }

    /// The finished build of a key, if it is there and whole.
    pub fn get(&self, key: &Key) -> Option<Entry> {
        Entry::read(self.build_folder(key), key, self.private.clone())
    }

    /// The build of a key: the one that is there, or the one that `fill` makes in the empty folder it is given.
    ///
    /// What `fill` returns describes the build; of the files, those that it leaves in the folder are kept.
    pub fn get_or_build<E: From<CacheError>>(
        &self,
        key: &Key,
        fill: impl FnOnce(&Path) -> Result<serde_json::Value, E>,
    ) -> Result<(Entry, Origin), E> {
        if let Some(entry) = self.get(key) {
            return Ok((entry, Origin::Found));
        }
        let work = self.work_folder()?;
        let description = fill(work.path())?;
        entry::write_manifest(work.path(), key, description)?;
        self.publish(key, work)?;
        Ok((self.read_back(key)?, Origin::Built))
    }

    /// Keeps the content of a folder of a failed build; the path where it lies now.
    pub(crate) fn keep_failed(&self, key: &Key, work: &Path) -> Result<PathBuf, CacheError> {
        let kept = self.layout.join("failed").join(key.short());
        if kept.exists() {
            fs::remove_dir_all(&kept).map_err(CacheError::io("replace", &kept))?;
        }
        copy_folder(work, &kept).map_err(CacheError::io("keep sources in", &kept))?;
        Ok(kept)
    }

    /// A small file that was written by [`Cache::write_record`].
    pub(crate) fn read_record(&self, name: &str) -> Option<Vec<u8>> {
        fs::read(self.record(name)).ok()
    }

    /// The path of a small file.
    pub(crate) fn record(&self, name: &str) -> PathBuf {
        self.layout.join("records").join(name)
    }

    /// Writes a small file, at once: readers see the old or the new content.
    pub(crate) fn write_record(&self, name: &str, content: &[u8]) -> Result<PathBuf, CacheError> {
        let path = self.record(name);
        let folder = self.layout.join("records");
        let mut file =
            tempfile::NamedTempFile::new_in(&folder).map_err(CacheError::io("write to", &folder))?;
        file.write_all(content).map_err(CacheError::io("write", &path))?;
        file.persist(&path).map_err(|error| CacheError::io("write", &path)(error.error))?;
        Ok(path)
    }

    /// How many builds there are, and how much room everything takes.
    pub fn usage(&self) -> Result<Usage, CacheError> {
        let builds = self.layout.join("builds");
        let groups = list(&builds).map_err(CacheError::io("list", &builds))?;
        let entries = groups.iter().map(|group| list(group).map_or(0, |found| found.len() as u64)).sum();
        Ok(Usage { entries, bytes: size_of_folder(&self.layout) })
    }

    /// Removes everything; what was there.
    ///
    /// Libraries that are loaded stay loaded. A process that is about to load one builds it again.
    pub fn clear(&self) -> Result<Usage, CacheError> {
        let usage = self.usage()?;
        for name in ["builds", "records", "failed", "work"] {
            let folder = self.layout.join(name);
            for path in list(&folder).map_err(CacheError::io("list", &folder))? {
                remove(&path).map_err(CacheError::io("remove", &path))?;
            }
        }
        Ok(usage)
    }

    fn build_folder(&self, key: &Key) -> PathBuf {
        self.layout.join("builds").join(key.group()).join(key.as_str())
    }

    /// An empty folder for a build; dropped, it is removed.
    fn work_folder(&self) -> Result<TempDir, CacheError> {
        let parent = self.layout.join("work");
        for path in list(&parent).unwrap_or_default() {
            let age = fs::metadata(&path)
                .and_then(|data| data.modified())
                .map(|time| SystemTime::now().duration_since(time));
            if matches!(age, Ok(Ok(age)) if age > ABANDONED) {
                // Another process may be removing it too.
                let _ = remove(&path);
            }
        }
        private_folder("").tempdir_in(&parent).map_err(CacheError::io("make a folder in", &parent))
    }

    /// Moves a finished build to its name, unless a whole one is there.
    fn publish(&self, key: &Key, work: TempDir) -> Result<(), CacheError> {
        let target = self.build_folder(key);
        let group = target.parent().expect("builds lie in group folders");
        trust::make_private(group)?;
        // Twice: once to find the name taken by a broken entry, once after that was moved away.
        for _ in 0..2 {
            match fs::rename(work.path(), &target) {
                Ok(()) => {
                    // The folder is no longer where the guard would remove it.
                    let _ = work.keep();
                    return Ok(());
                }
                Err(_) if target.exists() => {
                    if self.get(key).is_some() {
                        return Ok(());
                    }
                    self.discard(&target)?;
                }
                Err(error) => return Err(CacheError::io("publish", &target)(error)),
            }
        }
        Ok(())
    }

    /// The entry that was just published. For a moment it can be missing: another process that found a broken entry
    /// moves away what lies under the name, which may be ours by then, and puts its own there.
    fn read_back(&self, key: &Key) -> Result<Entry, CacheError> {
        for _ in 0..100 {
            if let Some(entry) = self.get(key) {
                return Ok(entry);
            }
            std::thread::sleep(Duration::from_millis(5));
        }
        let source = io::Error::other("the entry changed while it was being written");
        Err(CacheError::io("read back", &self.build_folder(key))(source))
    }

    /// Takes a broken entry out of the way; another process may do so at the same time.
    fn discard(&self, target: &Path) -> Result<(), CacheError> {
        let away = self.work_folder()?;
        match fs::rename(target, away.path().join("broken")) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                Err(CacheError::io("replace", target)(error))
            }
            _ => Ok(()),
        }
    }
}

/// A folder with a random name that only the user can enter.
fn private_folder(prefix: &str) -> tempfile::Builder<'_, 'static> {
    let mut builder = tempfile::Builder::new();
    builder.prefix(prefix).permissions(fs::Permissions::from_mode(0o700));
    builder
}

/// Writes a new file that only the user can read.
pub(crate) fn write_private(path: &Path, content: &[u8]) -> io::Result<()> {
    let mut file = fs::OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(path)?;
    file.write_all(content)
}

fn list(folder: &Path) -> io::Result<Vec<PathBuf>> {
    fs::read_dir(folder)?.map(|entry| entry.map(|entry| entry.path())).collect()
}

/// Removes a file or a folder; none there is fine.
fn remove(path: &Path) -> io::Result<()> {
    let is_folder = fs::symlink_metadata(path).is_ok_and(|data| data.is_dir());
    let result = if is_folder { fs::remove_dir_all(path) } else { fs::remove_file(path) };
    result.or_else(|error| if error.kind() == io::ErrorKind::NotFound { Ok(()) } else { Err(error) })
}

fn size_of_folder(folder: &Path) -> u64 {
    let size = |path: PathBuf| match fs::symlink_metadata(&path) {
        Ok(data) if data.is_dir() => size_of_folder(&path),
        Ok(data) => data.len(),
        Err(_) => 0,
    };
    list(folder).unwrap_or_default().into_iter().map(size).sum()
}

fn copy_folder(from: &Path, to: &Path) -> io::Result<()> {
    fs::DirBuilder::new().mode(0o700).create(to)?;
    for path in list(from)? {
        let target = to.join(path.file_name().expect("listed paths have names"));
        if path.is_dir() {
            copy_folder(&path, &target)?;
        } else {
            fs::copy(&path, &target)?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests;
