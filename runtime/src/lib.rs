//! Toolchains, the build cache, loading, argument checking and calling of compiled programs
