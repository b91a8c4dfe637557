//! Which folders may hold code that is run.

use super::CacheError;
use std::{
    fs, io,
    os::unix::fs::{DirBuilderExt, MetadataExt},
    path::Path,
};

/// Permission of the group and of others to write.
const WRITABLE_BY_OTHERS: u32 = 0o022;

/// Only owners may remove or rename what lies in the folder.
const STICKY: u32 = 0o1000;

/// Makes a folder for the user alone, or checks that the one which is there is the user's.
///
/// A folder that others can write to is accepted only with the sticky bit, as `/tmp` has it: then they can add to it,
/// but not replace what the user put there; and each folder below is checked in turn.
pub(super) fn make_private(folder: &Path) -> Result<(), CacheError> {
    match fs::metadata(folder) {
        Ok(data) => check(folder, &data),
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            fs::DirBuilder::new()
                .recursive(true)
                .mode(0o700)
                .create(folder)
                .map_err(CacheError::io("make the folder", folder))?;
            // Somebody may have been faster.
            let data = fs::metadata(folder).map_err(CacheError::io("look at", folder))?;
            check(folder, &data)
        }
        Err(error) => Err(CacheError::io("look at", folder)(error)),
    }
}

fn check(folder: &Path, data: &fs::Metadata) -> Result<(), CacheError> {
    if !data.is_dir() {
        return Err(CacheError::NotAFolder { path: folder.to_owned() });
    }
    check_rights(folder, data.uid(), rustix::process::geteuid().as_raw(), data.mode() & 0o7777)
}

/// The rule itself, on numbers.
pub(super) fn check_rights(folder: &Path, owner: u32, user: u32, mode: u32) -> Result<(), CacheError> {
    if owner != user {
        return Err(CacheError::ForeignOwner { path: folder.to_owned(), owner, user });
    }
    if mode & WRITABLE_BY_OTHERS != 0 && mode & STICKY == 0 {
        return Err(CacheError::WritableByOthers { path: folder.to_owned(), mode });
    }
    Ok(())
}
