//! `dacec cache`

use super::Outcome;
use super::args::CacheAction;
use crate::Error;
use dacec_runtime::Cache;

pub(super) fn run(action: Option<&CacheAction>) -> Result<Outcome, Error> {
    let cache = Cache::open_default()?;
    let (verb, usage) = match action {
        None | Some(CacheAction::Show) => ("holds", cache.usage()?),
        Some(CacheAction::Clear) => ("held, and holds no more,", cache.clear()?),
    };
    let mebibytes = usage.bytes as f64 / (1 << 20) as f64;
    anstream::println!("{} {verb} {} builds, {mebibytes:.1} MiB", cache.folder().display(), usage.entries);
    Ok(Outcome::Fine)
}
