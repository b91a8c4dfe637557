//! The embedded linear algebra: archives that programs link (see the crate `dacec-provider` for what they offer).
//!
//! The archives are part of this crate's binary, compressed. For a link one must be a file, so it is unpacked into the
//! cache when a program first needs it, under the hash of its content.

use crate::cache::{Cache, CacheError};
use flate2::read::GzDecoder;
use std::{io::Read, path::PathBuf};

/// One of the archives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Provider {
    /// Products of matrices.
    Products,
    /// Factorizations, systems and Fourier transforms.
    Dense,
}

impl Provider {
    /// Every archive.
    pub const ALL: [Provider; 2] = [Provider::Products, Provider::Dense];

    /// The hash of the archive, which is part of the cache key of programs that link it.
    pub fn hash(self) -> &'static str {
        match self {
            Provider::Products => env!("DACEC_PRODUCTS_HASH"),
            Provider::Dense => env!("DACEC_DENSE_HASH"),
        }
    }

    /// The path of the archive as a file.
    pub fn archive(self, cache: &Cache) -> Result<PathBuf, CacheError> {
        let name = format!("provider-{}.a", &self.hash()[..16]);
        // The file is made complete or not at all; that nobody cut it since is what the size says.
        let path = cache.record(&name);
        match std::fs::metadata(&path) {
            Ok(data) if data.len().to_string() == self.size() => Ok(path),
            _ => cache.write_record(&name, &self.unpack()),
        }
    }

    /// Its size in bytes, as a text.
    fn size(self) -> &'static str {
        match self {
            Provider::Products => env!("DACEC_PRODUCTS_SIZE"),
            Provider::Dense => env!("DACEC_DENSE_SIZE"),
        }
    }

    fn unpack(self) -> Vec<u8> {
        let packed: &[u8] = match self {
            Provider::Products => include_bytes!(concat!(env!("OUT_DIR"), "/products.a.gz")),
            Provider::Dense => include_bytes!(concat!(env!("OUT_DIR"), "/dense.a.gz")),
        };
        let mut content = Vec::new();
        GzDecoder::new(packed).read_to_end(&mut content).expect("the build script packed it");
        content
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn archives_are_written_once_and_again_if_cut() {
        let cache = Cache::private().unwrap();
        for part in Provider::ALL {
            let hash_of = |path| blake3::hash(&std::fs::read(path).unwrap()).to_hex().to_string();
            let path = part.archive(&cache).unwrap();
            assert_eq!(hash_of(&path), part.hash());
            let written = std::fs::metadata(&path).unwrap().modified().unwrap();
            assert_eq!(part.archive(&cache).unwrap(), path);
            assert_eq!(std::fs::metadata(&path).unwrap().modified().unwrap(), written);
            std::fs::write(&path, "short").unwrap();
            part.archive(&cache).unwrap();
            assert_eq!(hash_of(&path), part.hash());
        }
    }
}
