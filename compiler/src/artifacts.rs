//! The files that `dacec build` leaves for others.

use crate::{Compiled, Error};
use std::io::Write;
use std::path::{Path, PathBuf};

/// Writes the library, its C header, its NumPy wrapper and its graph into `folder`, which is made if it is missing.
///
/// Each file appears whole or not at all. The graph is left out where it would replace `source`, the file that the
/// program came from if it came from one. Returns the paths.
pub fn write(compiled: &Compiled, folder: &Path, source: Option<&Path>) -> Result<Vec<PathBuf>, Error> {
    std::fs::create_dir_all(folder).map_err(|reason| Error::Write { path: folder.to_owned(), reason })?;
    let name = &compiled.sdfg.name;
    let library = std::fs::read(&compiled.library)
        .map_err(|reason| Error::Read { path: compiled.library.clone(), reason })?;
    let graph = dacec_ir::json::to_string(&compiled.sdfg);
    let files: [(String, &[u8]); 4] = [
        (format!("lib{name}.so"), &library),
        (format!("{name}.h"), compiled.generated.header.as_bytes()),
        (format!("{name}.py"), compiled.generated.wrapper.as_bytes()),
        (format!("{name}.sdfg"), graph.as_bytes()),
    ];
    let source = source.and_then(|source| source.canonicalize().ok());
    let same = |path: &Path| source.is_some() && path.canonicalize().ok() == source;
    files
        .into_iter()
        .map(|(file, contents)| (folder.join(file), contents))
        .filter(|(path, _)| !same(path))
        .map(|(path, contents)| write_atomically(&path, contents))
        .collect()
}

/// Replaces a file by new contents; after a failure the old file is as it was.
pub fn write_atomically(path: &Path, contents: &[u8]) -> Result<PathBuf, Error> {
    let failed = |reason| Error::Write { path: path.to_owned(), reason };
    let folder = path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let mut file = tempfile::Builder::new().permissions(permissions()).tempfile_in(folder).map_err(failed)?;
    file.write_all(contents).map_err(failed)?;
    file.persist(path).map_err(|error| failed(error.error))?;
    Ok(path.to_owned())
}

/// What a file gets that is meant for others: the process's umask is applied by the system.
fn permissions() -> std::fs::Permissions {
    use std::os::unix::fs::PermissionsExt;
    std::fs::Permissions::from_mode(0o666)
}
