//! The embedded linear algebra: an archive that programs link (see the crate `dacec-provider` for what it offers).
//!
//! The archive is part of this crate's binary, compressed. For a link it must be a file, so it is unpacked once into
//! the cache, under the hash of its content.

use crate::cache::{Cache, CacheError};
use flate2::read::GzDecoder;
use std::{io::Read, path::PathBuf};

static PACKED: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/provider.a.gz"));

/// The hash of the archive, which is part of the cache key of programs that link it.
pub fn hash() -> &'static str {
    env!("DACEC_PROVIDER_HASH")
}

/// The path of the archive as a file.
pub fn archive(cache: &Cache) -> Result<PathBuf, CacheError> {
    let name = format!("provider-{}.a", &hash()[..16]);
    // The file is made complete or not at all; that nobody cut it since is what the size says.
    let path = cache.record(&name);
    match std::fs::metadata(&path) {
        Ok(data) if data.len().to_string() == env!("DACEC_PROVIDER_SIZE") => Ok(path),
        _ => cache.write_record(&name, &unpack()),
    }
}

fn unpack() -> Vec<u8> {
    let mut content = Vec::new();
    GzDecoder::new(PACKED).read_to_end(&mut content).expect("the build script packed it");
    content
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_archive_is_written_once_and_again_if_cut() {
        let cache = Cache::private().unwrap();
        let path = archive(&cache).unwrap();
        assert_eq!(blake3::hash(&std::fs::read(&path).unwrap()).to_hex().as_str(), hash());
        let written = std::fs::metadata(&path).unwrap().modified().unwrap();
        assert_eq!(archive(&cache).unwrap(), path);
        assert_eq!(std::fs::metadata(&path).unwrap().modified().unwrap(), written);
        std::fs::write(&path, "short").unwrap();
        archive(&cache).unwrap();
        assert_eq!(blake3::hash(&std::fs::read(&path).unwrap()).to_hex().as_str(), hash());
    }
}
