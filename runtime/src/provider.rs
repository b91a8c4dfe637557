//! The embedded matrix product: an archive that programs link (see the crate `dacec-provider` for what it offers).
//!
//! The archive is part of this crate's binary. For a link it must be a file, so it is written once into the cache,
//! under the hash of its content.

use crate::cache::{Cache, CacheError};
use std::{path::PathBuf, sync::OnceLock};

static ARCHIVE: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/provider.a"));

/// The hash of the archive, which is part of the cache key of programs that link it.
pub fn hash() -> &'static str {
    static HASH: OnceLock<String> = OnceLock::new();
    HASH.get_or_init(|| blake3::hash(ARCHIVE).to_hex().to_string())
}

/// The path of the archive as a file.
pub fn archive(cache: &Cache) -> Result<PathBuf, CacheError> {
    let name = format!("provider-{}.a", &hash()[..16]);
    // The file is made complete or not at all; that nobody cut it since is what the size says.
    let path = cache.record(&name);
    match std::fs::metadata(&path) {
        Ok(data) if data.len() == ARCHIVE.len() as u64 => Ok(path),
        _ => cache.write_record(&name, ARCHIVE),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_archive_is_written_once_and_again_if_cut() {
        let cache = Cache::private().unwrap();
        let path = archive(&cache).unwrap();
        assert_eq!(std::fs::read(&path).unwrap(), ARCHIVE);
        let written = std::fs::metadata(&path).unwrap().modified().unwrap();
        assert_eq!(archive(&cache).unwrap(), path);
        assert_eq!(std::fs::metadata(&path).unwrap().modified().unwrap(), written);
        std::fs::write(&path, "short").unwrap();
        archive(&cache).unwrap();
        assert_eq!(std::fs::read(&path).unwrap(), ARCHIVE);
    }
}
